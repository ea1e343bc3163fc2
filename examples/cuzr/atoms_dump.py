#!/usr/bin/env python3
"""Writes the atoms of a study as a LAMMPS text dump, for OVITO and other programs that read such files.

    python atoms_dump.py [results [atoms.dump]]

Positions are those of the glass at 0 K. Further columns: entropy S_i (nats), barrier: mean (eV; nan where none was looked
for), events, boson_peak: I_BP and boson_mean: J (THz^-3), as far as they are known; faces with 3 to 6 edges at 0 K. OVITO
makes all names of columns lower case, so they are.
"""

import pathlib
import sys

import numpy as np

from results import Results

# Column of the dump: column of atoms.csv.gz
PROPERTIES = {"entropy": "S", "barrier": "barrier", "events": "events", "boson_peak": "I_BP", "boson_mean": "J",
              "n3": "initial_n3", "n4": "initial_n4", "n5": "initial_n5", "n6": "initial_n6"}


def write_dump(path, results):
    atoms = results.atoms
    sources = {name: name for name in ("id", "type", "x", "y", "z")} \
        | {name: source for name, source in PROPERTIES.items() if source in atoms}
    head = ["ITEM: TIMESTEP", "0", "ITEM: NUMBER OF ATOMS", str(len(atoms["id"])), "ITEM: BOX BOUNDS pp pp pp",
            *(f"0 {edge:.10g}" for edge in results.edges), "ITEM: ATOMS " + " ".join(sources)]
    columns = [[f"{value:d}" if isinstance(value, np.integer) else f"{value:.8g}" for value in atoms[source]]
               for source in sources.values()]
    path.write_text("\n".join([*head, *map(" ".join, zip(*columns))]) + "\n")


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "results")
    write_dump(pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else folder / "atoms.dump", Results(folder))


if __name__ == "__main__":
    main()
