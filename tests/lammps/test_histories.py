"""Histories stay with their atoms, through everything that moves, adds or removes atoms, and through restarts."""

import os
import signal
import time

import numpy as np
import pytest

from conftest import gas, system

SAVE = """
dump final all custom 1 {name} id c_S[*]
dump_modify final format float %.17g
dump rows all local 1 {name}.local c_S[1] c_S[2] c_S[3] c_S[4] c_S[5] c_S[6] c_S[7]
run 0
undump final
undump rows
"""


def fast(threads=1, every=1):
    """Far and fast: every atom crosses a sub-domain. No forces, so positions do not depend on the number of ranks."""
    return f"""
comm_modify cutoff 13
timestep 0.02
compute S all voronoi/entropy volume yes threads {threads} every {every}
fix nve all nve
"""


JOURNEY = """
atom_modify sort 3 3.0
run 12
balance 1.0 shift xyz 5 1.0
run 8
displace_atoms all random 0.5 0.5 0.5 12
change_box all x scale 1.02 y scale 0.99 remap
run 6
group old id 5 17 100 101 102
delete_atoms group old compress no
comm_style tiled
balance 1.0 rcb
run 6
create_atoms 1 single 3.0 3.0 3.0
velocity all set NULL 0.5 NULL
fix balance all balance 2 1.0 rcb
run 6
unfix balance
change_box all triclinic
change_box all xy final 2.0 remap
run 6
"""


def result(run, name="final"):
    """Columns by atom, and the rows of the local array sorted by atom and motif."""
    rows = run.dump(f"{name}.local")[-1][1]
    return run.dump(name)[-1][1], rows[np.lexsort(rows[:, ::-1].T)]


def assert_same(run, expected, volume=1e-10):
    columns, rows = run
    assert np.array_equal(columns[:, :12], expected[0][:, :12])
    assert np.allclose(columns[:, 12], expected[0][:, 12], rtol=volume, atol=0)
    assert np.array_equal(rows, expected[1])


@pytest.fixture(scope="module")
def journey(glass, tmp_path_factory):
    from conftest import Lammps

    run = Lammps(tmp_path_factory.mktemp("journey"))(gas(glass) + fast() + JOURNEY + SAVE.format(name="final"))
    return result(run)


def test_the_journey_is_worth_testing(journey):
    columns, rows = journey
    n = columns[:, 3]
    assert len(columns) == 250 - 5 + 1
    assert n[-1] == 14 and set(n[:-1]) == {49}    # the created atom joined for the last two runs
    assert columns[:, 2].mean() > 15
    assert rows[:, 2].sum() == n.sum()


@pytest.mark.parametrize("ranks, threads", [(1, 2), (2, 1), pytest.param(4, 1, marks=pytest.mark.slow),
                                            pytest.param(2, 2, marks=pytest.mark.slow)])
def test_any_number_of_ranks_and_threads(lmp, glass, journey, ranks, threads):
    run = lmp(gas(glass) + fast(threads) + JOURNEY + SAVE.format(name="final"), ranks=ranks)
    assert_same(result(run), journey)


STRAIGHT = "run 60\n"


@pytest.fixture(scope="module")
def uninterrupted(glass, tmp_path_factory):
    from conftest import Lammps

    run = Lammps(tmp_path_factory.mktemp("straight"))(gas(glass) + fast() + STRAIGHT + SAVE.format(name="final"))
    return result(run)


RESTART = """
read_restart {file}
pair_style {pair}
neighbor 1.0 bin
"""


def continued(file, every=1):
    return RESTART.format(file=file, pair="zero 6.5\npair_coeff * *") + fast(every=every) + "run 60 upto\n"


@pytest.mark.parametrize("first, second", [(1, 1), (1, 2), pytest.param(2, 1, marks=pytest.mark.slow),
                                           pytest.param(2, 4, marks=pytest.mark.slow)])
def test_stopped_and_restarted(lmp, glass, uninterrupted, first, second):
    lmp(gas(glass) + fast() + "run 23\nwrite_restart r\n", ranks=first)
    run = lmp(continued("r") + SAVE.format(name="final"), ranks=second)
    assert_same(result(run), uninterrupted)


@pytest.mark.parametrize("first, second", [(1, 2), pytest.param(2, 1, marks=pytest.mark.slow),
                                           pytest.param(2, 4, marks=pytest.mark.slow)])
def test_stopped_at_a_step_that_is_not_sampled(lmp, glass, first, second):
    straight = result(lmp(gas(glass) + fast(every=4) + STRAIGHT + SAVE.format(name="final")))
    assert set(straight[0][:, 3]) == {16}
    lmp(gas(glass) + fast(every=4) + "run 23\nwrite_restart r\n", ranks=first)
    run = lmp(continued("r", every=4) + SAVE.format(name="final"), ranks=second)
    assert_same(result(run), straight)


def run_and_kill(lmp, script, file, ranks=1):
    """Starts 60 steps that write restart files, and kills them after the given file has been written."""
    process = lmp.start(script + 'restart 5 r.*\nrun 60 every 1 "shell sleep 0.1"\n', ranks=ranks)
    while not (lmp.folder / file).exists():
        assert process.poll() is None
        time.sleep(0.02)
    time.sleep(0.15)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL and not (lmp.folder / "r.60").exists()


@pytest.mark.parametrize("ranks", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_killed_and_restarted(lmp, glass, uninterrupted, ranks):
    run_and_kill(lmp, gas(glass) + fast(), "r.20")
    run = lmp(continued("r.20") + SAVE.format(name="final"), ranks=ranks)
    assert_same(result(run), uninterrupted)


@pytest.mark.parametrize("file, first, second", [("r.25", 1, 1), pytest.param("r.20", 1, 2, marks=pytest.mark.slow),
                                                 pytest.param("r.25", 2, 1, marks=pytest.mark.slow)])
def test_live_run_killed_and_restarted(lmp, glass, file, first, second):
    """With forces the trajectories differ, but every atom gets every sample once; step 25 is none."""
    sampling = "compute S all voronoi/entropy every 2\nfix md all nvt temp 700 700 0.1\n"
    run_and_kill(lmp, system(glass) + sampling, file, ranks=first)
    restart = RESTART.format(file=file, pair="eam/fs\npair_coeff * * CuZr_mm.eam.fs Cu Zr")
    script = restart + sampling + "run 0\nprint \"COUNT $(c_S[3])\"\nrun 60 upto\n" + SAVE.format(name="final")
    run = lmp(script, ranks=second)
    columns, rows = result(run)
    assert f"COUNT {int(file[2:]) // 2 + 1}\n" in run.output
    assert len(columns) == 250 and set(columns[:, 3]) == {31}
    assert np.array_equal(np.bincount(rows[:, 0].astype(int), rows[:, 2]), [0, *[31] * 250])


def test_restart_in_many_files(lmp, glass, uninterrupted):
    lmp(gas(glass) + fast() + "run 23\nwrite_restart r.%\n", ranks=2)
    run = lmp(continued("r.%") + SAVE.format(name="final"))
    assert_same(result(run), uninterrupted)


def test_restart_with_another_key_is_an_error(lmp, glass):
    lmp(gas(glass) + fast() + "run 2\nwrite_restart r\n")
    script = "read_restart r\npair_style zero 6.5\npair_coeff * *\ncompute S all voronoi/entropy key full\n"
    assert "holds histories of key 3456" in lmp(script, status=None).output


def test_lost_histories_are_reported(lmp, glass):
    lmp(gas(glass) + fast() + "run 2\nwrite_restart r\n")
    read = "read_restart r\npair_style zero 6.5\npair_coeff * *\n"
    fresh = lmp(read + "run 0\n" + "compute S all voronoi/entropy\n")
    assert "no history found in the restart file" in fresh.output
    continued = lmp(read + "compute S all voronoi/entropy\nrun 0\n")
    assert "no history found" not in continued.output


def test_histories_of_key_full(lmp, glass):
    script = gas(glass) + """
comm_modify cutoff 13
timestep 0.02
compute S all voronoi/entropy key full
fix nve all nve
dump rows all local 20 rows c_S[1] c_S[2] c_S[3] c_S[4] c_S[5] c_S[6] c_S[7] &
  c_S[8] c_S[9] c_S[10] c_S[11] c_S[12] c_S[13]
run 20
write_restart r
"""
    expected = lmp(script).dump("rows")[-1][1]
    continued = lmp("read_restart r\npair_style zero 6.5\npair_coeff * *\ncompute S all voronoi/entropy key full\n"
                    + "dump rows all local 20 again " + " ".join(f"c_S[{k}]" for k in range(1, 14)) + "\nrun 0\n", ranks=2)
    rows = continued.dump("again")[-1][1]
    assert np.array_equal(rows[np.lexsort(rows[:, ::-1].T)], expected[np.lexsort(expected[:, ::-1].T)])
    assert expected[:, 2].sum() == 250 * 21


@pytest.mark.slow
def test_long_histories_cross_ranks(lmp, glass):
    """Much longer than the slack of 1024 doubles that LAMMPS leaves in its exchange buffers."""
    script = gas(glass) + """
comm_modify cutoff 14
timestep 0.05
group some id < 31
compute S some voronoi/entropy key full
fix nve all nve
thermo 1000
dump d some custom 2500 d id c_S[2] c_S[3]
run 2500
"""
    frame = lmp(script, ranks=2).dump("d")[-1][1]
    doubles_per_motif = 2
    assert doubles_per_motif * frame[:, 1].mean() > 3000
    assert set(frame[:, 2]) == {2501}


def test_deleted_and_created_atoms(lmp, glass):
    script = gas(glass) + """
comm_modify cutoff 13
compute S all voronoi/entropy
fix nve all nve
dump d all custom 10 d id type c_S[*]
run 10
group some id < 100
delete_atoms group some
create_atoms 2 single 2.5 2.5 2.5
run 10
"""
    after = lmp(script).dump("d")[-1][1]
    assert len(after) == 250 - 99 + 1
    assert set(after[:-1, 4]) == {22} and after[-1, 4] == 11


def test_a_subset_has_the_histories_that_all_atoms_have(lmp, glass):
    script = gas(glass) + """
group some type 2
compute S all voronoi/entropy
compute P some voronoi/entropy
fix nve all nve
dump d all custom 10 d id type c_S[*] c_P[*]
dump_modify d format float %.17g
dump rows all local 10 rows c_P[1] c_P[2] c_P[3]
thermo_style custom step c_S[2] c_P c_P[1] c_P[2] c_P[3]
thermo_modify format float %.15g
run 10
"""
    run = lmp(script)
    frame = run.dump("d")[-1][1]
    some = frame[:, 1] == 2
    assert np.array_equal(frame[some, 14:], frame[some, 2:14])
    assert not frame[~some, 14:].any() and frame[~some, 2:14].any()
    assert set(run.dump("rows")[-1][1][:, 1]) == {2}
    last = {name: values[-1] for name, values in run.thermo().items()}
    assert last["c_P"] == last["c_P[2]"] == last["c_S[2]"] and last["c_P[1]"] == 0 and last["c_P[3]"] == 11


def test_dynamic_groups(lmp, glass):
    script = gas(glass) + """
region left block INF 8 INF INF INF INF
group left dynamic all region left every 1
compute S left voronoi/entropy
timestep 0.02
comm_modify cutoff 13
fix nve all nve
dump d all custom 20 d id c_S[3]
run 20
"""
    counts = lmp(script).dump("d")[-1][1][:, 1]
    assert counts.min() == 0 and counts.max() == 21 and len(set(counts)) > 3


@pytest.mark.parametrize("dynamics", ["nve", "npt temp 700 700 0.1 iso 0 0 1"])
def test_a_live_run_equals_the_rerun_of_its_dump(lmp, glass, dynamics):
    script = system(glass) + f"""
compute S all voronoi/entropy every 2
fix md all {dynamics}
dump d all custom 2 traj id type x y z
dump_modify d format float %.17g
run 40
undump d
""" + SAVE.format(name="live") + """
uncompute S
compute S all voronoi/entropy every 2
rerun traj dump x y z
""" + SAVE.format(name="again")
    run = lmp(script)
    live = result(run, "live")
    assert set(live[0][:, 3]) == {21}
    assert_same(result(run, "again"), live)


@pytest.fixture(scope="module")
def live(glass, tmp_path_factory):
    """A run with forces on two ranks: the path of its dump, and its result."""
    from conftest import Lammps

    script = system(glass) + """
compute S all voronoi/entropy
fix md all nve
dump d all custom 1 traj id type x y z
dump_modify d format float %.17g
run 30
undump d
""" + SAVE.format(name="live")
    run = Lammps(tmp_path_factory.mktemp("live"))(script, ranks=2)
    return run.folder / "traj", result(run, "live")


@pytest.mark.parametrize("ranks, threads", [(1, 1), (1, 2), *(
    pytest.param(ranks, threads, marks=pytest.mark.slow) for ranks in (2, 4) for threads in (1, 2))])
def test_reruns_of_one_dump_are_the_same(lmp, glass, live, ranks, threads):
    dump, expected = live
    script = gas(glass) + f"compute S all voronoi/entropy threads {threads}\nrerun {dump} dump x y z\n"
    again = result(lmp(script + SAVE.format(name="again"), ranks=ranks), "again")
    assert set(again[0][:, 3]) == {31}
    assert_same(again, expected)
