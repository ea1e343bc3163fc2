//! The metric of a region: springs among its atoms and to the atoms at rest around it.

use super::linalg::{add, dot, remove};
use super::springs::Springs;

/// Coordinates up to which the matrix is factorised; beyond, conjugate gradients are cheaper.
const FACTORISED: usize = 2100;
/// Conjugate gradients stop at this residual over the right-hand side.
const TOLERANCE: f64 = 1e-2;
const ITERATIONS: usize = 60;

/// Symmetric positive definite matrix P of a region, atoms in the region's order, and its inverse.
#[derive(Debug)]
pub(super) struct Preconditioner {
    diagonal: Vec<[f64; 6]>,
    first: Vec<usize>,
    springs: Vec<(u32, [f64; 6])>,
    factor: Option<Factor>,
    /// Rigid motions (orthonormal), which neither products nor solutions contain.
    rigid: Vec<Vec<f64>>,
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

impl Preconditioner {
    /// Springs of the atoms `atoms` (ascending) at `positions` (shape (N, 3)), which serve to number them.
    pub(super) fn new(springs: &Springs, atoms: &[u32], along: &[f64]) -> Self {
        let mut local = vec![u32::MAX; along.len()];
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
                for k in 0..6 {
                    sum[k] += spring.block[k];
                }
                let other = local[spring.other as usize];
                if other != u32::MAX && spring.block != [0.0; 6] {
                    inside.push((other, spring.block));
                }
            }
            diagonal.push(sum);
            first.push(inside.len());
        }
        let mut matrix = Preconditioner { diagonal, first, springs: inside, factor: None, rigid: Vec::new() };
        if 3 * atoms.len() <= FACTORISED {
            let mut order: Vec<u32> = (0..atoms.len() as u32).collect();
            order.sort_by(|&a, &b| along[atoms[a as usize] as usize].total_cmp(&along[atoms[b as usize] as usize]));
            matrix.factor = Some(Factor::new(&matrix, &order));
        }
        matrix
    }

    /// Sets the rigid motions to be left out.
    pub(super) fn set_rigid(&mut self, rigid: Vec<Vec<f64>>) {
        self.rigid = rigid;
    }

    /// Whether solutions are exact.
    pub(super) fn is_exact(&self) -> bool {
        self.factor.is_some() && self.rigid.is_empty()
    }

    /// P u.
    pub(super) fn multiply(&self, u: &[f64]) -> Vec<f64> {
        let mut v = self.product(u);
        remove(&mut v, &self.rigid);
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
        remove(&mut right, &self.rigid);
        let mut u = match &self.factor {
            Some(factor) => factor.solve(&right),
            None => self.conjugate_gradients(&right),
        };
        remove(&mut u, &self.rigid);
        u
    }

    fn conjugate_gradients(&self, f: &[f64]) -> Vec<f64> {
        let inverse: Vec<[f64; 6]> = self.diagonal.iter().map(invert).collect();
        let jacobi = |r: &[f64]| -> Vec<f64> {
            inverse.iter().zip(r.as_chunks::<3>().0).flat_map(|(b, r)| apply(b, r)).collect()
        };
        let mut u = vec![0.0; f.len()];
        let mut r = f.to_vec();
        let mut z = jacobi(&r);
        let mut p = z.clone();
        let mut rz = dot(&r, &z);
        let stop = TOLERANCE * TOLERANCE * rz;
        for _ in 0..ITERATIONS {
            if rz <= stop {
                break;
            }
            let q = self.product(&p);
            let curvature = dot(&p, &q);
            if curvature <= 0.0 {
                break;
            }
            let step = rz / curvature;
            add(&mut u, step, &p);
            add(&mut r, -step, &q);
            z = jacobi(&r);
            let next = dot(&r, &z);
            for (p, z) in p.iter_mut().zip(&z) {
                *p = z + next / rz * *p;
            }
            rz = next;
        }
        u
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
    fn new(matrix: &Preconditioner, order: &[u32]) -> Self {
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
                for column in 0..=row {
                    factor.values[start + 3 * (k - leftmost) + column] += matrix.diagonal[atom][INDEX[row][column]];
                }
                factor.coordinate.push((3 * atom + row) as u32);
                factor.column.push(3 * leftmost as u32);
                factor.start.push(factor.values.len());
            }
        }
        factor.decompose();
        factor
    }

    fn decompose(&mut self) {
        for i in 0..self.column.len() {
            let first = self.column[i] as usize;
            let (done, rest) = self.values.split_at_mut(self.start[i]);
            for j in first..=i {
                let overlap = first.max(self.column[j] as usize);
                let skip = overlap - first;
                let length = j - overlap;
                if j == i {
                    let square = dot(&rest[..i - first], &rest[..i - first]);
                    rest[i - first] = (rest[i - first] - square).sqrt();
                } else {
                    let row = &done[self.start[j] + overlap - self.column[j] as usize..self.start[j + 1]];
                    let sum = dot(&rest[skip..skip + length], &row[..length]);
                    rest[j - first] = (rest[j - first] - sum) / row[length];
                }
            }
        }
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
