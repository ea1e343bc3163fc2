//! Handles on tessellations.

use super::status::{ergodic_status_t, guard, null};
use crate::error::{Error, Result};
use crate::voronoi::{Atoms, Domain, Plane, Tessellation, TessellationOptions};

/// What a tessellation computes and which faces and edges it counts.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ergodic_tessellation_options_t {
    /// Edges of this length or shorter do not count (distance units).
    pub edge_threshold: f64,
    /// Faces of this area or smaller do not count (distance units squared).
    pub face_threshold: f64,
    /// Faces of at most this fraction of the surface of their cell do not count.
    pub face_fraction: f64,
    /// Whether cell volumes are wanted.
    pub volume: bool,
    /// Number of threads, at least 1.
    pub threads: i32,
}

/// Atoms of one MPI rank. All arrays belong to the caller and are only read during the call.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ergodic_atoms_t {
    /// Number of owned atoms: the first ones of every array.
    pub n_owned: i32,
    /// Number of ghost atoms, which follow the owned ones.
    pub n_ghost: i32,
    /// Positions, shape [n_owned + n_ghost][3] (distance units).
    pub x: *const f64,
    /// Radii for the radical tessellation, shape [n_owned + n_ghost] (distance units); NULL for the plain one.
    pub radius: *const f64,
    /// Largest radius of all atoms, also of those that are not known here (distance units); 0 for the plain one.
    pub largest_radius: f64,
    /// Group masks, shape [n_owned].
    pub mask: *const i32,
    /// The atoms with this bit in their mask get a motif.
    pub group_bit: i32,
}

/// Half-space {x : normal . x <= offset}, normal of unit length, offset in distance units.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ergodic_plane_t {
    /// Outward unit normal.
    pub normal: [f64; 3],
    /// Distance from the origin along the normal.
    pub offset: f64,
}

/// Boundaries of a tessellation.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ergodic_domain_t {
    /// Box faces along non-periodic directions, which bound the cells, shape [n_walls]; NULL if there are none.
    pub walls: *const ergodic_plane_t,
    /// Number of walls.
    pub n_walls: i32,
    /// Region within which all atoms are present as owned or ghost atoms, shape [n_known]; NULL for the whole space.
    pub known: *const ergodic_plane_t,
    /// Number of planes that bound the region.
    pub n_known: i32,
}

/// A tessellation: settings, work space, and the motifs of the last configuration.
pub struct ergodic_tessellation_t {
    pub(super) tessellation: Tessellation,
    failure: Option<Error>,
}

/// Makes a tessellation. On success `*tessellation` is a handle for `ergodic_tessellation_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_tessellation_new(
    options: *const ergodic_tessellation_options_t,
    tessellation: *mut *mut ergodic_tessellation_t,
) -> ergodic_status_t {
    guard(|| {
        let options = unsafe { options.as_ref() }.ok_or_else(|| null("options"))?;
        let out = unsafe { tessellation.as_mut() }.ok_or_else(|| null("tessellation"))?;
        let options = TessellationOptions {
            edge_threshold: options.edge_threshold,
            face_threshold: options.face_threshold,
            face_fraction: options.face_fraction,
            volume: options.volume,
            threads: usize::try_from(options.threads).unwrap_or(0),
        };
        let handle = ergodic_tessellation_t { tessellation: Tessellation::new(options)?, failure: None };
        *out = Box::into_raw(Box::new(handle));
        Ok(())
    })
}

/// Frees a tessellation; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_tessellation_free(tessellation: *mut ergodic_tessellation_t) {
    if !tessellation.is_null() {
        let _ = guard(|| {
            drop(unsafe { Box::from_raw(tessellation) });
            Ok(())
        });
    }
}

/// Finds the motif of every owned atom of the group. The results stay in the handle until the next call.
///
/// Fails with `ERGODIC_GHOST_CUTOFF`, `ERGODIC_COINCIDENT_ATOMS` or `ERGODIC_NOT_FINITE`;
/// `ergodic_tessellation_failure` then tells more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_tessellation_compute(
    tessellation: *mut ergodic_tessellation_t,
    atoms: *const ergodic_atoms_t,
    domain: *const ergodic_domain_t,
) -> ergodic_status_t {
    guard(|| {
        let handle = unsafe { tessellation.as_mut() }.ok_or_else(|| null("tessellation"))?;
        let atoms = unsafe { atoms.as_ref() }.ok_or_else(|| null("atoms"))?;
        let domain = unsafe { domain.as_ref() }.ok_or_else(|| null("domain"))?;
        let n_owned = count(atoms.n_owned, "n_owned")?;
        let n = n_owned + count(atoms.n_ghost, "n_ghost")?;
        let x = unsafe { slice(atoms.x.cast::<[f64; 3]>(), n, "x") }?;
        let radius = if atoms.radius.is_null() { None } else { Some(unsafe { slice(atoms.radius, n, "radius") }?) };
        let mask = unsafe { slice(atoms.mask, n_owned, "mask") }?;
        let domain = Domain {
            walls: unsafe { planes(domain.walls, domain.n_walls, "walls") }?,
            known: unsafe { planes(domain.known, domain.n_known, "known") }?,
        };
        let group_bit = atoms.group_bit;
        let wanted = |i: usize| mask[i] & group_bit != 0;
        handle.failure = None;
        handle.tessellation.expect_radius(atoms.largest_radius);
        let result = handle.tessellation.compute(&Atoms { x, radius, n_owned }, &domain, &wanted);
        handle.failure = result.as_ref().err().cloned();
        result
    })
}

/// Local indices of the atoms that made the last `ergodic_tessellation_compute` fail (-1 where there is none), and the
/// distance within which all atoms of a cell must be known (0 if that was not the reason).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_tessellation_failure(
    tessellation: *const ergodic_tessellation_t,
    first: *mut i32,
    second: *mut i32,
    needed: *mut f64,
) -> ergodic_status_t {
    guard(|| {
        let handle = unsafe { tessellation.as_ref() }.ok_or_else(|| null("tessellation"))?;
        let (i, j, distance) = match handle.failure {
            Some(Error::CoincidentAtoms(i, j)) => (i as i32, j as i32, 0.0),
            Some(Error::GhostCutoff { atom, needed }) => (atom as i32, -1, needed),
            Some(Error::NotFinite(i) | Error::Tessellation(i)) => (i as i32, -1, 0.0),
            _ => (-1, -1, 0.0),
        };
        *unsafe { first.as_mut() }.ok_or_else(|| null("first"))? = i;
        *unsafe { second.as_mut() }.ok_or_else(|| null("second"))? = j;
        *unsafe { needed.as_mut() }.ok_or_else(|| null("needed"))? = distance;
        Ok(())
    })
}

/// How many of the threads that the last `ergodic_tessellation_compute` wanted the system has refused.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ergodic_tessellation_refused_threads(
    tessellation: *const ergodic_tessellation_t,
    refused: *mut i32,
) -> ergodic_status_t {
    guard(|| {
        let handle = unsafe { tessellation.as_ref() }.ok_or_else(|| null("tessellation"))?;
        *unsafe { refused.as_mut() }.ok_or_else(|| null("refused"))? = handle.tessellation.refused_threads() as i32;
        Ok(())
    })
}

/// A caller's count as `usize`.
pub(super) fn count(n: i32, name: &str) -> Result<usize> {
    usize::try_from(n).map_err(|_| Error::InvalidParameter(format!("{name} = {n} is negative")))
}

/// A caller's array; NULL is allowed when it is empty.
pub(super) unsafe fn slice<'a, T>(pointer: *const T, n: usize, name: &str) -> Result<&'a [T]> {
    match (pointer.is_null(), n) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(null(name)),
        (false, _) => Ok(unsafe { std::slice::from_raw_parts(pointer, n) }),
    }
}

unsafe fn planes(pointer: *const ergodic_plane_t, n: i32, name: &str) -> Result<Vec<Plane>> {
    let planes = unsafe { slice(pointer, count(n, name)?, name) }?;
    Ok(planes.iter().map(|plane| Plane { normal: plane.normal, offset: plane.offset }).collect())
}
