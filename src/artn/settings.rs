//! What a search is asked for.

use super::scale::Scale;
use crate::error::{Error, Result};

/// Settings of a search. [`Settings::default`] is for `units metal` (Angstrom, eV), [`Settings::scaled`] for other units.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Key of the random numbers, with the ID of the centre and the trial.
    pub seed: u64,
    /// 2-norm of the initial random displacement (distance).
    pub push: f64,
    /// The push moves the centre and all atoms within this distance of it.
    pub push_radius: f64,
    /// Atoms within this distance of the centre move first; `None`: all atoms from the beginning.
    pub active: Option<f64>,
    /// Converged when no force component of any atom exceeds this (energy/distance).
    pub ftol: f64,
    /// Most vectors of a Krylov space.
    pub lanczos_size: usize,
    /// Finite-difference step of a Lanczos product: 2-norm of the displacement (distance).
    pub lanczos_step: f64,
    /// The basin is left when the lowest eigenvalue is below this (energy/distance^2).
    pub curvature: f64,
    /// Force evaluations allowed per attempt.
    pub maxeval: u64,
    /// Barriers outside fail as [`Status::BarrierRange`](super::Status::BarrierRange) (energy).
    pub barrier: [f64; 2],
    /// Whether both sides of the saddle are relaxed and one of them must be the initial minimum.
    pub connect: bool,
    /// An event is the central atom's own if that is displaced by at least this (distance) at the saddle or in the new
    /// minimum.
    pub own: f64,
    /// Two configurations are the same if their energies differ by less than this ...
    pub same_energy: f64,
    /// ... and no atom differs by more than this (distance), the mean drift removed.
    pub same_distance: f64,
    /// An atom displaced by more than this between the minima counts as moved (distance).
    pub moved_distance: f64,
    /// Radius of the first shell of neighbours, within which springs are fitted (distance).
    pub shell: f64,
    /// Step lengths of the search.
    pub steps: Steps,
}

/// Step lengths of a search (distance).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Steps {
    /// 2-norm of an increment along the push inside the basin.
    pub push: f64,
    /// Largest 2-norm of a step along the lowest mode.
    pub mode: f64,
    /// Largest displacement of one atom in a step perpendicular to the mode.
    pub atom: f64,
    /// 2-norm of the displacement from the saddle along the mode, from where each side is relaxed.
    pub side: f64,
    /// Largest displacement of one atom in a step down to a minimum.
    pub descent: f64,
}

impl Steps {
    /// Step lengths for atoms whose nearest neighbours (first shell) are within `shell`; 3.7 Angstrom in metals.
    #[must_use]
    pub fn for_shell(shell: f64) -> Self {
        let unit = shell / 3.7;
        Steps { push: 0.15 * unit, mode: 0.10 * unit, atom: 0.08 * unit, side: 0.2 * unit, descent: 0.3 * unit }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings::scaled(&Scale::METAL)
    }
}

impl Settings {
    /// Defaults for a sample of this scale, to two digits, as one would give them.
    #[must_use]
    pub fn scaled(scale: &Scale) -> Self {
        let length = |metal: f64| two_digits(metal * scale.length);
        let same_distance = length(0.1);
        Settings {
            seed: 1,
            push: length(0.5),
            push_radius: length(3.7),
            active: Some(length(10.0)),
            ftol: two_digits(0.01 * scale.stiffness * scale.length),
            lanczos_size: 6,
            lanczos_step: length(1e-3),
            curvature: 0.0,
            maxeval: 2000,
            barrier: [0.0, f64::INFINITY],
            connect: true,
            own: 0.0,
            same_energy: two_digits(1e-3 * scale.stiffness * scale.length * scale.length),
            same_distance,
            moved_distance: 4.0 * same_distance,
            shell: length(3.7),
            steps: Steps::for_shell(length(3.7)),
        }
    }

    /// Says what is wrong with a value.
    ///
    /// # Errors
    /// `InvalidParameter` that names the setting and the value.
    pub fn check(&self) -> Result<()> {
        let positive = [
            ("push", self.push),
            ("push radius", self.push_radius),
            ("active", self.active.unwrap_or(1.0)),
            ("ftol", self.ftol),
            ("lanczos step", self.lanczos_step),
            ("same-minimum energy", self.same_energy),
            ("same-minimum distance", self.same_distance),
            ("moved distance", self.moved_distance),
            ("shell", self.shell),
            ("push increment", self.steps.push),
            ("mode step", self.steps.mode),
            ("atom step", self.steps.atom),
            ("side step", self.steps.side),
            ("descent step", self.steps.descent),
        ];
        for (name, value) in positive {
            if !(value > 0.0 && value.is_finite()) {
                return Err(Error::InvalidParameter(format!("{name} = {} is not a number > 0", short(value))));
            }
        }
        let invalid = |text: String| Err(Error::InvalidParameter(text));
        if self.lanczos_size < 2 {
            return invalid(format!("lanczos = {} is less than 2 vectors", self.lanczos_size));
        }
        if !(self.curvature <= 0.0 && self.curvature.is_finite()) {
            return invalid(format!("curvature {} is positive: use a number of 0 or less", short(self.curvature)));
        }
        if !(self.own >= 0.0 && self.own.is_finite()) {
            return invalid(format!("own {} is negative: use a number of 0 or more", short(self.own)));
        }
        if self.maxeval == 0 {
            return invalid("maxeval must be at least 1".into());
        }
        let [lowest, highest] = self.barrier;
        if !(lowest >= 0.0 && lowest.is_finite() && highest > lowest) {
            return invalid(format!(
                "barrier {} {} is not a range: use 0 <= Emin < Emax",
                short(lowest),
                short(highest)
            ));
        }
        Ok(())
    }
}

fn two_digits(value: f64) -> f64 {
    format!("{value:.1e}").parse().unwrap_or(value)
}

/// A number for a message: never the 309 digits that it may have.
pub(super) fn short(value: f64) -> String {
    if value == 0.0 || (1e-4..1e6).contains(&value.abs()) { value.to_string() } else { format!("{value:e}") }
}
