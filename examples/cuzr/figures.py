#!/usr/bin/env python3
"""Draws Figures 1-6 of Yang & Wang 2022, and two of what goes beyond them.

    python figures.py [results [folder]]

Reads the compact results of a study and summary.json of evaluate.py; writes figure1.png ... figure6.png,
predictors.png and premise.png to the folder (default: that of the results). Figures of stages that have not run are
left out.
"""

import pathlib
import sys

from ergodic.figures import checks, entropy, maps, motifs, pairs
from ergodic.figures.style import set_style
from ergodic.glass import Results
from ergodic.tables import read_json


def main():
    source = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "results")
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else source
    results, summary = Results(source), read_json(source / "summary.json")
    set_style()
    entropy.draw_histories(results, folder / "figure1.png")
    entropy.draw_distribution(results, folder / "figure2.png")
    if results.has_barriers:
        pairs.draw_barriers(results, folder / "figure3.png")
    if results.has_vibrations:
        pairs.draw_vibrations(results, folder / "figure4.png")
    maps.draw_fields(results, folder / "figure5.png", summary["fields"])
    motifs.draw_shares(results, folder / "figure6.png")
    if summary["predictors"]:
        checks.draw_predictors(results, summary, folder / "predictors.png")
    checks.draw_dynamics(results, folder / "premise.png")


if __name__ == "__main__":
    main()
