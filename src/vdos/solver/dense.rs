//! All modes, by reduction of the full matrix to tridiagonal form and divide and conquer.

use super::Problem;
use super::vector_block::{VectorBlock, largest_error};
use crate::error::Result;
use crate::vdos::VibrationSettings;
use crate::vdos::algebra::{dot, eigen, eigen_bytes, par};
use crate::vdos::communicator::{all_ok, share};
use crate::vdos::matrix::DynamicalMatrix;
use crate::vdos::memory::{self, gigabytes};
use crate::vdos::modes::Modes;
use crate::vdos::translations::{AXES, Translations};
use faer::Mat;

/// Seconds per cubed row on one thread of a machine of 2023, for the choice between solvers and for the log.
const SECONDS: f64 = 2.7e-10;

/// Estimated seconds for `n` rows.
pub fn seconds(n: usize, threads: usize) -> f64 {
    SECONDS * (n as f64).powi(3) / threads as f64
}

/// Estimated bytes for `n` rows.
pub fn bytes(n: usize, threads: usize) -> f64 {
    8.0 * (n * n) as f64 + eigen_bytes(n, threads)
}

const WHAT: &str = "solver dense";
const HINT: &str = "use 'solver window' (modes below fcut) or 'solver kpm' (estimates)";

/// Fails if there is no memory for `n` rows.
pub fn require(n: usize, settings: &VibrationSettings) -> Result<()> {
    memory::require(WHAT, bytes(n, settings.threads), super::memory(settings), HINT)
}

/// Finds all modes. The first rank works, the others wait.
///
/// # Errors
/// If memory does not suffice, or the algebra fails.
pub fn solve(problem: &Problem, progress: &mut dyn FnMut(&str)) -> Result<Modes> {
    let n = problem.matrix.dimension();
    let threads = problem.settings.threads;
    let needed = bytes(n, threads);
    progress(&format!("dense: all {n} modes, {}, about {:.0} s", gigabytes(needed), seconds(n, threads)));
    let mut solution = None;
    let mut state = Ok(());
    if problem.comm.rank() == 0 {
        state = problem
            .require(WHAT, needed, HINT)
            .and_then(|()| eigen(full(&problem.matrix, problem.translations.as_ref()).as_ref(), par(threads)))
            .map(|found| solution = Some(found));
    }
    all_ok(problem.comm, state)?;
    let projected = problem.projected();
    let mut eigenvalues = vec![0.0; n];
    if let Some((values, _)) = &solution {
        eigenvalues.copy_from_slice(values);
    }
    problem.comm.sum(&mut eigenvalues)?;
    eigenvalues.truncate(n - projected);
    let share = share(problem.comm, problem.matrix.n_atoms());
    let vectors = distribute(problem, solution.map(|(_, vectors)| vectors), 3 * share.start, 3 * share.len())?;
    let rows = 3 * share.start..3 * share.end;
    let residuals =
        VectorBlock::new(problem.operator(), problem.comm, threads, rows).residuals(vectors.as_ref(), &eigenvalues)?;
    let residual = largest_error(&eigenvalues, &residuals);
    let largest = eigenvalues.last().copied().unwrap_or(0.0);
    let atoms = problem.order[share].to_vec();
    Ok(Modes { eigenvalues, atoms, vectors, projected, residual, largest, complete_below: f64::INFINITY })
}

/// The matrix with all its entries in the lower triangle, the translations moved above the largest eigenvalue.
///
/// With P = 1 - T T^T, s the shift, M = T^T D T and U = D T - T (M + s) / 2: P D P + s T T^T = D - T U^T - U T^T.
fn full(matrix: &DynamicalMatrix, translations: Option<&Translations>) -> Mat<f64> {
    let n = matrix.dimension();
    let mut full = Mat::<f64>::zeros(n, n);
    let mut bound: f64 = 0.0;
    for i in 0..matrix.n_atoms() {
        let (columns, blocks) = matrix.row(i);
        let mut sums = [0.0; 3];
        for (&j, block) in columns.iter().zip(blocks) {
            for (k, &entry) in block.iter().enumerate() {
                sums[k / 3] += entry.abs();
                full[(3 * i + k / 3, 3 * j as usize + k % 3)] = entry;
            }
        }
        bound = sums.into_iter().fold(bound, f64::max);
    }
    let Some(translations) = translations else { return full };
    let t = translations.components();
    let shift = if bound > 0.0 { 2.0 * bound } else { 1.0 };
    let (direct, products): (Vec<_>, Vec<_>) = (0..AXES)
        .map(|axis| {
            let direct: Vec<f64> = (0..n).map(|row| if row % 3 == axis { t[row / 3] } else { 0.0 }).collect();
            let mut product = vec![0.0; n];
            matrix.multiply(&direct, &mut product);
            (direct, product)
        })
        .unzip();
    let updates: Vec<Vec<f64>> = (0..AXES)
        .map(|axis| {
            let mut update = products[axis].clone();
            for (other, direct) in direct.iter().enumerate() {
                let moment = dot(direct, &products[axis]) + if other == axis { shift } else { 0.0 };
                update.iter_mut().zip(direct).for_each(|(u, t)| *u -= 0.5 * moment * t);
            }
            update
        })
        .collect();
    for (column, entries) in full.col_iter_mut().enumerate() {
        for (row, entry) in entries.iter_mut().enumerate().skip(column) {
            let (r, c) = (row % 3, column % 3);
            *entry -= t[row / 3] * updates[r][column] + updates[c][row] * t[column / 3];
        }
    }
    full
}

/// Gives every rank `count` rows of the eigenvectors of the first one, starting at its `start`.
fn distribute(problem: &Problem, vectors: Option<Mat<f64>>, start: usize, count: usize) -> Result<Mat<f64>> {
    let n = problem.matrix.dimension();
    match vectors {
        Some(vectors) if problem.comm.size() == 1 => Ok(vectors),
        vectors => {
            let mut own = Mat::zeros(count, n);
            let mut column = vec![0.0; n];
            for j in 0..n {
                column.fill(0.0);
                if let Some(vectors) = &vectors {
                    column.iter_mut().zip(vectors.col(j).iter()).for_each(|(to, from)| *to = *from);
                }
                problem.comm.sum(&mut column)?;
                own.col_mut(j).iter_mut().zip(&column[start..]).for_each(|(to, from)| *to = *from);
            }
            Ok(own)
        }
    }
}
