"""Small samples for the fault harness: minima and hot configurations in two unit systems."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lammps"))

from conftest import Lammps  # noqa: E402

LJ = """pair_style lj/smooth/linear 2.0
pair_coeff 1 1 1.0 1.0
pair_coeff 1 2 1.5 0.8
pair_coeff 2 2 0.5 0.88
neighbor 0.3 bin
timestep 0.002
"""
EAM = "pair_style eam/fs\npair_coeff * * CuZr_mm.eam.fs Cu Zr\nneighbor 1.0 bin\ntimestep 0.002\n"

MAKE = """
units {units}
atom_modify map array
lattice bcc {lattice}
region box block 0 4 0 4 0 4
create_box 2 box
create_atoms 1 box basis 2 2
mass 1 1.0
mass 2 1.5
{forces}
velocity all create {hot} 4928
fix bath all nvt temp {hot} {cold} {damp}
run 1000
unfix bath
reset_timestep 0
write_data {name}.hot.data nocoeff
velocity all set 0 0 0
min_modify norm inf
minimize 0 {ftol} 3000 30000
min_style fire
minimize 0 {ftol} 6000 60000
reset_timestep 0
write_data {name}.minimum.data nocoeff
"""


# A vacancy in a crystal: its twelve neighbours hop into it.
VACANCY = """
units lj
atom_modify map array
lattice fcc 1.05
region box block 0 3 0 3 0 3
create_box 2 box
create_atoms 1 box
mass * 1.0
{forces}
group hole id 54
delete_atoms group hole compress no
min_modify norm inf
minimize 0 1e-9 3000 30000
reset_timestep 0
write_data vacancy.data nocoeff
"""


def make(folder):
    """Writes lj.hot.data, lj.minimum.data, eam.hot.data and eam.minimum.data, 128 atoms each, and vacancy.data into
    `folder`."""
    Lammps(folder)(VACANCY.format(forces=LJ), load=False)
    Lammps(folder)(MAKE.format(name="lj", units="lj", lattice=1.2, forces=LJ, hot=2.0, cold=0.4, damp=0.5, ftol=1e-9), load=False)
    Lammps(folder)(MAKE.format(name="eam", units="metal", lattice=3.2, forces=EAM.replace("0.002", "0.0005"), hot=3000, cold=700,
                               damp=0.05, ftol=1e-8), load=False)
