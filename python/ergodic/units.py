"""What the numbers of a study are in: the units of LAMMPS' `units metal`, `real` or `lj`."""

from typing import NamedTuple


class Units(NamedTuple):
    """Names of the units for labels; `length`: 1 Angstrom, or as much of a particle's diameter, in length units."""
    distance: str
    energy: str
    time: str
    frequency: str
    length: float


UNITS = {"metal": Units("Å", "eV", "ps", "THz", 1.0), "real": Units("Å", "kcal/mol", "fs", "fs$^{-1}$", 1.0),
         "lj": Units("$\\sigma$", "$\\epsilon$", "$\\tau$", "$\\tau^{-1}$", 0.4)}


def plain(name):
    """The name of a unit in text that is not typeset."""
    return {"Å": "A", "$\\sigma$": "sigma", "$\\epsilon$": "epsilon", "$\\tau$": "tau", "$\\tau^{-1}$": "1/tau",
            "fs$^{-1}$": "1/fs"}.get(name, name)
