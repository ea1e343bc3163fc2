//! Threads that share the work on a sample.
//!
//! A sample takes milliseconds. Starting a thread for it can take a tenth of one, waking one that sleeps hardly less: helpers
//! are kept from sample to sample, woken before there is work for them, and then wait for it in a loop.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A helper that was forgotten falls asleep after so long without work.
const PATIENCE: Duration = Duration::from_millis(2);
/// How often a waiting thread looks before it leaves its core to others for a moment.
const LOOKS: usize = 200;

/// A calling thread and its helpers, which end with the team.
#[derive(Debug, Default)]
pub struct Team {
    size: AtomicUsize,
    helpers: Mutex<Vec<Helper>>,
}

impl Team {
    /// Brings `size` threads together, because there will soon be work for them; the calling one is the first.
    pub fn gather(&self, size: usize) {
        self.size.store(size, Ordering::Relaxed);
        let helpers = size.saturating_sub(1);
        self.helpers(helpers).iter().take(helpers).for_each(Helper::wake);
    }

    /// Lets the helpers sleep: there will be no work for a while.
    pub fn disperse(&self) {
        self.helpers(0).iter().for_each(Helper::rest);
    }

    /// How many threads were brought together.
    pub fn size(&self) -> usize {
        self.size.load(Ordering::Relaxed).max(1)
    }

    /// Does the parts of some work side by side, the first on the calling thread, and returns their results in order. The
    /// work itself must not ask the team for anything.
    ///
    /// # Panics
    /// If a part does, after all have ended.
    pub fn share<P: Send, R: Send>(&self, parts: Vec<P>, work: impl Fn(P) -> R + Sync) -> Vec<R> {
        let helpers = self.helpers(parts.len().saturating_sub(1));
        let work = &work;
        let mut results: Vec<_> = parts.iter().map(|_| None).collect();
        let jobs = parts.into_iter().zip(&mut results).map(|(part, result)| -> Job<'_> {
            Box::new(move || *result = Some(catch_unwind(AssertUnwindSafe(|| work(part)))))
        });
        do_all(jobs, &helpers);
        results.into_iter().flatten().map(|result| result.unwrap_or_else(|panic| resume_unwind(panic))).collect()
    }

    /// At least `n` helpers.
    fn helpers(&self, n: usize) -> MutexGuard<'_, Vec<Helper>> {
        let mut helpers = self.helpers.lock().unwrap_or_else(PoisonError::into_inner);
        while helpers.len() < n {
            helpers.push(Helper::start());
        }
        helpers
    }
}

/// Does jobs that do not panic, the first one here.
fn do_all<'a>(mut jobs: impl Iterator<Item = Job<'a>>, helpers: &[Helper]) {
    let own = jobs.next();
    let mut busy = Busy(Vec::with_capacity(helpers.len()));
    for (helper, job) in helpers.iter().zip(jobs) {
        busy.0.push(helper);
        // SAFETY: what the job borrows outlives it, since `busy` waits for its end.
        helper.give(unsafe { std::mem::transmute::<Job<'a>, Job<'static>>(job) });
    }
    if let Some(job) = own {
        job();
    }
}

/// Helpers at work; whatever happens, their end is waited for.
struct Busy<'a>(Vec<&'a Helper>);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.iter().for_each(|helper| helper.wait());
    }
}

type Job<'a> = Box<dyn FnOnce() + Send + 'a>;

/// States of a desk: its helper sleeps, waits for work, has work, or is to end.
const ASLEEP: u8 = 0;
const READY: u8 = 1;
const GIVEN: u8 = 2;
const DISMISSED: u8 = 3;

/// Where a helper finds its work.
#[derive(Default)]
struct Desk {
    state: AtomicU8,
    job: Mutex<Option<Job<'static>>>,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("state", &self.state).finish_non_exhaustive()
    }
}

impl Desk {
    fn job(&self) -> MutexGuard<'_, Option<Job<'static>>> {
        self.job.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a helper does all its life.
    fn serve(&self) {
        let mut idle_since = Instant::now();
        loop {
            match self.state.load(Ordering::Acquire) {
                DISMISSED => return,
                GIVEN => {
                    let job = self.job().take();
                    if let Some(job) = job {
                        job();
                    }
                    self.state.store(READY, Ordering::Release);
                    idle_since = Instant::now();
                }
                READY if idle_since.elapsed() < PATIENCE => self.await_change(READY),
                READY => self.change(READY, ASLEEP),
                _ => {
                    thread::park();
                    idle_since = Instant::now();
                }
            }
        }
    }

    /// Changes the state if it is the expected one.
    fn change(&self, from: u8, to: u8) {
        let _ = self.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed);
    }

    /// Looks for a while whether the state is still the given one.
    fn await_change(&self, state: u8) {
        for _ in 0..LOOKS {
            if self.state.load(Ordering::Relaxed) != state {
                return;
            }
            std::hint::spin_loop();
        }
        thread::yield_now();
    }
}

#[derive(Debug)]
struct Helper {
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
}

impl Helper {
    fn start() -> Self {
        let desk = Arc::new(Desk::default());
        let own = Arc::clone(&desk);
        Helper { desk, thread: Some(thread::spawn(move || own.serve())) }
    }

    fn wake(&self) {
        self.desk.change(ASLEEP, READY);
        self.unpark();
    }

    fn rest(&self) {
        self.desk.change(READY, ASLEEP);
    }

    fn unpark(&self) {
        self.thread.iter().for_each(|thread| thread.thread().unpark());
    }

    fn give(&self, job: Job<'static>) {
        *self.desk.job() = Some(job);
        if self.desk.state.swap(GIVEN, Ordering::AcqRel) == ASLEEP {
            self.unpark();
        }
    }

    /// Returns when the helper has nothing to do.
    fn wait(&self) {
        while self.desk.state.load(Ordering::Acquire) == GIVEN {
            self.desk.await_change(GIVEN);
        }
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        self.desk.state.store(DISMISSED, Ordering::Release);
        self.unpark();
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_done_once_each_and_in_order() {
        let team = Team::default();
        let mut done = vec![0; 7];
        for n in [1, 3, 7, 2, 0] {
            for _ in 0..100 {
                let parts = done.iter_mut().take(n).enumerate().collect();
                let results = team.share(parts, |(k, done): (usize, &mut usize)| {
                    *done += 1;
                    10 * k
                });
                assert_eq!(results, (0..n).map(|k| 10 * k).collect::<Vec<_>>());
            }
        }
        assert_eq!(done, [400, 300, 200, 100, 100, 100, 100]);
    }

    #[test]
    fn helpers_that_fell_asleep_wake_up() {
        let team = Team::default();
        team.gather(3);
        assert_eq!(team.size(), 3);
        for _ in 0..3 {
            assert_eq!(team.share(vec![1, 2, 3], |part| part + 1), [2, 3, 4]);
            thread::sleep(3 * PATIENCE);
            assert_eq!(team.share(vec![1, 2, 3], |part| part + 2), [3, 4, 5]);
            team.disperse();
        }
    }

    #[test]
    fn a_panic_waits_for_the_others_and_the_team_goes_on() {
        let team = Team::default();
        for culprit in 0..3 {
            let mut done = vec![false; 3];
            let parts = done.iter_mut().enumerate().collect();
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                team.share(parts, |(k, done): (usize, &mut bool)| {
                    assert!(k != culprit, "as arranged");
                    *done = true;
                })
            }));
            assert!(outcome.is_err());
            assert_eq!(done, [0, 1, 2].map(|k| k != culprit));
        }
        assert_eq!(team.share(vec![5, 6], |part| part), [5, 6]);
    }
}
