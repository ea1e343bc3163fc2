"""Wrong use of fix artn, and systems out of the ordinary."""

import re

import numpy as np
import pytest

from artn import copper, read_table
from conftest import system

FIX = "fix hop shell artn 5 events 1 attempts 1 active 6.0 "
HOP = 0.6708

NOT_METAL = """
units lj
lattice fcc 1.05
region box block 0 5 0 5 0 5
create_box 1 box
create_atoms 1 box
mass 1 1
pair_style lj/cut 2.5
pair_coeff * * 1 1
region hole sphere 2 2 2 0.1
group hole region hole
region shell sphere 2 2 2 0.8
delete_atoms group hole compress no
group shell region shell
minimize 0 1e-8 1000 10000
reset_timestep 0
"""
# Numbers of the line that says the defaults, as powers of length and energy.
NAMES = {"push": (1, 0), "R": (1, 0), "active": (1, 0), "ftol": (-1, 1), "vectors": (0, 0), "step": (1, 0), "curvature": (-2, 1),
         "energy": (0, 1), "distance": (1, 0)}
LJ = "push 0.05 1.6 active 3.0 ftol 0.005 lanczos 8 4e-4 curvature -5.0 same 1e-3 0.04 "

OTHER_STATE = "the initial state (atoms, box, forces, group) is not that of the last run: define the fix again"

WRONG = {
    "no seed": ("fix hop shell artn", "the seed is missing"),
    "seed": ("fix hop shell artn 0", "seed 0 is out of range: use an integer from 1 to"),
    "unknown keyword": (FIX + "evnts 3", "unknown keyword evnts: use events, attempts, push"),
    "missing value": (FIX + "ftol", "keyword ftol needs a value: ftol F"),
    "missing second value": (FIX + "push 0.1", "keyword push needs two values: push D R"),
    "not a number": (FIX + "ftol small", "ftol small is not a positive number"),
    "negative": (FIX + "active -1", "active -1 is not a positive number"),
    "not an integer": (FIX + "maxeval 1.5", "maxeval 1.5 is out of range"),
    "curvature": (FIX + "curvature 0.5", "curvature 0.5 is positive: use a number of 0 or less"),
    "barrier": (FIX + "barrier 2 1", "barrier 2 1 is not a range: use 0 <= Emin < Emax"),
    "long number": (FIX + "barrier 1e300 1e299", "barrier 1e300 1e299 is not a range"),
    "yes or no": (FIX + "connect maybe", "connect maybe is unknown: use yes or no"),
    "resume without table": (FIX + "resume yes", "resume yes needs the event table: add events_file NAME"),
    "integrator": (FIX + "\nfix move all nve", "fix move (style nve) moves atoms, changes forces or the box: unfix it first"),
    "post force": (FIX + "\nfix push all addforce 0 0 0", "fix push (style addforce) moves atoms"),
    "all atoms held": (FIX + "\nfix hold all setforce 0 0 0", "other fixes hold all atoms of group shell"),
    "half held": (FIX + "\nfix hold all setforce 0 NULL 0", "fix hold (style setforce) changes forces other than to 0 0 0"),
    "pulled": (FIX + "\nfix hold all setforce 0 0.1 0", "fix hold (style setforce) changes forces other than to 0 0 0"),
    "two at a time": (FIX + "\nfix hop2 shell artn 6", "(style artn) moves atoms"),
    "empty group": ("group none empty\nfix hop none artn 5", "group none is empty: it names the central atoms"),
    "no minimum": ("displace_atoms all random 0.1 0.1 0.1 5\n" + FIX, "the initial state is not a minimum"),
    "respa": (FIX + "\nrun_style respa 2 2", "does not work with run_style respa: use run_style verlet"),
    "no folder": (FIX + "events_file nowhere/events.csv", "nowhere/events.csv"),
    "device": (FIX + "saddles /dev/full events_file events.csv", "/dev/full is not a regular file"),
    "endless file": (FIX + "events_file /dev/full resume yes", "/dev/full is not a regular file"),
    "folder": ("shell mkdir events.csv\n" + FIX + "events_file events.csv", "events.csv is not a regular file"),
    "pipe": ("shell mkfifo events.csv\n" + FIX + "events_file events.csv resume yes", "events.csv is not a regular file"),
    "wrong table": (
        'shell "echo text > events.csv"\n' + FIX + "events_file events.csv resume yes",
        "events.csv is no event table",
    ),
    "not our file": (
        'shell "echo text > events.csv"\n' + FIX + "events_file events.csv",
        "events.csv is there and is no file of a campaign: remove it, or give another name",
    ),
    "one name": (FIX + "events_file events.csv minima events.csv.settings", "give every file its own name"),
    "name of a partition": (FIX + "events_file events.csv saddles events.csv.0", "give every file its own name"),
    "other state": (FIX + "\nrun 1\nmin_style fire\ndisplace_atoms all random 1e-6 1e-6 1e-6 5", OTHER_STATE),
    "other box": (FIX + "\nrun 1\nchange_box all boundary p p f", OTHER_STATE),
    "other forces": (FIX + "\nrun 1\npair_style lj/cut 5\npair_coeff * * 0.01 2.5", OTHER_STATE),
    "other group": (FIX + "\nrun 1\ngroup shell clear\ngroup shell id 1", OTHER_STATE),
    "one atom": ("delete_atoms group all compress no\ncreate_atoms 1 single 1 1 1\ngroup shell type 1\n" + FIX, "needs two atoms or more"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_use(lmp, what):
    lines, message = WRONG[what]
    output = lmp(copper() + lines + "\nrun 1\n", status=None).output
    assert f"ERROR: Fix artn hop" in output and message in output.replace("\n", " "), output[-1500:]


def test_no_pair_style(lmp):
    script = copper().split("pair_style")[0] + "mass 1 63.5\ngroup shell id 1\n" + FIX + "\nrun 1\n"
    assert "needs forces: define a pair_style" in lmp(script, status=None).output


def successes(folder):
    return [row for row in read_table(folder / "events.csv") if row["status"] == "success"]


def check_saddles(lmp, folder, script, ftol):
    """Stock forces at the saddles of the dump."""
    rerun = f"thermo 1\nthermo_style custom step pe fmax\nthermo_modify norm no format float %.12g\nrerun {folder}/saddles.dump dump x y z box no\n"
    rows = successes(folder)
    assert rows
    thermo = lmp(script + rerun, load=False).thermo()
    assert np.allclose(thermo["PotEng"][-len(rows):], [row["energy_saddle"] for row in rows], atol=1e-6)
    assert max(thermo["Fmax"][-len(rows):]) <= ftol * 1.0001
    return rows


SEARCH = "fix hop shell artn 5 events 1 attempts 4 {keywords} events_file events.csv saddles saddles.dump\nrun {run}\n"


def test_units_lj(lmp):
    run = lmp(NOT_METAL + SEARCH.format(keywords=LJ, run=12))
    check_saddles(lmp, run.folder, NOT_METAL, 0.005)


def test_defaults_follow_lengths_and_energies(lmp):
    """The same crystal with sigma 2 and epsilon 3 has twice the lengths and three times the energies."""
    barriers, settings = [], []
    for sigma, epsilon in [(1, 1), (2, 3)]:
        script = NOT_METAL.replace("fcc 1.05", f"fcc {1.05 / sigma**3}").replace("lj/cut 2.5", f"lj/cut {2.5 * sigma}")
        script = script.replace("* * 1 1", f"* * {epsilon} {sigma}")
        run = lmp(script + SEARCH.format(keywords="", run=12))
        barriers.append(min(row["barrier"] for row in successes(run.folder)) / epsilon)
        line, = (line for line in run.output.splitlines() if "for this sample, push" in line)
        numbers = dict(zip(NAMES, map(float, re.findall(r" (-?[\d.e-]+)(?= |$)", line.split("sample,")[1]))))
        settings.append({name: value / sigma**NAMES[name][0] / epsilon**NAMES[name][1] for name, value in numbers.items()})
    assert barriers[0] == pytest.approx(barriers[1], rel=0.02), "cut off, not smooth"
    assert settings[0] == pytest.approx(settings[1], rel=0.1), "two digits"
    nearest = np.sqrt(0.5) * (4 / 1.05) ** (1 / 3)
    assert settings[0]["R"] == pytest.approx(nearest, rel=0.05) and settings[0]["push"] == pytest.approx(nearest * 0.5 / 3.7, rel=0.05)


@pytest.mark.parametrize("change", ["triclinic", "surface", "shrink", "newton", "hybrid", "large skin"])
def test_other_boxes_and_lists(lmp, change):
    script = copper()
    if change == "triclinic":
        script = script.replace("region box block 0 4 0 4 0 4", "region box prism 0 4 0 4 0 4 1 0 1")
    elif change == "surface":
        script = script.replace("units metal", "units metal\nboundary p p f")
        script = script.replace("block 0 4 0 4 0 4", "block 0 4 0 4 -0.3 3.7")
        # room for an atom that leaves the surface
        script = script.replace("minimize", "change_box all z delta -6 6 units box\nminimize", 1)
    elif change == "shrink":
        script = script.replace("units metal", "units metal\nboundary p p s")
    elif change == "newton":
        script = script.replace("units metal", "units metal\nnewton off")
    elif change == "hybrid":
        script = script.replace("pair_style eam", "pair_style hybrid/overlay eam zero 3.0")
        script = script.replace("pair_coeff * * Cu_u3.eam", "pair_coeff * * eam Cu_u3.eam\npair_coeff * * zero")
    else:
        script = script.replace("neighbor 1.0", "neighbor 3.0")
    run = lmp(script + SEARCH.format(keywords="active 6.0", run=8))
    rows = check_saddles(lmp, run.folder, script, 0.01)
    wide = 0.1 if change in ("surface", "shrink") else 0.02
    assert any(abs(row["barrier"] - HOP) < wide for row in rows), [row["barrier"] for row in rows]
    assert "every evaluation computes all atoms" not in run.output


SILICON = """
units metal
lattice diamond 5.431
region box block 0 3 0 3 0 3
create_box 1 box
create_atoms 1 box
mass 1 28.0855
pair_style sw
pair_coeff * * Si.sw Si
region hole sphere 8.1465 8.1465 8.1465 0.1 units box
group hole id 100
delete_atoms group hole compress no
group shell id 101:104
minimize 0 1e-8 2000 20000
reset_timestep 0
"""


def test_full_lists(lmp):
    """Stillinger-Weber: three-body terms, both directions of a pair in the list."""
    run = lmp(SILICON + SEARCH.format(keywords="active 7.0", run=16))
    assert "every evaluation computes all atoms" not in run.output
    check_saddles(lmp, run.folder, SILICON, 0.01)


def test_forces_from_afar(lmp):
    """With a long-range solver no pair can be left out: a warning, and an attempt."""
    script = NOT_METAL.replace("pair_style lj/cut 2.5", "pair_style lj/long/coul/long long off 2.5\nkspace_style ewald/disp 1e-4")
    run = lmp(script + SEARCH.format(keywords=LJ, run=1))
    assert "every evaluation computes all atoms" in run.output.replace("\n", " ")
    assert len(read_table(run.folder / "events.csv")) == 1


ROCK_SALT = """
units metal
atom_style charge
atom_modify map array
lattice sc 2.8
region box block 0 4 0 4 0 4
create_box 2 box
create_atoms 1 box
variable odd atom (round(x/2.8)+round(y/2.8)+round(z/2.8))%2
group odd variable odd
set group odd type 2
mass * 30
set type 1 charge 1
set type 2 charge -1
pair_style lj/cut/coul/long 5.0
pair_coeff * * 0.1 2.8
kspace_style pppm 1e-4
neighbor 1.0 bin
group centers id 2 5 17
"""


def test_atoms_may_leave_the_grid_of_pppm(lmp):
    """LAMMPS stops where an atom is half a skin outside the box. An attempt in which it goes farther than our wider grid
    fails, and the others go on."""
    search = "fix hop centers artn 5 events 1 attempts 2 active 5 maxeval 400 events_file events.csv\nrun 10\n"
    assert len(read_table(lmp(ROCK_SALT + search).folder / "events.csv")) == 6


def test_foreign_style_of_the_same_name(lmp):
    assert "artn/ergodic" in lmp("info styles fix\n").output
    run = lmp(copper() + FIX.replace("artn", "artn/ergodic") + "events_file events.csv\nrun 1\n")
    assert len(read_table(run.folder / "events.csv")) == 1


def test_values_before_the_first_run(lmp):
    script = copper() + FIX + '\nrun 0 post no\nprint "VALUES $(f_hop) $(f_hop[1]) $(f_hop[7])"\n'
    assert "\nVALUES 0 0 0\n" in lmp(script).output


def test_runs_after_the_campaign(lmp):
    """The run ended early; the next one is as long as it should be, with the neighbor settings of the user."""
    script = copper() + FIX + "\nthermo_style custom step pe press temp\nrun 100\nunfix hop\nfix move all nve\nvelocity all create 300 5 loop geom\nrun 20\nprint \"STEP $(step)\"\n"
    output = lmp(script).output
    steps = int(output.split("\nSTEP ")[1].split()[0])
    assert steps == 12 + 20
    assert output.rsplit("ghost atom cutoff = ", 1)[1].startswith("5.95")


def test_forces_that_are_not_finite(lmp):
    """Below 2.45 Angstrom, where atoms come on the way to the saddle only, forces overflow: failed attempts, counted,
    and the state is that of the beginning."""
    script = copper().replace("pair_style eam", "pair_style hybrid/overlay eam lj/cut 2.45")
    script = script.replace("pair_coeff * * Cu_u3.eam", "pair_coeff * * eam Cu_u3.eam\npair_coeff * * lj/cut 1e307 2.45")
    dump = "write_dump all custom {name} id x y z modify sort id format float %.17g\n"
    search = "fix hop shell artn 5 events 1 attempts 2 active 6.0 events_file events.csv\nrun 6\n"
    folder = lmp(script + "run 0\n" + dump.format(name="before.dump") + search + dump.format(name="after.dump")).folder
    rows = read_table(folder / "events.csv")
    assert len(rows) == 6 and any(row["status"] == "force_error" for row in rows), [row["status"] for row in rows]
    assert all(np.isnan(row["barrier"]) for row in rows if row["status"] == "force_error")
    before, after = ((folder / name).read_text().split("ITEM: ATOMS")[1] for name in ("before.dump", "after.dump"))
    assert before == after
