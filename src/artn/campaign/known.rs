//! Saddles that a centre had before, in few bytes.

use crate::artn::frame::Frame;
use crate::geometry::{difference, norm};
use crate::hash::checksum_of_bytes;

/// Atoms displaced by less than this share of the same-saddle distance count as not displaced.
const RESOLUTION: f64 = 0.2;

/// A saddle as the displacements of the atoms that moved visibly from the initial minimum (drift removed), in single
/// precision: some hundred atoms instead of all.
///
/// Every comparison uses this form, also within one run, so that a resumed campaign decides as one that was never
/// interrupted. Whether two atoms are closer than the same-saddle distance d is then decided with an error of at
/// most 0.2 d.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Trial that found it.
    pub trial: u32,
    /// Its energy.
    pub energy: f64,
    moves: Vec<(u32, [f32; 3])>,
}

impl Known {
    /// The saddle of `trial` at positions `saddle`, shape (N, 3), seen in `frame`.
    #[must_use]
    pub fn new(trial: u32, energy: f64, frame: &Frame, saddle: &[f64], same_distance: f64) -> Self {
        let limit = RESOLUTION * same_distance;
        let moves = frame
            .displacements(saddle)
            .into_iter()
            .enumerate()
            .filter(|(_, d)| norm(d) > limit)
            .map(|(i, d)| (i as u32, d.map(|x| x as f32)))
            .collect();
        Known { trial, energy, moves }
    }

    /// Whether both are the same saddle: energies within `same_energy`, no atom farther than `same_distance`.
    #[must_use]
    pub fn equals(&self, other: &Known, same_energy: f64, same_distance: f64) -> bool {
        // Negated: an unknown energy equals nothing.
        let close = (self.energy - other.energy).abs() < same_energy;
        close && self.largest_difference(other) <= same_distance
    }

    fn largest_difference(&self, other: &Known) -> f64 {
        let (mut a, mut b) = (self.moves.iter().peekable(), other.moves.iter().peekable());
        let mut largest: f64 = 0.0;
        loop {
            let first = match (a.peek(), b.peek()) {
                (None, None) => return largest,
                (Some(x), None) => x.0,
                (None, Some(y)) => y.0,
                (Some(x), Some(y)) => x.0.min(y.0),
            };
            let take = |side: &mut std::iter::Peekable<std::slice::Iter<(u32, [f32; 3])>>| {
                side.next_if(|entry| entry.0 == first).map_or([0.0; 3], |entry| entry.1.map(f64::from))
            };
            let (x, y) = (take(&mut a), take(&mut b));
            largest = largest.max(norm(&difference(&x, &y)));
        }
    }

    /// Bytes of the file beside the table: attempt of the partition, trial, energy, number of atoms, atoms, checksum.
    #[must_use]
    pub fn bytes(&self, attempt: u64) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(PREFIX + ENTRY * self.moves.len() + 8);
        bytes.extend(attempt.to_le_bytes());
        bytes.extend(self.trial.to_le_bytes());
        bytes.extend(self.energy.to_le_bytes());
        bytes.extend((self.moves.len() as u32).to_le_bytes());
        for (atom, d) in &self.moves {
            bytes.extend(atom.to_le_bytes());
            for x in d {
                bytes.extend(x.to_le_bytes());
            }
        }
        bytes.extend(checksum_of_bytes(&bytes).to_le_bytes());
        bytes
    }

    /// Reads one record from the beginning of `bytes`: attempt, saddle, bytes used. `None` if the record is torn or
    /// damaged.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<(u64, Known, usize)> {
        let prefix = bytes.get(..PREFIX)?;
        let attempt = u64::from_le_bytes(prefix[..8].try_into().ok()?);
        let trial = u32::from_le_bytes(prefix[8..12].try_into().ok()?);
        let energy = f64::from_le_bytes(prefix[12..20].try_into().ok()?);
        let atoms = u32::from_le_bytes(prefix[20..24].try_into().ok()?) as usize;
        let end = PREFIX + ENTRY * atoms;
        let moves = bytes.get(PREFIX..end)?.chunks_exact(ENTRY).map(entry).collect();
        let used = end + 8;
        let sum = u64::from_le_bytes(bytes.get(end..used)?.try_into().ok()?);
        (sum == checksum_of_bytes(&bytes[..end])).then_some((attempt, Known { trial, energy, moves }, used))
    }

    /// Reads all records of a file, with the bytes up to the end of each; those from the first torn or damaged one on are
    /// left out.
    #[must_use]
    pub fn parse_all(bytes: &[u8]) -> Vec<(u64, Known, usize)> {
        let mut records: Vec<(u64, Known, usize)> = Vec::new();
        let mut start = 0;
        while let Some((attempt, known, used)) = Known::parse(&bytes[start..]) {
            if records.last().is_some_and(|last| last.0 >= attempt) {
                break;
            }
            start += used;
            records.push((attempt, known, start));
        }
        records
    }
}

const PREFIX: usize = 24;
const ENTRY: usize = 16;

fn entry(bytes: &[u8]) -> (u32, [f32; 3]) {
    let word = |k: usize| [bytes[4 * k], bytes[4 * k + 1], bytes[4 * k + 2], bytes[4 * k + 3]];
    (u32::from_le_bytes(word(0)), std::array::from_fn(|k| f32::from_le_bytes(word(k + 1))))
}
