//! Pairs of atoms within a distance.

use super::cell::Cell;
use super::linalg::dot;

/// Indices of the atoms within `radius` of atom `centre` (itself included), ascending.
#[must_use]
pub(super) fn within(cell: &Cell, positions: &[f64], centre: usize, radius: f64) -> Vec<u32> {
    let atoms = positions.as_chunks::<3>().0;
    let near = |x: &[f64; 3]| {
        let d = cell.minimum_image(std::array::from_fn(|k| x[k] - atoms[centre][k]));
        dot(&d, &d) <= radius * radius
    };
    (0..atoms.len() as u32).filter(|&i| near(&atoms[i as usize])).collect()
}

/// Calls `visit(i, j, d)` once for each pair i < j with a shortest vector d = x_i - x_j no longer than `range`.
pub(super) fn for_each_pair(cell: &Cell, positions: &[f64], range: f64, mut visit: impl FnMut(usize, usize, [f64; 3])) {
    let atoms = positions.as_chunks::<3>().0;
    let grid = Grid::new(cell, atoms, range);
    for (i, x) in atoms.iter().enumerate() {
        for bin in grid.around(i) {
            for &j in &grid.members[grid.first[bin]..grid.first[bin + 1]] {
                let j = j as usize;
                if j <= i {
                    continue;
                }
                let d = cell.minimum_image(std::array::from_fn(|k| x[k] - atoms[j][k]));
                if dot(&d, &d) <= range * range {
                    visit(i, j, d);
                }
            }
        }
    }
}

/// Atoms sorted into bins no thinner than the range.
struct Grid {
    bins: [usize; 3],
    periodic: [bool; 3],
    bin_of: Vec<[usize; 3]>,
    first: Vec<usize>,
    members: Vec<u32>,
}

impl Grid {
    fn new(cell: &Cell, atoms: &[[f64; 3]], range: f64) -> Self {
        const MOST_BINS: f64 = 64.0;
        let mut scaled: Vec<[f64; 3]> = atoms.iter().map(|&x| cell.fractional(x)).collect();
        let spacings = cell.spacings();
        let mut bins = [1; 3];
        for k in 0..3 {
            let (low, high) =
                scaled.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), s| (l.min(s[k]), h.max(s[k])));
            let extent = if cell.periodic()[k] { 1.0 } else { (high - low).max(f64::MIN_POSITIVE) };
            bins[k] = (extent * spacings[k] / range).clamp(1.0, MOST_BINS) as usize;
            for s in &mut scaled {
                s[k] = if cell.periodic()[k] { s[k] - s[k].floor() } else { (s[k] - low) / extent };
            }
        }
        let bin_of: Vec<[usize; 3]> = scaled
            .iter()
            .map(|s| std::array::from_fn(|k| ((s[k] * bins[k] as f64) as usize).min(bins[k] - 1)))
            .collect();
        let index = |b: &[usize; 3]| (b[0] * bins[1] + b[1]) * bins[2] + b[2];
        let mut first = vec![0; bins.iter().product::<usize>() + 1];
        for bin in &bin_of {
            first[index(bin) + 1] += 1;
        }
        for k in 1..first.len() {
            first[k] += first[k - 1];
        }
        let mut next = first.clone();
        let mut members = vec![0; atoms.len()];
        for (i, bin) in bin_of.iter().enumerate() {
            let slot = &mut next[index(bin)];
            members[*slot] = i as u32;
            *slot += 1;
        }
        Grid { bins, periodic: cell.periodic(), bin_of, first, members }
    }

    /// The bin of atom `i` and those next to it, each once.
    fn around(&self, i: usize) -> Vec<usize> {
        let ranges: [Vec<usize>; 3] = std::array::from_fn(|k| self.next_to(self.bin_of[i][k], k));
        let mut around = Vec::with_capacity(27);
        for &a in &ranges[0] {
            for &b in &ranges[1] {
                around.extend(ranges[2].iter().map(|&c| (a * self.bins[1] + b) * self.bins[2] + c));
            }
        }
        around
    }

    fn next_to(&self, bin: usize, k: usize) -> Vec<usize> {
        let (bins, bin) = (self.bins[k] as isize, bin as isize);
        let mut near: Vec<usize> = (bin - 1..=bin + 1)
            .filter(|b| self.periodic[k] || (0..bins).contains(b))
            .map(|b| b.rem_euclid(bins) as usize)
            .collect();
        near.sort_unstable();
        near.dedup();
        near
    }
}
