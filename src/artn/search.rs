//! One search from the initial minimum over a saddle into a new minimum.

use super::cell::Cell;
use super::engine::Engine;
use super::event::Event;
use super::settings::Settings;
use crate::error::{Error, Result};

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

/// Saddle searches from one initial minimum. Attempts do not influence each other.
#[derive(Debug)]
pub struct Search {
    sample: Sample,
    settings: Settings,
    energy: f64,
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
        let fmax = forces.iter().fold(0.0, |largest: f64, f| largest.max(f.abs()));
        if fmax > settings.ftol {
            let ftol = settings.ftol;
            return Err(Error::InvalidParameter(format!(
                "the initial state is not a minimum: a force component is {fmax}, above ftol = {ftol}; minimize first"
            )));
        }
        Ok(Search { sample, settings, energy, fmax })
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
        let _ = (trial, direction);
        let p = &self.sample.positions;
        let c = centre;
        let atoms: Vec<u32> = (0..self.sample.ids.len() as u32).filter(|&k| { let k = k as usize; let d = self.sample.cell.minimum_image(std::array::from_fn(|q| p[3*k+q]-p[3*c+q])); d[0]*d[0]+d[1]*d[1]+d[2]*d[2] < 100.0 }).collect();
        let mut x: Vec<f64> = atoms.iter().flat_map(|&k| p[3*k as usize..3*k as usize+3].to_vec()).collect();
        let t = std::time::Instant::now();
        engine.select(&atoms, p)?;
        let ts = t.elapsed();
        let mut f = vec![0.0; x.len()];
        let t = std::time::Instant::now();
        let mut e = 0.0;
        for step in 0..200 { e = engine.evaluate(&x, &mut f)?; let _ = step; for k in 0..x.len() { x[k] += 1e-4 * ((k * 7919 % 13) as f64 - 6.0); } }
        let te = t.elapsed();
        let t = std::time::Instant::now();
        let all: Vec<u32> = (0..self.sample.ids.len() as u32).collect();
        engine.select(&all, p)?;
        let ts2 = t.elapsed();
        let mut f = vec![0.0; p.len()];
        let t = std::time::Instant::now();
        for _ in 0..10 { e += engine.evaluate(p, &mut f)?; }
        let te2 = t.elapsed();
        eprintln!("atoms {} select {:?} evaluate {:?} select all {:?} evaluate all {:?} {}", atoms.len(), ts, te/200, ts2, te2/10, e);
        Ok(Event::unknown(self.energy))
    }

    /// Converges the saddle near `positions` (shape (N, 3)) whose unstable direction is about `mode` (same shape), and
    /// goes on as in [`attempt`](Self::attempt).
    ///
    /// # Errors
    /// As for [`attempt`](Self::attempt).
    pub fn refine(&self, engine: &mut dyn Engine, centre: usize, positions: &[f64], mode: &[f64]) -> Result<Event> {
        let _ = (engine, centre, positions, mode);
        Ok(Event::unknown(self.energy))
    }
}
