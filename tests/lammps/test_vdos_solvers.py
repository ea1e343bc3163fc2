"""The solvers of compute vdos/atom: against numpy, and against each other, in glasses."""

import re

import numpy as np
import pytest

from conftest import Lammps, read_dump, system
from vdos import LJ, Modes, frequencies, glass_at, lj

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
minimize 0 1e-12 20000 100000
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
