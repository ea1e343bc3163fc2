"""The solvers of compute vdos/atom: against numpy, and against each other, in glasses."""

import re

import numpy as np
import pytest
import scipy.sparse

from conftest import Lammps, read_dump, system
from vdos import Modes, frequencies, glass_at, lj

EPSILON = {(1, 1): 1.0, (1, 2): 1.5, (2, 2): 0.5}
SIGMA = {(1, 1): 1.0, (1, 2): 0.8, (2, 2): 0.88}
CUTOFF = 2.5
# Kob and Andersen's mixture with forces that are 0 at the cut-off, from a crystal that was shaken thoroughly
KOB_ANDERSEN = """
units lj
atom_modify map array
lattice fcc 1.2
region box block 0 4 0 4 0 4
create_box 2 box
create_atoms 1 box
set type 1 type/fraction 2 0.2 4928
mass 1 1.0
mass 2 1.4
displace_atoms all random 0.4 0.4 0.4 4928
pair_style lj/smooth/linear {cutoff}
{coeff}
neighbor 0.4 bin
minimize 0 1e-8 5000 50000
min_style fire
minimize 0 1e-9 20000 100000
write_dump all custom x.dump id type x y z modify format float %.17g
""".format(cutoff=CUTOFF, coeff="\n".join(f"pair_coeff {a} {b} {EPSILON[a, b]} {SIGMA[a, b]}" for a, b in EPSILON))


def kob_andersen_matrix(types, x, edge):
    """Dynamical matrix from the derivatives of the pair potential, with nearest images."""
    epsilon, sigma = [np.array([[of[min(a, b), max(a, b)] for b in types] for a in types]) for of in (EPSILON, SIGMA)]
    d = x[:, None] - x[None]
    d -= edge * np.round(d / edge)
    r = np.sqrt((d ** 2).sum(axis=2)) + np.eye(len(x))
    near = (r < CUTOFF) & ~np.eye(len(x), dtype=bool)

    def slope(r):
        return 24 * epsilon / r * ((sigma / r) ** 6 - 2 * (sigma / r) ** 12)

    radial = near * 24 * epsilon / r ** 2 * (26 * (sigma / r) ** 12 - 7 * (sigma / r) ** 6)
    tangential = near * (slope(r) - slope(CUTOFF)) / r
    along = d / r[..., None]
    block = (radial - tangential)[..., None, None] * along[..., :, None] * along[..., None, :]
    block += tangential[..., None, None] * np.eye(3)
    matrix = -block
    matrix[np.arange(len(x)), np.arange(len(x))] += block.sum(axis=1)
    weight = 1 / np.sqrt(np.where(types == 1, 1.0, 1.4))
    matrix *= (weight[:, None] * weight[None])[..., None, None]
    return matrix.transpose(0, 2, 1, 3).reshape(3 * len(x), 3 * len(x))


def test_modes_of_a_glass_are_those_of_numpy(lmp):
    """Frequencies of 256 atoms to 1e-6, from the analytic Hessian and LAPACK; vectors are orthonormal and solve it."""
    run = lmp(KOB_ANDERSEN + "compute V all vdos/atom delta 1e-6 range 0.5 1 sigma 0.1 solver dense modes modes.bin\n"
              "thermo_style custom step c_V[*]\nrun 0\n")
    types, x = np.split(read_dump(lmp.folder / "x.dump")[0][1][:, 1:], [1], axis=1)
    matrix = kob_andersen_matrix(types[:, 0].astype(int), x, 4 * (4 / 1.2) ** (1 / 3))
    expected = frequencies(np.linalg.eigvalsh(matrix))
    modes = Modes(lmp.folder / "modes.bin")
    assert len(expected) == 768 and np.abs(expected[:3]).max() < 1e-4
    assert np.abs(modes.frequencies() - expected[3:]).max() < 1e-6
    v = modes.vectors
    assert np.abs(v @ v.T - np.eye(len(v))).max() < 1e-10
    assert np.abs(v @ matrix - modes.eigenvalues[:, None] * v).max() < 1e-5
    assert [run.thermo()[f"c_V[{k}]"][-1] for k in (1, 2, 3)] == [768, 3, 0]


def test_window_that_ends_between_split_phonons(lmp):
    """A crystal strained by 1e-5, whose multiplets are clusters: the window ends within one."""
    crystal = lj("fcc 1.09", cells=4) + "change_box all x scale 1.00001 y scale 0.99998 remap\n"
    settings = "compute V all vdos/atom delta 1e-6 sigma 0.1 range 0.5 1 solver {} modes {}.bin\n" \
        "thermo_style custom step c_V[1]\nrun 0\n"
    lmp(crystal + settings.format("dense", "dense"))
    f = Modes(lmp.folder / "dense.bin").frequencies()
    gaps = np.diff(f)
    within = (f[1:] > 1.4) & (gaps > 1e-7) & (gaps < 1e-4)
    last = np.flatnonzero(within)[0]
    assert 20 < last < 200
    run = lmp(crystal + settings.format(f"window fcut {f[last:last + 2].mean():.12f}", "window"))
    assert re.search(r"window: \d+ vectors", run.output), "dense was not the way out"
    modes = Modes(lmp.folder / "window.bin")
    assert run.thermo()["c_V[1]"][0] == last + 4 and np.allclose(modes.frequencies(), f[:last + 1], rtol=1e-8)
    assert np.abs(modes.vectors @ modes.vectors.T - np.eye(last + 1)).max() < 1e-8


def test_hessian_file(lmp, minimum):
    """The file opened by scipy is the matrix that the modes diagonalise; force constants add up to 0 in a free
    sample."""
    lmp(glass_at(minimum) + "group some id 3 7 20:99 150\n"
        "compute S some vdos/atom solver dense modes some.bin hessian some.npz\n"
        "compute V all vdos/atom solver kpm hessian all\nthermo_style custom step c_S[1] c_V[5]\nrun 0\n")
    matrix = scipy.sparse.load_npz(lmp.folder / "some.npz")
    assert isinstance(matrix, scipy.sparse.bsr_array | scipy.sparse.bsr_matrix) and matrix.blocksize == (3, 3)
    modes = Modes(lmp.folder / "some.bin")
    assert np.allclose(matrix.toarray(), modes.matrix(), rtol=0, atol=1e-9 * abs(matrix).max())
    assert (np.load(lmp.folder / "some.npz")["ids"] == modes.id).all() and len(modes.id) == 83

    matrix, rows = scipy.sparse.load_npz(lmp.folder / "all"), np.load(lmp.folder / "all")
    n = len(rows["ids"])
    assert (rows["ids"] == np.arange(1, n + 1)).all()
    masses = {1: 63.546, 2: 91.224}
    assert np.allclose(rows["masses"], [masses[t] for t in rows["types"]]) and rows["ftm2v"] == pytest.approx(9648.533, abs=1e-2)
    weight = np.repeat(np.sqrt(rows["masses"]), 3)
    constants = matrix.toarray() * weight * weight[:, None] / rows["ftm2v"]
    assert np.abs(constants.reshape(3 * n, n, 3).sum(axis=1)).max() < 1e-5 * np.abs(constants).max()
    assert 1 < np.abs(constants).max() < 30, "eV/Angstrom^2"


ATOMS = "dump {0} all custom 1 {0}.dump id type c_{0}[1] c_{0}[2] c_{0}[3] c_{0}[4]\n" \
    "dump_modify {0} sort id format float %.15g\n"


def columns(folder, name):
    return read_dump(folder / f"{name}.dump")[0][1]


@pytest.mark.parametrize("ranks", [1, 2])
def test_solvers_agree(lmp, minimum, ranks):
    """Dense, window and the exact moments of a group of 120 atoms give the same boson peaks."""
    script = glass_at(minimum) + "group some id 1:120\n"
    for name in ("dense", "window", "kpm"):
        script += f"compute {name} some vdos/atom solver {name} fcut 2.4 file {name}.txt\n" + ATOMS.format(name)
    run = lmp(script + "run 0\n", ranks=ranks)
    assert re.search(r"window: \d+ vectors", run.output), "dense was not the way out"
    assert run.output.count("force evaluations in") == 3
    dense, window, kpm = [columns(lmp.folder, name) for name in ("dense", "window", "kpm")]
    assert np.allclose(window[:, 2:4], dense[:, 2:4], rtol=1e-6) and np.allclose(window[:, 5], dense[:, 5], atol=1e-6)
    assert np.allclose(kpm[:, 2:4], dense[:, 2:4], rtol=1e-5)
    tables = [np.loadtxt(lmp.folder / f"{name}.txt") for name in ("dense", "window", "kpm")]
    known = len(tables[1])
    assert tables[1][-1, 0] == pytest.approx(2.4 - 3 * 0.15, abs=0.005)
    assert np.allclose(tables[1], tables[0][:known], rtol=1e-2)
    for c in (1, 3, 4):
        assert np.abs(tables[2][:, c] - tables[0][:, c]).max() < 5e-5 * tables[0][:, 1].max()


@pytest.fixture(scope="session")
def large_minimum(tmp_path_factory, large_glass):
    folder = tmp_path_factory.mktemp("large_minimum")
    relax = "min_style cg\nminimize 0 1e-8 5000 20000\nmin_style fire\nminimize 0 1e-6 5000 20000\n"
    Lammps(folder)(system(large_glass) + relax + "velocity all set 0 0 0\nwrite_data ortho.data nocoeff\n", load=False)
    return folder


def per_atom_spectrum(modes, f, sigma=0.15):
    """g_i at the frequencies f, shape [f][atoms]."""
    n = len(modes.id)
    gauss = np.exp(-0.5 * ((f[:, None] - modes.frequencies()) / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
    return gauss @ (modes.vectors.reshape(-1, n, 3) ** 2).sum(axis=2) / (3 * n)


@pytest.mark.slow
def test_window_and_moments_of_a_large_glass(lmp, large_minimum):
    """1,024 atoms: modes, spectra and boson peaks of the window are the dense ones, estimates agree within their
    errors."""
    script = glass_at(large_minimum)
    for name in ("dense", "window"):
        script += f"compute {name} all vdos/atom solver {name} fcut 2.4 modes {name}.bin file {name}.txt\n"
        script += ATOMS.format(name)
    script += "compute kpm all vdos/atom solver kpm vectors 256 fcut 2.4 file kpm.txt\n" + ATOMS.format("kpm")
    script = script.replace("c_kpm[4]", "c_kpm[5]") + "run 0\n"
    run = lmp(script)
    assert re.search(r"window: \d+ vectors", run.output), "dense was not the way out"
    dense, window = [Modes(lmp.folder / f"{name}.bin") for name in ("dense", "window")]
    count = len(window.eigenvalues)
    assert count == (dense.frequencies() < 2.4).sum() > 100
    assert np.allclose(window.frequencies(), dense.frequencies()[:count], rtol=1e-6)
    for f, tolerance in [(np.linspace(0.8, 1.5, 71), 1e-6), (np.linspace(1.5, 1.95, 46), 1e-2)]:
        assert np.allclose(per_atom_spectrum(window, f), per_atom_spectrum(dense, f), rtol=tolerance, atol=0)
    a, b = columns(lmp.folder, "dense"), columns(lmp.folder, "window")
    assert np.allclose(b[:, 2:4], a[:, 2:4], rtol=1e-6) and np.allclose(b[:, 5], a[:, 5], rtol=1e-4)

    estimates = columns(lmp.folder, "kpm")
    deviations = np.abs(estimates[:, 3] - a[:, 3]) / estimates[:, 5]
    assert 0.6 < (deviations < 1).mean() < 0.76 and 0.91 < (deviations < 2).mean() < 0.99
    for c in (2, 3):
        assert np.corrcoef(estimates[:, c].argsort().argsort(), a[:, c].argsort().argsort())[0, 1] > 0.98
        assert np.mean(estimates[:, c] / a[:, c]) == pytest.approx(1, abs=0.03)

    dense, kpm = np.loadtxt(lmp.folder / "dense.txt"), np.loadtxt(lmp.folder / "kpm.txt")
    rows = dense[:, 1] > 0.05 * dense[:, 1].max()
    deviations = (kpm[rows, 1] - dense[rows, 1]) / kpm[rows, -1]
    assert np.abs(deviations).max() < 5 and 0.2 < np.sqrt(np.mean(deviations ** 2)) < 2
