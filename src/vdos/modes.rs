//! Modes, divided over the ranks by atoms, and the file they go to.

use super::communicator::all_ok;
use super::{Communicator, Group};
use crate::error::{Error, Result};
use faer::Mat;
use std::f64::consts::TAU;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Frequency of an eigenvalue, negative for a negative one.
pub fn frequency(eigenvalue: f64) -> f64 {
    eigenvalue.abs().sqrt().copysign(eigenvalue) / TAU
}

/// Eigenvalue of a frequency.
pub fn eigenvalue(frequency: f64) -> f64 {
    (TAU * frequency) * (TAU * frequency).abs()
}

/// Modes in ascending order of their eigenvalues; this rank has the rows of some atoms.
#[derive(Debug)]
pub struct Modes {
    /// Eigenvalues, (rad/time)^2; projected translations are not among them.
    pub eigenvalues: Vec<f64>,
    /// Atoms of this rank: indices into the rows of the matrix.
    pub atoms: Vec<u32>,
    /// Rows 3 k .. 3 k + 3 are atom `atoms[k]`; column j is unit-norm eigenvector j over all ranks. There may be more columns.
    pub vectors: Mat<f64>,
    /// Number of modes that were projected out.
    pub projected: usize,
    /// Largest residual as a frequency.
    pub residual: f64,
    /// The largest eigenvalue of the matrix, or a bound.
    pub largest: f64,
    /// All modes below this frequency are there.
    pub complete_below: f64,
}

/// Signs of the eigenvalues.
#[derive(Debug, Clone, Copy)]
pub struct Census {
    /// Modes with eigenvalues below zero by more than the noise; they are the first.
    pub negative: usize,
    /// Modes with eigenvalues within the noise, which follow; projected modes are not among them.
    pub zero: usize,
}

/// Eigenvalues below this fraction of the largest are zero within the error of the algebra.
const ROUND_OFF: f64 = 1e-11;

impl Modes {
    /// Counts the signs; eigenvalues below `noise` count as zero, as do those that are round-off beside the largest.
    pub fn census(&self, noise: f64) -> Census {
        let noise = noise.max(ROUND_OFF * self.largest.abs());
        let negative = self.eigenvalues.partition_point(|&value| value < -noise);
        let zero = self.eigenvalues[negative..].partition_point(|&value| value <= noise);
        Census { negative, zero }
    }

    /// Only the modes below `frequency`.
    pub fn below(mut self, frequency: f64) -> Self {
        let count = self.eigenvalues.partition_point(|&value| value < eigenvalue(frequency));
        self.eigenvalues.truncate(count);
        self.complete_below = frequency;
        self
    }

    /// |e_j^i|^2 of mode `j` at the k-th atom of this rank.
    pub fn weight(&self, k: usize, j: usize) -> f64 {
        (0..3).map(|c| self.vectors[(3 * k + c, j)].powi(2)).sum()
    }

    /// Writes all modes; all ranks call it, the first writes.
    ///
    /// Little endian: the 8 bytes `ERGMODES`; version = 1, N, number of modes M, each as a 64-bit integer; N atom IDs
    /// (64-bit integers, ascending); M eigenvalues (doubles, (rad/time)^2, ascending); M eigenvectors of 3 N doubles:
    /// x, y, z of each atom in the order of the IDs, unit norm, mass-weighted. Projected translations are not in it.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path, group: &Group, comm: &dyn Communicator) -> Result<()> {
        let mut file = None;
        let mut state = Ok(());
        if comm.rank() == 0 {
            state = self
                .write_header(path, group)
                .map(|writer| file = Some(writer))
                .map_err(|e| Error::file("write", path, &e));
        }
        all_ok(comm, state)?;
        let mut state = Ok(());
        let mut vector = vec![0.0; 3 * group.ids.len()];
        for j in 0..self.eigenvalues.len() {
            vector.fill(0.0);
            for (k, &i) in self.atoms.iter().enumerate() {
                for c in 0..3 {
                    vector[3 * i as usize + c] = self.vectors[(3 * k + c, j)];
                }
            }
            comm.sum(&mut vector)?;
            if let Some(file) = file.as_mut().filter(|_| state.is_ok()) {
                state = vector.iter().try_for_each(|value| file.write_all(&value.to_le_bytes()));
            }
        }
        let state = state.and_then(|()| file.as_mut().map_or(Ok(()), Write::flush));
        all_ok(comm, state.map_err(|error| Error::file("write", path, &error)))
    }

    fn write_header(&self, path: &Path, group: &Group) -> std::io::Result<BufWriter<File>> {
        let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        file.write_all(b"ERGMODES")?;
        for count in [1, group.ids.len(), self.eigenvalues.len()] {
            file.write_all(&(count as u64).to_le_bytes())?;
        }
        group.ids.iter().try_for_each(|id| file.write_all(&id.to_le_bytes()))?;
        self.eigenvalues.iter().try_for_each(|value| file.write_all(&value.to_le_bytes()))?;
        Ok(file)
    }
}
