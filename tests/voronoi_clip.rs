//! The clipping kernel on its own, fed with neighbours by brute force.

mod common;

use std::collections::HashSet;

use common::{Periodic, Random, crystals, neighbors, orthogonal, thermal_glass};
use ergodic::voronoi::{Cell, ConvexCell, Plane, TessellationOptions};

const SETTINGS: TessellationOptions =
    TessellationOptions { edge_threshold: 0.0, face_threshold: 0.0, face_fraction: 0.0, volume: true, threads: 1 };

/// Cells of all atoms of a periodic system, with the neighbours found within `cutoff`.
fn cells(system: &Periodic, radius: Option<&[f64]>, cutoff: f64) -> Vec<Cell> {
    let (x, owner) = system.with_images(cutoff);
    let radius: Option<Vec<f64>> = radius.map(|r| owner.iter().map(|&i| r[i]).collect());
    let largest = radius.as_ref().map_or(0.0, |r| r.iter().fold(0.0, |a: f64, &b| a.max(b)));
    let mut cell = ConvexCell::new();
    (0..system.x.len())
        .map(|i| {
            let list = neighbors(&x, radius.as_deref(), i, cutoff);
            let spread = radius.as_ref().map_or(0.0, |r| largest * largest - r[i] * r[i]);
            let needed = cell.clip(cutoff, &[], &list.iter(), spread).expect("a consistent cell");
            assert!(needed <= cutoff, "atom {i} needs {needed}");
            assert!(cell.is_empty() || cell.is_bounded());
            cell.measure(&SETTINGS)
        })
        .collect()
}

fn euler_sum(cell: &Cell) -> i32 {
    (3..).zip(cell.motif.n).map(|(k, n): (i32, u8)| (6 - k) * i32::from(n)).sum()
}

#[test]
fn the_cube_is_a_cube() {
    let mut cell = ConvexCell::new();
    cell.reset(2.0);
    let measured = cell.measure(&SETTINGS);
    assert_eq!(measured.motif.index(), [0, 6, 0, 0]);
    assert_eq!(measured.motif.faces, 6);
    assert!((measured.volume - 64.0).abs() < 1e-12);
    assert!((cell.reach2() - 12.0).abs() < 1e-12);
    assert!(!cell.is_bounded());
    assert!(cell.faces().all(|f| f.edges == 4 && (f.area - 16.0).abs() < 1e-12));
}

#[test]
fn a_cut_corner_adds_a_triangle() {
    let mut cell = ConvexCell::new();
    cell.reset(1.0);
    assert!(!cell.cut(7, [1.0, 1.0, 1.0], 3.1));
    assert!(cell.cut(8, [1.0, 1.0, 1.0], 2.5));
    let measured = cell.measure(&SETTINGS);
    assert_eq!(measured.motif.index(), [1, 3, 3, 0]);
    assert!((measured.volume - (8.0 - 0.125 / 6.0)).abs() < 1e-12);
}

#[test]
fn crystals_have_their_motif() {
    for (name, crystal, motif) in crystals(3) {
        for cell in cells(&crystal, None, 8.0) {
            assert_eq!(cell.motif.index(), motif, "{name}");
            let expected = crystal.volume() / crystal.x.len() as f64;
            assert!((cell.volume / expected - 1.0).abs() < 1e-10, "{name} {}", cell.volume);
        }
    }
}

#[test]
fn crystals_with_noise_have_their_motif() {
    let mut random = Random(7);
    for amplitude in [1e-15, 1e-14, 1e-13, 1e-12, 1e-11] {
        for (name, crystal, motif) in crystals(3) {
            let crystal = crystal.shifted(random.vector()).rattled(amplitude, &mut random);
            for cell in cells(&crystal, None, 8.0) {
                assert_eq!(cell.motif.index(), motif, "{name} {amplitude}");
            }
        }
    }
}

#[test]
fn a_gas_fills_its_box() {
    let mut random = Random(11);
    let triclinic = [[9.0, 0.0, 0.0], [3.0, 8.0, 0.0], [-2.0, 2.5, 10.0]];
    for cell in [orthogonal(9.0, 8.0, 10.0), triclinic] {
        let gas = Periodic::gas(cell, 100, &mut random);
        let radius: Vec<f64> = (0..100).map(|_| 0.5 + random.uniform()).collect();
        for radius in [None, Some(radius.as_slice())] {
            let cells = cells(&gas, radius, 12.0);
            let volume: f64 = cells.iter().map(|c| c.volume).sum();
            assert!((volume / gas.volume() - 1.0).abs() < 1e-10);
            assert!(cells.iter().all(|c| c.motif.faces == 0 || c.motif.n[9] > 0 || euler_sum(c) == 12));
        }
    }
}

#[test]
fn neighbours_are_mutual() {
    for glass in thermal_glass() {
        let (x, owner) = glass.with_images(8.0);
        let mut cell = ConvexCell::new();
        let mut bonds = HashSet::new();
        for i in 0..glass.x.len() {
            cell.clip(8.0, &[], &neighbors(&x, None, i, 8.0).iter(), 0.0).expect("a consistent cell");
            // The two ends of a bond see each other in opposite directions, through faces of one size.
            bonds.extend(cell.faces().map(|face| {
                let j = face.id as usize;
                let r: [i64; 3] = std::array::from_fn(|k| ((x[j][k] - x[i][k]) * 1e6).round() as i64);
                (i, owner[j], r, face.edges, (face.area * 1e8).round() as i64 / 2)
            }));
        }
        let unpaired = bonds.iter().filter(|&&(i, j, r, edges, area)| {
            (-1..=1).all(|d| !bonds.contains(&(j, i, r.map(|r| -r), edges, area + d)))
        });
        assert_eq!(unpaired.count(), 0);
    }
}

#[test]
fn the_order_of_cuts_does_not_matter() {
    let mut random = Random(5);
    for glass in thermal_glass() {
        let (x, _) = glass.with_images(8.0);
        let (mut sorted, mut shuffled) = (ConvexCell::new(), ConvexCell::new());
        for i in (0..glass.x.len()).step_by(10) {
            let mut list = neighbors(&x, None, i, 8.0);
            sorted.clip(8.0, &[], &list.iter(), 0.0).expect("a consistent cell");
            list.sort_by_cached_key(|_| (random.uniform() * 1e9) as u64);
            shuffled.reset(8.0);
            for n in &list {
                shuffled.cut(n.id, n.r, n.offset);
            }
            let (a, b) = (sorted.measure(&SETTINGS), shuffled.measure(&SETTINGS));
            assert_eq!(a.motif, b.motif);
            assert!((a.volume / b.volume - 1.0).abs() < 1e-12);
        }
    }
}

#[test]
fn walls_bound_a_lone_atom() {
    let walls: Vec<(u32, Plane)> = (0..3_u32)
        .flat_map(|k| [(2 * k, k, 1.0), (2 * k + 1, k, -1.0)])
        .map(|(id, k, sign)| {
            let mut normal = [0.0; 3];
            normal[k as usize] = sign;
            (id, Plane { normal, offset: f64::from(k) })
        })
        .collect();
    let mut cell = ConvexCell::new();
    // The atom sits on two walls at once: a cell without volume.
    cell.clip(100.0, &walls, &[].iter(), 0.0).expect("a consistent cell");
    assert!(cell.measure(&SETTINGS).volume < 1e-9);
    let roomy: Vec<_> = walls.iter().map(|(id, w)| (*id, Plane { offset: w.offset + 1.0, ..*w })).collect();
    cell.clip(100.0, &roomy, &[].iter(), 0.0).expect("a consistent cell");
    assert!(cell.is_bounded());
    assert!((cell.measure(&SETTINGS).volume - 48.0).abs() < 1e-10);
}
