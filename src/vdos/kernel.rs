//! The inner loops of the product with a panel of vectors, in double and in single precision, for the instruction sets found
//! at run time.

use super::panel::PANEL;
use crate::simd::Simd;
use pulp::{Scalar, WithSimd};

impl Simd {
    /// `y` = sum over k of `blocks[k]` times the three rows of `x` of atom `columns[k]`.
    pub(super) fn row(self, columns: &[u32], blocks: &[[f64; 9]], x: &[[f64; PANEL]], y: &mut [[f64; PANEL]; 3]) {
        self.vectorize(BlockRow { columns, blocks, x: x.as_chunks().0, y });
    }

    /// The same in single precision.
    pub(super) fn row_single(
        self,
        columns: &[u32],
        blocks: &[[f32; 9]],
        x: &[[f32; PANEL]],
        y: &mut [[f32; PANEL]; 3],
    ) {
        self.vectorize(BlockRow { columns, blocks, x: x.as_chunks().0, y });
    }

    fn vectorize(self, work: impl WithSimd<Output = ()>) {
        #[cfg(target_arch = "x86_64")]
        if self == Self::Avx512
            && let Some(simd) = pulp::x86::V4::try_new()
        {
            return pulp::Simd::vectorize(simd, work);
        }
        #[cfg(target_arch = "x86_64")]
        if self != Self::Portable
            && let Some(simd) = pulp::x86::V3::try_new()
        {
            return pulp::Simd::vectorize(simd, work);
        }
        pulp::Simd::vectorize(Scalar::new(), work);
    }
}

struct BlockRow<'a, Real> {
    columns: &'a [u32],
    blocks: &'a [[Real; 9]],
    x: &'a [[[Real; PANEL]; 3]],
    y: &'a mut [[Real; PANEL]; 3],
}

/// Defines the product for numbers `$real`, in parts of `$parts` registers of the panel for each number of lanes.
macro_rules! product {
    ($real:ty, $lanes:ident, $splat:ident, $mul_add:ident, $as_simd:ident, $as_mut_simd:ident, $($of:pat => $parts:literal),+) => {
        impl WithSimd for BlockRow<'_, $real> {
            type Output = ();

            #[inline(always)]
            fn with_simd<S: pulp::Simd>(mut self, simd: S) {
                match S::$lanes {
                    $($of => self.columns_of_panel::<S, $parts>(simd),)+
                }
            }
        }

        impl BlockRow<'_, $real> {
            /// All columns of the panel, in parts of `N` registers.
            #[inline(always)]
            fn columns_of_panel<S: pulp::Simd, const N: usize>(&mut self, simd: S) {
                for first in (0..PANEL / S::$lanes).step_by(N) {
                    let mut sums = [[simd.$splat(0.0); N]; 3];
                    for (&j, block) in self.columns.iter().zip(self.blocks) {
                        for (c, x) in self.x[j as usize].iter().enumerate() {
                            let x = &S::$as_simd(x).0[first..first + N];
                            for (r, sums) in sums.iter_mut().enumerate() {
                                let entry = simd.$splat(block[3 * r + c]);
                                for (sum, &x) in sums.iter_mut().zip(x) {
                                    *sum = simd.$mul_add(entry, x, *sum);
                                }
                            }
                        }
                    }
                    for (y, sums) in self.y.iter_mut().zip(sums) {
                        S::$as_mut_simd(y).0[first..first + N].copy_from_slice(&sums);
                    }
                }
            }
        }
    };
}

// Three sums for each register of x: twelve hide the latency of the multiply-adds of AVX-512, six those of AVX2, which has
// half as many registers. Without vectors the compiler makes its own of eight numbers.
product!(f64, F64_LANES, splat_f64s, mul_add_e_f64s, as_simd_f64s, as_mut_simd_f64s, 8 => 4, 1 => 8, _ => 2);
product!(f32, F32_LANES, splat_f32s, mul_add_e_f32s, as_simd_f32s, as_mut_simd_f32s, 1 => 8, _ => 2);
