//! The link of an atom (the triangulated sphere formed by the far facets of its tetrahedra) while it is being built.

use crate::voronoi::clipper::KnownRegion;
use crate::voronoi::grid::Grid;
use crate::voronoi::simd::Planes;

/// A triangle (atom, p, q) with a tetrahedron on one side only: the next one holds p -> q counter-clockwise as seen
/// from outside the link of the atom.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenFacet {
    /// Slots.
    pub p: u32,
    pub q: u32,
    /// Rank of the fourth atom of the known tetrahedron.
    pub apex: u32,
    /// Centre of its circumsphere.
    pub x: [f64; 3],
}

/// The current atom, the candidates around it, and the open triangles of its link.
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
    pub open: OpenFacets,
}

impl Link {
    #[inline(always)]
    pub fn begin(&mut self, grid: &Grid, position: usize) {
        // Some are left only where a configuration was given up.
        self.open.clear();
        let [x, y, z, weight] = grid.points[position];
        (self.position, self.x, self.weight) = (position, [x, y, z], weight);
        self.planes.clear();
        self.ranks.clear();
        self.valence.clear();
    }

    #[inline(always)]
    pub fn widen(&mut self, radius: f64, known: &KnownRegion) {
        self.radius = radius;
        self.final2 = known.final_distance(radius, self.weight).powi(2);
    }
}

/// Slots whose pairs are looked up in a table, and entries for open triangles: the bits of a word.
const TABLE: usize = 64;

/// The open triangles of a link.
#[derive(Debug)]
pub struct OpenFacets {
    places: [OpenFacet; TABLE],
    /// Bits of the places in use.
    used: u64,
    /// Place of the open triangle with p -> q, counted from 1, at `TABLE` p + q; 0 if it is not open.
    place_of: [u8; TABLE * TABLE],
    /// Open triangles for which the table has no place.
    overflow: Vec<OpenFacet>,
    /// The last twin that was taken from `overflow`.
    removed: OpenFacet,
}

impl Default for OpenFacets {
    fn default() -> Self {
        let unused = OpenFacet::default();
        OpenFacets {
            places: [unused; TABLE],
            used: 0,
            place_of: [0; TABLE * TABLE],
            overflow: Vec::new(),
            removed: unused,
        }
    }
}

impl OpenFacets {
    /// Inserts an open triangle; if its twin (q -> p) is open, removes that one instead and returns it. Which of the two
    /// happens is not predictable: no branch.
    #[inline(always)]
    pub fn insert_or_cancel(&mut self, facet: OpenFacet) -> (bool, &OpenFacet) {
        let OpenFacet { p, q, apex, x } = facet;
        if p.max(q) as usize >= TABLE || self.used == u64::MAX || !self.overflow.is_empty() {
            // A copy, so that the original never has to leave the registers.
            return self.insert_or_cancel_slow(&OpenFacet { p, q, apex, x });
        }
        let (forward, reverse) = (entry(p, q), entry(q, p));
        let number = self.place_of[reverse];
        let cancels = number != 0;
        let twin = usize::from(number.wrapping_sub(1)) % TABLE;
        let free = self.used.trailing_ones() as usize % TABLE;
        self.places[free] = OpenFacet { p, q, apex, x };
        self.used ^= 1 << if cancels { twin } else { free };
        self.place_of[reverse] = 0;
        self.place_of[forward] = if cancels { 0 } else { free as u8 + 1 };
        (cancels, &self.places[twin])
    }

    #[cold]
    #[inline(never)]
    fn insert_or_cancel_slow(&mut self, facet: &OpenFacet) -> (bool, &OpenFacet) {
        let is_mate = |w: &OpenFacet| w.p == facet.q && w.q == facet.p;
        let place = (0..TABLE).find(|&place| self.used >> place & 1 == 1 && is_mate(&self.places[place]));
        if let Some(place) = place {
            self.remove(place);
            return (true, &self.places[place]);
        }
        let twin = self.overflow.iter().position(is_mate);
        match twin {
            Some(k) => self.removed = self.overflow.swap_remove(k),
            None => self.overflow.push(*facet),
        }
        (twin.is_some(), &self.removed)
    }

    /// Places of two open triangles, the same one twice if there is only one.
    #[inline(always)]
    pub fn pair(&mut self) -> Option<[usize; 2]> {
        if self.used == 0 {
            // No table entry: its slots may be beyond the table.
            self.places[0] = self.overflow.pop()?;
            self.used = 1;
        }
        let first = self.used.trailing_zeros() as usize;
        let second = TABLE - 1 - self.used.leading_zeros() as usize;
        Some([first % TABLE, second % TABLE])
    }

    #[inline(always)]
    pub fn at(&self, place: usize) -> OpenFacet {
        self.places[place]
    }

    /// Whether the triangle is still open.
    #[inline(always)]
    pub fn is_open(&self, place: usize, facet: &OpenFacet) -> bool {
        let OpenFacet { p, q, .. } = self.places[place];
        self.used >> place & 1 == 1 && p == facet.p && q == facet.q
    }

    /// Removes the open triangle in a place.
    #[inline(always)]
    pub fn remove(&mut self, place: usize) {
        let OpenFacet { p, q, .. } = self.places[place];
        self.used ^= 1 << place;
        self.place_of[entry(p, q)] = 0;
    }

    #[inline(always)]
    pub fn clear(&mut self) {
        self.overflow.clear();
        while self.used != 0 {
            self.remove(self.used.trailing_zeros() as usize);
        }
    }
}

/// Where the pair of slots p -> q is in a table.
#[inline(always)]
fn entry(p: u32, q: u32) -> usize {
    p as usize % TABLE * TABLE + q as usize % TABLE
}
