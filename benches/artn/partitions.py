#!/usr/bin/env python3
"""Events per hour of K partitions on K cores against one partition on one core.

    benches/artn/partitions.py FOLDER [--output DIR] [--partitions 2] [--centers 8] [--draw 20221122] [keyword value ...]

FOLDER as for campaign.py. The same campaign twice: the tables must be the same, but for the attempt, the seconds and the
order of lines. Needs a quiet machine with K free cores: processes of MPI do not wait, they spin.
"""

import subprocess
import time

from campaign import parser, script


def campaign(folder, text, partitions):
    """Runs it; returns the lines of its tables without attempt and seconds, and the seconds it took."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "in.artn").write_text(text)
    command = ["lmp", "-in", "in.artn", "-screen", "none"]
    if partitions > 1:
        command = ["mpiexec", "-n", str(partitions), *command, "-partition", f"{partitions}x1"]
    begin = time.monotonic()
    subprocess.run(["env", "OMP_NUM_THREADS=1", *command], cwd=folder, check=True)
    seconds = time.monotonic() - begin
    names = [f"events.csv.{k}" for k in range(partitions)] if partitions > 1 else ["events.csv"]
    seconds_column = 20
    without = lambda words: words[1:seconds_column] + words[seconds_column + 1:]
    lines = [without(line.split(",")) for name in names for line in (folder / name).read_text().splitlines()[1:]]
    return sorted(lines), seconds


def main():
    arguments = parser(__doc__, "artn-partitions", 8, 20221122)
    arguments.add_argument("--partitions", type=int, default=2)
    options, keywords = arguments.parse_known_args()
    text = script(options, keywords)
    tables, rates = [], []
    for partitions in (1, options.partitions):
        lines, seconds = campaign(options.output / f"{partitions}x1", text, partitions)
        events = sum(words[3] == "success" for words in lines)
        tables.append(lines)
        rates.append(3600 * events / seconds)
        print(f"{partitions} partition(s): {events} events of {len(lines)} attempts in {seconds:.1f} s, {rates[-1]:.0f} events an hour", flush=True)
    print(f"ratio {rates[1] / rates[0]:.2f}, tables {'the same' if tables[0] == tables[1] else 'DIFFERENT'}")


if __name__ == "__main__":
    main()
