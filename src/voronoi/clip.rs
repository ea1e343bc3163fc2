//! One Voronoi (or power) cell, carved out of a cube by one half-space after another.
//!
//! The cell is kept as a simple polyhedron in its dual form: every corner knows its three planes, its three neighbouring
//! corners and its position relative to the atom. A cut drops the corners beyond the plane and closes the wound with a
//! new face, whose corners lie on the edges that were severed. Cells with more than three planes through one corner
//! (crystals) stay simple: a plane that only touches the cell leaves it alone, and `measure` merges the corners that
//! coincide.

mod measure;
mod merge;

use super::{Plane, dot};
pub use measure::Face;
use merge::Edge;

/// Faces that bound the starting cube carry these ids and the five below.
pub const CUBE_ID: u32 = u32::MAX;
/// Planes of the starting cube.
const CUBE_PLANES: usize = 6;
/// A corner is outside a plane if it lies beyond it by more than this, relative to the distance of the neighbour. Far
/// above rounding, far below the tolerance that merges corners.
const TOUCH: f64 = 1e-12;
/// Relative size of the random shift of every plane when an inconsistent cell is carved anew.
const SHIFT: f64 = 1e-11;
/// How often a cell is carved before it is given up.
const ATTEMPTS: u64 = 16;
/// No corner.
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

/// A corner of the simple polyhedron.
#[derive(Debug, Clone, Copy)]
struct Corner {
    /// Its planes, counterclockwise seen from outside.
    plane: [u32; 3],
    /// `next[k]` is the corner at the other end of the edge that does not lie in `plane[k]`.
    next: [u32; 3],
}

impl Corner {
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

/// A corner that a cut makes on the edge from the kept corner `corner.next[0]` to a removed one; `corner.next[2]`
/// numbers the new corner before it on the new face.
#[derive(Debug, Clone, Copy)]
struct Fresh {
    corner: Corner,
    x: [f64; 3],
    /// Place of the removed corner in `next` of the kept one.
    place: usize,
}

/// A convex polyhedron around one atom at the origin, and the work space to carve it; reuse it from atom to atom.
#[derive(Debug, Default)]
pub struct ConvexCell {
    x: Vec<f64>,
    y: Vec<f64>,
    z: Vec<f64>,
    corners: Vec<Corner>,
    /// Id of every plane that ever cut the cell.
    ids: Vec<u32>,
    reach2: f64,
    attempt: u64,
    consistent: bool,
    /// For every corner: how far it lies beyond the plane of the current cut, times |normal|.
    excess: Vec<f64>,
    removed: Vec<u32>,
    fresh: Vec<Fresh>,
    /// For every plane: the new corner at which the new face enters it, else `NONE`.
    entry: Vec<u32>,
    /// For every plane: edges of its face that count, and one of its corners.
    edges: Vec<u32>,
    some_corner: Vec<u32>,
    /// The edges that are left after merging.
    list: Vec<Edge>,
    /// For every corner: another one it coincides with, or itself.
    cluster: Vec<u32>,
}

impl ConvexCell {
    /// An empty cell.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Carves the Voronoi cell of an atom at the origin.
    ///
    /// `walls` are relative to the atom (its coordinates are the origin) and come with their ids. `neighbors` must be
    /// sorted by distance; those that cannot matter any more are not looked at. `spread` is `R_max^2 - R_atom^2` with
    /// the largest radius of all atoms, 0 in the plain tessellation.
    ///
    /// Returns the distance within which every atom must be in `neighbors` for the cell to be the true one, or `None`
    /// if rounding defeated every attempt.
    pub fn carve<'a>(
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

    /// Starts with the cube [-h, h]^3. A cube much wider than the cell costs digits: the positions of the corners are
    /// good to about 1e-16 h.
    pub fn reset(&mut self, half_width: f64) {
        self.x.clear();
        self.y.clear();
        self.z.clear();
        self.corners.clear();
        for i in 0..8_u32 {
            let side = |axis: u32| (i >> axis) & 1;
            let position = |axis| if side(axis) == 1 { half_width } else { -half_width };
            self.x.push(position(0));
            self.y.push(position(1));
            self.z.push(position(2));
            let mut corner = Corner { plane: [side(0), 2 + side(1), 4 + side(2)], next: [i ^ 1, i ^ 2, i ^ 4] };
            if i.count_ones() % 2 == 0 {
                corner.plane.swap(1, 2);
                corner.next.swap(1, 2);
            }
            self.corners.push(corner);
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
        if !self.consistent || self.measure_excess(&normal, offset) <= touch {
            return false;
        }
        self.removed.clear();
        self.removed.extend((0..self.corners.len() as u32).filter(|&v| self.excess[v as usize] > touch));
        if self.removed.len() == self.corners.len() {
            self.corners.clear();
            self.truncate(0);
        } else {
            let plane = self.ids.len() as u32;
            self.ids.push(id);
            self.entry.push(NONE);
            self.sever(plane, touch);
            self.consistent = self.link();
            if !self.consistent {
                return false;
            }
            self.heal();
        }
        self.update_reach();
        true
    }

    /// Largest squared distance of a corner from the atom (distance^2); 0 for an empty cell.
    #[must_use]
    pub fn reach2(&self) -> f64 {
        self.reach2
    }

    /// Whether nothing is left, as can happen in the power diagram.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.corners.is_empty()
    }

    /// Whether no face of the starting cube is left.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        self.corners.iter().all(|c| c.plane.iter().all(|&p| p as usize >= CUBE_PLANES))
    }

    /// One of the corners: the ids of its planes, counterclockwise seen from outside, and its position.
    #[must_use]
    pub fn vertex(&self) -> Option<([u32; 3], [f64; 3])> {
        let corner = self.corners.first()?;
        Some((corner.plane.map(|p| self.ids[p as usize]), self.position(0)))
    }

    /// Positions of the corners relative to the atom.
    pub fn positions(&self) -> impl Iterator<Item = [f64; 3]> {
        (0..self.corners.len()).map(|v| self.position(v))
    }

    /// Fills `excess` for every corner and returns the largest.
    fn measure_excess(&mut self, normal: &[f64; 3], offset: f64) -> f64 {
        let mut largest = f64::NEG_INFINITY;
        self.excess.clear();
        self.excess.extend(self.x.iter().zip(&self.y).zip(&self.z).map(|((x, y), z)| {
            let excess = normal[0] * x + normal[1] * y + normal[2] * z - offset;
            if excess > largest {
                largest = excess;
            }
            excess
        }));
        largest
    }

    /// Makes the new corners, one on every edge from a removed to a kept corner.
    fn sever(&mut self, plane: u32, touch: f64) {
        self.fresh.clear();
        for &v in &self.removed {
            let corner = self.corners[v as usize];
            for k in 0..3 {
                let w = corner.next[k];
                let inside = self.excess[w as usize];
                if inside <= touch {
                    // A kept corner within the tolerance beyond the plane becomes the new corner itself.
                    let t = (-inside).max(0.0) / (self.excess[v as usize] - inside);
                    let (from, to) = (self.position(w as usize), self.position(v as usize));
                    let x = std::array::from_fn(|a| from[a] + t * (to[a] - from[a]));
                    let plane = [plane, corner.plane[(k + 1) % 3], corner.plane[(k + 2) % 3]];
                    let place = Corner::find(&self.corners[w as usize].next, v);
                    self.fresh.push(Fresh { corner: Corner { plane, next: [w, NONE, NONE] }, x, place });
                }
            }
        }
    }

    /// Joins the new corners to one cycle around the new face; false if they do not form one, which means that
    /// rounding has put corners on the wrong side.
    fn link(&mut self) -> bool {
        let mut single = true;
        for (u, fresh) in self.fresh.iter().enumerate() {
            let entry = &mut self.entry[fresh.corner.plane[1] as usize];
            single &= *entry == NONE;
            *entry = u as u32;
        }
        let mut u = 0;
        for step in 1..=self.fresh.len() {
            let following = self.entry[self.fresh[u].corner.plane[2] as usize];
            single &= following != NONE && (following == 0) == (step == self.fresh.len());
            if !single {
                break;
            }
            self.fresh[following as usize].corner.next[2] = u as u32;
            u = following as usize;
        }
        for fresh in &self.fresh {
            self.entry[fresh.corner.plane[1] as usize] = NONE;
        }
        single
    }

    /// Puts the new corners in the place of the removed ones.
    fn heal(&mut self) {
        let (n, holes) = (self.corners.len(), self.removed.len());
        let removed = &self.removed;
        let slot = |u: usize| if u < holes { removed[u] as usize } else { n + u - holes };
        let total = n + self.fresh.len().saturating_sub(holes);
        self.corners.resize(total, Corner { plane: [NONE; 3], next: [NONE; 3] });
        self.x.resize(total, 0.0);
        self.y.resize(total, 0.0);
        self.z.resize(total, 0.0);
        for (u, fresh) in self.fresh.iter().enumerate() {
            let [kept, _, previous] = fresh.corner.next;
            let (here, before) = (slot(u), slot(previous as usize));
            self.corners[kept as usize].next[fresh.place] = here as u32;
            self.corners[here].plane = fresh.corner.plane;
            self.corners[here].next[0] = kept;
            self.corners[here].next[2] = before as u32;
            self.corners[before].next[1] = here as u32;
            [self.x[here], self.y[here], self.z[here]] = fresh.x;
        }
        // More corners removed than made: the last ones move into the holes.
        for i in (self.fresh.len()..self.removed.len()).rev() {
            let (hole, last) = (self.removed[i] as usize, self.corners.len() - 1);
            let moved = self.corners[last];
            if hole < last {
                self.corners[hole] = moved;
                [self.x[hole], self.y[hole], self.z[hole]] = self.position(last);
                for next in moved.next {
                    let place = Corner::find(&self.corners[next as usize].next, last as u32);
                    self.corners[next as usize].next[place] = hole as u32;
                }
            }
            self.corners.pop();
            self.truncate(last);
        }
    }

    fn position(&self, v: usize) -> [f64; 3] {
        [self.x[v], self.y[v], self.z[v]]
    }

    fn truncate(&mut self, n: usize) {
        self.x.truncate(n);
        self.y.truncate(n);
        self.z.truncate(n);
    }

    fn update_reach(&mut self) {
        self.reach2 = 0.0;
        for ((x, y), z) in self.x.iter().zip(&self.y).zip(&self.z) {
            let d2 = x * x + y * y + z * z;
            if d2 > self.reach2 {
                self.reach2 = d2;
            }
        }
    }
}

/// Distance beyond which no atom can cut a cell whose corners reach out to sqrt(`reach2`).
fn security_radius(reach2: f64, spread: f64) -> f64 {
    reach2.sqrt() + (reach2 + spread).max(0.0).sqrt()
}

/// A number in [-1, 1) that looks random (splitmix64).
fn noise(id: u32, attempt: u64) -> f64 {
    let mut h = ((attempt << 32) | u64::from(id)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    h = (h ^ (h >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    h = (h ^ (h >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (h ^ (h >> 31)) as i64 as f64 / (1_u64 << 63) as f64
}
