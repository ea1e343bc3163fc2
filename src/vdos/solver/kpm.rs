//! g(f) without modes: g = tr h_f(D) / 3N for h_f(lambda) = G_sigma(f - sqrt(lambda) / 2 pi), expanded in Chebyshev
//! polynomials of the matrix (the kernel polynomial method: Weisse et al., Rev. Mod. Phys. 78, 275 (2006),
//! doi:10.1103/RevModPhys.78.275).
//!
//! The kernel is the Gaussian itself, not Jackson's: eigenvalues are f_max^2 sin^2(theta / 2), so that the Gaussian has a
//! width of 2 sigma / f_max in theta at every f, and its series ends where exp(-(k 2 sigma / f_max)^2 / 2) does. For a
//! small group all unit vectors are used, which gives every g_i without noise; else [`stochastic`] estimates.

use super::chebyshev::{Bounds, Moments, bounds, coefficients};
use super::vector_block::VectorBlock;
use super::{Problem, stochastic};
use crate::error::Result;
use crate::vdos::algebra::dot;
use crate::vdos::modes::frequency;
use crate::vdos::order::bisection;
use crate::vdos::panel::{Lanes, PANEL};
use crate::vdos::progress::Stage;
use crate::vdos::spectrum::{gaussian, peak, peak_grid, tabulate};
use crate::vdos::{COLUMNS, Group, Vibrations, report};
use std::f64::consts::TAU;

/// Groups of at most this many atoms get all g_i.
pub const EXACT: usize = 1000;
/// Moments for each f_max / sigma: 3 would do for the Gaussian alone, more bring its cut at f = 0 closer.
const ORDER: f64 = 8.0;

/// Estimates the spectrum, or finds it and all g_i if the group is small.
///
/// # Errors
/// If ranks cannot communicate.
pub fn solve(mut problem: Problem, group: &Group, progress: &mut dyn FnMut(&str)) -> Result<Vibrations> {
    let bounds = bounds(&problem.operator())?;
    let highest = frequency(bounds.high);
    let n = problem.matrix.n_atoms();
    let trace: f64 =
        (0..n).filter_map(|i| problem.matrix.block(i, i)).map(|block| block[0] + block[4] + block[8]).sum();
    let mean_square = trace / (problem.matrix.dimension() as f64 * TAU * TAU);
    progress(&format!("kpm: mean f^2 = {mean_square:.6}, frequencies below {highest:.4}"));
    let settings = problem.settings;
    if n > EXACT || settings.vectors.is_some() || settings.error.is_some() {
        return stochastic::solve(problem, group, bounds, progress);
    }
    problem.reorder(&bisection(&problem.matrix))?;
    let count = 2 * (0.5 * ORDER * highest / settings.sigma).ceil().max(16.0) as usize;
    progress(&format!("kpm: {count} moments of {} unit vectors", problem.matrix.dimension()));
    let moments = moments(&problem, bounds, count, progress)?;
    let spectrum = Spectrum { problem: &problem, group, bounds, moments };
    let end = settings.fcut.unwrap_or(highest + 3.0 * settings.sigma);
    let vibrations = Vibrations {
        atoms: spectrum.per_atom(),
        table: spectrum.table(end),
        width: 3 + group.n_types,
        zero: problem.projected(),
        highest,
        ..Vibrations::default()
    };
    progress("kpm: column 4 is 0, it needs modes");
    report::edges(&vibrations, settings, progress);
    Ok(vibrations)
}

/// Moments of all unit vectors.
fn moments(problem: &Problem, bounds: Bounds, count: usize, progress: &mut dyn FnMut(&str)) -> Result<Moments> {
    let operator = problem.operator();
    let total = problem.matrix.dimension();
    let mut vector_block = VectorBlock::new(operator, problem.comm, problem.settings.threads, 0..0);
    let start = |first: usize, x: &mut [Lanes]| {
        x.fill([0.0; PANEL]);
        for (lane, vector) in (first..total.min(first + PANEL)).enumerate() {
            x[vector][lane] = 1.0;
        }
        operator.project(x);
    };
    let mut stage = Stage::new("kpm".into(), progress);
    let after = |done: usize| stage.tick(done as f64 / total as f64);
    Moments::compute(&operator, problem.comm, &mut vector_block.panels, bounds, (total, count), &start, after)
}

struct Spectrum<'a> {
    problem: &'a Problem<'a>,
    group: &'a Group<'a>,
    bounds: Bounds,
    moments: Moments,
}

impl Spectrum<'_> {
    fn coefficients(&self, f: f64) -> Vec<f64> {
        let sigma = self.problem.settings.sigma;
        coefficients(self.bounds, self.moments.count, |own| gaussian(f - own, sigma))
    }

    fn scale(&self) -> f64 {
        1.0 / self.problem.matrix.dimension() as f64
    }

    /// The table.
    fn table(&self, end: f64) -> Vec<f64> {
        let mut of_type = vec![vec![0.0; self.moments.count]; self.group.n_types];
        for row in 0..self.moments.vectors() {
            let t = self.group.types[self.problem.order[row / 3] as usize] as usize - 1;
            of_type[t].iter_mut().zip(self.moments.of(row)).for_each(|(sum, moment)| *sum += moment);
        }
        tabulate(self.problem.settings.points, end, f64::INFINITY, self.group.n_types, |f, g| {
            let coefficients = self.coefficients(f);
            g.iter_mut().zip(&of_type).for_each(|(g, moments)| *g = self.scale() * dot(&coefficients, moments));
        })
    }

    /// Per-atom columns.
    fn per_atom(&self) -> Vec<[f64; COLUMNS]> {
        let grid = peak_grid(self.problem.settings);
        let lines: Vec<Vec<f64>> = grid.iter().map(|&f| self.coefficients(f)).collect();
        let mut atoms = vec![[0.0; COLUMNS]; self.group.ids.len()];
        for (k, &i) in self.problem.order.iter().enumerate() {
            let mut moments = self.moments.of(3 * k).to_vec();
            for row in [3 * k + 1, 3 * k + 2] {
                moments.iter_mut().zip(self.moments.of(row)).for_each(|(sum, moment)| *sum += moment);
            }
            let reduced = lines.iter().zip(&grid).map(|(line, f)| dot(line, &moments) / (3.0 * f * f));
            let [maximum, mean, at] = peak(&grid, reduced);
            atoms[i as usize] = [maximum, mean, at, 0.0, 0.0];
        }
        atoms
    }
}
