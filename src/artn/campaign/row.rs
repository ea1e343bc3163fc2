//! A line of the event table.

use crate::artn::event::{Event, Status};
use std::fmt::Write;

/// First line of the event table.
pub const HEADER: &str = "attempt,center,trial,type,status,barrier,barrier_back,energy_initial,energy_saddle,\
energy_final,eigenvalue,fmax,dr_saddle,dr_final,dr_center,moved,same_as,evals_saddle,evals_full,evals_total,seconds,\
dr_center_final,mover,mover_distance,weight";
/// Columns of the tables of version 0.1, which are the first of today's.
const FIRST_COLUMNS: usize = 21;

/// One attempt in the event table. Unknown reals are NaN, unknown integers 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Running number in the partition that made the attempt.
    pub attempt: u64,
    /// ID of the central atom.
    pub center: i64,
    /// Number of the attempt of this centre.
    pub trial: u32,
    /// Species of the central atom.
    pub species: i32,
    /// How it ended.
    pub status: Status,
    /// Barrier, backward barrier, energies of initial state, saddle, final state, eigenvalue, fmax, `dr_saddle`,
    /// `dr_final`, `dr_center`: the reals of the table in its order.
    pub reals: [f64; 10],
    /// Atoms that moved in the final minimum.
    pub moved: u32,
    /// Trial of the first equal event of this centre.
    pub same_as: u32,
    /// Evaluations until the saddle, of all atoms, and in all.
    pub evals: [u64; 3],
    /// CPU seconds of the attempt.
    pub seconds: f64,
    /// Displacement of the central atom in the final minimum.
    pub dr_center_final: f64,
    /// ID of the atom with the largest displacement at the saddle.
    pub mover: i64,
    /// Its distance from the central atom.
    pub mover_distance: f64,
    /// Share of the central atom in the squared displacement at the saddle.
    pub weight: f64,
}

/// Whether `line` is the first one of an event table, and if so whether of one without the last four columns.
#[must_use]
pub(super) fn is_header(line: &str) -> Option<bool> {
    let first: Vec<&str> = HEADER.split(',').take(FIRST_COLUMNS).collect();
    if line == HEADER { Some(false) } else { (line == first.join(",")).then_some(true) }
}

impl Row {
    /// The row of `event`, which was number `attempt` of its partition.
    #[must_use]
    pub fn new(attempt: u64, center: i64, trial: u32, species: i32, event: &Event, seconds: f64) -> Self {
        Row {
            attempt,
            center,
            trial,
            species,
            status: event.status,
            reals: [
                event.barrier(),
                event.barrier_back(),
                event.energy_initial,
                event.energy_saddle,
                event.energy_final,
                event.eigenvalue,
                event.fmax,
                event.dr_saddle,
                event.dr_final,
                event.dr_center,
            ],
            moved: event.moved,
            same_as: 0,
            evals: [event.evals_saddle, event.evals_full, event.evals_total],
            seconds,
            dr_center_final: event.dr_center_final,
            mover: event.mover,
            mover_distance: event.mover_distance,
            weight: event.weight,
        }
    }

    /// E_saddle - E_initial.
    #[must_use]
    pub fn barrier(&self) -> f64 {
        self.reals[0]
    }

    /// E_saddle - E_final.
    #[must_use]
    pub fn barrier_back(&self) -> f64 {
        self.reals[1]
    }

    /// Energy of the initial minimum.
    #[must_use]
    pub fn energy_initial(&self) -> f64 {
        self.reals[2]
    }

    /// How far a search came that did not converge: 0 = the climb, 1 = the saddle with all atoms free, 2 = a minimum.
    #[must_use]
    pub(super) fn stage_reached(&self) -> usize {
        if self.barrier().is_finite() { 2 } else { usize::from(self.evals[1] > 0) }
    }

    /// The line, without its end.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line =
            format!("{},{},{},{},{}", self.attempt, self.center, self.trial, self.species, self.status.name());
        for &x in &self.reals {
            line.push(',');
            push_real(&mut line, x);
        }
        let [saddle, full, total] = self.evals;
        let _ = write!(line, ",{},{},{saddle},{full},{total},", self.moved, self.same_as);
        push_real(&mut line, self.seconds);
        line.push(',');
        push_real(&mut line, self.dr_center_final);
        let _ = write!(line, ",{},", self.mover);
        push_real(&mut line, self.mover_distance);
        line.push(',');
        push_real(&mut line, self.weight);
        line
    }

    /// Reads a line; `None` if it is not one of the table. Without the last four columns these are unknown.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(',').collect();
        let complete = words.len() == HEADER.split(',').count();
        if !complete && words.len() != FIRST_COLUMNS {
            return None;
        }
        let mut reals = [0.0; 10];
        for (real, word) in reals.iter_mut().zip(&words[5..15]) {
            *real = word.parse().ok()?;
        }
        Some(Row {
            attempt: words[0].parse().ok()?,
            center: words[1].parse().ok()?,
            trial: words[2].parse().ok()?,
            species: words[3].parse().ok()?,
            status: Status::ALL.into_iter().find(|status| status.name() == words[4])?,
            reals,
            moved: words[15].parse().ok()?,
            same_as: words[16].parse().ok()?,
            evals: [words[17].parse().ok()?, words[18].parse().ok()?, words[19].parse().ok()?],
            seconds: words[20].parse().ok()?,
            dr_center_final: if complete { words[21].parse().ok()? } else { f64::NAN },
            mover: if complete { words[22].parse().ok()? } else { 0 },
            mover_distance: if complete { words[23].parse().ok()? } else { f64::NAN },
            weight: if complete { words[24].parse().ok()? } else { f64::NAN },
        })
    }
}

/// 17 significant digits bring the same bits back.
pub(super) fn push_real(text: &mut String, x: f64) {
    if x.is_nan() {
        text.push_str("nan");
    } else if x.is_infinite() {
        text.push_str(if x > 0.0 { "inf" } else { "-inf" });
    } else {
        let _ = write!(text, "{x:.16e}");
    }
}
