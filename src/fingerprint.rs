//! Fingerprints of configurations: two configurations with the same fingerprint are the same one, whatever the order
//! of their atoms, their distribution over ranks and the periodic images that they are in.

use crate::geometry::SimulationBox;
use crate::hash::splitmix64;

/// Sums per dimension; their slopes are never zero together.
const SUMS: usize = 2;
/// Doubles of a fingerprint.
pub const LENGTH: usize = 3 * SUMS + 1 + 6;
/// Where the number of atoms is kept.
const ATOMS: usize = 3 * SUMS;
/// Rounding allowed per atom. Positions in other periodic images differ by a few units of the last place.
const TOLERANCE: f64 = 1e-12;

/// Coordinates in units of the edges along periodic directions, in distance units along the others: bounds of a
/// shrink-wrapped direction may change although no atom has moved.
fn coordinates(cell: &SimulationBox, x: &[f64; 3]) -> [f64; 3] {
    let s = cell.fractional(x);
    std::array::from_fn(|k| if cell.periodic[k] { s[k] } else { cell.origin[k] + s[k] * cell.edges[k] })
}

/// Edge matrix without the lengths along directions that are not periodic.
fn comparable_edges(cell: &SimulationBox) -> [f64; 6] {
    let mut edges = cell.edges;
    for (edge, periodic) in edges.iter_mut().zip(cell.periodic) {
        if !periodic {
            *edge = 0.0;
        }
    }
    edges
}

/// The part of these atoms in the fingerprint of a configuration; the parts add up.
#[must_use]
pub fn fingerprint<'a>(atoms: impl Iterator<Item = (&'a [f64; 3], i64)>, cell: &SimulationBox) -> [f64; LENGTH] {
    let mut sums = [0.0; LENGTH];
    for (x, id) in atoms {
        for (k, u) in coordinates(cell, x).into_iter().enumerate() {
            let phase = phase(id, k);
            sums[SUMS * k] += hump(u + phase);
            sums[SUMS * k + 1] += hump(u + phase + 0.25);
        }
        sums[ATOMS] += 1.0;
    }
    let atoms = sums[ATOMS];
    for (sum, edge) in sums[ATOMS + 1..].iter_mut().zip(comparable_edges(cell)) {
        *sum = edge * atoms;
    }
    sums
}

/// Whether two fingerprints are those of the same configuration.
#[must_use]
pub fn same(a: &[f64; LENGTH], b: &[f64; LENGTH]) -> bool {
    let atoms = a[ATOMS].max(b[ATOMS]) + 10.0;
    a.iter().zip(b).all(|(a, b)| (a - b).abs() <= TOLERANCE * atoms.max(a.abs()).max(b.abs()))
}

/// Continuous, with period 1 and mean 0.
fn hump(u: f64) -> f64 {
    let u = u - u.floor();
    u * (1.0 - u) - 1.0 / 6.0
}

/// A number in [0, 1) that belongs to an atom and a dimension: exchanging two atoms changes the sums.
fn phase(id: i64, k: usize) -> f64 {
    (splitmix64((id as u64).wrapping_mul(3).wrapping_add(k as u64)) >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const CELL: SimulationBox =
        SimulationBox { origin: [-3.0, 1.0, 0.5], edges: [11.0, 12.0, 13.0, 1.5, -2.0, 3.0], periodic: [true; 3] };

    fn points() -> Vec<([f64; 3], i64)> {
        (1..60)
            .map(|id| {
                let t = id as f64;
                ([(t * 0.37).sin() * 5.0, (t * 0.71).cos() * 6.0, (t * 1.3).sin() * 6.0], id)
            })
            .collect()
    }

    fn of(points: &[([f64; 3], i64)], cell: &SimulationBox) -> [f64; LENGTH] {
        fingerprint(points.iter().map(|(x, id)| (x, *id)), cell)
    }

    #[test]
    fn images_and_order_do_not_matter() {
        let points = points();
        let mut moved = points.clone();
        moved.reverse();
        for (k, (x, _)) in moved.iter_mut().enumerate() {
            match k % 4 {
                0 => x[0] += 11.0,
                1 => *x = [x[0] - 3.0, x[1] - 12.0, x[2]],
                2 => *x = [x[0] - 2.0, x[1] + 1.5, x[2] + 13.0],
                _ => {}
            }
        }
        assert!(same(&of(&points, &CELL), &of(&moved, &CELL)));
    }

    #[test]
    fn parts_add_up() {
        let points = points();
        let (a, b) = points.split_at(17);
        let (a, b) = (of(a, &CELL), of(b, &CELL));
        let sum: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
        assert!(same(&of(&points, &CELL), &sum.try_into().unwrap()));
    }

    #[test]
    fn small_moves_swaps_and_strains_matter() {
        let points = points();
        let reference = of(&points, &CELL);
        for i in 0..points.len() {
            let mut moved = points.clone();
            moved[i].0[i % 3] += 1e-6;
            assert!(!same(&reference, &of(&moved, &CELL)), "atom {i}");
        }
        let mut swapped = points.clone();
        (swapped[3].1, swapped[4].1) = (swapped[4].1, swapped[3].1);
        assert!(!same(&reference, &of(&swapped, &CELL)));
        assert!(!same(&reference, &of(&points[1..], &CELL)));
        let strained = SimulationBox { edges: [11.0 + 1e-7, 12.0, 13.0, 1.5, -2.0, 3.0], ..CELL };
        assert!(!same(&reference, &of(&points, &strained)));
    }

    #[test]
    fn shrink_wrapped_bounds_do_not_matter() {
        let points = points();
        let open = SimulationBox { periodic: [false; 3], edges: [11.0, 12.0, 13.0, 0.0, 0.0, 0.0], ..CELL };
        let shrunk = SimulationBox { origin: [-3.3, 0.2, 0.4], edges: [11.5, 12.7, 13.4, 0.0, 0.0, 0.0], ..open };
        assert!(same(&of(&points, &open), &of(&points, &shrunk)));
    }
}
