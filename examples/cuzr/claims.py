"""The paper's claims, each with our number and a verdict: yes, no, or undecided within the noise.

What has an interval of 95 % (of the number itself, or of what chance gives) holds if the interval lies on the claim's
side; what has standard errors, if it is two of them away. The ratio of saturation and the rise of the GUM share (each
tenth at least that before less 0.01, the highest 1 % above the lowest) are taken as they are. From fewer than FEWEST
(20) atoms, or EVENTS events, no verdict is given: "too few".
"""

from ergodic.estimates import FEWEST

EVENTS = 100      # events behind the means of two species
LEVELLED = 0.95   # of the final mean S, reached at 0.1 ns
FIELD = 5         # Angstrom, the paper's length of coarse-graining


def sign_verdict(interval, expected):
    """yes if the interval lies on the expected side of 0, no if on the other, else undecided."""
    low, high = sorted(end * expected for end in interval)
    return "yes" if low > 0 else "no" if high < 0 else "undecided"


def yes(condition):
    return "yes" if condition else "no"


def saturation(summary):
    part = summary["saturation"]
    text = f"S(0.1 ns)/S({part['end_ps'] / 1000:g} ns) = {part.get('all', float('nan')):.3f}"
    yield f"mean S levels off within 0.1 ns (ratio above {LEVELLED})", text, \
        yes(part["all"] > LEVELLED) if part["end_ps"] > 100 else "too few"


def motif_order(summary):
    parts = {motif: part["all"] for motif, part in summary["initial_motifs"].items()}
    ordered = sorted(parts, key=lambda motif: parts[motif]["mean"])
    certain = all(parts[high]["mean"] - parts[low]["mean"] > 2 * (parts[low]["error"] ** 2 + parts[high]["error"] ** 2) ** 0.5
                  for low, high in (ordered[:2], ordered[-2:]))
    yield "full icosahedra have the lowest S, GUMs the highest", " < ".join(
        f"{motif} {parts[motif]['mean']:.2f}" for motif in (ordered[0], ordered[-1])), \
        yes((ordered[0], ordered[-1]) == ("<0,0,12,0>", "GUM")) if certain else "undecided"


def peaks(summary):
    cu, zr = summary["entropy"]["Cu"], summary["entropy"]["Zr"]
    difference, error = zr["peak"] - cu["peak"], (cu["peak_error"] ** 2 + zr["peak_error"] ** 2) ** 0.5
    yield "the distribution of Cu peaks at lower S than that of Zr", \
        f"{cu['peak']:.2f} and {zr['peak']:.2f}, difference {difference:.2f} +- {error:.2f}", \
        sign_verdict((difference - 2 * error, difference + 2 * error), 1)


def correlations(summary, pair, expected, claim):
    for row in summary["correlations"]:
        if row["pair"] == pair and row["species"] != "all":
            low, high = row["spearman_interval"]
            yield f"{claim}, {row['species']}", f"Spearman {row['spearman']:+.2f} ({low:+.2f} .. {high:+.2f})", \
                sign_verdict((low, high), expected) if row["n"] >= FEWEST else "too few"


def barriers(summary):
    yield from correlations(summary, "S, barrier", -1, "barriers fall with S")
    for row in summary["owners"]:
        if row["owner"] != "centre" and row["species"] != "all":
            low, high = row["interval"]
            yield f"the same, {row['owner']}, {row['species']}", f"Spearman {row['spearman']:+.2f} ({low:+.2f} .. {high:+.2f})", \
                sign_verdict((low, high), -1) if row["n"] >= FEWEST else "too few"
    for part in summary["barrier_differences"]:
        (low, high), (cu, zr) = part["interval"], part["means"]
        yield "barriers of Zr are higher than those of Cu", \
            f"{zr:.2f} and {cu:.2f} eV, difference {low:+.2f} .. {high:+.2f}", \
            sign_verdict((low, high), 1) if summary["barriers"]["all"]["events"] >= EVENTS else "too few"


def boson_peak(summary):
    yield from correlations(summary, "S, ln I_BP", 1, "I_BP rises with S")
    for row in summary["groups"]:
        if row["pair"] == "S, ln I_BP" and row["species"] != "all":
            yield f"the rise is exponential: means of bins fit ln I_BP better than I_BP, {row['species']}", \
                f"Pearson {row['pearson']:+.3f} and {row['pearson_linear']:+.3f}", \
                sign_verdict(row["gain_interval"], 1)


def overlap(summary):
    expected = {"S, barrier": -1, "S, barrier of all who take part": -1, "S, ln I_BP": 1, "barrier, ln I_BP": -1}
    for row in summary["fields"]:
        if row["length"] == FIELD and row["means"] == "species means removed":
            low, high = row["band"]
            beyond = abs(row["pearson"]) > max(abs(low), abs(high))
            yield f"fields over {FIELD} A overlap: {row['pair']}", \
                f"Pearson {row['pearson']:+.2f}, by chance {low:+.2f} .. {high:+.2f}", \
                sign_verdict([row["pearson"]] * 2, expected[row["pair"]]) if beyond else "undecided"


def unfavoured(summary):
    for definition, species in ((d, s) for d in summary["motif_shares"] for s in ("all", "Cu", "Zr")):
        shares = list(summary["motif_shares"][definition][species]["GUM"].values())
        deciles = shares[1:-1]
        yield f"GUM share rises with S ({definition}), {species}", \
            f"{deciles[0]:.2f} to {deciles[-1]:.2f}, extreme 1 % {shares[0]:.2f} and {shares[-1]:.2f}", \
            yes(all(a <= b + 0.01 for a, b in zip(deciles, deciles[1:])) and shares[0] < shares[-1])


def claims(summary):
    """(claim, our number, verdict) of every claim that the stages which have run can decide."""
    rows = [*saturation(summary), *motif_order(summary), *peaks(summary)]
    if summary["barriers"]:
        rows += barriers(summary)
    if summary["vibrations"]:
        rows += boson_peak(summary)
    return [*rows, *overlap(summary), *unfavoured(summary)]
