"""The compact results of a study (see collect.py) as arrays."""

import functools
import pathlib

import numpy as np

import motifs
from tables import read_json, read_table


class Results:
    """Tables are read when they are first used."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.study = read_json(self.folder / "study.json")
        self.atoms = read_table(self.folder / "atoms.csv.gz")
        self.edges = np.array(self.study["edges"])

    @functools.cache
    def table(self, name):
        return read_table(self.folder / name)

    @property
    def positions(self):
        return np.stack([self.atoms[axis] for axis in "xyz"], axis=1)

    @property
    def species(self):
        """Atoms by species, as masks."""
        kinds = self.atoms["type"]
        return {"all": kinds > 0} | {name: kinds == number for number, name in motifs.SPECIES.items()}

    @property
    def initial_motifs(self):
        return motifs.pack([self.atoms[f"initial_{order}"] for order in motifs.ORDERS])

    @property
    def has_barriers(self):
        return "barrier" in self.atoms

    @property
    def has_vibrations(self):
        return "I_BP" in self.atoms

    @property
    def centres(self):
        """Mask of atoms with a mean barrier."""
        return np.isfinite(self.atoms["barrier"])

    @property
    def log_intensity(self):
        return np.log(self.atoms["I_BP"])

    def barriers_by_centre(self):
        """{ID: barriers of its events, in the order of its trials}."""
        events = self.table("events.csv.gz")
        found = events["status"] == "success"
        lists = {}
        for center, barrier in zip(events["center"][found].tolist(), events["barrier"][found].tolist()):
            lists.setdefault(center, []).append(barrier)
        return lists
