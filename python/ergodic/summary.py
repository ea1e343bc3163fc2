"""The summary of a study as text."""

from ergodic.dynamics import MOVED
from ergodic.estimates import FEWEST
from ergodic.units import UNITS, plain


def units_of(summary):
    return UNITS.get(summary["study"].get("units"), UNITS["metal"])


def species_of(summary):
    """Names of the species, without "all"."""
    return [name for name in summary["entropy"] if name != "all"]


def table(head, rows):
    """Columns aligned: the first to the left, the others to the right; empty lines around."""
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(head))]
    lines = ["  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))])
             for row in cells]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def number(value, digits=3):
    return "-" if value is None or value != value else f"{value:.{digits}f}"


def signed(value):
    return "-" if value != value else f"{value:+.2f}"


def interval(values, digits=2):
    return f"{number(values[0], digits)} .. {number(values[1], digits)}"


def coefficient(atoms, value, ends):
    """A coefficient with its interval, if there are enough atoms behind it."""
    return f"{signed(value)} ({interval(ends)})" if atoms >= FEWEST else "too few"


def entropy(summary):
    rows = [[species, part["atoms"], number(part["mean"]), number(part["deviation"]), number(part["corrected"]),
             f"{part['peak']:.2f} +- {part['peak_error']:.2f}", number(part["first_half"]), number(part["second_half"]),
             number(part["reliability"])] for species, part in summary["entropy"].items()]
    return table(["S (nats)", "atoms", "mean", "st. dev.", "M.-Madow", "peak of P(S)", "1st half", "2nd half",
                  "reliability"], rows)


def initial_motifs(summary):
    rows = []
    for motif, parts in summary["initial_motifs"].items():
        row = [motif]
        for part in parts.values():
            row += [part["atoms"], f"{number(part['mean'])} +- {number(part['error'])}" if part["atoms"] else "-"]
        rows.append(row)
    heads = [head for name in species_of(summary) for head in (name, f"S of {name}")]
    return table(["initial motif", "atoms", "mean S", *heads], rows)


def saturation(summary):
    part = summary["saturation"]
    names = {"all": "equal interval", "all_200": "200 samples over 0 .. t", "all_50": "50 samples over 0 .. t"}
    rows = [[label, number(part[name])] for name, label in names.items() if name in part]
    reached = ", ".join(f"{share:.0%} after {part[f'ps_to_{share}']:.3g} {plain(units_of(summary).time)}"
                        for share in (0.9, 0.95, 0.99))
    time = plain(units_of(summary).time)
    return table([f"S(100 {time}) / S({part['end_ps']:g} {time})", "ratio"], rows) + f"Equal interval: {reached}.\n"


def premise(summary):
    part, names, units = summary["premise"], species_of(summary), units_of(summary)
    time, distance = plain(units.time), plain(units.distance)
    rows = [[f"{values['time']:.4g} {time}", *(number(values[f"{kind}_{name}"]) for kind in ("msd", "moved", "F")
                                               for name in names)] for values in (part["half"], part["end"])]
    heads = [f"MSD {names[0]} ({distance}^2)", *(f"MSD {name}" for name in names[1:]),
             f"moved > {MOVED * units.length:g} {distance} {names[0]}", *names[1:], *(f"F_s {name}" for name in names)]
    crossed = part["ps_to_1/e"]
    return table(["after", *heads], rows) + (f"F_s of all atoms at q = {part['q_max']:.2f} 1/{distance} " + (
        f"falls below 1/e after {crossed:.3g} {time}.\n" if crossed else "stays above 1/e.\n"))


def barriers(summary):
    rows = [[species, part["centres"], part["events"], f"{part['events'] / part['attempts']:.0%}",
             f"{part['mean']:.3f} ({interval(part['interval'])})", number(part["deviation"]),
             number(part["reliability"]), f"{part['new']:.0%}", f"{part['below_0.1_eV']:.0%}",
             f"{part['evaluations_per_event']:.0f}", number(part["seconds_per_event"], 1)]
            for species, part in summary["barriers"].items()]
    energy = plain(units_of(summary).energy)
    return table(["barriers", "centres", "events", "connected", f"mean of atoms ({energy})", "st. dev.", "reliability",
                  "new saddles", f"< 0.1 {energy}", "evals/event", "CPU s/event"], rows)


def owners(summary):
    rows = [[row["owner"], row["species"], row["n"], row["events"], number(row["mean"]), number(row["error"]),
             coefficient(row["n"], row["spearman"], row["interval"]), number(row["lowest"]),
             coefficient(row["lowest_n"], row["lowest_spearman"], row["lowest_interval"])] for row in summary["owners"]]
    return table(["barriers by owner of an event", "species", "atoms", "events", f"mean ({plain(units_of(summary).energy)})",
                  "error of an atom", "Spearman with S (95 %)", "lowest", "Spearman with S (95 %)"], rows)


def events_needed(summary):
    names = species_of(summary)
    found = {(row["events"], row["species"]): row for row in summary["events_needed"]}
    rows = []
    for events in dict.fromkeys(row["events"] for row in summary["events_needed"]):
        row = [events]
        for name in names:
            cell = found.get((events, name))
            row += [cell["n"], coefficient(cell["n"], cell["spearman"], cell["interval"])] if cell else [0, "too few"]
        rows.append(row)
    return table(["events of an atom", *(head for name in names for head in (f"{name} atoms", "S, their mean barrier"))], rows)


def predicted(summary):
    """Indicators in the order of what they predict alone (mean of |coefficient| over species), for every target."""
    names, parts = species_of(summary), []
    for target in dict.fromkeys(row["target"] for row in summary["predicted"]):
        mine = {(row["predictor"], row["species"]): row for row in summary["predicted"] if row["target"] == target}
        species = [name for name in names if any(key[1] == name for key in mine)]
        strength = {}
        for (label, _), row in mine.items():
            strength.setdefault(label, []).append(abs(row.get("spearman", 0.0) or 0.0))
        order = sorted(strength, key=lambda label: -sum(strength[label]) / len(strength[label]))
        rows = []
        for label in order:
            cells = [mine[label, name] for name in species if (label, name) in mine]
            row = [label]
            for cell in cells:
                row += [coefficient(cell["n"], cell["spearman"], cell["interval"]) if "spearman" in cell else "",
                        coefficient(cell["n"], cell["cross_validated"], cell["cross_validated_interval"])]
            rows.append(row)
        heads = [head for name in species for head in (f"{name}, alone", f"{name}, linear fit with S")]
        parts.append(table([f"what predicts: {target}", *heads], rows))
    return "\n".join(parts) + "Linear fits of ranks, each atom predicted by a fit to the other nine tenths.\n"


def vibrations(summary):
    rows = [[species, part["atoms"], f"{part['I_BP']:.4g}", number(part["ln_I_BP"]), f"{part['J']:.4g}",
             f"{part['at_lower_edge']:.0%}"] for species, part in summary["vibrations"].items()]
    unit = plain(units_of(summary).frequency).replace("1/", "")
    power = "THz^-3" if unit == "THz" else f"{unit}^3"
    return table(["boson peak", "atoms", f"I_BP ({power})", "mean ln I_BP", f"J ({power})", "max. at lower edge"], rows)


def correlations(summary):
    rows = [[row["pair"], row["species"], row["n"], coefficient(row["n"], row["spearman"], row["spearman_interval"]),
             coefficient(row["n"], row["pearson"], row["pearson_interval"]),
             number(row["spearman_without_noise"], 2)] for row in summary["correlations"]]
    return table(["correlation of", "species", "n", "Spearman (95 %)", "Pearson (95 %)", "Spearman, noise-corrected"], rows)


def groups(summary):
    rows = [[row["pair"], row["species"], row["groups"], row["size"], signed(row["pearson"]),
             signed(row["pearson_linear"]) if "pearson_linear" in row else "-"] for row in summary["groups"]]
    return table(["means of groups by S", "species", "groups", "atoms each", "Pearson", "with I_BP, not ln"], rows)


def field_correlations(summary):
    lengths = sorted({row["length"] for row in summary["fields"]})
    rows = []
    for pair, means in dict.fromkeys((row["pair"], row["means"]) for row in summary["fields"]):
        mine = {row["length"]: row for row in summary["fields"] if (row["pair"], row["means"]) == (pair, means)}
        rows.append([f"{pair}, {means}", mine[lengths[0]]["n"], *(signed(mine[length]["pearson"]) for length in lengths)])
        rows.append(["  95 % of one field shifted: +-", "",
                     *(f"{max(map(abs, mine[length]['band'])):.2f}" for length in lengths)])
    return table([f"fields over ({plain(units_of(summary).distance)})", "n", *(f"{length:g}" for length in lengths)], rows)


def motif_shares(summary):
    rows = []
    for definition, species in ((d, s) for d in summary["motif_shares"] for s in summary["entropy"]):
        for motif, shares in summary["motif_shares"][definition][species].items():
            rows.append([f"{motif}, {definition}", species, *(number(share, 2) for share in shares.values())])
    shares = next(iter(summary["motif_shares"].values()))["all"]["GUM"]
    return table(["share by decile of S", "species", *shares], rows)


def predictors(summary):
    columns = list(dict.fromkeys((row["target"], row["species"]) for row in summary["predictors"]))
    found = {(row["predictor"], row["target"], row["species"]): row for row in summary["predictors"]}
    names = dict.fromkeys(row["predictor"] for row in summary["predictors"])
    rows = []
    for name in names:
        cells = [found[name, *column] for column in columns]
        rows.append([name, *(coefficient(cell["n"], cell["spearman"], cell["interval"]) for cell in cells)])
    return table(["Spearman of", *(f"{target}, {species}" for target, species in columns)], rows)


def report(summary, claims=()):
    """The whole summary; `claims` are rows (claim, here, holds) of the table that it begins with, if there are any."""
    study, time = summary["study"], plain(units_of(summary).time)
    head = (f"{study['atoms']} atoms, {study['samples']} samples in {study['hold_ps']:g} {time} "
            f"({study['samples_variants']} for other definitions of the motif)\n")
    if "largest_difference_of_S" in study:
        head += f"S_i of the compute and from its dumped motifs: at most {study['largest_difference_of_S']:.1e} apart\n"
    parts = [entropy, initial_motifs, saturation, premise]
    parts += [barriers, owners] * bool(summary["barriers"]) + [events_needed] * bool(summary["events_needed"])
    parts += [vibrations] * bool(summary["vibrations"])
    if summary["correlations"]:
        parts += [correlations, groups]
    parts += [field_correlations] * bool(summary["fields"])
    parts += [motif_shares] + [predictors] * bool(summary["predictors"])
    paper = [table(["claim of the paper", "here", "holds"], claims)] if claims else []
    parts += [predicted] * bool(summary["predicted"])
    return "\n".join([head, *paper, *(part(summary) for part in parts)])
