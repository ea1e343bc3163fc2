"""Figures 3 and 4: entropy against barriers and against the intensity of the boson peak."""

import matplotlib.pyplot as plt
import numpy as np

import estimates
import motifs
from evaluate import BIN
from style import BARRIER, ENTROPY, INTENSITY, SPECIES_COLOURS, letter, save


def draw_scatter(axes, x, y, species, logarithmic=False):
    colour = SPECIES_COLOURS[species]
    axes.scatter(x, y, 12 if len(x) < 1000 else 5, colour, alpha=0.5, linewidths=0)
    values = estimates.correlation(x, np.log(y) if logarithmic else y)
    low, high = values["spearman_interval"]
    axes.text(0.03, 0.97, f"{species}, {len(x)} atoms\nSpearman {values['spearman']:+.2f} ({low:+.2f} … {high:+.2f})",
              transform=axes.transAxes, va="top", fontsize=8)
    axes.set_xlabel(ENTROPY)


def draw_line(axes, x, y, colour):
    """Least squares."""
    slope, offset = np.polyfit(x, y, 1)
    ends = np.array([x.min(), x.max()])
    axes.plot(ends, slope * ends + offset, color=colour, linewidth=1)


def fit(x, y):
    """Pearson's coefficient for a legend, if there is one."""
    r = estimates.pearson(x, y)
    return "" if np.isnan(r) else f": r = {r:+.2f}"


def leave_room(axes, share=0.18):
    """For the text above the points."""
    bottom, top = axes.get_ylim()
    if axes.get_yscale() == "log":
        axes.set_ylim(bottom, top * (top / bottom) ** share)
    else:
        axes.set_ylim(bottom, top + share * (top - bottom))


def draw_figure3(results, path):
    figure, panels = plt.subplots(1, 3, figsize=(10, 3.4))
    for axes, species in zip(panels, motifs.SPECIES.values()):
        chosen = results.species[species] & results.centres
        x, y = results.atoms["S"][chosen], results.atoms["barrier"][chosen]
        draw_scatter(axes, x, y, species)
        axes.set_ylabel(BARRIER)
        leave_room(axes)

        size = estimates.group_size(len(x))
        means = estimates.group_means(x, x, y, size=size)
        panels[2].plot(*means, "o", color=SPECIES_COLOURS[species], markersize=5,
                       label=f"{species}, groups of {size}" + fit(*means))
        if len(means[0]) > 2:
            draw_line(panels[2], *means, SPECIES_COLOURS[species])
    panels[2].set(xlabel=r"$\langle S_i\rangle$ of the group (nats)", ylabel=r"$\langle\Delta Q\rangle$ of the group (eV)")
    panels[2].legend(loc="upper center")
    leave_room(panels[2], 0.3)
    letter(panels)
    save(figure, path)


def draw_figure4(results, path):
    figure, panels = plt.subplots(1, 3, figsize=(10, 3.4), sharey=True)
    size = max(round(BIN * len(results.atoms["id"])), 5)
    for axes, species in zip(panels, motifs.SPECIES.values()):
        chosen = results.species[species]
        x, y = results.atoms["S"][chosen], results.atoms["I_BP"][chosen]
        axes.set_yscale("log")
        draw_scatter(axes, x, y, species, logarithmic=True)

        s, mean = estimates.group_means(x, x, y, size=size)
        panels[2].semilogy(s, mean, "o", color=SPECIES_COLOURS[species], markersize=3, alpha=0.7,
                           label=f"{species}, {size} atoms each" + fit(s, np.log(mean)))
    panels[0].set_ylabel(INTENSITY)
    panels[2].set(xlabel=r"$\langle S_i\rangle$ of the bin (nats)", title="means of bins")
    panels[2].legend(loc="upper left")
    leave_room(panels[0])
    letter(panels)
    save(figure, path)
