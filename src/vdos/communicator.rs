//! The ranks that work on one matrix together.

use crate::error::{Error, Result};
use std::ops::Range;

/// Ranks that call [`analyse`](super::analyse) together.
pub trait Communicator {
    /// Index of this rank.
    fn rank(&self) -> usize;

    /// Number of ranks.
    fn size(&self) -> usize;

    /// The lowest of the ranks that share the memory of this machine.
    fn node(&self) -> usize {
        self.rank()
    }

    /// Replaces `values` by the sum over all ranks, with the same bits on each. All ranks call it with the same length.
    ///
    /// # Errors
    /// If the ranks cannot communicate.
    fn sum(&self, values: &mut [f64]) -> Result<()>;
}

/// A single rank.
#[derive(Debug, Clone, Copy)]
pub struct Serial;

impl Communicator for Serial {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn sum(&self, _values: &mut [f64]) -> Result<()> {
        Ok(())
    }
}

/// The share of this rank in `n` items, all shares in the order of the ranks.
pub(super) fn share(comm: &dyn Communicator, n: usize) -> Range<usize> {
    let cut = |rank: usize| rank * n / comm.size();
    cut(comm.rank())..cut(comm.rank() + 1)
}

/// Fails on all ranks if `result` is an error on one of them, with its own text where there is one.
pub(super) fn all_ok<T>(comm: &dyn Communicator, result: Result<T>) -> Result<T> {
    let mut failures = [f64::from(u8::from(result.is_err()))];
    comm.sum(&mut failures)?;
    match result {
        Ok(_) if failures[0] > 0.0 => Err(Error::Unsolved("another rank failed".into())),
        result => result,
    }
}
