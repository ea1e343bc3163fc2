//! Files that a campaign appends to while others may be at work in the same folder.

use crate::error::{Error, Result};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A file that one process appends to, record by record, and that nobody else may change meanwhile.
#[derive(Debug)]
pub(super) struct Output {
    path: PathBuf,
    file: File,
    length: u64,
}

impl Output {
    /// Opens a file, makes it if it is not there, and locks it.
    ///
    /// # Errors
    /// `File` if that fails, if it is no regular file, or if another process has locked it.
    pub fn open(path: &Path) -> Result<Self> {
        check_regular(path)?;
        let open = || OpenOptions::new().read(true).append(true).create(true).open(path);
        let file = open().map_err(|error| Error::file("open", path, &error))?;
        lock(&file, path)?;
        let length = file.metadata().map_err(|error| Error::file("open", path, &error))?.len();
        Ok(Output { path: path.into(), file, length })
    }

    /// Cuts off what follows the first `length` bytes.
    ///
    /// # Errors
    /// `File` if that fails.
    pub fn cut(&mut self, length: u64) -> Result<()> {
        if self.length > length {
            self.file.set_len(length).map_err(|error| Error::file("cut back", &self.path, &error))?;
            self.length = length;
        }
        Ok(())
    }

    /// Appends a record in one piece. If that fails, the file is cut back to its former length, as far as that is possible.
    ///
    /// # Errors
    /// `File` if that fails, or if the file is not what it was: removed, replaced or changed by someone else.
    pub fn append(&mut self, record: &[u8]) -> Result<()> {
        if !self.is_untouched() {
            let text = format!("{} was removed, replaced or changed while the run wrote to it", self.path.display());
            return Err(Error::File(text));
        }
        let written = self.file.write_all(record);
        match written {
            Ok(()) => self.length += record.len() as u64,
            Err(_) => drop(self.file.set_len(self.length)),
        }
        written.map_err(|error| Error::file("write", &self.path, &error))
    }

    /// Whether the name still means this file, as we left it.
    fn is_untouched(&self) -> bool {
        let (Ok(named), Ok(ours)) = (fs::metadata(&self.path), self.file.metadata()) else { return false };
        (named.dev(), named.ino()) == (ours.dev(), ours.ino()) && ours.len() == self.length
    }

    /// Sees to it that the records survive the death of the machine.
    ///
    /// # Errors
    /// `File` if that fails.
    pub fn sync(&self) -> Result<()> {
        self.file.sync_data().map_err(|error| Error::file("write", &self.path, &error))
    }
}

/// Locks a file against other processes, and against other campaigns of this one. File systems that have no locks do
/// without.
pub(super) fn lock(file: &File, path: &Path) -> Result<()> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            let path = path.display();
            Err(Error::File(format!("another run writes to {path}: wait for its end, or give another file name")))
        }
        _ => Ok(()),
    }
}

/// An error for directories, devices, pipes: they cannot be read to their end, cut back or removed.
pub(super) fn check_regular(path: &Path) -> Result<()> {
    match fs::metadata(path) {
        Ok(data) if !data.is_file() => {
            Err(Error::File(format!("{} is not a regular file: give another file name", path.display())))
        }
        _ => Ok(()),
    }
}

/// Gives a file this content at once: whoever reads it finds the old or the new one.
///
/// # Errors
/// `File` if that fails.
pub(super) fn replace(path: &Path, content: &[u8]) -> Result<()> {
    check_regular(path)?;
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let write = || -> io::Result<()> {
        let mut file = File::create(&new)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&new, path)
    };
    write().map_err(|error| Error::file("write", path, &error))
}
