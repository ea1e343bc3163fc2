"""What is in a folder becomes figures and a summary."""

import numpy as np

from ergodic import estimates
from ergodic.estimates import FEWEST
from ergodic.evaluate import evaluate
from ergodic.figures import checks, distributions, entropy, maps, motifs, pairs
from ergodic.figures.style import set_style
from ergodic.owners import barriers_by_owner
from ergodic.reading import load_results, read_folder
from ergodic.soft import write_dump
from ergodic.summary import interval, number, report, signed, table
from ergodic.tables import write_json


def study_figures(results, summary):
    """(name, function that draws it into a path) of all figures of a study that its stages allow."""
    yield "histories", lambda path: entropy.draw_histories(results, path)
    yield "entropy", lambda path: entropy.draw_distribution(results, path)
    if results.has_barriers:
        yield "entropy-barriers", lambda path: pairs.draw_barriers(results, path)
        if "events.csv.gz" in results.tables:
            yield "barriers", lambda path: distributions.draw_barriers(results, path)
    if results.has_vibrations:
        yield "entropy-vibrations", lambda path: pairs.draw_vibrations(results, path)
        yield "vibrations", lambda path: distributions.draw_vibrations(results, path)
    yield "maps", lambda path: maps.draw_fields(results, path, summary["fields"])
    yield "motifs", lambda path: motifs.draw_shares(results, path)
    if any(row["n"] >= FEWEST for row in summary["predictors"]):
        yield "predictors", lambda path: checks.draw_predictors(results, summary, path)
    yield "dynamics", lambda path: checks.draw_dynamics(results, path)


def report_study(folder, out=None, form="png", species=None):
    """Summary, figures and atoms.dump of the compact results of a study. Returns the text of the summary."""
    out = out or folder
    out.mkdir(parents=True, exist_ok=True)
    results = load_results(folder, species)
    summary = evaluate(results)
    text = report(summary)
    write_json(out / "summary.json", summary, digits=6)
    (out / "summary.txt").write_text(text)
    set_style()
    for name, draw in study_figures(results, summary):
        draw(out / f"{name}.{form}")
    write_dump(out / "atoms.dump", results)
    return text


# ----------------------------------------------------------------------------------------------------------- any folder

def glass_figures(glass):
    """(name, function that draws it into a path) of all figures that files allow."""
    if "S" in glass:
        yield "entropy", lambda path: entropy.draw_entropy(glass, path)
    if glass.has_barriers:
        yield "barriers", lambda path: distributions.draw_barriers(glass, path)
    if glass.has_vibrations or "spectrum" in glass.tables:
        yield "vibrations", lambda path: distributions.draw_vibrations(glass, path)
    if glass.has_positions and list(maps.shown_fields(glass)):
        yield "maps", lambda path: maps.draw_fields(glass, path)
    if "S" in glass and glass.has_barriers:
        yield "entropy-barriers", lambda path: pairs.draw_barriers(glass, path)
    if "S" in glass and glass.has_vibrations:
        yield "entropy-vibrations", lambda path: pairs.draw_vibrations(glass, path)


def means_text(glass):
    rows = []
    for label, mine in glass.species.items():
        row = [label, int(mine.sum())]
        for name in ("S", "barrier", "I_BP", "J"):
            if name in glass:
                values = glass.atoms[name][mine]
                values = values[np.isfinite(values)]
                row += [len(values), f"{values.mean():.4g}" if len(values) >= FEWEST else "too few"]
        rows.append(row)
    heads = [head for name in ("S", "barrier", "I_BP", "J") if name in glass for head in ("known", f"mean {name}")]
    return table(["species", "atoms", *heads], rows)


def correlations_text(glass):
    """Spearman coefficients with 95 % intervals of what is known of the same atoms."""
    quantities = {name: glass.atoms[name] for name in ("S", "barrier", "I_BP") if name in glass}
    names, rows = list(quantities), []
    for k, first in enumerate(names):
        for second in names[k + 1:]:
            known = np.isfinite(quantities[first]) & np.isfinite(quantities[second])
            for label, mine in glass.species.items():
                x, y = (quantities[name][known & mine] for name in (first, second))
                if len(x) < FEWEST:
                    rows.append([f"{first}, {second}", label, len(x), "too few"])
                    continue
                values = estimates.correlation(x, y)
                rows.append([f"{first}, {second}", label, len(x),
                             f"{signed(values['spearman'])} ({interval(values['spearman_interval'])})"])
    return table(["correlation of", "species", "atoms", "Spearman (95 %)"], rows) if rows else ""


def owners_text(glass):
    """Mean barriers by owner of an event and species."""
    if "events.csv.gz" not in glass.tables:
        return ""
    rows = []
    owners = barriers_by_owner(glass.table("events.csv.gz"), glass.tables.get("displaced.csv.gz"), glass.units.length)
    for owner, (ids, means, counts, *_) in owners.items():
        known = np.isin(glass.atoms["id"], ids)
        for label, mine in glass.species.items():
            chosen = (mine & known)[np.searchsorted(glass.atoms["id"], ids[np.isin(ids, glass.atoms["id"])])]
            part = means[np.isin(ids, glass.atoms["id"])][chosen]
            rows.append([owner, label, len(part), int(counts[np.isin(ids, glass.atoms["id"])][chosen].sum()),
                         number(part.mean()) if len(part) else "-"])
    return table(["barriers by owner of an event", "species", "atoms", "events", "mean"], rows)


def write_report(folder, out, form="png", species=None):
    """Report of a study, of its results, or of any folder with files of the plugin's styles. Returns text."""
    for results in (folder, folder / "results"):
        if (results / "study.json").exists():
            return report_study(results, out, form, species) + f"\nWritten to {out or results}\n"
    out = out or folder / "report"
    glass, used = read_folder(folder, species)
    out.mkdir(parents=True, exist_ok=True)
    parts = [f"{len(glass.atoms['id'])} atoms; read: {', '.join(used)}\n", means_text(glass), correlations_text(glass),
             owners_text(glass)]
    text = "\n".join(filter(None, parts))
    (out / "summary.txt").write_text(text)
    set_style()
    drawn = []
    for name, draw in glass_figures(glass):
        draw(out / f"{name}.{form}")
        drawn.append(f"{name}.{form}")
    return text + f"\nWritten to {out}: summary.txt {' '.join(drawn)}\n"
