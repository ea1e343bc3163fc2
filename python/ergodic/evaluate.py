"""All numbers of a study from its compact results (see collect.py), for any species."""

import itertools

import numpy as np

from ergodic import estimates, fields, motifs
from ergodic.owners import barriers_by_owner, from_table
from ergodic.predictors import events_needed, predicted, predictors, ranked, with_pair_entropy
from ergodic.progress import track

SATURATION = 100.0                    # ps; the paper's bound on the time at which S levels off
LENGTHS = (0, 2, 3, 4, 5, 6, 8, 10)   # Angstrom; over which fields are coarse-grained
SHIFTS = 200                          # of one field against the other
SHORTEST = max(LENGTHS)              # Angstrom; of these shifts, so that a field does not meet itself
BIN = 0.0025                          # share of all atoms in a bin of Figure 4, as in the paper


# ------------------------------------------------------------------------------------------------------ the hold itself

def entropy_by_species(results):
    entropy = results.atoms["S"]
    grid = np.linspace(0, entropy.max() * 1.1, 800)
    table = {}
    for label, mine in results.species.items():
        position, error = estimates.peak(entropy[mine], grid)
        halves = estimates.pearson(results.atoms["S_half1"][mine], results.atoms["S_half2"][mine])
        table[label] = {
            "atoms": int(mine.sum()), "mean": entropy[mine].mean(), "deviation": entropy[mine].std(),
            "corrected": results.atoms["S_corrected"][mine].mean(), "peak": position, "peak_error": error,
            "first_half": results.atoms["S_half1"][mine].mean(), "second_half": results.atoms["S_half2"][mine].mean(),
            "halves": halves, "reliability": estimates.whole_from_half(halves)}
    return table


def saturation(results):
    table = results.table("time.csv")
    times = table["time"]
    values = {"end_ps": times[-1]}
    for name in ("all", "all_200", "all_50"):
        if name in table:
            known = np.isfinite(table[name])
            early = np.interp(SATURATION, times[known], table[name][known], left=np.nan)   # too few samples by then
            if np.isfinite(early):
                values[name] = early / table[name][known][-1]
    for share in (0.9, 0.95, 0.99):
        values[f"ps_to_{share}"] = times[np.argmax(table["all"] >= share * table["all"][-1])]
    return values


def by_initial_motif(results):
    groups = {}
    initial, entropy = results.initial_motifs, results.atoms["S"]
    labels = np.where(motifs.favoured(initial), [motifs.name(motif) for motif in initial], "GUM")
    for label in results.table("initial_motifs.csv")["motif"][:6]:
        row = groups[label] = {}
        for species, mine in results.species.items():
            values = entropy[mine & (labels == label)]
            row[species] = {"atoms": len(values), "mean": values.mean() if len(values) else float("nan"),
                            "error": values.std() / np.sqrt(len(values)) if len(values) else float("nan")}
    return groups


def premise(results):
    table = results.table("dynamics.csv")
    end = {name: values[-1] for name, values in table.items()}
    half = np.argmin(np.abs(table["time"] - 0.5 * end["time"]))
    below = table["F_all"] < np.exp(-1)
    return {"q_max": results.study["q_max"], "end": end, "half": {name: values[half] for name, values in table.items()},
            "ps_to_1/e": table["time"][below][0] if below.any() else None}


# ------------------------------------------------------------------------------------------------- barriers, vibrations

def barriers(results):
    events = results.table("events.csv.gz")
    lists = results.barriers_by_centre()
    table = {}
    for label, mine in results.species.items():
        means = results.atoms["barrier"][mine & results.centres]
        if not means.size:
            continue
        ids = results.atoms["id"][mine & results.centres]
        rows = np.isin(events["center"], results.atoms["id"][mine])
        found = rows & (events["status"] == "success")
        table[label] = {
            "centres": len(ids), "events": int(found.sum()), "attempts": int(rows.sum()),
            "mean": means.mean(), "interval": estimates.mean_interval(means), "deviation": means.std(),
            "reliability": estimates.reliability_of_means([lists[atom] for atom in ids]),
            "new": float((events["same_as"][found] == 0).mean()),
            "below_0.1_eV": float((events["barrier"][found] < 0.1).mean()),
            "evaluations_per_event": events["evals_total"][rows].sum() / found.sum(),
            "seconds_per_event": events["seconds"][rows].sum() / found.sum()}
    return table


def barrier_differences(results):
    """Mean barrier of each later species less that of an earlier one: rows of means and interval."""
    rows = []
    found = {name: results.atoms["barrier"][results.species[name] & results.centres] for name in results.species_names}
    for low, high in itertools.combinations([name for name, values in found.items() if values.size], 2):
        rows.append({"species": [low, high], "means": [found[low].mean(), found[high].mean()],
                     "interval": estimates.difference_interval(found[high], found[low])})
    return rows


def vibrations(results):
    lowest = results.atoms["f_max"].min()
    return {label: {"atoms": int(mine.sum()), "I_BP": results.atoms["I_BP"][mine].mean(),
                    "ln_I_BP": results.log_intensity[mine].mean(), "J": results.atoms["J"][mine].mean(),
                    "at_lower_edge": float((results.atoms["f_max"][mine] <= lowest).mean())}
            for label, mine in results.species.items()}


# --------------------------------------------------------------------------------------------------------- correlations

def pairs(results):
    """(name, reliability of y by species or None, x, y, mask) of what the paper relates."""
    atoms = results.atoms
    everyone = atoms["type"] > 0
    if results.has_barriers:
        yield "S, barrier", atoms["S"], atoms["barrier"], results.centres
    if "barrier_all" in atoms:
        yield "S, barrier of all who take part", atoms["S"], atoms["barrier_all"], np.isfinite(atoms["barrier_all"])
    if results.has_vibrations:
        yield "S, ln I_BP", atoms["S"], results.log_intensity, everyone
        yield "S, ln J", atoms["S"], np.log(atoms["J"]), everyone
    if results.has_barriers and results.has_vibrations:
        yield "barrier, ln I_BP", results.log_intensity, atoms["barrier"], results.centres


def correlations(results, entropy, barrier):
    reliabilities = {"S": entropy, "barrier": barrier}
    table = []
    for name, x, y, known in pairs(results):
        for label, mine in results.species.items():
            chosen = mine & known
            row = {"pair": name, "species": label} | estimates.correlation(x[chosen], y[chosen])
            noise = [reliabilities[part][label]["reliability"] for part in name.split(", ")
                     if label in reliabilities.get(part, {})]
            row["spearman_without_noise"] = estimates.without_noise(row["spearman"], *noise)
            table.append(row)
    return table


def grouped(results):
    """Correlations of the means over groups of atoms sorted by S, as in Figures 3C and 4C."""
    atoms, table = results.atoms, []
    for label, mine in results.species.items():
        chosen = mine & results.centres if results.has_barriers and label != "all" else mine & False
        if chosen.sum() >= estimates.FEWEST:
            size = estimates.group_size(chosen.sum())
            s, y = estimates.group_means(atoms["S"][chosen], atoms["S"][chosen], atoms["barrier"][chosen], size=size)
            table.append({"pair": "S, barrier", "species": label, "size": size, "groups": len(s),
                          "pearson": estimates.pearson(s, y)})
        if results.has_vibrations:
            size = max(round(BIN * len(mine)), 5)
            s, y = estimates.group_means(atoms["S"][mine], atoms["S"][mine], atoms["I_BP"][mine], size=size)
            gain = estimates.pearson_draws(s, np.log(y)) - estimates.pearson_draws(s, y)
            table.append({"pair": "S, ln I_BP", "species": label, "size": size, "groups": len(s),
                          "pearson": estimates.pearson(s, np.log(y)), "pearson_linear": estimates.pearson(s, y),
                          "gain_interval": estimates.middle(gain)})
    return table


# --------------------------------------------------------------------------------------------------------------- fields

def without_species_means(results, values, known):
    values = np.array(values, dtype=float)
    for name in results.species_names:
        mine = known & results.species[name]
        if mine.any():
            values[mine] -= values[mine].mean()
    return values


def field_pairs(results):
    """Those pairs whose first quantity is known for all atoms: it can be moved as a whole."""
    return [row for row in pairs(results) if "J" not in row[0] and np.isfinite(row[1]).all() and row[3].sum() >= estimates.FEWEST]


def field_correlations(results):
    """Correlation of two coarse-grained fields at the atoms that have both, against the length of coarse-graining.

    S and I_BP are known for all atoms, barriers for the central ones only. The band is where 95 % of the coefficients
    lie when S (or I_BP) is moved as a whole against the other field, which changes neither field's correlation with
    itself.
    """
    chosen = field_pairs(results)
    if not chosen or not results.box.periodic.all():
        return []
    partners = shifted_partners(results)
    everyone = results.species["all"]
    lengths = [length * results.units.length for length in LENGTHS]
    table = []
    for name, x, y, known in track(chosen, "fields"):
        kept = {"raw": (x, y), "species means removed": (without_species_means(results, x, everyone),
                                                         without_species_means(results, y, known))}
        places = results.positions[known]
        columns = np.concatenate([[moving, *moving[partners]] for moving, _ in kept.values()]).T
        smooth = fields.coarse_grained(places, results.positions, columns, results.box, lengths)
        targets = fields.coarse_grained(places, places, np.stack([target[known] for _, target in kept.values()], axis=1),
                                        results.box, lengths)
        for number, means in enumerate(kept):
            mine = slice(number * (1 + SHIFTS), (number + 1) * (1 + SHIFTS))
            for length, field, target in zip(lengths, smooth, targets):
                values = [estimates.pearson(column, target[:, number]) for column in field[:, mine].T]
                table.append({"pair": name, "means": means, "length": length, "n": len(places), "pearson": values[0],
                              "band": estimates.middle(np.array(values[1:]))})
    return table


def shifted_partners(results):
    """For each of SHIFTS random vectors, the atom of its species that is nearest to where each atom would be moved."""
    rng = np.random.default_rng(estimates.SEED)
    shortest = min(SHORTEST * results.units.length, 0.4 * results.box.edges.min())
    shifts = []
    while len(shifts) < SHIFTS:
        shift = rng.uniform(-0.5, 0.5, 3) @ results.box.vectors
        if np.linalg.norm(shift) >= shortest:
            shifts.append(shift)
    partners = np.empty((SHIFTS, len(results.atoms["id"])), dtype=int)
    for name in results.species_names:
        mine = np.flatnonzero(results.species[name])
        if not mine.size:
            continue
        places = results.positions[mine]
        numbers = fields.nearest_atoms(places, results.box)
        for row, shift in zip(partners, shifts):
            row[mine] = mine[fields.moved(places, numbers, results.box, shift)]
    return partners


# --------------------------------------------------------------------------------------------------------------- motifs

def motif_shares(results):
    """Shares of GUMs and of pentagons in the extreme groups and deciles of S."""
    table = results.table("motif_shares.csv")
    shares = {}
    for definition, species, group, motif, share in zip(*table.values()):
        if motif in ("GUM", "pentagons"):
            shares.setdefault(str(definition), {}).setdefault(str(species), {}).setdefault(
                str(motif), {})[str(group)] = float(share)
    return shares


# -------------------------------------------------------------------------------------------------------------- summary

def owned_barriers(results):
    """{owner: Barriers}: collected, or of the event table."""
    if results.has_table("owners.csv.gz"):
        return from_table(results.table("owners.csv.gz"))
    return barriers_by_owner(results.table("events.csv.gz"), None, results.units.length)


def owners(results):
    """Spearman coefficients of S with mean and lowest barriers of each owner of events (see owners.py), by species."""
    rows = []
    for owner, found in owned_barriers(results).items():
        known = np.isin(results.atoms["id"], found.ids)
        values = np.full((2, len(known)), np.nan)
        values[:, known] = found.means, found.lowest
        for label, mine in results.species.items():
            means, lowest = (part[mine & np.isfinite(part)] for part in values)
            row = {"owner": owner, "species": label, "events": int(found.counts[mine[known]].sum()),
                   "mean": float(means.mean()) if means.size else float("nan"),
                   "error": float(np.nanmean(found.errors[mine[known]])) if np.isfinite(found.errors[mine[known]]).any() else float("nan"),
                   "lowest": float(lowest.mean()) if lowest.size else float("nan")}
            row |= ranked(results.atoms["S"][mine & np.isfinite(values[0])], means)
            of_lowest = ranked(results.atoms["S"][mine & np.isfinite(values[1])], lowest)
            rows.append(row | {f"lowest_{name}": value for name, value in of_lowest.items()})
    return rows


def evaluate(results):
    entropy = entropy_by_species(results)
    barrier = barriers(results) if results.has_barriers else {}
    atoms = with_pair_entropy(results)
    return {"study": results.study, "entropy": entropy, "saturation": saturation(results),
            "initial_motifs": by_initial_motif(results), "premise": premise(results), "barriers": barrier,
            "barrier_differences": barrier_differences(results) if barrier else [],
            "owners": owners(results) if barrier else [],
            "vibrations": vibrations(results) if results.has_vibrations else {},
            "correlations": correlations(results, entropy, barrier), "groups": grouped(results),
            "fields": field_correlations(results), "motif_shares": motif_shares(results),
            "predictors": predictors(results, atoms), "predicted": predicted(results, atoms),
            "events_needed": events_needed(results) if barrier else []}
