//! What a search asks of whoever computes energies and forces.

use crate::error::Result;

/// Energies and forces of a system of N atoms in canonical order (indices 0..N, the same order throughout a run).
///
/// Positions are unwrapped: the engine maps them into its box. Calls come one at a time, and every evaluation is counted
/// by the search.
pub trait Engine {
    /// From now on the atoms with these indices (ascending) may move, and every other one rests at `reference`.
    ///
    /// Forces on `atoms` must then be exact. Energies must be exact up to a constant, and absolute when `atoms` are all
    /// atoms. The same atoms and reference must give the same evaluations to the last bit, whatever was selected before.
    ///
    /// - `atoms`: indices in 0..N, ascending, without repetition
    /// - `reference`: positions of all atoms, shape (N, 3), distance units
    ///
    /// # Errors
    /// Any; they end the run.
    fn select(&mut self, atoms: &[u32], reference: &[f64]) -> Result<()>;

    /// Energy (energy units) at positions `x`, shape (selected, 3), and into `forces`, same shape (energy/distance), the
    /// forces on the selected atoms.
    ///
    /// # Errors
    /// [`Error::ForcesNotFinite`](crate::Error::ForcesNotFinite) makes the attempt fail; every other error ends the run.
    fn evaluate(&mut self, x: &[f64], forces: &mut [f64]) -> Result<f64>;

    /// The forces of `evaluate` alone: half of the evaluations of a search are differences of forces, and they are cheaper
    /// without the energy.
    ///
    /// # Errors
    /// As those of `evaluate`.
    fn evaluate_forces(&mut self, x: &[f64], forces: &mut [f64]) -> Result<()> {
        self.evaluate(x, forces).map(|_| ())
    }
}
