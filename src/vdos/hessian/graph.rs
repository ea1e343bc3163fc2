//! Who is near whom: adjacency of atoms in any periodic box.

use crate::geometry::{CellList, SimulationBox};

/// Adjacency of atoms in rows of ascending columns. Every atom is its own neighbour.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    offsets: Vec<usize>,
    columns: Vec<u32>,
}

impl Graph {
    /// Number of atoms.
    #[must_use]
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there are no atoms.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of pairs (i, j), i = j and both orders of i and j included.
    #[must_use]
    pub fn n_pairs(&self) -> usize {
        self.columns.len()
    }

    /// Neighbours of `i`, itself included, ascending.
    #[must_use]
    pub fn row(&self, i: usize) -> &[u32] {
        &self.columns[self.slots(i)]
    }

    /// Where the neighbours of `i` are in an array over all pairs.
    #[must_use]
    pub fn slots(&self, i: usize) -> std::ops::Range<usize> {
        self.offsets[i]..self.offsets[i + 1]
    }

    /// Second atom of the pair in `slot`.
    #[must_use]
    pub fn column(&self, slot: usize) -> u32 {
        self.columns[slot]
    }

    /// Slot of the pair (i, j).
    #[must_use]
    pub fn slot(&self, i: usize, j: u32) -> Option<usize> {
        self.row(i).binary_search(&j).ok().map(|k| self.offsets[i] + k)
    }

    /// Offsets of the rows (length atoms + 1) and columns.
    #[must_use]
    pub fn into_parts(self) -> (Vec<usize>, Vec<u32>) {
        (self.offsets, self.columns)
    }

    /// Builds the rows one after the other; `fill` appends the neighbours of an atom in any order, repeated or not.
    fn from_rows(n: usize, mut fill: impl FnMut(usize, &mut Vec<u32>)) -> Self {
        let (mut offsets, mut columns) = (vec![0], Vec::new());
        let mut row = Vec::new();
        for i in 0..n {
            row.clear();
            fill(i, &mut row);
            row.sort_unstable();
            row.dedup();
            columns.extend_from_slice(&row);
            offsets.push(columns.len());
        }
        Self { offsets, columns }
    }

    /// The same with more pairs, in both orders.
    #[must_use]
    pub fn with(self, pairs: &[(u32, u32)]) -> Self {
        if pairs.is_empty() {
            return self;
        }
        let mut more = vec![Vec::new(); self.len()];
        for &(i, j) in pairs {
            more[i as usize].push(j);
            more[j as usize].push(i);
        }
        Self::from_rows(self.len(), |i, row| {
            row.extend(self.row(i));
            row.extend(&more[i]);
        })
    }

    /// Pairs with any of their periodic images within `radius` (distance units); a box may be thinner than that.
    #[must_use]
    pub fn within(positions: &[[f64; 3]], cell: &SimulationBox, radius: f64) -> Self {
        let cells = CellList::new(positions, cell, radius);
        Self::from_rows(positions.len(), |i, row| cells.near(i, |j, _| row.push(j)))
    }

    /// Pairs of members that are neighbours or share a neighbour, which need not be a member. Indices of the result
    /// are those in `members` (ascending atoms of `self`).
    #[must_use]
    pub fn two_hops(&self, members: &[u32]) -> Self {
        let rank = ranks(self.len(), members);
        let mut seen = vec![u32::MAX; members.len()];
        Self::from_rows(members.len(), |i, row| {
            for &k in self.row(members[i] as usize) {
                for &j in self.row(k as usize) {
                    let j = rank[j as usize];
                    if j != u32::MAX && seen[j as usize] != i as u32 {
                        seen[j as usize] = i as u32;
                        row.push(j);
                    }
                }
            }
        })
    }

    /// Pairs of members that are neighbours. Indices of the result are those in `members`.
    #[must_use]
    pub fn among(&self, members: &[u32]) -> Self {
        let rank = ranks(self.len(), members);
        Self::from_rows(members.len(), |i, row| {
            let near = self.row(members[i] as usize).iter().map(|&j| rank[j as usize]);
            row.extend(near.filter(|&j| j != u32::MAX));
        })
    }
}

/// Index of every atom in `members`, `u32::MAX` for others.
fn ranks(n: usize, members: &[u32]) -> Vec<u32> {
    let mut rank = vec![u32::MAX; n];
    for (k, &atom) in members.iter().enumerate() {
        rank[atom as usize] = k as u32;
    }
    rank
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRICLINIC: SimulationBox =
        SimulationBox { origin: [-1.0, 2.0, 0.5], edges: [7.0, 8.0, 9.0, 1.5, -2.0, 3.0], periodic: [true; 3] };

    fn points(n: usize) -> Vec<[f64; 3]> {
        (0..n)
            .map(|k| {
                let t = k as f64;
                [(t * 0.37).sin() * 9.0, (t * 0.71).cos() * 9.0, (t * 1.3).sin() * 9.0]
            })
            .collect()
    }

    /// All pairs and 11^3 images.
    fn by_hand(x: &[[f64; 3]], cell: &SimulationBox, radius: f64) -> Graph {
        let [xx, yy, zz, yz, xz, xy] = cell.edges;
        let span = |k: usize| if cell.periodic[k] { -5..=5 } else { 0..=0 };
        Graph::from_rows(x.len(), |i, row| {
            for j in 0..x.len() {
                for (a, b, c) in itertools(span(0), span(1), span(2)) {
                    let (a, b, c) = (f64::from(a), f64::from(b), f64::from(c));
                    let d = [
                        x[j][0] - x[i][0] + a * xx + b * xy + c * xz,
                        x[j][1] - x[i][1] + b * yy + c * yz,
                        x[j][2] - x[i][2] + c * zz,
                    ];
                    if d.iter().map(|v| v * v).sum::<f64>() <= radius * radius {
                        row.push(j as u32);
                    }
                }
            }
        })
    }

    type Span = std::ops::RangeInclusive<i32>;
    fn itertools(a: Span, b: Span, c: Span) -> impl Iterator<Item = (i32, i32, i32)> {
        a.flat_map(move |i| {
            let c = c.clone();
            b.clone().flat_map(move |j| c.clone().map(move |k| (i, j, k)))
        })
    }

    #[test]
    fn neighbours_are_those_of_all_images() {
        let points = points(60);
        for periodic in [[true; 3], [true, false, true], [false; 3]] {
            let cell = SimulationBox { periodic, ..TRICLINIC };
            for radius in [0.5, 2.2, 4.7, 12.0] {
                assert_eq!(Graph::within(&points, &cell, radius), by_hand(&points, &cell, radius), "{radius}");
            }
        }
    }

    #[test]
    fn two_hops_pass_through_atoms_that_are_no_members() {
        let line: Vec<[f64; 3]> = (0..6).map(|k| [f64::from(k), 0.0, 0.0]).collect();
        let open = SimulationBox { origin: [0.0; 3], edges: [9.0, 9.0, 9.0, 0.0, 0.0, 0.0], periodic: [false; 3] };
        let near = Graph::within(&line, &open, 1.1);
        let even = near.two_hops(&[0, 2, 4]);
        assert_eq!([even.row(0), even.row(1), even.row(2)], [&[0, 1][..], &[0, 1, 2], &[1, 2]]);
        assert_eq!(near.among(&[0, 2, 3]).row(1), [1, 2]);
    }
}
