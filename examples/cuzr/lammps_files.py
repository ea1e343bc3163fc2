"""Reads the files that LAMMPS and the styles of the plugin write."""

import gzip


def open_text(path):
    """A text file, compressed if its name ends with .gz."""
    return gzip.open(path, "rt") if str(path).endswith(".gz") else open(path)
