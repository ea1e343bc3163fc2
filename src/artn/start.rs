//! Where the attempts of a campaign begin.

use super::engine::Engine;
use super::event::Event;
use super::search::Search;
use crate::error::Result;

/// The first configuration of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// The initial minimum with a push, in this direction (shape (N, 3)) or a random one.
    Push(Option<Vec<f64>>),
    /// Near a saddle.
    Saddle {
        /// Positions, shape (N, 3), distance units.
        positions: Vec<f64>,
        /// About the unstable direction, same shape.
        mode: Vec<f64>,
    },
}

impl Start {
    /// From the initial minimum at `positions` with a push along `direction`, or from `displacement` beside it, along
    /// `direction` if that is given and along the displacement otherwise; all shape (N, 3).
    #[must_use]
    pub fn new(positions: &[f64], direction: Option<Vec<f64>>, displacement: Option<Vec<f64>>) -> Self {
        match displacement {
            None => Start::Push(direction),
            Some(displacement) => Start::Saddle {
                positions: positions.iter().zip(&displacement).map(|(x, u)| x + u).collect(),
                mode: direction.unwrap_or(displacement),
            },
        }
    }

    /// Attempt `trial` of the atom with index `centre`.
    ///
    /// # Errors
    /// Those of [`Search::attempt`] and [`Search::refine`].
    pub fn attempt(&self, search: &Search, engine: &mut dyn Engine, centre: usize, trial: u32) -> Result<Event> {
        match self {
            Start::Push(direction) => search.attempt(engine, centre, trial, direction.as_deref()),
            Start::Saddle { positions, mode } => search.refine(engine, centre, positions, mode),
        }
    }
}
