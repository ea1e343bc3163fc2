#!/usr/bin/env python3
"""Figures 1 and 2 of Yang & Wang 2022 from the files that in.entropy writes.

    python figures.py [folder]

Reads the dumps and tables in the folder (default: here), writes figure1.png and figure2.png beside them and prints a
summary. The entropies of Figure 1 C at a constant number of samples are computed here from the motif histories, which
also checks the compute: the largest difference between the two is printed.
"""

import pathlib
import sys
from collections import Counter
from typing import NamedTuple

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

SPECIES = {1: "Cu", 2: "Zr"}
ICOSAHEDRON = (0, 0, 12, 0)
# Kasper polyhedra; every other motif is a geometrically unfavoured one (GUM).
FAVOURED = {(0, 4, 4, 0), (0, 3, 6, 0), (0, 2, 8, 0), (0, 2, 8, 1), ICOSAHEDRON, (0, 1, 10, 2), (0, 0, 12, 2),
            (0, 0, 12, 3), (0, 0, 12, 4)}
SATURATION = 100.0  # ps; the paper's bound on the time at which S levels off
FEWEST = 10         # atoms below which a group's mean is not drawn

# Okabe and Ito's colours, told apart by colour-blind readers; red and blue for Cu and Zr as in the paper.
BLACK, RED, BLUE, GREEN, ORANGE, SKY, PURPLE, GREY = (
    "#000000", "#D55E00", "#0072B2", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#8C8C8C")
SPECIES_COLOURS = {"all": BLACK, "Cu": RED, "Zr": BLUE}


# -------------------------------------------------------------------------------------------------------- LAMMPS' files

class Frame(NamedTuple):
    """One snapshot of a dump, a row per atom or local entry."""
    time: float | None
    columns: dict[str, int]
    table: np.ndarray

    def __getitem__(self, name):
        return self.table[:, self.columns[name]]

    def motifs(self):
        """One integer per row that stands for (n3, n4, n5, n6)."""
        shifts = {"n3": 24, "n4": 16, "n5": 8, "n6": 0}
        return sum(self[name].astype(np.uint32) << shift for name, shift in shifts.items())


def dump_frames(path):
    """Yields (step, Frame) for each complete snapshot of a text dump; a killed run may leave half of one."""
    with open(path) as lines:
        step = time = count = None
        for line in lines:
            if line.startswith("ITEM: TIMESTEP"):
                step = int(next(lines, "0"))
            elif line.startswith("ITEM: TIME"):
                time = float(next(lines, "0"))
            elif line.startswith("ITEM: NUMBER OF"):
                count = int(next(lines, "0"))
            elif line.startswith(("ITEM: ATOMS", "ITEM: ENTRIES")):
                names = line.split()[2:]
                rows = [row for _, row in zip(range(count), lines)]
                if len(rows) < count or not rows[-1].endswith("\n"):
                    return
                table = np.fromstring("".join(rows), sep=" ").reshape(count, len(names))
                yield step, Frame(time, {name: k for k, name in enumerate(names)}, table)


def stretches(folder, stem, suffix):
    """The files of a run and of its resumptions, each with the step at which it started, in order."""
    paths = [(int(path.name.split(".")[1]), path) for path in folder.glob(f"{stem}.*.{suffix}")]
    if not paths:
        sys.exit(f"no {stem}.*.{suffix} in {folder}")
    return sorted(paths)


def join(parts):
    """Joins {step: record} of stretches: what a killed run did beyond the restart file in use is forgotten."""
    joined = {}
    for start, records in parts:
        joined = {step: record for step, record in joined.items() if step <= start}
        joined |= {step: record for step, record in records.items() if step > start or not joined}
    return joined


def read_dump(folder, stem):
    """{step: Frame} over all stretches."""
    return join((start, dict(dump_frames(path))) for start, path in stretches(folder, stem, "dump"))


def read_means(folder):
    """Rows of (time, S of all atoms, of Cu, of Zr, samples)."""
    tables = ((start, np.loadtxt(path, ndmin=2)) for start, path in stretches(folder, "mean", "txt"))
    rows = join((start, {int(row[0]): row[1:] for row in table}) for start, table in tables)
    return np.array(list(rows.values()))


class Histories(NamedTuple):
    """Every atom's motif at every sample: times (ps) and motifs[sample, atom]."""
    times: np.ndarray
    motifs: np.ndarray


def read_histories(folder):
    frames = join((start, {step: (frame.time, frame.motifs()) for step, frame in dump_frames(path)})
                  for start, path in stretches(folder, "motifs", "dump"))
    times, motifs = zip(*frames.values())
    return Histories(np.array(times), np.array(motifs))


class Study(NamedTuple):
    initial: Frame
    final: Frame
    entropies: dict[int, Frame]
    means: np.ndarray
    histories: Histories

    @property
    def species(self):
        """Atoms by species, as masks."""
        kind = self.initial["type"]
        return {"all": kind > 0} | {name: kind == number for number, name in SPECIES.items()}


def read_study(folder):
    initial, final = (next(dump_frames(folder / name))[1] for name in ("initial.dump", "final.dump"))
    if not np.array_equal(initial["id"], final["id"]):
        sys.exit("initial.dump and final.dump do not hold the same atoms")
    return Study(initial, final, read_dump(folder, "entropy"), read_means(folder), read_histories(folder))


# -------------------------------------------------------------------------------------------------------------- entropy

def orders(motif):
    return tuple(int(motif) >> shift & 255 for shift in (24, 16, 8, 0))


def name(motif):
    return "⟨{},{},{},{}⟩".format(*orders(motif))


def favoured(motif):
    return orders(motif) in FAVOURED


def entropies(motifs):
    """S_i = -sum_j P_ij ln P_ij of the motifs in each column."""
    samples, atoms = motifs.shape
    ordered = np.sort(motifs, axis=0).T.ravel()
    first = np.ones(ordered.size, bool)
    first[1:] = ordered[1:] != ordered[:-1]
    first[::samples] = True
    starts = np.flatnonzero(first)
    share = np.diff(starts, append=ordered.size) / samples
    return np.bincount(starts // samples, -share * np.log(share), atoms)


def spread(last, samples):
    """That many sample numbers, evenly over 0 .. last."""
    return np.round(np.linspace(0, last, samples)).astype(int)


def mean_at_constant_samples(histories, samples, points=40):
    """Times and mean S, from the same number of samples spread over 0 .. t at each t."""
    ends = np.unique(spread(len(histories.times) - samples, points)) + samples - 1
    return histories.times[ends], np.array([entropies(histories.motifs[spread(end, samples)]).mean() for end in ends])


def largest_difference(study):
    """Between S_i of the compute and of the histories here; None where the histories leave samples out."""
    numbers = {time: number for number, time in enumerate(study.histories.times)}
    differences = [np.abs(entropies(study.histories.motifs[:numbers[frame.time] + 1]) - frame["S"]).max()
                   for frame in study.entropies.values()
                   if numbers.get(frame.time, -1) + 1 == frame["samples"].max()]
    return max(differences, default=None)


# -------------------------------------------------------------------------------------------------------------- density

def bandwidth(values):
    """Silverman's rule."""
    spread_of_bulk = min(values.std(), np.subtract(*np.percentile(values, [75, 25])) / 1.34)
    return 0.9 * spread_of_bulk * values.size ** -0.2


def density(values, grid):
    """Gaussian kernel estimate of the probability density."""
    width = bandwidth(values)
    kernels = np.exp(-0.5 * ((grid[:, None] - values) / width) ** 2)
    return kernels.sum(axis=1) / (values.size * width * np.sqrt(2 * np.pi))


def peak(values, grid, draws=200, seed=1):
    """Position of the density's maximum and its standard error by bootstrap."""
    rng = np.random.default_rng(seed)
    positions = [grid[density(rng.choice(values, values.size), grid).argmax()] for _ in range(draws)]
    return grid[density(values, grid).argmax()], np.std(positions)


# -------------------------------------------------------------------------------------------------------------- figures

def set_style():
    plt.rcParams.update({
        "font.size": 9, "font.family": "DejaVu Sans", "axes.labelsize": 10, "legend.fontsize": 8,
        "legend.framealpha": 1, "legend.edgecolor": "none",
        "axes.linewidth": 0.8, "lines.linewidth": 1.5, "xtick.direction": "in", "ytick.direction": "in",
        "xtick.top": True, "ytick.right": True, "figure.constrained_layout.use": True, "savefig.dpi": 300})


def initial_groups(study):
    """Atoms by initial motif, as masks: full icosahedra, the commonest other favoured motifs, all GUMs."""
    motifs = study.initial.motifs()
    counts = Counter(motif for motif in motifs.tolist() if favoured(motif))
    known = [motif for motif, count in counts.most_common() if count >= FEWEST]
    known.sort(key=lambda motif: orders(motif) != ICOSAHEDRON)  # first, if there are any
    groups = {name(motif): motifs == motif for motif in known[:5]}
    return groups | {"GUMs": np.array([not favoured(motif) for motif in motifs.tolist()])}


def representative_atoms(study):
    """A steady and a restless atom: the initial full icosahedron of lowest S, and the initial GUM of highest S.

    Where there is none of a kind, all atoms stand in for it.
    """
    motifs = study.initial.motifs().tolist()
    icosahedra = np.flatnonzero([orders(motif) == ICOSAHEDRON for motif in motifs])
    gums = np.flatnonzero([not favoured(motif) for motif in motifs])
    everyone = np.arange(len(motifs))
    icosahedra, gums = (atoms if atoms.size else everyone for atoms in (icosahedra, gums))
    entropy = study.final["S"]
    return icosahedra[entropy[icosahedra].argmin()], gums[entropy[gums].argmax()]


def draw_history(axes, study, atom, labelled):
    """Motif against time; motifs ranked by how often the atom was in them."""
    history = study.histories.motifs[:, atom].tolist()
    ranked = [motif for motif, _ in sorted(Counter(history).items(), key=lambda item: (-item[1], item[0]))]
    rank = {motif: number for number, motif in enumerate(ranked, 1)}
    heights = np.array([rank[motif] for motif in history])
    kasper = np.array([favoured(motif) for motif in history])
    size = 5 if len(ranked) < 40 else 3
    for mask, colour, label in ((kasper, BLUE, "Kasper"), (~kasper, RED, "GUM")):
        axes.scatter(study.histories.times[mask], heights[mask], size, colour, linewidths=0, label=label)
    ticks = labelled(len(ranked))
    axes.set_yticks(ticks, [f"{name(ranked[tick - 1])}  {tick}" for tick in ticks])
    axes.set_ylim(0.4 - 0.02 * len(ranked), max(len(ranked), 3) * 1.22 + 0.6)
    axes.set_xlim(0, study.histories.times[-1])
    axes.set(xlabel="Time (ps)", ylabel="Voronoi motif, by occupancy")
    species = SPECIES[int(study.initial["type"][atom])]
    axes.text(0.03, 0.97, f"{species} atom {int(study.initial['id'][atom])}, $S_i$ = {study.final['S'][atom]:.2f}, "
              f"motifs: {len(ranked)}", transform=axes.transAxes, va="top")
    axes.legend(loc="upper right", bbox_to_anchor=(1, 0.95), ncols=2, markerscale=2.5, handletextpad=0.1,
                columnspacing=0.8, framealpha=0)


def draw_mean_entropy(axes, study):
    times, everything = study.means[:, 0], study.means[:, 1]
    axes.plot(times, everything, color=BLACK, label=f"every {np.diff(times).mean():.2g} ps")
    corrected = [*study.entropies.values(), study.final]
    axes.plot([frame.time for frame in corrected], [frame["S_corrected"].mean() for frame in corrected], color=GREY,
              label="the same, Miller–Madow")
    for samples, colour, style in ((200, GREEN, "--"), (50, PURPLE, ":")):
        if samples * 2 <= len(study.histories.times):
            axes.plot(*mean_at_constant_samples(study.histories, samples), color=colour, linestyle=style,
                      label=f"{samples} samples over 0 … $t$")
    label_mean_entropy(axes, times[-1])
    axes.set_title("All atoms, by samples taken", fontsize=9)
    axes.legend(loc="lower right")


def draw_by_initial_motif(axes, study):
    frames = [*study.entropies.values(), study.final]
    times = [frame.time for frame in frames]
    favoured_styles = zip((BLUE, SKY, GREEN, PURPLE, ORANGE), "os^vD")
    for label, atoms in initial_groups(study).items():
        colour, marker = (RED, "X") if label == "GUMs" else next(favoured_styles)
        axes.plot(times, [frame["S"][atoms].mean() for frame in frames], marker=marker, markersize=3.5,
                  color=colour, label=f"{label}  ({atoms.sum()})")
    label_mean_entropy(axes, times[-1])
    axes.set_title("By initial motif (atoms)", fontsize=9)
    axes.legend(loc="lower right", ncols=2, fontsize=7.5, handlelength=1.5, columnspacing=1.0, borderaxespad=0.3)


def label_mean_entropy(axes, end):
    axes.axvline(SATURATION, color=GREY, linewidth=0.8, linestyle="--", zorder=0)
    axes.set(xlabel="Time $t$ (ps)", ylabel=r"Mean entropy $\langle S_i\rangle$ (nats)", xlim=(0, end), ylim=(0, None))


def draw_figure1(study, path):
    figure, panels = plt.subplots(2, 2, figsize=(7.2, 5.6))
    steady, restless = representative_atoms(study)
    draw_history(panels[0, 0], study, steady, lambda count: range(1, min(count, 12) + 1))
    draw_history(panels[0, 1], study, restless, lambda count: [1, *range(count // 4, count + 1, max(count // 4, 1))])
    draw_mean_entropy(panels[1, 0], study)
    draw_by_initial_motif(panels[1, 1], study)
    for letter, axes in zip("ABCD", panels.flat):
        axes.set_title(letter, loc="left", fontweight="bold")
    figure.savefig(path)
    plt.close(figure)


def entropy_grid(study):
    return np.linspace(0, study.final["S"].max() * 1.1, 800)


def draw_figure2(study, path):
    figure, axes = plt.subplots(figsize=(4.2, 3.4))
    grid = entropy_grid(study)
    for label, atoms in study.species.items():
        values = study.final["S"][atoms]
        axes.plot(grid, density(values, grid), color=SPECIES_COLOURS[label], label=f"{label}  ({atoms.sum()})")
        if label != "all":
            axes.hist(values, bins=30, range=(0, grid[-1]), density=True, color=SPECIES_COLOURS[label], alpha=0.2)
    axes.set(xlabel="Ergodic entropy $S_i$ (nats)", ylabel="Probability density (nats$^{-1}$)", xlim=(0, grid[-1]),
             ylim=(0, None))
    axes.legend(title="Atoms", loc="upper left")
    figure.savefig(path)
    plt.close(figure)


# -------------------------------------------------------------------------------------------------------------- summary

def print_summary(study):
    entropy, species = study.final["S"], study.species
    end, samples = study.final.time, int(study.final["samples"].max())
    print(f"{entropy.size} atoms, {samples} samples in {end:g} ps\n")

    print(f"{'species':<16}{'atoms':>7}{'mean S':>9}{'st. dev.':>10}{'M.-Madow':>11}{'peak of P(S)':>18}")
    for label, atoms in species.items():
        position, error = peak(entropy[atoms], entropy_grid(study))
        print(f"{label:<16}{atoms.sum():>7}{entropy[atoms].mean():>9.3f}{entropy[atoms].std():>10.3f}"
              f"{study.final['S_corrected'][atoms].mean():>11.3f}{position:>11.2f} +- {error:.2f}")

    print(f"\n{'initial motif':<16}{'atoms':>7}{'mean S':>9}{'st. error':>10}"
          f"{'Cu':>7}{'S of Cu':>9}{'Zr':>7}{'S of Zr':>9}")
    for label, atoms in initial_groups(study).items():
        error = entropy[atoms].std() / np.sqrt(atoms.sum())
        by_species = [entropy[atoms & species[x]] for x in SPECIES.values()]
        print(f"{label:<16}{atoms.sum():>7}{entropy[atoms].mean():>9.3f}{error:>10.3f}"
              + "".join(f"{values.size:>7}{mean(values):>9}" for values in by_species))

    print("\nFigure 1, by initial motif")
    for panel, atom in zip("AB", representative_atoms(study)):
        print(f"  {panel}: atom {int(study.initial['id'][atom])}, {name(study.initial.motifs()[atom])}")

    print_saturation(study)
    difference = largest_difference(study)
    agreement = "not compared, the dump leaves samples out" if difference is None else f"at most {difference:.1e} apart"
    print(f"\nS_i of the compute and from motifs.*.dump: {agreement}")


def mean(values):
    return f"{values.mean():.3f}" if values.size else "-"


def print_saturation(study):
    times, everything = study.means[:, 0], study.means[:, 1]
    if times[-1] <= SATURATION:
        return
    print(f"\nS({SATURATION:g} ps) / S({times[-1]:g} ps)")
    print(f"  equal interval              {np.interp(SATURATION, times, everything) / everything[-1]:.3f}")
    for samples in (200, 50):
        if samples * 2 <= len(study.histories.times) and study.histories.times[samples] <= SATURATION:
            constant_times, constant = mean_at_constant_samples(study.histories, samples)
            share = np.interp(SATURATION, constant_times, constant) / constant[-1]
            print(f"  {f'{samples} samples over 0 .. t':<28}{share:.3f}")


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    study = read_study(folder)
    set_style()
    draw_figure1(study, folder / "figure1.png")
    draw_figure2(study, folder / "figure2.png")
    print_summary(study)


if __name__ == "__main__":
    main()
