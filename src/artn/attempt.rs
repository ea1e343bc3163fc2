//! The stages of one attempt.

use super::climb::{Ascent, climb};
use super::event::{Event, Status, displacements, same_configuration};
use super::lanczos::{Limits, Mode, hessian_product, lowest_mode};
use super::lbfgs::{Direction, Memory};
use super::linalg::{add, difference, dot, max_atom, norm, scale};
use super::neighbors::within;
use super::preconditioner::Preconditioner;
use super::relax::relax;
use super::rigid::rigid_motions;
use super::search::Search;
use super::surface::{Outcome, Point, Stop, Surface};

pub(super) struct Attempt<'a> {
    pub search: &'a Search,
    pub surface: Surface<'a>,
    pub centre: usize,
    pub event: Event,
}

fn env(name: &str, default: f64) -> f64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

impl Attempt<'_> {
    pub(super) fn from_push(&mut self, direction: &[f64]) -> Outcome<()> {
        let settings = &self.search.settings;
        let initial = &self.search.sample.positions;
        let region = self.region(settings.active);
        let preconditioner = self.enter(&region, initial)?;
        let start = self.surface.evaluate(self.surface.gather(initial))?;
        let energy_0 = start.energy;
        if std::env::var("SPEC").is_ok() {
            let mut r = super::random::Gaussian::new(1, 1, 1).vector(start.x.len());
            let d = Direction::new_dual(&preconditioner, &r).unwrap();
            let l = self.limits(40, 0.0);
            super::lanczos::spectrum(&mut self.surface, &preconditioner, &start, &d, l)?;
            r.clear();
        }
        let mut memory = Memory::default();
        let (point, mode) = self.leave(&preconditioner, start, direction, &mut memory)?;
        self.note("exit");
        let ascent = self.ascent(env("TOLR", 5.0) * settings.ftol);
        let (point, mode) = climb(&mut self.surface, &preconditioner, point, mode, &mut memory, ascent)?;
        self.note("region saddle");
        let mut all = initial.clone();
        self.surface.scatter(&point.x, &mut all);
        let (saddle, mode) = self.converge_saddle(all, mode, &region)?;
        self.note("saddle");
        self.event.energy_saddle = saddle.energy;
        self.event.fmax = saddle.fmax();
        self.event.evals_saddle = self.surface.counts().total;
        let moved = displacements(&self.search.sample.cell, initial, &saddle.x);
        self.event.dr_saddle = norm(moved.as_flattened());
        self.event.dr_center = norm(&moved[self.centre]);
        self.event.saddle.clone_from(&saddle.x);
        let [lowest, highest] = settings.barrier;
        if !(lowest..=highest).contains(&(saddle.energy - self.search.energy)) {
            return Err(Stop::Failed(Status::BarrierRange));
        }
        if settings.connect {
            self.connect(&region, &saddle, &mode, energy_0)?;
        }
        self.event.status = Status::Success;
        Ok(())
    }

    fn note(&self, what: &str) {
        if std::env::var("NOTE").is_ok() {
            let c = self.surface.counts();
            eprintln!("NOTE {what} {} {}", c.total, c.full);
        }
    }

    fn region(&self, radius: Option<f64>) -> Vec<u32> {
        let sample = &self.search.sample;
        match radius {
            Some(radius) => within(&sample.cell, &sample.positions, self.centre, radius),
            None => (0..sample.ids.len() as u32).collect(),
        }
    }

    /// Lets `atoms` move among the others at `reference`.
    fn enter(&mut self, atoms: &[u32], reference: &[f64]) -> Outcome<Preconditioner> {
        self.surface.select(atoms, reference)?;
        let along: Vec<f64> =
            self.search
                .sample
                .positions
                .as_chunks::<3>()
                .0
                .iter()
                .map(|x| {
                    self.search.sample.cell.minimum_image(std::array::from_fn(|k| {
                        x[k] - self.search.sample.positions[3 * self.centre + k]
                    }))[0]
                })
                .collect();
        let mut preconditioner = Preconditioner::new(&self.search.springs, atoms, &along);
        if self.surface.is_full() {
            preconditioner.set_rigid(rigid_motions(&self.search.sample.cell, reference));
        }
        Ok(preconditioner)
    }

    fn limits(&self, size: usize, residual: f64) -> Limits {
        Limits { size, step: self.search.settings.lanczos_step, residual }
    }

    fn ascent(&self, tolerance: f64) -> Ascent {
        let settings = &self.search.settings;
        Ascent {
            tolerance,
            steps: settings.steps,
            refresh: env("REFRESH", 2.0) as usize,
            lanczos: self.limits(env("LREF", 4.0) as usize, env("RES", 0.1)),
            most_steps: 500,
        }
    }

    /// Pushes on until the lowest curvature is below the threshold.
    fn leave(
        &mut self,
        preconditioner: &Preconditioner,
        start: Point,
        direction: &[f64],
        memory: &mut Memory,
    ) -> Outcome<(Point, Mode)> {
        let settings = &self.search.settings;
        let unit = self.surface.gather(direction);
        let push = Direction::new_dual(preconditioner, &unit).expect("the push has a length");
        let mut response = push.v.clone();
        scale(&mut response, 1.0 / dot(&push.v, &unit));
        let mut x = start.x.clone();
        add(&mut x, settings.push, &unit);
        let mut distance = settings.push;
        let mut mode_start = push.clone();
        let mut before = start.clone();
        let limits = self.limits(settings.lanczos_size, env("RES1", 0.1));
        loop {
            let mut point = self.surface.evaluate(x)?;
            memory.push(difference(&point.x, &before.x), difference(&point.gradient, &before.gradient));
            for _ in 0..env("PERP", 2.0) as usize {
                let mut step = memory.step(preconditioner, &point.gradient, Some(&push));
                let longest = max_atom(&step);
                if longest > settings.steps.atom {
                    scale(&mut step, settings.steps.atom / longest);
                }
                let mut x = point.x.clone();
                add(&mut x, 1.0, &step);
                let next = self.surface.evaluate(x)?;
                memory.push(step, difference(&next.gradient, &point.gradient));
                point = next;
            }
            let mut mode = lowest_mode(&mut self.surface, preconditioner, &point, &mode_start, limits)?;
            if mode.curvature < settings.curvature {
                if dot(&mode.direction.w, &difference(&point.x, &start.x)) < 0.0 {
                    mode.reverse();
                }
                return Ok((point, mode));
            }
            if distance > env("MAXPUSH", 8.0) {
                return Err(Stop::Failed(Status::NoExit));
            }
            mode_start = mode.direction;
            x = point.x.clone();
            let inc = if std::env::var("HARD").is_ok() { unit.clone() } else { response.clone() };
            let mut f = settings.steps.push;
            f = f.min(env("PCAP", 0.3) / max_atom(&inc));
            add(&mut x, f, &inc);
            distance += settings.steps.push;
            before = point;
        }
    }

    /// Converges a saddle with all atoms free.
    fn converge_saddle(&mut self, mut all: Vec<f64>, mode: Mode, region: &[u32]) -> Outcome<(Point, Mode)> {
        let settings = &self.search.settings;
        let atoms = self.search.sample.ids.len();
        let mut v = vec![0.0; 3 * atoms];
        self.surface.scatter(&mode.direction.v, &mut v);
        let mut value = mode.value;
        let r2 = env("R2", 16.0);
        let mut stages = vec![];
        if r2 > 0.0 {
            stages.push(self.region(Some(r2)));
        }
        stages.push(self.region(None));
        let _ = region;
        for stage in stages {
            let full = stage.len() == atoms;
            let preconditioner = self.enter(&stage, &all)?;
            let direction = Direction::new(&preconditioner, &self.surface.gather(&v)).expect("a mode has a length");
            let point = self.surface.evaluate(self.surface.gather(&all))?;
            let mode = Mode { product: vec![], value, curvature: f64::NAN, residual: 0.0, second: 0.0, direction };
            let mut memory = Memory::default();
            let ascent = Ascent {
                tolerance: settings.ftol * if full { 1.0 } else { env("TOL2", 0.5) },
                refresh: if full { 1000 } else { env("REF2", 4.0) as usize },
                lanczos: self.limits(if full { 1 } else { 4 }, 0.1),
                ..self.ascent(0.0)
            };
            let (point, mode) = climb(&mut self.surface, &preconditioner, point, mode, &mut memory, ascent)?;
            self.note(if full { "sfull" } else { "s2" });
            value = mode.value;
            self.surface.scatter(&point.x, &mut all);
            self.surface.scatter(&mode.direction.v, &mut v);
            if full {
                let product = hessian_product(&mut self.surface, &point, &mode.direction.v, settings.lanczos_step)?;
                self.event.eigenvalue = dot(&product, &mode.direction.v) / dot(&mode.direction.v, &mode.direction.v);
                return Ok((point, mode));
            }
        }
        unreachable!()
    }

    /// Relaxes both sides of the saddle.
    fn connect(&mut self, region: &[u32], saddle: &Point, mode: &Mode, energy_0: f64) -> Outcome<()> {
        let settings = &self.search.settings;
        let initial = &self.search.sample.positions;
        // side A, toward the initial minimum
        let v = &mode.direction.v;
        let sign = if dot(v, &difference(&saddle.x, initial)) > 0.0 { -1.0 } else { 1.0 };
        let mut found = None;
        for sign in [sign, -sign] {
            let (near, _) = self.relax_side(region, saddle, v, sign, Some(energy_0))?;
            self.note("side");
            if near {
                found = Some(-sign);
                break;
            }
        }
        let Some(sign) = found else { return Err(Stop::Failed(Status::NotConnected)) };
        let (same, all) = self.relax_side(region, saddle, v, sign, None)?;
        self.note("far side");
        if same {
            return Err(Stop::Failed(Status::NoNewMinimum));
        }
        let minimum = self.converge_minimum(all)?;
        self.note("minimum");
        let cell = &self.search.sample.cell;
        if same_configuration(
            cell,
            (initial, self.search.energy),
            (&minimum.x, minimum.energy),
            settings.same_energy,
            settings.same_distance,
        ) {
            return Err(Stop::Failed(Status::NoNewMinimum));
        }
        self.event.energy_final = minimum.energy;
        let moved = displacements(cell, initial, &minimum.x);
        self.event.dr_final = norm(moved.as_flattened());
        self.event.moved = moved.iter().filter(|d| norm(&d[..]) > settings.moved_distance).count() as u32;
        self.event.minimum = minimum.x;
        Ok(())
    }

    fn relax_side(
        &mut self,
        region: &[u32],
        saddle: &Point,
        v: &[f64],
        sign: f64,
        energy_0: Option<f64>,
    ) -> Outcome<(bool, Vec<f64>)> {
        let settings = &self.search.settings;
        let initial = &self.search.sample.positions;
        let mut all = if energy_0.is_some() { initial.clone() } else { saddle.x.clone() };
        let preconditioner = self.enter(region, &all)?;
        let x_0 = self.surface.gather(initial);
        let mut x = self.surface.gather(&saddle.x);
        let v = self.surface.gather(v);
        add(&mut x, sign * settings.steps.side / norm(&v), &v);
        let point = self.surface.evaluate(x)?;
        let mut memory = Memory::default();
        let near = |point: &Point| {
            max_atom(&difference(&point.x, &x_0)) < settings.same_distance
                && energy_0.is_none_or(|energy| point.energy - energy < settings.same_energy)
        };
        let point = relax(
            &mut self.surface,
            &preconditioner,
            point,
            &mut memory,
            env("RCAP", settings.steps.atom),
            settings.ftol,
            |p| {
                near(p)
                    || (p.fmax() < env("TOLS", 5.0) * settings.ftol
                        && max_atom(&difference(&p.x, &x_0)) > 5.0 * settings.same_distance)
            },
        )?;
        if std::env::var("NOTE").is_ok() {
            let d = difference(&point.x, &x_0);
            eprintln!(
                "    disp max {:.3} norm {:.3} dE {:.5} fmax {:.4}",
                max_atom(&d),
                norm(&d),
                point.energy - energy_0.unwrap_or(0.0),
                point.fmax()
            );
        }
        self.surface.scatter(&point.x, &mut all);
        Ok((near(&point), all))
    }

    fn converge_minimum(&mut self, mut all: Vec<f64>) -> Outcome<Point> {
        let settings = &self.search.settings;
        let r2 = env("R2", 16.0);
        let mut stages = vec![];
        if r2 > 0.0 {
            stages.push(self.region(Some(r2)));
        }
        stages.push(self.region(None));
        loop {
            let stage = stages.remove(0);
            let full = stages.is_empty();
            let preconditioner = self.enter(&stage, &all)?;
            let point = self.surface.evaluate(self.surface.gather(&all))?;
            let point = relax(
                &mut self.surface,
                &preconditioner,
                point,
                &mut Memory::default(),
                settings.steps.atom,
                settings.ftol * if full { 1.0 } else { env("TOL2", 0.5) },
                |_| false,
            )?;
            self.note(if full { "mfull" } else { "m2" });
            self.surface.scatter(&point.x, &mut all);
            if full {
                return Ok(point);
            }
        }
    }
}
