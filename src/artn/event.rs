//! What an attempt leads to, and whether two configurations are the same.

use super::cell::Cell;
use super::linalg::{dot, symmetric_eigen};

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// A saddle, connected to the initial minimum on one side and to another minimum on the other (or merely a saddle,
    /// if connection was not asked for).
    Success,
    /// A success through a saddle that this centre had before. Decided by the campaign, never by a search.
    Duplicate,
    /// A saddle, but neither side is the initial minimum.
    NotConnected,
    /// No direction of sufficiently negative curvature within the allowed distance along the push.
    NoExit,
    /// The eigenvalue became positive and stayed so, or the converged point is no first-order saddle.
    EigenvalueLost,
    /// The allowed force evaluations were used up.
    MaxEval,
    /// A saddle whose barrier is outside the allowed range.
    BarrierRange,
    /// Both sides are the initial minimum.
    NoNewMinimum,
    /// A saddle or minimum that did not converge with all atoms free.
    NotConverged,
    /// Energy or forces, or the displacement that the search wanted, were not finite or absurdly large.
    ForceError,
}

impl Status {
    /// All of them.
    pub const ALL: [Status; 10] = [
        Status::Success,
        Status::Duplicate,
        Status::NotConnected,
        Status::NoExit,
        Status::EigenvalueLost,
        Status::MaxEval,
        Status::BarrierRange,
        Status::NoNewMinimum,
        Status::NotConverged,
        Status::ForceError,
    ];

    /// Name in the event table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Status::Success => "success",
            Status::Duplicate => "duplicate",
            Status::NotConnected => "not_connected",
            Status::NoExit => "no_exit",
            Status::EigenvalueLost => "eigenvalue_lost",
            Status::MaxEval => "maxeval",
            Status::BarrierRange => "barrier_range",
            Status::NoNewMinimum => "no_new_minimum",
            Status::NotConverged => "not_converged",
            Status::ForceError => "force_error",
        }
    }
}

/// Result of one attempt. Reals that are not known are NaN, counts 0, positions empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// How it ended.
    pub status: Status,
    /// Energy of the initial minimum, all atoms (energy).
    pub energy_initial: f64,
    /// Energy of the saddle, all atoms free.
    pub energy_saddle: f64,
    /// Energy of the minimum on the far side, all atoms free.
    pub energy_final: f64,
    /// Lowest eigenvalue of the Hessian of the grown region at the saddle (energy/distance^2); that of all atoms is no
    /// higher.
    pub eigenvalue: f64,
    /// Largest force component over all atoms at the saddle (energy/distance).
    pub fmax: f64,
    /// 2-norm of the displacement of all atoms from the initial minimum to the saddle, drift removed.
    pub dr_saddle: f64,
    /// The same for the final minimum.
    pub dr_final: f64,
    /// Displacement of the central atom at the saddle.
    pub dr_center: f64,
    /// Atoms displaced by more than [`Settings::moved_distance`](super::Settings::moved_distance) in the final minimum.
    pub moved: u32,
    /// Force evaluations until the saddle converged with all atoms free.
    pub evals_saddle: u64,
    /// Force evaluations of all atoms.
    pub evals_full: u64,
    /// All force evaluations.
    pub evals_total: u64,
    /// Positions at the saddle, shape (N, 3), unwrapped; empty unless a saddle converged.
    pub saddle: Vec<f64>,
    /// Positions of the minimum on the far side; empty unless it converged.
    pub minimum: Vec<f64>,
}

impl Event {
    /// E_saddle - E_initial, NaN if unknown.
    #[must_use]
    pub fn barrier(&self) -> f64 {
        self.energy_saddle - self.energy_initial
    }

    /// E_saddle - E_final, NaN if unknown.
    #[must_use]
    pub fn barrier_back(&self) -> f64 {
        self.energy_saddle - self.energy_final
    }

    /// An event of which nothing is known yet.
    #[must_use]
    pub(super) fn unknown(energy_initial: f64) -> Self {
        Event {
            status: Status::NotConverged,
            energy_initial,
            energy_saddle: f64::NAN,
            energy_final: f64::NAN,
            eigenvalue: f64::NAN,
            fmax: f64::NAN,
            dr_saddle: f64::NAN,
            dr_final: f64::NAN,
            dr_center: f64::NAN,
            moved: 0,
            evals_saddle: 0,
            evals_full: 0,
            evals_total: 0,
            saddle: Vec::new(),
            minimum: Vec::new(),
        }
    }
}

/// Displacements from `a` to `b` (both shape (N, 3)), shortest images, the mean over all atoms removed; in a box without
/// periodic directions also the rotation that brings `b` closest to `a`.
#[must_use]
pub fn displacements(cell: &Cell, a: &[f64], b: &[f64]) -> Vec<[f64; 3]> {
    let pairs = a.as_chunks::<3>().0.iter().zip(b.as_chunks::<3>().0);
    let mut moves: Vec<[f64; 3]> =
        pairs.map(|(a, b)| cell.minimum_image(std::array::from_fn(|k| b[k] - a[k]))).collect();
    remove_mean(&mut moves);
    if cell.periodic() == [false; 3] {
        let mut places = a.as_chunks::<3>().0.to_vec();
        remove_mean(&mut places);
        let turned: Vec<[f64; 3]> =
            places.iter().zip(&moves).map(|(a, d)| std::array::from_fn(|k| a[k] + d[k])).collect();
        let rotation = closest_rotation(&places, &turned);
        for ((d, a), b) in moves.iter_mut().zip(&places).zip(&turned) {
            *d = std::array::from_fn(|k| dot(&rotation[k], b) - a[k]);
        }
    }
    moves
}

fn remove_mean(vectors: &mut [[f64; 3]]) {
    let count = vectors.len().max(1) as f64;
    let mean: [f64; 3] = std::array::from_fn(|k| vectors.iter().map(|d| d[k]).sum::<f64>() / count);
    for vector in vectors {
        for k in 0..3 {
            vector[k] -= mean[k];
        }
    }
}

/// Rotation matrix that brings `b` closest to `a` (Horn, J. Opt. Soc. Am. A 4, 629 (1987)).
fn closest_rotation(a: &[[f64; 3]], b: &[[f64; 3]]) -> [[f64; 3]; 3] {
    let s: [[f64; 3]; 3] =
        std::array::from_fn(|i| std::array::from_fn(|j| a.iter().zip(b).map(|(a, b)| b[i] * a[j]).sum()));
    let matrix = vec![
        vec![s[0][0] + s[1][1] + s[2][2], s[1][2] - s[2][1], s[2][0] - s[0][2], s[0][1] - s[1][0]],
        vec![s[1][2] - s[2][1], s[0][0] - s[1][1] - s[2][2], s[0][1] + s[1][0], s[2][0] + s[0][2]],
        vec![s[2][0] - s[0][2], s[0][1] + s[1][0], s[1][1] - s[0][0] - s[2][2], s[1][2] + s[2][1]],
        vec![s[0][1] - s[1][0], s[2][0] + s[0][2], s[1][2] + s[2][1], s[2][2] - s[0][0] - s[1][1]],
    ];
    let (_, quaternions) = symmetric_eigen(matrix);
    let [w, x, y, z] = [0, 1, 2, 3].map(|k| quaternions[3][k]);
    [
        [w * w + x * x - y * y - z * z, 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
        [2.0 * (x * y + w * z), w * w - x * x + y * y - z * z, 2.0 * (y * z - w * x)],
        [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), w * w - x * x - y * y + z * z],
    ]
}

/// Whether the configurations `a` and `b` (shape (N, 3)) with these energies are one and the same: the energies differ by
/// less than `same_energy`, and no atom by more than `same_distance`, the mean drift removed.
#[must_use]
pub fn same_configuration(
    cell: &Cell,
    a: (&[f64], f64),
    b: (&[f64], f64),
    same_energy: f64,
    same_distance: f64,
) -> bool {
    if (a.1 - b.1).abs() >= same_energy {
        return false;
    }
    let limit = same_distance * same_distance;
    displacements(cell, a.0, b.0).iter().all(|d| d.iter().map(|x| x * x).sum::<f64>() <= limit)
}
