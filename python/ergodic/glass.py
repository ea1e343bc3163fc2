"""The atoms of a glass with all that is known of them: the results of a study, or whatever LAMMPS files are given."""

import functools
import pathlib

import numpy as np

from ergodic import motifs
from ergodic.box import Box
from ergodic.errors import ErgodicError
from ergodic.tables import read_json, read_table
from ergodic.units import UNITS


def species_masks(types, names):
    """{"all": everyone, name: mask} of atoms whose type has that name; types of one name are one species."""
    kinds = np.array(["", *names])[types]
    return {"all": types > 0} | {name: kinds == name for name in dict.fromkeys(names)}


def barrier_columns(ids, events):
    """Columns `attempts`, `events`, `barrier` (mean of the centre's events; nan without events) of an event table."""
    ids = np.asarray(ids)
    success = events["status"] == "success"
    strangers = np.setdiff1d(events["center"], ids)
    if strangers.size:
        raise ErgodicError(f"central atom {strangers[0]} of the event table is not among the atoms: these files do not "
                           "belong to one glass")
    rows = np.searchsorted(ids, events["center"])
    counts = np.bincount(rows[success], minlength=len(ids))
    sums = np.bincount(rows[success], events["barrier"][success], len(ids))
    return {"attempts": np.bincount(rows, minlength=len(ids)), "events": counts,
            "barrier": np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)}


class Glass:
    """Atoms as columns by ascending ID, species by name, box, and tables.

    `atoms` {name: N values}: id, type, x, y, z (from the origin of the box) and what is known of S (nats), barrier
    (energy units; nan without events), I_BP, J (1/frequency^3), ... `names`: a name per atom type.
    """

    def __init__(self, atoms, names, box=None, units="metal", tables=None):
        self.atoms, self.names, self.box = atoms, list(names), box
        self.units = UNITS.get(units, UNITS["metal"])
        self.tables = tables or {}

    def __contains__(self, column):
        return column in self.atoms

    def table(self, name):
        return self.tables[name]

    @property
    def positions(self):
        return np.stack([self.atoms[axis] for axis in "xyz"], axis=1)

    @property
    def has_positions(self):
        return self.box is not None and "x" in self.atoms

    @functools.cached_property
    def species(self):
        """Atoms by species, as masks; "all" first."""
        return species_masks(self.atoms["type"], self.names)

    @property
    def species_names(self):
        return [name for name in self.species if name != "all"]

    @property
    def initial_motifs(self):
        return motifs.pack([self.atoms[f"initial_{order}"] for order in motifs.ORDERS])

    @property
    def has_barriers(self):
        return "barrier" in self.atoms and np.isfinite(self.atoms["barrier"]).any()

    @property
    def has_vibrations(self):
        return "I_BP" in self.atoms

    @property
    def centres(self):
        """Mask of atoms with a mean barrier."""
        return np.isfinite(self.atoms["barrier"])

    @property
    def log_intensity(self):
        """ln I_BP; nan where there is none."""
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.log(self.atoms["I_BP"])
        return np.where(np.isfinite(values), values, np.nan)

    def barriers_by_centre(self):
        """{ID: barriers of its events, in the order of its trials}."""
        events = self.table("events.csv.gz")
        found = events["status"] == "success"
        lists = {}
        for center, barrier in zip(events["center"][found].tolist(), events["barrier"][found].tolist()):
            lists.setdefault(center, []).append(barrier)
        return lists


class Results(Glass):
    """The compact results of a study (see collect.py). Tables are read when they are first used."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.study = read_json(self.folder / "study.json")
        study = self.study
        if "species" not in study:
            raise ErgodicError(f"{self.folder / 'study.json'} names no species: collect the study again")
        box = Box.orthogonal(study["edges"])
        if "vectors" in study:
            box = Box(np.zeros(3), np.array(study["vectors"]), np.array(study["periodic"]))
        super().__init__(read_table(self.folder / "atoms.csv.gz"), study["species"], box, study.get("units", "metal"))

    def has_table(self, name):
        return (self.folder / name).exists()

    def table(self, name):
        if name not in self.tables:
            self.tables[name] = read_table(self.folder / name)
        return self.tables[name]
