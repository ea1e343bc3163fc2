//! The file of displaced atoms: with it an event informs every atom that takes part in it.

use super::row::push_real;
use crate::artn::event::Event;
use crate::artn::frame::Frame;
use std::collections::HashSet;
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
    /// The lines of `event`, which attempt number `attempt`, trial `trial` of the atom `center` found.
    #[must_use]
    pub fn text(&self, attempt: u64, center: i64, trial: u32, event: &Event) -> String {
        let lengths = |x: &[f64]| -> Vec<f64> {
            if x.is_empty() {
                return vec![f64::NAN; self.ids.len()];
            }
            let moves = self.frame.displacements(x);
            moves.iter().map(|d| d.iter().map(|x| x * x).sum::<f64>().sqrt()).collect()
        };
        let mut text = String::new();
        let (at_saddle, at_minimum) = (lengths(&event.saddle), lengths(&event.minimum));
        for ((id, &saddle), &minimum) in self.ids.iter().zip(&at_saddle).zip(&at_minimum) {
            if saddle > self.threshold || minimum > self.threshold {
                let _ = write!(text, "{attempt},{center},{trial},{id},");
                push_real(&mut text, saddle);
                text.push(',');
                push_real(&mut text, minimum);
                text.push('\n');
            }
        }
        text
    }
}

/// Bytes of the lines of committed attempts, with the first line, and these attempts; 0 if the first line is not there. An
/// attempt whose last line is torn does not count.
pub(super) fn committed_length(bytes: &[u8], committed: &HashSet<u64>) -> (u64, HashSet<u64>) {
    let attempt = |line: &[u8]| -> Option<u64> { std::str::from_utf8(line).ok()?.split(',').next()?.parse().ok() };
    let mut lines = bytes.split_inclusive(|&byte| byte == b'\n');
    let (mut length, mut found) = (0, HashSet::new());
    let Some(header) = lines.next().filter(|line| line.strip_suffix(b"\n") == Some(HEADER.as_bytes())) else {
        return (length, found);
    };
    length += header.len() as u64;
    for line in lines {
        match attempt(line).filter(|attempt| committed.contains(attempt)) {
            Some(attempt) if line.ends_with(b"\n") => {
                length += line.len() as u64;
                found.insert(attempt);
            }
            Some(attempt) => {
                found.remove(&attempt);
            }
            None => break,
        }
    }
    (length, found)
}
