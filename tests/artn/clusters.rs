//! Lennard-Jones clusters in reduced units: minima of the Cambridge Cluster Database, saddles verified by nalgebra.

use crate::engines::{LennardJones, Tested, eigenvalues, gradient, sample, stationary};
use ergodic::artn::{Event, Search, Settings, Status, Steps};

/// Distance of nearest neighbours.
const NEIGHBORS: f64 = 1.12;

fn settings(active: Option<f64>) -> Settings {
    Settings {
        push: 0.05,
        push_radius: 1.4,
        shell: 1.4,
        active,
        ftol: 1e-9,
        lanczos_step: 1e-6,
        curvature: -1.0,
        same_energy: 1e-6,
        same_distance: 0.02,
        moved_distance: 0.2,
        steps: Steps::for_shell(1.4),
        ..Settings::default()
    }
}

/// A ring of five and two atoms on its axis.
fn bipyramid() -> Vec<f64> {
    let radius = NEIGHBORS / (2.0 * (std::f64::consts::PI / 5.0).sin());
    let height = (NEIGHBORS * NEIGHBORS - radius * radius).sqrt();
    let ring = (0..5).map(|k| f64::from(k) * std::f64::consts::TAU / 5.0);
    let mut x: Vec<f64> = ring.flat_map(|a| [radius * a.cos(), radius * a.sin(), 0.0]).collect();
    x.extend([0.0, 0.0, height, 0.0, 0.0, -height]);
    x
}

/// An atom and the twelve corners of an icosahedron around it.
fn icosahedron() -> Vec<f64> {
    let golden = f64::midpoint(1.0, 5f64.sqrt());
    let scale = NEIGHBORS / (1.0 + golden * golden).sqrt();
    let mut x = vec![0.0; 3];
    for axis in 0..3 {
        for (a, b) in [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)] {
            let mut corner = [0.0; 3];
            corner[axis] = a * scale;
            corner[(axis + 1) % 3] = b * golden * scale;
            x.extend(corner);
        }
    }
    x
}

/// The fcc truncated octahedron of 38 atoms.
fn truncated_octahedron() -> Vec<f64> {
    let spacing = NEIGHBORS / 2f64.sqrt();
    let mut x = Vec::new();
    for i in -3i32..=3 {
        for j in -3i32..=3 {
            for k in -3i32..=3 {
                // Centred on an octahedral hole: odd sums are atoms.
                let distance = i.abs() + j.abs() + k.abs();
                if distance % 2 == 1 && distance <= 3 && i.abs().max(j.abs()).max(k.abs()) <= 2 {
                    x.extend([i, j, k].map(|c| f64::from(c) * spacing));
                }
            }
        }
    }
    x
}

/// Attempts `trials` per atom, checks every success, and returns the successes.
fn successes(start: &[f64], known: f64, active: Option<f64>, centres: usize, trials: u32) -> Vec<Event> {
    let (minimum, energy) = stationary(&LennardJones, start);
    assert!((energy - known).abs() < 1e-6, "{energy} is not the known minimum {known}");
    let mut engine = Tested::new(LennardJones);
    let search = Search::new(&mut engine, sample(minimum), settings(active)).unwrap();
    let mut successes = Vec::new();
    for centre in 0..centres {
        for trial in 1..=trials {
            let event = search.attempt(&mut engine, centre, trial, None).unwrap();
            if event.status == Status::Success {
                verify(&event);
                successes.push(event);
            }
        }
    }
    successes
}

/// A stationary point with one negative eigenvalue and six zeros, between two minima.
fn verify(event: &Event) {
    assert!(gradient(&LennardJones, &event.saddle).amax() < 1e-8);
    let values = eigenvalues(&LennardJones, &event.saddle);
    assert!(values[0] < -1e-3 && values[1..7].iter().all(|v| v.abs() < 1e-4) && values[7] > 1e-3, "{:?}", &values[..9]);
    assert!((event.eigenvalue - values[0]).abs() < 0.02 * values[0].abs(), "{} {}", event.eigenvalue, values[0]);
    let values = eigenvalues(&LennardJones, &event.minimum);
    assert!(values[..6].iter().all(|v| v.abs() < 1e-4) && values[6] > 1e-3);
    assert!(event.barrier() > 0.0 && event.barrier_back() > 0.0);
}

/// All minima of seven atoms: Tsai and Jordan, J. Phys. Chem. 97, 11227 (1993).
#[test]
fn seven_atoms() {
    let minima = [-16.505_384, -15.935_043, -15.593_211, -15.533_060];
    let events = successes(&bipyramid(), minima[0], None, 7, 4);
    assert!(events.len() >= 10, "{}", events.len());
    for event in &events {
        // Another numbering of the same shape counts as another minimum.
        assert!(minima.iter().any(|e| (event.energy_final - e).abs() < 1e-5), "{}", event.energy_final);
    }
}

#[test]
fn thirteen_atoms() {
    let events = successes(&icosahedron(), -44.326_801, None, 13, 2);
    assert!(events.len() >= 8, "{}", events.len());
}

#[test]
fn thirty_eight_atoms_with_and_without_a_region() {
    for active in [None, Some(2.5)] {
        let events = successes(&truncated_octahedron(), -173.928_427, active, 6, 3);
        assert!(events.len() >= 2, "{active:?} {}", events.len());
    }
}
