"""The summary of a study as text."""

from claims import claims

SPECIES = ("all", "Cu", "Zr")


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


def paper(summary):
    return table(["claim of the paper", "here", "holds"], claims(summary))


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
        for species in SPECIES:
            part = parts[species]
            row += [part["atoms"], f"{number(part['mean'])} +- {number(part['error'])}" if part["atoms"] else "-"]
        rows.append(row)
    return table(["initial motif", "atoms", "mean S", "Cu", "S of Cu", "Zr", "S of Zr"], rows)


def saturation(summary):
    part = summary["saturation"]
    names = {"all": "equal interval", "all_200": "200 samples over 0 .. t", "all_50": "50 samples over 0 .. t"}
    rows = [[label, number(part[name])] for name, label in names.items() if name in part]
    reached = ", ".join(f"{share:.0%} after {part[f'ps_to_{share}']:.3g} ps" for share in (0.9, 0.95, 0.99))
    return table([f"S(100 ps) / S({part['end_ps']:g} ps)", "ratio"], rows) + f"Equal interval: {reached}.\n"


def premise(summary):
    part = summary["premise"]
    rows = [[f"{values['time']:.4g} ps", *(number(values[f"{kind}_{species}"]) for kind in ("msd", "moved", "F")
                                          for species in ("Cu", "Zr"))] for values in (part["half"], part["end"])]
    text = table(["after", "MSD Cu (A^2)", "MSD Zr", "moved > 1.5 A Cu", "Zr", "F_s Cu", "F_s Zr"], rows)
    crossed = part["ps_to_1/e"]
    return text + (f"F_s of all atoms at q = {part['q_max']:.2f} 1/A "
                   + (f"falls below 1/e after {crossed:.3g} ps.\n" if crossed else "stays above 1/e.\n"))


def barriers(summary):
    rows = [[species, part["centres"], part["events"], f"{part['events'] / part['attempts']:.0%}",
             f"{part['mean']:.3f} ({interval(part['interval'])})", number(part["deviation"]),
             number(part["reliability"]), f"{part['new']:.0%}", f"{part['below_0.1_eV']:.0%}",
             f"{part['evaluations_per_event']:.0f}", number(part["seconds_per_event"], 1)]
            for species, part in summary["barriers"].items()]
    return table(["barriers", "centres", "events", "connected", "mean of atoms (eV)", "st. dev.", "reliability",
                  "new saddles", "< 0.1 eV", "evals/event", "CPU s/event"], rows)


def vibrations(summary):
    rows = [[species, part["atoms"], f"{part['I_BP']:.4g}", number(part["ln_I_BP"]), f"{part['J']:.4g}",
             f"{part['at_lower_edge']:.0%}"] for species, part in summary["vibrations"].items()]
    return table(["boson peak", "atoms", "I_BP (THz^-3)", "mean ln I_BP", "J (THz^-3)", "max. at lower edge"], rows)


def correlations(summary):
    rows = [[row["pair"], row["species"], row["n"], f"{signed(row['spearman'])} ({interval(row['spearman_interval'])})",
             f"{signed(row['pearson'])} ({interval(row['pearson_interval'])})",
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
    return table(["fields over (A)", "n", *map(str, lengths)], rows)


def motif_shares(summary):
    rows = []
    for definition, species in ((d, s) for d in summary["motif_shares"] for s in SPECIES):
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
        rows.append([name, *(f"{signed(cell['spearman'])} ({interval(cell['interval'])})" for cell in cells)])
    return table(["Spearman of", *(f"{target}, {species}" for target, species in columns)], rows)


def report(summary):
    study = summary["study"]
    head = (f"{study['atoms']} atoms, {study['samples']} samples in {study['hold_ps']:g} ps "
            f"({study['samples_variants']} for other definitions of the motif)\n")
    if "largest_difference_of_S" in study:
        head += f"S_i of the compute and from its dumped motifs: at most {study['largest_difference_of_S']:.1e} apart\n"
    parts = [paper, entropy, initial_motifs, saturation, premise]
    parts += [barriers] * bool(summary["barriers"]) + [vibrations] * bool(summary["vibrations"])
    if summary["correlations"]:
        parts += [correlations, groups, field_correlations]
    parts += [motif_shares] + [predictors] * bool(summary["predictors"])
    return "\n".join([head, *(part(summary) for part in parts)])
