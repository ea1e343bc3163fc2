//! The tessellation against voro++, on crystals, and by its own laws.

mod common;

use common::{Periodic, Random, Vec3, crystals, orthogonal, rotate, thermal_glass, voropp};
use ergodic::Error;
use ergodic::geometry::{cross, dot, norm};
use ergodic::simd::Simd;
use ergodic::voronoi::{Atoms, Cell, Domain, Motif, Plane, Tessellation, TessellationOptions};
use proptest::prelude::*;

/// Radii of Cu and Zr (Angstrom).
const RADII: [f64; 2] = [1.28, 1.60];

fn compute(atoms: &Atoms, domain: &Domain, settings: TessellationOptions) -> Vec<Cell> {
    let mut tessellation = Tessellation::new(settings).expect("valid settings");
    tessellation.compute(atoms, domain, &|_| true).expect("a tessellation");
    tessellation.cells().map(|c| c.expect("every cell was wanted")).collect()
}

/// Cells with volumes, which are clipped; the motif alone must be the same for every instruction set, number of threads,
/// and choice of atoms.
fn compute_all_ways(atoms: &Atoms, domain: &Domain) -> Vec<Cell> {
    let cells = compute(atoms, domain, with_volume());
    for (simd, threads) in all_simd().into_iter().flat_map(|simd| [(simd, 1), (simd, 3)]) {
        let mut tessellation = Tessellation::new(TessellationOptions { threads, ..TessellationOptions::default() })
            .expect("valid settings");
        tessellation.use_simd(simd);
        for every in [1, 3, 20] {
            let wanted = |i: usize| i.is_multiple_of(every);
            tessellation.compute(atoms, domain, &wanted).expect("a tessellation");
            for (i, (cell, other)) in cells.iter().zip(tessellation.cells()).enumerate() {
                let expected = wanted(i).then_some(cell.motif);
                assert_eq!(other.map(|c| c.motif), expected, "atom {i}, {simd:?}, {threads} threads, every {every}");
            }
        }
    }
    cells
}

/// Every instruction set that this machine has.
fn all_simd() -> Vec<Simd> {
    let mut all = vec![Simd::Portable];
    #[cfg(target_arch = "x86_64")]
    all.extend([Simd::Avx2, Simd::Avx512]);
    all.retain(|simd| *simd <= Simd::detect());
    all
}

/// Cells of all atoms, where periodic images are known up to `margin` from the box.
fn tessellate(system: &Periodic, radius: Option<&[f64]>, margin: f64) -> Vec<Cell> {
    with_ghosts(system, radius, margin, compute_all_ways)
}

/// Does `work` with the atoms and their periodic images up to `margin` from the box.
fn with_ghosts<T>(system: &Periodic, radius: Option<&[f64]>, margin: f64, work: impl Fn(&Atoms, &Domain) -> T) -> T {
    let (x, owner) = system.with_images(margin);
    let radius: Option<Vec<f64>> = radius.map(|r| owner.iter().map(|&i| r[i]).collect());
    let atoms = Atoms { x: &x, radius: radius.as_deref(), n_owned: system.x.len() };
    work(&atoms, &Domain { walls: Vec::new(), known: system.faces(margin) })
}

fn with_volume() -> TessellationOptions {
    TessellationOptions { volume: true, ..TessellationOptions::default() }
}

fn euler_sum(cell: &Cell) -> i32 {
    (3..).zip(cell.motif.n).map(|(k, n): (i32, u8)| (6 - k) * i32::from(n)).sum()
}

/// Compares every cell with voro++, for each of the settings.
fn compare(system: &Periodic, radius: Option<&[f64]>, all_settings: &[TessellationOptions]) {
    let margin = 10.0;
    let reference = with_ghosts(system, radius, margin, |atoms, _| voropp::cells(atoms.x, atoms.radius, atoms.n_owned));
    for settings in all_settings {
        let cells = with_ghosts(system, radius, margin, |atoms, domain| compute(atoms, domain, *settings));
        for (i, (cell, reference)) in cells.iter().zip(&reference).enumerate() {
            let reference = reference.as_ref().expect("a cell");
            assert_eq!(cell.motif, reference.motif(settings), "atom {i}, {settings:?}");
            if settings.volume {
                assert!((cell.volume / reference.volume - 1.0).abs() < 1e-10, "atom {i}: {}", cell.volume);
            }
        }
    }
}

fn all_thresholds() -> Vec<TessellationOptions> {
    let none = TessellationOptions::default();
    let edge = TessellationOptions { edge_threshold: 0.3, ..none };
    let face = TessellationOptions { face_threshold: 0.2, ..none };
    let fraction = TessellationOptions { face_fraction: 0.01, ..none };
    let both = TessellationOptions { edge_threshold: 0.2, face_threshold: 0.3, volume: true, ..none };
    vec![none, with_volume(), edge, face, fraction, both]
}

#[test]
fn thermal_motifs_are_those_of_voropp() {
    for glass in thermal_glass() {
        compare(&glass, None, &all_thresholds());
    }
}

#[test]
fn radical_motifs_are_those_of_voropp() {
    for glass in thermal_glass() {
        compare(&glass, Some(&glass.radii(&RADII)), &all_thresholds());
    }
}

#[test]
fn every_kernel_and_number_of_threads_finds_the_same_cells() {
    for glass in thermal_glass() {
        tessellate(&glass, None, 9.0);
        tessellate(&glass, Some(&glass.radii(&RADII)), 9.0);
    }
}

#[test]
fn crystals_have_their_motif() {
    let mut random = Random(3);
    for (name, crystal, motif) in crystals(3) {
        let axis = [0.6, 0.0, 0.8];
        let turned = Periodic {
            cell: crystal.cell.map(|a| rotate(&a, &axis, 0.7)),
            x: crystal.x.iter().map(|x| rotate(x, &axis, 0.7)).collect(),
            kind: crystal.kind.clone(),
        };
        let shifted = crystal.shifted([0.1, 20.7, -3.3]);
        let noisy = shifted.rattled(1e-12, &mut random);
        for (case, system) in [("as is", &crystal), ("turned", &turned), ("shifted", &shifted), ("noisy", &noisy)] {
            let expected = system.volume() / system.x.len() as f64;
            for cell in tessellate(system, None, 9.0) {
                assert_eq!(cell.motif.index(), motif, "{name}, {case}");
                assert!((cell.volume / expected - 1.0).abs() < 1e-10, "{name}, {case}: {}", cell.volume);
            }
        }
    }
}

#[test]
fn one_atom_and_its_images() {
    let alone = |cell| Periodic { cell, x: vec![[0.3, 0.2, 0.1]], kind: vec![0] };
    let cube = tessellate(&alone(orthogonal(3.0, 3.0, 3.0)), None, 9.0);
    assert_eq!(cube[0].motif.index(), [0, 6, 0, 0]);
    assert!((cube[0].volume - 27.0).abs() < 1e-9);
    // A generic lattice has a truncated octahedron.
    let skew = [[3.0, 0.0, 0.0], [-1.1, 2.9, 0.0], [-0.9, -1.2, 2.8]];
    let octahedron = tessellate(&alone(skew), None, 12.0);
    assert_eq!(octahedron[0].motif.index(), [0, 6, 0, 8]);
    assert!((octahedron[0].volume - 3.0 * 2.9 * 2.8).abs() < 1e-9);
}

#[test]
fn a_lattice_of_any_size_in_any_units() {
    for scale in [1e-10, 1.0, 1e10] {
        for (name, crystal, motif) in crystals(3) {
            let scaled = Periodic {
                cell: crystal.cell.map(|a| a.map(|e| e * scale)),
                x: crystal.x.iter().map(|x| x.map(|e| e * scale)).collect(),
                kind: crystal.kind,
            };
            let cells = tessellate(&scaled, None, 9.0 * scale);
            assert!(cells.iter().all(|c| c.motif.index() == motif), "{name} times {scale}");
            // In vacuum between walls the surface cells are large; all the same they fill the box.
            let walls = scaled.faces(5.0 * scale);
            let volume = box_volume(&walls);
            let domain = Domain { walls, known: Vec::new() };
            let atoms = Atoms { x: &scaled.x, radius: None, n_owned: scaled.x.len() };
            let filled: f64 = compute_all_ways(&atoms, &domain).iter().map(|c| c.volume).sum();
            assert!((filled / volume - 1.0).abs() < 1e-10, "{name} times {scale}");
        }
    }
}

#[test]
fn atoms_on_a_sphere_meet_in_its_centre() {
    let mut random = Random(17);
    let mut x: Vec<Vec3> = Vec::new();
    while x.len() < 300 {
        let v = random.vector().map(|v| 2.0 * v - 1.0);
        let length = norm(&v);
        if (0.1..1.0).contains(&length) {
            x.push(v.map(|v| 10.0 + 5.0 * v / length));
        }
    }
    let boxed = Periodic { cell: orthogonal(20.0, 20.0, 20.0), x: x.clone(), kind: vec![0; x.len()] };
    let domain = Domain { walls: boxed.faces(0.0), known: Vec::new() };
    let hollow = compute_all_ways(&Atoms { x: &x, radius: None, n_owned: x.len() }, &domain);
    x.push([10.0; 3]);
    let filled = compute_all_ways(&Atoms { x: &x, radius: None, n_owned: x.len() }, &domain);
    assert_eq!(filled[300].motif.faces, 300);
    for cells in [hollow, filled] {
        let volume: f64 = cells.iter().map(|c| c.volume).sum();
        assert!((volume / 8000.0 - 1.0).abs() < 1e-10);
    }
}

#[test]
fn what_cannot_be_tessellated_is_named() {
    let glass = &thermal_glass()[0];
    let error = |x: &[Vec3], radius: Option<&[f64]>, n_owned: usize, known: Vec<Plane>| {
        let domain = Domain { walls: glass.faces(20.0), known };
        let errors: Vec<Error> = [TessellationOptions::default(), with_volume()]
            .into_iter()
            .map(|settings| {
                let mut tessellation = Tessellation::new(settings).expect("valid settings");
                let result = tessellation.compute(&Atoms { x, radius, n_owned }, &domain, &|_| true);
                result.expect_err("an impossible task")
            })
            .collect();
        errors
    };
    let mut x = glass.x.clone();
    let n = x.len();
    x[17][1] = f64::NAN;
    assert!(error(&x, None, n, Vec::new()).iter().all(|e| matches!(e, Error::NotFinite(17))));
    x[17] = x[400];
    for e in error(&x, None, n, Vec::new()) {
        assert!(matches!(e, Error::CoincidentAtoms(i, j) if i.min(j) == 17 && i.max(j) == 400), "{e:?}");
    }
    x[17] = glass.x[17];
    let radius: Vec<f64> = (0..n).map(|i| if i == 5 { f64::INFINITY } else { 1.0 }).collect();
    assert!(error(&x, Some(&radius), n, Vec::new()).iter().all(|e| matches!(e, Error::NotFinite(5))));
    let (ghosts, _) = glass.with_images(2.0);
    for e in error(&ghosts, None, n, glass.faces(2.0)) {
        assert!(matches!(e, Error::GhostCutoff { needed, .. } if needed > 2.0), "{e:?}");
    }
    assert!(
        Tessellation::new(TessellationOptions { edge_threshold: f64::NAN, ..TessellationOptions::default() }).is_err()
    );
    assert!(Tessellation::new(TessellationOptions { threads: 0, ..TessellationOptions::default() }).is_err());
}

/// A random gas: its box, orthogonal or triclinic, and its atoms; with a radius for everyone.
fn gases() -> impl Strategy<Value = (Periodic, Vec<f64>)> {
    let sides = (5.0..9.0, 5.0..9.0, 5.0..9.0);
    let tilts = prop_oneof![Just((0.0, 0.0, 0.0)), (-2.5..2.5, -2.5..2.5, -2.5..2.5)];
    (sides, tilts, 8_usize..40, any::<u64>()).prop_map(|((lx, ly, lz), (xy, xz, yz), n, seed)| {
        let mut random = Random(seed | 1);
        let gas = Periodic::gas([[lx, 0.0, 0.0], [xy, ly, 0.0], [xz, yz, lz]], n, &mut random);
        let radius = (0..n).map(|_| 1.0 + 0.4 * random.uniform()).collect();
        (gas, radius)
    })
}

/// Far enough for the largest holes of these gases.
const GAS_MARGIN: f64 = 14.0;

fn same(a: &Cell, b: &Cell) -> bool {
    a.motif == b.motif && (a.volume - b.volume).abs() <= 1e-8 * a.volume.max(1e-3)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn cells_fill_the_box((gas, radius) in gases()) {
        for radius in [None, Some(radius.as_slice())] {
            let cells = tessellate(&gas, radius, GAS_MARGIN);
            let volume: f64 = cells.iter().map(|c| c.volume).sum();
            prop_assert!((volume / gas.volume() - 1.0).abs() < 1e-10, "{volume} of {}", gas.volume());
            // Faces with 13 and more edges are counted as 12.
            prop_assert!(cells.iter().all(|c| c.motif.faces == 0 || c.motif.n[9] > 0 || euler_sum(c) == 12));
        }
    }

    #[test]
    fn order_and_origin_do_not_matter((gas, radius) in gases(), shift in prop::array::uniform3(-9.0..9.0)) {
        let mut reversed = gas.shifted(shift);
        reversed.x.reverse();
        let backwards: Vec<f64> = radius.iter().rev().copied().collect();
        for (radius, backwards) in [(None, None), (Some(radius.as_slice()), Some(backwards.as_slice()))] {
            let before = tessellate(&gas, radius, GAS_MARGIN);
            let after = tessellate(&reversed, backwards, GAS_MARGIN);
            prop_assert!(before.iter().zip(after.iter().rev()).all(|(a, b)| same(a, b)));
        }
    }

    #[test]
    fn a_cluster_between_walls_may_be_turned((gas, radius) in gases(), angle in 0.0..6.0) {
        let axis = [2.0 / 3.0, -1.0 / 3.0, 2.0 / 3.0];
        let walls = gas.faces(5.0);
        let turned = Domain {
            walls: walls.iter().map(|w| Plane { normal: rotate(&w.normal, &axis, angle), ..*w }).collect(),
            known: Vec::new(),
        };
        let domain = Domain { walls, known: Vec::new() };
        let x: Vec<Vec3> = gas.x.iter().map(|x| rotate(x, &axis, angle)).collect();
        for radius in [None, Some(radius.as_slice())] {
            let before = compute_all_ways(&Atoms { x: &gas.x, radius, n_owned: x.len() }, &domain);
            let after = compute_all_ways(&Atoms { x: &x, radius, n_owned: x.len() }, &turned);
            let volume: f64 = before.iter().map(|c| c.volume).sum();
            prop_assert!((volume / box_volume(&domain.walls) - 1.0).abs() < 1e-10);
            prop_assert!(before.iter().zip(&after).all(|(a, b)| same(a, b)));
        }
    }
}

/// Volume between three pairs of opposite planes.
fn box_volume(walls: &[Plane]) -> f64 {
    let n = [walls[1], walls[3], walls[5]].map(|w| w.normal);
    let widths: f64 = (0..3).map(|k| walls[2 * k].offset + walls[2 * k + 1].offset).product();
    widths / dot(&n[0], &cross(&n[1], &n[2]))
}

/// Walls of a box that is not periodic.
fn box_walls(lo: f64, hi: f64) -> Vec<Plane> {
    let axis = |d: usize, side: f64| [0, 1, 2].map(|k| if k == d { side } else { 0.0 });
    (0..3)
        .flat_map(|d| [Plane { normal: axis(d, -1.0), offset: -lo }, Plane { normal: axis(d, 1.0), offset: hi }])
        .collect()
}

#[test]
fn clusters_far_from_their_walls() {
    let mut random = Random(11);
    for n in [1, 2, 3, 4, 5, 8, 13, 40] {
        for half in [0.7, 3.0, 50.0] {
            for _ in 0..20 {
                let x: Vec<Vec3> = (0..n).map(|_| [0, 1, 2].map(|_| random.uniform() - 0.5)).collect();
                let atoms = Atoms { x: &x, radius: None, n_owned: n };
                let domain = Domain { walls: box_walls(-half, 1.1 * half), known: Vec::new() };
                let volume: f64 = compute_all_ways(&atoms, &domain).iter().map(|cell| cell.volume).sum();
                assert!((volume / (2.1 * half).powi(3) - 1.0).abs() < 1e-9, "{n} atoms, walls at {half}: {volume}");
            }
        }
    }
}

#[test]
fn a_large_atom_beyond_the_first_ghosts_counts() {
    let mut random = Random(5);
    let lattice = Periodic::crystal(orthogonal(1.0, 1.0, 1.0), &[[0.0; 3]], [4, 4, 4]).rattled(0.05, &mut random);
    let (mut x, _) = lattice.with_images(7.0);
    let mut radius = vec![0.3; x.len()];
    x.push([1.7, 2.1, 9.1]);
    radius.push(5.5);
    let atoms = Atoms { x: &x, radius: Some(&radius), n_owned: 64 };
    let motifs = |cells: Vec<Cell>| -> Vec<Motif> { cells.iter().map(|cell| cell.motif).collect() };
    let found = motifs(compute_all_ways(&atoms, &Domain::default()));
    let expected = voropp::cells(&x, Some(&radius), 64);
    for (atom, (found, expected)) in found.iter().zip(expected).enumerate() {
        let expected = expected.map_or(Motif::default(), |cell| cell.motif(&TessellationOptions::default()));
        assert_eq!(*found, expected, "atom {atom}");
    }
}

#[test]
fn the_cell_of_a_light_atom_may_lie_beside_it() {
    let x = [[0.0; 3], [0.1, 0.0, 0.0]];
    let atoms = Atoms { x: &x, radius: Some(&[1.0, 0.5]), n_owned: 2 };
    let cells = compute_all_ways(&atoms, &Domain { walls: box_walls(-10.0, 10.0), known: Vec::new() });
    // The plane between them is where both powers are equal: x^2 - 1 = (x - 0.1)^2 - 0.25, at x = 3.8.
    assert!((cells[1].volume - 400.0 * 6.2).abs() < 1e-9, "{}", cells[1].volume);
    assert!((cells[0].volume - 400.0 * 13.8).abs() < 1e-9, "{}", cells[0].volume);
}
