"""Voronoi motifs (n3, n4, n5, n6), each packed into one integer, and their entropy."""

import numpy as np

ORDERS = ("n3", "n4", "n5", "n6")
ICOSAHEDRON = (0, 0, 12, 0)
# Kasper polyhedra; every other motif is a geometrically unfavoured one (GUM).
FAVOURED = (ICOSAHEDRON, (0, 0, 12, 2), (0, 0, 12, 3), (0, 0, 12, 4), (0, 1, 10, 2), (0, 2, 8, 0), (0, 2, 8, 1),
            (0, 3, 6, 0), (0, 4, 4, 0))


def pack(columns):
    """One integer per row from the columns n3, n4, n5, n6."""
    n3, n4, n5, n6 = (np.asarray(column).astype(np.uint32) for column in columns)
    return n3 << 24 | n4 << 16 | n5 << 8 | n6


def unpack(motifs):
    """Columns n3, n4, n5, n6."""
    return [np.asarray(motifs) >> shift & 255 for shift in (24, 16, 8, 0)]


PACKED_FAVOURED = pack(np.array(FAVOURED).T)
PACKED_ICOSAHEDRON = PACKED_FAVOURED[0]


def name(motif):
    return "<{},{},{},{}>".format(*unpack(int(motif)))


def favoured(motifs):
    return np.isin(motifs, PACKED_FAVOURED)


def pentagons(motifs):
    """Share of faces with five edges among those with three to six."""
    orders = unpack(motifs)
    return orders[2] / np.maximum(sum(orders), 1)


def entropy_of_counts(owners, counts, atoms):
    """S_i = -sum_j P_ij ln P_ij of histograms: row k says that atom owners[k] (0 .. atoms - 1) had a motif counts[k]
    times."""
    total = np.bincount(owners, counts, atoms)
    share = counts[counts > 0] / total[owners[counts > 0]]
    return np.bincount(owners[counts > 0], -share * np.log(share), atoms)


def entropy_of_history(motifs):
    """S_i of the motifs in each column."""
    samples, atoms = motifs.shape
    ordered = np.sort(motifs, axis=0).T.ravel()
    first = np.ones(ordered.size, bool)
    first[1:] = ordered[1:] != ordered[:-1]
    first[::samples] = True
    starts = np.flatnonzero(first)
    return entropy_of_counts(starts // samples, np.diff(starts, append=ordered.size), atoms)
