"""Ergodic: which atoms of a glass are soft, by the LAMMPS plugin of that name. Readers, estimates, figures, command
line.

    from ergodic.reading import read_glass
    glass = read_glass(["glass.data", "S.dump", "events.csv"], species=["Zr", "Cu"])
    glass.atoms["S"][glass.species["Cu"]]
"""

__version__ = "0.1.0"
