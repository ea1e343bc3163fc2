"""What a user reads: per-atom array, scalar, vector, local array."""

import math
from collections import Counter

import numpy as np
import pytest

from conftest import gas, system

FAVOURED = {
    (0, 4, 4, 0), (0, 3, 6, 0), (0, 2, 8, 0), (0, 2, 8, 1), (0, 0, 12, 0),
    (0, 1, 10, 2), (0, 0, 12, 2), (0, 0, 12, 3), (0, 0, 12, 4),
}
STEPS, EVERY = 60, 3

SCRIPT = """
compute S all voronoi/entropy every {every} volume yes
compute F all voronoi/entropy every {every} key full
fix nve all nve
dump motifs all custom {every} motifs id c_S[4] c_S[5] c_S[6] c_S[7] c_S[8]
dump columns all custom {steps} columns id type c_S[*]
dump_modify columns format float %.17g
dump rows all local {steps} rows c_S[1] c_S[2] c_S[3] c_S[4] c_S[5] c_S[6] c_S[7]
dump full all local {steps} full {full}
thermo_style custom step vol c_S c_S[1] c_S[2] c_S[3]
thermo_modify format float %.17g
thermo {every}
run {steps}
"""


@pytest.fixture(scope="module")
def run(glass, tmp_path_factory):
    from conftest import Lammps

    full = " ".join(f"c_F[{k}]" for k in range(1, 14))
    script = system(glass) + SCRIPT.format(every=EVERY, steps=STEPS, full=full)
    return Lammps(tmp_path_factory.mktemp("output"))(script)


@pytest.fixture(scope="module")
def histories(run):
    """Motifs of every atom at every sample, as dumped: dict of ID -> list of (n3, n4, n5, n6)."""
    histories = {}
    for _, frame in run.dump("motifs"):
        for atom in frame.astype(int):
            histories.setdefault(atom[0], []).append(tuple(atom[1:5]))
    return histories


@pytest.fixture(scope="module")
def columns(run):
    return run.dump("columns")[-1][1]


def entropy(motifs):
    return -sum(n / len(motifs) * math.log(n / len(motifs)) for n in Counter(motifs).values())


def test_samples(histories, columns):
    assert len(columns) == 250 and columns.shape[1] == 2 + 12
    assert {len(motifs) for motifs in histories.values()} == set(columns[:, 4]) == {STEPS // EVERY + 1}


def test_entropies(histories, columns):
    for atom in columns:
        motifs = histories[atom[0]]
        distinct, samples = len(set(motifs)), len(motifs)
        assert atom[2] == pytest.approx(entropy(motifs), abs=1e-13)
        assert atom[3] == distinct
        assert atom[12] == pytest.approx(entropy(motifs) + (distinct - 1) / (2 * samples), abs=1e-13)
    assert columns[:, 2].mean() > 1


def test_last_motif(run, histories, columns):
    for atom in columns:
        assert tuple(atom[5:9]) == histories[atom[0]][-1]
    assert np.array_equal(columns[:, 9], run.dump("motifs")[-1][1][:, 5])


def test_fractions_of_motifs(histories, columns):
    for atom in columns:
        motifs = histories[atom[0]]
        assert atom[10] == motifs.count((0, 0, 12, 0)) / len(motifs)
        assert atom[11] == pytest.approx(sum(motif in FAVOURED for motif in motifs) / len(motifs), abs=1e-15)
    assert 0 < columns[:, 10].mean() < columns[:, 11].mean() < 1


def test_volumes(run, columns):
    assert columns[:, 13].sum() == pytest.approx(run.thermo()["Volume"][-1], rel=1e-10)


def test_scalar_and_vector(run, columns):
    last = {name: values[-1] for name, values in run.thermo().items()}
    assert last["c_S"] == pytest.approx(columns[:, 2].mean(), abs=1e-13)
    for kind in (1, 2):
        assert last[f"c_S[{kind}]"] == pytest.approx(columns[columns[:, 1] == kind, 2].mean(), abs=1e-13)
    assert list(run.thermo()["c_S[3]"]) == list(range(1, STEPS // EVERY + 2))


def test_rows_are_sorted_histograms(run, histories, columns):
    rows = run.dump("rows")[-1][1].astype(int)
    assert [tuple(row) for row in rows[:, [0, 3, 4, 5, 6]]] == sorted(
        (atom, *motif) for atom, motifs in histories.items() for motif in set(motifs))
    for atom, kind, count, *motif in rows:
        assert count == histories[atom].count(tuple(motif))
    kinds = dict(columns[:, :2].astype(int))
    assert all(kinds[atom] == kind for atom, kind, *_ in rows)


def test_rows_of_key_full(run, histories):
    rows = run.dump("full")[-1][1].astype(int)
    assert rows.shape[1] == 13
    assert [tuple(row) for row in rows[:, [0, *range(3, 13)]]] == sorted(tuple(row) for row in rows[:, [0, *range(3, 13)]])
    short = Counter()
    for atom, _, count, *motif in rows:
        short[atom, tuple(motif[:4])] += count
    expected = {(atom, motif): n for atom, motifs in histories.items() for motif, n in Counter(motifs).items()}
    assert short == expected
    # Euler: the sum over the faces of 6 - edges is 12 where every corner joins three faces
    weights = 6 - np.arange(3, 13)
    assert set(rows[:, 3:] @ weights) == {12}


def test_nothing_before_the_first_sample(lmp, glass):
    run = lmp(gas(glass) + """
reset_timestep 1
compute S all voronoi/entropy every 10
fix nve all nve
dump columns all custom 1 columns id c_S[*]
dump_modify columns first yes
dump rows all local 1 rows c_S[1] c_S[2]
dump_modify rows first yes
thermo_style custom step c_S c_S[1] c_S[3]
run 5
""")
    assert not run.dump("columns")[-1][1][:, 1:].any()
    assert len(run.dump("rows")[-1][1]) == 0
    assert all(not run.thermo()[name].any() for name in ("c_S", "c_S[1]", "c_S[3]"))


def test_used_by_other_commands(lmp, glass):
    run = lmp(gas(glass) + """
compute S all voronoi/entropy
fix nve all nve
compute mean all reduce ave c_S[1]
compute most all reduce max c_S[3]
fix history all ave/time 1 1 1 c_S c_S[3] file averages
fix initial all store/state 0 c_S[4] c_S[5] c_S[6] c_S[7]
variable entropy atom c_S[1]
variable flexible atom c_S[1]>0.5
group flexible dynamic all var flexible every 1
variable member atom gmask(flexible)
variable first equal c_S[1]
dump d all custom 1 d id type c_S[1] v_entropy v_member c_S[4] c_S[5] c_S[6] c_S[7] &
  f_initial[1] f_initial[2] f_initial[3] f_initial[4]
dump_modify d format float %.17g
thermo_style custom step c_S c_mean c_most v_first
thermo_modify format float %.17g
thermo 1
run 10
""")
    thermo, frames = run.thermo(), np.array([frame for _, frame in run.dump("d")])
    assert np.allclose(thermo["c_S"], thermo["c_mean"], rtol=1e-12)
    assert list(thermo["c_most"]) == list(range(1, 12))
    # c_S[1] is a column in an atom-style variable, and the mean of type 1 in an equal-style one
    columns, types = frames[:, :, 2], frames[0, :, 1]
    assert np.array_equal(frames[:, :, 3], columns) and len(set(columns[-1])) > 10
    assert np.allclose(thermo["v_first"], columns[:, types == 1].mean(axis=1), rtol=1e-12)
    # LAMMPS updates a group before the sample of the step
    assert np.array_equal(frames[1:, :, 4], columns[:-1] > 0.5)
    assert 0 < frames[-1, :, 4].sum() < len(types)
    averages = np.loadtxt(run.folder / "averages")
    assert np.allclose(averages, np.transpose([range(11), thermo["c_S"], range(1, 12)]), rtol=1e-5)
    assert np.array_equal(frames[:, :, 9:], np.broadcast_to(frames[0, :, 5:9], (11, len(types), 4)))
    assert frames[0, :, 5:9].any() and not np.array_equal(frames[-1, :, 5:9], frames[0, :, 5:9])


def test_values_do_not_depend_on_being_read(lmp, glass):
    script = gas(glass) + "compute S all voronoi/entropy\nfix nve all nve\n{read}run 10\nprint 'S $(c_S:%.17g)'\n"
    values = {line for read in ("", "thermo_style custom step c_S c_S[1]\nthermo 1\n")
              for line in lmp(script.format(read=read)).output.splitlines() if line.startswith("S ")}
    assert len(values) == 1


def test_does_not_disturb_the_run(lmp, glass):
    script = system(glass) + "{compute}fix nve all nve\ndump d all custom 30 {name} id x y z vx vy vz\n" \
        "dump_modify d format float %.17g\nrun 30\n"
    with_us = lmp(script.format(compute="compute S all voronoi/entropy\n", name="with")).dump("with")[-1][1]
    without = lmp(script.format(compute="", name="without")).dump("without")[-1][1]
    assert np.array_equal(with_us, without)


def test_radius_from_a_variable_that_needs_a_compute(lmp, glass):
    """The variable is evaluated when a sample is due, also where nothing else asks for energies in that step."""
    script = system(glass) + """
compute pe all pe/atom
variable r atom 1.3-0.01*c_pe
compute S all voronoi/entropy every 4 radius v_r
fix nve all nve
thermo_style custom step c_S[3]
thermo 5
run 10
"""
    assert list(lmp(script).thermo()["c_S[3]"]) == [1, 2, 3]


def test_plain_and_equal_radii_agree(lmp, glass):
    script = system(glass) + """
variable r atom 1.4
compute S all voronoi/entropy volume yes
compute R all voronoi/entropy volume yes radius v_r
fix nve all nve
dump d all custom 10 d id c_S[*] c_R[*]
run 10
"""
    frame = lmp(script).dump("d")[-1][1]
    assert np.array_equal(frame[:, 1:12], frame[:, 13:24])
    assert np.allclose(frame[:, 12], frame[:, 24], rtol=1e-10)


@pytest.mark.parametrize("ranks, command", [
    (2, "write_restart r"), (2, "write_data w"), (2, "displace_atoms all move 5 0 0"),
    (2, "balance 0.9 shift xyz 5 1.0"),
    (1, "group g id 7 9\ndelete_atoms group g compress no"), (1, "create_atoms 1 single 0.1 0.2 0.3"),
])
def test_columns_stay_with_their_atoms_when_their_order_changes(lmp, glass, ranks, command):
    """Between runs, at a step for which LAMMPS takes the columns for known."""
    write = "write_dump all custom {0} id c_S[*] modify format float %.17g\n" \
        "write_dump all local {0}.local c_S[1] c_S[2] c_S[3] c_S[4] c_S[5] c_S[6]\n"
    script = system(glass) + "compute S all voronoi/entropy\ncompute m all reduce max c_S[1]\n" \
        "thermo_style custom step c_m\nfix nve all nve\nrun 20\n"
    run = lmp(script + write.format("before") + command + "\n" + write.format("after"), ranks=ranks)
    before, after = ({row[0]: tuple(row[1:]) for row in run.dump(name)[-1][1]} for name in ["before", "after"])
    kept = set(before) & set(after)
    assert len(kept) >= 248 and all(before[atom] == after[atom] for atom in kept)
    rows = [{tuple(row) for row in run.dump(name + ".local")[-1][1] if row[0] in kept} for name in ["before", "after"]]
    assert rows[0] == rows[1]


@pytest.mark.parametrize("key, columns", [("3456", 12), ("full", 12)])
def test_wildcards(lmp, glass, key, columns):
    """LAMMPS takes the wildcard of dump local for the columns of the per-atom array."""
    script = gas(glass) + f"""
compute S all voronoi/entropy key {key}
dump rows all local 1 rows c_S[*]
dump out all custom 1 out id c_S[1] c_S[2] c_S[3] c_S[4] c_S[5] c_S[6]
dump both all custom 1 both id c_S[*]
thermo_style custom step c_S[*]
fix a all ave/atom 1 1 1 c_S[*]
run 0
"""
    run = lmp(script)
    rows, out = run.dump("rows")[-1][1], run.dump("out")[-1][1]
    assert rows.shape == (250, columns) and np.array_equal(rows[:, 0], np.sort(rows[:, 0]))
    width = 4 if key == "3456" else 9
    orders = rows[np.argsort(rows[:, 0]), 3 : 3 + width]
    assert np.array_equal(orders[:, :3], out[:, 4:7]) and not rows[:, 3 + width :].any()
    assert run.dump("both")[-1][1].shape == (250, 13) and run.thermo()["c_S[3]"][-1] == 1
