//! Lowest eigenpair of the Hessian itself, by Davidson's method (J. Comput. Phys. 17, 87 (1975)): residuals, seen through the
//! preconditioner, extend the space.

use super::lanczos::hessian_product;
use super::lbfgs::Memory;
use super::linalg::{add, dot, norm, remove, scale, symmetric_eigen};
use super::preconditioner::Preconditioner;
use super::surface::{Outcome, Point, Surface};

/// Eigenvalue (energy/distance^2).
#[derive(Debug, Clone)]
pub(super) struct Softest {
    pub value: f64,
}

/// The lowest eigenvalue at `point`, starting from the direction `start`.
pub(super) fn softest_mode(
    surface: &mut Surface,
    preconditioner: &Preconditioner,
    point: &Point,
    start: &[f64],
    memory: &Memory,
    step: f64,
) -> Outcome<Softest> {
    /// Over the eigenvalue. The relative error is about the square of this over the relative distance to the next one.
    const RESIDUAL: f64 = 0.15;
    const MOST: usize = 12;
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let mut products: Vec<Vec<f64>> = Vec::new();
    let mut next = start.to_vec();
    loop {
        let length = norm(&next);
        scale(&mut next, 1.0 / length);
        products.push(hessian_product(surface, point, &next, step)?);
        basis.push(next);
        let matrix = basis.iter().map(|v| products.iter().map(|p| dot(v, p)).collect()).collect::<Vec<Vec<f64>>>();
        let symmetric =
            (0..basis.len()).map(|i| (0..basis.len()).map(|j| 0.5 * (matrix[i][j] + matrix[j][i])).collect()).collect();
        let (values, vectors) = symmetric_eigen(symmetric);
        let mut residual = vec![0.0; start.len()];
        for ((weight, v), p) in vectors[0].iter().zip(&basis).zip(&products) {
            add(&mut residual, *weight, p);
            add(&mut residual, -weight * values[0], v);
        }
        if norm(&residual) <= RESIDUAL * values[0].abs() || basis.len() == MOST || basis.len() == start.len() {
            return rayleigh(surface, point, &basis, &vectors[0], step);
        }
        next = memory.step(preconditioner, &residual, None);
        // What is a rigid motion at the initial minimum is none elsewhere, but the metric leaves it out.
        let softness = norm(&next) / norm(&residual);
        add(&mut next, softness, &preconditioner.rigid_part(&residual));
        let before = norm(&next);
        remove(&mut next, &basis);
        remove(&mut next, &basis);
        if norm(&next) <= 1e-6 * before {
            return rayleigh(surface, point, &basis, &vectors[0], step);
        }
    }
}

/// Curvature along a combination of `basis` by a central difference: the error of the one-sided ones is too large for a result.
fn rayleigh(surface: &mut Surface, point: &Point, basis: &[Vec<f64>], weights: &[f64], step: f64) -> Outcome<Softest> {
    let mut v = vec![0.0; point.x.len()];
    for (weight, vector) in weights.iter().zip(basis) {
        add(&mut v, *weight, vector);
    }
    let ahead = dot(&v, &hessian_product(surface, point, &v, step)?);
    scale(&mut v, -1.0);
    let behind = dot(&v, &hessian_product(surface, point, &v, step)?);
    Ok(Softest { value: 0.5 * (ahead + behind) / dot(&v, &v) })
}
