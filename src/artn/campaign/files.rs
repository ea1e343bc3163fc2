//! The files of a campaign: event table, saddles known so far, dumps, settings.

use super::Record;
use super::dump::{Frames, append, reopen};
use super::known::Known;
use super::row::{HEADER, Row};
use super::settings_file::SettingsFile;
use crate::artn::event::{Event, Status};
use crate::error::{Error, Result};
use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek};
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
}

/// What is written where, by one process of a partition.
#[derive(Debug, Default)]
pub struct Files {
    table: Option<Output>,
    known: Option<Output>,
    saddles: Option<Output>,
    minima: Option<Output>,
}

#[derive(Debug)]
struct Output {
    path: PathBuf,
    file: File,
}

impl Names {
    /// Names of the files of a partition: with `.<index>` if there are several.
    #[must_use]
    pub fn of_partition(&self, index: Option<usize>) -> Names {
        let name = |path: &Option<PathBuf>| {
            path.as_ref().map(|path| index.map_or_else(|| path.clone(), |index| suffixed(path, &index.to_string())))
        };
        Names { events: name(&self.events), saddles: name(&self.saddles), minima: name(&self.minima) }
    }

    /// Name of the file with the settings.
    #[must_use]
    pub fn settings(&self) -> Option<PathBuf> {
        self.events.as_ref().map(|path| suffixed(path, "settings"))
    }

    /// Removes the files of an earlier campaign, of all its partitions.
    ///
    /// # Errors
    /// `File` if one cannot be removed.
    pub fn remove(&self) -> Result<()> {
        for path in [&self.events, &self.saddles, &self.minima].into_iter().flatten() {
            for old in with_partitions(path) {
                for file in [suffixed(&old, "known"), old] {
                    if file.is_file() {
                        fs::remove_file(&file).map_err(|error| failure("remove", &file, &error))?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Files {
    /// Opens the files of a partition, after the committed attempts: the rows of its table. Dumps are cut back to them.
    ///
    /// # Errors
    /// `File` with the name of the file and the reason.
    pub fn open(names: &Names) -> Result<(Self, u64)> {
        let mut attempts = 0;
        let mut successes = HashSet::new();
        let mut files = Files::default();
        if let Some(path) = &names.events {
            let (rows, length) = read_table(path)?;
            attempts = rows.last().map_or(0, |row| row.attempt);
            successes.extend(rows.iter().filter(|row| row.status == Status::Success).map(|row| row.attempt));
            let mut table = Output::cut(path, length)?;
            if length == 0 {
                table.append(format!("{HEADER}\n").as_bytes())?;
            }
            files.table = Some(table);
            let path = suffixed(path, "known");
            let records = Known::parse_all(&read_or_empty(&path)?)?;
            let end = records.iter().take_while(|record| record.0 <= attempts).last().map_or(0, |record| record.2);
            files.known = Some(Output::cut(&path, end as u64)?);
        }
        let dump = |path: &Option<PathBuf>| -> Result<Option<Output>> {
            let Some(path) = path else { return Ok(None) };
            let file = reopen(path, |attempt| successes.contains(&attempt));
            Ok(Some(Output { path: path.clone(), file: file.map_err(|error| failure("open", path, &error))? }))
        };
        files.saddles = dump(&names.saddles)?;
        files.minima = dump(&names.minima)?;
        Ok((files, attempts))
    }

    /// Writes an attempt: the frames and the saddle first, the line of the table last and in one piece. Until then the
    /// attempt does not count.
    ///
    /// # Errors
    /// `File` with the name of the file and the reason; the table stays as it was.
    pub fn commit(&mut self, (row, known): &Record, event: &Event, frames: &Frames) -> Result<()> {
        if row.status == Status::Success {
            for (output, x) in [(&mut self.saddles, &event.saddle), (&mut self.minima, &event.minimum)] {
                if let Some(output) = output.as_mut().filter(|_| !x.is_empty()) {
                    output.append(frames.text(row.attempt, x).as_bytes())?;
                }
            }
        }
        if let (Some(output), Some(known)) = (&mut self.known, known) {
            output.append(&known.bytes(row.attempt))?;
        }
        match &mut self.table {
            Some(table) => table.append(format!("{}\n", row.line()).as_bytes()),
            None => Ok(()),
        }
    }
}

impl Output {
    fn cut(path: &Path, length: u64) -> Result<Self> {
        let open = || -> io::Result<File> {
            let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
            if file.metadata()?.len() != length {
                file.set_len(length)?;
            }
            file.seek(io::SeekFrom::End(0))?;
            Ok(file)
        };
        Ok(Output { path: path.into(), file: open().map_err(|error| failure("open", path, &error))? })
    }

    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        append(&mut self.file, bytes).map_err(|error| failure("write", &self.path, &error))
    }
}

/// All committed attempts of a campaign, of all its partitions, the trials of each centre in order; `None` if there is
/// no campaign yet.
///
/// # Errors
/// `File` if a file cannot be read or is not one of a campaign; `InvalidParameter` if the settings differ.
pub fn read_campaign(names: &Names, settings: &SettingsFile) -> Result<Option<Vec<Record>>> {
    let (Some(events), Some(sidecar)) = (&names.events, names.settings()) else {
        return Err(Error::InvalidParameter("resume yes needs events_file".into()));
    };
    let tables: Vec<PathBuf> = with_partitions(events).into_iter().filter(|path| path.is_file()).collect();
    if !sidecar.is_file() {
        if tables.is_empty() {
            return Ok(None);
        }
        let text = format!("cannot resume: {} is missing", sidecar.display());
        return Err(Error::File(text));
    }
    settings.compare(&sidecar)?;
    let mut records = Vec::new();
    for path in tables {
        let mut known: Vec<_> = Known::parse_all(&read_or_empty(&suffixed(&path, "known"))?)?;
        for row in read_table(&path)?.0 {
            let place = known.binary_search_by_key(&row.attempt, |record| record.0);
            let saddle = place.ok().map(|k| known.remove(k).1);
            if row.status == Status::Success && row.same_as == 0 && saddle.is_none() {
                let (path, attempt) = (suffixed(&path, "known"), row.attempt);
                return Err(Error::File(format!("cannot resume: {} lacks attempt {attempt}", path.display())));
            }
            records.push((row, saddle));
        }
    }
    records.sort_by_key(|(row, _)| (row.center, row.trial));
    Ok(Some(records))
}

/// Rows of a table and the bytes that they take; a last line without an end was never committed.
fn read_table(path: &Path) -> Result<(Vec<Row>, u64)> {
    let bytes = read_or_empty(path)?;
    let length = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
    let text = std::str::from_utf8(&bytes[..length]).unwrap_or("not text");
    let mut lines = text.lines();
    if length > 0 && lines.next() != Some(HEADER) {
        return Err(Error::File(format!("{} is no event table of this version", path.display())));
    }
    let mut rows: Vec<Row> = Vec::new();
    for (number, line) in lines.enumerate() {
        match Row::parse(line) {
            Some(row) if rows.last().is_none_or(|last| last.attempt < row.attempt) => rows.push(row),
            _ => {
                let text = format!("line {} of {} is not one of an event table", number + 2, path.display());
                return Err(Error::File(text));
            }
        }
    }
    Ok((rows, length as u64))
}

fn read_or_empty(path: &Path) -> Result<Vec<u8>> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        result => result.map_err(|error| failure("read", path, &error)),
    }
}

/// `path` and every `path.<n>` that is there.
fn with_partitions(path: &Path) -> Vec<PathBuf> {
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

fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".");
    name.push(suffix);
    name.into()
}

pub(super) fn failure(action: &str, path: &Path, error: &io::Error) -> Error {
    Error::File(format!("cannot {action} {}: {error}", path.display()))
}
