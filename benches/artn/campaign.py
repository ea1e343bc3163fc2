#!/usr/bin/env python3
"""Cost of saddle searches: 30 central atoms drawn by a stated seed, 2 events each, one core.

    benches/artn/campaign.py FOLDER [--output DIR] [--centers 30] [--draw 20220314] [--replicate 1] [keyword value ...]

FOLDER holds glass.data, a minimised glass in metal units, and its EAM potential (one file *.eam, elements Zr Cu). Writes
events.csv and the dumps into DIR and prints the figures from the table. Further arguments go to the fix.
"""

import argparse
import csv
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

PLUGIN = Path(__file__).resolve().parents[2] / "build" / "ergodicplugin.so"

SCRIPT = """
plugin load {plugin}
suffix opt
units metal
read_data {data}
replicate {n} {n} {n}
pair_style eam/alloy
pair_coeff * * {potential} Zr Cu
group centers id {centers}
fix artn centers artn 1 events 2 events_file events.csv saddles saddles.dump {keywords}
thermo 1
run 100000
"""


def parser(description, output, centers, draw):
    """What every benchmark of searches is asked: a glass, a folder for the files, and which central atoms."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--output", type=Path, default=Path(output))
    parser.add_argument("--centers", type=int, default=centers)
    parser.add_argument("--draw", type=int, default=draw, help="seed of the drawing of the central atoms")
    return parser


def script(options, keywords, replicate=1):
    """The input script of a campaign."""
    data = (options.folder / "glass.data").resolve()
    (potential,) = options.folder.resolve().glob("*.eam")
    with open(data) as file:
        atoms = next(int(line.split()[0]) for line in file if line.split()[1:] == ["atoms"])
    centers = sorted(random.Random(options.draw).sample(range(1, atoms + 1), options.centers))
    return SCRIPT.format(
        plugin=PLUGIN, data=data, potential=potential, n=replicate,
        centers=" ".join(map(str, centers)), keywords=" ".join(keywords),
    )


def search(options, keywords):
    """Runs the campaign; returns the path of its table."""
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "in.artn").write_text(script(options, keywords, options.replicate))
    subprocess.run(
        ["lmp", "-in", "in.artn", "-screen", "none"], cwd=options.output, check=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    return options.output / "events.csv"


def figures(table):
    """Prints what the attempts of a table cost."""
    with open(table, newline="") as file:
        rows = list(csv.DictReader(file))
    # attempts after the second event of a centre, none here, would count as well
    saddles = [row for row in rows if float(row["evals_saddle"]) > 0]
    events = [row for row in rows if row["status"] == "success"]
    barriers = sorted(float(row["barrier"]) for row in events)
    mean = lambda values: sum(values) / len(values) if values else float("nan")
    print(f"attempts {len(rows)}, connected {len(events)} ({100 * len(events) / len(rows):.0f} %)")
    print(f"evaluations to the saddle {mean([int(row['evals_saddle']) for row in saddles]):.0f}")
    print(f"  of connected events {mean([int(row['evals_saddle']) for row in events]):.0f}, "
          f"of all atoms {mean([int(row['evals_full']) for row in events]):.0f}")
    if events:
        print(f"per connected event, failures included: {sum(int(row['evals_total']) for row in rows) / len(events):.0f} "
              f"evaluations, {sum(float(row['seconds']) for row in rows) / len(events):.2f} CPU s")
        print(f"barriers {barriers[0]:.3f} to {barriers[-1]:.3f} eV, mean {mean(barriers):.3f}, below 0.1 eV "
              f"{100 * mean([b < 0.1 for b in barriers]):.0f} %, above 4 eV {100 * mean([b > 4 for b in barriers]):.0f} %")
    for status, number in Counter(row["status"] for row in rows).most_common():
        print(f"  {number:4d} {status}")


if __name__ == "__main__":
    arguments = parser(__doc__, "artn-benchmark", 30, 20220314)
    arguments.add_argument("--replicate", type=int, default=1)
    arguments.add_argument("--table", type=Path, help="print the figures of this table, run nothing")
    options, keywords = arguments.parse_known_args()
    figures(options.table or search(options, keywords))
    sys.stdout.flush()
