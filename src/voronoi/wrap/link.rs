//! The link of an atom: the sphere of triangles that its tetrahedra present to it, while it grows.

use crate::voronoi::grid::Grid;
use crate::voronoi::simd::Planes;
use crate::voronoi::single::Sight;

/// A triangle (atom, p, q) with a tetrahedron on one side only: the next one holds p -> q counter-clockwise as seen
/// from outside the link of the atom.
#[derive(Debug, Clone, Copy, Default)]
pub struct Want {
    /// Slots.
    pub p: u32,
    pub q: u32,
    /// Rank of the fourth atom of the known tetrahedron.
    pub apex: u32,
    /// Centre of its circumsphere.
    pub x: [f64; 3],
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
    pub wants: Wants,
}

impl Link {
    #[inline(always)]
    pub fn begin(&mut self, grid: &Grid, position: usize) {
        // Wants are left over only where a configuration was given up.
        self.wants.clear();
        let [x, y, z, weight] = grid.at[position];
        (self.position, self.x, self.weight) = (position, [x, y, z], weight);
        self.planes.clear();
        self.ranks.clear();
        self.valence.clear();
    }

    #[inline(always)]
    pub fn widen(&mut self, radius: f64, sight: &Sight) {
        self.radius = radius;
        self.final2 = sight.final_distance(radius, self.weight).powi(2);
    }
}

/// Slots whose pairs are looked up in a table, and places for wants in it: the bits of a word.
const TABLE: usize = 64;

/// The open triangles of a link.
#[derive(Debug)]
pub struct Wants {
    places: [Want; TABLE],
    /// Bits of the places in use.
    used: u64,
    /// Place of the open triangle with p -> q, counted from 1, at `TABLE` p + q; 0 if it is not open.
    place_of: [u8; TABLE * TABLE],
    /// Open triangles that found no place.
    more: Vec<Want>,
    /// The last mate that was taken from `more`.
    aside: Want,
}

impl Default for Wants {
    fn default() -> Self {
        let nothing = Want::default();
        Wants { places: [nothing; TABLE], used: 0, place_of: [0; TABLE * TABLE], more: Vec::new(), aside: nothing }
    }
}

impl Wants {
    /// Opens a triangle, or closes it and tells its mate. Which of the two happens is not predictable: no branch.
    #[inline(always)]
    pub fn toggle(&mut self, want: Want) -> (bool, &Want) {
        let Want { p, q, apex, x } = want;
        if p.max(q) as usize >= TABLE || self.used == u64::MAX || !self.more.is_empty() {
            // A copy, so that the original never has to leave the registers.
            return self.toggle_slowly(&Want { p, q, apex, x });
        }
        let (ahead, back) = (entry(p, q), entry(q, p));
        let number = self.place_of[back];
        let closes = number != 0;
        let mate = usize::from(number.wrapping_sub(1)) % TABLE;
        let free = self.used.trailing_ones() as usize % TABLE;
        self.places[free] = Want { p, q, apex, x };
        self.used ^= 1 << if closes { mate } else { free };
        self.place_of[back] = 0;
        self.place_of[ahead] = if closes { 0 } else { free as u8 + 1 };
        (closes, &self.places[mate])
    }

    #[cold]
    #[inline(never)]
    fn toggle_slowly(&mut self, want: &Want) -> (bool, &Want) {
        let is_mate = |w: &Want| w.p == want.q && w.q == want.p;
        let place = (0..TABLE).find(|&place| self.used >> place & 1 == 1 && is_mate(&self.places[place]));
        if let Some(place) = place {
            self.take(place);
            return (true, &self.places[place]);
        }
        let mate = self.more.iter().position(is_mate);
        match mate {
            Some(k) => self.aside = self.more.swap_remove(k),
            None => self.more.push(*want),
        }
        (mate.is_some(), &self.aside)
    }

    /// Places of two open triangles, the same one twice if there is only one.
    #[inline(always)]
    pub fn pair(&mut self) -> Option<[usize; 2]> {
        if self.used == 0 {
            // No table entry: its slots may be beyond the table.
            self.places[0] = self.more.pop()?;
            self.used = 1;
        }
        let first = self.used.trailing_zeros() as usize;
        let second = TABLE - 1 - self.used.leading_zeros() as usize;
        Some([first % TABLE, second % TABLE])
    }

    #[inline(always)]
    pub fn at(&self, place: usize) -> Want {
        self.places[place]
    }

    /// Whether the triangle is still open.
    #[inline(always)]
    pub fn is_open(&self, place: usize, want: &Want) -> bool {
        let Want { p, q, .. } = self.places[place];
        self.used >> place & 1 == 1 && p == want.p && q == want.q
    }

    /// Closes the triangle in a place.
    #[inline(always)]
    pub fn take(&mut self, place: usize) {
        let Want { p, q, .. } = self.places[place];
        self.used ^= 1 << place;
        self.place_of[entry(p, q)] = 0;
    }

    #[inline(always)]
    pub fn clear(&mut self) {
        self.more.clear();
        while self.used != 0 {
            self.take(self.used.trailing_zeros() as usize);
        }
    }
}

/// Where the pair of slots p -> q is in a table.
#[inline(always)]
fn entry(p: u32, q: u32) -> usize {
    p as usize % TABLE * TABLE + q as usize % TABLE
}
