//! Lowest mode of the Hessian by the Lanczos method (Lanczos, J. Res. Natl. Bur. Stand. 45, 255 (1950); in ARTn: Malek and
//! Mousseau 2000; Cances et al., J. Chem. Phys. 130, 114711 (2009)), in the metric of a preconditioner P: the lowest pair of
//! H v = mu P v. By Sylvester's law of inertia H has as many negative eigenvalues as this problem.

use super::event::Status;
use super::lbfgs::Direction;
use super::linalg::{add, difference, dot, embed, extract, norm, scale, symmetric_eigen};
use super::preconditioner::Preconditioner;
use super::random::Gaussian;
use super::surface::{Outcome, Point, Stop, Surface};

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Most vectors, one evaluation each.
    pub size: usize,
    /// 2-norm of the displacement of a finite difference.
    pub step: f64,
    pub until: Until,
}

/// Residual over the second lowest value at which its sign is taken to be known. With 0.5, a second unstable mode of -0.003 was missed
/// in a Fe-Cr glass; 0.2 costs 3 % of the evaluations of an event.
const SIGN_RESIDUAL: f64 = 0.2;
/// Least vectors for that.
const SIGN_VECTORS: usize = 8;

/// What is to be known of the spectrum, whose spread is 1 in the metric.
#[derive(Debug, Clone, Copy)]
pub(super) enum Until {
    /// The lowest pair, with a residual below this.
    Residual(f64),
    /// The sign of the second lowest value.
    SecondSign,
}

/// The lowest mode found.
#[derive(Debug, Clone)]
pub(super) struct Mode {
    pub direction: Direction,
    /// Lowest eigenvalue in the metric.
    pub value: f64,
    /// v.Hv / v.v (energy/distance^2).
    pub curvature: f64,
    /// The other Ritz vectors, the lowest last, and H times them.
    pub others: Vec<(Vec<f64>, Vec<f64>)>,
}

/// Atoms near the centre that a mode is made of while all atoms move: the lowest modes of a whole glass in its basin are
/// spread over it and lead away from the centre.
#[derive(Debug)]
pub(super) struct ModeSubspace {
    /// Their indices among the selected atoms, ascending.
    pub indices: Vec<u32>,
    /// Their metric, the others at rest.
    pub metric: Preconditioner,
}

/// Looks for the lowest mode at `point`, from `start` on; among the atoms `near` if they are given.
pub(super) fn lowest_mode(
    surface: &mut Surface,
    preconditioner: &Preconditioner,
    near: Option<&ModeSubspace>,
    point: &Point,
    start: &Direction,
    limits: Limits,
) -> Outcome<Mode> {
    let Some(ModeSubspace { indices, metric }) = near else {
        return lanczos(|v| hessian_product(surface, point, v, limits.step), preconditioner, start, limits);
    };
    let wide = |v: &[f64]| {
        let mut all = vec![0.0; point.x.len()];
        embed(v, indices, &mut all);
        all
    };
    let start = Direction::new(metric, &extract(&start.v, indices)).ok_or_else(no_direction)?;
    let product = |v: &[f64]| Ok(extract(&hessian_product(surface, point, &wide(v), limits.step)?, indices));
    let mode = lanczos(product, metric, &start, limits)?;
    let direction = Direction::new(preconditioner, &wide(&mode.direction.v)).ok_or_else(no_direction)?;
    // What the others do to the atoms around is not kept.
    Ok(Mode { direction, others: Vec::new(), ..mode })
}

/// A start that has a part in every mode, besides the known one: P^-1 times a random force, since random displacements
/// have next to no part in the modes that are soft in the metric, and these are the first to become unstable.
pub(super) fn start_with_every_mode(preconditioner: &Preconditioner, known: &Direction) -> Outcome<Direction> {
    const WEIGHT: f64 = 0.5;
    let force = Gaussian::new(0, 0, 0).vector(known.v.len());
    let mut start = Direction::new_dual(preconditioner, &force).ok_or_else(no_direction)?.v;
    scale(&mut start, WEIGHT);
    add(&mut start, 1.0, &known.v);
    Direction::new(preconditioner, &start).ok_or_else(no_direction)
}

/// The lowest pair of the matrix that `product` multiplies with.
fn lanczos(
    mut product: impl FnMut(&[f64]) -> Outcome<Vec<f64>>,
    preconditioner: &Preconditioner,
    start: &Direction,
    limits: Limits,
) -> Outcome<Mode> {
    let mut basis = vec![start.clone()];
    let mut products: Vec<Vec<f64>> = Vec::new();
    let mut matrix: Vec<Vec<f64>> = Vec::new();
    loop {
        let last = products.len();
        let product = product(&basis[last].v)?;
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
        let rest = next.as_ref().map_or(0.0, |next| dot(&next.v, &products[last]).abs());
        let residual = |pair: usize| vectors[pair][last].abs() * rest;
        let enough = match limits.until {
            Until::Residual(most) => residual(0) < most,
            Until::SecondSign => products.len() >= SIGN_VECTORS && residual(1) < SIGN_RESIDUAL * values[1].abs(),
        };
        match next {
            Some(next) if products.len() < limits.size && !enough => basis.push(next),
            _ => return Ok(ritz_pair(&basis, &products, &values, &vectors)),
        }
    }
}

/// H v by a one-sided difference.
pub(super) fn hessian_product(surface: &mut Surface, point: &Point, v: &[f64], step: f64) -> Outcome<Vec<f64>> {
    let factor = step / norm(v);
    let mut x = point.x.clone();
    add(&mut x, factor, v);
    let mut product = difference(&surface.gradient(&x)?, &point.gradient);
    scale(&mut product, 1.0 / factor);
    Ok(product)
}

fn ritz_pair(basis: &[Direction], products: &[Vec<f64>], values: &[f64], weights: &[Vec<f64>]) -> Mode {
    let v = combined(basis.iter().map(|d| &d.v), &weights[0]);
    let w = combined(basis.iter().map(|d| &d.w), &weights[0]);
    let other = |k: usize| (combined(basis.iter().map(|d| &d.v), &weights[k]), combined(products.iter(), &weights[k]));
    // The length of v is 1 in the metric, so value = v.Hv.
    let curvature = values[0] / dot(&v, &v);
    let others = (1..values.len()).rev().map(other).collect();
    Mode { direction: Direction { v, w }, value: values[0], curvature, others }
}

/// A vector that should be a direction has no length, or none that is a number.
pub(super) fn no_direction() -> Stop {
    Stop::Failed(Status::NotConverged)
}

fn combined<'a>(vectors: impl Iterator<Item = &'a Vec<f64>>, weights: &[f64]) -> Vec<f64> {
    let mut sum = Vec::new();
    for (vector, weight) in vectors.zip(weights) {
        sum.resize(vector.len(), 0.0);
        add(&mut sum, *weight, vector);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Result;
    use crate::artn::engine::Engine;
    use crate::artn::springs::Springs;
    use crate::geometry::SimulationBox;
    use nalgebra::DMatrix;

    /// A quadratic energy.
    struct Quadratic(DMatrix<f64>);

    impl Engine for Quadratic {
        fn select(&mut self, _: &[u32], _: &[f64]) -> Result<()> {
            Ok(())
        }

        fn evaluate(&mut self, x: &[f64], forces: &mut [f64]) -> Result<f64> {
            let gradient = &self.0 * nalgebra::DVector::from_column_slice(x);
            forces.iter_mut().zip(gradient.iter()).for_each(|(f, g)| *f = -g);
            Ok(0.5 * gradient.dot(&nalgebra::DVector::from_column_slice(x)))
        }
    }

    /// Atoms in a row that springs connect, and a symmetric matrix near that of the springs with one direction made unstable.
    fn problem(atoms: usize) -> (Preconditioner, DMatrix<f64>, DMatrix<f64>) {
        let mut random = Gaussian::new(5, 7, 9);
        let positions: Vec<f64> = (0..atoms).flat_map(|i| [i as f64, 0.3 * (i as f64).sin(), 0.0]).collect();
        let u = random.vector(3 * atoms);
        let mut force = vec![0.0; 3 * atoms];
        for i in 0..atoms {
            for j in (0..atoms).filter(|j| i.abs_diff(*j) == 1) {
                for k in 0..3 {
                    force[3 * i + k] -= 5.0 * (u[3 * i + k] - u[3 * j + k]);
                }
            }
            for k in 0..3 {
                force[3 * i + k] -= 2.0 * u[3 * i + k];
            }
        }
        let springs = Springs::fit(&SimulationBox::open(), &vec![1; atoms], &positions, 1.2, &[(u, force)]);
        let all: Vec<u32> = (0..atoms as u32).collect();
        let along: Vec<f64> = (0..atoms).map(|i| i as f64).collect();
        let metric = Preconditioner::new(&springs, &all, atoms, &along);
        let unit = |k: usize| (0..3 * atoms).map(|j| f64::from(u8::from(j == k))).collect::<Vec<f64>>();
        let columns: Vec<_> = (0..3 * atoms).map(|k| nalgebra::DVector::from_vec(metric.multiply(&unit(k)))).collect();
        let matrix = DMatrix::from_columns(&columns);
        let noise = DMatrix::from_vec(3 * atoms, 3 * atoms, random.vector(9 * atoms * atoms));
        let soft = nalgebra::DVector::from_vec(random.vector(3 * atoms)).normalize();
        let hessian = &matrix + 0.05 * (&noise + noise.transpose()) - 12.0 * &soft * soft.transpose();
        (metric, matrix, hessian)
    }

    #[test]
    fn lowest_pair_is_that_of_the_dense_problem() {
        let atoms = 20;
        let (metric, matrix, hessian) = problem(atoms);
        let inverse_root = matrix.clone().cholesky().expect("springs are positive definite").l().try_inverse().unwrap();
        let dense = (&inverse_root * &hessian * inverse_root.transpose()).symmetric_eigen();
        let lowest = dense.eigenvalues.imin();
        let expected = inverse_root.transpose() * dense.eigenvectors.column(lowest);
        let mut engine = Quadratic(hessian);
        let initial = vec![0.0; 3 * atoms];
        let mut surface = Surface::new(&mut engine, &initial, 1000, 10.0);
        surface.select(&(0..atoms as u32).collect::<Vec<_>>(), &initial).unwrap();
        let point = surface.evaluate(initial.clone()).unwrap();
        let start = Direction::new_dual(&metric, &Gaussian::new(1, 2, 3).vector(3 * atoms)).unwrap();
        let limits = Limits { size: 60, step: 1e-3, until: Until::Residual(1e-7) };
        let mode = lowest_mode(&mut surface, &metric, None, &point, &start, limits).unwrap();
        assert!((mode.value - dense.eigenvalues[lowest]).abs() < 1e-8, "{} {}", mode.value, dense.eigenvalues[lowest]);
        let overlap = dot(&mode.direction.w, expected.as_slice());
        assert!((overlap.abs() - 1.0).abs() < 1e-8, "{overlap}");
        assert!(surface.counts().total < 45, "{}", surface.counts().total);
    }

    #[test]
    fn start_has_most_of_the_modes_that_are_soft_in_the_metric() {
        let atoms = 40;
        let (metric, matrix, _) = problem(atoms);
        let dense = matrix.symmetric_eigen();
        let mut order: Vec<usize> = (0..3 * atoms).collect();
        order.sort_by(|&a, &b| dense.eigenvalues[a].total_cmp(&dense.eigenvalues[b]));
        let known = Direction::new(&metric, dense.eigenvectors.column(order[0]).as_slice()).unwrap();
        let start = start_with_every_mode(&metric, &known).unwrap();
        let part = |&k: &usize| dot(&start.w, dense.eigenvectors.column(k).as_slice()).powi(2) / dense.eigenvalues[k];
        let (soft, stiff) = order[1..].split_at(order.len() / 4);
        let mean = |modes: &[usize]| modes.iter().map(part).sum::<f64>() / modes.len() as f64;
        assert!(mean(soft) > 2.0 * mean(stiff), "{} {}", mean(soft), mean(stiff));
        assert!(part(&order[0]) > 0.5);
    }
}
