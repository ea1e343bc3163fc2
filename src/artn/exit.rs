//! Out of the basin of the initial minimum.

use super::event::Status;
use super::lanczos::{Limits, Mode, lowest_mode};
use super::lbfgs::{Direction, Memory};
use super::linalg::{add, cap_atoms, difference, dot};
use super::preconditioner::Preconditioner;
use super::settings::{Settings, tune};
use super::surface::{Outcome, Point, Stop, Surface};

/// Pushes along `direction` (unit length) from `start`, with few relaxations in the hyperplane perpendicular to it, until
/// the lowest curvature is below the threshold.
pub(super) fn leave_basin(
    surface: &mut Surface,
    preconditioner: &Preconditioner,
    settings: &Settings,
    start: Point,
    direction: &[f64],
    memory: &mut Memory,
) -> Outcome<(Point, Mode)> {
    /// The push ends after this many times the radius of the pushed neighbourhood.
    const FARTHEST: f64 = 2.0;
    let plane = Direction::new_dual(preconditioner, direction).expect("the push has a length");
    let limits = Limits { size: settings.lanczos_size, step: settings.lanczos_step, residual: tune("RES1", 0.1) };
    let mut guess = Direction::new(preconditioner, direction).expect("the push has a length");
    let mut distance = settings.push;
    let mut point = advance(surface, &start, settings.push, direction, memory)?;
    loop {
        for _ in 0..tune("PERP", 2.0) as usize {
            let mut step = memory.step(preconditioner, &point.gradient, Some(&plane));
            cap_atoms(&mut step, settings.steps.atom);
            point = advance(surface, &point, 1.0, &step, memory)?;
        }
        let mut mode = lowest_mode(surface, preconditioner, &point, &guess, limits)?;
        if tune("PAIRS", 1.0) > 0.0 {
            for (v, product) in std::mem::take(&mut mode.others) {
                memory.push(v, product);
            }
        }
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
