//! The inner loop of the product with a panel of vectors, for the instruction sets found at run time.

use super::matrix::{Lanes, PANEL};
pub use crate::voronoi::Simd;

impl Simd {
    /// `y` = sum over k of `blocks[k]` times the three rows of `x` of atom `columns[k]`.
    pub(super) fn row(self, columns: &[u32], blocks: &[[f64; 9]], x: &[Lanes], y: &mut [Lanes; 3]) {
        let x = x.as_chunks::<3>().0;
        match self {
            Self::Portable => portable(columns, blocks, x, y),
            // SAFETY: `Simd::detect` found the instruction set.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2(columns, blocks, x, y) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { avx512(columns, blocks, x, y) },
        }
    }
}

/// Vectors at a time: what the registers of any machine hold.
const NARROW: usize = 8;

fn portable(columns: &[u32], blocks: &[[f64; 9]], x: &[[Lanes; 3]], y: &mut [Lanes; 3]) {
    for part in (0..PANEL).step_by(NARROW) {
        let mut sums = [[0.0; NARROW]; 3];
        for (&j, block) in columns.iter().zip(blocks) {
            let x = &x[j as usize];
            for (sum, row) in sums.iter_mut().zip(block.as_chunks::<3>().0) {
                for (entry, x) in row.iter().zip(x) {
                    for (sum, x) in sum.iter_mut().zip(&x[part..part + NARROW]) {
                        *sum += entry * x;
                    }
                }
            }
        }
        for (y, sum) in y.iter_mut().zip(sums) {
            y[part..part + NARROW].copy_from_slice(&sum);
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2(columns: &[u32], blocks: &[[f64; 9]], x: &[[Lanes; 3]], y: &mut [Lanes; 3]) {
    use std::arch::x86_64::{_mm256_fmadd_pd, _mm256_loadu_pd, _mm256_set1_pd, _mm256_setzero_pd, _mm256_storeu_pd};
    const LANES: usize = 4;
    for part in (0..PANEL).step_by(2 * LANES) {
        let mut sums = [[_mm256_setzero_pd(); 2]; 3];
        for (&j, block) in columns.iter().zip(blocks) {
            let x = &x[j as usize];
            for c in 0..3 {
                // SAFETY: `part` + 8 <= PANEL.
                let x = unsafe {
                    let at = x[c].as_ptr().add(part);
                    [_mm256_loadu_pd(at), _mm256_loadu_pd(at.add(LANES))]
                };
                for r in 0..3 {
                    let entry = _mm256_set1_pd(block[3 * r + c]);
                    sums[r][0] = _mm256_fmadd_pd(entry, x[0], sums[r][0]);
                    sums[r][1] = _mm256_fmadd_pd(entry, x[1], sums[r][1]);
                }
            }
        }
        for (y, sum) in y.iter_mut().zip(sums) {
            // SAFETY: as above.
            unsafe {
                let at = y.as_mut_ptr().add(part);
                _mm256_storeu_pd(at, sum[0]);
                _mm256_storeu_pd(at.add(LANES), sum[1]);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn avx512(columns: &[u32], blocks: &[[f64; 9]], x: &[[Lanes; 3]], y: &mut [Lanes; 3]) {
    use std::arch::x86_64::{_mm512_fmadd_pd, _mm512_loadu_pd, _mm512_set1_pd, _mm512_setzero_pd, _mm512_storeu_pd};
    const LANES: usize = 8;
    // Twelve sums hide the latency of the multiply-adds, twelve values of x are loaded once: 25 of 32 registers.
    let mut sums = [[_mm512_setzero_pd(); PANEL / LANES]; 3];
    for (&j, block) in columns.iter().zip(blocks) {
        let x = &x[j as usize];
        for c in 0..3 {
            // SAFETY: a row of x holds PANEL doubles.
            let x: [_; PANEL / LANES] =
                std::array::from_fn(|part| unsafe { _mm512_loadu_pd(x[c].as_ptr().add(part * LANES)) });
            for r in 0..3 {
                let entry = _mm512_set1_pd(block[3 * r + c]);
                for part in 0..PANEL / LANES {
                    sums[r][part] = _mm512_fmadd_pd(entry, x[part], sums[r][part]);
                }
            }
        }
    }
    for (y, sum) in y.iter_mut().zip(sums) {
        for (part, sum) in sum.into_iter().enumerate() {
            // SAFETY: a row of y holds PANEL doubles.
            unsafe { _mm512_storeu_pd(y.as_mut_ptr().add(part * LANES), sum) };
        }
    }
}
