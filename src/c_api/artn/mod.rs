//! Handles on campaigns of saddle searches.

mod engine;
mod files;
mod sample;

pub use engine::*;
pub use files::*;
pub use sample::*;

use self::sample::{own_vectors, read_sample};
use super::status::{ergodic_status_t, guard, null};
use super::tessellation::count;
use crate::artn::campaign::{Campaign, Displaced, Files, Frames, Names, SettingsFile};
use crate::artn::{Event, Frame, Held, Sample, Search, Start};
use crate::error::{Error, Result};
use std::collections::VecDeque;
use std::ffi::{CString, c_char};

/// Length of the vector that `ergodic_artn_vector` writes.
pub const ERGODIC_ARTN_VECTOR: usize = 7;
/// Number of columns that `ergodic_artn_statistics` writes.
pub const ERGODIC_ARTN_COLUMNS: usize = 5;

/// What comes next in a partition.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ergodic_artn_state_t {
    /// An attempt.
    ERGODIC_ARTN_READY = 0,
    /// A centre has to be assigned.
    ERGODIC_ARTN_WANTS_CENTRE = 1,
    /// Nothing: no centre is left.
    ERGODIC_ARTN_EXHAUSTED = 2,
}

/// A campaign in one partition. Every MPI rank of the partition has its own and makes the same calls, but for those that
/// read and write files.
pub struct ergodic_artn_t {
    search: Search,
    start: Start,
    pub(super) campaign: Campaign,
    pub(super) settings: SettingsFile,
    pub(super) names: Names,
    pub(super) partition: Option<usize>,
    frames: Frames,
    displaced: Displaced,
    pub(super) files: Files,
    event: Option<Event>,
    pub(super) bytes: Vec<u8>,
    pub(super) text: CString,
    pub(super) notes: VecDeque<String>,
}

/// Evaluates the initial minimum and makes a campaign. On success `*artn` is a handle for `ergodic_artn_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_artn_new(
    options: *const ergodic_artn_options_t,
    sample: *const ergodic_artn_sample_t,
    files: *const ergodic_artn_files_t,
    engine: ergodic_engine_t,
    artn: *mut *mut ergodic_artn_t,
) -> ergodic_status_t {
    guard(|| {
        let options = unsafe { options.as_ref() }.ok_or_else(|| null("options"))?;
        let sample = unsafe { sample.as_ref() }.ok_or_else(|| null("sample"))?;
        let files = unsafe { files.as_ref() }.ok_or_else(|| null("files"))?;
        let out = unsafe { artn.as_mut() }.ok_or_else(|| null("artn"))?;
        let [direction, displacement] = unsafe { own_vectors(sample) }?;
        let range = sample.range;
        let (sample, centres, held) = unsafe { read_sample(sample) }?;
        let mut handle = unsafe { new(options, &sample, &centres, &held, range, files, engine) }?;
        handle.settings.add_vectors(direction.as_deref(), displacement.as_deref());
        let free = |vector: Vec<f64>| handle.frames.held.narrow(&vector);
        handle.start = Start::new(&handle.search.sample().positions, direction.map(free), displacement.map(free));
        *out = Box::into_raw(Box::new(handle));
        Ok(())
    })
}

/// Frees a campaign; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_artn_free(artn: *mut ergodic_artn_t) {
    if !artn.is_null() {
        let _ = guard(|| {
            drop(unsafe { Box::from_raw(artn) });
            Ok(())
        });
    }
}

/// Lists the centres that are not done.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_artn_start_run(artn: *mut ergodic_artn_t) -> ergodic_status_t {
    guard(|| {
        unsafe { handle(artn) }?.campaign.start_run();
        Ok(())
    })
}

/// What comes next.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_artn_state(
    artn: *mut ergodic_artn_t,
    state: *mut ergodic_artn_state_t,
) -> ergodic_status_t {
    guard(|| {
        let campaign = &unsafe { handle(artn) }?.campaign;
        *unsafe { state.as_mut() }.ok_or_else(|| null("state"))? = if campaign.exhausted() {
            ergodic_artn_state_t::ERGODIC_ARTN_EXHAUSTED
        } else if campaign.wants_centre() {
            ergodic_artn_state_t::ERGODIC_ARTN_WANTS_CENTRE
        } else {
            ergodic_artn_state_t::ERGODIC_ARTN_READY
        };
        Ok(())
    })
}

/// Assigns the centre at this position of the list of `ergodic_artn_start_run`; there may be none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_artn_assign(artn: *mut ergodic_artn_t, position: i64) -> ergodic_status_t {
    guard(|| {
        unsafe { handle(artn) }?.campaign.assign(position.max(0) as usize);
        Ok(())
    })
}

/// Makes the next attempt. It counts after `ergodic_artn_commit`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_artn_attempt(
    artn: *mut ergodic_artn_t,
    mut engine: ergodic_engine_t,
) -> ergodic_status_t {
    guard(|| {
        let artn = unsafe { handle(artn) }?;
        let task = artn.campaign.task().ok_or_else(|| Error::InvalidParameter("no attempt is left".into()))?;
        let held = &artn.frames.held;
        let mut engine = held.engine(&mut engine);
        artn.event = Some(artn.start.attempt(&artn.search, &mut engine, held.place(task.index), task.trial)?);
        Ok(())
    })
}

/// Counts the attempt, and if `write`, on one process of the partition, writes it to the files first. `seconds` = CPU
/// time that it took.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_artn_commit(artn: *mut ergodic_artn_t, seconds: f64, write: bool) -> ergodic_status_t {
    guard(|| {
        let artn = unsafe { handle(artn) }?;
        let event = artn.event.take().ok_or_else(|| Error::InvalidParameter("no attempt to commit".into()))?;
        let frame = artn.search.frame();
        if artn.campaign.task().is_some_and(|task| task.again) {
            return artn.campaign.recover(&event, frame);
        }
        let record = artn.campaign.judge(&event, frame, seconds)?;
        if write {
            artn.files.commit(&record, &event, &artn.frames, &artn.displaced)?;
        }
        artn.campaign.record(&record)
    })
}

/// Global vector, shape [ERGODIC_ARTN_VECTOR]: attempts, successes, barrier of the last attempt, its centre, its force
/// evaluations, all force evaluations, mean barrier.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_artn_vector(artn: *mut ergodic_artn_t, vector: *mut f64) -> ergodic_status_t {
    guard(|| {
        let campaign = &unsafe { handle(artn) }?.campaign;
        let out = unsafe { vector.cast::<[f64; ERGODIC_ARTN_VECTOR]>().as_mut() }.ok_or_else(|| null("vector"))?;
        let totals = campaign.totals();
        let (centre, barrier, evaluations) = campaign.last().unwrap_or_default();
        let mean = if totals.successes > 0 { totals.barriers / totals.successes as f64 } else { 0.0 };
        *out = [
            totals.attempts as f64,
            totals.successes as f64,
            barrier,
            centre as f64,
            evaluations as f64,
            totals.evaluations as f64,
            mean,
        ];
        Ok(())
    })
}

/// Number of centres.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_artn_centres(artn: *mut ergodic_artn_t, number: *mut i32) -> ergodic_status_t {
    guard(|| {
        let number = unsafe { number.as_mut() }.ok_or_else(|| null("number"))?;
        *number = unsafe { handle(artn) }?.campaign.centres() as i32;
        Ok(())
    })
}

/// Per-atom columns of the centre at `position` of all centres: `*index` is its index in the sample, `columns`, shape
/// [ERGODIC_ARTN_COLUMNS], get mean barrier, successes, attempts, lowest barrier, standard deviation.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_artn_statistics(
    artn: *mut ergodic_artn_t,
    position: i32,
    index: *mut i32,
    columns: *mut f64,
) -> ergodic_status_t {
    guard(|| {
        let campaign = &unsafe { handle(artn) }?.campaign;
        let position = count(position, "position")?;
        if position >= campaign.centres() {
            return Err(Error::InvalidParameter(format!("there is no centre {position}")));
        }
        let out = unsafe { columns.cast::<[f64; ERGODIC_ARTN_COLUMNS]>().as_mut() }.ok_or_else(|| null("columns"))?;
        let (atom, s) = campaign.statistics(position);
        *unsafe { index.as_mut() }.ok_or_else(|| null("index"))? = atom as i32;
        *out = [s.mean, f64::from(s.successes), f64::from(s.attempts), s.lowest, s.deviation];
        Ok(())
    })
}

/// A line on what was done, `seconds` after the run began; `workers` partitions share the rest. `*text` is valid until the
/// next call with this handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_artn_progress(
    artn: *mut ergodic_artn_t,
    seconds: f64,
    workers: i32,
    text: *mut *const c_char,
) -> ergodic_status_t {
    guard(|| {
        let artn = unsafe { handle(artn) }?;
        let line = artn.campaign.progress(seconds, workers.max(1) as u32);
        artn.text = CString::new(line).unwrap_or_default();
        *unsafe { text.as_mut() }.ok_or_else(|| null("text"))? = artn.text.as_ptr();
        Ok(())
    })
}

/// A line on the barriers of each type. `*text` is valid until the next call with this handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_artn_summary(artn: *mut ergodic_artn_t, text: *mut *const c_char) -> ergodic_status_t {
    guard(|| {
        let artn = unsafe { handle(artn) }?;
        artn.text = CString::new(artn.campaign.summary()).unwrap_or_default();
        *unsafe { text.as_mut() }.ok_or_else(|| null("text"))? = artn.text.as_ptr();
        Ok(())
    })
}

unsafe fn new(
    options: &ergodic_artn_options_t,
    sample: &Sample,
    centres: &[u32],
    held: &[u32],
    range: f64,
    files: &ergodic_artn_files_t,
    mut engine: ergodic_engine_t,
) -> Result<ergodic_artn_t> {
    let goal = options.goal();
    let held_ids: Vec<i64> = held.iter().map(|&k| sample.ids[k as usize]).collect();
    let frame = Frame::of_parts(sample.cell, &sample.positions, range, held);
    let held = Held::new(sample, held)?;
    let centres: Vec<(usize, i64, i32)> =
        centres.iter().map(|&k| (k as usize, sample.ids[k as usize], sample.types[k as usize])).collect();
    let ids: Vec<i64> = centres.iter().map(|centre| centre.1).collect();
    let campaign = Campaign::new(goal, &centres)?;
    let (free, frame) = (held.sample(sample), held.frame(&frame));
    let search = Search::with_frame(&mut held.engine(&mut engine), free, frame, options.settings())?;
    let displaced =
        Displaced { ids: search.sample().ids.clone(), frame: search.frame().clone(), threshold: options.same_distance };
    let bounds = unsafe { files.bounds() };
    let frames = Frames { ids: sample.ids.clone(), species: sample.types.clone(), held, bounds };
    let mut settings = SettingsFile::new(search.settings(), &goal, &ids, frames.ids.len(), search.energy());
    settings.add_held(&held_ids);
    Ok(ergodic_artn_t {
        search,
        start: Start::Push(None),
        campaign,
        settings,
        names: unsafe { files.names() },
        partition: usize::try_from(files.partition).ok(),
        frames,
        displaced,
        files: Files::default(),
        event: None,
        bytes: Vec::new(),
        text: CString::default(),
        notes: VecDeque::new(),
    })
}

pub(super) unsafe fn handle<'a>(artn: *mut ergodic_artn_t) -> Result<&'a mut ergodic_artn_t> {
    unsafe { artn.as_mut() }.ok_or_else(|| null("artn"))
}
