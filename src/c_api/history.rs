//! Handles on motif histories.

use super::status::{ergodic_status_t, guard, null};
use super::tessellation::{count, ergodic_tessellation_t, slice};
use crate::entropy::{Entry, FORMATS, History};
use crate::error::Result;
use crate::hash::checksum;

/// Histories of motifs of the atoms of one MPI rank, by local index.
pub enum ergodic_history_t {
    /// Motifs (n3, n4, n5, n6).
    #[doc(hidden)]
    Index(History<u64>),
    /// Motifs n3 .. n12.
    #[doc(hidden)]
    Full(History<u128>),
}

/// Runs the same expression on either kind of history.
macro_rules! either {
    ($handle:expr, $history:ident => $body:expr) => {
        match $handle {
            ergodic_history_t::Index($history) => $body,
            ergodic_history_t::Full($history) => $body,
        }
    };
}

/// Number of per-atom columns that `ergodic_history_columns` writes.
pub const ERGODIC_HISTORY_COLUMNS: usize = 12;

/// Oldest format of packed histories that can be read.
pub const ERGODIC_HISTORY_OLDEST_FORMAT: i32 = 1;
/// Format of packed histories that is written.
pub const ERGODIC_HISTORY_FORMAT: i32 = 2;
const _: () = assert!(FORMATS[0] == 1 && FORMATS[1] == 2);

/// Makes an empty history of motifs (n3, n4, n5, n6), or of n3 .. n12 if `full`. On success `*history` is a handle for
/// `ergodic_history_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_history_new(full: bool, history: *mut *mut ergodic_history_t) -> ergodic_status_t {
    guard(|| {
        let out = unsafe { history.as_mut() }.ok_or_else(|| null("history"))?;
        let handle = if full {
            ergodic_history_t::Full(History::default())
        } else {
            ergodic_history_t::Index(History::default())
        };
        *out = Box::into_raw(Box::new(handle));
        Ok(())
    })
}

/// Frees a history; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_history_free(history: *mut ergodic_history_t) {
    if !history.is_null() {
        let _ = guard(|| {
            drop(unsafe { Box::from_raw(history) });
            Ok(())
        });
    }
}

/// Makes room for `n` atoms; never shrinks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_history_grow(history: *mut ergodic_history_t, n: i32) -> ergodic_status_t {
    guard(|| {
        let n = count(n, "n")?;
        either!(unsafe { handle(history) }?, h => h.grow(n));
        Ok(())
    })
}

/// Begins the history of a new atom `i`. What the index held becomes an orphan.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_history_begin(history: *mut ergodic_history_t, i: i32) -> ergodic_status_t {
    guard(|| {
        let i = count(i, "i")?;
        either!(unsafe { handle(history) }?, h => h.begin(i));
        Ok(())
    })
}

/// Forgets atom `i`, which has moved to another MPI rank.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_history_leave(history: *mut ergodic_history_t, i: i32) -> ergodic_status_t {
    guard(|| {
        let i = count(i, "i")?;
        either!(unsafe { handle(history) }?, h => h.leave(i));
        Ok(())
    })
}

/// Writes the labels of the first `n` atoms: the ID that each had when it was first seen, which `id` has for new atoms.
/// Shapes: `id`, `labels` [n].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_history_labels(
    history: *mut ergodic_history_t,
    n: i32,
    id: *const i64,
    labels: *mut i64,
) -> ergodic_status_t {
    guard(|| {
        let n = count(n, "n")?;
        let id = unsafe { slice(id, n, "id") }?;
        let labels = unsafe { slice_mut(labels, n, "labels") }?;
        labels.copy_from_slice(&either!(unsafe { handle(history) }?, h => h.labels(id)));
        Ok(())
    })
}

/// Whether any of the first `n` atoms has samples, and whether there are orphans: histories of atoms that are no longer
/// there, of all indices behind `n` and of those that were overwritten since the last sample.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_history_survey(
    history: *mut ergodic_history_t,
    n: i32,
    any: *mut bool,
    orphans: *mut bool,
) -> ergodic_status_t {
    guard(|| {
        let n = count(n, "n")?;
        let any = unsafe { any.as_mut() }.ok_or_else(|| null("any"))?;
        let orphans = unsafe { orphans.as_mut() }.ok_or_else(|| null("orphans"))?;
        either!(unsafe { handle(history) }?, h => {
            *any = h.any_of(n);
            *orphans = h.gather_orphans(n);
        });
        Ok(())
    })
}

/// Forgets all orphans.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_history_drop_orphans(history: *mut ergodic_history_t) -> ergodic_status_t {
    guard(|| {
        either!(unsafe { handle(history) }?, h => h.drop_orphans());
        Ok(())
    })
}

/// Moves all orphans into a buffer of `*size` doubles, to be freed by `ergodic_buffer_free`; it carries bit patterns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_history_take_orphans(
    history: *mut ergodic_history_t,
    buffer: *mut *mut f64,
    size: *mut usize,
) -> ergodic_status_t {
    guard(|| {
        let buffer = unsafe { buffer.as_mut() }.ok_or_else(|| null("buffer"))?;
        let size = unsafe { size.as_mut() }.ok_or_else(|| null("size"))?;
        let words = either!(unsafe { handle(history) }?, h => h.take_orphans()).into_boxed_slice();
        *size = words.len();
        *buffer = Box::into_raw(words).cast::<f64>();
        Ok(())
    })
}

/// Frees a buffer of `size` doubles that a function of this library has made; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_buffer_free(buffer: *mut f64, size: usize) {
    if !buffer.is_null() {
        let _ = guard(|| {
            drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(buffer.cast::<u64>(), size)) });
            Ok(())
        });
    }
}

/// Gives orphans of any MPI rank (`ergodic_history_take_orphans`) to those of the first `n` atoms that have their IDs, and
/// marks these in the buffer. Shapes: `buffer` [size], `id` [n].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_history_adopt(
    history: *mut ergodic_history_t,
    buffer: *mut f64,
    size: usize,
    n: i32,
    id: *const i64,
) -> ergodic_status_t {
    guard(|| {
        let words = unsafe { slice_mut(buffer.cast::<u64>(), size, "buffer") }?;
        let id = unsafe { slice(id, count(n, "n")?, "id") }?;
        either!(unsafe { handle(history) }?, h => h.adopt(words, id))
    })
}

/// Keeps the orphans in the buffer that have not been marked.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_history_keep_orphans(
    history: *mut ergodic_history_t,
    buffer: *mut f64,
    size: usize,
) -> ergodic_status_t {
    guard(|| {
        let words = unsafe { slice_mut(buffer.cast::<u64>(), size, "buffer") }?;
        either!(unsafe { handle(history) }?, h => h.keep_orphans(words))
    })
}

/// Copies the history of atom `from` to atom `to`; they may be the same.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_history_copy(history: *mut ergodic_history_t, from: i32, to: i32) -> ergodic_status_t {
    guard(|| {
        let (from, to) = (count(from, "from")?, count(to, "to")?);
        either!(unsafe { handle(history) }?, h => h.copy(from, to));
        Ok(())
    })
}

/// Adds the motifs of the last `ergodic_tessellation_compute` as one sample of every atom that has one, and frees what
/// is kept of atoms that are no longer owned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_history_record(
    history: *mut ergodic_history_t,
    tessellation: *const ergodic_tessellation_t,
) -> ergodic_status_t {
    guard(|| {
        let tessellation = &unsafe { tessellation.as_ref() }.ok_or_else(|| null("tessellation"))?.tessellation;
        either!(unsafe { handle(history) }?, h => h.record_all(tessellation));
        Ok(())
    })
}

/// Number of doubles that `ergodic_history_pack` writes for atom `i`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_history_packed_size(
    history: *const ergodic_history_t,
    i: i32,
    size: *mut i32,
) -> ergodic_status_t {
    guard(|| {
        let i = count(i, "i")?;
        let out = unsafe { size.as_mut() }.ok_or_else(|| null("size"))?;
        *out = either!(unsafe { handle_ref(history) }?, h => h.packed_len(i)) as i32;
        Ok(())
    })
}

/// No atom takes more doubles in `ergodic_history_pack` than `*size`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_history_largest_packed(
    history: *const ergodic_history_t,
    size: *mut i32,
) -> ergodic_status_t {
    guard(|| {
        let out = unsafe { size.as_mut() }.ok_or_else(|| null("size"))?;
        *out = either!(unsafe { handle_ref(history) }?, h => h.largest_packed_len()) as i32;
        Ok(())
    })
}

/// Writes the history of atom `i` to `buffer`, which has room for `ergodic_history_packed_size` doubles. The doubles
/// carry bit patterns, not numbers: copy them, never compute with them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_history_pack(
    history: *const ergodic_history_t,
    i: i32,
    buffer: *mut f64,
) -> ergodic_status_t {
    guard(|| {
        let i = count(i, "i")?;
        if buffer.is_null() {
            return Err(null("buffer"));
        }
        either!(unsafe { handle_ref(history) }?, h => {
            let words = unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u64>(), h.packed_len(i)) };
            h.pack(i, words);
        });
        Ok(())
    })
}

/// Reads the history of atom `i` from `buffer`, which holds `size` doubles in a format from `ERGODIC_HISTORY_OLDEST_FORMAT`
/// to `ERGODIC_HISTORY_FORMAT`. Fails with `ERGODIC_INVALID_PARAMETER` if they are not exactly one history.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_history_unpack(
    history: *mut ergodic_history_t,
    i: i32,
    buffer: *const f64,
    size: i32,
    format: i32,
) -> ergodic_status_t {
    guard(|| {
        let i = count(i, "i")?;
        let words = unsafe { slice(buffer.cast::<u64>(), count(size, "size")?, "buffer") }?;
        either!(unsafe { handle(history) }?, h => {
            h.grow(i + 1);
            h.unpack(i, words, format as u32)
        })
    })
}

/// Check sum of the bit patterns of `n` doubles.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_checksum(x: *const f64, n: i32, sum: *mut u64) -> ergodic_status_t {
    guard(|| {
        let words = unsafe { slice(x.cast::<u64>(), count(n, "n")?, "x") }?;
        *unsafe { sum.as_mut() }.ok_or_else(|| null("sum"))? = checksum(words);
        Ok(())
    })
}

/// Writes the per-atom columns of the first `n` atoms, shape [n][ERGODIC_HISTORY_COLUMNS]; zeros for atoms without
/// `group_bit` in `mask` (shape [n]).
///
/// Columns: entropy (nats), distinct motifs, samples, n3, n4, n5, n6 and faces of the last sample, fraction of samples as
/// <0,0,12,0>, fraction in favoured motifs, entropy with the Miller-Madow correction, volume of the last sample.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_history_columns(
    history: *const ergodic_history_t,
    n: i32,
    mask: *const i32,
    group_bit: i32,
    columns: *mut f64,
) -> ergodic_status_t {
    guard(|| {
        let n = count(n, "n")?;
        let mask = unsafe { slice(mask, n, "mask") }?;
        let rows = unsafe { slice_mut(columns.cast::<[f64; ERGODIC_HISTORY_COLUMNS]>(), n, "columns") }?;
        either!(unsafe { handle_ref(history) }?, h => {
            for (i, row) in rows.iter_mut().enumerate() {
                *row = if mask[i] & group_bit != 0 { columns_of(h, i) } else { [0.0; ERGODIC_HISTORY_COLUMNS] };
            }
        });
        Ok(())
    })
}

/// Number of (atom, motif) rows of the first `n` atoms with `group_bit` in `mask` (shape [n]).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_history_row_count(
    history: *const ergodic_history_t,
    n: i32,
    mask: *const i32,
    group_bit: i32,
    rows: *mut i32,
) -> ergodic_status_t {
    guard(|| {
        let mask = unsafe { slice(mask, count(n, "n")?, "mask") }?;
        let out = unsafe { rows.as_mut() }.ok_or_else(|| null("rows"))?;
        *out = either!(unsafe { handle_ref(history) }?, h => {
            members(mask, group_bit).map(|i| h.n_motifs(i)).sum::<usize>()
        }) as i32;
        Ok(())
    })
}

/// Writes one row per (atom, motif), sorted by atom ID, then motif: ID, type, count, then n3, n4, n5, n6 and zeros (or n3 ..
/// n12 of a full history). Shape of `rows`: [ergodic_history_row_count][12, or 13 of a full history]; `id` and `type` have
/// shape [n].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_history_rows(
    history: *const ergodic_history_t,
    n: i32,
    mask: *const i32,
    group_bit: i32,
    id: *const i64,
    r#type: *const i32,
    rows: *mut f64,
) -> ergodic_status_t {
    guard(|| {
        let n = count(n, "n")?;
        let mask = unsafe { slice(mask, n, "mask") }?;
        let id = unsafe { slice(id, n, "id") }?;
        let r#type = unsafe { slice(r#type, n, "type") }?;
        let mut order: Vec<usize> = members(mask, group_bit).collect();
        order.sort_unstable_by_key(|&i| id[i]);
        either!(unsafe { handle_ref(history) }?, h => {
            let length = order.iter().map(|&i| h.n_motifs(i)).sum::<usize>() * row_width(h);
            let mut rows = unsafe { slice_mut(rows, length, "rows") }?;
            for i in order {
                rows = write_rows(h, i, id[i], r#type[i], rows);
            }
        });
        Ok(())
    })
}

/// Adds up the entropies of the first `n` atoms with `group_bit` in `mask` and at least one sample, by atom type:
/// `sums[t]` (nats) and `counts[t]` for types t + 1 = 1 .. n_types, and how many of them are saturated: S > 0.9 ln(samples),
/// so that nearly every sample was a new motif. Shapes: `mask`, `type` [n]; `sums`, `counts`, `saturated` [n_types].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_history_sums(
    history: *const ergodic_history_t,
    n: i32,
    mask: *const i32,
    group_bit: i32,
    r#type: *const i32,
    n_types: i32,
    sums: *mut f64,
    counts: *mut f64,
    saturated: *mut f64,
) -> ergodic_status_t {
    guard(|| {
        let n = count(n, "n")?;
        let n_types = count(n_types, "n_types")?;
        let mask = unsafe { slice(mask, n, "mask") }?;
        let r#type = unsafe { slice(r#type, n, "type") }?;
        let sums = unsafe { slice_mut(sums, n_types, "sums") }?;
        let counts = unsafe { slice_mut(counts, n_types, "counts") }?;
        let saturated = unsafe { slice_mut(saturated, n_types, "saturated") }?;
        for sum in [&mut *sums, &mut *counts, &mut *saturated] {
            sum.fill(0.0);
        }
        either!(unsafe { handle_ref(history) }?, h => {
            for i in members(mask, group_bit).filter(|&i| h.n_motifs(i) > 0) {
                let slot = count(r#type[i] - 1, "type - 1")?;
                sums[slot] += h.entropy(i);
                counts[slot] += 1.0;
                saturated[slot] += f64::from(u8::from(h.is_saturated(i)));
            }
        });
        Ok(())
    })
}

/// Bytes held by the histories.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_history_bytes(history: *const ergodic_history_t, bytes: *mut f64) -> ergodic_status_t {
    guard(|| {
        let out = unsafe { bytes.as_mut() }.ok_or_else(|| null("bytes"))?;
        *out = either!(unsafe { handle_ref(history) }?, h => h.bytes()) as f64;
        Ok(())
    })
}

unsafe fn handle<'a>(history: *mut ergodic_history_t) -> Result<&'a mut ergodic_history_t> {
    unsafe { history.as_mut() }.ok_or_else(|| null("history"))
}

unsafe fn handle_ref<'a>(history: *const ergodic_history_t) -> Result<&'a ergodic_history_t> {
    unsafe { history.as_ref() }.ok_or_else(|| null("history"))
}

unsafe fn slice_mut<'a, T>(pointer: *mut T, n: usize, name: &str) -> Result<&'a mut [T]> {
    match (pointer.is_null(), n) {
        (_, 0) => Ok(&mut []),
        (true, _) => Err(null(name)),
        (false, _) => Ok(unsafe { std::slice::from_raw_parts_mut(pointer, n) }),
    }
}

fn members(mask: &[i32], group_bit: i32) -> impl Iterator<Item = usize> {
    mask.iter().enumerate().filter(move |(_, bits)| **bits & group_bit != 0).map(|(i, _)| i)
}

fn columns_of<E: Entry>(history: &History<E>, i: usize) -> [f64; ERGODIC_HISTORY_COLUMNS] {
    let s = history.summary(i);
    let [n3, n4, n5, n6] = s.last.map(f64::from);
    [
        s.entropy,
        s.motifs as f64,
        s.samples as f64,
        n3,
        n4,
        n5,
        n6,
        f64::from(s.faces),
        s.icosahedra,
        s.favoured,
        s.corrected,
        s.volume,
    ]
}

fn row_width<E: Entry>(_: &History<E>) -> usize {
    (3 + E::ORDERS).max(ERGODIC_HISTORY_COLUMNS)
}

/// Writes the rows of one atom and returns what is left of `rows`.
fn write_rows<'a, E: Entry>(
    history: &History<E>,
    i: usize,
    id: i64,
    r#type: i32,
    rows: &'a mut [f64],
) -> &'a mut [f64] {
    let entries = history.motifs(i);
    let (mine, rest) = rows.split_at_mut(entries.len() * row_width(history));
    for (entry, row) in entries.iter().zip(mine.chunks_exact_mut(row_width(history))) {
        row[0] = id as f64;
        row[1] = f64::from(r#type);
        row[2] = f64::from(entry.count());
        row[3..].fill(0.0);
        for (value, n) in row[3..].iter_mut().zip(entry.orders().into_iter().take(E::ORDERS)) {
            *value = f64::from(n);
        }
    }
    rest
}
