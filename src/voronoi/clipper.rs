//! One cell at a time, by clipping: for thresholds and volumes, small groups, and where gift wrapping met a tie.

use super::grid::Grid;
use super::simd::{Kernel, Run};
use super::tuning::{CUBE, WIDEN, WIDEN_MOST};
use super::{ConvexCell, Neighbor, Plane};
use crate::error::{Error, Result};
use crate::geometry::{dot, sum};

/// The region of which a rank knows all atoms: a cell is final if no atom outside can cut it.
#[derive(Debug)]
pub struct KnownRegion<'a> {
    /// Bounds of the region in which every atom is known.
    planes: &'a [Plane],
    /// Least distance from an owned atom to the end of the known region: to the nearest plane, or the grid's margin.
    pub depth: f64,
    /// No two atoms of the grid are farther apart.
    pub max_distance: f64,
    margin: f64,
    max_weight: f64,
}

impl<'a> KnownRegion<'a> {
    /// The region within `planes` around the owned atoms of `grid`.
    pub fn new(grid: &Grid, planes: &'a [Plane]) -> Self {
        let [lo, hi] = &grid.owned;
        let clearance = |plane: &Plane| {
            let corner = [0, 1, 2].map(|d| if plane.normal[d] > 0.0 { hi[d] } else { lo[d] });
            plane.depth(&corner)
        };
        let depth = planes.iter().map(clearance).fold(grid.margin, f64::min);
        KnownRegion { planes, depth, max_distance: grid.extent(), margin: grid.margin, max_weight: grid.max_weight }
    }

    /// Distance from an atom of the given weight within which any other could cut off the vertex at `x` (relative to
    /// the atom) of its cell.
    pub fn needed_radius(&self, x: &[f64; 3], weight: f64) -> f64 {
        let x2 = dot(x, x);
        x2.sqrt() + (x2 + self.max_weight - weight).max(0.0).sqrt()
    }

    /// How far out a vertex may lie so that no atom beyond `radius` can cut it off: the inverse of [`KnownRegion::needed_radius`].
    pub fn final_distance(&self, radius: f64, weight: f64) -> f64 {
        ((radius * radius - (self.max_weight - weight)) / (2.0 * radius)).max(0.0)
    }

    /// Whether no unknown atom can cut off the vertex at `x` (relative to the atom at `center`).
    ///
    /// # Errors
    /// `GhostCutoff`, also when only the margin of the grid is too small.
    #[inline]
    pub fn check(&self, atom: u32, center: &[f64; 3], x: &[f64; 3], weight: f64) -> Result<()> {
        let needed = self.needed_radius(x, weight);
        if needed <= self.depth { Ok(()) } else { self.check_planes(atom, center, x, needed, weight) }
    }

    #[cold]
    fn check_planes(&self, atom: u32, center: &[f64; 3], x: &[f64; 3], needed: f64, weight: f64) -> Result<()> {
        let at = sum(center, x);
        let radius = (dot(x, x) + self.max_weight - weight).max(0.0).sqrt();
        let known =
            needed.is_finite() && needed <= self.margin && self.planes.iter().all(|plane| plane.depth(&at) >= radius);
        if known {
            return Ok(());
        }
        let needed = if needed.is_nan() { f64::INFINITY } else { needed };
        Err(Error::GhostCutoff { atom: atom as usize, needed })
    }
}

/// Clips cells one by one, and keeps the work space for it.
#[derive(Debug, Default)]
pub struct CellClipper {
    cell: ConvexCell,
    runs: Vec<Run>,
    found: Vec<u32>,
    neighbors: Vec<Neighbor>,
    walls: Vec<(u32, Plane)>,
}

impl CellClipper {
    /// The cell that was clipped last, in coordinates relative to its atom. Its faces carry positions in the grid, walls
    /// count on from the last position.
    pub fn cell(&mut self) -> &mut ConvexCell {
        &mut self.cell
    }

    /// Clips the cell of one atom, searching neighbours within `radius` first.
    pub fn clip<S: Kernel>(
        &mut self,
        grid: &Grid,
        walls: &[Plane],
        known: &KnownRegion,
        position: usize,
        mut radius: f64,
    ) -> Result<()> {
        let [x, y, z, weight] = grid.points[position];
        let center = [x, y, z];
        let atom = grid.index[position];
        self.walls.clear();
        self.walls.extend(
            walls
                .iter()
                .zip(grid.len() as u32..)
                .map(|(wall, id)| (id, Plane { normal: wall.normal, offset: wall.depth(&center) })),
        );
        // The first cube and the order of the cuts depend on the surroundings of the atom only, so that a degenerate cell
        // is the same on any number of ranks.
        let mut half_width = 0.0;
        let depths = self.walls.iter().map(|(_, wall)| wall.offset.abs());
        let widest = 4.0 * (known.max_distance + radius + depths.sum::<f64>());
        loop {
            self.gather::<S>(grid, position, radius)?;
            if half_width == 0.0 {
                let nearest = self.neighbors.first().map_or(grid.spacing, |neighbor| neighbor.d2.sqrt());
                half_width = CUBE * nearest.log2().ceil().exp2();
            }
            let spread = grid.max_weight - weight;
            let needed = self
                .cell
                .clip(half_width, &self.walls, &self.neighbors.iter(), spread)
                .ok_or(Error::Tessellation(atom as usize))?;
            let complete = needed <= radius || radius >= known.max_distance;
            // The cell of a light atom may lie beside it, outside the cube.
            let whole = self.cell.is_bounded() && !self.cell.is_empty();
            if complete && (whole || half_width > widest) {
                break;
            } else if complete {
                half_width *= CUBE;
            } else {
                radius = (WIDEN * radius).max(needed.min(WIDEN_MOST * radius) * 1.001);
            }
        }
        if !self.cell.is_bounded() {
            return Err(Error::GhostCutoff { atom: atom as usize, needed: f64::INFINITY });
        }
        self.cell.positions().try_for_each(|x| known.check(atom, &center, &x, weight))
    }

    fn gather<S: Kernel>(&mut self, grid: &Grid, position: usize, radius: f64) -> Result<()> {
        self.runs.clear();
        grid.runs(position, radius, |run| self.runs.push(run));
        grid.within::<S>(position, radius, &self.runs, &mut self.found);
        self.neighbors.clear();
        let [x, y, z, weight] = grid.points[position];
        for &id in self.found.iter().filter(|&&id| id as usize != position) {
            let at = &grid.points[id as usize];
            let r = [at[0] - x, at[1] - y, at[2] - z];
            let d2 = dot(&r, &r);
            if d2 == 0.0 {
                let [i, j] = [position, id as usize].map(|p| grid.index[p] as usize);
                return Err(Error::CoincidentAtoms(i, j));
            }
            self.neighbors.push(Neighbor { id, r, d2, offset: 0.5 * (d2 + weight - at[3]) });
        }
        self.neighbors.sort_unstable_by(|a, b| {
            let order = |k: usize| a.r[k].total_cmp(&b.r[k]);
            a.d2.total_cmp(&b.d2).then_with(|| order(0)).then_with(|| order(1)).then_with(|| order(2))
        });
        Ok(())
    }
}
