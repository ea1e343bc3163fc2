//! Frames in LAMMPS' text dump format.

use super::row::push_real;
use crate::artn::held::Held;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

const STEP: &str = "ITEM: TIMESTEP";

/// What all frames have in common.
#[derive(Debug, Clone)]
pub struct Frames {
    /// IDs of the atoms.
    pub ids: Vec<i64>,
    /// Species of the atoms.
    pub species: Vec<i32>,
    /// The atoms that are not held, and where the others are.
    pub held: Held,
    /// The lines from `ITEM: BOX BOUNDS` to the last bound, each with its end.
    pub bounds: String,
}

impl Frames {
    /// The frame of `attempt` with the free atoms at `x`, shape (n, 3).
    #[must_use]
    pub fn text(&self, attempt: u64, x: &[f64]) -> String {
        let mut text = format!("{STEP}\n{attempt}\nITEM: NUMBER OF ATOMS\n{}\n{}", self.ids.len(), self.bounds);
        text.push_str("ITEM: ATOMS id type x y z\n");
        let x = self.held.widen(x);
        for ((id, species), x) in self.ids.iter().zip(&self.species).zip(x.as_chunks::<3>().0) {
            let _ = write!(text, "{id} {species}");
            for &x in x {
                text.push(' ');
                push_real(&mut text, x);
            }
            text.push('\n');
        }
        text
    }
}

/// Bytes up to the end of the last committed frame, and how many committed frames there are. A frame counts if it is
/// complete; what is not stays where it is if a committed one follows.
pub(super) fn committed_length(path: &Path, committed: &HashSet<u64>) -> io::Result<(u64, usize)> {
    const HEAD: u64 = 9;
    let mut reader = BufReader::with_capacity(1 << 20, File::open(path)?);
    let mut line = Vec::new();
    let (mut position, mut end, mut last, mut frames) = (0, 0, 0, 0);
    // of the frame under way: its attempt, its lines so far, its atoms
    let (mut attempt, mut lines, mut atoms) = (0, 0, 0);
    loop {
        line.clear();
        let start = position;
        position += reader.read_until(b'\n', &mut line)? as u64;
        let text = line.strip_suffix(b"\n").map(<[u8]>::trim_ascii_end);
        if text.is_none() || text == Some(STEP.as_bytes()) {
            if lines == HEAD + atoms && attempt > last && committed.contains(&attempt) {
                (end, last, frames) = (start, attempt, frames + 1);
            }
            if text.is_none() {
                return Ok((end, frames));
            }
            (attempt, lines, atoms) = (0, 0, 0);
        }
        lines += 1;
        let number = || std::str::from_utf8(text?).ok()?.parse().ok();
        match lines {
            2 => attempt = number().unwrap_or(0),
            4 => atoms = number().unwrap_or(0),
            _ => {}
        }
    }
}
