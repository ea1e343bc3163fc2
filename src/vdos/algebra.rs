//! Dense linear algebra, as the solvers need it.

use crate::error::{Error, Result};
use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::matmul::matmul;
use faer::prelude::{Reborrow, ReborrowMut};
use faer::{Accum, Mat, MatMut, MatRef, Par};

/// Parallelism of `threads` threads.
pub fn par(threads: usize) -> Par {
    if threads == 1 { Par::Seq } else { Par::rayon(threads) }
}

/// Bytes that [`eigen`] takes for a matrix of `n` rows, beside the matrix itself.
pub fn eigen_bytes(n: usize, threads: usize) -> f64 {
    eigen_scratch(n, par(threads)).unaligned_bytes_required() as f64 + 8.0 * (n * n) as f64
}

fn eigen_scratch(n: usize, par: Par) -> StackReq {
    self_adjoint_evd_scratch::<f64>(n, ComputeEigenvectors::Yes, par, faer::prelude::default())
}

/// Eigenvalues, ascending, and eigenvectors, one a column, of the symmetric matrix with the lower triangle of `a`.
///
/// # Errors
/// If there is no memory, or the iteration does not converge.
pub fn eigen(a: MatRef<f64>, par: Par) -> Result<(Vec<f64>, Mat<f64>)> {
    let n = a.nrows();
    let mut memory = MemBuffer::try_new(eigen_scratch(n, par))
        .map_err(|_| Error::Unsolved(format!("no memory for the modes of a matrix of {n} rows")))?;
    let mut values = faer::Col::zeros(n);
    let mut vectors = Mat::zeros(n, n);
    let stack = MemStack::new(&mut memory);
    let into = Some(vectors.as_mut());
    self_adjoint_evd(a, values.as_diagonal_mut(), into, par, stack, faer::prelude::default())
        .map_err(|error| Error::Unsolved(format!("the modes of a matrix of {n} rows did not converge: {error:?}")))?;
    Ok((values.iter().copied().collect(), vectors))
}

/// `a` = `a` times `b`, in place, without a second copy of `a`; the result has the columns of `b`.
pub fn multiply_right(mut a: MatMut<f64>, b: MatRef<f64>, par: Par) {
    const ROWS: usize = 4096;
    let mut old = Mat::zeros(ROWS.min(a.nrows()), a.ncols());
    for start in (0..a.nrows()).step_by(ROWS) {
        let rows = ROWS.min(a.nrows() - start);
        let mut a = a.rb_mut().subrows_mut(start, rows);
        let mut old = old.as_mut().subrows_mut(0, rows);
        old.copy_from(a.rb());
        matmul(a.rb_mut().subcols_mut(0, b.ncols()), Accum::Replace, old.rb(), b, 1.0, par);
    }
}

/// Scalar product.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// 2-norm.
pub fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// Copies the lower triangle of `a` to the upper one.
pub fn mirror(mut a: MatMut<f64>) {
    for j in 0..a.ncols() {
        for i in 0..j {
            a[(i, j)] = a[(j, i)];
        }
    }
}
