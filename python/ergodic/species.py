"""Names of atom types: given, or from `element` columns, type labels or masses. What contradicts is an error."""

import re

from ergodic.errors import ErgodicError

# Standard atomic weights (g/mol), CIAM 2021; elements without stable isotopes are left out.
MASSES = dict(
    H=1.008, He=4.0026, Li=6.94, Be=9.0122, B=10.81, C=12.011, N=14.007, O=15.999, F=18.998, Ne=20.180, Na=22.990, Mg=24.305,
    Al=26.982, Si=28.085, P=30.974, S=32.06, Cl=35.45, Ar=39.95, K=39.098, Ca=40.078, Sc=44.956, Ti=47.867, V=50.942,
    Cr=51.996, Mn=54.938, Fe=55.845, Co=58.933, Ni=58.693, Cu=63.546, Zn=65.38, Ga=69.723, Ge=72.630, As=74.922, Se=78.971,
    Br=79.904, Kr=83.798, Rb=85.468, Sr=87.62, Y=88.906, Zr=91.224, Nb=92.906, Mo=95.95, Ru=101.07, Rh=102.91, Pd=106.42,
    Ag=107.87, Cd=112.41, In=114.82, Sn=118.71, Sb=121.76, Te=127.60, I=126.90, Xe=131.29, Cs=132.91, Ba=137.33, La=138.91,
    Ce=140.12, Pr=140.91, Nd=144.24, Sm=150.36, Eu=151.96, Gd=157.25, Tb=158.93, Dy=162.50, Ho=164.93, Er=167.26, Tm=168.93,
    Yb=173.05, Lu=174.97, Hf=178.49, Ta=180.95, W=183.84, Re=186.21, Os=190.23, Ir=192.22, Pt=195.08, Au=196.97, Hg=200.59,
    Tl=204.38, Pb=207.2, Bi=208.98, Th=232.04, U=238.03)
TOLERANCE = 2e-3   # of a mass, relative: Co and Ni are 4e-3 apart
# Names that the tables use for something else.
RESERVED = ("all", "time", "samples", "motif", "atoms")


def element_of_mass(mass):
    """The element of that mass, or None."""
    name = min(MASSES, key=lambda name: abs(MASSES[name] - mass))
    return name if abs(MASSES[name] - mass) <= TOLERANCE * mass else None


def elements_of_masses(masses, units):
    """{type: element} of masses in g/mol; nothing in `units lj`, where a mass names no element."""
    if units == "lj":
        return {}
    found = {kind: element_of_mass(mass) for kind, mass in masses.items()}
    return {kind: name for kind, name in found.items() if name}


class Evidence:
    """What files say about the names of types: {type: (name, where)}."""

    def __init__(self):
        self.names = {}

    def add(self, names, where):
        """Takes {type: name} of a file; another name for a type that has one is an error."""
        for kind, name in names.items():
            known, source = self.names.setdefault(int(kind), (name, where))
            if known != name:
                raise ErgodicError(f"type {kind} is {known} in {source} but {name} in {where}: these files do not belong "
                                   "to one glass")

    def resolve(self, types, given=None):
        """Names of types 1 .. `types`. Given ones must agree with what the files say."""
        if given:
            return self.checked(types, list(given))
        names = [self.names[kind][0] if kind in self.names else f"type{kind}" for kind in range(1, types + 1)]
        return [name if names.count(name) == 1 else f"{name}{kind}" for kind, name in enumerate(names, 1)]

    def checked(self, types, given):
        if len(given) != types:
            raise ErgodicError(f"--species has {len(given)} names ({' '.join(given)}), but there are {types} atom types: "
                               "give one name per type, in the order of the types")
        for kind, name in enumerate(given, 1):
            if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+-]*", name) or name in RESERVED:
                raise ErgodicError(f"--species: {name} cannot be the name of a species: a letter, then letters and digits")
            known, where = self.names.get(kind, (name, ""))
            if known != name and (known not in MASSES or name in MASSES):
                order = " ".join(self.names[k][0] if k in self.names else given[k - 1] for k in range(1, types + 1))
                raise ErgodicError(f"--species calls type {kind} {name}, but it is {known} in {where}: "
                                   f"give --species {order}, in the order of the types")
        return given
