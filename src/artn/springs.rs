//! Springs between neighbours that imitate the Hessian of the initial minimum.
//!
//! A pair at distance r is given a longitudinal and a transverse stiffness, piecewise linear in r for each pair of species;
//! each atom an on-site stiffness per species (small where the energy does not change on translation). All of them are
//! fitted to the forces that follow a few random displacements of the minimum.

use super::linalg::{add, dot};
use crate::geometry::{self, SimulationBox, for_each_pair};

/// Nodes of the stiffness over the radius of the first shell.
const NODES: [f64; 8] = [0.55, 0.62, 0.70, 0.78, 0.86, 0.95, 1.05, 1.2];
/// Stiffnesses of a pair of species: longitudinal and transverse at each node.
const UNKNOWNS: usize = 2 * NODES.len();
/// Atoms whose forces are fitted to: enough for some sixty constants.
const FITTED_ATOMS: usize = 4000;
/// Damping of the fit over the largest diagonal element.
const DAMPING: f64 = 1e-8;
/// On-site stiffness added to each atom over the mean stiffness: the springs never leave a direction free.
const FLOOR: f64 = 2e-3;

/// A spring between two atoms of the initial minimum.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spring {
    /// The other atom.
    pub other: u32,
    /// Stiffness matrix xx, yy, zz, yz, xz, xy (energy/distance^2).
    pub block: [f64; 6],
}

/// Springs of all atoms in the initial minimum.
#[derive(Debug)]
pub(super) struct Springs {
    first: Vec<usize>,
    all: Vec<Spring>,
    onsite: Vec<f64>,
}

/// Pairs of the initial minimum, each seen from both ends, with the place of its distance among the nodes.
struct SpringNetwork {
    first: Vec<usize>,
    pairs: Vec<NeighbourPair>,
}

#[derive(Clone, Copy, Default)]
struct NeighbourPair {
    other: u32,
    unit: [f64; 3],
    /// Unknown of the longitudinal stiffness at the lower node; that of the next node is 2 further, transverse ones 1.
    unknown: usize,
    /// Weight of the upper node.
    upper: f64,
}

impl NeighbourPair {
    /// Unknowns and their weights, longitudinal and transverse.
    fn terms(&self) -> [(usize, usize, f64); 2] {
        [(self.unknown, self.unknown + 1, 1.0 - self.upper), (self.unknown + 2, self.unknown + 3, self.upper)]
    }
}

/// Displacements (shape (N, 3)) and the changes of the forces that follow.
pub(super) type Response = (Vec<f64>, Vec<f64>);

impl Springs {
    /// Fits springs to `responses` of the minimum `positions`; `shell` is the radius of the first neighbour shell.
    pub(super) fn fit(
        cell: &SimulationBox,
        types: &[i32],
        positions: &[f64],
        shell: f64,
        responses: &[Response],
    ) -> Self {
        let mut kinds = types.to_vec();
        kinds.sort_unstable();
        kinds.dedup();
        let species: Vec<usize> = types.iter().map(|t| kinds.partition_point(|k| k < t)).collect();
        let network = SpringNetwork::new(cell, &species, positions, shell);
        let pair_unknowns = kinds.len() * (kinds.len() + 1) / 2 * UNKNOWNS;
        let mut constants = solved(&normal_equations(&network, &species, pair_unknowns, kinds.len(), responses));
        // Without responses that make sense, the on-site stiffness remains: any metric will do.
        constants.iter_mut().filter(|c| !c.is_finite()).for_each(|c| *c = 0.0);
        let mut springs = Springs::from_constants(&network, &species, pair_unknowns, &constants);
        springs.add_floor();
        springs
    }

    /// Springs of atom `i`.
    pub(super) fn of(&self, i: usize) -> &[Spring] {
        &self.all[self.first[i]..self.first[i + 1]]
    }

    /// On-site stiffness of atom `i`.
    pub(super) fn onsite(&self, i: usize) -> f64 {
        self.onsite[i]
    }

    fn from_constants(network: &SpringNetwork, species: &[usize], pair_unknowns: usize, constants: &[f64]) -> Self {
        let spring = |pair: &NeighbourPair| {
            let (mut along, mut across) = (0.0, 0.0);
            for (longitudinal, transverse, weight) in pair.terms() {
                along += weight * constants[longitudinal];
                across += weight * constants[transverse];
            }
            let [x, y, z] = pair.unit;
            let block = [(x, x), (y, y), (z, z), (y, z), (x, z), (x, y)].map(|(a, b)| (along - across) * a * b);
            let block = std::array::from_fn(|k| block[k] + if k < 3 { across } else { 0.0 });
            Spring { other: pair.other, block }
        };
        Springs {
            first: network.first.clone(),
            all: network.pairs.iter().map(spring).collect(),
            onsite: species.iter().map(|s| constants[pair_unknowns + s]).collect(),
        }
    }

    fn add_floor(&mut self) {
        let trace = |block: &[f64; 6]| (block[0] + block[1] + block[2]) / 3.0;
        let total: f64 = self.all.iter().map(|s| trace(&s.block)).sum::<f64>() + self.onsite.iter().sum::<f64>();
        let mean = total / self.onsite.len() as f64;
        let floor = if mean > 0.0 { FLOOR * mean } else { 1.0 };
        for onsite in &mut self.onsite {
            *onsite += floor;
        }
    }
}

impl SpringNetwork {
    fn new(cell: &SimulationBox, species: &[usize], positions: &[f64], shell: f64) -> Self {
        let range = NODES[NODES.len() - 1] * shell;
        let mut half = Vec::new();
        let mut first = vec![0; species.len() + 1];
        for_each_pair(positions.as_chunks().0, cell, range, |i, j, d| {
            half.push((i, j, d));
            first[i + 1] += 1;
            first[j + 1] += 1;
        });
        for k in 1..first.len() {
            first[k] += first[k - 1];
        }
        let mut next = first.clone();
        let mut pairs = vec![NeighbourPair::default(); 2 * half.len()];
        for (i, j, d) in half {
            let r = geometry::norm(&d);
            let (low, high) = (species[i].min(species[j]), species[i].max(species[j]));
            let scaled = (r / shell).max(NODES[0]);
            let node = NODES.partition_point(|&n| n <= scaled).clamp(1, NODES.len() - 1) - 1;
            let pair = NeighbourPair {
                other: j as u32,
                unit: d.map(|x| if r > 0.0 { x / r } else { 0.0 }),
                unknown: (high * (high + 1) / 2 + low) * UNKNOWNS + 2 * node,
                upper: (scaled - NODES[node]) / (NODES[node + 1] - NODES[node]),
            };
            pairs[next[i]] = pair;
            pairs[next[j]] = NeighbourPair { other: i as u32, ..pair };
            next[i] += 1;
            next[j] += 1;
        }
        SpringNetwork { first, pairs }
    }
}

/// Normal equations of the linear least-squares problem: matrix and right-hand side.
struct Normal {
    matrix: Vec<Vec<f64>>,
    right: Vec<f64>,
}

fn normal_equations(
    network: &SpringNetwork,
    species: &[usize],
    pair_unknowns: usize,
    kinds: usize,
    responses: &[Response],
) -> Normal {
    let unknowns = pair_unknowns + kinds;
    let mut normal = Normal { matrix: vec![vec![0.0; unknowns]; unknowns], right: vec![0.0; unknowns] };
    let stride = species.len().div_ceil(FITTED_ATOMS);
    let mut rows = vec![[0.0; 3]; unknowns];
    for (displacement, force) in responses {
        let weight = 1.0 / force.iter().map(|f| f * f).sum::<f64>().max(f64::MIN_POSITIVE);
        for i in (0..species.len()).step_by(stride) {
            rows.fill([0.0; 3]);
            let u: [f64; 3] = std::array::from_fn(|k| displacement[3 * i + k]);
            rows[pair_unknowns + species[i]] = u.map(|u| -u);
            for pair in &network.pairs[network.first[i]..network.first[i + 1]] {
                let d: [f64; 3] = std::array::from_fn(|k| u[k] - displacement[3 * pair.other as usize + k]);
                let along = geometry::dot(&d, &pair.unit);
                for (longitudinal, transverse, weight) in pair.terms() {
                    for k in 0..3 {
                        rows[longitudinal][k] -= weight * along * pair.unit[k];
                        rows[transverse][k] -= weight * (d[k] - along * pair.unit[k]);
                    }
                }
            }
            // The stiffness vanishes at the last node.
            for block in rows[..pair_unknowns].chunks_exact_mut(UNKNOWNS) {
                block[UNKNOWNS - 2..].fill([0.0; 3]);
            }
            normal.accumulate(&rows, std::array::from_fn(|k| force[3 * i + k]), weight);
        }
    }
    normal
}

impl Normal {
    fn accumulate(&mut self, rows: &[[f64; 3]], force: [f64; 3], weight: f64) {
        let product = |a: &[f64; 3], b: &[f64; 3]| weight * geometry::dot(a, b);
        let used: Vec<usize> = (0..rows.len()).filter(|&a| rows[a].iter().any(|x| x.abs() > 0.0)).collect();
        for &a in &used {
            self.right[a] += product(&rows[a], &force);
            for &b in &used {
                self.matrix[a][b] += product(&rows[a], &rows[b]);
            }
        }
    }
}

/// Least squares by Cholesky's decomposition; unknowns that nothing depends on are 0.
fn solved(normal: &Normal) -> Vec<f64> {
    let n = normal.right.len();
    let largest = (0..n).map(|a| normal.matrix[a][a]).fold(0.0, f64::max);
    let mut factor = normal.matrix.clone();
    let mut x = normal.right.clone();
    for i in 0..n {
        // A little damping keeps constants apart that always occur together.
        factor[i][i] += DAMPING * largest;
        for j in 0..=i {
            let sum = dot(&factor[i][..j], &factor[j][..j]);
            factor[i][j] = if i == j { (factor[i][i] - sum).sqrt() } else { (factor[i][j] - sum) / factor[j][j] };
        }
        x[i] = (x[i] - dot(&factor[i][..i], &x[..i])) / factor[i][i];
    }
    for i in (0..n).rev() {
        x[i] /= factor[i][i];
        let (done, value) = (&factor[i][..i], x[i]);
        add(&mut x[..i], -value, done);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artn::preconditioner::Preconditioner;

    #[test]
    fn a_metric_comes_out_of_responses_that_are_not_finite() {
        let positions = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0];
        let response = (vec![0.1; 6], vec![f64::NAN; 6]);
        let springs = Springs::fit(&SimulationBox::open(), &[1, 1], &positions, 1.2, &[response]);
        let metric = Preconditioner::new(&springs, &[0, 1], 2, &[0.0, 1.0]);
        assert!(metric.solve(&[1.0; 6]).iter().all(|u| u.is_finite() && *u > 0.0));
    }
}
