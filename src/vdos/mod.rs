//! Vibrations of a configuration: the modes of its dynamical matrix, their spectrum, and the boson peak of every atom.
//!
//! Frequencies are f = sqrt(lambda) / 2 pi in 1/time units, negative for lambda < 0, where lambda is an eigenvalue of the
//! mass-weighted Hessian in (rad/time)^2. N is the number of atoms of the matrix.

mod algebra;
pub mod hessian;
mod kernel;
mod matrix;
mod memory;
mod modes;
mod order;
mod peers;
mod progress;
mod report;
mod settings;
mod solver;
mod spectrum;
mod translations;

pub use matrix::{DynamicalMatrix, Lanes, PANEL};
pub use memory::available as available_memory;
pub use order::bisection;
pub use peers::{Alone, Peers};
pub use report::check_files;
pub use settings::{Sample, Settings, Solver};

use crate::error::Result;
use modes::{Census, Modes, frequency};
use solver::{Problem, dense, kpm, window};
use spectrum::Bands;
use translations::Translations;

/// Per-atom columns of an [`Outcome`].
pub const COLUMNS: usize = 4;

/// What the vibrations of a configuration come to; the same on all ranks.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// For each atom: I_BP, J, the frequency of the maximum, and the participation in the lowest 1 % of the modes.
    pub atoms: Vec<[f64; COLUMNS]>,
    /// Rows of `width` numbers: f, g, g / f^2, then g of each type. Zeros where g is not known.
    pub table: Vec<f64>,
    /// Numbers in a row of the table: 3 + types.
    pub width: usize,
    /// Modes found: zero and negative ones included, projected translations too. 0 for [`Solver::Kpm`].
    pub found: usize,
    /// Modes with an eigenvalue that is zero within the noise, projected translations included.
    pub zero: usize,
    /// Modes with a negative eigenvalue.
    pub negative: usize,
    /// Lowest positive frequency; 0 if none was found.
    pub lowest: f64,
    /// Highest frequency found (for [`Solver::Kpm`]: an upper bound).
    pub highest: f64,
    /// Largest residual of a mode, as a frequency: how far the mode can be from an exact one.
    pub residual: f64,
    /// Standard error of g in each row of the table, where g is an estimate ([`Solver::Kpm`]); else empty.
    pub errors: Vec<f64>,
}

/// Finds the modes of `matrix` and what follows from them. `matrix` is the same on all ranks, and all ranks call this
/// together. Lines for the log go to `progress`, on all ranks; `sample` describes the rows of the matrix.
///
/// # Errors
/// If a setting is out of range, memory does not suffice, a file cannot be written, or modes do not converge. All ranks
/// fail together.
pub fn analyse(
    matrix: DynamicalMatrix,
    sample: &Sample,
    settings: &Settings,
    peers: &dyn Peers,
    progress: &mut dyn FnMut(&str),
) -> Result<Outcome> {
    settings.check()?;
    sample.check(&matrix)?;
    let translations = sample.masses.map(|masses| Translations::new(masses.iter().copied()));
    let dimension = matrix.dimension();
    let order = (0..matrix.n_atoms() as u32).collect();
    let problem = Problem { matrix, order, translations, settings, peers };
    let modes = match problem.choose()? {
        Solver::Kpm => {
            let outcome = kpm::solve(problem, sample, progress)?;
            report::write_table(&outcome, settings, f64::INFINITY, peers)?;
            return Ok(outcome);
        }
        Solver::Dense => dense::solve(&problem, progress)?,
        Solver::Window | Solver::Automatic => window::solve(problem, progress)?,
    };
    let outcome = summarise(&modes, dimension, sample, settings, peers, progress)?;
    report::write_table(&outcome, settings, modes.complete_below - 3.0 * settings.sigma, peers)?;
    if let Some(path) = &settings.modes {
        modes.write(path, sample, peers)?;
    }
    Ok(outcome)
}

/// Fails if the solver asked for can never have its memory for `n_atoms` atoms. [`analyse`] would find out too, but only
/// after the matrix has been made.
///
/// # Errors
/// As said.
pub fn check_memory(n_atoms: usize, settings: &Settings) -> Result<()> {
    match settings.solver {
        Solver::Dense => dense::require(3 * n_atoms, settings),
        _ => Ok(()),
    }
}

/// The spectrum of `modes` of a matrix of `dimension` rows.
fn summarise(
    modes: &Modes,
    dimension: usize,
    sample: &Sample,
    settings: &Settings,
    peers: &dyn Peers,
    progress: &mut dyn FnMut(&str),
) -> Result<Outcome> {
    let Census { negative, zero } = modes.census(settings.noise);
    let bands = Bands::new(modes, negative, zero, dimension);
    let frequency_of = |j: usize| modes.eigenvalues.get(j).map_or(0.0, |&value| frequency(value));
    let highest = modes.eigenvalues.last().map_or(0.0, |&value| frequency(value)).max(0.0);
    let end = match settings.fcut {
        Some(fcut) => fcut,
        None if modes.complete_below.is_finite() => modes.complete_below,
        None => highest + 3.0 * settings.sigma,
    };
    let weights = spectrum::type_weights(modes, sample, peers)?;
    let outcome = Outcome {
        atoms: spectrum::per_atom(modes, &bands, settings, peers, sample.ids.len())?,
        table: spectrum::table(modes, &bands, &weights, sample, settings, end),
        width: 3 + sample.n_types,
        found: modes.eigenvalues.len() + modes.projected,
        zero: zero + modes.projected,
        negative,
        lowest: frequency_of(negative + zero).max(0.0),
        highest,
        residual: modes.residual,
        errors: Vec::new(),
    };
    report::describe(&outcome, &bands, settings, progress);
    Ok(outcome)
}
