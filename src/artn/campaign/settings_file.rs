//! The settings of a campaign beside its event table: a resumed campaign must have the same.

use super::output::replace;
use super::row::push_real;
use crate::artn::settings::Settings;
use crate::error::{Error, Result};
use crate::hash::checksum;
use std::fmt::Write as _;
use std::path::Path;

/// Energies of the initial state that differ by less than this share are the same: sums over other numbers of MPI
/// ranks differ by 4e-14.
const SAME_ENERGY: f64 = 1e-10;
const ENERGY: &str = "energy_initial";

/// Lines `name value ...`.
#[derive(Debug, Clone, PartialEq)]
pub struct SettingsFile {
    lines: Vec<(&'static str, String)>,
    energy: f64,
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
            ("own", reals(&[settings.own])),
            ("distinct", flag(goal.distinct)),
            ("same", reals(&[goal.same_energy, goal.same_distance])),
            ("atoms", atoms.to_string()),
            (
                "group",
                format!(
                    "{} atoms, checksum {:016x}",
                    centres.len(),
                    checksum_of(centres.iter().map(|id| id.cast_unsigned()))
                ),
            ),
            (ENERGY, reals(&[energy])),
        ];
        SettingsFile { lines, energy }
    }

    /// Energy of the initial state.
    #[must_use]
    pub fn energy(&self) -> f64 {
        self.energy
    }

    /// Adds the push direction and the displacement to a saddle (shape (N, 3)) that replace random pushes, if any.
    pub fn add_vectors(&mut self, direction: Option<&[f64]>, displacement: Option<&[f64]>) {
        for (name, vector) in [("direction", direction), ("refine", displacement)] {
            let value = vector.map_or_else(
                || "no".into(),
                |vector| format!("checksum {:016x}", checksum_of(vector.iter().map(|x| x.to_bits()))),
            );
            self.lines.push((name, value));
        }
    }

    /// Adds the IDs of the atoms that are held.
    pub fn add_held(&mut self, ids: &[i64]) {
        let value =
            format!("{} atoms, checksum {:016x}", ids.len(), checksum_of(ids.iter().map(|id| id.cast_unsigned())));
        self.lines.push(("held", value));
    }

    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.lines {
            let _ = writeln!(text, "{name} {value}");
        }
        text
    }

    /// Writes them to `path`.
    ///
    /// # Errors
    /// `File` if that fails.
    pub fn write(&self, path: &Path) -> Result<()> {
        replace(path, self.text().as_bytes())
    }

    /// Compares them with the content of `path`; returns the names of those that it lacks, since it is damaged or of an older
    /// version.
    ///
    /// # Errors
    /// `InvalidParameter` that names the first setting that differs.
    pub fn compare(&self, path: &Path, content: &[u8]) -> Result<Vec<&'static str>> {
        let text = String::from_utf8_lossy(content);
        // a line without an end may be torn
        let complete: Vec<&str> = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')).collect();
        let mut lacking = Vec::new();
        for (name, value) in &self.lines {
            match complete.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')) {
                Some(old) if same(name, old, value) => {}
                Some(old) => {
                    let path = path.display();
                    let text =
                        format!("cannot resume: {name} is {value}, in {path} it is {old}: go on with the old one");
                    return Err(Error::InvalidParameter(text));
                }
                None => lacking.push(*name),
            }
        }
        Ok(lacking)
    }
}

/// Whether two energies of the initial state are those of one state.
pub(super) fn same_energy(old: f64, new: f64) -> bool {
    (old - new).abs() <= SAME_ENERGY * new.abs().max(1.0)
}

fn same(name: &str, old: &str, new: &str) -> bool {
    if name != ENERGY {
        return old == new;
    }
    let (Ok(old), Ok(new)) = (old.parse::<f64>(), new.parse::<f64>()) else { return false };
    same_energy(old, new)
}

fn checksum_of(words: impl Iterator<Item = u64>) -> u64 {
    checksum(&words.collect::<Vec<_>>())
}
