//! How far the displacement of an atom is felt, measured.

use super::graph::Graph;
use super::{Configuration, Forces};
use crate::error::Result;
use crate::geometry::{CellList, difference, norm};
use std::collections::{BTreeMap, BTreeSet};

/// Atoms of each type that are displaced to find the reach.
const PROBES_PER_TYPE: usize = 8;
/// Atoms in unusual neighbourhoods that are displaced, too, at most.
const MOST_UNUSUAL: usize = 32;
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
    pub fn graph(self, configuration: &Configuration) -> Graph {
        match self {
            Self::Direct(length) => {
                Graph::within(configuration.positions, configuration.cell, length).among(configuration.members)
            }
            Self::TwoHops(length) => {
                Graph::within(configuration.positions, configuration.cell, length).two_hops(configuration.members)
            }
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

/// Pairs of members of which one feels the other: indices of members.
pub type Pairs = Vec<(u32, u32)>;

/// Displaces atoms one at a time and sees who feels it.
pub struct Prober<'a> {
    configuration: &'a Configuration<'a>,
    /// Displacement (distance units).
    amplitude: f64,
    /// Forces on the members without displacement, shape [members].
    base: Vec<[f64; 3]>,
    /// Members displaced so far.
    done: BTreeSet<u32>,
}

impl<'a> Prober<'a> {
    /// Displacements will have the length `amplitude`; `base`: forces on the members without them.
    #[must_use]
    pub fn new(configuration: &'a Configuration<'a>, amplitude: f64, base: Vec<[f64; 3]>) -> Self {
        Self { configuration, amplitude, base, done: BTreeSet::new() }
    }

    /// Displaces some atoms of every type, evenly over the IDs, and explains by distances what they do. Those in unusual
    /// neighbourhoods add the pairs that were found beside, which would make the reach of all too long.
    ///
    /// # Errors
    /// Those of `forces`.
    pub fn explore(&mut self, forces: &mut dyn Forces) -> Result<(Probed, Pairs)> {
        let configuration = self.configuration;
        let usual = evenly(configuration);
        let mut stiffness = 0.0;
        let mut found = Vec::new();
        for &member in &usual {
            let (felt, change) = self.displace(member, forces)?;
            stiffness += change / (self.amplitude * usual.len() as f64);
            let felt = felt.iter().map(|&k| configuration.members[k as usize]).collect();
            found.push((configuration.members[member as usize], felt));
        }
        let (reach, range, neighbours) = explain(configuration, &found);
        let pairs = self.pairs(&closest(configuration), forces)?;
        Ok((Probed { reach: reach.enlarged(MARGIN), range, neighbours, stiffness }, pairs))
    }

    /// Displaces those of the `members` that were not displaced yet.
    ///
    /// # Errors
    /// Those of `forces`.
    pub fn pairs(&mut self, members: &[u32], forces: &mut dyn Forces) -> Result<Pairs> {
        let mut pairs = Vec::new();
        for &member in members {
            if !self.done.contains(&member) {
                let (felt, _) = self.displace(member, forces)?;
                pairs.extend(felt.into_iter().map(|k| (member, k)));
            }
        }
        Ok(pairs)
    }

    /// Members that feel the displacement of one, and the change of the force on itself.
    fn displace(&mut self, member: u32, forces: &mut dyn Forces) -> Result<(Vec<u32>, f64)> {
        let atom = self.configuration.members[member as usize];
        let x = self.configuration.positions[atom as usize];
        let step = [0.48 * self.amplitude, 0.6 * self.amplitude, 0.64 * self.amplitude];
        let mut moved = vec![[0.0; 3]; self.base.len()];
        forces.evaluate(&[atom], &[std::array::from_fn(|k| x[k] + step[k])], &mut moved)?;
        self.done.insert(member);
        let changes: Vec<f64> = moved.iter().zip(&self.base).map(|(a, b)| norm(&difference(a, b))).collect();
        let largest = changes.iter().copied().fold(0.0, f64::max);
        let felt = (0..changes.len() as u32).filter(|&k| changes[k as usize] > ROUNDING * largest).collect();
        Ok((felt, changes[member as usize]))
    }
}

/// The simplest reach that covers what was felt (pairs of an atom and those that felt it), the largest distance, and the
/// mean number of atoms within reach.
fn explain(configuration: &Configuration, found: &[(u32, Vec<u32>)]) -> (Reach, f64, f64) {
    let pairs = || found.iter().flat_map(|(i, felt)| felt.iter().map(|&j| (*i, j)));
    let range = pairs().map(|(i, j)| configuration.distance(i, j)).fold(0.0, f64::max);
    let wide = CellList::new(configuration.positions, configuration.cell, range * MARGIN);
    let mut hop = 0.0f64;
    for (i, felt) in found {
        let mut near = vec![f64::INFINITY; configuration.positions.len()];
        wide.near(*i as usize, |k, d| near[k as usize] = near[k as usize].min(d));
        for &j in felt {
            let mut best = f64::INFINITY;
            wide.near(j as usize, |k, d| best = best.min(d.max(near[k as usize])));
            hop = hop.max(best.sqrt());
        }
    }
    // Rounding of the distances must not exclude the pair that set them.
    let short = CellList::new(configuration.positions, configuration.cell, hop * MARGIN);
    let (mut direct, mut two_hops) = (0, 0);
    for (i, _) in found {
        let mut seen = BTreeSet::new();
        short.near(*i as usize, |k, _| short.near(k as usize, |j, _| _ = seen.insert(j)));
        two_hops += seen.len();
        seen.clear();
        wide.near(*i as usize, |j, _| _ = seen.insert(j));
        direct += seen.len();
    }
    let neighbours = direct.min(two_hops) as f64 / found.len() as f64;
    (if direct <= two_hops { Reach::Direct(range) } else { Reach::TwoHops(hop) }, range, neighbours)
}

/// As many members of each type, evenly over the IDs.
fn evenly(configuration: &Configuration) -> Vec<u32> {
    let mut by_type = BTreeMap::<i32, Vec<u32>>::new();
    for (member, &atom) in configuration.members.iter().enumerate() {
        by_type.entry(configuration.types[atom as usize]).or_default().push(member as u32);
    }
    let evenly = |all: &Vec<u32>| {
        let n = all.len().min(PROBES_PER_TYPE);
        (0..n).map(|k| all[k * all.len() / n]).collect::<Vec<u32>>()
    };
    by_type.values().flat_map(evenly).collect()
}

/// The member of each type with the closest neighbour of each type: pairs that are bonded nowhere else are among them.
fn closest(configuration: &Configuration) -> Vec<u32> {
    let cells = CellList::new(configuration.positions, configuration.cell, 2.0 * configuration.spacing());
    let mut least = BTreeMap::<(i32, i32), (f64, u32)>::new();
    for (member, &atom) in configuration.members.iter().enumerate() {
        let own = configuration.types[atom as usize];
        cells.near(atom as usize, |j, squared| {
            if j != atom {
                let best = least.entry((own, configuration.types[j as usize])).or_insert((f64::INFINITY, 0));
                if squared < best.0 {
                    *best = (squared, member as u32);
                }
            }
        });
    }
    let chosen: BTreeSet<u32> = least.values().map(|&(_, member)| member).collect();
    chosen.into_iter().take(MOST_UNUSUAL).collect()
}
