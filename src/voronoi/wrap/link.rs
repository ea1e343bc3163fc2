//! The link of an atom: the sphere of triangles that its tetrahedra present to it, while it grows.

use crate::voronoi::grid::Grid;
use crate::voronoi::simd::Planes;
use crate::voronoi::single::Sight;

/// A triangle (atom, p, q) with a tetrahedron on one side only: the next one holds p -> q counter-clockwise as seen
/// from outside the link of the atom.
#[derive(Debug, Clone, Copy)]
pub struct Want {
    /// Slots.
    pub p: u32,
    pub q: u32,
    /// Rank of the fourth atom of the known tetrahedron.
    pub apex: u32,
    /// Where the centre of its circumsphere is in `Link::centers`.
    pub center: u32,
}

/// The atom at work, the candidates around it, and the open triangles of its link.
#[derive(Debug, Default)]
pub struct Link {
    pub position: usize,
    pub x: [f64; 3],
    pub weight: f64,
    /// All candidates within this distance are known.
    pub radius: f64,
    /// A vertex of the cell is final if its squared distance is at most this.
    pub final2: f64,
    pub planes: Planes,
    pub ranks: Vec<u32>,
    /// Number of tetrahedra around the edge to each candidate.
    pub valence: Vec<u8>,
    /// Slot of each candidate, by position or wall; stale entries are told by `ranks`.
    pub slot_of: Vec<u32>,
    wants: Vec<Want>,
    open: Open,
    /// Centres of the circumspheres of the tetrahedra met so far.
    pub centers: Vec<[f64; 3]>,
}

/// Slots whose pairs are looked up in a table, not by a search.
const TABLE: usize = 64;

/// Where among the wants the triangle with p -> q is, counted from 1; 0 if it is not open. One entry a pair of slots.
#[derive(Debug)]
pub struct Open([u8; TABLE * TABLE]);

impl Default for Open {
    fn default() -> Self {
        Open([0; TABLE * TABLE])
    }
}

impl Open {
    /// The entry of a pair of slots, if both are in the table.
    #[inline(always)]
    pub fn entry(&mut self, p: u32, q: u32) -> Option<&mut u8> {
        let (p, q) = (p as usize, q as usize);
        if p.max(q) < TABLE { Some(&mut self.0[TABLE * p + q]) } else { None }
    }
}

impl Link {
    #[inline(always)]
    pub fn begin(&mut self, grid: &Grid, position: usize) {
        // Wants are left over only where a configuration was given up.
        while self.pop().is_some() {}
        let [x, y, z, weight] = grid.at[position];
        (self.position, self.x, self.weight) = (position, [x, y, z], weight);
        self.centers.clear();
        self.planes.clear();
        self.ranks.clear();
        self.valence.clear();
    }

    #[inline(always)]
    pub fn widen(&mut self, radius: f64, sight: &Sight) {
        self.radius = radius;
        self.final2 = sight.final_distance(radius, self.weight).powi(2);
    }

    /// Keeps a centre of a circumsphere and returns its number.
    #[inline(always)]
    pub fn center(&mut self, x: [f64; 3]) -> u32 {
        self.centers.push(x);
        self.centers.len() as u32 - 1
    }

    /// Opens a triangle, or closes it with its mate, which is returned.
    #[inline(always)]
    pub fn want(&mut self, want: Want) -> Option<Want> {
        let mate = match self.open.entry(want.q, want.p) {
            Some(&mut number) if self.wants.len() < TABLE => usize::from(number).checked_sub(1),
            _ => self.wants.iter().position(|w| w.p == want.q && w.q == want.p),
        };
        if mate.is_none() {
            self.wants.push(want);
            self.number(self.wants.len() - 1);
        }
        mate.map(|mate| self.close(mate))
    }

    /// Takes a want away; the last one moves into its place.
    #[inline(always)]
    pub fn close(&mut self, k: usize) -> Want {
        let want = self.wants.swap_remove(k);
        if let Some(number) = self.open.entry(want.p, want.q) {
            *number = 0;
        }
        if k < self.wants.len() {
            self.number(k);
        }
        want
    }

    #[inline(always)]
    pub fn number(&mut self, k: usize) {
        let Want { p, q, .. } = self.wants[k];
        if let Some(number) = self.open.entry(p, q) {
            *number = (k as u8).wrapping_add(1);
        }
    }

    #[inline(always)]
    pub fn pop(&mut self) -> Option<Want> {
        self.wants.len().checked_sub(1).map(|last| self.close(last))
    }
}
