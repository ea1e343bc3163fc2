//! Lines for the log.

use super::Campaign;
use crate::artn::event::Status;
use std::fmt::Write;

impl Campaign {
    /// What is done, success rate, evaluations per event, reasons of the failures, and about how long the rest will take:
    /// `seconds` after the run began with `events_before` events, if `workers` partitions go on like this one.
    #[must_use]
    pub fn progress(&self, seconds: f64, events_before: u64, workers: u32) -> String {
        let totals = self.totals();
        let mut text = format!(
            "{} of {} centers done, {} events in {} attempts",
            self.centres_done(),
            self.centres(),
            totals.successes,
            totals.attempts
        );
        if totals.attempts > 0 {
            let _ = write!(text, " ({:.1} %)", 100.0 * totals.successes as f64 / totals.attempts as f64);
        }
        if totals.successes > 0 {
            let _ = write!(text, ", {:.1} evaluations per event", totals.evaluations as f64 / totals.successes as f64);
        }
        let done = totals.successes.saturating_sub(events_before) as f64 * f64::from(workers);
        if done > 0.0 && self.events_left() > 0 {
            let _ = write!(text, ", about {} left", duration(seconds / done * self.events_left() as f64));
        }
        for (status, &number) in Status::ALL.iter().zip(&totals.by_status) {
            if number > 0 && *status != Status::Success {
                let _ = write!(text, ", {number} {}", status.name());
            }
        }
        text
    }
}

fn duration(seconds: f64) -> String {
    let minutes = (seconds / 60.0).ceil() as u64;
    format!("{}:{:02} h", minutes / 60, minutes % 60)
}
