//! A line of the event table.

use crate::artn::event::{Event, Status};
use std::fmt::Write;

/// First line of the event table.
pub const HEADER: &str = "attempt,center,trial,type,status,barrier,barrier_back,energy_initial,energy_saddle,\
energy_final,eigenvalue,fmax,dr_saddle,dr_final,dr_center,moved,same_as,evals_saddle,evals_full,evals_total,seconds";

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
        }
    }

    /// E_saddle - E_initial.
    #[must_use]
    pub fn barrier(&self) -> f64 {
        self.reals[0]
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
        line
    }

    /// Reads a line; `None` if it is not one of the table.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(',').collect();
        if words.len() != 21 {
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
