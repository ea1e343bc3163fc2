#!/usr/bin/env python3
"""Writes the atoms of a study as a LAMMPS text dump, for OVITO and other programs that read such files.

    python atoms_dump.py [results [atoms.dump]]

Positions are those of the glass at 0 K. Further columns: element, entropy S_i (nats), barrier: mean (eV; nan where
none was looked for), events, boson_peak: I_BP and boson_mean: J (THz^-3), as far as they are known; faces with 3 to 6
edges at 0 K.
"""

import pathlib
import sys

from ergodic.glass import Results
from ergodic.soft import write_dump


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "results")
    write_dump(pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else folder / "atoms.dump", Results(folder))


if __name__ == "__main__":
    main()
