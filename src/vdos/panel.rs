//! Panels: the vectors that one sweep over the matrix multiplies.

/// Columns of a panel.
pub const PANEL: usize = 32;

/// One row of a panel: a component of [`PANEL`] vectors.
pub type Lanes = [f64; PANEL];
