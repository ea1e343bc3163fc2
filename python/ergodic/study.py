"""The whole chain for any glass: minimum, hold, searches, vibrations, figures; each stage goes on where it was
killed."""

import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from ergodic import centres
from ergodic import lammps_files as files
from ergodic.errors import ErgodicError
from ergodic.progress import Stage
from ergodic.species import Evidence, elements_of_masses
from ergodic.tables import read_json, write_json

SCRIPTS = Path(__file__).resolve().parent / "scripts"
STAGES = ("glass", "hold", "barriers", "vibrations", "figures")
NOTE = "species.json"   # what a study has been made with
POLL = 1.0   # seconds between looks at what a stage has written
# Script variables per `units`: time step, heating and hold, skins, initial temperature, tolerance of a minimum.
DEFAULTS = {
    "metal": {"dt": 0.002, "heat": 20, "hold": 200, "skin": 1.0, "temperature": 700, "start": 10, "edge_threshold": 0.3,
              "ftol": 1e-4},
    "real": {"dt": 2, "heat": 20000, "hold": 200000, "skin": 1.0, "temperature": 700, "start": 10, "edge_threshold": 0.3,
             "ftol": 1e-3},
    "lj": {"dt": 0.004, "heat": 40, "hold": 400, "skin": 0.3, "temperature": None, "start": 0.01, "edge_threshold": 0.1,
           "ftol": 1e-5}}
# The boson peak is looked for around the maximum of g/f^2, which differs from glass to glass.
RANGE = {"auto": "1"}


class Plan(NamedTuple):
    """What a study is to do: files and folder as absolute paths, script variables as text."""
    glass: Path
    pair: Path
    folder: Path
    names: list[str]
    units: str
    atom_style: str
    variables: dict[str, str]
    ranks: int
    mpiexec: list[str]
    per_species: int
    batches: int
    seed: int
    stages: tuple[str, ...]

    def steps(self, name):
        """Steps of a variable that is a time: heat or hold."""
        return round(float(self.variables[name]) / float(self.variables["dt"]))


# --------------------------------------------------------------------------------------------------------------- checks

def pair_elements(pair, types):
    """{type: element} that a line `pair_coeff * * FILE ... El El` of the pair file names, if it does."""
    for line in pair.read_text().splitlines():
        words = line.split("#")[0].split()
        if words[:3] == ["pair_coeff", "*", "*"] and len(words) >= 4 + types:
            names = words[-types:]
            if all(re.fullmatch("[A-Z][a-z]?", name) for name in names):
                return dict(enumerate(names, 1))
    return {}


def species_of(data, glass, pair, given):
    """Names of the types, by --species, type labels, masses and the pair file, which must agree."""
    evidence = Evidence()
    evidence.add(data.labels or elements_of_masses(data.masses, data.units or "metal"), glass.name)
    evidence.add(pair_elements(pair, data.types), pair.name)
    return evidence.resolve(data.types, given)


def make_plan(options):
    """The plan of `ergodic study`; all that can be wrong with its files is said before anything runs."""
    glass, pair = options.glass.resolve(), options.pair.resolve()
    if not pair.is_file():
        raise ErgodicError(f"--pair {options.pair}: no such file; it holds the lines pair_style and pair_coeff of the glass")
    data = files.read_data(glass)
    units = options.units or data.units or "metal"
    if units not in DEFAULTS:
        raise ErgodicError(f"units {units}: a study knows {', '.join(DEFAULTS)}; for others, run the scripts in {SCRIPTS}")
    names = species_of(data._replace(units=units), glass, pair, options.species)
    variables = RANGE | {name: str(value) for name, value in DEFAULTS[units].items() if value is not None}
    wanted = {"temperature": options.temperature, "hold": options.hold, "events": options.events,
              "pressure": options.pressure}
    variables |= {name: str(value) for name, value in wanted.items() if value is not None}
    variables |= {"units": units, "atom_style": data.atom_style or "atomic", "pair": "pair.lmp"}
    variables |= dict(reversed(options.var))   # as in LAMMPS, the first of several counts
    if variables.get("pressure") == "none":
        variables |= {"pressure": "0", "keep_volume": "1"}
    try:
        float(variables.get("pressure", 0))
    except ValueError:
        raise ErgodicError(f"--pressure {variables['pressure']} is neither a number nor none") from None
    if "temperature" not in variables:
        raise ErgodicError(f"--temperature is needed in units {units}: that of the hold, some 10 to 15 % below the glass "
                           "transition")
    variables.setdefault("events", "20")
    return Plan(glass, pair, options.out.resolve(), names, units, variables["atom_style"], variables, options.ranks,
                options.mpiexec or [found("mpiexec"), "-n", str(options.ranks)], options.centres, options.batches,
                options.seed, tuple(options.stages))


def found(program):
    """The program on the PATH, or beside this Python."""
    beside = Path(sys.executable).parent / program
    path = shutil.which(program) or (str(beside) if beside.exists() else None)
    if not path:
        raise ErgodicError(f"no {program} on the PATH: pip install lammps mpich, or load the module of your LAMMPS")
    return path


def environment(plan):
    """Potentials are found where the pair file is, too; the plugin by LAMMPS_PLUGIN_PATH, else the one of the
    package."""
    env = dict(os.environ)
    env.setdefault("OMP_NUM_THREADS", "1")
    places = [str(plan.pair.parent), env.get("LAMMPS_POTENTIALS", "")]
    try:
        import lammps
        places.append(str(Path(lammps.__file__).parent / "share" / "lammps" / "potentials"))
    except ImportError:
        pass
    env["LAMMPS_POTENTIALS"] = os.pathsep.join(filter(None, places))
    if "LAMMPS_PLUGIN_PATH" not in env:
        from ergodic.plugin import plugin_path
        env["LAMMPS_PLUGIN_PATH"] = str(plugin_path())
    return env


# ------------------------------------------------------------------------------------------------------------- running

def lammps(plan, stage, script, options, share):
    """Runs a script in the folder of the study and tells the time left; `share()` is how much is done."""
    log = f"log.{script.split('.')[1]}.{time.strftime('%Y%m%dT%H%M%S')}"
    command = [*plan.mpiexec, found("lmp"), "-nocite", "-log", log, *options, "-in", str(SCRIPTS / script)]
    for name, value in plan.variables.items():
        command += ["-var", name, value]
    screen = plan.folder / f"screen.{script.split('.')[1]}"
    with open(screen, "w") as output:
        process = subprocess.Popen(command, cwd=plan.folder, stdout=output, stderr=subprocess.STDOUT, env=environment(plan))
        try:
            next_look = 0.0
            while process.poll() is None:
                time.sleep(POLL)
                begin = time.monotonic()
                if begin >= next_look:
                    stage.done(share())
                    now = time.monotonic()
                    next_look = now + 30 * (now - begin)   # large tables are not read all the time
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if process.returncode:
        said = [line for line in screen.read_text(errors="replace").splitlines() if "ERROR" in line] or ["no ERROR line"]
        raise ErgodicError(f"LAMMPS stopped in {script} with status {process.returncode}: {said[-1].strip()}\n"
                           f"See {screen}; the same command goes on from there.")
    screen.unlink()


def last_step(folder, script):
    """(number of runs begun, last step) that the screen of a running script shows."""
    path = folder / f"screen.{script.split('.')[1]}"
    runs, step = 0, 0
    for line in path.read_text(errors="replace").splitlines() if path.exists() else []:
        if line.lstrip().startswith("Step "):
            runs += 1
        elif re.match(r"\s*\d+ +[-\d.]", line):
            step = int(line.split()[0])
    return runs, step


def newest_restart(folder, name):
    """The number of the newer of a run's two restart files; 0 without one."""
    found = sorted(folder.glob(f"{name}.restart.[12]"), key=lambda path: path.stat().st_mtime)
    return found[-1].name[-1] if found else "0"


def make_minimum(plan, stage):
    plan.variables["data"] = str(plan.glass)
    lammps(plan, stage, "in.minimum", [], lambda: 0)


def hold(plan, stage):
    """Heating, then the sampled hold."""
    heat, steps = plan.steps("heat"), plan.steps("hold")
    resume = newest_restart(plan.folder, "hold")
    plan.variables["resume"] = resume

    def share():
        runs, step = last_step(plan.folder, "in.entropy")
        heated = resume != "0" or runs > 3
        return (heat + step) / (heat + steps) if heated else min(step, heat) / (heat + steps)

    lammps(plan, stage, "in.entropy", [], share)


def draw_centres(plan):
    path = plan.folder / "centres.lmp"
    if not (path.exists() and path.stat().st_size):
        path.write_text(centres.text(plan.folder / "glass.data", plan.names, plan.per_species, plan.batches, plan.seed))
    return len(re.findall(r"\d+", " ".join(centres.listed(path.read_text()))))


def searched(rows, events, attempts):
    """Centres that are done, with parts of the others: by the events that were wanted, or the attempts that were
    allowed."""
    found, tried = Counter(), Counter()
    for row in rows:
        tried[row["center"]] += 1
        found[row["center"]] += row["status"] == "success"
    return sum(min(max(found[atom] / events, tried[atom] / attempts), 1) for atom in tried)


def find_barriers(plan, stage):
    """Events of all batches; a batch that is done costs seconds."""
    atoms, events = draw_centres(plan), int(plan.variables["events"])
    attempts = events * int(plan.variables.get("attempts", 10))

    def share():
        try:
            return searched(files.read_events(plan.folder), events, attempts) / max(atoms, 1)
        except (ErgodicError, KeyError):
            return 0

    variables = dict(plan.variables)
    plan.variables.pop("skin", None)   # searches have a smaller one of their own
    if plan.units == "lj":
        plan.variables["skin"] = "0.2"
    try:
        lammps(plan, stage, "in.artn", ["-partition", f"{plan.ranks}x1", "-pscreen", "none"], share)
    finally:
        plan.variables.update(variables)


def find_vibrations(plan, stage):
    lammps(plan, stage, "in.vdos", [], lambda: 0)


def draw(plan, stage):
    from ergodic.collect import collect
    from ergodic.report import report_study
    results = plan.folder / "results"
    collect(plan.folder, results, plan.names, plan.units)
    report_study(results)


ACTIONS = {"glass": make_minimum, "hold": hold, "barriers": find_barriers, "vibrations": find_vibrations, "figures": draw}
# The last file of a stage, by which it is known to be complete, and its script. Searches know themselves what is done.
PRODUCTS = {"glass": ("glass.data", "in.minimum"), "hold": ("histograms_faces.dump", "in.entropy"),
            "vibrations": ("vibrations.dump", "in.vdos")}


def prepare(plan):
    """The folder, with the pair file and the names of the species: it can be taken elsewhere and looked at alone."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    path = plan.folder / NOTE
    note = read_json(path) if path.exists() else {}
    if note.get("species", plan.names) != plan.names:
        raise ErgodicError(f"{plan.folder} holds a study of {' '.join(note['species'])}, not of {' '.join(plan.names)}: "
                           "choose another --out")
    write_json(path, {**note, "species": plan.names, "units": plan.units})
    if plan.pair != plan.folder / "pair.lmp":
        shutil.copyfile(plan.pair, plan.folder / "pair.lmp")


def settings(plan, script):
    """The variables of a script with the values that it is run with."""
    defaults = re.findall(r"^variable\s+(\w+)\s+index\s+(\S+)", (SCRIPTS / script).read_text(), re.MULTILINE)
    return {name: plan.variables.get(name, value) for name, value in defaults if name not in ("data", "resume", "plugin")}


def there_already(plan, name):
    """Whether a stage is complete; an error if its files were made with other settings. Notes those of a new one."""
    if name not in PRODUCTS:
        return False
    product, script = PRODUCTS[name]
    complete = (plan.folder / product).exists()
    begun = complete or name == "hold" and newest_restart(plan.folder, "hold") != "0"
    note = read_json(plan.folder / NOTE)
    was, now = note.get("settings", {}).get(name, {}), settings(plan, script)
    other = [f"{key} {was[key]}" for key in was if key in now and was[key] != now[key]]
    if begun and other:
        made = product if complete else "hold.restart.*"
        raise ErgodicError(f"{plan.folder / made} was made with {', '.join(other)}: give the same, remove it to make it "
                           "again, or choose another --out")
    if not begun:
        write_json(plan.folder / NOTE, {**note, "settings": {**note.get("settings", {}), name: now}})
    return complete


def study(plan):
    """All stages that are wanted and not done."""
    prepare(plan)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))   # so that LAMMPS is stopped, too
    start = time.monotonic()
    for name in plan.stages:
        stage = Stage(STAGES.index(name) + 1, len(STAGES), name)
        if there_already(plan, name):
            stage.finish("there already")
            continue
        ACTIONS[name](plan, stage)
        stage.finish()
    passed = math.ceil((time.monotonic() - start) / 60)
    if "figures" in plan.stages:
        print(f"\n{passed} min. Figures and summary.txt: {plan.folder / 'results'}")
