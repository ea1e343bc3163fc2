//! One search from the initial minimum over a saddle into a new minimum.

use super::attempt::Attempt;
use super::cell::Cell;
use super::engine::Engine;
use super::event::Event;
use super::linalg::{difference, max_component, norm, scale};
use super::neighbors::within;
use super::preconditioner::Preconditioner;
use super::random::Gaussian;
use super::rigid::{Invariance, rigid_motions};
use super::settings::Settings;
use super::springs::{Response, Springs};
use super::surface::{Outcome, Stop, Surface};
use crate::error::{Error, Result};
use std::sync::Arc;

/// The initial minimum, in canonical order.
#[derive(Debug, Clone)]
pub struct Sample {
    /// IDs of the atoms: with the seed and the trial they key the random numbers.
    pub ids: Vec<i64>,
    /// Species of the atoms.
    pub types: Vec<i32>,
    /// Positions, shape (N, 3), distance units.
    pub positions: Vec<f64>,
    /// The box.
    pub cell: Cell,
}

impl Sample {
    /// Shortest vector from atom `i` to atom `j`.
    pub(super) fn separation(&self, i: usize, j: usize) -> [f64; 3] {
        self.cell.minimum_image(std::array::from_fn(|k| self.positions[3 * j + k] - self.positions[3 * i + k]))
    }
}

/// Saddle searches from one initial minimum. Attempts do not influence each other.
#[derive(Debug)]
pub struct Search {
    pub(super) sample: Sample,
    pub(super) settings: Settings,
    pub(super) energy: f64,
    pub(super) springs: Springs,
    /// Metric of all atoms.
    pub(super) metric: Arc<Preconditioner>,
    fmax: f64,
}

impl Search {
    /// Evaluates the initial minimum, and fits the preconditioner to a few random displacements of it.
    ///
    /// # Errors
    /// `InvalidParameter` for settings out of range, arrays of unequal length, or an initial state that is no minimum
    /// (a force component exceeds `ftol`); errors of the engine.
    pub fn new(engine: &mut dyn Engine, sample: Sample, settings: Settings) -> Result<Self> {
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
            let ftol = settings.ftol;
            return Err(Error::InvalidParameter(format!(
                "the initial state is not a minimum: a force component is {fmax}, above ftol = {ftol}; minimize first"
            )));
        }
        let responses = responses(engine, &sample, &settings, &forces)?;
        let springs = Springs::fit(&sample.cell, &sample.types, &sample.positions, settings.push_radius, &responses);
        let (displacement, force) = &responses[0];
        let displaced: Vec<f64> = sample.positions.iter().zip(displacement).map(|(x, u)| x + u).collect();
        let invariance = Invariance::of(&sample.cell, &displaced, force);
        let along: Vec<f64> = (0..atoms).map(|i| sample.separation(0, i)[0]).collect();
        let mut metric = Preconditioner::new(&springs, &all, atoms, &along);
        metric.set_rigid(rigid_motions(&sample.cell, &sample.positions, invariance));
        Ok(Search { sample, settings, energy, springs, metric: Arc::new(metric), fmax })
    }

    /// What is searched from.
    #[must_use]
    pub fn sample(&self) -> &Sample {
        &self.sample
    }

    /// What it was made with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Energy of the initial minimum.
    #[must_use]
    pub fn energy(&self) -> f64 {
        self.energy
    }

    /// Largest force component of the initial minimum.
    #[must_use]
    pub fn fmax(&self) -> f64 {
        self.fmax
    }

    /// Attempt `trial` (1, 2, ...) of the atom with index `centre`. The same (seed, ID of the centre, trial) gives the same
    /// event to the last bit.
    ///
    /// `direction` (shape (N, 3)), if given, replaces the random direction of the push; it is taken within the push
    /// radius and normalised.
    ///
    /// # Errors
    /// `InvalidParameter` for a centre that is not there or a direction of zero length or other shape; errors of the
    /// engine but for `ForcesNotFinite`.
    pub fn attempt(
        &self,
        engine: &mut dyn Engine,
        centre: usize,
        trial: u32,
        direction: Option<&[f64]>,
    ) -> Result<Event> {
        let direction = self.push_direction(centre, trial, direction)?;
        self.run(engine, centre, |attempt| attempt.push(&direction))
    }

    /// Converges the saddle near `positions` (shape (N, 3)) whose unstable direction is about `mode` (same shape), and goes on
    /// as in [`attempt`](Self::attempt).
    ///
    /// # Errors
    /// As for [`attempt`](Self::attempt); `InvalidParameter` if the mode has no length among the active atoms.
    pub fn refine(&self, engine: &mut dyn Engine, centre: usize, positions: &[f64], mode: &[f64]) -> Result<Event> {
        self.check_centre(centre)?;
        if [positions, mode].iter().any(|x| x.len() != self.sample.positions.len()) {
            return Err(Error::InvalidParameter("positions and mode must be of all atoms".into()));
        }
        self.run(engine, centre, |attempt| attempt.refine(positions, mode))
    }

    fn run(
        &self,
        engine: &mut dyn Engine,
        centre: usize,
        stages: impl FnOnce(&mut Attempt) -> Outcome<()>,
    ) -> Result<Event> {
        /// No atom goes farther than this many times the radius of the first shell.
        const EXCURSION: f64 = 10.0;
        let excursion = EXCURSION * self.settings.push_radius;
        let surface = Surface::new(engine, &self.sample.positions, self.settings.maxeval, excursion);
        let mut attempt = Attempt::new(self, surface, centre);
        let outcome = stages(&mut attempt);
        let counts = attempt.surface.counts();
        let mut event = attempt.event;
        (event.evals_total, event.evals_full) = (counts.total, counts.full);
        match outcome {
            Ok(()) => Ok(event),
            Err(Stop::Failed(status)) => Ok(Event { status, ..event }),
            Err(Stop::Broken(error)) => Err(error),
        }
    }

    fn check_centre(&self, centre: usize) -> Result<()> {
        let atoms = self.sample.ids.len();
        if centre < atoms {
            return Ok(());
        }
        Err(Error::InvalidParameter(format!("centre {centre} is not among the {atoms} atoms")))
    }

    /// Direction of the push, shape (N, 3), of unit length.
    fn push_direction(&self, centre: usize, trial: u32, given: Option<&[f64]>) -> Result<Vec<f64>> {
        self.check_centre(centre)?;
        let sample = &self.sample;
        let near = within(&sample.cell, &sample.positions, centre, self.settings.push_radius);
        let mut random = Gaussian::new(self.settings.seed, sample.ids[centre], trial);
        let mut direction = vec![0.0; sample.positions.len()];
        let part = match given {
            Some(given) if given.len() != sample.positions.len() => {
                return Err(Error::InvalidParameter("the push direction must be of all atoms".into()));
            }
            Some(given) => near.iter().flat_map(|&i| given[3 * i as usize..3 * i as usize + 3].to_vec()).collect(),
            None => random.vector(3 * near.len()),
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

/// Forces after a few random displacements: independent for each atom, and smooth over the neighbours.
fn responses(engine: &mut dyn Engine, sample: &Sample, settings: &Settings, rest: &[f64]) -> Result<Vec<Response>> {
    const SMOOTHINGS: [usize; 3] = [0, 1, 4];
    let mut random = Gaussian::new(settings.seed, i64::MIN, 0);
    let mut neighbors = vec![Vec::new(); sample.ids.len()];
    super::neighbors::for_each_pair(&sample.cell, &sample.positions, settings.push_radius, |i, j, _| {
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
        engine.evaluate(&x, &mut forces)?;
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
