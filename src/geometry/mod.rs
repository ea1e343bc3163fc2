//! Geometry that all parts share: 3-vectors, the simulation box, and which atoms are near each other.

mod cell_list;
mod simulation_box;
mod vector;

pub use cell_list::{CellList, for_each_pair, within};
pub use simulation_box::SimulationBox;
pub use vector::{cross, difference, dot, norm, sum};
