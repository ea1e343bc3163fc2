"""Figures 1 and 2: histories of motifs, growth of the mean entropy, distributions."""

from collections import Counter

import matplotlib.pyplot as plt
import numpy as np

import estimates
import motifs
from evaluate import SATURATION
from style import BLACK, BLUE, ENTROPY, GREEN, GREY, ORANGE, PURPLE, RED, SKY, SPECIES_COLOURS, letter, save


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
    for mask, colour, label in ((kasper, BLUE, "Kasper"), (~kasper, RED, "GUM")):
        axes.scatter(times[mask], heights[mask], size, colour, linewidths=0, label=label)
    ticks = [tick for tick in labelled(len(ranked)) if tick <= len(ranked)]
    axes.set_yticks(ticks, [f"{pretty(motifs.name(ranked[tick - 1]))}  {tick}" for tick in ticks])
    axes.set_ylim(0.4 - 0.02 * len(ranked), max(len(ranked), 3) * 1.22 + 0.6)
    axes.set_xlim(0, times[-1])
    axes.set(xlabel="Time (ps)", ylabel="Voronoi motif, by occupancy")
    atom = np.flatnonzero(results.atoms["id"] == table["atom"][mine][0])[0]
    species = motifs.SPECIES[int(results.atoms["type"][atom])]
    axes.text(0.03, 0.97, f"{species} atom {results.atoms['id'][atom]}, $S_i$ = {results.atoms['S'][atom]:.2f}, "
              f"motifs: {results.atoms['motifs'][atom]}", transform=axes.transAxes, va="top", fontsize=8)
    axes.legend(loc="upper right", bbox_to_anchor=(1, 0.95), ncols=2, markerscale=2.5, handletextpad=0.1,
                columnspacing=0.8, framealpha=0)


def draw_mean_entropy(axes, results):
    table = results.table("time.csv")
    interval = results.study["hold_ps"] / (results.study["samples"] - 1)
    axes.plot(table["time"], table["all"], color=BLACK, label=f"every {interval:.2g} ps")
    for samples, colour, style in ((200, GREEN, "--"), (50, PURPLE, ":")):
        if f"all_{samples}" in table:
            axes.plot(table["time"], table[f"all_{samples}"], color=colour, linestyle=style,
                      label=f"{samples} samples over 0 … $t$")
    label_mean_entropy(axes, table["time"][-1])
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
    label_mean_entropy(axes, table["time"][-1])
    axes.set_title("By initial motif (atoms)", fontsize=9)
    axes.legend(loc="lower right", ncols=2, fontsize=7.5, handlelength=1.5, columnspacing=1.0, borderaxespad=0.3)


def label_mean_entropy(axes, end):
    axes.axvline(SATURATION, color=GREY, linewidth=0.8, linestyle="--", zorder=0)
    axes.set(xlabel="Time $t$ (ps)", ylabel=r"Mean entropy $\langle S_i\rangle$ (nats)", xlim=(0, end), ylim=(0, None))


def draw_figure1(results, path):
    figure, panels = plt.subplots(2, 2, figsize=(7.2, 5.6))
    draw_history(panels[0, 0], results, "A", lambda count: range(1, min(count, 12) + 1))
    draw_history(panels[0, 1], results, "B", lambda count: [1, *range(max(count // 4, 2), count + 1, max(count // 4, 1))])
    draw_mean_entropy(panels[1, 0], results)
    draw_by_initial_motif(panels[1, 1], results)
    letter(panels.flat)
    save(figure, path)


def draw_figure2(results, path):
    figure, axes = plt.subplots(figsize=(4.2, 3.4))
    entropy = results.atoms["S"]
    grid = np.linspace(0, entropy.max() * 1.1, 800)
    for label, atoms in results.species.items():
        values = entropy[atoms]
        axes.plot(grid, estimates.density(values, grid), color=SPECIES_COLOURS[label], label=f"{label}  ({atoms.sum()})")
        if label != "all":
            axes.hist(values, bins=30, range=(0, grid[-1]), density=True, color=SPECIES_COLOURS[label], alpha=0.2)
    axes.set(xlabel=ENTROPY, ylabel="Probability density (nats$^{-1}$)", xlim=(0, grid[-1]), ylim=(0, None))
    axes.legend(title="Atoms", loc="upper left")
    save(figure, path)
