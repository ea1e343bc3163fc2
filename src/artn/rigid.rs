//! Rigid motions of a system that no surroundings hold.

use super::cell::Cell;
use super::linalg::{dot, norm, remove, scale};

/// Which rigid motions leave the energy as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Invariance {
    pub translations: bool,
    pub rotations: bool,
}

impl Invariance {
    /// Judges by `forces` at `positions` (both shape (N, 3)): motions that leave the energy as it is do no work.
    #[must_use]
    pub(super) fn of(cell: &Cell, positions: &[f64], forces: &[f64]) -> Self {
        const SMALL: f64 = 1e-6;
        let both = Invariance { translations: true, rotations: true };
        let length = norm(forces);
        let idle = |motion: &Vec<f64>| dot(motion, forces).abs() <= SMALL * length;
        let motions = rigid_motions(cell, positions, both);
        let translations = motions.iter().take(3).all(idle);
        Invariance { translations, rotations: translations && motions.iter().skip(3).all(idle) }
    }
}

/// Orthonormal translations of all atoms, and the rotations that leave the energy as it is: none in a box that is periodic
/// along two directions or more, one about the periodic direction of a wire, three for a cluster.
#[must_use]
pub(super) fn rigid_motions(cell: &Cell, positions: &[f64], invariance: Invariance) -> Vec<Vec<f64>> {
    let atoms = positions.as_chunks::<3>().0;
    let translation = |axis: usize| atoms.iter().flat_map(|_| unit(axis)).collect();
    if !invariance.translations {
        return Vec::new();
    }
    let mut candidates: Vec<Vec<f64>> = (0..3).map(translation).collect();
    let centre: [f64; 3] = std::array::from_fn(|k| atoms.iter().map(|x| x[k]).sum::<f64>() / atoms.len() as f64);
    let rotation = |axis: [f64; 3]| {
        atoms
            .iter()
            .flat_map(|x| {
                let d: [f64; 3] = std::array::from_fn(|k| x[k] - centre[k]);
                std::array::from_fn::<f64, 3, _>(|k| {
                    axis[(k + 1) % 3] * d[(k + 2) % 3] - axis[(k + 2) % 3] * d[(k + 1) % 3]
                })
            })
            .collect()
    };
    let periodic: Vec<usize> = (0..3).filter(|&k| cell.periodic()[k]).collect();
    match periodic[..] {
        _ if !invariance.rotations => {}
        [] => candidates.extend((0..3).map(|axis| rotation(unit(axis)))),
        [axis] => candidates.push(rotation(cell.vector(axis))),
        _ => {}
    }
    orthonormal(candidates)
}

fn unit(axis: usize) -> [f64; 3] {
    std::array::from_fn(|k| f64::from(u8::from(k == axis)))
}

/// Gram and Schmidt, twice; vectors that depend on earlier ones are left out.
fn orthonormal(candidates: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for mut vector in candidates {
        let before = dot(&vector, &vector);
        remove(&mut vector, &basis);
        remove(&mut vector, &basis);
        let square = dot(&vector, &vector);
        if square > 1e-12 * before {
            scale(&mut vector, 1.0 / square.sqrt());
            basis.push(vector);
        }
    }
    basis
}
