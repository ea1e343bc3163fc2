"""Simulation boxes: orthogonal or tilted, periodic or not."""

from typing import NamedTuple

import numpy as np


class Box(NamedTuple):
    """Origin (3), edge vectors as rows (3 x 3; distance units), and which of them are periodic (3)."""

    origin: np.ndarray
    vectors: np.ndarray
    periodic: np.ndarray

    @classmethod
    def orthogonal(cls, edges, origin=(0.0, 0.0, 0.0), periodic=(True, True, True)):
        return cls(np.array(origin, float), np.diag(np.array(edges, float)), np.array(periodic, bool))

    @classmethod
    def tilted(cls, low, high, tilt, periodic=(True, True, True)):
        """Of xlo xhi ..., and xy xz yz, as in data files."""
        vectors = np.diag(np.subtract(high, low).astype(float))
        vectors[1, 0], vectors[2, 0], vectors[2, 1] = tilt
        return cls(np.array(low, float), vectors, np.array(periodic, bool))

    @property
    def edges(self):
        """Extents along x, y, z (distance units); those of the orthogonal box where the box is tilted."""
        return np.diag(self.vectors)

    @property
    def is_orthogonal(self):
        return np.array_equal(self.vectors, np.diag(self.edges))

    def wrapped(self, positions):
        """Positions (N x 3) moved into the box along periodic vectors, measured from its origin."""
        if self.is_orthogonal and self.periodic.all():
            return (positions - self.origin) % self.edges
        fractions = (positions - self.origin) @ np.linalg.inv(self.vectors)
        fractions -= np.where(self.periodic, np.floor(fractions), 0)
        return fractions @ self.vectors

    def nearest(self, delta):
        """Differences of positions (... x 3), in place, to the nearest image (box vectors rounded off one by one)."""
        if self.is_orthogonal:
            delta -= np.where(self.periodic, self.edges, 0) * np.round(delta / self.edges)
        else:
            turns = np.where(self.periodic, np.round(delta @ np.linalg.inv(self.vectors)), 0)
            delta -= turns @ self.vectors
        return delta
