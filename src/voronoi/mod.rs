//! Voronoi (or radical) tessellation: the motif of every owned atom.

mod clip;
mod clipper;
mod grid;
mod input;
mod motif;
mod simd;
mod tessellation;
mod tuning;
mod wrap;

pub use clip::{CUBE_ID, ConvexCell, Face, Neighbor};
pub use input::{Atoms, Domain, Plane};
pub use motif::{FAVOURED, ICOSAHEDRON, MIN_ORDER, Motif, ORDERS};
pub use tessellation::{Cell, Tessellation, TessellationOptions};
