//! Arrays that the ranks of a machine hold one copy of.
//!
//! The memory is a file without a name (memfd_create), which other processes of the user open through /proc: unlike the
//! windows of MPI it needs no room in /dev/shm, of which containers have little.

use super::communicator::Communicator;
use crate::error::Result;
use std::fs::File;
use std::ops::{Deref, DerefMut};
use std::os::fd::{AsRawFd, FromRawFd};
use std::ptr::NonNull;

/// Types that any bytes make a value of.
///
/// # Safety
/// As said, and zero bytes are the default value.
pub unsafe trait Plain: Copy + Default {}

// SAFETY: numbers, and arrays of numbers.
unsafe impl Plain for u32 {}
// SAFETY: as above.
unsafe impl Plain for usize {}
// SAFETY: as above.
unsafe impl Plain for [f64; 9] {}
// SAFETY: as above.
unsafe impl Plain for [f32; 9] {}

/// An array, perhaps shared with other ranks.
#[derive(Debug)]
pub enum Shared<T> {
    /// Of this rank alone.
    Own(Vec<T>),
    /// One copy for several ranks.
    Mapped(Mapping<T>),
}

impl<T: Plain> Shared<T> {
    /// An array of `len` zeros, in memory of the machine where several ranks are on it, and whether this rank has to fill
    /// it; the others may read it from the next [`Communicator::sum`] on. All ranks call this together.
    ///
    /// # Errors
    /// If the ranks cannot communicate.
    pub fn zeros(len: usize, comm: &dyn Communicator) -> Result<(Self, bool)> {
        let mut ranks_of_node = vec![0.0; comm.size()];
        ranks_of_node[comm.node()] = 1.0;
        comm.sum(&mut ranks_of_node)?;
        let (leads, several) = (comm.node() == comm.rank(), ranks_of_node[comm.node()] > 1.0);
        let made = if leads && several { Mapping::create(len) } else { None };
        // Process and file of each rank; process 0 is none.
        let mut places = vec![0.0; 2 * comm.size()];
        if let Some((file, _)) = &made {
            places[2 * comm.rank()] = f64::from(std::process::id());
            places[2 * comm.rank() + 1] = f64::from(file.as_raw_fd());
        }
        comm.sum(&mut places)?;
        let [process, file] = [places[2 * comm.node()], places[2 * comm.node() + 1]];
        let found = if !leads && process > 0.0 { Mapping::open(process as u32, file as i32, len) } else { None };
        // The file stays open until all have seen it.
        comm.sum(&mut [0.0])?;
        Ok(match (made, found) {
            (Some((_, mapping)), _) => (Self::Mapped(mapping), true),
            (None, Some(mapping)) => (Self::Mapped(mapping), false),
            (None, None) => (Self::Own(vec![T::default(); len]), true),
        })
    }
}

impl<T> Deref for Shared<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Own(values) => values,
            // SAFETY: the mapping has room for `len` values, is aligned to a page, and any bytes are values.
            Self::Mapped(Mapping { start, len, .. }) => unsafe { std::slice::from_raw_parts(start.as_ptr(), *len) },
        }
    }
}

impl<T> DerefMut for Shared<T> {
    /// # Panics
    /// If another rank fills the array.
    fn deref_mut(&mut self) -> &mut [T] {
        match self {
            Self::Own(values) => values,
            Self::Mapped(Mapping { start, len, writable }) => {
                assert!(*writable, "another rank fills this array");
                // SAFETY: as above; nobody reads while it is filled.
                unsafe { std::slice::from_raw_parts_mut(start.as_ptr(), *len) }
            }
        }
    }
}

impl<T: Plain> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self::Own(self.to_vec())
    }
}

/// Pages of a file in memory.
#[derive(Debug)]
pub struct Mapping<T> {
    start: NonNull<T>,
    len: usize,
    writable: bool,
}

// SAFETY: nothing but memory, which threads may read together.
unsafe impl<T: Send> Send for Mapping<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Mapping<T> {}

impl<T: Plain> Mapping<T> {
    /// A new file of zeros.
    fn create(len: usize) -> Option<(File, Self)> {
        // A file that is too long for the limit of the process would end it by a signal.
        let bytes = (len * size_of::<T>()) as u64;
        let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
        // SAFETY: the structure is valid and outlives the call.
        let known = unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut limit) } == 0;
        if known && bytes > limit.rlim_cur {
            return None;
        }
        // SAFETY: the name ends with a zero; a negative result is none.
        let file = unsafe { libc::memfd_create(c"ergodic".as_ptr(), libc::MFD_CLOEXEC) };
        if file < 0 {
            return None;
        }
        // SAFETY: the descriptor is open and belongs to nobody else.
        let file = unsafe { File::from_raw_fd(file) };
        file.set_len(bytes).ok()?;
        let mapping = Self::map(&file, len, true)?;
        Some((file, mapping))
    }

    /// The file of another process.
    fn open(process: u32, file: i32, len: usize) -> Option<Self> {
        let file = File::open(format!("/proc/{process}/fd/{file}")).ok()?;
        let enough = file.metadata().is_ok_and(|data| data.len() == (len * size_of::<T>()) as u64);
        if enough { Self::map(&file, len, false) } else { None }
    }

    fn map(file: &File, len: usize, writable: bool) -> Option<Self> {
        let bytes = len * size_of::<T>();
        let access = if writable { libc::PROT_READ | libc::PROT_WRITE } else { libc::PROT_READ };
        if bytes == 0 {
            return None;
        }
        // SAFETY: a new mapping of an open file of that length.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), bytes, access, libc::MAP_SHARED, file.as_raw_fd(), 0) };
        if start == libc::MAP_FAILED {
            None
        } else {
            NonNull::new(start.cast()).map(|start| Self { start, len, writable })
        }
    }
}

impl<T> Drop for Mapping<T> {
    fn drop(&mut self) {
        // SAFETY: what was mapped, and no slice of it is left.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.len * size_of::<T>()) };
    }
}
