//! Gift wrapping: every Delaunay tetrahedron is found once, and motifs are read off its edges.
//!
//! A face of the cell of atom i with k edges is a Delaunay edge (i, u) with k tetrahedra around it. Atoms are taken in
//! the order of the [`Grid`]; a tetrahedron is found at its earliest atom, by walking along a Voronoi edge from a known
//! vertex until the next atom stops it (a "pivot"). It is then handed on: to its second atom the triangle from which the
//! wrapping goes on there, to its third atom the edge to the fourth. When an atom is done, the valence of each edge to a
//! later atom is final. Atoms that a worker does not process (ghosts, atoms of other threads) come last in its order.
//!
//! Floating-point decisions closer than a tolerance far above rounding flag all atoms concerned; their cells, and
//! those that fail Euler's formula, are built again by clipping ([`super::single`]), which applies the merge rule for
//! degenerate vertices. All other motifs are exact.

use super::grid::Grid;
use super::motif::Motif;
use super::simd::{Kernel, Line, Planes};
use super::single::{Sight, Single};
use super::{Plane, dot};
use crate::error::{Error, Result};
use std::ops::Range;

/// Voronoi vertices closer than this times the atomic spacing are a tie: above rounding (1e-13) and above the merge
/// tolerance (1e-9 times the diameter of a cell), below the shortest edges of thermal glasses (1e-7).
const TIE: f64 = 1e-7;
/// Planes whose normal makes a smaller angle than this with the plane across a line are too close to parallel with it.
const PARALLEL: f64 = 1e-6;
/// End of a list.
const NONE: u32 = u32::MAX;

/// What is known of the cell of one atom.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    /// Faces by number of edges.
    pub motif: Motif,
    /// Sum over faces of 6 - edges: 12 for a closed cell with simple vertices.
    euler: i16,
    /// A tie was met: the motif is not to be trusted.
    doubtful: bool,
    /// The atom belongs to a tetrahedron found before its turn.
    touched: bool,
}

impl Tally {
    fn add_face(&mut self, edges: u8) {
        self.motif.add_face(usize::from(edges));
        self.motif.faces += 1;
        self.euler += 6 - i16::from(edges);
    }

    /// Whether the motif is exact.
    pub fn is_exact(&self) -> bool {
        !self.doubtful && self.euler == 12
    }
}

/// A triangle (atom, p, q) with a tetrahedron on one side only: the next one holds p -> q counter-clockwise as seen
/// from outside the link of the atom.
#[derive(Debug, Clone, Copy)]
struct Want {
    p: u32,
    q: u32,
    /// The fourth atom of the known tetrahedron.
    apex: u32,
    /// Centre of its circumsphere.
    x: [f64; 3],
}

/// Singly linked lists in one pool, one list an atom.
#[derive(Debug)]
struct Lists<T> {
    head: Vec<u32>,
    pool: Vec<(T, u32)>,
    free: u32,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Lists { head: Vec::new(), pool: Vec::new(), free: NONE }
    }
}

impl<T: Copy> Lists<T> {
    fn reset(&mut self, n: usize) {
        self.head.clear();
        self.head.resize(n, NONE);
        self.pool.clear();
        self.free = NONE;
    }

    fn push(&mut self, list: usize, item: T) {
        let next = self.head[list];
        if self.free == NONE {
            self.head[list] = self.pool.len() as u32;
            self.pool.push((item, next));
        } else {
            let slot = self.free;
            self.head[list] = slot;
            self.free = std::mem::replace(&mut self.pool[slot as usize], (item, next)).1;
        }
    }

    fn pop(&mut self, list: usize) -> Option<T> {
        let slot = self.head[list];
        if slot == NONE {
            return None;
        }
        let (item, next) = self.pool[slot as usize];
        self.head[list] = next;
        self.pool[slot as usize].1 = self.free;
        self.free = slot;
        Some(item)
    }
}

/// Work space of one thread.
#[derive(Debug, Default)]
pub struct Workspace {
    /// One entry an atom of the worker's range.
    pub tallies: Vec<Tally>,
    handed: Lists<Want>,
    edges: Lists<u32>,
    /// Candidates of the current atom: planes, ids, number of tetrahedra around the edge to each.
    planes: Planes,
    ids: Vec<u32>,
    valence: Vec<u8>,
    slot_of: Vec<u32>,
    found: Vec<u32>,
    wants: Vec<Want>,
}

/// Gift wrapping of a range of positions.
pub struct Worker<'a> {
    pub grid: &'a Grid,
    pub walls: &'a [Plane],
    pub sight: &'a Sight<'a>,
    pub range: Range<usize>,
    /// Search radius to begin with.
    pub radius: f64,
}

/// The atom at work.
#[derive(Clone, Copy)]
struct Center {
    position: usize,
    x: [f64; 3],
    weight: f64,
    /// All candidates within this distance are known.
    radius: f64,
}

impl Worker<'_> {
    /// Finds the tallies of all owned atoms in the range.
    pub fn run<S: Kernel>(&self, work: &mut Workspace, single: &mut Single) -> Result<()> {
        let n = self.range.len();
        work.tallies.clear();
        work.tallies.resize(n, Tally::default());
        work.handed.reset(n);
        work.edges.reset(n);
        work.slot_of.resize(self.grid.len() + self.walls.len(), 0);
        for position in self.range.clone() {
            if !self.grid.ghost[position] {
                self.wrap::<S>(position, work, single)?;
            }
        }
        Ok(())
    }

    /// Whether the tetrahedra of a position (or wall) are completed elsewhere.
    fn is_foreign(&self, id: u32) -> bool {
        let id = id as usize;
        !self.range.contains(&id) || self.grid.ghost[id]
    }

    /// Sort key of the order of work.
    fn order(&self, id: u32) -> u64 {
        u64::from(self.is_foreign(id)) << 32 | u64::from(id)
    }

    fn wrap<S: Kernel>(&self, position: usize, work: &mut Workspace, single: &mut Single) -> Result<()> {
        let [x, y, z, weight] = self.grid.at[position];
        let mut center = Center { position, x: [x, y, z], weight, radius: self.radius };
        work.planes.clear();
        work.ids.clear();
        work.valence.clear();
        work.wants.clear();
        self.gather::<S>(&center, work)?;
        self.receive(&center, work)?;
        if !work.tallies[position - self.range.start].touched {
            self.seed::<S>(&center, work, single)?;
        }
        // Far beyond any cell that does not make the kernel go in circles.
        let mut pivots_left = 16 * work.planes.len() + 256;
        while let Some(want) = work.wants.pop() {
            self.pivot::<S>(&mut center, want, work)?;
            pivots_left -= 1;
            if pivots_left == 0 {
                work.tallies[position - self.range.start].doubtful = true;
                work.wants.clear();
            }
        }
        self.close(position, work);
        Ok(())
    }

    /// Makes candidates of the atoms and walls within `center.radius` that come later in the order of work.
    fn gather<S: Kernel>(&self, center: &Center, work: &mut Workspace) -> Result<()> {
        let Center { position, radius, .. } = *center;
        let mut found = std::mem::take(&mut work.found);
        found.clear();
        self.grid.runs(position, radius, |start, end| {
            if start > position {
                self.grid.near::<S>(position, radius, start, end, &mut found);
                return;
            }
            if end > position + 1 {
                self.grid.near::<S>(position, radius, position + 1, end, &mut found);
            }
            let end = end.min(position);
            let mine = start.max(self.range.start).min(end);
            if start < mine {
                self.grid.near::<S>(position, radius, start, mine, &mut found);
            }
            if self.grid.any_ghost(mine, end) {
                let first = found.len();
                self.grid.near::<S>(position, radius, mine, end, &mut found);
                let mut kept = first;
                for k in first..found.len() {
                    if self.grid.ghost[found[k] as usize] {
                        found[kept] = found[k];
                        kept += 1;
                    }
                }
                found.truncate(kept);
            }
        });
        let mut result = Ok(());
        for &id in &found {
            result = result.and(self.slot(id, center, work).map(|_| ()));
        }
        for (k, wall) in self.walls.iter().enumerate() {
            if 2.0 * wall.depth(&center.x) <= radius {
                self.slot((self.grid.len() + k) as u32, center, work)?;
            }
        }
        work.found = found;
        result
    }

    /// Slot of an atom or wall among the candidates, which it joins if need be.
    #[inline]
    fn slot(&self, id: u32, center: &Center, work: &mut Workspace) -> Result<u32> {
        let slot = work.slot_of[id as usize];
        if work.ids.get(slot as usize) == Some(&id) {
            return Ok(slot);
        }
        let n = self.grid.len();
        let (c, d) = if (id as usize) < n {
            let at = &self.grid.at[id as usize];
            let c = [at[0] - center.x[0], at[1] - center.x[1], at[2] - center.x[2]];
            let c2 = dot(&c, &c);
            if c2 == 0.0 {
                let [i, j] = [center.position, id as usize].map(|p| self.grid.index[p] as usize);
                return Err(Error::CoincidentAtoms(i, j));
            }
            (c, 0.5 * (c2 + center.weight - at[3]))
        } else {
            let wall = &self.walls[id as usize - n];
            let scale = self.grid.spacing;
            (wall.normal.map(|v| v * scale), scale * wall.depth(&center.x))
        };
        let slot = work.ids.len() as u32;
        work.planes.push(c, d);
        work.ids.push(id);
        work.valence.push(0);
        work.slot_of[id as usize] = slot;
        Ok(slot)
    }

    /// Takes what earlier atoms have handed to this one.
    fn receive(&self, center: &Center, work: &mut Workspace) -> Result<()> {
        let list = center.position - self.range.start;
        while let Some(handed) = work.handed.pop(list) {
            let p = self.slot(handed.p, center, work)?;
            let q = self.slot(handed.q, center, work)?;
            work.valence[p as usize] += 1;
            work.valence[q as usize] += 1;
            let x = [0, 1, 2].map(|d| handed.x[d] - center.x[d]);
            self.want(Want { p, q, apex: handed.apex, x }, center, work);
        }
        while let Some(id) = work.edges.pop(list) {
            let slot = self.slot(id, center, work)?;
            work.valence[slot as usize] += 1;
        }
        Ok(())
    }

    /// Adds an open triangle, or closes it with its mate. `want.apex` is an id, `want.p` and `want.q` are slots.
    fn want(&self, want: Want, center: &Center, work: &mut Workspace) {
        let Some(mate) = work.wants.iter().position(|w| w.p == want.q && w.q == want.p) else {
            work.wants.push(want);
            return;
        };
        let mate = work.wants.swap_remove(mate);
        let edge = [0, 1, 2].map(|d| want.x[d] - mate.x[d]);
        let tie = TIE * self.grid.spacing;
        if dot(&edge, &edge) <= tie * tie {
            let corners = [want.p, want.q].map(|slot| work.ids[slot as usize]);
            self.doubt(&[center.position as u32, corners[0], corners[1], want.apex, mate.apex], work);
        }
    }

    /// Flags atoms whose motif hangs on rounding.
    fn doubt(&self, ids: &[u32], work: &mut Workspace) {
        for &id in ids {
            if !self.is_foreign(id) {
                work.tallies[id as usize - self.range.start].doubtful = true;
            }
        }
    }

    /// First tetrahedron of an atom without earlier neighbours, from its clipped cell.
    fn seed<S: Kernel>(&self, center: &Center, work: &mut Workspace, single: &mut Single) -> Result<()> {
        single.clip::<S>(self.grid, self.walls, self.sight, center.position, self.radius)?;
        let Some((ids, x)) = single.cell().vertex() else { return Ok(()) };
        let mut slots = [0; 3];
        for (slot, id) in slots.iter_mut().zip(ids) {
            *slot = self.slot(id, center, work)?;
        }
        let [a, b, c] = slots.map(|slot| work.planes.c(slot as usize));
        if dot(&cross(&a, &b), &c) < 0.0 {
            slots.swap(0, 1);
        }
        let [p, q, r] = slots;
        self.want(Want { p: q, q: p, apex: work.ids[r as usize], x }, center, work);
        self.add_tetrahedron(center, [p, q, r], &x, work);
        Ok(())
    }

    /// Walks from the vertex of an open triangle to the next one.
    fn pivot<S: Kernel>(&self, center: &mut Center, want: Want, work: &mut Workspace) -> Result<()> {
        let on = [want.p as usize, want.q as usize];
        let along = cross(&work.planes.c(on[0]), &work.planes.c(on[1]));
        let length = dot(&along, &along).sqrt();
        let line = Line {
            from: want.x,
            along,
            on,
            parallel: PARALLEL * self.grid.spacing * length,
            tie: TIE * self.grid.spacing / length,
        };
        let (crossing, x) = loop {
            // SAFETY: `S` was chosen for this machine.
            let crossing = unsafe { S::pivot(&mut work.planes, &line) };
            let x = [0, 1, 2].map(|d| want.x[d] + crossing.t * along[d]);
            let reach = if crossing.t.is_finite() { self.sight.reach(&x, center.weight) } else { f64::INFINITY };
            if reach <= center.radius {
                break (crossing, x);
            }
            if center.radius >= self.sight.farthest.min(self.grid.margin) {
                break (crossing, x);
            }
            center.radius = (1.3 * center.radius).max(reach.min(4.0 * center.radius) * 1.001);
            self.gather::<S>(center, work)?;
        };
        self.sight.check(self.grid.index[center.position], &center.x, &x, center.weight)?;
        if crossing.doubtful {
            self.doubt_line(center, &want, &line, crossing.t, work);
        }
        self.add_tetrahedron(center, [want.p, want.q, crossing.slot as u32], &x, work);
        Ok(())
    }

    /// Flags all atoms of a tie on a line.
    #[cold]
    fn doubt_line(&self, center: &Center, want: &Want, line: &Line, t: f64, work: &mut Workspace) {
        let mut ids = vec![center.position as u32, work.ids[line.on[0]], work.ids[line.on[1]], want.apex];
        for slot in (0..work.planes.len()).filter(|slot| !line.on.contains(slot)) {
            let c = work.planes.c(slot);
            let ahead = dot(&c, &line.along);
            let crossing = (work.planes.d(slot) - dot(&c, &line.from)) / ahead;
            if ahead.abs() <= line.parallel || (ahead > 0.0 && crossing <= t + line.tie) {
                ids.push(work.ids[slot]);
            }
        }
        self.doubt(&ids, work);
    }

    /// Counts a new tetrahedron, opens its triangles (closing those that are known), and hands it on. `slots`: its other
    /// three atoms, counter-clockwise as seen from outside; the triangle of the first two is taken care of already.
    fn add_tetrahedron(&self, center: &Center, slots: [u32; 3], x: &[f64; 3], work: &mut Workspace) {
        let ids = slots.map(|slot| work.ids[slot as usize]);
        for slot in slots {
            work.valence[slot as usize] += 1;
        }
        let [p, q, r] = slots;
        self.want(Want { p: r, q, apex: ids[0], x: *x }, center, work);
        self.want(Want { p, q: r, apex: ids[1], x: *x }, center, work);
        let order = ids.map(|id| self.order(id));
        let first = (0..3).min_by_key(|&k| order[k]).unwrap_or(0);
        for id in ids {
            if !self.is_foreign(id) {
                work.tallies[id as usize - self.range.start].touched = true;
            }
        }
        if self.is_foreign(ids[first]) {
            return;
        }
        let (second, third) = ((first + 1) % 3, (first + 2) % 3);
        let absolute = [0, 1, 2].map(|d| x[d] + center.x[d]);
        let handed = Want { p: ids[second], q: ids[third], apex: center.position as u32, x: absolute };
        work.handed.push(ids[first] as usize - self.range.start, handed);
        let (early, late) = if order[second] < order[third] { (second, third) } else { (third, second) };
        if !self.is_foreign(ids[early]) {
            work.edges.push(ids[early] as usize - self.range.start, ids[late]);
        }
    }

    /// The edges from this atom to later ones are final: each is a face of both cells.
    fn close(&self, position: usize, work: &mut Workspace) {
        for (&id, &valence) in work.ids.iter().zip(&work.valence) {
            if valence > 0 {
                work.tallies[position - self.range.start].add_face(valence);
                if !self.is_foreign(id) {
                    work.tallies[id as usize - self.range.start].add_face(valence);
                }
            }
        }
    }
}

fn cross(a: &[f64; 3], b: &[f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}
