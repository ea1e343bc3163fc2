//! Sequences of commands that go on after errors, as notebooks and drivers do: each ends with the results of a fresh LAMMPS.

use ergodic_in_process::Lammps;
use std::fs;
use std::path::{Path, PathBuf};

/// A Lennard-Jones crystal.
const CRYSTAL: &str = "units lj
atom_modify map array
lattice fcc 1.2
region box block 0 4 0 4 0 4
create_box 1 box
create_atoms 1 box
mass 1 1.0
pair_style lj/smooth/linear 2.5
pair_coeff 1 1 1.0 1.0
neighbor 0.5 bin
thermo 1000
run 0";

const WARM: &str = "velocity all create 0.5 4711 loop geom
fix ensemble all nve
timestep 0.004";
const ENTROPY: &str = "compute entropy all voronoi/entropy every 2
compute mean all reduce ave c_entropy[1]
thermo_style custom step pe c_mean";

const VACANCY: &str = "group hole id 100
delete_atoms group hole compress no
min_modify norm inf
minimize 0 1e-8 1000 10000
group centre id 101";
const SEARCH: &str = "fix search centre artn 5 events 2 attempts 3 events_file";

const MODES: &str = "compute modes all vdos/atom range 0.1 3.0";

/// A folder of this test alone, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a new folder");
    folder
}

fn sampled(lammps: &Lammps) -> [f64; 2] {
    lammps.run("run 20\nrun 20");
    ["pe", "c_mean"].map(|name| lammps.value(name))
}

fn entropy() -> [f64; 2] {
    let lammps = Lammps::new();
    lammps.run(&[CRYSTAL, WARM, ENTROPY].join("\n"));
    sampled(&lammps)
}

/// Starts the search and returns its event table without the seconds.
fn search(lammps: &Lammps, table: &Path) -> Vec<Vec<String>> {
    lammps.run(&format!("{SEARCH} {}\nrun 3", table.display()));
    let lines = fs::read_to_string(table).expect("the event table");
    let mut rows: Vec<Vec<String>> = lines.lines().map(|line| line.split(',').map(String::from).collect()).collect();
    let seconds = rows[0].iter().position(|name| name == "seconds").expect("a column of seconds");
    for row in &mut rows {
        row.remove(seconds);
    }
    rows
}

fn modes(lammps: &Lammps) -> [f64; 2] {
    lammps.run(&format!("{MODES}\ncompute highest all reduce max c_modes[1]\ncompute sum all reduce sum c_modes[2]"));
    lammps.run("thermo_style custom step c_highest c_sum\nrun 0 post no");
    ["c_highest", "c_sum"].map(|name| lammps.value(name))
}

#[test]
fn entropy_after_errors_is_that_of_a_fresh_run() {
    let expected = entropy();
    assert!(expected[1] > 0.0);
    let lammps = Lammps::new();
    lammps.run(&[CRYSTAL, WARM].join("\n"));
    let name = "voronoi/entropy";
    lammps.refuse("compute entropy all voronoi/entropy every 0", &[name, "every", "0"]);
    lammps.refuse("compute entropy all voronoi/entropy evry 2", &[name, "evry"]);
    lammps.refuse("compute entropy all voronoi/entropy every", &[name, "every"]);
    lammps.run(ENTROPY);
    lammps.refuse("compute entropy all voronoi/entropy every 2", &["entropy"]);
    lammps.refuse("run -1", &["run"]);
    assert_eq!(sampled(&lammps), expected);
}

#[test]
fn events_after_errors_are_those_of_a_fresh_run() {
    let folder = folder("events");
    let fresh = Lammps::new();
    fresh.run(&[CRYSTAL, VACANCY].join("\n"));
    let expected = search(&fresh, &folder.join("fresh.csv"));
    assert!(expected.iter().any(|row| row.contains(&"success".into())), "{expected:?}");
    drop(fresh);

    let lammps = Lammps::new();
    lammps.run(&[CRYSTAL, VACANCY].join("\n"));
    lammps.refuse("fix search centre artn 5 events -2", &["artn", "events", "-2"]);
    lammps.refuse("fix search centre artn 5 evnts 2", &["artn", "evnts"]);
    // An error of the setup: what was made for the run is given back.
    lammps.run("displace_atoms all random 0.1 0.1 0.1 5");
    lammps.run(&format!("{SEARCH} {}", folder.join("none.csv").display()));
    lammps.refuse("run 3", &["artn", "not a minimum"]);
    lammps.refuse("run 3 pre no", &["artn"]);
    lammps.run("unfix search");
    // The minimum itself, from a new start.
    lammps.run("clear");
    lammps.run(&[CRYSTAL, VACANCY].join("\n"));
    lammps.run(&format!("{SEARCH} {}", folder.join("nowhere/events.csv").display()));
    lammps.refuse("run 3", &["artn", "nowhere"]);
    lammps.run("unfix search");
    assert_eq!(search(&lammps, &folder.join("events.csv")), expected);
}

#[test]
fn modes_after_errors_are_those_of_a_fresh_run() {
    let fresh = Lammps::new();
    fresh.run(&[CRYSTAL, VACANCY].join("\n"));
    let expected = modes(&fresh);
    assert!(expected[0] > 0.0);
    drop(fresh);

    let lammps = Lammps::new();
    lammps.run(CRYSTAL);
    lammps.refuse("compute modes all vdos/atom range 3.0 0.1", &["vdos/atom", "range"]);
    lammps.refuse("compute modes all vdos/atom rnge 0.1 3.0", &["vdos/atom", "rnge"]);
    lammps.run("displace_atoms all random 0.1 0.1 0.1 5");
    lammps.run(&format!("{MODES}\nthermo_style custom step c_modes[1]"));
    lammps.command("run 0").expect_err("forces do not vanish");
    lammps.run("clear");
    lammps.run(&[CRYSTAL, VACANCY].join("\n"));
    assert_eq!(modes(&lammps), expected);
}

/// Ends with an error in its setup; what is left is closed with the instance.
#[test]
fn an_instance_may_end_after_any_error() {
    let folder = folder("end");
    for end in ["run 3", "run 3 pre no", "minimize 0 1e-8 10 10", "clear", "plugin clear"] {
        let lammps = Lammps::new();
        lammps.run(CRYSTAL);
        lammps.run("group centre id 101\ndisplace_atoms all random 0.1 0.1 0.1 5");
        lammps.run(&format!("{ENTROPY}\n{SEARCH} {}", folder.join("events.csv").display()));
        lammps.refuse("run 3", &["artn"]);
        let _ = lammps.command(end);
    }
}

#[test]
fn two_instances_do_not_disturb_each_other() {
    let expected = entropy();
    let [one, other] = [Lammps::new(), Lammps::new()];
    one.run(&[CRYSTAL, WARM, ENTROPY].join("\n"));
    other.run(&[CRYSTAL, &WARM.replace("4711", "815"), ENTROPY].join("\n"));
    for _ in 0..2 {
        one.run("run 20");
        other.run("run 20");
        other.refuse("compute entropy all voronoi/entropy every 0", &["every"]);
    }
    assert_eq!(["pe", "c_mean"].map(|name| one.value(name)), expected);
    assert_ne!(["pe", "c_mean"].map(|name| other.value(name)), expected);
    drop(other);
    one.run("run 2");
}

#[test]
fn styles_come_back_after_they_were_unloaded() {
    let expected = entropy();
    let lammps = Lammps::new();
    lammps.run(&[CRYSTAL, WARM, ENTROPY].join("\n"));
    lammps.run("run 10\nthermo_style one\nuncompute mean\nuncompute entropy\nplugin unload compute voronoi/entropy");
    lammps.refuse("compute entropy all voronoi/entropy every 2", &["voronoi/entropy"]);
    lammps.run("clear");
    lammps.load_plugin();
    lammps.run(&[CRYSTAL, WARM, ENTROPY].join("\n"));
    assert_eq!(sampled(&lammps), expected);
}
