//! Handles on campaigns of saddle searches.

use super::engine::ergodic_engine_t;
use super::fingerprint::ergodic_box_t;
use super::status::{ergodic_status_t, guard, null};
use super::tessellation::{count, slice};
use crate::artn::campaign::{Campaign, Files, Frames, Goal, Names, SettingsFile, pack, read_campaign, unpack};
use crate::artn::{Cell, Event, Sample, Search, Settings, Steps};
use crate::error::{Error, Result};
use std::ffi::{CStr, CString, c_char};
use std::path::PathBuf;

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

/// Settings of a campaign; doc/fix_artn.md says what they do. Units: those of the simulation.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ergodic_artn_options_t {
    /// Seed of the random pushes.
    pub seed: u64,
    /// Successful events wanted per centre.
    pub events: u32,
    /// Attempts allowed per centre.
    pub attempts: u32,
    /// 2-norm of the push (distance).
    pub push: f64,
    /// Radius of the push around the centre (distance).
    pub push_radius: f64,
    /// Radius of the first shell of neighbors, the scale of all step lengths (distance).
    pub shell: f64,
    /// Radius within which atoms move first (distance); infinite: all atoms.
    pub active: f64,
    /// Largest force component of a converged configuration (force).
    pub ftol: f64,
    /// Vectors of a Krylov space.
    pub lanczos_size: i32,
    /// Finite-difference step of Lanczos (distance).
    pub lanczos_step: f64,
    /// Lowest eigenvalue below which the basin is left (energy/distance^2).
    pub curvature: f64,
    /// Force evaluations allowed per attempt.
    pub maxeval: u64,
    /// Allowed barriers, lowest and highest (energy).
    pub barrier: [f64; 2],
    /// Whether both sides are relaxed and one must be the initial minimum.
    pub connect: bool,
    /// Whether a second event through the same saddle does not count.
    pub distinct: bool,
    /// Same configuration: difference of energies below this (energy).
    pub same_energy: f64,
    /// Same configuration: displacement of any atom up to this (distance).
    pub same_distance: f64,
}

/// The initial minimum. All arrays belong to the caller and are copied.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ergodic_artn_sample_t {
    /// Number of atoms.
    pub n: i32,
    /// IDs, ascending, shape [n].
    pub ids: *const i64,
    /// Types, shape [n].
    pub types: *const i32,
    /// Positions, shape [n][3] (distance units).
    pub x: *const f64,
    /// The box.
    pub cell: ergodic_box_t,
    /// Number of central atoms.
    pub n_centres: i32,
    /// Their indices in the arrays above, ascending, shape [n_centres].
    pub centres: *const u32,
    /// Direction of all pushes, or the unstable direction where `displacement` is given too, shape [n][3]; NULL: random.
    pub direction: *const f64,
    /// From the minimum to where the saddle is searched instead of after a push, shape [n][3] (distance units); NULL: pushes.
    pub displacement: *const f64,
}

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
    /// Index of this partition from 0, -1 if there is only one.
    pub partition: i32,
    /// The lines of a dump from `ITEM: BOX BOUNDS` to the last bound, each with its end.
    pub bounds: *const c_char,
}

/// A campaign in one partition. Every MPI rank of the partition has its own and makes the same calls, but for those that
/// read and write files.
pub struct ergodic_artn_t {
    search: Search,
    begin: Begin,
    campaign: Campaign,
    settings: SettingsFile,
    names: Names,
    partition: Option<usize>,
    frames: Frames,
    files: Files,
    event: Option<Event>,
    bytes: Vec<u8>,
    text: CString,
}

/// Where attempts begin.
enum Begin {
    /// With a push, in a direction of the caller (shape (N, 3)) or a random one.
    Push(Option<Vec<f64>>),
    /// Near a saddle.
    Refine { positions: Vec<f64>, mode: Vec<f64> },
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
        let (sample, centres) = unsafe { read_sample(sample) }?;
        let mut handle = unsafe { new(options, sample, &centres, files, engine) }?;
        handle.settings.add_vectors(direction.as_deref(), displacement.as_deref());
        handle.begin = match displacement {
            None => Begin::Push(direction),
            Some(displacement) => {
                let positions =
                    handle.search.sample().positions.iter().zip(&displacement).map(|(x, u)| x + u).collect();
                Begin::Refine { positions, mode: direction.unwrap_or(displacement) }
            }
        };
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
        let mut records = None;
        if resume {
            records = read_campaign(&artn.names, &artn.settings)?;
        } else {
            artn.names.remove()?;
        }
        if let Some(path) = artn.names.settings().filter(|_| records.is_none()) {
            artn.settings.write(&path)?;
        }
        artn.bytes = pack(&records.unwrap_or_default());
        unsafe { give(&artn.bytes, bytes, length) }
    })
}

/// Opens the files of this partition, on one process of it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_artn_open_files(artn: *mut ergodic_artn_t) -> ergodic_status_t {
    guard(|| {
        let artn = unsafe { handle(artn) }?;
        let (files, attempts) = Files::open(&artn.names.of_partition(artn.partition))?;
        artn.files = files;
        artn.campaign.set_attempts_here(attempts);
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
        artn.event = Some(match &artn.begin {
            Begin::Push(direction) => artn.search.attempt(&mut engine, task.index, task.trial, direction.as_deref())?,
            Begin::Refine { positions, mode } => artn.search.refine(&mut engine, task.index, positions, mode)?,
        });
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
        let sample = artn.search.sample();
        let record = artn.campaign.judge(&event, &sample.cell, &sample.positions, seconds)?;
        if write {
            artn.files.commit(&record, &event, &artn.frames)?;
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

/// A line on what was done, `seconds` after the run began with `events_before` events; `workers` partitions share the
/// rest. `*text` is valid until the next call with this handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_artn_progress(
    artn: *mut ergodic_artn_t,
    seconds: f64,
    events_before: i64,
    workers: i32,
    text: *mut *const c_char,
) -> ergodic_status_t {
    guard(|| {
        let artn = unsafe { handle(artn) }?;
        let line = artn.campaign.progress(seconds, events_before.max(0) as u64, workers.max(1) as u32);
        artn.text = CString::new(line).unwrap_or_default();
        *unsafe { text.as_mut() }.ok_or_else(|| null("text"))? = artn.text.as_ptr();
        Ok(())
    })
}

unsafe fn new(
    options: &ergodic_artn_options_t,
    sample: Sample,
    centres: &[u32],
    files: &ergodic_artn_files_t,
    mut engine: ergodic_engine_t,
) -> Result<ergodic_artn_t> {
    let settings = settings(options);
    let goal = Goal {
        events: options.events,
        attempts: options.attempts,
        distinct: options.distinct,
        same_energy: options.same_energy,
        same_distance: options.same_distance,
    };
    let bounds = unsafe { string(files.bounds) }.unwrap_or_default();
    let frames = Frames { ids: sample.ids.clone(), species: sample.types.clone(), bounds };
    let centres: Vec<(usize, i64, i32)> =
        centres.iter().map(|&k| (k as usize, sample.ids[k as usize], sample.types[k as usize])).collect();
    let ids: Vec<i64> = centres.iter().map(|centre| centre.1).collect();
    let campaign = Campaign::new(goal, &centres)?;
    let search = Search::new(&mut engine, sample, settings)?;
    let settings = SettingsFile::new(search.settings(), &goal, &ids, frames.ids.len(), search.energy());
    let path = |name| unsafe { string(name) }.map(PathBuf::from);
    Ok(ergodic_artn_t {
        search,
        begin: Begin::Push(None),
        campaign,
        settings,
        names: Names { events: path(files.events), saddles: path(files.saddles), minima: path(files.minima) },
        partition: usize::try_from(files.partition).ok(),
        frames,
        files: Files::default(),
        event: None,
        bytes: Vec::new(),
        text: CString::default(),
    })
}

fn settings(options: &ergodic_artn_options_t) -> Settings {
    Settings {
        seed: options.seed,
        push: options.push,
        push_radius: options.push_radius,
        active: options.active.is_finite().then_some(options.active),
        ftol: options.ftol,
        lanczos_size: options.lanczos_size.max(0) as usize,
        lanczos_step: options.lanczos_step,
        curvature: options.curvature,
        maxeval: options.maxeval,
        barrier: options.barrier,
        connect: options.connect,
        same_energy: options.same_energy,
        same_distance: options.same_distance,
        moved_distance: 4.0 * options.same_distance,
        steps: Steps::for_shell(options.shell),
    }
}

unsafe fn read_sample(sample: &ergodic_artn_sample_t) -> Result<(Sample, Vec<u32>)> {
    let n = count(sample.n, "n")?;
    let ids = unsafe { slice(sample.ids, n, "ids") }?.to_vec();
    let types = unsafe { slice(sample.types, n, "types") }?.to_vec();
    let positions = unsafe { slice(sample.x, 3 * n, "x") }?.to_vec();
    let centres = unsafe { slice(sample.centres, count(sample.n_centres, "n_centres")?, "centres") }?.to_vec();
    if centres.iter().any(|&k| k as usize >= n) {
        return Err(Error::InvalidParameter("a centre is no atom of the sample".into()));
    }
    let [xx, yy, zz, yz, xz, xy] = sample.cell.edges;
    let cell = Cell::new([[xx, 0.0, 0.0], [xy, yy, 0.0], [xz, yz, zz]], sample.cell.periodic)?;
    Ok((Sample { ids, types, positions, cell }, centres))
}

/// `direction` and `displacement`, as far as they are given.
unsafe fn own_vectors(sample: &ergodic_artn_sample_t) -> Result<[Option<Vec<f64>>; 2]> {
    let length = 3 * count(sample.n, "n")?;
    let copy = |from: *const f64, what: &str| {
        if from.is_null() {
            return Ok(None);
        }
        let values = unsafe { slice(from, length, what) }?;
        match values.iter().position(|x| !x.is_finite()) {
            Some(k) => {
                let id = unsafe { slice(sample.ids, length / 3, "ids") }?[k / 3];
                Err(Error::InvalidParameter(format!("{what}: a component of atom {id} is not finite")))
            }
            None => Ok(Some(values.to_vec())),
        }
    };
    Ok([copy(sample.direction, "direction")?, copy(sample.displacement, "refine")?])
}

unsafe fn handle<'a>(artn: *mut ergodic_artn_t) -> Result<&'a mut ergodic_artn_t> {
    unsafe { artn.as_mut() }.ok_or_else(|| null("artn"))
}

unsafe fn give(from: &[u8], bytes: *mut *const u8, length: *mut i64) -> Result<()> {
    *unsafe { bytes.as_mut() }.ok_or_else(|| null("bytes"))? = from.as_ptr();
    *unsafe { length.as_mut() }.ok_or_else(|| null("length"))? = from.len() as i64;
    Ok(())
}

unsafe fn string(text: *const c_char) -> Option<String> {
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}
