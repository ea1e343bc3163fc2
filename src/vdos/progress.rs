//! Lines for the log during long work.

use std::time::{Duration, Instant};

/// Time between two lines.
const INTERVAL: Duration = Duration::from_secs(30);

/// A piece of work with a known size.
pub struct Stage<'a> {
    name: String,
    start: Instant,
    last: Instant,
    log: &'a mut dyn FnMut(&str),
}

impl<'a> Stage<'a> {
    /// Starts the clock; lines go to `log`.
    pub fn new(name: String, log: &'a mut dyn FnMut(&str)) -> Self {
        let now = Instant::now();
        Self { name, start: now, last: now, log }
    }

    /// Says how far the work is, now and then: the fraction `done` of it.
    pub fn tick(&mut self, done: f64) {
        let now = Instant::now();
        if done > 0.0 && done < 1.0 && now - self.last >= INTERVAL {
            let left = (now - self.start).as_secs_f64() * (1.0 / done - 1.0);
            (self.log)(&format!("{}: {:.0} % done, {left:.0} s left", self.name, 100.0 * done));
            self.last = now;
        }
    }
}
