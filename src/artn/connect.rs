//! Down on both sides of a saddle.

use super::attempt::{Attempt, FreeSaddle};
use super::event::{Status, displacements, same_configuration};
use super::lbfgs::Memory;
use super::linalg::{add, difference, dot, max_atom, norm};
use super::relax::{Descent, relax};
use super::surface::{Outcome, Point, Stop, Surface};

/// Below this times the tolerance a relaxation that is far from the initial minimum will not get there.
const ELSEWHERE: f64 = 3.0;
/// Over the distance of equal minima: from where on the straight way to the initial minimum is tried.
const NEAR: f64 = 6.0;

/// Where one side of a saddle leads, the atoms outside the region at rest in `around`.
struct Side {
    point: Point,
    memory: Memory,
    around: Vec<f64>,
    /// Whether that is the initial minimum.
    home: bool,
}

impl Attempt<'_> {
    /// Relaxes both sides of the saddle: one must lead to the initial minimum, the other to another one.
    pub(super) fn connect(&mut self, saddle: &FreeSaddle) -> Outcome<()> {
        let initial = &self.search.sample.positions;
        let back = if dot(&saddle.v, &difference(&saddle.point.x, initial)) > 0.0 { -1.0 } else { 1.0 };
        self.enter(0, initial)?;
        let bottom = self.surface.evaluate(self.surface.gather(initial))?;
        let first = self.relax_side(saddle, back, &bottom)?;
        let far = if first.home {
            // In its initial place the surroundings might push a new minimum back.
            self.enter(0, &saddle.point.x)?;
            Side { around: saddle.point.x.clone(), ..self.relax_side(saddle, -back, &bottom)? }
        } else if self.relax_side(saddle, -back, &bottom)?.home {
            first
        } else {
            return Err(Stop::Failed(Status::NotConnected));
        };
        let minimum = self.free_minimum(far)?;
        self.record_minimum(minimum)
    }

    /// Relaxes the region from beside the saddle and says whether that leads to the initial minimum `bottom`.
    fn relax_side(&mut self, saddle: &FreeSaddle, sign: f64, bottom: &Point) -> Outcome<Side> {
        let settings = &self.search.settings;
        let v = self.surface.gather(&saddle.v);
        let mut x = self.surface.gather(&saddle.point.x);
        add(&mut x, sign * settings.steps.side / norm(&v), &v);
        let point = self.surface.evaluate(x)?;
        let cell = self.search.sample.cell;
        let full = self.surface.is_full();
        let away = |point: &Point| {
            if full {
                max_atom(displacements(&cell, &bottom.x, &point.x).as_flattened())
            } else {
                max_atom(&difference(&point.x, &bottom.x))
            }
        };
        let arrived = |point: &Point| {
            (point.energy - bottom.energy).abs() < settings.same_energy && away(point) <= settings.same_distance
        };
        let elsewhere =
            |point: &Point| point.fmax() < ELSEWHERE * settings.ftol && away(point) > 5.0 * settings.same_distance;
        let mut memory = Memory::default();
        let descent =
            Descent { tolerance: settings.ftol, longest: settings.steps.descent, stride: settings.steps.side };
        let local = self.local();
        let mut home = false;
        let mut nearest = NEAR * settings.same_distance;
        let point = relax(&mut self.surface, &local, point, &mut memory, &descent, |surface, point| {
            home = arrived(point);
            let distance = away(point);
            if !home && distance < nearest && looks_harmonic(point, bottom) {
                nearest = 0.5 * distance;
                home = falls_to(surface, point, bottom)?;
            }
            Ok(home || elsewhere(point))
        })?;
        home = home || arrived(&point);
        Ok(Side { point, memory, around: self.search.sample.positions.clone(), home })
    }

    /// Converges a minimum of the region with all atoms free.
    fn free_minimum(&mut self, side: Side) -> Outcome<Point> {
        let Side { mut point, mut memory, around: mut positions, .. } = side;
        self.surface.scatter(&point.x, &mut positions);
        for stage in 1.min(self.regions.len() - 1)..self.regions.len() {
            let before = self.surface.atoms().to_vec();
            let metric = self.enter(stage, &positions)?;
            point = self.surface.evaluate(self.surface.gather(&positions))?;
            let tolerance = self.tolerance(stage);
            let last = stage + 1 == self.regions.len();
            if last && point.fmax() < tolerance {
                break;
            }
            memory = memory.carried(&before, self.surface.atoms(), &metric);
            let descent = Descent { tolerance, longest: self.search.settings.steps.descent, stride: 0.0 };
            point = relax(&mut self.surface, &metric, point, &mut memory, &descent, |_, _| Ok(false))?;
            self.surface.scatter(&point.x, &mut positions);
        }
        Ok(point)
    }

    fn record_minimum(&mut self, minimum: Point) -> Outcome<()> {
        let settings = &self.search.settings;
        let sample = &self.search.sample;
        let initial = (&sample.positions[..], self.search.energy);
        let end = (&minimum.x[..], minimum.energy);
        if same_configuration(&sample.cell, initial, end, settings.same_energy, settings.same_distance) {
            return Err(Stop::Failed(Status::NoNewMinimum));
        }
        let moved = displacements(&sample.cell, &sample.positions, &minimum.x);
        self.event.energy_final = minimum.energy;
        self.event.dr_final = norm(moved.as_flattened());
        self.event.moved = moved.iter().filter(|d| norm(&d[..]) > settings.moved_distance).count() as u32;
        self.event.minimum = minimum.x;
        Ok(())
    }
}

/// Whether energy and slope at `point` are those of a harmonic well with its bottom there.
fn looks_harmonic(point: &Point, bottom: &Point) -> bool {
    const FACTOR: f64 = 2.0;
    let work = 0.5 * dot(&point.gradient, &difference(&point.x, &bottom.x));
    let height = point.energy - bottom.energy;
    work > 0.0 && height > work / FACTOR && height < FACTOR * work
}

/// Whether the energy falls all along the straight way from `point` to `bottom`.
fn falls_to(surface: &mut Surface, point: &Point, bottom: &Point) -> Outcome<bool> {
    const PLACES: [f64; 2] = [1.0 / 3.0, 2.0 / 3.0];
    let way = difference(&bottom.x, &point.x);
    let mut last = point.energy;
    for place in PLACES {
        let mut x = point.x.clone();
        add(&mut x, place, &way);
        let here = surface.evaluate(x)?;
        if here.energy >= last || dot(&here.gradient, &way) >= 0.0 {
            return Ok(false);
        }
        last = here.energy;
    }
    Ok(bottom.energy < last)
}
