//! From a point of negative curvature up to the saddle.

use super::event::Status;
use super::lanczos::{Limits, Mode, lowest_mode};
use super::lbfgs::{Direction, Memory};
use super::linalg::{add, difference, dot, max_atom, norm, scale};
use super::preconditioner::Preconditioner;
use super::settings::Steps;
use super::surface::{Outcome, Point, Stop, Surface};

/// How to climb.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ascent {
    /// Converged when no force component exceeds this.
    pub tolerance: f64,
    pub steps: Steps,
    /// The mode is found again after this many steps.
    pub refresh: usize,
    pub lanczos: Limits,
    pub most_steps: usize,
}

/// Steps in a row on which the mode may have a positive curvature.
pub const LOST: usize = 60;

pub(super) fn climb(
    surface: &mut Surface,
    preconditioner: &Preconditioner,
    mut point: Point,
    mut mode: Mode,
    memory: &mut Memory,
    ascent: Ascent,
) -> Outcome<(Point, Mode)> {
    let mut lost = 0;
    let mut age = 0;
    let trace = std::env::var("TRACE").is_ok();
    for i in 0..ascent.most_steps {
        if point.fmax() < ascent.tolerance {
            if age > 0 {
                mode = refreshed(surface, preconditioner, &point, &mode, ascent.lanczos)?;
                age = 0;
            }
            if mode.value < 0.0 {
                return Ok((point, mode));
            }
        }
        let slope = dot(&mode.direction.v, &point.gradient);
        let length = norm(&mode.direction.v);
        let newton = if mode.value < 0.0 { -slope / mode.value } else { f64::INFINITY };
        let cap = ascent.steps.mode / length;
        let along = newton.clamp(-cap, cap);
        let mut step = memory.step(preconditioner, &point.gradient, Some(&mode.direction));
        let longest = max_atom(&step);
        if longest > ascent.steps.atom {
            scale(&mut step, ascent.steps.atom / longest);
        }
        if trace {
            eprintln!(
                "  climb {i} e {:.4} fmax {:.4} mu {:.3} curv {:.3} res {:.2} slope {slope:.3} along {:.3} perp {:.3} ev {}",
                point.energy,
                point.fmax(),
                mode.value,
                mode.curvature,
                mode.residual,
                along * length,
                longest,
                surface.counts().total
            );
        }
        add(&mut step, along, &mode.direction.v);
        let mut x = point.x.clone();
        add(&mut x, 1.0, &step);
        let next = surface.evaluate(x)?;
        memory.push(step, difference(&next.gradient, &point.gradient));
        point = next;
        age += 1;
        if age >= ascent.refresh {
            let new = refreshed(surface, preconditioner, &point, &mode, ascent.lanczos)?;
            age = 0;
            if new.value < 0.0 {
                lost = 0;
                mode = new;
            } else {
                lost += ascent.refresh;
                if std::env::var("NOFOLLOW").is_err() {
                    mode = new;
                } else {
                    mode.value = new.value;
                }
                if lost > std::env::var("LOST").map_or(LOST, |v| v.parse().unwrap()) {
                    return Err(Stop::Failed(Status::EigenvalueLost));
                }
            }
        }
    }
    Err(Stop::Failed(Status::NotConverged))
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
        for vector in [v, w, &mut self.product] {
            scale(vector, -1.0);
        }
    }
}
