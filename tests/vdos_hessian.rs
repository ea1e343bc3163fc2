//! The Hessian by acyclic colouring, against displacing one atom after the other, for forces written down here.

use ergodic::geometry::{SimulationBox, norm};
use ergodic::vdos::DynamicalMatrix;
use ergodic::vdos::hessian::colouring::acyclic;
use ergodic::vdos::hessian::graph::Graph;
use ergodic::vdos::hessian::reach::Reach;
use ergodic::vdos::hessian::{Configuration, DifferenceSettings, Forces, Hessian, measure};
use ergodic::{Error, Result};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const SETTINGS: DifferenceSettings = DifferenceSettings {
    delta: Some(1e-5),
    default_delta: None,
    skin: 0.3,
    tolerance: Some(1e9),
    acceleration: 2.0,
    memory: f64::INFINITY,
    threads: 1,
};

/// Atoms on a disturbed simple cubic lattice with spacing 1.
struct Crystal {
    cell: SimulationBox,
    positions: Vec<[f64; 3]>,
    types: Vec<i32>,
    masses: Vec<f64>,
}

impl Crystal {
    fn new(cells: [usize; 3], tilt: [f64; 3], periodic: [bool; 3]) -> Self {
        let [nx, ny, nz] = cells.map(|n| n as f64);
        let [yz, xz, xy] = tilt;
        let cell = SimulationBox { origin: [-1.0, 2.0, 0.3], edges: [nx, ny, nz, yz, xz, xy], periodic };
        let mut positions = Vec::new();
        for n in 0..cells.iter().product() {
            let site = [n % cells[0], n / cells[0] % cells[1], n / cells[0] / cells[1]].map(|n| n as f64);
            let t = n as f64;
            let noise = [(1.7 * t).sin(), (2.3 * t + 1.0).sin(), (3.1 * t + 2.0).sin()].map(|s| 0.12 * s);
            let s = [0, 1, 2].map(|k| (site[k] + noise[k]) / cells[k] as f64);
            positions.push([
                cell.origin[0] + s[0] * nx + s[1] * xy + s[2] * xz,
                cell.origin[1] + s[1] * ny + s[2] * yz,
                cell.origin[2] + s[2] * nz,
            ]);
        }
        let types = (0..positions.len()).map(|n| 1 + i32::from(n % 3 == 0)).collect();
        let masses = (0..positions.len()).map(|n| if n % 3 == 0 { 2.5 } else { 1.0 }).collect();
        Self { cell, positions, types, masses }
    }

    fn configuration<'a>(&'a self, members: &'a [u32]) -> Configuration<'a> {
        Configuration {
            positions: &self.positions,
            types: &self.types,
            masses: &self.masses,
            members,
            cell: &self.cell,
        }
    }

    fn all(&self) -> Vec<u32> {
        (0..self.positions.len() as u32).collect()
    }

    /// All images of `b` within `cutoff` of `a`, as vectors from `a`.
    fn vectors(&self, a: &[f64; 3], b: &[f64; 3], cutoff: f64) -> Vec<[f64; 3]> {
        let [xx, yy, zz, yz, xz, xy] = self.cell.edges;
        let span = |k: usize| match (self.cell.periodic[k], self.cell.edges[k] < 4.0) {
            (false, _) => 0..=0,
            (true, thin) => -1 - i32::from(thin)..=1 + i32::from(thin),
        };
        let mut found = Vec::new();
        for i in span(0) {
            for j in span(1) {
                for k in span(2) {
                    let (i, j, k) = (f64::from(i), f64::from(j), f64::from(k));
                    let d =
                        [b[0] - a[0] + i * xx + j * xy + k * xz, b[1] - a[1] + j * yy + k * yz, b[2] - a[2] + k * zz];
                    if norm(&d) < cutoff && norm(&d) > 0.0 {
                        found.push(d);
                    }
                }
            }
        }
        found
    }
}

/// What the atoms do to each other. The energy of an atom is its density squared, the density a sum of (1 - r / cutoff)^4
/// over neighbours; pairs in `springs` are joined besides.
struct Matter<'a> {
    crystal: &'a Crystal,
    members: Vec<u32>,
    cutoff: f64,
    springs: Vec<(usize, usize)>,
    evaluations: u64,
    near: BTreeMap<usize, Vec<usize>>,
}

impl<'a> Matter<'a> {
    fn new(crystal: &'a Crystal, members: &[u32], cutoff: f64) -> Self {
        let n = crystal.positions.len();
        let close = |i: usize, j: usize| {
            !crystal.vectors(&crystal.positions[i], &crystal.positions[j], cutoff + 0.1).is_empty()
        };
        let near = (0..n).map(|i| (i, (0..n).filter(|&j| close(i, j)).collect())).collect();
        Self { crystal, members: members.to_vec(), cutoff, springs: vec![], evaluations: 0, near }
    }

    fn forces(&self, x: &[[f64; 3]]) -> Vec<[f64; 3]> {
        let mut bonds = Vec::new();
        let mut density = vec![0.0; x.len()];
        for (&i, near) in &self.near {
            for &j in near {
                for d in self.crystal.vectors(&x[i], &x[j], self.cutoff) {
                    density[i] += (1.0 - norm(&d) / self.cutoff).powi(4);
                    bonds.push((i, j, d));
                }
            }
        }
        let mut forces = vec![[0.0; 3]; x.len()];
        for (i, j, d) in bonds {
            let r = norm(&d);
            let slope = -4.0 / self.cutoff * (1.0 - r / self.cutoff).powi(3);
            for k in 0..3 {
                let f = 2.0 * density[i] * slope * d[k] / r;
                forces[i][k] += f;
                forces[j][k] -= f;
            }
        }
        for &(i, j) in &self.springs {
            let d = self.crystal.vectors(&x[i], &x[j], 3.49)[0];
            for k in 0..3 {
                forces[i][k] += 0.3 * d[k];
                forces[j][k] -= 0.3 * d[k];
            }
        }
        forces
    }

    /// Displaces one atom after the other.
    fn by_hand(&self, delta: f64) -> BTreeMap<(usize, usize), [f64; 9]> {
        let mut blocks = BTreeMap::new();
        for (column, &j) in self.members.iter().enumerate() {
            for axis in 0..3 {
                let mut x = self.crystal.positions.clone();
                x[j as usize][axis] += delta;
                let plus = self.forces(&x);
                x[j as usize][axis] -= 2.0 * delta;
                let minus = self.forces(&x);
                for (row, &i) in self.members.iter().enumerate() {
                    let block = blocks.entry((row, column)).or_insert([0.0; 9]);
                    for k in 0..3 {
                        block[3 * k + axis] = -(plus[i as usize][k] - minus[i as usize][k]) / (2.0 * delta);
                    }
                }
            }
        }
        blocks
    }
}

impl Forces for Matter<'_> {
    fn evaluate(&mut self, moved: &[u32], to: &[[f64; 3]], forces: &mut [[f64; 3]]) -> Result<()> {
        self.evaluations += 1;
        let mut x = self.crystal.positions.clone();
        for (&atom, to) in moved.iter().zip(to) {
            x[atom as usize] = *to;
        }
        let all = self.forces(&x);
        for (force, &atom) in forces.iter_mut().zip(&self.members) {
            *force = all[atom as usize];
        }
        Ok(())
    }
}

fn agrees(matrix: &DynamicalMatrix, matter: &Matter, tolerance: f64) {
    let masses = &matter.crystal.masses;
    for ((i, j), block) in matter.by_hand(1e-5) {
        let of = |k: usize| masses[matter.members[k] as usize];
        let weight = SETTINGS.acceleration / (of(i) * of(j)).sqrt();
        let ours = matrix.block(i, j).copied().unwrap_or_default();
        for (a, b) in ours.iter().zip(&block) {
            assert!((a - weight * b).abs() < tolerance, "({i}, {j}): {ours:?} {block:?} times {weight}");
        }
    }
}

fn hessian(matter: &mut Matter) -> (Hessian, String) {
    let mut log = String::new();
    let members = matter.members.clone();
    let crystal = matter.crystal;
    let found = measure(&crystal.configuration(&members), &SETTINGS, matter, &mut |line| {
        log.push_str(line);
        log.push('\n');
    });
    (found.unwrap(), log)
}

#[test]
fn every_block_of_a_periodic_crystal() {
    let crystal = Crystal::new([7, 7, 7], [0.0; 3], [true; 3]);
    let mut matter = Matter::new(&crystal, &crystal.all(), 1.25);
    let (found, log) = hessian(&mut matter);
    agrees(&found.matrix, &matter, 1e-8);
    assert_eq!(found.evaluations, matter.evaluations);
    assert!(found.evaluations < 6 * 343 / 3, "{log}");
    assert!(found.asymmetry < 1e-8, "{log}");
    assert!(matches!(found.reach, Reach::TwoHops(hop) if hop > 1.2 && hop < 1.28), "{log}");
    assert!(log.contains("acoustic sum rule"), "{log}");
}

#[test]
fn tilted_thin_and_open_boxes() {
    for (cells, tilt, periodic) in [
        ([5, 5, 6], [1.0, -2.0, 2.5], [true; 3]),
        ([2, 6, 6], [0.0; 3], [true; 3]),
        ([5, 4, 5], [0.0; 3], [false, true, false]),
        ([2, 2, 2], [0.0; 3], [false; 3]),
    ] {
        let crystal = Crystal::new(cells, tilt, periodic);
        let mut matter = Matter::new(&crystal, &crystal.all(), 1.25);
        let (found, log) = hessian(&mut matter);
        agrees(&found.matrix, &matter, 1e-8);
        assert!(found.evaluations <= 6 * crystal.positions.len() as u64 + 17, "{log}");
    }
}

#[test]
fn atoms_outside_the_group_are_fixed() {
    let crystal = Crystal::new([6, 5, 5], [0.0; 3], [true; 3]);
    for members in [(0..150).filter(|k| k % 2 == 0).collect::<Vec<u32>>(), vec![7], vec![3, 149]] {
        let mut matter = Matter::new(&crystal, &members, 1.25);
        let (found, log) = hessian(&mut matter);
        agrees(&found.matrix, &matter, 1e-8);
        assert_eq!(found.matrix.n_atoms(), members.len());
        assert!(!log.contains("acoustic sum rule"), "fixed atoms hold the others: {log}");
    }
}

#[test]
fn pairs_that_no_probe_feels_are_added() {
    let crystal = Crystal::new([7, 7, 7], [0.0; 3], [true; 3]);
    let mut matter = Matter::new(&crystal, &crystal.all(), 1.25);
    // Bonds across three spacings, which no probe feels: probes are the first atoms of each type and some far from these.
    matter.springs = vec![(5, 8), (11, 14)];
    let (found, log) = hessian(&mut matter);
    assert!(log.contains("4 blocks of 9 atoms were missing; again with them"), "{log}");
    agrees(&found.matrix, &matter, 1e-8);
    assert!(found.asymmetry < 1e-8, "{log}");
}

#[test]
fn not_a_minimum() {
    let crystal = Crystal::new([4, 4, 4], [0.0; 3], [true; 3]);
    let members = crystal.all();
    for tolerance in [Some(1e-3), None] {
        let mut matter = Matter::new(&crystal, &members, 1.25);
        let settings = DifferenceSettings { tolerance, ..SETTINGS };
        let error = measure(&crystal.configuration(&members), &settings, &mut matter, &mut |_| {}).unwrap_err();
        assert!(matches!(error, Error::NotMinimised { force, .. } if force > 1e-3), "{error}");
    }
}

#[test]
fn a_displacement_beyond_the_skin() {
    let crystal = Crystal::new([3, 3, 3], [0.0; 3], [true; 3]);
    let members = crystal.all();
    let settings = DifferenceSettings { delta: Some(0.1), ..SETTINGS };
    let error = measure(&crystal.configuration(&members), &settings, &mut Swirl, &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("a quarter of the neighbor skin 0.3"), "{error}");
}

#[test]
fn memory_that_is_not_there() {
    let crystal = Crystal::new([4, 4, 4], [0.0; 3], [true; 3]);
    let members = crystal.all();
    let mut matter = Matter::new(&crystal, &members, 1.25);
    let settings = DifferenceSettings { memory: 1e4, ..SETTINGS };
    let error = measure(&crystal.configuration(&members), &settings, &mut matter, &mut |_| {}).unwrap_err();
    assert!(matches!(error, Error::Memory { needed, .. } if needed > 1e-5), "{error}");
}

/// Forces that no energy has.
struct Swirl;

impl Forces for Swirl {
    fn evaluate(&mut self, moved: &[u32], to: &[[f64; 3]], forces: &mut [[f64; 3]]) -> Result<()> {
        forces.fill([0.0; 3]);
        for (&atom, to) in moved.iter().zip(to) {
            forces[atom as usize] = [to[1], -to[0], 0.0];
            forces[(atom as usize + 1) % forces.len()] = [to[2], 0.0, 0.0];
        }
        Ok(())
    }
}

#[test]
fn forces_that_no_energy_has() {
    let crystal = Crystal::new([3, 3, 3], [0.0; 3], [true; 3]);
    let members = crystal.all();
    let error = measure(&crystal.configuration(&members), &SETTINGS, &mut Swirl, &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("not derived from an energy"), "{error}");
}

/// Fails after some evaluations.
struct Broken(u32);

impl Forces for Broken {
    fn evaluate(&mut self, _: &[u32], _: &[[f64; 3]], forces: &mut [[f64; 3]]) -> Result<()> {
        forces.fill([0.0; 3]);
        self.0 -= 1;
        if self.0 == 0 { Err(Error::Caller) } else { Ok(()) }
    }
}

#[test]
fn failures_of_the_caller_pass_through() {
    let crystal = Crystal::new([3, 3, 3], [0.0; 3], [true; 3]);
    let members = crystal.all();
    for after in [1, 2, 20] {
        let error = measure(&crystal.configuration(&members), &SETTINGS, &mut Broken(after), &mut |_| {}).unwrap_err();
        assert_eq!(error, Error::Caller);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Neighbours differ, and between any two colours there are fewer edges than atoms in every connected part.
    #[test]
    fn colourings_are_acyclic(points in prop::collection::vec(prop::array::uniform3(0.0..6.0f64), 2..120), radius in 0.5..3.0f64) {
        let cell = SimulationBox { origin: [0.0; 3], edges: [6.0, 6.0, 6.0, 0.0, 0.0, 0.0], periodic: [true; 3] };
        let graph = Graph::within(&points, &cell, radius);
        let colouring = acyclic(&graph, 1);
        prop_assert_eq!(&colouring, &acyclic(&graph, 3));
        let mut edges = BTreeMap::<(u32, u32), Vec<(u32, u32)>>::new();
        for i in 0..graph.len() as u32 {
            for &j in graph.row(i as usize).iter().filter(|&&j| j > i) {
                let (a, b) = (colouring.colour[i as usize], colouring.colour[j as usize]);
                prop_assert_ne!(a, b);
                edges.entry((a.min(b), a.max(b))).or_default().push((i, j));
            }
        }
        for edges in edges.values() {
            let mut trees: Vec<BTreeSet<u32>> = Vec::new();
            for &(i, j) in edges {
                let (hit, mut rest): (Vec<_>, Vec<_>) = trees.into_iter().partition(|t| t.contains(&i) || t.contains(&j));
                prop_assert!(hit.iter().all(|tree| !(tree.contains(&i) && tree.contains(&j))), "a cycle");
                rest.push(hit.into_iter().flatten().chain([i, j]).collect());
                trees = rest;
            }
        }
    }
}
