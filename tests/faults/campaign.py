"""By hand, as many as wanted, kinds in turn:

    python tests/faults/campaign.py --scripts 10000 --kills 1000 --torn 5000 --restarts 300

`--first SEED` begins elsewhere. Prints every fault with its seed and a summary of each kind; the exit status is 1 if
there were faults.
"""

import argparse
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

import samples
from conftest import PLUGIN
from differences import differences
from inprocess import FINISH, run_and_blame
from restarts import restarts
from scripts import script
from searches import kills, torn


def scripts(seeds, folder):
    """Yields (seed, faults, number of LAMMPS errors) of random scripts."""
    samples.make(folder)
    for seed in seeds:
        outcome = run_and_blame(script(seed, PLUGIN, folder) + FINISH, folder / str(seed))
        shutil.rmtree(folder / str(seed))
        shutil.rmtree(folder / f"{seed}.plain", ignore_errors=True)
        yield seed, outcome.faults, outcome.errors


KINDS = {"scripts": scripts, "differences": differences, "kills": kills, "torn": torn, "restarts": restarts}


def main():
    parser = argparse.ArgumentParser()
    for kind in KINDS:
        parser.add_argument(f"--{kind}", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    wanted = vars(parser.parse_args())
    first = wanted.pop("first")
    return int(sum(campaign(kind, range(first, first + count)) for kind, count in wanted.items() if count) > 0)


def campaign(kind, seeds):
    """Prints what is found and returns the number of faulty seeds."""
    start, faulty, errors = time.monotonic(), 0, 0
    used = cpu_seconds()
    with tempfile.TemporaryDirectory() as folder:
        for seed, faults, refused in KINDS[kind](seeds, Path(folder)):
            errors, faulty = errors + refused, faulty + bool(faults)
            for fault in faults:
                print(f"{kind} {seed}: {fault}", flush=True)
    print(f"{kind} {seeds[0]} to {seeds[-1]}: {len(seeds)} tried, {errors} LAMMPS errors, {faulty} faulty, "
          f"{time.monotonic() - start:.0f} s, {cpu_seconds() - used:.0f} CPU s", flush=True)
    return faulty


def cpu_seconds():
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    sys.exit(main())
