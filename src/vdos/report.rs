//! The table file, and what the log says of a spectrum.

use super::modes::failed;
use super::peers::agree;
use super::spectrum::Bands;
use super::{Outcome, Peers, Settings};
use crate::error::Result;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::path::PathBuf;

/// Fails if a file that is asked for cannot be written, which is better known before long work. All ranks call it.
///
/// # Errors
/// As said.
pub fn check_files(settings: &Settings, peers: &dyn Peers) -> Result<()> {
    let open = |path: &PathBuf| {
        let file = OpenOptions::new().create(true).append(true).open(path);
        file.map(drop).map_err(|error| failed(path, &error))
    };
    let mut files = settings.table.iter().chain(&settings.modes);
    agree(peers, if peers.rank() == 0 { files.try_for_each(open) } else { Ok(()) })
}

/// Writes the table file, if one is asked for, with the rows up to f = `known`. All ranks call it, the first writes.
///
/// # Errors
/// If the file cannot be written.
pub fn write_table(outcome: &Outcome, settings: &Settings, known: f64, peers: &dyn Peers) -> Result<()> {
    let Some(path) = &settings.table else { return Ok(()) };
    let written = if peers.rank() == 0 { std::fs::write(path, text_of(outcome, known)) } else { Ok(()) };
    agree(peers, written.map_err(|error| failed(path, &error)))
}

fn text_of(outcome: &Outcome, known: f64) -> String {
    let mut text = String::from("# Vibrational density of states; frequencies in 1/time units\n# f g g/f^2");
    for t in 1..=outcome.width - 3 {
        let _ = write!(text, " g_type_{t}");
    }
    text.push_str(if outcome.errors.is_empty() { "\n" } else { " error_of_g\n" });
    for (k, row) in outcome.table.chunks(outcome.width).enumerate().filter(|(_, row)| row[0] <= known * (1.0 + 1e-9)) {
        let row: Vec<String> = row.iter().chain(outcome.errors.get(k)).map(|value| format!("{value:.16e}")).collect();
        text.push_str(&row.join(" "));
        text.push('\n');
    }
    text
}

/// Tells the log what was found.
pub fn describe(outcome: &Outcome, bands: &Bands, settings: &Settings, progress: &mut dyn FnMut(&str)) {
    let Outcome { found, zero, negative, lowest, highest, residual, .. } = outcome;
    progress(&format!(
        "{found} modes, {zero} zero and {negative} negative; frequencies {lowest:.6} to {highest:.6}, \
         residuals up to {residual:.1e}"
    ));
    if *found == zero + negative {
        progress("WARNING: no vibrations below fcut, every result is 0: raise fcut");
        return;
    }
    if *zero > 0 {
        progress(&format!("the lowest, {lowest:.6}, is about the lowest transverse phonon of a box of this size"));
    }
    if *negative > 0 {
        progress("WARNING: negative modes: the configuration is not a minimum");
    }
    let at_edge = outcome.atoms.iter().filter(|atom| atom[2] <= settings.range[0]).count();
    let share = 100.0 * at_edge as f64 / outcome.atoms.len() as f64;
    progress(&format!("{share:.1} % of the atoms have the maximum of g_i/f^2 at Flo = {}", settings.range[0]));
    if bands.lowest.is_none() {
        progress("the lowest 1 % of the modes reach beyond fcut: column 4 is 0");
    }
}
