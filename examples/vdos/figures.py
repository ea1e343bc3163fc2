#!/usr/bin/env python3
"""Draws what in.vdos writes.

    python figures.py [folder]

Reads spectrum.txt and peaks.dump in the folder (default: here), writes vdos.png beside them and prints a summary.
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

SPECIES = {1: "Cu", 2: "Zr"}
# Okabe and Ito's colours, told apart by colour-blind readers.
COLOURS = {"all": "#000000", "Cu": "#D55E00", "Zr": "#0072B2"}
SLICE = 5.0  # Angstrom; thickness of the slice on the map, and the length over which it is averaged


def read_peaks(path):
    """Box (low and high corner) and the columns of the only frame of the dump."""
    lines = path.read_text().splitlines()
    n = int(lines[3])
    box = np.array([line.split()[:2] for line in lines[5:8]], dtype=float)
    names = lines[8].split()[2:]
    table = np.array([line.split() for line in lines[9:9 + n]], dtype=float)
    return box, dict(zip(names, table.T))


def draw_spectrum(axes, spectrum):
    f, g, reduced = spectrum[:, 0], spectrum[:, 1], spectrum[:, 2]
    known = g > 0
    axes[0].plot(f[known], g[known], color=COLOURS["all"], label="all")
    for kind, name in SPECIES.items():
        axes[0].plot(f[known], spectrum[known, 2 + kind], color=COLOURS[name], label=name)
    axes[0].set(xlabel="f (THz)", ylabel="g (1/THz)", title="A  density of states")
    axes[0].legend(frameon=False)
    # below a few tenths of a THz the broadened spectrum of a finite box says nothing
    low = known & (f > 0.5) & (f < 4.0)
    axes[1].plot(f[low], 1e3 * reduced[low], color=COLOURS["all"])
    axes[1].set(xlabel="f (THz)", ylabel="g / f$^2$ (10$^{-3}$ THz$^{-3}$)", title="B  boson peak")


def draw_distribution(axes, peaks):
    bins = np.linspace(np.log(peaks["c_V[1]"]).min(), np.log(peaks["c_V[1]"]).max(), 50)
    for kind, name in SPECIES.items():
        values = np.log(peaks["c_V[1]"][peaks["type"] == kind])
        axes.hist(values, bins, density=True, histtype="step", color=COLOURS[name], label=f"{name}, mean {values.mean():.2f}")
    axes.set(xlabel="ln I$_{BP}$ (THz$^{-3}$)", ylabel="density", title="C  intensity of the atoms")
    axes.legend(frameon=False)


def draw_map(figure, axes, box, peaks):
    """ln I_BP in a slice, averaged over neighbours with Gaussian weights."""
    low, edge = box[:, 0], box[:, 1] - box[:, 0]
    x = np.stack([peaks["x"], peaks["y"], peaks["z"]], axis=1) - low
    cells = [int(np.ceil(2 * length)) for length in edge[:2]]
    places = np.stack(np.meshgrid(*[(np.arange(n) + 0.5) * length / n for n, length in zip(cells, edge)], indexing="ij"))
    mean = np.zeros(cells)
    for k, row in enumerate(places.reshape(2, cells[0], -1).transpose(1, 2, 0)):
        d = np.concatenate([row, np.full((len(row), 1), edge[2] / 2)], axis=1)[:, None] - x
        d -= edge * np.round(d / edge)
        weight = np.exp(-0.5 * (d ** 2).sum(axis=2) / (SLICE / 2) ** 2)
        mean[k] = weight @ np.log(peaks["c_V[1]"]) / weight.sum(axis=1)
    image = axes.imshow(mean.T, origin="lower", extent=(0, edge[0], 0, edge[1]), cmap="viridis")
    axes.set(xlabel="x (Angstrom)", ylabel="y (Angstrom)", title="D  ln I$_{BP}$ across the box")
    figure.colorbar(image, ax=axes, shrink=0.85)


def ranks(values):
    order = np.empty(len(values))
    order[np.argsort(values)] = np.arange(len(values))
    return order


def main(folder):
    spectrum = np.loadtxt(folder / "spectrum.txt")
    box, peaks = read_peaks(folder / "peaks.dump")
    figure, axes = plt.subplots(2, 2, figsize=(9, 7.5), layout="constrained")
    draw_spectrum(axes[0], spectrum)
    draw_distribution(axes[1, 0], peaks)
    draw_map(figure, axes[1, 1], box, peaks)
    figure.savefig(folder / "vdos.png", dpi=150)

    print(f"{len(peaks['id'])} atoms; integral of g: {spectrum[:, 1].sum() * (spectrum[1, 0] - spectrum[0, 0]):.4f}")
    for kind, name in SPECIES.items():
        mine = peaks["type"] == kind
        print(f"{name}: mean I_BP {peaks['c_V[1]'][mine].mean():.4g}, mean J {peaks['c_V[2]'][mine].mean():.4g} THz^-3")
    rho = np.corrcoef(ranks(peaks["c_V[1]"]), ranks(peaks["c_V[2]"]))[0, 1]
    print(f"rank correlation of I_BP and J (Spearman): {rho:.3f}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
