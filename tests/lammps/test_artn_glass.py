"""Events in a metallic glass: saddles against stock LAMMPS and numpy, and tables over orders of summation."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from artn import different_events, minimum_image, read_table
from conftest import Lammps, system

FTOL = 0.01
GLASS = Path(__file__).resolve().parents[2] / "examples" / "cuzr" / "glass-2048.data.gz"
BOUNDS = [[f"{axis}lo", f"{axis}hi"] for axis in "xyz"]
SEARCH = """
group centers id {centers}
fix hop centers artn 5 events 1 attempts {attempts} active 6.0 ftol {ftol} events_file events.csv saddles saddles.dump minima minima.dump
run 100
"""


def search(data, centers="4:6", attempts=1, **settings):
    return system(data / "ortho.data", skin=0.5, **settings) + SEARCH.format(centers=centers, attempts=attempts, ftol=FTOL)


@pytest.fixture(scope="module")
def campaign(tmp_path_factory, minimum):
    run = Lammps(tmp_path_factory.mktemp("campaign"))(search(minimum))
    return run, read_table(run.folder / "events.csv")


class Stock:
    """Energies and forces of stock LAMMPS at positions in the order of IDs, which are 1 to N."""

    def __init__(self, data):
        import lammps

        self.lmp = lammps.lammps(cmdargs=["-screen", "none", "-log", "none"])
        self.lmp.commands_string("atom_modify map array sort 0 0\n" + system(data, skin=0.5) + "run 0 post no\n")
        self.atoms = self.lmp.get_natoms()
        low, high = self.lmp.extract_box()[:2]
        self.box = np.subtract(high, low)

    def array(self, name):
        return self.lmp.numpy.extract_atom(name)[: self.atoms]

    def forces(self, x):
        self.array("x")[np.argsort(self.array("id"))] = x
        self.lmp.command("run 0 post no")
        return self.array("f")[np.argsort(self.array("id"))].copy()

    def energy(self):
        return self.lmp.get_thermo("pe")

    def hessian(self, x, step=1e-4):
        columns = []
        for k in range(x.size):
            sides = []
            for sign in (1, -1):
                moved = x.copy()
                moved.flat[k] += sign * step
                sides.append(self.forces(moved).ravel())
            columns.append((sides[1] - sides[0]) / (2 * step))
        matrix = np.array(columns)
        return (matrix + matrix.T) / 2


@pytest.mark.slow
def test_saddle_is_what_the_table_says(campaign, minimum):
    """The first connected event: a stationary point of the whole system with one unstable direction, as high above the
    initial minimum as the table says, and another minimum behind it."""
    run, rows = campaign
    row = next(row for row in rows if row["status"] == "success")
    saddle, end = (dict(run.dump(name))[row["attempt"]][:, 2:5] for name in ("saddles.dump", "minima.dump"))

    stock = Stock(minimum / "ortho.data")
    initial = stock.array("x")[np.argsort(stock.array("id"))].copy()
    start = stock.energy()
    assert np.abs(stock.forces(saddle)).max() <= FTOL
    assert stock.energy() - start == pytest.approx(row["barrier"], abs=1e-6)
    assert np.abs(stock.forces(end)).max() <= FTOL
    assert row["energy_saddle"] - stock.energy() == pytest.approx(row["barrier_back"], abs=1e-6)

    eigenvalues = np.linalg.eigvalsh(stock.hessian(saddle))
    still = np.abs(eigenvalues) < 1e-4
    assert still.sum() == 3, "translations"
    assert (eigenvalues[~still] < 0).sum() == 1
    assert eigenvalues[0] == pytest.approx(row["eigenvalue"], rel=0.02)

    moved = minimum_image(end - initial, stock.box)
    moved -= moved.mean(axis=0)
    assert np.linalg.norm(moved) == pytest.approx(row["dr_final"], abs=1e-6)
    assert (np.linalg.norm(moved, axis=1) > 0.4).sum() == row["moved"]


def test_table_does_not_depend_on_the_order_of_atoms(campaign, minimum, lmp):
    """Other orders of atoms and of pairs, hence other last bits of the forces."""
    run = lmp(search(minimum, before_data="atom_modify sort 1 4.0").replace("neighbor 0.5", "neighbor 0.35"))
    rows = read_table(run.folder / "events.csv")
    assert not different_events(rows, campaign[1])


@pytest.mark.slow
@pytest.mark.parametrize("ranks, centers", [(2, "4:5"), (4, "5")])
def test_table_does_not_depend_on_the_number_of_ranks(campaign, minimum, lmp, ranks, centers):
    run = lmp(search(minimum, centers=centers), ranks=ranks)
    rows = read_table(run.folder / "events.csv")
    different = different_events(rows, campaign[1])
    assert rows and len(different) <= 0.05 * len(rows), different


MINIMISED = """
suffix opt
min_modify norm inf
minimize 0 1e-4 10000 100000
reset_timestep 0
group centers id 100:1600:100
fix hop centers artn 20220314 events 1 attempts 1 active {active} events_file events.csv saddles saddles.dump
run 100
"""


@pytest.fixture(scope="module")
def sixteen(tmp_path_factory):
    """Sixteen attempts in the glass of the example, with the default radius and with all atoms moving from the
    beginning: converged barriers, and saddles of connected events by their center."""
    found = {}
    for active in ("10.0", "all"):
        folder = tmp_path_factory.mktemp(active)
        (folder / "glass.data").write_bytes(gzip.decompress(GLASS.read_bytes()))
        run = Lammps(folder)(system("glass.data nocoeff", skin=0.5) + MINIMISED.format(active=active))
        rows = read_table(folder / "events.csv")
        assert len(rows) == 16
        frames = dict(run.dump("saddles.dump"))
        connected = [row for row in rows if row["status"] == "success"]
        saddles = {row["center"]: (row["barrier"], frames[row["attempt"]][:, 2:5]) for row in connected}
        found[active] = np.array([row["barrier"] for row in rows if row["barrier"] > 0]), saddles
    return found


@pytest.mark.slow
def test_barriers_do_not_depend_on_what_moves_first(sixteen):
    barriers = [barriers for barriers, _ in sixteen.values()]
    # Attempts are chaotic; three standard errors fail once in some hundreds.
    assert min(map(len, barriers)) >= 8
    error = np.hypot(*[b.std(ddof=1) / np.sqrt(len(b)) for b in barriers])
    assert abs(barriers[0].mean() - barriers[1].mean()) < 3 * error
    assert all(0.5 < np.median(b) < 2.5 for b in barriers)


@pytest.mark.slow
def test_a_saddle_does_not_depend_on_what_moves_first(sixteen):
    (_, ours), (_, theirs) = sixteen.values()
    lines = [line.split() for line in gzip.open(GLASS, "rt")]
    low, high = np.array([line[:2] for line in lines if line[2:] in BOUNDS], dtype=float).T
    pairs = 0
    for center in ours.keys() & theirs.keys():
        (barrier, x), (other, y) = ours[center], theirs[center]
        d = minimum_image(x - y, high - low)
        if np.linalg.norm(d - d.mean(axis=0), axis=1).max() < 0.1:
            pairs += 1
            assert barrier == pytest.approx(other, abs=0.005)
    assert pairs >= 1
