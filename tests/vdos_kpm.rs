//! The spectrum from moments against that from modes.

#[path = "common/springs.rs"]
mod springs;

use ergodic::vdos::{Serial, Solver, VibrationSettings, Vibrations, analyse};
use springs::{Network, settings};

fn run(network: &Network, settings: &VibrationSettings) -> Vibrations {
    analyse(network.matrix(), &network.free(), settings, &Serial, &mut |_| {}).expect("a spectrum")
}

#[test]
fn a_small_group_has_the_dense_spectrum() {
    let network = Network::random(120, 11);
    let dense = run(&network, &VibrationSettings { solver: Solver::Dense, ..settings() });
    let kpm = run(&network, &VibrationSettings { solver: Solver::Kpm, ..settings() });
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
        let settings = VibrationSettings { solver, ..settings() };
        analyse(network.matrix(), &network.held(), &settings, &Serial, &mut |_| {}).expect("a spectrum")
    };
    let dense = of(&single, Solver::Dense);
    let kpm = of(&network, Solver::Kpm);
    assert_eq!(kpm.errors.len(), settings().points);
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

/// Ranks of a list.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    order.iter().enumerate().for_each(|(rank, &i)| ranks[i] = rank as f64);
    ranks
}

fn spearman(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (ranks(a), ranks(b));
    let mean = 0.5 * (a.len() - 1) as f64;
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
    product(&a, &b) / (product(&a, &a) * product(&b, &b)).sqrt()
}

/// J and the heights of the peaks of 1,080 atoms from random vectors against those of all modes; errors are honest.
#[test]
fn per_atom_estimates_lie_within_their_errors() {
    let single = Network::random(120, 12);
    let scales = [1.0, 0.9, 0.95, 1.05, 1.1, 1.15, 0.85, 1.2, 0.8];
    let network = single.copies(&scales);
    let of = |network: &Network, settings: VibrationSettings| {
        analyse(network.matrix(), &network.held(), &settings, &Serial, &mut |_| {}).expect("a spectrum")
    };
    // N g_i of a copy does not depend on the others.
    let copies =
        scales.map(|scale| of(&single.copies(&[scale]), VibrationSettings { solver: Solver::Dense, ..settings() }));
    let dense = Vibrations { atoms: copies.iter().flat_map(|copy| copy.atoms.clone()).collect(), ..copies[0].clone() };
    let kpm = of(&network, VibrationSettings { solver: Solver::Kpm, vectors: Some(256), threads: 2, ..settings() });
    let column = |vibrations: &Vibrations, c: usize| vibrations.atoms.iter().map(|atom| atom[c]).collect::<Vec<f64>>();
    let deviations: Vec<f64> = kpm.atoms.iter().zip(&dense.atoms).map(|(a, b)| (a[1] - b[1]) / a[4]).collect();
    let within = |k: f64| deviations.iter().filter(|d| d.abs() < k).count() as f64 / deviations.len() as f64;
    // Each copy has some ten modes in the range, which all of its atoms share: the shares scatter more than of free draws.
    assert!((within(1.0) - 0.68).abs() < 0.1 && (within(2.0) - 0.95).abs() < 0.04, "{} {}", within(1.0), within(2.0));
    for c in [0, 1] {
        let (a, b) = (column(&kpm, c), column(&dense, c));
        let ratio = a.iter().zip(&b).map(|(a, b)| a / b).sum::<f64>() / a.len() as f64;
        assert!(spearman(&a, &b) > 0.98, "column {c}: {}", spearman(&a, &b));
        assert!((ratio - 1.0).abs() < 0.02, "column {c}: {ratio}");
    }
    let single_thread = of(&network, VibrationSettings { solver: Solver::Kpm, vectors: Some(256), ..settings() });
    for (a, b) in kpm.atoms.iter().flatten().zip(single_thread.atoms.iter().flatten()) {
        assert!((a - b).abs() <= 1e-12 * b.abs(), "{a} with two threads, {b} with one");
    }
}

#[test]
fn as_many_vectors_as_the_error_needs() {
    let network = Network::random(300, 5);
    for error in [0.1, 0.05] {
        let settings = VibrationSettings { solver: Solver::Kpm, error: Some(error), ..settings() };
        let kpm = analyse(network.matrix(), &network.free(), &settings, &Serial, &mut |_| {}).expect("a spectrum");
        let squares: f64 = kpm.atoms.iter().map(|atom| (atom[4] / atom[1]).powi(2)).sum();
        let found = (squares / kpm.atoms.len() as f64).sqrt();
        assert!(found < 1.15 * error && found > 0.5 * error, "{found} for {error}");
    }
}
