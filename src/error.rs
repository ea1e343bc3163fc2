//! What can go wrong in the core, in words that a LAMMPS user can act on.

use std::path::Path;

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
    /// Modes could not be found as asked; the text says why and what helps.
    #[error("{0}")]
    Unsolved(String),
    /// A force on an atom of the group is too large for a minimum.
    #[error(
        "not at a minimum: a force component is {force:.3e}, at most {tolerance:.3e} is allowed; use minimize first \
         (min_modify norm inf, minimize 0 1e-6 ...; dumps for it need format float %.17g), or give keyword ftol"
    )]
    NotMinimised {
        /// Largest force component (force units).
        force: f64,
        /// Largest one allowed.
        tolerance: f64,
    },
    /// The memory needed is not there.
    #[error("{what} needs {needed:.2} GB of memory in an MPI process, {available:.2} GB are free: {hint}")]
    Memory {
        /// What needs it.
        what: &'static str,
        /// Gigabytes needed.
        needed: f64,
        /// Gigabytes available.
        available: f64,
        /// What needs less.
        hint: &'static str,
    },
    /// A function of the caller failed; the caller knows why.
    #[error("stopped by the caller")]
    Caller,
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

impl Error {
    /// What the system says of a file: `action` is "read", "write" or the like.
    #[must_use]
    pub fn file(action: &str, path: &Path, error: &std::io::Error) -> Self {
        Error::File(format!("cannot {action} {}: {error}", path.display()))
    }
}

/// Result of the core.
pub type Result<T> = std::result::Result<T, Error>;
