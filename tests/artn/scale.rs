//! Defaults in units that have none of their own.

use crate::engines::{Energy, Tested};
use ergodic::artn::{Sample, Scale, Settings};
use ergodic::geometry::SimulationBox;

/// Every coordinate held by a spring of this stiffness.
struct Springs(f64, Vec<f64>);

impl Energy for Springs {
    fn energy(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let mut energy = 0.0;
        for ((x, rest), g) in x.iter().zip(&self.1).zip(gradient) {
            *g = self.0 * (x - rest);
            energy += 0.5 * self.0 * (x - rest).powi(2);
        }
        energy
    }
}

/// An fcc crystal of 108 atoms with this lattice constant.
fn crystal(a: f64, periodic: bool) -> Sample {
    let mut positions = Vec::new();
    for cell in 0..27 {
        for basis in [[0.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]] {
            let place = [cell % 3, cell / 3 % 3, cell / 9];
            positions.extend((0..3).map(|k| a * (f64::from(place[k]) + basis[k])));
        }
    }
    let side = 3.0 * a;
    let cell = SimulationBox::new([0.0; 3], [side, side, side, 0.0, 0.0, 0.0], [periodic; 3]).unwrap();
    Sample { ids: (1..=108).collect(), types: vec![1; 108], positions, cell }
}

fn measured(sample: &Sample, stiffness: f64) -> Scale {
    let mut engine = Tested::new(Springs(stiffness, sample.positions.clone()));
    let free: Vec<u32> = (0..sample.ids.len() as u32).collect();
    Scale::of(&mut engine, sample, &free).unwrap()
}

#[test]
fn lengths_are_those_of_the_twelve_neighbours_and_stiffness_that_of_the_springs() {
    for (a, stiffness) in [(1.6, 300.0), (52.0, 1e-3)] {
        let Scale { length, stiffness: found } = measured(&crystal(a, true), stiffness);
        assert!((length * 3.7 / (a / 2f64.sqrt()) - 1.0).abs() < 1e-12, "{length}");
        assert!((found * 5.3 / stiffness - 1.0).abs() < 1e-6, "{found}");
    }
}

#[test]
fn clusters_of_few_atoms_and_surfaces_have_a_scale() {
    let open = measured(&crystal(1.6, false), 1.0).length * 3.7;
    assert!((1.13..1.7).contains(&open), "{open}");
    let pair = Sample { positions: vec![0.0, 0.0, 0.0, 0.0, 0.0, 1.1], ..crystal(1.6, false) };
    let pair = Sample { ids: vec![1, 2], types: vec![1, 1], ..pair };
    assert!((measured(&pair, 1.0).length * 3.7 - 1.1).abs() < 1e-12);
}

#[test]
fn without_forces_defaults_are_still_numbers() {
    assert_equal(&[measured(&crystal(1.6, true), 0.0).stiffness], &[1.0]);
}

#[test]
fn defaults_scale_as_lengths_forces_and_energies() {
    let (metal, other) = (Settings::default(), Settings::scaled(&Scale { length: 2.0, stiffness: 5.0 }));
    assert_equal(&[metal.push, metal.push_radius, metal.ftol, metal.same_energy], &[0.5, 3.7, 0.01, 1e-3]);
    assert_equal(&[other.push, other.push_radius, other.same_distance, other.moved_distance], &[1.0, 7.4, 0.2, 0.8]);
    assert_equal(&[other.ftol, other.same_energy, other.active.unwrap()], &[0.1, 0.02, 20.0]);
    other.check().unwrap();
}

fn assert_equal(found: &[f64], wanted: &[f64]) {
    let equal = found.iter().zip(wanted).all(|(a, b)| (a - b).abs() <= 1e-12 * b.abs());
    assert!(equal && found.len() == wanted.len(), "{found:?} {wanted:?}");
}
