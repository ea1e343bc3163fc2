//! Lengths and stiffness of a sample, from which defaults follow in units that have none of their own.

use super::engine::Engine;
use super::linalg::symmetric_eigen;
use super::sample::Sample;
use crate::error::Result;
use crate::geometry::CellList;

/// Neighbours of an atom in a dense packing, and the median distance of the last of them in Cu50Zr50 (Angstrom).
const NEIGHBOURS: usize = 12;
const SHELL: f64 = 3.7;
/// Median stiffness of Cu50Zr50 (eV/Angstrom^2), with CuZr_mm.eam.fs.
const STIFFNESS: f64 = 5.3;
/// Atoms whose neighbours are looked at.
const EXAMINED: usize = 4000;
/// Atoms whose stiffness is measured.
const MEASURED: usize = 32;
/// Displacement that shows the stiffness, over the radius of the first shell.
const DISPLACEMENT: f64 = 1e-4;

/// Units in which every glass is alike: those of Cu50Zr50, in `units metal`, are 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Radius of the first shell of neighbours over that of Cu50Zr50 (distance units / Angstrom).
    pub length: f64,
    /// Stiffness over that of Cu50Zr50 (energy/distance^2 units / (eV/Angstrom^2)): median over the atoms of what holds an atom in
    /// its softest direction while all others rest, so that stiff bonds of molecules do not count.
    pub stiffness: f64,
}

impl Scale {
    /// That of `units metal`, where defaults are fixed.
    pub const METAL: Scale = Scale { length: 1.0, stiffness: 1.0 };

    /// Measures a minimum: the distance of the twelfth neighbour, and the stiffness of some of the atoms `free` (indices).
    ///
    /// # Errors
    /// Those of the engine.
    pub fn of(engine: &mut dyn Engine, sample: &Sample, free: &[u32]) -> Result<Self> {
        let shell = shell(sample);
        let mut found = Vec::new();
        for &atom in free.iter().step_by(free.len().div_ceil(MEASURED)) {
            found.push(stiffness(engine, sample, atom, DISPLACEMENT * shell)?);
        }
        let middle = found.len() / 2;
        let median = *found.select_nth_unstable_by(middle, f64::total_cmp).1;
        // Nothing holds atoms that do not interact.
        let median = if median > 0.0 { median } else { STIFFNESS };
        Ok(Scale { length: shell / SHELL, stiffness: median / STIFFNESS })
    }
}

/// Lowest eigenvalue of the Hessian of `atom`, all others at rest, by central differences of this `step`.
fn stiffness(engine: &mut dyn Engine, sample: &Sample, atom: u32, step: f64) -> Result<f64> {
    engine.select(&[atom], &sample.positions)?;
    let rest = sample.positions.as_chunks::<3>().0[atom as usize];
    let mut hessian = vec![vec![0.0; 3]; 3];
    for k in 0..3 {
        for sign in [-1.0, 1.0] {
            let (mut x, mut forces) = (rest, [0.0; 3]);
            x[k] += sign * step;
            engine.evaluate_forces(&x, &mut forces)?;
            for l in 0..3 {
                let half = 0.5 * sign * forces[l] / (2.0 * step);
                hessian[k][l] -= half;
                hessian[l][k] -= half;
            }
        }
    }
    Ok(symmetric_eigen(hessian).0[0])
}

/// Median distance of the twelfth neighbour, or of the farthest atom where there are fewer; images count as neighbours.
fn shell(sample: &Sample) -> f64 {
    let positions = sample.positions.as_chunks::<3>().0;
    let open = !sample.cell.periodic.contains(&true);
    let wanted = if open { NEIGHBOURS.min(positions.len() - 1) } else { NEIGHBOURS };
    let stride = positions.len().div_ceil(EXAMINED);
    let mut radius = first_radius(sample);
    loop {
        let list = CellList::new(positions, &sample.cell, radius);
        let mut distances: Vec<f64> =
            (0..positions.len()).step_by(stride).map(|i| neighbour_distance(&list, i, wanted)).collect();
        let middle = distances.len() / 2;
        let median = *distances.select_nth_unstable_by(middle, f64::total_cmp).1;
        if median.is_finite() {
            return median;
        }
        radius *= 1.5;
    }
}

/// Radius of a sphere that holds an atom if all are spread over their bounds: less than the distance of the twelfth neighbour.
fn first_radius(sample: &Sample) -> f64 {
    let positions = sample.positions.as_chunks::<3>().0;
    let heights = sample.cell.heights();
    let extent = |k: usize| {
        let of_atoms = || {
            let along = || positions.iter().map(|x| x[k]);
            along().fold(f64::NEG_INFINITY, f64::max) - along().fold(f64::INFINITY, f64::min)
        };
        if sample.cell.periodic[k] { heights[k] } else { of_atoms() }
    };
    let extents = [0, 1, 2].map(extent);
    let largest = extents.into_iter().fold(0.0, f64::max);
    let volume: f64 = extents.iter().map(|e| e.max(1e-3 * largest)).product();
    (volume / positions.len() as f64).cbrt()
}

/// Distance of the neighbour `wanted` (1: the nearest) of atom `i`; infinite if it is beyond the radius of the list.
fn neighbour_distance(list: &CellList, i: usize, wanted: usize) -> f64 {
    let mut squares = Vec::new();
    list.near(i, |_, square| squares.push(square));
    if squares.len() <= wanted {
        return f64::INFINITY;
    }
    // The atom itself comes first.
    squares.select_nth_unstable_by(wanted, f64::total_cmp).1.sqrt()
}
