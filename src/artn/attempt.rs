//! The stages of one attempt.

use super::basin::{Basin, advance};
use super::climb::{Ascent, climb};
use super::davidson::{Accuracy, Eigenpair, lowest_eigenpair, relaxed_eigenvalue};
use super::event::{Event, Status};
use super::lanczos::{Limits, Mode, ModeSubspace, Until, lowest_mode, no_direction, start_with_every_mode};
use super::lbfgs::{Direction, Memory};
use super::linalg::{add, dot, max_component, norm};
use super::preconditioner::Preconditioner;
use super::reference::{ReferenceState, WIDTH, gaussian};
use super::surface::{Outcome, Point, Stop, Surface};
use crate::error::Error;
use crate::geometry::within;
use std::sync::Arc;

/// The first region grows to this times its radius.
const GROWTH: f64 = 1.5;
/// Radius of the atoms that the first mode is made of if all atoms move, over that of the push.
const NEIGHBOURHOOD: f64 = 2.7;
/// ftol factor of the first region: looser, since its saddle moves again when the region grows.
const FIRST_REGION_FTOL: f64 = 5.0;
/// ftol factor of grown regions: tighter, so that the last all-atom stage needs few steps.
const GROWN_REGION_FTOL: f64 = 0.7;
/// Residual at which a mode is good enough to follow. The distance to the next mode is some 0.2 in the metric; with 0.1 one
/// saddle in three was lost.
const RESIDUAL: f64 = 0.05;
/// Most vectors when a known mode is found again.
const REFRESHED: usize = 6;
/// Steps after which that is done.
const REFRESH: usize = 3;
/// The same once the grown region follows.
const GROWN_REFRESH: usize = 5;
/// The same once all atoms follow. A stale mode costs more steps than it saves.
const LATE_REFRESH: usize = 6;
/// Most vectors that look for a second unstable mode. With 24, saddles of jammed spheres, in whose metric the spectrum is wide,
/// passed with a hundred unstable modes; in Cu-Zr one in three needs more than 24, which costs 1 % of the evaluations of an event.
const SECOND: usize = 72;
/// Part of the lowest mode in the way out of the basin: with less of it barriers are higher, with more events are elsewhere.
const BLEND: f64 = 0.5;
/// The way out of the basin ends after this many times the radius of the push.
const FARTHEST: f64 = 3.0;
/// A mode is unstable below minus this, in the metric: above the errors of one-sided finite differences.
const UNSTABLE_BELOW: f64 = 0.005;
/// The same for central differences, with which what lies between is measured again.
const UNSTABLE_BELOW_CENTRAL: f64 = 2e-4;
/// Over the distance of equal minima: a saddle nearer than that to the initial minimum is that minimum.
const UNMOVED: f64 = 0.2;
/// Saddles of higher order that an attempt leaves before it is given up.
const MOST_HIGHER: usize = 3;

/// One attempt under way.
pub(super) struct Attempt<'a> {
    pub(super) reference: &'a ReferenceState,
    pub(super) surface: Surface<'a>,
    pub(super) centre: usize,
    pub(super) event: Event,
    /// The atoms that move first, more of them, all.
    pub(super) regions: Vec<Region>,
}

/// Atoms that move, and their metric once it is needed.
pub(super) struct Region {
    atoms: Vec<u32>,
    metric: Option<Arc<Preconditioner>>,
}

/// A saddle of a region, with what is known of the curvature around it.
struct Saddle {
    point: Point,
    mode: Mode,
    memory: Memory,
}

/// A saddle of all atoms, and its mode, shape (N, 3).
pub(super) struct FreeSaddle {
    pub point: Point,
    pub v: Vec<f64>,
    /// The side of the initial minimum: 1 along the mode, -1 against it, 0 if that was not asked for.
    pub home: f64,
    /// Of the grown region.
    memory: Memory,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(reference: &'a ReferenceState, surface: Surface<'a>, centre: usize) -> Self {
        let mut attempt =
            Attempt { reference, surface, centre, event: Event::unknown(reference.energy), regions: Vec::new() };
        attempt.begin_again();
        attempt
    }

    /// Forgets what was found, but not what it cost.
    pub(super) fn begin_again(&mut self) {
        let reference = self.reference;
        self.event = Event::unknown(reference.energy);
        let all = (0..reference.sample.ids.len() as u32).collect();
        self.regions = vec![Region { atoms: all, metric: Some(Arc::clone(&reference.metric)) }];
        if let Some(radius) = reference.settings.active {
            self.insert_region(radius);
            self.insert_region(GROWTH * radius);
        }
    }

    /// Atoms within `radius` of the centre move before all do, unless these are most of them.
    fn insert_region(&mut self, radius: f64) {
        let sample = &self.reference.sample;
        let atoms = within(sample.positions.as_chunks().0, &sample.cell, self.centre, radius);
        if 2 * atoms.len() < sample.ids.len() {
            self.regions.insert(self.regions.len() - 1, Region { atoms, metric: None });
        }
    }

    /// From the initial minimum along `direction` (shape (N, 3), unit length), and on along it if it is `given`.
    pub(super) fn push(&mut self, direction: &[f64], given: bool) -> Outcome<()> {
        let initial = &self.reference.sample.positions;
        let settings = &self.reference.settings;
        let metric = self.activate_region(0, initial)?;
        let start = self.surface.evaluate(self.surface.gather(initial))?;
        let direction = self.surface.gather(direction);
        let direction = Direction::new(&metric, &direction);
        // A push that moves all atoms alike leads nowhere.
        let direction = direction.ok_or(Stop::Failed(Status::NoExit))?;
        let subspace = self.mode_subspace();
        let mut memory = Memory::default();
        let factor = settings.push / norm(&direction.v);
        let point = advance(&mut self.surface, &start, factor, &direction.v, &mut memory)?;
        let basin = Basin {
            given: given.then(|| direction.clone()),
            weights: self.weights(WIDTH * settings.push_radius),
            bottom: start.x.clone(),
            blend: if given { 0.0 } else { BLEND },
            threshold: settings.curvature,
            step: settings.steps.push,
            farthest: FARTHEST * settings.push_radius,
        };
        let mode = Mode { direction, value: 1.0, curvature: 1.0, others: Vec::new() };
        let all = initial.clone();
        self.cross(point, mode, memory, all, subspace.as_ref(), Some(&basin))
    }

    /// Weights that fall with the distance from the centre, per coordinate of the selected atoms.
    fn weights(&self, width: f64) -> Vec<f64> {
        let sample = &self.reference.sample;
        let distance = |atom: u32| norm(&sample.separation(self.centre, atom as usize));
        self.surface.atoms().iter().flat_map(|&atom| [gaussian(distance(atom) / width); 3]).collect()
    }

    /// From `positions` (shape (N, 3)) near a saddle whose mode is about `mode` (same shape).
    pub(super) fn refine(&mut self, positions: &[f64], mode: &[f64]) -> Outcome<()> {
        let metric = self.activate_region(0, positions)?;
        let point = self.surface.evaluate(self.surface.gather(positions))?;
        let no_length = || Error::InvalidParameter("the mode has no length among the atoms that move".into());
        let start = Direction::new(&metric, &self.surface.gather(mode)).ok_or_else(|| Stop::Broken(no_length()))?;
        let limits = self.limits(self.reference.settings.lanczos_size);
        let mode = lowest_mode(&mut self.surface, &metric, None, &point, &start, limits)?;
        self.cross(point, mode, Memory::default(), positions.to_vec(), None, None)
    }

    /// The atoms that the mode is made of while it leads away from the initial minimum, if all atoms move.
    fn mode_subspace(&self) -> Option<ModeSubspace> {
        let sample = &self.reference.sample;
        let settings = &self.reference.settings;
        let radius = settings.active.unwrap_or(NEIGHBOURHOOD * settings.push_radius);
        let indices = within(sample.positions.as_chunks().0, &sample.cell, self.centre, radius);
        let some = self.regions.len() == 1 && indices.len() < sample.ids.len();
        some.then(|| ModeSubspace { metric: metric(self.reference, &indices, self.centre), indices })
    }

    fn limits(&self, size: usize) -> Limits {
        Limits { size, step: self.reference.settings.lanczos_step, until: Until::Residual(RESIDUAL) }
    }

    /// Tolerance of a stage: the last one's is what was asked for.
    pub(super) fn tolerance(&self, stage: usize) -> f64 {
        let last = stage + 1 == self.regions.len();
        if last { self.reference.settings.ftol } else { GROWN_REGION_FTOL * self.reference.settings.ftol }
    }

    /// Metric of the first stage.
    pub(super) fn local(&self) -> Arc<Preconditioner> {
        Arc::clone(self.regions[0].metric.as_ref().expect("the first stage was entered"))
    }

    /// Up to the saddle, and down on both sides; atoms outside the region rest in `around` at first.
    fn cross(
        &mut self,
        point: Point,
        mode: Mode,
        mut memory: Memory,
        mut around: Vec<f64>,
        near: Option<&ModeSubspace>,
        basin: Option<&Basin>,
    ) -> Outcome<()> {
        let settings = &self.reference.settings;
        let ascent = Ascent {
            tolerance: FIRST_REGION_FTOL * settings.ftol,
            mode_step: settings.steps.mode,
            atom_step: settings.steps.atom,
            lanczos: self.limits(REFRESHED),
            basin_lanczos: self.limits(settings.lanczos_size),
            near,
            refresh: REFRESH,
            basin,
        };
        let local = self.local();
        let (point, mode) = climb(&mut self.surface, &local, point, mode, &mut memory, &ascent)?;
        self.surface.scatter(&point.x, &mut around);
        let saddle = self.free_saddle(Saddle { point, mode, memory }, around)?;
        self.record_saddle(&saddle.point);
        if !settings.connect && self.reference.is_initial(&saddle.point, UNMOVED * settings.same_distance) {
            return Err(Stop::Failed(Status::NoNewMinimum));
        }
        let [lowest, highest] = settings.barrier;
        if !(lowest..=highest).contains(&(saddle.point.energy - self.reference.energy)) {
            return Err(Stop::Failed(Status::BarrierRange));
        }
        if settings.connect {
            self.connect(&saddle)?;
        }
        // NaN, which is no displacement, does not count.
        let displaced = self.event.dr_center.max(self.event.dr_center_final);
        if displaced < settings.own {
            return Err(Stop::Failed(Status::Elsewhere));
        }
        self.event.status = Status::Success;
        Ok(())
    }

    fn record_saddle(&mut self, saddle: &Point) {
        let sample = &self.reference.sample;
        let moved = self.reference.frame.displacements(&saddle.x);
        self.event.energy_saddle = saddle.energy;
        self.event.fmax = saddle.fmax();
        self.event.evals_saddle = self.surface.counts().total;
        self.event.dr_saddle = norm(moved.as_flattened());
        self.event.dr_center = norm(&moved[self.centre]);
        self.event.weight = (self.event.dr_center / self.event.dr_saddle).powi(2);
        let mover = (0..moved.len()).max_by(|&a, &b| norm(&moved[a]).total_cmp(&norm(&moved[b])));
        if let Some(mover) = mover {
            self.event.mover = sample.ids[mover];
            self.event.mover_distance = norm(&sample.separation(self.centre, mover));
        }
        self.event.saddle.clone_from(&saddle.x);
    }

    /// Stage of the grown region.
    pub(super) fn grown(&self) -> usize {
        1.min(self.regions.len() - 1)
    }

    /// Lets the atoms of `stage` move, from `positions`; returns the metric.
    pub(super) fn activate_region(&mut self, stage: usize, positions: &[f64]) -> Outcome<Arc<Preconditioner>> {
        let (reference, centre) = (self.reference, self.centre);
        let Region { atoms, metric: known } = &mut self.regions[stage];
        self.surface.select(atoms, positions)?;
        Ok(Arc::clone(known.get_or_insert_with(|| Arc::new(metric(reference, atoms, centre)))))
    }

    /// Converges a saddle of the first region with all atoms free, the others starting from `positions`: the region grows
    /// until a full evaluation shows that nothing is left to do, or all atoms move.
    fn free_saddle(&mut self, mut saddle: Saddle, mut positions: Vec<f64>) -> Outcome<FreeSaddle> {
        let mut v = vec![0.0; positions.len()];
        self.surface.scatter(&saddle.mode.direction.v, &mut v);
        let (mut memory, mut home) = (Memory::default(), 0.0);
        let mut stage = self.grown();
        while stage < self.regions.len() {
            let before = self.surface.atoms().to_vec();
            let metric = self.activate_region(stage, &positions)?;
            let point = self.surface.evaluate(self.surface.gather(&positions))?;
            if stage == 1 {
                self.add_predicted_region(&point);
            }
            saddle.point = point;
            if stage <= 1 || saddle.point.fmax() >= self.tolerance(stage) {
                saddle = self.converge_in_region(saddle, stage, &before, &v, &metric)?;
                self.surface.scatter(&saddle.mode.direction.v, &mut v);
                self.surface.scatter(&saddle.point.x, &mut positions);
            }
            if stage <= 1 {
                memory.clone_from(&saddle.memory);
                if self.reference.settings.connect {
                    // Of all atoms it is a saddle for good, whether it leads home or not.
                    if self.surface.is_full() {
                        self.record_saddle(&saddle.point);
                    }
                    home = self.side_of_home(&metric, &saddle.point, &saddle.mode)?;
                }
            }
            stage += 1;
        }
        let saddle = FreeSaddle { point: saddle.point, v, home, memory };
        self.event.eigenvalue = self.lowest_eigenvalue(&saddle)?;
        Ok(saddle)
    }

    /// Converges a saddle of the atoms `before` with those of `stage` free, the mode being `v` (of all atoms).
    fn converge_in_region(
        &mut self,
        saddle: Saddle,
        stage: usize,
        before: &[u32],
        v: &[f64],
        metric: &Preconditioner,
    ) -> Outcome<Saddle> {
        let settings = &self.reference.settings;
        let mut memory = saddle.memory.carried(before, self.surface.atoms(), metric);
        let direction = Direction::new(metric, &self.surface.gather(v)).ok_or_else(no_direction)?;
        let ascent = Ascent {
            tolerance: self.tolerance(stage),
            mode_step: 0.5 * settings.steps.mode,
            atom_step: settings.steps.atom,
            lanczos: self.limits(REFRESHED),
            basin_lanczos: self.limits(settings.lanczos_size),
            near: None,
            refresh: if stage <= 1 { GROWN_REFRESH } else { LATE_REFRESH },
            basin: None,
        };
        let mode = Mode { direction, ..saddle.mode };
        let (point, mode) = climb(&mut self.surface, metric, saddle.point, mode, &mut memory, &ascent)?;
        let saddle = Saddle { point, mode, memory };
        if stage <= 1 { self.first_order(saddle, metric, &ascent) } else { Ok(saddle) }
    }

    /// Adds the region that is expected to converge for good, from the forces at `point` on the atoms that the first region
    /// left at rest. They are those of a defect in an elastic medium and fall with the cube of the distance.
    fn add_predicted_region(&mut self, point: &Point) {
        let Some(radius) = self.reference.settings.active else { return };
        let [first, second, ..] = &self.regions[..] else { return };
        let rested = second.atoms.iter().zip(point.gradient.as_chunks::<3>().0);
        let rested = rested.filter(|(atom, _)| first.atoms.binary_search(atom).is_err());
        let largest = rested.map(|(_, g)| max_component(g)).fold(0.0, f64::max);
        let enough = (largest / (GROWN_REGION_FTOL * self.reference.settings.ftol)).cbrt();
        if self.regions.len() == 3 && enough > GROWTH {
            self.insert_region(enough * radius);
        }
    }

    /// Lowest eigenvalue of the Hessian, which is negative: of the grown region, then with the others following.
    fn lowest_eigenvalue(&mut self, saddle: &FreeSaddle) -> Outcome<f64> {
        let step = self.reference.settings.lanczos_step;
        let last = self.regions.len() - 1;
        // What remains in a region is mended when the other atoms follow.
        let accuracy = Accuracy { step, tolerance: if last > 1 { 0.3 } else { 0.1 } };
        let metric = self.activate_region(self.grown(), &saddle.point.x)?;
        let point = self.surface.evaluate(self.surface.gather(&saddle.point.x))?;
        let start = self.surface.gather(&saddle.v);
        let rigid = self.reference.frame.rigid_motions_at(self.surface.atoms(), &point.x);
        let Eigenpair { mut value, v } =
            lowest_eigenpair(&mut self.surface, &metric, &rigid, &point, &start, &saddle.memory, accuracy)?;
        if last > 1 {
            let mut all = vec![0.0; saddle.v.len()];
            self.surface.scatter(&v, &mut all);
            let metric = self.activate_region(last, &saddle.point.x)?;
            value = relaxed_eigenvalue(&mut self.surface, &metric, &saddle.point, &all, step)?;
        }
        if value < 0.0 { Ok(value) } else { Err(Stop::Failed(Status::EigenvalueLost)) }
    }

    /// Curvature along `v` at `point`, in the square of the unit of `v`, by central differences.
    fn curvature(&mut self, point: &Point, v: &[f64]) -> Outcome<f64> {
        let step = self.reference.settings.lanczos_step / norm(v);
        let mut slope = |sign: f64| -> Outcome<f64> {
            let mut x = point.x.clone();
            add(&mut x, sign * step, v);
            Ok(dot(&self.surface.gradient(&x)?, v))
        };
        Ok((slope(1.0)? - slope(-1.0)?) / (2.0 * step))
    }

    /// Slides down from a stationary point with a second unstable mode, and climbs again, until there is one only.
    fn first_order(&mut self, mut saddle: Saddle, metric: &Preconditioner, ascent: &Ascent) -> Outcome<Saddle> {
        for _ in 0..MOST_HIGHER {
            let Saddle { point, mode, mut memory } = saddle;
            // No vector comes closer to the second mode than allowed, so that two negative Ritz values are two unstable modes.
            let start = start_with_every_mode(metric, &mode.direction)?;
            let limits = Limits { size: SECOND, until: Until::SecondSign, ..ascent.lanczos };
            let mut found = lowest_mode(&mut self.surface, metric, None, &point, &start, limits)?;
            let second = found.others.last().map(|(v, product)| (v.clone(), dot(v, product)));
            let second = second.filter(|(_, value)| *value < 0.0);
            memory.extend(&mut found.others);
            let Some((down, value)) = second else { return Ok(Saddle { point, mode, memory }) };
            if value > -UNSTABLE_BELOW && self.curvature(&point, &down)? > -UNSTABLE_BELOW_CENTRAL {
                return Ok(Saddle { point, mode, memory });
            }
            let sign = if dot(&down, &point.gradient) > 0.0 { -1.0 } else { 1.0 };
            let mut x = point.x.clone();
            add(&mut x, sign * self.reference.settings.steps.side / norm(&down), &down);
            let point = self.surface.evaluate(x)?;
            memory = Memory::default();
            let (point, mode) = climb(&mut self.surface, metric, point, found, &mut memory, ascent)?;
            saddle = Saddle { point, mode, memory };
        }
        Err(Stop::Failed(Status::NotConverged))
    }
}

/// Springs of `atoms`, numbered along the first axis from the centre on.
fn metric(reference: &ReferenceState, atoms: &[u32], centre: usize) -> Preconditioner {
    let sample = &reference.sample;
    let along: Vec<f64> = atoms.iter().map(|&atom| sample.separation(centre, atom as usize)[0]).collect();
    let mut metric = Preconditioner::new(&reference.springs, atoms, sample.ids.len(), &along);
    metric.set_rigid(reference.frame.rigid_motions(atoms));
    metric
}
