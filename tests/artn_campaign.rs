//! Campaigns without a search: what comes next, what counts, and what is on disk.

use ergodic::artn::campaign::{Campaign, Files, Frames, Goal, Known, Names, Row, pack, unpack};
use ergodic::artn::{Cell, Event, Status};
use std::fs;
use std::path::PathBuf;

const MINIMUM: [f64; 9] = [0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 3.0, 0.0];

fn goal() -> Goal {
    Goal { events: 2, attempts: 4, distinct: false, same_energy: 1e-3, same_distance: 0.1 }
}

fn campaign(goal: Goal) -> Campaign {
    let mut campaign = Campaign::new(goal, &[(0, 5, 1), (2, 9, 2)]).unwrap();
    campaign.start_run();
    campaign
}

/// The first atom moves by `step` at the saddle.
fn event(status: Status, energy: f64, step: f64) -> Event {
    let mut saddle = MINIMUM.to_vec();
    saddle[0] += step;
    Event {
        status,
        energy_initial: -10.0,
        energy_saddle: energy,
        energy_final: -9.5,
        eigenvalue: -0.1,
        fmax: 0.005,
        dr_saddle: step,
        dr_final: f64::NAN,
        dr_center: step,
        moved: 1,
        evals_saddle: 100,
        evals_full: 20,
        evals_total: 150,
        minimum: saddle.clone(),
        saddle,
    }
}

fn record(campaign: &mut Campaign, event: &Event) -> (Row, Option<Known>) {
    let record = campaign.judge(event, &Cell::open(), &MINIMUM, 1.5).unwrap();
    campaign.record(&record).unwrap();
    record
}

#[test]
fn a_line_keeps_every_bit() {
    let mut campaign = campaign(goal());
    campaign.assign(0);
    let (row, _) = record(&mut campaign, &event(Status::Success, -10.0 + 1.0 / 3.0, 0.7));
    let again = Row::parse(&row.line()).unwrap();
    assert_eq!(row.line(), again.line());
    assert_eq!(row.barrier().to_bits(), again.barrier().to_bits());
    assert!(row.line().contains(",nan,"));
    assert_eq!(Row::parse(&row.line()[..30]), None);
    assert_eq!(Row::parse(&row.line().replace("success", "succes")), None);
}

#[test]
fn centres_follow_when_they_have_their_events_or_attempts() {
    let mut campaign = campaign(goal());
    assert!(campaign.wants_centre() && campaign.task().is_none());
    campaign.assign(0);
    for trial in 1..=4 {
        let task = campaign.task().unwrap();
        assert_eq!((task.index, task.id, task.trial), (0, 5, trial));
        record(&mut campaign, &event(Status::MaxEval, f64::NAN, 0.0));
    }
    assert!(campaign.wants_centre());
    campaign.assign(1);
    record(&mut campaign, &event(Status::Success, -9.0, 0.7));
    record(&mut campaign, &event(Status::Success, -8.0, 0.9));
    campaign.assign(2);
    assert!(campaign.exhausted() && campaign.task().is_none());
    let (index, statistics) = campaign.statistics(1);
    assert_eq!((index, statistics.successes, statistics.attempts), (2, 2, 2));
    assert!((statistics.mean - 1.5).abs() < 1e-12 && (statistics.lowest - 1.0).abs() < 1e-12);
    assert!((statistics.deviation - 0.5_f64.sqrt()).abs() < 1e-12);
    assert_eq!((campaign.totals().attempts, campaign.totals().successes), (6, 2));
}

#[test]
fn equal_saddles_are_recognised() {
    for distinct in [false, true] {
        let mut campaign = campaign(Goal { distinct, events: 4, ..goal() });
        campaign.assign(0);
        assert_eq!(record(&mut campaign, &event(Status::Success, -9.0, 0.7)).0.same_as, 0);
        let (again, known) = record(&mut campaign, &event(Status::Success, -9.0005, 0.75));
        assert_eq!((again.same_as, known), (1, None));
        assert_eq!(again.status, if distinct { Status::Duplicate } else { Status::Success });
        assert_eq!(record(&mut campaign, &event(Status::Success, -9.0, 1.2)).0.same_as, 0);
        assert_eq!(record(&mut campaign, &event(Status::Success, -8.9, 0.7)).0.same_as, 0);
    }
}

#[test]
fn partitions_exchange_records() {
    let mut one = campaign(goal());
    one.assign(0);
    record(&mut one, &event(Status::Success, -9.0, 0.7));
    let mut other = campaign(goal());
    for (row, known) in unpack(&pack(&one.pending())).unwrap() {
        other.absorb(&row, known).unwrap();
    }
    other.start_run();
    other.assign(0);
    assert_eq!(record(&mut other, &event(Status::Success, -9.0, 0.7)).0.same_as, 1);
    assert!(unpack(&[7, 0, 0]).is_err());
}

#[test]
fn trials_come_once_and_in_order() {
    let mut campaign = campaign(goal());
    campaign.assign(0);
    let (mut row, _) = record(&mut campaign, &event(Status::NoExit, f64::NAN, 0.0));
    assert!(campaign.absorb(&row, None).is_err());
    row.trial = 3;
    assert!(campaign.absorb(&row, None).is_err());
    (row.trial, row.center) = (1, 6);
    assert!(campaign.absorb(&row, None).is_err());
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ergodic-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn files_go_on_after_the_committed_attempts() {
    let folder = Folder::new("files");
    let names =
        Names { events: Some(folder.0.join("events.csv")), saddles: Some(folder.0.join("saddles.dump")), minima: None };
    let bounds = "ITEM: BOX BOUNDS ff ff ff\n0 1\n0 1\n0 1\n".to_string();
    let frames = Frames { ids: vec![5, 7, 9], species: vec![1, 1, 2], bounds };
    let mut campaign = campaign(goal());
    campaign.assign(0);
    let (mut files, attempts) = Files::open(&names).unwrap();
    assert_eq!(attempts, 0);
    for (status, energy) in [(Status::Success, -9.0), (Status::NoExit, f64::NAN), (Status::Success, -8.0)] {
        let event = event(status, energy, 0.7);
        let record = campaign.judge(&event, &Cell::open(), &MINIMUM, 1.5).unwrap();
        files.commit(&record, &event, &frames).unwrap();
        campaign.record(&record).unwrap();
    }
    let table = fs::read_to_string(folder.0.join("events.csv")).unwrap();
    let dump = fs::read_to_string(folder.0.join("saddles.dump")).unwrap();
    assert_eq!((table.lines().count(), dump.matches("TIMESTEP").count()), (4, 2));

    // the kill came between the frame of the third attempt and its line
    let torn = &table[..table.trim_end().rfind('\n').unwrap() + 9];
    fs::write(folder.0.join("events.csv"), torn).unwrap();
    let (_, attempts) = Files::open(&names).unwrap();
    assert_eq!(attempts, 2);
    assert_eq!(fs::read_to_string(folder.0.join("events.csv")).unwrap().lines().count(), 3);
    assert_eq!(fs::read_to_string(folder.0.join("saddles.dump")).unwrap().matches("TIMESTEP").count(), 1);
    let known = fs::read(folder.0.join("events.csv.known")).unwrap();
    assert_eq!(Known::parse_all(&known).unwrap().len(), 1);

    fs::write(folder.0.join("events.csv"), "something else\n").unwrap();
    assert!(Files::open(&names).is_err());
}
