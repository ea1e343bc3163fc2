//! Vectors of coordinates (3 per atom), and eigenpairs of small symmetric matrices.

use crate::geometry;

/// Independent partial sums, so that the compiler may vectorise a sum without changing its order from run to run.
const LANES: usize = 8;

/// Scalar product.
#[must_use]
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a_chunks, a_rest) = a.as_chunks::<LANES>();
    let (b_chunks, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for k in 0..LANES {
            sums[k] += a[k] * b[k];
        }
    }
    sums.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f64>()
}

/// 2-norm.
#[must_use]
pub(super) fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// y += factor x.
pub(super) fn add(y: &mut [f64], factor: f64, x: &[f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += factor * x;
    }
}

/// x *= factor.
pub(super) fn scale(x: &mut [f64], factor: f64) {
    for x in x {
        *x *= factor;
    }
}

/// a - b.
#[must_use]
pub(super) fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// Largest absolute component; infinite if one is NaN.
#[must_use]
pub(super) fn max_component(a: &[f64]) -> f64 {
    a.iter().fold(0.0, |largest, x| if x.is_nan() { f64::INFINITY } else { largest.max(x.abs()) })
}

/// Length of the longest of the atoms' vectors.
#[must_use]
pub(super) fn max_atom(a: &[f64]) -> f64 {
    a.as_chunks::<3>().0.iter().map(|d| geometry::dot(d, d)).fold(0.0, f64::max).sqrt()
}

/// Removes from `x` its components along the orthonormal vectors `basis`.
pub(super) fn remove(x: &mut [f64], basis: &[Vec<f64>]) {
    for vector in basis {
        let overlap = dot(x, vector);
        add(x, -overlap, vector);
    }
}

/// Eigenvalues (ascending) of the symmetric matrix `a` (n rows of n) and its eigenvectors (one per row of the result), by
/// cyclic Jacobi rotations.
#[must_use]
pub(super) fn symmetric_eigen(mut a: Vec<Vec<f64>>) -> (Vec<f64>, Vec<Vec<f64>>) {
    const SWEEPS: usize = 60;
    let n = a.len();
    let mut vectors: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    for _ in 0..SWEEPS {
        let off: f64 = (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| a[i][j] * a[i][j]).sum();
        let total: f64 = a.iter().flatten().map(|x| x * x).sum();
        if off <= 1e-32 * total {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut a, &mut vectors, p, q);
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| a[i][i].total_cmp(&a[j][j]));
    (order.iter().map(|&i| a[i][i]).collect(), order.iter().map(|&i| vectors[i].clone()).collect())
}

/// Makes `a[p][q]` vanish.
fn rotate(a: &mut [Vec<f64>], vectors: &mut [Vec<f64>], p: usize, q: usize) {
    if a[p][q] == 0.0 {
        return;
    }
    let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
    let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let c = 1.0 / t.hypot(1.0);
    let s = t * c;
    for row in a.iter_mut() {
        (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
    }
    for rows in [a, vectors] {
        for k in 0..rows[p].len() {
            (rows[p][k], rows[q][k]) = (c * rows[p][k] - s * rows[q][k], s * rows[p][k] + c * rows[q][k]);
        }
    }
}

/// Puts the coordinates of atoms at their `indices` in a larger region.
pub(super) fn embed(x: &[f64], indices: &[u32], larger: &mut [f64]) {
    for (x, &index) in x.as_chunks::<3>().0.iter().zip(indices) {
        larger[3 * index as usize..3 * index as usize + 3].copy_from_slice(x);
    }
}

/// The coordinates of the atoms at `indices`.
pub(super) fn extract(x: &[f64], indices: &[u32]) -> Vec<f64> {
    indices.iter().flat_map(|&index| x[3 * index as usize..3 * index as usize + 3].iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenpairs_of_a_small_matrix() {
        let n = 12;
        let a: Vec<Vec<f64>> = (0..n)
            .map(|i| (0..n).map(|j| ((i * j) as f64).sin() + f64::from(u8::from(i == j)) * i as f64).collect())
            .collect();
        let reference = nalgebra::DMatrix::from_fn(n, n, |i, j| a[i][j]).symmetric_eigen();
        let mut expected: Vec<f64> = reference.eigenvalues.iter().copied().collect();
        expected.sort_by(f64::total_cmp);
        let (values, vectors) = symmetric_eigen(a.clone());
        for (value, expected) in values.iter().zip(&expected) {
            assert!((value - expected).abs() < 1e-12, "{value} {expected}");
        }
        for (value, vector) in values.iter().zip(&vectors) {
            for i in 0..n {
                assert!((dot(&a[i], vector) - value * vector[i]).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn lengths_see_nan() {
        assert!(max_component(&[1.0, f64::NAN]).is_infinite());
        assert!((max_component(&[1.0, -2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((max_atom(&[1.0, 0.0, 0.0, 3.0, 0.0, 4.0]) - 5.0).abs() < f64::EPSILON);
    }
}
