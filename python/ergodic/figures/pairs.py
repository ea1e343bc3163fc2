"""One property of the atoms against another, by species, and the means of groups (Figures 3 and 4 of Yang & Wang
2022)."""

import matplotlib.pyplot as plt
import numpy as np

from ergodic import estimates
from ergodic.evaluate import BIN
from ergodic.estimates import FEWEST
from ergodic.figures.style import (barrier_label, colours, entropy_label, intensity_label, leave_room, letter, save)

MOST_POINTS = 4000   # of a species that are drawn


def draw_scatter(axes, x, y, species, colour, logarithmic=False):
    shown = np.random.default_rng(1).permutation(len(x))[:MOST_POINTS]
    axes.scatter(x[shown], y[shown], 12 if len(x) < 1000 else 5, colour, alpha=0.5, linewidths=0, rasterized=True)
    text = f"{species}, {len(x)} atoms" + (f" ({MOST_POINTS} drawn)" if len(x) > MOST_POINTS else "")
    if len(x) >= FEWEST:
        values = estimates.correlation(x, np.log(y) if logarithmic else y)
        low, high = values["spearman_interval"]
        text += f"\nSpearman {values['spearman']:+.2f} ({low:+.2f} … {high:+.2f})"
    else:
        text += "\ntoo few for a coefficient"
    axes.text(0.03, 0.97, text, transform=axes.transAxes, va="top", fontsize=8)


def draw_line(axes, x, y, colour):
    """Least squares."""
    slope, offset = np.polyfit(x, y, 1)
    ends = np.array([x.min(), x.max()])
    axes.plot(ends, slope * ends + offset, color=colour, linewidth=1)


def fit(x, y):
    """Pearson's coefficient for a legend, if there is one."""
    r = estimates.pearson(x, y)
    return "" if np.isnan(r) else f": r = {r:+.2f}"


def panels_by_species(glass):
    """A panel per species and one for the means of groups: species panels share both axes."""
    names = glass.species_names
    columns = len(names) + 1
    figure, panels = plt.subplots(1, columns, figsize=(3.35 * columns, 3.4), squeeze=False)
    for axes in panels[0, 1:-1]:
        axes.sharex(panels[0, 0])
        axes.sharey(panels[0, 0])
    return figure, panels[0], zip(panels[0], names)


def draw_barriers(glass, path):
    """Entropy against mean barrier, and means of groups of atoms sorted by entropy."""
    figure, panels, by_species = panels_by_species(glass)
    shades = colours(glass.species_names)
    for axes, species in by_species:
        chosen = glass.species[species] & glass.centres
        x, y = glass.atoms["S"][chosen], glass.atoms["barrier"][chosen]
        draw_scatter(axes, x, y, species, shades[species])
        axes.set_xlabel(entropy_label(glass))
        if len(x) < 2 * FEWEST:
            continue
        size = estimates.group_size(len(x))
        means = estimates.group_means(x, x, y, size=size)
        panels[-1].plot(*means, "o", color=shades[species], markersize=5,
                        label=f"{species}, groups of {size}" + fit(*means))
        draw_line(panels[-1], *means, shades[species])
    panels[0].set_ylabel(barrier_label(glass))
    leave_room(panels[0])
    panels[-1].set(xlabel=r"$\langle S_i\rangle$ of the group (nats)",
                   ylabel=rf"$\langle\Delta Q\rangle$ of the group ({glass.units.energy})")
    finish(figure, panels, path, "upper center")


def finish(figure, panels, path, place):
    """Legend of the last panel, which is left out if it is empty."""
    if panels[-1].get_legend_handles_labels()[0]:
        panels[-1].legend(loc=place)
        leave_room(panels[-1], 0.3)
    else:
        panels[-1].remove()
    letter(axes for axes in panels if axes.figure)
    save(figure, path)


def draw_vibrations(glass, path):
    """Entropy against the intensity of the boson peak, and means of bins of 0.25 % of the atoms sorted by entropy."""
    figure, panels, by_species = panels_by_species(glass)
    shades = colours(glass.species_names)
    size = max(round(BIN * len(glass.atoms["id"])), 5)
    panels[-1].sharey(panels[0])
    for axes, species in by_species:
        chosen = glass.species[species] & np.isfinite(glass.log_intensity)
        x, y = glass.atoms["S"][chosen], glass.atoms["I_BP"][chosen]
        axes.set_yscale("log")
        draw_scatter(axes, x, y, species, shades[species], logarithmic=True)
        axes.set_xlabel(entropy_label(glass))
        if len(x) < 2 * size:
            continue
        s, mean = estimates.group_means(x, x, y, size=size)
        panels[-1].semilogy(s, mean, "o", color=shades[species], markersize=3, alpha=0.7,
                            label=f"{species}, {size} atoms each" + fit(s, np.log(mean)))
    panels[0].set_ylabel(intensity_label(glass))
    panels[-1].set(xlabel=r"$\langle S_i\rangle$ of the bin (nats)", title="means of bins")
    finish(figure, panels, path, "upper left")
