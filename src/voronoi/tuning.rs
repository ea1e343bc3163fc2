//! All tolerances and tuning constants of the tessellation. Lengths are relative to the mean atomic spacing (volume per
//! atom)^(1/3), unless said otherwise. "Measured" means on Cu50Zr50 at 700 K with `benches/voronoi_vs_voropp.rs`.

// What counts as degenerate. Order: rounding (1e-16) < TOUCH < MERGE < shortest edges of thermal glasses (1e-7) ~ TIE.

/// Vertices closer than this times the diameter of their cell are one vertex. Below the shortest edge of 2,048,000 cells at
/// 700 K (3.6e-7 Angstrom, about 1e-7 of a diameter), so that thermal motifs are those of voro++.
pub const MERGE: f64 = 1e-9;
/// A vertex is outside a plane if it lies beyond it by more than this, relative to the distance of the neighbour (or the
/// size of the cell where that is smaller). Far above rounding, far below `MERGE`.
pub const TOUCH: f64 = 1e-12;
/// Gift wrapping: Voronoi vertices closer than this are a tie, and the cells are clipped. Above rounding of a vertex (1e-13)
/// and above `MERGE`.
pub const TIE: f64 = 1e-7;
/// Gift wrapping: smallest sine of the angle between a Voronoi edge and a plane that may end it (dimensionless); below, the
/// crossing is too inaccurate and counts as a tie.
pub const PARALLEL: f64 = 1e-6;
/// Random shift of every plane when an inconsistent cell is clipped anew, relative as `TOUCH`; below `MERGE`, so that
/// it leaves no trace.
pub const SHIFT: f64 = 1e-11;
/// How often a cell is clipped before it is given up.
pub const ATTEMPTS: u64 = 16;

// How far to look. Too small costs a second search, too large costs candidates; results do not depend on it.

/// Ghosts within this of the box around the owned atoms are sorted into the grid at first. Cells of a metallic glass depend
/// on atoms out to 1.9 spacings (twice the circumradius of their vertices).
pub const MARGIN: f64 = 1.95;
/// Radius of the first search for candidates; widened atom by atom. Measured optimum.
pub const RADIUS: f64 = 1.80;
/// Edge of a bin of the grid: just wider than `RADIUS`, so that 3 x 3 rows of bins hold all candidates. Measured optimum
/// between 1 and 2.6.
pub const BIN_SIZE: f64 = 1.85;
/// Most bins per atom, however empty the box (limits memory).
pub const BINS_PER_ATOM: usize = 4;
/// A search that was too small goes on with at least this times its radius ...
pub const WIDEN: f64 = 1.3;
/// ... and at most this times, as the first vertices of a cell lie much farther out than the final ones.
pub const WIDEN_MOST: f64 = 4.0;
/// Half the edge of the cube that a cell is first clipped from over the distance of the nearest neighbour; the factor by
/// which it grows if the cell is wider. A much wider cube would cost digits.
pub const CUBE: f64 = 16.0;

// Who does the work.

/// A thread takes no fewer atoms than this (0.1 ms of work).
pub const ATOMS_PER_THREAD: usize = 100;
/// Below this share of wanted atoms clipping each of their cells is cheaper than wrapping all: about 5 and 0.7 microseconds an atom.
pub const WRAP_SHARE: f64 = 0.15;
/// Atoms and ghosts of one rank; four times as many still fit the 32-bit indices of vector gathers.
pub const MAX_ATOMS: usize = 1 << 29;
