//! Fingerprints of configurations.

use super::status::{ergodic_status_t, guard, null};
use super::tessellation::{count, slice};
use crate::error::Result;
use crate::fingerprint::{LENGTH, fingerprint, same};
use crate::geometry::SimulationBox;

/// Number of doubles of a fingerprint.
pub const ERGODIC_FINGERPRINT_LENGTH: usize = 13;
const _: () = assert!(ERGODIC_FINGERPRINT_LENGTH == LENGTH);

/// A simulation box.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ergodic_box_t {
    /// Lower corner (distance units).
    pub origin: [f64; 3],
    /// Edge matrix xx, yy, zz, yz, xz, xy (distance units).
    pub edges: [f64; 6],
    /// Whether the box is periodic along each edge.
    pub periodic: [bool; 3],
}

impl ergodic_box_t {
    /// # Errors
    /// `InvalidParameter` if it has no volume.
    pub(super) fn read(&self) -> Result<SimulationBox> {
        SimulationBox::new(self.origin, self.edges, self.periodic)
    }
}

/// Writes the part of `n` atoms in the fingerprint of a configuration; the parts of all MPI ranks add up to the
/// fingerprint. It does not depend on the order of the atoms nor on the periodic images that they are in.
/// Shapes: `x` [n][3] (distance units), `id` [n], `sums` [ERGODIC_FINGERPRINT_LENGTH].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_fingerprint(
    n: i32,
    x: *const f64,
    id: *const i64,
    cell: *const ergodic_box_t,
    sums: *mut f64,
) -> ergodic_status_t {
    guard(|| {
        let n = count(n, "n")?;
        let x = unsafe { slice(x.cast::<[f64; 3]>(), n, "x") }?;
        let id = unsafe { slice(id, n, "id") }?;
        let cell = unsafe { cell.as_ref() }.ok_or_else(|| null("cell"))?;
        let cell = cell.read()?;
        let out = unsafe { sums.cast::<[f64; LENGTH]>().as_mut() }.ok_or_else(|| null("sums"))?;
        *out = fingerprint(x.iter().zip(id.iter().copied()), &cell);
        Ok(())
    })
}

/// Whether two fingerprints, shape [ERGODIC_FINGERPRINT_LENGTH] each, are those of the same configuration.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_fingerprint_same(a: *const f64, b: *const f64, equal: *mut bool) -> ergodic_status_t {
    guard(|| {
        let a = unsafe { a.cast::<[f64; LENGTH]>().as_ref() }.ok_or_else(|| null("a"))?;
        let b = unsafe { b.cast::<[f64; LENGTH]>().as_ref() }.ok_or_else(|| null("b"))?;
        *unsafe { equal.as_mut() }.ok_or_else(|| null("equal"))? = same(a, b);
        Ok(())
    })
}
