//! The files of a campaign: event table, saddles known so far, dumps, settings.

use super::Record;
use super::displaced::{self, Displaced};
use super::dump::{Frames, committed_length};
use super::known::Known;
use super::names::{Names, known_name, with_partitions};
use super::output::{Output, check_regular, replace};
use super::row::{HEADER, Row, is_header};
use super::settings_file::{SettingsFile, same_energy};
use crate::artn::event::{Event, Status};
use crate::error::{Error, Result};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// What is written where, by one process of a partition.
#[derive(Debug, Default)]
pub struct Files {
    table: Option<Output>,
    known: Option<Output>,
    saddles: Option<Output>,
    minima: Option<Output>,
    displaced: Option<Output>,
    synced: Option<Instant>,
}

impl Files {
    /// Opens the files of a partition, after the committed attempts: the rows of its table. Dumps are cut back to them.
    /// Returns also the number of the last attempt, and lines for the log.
    ///
    /// # Errors
    /// `File` with the name of the file and the reason.
    pub fn open(names: &Names) -> Result<(Self, u64, Vec<String>)> {
        let mut rows = Vec::new();
        let mut notes = Vec::new();
        let mut files = Files::default();
        if let Some(path) = &names.events {
            let mut table = Output::open(path)?;
            let (length, old);
            (rows, length, old) = read_table(path)?;
            if old {
                rewrite(path, &rows)?;
                table = Output::open(path)?;
            } else {
                table.cut(length)?;
            }
            if length == 0 {
                table.append(format!("{HEADER}\n").as_bytes())?;
            }
            files.table = Some(table);
            let path = known_name(path);
            let mut known = Output::open(&path)?;
            let last = rows.last().map_or(0, |row| row.attempt);
            let records = Known::parse_all(&read_or_empty(&path)?);
            known
                .cut(records.iter().take_while(|record| record.0 <= last).last().map_or(0, |record| record.2) as u64)?;
            files.known = Some(known);
        }
        let attempts = rows.last().map_or(0, |row| row.attempt);
        let successes = rows.iter().filter(|row| row.status == Status::Success);
        let saddles: HashSet<u64> = successes.clone().map(|row| row.attempt).collect();
        let minima = successes.filter(|row| !row.barrier_back().is_nan()).map(|row| row.attempt).collect();
        files.saddles = names.saddles.as_ref().map(|path| reopen(path, &saddles, &mut notes)).transpose()?;
        files.minima = names.minima.as_ref().map(|path| reopen(path, &minima, &mut notes)).transpose()?;
        files.displaced = names.displaced.as_ref().map(|path| reopen_displaced(path, &rows, &mut notes)).transpose()?;
        Ok((files, attempts, notes))
    }

    /// Writes an attempt: the frames and the saddle first, the line of the table last and in one piece. Until then the
    /// attempt does not count.
    ///
    /// # Errors
    /// `File` with the name of the file and the reason; the table stays as it was.
    pub fn commit(
        &mut self,
        (row, known): &Record,
        event: &Event,
        frames: &Frames,
        displaced: &Displaced,
    ) -> Result<()> {
        if row.status == Status::Success {
            for (output, x) in [(&mut self.saddles, &event.saddle), (&mut self.minima, &event.minimum)] {
                if let Some(output) = output.as_mut().filter(|_| !x.is_empty()) {
                    output.append(frames.text(row.attempt, x).as_bytes())?;
                }
            }
        }
        if let Some(output) = self.displaced.as_mut().filter(|_| row.status.is_event()) {
            output.append(displaced.text(row.attempt, row.center, row.trial, event).as_bytes())?;
        }
        if let (Some(output), Some(known)) = (&mut self.known, known) {
            output.append(&known.bytes(row.attempt))?;
        }
        if let Some(table) = &mut self.table {
            table.append(format!("{}\n", row.line()).as_bytes())?;
        }
        self.sync()
    }

    /// Once a second: what a power failure takes is made again by a resume.
    fn sync(&mut self) -> Result<()> {
        const INTERVAL: Duration = Duration::from_secs(1);
        if self.synced.is_some_and(|last| last.elapsed() < INTERVAL) {
            return Ok(());
        }
        self.synced = Some(Instant::now());
        // a line of the table must not be there without its frames
        [&self.saddles, &self.minima, &self.displaced, &self.table].into_iter().flatten().try_for_each(Output::sync)
    }
}

/// What a campaign begins with.
#[derive(Debug)]
pub struct Beginning {
    /// All attempts of an earlier campaign, of all its partitions, the trials of each centre in order.
    pub records: Vec<Record>,
    /// Lines for the log.
    pub notes: Vec<String>,
}

/// Before any partition opens its files, by one process of all: reads the attempts of an earlier campaign if `resume`,
/// otherwise removes its files; writes the settings.
///
/// # Errors
/// `InvalidParameter` if two files have one name, or the settings differ from those of the earlier campaign; `File` if a
/// file cannot be read or written, is not one of a campaign, or another run writes to it.
pub fn begin(names: &Names, settings: &SettingsFile, resume: bool) -> Result<Beginning> {
    names.check()?;
    names.check_free()?;
    let mut beginning = Beginning { records: Vec::new(), notes: Vec::new() };
    if resume {
        read_campaign(names, settings, &mut beginning)?;
    } else {
        let removed = names.remove()?;
        if !removed.is_empty() {
            beginning.notes.push(format!("removed the earlier campaign in {}", removed.join(" ")));
        }
        if let Some(path) = names.settings() {
            settings.write(&path)?;
        }
    }
    Ok(beginning)
}

/// Reads what an earlier campaign left, if there is one; whatever of its sidecars is missing is made anew.
fn read_campaign(names: &Names, settings: &SettingsFile, beginning: &mut Beginning) -> Result<()> {
    let (Some(events), Some(sidecar)) = (&names.events, names.settings()) else {
        return Err(Error::InvalidParameter("resume yes needs events_file".into()));
    };
    let Beginning { records, notes } = beginning;
    let mut unknown = 0;
    for path in with_partitions(events).into_iter().filter(|path| path.is_file()) {
        let mut known: HashMap<u64, Known> =
            Known::parse_all(&read_or_empty(&known_name(&path))?).into_iter().map(|(k, known, _)| (k, known)).collect();
        for row in read_table(&path)?.0 {
            let saddle = known.remove(&row.attempt);
            unknown += u64::from(row.status == Status::Success && row.same_as == 0 && saddle.is_none());
            records.push((row, saddle));
        }
    }
    records.sort_by_key(|(row, _)| (row.center, row.trial));
    let lacking = settings.compare(&sidecar, &read_or_empty(&sidecar)?)?;
    if !lacking.is_empty() {
        if let Some((row, _)) = records.iter().find(|(row, _)| !same_energy(row.energy_initial(), settings.energy())) {
            let (old, new) = (row.energy_initial(), settings.energy());
            let text = format!("cannot resume: energy_initial is {new:.16e}, in {} it is {old:.16e}", events.display());
            return Err(Error::InvalidParameter(text));
        }
        settings.write(&sidecar)?;
        if !records.is_empty() {
            let (sidecar, lacking) = (sidecar.display(), lacking.join(", "));
            notes.push(format!("WARNING: {sidecar} lacked {lacking}: written anew as they are now"));
        }
    }
    if !records.is_empty() {
        let events = records.iter().filter(|(row, _)| row.status == Status::Success).count();
        notes.push(format!("resumed {} attempts with {events} events", records.len()));
    }
    if unknown > 0 {
        let text = "WARNING: the file of known saddles lacks";
        notes.push(format!("{text} {unknown}: those of unfinished central atoms are searched again"));
    }
    Ok(())
}

/// Opens a dump after its last committed frame.
fn reopen(path: &Path, committed: &HashSet<u64>, notes: &mut Vec<String>) -> Result<Output> {
    let mut output = Output::open(path)?;
    let (length, frames) = committed_length(path, committed).map_err(|error| Error::file("read", path, &error))?;
    output.cut(length)?;
    if frames < committed.len() {
        let (path, missing) = (path.display(), committed.len() - frames);
        notes.push(format!("WARNING: {path} lacks the frames of {missing} events of the table"));
    }
    Ok(output)
}

/// Opens the file of displaced atoms after the lines of the last committed event.
fn reopen_displaced(path: &Path, rows: &[Row], notes: &mut Vec<String>) -> Result<Output> {
    let mut output = Output::open(path)?;
    let events = || rows.iter().filter(|row| row.status.is_event());
    let movers = events().map(|row| (row.attempt, row.mover)).collect();
    let (length, found) = displaced::committed_length(&read_or_empty(path)?, &movers);
    output.cut(length)?;
    // an event that moves no atom far may have had no line
    let missing = events().filter(|row| row.moved > 0 && !found.contains(&row.attempt)).count();
    if missing > 0 {
        notes.push(format!("WARNING: {} lacks lines of {missing} events of the table", path.display()));
    }
    if length == 0 {
        output.append(format!("{}\n", displaced::HEADER).as_bytes())?;
    }
    Ok(output)
}

/// Rows of a table, the bytes that they take, and whether they lack the last columns; a last line without an end was never
/// committed.
fn read_table(path: &Path) -> Result<(Vec<Row>, u64, bool)> {
    let bytes = read_or_empty(path)?;
    let length = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
    let text = std::str::from_utf8(&bytes[..length]).unwrap_or("not text");
    let mut lines = text.lines();
    let old = if length > 0 { lines.next().and_then(is_header) } else { Some(false) };
    let Some(old) = old else {
        return Err(Error::File(format!("{} is no event table of this version", path.display())));
    };
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
    Ok((rows, length as u64, old))
}

/// Writes a table anew, with all columns of today.
fn rewrite(path: &Path, rows: &[Row]) -> Result<()> {
    let mut text = format!("{HEADER}\n");
    for row in rows {
        text.push_str(&row.line());
        text.push('\n');
    }
    replace(path, text.as_bytes())
}

fn read_or_empty(path: &Path) -> Result<Vec<u8>> {
    check_regular(path)?;
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        result => result.map_err(|error| Error::file("read", path, &error)),
    }
}
