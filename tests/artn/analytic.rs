//! Surfaces with known saddles.

use crate::engines::{DoubleWells, Energy, MuellerBrown, Tested, eigenvalues, field, rest, settings, stationary};
use ergodic::artn::{Search, Settings, Status, Steps};

fn mueller_brown_minimum(atoms: usize) -> Vec<f64> {
    let mut x: Vec<f64> = (0..3 * atoms).map(|k| rest(k) - MuellerBrown::COUPLING * 0.558).collect();
    x[0] = -0.558;
    x[1] = 1.442;
    stationary(&MuellerBrown, &x).0
}

fn mueller_brown_settings() -> Settings {
    Settings {
        push: 0.02,
        push_radius: 0.4,
        shell: 0.4,
        // All coordinates are coupled to the first two, however far apart.
        active: Some(1e3),
        ftol: 1e-5,
        lanczos_step: 1e-5,
        curvature: -1.0,
        same_energy: 1e-3,
        same_distance: 1e-2,
        moved_distance: 0.1,
        steps: Steps::for_shell(2.4),
        ..Settings::default()
    }
}

/// Stationary points of the two-dimensional surface, from the paper with more digits by Newton's method.
#[test]
fn mueller_brown_saddle_is_converged_in_more_dimensions() {
    for atoms in [1, 4] {
        let minimum = mueller_brown_minimum(atoms);
        let mut engine = Tested::new(MuellerBrown);
        let search = Search::new(&mut engine, field(minimum), mueller_brown_settings()).unwrap();
        assert!((search.energy() + 146.699_517_209_954_28).abs() < 1e-8);
        let mut found = 0;
        for trial in 1..=16 {
            // From around the saddle: the way out of the basin bends so much that none of the pushes find it.
            let mut positions = search.sample().positions.clone();
            let angle = f64::from(trial);
            (positions[0], positions[1]) = (-0.822 + 0.1 * angle.cos(), 0.624 + 0.1 * angle.sin());
            let mode: Vec<f64> = positions.iter().zip(&search.sample().positions).map(|(x, start)| x - start).collect();
            let event = search.refine(&mut engine, 0, &positions, &mode).unwrap();
            if event.status != Status::Success {
                continue;
            }
            found += 1;
            assert!((event.energy_saddle + 40.664_843_508_657_55).abs() < 1e-8, "{event:?}");
            assert!((event.energy_final + 80.767_818_129_654_5).abs() < 1e-7, "{event:?}");
            let values = eigenvalues(&MuellerBrown, &event.saddle);
            assert!(values[0] < 0.0 && values[1] > 0.0);
            assert!(
                (event.eigenvalue - values[0]).abs() < 1e-2 * values[0].abs(),
                "{} {}",
                event.eigenvalue,
                values[0]
            );
        }
        assert!(found >= 3, "{found}");
    }
}

#[test]
fn coupled_double_wells_are_crossed_one_at_a_time() {
    let wells = DoubleWells { coupling: 0.05 };
    let atoms = 6;
    let corner: Vec<f64> = (0..3 * atoms).map(|k| rest(k) - f64::from(u8::from(k % 3 == 0))).collect();
    let (minimum, energy) = stationary(&wells, &corner);
    let mut engine = Tested::new(DoubleWells { coupling: 0.05 });
    let search = Search::new(&mut engine, field(minimum.clone()), settings()).unwrap();
    let mut found = 0;
    for centre in 0..atoms {
        let mut top = minimum.clone();
        top[3 * centre] = rest(3 * centre);
        let (_, saddle) = stationary(&wells, &top);
        for trial in 1..=3 {
            let event = search.attempt(&mut engine, centre, trial, None).unwrap();
            if event.status != Status::Success || event.dr_center < 0.5 {
                continue;
            }
            found += 1;
            assert!((event.energy_initial - energy).abs() < 1e-10);
            assert!(
                (event.barrier() - (saddle - energy)).abs() < 1e-8,
                "{centre} {} {}",
                event.barrier(),
                saddle - energy
            );
            assert_eq!(event.moved, 1);
            let mut gradient = vec![0.0; 3 * atoms];
            wells.energy(&event.saddle, &mut gradient);
            assert!(gradient.iter().all(|g| g.abs() <= 1e-6));
        }
    }
    assert!(found >= 9, "{found}");
}

#[test]
fn a_point_with_two_unstable_modes_is_no_saddle() {
    let atoms = 6;
    let wells = DoubleWells { coupling: 0.05 };
    let at = |places: [f64; 2]| -> Vec<f64> {
        let place = |k: usize| if k.is_multiple_of(3) { *places.get(k / 3).unwrap_or(&-1.0) } else { 0.0 };
        (0..3 * atoms).map(|k| rest(k) + place(k)).collect()
    };
    let (minimum, _) = stationary(&wells, &at([-1.0, -1.0]));
    let (higher, _) = stationary(&wells, &at([0.0, 0.0]));
    assert!(eigenvalues(&wells, &higher)[1] < -1.0);
    let settings = Settings { connect: false, ..settings() };
    let mut engine = Tested::new(DoubleWells { coupling: 0.05 });
    let search = Search::new(&mut engine, field(minimum), settings).unwrap();
    let mut mode = vec![0.0; 3 * atoms];
    mode[0] = 1.0;
    let event = search.refine(&mut engine, 0, &higher, &mode).unwrap();
    assert_eq!(event.status, Status::Success);
    let values = eigenvalues(&wells, &event.saddle);
    assert!(values[0] < 0.0 && values[1] > 0.0, "{values:?}");
}
