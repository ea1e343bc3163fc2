//! What is asked of the solvers, and of what.

use super::DynamicalMatrix;
use crate::error::{Error, Result};
use std::path::PathBuf;

/// Standard deviations in the range of the boson peak at most: each atom has a curve of 30 points for each.
const FINEST: f64 = 1000.0;

/// Fewer random vectors say too little about their spread.
const LEAST_VECTORS: usize = 8;
/// Below this relative error all modes cost less.
const LEAST_ERROR: f64 = 1e-3;

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
    /// No modes: g(f) from moments, and estimates for each atom.
    Kpm,
}

/// What is asked. Frequencies in 1/time units.
#[derive(Debug, Clone)]
pub struct VibrationSettings {
    /// How modes are found.
    pub solver: Solver,
    /// Where the boson peak is looked for: [Flo, Fhi].
    pub range: [f64; 2],
    /// Whether the range is to be found from the spectrum.
    pub range_auto: bool,
    /// Standard deviation of the Gaussian that broadens each mode.
    pub sigma: f64,
    /// Whether sigma is to be found from the highest frequency.
    pub sigma_auto: bool,
    /// End of the window and of the table; the window's default is Fhi + 3.5 sigma.
    pub fcut: Option<f64>,
    /// Rows of the table.
    pub points: usize,
    /// Random vectors of [`Solver::Kpm`], if their number is given.
    pub vectors: Option<usize>,
    /// Relative standard error of J wanted of [`Solver::Kpm`], if given.
    pub error: Option<f64>,
    /// Threads of this rank.
    pub threads: usize,
    /// Bytes that may be taken; what the machine has free if not given.
    pub memory: Option<f64>,
    /// Processes that share the memory of this machine.
    pub processes_per_node: usize,
    /// Error of an eigenvalue, in (rad/time)^2: what is smaller counts as zero.
    pub noise: f64,
    /// Where the table goes.
    pub table: Option<PathBuf>,
    /// Where the modes go.
    pub modes: Option<PathBuf>,
    /// Where the matrix goes.
    pub hessian: Option<PathBuf>,
}

impl Default for VibrationSettings {
    /// The defaults of `compute vdos/atom` in `units metal`, on one thread.
    fn default() -> Self {
        Self {
            solver: Solver::Automatic,
            range: [0.8, 1.5],
            range_auto: false,
            sigma: 0.15,
            sigma_auto: false,
            fcut: None,
            points: 500,
            vectors: None,
            error: None,
            threads: 1,
            memory: None,
            processes_per_node: 1,
            noise: 0.0,
            table: None,
            modes: None,
            hessian: None,
        }
    }
}

impl VibrationSettings {
    /// End of the window.
    #[must_use]
    pub fn window(&self) -> f64 {
        self.fcut.unwrap_or(self.range[1] + 3.5 * self.sigma)
    }

    pub(crate) fn check(&self) -> Result<()> {
        let fail = |text: String| Err(Error::InvalidParameter(text));
        let [low, high] = self.range;
        if !(self.range_auto || low > 0.0 && high > low && high.is_finite()) {
            return fail(format!("range {low} {high}: 0 < Flo < Fhi is needed"));
        }
        if !(self.sigma_auto || self.sigma > 0.0 && self.sigma.is_finite()) {
            return fail(format!("sigma {}: it must be positive", self.sigma));
        }
        let known = !self.range_auto && !self.sigma_auto;
        if known && high - low > FINEST * self.sigma {
            return fail(format!("sigma {}: at least (Fhi - Flo) / {FINEST} is needed", self.sigma));
        }
        if !(self.window().is_finite() && self.window() > 0.0) {
            return fail(format!("fcut {}: it must be positive", self.window()));
        }
        let least = high + 3.0 * self.sigma;
        if known && self.solver != Solver::Kpm && self.window() < least * (1.0 - 1e-12) {
            return fail(format!("fcut {}: at least Fhi + 3 sigma = {least} is needed", self.window()));
        }
        if self.solver == Solver::Kpm && self.modes.is_some() {
            return fail("modes: solver kpm finds none: use solver dense or window".into());
        }
        if self.solver != Solver::Kpm && (self.vectors.is_some() || self.error.is_some()) {
            return fail("vectors and error: only solver kpm has random vectors: use solver kpm".into());
        }
        if self.vectors.is_some() && self.error.is_some() {
            return fail("vectors and error: give one of them".into());
        }
        if let Some(vectors) = self.vectors.filter(|&vectors| vectors < LEAST_VECTORS) {
            return fail(format!("vectors {vectors}: at least {LEAST_VECTORS} are needed for a standard error"));
        }
        if let Some(error) = self.error.filter(|&error| !(LEAST_ERROR..=1.0).contains(&error)) {
            return fail(format!("error {error}: use a number from {LEAST_ERROR} to 1"));
        }
        let files = [("file", &self.table), ("modes", &self.modes), ("hessian", &self.hessian)];
        for (k, (first, path)) in files.iter().enumerate() {
            if let Some((second, _)) = files[..k].iter().find(|(_, other)| path.is_some() && other == path) {
                return fail(format!("{second} and {first}: two names are needed"));
            }
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
pub struct Group<'a> {
    /// Atom IDs.
    pub ids: &'a [i64],
    /// Types, 1 .. `n_types`.
    pub types: &'a [i32],
    /// Number of atom types.
    pub n_types: usize,
    /// Masses in any unit, if no atom is held fixed: the three translations, which then cost no energy, are projected out.
    pub masses: Option<&'a [f64]>,
}

impl Group<'_> {
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
