//! The Rayleigh-Ritz step: the best modes within the span of some vectors, which need not be orthogonal.

use super::vector_block::{VectorBlock, product};
use crate::error::{Error, Result};
use crate::vdos::Communicator;
use crate::vdos::algebra::{eigen, mirror, multiply_right, par};
use crate::vdos::communicator::all_ok;
use crate::vdos::progress::Stage;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{BlockStructure, matmul as triangular_matmul};
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{Accum, Mat, MatMut, Par};

/// Directions of the Gram matrix below this fraction of the largest are dropped.
const DEPENDENT: f64 = 1e-13;

/// Replaces the columns of `vectors` (rows of this rank) by the Ritz vectors of their span; gives the Ritz values, ascending.
/// There can be fewer than columns, if these were dependent.
///
/// # Errors
/// If there is no memory, the algebra fails, or ranks cannot communicate.
pub fn rayleigh_ritz(
    vector_block: &mut VectorBlock,
    vectors: &mut Mat<f64>,
    comm: &dyn Communicator,
    threads: usize,
    log: &mut dyn FnMut(&str),
) -> Result<Vec<f64>> {
    let par = par(threads);
    let m = vectors.ncols();
    let mut gram = Mat::zeros(m, m);
    let (v, lower, whole) = (vectors.as_ref(), BlockStructure::TriangularLower, BlockStructure::Rectangular);
    triangular_matmul(&mut gram, lower, Accum::Replace, v.transpose(), whole, v, whole, 1.0, par);
    sum(comm, gram.as_mut())?;
    let mut projected = Mat::zeros(m, m);
    let mut stage = Stage::new("projection".into(), log);
    let columns: Vec<usize> = (0..m).collect();
    for chunk in columns.chunks(vector_block.capacity()) {
        let products = vector_block.apply(v, chunk, &product)?;
        let below = m - chunk[0];
        let into = projected.as_mut().submatrix_mut(chunk[0], chunk[0], below, chunk.len());
        matmul(into, Accum::Replace, v.subcols(chunk[0], below).transpose(), products, 1.0, par);
        let left = below as f64 / m as f64;
        stage.tick(1.0 - left * left);
    }
    sum(comm, projected.as_mut())?;
    let mut solution = None;
    let mut state = Ok(());
    if comm.rank() == 0 {
        state = reduced(gram, projected, par).map(|found| solution = Some(found));
    }
    all_ok(comm, state)?;
    let (values, rotation) = share(comm, m, solution)?;
    multiply_right(vectors.as_mut(), rotation.as_ref(), par);
    if values.len() < m {
        vectors.truncate(vectors.nrows(), values.len());
    }
    Ok(values)
}

/// Solves H c = lambda G c for the lower triangles of G and H: eigenvalues, ascending, and vectors with C^T G C = 1.
fn reduced(mut gram: Mat<f64>, mut projected: Mat<f64>, par: Par) -> Result<(Vec<f64>, Mat<f64>)> {
    let m = gram.nrows();
    let scales: Vec<f64> = (0..m).map(|i| 1.0 / gram[(i, i)].sqrt()).collect();
    if !scales.iter().all(|scale| scale.is_finite()) {
        return Err(Error::Unsolved("a vector of the subspace vanished or overflowed".into()));
    }
    for matrix in [&mut gram, &mut projected] {
        for (j, column) in matrix.col_iter_mut().enumerate() {
            column.iter_mut().zip(&scales).for_each(|(value, scale)| *value *= scale * scales[j]);
        }
        mirror(matrix.as_mut());
    }
    let mut factor = gram.clone();
    let mut memory = MemBuffer::new(cholesky_in_place_scratch::<f64>(m, par, faer::prelude::default()));
    let stack = MemStack::new(&mut memory);
    let cholesky = cholesky_in_place(factor.as_mut(), faer::prelude::default(), par, stack, faer::prelude::default());
    let (values, mut rotation) = if cholesky.is_ok() {
        drop(gram);
        solve_lower_triangular_in_place(factor.as_ref(), projected.as_mut(), par);
        let mut reduced = projected.transpose().to_owned();
        drop(projected);
        solve_lower_triangular_in_place(factor.as_ref(), reduced.as_mut(), par);
        let (values, mut rotation) = eigen(reduced.as_ref(), par)?;
        solve_upper_triangular_in_place(factor.transpose(), rotation.as_mut(), par);
        (values, rotation)
    } else {
        drop(factor);
        independent(&gram, &projected, par)?
    };
    for column in rotation.col_iter_mut() {
        column.iter_mut().zip(&scales).for_each(|(value, scale)| *value *= scale);
    }
    Ok((values, rotation))
}

/// As [`reduced`], for vectors that are dependent within round-off: only the independent directions are kept.
fn independent(gram: &Mat<f64>, projected: &Mat<f64>, par: Par) -> Result<(Vec<f64>, Mat<f64>)> {
    let (values, vectors) = eigen(gram.as_ref(), par)?;
    let largest = values.last().copied().unwrap_or(0.0);
    let dropped = values.partition_point(|&value| value <= DEPENDENT * largest);
    let kept = values.len() - dropped;
    let mut basis = vectors.subcols(dropped, kept).to_owned();
    for (column, value) in basis.col_iter_mut().zip(&values[dropped..]) {
        let scale = 1.0 / value.sqrt();
        column.iter_mut().for_each(|entry| *entry *= scale);
    }
    let half = product_of(projected.as_ref(), basis.as_ref(), par);
    let (values, rotation) = eigen(product_of(basis.transpose(), half.as_ref(), par).as_ref(), par)?;
    Ok((values, product_of(basis.as_ref(), rotation.as_ref(), par)))
}

fn product_of(a: faer::MatRef<f64>, b: faer::MatRef<f64>, par: Par) -> Mat<f64> {
    let mut result = Mat::zeros(a.nrows(), b.ncols());
    matmul(&mut result, Accum::Replace, a, b, 1.0, par);
    result
}

/// Gives the solution of the first rank to all.
fn share(comm: &dyn Communicator, m: usize, solution: Option<(Vec<f64>, Mat<f64>)>) -> Result<(Vec<f64>, Mat<f64>)> {
    let mut kept = [solution.as_ref().map_or(0.0, |(values, _)| values.len() as f64)];
    comm.sum(&mut kept)?;
    let kept = kept[0] as usize;
    let (mut values, mut rotation) = solution.unwrap_or_else(|| (vec![0.0; kept], Mat::zeros(m, kept)));
    comm.sum(&mut values)?;
    sum(comm, rotation.as_mut())?;
    Ok((values, rotation))
}

/// Adds up `matrix` over the ranks.
fn sum(comm: &dyn Communicator, matrix: MatMut<f64>) -> Result<()> {
    if comm.size() == 1 {
        return Ok(());
    }
    matrix
        .col_iter_mut()
        .try_for_each(|column| comm.sum(column.try_as_col_major_mut().expect("columns are contiguous").as_slice_mut()))
}
