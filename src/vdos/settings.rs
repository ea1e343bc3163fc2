//! What is asked of the solvers, and of what.

use super::DynamicalMatrix;
use crate::error::{Error, Result};
use std::path::PathBuf;

/// Standard deviations in the range of the boson peak at most: each atom has a curve of 30 points for each.
const FINEST: f64 = 1000.0;

/// How modes are found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Solver {
    /// Dense while that fits in memory and takes minutes, else a window.
    #[default]
    Automatic,
    /// All modes.
    Dense,
    /// Every mode below `fcut`.
    Window,
    /// No modes: g(f) from moments.
    Kpm,
}

/// What is asked. Frequencies in 1/time units.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How modes are found.
    pub solver: Solver,
    /// Where the boson peak is looked for: [Flo, Fhi].
    pub range: [f64; 2],
    /// Standard deviation of the Gaussian that broadens each mode.
    pub sigma: f64,
    /// End of the window and of the table; the window's default is Fhi + 3.5 sigma.
    pub fcut: Option<f64>,
    /// Rows of the table.
    pub points: usize,
    /// Threads of this rank.
    pub threads: usize,
    /// Bytes that may be taken; what the machine has free if not given.
    pub memory: Option<f64>,
    /// Error of an eigenvalue, in (rad/time)^2: what is smaller counts as zero.
    pub noise: f64,
    /// Where the table goes.
    pub table: Option<PathBuf>,
    /// Where the modes go.
    pub modes: Option<PathBuf>,
}

impl Default for Settings {
    /// The defaults of `compute vdos/atom` in `units metal`, on one thread.
    fn default() -> Self {
        Self {
            solver: Solver::Automatic,
            range: [0.8, 1.5],
            sigma: 0.15,
            fcut: None,
            points: 500,
            threads: 1,
            memory: None,
            noise: 0.0,
            table: None,
            modes: None,
        }
    }
}

impl Settings {
    /// End of the window.
    #[must_use]
    pub fn window(&self) -> f64 {
        self.fcut.unwrap_or(self.range[1] + 3.5 * self.sigma)
    }

    pub(crate) fn check(&self) -> Result<()> {
        let fail = |text: String| Err(Error::InvalidParameter(text));
        let [low, high] = self.range;
        if !(low > 0.0 && high > low && high.is_finite()) {
            return fail(format!("range {low} {high}: 0 < Flo < Fhi is needed"));
        }
        if !(self.sigma > 0.0 && self.sigma.is_finite()) {
            return fail(format!("sigma {}: it must be positive", self.sigma));
        }
        if high - low > FINEST * self.sigma {
            return fail(format!("sigma {}: at least (Fhi - Flo) / {FINEST} is needed", self.sigma));
        }
        if !(self.window().is_finite() && self.window() > 0.0) {
            return fail(format!("fcut {}: it must be positive", self.window()));
        }
        let least = high + 3.0 * self.sigma;
        if self.solver != Solver::Kpm && self.window() < least * (1.0 - 1e-12) {
            return fail(format!("fcut {}: at least Fhi + 3 sigma = {least} is needed", self.window()));
        }
        if self.solver == Solver::Kpm && self.modes.is_some() {
            return fail("modes: solver kpm finds none: use solver dense or window".into());
        }
        if self.table.is_some() && self.table == self.modes {
            return fail("file and modes: two names are needed".into());
        }
        if self.points == 0 || self.threads == 0 {
            return fail(format!("points {} and threads {}: at least 1 is needed", self.points, self.threads));
        }
        if !(self.noise >= 0.0 && self.noise.is_finite()) {
            return fail(format!("noise {}: it must not be negative", self.noise));
        }
        Ok(())
    }
}

/// The atoms of a matrix, one element a block row.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// Atom IDs.
    pub ids: &'a [i64],
    /// Types, 1 .. `n_types`.
    pub types: &'a [i32],
    /// Number of atom types.
    pub n_types: usize,
    /// Masses in any unit, if no atom is held fixed: the three translations, which then cost no energy, are projected out.
    pub masses: Option<&'a [f64]>,
}

impl Sample<'_> {
    pub(super) fn check(&self, matrix: &DynamicalMatrix) -> Result<()> {
        let n = matrix.n_atoms();
        let fail = |text: &str| Err(Error::InvalidParameter(text.into()));
        if n == 0 {
            return fail("the group has no atoms");
        }
        if self.ids.len() != n || self.types.len() != n || self.masses.is_some_and(|masses| masses.len() != n) {
            return fail("IDs, types or masses are not as many as rows of the dynamical matrix");
        }
        if !self.types.iter().all(|&t| (1..=self.n_types).contains(&(t as usize))) {
            return fail("a type is outside 1 .. n_types");
        }
        if self.masses.is_some_and(|masses| masses.iter().any(|&m| !(m > 0.0 && m.is_finite()))) {
            return fail("a mass is not positive");
        }
        Ok(())
    }
}
