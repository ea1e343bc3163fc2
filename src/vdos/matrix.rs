//! The dynamical matrix of a configuration as sparse rows of 3 x 3 blocks.

use super::communicator::Communicator;
use super::panel::{Lanes, PANEL};
use super::shared::{Plain, Shared};
use crate::error::{Error, Result};
use crate::simd::Simd;

/// A symmetric matrix of n = 3 N rows in rows of 3 x 3 blocks, one block row an atom. Both triangles are stored.
///
/// Block (i, j) is -dF_i / dx_j / sqrt(m_i m_j), in (rad / time)^2; rows are the atoms of the group in ascending ID order.
/// The ranks of a machine can hold one copy together.
#[derive(Debug, Clone)]
pub struct DynamicalMatrix {
    offsets: Shared<usize>,
    columns: Shared<u32>,
    blocks: Shared<[f64; 9]>,
    simd: Simd,
}

/// Blocks that are sent to other machines at a time.
const SENT: usize = 1 << 16;

impl DynamicalMatrix {
    /// Takes the blocks `offsets[i]..offsets[i + 1]` of each atom i: `columns` ascends within a row, `blocks` are row-major.
    /// Shapes: `offsets` [N + 1], the others [`offsets[N]`].
    ///
    /// # Errors
    /// If the shapes or columns are not as said, an entry is not finite, or block (j, i) is not the transpose of (i, j) to
    /// the bit (symmetrise first: a solver sees only what both triangles agree on).
    pub fn new(offsets: Vec<usize>, columns: Vec<u32>, blocks: Vec<[f64; 9]>) -> Result<Self> {
        let (offsets, columns, blocks) = (Shared::Own(offsets), Shared::Own(columns), Shared::Own(blocks));
        let matrix = Self { offsets, columns, blocks, simd: Simd::detect() };
        matrix.check().map_err(|what| Error::InvalidParameter(format!("the dynamical matrix {what}")))?;
        Ok(matrix)
    }

    /// Gives all ranks the matrix of the first one, in one copy a machine. All ranks call this together; only the first
    /// one has a matrix.
    ///
    /// # Errors
    /// If the ranks cannot communicate.
    pub fn share(own: Option<Self>, comm: &dyn Communicator) -> Result<Self> {
        let (offsets, columns, blocks, simd) = match own {
            Some(own) if comm.size() == 1 => return Ok(own),
            Some(own) => (Some(own.offsets), Some(own.columns), Some(own.blocks), own.simd),
            None => (None, None, None, Simd::detect()),
        };
        let offsets = spread(offsets.as_ref(), comm, |value| [*value as f64], |[value]| value as usize)?;
        let columns = spread(columns.as_ref(), comm, |value| [f64::from(*value)], |[value]| value as u32)?;
        let blocks = spread(blocks.as_ref(), comm, |block| *block, |block| block)?;
        Ok(Self { offsets, columns, blocks, simd })
    }

    fn check(&self) -> std::result::Result<(), String> {
        let total = self.columns.len();
        let shaped = self.offsets.first() == Some(&0)
            && self.offsets.last() == Some(&total)
            && self.blocks.len() == total
            && self.offsets.is_sorted();
        if !shaped {
            return Err("has offsets that do not fit its blocks".into());
        }
        if u32::try_from(self.n_atoms()).is_err() {
            return Err("has more rows than a 32-bit index holds".into());
        }
        for i in 0..self.n_atoms() {
            let (columns, blocks) = self.row(i);
            if !columns.is_sorted_by(|a, b| a < b) || columns.last().is_some_and(|&j| j as usize >= self.n_atoms()) {
                return Err(format!("has columns out of order or range in row {i}"));
            }
            for (&j, block) in columns.iter().zip(blocks) {
                let mirror = self.block(j as usize, i);
                let same =
                    mirror.is_some_and(|mirror| (0..9).all(|k| (block[k] - mirror[k % 3 * 3 + k / 3]).abs() <= 0.0));
                if !same {
                    return Err(format!("is not symmetric, or not finite, in block ({i}, {j})"));
                }
            }
        }
        Ok(())
    }

    /// Number of atoms N.
    #[must_use]
    pub fn n_atoms(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Number of rows n = 3 N.
    #[must_use]
    pub fn dimension(&self) -> usize {
        3 * self.n_atoms()
    }

    /// Number of stored blocks.
    #[must_use]
    pub fn n_blocks(&self) -> usize {
        self.columns.len()
    }

    /// Columns and blocks of atom `i`.
    #[must_use]
    pub fn row(&self, i: usize) -> (&[u32], &[[f64; 9]]) {
        let range = self.offsets[i]..self.offsets[i + 1];
        (&self.columns[range.clone()], &self.blocks[range])
    }

    /// Block (`i`, `j`), if it is stored.
    #[must_use]
    pub fn block(&self, i: usize, j: usize) -> Option<&[f64; 9]> {
        let (columns, blocks) = self.row(i);
        columns.binary_search(&(j as u32)).ok().map(|k| &blocks[k])
    }

    /// Floating-point operations of the product with one vector.
    #[must_use]
    pub fn flops(&self) -> f64 {
        18.0 * self.n_blocks() as f64
    }

    /// Bytes of the arrays.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&self.blocks[..]) + size_of_val(&self.columns[..]) + size_of_val(&self.offsets[..])
    }

    /// `y` = D `x` for one vector of n components.
    pub fn multiply(&self, x: &[f64], y: &mut [f64]) {
        for (i, y) in y.as_chunks_mut::<3>().0.iter_mut().enumerate() {
            let (columns, blocks) = self.row(i);
            *y = [0.0; 3];
            for (&j, block) in columns.iter().zip(blocks) {
                let x = &x[3 * j as usize..][..3];
                for (y, row) in y.iter_mut().zip(block.as_chunks::<3>().0) {
                    *y += row[0] * x[0] + row[1] * x[1] + row[2] * x[2];
                }
            }
        }
    }

    /// `y` = a D `x` + b `x` + c `y` with [a, b, c] = `factors`, for a panel of vectors, on the calling thread; `x` and
    /// `y` hold n rows. This is one step of a three-term recurrence, in one pass over the panels.
    ///
    /// # Panics
    /// If a panel has another number of rows.
    pub fn step(&self, factors: [f64; 3], x: &[Lanes], y: &mut [Lanes]) {
        assert!(x.len() == self.dimension() && y.len() == self.dimension(), "a panel of another shape");
        let [a, b, c] = factors;
        let mut product = [[0.0; PANEL]; 3];
        for (i, (y, x_row)) in y.as_chunks_mut::<3>().0.iter_mut().zip(x.as_chunks::<3>().0).enumerate() {
            let (columns, blocks) = self.row(i);
            self.simd.row(columns, blocks, x, &mut product);
            for ((y, x), product) in y.iter_mut().zip(x_row).zip(&product) {
                for ((y, x), product) in y.iter_mut().zip(x).zip(product) {
                    *y = a * product + b * x + c * *y;
                }
            }
        }
    }

    /// Rows and columns in another order: row k of the result is row `order[k]` of this matrix. All ranks call this
    /// together, with the same order.
    ///
    /// # Errors
    /// If the ranks cannot communicate.
    ///
    /// # Panics
    /// If `order` is not a permutation of 0..N.
    pub fn permuted(&self, order: &[u32], comm: &dyn Communicator) -> Result<Self> {
        let (offsets, columns, blocks) = self.reordered(order, comm, |block| *block)?;
        Ok(Self { offsets, columns, blocks, simd: self.simd })
    }

    /// The arrays in another order, with what `entries` makes of each block.
    pub(super) fn reordered<T: Plain>(
        &self,
        order: &[u32],
        comm: &dyn Communicator,
        entries: impl Fn(&[f64; 9]) -> T,
    ) -> Result<(Shared<usize>, Shared<u32>, Shared<T>)> {
        let mut place = vec![u32::MAX; self.n_atoms()];
        for (k, &i) in order.iter().enumerate() {
            place[i as usize] = k as u32;
        }
        assert!(order.len() == place.len() && !place.contains(&u32::MAX), "not a permutation");
        let (mut offsets, fills_offsets) = Shared::zeros(self.offsets.len(), comm)?;
        let (mut columns, fills_columns) = Shared::zeros(self.columns.len(), comm)?;
        let (mut blocks, fills_blocks) = Shared::zeros(self.blocks.len(), comm)?;
        let mut row: Vec<(u32, &[f64; 9])> = Vec::new();
        let mut end = 0;
        for (k, &i) in order.iter().enumerate() {
            let (near, entries_of) = self.row(i as usize);
            let range = end..end + near.len();
            end = range.end;
            if fills_offsets {
                offsets[k + 1] = end;
            }
            if !fills_columns && !fills_blocks {
                continue;
            }
            row.clear();
            row.extend(near.iter().map(|&j| place[j as usize]).zip(entries_of));
            row.sort_unstable_by_key(|&(j, _)| j);
            if fills_columns {
                columns[range.clone()].iter_mut().zip(&row).for_each(|(column, &(j, _))| *column = j);
            }
            if fills_blocks {
                blocks[range].iter_mut().zip(&row).for_each(|(block, (_, from))| *block = entries(from));
            }
        }
        comm.sum(&mut [0.0])?;
        Ok((offsets, columns, blocks))
    }

    /// Panels are multiplied with the instruction set `simd`, for comparisons.
    #[must_use]
    pub fn with_simd(mut self, simd: Simd) -> Self {
        self.simd = simd.min(Simd::detect());
        self
    }
}

/// Gives all ranks what the first one has, in one copy a machine; W numbers, which `pack` makes, are sent for each value.
fn spread<T: Plain, const W: usize>(
    own: Option<&Shared<T>>,
    comm: &dyn Communicator,
    pack: impl Fn(&T) -> [f64; W],
    unpack: impl Fn([f64; W]) -> T,
) -> Result<Shared<T>> {
    let mut len = [own.map_or(0.0, |own| own.len() as f64)];
    comm.sum(&mut len)?;
    let (mut all, fills) = Shared::zeros(len[0] as usize, comm)?;
    if let Some(own) = own {
        all.copy_from_slice(own);
    }
    let mut filling = [f64::from(u8::from(fills))];
    comm.sum(&mut filling)?;
    if filling[0] <= 1.0 {
        return Ok(all);
    }
    let mut sent = Vec::new();
    for first in (0..all.len()).step_by(SENT) {
        let range = first..all.len().min(first + SENT);
        sent.clear();
        match own {
            Some(own) => own[range.clone()].iter().for_each(|value| sent.extend(pack(value))),
            None => sent.resize(W * range.len(), 0.0),
        }
        comm.sum(&mut sent)?;
        if fills && own.is_none() {
            let values = sent.as_chunks::<W>().0;
            all[range].iter_mut().zip(values).for_each(|(to, &from)| *to = unpack(from));
        }
    }
    // Nobody reads before all is there.
    comm.sum(&mut [0.0])?;
    Ok(all)
}
