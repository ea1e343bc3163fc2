//! One evaluation: the Hessian of a configuration, then what its modes come to.

use super::archive::{self, Rows};
use super::communicator::all_ok;
use super::hessian::{self, Configuration, DifferenceSettings, Forces};
use super::{
    Communicator, DynamicalMatrix, Group, VibrationSettings, Vibrations, analyse, available_memory, check_files,
    check_memory,
};
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
    let memory =
        || least(comm, available_memory(settings.processes_per_node, settings.threads).unwrap_or(f64::INFINITY));
    let mut settings = VibrationSettings { memory: Some(memory()?), ..settings.clone() };
    all_ok(comm, check_memory(members.len(), &settings))?;
    check_files(&settings, comm)?;
    let measured = measure(configuration, differences, forces, comm, log)?;
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

/// What all ranks know of the Hessian.
struct Measured {
    matrix: DynamicalMatrix,
    asymmetry: f64,
    noise: f64,
    evaluations: u64,
}

/// The first rank plans the displacements and finds the Hessian, which takes memory, the others help it with the forces;
/// then all get it, one copy a machine.
fn measure(
    configuration: &Configuration,
    differences: &DifferenceSettings,
    forces: &mut dyn Forces,
    comm: &dyn Communicator,
    log: &mut dyn FnMut(&str),
) -> Result<Measured> {
    let own = if comm.rank() == 0 {
        let memory = available_memory(1, differences.threads).unwrap_or(f64::INFINITY);
        let mut leader = Leader { forces, failed: false };
        hessian::measure(configuration, &DifferenceSettings { memory, ..*differences }, &mut leader, log).map(Some)
    } else {
        forces.follow().map(|()| None)
    };
    // Where the caller has failed the ranks may not be at the same place any more.
    let own = if let Err(Error::Caller) = own { own? } else { all_ok(comm, own)? };
    let mut numbers = own.as_ref().map_or([0.0; 3], |own| [own.asymmetry, own.noise, own.evaluations as f64]);
    comm.sum(&mut numbers)?;
    let [asymmetry, noise, evaluations] = numbers;
    let matrix = DynamicalMatrix::share(own.map(|own| own.matrix), comm)?;
    Ok(Measured { matrix, asymmetry, noise, evaluations: evaluations as u64 })
}

/// The forces on the first rank; lets the other ranks go when it is done, whatever the reason.
struct Leader<'a> {
    forces: &'a mut dyn Forces,
    failed: bool,
}

impl Forces for Leader<'_> {
    fn evaluate(&mut self, moved: &[u32], to: &[[f64; 3]], forces: &mut [[f64; 3]]) -> Result<()> {
        let result = self.forces.evaluate(moved, to, forces);
        self.failed = result.is_err();
        result
    }
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        if !self.failed {
            // An error would come again with the next message to the others.
            let _ = self.forces.finish();
        }
    }
}

/// The least of the values of all ranks: what depends on it is decided alike everywhere.
fn least(comm: &dyn Communicator, value: f64) -> Result<f64> {
    let mut values = vec![0.0; comm.size()];
    values[comm.rank()] = value;
    comm.sum(&mut values)?;
    Ok(values.into_iter().fold(f64::INFINITY, f64::min))
}
