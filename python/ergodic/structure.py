"""What the structure of a single configuration says of an atom: its two-body excess entropy."""

import numpy as np

from ergodic.fields import squared_distances

WIDTH = 0.2      # Angstrom; standard deviation of the Gaussians that broaden distances
CUTOFF = 7.0     # Angstrom; end of the integral
SPACING = 0.05   # Angstrom between points of the integral
CHUNK = 200


def local_pair_functions(places, own, positions, box, density, grid, width):
    """g_i(r) of the atoms at the places with atoms of one species: atoms x points of the grid.

    `own`: which of the positions the places are, -1 where they are none of them.
    """
    distances = np.sqrt(squared_distances(places, positions, box))
    distances[own >= 0, own[own >= 0]] = np.inf
    rows, columns = np.nonzero(distances < grid[-1] + 4 * width)
    found = np.zeros((len(places), len(grid)))
    if rows.size:
        bumps = np.exp(-0.5 * ((grid - distances[rows, columns][:, None]) / width) ** 2)
        starts = np.flatnonzero(np.diff(rows, prepend=-1))
        found[rows[starts]] = np.add.reduceat(bumps, starts, axis=0)
    return found / (4 * np.pi * density * grid ** 2 * width * np.sqrt(2 * np.pi))


def two_body_entropy(positions, kinds, box, width=WIDTH, cutoff=CUTOFF, spacing=SPACING):
    """s_2 of every atom (k_B) from pair functions with each species (N values; 0 in an ideal gas, negative in order).

    s_2i = -2 pi sum_b rho_b int_0^cutoff [g_ib ln g_ib - g_ib + 1] r^2 dr, Piaggi and Parrinello, J. Chem. Phys. 147,
    114112 (2017), with the partial functions of mixtures. Lengths in the units of the positions.
    """
    grid = np.arange(spacing, cutoff + 0.5 * spacing, spacing)
    volume = abs(np.linalg.det(box.vectors))
    entropy = np.zeros(len(positions))
    for kind in np.unique(kinds):
        others = np.flatnonzero(kinds == kind)
        density = len(others) / volume
        place_of = np.full(len(positions), -1)
        place_of[others] = np.arange(len(others))
        for start in range(0, len(positions), CHUNK):
            part = slice(start, start + CHUNK)
            g = local_pair_functions(positions[part], place_of[part], positions[others], box, density, grid, width)
            with np.errstate(divide="ignore", invalid="ignore"):
                integrand = np.where(g > 1e-10, g * np.log(g) - g + 1, 1) * grid ** 2
            entropy[part] -= 2 * np.pi * density * (integrand.sum(axis=1) - 0.5 * integrand[:, -1]) * spacing
    return entropy
