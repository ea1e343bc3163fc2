//! Many searches: which attempt comes next, what counts as an event, statistics per centre, and the event table.
//!
//! A centre has trials 1, 2, ... until it has its events or its attempts. Centres are handed out one by one, so that
//! several partitions of a cluster can share a campaign: each holds the same list ([`Campaign::start_run`]) and takes
//! positions in it from a common counter ([`Campaign::assign`]). After a run the partitions exchange what they recorded
//! ([`Campaign::pending`], [`Campaign::absorb`]).

mod displaced;
mod dump;
mod files;
mod known;
mod names;
mod output;
mod progress;
mod records;
mod row;
mod settings_file;

pub use displaced::Displaced;
pub use dump::Frames;
pub use files::{Beginning, Files, begin};
pub use known::Known;
pub use names::Names;
pub use records::{pack, unpack};
pub use row::{HEADER, Row};
pub use settings_file::SettingsFile;

use super::event::{Event, Status};
use super::frame::Frame;
use crate::error::{Error, Result};
use std::collections::HashMap;

/// An attempt: its line of the table, and its saddle if that is a success through a new one.
pub type Record = (Row, Option<Known>);

/// What a campaign is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goal {
    /// Successful events wanted per centre.
    pub events: u32,
    /// Attempts allowed per centre.
    pub attempts: u32,
    /// Whether a second event through the same saddle does not count.
    pub distinct: bool,
    /// Two saddles are the same if their energies differ by less than this ...
    pub same_energy: f64,
    /// ... and no atom differs by more than this (distance).
    pub same_distance: f64,
}

/// A central atom and what is known of it.
#[derive(Debug, Clone)]
struct Centre {
    index: usize,
    id: i64,
    species: i32,
    trials: u32,
    barriers: Vec<f64>,
    known: Vec<Known>,
    /// Trials with a saddle that no file knows any more.
    lost: Vec<u32>,
}

/// Statistics of a centre, for the per-atom output.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Statistics {
    /// Mean barrier of the successful events (energy).
    pub mean: f64,
    /// Successful events.
    pub successes: u32,
    /// Attempts.
    pub attempts: u32,
    /// Lowest barrier.
    pub lowest: f64,
    /// Standard deviation of the barriers (n - 1 in the denominator), 0 for fewer than two.
    pub deviation: f64,
}

/// Sums over all attempts.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Totals {
    /// Attempts.
    pub attempts: u64,
    /// Successful events.
    pub successes: u64,
    /// Force evaluations.
    pub evaluations: u64,
    /// Sum of the barriers of the successful events (energy).
    pub barriers: f64,
    /// Attempts that ended so, in the order of [`Status::ALL`].
    pub by_status: [u64; Status::ALL.len()],
    /// Attempts that did not converge: on the climb, at the saddle with all atoms free, at a minimum.
    pub not_converged: [u64; 3],
}

impl Totals {
    /// Attempts that ended as `status`.
    #[must_use]
    pub fn number(&self, status: Status) -> u64 {
        Status::ALL.iter().position(|&other| other == status).map_or(0, |kind| self.by_status[kind])
    }
}

/// The attempt to make next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Task {
    /// Index of the central atom in the canonical order.
    pub index: usize,
    /// Its ID.
    pub id: i64,
    /// Number of the attempt.
    pub trial: u32,
    /// Whether it is an earlier attempt once more, for its saddle, and does not count again.
    pub again: bool,
}

/// State of a campaign in one partition.
#[derive(Debug, Clone)]
pub struct Campaign {
    goal: Goal,
    centres: Vec<Centre>,
    by_id: HashMap<i64, usize>,
    queue: Vec<usize>,
    current: Option<usize>,
    exhausted: bool,
    attempts_here: u64,
    totals: Totals,
    last: Option<(i64, f64, u64)>,
    pending: Vec<Record>,
    /// Work done when the run began.
    done_before: f64,
}

impl Campaign {
    /// A campaign over `centres`: (index in the canonical order, ID, species), by ascending ID.
    ///
    /// # Errors
    /// `InvalidParameter` without centres, events or attempts.
    pub fn new(goal: Goal, centres: &[(usize, i64, i32)]) -> Result<Self> {
        if centres.is_empty() || goal.events == 0 || goal.attempts == 0 {
            return Err(Error::InvalidParameter("a campaign needs centres, events and attempts".into()));
        }
        let by_id = centres.iter().enumerate().map(|(k, centre)| (centre.1, k)).collect();
        let centres = centres
            .iter()
            .map(|&(index, id, species)| Centre {
                index,
                id,
                species,
                trials: 0,
                barriers: vec![],
                known: vec![],
                lost: vec![],
            })
            .collect();
        Ok(Campaign {
            goal,
            centres,
            by_id,
            queue: vec![],
            current: None,
            exhausted: false,
            attempts_here: 0,
            totals: Totals::default(),
            last: None,
            pending: vec![],
            done_before: 0.0,
        })
    }

    /// Lists the centres that are not done; the same list in all partitions, which must have exchanged their records.
    pub fn start_run(&mut self) {
        self.queue = (0..self.centres.len()).filter(|&k| !self.done(k)).collect();
        self.current = None;
        self.exhausted = self.queue.is_empty();
        self.done_before = self.work_done();
    }

    /// Whether [`assign`](Self::assign) has to be called before there is a task.
    #[must_use]
    pub fn wants_centre(&self) -> bool {
        !self.exhausted && self.current.is_none()
    }

    /// Takes the centre at `position` of the list; beyond its end nothing is left for this partition.
    pub fn assign(&mut self, position: usize) {
        self.current = self.queue.get(position).copied();
        self.exhausted = self.current.is_none();
    }

    /// Whether nothing is left for this partition.
    #[must_use]
    pub fn exhausted(&self) -> bool {
        self.exhausted
    }

    /// The next attempt; `None` if a centre is to be assigned first, or nothing is left.
    #[must_use]
    pub fn task(&self) -> Option<Task> {
        let centre = &self.centres[self.current?];
        let lost = centre.lost.first();
        let trial = lost.copied().unwrap_or(centre.trials + 1);
        Some(Task { index: centre.index, id: centre.id, trial, again: lost.is_some() })
    }

    /// Judges the event of the present task: its line of the table, and its saddle if it is new.
    ///
    /// # Errors
    /// `InvalidParameter` if there is no task.
    pub fn judge(&self, event: &Event, frame: &Frame, seconds: f64) -> Result<Record> {
        let task = self.task().ok_or_else(|| Error::InvalidParameter("no attempt is under way".into()))?;
        let centre = &self.centres[self.by_id[&task.id]];
        let mut row = Row::new(self.attempts_here + 1, task.id, task.trial, centre.species, event, seconds);
        if event.status != Status::Success {
            return Ok((row, None));
        }
        let Goal { same_energy, same_distance, .. } = self.goal;
        let known = Known::new(task.trial, event.energy_saddle, frame, &event.saddle, same_distance);
        let equal = centre.known.iter().find(|other| known.equals(other, same_energy, same_distance));
        row.same_as = equal.map_or(0, |first| first.trial);
        if equal.is_some() && self.goal.distinct {
            row.status = Status::Duplicate;
        }
        Ok((row, equal.is_none().then_some(known)))
    }

    /// Takes in the saddle of an attempt that was made again.
    ///
    /// # Errors
    /// `InvalidParameter` if there is no such task.
    pub fn recover(&mut self, event: &Event, frame: &Frame) -> Result<()> {
        let task = self.task().filter(|task| task.again);
        let task = task.ok_or_else(|| Error::InvalidParameter("no attempt is made again".into()))?;
        let distance = self.goal.same_distance;
        let centre = &mut self.centres[self.by_id[&task.id]];
        centre.lost.remove(0);
        if event.status == Status::Success {
            let known = Known::new(task.trial, event.energy_saddle, frame, &event.saddle, distance);
            let place = centre.known.partition_point(|other| other.trial < task.trial);
            centre.known.insert(place, known);
        }
        Ok(())
    }

    /// Counts the attempt that [`judge`](Self::judge) made a row of.
    ///
    /// # Errors
    /// As for [`absorb`](Self::absorb).
    pub fn record(&mut self, (row, known): &Record) -> Result<()> {
        self.attempts_here = row.attempt;
        self.last = Some((row.center, if row.status == Status::Success { row.barrier() } else { 0.0 }, row.evals[2]));
        self.pending.push((row.clone(), known.clone()));
        self.absorb(row, known.clone())?;
        self.current = self.current.filter(|&k| !self.done(k));
        Ok(())
    }

    /// Counts an attempt from a file or from another partition. The trials of a centre must come in order.
    ///
    /// # Errors
    /// `InvalidParameter` for a centre that is not ours, or a trial that is missing or there twice.
    pub fn absorb(&mut self, row: &Row, known: Option<Known>) -> Result<()> {
        let (id, trial) = (row.center, row.trial);
        let unknown = || Error::InvalidParameter(format!("atom {id} of the event table is no centre"));
        let centre = &mut self.centres[*self.by_id.get(&id).ok_or_else(unknown)?];
        if trial != centre.trials + 1 {
            let last = centre.trials;
            let text = format!("trial {trial} of atom {id} follows trial {last} in the event table");
            return Err(Error::InvalidParameter(text));
        }
        centre.trials = trial;
        let success = row.status == Status::Success;
        if success {
            centre.barriers.push(row.barrier());
            self.totals.successes += 1;
            self.totals.barriers += row.barrier();
        }
        if known.is_none() && success && row.same_as == 0 {
            centre.lost.push(trial);
        }
        centre.known.extend(known);
        self.totals.attempts += 1;
        self.totals.evaluations += row.evals[2];
        let kind = Status::ALL.iter().position(|&status| status == row.status);
        self.totals.by_status[kind.unwrap_or_default()] += 1;
        if row.status == Status::NotConverged {
            self.totals.not_converged[row.stage_reached()] += 1;
        }
        let k = self.by_id[&id];
        if self.done(k) {
            self.centres[k].known = Vec::new();
            self.centres[k].lost = Vec::new();
        }
        Ok(())
    }

    /// What this partition recorded since the last call.
    pub fn pending(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.pending)
    }

    /// Running number of the last attempt of this partition.
    pub fn set_attempts_here(&mut self, attempts: u64) {
        self.attempts_here = attempts;
    }

    /// Number of centres.
    #[must_use]
    pub fn centres(&self) -> usize {
        self.centres.len()
    }

    /// Sums over all attempts.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Centre, barrier (0 if it failed) and force evaluations of the last attempt of this partition.
    #[must_use]
    pub fn last(&self) -> Option<(i64, f64, u64)> {
        self.last
    }

    /// Centres that have their events or their attempts.
    #[must_use]
    pub fn centres_done(&self) -> usize {
        (0..self.centres.len()).filter(|&k| self.done(k)).count()
    }

    /// Centres done, each that is under way as a share.
    fn work_done(&self) -> f64 {
        let Goal { events, attempts, .. } = self.goal;
        let share = |centre: &Centre| {
            let share = centre.barriers.len() as f64 / f64::from(events);
            share.max(f64::from(centre.trials) / f64::from(attempts)).min(1.0)
        };
        self.centres.iter().map(share).sum()
    }

    /// Statistics of the centre at `position` in the order of IDs, with its index in the canonical order.
    #[must_use]
    pub fn statistics(&self, position: usize) -> (usize, Statistics) {
        let centre = &self.centres[position];
        let n = centre.barriers.len() as f64;
        let mut statistics = Statistics { attempts: centre.trials, ..Statistics::default() };
        if !centre.barriers.is_empty() {
            statistics.successes = centre.barriers.len() as u32;
            statistics.mean = centre.barriers.iter().sum::<f64>() / n;
            statistics.lowest = centre.barriers.iter().copied().fold(f64::INFINITY, f64::min);
        }
        if centre.barriers.len() > 1 {
            let squares: f64 = centre.barriers.iter().map(|b| (b - statistics.mean).powi(2)).sum();
            statistics.deviation = (squares / (n - 1.0)).sqrt();
        }
        (centre.index, statistics)
    }

    fn done(&self, k: usize) -> bool {
        let centre = &self.centres[k];
        centre.barriers.len() >= self.goal.events as usize || centre.trials >= self.goal.attempts
    }
}
