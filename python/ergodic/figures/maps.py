"""Maps of coarse-grained entropy, barriers and boson peak, and how the fields correlate (Figure 5 of Yang & Wang
2022)."""

import matplotlib.pyplot as plt
import numpy as np

from ergodic import fields
from ergodic.figures.style import BLUE, GREEN, ORANGE, RED, barrier_label, entropy_label, letter, log_intensity_label, save

LENGTH = 5.0                    # Angstrom, as in the paper
SPACING = 0.75                  # Angstrom between points of a map
HEIGHTS = (0.25, 0.75)          # of the slices, in box edges
FEWEST = 0.6                    # weight of the atoms around a point of a map below which it is left blank
PAIR_COLOURS = {"S, barrier": RED, "S, barrier of all who take part": ORANGE, "S, ln I_BP": BLUE, "barrier, ln I_BP": GREEN}
PAIR_LABELS = {"S, barrier": r"$S$, $\Delta Q$", "S, barrier of all who take part": r"$S$, $\Delta Q$ of all", "S, ln I_BP": r"$S$, $\ln I_\mathrm{BP}$",
               "barrier, ln I_BP": r"$\Delta Q$, $\ln I_\mathrm{BP}$"}


def draw_map(axes, glass, values, known, height, limits, colours):
    """A slice across c of the box, drawn to the edges; in a tilted box a parallelogram."""
    a, b, c = glass.box.vectors
    unit = glass.units.length
    counts = np.ceil([np.linalg.norm(edge) / (SPACING * unit) for edge in (a, b)]).astype(int)
    ends = [np.arange(count + 1) / count for count in counts]
    u, v = np.meshgrid(*ends, indexing="ij")
    places = (u[..., None] * a + v[..., None] * b + height * c).reshape(-1, 3)
    smooth = fields.coarse_grained(places, glass.positions[known], values[known], glass.box, [LENGTH * unit], FEWEST)[0]
    x, y = (places - height * c)[:, :2].T.reshape(2, *u.shape)
    image = axes.pcolormesh(x, y, np.ma.masked_invalid(smooth.reshape(u.shape)), shading="gouraud", cmap=colours,
                            vmin=limits[0], vmax=limits[1], rasterized=True)
    axes.set(xlim=(x.min(), x.max()), ylim=(y.min(), y.max()), aspect="equal")
    return image


def shown_fields(glass):
    """(label, values, atoms that have them, colour map: bright where soft)."""
    if "S" in glass:
        yield entropy_label(glass), glass.atoms["S"], np.isfinite(glass.atoms["S"]), "viridis"
    if "barrier_all" in glass:
        values = glass.atoms["barrier_all"]
        yield f"Barrier $\\Delta Q$ of all\nwho take part ({glass.units.energy})", values, np.isfinite(values), "viridis_r"
    elif glass.has_barriers:
        yield barrier_label(glass), glass.atoms["barrier"], glass.centres, "viridis_r"
    if glass.has_vibrations:
        yield log_intensity_label(glass), glass.log_intensity, np.isfinite(glass.log_intensity), "viridis"


def draw_maps(figure, glass):
    """A column of slices per property; returns the panels."""
    shown = list(shown_fields(glass))
    panels = figure.subplots(2, len(shown), sharex=True, sharey=True, squeeze=False)
    for column, (label, values, known, colours) in zip(panels.T, shown):
        at_atoms = fields.coarse_grained(glass.positions[known], glass.positions[known], values[known], glass.box,
                                         [LENGTH * glass.units.length])
        limits = np.percentile(at_atoms, [2, 98])
        for axes, height in zip(column, HEIGHTS):
            axes.set_facecolor("0.85")
            image = draw_map(axes, glass, values, known, height, limits, colours)
            axes.set_title(f"z = {height * glass.box.edges[2]:.0f} {glass.units.distance}", fontsize=9)
        few = f"\n{known.sum()} atoms; grey: none near" if not known.all() else ""
        figure.colorbar(image, ax=column.tolist(), label=label + few, shrink=0.8, location="top", extend="both")
    for axes in panels[-1]:
        axes.set_xlabel(f"x ({glass.units.distance})")
    for axes in panels[:, 0]:
        axes.set_ylabel(f"y ({glass.units.distance})")
    return panels


def draw_correlations(axes, glass, rows, means):
    for pair, colour in PAIR_COLOURS.items():
        mine = [row for row in rows if row["pair"] == pair and row["means"] == means]
        if not mine:
            continue
        lengths = [row["length"] for row in mine]
        axes.plot(lengths, np.array([row["pearson"] for row in mine], float), "o-", color=colour, markersize=3.5,
                  label=f"{PAIR_LABELS[pair]}  ({mine[0]['n']} atoms)")
        axes.fill_between(lengths, *np.array([row["band"] for row in mine], float).T, color=colour, alpha=0.12, linewidth=0)
    axes.axhline(0, color="black", linewidth=0.6)
    axes.set(xlabel=f"Length of coarse-graining ({glass.units.distance})", ylabel="Pearson coefficient", ylim=(-1, 1))
    axes.set_title(means, fontsize=9)


def draw_fields(glass, path, rows=()):
    """Maps of two slices, and, if there are rows of `field_correlations`, how the fields correlate."""
    count = len(list(shown_fields(glass)))
    figure = plt.figure(figsize=(2.4 * count + 3.3 * bool(rows), 6))
    if not rows:
        panels = [*draw_maps(figure, glass).flat]
    else:
        left, right = figure.subfigures(1, 2, width_ratios=(2.4 * count, 3.3))
        curves = right.subplots(2, 1)
        for axes, means in zip(curves, ("raw", "species means removed")):
            draw_correlations(axes, glass, rows, means)
        curves[0].legend(loc="lower left", fontsize=7)
        panels = [*draw_maps(left, glass).flat, *curves]
    letter(panels)
    save(figure, path)
