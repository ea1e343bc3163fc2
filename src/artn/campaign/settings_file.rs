//! The settings of a campaign beside its event table: a resumed campaign must have the same.

use super::files::failure;
use super::row::push_real;
use crate::artn::settings::Settings;
use crate::error::{Error, Result};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Energies of the initial state that differ by less than this share are the same: sums over other numbers of MPI
/// ranks differ by 4e-14.
const SAME_ENERGY: f64 = 1e-10;
const ENERGY: &str = "energy_initial";

/// Lines `name value ...`.
#[derive(Debug, Clone, PartialEq)]
pub struct SettingsFile {
    lines: Vec<(&'static str, String)>,
}

impl SettingsFile {
    /// Settings of a search, goal of the campaign, IDs of the centres, number of atoms, and energy of the initial state.
    #[must_use]
    pub fn new(settings: &Settings, goal: &super::Goal, centres: &[i64], atoms: usize, energy: f64) -> Self {
        let reals = |values: &[f64]| {
            let mut text = String::new();
            for &x in values {
                if !text.is_empty() {
                    text.push(' ');
                }
                push_real(&mut text, x);
            }
            text
        };
        let flag = |yes: bool| if yes { "yes" } else { "no" }.to_string();
        let active = settings.active.map_or_else(|| "all".into(), |radius| reals(&[radius]));
        let lines = vec![
            ("seed", settings.seed.to_string()),
            ("events", goal.events.to_string()),
            ("attempts", goal.attempts.to_string()),
            ("push", reals(&[settings.push, settings.push_radius])),
            ("active", active),
            ("ftol", reals(&[settings.ftol])),
            ("lanczos", format!("{} {}", settings.lanczos_size, reals(&[settings.lanczos_step]))),
            ("curvature", reals(&[settings.curvature])),
            ("maxeval", settings.maxeval.to_string()),
            ("barrier", reals(&settings.barrier)),
            ("connect", flag(settings.connect)),
            ("distinct", flag(goal.distinct)),
            ("same", reals(&[goal.same_energy, goal.same_distance])),
            ("atoms", atoms.to_string()),
            ("group", format!("{} atoms, checksum {:016x}", centres.len(), checksum(centres))),
            (ENERGY, reals(&[energy])),
        ];
        SettingsFile { lines }
    }

    /// Adds the push direction and the displacement to a saddle (shape (N, 3)) that replace random pushes, if any.
    pub fn add_vectors(&mut self, direction: Option<&[f64]>, displacement: Option<&[f64]>) {
        for (name, vector) in [("direction", direction), ("refine", displacement)] {
            let value = vector.map_or_else(
                || "no".into(),
                |vector| {
                    let bits: Vec<i64> = vector.iter().map(|x| x.to_bits().cast_signed()).collect();
                    format!("checksum {:016x}", checksum(&bits))
                },
            );
            self.lines.push((name, value));
        }
    }

    /// Writes them to `path`.
    ///
    /// # Errors
    /// `File` if that fails.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut text = String::new();
        for (name, value) in &self.lines {
            let _ = writeln!(text, "{name} {value}");
        }
        fs::write(path, text).map_err(|error| failure("write", path, &error))
    }

    /// Compares them with those in `path`.
    ///
    /// # Errors
    /// `File` if it cannot be read; `InvalidParameter` that names the first setting that differs.
    pub fn compare(&self, path: &Path) -> Result<()> {
        let text = fs::read_to_string(path).map_err(|error| failure("read", path, &error))?;
        for (name, value) in &self.lines {
            let old = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            if !old.is_some_and(|old| same(name, old, value)) {
                let old = old.unwrap_or("not there");
                let path = path.display();
                let text = format!("cannot resume: {name} is {value}, in {path} it is {old}: go on with the old one");
                return Err(Error::InvalidParameter(text));
            }
        }
        Ok(())
    }
}

fn same(name: &str, old: &str, new: &str) -> bool {
    if name != ENERGY {
        return old == new;
    }
    let (Ok(old), Ok(new)) = (old.parse::<f64>(), new.parse::<f64>()) else { return false };
    (old - new).abs() <= SAME_ENERGY * new.abs().max(1.0)
}

/// FNV-1a.
fn checksum(numbers: &[i64]) -> u64 {
    numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
