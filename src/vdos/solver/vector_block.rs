//! Work on many vectors: columns divided over ranks and threads, while each rank stores its rows of all of them.

use crate::error::Result;
use crate::vdos::Communicator;
use crate::vdos::matrix::DynamicalMatrix;
use crate::vdos::panel::{Lanes, PANEL};
use crate::vdos::translations::Translations;
use faer::{Mat, MatRef};
use std::f64::consts::TAU;
use std::ops::Range;

/// The matrix restricted to what is not projected out.
#[derive(Clone, Copy)]
pub struct Operator<'a> {
    /// The matrix, in any order of atoms.
    pub matrix: &'a DynamicalMatrix,
    /// What is projected out, in the same order.
    pub translations: Option<&'a Translations>,
}

impl Operator<'_> {
    /// `y` = a P D `x` + b `x` + c `y` with [a, b, c] = `factors`, for `x` and `y` in the range of the projector P.
    pub fn step(&self, factors: [f64; 3], x: &[Lanes], y: &mut [Lanes]) {
        self.matrix.step(factors, x, y);
        self.project(y);
    }

    /// Takes the translations out of `x`.
    pub fn project(&self, x: &mut [Lanes]) {
        if let Some(translations) = self.translations {
            translations.project(x);
        }
    }

    /// Takes the translations out of one vector.
    pub fn project_one(&self, x: &mut [f64]) {
        if let Some(translations) = self.translations {
            translations.project_one(x);
        }
    }
}

/// The panels of one thread.
#[derive(Debug)]
pub struct Panels {
    /// The vectors to work on, and the result.
    pub now: Vec<Lanes>,
    /// A second panel.
    pub last: Vec<Lanes>,
}

/// Calls `work` with the panels of each thread and its index, on a thread each.
pub fn in_parallel(panels: &mut [Panels], work: impl Fn(usize, &mut Panels) + Sync) {
    std::thread::scope(|scope| {
        let mut jobs = panels.iter_mut().enumerate();
        let own = jobs.next();
        let work = &work;
        for (t, panels) in jobs {
            scope.spawn(move || work(t, panels));
        }
        if let Some((t, panels)) = own {
            work(t, panels);
        }
    });
}

/// Vectors of all ranks, and the panels to work on them.
pub struct VectorBlock<'a> {
    operator: Operator<'a>,
    comm: &'a dyn Communicator,
    /// Rows of the vectors that this rank stores.
    rows: Range<usize>,
    buffer: Mat<f64>,
    pub panels: Vec<Panels>,
}

impl<'a> VectorBlock<'a> {
    /// Panels for `threads` threads; this rank stores the rows `rows` of each vector.
    pub fn new(operator: Operator<'a>, comm: &'a dyn Communicator, threads: usize, rows: Range<usize>) -> Self {
        let n = operator.matrix.dimension();
        let panel = || vec![[0.0; PANEL]; n];
        let panels = (0..threads).map(|_| Panels { now: panel(), last: panel() }).collect();
        Self { operator, comm, rows, buffer: Mat::zeros(n, comm.size() * threads * PANEL), panels }
    }

    /// Bytes of the panels.
    pub fn bytes(n: usize, ranks: usize, threads: usize) -> f64 {
        8.0 * (n * PANEL * threads * (ranks + 2)) as f64
    }

    /// Vectors in one call of [`Self::apply`] at most.
    pub fn capacity(&self) -> usize {
        self.buffer.ncols()
    }

    /// Replaces each of the `columns` of `vectors` (local rows) by what `work` makes of it, and gives back the local rows.
    pub fn apply(
        &mut self,
        vectors: MatRef<f64>,
        columns: &[usize],
        work: &(dyn Fn(&Operator, &mut Panels) + Sync),
    ) -> Result<MatRef<'_, f64>> {
        let count = columns.len();
        self.clear(count);
        for (k, &column) in columns.iter().enumerate() {
            self.buffer.col_mut(k).subrows_mut(self.rows.start, self.rows.len()).copy_from(vectors.col(column));
        }
        self.exchange(count)?;
        let first = self.comm.rank() * self.panels.len() * PANEL;
        let own = |t: usize| (first + t * PANEL).min(count)..(first + (t + 1) * PANEL).min(count);
        let (operator, buffer) = (&self.operator, &self.buffer);
        in_parallel(&mut self.panels, |t, panels| {
            if !own(t).is_empty() {
                load(buffer.as_ref(), own(t), &mut panels.now);
                work(operator, panels);
            }
        });
        if self.comm.size() > 1 {
            self.clear(count);
        }
        for (t, panels) in self.panels.iter().enumerate() {
            store(&panels.now, &mut self.buffer, own(t));
        }
        self.exchange(count)?;
        Ok(self.buffer.as_ref().subrows(self.rows.start, self.rows.len()).subcols(0, count))
    }

    fn clear(&mut self, count: usize) {
        for column in self.buffer.col_iter_mut().take(count) {
            column.try_as_col_major_mut().expect("columns are contiguous").as_slice_mut().fill(0.0);
        }
    }

    fn exchange(&mut self, count: usize) -> Result<()> {
        if self.comm.size() == 1 {
            return Ok(());
        }
        for column in self.buffer.col_iter_mut().take(count) {
            self.comm.sum(column.try_as_col_major_mut().expect("columns are contiguous").as_slice_mut())?;
        }
        Ok(())
    }

    /// Norms |D e - lambda e| of the first columns of `vectors`, as many as `eigenvalues`; the same on all ranks.
    pub fn residuals(&mut self, vectors: MatRef<f64>, eigenvalues: &[f64]) -> Result<Vec<f64>> {
        let columns: Vec<usize> = (0..eigenvalues.len()).collect();
        let mut squares = Vec::with_capacity(columns.len());
        for chunk in columns.chunks(self.capacity()) {
            let products = self.apply(vectors, chunk, &product)?;
            for (&j, product) in chunk.iter().zip(products.col_iter()) {
                let pairs = product.iter().zip(vectors.col(j).iter());
                squares.push(pairs.map(|(product, e)| (product - eigenvalues[j] * e).powi(2)).sum::<f64>());
            }
        }
        self.comm.sum(&mut squares)?;
        Ok(squares.into_iter().map(f64::sqrt).collect())
    }
}

/// Replaces x by P D x.
pub fn product(operator: &Operator, panels: &mut Panels) {
    operator.step([1.0, 0.0, 0.0], &panels.now, &mut panels.last);
    std::mem::swap(&mut panels.now, &mut panels.last);
}

/// How far a mode's frequency can be from that of an exact mode, for a residual |D e - lambda e|: an exact eigenvalue is
/// within the residual of lambda, so this is |r| / (8 pi^2 f) for a small one, and stays finite at f = 0.
pub fn frequency_error(eigenvalue: f64, residual: f64) -> f64 {
    let root = eigenvalue.abs().sqrt() + (eigenvalue.abs() + residual).sqrt();
    if root > 0.0 { residual / root / TAU } else { 0.0 }
}

/// The largest [`frequency_error`] of some modes.
pub fn largest_error(eigenvalues: &[f64], residuals: &[f64]) -> f64 {
    let errors = eigenvalues.iter().zip(residuals).map(|(&value, &residual)| frequency_error(value, residual));
    errors.fold(0.0, f64::max)
}

fn load(buffer: MatRef<f64>, columns: Range<usize>, panel: &mut [Lanes]) {
    for (lane, column) in columns.clone().enumerate() {
        for (row, value) in panel.iter_mut().zip(buffer.col(column).iter()) {
            row[lane] = *value;
        }
    }
    for lane in columns.len()..PANEL {
        for row in &mut *panel {
            row[lane] = 0.0;
        }
    }
}

fn store(panel: &[Lanes], buffer: &mut Mat<f64>, columns: Range<usize>) {
    for (lane, column) in columns.enumerate() {
        for (row, value) in panel.iter().zip(buffer.col_mut(column).iter_mut()) {
            *value = row[lane];
        }
    }
}
