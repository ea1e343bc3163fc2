"""A short campaign of fix artn whose table must come out the same whatever happens on the way: kills and torn files."""

import os
import random
import shutil
import signal
import time

import samples  # noqa: F401  (finds conftest)
from artn import events
from conftest import PLUGIN, Lammps, read_dump
from inprocess import child, run
from samples import LJ

SETTINGS = "artn 4711 events 2 attempts 4 push 0.05 1.6 active 2.5 ftol 0.005 lanczos 8 4e-4 curvature -5 same 1e-3 0.04 maxeval 400"
FILES = ("events.csv", "events.csv.settings", ".events.csv.known", "saddles.dump", "minima.dump", "displaced.csv")
KILLS_PER_CAMPAIGN = 5


def campaign(data, resume="no", between=(), end=("run 100",)):
    """Lines of a script; `between` come after the fix, before the run."""
    return [
        f"plugin load {PLUGIN}", "units lj", "atom_modify map array", f"read_data {data}/vacancy.data", *LJ.splitlines(),
        "region near sphere 2.34 2.34 2.34 1.4 units box", "group centers region near",
        f"fix A centers {SETTINGS} events_file events.csv saddles saddles.dump minima minima.dump displaced displaced.csv "
        f"resume {resume}", *between, *end,
    ]


def reference(data):
    """Folder and table of an undisturbed campaign."""
    folder = data / "reference"
    outcome = run(campaign(data), folder)
    table = events(folder / "events.csv")
    assert not outcome.faults and not outcome.errors, outcome.output[-2000:]
    assert {"success"} < {words[3] for words in table}
    return folder, table


def damage(folder, wanted, suffixes=("",), warned=()):
    """What is wrong with the files of a campaign that has ended: lines lost, doubled or changed; frames missing,
    unless a warning in `warned` names their file."""
    tables = [folder / f"events.csv{suffix}" for suffix in suffixes if (folder / f"events.csv{suffix}").exists()]
    found = events(tables)
    keys, wanted_keys = [tuple(line[:2]) for line in found], [tuple(line[:2]) for line in wanted]
    faults = []
    if len(set(keys)) < len(keys):
        faults.append("doubled events")
    if set(wanted_keys) - set(keys):
        faults.append("lost events")
    if not faults and found != wanted:
        faults.append("changed events")
    for table in tables:
        rows = [line.split(",") for line in table.read_text().splitlines()[1:]]
        successes = [int(row[0]) for row in rows if row[4] == "success"]
        for name, read in (("saddles.dump", frames), ("minima.dump", frames), ("displaced.csv", displacing)):
            path = table.with_name(table.name.replace("events.csv", name))
            there = read(path) if successes or path.exists() else []
            # what is there must be right, whatever lacks
            if there != successes and not (set(there) <= set(successes) and any(name in line for line in warned)):
                faults.append(f"{name} and the table have other events")
    return faults


def frames(path):
    return [step for step, _ in read_dump(path)]


def displacing(path):
    return list(dict.fromkeys(int(line.split(",")[0]) for line in path.read_text().splitlines()[1:]))


def torn(seeds, folder):
    """Yields (seed, faults, refused): a finished campaign, one of its files cut, then resumed. Seeds count the files
    in turn, and offsets in steps that come to every one when there are enough seeds."""
    samples.make(folder)
    whole, wanted = reference(folder)
    contents = {name: (whole / name).read_bytes() for name in FILES}
    for seed in seeds:
        name = FILES[seed % len(FILES)]
        length = len(contents[name])
        offset = seed // len(FILES) * 7919 % length    # a prime that divides no length
        torn_folder = folder / "torn"
        shutil.copytree(whole, torn_folder)
        (torn_folder / name).write_bytes(contents[name][:offset])
        outcome = run(campaign(folder, resume="yes"), torn_folder)
        faults = outcome.faults or outcome.first_error()
        warned = [line for line in outcome.output.splitlines() if line.startswith("WARNING: Fix artn")]
        faults = faults or damage(torn_folder, wanted, warned=warned)
        shutil.rmtree(torn_folder)
        yield seed, [f"{name} cut at {offset} of {length}: {fault}" for fault in faults], 0


def kills(seeds, folder):
    """Yields (seed, faults, refused): each seed is one kill of a campaign with 1 to 4 partitions, of all its
    processes or of one first; a campaign is killed some times, then ends and is compared."""
    samples.make(folder)
    _, wanted = reference(folder)
    running = folder / "killed"
    for seed in seeds:
        generator = random.Random(seed)
        running.mkdir(exist_ok=True)
        count = generator.choice([1, 1, 1, 1, 1, 1, 2, 2, 3, 4])
        lines = campaign(folder, resume="yes")
        if count == 1:
            kill_one(lines, running, generator.uniform(0.02, 0.8))
        else:
            kill_several(lines, running, count, generator)
        faults = []
        if seed % KILLS_PER_CAMPAIGN == KILLS_PER_CAMPAIGN - 1 or seed == seeds[-1]:
            outcome = run(campaign(folder, resume="yes"), running)
            faults = outcome.faults or outcome.first_error()
            faults = faults or damage(running, wanted, ("", ".0", ".1", ".2", ".3"))
            shutil.rmtree(running)
        yield seed, faults, 0


def kill_one(lines, folder, seconds):
    pid = os.fork()
    if pid == 0:
        try:
            child(lines, folder)
        finally:
            os._exit(99)
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def kill_several(lines, folder, count, generator):
    """The launcher with all ranks, or one rank and everything else some moments later."""
    process = Lammps(folder).start("\n".join(lines[1:]) + "\n", ranks=count, options=["-partition", f"{count}x1"])
    time.sleep(generator.uniform(0.3, 2.0))
    ranks = processes_under(process.pid)
    if ranks and generator.random() < 0.5:
        kill(generator.choice(ranks))
        time.sleep(generator.uniform(0, 0.2))
    for rank in {*ranks, *processes_under(process.pid)}:
        kill(rank)
    process.kill()
    process.communicate()


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def processes_under(pid):
    """The descendants of a process."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as file:
                    parent = int(file.read().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
            if parent == pid:
                found += [*processes_under(int(entry)), int(entry)]
    return found
