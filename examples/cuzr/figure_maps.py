"""Figure 5: maps of coarse-grained entropy, barriers and boson peak, and how the fields correlate."""

import matplotlib.pyplot as plt
import numpy as np

import fields
from style import BARRIER, BLUE, ENTROPY, GREEN, LOG_INTENSITY, RED, letter, save

LENGTH = 5.0                    # Angstrom, as in the paper
SPACING = 0.75                  # Angstrom between points of a map
HEIGHTS = (0.25, 0.75)          # of the slices, in box edges
FEWEST = 0.6                    # weight of the atoms around a point of a map below which it is left blank
PAIR_COLOURS = {"S, barrier": RED, "S, ln I_BP": BLUE, "barrier, ln I_BP": GREEN}
PAIR_LABELS = {"S, barrier": r"$S$, $\Delta Q$", "S, ln I_BP": r"$S$, $\ln I_\mathrm{BP}$",
               "barrier, ln I_BP": r"$\Delta Q$, $\ln I_\mathrm{BP}$"}


def draw_map(figure, axes, results, values, known, height, limits, colours):
    edges = results.edges
    counts = np.ceil(edges[:2] / SPACING).astype(int)
    x, y = ((np.arange(count) + 0.5) * edge / count for count, edge in zip(counts, edges))
    places = np.stack(np.meshgrid(x, y, [height * edges[2]], indexing="ij"), axis=-1).reshape(-1, 3)
    smooth = fields.coarse_grained(places, results.positions[known], values[known], edges, LENGTH, FEWEST)
    return axes.imshow(smooth.reshape(counts).T, origin="lower", extent=(0, edges[0], 0, edges[1]), cmap=colours,
                       vmin=limits[0], vmax=limits[1])


def shown_fields(results):
    """(label, values, atoms that have them, colour map: bright where soft)."""
    everyone = results.atoms["type"] > 0
    yield ENTROPY, results.atoms["S"], everyone, "viridis"
    if results.has_barriers:
        yield BARRIER, results.atoms["barrier"], results.centres, "viridis_r"
    if results.has_vibrations:
        yield LOG_INTENSITY, results.log_intensity, everyone, "viridis"


def draw_maps(figure, panels, results):
    for column, (label, values, known, colours) in zip(panels.T, shown_fields(results)):
        at_atoms = fields.coarse_grained(results.positions[known], results.positions[known], values[known],
                                         results.edges, LENGTH)
        limits = np.percentile(at_atoms, [2, 98])
        for axes, height in zip(column, HEIGHTS):
            axes.set_facecolor("0.85")
            image = draw_map(figure, axes, results, values, known, height, limits, colours)
            axes.set_title(f"z = {height * results.edges[2]:.0f} Å", fontsize=9)
        figure.colorbar(image, ax=column.tolist(), label=label, shrink=0.8, location="top", extend="both")


def draw_correlations(axes, rows, means):
    for pair, colour in PAIR_COLOURS.items():
        mine = [row for row in rows if row["pair"] == pair and row["means"] == means]
        if not mine:
            continue
        lengths = [row["length"] for row in mine]
        axes.plot(lengths, np.array([row["pearson"] for row in mine], float), "o-", color=colour, markersize=3.5,
                  label=f"{PAIR_LABELS[pair]}  ({mine[0]['n']} atoms)")
        axes.fill_between(lengths, *np.array([row["band"] for row in mine], float).T, color=colour, alpha=0.12, linewidth=0)
    axes.axhline(0, color="black", linewidth=0.6)
    axes.set(xlabel="Length of coarse-graining (Å)", ylabel="Pearson coefficient", ylim=(-1, 1))
    axes.set_title(means, fontsize=9)


def draw_figure5(results, summary, path):
    figure = plt.figure(figsize=(10.5, 6))
    left, right = figure.subfigures(1, 2, width_ratios=(2.3, 1))
    panels = left.subplots(2, 3, sharex=True, sharey=True)
    draw_maps(left, panels, results)
    for axes in panels[-1]:
        axes.set_xlabel("x (Å)")
    for axes in panels[:, 0]:
        axes.set_ylabel("y (Å)")
    curves = right.subplots(2, 1)
    for axes, means in zip(curves, ("raw", "species means removed")):
        draw_correlations(axes, summary["fields"], means)
    curves[0].legend(loc="lower left", fontsize=7)
    letter([*panels.flat, *curves])
    save(figure, path)
