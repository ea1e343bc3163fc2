//! One Voronoi (or power) cell, clipped out of a cube by one half-space after another.
//!
//! The cell is kept as a simple polyhedron in its dual form: every vertex knows its three planes, its three neighbouring
//! vertices and its position relative to the atom. A cut removes the vertices beyond the plane and replaces
//! them by a new face, whose vertices lie on the edges that cross the plane. Cells with more than three planes through one vertex
//! (crystals) stay simple: a plane that only touches the cell leaves it alone, and `measure` merges the vertices that
//! coincide.

mod measure;
mod merge;

use super::Plane;
use super::tuning::{ATTEMPTS, SHIFT, TOUCH};
use crate::geometry::dot;
use crate::hash::splitmix64;
pub use measure::Face;

/// Faces that bound the starting cube carry these ids and the five below.
pub const CUBE_ID: u32 = u32::MAX;
/// Planes of the starting cube.
const CUBE_PLANES: usize = 6;
/// No vertex.
const NONE: u32 = u32::MAX;

/// An atom whose bisecting plane may bound the cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbor {
    /// What the caller calls it; ids above `CUBE_ID - 6` are taken.
    pub id: u32,
    /// Position relative to the atom (distance units).
    pub r: [f64; 3],
    /// |r|^2.
    pub d2: f64,
    /// The cell keeps {x : r . x <= offset}: |r|^2/2, in the power diagram plus (`R_atom^2` - `R_neighbor^2`)/2.
    pub offset: f64,
}

/// A vertex of the simple polyhedron.
#[derive(Debug, Clone, Copy)]
struct Vertex {
    /// Position relative to the atom.
    x: [f64; 3],
    /// How far it lies beyond the plane of the current cut, times |normal|.
    excess: f64,
    /// Its planes, counterclockwise seen from outside.
    plane: [u32; 3],
    /// `next[k]` is the vertex at the other end of the edge that does not lie in `plane[k]`.
    next: [u32; 3],
}

impl Vertex {
    /// At which place `value` stands in `list`, one of its planes or neighbours.
    fn find(list: &[u32; 3], value: u32) -> usize {
        if list[0] == value {
            0
        } else if list[1] == value {
            1
        } else {
            2
        }
    }
}

/// A vertex that a cut makes on the edge from the kept vertex `kept` to a removed one.
#[derive(Debug, Clone, Copy)]
struct NewVertex {
    x: [f64; 3],
    plane: [u32; 3],
    kept: u32,
    /// Place of the removed vertex in `next` of the kept one.
    place: u32,
}

/// An edge of the merged polyhedron: two vertices, two planes.
#[derive(Debug, Clone, Copy)]
struct Edge {
    ends: [u32; 2],
    planes: [u32; 2],
}

/// A convex polyhedron around one atom at the origin, and the work space to clip it; reuse it from atom to atom.
#[derive(Debug, Default)]
pub struct ConvexCell {
    vertices: Vec<Vertex>,
    /// Id of every plane that ever cut the cell.
    ids: Vec<u32>,
    reach2: f64,
    attempt: u64,
    consistent: bool,
    removed: Vec<u32>,
    new_vertices: Vec<NewVertex>,
    /// For every plane: the new vertex at which the new face enters it, else `NONE`.
    entry: Vec<u32>,
    /// For every plane: edges of its face that count, and one of its vertices.
    edges: Vec<u32>,
    some_vertex: Vec<u32>,
    /// The edges that are left after merging.
    list: Vec<Edge>,
    /// For every vertex: another one it coincides with, or itself.
    cluster: Vec<u32>,
}

impl ConvexCell {
    /// An empty cell.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Clips the Voronoi cell of an atom at the origin.
    ///
    /// `walls` are relative to the atom (its coordinates are the origin) and come with their ids. `neighbors` must be
    /// sorted by distance; those that cannot matter any more are not looked at. `spread` is `R_max^2 - R_atom^2` with
    /// the largest radius of all atoms, 0 in the plain tessellation.
    ///
    /// Returns the distance within which every atom must be in `neighbors` for the cell to be the true one, or `None`
    /// if rounding defeated every attempt.
    pub fn clip<'a>(
        &mut self,
        half_width: f64,
        walls: &[(u32, Plane)],
        neighbors: &(impl Iterator<Item = &'a Neighbor> + Clone),
        spread: f64,
    ) -> Option<f64> {
        for attempt in 0..ATTEMPTS {
            self.attempt = attempt;
            self.reset(half_width);
            for (id, wall) in walls {
                self.cut(*id, wall.normal, wall.offset);
            }
            let mut needed = security_radius(self.reach2, spread);
            for neighbor in neighbors.clone() {
                if neighbor.d2 > needed * needed {
                    break;
                }
                if self.cut(neighbor.id, neighbor.r, neighbor.offset) {
                    needed = security_radius(self.reach2, spread);
                }
                if self.is_empty() {
                    needed = neighbor.d2.sqrt();
                    break;
                }
            }
            if self.consistent {
                return Some(needed);
            }
        }
        None
    }

    /// Starts with the cube [-h, h]^3. A cube much wider than the cell costs digits: the positions of the vertices are
    /// good to about 1e-16 h.
    pub fn reset(&mut self, half_width: f64) {
        self.vertices.clear();
        for i in 0..8_u32 {
            let side: [u32; 3] = std::array::from_fn(|axis| (i >> axis) & 1);
            let mut vertex = Vertex {
                x: side.map(|s| if s == 1 { half_width } else { -half_width }),
                excess: 0.0,
                plane: [side[0], 2 + side[1], 4 + side[2]],
                next: [i ^ 1, i ^ 2, i ^ 4],
            };
            if i.count_ones() % 2 == 0 {
                vertex.plane.swap(1, 2);
                vertex.next.swap(1, 2);
            }
            self.vertices.push(vertex);
        }
        self.ids.clear();
        self.ids.extend((0..CUBE_PLANES as u32).map(|p| CUBE_ID - p));
        self.entry.clear();
        self.entry.resize(CUBE_PLANES, NONE);
        self.consistent = true;
        self.update_reach();
    }

    /// Keeps {x : normal . x <= offset}; `normal` of any length but 0. For a neighbour at c: normal = c, offset as in
    /// [`Neighbor::offset`]. Returns whether the cell changed; once a cut was inconsistent, no cut changes it.
    pub fn cut(&mut self, id: u32, normal: [f64; 3], offset: f64) -> bool {
        let length = dot(&normal, &normal).sqrt();
        let scale = length * length.min(self.reach2.sqrt());
        let offset = if self.attempt == 0 { offset } else { offset + SHIFT * scale * noise(id, self.attempt) };
        let touch = TOUCH * scale;
        if !self.consistent || !self.find_removed(&normal, offset, touch) {
            return false;
        }
        if self.removed.len() == self.vertices.len() {
            self.vertices.clear();
        } else {
            let plane = self.ids.len() as u32;
            self.ids.push(id);
            self.entry.push(NONE);
            self.cut_edges(plane, touch);
            self.consistent = self.is_one_cycle();
            if !self.consistent {
                return false;
            }
            self.insert_face();
        }
        self.update_reach();
        true
    }

    /// Largest squared distance of a vertex from the atom (distance^2); 0 for an empty cell.
    #[must_use]
    pub fn reach2(&self) -> f64 {
        self.reach2
    }

    /// Whether nothing is left, as can happen in the power diagram.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.vertices.is_empty()
    }

    /// Whether no face of the starting cube is left.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        self.vertices.iter().all(|c| c.plane.iter().all(|&p| p as usize >= CUBE_PLANES))
    }

    /// One of the vertices: the ids of its planes, counterclockwise seen from outside, and its position.
    #[must_use]
    pub fn vertex(&self) -> Option<([u32; 3], [f64; 3])> {
        let vertex = self.vertices.first()?;
        Some((vertex.plane.map(|p| self.ids[p as usize]), vertex.x))
    }

    /// Positions of the vertices relative to the atom.
    pub fn positions(&self) -> impl Iterator<Item = [f64; 3]> {
        self.vertices.iter().map(|vertex| vertex.x)
    }

    /// Lists the vertices beyond the plane; false if there are none.
    fn find_removed(&mut self, normal: &[f64; 3], offset: f64, touch: f64) -> bool {
        // No branch on the sign, which cannot be predicted.
        self.removed.resize(self.vertices.len(), NONE);
        let (mut count, removed) = (0, self.removed.as_mut_slice());
        for (v, vertex) in (0..).zip(&mut self.vertices) {
            vertex.excess = dot(normal, &vertex.x) - offset;
            removed[count] = v;
            count += usize::from(vertex.excess > touch);
        }
        self.removed.truncate(count);
        count > 0
    }

    /// Makes the new vertices, one on every edge from a removed to a kept vertex.
    fn cut_edges(&mut self, plane: u32, touch: f64) {
        self.new_vertices.clear();
        let vertices = self.vertices.as_slice();
        for &v in &self.removed {
            let removed = &vertices[v as usize];
            for k in 0..3 {
                let kept = &vertices[removed.next[k] as usize];
                if kept.excess <= touch {
                    // A kept vertex within the tolerance beyond the plane becomes the new vertex itself.
                    let t = (-kept.excess).max(0.0) / (removed.excess - kept.excess);
                    self.new_vertices.push(NewVertex {
                        x: std::array::from_fn(|a| kept.x[a] + t * (removed.x[a] - kept.x[a])),
                        plane: [plane, removed.plane[(k + 1) % 3], removed.plane[(k + 2) % 3]],
                        kept: removed.next[k],
                        place: Vertex::find(&kept.next, v) as u32,
                    });
                }
            }
        }
    }

    /// Whether the new vertices form one cycle around the new face. If not, rounding has put vertices on the wrong side.
    /// In `entry`, finds the way from each to the next: the plane it leaves by is the one the next enters by.
    fn is_one_cycle(&mut self) -> bool {
        let (new_vertices, entry) = (self.new_vertices.as_slice(), self.entry.as_mut_slice());
        let mut closed = true;
        for (u, new) in (0..).zip(new_vertices) {
            let entry = &mut entry[new.plane[1] as usize];
            closed &= *entry == NONE;
            *entry = u;
        }
        let mut u = 0;
        for step in 1..=new_vertices.len() {
            u = entry[new_vertices[u as usize].plane[2] as usize];
            closed &= u != NONE && (u == 0) == (step == new_vertices.len());
            if !closed {
                entry.fill(NONE);
                break;
            }
        }
        closed
    }

    /// Replaces the removed vertices by the new face.
    fn insert_face(&mut self) {
        let (n, holes) = (self.vertices.len(), self.removed.len());
        let removed = &self.removed;
        let slot = |u: usize| if u < holes { removed[u] } else { (n + u - holes) as u32 };
        let blank = Vertex { x: [0.0; 3], excess: 0.0, plane: [NONE; 3], next: [NONE; 3] };
        self.vertices.resize(n + self.new_vertices.len().saturating_sub(holes), blank);
        let (vertices, entry) = (self.vertices.as_mut_slice(), self.entry.as_mut_slice());
        for (u, new) in self.new_vertices.iter().enumerate() {
            let (here, following) = (slot(u), slot(entry[new.plane[2] as usize] as usize));
            vertices[new.kept as usize].next[new.place as usize] = here;
            vertices[following as usize].next[2] = here;
            let vertex = &mut vertices[here as usize];
            (vertex.x, vertex.plane) = (new.x, new.plane);
            (vertex.next[0], vertex.next[1]) = (new.kept, following);
        }
        for new in &self.new_vertices {
            entry[new.plane[1] as usize] = NONE;
        }
        // More vertices removed than made: the last ones move into the holes.
        for i in (self.new_vertices.len()..holes).rev() {
            let (hole, last) = (self.removed[i] as usize, self.vertices.len() - 1);
            self.vertices.swap_remove(hole);
            if hole < last {
                for next in self.vertices[hole].next {
                    let place = Vertex::find(&self.vertices[next as usize].next, last as u32);
                    self.vertices[next as usize].next[place] = hole as u32;
                }
            }
        }
    }

    fn update_reach(&mut self) {
        let distances = self.vertices.iter().map(|vertex| dot(&vertex.x, &vertex.x));
        self.reach2 = distances.fold(0.0, |a, b| if b > a { b } else { a });
    }
}

/// Distance beyond which no atom can cut a cell whose vertices reach out to sqrt(`reach2`).
fn security_radius(reach2: f64, spread: f64) -> f64 {
    reach2.sqrt() + (reach2 + spread).max(0.0).sqrt()
}

/// A pseudo-random number in [-1, 1).
fn noise(id: u32, attempt: u64) -> f64 {
    splitmix64((attempt << 32) | u64::from(id)) as i64 as f64 / (1_u64 << 63) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voronoi::TessellationOptions;

    /// Points of the simple cubic lattice around the origin for which `keep` holds, by distance.
    fn lattice(keep: impl Fn(i32) -> bool) -> Vec<[f64; 3]> {
        let range = -2..=2;
        let points = range.clone().flat_map(|i| range.clone().flat_map(move |j| (-2..=2).map(move |k| [i, j, k])));
        let mut points: Vec<[f64; 3]> =
            points.filter(|p| *p != [0; 3] && keep(p.iter().sum())).map(|p| p.map(f64::from)).collect();
        points.sort_by(|a, b| dot(a, a).total_cmp(&dot(b, b)));
        points
    }

    #[test]
    fn shifted_planes_leave_no_trace() {
        let options = TessellationOptions { volume: true, ..TessellationOptions::default() };
        let mut cell = ConvexCell::new();
        for attempt in 0..50 {
            for (points, motif, volume) in
                [(lattice(|_| true), [0, 6, 0, 0], 1.0), (lattice(|sum| sum % 2 == 0), [0, 12, 0, 0], 2.0)]
            {
                cell.attempt = attempt;
                cell.reset(5.0);
                for (id, point) in (0..).zip(&points) {
                    cell.cut(id, *point, dot(point, point) / 2.0);
                }
                assert!(cell.consistent, "attempt {attempt}");
                let measured = cell.measure(&options);
                assert_eq!(measured.motif.index(), motif, "attempt {attempt}");
                assert!((measured.volume / volume - 1.0).abs() < 1e-10, "attempt {attempt}: {}", measured.volume);
            }
        }
    }

    #[test]
    fn a_wrong_side_is_noticed() {
        let mut cell = ConvexCell::new();
        cell.reset(1.0);
        // As if rounding had put two opposite vertices of the cube beyond the plane.
        cell.removed = vec![0, 7];
        for v in [0, 7] {
            cell.vertices[v].excess = 1.0;
        }
        cell.entry.push(NONE);
        cell.cut_edges(CUBE_PLANES as u32, 0.0);
        assert!(!cell.is_one_cycle());
        assert!(cell.entry.iter().all(|&u| u == NONE));
    }
}
