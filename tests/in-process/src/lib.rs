//! A LAMMPS in this process, through its C library interface.

use lammps_sys as sys;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::null_mut;

/// A LAMMPS instance with one process, without screen and log.
pub struct Lammps {
    handle: *mut c_void,
}

impl Lammps {
    /// Starts LAMMPS and loads the plugin named by the environment variable `ERGODIC_PLUGIN`.
    ///
    /// # Panics
    /// If one of the two fails.
    #[must_use]
    pub fn new() -> Self {
        let words = ["in-process", "-log", "none", "-screen", "none"].map(text);
        let mut arguments = words.each_ref().map(|word| word.as_ptr().cast_mut());
        // SAFETY: as many strings as are announced; LAMMPS copies them.
        let handle = unsafe { sys::lammps_open_no_mpi(arguments.len() as c_int, arguments.as_mut_ptr(), null_mut()) };
        assert!(!handle.is_null(), "LAMMPS does not start");
        let lammps = Lammps { handle };
        lammps.load_plugin();
        lammps
    }

    /// Loads the plugin, for the first time or once more.
    ///
    /// # Panics
    /// If that fails.
    pub fn load_plugin(&self) {
        let plugin = std::env::var("ERGODIC_PLUGIN").expect("ERGODIC_PLUGIN names the plugin");
        self.run(&format!("plugin load {plugin}"));
    }

    /// Executes one command.
    ///
    /// # Errors
    /// The message of LAMMPS.
    pub fn command(&self, line: &str) -> Result<(), String> {
        let line = text(line);
        let mut message: [c_char; 2048] = [0; 2048];
        // SAFETY: the handle is that of a running LAMMPS, the string ends with 0, the buffer has the announced length.
        unsafe {
            sys::lammps_command(self.handle, line.as_ptr());
            if sys::lammps_has_error(self.handle) == 0 {
                return Ok(());
            }
            sys::lammps_get_last_error_message(self.handle, message.as_mut_ptr(), message.len() as c_int);
            Err(CStr::from_ptr(message.as_ptr()).to_string_lossy().into_owned())
        }
    }

    /// Executes the commands in `lines`.
    ///
    /// # Panics
    /// At the first error.
    pub fn run(&self, lines: &str) {
        for line in lines.lines() {
            if let Err(message) = self.command(line) {
                panic!("{line}: {message}");
            }
        }
    }

    /// Executes a command that has to fail.
    ///
    /// # Panics
    /// If it does not, or if its message lacks one of the `words`.
    pub fn refuse(&self, line: &str, words: &[&str]) {
        let message = self.command(line).expect_err(line);
        for word in words {
            assert!(message.contains(word), "{line}: {message:?} does not name {word:?}");
        }
    }

    /// Value of an expression as equal-style variables have them.
    ///
    /// # Panics
    /// If LAMMPS cannot evaluate it.
    #[must_use]
    pub fn value(&self, expression: &str) -> f64 {
        self.run(&format!("variable in_process delete\nvariable in_process equal {expression}"));
        let name = text("in_process");
        // SAFETY: for an equal-style variable LAMMPS returns a double that is the caller's to free.
        unsafe {
            let pointer = sys::lammps_extract_variable(self.handle, name.as_ptr(), null_mut()).cast::<f64>();
            assert!(!pointer.is_null(), "{expression}");
            let value = pointer.read();
            sys::lammps_free(pointer.cast());
            value
        }
    }
}

impl Default for Lammps {
    fn default() -> Self {
        Lammps::new()
    }
}

impl Drop for Lammps {
    fn drop(&mut self) {
        // SAFETY: the handle is not used after this.
        unsafe { sys::lammps_close(self.handle) };
    }
}

fn text(line: &str) -> CString {
    CString::new(line).expect("no zero byte")
}
