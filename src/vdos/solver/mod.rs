//! Ways to find modes.

pub mod dense;
pub mod ensemble;

use super::memory::{available, gigabytes};
use super::{Peers, Settings};
use crate::error::{Error, Result};

use super::matrix::DynamicalMatrix;
use super::translations::Translations;

/// What a solver works on.
pub struct Problem<'a> {
    /// Rows in the order of the caller.
    pub matrix: DynamicalMatrix,
    /// What is projected out.
    pub translations: Option<Translations>,
    /// What is asked.
    pub settings: &'a Settings,
    /// The ranks.
    pub peers: &'a dyn Peers,
}

impl Problem<'_> {
    /// Bytes that may be taken.
    pub fn memory(&self) -> f64 {
        self.settings.memory.or_else(available).unwrap_or(f64::INFINITY)
    }

    /// Fails if `bytes` are more than there are; `cure` says what needs less.
    pub fn require(&self, solver: &str, bytes: f64, cure: &str) -> Result<()> {
        let memory = self.memory();
        if bytes <= memory {
            return Ok(());
        }
        let (needed, free) = (gigabytes(bytes), gigabytes(memory));
        Err(Error::Unsolved(format!("solver {solver} needs {needed} of memory, {free} are free: {cure}")))
    }
}
