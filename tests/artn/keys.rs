//! An attempt is a function of its key.

use crate::engines::{DoubleWells, LennardJones, Tested, field, rest, sample, stationary};
use ergodic::artn::{Event, Search, Settings, Steps};

fn cluster() -> Vec<f64> {
    let cube = |k: usize| (0..3).map(move |axis| 1.1 * f64::from((k >> axis & 1) as u8));
    stationary_cluster((0..8).flat_map(cube).collect())
}

/// Eight atoms from the corners of a cube, shaken and relaxed by descent.
fn stationary_cluster(mut x: Vec<f64>) -> Vec<f64> {
    for (k, x) in x.iter_mut().enumerate() {
        *x += 0.05 * (k as f64).sin();
    }
    for _ in 0..4000 {
        let gradient = crate::engines::gradient(&LennardJones, &x);
        let factor = 2e-3 / (1.0 + 0.1 * gradient.amax());
        x.iter_mut().zip(gradient.iter()).for_each(|(x, g)| *x -= factor * g);
    }
    stationary(&LennardJones, &x).0
}

fn settings(seed: u64) -> Settings {
    Settings {
        seed,
        push: 0.05,
        push_radius: 1.4,
        shell: 1.4,
        active: Some(1.3),
        ftol: 1e-6,
        lanczos_step: 1e-5,
        curvature: -1.0,
        steps: Steps::for_shell(1.4),
        same_distance: 0.02,
        ..Settings::default()
    }
}

/// Every bit of an event.
fn bits(event: &Event) -> (Vec<u64>, u64, u64, String) {
    let reals = [event.energy_saddle, event.energy_final, event.eigenvalue, event.dr_saddle, event.fmax];
    let all = reals.iter().chain(&event.saddle).chain(&event.minimum).map(|x| x.to_bits()).collect();
    (all, event.evals_total, event.evals_full, event.status.name().to_owned())
}

#[test]
fn same_key_same_event_whatever_came_before() {
    let minimum = cluster();
    let attempt = |seed, before: &[u32], trial| {
        let mut engine = Tested::new(LennardJones);
        let search = Search::new(&mut engine, sample(minimum.clone()), settings(seed)).unwrap();
        for &trial in before {
            search.attempt(&mut engine, 3, trial, None).unwrap();
        }
        let counted = engine.evaluations;
        let full = engine.full;
        let event = search.attempt(&mut engine, 2, trial, None).unwrap();
        assert_eq!(event.evals_total, engine.evaluations - counted);
        assert_eq!(event.evals_full, engine.full - full);
        bits(&event)
    };
    assert_eq!(attempt(1, &[], 1), attempt(1, &[1, 2], 1));
    assert_ne!(attempt(1, &[], 1), attempt(1, &[], 2));
    assert_ne!(attempt(1, &[], 1), attempt(2, &[], 1));
}

#[test]
fn a_given_direction_is_followed() {
    let atoms = 3;
    let corner: Vec<f64> = (0..3 * atoms).map(|k| rest(k) - f64::from(u8::from(k % 3 == 0))).collect();
    let minimum = stationary(&DoubleWells { coupling: 0.05 }, &corner).0;
    let settings = Settings {
        active: None,
        push: 0.1,
        push_radius: 150.0,
        shell: 150.0,
        curvature: -0.1,
        ftol: 1e-6,
        steps: Steps::for_shell(3.7),
        ..settings(1)
    };
    let mut engine = Tested::new(DoubleWells { coupling: 0.05 });
    let search = Search::new(&mut engine, field(minimum), settings).unwrap();
    for atom in 0..2 {
        let mut direction = vec![0.0; 3 * atoms];
        direction[3 * atom] = 5.0;
        let event = search.attempt(&mut engine, 0, 1, Some(&direction)).unwrap();
        assert_eq!(event.status.name(), "success");
        let crossed = event.minimum[3 * atom] - rest(3 * atom);
        assert!(crossed > 0.9, "{crossed}");
    }
}

#[test]
fn refine_converges_from_nearby() {
    let minimum = cluster();
    let mut engine = Tested::new(LennardJones);
    let search = Search::new(&mut engine, sample(minimum), settings(1)).unwrap();
    let found = (1..20)
        .map(|trial| search.attempt(&mut engine, 0, trial, None).unwrap())
        .find(|e| e.status.name() == "success");
    let event = found.expect("an event among twenty trials");
    let mode: Vec<f64> = event.minimum.iter().zip(&event.saddle).map(|(m, s)| m - s).collect();
    let near: Vec<f64> = event.saddle.iter().enumerate().map(|(k, x)| x + 0.01 * (7.0 * k as f64).sin()).collect();
    let refined = search.refine(&mut engine, 0, &near, &mode).unwrap();
    assert_eq!(refined.status.name(), "success");
    assert!((refined.energy_saddle - event.energy_saddle).abs() < 1e-6);
    assert!(refined.evals_total < event.evals_total);
}
