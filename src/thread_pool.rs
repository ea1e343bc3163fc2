//! A thread pool for work that comes in pieces of milliseconds.
//!
//! A sample takes milliseconds. Starting a thread for it can take a tenth of one, waking a parked one hardly less: workers
//! are kept from sample to sample, woken before there is work for them, and then spin until it comes. Pools of others were
//! tried (`doc/architecture.md`).
//!
//! ThreadSanitizer finds no data race here; it reports one in the channel of the test harness, which is not compiled with
//! it: `RUSTFLAGS="-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer" cargo +nightly test --lib --target
//! x86_64-unknown-linux-gnu thread_pool`.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// An idle worker parks itself after so long without work. Longer than the serial parts of a sample.
const IDLE_LIMIT: Duration = Duration::from_millis(2);
/// How often a waiting thread reads the state before it yields its core once.
const SPINS: usize = 200;

/// A calling thread and its workers, which end with the pool.
#[derive(Debug, Default)]
pub struct ThreadPool {
    size: AtomicUsize,
    workers: Mutex<Vec<Worker>>,
}

impl ThreadPool {
    /// Wakes the workers of `size` threads (the calling one is the first), because there will soon be work for them. Where
    /// the system refuses a thread, the pool is smaller: see [`ThreadPool::size`].
    pub fn wake(&self, size: usize) {
        let mut workers = self.workers();
        while workers.len() + 1 < size {
            let Ok(worker) = Worker::start() else { break };
            workers.push(worker);
        }
        self.size.store(size.min(workers.len() + 1), Ordering::Relaxed);
        workers.iter().take(size.saturating_sub(1)).for_each(Worker::wake);
    }

    /// Lets the workers sleep: there will be no work for a while.
    pub fn park(&self) {
        self.workers().iter().for_each(Worker::park);
    }

    /// How many threads were woken, the calling one included.
    pub fn size(&self) -> usize {
        self.size.load(Ordering::Relaxed).max(1)
    }

    /// Runs `work` on each of the parts, the first on the calling thread, the others on one worker each, and returns the
    /// results in order. Parts for which there is no worker are done by the calling thread. `work` itself must not use the
    /// pool.
    ///
    /// # Panics
    /// If `work` does, after all parts have ended.
    pub fn run<P: Send, R: Send>(&self, parts: Vec<P>, work: impl Fn(P) -> R + Sync) -> Vec<R> {
        let workers = self.workers();
        let work = &work;
        let mut results: Vec<_> = parts.iter().map(|_| None).collect();
        let jobs = parts.into_iter().zip(&mut results).map(|(part, result)| -> Job<'_> {
            Box::new(move || *result = Some(catch_unwind(AssertUnwindSafe(|| work(part)))))
        });
        run_jobs(jobs, &workers);
        results.into_iter().flatten().map(|result| result.unwrap_or_else(|panic| resume_unwind(panic))).collect()
    }

    fn workers(&self) -> MutexGuard<'_, Vec<Worker>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs jobs that do not panic: the first one here, and those for which there is no worker.
fn run_jobs<'a>(mut jobs: impl Iterator<Item = Job<'a>>, workers: &[Worker]) {
    let first = jobs.next();
    let mut busy = BusyWorkers(Vec::with_capacity(workers.len()));
    for (worker, job) in workers.iter().zip(&mut jobs) {
        busy.0.push(worker);
        // SAFETY: what the job borrows outlives it, since `busy` waits for its end.
        worker.submit(unsafe { std::mem::transmute::<Job<'a>, Job<'static>>(job) });
    }
    first.into_iter().chain(jobs).for_each(|job| job());
}

/// Workers that have a job; dropping this waits until all are done, also while unwinding.
struct BusyWorkers<'a>(Vec<&'a Worker>);

impl Drop for BusyWorkers<'_> {
    fn drop(&mut self) {
        self.0.iter().for_each(|worker| worker.wait());
    }
}

type Job<'a> = Box<dyn FnOnce() + Send + 'a>;

/// States of a slot: its worker sleeps, spins until there is work, has a job, or is to end.
const PARKED: u8 = 0;
const IDLE: u8 = 1;
const BUSY: u8 = 2;
const EXIT: u8 = 3;

/// What a worker shares with the pool: its state and its job.
#[derive(Default)]
struct Slot {
    state: AtomicU8,
    job: Mutex<Option<Job<'static>>>,
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot").field("state", &self.state).finish_non_exhaustive()
    }
}

impl Slot {
    fn job(&self) -> MutexGuard<'_, Option<Job<'static>>> {
        self.job.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn worker_loop(&self) {
        let mut idle_since = Instant::now();
        loop {
            match self.state.load(Ordering::Acquire) {
                EXIT => return,
                BUSY => {
                    let job = self.job().take();
                    if let Some(job) = job {
                        job();
                    }
                    self.state.store(IDLE, Ordering::Release);
                    idle_since = Instant::now();
                }
                IDLE if idle_since.elapsed() < IDLE_LIMIT => self.spin_while(IDLE),
                IDLE => self.change(IDLE, PARKED),
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

    /// Waits for a moment, or until the state is no longer the given one.
    fn spin_while(&self, state: u8) {
        for _ in 0..SPINS {
            if self.state.load(Ordering::Relaxed) != state {
                return;
            }
            std::hint::spin_loop();
        }
        thread::yield_now();
    }
}

#[derive(Debug)]
struct Worker {
    slot: Arc<Slot>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    fn start() -> io::Result<Self> {
        let slot = Arc::new(Slot::default());
        let own = Arc::clone(&slot);
        let thread = thread::Builder::new().spawn(move || own.worker_loop())?;
        Ok(Worker { slot, thread: Some(thread) })
    }

    fn wake(&self) {
        self.slot.change(PARKED, IDLE);
        self.unpark();
    }

    fn park(&self) {
        self.slot.change(IDLE, PARKED);
    }

    fn unpark(&self) {
        self.thread.iter().for_each(|thread| thread.thread().unpark());
    }

    fn submit(&self, job: Job<'static>) {
        *self.slot.job() = Some(job);
        if self.slot.state.swap(BUSY, Ordering::AcqRel) == PARKED {
            self.unpark();
        }
    }

    /// Returns when the worker has no job.
    fn wait(&self) {
        while self.slot.state.load(Ordering::Acquire) == BUSY {
            self.slot.spin_while(BUSY);
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.slot.state.store(EXIT, Ordering::Release);
        self.unpark();
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_done_once_each_and_in_order() {
        let pool = ThreadPool::default();
        let mut done = vec![0; 7];
        pool.wake(4);
        for n in [1, 3, 7, 2, 0] {
            for _ in 0..100 {
                let parts = done.iter_mut().take(n).enumerate().collect();
                let results = pool.run(parts, |(k, done): (usize, &mut usize)| {
                    *done += 1;
                    10 * k
                });
                assert_eq!(results, (0..n).map(|k| 10 * k).collect::<Vec<_>>());
            }
        }
        assert_eq!(done, [400, 300, 200, 100, 100, 100, 100]);
    }

    #[test]
    fn parked_workers_wake_up() {
        let pool = ThreadPool::default();
        pool.wake(3);
        assert_eq!(pool.size(), 3);
        for _ in 0..3 {
            assert_eq!(pool.run(vec![1, 2, 3], |part| part + 1), [2, 3, 4]);
            thread::sleep(3 * IDLE_LIMIT);
            assert_eq!(pool.run(vec![1, 2, 3], |part| part + 2), [3, 4, 5]);
            pool.park();
        }
    }

    #[test]
    fn a_panic_waits_for_the_others_and_the_pool_goes_on() {
        let pool = ThreadPool::default();
        pool.wake(3);
        for culprit in 0..3 {
            let mut done = vec![false; 3];
            let parts = done.iter_mut().enumerate().collect();
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                pool.run(parts, |(k, done): (usize, &mut bool)| {
                    assert!(k != culprit, "as arranged");
                    *done = true;
                })
            }));
            assert!(outcome.is_err());
            assert_eq!(done, [0, 1, 2].map(|k| k != culprit));
        }
        assert_eq!(pool.run(vec![5, 6], |part| part), [5, 6]);
    }
}
