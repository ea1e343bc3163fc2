"""fix artn in scripts and under errors that nobody plans for: the same events, or a clear error, and never a crash."""

import re
import subprocess
import sys
import time

import numpy as np
import pytest

from artn import copper, events, read_table
from conftest import PLUGIN, environment

FIX = "fix hop shell artn 5 events 2 attempts 3 active 6.0 maxeval 200 events_file events.csv {}\n"
TWO_RUNS = "run 2\nrun 3\n"

SEQUENCES = {
    "pre no": "run 2\nrun 3 pre no\n",
    "every": "run 5 every 2 NULL\n",
    "every, post no": "run 5 post no every 2 NULL\n",
    "pre no after minimize": "minimize 0 1e-6 0 0\nrun 2 pre no\nrun 3 pre no\n",
    "minimize between": "run 2\nminimize 0 1e-6 0 0\nrun 3 pre no\n",
    "thermo between": "run 2\nprint \"E $(pe) $(f_hop)\"\nrun 3 pre no\n",
    "other fix between": "run 2 pre no\nfix m all nve\nunfix m\nrun 3 pre no post no\n",
}


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """Lines of the table of two runs of 2 and 3 attempts."""
    from conftest import Lammps

    folder = Lammps(tmp_path_factory.mktemp("reference"))(copper() + FIX.format("") + TWO_RUNS).folder
    lines = events(folder / "events.csv")
    assert len(lines) == 5
    return lines


@pytest.mark.parametrize("what", SEQUENCES)
def test_the_same_events_after_any_setup(lmp, reference, what):
    script = copper() + FIX.format("") + SEQUENCES[what]
    assert events(lmp(script).folder / "events.csv") == reference


def test_every_with_pre_no_is_an_error(lmp, reference):
    """LAMMPS offers no way to set up such a run."""
    run = lmp(copper() + FIX.format("") + "run 5 pre no every 2 NULL\n", status=None)
    assert "ERROR: Fix artn hop needs the setup of every run: use run ... every with pre yes" in run.output
    assert events(run.folder / "events.csv") == reference[:2]


@pytest.mark.slow
def test_pre_no_with_partitions(lmp, reference):
    run = lmp(copper() + FIX.format("") + "run 1\nrun 2 pre no\n", ranks=2, options=["-partition", "2x1"])
    lines = events([run.folder / f"events.csv.{k}" for k in range(2)])
    assert len(lines) == 6 and all(line in lines for line in reference[:3])


@pytest.mark.parametrize("tilt", ["0 0 0", "1 0 0", "1.3 -0.7 0.4"])
def test_second_run_in_a_triclinic_box(lmp, tilt):
    """The setup of LAMMPS changes last bits of positions; the events are those of a single run all the same."""
    script = copper().replace("region box block 0 4 0 4 0 4", f"region box prism 0 4 0 4 0 4 {tilt}")
    one = events(lmp(script + FIX.format("") + "run 4\n").folder / "events.csv")
    again = 'run 1\nrun 1\nrun 2\nvariable f equal f_hop[1]\nprint "ATTEMPTS $f"\n'
    run = lmp(script + FIX.format("") + again)
    assert "\nATTEMPTS 4\n" in run.output
    assert events(run.folder / "events.csv") == one


# Runs the lines of a script through the Python module, going on after errors, as notebooks do.
LINES = """
import sys, lammps
l = lammps.lammps(cmdargs=["-log", "none", "-screen", "none"])
for line in open(sys.argv[1]).read().splitlines():
    try:
        l.command(line)
    except Exception as error:
        print("CAUGHT", " ".join(str(error).split()), flush=True)
print("X", repr(sum(l.numpy.extract_atom("x").sum(axis=1)[: l.get_natoms()])), flush=True)
l.close()
print("CLOSED", flush=True)
"""
GOOD = "fix hop shell artn 5 events 1 attempts 2 active 6.0 maxeval 200 events_file events.csv\nrun 1\n"
AFTER_ERROR = {
    "no minimum": ("displace_atoms all random 0.1 0.1 0.1 5\n" + GOOD, "the initial state is not a minimum"),
    "no minimum, twice": ("displace_atoms all random 0.1 0.1 0.1 5\n" + GOOD + "run 1\nrun 1 pre no\n", "not a minimum"),
    "no minimum, then another fix": (
        "displace_atoms all random 0.1 0.1 0.1 5\n" + GOOD + "unfix hop\nfix m all nve\nrun 5 pre no\nrun 5\n",
        "not a minimum",
    ),
    "file": (GOOD.replace("events.csv", "nowhere/events.csv") + "run 1\nrun 1\n", "nowhere"),
    "file, then a good one": (GOOD.replace("events.csv", "nowhere/events.csv") + GOOD + "run 1\n", "nowhere"),
    "init": ("fix m all nve\n" + GOOD + "run 1\nunfix m\nrun 1\n", "fix m (style nve)"),
    "variable": ("fix hop shell artn 5 active 6.0 direction v_a v_b v_c\nrun 1\n" + "run 1\n", "there is no such variable"),
    "during the run": (
        "variable bad equal 1/(f_hop[1]-1)\n" + GOOD.replace("run 1", "thermo 1\nthermo_style custom step v_bad\nrun 2")
        + "thermo_style one\nrun 1\nunfix hop\nfix m all nve\nrun 3\n",
        "Divide by 0",
    ),
    "at the last step": (
        "variable bad equal 1/(f_hop[1]-2)\ngroup one id 100\n"
        + GOOD.replace("shell", "one").replace("run 1", "thermo 1\nthermo_style custom step v_bad\nrun 9")
        + 'thermo_style one\nunfix hop\nfix m all nve\nrun 3\nprint "X"\n',
        "Divide by 0",
    ),
    "arguments": ("fix hop shell artn 5 active\nfix hop shell artn 5 evnts 1\nrun 0\n" + GOOD, "active"),
    "clear": (GOOD + "clear\nrun 1\n", "ERROR"),
}


@pytest.mark.parametrize("what", AFTER_ERROR)
def test_errors_in_the_python_module(tmp_path, what):
    """An error is an exception with its message; whatever follows, and the end, goes on as LAMMPS does."""
    lines, message = AFTER_ERROR[what]
    (tmp_path / "in.lines").write_text(f"plugin load {PLUGIN}\n{copper()}{lines}")
    if what == "clear":
        lines = LINES.replace("print(\"X\"", "0 and print(\"X\"")
    (tmp_path / "lines.py").write_text(lines if what == "clear" else LINES)
    process = subprocess.run(
        [sys.executable, "lines.py", "in.lines"], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=100
    )
    assert process.returncode == 0 and process.stdout.endswith("CLOSED\n"), process.stdout[-2000:] + process.stderr[-2000:]
    assert message in process.stdout and "Ergodic" not in process.stdout


def test_the_state_after_an_error_is_that_before(tmp_path):
    """Atoms are where they were, and a corrected fix finds its events."""
    lines = "fix hop shell artn 5 events 1 attempts 2 active 6.0 events_file nowhere/e.csv\nrun 3\n" + GOOD.replace("run 1", "run 3")
    tables = []
    for name, script in {"error": lines, "plain": GOOD.replace("run 1", "run 3")}.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "in.lines").write_text(f"plugin load {PLUGIN}\n{copper()}{script}")
        (folder / "lines.py").write_text(LINES)
        process = subprocess.run(
            [sys.executable, "lines.py", "in.lines"], cwd=folder, env=environment(), capture_output=True, text=True, timeout=100
        )
        tables.append((events(folder / "events.csv"), process.stdout.split("X ")[1]))
    assert tables[0] == tables[1] and len(read_table(folder / "events.csv")) == 3


CAMPAIGN = "fix hop shell artn 5 events 2 attempts 3 active 6.0 maxeval 200 events_file events.csv saddles saddles.dump {}\n"


def test_full_disk(lmp):
    """A limit of the size of files stands for the disk: an error that names the file, and whole lines."""
    (lmp.folder / "in.lines").write_text(f"plugin load {PLUGIN}\n{copper()}{CAMPAIGN.format('')}run 12\n")
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (40000, 40000))\n"
    (lmp.folder / "lines.py").write_text(LINES.replace("for line", limit + "for line", 1))
    process = subprocess.run(
        [sys.executable, "lines.py", "in.lines"], cwd=lmp.folder, env=environment(), capture_output=True, text=True, timeout=100
    )
    assert "cannot write saddles.dump" in process.stdout and process.stdout.endswith("CLOSED\n"), process.stdout
    rows = read_table(lmp.folder / "events.csv")
    run = lmp(copper() + CAMPAIGN.format("resume yes") + "run 2\n")
    assert f"Fix artn hop: resumed {len(rows)} attempts with" in run.output
    assert len(read_table(lmp.folder / "events.csv")) == len(rows) + 2


def test_two_campaigns_on_the_same_files(lmp):
    """The second one stops, whatever its fix says, and the first does not notice."""
    first = lmp.start(copper() + CAMPAIGN.format("") + "run 100\n")
    table = lmp.folder / "events.csv"
    while first.poll() is None and not (table.exists() and table.stat().st_size > 500):
        time.sleep(0.01)
    for keywords in ("", "resume yes"):
        output = lmp(copper() + CAMPAIGN.format(keywords) + "run 1\n", status=None).output
        assert "another run writes to events.csv" in output.replace("\n", " "), output[-1000:]
    first.communicate()
    assert first.returncode == 0
    alone = lmp.folder / "alone"
    alone.mkdir()
    assert events(table) == events(type(lmp)(alone)(copper() + CAMPAIGN.format("") + "run 100\n").folder / "events.csv")


@pytest.mark.parametrize("command", ["rm events.csv", "mv events.csv x; cp x events.csv", "rm saddles.dump", "truncate -s 9 events.csv"])
def test_files_that_are_taken_away(lmp, command):
    """The run stops at the next record, and says which file it is."""
    each = f'fix p all print 2 "$(step)" screen no\nrun 2\nshell "{command}"\nrun 20\n'
    output = lmp(copper() + CAMPAIGN.format("") + each, status=None).output
    assert "was removed, replaced or changed while the run wrote to it" in output.replace("\n", " ")


@pytest.mark.parametrize("damage", ["known", "known flipped", "settings", "settings torn"])
def test_damaged_sidecars(lmp, damage):
    """They are made anew; the table is the same as that of a campaign without damage."""
    folder = lmp(copper() + CAMPAIGN.format("") + "run 100\n").folder
    whole = events(folder / "events.csv")
    lmp(copper() + CAMPAIGN.format("") + "run 8\n")
    name = ".events.csv.known" if "known" in damage else "events.csv.settings"
    content = (folder / name).read_bytes()
    if damage == "known flipped":
        (folder / name).write_bytes(content[:40] + bytes([content[40] ^ 4]) + content[41:])
    elif damage == "settings torn":
        (folder / name).write_bytes(content[: len(content) // 2])
    else:
        (folder / name).unlink()
    run = lmp(copper() + CAMPAIGN.format("resume yes") + "run 100\n")
    assert "WARNING: Fix artn hop" in run.output and "resumed 8 attempts" in run.output
    assert events(folder / "events.csv") == whole


def test_patterns_find_no_binary_files(lmp):
    folder = lmp(copper() + CAMPAIGN.format("") + "run 3\n").folder
    assert {path.name for path in folder.glob("events.csv*")} == {"events.csv", "events.csv.settings"}
    for path in folder.glob("events.csv*"):
        assert path.read_text().isascii()


# A slab of which the lower half is a substrate at rest. Its atoms are not at a minimum.
HELD = """
region low block INF INF INF INF INF 5.0 units box
group low region low
displace_atoms low random 0.05 0.05 0.05 4
fix hold low setforce 0 0 0
minimize 0 1e-8 1000 10000
reset_timestep 0
"""


@pytest.mark.parametrize("active", ["6.0", "all"])
def test_held_atoms_stay(lmp, active):
    """Their forces do not count and they are at rest in every saddle and minimum, which stock LAMMPS confirms."""
    script = copper().replace("units metal", "units metal\nboundary p p f").replace("block 0 4 0 4 0 4", "block 0 4 0 4 -2 6")
    script = script.replace("create_atoms 1 box", "region slab block 0 4 0 4 0 3.9\ncreate_atoms 1 region slab") + HELD
    dump = "write_dump all custom start.dump id type x y z fx fy fz modify sort id format float %.17g\n"
    search = f"fix hop all artn 5 events 1 attempts 2 active {active} events_file events.csv saddles saddles.dump minima minima.dump\n"
    run = lmp(script + "run 0\n" + dump + search + "run 12\n" + dump.replace("start", "end"))
    assert "atoms are held by other fixes and are no central atoms" in run.output
    assert "every evaluation computes all atoms" not in run.output
    rows = [row for row in read_table(run.folder / "events.csv") if row["status"] == "success"]
    assert rows
    start = run.dump("start.dump")[0][1]
    end = run.dump("end.dump")[0][1]
    assert np.array_equal(start[:, :5], end[:, :5]) and np.allclose(start[:, 5:], end[:, 5:], rtol=0, atol=1e-9)
    low = start[:, 4] < 5.0
    assert np.array_equal(end[low, 5:], np.zeros((low.sum(), 3)))
    assert low.sum() > 60 and not {row["center"] for row in rows} & set(start[low, 0])
    for name in ("saddles.dump", "minima.dump"):
        for _, frame in run.dump(name):
            assert np.array_equal(frame[low, 2:5], start[low, 2:5]) and not np.array_equal(frame[~low, 2:5], start[~low, 2:5])
    rerun = f"thermo 1\nthermo_style custom step pe fmax\nthermo_modify norm no format float %.12g\nrerun {run.folder}/saddles.dump dump x y z box no\n"
    thermo = lmp(script + rerun, load=False).thermo()
    assert np.allclose(thermo["PotEng"][-len(rows):], [row["energy_saddle"] for row in rows], atol=1e-6)
    assert max(thermo["Fmax"][-len(rows):]) <= 0.01001


def test_second_run_with_held_atoms(lmp):
    script = copper() + HELD + FIX.format("resume yes") + "run 2\nrun 2\n"
    run = lmp(script)
    assert len(events(run.folder / "events.csv")) == 4
    assert re.search(r"Fix artn hop: type 1: mean barrier \d\.\d+ of \d events of \d centers, \d+ centers done without", run.output)
    output = lmp(script.replace("fix hop", "group more id 255\nfix more more setforce 0 0 0\nfix hop"), status=None).output
    assert "cannot resume: held is" in output


@pytest.mark.slow
@pytest.mark.parametrize("how", [{"ranks": 2}, {"options": ["-sf", "omp", "-pk", "omp", "2"]}])
def test_held_atoms_on_ranks_and_threads(lmp, how):
    """The same events as on one core."""
    folder = lmp(copper() + HELD + "write_restart minimum\n").folder
    script = f"""
read_restart {folder}/minimum
pair_style eam
pair_coeff * * Cu_u3.eam
neighbor 1.0 bin
fix hold low setforce 0 0 0
""" + FIX.format("") + "run 2\n"
    rows = read_table(lmp(script).folder / "events.csv")
    others = read_table(lmp(script, **how).folder / "events.csv")
    assert [row["status"] for row in rows] == [row["status"] for row in others]
    assert np.allclose([row["barrier"] for row in rows], [row["barrier"] for row in others], atol=1e-6, equal_nan=True)


# A particle in vacuum, in an open box or across the boundaries of a periodic one.
PARTICLE = """
units metal
boundary {0} {0} {0}
lattice fcc 3.615
region box block -12 12 -12 12 -12 12 units box
create_box 1 box
region ball sphere 0.9 0.4 0.2 5.2 units box
create_atoms 1 region ball
pair_style eam
pair_coeff * * Cu_u3.eam
neighbor 1.0 bin
displace_atoms all random 0.3 0.3 0.3 7
displace_atoms all move {1} {1} {1} units box
min_modify norm inf
minimize 0 1e-6 2000 20000
reset_timestep 0
group surface id 1:6
write_dump all custom start.dump id type x y z modify sort id format float %.17g
fix hop surface artn 5 connect no events 2 attempts 3 events_file events.csv saddles saddles.dump
run 18
"""


@pytest.mark.parametrize("boundary, shift", [("f", 0), ("p", 11)])
def test_a_turned_particle_is_no_event(lmp, boundary, shift):
    """Without relaxations to both sides, too: distances between atoms, which no turn changes, are others at every
    saddle."""
    run = lmp(PARTICLE.format(boundary, shift))
    rows = [row for row in read_table(run.folder / "events.csv") if row["status"] == "success"]
    assert len(rows) > 6
    initial = distances(run.dump("start.dump")[0][1])
    for row, (_, frame) in zip(rows, run.dump("saddles.dump"), strict=True):
        assert row["eigenvalue"] < -0.01 and np.abs(distances(frame) - initial).max() > 0.02


def distances(frame):
    x = frame[:, 2:5]
    i, j = np.triu_indices(len(x), 1)
    d = x[i] - x[j]
    return np.linalg.norm(d - 24 * np.round(d / 24), axis=1)


MOLECULAR = {
    "full": ("atom_style full", ""),
    "molecular": ("atom_style molecular", ""),
    "bonds": ("atom_style bond", "bond"),
}


@pytest.mark.parametrize("what", MOLECULAR)
def test_molecular_styles_cost_no_more(lmp, what):
    """Without bonds the events and their cost are those of atom_style atomic; with bonds far pairs are left out,
    too."""
    style, bonds = MOLECULAR[what]
    search = FIX.format("saddles saddles.dump") + "run 4\n"
    large = copper().replace("block 0 4 0 4 0 4", "block 0 6 0 6 0 6").replace("group shell", "group shell", 1)
    plain = lmp(large + search)
    reference, seconds = events(plain.folder / "events.csv"), read_table(plain.folder / "events.csv")
    script = large.replace("units metal", f"units metal\n{style}")
    if bonds:
        script = script.replace("create_box 1 box", "create_box 1 box bond/types 1 extra/bond/per/atom 2 extra/special/per/atom 4")
        script = script.replace("pair_style eam", "bond_style zero\nbond_coeff 1 2.5\nspecial_bonds lj/coul 1 1 1\npair_style eam")
        script = script.replace("reset_timestep 0", "create_bonds single/bond 1 1 2\nreset_timestep 0")
    run = lmp(script + search)
    assert "every evaluation computes all atoms" not in run.output.replace("\n", " ")
    rows = read_table(run.folder / "events.csv")
    if bonds:
        assert [row["status"] for row in rows] == [row["status"] for row in seconds]
    else:
        assert events(run.folder / "events.csv") == reference
        assert sum(row["seconds"] for row in rows) < 3 * sum(row["seconds"] for row in seconds)


def test_charge_equilibration_is_refused_with_its_reason(lmp):
    script = copper().replace("units metal", "units metal\natom_style charge")
    charges = 'shell "echo 1 1.0 10.0 1.0 1.0 0.0 > qeq"\nfix charges all qeq/point 1 6.0 1e-6 100 qeq\n'
    run = lmp(script + charges + FIX.format("") + "run 1\n", status=None)
    assert "fix charges (style qeq/point) equilibrates charges: they depend on all atoms" in run.output.replace("\n", " ")
