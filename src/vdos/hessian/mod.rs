//! The Hessian of a configuration by central differences of forces, with as few evaluations as its sparsity and symmetry
//! allow.
//!
//! [`reach`] finds out how far a displacement is felt, [`graph`] which atoms that concerns, [`colouring`] which atoms can be
//! displaced together, [`recovery`] the blocks from the measured forces; [`measure`] joins them.

pub mod colouring;
pub mod graph;
mod measure;
pub mod reach;
pub mod recovery;
mod response;

pub use measure::{DifferenceSettings, Hessian, measure};

use crate::error::Result;
use crate::geometry::SimulationBox;

/// Where the forces come from.
pub trait Forces {
    /// Forces on the members of the group when the atoms `moved` are at the positions `to` and all others where they were.
    /// Shapes: `moved`, `to` [any], `forces` [members]. Atoms are named by their index in [`Configuration::positions`].
    ///
    /// # Errors
    /// If the forces cannot be evaluated.
    fn evaluate(&mut self, moved: &[u32], to: &[[f64; 3]], forces: &mut [[f64; 3]]) -> Result<()>;

    /// On the first of several ranks, which alone calls [`Self::evaluate`]: ends [`Self::follow`] of the others.
    ///
    /// # Errors
    /// If the ranks cannot communicate.
    fn finish(&mut self) -> Result<()> {
        Ok(())
    }

    /// On the other ranks: takes part in the evaluations of the first one until that calls [`Self::finish`].
    ///
    /// # Errors
    /// If the forces cannot be evaluated.
    fn follow(&mut self) -> Result<()> {
        Ok(())
    }
}

/// A configuration. Atoms are in ascending order of their IDs.
#[derive(Debug, Clone, Copy)]
pub struct Configuration<'a> {
    /// Positions of all atoms (distance units); periodic images do not matter.
    pub positions: &'a [[f64; 3]],
    /// Types of all atoms.
    pub types: &'a [i32],
    /// Masses of all atoms (mass units).
    pub masses: &'a [f64],
    /// The atoms that vibrate, ascending indices; all others are fixed.
    pub members: &'a [u32],
    /// The box.
    pub cell: &'a SimulationBox,
}

impl Configuration<'_> {
    /// Distance between the nearest images of two atoms.
    fn distance(&self, i: u32, j: u32) -> f64 {
        self.cell.distance(&self.positions[i as usize], &self.positions[j as usize])
    }
}
