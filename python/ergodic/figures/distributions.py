"""Barriers of events and vibrations of atoms, without an entropy beside them."""

import matplotlib.pyplot as plt
import numpy as np

from ergodic.estimates import FEWEST
from ergodic.figures.style import (BLACK, GREY, barrier_label, bins, colours, leave_room, letter, log_intensity_label, power, save)


def draw_steps(axes, shades, by_species, label, unit=""):
    """Outlined histograms with number and mean in the legend; one set of bins for all."""
    if not by_species:
        return say_nothing(axes)
    edges = bins(np.concatenate(list(by_species.values())))
    for name, values in by_species.items():
        note = f"mean {values.mean():.2f}{unit}" if len(values) >= FEWEST else "too few for a mean"
        axes.hist(values, edges, density=True, histtype="step", linewidth=1.5, color=shades[name],
                  label=f"{name}: {len(values)}, {note}")
    axes.set(xlabel=label, ylabel="Probability density")
    axes.margins(y=0.3)
    axes.legend(loc="upper left")


def say_nothing(axes):
    """A panel for which no search has found an event."""
    axes.text(0.5, 0.5, "no events", ha="center", va="center", transform=axes.transAxes)
    axes.set_axis_off()


def of_species(glass, values):
    """{species: known values of its atoms}, without species that have none."""
    parts = {name: values[glass.species[name] & np.isfinite(values)] for name in glass.species_names}
    return {name: part for name, part in parts.items() if part.size}


def draw_event_barriers(axes, glass, shades):
    events = glass.table("events.csv.gz")
    found = events["status"] == "success"
    kinds = np.array(["", *glass.names])[events["type"][found]]
    parts = {name: events["barrier"][found][kinds == name] for name in glass.species_names if (kinds == name).any()}
    draw_steps(axes, shades, parts, f"Barrier of an event ({glass.units.energy})", f" {glass.units.energy}")
    axes.set_xlim(0, None)


def draw_centres(figure, axes, glass):
    """Central atoms seen along z, coloured by their mean barrier; atoms without events are not drawn."""
    known = glass.centres
    if not known.any():
        return say_nothing(axes)
    x, y, _ = glass.positions[known].T
    low, high = np.percentile(glass.atoms["barrier"][known], [2, 98])
    points = axes.scatter(x, y, c=glass.atoms["barrier"][known], cmap="viridis_r", s=25, edgecolors="black", linewidths=0.3,
                          vmin=low, vmax=high if high > low else low + 1)
    axes.set(xlabel=f"x ({glass.units.distance})", ylabel=f"y ({glass.units.distance})", aspect="equal",
             xlim=(0, glass.box.edges[0]), ylim=(0, glass.box.edges[1]))
    axes.set_title(f"{known.sum()} central atoms, along z", fontsize=9)
    figure.colorbar(points, ax=axes, label=barrier_label(glass), extend="both", shrink=0.85)


def draw_barriers(glass, path):
    """Barriers of events, mean barriers of atoms, and where these atoms are: what the files allow."""
    shades = colours(glass.species_names)
    parts = []
    if "events.csv.gz" in glass.tables:
        parts.append(lambda axes: draw_event_barriers(axes, glass, shades))
    parts.append(lambda axes: draw_steps(axes, shades, of_species(glass, glass.atoms["barrier"]), barrier_label(glass),
                                         f" {glass.units.energy}"))
    if glass.has_positions:
        parts.append(lambda axes: draw_centres(figure, axes, glass))
    figure, panels = plt.subplots(1, len(parts), figsize=(4 * len(parts), 3.4), squeeze=False)
    for axes, draw in zip(panels[0], parts):
        draw(axes)
    letter(panels.flat)
    save(figure, path)


# ----------------------------------------------------------------------------------------------------------- vibrations

def draw_spectra(panels, glass, shades):
    """g(f), and g/f^2 with the range in which the boson peak is looked for shaded."""
    spectrum = glass.table("spectrum")
    f, known = spectrum["f"], spectrum["g"] > 0
    for label in ("all", *glass.species_names) if len(glass.species_names) > 1 else ("all",):
        g = spectrum["g" if label == "all" else f"g_{label}"]
        panels[0].plot(f[known], g[known], color=shades[label], label=label)
        low = known & (f > 0.1 * f[known][-1])
        panels[1].plot(f[low], g[low] / f[low] ** 2, color=shades[label], label=label)
    unit = glass.units.frequency
    panels[0].set(xlabel=f"f ({unit})", ylabel=f"g ({glass.units.time if unit != 'THz' else 'THz$^{-1}$'})", xlim=(0, None),
                  ylim=(0, None))
    panels[1].set(xlabel=f"f ({unit})", ylabel=f"g / f$^2$ ({power(glass)})", ylim=(0, None))
    # room for the legend above the curves, whose colours are those of the panel beside
    panels[1].set_ylim(0, 1.1 * panels[1].get_ylim()[1])
    shade = shade_range(panels[1], glass)
    panels[0].legend(loc="upper left")
    if shade:
        panels[1].legend(handles=[shade], loc="upper right")


def shade_range(axes, glass):
    """Where the maxima of g_i/f^2 lie: from the lowest to the highest, which is the range of the compute or within
    it. Returns the patch, or None where maxima are unknown."""
    if "f_max" in glass:
        found = glass.atoms["f_max"][glass.atoms["f_max"] > 0]
        return axes.axvspan(found.min(), found.max(), color=GREY, alpha=0.2, linewidth=0, label="range of the boson peak")
    return None


def draw_intensities(axes, glass, shades):
    draw_steps(axes, shades, of_species(glass, glass.log_intensity), log_intensity_label(glass))


def draw_maxima(axes, glass, shades):
    """At which frequency g_i/f^2 is largest: heaps at an edge say that the range does not hold the peak."""
    unit = glass.units.frequency
    parts = of_species(glass, np.where(glass.atoms["f_max"] > 0, glass.atoms["f_max"], np.nan))
    edges = np.linspace(*np.percentile(np.concatenate(list(parts.values())), [0, 100]), 31)
    for name, values in parts.items():
        axes.hist(values, edges, weights=np.full(len(values), 1 / len(values)), histtype="step", linewidth=1.5,
                  color=shades[name], label=name)
    shade_range(axes, glass)
    axes.set(xlabel=f"Frequency of the maximum ({unit})", ylabel="Share of atoms")
    leave_room(axes, 0.35)
    axes.legend(ncols=2, loc="upper center")


def draw_vibrations(glass, path):
    """Spectrum, distribution of the intensities of atoms, frequencies of their maxima: what the files allow."""
    shades = colours(glass.species_names) | {"all": BLACK}
    with_spectrum, with_atoms, with_maxima = "spectrum" in glass.tables, glass.has_vibrations, "f_max" in glass
    count = 2 * with_spectrum + with_atoms + (with_atoms and with_maxima)
    rows = 2 if count == 4 else 1
    figure, panels = plt.subplots(rows, count // rows, figsize=(4.2 * (count // rows), 3.4 * rows), squeeze=False)
    free = iter(panels.flat)
    if with_spectrum:
        draw_spectra([next(free), next(free)], glass, shades)
    if with_atoms:
        draw_intensities(next(free), glass, shades)
        if with_maxima:
            draw_maxima(next(free), glass, shades)
    letter(panels.flat)
    save(figure, path)
