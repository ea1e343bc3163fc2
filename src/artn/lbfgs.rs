//! Limited-memory BFGS steps (Nocedal, Math. Comput. 35, 773 (1980)) in the metric of a preconditioner, if wanted in the
//! hyperplane perpendicular to a mode.

use super::linalg::{add, dot, norm, scale};
use super::preconditioner::Preconditioner;
use std::collections::VecDeque;

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

/// Steps and the changes of the gradient over them.
#[derive(Debug, Default, Clone)]
pub(super) struct Memory {
    pairs: VecDeque<(Vec<f64>, Vec<f64>)>,
}

impl Memory {
    /// Remembers that the gradient changed by `change` over `step`.
    pub(super) fn push(&mut self, step: Vec<f64>, change: Vec<f64>) {
        if self.pairs.len() == PAIRS {
            self.pairs.pop_front();
        }
        self.pairs.push_back((step, change));
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
        let places: Vec<usize> = old.iter().map(|a| new.binary_search(a).expect("regions only grow")).collect();
        let carry = |(step, change): &(Vec<f64>, Vec<f64>)| {
            let mut s = vec![0.0; 3 * new.len()];
            embed(step, &places, &mut s);
            let mut y = vec![0.0; s.len()];
            preconditioner.pull(&places, &s, &mut y);
            embed(change, &places, &mut y);
            (s, y)
        };
        Memory { pairs: self.pairs.iter().map(carry).collect() }
    }

    /// Step to where the gradient is expected to vanish, perpendicular to `mode` if there is one.
    pub(super) fn step(&self, preconditioner: &Preconditioner, gradient: &[f64], mode: Option<&Direction>) -> Vec<f64> {
        /// Pairs whose step and change are further from parallel than this are left out.
        const LEAST_CURVATURE: f64 = 0.02;
        let mut pairs: Vec<(Vec<f64>, Vec<f64>, f64)> = Vec::with_capacity(self.pairs.len());
        for (step, change) in &self.pairs {
            let (mut s, mut y) = (step.clone(), change.clone());
            if let Some(mode) = mode {
                mode.project_step(&mut s);
                mode.project_gradient(&mut y);
            }
            let curvature = dot(&s, &y);
            if curvature > LEAST_CURVATURE * norm(&s) * norm(&y) {
                pairs.push((s, y, 1.0 / curvature));
            }
        }
        let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
        if let Some(mode) = mode {
            mode.project_gradient(&mut q);
        }
        let mut weights = Vec::with_capacity(pairs.len());
        for (s, y, inverse) in pairs.iter().rev() {
            let weight = inverse * dot(s, &q);
            add(&mut q, -weight, y);
            weights.push(weight);
        }
        let mut step = preconditioner.solve(&q);
        for ((s, y, inverse), weight) in pairs.iter().zip(weights.iter().rev()) {
            let correction = weight - inverse * dot(y, &step);
            add(&mut step, correction, s);
        }
        if let Some(mode) = mode {
            mode.project_step(&mut step);
        }
        step
    }
}

/// Puts the coordinates of atoms at their `places` in a larger region.
fn embed(x: &[f64], places: &[usize], larger: &mut [f64]) {
    for (x, &place) in x.as_chunks::<3>().0.iter().zip(places) {
        larger[3 * place..3 * place + 3].copy_from_slice(x);
    }
}
