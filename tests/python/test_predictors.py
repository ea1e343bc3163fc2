"""What predicts: two-body excess entropy against stock LAMMPS, linear fits, displacements; a campaign is collected by
owner."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from ergodic import dynamics
from ergodic.box import Box
from ergodic.collect import collect_barriers
from ergodic.estimates import spearman
from ergodic.glass import Glass
from ergodic.lammps_files import single_frame
from ergodic.predictors import cross_validated, events_needed, predicted
from ergodic.structure import two_body_entropy
from ergodic.tables import read_table

PAIR_ENTROPY = """
units metal
read_data clusters.data
pair_style zero 8 nocoeff
pair_coeff * *
neighbor 2 bin
compute s2 all entropy/atom 0.25 7.0
compute one all reduce ave c_s2
thermo_style custom step c_one
run 0
write_dump all custom s2.dump id type x y z c_s2 modify sort id format float %.12g
"""


def test_two_body_entropy_is_that_of_compute_entropy_atom(tmp_path):
    """Clusters of four atoms far from each other, since stock LAMMPS leaves out neighbours beyond the cutoff that
    broadening brings inside. Its grid has steps of sigma, and Gaussians end at the third of them."""
    rng = np.random.default_rng(5)
    centres = 15.0 * np.stack(np.meshgrid(*[np.arange(3)] * 3, indexing="ij"), -1).reshape(-1, 1, 3) + 5
    corners = np.array([[0, 0, 0], [2, 0, 0], [0, 2.5, 0], [0, 0, 3.0]])
    places = (centres + corners + rng.uniform(-0.4, 0.4, (27, 4, 3))).reshape(-1, 3)
    (tmp_path / "clusters.data").write_text(
        "\n\n108 atoms\n1 atom types\n0 45 xlo xhi\n0 45 ylo yhi\n0 45 zlo zhi\n\nMasses\n\n1 1\n\nAtoms # atomic\n\n"
        + "".join(f"{k} 1 {x:.12g} {y:.12g} {z:.12g}\n" for k, (x, y, z) in enumerate(places, 1)))
    (tmp_path / "in").write_text(PAIR_ENTROPY)
    done = subprocess.run(["lmp", "-log", "none", "-in", "in"], cwd=tmp_path, stdout=subprocess.PIPE, text=True, timeout=100)
    assert done.returncode == 0, done.stdout[-2000:]
    frame = single_frame(tmp_path / "s2.dump")
    mine = two_body_entropy(frame.positions(), np.ones(108), frame.box, width=0.25, cutoff=7.0, spacing=0.25)
    assert np.ptp(frame["c_s2"]) > 0.5
    assert mine == pytest.approx(frame["c_s2"], rel=0.02)


def test_partial_pair_functions_tell_species_apart():
    """Two species on two sublattices: what each sees of the other is order; dealt out at random it is less."""
    grid = np.stack(np.meshgrid(*[np.arange(6)] * 3, indexing="ij"), -1).reshape(-1, 3)
    box = Box.orthogonal([18.0] * 3)
    ordered = two_body_entropy(3.0 * grid, grid.sum(axis=1) % 2, box)
    dealt = two_body_entropy(3.0 * grid, np.random.default_rng(1).permutation(grid.sum(axis=1) % 2), box)
    assert np.ptp(ordered) < 1e-9 and ordered[0] < dealt.mean() < 0


def test_linear_fits_foretell_what_they_have_not_seen():
    rng = np.random.default_rng(2)
    x, noise = rng.normal(size=(2, 600)), rng.normal(size=(2, 600))
    y = x[0] - x[1] + 0.5 * noise[0]
    both, one, none = (spearman(cross_validated(columns, y), y) for columns in ([*x], [x[0]], [noise[1]]))
    assert both > 0.9 and 0.5 < one < 0.8 and none < 0.1


def test_displacements_and_vibrations():
    """Atoms that jump between two places 0.2 apart, one that drifts by 3 as well; a drift of all is none."""
    frames = np.zeros((5, 10, 3))
    frames[1::2, :, 0] = np.where(np.arange(10) % 2, 0.1, -0.1)
    frames[:, 9, 1] = [0, 0, 3, 3, 3]
    frames += np.arange(5)[:, None, None]
    assert dynamics.displacements(frames[0], frames[-1])[9] == pytest.approx(3 * 0.9)
    vibration = dynamics.vibrational_msd(frames)
    assert vibration[:9] == pytest.approx((0.1 ** 2 * 4 + 0.3 ** 2) / 4 / 2) and vibration[9] > 0.9
    assert dynamics.vibrational_msd(frames[:2]) == pytest.approx(0.005)


def sample(n=200):
    """Atoms whose later displacements follow S and the volume."""
    rng = np.random.default_rng(3)
    edges = np.full(3, 15.0)
    atoms = {"id": np.arange(1, n + 1), "type": np.repeat([1, 2], n // 2)} | dict(zip("xyz", rng.uniform(0, 15, (3, n))))
    atoms |= {f"initial_n{order}": rng.integers(0, 5, n) for order in (3, 4, 5, 6)}
    atoms |= {"S": rng.uniform(0, 3, n), "initial_volume": rng.normal(15, 1, n)}
    atoms["S_half1"] = atoms["S"]
    atoms["displacement_half2"] = atoms["S"] + atoms["initial_volume"] + rng.normal(0, 0.1, n)
    atoms["s2"] = rng.normal(size=n)
    return Glass(atoms, ["Cu", "Zr"], Box.orthogonal(edges))


def test_indicators_are_ranked_alone_and_together():
    glass = sample()
    rows = {(row["predictor"], row["species"]): row for row in predicted(glass, glass.atoms)}
    for species in ("Cu", "Zr"):
        assert rows["S", species]["spearman"] > 0.4 and rows["volume, 0 K", species]["cross_validated"] > 0.9
        assert rows["all together", species]["cross_validated"] > 0.9 > rows["all but S", species]["cross_validated"]
        assert abs(rows["two-body excess entropy, 0 K", species]["spearman"]) < 0.3


def test_a_campaign_is_collected_by_owner(tmp_path):
    """Two batches of two partitions, a torn line, a line of a lost attempt."""
    head = "attempt,center,trial,type,status,barrier,dr_center,dr_center_final,mover,mover_distance,weight\n"
    (tmp_path / "events.1.csv.0").write_text(head + "1,1,1,1,success,1.0,0.5,0.1,1,0.0,0.9\n2,1,2,1,elsewhere,2.0,0.1,0.1,7,3.0,0.01\n")
    (tmp_path / "events.1.csv.1").write_text(head + "1,102,1,2,success,3.0,0.5,0.1,1,2.0,0.5\n")
    who = "attempt,center,trial,atom,at_saddle,at_minimum\n"
    (tmp_path / "displaced.1.csv.0").write_text(who + "1,1,1,1,0.5,0.1\n2,1,2,7,0.8,1.2\n2,1,2,1,0.1,0.1\n3,1,3,5,9.0,9.0\n")
    (tmp_path / "displaced.1.csv.1").write_text(who + "1,102,1,102,0.5,0.1\n1,102,1,1,0.5,nan\n1,102,1,8,0.")
    glass = sample()
    atoms = dict(glass.atoms)
    collect_barriers(tmp_path, tmp_path, atoms, 1.0)
    owners = read_table(tmp_path / "owners.csv.gz")
    found = {(owner, atom): (mean, lowest) for owner, atom, mean, lowest in zip(*(owners[name].tolist() for name in (
        "owner", "id", "mean", "lowest")))}
    assert found["centre", 1] == (1.5, 1.0) and found["centre of own events", 1] == (1.0, 1.0)
    assert found["mover", 1] == (2.0, 1.0) and found["mover", 7] == (2.0, 2.0)
    weights = np.array([0.25, 0.01, 0.25])
    assert atoms["barrier_all"][0] == pytest.approx(weights @ [1, 2, 3] / weights.sum())
    assert atoms["barrier_all"][6] == 2 and np.isnan(atoms["barrier_all"][4]) and np.isnan(atoms["barrier_all"][7])
    assert atoms["barrier"][0] == 1.0 and atoms["events"][101] == 1


def test_means_of_the_first_events():
    """Barriers of 60 centres: the first of each is what S says, the second is the same for all."""
    glass = sample()
    ids = np.r_[1:31, 101:131]
    glass.tables["events.csv.gz"] = {
        "center": np.repeat(ids, 2), "trial": np.tile([3, 5], 60), "status": np.full(120, "success"),
        "barrier": np.stack([-glass.atoms["S"][ids - 1], np.full(60, 0.5)], axis=1).ravel()}
    rows = events_needed(glass)
    assert [(row["events"], row["species"], row["n"]) for row in rows] == [(1, "Cu", 30), (1, "Zr", 30), (2, "Cu", 30), (2, "Zr", 30)]
    assert all(row["spearman"] == pytest.approx(-1) for row in rows)
