//! The metric of a region: springs among its atoms and to the atoms at rest around it.

use super::frame::RigidMotions;
use super::linalg::{add, difference, dot, norm, scale};
use super::springs::Springs;

/// Coordinates up to which the matrix is factorised; beyond, a polynomial is cheaper.
const FACTORISED: usize = 2100;
/// Products with the matrix in a solution, plus one.
const DEGREE: usize = 6;
/// Ratio of the highest eigenvalue to the lowest one that the polynomial inverts well.
const SPREAD: f64 = 30.0;

/// Symmetric positive definite matrix P of a region, atoms in the region's order, and its inverse.
#[derive(Debug)]
pub(super) struct Preconditioner {
    diagonal: Vec<[f64; 6]>,
    first: Vec<usize>,
    springs: Vec<(u32, [f64; 6])>,
    factor: Option<Factor>,
    /// For the polynomial: inverted diagonal blocks, and the highest eigenvalue.
    inverse: Vec<[f64; 6]>,
    highest: f64,
    /// Rigid motions, which neither products nor solutions contain.
    rigid: RigidMotions,
}

/// v = B u for a symmetric 3 x 3 block.
fn apply(b: &[f64; 6], u: &[f64]) -> [f64; 3] {
    [
        b[0] * u[0] + b[5] * u[1] + b[4] * u[2],
        b[5] * u[0] + b[1] * u[1] + b[3] * u[2],
        b[4] * u[0] + b[3] * u[1] + b[2] * u[2],
    ]
}

fn invert(b: &[f64; 6]) -> [f64; 6] {
    let [xx, yy, zz, yz, xz, xy] = *b;
    let cofactors = [
        yy * zz - yz * yz,
        xx * zz - xz * xz,
        xx * yy - xy * xy,
        xy * xz - xx * yz,
        xy * yz - yy * xz,
        yz * xz - xy * zz,
    ];
    let determinant = xx * cofactors[0] + xy * cofactors[5] + xz * cofactors[4];
    cofactors.map(|c| c / determinant)
}

/// Stiffens a block until it is positive definite (Sylvester): springs that are fitted may push.
fn make_positive(block: &mut [f64; 6]) {
    const STIFFENING: f64 = 0.05;
    let largest = block[..3].iter().fold(f64::MIN_POSITIVE, |a: f64, b| a.max(b.abs()));
    let positive = |[xx, yy, zz, yz, xz, xy]: [f64; 6]| {
        let minor = xx * yy - xy * xy;
        xx > 0.0 && minor > 0.0 && minor * zz + 2.0 * xy * yz * xz - xx * yz * yz - yy * xz * xz > 0.0
    };
    while !positive(*block) && largest.is_finite() {
        block[..3].iter_mut().for_each(|k| *k += STIFFENING * largest);
    }
}

impl Preconditioner {
    /// Springs among the atoms `atoms` (ascending) of `count`, and from them to the others, which rest. The coordinates
    /// `along`, one per atom of the region, serve to number them for a narrow matrix.
    pub(super) fn new(springs: &Springs, atoms: &[u32], count: usize, along: &[f64]) -> Self {
        let mut local = vec![u32::MAX; count];
        for (k, &atom) in atoms.iter().enumerate() {
            local[atom as usize] = k as u32;
        }
        let mut diagonal = Vec::with_capacity(atoms.len());
        let mut first = vec![0];
        let mut inside = Vec::new();
        for &atom in atoms {
            let onsite = springs.onsite(atom as usize);
            let mut sum = [onsite, onsite, onsite, 0.0, 0.0, 0.0];
            for spring in springs.of(atom as usize) {
                for (sum, block) in sum.iter_mut().zip(spring.block) {
                    *sum += block;
                }
                let other = local[spring.other as usize];
                if other != u32::MAX {
                    inside.push((other, spring.block));
                }
            }
            diagonal.push(sum);
            first.push(inside.len());
        }
        let mut matrix = Preconditioner {
            diagonal,
            first,
            springs: inside,
            factor: None,
            inverse: Vec::new(),
            highest: 0.0,
            rigid: RigidMotions::default(),
        };
        if 3 * atoms.len() <= FACTORISED {
            matrix.factorise(along);
        } else {
            matrix.diagonal.iter_mut().for_each(make_positive);
            matrix.inverse = matrix.diagonal.iter().map(invert).collect();
            matrix.highest = matrix.highest();
        }
        matrix
    }

    /// Factorises, after stiffening the diagonal as often as it takes to make the matrix positive definite.
    fn factorise(&mut self, along: &[f64]) {
        const STIFFENING: f64 = 0.05;
        let mut order: Vec<u32> = (0..along.len() as u32).collect();
        order.sort_by(|&a, &b| along[a as usize].total_cmp(&along[b as usize]));
        loop {
            self.factor = Factor::new(self, &order);
            if self.factor.is_some() {
                return;
            }
            let largest = self.diagonal.iter().flat_map(|d| &d[..3]).fold(0.0, |a: f64, b| a.max(b.abs()));
            for k in self.diagonal.iter_mut().flat_map(|d| &mut d[..3]) {
                *k += STIFFENING * largest;
            }
        }
    }

    /// Sets the rigid motions to be left out.
    pub(super) fn set_rigid(&mut self, rigid: RigidMotions) {
        self.rigid = rigid;
    }

    /// The part of `v` along the rigid motions that are left out.
    pub(super) fn rigid_part(&self, v: &[f64]) -> Vec<f64> {
        let mut rest = v.to_vec();
        self.rigid.remove(&mut rest);
        difference(v, &rest)
    }

    /// Whether solutions are exact.
    pub(super) fn is_exact(&self) -> bool {
        self.factor.is_some() && self.rigid.is_empty()
    }

    /// Adds to `v` what the atoms at `indices`, moved as in `u`, do to the others through springs.
    pub(super) fn pull(&self, indices: &[u32], u: &[f64], v: &mut [f64]) {
        for &i in indices {
            let i = i as usize;
            for (other, block) in &self.springs[self.first[i]..self.first[i + 1]] {
                let part = apply(block, &u[3 * i..3 * i + 3]);
                for (v, part) in v[3 * *other as usize..].iter_mut().zip(part) {
                    *v -= part;
                }
            }
        }
    }

    /// The atoms at `indices`, and those that springs connect to them, ascending.
    pub(super) fn reached(&self, indices: &[u32]) -> Vec<u32> {
        let others = |&i: &u32| self.springs[self.first[i as usize]..self.first[i as usize + 1]].iter().map(|s| s.0);
        let mut reached: Vec<u32> = indices.iter().flat_map(others).chain(indices.iter().copied()).collect();
        reached.sort_unstable();
        reached.dedup();
        reached
    }

    /// P u.
    pub(super) fn multiply(&self, u: &[f64]) -> Vec<f64> {
        let mut v = self.product(u);
        self.rigid.remove(&mut v);
        v
    }

    fn product(&self, u: &[f64]) -> Vec<f64> {
        let mut v = vec![0.0; u.len()];
        for (i, block) in self.diagonal.iter().enumerate() {
            let mut sum = apply(block, &u[3 * i..3 * i + 3]);
            for (other, block) in &self.springs[self.first[i]..self.first[i + 1]] {
                let other = 3 * *other as usize;
                let part = apply(block, &u[other..other + 3]);
                for k in 0..3 {
                    sum[k] -= part[k];
                }
            }
            v[3 * i..3 * i + 3].copy_from_slice(&sum);
        }
        v
    }

    /// P^-1 f.
    pub(super) fn solve(&self, f: &[f64]) -> Vec<f64> {
        let mut right = f.to_vec();
        self.rigid.remove(&mut right);
        let mut u = match &self.factor {
            Some(factor) => factor.solve(&right),
            None => self.polynomial(&right),
        };
        self.rigid.remove(&mut u);
        u
    }

    /// A fixed polynomial in P that comes close to its inverse (Chebyshev semi-iteration; Saad, Iterative Methods for Sparse
    /// Linear Systems, 2003, algorithm 12.1): linear and positive definite, as a metric must be.
    fn polynomial(&self, f: &[f64]) -> Vec<f64> {
        let lowest = self.highest / SPREAD;
        let (centre, half) = (f64::midpoint(self.highest, lowest), 0.5 * (self.highest - lowest));
        let ratio = centre / half;
        let mut rho = 1.0 / ratio;
        let mut step = self.jacobi(f);
        scale(&mut step, 1.0 / centre);
        let mut u = step.clone();
        let mut residual = f.to_vec();
        for _ in 1..DEGREE {
            add(&mut residual, -1.0, &self.product(&step));
            let next = 1.0 / (2.0 * ratio - rho);
            scale(&mut step, next * rho);
            add(&mut step, 2.0 * next / half, &self.jacobi(&residual));
            rho = next;
            add(&mut u, 1.0, &step);
        }
        u
    }

    /// The blocks on the diagonal, inverted, times `f`.
    fn jacobi(&self, f: &[f64]) -> Vec<f64> {
        self.inverse.iter().zip(f.as_chunks::<3>().0).flat_map(|(b, f)| apply(b, f)).collect()
    }

    /// A bound of the spectrum over that of the diagonal, by the power method.
    fn highest(&self) -> f64 {
        const ITERATIONS: usize = 15;
        const MARGIN: f64 = 1.15;
        let mut u: Vec<f64> = (0..3 * self.diagonal.len()).map(|k| (k as f64).sin()).collect();
        let mut highest = 1.0;
        for _ in 0..ITERATIONS {
            let v = self.jacobi(&self.product(&u));
            highest = norm(&v) / norm(&u);
            u = v;
            scale(&mut u, 1.0 / highest);
        }
        MARGIN * highest
    }
}

/// Cholesky factor stored by rows from their first non-zero on, atoms sorted along one direction.
#[derive(Debug)]
struct Factor {
    /// Coordinate in the region of each row.
    coordinate: Vec<u32>,
    /// First column of each row.
    column: Vec<u32>,
    /// Where each row starts in `values`; the row ends with its diagonal.
    start: Vec<usize>,
    values: Vec<f64>,
}

impl Factor {
    fn new(matrix: &Preconditioner, order: &[u32]) -> Option<Self> {
        const INDEX: [[usize; 3]; 3] = [[0, 5, 4], [5, 1, 3], [4, 3, 2]];
        let mut rank = vec![0; order.len()];
        for (k, &atom) in order.iter().enumerate() {
            rank[atom as usize] = k;
        }
        let mut factor = Factor { coordinate: vec![], column: vec![], start: vec![0], values: vec![] };
        for (k, &atom) in order.iter().enumerate() {
            let atom = atom as usize;
            let springs = &matrix.springs[matrix.first[atom]..matrix.first[atom + 1]];
            let leftmost = springs.iter().map(|(other, _)| rank[*other as usize]).fold(k, usize::min);
            for row in 0..3 {
                let start = factor.values.len();
                factor.values.resize(start + 3 * (k - leftmost) + row + 1, 0.0);
                for (other, block) in springs.iter().filter(|(other, _)| rank[*other as usize] < k) {
                    let at = start + 3 * (rank[*other as usize] - leftmost);
                    for column in 0..3 {
                        factor.values[at + column] -= block[INDEX[row][column]];
                    }
                }
                let diagonal = start + 3 * (k - leftmost);
                for (column, &index) in INDEX[row][..=row].iter().enumerate() {
                    factor.values[diagonal + column] += matrix.diagonal[atom][index];
                }
                factor.coordinate.push((3 * atom + row) as u32);
                factor.column.push(3 * leftmost as u32);
                factor.start.push(factor.values.len());
            }
        }
        factor.decompose().then_some(factor)
    }

    /// Whether the matrix was positive definite.
    fn decompose(&mut self) -> bool {
        for i in 0..self.column.len() {
            let first = self.column[i] as usize;
            let (done, rest) = self.values.split_at_mut(self.start[i]);
            for j in first..=i {
                let overlap = first.max(self.column[j] as usize);
                let skip = overlap - first;
                let length = j - overlap;
                if j == i {
                    let square = dot(&rest[..i - first], &rest[..i - first]);
                    let pivot = rest[i - first] - square;
                    if pivot.is_nan() || pivot <= 0.0 {
                        return false;
                    }
                    rest[i - first] = pivot.sqrt();
                } else {
                    let row = &done[self.start[j] + overlap - self.column[j] as usize..self.start[j + 1]];
                    let sum = dot(&rest[skip..skip + length], &row[..length]);
                    rest[j - first] = (rest[j - first] - sum) / row[length];
                }
            }
        }
        true
    }

    fn solve(&self, f: &[f64]) -> Vec<f64> {
        let mut y: Vec<f64> = self.coordinate.iter().map(|&c| f[c as usize]).collect();
        for i in 0..y.len() {
            let row = &self.values[self.start[i]..self.start[i + 1]];
            let (first, length) = (self.column[i] as usize, row.len() - 1);
            y[i] = (y[i] - dot(&row[..length], &y[first..first + length])) / row[length];
        }
        for i in (0..y.len()).rev() {
            let row = &self.values[self.start[i]..self.start[i + 1]];
            let (first, length) = (self.column[i] as usize, row.len() - 1);
            y[i] /= row[length];
            let value = y[i];
            add(&mut y[first..first + length], -value, &row[..length]);
        }
        let mut u = vec![0.0; y.len()];
        for (&c, y) in self.coordinate.iter().zip(&y) {
            u[c as usize] = *y;
        }
        u
    }
}
