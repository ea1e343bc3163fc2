//! How far the displacement of an atom is felt, measured.

use super::graph::{Graph, Grid};
use super::{Forces, Sample};
use crate::error::Result;

/// Atoms of each type that are displaced to find the reach.
const PROBES_PER_TYPE: usize = 8;
/// Displacement of a probe in units of the displacement of the Hessian: large enough that what is not rounding shows.
pub const AMPLITUDE: f64 = 1e3;
/// Changes of the force below this fraction of the largest one are rounding.
const ROUNDING: f64 = 1e-10;
/// Other atoms may reach a little farther than the probes.
const MARGIN: f64 = 1.02;

/// Which atoms feel the displacement of an atom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reach {
    /// Those within this distance.
    Direct(f64),
    /// Those within this distance, or with a common neighbour within this distance of both, as in the embedded-atom
    /// method, where the density at the common neighbour carries the effect.
    TwoHops(f64),
}

impl Reach {
    /// Pairs of members within reach of each other.
    #[must_use]
    pub fn graph(self, sample: &Sample) -> Graph {
        match self {
            Self::Direct(length) => Graph::within(sample.positions, sample.cell, length).among(sample.members),
            Self::TwoHops(length) => Graph::within(sample.positions, sample.cell, length).two_hops(sample.members),
        }
    }

    /// Distance units.
    #[must_use]
    pub fn length(self) -> f64 {
        match self {
            Self::Direct(length) | Self::TwoHops(length) => length,
        }
    }

    /// The same with lengths larger by a factor.
    #[must_use]
    pub fn enlarged(self, factor: f64) -> Self {
        match self {
            Self::Direct(length) => Self::Direct(length * factor),
            Self::TwoHops(length) => Self::TwoHops(length * factor),
        }
    }
}

/// What probing found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Probed {
    /// The reach, with a margin.
    pub reach: Reach,
    /// Largest distance between an atom and one that feels it (distance units).
    pub range: f64,
    /// Mean number of atoms within reach of an atom, itself included.
    pub neighbours: f64,
    /// Mean change of the force on a displaced atom per displacement (force / distance).
    pub stiffness: f64,
}

/// Displaces some atoms of every type by `amplitude`, one at a time. `base`: forces on the members without displacement, shape [members].
///
/// # Errors
/// Those of `forces`.
pub fn probe(sample: &Sample, amplitude: f64, base: &[[f64; 3]], forces: &mut dyn Forces) -> Result<Probed> {
    let step = [0.48 * amplitude, 0.6 * amplitude, 0.64 * amplitude];
    let mut found = Vec::new();
    let mut stiffness = 0.0;
    let mut moved = vec![[0.0; 3]; base.len()];
    for member in chosen(sample) {
        let atom = sample.members[member as usize];
        let x = sample.positions[atom as usize];
        forces.evaluate(&[atom], &[std::array::from_fn(|k| x[k] + step[k])], &mut moved)?;
        let changes: Vec<f64> = moved.iter().zip(base).map(|(a, b)| norm(a, b)).collect();
        let largest = changes.iter().copied().fold(0.0, f64::max);
        let felt = (0..changes.len()).filter(|&k| changes[k] > ROUNDING * largest);
        found.push((atom, felt.map(|k| sample.members[k]).collect::<Vec<u32>>()));
        stiffness += changes[member as usize] / amplitude;
    }
    stiffness /= found.len() as f64;
    let (reach, range, neighbours) = explain(sample, &found);
    Ok(Probed { reach: reach.enlarged(MARGIN), range, neighbours, stiffness })
}

/// The simplest reach that covers what was felt (pairs of an atom and those that felt it), the largest distance, and the
/// mean number of atoms within reach.
fn explain(sample: &Sample, found: &[(u32, Vec<u32>)]) -> (Reach, f64, f64) {
    let pairs = || found.iter().flat_map(|(i, felt)| felt.iter().map(|&j| (*i, j)));
    let range = pairs().map(|(i, j)| sample.distance(i, j)).fold(0.0, f64::max);
    let wide = Grid::new(sample.positions, sample.cell, range * MARGIN);
    let mut hop = 0.0f64;
    for (i, felt) in found {
        let mut near = vec![f64::INFINITY; sample.positions.len()];
        wide.near(*i as usize, |k, d| near[k as usize] = near[k as usize].min(d));
        for &j in felt {
            let mut best = f64::INFINITY;
            wide.near(j as usize, |k, d| best = best.min(d.max(near[k as usize])));
            hop = hop.max(best.sqrt());
        }
    }
    // Rounding of the distances must not exclude the pair that set them.
    let short = Grid::new(sample.positions, sample.cell, hop * MARGIN);
    let (mut direct, mut two_hops) = (0, 0);
    for (i, _) in found {
        let mut seen = std::collections::BTreeSet::new();
        short.near(*i as usize, |k, _| short.near(k as usize, |j, _| _ = seen.insert(j)));
        two_hops += seen.len();
        seen.clear();
        wide.near(*i as usize, |j, _| _ = seen.insert(j));
        direct += seen.len();
    }
    let neighbours = direct.min(two_hops) as f64 / found.len() as f64;
    (if direct <= two_hops { Reach::Direct(range) } else { Reach::TwoHops(hop) }, range, neighbours)
}

/// Members to displace: as many of each type, evenly over the IDs.
fn chosen(sample: &Sample) -> Vec<u32> {
    let mut by_type = std::collections::BTreeMap::<i32, Vec<u32>>::new();
    for (member, &atom) in sample.members.iter().enumerate() {
        by_type.entry(sample.types[atom as usize]).or_default().push(member as u32);
    }
    let evenly = |all: &Vec<u32>| {
        let n = all.len().min(PROBES_PER_TYPE);
        (0..n).map(|k| all[k * all.len() / n]).collect::<Vec<u32>>()
    };
    by_type.values().flat_map(evenly).collect()
}

fn norm(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}
