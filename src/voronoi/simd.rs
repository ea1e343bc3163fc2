//! The inner loops of the tessellation, for the instruction sets found at run time.
//!
//! All of them give the same result: where rounding could decide, [`Kernel::pivot`] marks the crossing as degenerate.

#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(target_arch = "x86_64")]
pub use x86::{Avx2, Avx512};

use crate::geometry::dot;

/// Floats in the widest vector; arrays that [`Kernel::within`] reads are padded by as many elements.
pub const LANES_F32: usize = 16;
/// Doubles in the widest vector; [`Planes`] are padded to a multiple of it.
pub const LANES_F64: usize = 8;
/// Most planes that the vector versions of [`Kernel::pivot`] take: one bit each in a mask.
const MASK_BITS: usize = 64;

/// A run of positions in the grid.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    pub start: u32,
    pub end: u32,
}

/// Planes {X : c . X = d} in the frame of one atom, one slot a candidate neighbour.
#[derive(Debug, Default)]
pub struct Planes {
    c: [Vec<f64>; 3],
    d: Vec<f64>,
    t: Vec<f64>,
    len: usize,
}

impl Planes {
    #[inline(always)]
    pub fn clear(&mut self) {
        self.len = 0;
    }

    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Makes room for `n` more planes, and for whole vectors behind them.
    #[inline(always)]
    fn reserve(&mut self, n: usize) {
        let padded = (self.len + n).max(LANES_F64) + LANES_F64;
        if padded > self.d.len() {
            let padded = 2 * padded;
            self.c.iter_mut().for_each(|c| c.resize(padded, 0.0));
            self.d.resize(padded, 0.0);
            self.t.resize(padded, 0.0);
        }
    }

    pub fn push(&mut self, c: [f64; 3], d: f64) {
        self.reserve(1);
        for (array, value) in self.c.iter_mut().zip(c) {
            array[self.len] = value;
        }
        self.d[self.len] = d;
        self.len += 1;
    }

    #[inline(always)]
    pub fn c(&self, slot: usize) -> [f64; 3] {
        [self.c[0][slot], self.c[1][slot], self.c[2][slot]]
    }

    #[inline(always)]
    pub fn d(&self, slot: usize) -> f64 {
        self.d[slot]
    }
}

/// A line X(t) = `from` + t `along` on two planes, and what counts as a tie on it.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub from: [f64; 3],
    pub along: [f64; 3],
    /// Slots of the two planes that hold the line.
    pub on: [usize; 2],
    /// Planes with |c . along| below this are parallel to the line.
    pub parallel: f64,
    /// Crossings closer than this in t are ties.
    pub tie: f64,
}

/// Where a line first leaves the half-spaces.
#[derive(Debug, Clone, Copy)]
pub struct Crossing {
    /// Line parameter; infinite if nothing stops the line.
    pub t: f64,
    /// Slot of the plane that stops it.
    pub slot: usize,
    /// Rounding could have decided: a tie, a plane parallel to the line, or a crossing at the start of the line.
    pub degenerate: bool,
}

/// The inner loops for one instruction set.
pub trait Kernel {
    /// Replaces `found` by the positions in `runs` closer than sqrt(`r2`) to `center`.
    ///
    /// # Safety
    /// The instruction set is present; `x_f32` is padded by `LANES_F32` elements beyond the last run.
    unsafe fn within(x_f32: &[Vec<f32>; 3], center: [f32; 3], r2: f32, runs: &[Run], found: &mut Vec<u32>);

    /// Adds the bisecting planes between an atom and others: `at` holds coordinates and weights, `center` those of the
    /// atom. False if one of the others is at the same place.
    ///
    /// # Safety
    /// The instruction set is present; every element of `others` is less than `at.len()`.
    unsafe fn bisect(at: &[[f64; 4]], center: &[f64; 4], others: &[u32], planes: &mut Planes) -> bool;

    /// First crossing of a line with the planes that it is about to leave.
    ///
    /// # Safety
    /// The instruction set is present.
    unsafe fn pivot(planes: &mut Planes, line: &Line) -> Crossing;
}

/// Baseline of the architecture.
pub struct Portable;

impl Kernel for Portable {
    unsafe fn within(x_f32: &[Vec<f32>; 3], center: [f32; 3], r2: f32, runs: &[Run], found: &mut Vec<u32>) {
        found.clear();
        for &Run { start, end } in runs {
            let [x, y, z] = x_f32.each_ref().map(|x| &x[start as usize..end as usize]);
            for (k, ((x, y), z)) in (start..).zip(x.iter().zip(y).zip(z)) {
                let (dx, dy, dz) = (x - center[0], y - center[1], z - center[2]);
                if dx * dx + dy * dy + dz * dz < r2 {
                    found.push(k);
                }
            }
        }
    }

    unsafe fn bisect(at: &[[f64; 4]], center: &[f64; 4], others: &[u32], planes: &mut Planes) -> bool {
        let mut apart = true;
        for &other in others {
            let other = &at[other as usize];
            let c = [other[0] - center[0], other[1] - center[1], other[2] - center[2]];
            let c2 = dot(&c, &c);
            apart &= c2 > 0.0;
            planes.push(c, 0.5 * (c2 + (center[3] - other[3])));
        }
        apart
    }

    unsafe fn pivot(planes: &mut Planes, line: &Line) -> Crossing {
        let n = planes.len;
        let [x, y, z] = [&planes.c[0][..n], &planes.c[1][..n], &planes.c[2][..n]];
        let (d, t) = (&planes.d[..n], &mut planes.t[..n]);
        let (from, along) = (line.from, line.along);
        let mut closest = f64::INFINITY;
        for k in 0..n {
            let ahead = x[k] * along[0] + y[k] * along[1] + z[k] * along[2];
            let gap = d[k] - (x[k] * from[0] + y[k] * from[1] + z[k] * from[2]);
            closest = if k == line.on[0] || k == line.on[1] { closest } else { closest.min(ahead.abs()) };
            t[k] = if ahead > line.parallel { gap / ahead } else { f64::INFINITY };
        }
        t[line.on[0]] = f64::INFINITY;
        t[line.on[1]] = f64::INFINITY;
        let first = t.iter().copied().fold(f64::INFINITY, f64::min);
        let slot = t.iter().position(|&v| v <= first).unwrap_or(0);
        let ties = t.iter().filter(|&&v| v <= first + line.tie).count();
        Crossing { t: first, slot, degenerate: ties > 1 || first <= line.tie || closest <= line.parallel }
    }
}
