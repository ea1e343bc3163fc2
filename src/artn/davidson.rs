//! Lowest eigenpair of the Hessian itself, by Davidson's method (J. Comput. Phys. 17, 87 (1975)): residuals, seen through the
//! preconditioner, extend the space.

use super::frame::RigidMotions;
use super::lanczos::hessian_product;
use super::lbfgs::Memory;
use super::linalg::{add, dot, norm, remove, scale, symmetric_eigen};
use super::preconditioner::Preconditioner;
use super::surface::{Outcome, Point, Surface};

/// The lowest eigenpair.
#[derive(Debug, Clone)]
pub(super) struct Eigenpair {
    /// Eigenvalue (energy/distance^2).
    pub value: f64,
    /// Unit eigenvector of the selected atoms.
    pub v: Vec<f64>,
}

/// How well an eigenpair is determined.
#[derive(Debug, Clone, Copy)]
pub(super) struct Accuracy {
    /// 2-norm of the displacement of a finite difference.
    pub step: f64,
    /// Largest residual over the eigenvalue.
    pub tolerance: f64,
}

/// The lowest eigenpair of the selected atoms at `point` apart from their `rigid` motions there, starting from the direction
/// `start`, until the residual is at most the tolerance times the eigenvalue, whose relative error is about the square of that over the relative distance to the next one.
pub(super) fn lowest_eigenpair(
    surface: &mut Surface,
    preconditioner: &Preconditioner,
    rigid: &RigidMotions,
    point: &Point,
    start: &[f64],
    memory: &Memory,
    accuracy: Accuracy,
) -> Outcome<Eigenpair> {
    const MOST: usize = 12;
    let Accuracy { step, tolerance } = accuracy;
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let mut products: Vec<Vec<f64>> = Vec::new();
    let mut next = start.to_vec();
    rigid.remove(&mut next);
    if norm(&next) <= 1e-6 * norm(start) {
        return Ok(Eigenpair { value: 0.0, v: start.to_vec() });
    }
    loop {
        let length = norm(&next);
        scale(&mut next, 1.0 / length);
        let mut product = central_product(surface, point, &next, step)?;
        rigid.remove(&mut product);
        products.push(product);
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
        if norm(&residual) <= tolerance * values[0].abs() || basis.len() == MOST || basis.len() == start.len() {
            return Ok(ritz_pair(values[0], &basis, &vectors[0]));
        }
        next = memory.step(preconditioner, &residual, None);
        // What is a rigid motion at the initial minimum is none elsewhere, but the metric leaves it out.
        let softness = norm(&next) / norm(&residual);
        add(&mut next, softness, &preconditioner.rigid_part(&residual));
        rigid.remove(&mut next);
        let before = norm(&next);
        remove(&mut next, &basis);
        remove(&mut next, &basis);
        if norm(&next) <= 1e-6 * before {
            return Ok(ritz_pair(values[0], &basis, &vectors[0]));
        }
    }
}

fn ritz_pair(value: f64, basis: &[Vec<f64>], weights: &[f64]) -> Eigenpair {
    let mut v = vec![0.0; basis[0].len()];
    for (weight, vector) in weights.iter().zip(basis) {
        add(&mut v, *weight, vector);
    }
    Eigenpair { value, v }
}

/// The eigenvalue once the other atoms follow `v` (unit length, of all atoms, which are selected): the lower one of two vectors,
/// `v` and the answer of the springs to its residual, whose own curvature the springs say too.
pub(super) fn relaxed_eigenvalue(
    surface: &mut Surface,
    preconditioner: &Preconditioner,
    point: &Point,
    v: &[f64],
    step: f64,
) -> Outcome<f64> {
    let mut residual = central_product(surface, point, v, step)?;
    let own = dot(v, &residual);
    add(&mut residual, -own, v);
    let mut answer = preconditioner.solve(&residual);
    let along = dot(v, &answer);
    add(&mut answer, -along, v);
    let square = dot(&answer, &answer);
    if square == 0.0 {
        return Ok(own);
    }
    let other = dot(&answer, &preconditioner.multiply(&answer)) / square;
    let coupling = dot(&answer, &residual) / square.sqrt();
    Ok(0.5 * (own + other) - (0.5 * (own - other)).hypot(coupling))
}

/// H v by a central difference: the error of one-sided ones is too large for a result.
fn central_product(surface: &mut Surface, point: &Point, v: &[f64], step: f64) -> Outcome<Vec<f64>> {
    let opposite: Vec<f64> = v.iter().map(|v| -v).collect();
    let behind = hessian_product(surface, point, &opposite, step)?;
    let mut product = hessian_product(surface, point, v, step)?;
    add(&mut product, -1.0, &behind);
    scale(&mut product, 0.5);
    Ok(product)
}
