"""Properties of atoms averaged over their surroundings, with Gaussian weights."""

import numpy as np

CHUNK = 500


def squared_distances(places, positions, box):
    return (box.nearest(places[:, None] - positions) ** 2).sum(axis=2)


def weights(squares, length):
    """exp(-2 d^2 / length^2), a Gaussian of standard deviation length / 2; length 0: the atom at the place only."""
    return np.exp(-2 * squares / length ** 2) if length > 0 else (squares < 1e-12).astype(float)


def nearest_atoms(positions, box, spacing=0.7):
    """Number of the atom that is nearest to each point of a grid over a periodic box: shape [na][nb][nc], the first
    point at the origin. The grid follows the box vectors; distances in a tilted box are those along its vectors."""
    edges = np.linalg.norm(box.vectors, axis=1)
    fractions = positions @ np.linalg.inv(box.vectors)
    counts = np.ceil(edges / spacing).astype(int)
    squares = []
    for axis, (count, edge) in enumerate(zip(counts, edges)):
        delta = np.arange(count)[:, None] / count - fractions[:, axis]
        squares.append(((edge * (delta - np.round(delta))) ** 2).astype(np.float32))
    x, y, z = squares
    return np.array([[(row + column + z).argmin(axis=1) for column in y] for row in x])


def moved(places, numbers, box, shift):
    """Numbers (see nearest_atoms) of the atoms nearest to the places moved by a vector."""
    counts = np.array(numbers.shape)
    points = np.round((places + shift) @ np.linalg.inv(box.vectors) * counts).astype(int) % counts
    return numbers[tuple(points.T)]


def coarse_grained(places, positions, values, box, lengths, fewest=0.0):
    """Weighted means at the places (n x 3) of the columns of `values` (atoms x columns) over each of the lengths.

    Shape: lengths x n x columns; nan where the weights add up to less than `fewest`. Places and positions are measured
    from the origin of the box.
    """
    values = values.reshape(len(positions), -1)
    result = np.empty((len(lengths), len(places), values.shape[1]))
    for start in range(0, len(places), CHUNK):
        part = slice(start, start + CHUNK)
        squares = squared_distances(places[part], positions, box)
        for mean, length in zip(result, lengths):
            weight = weights(squares, length)
            total = weight.sum(axis=1, keepdims=True)
            with np.errstate(invalid="ignore", divide="ignore"):
                mean[part] = np.where(total > fewest, weight @ values / total, np.nan)
    return result
