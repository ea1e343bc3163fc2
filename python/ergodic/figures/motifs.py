"""Which motifs atoms with low and high entropy were in (Figure 6 of Yang & Wang 2022)."""

import matplotlib.pyplot as plt
import numpy as np

from ergodic.figures.entropy import pretty
from ergodic.figures.style import BLACK, letter, save

COLOURS = ("#08306b", "#2171b5", "#4292c6", "#6baed6", "#9ecae1", "#238b45", "#66c2a4", "#b2e2e2", "#8856a7", "#f4d9b8")
FEW_WIDTH = 0.35


def shares_of(table, definition, species):
    """{group: {motif: share}} in the order of the table."""
    mine = (table["definition"] == definition) & (table["species"] == species)
    shares = {}
    for group, motif, share in zip(table["group"][mine], table["motif"][mine], table["share"][mine]):
        shares.setdefault(str(group), {})[str(motif)] = float(share)
    return shares


def draw_bars(axes, shares):
    """One bar a group, from left to right; those of 1 % are narrow."""
    places = np.array([0.3, *range(1, 11), 10.7])
    widths = [FEW_WIDTH, *[0.9] * 10, FEW_WIDTH]
    names = [motif for motif in next(iter(shares.values())) if motif != "pentagons"]
    bottom = np.zeros(len(places))
    for motif, colour in zip(names, COLOURS):
        heights = np.array([group[motif] for group in shares.values()])
        axes.bar(places, heights, widths, bottom, color=colour, label="GUM" if motif == "GUM" else pretty(motif))
        bottom += heights
    axes.plot(places, [group["pentagons"] for group in shares.values()], "o--", color=BLACK, markersize=3, linewidth=1,
              label="pentagonal faces")
    axes.set(xlim=(0, 11), ylim=(0, 1))
    axes.set_xticks([0.3, *range(1, 11), 10.7], ["1 %", *range(1, 11), "1 %"], fontsize=7)


def draw_shares(results, path):
    """Shares of motifs by decile of entropy and for the extreme 1 %, for each definition and species."""
    table = results.table("motif_shares.csv")
    definitions = dict.fromkeys(table["definition"].tolist())
    kinds = ["all", *results.species_names] if len(results.species_names) > 1 else results.species_names
    figure, panels = plt.subplots(len(definitions), len(kinds), figsize=(3.35 * len(kinds), 6), sharex=True, sharey=True,
                                  squeeze=False)
    for row, definition in zip(panels, definitions):
        for axes, species in zip(row, kinds):
            draw_bars(axes, shares_of(table, definition, species))
            axes.set_title(f"{species}, {definition}", fontsize=9)
        row[0].set_ylabel("Share of samples")
    for axes in panels[-1]:
        axes.set_xlabel("Decile of $S_i$, lowest and highest 1 %")
    letter(panels.flat)
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=6)
    save(figure, path)
