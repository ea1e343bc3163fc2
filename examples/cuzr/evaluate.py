#!/usr/bin/env python3
"""All numbers of a study from its compact results (see collect.py).

    python evaluate.py [results] [--readme README.md]

Writes summary.json and summary.txt beside the tables and prints the latter; with --readme, also puts it into the block of
that page that follows <!-- results/NAME/summary.txt -->, NAME being the name of the folder.
"""

import argparse
import pathlib
import re

import numpy as np

import estimates
import fields
import motifs
from report import report
from results import Results
from tables import write_json

SATURATION = 100.0                    # ps; the paper's bound on the time at which S levels off
LENGTHS = (0, 2, 3, 4, 5, 6, 8, 10)   # Angstrom; over which fields are coarse-grained
SHIFTS = 200                          # of one field against the other
SHORTEST = max(LENGTHS)              # Angstrom; of these shifts, so that a field does not meet itself
BIN = 0.0025                          # share of all atoms in a bin of Figure 4, as in the paper

# What could predict barriers and boson peaks: column of atoms.csv.gz, or a function of it.
PREDICTORS = {
    "S, whole hold": "S", "S, Miller-Madow": "S_corrected", "S, first half": "S_half1", "S, second half": "S_half2",
    "S, 100 ps": "S_100ps", "S, 10 ps": "S_10ps",
    "S, sampled like the next three": "S_plain", "S, faces above 1 %": "S_faces", "S, edges above threshold": "S_edges",
    "S, radical": "S_radical",
    "favoured share of the hold": "favoured", "pentagon share of the hold": "pentagons",
    "0 K: favoured": lambda atoms: initial_motifs(atoms, "initial_", motifs.favoured),
    "0 K: favoured, faces above 1 %": lambda atoms: initial_motifs(atoms, "initial_faces_", motifs.favoured),
    "0 K: pentagon share": lambda atoms: initial_motifs(atoms, "initial_", motifs.pentagons),
    "0 K: volume": "initial_volume", "0 K: coordination": "initial_faces",
}


def initial_motifs(atoms, prefix, property_of):
    return property_of(motifs.pack([atoms[prefix + order] for order in motifs.ORDERS])).astype(float)


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


def barrier_difference(results):
    """Mean barrier of Zr less that of Cu, if there are both."""
    copper, zirconium = (results.atoms["barrier"][results.species[name] & results.centres] for name in ("Cu", "Zr"))
    if not (copper.size and zirconium.size):
        return {}
    return {"Cu": copper.mean(), "Zr": zirconium.mean(), "interval": estimates.difference_interval(zirconium, copper)}


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
        if results.has_barriers and label != "all":
            chosen = mine & results.centres
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
    for kind in motifs.SPECIES:
        mine = known & (results.atoms["type"] == kind)
        values[mine] -= values[mine].mean()
    return values


def field_correlations(results):
    """Correlation of two coarse-grained fields at the atoms that have both, against the length of coarse-graining.

    S and I_BP are known for all atoms, barriers for the central ones only. The band is where 95 % of the coefficients lie
    when S (or I_BP) is moved as a whole against the other field, which changes neither field's correlation with itself.
    """
    partners = shifted_partners(results)
    table = []
    for name, x, y, known in pairs(results):
        if "J" in name:
            continue
        everyone = np.isfinite(x)
        for kept, prepare in (("raw", lambda values, _: values),
                              ("species means removed", lambda values, mask: without_species_means(results, values, mask))):
            x_ready, y_ready = prepare(x, everyone)[everyone], prepare(y, known)[known]
            columns = np.stack([x_ready, *x_ready[partners]], axis=1)
            places = results.positions[known]
            for length in LENGTHS:
                smooth = fields.coarse_grained(places, results.positions[everyone], columns, results.edges, length)
                target = fields.coarse_grained(places, places, y_ready, results.edges, length)[:, 0]
                values = [estimates.pearson(column, target) for column in smooth.T]
                table.append({"pair": name, "means": kept, "length": length, "n": len(places), "pearson": values[0],
                              "band": np.percentile(values[1:], [2.5, 97.5]).tolist()})
    return table


def shifted_partners(results):
    """For each of SHIFTS random vectors, the atom of its species that is nearest to where each atom would be moved."""
    rng = np.random.default_rng(estimates.SEED)
    shifts = []
    while len(shifts) < SHIFTS:
        shift = rng.uniform(-0.5, 0.5, 3) * results.edges
        if np.linalg.norm(shift) >= SHORTEST:
            shifts.append(shift)
    partners = np.empty((SHIFTS, len(results.atoms["id"])), dtype=int)
    for kind in motifs.SPECIES:
        mine = np.flatnonzero(results.atoms["type"] == kind)
        places = results.positions[mine]
        numbers = fields.nearest_atoms(places, results.edges)
        for row, shift in zip(partners, shifts):
            row[mine] = mine[fields.moved(places, numbers, results.edges, shift)]
    return partners


# --------------------------------------------------------------------------------------------------- motifs, predictors

def motif_shares(results):
    """Shares of GUMs and of pentagons in the extreme groups and deciles of S."""
    table = results.table("motif_shares.csv")
    shares = {}
    for definition, species, group, motif, share in zip(*table.values()):
        if motif in ("GUM", "pentagons"):
            shares.setdefault(str(definition), {}).setdefault(str(species), {}).setdefault(
                str(motif), {})[str(group)] = float(share)
    return shares


def predictors(results):
    targets = {}
    if results.has_barriers:
        targets["barrier"] = results.atoms["barrier"], results.centres
    if results.has_vibrations:
        targets["ln I_BP"] = results.log_intensity, results.atoms["type"] > 0
    table = []
    for label, source in PREDICTORS.items():
        if isinstance(source, str) and source not in results.atoms:
            continue
        x = results.atoms[source].astype(float) if isinstance(source, str) else source(results.atoms)
        for target, (y, known) in targets.items():
            for species in motifs.SPECIES.values():
                chosen = known & results.species[species] & np.isfinite(x)
                rx, ry = estimates.ranks(x[chosen]), estimates.ranks(y[chosen])
                table.append({"predictor": label, "target": target, "species": species, "n": int(chosen.sum()),
                              "spearman": estimates.pearson(rx, ry), "interval": estimates.pearson_interval(rx, ry)})
    return table


# -------------------------------------------------------------------------------------------------------------- summary

def evaluate(results):
    entropy = entropy_by_species(results)
    barrier = barriers(results) if results.has_barriers else {}
    summary = {"study": results.study, "entropy": entropy, "saturation": saturation(results),
               "initial_motifs": by_initial_motif(results), "premise": premise(results), "barriers": barrier,
               "barrier_difference": barrier_difference(results) if barrier else {},
               "vibrations": vibrations(results) if results.has_vibrations else {},
               "correlations": correlations(results, entropy, barrier), "groups": grouped(results),
               "fields": field_correlations(results), "motif_shares": motif_shares(results),
               "predictors": predictors(results)}
    return summary


def quote(page, name, text):
    """Replaces the summary of that name in a page."""
    pattern = rf"(<!-- results/{re.escape(name)}/summary.txt -->\n```\n).*?(```\n)"
    old = page.read_text()
    if not re.search(pattern, old, re.DOTALL):
        raise SystemExit(f"{page} has no block for results/{name}/summary.txt")
    page.write_text(re.sub(pattern, lambda found: found[1] + text + found[2], old, flags=re.DOTALL))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", nargs="?", default="results", type=pathlib.Path)
    parser.add_argument("--readme", type=pathlib.Path)
    options = parser.parse_args()
    summary = evaluate(Results(options.results))
    write_json(options.results / "summary.json", summary)
    text = report(summary)
    (options.results / "summary.txt").write_text(text)
    print(text, end="")
    if options.readme:
        quote(options.readme, options.results.resolve().name, text)


if __name__ == "__main__":
    main()
