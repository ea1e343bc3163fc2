#!/usr/bin/env python3
"""Two builds of the plugin in turns: time of a sample, of a Hessian with its spectrum, and of saddle searches.

    benches/builds.py OTHER/ergodicplugin.so build/ergodicplugin.so [--repeats 10]

On the committed Cu50Zr50 glass, one core; the machine must be quiet. Prints for each build the median, and the median of
the ratios of neighbouring runs, second build to first, with the quartiles: the ratios hold where the machine's speed
drifts. Searches of two builds need not be the same ones: their cost is given per evaluation of the forces and per
connected event.
"""

import argparse
import csv
import os
import re
import resource
import subprocess
import tempfile
from pathlib import Path

import numpy as np

GLASS = Path(__file__).resolve().parents[1] / "examples/cuzr/glass-2048.data.gz"
HEAD = f"""
suffix opt
units metal
read_data {GLASS} nocoeff
pair_style eam/fs
pair_coeff * * CuZr_mm.eam.fs Cu Zr
thermo 100000
"""
SAMPLES = 200
SAMPLE = HEAD + f"""
replicate 2 2 1
neighbor 1.0 bin
timestep 0.002
velocity all create 1400 5 loop geom
fix 1 all nve
compute S all voronoi/entropy every 1
run 100 post no
run {SAMPLES}
"""
HESSIAN = HEAD + """
min_modify norm inf
minimize 0 1e-4 1000 10000
compute V all vdos/atom solver kpm range 0.3 1.0
compute J all reduce ave c_V[1]
thermo_style custom step pe c_J
run 0
"""
SEARCHES = HEAD + """
group centers id {centers}
fix artn centers artn {seed} events 2 attempts 2 events_file events.csv
run 100000
"""


def run(plugin, script):
    """Runs a script in an empty folder; returns its log, its events and the CPU seconds."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "in.run").write_text(f"plugin load {plugin}\n{script}")
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        environment.pop("LAMMPS_PLUGIN_PATH", None)
        subprocess.run(["lmp", "-in", "in.run", "-screen", "none"], cwd=folder, env=environment, check=True)
        seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        events = Path(folder) / "events.csv"
        rows = list(csv.DictReader(events.open())) if events.exists() else []
        return (Path(folder) / "log.lammps").read_text(), rows, seconds


def sample(plugin, _):
    """Microseconds per atom and sample; the fix of the histories takes them."""
    log = run(plugin, SAMPLE)[0]
    atoms = int(re.findall(r"with (\d+) atoms", log)[-1])
    return {"sample, us per atom": float(re.findall(r"^Modify +\|[^|]*\|([^|]*)\|", log, re.M)[-1]) / SAMPLES / atoms * 1e6}


def hessian(plugin, _):
    """CPU seconds of the whole run."""
    return {"Hessian and kpm, CPU s": run(plugin, HESSIAN)[2]}


def searches(plugin, repeat):
    """Cost of two attempts at each of twelve atoms, drawn anew for each repeat."""
    draw = np.random.default_rng(repeat)
    centers = " ".join(map(str, 1 + draw.choice(2048, 12, replace=False)))
    rows = run(plugin, SEARCHES.format(seed=1 + repeat, centers=centers))[1]
    seconds = sum(float(row["seconds"]) for row in rows)
    evaluations = sum(int(row["evals_total"]) for row in rows)
    return {
        "searches, ms per evaluation": 1e3 * seconds / evaluations,
        "searches, CPU s per event": seconds / max(1, sum(row["status"] == "success" for row in rows)),
    }


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("plugins", nargs=2, type=lambda name: Path(name).resolve())
    options.add_argument("--repeats", type=int, default=10)
    options = options.parse_args()
    figures = [{}, {}]
    for measure in (sample, hessian, searches):
        for repeat in range(options.repeats):
            for build in (0, 1) if repeat % 2 else (1, 0):
                for name, value in measure(options.plugins[build], repeat).items():
                    figures[build].setdefault(name, []).append(value)
    print(f"{'':30}   first  second  ratio (quartiles)")
    for name in figures[0]:
        first, second = (np.array(build[name]) for build in figures)
        low, middle, high = np.percentile(second / first, (25, 50, 75))
        print(f"{name:30} {np.median(first):7.3f} {np.median(second):7.3f}  {middle:.3f} ({low:.3f} .. {high:.3f})")


if __name__ == "__main__":
    main()
