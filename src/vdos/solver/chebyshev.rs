//! Bounds of the spectrum and Chebyshev moments.

use super::vector_block::{Operator, Panels, in_parallel};
use crate::error::Result;
use crate::vdos::Communicator;
use crate::vdos::algebra::{dot, eigen, norm};
use crate::vdos::modes::frequency;
use crate::vdos::panel::{Lanes, PANEL};
use crate::vdos::random::{Use, signs};
use faer::{Mat, Par};
use std::f64::consts::PI;

/// An interval that holds all eigenvalues.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Lower end; never above 0.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Bounds {
    /// The eigenvalue at `x` in [-1, 1].
    pub fn at(&self, x: f64) -> f64 {
        0.5 * (self.high + self.low + x * (self.high - self.low))
    }

    /// Where `eigenvalue` lies in [-1, 1].
    pub fn place(&self, eigenvalue: f64) -> f64 {
        (2.0 * eigenvalue - self.high - self.low) / (self.high - self.low)
    }
}

/// Steps of the Lanczos iteration that bounds the spectrum.
const STEPS: usize = 40;

/// Bounds of the spectrum: extreme Ritz values of a short Lanczos iteration, moved out by the last residual, which is
/// safe in practice (Zhou & Li, J. Comput. Phys. 230, 4815 (2011)).
///
/// # Errors
/// If the small eigenproblem fails.
pub fn bounds(operator: &Operator) -> Result<Bounds> {
    let n = operator.matrix.dimension();
    let mut now: Vec<f64> = signs(Use::Start, usize::MAX, 0..n).collect();
    operator.project_one(&mut now);
    let mut length = norm(&now);
    let (mut before, mut next) = (vec![0.0; n], vec![0.0; n]);
    let (mut diagonal, mut beside) = (Vec::new(), Vec::new());
    while diagonal.len() < STEPS.min(n) && length > 0.0 {
        for x in &mut now {
            *x /= length;
        }
        operator.matrix.multiply(&now, &mut next);
        operator.project_one(&mut next);
        let alpha: f64 = dot(&now, &next);
        let beta = beside.last().copied().unwrap_or(0.0);
        for ((next, now), before) in next.iter_mut().zip(&now).zip(&before) {
            *next -= alpha * now + beta * before;
        }
        diagonal.push(alpha);
        length = norm(&next);
        beside.push(length);
        std::mem::swap(&mut before, &mut now);
        std::mem::swap(&mut now, &mut next);
    }
    let k = diagonal.len();
    if k == 0 {
        return Ok(Bounds { low: 0.0, high: 1.0 });
    }
    let small = Mat::from_fn(k, k, |i, j| match i.abs_diff(j) {
        0 => diagonal[i],
        1 => beside[i.min(j)],
        _ => 0.0,
    });
    let (values, vectors) = eigen(small.as_ref(), Par::Seq)?;
    let slack = |j: usize| (beside[k - 1] * vectors[(k - 1, j)]).abs() + beside[k - 1] * 1e-3;
    let high = (values[k - 1] + slack(k - 1)).max(0.0) * 1.001;
    let low = (values[0] - slack(0)).min(0.0);
    Ok(if high > low { Bounds { low, high } } else { Bounds { low, high: low + 1.0 } })
}

/// Chebyshev moments x^T T_k(D) x of vectors x, shape [vectors][count].
pub struct Moments {
    pub values: Vec<f64>,
    pub count: usize,
}

impl Moments {
    /// Moments 0 .. `count` of the vectors that `start` puts into panels: vectors first, first + 1, .. first + 31 on each
    /// call; `total` vectors in all, divided over ranks and threads. `after` is called on this rank after each round with
    /// the number of vectors done.
    ///
    /// # Errors
    /// If the ranks cannot communicate.
    pub fn compute(
        operator: &Operator,
        comm: &dyn Communicator,
        panels: &mut [Panels],
        bounds: Bounds,
        (total, count): (usize, usize),
        start: &(dyn Fn(usize, &mut [Lanes]) + Sync),
        mut after: impl FnMut(usize),
    ) -> Result<Self> {
        let mut values = vec![0.0; total * count];
        let round = comm.size() * panels.len() * PANEL;
        for round_start in (0..total).step_by(round) {
            let own = round_start + comm.rank() * panels.len() * PANEL;
            let results = std::sync::Mutex::new(Vec::new());
            in_parallel(panels, |t, panels| {
                let first = own + t * PANEL;
                if first < total {
                    start(first, &mut panels.now);
                    let moments = recurrence(operator, panels, bounds, count);
                    results.lock().expect("no thread panicked").push((first, moments));
                }
            });
            for (first, moments) in results.into_inner().expect("no thread panicked") {
                for (k, lanes) in moments.iter().enumerate() {
                    for (vector, value) in (first..total.min(first + PANEL)).zip(lanes) {
                        values[vector * count + k] = *value;
                    }
                }
            }
            after(total.min(round_start + round));
        }
        comm.sum(&mut values)?;
        Ok(Self { values, count })
    }

    /// Moments of `total` random vectors: their mean estimates the trace of each T_k(D).
    ///
    /// # Errors
    /// If the ranks cannot communicate.
    pub fn stochastic(
        operator: &Operator,
        comm: &dyn Communicator,
        panels: &mut [Panels],
        bounds: Bounds,
        (total, count): (usize, usize),
        after: impl FnMut(usize),
    ) -> Result<Self> {
        let start = |first: usize, x: &mut [Lanes]| trace_panel(operator, first, total, x);
        Self::compute(operator, comm, panels, bounds, (total, count), &start, after)
    }

    /// Moments of vector `i`.
    pub fn of(&self, i: usize) -> &[f64] {
        &self.values[i * self.count..(i + 1) * self.count]
    }

    /// Number of vectors.
    pub fn vectors(&self) -> usize {
        self.values.len() / self.count
    }

    /// Mean over the vectors.
    pub fn mean(&self) -> Vec<f64> {
        let vectors = self.vectors() as f64;
        (0..self.count).map(|k| self.values.iter().skip(k).step_by(self.count).sum::<f64>() / vectors).collect()
    }
}

/// Moments of the vectors in `panels.now`, two for each product: T_2k = 2 T_k T_k - 1, T_2k+1 = 2 T_k+1 T_k - T_1
/// (Weisse et al., Rev. Mod. Phys. 78, 275 (2006), doi:10.1103/RevModPhys.78.275).
fn recurrence(operator: &Operator, panels: &mut Panels, bounds: Bounds, count: usize) -> Vec<Lanes> {
    let scale = 2.0 / (bounds.high - bounds.low);
    let shift = -(bounds.high + bounds.low) / (bounds.high - bounds.low);
    let Panels { now, last } = panels;
    operator.step([scale, shift, 0.0], now, last);
    std::mem::swap(now, last);
    let zeroth = dots(last, last);
    let first = dots(now, last);
    let mut moments = vec![zeroth, first];
    while moments.len() < count {
        moments.push(combine(dots(now, now), zeroth));
        operator.step([2.0 * scale, 2.0 * shift, -1.0], now, last);
        std::mem::swap(now, last);
        moments.push(combine(dots(now, last), first));
    }
    moments.truncate(count);
    moments
}

fn combine(product: Lanes, lower: Lanes) -> Lanes {
    std::array::from_fn(|lane| 2.0 * product[lane] - lower[lane])
}

fn dots(x: &[Lanes], y: &[Lanes]) -> Lanes {
    let mut sums = [0.0; PANEL];
    for (x, y) in x.iter().zip(y) {
        sums.iter_mut().zip(x.iter().zip(y)).for_each(|(sum, (x, y))| *sum += x * y);
    }
    sums
}

/// Chebyshev coefficients of a function of the frequency, 0 for eigenvalues that are not positive, for `count` moments.
pub fn coefficients(bounds: Bounds, count: usize, function: impl Fn(f64) -> f64) -> Vec<f64> {
    let nodes = 2 * count;
    let values: Vec<f64> = (0..nodes)
        .map(|q| bounds.at((PI * (q as f64 + 0.5) / nodes as f64).cos()))
        .map(|eigenvalue| if eigenvalue > 0.0 { function(frequency(eigenvalue)) } else { 0.0 })
        .collect();
    // cos(k theta_q) has a period of 4 `nodes` in k (2 q + 1).
    let cosines: Vec<f64> = (0..4 * nodes).map(|k| (PI * k as f64 / (2 * nodes) as f64).cos()).collect();
    let transform = |k: usize| {
        let terms = values.iter().enumerate().map(|(q, value)| value * cosines[k * (2 * q + 1) % (4 * nodes)]);
        terms.sum::<f64>() * if k == 0 { 1.0 } else { 2.0 } / nodes as f64
    };
    (0..count).map(transform).collect()
}

/// Number of eigenvalues below `eigenvalue`, from the mean moments of the density with the Jackson kernel.
pub fn count_below(moments: &[f64], bounds: Bounds, eigenvalue: f64) -> f64 {
    let order = moments.len() as f64 + 1.0;
    let theta = bounds.place(eigenvalue).clamp(-1.0, 1.0).acos();
    // The density is sum_k g_k mu_k cos(k theta) / pi over theta; what lies below in lambda lies above in theta.
    let series: f64 = moments
        .iter()
        .enumerate()
        .skip(1)
        .map(|(k, moment)| {
            let k = k as f64;
            let turn = PI * k / order;
            let jackson = ((order - k) * turn.cos() + turn.sin() / (PI / order).tan()) / order;
            -2.0 * jackson * moment * (k * theta).sin() / (k * PI)
        })
        .sum();
    moments[0] * (1.0 - theta / PI) + series
}

/// Fills the panel `x` with vectors `first` .. for the trace, projected; those beyond `end` are zero.
fn trace_panel(operator: &Operator, first: usize, end: usize, x: &mut [Lanes]) {
    for lane in 0..PANEL {
        if first + lane < end {
            let signs = signs(Use::Trace, first + lane, 0..x.len());
            x.iter_mut().zip(signs).for_each(|(row, sign)| row[lane] = sign);
        } else {
            for row in &mut *x {
                row[lane] = 0.0;
            }
        }
    }
    operator.project(x);
}
