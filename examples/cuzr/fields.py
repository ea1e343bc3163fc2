"""Properties of atoms averaged over their surroundings, with Gaussian weights, in a periodic box."""

import numpy as np

CHUNK = 500


def squared_distances(places, positions, edges):
    delta = places[:, None] - positions
    delta -= edges * np.round(delta / edges)
    return (delta ** 2).sum(axis=2)


def weights(places, positions, edges, length):
    """exp(-2 d^2 / length^2), a Gaussian of standard deviation length / 2; length 0: the atom at the place only."""
    squares = squared_distances(places, positions, edges)
    return np.exp(-2 * squares / length ** 2) if length > 0 else (squares < 1e-12).astype(float)


def nearest_atoms(positions, edges, spacing=0.7):
    """Number of the atom that is nearest to each point of a grid: shape [nx][ny][nz], the first point at the origin."""
    counts = np.ceil(edges / spacing).astype(int)
    squares = []
    for axis, (count, edge) in enumerate(zip(counts, edges)):
        delta = np.arange(count)[:, None] * (edge / count) - positions[:, axis]
        squares.append(((delta - edge * np.round(delta / edge)) ** 2).astype(np.float32))
    x, y, z = squares
    return np.array([[(row + column + z).argmin(axis=1) for column in y] for row in x])


def moved(places, numbers, edges, shift):
    """Numbers (see nearest_atoms) of the atoms nearest to the places moved by a vector."""
    counts = np.array(numbers.shape)
    points = np.round((places + shift) / edges * counts).astype(int) % counts
    return numbers[tuple(points.T)]


def coarse_grained(places, positions, values, edges, length, fewest=0.0):
    """Weighted means at the places of the columns of `values`; nan where the weights add up to less than `fewest`."""
    values = values.reshape(len(positions), -1)
    result = np.empty((len(places), values.shape[1]))
    for start in range(0, len(places), CHUNK):
        weight = weights(places[start:start + CHUNK], positions, edges, length)
        total = weight.sum(axis=1, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            result[start:start + CHUNK] = np.where(total > fewest, weight @ values / total, np.nan)
    return result
