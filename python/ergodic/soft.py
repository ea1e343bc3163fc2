"""The softest atoms: highest entropy, highest boson peak or lowest mean barrier; a table and a dump."""

import numpy as np

from ergodic.errors import ErgodicError
from ergodic.summary import number, table
from ergodic.tables import write_table

# What to sort by: column, sign that puts soft atoms first, title, cure where it is missing.
QUANTITIES = {
    "entropy": ("S", -1, "S (nats)", "a dump of compute voronoi/entropy, with `colname` S for element 1"),
    "barrier": ("barrier", 1, "barrier", "the event tables of fix artn, or a dump of its per-atom array"),
    "boson-peak": ("I_BP", -1, "I_BP", "a dump of compute vdos/atom, with `colname` I_BP for element 1")}
# Column of the dump: column of the atoms. OVITO makes all names of columns lower case, so they are.
DUMPED = {"entropy": "S", "barrier": "barrier", "events": "events", "boson_peak": "I_BP", "boson_mean": "J",
          "n3": "initial_n3", "n4": "initial_n4", "n5": "initial_n5", "n6": "initial_n6"}


def share(text):
    """5% or 0.05 as a fraction."""
    value = float(text.rstrip("%")) / (100 if text.endswith("%") else 1)
    if not 0 < value <= 1:
        raise ValueError(text)
    return value


def softest(glass, by, top, per_species=False):
    """Rows of the softest atoms, softest first; of each species that share of its own atoms with `per_species`.

    Atoms of which the quantity is not known do not count.
    """
    name, sign, _, cure = QUANTITIES[by]
    if name not in glass or not np.isfinite(glass.atoms[name]).any():
        raise ErgodicError(f"--by {by}: the files hold no {name}; give {cure}")
    values = sign * glass.atoms[name]
    groups = [glass.species[label] for label in glass.species_names] if per_species else [glass.species["all"]]
    chosen = []
    for mine in groups:
        rows = np.flatnonzero(mine & np.isfinite(values))
        if rows.size:
            chosen.append(rows[np.argsort(values[rows], kind="stable")][:max(round(top * rows.size), 1)])
    rows = np.concatenate(chosen)
    return rows[np.argsort(values[rows], kind="stable")]


def soft_columns(glass, rows):
    """Table of these atoms: rank, id, species, position and everything that is known of S, barriers, boson peak."""
    species = np.array(["", *glass.names])[glass.atoms["type"][rows]]
    columns = {"rank": np.arange(1, len(rows) + 1), "id": glass.atoms["id"][rows], "type": glass.atoms["type"][rows],
               "species": species}
    known = [name for name in ("x", "y", "z", "S", "barrier", "events", "I_BP", "J") if name in glass.atoms]
    return columns | {name: glass.atoms[name][rows] for name in known}


def shares_text(glass, rows, by):
    """How many of the softest are of which species, beside the shares in the glass."""
    name = QUANTITIES[by][0]
    known = np.isfinite(glass.atoms[name])
    lines = []
    for label in glass.species_names:
        mine = glass.species[label]
        part = glass.atoms[name][rows][mine[rows]]
        lines.append([label, int((mine & known).sum()), f"{(mine & known).sum() / known.sum():.0%}", len(part),
                      f"{len(part) / len(rows):.0%}", number(glass.atoms[name][mine & known].mean(), 4),
                      number(part.mean(), 4) if len(part) else "-"])
    return table(["species", "atoms", "share", "among the softest", "share", f"mean {name}", "of the softest"], lines)


def format_column(values):
    return [f"{value:d}" if isinstance(value, (int, np.integer)) else str(value) if isinstance(value, str)
            else f"{value:.8g}" for value in values]


def box_lines(box):
    flags = " ".join("pp" if periodic else "ff" for periodic in box.periodic)
    edges = box.edges
    if box.is_orthogonal:
        return [f"ITEM: BOX BOUNDS {flags}", *(f"0 {edge:.10g}" for edge in edges)]
    (_, _, _), (xy, _, _), (xz, yz, _) = box.vectors
    low = min(0, xy, xz, xy + xz), min(0, yz), 0
    high = edges[0] + max(0, xy, xz, xy + xz), edges[1] + max(0, yz), edges[2]
    return [f"ITEM: BOX BOUNDS xy xz yz {flags}",
            *(f"{a:.10g} {b:.10g} {tilt:.10g}" for a, b, tilt in zip(low, high, (xy, xz, yz)))]


def write_dump(path, glass, rows=None):
    """All atoms as a LAMMPS text dump, for OVITO; with the softest `rows`, a column `soft` (1 or 0) and `rank` (0:
    not)."""
    if not glass.has_positions:
        raise ErgodicError("a dump needs positions: give the data file, or a dump with x y z, too")
    atoms = glass.atoms
    columns = {name: atoms[name] for name in ("id", "type")} | {"element": np.array(["", *glass.names])[atoms["type"]]}
    columns |= {name: atoms[name] for name in "xyz"}
    columns |= {name: atoms[source] for name, source in DUMPED.items() if source in atoms}
    if rows is not None:
        rank = np.zeros(len(atoms["id"]), int)
        rank[rows] = np.arange(1, len(rows) + 1)
        columns |= {"soft": (rank > 0).astype(int), "rank": rank}
    head = ["ITEM: TIMESTEP", "0", "ITEM: NUMBER OF ATOMS", str(len(atoms["id"])), *box_lines(glass.box),
            "ITEM: ATOMS " + " ".join(columns)]
    lines = map(" ".join, zip(*(format_column(values) for values in columns.values())))
    path.write_text("\n".join([*head, *lines]) + "\n")


def soft(glass, by, top, per_species, folder):
    """Writes soft.csv and, where positions are known, soft.dump to the folder; returns text for the screen."""
    rows = softest(glass, by, top, per_species)
    folder.mkdir(parents=True, exist_ok=True)
    columns = soft_columns(glass, rows)
    write_table(folder / "soft.csv", columns)
    written = [str(folder / "soft.csv")]
    if glass.has_positions:
        write_dump(folder / "soft.dump", glass, rows)
        written.append(str(folder / "soft.dump"))
    shown = [name for name in columns if name != "type"]
    lines = [[f"{columns[name][k]:.4g}" if columns[name].dtype.kind == "f" else str(columns[name][k]) for name in shown]
             for k in range(min(len(rows), 20))]
    more = f"... {len(rows) - 20} more\n" if len(rows) > 20 else ""
    title = f"{len(rows)} softest atoms by {by} (top {top:.3g} of " + ("each species)" if per_species else "all)")
    return f"{title}\n\n{table(shown, lines)}{more}\n{shares_text(glass, rows, by)}\nWritten: {', '.join(written)}\n"
