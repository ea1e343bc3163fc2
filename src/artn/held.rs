//! Atoms that stay where they are: a search knows the others only.

use super::engine::Engine;
use super::frame::Frame;
use super::linalg::{embed, extract};
use super::sample::Sample;
use crate::error::{Error, Result};

/// Which atoms of a sample are free, and where all of them are.
#[derive(Debug, Clone)]
pub struct Held {
    free: Vec<u32>,
    /// Shape (N, 3).
    positions: Vec<f64>,
}

impl Held {
    /// The atoms of `sample` with the indices `held` (ascending) stay where they are.
    ///
    /// # Errors
    /// `InvalidParameter` if none is left.
    pub fn new(sample: &Sample, held: &[u32]) -> Result<Self> {
        let free: Vec<u32> = (0..sample.ids.len() as u32).filter(|atom| held.binary_search(atom).is_err()).collect();
        if free.is_empty() {
            return Err(Error::InvalidParameter("all atoms are held".into()));
        }
        Ok(Held { free, positions: sample.positions.clone() })
    }

    /// The free atoms of `sample`.
    #[must_use]
    pub fn sample(&self, sample: &Sample) -> Sample {
        Sample {
            ids: self.free.iter().map(|&k| sample.ids[k as usize]).collect(),
            types: self.free.iter().map(|&k| sample.types[k as usize]).collect(),
            positions: self.narrow(&sample.positions),
            cell: sample.cell,
        }
    }

    /// Their frame, from that of all atoms.
    #[must_use]
    pub fn frame(&self, frame: &Frame) -> Frame {
        frame.of_atoms(&self.free)
    }

    /// The free part of `all`, shape (N, 3).
    #[must_use]
    pub fn narrow(&self, all: &[f64]) -> Vec<f64> {
        extract(all, &self.free)
    }

    /// Positions of all atoms, the free ones at `x`.
    #[must_use]
    pub fn widen(&self, x: &[f64]) -> Vec<f64> {
        let mut all = self.positions.clone();
        embed(x, &self.free, &mut all);
        all
    }

    /// Index among the free atoms of the atom with the index `atom`, which must be one.
    #[must_use]
    pub fn place(&self, atom: usize) -> usize {
        self.free.partition_point(|&other| (other as usize) < atom)
    }

    /// An engine for the free atoms.
    pub fn engine<'a>(&'a self, all: &'a mut dyn Engine) -> impl Engine + 'a {
        FreeEngine { held: self, all }
    }
}

struct FreeEngine<'a> {
    held: &'a Held,
    all: &'a mut dyn Engine,
}

impl Engine for FreeEngine<'_> {
    fn select(&mut self, atoms: &[u32], reference: &[f64]) -> Result<()> {
        let atoms: Vec<u32> = atoms.iter().map(|&atom| self.held.free[atom as usize]).collect();
        self.all.select(&atoms, &self.held.widen(reference))
    }

    fn evaluate(&mut self, x: &[f64], forces: &mut [f64]) -> Result<f64> {
        self.all.evaluate(x, forces)
    }

    fn evaluate_forces(&mut self, x: &[f64], forces: &mut [f64]) -> Result<()> {
        self.all.evaluate_forces(x, forces)
    }
}
