//! One evaluation: the Hessian of a configuration, then what its modes come to.

use super::archive::{self, Rows};
use super::communicator::all_ok;
use super::hessian::{self, Configuration, DifferenceSettings, Forces};
use super::{Communicator, Group, VibrationSettings, Vibrations, analyse, available_memory, check_files, check_memory};
use crate::error::{Error, Result};

/// What an evaluation finds; the same on all ranks.
#[derive(Debug, Clone, Default)]
pub struct Evaluation {
    /// Spectrum and per-atom results.
    pub vibrations: Vibrations,
    /// Largest entry of |H - H^T| over the largest of |H|.
    pub asymmetry: f64,
    /// Evaluations of the forces.
    pub evaluations: u64,
}

/// What LAMMPS knows of an atom, beside its position. Shapes: all atoms of the configuration.
#[derive(Debug, Clone, Copy)]
pub struct Labels<'a> {
    /// Atom IDs.
    pub ids: &'a [i64],
    /// Number of atom types.
    pub n_types: usize,
}

/// Measures the Hessian of `configuration` and finds its vibrations; `memory` and `noise` of the settings are found here.
/// All ranks call this together.
///
/// # Errors
/// Those of [`hessian::measure`] and [`analyse`].
pub fn evaluate(
    configuration: &Configuration,
    labels: Labels,
    settings: &VibrationSettings,
    differences: &DifferenceSettings,
    forces: &mut dyn Forces,
    comm: &dyn Communicator,
    log: &mut dyn FnMut(&str),
) -> Result<Evaluation> {
    let members = configuration.members;
    let memory = || least(comm, available_memory(settings.processes_per_node).unwrap_or(f64::INFINITY));
    let mut settings = VibrationSettings { memory: Some(memory()?), ..settings.clone() };
    check_memory(members.len(), &settings)?;
    check_files(&settings, comm)?;
    let differences = DifferenceSettings { memory: settings.memory.unwrap_or(f64::INFINITY), ..*differences };
    let measured = hessian::measure(configuration, &differences, forces, log)?;
    settings.memory = Some(memory()?);
    settings.noise = measured.noise;
    let ids: Vec<i64> = members.iter().map(|&k| labels.ids[k as usize]).collect();
    let types: Vec<i32> = members.iter().map(|&k| configuration.types[k as usize]).collect();
    let masses: Vec<f64> = members.iter().map(|&k| configuration.masses[k as usize]).collect();
    if let Some(path) = &settings.hessian {
        let rows = Rows { ids: &ids, types: &types, masses: &masses, acceleration: differences.acceleration };
        let written = if comm.rank() == 0 { archive::write(path, &measured.matrix, &rows) } else { Ok(()) };
        all_ok(comm, written.map_err(|error| Error::file("write", path, &error)))?;
    }
    let free = members.len() == configuration.positions.len();
    let group = Group { ids: &ids, types: &types, n_types: labels.n_types, masses: free.then_some(&masses) };
    let vibrations = analyse(measured.matrix, &group, &settings, comm, log)?;
    Ok(Evaluation { vibrations, asymmetry: measured.asymmetry, evaluations: measured.evaluations })
}

/// The least of the values of all ranks: what depends on it is decided alike everywhere.
fn least(comm: &dyn Communicator, value: f64) -> Result<f64> {
    let mut values = vec![0.0; comm.size()];
    values[comm.rank()] = value;
    comm.sum(&mut values)?;
    Ok(values.into_iter().fold(f64::INFINITY, f64::min))
}
