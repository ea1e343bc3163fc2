//! Down on both sides of a saddle.

use super::attempt::{Attempt, FreeSaddle};
use super::event::Status;
use super::lanczos::Mode;
use super::lbfgs::Memory;
use super::linalg::{add, difference, dot, max_atom, norm};
use super::preconditioner::Preconditioner;
use super::relax::{Descent, relax};
use super::surface::{Outcome, Point, Stop};

/// Over the displacement of the saddle: what is farther from the initial minimum may be another one.
const HALF_WAY: f64 = 0.5;
/// Over the barrier: so much of it does not matter.
const MINOR: f64 = 0.01;

/// Where one side of a saddle leads, the atoms outside the region at rest.
struct Side {
    point: Point,
    memory: Memory,
}

impl Attempt<'_> {
    /// On which side of a saddle of the selected atoms, along the mode (1) or against it (-1), the initial minimum lies.
    pub(super) fn side_of_home(&mut self, metric: &Preconditioner, point: &Point, mode: &Mode) -> Outcome<f64> {
        let v = &mode.direction.v;
        let initial = self.surface.gather(&self.reference.sample.positions);
        let back = if dot(v, &difference(&point.x, &initial)) > 0.0 { -1.0 } else { 1.0 };
        for side in [back, -back] {
            if self.leads_home(metric, point, v, side)? {
                return Ok(side);
            }
        }
        Err(Stop::Failed(Status::NotConnected))
    }

    /// Relaxes the other side of the saddle, which must not lead to the initial minimum, too.
    pub(super) fn connect(&mut self, saddle: &FreeSaddle) -> Outcome<()> {
        let metric = self.activate_region(0, &saddle.point.x)?;
        let (x, v) = (self.surface.gather(&saddle.point.x), self.surface.gather(&saddle.v));
        let side = self.relax_side(&metric, &x, &v, -saddle.home, |_| false)?;
        let minimum = self.free_minimum(side, saddle.point.x.clone())?;
        self.record_minimum(minimum)
    }

    /// Whether the side of the saddle `x` of the selected atoms to which `sign` times the mode `v` points leads to the initial
    /// minimum: to where no atom has moved from there. A glass has double wells, some meV apart, with an atom 0.3 Angstrom from one
    /// to the other, and whether it ends in the other well does not change the barrier, unless the barrier is that between them.
    fn leads_home(&mut self, metric: &Preconditioner, saddle: &Point, v: &[f64], sign: f64) -> Outcome<bool> {
        let reference = self.reference;
        let settings = &reference.settings;
        let full = self.surface.is_full();
        let initial = self.surface.gather(&reference.sample.positions);
        let away = |point: &Point| {
            if full {
                max_atom(reference.frame.displacements(&point.x).as_flattened())
            } else {
                max_atom(&difference(&point.x, &initial))
            }
        };
        let energy = settings.same_energy.max(MINOR * (saddle.energy - reference.energy));
        // Where atoms rest, energies are not those of minima.
        let level = |point: &Point| !full || (point.energy - reference.energy).abs() < energy;
        let distance = settings.moved_distance.min(HALF_WAY * away(saddle)).max(settings.same_distance);
        let arrived = |point: &Point| away(point) <= settings.same_distance && level(point);
        let side = self.relax_side(metric, &saddle.x, v, sign, arrived)?;
        Ok(away(&side.point) <= distance && level(&side.point))
    }

    /// Relaxes the selected atoms from beside the saddle `x` with the mode `v`.
    fn relax_side(
        &mut self,
        metric: &Preconditioner,
        x: &[f64],
        v: &[f64],
        sign: f64,
        stop: impl Fn(&Point) -> bool,
    ) -> Outcome<Side> {
        let settings = &self.reference.settings;
        let mut x = x.to_vec();
        add(&mut x, sign * settings.steps.side / norm(v), v);
        let point = self.surface.evaluate(x)?;
        let mut memory = Memory::default();
        let descent =
            Descent { tolerance: settings.ftol, longest: settings.steps.descent, first_step: settings.steps.side };
        let point = relax(&mut self.surface, metric, point, &mut memory, &descent, stop)?;
        Ok(Side { point, memory })
    }

    /// Converges a minimum of the region with all atoms free, the others from `positions` on.
    fn free_minimum(&mut self, side: Side, mut positions: Vec<f64>) -> Outcome<Point> {
        let Side { mut point, mut memory } = side;
        self.surface.scatter(&point.x, &mut positions);
        for stage in self.grown()..self.regions.len() {
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
        // Where the surface is flat, or the forces are noisy (meshes), a search can end on the flank of the saddle.
        let above = minimum.energy >= self.event.energy_saddle;
        if above || self.reference.is_initial(&minimum, settings.same_distance) {
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
