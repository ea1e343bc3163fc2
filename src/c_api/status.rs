//! Status codes, the last error, and the wall that panics do not cross.

use crate::error::{Error, Result};
use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, Once};

/// Result of every function of this interface.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ergodic_status_t {
    /// The function did what it says.
    ERGODIC_SUCCESS = 0,
    /// An argument is outside its range, or a pointer is NULL.
    ERGODIC_INVALID_PARAMETER = 1,
    /// A Voronoi cell reaches beyond the region in which all atoms are known.
    ERGODIC_GHOST_CUTOFF = 2,
    /// Two atoms are at the same position.
    ERGODIC_COINCIDENT_ATOMS = 3,
    /// A position, radius, energy or force is NaN or infinite.
    ERGODIC_NOT_FINITE = 4,
    /// The configuration is not a minimum.
    ERGODIC_NOT_MINIMISED = 5,
    /// The memory needed is not there.
    ERGODIC_OUT_OF_MEMORY = 6,
    /// A function of the caller failed.
    ERGODIC_CALLER_FAILED = 7,
    /// Modes could not be found as asked: memory, convergence or a file.
    ERGODIC_UNSOLVED = 8,
    /// A callback that computes forces failed.
    ERGODIC_ENGINE_ERROR = 9,
    /// A file cannot be read or written, or is not what it should be.
    ERGODIC_FILE_ERROR = 10,
    /// A bug in Ergodic; the text of the panic is in the last error.
    ERGODIC_INTERNAL_ERROR = 255,
}

thread_local! {
    static LAST_ERROR: RefCell<CString> = RefCell::default();
}

/// Text of the last failure on this thread; empty before the first. Valid until the next failure on this thread; owned
/// by the library.
#[unsafe(no_mangle)]
pub extern "C" fn ergodic_last_error() -> *const c_char {
    LAST_ERROR.try_with(|text| text.try_borrow().map_or(c"".as_ptr(), |text| text.as_ptr())).unwrap_or(c"".as_ptr())
}

/// Version of the library, "MAJOR.MINOR.PATCH"; static storage.
#[unsafe(no_mangle)]
pub extern "C" fn ergodic_version() -> *const c_char {
    const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(version) => version,
        Err(_) => panic!("a version without NUL"),
    };
    VERSION.as_ptr()
}

fn set_last_error(text: &str) {
    let text = CString::new(text.replace('\0', " ")).unwrap_or_default();
    let _ = LAST_ERROR.try_with(|last| last.try_borrow_mut().map(|mut last| *last = text));
}

fn status_of(error: &Error) -> ergodic_status_t {
    match error {
        Error::InvalidParameter(_) => ergodic_status_t::ERGODIC_INVALID_PARAMETER,
        Error::GhostCutoff { .. } => ergodic_status_t::ERGODIC_GHOST_CUTOFF,
        Error::CoincidentAtoms(..) => ergodic_status_t::ERGODIC_COINCIDENT_ATOMS,
        Error::NotFinite(_) | Error::ForcesNotFinite => ergodic_status_t::ERGODIC_NOT_FINITE,
        Error::NotMinimised { .. } => ergodic_status_t::ERGODIC_NOT_MINIMISED,
        Error::Memory { .. } => ergodic_status_t::ERGODIC_OUT_OF_MEMORY,
        Error::Caller => ergodic_status_t::ERGODIC_CALLER_FAILED,
        Error::Unsolved(_) => ergodic_status_t::ERGODIC_UNSOLVED,
        Error::Engine(_) => ergodic_status_t::ERGODIC_ENGINE_ERROR,
        Error::File(_) => ergodic_status_t::ERGODIC_FILE_ERROR,
        Error::Tessellation(_) => ergodic_status_t::ERGODIC_INTERNAL_ERROR,
    }
}

/// Text of the first panic since the last one was reported, on whatever thread.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Panics go to the last error, not to stderr, where a run of many ranks would drown the LAMMPS message.
fn silence_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            if let Ok(mut text) = PANIC.lock() {
                text.get_or_insert_with(|| format!("internal error in Ergodic: {info}"));
            }
        }));
    });
}

/// Runs `body`, keeps the text of its failure, and turns it into a status. Panics become `ERGODIC_INTERNAL_ERROR`.
pub(super) fn guard(body: impl FnOnce() -> Result<()>) -> ergodic_status_t {
    silence_panics();
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => ergodic_status_t::ERGODIC_SUCCESS,
        Ok(Err(error)) => {
            set_last_error(&error.to_string());
            status_of(&error)
        }
        Err(payload) => {
            // A payload whose destructor panics would start a second unwinding.
            std::mem::forget(payload);
            let text = PANIC.lock().ok().and_then(|mut text| text.take());
            set_last_error(text.as_deref().unwrap_or("internal error in Ergodic"));
            ergodic_status_t::ERGODIC_INTERNAL_ERROR
        }
    }
}

/// Error for an argument that is NULL.
pub(super) fn null(name: &str) -> Error {
    Error::InvalidParameter(format!("{name} is NULL"))
}
