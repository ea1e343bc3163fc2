//! Compares the two kernels of the tessellation with each other, and with voro++, on random systems.
//!
//! ```text
//! cargo bench --bench fuzz_voronoi -- SECONDS [SEED]    # one second from seed 1 unless given
//! cargo bench --bench fuzz_voronoi -- 0 SEED            # one system: reproduces a difference
//! ```
//!
//! Gift wrapping, on every instruction set and with 1 to 3 threads, must find the motifs, or fail with the error, of
//! clipping. The gift-wrapping tessellations are used again from system to system, as in a run of LAMMPS: a difference
//! that one system alone does not show needs all seeds from the first. Exits non-zero after any difference.

#[path = "../tests/common/mod.rs"]
mod common;

#[path = "fuzz_voronoi/systems.rs"]
mod systems;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use common::{Random, Vec3, voropp, voropp::ReferenceCell};
use ergodic::simd::Simd;
use ergodic::voronoi::{Atoms, Domain, Motif, Plane, Tessellation, TessellationOptions};
use ergodic::{Error, Result};
use systems::{KINDS, System};

/// The tessellation gives no thread fewer.
const ATOMS_PER_THREAD: usize = 100;

/// What has been compared so far, and with what.
struct Campaign {
    wrapping: Vec<(Simd, usize, Tessellation)>,
    /// Systems and cells by kind.
    covered: [(usize, usize); KINDS.len()],
    errors: BTreeMap<&'static str, usize>,
    /// Cells by wrapping, on every instruction set and number of threads, and by voro++.
    compared: [usize; 2],
    differences: usize,
}

impl Campaign {
    fn new() -> Self {
        let mut all_simd = vec![Simd::Portable];
        #[cfg(target_arch = "x86_64")]
        all_simd.extend([Simd::Avx2, Simd::Avx512]);
        all_simd.retain(|simd| *simd <= Simd::detect());
        let ways = all_simd.into_iter().flat_map(|simd| (1..=3).map(move |threads| (simd, threads)));
        let wrapping = ways.map(|(simd, threads)| {
            let mut tessellation = new_tessellation(threads, false);
            tessellation.use_simd(simd);
            (simd, threads, tessellation)
        });
        Campaign {
            wrapping: wrapping.collect(),
            covered: Default::default(),
            errors: BTreeMap::new(),
            compared: [0; 2],
            differences: 0,
        }
    }

    fn check(&mut self, seed: u64) {
        // Without this, seeds near each other would begin with numbers near each other.
        let mut random = Random(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        random.vector();
        let mut system = System::random(&mut random);
        let (name, _, generic) = KINDS[system.kind];
        let case = format!("seed {seed}, {name}, {} atoms", system.n_owned);
        if generic {
            self.check_voropp(&case, &system);
        }
        system.move_and_scale(&mut random);
        self.check_kernels(&case, &system);
    }

    fn check_kernels(&mut self, case: &str, system: &System) {
        let clipped = motifs(&mut new_tessellation(1, true), system, &system.domain);
        if let Some(name) = clipped.as_ref().err().and_then(name_of) {
            *self.errors.entry(name).or_default() += 1;
        }
        let (systems, cells) = &mut self.covered[system.kind];
        *systems += 1;
        *cells += clipped.as_ref().map_or(0, Vec::len);
        for (simd, threads, tessellation) in &mut self.wrapping {
            if *threads == 1 || system.n_owned >= *threads * ATOMS_PER_THREAD {
                let wrapped = motifs(tessellation, system, &system.domain);
                self.compared[0] += wrapped.as_ref().map_or(0, Vec::len);
                self.differences += report(&format!("{case}, {simd:?}, {threads} threads"), &wrapped, &clipped);
            }
        }
    }

    fn check_voropp(&mut self, case: &str, system: &System) {
        let reference = voropp::cells(&system.x, system.radius.as_deref(), system.n_owned);
        let motif = |cell: Option<ReferenceCell>| {
            cell.map_or_else(Motif::default, |cell| cell.motif(&TessellationOptions::default()))
        };
        let reference: Vec<Motif> = reference.into_iter().map(motif).collect();
        let ours = motifs(&mut new_tessellation(1, false), system, &container(&system.x));
        self.compared[1] += reference.len();
        self.differences += report(&format!("{case}, voro++"), &ours, &Ok(reference));
    }

    fn summarize(&self) {
        for ((name, ..), (systems, cells)) in KINDS.iter().zip(self.covered) {
            println!("{name}: {systems} systems, {cells} cells");
        }
        for (name, systems) in &self.errors {
            println!("{systems} systems are errors: {name}");
        }
        let (systems, cells) = self.covered.iter().fold((0, 0), |sum, new| (sum.0 + new.0, sum.1 + new.1));
        let [wrapped, by_voropp] = self.compared;
        println!("in all {systems} systems, {cells} cells; {wrapped} by gift wrapping, {by_voropp} by voro++ compared");
        println!("{} differences", self.differences);
    }
}

fn new_tessellation(threads: usize, volume: bool) -> Tessellation {
    Tessellation::new(TessellationOptions { threads, volume, ..TessellationOptions::default() })
        .expect("valid settings")
}

fn motifs(tessellation: &mut Tessellation, system: &System, domain: &Domain) -> Result<Vec<Motif>> {
    let atoms = Atoms { x: &system.x, radius: system.radius.as_deref(), n_owned: system.n_owned };
    tessellation.compute(&atoms, domain, &|_| true)?;
    Ok(tessellation.cells().map(|cell| cell.expect("every cell was wanted").motif).collect())
}

/// The walls of the container that [`voropp::cells`] makes.
fn container(x: &[Vec3]) -> Domain {
    let wall = |k: usize, side: f64| {
        let mut normal = [0.0; 3];
        normal[k] = side;
        let farthest = x.iter().map(|x| side * x[k]).fold(f64::NEG_INFINITY, f64::max);
        Plane { normal, offset: farthest + 1.0 }
    };
    Domain { walls: (0..3).flat_map(|k| [wall(k, -1.0), wall(k, 1.0)]).collect(), known: Vec::new() }
}

/// Name of an error that a system may deserve; no other may occur.
fn name_of(error: &Error) -> Option<&'static str> {
    match error {
        Error::GhostCutoff { .. } => Some("beyond the ghost cut-off"),
        Error::CoincidentAtoms(..) => Some("coincident atoms"),
        _ => None,
    }
}

/// Prints the first difference from what is expected, and returns the number of differences.
fn report(case: &str, found: &Result<Vec<Motif>>, expected: &Result<Vec<Motif>>) -> usize {
    match (found, expected) {
        (Ok(found), Ok(expected)) => {
            let pairs = found.iter().zip(expected).enumerate();
            let different: Vec<_> = pairs.filter(|(_, (found, expected))| found != expected).collect();
            if let Some((i, (found, expected))) = different.first() {
                println!("{case}: {} cells differ, atom {i} has {found:?} instead of {expected:?}", different.len());
            }
            different.len()
        }
        (Err(found), Err(expected)) if name_of(found).is_some_and(|name| name_of(expected) == Some(name)) => 0,
        _ => {
            println!("{case}: found {:?}, expected {:?}", found.as_ref().err(), expected.as_ref().err());
            1
        }
    }
}

fn main() -> ExitCode {
    let arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let numbers: Vec<u64> = arguments.map(|a| a.parse().expect("whole numbers: SECONDS [SEED]")).collect();
    let seconds = Duration::from_secs(numbers.first().copied().unwrap_or(1));
    let first = numbers.get(1).copied().unwrap_or(1);
    let (start, mut campaign) = (Instant::now(), Campaign::new());
    for seed in first.. {
        if catch_unwind(AssertUnwindSafe(|| campaign.check(seed))).is_err() {
            println!("seed {seed}: a panic");
            campaign.differences += 1;
            campaign.wrapping = Campaign::new().wrapping;
        }
        if start.elapsed() >= seconds {
            println!("seeds {first} to {seed}");
            break;
        }
    }
    campaign.summarize();
    if campaign.differences == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
