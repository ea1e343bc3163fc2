#!/usr/bin/env python3
"""Joins what in.entropy, in.artn and in.vdos wrote, by atom ID, into tables that are small enough to keep.

    python collect.py [folder [results]]

Reads the folder (default: here), writes to `results` in it:
  study.json            box, times, numbers of samples, wave number of F_s
  atoms.csv.gz          a row per atom: initial motif, S_i after several times and for several definitions, barriers, I_BP
  events.csv.gz         a row per attempt of fix artn
  time.csv              mean S against time; at constant numbers of samples too
  initial_motifs.csv    mean S against time by initial motif
  histories.csv.gz      motifs of two atoms against time
  motif_shares.csv      shares of motifs by decile of S and for the extreme 1 %
  dynamics.csv          mean square displacements, shares of moved atoms, F_s(q, t)
What a stage that has not run would have written is left out.
"""

import pathlib
import sys
from collections import Counter

import numpy as np

import dynamics
import lammps_files as files
import motifs
from tables import write_json, write_table

FEWEST = 10            # atoms below which an initial motif has no curve of its own
TIMES = (10.0, 100.0)  # ps; S_i after these is kept beside the final one
CURVE = 200            # points kept of mean S against time
VARIANTS = ("plain", "faces", "edges", "radical")
EVENT_COLUMNS = {"center": int, "trial": int, "type": int, "status": str, "barrier": float, "barrier_back": float,
                 "dr_saddle": float, "dr_center": float, "moved": int, "same_as": int, "evals_total": int,
                 "seconds": float}


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
    owners, keys, counts = end
    atoms["pentagons"] = np.bincount(owners, counts * motifs.pentagons(keys), size) / np.bincount(owners, counts, size)
    return {time: frame["S"] for time, frame in entropies.items()}


def variant_columns(folder, atoms):
    variants = files.single_frame(folder / "variants.dump")
    for variant in VARIANTS:
        atoms[f"S_{variant}"] = variants[f"S_{variant}"]
        atoms[f"favoured_{variant}"] = variants[f"favoured_{variant}"]
    return int(variants["samples"].max())


def read_atoms(initial, final):
    edges = initial.box[:, 1] - initial.box[:, 0]
    x, y, z = ((initial.positions() - initial.box[:, 0]) % edges).T
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


def by_initial_motif(initial, types, entropies):
    """Mean S of every group at every time, and by species."""
    groups = initial_groups(initial)
    table = {"time": [], "motif": [], "atoms": [], "S": [], "atoms_Cu": [], "S_Cu": [], "atoms_Zr": [], "S_Zr": []}
    for time, entropy in entropies.items():
        for label, atoms in groups.items():
            values = [time, label, atoms.sum(), entropy[atoms].mean()]
            for kind in motifs.SPECIES:
                mine = atoms & (types == kind)
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


def time_table(folder, times, histories):
    means = files.read_means(folder)
    kept = np.unique(np.concatenate([np.geomspace(1, len(means), CURVE // 2),
                                     np.linspace(1, len(means), CURVE // 2)]).astype(int)) - 1
    table = dict(zip(("time", "all", "Cu", "Zr", "samples"), means[kept].T))
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


def share_table(folder, atoms):
    end = list(files.read_dump(folder, "histograms").values())[-1]
    faces = files.single_frame(folder / "histograms_faces.dump")
    histograms = {"all faces": (end, "S"), "faces above 1 %": (faces, "S_faces")}
    rows = []
    for definition, (frame, column) in histograms.items():
        histogram = histogram_columns(frame, atoms["id"])
        for species, mine in species_masks(atoms["type"]).items():
            numbers = np.flatnonzero(mine)
            groups = {label: numbers[part] for label, part in ordered_groups(atoms[column][mine]).items()}
            rows += share_rows(definition, histogram, groups, species)
    return dict(zip(("definition", "species", "group", "motif", "share"), zip(*rows)))


def species_masks(types):
    return {"all": types > 0} | {name: types == kind for kind, name in motifs.SPECIES.items()}


# ---------------------------------------------------------------------------------------------------------------- parts

def collect_hold(folder, results, atoms, study):
    final = files.single_frame(folder / "final.dump")
    initial_motif = motifs.pack([atoms[f"initial_{order}"] for order in motifs.ORDERS])
    entropies = entropy_columns(folder, atoms) | {final.time: final["S"]}
    study |= {"hold_ps": final.time, "samples": int(final["samples"].max()),
              "samples_variants": variant_columns(folder, atoms)}

    frames = files.read_dump(folder, "motifs", lambda frame: (frame.time, packed(frame))).values()
    times, histories = np.array([time for time, _ in frames]), np.array([row for _, row in frames])
    if len(histories) == study["samples"]:
        study["largest_difference_of_S"] = np.abs(motifs.entropy_of_history(histories) - final["S"]).max()
    write_table(results / "time.csv", time_table(folder, times, histories))
    write_table(results / "initial_motifs.csv", by_initial_motif(initial_motif, atoms["type"], entropies))
    write_table(results / "histories.csv.gz",
                history_table(times, histories, atoms, representative_atoms(initial_motif, final["S"])))
    write_table(results / "motif_shares.csv", share_table(folder, atoms))


def collect_dynamics(folder, results, atoms, study):
    frames = files.read_dump(folder, "positions", lambda frame: (frame.time, frame.box, frame.positions())).values()
    times = np.array([time for time, _, _ in frames])
    edges = np.subtract(*next(iter(frames))[1].T[::-1])
    positions = np.array([place for _, _, place in frames], dtype=np.float32)
    study["q_max"] = dynamics.strongest_wave_number(positions[:: max(len(positions) // 4, 1)].astype(float), edges)
    write_table(results / "dynamics.csv",
                dynamics.displacement_curves(times, positions, species_masks(atoms["type"]), study["q_max"]))
    moves = (positions[-1] - positions[0]).astype(float)
    atoms["displacement"] = np.linalg.norm(moves - moves.mean(axis=0), axis=1)


def collect_barriers(folder, results, atoms):
    attempts = files.read_events(folder)
    if not attempts:
        return
    write_table(results / "events.csv.gz",
                {name: [kind(row[name]) for row in attempts] for name, kind in EVENT_COLUMNS.items()})
    barriers = {}
    for row in attempts:
        barriers.setdefault(int(row["center"]), []).append(float(row["barrier"]) if row["status"] == "success" else None)
    found = {center: [value for value in values if value is not None] for center, values in barriers.items()}
    atoms["attempts"] = np.array([len(barriers.get(atom, [])) for atom in atoms["id"]])
    atoms["events"] = np.array([len(found.get(atom, [])) for atom in atoms["id"]])
    atoms["barrier"] = np.array([np.mean(found[atom]) if found.get(atom) else np.nan for atom in atoms["id"]])


def collect_vibrations(folder, atoms):
    path = folder / "vibrations.dump"
    if path.exists():
        frame = files.single_frame(path)
        if not np.array_equal(frame["id"], atoms["id"]):
            sys.exit("initial.dump and vibrations.dump do not hold the same atoms")
        atoms |= {name: frame[name] for name in ("I_BP", "J", "f_max", "participation")}


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    results = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else folder / "results"
    results.mkdir(exist_ok=True)
    initial, final = (files.single_frame(folder / name) for name in ("initial.dump", "final.dump"))
    if not np.array_equal(initial["id"], final["id"]):
        sys.exit("initial.dump and final.dump do not hold the same atoms")
    atoms = read_atoms(initial, final)
    study = {"atoms": atoms["id"].size, "edges": (initial.box[:, 1] - initial.box[:, 0]).tolist()}
    collect_hold(folder, results, atoms, study)
    collect_dynamics(folder, results, atoms, study)
    collect_barriers(folder, results, atoms)
    collect_vibrations(folder, atoms)
    write_table(results / "atoms.csv.gz", atoms)
    write_json(results / "study.json", study)


if __name__ == "__main__":
    main()
