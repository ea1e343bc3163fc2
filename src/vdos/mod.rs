//! Vibrations of a configuration: the dynamical matrix, its modes, and the boson peak of every atom.

mod kernel;
mod matrix;

pub use matrix::{DynamicalMatrix, PANEL};
