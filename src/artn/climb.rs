//! From a point of negative curvature up to the saddle.

use super::event::Status;
use super::exit::advance;
use super::lanczos::{Limits, Mode, Near, lowest_mode};
use super::lbfgs::{Direction, Memory};
use super::linalg::{add, dot, max_atom, norm, scale};
use super::preconditioner::Preconditioner;
use super::surface::{Outcome, Point, Stop, Surface};

/// How to climb.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ascent<'a> {
    /// Converged when no force component exceeds this.
    pub tolerance: f64,
    /// Largest 2-norm of a step along the mode.
    pub mode_step: f64,
    /// Largest displacement of an atom in the hyperplane.
    pub atom_step: f64,
    pub lanczos: Limits,
    /// Atoms that the mode is made of, if not all.
    pub near: Option<&'a Near>,
    /// Steps after which the mode is found again.
    pub refresh: usize,
}

/// Steps that the climb waits for the relaxation into the valley, which never ends where a second mode is unstable too.
const PATIENCE: usize = 40;
/// Share of the longest step along the mode that is made after that.
const LEAST_HASTE: f64 = 0.2;
/// Way in a row with a positive lowest curvature after which the search is given up, over the longest step along the mode.
const MOST_LOST: f64 = 60.0;
/// Times that the lowest curvature may become positive: a saddle that is none any more makes it change its sign for ever.
const MOST_FLIPS: usize = 30;
/// Steps after which the search is given up: one in thirty saddles is farther, and costs more than a new attempt.
const MOST_STEPS: usize = 150;

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
    let (mut lost, mut flips) = (0.0, 0);
    let mut age = 0;
    let mut waited = 0;
    for _ in 0..MOST_STEPS {
        let converged = point.fmax() < ascent.tolerance;
        if age >= ascent.refresh || (converged && mode.value >= 0.0 && age > 0) {
            mode = refreshed(surface, preconditioner, &point, &mode, ascent)?;
            memory.extend(&mut mode.others);
            flips += usize::from(mode.value >= 0.0 && lost == 0.0);
            lost = if mode.value < 0.0 { 0.0 } else { lost + age as f64 * stride(mode.value) };
            age = 0;
            if lost > MOST_LOST || flips > MOST_FLIPS {
                return Err(Stop::Failed(Status::EigenvalueLost));
            }
        }
        if converged && mode.value < 0.0 {
            return Ok((point, mode));
        }
        let mut step = memory.step(preconditioner, &point.gradient, Some(&mode.direction));
        // Far above the valley the relaxation goes first, lest the climb lead over other ridges.
        let haste = (ascent.atom_step / max_atom(&step)).min(1.0);
        scale(&mut step, haste);
        waited += usize::from(haste < 1.0);
        let least = if waited > PATIENCE { LEAST_HASTE } else { 0.0 };
        let along = along_mode(&point, &mode, (haste * haste).max(least) * ascent.mode_step);
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
    if mode.value < 0.0 { (-slope / mode.value).clamp(-cap, cap) } else { stride(mode.value) * cap }
}

/// How much longer steps may be deep in a basin, where the lowest eigenvalue in the metric is `value`: they need not follow
/// a ridge there. Near the inflection they must be short, or the search ends in other basins.
fn stride(value: f64) -> f64 {
    const INFLECTION: f64 = 0.05;
    (1.0 + 10.0 * (value - INFLECTION)).clamp(1.0, 2.5)
}

/// The mode at `point` that `mode` has become, pointing the same way.
fn refreshed(
    surface: &mut Surface,
    preconditioner: &Preconditioner,
    point: &Point,
    mode: &Mode,
    ascent: &Ascent,
) -> Outcome<Mode> {
    let mut new = lowest_mode(surface, preconditioner, ascent.near, point, &mode.direction, ascent.lanczos)?;
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
