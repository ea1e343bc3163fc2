"""Reads the files that LAMMPS and the styles of the plugin write: dumps, data files, event tables, spectra,
averages."""

import csv
import gzip
import re
from typing import NamedTuple

import numpy as np

from ergodic.box import Box
from ergodic.errors import ErgodicError

TEXT_COLUMNS = ("element", "typelabel")


def open_text(path):
    """A text file, compressed if its name ends with .gz."""
    try:
        return gzip.open(path, "rt") if str(path).endswith(".gz") else open(path)
    except OSError as problem:
        raise ErgodicError(f"cannot read {path}: {problem.strerror}") from None


# --------------------------------------------------------------------------------------------------------------- dumps

class Frame(NamedTuple):
    """One snapshot of a dump: time (nan-free float or None), box, and a row per atom or local entry.

    `columns` leads from a name to its place in `table` (numbers) or to an array of words in `words`.
    """
    time: float | None
    box: Box
    columns: dict[str, int]
    table: np.ndarray
    words: dict[str, np.ndarray]

    @property
    def names(self):
        return [*self.columns, *self.words]

    def __contains__(self, name):
        return name in self.columns or name in self.words

    def __getitem__(self, name):
        return self.words[name] if name in self.words else self.table[:, self.columns[name]]

    def positions(self):
        """Unwrapped if they are there, else wrapped, else scaled coordinates: N x 3 (distance units)."""
        for names in (("xu", "yu", "zu"), ("x", "y", "z")):
            if all(name in self.columns for name in names):
                return self.table[:, [self.columns[name] for name in names]]
        for names in (("xsu", "ysu", "zsu"), ("xs", "ys", "zs")):
            if all(name in self.columns for name in names):
                return self.table[:, [self.columns[name] for name in names]] @ self.box.vectors + self.box.origin
        return None


def read_box(line, rows):
    """Box of the ITEM: BOX BOUNDS line and the three lines after it (see `dump` in the LAMMPS manual)."""
    words = line.split()[3:]
    flags = [word for word in words if re.fullmatch("[psfm]{2}", word)]
    periodic = [flag == "pp" for flag in flags] if len(flags) == 3 else [True] * 3
    values = np.array([row.split() for row in rows], dtype=float)
    if "abc" in words:
        return Box(values[:, 3], values[:, :3], np.array(periodic))
    if "xy" not in words:
        return Box.orthogonal(values[:, 1] - values[:, 0], values[:, 0], periodic)
    xy, xz, yz = values[:, 2]
    low = values[:, 0] - [min(0, xy, xz, xy + xz), min(0, yz), 0]
    high = values[:, 1] - [max(0, xy, xz, xy + xz), max(0, yz), 0]
    return Box.tilted(low, high, (xy, xz, yz), periodic)


def parse_rows(names, rows):
    """Columns of numbers as one array, columns of words apart."""
    texts = [k for k, name in enumerate(names) if name in TEXT_COLUMNS]
    columns = {name: k for k, name in enumerate(name for name in names if name not in TEXT_COLUMNS)}
    if not texts:
        return columns, np.fromstring("".join(rows), sep=" ").reshape(len(rows), len(names)), {}
    words = np.array("".join(rows).split()).reshape(len(rows), len(names))
    numbers = [k for k in range(len(names)) if k not in texts]
    return columns, words[:, numbers].astype(float), {names[k]: words[:, k] for k in texts}


def dump_frames(path):
    """Yields (step, Frame) for each complete snapshot of a text dump; a killed run may leave half of one."""
    with open_text(path) as lines:
        step = time = count = box = None
        for line in lines:
            if line.startswith("ITEM: TIMESTEP"):
                step = int(next(lines, "0"))
            elif line.startswith("ITEM: TIME"):
                time = float(next(lines, "0"))
            elif line.startswith("ITEM: NUMBER OF"):
                count = int(next(lines, "0"))
            elif line.startswith("ITEM: BOX"):
                rows = [next(lines, "") for _ in range(3)]
                if not rows[-1].endswith("\n"):
                    return
                box = read_box(line, rows)
            elif line.startswith(("ITEM: ATOMS", "ITEM: ENTRIES")):
                names = line.split()[2:]
                rows = [row for _, row in zip(range(count), lines)]
                if len(rows) < count or rows and not rows[-1].endswith("\n"):
                    return
                yield step, Frame(time, box, *parse_rows(names, rows))


def single_frame(path):
    """The only snapshot of a dump."""
    for _, frame in dump_frames(path):
        return frame
    raise ErgodicError(f"no complete snapshot in {path}")


# --------------------------------------------------------------------------------------- runs that went on after a kill

def stretches(folder, stem, suffix):
    """The files of a run and of its resumptions, each with the step at which it started, in order."""
    paths = [(int(path.name.split(".")[1]), path) for path in folder.glob(f"{stem}.*.{suffix}")]
    if not paths:
        raise ErgodicError(f"no {stem}.*.{suffix} in {folder}")
    return sorted(paths)


def join(parts):
    """Joins {step: record} of stretches: what a killed run did beyond the restart file in use is forgotten."""
    joined = {}
    for start, records in parts:
        joined = {step: record for step, record in joined.items() if step <= start}
        joined |= {step: record for step, record in records.items() if step > start or not joined}
    return joined


def read_dump(folder, stem, record=lambda frame: frame):
    """{step: record of the frame} over all stretches."""
    return join((start, {step: record(frame) for step, frame in dump_frames(path)})
                for start, path in stretches(folder, stem, "dump"))


def complete_lines(path):
    """Lines of a file, without the last one if a kill tore it apart."""
    with open_text(path) as file:
        return file.read().rpartition("\n")[0].splitlines()


def read_averages(path):
    """Numbers of a file of fix ave/time in mode scalar, or of any table with # before what is not numbers: rows x
    columns."""
    return np.loadtxt(complete_lines(path), ndmin=2)


def read_means(folder):
    """Rows of (time, S of all atoms, of each type, samples) of the hold of a study."""
    tables = ((start, read_averages(path)) for start, path in stretches(folder, "mean", "txt"))
    rows = join((start, {int(row[0]): row[1:] for row in table}) for start, table in tables)
    return np.array(list(rows.values()))


# --------------------------------------------------------------------------------------------------------------- events

def read_event_tables(paths):
    """All attempts of fix artn in these tables: list of {column: text}, by centre and trial.

    Lines that a kill tore apart are left out; their attempts were made again.
    """
    attempts, home = [], {}
    for path in paths:
        for row in csv.DictReader(complete_lines(path)):
            if None in row or None in row.values():
                raise ErgodicError(f"{path}: the line of attempt {row.get('attempt')} has another number of columns "
                                   "than the head; remove it, or run the search again")
            key = int(row["center"]), int(row["trial"])
            if home.setdefault(key, path) != path:
                raise ErgodicError(f"attempt {key[1]} of atom {key[0]} is in {home[key]} and in {path}: "
                                   "give the tables of one search only")
            attempts.append(row)
    return sorted(attempts, key=lambda row: (int(row["center"]), int(row["trial"])))


def read_events(folder):
    """The attempts of all batches and partitions of a study."""
    return read_event_tables(sorted(path for path in folder.iterdir()
                                    if re.fullmatch(r"events\.\d+\.csv(\.\d+)?", path.name)))


def read_displaced(folder):
    """Lines of `displaced` of all batches and partitions of a study: list of {column: text}."""
    paths = sorted(path for path in folder.iterdir() if re.fullmatch(r"displaced\.\d+\.csv(\.\d+)?", path.name))
    return [row for path in paths for row in csv.DictReader(complete_lines(path)) if None not in row.values()]


# ----------------------------------------------------------------------------------------------------------- data files

class Data(NamedTuple):
    """A data file: box, `units` and `atom_style` if it names them, atoms by ascending ID, masses and labels of
    types."""
    box: Box
    units: str | None
    atom_style: str | None
    types: int
    ids: np.ndarray
    kinds: np.ndarray
    positions: np.ndarray
    masses: dict[int, float]
    labels: dict[int, str]


# Column of the type in a line of Atoms, counted from 0, and of x.
ATOM_COLUMNS = {"atomic": (1, 2), "charge": (1, 3), "sphere": (1, 4), "dipole": (1, 3), "molecular": (2, 3), "bond": (2, 3),
                "angle": (2, 3), "full": (2, 4)}
SECTIONS = re.compile(r"^(Atoms|Masses|Atom Type Labels|Velocities|Bonds|Angles|Dihedrals|Impropers|\w+ Coeffs)\b")


def sections(path, lines):
    """{head: lines of the section}; the head of the file is under the empty head."""
    parts, head = {"": []}, ""
    for line in lines:
        if SECTIONS.match(line):
            head = line.strip()
            parts[head] = []
        elif line.strip():
            parts[head].append(line)
    if not any(head.startswith("Atoms") for head in parts):
        raise ErgodicError(f"{path} has no Atoms section: not a LAMMPS data file")
    return parts


def data_box(path, lines):
    bounds, tilt = {}, (0.0, 0.0, 0.0)
    for words in (line.split("#")[0].split() for line in lines):
        if len(words) == 4 and words[3] in ("xhi", "yhi", "zhi"):
            bounds[words[3][0]] = float(words[0]), float(words[1])
        elif words[3:] == ["xy", "xz", "yz"]:
            tilt = tuple(map(float, words[:3]))
        elif words[3:] in (["avec"], ["bvec"], ["cvec"]):
            raise ErgodicError(f"{path}: general triclinic boxes are not read: write_data without `triclinic/general`")
    if len(bounds) < 3:
        raise ErgodicError(f"{path} gives no xlo xhi, ylo yhi, zlo zhi")
    low, high = zip(*(bounds[axis] for axis in "xyz"))
    return Box.tilted(low, high, tilt)


def style_columns(path, head, width):
    """(atom style or None, columns of type and x) of an Atoms section whose lines have that many words."""
    style = head.partition("#")[2].strip()
    if style in ATOM_COLUMNS:
        return style, ATOM_COLUMNS[style]
    if not style and width in (5, 8):
        return None, ATOM_COLUMNS["atomic"]
    raise ErgodicError(f"{path}: cannot tell the atom style ({style or 'no `# style` after Atoms'}); known are "
                       + ", ".join(ATOM_COLUMNS) + ": write the file with write_data, which names it")


def read_data(path):
    """A data file of one of the styles of ATOM_COLUMNS."""
    with open_text(path) as lines:
        parts = sections(path, lines)
    top = parts.pop("")
    head = next(head for head in parts if head.startswith("Atoms"))
    rows = [line.split("#")[0].split() for line in parts[head]]
    if not rows:
        raise ErgodicError(f"{path} has no atoms")
    style, (kind, x) = style_columns(path, head, len(rows[0]))
    labels = {int(words[0]): words[1] for words in map(str.split, parts.get("Atom Type Labels", []))}
    numbers = {label: number for number, label in labels.items()} | {str(number): number for number in range(1, 1000)}
    masses = {numbers[words[0]]: float(words[1]) for words in map(str.split, parts.get("Masses", []))}
    ids = np.array([row[0] for row in rows], dtype=float).astype(int)
    order = np.argsort(ids)
    count = next((int(words[0]) for words in map(str.split, top) if words[1:3] == ["atom", "types"]), 0)
    units = re.search(r"units = (\w+)", top[0]) if top else None
    return Data(data_box(path, top), units and units[1], style, count, ids[order],
                np.array([numbers[row[kind]] for row in rows])[order],
                np.array([row[x:x + 3] for row in rows], dtype=float)[order], masses, labels)
