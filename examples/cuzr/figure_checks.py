"""Beyond the paper: what predicts barriers and boson peaks, and how far atoms go during the hold."""

import matplotlib.pyplot as plt
import numpy as np

import dynamics
from style import GREY, SPECIES_COLOURS, letter, save

TARGETS = {"barrier": r"mean barrier $\Delta Q$", "ln I_BP": r"boson peak $\ln I_\mathrm{BP}$"}


def draw_predictors(summary, path):
    rows = summary["predictors"]
    names = list(dict.fromkeys(row["predictor"] for row in rows))
    targets = list(dict.fromkeys(row["target"] for row in rows))
    figure, panels = plt.subplots(1, len(targets), figsize=(2.2 + 3 * len(targets), 4.8), sharey=True, squeeze=False)
    heights = {name: -number for number, name in enumerate(names)}
    for axes, target in zip(panels[0], targets):
        for species, offset in (("Cu", 0.15), ("Zr", -0.15)):
            mine = [row for row in rows
                    if (row["target"], row["species"]) == (target, species) and row["spearman"] is not None]
            if not mine:
                continue
            values = np.array([row["spearman"] for row in mine])
            ends = np.array([row["interval"] for row in mine])
            axes.errorbar(values, [heights[row["predictor"]] + offset for row in mine],
                          xerr=np.abs(ends.T - values), fmt="o", markersize=4, linewidth=1,
                          color=SPECIES_COLOURS[species], label=f"{species} ({mine[0]['n']} atoms)")
        axes.axvline(0, color=GREY, linewidth=0.8)
        axes.set_title("with the " + TARGETS[target], fontsize=9)
        axes.set_xlabel("Spearman coefficient, 95 % interval")
        axes.grid(axis="y", linewidth=0.3)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.05), ncols=2, fontsize=8)
    panels[0, 0].set_yticks(list(heights.values()), names)
    save(figure, path)


def draw_premise(results, path):
    table = results.table("dynamics.csv")
    figure, panels = plt.subplots(1, 3, figsize=(10, 3.2))
    for species in ("Cu", "Zr"):
        for axes, kind in zip(panels, ("msd", "moved", "F")):
            axes.plot(table["time"], table[f"{kind}_{species}"], "o-", markersize=3, label=species,
                      color=SPECIES_COLOURS[species])
            axes.set(xscale="log", xlabel="Time (ps)", ylim=(0, None))
    panels[0].set_ylabel("Mean square displacement (Å$^2$)")
    panels[1].set_ylabel(f"Share of atoms displaced by > {dynamics.MOVED} Å")
    panels[2].set(ylabel=rf"$F_s(q, t)$ at q = {results.study['q_max']:.2f} Å$^{{-1}}$", ylim=(0, 1))
    panels[2].axhline(np.exp(-1), color=GREY, linewidth=0.8, linestyle="--", label="1/e")
    for axes in panels:
        axes.legend()
    letter(panels)
    save(figure, path)
