#!/usr/bin/env python3
"""Force evaluations and CPU seconds of the Hessian: compute vdos/atom beside dynamical_matrix, in turn, on one core.

    . cmake/bootstrap.sh
    python benches/vdos/compare.py DATA [--repeats N]

DATA: a minimised Cu-Zr glass (examples/cuzr/glass-2048.data.gz). The compute runs with `solver kpm`, whose time is in its
seconds; what the Hessian alone took is in its log. The two matrices are not compared here: tests/lammps/test_vdos.py.
"""

import argparse
import os
import re
import resource
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLUGIN = HERE.parents[1] / "build" / "ergodicplugin.so"


def cpu_seconds(command):
    """User and system seconds of a command, and its output."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    if done.returncode:
        raise SystemExit(done.stdout[-2000:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(getattr(after, k) - getattr(before, k) for k in ("ru_utime", "ru_stime")), done.stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--repeats", type=int, default=1)
    options = parser.parse_args()
    data = str(options.data.resolve())
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for _ in range(options.repeats):
            ours, text = cpu_seconds(["lmp", "-in", HERE / "in.hessian", "-var", "data", data, "-var", "plugin",
                                      PLUGIN, "-var", "keywords", "solver kpm"])
            evaluations = int(re.search(r"(\d+) force evaluations in", text).group(1))
            atoms = int(re.search(r"vibrations of (\d+) atoms", text).group(1))
            hessian = float(re.search(r"force evaluations in (\S+) s", text).group(1))
            print(f"compute vdos/atom  {atoms:6d} atoms {evaluations:6d} evaluations {ours:7.1f} CPU s "
                  f"(Hessian alone {hessian:.1f} s of wall time)", flush=True)
            stock, _ = cpu_seconds(["lmp", "-in", HERE / "in.stock", "-var", "data", data, "-var", "output", "D"])
            print(f"dynamical_matrix   {atoms:6d} atoms {6 * atoms:6d} evaluations {stock:7.1f} CPU s")
            print(f"ratio: evaluations {6 * atoms / evaluations:.1f}, CPU time {stock / ours:.1f}", flush=True)


if __name__ == "__main__":
    main()
