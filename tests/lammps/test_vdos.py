"""Compute vdos/atom against stock dynamical_matrix, crystals and molecules that can be solved by hand, and numpy."""

import re
import subprocess

import numpy as np
import pytest

from conftest import BIN, PLUGIN, environment, read_dump, system
from vdos import MODES, Modes, frequencies, glass_at, lj


def stock_matrix(lmp, script, group):
    """dynamical_matrix with a ghost cut-off that lets it see all blocks."""
    script += f"comm_modify cutoff 14\n{group}\ndynamical_matrix some eskm 1e-7 file stock.bin binary yes\n"
    lmp(script, load=False)
    matrix = np.fromfile(lmp.folder / "stock.bin")
    n = int(np.sqrt(len(matrix)))
    matrix = matrix.reshape(n, n)
    return 0.5 * (matrix + matrix.T)


@pytest.mark.parametrize("box, group, ranks", [
    ("ortho", "group some id > 0", [1]),
    ("tilted", "group some id 1:60", [1, 2]),
    pytest.param("ortho", "group some id 31:70", [1, 2, 4], marks=pytest.mark.slow),
])
def test_blocks_are_those_of_dynamical_matrix(lmp, minimum, box, group, ranks):
    """Element by element, for any number of ranks with the default ghost cut-off."""
    script = glass_at(minimum, box)
    stock = stock_matrix(lmp, script, group)
    script += f"{group}\ncompute V some vdos/atom solver dense modes modes.bin\nthermo_style custom step c_V[5]\nrun 0\n"
    first = None
    for n in ranks:
        run = lmp(script, ranks=n)
        modes = Modes(lmp.folder / "modes.bin")
        ours = modes.matrix()
        scale = np.abs(stock).max()
        # knots of the tabulated potential that lie between x - delta and x + delta, where it has no second derivative
        assert np.abs(ours - stock).max() < 1e-5 * scale
        assert np.abs(ours - stock).std() < 3e-7 * scale
        assert run.thermo()["c_V[5]"][0] <= 6 * len(stock) / 3 + 40
        first = ours if first is None else first
        assert np.abs(ours - first).max() < 2e-8 * scale
    theirs = frequencies(np.linalg.eigvalsh(stock))[-len(modes.eigenvalues):]
    assert np.abs(modes.frequencies() - theirs).max() < 3e-5


def test_acoustic_sum_rule(lmp, minimum):
    run = lmp(glass_at(minimum) + "compute V all vdos/atom\nthermo_style custom step c_V[*]\nrun 0\n")
    rows = float(re.search(r"rows add up to at most (\S+) of it", run.output).group(1))
    thermo = run.thermo()
    assert rows < 1e-6
    assert thermo["c_V[1]"] == 750 and thermo["c_V[2]"] == 3 and thermo["c_V[3]"] == 0
    assert 0 < thermo["c_V[4]"][0] < 1e-5


def test_results_fit_together(lmp, minimum):
    """Per-atom values from the modes file; the array is the table; participations add up; g counts the modes."""
    script = glass_at(minimum) + """
compute V all vdos/atom file table modes modes.bin range 0.9 1.6 sigma 0.2 points 400
dump d all custom 1 atoms.dump id type c_V[1] c_V[2] c_V[3] c_V[4]
dump_modify d format float %.15g
thermo_style custom step c_V[10][1] c_V[10][2] c_V[400][1] c_V[200][4] c_V[200][5]
thermo_modify format float %.15g
run 0
"""
    run = lmp(script)
    modes = Modes(lmp.folder / "modes.bin")
    atoms = read_dump(lmp.folder / "atoms.dump")[0][1]
    n, f = len(atoms), modes.frequencies()
    weights = (modes.vectors.reshape(len(f), n, 3) ** 2).sum(axis=2)
    assert np.allclose(weights.sum(axis=1), 1) and np.array_equal(modes.id, atoms[:, 0])

    grid = np.linspace(0.9, 1.6, 201)
    gauss = np.exp(-0.5 * ((grid[:, None] - f) / 0.2) ** 2) / (0.2 * np.sqrt(2 * np.pi))
    reduced = n * (gauss @ weights) / (3 * n) / grid[:, None] ** 2
    assert np.allclose(atoms[:, 2], reduced.max(axis=0), rtol=1e-3)
    assert np.allclose(atoms[:, 3], np.trapezoid(reduced, grid, axis=0) / 0.7, rtol=1e-3)
    assert np.isclose(atoms[:, 5].sum(), round(0.01 * len(f)))
    at_edge = 100 * np.mean(atoms[:, 4] <= 0.9)
    assert f"{at_edge:.1f} % of the atoms have the maximum of g_i/f^2 at Flo = 0.9" in run.output
    assert f"the lowest, {f[0]:.6f}, is about the lowest transverse phonon" in run.output

    table = np.loadtxt(lmp.folder / "table")
    step = table[1, 0] - table[0, 0]
    assert np.isclose(table[:, 1].sum() * step, len(f) / (3 * n), atol=2e-4)
    assert np.allclose(table[:, 3] + table[:, 4], table[:, 1])
    shown = [run.thermo()[f"c_V[{k}][{c}]"][0] for k, c in [(10, 1), (10, 2), (400, 1), (200, 4), (200, 5)]]
    assert np.allclose(shown, [table[9, 0], table[9, 1], table[399, 0], table[199, 3], table[199, 4]], rtol=1e-12)


def test_diatomic_molecule(lmp):
    """One vibration, omega^2 = k / reduced mass with k = 72 / 2^(1/3), beside two rotations and three translations."""
    atoms = f"create_atoms 1 single 2 2 2 units box\ncreate_atoms 2 single {2 + 2 ** (1 / 6):.17g} 2 2 units box\nmass 2 3.0"
    script = lj("none 1.0", cells=9, types=2, atoms=atoms) + MODES.format(group="all", delta="1e-7")
    thermo = lmp(script).thermo()
    omega = np.sqrt(72 / 2 ** (1 / 3) / (3 / 4))
    assert [thermo[f"c_V[{k}]"][0] for k in (1, 2, 3)] == [6, 5, 0]
    assert thermo["c_V[6]"] == pytest.approx(omega / (2 * np.pi), rel=1e-6)
    assert thermo["c_V[7]"] == pytest.approx(omega / (2 * np.pi), rel=1e-6)


def test_lennard_jones_crystal(lmp):
    """Every block of an fcc crystal with several shells, from the derivatives of the pair potential."""
    script = lj("fcc 1.09", cells=3) + MODES.format(group="all", delta="1e-6")
    run = lmp(script + "write_dump all custom x.dump id x y z modify format float %.17g\n")
    x = read_dump(lmp.folder / "x.dump")[0][1][:, 1:]
    n, box = len(x), 3 * (4 / 1.09) ** (1 / 3)
    d = x[:, None] - x[None]
    expected = np.zeros((n, n, 3, 3))
    for shift in np.ndindex(3, 3, 3):
        v = d + box * (np.array(shift) - 1)
        r2 = (v ** 2).sum(axis=2)
        near = (r2 > 1e-9) & (r2 < 2.5 ** 2)
        r2 = np.where(near, r2, 1)
        slope = (24 * r2 ** -4 - 48 * r2 ** -7) * near
        curve = (-192 * r2 ** -5 + 672 * r2 ** -8) * near
        block = slope[..., None, None] * np.eye(3) + curve[..., None, None] * v[..., :, None] * v[..., None, :]
        expected -= block
        expected[np.arange(n), np.arange(n)] += block.sum(axis=1)
    expected = expected.transpose(0, 2, 1, 3).reshape(3 * n, 3 * n)
    ours = Modes(lmp.folder / "modes.bin").matrix()
    assert np.abs(ours - expected).max() < 1e-7 * np.abs(expected).max()
    assert float(re.search(r"\|H - H\^T\| at most (\S+) of it", run.output).group(1)) < 1e-7


def test_phonons_of_a_crystal(lmp):
    """Nearest neighbours at the minimum of their potential: the dispersion of fcc at all q of the box, known in
    closed form."""
    cells, r = 4, 2 ** (1 / 6)
    script = lj(f"fcc {4 / (np.sqrt(2) * r) ** 3:.17g}", cells=cells, cutoff=1.4) + MODES.format(group="all", delta="1e-6")
    thermo = lmp(script).thermo()
    k = 72 / 2 ** (1 / 3)
    bonds = np.array([v for v in np.ndindex(3, 3, 3) if sum(abs(c - 1) for c in v) == 2]) - 1
    squares = []
    for q in np.ndindex(2 * cells, 2 * cells, 2 * cells):
        # of the simple cubic points 2 pi / a * q / cells one in two directions is in the fcc zone: all even sums of
        # reflections
        phase = np.exp(2j * np.pi * np.array(q) / cells @ (bonds.T / 2))
        squares.append(np.linalg.eigvalsh(k / 2 * np.einsum("b,bi,bj->ij", 1 - phase.real, bonds, bonds)))
    # each q of the zone appears twice in that cube, since reciprocal lattice vectors have all odd or all even
    # components
    expected = np.sort(np.concatenate(squares))[::2]
    assert len(expected) == 3 * 4 * cells ** 3
    ours = np.sort(np.concatenate([np.zeros(3), Modes(lmp.folder / "modes.bin").eigenvalues]))
    assert np.allclose(ours, expected, atol=1e-5)
    top = np.sqrt(8 * k) / (2 * np.pi)
    assert thermo["c_V[7]"] == pytest.approx(top, rel=1e-8)
    # longitudinal and transverse modes of the three X and four L points
    f = frequencies(ours)
    for square, least in [(8, 3 + 4), (4, 2 * 3), (2, 2 * 4)]:
        assert (np.abs(f - np.sqrt(square * k) / (2 * np.pi)) < 1e-6).sum() >= least


def test_unstable_crystal(lmp):
    """Simple cubic: no forces by symmetry, but negative modes, which are counted, named, and left out of g."""
    script = lj("sc 0.95", cells=4, cutoff=1.4).replace("1.0 1.0\n", "1.0 1.0\n") + MODES.format(group="all", delta="1e-6")
    run = lmp(script)
    eigenvalues = Modes(lmp.folder / "modes.bin").eigenvalues
    negative = int((eigenvalues < -1e-5).sum())
    assert negative > 10
    assert run.thermo()["c_V[3]"] == negative
    assert f"{negative} negative" in run.output


def test_one_atom(lmp):
    """Its three modes are those of its own block; it is no translation."""
    r = 2 ** (1 / 6)
    script = lj(f"fcc {4 / (np.sqrt(2) * r) ** 3:.17g}", cells=3, cutoff=1.4) + "group one id 5\n" \
        + MODES.format(group="one", delta="1e-6")
    script = script.replace("run 0", "dump d all custom 1 atoms.dump id c_V[1] c_V[4]\nrun 0")
    thermo = lmp(script).thermo()
    assert [thermo[f"c_V[{k}]"][0] for k in (1, 2, 3)] == [3, 0, 0]
    # 12 bonds, one third of each along any direction
    assert thermo["c_V[6]"] == pytest.approx(np.sqrt(4 * 72 / 2 ** (1 / 3)) / (2 * np.pi), rel=1e-8)
    atoms = read_dump(lmp.folder / "atoms.dump")[0][1]
    assert atoms[4, 2] == 1 and np.all(atoms[np.arange(len(atoms)) != 4, 1:] == 0)


BONDED = """
units lj
atom_style molecular
atom_modify map array
boundary p p p
read_data chain.data
bond_style harmonic
bond_coeff 1 50 1.0
angle_style cosine
angle_coeff 1 20
pair_style zero 3.0
pair_coeff * *
neighbor 1.0 bin
"""
CHAIN = """chain

5 atoms
4 bonds
3 angles
1 atom types
1 bond types
1 angle types

0 20 xlo xhi
0 20 ylo yhi
0 20 zlo zhi

Masses

1 1.0

Atoms

""" + "".join(f"{k} 1 1 {k + 3} 10 10\n" for k in range(1, 6)) + "\nBonds\n\n" \
    + "".join(f"{k} 1 {k} {k + 1}\n" for k in range(1, 5)) + "\nAngles\n\n" \
    + "".join(f"{k} 1 {k} {k + 1} {k + 2}\n" for k in range(1, 4))


@pytest.mark.parametrize("ranks", [1, 2])
def test_bonds_and_angles(lmp, ranks):
    """A straight chain: stretching along it, bending across it, both known in closed form."""
    (lmp.folder / "chain.data").write_text(CHAIN)
    lmp(BONDED + MODES.format(group="all", delta="1e-5"), ranks=ranks)
    # bonds have the stiffness 2 K; an angle of 180 degrees has K times the square of its change |u1 - 2 u2 + u3| / 2
    stretch, bend = np.diff(np.eye(5), axis=0), np.diff(np.eye(5), n=2, axis=0)
    expected = np.concatenate([np.linalg.eigvalsh(100 * stretch.T @ stretch)] + 2 * [np.linalg.eigvalsh(20 * bend.T @ bend)])
    ours = np.concatenate([np.zeros(3), Modes(lmp.folder / "modes.bin").eigenvalues])
    assert np.allclose(np.sort(ours), np.sort(expected), atol=1e-2)


def test_not_minimised(lmp, glass):
    run = lmp(system(glass) + "compute V all vdos/atom\nthermo_style custom step c_V[1]\nrun 0\n", status=None)
    assert "ERROR: Compute vdos/atom V: not at a minimum: a force component is " in run.output
    assert "at most 1.000e-4 is allowed; use minimize first (min_modify norm inf, minimize 0 1e-6" in run.output


def test_not_minimised_without_a_scale(lmp):
    script = lj("fcc 1.09", cells=3) + "displace_atoms all random 0.01 0.01 0.01 7\n"
    assert "not at a minimum" in lmp(script + MODES.format(group="all", delta="1e-6"), status=None).output


def test_memory_refusal(lmp):
    """Before any work: 200,000 atoms would need terabytes."""
    script = lj("sc 0.95", cells=59, cutoff=1.2) + MODES.format(group="all", delta="1e-6")
    run = lmp(script, status=None)
    assert re.search(r"solver dense needs \d{4,}\.\d\d GB of memory in an MPI process, \S+ GB are free: use 'solver window'", run.output)
    assert "force evaluations" not in run.output


@pytest.mark.parametrize("megabytes", [300, 600, 900, 1200, 1500])
def test_address_space_refusal(lmp, megabytes):
    """Under a limit (ulimit -v, as some queues set it) there is a result or an error, but no crash."""
    script = lj("fcc 1.09", cells=7) + MODES.format(group="all", delta="1e-6").replace("dense modes modes.bin", "kpm vectors 64")
    (lmp.folder / "in.limit").write_text(f"plugin load {PLUGIN}\n{script}")
    command = f"ulimit -v {1024 * megabytes} && exec {BIN / 'lmp'} -in in.limit"
    run = subprocess.run(["sh", "-c", command], cwd=lmp.folder, env=environment(), capture_output=True, text=True, timeout=100)
    assert run.returncode == 0 or re.search(r"needs \S+ GB of memory in an MPI process, \S+ GB are free", run.stdout), run.stdout[-1000:]


COUNT = "compute V all vdos/atom\nthermo_style custom step pe press c_V[5]\n" \
    "dump d all custom 1 atoms.dump id c_V[1] c_V[2]\ndump_modify d sort id format float %.17g\nrun 0\n"


def test_once_per_configuration(lmp, minimum):
    """Neither a second run 0 nor another reader computes again; another mass, potential or group does."""
    done = "Compute vdos/atom V: vibrations of"
    script = glass_at(minimum) + COUNT
    run = lmp(script + "undump d\nrun 0\nreset_timestep 7\ndump e all custom 1 again.dump id c_V[1] c_V[2]\n"
              "dump_modify e sort id format float %.17g\nrun 0\n")
    assert run.output.count(done) == 1
    (_, first), (_, again) = [read_dump(lmp.folder / name)[0] for name in ("atoms.dump", "again.dump")]
    assert np.array_equal(first, again) and first[:, 1].min() > 0
    crystal = lj("fcc 1.09", cells=3) + "group some id 10:60\n" + MODES.format(group="some", delta="1e-6")
    for change in ["mass 1 1.1", "pair_coeff * * 1.5 1.0", "group some clear\ngroup some id 10:59",
                   "group some clear\ngroup some id 9:11 13:58 60 62"]:
        assert lmp(crystal + change + "\nrun 0\nrun 0\n").output.count(done) == 2


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_run_is_not_disturbed(lmp, minimum, ranks):
    """Positions, velocities, forces and thermo output after a run that began with the compute, to the last bit."""
    run = """
velocity all create 300 {seed}
fix 1 all nve
thermo_style custom step pe ke press pxx pxy
thermo 5
thermo_modify format float %.17g
compute energy all pe/atom
dump last all custom 40 {name}.dump id x y z vx vy vz fx fy fz c_energy
dump_modify last sort id format float %.17g
run 40
"""
    group = "group some id 1:30\n"
    vdos = "compute V some vdos/atom solver dense\ndump d all custom 1000 atoms.dump id c_V[1]\n"
    plain = lmp(glass_at(minimum) + group + run.format(seed=7, name="plain"), ranks=ranks)
    with_it = lmp(glass_at(minimum) + group + vdos + run.format(seed=7, name="with"), ranks=ranks)
    assert "force evaluations" in with_it.output
    assert (lmp.folder / "plain.dump").read_text() == (lmp.folder / "with.dump").read_text()
    for name, values in plain.thermo().items():
        assert np.array_equal(values, with_it.thermo()[name]), name


def test_forces_of_fixes_are_named(lmp, minimum):
    script = glass_at(minimum) + "group one id 7\nfix held one spring/self 10\ncompute V one vdos/atom\n" \
        "thermo_style custom step c_V[1]\nrun 0\n"
    assert "forces that fixes add are not in the Hessian: held" in lmp(script).output


def test_threads_of_the_omp_styles(lmp, minimum):
    """Forces summed by threads; the modes are those of the plain style."""
    script = glass_at(minimum) + "group some id 1:12\ncompute V some vdos/atom solver dense modes modes.bin\n" \
        "thermo_style custom step c_V[5]\nrun 0\n"
    lmp(script)
    plain = Modes(lmp.folder / "modes.bin").matrix()
    lmp("package omp 2\nsuffix omp\n" + script)
    assert np.abs(Modes(lmp.folder / "modes.bin").matrix() - plain).max() < 1e-6 * np.abs(plain).max()


IONS = """
units real
atom_style charge
atom_modify map array
boundary p p p
lattice custom 5.64 a1 1 0 0 a2 0 1 0 a3 0 0 1 basis 0 0 0 basis 0.5 0.5 0 basis 0.5 0 0.5 basis 0 0.5 0.5 &
  basis 0.5 0 0 basis 0 0.5 0 basis 0 0 0.5 basis 0.5 0.5 0.5
region box block 0 2 0 2 0 2
create_box 2 box
create_atoms 1 box basis 5 2 basis 6 2 basis 7 2 basis 8 2
mass 1 22.99
mass 2 35.45
set type 1 charge 1
set type 2 charge -1
pair_style lj/cut/coul/long 5.0
pair_modify table 0
pair_coeff 1 1 0.1 2.4
pair_coeff 2 2 0.1 4.0
kspace_style ewald 1e-6
neighbor 1.0 bin
"""


def test_ions_feel_all_others(lmp):
    """Rock salt with Ewald sums: no block is zero; against dynamical_matrix."""
    lmp(IONS + "dynamical_matrix all regular 1e-5 file stock.bin binary yes\n", load=False)
    stock = np.fromfile(lmp.folder / "stock.bin").reshape(192, 192)
    run = lmp(IONS + "compute V all vdos/atom delta 1e-5 range 0.001 0.002 sigma 0.0001 solver dense modes modes.bin\n"
              "thermo_style custom step c_V[5]\nrun 0\n")
    assert "64 sets of atoms displaced together, 384 force evaluations" in run.output
    # kcal/mol/Angstrom/(g/mol) in Angstrom/fs^2
    expected = 0.5 * (stock + stock.T) * 4.184e-4
    ours = Modes(lmp.folder / "modes.bin").matrix()
    assert np.abs(ours - expected).max() < 1e-5 * np.abs(expected).max()
