//! Every mode below a frequency: a subspace of random vectors is filtered by Chebyshev polynomials of the matrix, which
//! amplify what lies below the window's end, and the modes are read off it by Rayleigh-Ritz (Zhou, Saad, Tiago &
//! Chelikowsky, Phys. Rev. E 74, 066704 (2006), doi:10.1103/PhysRevE.74.066704).
//!
//! How many vectors: enough to hold the modes, and more of them push the edge of the filter away from the window, so that a
//! lower degree does; fewer make Rayleigh-Ritz cheaper, whose cost is quadratic. [`Plan`] weighs that up with the count of
//! modes from Chebyshev moments.

use super::chebyshev::{Bounds, Moments, bounds, count_below};
use super::ritz::rayleigh_ritz;
use super::vector_block::{Operator, Panels, VectorBlock, frequency_error};
use super::{Problem, dense};
use crate::error::{Error, Result};
use crate::vdos::algebra::eigen_bytes;
use crate::vdos::communicator::{all_ok, share};
use crate::vdos::memory::gigabytes;
use crate::vdos::modes::{Modes, eigenvalue};
use crate::vdos::order::bisection;
use crate::vdos::progress::Stage;
use crate::vdos::random::{Use, signs};
use faer::Mat;
use std::ops::Range;

/// Residuals at which modes are done, as a fraction of the window's end.
const TOLERANCE: f64 = 1e-5;
/// Reduction of residuals beyond what is needed, so that a pass does not end just above the tolerance.
const SAFETY: f64 = 5.0;
/// Amplification of the lowest mode over the rest in the first pass: its square is the condition of the Gram matrix.
const FIRST_SPREAD: f64 = 1e5;
/// The same over the window's end in later passes, which start from vectors that are orthogonal already.
const SPREAD: f64 = 1e7;
/// Passes before the iteration is given up.
const PASSES: usize = 15;
/// Random vectors and moments for the count of modes.
const TRACES: usize = 64;
const MOMENTS: usize = 256;

/// Finds all modes below the end of the window.
///
/// # Errors
/// If memory does not suffice, modes do not converge, or ranks cannot communicate.
pub fn solve(mut problem: Problem, progress: &mut dyn FnMut(&str)) -> Result<Modes> {
    problem.reorder(&bisection(&problem.matrix))?;
    let end = eigenvalue(problem.settings.window());
    let Some(plan) = Plan::make(&problem, end, progress)? else {
        progress("window: a subspace of more than half the modes gains nothing: dense");
        return Ok(dense::solve(&problem, progress)?.below(problem.settings.window()));
    };
    plan.announce(&problem, progress)?;
    let largest = plan.bounds.high;
    let (vectors, values, residual) = Iteration::new(&problem, plan, end).run(progress)?;
    let atoms = problem.order[share(problem.comm, problem.matrix.n_atoms())].to_vec();
    Ok(Modes {
        eigenvalues: values,
        atoms,
        vectors,
        projected: problem.projected(),
        residual,
        largest,
        complete_below: problem.settings.window(),
    })
}

/// How the subspace is built.
#[derive(Debug)]
struct Plan {
    bounds: Bounds,
    /// Moments of the density of eigenvalues.
    moments: Vec<f64>,
    /// Vectors in the subspace.
    vectors: usize,
}

impl Plan {
    /// `None` if more than half of all modes would be needed.
    fn make(problem: &Problem, end: f64, progress: &mut dyn FnMut(&str)) -> Result<Option<Self>> {
        let n = problem.matrix.dimension();
        let operator = problem.operator();
        let bounds = bounds(&operator)?;
        if 4 * TRACES > n || end >= bounds.high {
            return Ok(None);
        }
        let mut vector_block = VectorBlock::new(operator, problem.comm, problem.settings.threads, 0..0);
        let mut stage = Stage::new("window: count of modes".into(), progress);
        let total = TRACES;
        let after = |done: usize| stage.tick(done as f64 / total as f64);
        let size = (total, MOMENTS);
        let moments = Moments::stochastic(&operator, problem.comm, &mut vector_block.panels, bounds, size, after)?;
        let mean = moments.mean();
        let count = count_below(&mean, bounds, end);
        let counts = (0..total).map(|i| count_below(moments.of(i), bounds, end));
        let error = (counts.map(|c| (c - count).powi(2)).sum::<f64>() / (total * (total - 1)) as f64).sqrt();
        progress(&format!("window: {count:.0} +- {error:.0} modes expected of {n}"));
        let least = (count.max(0.0) + 4.0 * error) * 1.05 + 8.0;
        let candidates = (0..30).map(|k| least * 1.03_f64.powi(k)).filter(|&m| m < 0.5 * n as f64);
        let cost = |m: f64| Self::cost(problem, bounds, end, m, edge_of(&mean, bounds, m));
        let best = candidates.min_by(|&a, &b| cost(a).total_cmp(&cost(b)));
        Ok(best.map(|m| Self { bounds, vectors: m as usize, moments: mean }))
    }

    /// Time with `m` vectors and damping above `edge`, in operations of the filter: Rayleigh-Ritz needs 4 n m^2 of its own,
    /// which run nearly twice as fast as those of a product that reads its vectors from a cache; dense algebra of the
    /// projected matrices takes as long as 10 m^3.
    fn cost(problem: &Problem, bounds: Bounds, end: f64, m: f64, edge: f64) -> f64 {
        const RITZ_STEPS: f64 = 2.0;
        let filter = Filter { edge, bounds, low: bounds.low };
        let needed = SAFETY / TOLERANCE;
        let degree = needed.acosh() / filter.growth(end).max(1e-9);
        let n = problem.matrix.dimension() as f64;
        m * degree * problem.matrix.flops() + RITZ_STEPS * (2.5 * n * m * m + 10.0 * m.powi(3))
    }

    /// Says what will be done, and fails if there is no memory for it.
    fn announce(&self, problem: &Problem, progress: &mut dyn FnMut(&str)) -> Result<()> {
        let (n, m, settings) = (problem.matrix.dimension(), self.vectors, problem.settings);
        let ranks = problem.comm.size();
        let square = 8.0 * (m * m) as f64;
        let eigen = if problem.comm.rank() == 0 { eigen_bytes(m, settings.threads) } else { square };
        let panels = VectorBlock::bytes(n, ranks, settings.threads);
        let bytes = 8.0 * (n * m / ranks) as f64 + panels + 2.0 * square + eigen;
        let matrix = gigabytes(problem.matrix.bytes() as f64);
        progress(&format!(
            "window: {m} vectors, {} a rank beside the matrix of {matrix}, one copy a machine",
            gigabytes(bytes)
        ));
        all_ok(problem.comm, problem.require("solver window", bytes, "lower fcut, or use 'solver kpm' (estimates)"))
    }
}

/// The eigenvalue below which there are `count` modes.
fn edge_of(moments: &[f64], bounds: Bounds, count: f64) -> f64 {
    let (mut low, mut high) = (-1.0, 1.0);
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        if count_below(moments, bounds, bounds.at(middle)) < count {
            low = middle;
        } else {
            high = middle;
        }
    }
    bounds.at(high)
}

/// A polynomial that is small between `edge` and the upper bound, and grows below; 1 at `low`.
#[derive(Debug, Clone, Copy)]
struct Filter {
    edge: f64,
    bounds: Bounds,
    low: f64,
}

impl Filter {
    fn center(&self) -> f64 {
        0.5 * (self.bounds.high + self.edge)
    }

    fn half_width(&self) -> f64 {
        0.5 * (self.bounds.high - self.edge)
    }

    /// Growth of the logarithm with each degree, at an eigenvalue below the edge.
    fn growth(&self, eigenvalue: f64) -> f64 {
        ((self.center() - eigenvalue) / self.half_width()).max(1.0).acosh()
    }

    /// Applies degree `degree` >= 1 to `panels.now`.
    fn apply(&self, degree: usize, operator: &Operator, panels: &mut Panels) {
        let (center, half) = (self.center(), self.half_width());
        let first = half / (self.low - center);
        operator.project(&mut panels.now);
        operator.step([first / half, -center * first / half, 0.0], &panels.now, &mut panels.last);
        let mut scale = first;
        for _ in 1..degree {
            std::mem::swap(&mut panels.now, &mut panels.last);
            let next = 1.0 / (2.0 / first - scale);
            let factor = 2.0 * next / half;
            operator.step([factor, -center * factor, -scale * next], &panels.now, &mut panels.last);
            scale = next;
        }
        std::mem::swap(&mut panels.now, &mut panels.last);
    }
}

/// The iteration.
struct Iteration<'a> {
    problem: &'a Problem<'a>,
    vector_block: VectorBlock<'a>,
    plan: Plan,
    end: f64,
    rows: Range<usize>,
    /// Rows of this rank.
    vectors: Mat<f64>,
    /// Ritz values.
    values: Vec<f64>,
    /// Errors of the frequencies of the Ritz values below the end.
    errors: Vec<f64>,
}

impl<'a> Iteration<'a> {
    fn new(problem: &'a Problem<'a>, plan: Plan, end: f64) -> Self {
        let atoms = share(problem.comm, problem.matrix.n_atoms());
        let rows = 3 * atoms.start..3 * atoms.end;
        let vector_block = VectorBlock::new(problem.operator(), problem.comm, problem.settings.threads, rows.clone());
        let vectors = Mat::zeros(rows.len(), 0);
        let count = plan.vectors;
        let mut iteration =
            Self { problem, vector_block, plan, end, rows, vectors, values: Vec::new(), errors: Vec::new() };
        iteration.extend(count);
        iteration
    }

    /// Random vectors up to `count` in all.
    fn extend(&mut self, count: usize) {
        let old = self.vectors.ncols();
        self.vectors.resize_with(self.rows.len(), count, |_, _| 0.0);
        for j in old..count {
            let signs = signs(Use::Start, j, self.rows.clone());
            self.vectors.col_mut(j).iter_mut().zip(signs).for_each(|(value, sign)| *value = sign);
        }
    }

    fn run(mut self, progress: &mut dyn FnMut(&str)) -> Result<(Mat<f64>, Vec<f64>, f64)> {
        let tolerance = TOLERANCE * self.problem.settings.window();
        for pass in 1..=PASSES {
            let columns = self.unfinished(tolerance);
            let (filter, degree) = self.next_filter(tolerance);
            self.filter(pass, &columns, filter, degree, progress)?;
            let (comm, threads) = (self.problem.comm, self.problem.settings.threads);
            self.values = rayleigh_ritz(&mut self.vector_block, &mut self.vectors, comm, threads, progress)?;
            let found = self.values.partition_point(|&value| value < self.end);
            let residuals = self.vector_block.residuals(self.vectors.as_ref(), &self.values[..found])?;
            let pairs = self.values.iter().zip(residuals);
            self.errors = pairs.map(|(&value, residual)| frequency_error(value, residual)).collect();
            let worst = self.errors.iter().copied().fold(0.0, f64::max);
            progress(&format!("window: pass {pass}, degree {degree}: {found} modes, residuals up to {worst:.1e}"));
            if found == self.values.len() {
                self.extend(found + found / 4 + 16);
                progress(&format!("window: more modes than expected: {} vectors", self.vectors.ncols()));
            } else if worst <= tolerance {
                self.values.truncate(found);
                return Ok((self.vectors, self.values, worst));
            }
        }
        Err(Error::Unsolved(format!("solver window: modes did not converge in {PASSES} passes; raise or lower fcut")))
    }

    /// Columns that are not modes yet.
    fn unfinished(&self, tolerance: f64) -> Vec<usize> {
        (0..self.vectors.ncols()).filter(|&j| self.errors.get(j).is_none_or(|&error| error > 0.1 * tolerance)).collect()
    }

    /// The filter of the next pass and its degree.
    fn next_filter(&self, tolerance: f64) -> (Filter, usize) {
        let bounds = self.plan.bounds;
        // As many modes as vectors are amplified. The highest Ritz value says less: it lies above the mode it stands for.
        let edge = edge_of(&self.plan.moments, bounds, self.vectors.ncols() as f64);
        let edge = edge.max(self.end + 1e-3 * (bounds.high - self.end));
        let whole = self.values.len() == self.vectors.ncols();
        let (Some(&low), true) = (self.values.first(), whole) else {
            let filter = Filter { edge, bounds, low: bounds.low };
            let needed = (SAFETY / TOLERANCE).acosh() / filter.growth(self.end);
            let most = (2.0 * FIRST_SPREAD).ln() / filter.growth(bounds.low);
            return (filter, needed.min(most).ceil().max(2.0) as usize);
        };
        let filter = Filter { edge, bounds, low: low.min(0.0) };
        let degrees = self.errors.iter().zip(&self.values).filter(|&(&error, _)| error > tolerance);
        let needed = degrees.map(|(error, &value)| (SAFETY * error / tolerance).acosh() / filter.growth(value));
        let spread = filter.growth(filter.low) - filter.growth(self.end);
        let most = SPREAD.ln() / spread.max(1e-3);
        (filter, needed.fold(4.0, f64::max).min(most).ceil() as usize)
    }

    fn filter(
        &mut self,
        pass: usize,
        columns: &[usize],
        filter: Filter,
        degree: usize,
        progress: &mut dyn FnMut(&str),
    ) -> Result<()> {
        let mut stage = Stage::new(format!("window: pass {pass}, filter of degree {degree}"), progress);
        for (round, chunk) in columns.chunks(self.vector_block.capacity()).enumerate() {
            let work = |operator: &Operator, panels: &mut Panels| filter.apply(degree, operator, panels);
            let filtered = self.vector_block.apply(self.vectors.as_ref(), chunk, &work)?;
            for (&j, column) in chunk.iter().zip(filtered.col_iter()) {
                self.vectors.col_mut(j).copy_from(column);
            }
            stage.tick((round * self.vector_block.capacity() + chunk.len()) as f64 / columns.len() as f64);
        }
        Ok(())
    }
}
