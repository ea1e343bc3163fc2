//! The stages of one attempt.

use super::climb::{Ascent, climb};
use super::event::{Event, Status, displacements};
use super::exit::leave_basin;
use super::lanczos::{Limits, Mode, Near, lowest_mode, no_direction};
use super::lbfgs::{Direction, Memory};
use super::linalg::{add, dot, max_component, norm, scale};
use super::neighbors::within;
use super::preconditioner::Preconditioner;
use super::random::Gaussian;
use super::search::Search;
use super::softest::{Softest, followed, softest_mode};
use super::surface::{Outcome, Point, Stop, Surface};
use std::sync::Arc;

/// The first region grows to this times its radius.
const GROWTH: f64 = 1.5;
/// Radius of the atoms that the first mode is made of if all atoms move, over that of the push.
const NEIGHBOURHOOD: f64 = 2.7;
/// Tolerance of a saddle of the first region over that of the end: it moves again when the region grows.
const ROUGH: f64 = 5.0;
/// Tolerance of grown regions over that of the end, so that the atoms around need no steps, or few.
const GROWN: f64 = 0.7;
/// Residual at which a mode is good enough to follow. The distance to the next mode is some 0.2 in the metric; with 0.1 one
/// saddle in three was lost.
const RESIDUAL: f64 = 0.05;
/// Most vectors when a known mode is found again.
const REFRESHED: usize = 6;
/// Steps after which that is done.
const REFRESH: usize = 3;
/// The same once the atoms around follow, which hardly changes the mode.
const LATE_REFRESH: usize = 15;
/// Vectors that look for a second unstable mode.
const SECOND: usize = 16;
/// A mode is unstable below minus this, in the metric: above the errors of finite differences.
const FLAT: f64 = 0.005;
/// Saddles of higher order that an attempt leaves before it is given up.
const MOST_HIGHER: usize = 3;

/// One attempt under way.
pub(super) struct Attempt<'a> {
    pub(super) search: &'a Search,
    pub(super) surface: Surface<'a>,
    centre: usize,
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
    /// Of the grown region.
    memory: Memory,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(search: &'a Search, surface: Surface<'a>, centre: usize) -> Self {
        let sample = &search.sample;
        let mut attempt =
            Attempt { search, surface, centre, event: Event::unknown(search.energy), regions: Vec::new() };
        attempt
            .regions
            .push(Region { atoms: (0..sample.ids.len() as u32).collect(), metric: Some(Arc::clone(&search.metric)) });
        if let Some(radius) = search.settings.active {
            attempt.insert_region(radius);
            attempt.insert_region(GROWTH * radius);
        }
        attempt
    }

    /// Atoms within `radius` of the centre move before all do, unless these are most of them.
    fn insert_region(&mut self, radius: f64) {
        let sample = &self.search.sample;
        let atoms = within(&sample.cell, &sample.positions, self.centre, radius);
        if 2 * atoms.len() < sample.ids.len() {
            self.regions.insert(self.regions.len() - 1, Region { atoms, metric: None });
        }
    }

    /// From the initial minimum along `direction` (shape (N, 3), unit length).
    pub(super) fn push(&mut self, direction: &[f64]) -> Outcome<()> {
        let initial = &self.search.sample.positions;
        let metric = self.enter(0, initial)?;
        let start = self.surface.evaluate(self.surface.gather(initial))?;
        let direction = self.surface.gather(direction);
        let near = self.near();
        let near = near.as_ref();
        let mut memory = Memory::default();
        let (point, mode) =
            leave_basin(&mut self.surface, &metric, near, &self.search.settings, &start, &direction, &mut memory)?;
        let all = initial.clone();
        self.cross(point, mode, memory, all, near)
    }

    /// From `positions` (shape (N, 3)) near a saddle whose mode is about `mode` (same shape).
    pub(super) fn refine(&mut self, positions: &[f64], mode: &[f64]) -> Outcome<()> {
        let metric = self.enter(0, positions)?;
        let point = self.surface.evaluate(self.surface.gather(positions))?;
        let start = Direction::new(&metric, &self.surface.gather(mode)).ok_or_else(no_direction)?;
        let limits = self.limits(self.search.settings.lanczos_size);
        let mode = lowest_mode(&mut self.surface, &metric, None, &point, &start, limits)?;
        self.cross(point, mode, Memory::default(), positions.to_vec(), None)
    }

    /// The atoms that the mode is made of while it leads away from the initial minimum, if all atoms move.
    fn near(&self) -> Option<Near> {
        let sample = &self.search.sample;
        let settings = &self.search.settings;
        let radius = settings.active.unwrap_or(NEIGHBOURHOOD * settings.push_radius);
        let places = within(&sample.cell, &sample.positions, self.centre, radius);
        let some = self.regions.len() == 1 && places.len() < sample.ids.len();
        some.then(|| Near { metric: metric(self.search, &places, self.centre), places })
    }

    fn limits(&self, size: usize) -> Limits {
        Limits { size, step: self.search.settings.lanczos_step, residual: RESIDUAL }
    }

    /// Tolerance of a stage: the last one's is what was asked for.
    pub(super) fn tolerance(&self, stage: usize) -> f64 {
        let last = stage + 1 == self.regions.len();
        if last { self.search.settings.ftol } else { GROWN * self.search.settings.ftol }
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
        near: Option<&Near>,
    ) -> Outcome<()> {
        let settings = &self.search.settings;
        let ascent = Ascent {
            tolerance: ROUGH * settings.ftol,
            mode_step: settings.steps.mode,
            atom_step: settings.steps.atom,
            lanczos: self.limits(REFRESHED),
            near,
            refresh: REFRESH,
        };
        let local = self.local();
        let (point, mode) = climb(&mut self.surface, &local, point, mode, &mut memory, &ascent)?;
        self.surface.scatter(&point.x, &mut around);
        let saddle = self.free_saddle(Saddle { point, mode, memory }, around)?;
        self.record_saddle(&saddle.point);
        let [lowest, highest] = settings.barrier;
        if !(lowest..=highest).contains(&(saddle.point.energy - self.search.energy)) {
            return Err(Stop::Failed(Status::BarrierRange));
        }
        if settings.connect {
            self.connect(&saddle)?;
        }
        self.event.status = Status::Success;
        Ok(())
    }

    fn record_saddle(&mut self, saddle: &Point) {
        let sample = &self.search.sample;
        let moved = displacements(&sample.cell, &sample.positions, &saddle.x);
        self.event.energy_saddle = saddle.energy;
        self.event.fmax = saddle.fmax();
        self.event.evals_saddle = self.surface.counts().total;
        self.event.dr_saddle = norm(moved.as_flattened());
        self.event.dr_center = norm(&moved[self.centre]);
        self.event.saddle.clone_from(&saddle.x);
    }

    /// Lets the atoms of `stage` move, from `positions`; returns the metric.
    pub(super) fn enter(&mut self, stage: usize, positions: &[f64]) -> Outcome<Arc<Preconditioner>> {
        let (search, centre) = (self.search, self.centre);
        let Region { atoms, metric: known } = &mut self.regions[stage];
        self.surface.select(atoms, positions)?;
        Ok(Arc::clone(known.get_or_insert_with(|| Arc::new(metric(search, atoms, centre)))))
    }

    /// Converges a saddle of the first region with all atoms free, the others starting from `positions`: the region grows
    /// until a full evaluation shows that nothing is left to do, or all atoms move.
    fn free_saddle(&mut self, mut saddle: Saddle, mut positions: Vec<f64>) -> Outcome<FreeSaddle> {
        let mut v = vec![0.0; positions.len()];
        self.surface.scatter(&saddle.mode.direction.v, &mut v);
        let mut memory = Memory::default();
        let mut stage = 1.min(self.regions.len() - 1);
        while stage < self.regions.len() {
            let before = self.surface.atoms().to_vec();
            let metric = self.enter(stage, &positions)?;
            let point = self.surface.evaluate(self.surface.gather(&positions))?;
            if stage == 1 {
                self.extend(&point);
            }
            saddle.point = point;
            if stage <= 1 || saddle.point.fmax() >= self.tolerance(stage) {
                saddle = self.grown(saddle, stage, &before, &v, &metric)?;
                self.surface.scatter(&saddle.mode.direction.v, &mut v);
                self.surface.scatter(&saddle.point.x, &mut positions);
            }
            if stage <= 1 {
                memory.clone_from(&saddle.memory);
            }
            stage += 1;
        }
        let saddle = FreeSaddle { point: saddle.point, v, memory };
        self.event.eigenvalue = self.lowest_eigenvalue(&saddle)?;
        Ok(saddle)
    }

    /// Converges a saddle of the atoms `before` with those of `stage` free, the mode being `v` (of all atoms).
    fn grown(
        &mut self,
        saddle: Saddle,
        stage: usize,
        before: &[u32],
        v: &[f64],
        metric: &Preconditioner,
    ) -> Outcome<Saddle> {
        let settings = &self.search.settings;
        let mut memory = saddle.memory.carried(before, self.surface.atoms(), metric);
        let direction = Direction::new(metric, &self.surface.gather(v)).ok_or_else(no_direction)?;
        let ascent = Ascent {
            tolerance: self.tolerance(stage),
            mode_step: 0.5 * settings.steps.mode,
            atom_step: settings.steps.atom,
            lanczos: self.limits(REFRESHED),
            near: None,
            refresh: if stage <= 1 { REFRESH } else { LATE_REFRESH },
        };
        let mode = Mode { direction, ..saddle.mode };
        let (point, mode) = climb(&mut self.surface, metric, saddle.point, mode, &mut memory, &ascent)?;
        let saddle = Saddle { point, mode, memory };
        if stage <= 1 { self.first_order(saddle, metric, &ascent) } else { Ok(saddle) }
    }

    /// Adds the region that is expected to converge for good, from the forces at `point` on the atoms that the first region
    /// left at rest. They are those of a defect in an elastic medium and fall with the cube of the distance.
    fn extend(&mut self, point: &Point) {
        let Some(radius) = self.search.settings.active else { return };
        let [first, second, ..] = &self.regions[..] else { return };
        let rested = second.atoms.iter().zip(point.gradient.as_chunks::<3>().0);
        let rested = rested.filter(|(atom, _)| first.atoms.binary_search(atom).is_err());
        let largest = rested.map(|(_, g)| max_component(g)).fold(0.0, f64::max);
        let enough = (largest / (GROWN * self.search.settings.ftol)).cbrt();
        if self.regions.len() == 3 && enough > GROWTH {
            self.insert_region(enough * radius);
        }
    }

    /// Lowest eigenvalue of the Hessian, which is negative: of the grown region, then with the others following.
    fn lowest_eigenvalue(&mut self, saddle: &FreeSaddle) -> Outcome<f64> {
        let step = self.search.settings.lanczos_step;
        let last = self.regions.len() - 1;
        // What remains in a region is mended when the other atoms follow.
        let tolerance = if last > 1 { 0.3 } else { 0.1 };
        let metric = self.enter(1.min(last), &saddle.point.x)?;
        let point = self.surface.evaluate(self.surface.gather(&saddle.point.x))?;
        let start = self.surface.gather(&saddle.v);
        let Softest { mut value, v } =
            softest_mode(&mut self.surface, &metric, &point, &start, &saddle.memory, step, tolerance)?;
        if last > 1 {
            let mut all = vec![0.0; saddle.v.len()];
            self.surface.scatter(&v, &mut all);
            let metric = self.enter(last, &saddle.point.x)?;
            value = followed(&mut self.surface, &metric, &saddle.point, &all, step)?;
        }
        if value < 0.0 { Ok(value) } else { Err(Stop::Failed(Status::EigenvalueLost)) }
    }

    /// Slides down from a stationary point with a second unstable mode, and climbs again, until there is one only.
    fn first_order(&mut self, mut saddle: Saddle, metric: &Preconditioner, ascent: &Ascent) -> Outcome<Saddle> {
        for _ in 0..MOST_HIGHER {
            let Saddle { point, mode, mut memory } = saddle;
            // A start with every mode in it; no vector comes closer to the second mode than allowed, so that two negative
            // Ritz values are two unstable modes.
            let mut start = Gaussian::new(0, 0, 0).vector(point.x.len());
            let length = dot(&start, &metric.multiply(&start)).sqrt();
            scale(&mut start, 0.5 / length);
            add(&mut start, 1.0, &mode.direction.v);
            let start = Direction::new(metric, &start).ok_or_else(no_direction)?;
            let limits = Limits { size: SECOND, residual: 0.0, ..ascent.lanczos };
            let mut found = lowest_mode(&mut self.surface, metric, None, &point, &start, limits)?;
            let second = found.others.last().filter(|(v, product)| dot(v, product) < -FLAT).map(|(v, _)| v.clone());
            memory.extend(&mut found.others);
            let Some(down) = second else { return Ok(Saddle { point, mode, memory }) };
            let sign = if dot(&down, &point.gradient) > 0.0 { -1.0 } else { 1.0 };
            let mut x = point.x.clone();
            add(&mut x, sign * self.search.settings.steps.side / norm(&down), &down);
            let point = self.surface.evaluate(x)?;
            memory = Memory::default();
            let (point, mode) = climb(&mut self.surface, metric, point, found, &mut memory, ascent)?;
            saddle = Saddle { point, mode, memory };
        }
        Err(Stop::Failed(Status::NotConverged))
    }
}

/// Springs of `atoms`, numbered along the first axis from the centre on.
fn metric(search: &Search, atoms: &[u32], centre: usize) -> Preconditioner {
    let sample = &search.sample;
    let along: Vec<f64> = atoms.iter().map(|&atom| sample.separation(centre, atom as usize)[0]).collect();
    Preconditioner::new(&search.springs, atoms, sample.ids.len(), &along)
}
