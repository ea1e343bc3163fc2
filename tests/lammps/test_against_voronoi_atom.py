"""LAMMPS' own compute voronoi/atom (voro++) as the reference, in the same run."""

import numpy as np
import pytest

from conftest import system

TILT = """
change_box all triclinic
change_box all xy final 3.5 xz final -2.0 yz final 4.0 remap
"""
VACUUM = "change_box all z delta -1 20\n"
RADII = "variable r atom 1.28+0.32*(type-1)\n"
ORDERS = 12    # our key keeps the face orders 3 .. 12

COMPARE = """
compute V all voronoi/atom {reference} edge_histo {orders}
compute S all voronoi/entropy key full volume yes every {every} {keywords}
comm_modify cutoff {cutoff}
fix nve all nve
dump d all custom {every} d id c_V[1] c_V[2] c_S[12] c_S[8]
dump_modify d format float %.17g
dump rows all local {every} rows c_S[1] c_S[3] {columns}
thermo_style custom step vol c_V[*]
thermo_modify format float %.17g
thermo {every}
run {steps}
"""


def compare(lmp, data, reference="", keywords=None, before="", steps=20, every=10, ranks=1, cutoff=10, **settings):
    script = system(data, **settings) + RADII + before + COMPARE.format(
        reference=reference, keywords=reference if keywords is None else keywords, orders=ORDERS, steps=steps, every=every,
        cutoff=cutoff, columns=" ".join(f"c_S[{k}]" for k in range(4, 14)),
    )
    run = lmp(script, ranks=ranks)
    frames = np.array([frame for _, frame in run.dump("d")])
    assert len(frames) == steps // every + 1
    ids, volumes, faces, our_volumes, our_faces = np.moveaxis(frames, 2, 0)
    assert np.allclose(our_volumes, volumes, rtol=1e-10, atol=0)
    assert np.array_equal(our_faces, faces)
    return run, our_volumes


def fewer_faces(run):
    """How many fewer faces we count than compute voronoi/atom, by order 3 .. 12, a row for each sample. Dumped rows
    add up all samples so far; compute voronoi/atom knows the present configuration."""
    present = np.array([run.thermo()[f"c_V[{k}]"] for k in range(3, ORDERS + 2)]).T
    present[:, -2] += present[:, -1]    # more edges count as 12
    totals = np.array([(rows[:, 1:2] * rows[:, 2:]).sum(axis=0) for _, rows in run.dump("rows")])
    return present[:, :-1] - np.diff(totals, axis=0, prepend=0)


def assert_same_orders(run):
    assert not fewer_faces(run).any()


@pytest.mark.parametrize("before", ["", TILT], ids=["orthogonal", "triclinic"])
@pytest.mark.parametrize("keywords", ["", "radius v_r", "edge_threshold 0.25", "radius v_r edge_threshold 0.3"])
def test_volumes_faces_and_orders(lmp, large_glass, keywords, before):
    run, volumes = compare(lmp, large_glass, keywords, before=before)
    assert_same_orders(run)
    assert np.allclose(volumes.sum(axis=1), run.thermo()["Volume"], rtol=1e-10)


AREAS = """
compute A all voronoi/atom neighbors yes {radius}
compute B all voronoi/entropy every 10 {keywords}
dump areas all local 10 areas c_A[1] c_A[3]
dump_modify areas format float %.17g
dump faces all custom 10 faces id c_B[8]
"""


@pytest.mark.parametrize("before", ["", TILT], ids=["orthogonal", "triclinic"])
@pytest.mark.parametrize("radius, area, edge", [("", 0.2, 1e-9), ("radius v_r", 0.4, 1e-9), ("radius v_r", 0.4, 0.3)])
def test_face_thresholds(lmp, large_glass, radius, area, edge, before):
    """The histogram of compute voronoi/atom has the small faces too. Without an edge threshold it would have as many
    faces as are large enough, but the first ones of each cell, whatever their areas."""
    faces = f"{radius} face_threshold {area}"
    run, _ = compare(lmp, large_glass, f"{faces} edge_threshold {edge}",
                     before=before + AREAS.format(radius=radius, keywords=faces))
    areas = [rows[:, 1] for _, rows in run.dump("areas")]
    small = np.array([(values <= area).sum() for values in areas])
    assert small.min() > 20
    faces = np.array([frame[:, 1].sum() for _, frame in run.dump("faces")])
    assert np.array_equal(faces + small, [len(values) for values in areas])
    fewer = fewer_faces(run)
    assert (fewer >= 0).all() and fewer[:, 0].min() > 0
    if edge > 0.1:    # some of the small faces have fewer than three edges that are long enough
        assert (fewer.sum(axis=1) < small).all()
    else:
        assert np.array_equal(fewer.sum(axis=1), small)


@pytest.mark.parametrize("boundary", ["p p f", "f f f", "s s s", "p m p"])
def test_walls(lmp, large_glass, boundary):
    run, _ = compare(lmp, large_glass, boundary=boundary, steps=0)
    assert_same_orders(run)


def test_slab_with_vacuum(lmp, glass):
    run, _ = compare(lmp, glass, before=VACUUM, cutoff=40)
    assert_same_orders(run)


@pytest.mark.slow
@pytest.mark.parametrize("before", ["", TILT], ids=["orthogonal", "triclinic"])
def test_two_ranks(lmp, large_glass, before):
    run, _ = compare(lmp, large_glass, "radius v_r edge_threshold 0.2", before=before, ranks=2)
    assert_same_orders(run)


SUM = """
compute S all voronoi/entropy volume yes
compute total all reduce sum c_S[12]
comm_modify cutoff 10
fix nve all nve
thermo_style custom step vol c_total
thermo_modify format float %.17g
thermo 2
run 6
"""


@pytest.mark.parametrize("boundary, before", [
    ("s s p", ""),
    ("f p f", "change_box all triclinic\nchange_box all xy final 3.0 remap\nchange_box all x delta -1 1 z delta -1 1\n"),
], ids=["shrink-wrapped", "tilted"])
def test_cells_fill_a_box_with_walls(lmp, large_glass, boundary, before):
    """Here compute voronoi/atom is no reference: it loses atoms that are outside until LAMMPS fits a shrink-wrapped box
    again, and takes the bounding box of a tilted one."""
    thermo = lmp(system(large_glass, boundary=boundary) + before + SUM).thermo()
    assert np.allclose(thermo["c_total"], thermo["Volume"], rtol=1e-10)
