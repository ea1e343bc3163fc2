"""Beyond the paper: what predicts barriers and boson peaks, and how far atoms go during the hold."""

import matplotlib.pyplot as plt
import numpy as np

from ergodic import dynamics
from ergodic.estimates import FEWEST
from ergodic.figures.style import GREY, colours, letter, save

TARGETS = {"barrier": r"mean barrier $\Delta Q$", "ln I_BP": r"boson peak $\ln I_\mathrm{BP}$"}


def draw_predictors(glass, summary, path):
    """Spearman coefficients with 95 % intervals of all predictors, by species."""
    rows, shades = [row for row in summary["predictors"] if row["n"] >= FEWEST], colours(glass.species_names)
    names = list(dict.fromkeys(row["predictor"] for row in rows))
    targets = list(dict.fromkeys(row["target"] for row in rows))
    figure, panels = plt.subplots(1, len(targets), figsize=(2.2 + 3 * len(targets), 4.8), sharex=True, sharey=True,
                                  squeeze=False)
    heights = {name: -number for number, name in enumerate(names)}
    offsets = np.linspace(0.2, -0.2, len(glass.species_names)) if len(glass.species_names) > 1 else [0]
    for axes, target in zip(panels[0], targets):
        for species, offset in zip(glass.species_names, offsets):
            mine = [row for row in rows if (row["target"], row["species"]) == (target, species)
                    and row["spearman"] is not None and np.isfinite(row["spearman"])]
            if not mine:
                continue
            values = np.array([row["spearman"] for row in mine])
            ends = np.array([row["interval"] for row in mine])
            axes.errorbar(values, [heights[row["predictor"]] + offset for row in mine],
                          xerr=np.abs(ends.T - values), fmt="o", markersize=4, linewidth=1,
                          color=shades[species], label=f"{species} ({mine[0]['n']} atoms)")
        axes.axvline(0, color=GREY, linewidth=0.8)
        axes.set_title("with the " + TARGETS[target], fontsize=9)
        axes.set_xlabel("Spearman coefficient, 95 % interval")
        axes.grid(axis="y", linewidth=0.3)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.05), ncols=2, fontsize=8)
    panels[0, 0].set_yticks(list(heights.values()), names)
    save(figure, path)


def draw_dynamics(glass, path):
    """Mean square displacement, share of moved atoms, F_s(q, t) of each species against time."""
    table, shades, units = glass.table("dynamics.csv"), colours(glass.species_names), glass.units
    figure, panels = plt.subplots(1, 3, figsize=(10, 3.2))
    for species in glass.species_names:
        for axes, kind in zip(panels, ("msd", "moved", "F")):
            axes.plot(table["time"], table[f"{kind}_{species}"], "o-", markersize=3, label=species, color=shades[species])
    panels[0].set_ylabel(f"Mean square displacement ({units.distance}$^2$)")
    panels[1].set_ylabel(f"Share displaced by > {dynamics.MOVED * units.length:g} {units.distance}")
    panels[2].set(ylabel=rf"$F_s(q, t)$ at q = {glass.study['q_max']:.2f} {units.distance}$^{{-1}}$")
    panels[2].axhline(np.exp(-1), color=GREY, linewidth=0.8, linestyle="--", label="1/e")
    for axes in panels:
        axes.set(xscale="log", xlabel=f"Time ({units.time})", ylim=(0, None))
        axes.legend()
    panels[2].set_ylim(0, 1)
    letter(panels)
    save(figure, path)
