//! The dynamical matrix in single precision: half the memory and half the time, where results are estimates anyway.

use super::matrix::DynamicalMatrix;
use super::panel::PANEL;
use crate::simd::Simd;

/// One row of a panel: a component of [`PANEL`] vectors.
pub type SingleLanes = [f32; PANEL];

/// A multiple of the matrix, in rows of 3 x 3 blocks.
#[derive(Debug)]
pub struct SingleMatrix {
    offsets: Vec<usize>,
    columns: Vec<u32>,
    blocks: Vec<[f32; 9]>,
    simd: Simd,
}

impl SingleMatrix {
    /// `factor` times `matrix`; row k is its row `order[k]`.
    ///
    /// # Panics
    /// If `order` is not a permutation of the atoms.
    pub fn new(matrix: &DynamicalMatrix, order: &[u32], factor: f64) -> Self {
        let mut place = vec![u32::MAX; order.len()];
        for (k, &i) in order.iter().enumerate() {
            place[i as usize] = k as u32;
        }
        let mut offsets = Vec::with_capacity(order.len() + 1);
        let mut columns = Vec::with_capacity(matrix.n_blocks());
        let mut blocks = Vec::with_capacity(matrix.n_blocks());
        offsets.push(0);
        let mut row: Vec<(u32, &[f64; 9])> = Vec::new();
        for &i in order {
            let (near, entries) = matrix.row(i as usize);
            row.clear();
            row.extend(near.iter().map(|&j| place[j as usize]).zip(entries));
            row.sort_unstable_by_key(|&(j, _)| j);
            columns.extend(row.iter().map(|&(j, _)| j));
            blocks.extend(row.iter().map(|&(_, block)| block.map(|entry| (factor * entry) as f32)));
            offsets.push(columns.len());
        }
        Self { offsets, columns, blocks, simd: Simd::detect() }
    }

    /// Bytes of one block.
    pub const BYTES_PER_BLOCK: usize = size_of::<[f32; 9]>() + size_of::<u32>();

    /// Rows of atom `i` of the product with the panel `x` of all atoms.
    pub fn row(&self, i: usize, x: &[SingleLanes], y: &mut [SingleLanes; 3]) {
        let range = self.offsets[i]..self.offsets[i + 1];
        self.simd.row_single(&self.columns[range.clone()], &self.blocks[range], x, y);
    }
}
