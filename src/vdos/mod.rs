//! Vibrations of a configuration: the modes of its dynamical matrix, their spectrum, and the boson peak of every atom.
//!
//! Frequencies are f = sqrt(lambda) / 2 pi in 1/time units, negative for lambda < 0, where lambda is an eigenvalue of the
//! mass-weighted Hessian in (rad/time)^2. N is the number of atoms of the matrix.

mod algebra;
mod analysis;
mod archive;
mod communicator;
mod evaluation;
pub mod hessian;
mod kernel;
mod matrix;
mod memory;
mod modes;
mod order;
mod panel;
mod progress;
mod random;
mod report;
mod scale;
mod settings;
mod shared;
mod single;
mod solver;
mod spectrum;
mod translations;
mod vibrations;

pub use analysis::{analyse, check_memory};
pub use communicator::{Communicator, Serial};
pub use evaluation::{Evaluation, Labels, evaluate};
pub use matrix::DynamicalMatrix;
pub use memory::available as available_memory;
pub use order::bisection;
pub use panel::{Lanes, PANEL};
pub use report::check_files;
pub use settings::{Group, Solver, VibrationSettings};
pub use vibrations::{COLUMNS, Vibrations};
