"""The same physics twice, with and without commands that must not matter: other lists, orders of atoms, files,
thermo, ranks."""

import random
import shutil

import numpy as np

import samples
from artn import different_events, read_table
from conftest import PLUGIN, Lammps, read_dump
from inprocess import run
from samples import LJ
from searches import campaign

# commands that change neither positions nor forces, whatever the style
HARMLESS = [
    "run 0", "run 0 post no", "write_restart x.r", "write_data x.data", "thermo 1", "thermo_style custom step pe press temp",
    "neighbor 0.35 bin", "neighbor 0.25 bin", "neigh_modify every 5 delay 10 check no", "comm_modify cutoff 4", "timer full",
    "balance 1.0 shift x 5 1.1", "atom_modify sort 1 1.0", "atom_modify sort 0 0", "info computes", "echo none", "group other id 5",
    "write_dump all custom f id x", "displace_atoms all move 0 0 0", "run_style verlet", "special_bonds lj 0 0 0", "comm_style tiled",
    "dump d all custom 1 d.dump id x y z", "fix average all ave/atom 1 1 1 x", "delete_atoms overlap 0.01 all all compress no", "replicate 1 1 1",
    "compute pe all pe/atom\ncompute sum all reduce sum c_pe\nthermo_style custom step c_sum pe press", "set group all image 0 0 0",
    "change_box all triclinic", "comm_modify vel yes", "compute o all voronoi/entropy threads 1", "processors * * 1",
    "pair_style zero 2.0 nocoeff\npair_coeff * *\n" + "\n".join(LJ.splitlines()[:4]),
]
MORE = {
    # nothing moves while a search runs; the step counts attempts
    "artn": ["run 1", "run 2 post no", 'run 2 every 1 "print x"', "reset_timestep 777", "timestep 0.1", "velocity all create 1 5", "run 1 pre no",
             "minimize 0 0.1 0 0", "compute V centers vdos/atom delta 1e-6 range 0.5 2 sigma 0.1\nthermo_style custom step c_V[1] f_A[1]",
             "write_dump all custom f id f_A[1]", "dump a all custom 1 a.dump id f_A[1] f_A[2]", "fix move all nve\nunfix move"],
    # every step is sampled once
    "voronoi": ["reset_timestep 0", "reset_timestep 5000000000", "write_dump all custom f id c_S[1]", "minimize 0 0 0 0",
                "compute V all vdos/atom delta 1e-6 range 0.5 2 sigma 0.1", "fix h all ave/atom 1 1 1 c_S[1]", "set type 1 mass 1"],
    "vdos": ["run 2", "reset_timestep 777", "velocity all create 0.01 5", "minimize 0 0.1 0 0", "timestep 0.001", "run 1 pre no",
             "reset_atoms id", "set group few type/fraction 1 0 5", "kspace_style none", "fix u all nve\nunfix u", "uncompute W\n"
             "compute W few vdos/atom delta 1e-6 range 0.5 2 sigma 0.1\nrun 0", "mass 1 1.0", 'print "$(c_V[1]) $(c_V[2][2])"'],
}
HISTORY = "compute S all voronoi/entropy\n"
VIBRATIONS = "compute V all vdos/atom solver dense delta 1e-6 range 0.5 2 sigma 0.1\n"


def start(data, name):
    return [f"plugin load {PLUGIN}", "units lj", "atom_modify map array", f"read_data {data}/{name}.data", *LJ.splitlines(),
            "group few id 1 5 9 40"]


def scripts(style, data, between):
    """Lines of the run of a style; groups of `between` are spread over it."""
    half = len(between) // 2
    before, after = [[line for group in part for line in group] for part in (between[:half], between[half:])]
    if style == "artn":
        return campaign(data, between=[*before, "run 3", *after])
    if style == "voronoi":
        return [*start(data, "lj.hot"), HISTORY.strip(), "fix nve all nve", *before, "run 11", *after, "run 8",
                "write_dump all custom values.dump id c_S[1] c_S[2] c_S[3] c_S[9] c_S[12] modify format float %.12g"]
    return [*start(data, "lj.minimum"), VIBRATIONS.strip(), *before, "run 0", *after,
            'print "MODES $(c_V[1]) $(c_V[2]) $(c_V[3]) $(c_V[4]:%.9g) $(c_V[5]:%.9g)"',
            "write_dump all custom values.dump id c_V[1] c_V[2] c_V[3] c_V[4] modify format float %.12g"]


def result(style, folder):
    if style == "artn":
        return read_table(folder / "events.csv")
    frames = read_dump(folder / "values.dump")
    values = frames[-1][1] if frames else np.empty((0, 0))
    return np.sort(values[:, 1:], axis=0) if style == "vdos" else values    # IDs may be other ones there


def different(style, found, wanted):
    if style == "artn":
        lost = len(found) != len(wanted)
        return different_events(found, wanted) or ["another number of attempts"] * lost
    if found.shape != wanted.shape or not np.allclose(found, wanted, rtol=1e-5, atol=1e-7):
        return ["other values"]
    return []


def differences(seeds, folder):
    """Yields (seed, faults, refused): a LAMMPS error of the run counts as refused, no fault."""
    samples.make(folder)
    wanted = {}
    for style in MORE:
        outcome = run(scripts(style, folder, []), folder / style)
        assert not outcome.faults and not outcome.errors, outcome.output[-2000:]
        wanted[style] = result(style, folder / style)
        assert len(wanted[style]) > 10
    for seed in seeds:
        generator = random.Random(seed)
        style = list(MORE)[seed % len(MORE)]
        between = [generator.choice(HARMLESS + MORE[style]).splitlines() for _ in range(generator.choice([1, 2, 3, 5, 8]))]
        lines, inside = scripts(style, folder, between), folder / str(seed)
        if generator.random() < 0.04:
            inside.mkdir()
            process = Lammps(inside).start("\n".join(lines[1:]) + "\n", ranks=2)
            output, _ = process.communicate(timeout=200)
            faults, errors = [], int("ERROR" in output)
            if process.returncode and not errors:
                faults = [f"two ranks: exit status {process.returncode}"]
        else:
            outcome = run(lines, inside)
            faults, errors = outcome.faults, outcome.errors
        if not errors and not faults:
            faults = different(style, result(style, inside), wanted[style])[:2]
        shutil.rmtree(inside)
        yield seed, [f"{style}: {fault}: {between}" for fault in faults], errors
