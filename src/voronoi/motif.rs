//! The Voronoi motif: how many faces with 3, 4, 5, ... edges a cell has.

/// Smallest face order that is counted.
pub const MIN_ORDER: usize = 3;
/// Number of face orders kept: n3 .. n12, where faces with more than 12 edges count as 12.
pub const ORDERS: usize = 10;

/// Motif of one cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Motif {
    /// `n[k - 3]` = number of faces with k edges; saturates at 255.
    pub n: [u8; ORDERS],
    /// Number of faces (coordination number), after the face thresholds only.
    pub faces: u16,
}

/// Motifs (n3, n4, n5, n6) of Kasper polyhedra and their close kin, which Yang & Wang (2022) do not count as
/// geometrically unfavoured.
pub const FAVOURED: [[u8; 4]; 9] = [
    [0, 4, 4, 0],
    [0, 3, 6, 0],
    [0, 2, 8, 0],
    [0, 2, 8, 1],
    [0, 0, 12, 0],
    [0, 1, 10, 2],
    [0, 0, 12, 2],
    [0, 0, 12, 3],
    [0, 0, 12, 4],
];

/// The full icosahedron <0,0,12,0>.
pub const ICOSAHEDRON: [u8; 4] = [0, 0, 12, 0];

impl Motif {
    /// Counts one face with `edges` edges; faces with fewer than three are no faces.
    pub fn add_face(&mut self, edges: usize) {
        if edges >= MIN_ORDER {
            let slot = (edges - MIN_ORDER).min(ORDERS - 1);
            self.n[slot] = self.n[slot].saturating_add(1);
        }
    }

    /// (n3, n4, n5, n6), the index used in the paper.
    #[must_use]
    pub fn index(&self) -> [u8; 4] {
        [self.n[0], self.n[1], self.n[2], self.n[3]]
    }
}
