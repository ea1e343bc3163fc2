"""Histories of motifs, growth of the mean entropy, distributions (Figures 1 and 2 of Yang & Wang 2022)."""

from collections import Counter

import matplotlib.pyplot as plt
import numpy as np

from ergodic import estimates, motifs
from ergodic.evaluate import SATURATION
from ergodic.estimates import FEWEST
from ergodic.figures.style import (BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY, bins, colours, entropy_label,
                                   letter, save)

MOST_POINTS = 1500   # of a history that are drawn


def pretty(motif):
    return motif.replace("<", "⟨").replace(">", "⟩")


def draw_history(axes, results, panel, labelled):
    """Motif against time; motifs ranked by how often the atom was in them."""
    table = results.table("histories.csv.gz")
    mine = table["panel"] == panel
    times = table["time"][mine]
    history = motifs.pack([table[order][mine] for order in motifs.ORDERS]).tolist()
    ranked = [motif for motif, _ in sorted(Counter(history).items(), key=lambda item: (-item[1], item[0]))]
    rank = {motif: number for number, motif in enumerate(ranked, 1)}
    heights = np.array([rank[motif] for motif in history])
    kasper = motifs.favoured(history)
    size = 5 if len(ranked) < 40 else 3
    every = -(-len(times) // MOST_POINTS)
    shown = np.arange(len(times)) % every == 0
    for mask, colour, label in ((kasper, BLUE, "Kasper"), (~kasper, RED, "GUM")):
        axes.scatter(times[mask & shown], heights[mask & shown], size, colour, linewidths=0, label=label)
    ticks = [tick for tick in labelled(len(ranked)) if tick <= len(ranked)]
    axes.set_yticks(ticks, [f"{pretty(motifs.name(ranked[tick - 1]))}  {tick}" for tick in ticks])
    axes.set_ylim(0.4 - 0.02 * len(ranked), max(len(ranked), 3) * 1.22 + 0.6)
    axes.set_xlim(0, times[-1])
    thinned = "" if every == 1 else f"; one sample in {every} drawn"
    axes.set(xlabel=f"Time ({results.units.time}){thinned}", ylabel="Voronoi motif, by occupancy")
    atom = np.flatnonzero(results.atoms["id"] == table["atom"][mine][0])[0]
    species = results.names[results.atoms["type"][atom] - 1]
    axes.text(0.03, 0.97, f"{species} atom {results.atoms['id'][atom]}, $S_i$ = {results.atoms['S'][atom]:.2f}, "
              f"motifs: {results.atoms['motifs'][atom]}", transform=axes.transAxes, va="top", fontsize=8)
    axes.legend(loc="upper right", bbox_to_anchor=(1, 0.95), ncols=2, markerscale=2.5, handletextpad=0.1,
                columnspacing=0.8, framealpha=0)


def draw_mean_entropy(axes, results):
    table = results.table("time.csv")
    interval = results.study["hold_ps"] / max(results.study["samples"] - 1, 1)
    axes.plot(table["time"], table["all"], color=BLACK, label=f"every {interval:.2g} {results.units.time}")
    for samples, colour, style in ((200, GREEN, "--"), (50, PURPLE, ":")):
        if f"all_{samples}" in table:
            axes.plot(table["time"], table[f"all_{samples}"], color=colour, linestyle=style,
                      label=f"{samples} samples over 0 … $t$")
    label_mean_entropy(axes, results, table["time"][-1])
    axes.set_title("All atoms, by samples taken", fontsize=9)
    axes.legend(loc="lower right")


def draw_by_initial_motif(axes, results):
    table = results.table("initial_motifs.csv")
    favoured_styles = zip((BLUE, SKY, GREEN, PURPLE, ORANGE), "os^vD")
    for label in dict.fromkeys(table["motif"].tolist()):
        mine = table["motif"] == label
        colour, marker = (RED, "X") if label == "GUM" else next(favoured_styles)
        axes.plot(table["time"][mine], table["S"][mine], marker=marker, markersize=3.5, color=colour,
                  label=f"{pretty(label)}  ({table['atoms'][mine][0]})")
    label_mean_entropy(axes, results, table["time"][-1])
    axes.set_title("By initial motif", fontsize=9)
    axes.legend(title="Motif (atoms)", loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=7.5, handlelength=1.5)


def label_mean_entropy(axes, glass, end):
    if end > SATURATION:
        axes.axvline(SATURATION, color=GREY, linewidth=0.8, linestyle="--", zorder=0)
    axes.set(xlabel=f"Time $t$ ({glass.units.time})", ylabel=r"Mean entropy $\langle S_i\rangle$ (nats)", xlim=(0, end),
             ylim=(0, None))


def draw_histories(results, path):
    """Motifs of a steady and a restless atom; mean entropy against time, by samples and by initial motif."""
    figure, panels = plt.subplots(2, 2, figsize=(8.6, 5.8))
    draw_history(panels[0, 0], results, "A", lambda count: range(1, min(count, 12) + 1))
    draw_history(panels[0, 1], results, "B", lambda count: [1, *range(max(count // 4, 2), count + 1, max(count // 4, 1))])
    draw_mean_entropy(panels[1, 0], results)
    draw_by_initial_motif(panels[1, 1], results)
    highest = max(axes.get_ylim()[1] for axes in panels[1])
    for axes in panels[1]:
        axes.set_ylim(0, highest)
    letter(panels.flat)
    save(figure, path)


# -------------------------------------------------------------------------------------------------------- distributions

def draw_density(axes, glass):
    """Kernel estimates of all atoms and of each species, histograms behind."""
    entropy, shades = glass.atoms["S"], colours(glass.species_names)
    known = np.isfinite(entropy)
    grid = np.linspace(0, entropy[known].max() * 1.1 or 1, 800)
    several = len(glass.species_names) > 1
    for label, mine in glass.species.items():
        values = entropy[mine & known]
        if label == "all" and not several or not values.size:
            continue
        note = f"{label}  ({values.size})"
        if values.size >= FEWEST and np.ptp(values) > 0:
            axes.plot(grid, estimates.density(values, grid), color=shades[label], label=note)
        else:
            axes.plot([], [], color=shades[label], label=f"{note}: too few")
        if label != "all":
            axes.hist(values, bins=np.linspace(0, grid[-1], len(bins(values))), density=True, color=shades[label], alpha=0.2)
    axes.set(xlabel=entropy_label(glass), ylabel="Probability density (nats$^{-1}$)", xlim=(0, grid[-1]), ylim=(0, None))
    axes.legend(title="Atoms", loc="upper left")


def draw_distribution(glass, path):
    """Distribution of the entropy of all atoms and of each species."""
    figure, axes = plt.subplots(figsize=(4.2, 3.4))
    draw_density(axes, glass)
    save(figure, path)


def draw_growth(axes, glass):
    """Mean entropy against time, of all atoms and of each species, from the frames of a dump."""
    curves, shades = glass.table("growth"), colours(glass.species_names)
    for label in ("all", *glass.species_names):
        axes.plot(curves["time"], curves[label], "o-", markersize=3, color=shades[label], label=label)
    label_mean_entropy(axes, glass, curves["time"][-1])
    if not glass.tables["growth_in_time"]:
        axes.set_xlabel("Step")
    axes.legend(loc="lower right")


def draw_entropy(glass, path):
    """What files of compute voronoi/entropy hold: distribution, and growth if there are several frames."""
    growing = "growth" in glass.tables
    figure, panels = plt.subplots(1, 1 + growing, figsize=(4.2 * (1 + growing), 3.4), squeeze=False)
    draw_density(panels[0, 0], glass)
    if growing:
        draw_growth(panels[0, 1], glass)
        letter(panels.flat)
    save(figure, path)
