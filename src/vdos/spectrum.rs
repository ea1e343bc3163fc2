//! g(f), g_i(f) and the boson peak of every atom, from modes.
//!
//! g_i(f) = 1/(3N) sum_j G_sigma(f - f_j) |e_j^i|^2 (Yang & Wang 2022, Eq. 1; Togo & Tanaka, Scr. Mater. 108, 1 (2015),
//! doi:10.1016/j.scriptamat.2015.07.021), with G_sigma a normalised Gaussian and unit-norm eigenvectors. Zero and negative
//! modes are left out while 3N stays the denominator.

use super::algebra::par;
use super::modes::{Modes, frequency};
use super::{COLUMNS, Communicator, Group, VibrationSettings};
use crate::error::Result;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat};
use std::f64::consts::TAU;
use std::ops::Range;

/// Points of the boson peak's grid in a standard deviation, at least.
const RESOLUTION: f64 = 30.0;
/// A Gaussian is nothing beyond as many standard deviations.
const REACH: f64 = 9.0;
/// Share of the modes in the participation column.
const LOWEST: f64 = 0.01;

/// Normalised Gaussian of standard deviation `sigma`.
pub fn gaussian(f: f64, sigma: f64) -> f64 {
    (-0.5 * (f / sigma).powi(2)).exp() / (sigma * TAU.sqrt())
}

/// Frequencies at which the boson peak is looked for: both ends of the range, and evenly between.
pub fn peak_grid(settings: &VibrationSettings) -> Vec<f64> {
    let [low, high] = settings.range;
    let intervals = ((high - low) / settings.sigma * RESOLUTION).ceil().max(1.0);
    (0..=intervals as usize).map(|k| low + (high - low) * (k as f64 / intervals)).collect()
}

/// I_BP, J and the frequency of the maximum, from N g_i / f^2 on the `grid`; J is the mean by the trapezoidal rule.
pub fn peak(grid: &[f64], reduced: impl Iterator<Item = f64>) -> [f64; 3] {
    let last = grid.len() - 1;
    let (mut best, mut sum) = ((0.0, grid[0]), 0.0);
    for (k, (value, &f)) in reduced.zip(grid).enumerate() {
        sum += if k == 0 || k == last { 0.5 * value } else { value };
        if value > best.0 {
            best = (value, f);
        }
    }
    [best.0, sum / last as f64, best.1]
}

/// Which of the modes serve what.
pub struct Bands {
    /// Modes of positive frequency.
    pub positive: Range<usize>,
    /// The lowest 1 % of the modes that are not zero, negative ones first: ranges below and above the zero modes. `None` if
    /// not all of them were found.
    pub lowest: Option<[Range<usize>; 2]>,
}

impl Bands {
    /// For `modes` with `negative` and `zero` ones first, of `dimension` in all.
    pub fn new(modes: &Modes, negative: usize, zero: usize, dimension: usize) -> Self {
        let found = modes.eigenvalues.len();
        let nonzero = dimension - modes.projected - zero;
        let wanted = ((LOWEST * nonzero as f64).round() as usize).max(1).min(nonzero);
        let below = wanted.min(negative);
        let lowest = [0..below, negative + zero..negative + zero + wanted - below];
        Self { positive: negative + zero..found, lowest: (lowest[1].end <= found).then_some(lowest) }
    }
}

/// Per-atom columns for all atoms, on all ranks.
pub fn per_atom(
    modes: &Modes,
    bands: &Bands,
    settings: &VibrationSettings,
    comm: &dyn Communicator,
    n: usize,
) -> Result<Vec<[f64; COLUMNS]>> {
    const ATOMS: usize = 512;
    let grid = peak_grid(settings);
    let frequencies: Vec<f64> = modes.eigenvalues.iter().map(|&value| frequency(value)).collect();
    let margin = REACH * settings.sigma;
    let [low, high] = [settings.range[0] - margin, settings.range[1] + margin];
    let start = frequencies.partition_point(|&f| f < low).max(bands.positive.start);
    let near = start..frequencies.partition_point(|&f| f <= high).max(start);
    let lines = Mat::from_fn(near.len(), grid.len(), |j, k| {
        gaussian(grid[k] - frequencies[near.start + j], settings.sigma) / (3.0 * grid[k] * grid[k])
    });
    let mut columns = vec![[0.0; COLUMNS]; n];
    for (block, atoms) in modes.atoms.chunks(ATOMS).enumerate() {
        let first = block * ATOMS;
        let weights = Mat::from_fn(atoms.len(), near.len(), |k, j| modes.weight(first + k, near.start + j));
        let mut reduced = Mat::zeros(atoms.len(), grid.len());
        matmul(&mut reduced, Accum::Replace, &weights, &lines, 1.0, par(settings.threads));
        for (k, &i) in atoms.iter().enumerate() {
            let [maximum, mean, at] = peak(&grid, reduced.row(k).iter().copied());
            let lowest = bands.lowest.iter().flatten().cloned().flatten();
            columns[i as usize] = [maximum, mean, at, lowest.map(|j| modes.weight(first + k, j)).sum(), 0.0];
        }
    }
    comm.sum(columns.as_flattened_mut())?;
    Ok(columns)
}

/// Weight of each type in each mode, shape [types][modes], on all ranks: sums of |e_j^i|^2.
pub fn type_weights(modes: &Modes, group: &Group, comm: &dyn Communicator) -> Result<Vec<f64>> {
    let count = modes.eigenvalues.len();
    let mut weights = vec![0.0; group.n_types * count];
    for j in 0..count {
        for (k, &i) in modes.atoms.iter().enumerate() {
            weights[(group.types[i as usize] as usize - 1) * count + j] += modes.weight(k, j);
        }
    }
    comm.sum(&mut weights)?;
    Ok(weights)
}

/// Rows f, g, g / f^2, g per type at f = k `end` / points, k = 1 .. points; zeros beyond `known`.
pub fn table(
    modes: &Modes,
    bands: &Bands,
    weights: &[f64],
    group: &Group,
    settings: &VibrationSettings,
    end: f64,
) -> Vec<f64> {
    let count = modes.eigenvalues.len();
    let frequencies: Vec<f64> = modes.eigenvalues.iter().map(|&value| frequency(value)).collect();
    let known = modes.complete_below - 3.0 * settings.sigma;
    let scale = 1.0 / (3.0 * group.types.len() as f64);
    tabulate(settings.points, end, known, group.n_types, |f, g| {
        for j in bands.positive.clone() {
            let line = gaussian(f - frequencies[j], settings.sigma) * scale;
            g.iter_mut().zip(weights[j..].iter().step_by(count)).for_each(|(g, weight)| *g += line * weight);
        }
    })
}

/// The table of `points` rows up to `end`, from what adds g per type at a frequency; zeros beyond `known`.
pub fn tabulate(points: usize, end: f64, known: f64, n_types: usize, mut add: impl FnMut(f64, &mut [f64])) -> Vec<f64> {
    let mut rows = Vec::with_capacity(points * (3 + n_types));
    for k in 1..=points {
        let f = end * (k as f64 / points as f64);
        let mut g = vec![0.0; n_types];
        // The end of a window is a grid point up to rounding.
        if f <= known * (1.0 + 1e-9) {
            add(f, &mut g);
        }
        let total: f64 = g.iter().sum();
        rows.extend([f, total, total / (f * f)]);
        rows.extend(g);
    }
    rows
}
