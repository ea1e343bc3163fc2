//! Down on both sides of a saddle.

use super::attempt::{Attempt, FreeSaddle};
use super::event::Status;
use super::lanczos::Mode;
use super::lbfgs::Memory;
use super::linalg::{add, difference, dot, max_atom, norm};
use super::relax::{Descent, relax};
use super::surface::{Outcome, Point, Stop};

/// ftol factor below which a relaxation that is still far from the initial minimum will not get there.
const FAR_FTOL: f64 = 3.0;

/// Where one side of a saddle leads, the atoms outside the region at rest in `around`.
struct Side {
    point: Point,
    memory: Memory,
    around: Vec<f64>,
    /// Whether that is the initial minimum.
    home: bool,
}

impl Attempt<'_> {
    /// Whether a side of a rough saddle of the first region, the surroundings at rest, leads to the initial minimum `bottom`: if
    /// not, a better saddle will not either, and costs as much again.
    pub(super) fn check_way_home(&mut self, point: &Point, mode: &Mode, bottom: &Point) -> Outcome<()> {
        let v = &mode.direction.v;
        let back = if dot(v, &difference(&point.x, &bottom.x)) > 0.0 { -1.0 } else { 1.0 };
        for sign in [back, -back] {
            if self.relax_side(&point.x, v, sign, bottom)?.home {
                return Ok(());
            }
        }
        Err(Stop::Failed(Status::NotConnected))
    }

    /// Relaxes both sides of the saddle: one must lead to the initial minimum, the other to another one.
    pub(super) fn connect(&mut self, saddle: &FreeSaddle) -> Outcome<()> {
        let initial = &self.reference.sample.positions;
        let back = if dot(&saddle.v, &difference(&saddle.point.x, initial)) > 0.0 { -1.0 } else { 1.0 };
        self.activate_region(0, initial)?;
        let bottom = self.surface.evaluate(self.surface.gather(initial))?;
        let (x, v) = (self.surface.gather(&saddle.point.x), self.surface.gather(&saddle.v));
        let first = self.relax_side(&x, &v, back, &bottom)?;
        let far = if first.home {
            // In its initial place the surroundings might push a new minimum back.
            self.activate_region(0, &saddle.point.x)?;
            Side { around: saddle.point.x.clone(), ..self.relax_side(&x, &v, -back, &bottom)? }
        } else if self.relax_side(&x, &v, -back, &bottom)?.home {
            first
        } else {
            return Err(Stop::Failed(Status::NotConnected));
        };
        let minimum = self.free_minimum(far)?;
        self.record_minimum(minimum)
    }

    /// Relaxes the region from beside the saddle `x` with the mode `v` and says whether that leads to the initial minimum `bottom`.
    fn relax_side(&mut self, x: &[f64], v: &[f64], sign: f64, bottom: &Point) -> Outcome<Side> {
        let settings = &self.reference.settings;
        let mut x = x.to_vec();
        add(&mut x, sign * settings.steps.side / norm(v), v);
        let point = self.surface.evaluate(x)?;
        let frame = &self.reference.frame;
        let full = self.surface.is_full();
        let away = |point: &Point| {
            if full {
                max_atom(frame.displacements(&point.x).as_flattened())
            } else {
                max_atom(&difference(&point.x, &bottom.x))
            }
        };
        let arrived = |point: &Point| {
            (point.energy - bottom.energy).abs() < settings.same_energy && away(point) <= settings.same_distance
        };
        let elsewhere =
            |point: &Point| point.fmax() < FAR_FTOL * settings.ftol && away(point) > 5.0 * settings.same_distance;
        let mut memory = Memory::default();
        let descent =
            Descent { tolerance: settings.ftol, longest: settings.steps.descent, first_step: settings.steps.side };
        let local = self.local();
        let point =
            relax(&mut self.surface, &local, point, &mut memory, &descent, |point| arrived(point) || elsewhere(point))?;
        let home = arrived(&point);
        Ok(Side { point, memory, around: self.reference.sample.positions.clone(), home })
    }

    /// Converges a minimum of the region with all atoms free.
    fn free_minimum(&mut self, side: Side) -> Outcome<Point> {
        let Side { mut point, mut memory, around: mut positions, .. } = side;
        self.surface.scatter(&point.x, &mut positions);
        for stage in 1.min(self.regions.len() - 1)..self.regions.len() {
            let before = self.surface.atoms().to_vec();
            let metric = self.activate_region(stage, &positions)?;
            point = self.surface.evaluate(self.surface.gather(&positions))?;
            let tolerance = self.tolerance(stage);
            let last = stage + 1 == self.regions.len();
            if last && point.fmax() < tolerance {
                break;
            }
            memory = memory.carried(&before, self.surface.atoms(), &metric);
            let descent = Descent { tolerance, longest: self.reference.settings.steps.descent, first_step: 0.0 };
            point = relax(&mut self.surface, &metric, point, &mut memory, &descent, |_| false)?;
            self.surface.scatter(&point.x, &mut positions);
        }
        Ok(point)
    }

    fn record_minimum(&mut self, minimum: Point) -> Outcome<()> {
        let settings = &self.reference.settings;
        if self.is_initial(&minimum, settings.same_distance) {
            return Err(Stop::Failed(Status::NoNewMinimum));
        }
        let moved = self.reference.frame.displacements(&minimum.x);
        self.event.energy_final = minimum.energy;
        self.event.dr_final = norm(moved.as_flattened());
        self.event.dr_center_final = norm(&moved[self.centre]);
        self.event.moved = moved.iter().filter(|d| norm(&d[..]) > settings.moved_distance).count() as u32;
        self.event.minimum = minimum.x;
        Ok(())
    }
}
