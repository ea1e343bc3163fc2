//! Down to a minimum.

use super::event::Status;
use super::lbfgs::Memory;
use super::linalg::{add, difference, dot, max_atom, scale};
use super::preconditioner::Preconditioner;
use super::surface::{Outcome, Point, Stop, Surface};

/// Preconditioned L-BFGS from `point` until no force component exceeds `tolerance` or `stop` says so. No atom moves by more
/// than `longest` in a step.
pub(super) fn relax(
    surface: &mut Surface,
    preconditioner: &Preconditioner,
    mut point: Point,
    memory: &mut Memory,
    longest: f64,
    tolerance: f64,
    mut stop: impl FnMut(&Point) -> bool,
) -> Outcome<Point> {
    const MOST_STEPS: usize = 1000;
    let mut trust = longest;
    let mut concave = false;
    let mut last = 0.0;
    for _ in 0..MOST_STEPS {
        if point.fmax() < tolerance || stop(&point) {
            return Ok(point);
        }
        let mut step = memory.step(preconditioner, &point.gradient, None);
        let size = max_atom(&step);
        if size > trust {
            scale(&mut step, trust / size);
        } else if concave && size < trust.min(2.0 * last) {
            scale(&mut step, trust.min(2.0 * last) / size);
        }
        last = max_atom(&step);
        let mut x = point.x.clone();
        add(&mut x, 1.0, &step);
        let next = surface.evaluate(x)?;
        let change = difference(&next.gradient, &point.gradient);
        concave = dot(&step, &change) <= 0.0;
        let expected = dot(&step, &point.gradient);
        memory.push(step, change);
        if next.energy > point.energy + 1e-3 * expected.abs() && next.fmax() > 0.5 * point.fmax() {
            trust = 0.5 * last;
        } else {
            trust = (2.0 * trust).min(longest);
            point = next;
        }
    }
    Err(Stop::Failed(Status::NotConverged))
}
