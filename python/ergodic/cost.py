"""Core hours of a study of a glass, from a short calibration on this machine."""

import os
import re
import subprocess
import tempfile
from pathlib import Path

from ergodic import centres
from ergodic.errors import ErgodicError
from ergodic.lammps_files import read_data, read_event_tables
from ergodic.study import environment, found
from ergodic.summary import table

STEPS = 200       # of the calibration, without and with samples
SAMPLE = 50       # steps between samples of a study

RUN = """
suffix opt
units {units}
atom_style {atom_style}
boundary p p p
read_data {glass} nocoeff
include {pair}
neighbor {skin} bin
timestep {dt}
velocity all create {temperature} 1 loop geom
fix nvt all nvt temp {temperature} {temperature} $(50*dt)
thermo 1000000
run {steps}
reset_timestep 0
compute S all voronoi/entropy every 1
run {samples}
"""


def run_lammps(plan, script, folder):
    """Text on the screen of a serial run."""
    (folder / "in.cost").write_text(script)
    done = subprocess.run([found("lmp"), "-nocite", "-log", "none", "-in", "in.cost"], cwd=folder, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment(plan))
    if done.returncode:
        said = [line for line in done.stdout.splitlines() if "ERROR" in line] or ["no ERROR line"]
        raise ErgodicError(f"the calibration stopped: {said[-1]}")
    return done.stdout


def loop_times(text):
    """(seconds, steps, atoms) of every run."""
    return [(float(seconds), int(steps), int(atoms)) for seconds, steps, atoms in
            re.findall(r"Loop time of (\S+) on \d+ procs for (\d+) steps with (\d+) atoms", text)]


def search_script(plan, ids):
    return f"""
suffix opt
units {plan.units}
atom_style {plan.atom_style}
boundary p p p
read_data {plan.glass} nocoeff
include {plan.pair}
neighbor {0.2 if plan.units == 'lj' else 0.5} bin
min_modify norm inf
minimize 0 {plan.variables['ftol']} 10000 100000
group centres id {' '.join(map(str, ids))}
fix artn centres artn 1 events 1 attempts 6 events_file cost.csv
run 1000000
"""


def calibrate(plan):
    """CPU seconds per atom and step, per atom and sample, per event (None if none was found in the time allowed)."""
    data = read_data(plan.glass)
    ids = [ids[len(ids) // 2] for ids in centres.species(plan.glass, plan.names).values()][:4]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        values = {name: plan.variables[name] for name in ("temperature", "dt", "skin")}
        text = run_lammps(plan, RUN.format(glass=plan.glass, pair=plan.pair, units=plan.units, atom_style=plan.atom_style,
                                           steps=STEPS, samples=20, **values), folder)
        (md, md_steps, atoms), (both, samples, _) = loop_times(text)
        per_step = md / md_steps / atoms
        per_sample = max(both / samples / atoms - per_step, 0)
        run_lammps(plan, search_script(plan, ids), folder)
        attempts = read_event_tables([folder / "cost.csv"])
        seconds = sum(float(row["seconds"]) for row in attempts)
        events = sum(row["status"] == "success" for row in attempts)
    return {"atoms": len(data.ids), "step": per_step, "sample": per_sample, "event": seconds / events if events else None,
            "events": events, "attempts": len(attempts)}


def cost(plan, atoms, centres_wanted):
    """Table of core hours, memory and disk for that many atoms and centres; the hold and events are those of the
    plan."""
    found_costs = calibrate(plan)
    atoms = atoms or found_costs["atoms"]
    steps = plan.steps("heat") + plan.steps("hold")
    samples = plan.steps("hold") // SAMPLE
    events = int(plan.variables["events"]) * (min(centres_wanted, atoms) if centres_wanted else atoms)
    per_event = found_costs["event"]
    rows = [["hold", f"{steps} steps, {samples} samples",
             f"{(steps * found_costs['step'] + samples * found_costs['sample']) * atoms / 3600:.3g}"],
            ["barriers", f"{events} events", f"{events * per_event / 3600:.3g}" if per_event else "no event in the calibration"],
            ["vibrations", "modes below 2 THz (metal), grows as N^3 beyond 20,000 atoms", f"{vibrations_hours(atoms):.2g}"]]
    note = (f"Measured here: {1e6 * found_costs['step']:.3g} us per atom and step, {1e6 * found_costs['sample']:.3g} us per atom and "
            f"sample, {per_event or float('nan'):.2g} s per event ({found_costs['events']} events in {found_costs['attempts']} "
            "attempts: a rough figure).\n")
    return f"{atoms} atoms\n\n" + table(["stage", "what", "core hours"], rows) + "\n" + note + (
        f"Memory: histories {samples ** 0.5 * 8 * 2 * atoms / 1e9:.2g} GB at most, vibrations {3e-4 * atoms:.2g} GB. Disk: "
        f"{1.8e-8 * atoms * 1000 * 2:.2g} GB for 1,000 frames of motifs and positions.\n"
        f"Parallel losses come on top; {os.cpu_count()} cores here.\n")


def vibrations_hours(atoms):
    """Core hours of the Hessian and the modes below 2.03 THz of a Cu-Zr glass, scaled from 0.7 at 19,652 atoms."""
    return 0.7 * (atoms / 19652) ** (3 if atoms > 19652 else 2)
