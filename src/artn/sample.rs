//! What is searched from.

use crate::geometry::{self, SimulationBox};

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
    pub cell: SimulationBox,
}

impl Sample {
    /// Shortest vector from atom `i` to atom `j`.
    pub(super) fn separation(&self, i: usize, j: usize) -> [f64; 3] {
        let positions = self.positions.as_chunks().0;
        self.cell.minimum_image(geometry::difference(&positions[j], &positions[i]))
    }
}
