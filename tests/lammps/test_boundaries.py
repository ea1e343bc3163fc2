"""Boxes that change, and configurations at the edge of what a tessellation can do."""

import re

import numpy as np
import pytest

from conftest import gas, system

VOLUME = """
compute S all voronoi/entropy volume yes
compute total all reduce sum c_S[12]
thermo_style custom step vol c_total c_S c_S[3]
thermo_modify format float %.17g
thermo 1
"""


@pytest.mark.parametrize("dynamics", [
    "fix box all deform 1 x erate 0.5 y erate -0.2 remap x\nfix md all nve",
    "fix md all nve\nfix box all deform 1 xy erate 0.5 remap x",
    "fix md all npt temp 700 700 0.1 x 0 0 0.5 y 3e4 3e4 0.5 z 0 0 0.5",
    "fix md all npt temp 700 700 0.1 tri 0 0 0.5",
], ids=["deform", "shear", "npt", "npt-triclinic"])
def test_cells_fill_a_changing_box(lmp, glass, dynamics):
    triclinic = "change_box all triclinic\n" if "xy" in dynamics or "tri" in dynamics else ""
    run = lmp(system(glass) + triclinic + dynamics + "\n" + VOLUME + "run 40\n")
    thermo = run.thermo()
    assert np.ptp(thermo["Volume"]) > 0 or "xy" in dynamics
    assert np.allclose(thermo["c_total"], thermo["Volume"], rtol=1e-10, atol=0)
    assert thermo["c_S[3]"][-1] == 41


@pytest.mark.parametrize("first", ["compute", "fix"])
def test_order_of_deform_and_compute(lmp, glass, first):
    """A fix that changes the box at the end of the step may run before our sample or after it."""
    deform = "fix box all deform 1 x erate 0.5 remap x\n"
    commands = VOLUME + deform if first == "compute" else deform + VOLUME
    thermo = lmp(system(glass) + commands + "fix md all nve\nrun 20\n").thermo()
    if first == "fix":
        assert np.allclose(thermo["c_total"], thermo["Volume"], rtol=1e-10)
    else:
        assert np.allclose(thermo["c_total"][1:], thermo["Volume"][:-1], rtol=1e-10)


@pytest.mark.slow
def test_deform_on_two_ranks(lmp, glass):
    script = system(glass) + "fix box all deform 1 x erate 0.5 remap x\nfix md all nve\n" + VOLUME + "run 40\n"
    thermo = lmp(script, ranks=2).thermo()
    assert np.allclose(thermo["c_total"], thermo["Volume"], rtol=1e-10)



def lennard_jones(cells, more=""):
    """A hot crystal with a short cutoff: ghosts reach no farther than 1.6 sigma."""
    return f"""
units lj
lattice fcc 0.9
region box block 0 {cells} 0 {cells} 0 {cells}
create_box 1 box
create_atoms 1 box
mass 1 1.0
displace_atoms all random 0.1 0.1 0.1 77
pair_style zero 1.3
pair_coeff * *
neighbor 0.3 bin
{more}
compute S all voronoi/entropy volume yes
compute total all reduce sum c_S[12]
thermo_style custom step vol c_total
thermo_modify norm no format float %.15g
run 0
"""


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("tilt", [False, True])
def test_a_ghost_cutoff_that_is_too_short_is_raised(lmp, ranks, tilt):
    tilt = "change_box all triclinic\nchange_box all xy final 2.0 xz final 1.5 remap\n" if tilt else ""
    run = lmp(lennard_jones(4, more=tilt), ranks=ranks)
    assert run.output.count("Compute voronoi/entropy S: ghost cutoff raised from ") == 1
    thermo = run.thermo()
    assert np.allclose(thermo["c_total"], thermo["Volume"], rtol=1e-10)


def test_a_drift_beyond_half_the_skin_is_noticed(lmp, glass):
    """Told to rebuild rarely, LAMMPS lets atoms come near that were never ghosts."""
    script = gas(glass) + """
neigh_modify delay 1000
compute S all voronoi/entropy volume yes
compute total all reduce sum c_S[12]
fix nve all nve
velocity all set 0.0 0.0 0.0
group fast id 23
velocity fast set 5.0 0.0 0.0
timestep 0.01
thermo_style custom step c_total vol c_S[3]
thermo 10
run 80
"""
    run = lmp(script)
    assert "ghost cutoff raised from" in run.output
    thermo = run.thermo()
    assert np.allclose(thermo["c_total"], thermo["Volume"], rtol=1e-10)
    assert thermo["c_S[3]"][-1] == 81


FEW = """
units metal
boundary {boundary}
region box block 0 10 0 12 0 14
create_box 1 box
{atoms}
mass 1 50
pair_style zero 4
pair_coeff * *
comm_modify cutoff {cutoff}
compute S all voronoi/entropy volume yes
dump d all custom 1 d id c_S[*]
run 0
"""
ONE = "create_atoms 1 single 3 4 5\n"


@pytest.mark.parametrize("boundary", ["p p p", "f f f", "p f p"])
def test_one_atom(lmp, boundary):
    atom = lmp(FEW.format(boundary=boundary, atoms=ONE, cutoff=45)).dump("d")[-1][1][0]
    assert atom[12] == pytest.approx(10 * 12 * 14, rel=1e-10)
    assert atom[3] == 1 and list(atom[4:9]) == [0, 6, 0, 0, 6]    # a box


@pytest.mark.parametrize("boundary", ["p p p", "f f f"])
def test_two_atoms(lmp, boundary):
    atoms = ONE + "create_atoms 1 single 3 4 12\n"
    frame = lmp(FEW.format(boundary=boundary, atoms=atoms, cutoff=45)).dump("d")[-1][1]
    assert frame[:, 12].sum() == pytest.approx(10 * 12 * 14, rel=1e-10)
    assert {tuple(atom[4:9]) for atom in frame} == {(0, 6, 0, 0, 6)}


@pytest.mark.parametrize("style", ["brick", "tiled"])
def test_the_cutoff_that_one_atom_needs(lmp, style):
    """An atom and its images; comm_style tiled has no second images."""
    script = FEW.format(boundary="p p p", atoms=ONE, cutoff=5).replace("run 0", f"comm_style {style}\nrun 0")
    if style == "brick":
        run = lmp(script)
        assert "ghost cutoff raised from" in run.output and run.dump("d")
    else:
        run = lmp(script, status=None)
        assert "more than comm_style tiled can have in this box: use comm_style brick" in run.output


@pytest.mark.parametrize("size", [1, 2])
def test_small_groups(lmp, glass, size):
    script = system(glass) + f"""
group few id 7 19
group one id 7
group two id 7 19
compute S {"one" if size == 1 else "two"} voronoi/entropy
fix nve all nve
dump d all custom 10 d id c_S[3]
run 10
"""
    assert lmp(script, ranks=size).dump("d")[-1][1][:, 1].sum() == 11 * size


def test_empty_group(lmp, glass):
    script = system(glass) + """
group none empty
compute S none voronoi/entropy
fix nve all nve
thermo_style custom step c_S c_S[*]
run 2
"""
    thermo = lmp(script).thermo()
    assert thermo["c_S"][-1] == 0 and thermo["c_S[3]"][-1] == 3


@pytest.mark.parametrize("ranks", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_coincident_atoms(lmp, glass, ranks):
    script = gas(glass) + """
create_atoms 1 single 4.0 4.0 4.0
create_atoms 1 single 4.0 4.0 4.0
compute S all voronoi/entropy
run 0
"""
    output = lmp(script, ranks=ranks, status=None).output
    assert re.search(r"Compute voronoi/entropy S: atoms 25[12] and 25[12] are at the same position", output)


def test_positions_that_are_not_finite(lmp, glass):
    """LAMMPS itself finds NaN when it builds neighbour lists; between builds nobody else looks."""
    script = gas(glass) + """
neigh_modify delay 1000 check no
compute S all voronoi/entropy
variable broken atom "(id == 23)*1e300*1e300*0"
fix nve all nve
fix break all addforce v_broken 0 0
run 5
"""
    output = lmp(script, status=None).output
    assert "position or radius of atom 23 is not a finite number" in output


@pytest.mark.parametrize("dimension", [2, 3])
def test_dimension(lmp, dimension):
    script = f"""
dimension {dimension}
boundary p p p
lattice {"sq2" if dimension == 2 else "fcc"} 0.9
region box block 0 5 0 5 {"-0.5 0.5" if dimension == 2 else "0 5"}
create_box 1 box
create_atoms 1 box
mass 1 1
compute S all voronoi/entropy
"""
    output = lmp(script, status=None if dimension == 2 else 0).output
    assert ("use dimension 3" in output) == (dimension == 2)


@pytest.mark.parametrize("lattice, spacing, motif", [
    ("fcc", 4.0, [0, 12, 0, 0, 12]), ("bcc", 3.2, [0, 6, 0, 8, 14]), ("sc", 2.8, [0, 6, 0, 0, 6]),
    ("diamond", 5.4, [12, 0, 0, 4, 16]),
])
def test_perfect_crystals(lmp, lattice, spacing, motif):
    script = f"""
units metal
lattice {lattice} {spacing} origin 0.1 0.2 0.3
region box block 0 4 0 4 0 4
create_box 1 box
create_atoms 1 box
mass 1 50
pair_style zero 8
pair_coeff * *
compute S all voronoi/entropy
dump d all custom 1 d id c_S[4] c_S[5] c_S[6] c_S[7] c_S[8]
run 0
"""
    assert np.array_equal(np.unique(lmp(script).dump("d")[-1][1][:, 1:], axis=0), [motif])


@pytest.mark.slow
def test_more_than_100000_atoms(lmp):
    script = """
units metal
lattice fcc 4.0
region box block 0 30 0 30 0 30
create_box 1 box
create_atoms 1 box
mass 1 50
displace_atoms all random 0.2 0.2 0.2 5
velocity all create 600 11
pair_style zero 6
pair_coeff * *
comm_modify cutoff 9
compute S all voronoi/entropy every 2 volume yes
compute total all reduce sum c_S[12]
compute least all reduce min c_S[3]
fix nve all nve
thermo_style custom step vol c_total c_least c_S
thermo_modify format float %.15g
thermo 4
run 4
"""
    thermo = lmp(script, ranks=2).thermo()
    assert np.allclose(thermo["c_total"], thermo["Volume"], rtol=1e-10)
    assert thermo["c_least"][-1] == 3
