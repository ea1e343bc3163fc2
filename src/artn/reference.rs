//! The initial minimum, and what is known of the energy around it before the first attempt.

use super::engine::Engine;
use super::frame::Frame;
use super::linalg::{difference, max_atom, max_component, norm, scale};
use super::preconditioner::Preconditioner;
use super::random::Gaussian;
use super::sample::Sample;
use super::settings::{Settings, short};
use super::springs::{Response, Springs};
use super::surface::Point;
use crate::error::{Error, Result};
use crate::geometry::{self, for_each_pair, within};
use std::sync::Arc;

/// Width of the weights of the forces that lead out of the basin, over the radius of the push: they are those of the central
/// atom and of its next neighbours.
pub(super) const WIDTH: f64 = 0.4;

/// The initial minimum with its energy, its springs and the metric that they define.
#[derive(Debug)]
pub(super) struct ReferenceState {
    pub(super) sample: Sample,
    pub(super) frame: Frame,
    pub(super) settings: Settings,
    pub(super) energy: f64,
    pub(super) springs: Springs,
    /// Metric of all atoms.
    pub(super) metric: Arc<Preconditioner>,
}

impl ReferenceState {
    /// Evaluates the initial minimum, and fits the preconditioner to a few random displacements of it.
    ///
    /// # Errors
    /// `InvalidParameter` for settings out of range, arrays of unequal length, or an initial state that is no minimum
    /// (a force component exceeds `ftol`); errors of the engine.
    pub(super) fn new(engine: &mut dyn Engine, sample: Sample, mut frame: Frame, settings: Settings) -> Result<Self> {
        /// Error of a force component over the tolerance: engines may round forces.
        const ROUNDING: f64 = 3e-5;
        settings.check()?;
        let atoms = sample.ids.len();
        if sample.types.len() != atoms || sample.positions.len() != 3 * atoms || atoms == 0 {
            return Err(Error::InvalidParameter("IDs, types and positions must be of the same atoms".into()));
        }
        let all: Vec<u32> = (0..atoms as u32).collect();
        let mut forces = vec![0.0; 3 * atoms];
        engine.select(&all, &sample.positions)?;
        let energy = engine.evaluate(&sample.positions, &mut forces)?;
        let fmax = max_component(&forces);
        if fmax > settings.ftol {
            let ftol = short(settings.ftol);
            return Err(Error::InvalidParameter(format!(
                "the initial state is not a minimum: a force component is {fmax:.4e}, above ftol = {ftol}; minimize first"
            )));
        }
        let responses = responses(engine, &sample, &settings, &forces)?;
        let springs = Springs::fit(&sample.cell, &sample.types, &sample.positions, settings.shell, &responses);
        let (displacement, force) = &responses[0];
        let displaced: Vec<f64> = sample.positions.iter().zip(displacement).map(|(x, u)| x + u).collect();
        let there: Vec<f64> = forces.iter().zip(force).map(|(rest, change)| rest + change).collect();
        frame.find_idle(&displaced, &there, ROUNDING * settings.ftol);
        let along: Vec<f64> = (0..atoms).map(|i| sample.separation(0, i)[0]).collect();
        let mut metric = Preconditioner::new(&springs, &all, atoms, &along);
        metric.set_rigid(frame.rigid_motions(&all));
        Ok(ReferenceState { sample, frame, settings, energy, springs, metric: Arc::new(metric) })
    }

    /// Whether `point` of all atoms is the initial minimum, no atom farther than `distance` from there.
    pub(super) fn is_initial(&self, point: &Point, distance: f64) -> bool {
        let moved = self.frame.displacements(&point.x);
        (point.energy - self.energy).abs() < self.settings.same_energy && max_atom(moved.as_flattened()) <= distance
    }

    pub(super) fn check_centre(&self, centre: usize) -> Result<()> {
        let atoms = self.sample.ids.len();
        if centre < atoms {
            return Ok(());
        }
        Err(Error::InvalidParameter(format!("centre {centre} is not among the {atoms} atoms")))
    }

    /// Direction of the push, shape (N, 3), of unit length: as `given`, or random with weight on the centre, another one for
    /// each of the `tries` of a trial.
    pub(super) fn push_direction(
        &self,
        (centre, trial, tries): (usize, u32, usize),
        given: Option<&[f64]>,
    ) -> Result<Vec<f64>> {
        self.check_centre(centre)?;
        let sample = &self.sample;
        let near = within(sample.positions.as_chunks().0, &sample.cell, centre, self.settings.push_radius);
        let mut random = Gaussian::new(self.settings.seed, sample.ids[centre], trial);
        let mut direction = vec![0.0; sample.positions.len()];
        let part = match given {
            Some(given) if given.len() != sample.positions.len() => {
                return Err(Error::InvalidParameter("the push direction must be of all atoms".into()));
            }
            Some(given) => near.iter().flat_map(|&i| given[3 * i as usize..3 * i as usize + 3].to_vec()).collect(),
            None => {
                let mut part = random.vector(3 * near.len());
                for _ in 0..tries {
                    part = random.vector(3 * near.len());
                }
                for (part, &i) in part.chunks_mut(3).zip(&near) {
                    let distance = geometry::norm(&sample.separation(centre, i as usize)) / self.settings.push_radius;
                    scale(part, gaussian(distance / WIDTH));
                }
                part
            }
        };
        for (&i, part) in near.iter().zip(part.as_chunks::<3>().0) {
            direction[3 * i as usize..3 * i as usize + 3].copy_from_slice(part);
        }
        let length = norm(&direction);
        if !(length > 0.0 && length.is_finite()) {
            return Err(Error::InvalidParameter("the push direction has no length within the push radius".into()));
        }
        scale(&mut direction, 1.0 / length);
        Ok(direction)
    }
}

/// Weight at `x` widths.
pub(super) fn gaussian(x: f64) -> f64 {
    (-0.5 * x * x).exp()
}

/// Forces after a few random displacements: independent for each atom, and smooth over the neighbours.
fn responses(engine: &mut dyn Engine, sample: &Sample, settings: &Settings, rest: &[f64]) -> Result<Vec<Response>> {
    const SMOOTHINGS: [usize; 3] = [0, 1, 4];
    let mut random = Gaussian::new(settings.seed, i64::MIN, 0);
    let mut neighbors = vec![Vec::new(); sample.ids.len()];
    for_each_pair(sample.positions.as_chunks().0, &sample.cell, settings.shell, |i, j, _| {
        neighbors[i].push(j);
        neighbors[j].push(i);
    });
    let mut responses = Vec::new();
    for smoothings in SMOOTHINGS {
        let mut u = random.vector(3 * sample.ids.len());
        for _ in 0..smoothings {
            u = smooth(&u, &neighbors);
        }
        let factor = settings.lanczos_step / (norm(&u) / (u.len() as f64).sqrt());
        scale(&mut u, factor);
        let x: Vec<f64> = sample.positions.iter().zip(&u).map(|(x, u)| x + u).collect();
        let mut forces = vec![0.0; x.len()];
        engine.evaluate_forces(&x, &mut forces)?;
        responses.push((u, difference(&forces, rest)));
    }
    Ok(responses)
}

/// Each atom moves as its neighbours and itself do on average.
fn smooth(u: &[f64], neighbors: &[Vec<usize>]) -> Vec<f64> {
    let mean = |i: usize, k: usize| {
        (u[3 * i + k] + neighbors[i].iter().map(|&j| u[3 * j + k]).sum::<f64>()) / (1 + neighbors[i].len()) as f64
    };
    (0..u.len()).map(|c| mean(c / 3, c % 3)).collect()
}
