"""Draws the central atoms of in.artn: as many of each species, in random order, divided into batches.

    python -m ergodic.centres glass.data [--seed 1] [--per-species 300] [--batches 30] > centres.lmp

Each batch holds the same number of atoms of each species (but for a remainder), so that the batches that are done at
any time are a random sample of the glass with equal shares of all. With as many as there are, every atom is drawn. The
draw depends on the IDs and types in the data file and on the seed alone.
"""

import argparse
import re

import numpy as np

from ergodic.lammps_files import read_data


def species(path, names=None):
    """{type or name: IDs, ascending} of a data file; types of one name are one species."""
    data = read_data(path)
    kinds = data.kinds if names is None else np.array(["", *names])[data.kinds]
    wanted = sorted(set(kinds.tolist())) if names is None else dict.fromkeys(names)
    return {kind: data.ids[kinds == kind] for kind in wanted}


def draw(atoms, per_species, batches, seed):
    """Batches of ascending IDs."""
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(ids)[:per_species] for ids in atoms.values()]
    return [np.sort(np.concatenate([order[k::batches] for order in orders])) for k in range(batches)]


def ranges(ids):
    """IDs as the group command reads them: 1:3 7."""
    runs = np.split(ids, np.flatnonzero(np.diff(ids) > 1) + 1)
    return " ".join(f"{run[0]}:{run[-1]}" if run.size > 1 else f"{run[0]}" for run in runs)


def text(path, names, per_species, batches, seed):
    """centres.lmp: the variables `batch`, a loop over the batches, and `centres`, the IDs of each."""
    drawn = [batch for batch in draw(species(path, names), per_species, batches, seed) if batch.size]
    return (f"# {per_species} atoms per species, seed {seed}, {len(drawn)} batches\n"
            f"variable batch loop {len(drawn)}\nvariable centres index &\n"
            + " &\n".join(f'  "{ranges(batch)}"' for batch in drawn) + "\n")


def listed(content):
    """The IDs of each batch in the text of centres.lmp, ranges written out."""
    return [" ".join(" ".join(map(str, range(int(low), int(high or low) + 1)))
                     for low, high in re.findall(r"(\d+)(?::(\d+))?", batch)) for batch in re.findall('"(.*?)"', content)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-species", type=int, default=300)
    parser.add_argument("--batches", type=int, default=30)
    options = parser.parse_args()
    print(text(options.data, None, options.per_species, options.batches, options.seed), end="")


if __name__ == "__main__":
    main()
