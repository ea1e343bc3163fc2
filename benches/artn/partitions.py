#!/usr/bin/env python3
"""Events per hour of K partitions on K cores against one partition on one core.

    benches/artn/partitions.py FOLDER [--output DIR] [--partitions 2] [--centers 8] [--draw 20221122] [keyword value ...]

FOLDER as for campaign.py. The same campaign twice: the tables must be the same, but for the attempt, the seconds and the
order of lines. Needs a quiet machine with K free cores: processes of MPI do not wait, they spin.
"""

import argparse
import random
import subprocess
import time
from pathlib import Path

from campaign import PLUGIN, SCRIPT


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--output", type=Path, default=Path("artn-partitions"))
    parser.add_argument("--partitions", type=int, default=2)
    parser.add_argument("--centers", type=int, default=8)
    parser.add_argument("--draw", type=int, default=20221122, help="seed of the drawing of the central atoms")
    return parser.parse_known_args()


def write_script(options, keywords):
    data = (options.folder / "glass.data").resolve()
    (potential,) = options.folder.resolve().glob("*.eam")
    with open(data) as file:
        atoms = next(int(line.split()[0]) for line in file if line.split()[1:] == ["atoms"])
    centers = sorted(random.Random(options.draw).sample(range(1, atoms + 1), options.centers))
    return SCRIPT.format(
        plugin=PLUGIN, data=data, potential=potential, n=1, centers=" ".join(map(str, centers)), keywords=" ".join(keywords)
    )


def campaign(folder, script, partitions):
    """Runs it; returns the lines of its tables without attempt and seconds, and the seconds it took."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "in.artn").write_text(script)
    command = ["lmp", "-in", "in.artn", "-screen", "none"]
    if partitions > 1:
        command = ["mpiexec", "-n", str(partitions), *command, "-partition", f"{partitions}x1"]
    begin = time.monotonic()
    subprocess.run(["env", "OMP_NUM_THREADS=1", *command], cwd=folder, check=True)
    seconds = time.monotonic() - begin
    names = [f"events.csv.{k}" for k in range(partitions)] if partitions > 1 else ["events.csv"]
    lines = [line.split(",")[1:-1] for name in names for line in (folder / name).read_text().splitlines()[1:]]
    return sorted(lines), seconds


def main():
    options, keywords = arguments()
    script = write_script(options, keywords)
    tables, rates = [], []
    for partitions in (1, options.partitions):
        lines, seconds = campaign(options.output / f"{partitions}x1", script, partitions)
        events = sum(words[3] == "success" for words in lines)
        tables.append(lines)
        rates.append(3600 * events / seconds)
        print(f"{partitions} partition(s): {events} events of {len(lines)} attempts in {seconds:.1f} s, {rates[-1]:.0f} events an hour", flush=True)
    print(f"ratio {rates[1] / rates[0]:.2f}, tables {'the same' if tables[0] == tables[1] else 'DIFFERENT'}")


if __name__ == "__main__":
    main()
