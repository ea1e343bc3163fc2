//! The file of displaced atoms: with it an event informs every atom that takes part in it.

use super::row::push_real;
use crate::artn::event::Event;
use crate::artn::frame::Frame;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

/// First line.
pub(super) const HEADER: &str = "attempt,center,trial,atom,at_saddle,at_minimum";

/// What all events have in common.
#[derive(Debug, Clone)]
pub struct Displaced {
    /// IDs of the atoms.
    pub ids: Vec<i64>,
    /// The initial minimum.
    pub frame: Frame,
    /// Atoms displaced by no more than this (distance), at the saddle and in the new minimum, are left out.
    pub threshold: f64,
}

impl Displaced {
    /// The lines of `event`, which attempt number `attempt`, trial `trial` of the atom `center` found. If there are any,
    /// that of the atom that moves most at the saddle is the last one: without it some lack.
    #[must_use]
    pub fn text(&self, attempt: u64, center: i64, trial: u32, event: &Event) -> String {
        let lengths = |x: &[f64]| -> Vec<f64> {
            if x.is_empty() {
                return vec![f64::NAN; self.ids.len()];
            }
            let moves = self.frame.displacements(x);
            moves.iter().map(|d| d.iter().map(|x| x * x).sum::<f64>().sqrt()).collect()
        };
        let (mut text, mut last) = (String::new(), String::new());
        let (at_saddle, at_minimum) = (lengths(&event.saddle), lengths(&event.minimum));
        for ((&id, &saddle), &minimum) in self.ids.iter().zip(&at_saddle).zip(&at_minimum) {
            let moves_most = id == event.mover;
            if moves_most || saddle > self.threshold || minimum > self.threshold {
                let line = if moves_most { &mut last } else { &mut text };
                let _ = write!(line, "{attempt},{center},{trial},{id},");
                push_real(line, saddle);
                line.push(',');
                push_real(line, minimum);
                line.push('\n');
            }
        }
        text + &last
    }
}

/// Bytes of the lines of committed attempts, with the first line, and the attempts of which no line lacks; 0 if the first
/// line is not there. `movers`: the committed attempts and the atoms that move most in them, 0 where that is not known.
pub(super) fn committed_length(bytes: &[u8], movers: &HashMap<u64, i64>) -> (u64, HashSet<u64>) {
    let parse = |line: &[u8]| -> Option<(u64, Option<i64>)> {
        let mut words = std::str::from_utf8(line).ok()?.split(',');
        let attempt = words.next()?.parse().ok()?;
        Some((attempt, words.nth(2).and_then(|atom| atom.parse().ok())))
    };
    let mut lines = bytes.split_inclusive(|&byte| byte == b'\n');
    let (mut length, mut found) = (0, HashSet::new());
    let Some(header) = lines.next().filter(|line| line.strip_suffix(b"\n") == Some(HEADER.as_bytes())) else {
        return (length, found);
    };
    length += header.len() as u64;
    for line in lines {
        let Some((attempt, atom)) = parse(line) else { break };
        let Some(&mover) = movers.get(&attempt) else { break };
        let whole = line.ends_with(b"\n");
        if whole {
            length += line.len() as u64;
        }
        if whole && (atom == Some(mover) || mover == 0) {
            found.insert(attempt);
        } else {
            found.remove(&attempt);
        }
    }
    (length, found)
}
