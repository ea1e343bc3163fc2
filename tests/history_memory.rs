//! Memory of the motif histories, as the allocator sees it.

use ergodic::entropy::History;
use ergodic::voronoi::Motif;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The system allocator, which counts what it hands out: glibc rounds a request up to 16 bytes after adding 8 of its own.
struct Counting;

static TAKEN: AtomicUsize = AtomicUsize::new(0);

fn chunk(bytes: usize) -> usize {
    (bytes + 8).next_multiple_of(16).max(32)
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TAKEN.fetch_add(chunk(layout.size()), Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        TAKEN.fetch_sub(chunk(layout.size()), Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A motif out of some 250, low numbers far more often than high ones.
fn random_motif(state: &mut u64) -> Motif {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let u = (*state >> 11) as f64 / (1_u64 << 53) as f64;
    let rank = (250.0 * u.powi(3)) as u8;
    let mut motif = Motif { faces: 14, ..Motif::default() };
    motif.n[..4].copy_from_slice(&[rank % 5, rank / 5 % 7, 12, rank / 35]);
    motif
}

#[test]
fn a_thousand_samples_take_eight_bytes_a_motif_and_at_most_64_an_atom() {
    const ATOMS: usize = 2000;
    const SAMPLES: usize = 1000;
    let before = TAKEN.load(Relaxed);
    let mut history = History::<u64>::default();
    history.grow(ATOMS);
    let mut state = 1;
    for _ in 0..SAMPLES {
        for atom in 0..ATOMS {
            history.record(atom, &random_motif(&mut state), 0.0);
        }
    }
    let taken = TAKEN.load(Relaxed) - before;
    let motifs: usize = (0..ATOMS).map(|atom| history.n_motifs(atom)).sum();
    let beyond = (taken - 8 * motifs) as f64 / ATOMS as f64;
    println!("{} bytes an atom: 8 x {} motifs + {beyond:.1}", taken / ATOMS, motifs / ATOMS);
    assert!(motifs > 100 * ATOMS, "the histories are too short to tell");
    assert!(beyond <= 64.0, "{beyond} bytes an atom beyond 8 a motif");
}
