"""Materials of the gallery: small samples of many force fields, each with the script that makes it."""

from dataclasses import dataclass

METAL = "units metal\natom_modify map array\n"


@dataclass(frozen=True)
class Material:
    """How a sample is made, and how it is examined. Units are those of the material."""

    name: str
    head: str               # settings before the box: units, atom style, boundary
    box: str                # makes box, atoms and masses
    forces: str             # potential, skin and time step, before and after read_data alike
    cook: str               # makes a glass of it: molecular dynamics, deformation
    motion: str             # makes the configuration whose motifs are compared: a short hot run
    modes: str = ""         # keywords of compute vdos/atom beside solver and modes
    delta: float = 1e-5     # displacement of the reference's central differences
    tolerance: float = 1e-3  # largest deviation of a frequency, as a fraction of the highest
    radii: str = ""         # expression of an atom-style variable: radical tessellation
    ghosts: float = 15      # ghost cut-off that is enough for compute voronoi/atom


def crystal(lattice, cells, masses, types=""):
    """`types` = options of create_atoms that assign types."""
    x, y, z = cells
    return (
        f"lattice {lattice}\nregion box block 0 {x} 0 {y} 0 {z}\ncreate_box {len(masses)} box\ncreate_atoms 1 box {types}\n"
        + "".join(f"mass {k} {mass}\n" for k, mass in enumerate(masses, 1))
    )


def quench(hot, cold, damp, steps, before=""):
    """Molecular dynamics at constant volume from `hot` to `cold`."""
    return f"{before}velocity all create {hot} 4711\nfix bath all nvt temp {hot} {cold} {damp}\nrun {steps}\nunfix bath\n"


def heat(temperature):
    return f"velocity all create {temperature} 4928\n"


def silicon(name, pair, **settings):
    return Material(
        name, METAL, crystal("diamond 5.43", (3, 3, 3), [28.0855]), f"{pair}\nneighbor 1.0 bin\ntimestep 0.001\n",
        quench(6000, 300, 0.05, 1500), heat(1200), **settings,
    )


# Idealised beta-cristobalite, which melts into a glass of the right density.
CRISTOBALITE = (
    "custom 7.16 a1 1 0 0 a2 0 1 0 a3 0 0 1 basis 0 0 0 basis 0 0.5 0.5 basis 0.5 0 0.5 basis 0.5 0.5 0 "
    "basis 0.25 0.25 0.25 basis 0.25 0.75 0.75 basis 0.75 0.25 0.75 basis 0.75 0.75 0.25 "
    + " ".join(
        f"basis {(x + s) % 1} {(y + t) % 1} {(z + u) % 1}"
        for x, y, z in [(0.125, 0.125, 0.125), (0.125, 0.625, 0.625), (0.625, 0.125, 0.625), (0.625, 0.625, 0.125)]
        for s, t, u in [(0, 0, 0), (0.25, 0.25, 0), (0.25, 0, 0.25), (0, 0.25, 0.25)]
    )
)
OXYGENS = " ".join(f"basis {k} 2" for k in range(9, 25))


def silica(name, pair, head=METAL, after="", hot=6000, cells=(2, 2, 2), **settings):
    return Material(
        name, head, crystal(CRISTOBALITE, cells, [28.0855, 15.9994], OXYGENS) + after,
        f"{pair}\nneighbor 1.0 bin\ntimestep 0.001\n", quench(hot, 300, 0.05, 1200), heat(1000), **settings,
    )


def metal(name, lattice, cells, masses, pair, head=METAL, after="", hot=3000, steps=1500, cook="", **settings):
    types = "" if len(masses) == 1 else " basis 2 2" if lattice.startswith("bcc") else " basis 2 2 basis 4 2"
    return Material(
        name, head, crystal(lattice, cells, masses, types) + after, f"{pair}\nneighbor 1.0 bin\ntimestep 0.002\n",
        quench(hot, 300, 0.05, steps, "displace_atoms all random 0.3 0.3 0.3 4928\nminimize 0 1e-2 50 200\n") + cook,
        heat(800), **settings,
    )


CUZR = "pair_style eam/fs\npair_coeff * * CuZr_mm.eam.fs Cu Zr"
CUZR_MASSES = [63.546, 91.224]
LJ_MODES = "delta 1e-6 range 0.5 2 sigma 0.1"
LJ_GHOSTS = 5
LJ = "units lj\natom_modify map array\n"

# Potentials that vanish smoothly at their cut-off: the Hessian exists at every minimum.
KOB_ANDERSEN = """pair_style lj/smooth/linear 2.5
pair_coeff 1 1 1.0 1.0 2.5
pair_coeff 1 2 1.5 0.8 2.0
pair_coeff 2 2 0.5 0.88 2.2
neighbor 0.3 bin
timestep 0.003
"""

# The bead-spring polymer of Kremer and Grest, J. Chem. Phys. 92, 5057 (1990), with an attractive tail so that it is a
# glass.
BEADS = """special_bonds fene
bond_style fene
bond_coeff 1 30 1.5 1 1
pair_style lj/smooth/linear 2.5
pair_coeff 1 1 1 1
neighbor 0.4 bin
timestep 0.003
"""
CHAINS = """lattice sc 1.0
region box block 0 6 0 6 0 6
create_box 1 box bond/types 1 extra/bond/per/atom 2 extra/special/per/atom 6
create_atoms 1 box
mass 1 1
"""
# chains of six along x; consecutive IDs are neighbours in x
BONDS = "".join(
    f"create_bonds single/bond 1 {6 * row + k} {6 * row + k + 1} special {'yes' if (row, k) == (35, 5) else 'no'}\n"
    for row in range(36) for k in range(1, 6)
)

SPHERES = """pair_style harmonic/cut
pair_coeff 1 1 500 1.0
pair_coeff 1 2 500 1.2
pair_coeff 2 2 500 1.4
neighbor 0.3 bin
timestep 0.005
"""

# Contacts open and close until the last: other minimisers give up before.
SETTLE = "min_style fire\nmin_modify norm inf\nminimize 0 1e-9 100000 100000\n"

# Unshifted, energies would jump by some meV as pairs cross the cut-off. Forces still do, by 5e-4 eV/Angstrom, which over a
# displacement of 1e-4 Angstrom looks like an unstable mode.
BKS = """pair_style buck/coul/long 8.0
pair_coeff 1 1 0 1 0
pair_coeff 1 2 18003.7572 0.205205 133.5381
pair_coeff 2 2 1388.773 0.362319 175.0
kspace_style {kspace}
pair_modify table 0 shift yes"""

MATERIALS = [
    silicon("a-Si, sw", "pair_style sw\npair_coeff * * Si.sw Si"),
    silicon("a-Si, tersoff", "pair_style tersoff\npair_coeff * * Si.tersoff Si"),
    silicon("a-Si, edip", "pair_style edip\npair_coeff * * Si.edip Si"),
    silica("SiO2, tersoff", "pair_style tersoff\npair_coeff * * SiO.tersoff Si O"),
    silica("SiO2, vashishta", "pair_style vashishta\npair_coeff * * SiO.1990.vashishta Si O"),
    silica(
        "SiO2, BKS with pppm", BKS.format(kspace="pppm 1e-5"), head="units metal\natom_style charge\natom_modify map array\n",
        after="set type 1 charge 2.4\nset type 2 charge -1.2\n", hot=3500, cells=(2, 1, 1), modes="delta 1e-3 ftol 1e-3",
        delta=1e-3, tolerance=5e-3,
    ),
    Material(
        "Kob-Andersen", LJ, crystal("fcc 1.2", (4, 4, 4), [1, 1], "basis 4 1") + "set group all type/fraction 2 0.2 12393\n",
        KOB_ANDERSEN, quench(2.0, 0.1, 0.5, 4000), heat(0.6), LJ_MODES, ghosts=LJ_GHOSTS,
    ),
    Material(
        "bead polymer, fene", LJ.replace("atom_modify", "atom_style bond\natom_modify"), CHAINS, BEADS,
        BONDS + quench(1.0, 0.1, 0.5, 4000), heat(0.5), LJ_MODES, ghosts=LJ_GHOSTS,
    ),
    metal("Ni-Al, meam", "fcc 3.9", (3, 3, 3), [58.69, 26.98],
          "pair_style meam\npair_coeff * * library_2nn.meam Mo Co Ni V Fe Al Cr MoCoNiVFeAlCr_2nn.meam Ni Al"),
    metal("Fe-Cr, eam/cd", "bcc 3.0", (4, 4, 4), [55.845, 51.996], "pair_style eam/cd\npair_coeff * * FeCr.cdeam Fe Cr"),
    metal("Al-Cu, adp", "fcc 4.0", (3, 3, 3), [26.982, 63.546], "pair_style adp\npair_coeff * * AlCu.adp Al Cu"),
    metal("Ni, snap", "fcc 3.6", (2, 2, 2), [58.69], "pair_style snap\n"
          "pair_coeff * * Ni_Zuo_JPCA2020.snapcoeff Ni_Zuo_JPCA2020.snapparam Ni", steps=600, delta=1e-4),
    Material(
        "jammed spheres with rattlers", LJ, crystal("bcc 0.74", (5, 5, 5), [1, 1], "basis 2 2"), SPHERES,
        quench(5.0, 0.01, 0.5, 2000) + SETTLE, heat(0.05), LJ_MODES, ghosts=LJ_GHOSTS, delta=1e-8, radii="0.5+0.2*(type==2)",
    ),
    metal("Cu-Zr slab, p p f", "bcc 3.3", (5, 5, 4), CUZR_MASSES, CUZR, head="boundary p p f\n" + METAL,
          after="change_box all z delta -6 6 units box\n", hot=1500, ghosts=40),
    metal("Cu-Zr, triclinic", "bcc 3.3", (5, 5, 5), CUZR_MASSES, CUZR, cook=
          "change_box all triclinic\nchange_box all xy final 3 yz final -2 xz final 1 remap units box\n"),
    metal("Cu-Zr particle, f f f", "bcc 3.3", (4, 4, 4), CUZR_MASSES, CUZR, head="boundary f f f\n" + METAL, hot=1200,
          after="change_box all x delta -12 12 y delta -12 12 z delta -12 12 units box\n", ghosts=70),
    metal("Cu-Zr, hybrid/overlay", "bcc 3.3", (4, 4, 4), CUZR_MASSES, "pair_style hybrid/overlay eam/fs zbl 1.0 2.0\n"
          "pair_coeff * * eam/fs CuZr_mm.eam.fs Cu Zr\npair_coeff 1 1 zbl 29 29\npair_coeff 1 2 zbl 29 40\npair_coeff 2 2 zbl 40 40"),
    Material(
        "argon, units real", "units real\natom_modify map array\n", crystal("fcc 5.4", (4, 4, 4), [39.948]),
        "pair_style lj/smooth/linear 8.5\npair_coeff 1 1 0.2381 3.405\nneighbor 1.0 bin\ntimestep 2.0\n",
        quench(300, 5, 100, 1500), heat(40), "delta 1e-5 range 0.0002 0.001 sigma 0.00005", ghosts=25,
    ),
]
