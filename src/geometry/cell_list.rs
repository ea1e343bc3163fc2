//! Atoms sorted into the cells of a box, for searches within a radius.

use super::{SimulationBox, difference, dot};

/// Atoms by cell. Cells are half as wide as the radius, so that those within reach come close to a sphere.
pub struct CellList<'a> {
    cell: &'a SimulationBox,
    radius: f64,
    /// Number of cells along each edge.
    counts: [i64; 3],
    /// How many cells away a neighbour may be.
    reach: [i64; 3],
    /// Fractional coordinates and cell of every atom; of periodic directions within [0, 1).
    fractional: Vec<[f64; 3]>,
    homes: Vec<[i64; 3]>,
    /// First entry of every cell in `atoms`, and the end.
    starts: Vec<u32>,
    atoms: Vec<u32>,
}

impl<'a> CellList<'a> {
    /// Prepares searches within `radius` (distance units) among `positions`, shape (N, 3), in any periodic image.
    #[must_use]
    pub fn new(positions: &[[f64; 3]], cell: &'a SimulationBox, radius: f64) -> Self {
        let mut fractional: Vec<[f64; 3]> = positions.iter().map(|x| cell.fractional(x)).collect();
        let spans = wrap(&mut fractional, cell.periodic);
        let heights = cell.heights();
        // More cells than atoms would only cost memory.
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
        let (starts, atoms) = sort(&homes, counts);
        Self { cell, radius, counts, reach, fractional, homes, starts, atoms }
    }

    /// Calls `visit(j, squared distance)` for every image of every atom within the radius of atom `i`, itself included;
    /// a box may be thinner than the radius.
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
        let d = self.cell.cartesian([b[0] - a[0] + shift[0], b[1] - a[1] + shift[1], b[2] - a[2] + shift[2]]);
        dot(&d, &d)
    }
}

/// Calls `visit(i, j, d)` once for each pair i < j of `positions`, shape (N, 3), whose shortest vector d = x_i - x_j is no
/// longer than `range` (distance units); i ascends, and j for each i.
pub fn for_each_pair(
    positions: &[[f64; 3]],
    cell: &SimulationBox,
    range: f64,
    mut visit: impl FnMut(usize, usize, [f64; 3]),
) {
    /// Rounding of fractional coordinates must not lose a pair at the very range.
    const MARGIN: f64 = 1.0 + 1e-9;
    let cells = CellList::new(positions, cell, range * MARGIN);
    // a range beyond the box would find every atom many times
    let all = (0..3).all(|k| cells.reach[k] >= cells.counts[k]);
    let mut later = Vec::new();
    for i in 0..positions.len() {
        later.clear();
        if all {
            later.extend(i as u32 + 1..positions.len() as u32);
        } else {
            cells.near(i, |j, _| {
                if j as usize > i {
                    later.push(j);
                }
            });
            later.sort_unstable();
            later.dedup();
        }
        for &j in &later {
            let d = cell.minimum_image(difference(&positions[i], &positions[j as usize]));
            if dot(&d, &d) <= range * range {
                visit(i, j as usize, d);
            }
        }
    }
}

/// Indices of the atoms whose nearest image is within `radius` (distance units) of atom `centre`, itself included, ascending.
#[must_use]
pub fn within(positions: &[[f64; 3]], cell: &SimulationBox, centre: usize, radius: f64) -> Vec<u32> {
    let near = |x: &[f64; 3]| {
        let d = cell.minimum_image(difference(x, &positions[centre]));
        dot(&d, &d) <= radius * radius
    };
    (0..positions.len() as u32).filter(|&i| near(&positions[i as usize])).collect()
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

/// Atoms sorted by cell, and where each cell starts.
fn sort(homes: &[[i64; 3]], counts: [i64; 3]) -> (Vec<u32>, Vec<u32>) {
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

    #[test]
    fn pairs_are_those_of_all_atoms() {
        let tilted =
            SimulationBox { origin: [-1.0, 2.0, 0.5], edges: [7.0, 8.0, 9.0, 1.5, -2.0, 3.0], periodic: [true; 3] };
        let points: Vec<[f64; 3]> = (0..60)
            .map(f64::from)
            .map(|t| [(t * 0.37).sin() * 9.0, (t * 0.71).cos() * 9.0, (t * 1.3).sin() * 9.0])
            .collect();
        for periodic in [[true; 3], [true, false, true], [false; 3]] {
            let cell = SimulationBox { periodic, ..tilted };
            // The last is wider than the box.
            for range in [0.5, 2.2, 3.4, 12.0] {
                let mut found = Vec::new();
                for_each_pair(&points, &cell, range, |i, j, _| found.push((i, j)));
                let near = |i: usize, j: usize| cell.distance(&points[i], &points[j]) <= range;
                let all = (0..60).flat_map(|i| (i + 1..60).map(move |j| (i, j)));
                assert_eq!(found, all.filter(|&(i, j)| near(i, j)).collect::<Vec<_>>(), "{periodic:?} {range}");
                let mine: Vec<u32> = (0..60).filter(|&j| j == 7 || near(7, j as usize)).collect();
                assert_eq!(within(&points, &cell, 7, range), mine);
            }
        }
    }
}
