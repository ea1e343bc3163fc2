//! What an analysis returns.

/// Per-atom columns of an [`Vibrations`].
pub const COLUMNS: usize = 5;

/// What the vibrations of a configuration come to; the same on all ranks.
#[derive(Debug, Clone, Default)]
pub struct Vibrations {
    /// For each atom: I_BP, J, the frequency of the maximum, the participation in the lowest 1 % of the modes,
    /// and the standard error of J where it is an estimate.
    pub atoms: Vec<[f64; COLUMNS]>,
    /// Rows of `width` numbers: f, g, g / f^2, then g of each type. Zeros where g is not known.
    pub table: Vec<f64>,
    /// Numbers in a row of the table: 3 + types.
    pub width: usize,
    /// Modes found: zero and negative ones included, projected translations too. 0 for [`Solver::Kpm`].
    pub found: usize,
    /// Modes with an eigenvalue that is zero within the noise, projected translations included.
    pub zero: usize,
    /// Modes with a negative eigenvalue.
    pub negative: usize,
    /// Lowest positive frequency; 0 if none was found.
    pub lowest: f64,
    /// Highest frequency found (for [`Solver::Kpm`]: an upper bound).
    pub highest: f64,
    /// Largest residual of a mode, as a frequency: how far the mode can be from an exact one.
    pub residual: f64,
    /// Standard error of g in each row of the table, where g is an estimate ([`Solver::Kpm`]); else empty.
    pub errors: Vec<f64>,
}
