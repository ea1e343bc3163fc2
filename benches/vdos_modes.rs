//! Speed of the mode solvers on a dynamical matrix that LAMMPS wrote:
//!
//!     dynamical_matrix all eskm 1e-5 file D binary yes
//!     write_dump all custom P id type mass x y z modify format float %.17g sort id
//!     cargo bench --bench vdos_modes -- D P CELLS THREADS product|dense|window|kpm ...
//!
//! CELLS > 1 repeats the periodic box CELLS times along each axis, for the size and sparsity of a larger group.

use ergodic::vdos::{DynamicalMatrix, Group, PANEL, Serial, Solver, VibrationSettings, analyse, bisection};
use std::time::Instant;

struct Glass {
    ids: Vec<i64>,
    types: Vec<i32>,
    masses: Vec<f64>,
    matrix: DynamicalMatrix,
}

/// Type, mass and position of an atom.
type Atom = (i32, f64, [f64; 3]);

/// Reads the dump: box lengths, then the atoms.
fn read_dump(path: &str) -> ([f64; 3], Vec<Atom>) {
    let text = std::fs::read_to_string(path).expect("the dump can be read");
    let lines: Vec<Vec<f64>> =
        text.lines().map(|line| line.split_whitespace().filter_map(|word| word.parse().ok()).collect()).collect();
    let sides = std::array::from_fn(|axis| lines[5 + axis][1] - lines[5 + axis][0]);
    let atoms = lines[9..].iter().map(|l| (l[1] as i32, l[2], [l[3], l[4], l[5]])).collect();
    (sides, atoms)
}

/// Entries of the matrix, symmetrised, repeated `cells` times along each axis: an atom meets the nearest image.
fn load(matrix: &str, dump: &str, cells: usize) -> Glass {
    let (sides, atoms) = read_dump(dump);
    let bytes = std::fs::read(matrix).expect("the matrix can be read");
    let dense: Vec<f64> = bytes.as_chunks::<8>().0.iter().map(|&b| f64::from_le_bytes(b)).collect();
    let n = atoms.len();
    assert_eq!(dense.len(), 9 * n * n, "the matrix and the dump do not belong together");
    let entry = |r: usize, c: usize| 0.5 * (dense[r * 3 * n + c] + dense[c * 3 * n + r]);
    let (mut offsets, mut columns, mut blocks) = (vec![0], Vec::new(), Vec::new());
    let cell = |k: usize| [k / (cells * cells), k / cells % cells, k % cells];
    for k in 0..cells.pow(3) {
        for i in 0..n {
            let mut row = Vec::new();
            for j in 0..n {
                let block: [f64; 9] = std::array::from_fn(|e| entry(3 * i + e / 3, 3 * j + e % 3));
                if block.iter().all(|e| *e == 0.0) {
                    continue;
                }
                let image: [usize; 3] = std::array::from_fn(|axis| {
                    let shift = ((atoms[i].2[axis] - atoms[j].2[axis]) / sides[axis]).round() as i64;
                    (cell(k)[axis] as i64 + shift).rem_euclid(cells as i64) as usize
                });
                row.push((((image[0] * cells + image[1]) * cells + image[2]) * n + j, block));
            }
            row.sort_unstable_by_key(|&(j, _)| j);
            columns.extend(row.iter().map(|&(j, _)| j as u32));
            blocks.extend(row.iter().map(|&(_, block)| block));
            offsets.push(columns.len());
        }
    }
    let total = n * cells.pow(3);
    Glass {
        ids: (1..=total as i64).collect(),
        types: (0..total).map(|i| atoms[i % n].0).collect(),
        masses: (0..total).map(|i| atoms[i % n].1).collect(),
        matrix: DynamicalMatrix::new(offsets, columns, blocks).expect("the matrix is symmetric"),
    }
}

/// CPU time of this thread, which other work on the machine does not inflate as much as the clock.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).expect("nanoseconds") * 1e-9
}

/// GFlop/s of one thread in the product with a panel.
fn product(name: &str, matrix: &DynamicalMatrix) {
    let x: Vec<[f64; PANEL]> = (0..matrix.dimension()).map(|i| [(i % 7) as f64; PANEL]).collect();
    let mut y = vec![[0.0; PANEL]; matrix.dimension()];
    let seconds = (0..20).map(|_| {
        let start = cpu_seconds();
        matrix.step([1e-3, 0.5, 0.1], &x, &mut y);
        cpu_seconds() - start
    });
    let best = seconds.fold(f64::INFINITY, f64::min);
    println!(
        "product, {name}: {:.1} ms a panel, {:.1} GFlop/s",
        1e3 * best,
        matrix.flops() * PANEL as f64 / best / 1e9
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let [matrix, dump, cells, threads, what @ ..] = &arguments[..] else {
        println!("no matrix given: see the head of benches/vdos_modes.rs");
        return;
    };
    let glass = load(matrix, dump, cells.parse().unwrap());
    println!("{} atoms, {} blocks", glass.matrix.n_atoms(), glass.matrix.n_blocks());
    for what in what {
        let solver = match what.as_str() {
            "product" => {
                product("order of IDs", &glass.matrix);
                product("bisection", &glass.matrix.permuted(&bisection(&glass.matrix), &Serial).expect("one rank"));
                continue;
            }
            "dense" => Solver::Dense,
            "window" => Solver::Window,
            "kpm" => Solver::Kpm,
            other => panic!("{other} is not a solver"),
        };
        let settings = VibrationSettings { solver, threads: threads.parse().unwrap(), ..VibrationSettings::default() };
        let group = Group { ids: &glass.ids, types: &glass.types, n_types: 2, masses: Some(&glass.masses) };
        let start = Instant::now();
        let vibrations = analyse(glass.matrix.clone(), &group, &settings, &Serial, &mut |line| println!("  {line}"));
        let vibrations = vibrations.unwrap_or_else(|error| panic!("{error}"));
        println!(
            "{what}: {:.1} s, {} modes, first atom {:?}",
            start.elapsed().as_secs_f64(),
            vibrations.found,
            vibrations.atoms[0]
        );
    }
}
