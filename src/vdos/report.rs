//! The table file, and what the log says of a spectrum.

use super::communicator::all_ok;
use super::scale;
use super::spectrum::Bands;
use super::{Communicator, VibrationSettings, Vibrations};
use crate::error::{Error, Result};
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::path::PathBuf;

/// Fails if a file that is asked for cannot be written, which is better known before long work. All ranks call it.
///
/// # Errors
/// As said.
pub fn check_files(settings: &VibrationSettings, comm: &dyn Communicator) -> Result<()> {
    let open = |path: &PathBuf| {
        let file = OpenOptions::new().create(true).append(true).open(path);
        file.map(drop).map_err(|error| Error::file("write", path, &error))
    };
    let mut files = settings.table.iter().chain(&settings.modes).chain(&settings.hessian);
    all_ok(comm, if comm.rank() == 0 { files.try_for_each(open) } else { Ok(()) })
}

/// Writes the table file, if one is asked for, with the rows up to f = `known`. All ranks call it, the first writes.
///
/// # Errors
/// If the file cannot be written.
pub fn write_table(
    vibrations: &Vibrations,
    settings: &VibrationSettings,
    known: f64,
    comm: &dyn Communicator,
) -> Result<()> {
    let Some(path) = &settings.table else { return Ok(()) };
    let written = if comm.rank() == 0 { std::fs::write(path, text_of(vibrations, known)) } else { Ok(()) };
    all_ok(comm, written.map_err(|error| Error::file("write", path, &error)))
}

fn text_of(vibrations: &Vibrations, known: f64) -> String {
    let mut text = String::from("# Vibrational density of states; frequencies in 1/time units\n# f g g/f^2");
    for t in 1..=vibrations.width - 3 {
        let _ = write!(text, " g_type_{t}");
    }
    text.push_str(if vibrations.errors.is_empty() { "\n" } else { " error_of_g\n" });
    for (k, row) in
        vibrations.table.chunks(vibrations.width).enumerate().filter(|(_, row)| row[0] <= known * (1.0 + 1e-9))
    {
        let row: Vec<String> =
            row.iter().chain(vibrations.errors.get(k)).map(|value| format!("{value:.16e}")).collect();
        text.push_str(&row.join(" "));
        text.push('\n');
    }
    text
}

/// Tells the log what was found.
pub fn describe(vibrations: &Vibrations, bands: &Bands, settings: &VibrationSettings, progress: &mut dyn FnMut(&str)) {
    let Vibrations { found, zero, negative, lowest, highest, residual, .. } = vibrations;
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
    edges(vibrations, settings, progress);
    if bands.lowest.is_none() {
        progress("the lowest 1 % of the modes reach beyond fcut: column 4 is 0");
    }
}

/// Share of atoms above which the maxima at an edge of the range are those of something else.
const TOO_MANY: f64 = 0.3;

/// Tells how many atoms have their maximum at an edge of the range, and what range to give if they are many.
pub fn edges(vibrations: &Vibrations, settings: &VibrationSettings, progress: &mut dyn FnMut(&str)) {
    let [low, high] = settings.range;
    let n = vibrations.atoms.len() as f64;
    let share = |is: &dyn Fn(f64) -> bool| vibrations.atoms.iter().filter(|atom| is(atom[2])).count() as f64 / n;
    let (at_low, at_high) = (share(&|f| f <= low), share(&|f| f >= high));
    let percent = 100.0 * at_low;
    progress(&format!("{percent:.1} % of the atoms have the maximum of g_i/f^2 at Flo = {low}"));
    if at_low.max(at_high) <= TOO_MANY {
        return;
    }
    let rows = vibrations.table.chunks(vibrations.width).filter(|row| row[1] > 0.0).map(|row| [row[0], row[2]]);
    let ([from, to], resolved) = scale::around(rows, scale::least(settings.sigma, vibrations.lowest));
    let percent = 100.0 * at_low.max(at_high);
    let edge = if at_low > at_high { low } else { high };
    let hint = if resolved {
        format!("g/f^2 of all atoms suggests range {from:.3} {to:.3}")
    } else {
        "g/f^2 of all atoms falls from the lowest phonons on: a box of this size does not resolve the peak".into()
    };
    progress(&format!(
        "WARNING: {percent:.0} % of the atoms have the maximum of g_i/f^2 at the edge {edge:.4} of the range, which is not \
         their boson peak; {hint}"
    ));
}
