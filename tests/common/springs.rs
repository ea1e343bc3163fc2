//! Random networks of springs: matrices with known properties, and their modes by nalgebra.

// Every test binary uses its own part of this.
#![allow(dead_code)]

use ergodic::vdos::{DynamicalMatrix, Group, VibrationSettings};
use nalgebra::{DMatrix, SymmetricEigen};
use std::f64::consts::TAU;

/// Atoms with springs between neighbours in a periodic box.
pub struct Network {
    pub ids: Vec<i64>,
    pub types: Vec<i32>,
    pub masses: Vec<f64>,
    rows: Vec<Vec<(u32, [f64; 9])>>,
}

impl Network {
    /// `n` atoms at random in a cube, two types; springs between all pairs closer than a distance that gives about 20
    /// neighbours. Frequencies reach about 8.
    pub fn random(n: usize, seed: u64) -> Self {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut uniform = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let side = (n as f64).cbrt();
        let at: Vec<[f64; 3]> = (0..n).map(|_| std::array::from_fn(|_| side * uniform())).collect();
        let types: Vec<i32> = (0..n).map(|_| if uniform() < 0.4 { 2 } else { 1 }).collect();
        let masses: Vec<f64> = types.iter().map(|&t| [63.5, 91.2][t as usize - 1]).collect();
        let ids = (0..n as i64).map(|i| 2 * i + 5).collect();
        let mut network = Self { ids, types, masses, rows: vec![Vec::new(); n] };
        for i in 0..n {
            for j in 0..i {
                let d: [f64; 3] = std::array::from_fn(|c| {
                    let d = at[i][c] - at[j][c];
                    d - side * (d / side).round()
                });
                let length = d.iter().map(|d| d * d).sum::<f64>().sqrt();
                if length < 1.68 {
                    network.connect(i, j, 8_000.0 * (0.5 + uniform()), d.map(|d| d / length));
                }
            }
        }
        network
    }

    /// A spring of stiffness `k` along the unit vector `along`.
    pub fn connect(&mut self, i: usize, j: usize, k: f64, along: [f64; 3]) {
        for (a, b) in [(i, i), (j, j), (i, j), (j, i)] {
            let scale = k / (self.masses[a] * self.masses[b]).sqrt() * if a == b { 1.0 } else { -1.0 };
            let row = &mut self.rows[a];
            let at = row.iter().position(|&(column, _)| column as usize == b).unwrap_or_else(|| {
                row.push((b as u32, [0.0; 9]));
                row.len() - 1
            });
            for (e, entry) in row[at].1.iter_mut().enumerate() {
                *entry += scale * (along[e / 3] * along[e % 3]);
            }
        }
    }

    /// Unconnected copies, the c-th with all stiffnesses times `scales[c]`.
    pub fn copies(&self, scales: &[f64]) -> Self {
        let n = self.rows.len() as u32;
        let times = scales.len();
        let rows = scales.iter().zip(0_u32..).flat_map(|(scale, c)| {
            let copy = move |&(j, block): &(u32, [f64; 9])| (j + c * n, block.map(|entry| entry * scale));
            self.rows.iter().map(move |row| row.iter().map(copy).collect())
        });
        Self {
            ids: (1..=(self.ids.len() * times) as i64).collect(),
            types: self.types.repeat(times),
            masses: self.masses.repeat(times),
            rows: rows.collect(),
        }
    }

    pub fn matrix(&self) -> DynamicalMatrix {
        let (mut offsets, mut columns, mut blocks) = (vec![0], Vec::new(), Vec::new());
        for row in &self.rows {
            let mut row = row.clone();
            row.sort_unstable_by_key(|&(j, _)| j);
            columns.extend(row.iter().map(|&(j, _)| j));
            blocks.extend(row.iter().map(|&(_, block)| block));
            offsets.push(columns.len());
        }
        DynamicalMatrix::new(offsets, columns, blocks).expect("springs are symmetric")
    }

    /// All atoms move: translations are projected out.
    pub fn free(&self) -> Group<'_> {
        Group { ids: &self.ids, types: &self.types, n_types: 2, masses: Some(&self.masses) }
    }

    /// Atoms outside the group are held.
    pub fn held(&self) -> Group<'_> {
        Group { masses: None, ..self.free() }
    }

    /// Eigenvalues, ascending, and eigenvectors by nalgebra.
    pub fn reference(&self) -> (Vec<f64>, DMatrix<f64>) {
        let n = 3 * self.rows.len();
        let mut dense = DMatrix::zeros(n, n);
        for (i, row) in self.rows.iter().enumerate() {
            for (j, block) in row {
                (0..9).for_each(|e| dense[(3 * i + e / 3, 3 * *j as usize + e % 3)] = block[e]);
            }
        }
        let eigen = SymmetricEigen::new(dense);
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| eigen.eigenvalues[a].total_cmp(&eigen.eigenvalues[b]));
        let values = order.iter().map(|&j| eigen.eigenvalues[j]).collect();
        (values, DMatrix::from_fn(n, n, |r, c| eigen.eigenvectors[(r, order[c])]))
    }
}

/// Frequency of an eigenvalue.
pub fn frequency(eigenvalue: f64) -> f64 {
    eigenvalue.abs().sqrt().copysign(eigenvalue) / TAU
}

/// Settings for the networks: the window ends 6 sigma above the range.
pub fn settings() -> VibrationSettings {
    VibrationSettings {
        range: [1.2, 1.7],
        sigma: 0.08,
        fcut: Some(1.7 + 6.0 * 0.08),
        points: 200,
        ..VibrationSettings::default()
    }
}

/// What a modes file holds.
pub struct ModesFile {
    pub ids: Vec<i64>,
    pub eigenvalues: Vec<f64>,
    pub vectors: Vec<Vec<f64>>,
}

/// Reads a modes file by its documented layout.
pub fn read_modes(path: &std::path::Path) -> ModesFile {
    let bytes = std::fs::read(path).expect("the modes were written");
    assert_eq!(&bytes[..8], b"ERGMODES");
    let words = bytes[8..].as_chunks::<8>().0;
    let header: Vec<usize> = words[..3].iter().map(|&word| u64::from_le_bytes(word) as usize).collect();
    let [version, n, count] = header[..] else { panic!("three counts") };
    assert_eq!(version, 1);
    assert_eq!(words.len(), 3 + n + count + 3 * n * count);
    let real = |words: &[[u8; 8]]| words.iter().map(|&word| f64::from_le_bytes(word)).collect::<Vec<_>>();
    ModesFile {
        ids: words[3..3 + n].iter().map(|&word| i64::from_le_bytes(word)).collect(),
        eigenvalues: real(&words[3 + n..3 + n + count]),
        vectors: words[3 + n + count..].chunks(3 * n).map(real).collect(),
    }
}
