//! g_i(f) of every atom from random vectors, at a cost that grows as the number of atoms.
//!
//! N g_i(f) is a third of the trace of G_sigma(f - F(D)) over the three rows of atom i, where F(D) = sqrt(D) / 2 pi. It is
//! the mean of |S z|^2 over those rows for random vectors z of signs, if S S = G_sigma(f - F(D)): the square root has a
//! tenth of the variance of z times G z (G. H. Golub's and others' diagonal estimators: C. Bekas, E. Kokiopoulou & Y. Saad,
//! Appl. Numer. Math. 57, 1214 (2007), doi:10.1016/j.apnum.2007.01.003). One Chebyshev recurrence serves a few frequencies
//! f; g_i has no structure finer than sigma, so that a polynomial through them gives it in between. J, a mean over f, has
//! less variance that way than from the root of the whole window, 0.76 of it in a Cu-Zr glass: what different f see of a
//! vector is nearly independent. Narrower Gaussians would have less still, but need a degree that is higher by as much.

use super::Problem;
use super::chebyshev::{Bounds, coefficients};
use crate::error::Result;
use crate::vdos::algebra::dot;
use crate::vdos::matrix::DynamicalMatrix;
use crate::vdos::memory::gigabytes;
use crate::vdos::modes::frequency;
use crate::vdos::order::bisection;
use crate::vdos::panel::PANEL;
use crate::vdos::progress::Stage;
use crate::vdos::random::{Use, signs};
use crate::vdos::single::{SingleLanes, SingleMatrix};
use crate::vdos::spectrum::{gaussian, peak, peak_grid, tabulate};
use crate::vdos::translations::AXES;
use crate::vdos::{COLUMNS, Communicator, Group, VibrationSettings, Vibrations, report};
use std::f64::consts::PI;

/// Degree of the polynomials for each f_max / sigma: their last coefficients are exp(-4 * 1.4^2) = 4e-4 of the first.
const DEGREE: f64 = 1.4;
/// Frequencies where g_i is estimated: so many, and more for each sigma in the range. A Gaussian is met within 1e-3.
const LEAST_NODES: f64 = 4.0;
const NODES: f64 = 1.3;
/// Relative standard error of J without the keyword.
const ERROR: f64 = 0.05;

/// Estimates the spectrum and the per-atom results.
///
/// # Errors
/// If memory does not suffice, or ranks cannot communicate.
pub fn solve(problem: Problem, group: &Group, bounds: Bounds, progress: &mut dyn FnMut(&str)) -> Result<Vibrations> {
    let (settings, comm) = (problem.settings, problem.comm);
    let highest = frequency(bounds.high);
    let degree = (DEGREE * frequency(bounds.high - bounds.low) / settings.sigma).ceil().max(16.0) as usize;
    let nodes = Nodes::new(settings);
    let bytes = bytes(&problem.matrix, nodes.len(), settings.processes_per_node);
    progress(&format!(
        "kpm: polynomials of degree {degree} at {} frequencies, {} a rank beside the matrix",
        nodes.len(),
        gigabytes(bytes)
    ));
    problem.require("solver kpm", bytes, "use a smaller group or fewer MPI processes and more threads")?;
    let order = bisection(&problem.matrix);
    let translations = problem.translations.as_ref().map(|translations| translations.permuted(&order));
    let start = |vector: usize| {
        let mut z: Vec<f64> = signs(Use::Trace, vector, 0..AXES * order.len()).collect();
        if let Some(translations) = &translations {
            translations.project_one(&mut z);
        }
        z
    };
    let matrix = SingleMatrix::new(&problem.matrix, &order, 2.0 / (bounds.high - bounds.low), comm)?;
    drop(problem.matrix);
    let types: Vec<usize> =
        order.iter().map(|&k| group.types[problem.order[k as usize] as usize] as usize - 1).collect();
    let shift = -((bounds.high + bounds.low) / (bounds.high - bounds.low)) as f32;
    let recurrence = Recurrence {
        matrix: &matrix,
        shift,
        types: &types,
        n_types: group.n_types,
        windows: nodes.windows(bounds, degree, settings.sigma),
        threads: settings.threads,
    };
    let estimates = Estimates::gather(&recurrence, &nodes, &start, settings, comm, progress)?;
    let mut atoms = vec![[0.0; COLUMNS]; group.ids.len()];
    for (k, &i) in order.iter().enumerate() {
        atoms[problem.order[i as usize] as usize] = estimates.columns(k, &nodes);
    }
    let end = settings.fcut.unwrap_or(highest + 3.0 * settings.sigma);
    let (table, errors) = estimates.table(bounds, end, settings, group);
    let vibrations = Vibrations {
        atoms,
        table,
        width: 3 + group.n_types,
        zero: if translations.is_some() { AXES } else { 0 },
        highest,
        errors,
        ..Vibrations::default()
    };
    describe(&vibrations, estimates.vectors, settings, progress);
    Ok(vibrations)
}

/// Bytes of a rank beside the double-precision matrix: its panels, and its part of the matrix in single precision.
fn bytes(matrix: &DynamicalMatrix, nodes: usize, processes_per_node: usize) -> f64 {
    let panels = size_of::<SingleLanes>() * matrix.dimension() * (nodes + 2);
    panels as f64 + (SingleMatrix::BYTES_PER_BLOCK * matrix.n_blocks()) as f64 / processes_per_node as f64
}

fn describe(vibrations: &Vibrations, vectors: usize, settings: &VibrationSettings, progress: &mut dyn FnMut(&str)) {
    let [low, high] = settings.range;
    let rows = vibrations.table.chunks(vibrations.width).zip(&vibrations.errors);
    let inside = rows.filter(|(row, _)| (low..=high).contains(&row[0]));
    let (g, error) = inside.fold((0.0, 0.0), |(g, error), (row, e)| (g + row[1], error + e));
    progress(&format!(
        "kpm: {vectors} random vectors: standard error of J {:.1} % (rms), of g in the range {:.1} %",
        100.0 * relative_error(vibrations.atoms.iter().map(|atom| [atom[1], atom[4]])),
        100.0 * if g > 0.0 { error / g } else { 0.0 }
    ));
    progress("kpm: column 4 is 0, it needs modes");
    report::edges(vibrations, settings, progress);
}

/// Root mean square of the relative errors of (value, error).
fn relative_error(values: impl Iterator<Item = [f64; 2]>) -> f64 {
    let (sum, count) = values
        .filter(|[value, _]| *value > 0.0)
        .fold((0.0, 0.0), |(sum, count), [value, error]| (sum + (error / value).powi(2), count + 1.0));
    if count > 0.0 { f64::sqrt(sum / count) } else { 0.0 }
}

/// Where g_i is estimated, and how the curve follows from that.
struct Nodes {
    frequencies: Vec<f64>,
    grid: Vec<f64>,
    /// Shape [grid][nodes]: g / f^2 on the grid is the product with g at the nodes.
    curve: Vec<Vec<f64>>,
    /// The mean of g / f^2 over the range is the product with g at the nodes.
    mean: Vec<f64>,
}

impl Nodes {
    /// Chebyshev points of the second kind in the range, and barycentric interpolation between them (J.-P. Berrut &
    /// L. N. Trefethen, SIAM Review 46, 501 (2004), doi:10.1137/S0036144502417715).
    fn new(settings: &VibrationSettings) -> Self {
        let [low, high] = settings.range;
        let count = (LEAST_NODES + NODES * (high - low) / settings.sigma).ceil() as usize;
        let last = count - 1;
        let node = |k: usize| 0.5 * (low + high - (high - low) * (PI * k as f64 / last as f64).cos());
        let frequencies: Vec<f64> = (0..count).map(node).collect();
        let weight =
            |k: usize| (if k.is_multiple_of(2) { 1.0 } else { -1.0 }) * if k == 0 || k == last { 0.5 } else { 1.0 };
        let at = |f: f64| {
            if let Some(hit) = frequencies.iter().position(|&node| (node - f).abs() <= 1e-12 * high) {
                return (0..count).map(|k| if k == hit { 1.0 } else { 0.0 }).collect();
            }
            let terms: Vec<f64> = frequencies.iter().enumerate().map(|(k, node)| weight(k) / (f - node)).collect();
            let sum: f64 = terms.iter().sum();
            terms.into_iter().map(|term| term / sum).collect::<Vec<f64>>()
        };
        let grid = peak_grid(settings);
        let curve: Vec<Vec<f64>> =
            grid.iter().map(|&f| at(f).into_iter().map(|factor| factor / (f * f)).collect()).collect();
        let mean = (0..count).map(|k| peak(&grid, curve.iter().map(|row| row[k]))[1]).collect();
        Self { frequencies, grid, curve, mean }
    }

    fn len(&self) -> usize {
        self.frequencies.len()
    }

    /// Chebyshev coefficients of the square roots of the Gaussians, shape [degree + 1][nodes].
    fn windows(&self, bounds: Bounds, degree: usize, sigma: f64) -> Vec<Vec<f32>> {
        let of_node: Vec<Vec<f64>> = self
            .frequencies
            .iter()
            .map(|&node| coefficients(bounds, degree + 1, |f| gaussian(f - node, sigma).sqrt()))
            .collect();
        (0..=degree).map(|k| of_node.iter().map(|row| row[k] as f32).collect()).collect()
    }
}

/// Scalar products of the last two members of the recurrence, by type and vector.
type Products = Vec<[[f64; PANEL]; 2]>;

/// The Chebyshev recurrence on one panel of vectors, and what it adds up.
struct Recurrence<'a> {
    /// (D - middle) / half width is this + `shift`.
    matrix: &'a SingleMatrix,
    shift: f32,
    types: &'a [usize],
    n_types: usize,
    /// Coefficients, shape [degree + 1][nodes].
    windows: Vec<Vec<f32>>,
    threads: usize,
}

/// What a panel of vectors gives.
struct Panel {
    /// S z for each node, shape [atoms][nodes][3].
    roots: Vec<SingleLanes>,
    /// Moments of the traces, shape [types][moments].
    moments: Vec<Vec<[f64; PANEL]>>,
}

impl Recurrence<'_> {
    fn degree(&self) -> usize {
        self.windows.len() - 1
    }

    fn nodes(&self) -> usize {
        self.windows[0].len()
    }

    /// Moments 0 .. 2 degree follow from one recurrence of the degree.
    fn n_moments(&self) -> usize {
        2 * self.degree() + 1
    }

    /// Works on the vectors `now`; `after` is called with the number of steps done.
    fn run(&self, mut now: Vec<SingleLanes>, mut after: impl FnMut(usize)) -> Panel {
        let mut last = vec![[0.0; PANEL]; now.len()];
        let mut roots = vec![[0.0; PANEL]; now.len() * self.nodes()];
        let mut zeroth = vec![[0.0; PANEL]; self.n_types];
        for (rows, &t) in now.as_chunks::<3>().0.iter().zip(self.types) {
            for row in rows {
                zeroth[t].iter_mut().zip(row).for_each(|(sum, x)| *sum += f64::from(x * x));
            }
        }
        let mut moments: Vec<Vec<[f64; PANEL]>> = zeroth.iter().map(|&zeroth| vec![zeroth]).collect();
        for k in 1..=self.degree() {
            let products = self.step(k, &now, &mut last, &mut roots);
            std::mem::swap(&mut now, &mut last);
            for (moments, [crossed, squared]) in moments.iter_mut().zip(products) {
                // T_2k-1 = 2 T_k T_k-1 - T_1, T_2k = 2 T_k T_k - T_0.
                let first = moments.get(1).copied().unwrap_or(crossed);
                moments.push(std::array::from_fn(|lane| 2.0 * crossed[lane] - first[lane]));
                moments.push(std::array::from_fn(|lane| 2.0 * squared[lane] - moments[0][lane]));
            }
            after(k);
        }
        Panel { roots, moments }
    }

    /// Replaces `last`, T_k-2 z, by T_k z, where `now` is T_k-1 z, and adds it to the `roots`. Threads share the atoms.
    fn step(&self, k: usize, now: &[SingleLanes], last: &mut [SingleLanes], roots: &mut [SingleLanes]) -> Products {
        let share = self.types.len().div_ceil(self.threads);
        let parts = last.chunks_mut(3 * share).zip(roots.chunks_mut(3 * share * self.nodes()));
        let mut sums = vec![[[0.0; PANEL]; 2]; self.n_types];
        std::thread::scope(|scope| {
            let mut jobs: Vec<_> = parts.enumerate().collect();
            let own = if jobs.is_empty() { None } else { Some(jobs.remove(0)) };
            let work = |(t, (last, roots)): (usize, (&mut [SingleLanes], &mut [SingleLanes]))| {
                self.rows(k, t * share, now, last, roots)
            };
            let others: Vec<_> = jobs.into_iter().map(|job| scope.spawn(move || work(job))).collect();
            let mut add = |products: Products| {
                for (sum, product) in sums.as_flattened_mut().iter_mut().zip(products.as_flattened()) {
                    sum.iter_mut().zip(product).for_each(|(sum, product)| *sum += product);
                }
            };
            own.map(work).into_iter().for_each(&mut add);
            for other in others {
                match other.join() {
                    Ok(products) => add(products),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
        });
        sums
    }

    /// [`Self::step`] for the rows of some atoms, from atom `first` on.
    fn rows(
        &self,
        k: usize,
        first: usize,
        now: &[SingleLanes],
        last: &mut [SingleLanes],
        roots: &mut [SingleLanes],
    ) -> Products {
        let (factor, before) = if k == 1 { (1.0, 0.0) } else { (2.0, 1.0) };
        let mut products = vec![[[0.0; PANEL]; 2]; self.n_types];
        let mut y = [[0.0; PANEL]; 3];
        let rows = last.as_chunks_mut::<3>().0.iter_mut().zip(roots.chunks_mut(3 * self.nodes()));
        for (i, (last, roots)) in (first..).zip(rows) {
            self.matrix.row(i, now, &mut y);
            let x = &now[3 * i..3 * i + 3];
            for ((y, last), x) in y.iter_mut().zip(last.iter()).zip(x) {
                for ((y, last), x) in y.iter_mut().zip(last).zip(x) {
                    *y = factor * (*y + self.shift * x) - before * last;
                }
            }
            *last = y;
            let [crossed, squared] = &mut products[self.types[i]];
            for (y, x) in y.iter().zip(x) {
                crossed.iter_mut().zip(y.iter().zip(x)).for_each(|(sum, (y, x))| *sum += f64::from(y * x));
                squared.iter_mut().zip(y).for_each(|(sum, y)| *sum += f64::from(y * y));
            }
            for (node, roots) in roots.as_chunks_mut::<3>().0.iter_mut().enumerate() {
                let (own, zeroth) = (self.windows[k][node], self.windows[0][node]);
                for ((root, y), x) in roots.iter_mut().zip(&y).zip(x) {
                    if k == 1 {
                        root.iter_mut().zip(y.iter().zip(x)).for_each(|(root, (y, x))| *root = own * y + zeroth * x);
                    } else {
                        root.iter_mut().zip(y).for_each(|(root, y)| *root += own * y);
                    }
                }
            }
        }
        products
    }
}

/// Sums over all vectors, the same on all ranks.
struct Estimates {
    vectors: usize,
    nodes: usize,
    /// For each atom: N g_i at the nodes from vectors of even index, the same from the others, sum of J^2 over the vectors.
    sums: Vec<f64>,
    /// Moments of the traces, shape [vectors][types][moments].
    moments: Vec<f64>,
    n_moments: usize,
}

impl Estimates {
    /// Works through the vectors that `start` makes, as many as are given or as the error asks for; ranks share them.
    fn gather(
        recurrence: &Recurrence,
        nodes: &Nodes,
        start: &dyn Fn(usize) -> Vec<f64>,
        settings: &VibrationSettings,
        comm: &dyn Communicator,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Self> {
        let atoms = recurrence.types.len();
        let n_moments = recurrence.n_moments();
        let mut all = Self {
            vectors: 0,
            nodes: nodes.len(),
            sums: vec![0.0; atoms * (2 * nodes.len() + 1)],
            moments: Vec::new(),
            n_moments,
        };
        // Until the first panel has told how many are needed, all ranks have work.
        let mut total = settings.vectors.unwrap_or(usize::MAX);
        let mut stage = Stage::new("kpm".into(), progress);
        for round in 0.. {
            let first = (round * comm.size() + comm.rank()) * PANEL;
            let mut panel = None;
            if first < total {
                let vectors = PANEL.min(total - first);
                let mut z = vec![[0.0; PANEL]; AXES * atoms];
                for lane in 0..vectors {
                    z.iter_mut().zip(start(first + lane)).for_each(|(row, value)| row[lane] = value as f32);
                }
                let rounds =
                    if total == usize::MAX { f64::INFINITY } else { total.div_ceil(PANEL * comm.size()) as f64 };
                let after =
                    |step: usize| stage.tick((round as f64 + step as f64 / recurrence.degree() as f64) / rounds);
                panel = Some((vectors, recurrence.run(z, after)));
            }
            if total == usize::MAX {
                let mut own = Self { sums: vec![0.0; all.sums.len()], moments: Vec::new(), ..all };
                if let Some((vectors, panel)) = panel.as_ref().filter(|_| comm.rank() == 0) {
                    own.add(0, *vectors, panel, nodes);
                    own.vectors = *vectors;
                }
                total = own.needed(settings, nodes, comm)?;
            }
            all.moments.resize(total * recurrence.n_types * n_moments, 0.0);
            if let Some((vectors, panel)) = panel.filter(|_| first < total) {
                all.add(first, vectors, &panel, nodes);
            }
            if (round + 1) * comm.size() * PANEL >= total {
                break;
            }
        }
        comm.sum(&mut all.sums)?;
        comm.sum(&mut all.moments)?;
        all.vectors = total;
        Ok(all)
    }

    fn width(&self) -> usize {
        2 * self.nodes + 1
    }

    /// Adds what the first lanes of a panel, vectors `first` .., have given.
    fn add(&mut self, first: usize, vectors: usize, panel: &Panel, nodes: &Nodes) {
        let (width, count) = (self.width(), self.nodes);
        for (sums, roots) in self.sums.chunks_mut(width).zip(panel.roots.chunks(3 * count)) {
            let mut means = [0.0; PANEL];
            for (k, rows) in roots.as_chunks::<3>().0.iter().enumerate() {
                for lane in 0..vectors {
                    let g = rows.iter().map(|row| f64::from(row[lane]).powi(2)).sum::<f64>() / 3.0;
                    sums[(first + lane) % 2 * count + k] += g;
                    means[lane] += nodes.mean[k] * g;
                }
            }
            sums[2 * count] += means[..vectors].iter().map(|mean| mean * mean).sum::<f64>();
        }
        let per_vector = panel.moments.len() * self.n_moments;
        for lane in 0..vectors {
            let to = self.moments.get_mut((first + lane) * per_vector..).unwrap_or_default();
            for (to, from) in to.iter_mut().zip(panel.moments.iter().flatten()) {
                *to = from[lane];
            }
        }
    }

    /// Vectors for the error wanted, from the error of the first panel on the first rank: whole panels.
    fn needed(&self, settings: &VibrationSettings, nodes: &Nodes, comm: &dyn Communicator) -> Result<usize> {
        let mut error = [0.0];
        if comm.rank() == 0 {
            let atoms = self.sums.len() / self.width();
            error[0] = relative_error((0..atoms).map(|k| self.mean(k, nodes)));
        }
        comm.sum(&mut error)?;
        let ratio = error[0] / settings.error.unwrap_or(ERROR);
        Ok(PANEL * (ratio * ratio).ceil().max(1.0) as usize)
    }

    /// J of an atom and its standard error.
    fn mean(&self, atom: usize, nodes: &Nodes) -> [f64; 2] {
        let sums = &self.sums[atom * self.width()..][..self.width()];
        let (even, odd) = sums.split_at(self.nodes);
        let vectors = self.vectors as f64;
        let mean = (dot(&nodes.mean, even) + dot(&nodes.mean, odd)) / vectors;
        let variance = (odd[self.nodes] / vectors - mean * mean).max(0.0) / (vectors - 1.0);
        [mean, variance.sqrt()]
    }

    /// Per-atom results.
    ///
    /// The maximum of a noisy curve is too high by some b on average. What one half of the vectors has where the other half
    /// has its maximum is too low by 2 b: the place is off by noise of twice the variance, and there the curve is lower by
    /// as much as the maximum gains. The mean with weights 2/3 and 1/3 has neither error.
    fn columns(&self, atom: usize, nodes: &Nodes) -> [f64; COLUMNS] {
        let sums = &self.sums[atom * self.width()..][..2 * self.nodes];
        let (even, odd) = sums.split_at(self.nodes);
        let [n_even, n_odd] = [self.vectors.div_ceil(2), self.vectors / 2].map(|count| count as f64);
        let curve = |of: &dyn Fn(usize) -> f64| {
            let values: Vec<f64> = (0..self.nodes).map(of).collect();
            nodes.curve.iter().map(|row| dot(row, &values)).collect::<Vec<f64>>()
        };
        let (first, second) = (curve(&|k| even[k] / n_even), curve(&|k| odd[k] / n_odd));
        let place = |curve: &[f64]| (0..curve.len()).fold(0, |best, k| if curve[k] > curve[best] { k } else { best });
        let crossed = 0.5 * (first[place(&second)] + second[place(&first)]);
        let all = curve(&|k| (even[k] + odd[k]) / self.vectors as f64);
        let [maximum, _, at] = peak(&nodes.grid, all.into_iter());
        let [mean, error] = self.mean(atom, nodes);
        [(2.0 * maximum + crossed) / 3.0, mean, at, 0.0, error]
    }

    /// The table, and the standard error of g in each row.
    fn table(&self, bounds: Bounds, end: f64, settings: &VibrationSettings, group: &Group) -> (Vec<f64>, Vec<f64>) {
        let scale = 1.0 / (3.0 * group.ids.len() as f64);
        let vectors = self.vectors as f64;
        let mut errors = Vec::new();
        let table = tabulate(settings.points, end, f64::INFINITY, group.n_types, |f, g| {
            let line = coefficients(bounds, self.n_moments, |own| gaussian(f - own, settings.sigma));
            let mut totals = Vec::with_capacity(self.vectors);
            for moments in self.moments.chunks(group.n_types * self.n_moments) {
                let mut total = 0.0;
                for (g, moments) in g.iter_mut().zip(moments.chunks(self.n_moments)) {
                    let value = scale * dot(&line, moments);
                    *g += value / vectors;
                    total += value;
                }
                totals.push(total);
            }
            let mean: f64 = g.iter().sum();
            let spread: f64 = totals.iter().map(|total| (total - mean).powi(2)).sum();
            errors.push((spread / (vectors * (vectors - 1.0))).sqrt());
        });
        (table, errors)
    }
}
