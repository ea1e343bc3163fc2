"""Events of fix artn against what stock LAMMPS says about them."""

import csv

import numpy as np
import pytest

from artn import copper, events, minimum_image, read_table
from conftest import Lammps, read_dump

BEFORE = "write_dump all custom before.dump id x y z modify sort id format float %.17g\n"
HOP = """
fix hop shell artn 11 events 1 attempts 4 active 7.0 events_file events.csv saddles saddles.dump minima minima.dump displaced displaced.csv
thermo_style custom step pe fmax f_hop f_hop[1] f_hop[2] f_hop[3] f_hop[4] f_hop[5] f_hop[6] f_hop[7]
thermo 1
run 100
"""


@pytest.fixture(scope="module")
def hops(tmp_path_factory):
    """A campaign over the neighbors of a vacancy."""
    run = Lammps(tmp_path_factory.mktemp("hops"))(copper() + BEFORE + HOP + "write_dump all custom after.dump id x y z fx fy fz f_hop[*] modify format float %.17g\n")
    return run, read_table(run.folder / "events.csv")


def halfway_barrier(lmp):
    """Barrier of a hop into the vacancy. Halfway between two sites of the perfect lattice everything is symmetric, and
    minimising keeps it so: it ends at the saddle."""
    energy = 'run 0\nprint "ENERGY $(pe:%.10f)"\n'
    perfect, _ = copper().split("minimize", 1)
    halfway = "group mover region site\ndisplace_atoms mover move 0 -0.90375 -0.90375 units box\n"
    site = "region site sphere 7.23 9.0375 9.0375 0.1 units box\n"
    scripts = copper() + energy, perfect + site + halfway + "minimize 0 1e-4 1000 10000\n" + energy
    initial, saddle = (float(lmp(script, load=False).output.split("\nENERGY ")[1].split()[0]) for script in scripts)
    return saddle - initial


def test_vacancy_hop(hops, lmp):
    barrier = halfway_barrier(lmp)
    assert 0.5 < barrier < 0.9
    found = [row for row in hops[1] if row["status"] == "success" and abs(row["barrier"] - barrier) < 1e-3]
    assert len(found) >= 6
    for row in found:
        assert row["barrier_back"] == pytest.approx(row["barrier"], abs=1e-3)
        assert row["eigenvalue"] < 0 and row["fmax"] <= 0.01
        assert row["moved"] == 1 and row["dr_final"] == pytest.approx(3.615 / 2**0.5, abs=0.2)


NEB = """
fix neb all neb 1.0 parallel ideal
timestep 0.01
min_style fire
neb 0 1e-3 500 500 50 final final.neb
"""


@pytest.mark.slow
def test_barrier_is_that_of_neb(hops, lmp):
    find = "region site sphere 7.23 9.0375 9.0375 0.3 units box\ngroup mover region site\nvariable i atom id\n"
    find += 'compute one mover reduce min v_i\nthermo_style custom step c_one\nrun 0\nprint "MOVER $(c_one:%.0f)"\n'
    mover = int(lmp(copper() + find, load=False).output.split("\nMOVER ")[1].split()[0])
    (lmp.folder / "final.neb").write_text(f"1\n{mover} 7.23 7.23 7.23\n")
    # the middle one of three replicas climbs to the saddle
    lmp(copper("atom_modify sort 0 0") + NEB, ranks=3, load=False, options=["-partition", "3x1"])
    last = (lmp.folder / "log.2").read_text().split("Climbing replica")[1].split("\n")
    numbers = [line.split() for line in last if len(line.split()) > 8 and line.split()[0].isdigit()]
    barrier = float(numbers[-1][6])
    found = [row["barrier"] for row in hops[1] if row["center"] == mover and row["status"] == "success"]
    assert found and min(abs(found_barrier - barrier) for found_barrier in found) < 1e-3


def test_table_is_consistent(hops):
    for number, row in enumerate(hops[1], 1):
        assert row["attempt"] == number
        assert row["evals_total"] >= row["evals_saddle"] and row["evals_total"] >= row["evals_full"]
        if row["status"] == "success":
            assert row["barrier"] == row["energy_saddle"] - row["energy_initial"]
            assert row["barrier_back"] == row["energy_saddle"] - row["energy_final"]


def test_output_of_the_fix(hops):
    run, rows = hops
    thermo, successes = run.thermo(), [row for row in rows if row["status"] == "success"]
    # one attempt a step, and the run ends by itself
    assert thermo["Step"][-1] == len(rows)
    assert thermo["f_hop"][-1] == thermo["f_hop[2]"][-1] == len(successes)
    assert thermo["f_hop[1]"][-1] == len(rows)
    last = thermo["f_hop[3]"][-len(rows):], thermo["f_hop[4]"][-len(rows):], thermo["f_hop[5]"][-len(rows):]
    wanted = [(row["barrier"] if row["status"] == "success" else 0, row["center"], row["evals_total"]) for row in rows]
    assert np.allclose(np.transpose(last), wanted, rtol=1e-6)
    assert thermo["f_hop[6]"][-1] == sum(row["evals_total"] for row in rows)
    assert thermo["f_hop[7]"][-1] == pytest.approx(np.mean([row["barrier"] for row in successes]), rel=1e-6)
    # the canonical state after every attempt, up to the digits of thermo output
    assert len(set(thermo["PotEng"][-len(rows):])) == 1


def test_per_atom_output(hops):
    run, rows = hops
    columns = run.dump("after.dump")[0][1]
    centers = {row["center"] for row in rows}
    for atom in columns:
        mine = [row for row in rows if row["center"] == atom[0]]
        barriers = [row["barrier"] for row in mine if row["status"] == "success"]
        wanted = [np.mean(barriers), len(barriers), len(mine), min(barriers), 0] if barriers else [0, 0, len(mine), 0, 0]
        assert np.allclose(atom[7:], wanted)
    assert len(centers) == 12 and columns.shape == (255, 12)


def test_positions_are_restored_to_the_bit(lmp):
    script = copper() + "run 0\n" + "write_dump all custom before.dump id type x y z fx fy fz modify sort id format float %.17g\n"
    script += "fix hop shell artn 11 events 1 attempts 1 active 7.0\nrun 2\nunfix hop\nrun 0\n"
    script += "write_dump all custom after.dump id type x y z fx fy fz modify sort id format float %.17g\n"
    folder = lmp(script).folder
    before, after = (read_dump(folder / name)[0][1] for name in ("before.dump", "after.dump"))
    assert np.array_equal(before[:, :5], after[:, :5])
    # summed in another order
    assert np.allclose(before[:, 5:], after[:, 5:], rtol=0, atol=1e-12)


def test_dumps_hold_saddle_and_far_minimum(hops, lmp):
    """Stock LAMMPS finds the energies and the largest force of the table at the positions of the dumps."""
    run, rows = hops
    successes = [row for row in rows if row["status"] == "success"]
    for name, energy in (("saddles.dump", "energy_saddle"), ("minima.dump", "energy_final")):
        frames = run.dump(name)
        assert [step for step, _ in frames] == [row["attempt"] for row in successes]
        script = copper() + f"thermo_style custom step pe fmax\nthermo_modify format float %.12g\nthermo 1\nrerun {run.folder / name} dump x y z box no\n"
        thermo = lmp(script, load=False).thermo()
        steps = thermo["Step"][-len(frames):]
        assert list(steps) == [row["attempt"] for row in successes]
        assert np.allclose(thermo["PotEng"][-len(frames):], [row[energy] for row in successes], atol=1e-6)
        assert max(thermo["Fmax"][-len(frames):]) <= 0.0100001


def test_saddle_is_of_first_order(hops, lmp):
    """Hessian of the atoms around the vacancy from differences of stock forces: one negative eigenvalue."""
    run, rows = hops
    step, frame = run.dump("saddles.dump")[0]
    box = 14.46
    near = [int(k) for k in np.argsort(np.linalg.norm(minimum_image(frame[:, 2:5] - 7.23, box), axis=1))[:20]]
    import lammps

    with_forces = lammps.lammps(cmdargs=["-screen", "none", "-log", "none"])
    with_forces.commands_string(copper())
    ids = frame[:, 0].astype(int)
    local = {int(tag): k for k, tag in enumerate(with_forces.numpy.extract_atom("id")[:255])}
    order = np.array([local[tag] for tag in ids])
    with_forces.numpy.extract_atom("x")[order] = frame[:, 2:5]

    def forces(atom, axis, h):
        with_forces.numpy.extract_atom("x")[order[atom], axis] += h
        with_forces.command("run 0 post no")
        tags = with_forces.numpy.extract_atom("id")[:255]
        f = with_forces.numpy.extract_atom("f")[:255][np.argsort(tags)]
        order[:] = np.argsort(tags)[np.argsort(np.argsort(ids))]
        with_forces.numpy.extract_atom("x")[order[atom], axis] -= h
        return f[near].ravel().copy()

    h = 1e-4
    rows_of_hessian = [(forces(a, c, -h) - forces(a, c, h)) / (2 * h) for a in near for c in range(3)]
    with_forces.close()
    hessian = np.array(rows_of_hessian)
    eigenvalues = np.linalg.eigvalsh((hessian + hessian.T) / 2)
    assert eigenvalues[0] < -0.1 and eigenvalues[1] > 0


def test_repeated_runs_continue(lmp, hops):
    script = copper() + HOP.replace("run 100", "run 3\nrun 2\nrun 100")
    run = lmp(script)
    assert events(run.folder / "events.csv") == events(hops[0].folder / "events.csv")
    assert read_table(run.folder / "events.csv")[-1]["attempt"] == len(hops[1])


def test_another_seed_gives_other_pushes(lmp, hops):
    script = copper() + HOP.replace("artn 11", "artn 12").replace("run 100", "run 2")
    assert events(lmp(script).folder / "events.csv")[0] != events(hops[0].folder / "events.csv")[0]


def test_who_moves(hops):
    """The last columns and the file of displaced atoms, against the frames of the dumps."""
    run, rows = hops
    box = np.full(3, 4 * 3.615)
    before = run.dump("before.dump")[0][1]
    ids = list(before[:, 0])
    saddles, minima = dict(run.dump("saddles.dump")), dict(run.dump("minima.dump"))
    with open(run.folder / "displaced.csv", newline="") as file:
        displaced = [{name: float(word) for name, word in row.items()} for row in csv.DictReader(file)]
    for row in (row for row in rows if row["status"] == "success"):
        lengths = []
        for frames in (saddles, minima):
            frame = frames[row["attempt"]]
            moves = minimum_image(frame[np.argsort(frame[:, 0]), 2:5] - before[:, 1:4], box)
            lengths.append(np.linalg.norm(moves - moves.mean(axis=0), axis=1))
        center, mover = ids.index(row["center"]), ids.index(row["mover"])
        assert mover == np.argmax(lengths[0])
        assert row["dr_center_final"] == pytest.approx(lengths[1][center], abs=1e-9)
        assert row["weight"] == pytest.approx(lengths[0][center] ** 2 / (lengths[0] ** 2).sum(), rel=1e-9)
        apart = minimum_image(before[mover, 1:4] - before[center, 1:4], box)
        assert row["mover_distance"] == pytest.approx(np.linalg.norm(apart), abs=1e-9)
        mine = [line for line in displaced if line["attempt"] == row["attempt"]]
        others = np.flatnonzero((np.maximum(*lengths) > 0.1) & (np.arange(len(ids)) != mover))
        moved = np.append(others, mover)    # which comes last
        assert [line["atom"] for line in mine] == [ids[k] for k in moved]
        assert np.allclose([line["at_saddle"] for line in mine], lengths[0][moved], atol=1e-9)
        assert np.allclose([line["at_minimum"] for line in mine], lengths[1][moved], atol=1e-9)
        assert {(line["center"], line["trial"]) for line in mine} == {(row["center"], row["trial"])}


def test_events_of_other_atoms_are_elsewhere(hops, lmp):
    """With `own` the same attempts; those whose center stays are no successes, but keep all their figures."""
    _, rows = hops
    run = lmp(copper() + HOP.replace("events 1", "events 9").replace("active", "own 1.0 active"))
    found = {(row["center"], row["trial"]): row for row in read_table(run.folder / "events.csv")}
    statuses = set()
    for row in rows:
        other = found[row["center"], row["trial"]]
        connected = row["status"] == "success"
        own = max(row["dr_center"], row["dr_center_final"]) >= 1.0
        assert other["status"] == ("elsewhere" if connected and not own else row["status"])
        if connected:
            assert (other["barrier"], other["energy_final"]) == (row["barrier"], row["energy_final"])
            statuses.add(other["status"])
    assert "success" in statuses
    number = sum(row["status"] == "elsewhere" for row in found.values())
    assert f"elsewhere {100 * number / len(found):.1f} %" in run.output
