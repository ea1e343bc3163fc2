//! What can go wrong in the core, in words that a LAMMPS user can act on.

/// Errors of the core. Atoms are named by their index in the caller's arrays.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A value from the caller is outside its range.
    #[error("{0}")]
    InvalidParameter(String),
    /// Atoms beyond the ghost cut-off could still cut the cell of `atom`.
    #[error("the Voronoi cell depends on atoms up to {needed:.6} away, beyond the ghost cut-off")]
    GhostCutoff {
        /// Index of the atom.
        atom: usize,
        /// Distance (distance units) within which every atom must be known; infinite if the cell is unbounded.
        needed: f64,
    },
    /// Two atoms share one position (and one radius), so the plane between them is undefined.
    #[error("two atoms are at the same position")]
    CoincidentAtoms(usize, usize),
    /// A position or a radius is NaN or infinite.
    #[error("position or radius is not finite")]
    NotFinite(usize),
    /// An energy or a force is NaN or infinite.
    #[error("energy or forces are not finite")]
    ForcesNotFinite,
    /// Whoever computes forces failed; the text is theirs.
    #[error("{0}")]
    Engine(String),
    /// A file cannot be read or written, or is not what it should be; the text says which and why.
    #[error("{0}")]
    File(String),
    /// The tessellation kernel met a configuration that it cannot resolve (a bug: please report it).
    #[error("the Voronoi cell could not be constructed")]
    Tessellation(usize),
}

/// Result of the core.
pub type Result<T> = std::result::Result<T, Error>;
