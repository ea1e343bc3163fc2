//! Names of the files of a campaign.

use super::output::{check_regular, lock};
use crate::error::{Error, Result};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::path::{Path, PathBuf};

/// File names as the user gave them.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Event table.
    pub events: Option<PathBuf>,
    /// Dump of saddles.
    pub saddles: Option<PathBuf>,
    /// Dump of minima.
    pub minima: Option<PathBuf>,
    /// Displaced atoms of each event.
    pub displaced: Option<PathBuf>,
}

impl Names {
    fn all(&self) -> Vec<&Path> {
        [&self.events, &self.saddles, &self.minima, &self.displaced]
            .into_iter()
            .flatten()
            .map(PathBuf::as_path)
            .collect()
    }

    /// Names of the files of a partition: with `.<index>` if there are several.
    #[must_use]
    pub fn of_partition(&self, index: Option<usize>) -> Names {
        let name = |path: &Option<PathBuf>| {
            path.as_ref().map(|path| index.map_or_else(|| path.clone(), |index| suffixed(path, &index.to_string())))
        };
        Names {
            events: name(&self.events),
            saddles: name(&self.saddles),
            minima: name(&self.minima),
            displaced: name(&self.displaced),
        }
    }

    /// Name of the file with the settings.
    #[must_use]
    pub fn settings(&self) -> Option<PathBuf> {
        self.events.as_ref().map(|path| suffixed(path, "settings"))
    }

    /// Checks that no file is also another one, a sidecar, or one of a partition.
    ///
    /// # Errors
    /// `InvalidParameter` that names both.
    pub fn check(&self) -> Result<()> {
        let real: Vec<PathBuf> = self.all().into_iter().map(resolved).collect();
        let sidecars = self.events.iter().flat_map(|events| {
            let events = resolved(events);
            [suffixed(&events, "settings"), known_name(&events)]
        });
        let names: Vec<PathBuf> = real.iter().cloned().chain(sidecars).collect();
        for (i, one) in real.iter().enumerate() {
            for (k, other) in names.iter().enumerate() {
                if i == k {
                    continue;
                }
                let derived = || suffix_of(one, other).is_some_and(|suffix| suffix.parse::<usize>().is_ok());
                if one == other || derived() {
                    let (one, other) = (one.display(), other.display());
                    let text =
                        format!("{one} and {other} would get into each other's way: give every file its own name");
                    return Err(Error::InvalidParameter(text));
                }
            }
        }
        Ok(())
    }

    /// Checks that all files that are there, of all partitions, are regular ones and that no other run writes to them.
    ///
    /// # Errors
    /// `File` that names the first one that is not.
    pub(super) fn check_free(&self) -> Result<()> {
        for path in self.all().into_iter().flat_map(with_partitions) {
            check_regular(&path)?;
            if let Ok(file) = OpenOptions::new().read(true).open(&path) {
                lock(&file, &path)?;
            }
        }
        Ok(())
    }

    /// Removes the files of an earlier campaign, of all its partitions; returns their names.
    ///
    /// # Errors
    /// `File` if a file of that name is none of a campaign, or cannot be removed.
    pub(super) fn remove(&self) -> Result<Vec<String>> {
        let mut removed = Vec::new();
        let mut files = Vec::new();
        for path in self.all() {
            for old in with_partitions(path).into_iter().filter(|old| old.is_file()) {
                if is_ours(&old) {
                    files.push(old);
                } else if old == path {
                    let path = path.display();
                    let text = format!("{path} is there and is no file of a campaign: remove it, or give another name");
                    return Err(Error::File(text));
                }
            }
        }
        for file in files {
            fs::remove_file(&file).map_err(|error| Error::file("remove", &file, &error))?;
            removed.push(file.display().to_string());
            // a sidecar means nothing without its table
            let _ = fs::remove_file(known_name(&file));
        }
        Ok(removed)
    }
}

/// `path` and every `path.<n>` that is there.
pub(super) fn with_partitions(path: &Path) -> Vec<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let prefix = format!("{}.", path.file_name().unwrap_or_default().to_string_lossy());
    let mut numbers: Vec<usize> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_string_lossy().strip_prefix(&prefix)?.parse().ok())
        .collect();
    numbers.sort_unstable();
    std::iter::once(path.to_path_buf()).chain(numbers.iter().map(|n| suffixed(path, &n.to_string()))).collect()
}

/// Name of the file of known saddles beside a table: hidden, so that a pattern like `events.csv.*` finds tables and not
/// binary files.
pub(super) fn known_name(table: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(table.file_name().unwrap_or_default());
    name.push(".known");
    table.with_file_name(name)
}

fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".");
    name.push(suffix);
    name.into()
}

/// What follows `path.` in `name`.
fn suffix_of(name: &Path, path: &Path) -> Option<String> {
    let (name, path) = (name.to_string_lossy(), path.to_string_lossy());
    Some(name.strip_prefix(&*path)?.strip_prefix('.')?.to_string())
}

/// The file behind a name, whatever links and folders lead to it.
fn resolved(path: &Path) -> PathBuf {
    if let Ok(file) = fs::canonicalize(path) {
        return file;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.into());
    folder.join(path.file_name().unwrap_or_default())
}

/// Whether a file begins as a table or a dump of a campaign does, as far as it goes.
fn is_ours(path: &Path) -> bool {
    const TABLE: &[u8] = b"attempt,center,trial,";
    const DUMP: &[u8] = b"ITEM: TIMESTEP\n";
    const ITEM: &[u8] = b"ITEM: ATOMS";
    const COLUMNS: &[u8] = b"ITEM: ATOMS id type x y z\n";
    const MOST: u64 = 4096;
    let mut begin = Vec::new();
    if File::open(path).and_then(|file| file.take(MOST).read_to_end(&mut begin)).is_err() {
        return false;
    }
    let begins = |bytes: &[u8], with: &[u8]| bytes.starts_with(with) || with.starts_with(bytes);
    let item = begin.windows(ITEM.len()).position(|window| window == ITEM);
    begins(&begin, TABLE) || begins(&begin, DUMP) && item.is_none_or(|item| begins(&begin[item..], COLUMNS))
}
