//! The energy surface of the atoms that may move: counts evaluations and keeps nonsense away from the engine.

use super::engine::Engine;
use super::event::Status;
use super::linalg::{max_atom, max_component, scale};
use crate::error::Error;

/// Why an attempt does not go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// The attempt has failed; the run goes on.
    Failed(Status),
    /// The run ends.
    Broken(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        match error {
            Error::ForcesNotFinite => Stop::Failed(Status::ForceError),
            error => Stop::Broken(error),
        }
    }
}

pub(super) type Outcome<T> = std::result::Result<T, Stop>;

/// Coordinates of the atoms that may move, with energy and gradient there.
#[derive(Debug, Clone)]
pub(super) struct Point {
    pub x: Vec<f64>,
    pub energy: f64,
    pub gradient: Vec<f64>,
}

impl Point {
    /// Largest force component.
    pub(super) fn fmax(&self) -> f64 {
        max_component(&self.gradient)
    }
}

/// Evaluations so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub total: u64,
    pub full: u64,
}

/// Energy of the selected atoms as a function of their positions.
pub(super) struct Surface<'a> {
    engine: &'a mut dyn Engine,
    /// Positions of all atoms at rest in the initial minimum, shape (N, 3).
    initial: &'a [f64],
    atoms: Vec<u32>,
    counts: Counts,
    maxeval: u64,
    /// No atom may be farther from where it was in the initial minimum.
    excursion: f64,
}

impl<'a> Surface<'a> {
    pub(super) fn new(engine: &'a mut dyn Engine, initial: &'a [f64], maxeval: u64, excursion: f64) -> Self {
        Surface { engine, initial, atoms: Vec::new(), counts: Counts::default(), maxeval, excursion }
    }

    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// The atoms that may move.
    pub(super) fn atoms(&self) -> &[u32] {
        &self.atoms
    }

    /// Whether all atoms may move.
    pub(super) fn is_full(&self) -> bool {
        3 * self.atoms.len() == self.initial.len()
    }

    /// From now on `atoms` may move and the others rest at `reference`.
    pub(super) fn select(&mut self, atoms: &[u32], reference: &[f64]) -> Outcome<()> {
        self.atoms = atoms.to_vec();
        Ok(self.engine.select(atoms, reference)?)
    }

    /// Energy and gradient at `x`.
    pub(super) fn evaluate(&mut self, x: Vec<f64>) -> Outcome<Point> {
        self.count(&x)?;
        let mut gradient = vec![0.0; x.len()];
        let energy = self.engine.evaluate(&x, &mut gradient)?;
        if !energy.is_finite() {
            return Err(Stop::Failed(Status::ForceError));
        }
        Ok(Point { x, energy, gradient: negated(gradient)? })
    }

    /// Gradient at `x`.
    pub(super) fn gradient(&mut self, x: &[f64]) -> Outcome<Vec<f64>> {
        self.count(x)?;
        let mut gradient = vec![0.0; x.len()];
        self.engine.evaluate_forces(x, &mut gradient)?;
        negated(gradient)
    }

    /// Counts an evaluation at `x`, if there may be another one and no atom is too far away.
    fn count(&mut self, x: &[f64]) -> Outcome<()> {
        if self.counts.total >= self.maxeval {
            return Err(Stop::Failed(Status::MaxEval));
        }
        let excursion: Vec<f64> = self.gather(self.initial).iter().zip(x).map(|(a, b)| b - a).collect();
        let farthest = max_atom(&excursion);
        if !(max_component(&excursion).is_finite() && farthest <= self.excursion) {
            return Err(Stop::Failed(Status::ForceError));
        }
        self.counts.total += 1;
        self.counts.full += u64::from(self.is_full());
        Ok(())
    }

    /// Coordinates of the selected atoms out of those of all.
    pub(super) fn gather(&self, all: &[f64]) -> Vec<f64> {
        self.atoms.iter().flat_map(|&a| all[3 * a as usize..3 * a as usize + 3].iter().copied()).collect()
    }

    /// Puts coordinates of the selected atoms into those of all.
    pub(super) fn scatter(&self, x: &[f64], all: &mut [f64]) {
        for (x, &a) in x.as_chunks::<3>().0.iter().zip(&self.atoms) {
            all[3 * a as usize..3 * a as usize + 3].copy_from_slice(x);
        }
    }
}

/// The gradient that `forces` are the opposite of.
fn negated(mut forces: Vec<f64>) -> Outcome<Vec<f64>> {
    if !max_component(&forces).is_finite() {
        return Err(Stop::Failed(Status::ForceError));
    }
    scale(&mut forces, -1.0);
    Ok(forces)
}
