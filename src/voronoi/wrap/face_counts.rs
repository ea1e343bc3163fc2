//! Counting the faces of a cell.

use crate::voronoi::motif::{MIN_ORDER, Motif, ORDERS};

/// Numbers of faces of the cell of one atom, as far as they are known.
#[derive(Debug, Clone, Copy, Default)]
pub struct FaceCounts {
    /// `faces[k]` = number of faces with k edges; the last one collects all beyond.
    pub faces: [u16; MOST_EDGES + 1],
    /// Edges beyond `MOST_EDGES` of the faces that have more.
    excess: u16,
    /// A tie was met: the motif may be wrong, and the cell has to be clipped.
    pub degenerate: bool,
}

/// Edges of a face that are told apart.
const MOST_EDGES: usize = MIN_ORDER + ORDERS - 1;

impl FaceCounts {
    #[inline(always)]
    pub fn add_face(&mut self, edges: u8) {
        let edges = usize::from(edges);
        let faces = &mut self.faces[edges.min(MOST_EDGES)];
        *faces = faces.wrapping_add(1);
        if edges > MOST_EDGES {
            self.excess = self.excess.wrapping_add((edges - MOST_EDGES) as u16);
        }
    }

    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.faces == [0; MOST_EDGES + 1]
    }

    /// Whether Euler's formula for a closed cell with simple vertices holds: the sum over faces of 6 - edges is 12.
    #[inline(always)]
    pub fn is_closed(&self) -> bool {
        let open: i32 = self.faces.iter().zip(0..).map(|(&n, k)| i32::from(n) * (6 - k)).sum();
        open - i32::from(self.excess) == 12
    }

    /// The motif, if it is exact.
    pub fn motif(&self) -> Option<Motif> {
        if self.degenerate || self.faces[1] + self.faces[2] > 0 || !self.is_closed() {
            return None;
        }
        let mut motif = Motif { faces: self.faces.iter().sum(), ..Motif::default() };
        for (n, &faces) in motif.n.iter_mut().zip(&self.faces[MIN_ORDER..]) {
            *n = faces.min(255) as u8;
        }
        Some(motif)
    }
}
