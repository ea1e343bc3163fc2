//! Searches from the initial minimum over saddles into new minima.

use super::attempt::Attempt;
use super::engine::Engine;
use super::event::Event;
use super::frame::Frame;
use super::lanczos::no_direction;
use super::reference::ReferenceState;
use super::sample::Sample;
use super::settings::Settings;
use super::surface::{Outcome, Stop, Surface};
use crate::error::{Error, Result};

/// Saddle searches from one initial minimum. Attempts do not influence each other.
#[derive(Debug)]
pub struct Search {
    reference: ReferenceState,
}

impl Search {
    /// Evaluates the initial minimum, and fits the preconditioner to a few random displacements of it.
    ///
    /// # Errors
    /// `InvalidParameter` for settings out of range, arrays of unequal length, or an initial state that is no minimum
    /// (a force component exceeds `ftol`); errors of the engine.
    pub fn new(engine: &mut dyn Engine, sample: Sample, settings: Settings) -> Result<Self> {
        let frame = Frame::new(sample.cell, &sample.positions);
        Search::with_frame(engine, sample, frame, settings)
    }

    /// As [`new`](Self::new), with the `frame` of the initial minimum.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn with_frame(engine: &mut dyn Engine, sample: Sample, frame: Frame, settings: Settings) -> Result<Self> {
        Ok(Search { reference: ReferenceState::new(engine, sample, frame, settings)? })
    }

    /// What is searched from.
    #[must_use]
    pub fn sample(&self) -> &Sample {
        &self.reference.sample
    }

    /// Where its configurations are seen from.
    #[must_use]
    pub fn frame(&self) -> &Frame {
        &self.reference.frame
    }

    /// What it was made with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.reference.settings
    }

    /// Energy of the initial minimum.
    #[must_use]
    pub fn energy(&self) -> f64 {
        self.reference.energy
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
        /// Pushes of an attempt: where one has led nowhere another one is worth as much as a new attempt.
        const TRIES: usize = 3;
        let tries = if direction.is_some() { 1 } else { TRIES };
        let push = |k| self.reference.push_direction((centre, trial, k), direction);
        let pushes = (0..tries).map(push).collect::<Result<Vec<_>>>()?;
        self.run(engine, centre, |attempt| {
            let (last, first) = pushes.split_last().ok_or_else(no_direction)?;
            for push in first {
                match attempt.push(push, direction.is_some()) {
                    Err(Stop::Failed(status)) if status.led_nowhere() => attempt.begin_again(),
                    outcome => return outcome,
                }
            }
            attempt.push(last, direction.is_some())
        })
    }

    /// Converges the saddle near `positions` (shape (N, 3)) whose unstable direction is about `mode` (same shape), and goes on
    /// as in [`attempt`](Self::attempt).
    ///
    /// # Errors
    /// As for [`attempt`](Self::attempt); `InvalidParameter` if the mode has no length among the active atoms.
    pub fn refine(&self, engine: &mut dyn Engine, centre: usize, positions: &[f64], mode: &[f64]) -> Result<Event> {
        self.reference.check_centre(centre)?;
        if [positions, mode].iter().any(|x| x.len() != self.reference.sample.positions.len()) {
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
        let excursion = EXCURSION * self.reference.settings.push_radius;
        let surface =
            Surface::new(engine, &self.reference.sample.positions, self.reference.settings.maxeval, excursion);
        let mut attempt = Attempt::new(&self.reference, surface, centre);
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
}
