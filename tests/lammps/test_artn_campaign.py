"""Campaigns of fix artn: determinism, kills, partitions, files."""

import csv
import os
import random
import signal
import time

import pytest

from artn import COLUMNS, copper, events, key, read_table
from conftest import read_dump

# Attempts are cut short by maxeval, so that some fail and all are quick.
SETTINGS = "events 2 attempts 3 active 6.0 maxeval 200"
FILES = "events_file events.csv saddles saddles.dump minima minima.dump displaced displaced.csv"


def campaign(settings=SETTINGS, files=FILES, seed=5, group="shell", run="run 100", before=""):
    return copper(before) + f"fix hop {group} artn {seed} {settings} {files}\nthermo 1\n{run}\n"


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """Lines of the table of an undisturbed campaign."""
    from conftest import Lammps

    folder = Lammps(tmp_path_factory.mktemp("reference"))(campaign()).folder
    lines = events(folder / "events.csv")
    assert 12 < len(lines) <= 36 and {words[3] for words in lines} >= {"success"}
    return lines


def committed(folder, suffix=""):
    """Attempts with a frame in each dump, after checking them against the table."""
    rows = read_table(folder / f"events.csv{suffix}")
    successes = [row["attempt"] for row in rows if row["status"] == "success"]
    for name in ("saddles.dump", "minima.dump"):
        assert [step for step, _ in read_dump(folder / (name + suffix))] == successes
    with open(folder / f"displaced.csv{suffix}", newline="") as file:
        displaced = list(csv.DictReader(file))
    assert list(dict.fromkeys(int(row["attempt"]) for row in displaced)) == successes
    return rows


def test_same_table_again(lmp, reference):
    assert events(lmp(campaign()).folder / "events.csv") == reference


def test_same_table_with_threads(lmp, reference):
    """The threads of LAMMPS that our styles see; forces come from a style without threads."""
    run = lmp(campaign(run="run 3"), options=["-pk", "omp", "2"], env={"OMP_NUM_THREADS": "2"})
    lines = events(run.folder / "events.csv")
    assert len(lines) == 3 and all(line in reference for line in lines)


@pytest.mark.slow
def test_partitions_share_the_centers(lmp, reference):
    run = lmp(campaign(run="run 100\nprint \"ALL $(f_hop[1]) $(f_hop[2])\""), ranks=2, options=["-partition", "2x1"])
    tables = [run.folder / f"events.csv.{k}" for k in range(2)]
    assert events(tables) == reference
    rows = [committed(run.folder, f".{k}") for k in range(2)]
    assert all(rows) and not {row["center"] for row in rows[0]} & {row["center"] for row in rows[1]}
    # all partitions hold the totals
    total = f"ALL {len(reference)} {sum(words[3] == 'success' for words in reference)}"
    assert all(total in (run.folder / f"log.1.{k}").read_text() for k in range(2))


@pytest.mark.slow
def test_resume_with_another_number_of_partitions(lmp, reference):
    lmp(campaign(run="run 5"), ranks=2, options=["-partition", "2x1"])
    run = lmp(campaign(files=FILES + " resume yes"))
    tables = [run.folder / name for name in ("events.csv", "events.csv.0", "events.csv.1")]
    assert events(tables) == reference
    committed(run.folder)


def kill(process):
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.mark.slow
def test_killed_and_resumed(lmp, reference):
    """Each process is killed some moment after it has gone on by a few attempts, or while it reads what there is."""
    table = lmp.folder / "events.csv"
    generator = random.Random(1)
    for _ in range(8):
        before = table.stat().st_size if table.exists() else 0
        ahead = generator.randint(0, 500)
        process = lmp.start(campaign(files=FILES + " resume yes"))
        while process.poll() is None and not (table.exists() and table.stat().st_size >= before + ahead):
            time.sleep(0.002)
        time.sleep(generator.uniform(0.0, 0.04))
        assert process.poll() is None, "the campaign ended before the kill"
        kill(process)
        lines = table.read_text().split("\n") if table.exists() else [""]
        # whole lines but for the last, and nothing that an undisturbed campaign would not have
        assert all(len(line.split(",")) == len(COLUMNS) for line in lines[:-1])
        assert all(key(line) in reference for line in lines[1:-1])
    assert 1 < len(lines) - 1 < len(reference)
    lmp(campaign(files=FILES + " resume yes"))
    assert events(table) == reference
    rows = committed(lmp.folder)
    assert [row["attempt"] for row in rows] == list(range(1, len(reference) + 1))


def test_torn_files_are_cut(lmp, reference):
    """Whatever a kill in the middle of an attempt can leave behind."""
    lmp(campaign(run="run 6"))
    frame = (lmp.folder / "saddles.dump").read_text().replace("TIMESTEP\n", "TIMESTEP\n9", 1)
    for name, rest in {
        "events.csv": "7,1234,1,1,succ",
        "saddles.dump": frame[: len(frame) // 2],
        "minima.dump": "ITEM: TIMEST",
        "displaced.csv": "9,5,1,7,2.0,",
        ".events.csv.known": "\x07\0\0",
    }.items():
        with open(lmp.folder / name, "a") as file:
            file.write(rest)
    lmp(campaign(files=FILES + " resume yes"))
    assert events(lmp.folder / "events.csv") == reference
    committed(lmp.folder)


def test_a_table_of_the_first_version_goes_on(lmp, reference):
    """Its lines lack the last four columns, its settings the keyword own: both are added, the events stay."""
    lmp(campaign(run="run 6"))
    table, sidecar = lmp.folder / "events.csv", lmp.folder / "events.csv.settings"
    old = [line.rsplit(",", 4)[0] for line in table.read_text().splitlines()]
    table.write_text("\n".join(old) + "\n")
    sidecar.write_text("".join(line + "\n" for line in sidecar.read_text().splitlines() if not line.startswith("own ")))
    lmp(campaign(files=FILES + " resume yes"))
    lines = events(table)
    assert [line[:-4] for line in lines] == [line[:-4] for line in reference]
    assert sum(line[-4:] == ["nan", "0", "nan", "nan"] for line in lines) >= 6
    assert [line for line in lines if line[-3] != "0"] == [line for line in reference if line in lines and line[-3] != "0"]


def test_resumed_events_count(lmp, reference):
    lmp(campaign())
    output = lmp(campaign(files=FILES + " resume yes", run="run 100\nprint \"TOTAL $(f_hop[1]) $(f_hop) $(step)\"")).output
    successes = sum(words[3] == "success" for words in reference)
    assert f"\nTOTAL {len(reference)} {successes} 1\n" in output


def test_resume_without_a_campaign_starts_one(lmp, reference):
    assert events(lmp(campaign(files=FILES + " resume yes")).folder / "events.csv") == reference


def test_a_new_campaign_removes_the_old_one(lmp, reference):
    (lmp.folder / "events.csv.3").write_text(",".join(COLUMNS) + "\n")
    first = lmp(campaign(seed=6, run="run 2"))
    assert "Fix artn hop: removed the earlier campaign in events.csv.3\n" in first.output
    run = lmp(campaign())
    assert "Fix artn hop: removed the earlier campaign in events.csv saddles.dump minima.dump displaced.csv\n" in run.output
    assert events(run.folder / "events.csv") == reference
    assert not (lmp.folder / "events.csv.3").exists()


CHANGES = {
    "seed": dict(seed=6),
    "events": dict(settings=SETTINGS.replace("events 2", "events 3")),
    "push": dict(settings=SETTINGS + " push 0.2 3.7"),
    "active": dict(settings=SETTINGS.replace("active 6.0", "active 6.5")),
    "group": dict(group="all"),
    "energy_initial": dict(before="variable dummy equal 1\nchange_box all x scale 1.001 remap"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_changed_settings_are_refused(lmp, what):
    lmp(campaign(run="run 2"))
    before = (lmp.folder / "events.csv").read_bytes()
    output = lmp(campaign(files=FILES + " resume yes", **CHANGES[what]), status=None).output
    assert f"ERROR: Fix artn hop: cannot resume: {what} is" in output
    assert (lmp.folder / "events.csv").read_bytes() == before


def test_distinct_events(lmp):
    """The same saddle again: same_as names the first, and with `distinct yes` it does not count."""
    settings = "events 3 attempts 6 active 6.0"
    find = "variable i atom id\ncompute one shell reduce min v_i\nthermo_style custom step c_one\nrun 0\n"
    find += "variable first equal c_one\ngroup one id $(v_first:%.0f)\nthermo_style one\n"
    rows = read_table(lmp(campaign(settings=settings, group="one", before="", run="run 9").replace("fix hop", find + "fix hop")).folder / "events.csv")
    repeated = [row for row in rows if row["same_as"]]
    for row in repeated:
        first = next(other for other in rows if other["trial"] == row["same_as"])
        assert row["status"] == first["status"] == "success" and first["same_as"] == 0
        assert abs(row["barrier"] - first["barrier"]) < 1e-3
    run = lmp(campaign(settings=settings + " distinct yes", group="one", run="run 9").replace("fix hop", find + "fix hop"))
    distinct = read_table(run.folder / "events.csv")
    for row in distinct:
        assert (row["status"] == "duplicate") == (row["same_as"] > 0)
    assert [row["barrier"] for row in distinct[: len(rows)]] == pytest.approx([row["barrier"] for row in rows], nan_ok=True)
