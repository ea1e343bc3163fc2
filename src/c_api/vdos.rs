//! Handles on vibrational spectra.

use super::fingerprint::ergodic_box_t;
use super::status::{ergodic_status_t, guard, null};
use super::tessellation::{count, slice};
use crate::error::{Error, Result};
use crate::geometry::SimulationBox;
use crate::vdos::hessian::{Configuration, DifferenceSettings, Forces};
use crate::vdos::{self, Communicator, Evaluation, Labels, Solver, VibrationSettings, evaluate};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::PathBuf;

/// Number of per-atom columns that `ergodic_vdos_columns` writes.
pub const ERGODIC_VDOS_COLUMNS: usize = 5;
const _: () = assert!(ERGODIC_VDOS_COLUMNS == vdos::COLUMNS);
/// Number of values that `ergodic_vdos_summary` writes.
pub const ERGODIC_VDOS_SUMMARY: usize = 7;
/// Columns of `ergodic_vdos_table` before those of the types.
pub const ERGODIC_VDOS_TABLE: usize = 3;

/// How modes are found.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ergodic_vdos_solver_t {
    /// Dense while that fits in memory and takes minutes, else a window.
    ERGODIC_VDOS_AUTOMATIC = 0,
    /// All modes.
    ERGODIC_VDOS_DENSE = 1,
    /// Every mode below the end of the window.
    ERGODIC_VDOS_WINDOW = 2,
    /// No modes, but moments of the spectrum, and estimates for every atom.
    ERGODIC_VDOS_KPM = 3,
}

/// What is asked of the vibrations. Frequencies are in 1/time units.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ergodic_vdos_options_t {
    /// How modes are found.
    pub solver: ergodic_vdos_solver_t,
    /// Displacement of the central differences (distance units); 0 for the default.
    pub delta: f64,
    /// Where the boson peak is looked for; 0 for the default.
    pub range: [f64; 2],
    /// Whether the range is to be found from the spectrum.
    pub range_auto: bool,
    /// Width of the Gaussian that broadens each mode; 0 for the default.
    pub sigma: f64,
    /// End of the window and of the table; 0 for the default.
    pub fcut: f64,
    /// Rows of the table.
    pub points: i32,
    /// File for the table; NULL for none.
    pub table_file: *const c_char,
    /// File for the modes; NULL for none.
    pub modes_file: *const c_char,
    /// File for the mass-weighted Hessian; NULL for none.
    pub hessian_file: *const c_char,
    /// Random vectors of ERGODIC_VDOS_KPM; 0 for as many as `error` needs.
    pub vectors: i32,
    /// Relative standard error of J wanted of ERGODIC_VDOS_KPM; 0 for the default.
    pub error: f64,
    /// Whether the units are metal, which have defaults of their own.
    pub metal: bool,
    /// Largest force component at a minimum (force units); 0 for the default.
    pub tolerance: f64,
    /// Acceleration caused by a unit force on a unit mass, in the units used.
    pub acceleration: f64,
    /// Threads of this process.
    pub threads: i32,
    /// Processes that share the memory of this machine.
    pub processes_per_node: i32,
}

/// A configuration, the same on all ranks: atoms in ascending order of their IDs. All arrays belong to the caller.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ergodic_vdos_sample_t {
    /// Number of atoms.
    pub n: i32,
    /// Positions, shape [n][3] (distance units).
    pub x: *const f64,
    /// IDs, shape [n].
    pub id: *const i64,
    /// Types, shape [n].
    pub r#type: *const i32,
    /// Masses, shape [n] (mass units).
    pub mass: *const f64,
    /// Number of atom types.
    pub n_types: i32,
    /// Number of atoms that vibrate.
    pub n_members: i32,
    /// Their indices, ascending, shape [n_members].
    pub members: *const i32,
    /// The box.
    pub cell: ergodic_box_t,
    /// Atoms may be displaced by up to a quarter of it (distance units).
    pub skin: f64,
}

/// What the caller does for the core. Functions that return an int return 0 for success; after anything else the core
/// calls none of them again and fails with `ERGODIC_CALLER_FAILED`. No exception may leave them.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ergodic_vdos_caller_t {
    /// First argument of the functions.
    pub context: *mut c_void,
    /// Index of this rank.
    pub rank: i32,
    /// Number of ranks.
    pub ranks: i32,
    /// The lowest of the ranks on this machine.
    pub node: i32,
    /// forces(context, n_moved, moved, to, forces): forces on the members, shape [n_members][3], when the atoms `moved`
    /// (indices, shape [n_moved]) are at the positions `to` (shape [n_moved][3]), all others where they were. On rank 0,
    /// while the other ranks follow.
    pub forces: Option<unsafe extern "C" fn(*mut c_void, i32, *const i32, *const f64, *mut f64) -> c_int>,
    /// follow(context): on the other ranks, takes part in each call of `forces` until rank 0 calls `finish`.
    pub follow: Option<unsafe extern "C" fn(*mut c_void) -> c_int>,
    /// finish(context): on rank 0, lets the other ranks go.
    pub finish: Option<unsafe extern "C" fn(*mut c_void) -> c_int>,
    /// sum(context, n, values): replaces values, shape [n], by their sum over all ranks, the same to the bit on each.
    pub sum: Option<unsafe extern "C" fn(*mut c_void, i64, *mut f64) -> c_int>,
    /// log(context, line): a line about the progress.
    pub log: Option<unsafe extern "C" fn(*mut c_void, *const c_char)>,
}

/// Vibrations: settings and the results of the last configuration.
pub struct ergodic_vdos_t {
    settings: VibrationSettings,
    differences: DifferenceSettings,
    last: Evaluation,
}

/// Writes the defaults, for one thread of one process. Most are 0: they depend on the units and the configuration.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_vdos_defaults(options: *mut ergodic_vdos_options_t) -> ergodic_status_t {
    guard(|| {
        *unsafe { options.as_mut() }.ok_or_else(|| null("options"))? = ergodic_vdos_options_t {
            solver: ergodic_vdos_solver_t::ERGODIC_VDOS_AUTOMATIC,
            delta: 0.0,
            range: [0.0; 2],
            range_auto: false,
            sigma: 0.0,
            fcut: 0.0,
            points: VibrationSettings::default().points as i32,
            table_file: std::ptr::null(),
            modes_file: std::ptr::null(),
            hessian_file: std::ptr::null(),
            vectors: 0,
            error: 0.0,
            metal: false,
            tolerance: 0.0,
            acceleration: 1.0,
            threads: 1,
            processes_per_node: 1,
        };
        Ok(())
    })
}

/// Checks the options. On success `*vdos` is a handle for `ergodic_vdos_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_vdos_new(
    options: *const ergodic_vdos_options_t,
    vdos: *mut *mut ergodic_vdos_t,
) -> ergodic_status_t {
    guard(|| {
        let options = unsafe { options.as_ref() }.ok_or_else(|| null("options"))?;
        let out = unsafe { vdos.as_mut() }.ok_or_else(|| null("vdos"))?;
        let metal = VibrationSettings::default();
        let settings = VibrationSettings {
            solver: match options.solver {
                ergodic_vdos_solver_t::ERGODIC_VDOS_AUTOMATIC => Solver::Automatic,
                ergodic_vdos_solver_t::ERGODIC_VDOS_DENSE => Solver::Dense,
                ergodic_vdos_solver_t::ERGODIC_VDOS_WINDOW => Solver::Window,
                ergodic_vdos_solver_t::ERGODIC_VDOS_KPM => Solver::Kpm,
            },
            range: if options.range[0] > 0.0 { options.range } else { metal.range },
            range_auto: options.range_auto || (options.range[0] <= 0.0 && !options.metal),
            sigma: if options.sigma > 0.0 { options.sigma } else { metal.sigma },
            sigma_auto: options.sigma <= 0.0 && !options.metal,
            fcut: (options.fcut > 0.0).then_some(options.fcut),
            points: count(options.points, "points")?,
            vectors: Some(count(options.vectors, "vectors")?).filter(|&vectors| vectors > 0),
            error: (options.error > 0.0).then_some(options.error),
            threads: count(options.threads, "threads")?,
            memory: None,
            processes_per_node: count(options.processes_per_node, "processes_per_node")?.max(1),
            noise: 0.0,
            table: unsafe { path(options.table_file) }?,
            modes: unsafe { path(options.modes_file) }?,
            hessian: unsafe { path(options.hessian_file) }?,
        };
        settings.check()?;
        let differences = DifferenceSettings {
            delta: (options.delta > 0.0).then_some(options.delta),
            default_delta: options.metal.then_some(DifferenceSettings::METAL_DELTA),
            tolerance: match options.tolerance {
                given if given > 0.0 => Some(given),
                _ => options.metal.then_some(DifferenceSettings::METAL_TOLERANCE),
            },
            acceleration: options.acceleration,
            skin: 0.0,
            memory: f64::INFINITY,
            threads: settings.threads,
        };
        let handle = ergodic_vdos_t { settings, differences, last: Evaluation::default() };
        *out = Box::into_raw(Box::new(handle));
        Ok(())
    })
}

/// Frees a handle; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_vdos_free(vdos: *mut ergodic_vdos_t) {
    if !vdos.is_null() {
        let _ = guard(|| {
            drop(unsafe { Box::from_raw(vdos) });
            Ok(())
        });
    }
}

/// Finds the vibrations of a configuration. All ranks call it together. The results stay in the handle until the next
/// call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_vdos_compute(
    vdos: *mut ergodic_vdos_t,
    sample: *const ergodic_vdos_sample_t,
    caller: *const ergodic_vdos_caller_t,
) -> ergodic_status_t {
    guard(|| {
        let vdos = unsafe { vdos.as_mut() }.ok_or_else(|| null("vdos"))?;
        let sample = unsafe { sample.as_ref() }.ok_or_else(|| null("sample"))?;
        let caller = unsafe { Caller::new(caller) }?;
        let atoms = unsafe { AtomArrays::new(sample) }?;
        vdos.compute(&atoms, &caller)
    })
}

/// Writes the per-atom results in the order of the members, shape [n_members][ERGODIC_VDOS_COLUMNS]: I_BP, J, frequency
/// of the maximum, participation in the lowest 1 % of the modes, standard error of J.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_vdos_columns(
    vdos: *const ergodic_vdos_t,
    n_members: i32,
    columns: *mut f64,
) -> ergodic_status_t {
    guard(|| {
        let vibrations = &unsafe { vdos.as_ref() }.ok_or_else(|| null("vdos"))?.last.vibrations;
        unsafe { copy(vibrations.atoms.as_flattened(), count(n_members, "n_members")? * ERGODIC_VDOS_COLUMNS, columns) }
    })
}

/// Writes the spectrum, shape [rows][columns]: f, g, g / f^2, then g of each type; `rows` and `columns` are those that
/// the options and the number of types make.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_vdos_table(
    vdos: *const ergodic_vdos_t,
    rows: i32,
    columns: i32,
    table: *mut f64,
) -> ergodic_status_t {
    guard(|| {
        let vibrations = &unsafe { vdos.as_ref() }.ok_or_else(|| null("vdos"))?.last.vibrations;
        unsafe { copy(&vibrations.table, count(rows, "rows")? * count(columns, "columns")?, table) }
    })
}

/// Writes, shape [ERGODIC_VDOS_SUMMARY]: modes found, zero modes, negative modes, |H - H^T| as a fraction of the largest
/// entry, force evaluations, lowest non-zero frequency, highest frequency.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_vdos_summary(vdos: *const ergodic_vdos_t, summary: *mut f64) -> ergodic_status_t {
    guard(|| {
        let vdos = unsafe { vdos.as_ref() }.ok_or_else(|| null("vdos"))?;
        let Evaluation { vibrations: v, asymmetry, evaluations } = &vdos.last;
        let [found, zero, negative] = [v.found, v.zero, v.negative].map(|n| n as f64);
        let values = [found, zero, negative, *asymmetry, *evaluations as f64, v.lowest, v.highest];
        unsafe { copy(&values, ERGODIC_VDOS_SUMMARY, summary) }
    })
}

impl ergodic_vdos_t {
    fn compute(&mut self, atoms: &AtomArrays, caller: &Caller) -> Result<()> {
        let configuration = Configuration {
            positions: atoms.x,
            types: atoms.types,
            masses: atoms.masses,
            members: &atoms.members,
            cell: &atoms.cell,
        };
        let labels = Labels { ids: atoms.ids, n_types: atoms.n_types };
        let differences = DifferenceSettings { skin: atoms.skin, ..self.differences };
        let (forces, log) = (&mut { *caller }, &mut |line: &str| caller.log(line));
        self.last = evaluate(&configuration, labels, &self.settings, &differences, forces, caller, log)?;
        Ok(())
    }
}

/// A caller's configuration.
struct AtomArrays<'a> {
    x: &'a [[f64; 3]],
    ids: &'a [i64],
    types: &'a [i32],
    masses: &'a [f64],
    n_types: usize,
    members: Vec<u32>,
    cell: SimulationBox,
    skin: f64,
}

impl AtomArrays<'_> {
    unsafe fn new(sample: &ergodic_vdos_sample_t) -> Result<Self> {
        let n = count(sample.n, "n")?;
        let members = unsafe { slice(sample.members, count(sample.n_members, "n_members")?, "members") }?;
        if !members.is_sorted_by(|a, b| a < b) || members.iter().any(|&k| !(0..sample.n).contains(&k)) {
            return Err(Error::InvalidParameter("members are not ascending indices of atoms".into()));
        }
        Ok(Self {
            x: unsafe { slice(sample.x.cast::<[f64; 3]>(), n, "x") }?,
            ids: unsafe { slice(sample.id, n, "id") }?,
            types: unsafe { slice(sample.r#type, n, "type") }?,
            masses: unsafe { slice(sample.mass, n, "mass") }?,
            n_types: count(sample.n_types, "n_types")?,
            members: members.iter().map(|&k| k as u32).collect(),
            cell: sample.cell.read()?,
            skin: sample.skin,
        })
    }
}

/// The functions of a caller, all there.
#[derive(Clone, Copy)]
struct Caller {
    context: *mut c_void,
    rank: usize,
    ranks: usize,
    node: usize,
    forces: unsafe extern "C" fn(*mut c_void, i32, *const i32, *const f64, *mut f64) -> c_int,
    follow: unsafe extern "C" fn(*mut c_void) -> c_int,
    finish: unsafe extern "C" fn(*mut c_void) -> c_int,
    sum: unsafe extern "C" fn(*mut c_void, i64, *mut f64) -> c_int,
    log: unsafe extern "C" fn(*mut c_void, *const c_char),
}

impl Caller {
    unsafe fn new(caller: *const ergodic_vdos_caller_t) -> Result<Self> {
        let caller = unsafe { caller.as_ref() }.ok_or_else(|| null("caller"))?;
        let (rank, ranks) = (count(caller.rank, "rank")?, count(caller.ranks, "ranks")?);
        let node = count(caller.node, "node")?;
        if rank >= ranks || node > rank {
            return Err(Error::InvalidParameter(format!("rank {rank} of node {node} is not one of {ranks}")));
        }
        Ok(Self {
            context: caller.context,
            rank,
            ranks,
            node,
            forces: caller.forces.ok_or_else(|| null("forces"))?,
            follow: caller.follow.ok_or_else(|| null("follow"))?,
            finish: caller.finish.ok_or_else(|| null("finish"))?,
            sum: caller.sum.ok_or_else(|| null("sum"))?,
            log: caller.log.ok_or_else(|| null("log"))?,
        })
    }

    fn log(&self, line: &str) {
        let line = CString::new(line.replace('\0', " ")).unwrap_or_default();
        unsafe { (self.log)(self.context, line.as_ptr()) }
    }
}

fn succeeded(status: c_int) -> Result<()> {
    if status == 0 { Ok(()) } else { Err(Error::Caller) }
}

impl Forces for Caller {
    fn evaluate(&mut self, moved: &[u32], to: &[[f64; 3]], forces: &mut [[f64; 3]]) -> Result<()> {
        let (moved_at, to, forces) = (moved.as_ptr().cast(), to.as_ptr().cast(), forces.as_mut_ptr().cast());
        succeeded(unsafe { (self.forces)(self.context, moved.len() as i32, moved_at, to, forces) })
    }

    fn finish(&mut self) -> Result<()> {
        succeeded(unsafe { (self.finish)(self.context) })
    }

    fn follow(&mut self) -> Result<()> {
        succeeded(unsafe { (self.follow)(self.context) })
    }
}

impl Communicator for Caller {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.ranks
    }

    fn node(&self) -> usize {
        self.node
    }

    fn sum(&self, values: &mut [f64]) -> Result<()> {
        succeeded(unsafe { (self.sum)(self.context, values.len() as i64, values.as_mut_ptr()) })
    }
}

unsafe fn path(name: *const c_char) -> Result<Option<PathBuf>> {
    if name.is_null() {
        return Ok(None);
    }
    let name = unsafe { CStr::from_ptr(name) }.to_str();
    name.map(|name| Some(name.into())).map_err(|_| Error::InvalidParameter("a file name is not UTF-8".into()))
}

/// Copies results to an array of the caller with room for `length` numbers.
unsafe fn copy(from: &[f64], length: usize, to: *mut f64) -> Result<()> {
    if from.len() != length {
        return Err(Error::InvalidParameter(format!("results have {} numbers, not {length}", from.len())));
    }
    if length > 0 && to.is_null() {
        return Err(null("result"));
    }
    unsafe { std::slice::from_raw_parts_mut(to, length) }.copy_from_slice(from);
    Ok(())
}
