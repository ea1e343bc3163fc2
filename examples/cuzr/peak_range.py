#!/usr/bin/env python3
"""How much the range in which the boson peak is looked for matters: Spearman coefficients for another one.

    lmp -in in.vdos -var glass results/reference/glass.data.gz -var flo 0.4 -var fhi 0.8
    python peak_range.py vibrations.dump [results]
"""

import pathlib
import sys

import numpy as np

from ergodic import estimates
from ergodic import lammps_files as files
from ergodic.glass import Results
from ergodic.summary import interval, signed, table


def coefficient(x, y, chosen):
    values = estimates.correlation(x[chosen], y[chosen])
    return f"{signed(values['spearman'])} ({interval(values['spearman_interval'])})"


def main():
    other = files.single_frame(pathlib.Path(sys.argv[1]))
    results = Results(sys.argv[2] if len(sys.argv) > 2 else "results/reference")
    atoms = results.atoms
    if not np.array_equal(other["id"], atoms["id"]):
        sys.exit(f"{sys.argv[1]} and {results.folder} do not hold the same atoms")
    rows = []
    for species in ("Cu", "Zr"):
        mine = results.species[species]
        for label, frame in (("of the study", atoms), ("here", other)):
            at_edge = (frame["f_max"][mine] <= frame["f_max"].min()).mean()
            rows.append([f"{species}, range {label}", coefficient(atoms["S"], frame["I_BP"], mine),
                         coefficient(atoms["S"], frame["J"], mine),
                         coefficient(atoms["barrier"], frame["I_BP"], mine & results.centres), f"{at_edge:.0%}"])
    print(table(["Spearman of", "S, I_BP", "S, J", "barrier, I_BP", "max. at lower edge"], rows), end="")


if __name__ == "__main__":
    main()
