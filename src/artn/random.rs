//! The random displacement of an attempt, a function of its key alone.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::f64::consts::TAU;

/// A stream of Gaussian numbers.
pub(super) struct Gaussian(ChaCha8Rng);

impl Gaussian {
    /// The stream of the attempt `trial` of the atom `id` under `seed`.
    pub(super) fn new(seed: u64, id: i64, trial: u32) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&id.to_le_bytes());
        key[16..20].copy_from_slice(&trial.to_le_bytes());
        Gaussian(ChaCha8Rng::from_seed(key))
    }

    /// A vector of `length` independent components of zero mean and unit variance (Box and Muller 1958).
    pub(super) fn vector(&mut self, length: usize) -> Vec<f64> {
        (0..length)
            .map(|_| {
                let radius = (-2.0 * self.uniform().ln()).sqrt();
                radius * (TAU * self.uniform()).cos()
            })
            .collect()
    }

    /// Uniform in (0, 1].
    fn uniform(&mut self) -> f64 {
        const UNIT: f64 = 1.0 / (1u64 << 53) as f64;
        ((self.0.next_u64() >> 11) + 1) as f64 * UNIT
    }
}
