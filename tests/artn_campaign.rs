//! Campaigns without a search: what comes next, what counts, and what is on disk.

use ergodic::artn::campaign::{
    Campaign, Displaced, Files, Frames, Goal, Known, Names, Row, SettingsFile, begin, pack, unpack,
};
use ergodic::artn::{Event, Frame, Held, Sample, Settings, Status};
use ergodic::geometry::SimulationBox;
use std::fs;
use std::path::PathBuf;

const MINIMUM: [f64; 9] = [0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 3.0, 0.0];

fn frame() -> Frame {
    Frame::new(SimulationBox::open(), &MINIMUM)
}

fn none_held() -> Held {
    let sample =
        Sample { ids: vec![5, 7, 9], types: vec![1, 1, 2], positions: MINIMUM.to_vec(), cell: SimulationBox::open() };
    Held::new(&sample, &[]).unwrap()
}

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
        dr_center_final: step,
        mover: 5,
        mover_distance: 0.0,
        weight: 1.0,
        moved: 1,
        evals_saddle: 100,
        evals_full: 20,
        evals_total: 150,
        minimum: saddle.clone(),
        saddle,
    }
}

fn record(campaign: &mut Campaign, event: &Event) -> (Row, Option<Known>) {
    let record = campaign.judge(event, &frame(), 1.5).unwrap();
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

fn displaced() -> Displaced {
    Displaced { ids: vec![5, 7, 9], frame: frame(), threshold: 0.1 }
}

#[test]
fn files_go_on_after_the_committed_attempts() {
    let folder = Folder::new("files");
    let path = |name: &str| Some(folder.0.join(name));
    let names = Names {
        events: path("events.csv"),
        saddles: path("saddles.dump"),
        minima: None,
        displaced: path("displaced.csv"),
    };
    let displaced = displaced();
    let bounds = "ITEM: BOX BOUNDS ff ff ff\n0 1\n0 1\n0 1\n".to_string();
    let frames = Frames { ids: vec![5, 7, 9], species: vec![1, 1, 2], held: none_held(), bounds };
    let mut campaign = campaign(goal());
    campaign.assign(0);
    let (mut files, attempts, _) = Files::open(&names).unwrap();
    assert_eq!(attempts, 0);
    for (status, energy) in [(Status::Success, -9.0), (Status::Elsewhere, -7.0), (Status::Success, -8.0)] {
        let event = event(status, energy, 0.7);
        let record = campaign.judge(&event, &frame(), 1.5).unwrap();
        files.commit(&record, &event, &frames, &displaced).unwrap();
        campaign.record(&record).unwrap();
    }
    let table = fs::read_to_string(folder.0.join("events.csv")).unwrap();
    let dump = fs::read_to_string(folder.0.join("saddles.dump")).unwrap();
    assert_eq!((table.lines().count(), dump.matches("TIMESTEP").count()), (4, 2));
    // moving one atom of three moves the mean as well: displacements are those without it
    let atoms = || fs::read_to_string(folder.0.join("displaced.csv")).unwrap();
    assert_eq!(atoms().lines().count(), 1 + 3 * 3);
    assert!(atoms().starts_with("attempt,center,trial,atom,at_saddle,at_minimum\n1,5,1,7,"));
    assert!(atoms().lines().nth(3).unwrap().starts_with("1,5,1,5,"), "the atom that moves most comes last");

    // the kill came between the frame of the third attempt and its line
    let torn = &table[..table.trim_end().rfind('\n').unwrap() + 9];
    fs::write(folder.0.join("events.csv"), torn).unwrap();
    assert!(Files::open(&names).is_err_and(|error| error.to_string().contains("another run writes to")));
    drop(files);
    let (files, attempts, _) = Files::open(&names).unwrap();
    drop(files);
    assert_eq!(attempts, 2);
    assert_eq!(fs::read_to_string(folder.0.join("events.csv")).unwrap().lines().count(), 3);
    assert_eq!(fs::read_to_string(folder.0.join("saddles.dump")).unwrap().matches("TIMESTEP").count(), 1);
    assert_eq!(atoms().lines().count(), 1 + 2 * 3);
    let known = fs::read(folder.0.join(".events.csv.known")).unwrap();
    assert_eq!(Known::parse_all(&known).len(), 1);

    fs::write(folder.0.join("events.csv"), "something else\n").unwrap();
    assert!(Files::open(&names).is_err());
}

/// A campaign of the first centre in `folder`: a success, a failure, another success.
fn written(folder: &Folder) -> (Names, SettingsFile, Files, Campaign) {
    let file = |name: &str| Some(folder.0.join(name));
    let names = Names {
        events: file("events.csv"),
        saddles: file("saddles.dump"),
        minima: file("minima.dump"),
        displaced: file("displaced.csv"),
    };
    let goal = Goal { events: 4, ..goal() };
    let settings = SettingsFile::new(&Settings::default(), &goal, &[5, 9], 3, -10.0);
    assert!(begin(&names, &settings, false).unwrap().notes.is_empty());
    let bounds = "ITEM: BOX BOUNDS ff ff ff\n0 1\n0 1\n0 1\n".to_string();
    let frames = Frames { ids: vec![5, 7, 9], species: vec![1, 1, 2], held: none_held(), bounds };
    let mut campaign = campaign(goal);
    campaign.assign(0);
    let (mut files, _, _) = Files::open(&names).unwrap();
    for (status, energy) in [(Status::Success, -9.0), (Status::NoExit, f64::NAN), (Status::Success, -8.0)] {
        let event = event(status, energy, 0.7);
        let record = campaign.judge(&event, &frame(), 1.5).unwrap();
        files.commit(&record, &event, &frames, &displaced()).unwrap();
        campaign.record(&record).unwrap();
    }
    (names, settings, files, campaign)
}

#[test]
fn no_two_files_have_one_name() {
    let folder = Folder::new("names");
    std::os::unix::fs::symlink(&folder.0, folder.0.join("link")).unwrap();
    let check = |events: &str, saddles: &str, minima: &str| {
        let file = |name: &str| Some(folder.0.join(name));
        Names { events: file(events), saddles: file(saddles), minima: file(minima), ..Names::default() }.check()
    };
    check("events.csv", "saddles.dump", "minima.dump").unwrap();
    check("a", "a.dump", "b").unwrap();
    check("a.1", "b.1", "c").unwrap();
    for (events, saddles, minima) in [
        ("z", "z", "m"),
        ("z", "s", "s"),
        ("z", "s", "z.settings"),
        ("z", ".z.known", "m"),
        ("z", "z.0", "m"),
        ("z", "s", "s.12"),
        ("z", "link/z", "m"),
        ("z", "../names/./s", "s"),
    ] {
        let saddles = saddles.replace("../names", &format!("../{}", folder.0.file_name().unwrap().display()));
        assert!(check(events, &saddles, minima).is_err(), "{events} {saddles} {minima}");
    }
}

#[test]
fn one_campaign_at_a_time() {
    let folder = Folder::new("lock");
    let (names, settings, files, _) = written(&folder);
    let table = fs::read(folder.0.join("events.csv")).unwrap();
    for resume in [false, true] {
        let error = begin(&names, &settings, resume).unwrap_err().to_string();
        assert!(error.contains("another run writes to"), "{error}");
    }
    assert_eq!(fs::read(folder.0.join("events.csv")).unwrap(), table);
    drop(files);
    assert_eq!(begin(&names, &settings, true).unwrap().records.len(), 3);
}

#[test]
fn files_that_others_touch_are_an_error() {
    type Touch = fn(&std::path::Path);
    let touches: [Touch; 4] = [
        |path| fs::remove_file(path).unwrap(),
        |path| {
            fs::copy(path, path.with_extension("copy")).unwrap();
            fs::rename(path.with_extension("copy"), path).unwrap();
        },
        |path| fs::write(path, "shorter").unwrap(),
        |path| {
            let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
            std::io::Write::write_all(&mut file, b"another line\n").unwrap();
        },
    ];
    for (k, touch) in touches.into_iter().enumerate() {
        let folder = Folder::new(&format!("touched{k}"));
        let (_, _, mut files, campaign) = written(&folder);
        touch(&folder.0.join("events.csv"));
        let event = event(Status::NoExit, f64::NAN, 0.0);
        let record = campaign.judge(&event, &frame(), 1.5).unwrap();
        let frames = Frames { ids: vec![5, 7, 9], species: vec![1, 1, 2], held: none_held(), bounds: String::new() };
        let error = files.commit(&record, &event, &frames, &displaced()).unwrap_err().to_string();
        assert!(error.contains("was removed, replaced or changed"), "{error}");
    }
}

#[test]
fn a_new_campaign_removes_only_what_is_of_one() {
    let folder = Folder::new("remove");
    let (names, settings, files, _) = written(&folder);
    drop(files);
    let others = ["events.csv.bak", "events.csv.7", "other.txt"];
    for name in others {
        fs::write(folder.0.join(name), "mine\n").unwrap();
    }
    fs::copy(folder.0.join("events.csv"), folder.0.join("events.csv.3")).unwrap();
    let notes = begin(&names, &settings, false).unwrap().notes;
    assert!(notes[0].contains("events.csv.3") && notes[0].contains("minima.dump"), "{notes:?}");
    for name in ["events.csv", "events.csv.3", "saddles.dump", "minima.dump", ".events.csv.known"] {
        assert!(!folder.0.join(name).exists(), "{name}");
    }
    assert!(others.iter().all(|name| folder.0.join(name).exists()));
    for (name, text) in [("events.csv", "step,energy\n"), ("saddles.dump", "ITEM: TIMESTEP\n0\nITEM: ATOMS id vx\n")] {
        fs::write(folder.0.join(name), text).unwrap();
        let error = begin(&names, &settings, false).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("is no file of a campaign"), "{error}");
        assert_eq!(fs::read_to_string(folder.0.join(name)).unwrap(), text);
        fs::remove_file(folder.0.join(name)).unwrap();
    }
    fs::create_dir(folder.0.join("events.csv")).unwrap();
    for resume in [false, true] {
        assert!(begin(&names, &settings, resume).unwrap_err().to_string().contains("is not a regular file"));
    }
}

#[test]
fn damaged_sidecars_are_made_anew() {
    let folder = Folder::new("sidecars");
    let (names, settings, files, _) = written(&folder);
    drop(files);
    let [sidecar, known] = ["events.csv.settings", ".events.csv.known"].map(|name| folder.0.join(name));
    let (whole, bytes) = (fs::read(&sidecar).unwrap(), fs::read(&known).unwrap());
    for length in (0..whole.len()).step_by(7) {
        fs::write(&sidecar, &whole[..length]).unwrap();
        let beginning = begin(&names, &settings, true).unwrap();
        assert!(beginning.notes.iter().any(|note| note.contains("written anew")), "{length}: {:?}", beginning.notes);
        assert_eq!(fs::read(&sidecar).unwrap(), whole);
    }
    fs::remove_file(&sidecar).unwrap();
    let other = SettingsFile::new(&Settings::default(), &goal(), &[5, 9], 3, -11.0);
    assert!(begin(&names, &other, true).unwrap_err().to_string().contains("energy_initial"));
    assert_eq!(begin(&names, &settings, true).unwrap().notes.len(), 2);

    for (k, damaged) in [vec![], bytes[..bytes.len() - 1].to_vec(), flipped(&bytes, 30), b"something else".to_vec()]
        .into_iter()
        .enumerate()
    {
        fs::write(&known, damaged).unwrap();
        let beginning = begin(&names, &settings, true).unwrap();
        let lost = if k == 1 { 1 } else { 2 };
        assert!(beginning.notes[1].contains(&format!("lacks {lost}:")), "{:?}", beginning.notes);
        let mut campaign = campaign(Goal { events: 4, attempts: 9, ..goal() });
        for (row, known) in beginning.records {
            campaign.absorb(&row, known).unwrap();
        }
        campaign.start_run();
        campaign.assign(0);
        // the saddles are searched again, and equal ones are recognised as before
        for trial in if lost == 1 { vec![3] } else { vec![1, 3] } {
            let task = campaign.task().unwrap();
            assert_eq!((task.trial, task.again), (trial, true));
            let energy = if trial == 1 { -9.0 } else { -8.0 };
            campaign.recover(&event(Status::Success, energy, 0.7), &frame()).unwrap();
        }
        assert_eq!((campaign.task().unwrap().trial, campaign.totals().attempts), (4, 3));
        assert_eq!(record(&mut campaign, &event(Status::Success, -8.0, 0.7)).0.same_as, 3);
        assert_eq!(record(&mut campaign, &event(Status::Success, -9.0, 0.7)).0.same_as, 1);
    }
}

fn flipped(bytes: &[u8], place: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[place] ^= 1;
    bytes
}

#[test]
fn damaged_dumps_keep_what_is_committed() {
    let folder = Folder::new("dumps");
    let (names, _, files, _) = written(&folder);
    drop(files);
    let path = folder.0.join("saddles.dump");
    let whole = fs::read_to_string(&path).unwrap();
    let second = whole.rfind("ITEM: TIMESTEP").unwrap();
    // torn at every offset: whole frames stay
    for length in 0..=whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let notes = Files::open(&names).unwrap().2;
        let kept = if length == whole.len() {
            length
        } else if length >= second {
            second
        } else {
            0
        };
        assert_eq!(fs::read_to_string(&path).unwrap(), whole[..kept]);
        assert_eq!(notes.len(), usize::from(kept < whole.len()));
    }
    // a damaged frame does not take the one behind it along, what no line knows goes
    let damaged = whole.replacen("\n1\n", "\nx\n", 1);
    fs::write(&path, format!("{damaged}{}", whole.replace("\n3\n", "\n4\n"))).unwrap();
    let notes = Files::open(&names).unwrap().2;
    assert!(notes[0].contains("lacks the frames of 1 events"), "{notes:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
}

/// A file torn at any offset: every attempt is there once, as it was, and what cannot be made again is reported.
#[test]
fn files_torn_at_any_offset_go_on() {
    const FILES: [&str; 6] =
        ["events.csv", "events.csv.settings", ".events.csv.known", "saddles.dump", "minima.dump", "displaced.csv"];
    let folder = Folder::new("torn");
    let (names, settings, files, _) = written(&folder);
    drop(files);
    let whole = FILES.map(|name| fs::read(folder.0.join(name)).unwrap());
    for (torn, bytes) in FILES.iter().zip(&whole) {
        for length in 0..bytes.len() {
            for (name, bytes) in FILES.iter().zip(&whole) {
                fs::write(folder.0.join(name), if name == torn { &bytes[..length] } else { bytes }).unwrap();
            }
            let notes = go_on(&names, &settings);
            for (name, bytes) in FILES.iter().zip(&whole) {
                let now = fs::read(folder.0.join(name)).unwrap();
                let reported =
                    name == torn && notes.iter().any(|note| note.contains(name) || note.contains("known saddles"));
                assert!(now == *bytes || reported, "{torn} cut at {length}: {name}, {notes:?}");
                assert!(name != &FILES[0] || now == *bytes, "{torn} cut at {length}: the table is another one");
            }
        }
    }
}

/// Goes on with the campaign of [`written`] up to its third attempt; returns what it says of its files.
fn go_on(names: &Names, settings: &SettingsFile) -> Vec<String> {
    let beginning = begin(names, settings, true).unwrap();
    let mut notes = beginning.notes;
    let mut campaign = campaign(Goal { events: 4, ..goal() });
    for (row, known) in beginning.records {
        campaign.absorb(&row, known).unwrap();
    }
    campaign.start_run();
    campaign.assign(0);
    let bounds = "ITEM: BOX BOUNDS ff ff ff\n0 1\n0 1\n0 1\n".to_string();
    let frames = Frames { ids: vec![5, 7, 9], species: vec![1, 1, 2], held: none_held(), bounds };
    let (mut files, attempts, more) = Files::open(names).unwrap();
    campaign.set_attempts_here(attempts);
    notes.extend(more);
    while let Some(task) = campaign.task().filter(|task| task.trial <= 3) {
        let event = match task.trial {
            1 => event(Status::Success, -9.0, 0.7),
            2 => event(Status::NoExit, f64::NAN, 0.7),
            _ => event(Status::Success, -8.0, 0.7),
        };
        if task.again {
            campaign.recover(&event, &frame()).unwrap();
            continue;
        }
        let record = campaign.judge(&event, &frame(), 1.5).unwrap();
        files.commit(&record, &event, &frames, &displaced()).unwrap();
        campaign.record(&record).unwrap();
    }
    notes
}

/// Time left and the line at the end, of two centres with two events each.
#[test]
fn the_log_says_how_long_and_who_has_nothing() {
    let mut campaign = campaign(goal());
    campaign.assign(0);
    record(&mut campaign, &event(Status::Success, -9.5, 0.7));
    // a quarter of the work by this partition, and as much by others
    assert!(campaign.progress(3600.0, 1).contains("about 3:00 h left"), "{}", campaign.progress(3600.0, 1));
    assert!(campaign.progress(3600.0, 2).contains("about 1:00 h left"), "{}", campaign.progress(3600.0, 2));
    record(&mut campaign, &event(Status::Success, -9.3, 0.8));
    campaign.assign(1);
    for _ in 0..3 {
        record(&mut campaign, &event(Status::NoExit, f64::NAN, 0.0));
    }
    // failures bring the end nearer, too
    assert!(campaign.progress(7.0 * 3600.0, 1).contains("about 1:00 h left"), "{}", campaign.progress(7.0 * 3600.0, 1));
    assert_eq!(
        campaign.summary(),
        "type 1: mean barrier 0.6000 of 2 events of 1 centers, 0 centers done without events, 1 not done have none so far (0 in \
         the per-atom array is no barrier)"
    );
    record(&mut campaign, &event(Status::NoExit, f64::NAN, 0.0));
    assert!(!campaign.progress(1.0, 1).contains("left"));
    assert!(campaign.summary().contains("1 centers done without events (0 in"));
}
