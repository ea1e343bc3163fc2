//! Out of the basin and up to the saddle.

use super::basin::{Basin, advance};
use super::event::Status;
use super::lanczos::{Limits, Mode, ModeSubspace, lowest_mode};
use super::lbfgs::Memory;
use super::linalg::{add, difference, dot, max_atom, norm, scale};
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
    /// The same inside the basin.
    pub basin_lanczos: Limits,
    /// Atoms that the mode is made of, if not all.
    pub near: Option<&'a ModeSubspace>,
    /// Steps after which the mode is found again.
    pub refresh: usize,
    /// The basin that is to be left, if the climb begins in it.
    pub basin: Option<&'a Basin>,
}

/// Steps inside the basin after which the lowest mode is found again.
const BASIN_REFRESH: usize = 4;
/// Lowest eigenvalue in the metric above which a climb is back in a basin, and goes on as in the first one.
const BACK: f64 = 0.1;
/// Steps that the climb waits for the relaxation into the valley, which never ends where a second mode is unstable too.
const PATIENCE: usize = 40;
/// Share of the longest step along the mode that is made after that.
const LEAST_FRACTION: f64 = 0.2;
/// Way in a row with a positive lowest curvature after which the search is given up, over the longest step along the mode.
const MOST_LOST: f64 = 60.0;
/// Times that the lowest curvature may become positive: a saddle that is none any more makes it change its sign for ever.
const MOST_FLIPS: usize = 30;
/// Steps after which the search is given up: few saddles are farther, and cost more than a new attempt.
const MOST_STEPS: usize = 130;

/// Goes on in the basin while the lowest curvature is positive, then climbs along the lowest mode, while relaxing in the
/// hyperplane perpendicular to it, until the forces vanish where the mode has negative curvature. One evaluation serves both.
/// Without a basin the climb goes on along the weakest mode where the lowest curvature is positive.
pub(super) fn climb(
    surface: &mut Surface,
    preconditioner: &Preconditioner,
    mut point: Point,
    mut mode: Mode,
    memory: &mut Memory,
    ascent: &Ascent,
) -> Outcome<(Point, Mode)> {
    let mut inside = ascent.basin.filter(|basin| mode.curvature >= basin.threshold);
    let mut status = if inside.is_some() { Status::NoExit } else { Status::EigenvalueLost };
    let (mut positive_curvature_path, mut flips) = (0.0, 0);
    // Of the mode; one that comes from a push has to be found at once.
    let mut age = if inside.is_some() { BASIN_REFRESH } else { 0 };
    let mut waited = 0;
    for _ in 0..MOST_STEPS {
        let converged = point.fmax() < ascent.tolerance;
        let due = age >= if inside.is_some() { BASIN_REFRESH } else { ascent.refresh };
        if due || (converged && mode.value >= 0.0 && age > 0) {
            let way = inside.map_or(basin_step_factor(mode.value), |basin| basin.step / ascent.mode_step);
            mode = match inside {
                Some(basin) => {
                    basin.lowest_mode(surface, preconditioner, ascent.near, (&point, &mode), ascent.basin_lanczos)?
                }
                None => refreshed(surface, preconditioner, &point, &mode, ascent)?,
            };
            memory.extend(&mut mode.others);
            flips += usize::from(mode.value >= 0.0 && positive_curvature_path == 0.0);
            positive_curvature_path = if mode.value < 0.0 { 0.0 } else { positive_curvature_path + age as f64 * way };
            age = 0;
            let far = inside.is_some_and(|basin| norm(&difference(&point.x, &basin.bottom)) > basin.farthest);
            let most = MOST_LOST * inside.map_or(1.0, |basin| basin.step / ascent.mode_step);
            if positive_curvature_path > most || flips > MOST_FLIPS || far {
                return Err(Stop::Failed(status));
            }
            let was_inside = inside.is_some();
            inside = ascent
                .basin
                .filter(|basin| if was_inside { mode.curvature >= basin.threshold } else { mode.value > BACK });
            if inside.is_none() {
                status = Status::EigenvalueLost;
            }
        }
        if converged && mode.value < 0.0 {
            return Ok((point, mode));
        }
        let outward = inside.and_then(|basin| Some((basin.way(preconditioner, &point.x, &mode)?, basin.step)));
        let along = outward.as_ref().map_or(&mode.direction, |(way, _)| way);
        let mut step = memory.step(preconditioner, &point.gradient, Some(along));
        // Far above the valley the relaxation goes first, lest the climb lead over other ridges.
        let mode_step_fraction = (ascent.atom_step / max_atom(&step)).min(1.0);
        scale(&mut step, mode_step_fraction);
        let length = if let Some((way, step)) = &outward {
            mode_step_fraction * mode_step_fraction * step / norm(&way.v)
        } else {
            waited += usize::from(mode_step_fraction < 1.0);
            let least = if waited > PATIENCE { LEAST_FRACTION } else { 0.0 };
            along_mode(&point, &mode, (mode_step_fraction * mode_step_fraction).max(least) * ascent.mode_step)
        };
        add(&mut step, length, &along.v);
        point = advance(surface, &point, 1.0, &step, memory)?;
        age += 1;
    }
    Err(Stop::Failed(if status == Status::NoExit { status } else { Status::NotConverged }))
}

/// Step along the mode: to where the force along it is expected to vanish if its curvature is negative, else onwards.
fn along_mode(point: &Point, mode: &Mode, longest: f64) -> f64 {
    let cap = longest / norm(&mode.direction.v);
    let slope = dot(&mode.direction.v, &point.gradient);
    if mode.value < 0.0 { (-slope / mode.value).clamp(-cap, cap) } else { basin_step_factor(mode.value) * cap }
}

/// How much longer steps may be deep in a basin, where the lowest eigenvalue in the metric is `value`: they need not follow
/// a ridge there. Near the inflection they must be short, or the search ends in other basins.
fn basin_step_factor(value: f64) -> f64 {
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
