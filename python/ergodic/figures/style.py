"""What all figures share: one colour per species, labels with units, sizes for print."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

# Okabe and Ito's colours, told apart by colour-blind readers; red and blue for Cu and Zr as in Yang & Wang 2022.
BLACK, RED, BLUE, GREEN, ORANGE, SKY, PURPLE, GREY = (
    "#000000", "#D55E00", "#0072B2", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#8C8C8C")
OWN_COLOURS = {"Cu": RED, "Zr": BLUE, "Al": GREEN, "Ni": PURPLE}
FREE_COLOURS = (RED, BLUE, GREEN, ORANGE, PURPLE, SKY, GREY)


def colours(names):
    """{species: colour}: the same in every figure of a glass."""
    taken = {name: OWN_COLOURS[name] for name in names if name in OWN_COLOURS}
    free = [colour for colour in FREE_COLOURS if colour not in taken.values()]
    others = [name for name in names if name not in taken and name != "all"]
    return {"all": BLACK} | taken | {name: free[k % len(free)] for k, name in enumerate(others)}


def entropy_label(glass):
    return "Ergodic entropy $S_i$ (nats)"


def barrier_label(glass):
    return rf"Mean barrier $\Delta Q$ ({glass.units.energy})"


def power(glass):
    """Unit of g/f^2: that of 1/frequency^3."""
    return {"THz": "THz$^{-3}$"}.get(glass.units.frequency, f"{glass.units.time}$^3$")


def intensity_label(glass):
    return rf"$I_\mathrm{{BP}}$ ({power(glass)})"


def log_intensity_label(glass):
    return rf"$\ln(I_\mathrm{{BP}}$ / {power(glass)})"


def set_style():
    """Text of 8 to 10 points at print size, 300 dpi, fonts that stay text in PDF and SVG."""
    plt.rcParams.update({
        "font.size": 9, "font.family": "DejaVu Sans", "axes.labelsize": 10, "legend.fontsize": 8,
        "legend.framealpha": 1, "legend.edgecolor": "none", "pdf.fonttype": 42, "svg.fonttype": "none",
        "axes.linewidth": 0.8, "lines.linewidth": 1.5, "xtick.direction": "in", "ytick.direction": "in",
        "xtick.top": True, "ytick.right": True, "figure.constrained_layout.use": True, "savefig.dpi": 300,
        "figure.max_open_warning": 0})


def letter(panels):
    """A, B, ... at the panels' upper left corners."""
    for name, axes in zip("ABCDEFGHIJKLMNOP", panels):
        axes.set_title(name, loc="left", fontweight="bold")


def save(figure, path):
    figure.savefig(path, bbox_inches="tight")   # labels of panels with a fixed aspect reach beyond the layout
    plt.close(figure)


def bins(values, most=40):
    """Edges of a histogram: about the square root of the number of values."""
    low, high = float(np.min(values)), float(np.max(values))
    return np.linspace(low, high if high > low else low + 1, int(np.clip(np.sqrt(len(values)) + 1, 6, most)))


def leave_room(axes, share=0.18):
    """For the text above the points."""
    bottom, top = axes.get_ylim()
    if axes.get_yscale() == "log":
        axes.set_ylim(bottom, top * (top / bottom) ** share)
    else:
        axes.set_ylim(bottom, top + share * (top - bottom))
