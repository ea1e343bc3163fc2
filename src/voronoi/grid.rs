//! Atoms sorted into the bins of a grid, so that neighbours lie in a few contiguous runs.

use super::Atoms;
use super::simd::{Kernel, LANES_F32, Run};
use super::tuning::{BIN_SIZE, BINS_PER_ATOM};
use crate::thread_pool::ThreadPool;
use std::ops::Range;

/// Atoms in the order of the bins, x running fastest. "Position" means an index into this order.
#[derive(Debug, Default)]
pub struct Grid {
    lo: [f64; 3],
    bin_size: f64,
    bins: [usize; 3],
    start: Vec<u32>,
    /// Coordinates relative to `lo` in single precision, padded for whole vectors: only to reject what is far away.
    x_f32: [Vec<f32>; 3],
    /// Rounding error of distances between `x_f32` coordinates (distance units), from above.
    slack: f64,
    /// Coordinates and weight (radius squared) of each position.
    pub points: Vec<[f64; 4]>,
    /// Index of each position in the caller's arrays.
    pub index: Vec<u32>,
    /// Position of each owned atom.
    pub position_of: Vec<u32>,
    /// Whether a position holds a ghost atom.
    pub ghost: Vec<bool>,
    owned_before: Vec<u32>,
    /// Index and bin of each atom kept, in the caller's order.
    kept: Vec<[u32; 2]>,
    /// Mean atomic spacing (distance units).
    pub spacing: f64,
    /// All atoms within this distance of any owned atom are in the grid.
    pub margin: f64,
    /// Box around the owned atoms: lower and upper corner.
    pub owned: [[f64; 3]; 2],
    /// Largest weight.
    pub max_weight: f64,
}

impl Grid {
    /// Sorts the owned atoms, and the ghosts within `margin` atomic spacings of the box around them.
    pub fn build(&mut self, atoms: &Atoms, extent: &Extent, margin: f64, largest_radius: f64, pool: &ThreadPool) {
        // Of all atoms: one that is not kept, or not known here, may be as large.
        let radii = atoms.radius.into_iter().flatten();
        self.max_weight = radii.fold(largest_radius, |most, radius| most.max(radius.abs())).powi(2);
        self.spacing = extent.spacing(atoms.x.len());
        self.owned = extent.owned;
        let margin = margin * self.spacing;
        let ([lo, hi], [owned_lo, owned_hi]) = (extent.all, extent.owned);
        let lo = [0, 1, 2].map(|d| lo[d].max(owned_lo[d] - margin));
        let hi = [0, 1, 2].map(|d| hi[d].min(owned_hi[d] + margin));
        self.choose_bins(atoms.x.len(), lo, hi);
        self.sort(atoms, &hi);
        self.margin = if self.index.len() == atoms.x.len() { f64::INFINITY } else { margin };
        self.fill(atoms, pool);
    }

    /// Number of atoms in the grid.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Longest distance between any two atoms of the grid, from above.
    pub fn extent(&self) -> f64 {
        self.bins.iter().map(|&n| n as f64 * self.bin_size).sum()
    }

    fn choose_bins(&mut self, n_atoms: usize, lo: [f64; 3], hi: [f64; 3]) {
        self.lo = lo;
        self.bin_size = BIN_SIZE * self.spacing;
        let most = BINS_PER_ATOM * n_atoms + 64;
        loop {
            let bins = [0, 1, 2].map(|d| ((hi[d] - lo[d]) / self.bin_size).floor() + 1.0);
            if bins.iter().product::<f64>() <= most as f64 {
                self.bins = bins.map(|n| n as usize);
                break;
            }
            self.bin_size *= 1.26;
        }
        let extent = (0..3).map(|d| hi[d] - lo[d]).fold(0.0, f64::max);
        self.slack = 8.0 * f64::from(f32::EPSILON) * extent;
    }

    /// Puts the atoms between `lo` and `hi` into the order of the bins.
    fn sort(&mut self, atoms: &Atoms, hi: &[f64; 3]) {
        let lo = self.lo;
        let inverse = 1.0 / self.bin_size;
        let n_bins = self.bins.iter().product::<usize>();
        self.start.clear();
        self.start.resize(n_bins + 1, 0);
        self.kept.resize(atoms.x.len(), [0; 2]);
        let mut n = 0;
        for (i, x) in atoms.x.iter().enumerate() {
            // Which ghosts are kept is not predictable: nothing below depends on a branch.
            let inside = (0..3).all(|d| x[d] >= lo[d] && x[d] <= hi[d]);
            let c = [0, 1, 2].map(|d| (((x[d] - lo[d]) * inverse) as usize).min(self.bins[d] - 1));
            let bin = (c[2] * self.bins[1] + c[1]) * self.bins[0] + c[0];
            self.kept[n] = [i as u32, bin as u32];
            self.start[bin + 1] += u32::from(inside);
            n += usize::from(inside);
        }
        self.kept.truncate(n);
        for c in 0..n_bins {
            self.start[c + 1] += self.start[c];
        }
        // What is left from the last configuration is overwritten below.
        self.position_of.resize(atoms.n_owned, 0);
        self.index.resize(self.kept.len(), 0);
        // Filling each bin from its end leaves `start` at the bins' first positions when all is done.
        for &[i, bin] in self.kept.iter().rev() {
            let end = &mut self.start[bin as usize + 1];
            *end -= 1;
            self.index[*end as usize] = i;
            if let Some(position) = self.position_of.get_mut(i as usize) {
                *position = *end;
            }
        }
        self.start.remove(0);
        self.start.push(self.index.len() as u32);
    }

    /// Copies coordinates and the like into the order of the grid.
    fn fill(&mut self, atoms: &Atoms, pool: &ThreadPool) {
        let n = self.index.len();
        for x_f32 in &mut self.x_f32 {
            x_f32.resize(n + LANES_F32, 0.0);
            x_f32[n..].fill(f32::INFINITY);
        }
        self.points.resize(n, [0.0; 4]);
        self.ghost.resize(n, false);
        self.owned_before.resize(n + 1, 0);
        let share = n.div_ceil(pool.size());
        let [x, y, z] = self.x_f32.each_mut().map(|x_f32| x_f32[..n].chunks_mut(share));
        let x_f32 = x.zip(y).zip(z).map(|((x, y), z)| [x, y, z]);
        let (points, ghost) = (self.points.chunks_mut(share), self.ghost.chunks_mut(share));
        let owned_before = self.owned_before[1..].chunks_mut(share);
        let copies = x_f32.zip(points).zip(ghost).zip(owned_before);
        let mut before = 0;
        let parts = self.index.chunks(share).zip(copies).map(|(index, (((x_f32, points), ghost), owned_before))| {
            let part = Part { index, x_f32, points, ghost, owned_before, before };
            before += index.iter().map(|&i| u32::from((i as usize) < atoms.n_owned)).sum::<u32>();
            part
        });
        let lo = self.lo;
        pool.run(parts.collect(), |part| part.fill(atoms, &lo));
    }

    /// Calls `visit` for runs of positions that together hold all atoms within `r` of position `p`.
    pub fn runs(&self, p: usize, r: f64, mut visit: impl FnMut(Run)) {
        let r = r + self.slack;
        let at = [0, 1, 2].map(|d| self.points[p][d] - self.lo[d]);
        let window = |d: usize, r: f64| {
            let first = ((at[d] - r) / self.bin_size).max(0.0) as usize;
            (first, (((at[d] + r) / self.bin_size) as usize).min(self.bins[d] - 1))
        };
        // Distance along d from the atom to the slab of bins number c.
        let gap = |d: usize, c: usize| {
            (c as f64 * self.bin_size - at[d]).max(at[d] - (c + 1) as f64 * self.bin_size).max(0.0)
        };
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

    /// The rows of bins within `r` of a bin: offsets along z and y, and the reach along x in bins.
    pub fn stencil(&self, r: f64) -> Vec<[isize; 3]> {
        let r = (r + self.slack) / self.bin_size;
        let most = r.floor() as isize + 1;
        let gap2 = |c: isize| ((c.abs() - 1).max(0) as f64).powi(2);
        let rows = (-most..=most).flat_map(|z| (-most..=most).map(move |y| (z, y)));
        rows.filter_map(|(z, y)| {
            let rest = r * r - gap2(z) - gap2(y);
            (rest >= 0.0).then(|| [z, y, rest.sqrt().floor() as isize + 1])
        })
        .collect()
    }

    /// Calls `visit` for runs of positions that together hold all atoms around a bin that a stencil covers.
    pub fn runs_around_bin(&self, bin: usize, stencil: &[[isize; 3]], mut visit: impl FnMut(Run)) {
        let row = bin / self.bins[0];
        let [x, y, z] = [bin % self.bins[0], row % self.bins[1], row / self.bins[1]];
        for &[dz, dy, dx] in stencil {
            let (z, y) = (z.wrapping_add_signed(dz), y.wrapping_add_signed(dy));
            if z < self.bins[2] && y < self.bins[1] {
                let dx = dx.unsigned_abs();
                visit(self.run(z, y, x.saturating_sub(dx), (x + dx).min(self.bins[0] - 1)));
            }
        }
    }

    /// Positions in part of a row of bins.
    fn run(&self, z: usize, y: usize, x0: usize, x1: usize) -> Run {
        let row = (z * self.bins[1] + y) * self.bins[0];
        Run { start: self.start[row + x0], end: self.start[row + x1 + 1] }
    }

    /// Positions in a bin.
    pub fn positions(&self, bin: usize) -> Range<usize> {
        self.start[bin] as usize..self.start[bin + 1] as usize
    }

    /// Cell of a position.
    pub fn bin_of(&self, position: usize) -> usize {
        self.start.partition_point(|&start| start as usize <= position) - 1
    }

    /// Replaces `found` by the positions of `runs` within `r` of position `p`, and perhaps a few just outside.
    #[inline(always)]
    pub fn within<S: Kernel>(&self, p: usize, r: f64, runs: &[Run], found: &mut Vec<u32>) {
        let center = self.x_f32.each_ref().map(|x_f32| x_f32[p]);
        let limit = ((r + self.slack).powi(2) * 1.000_001) as f32;
        // SAFETY: `S` was chosen for this machine, and `x_f32` is padded.
        unsafe { S::within(&self.x_f32, center, limit, runs, found) };
    }

    /// Number of owned atoms.
    pub fn n_owned(&self) -> usize {
        self.position_of.len()
    }

    /// End of the k-th of `n` runs of positions with about as many owned atoms each.
    pub fn split(&self, k: usize, n: usize) -> usize {
        if k == n {
            return self.len();
        }
        let n_before = (k * self.n_owned() / n) as u32;
        self.owned_before.partition_point(|&owned| owned <= n_before) - 1
    }

    /// Whether any of the positions `start..end` holds a ghost atom.
    #[inline]
    pub fn any_ghost(&self, start: u32, end: u32) -> bool {
        self.owned_before[end as usize] - self.owned_before[start as usize] < end - start
    }
}

/// A run of positions of a grid, to be filled.
struct Part<'a> {
    index: &'a [u32],
    x_f32: [&'a mut [f32]; 3],
    points: &'a mut [[f64; 4]],
    ghost: &'a mut [bool],
    owned_before: &'a mut [u32],
    /// Number of owned atoms before the run.
    before: u32,
}

impl Part<'_> {
    fn fill(self, atoms: &Atoms, lo: &[f64; 3]) {
        let Part { index, x_f32, points, ghost, owned_before, mut before } = self;
        for (k, &i) in index.iter().enumerate() {
            let [x, y, z] = atoms.x[i as usize];
            let weight = atoms.radius.map_or(0.0, |radius| radius[i as usize] * radius[i as usize]);
            points[k] = [x, y, z, weight];
            x_f32[0][k] = (x - lo[0]) as f32;
            x_f32[1][k] = (y - lo[1]) as f32;
            x_f32[2][k] = (z - lo[2]) as f32;
            ghost[k] = i as usize >= atoms.n_owned;
            before += u32::from(!ghost[k]);
            owned_before[k] = before;
        }
    }
}

/// Boxes around the owned atoms and around all: lower and upper corners.
pub struct Extent {
    pub owned: [[f64; 3]; 2],
    pub all: [[f64; 3]; 2],
}

impl Extent {
    pub fn of(atoms: &Atoms) -> Self {
        let (owned, ghosts) = atoms.x.split_at(atoms.n_owned);
        let owned = widened([owned[0]; 2], owned);
        Extent { owned, all: widened(owned, ghosts) }
    }

    /// Mean spacing of `n` atoms, (volume / number)^(1/3) of the box around them.
    fn spacing(&self, n: usize) -> f64 {
        let [lo, hi] = self.all;
        let extent = [0, 1, 2].map(|d| hi[d] - lo[d]);
        let longest = extent.into_iter().fold(0.0, f64::max);
        if longest == 0.0 {
            return 1.0;
        }
        // Atoms in a plane or on a line: as thick as 1 % of their length.
        let volume = extent.iter().map(|e| e.max(0.01 * longest)).product::<f64>();
        (volume / n as f64).cbrt()
    }
}

/// Corners of the box around a box and some points.
fn widened(corners: [[f64; 3]; 2], points: &[[f64; 3]]) -> [[f64; 3]; 2] {
    // Not `f64::min`, whose care for NaN costs time.
    points.iter().fold(corners, |[lo, hi], x| {
        let lower = [0, 1, 2].map(|d| if x[d] < lo[d] { x[d] } else { lo[d] });
        let upper = [0, 1, 2].map(|d| if x[d] > hi[d] { x[d] } else { hi[d] });
        [lower, upper]
    })
}
