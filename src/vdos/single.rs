//! The dynamical matrix in single precision: half the memory and half the time, where results are estimates anyway.

use super::communicator::Communicator;
use super::matrix::DynamicalMatrix;
use super::panel::PANEL;
use super::shared::Shared;
use crate::error::Result;
use crate::simd::Simd;

/// One row of a panel: a component of [`PANEL`] vectors.
pub type SingleLanes = [f32; PANEL];

/// A multiple of the matrix, in rows of 3 x 3 blocks.
#[derive(Debug)]
pub struct SingleMatrix {
    offsets: Shared<usize>,
    columns: Shared<u32>,
    blocks: Shared<[f32; 9]>,
    simd: Simd,
}

impl SingleMatrix {
    /// `factor` times `matrix`; row k is its row `order[k]`. All ranks call this together.
    ///
    /// # Errors
    /// If the ranks cannot communicate.
    ///
    /// # Panics
    /// If `order` is not a permutation of the atoms.
    pub fn new(matrix: &DynamicalMatrix, order: &[u32], factor: f64, comm: &dyn Communicator) -> Result<Self> {
        let single = |block: &[f64; 9]| block.map(|entry| (factor * entry) as f32);
        let (offsets, columns, blocks) = matrix.reordered(order, comm, single)?;
        Ok(Self { offsets, columns, blocks, simd: Simd::detect() })
    }

    /// Bytes of one block.
    pub const BYTES_PER_BLOCK: usize = size_of::<[f32; 9]>() + size_of::<u32>();

    /// Rows of atom `i` of the product with the panel `x` of all atoms.
    pub fn row(&self, i: usize, x: &[SingleLanes], y: &mut [SingleLanes; 3]) {
        let range = self.offsets[i]..self.offsets[i + 1];
        self.simd.row_single(&self.columns[range.clone()], &self.blocks[range], x, y);
    }
}
