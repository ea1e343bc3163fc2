//! What an attempt leads to, and whether two configurations are the same.

use super::cell::Cell;

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
    /// Lowest eigenvalue of the Hessian at the saddle, all atoms free (energy/distance^2).
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

/// Displacements from `a` to `b` (both shape (N, 3)), shortest images, the mean over all atoms removed.
#[must_use]
pub fn displacements(cell: &Cell, a: &[f64], b: &[f64]) -> Vec<[f64; 3]> {
    let pairs = a.as_chunks::<3>().0.iter().zip(b.as_chunks::<3>().0);
    let mut moves: Vec<[f64; 3]> =
        pairs.map(|(a, b)| cell.minimum_image(std::array::from_fn(|k| b[k] - a[k]))).collect();
    let count = moves.len().max(1) as f64;
    let drift: [f64; 3] = std::array::from_fn(|k| moves.iter().map(|d| d[k]).sum::<f64>() / count);
    for d in &mut moves {
        for k in 0..3 {
            d[k] -= drift[k];
        }
    }
    moves
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
