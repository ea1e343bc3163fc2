#!/usr/bin/env python3
"""Draws what a campaign of fix artn found: barriers.png.

    figures.py DATA TABLE... [--species Cu Zr] [--output barriers.png]

DATA = data file of the glass (for positions), TABLE = event tables, of all partitions. Left: distribution of barriers
per species. Right: mean barrier of every central atom, seen along z.
"""

import argparse
import csv
from collections import defaultdict

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

def positions(path):
    """ID -> x, y, z of an atomic data file."""
    with open(path) as file:
        lines = iter(file)
        for line in lines:
            if line.startswith("Atoms"):
                break
        next(lines)
        atoms = {}
        for line in lines:
            words = line.split()
            if not words:
                break
            atoms[int(words[0])] = [float(word) for word in words[2:5]]
        return atoms


def events(tables):
    """Species -> barriers, center -> barriers of all successful events."""
    species, centers = defaultdict(list), defaultdict(list)
    for table in tables:
        with open(table, newline="") as file:
            for row in csv.DictReader(file):
                if row["status"] == "success":
                    species[int(row["type"])].append(float(row["barrier"]))
                    centers[int(row["center"])].append(float(row["barrier"]))
    return species, centers


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("tables", nargs="+")
    parser.add_argument("--species", nargs="+", default=["Cu", "Zr"], help="names of the atom types")
    parser.add_argument("--output", default="barriers.png")
    options = parser.parse_args()
    species, centers = events(options.tables)
    atoms = positions(options.data)

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), constrained_layout=True)
    highest = max(max(barriers) for barriers in species.values())
    bins = np.linspace(0, highest, max(6, min(30, sum(map(len, species.values())) // 8)))
    for kind, barriers in sorted(species.items()):
        name, mean = options.species[kind - 1], np.mean(barriers)
        print(f"{name}: {len(barriers)} events, mean barrier {mean:.3f} eV")
        left.hist(barriers, bins, density=True, histtype="step", linewidth=1.5, label=f"{name}: {len(barriers)} events, mean {mean:.2f} eV")
    left.set(xlabel="barrier (eV)", ylabel="density (1/eV)", xlim=(0, None), title="Barriers of events")
    left.margins(y=0.25)
    left.legend(loc="upper left")

    x = np.array([atoms[center] for center in centers])
    means = [np.mean(barriers) for barriers in centers.values()]
    points = right.scatter(x[:, 0], x[:, 1], c=means, cmap="viridis", s=40, edgecolors="black", linewidths=0.3)
    right.set(xlabel="x (Å)", ylabel="y (Å)", aspect="equal", title="Central atoms, seen along z")
    figure.colorbar(points, label="mean barrier of the atom (eV)")
    figure.savefig(options.output, dpi=150)


if __name__ == "__main__":
    main()
