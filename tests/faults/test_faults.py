"""A part of the fault campaigns that is done before every change lands; more by hand: `tests/faults/campaign.py`."""

from pathlib import Path

import pytest

import samples
from campaign import KINDS
from conftest import PLUGIN
from inprocess import run
from samples import LJ
from searches import campaign

COUNTS = {"scripts": 300, "differences": 20, "kills": 20, "torn": 50, "restarts": 30}


@pytest.mark.slow
@pytest.mark.parametrize("kind", COUNTS)
def test_no_fault(tmp_path, kind):
    found = [(seed, faults) for seed, faults, _ in KINDS[kind](range(COUNTS[kind]), tmp_path)]
    assert len(found) == COUNTS[kind]
    assert not [(seed, faults) for seed, faults in found if faults]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    samples.make(folder)
    return folder


def start(data, name="lj.minimum"):
    return [f"plugin load {PLUGIN}", "units lj", "atom_modify map array", f"read_data {data}/{name}.data", *LJ.splitlines(),
            "group few id 1 5 9 40"]


SEARCH = "artn 48213 events 1 attempts 2 maxeval 100 push 0.05 1.6 active 3 ftol 0.005 lanczos 8 4e-4 curvature -5 same 1e-3 0.04"


# what a campaign once found, each as short as it gets: (lines, number of LAMMPS errors)
FOUND = {
    "push radius beyond all images": ([f"fix A few {SEARCH} push 0.05 1e300", "run 0"], 0),
    "run without setup after the compute has gone": (
        ["compute S few voronoi/entropy", "run 0", "uncompute S", "run 1 pre no", "run 1"], 0),
    "run without setup after an error of compute voronoi/entropy": (
        ["compute S few voronoi/entropy radius v_nowhere", "run 5", "run 0 pre no", "uncompute S", "run 1 pre no"], 2),
    "run without setup after an error of compute vdos/atom": (
        ["pair_style none", "compute V few vdos/atom delta 1e-6 range 0.5 2 sigma 0.1", "run 5", "run 0 pre no"], 2),
}


@pytest.mark.parametrize("what", FOUND)
def test_found(tmp_path, data, what):
    lines, errors = FOUND[what]
    outcome = run(start(data) + lines, tmp_path / "run")
    assert not outcome.faults and outcome.errors == errors, outcome.output[-2000:]


def test_all_sequences_share_one_lammps():
    libraries = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "liblammps" in line}
    assert len(libraries) == 1, libraries


def test_missing_lines_of_displaced_atoms_are_reported(tmp_path, data):
    run(campaign(data, end=["run 6"]), tmp_path)
    path = tmp_path / "displaced.csv"
    path.write_bytes(path.read_bytes()[:500])
    outcome = run(campaign(data, resume="yes", end=["run 1"]), tmp_path)
    assert "WARNING: Fix artn A: displaced.csv lacks lines of" in outcome.output and not outcome.faults
