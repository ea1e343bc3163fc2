//! Lowest mode of the Hessian by the Lanczos method (Lanczos, J. Res. Natl. Bur. Stand. 45, 255 (1950); in ARTn: Malek and
//! Mousseau 2000; Cances et al., J. Chem. Phys. 130, 114711 (2009)), in the metric of a preconditioner P: the lowest pair of
//! H v = mu P v. By Sylvester's law of inertia H has as many negative eigenvalues as this problem.

use super::lbfgs::Direction;
use super::linalg::{add, difference, dot, norm, scale, symmetric_eigen};
use super::preconditioner::Preconditioner;
use super::surface::{Outcome, Point, Surface};

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Most vectors, one evaluation each.
    pub size: usize,
    /// 2-norm of the displacement of a finite difference.
    pub step: f64,
    /// Stop when the residual of the lowest pair is below this times the spread of the spectrum, 1 in the metric.
    pub residual: f64,
}

/// The lowest mode found.
#[derive(Debug, Clone)]
pub(super) struct Mode {
    pub direction: Direction,
    /// Lowest eigenvalue in the metric.
    pub value: f64,
    /// v.Hv / v.v (energy/distance^2).
    pub curvature: f64,
    /// Residual in the metric.
    pub residual: f64,
}

/// Looks for the lowest mode at `point`, from `start` on.
pub(super) fn lowest_mode(
    surface: &mut Surface,
    preconditioner: &Preconditioner,
    point: &Point,
    start: &Direction,
    limits: Limits,
) -> Outcome<Mode> {
    let mut basis = vec![start.clone()];
    let mut products: Vec<Vec<f64>> = Vec::new();
    let mut matrix: Vec<Vec<f64>> = Vec::new();
    loop {
        let last = products.len();
        let product = hessian_product(surface, point, &basis[last].v, limits.step)?;
        for (i, row) in matrix.iter_mut().enumerate() {
            row.push(0.5 * (dot(&basis[i].v, &product) + dot(&basis[last].v, &products[i])));
        }
        let mut row: Vec<f64> = matrix.iter().map(|row| row[last]).collect();
        row.push(dot(&basis[last].v, &product));
        matrix.push(row);
        products.push(product);
        let (values, vectors) = symmetric_eigen(matrix.clone());
        let mut remainder = products[last].clone();
        for direction in basis.iter().chain(&basis) {
            direction.project_gradient(&mut remainder);
        }
        let exhausted = norm(&remainder) <= 1e-9 * norm(&products[last]);
        let next = if exhausted { None } else { Direction::new_dual(preconditioner, &remainder) };
        let residual = next.as_ref().map_or(0.0, |next| (vectors[0][last] * dot(&next.v, &products[last])).abs());
        let mode = ritz_pair(&basis, values[0], &vectors[0], residual);
        if products.len() >= limits.size || residual < limits.residual {
            return Ok(mode);
        }
        match next {
            Some(next) => basis.push(next),
            None => return Ok(mode),
        }
    }
}

/// H v by a one-sided difference.
pub(super) fn hessian_product(surface: &mut Surface, point: &Point, v: &[f64], step: f64) -> Outcome<Vec<f64>> {
    let factor = step / norm(v);
    let mut x = point.x.clone();
    add(&mut x, factor, v);
    let displaced = surface.evaluate(x)?;
    let mut product = difference(&displaced.gradient, &point.gradient);
    scale(&mut product, 1.0 / factor);
    Ok(product)
}

fn ritz_pair(basis: &[Direction], value: f64, weights: &[f64], residual: f64) -> Mode {
    let mut v = vec![0.0; basis[0].v.len()];
    let mut w = v.clone();
    for (direction, weight) in basis.iter().zip(weights) {
        add(&mut v, *weight, &direction.v);
        add(&mut w, *weight, &direction.w);
    }
    // The length of v is 1 in the metric, so value = v.Hv.
    let curvature = value / dot(&v, &v);
    Mode { direction: Direction { v, w }, value, curvature, residual }
}
