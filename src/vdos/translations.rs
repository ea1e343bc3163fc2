//! The three modes that shift all atoms alike.

use super::panel::{Lanes, PANEL};

/// Unit vectors along x, y, z of a uniform shift, mass-weighted: component (i, c) of vector c is sqrt(m_i / M).
#[derive(Debug, Clone)]
pub struct Translations(Vec<f64>);

/// Number of translations.
pub const AXES: usize = 3;

impl Translations {
    /// For atoms of the masses given, in the order of the matrix.
    pub fn new(masses: impl Iterator<Item = f64> + Clone) -> Self {
        let total: f64 = masses.clone().sum();
        Self(masses.map(|mass| (mass / total).sqrt()).collect())
    }

    /// sqrt(m_i / M) of each atom.
    pub fn components(&self) -> &[f64] {
        &self.0
    }

    /// Takes the translations out of every vector of the panel `x`.
    pub fn project(&self, x: &mut [Lanes]) {
        let mut dots = [[0.0; PANEL]; AXES];
        for (x, t) in x.as_chunks::<AXES>().0.iter().zip(&self.0) {
            for (dot, x) in dots.iter_mut().zip(x) {
                dot.iter_mut().zip(x).for_each(|(dot, x)| *dot += t * x);
            }
        }
        for (x, t) in x.as_chunks_mut::<AXES>().0.iter_mut().zip(&self.0) {
            for (dot, x) in dots.iter().zip(x) {
                x.iter_mut().zip(dot).for_each(|(x, dot)| *x -= t * dot);
            }
        }
    }

    /// Takes the translations out of one vector.
    pub fn project_one(&self, x: &mut [f64]) {
        for axis in 0..AXES {
            let dot: f64 = x.iter().skip(axis).step_by(AXES).zip(&self.0).map(|(x, t)| x * t).sum();
            x.iter_mut().skip(axis).step_by(AXES).zip(&self.0).for_each(|(x, t)| *x -= dot * t);
        }
    }

    /// The same for atoms in the order `order`.
    pub fn permuted(&self, order: &[u32]) -> Self {
        Self(order.iter().map(|&i| self.0[i as usize]).collect())
    }
}
