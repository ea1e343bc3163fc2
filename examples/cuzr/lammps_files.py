"""Reads the files that LAMMPS and the styles of the plugin write."""

import csv
import gzip
import re
import sys
from typing import NamedTuple

import numpy as np


def open_text(path):
    """A text file, compressed if its name ends with .gz."""
    return gzip.open(path, "rt") if str(path).endswith(".gz") else open(path)


class Frame(NamedTuple):
    """One snapshot of a dump: its box (low and high corner) and a row per atom or local entry."""
    time: float | None
    box: np.ndarray
    columns: dict[str, int]
    table: np.ndarray

    def __getitem__(self, name):
        return self.table[:, self.columns[name]]

    def positions(self):
        return self.table[:, [self.columns[name] for name in ("xu", "yu", "zu")]]


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
                box = np.array([next(lines, "0 0").split() for _ in range(3)], dtype=float)
            elif line.startswith(("ITEM: ATOMS", "ITEM: ENTRIES")):
                names = line.split()[2:]
                rows = [row for _, row in zip(range(count), lines)]
                if len(rows) < count or not rows[-1].endswith("\n"):
                    return
                table = np.fromstring("".join(rows), sep=" ").reshape(count, len(names))
                yield step, Frame(time, box, {name: k for k, name in enumerate(names)}, table)


def single_frame(path):
    """The only snapshot of a dump."""
    for _, frame in dump_frames(path):
        return frame
    sys.exit(f"no complete snapshot in {path}")


def stretches(folder, stem, suffix):
    """The files of a run and of its resumptions, each with the step at which it started, in order."""
    paths = [(int(path.name.split(".")[1]), path) for path in folder.glob(f"{stem}.*.{suffix}")]
    if not paths:
        sys.exit(f"no {stem}.*.{suffix} in {folder}")
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
    return path.read_text().rpartition("\n")[0].splitlines()


def read_means(folder):
    """Rows of (time, S of all atoms, of Cu, of Zr, samples)."""
    tables = ((start, np.loadtxt(complete_lines(path), ndmin=2)) for start, path in stretches(folder, "mean", "txt"))
    rows = join((start, {int(row[0]): row[1:] for row in table}) for start, table in tables)
    return np.array(list(rows.values()))


def read_events(folder):
    """All attempts of fix artn, of all batches and partitions: list of {column: text}, by centre and trial.

    Lines that a kill tore apart are left out; their attempts were made again.
    """
    attempts = []
    for path in folder.iterdir():
        if re.fullmatch(r"events\.\d+\.csv(\.\d+)?", path.name):
            attempts += csv.DictReader(complete_lines(path))
    return sorted(attempts, key=lambda row: (int(row["center"]), int(row["trial"])))
