"""Random LAMMPS scripts around the three styles, one for each seed: valid keywords, keywords at their limits,
nonsense, and any sequence of commands in between. Most contain errors; whoever runs them goes on after each."""

import random

from samples import EAM, LJ

BAD_NUMBERS = [
    "nan", "inf", "-inf", "1e999", "1e-400", "abc", '""', "1.0.0", "0x10", "1,5", "é", "-", "1e", "-1", "0", "v_none", "c_none",
    "f_none[1]", "${none}", "NULL", "99999999999999999999", "-99999999999999999999", '"1 2"', "$(1/0)",
]
BAD_FILES = [
    "nodir/f", "/dev/full", "/dev/null", "/", "..", ".", "é.txt", '"a b.txt"', "x" * 255, "x" * 300, "y/" * 1000 + "z", "*", "%",
    "f.*", "-", "events.csv", "/proc/none",
]

# style: keyword -> its values, one list an argument; metal and lj units where they differ
VORONOI = {
    "every": (["1", "2", "3", "7", "100", "2147483647"],),
    "radius": (["v_r", "v_none", "v_equal", "c_none", "r"],),
    "edge_threshold": (["0", "0.1", "0.3", "1e-12", "1e300"],),
    "face_threshold": (["0", "0.1", "0.3", "1e-12", "1e300"],),
    "face_fraction": (["0", "0.01", "0.5", "0.999999"],),
    "key": (["3456", "full", "34567"],),
    "volume": (["yes", "no", "maybe"],),
    "threads": (["1", "2", "3", "64"],),
}
ARTN = {
    "events": (["1", "2"],), "attempts": (["1", "2"],), "maxeval": (["1", "2", "20", "100", "300"],),
    "push": (["0.05", "1e-12", "1", "10", "1e300"], ["1.6", "3.7", "1e300", "1e-300"]),
    "active": (["3", "6", "all", "0.1", "100", "1e300"],),
    "ftol": (["0.01", "0.005", "1e-12", "0.1", "1e300"],),
    "lanczos": (["8", "2", "3", "20", "1000"], ["4e-4", "1e-3", "1e-12", "1", "1e300"]),
    "curvature": (["-0.5", "-5", "0", "-1e-9", "-1e300"],),
    "same": (["1e-3", "1e-12", "1e300"], ["0.1", "0.04", "1e300"]),
    "barrier": (["0", "0.1", "1e-300"], ["inf", "INF", "1", "1e300"]),
    "connect": (["yes", "no"],), "distinct": (["yes", "no"],), "resume": (["yes", "no"],),
    "direction": (["v_dx"], ["v_dy"], ["v_dz", "v_none", "v_equal"]), "refine": (["v_dx"], ["v_dy"], ["v_dz", "v_none"]),
    "events_file": (["events.csv"],), "saddles": (["saddles.dump"],), "minima": (["minima.dump"],),
}
VDOS = {
    "delta": (["1e-6", "1e-7", "1e-9", "1e-3", "0.1", "1e300"],),
    "solver": (["dense", "window", "kpm", "none"],),
    "range": (["0.5", "0.8", "0.01", "1e-300"], ["1.5", "2", "100", "1e300"]),
    "sigma": (["0.1", "0.15", "0.001", "5", "1e300"],),
    "fcut": (["3", "2.5", "100", "1e-9", "1e300"],),
    "points": (["1", "10", "1000", "1000000"],),
    "file": (["spectrum.txt"],), "modes": (["modes.bin"],),
}
ARTN_LJ = "push 0.05 1.6 active 3 ftol 0.005 lanczos 8 4e-4 curvature -5 same 1e-3 0.04"
FILES = {"events_file", "saddles", "minima", "file", "modes"}
COLUMNS = {"S": ("c_", 3, 12), "A": ("f_", 7, 5), "V": ("c_", 7, 4)}

# commands between, before and after runs
COMMANDS = [
    "run {n}", "run {n}", "run {n}", "run 0", "run 0", "run {n} pre no", "run {n} post no", 'run {n} every 2 "print hi"',
    "reset_timestep {step}", "displace_atoms {group} random 0.01 0.01 0.01 5 units box", "displace_atoms one move 1000 0 0 units box",
    "displace_atoms all move 0 0 0 units box", "delete_atoms group one compress {yes}", "delete_atoms group few",
    "delete_atoms overlap 0.1 all all", "delete_atoms group all", "create_atoms 1 single 1.1 1.2 1.3 units box",
    "create_atoms 2 random 3 7 NULL overlap 0.9 maxtry 50", "change_box all x scale 1.01", "change_box all triclinic",
    "change_box all boundary f f f", "change_box all xy final 1 remap units box", "replicate 1 1 2", "replicate 1 1 1",
    "balance 1.0 shift xyz 5 1.0", "group few id 3 4 5", "group few clear", "group one delete", "set group few type 2",
    "set type 1 mass 2", "mass 1 2", "uncompute S", "unfix A", "uncompute V", "unfix S_HISTORY", "compute_modify S dynamic/dof yes",
    "fix_modify A energy yes", "write_restart r.1", "clear", "write_data x.data", "plugin unload compute voronoi/entropy",
    "plugin unload fix artn", "plugin unload compute vdos/atom", "plugin load {plugin}", "thermo {n}",
    "thermo_style custom step pe {reference}", "thermo_style custom step {reference} {reference}", "thermo_style one",
    "dump d all custom 1 d.dump id {column} {column}", "undump d", "dump e all local 1 e.dump c_S[1] c_S[2] c_S[3]", "undump e",
    "fix average all ave/time 1 1 1 {reference} file average.txt", "fix atoms all ave/atom 1 1 1 {column}", "unfix atoms",
    "unfix average", "compute sum all reduce sum {column}", "variable q equal {reference}", "variable p atom {column}",
    'print "{value}"', "timestep 0.001", "minimize 0 1e-6 5 20", "min_style fire", "min_style cg", "run_style verlet",
    "run_style respa 2 2", "fix move {group} nve", "unfix move", "fix move all nvt temp 1 1 0.5", "fix hold one setforce 0 0 0",
    "fix drag all viscous 0.1", "unfix hold", "velocity all create 1 4928", "velocity all set 0 0 0", "neighbor 0.5 bin",
    "neighbor 2.0 bin", "neigh_modify every 5 delay 10 check no", "neigh_modify one 50 page 500", "comm_modify cutoff {cutoff}",
    "comm_modify vel yes", "comm_style tiled", "units si", "pair_style zero 4.0 nocoeff", "pair_coeff * *", "kspace_style none",
    "reset_atoms id", "reset_atoms id sort yes", "write_dump all custom w.dump id {column}", "dump w all custom 2 w2.dump id {column}",
    "undump w", "read_dump w.dump 0 x y z", "rerun w2.dump dump x y z", "info computes fixes", "timer timeout 0:00:05",
    "atom_modify sort 1 1.0", "atom_modify sort 0 0", "fix deform all deform 1 x erate 0.01", "unfix deform",
    "fix pour all deposit 1 1 1 5 region none", "suffix omp", "package omp 2", "processors 1 1 1", "newton off",
    "special_bonds lj 0 0 0", "dynamical_matrix one eskm 1e-5 file dyn.dat", "fix fresh few artn 7 events 1 attempts 1 maxeval 20",
    "unfix fresh",
]
# these read the data that the last command left; the potential must follow
RESTART = ["clear", "plugin load {plugin}", "read_restart r.1"]


class Script:
    """A script in the making; `lines` holds it."""

    def __init__(self, seed, plugin, data):
        self.random = random.Random(seed)
        self.plugin, self.data = plugin, data
        self.nonsense = self.random.choice([0, 0.02, 0.1, 0.3])    # how often a value is none
        self.units = self.choose("lj", "lj", "eam")
        self.lines = []
        self.start()
        for style in self.random.sample("SAV", self.choose(1, 1, 2, 3)):
            self.define(style)
        for _ in range(self.choose(2, 4, 8, 12)):
            self.step()
        self.lines += ["thermo_style one", "run 1", "run 0"]

    def choose(self, *options):
        return self.random.choice(options)

    def often(self, probability):
        return self.random.random() < probability

    def start(self):
        metal = self.units == "eam"
        hot = self.often(0.3)
        before = [line for line in (
            "atom_modify map " + self.choose("array", "hash"), "newton off", "comm_style tiled", "atom_modify id no",
            "comm_modify vel yes", f"comm_modify cutoff {self.choose('0.1', '4', '9', '20')}", "boundary f f f", "boundary p p f",
            "boundary s m p", "dimension 2", "package omp 2", "suffix opt", "processors * 1 1",
        ) if self.often(0.06)]
        self.forces = (EAM if metal else LJ).splitlines()
        self.lines += [f"plugin load {self.plugin}", f"units {'metal' if metal else 'lj'}", *before,
                       f"read_data {self.data}/{self.units}.{'hot' if hot else 'minimum'}.data", *self.forces,
                       "group few id 1 5 9 40", "group one id 17", "group none empty", "group half id 1:64",
                       f"variable r atom {'1.2+0.1' if metal else '0.5+0.05'}*(type==2)", "variable equal equal step*2",
                       "variable dx atom 0.1*(id==17)", "variable dy atom 0.05*(id==17)", "variable dz atom 0.0"]

    def value(self, keyword, options):
        if self.often(self.nonsense):
            return self.choose(*(BAD_FILES if keyword in FILES else BAD_NUMBERS))
        # the first of a list is the plain value
        return self.choose(*options) if self.often(0.4) else options[0]

    def keywords(self, table, most):
        words = []
        for keyword in self.random.sample(list(table), self.random.randint(0, most)):
            words += [keyword, *(self.value(keyword, options) for options in table[keyword])]
        if self.often(self.nonsense / 2):
            words.append(self.choose("bogus", "é", "every", "push", "EVENTS", "range 1", "#"))
        return " ".join(words)

    def define(self, style):
        # LAMMPS itself keeps a dangling pointer if a style of the same ID is replaced and the new one fails
        self.lines.append({"S": "uncompute S", "A": "unfix A", "V": "uncompute V"}[style])
        group = self.choose("all", "few", "one", "half", "none", "nogroup") if self.often(0.3) else "few"
        if style == "S":
            self.lines.append(f"compute S {self.choose('all', group)} voronoi/entropy {self.keywords(VORONOI, 4)}")
        elif style == "A":
            seed = self.value("seed", ["48213"])
            scale = ARTN_LJ if self.units == "lj" else "active 6"
            self.lines.append(f"fix A {group} {self.choose('artn', 'artn/ergodic')} {seed} events 1 attempts 2 maxeval 100 "
                              f"{scale} {self.keywords(ARTN, 5)}")
        else:
            scale = "delta 1e-6 range 0.5 2 sigma 0.1" if self.units == "lj" else ""
            self.lines.append(f"compute V {group} vdos/atom {scale} {self.keywords(VDOS, 4)}")

    def reference(self):
        style = self.choose(*COLUMNS)
        kind, entries, _ = COLUMNS[style]
        return f"{kind}{style}[{self.choose(*range(1, entries + 1), *([0, 99] if self.often(0.1) else []))}]"

    def column(self):
        style = self.choose(*COLUMNS)
        kind, _, columns = COLUMNS[style]
        # of column 0 LAMMPS itself reads what is before the array of any style
        return f"{kind}{style}[{self.choose(*range(1, columns + 1), *([98, 99, '*'] if self.often(0.1) else []))}]"

    def step(self):
        if self.often(0.08):
            self.define(self.choose(*"SAV"))
        elif self.often(0.05):
            self.lines += ["write_restart r.1"] + [line.format(plugin=self.plugin) for line in RESTART] + self.forces
            self.define("S")
        else:
            reference = self.reference()
            self.lines.append(self.choose(*COMMANDS).format(
                n=self.choose(0, 1, 2, 3, 5, 10), step=self.choose(0, 1, 100, 5000000000, 9223372036854775000),
                group=self.choose("all", "few", "one"), yes=self.choose("yes", "no"), plugin=self.plugin, reference=reference,
                column=self.column(), value=f"$({reference})", cutoff=self.choose(2.5, 4, 9, 20),
            ))


def script(seed, plugin, data):
    """Lines of the script of a seed. `plugin` and `data` are absolute paths."""
    return Script(seed, plugin, data).lines
