"""Whatever LAMMPS files of one glass are given, joined by atom ID: what kind a file is, its content tells."""

import re
from pathlib import Path

import numpy as np

from ergodic import lammps_files as files
from ergodic.errors import ErgodicError
from ergodic.glass import Glass, Results, barrier_columns
from ergodic.progress import track
from ergodic.species import Evidence, elements_of_masses
from ergodic.tables import column, read_table
from ergodic.units import UNITS

# Names under which a quantity may stand in a dump: ours first.
NAMES = {"S": ("S", "entropy"), "S_corrected": ("S_corrected",), "motifs": ("motifs",), "samples": ("samples",),
         "barrier": ("barrier",), "events": ("events",), "attempts": ("attempts",), "I_BP": ("I_BP", "boson_peak"),
         "J": ("J", "boson_mean"), "f_max": ("f_max",), "participation": ("participation",)}
# Columns of the per-atom arrays, for dumps without `colname`.
ARRAYS = {"voronoi/entropy": {1: "S", 2: "motifs", 3: "samples", 11: "S_corrected"},
          "vdos/atom": {1: "I_BP", 2: "J", 3: "f_max", 4: "participation"},
          "artn": {1: "barrier", 2: "events", 3: "attempts"}}


def kind_of(path):
    """data, dump, local dump, events, displaced, spectrum, averages, atoms or None."""
    with files.open_text(path) as file:
        try:
            head = "".join(line for _, line in zip(range(40), file))
        except UnicodeDecodeError:
            return None
    if head.startswith("ITEM:"):
        return "local dump" if "ITEM: ENTRIES" in head else "dump"
    first = head.partition("\n")[0]
    if re.search(r"^\s*\S+\s+\S+\s+xlo xhi", head, re.MULTILINE):
        return "data"
    if first.startswith("attempt,center,trial,atom"):
        return "displaced"
    if "center,trial" in first and "barrier" in first:
        return "events"
    if first.startswith("# Vibrational density of states"):
        return "spectrum"
    if first.startswith("id,type,"):
        return "atoms"
    return None


def style_of_array(source, numbers, frame):
    """Which style the columns source[...] of a dump are of. fix artn is the only fix; the computes differ in column
    2."""
    if source.startswith("f_"):
        return "artn"
    if 2 in numbers:
        second = frame[f"{source}[2]"]
        return "voronoi/entropy" if np.array_equal(second, np.round(second)) else "vdos/atom"
    return {"c_S": "voronoi/entropy", "c_V": "vdos/atom"}.get(source)


def quantities(path, frame):
    """{our name: values} of the columns of a dump that are known."""
    found = {}
    for name, aliases in NAMES.items():
        for alias in aliases:
            if alias in frame and name not in found:
                found[name] = frame[alias]
    arrays = {}
    for source, number in re.findall(r"([cf]_\w+)\[(\d+)\]", " ".join(frame.names)):
        arrays.setdefault(source, []).append(int(number))
    for source, numbers in arrays.items():
        style = style_of_array(source, numbers, frame)
        for number, name in ARRAYS.get(style, {}).items():
            if number in numbers and name not in found:
                found[name] = frame[f"{source}[{number}]"]
    return without_empty(found)


def without_empty(found):
    """What LAMMPS has as 0 for atoms without samples, events or vibrations becomes nan."""
    for name, witness in (("S", "samples"), ("S_corrected", "samples"), ("barrier", "events"), ("barrier", "barrier"),
                          ("I_BP", "I_BP"), ("J", "J")):
        if name in found and witness in found:
            found[name] = np.where(found[witness] > 0, found[name], np.nan)
    return found


class Reader:
    """Collects what files say; `glass` joins it."""

    def __init__(self, given):
        self.given, self.evidence = given, Evidence()
        self.types_known = 0
        self.base = None            # (path, ids, types, positions or None, box)
        self.columns = []           # (path, ids, types, {name: values})
        self.events, self.tables = [], {}
        self.units = "metal"
        self.growth = {}

    def read(self, path):
        kind = kind_of(path)
        reader = {"data": self.read_data, "dump": self.read_dump, "events": self.events.append, "atoms": self.read_atoms,
                  "displaced": self.read_displaced, "spectrum": self.read_spectrum}.get(kind)
        if reader:
            reader(path)
        return kind

    def set_base(self, path, ids, types, positions, box):
        if self.base is None or self.base[3] is None and positions is not None:
            self.base = path, ids, types, positions, box

    def read_data(self, path):
        data = files.read_data(path)
        self.units = data.units or self.units
        self.types_known = max(self.types_known, data.types)
        self.evidence.add(data.labels or elements_of_masses(data.masses, self.units), path.name)
        self.set_base(path, data.ids, data.kinds, data.positions, data.box)

    def read_dump(self, path):
        last = None
        for step, frame in track(files.dump_frames(path), path.name):
            if "id" not in frame or "type" not in frame:
                raise ErgodicError(f"{path}: the dump has no columns id and type ({' '.join(frame.names)}); write it with "
                                   "`dump ... custom N FILE id type x y z ...`")
            order = np.argsort(frame["id"])
            ids, types = (frame[name][order].astype(int) for name in ("id", "type"))
            values = {name: array[order] for name, array in quantities(path, frame).items()}
            if "S" in values:
                self.growth[step] = frame.time, types, values["S"]
            last = frame, order, ids, types, values
        if last is None:
            raise ErgodicError(f"no complete snapshot in {path}")
        frame, order, ids, types, values = last
        self.note_species(path, frame, order, types)
        positions = frame.positions()
        self.set_base(path, ids, types, None if positions is None else positions[order], frame.box)
        self.columns.append((path, ids, types, values))

    def note_species(self, path, frame, order, types):
        kinds, rows = np.unique(types, return_index=True)
        for name in ("element", "typelabel"):
            if name in frame:
                words = frame[name][order]
                for kind in kinds:
                    if (words[types == kind] != words[types == kind][0]).any():
                        raise ErgodicError(f"{path}: atoms of type {kind} have several names in column {name}")
                self.evidence.add({kind: str(words[row]) for kind, row in zip(kinds, rows)}, path.name)
        if "mass" in frame:
            masses = dict(zip(kinds.tolist(), frame["mass"][order][rows].tolist()))
            self.evidence.add(elements_of_masses(masses, self.units), path.name)

    def read_atoms(self, path):
        """atoms.csv.gz of the results of a study."""
        table = read_table(path)
        self.columns.append((path, table["id"], table["type"], {name: table[name] for name in NAMES if name in table}))
        self.set_base(path, table["id"], table["type"], None, None)

    def read_displaced(self, path):
        self.tables["displaced.csv.gz"] = read_table(path)

    def read_spectrum(self, path):
        table = files.read_averages(path)
        self.tables["spectrum"] = {"f": table[:, 0], "g": table[:, 1], "types": table[:, 3:]}

    def glass(self):
        """The glass of all files that were read."""
        if self.events:
            self.tables["events.csv.gz"] = self.read_event_tables()
        if self.base is None:
            self.base = self.base_of_events()
        path, ids, types, positions, box = self.base
        count = max(self.types_known, types.max(), self.tables["spectrum"]["types"].shape[1] if "spectrum" in self.tables else 0)
        names = self.evidence.resolve(int(count), self.given)
        atoms = {"id": ids, "type": types}
        if positions is not None:
            atoms |= dict(zip("xyz", box.wrapped(positions).T))
        for source, owners, kinds, values in self.columns:
            atoms |= self.joined(path, source, ids, types, owners, kinds, values)
        if self.events:
            atoms |= barrier_columns(ids, self.tables["events.csv.gz"])
            self.check_event_types(path, ids, types)
        glass = Glass(atoms, names, box if positions is not None else None, self.units, self.tables)
        add_growth(glass, self.growth)
        add_species_spectra(glass)
        return glass

    def read_event_tables(self):
        rows = files.read_event_tables(self.events)
        if not rows:
            raise ErgodicError(f"no attempts in {', '.join(map(str, self.events))}")
        return {name: column([row[name] for row in rows]) for name in rows[0]}

    def base_of_events(self):
        """Event tables, alone: the central atoms are the atoms."""
        if not self.events:
            raise ErgodicError("no atoms in these files: give a dump with id and type, or the data file of the glass, too")
        events = self.tables["events.csv.gz"]
        ids, rows = np.unique(events["center"], return_index=True)
        return self.events[0], ids, events["type"][rows], None, None

    def check_event_types(self, path, ids, types):
        events = self.tables["events.csv.gz"]
        kinds = types[np.searchsorted(ids, events["center"])]
        wrong = np.flatnonzero(kinds != events["type"])
        if wrong.size:
            k = wrong[0]
            raise ErgodicError(f"atom {events['center'][k]} is of type {events['type'][k]} in {self.events[0]} but of type "
                               f"{kinds[k]} in {path}: these files do not belong to one glass")

    @staticmethod
    def joined(path, source, ids, types, owners, kinds, values):
        """Columns of one file spread over all atoms; nan where the file lacks an atom."""
        strangers = np.setdiff1d(owners, ids)
        if strangers.size:
            raise ErgodicError(f"atom {strangers[0]} of {source} is not in {path}: these files do not belong to one glass")
        rows = np.searchsorted(ids, owners)
        wrong = np.flatnonzero(types[rows] != kinds)
        if wrong.size:
            k = wrong[0]
            raise ErgodicError(f"atom {owners[k]} is of type {kinds[k]} in {source} but of type {types[rows[k]]} in {path}: "
                               "these files do not belong to one glass")
        spread = {}
        for name, part in values.items():
            whole = spread[name] = np.full(len(ids), np.nan)
            whole[rows] = part
        return spread


def add_growth(glass, frames):
    """Mean S of all atoms and of each species over the frames of dumps, if there are several."""
    rows = []
    for step, (time, types, entropy) in sorted(frames.items()):
        kinds = np.array(["", *glass.names])[types]
        if not np.isfinite(entropy).any():
            continue
        rows.append([step if time is None else time, np.nanmean(entropy),
                     *(np.nanmean(entropy[kinds == name]) if np.isfinite(entropy[kinds == name]).any() else np.nan
                       for name in glass.species_names)])
    if len(rows) > 1:
        glass.tables["growth"] = dict(zip(("time", "all", *glass.species_names), np.array(rows).T))
        glass.tables["growth_in_time"] = all(time is not None for time, _, _ in frames.values())


def add_species_spectra(glass):
    """Spectra per species from those per type."""
    if "spectrum" not in glass.tables:
        return
    spectrum = glass.tables["spectrum"]
    by_type = spectrum.pop("types")
    if by_type.shape[1] != len(glass.names):
        raise ErgodicError(f"the spectrum is of {by_type.shape[1]} atom types, but there are {len(glass.names)}")
    for kind, name in enumerate(glass.names):
        spectrum[f"g_{name}"] = spectrum.get(f"g_{name}", 0) + by_type[:, kind]


def check_given(results, given):
    if given and list(given) != results.names:
        raise ErgodicError(f"--species is {' '.join(given)}, but {results.folder} was collected as {' '.join(results.names)}: "
                           f"leave --species out")


def load_results(folder, given):
    """Results of a study as a glass, with the spectrum that lies beside them."""
    results = Results(folder)
    check_given(results, given)
    if results.has_table("events.csv.gz"):
        results.table("events.csv.gz")
    if (results.folder / "spectrum.txt").exists():
        table = files.read_averages(results.folder / "spectrum.txt")
        results.tables["spectrum"] = {"f": table[:, 0], "g": table[:, 1], "types": table[:, 3:]}
        add_species_spectra(results)
    return results


def read_glass(paths, species=None):
    """The glass of these files, or of the results folder of a study. Files of unknown kind are an error."""
    paths = [Path(path) for path in paths]
    for path in paths:
        if not path.exists():
            raise ErgodicError(f"{path} does not exist")
    if len(paths) == 1 and paths[0].is_dir():
        for folder in (paths[0], paths[0] / "results"):
            if (folder / "study.json").exists():
                return load_results(folder, species)
        return read_folder(paths[0], species)[0]
    reader = Reader(species)
    for path in paths:
        if path.is_dir() or reader.read(path) not in ("data", "dump", "events", "atoms", "displaced", "spectrum"):
            raise ErgodicError(f"{path} is none of: data file, dump with atoms, event table or `displaced` of fix artn, spectrum "
                               "of compute vdos/atom")
    return reader.glass()


def read_folder(folder, species=None):
    """(glass, names of the files used): what of a folder is known to belong here; the rest is left alone."""
    reader, used = Reader(species), []
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith(("log.", "soft")) and reader.read(path) in (
                "data", "dump", "events", "spectrum", "displaced"):
            used.append(path.name)
    if not used:
        raise ErgodicError(f"nothing of the plugin's styles in {folder}: no dump, data file, event table or spectrum")
    return reader.glass(), used
