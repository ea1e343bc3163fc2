//! Out of the basin of the initial minimum.

use super::event::Status;
use super::lanczos::{Limits, Mode, Near, lowest_mode};
use super::lbfgs::{Direction, Memory};
use super::linalg::{add, difference, dot};
use super::preconditioner::Preconditioner;
use super::settings::Settings;
use super::surface::{Outcome, Point, Stop, Surface};

/// Pushes along `direction` (unit length) from `start` until the lowest curvature is below the threshold,
/// that of the atoms `near` if they are given.
///
/// Nothing relaxes on the way: relaxed pushes slide along the floor of the valley, need more increments until a curvature is
/// negative, and end in other basins more often.
pub(super) fn leave_basin(
    surface: &mut Surface,
    preconditioner: &Preconditioner,
    near: Option<&Near>,
    settings: &Settings,
    start: &Point,
    direction: &[f64],
    memory: &mut Memory,
) -> Outcome<(Point, Mode)> {
    /// The push ends after this many times the radius of the pushed neighbourhood.
    const FARTHEST: f64 = 2.0;
    /// Of the lowest mode.
    const RESIDUAL: f64 = 0.1;
    let limits = Limits { size: settings.lanczos_size, step: settings.lanczos_step, residual: RESIDUAL };
    // A push that moves all atoms alike leads nowhere.
    let mut guess = Direction::new(preconditioner, direction).ok_or(Stop::Failed(Status::NoExit))?;
    let mut distance = settings.push;
    let mut point = advance(surface, start, settings.push, direction, memory)?;
    loop {
        let mut mode = lowest_mode(surface, preconditioner, near, &point, &guess, limits)?;
        memory.extend(&mut mode.others);
        if mode.curvature < settings.curvature {
            if dot(&mode.direction.w, &difference(&point.x, &start.x)) < 0.0 {
                mode.reverse();
            }
            return Ok((point, mode));
        }
        if distance > FARTHEST * settings.push_radius {
            return Err(Stop::Failed(Status::NoExit));
        }
        guess = mode.direction;
        distance += settings.steps.push;
        point = advance(surface, &point, settings.steps.push, direction, memory)?;
    }
}

/// The point at `factor` times `step` from `point`; its curvature is remembered.
pub(super) fn advance(
    surface: &mut Surface,
    point: &Point,
    factor: f64,
    step: &[f64],
    memory: &mut Memory,
) -> Outcome<Point> {
    let mut x = point.x.clone();
    add(&mut x, factor, step);
    let next = surface.evaluate(x)?;
    memory.push(difference(&next.x, &point.x), difference(&next.gradient, &point.gradient));
    Ok(next)
}
