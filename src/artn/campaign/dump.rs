//! Frames in LAMMPS' text dump format.

use super::row::push_real;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

const STEP: &str = "ITEM: TIMESTEP";

/// What all frames have in common.
#[derive(Debug, Clone)]
pub struct Frames {
    /// IDs of the atoms.
    pub ids: Vec<i64>,
    /// Species of the atoms.
    pub species: Vec<i32>,
    /// The lines from `ITEM: BOX BOUNDS` to the last bound, each with its end.
    pub bounds: String,
}

impl Frames {
    /// The frame of `attempt` with atoms at `x`, shape (N, 3).
    #[must_use]
    pub fn text(&self, attempt: u64, x: &[f64]) -> String {
        let mut text = format!("{STEP}\n{attempt}\nITEM: NUMBER OF ATOMS\n{}\n{}", self.ids.len(), self.bounds);
        text.push_str("ITEM: ATOMS id type x y z\n");
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

/// Opens a dump to go on after its committed frames; whatever follows them is cut off.
pub(super) fn reopen(path: &Path, committed: impl Fn(u64) -> bool) -> io::Result<File> {
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    let end = committed_length(&file, committed)?;
    if file.metadata()?.len() != end {
        file.set_len(end)?;
    }
    file.seek(SeekFrom::Start(end))?;
    Ok(file)
}

/// Bytes up to the first frame that is not committed. A committed frame is complete: it was written before its commit.
fn committed_length(file: &File, committed: impl Fn(u64) -> bool) -> io::Result<u64> {
    // a device may have no end, but no length either
    let mut reader = BufReader::with_capacity(1 << 20, file.take(file.metadata()?.len()));
    let mut line = Vec::new();
    let mut position = 0;
    let mut last = 0;
    loop {
        line.clear();
        let start = position;
        position += reader.read_until(b'\n', &mut line)? as u64;
        if line.is_empty() {
            return Ok(position);
        }
        if line.trim_ascii_end() != STEP.as_bytes() {
            continue;
        }
        line.clear();
        position += reader.read_until(b'\n', &mut line)? as u64;
        let attempt = std::str::from_utf8(&line).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        if !(line.ends_with(b"\n") && attempt > last && committed(attempt)) {
            return Ok(start);
        }
        last = attempt;
    }
}

/// Appends `bytes`; if that fails, the file is cut back to its former length, as far as that is possible.
pub(super) fn append(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    let start = file.stream_position()?;
    let written = file.write_all(bytes);
    if written.is_err() {
        let _ = file.set_len(start);
        let _ = file.seek(SeekFrom::Start(start));
    }
    written
}
