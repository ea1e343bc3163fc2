//! The inner loops in AVX2 and AVX-512.

use super::{Crossing, Kernel, LANES_F64, Line, MASK_BITS, Planes, Portable, Run};
// Some sixty intrinsics, all of them prefixed.
#[allow(clippy::wildcard_imports)]
use std::arch::x86_64::*;

/// Bits of the slots of `planes` that can stop `line`.
fn eligible(planes: &Planes, line: &Line) -> u64 {
    (u64::MAX >> (MASK_BITS - planes.len)) & !(1 << line.on[0] | 1 << line.on[1])
}

fn crossing(t: f64, ties: u64, parallel: u64, line: &Line) -> Crossing {
    Crossing {
        t,
        slot: ties.trailing_zeros() as usize % MASK_BITS,
        degenerate: ties.count_ones() > 1 || t <= line.tie || parallel != 0,
    }
}

/// AVX-512 (F, VL).
pub struct Avx512;

impl Kernel for Avx512 {
    #[target_feature(enable = "avx512f,avx512vl")]
    unsafe fn within(x_f32: &[Vec<f32>; 3], center: [f32; 3], r2: f32, runs: &[Run], found: &mut Vec<u32>) {
        const LANES: usize = 16;
        found.clear();
        found.reserve(runs.iter().map(|run| (run.end - run.start) as usize).sum::<usize>() + LANES);
        let [cx, cy, cz] = center.map(|c| _mm512_set1_ps(c));
        let [x, y, z] = x_f32.each_ref().map(Vec::as_ptr);
        let r2 = _mm512_set1_ps(r2);
        let lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
        let mut length = 0;
        for run in runs {
            let (mut k, end) = (run.start as usize, run.end as usize);
            while k < end {
                // SAFETY: the arrays are padded by a whole vector, and `found` has room for one beyond every hit.
                unsafe {
                    let dx = _mm512_sub_ps(_mm512_loadu_ps(x.add(k)), cx);
                    let dy = _mm512_sub_ps(_mm512_loadu_ps(y.add(k)), cy);
                    let dz = _mm512_sub_ps(_mm512_loadu_ps(z.add(k)), cz);
                    let d2 = _mm512_fmadd_ps(dx, dx, _mm512_fmadd_ps(dy, dy, _mm512_mul_ps(dz, dz)));
                    let inside = u16::MAX >> (LANES - (end - k).min(LANES));
                    let hits = _mm512_mask_cmp_ps_mask::<_CMP_LT_OQ>(inside, d2, r2);
                    let positions = _mm512_add_epi32(lanes, _mm512_set1_epi32(k as i32));
                    let packed = _mm512_maskz_compress_epi32(hits, positions);
                    _mm512_storeu_si512(found.as_mut_ptr().add(length).cast(), packed);
                    length += hits.count_ones() as usize;
                }
                k += LANES;
            }
        }
        // SAFETY: so many were written.
        unsafe { found.set_len(length) };
    }

    #[target_feature(enable = "avx512f,avx512vl")]
    unsafe fn bisect(at: &[[f64; 4]], center: &[f64; 4], others: &[u32], planes: &mut Planes) -> bool {
        planes.reserve(others.len());
        let [cx, cy, cz, weight] = center.map(|c| _mm512_set1_pd(c));
        let (zero, half) = (_mm512_setzero_pd(), _mm512_set1_pd(0.5));
        let base = at.as_ptr().cast::<f64>();
        let mut apart = true;
        for (others, k) in others.chunks(LANES_F64).zip((planes.len..).step_by(LANES_F64)) {
            let lanes = u8::MAX >> (LANES_F64 - others.len());
            // SAFETY: only lanes with a valid index are read; the arrays have room for a whole vector behind the last.
            unsafe {
                let index = _mm256_slli_epi32::<2>(_mm256_maskz_loadu_epi32(lanes, others.as_ptr().cast()));
                let fetch = |part| _mm512_mask_i32gather_pd::<8>(zero, lanes, index, base.add(part).cast());
                let x = _mm512_sub_pd(fetch(0), cx);
                let y = _mm512_sub_pd(fetch(1), cy);
                let z = _mm512_sub_pd(fetch(2), cz);
                let c2 = _mm512_fmadd_pd(x, x, _mm512_fmadd_pd(y, y, _mm512_mul_pd(z, z)));
                apart &= _mm512_mask_cmp_pd_mask::<_CMP_LE_OQ>(lanes, c2, zero) == 0;
                let d = _mm512_mul_pd(half, _mm512_add_pd(c2, _mm512_sub_pd(weight, fetch(3))));
                _mm512_storeu_pd(planes.c[0].as_mut_ptr().add(k), x);
                _mm512_storeu_pd(planes.c[1].as_mut_ptr().add(k), y);
                _mm512_storeu_pd(planes.c[2].as_mut_ptr().add(k), z);
                _mm512_storeu_pd(planes.d.as_mut_ptr().add(k), d);
            }
        }
        planes.len += others.len();
        apart
    }

    #[target_feature(enable = "avx512f,avx512vl")]
    unsafe fn pivot(planes: &mut Planes, line: &Line) -> Crossing {
        if planes.len > MASK_BITS {
            return unsafe { Portable::pivot(planes, line) };
        }
        let eligible = eligible(planes, line);
        let broadcast = |v: [f64; 3]| v.map(|v| _mm512_set1_pd(v));
        let (from, along) = (broadcast(line.from), broadcast(line.along));
        let limit = _mm512_set1_pd(line.parallel);
        // SAFETY: the arrays are padded to whole vectors.
        let cross = |block| unsafe { crossings(planes, block, &from, &along, limit, eligible) };
        let bits = |mask: u8, block: usize| u64::from(mask) << (LANES_F64 * block);
        // Two vectors hold the candidates of most atoms.
        let (t0, parallel0) = cross(0);
        let (t1, parallel1) = cross(1);
        let mut first = _mm512_min_pd(t0, t1);
        let mut parallel = bits(parallel0, 0) | bits(parallel1, 1);
        let blocks = planes.len.div_ceil(LANES_F64);
        for block in 2..blocks {
            let (t, beside) = cross(block);
            first = _mm512_min_pd(first, t);
            parallel |= bits(beside, block);
        }
        let t = _mm512_reduce_min_pd(first);
        let bound = _mm512_set1_pd(t + line.tie);
        let tied = |crossings| _mm512_cmp_pd_mask::<_CMP_LE_OQ>(crossings, bound);
        let mut ties = bits(tied(t0), 0) | bits(tied(t1), 1);
        for block in 2..blocks {
            ties |= bits(tied(cross(block).0), block);
        }
        crossing(t, ties & eligible, parallel, line)
    }
}

/// Where a line leaves eight of the half-spaces (infinity where it does not), and which of their planes are parallel to it.
///
/// # Safety
/// The arrays of `planes` reach to the end of the block.
#[target_feature(enable = "avx512f,avx512vl")]
unsafe fn crossings(
    planes: &Planes,
    block: usize,
    from: &[__m512d; 3],
    along: &[__m512d; 3],
    limit: __m512d,
    eligible: u64,
) -> (__m512d, u8) {
    let k = LANES_F64 * block;
    // SAFETY: promised by the caller.
    let load = |array: &[f64]| unsafe { _mm512_loadu_pd(array.as_ptr().add(k)) };
    let [x, y, z] = [load(&planes.c[0]), load(&planes.c[1]), load(&planes.c[2])];
    let ahead = _mm512_fmadd_pd(x, along[0], _mm512_fmadd_pd(y, along[1], _mm512_mul_pd(z, along[2])));
    let gap = _mm512_fnmadd_pd(z, from[2], load(&planes.d));
    let gap = _mm512_fnmadd_pd(x, from[0], _mm512_fnmadd_pd(y, from[1], gap));
    let lanes = (eligible >> k) as u8;
    let leaves = _mm512_mask_cmp_pd_mask::<_CMP_GT_OQ>(lanes, ahead, limit);
    let beside = _mm512_mask_cmp_pd_mask::<_CMP_LE_OQ>(lanes, _mm512_abs_pd(ahead), limit);
    (_mm512_mask_div_pd(_mm512_set1_pd(f64::INFINITY), leaves, gap, ahead), beside)
}

/// AVX2 with FMA.
pub struct Avx2;

impl Kernel for Avx2 {
    #[target_feature(enable = "avx2,fma")]
    unsafe fn within(x_f32: &[Vec<f32>; 3], center: [f32; 3], r2: f32, runs: &[Run], found: &mut Vec<u32>) {
        const LANES: usize = 8;
        found.clear();
        let [cx, cy, cz] = center.map(|c| _mm256_set1_ps(c));
        let [x, y, z] = x_f32.each_ref().map(Vec::as_ptr);
        let r2 = _mm256_set1_ps(r2);
        for run in runs {
            let (mut k, end) = (run.start as usize, run.end as usize);
            while k < end {
                // SAFETY: the arrays are padded by a whole vector.
                let d2 = unsafe {
                    let dx = _mm256_sub_ps(_mm256_loadu_ps(x.add(k)), cx);
                    let dy = _mm256_sub_ps(_mm256_loadu_ps(y.add(k)), cy);
                    let dz = _mm256_sub_ps(_mm256_loadu_ps(z.add(k)), cz);
                    _mm256_fmadd_ps(dx, dx, _mm256_fmadd_ps(dy, dy, _mm256_mul_ps(dz, dz)))
                };
                let inside = u8::MAX >> (LANES - (end - k).min(LANES));
                let mut hits = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_LT_OQ>(d2, r2)) as u8 & inside;
                while hits != 0 {
                    found.push(k as u32 + hits.trailing_zeros());
                    hits &= hits - 1;
                }
                k += LANES;
            }
        }
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn bisect(at: &[[f64; 4]], center: &[f64; 4], others: &[u32], planes: &mut Planes) -> bool {
        const LANES: usize = 4;
        planes.reserve(others.len());
        let [cx, cy, cz, weight] = center.map(|c| _mm256_set1_pd(c));
        let mut closest = _mm256_set1_pd(f64::INFINITY);
        for (others, k) in others.chunks(LANES).zip((planes.len..).step_by(LANES)) {
            // SAFETY: the indices are valid; the arrays have room for a whole vector behind the last.
            unsafe {
                // Lanes behind the end repeat the last atom.
                let row = |lane: usize| {
                    let other = others[lane.min(others.len() - 1)] as usize;
                    _mm256_loadu_pd(at.get_unchecked(other).as_ptr())
                };
                let (a, b, c, d) = (row(0), row(1), row(2), row(3));
                let (xz, yw) = (_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b));
                let (xz2, yw2) = (_mm256_unpacklo_pd(c, d), _mm256_unpackhi_pd(c, d));
                let x = _mm256_sub_pd(_mm256_permute2f128_pd::<0x20>(xz, xz2), cx);
                let y = _mm256_sub_pd(_mm256_permute2f128_pd::<0x20>(yw, yw2), cy);
                let z = _mm256_sub_pd(_mm256_permute2f128_pd::<0x31>(xz, xz2), cz);
                let w = _mm256_sub_pd(weight, _mm256_permute2f128_pd::<0x31>(yw, yw2));
                let c2 = _mm256_fmadd_pd(x, x, _mm256_fmadd_pd(y, y, _mm256_mul_pd(z, z)));
                closest = _mm256_min_pd(closest, c2);
                let d = _mm256_mul_pd(_mm256_set1_pd(0.5), _mm256_add_pd(c2, w));
                _mm256_storeu_pd(planes.c[0].as_mut_ptr().add(k), x);
                _mm256_storeu_pd(planes.c[1].as_mut_ptr().add(k), y);
                _mm256_storeu_pd(planes.c[2].as_mut_ptr().add(k), z);
                _mm256_storeu_pd(planes.d.as_mut_ptr().add(k), d);
            }
        }
        planes.len += others.len();
        _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_LE_OQ>(closest, _mm256_setzero_pd())) == 0
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn pivot(planes: &mut Planes, line: &Line) -> Crossing {
        const LANES: usize = 4;
        if planes.len > MASK_BITS {
            return unsafe { Portable::pivot(planes, line) };
        }
        let [fx, fy, fz] = line.from.map(|v| _mm256_set1_pd(v));
        let [ax, ay, az] = line.along.map(|v| _mm256_set1_pd(v));
        let limit = _mm256_set1_pd(line.parallel);
        let infinity = _mm256_set1_pd(f64::INFINITY);
        let magnitude = _mm256_castsi256_pd(_mm256_set1_epi64x(i64::MAX));
        let eligible = eligible(planes, line);
        // The planes that hold the line must not stop it: their crossings are overwritten below.
        let mut parallel = 0;
        let blocks = planes.len.div_ceil(LANES);
        for b in 0..blocks {
            let k = b * LANES;
            // SAFETY: the arrays are padded to whole vectors.
            unsafe {
                let x = _mm256_loadu_pd(planes.c[0].as_ptr().add(k));
                let y = _mm256_loadu_pd(planes.c[1].as_ptr().add(k));
                let z = _mm256_loadu_pd(planes.c[2].as_ptr().add(k));
                let d = _mm256_loadu_pd(planes.d.as_ptr().add(k));
                let ahead = _mm256_fmadd_pd(x, ax, _mm256_fmadd_pd(y, ay, _mm256_mul_pd(z, az)));
                let gap = _mm256_fnmadd_pd(x, fx, _mm256_fnmadd_pd(y, fy, _mm256_fnmadd_pd(z, fz, d)));
                let leaves = _mm256_cmp_pd::<_CMP_GT_OQ>(ahead, limit);
                let beside = _mm256_cmp_pd::<_CMP_LE_OQ>(_mm256_and_pd(ahead, magnitude), limit);
                parallel |= (_mm256_movemask_pd(beside) as u64) << k;
                let t = _mm256_blendv_pd(infinity, _mm256_div_pd(gap, ahead), leaves);
                _mm256_storeu_pd(planes.t.as_mut_ptr().add(k), t);
            }
        }
        for slot in line.on {
            planes.t[slot] = f64::INFINITY;
        }
        for slot in planes.len..blocks * LANES {
            planes.t[slot] = f64::INFINITY;
        }
        let mut least = infinity;
        for b in 0..blocks {
            // SAFETY: as above.
            least = _mm256_min_pd(least, unsafe { _mm256_loadu_pd(planes.t.as_ptr().add(b * LANES)) });
        }
        let half = _mm_min_pd(_mm256_castpd256_pd128(least), _mm256_extractf128_pd::<1>(least));
        let t = _mm_cvtsd_f64(_mm_min_pd(half, _mm_unpackhi_pd(half, half)));
        let bound = _mm256_set1_pd(t + line.tie);
        let mut ties = 0;
        for b in 0..blocks {
            let k = b * LANES;
            // SAFETY: as above.
            let crossings = unsafe { _mm256_loadu_pd(planes.t.as_ptr().add(k)) };
            ties |= (_mm256_movemask_pd(_mm256_cmp_pd::<_CMP_LE_OQ>(crossings, bound)) as u64) << k;
        }
        crossing(t, ties & eligible, parallel & eligible, line)
    }
}
