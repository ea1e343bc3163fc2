"""Event tables of fix artn, and systems that are quick to search."""

import csv

import numpy as np

INTEGERS = {"attempt", "center", "trial", "type", "moved", "same_as", "evals_saddle", "evals_full", "evals_total", "mover"}
COLUMNS = (
    "attempt,center,trial,type,status,barrier,barrier_back,energy_initial,energy_saddle,energy_final,eigenvalue,fmax,"
    "dr_saddle,dr_final,dr_center,moved,same_as,evals_saddle,evals_full,evals_total,seconds,"
    "dr_center_final,mover,mover_distance,weight"
).split(",")
STATUSES = {
    "success", "elsewhere", "duplicate", "not_connected", "no_exit", "eigenvalue_lost", "maxeval", "barrier_range",
    "no_new_minimum", "not_converged", "force_error",
}

# A vacancy in fcc copper, which every neighbor can fill. The IDs have a gap where the atom was.
COPPER = """
units metal
atom_modify map array
lattice fcc 3.615
region box block 0 4 0 4 0 4
create_box 1 box
create_atoms 1 box
pair_style eam
pair_coeff * * Cu_u3.eam
neighbor 1.0 bin
{before}
region hole sphere 7.23 7.23 7.23 0.1 units box
group hole region hole
region shell sphere 7.23 7.23 7.23 2.7 units box
delete_atoms group hole compress no
group shell region shell
minimize 0 1e-8 1000 10000
reset_timestep 0
"""


def copper(before=""):
    return COPPER.format(before=before)


def read_table(path):
    """Rows of an event table: dicts of column -> int, float or str."""
    with open(path, newline="") as file:
        reader = csv.DictReader(file)
        assert reader.fieldnames == COLUMNS
        return [{name: value(name, word) for name, word in row.items()} for row in reader]


def value(name, word):
    if name == "status":
        assert word in STATUSES
        return word
    return int(word) if name in INTEGERS else float(word)


def events(path):
    """Lines of a table or of several without `attempt` and `seconds`, by (center, trial)."""
    paths = path if isinstance(path, list) else [path]
    lines = [key(line) for path in paths for line in path.read_text().splitlines()[1:]]
    return sorted(lines, key=lambda words: (int(words[0]), int(words[1])))


def key(line):
    """Words of a line of a table without `attempt` and `seconds`."""
    words = line.split(",")
    del words[COLUMNS.index("seconds")]
    return words[1:]


def different_events(rows, wanted):
    """Attempts of `rows` that did not give the event of `wanted` (status, barrier to 1e-6 eV), with both events."""
    events = {(row["center"], row["trial"]): (row["status"], row["barrier"]) for row in wanted}
    different = []
    for row in rows:
        event, other = (row["status"], row["barrier"]), events.get((row["center"], row["trial"]))
        same = other and event[0] == other[0] and np.isclose(event[1], other[1], rtol=0, atol=1e-6, equal_nan=True)
        if not same:
            different.append((row["center"], row["trial"], event, other))
    return different


def minimum_image(d, box):
    return d - box * np.round(d / box)
