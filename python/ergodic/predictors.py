"""What predicts barriers, boson peaks and displacements: S beside the field's other indicators, alone and together."""

import numpy as np

from ergodic import estimates, motifs
from ergodic.owners import connected
from ergodic.progress import track
from ergodic.structure import CUTOFF, SPACING, WIDTH, two_body_entropy

FOLDS = 10                          # of the cross-validation
FEWEST = 100                        # atoms below which there is no linear fit of several indicators
TIMES = (1, 2, 5, 10, 20, 50, 100, 200, 500)   # time units; S_i after these is kept beside the final one
EVENTS = (1, 2, 3, 5, 10, 20)       # numbers of events that means of barriers are taken of


def initial_motifs(atoms, prefix, property_of):
    return property_of(motifs.pack([atoms[prefix + order] for order in motifs.ORDERS])).astype(float)


def pentagons(atoms):
    """Local five-fold symmetry of the glass at 0 K."""
    return initial_motifs(atoms, "initial_", motifs.pentagons)


# What could predict barriers and boson peaks: column of atoms.csv.gz, or a function of it.
PREDICTORS = {
    "S, whole hold": "S", "S, Miller-Madow": "S_corrected", "S, first half": "S_half1", "S, second half": "S_half2",
    **{f"S, {time} ps": f"S_{time}ps" for time in reversed(TIMES)},
    "S, sampled like the next three": "S_plain", "S, faces above 1 %": "S_faces", "S, edges above threshold": "S_edges",
    "S, radical": "S_radical",
    "favoured share of the hold": "favoured", "pentagon share of the hold": "pentagons",
    "vibrational MSD": "msd_vibration",
    "0 K: favoured": lambda atoms: initial_motifs(atoms, "initial_", motifs.favoured),
    "0 K: favoured, faces above 1 %": lambda atoms: initial_motifs(atoms, "initial_faces_", motifs.favoured),
    "0 K: pentagon share": pentagons,
    "0 K: volume": "initial_volume", "0 K: coordination": "initial_faces", "0 K: two-body entropy": "s2",
}
# What is known of an atom before the second half of the hold.
BEFORE = {"S": ("S_half1", "S_10ps"), "five-fold symmetry, 0 K": (pentagons,), "five-fold symmetry, hold": ("pentagons_half1",),
          "volume, 0 K": ("initial_volume",), "vibrational MSD": ("msd_vibration",),
          "participation in the softest modes": ("participation",), "two-body excess entropy, 0 K": ("s2",)}


def with_pair_entropy(results):
    """Columns of the atoms and the two-body excess entropy `s2` (k_B) at 0 K."""
    atoms = dict(results.atoms)
    if "s2" not in atoms:
        unit = results.units.length
        atoms["s2"] = two_body_entropy(results.positions, atoms["type"], results.box, WIDTH * unit, CUTOFF * unit, SPACING * unit)
    return atoms


def values_of(atoms, source):
    """A column or a function of the atoms; None if there is no such column."""
    if callable(source):
        return source(atoms)
    return atoms[source].astype(float) if source in atoms else None


def ranked(x, y):
    """Spearman's coefficient with its interval, and the number of atoms."""
    rx, ry = estimates.ranks(x), estimates.ranks(y)
    return {"n": len(x), "spearman": estimates.pearson(rx, ry), "interval": estimates.pearson_interval(rx, ry)}


def predictors(results, atoms):
    """Rows of coefficients of every predictor with barriers and boson peaks, by species."""
    targets = {}
    if results.has_barriers:
        targets["barrier"] = atoms["barrier"], results.centres
    if results.has_vibrations:
        targets["ln I_BP"] = results.log_intensity, atoms["type"] > 0
    table = []
    for label, source in PREDICTORS.items():
        x = values_of(atoms, source)
        if x is None:
            continue
        for target, (y, known) in targets.items():
            for species in results.species_names:
                chosen = known & results.species[species] & np.isfinite(x)
                table.append({"predictor": label, "target": target, "species": species} | ranked(x[chosen], y[chosen]))
    return table


# --------------------------------------------------------------------------------------------------- alone and together

def cross_validated(columns, target, folds=FOLDS):
    """Predictions of the target (n) by least squares of its ranks on the ranks of the columns (k x n), each from a fit
    to the other folds only."""
    x = np.array([estimates.ranks(column) for column in columns]).T
    x = np.column_stack([(x - x.mean(axis=0)) / x.std(axis=0), np.ones(len(x))])
    y = estimates.ranks(target)
    predicted = np.empty(len(y))
    for fold in np.array_split(np.random.default_rng(estimates.SEED).permutation(len(y)), folds):
        others = np.setdiff1d(np.arange(len(y)), fold)
        predicted[fold] = x[fold] @ np.linalg.lstsq(x[others], y[others], rcond=None)[0]
    return predicted


def hold_targets(results, atoms):
    """(name, values, mask, columns known before) of what is to be predicted: displacements, barriers."""
    known = {}
    for label, sources in BEFORE.items():
        for source in sources:
            values = values_of(atoms, source)
            if values is not None and label not in known and np.ptp(values[np.isfinite(values)]) > 0:
                known[label] = values
    if "displacement_half2" in atoms:
        yield "displacement, 2nd half of the hold", atoms["displacement_half2"], results.species["all"], known
    elif "displacement" in atoms and "S_10ps" in atoms:
        early = {label: values for label, values in known.items() if label not in ("five-fold symmetry, hold", "vibrational MSD")}
        yield "displacement, whole hold", atoms["displacement"], results.species["all"], early | {"S": atoms["S_10ps"]}
    if results.has_barriers:
        yield "barrier", atoms["barrier"], results.centres, known


def predicted(results, atoms):
    """Rows of what every indicator predicts alone and with S, all together, and all but S, by target and species.

    `spearman` of the indicator itself; `cross_validated` of the linear fit's predictions for atoms that it has not
    seen.
    """
    table = []
    for target, y, mask, known in hold_targets(results, atoms):
        for species in track(results.species_names, target):
            chosen = mask & results.species[species] & np.all([np.isfinite(values) for values in known.values()], axis=0)
            if chosen.sum() < FEWEST:
                continue
            columns = {label: values[chosen] for label, values in known.items()}
            sets = {label: [values] if label == "S" else [values, columns["S"]] for label, values in columns.items()}
            rest = [values for label, values in columns.items() if label != "S"]
            sets |= {"all together": [*rest, columns["S"]], "all but S": rest}
            for label, parts in sets.items():
                fit = ranked(cross_validated(parts, y[chosen]), y[chosen])
                row = {"target": target, "species": species, "predictor": label, "n": fit["n"],
                       "cross_validated": fit["spearman"], "cross_validated_interval": fit["interval"]}
                if label in columns:
                    alone = ranked(columns[label], y[chosen])
                    row |= {"spearman": alone["spearman"], "interval": alone["interval"]}
                table.append(row)
    return table


def events_needed(results):
    """Rows of the coefficient of S with mean barriers of the first k events of every centre that has so many, by
    species."""
    events = results.table("events.csv.gz")
    found = connected(events)
    order = np.lexsort((events["trial"][found], events["center"][found]))
    centers, barriers = events["center"][found][order], events["barrier"][found][order]
    ids, starts, counts = np.unique(centers, return_index=True, return_counts=True)
    rows = np.searchsorted(results.atoms["id"], ids)
    table = []
    for number in EVENTS:
        for species in results.species_names:
            mine = (counts >= number) & results.species[species][rows]
            if mine.sum() < estimates.FEWEST:
                continue
            means = np.array([barriers[start:start + number].mean() for start in starts[mine]])
            table.append({"events": number, "species": species} | ranked(results.atoms["S"][rows[mine]], means))
    return table
