"""Wrong input to compute vdos/atom stops with one clear line."""

import pytest

from conftest import gas, system

NUMBERS = ["0", "-1", "x", "nan", "inf"]
CASES = {
    "delta": NUMBERS, "sigma": NUMBERS, "fcut": NUMBERS, "points": ["0", "-5", "1.5", "many", "99999999"],
    "solver": ["exact", "", "Dense"], "range": ["0 1", "1 x", "-1 1"], "ftol": NUMBERS,
    "vectors": ["0", "1.5", "x"], "error": NUMBERS,
}
CURES = {
    "delta": "use a number above 0", "sigma": "use a number above 0", "fcut": "use a number above 0",
    "points": "use an integer from 1 to 1000000",
    "vectors": "use an integer from 1 to 1000000", "error": "use a number above 0",
    "ftol": "use a number above 0", "solver": "use dense, window or kpm", "range": "use a number above 0",
}


def error_of(lmp, script):
    run = lmp(script, status=None)
    errors = [line for line in run.output.splitlines() if "ERROR" in line]
    assert len(errors) == 1, run.output
    return errors[0]


@pytest.mark.parametrize("keyword, value", [(k, v) for k in CASES for v in CASES[k]])
def test_wrong_values(lmp, glass, keyword, value):
    error = error_of(lmp, gas(glass) + f'compute V all vdos/atom {keyword} {value or chr(34) * 2}\n')
    assert f"Compute vdos/atom V: {keyword} " in error
    assert CURES[keyword] in error


@pytest.mark.parametrize("keywords, problem", [
    ("delta", "keyword delta needs a value"),
    ("points 10 range 1", "keyword range needs two values: range Flo Fhi"),
    ("threads 2", "unknown keyword threads: use delta, solver, range, sigma, fcut, points, file, modes, hessian, vectors, error or ftol"),
    ("range 1.5 0.8", "0 < Flo < Fhi"),
    ("solver kpm modes m", "solver kpm finds none: use solver dense or window"),
    ("file same modes same", "file and modes: two names are needed"),
    ("modes m hessian m", "modes and hessian: two names are needed"),
    ("vectors 64", "only solver kpm has random vectors: use solver kpm"),
    ("solver kpm vectors 64 error 0.1", "vectors and error: give one of them"),
    ("solver kpm vectors 4", "vectors 4: at least 8 are needed"),
    ("solver kpm error 1e-6", "error 0.000001: use a number from 0.001 to 1"),
    ("sigma 1e-4", "sigma 0.0001: at least (Fhi - Flo) / 1000 is needed"),
    ("fcut 1.8", "at least Fhi + 3 sigma = 1.95"),
    ("range 1 2 fcut 2.4 sigma 0.15", "at least Fhi + 3 sigma = 2.45"),
])
def test_wrong_keywords(lmp, glass, keywords, problem):
    assert problem in error_of(lmp, gas(glass) + f"compute V all vdos/atom {keywords}\n")


@pytest.mark.parametrize("script, problem", [
    ("compute V all vdos/atom\n", "must be defined after the simulation box"),
    ("atom_modify id no\nregion box block 0 5 0 5 0 5\ncreate_box 1 box\ncompute V all vdos/atom\n", "atom_modify id yes"),
    ("dimension 2\nregion box block 0 5 0 5 -1 1\ncreate_box 1 box\ncompute V all vdos/atom\n", "use dimension 3"),
    ("atom_style sphere\nregion box block 0 5 0 5 0 5\ncreate_box 1 box\ncompute V all vdos/atom\n", "for point particles"),
    ("region box block 0 5 0 5 0 5\ncreate_box 1 box\nmass 1 1\ncompute V all vdos/atom\nrun 0\n", "define a pair_style"),
])
def test_wrong_surroundings(lmp, script, problem):
    assert problem in error_of(lmp, "units metal\n" + script)


def test_empty_group(lmp, glass):
    script = system(glass) + "group none empty\ncompute V none vdos/atom\nthermo_style custom step c_V[1]\nrun 0\n"
    assert "Compute vdos/atom V: its group has no atoms" in error_of(lmp, script)


def test_file_that_cannot_be_written(lmp, glass):
    """Which is said before any work: here, before the forces are found to be those of no minimum."""
    for keyword in ("file", "modes", "hessian"):
        script = system(glass) + f"compute V all vdos/atom {keyword} no/such/folder/it\n" \
            "thermo_style custom step c_V[1]\nrun 0\n"
        assert "cannot write no/such/folder/it" in error_of(lmp, script)
