#!/usr/bin/env python3
"""Opens the atoms of the Cu-Zr study in OVITO: properties, the softest atoms, their clusters.

    pip install ovito
    python examples/cuzr/atoms_dump.py examples/cuzr/output/results atoms.dump
    python examples/ovito/soft_atoms.py atoms.dump

In the graphical program: open atoms.dump; entropy, barrier, boson_peak and boson_mean are there as particle properties
for Color coding, Expression selection and histograms. No column mapping has to be given.
"""

import argparse

import numpy as np
from ovito.io import import_file
from ovito.modifiers import ClusterAnalysisModifier, ExpressionSelectionModifier

WANTED = ("entropy", "barrier", "boson_peak")
SHARE = 0.1   # of the atoms, those with the highest S
NEAR = 3.6    # Angstrom, first minimum of the pair correlation function


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dump")
    options = parser.parse_args()

    pipeline = import_file(options.dump)
    particles = pipeline.compute().particles
    for name in WANTED:
        values = particles[name][...]
        known = np.isfinite(values)
        print(f"{name:<11} {known.sum():6d} atoms, mean {values[known].mean():.4g}")

    threshold = np.quantile(particles["entropy"][...], 1 - SHARE)
    pipeline.modifiers.append(ExpressionSelectionModifier(expression=f"entropy > {threshold:.12g}"))
    pipeline.modifiers.append(ClusterAnalysisModifier(cutoff=NEAR, only_selected=True, sort_by_size=True))
    data = pipeline.compute()
    print(f"softest     {data.attributes['ExpressionSelection.count']:6d} atoms with entropy > {threshold:.3f}, "
          f"the largest cluster has {data.attributes['ClusterAnalysis.largest_size']}")


if __name__ == "__main__":
    main()
