"""compute voronoi/entropy where something is in its way: short ghost cutoffs, new atom IDs, purged atoms, damaged
restart files, no threads, saturated entropies."""

import subprocess

import numpy as np
import pytest
from conftest import gas, system

# Amorphous silicon in a short while: short-ranged forces, and cells that reach far.
SILICON = """
units metal
{before}
lattice diamond 5.43
region b block 0 {cells}
create_box 1 b
region slab block INF INF INF INF 0 3
create_atoms 1 region slab
mass 1 28.0855
pair_style {pair}
pair_coeff * * {file} Si
velocity all create 6000 4711
fix n all nve
timestep 0.001
thermo_modify norm no
run 300
"""
AGREE = """
compute S all voronoi/entropy every 5
compute v all voronoi/atom
variable d atom abs(c_S[8]-c_v[2])
compute m all reduce sum v_d
thermo_style custom step pe c_S[2] c_m
thermo_modify format float %.15g
thermo 5
"""


def silicon(pair="sw", file="Si.sw", cells="3 0 3 0 3", before=""):
    """A crystal of 3 cells along z, or a slab of them, that has been molten."""
    return SILICON.format(pair=pair, file=file, cells=cells, before=before)


def check_cells(run, raised=True):
    thermo = run.thermo()
    assert len(thermo["c_m"]) == 21 and not np.any(thermo["c_m"]) and thermo["c_S[2]"][-1] == 21
    assert ("Compute voronoi/entropy S: ghost cutoff raised from " in run.output) == raised


@pytest.mark.parametrize("more, ranks", [
    ({}, 1), ({"pair": "tersoff", "file": "Si.tersoff"}, 2), ({"cells": "1 0 3 0 3"}, 1),
    ({"before": "neigh_modify every 2 delay 4", "cells": "3 0 3 0 6"}, 1), ({"before": "comm_style tiled"}, 2),
    ({"before": "comm_modify cutoff 5.9"}, 1),
])
def test_the_ghost_cutoff_is_raised(lmp, more, ranks):
    check_cells(lmp(silicon(**more) + AGREE + "run 100\n", ranks=ranks))


@pytest.mark.parametrize("ranks", [1, 2])
def test_without_forces_there_are_ghosts_too(lmp, glass, ranks):
    script = system(glass, pair="none", coeff="") + AGREE + "thermo_style custom step c_S[3] c_m\nfix n all nve\nrun 20\n"
    run = lmp(script, ranks=ranks)
    assert not np.any(run.thermo()["c_m"]) and run.thermo()["c_S[3]"][-1] == 5
    assert "S: ghost cutoff raised from 0 to " in run.output


def test_a_ghost_cutoff_that_is_enough_is_left_alone(lmp):
    check_cells(lmp(silicon(before="comm_modify cutoff 14") + AGREE + "run 100\n"), raised=False)


def test_raising_the_ghost_cutoff_does_not_disturb_the_run(lmp):
    """Energies are those of a run that had all ghosts from the beginning; forces stay with their atoms."""
    script = "change_box all triclinic\nchange_box all xy final 1 remap\n" + AGREE + "run 30\n"
    energies = [lmp(silicon(before=before) + script).thermo()["PotEng"] for before in ["", "comm_modify cutoff 14"]]
    assert len(energies[0]) == len(energies[1]) > 5
    assert np.allclose(energies[0], energies[1], rtol=1e-9)


GRAINS = """
units lj
atom_style sphere
comm_modify vel yes
region box block 0 8 0 8 0 8
lattice sc 0.7
create_box 1 box
create_atoms 1 box
set type 1 diameter 1.15
set type 1 density 1
displace_atoms all random 0.1 0.1 0.1 5
pair_style gran/hooke/history 100 50 10 5 0.5 1
pair_coeff * *
neighbor 0.1 bin
comm_modify cutoff {cutoff}
velocity all create 0.1 7
fix 1 all nve/sphere
timestep 0.001
{compute}
thermo_style custom step ke press
thermo_modify format float %.15g
thermo 50
run 200
"""


def test_contacts_of_grains_survive(lmp):
    """Pair styles with history keep their contacts in the neighbor lists, which are built anew."""
    compute = "compute S all voronoi/entropy every 50"
    raised = lmp(GRAINS.format(cutoff=1.3, compute=compute))
    assert "ghost cutoff raised" in raised.output
    pressures = [run.thermo()["Press"] for run in [raised, lmp(GRAINS.format(cutoff=4, compute=""))]]
    assert pressures[0][-1] != 0 and np.allclose(pressures[0], pressures[1], rtol=1e-8)


RATTLED = """
units metal
atom_modify map array
lattice fcc 3.6
region b block 0 4 0 4 0 4
create_box 1 b
create_atoms 1 box
mass 1 60
pair_style zero 6 nocoeff
pair_coeff * *
displace_atoms all random 0.1 0.1 0.1 3
compute S all voronoi/entropy
thermo_style custom step c_S[2]
run 0
"""


@pytest.mark.parametrize("command, new", [
    ("reset_atoms id sort yes", 0), ("reset_atoms id", 0), ("displace_atoms all move 0 0 0", 0),
    ("displace_atoms all move 4 0 -4", 0), ("change_box all x scale 1.0 remap", 0), ("balance 0.9 shift xyz 5 1.0", 0),
    ("change_box all triclinic", 0), ("reset_timestep 5", 0), ("set group h type 1", 0),
    ("displace_atoms h move 1e-4 0 0", 1), ("change_box all x scale 1.001 remap", 1), ("delete_atoms group h compress yes", 1),
])
def test_a_configuration_counts_once_whatever_it_is_called(lmp, command, new):
    script = RATTLED + "group h id 7\nset group h charge 0\n" if "charge" in command else RATTLED + "group h id 7\n"
    # a gap among the IDs, and atoms in another order
    script += "group g id 100\ndelete_atoms group g compress no\nrun 0\n" + command + "\nrun 0\nrun 0\n"
    assert list(lmp(script).thermo()["c_S[2]"]) == [1, 2, 2 + new, 2 + new]


TRAJECTORY = """
compute S all voronoi/entropy
velocity all scale 3000
fix nve all nve
dump d all custom 10 {name}.dump id type x y z
dump_modify d format float %.17g
dump f all custom 200 {name}.final id c_S[*]
dump_modify f sort id
run 200
"""
REREAD = """
units metal
atom_modify map yes
region b block 0 1 0 1 0 1
create_box 2 b
mass * 1
read_dump t.dump 0 x y z box yes replace no add keep
pair_style zero 6.5 nocoeff
pair_coeff * *
neighbor 2.0 bin
compute S all voronoi/entropy
thermo_style custom step atoms c_S[3]
rerun {files} dump x y z box yes {how}
write_dump all custom {name} id c_S[1] c_S[2] c_S[3] modify sort id format float %.15g
"""


@pytest.mark.parametrize("ranks", [1, 2])
def test_purged_atoms_are_known_by_their_ids(lmp, glass, ranks):
    lmp(gas(glass) + TRAJECTORY.format(name="t"))
    results = []
    for name, how in [("kept", ""), ("purged", "purge yes replace no add keep")]:
        run = lmp(REREAD.format(files="t.dump", how=how, name=name), ranks=ranks)
        results.append(run.dump(name)[0][1])
        assert np.all(results[-1][:, 3] == 21)
    assert np.array_equal(*results)


def test_atoms_that_are_absent_from_a_snapshot_come_back(lmp, glass):
    lmp(gas(glass) + TRAJECTORY.format(name="t"))
    frames = (lmp.folder / "t.dump").read_text().split("ITEM: TIMESTEP\n")[1:]
    for k in [3, 4, 7]:
        lines = frames[k].splitlines(keepends=True)
        lines[2] = f"{int(lines[2]) - 10}\n"
        frames[k] = "".join(lines[:-10])
    (lmp.folder / "gaps.dump").write_text("".join("ITEM: TIMESTEP\n" + frame for frame in frames))
    run = lmp(REREAD.format(files="gaps.dump", how="purge yes replace no add keep", name="gaps"))
    samples = run.dump("gaps")[0][1][:, 3]
    assert len(samples) == 250 and set(samples) == {18, 19, 20, 21} & set(samples) and samples.sum() == 250 * 21 - 30


def test_new_atoms_do_not_inherit(lmp):
    script = RATTLED + """
group g id 256
delete_atoms group g
run 0
create_atoms 1 single 0.3 0.2 0.1
run 0
write_dump all custom final id c_S[3] modify sort id
"""
    samples = lmp(script).dump("final")[0][1]
    assert list(samples[-1]) == [256, 1] and np.all(samples[:-1, 1] == 3)


def words_of_histories(restart, full):
    """Places of words with a motif: n3 .. n6 above a count of 1 to 21, or n3 .. n8 alone."""
    best = []
    for offset in range(8):
        words = np.frombuffer(restart[offset : offset + (len(restart) - offset) // 8 * 8], dtype=np.uint64)
        shifts = range(0, 48, 8) if full else range(32, 64, 8)
        faces = np.stack([words >> np.uint64(shift) & np.uint64(255) for shift in shifts])
        is_motif = np.all(faces <= 20, axis=0) & (faces.sum(axis=0) <= 20) & ((faces > 0).sum(axis=0) >= 3)
        counts = words & np.uint64(0xFFFFFFFF)
        beside = words >> np.uint64(48) == 0 if full else (counts >= 1) & (counts <= 21)
        best = max(best, np.flatnonzero(is_motif & beside) * 8 + offset, key=len)
    assert len(best) > 100
    return best


@pytest.mark.parametrize("key", ["3456", "full"])
def test_a_damaged_restart_file_is_an_error(lmp, glass, key):
    write = gas(glass) + f"compute S all voronoi/entropy key {key}\nfix nve all nve\nrun 20\nwrite_restart r\n"
    lmp(write)
    whole = (lmp.folder / "r").read_bytes()
    read = f"read_restart bad\npair_style zero 6.5\npair_coeff * *\ncompute S all voronoi/entropy key {key}\n" \
        "fix nve all nve\nthermo_style custom step c_S c_S[3]\nrun 0\n"
    assert lmp(read.replace("bad", "r")).thermo()["c_S[3]"][-1] == 21
    random = np.random.default_rng(8)
    places = random.choice(words_of_histories(whole, key == "full"), 6)
    errors = 0
    for place in places:
        bad = bytearray(whole)
        bad[place : place + 8] = random.bytes(8)
        (lmp.folder / "bad").write_bytes(bad)
        process = lmp.start(read)
        output, _ = process.communicate(timeout=120)
        assert process.returncode >= 0 and "internal error" not in output, output[-2000:]
        errors += "is damaged" in output
    assert errors == len(places)


NO_THREADS = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
{
  static int made;
  int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) = dlsym(RTLD_NEXT, "pthread_create");
  Dl_info info;
  const int ours = dladdr(__builtin_return_address(0), &info) && strstr(info.dli_fname, "ergodic");
  return ours && made++ >= atoi(getenv("THREADS")) ? EAGAIN : real(thread, attr, start, arg);
}
"""


@pytest.mark.parametrize("given", [0, 1])
def test_a_system_without_threads(lmp, glass, given):
    (lmp.folder / "no.c").write_text(NO_THREADS)
    library = lmp.folder / "no.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, lmp.folder / "no.c", "-ldl"], check=True)
    script = gas(glass) + "replicate 2 2 1\ncompute S all voronoi/entropy threads 4\nfix nve all nve\n" \
        "thermo_style custom step c_S c_S[3]\nthermo_modify format float %.17g\nrun 10\n"
    run = lmp(script, env={"LD_PRELOAD": str(library), "THREADS": str(given)})
    assert run.output.count("the system refuses threads; going on with fewer") == 1
    assert run.thermo()["c_S"][-1] == lmp(script).thermo()["c_S"][-1]


def test_the_line_at_the_end_of_a_run(lmp, glass):
    script = system(glass) + "compute S all voronoi/entropy every 100\nfix nve all nve\n"
    output = lmp(script + "thermo_style custom step c_S c_S[1] c_S[2]\nrun 2000\nrun 0\nminimize 0 0 2 2\n").output
    lines = [line for line in output.splitlines() if "mean S" in line]
    assert len(lines) == 1
    assert lines[0].startswith("Compute voronoi/entropy S: 21 samples, mean S ") and "(type 1: " in lines[0]
    assert "of the atoms saturated" in lines[0]


def test_saturated_entropies_are_reported(lmp, glass):
    script = gas(glass) + "compute S all voronoi/entropy every 10 {more}\nvelocity all scale 30000\nfix nve all nve\nrun 300\n"
    assert "S hardly tells atoms apart; let small faces and short edges not count" in lmp(script.format(more="")).output
    assert "hardly tells" not in lmp(script.format(more="edge_threshold 1.5")).output


def test_partitions_have_their_own_lines_and_histories(lmp, glass):
    script = gas(glass) + "variable n world 2 4\ncompute S all voronoi/entropy every $n\nfix nve all nve\nrun 8\n"
    lmp(script, ranks=2, options=["-partition", "2x1"])
    logs = [(lmp.folder / f"log.{lmp.count}.{k}").read_text() for k in range(2)]
    assert "S: 5 samples" in logs[0] and "S: 3 samples" in logs[1]
