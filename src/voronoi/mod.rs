//! Voronoi (or radical) tessellation: the motif of every owned atom.

mod clip;
mod grid;
mod input;
mod motif;
mod simd;
mod single;
mod tessellation;
mod wrap;

pub use clip::{CUBE_ID, ConvexCell, Face, Neighbor};
pub use input::{Atoms, Domain, Plane, dot};
pub use motif::{FAVOURED, ICOSAHEDRON, MIN_ORDER, Motif, ORDERS};
pub use simd::Simd;
pub use tessellation::{Cell, Settings, Tessellation};
