//! Down to a minimum.

use super::event::Status;
use super::lbfgs::Memory;
use super::linalg::{add, difference, dot, max_atom, scale};
use super::preconditioner::Preconditioner;
use super::surface::{Outcome, Point, Stop, Surface};

/// How to relax.
#[derive(Debug, Clone, Copy)]
pub(super) struct Descent {
    /// Converged when no force component exceeds this.
    pub tolerance: f64,
    /// Largest displacement of an atom in a step.
    pub longest: f64,
    /// First step (displacement of the most displaced atom) if the descent begins beside a saddle, where the slope is
    /// concave and the forces may be small; else 0.
    pub first_step: f64,
}

/// Preconditioned L-BFGS from `point` until it has converged or `stop` says so.
pub(super) fn relax(
    surface: &mut Surface,
    preconditioner: &Preconditioner,
    mut point: Point,
    memory: &mut Memory,
    descent: &Descent,
    stop: impl Fn(&Point) -> bool,
) -> Outcome<Point> {
    const MOST_STEPS: usize = 500;
    /// Relative error of an energy.
    const ROUNDING: f64 = 1e-11;
    let mut trust = descent.longest;
    let mut leaving = descent.first_step > 0.0;
    let mut concave = leaving;
    let mut last = 0.5 * descent.first_step;
    for _ in 0..MOST_STEPS {
        if !leaving && (point.fmax() < descent.tolerance || stop(&point)) {
            return Ok(point);
        }
        let mut step = memory.step(preconditioner, &point.gradient, None);
        let size = max_atom(&step);
        // On a concave slope the springs would make the step too short: at least twice the last one.
        let wanted = if concave { size.max(2.0 * last) } else { size };
        last = wanted.min(trust);
        scale(&mut step, last / size);
        let mut x = point.x.clone();
        add(&mut x, 1.0, &step);
        let next = surface.evaluate(x)?;
        let change = difference(&next.gradient, &point.gradient);
        let slope = dot(&step, &point.gradient);
        concave = dot(&step, &change) <= 0.0;
        leaving &= concave;
        memory.push(step, change);
        let noise = ROUNDING * point.energy.abs() + 1e-3 * slope.abs();
        if next.energy > point.energy + noise && next.fmax() > point.fmax() {
            trust = 0.5 * last;
        } else {
            trust = (2.0 * trust).min(descent.longest);
            point = next;
        }
    }
    Err(Stop::Failed(Status::NotConverged))
}
