//! The core of Ergodic: what happens between LAMMPS' arrays and the numbers a user reads.
//!
//! The core knows neither LAMMPS nor MPI. A LAMMPS style (C++, `lammps-plugin/`) hands arrays over through the C
//! functions of [`c_api`], and copies results back.
//!
//! - [`voronoi`]: the Voronoi cell of every atom and its motif,
//! - [`entropy`]: the history of motifs that an atom visited and its Shannon entropy,
//! - [`artn`]: saddle searches from a minimum, with forces from a callback,
//! - [`vdos`]: the vibrational modes of a configuration and the boson peak of every atom,
//! - [`geometry`]: 3-vectors, the simulation box, and which atoms are near each other,
//! - [`fingerprint`]: whether two configurations are the same one.

/// cbindgen:ignore
pub mod artn;
pub mod c_api;
/// cbindgen:ignore
pub mod entropy;
mod error;
pub mod fingerprint;
/// cbindgen:ignore
pub mod geometry;
mod hash;
/// cbindgen:ignore
pub mod simd;
mod thread_pool;
/// cbindgen:ignore
pub mod vdos;
/// cbindgen:ignore
pub mod voronoi;

pub use error::{Error, Result};
