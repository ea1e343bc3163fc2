//! From a point of negative curvature up to the saddle.

use super::event::Status;
use super::exit::advance;
use super::lanczos::{Limits, Mode, lowest_mode};
use super::lbfgs::{Direction, Memory};
use super::linalg::{add, cap_atoms, dot, norm, scale};
use super::preconditioner::Preconditioner;
use super::settings::tune;
use super::surface::{Outcome, Point, Stop, Surface};

/// How to climb.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ascent {
    /// Converged when no force component exceeds this.
    pub tolerance: f64,
    /// Largest 2-norm of a step along the mode.
    pub mode_step: f64,
    /// Largest displacement of an atom in the hyperplane.
    pub atom_step: f64,
    /// Steps after which the mode is found again.
    pub refresh: usize,
    pub lanczos: Limits,
}

/// Steps in a row with a positive lowest curvature after which the search is given up.
const MOST_LOST: usize = 60;
/// Steps after which the search is given up.
const MOST_STEPS: usize = 500;

/// Climbs along the lowest mode, while relaxing in the hyperplane perpendicular to it, until the forces vanish where the
/// mode has negative curvature. One evaluation serves both. Where the lowest curvature is positive the climb goes on along
/// the weakest mode.
pub(super) fn climb(
    surface: &mut Surface,
    preconditioner: &Preconditioner,
    mut point: Point,
    mut mode: Mode,
    memory: &mut Memory,
    ascent: &Ascent,
) -> Outcome<(Point, Mode)> {
    let mut lost = 0;
    let mut age = 0;
    let trace = std::env::var("TRACE").is_ok();
    for i in 0..MOST_STEPS {
        let converged = point.fmax() < ascent.tolerance;
        if age >= ascent.refresh || (converged && mode.value >= 0.0 && age > 0) {
            mode = refreshed(surface, preconditioner, &point, &mode, ascent.lanczos)?;
            if tune("PAIRS", 1.0) > 0.0 {
                for (v, product) in std::mem::take(&mut mode.others) {
                    memory.push(v, product);
                }
            }
            lost = if mode.value < 0.0 { 0 } else { lost + age };
            age = 0;
            if lost > tune("LOST", MOST_LOST as f64) as usize {
                return Err(Stop::Failed(Status::EigenvalueLost));
            }
        }
        if converged && mode.value < 0.0 {
            return Ok((point, mode));
        }
        let mut step = memory.step(preconditioner, &point.gradient, Some(&mode.direction));
        let size = super::linalg::max_atom(&step);
        cap_atoms(&mut step, ascent.atom_step);
        let hold = if size > ascent.atom_step { (ascent.atom_step / size).powf(tune("HOLD", 0.0)) } else { 1.0 };
        let along = along_mode(&point, &mode, ascent.mode_step * hold);
        if trace {
            eprintln!(
                "  climb {i} n {} e {:.4} fmax {:.4} mu {:.3} curv {:.3} res {:.2} along {:.3} perp {:.3} ev {}",
                surface.atoms().len(),
                point.energy,
                point.fmax(),
                mode.value,
                mode.curvature,
                mode.residual,
                along * norm(&mode.direction.v),
                size,
                surface.counts().total
            );
        }
        add(&mut step, along, &mode.direction.v);
        point = advance(surface, &point, 1.0, &step, memory)?;
        age += 1;
    }
    Err(Stop::Failed(Status::NotConverged))
}

/// Step along the mode: to where the force along it is expected to vanish if its curvature is negative, else onwards.
fn along_mode(point: &Point, mode: &Mode, longest: f64) -> f64 {
    let cap = longest / norm(&mode.direction.v);
    let slope = dot(&mode.direction.v, &point.gradient);
    if mode.value < 0.0 { (-slope / mode.value).clamp(-cap, cap) } else { cap }
}

/// The lowest mode at `point`, pointing the way of `mode`.
fn refreshed(
    surface: &mut Surface,
    preconditioner: &Preconditioner,
    point: &Point,
    mode: &Mode,
    limits: Limits,
) -> Outcome<Mode> {
    let mut new = lowest_mode(surface, preconditioner, point, &mode.direction, limits)?;
    if dot(&new.direction.v, &mode.direction.w) < 0.0 {
        new.reverse();
    }
    Ok(new)
}

impl Mode {
    /// Turns the mode around.
    pub(super) fn reverse(&mut self) {
        let Direction { v, w } = &mut self.direction;
        scale(v, -1.0);
        scale(w, -1.0);
    }
}
