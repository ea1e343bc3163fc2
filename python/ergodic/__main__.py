"""The command line: `ergodic plot|soft|report|study|cost`, or `python -m ergodic ...`."""

import argparse
import sys
from pathlib import Path

from ergodic import __version__
from ergodic.errors import ErgodicError

EXAMPLES = """
examples:
  ergodic plot entropy S.dump --species Zr Cu --format pdf
  ergodic plot maps glass.data S.dump events.csv peaks.dump
  ergodic soft glass.data S.dump --by entropy --top 5%
  ergodic study glass.data --pair pair.lmp --species Zr Cu --centres 30 --events 2
  ergodic report study
"""


def add_common(parser, out):
    parser.add_argument("--species", nargs="+", metavar="NAME", help="names of the atom types, in the order of the types; "
                        "otherwise from element columns, type labels or masses, which they must not contradict")
    parser.add_argument("--out", type=Path, metavar="DIR", help=out)


def add_study_options(parser):
    parser.add_argument("glass", type=Path, metavar="GLASS.data")
    parser.add_argument("--pair", type=Path, required=True, metavar="FILE.lmp", help="file with pair_style and pair_coeff")
    parser.add_argument("--units", help="LAMMPS' units; default: what the data file says, or metal")
    parser.add_argument("--temperature", type=float, help="of the hold (default: 700 in metal and real units)")
    parser.add_argument("--hold", type=float, help="sampled time (default: 200 ps, 400 tau)")
    parser.add_argument("--pressure", help="number, or none: the volume stays (default: 0)")
    parser.add_argument("--events", type=int, help="events per central atom (default: 20)")
    parser.add_argument("--var", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"),
                        help="any other variable of the input scripts")


def parse_share(text):
    from ergodic.soft import share
    try:
        return share(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no share: say 5%% or 0.05") from None


def make_parser():
    parser = argparse.ArgumentParser("ergodic", description="Which atoms of a glass are soft: figures and tables from the "
                                     "output of LAMMPS with the Ergodic plugin.", epilog=EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="version", version=f"ergodic {__version__}")
    parser.add_argument("--plugin-path", action="store_true", help="print the folder of the plugin, for LAMMPS_PLUGIN_PATH")
    commands = parser.add_subparsers(dest="command", metavar="plot|soft|report|study|cost")

    plot = commands.add_parser("plot", help="figures of what the files hold")
    plot.add_argument("what", choices=("entropy", "barriers", "vibrations", "maps"))
    plot.add_argument("files", nargs="+", type=Path, metavar="FILE", help="dumps, data files, event tables, spectra of one glass, "
                      "or the folder of a study")
    plot.add_argument("--format", choices=("png", "pdf", "svg"), default="png")
    add_common(plot, "folder of the figure (default: here)")

    soft = commands.add_parser("soft", help="the softest atoms: a table, and a dump for OVITO")
    soft.add_argument("files", nargs="+", type=Path, metavar="FILE")
    soft.add_argument("--by", choices=("entropy", "barrier", "boson-peak"), default="entropy",
                      help="highest entropy, lowest mean barrier or highest boson peak")
    soft.add_argument("--top", type=parse_share, default="5%", metavar="SHARE", help="such as 5%% or 0.05")
    soft.add_argument("--per-species", action="store_true", help="that share of each species, instead of all atoms")
    add_common(soft, "folder of soft.csv and soft.dump (default: here)")

    report = commands.add_parser("report", help="what is in a folder becomes figures and a summary")
    report.add_argument("folder", type=Path)
    report.add_argument("--format", choices=("png", "pdf", "svg"), default="png")
    add_common(report, "folder of the report (default: `results` of a study, else `report` in the folder)")

    study = commands.add_parser("study", help="the whole chain for any glass; goes on where it was killed")
    add_study_options(study)
    study.add_argument("--centres", type=int, default=30, help="central atoms of each species (default: 30)")
    study.add_argument("--batches", type=int, default=1, help="that they are divided into (default: 1)")
    study.add_argument("--seed", type=int, default=1, help="of the draw of central atoms (default: 1)")
    study.add_argument("--ranks", type=int, default=2, help="processes (default: 2)")
    study.add_argument("--mpiexec", type=str.split, help='how parallel programs start (default: "mpiexec -n RANKS")')
    study.add_argument("--stages", nargs="+", default=("glass", "hold", "barriers", "vibrations", "figures"),
                       choices=("glass", "hold", "barriers", "vibrations", "figures"))
    add_common(study, "folder of the study (default: study)")
    study.set_defaults(out=Path("study"))

    cost = commands.add_parser("cost", help="core hours of a study, from a short calibration")
    add_study_options(cost)
    cost.add_argument("--atoms", type=int, help="of the sample (default: those of the data file)")
    cost.add_argument("--centres", type=int, default=0, help="central atoms in all (default: every atom)")
    add_common(cost, argparse.SUPPRESS)
    cost.set_defaults(out=Path("."), ranks=1, mpiexec=None, batches=1, seed=1, stages=())
    return parser


def plot(options):
    from ergodic.figures import distributions, entropy, maps
    from ergodic.figures.style import set_style
    from ergodic.reading import read_glass
    glass = read_glass(options.files, options.species)
    missing = {"entropy": "S" not in glass, "barriers": not glass.has_barriers,
               "vibrations": not glass.has_vibrations and "spectrum" not in glass.tables,
               "maps": not glass.has_positions or not list(maps.shown_fields(glass))}
    if missing[options.what]:
        raise ErgodicError(f"plot {options.what}: nothing of it in these files: " + {
            "entropy": "give a dump of compute voronoi/entropy, with `colname` S for element 1",
            "barriers": "give the event tables of fix artn with at least one success, or a dump of its per-atom array",
            "vibrations": "give a dump of compute vdos/atom, with `colname` I_BP for element 1, or its spectrum",
            "maps": "give positions (a data file, or a dump with x y z) and a dump or table with a quantity to map"}[options.what])
    draw = {"entropy": entropy.draw_entropy, "barriers": distributions.draw_barriers,
            "vibrations": distributions.draw_vibrations, "maps": maps.draw_fields}[options.what]
    folder = options.out or Path(".")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{options.what}.{options.format}"
    set_style()
    draw(glass, path)
    print(f"{path}: {len(glass.atoms['id'])} atoms, " + ", ".join(
        f"{name} {int(glass.species[name].sum())}" for name in glass.species_names))


def soft(options):
    from ergodic.reading import read_glass
    from ergodic.soft import soft as softest
    glass = read_glass(options.files, options.species)
    print(softest(glass, options.by, options.top, options.per_species, options.out or Path(".")), end="")


def report(options):
    from ergodic.report import write_report
    if not options.folder.is_dir():
        raise ErgodicError(f"{options.folder} is no folder")
    print(write_report(options.folder, options.out, options.format, options.species), end="")


def study(options):
    from ergodic.study import make_plan
    from ergodic.study import study as run_study
    run_study(make_plan(options))


def cost(options):
    from ergodic.cost import cost as core_hours
    from ergodic.study import make_plan
    print(core_hours(make_plan(options), options.atoms, options.centres), end="")


def main(arguments=None):
    """Runs one command; errors of input are one line and exit status 1."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    if options.plugin_path:
        from ergodic.plugin import plugin_path
        print(plugin_path())
        return 0
    if not options.command:
        parser.print_help()
        return 2
    try:
        {"plot": plot, "soft": soft, "report": report, "study": study, "cost": cost}[options.command](options)
    except ErgodicError as problem:
        print(f"ergodic: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
