//! Limited-memory BFGS steps (Nocedal, Math. Comput. 35, 773 (1980)) in the metric of a preconditioner, if wanted in the
//! hyperplane perpendicular to a mode.

use super::linalg::{add, dot, embed, extract, scale};
use super::preconditioner::Preconditioner;
use crate::geometry;
use std::collections::VecDeque;
use std::sync::Arc;

/// Curvature pairs kept.
const PAIRS: usize = 40;

/// A direction v of unit length in the metric P, and w = P v.
#[derive(Debug, Clone)]
pub(super) struct Direction {
    pub v: Vec<f64>,
    pub w: Vec<f64>,
}

impl Direction {
    /// The direction of `v`; `None` if it has no length.
    pub(super) fn new(preconditioner: &Preconditioner, v: &[f64]) -> Option<Self> {
        let w = preconditioner.multiply(v);
        let v = if preconditioner.is_exact() { v.to_vec() } else { preconditioner.solve(&w) };
        Self::normalised(v, w)
    }

    /// The direction of P^-1 `force`; `None` if it has no length.
    pub(super) fn new_dual(preconditioner: &Preconditioner, force: &[f64]) -> Option<Self> {
        Self::normalised(preconditioner.solve(force), force.to_vec())
    }

    fn normalised(mut v: Vec<f64>, mut w: Vec<f64>) -> Option<Self> {
        let square = dot(&v, &w);
        if !(square > 0.0 && square.is_finite()) {
            return None;
        }
        let factor = 1.0 / square.sqrt();
        scale(&mut v, factor);
        scale(&mut w, factor);
        Some(Direction { v, w })
    }

    /// Takes the component along the direction out of a step.
    pub(super) fn project_step(&self, step: &mut [f64]) {
        let overlap = dot(&self.w, step);
        add(step, -overlap, &self.v);
    }

    /// Takes the component along the direction out of a gradient.
    pub(super) fn project_gradient(&self, gradient: &mut [f64]) {
        let overlap = dot(&self.v, gradient);
        add(gradient, -overlap, &self.w);
    }
}

/// A step and the change of the gradient over it, with their scalar products.
#[derive(Debug, Clone)]
struct CurvaturePair {
    /// Places of the atoms that both are given for, ascending; `None`: all of the region.
    indices: Option<Arc<[u32]>>,
    step: Vec<f64>,
    change: Vec<f64>,
    step_square: f64,
    change_square: f64,
    product: f64,
}

/// Overlaps of a pair with a mode.
#[derive(Default)]
struct Overlaps {
    /// Of the step, with w and v of the mode.
    step: [f64; 2],
    /// Of the change, with v and w of the mode.
    change: [f64; 2],
}

impl CurvaturePair {
    fn new(indices: Option<Arc<[u32]>>, step: Vec<f64>, change: Vec<f64>) -> Self {
        let (step_square, change_square, product) = (dot(&step, &step), dot(&change, &change), dot(&step, &change));
        CurvaturePair { indices, step, change, step_square, change_square, product }
    }

    fn dot(&self, part: &[f64], all: &[f64]) -> f64 {
        let Some(indices) = &self.indices else { return dot(part, all) };
        let all = all.as_chunks().0;
        let products =
            part.as_chunks::<3>().0.iter().zip(&**indices).map(|(x, &index)| geometry::dot(x, &all[index as usize]));
        products.sum()
    }

    fn add(&self, all: &mut [f64], factor: f64, part: &[f64]) {
        let Some(indices) = &self.indices else { return add(all, factor, part) };
        for (x, &index) in part.as_chunks::<3>().0.iter().zip(&**indices) {
            add(&mut all[3 * index as usize..3 * index as usize + 3], factor, x);
        }
    }

    fn overlaps(&self, mode: Option<&Direction>) -> Overlaps {
        mode.map_or_else(Overlaps::default, |mode| Overlaps {
            step: [self.dot(&self.step, &mode.w), self.dot(&self.step, &mode.v)],
            change: [self.dot(&self.change, &mode.v), self.dot(&self.change, &mode.w)],
        })
    }
}

/// Steps and the changes of the gradient over them.
#[derive(Debug, Default, Clone)]
pub(super) struct Memory {
    pairs: VecDeque<CurvaturePair>,
}

impl Memory {
    /// Remembers that the gradient changed by `change` over `step`.
    pub(super) fn push(&mut self, step: Vec<f64>, change: Vec<f64>) {
        self.keep(CurvaturePair::new(None, step, change));
    }

    fn keep(&mut self, pair: CurvaturePair) {
        if self.pairs.len() == PAIRS {
            self.pairs.pop_front();
        }
        self.pairs.push_back(pair);
    }

    /// Moves products of the Hessian, which are curvature pairs too, to here.
    pub(super) fn extend(&mut self, products: &mut Vec<(Vec<f64>, Vec<f64>)>) {
        for (v, product) in products.drain(..) {
            self.push(v, product);
        }
    }

    /// The same pairs for a larger region: its atoms that were not in the `old` one rested, and the forces on them changed
    /// as the springs say.
    pub(super) fn carried(&self, old: &[u32], new: &[u32], preconditioner: &Preconditioner) -> Memory {
        let inner: Vec<u32> =
            old.iter().map(|atom| new.binary_search(atom).expect("regions only grow") as u32).collect();
        let reached: Arc<[u32]> = preconditioner.reached(&inner).into();
        let (mut s, mut y) = (vec![0.0; 3 * new.len()], vec![0.0; 3 * new.len()]);
        let carry = |pair: &CurvaturePair| {
            let indices = pair.indices.as_deref().map(|indices| indices.iter().map(|&p| inner[p as usize]).collect());
            let indices: Vec<u32> = indices.unwrap_or_else(|| inner.clone());
            embed(&pair.step, &indices, &mut s);
            preconditioner.pull(&indices, &s, &mut y);
            embed(&pair.change, &indices, &mut y);
            let pair = CurvaturePair::new(Some(Arc::clone(&reached)), extract(&s, &reached), extract(&y, &reached));
            for &index in &*reached {
                s[3 * index as usize..3 * index as usize + 3].fill(0.0);
                y[3 * index as usize..3 * index as usize + 3].fill(0.0);
            }
            pair
        };
        Memory { pairs: self.pairs.iter().map(carry).collect() }
    }

    /// Step to where the gradient is expected to vanish, perpendicular to `mode` if there is one.
    ///
    /// The pairs themselves are not projected: what projection changes in a scalar product follows from the overlaps with
    /// the mode.
    pub(super) fn step(&self, preconditioner: &Preconditioner, gradient: &[f64], mode: Option<&Direction>) -> Vec<f64> {
        /// Pairs whose step and change are further from parallel than this are left out.
        const LEAST_CURVATURE: f64 = 0.02;
        let (length, dual_length) = mode.map_or((0.0, 0.0), |m| (dot(&m.v, &m.v), dot(&m.w, &m.w)));
        let mut pairs: Vec<(&CurvaturePair, Overlaps, f64)> = Vec::with_capacity(self.pairs.len());
        for pair in &self.pairs {
            let overlaps = pair.overlaps(mode);
            let ([sw, sv], [yv, yw]) = (overlaps.step, overlaps.change);
            let curvature = pair.product - sw * yv;
            let step_square = pair.step_square - 2.0 * sw * sv + sw * sw * length;
            let change_square = pair.change_square - 2.0 * yv * yw + yv * yv * dual_length;
            if curvature > LEAST_CURVATURE * (step_square * change_square).max(0.0).sqrt() {
                pairs.push((pair, overlaps, 1.0 / curvature));
            }
        }
        let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
        if let Some(mode) = mode {
            mode.project_gradient(&mut q);
        }
        // What is still to be added to q, over the w of the mode.
        let mut along = 0.0;
        let mut weights = Vec::with_capacity(pairs.len());
        for (pair, overlaps, inverse) in pairs.iter().rev() {
            let weight = inverse * (pair.dot(&pair.step, &q) + along * overlaps.step[0]);
            pair.add(&mut q, -weight, &pair.change);
            along += weight * overlaps.change[0];
            weights.push(weight);
        }
        if let Some(mode) = mode {
            add(&mut q, along, &mode.w);
        }
        let mut step = preconditioner.solve(&q);
        if let Some(mode) = mode {
            mode.project_step(&mut step);
        }
        // What is still to be taken from the step, over the v of the mode.
        let mut along = 0.0;
        for ((pair, overlaps, inverse), weight) in pairs.iter().zip(weights.iter().rev()) {
            let correction = weight - inverse * (pair.dot(&pair.change, &step) - along * overlaps.change[0]);
            pair.add(&mut step, correction, &pair.step);
            along += correction * overlaps.step[0];
        }
        if let Some(mode) = mode {
            add(&mut step, -along, &mode.v);
        }
        step
    }
}
