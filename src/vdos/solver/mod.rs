//! Ways to find modes.

pub mod chebyshev;
pub mod dense;
pub mod kpm;
mod problem;
pub mod ritz;
pub mod stochastic;
pub mod vector_block;
pub mod window;

pub use problem::{Problem, memory};
