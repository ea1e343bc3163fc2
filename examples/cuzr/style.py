"""What all figures share."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

# Okabe and Ito's colours, told apart by colour-blind readers; red and blue for Cu and Zr as in the paper.
BLACK, RED, BLUE, GREEN, ORANGE, SKY, PURPLE, GREY = (
    "#000000", "#D55E00", "#0072B2", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#8C8C8C")
SPECIES_COLOURS = {"all": BLACK, "Cu": RED, "Zr": BLUE}
ENTROPY = "Ergodic entropy $S_i$ (nats)"
BARRIER = r"Mean barrier $\Delta Q$ (eV)"
INTENSITY = r"$I_\mathrm{BP}$ (THz$^{-3}$)"
LOG_INTENSITY = r"$\ln(I_\mathrm{BP}$ / THz$^{-3})$"


def set_style():
    plt.rcParams.update({
        "font.size": 9, "font.family": "DejaVu Sans", "axes.labelsize": 10, "legend.fontsize": 8,
        "legend.framealpha": 1, "legend.edgecolor": "none",
        "axes.linewidth": 0.8, "lines.linewidth": 1.5, "xtick.direction": "in", "ytick.direction": "in",
        "xtick.top": True, "ytick.right": True, "figure.constrained_layout.use": True, "savefig.dpi": 160})


def letter(panels):
    """A, B, ... at the panels' upper left corners."""
    for name, axes in zip("ABCDEFGHI", panels):
        axes.set_title(name, loc="left", fontweight="bold")


def save(figure, path):
    figure.savefig(path)
    plt.close(figure)
