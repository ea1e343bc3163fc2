//! What a solver works on.

use super::vector_block::Operator;
use crate::error::Result;
use crate::vdos::matrix::DynamicalMatrix;
use crate::vdos::memory::{available, require};
use crate::vdos::translations::{AXES, Translations};
use crate::vdos::{Communicator, VibrationSettings};

/// What a solver works on.
pub struct Problem<'a> {
    /// The matrix.
    pub matrix: DynamicalMatrix,
    /// Row k of the matrix is atom `order[k]` of the caller.
    pub order: Vec<u32>,
    /// What is projected out, in the order of the matrix.
    pub translations: Option<Translations>,
    /// What is asked.
    pub settings: &'a VibrationSettings,
    /// The ranks.
    pub comm: &'a dyn Communicator,
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

    /// Puts row `order[k]` of the matrix into row k. All ranks call this together.
    ///
    /// # Errors
    /// If the ranks cannot communicate.
    pub fn reorder(&mut self, order: &[u32]) -> Result<()> {
        self.matrix = self.matrix.permuted(order, self.comm)?;
        self.translations = self.translations.as_ref().map(|translations| translations.permuted(order));
        self.order = order.iter().map(|&k| self.order[k as usize]).collect();
        Ok(())
    }

    /// Bytes that may be taken.
    pub fn memory(&self) -> f64 {
        memory(self.settings)
    }

    /// Fails if `bytes` are more than there are; `hint` says what needs less.
    pub fn require(&self, solver: &'static str, bytes: f64, hint: &'static str) -> Result<()> {
        require(solver, bytes, self.memory(), hint)
    }
}

/// Bytes that may be taken.
pub fn memory(settings: &VibrationSettings) -> f64 {
    settings.memory.or_else(|| available(settings.processes_per_node, settings.threads)).unwrap_or(f64::INFINITY)
}
