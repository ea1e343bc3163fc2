//! Files of a campaign of saddle searches, and what processes tell each other about attempts.

use super::{ergodic_artn_t, handle};
use crate::artn::campaign::{Files, Names, begin, pack, unpack};
use crate::c_api::status::{ergodic_status_t, guard, null};
use crate::c_api::tessellation::slice;
use crate::error::Result;
use std::ffi::{CStr, CString, c_char};
use std::path::PathBuf;

/// File names; NULL for what is not wanted.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ergodic_artn_files_t {
    /// Event table.
    pub events: *const c_char,
    /// Dump of saddles.
    pub saddles: *const c_char,
    /// Dump of minima.
    pub minima: *const c_char,
    /// Table of the atoms that each event displaces.
    pub displaced: *const c_char,
    /// Index of this partition from 0, -1 if there is only one.
    pub partition: i32,
    /// The lines of a dump from `ITEM: BOX BOUNDS` to the last bound, each with its end.
    pub bounds: *const c_char,
}

impl ergodic_artn_files_t {
    pub(super) unsafe fn names(&self) -> Names {
        let path = |name| unsafe { string(name) }.map(PathBuf::from);
        Names {
            events: path(self.events),
            saddles: path(self.saddles),
            minima: path(self.minima),
            displaced: path(self.displaced),
        }
    }

    pub(super) unsafe fn bounds(&self) -> String {
        unsafe { string(self.bounds) }.unwrap_or_default()
    }
}

/// Before any partition opens its files, on one process of all: reads the attempts of an earlier campaign if `resume`,
/// otherwise removes its files; writes the settings. `*bytes`, valid until the next call with this handle, are for
/// `ergodic_artn_absorb` on all processes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_artn_prepare_files(
    artn: *mut ergodic_artn_t,
    resume: bool,
    bytes: *mut *const u8,
    length: *mut i64,
) -> ergodic_status_t {
    guard(|| {
        let artn = unsafe { handle(artn) }?;
        let beginning = begin(&artn.names, &artn.settings, resume)?;
        artn.notes.extend(beginning.notes);
        artn.bytes = pack(&beginning.records);
        unsafe { give(&artn.bytes, bytes, length) }
    })
}

/// Opens the files of this partition, on one process of it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_artn_open_files(artn: *mut ergodic_artn_t) -> ergodic_status_t {
    guard(|| {
        let artn = unsafe { handle(artn) }?;
        let (files, attempts, notes) = Files::open(&artn.names.of_partition(artn.partition))?;
        artn.notes.extend(notes);
        artn.files = files;
        artn.campaign.set_attempts_here(attempts);
        Ok(())
    })
}

/// The next line for the log on what was found in files, NULL if there is none; it begins with "WARNING: " if it is one.
/// `*text` is valid until the next call with this handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_artn_note(artn: *mut ergodic_artn_t, text: *mut *const c_char) -> ergodic_status_t {
    guard(|| {
        let artn = unsafe { handle(artn) }?;
        let out = unsafe { text.as_mut() }.ok_or_else(|| null("text"))?;
        *out = match artn.notes.pop_front() {
            None => std::ptr::null(),
            Some(line) => {
                artn.text = CString::new(line).unwrap_or_default();
                artn.text.as_ptr()
            }
        };
        Ok(())
    })
}

/// Counts attempts of an earlier campaign or of other partitions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_artn_absorb(
    artn: *mut ergodic_artn_t,
    bytes: *const u8,
    length: i64,
) -> ergodic_status_t {
    guard(|| {
        let artn = unsafe { handle(artn) }?;
        let bytes = unsafe { slice(bytes, length.max(0) as usize, "bytes") }?;
        for (row, known) in unpack(bytes)? {
            artn.campaign.absorb(&row, known)?;
        }
        Ok(())
    })
}

/// What this partition recorded since the last call, for `ergodic_artn_absorb` in the others. `*bytes` are valid until
/// the next call with this handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_artn_pending(
    artn: *mut ergodic_artn_t,
    bytes: *mut *const u8,
    length: *mut i64,
) -> ergodic_status_t {
    guard(|| {
        let artn = unsafe { handle(artn) }?;
        artn.bytes = pack(&artn.campaign.pending());
        unsafe { give(&artn.bytes, bytes, length) }
    })
}

unsafe fn give(from: &[u8], bytes: *mut *const u8, length: *mut i64) -> Result<()> {
    *unsafe { bytes.as_mut() }.ok_or_else(|| null("bytes"))? = from.as_ptr();
    *unsafe { length.as_mut() }.ok_or_else(|| null("length"))? = from.len() as i64;
    Ok(())
}

unsafe fn string(text: *const c_char) -> Option<String> {
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}
