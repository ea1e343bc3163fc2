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
    /// H v.
    pub product: Vec<f64>,
    /// Lowest eigenvalue in the metric.
    pub value: f64,
    /// v.Hv / v.v (energy/distance^2).
    pub curvature: f64,
    /// Residual in the metric.
    pub residual: f64,
    /// Second Ritz value in the metric, infinite if there is none.
    pub second: f64,
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
        if limits.residual == 0.0 && products.len() == limits.size {
            eprintln!("SPECTRUM {values:.3?}");
        }
        let mode = ritz_pair(&basis, &products, values[0], &vectors[0], values.get(1).copied());
        let mut remainder = products[last].clone();
        for direction in basis.iter().chain(&basis) {
            direction.project_gradient(&mut remainder);
        }
        let exhausted = norm(&remainder) <= 1e-9 * norm(&products[last]);
        let next = if exhausted { None } else { Direction::new_dual(preconditioner, &remainder) };
        let mut residual = mode.product.clone();
        add(&mut residual, -mode.value, &mode.direction.w);
        let size = next.as_ref().map_or(0.0, |next| dot(&next.v, &residual).abs());
        let mode = Mode { residual: size, ..mode };
        if products.len() >= limits.size || size < limits.residual || 3 * surface.atoms().len() <= basis.len() {
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

fn ritz_pair(basis: &[Direction], products: &[Vec<f64>], value: f64, weights: &[f64], second: Option<f64>) -> Mode {
    let combine = |vectors: &mut dyn Iterator<Item = &Vec<f64>>| {
        let mut sum = vec![0.0; products[0].len()];
        for (vector, weight) in vectors.zip(weights) {
            add(&mut sum, *weight, vector);
        }
        sum
    };
    let v = combine(&mut basis.iter().map(|d| &d.v));
    let w = combine(&mut basis.iter().map(|d| &d.w));
    let product = combine(&mut products.iter());
    let curvature = dot(&v, &product) / dot(&v, &v);
    Mode {
        direction: Direction { v, w },
        product,
        value,
        curvature,
        residual: 0.0,
        second: second.unwrap_or(f64::INFINITY),
    }
}

pub(super) fn spectrum(
    surface: &mut Surface,
    p: &Preconditioner,
    point: &Point,
    start: &Direction,
    limits: Limits,
) -> Outcome<()> {
    lowest_mode(surface, p, point, start, limits).map(|_| ())
}
