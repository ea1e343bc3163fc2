//! Forces from a callback.

use crate::artn::Engine;
use crate::error::{Error, Result};
use std::ffi::c_void;

/// A callback did what it was asked for.
pub const ERGODIC_ENGINE_DONE: i32 = 0;
/// The energy or a force is not finite: the attempt fails, the run goes on.
pub const ERGODIC_ENGINE_NOT_FINITE: i32 = 1;
/// The callback failed: the call to the core returns ERGODIC_ENGINE_ERROR.
pub const ERGODIC_ENGINE_FAILED: i32 = 2;

/// Who computes energies and forces. The callbacks return one of ERGODIC_ENGINE_..., and must not throw. They are called
/// on the thread and during the call that the engine was handed to.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ergodic_engine_t {
    /// Handed to the callbacks.
    pub context: *mut c_void,
    /// From now on the `n` atoms of these indices (ascending) may move, and every other one rests at `reference`, shape
    /// [atoms][3] (distance units).
    pub select: unsafe extern "C" fn(context: *mut c_void, n: i32, atoms: *const u32, reference: *const f64) -> i32,
    /// Energy, unless `energy` is NULL, and forces on the selected atoms at positions `x`; both shape [n][3].
    pub evaluate: unsafe extern "C" fn(context: *mut c_void, x: *const f64, forces: *mut f64, energy: *mut f64) -> i32,
}

impl Engine for ergodic_engine_t {
    fn select(&mut self, atoms: &[u32], reference: &[f64]) -> Result<()> {
        status(unsafe { (self.select)(self.context, atoms.len() as i32, atoms.as_ptr(), reference.as_ptr()) })
    }

    fn evaluate(&mut self, x: &[f64], forces: &mut [f64]) -> Result<f64> {
        let mut energy = f64::NAN;
        status(unsafe { (self.evaluate)(self.context, x.as_ptr(), forces.as_mut_ptr(), &raw mut energy) })?;
        Ok(energy)
    }

    fn evaluate_forces(&mut self, x: &[f64], forces: &mut [f64]) -> Result<()> {
        status(unsafe { (self.evaluate)(self.context, x.as_ptr(), forces.as_mut_ptr(), std::ptr::null_mut()) })
    }
}

fn status(code: i32) -> Result<()> {
    match code {
        ERGODIC_ENGINE_DONE => Ok(()),
        ERGODIC_ENGINE_NOT_FINITE => Err(Error::ForcesNotFinite),
        _ => Err(Error::Engine("the force computation failed".into())),
    }
}
