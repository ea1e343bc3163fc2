//! Random vectors, the same for any number of ranks and threads.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::ops::Range;

/// What a vector is for; each use has vectors of its own.
#[derive(Debug, Clone, Copy)]
pub enum Use {
    /// Start of an iteration.
    Start = 1,
    /// Estimate of a trace.
    Trace = 2,
    /// Displacement of all atoms.
    Displacement = 3,
}

/// Rows of random vector `index`: entries +-1, which estimate a trace with the least variance.
pub fn signs(purpose: Use, index: usize, rows: Range<usize>) -> impl Iterator<Item = f64> {
    let mut stream = ChaCha8Rng::seed_from_u64(purpose as u64);
    stream.set_stream(index as u64);
    stream.set_word_pos(rows.start as u128);
    rows.map(move |_| if stream.next_u32() & 1 == 0 { 1.0 } else { -1.0 })
}
