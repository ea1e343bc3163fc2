//! Modes and spectra of spring networks: the dense solver against nalgebra, the window against dense modes.

#[path = "common/springs.rs"]
mod springs;

use ergodic::simd::Simd;
use ergodic::vdos::{
    Communicator, DynamicalMatrix, Group, PANEL, Serial, Solver, VibrationSettings, Vibrations, analyse,
};
use springs::{ModesFile, Network, frequency, read_modes, settings};
use std::sync::{Arc, Barrier, Mutex};

fn run(network: &Network, group: &Group, settings: &VibrationSettings) -> Vibrations {
    analyse(network.matrix(), group, settings, &Serial, &mut |_| {}).expect("the modes are found")
}

fn scratch(name: &str) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("ergodic-{}-{name}", std::process::id()))
}

/// The vibrations and the modes that went to the file.
fn run_with_modes(network: &Network, group: &Group, solver: Solver, name: &str) -> (Vibrations, ModesFile) {
    let path = scratch(name);
    let vibrations = run(network, group, &VibrationSettings { solver, modes: Some(path.clone()), ..settings() });
    let modes = read_modes(&path);
    std::fs::remove_file(path).unwrap();
    (vibrations, modes)
}

fn close(a: f64, b: f64, relative: f64) -> bool {
    (a - b).abs() <= relative * a.abs().max(b.abs()) + 1e-300
}

/// Column by column; the frequency of the maximum may move to a point as good.
fn assert_same_atoms(a: &Vibrations, b: &Vibrations, relative: f64) {
    for (i, (a, b)) in a.atoms.iter().zip(&b.atoms).enumerate() {
        for c in [0, 1, 3] {
            assert!(close(a[c], b[c], relative), "atom {i}, column {c}: {} and {}", a[c], b[c]);
        }
    }
}

fn gaussian(f: f64, sigma: f64) -> f64 {
    (-0.5 * (f / sigma).powi(2)).exp() / (sigma * (2.0 * std::f64::consts::PI).sqrt())
}

#[test]
fn products_agree_for_all_instruction_sets() {
    let network = Network::random(150, 1);
    let matrix = network.matrix();
    let n = matrix.dimension();
    let x: Vec<[f64; PANEL]> =
        (0..n).map(|r| std::array::from_fn(|lane| ((r * 37 + lane * 11) % 101) as f64 / 50.0 - 1.0)).collect();
    let old: Vec<[f64; PANEL]> = (0..n).map(|r| std::array::from_fn(|lane| (r + lane) as f64)).collect();
    let wide = [Simd::Portable, Simd::detect()];
    #[cfg(target_arch = "x86_64")]
    let wide = [wide[0], wide[1], Simd::Avx2];
    for simd in wide {
        let mut y = old.clone();
        matrix.clone().with_simd(simd).step([2.0, -3.0, 0.5], &x, &mut y);
        for lane in [0, 7, PANEL - 1] {
            let vector: Vec<f64> = x.iter().map(|row| row[lane]).collect();
            let mut product = vec![0.0; n];
            matrix.multiply(&vector, &mut product);
            for r in 0..n {
                let expected = 2.0 * product[r] - 3.0 * vector[r] + 0.5 * old[r][lane];
                assert!((y[r][lane] - expected).abs() < 1e-9, "{simd:?}, row {r}: {} and {expected}", y[r][lane]);
            }
        }
    }
}

#[test]
fn dense_modes_are_those_of_nalgebra() {
    let network = Network::random(128, 2);
    let (values, vectors) = network.reference();
    let (vibrations, modes) = run_with_modes(&network, &network.held(), Solver::Dense, "nalgebra");
    assert_eq!(modes.ids, network.ids);
    assert_eq!(vibrations.found, 384);
    assert_eq!((vibrations.zero, vibrations.negative), (3, 0));
    for (a, b) in modes.eigenvalues.iter().zip(&values) {
        assert!((a - b).abs() < 1e-9 * values.last().unwrap(), "{a} and {b}");
    }
    // I_BP and J of every atom from the definition.
    let settings = settings();
    let [low, high] = settings.range;
    let intervals = ((high - low) / settings.sigma * 30.0).ceil() as usize;
    for (i, columns) in vibrations.atoms.iter().enumerate() {
        let weights: Vec<f64> =
            (0..384).map(|j| (0..3).map(|c| vectors[(3 * i + c, j)].powi(2)).sum::<f64>()).collect();
        let reduced: Vec<f64> = (0..=intervals)
            .map(|k| low + (high - low) * k as f64 / intervals as f64)
            .map(|f| {
                let lines = (3..384).map(|j| gaussian(f - frequency(values[j]), settings.sigma) * weights[j]);
                lines.sum::<f64>() / (3.0 * f * f)
            })
            .collect();
        let maximum = reduced.iter().copied().fold(0.0, f64::max);
        let mean = reduced.windows(2).map(|pair| 0.5 * (pair[0] + pair[1])).sum::<f64>() / intervals as f64;
        assert!(close(columns[0], maximum, 1e-7) && close(columns[1], mean, 1e-7), "{columns:?}, {maximum}, {mean}");
        // 1 % of 381 modes are 4.
        assert!(close(columns[3], weights[3..7].iter().sum(), 1e-6), "{columns:?}, {weights:?}");
    }
}

#[test]
fn spectrum_is_normalised() {
    let network = Network::random(128, 3);
    let settings = VibrationSettings { solver: Solver::Dense, points: 4000, fcut: None, ..settings() };
    let vibrations = run(&network, &network.free(), &settings);
    assert_eq!((vibrations.found, vibrations.zero), (384, 3));
    let rows: Vec<_> = vibrations.table.chunks(vibrations.width).collect();
    assert!(close(rows[3999][0], vibrations.highest + 3.0 * settings.sigma, 1e-12));
    let integral: f64 = rows.iter().map(|row| row[1] * rows[0][0]).sum();
    assert!((integral - 381.0 / 384.0).abs() < 1e-4, "{integral}");
    for row in rows {
        assert!(close(row[1], row[3] + row[4], 1e-12) && close(row[2], row[1] / row[0] / row[0], 1e-12), "{row:?}");
    }
    let lowest: f64 = vibrations.atoms.iter().map(|atom| atom[3]).sum();
    assert!((lowest - 4.0).abs() < 1e-9, "participations of 4 unit vectors add up to {lowest}");
    // N g_i / f^2 of all atoms add up to N g / f^2.
    let mean = vibrations.atoms.iter().map(|atom| atom[1]).sum::<f64>() / 128.0;
    let inside = vibrations.table.chunks(vibrations.width).filter(|row| (1.2..=1.7).contains(&row[0]));
    let (sum, count) = inside.fold((0.0, 0.0), |(sum, count), row| (sum + row[2], count + 1.0));
    assert!(close(mean, sum / count, 1e-2), "{mean} and {}", sum / count);
}

#[test]
fn window_finds_the_dense_modes() {
    let network = Network::random(400, 4);
    let (dense, all) = run_with_modes(&network, &network.free(), Solver::Dense, "all");
    let (window, some) = run_with_modes(&network, &network.free(), Solver::Window, "some");
    let count = some.eigenvalues.len();
    assert_eq!(count, all.eigenvalues.iter().filter(|&&v| frequency(v) < settings().window()).count());
    assert!(count > 60 && count < 400, "the window holds {count} modes");
    assert!(window.residual < 1e-4 && window.residual > 0.0);
    for (a, b) in some.eigenvalues.iter().zip(&all.eigenvalues) {
        assert!(close(frequency(*a), frequency(*b), 1e-8), "{a} and {b}");
    }
    for vector in &some.vectors {
        let norm: f64 = vector.iter().map(|x| x * x).sum();
        assert!((norm - 1.0).abs() < 1e-8, "{norm}");
    }
    assert_same_atoms(&window, &dense, 1e-6);
    let known = settings().window() - 3.0 * settings().sigma;
    for (a, b) in window.table.chunks(window.width).zip(dense.table.chunks(dense.width)) {
        assert_eq!(a[0].to_bits(), b[0].to_bits());
        if a[0] < known {
            assert!(close(a[1], b[1], 1e-2), "{a:?} and {b:?}");
        } else if a[0] > known + 1e-9 {
            assert_eq!(a[1].to_bits(), 0, "not known at {}", a[0]);
        }
    }
}

#[test]
fn window_may_end_between_degenerate_modes() {
    let single = Network::random(100, 5);
    // Every mode of the window twice, to the bit, and a third time 1e-7 higher.
    let network = single.copies(&[1.0, 1.0, 1.0 + 1e-7]);
    let (values, _) = single.reference();
    let within = |f: f64| {
        let count = |scale: f64| values.iter().filter(|&&v| frequency(v * scale) < f).count();
        2 * count(1.0) + count(1.0 + 1e-7)
    };
    let above = values.iter().position(|&v| frequency(v) > 2.2).unwrap();
    for (fcut, name) in [(2.2, "gap"), (frequency(values[above]) * (1.0 + 2e-8), "cluster")] {
        let path = scratch(name);
        let modes = Some(path.clone());
        let vibrations = run(
            &network,
            &network.held(),
            &VibrationSettings { solver: Solver::Window, fcut: Some(fcut), modes, ..settings() },
        );
        assert_eq!(vibrations.found, within(fcut), "{name}");
        // Nine zero modes: each copy can move by itself.
        assert_eq!(vibrations.zero, 9);
        let modes = read_modes(&path);
        std::fs::remove_file(path).unwrap();
        for (a, b) in modes.vectors.iter().zip(&modes.vectors[1..]) {
            let dot: f64 = a.iter().zip(b).map(|(x, y)| x * y).sum();
            assert!(dot.abs() < 1e-7, "neighbouring modes of a cluster are orthogonal: {dot}");
        }
    }
}

#[test]
fn negative_modes_are_counted_and_left_out() {
    let mut network = Network::random(300, 6);
    network.connect(0, 1, -250_000.0, [0.6, 0.8, 0.0]);
    network.connect(7, 9, -90_000.0, [0.0, 0.6, 0.8]);
    let (dense, all) = run_with_modes(&network, &network.free(), Solver::Dense, "negative-all");
    let (window, some) = run_with_modes(&network, &network.free(), Solver::Window, "negative-some");
    assert!(all.eigenvalues[1] < -1.0, "both springs are unstable");
    assert_eq!((dense.zero, dense.negative, window.zero, window.negative), (3, 2, 3, 2));
    assert!(dense.lowest > 0.0 && close(window.lowest, dense.lowest, 1e-8));
    assert!(close(some.eigenvalues[0], all.eigenvalues[0], 1e-8));
    assert_same_atoms(&window, &dense, 1e-6);
}

#[test]
fn threads_and_repetition_change_nothing_that_matters() {
    let network = Network::random(300, 7);
    let window =
        |threads| run(&network, &network.free(), &VibrationSettings { solver: Solver::Window, threads, ..settings() });
    let (first, again, more) = (window(1), window(1), window(3));
    assert_eq!(first.atoms, again.atoms, "the same bits");
    assert_same_atoms(&first, &more, 1e-9);
}

/// Ranks as threads of this process.
struct Ranks {
    rank: usize,
    size: usize,
    /// The lowest rank on the machine of each rank.
    nodes: [usize; 3],
    meeting: Arc<(Barrier, Mutex<Vec<f64>>)>,
}

impl Communicator for Ranks {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn node(&self) -> usize {
        self.nodes[self.rank]
    }

    fn sum(&self, values: &mut [f64]) -> ergodic::Result<()> {
        let (barrier, total) = &*self.meeting;
        if barrier.wait().is_leader() {
            *total.lock().unwrap() = vec![0.0; values.len()];
        }
        barrier.wait();
        // One after the other, so that the sum has the same bits in every run.
        for rank in 0..self.size {
            if rank == self.rank {
                total.lock().unwrap().iter_mut().zip(&*values).for_each(|(total, value)| *total += value);
            }
            barrier.wait();
        }
        values.copy_from_slice(&total.lock().unwrap());
        Ok(())
    }
}

#[test]
fn ranks_share_the_work_and_the_memory_of_their_machine() {
    let network = Network::random(150, 8);
    let solvers = [(Solver::Dense, None), (Solver::Window, None), (Solver::Kpm, None), (Solver::Kpm, Some(80))];
    let machines = [[0, 1, 2], [0, 0, 0], [0, 0, 2], [0, 1, 1]];
    for ((solver, vectors), nodes) in solvers.into_iter().flat_map(|solver| machines.map(|nodes| (solver, nodes))) {
        let settings = VibrationSettings { solver, vectors, ..settings() };
        let alone = run(&network, &network.free(), &settings);
        let meeting = Arc::new((Barrier::new(3), Mutex::new(Vec::new())));
        let all: Vec<Vibrations> = std::thread::scope(|scope| {
            let start = |rank| {
                let comm = Ranks { rank, size: 3, nodes, meeting: meeting.clone() };
                let (network, settings) = (&network, &settings);
                scope.spawn(move || {
                    let own = if rank == 0 { Some(network.matrix()) } else { None };
                    let matrix = DynamicalMatrix::share(own, &comm).expect("ranks can communicate");
                    for i in 0..matrix.n_atoms() {
                        assert_eq!(matrix.row(i), network.matrix().row(i));
                    }
                    analyse(matrix, &network.free(), settings, &comm, &mut |_| {}).expect("ranks agree")
                })
            };
            let handles: Vec<_> = (0..3).map(start).collect();
            handles.into_iter().map(|handle| handle.join().unwrap()).collect()
        });
        for vibrations in &all {
            assert_eq!(vibrations.atoms, all[0].atoms, "the same bits on all ranks");
            assert_eq!((vibrations.found, vibrations.zero), (alone.found, alone.zero));
            assert_same_atoms(vibrations, &alone, 1e-8);
        }
    }
}

#[test]
fn one_and_two_atoms() {
    let single = DynamicalMatrix::new(vec![0, 1], vec![0], vec![[90.0, 0.0, 0.0, 0.0, 160.0, 0.0, 0.0, 0.0, 250.0]]);
    let group = Group { ids: &[3], types: &[1], n_types: 1, masses: None };
    for solver in [Solver::Automatic, Solver::Window] {
        let settings = VibrationSettings { solver, range: [1.4, 1.6], ..settings() };
        let vibrations = analyse(single.clone().unwrap(), &group, &settings, &Serial, &mut |_| {}).unwrap();
        assert_eq!(vibrations.found, if solver == Solver::Window { 2 } else { 3 });
        assert!(close(vibrations.lowest, frequency(90.0), 1e-12));
        let g = |f: f64| {
            let modes = [90.0, 160.0, 250.0].map(|value| gaussian(f - frequency(value), settings.sigma));
            modes.iter().sum::<f64>() / (3.0 * f * f)
        };
        let highest = (0..=1000).map(|k| g(1.4 + 2e-4 * f64::from(k))).fold(0.0, f64::max);
        assert!(close(vibrations.atoms[0][0], highest, 3e-4), "{} and {highest}", vibrations.atoms[0][0]);
    }
    let mut pair = Network::random(2, 1).copies(&[0.0]);
    pair.connect(0, 1, 5000.0, [0.0, 0.0, 1.0]);
    let vibrations = run(&pair, &pair.free(), &VibrationSettings { solver: Solver::Dense, ..settings() });
    let reduced = 1.0 / pair.masses.iter().map(|m| 1.0 / m).sum::<f64>();
    // Three translations are projected out; two rotations cost nothing either.
    assert_eq!((vibrations.found, vibrations.zero, vibrations.negative), (6, 5, 0));
    assert!(
        close(vibrations.highest, (5000.0 / reduced).sqrt() / std::f64::consts::TAU, 1e-10),
        "{}",
        vibrations.highest
    );
    assert!(vibrations.residual < 1e-6);
}

#[test]
fn refusals_name_the_cure() {
    let network = Network::random(200, 9);
    let refuse = |settings: &VibrationSettings| {
        analyse(network.matrix(), &network.free(), settings, &Serial, &mut |_| {}).expect_err("refused").to_string()
    };
    let text = refuse(&VibrationSettings { solver: Solver::Dense, memory: Some(1e5), ..settings() });
    assert!(text.contains("solver dense needs 0.0") && text.contains("solver window"), "{text}");
    let text = refuse(&VibrationSettings { solver: Solver::Window, memory: Some(1e5), ..settings() });
    assert!(text.contains("solver window needs") && text.contains("lower fcut"), "{text}");
    let text = refuse(&VibrationSettings { fcut: Some(1.9), ..settings() });
    assert!(text.contains("fcut 1.9: at least Fhi + 3 sigma"), "{text}");
    assert!(refuse(&VibrationSettings { range: [1.5, 1.0], ..settings() }).contains("range 1.5 1"));
    assert!(refuse(&VibrationSettings { sigma: 0.0, ..settings() }).contains("sigma 0"));
    let missing = std::path::PathBuf::from("/nowhere/modes");
    let text = refuse(&VibrationSettings { modes: Some(missing), solver: Solver::Dense, ..settings() });
    assert!(text.contains("cannot write /nowhere/modes"), "{text}");
    // With little memory the default is a window, which needs less; with enough it is dense.
    let found =
        |memory| run(&network, &network.free(), &VibrationSettings { memory: Some(memory), ..settings() }).found;
    assert_eq!(found(1e9), 600);
    assert!(found(8e6) < 600);
}

#[test]
fn matrices_are_checked() {
    let new = |offsets, columns, blocks| DynamicalMatrix::new(offsets, columns, blocks).unwrap_err().to_string();
    assert!(new(vec![0, 1], vec![0], vec![]).contains("offsets"));
    assert!(new(vec![0, 1], vec![1], vec![[0.0; 9]]).contains("columns"));
    assert!(new(vec![0, 2], vec![0, 0], vec![[0.0; 9]; 2]).contains("columns"));
    assert!(new(vec![0, 1], vec![0], vec![[0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]).contains("symmetric"));
    assert!(new(vec![0, 2, 3], vec![0, 1, 1], vec![[1.0; 9]; 3]).contains("block (0, 1)"));
    assert!(new(vec![0, 1], vec![0], vec![[f64::NAN; 9]]).contains("finite"));
}
