"""Joins what in.entropy, in.artn and in.vdos wrote, by atom ID, into tables that are small enough to keep.

Reads the folder of a study, writes to another one:
  study.json            box, species, units, times, numbers of samples, wave number of F_s
  atoms.csv.gz          a row per atom: initial motif, S_i after several times and by several definitions, barriers, I_BP
  events.csv.gz         a row per attempt of fix artn
  owners.csv.gz         mean and lowest barriers of atoms by who owns an event
  time.csv              mean S against time; at constant numbers of samples too
  initial_motifs.csv    mean S against time by initial motif
  histories.csv.gz      motifs of two atoms against time
  motif_shares.csv      shares of motifs by decile of S and for the extreme 1 %
  dynamics.csv          mean square displacements, shares of moved atoms, F_s(q, t)
What a stage that has not run would have written is left out.
"""

import shutil
from collections import Counter

import numpy as np

from ergodic import dynamics, motifs
from ergodic import lammps_files as files
from ergodic.errors import ErgodicError
from ergodic.glass import barrier_columns, species_masks
from ergodic.owners import ALL, barriers_by_owner, owner_table
from ergodic.predictors import TIMES
from ergodic.tables import column, write_json, write_table
from ergodic.units import UNITS

FEWEST = 10            # atoms below which an initial motif has no curve of its own
CURVE = 200            # points kept of mean S against time
EVENT_COLUMNS = {"center": int, "trial": int, "type": int, "status": str, "barrier": float, "barrier_back": float,
                 "dr_saddle": float, "dr_center": float, "moved": int, "same_as": int, "evals_total": int,
                 "seconds": float, "dr_center_final": float, "mover": int, "mover_distance": float, "weight": float}


# ------------------------------------------------------------------------------------------------------------- entropy

def packed(frame, prefix=""):
    return motifs.pack([frame[prefix + order] for order in motifs.ORDERS])


def histogram_columns(frame, ids):
    """Owner (row in ids), packed motif and count of every entry."""
    return np.searchsorted(ids, frame["id"].astype(int)), packed(frame), frame["count"]


def second_half(half, end):
    """Histogram of the samples between two dumps of the same histogram."""
    owners, keys, counts = (np.concatenate(pair) for pair in zip(end, half))
    counts[len(end[0]):] *= -1
    labels, where = np.unique(owners.astype(np.uint64) << np.uint64(32) | keys.astype(np.uint64), return_inverse=True)
    counts = np.bincount(where, counts)
    return (labels >> np.uint64(32)).astype(int)[counts > 0], counts[counts > 0]


def entropy_columns(folder, atoms):
    """S_i after some times, of both halves, and share of pentagons over the hold."""
    entropies = {round(frame.time, 6): frame for frame in files.read_dump(folder, "entropy").values()}
    for time in TIMES:
        if time in entropies:
            atoms[f"S_{time:g}ps"] = entropies[time]["S"]
    histograms = list(files.read_dump(folder, "histograms").values())
    half, end = (histogram_columns(frame, atoms["id"]) for frame in histograms[-2:])
    size = atoms["id"].size
    atoms["S_half1"] = motifs.entropy_of_counts(half[0], half[2], size)
    atoms["S_half2"] = motifs.entropy_of_counts(*second_half(half, end), size)
    for name, (owners, keys, counts) in (("pentagons", end), ("pentagons_half1", half)):
        atoms[name] = np.bincount(owners, counts * motifs.pentagons(keys), size) / np.bincount(owners, counts, size)
    return {time: frame["S"] for time, frame in entropies.items()}


def variant_columns(folder, atoms):
    variants = files.single_frame(folder / "variants.dump")
    frames = [variants]
    if (folder / "radical.dump").exists():
        frames.append(files.single_frame(folder / "radical.dump"))
    for frame in frames:
        atoms |= {name: frame[name] for name in frame.names if name.startswith(("S_", "favoured_"))}
    return int(variants["samples"].max())


def read_atoms(initial, final):
    x, y, z = initial.box.wrapped(initial.positions()).T
    atoms = {"id": initial["id"].astype(int), "type": initial["type"].astype(int), "x": x, "y": y, "z": z}
    atoms |= {f"initial_{order}": initial[order].astype(int) for order in motifs.ORDERS}
    atoms |= {"initial_faces": initial["faces"].astype(int), "initial_volume": initial["volume"]}
    atoms |= {f"initial_faces_{order}": initial["faces_" + order].astype(int) for order in motifs.ORDERS}
    return atoms | {"S": final["S"], "S_corrected": final["S_corrected"], "motifs": final["motifs"].astype(int),
                    "icosahedral": final["icosahedral"], "favoured": final["favoured"]}


# -------------------------------------------------------------------------------------------------------------- figures

def initial_groups(initial):
    """Atoms by initial motif, as masks: full icosahedra, the commonest other favoured motifs, all GUMs."""
    counts = Counter(initial[motifs.favoured(initial)].tolist())
    known = [motif for motif, count in counts.most_common() if count >= FEWEST]
    known.sort(key=lambda motif: motif != motifs.PACKED_ICOSAHEDRON)  # first, if there are any
    return {motifs.name(motif): initial == motif for motif in known[:5]} | {"GUM": ~motifs.favoured(initial)}


def by_initial_motif(initial, species, entropies):
    """Mean S of every group at every time, and by species."""
    groups = initial_groups(initial)
    names = [name for name in species if name != "all"]
    table = {"time": [], "motif": [], "atoms": [], "S": []} | {f"{column}_{name}": [] for name in names
                                                               for column in ("atoms", "S")}
    for time, entropy in entropies.items():
        for label, atoms in groups.items():
            values = [time, label, atoms.sum(), entropy[atoms].mean()]
            for name in names:
                mine = atoms & species[name]
                values += [mine.sum(), entropy[mine].mean() if mine.any() else np.nan]
            for column, value in zip(table.values(), values):
                column.append(value)
    return table


def representative_atoms(initial, entropy):
    """A steady and a restless atom: the initial full icosahedron of lowest S, and the initial GUM of highest S.

    Where there is none of a kind, all atoms stand in for it.
    """
    rows = np.arange(len(initial))
    steady = rows[initial == motifs.PACKED_ICOSAHEDRON]
    restless = rows[~motifs.favoured(initial)]
    steady, restless = (some if some.size else rows for some in (steady, restless))
    return steady[entropy[steady].argmin()], restless[entropy[restless].argmax()]


def spread(last, samples):
    """That many sample numbers, evenly over 0 .. last."""
    return np.round(np.linspace(0, last, samples)).astype(int)


def mean_at_constant_samples(times, histories, ends, samples):
    """Mean S from the same number of samples spread over 0 .. t, at each t of ends; nan where there are too few."""
    numbers = np.searchsorted(times, ends)
    return [motifs.entropy_of_history(histories[spread(number, samples)]).mean() if number + 1 >= samples else np.nan
            for number in numbers]


def mean_columns(means, types, names):
    """Columns of mean.*.txt (time, S of all, of each type, samples) as {name: values}, types of one name joined."""
    time, everyone, *by_type, samples = means.T
    counts = np.array([(types == kind).sum() for kind in range(1, len(names) + 1)])
    columns = {"time": time, "all": everyone}
    for name in dict.fromkeys(names):
        mine = [kind for kind, other in enumerate(names) if other == name]
        columns[name] = by_type[mine[0]] if len(mine) == 1 else \
            sum(counts[kind] * by_type[kind] for kind in mine) / max(counts[mine].sum(), 1)
    return columns | {"samples": samples}


def time_table(folder, times, histories, types, names):
    means = files.read_means(folder)
    if means.shape[1] != len(names) + 3:
        raise ErgodicError(f"mean.*.txt in {folder} is of {means.shape[1] - 3} atom types, but there are {len(names)} species")
    kept = np.unique(np.concatenate([np.geomspace(1, len(means), CURVE // 2),
                                     np.linspace(1, len(means), CURVE // 2)]).astype(int)) - 1
    table = mean_columns(means[kept], types, names)
    ends = np.linspace(0, times[-1], 41)[1:]
    for samples in (200, 50):
        if samples * 2 <= len(times):
            values = mean_at_constant_samples(times, histories, ends, samples)
            table[f"all_{samples}"] = np.interp(table["time"], ends, values, left=np.nan)
    return table


def history_table(times, histories, atoms, rows):
    table = {"panel": [], "atom": [], "time": [], **{order: [] for order in motifs.ORDERS}}
    for panel, row in zip("AB", rows):
        table["panel"] += [panel] * len(times)
        table["atom"] += [atoms["id"][row]] * len(times)
        table["time"] += times.tolist()
        for order, values in zip(motifs.ORDERS, motifs.unpack(histories[:, row])):
            table[order] += values.tolist()
    return table


def ordered_groups(entropy):
    """Rows of the deciles of S, and of its lowest and highest 1 %."""
    order = np.argsort(entropy, kind="stable")
    few = max(round(0.01 * order.size), 1)
    return {"lowest 1 %": order[:few]} | {str(k): part for k, part in enumerate(np.array_split(order, 10), 1)} \
        | {"highest 1 %": order[-few:]}


def share_rows(definition, histogram, groups, species):
    """Shares of samples with each favoured motif and with GUMs, and of pentagons, of the atoms of each group."""
    owners, keys, counts = histogram
    for label, rows in groups.items():
        mine = np.isin(owners, rows)
        total = counts[mine].sum()
        for motif in motifs.PACKED_FAVOURED:
            yield definition, species, label, motifs.name(motif), counts[mine & (keys == motif)].sum() / total
        yield definition, species, label, "GUM", counts[mine & ~motifs.favoured(keys)].sum() / total
        yield definition, species, label, "pentagons", (counts[mine] * motifs.pentagons(keys[mine])).sum() / total


def share_table(folder, atoms, species):
    histograms = {"all faces": (list(files.read_dump(folder, "histograms").values())[-1], "S"),
                  "faces above 1 %": (files.single_frame(folder / "histograms_faces.dump"), "S_faces")}
    rows = []
    for definition, (frame, column) in histograms.items():
        histogram = histogram_columns(frame, atoms["id"])
        for name, mine in species.items():
            numbers = np.flatnonzero(mine)
            groups = {label: numbers[part] for label, part in ordered_groups(atoms[column][mine]).items()}
            rows += share_rows(definition, histogram, groups, name)
    return dict(zip(("definition", "species", "group", "motif", "share"), zip(*rows)))


# ---------------------------------------------------------------------------------------------------------------- parts

def collect_hold(folder, results, atoms, study, names):
    final = files.single_frame(folder / "final.dump")
    species = species_masks(atoms["type"], names)
    initial_motif = motifs.pack([atoms[f"initial_{order}"] for order in motifs.ORDERS])
    entropies = entropy_columns(folder, atoms) | {final.time: final["S"]}
    study |= {"hold_ps": final.time, "samples": int(final["samples"].max()),
              "samples_variants": variant_columns(folder, atoms)}

    frames = files.read_dump(folder, "motifs", lambda frame: (frame.time, packed(frame))).values()
    times, histories = np.array([time for time, _ in frames]), np.array([row for _, row in frames])
    if len(histories) == study["samples"]:
        study["largest_difference_of_S"] = np.abs(motifs.entropy_of_history(histories) - final["S"]).max()
    write_table(results / "time.csv", time_table(folder, times, histories, atoms["type"], names))
    write_table(results / "initial_motifs.csv", by_initial_motif(initial_motif, species, entropies))
    write_table(results / "histories.csv.gz",
                history_table(times, histories, atoms, representative_atoms(initial_motif, final["S"])))
    write_table(results / "motif_shares.csv", share_table(folder, atoms, species))


def collect_dynamics(folder, results, atoms, study, names):
    frames = files.read_dump(folder, "positions", lambda frame: (frame.time, frame.box, frame.positions())).values()
    times = np.array([time for time, _, _ in frames])
    unit = UNITS[study["units"]].length
    positions = np.array([place for _, _, place in frames], dtype=np.float32)
    study["q_max"] = dynamics.strongest_wave_number(positions[:: max(len(positions) // 4, 1)].astype(float),
                                                    next(iter(frames))[1], unit)
    write_table(results / "dynamics.csv",
                dynamics.displacement_curves(times, positions, species_masks(atoms["type"], names), study["q_max"], unit))
    half = int(np.argmin(np.abs(times - 0.5 * times[-1])))
    atoms["displacement"] = dynamics.displacements(positions[0], positions[-1])
    atoms["displacement_half2"] = dynamics.displacements(positions[half], positions[-1])
    atoms["msd_vibration"] = dynamics.vibrational_msd(positions[:half + 1])


def read_displaced(folder):
    """Who moved in the events: {column: values} of all batches and partitions, or None where fix artn was not asked
    for it."""
    rows = files.read_displaced(folder)
    return {name: column([row[name] for row in rows]) for name in rows[0]} if rows else None


def collect_barriers(folder, results, atoms, unit):
    attempts = files.read_events(folder)
    if not attempts:
        return
    events = {name: np.array([kind(row[name]) for row in attempts]) for name, kind in EVENT_COLUMNS.items()
              if name in attempts[0]}
    write_table(results / "events.csv.gz", events)
    atoms |= barrier_columns(atoms["id"], events)
    owners = barriers_by_owner(events, read_displaced(folder), unit)
    write_table(results / "owners.csv.gz", owner_table(owners))
    if ALL in owners:
        for name, values in (("barrier_all", owners[ALL].means), ("barrier_all_error", owners[ALL].errors)):
            atoms[name] = np.full(len(atoms["id"]), np.nan)
            atoms[name][np.searchsorted(atoms["id"], owners[ALL].ids)] = values


def collect_vibrations(folder, results, atoms):
    path = folder / "vibrations.dump"
    if path.exists():
        frame = files.single_frame(path)
        if not np.array_equal(frame["id"], atoms["id"]):
            raise ErgodicError(f"initial.dump and vibrations.dump of {folder} do not hold the same atoms")
        atoms |= {name: frame[name] for name in ("I_BP", "J", "f_max", "participation")}
    if (folder / "spectrum.txt").exists():
        shutil.copy(folder / "spectrum.txt", results)


def collect(folder, results, names, units="metal"):
    """Collects the study in `folder` into `results`; `names` are the species, one per atom type."""
    results.mkdir(exist_ok=True)
    initial, final = (files.single_frame(folder / name) for name in ("initial.dump", "final.dump"))
    if not np.array_equal(initial["id"], final["id"]):
        raise ErgodicError(f"initial.dump and final.dump of {folder} do not hold the same atoms")
    atoms = read_atoms(initial, final)
    box = initial.box
    study = {"atoms": atoms["id"].size, "species": list(names), "units": units, "edges": box.edges.tolist()}
    if not (box.is_orthogonal and box.periodic.all()):
        study |= {"vectors": box.vectors.tolist(), "periodic": box.periodic.tolist()}
    collect_hold(folder, results, atoms, study, names)
    collect_dynamics(folder, results, atoms, study, names)
    collect_barriers(folder, results, atoms, UNITS[units].length)
    collect_vibrations(folder, results, atoms)
    write_table(results / "atoms.csv.gz", atoms)
    write_json(results / "study.json", study)
