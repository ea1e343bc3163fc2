//! Lines for the log.

use super::Campaign;
use crate::artn::event::Status;
use std::collections::BTreeMap;
use std::fmt::Write;

impl Campaign {
    /// What is done, success rate, evaluations per event, reasons of the failures, and about how long the rest of the whole
    /// campaign will take: `seconds` after the run began, if `workers` partitions have done and will do as much as this one.
    #[must_use]
    pub fn progress(&self, seconds: f64, workers: u32) -> String {
        let totals = self.totals();
        let mut text = format!(
            "{} of {} centers done, {} events in {} attempts",
            self.centres_done(),
            self.centres(),
            totals.successes,
            totals.attempts
        );
        if totals.attempts > 0 {
            let share = |number: u64| 100.0 * number as f64 / totals.attempts as f64;
            let elsewhere = totals.number(Status::Elsewhere);
            let failed = totals.attempts - totals.successes - elsewhere;
            let [own, elsewhere, failed] = [totals.successes, elsewhere, failed].map(share);
            let _ = write!(text, " ({own:.1} %, elsewhere {elsewhere:.1} %, failed {failed:.1} %)");
        }
        if totals.successes > 0 {
            let _ = write!(text, ", {:.1} evaluations per event", totals.evaluations as f64 / totals.successes as f64);
        }
        let here = self.work_done() - self.done_before;
        let left = self.centres() as f64 - self.done_before - here * f64::from(workers);
        if here > 0.0 && left > 0.0 {
            let _ = write!(text, ", about {} left", duration(seconds / (here * f64::from(workers)) * left));
        }
        for (status, &number) in Status::ALL.iter().zip(&totals.by_status) {
            if number > 0 && *status != Status::Success {
                let _ = write!(text, ", {number} {}", status.name());
            }
            if number > 0 && *status == Status::NotConverged {
                let [climb, saddle, minimum] = totals.not_converged;
                let _ = write!(text, " (climb {climb}, saddle of all atoms {saddle}, minimum {minimum})");
            }
        }
        text
    }
}

impl Campaign {
    /// Mean barrier of the events of each type of central atoms, and how many have none.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut types: BTreeMap<i32, (f64, usize, usize)> = BTreeMap::new();
        let (mut without, mut open) = (0, 0);
        for (k, centre) in self.centres.iter().enumerate() {
            if centre.barriers.is_empty() {
                without += usize::from(self.done(k));
                open += usize::from(!self.done(k));
                continue;
            }
            let sums = types.entry(centre.species).or_default();
            sums.0 += centre.barriers.iter().sum::<f64>();
            sums.1 += centre.barriers.len();
            sums.2 += 1;
        }
        let mut text = String::new();
        for (species, (sum, events, atoms)) in types {
            let mean = sum / events as f64;
            let _ = write!(text, "type {species}: mean barrier {mean:.4} of {events} events of {atoms} centers, ");
        }
        let _ = write!(text, "{without} centers done without events");
        if open > 0 {
            let _ = write!(text, ", {open} not done have none so far");
        }
        if without + open > 0 {
            text.push_str(" (0 in the per-atom array is no barrier)");
        }
        text
    }
}

fn duration(seconds: f64) -> String {
    let minutes = (seconds / 60.0).ceil() as u64;
    format!("{}:{:02} h", minutes / 60, minutes % 60)
}
