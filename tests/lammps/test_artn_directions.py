"""Pushes in directions of the user, and saddles refined from a guess."""

import numpy as np
import pytest

from artn import copper, read_table

# Towards the vacancy, one neighbor of it.
TOWARDS = """
variable lowest atom id
compute one shell reduce min v_lowest
thermo_style custom step c_one
run 0
variable first equal c_one
group one id $(v_first:%.0f)
thermo_style one
variable px atom gmask(one)*(7.23-x)
variable py atom gmask(one)*(7.23-y)
variable pz atom gmask(one)*(7.23-z)
"""
FIX = "fix hop one artn 5 active 6.0 events_file {name}.csv saddles {name}.dump minima {name}.min {more}\nrun 5\nunfix hop\n"
FILES = "".join(f"variable {c} atomfile {c}.txt\n" for c in ("dx", "dy", "dz"))


def write_vectors(folder, ids, vectors):
    for name, column in zip(("dx", "dy", "dz"), np.transpose(vectors)):
        lines = "".join(f"{int(i)} {x:.17g}\n" for i, x in zip(ids, column))
        (folder / f"{name}.txt").write_text(f"{len(ids)}\n{lines}")


def test_own_direction_and_refined_saddle(lmp):
    start = copper() + TOWARDS + "write_dump all custom start.dump id type x y z modify sort id format float %.17g\n"
    run = lmp(start + FIX.format(name="push", more="direction v_px v_py v_pz"))
    (row,) = read_table(run.folder / "push.csv")
    assert row["status"] == "success" and abs(row["barrier"] - 0.67) < 0.02
    minimum, saddle = run.dump("start.dump")[0][1], run.dump("push.dump")[0][1]

    # the same direction from a file
    direction = np.where(minimum[:, :1] == row["center"], 7.23 - minimum[:, 2:5], 0)
    write_vectors(run.folder, minimum[:, 0], direction)
    lmp(copper() + TOWARDS + FILES + FIX.format(name="file", more="direction v_dx v_dy v_dz"))
    (again,) = read_table(run.folder / "file.csv")
    assert again["status"] == "success" and abs(again["barrier"] - row["barrier"]) < 1e-4

    # from near the saddle, in less
    noise = np.random.default_rng(1).normal(0, 0.02, saddle[:, 2:5].shape)
    write_vectors(run.folder, saddle[:, 0], saddle[:, 2:5] - minimum[:, 2:5] + noise)
    lmp(copper() + TOWARDS + FILES + FIX.format(name="refined", more="refine v_dx v_dy v_dz"))
    (refined,) = read_table(run.folder / "refined.csv")
    assert refined["status"] == "success" and abs(refined["barrier"] - row["barrier"]) < 1e-3

    settings = (run.folder / "refined.csv.settings").read_text()
    assert "\ndirection no\nrefine checksum" in settings


@pytest.mark.parametrize("more, message", [
    ("direction v_px v_py", "keyword direction needs three values: direction v_x v_y v_z"),
    ("direction px v_py v_pz", "direction px is not a variable: write v_name"),
    ("direction v_px v_none v_pz", "direction v_none: there is no such variable of style atom or atomfile"),
    ("direction v_px v_first v_pz", "direction v_first: there is no such variable"),
    ("direction v_zero v_zero v_zero", "the push direction has no length within the push radius"),
    ("refine v_nan v_px v_px", "refine: a component of atom"),
    ("direction v_px v_py v_pz events 2", "keyword events does not go with direction or refine"),
])
def test_wrong_directions(lmp, more, message):
    extra = "variable zero atom 0\nvariable nan atom exp(1000+0*x)\n"
    output = lmp(copper() + TOWARDS + extra + FIX.format(name="wrong", more=more), status=None).output
    assert message in output.replace("\n", " "), output[-1500:]
