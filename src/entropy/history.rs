//! The motifs that each atom has visited, with counts.

use super::{miller_madow, shannon};
use crate::error::{Error, Result};
use crate::voronoi::{FAVOURED, ICOSAHEDRON, Motif, ORDERS, Tessellation};

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
    last: [u8; 4],
    faces: u16,
}

/// Entries added at a time: keeps the slack of a history to a few words.
const GROWTH: usize = 2;

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
    fn touch(&self) {
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
            self.entries.reserve_exact(GROWTH);
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

/// A thread takes no fewer atoms than this.
const ATOMS_PER_THREAD: usize = 1000;

/// Adds one sample of each of the atoms from `first` on that has a cell, and returns the largest number of motifs of one
/// of them. Histories lie scattered in memory: their beginnings are fetched side by side, not one after the other.
fn record_share<E: Entry>(tessellation: &Tessellation, first: usize, atoms: &mut [AtomHistory<E>]) -> usize {
    const BLOCK: usize = 32;
    let mut most = 0;
    for (block, atoms) in atoms.chunks_mut(BLOCK).enumerate() {
        atoms.iter().for_each(AtomHistory::touch);
        for (i, atom) in (first + BLOCK * block..).zip(atoms) {
            if let Some(cell) = tessellation.cell(i) {
                atom.record(&cell.motif, cell.volume);
            }
            most = most.max(atom.entries.len());
        }
    }
    most
}

/// Words of a packed history before its entries: the number of entries, the last motif, the last volume.
const HEADER: usize = 3;

/// Histories of all atoms of one MPI rank, by local index.
#[derive(Debug, Clone, Default)]
pub struct History<E> {
    atoms: Vec<AtomHistory<E>>,
    /// No atom has more motifs than this.
    most_motifs: usize,
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

    /// Forgets everything about atom `i`.
    pub fn clear(&mut self, i: usize) {
        self.atoms[i] = AtomHistory::default();
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
        let team = tessellation.team();
        let share = n.div_ceil(team.size()).max(ATOMS_PER_THREAD);
        let shares = (0..).step_by(share).zip(owned.chunks_mut(share)).collect();
        let most = team.share(shares, |(first, atoms)| record_share(tessellation, first, atoms));
        self.most_motifs = most.into_iter().max().unwrap_or(0);
        team.disperse();
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
        HEADER + E::WORDS * self.atoms[i].entries.len()
    }

    /// No atom takes more words than this, see [`History::packed_len`].
    #[must_use]
    pub fn largest_packed_len(&self) -> usize {
        HEADER + E::WORDS * self.most_motifs
    }

    /// Writes the history of atom `i` to the front of `words`; the caller has made room for
    /// [`History::packed_len`] words.
    pub fn pack(&self, i: usize, words: &mut [u64]) {
        let atom = &self.atoms[i];
        words[0] = atom.entries.len() as u64;
        words[1] = u64::from(u32::from_be_bytes(atom.last)) << 16 | u64::from(atom.faces);
        words[2] = atom.volume.to_bits();
        for (entry, words) in atom.entries.iter().zip(words[HEADER..].chunks_exact_mut(E::WORDS)) {
            entry.to_words(words);
        }
    }

    /// Reads what [`History::pack`] wrote into atom `i` and returns the number of words read.
    ///
    /// # Errors
    /// `InvalidParameter` if `words` ends before the history does.
    pub fn unpack(&mut self, i: usize, words: &[u64]) -> Result<usize> {
        let truncated = || Error::InvalidParameter("a packed motif history is truncated".into());
        let [n, last, volume, rest @ ..] = words else { return Err(truncated()) };
        let length = usize::try_from(*n).ok().and_then(|n| n.checked_mul(E::WORDS)).ok_or_else(truncated)?;
        let entries = rest.get(..length).ok_or_else(truncated)?;
        self.atoms[i] = AtomHistory {
            entries: entries.chunks_exact(E::WORDS).map(E::from_words).collect(),
            volume: f64::from_bits(*volume),
            last: ((last >> 16) as u32).to_be_bytes(),
            faces: *last as u16,
        };
        self.most_motifs = self.most_motifs.max(self.atoms[i].entries.len());
        Ok(HEADER + length)
    }

    /// Bytes held by the histories.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let entries: usize = self.atoms.iter().map(|atom| atom.entries.capacity()).sum();
        self.atoms.capacity() * size_of::<AtomHistory<E>>() + entries * size_of::<E>()
    }
}
