//! What the tessellation is given: atoms, walls, and the region in which all atoms are known.

use crate::geometry::dot;

/// Half-space {x : normal . x <= offset} in the coordinates of the atoms; `normal` has unit length.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C)]
pub struct Plane {
    /// Outward unit normal.
    pub normal: [f64; 3],
    /// Distance of the plane from the origin along `normal` (distance units).
    pub offset: f64,
}

impl Plane {
    /// Distance from `x` to the plane, positive inside.
    #[must_use]
    pub fn depth(&self, x: &[f64; 3]) -> f64 {
        self.offset - dot(&self.normal, x)
    }
}

/// Atoms of one MPI rank: the owned ones first, then ghosts (periodic images and atoms of other ranks).
#[derive(Debug, Clone, Copy)]
pub struct Atoms<'a> {
    /// Positions of owned and ghost atoms.
    pub x: &'a [[f64; 3]],
    /// Radii for the radical (power) tessellation, one per position; `None` for the plain one.
    pub radius: Option<&'a [f64]>,
    /// Number of owned atoms.
    pub n_owned: usize,
}

/// Walls, and the region in which every atom is known.
#[derive(Debug, Clone, Default)]
pub struct Domain {
    /// Faces of the box along non-periodic directions: they bound the cells.
    pub walls: Vec<Plane>,
    /// Region inside which every atom is present as an owned or ghost atom (empty: everywhere).
    pub known: Vec<Plane>,
}
