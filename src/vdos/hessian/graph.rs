//! Who is near whom: adjacency of atoms in any periodic box.

use crate::fingerprint::SimulationBox;

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

    /// Pairs with any of their periodic images within `radius` (distance units); a box may be thinner than that.
    #[must_use]
    pub fn within(positions: &[[f64; 3]], cell: &SimulationBox, radius: f64) -> Self {
        let grid = Grid::new(positions, cell, radius);
        Self::from_rows(positions.len(), |i, row| grid.near(i, |j, _| row.push(j)))
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

/// Atoms in the cells of a box, for searches within a radius.
pub struct Grid<'a> {
    cell: &'a SimulationBox,
    radius: f64,
    /// Number of cells along each edge.
    counts: [i64; 3],
    /// How many cells away a neighbour may be.
    reach: [i64; 3],
    /// Fractional coordinates and cell of every atom; of periodic directions within [0, 1).
    fractional: Vec<[f64; 3]>,
    homes: Vec<[i64; 3]>,
    starts: Vec<u32>,
    atoms: Vec<u32>,
}

impl<'a> Grid<'a> {
    /// Prepares searches within `radius` (distance units).
    #[must_use]
    pub fn new(positions: &'a [[f64; 3]], cell: &'a SimulationBox, radius: f64) -> Self {
        let mut fractional: Vec<[f64; 3]> = positions.iter().map(|x| fractional(cell, x)).collect();
        let spans = wrap(&mut fractional, cell.periodic);
        let heights = heights(cell);
        // Cells of half the radius; more of them than atoms would only cost memory.
        let most = (positions.len() as f64).cbrt().ceil().max(1.0);
        let mut counts = [1i64; 3];
        let mut reach = [0i64; 3];
        for k in 0..3 {
            let extent = heights[k] * spans[k].1;
            counts[k] = (2.0 * extent / radius).floor().clamp(1.0, most) as i64;
            reach[k] = (radius / (extent / counts[k] as f64).max(f64::MIN_POSITIVE)).ceil().min(1e6) as i64;
            if !cell.periodic[k] {
                reach[k] = reach[k].min(counts[k]);
            }
        }
        let homes: Vec<[i64; 3]> = fractional
            .iter()
            .map(|s| {
                std::array::from_fn(|k| {
                    let u = (s[k] - spans[k].0) / spans[k].1;
                    ((u * counts[k] as f64) as i64).clamp(0, counts[k] - 1)
                })
            })
            .collect();
        let (starts, atoms) = bins(&homes, counts);
        Self { cell, radius, counts, reach, fractional, homes, starts, atoms }
    }

    /// Calls `visit(j, squared distance)` for every image of every atom within the radius of atom `i`, itself included.
    pub fn near(&self, i: usize, mut visit: impl FnMut(u32, f64)) {
        let home = self.homes[i];
        let limit = self.radius * self.radius;
        let [rx, ry, rz] = self.reach;
        for z in -rz..=rz {
            for y in -ry..=ry {
                for x in -rx..=rx {
                    let Some((bin, shift)) = self.image([home[0] + x, home[1] + y, home[2] + z]) else { continue };
                    for &j in &self.atoms[self.starts[bin] as usize..self.starts[bin + 1] as usize] {
                        let d = self.squared_distance(i, j as usize, shift);
                        if d <= limit {
                            visit(j, d);
                        }
                    }
                }
            }
        }
    }

    /// Cell inside the box and the number of box edges between it and the given one.
    fn image(&self, place: [i64; 3]) -> Option<(usize, [f64; 3])> {
        let mut shift = [0.0; 3];
        let mut bin = 0;
        for k in (0..3).rev() {
            let n = self.counts[k];
            let turns = place[k].div_euclid(n);
            if turns != 0 && !self.cell.periodic[k] {
                return None;
            }
            shift[k] = turns as f64;
            bin = bin * n as usize + place[k].rem_euclid(n) as usize;
        }
        Some((bin, shift))
    }

    fn squared_distance(&self, i: usize, j: usize, shift: [f64; 3]) -> f64 {
        let (a, b) = (&self.fractional[i], &self.fractional[j]);
        let [u, v, w] = [b[0] - a[0] + shift[0], b[1] - a[1] + shift[1], b[2] - a[2] + shift[2]];
        let [xx, yy, zz, yz, xz, xy] = self.cell.edges;
        let d = [u * xx + v * xy + w * xz, v * yy + w * yz, w * zz];
        d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
    }
}

fn fractional(cell: &SimulationBox, x: &[f64; 3]) -> [f64; 3] {
    let [xx, yy, zz, yz, xz, xy] = cell.edges;
    let w = (x[2] - cell.origin[2]) / zz;
    let v = (x[1] - cell.origin[1] - yz * w) / yy;
    let u = (x[0] - cell.origin[0] - xz * w - xy * v) / xx;
    [u, v, w]
}

/// Brings periodic coordinates into [0, 1). Returns start and length of what each direction covers.
fn wrap(fractional: &mut [[f64; 3]], periodic: [bool; 3]) -> [(f64, f64); 3] {
    std::array::from_fn(|k| {
        if periodic[k] {
            for s in fractional.iter_mut() {
                s[k] -= s[k].floor();
            }
            return (0.0, 1.0);
        }
        let low = fractional.iter().map(|s| s[k]).fold(f64::INFINITY, f64::min);
        let high = fractional.iter().map(|s| s[k]).fold(f64::NEG_INFINITY, f64::max);
        (low, (high - low).max(f64::EPSILON))
    })
}

/// Distances between opposite faces of the box.
fn heights(cell: &SimulationBox) -> [f64; 3] {
    let [xx, yy, zz, yz, xz, xy] = cell.edges;
    // Rows of the inverse of the edge matrix are normal to the faces.
    let normals = [
        [1.0 / xx, -xy / (xx * yy), (xy * yz - yy * xz) / (xx * yy * zz)],
        [0.0, 1.0 / yy, -yz / (yy * zz)],
        [0.0, 0.0, 1.0 / zz],
    ];
    normals.map(|n| 1.0 / n.iter().map(|v| v * v).sum::<f64>().sqrt())
}

/// Atoms sorted by cell, and where each cell starts.
fn bins(homes: &[[i64; 3]], counts: [i64; 3]) -> (Vec<u32>, Vec<u32>) {
    let index = |c: &[i64; 3]| ((c[2] * counts[1] + c[1]) * counts[0] + c[0]) as usize;
    let mut starts = vec![0u32; (counts[0] * counts[1] * counts[2]) as usize + 1];
    for home in homes {
        starts[index(home) + 1] += 1;
    }
    for k in 1..starts.len() {
        starts[k] += starts[k - 1];
    }
    let mut next = starts.clone();
    let mut atoms = vec![0u32; homes.len()];
    for (i, home) in homes.iter().enumerate() {
        let slot = &mut next[index(home)];
        atoms[*slot as usize] = i as u32;
        *slot += 1;
    }
    (starts, atoms)
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
