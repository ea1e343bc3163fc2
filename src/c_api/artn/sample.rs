//! What a campaign of saddle searches begins with: settings, the minimum, and directions of the caller.

use super::engine::ergodic_engine_t;
use crate::artn::campaign::Goal;
use crate::artn::{Sample, Scale, Settings, Steps};
use crate::c_api::fingerprint::ergodic_box_t;
use crate::c_api::status::{ergodic_status_t, guard, null};
use crate::c_api::tessellation::{count, slice};
use crate::error::{Error, Result};

/// Settings of a campaign; doc/fix_artn.md says what they do. Units: those of the simulation. NaN: what
/// `ergodic_artn_complete` finds for the sample.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ergodic_artn_options_t {
    /// Seed of the random pushes.
    pub seed: u64,
    /// Successful events wanted per centre.
    pub events: u32,
    /// Attempts allowed per centre; 0: ten per event.
    pub attempts: u32,
    /// 2-norm of the push (distance).
    pub push: f64,
    /// Radius of the push around the centre (distance).
    pub push_radius: f64,
    /// Radius of the first shell of neighbors, the scale of all step lengths (distance).
    pub shell: f64,
    /// Radius within which atoms move first (distance); infinite: all atoms.
    pub active: f64,
    /// Largest force component of a converged configuration (force).
    pub ftol: f64,
    /// Vectors of a Krylov space.
    pub lanczos_size: i32,
    /// Finite-difference step of Lanczos (distance).
    pub lanczos_step: f64,
    /// Lowest eigenvalue below which the basin is left (energy/distance^2).
    pub curvature: f64,
    /// Force evaluations allowed per attempt.
    pub maxeval: u64,
    /// Allowed barriers, lowest and highest (energy).
    pub barrier: [f64; 2],
    /// Whether both sides are relaxed and one must be the initial minimum.
    pub connect: bool,
    /// Displacement of the central atom, at the saddle or in the new minimum, from which on an event is its own
    /// (distance).
    pub own: f64,
    /// Whether a second event through the same saddle does not count.
    pub distinct: bool,
    /// Same configuration: difference of energies below this (energy).
    pub same_energy: f64,
    /// Same configuration: displacement of any atom up to this (distance).
    pub same_distance: f64,
}

/// The initial minimum. All arrays belong to the caller and are copied.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ergodic_artn_sample_t {
    /// Number of atoms.
    pub n: i32,
    /// IDs, ascending, shape [n].
    pub ids: *const i64,
    /// Types, shape [n].
    pub types: *const i32,
    /// Positions, shape [n][3] (distance units).
    pub x: *const f64,
    /// The box.
    pub cell: ergodic_box_t,
    /// Number of central atoms.
    pub n_centres: i32,
    /// Their indices in the arrays above, ascending, shape [n_centres].
    pub centres: *const u32,
    /// Number of atoms that stay where they are in every search.
    pub n_held: i32,
    /// Their indices, ascending, shape [n_held]; none of them is a centre.
    pub held: *const u32,
    /// Atoms farther apart than this do not act on each other (distance); infinite if that is not known.
    pub range: f64,
    /// Direction of all pushes, or the unstable direction where `displacement` is given too, shape [n][3]; NULL: random.
    pub direction: *const f64,
    /// From the minimum to where the saddle is searched instead of after a push, shape [n][3] (distance units); NULL: pushes.
    pub displacement: *const f64,
}

/// Writes the defaults; the seed is 1. In units other than `metal` those with a dimension are NaN.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_artn_defaults(metal: bool, options: *mut ergodic_artn_options_t) -> ergodic_status_t {
    guard(|| {
        let out = unsafe { options.as_mut() }.ok_or_else(|| null("options"))?;
        *out = ergodic_artn_options_t::new(&Settings::default());
        if !metal {
            out.scaled().for_each(|value| *value = f64::NAN);
        }
        Ok(())
    })
}

/// Fails with `ERGODIC_INVALID_PARAMETER` if an option is out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_artn_check(options: *const ergodic_artn_options_t) -> ergodic_status_t {
    guard(|| {
        let mut options = *unsafe { options.as_ref() }.ok_or_else(|| null("options"))?;
        options.complete(&Scale::METAL);
        options.settings().check()
    })
}

/// Replaces every NaN by a default that suits the sample: lengths by its first neighbours, forces and energies by its
/// stiffness.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_artn_complete(
    options: *mut ergodic_artn_options_t,
    sample: *const ergodic_artn_sample_t,
    mut engine: ergodic_engine_t,
) -> ergodic_status_t {
    guard(|| {
        let options = unsafe { options.as_mut() }.ok_or_else(|| null("options"))?;
        let sample = unsafe { sample.as_ref() }.ok_or_else(|| null("sample"))?;
        let (sample, _, held) = unsafe { read_sample(sample) }?;
        let free: Vec<u32> = (0..sample.ids.len() as u32).filter(|atom| held.binary_search(atom).is_err()).collect();
        options.complete(&Scale::of(&mut engine, &sample, &free)?);
        Ok(())
    })
}

impl ergodic_artn_options_t {
    /// Options with a dimension that have a default.
    fn scaled(&mut self) -> impl Iterator<Item = &mut f64> {
        [
            &mut self.push,
            &mut self.push_radius,
            &mut self.shell,
            &mut self.active,
            &mut self.ftol,
            &mut self.lanczos_step,
            &mut self.same_energy,
            &mut self.same_distance,
        ]
        .into_iter()
    }

    fn complete(&mut self, scale: &Scale) {
        let mut defaults = Self::new(&Settings::scaled(scale));
        for (value, default) in self.scaled().zip(defaults.scaled()) {
            if value.is_nan() {
                *value = *default;
            }
        }
    }

    fn new(settings: &Settings) -> Self {
        Self {
            seed: settings.seed,
            events: 20,
            attempts: 0,
            push: settings.push,
            push_radius: settings.push_radius,
            shell: settings.shell,
            active: settings.active.unwrap_or(f64::INFINITY),
            ftol: settings.ftol,
            lanczos_size: settings.lanczos_size as i32,
            lanczos_step: settings.lanczos_step,
            curvature: settings.curvature,
            maxeval: settings.maxeval,
            barrier: settings.barrier,
            connect: settings.connect,
            own: settings.own,
            distinct: false,
            same_energy: settings.same_energy,
            same_distance: settings.same_distance,
        }
    }

    pub(super) fn goal(&self) -> Goal {
        Goal {
            events: self.events,
            attempts: if self.attempts == 0 { self.events.saturating_mul(10) } else { self.attempts },
            distinct: self.distinct,
            same_energy: self.same_energy,
            same_distance: self.same_distance,
        }
    }

    pub(super) fn settings(&self) -> Settings {
        Settings {
            seed: self.seed,
            push: self.push,
            push_radius: self.push_radius,
            active: self.active.is_finite().then_some(self.active),
            ftol: self.ftol,
            lanczos_size: self.lanczos_size.max(0) as usize,
            lanczos_step: self.lanczos_step,
            curvature: self.curvature,
            maxeval: self.maxeval,
            barrier: self.barrier,
            connect: self.connect,
            own: self.own,
            same_energy: self.same_energy,
            same_distance: self.same_distance,
            moved_distance: 4.0 * self.same_distance,
            shell: self.shell,
            steps: Steps::for_shell(self.shell),
        }
    }
}

/// The minimum, the centres, and the atoms that are held.
pub(super) unsafe fn read_sample(sample: &ergodic_artn_sample_t) -> Result<(Sample, Vec<u32>, Vec<u32>)> {
    let n = count(sample.n, "n")?;
    let ids = unsafe { slice(sample.ids, n, "ids") }?.to_vec();
    let types = unsafe { slice(sample.types, n, "types") }?.to_vec();
    let positions = unsafe { slice(sample.x, 3 * n, "x") }?.to_vec();
    let centres = unsafe { slice(sample.centres, count(sample.n_centres, "n_centres")?, "centres") }?.to_vec();
    let held = unsafe { slice(sample.held, count(sample.n_held, "n_held")?, "held") }?.to_vec();
    if centres.iter().any(|k| *k as usize >= n || held.binary_search(k).is_ok()) {
        return Err(Error::InvalidParameter("a centre is no atom of the sample that may move".into()));
    }
    Ok((Sample { ids, types, positions, cell: sample.cell.read()? }, centres, held))
}

/// `direction` and `displacement`, as far as they are given.
pub(super) unsafe fn own_vectors(sample: &ergodic_artn_sample_t) -> Result<[Option<Vec<f64>>; 2]> {
    let length = 3 * count(sample.n, "n")?;
    let copy = |from: *const f64, what: &str| {
        if from.is_null() {
            return Ok(None);
        }
        let values = unsafe { slice(from, length, what) }?;
        match values.iter().position(|x| !x.is_finite()) {
            Some(k) => {
                let id = unsafe { slice(sample.ids, length / 3, "ids") }?[k / 3];
                Err(Error::InvalidParameter(format!("{what}: a component of atom {id} is not finite")))
            }
            None => Ok(Some(values.to_vec())),
        }
    };
    Ok([copy(sample.direction, "direction")?, copy(sample.displacement, "refine")?])
}
