//! The motifs that each atom has visited, with counts.

use super::{miller_madow, shannon};
use crate::error::{Error, Result};
use crate::hash::checksum;
use crate::voronoi::{FAVOURED, ICOSAHEDRON, Motif, ORDERS, Tessellation};
use std::collections::HashMap;

/// One (motif, count) pair of a history in a single word: the key in the high bits, a 32-bit count in the low ones.
pub trait Entry: Copy + Ord + Default + Send + Sync + 'static {
    /// How many face orders the key keeps, from n3 on.
    const ORDERS: usize;
    /// 64-bit words of one packed entry.
    const WORDS: usize;
    /// A pair with the given count.
    fn new(motif: &Motif, count: u32) -> Self;
    /// Face counts n3, n4, ... of the key.
    fn orders(self) -> [u8; ORDERS];
    /// How often the motif was met.
    fn count(self) -> u32;
    /// Whether two pairs have the same key.
    fn same_key(self, other: Self) -> bool;
    /// The pair with one more count; saturates.
    #[must_use]
    fn counted(self) -> Self;
    /// The pair as 64-bit words.
    fn to_words(self, words: &mut [u64]);
    /// Inverse of [`Entry::to_words`].
    fn from_words(words: &[u64]) -> Self;
}

macro_rules! entry {
    ($word:ty, $orders:expr, $words:expr) => {
        impl Entry for $word {
            const ORDERS: usize = $orders;
            const WORDS: usize = $words;

            fn new(motif: &Motif, count: u32) -> Self {
                let key = motif.n[..$orders].iter().fold(0, |key: $word, &n| key << 8 | <$word>::from(n));
                key << 32 | <$word>::from(count)
            }

            fn orders(self) -> [u8; ORDERS] {
                let mut orders = [0; ORDERS];
                for (k, n) in orders[..$orders].iter_mut().enumerate() {
                    *n = (self >> (32 + 8 * ($orders - 1 - k))) as u8;
                }
                orders
            }

            fn count(self) -> u32 {
                self as u32
            }

            fn same_key(self, other: Self) -> bool {
                self >> 32 == other >> 32
            }

            fn counted(self) -> Self {
                if self.count() == u32::MAX { self } else { self + 1 }
            }

            fn to_words(self, words: &mut [u64]) {
                for (k, word) in words[..$words].iter_mut().enumerate() {
                    *word = (u128::from(self) >> (64 * k)) as u64;
                }
            }

            fn from_words(words: &[u64]) -> Self {
                words[..$words].iter().rev().fold(0u128, |entry, &word| entry << 64 | u128::from(word)) as $word
            }
        }
    };
}

entry!(u64, 4, 1);
entry!(u128, ORDERS, 2);

/// What a user reads of one atom's history.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Summary {
    /// Shannon entropy (nats).
    pub entropy: f64,
    /// Number of distinct motifs.
    pub motifs: usize,
    /// Number of samples.
    pub samples: u64,
    /// n3, n4, n5, n6 of the last sample.
    pub last: [u8; 4],
    /// Faces of the last sample.
    pub faces: u16,
    /// Fraction of samples as a full icosahedron.
    pub icosahedra: f64,
    /// Fraction of samples in favoured motifs.
    pub favoured: f64,
    /// Entropy with the Miller-Madow correction (nats).
    pub corrected: f64,
    /// Volume of the last sample (distance^3), 0 if it was not asked for.
    pub volume: f64,
}

/// The history of one atom. Entries are kept roughly in order of their counts, so that the motif of a sample is
/// found after a few comparisons.
#[derive(Debug, Clone, Default, PartialEq)]
struct AtomHistory<E> {
    entries: Vec<E>,
    volume: f64,
    /// ID that the atom had when it was first seen, 0 before: tells atoms apart when they are given new IDs.
    label: i64,
    last: [u8; 4],
    faces: u16,
}

/// Room for entries at first, and what is added at a time: keeps the slack to a few words, and fills the blocks of glibc's
/// allocator (16 k + 8 bytes).
const FIRST_ENTRIES: usize = 3;
const MORE_ENTRIES: usize = 2;

impl<E: Entry> AtomHistory<E> {
    fn record(&mut self, motif: &Motif, volume: f64) {
        self.volume = volume;
        self.last = motif.index();
        self.faces = motif.faces;
        let new = E::new(motif, 1);
        match self.find(new) {
            Some(k) => self.count(k),
            None => self.push(new),
        }
    }

    /// Index of the entry with the key of `new`. Blocks without early exit become vector comparisons.
    fn find(&self, new: E) -> Option<usize> {
        const BLOCK: usize = 8;
        let hit = |entries: &[E]| entries.iter().fold(false, |hit, e| hit | e.same_key(new));
        let block = self.entries.chunks(BLOCK).position(hit)?;
        let within = self.entries[BLOCK * block..].iter().position(|e| e.same_key(new))?;
        Some(BLOCK * block + within)
    }

    /// Reads the beginning of the history, so that it is in the cache when it is needed.
    fn prefetch(&self) {
        for k in [0, 8, 16] {
            std::hint::black_box(self.entries.get(k).copied());
        }
    }

    fn count(&mut self, k: usize) {
        self.entries[k] = self.entries[k].counted();
        if k > 0 && self.entries[k - 1].count() < self.entries[k].count() {
            self.entries.swap(k - 1, k);
        }
    }

    fn push(&mut self, entry: E) {
        if self.entries.len() == self.entries.capacity() {
            self.entries.reserve_exact(if self.entries.is_empty() { FIRST_ENTRIES } else { MORE_ENTRIES });
        }
        self.entries.push(entry);
    }

    fn samples(&self) -> u64 {
        self.entries.iter().map(|e| u64::from(e.count())).sum()
    }

    fn entropy(&self) -> f64 {
        let mut counts: Vec<u32> = self.entries.iter().map(|e| e.count()).collect();
        shannon(&mut counts)
    }

    fn summary(&self) -> Summary {
        let samples = self.samples();
        let entropy = self.entropy();
        let share = |chosen: &dyn Fn([u8; 4]) -> bool| {
            let index = |e: &E| e.orders()[..4].try_into().unwrap_or_default();
            let hits = self.entries.iter().filter(|e| chosen(index(e))).map(|e| u64::from(e.count())).sum::<u64>();
            if samples == 0 { 0.0 } else { hits as f64 / samples as f64 }
        };
        Summary {
            entropy,
            motifs: self.entries.len(),
            samples,
            last: self.last,
            faces: self.faces,
            icosahedra: share(&|index| index == ICOSAHEDRON),
            favoured: share(&|index| FAVOURED.contains(&index)),
            corrected: miller_madow(entropy, self.entries.len(), samples),
            volume: self.volume,
        }
    }
}

impl<E: Entry> AtomHistory<E> {
    fn packed_len(&self) -> usize {
        HEADER + E::WORDS * self.entries.len()
    }

    fn pack(&self, words: &mut [u64]) {
        words[1] = self.entries.len() as u64;
        words[2] = u64::from(u32::from_be_bytes(self.last)) << 16 | u64::from(self.faces);
        words[3] = self.volume.to_bits();
        words[4] = self.label as u64;
        for (entry, words) in self.entries.iter().zip(words[HEADER..].chunks_exact_mut(E::WORDS)) {
            entry.to_words(words);
        }
        words[0] = checksum(&words[1..]);
    }

    fn unpack(words: &[u64]) -> Result<Self> {
        let [sum, rest @ ..] = words else { return Err(damaged()) };
        let [_, _, _, label, ..] = rest else { return Err(damaged()) };
        if *sum != checksum(rest) {
            return Err(damaged());
        }
        Self::read([rest[0], rest[1], rest[2]], *label as i64, &rest[HEADER - 1..])
    }

    /// Format 1 has neither a check sum nor a label.
    fn unpack_1(words: &[u64]) -> Result<Self> {
        let [n, last, volume, entries @ ..] = words else { return Err(damaged()) };
        Self::read([*n, *last, *volume], 0, entries)
    }

    fn read([n, last, volume]: [u64; 3], label: i64, entries: &[u64]) -> Result<Self> {
        if n.checked_mul(E::WORDS as u64) != Some(entries.len() as u64) {
            return Err(damaged());
        }
        Ok(AtomHistory {
            entries: entries.chunks_exact(E::WORDS).map(E::from_words).collect(),
            volume: f64::from_bits(volume),
            label,
            last: ((last >> 16) as u32).to_be_bytes(),
            faces: last as u16,
        })
    }
}

fn damaged() -> Error {
    Error::InvalidParameter("a motif history is damaged: use another restart file".into())
}

/// Marks orphans that have been adopted.
const ADOPTED: u64 = 1 << 63;

/// Calls `visit` with the number of words and the packed history of each orphan.
fn for_each_orphan(mut words: &mut [u64], mut visit: impl FnMut(&mut u64, &[u64]) -> Result<()>) -> Result<()> {
    while let [size, ..] = words {
        let length =
            usize::try_from(*size & !ADOPTED).ok().filter(|&n| n > 0 && n <= words.len()).ok_or_else(damaged)?;
        let (orphan, rest) = words.split_at_mut(length);
        let [size, packed @ ..] = orphan else { return Err(damaged()) };
        visit(size, packed)?;
        words = rest;
    }
    Ok(())
}

/// A thread takes no fewer atoms than this.
const ATOMS_PER_THREAD: usize = 1000;

/// Adds one sample of each of the atoms from `first` on that has a cell, and returns the largest number of motifs of one
/// of them. Histories lie scattered in memory: their beginnings are fetched side by side, not one after the other.
fn record_part<E: Entry>(tessellation: &Tessellation, first: usize, atoms: &mut [AtomHistory<E>]) -> usize {
    const BLOCK: usize = 32;
    let mut most = 0;
    for (block, atoms) in atoms.chunks_mut(BLOCK).enumerate() {
        atoms.iter().for_each(AtomHistory::prefetch);
        for (i, atom) in (first + BLOCK * block..).zip(atoms) {
            if let Some(cell) = tessellation.cell(i) {
                atom.record(&cell.motif, cell.volume);
            }
            most = most.max(atom.entries.len());
        }
    }
    most
}

/// A history is saturated if its entropy is above this times the logarithm of its samples, the largest possible: nearly
/// every sample was a new motif.
pub const SATURATED: f64 = 0.9;
/// Fewer samples say nothing about saturation.
const MIN_SAMPLES: u64 = 10;

/// Words of a packed history before its entries: check sum of what follows, number of entries, last motif, last volume,
/// label.
const HEADER: usize = 5;
/// Formats of packed histories that can be read: 1 is that of version 0.1.0, the last one is written.
pub const FORMATS: [u32; 2] = [1, 2];

/// Histories of all atoms of one MPI rank, by local index.
#[derive(Debug, Clone, Default)]
pub struct History<E> {
    atoms: Vec<AtomHistory<E>>,
    /// No atom has more motifs than this.
    most_motifs: usize,
    /// Histories of atoms that are no longer there: overwritten since the last sample, or absent from a snapshot.
    orphans: Vec<AtomHistory<E>>,
}

impl<E: Entry> History<E> {
    /// Makes room for `n` atoms; never shrinks.
    pub fn grow(&mut self, n: usize) {
        if n > self.atoms.len() {
            // Doubling, as Vec does it, would cost more than the histories may.
            self.atoms.reserve_exact(n.max(self.atoms.len() * 17 / 16) - self.atoms.len());
            self.atoms.resize_with(n, AtomHistory::default);
        }
    }

    /// Begins the history of a new atom `i`. What the index held becomes an orphan.
    pub fn begin(&mut self, i: usize) {
        self.replace(i, AtomHistory::default());
    }

    /// Forgets atom `i`, which has moved to another rank.
    pub fn leave(&mut self, i: usize) {
        self.atoms[i] = AtomHistory::default();
    }

    fn replace(&mut self, i: usize, history: AtomHistory<E>) {
        let old = std::mem::replace(&mut self.atoms[i], history);
        if !old.entries.is_empty() {
            self.orphans.push(old);
        }
    }

    /// Labels of the first atoms: the ID that each had when it was first seen, which `ids` has for new ones.
    pub fn labels(&mut self, ids: &[i64]) -> Vec<i64> {
        let label = |(atom, id): (&mut AtomHistory<E>, &i64)| {
            if atom.label == 0 {
                atom.label = *id;
            }
            atom.label
        };
        self.atoms.iter_mut().zip(ids).map(label).collect()
    }

    /// Whether any of the first `n` atoms has samples.
    #[must_use]
    pub fn any_of(&self, n: usize) -> bool {
        self.atoms[..n].iter().any(|atom| !atom.entries.is_empty())
    }

    /// Makes orphans of all histories behind the first `n` atoms, and tells whether there are any orphans.
    pub fn gather_orphans(&mut self, n: usize) -> bool {
        for i in n..self.atoms.len() {
            self.replace(i, AtomHistory::default());
        }
        !self.orphans.is_empty()
    }

    /// Forgets all orphans.
    pub fn drop_orphans(&mut self) {
        self.orphans = Vec::new();
    }

    /// Moves all orphans into words: for each its number of words, this one included, and its packed history.
    pub fn take_orphans(&mut self) -> Vec<u64> {
        let mut words = Vec::new();
        for atom in std::mem::take(&mut self.orphans) {
            let start = words.len();
            words.resize(start + 1 + atom.packed_len(), 0);
            words[start] = 1 + atom.packed_len() as u64;
            atom.pack(&mut words[start + 1..]);
        }
        words
    }

    /// Gives orphans ([`History::take_orphans`] of any rank) to those of the first atoms whose ID is their label, and marks
    /// these in `words` by a number of words with the highest bit set. Of several the one with most samples stays.
    ///
    /// # Errors
    /// `InvalidParameter` if `words` are no orphans.
    pub fn adopt(&mut self, words: &mut [u64], ids: &[i64]) -> Result<()> {
        let index: HashMap<i64, usize> = ids.iter().copied().zip(0..).collect();
        for_each_orphan(words, |size, packed| {
            let orphan = AtomHistory::<E>::unpack(packed)?;
            if let Some(&i) = index.get(&orphan.label) {
                if orphan.samples() > self.atoms[i].samples() {
                    self.most_motifs = self.most_motifs.max(orphan.entries.len());
                    self.atoms[i] = orphan;
                }
                *size |= ADOPTED;
            }
            Ok(())
        })
    }

    /// Keeps the orphans in `words` that no rank has adopted.
    ///
    /// # Errors
    /// `InvalidParameter` if `words` are no orphans.
    pub fn keep_orphans(&mut self, words: &mut [u64]) -> Result<()> {
        for_each_orphan(words, |size, packed| {
            if *size & ADOPTED == 0 {
                self.orphans.push(AtomHistory::unpack(packed)?);
            }
            Ok(())
        })
    }

    /// Copies the history of atom `from` to atom `to`.
    pub fn copy(&mut self, from: usize, to: usize) {
        if from != to {
            let history = self.atoms[from].clone();
            self.atoms[to] = history;
        }
    }

    /// Adds one sample of atom `i`; `volume` is the cell's volume, or 0 where it is not known.
    pub fn record(&mut self, i: usize, motif: &Motif, volume: f64) {
        self.atoms[i].record(motif, volume);
        self.most_motifs = self.most_motifs.max(self.atoms[i].entries.len());
    }

    /// Adds one sample of every atom that has a cell, and frees the histories of atoms that are no longer owned.
    pub fn record_all(&mut self, tessellation: &Tessellation) {
        let n = tessellation.n_owned();
        self.grow(n);
        let (owned, gone) = self.atoms.split_at_mut(n);
        for atom in gone.iter_mut().filter(|atom| !atom.entries.is_empty()) {
            *atom = AtomHistory::default();
        }
        let pool = tessellation.pool();
        let share = n.div_ceil(pool.size()).max(ATOMS_PER_THREAD);
        let shares = (0..).step_by(share).zip(owned.chunks_mut(share)).collect();
        let most = pool.run(shares, |(first, atoms)| record_part(tessellation, first, atoms));
        self.most_motifs = most.into_iter().max().unwrap_or(0);
        pool.park();
    }

    /// What a user reads of atom `i`.
    #[must_use]
    pub fn summary(&self, i: usize) -> Summary {
        self.atoms[i].summary()
    }

    /// Shannon entropy of atom `i` (nats).
    #[must_use]
    pub fn entropy(&self, i: usize) -> f64 {
        self.atoms[i].entropy()
    }

    /// The (motif, count) pairs of atom `i`, sorted by motif.
    #[must_use]
    pub fn motifs(&self, i: usize) -> Vec<E> {
        let mut entries = self.atoms[i].entries.clone();
        entries.sort_unstable();
        entries
    }

    /// Number of distinct motifs of atom `i`.
    #[must_use]
    pub fn n_motifs(&self, i: usize) -> usize {
        self.atoms[i].entries.len()
    }

    /// Number of 64-bit words that [`History::pack`] writes for atom `i`.
    #[must_use]
    pub fn packed_len(&self, i: usize) -> usize {
        self.atoms[i].packed_len()
    }

    /// No atom takes more words than this, see [`History::packed_len`].
    #[must_use]
    pub fn largest_packed_len(&self) -> usize {
        HEADER + E::WORDS * self.most_motifs
    }

    /// Writes the history of atom `i` to `words`, which has [`History::packed_len`] words.
    pub fn pack(&self, i: usize, words: &mut [u64]) {
        self.atoms[i].pack(words);
    }

    /// Reads what [`History::pack`] wrote in one of [`FORMATS`] into atom `i`. What the index held becomes an orphan.
    ///
    /// # Errors
    /// `InvalidParameter` if `words` are not exactly one packed history of that format.
    pub fn unpack(&mut self, i: usize, words: &[u64], format: u32) -> Result<()> {
        let atom = if format == 1 { AtomHistory::unpack_1(words) } else { AtomHistory::unpack(words) }?;
        self.most_motifs = self.most_motifs.max(atom.entries.len());
        self.replace(i, atom);
        Ok(())
    }

    /// Whether nearly every sample of atom `i` was a new motif, see [`SATURATED`].
    #[must_use]
    pub fn is_saturated(&self, i: usize) -> bool {
        let samples = self.atoms[i].samples();
        samples >= MIN_SAMPLES && self.atoms[i].entropy() > SATURATED * (samples as f64).ln()
    }

    /// Bytes held by the histories.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let entries: usize = self.atoms.iter().map(|atom| atom.entries.capacity()).sum();
        self.atoms.capacity() * size_of::<AtomHistory<E>>() + entries * size_of::<E>()
    }
}
