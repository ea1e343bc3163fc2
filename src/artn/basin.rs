//! Inside the basin of the initial minimum: away from it, led by the central atom.
//!
//! The lowest modes of a glass in its basin belong to its softest spots, not to the central atom. So after a random displacement
//! of this atom and its next neighbours, forces on them lead the way: those that the springs exert for the displacement so far.
//! The other atoms follow, and everything perpendicular to that relaxes.

use super::lanczos::{Limits, Mode, ModeSubspace, lowest_mode};
use super::lbfgs::{Direction, Memory};
use super::linalg::{add, difference, dot, scale};
use super::preconditioner::Preconditioner;
use super::surface::{Outcome, Point, Surface};
use crate::geometry;

/// The basin of the initial minimum.
#[derive(Debug)]
pub(super) struct Basin {
    /// The initial minimum of the selected atoms.
    pub bottom: Vec<f64>,
    /// The way out if the caller knows it.
    pub given: Option<Direction>,
    /// Weights of the forces on them, per coordinate, that lead away from it.
    pub weights: Vec<f64>,
    /// Part of the lowest mode in the way out: over the direction away from the minimum, both of unit length in the metric.
    pub blend: f64,
    /// The basin is left when the lowest eigenvalue is below this (energy/distance^2).
    pub threshold: f64,
    /// 2-norm of a step (distance).
    pub step: f64,
    /// From this distance on there is no hope to leave it (2-norm).
    pub farthest: f64,
}

impl Basin {
    /// Away from the minimum at `x`, if not the given way; `None` at the minimum itself.
    pub(super) fn outward(&self, preconditioner: &Preconditioner, x: &[f64]) -> Option<Direction> {
        if self.given.is_some() {
            return self.given.clone();
        }
        let mut force = preconditioner.multiply(&difference(x, &self.bottom));
        for (force, weight) in force.iter_mut().zip(&self.weights) {
            *force *= weight;
        }
        answer(preconditioner, force)
    }

    /// Where to go at `x`: outward, with a part of `mode`, which points outward.
    pub(super) fn way(&self, preconditioner: &Preconditioner, x: &[f64], mode: &Mode) -> Option<Direction> {
        let mut v = self.outward(preconditioner, x)?.v;
        add(&mut v, self.blend, &mode.direction.v);
        Direction::new(preconditioner, &v)
    }

    /// The lowest mode at `point`, pointing outward, started from there and from the last `mode`.
    pub(super) fn lowest_mode(
        &self,
        surface: &mut Surface,
        preconditioner: &Preconditioner,
        near: Option<&ModeSubspace>,
        (point, mode): (&Point, &Mode),
        lanczos: Limits,
    ) -> Outcome<Mode> {
        let outward = self.outward(preconditioner, &point.x);
        let mut start = mode.direction.v.clone();
        if let Some(outward) = &outward {
            add(&mut start, 1.0, &outward.v);
        }
        let start = Direction::new(preconditioner, &start).unwrap_or_else(|| mode.direction.clone());
        let mut new = lowest_mode(surface, preconditioner, near, point, &start, lanczos)?;
        let ahead = outward.as_ref().unwrap_or(&mode.direction);
        if dot(&new.direction.v, &ahead.w) < 0.0 {
            new.reverse();
        }
        Ok(new)
    }
}

/// The direction in which springs answer to `force`, whose resultant would move everything alike and is taken out.
fn answer(preconditioner: &Preconditioner, mut force: Vec<f64>) -> Option<Direction> {
    let forces = force.as_chunks_mut::<3>().0;
    let mean: [f64; 3] = std::array::from_fn(|k| forces.iter().map(|f| f[k]).sum::<f64>() / forces.len() as f64);
    for force in forces {
        *force = geometry::difference(force, &mean);
    }
    Direction::new(preconditioner, &preconditioner.solve(&force))
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

impl Mode {
    /// Turns the mode around.
    pub(super) fn reverse(&mut self) {
        let Direction { v, w } = &mut self.direction;
        scale(v, -1.0);
        scale(w, -1.0);
    }
}
