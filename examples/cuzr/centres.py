#!/usr/bin/env python3
"""Draws the central atoms of in.artn: as many of each species, in random order, divided into batches.

    centres.py glass.data [--seed 1] [--per-species 300] [--batches 30] > centres.lmp

Each batch holds the same number of Cu and Zr atoms (but for a remainder), so that the batches that are done at any time
are a random sample of the glass with equal shares of both. With as many as there are, every atom is drawn. The draw
depends on the IDs and types in the data file and on the seed alone.
"""

import argparse
import sys

import numpy as np

from lammps_files import open_text


def species(path):
    """{type: IDs, ascending} of a data file of atom style atomic."""
    atoms = {}
    with open_text(path) as lines:
        for line in lines:
            if line.startswith("Atoms"):
                break
        next(lines, None)
        for line in lines:
            words = line.split()
            if not words:
                break
            atoms.setdefault(int(words[1]), []).append(int(words[0]))
    if not atoms:
        sys.exit(f"no atoms in {path}")
    return {kind: np.sort(ids) for kind, ids in sorted(atoms.items())}


def draw(atoms, per_species, batches, seed):
    """Batches of ascending IDs."""
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(ids)[:per_species] for ids in atoms.values()]
    return [np.sort(np.concatenate([order[k::batches] for order in orders])) for k in range(batches)]


def ranges(ids):
    """IDs as the group command reads them: 1:3 7."""
    runs = np.split(ids, np.flatnonzero(np.diff(ids) > 1) + 1)
    return " ".join(f"{run[0]}:{run[-1]}" if run.size > 1 else f"{run[0]}" for run in runs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-species", type=int, default=300)
    parser.add_argument("--batches", type=int, default=30)
    options = parser.parse_args()
    batches = [batch for batch in draw(species(options.data), options.per_species, options.batches, options.seed)
               if batch.size]
    print(f"# centres.py: seed {options.seed}, {options.per_species} atoms per species, {len(batches)} batches\n"
          f"variable batch loop {len(batches)}\nvariable centres index &")
    print(" &\n".join(f'  "{ranges(batch)}"' for batch in batches))


if __name__ == "__main__":
    main()
