//! From the dynamical matrix to its vibrations: a solver finds the modes, and their spectrum is summed up.

use super::communicator::all_ok;
use super::memory::require_product_buffers;
use super::modes::{Census, Modes, frequency};
use super::solver::vector_block::Operator;
use super::solver::{Problem, dense, kpm, window};
use super::spectrum::{self, Bands};
use super::translations::Translations;
use super::{Communicator, DynamicalMatrix, Group, Solver, VibrationSettings, Vibrations, report, scale};
use crate::error::Result;

/// Seconds that the dense solver may take before a window is preferred by default.
const PATIENCE: f64 = 600.0;

/// Finds the modes of `matrix` and what follows from them. `matrix` is the same on all ranks, and all ranks call this
/// together. Lines for the log go to `progress`, on all ranks; `group` describes the rows of the matrix.
///
/// # Errors
/// If a setting is out of range, memory does not suffice, a file cannot be written, or modes do not converge. All ranks
/// fail together.
pub fn analyse(
    matrix: DynamicalMatrix,
    group: &Group,
    settings: &VibrationSettings,
    comm: &dyn Communicator,
    progress: &mut dyn FnMut(&str),
) -> Result<Vibrations> {
    settings.check()?;
    group.check(&matrix)?;
    all_ok(comm, require_product_buffers(settings.threads))?;
    let translations = group.masses.map(|masses| Translations::new(masses.iter().copied()));
    let dimension = matrix.dimension();
    let order = (0..matrix.n_atoms() as u32).collect();
    let operator = Operator { matrix: &matrix, translations: translations.as_ref() };
    let settings = &scale::complete(operator, settings, comm, progress)?;
    let problem = Problem { matrix, order, translations, settings, comm };
    let modes = match choose(&problem)? {
        Solver::Kpm => {
            let vibrations = kpm::solve(problem, group, progress)?;
            report::write_table(&vibrations, settings, f64::INFINITY, comm)?;
            return Ok(vibrations);
        }
        Solver::Dense => dense::solve(&problem, progress)?,
        Solver::Window | Solver::Automatic => window::solve(problem, progress)?,
    };
    let vibrations = summarise(&modes, dimension, group, settings, comm, progress)?;
    report::write_table(&vibrations, settings, modes.complete_below - 3.0 * settings.sigma, comm)?;
    if let Some(path) = &settings.modes {
        modes.write(path, group, comm)?;
    }
    Ok(vibrations)
}

/// The solver that is meant; the same on all ranks.
fn choose(problem: &Problem) -> Result<Solver> {
    let &Problem { settings, comm, .. } = problem;
    if settings.solver != Solver::Automatic {
        return Ok(settings.solver);
    }
    let (n, threads) = (problem.matrix.dimension(), settings.threads);
    let fits = dense::bytes(n, threads) <= problem.memory() && dense::seconds(n, threads) <= PATIENCE;
    // The ranks may have different memory; the first would do the work.
    let mut dense = [if comm.rank() == 0 && fits { 1.0 } else { 0.0 }];
    comm.sum(&mut dense)?;
    Ok(if dense[0] > 0.0 { Solver::Dense } else { Solver::Window })
}

/// Fails if the solver asked for can never have its memory for `n_atoms` atoms. [`analyse`] would find out too, but only
/// after the matrix has been made.
///
/// # Errors
/// As said.
pub fn check_memory(n_atoms: usize, settings: &VibrationSettings) -> Result<()> {
    require_product_buffers(settings.threads)?;
    match settings.solver {
        Solver::Dense => dense::require(3 * n_atoms, settings),
        _ => Ok(()),
    }
}

/// The spectrum of `modes` of a matrix of `dimension` rows.
fn summarise(
    modes: &Modes,
    dimension: usize,
    group: &Group,
    settings: &VibrationSettings,
    comm: &dyn Communicator,
    progress: &mut dyn FnMut(&str),
) -> Result<Vibrations> {
    let Census { negative, zero } = modes.census(settings.noise);
    let bands = Bands::new(modes, negative, zero, dimension);
    let frequency_of = |j: usize| modes.eigenvalues.get(j).map_or(0.0, |&value| frequency(value));
    let highest = modes.eigenvalues.last().map_or(0.0, |&value| frequency(value)).max(0.0);
    let end = match settings.fcut {
        Some(fcut) => fcut,
        None if modes.complete_below.is_finite() => modes.complete_below,
        None => highest + 3.0 * settings.sigma,
    };
    let weights = spectrum::type_weights(modes, group, comm)?;
    let vibrations = Vibrations {
        atoms: spectrum::per_atom(modes, &bands, settings, comm, group.ids.len())?,
        table: spectrum::table(modes, &bands, &weights, group, settings, end),
        width: 3 + group.n_types,
        found: modes.eigenvalues.len() + modes.projected,
        zero: zero + modes.projected,
        negative,
        lowest: frequency_of(negative + zero).max(0.0),
        highest,
        residual: modes.residual,
        errors: Vec::new(),
    };
    report::describe(&vibrations, &bands, settings, progress);
    Ok(vibrations)
}
