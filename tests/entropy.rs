//! Histories and entropies against an independent computation: motifs from voro++, histogram and entropy in the test.

mod common;

use std::collections::BTreeMap;

use common::{Periodic, Random, orthogonal, read_dump, voropp};
use ergodic::entropy::{Entry, History, Summary, miller_madow, shannon};
use ergodic::voronoi::{Atoms, Domain, FAVOURED, Motif, Tessellation, TessellationOptions};

/// How far periodic images are made (Angstrom).
const MARGIN: f64 = 10.0;

fn trajectory() -> Vec<Periodic> {
    read_dump(include_str!("data/trajectory.dump"))
}

/// Histories of a trajectory, sampled as the style does it.
fn histories<E: Entry>(frames: &[Periodic], threads: usize) -> History<E> {
    let mut tessellation =
        Tessellation::new(TessellationOptions { threads, ..TessellationOptions::default() }).unwrap();
    let mut history = History::default();
    for frame in frames {
        let (x, _) = frame.with_images(MARGIN);
        let atoms = Atoms { x: &x, radius: None, n_owned: frame.x.len() };
        let domain = Domain { walls: Vec::new(), known: frame.faces(MARGIN) };
        tessellation.compute(&atoms, &domain, &|_| true).unwrap();
        history.record_all(&tessellation);
    }
    history
}

/// Motifs of every frame by voro++: one list of face orders an atom.
fn reference(frames: &[Periodic]) -> Vec<Vec<Motif>> {
    let motifs = |frame: &Periodic| -> Vec<Motif> {
        let (x, _) = frame.with_images(MARGIN);
        let cells = voropp::cells(&x, None, frame.x.len());
        cells.into_iter().map(|cell| cell.unwrap().motif(&TessellationOptions::default())).collect()
    };
    frames.iter().map(motifs).collect()
}

#[test]
fn entropy_of_a_trajectory_at_700_kelvin() {
    let frames = trajectory();
    let motifs = reference(&frames);
    let history = histories::<u64>(&frames, 2);
    let n = frames.len() as f64;
    assert_eq!((frames.len(), frames[0].x.len()), (25, 256));
    for atom in 0..frames[0].x.len() {
        let mut histogram: BTreeMap<[u8; 4], f64> = BTreeMap::new();
        for frame in &motifs {
            *histogram.entry(frame[atom].index()).or_default() += 1.0;
        }
        let entropy: f64 = histogram.values().map(|count| -count / n * (count / n).ln()).sum();
        let share = |chosen: &dyn Fn(&[u8; 4]) -> bool| -> f64 {
            histogram.iter().filter(|(motif, _)| chosen(motif)).map(|(_, count)| count / n).sum()
        };
        let last = motifs.last().unwrap()[atom];
        let found = history.summary(atom);
        let expected = Summary {
            entropy: found.entropy,
            motifs: histogram.len(),
            samples: 25,
            last: last.index(),
            faces: last.faces,
            icosahedra: found.icosahedra,
            favoured: found.favoured,
            corrected: found.corrected,
            volume: 0.0,
        };
        assert_eq!(found, expected, "atom {atom}");
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-13, "atom {atom}: {a} is not {b}");
        close(found.entropy, entropy);
        close(found.icosahedra, share(&|motif| *motif == [0, 0, 12, 0]));
        close(found.favoured, share(&|motif| FAVOURED.contains(motif)));
        close(found.corrected, entropy + (histogram.len() as f64 - 1.0) / (2.0 * n));
        let rows: Vec<_> = history.motifs(atom).into_iter().map(|e| (e.orders(), f64::from(e.count()))).collect();
        let sorted: Vec<_> = histogram.iter().map(|(motif, count)| (*motif, *count)).collect();
        assert_eq!(
            rows.iter().map(|(orders, count)| (orders[..4].try_into().unwrap(), *count)).collect::<Vec<_>>(),
            sorted
        );
    }
}

#[test]
fn full_motifs_of_a_trajectory() {
    let frames = &trajectory()[..5];
    let motifs = reference(frames);
    let history = histories::<u128>(frames, 1);
    for atom in 0..frames[0].x.len() {
        let mut expected: BTreeMap<[u8; 10], u32> = BTreeMap::new();
        for frame in &motifs {
            *expected.entry(frame[atom].n).or_default() += 1;
        }
        let found: BTreeMap<_, _> = history.motifs(atom).into_iter().map(|e| (e.orders(), e.count())).collect();
        assert_eq!(found, expected, "atom {atom}");
    }
}

#[test]
fn entropy_of_known_histograms() {
    assert_eq!(shannon(&mut []).to_bits(), 0.0_f64.to_bits());
    assert_eq!(shannon(&mut [7]).to_bits(), 0.0_f64.to_bits());
    assert!((shannon(&mut [5; 8]) - 8.0_f64.ln()).abs() < 1e-15);
    let quarter = -(0.25_f64 * 0.25_f64.ln() + 0.75 * 0.75_f64.ln());
    assert!((shannon(&mut [1, 3]) - quarter).abs() < 1e-15);
    assert_eq!(shannon(&mut [9, 1, 4]).to_bits(), shannon(&mut [4, 9, 1]).to_bits());
    assert!((miller_madow(1.5, 11, 100) - 1.55).abs() < 1e-15);
    assert_eq!(miller_madow(0.0, 0, 0).to_bits(), 0.0_f64.to_bits());
}

#[test]
fn any_number_of_threads_records_the_same() {
    // Enough atoms for several threads.
    let mut random = Random(5);
    let lattice = Periodic::crystal(orthogonal(3.0, 3.0, 3.0), &[[0.25; 3], [0.75; 3]], [13; 3]);
    let frames: Vec<_> = (0..3).map(|_| lattice.rattled(0.3, &mut random)).collect();
    let record = |threads| {
        let history = histories::<u64>(&frames, threads);
        (0..lattice.x.len()).map(|i| (history.summary(i), history.motifs(i))).collect::<Vec<_>>()
    };
    assert_eq!(record(1), record(4));
}

#[test]
fn a_damaged_history_is_an_error() {
    let here = histories::<u64>(&trajectory()[..3], 1);
    let mut there = History::<u64>::default();
    there.grow(1);
    let mut words = vec![0; here.packed_len(0)];
    here.pack(0, &mut words);
    for end in 0..words.len() {
        for format in [1, 2] {
            assert!(there.unpack(0, &words[..end], format).is_err(), "{end} words");
        }
    }
    for bit in 0..64 * words.len() {
        let mut damaged = words.clone();
        damaged[bit / 64] ^= 1 << (bit % 64);
        assert!(there.unpack(0, &damaged, 2).is_err(), "bit {bit}");
    }
    for n in [u64::MAX, 1 << 61, 1 << 40] {
        assert!(there.unpack(0, &[n, 0, 0, 0, 0, 0], 1).is_err(), "{n} entries");
    }
    assert!(there.unpack(0, &[words, vec![0]].concat(), 2).is_err());
}

#[test]
fn orphans_go_to_the_atoms_with_their_ids() {
    let frames = &trajectory()[..2];
    let mut history = histories::<u64>(frames, 1);
    let ids: Vec<i64> = (1..=frames[0].x.len() as i64).collect();
    assert_eq!(history.labels(&ids), ids);
    let old: Vec<_> = (0..ids.len()).map(|i| history.motifs(i)).collect();
    // All atoms are created anew, in another order; the last three are absent.
    let present: Vec<i64> = ids.iter().rev().skip(3).copied().collect();
    (0..present.len()).for_each(|i| history.begin(i));
    assert!(!history.any_of(present.len()) && history.gather_orphans(present.len()));
    let mut words = history.take_orphans();
    history.adopt(&mut words, &present).unwrap();
    history.keep_orphans(&mut words).unwrap();
    for (i, &id) in present.iter().enumerate() {
        assert_eq!(history.motifs(i), old[id as usize - 1]);
    }
    // They come back.
    (0..ids.len()).for_each(|i| history.begin(i));
    let mut words = history.take_orphans();
    history.adopt(&mut words, &ids).unwrap();
    assert!((0..ids.len()).all(|i| history.motifs(i) == old[i]));
    history.keep_orphans(&mut words).unwrap();
    assert!(!history.gather_orphans(ids.len()));
}

#[test]
fn a_packed_history_is_the_same_elsewhere() {
    fn round_trip<E: Entry + std::fmt::Debug>() {
        let frames = &trajectory()[..3];
        let here = histories::<E>(frames, 1);
        let mut there = History::<E>::default();
        there.grow(frames[0].x.len() + 1);
        for atom in 0..frames[0].x.len() {
            let mut words = vec![0; here.packed_len(atom)];
            here.pack(atom, &mut words);
            there.unpack(atom + 1, &words, 2).unwrap();
            assert_eq!(there.summary(atom + 1), here.summary(atom));
            assert_eq!(there.motifs(atom + 1), here.motifs(atom));
            // Format 1, that of version 0.1.0: number of entries, last motif, last volume, entries.
            let old = [&words[1..4], &words[5..]].concat();
            there.unpack(atom + 1, &old, 1).unwrap();
            assert_eq!(there.summary(atom + 1), here.summary(atom));
        }
    }
    round_trip::<u64>();
    round_trip::<u128>();
}
