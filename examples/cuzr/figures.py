#!/usr/bin/env python3
"""Draws Figures 1-6 of Yang & Wang 2022, and two of what goes beyond them.

    python figures.py [results [folder]]

Reads the compact results (see collect.py) and summary.json of evaluate.py; writes figure1.png ... figure6.png,
predictors.png and premise.png to the folder (default: that of the results). Figures of stages that have not run are left out.
"""

import pathlib
import sys

from figure_checks import draw_predictors, draw_premise
from figure_entropy import draw_figure1, draw_figure2
from figure_maps import draw_figure5
from figure_motifs import draw_figure6
from figure_properties import draw_figure3, draw_figure4
from results import Results
from style import set_style
from tables import read_json


def main():
    source = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "results")
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else source
    results, summary = Results(source), read_json(source / "summary.json")
    set_style()
    draw_figure1(results, folder / "figure1.png")
    draw_figure2(results, folder / "figure2.png")
    if results.has_barriers:
        draw_figure3(results, folder / "figure3.png")
    if results.has_vibrations:
        draw_figure4(results, folder / "figure4.png")
    if summary["fields"]:
        draw_figure5(results, summary, folder / "figure5.png")
    draw_figure6(results, folder / "figure6.png")
    if summary["predictors"]:
        draw_predictors(summary, folder / "predictors.png")
    draw_premise(results, folder / "premise.png")


if __name__ == "__main__":
    main()
