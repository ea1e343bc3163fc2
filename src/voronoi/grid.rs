//! Atoms sorted into the cells of a grid, so that neighbours lie in a few contiguous runs.

use super::Atoms;
use super::simd::{Kernel, LANES_F32, Run};
use std::ops::Range;

/// Edge of a grid cell over the mean atomic spacing (volume per atom)^(1/3): just wider than the search radius, so that
/// 3 x 3 rows of cells hold all candidates. Measured on a metallic glass between 1 and 2.6.
const CELL_SIDE: f64 = 1.85;
/// More cells than this per atom are never made, however empty the box.
const CELLS_PER_ATOM: usize = 4;

/// Atoms in cell order, x running fastest. "Position" means an index into this order.
#[derive(Debug, Default)]
pub struct Grid {
    lo: [f64; 3],
    side: f64,
    cells: [usize; 3],
    start: Vec<u32>,
    /// Coordinates relative to `lo` in single precision, padded for whole vectors: only to reject what is far away.
    near: [Vec<f32>; 3],
    /// Rounding slack of distances between `near` coordinates.
    slack: f64,
    /// Coordinates and weight (radius squared) of each position.
    pub at: Vec<[f64; 4]>,
    /// Index of each position in the caller's arrays.
    pub index: Vec<u32>,
    /// Whether a position holds a ghost atom.
    pub ghost: Vec<bool>,
    ghosts_before: Vec<u32>,
    cell_of: Vec<u32>,
    /// Mean atomic spacing (distance units).
    pub spacing: f64,
    /// All atoms within this distance of any owned atom are in the grid.
    pub margin: f64,
    /// Box around the owned atoms: lower and upper corner.
    pub owned: [[f64; 3]; 2],
    /// Largest weight.
    pub heaviest: f64,
}

impl Grid {
    /// Sorts the owned atoms, and the ghosts within `margin` of the box around them.
    pub fn build(&mut self, atoms: &Atoms, spacing: f64, margin: f64, largest_radius: f64) {
        // Of all atoms: one that is not kept, or not known here, may be as heavy.
        let radii = atoms.radius.into_iter().flatten();
        self.heaviest = radii.fold(largest_radius, |most, radius| most.max(radius.abs())).powi(2);
        self.spacing = spacing;
        self.owned = bounds(atoms.x[..atoms.n_owned].iter());
        let box_of = |pad: f64| [self.owned[0].map(|v| v - pad), self.owned[1].map(|v| v + pad)];
        let [lo, hi] = box_of(margin);
        let inside = |x: &[f64; 3]| (0..3).all(|d| x[d] >= lo[d] && x[d] <= hi[d]);
        let kept = (0..atoms.x.len()).filter(|&i| i < atoms.n_owned || inside(&atoms.x[i]));
        self.index.clear();
        self.index.extend(kept.map(|i| i as u32));
        self.margin = if self.index.len() == atoms.x.len() { f64::INFINITY } else { margin };
        self.lay_cells(atoms.x);
        self.sort(atoms);
    }

    /// Number of atoms in the grid.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Longest distance between any two atoms of the grid, from above.
    pub fn extent(&self) -> f64 {
        self.cells.iter().map(|&n| n as f64 * self.side).sum()
    }

    fn lay_cells(&mut self, x: &[[f64; 3]]) {
        let [lo, hi] = bounds(self.index.iter().map(|&i| &x[i as usize]));
        self.lo = lo;
        self.side = CELL_SIDE * self.spacing;
        let most = CELLS_PER_ATOM * self.index.len() + 64;
        loop {
            let cells = [0, 1, 2].map(|d| ((hi[d] - lo[d]) / self.side).floor() + 1.0);
            if cells.iter().product::<f64>() <= most as f64 {
                self.cells = cells.map(|n| n as usize);
                break;
            }
            self.side *= 1.26;
        }
        let extent = (0..3).map(|d| hi[d] - lo[d]).fold(0.0, f64::max);
        self.slack = 8.0 * f64::from(f32::EPSILON) * extent;
    }

    fn sort(&mut self, atoms: &Atoms) {
        let n = self.index.len();
        let inverse = 1.0 / self.side;
        let n_cells = self.cells.iter().product::<usize>();
        self.start.clear();
        self.start.resize(n_cells + 1, 0);
        self.cell_of.clear();
        for &i in &self.index {
            let x = &atoms.x[i as usize];
            let c = [0, 1, 2].map(|d| (((x[d] - self.lo[d]) * inverse) as usize).min(self.cells[d] - 1));
            let cell = (c[2] * self.cells[1] + c[1]) * self.cells[0] + c[0];
            self.cell_of.push(cell as u32);
            self.start[cell + 1] += 1;
        }
        for c in 0..n_cells {
            self.start[c + 1] += self.start[c];
        }
        // What is left from the last configuration is overwritten below.
        for near in &mut self.near {
            near.resize(n + LANES_F32, 0.0);
            near[n..].fill(f32::INFINITY);
        }
        self.at.resize(n, [0.0; 4]);
        self.ghost.resize(n, false);
        let unsorted = std::mem::take(&mut self.index);
        self.index.resize(n, 0);
        // Filling each cell from its end leaves `start` at the cells' first positions when all is done.
        for (&i, &cell) in unsorted.iter().zip(&self.cell_of).rev() {
            let end = &mut self.start[cell as usize + 1];
            *end -= 1;
            let position = *end as usize;
            let x = &atoms.x[i as usize];
            let weight = atoms.radius.map_or(0.0, |radius| radius[i as usize] * radius[i as usize]);
            self.at[position] = [x[0], x[1], x[2], weight];
            for (near, (x, lo)) in self.near.iter_mut().zip(x.iter().zip(self.lo)) {
                near[position] = (x - lo) as f32;
            }
            self.index[position] = i;
            self.ghost[position] = i as usize >= atoms.n_owned;
        }
        self.start.remove(0);
        self.start.push(n as u32);
        self.ghosts_before.clear();
        self.ghosts_before.push(0);
        let mut ghosts = 0;
        self.ghosts_before.extend(self.ghost.iter().map(|&ghost| {
            ghosts += u32::from(ghost);
            ghosts
        }));
    }

    /// Calls `visit` for runs of positions that together hold all atoms within `r` of position `p`.
    pub fn runs(&self, p: usize, r: f64, mut visit: impl FnMut(Run)) {
        let r = r + self.slack;
        let at = [0, 1, 2].map(|d| self.at[p][d] - self.lo[d]);
        let window = |d: usize, r: f64| {
            let first = ((at[d] - r) / self.side).max(0.0) as usize;
            (first, (((at[d] + r) / self.side) as usize).min(self.cells[d] - 1))
        };
        // Distance along d from the atom to the slab of cells number c.
        let gap = |d: usize, c: usize| (c as f64 * self.side - at[d]).max(at[d] - (c + 1) as f64 * self.side).max(0.0);
        let (z0, z1) = window(2, r);
        let (y0, y1) = window(1, r);
        for z in z0..=z1 {
            for y in y0..=y1 {
                let rest = r * r - gap(2, z).powi(2) - gap(1, y).powi(2);
                if rest >= 0.0 {
                    let (x0, x1) = window(0, rest.sqrt());
                    visit(self.run(z, y, x0, x1));
                }
            }
        }
    }

    /// The rows of cells within `r` of a cell: offsets along z and y, and the reach along x in cells.
    pub fn stencil(&self, r: f64) -> Vec<[isize; 3]> {
        let r = (r + self.slack) / self.side;
        let most = r.floor() as isize + 1;
        let gap2 = |c: isize| ((c.abs() - 1).max(0) as f64).powi(2);
        let rows = (-most..=most).flat_map(|z| (-most..=most).map(move |y| (z, y)));
        rows.filter_map(|(z, y)| {
            let rest = r * r - gap2(z) - gap2(y);
            (rest >= 0.0).then(|| [z, y, rest.sqrt().floor() as isize + 1])
        })
        .collect()
    }

    /// Calls `visit` for runs of positions that together hold all atoms around a cell that a stencil covers.
    pub fn runs_of_cell(&self, cell: usize, stencil: &[[isize; 3]], mut visit: impl FnMut(Run)) {
        let row = cell / self.cells[0];
        let [x, y, z] = [cell % self.cells[0], row % self.cells[1], row / self.cells[1]];
        for &[dz, dy, dx] in stencil {
            let (z, y) = (z.wrapping_add_signed(dz), y.wrapping_add_signed(dy));
            if z < self.cells[2] && y < self.cells[1] {
                let dx = dx.unsigned_abs();
                visit(self.run(z, y, x.saturating_sub(dx), (x + dx).min(self.cells[0] - 1)));
            }
        }
    }

    /// Positions in part of a row of cells.
    fn run(&self, z: usize, y: usize, x0: usize, x1: usize) -> Run {
        let row = (z * self.cells[1] + y) * self.cells[0];
        Run { start: self.start[row + x0], end: self.start[row + x1 + 1] }
    }

    /// Positions in a cell.
    pub fn positions(&self, cell: usize) -> Range<usize> {
        self.start[cell] as usize..self.start[cell + 1] as usize
    }

    /// Cell of a position.
    pub fn cell_of(&self, position: usize) -> usize {
        self.start.partition_point(|&start| start as usize <= position) - 1
    }

    /// Replaces `found` by the positions of `runs` within `r` of position `p`, and perhaps a few just outside.
    #[inline(always)]
    pub fn near<S: Kernel>(&self, p: usize, r: f64, runs: &[Run], found: &mut Vec<u32>) {
        let center = self.near.each_ref().map(|near| near[p]);
        let limit = ((r + self.slack).powi(2) * 1.000_001) as f32;
        // SAFETY: `S` was chosen for this machine, and `near` is padded.
        unsafe { S::near(&self.near, center, limit, runs, found) };
    }

    /// Boundaries of `n` runs of positions with about as many owned atoms each.
    pub fn shares(&self, n: usize) -> Vec<usize> {
        let owned: Vec<usize> = (0..self.len()).filter(|&position| !self.ghost[position]).collect();
        let inner = (1..n).map(|k| owned[k * owned.len() / n]);
        std::iter::once(0).chain(inner).chain([self.len()]).collect()
    }

    /// Whether any of the positions `start..end` holds a ghost atom.
    #[inline]
    pub fn any_ghost(&self, start: u32, end: u32) -> bool {
        self.ghosts_before[end as usize] > self.ghosts_before[start as usize]
    }
}

/// Corners of the box around some points; a point at the origin if there are none.
pub fn bounds<'a>(mut points: impl Iterator<Item = &'a [f64; 3]>) -> [[f64; 3]; 2] {
    let first = points.next().copied().unwrap_or_default();
    points.fold([first; 2], |[lo, hi], x| [[0, 1, 2].map(|d| lo[d].min(x[d])), [0, 1, 2].map(|d| hi[d].max(x[d]))])
}
