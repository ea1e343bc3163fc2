"""Modes files, and systems with few modes, for compute vdos/atom."""

import numpy as np

from conftest import system

HEADER = 32


class Modes:
    """A modes file."""

    def __init__(self, path):
        raw = path.read_bytes()
        assert raw[:8] == b"ERGMODES"
        version, n, m = np.frombuffer(raw, "<i8", 3, 8)
        assert version == 1
        self.id = np.frombuffer(raw, "<i8", n, HEADER)
        self.eigenvalues = np.frombuffer(raw, "<f8", m, HEADER + 8 * n)
        self.vectors = np.frombuffer(raw, "<f8", 3 * n * m, HEADER + 8 * (n + m)).reshape(m, 3 * n)

    def matrix(self):
        return (self.vectors.T * self.eigenvalues) @ self.vectors

    def frequencies(self):
        return frequencies(self.eigenvalues)


def frequencies(eigenvalues):
    return np.sign(eigenvalues) * np.sqrt(np.abs(eigenvalues)) / (2 * np.pi)


def glass_at(minimum, box="ortho", **settings):
    return system(minimum / f"{box}.data", before_data="atom_modify map array", **settings)


LJ = """
units lj
atom_modify map array
boundary p p p
lattice {lattice}
region box block 0 {cells} 0 {cells} 0 {cells}
create_box {types} box
{atoms}
mass 1 1.0
pair_style lj/cut {cutoff}
pair_coeff * * 1.0 1.0
neighbor 0.4 bin
"""
MODES = "compute V {group} vdos/atom delta {delta} sigma 0.1 range 0.5 2 solver dense modes modes.bin\n" \
    "thermo_style custom step c_V[*]\nthermo_modify format float %.15g\nrun 0\n"


def lj(lattice, cells=4, cutoff=2.5, types=1, atoms="create_atoms 1 box"):
    return LJ.format(lattice=lattice, cells=cells, cutoff=cutoff, types=types, atoms=atoms)
