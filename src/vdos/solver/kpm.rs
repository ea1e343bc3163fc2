//! g(f) without modes: g = tr h_f(D) / 3N for h_f(lambda) = G_sigma(f - sqrt(lambda) / 2 pi), expanded in Chebyshev
//! polynomials of the matrix (the kernel polynomial method: Weisse et al., Rev. Mod. Phys. 78, 275 (2006),
//! doi:10.1103/RevModPhys.78.275).
//!
//! The kernel is the Gaussian itself, not Jackson's: eigenvalues are f_max^2 sin^2(theta / 2), so that the Gaussian has a
//! width of 2 sigma / f_max in theta at every f, and its series ends where exp(-(k 2 sigma / f_max)^2 / 2) does. Traces
//! are means over random vectors of signs, type by type, with a standard error; for a small group all unit vectors are
//! used, which gives every g_i without noise.

use super::Problem;
use super::chebyshev::{Bounds, Moments, bounds};
use super::ensemble::Ensemble;
use super::random::{Use, signs};
use crate::error::Result;
use crate::vdos::matrix::{Lanes, PANEL};
use crate::vdos::modes::frequency;
use crate::vdos::order::bisection;
use crate::vdos::progress::Stage;
use crate::vdos::spectrum::{gaussian, peak, peak_grid, tabulate};
use crate::vdos::{COLUMNS, Outcome, Sample, Settings};
use std::f64::consts::{PI, TAU};

/// Groups of at most this many atoms get all g_i.
pub const EXACT: usize = 1000;
/// Random vectors for each type.
const VECTORS: usize = 64;
/// Moments for each f_max / sigma: 3 would do for the Gaussian alone, more bring its cut at f = 0 closer.
const ORDER: f64 = 8.0;

/// Estimates the spectrum, or finds it and all g_i if the group is small.
///
/// # Errors
/// If ranks cannot communicate.
pub fn solve(mut problem: Problem, sample: &Sample, progress: &mut dyn FnMut(&str)) -> Result<Outcome> {
    problem.reorder(&bisection(&problem.matrix));
    let bounds = bounds(&problem.operator())?;
    let highest = frequency(bounds.high);
    let count = 2 * (0.5 * ORDER * highest / problem.settings.sigma).ceil().max(16.0) as usize;
    let exact = problem.matrix.n_atoms() <= EXACT;
    let trace: f64 = (0..problem.matrix.n_atoms())
        .filter_map(|i| problem.matrix.block(i, i))
        .map(|block| block[0] + block[4] + block[8])
        .sum();
    let mean_square = trace / (problem.matrix.dimension() as f64 * TAU * TAU);
    progress(&format!("kpm: mean f^2 = {mean_square:.6}, frequencies below {highest:.4}"));
    let starts = if exact { problem.matrix.dimension() } else { VECTORS * sample.n_types };
    progress(&format!("kpm: {count} moments of {starts} {} vectors", if exact { "unit" } else { "random" }));
    let moments = moments(&problem, sample, bounds, (starts, count), exact, progress)?;
    let spectrum = Spectrum { problem: &problem, sample, bounds, moments };
    let end = problem.settings.fcut.unwrap_or(highest + 3.0 * problem.settings.sigma);
    let (table, errors) = if exact { (spectrum.sums(end), Vec::new()) } else { spectrum.estimates(end) };
    let atoms = if exact { spectrum.per_atom() } else { vec![[0.0; COLUMNS]; sample.ids.len()] };
    if exact {
        progress("kpm: column 4 is 0, it needs modes");
    } else {
        let error = spectrum.relative_error(&table, &errors);
        progress(&format!("kpm: standard error of g in the range {:.1} %", 100.0 * error));
        progress(&format!(
            "kpm: per-atom columns are 0 for groups of more than {EXACT} atoms: use solver dense or window"
        ));
    }
    Ok(Outcome {
        atoms,
        table,
        width: 3 + sample.n_types,
        zero: problem.projected(),
        highest,
        errors,
        ..Outcome::default()
    })
}

fn moments(
    problem: &Problem,
    sample: &Sample,
    bounds: Bounds,
    size: (usize, usize),
    exact: bool,
    progress: &mut dyn FnMut(&str),
) -> Result<Moments> {
    let (total, _) = size;
    let (operator, order) = (problem.operator(), &problem.order);
    let mut ensemble = Ensemble::new(operator, problem.peers, problem.settings.threads, 0..0);
    let start = |first: usize, x: &mut [Lanes]| {
        x.fill([0.0; PANEL]);
        for (lane, vector) in (first..total.min(first + PANEL)).enumerate() {
            if exact {
                x[vector][lane] = 1.0;
                continue;
            }
            for (row, sign) in signs(Use::Trace, vector, 0..x.len()).enumerate() {
                let of_type = sample.types[order[row / 3] as usize] as usize == vector / VECTORS + 1;
                x[row][lane] = if of_type { sign } else { 0.0 };
            }
        }
        operator.project(x);
    };
    let mut stage = Stage::new("kpm".into(), progress);
    let after = |done: usize| stage.tick(done as f64 / total as f64);
    Moments::compute(&operator, problem.peers, &mut ensemble.workers, bounds, size, &start, after)
}

/// Coefficients of h_f for `count` moments.
fn coefficients(bounds: Bounds, settings: &Settings, count: usize, f: f64) -> Vec<f64> {
    let nodes = 2 * count;
    let values: Vec<f64> = (0..nodes)
        .map(|q| bounds.at((PI * (q as f64 + 0.5) / nodes as f64).cos()))
        .map(|eigenvalue| if eigenvalue > 0.0 { gaussian(f - frequency(eigenvalue), settings.sigma) } else { 0.0 })
        .collect();
    // cos(k theta_q) has a period of 4 `nodes` in k (2 q + 1).
    let cosines: Vec<f64> = (0..4 * nodes).map(|k| (PI * k as f64 / (2 * nodes) as f64).cos()).collect();
    let transform = |k: usize| {
        let terms = values.iter().enumerate().map(|(q, value)| value * cosines[k * (2 * q + 1) % (4 * nodes)]);
        terms.sum::<f64>() * if k == 0 { 1.0 } else { 2.0 } / nodes as f64
    };
    (0..count).map(transform).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

struct Spectrum<'a> {
    problem: &'a Problem<'a>,
    sample: &'a Sample<'a>,
    bounds: Bounds,
    moments: Moments,
}

impl Spectrum<'_> {
    fn coefficients(&self, f: f64) -> Vec<f64> {
        coefficients(self.bounds, self.problem.settings, self.moments.count, f)
    }

    fn scale(&self) -> f64 {
        1.0 / self.problem.matrix.dimension() as f64
    }

    /// The table from the moments of all unit vectors.
    fn sums(&self, end: f64) -> Vec<f64> {
        let mut of_type = vec![vec![0.0; self.moments.count]; self.sample.n_types];
        for row in 0..self.moments.vectors() {
            let t = self.sample.types[self.problem.order[row / 3] as usize] as usize - 1;
            of_type[t].iter_mut().zip(self.moments.of(row)).for_each(|(sum, moment)| *sum += moment);
        }
        tabulate(self.problem.settings.points, end, f64::INFINITY, self.sample.n_types, |f, g| {
            let coefficients = self.coefficients(f);
            g.iter_mut().zip(&of_type).for_each(|(g, moments)| *g = self.scale() * dot(&coefficients, moments));
        })
    }

    /// The table from random vectors, and the standard error of g in each row.
    fn estimates(&self, end: f64) -> (Vec<f64>, Vec<f64>) {
        let mut errors = Vec::new();
        let table = tabulate(self.problem.settings.points, end, f64::INFINITY, self.sample.n_types, |f, g| {
            let coefficients = self.coefficients(f);
            let mut variance = 0.0;
            for (t, g) in g.iter_mut().enumerate() {
                let vectors = t * VECTORS..(t + 1) * VECTORS;
                let values = vectors.map(|v| self.scale() * dot(&coefficients, self.moments.of(v)));
                let values: Vec<f64> = values.collect();
                *g = values.iter().sum::<f64>() / VECTORS as f64;
                let spread: f64 = values.iter().map(|value| (value - *g).powi(2)).sum();
                variance += spread / (VECTORS * (VECTORS - 1)) as f64;
            }
            errors.push(variance.sqrt());
        });
        (table, errors)
    }

    /// Mean over the rows within the range of the standard error, relative to the mean of g.
    fn relative_error(&self, table: &[f64], errors: &[f64]) -> f64 {
        let [low, high] = self.problem.settings.range;
        let rows = table.chunks(3 + self.sample.n_types).zip(errors);
        let inside = rows.filter(|(row, _)| (low..=high).contains(&row[0]));
        let (g, error) = inside.fold((0.0, 0.0), |(g, error), (row, e)| (g + row[1], error + e));
        if g > 0.0 { error / g } else { 0.0 }
    }

    /// Per-atom columns from the moments of all unit vectors.
    fn per_atom(&self) -> Vec<[f64; COLUMNS]> {
        let grid = peak_grid(self.problem.settings);
        let lines: Vec<Vec<f64>> = grid.iter().map(|&f| self.coefficients(f)).collect();
        let mut atoms = vec![[0.0; COLUMNS]; self.sample.ids.len()];
        for (k, &i) in self.problem.order.iter().enumerate() {
            let mut moments = self.moments.of(3 * k).to_vec();
            for row in [3 * k + 1, 3 * k + 2] {
                moments.iter_mut().zip(self.moments.of(row)).for_each(|(sum, moment)| *sum += moment);
            }
            let reduced = lines.iter().zip(&grid).map(|(line, f)| dot(line, &moments) / (3.0 * f * f));
            let [maximum, mean, at] = peak(&grid, reduced);
            atoms[i as usize] = [maximum, mean, at, 0.0];
        }
        atoms
    }
}
