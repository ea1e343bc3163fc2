"""The numbers of the Cu-Zr study: its estimates against hand-checkable cases, its committed results against the
README."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
CUZR = ROOT / "examples" / "cuzr"
RESULTS = sorted(path.parent for path in (CUZR / "results").glob("*/study.json"))

sys.path.insert(0, str(CUZR))
sys.path.insert(0, str(ROOT / "python"))
from claims import claims  # noqa: E402
from ergodic import centres, collect, dynamics, estimates, evaluate, fields, lammps_files, motifs, tables  # noqa: E402
from ergodic.box import Box  # noqa: E402
from ergodic.glass import Glass, Results  # noqa: E402
from ergodic.summary import report  # noqa: E402

sys.path.pop(0)
sys.path.pop(0)


# ------------------------------------------------------------------------------------------------------------ estimates

def test_ranks_average_ties():
    assert estimates.ranks(np.array([30.0, 10.0, 30.0, 20.0])).tolist() == [3.5, 1, 3.5, 2]


def test_coefficients_of_a_textbook_example():
    iq = np.array([106, 100, 86, 101, 99, 103, 97, 113, 112, 110.0])
    television = np.array([7, 27, 2, 50, 28, 29, 20, 12, 6, 17.0])
    assert estimates.spearman(iq, television) == pytest.approx(-29 / 165)   # sum of d^2 = 194
    values = estimates.correlation(iq, television)
    assert values["spearman_interval"][0] < -29 / 165 < values["spearman_interval"][1]
    assert estimates.pearson(iq, 2 - 3 * iq) == pytest.approx(-1)


def test_interval_covers_as_often_as_it_should():
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(100):
        x = rng.normal(size=200)
        low, high = estimates.pearson_interval(x, 0.5 * x + np.sqrt(0.75) * rng.normal(size=200))
        covered += low < 0.5 < high
    assert 87 <= covered <= 100


def test_noise_is_taken_out_of_a_correlation():
    """Two variables with r = -0.6, one of them known from 6 noisy measurements only."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=4000)
    y = -0.6 * x + 0.8 * rng.normal(size=4000)
    measured = y[:, None] + 2 * rng.normal(size=(4000, 6))
    reliability = estimates.reliability_of_means(measured, splits=20)
    assert reliability == pytest.approx(1 / (1 + 4 / 6), abs=0.03)
    r = estimates.pearson(x, measured.mean(axis=1))
    assert r > -0.5
    assert estimates.without_noise(r, reliability) == pytest.approx(-0.6, abs=0.03)


def test_groups_of_sorted_atoms():
    x = np.array([5, 1, 4, 2, 3, 6, 7.0])
    means, doubled = estimates.group_means(x, x, 2 * x, size=3)
    assert means.tolist() == [2, 5.5] and doubled.tolist() == [4, 11]
    assert [estimates.group_size(atoms) for atoms in (400, 399, 200, 80, 30)] == [50, 25, 25, 10, 5]


# ------------------------------------------------------------------------------------------------- motifs and entropies

def test_entropy_of_histories_and_of_counts():
    history = motifs.pack(np.array([[0, 0, 12, 0], [0, 2, 8, 2], [0, 0, 12, 0], [0, 1, 10, 2]]).T)[:, None]
    expected = -(0.5 * np.log(0.5) + 2 * 0.25 * np.log(0.25))
    assert motifs.entropy_of_history(history)[0] == pytest.approx(expected)
    assert motifs.entropy_of_counts(np.array([1, 1, 1]), np.array([2, 1, 1]), 2) == pytest.approx([0, expected])
    assert motifs.favoured(history[:, 0]).tolist() == [True, False, True, True]
    assert motifs.pentagons(history[:2, 0]) == pytest.approx([1, 8 / 12])
    assert motifs.name(history[1, 0]) == "<0,2,8,2>"


def test_second_half_is_the_difference_of_histograms():
    half = np.array([0, 0, 1]), motifs.pack([[0] * 3, [0, 1, 0], [12, 10, 12], [0, 2, 0]]), np.array([2.0, 1, 3])
    end = np.array([0, 0, 0, 1]), motifs.pack([[0] * 4, [0, 1, 2, 0], [12, 10, 8, 12], [0, 2, 2, 0]]), \
        np.array([3.0, 1, 2, 6])
    owners, counts = collect.second_half(half, end)
    assert sorted(zip(owners.tolist(), counts.tolist())) == [(0, 1), (0, 2), (1, 3)]


# ------------------------------------------------------------------------------------------------------- fields, motion

def test_coarse_graining_sees_periodic_images():
    box = Box.orthogonal([10.0, 10.0, 10.0])
    positions = np.array([[0.5, 5, 5], [9.5, 5, 5], [5, 5, 5]])
    values = np.array([1.0, 3.0, 100.0])
    weight = np.exp(-2 * 1 / 2 ** 2)
    smooth = fields.coarse_grained(positions[:1], positions[:2], values[:2], box, [2.0])
    assert smooth[0, 0, 0] == pytest.approx((1 + 3 * weight) / (1 + weight))
    assert fields.coarse_grained(positions, positions, values, box, [0]).ravel() == pytest.approx(values)
    assert np.isnan(fields.coarse_grained(np.array([[5.0, 0, 0]]), positions, values, box, [2.0], fewest=0.5)[0, 0, 0])


def test_a_shift_finds_the_atom_at_the_new_place():
    """Atoms on a lattice of 2.5 Angstrom: moved by a lattice vector, nearly, and around the box."""
    box = Box.orthogonal([10.0, 7.5, 5.0])
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in (4, 3, 2)), indexing="ij"), axis=-1).reshape(-1, 3)
    numbers = fields.nearest_atoms(2.5 * grid + 0.3, box)
    for step in ((1, 0, 0), (0, 2, 0), (3, 1, 1)):
        expected = (grid + step) % (4, 3, 2)
        found = fields.moved(2.5 * grid + 0.3, numbers, box, 2.5 * np.array(step) + 0.4)
        assert np.array_equal(grid[found], expected)


class Smooth(Glass):
    """Atoms of two species in a box, and two fields of long waves that have nothing to do with each other."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        edges = np.array([30.0, 31, 32])
        places = rng.uniform(0, 1, (800, 3)) * edges
        atoms = {"id": np.arange(800), "type": np.repeat([1, 2], 400)} | dict(zip("xyz", places.T))
        super().__init__(atoms, ["Cu", "Zr"], Box.orthogonal(edges))
        self.x, self.y = (self.waves(rng) for _ in range(2))

    def waves(self, rng):
        phases = self.positions / self.box.edges @ rng.integers(-1, 2, (3, 6)) + rng.uniform(size=6)
        return np.cos(2 * np.pi * phases) @ rng.normal(size=6)


def test_shifted_fields_tell_how_much_chance_does():
    """Of pairs of unrelated fields of long waves some 5 % lie outside the band of shifts; of dealt values, most
    would."""
    outside = dealt_outside = 0
    for seed in range(20):
        sample = Smooth(seed)
        partners = evaluate.shifted_partners(sample)
        assert set(sample.atoms["type"][partners[0, :400]]) == {1}
        values = [estimates.pearson(sample.x[row], sample.y) for row in partners]
        low, high = np.percentile(values, [2.5, 97.5])
        r = estimates.pearson(sample.x, sample.y)
        outside += not low <= r <= high
        dealt_outside += abs(r) > 2 / np.sqrt(800)
    assert outside <= 4 and dealt_outside >= 8, (outside, dealt_outside)


class Curves:
    def __init__(self, times, curves):
        self.columns = {"time": times, **curves}

    def table(self, _):
        return self.columns


def test_saturation_is_not_read_off_where_samples_are_too_few():
    times = np.array([50.0, 100, 200, 400])
    late = np.array([np.nan, np.nan, 2.5, 2.6])
    values = evaluate.saturation(Curves(times, {"all": np.array([1.5, 2.7, 2.9, 3]), "all_200": late,
                                                "all_50": np.array([1.2, 1.4, 1.5, 1.6])}))
    assert "all_200" not in values
    assert (values["all"], values["all_50"]) == pytest.approx((0.9, 0.875))
    assert values["ps_to_0.9"] == 100


def test_displacements_of_known_motion():
    """Half of the atoms move by +-0.1 per frame, the others rest; the drift of all is removed."""
    times = np.arange(11.0)
    start = np.random.default_rng(1).uniform(0, 10, (40, 3))
    speed = np.zeros((40, 3))
    speed[:20, 0] = np.repeat([0.1, -0.1], 10)
    drift = np.array([0.3, 0, 0])
    frames = start + times[:, None, None] * (speed + drift)
    groups = {"moving": np.arange(40) < 20, "still": np.arange(40) >= 20}
    curves = dynamics.displacement_curves(times, frames, groups, wave_number=2.0)
    assert curves["time"][-1] == 10
    assert curves["msd_moving"] == pytest.approx((0.1 * curves["time"]) ** 2)
    assert curves["msd_still"] == pytest.approx(0, abs=1e-12)
    distance = 0.1 * curves["time"]
    assert curves["F_moving"] == pytest.approx(np.sin(2 * distance) / (2 * distance))
    assert curves["moved_moving"][-1] == 0


def test_structure_factor_finds_the_lattice():
    """Simple cubic with spacing 2.4: the first peak in the shell is at 2 pi / 2.4 = 2.62."""
    grid = 2.4 * np.stack(np.meshgrid(*[np.arange(6)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    assert dynamics.strongest_wave_number([grid], Box.orthogonal([14.4] * 3)) == pytest.approx(2 * np.pi / 2.4, abs=dynamics.BIN)


# ------------------------------------------------------------------------------------------------------- files and draw

def test_draw_depends_on_the_seed_alone_and_batches_are_balanced():
    atoms = centres.species(CUZR / "glass-2048.data.gz")
    assert {kind: len(ids) for kind, ids in atoms.items()} == {1: 1024, 2: 1024}
    batches = centres.draw(atoms, 30, 4, seed=1)
    again = centres.draw(atoms, 30, 4, seed=1)
    assert all(np.array_equal(*pair) for pair in zip(batches, again))
    assert len(np.unique(np.concatenate(batches))) == 60
    assert [(np.isin(batch, atoms[1]).sum(), np.isin(batch, atoms[2]).sum()) for batch in batches] \
        == [(8, 8), (8, 8), (7, 7), (7, 7)]
    assert not np.array_equal(batches[0], centres.draw(atoms, 30, 4, seed=2)[0])
    assert centres.ranges(np.array([1, 2, 3, 7, 9, 10])) == "1:3 7 9:10"


def test_torn_dumps_and_tables_are_read_up_to_the_tear(tmp_path):
    frame = "ITEM: TIMESTEP\n{0}\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n0 1\n0 2\n0 3\n" \
            "ITEM: ATOMS id S\n1 0.5\n2 {0}\n"
    (tmp_path / "entropy.0.dump").write_text(frame.format(0) + frame.format(10) + frame.format(20)[:-2])
    (tmp_path / "entropy.10.dump").write_text(frame.format(10) + frame.format(30))
    frames = lammps_files.read_dump(tmp_path, "entropy")
    assert list(frames) == [0, 10, 30] and frames[30]["S"].tolist() == [0.5, 30]
    assert frames[0].box.edges.tolist() == [1, 2, 3]

    head = "attempt,center,trial,status,seconds\n"
    (tmp_path / "mean.0.txt").write_text("# step\n0 0.0 1 1 1 1\n50 0.1 2 2 2 2\n100 0.")
    assert lammps_files.read_means(tmp_path)[:, 0].tolist() == [0, 0.1]

    (tmp_path / "events.1.csv.0").write_text(head + "1,7,2,success,1.0\n2,7,1,success,1.0\n3,8,1,suc")
    (tmp_path / "events.2.csv").write_text(head + "1,3,1,maxeval,2.0\n")
    (tmp_path / "events.1.csv.settings").write_text("seed 1\n")
    assert [(row["center"], row["trial"]) for row in lammps_files.read_events(tmp_path)] == \
        [("3", "1"), ("7", "1"), ("7", "2")]


def test_tables_survive_writing(tmp_path):
    columns = {"motif": ["<0,0,12,0>", "GUM"], "atoms": np.array([3, 4]), "S": np.array([0.25, np.nan])}
    for name in ("table.csv", "table.csv.gz"):
        tables.write_table(tmp_path / name, columns)
        back = tables.read_table(tmp_path / name)
        assert back["motif"].tolist() == columns["motif"] and back["atoms"].dtype.kind == "i"
        assert np.array_equal(back["S"], columns["S"], equal_nan=True)


# ---------------------------------------------------------------------------------------------------- committed results

def quoted_summaries():
    """The summaries that the README quotes, by folder."""
    text = (CUZR / "README.md").read_text()
    return dict(re.findall(r"<!-- results/(\S+)/summary.txt -->\n```\n(.*?)```\n", text, re.DOTALL))


def test_every_committed_study_is_quoted():
    assert RESULTS and set(quoted_summaries()) == {path.name for path in RESULTS}


@pytest.mark.slow
@pytest.mark.parametrize("folder", RESULTS, ids=lambda path: path.name)
def test_readme_says_what_the_committed_tables_give(folder):
    summary = evaluate.evaluate(Results(folder))
    assert quoted_summaries()[folder.name] == report(summary, claims(summary))
