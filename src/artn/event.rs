//! What an attempt leads to.

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// A saddle, connected to the initial minimum on one side and to another minimum on the other (or merely a saddle,
    /// if connection was not asked for).
    Success,
    /// Connected as a success is, but the central atom does not take part: it is displaced by less than
    /// [`Settings::own`](super::Settings::own) at the saddle and in the new minimum.
    Elsewhere,
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
    /// Both sides are the initial minimum, or the saddle is.
    NoNewMinimum,
    /// A saddle or minimum that did not converge with all atoms free.
    NotConverged,
    /// Energy or forces, or the displacement that the search wanted, were not finite or absurdly large.
    ForceError,
}

impl Status {
    /// All of them.
    pub const ALL: [Status; 11] = [
        Status::Success,
        Status::Elsewhere,
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
            Status::Elsewhere => "elsewhere",
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

    /// Whether another push may lead somewhere.
    pub(super) fn led_nowhere(self) -> bool {
        matches!(self, Status::NoExit | Status::EigenvalueLost | Status::NotConnected | Status::NotConverged)
    }

    /// Whether it says that a saddle was found and, if that was asked for, connected.
    #[must_use]
    pub fn is_event(self) -> bool {
        matches!(self, Status::Success | Status::Elsewhere | Status::Duplicate)
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
    /// Lowest eigenvalue of the Hessian at the saddle (energy/distance^2): that of the grown region, then with the other
    /// atoms following the mode.
    pub eigenvalue: f64,
    /// Largest force component over all atoms at the saddle (energy/distance).
    pub fmax: f64,
    /// 2-norm of the displacement of all atoms from the initial minimum to the saddle, drift removed.
    pub dr_saddle: f64,
    /// The same for the final minimum.
    pub dr_final: f64,
    /// Displacement of the central atom at the saddle.
    pub dr_center: f64,
    /// Displacement of the central atom in the final minimum.
    pub dr_center_final: f64,
    /// ID of the atom with the largest displacement at the saddle.
    pub mover: i64,
    /// Distance of that atom from the central atom in the initial minimum.
    pub mover_distance: f64,
    /// Square of the displacement of the central atom over the sum of the squares of all atoms, at the saddle.
    pub weight: f64,
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
            dr_center_final: f64::NAN,
            mover: 0,
            mover_distance: f64::NAN,
            weight: f64::NAN,
            moved: 0,
            evals_saddle: 0,
            evals_full: 0,
            evals_total: 0,
            saddle: Vec::new(),
            minimum: Vec::new(),
        }
    }
}
