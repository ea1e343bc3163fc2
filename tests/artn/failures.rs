//! Every way to fail, and every wrong use.

use crate::engines::{DoubleWells, Energy, Tested, field, rest, settings, stationary};
use ergodic::Error;
use ergodic::artn::{Search, Settings, Status, Steps};

fn wells() -> DoubleWells {
    DoubleWells { coupling: 0.05 }
}

fn minimum_of(energy: &impl Energy, atoms: usize) -> Vec<f64> {
    let corner: Vec<f64> = (0..3 * atoms).map(|k| rest(k) - f64::from(u8::from(k % 3 == 0))).collect();
    stationary(energy, &corner).0
}

/// Statuses of the first trials of atom 0.
fn statuses<E: Energy>(energy: E, minimum: Vec<f64>, settings: Settings, trials: u32) -> Vec<Status> {
    let mut engine = Tested::new(energy);
    let search = Search::new(&mut engine, field(minimum), settings).unwrap();
    (1..=trials).map(|trial| search.attempt(&mut engine, 0, trial, None).unwrap().status).collect()
}

#[test]
fn maxeval() {
    let found = statuses(wells(), minimum_of(&wells(), 3), Settings { maxeval: 5, ..settings() }, 3);
    assert_eq!(found, [Status::MaxEval; 3]);
}

#[test]
fn barrier_range() {
    let settings = Settings { barrier: [0.0, 0.5], ..settings() };
    assert!(statuses(wells(), minimum_of(&wells(), 3), settings, 6).contains(&Status::BarrierRange));
}

/// Nothing but one minimum.
struct Bowl;

impl Energy for Bowl {
    fn energy(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        x.iter()
            .enumerate()
            .map(|(k, x)| {
                let d = x - rest(k);
                gradient[k] = d * (1.0 + k as f64);
                0.5 * d * gradient[k]
            })
            .sum()
    }
}

#[test]
fn no_exit() {
    let rest: Vec<f64> = (0..9).map(rest).collect();
    assert_eq!(statuses(Bowl, rest, settings(), 2), [Status::NoExit; 2]);
}

#[test]
fn force_error_is_counted_and_other_errors_end_the_run() {
    let mut engine = Tested::new(wells());
    let search = Search::new(&mut engine, field(minimum_of(&wells(), 3)), settings()).unwrap();
    engine.fail_at = Some((engine.evaluations + 10, Error::ForcesNotFinite));
    assert_eq!(search.attempt(&mut engine, 0, 1, None).unwrap().status, Status::ForceError);
    engine.fail_at = Some((engine.evaluations + 10, Error::Engine("lost atoms".into())));
    assert_eq!(search.attempt(&mut engine, 0, 1, None).unwrap_err(), Error::Engine("lost atoms".into()));
}

/// Energy that becomes NaN beyond x = -0.5.
struct Torn;

impl Energy for Torn {
    fn energy(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let energy = wells().energy(x, gradient);
        if x[0] > -0.5 { f64::NAN } else { energy }
    }
}

#[test]
fn nan_is_a_force_error() {
    let found = statuses(Torn, minimum_of(&wells(), 3), settings(), 6);
    assert!(found.contains(&Status::ForceError), "{found:?}");
}

#[test]
fn wrong_use_is_refused() {
    let refused = |settings: Settings, positions: Vec<f64>| {
        let mut engine = Tested::new(wells());
        Search::new(&mut engine, field(positions), settings).unwrap_err().to_string()
    };
    let minimum = minimum_of(&wells(), 2);
    assert!(refused(Settings { ftol: 0.0, ..settings() }, minimum.clone()).contains("ftol = 0"));
    assert!(refused(Settings { curvature: 0.1, ..settings() }, minimum.clone()).contains("curvature 0.1 is positive"));
    assert!(refused(Settings { barrier: [1.0, 1.0], ..settings() }, minimum.clone()).contains("barrier"));
    let mut high = minimum.clone();
    high[0] += 0.1;
    assert!(refused(settings(), high).contains("minimize"));
    let mut engine = Tested::new(wells());
    let search = Search::new(&mut engine, field(minimum), settings()).unwrap();
    assert!(search.attempt(&mut engine, 2, 1, None).is_err());
    assert!(search.attempt(&mut engine, 0, 1, Some(&[0.0; 6])).is_err());
    assert!(search.attempt(&mut engine, 0, 1, Some(&[1.0; 3])).is_err());
}

/// A surface of the first atom, and others that rest beside it.
fn beside_others(x: &[f64], gradient: &mut [f64]) -> f64 {
    let mut energy = 0.0;
    for k in 3..x.len() {
        let d = x[k] - rest(k);
        energy += 15.0 * d * d;
        gradient[k] = 30.0 * d;
    }
    energy
}

/// Four atoms of which the first is at `x`.
fn with_others(x: [f64; 3]) -> Vec<f64> {
    (0..12).map(|k| if k < 3 { x[k] } else { rest(k) }).collect()
}

/// A round valley tilted towards x = -1: one minimum and, across from it, one saddle, whose both sides lead to it.
struct Moat;

impl Energy for Moat {
    fn energy(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let energy = beside_others(x, gradient);
        let excess = x[0] * x[0] + x[1] * x[1] - 1.0;
        gradient[0] = 20.0 * excess * x[0] + 0.5;
        gradient[1] = 20.0 * excess * x[1];
        gradient[2] = 10.0 * x[2];
        energy + 5.0 * (excess * excess + x[2] * x[2]) + 0.5 * x[0]
    }
}

#[test]
fn no_new_minimum() {
    let minimum = stationary(&Moat, &with_others([-1.0, 0.0, 0.0])).0;
    let mut engine = Tested::new(Moat);
    let search = Search::new(&mut engine, field(minimum), settings()).unwrap();
    let mut mode = vec![0.0; 12];
    mode[1] = 1.0;
    let event = search.refine(&mut engine, 0, &with_others([0.95, 0.05, 0.0]), &mode).unwrap();
    assert_eq!(event.status, Status::NoNewMinimum);
    assert!(event.eigenvalue < 0.0 && event.barrier() > 0.5);
}

/// Wells at every multiple of one, in x.
struct Washboard;

impl Energy for Washboard {
    fn energy(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let energy = beside_others(x, gradient);
        let k = std::f64::consts::TAU;
        gradient[0] = k * (k * x[0]).sin();
        gradient[1] = 30.0 * x[1];
        gradient[2] = 30.0 * x[2];
        energy - (k * x[0]).cos() + 15.0 * (x[1] * x[1] + x[2] * x[2])
    }
}

fn along_x() -> Vec<f64> {
    let mut mode = vec![0.0; 12];
    mode[0] = 1.0;
    mode
}

#[test]
fn not_connected() {
    let steps = Steps::for_shell(1.0);
    let mut engine = Tested::new(Washboard);
    let search = Search::new(&mut engine, field(with_others([0.0; 3])), Settings { steps, ..settings() }).unwrap();
    for (top, status) in [(0.5, Status::Success), (1.5, Status::NotConnected)] {
        let event = search.refine(&mut engine, 0, &with_others([top + 0.02, 0.01, 0.0]), &along_x()).unwrap();
        assert_eq!(event.status, status);
        assert!((event.barrier() - 2.0).abs() < 1e-8);
    }
}

#[test]
fn eigenvalue_lost() {
    let rest: Vec<f64> = (0..9).map(rest).collect();
    let mut engine = Tested::new(Bowl);
    let search = Search::new(&mut engine, field(rest.clone()), settings()).unwrap();
    let mut beside = rest.clone();
    beside[1] += 0.5;
    let mut mode = vec![0.0; 9];
    mode[1] = 1.0;
    assert_eq!(search.refine(&mut engine, 0, &beside, &mode).unwrap().status, Status::EigenvalueLost);
}

/// A washboard whose forces are rough around the first saddle.
struct Rough;

impl Energy for Rough {
    fn energy(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let energy = Washboard.energy(x, gradient);
        if x[0] > 0.3 {
            let phase = 1e9 * (x[0] + x[1] + x[2]);
            for (gradient, shift) in gradient.iter_mut().zip([0.0, 1.0, 2.0]) {
                *gradient += 1e-5 * (phase + shift).sin();
            }
        }
        energy
    }
}

#[test]
fn not_converged() {
    let steps = Steps::for_shell(1.0);
    let mut engine = Tested::new(Rough);
    let search = Search::new(&mut engine, field(with_others([0.0; 3])), Settings { steps, ..settings() }).unwrap();
    let event = search.refine(&mut engine, 0, &with_others([0.52, 0.01, 0.0]), &along_x()).unwrap();
    assert_eq!(event.status, Status::NotConverged);
}
