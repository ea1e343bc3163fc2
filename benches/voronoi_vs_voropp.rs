//! Motifs and times of the tessellation and of voro++ side by side, on the frames of a LAMMPS dump.
//!
//! ```text
//! cargo bench --bench voronoi_vs_voropp -- FILE     # a text dump with the columns id type x y z, 17 digits
//! ```
//!
//! Without a file it takes the small glass of the tests. Times are for one core and do not include making periodic
//! images, which LAMMPS does anyway. voro++ is called through its Rust binding.

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::{Duration, Instant};

use common::{Periodic, neighbors, read_dump, thermal_glass, voropp};
use ergodic::voronoi::{Atoms, Cell, ConvexCell, Domain, Tessellation, TessellationOptions};

/// Radii of Cu and Zr for the radical tessellation (Angstrom).
const RADII: [f64; 2] = [1.28, 1.60];
/// How far periodic images are made (Angstrom).
const MARGIN: f64 = 10.0;

/// Times of several runs (microseconds per atom).
#[derive(Default)]
struct Timer {
    per_atom: Vec<f64>,
}

impl Timer {
    fn time<T>(&mut self, atoms: usize, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.per_atom.push(Duration::as_secs_f64(&start.elapsed()) * 1e6 / atoms as f64);
        result
    }

    /// Minimum and median (microseconds per atom).
    fn summary(&mut self) -> String {
        self.per_atom.sort_by(f64::total_cmp);
        format!("{:6.2} / {:6.2}", self.per_atom[0], self.per_atom[self.per_atom.len() / 2])
    }
}

fn main() {
    let file = std::env::args().skip(1).find(|arg| !arg.starts_with("--"));
    let frames = file.map_or_else(thermal_glass, |f| read_dump(&std::fs::read_to_string(f).expect("a readable file")));
    let none = TessellationOptions::default();
    let edges = TessellationOptions { edge_threshold: 0.3, ..none };
    let faces = TessellationOptions { face_fraction: 0.01, ..none };
    for (name, radical, settings) in [
        ("plain", false, none),
        ("plain, edge_threshold 0.3", false, edges),
        ("plain, face_fraction 0.01", false, faces),
        ("radical", true, none),
        ("radical, volume", true, TessellationOptions { volume: true, ..none }),
    ] {
        campaign(name, &frames, radical, settings);
    }
    clipping(&frames);
}

/// Compares all cells of all frames, and times both sides frame by frame.
fn campaign(name: &str, frames: &[Periodic], radical: bool, settings: TessellationOptions) {
    let mut tessellation = Tessellation::new(settings).expect("valid settings");
    let (mut ours, mut theirs) = (Timer::default(), Timer::default());
    let (mut cells, mut differences, mut worst_volume) = (0, 0, 0.0_f64);
    for frame in frames {
        let n = frame.x.len();
        let (x, owner) = frame.with_images(MARGIN);
        let radii = frame.radii(&RADII);
        let radius: Option<Vec<f64>> = radical.then(|| owner.iter().map(|&i| radii[i]).collect());
        let atoms = Atoms { x: &x, radius: radius.as_deref(), n_owned: n };
        let domain = Domain { walls: Vec::new(), known: frame.faces(MARGIN) };
        ours.time(n, || tessellation.compute(&atoms, &domain, &|_| true)).expect("a tessellation");
        theirs.time(n, || voropp::face_orders(&x, radius.as_deref(), n));
        let reference = voropp::cells(&x, radius.as_deref(), n);
        cells += n;
        for (ours, theirs) in tessellation.cells().zip(&reference) {
            let (ours, theirs) = (ours.expect("every cell"), theirs.as_ref().expect("no cell is empty here"));
            differences += usize::from(ours.motif != theirs.motif(&settings));
            if settings.volume {
                worst_volume = worst_volume.max((ours.volume / theirs.volume - 1.0).abs());
            }
        }
    }
    println!("{name}: {cells} cells, {differences} differ from voro++");
    if settings.volume {
        println!("  largest relative difference of a volume {worst_volume:.1e}");
    }
    println!("  ergodic {} us/atom (min / median over frames)", ours.summary());
    println!("  voro++  {} us/atom, motif only, without thresholds", theirs.summary());
}

/// Times the clipping kernel alone: neighbours are found and sorted beforehand.
fn clipping(frames: &[Periodic]) {
    let frame = &frames[0];
    let n = frame.x.len().min(2000);
    let (x, _) = frame.with_images(MARGIN);
    let lists: Vec<_> = (0..n).map(|i| neighbors(&x, None, i, MARGIN)).collect();
    let mut cell = ConvexCell::new();
    let mut timer = Timer::default();
    let mut run = |settings: &TessellationOptions| {
        let mut measure = |list: &Vec<_>| -> Cell {
            cell.clip(MARGIN, &[], &list.iter(), 0.0).expect("a consistent cell");
            cell.measure(settings)
        };
        lists.iter().map(|list| usize::from(measure(list).motif.faces)).sum::<usize>()
    };
    for (name, settings) in [
        ("motif", TessellationOptions::default()),
        ("volume", TessellationOptions { volume: true, ..TessellationOptions::default() }),
    ] {
        timer.per_atom.clear();
        let faces = (0..20).map(|_| timer.time(n, || run(&settings))).sum::<usize>() as f64 / (20 * n) as f64;
        println!("clipping alone, {name}: {} us/atom, {faces:.2} faces a cell", timer.summary());
    }
}
