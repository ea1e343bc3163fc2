//! The spectrum from moments against that from modes.

#[path = "common/springs.rs"]
mod springs;

use ergodic::vdos::{Alone, Outcome, Settings, Solver, analyse};
use springs::{Network, settings};

fn run(network: &Network, settings: &Settings) -> Outcome {
    analyse(network.matrix(), &network.free(), settings, &Alone, &mut |_| {}).expect("a spectrum")
}

#[test]
fn a_small_group_has_the_dense_spectrum() {
    let network = Network::random(120, 11);
    let dense = run(&network, &Settings { solver: Solver::Dense, ..settings() });
    let kpm = run(&network, &Settings { solver: Solver::Kpm, ..settings() });
    assert_eq!((kpm.found, kpm.zero), (0, 3));
    for (a, b) in kpm.atoms.iter().zip(&dense.atoms) {
        assert!((a[0] / b[0] - 1.0).abs() < 1e-6 && (a[1] / b[1] - 1.0).abs() < 1e-6, "{a:?} and {b:?}");
        assert!((a[2] - b[2]).abs() < 1e-2, "{a:?} and {b:?}");
    }
    let largest = dense.table.chunks(dense.width).map(|row| row[1]).fold(0.0, f64::max);
    for (a, b) in kpm.table.chunks(kpm.width).zip(dense.table.chunks(dense.width)) {
        for c in [1, 3, 4] {
            // The series of a Gaussian that is cut at f = 0 ends with an error of this size.
            assert!((a[c] - b[c]).abs() < 1e-5 * largest, "{a:?} and {b:?}");
        }
    }
}

#[test]
fn estimates_lie_within_their_errors() {
    // Copies have the spectrum of the single network, which is small enough for all modes; without projection, which
    // would differ, since each copy can move by itself.
    let single = Network::random(120, 12);
    let network = single.copies(&[1.0; 9]);
    let of = |network: &Network, solver| {
        let settings = Settings { solver, ..settings() };
        analyse(network.matrix(), &network.held(), &settings, &Alone, &mut |_| {}).expect("a spectrum")
    };
    let dense = of(&single, Solver::Dense);
    let kpm = of(&network, Solver::Kpm);
    assert_eq!(kpm.errors.len(), settings().points);
    assert!(kpm.atoms.iter().flatten().all(|&value| value == 0.0), "too many atoms for g_i");
    let (mut squares, mut rows) = (0.0, 0.0);
    for ((a, b), error) in kpm.table.chunks(kpm.width).zip(dense.table.chunks(dense.width)).zip(&kpm.errors) {
        // Where there is next to nothing, the end of the series is the error.
        if b[1] < 1e-3 {
            continue;
        }
        let deviation = (a[1] - b[1]) / error;
        assert!(deviation.abs() < 5.0, "{a:?} and {b:?}, {error}");
        squares += deviation * deviation;
        rows += 1.0;
    }
    let spread = (squares / rows).sqrt();
    assert!((0.3..2.0).contains(&spread), "deviations are {spread} standard errors");
}
