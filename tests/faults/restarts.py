"""Restart files with motif histories, damaged: in a history, cut, or anywhere."""

import random

import numpy as np

import samples  # noqa: F401  (finds conftest)
from conftest import PLUGIN
from inprocess import run
from samples import LJ

HEADER = 6      # words of a history before its entries: number of words, then those of the core
RESULT = "thermo_style custom step c_S c_S[2] c_S[3]"


def start(key):
    return [f"plugin load {PLUGIN}", "units lj", "atom_modify map array"], [f"compute S all voronoi/entropy key {key}", "fix N all nve"]


def reading(key, name):
    """Lines that go on from a restart file and print what its histories come to."""
    head, styles = start(key)
    return [*head, f"read_restart {name}", *LJ.splitlines(), *styles, RESULT, "run 0 post no"]


def write(data, key, folder):
    """The bytes of a restart file with 30 samples."""
    head, styles = start(key)
    outcome = run([*head, f"read_data {data}/lj.hot.data", *LJ.splitlines(), *styles, "run 30", "write_restart r"], folder)
    assert not outcome.faults and not outcome.errors, outcome.output[-2000:]
    return (folder / "r").read_bytes()


def histories(restart, key):
    """(first byte, number of bytes) of every history of an atom."""
    words_per_entry = 2 if key == "full" else 1
    found = []
    for offset in range(8):
        whole = restart[offset : offset + (len(restart) - offset) // 8 * 8]
        sizes, counts = np.frombuffer(whole, dtype=np.float64), np.frombuffer(whole, dtype=np.uint64)
        with np.errstate(invalid="ignore"):
            entries = (sizes[:-2] - HEADER) / words_per_entry
            starts = np.flatnonzero((entries >= 1) & (entries <= 31) & (entries == counts[2:]))
        found = max(found, [(8 * int(k) + offset, 8 * int(sizes[k])) for k in starts], key=len)
    return found


def damaged(whole, places, generator):
    """What was done, and the bytes."""
    bad = bytearray(whole)
    what = generator.choice(["history", "history", "cut", "anywhere"])
    if what == "cut":
        at = generator.randrange(len(whole))
        return f"cut at {at} of {len(whole)}", bytes(bad[:at])
    if what == "anywhere":
        at, length = generator.randrange(len(whole)), generator.choice([1, 4, 8, 64])
    else:
        first, size = generator.choice(places)
        length = generator.choice([1, 2, 8, 16])
        at = first + generator.randrange(max(1, size - length + 1))
    while bad == whole:
        bad[at : at + length] = generator.choice([bytes(length), b"\xff" * length, generator.randbytes(length)])
    return f"{what}: {length} bytes at {at}", bytes(bad[: len(whole)])


def results(outcome):
    """Lines of thermo output with the histories."""
    lines = outcome.output.splitlines()
    heads = [k for k, line in enumerate(lines) if line.split()[:2] == ["Step", "c_S"]]
    return [lines[k + 1].split() for k in heads]


def restarts(seeds, folder):
    """Yields (seed, faults, refused): a restart file is damaged and read. Where a history is not what was written, or
    the file is short, there has to be an error, unless what comes out is right; elsewhere nothing but an error of
    LAMMPS may happen that does not happen without our style, too."""
    samples.make(folder)
    files = {}
    for key in ("3456", "full"):
        whole = write(folder, key, folder / key)
        places = histories(whole, key)
        assert len(places) == 128, "a history for each atom"
        sound = results(run(reading(key, "r"), folder / key))
        assert sound and sound[0][-1] == "31"
        files[key] = whole, places, sound
    for seed in seeds:
        generator = random.Random(seed)
        key = generator.choice(list(files))
        whole, places, sound = files[key]
        what, bad = damaged(whole, places, generator)
        (folder / "bad").write_bytes(bad)
        lines = reading(key, "../bad")
        outcome = run(lines, folder / "run", seconds=10)
        faults = outcome.faults
        plain = [line for line in lines if "entropy" not in line and "c_S" not in line]
        if faults and run(plain, folder / "plain", seconds=10).faults:
            faults = []
        if not what.startswith("anywhere") and results(outcome) not in ([], sound):
            faults = faults + [f"accepted: {results(outcome)[0]}"]
        yield seed, [f"{what}: {fault}" for fault in faults], outcome.errors
