"""Which configurations count: each one once, whatever the commands between them."""

import pytest

from conftest import gas, system

COMPUTE = "compute S all voronoi/entropy every {every}\nvariable n equal c_S[3]\n"


def counted(lmp, glass, script, every=1, forces=False, **options):
    """Samples after each line `count` of the script."""
    model = system(glass) if forces else gas(glass)
    steps = "".join('print "COUNT $(c_S[3])"\n' if line.strip() == "count" else line + "\n" for line in script.splitlines())
    run = lmp(model + COMPUTE.format(every=every) + "fix nve all nve\n" + steps, **options)
    return [int(line.split()[1]) for line in run.output.splitlines() if line.startswith("COUNT")]


def test_every_step_of_a_run_is_sampled(lmp, glass):
    assert counted(lmp, glass, "run 10\ncount") == [11]


def test_only_multiples_are_sampled(lmp, glass):
    assert counted(lmp, glass, "run 10\ncount\nrun 10\ncount", every=4) == [3, 6]


def test_first_step_must_be_a_multiple_too(lmp, glass):
    assert counted(lmp, glass, "reset_timestep 3\nrun 0\ncount\nrun 4\ncount\nrun 1\ncount", every=4) == [0, 1, 2]


def test_chained_runs_share_their_border(lmp, glass):
    script = "run 5\ncount\nrun 5\ncount\nrun 0\nrun 0\ncount\nrun 5 pre no\ncount\nrun 6 every 2 NULL\ncount"
    assert counted(lmp, glass, script) == [6, 11, 11, 16, 22]


def test_run_every_with_commands(lmp, glass):
    assert counted(lmp, glass, 'run 6 every 2 "print hello"\ncount\nrun 6 pre no every 3 NULL\ncount') == [7, 13]


def test_relabelling_a_configuration_does_not_make_it_new(lmp, glass):
    script = "run 5\ncount\nreset_timestep 0\nrun 0\ncount\nrun 5\ncount\nreset_timestep 3\nrun 5\ncount"
    assert counted(lmp, glass, script) == [6, 6, 11, 16]


def test_a_frozen_configuration_is_sampled_at_every_step(lmp, glass):
    assert counted(lmp, glass, "unfix nve\nrun 5\ncount\nrun 5\ncount") == [6, 11]


def test_moved_atoms_make_a_new_configuration_at_the_same_step(lmp, glass):
    script = """run 0
count
group one id 17
displace_atoms one move 0.001 0 0
run 0
count
displace_atoms all move 0 0 5
run 0
count
change_box all x scale 1.0001 remap
run 0
count"""
    assert counted(lmp, glass, script) == [1, 2, 3, 4]


def test_wrapping_is_no_motion(lmp, glass):
    script = "run 0\ncount\nset group all image 3 2 1\nchange_box all triclinic\nrun 0\ncount"
    assert counted(lmp, glass, script) == [1, 1]


def test_read_dump_makes_a_new_configuration(lmp, glass):
    script = """dump d all custom 10 traj id type x y z
dump_modify d format float %.17g
run 20
undump d
count
read_dump traj 10 x y z
run 0
count
run 0
count"""
    assert counted(lmp, glass, script) == [21, 22, 22]


def test_minimisations_are_not_sampled(lmp, glass):
    script = "minimize 0 1e-3 20 50\ncount\nrun 0\ncount\nrun 2\nminimize 0 1e-4 5 10\nrun 0\ncount"
    assert counted(lmp, glass, script, forces=True) == [0, 1, 4]


def test_write_data_and_write_restart_sample_nothing(lmp, glass):
    script = "run 2\nwrite_data out.data\nwrite_restart out.restart\ncount\nrun 0\ncount"
    assert counted(lmp, glass, script) == [3, 3]


def test_a_fix_that_moves_atoms_after_the_sample(lmp, glass):
    script = "fix d all deform 1 x erate 0.1 remap x\nrun 4\ncount\nrun 4\ncount"
    assert counted(lmp, glass, script) == [5, 9]


DUMP = """dump d all custom {every} traj id type x y z
dump_modify d format float %.17g
run {steps}
undump d
count
"""


def test_rerun_counts_every_snapshot_once(lmp, glass):
    rerun = "rerun traj dump x y z box yes\ncount\n"
    script = DUMP.format(every=2, steps=8) + rerun + rerun + "run 0\ncount\n" + rerun
    assert counted(lmp, glass, script) == [9, 14, 19, 19, 24]


def test_rerun_of_single_frames(lmp, glass):
    once = "rerun traj first 4 last 4 dump x y z box yes\ncount\n"
    script = DUMP.format(every=4, steps=4) + "reset_timestep 4\nrun 0\n" + once + once + once + "run 0\ncount\n" + once
    assert counted(lmp, glass, script) == [5, 6, 7, 8, 8, 9]


def test_rerun_with_interval_counts_multiples(lmp, glass):
    script = "reset_timestep 0\n" + DUMP.format(every=2, steps=8) + "rerun traj dump x y z\ncount\n"
    assert counted(lmp, glass, script, every=4) == [3, 6]


def test_two_clocks_do_not_disturb_each_other(lmp, glass):
    script = gas(glass) + """
compute A all voronoi/entropy every 2
compute B all voronoi/entropy every 5
fix nve all nve
run 10
run 10
print "COUNT $(c_A[3]) $(c_B[3])"
"""
    assert "COUNT 11 5" in lmp(script).output


def test_the_first_thermo_line_shows_the_first_sample(lmp, glass):
    run = lmp(gas(glass) + COMPUTE.format(every=1) + "fix nve all nve\nthermo 1\nthermo_style custom step c_S[3]\nrun 3\n")
    assert list(run.thermo()["c_S[3]"]) == [1, 2, 3, 4]


@pytest.mark.parametrize("stop", [6, 7])
def test_restart_does_not_count_its_configuration_again(lmp, glass, stop):
    counted(lmp, glass, f"restart 1 r.*\nrun {stop}\ncount")
    script = f"""read_restart r.{stop}
pair_style zero 6.5
pair_coeff * *
compute S all voronoi/entropy every 2
run 0
print "COUNT $(c_S[3])"
fix nve all nve
run {20 - stop}
print "COUNT $(c_S[3])"
"""
    output = lmp(script).output
    before, later_multiples = stop + 1, 7
    assert f"COUNT {before}\n" in output
    assert f"COUNT {before + later_multiples}\n" in output


def test_displaced_after_the_run_then_restarted(lmp, glass):
    counted(lmp, glass, "run 4\ndisplace_atoms all move 0.1 0 0\nwrite_restart r\ncount")
    script = """read_restart r
pair_style zero 6.5
pair_coeff * *
compute S all voronoi/entropy
run 0
print "COUNT $(c_S[3])"
"""
    # a shift of all atoms in a periodic box is a new configuration
    assert "COUNT 6" in lmp(script).output
