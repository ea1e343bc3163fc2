"""Compute vdos/atom where forces are not what one expects: defects that no probe meets, steps that do not suit the
forces, lists that are not there. References: stock dynamical_matrix with numpy, or the same compute after a fresh
`run 0`."""

import os
import re
import signal
from pathlib import Path

import numpy as np
import pytest

from conftest import read_dump
from vdos import Modes, frequencies, glass_at

DATA = Path(__file__).resolve().parents[1] / "data"


def stock_frequencies(path):
    matrix = np.loadtxt(path).reshape(-1)
    n = int(np.sqrt(len(matrix)))
    matrix = matrix.reshape(n, n)
    return np.sort(frequencies(np.linalg.eigvalsh(0.5 * (matrix + matrix.T))))


def test_defect_that_no_probe_meets(lmp):
    """Amorphous SiO2 with one Si-Si bond among 648 atoms: every mode within 1e-3 THz of dynamical_matrix."""
    script = f"""
units metal
atom_modify map array
read_data {DATA}/sio2-defect.data.gz
pair_style tersoff
pair_coeff * * SiO.tersoff Si O
neighbor 1.0 bin
comm_modify cutoff 14
dynamical_matrix all eskm 1e-5 file stock.txt
compute V all vdos/atom solver dense modes modes.bin
thermo_style custom step c_V[*]
run 0
"""
    run = lmp(script)
    assert "H v and forces for 3 random v: rows differ by" in run.output
    ours = np.concatenate([Modes(lmp.folder / "modes.bin").frequencies(), np.zeros(3)])
    assert np.abs(np.sort(ours) - stock_frequencies(lmp.folder / "stock.txt")).max() < 1e-3
    thermo = run.thermo()
    assert thermo["c_V[2]"] == 3 and thermo["c_V[3]"] == 0 and thermo["c_V[5]"][0] < 400


SALT = """
units metal
atom_style charge
atom_modify map array
lattice custom 5.64 a1 1 0 0 a2 0 1 0 a3 0 0 1 basis 0 0 0 basis 0.5 0.5 0 basis 0.5 0 0.5 basis 0 0.5 0.5 &
  basis 0.5 0 0 basis 0 0.5 0 basis 0 0 0.5 basis 0.5 0.5 0.5
region box block 0 2 0 2 0 2
create_box 2 box
create_atoms 1 box basis 5 2 basis 6 2 basis 7 2 basis 8 2
mass 1 22.99
mass 2 35.45
set type 1 charge 1
set type 2 charge -1
pair_style buck/coul/long 6.0
pair_coeff 1 2 1256.31 0.3220 0
pair_coeff 2 2 1856.0 0.3300 0
pair_coeff 1 1 0 1 0
kspace_style ewald 1e-5
neighbor 1.0 bin
min_modify norm inf dmax 0.02
minimize 0 1e-6 200 1000
dynamical_matrix all eskm 1e-4 file stock.txt
"""


@pytest.mark.parametrize("delta", ["", "delta 1e-7", "delta 1e-9", "delta 1e-4"])
def test_tables_of_coulomb_forces(lmp, delta):
    """Their index has single precision: below it, forces do not change at all, and just above by too much."""
    run = lmp(SALT + f"compute V all vdos/atom solver dense modes modes.bin {delta}\nthermo_style custom step c_V[1]\nrun 0\n")
    assert "does not suit these forces" in run.output
    assert ("WARNING: Compute vdos/atom V: delta" in run.output) == bool(delta)
    ours = np.concatenate([Modes(lmp.folder / "modes.bin").frequencies(), np.zeros(3)])
    assert np.abs(np.sort(ours) - stock_frequencies(lmp.folder / "stock.txt")).max() < 2e-3


TRUNCATED = """
units lj
atom_modify map array
lattice fcc 1.2
region box block 0 5 0 5 0 5
create_box 2 box
create_atoms 1 box
set type 1 type/fraction 2 0.2 4928
mass * 1.0
displace_atoms all random 0.4 0.4 0.4 4928
pair_style lj/cut 2.5
pair_coeff 1 1 1.0 1.0
pair_coeff 1 2 1.5 0.8
pair_coeff 2 2 0.5 0.88
neighbor 0.4 bin
min_modify norm inf
minimize 0 1e-5 5000 50000
min_style fire
minimize 0 1e-8 20000 100000
"""


def test_pairs_that_cross_the_cutoff(lmp):
    """The force of lj/cut jumps there: a smaller step is taken, and all steps give the same modes."""
    script = TRUNCATED
    for k, delta in enumerate(["", "delta 1e-3", "delta 1e-4", "delta 1e-6", "delta 1e-9"]):
        script += f"compute V{k} all vdos/atom solver dense modes {k}.bin {delta}\n"
    run = lmp(script + "thermo_style custom step " + " ".join(f"c_V{k}[1]" for k in range(5)) + "\nrun 0\n")
    assert run.output.count("does not suit these forces") >= 2
    first, *others = [Modes(lmp.folder / f"{k}.bin").frequencies() for k in range(5)]
    for other in others:
        assert np.abs(other - first).max() < 1e-4


CHANGES = [
    "write_data x.data", "balance 1.0 shift xyz 5 1.0", "reset_atoms id", "delete_atoms overlap 0.1 all all", "velocity all create 300 1",
    "displace_atoms all move 20 0 0", "change_box all triclinic", "write_restart x.restart", "set group all image 1 0 0",
    "pair_style eam/fs\npair_coeff * * CuZr_mm.eam.fs Cu Zr", "neighbor 1.5 bin", "run 0 pre no",
]


@pytest.mark.parametrize("ranks", [1, 2])
def test_commands_between_runs(lmp, minimum, ranks):
    """Whatever was done to atoms, styles and lists since the last run: the modes are those of a fresh `run 0`."""
    ask = 'print "V: $(c_V[1]) $(c_V[2]) $(c_V[3]) $(c_V[6]:%.8f) $(c_V[7]:%.8f)"\n'
    script = glass_at(minimum) + "group some id 1:40\ncompute V some vdos/atom solver dense\nrun 0\n" + ask
    for change in CHANGES:
        script += f"{change}\nmass 1 64\nmass 1 63.546\n{ask}"
    found = re.findall(r"^V: .*$", lmp(script + f"run 0\n{ask}", ranks=ranks).output, re.M)
    assert len(found) == len(CHANGES) + 2
    values = np.array([line.split()[1:] for line in found], dtype=float)
    assert np.abs(values - values[0]).max() < 1e-6


@pytest.mark.parametrize("ranks", [1, 2])
def test_before_any_run(lmp, minimum, ranks):
    """Nothing has set the flags of the pair style then, and two ranks need not find the same (write_data initialises)."""
    process = lmp.start(glass_at(minimum) + 'compute V all vdos/atom solver dense\nwrite_data x.data\nprint "V: $(c_V[3]) $(c_V[3])"\n', ranks=ranks)
    try:
        output, _ = process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0 and "\nV: 0 0\n" in output, output[-1000:]


@pytest.mark.parametrize("change, problem", [
    ("set atom 5 x 100", "atoms have left their box or processor: use run 0 first"),
    ("set atom 5 x 0.3", "not at a minimum"),
    ("pair_style zero 6\npair_coeff * *", "the Hessian is 0"),
    ("delete_atoms group all", "its group has no atoms"),
])
def test_states_without_an_answer(lmp, minimum, change, problem):
    script = glass_at(minimum) + f'compute V all vdos/atom solver dense\nrun 0\n{change}\nprint "$(c_V[1])"\n'
    assert problem in lmp(script, status=None).output


def test_all_columns_in_a_dump(lmp, minimum):
    """LAMMPS takes c_V[*] there for as many columns as the global array has."""
    for types, wanted in [(1, 4), (2, 5), (3, 6)]:
        mass = "\n".join(f"mass {t} 60" for t in range(1, types + 1))
        script = f"""
units lj
atom_modify map array
lattice fcc 1.09
region box block 0 3 0 3 0 3
create_box {types} box
create_atoms 1 box
{mass}
pair_style lj/cut 1.4
pair_coeff * * 1 1
neighbor 0.4 bin
compute V all vdos/atom solver dense
dump d all custom 1 d{types}.dump id c_V[*]
run 0
"""
        lmp(script)
        columns = read_dump(lmp.folder / f"d{types}.dump")[0][1]
        assert columns.shape == (108, 1 + wanted) and np.all(columns[:, 1:4] > 0)


def test_tolerance_of_forces(lmp, glass, minimum):
    """What no minimiser reaches can be allowed."""
    script = glass_at(minimum) + "displace_atoms all random 1e-3 1e-3 1e-3 7\ncompute V all vdos/atom solver dense {}\n" \
        "thermo_style custom step c_V[1]\nrun 0\n"
    assert "or give keyword ftol" in lmp(script.format(""), status=None).output
    assert lmp(script.format("ftol 0.5")).thermo()["c_V[1]"] == 750


def test_files_of_partitions(lmp, minimum):
    script = glass_at(minimum) + "group some id 1:10\ncompute V some vdos/atom solver dense file g modes m hessian h\n" \
        "thermo_style custom step c_V[1]\nrun 0\n"
    lmp(script, ranks=2, options=["-partition", "2x1"])
    assert {f"{name}.{k}" for name in "gmh" for k in (0, 1)} <= {path.name for path in lmp.folder.iterdir()}
