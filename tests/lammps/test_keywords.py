"""Wrong input stops with one clear line that names style, keyword, value and cure, and with a non-zero exit status."""

import pytest

from conftest import gas

CASES = {
    "every": ["0", "-3", "1.5", "often", "99999999999", "1e3", "NULL", "v_name"],
    "threads": ["0", "-1", "two", "1.0", "100000"],
    "edge_threshold": ["-0.1", "small", "nan", "inf", "1e999", "-inf"],
    "face_threshold": ["-1", "x", "nan", "inf"],
    "face_fraction": ["-0.01", "1", "1.5", "half", "nan"],
    "key": ["345", "FULL", "7", "-1"],
    "volume": ["maybe", "2", "-1"],
    "radius": ["1.3", "r", "v_", "c_r", "-1"],
}
CURES = {
    "every": "use an integer from 1 to 2147483647", "threads": "use an integer from 1 to 1024",
    "edge_threshold": "use a number of 0 or more", "face_threshold": "use a number of 0 or more",
    "face_fraction": "use a number", "key": "use 3456 or full", "volume": "use yes or no", "radius": "write v_name",
}


def error_of(lmp, glass, keywords, after=""):
    run = lmp(gas(glass) + f"compute S all voronoi/entropy {keywords}\n{after}", status=None)
    errors = [line for line in run.output.splitlines() if "ERROR" in line]
    assert len(errors) == 1, run.output
    return errors[0]


@pytest.mark.parametrize("keyword, value", [(keyword, value) for keyword in CASES for value in CASES[keyword]])
def test_wrong_values(lmp, glass, keyword, value):
    error = error_of(lmp, glass, f"{keyword} {value}")
    assert f"Compute voronoi/entropy S: {keyword} {value} " in error
    assert CURES[keyword] in error


@pytest.mark.parametrize("keyword", CASES)
def test_missing_values(lmp, glass, keyword):
    assert f"Compute voronoi/entropy S: keyword {keyword} needs a value" in error_of(lmp, glass, f"volume no {keyword}")


def test_unknown_keyword(lmp, glass):
    assert "unknown keyword evry: use every, radius," in error_of(lmp, glass, "evry 5")


@pytest.mark.parametrize("variable, problem", [
    ("", "variable r of keyword radius does not exist"),
    ("variable r equal 1.0", "variable r of keyword radius is not an atom-style variable"),
    ("variable r atom 1.4-(id==42)*2", "radius -0.6 of atom 42 is negative (variable r)"),
    ("variable r atom 1.4+(id==42)*1e300*1e300", "position or radius of atom 42 is not a finite number"),
    ("variable r atom 1.4+(id==42)*1e300*1e300*0", "position or radius of atom 42 is not a finite number"),
])
def test_wrong_radii(lmp, glass, variable, problem):
    error = error_of(lmp, glass, "radius v_r", variable + "\nrun 0\n")
    assert f"Compute voronoi/entropy S: {problem}" in error


def test_good_values(lmp, glass):
    script = gas(glass) + """
variable r atom 1.4
compute S all voronoi/entropy every 2 radius v_r edge_threshold 0 face_threshold 1e-3 face_fraction 0.01 key full volume on &
  threads 2 every 3
run 3
print "COUNT $(c_S[3])"
"""
    assert "COUNT 2" in lmp(script).output


@pytest.mark.parametrize("before", ["", "units metal\nboundary p p p\n"])
def test_before_the_box(lmp, before):
    run = lmp(before + "compute S all voronoi/entropy\n", status=None)
    assert "Compute voronoi/entropy S must be defined after the simulation box" in run.output


def test_without_atom_ids(lmp, glass):
    script = """
atom_modify id no
region box block 0 5 0 5 0 5
create_box 1 box
compute S all voronoi/entropy
"""
    assert "use atom_modify id yes" in lmp(script, status=None).output


def test_comm_mode_multi(lmp, glass):
    script = gas(glass) + "neighbor 1.0 multi\ncomm_modify mode multi\ncompute S all voronoi/entropy\nrun 0\n"
    assert "ghost cutoff raised from" in lmp(script).output


@pytest.mark.parametrize("arguments", ["", "S", "S 0 no", "S 1 yes no", "T 1 no"])
def test_the_internal_fix_by_hand(lmp, glass, arguments):
    script = gas(glass) + f"compute S all voronoi/entropy\nfix mine all VORONOI/HISTORY {arguments}\nrun 0\n"
    errors = [line for line in lmp(script, status=None).output.splitlines() if "ERROR" in line]
    assert len(errors) == 1
    assert "Fix VORONOI/HISTORY is internal to compute voronoi/entropy: define that compute" in errors[0]
