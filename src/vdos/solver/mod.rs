//! Ways to find modes.

pub mod chebyshev;
pub mod dense;
pub mod ensemble;
pub mod kpm;
pub mod random;
pub mod ritz;
pub mod window;

use super::memory::{available, require};
use super::{Peers, Settings, Solver};
use crate::error::Result;

use super::matrix::DynamicalMatrix;
use super::translations::{AXES, Translations};
use ensemble::Operator;

/// Seconds that the dense solver may take before a window is preferred by default.
const PATIENCE: f64 = 600.0;

/// What a solver works on.
pub struct Problem<'a> {
    /// The matrix.
    pub matrix: DynamicalMatrix,
    /// Row k of the matrix is atom `order[k]` of the caller.
    pub order: Vec<u32>,
    /// What is projected out, in the order of the matrix.
    pub translations: Option<Translations>,
    /// What is asked.
    pub settings: &'a Settings,
    /// The ranks.
    pub peers: &'a dyn Peers,
}

impl Problem<'_> {
    /// The matrix without what is projected out.
    pub fn operator(&self) -> Operator<'_> {
        Operator { matrix: &self.matrix, translations: self.translations.as_ref() }
    }

    /// Number of modes that are projected out.
    pub fn projected(&self) -> usize {
        if self.translations.is_some() { AXES } else { 0 }
    }

    /// Puts row `order[k]` of the matrix into row k.
    pub fn reorder(&mut self, order: &[u32]) {
        self.matrix = self.matrix.permuted(order);
        self.translations = self.translations.as_ref().map(|translations| translations.permuted(order));
        self.order = order.iter().map(|&k| self.order[k as usize]).collect();
    }

    /// The solver that is meant; the same on all ranks.
    pub fn choose(&self) -> Result<Solver> {
        if self.settings.solver != Solver::Automatic {
            return Ok(self.settings.solver);
        }
        let (n, threads) = (self.matrix.dimension(), self.settings.threads);
        let fits = dense::bytes(n, threads) <= self.memory() && dense::seconds(n, threads) <= PATIENCE;
        // The ranks may have different memory; the first would do the work.
        let mut dense = [if self.peers.rank() == 0 && fits { 1.0 } else { 0.0 }];
        self.peers.sum(&mut dense)?;
        Ok(if dense[0] > 0.0 { Solver::Dense } else { Solver::Window })
    }

    /// Bytes that may be taken.
    pub fn memory(&self) -> f64 {
        memory(self.settings)
    }

    /// Fails if `bytes` are more than there are; `cure` says what needs less.
    pub fn require(&self, solver: &'static str, bytes: f64, cure: &'static str) -> Result<()> {
        require(solver, bytes, self.memory(), cure)
    }
}

fn memory(settings: &Settings) -> f64 {
    settings.memory.or_else(available).unwrap_or(f64::INFINITY)
}
