//! Gift wrapping: every Delaunay tetrahedron is found once, and motifs are read off its edges.
//!
//! A face of the cell of atom i with k edges is a Delaunay edge (i, u) with k tetrahedra around it. Atoms are taken in
//! the order of the [`Grid`]; a tetrahedron is found at its earliest atom, by walking along a Voronoi edge from a known
//! vertex until the next atom stops it (a "pivot"). It is then handed on: to its second atom the triangle from which the
//! wrapping goes on there, to its third atom the edge to the fourth. When an atom is done, the valence of each edge to a
//! later atom is final. Atoms that a worker does not process (ghosts, atoms of other threads) come last in its order.
//!
//! Floating-point decisions closer than a tolerance far above rounding flag all atoms concerned; their cells are
//! built again by clipping ([`super::single`]), which applies the merge rule for degenerate vertices. Every other motif
//! is exact: its cell and those around it are closed. Where one is not (crystals), all cells are clipped.

mod candidates;
mod link;
mod lists;
mod tally;

use super::grid::Grid;
use super::simd::{Crossing, Kernel, Line, Run};
use super::single::{Sight, Single};
use super::{Plane, dot};
use crate::error::{Error, Result};
use link::{Link, Want};
use lists::Lists;
use std::ops::Range;
use tally::Tally;

/// Voronoi vertices closer than this times the atomic spacing are a tie: above rounding (1e-13) and above the merge
/// tolerance (1e-9 times the diameter of a cell), below the shortest edges of thermal glasses (1e-7).
const TIE: f64 = 1e-7;
/// Planes whose normal makes a smaller angle than this with the plane across a line are too close to parallel with it.
const PARALLEL: f64 = 1e-6;
/// Marks the ranks of atoms and walls whose own cells are completed elsewhere: they come last in the order of work.
const FOREIGN: u32 = 1 << 31;

/// A triangle (atom, p, q) from which an earlier atom has found the tetrahedron with `apex`, and the centre of its
/// circumsphere: as [`Want`], but with ranks.
#[derive(Debug, Clone, Copy)]
struct Handed {
    p: u32,
    q: u32,
    apex: u32,
    x: [f64; 3],
}

/// A walk along a Voronoi edge, from the vertex of an open triangle to where the next plane stops it.
struct Walk {
    want: Want,
    line: Line,
    crossing: Crossing,
    x: [f64; 3],
}

/// Work space of one thread.
#[derive(Debug, Default)]
pub struct Workspace {
    /// One entry an atom of the worker's range, and one more (see [`close`]).
    pub tallies: Vec<Tally>,
    /// Place of each position, then of each wall, in the order of work.
    ranks: Vec<u32>,
    handed: Lists<Handed>,
    edges: Lists<u32>,
    /// Where the candidates of the atoms of one cell are; the cell itself is in `runs[own_run]`.
    runs: Vec<Run>,
    own_run: usize,
    found: Vec<u32>,
    link: Link,
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

impl Worker<'_> {
    /// Finds the tallies of all owned atoms in the range. If ties cannot be sorted out all of them are doubtful.
    #[inline(always)]
    pub fn run<S: Kernel>(&self, work: &mut Workspace, single: &mut Single) -> Result<()> {
        let n = self.range.len();
        if n == 0 {
            return Ok(());
        }
        work.tallies.clear();
        work.tallies.resize(n + 1, Tally::default());
        work.handed.reset(n);
        work.edges.reset(n);
        let ids = self.grid.len() + self.walls.len();
        work.link.slot_of.resize(ids, 0);
        work.ranks.clear();
        work.ranks.extend((0..ids).map(|id| if self.is_foreign(id) { id as u32 | FOREIGN } else { id as u32 }));
        let stencil = self.grid.stencil(self.radius);
        for cell in self.grid.cell_of(self.range.start)..=self.grid.cell_of(self.range.end - 1) {
            if !self.wrap_cell::<S>(cell, &stencil, work, single)? {
                // An unfinished cell leaves gaps in others, which need not show. Crystals come here at once.
                work.tallies.iter_mut().for_each(|tally| tally.doubtful = true);
                break;
            }
        }
        Ok(())
    }

    fn is_foreign(&self, id: usize) -> bool {
        !self.range.contains(&id) || self.grid.ghost[id]
    }

    /// Wraps the owned atoms of one cell of the grid; false if one of them was not finished.
    #[inline(always)]
    fn wrap_cell<S: Kernel>(
        &self,
        cell: usize,
        stencil: &[[isize; 3]],
        work: &mut Workspace,
        single: &mut Single,
    ) -> Result<bool> {
        let Range { start, end } = self.grid.positions(cell);
        let own = start.max(self.range.start)..end.min(self.range.end);
        if own.clone().all(|position| self.grid.ghost[position]) {
            return Ok(true);
        }
        let Workspace { runs, own_run, .. } = work;
        runs.clear();
        self.grid.runs_of_cell(cell, stencil, |run| {
            self.later_runs(run, own.start, runs);
            if (run.start..run.end).contains(&(own.start as u32)) {
                *own_run = runs.len() - 1;
            }
        });
        for position in own.filter(|&position| !self.grid.ghost[position]) {
            work.runs[work.own_run].start = position as u32 + 1;
            work.link.begin(self.grid, position);
            work.link.widen(self.radius, self.sight);
            self.grid.near::<S>(position, self.radius, &work.runs, &mut work.found);
            self.admit_found::<S>(work)?;
            if !self.wrap::<S>(work, single)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Finds the tetrahedra of the atom at work with later ones. False if ties keep its cell from being closed.
    #[inline(always)]
    fn wrap<S: Kernel>(&self, work: &mut Workspace, single: &mut Single) -> Result<bool> {
        let local = work.link.position - self.range.start;
        self.receive(work);
        if work.tallies[local].is_empty() && !self.seed::<S>(work, single)? {
            return Ok(false);
        }
        // Far beyond any cell that does not make the kernel go in circles.
        let mut pivots_left = 4 * work.link.planes.len() + 64;
        while let Some([place, other]) = work.link.wants.pair() {
            let (want, rival) = (work.link.wants.at(place), work.link.wants.at(other));
            let walk = self.walk::<S>(want, &mut work.link);
            let second = self.walk::<S>(rival, &mut work.link);
            let known = work.link.planes.len();
            work.link.wants.take(place);
            if pivots_left == 0 || !self.arrive::<S>(walk, work)? {
                return Ok(false);
            }
            pivots_left -= 1;
            if work.link.wants.is_open(other, &rival) && work.link.planes.len() == known {
                work.link.wants.take(other);
                if !self.arrive::<S>(second, work)? {
                    return Ok(false);
                }
            }
        }
        close(local, self.range.start as u32, work);
        let tally = &work.tallies[local];
        Ok(tally.is_closed() || tally.is_empty())
    }

    /// Takes what earlier atoms have handed to this one.
    #[inline(always)]
    fn receive(&self, work: &mut Workspace) {
        let list = work.link.position - self.range.start;
        while let Some(handed) = work.handed.pop(list) {
            let link = &mut work.link;
            let (p, q) = (self.slot(handed.p, link), self.slot(handed.q, link));
            for slot in [p, q] {
                link.valence[slot as usize] = link.valence[slot as usize].saturating_add(1);
            }
            let x = [0, 1, 2].map(|d| handed.x[d] - link.x[d]);
            self.want(Want { p, q, apex: handed.apex, x }, work);
        }
        while let Some(rank) = work.edges.pop(list) {
            let slot = self.slot(rank, &mut work.link);
            work.link.valence[slot as usize] = work.link.valence[slot as usize].saturating_add(1);
        }
    }

    /// Opens a triangle, or closes it. `want.apex` is a rank, `want.p` and `want.q` are slots.
    #[inline(always)]
    fn want(&self, want: Want, work: &mut Workspace) {
        let (closed, mate) = work.link.wants.toggle(want);
        // One coordinate settles it nearly always.
        if closed & ((want.x[0] - mate.x[0]).abs() <= TIE * self.grid.spacing) {
            let mate = *mate;
            self.doubt_edge(&Want { p: want.p, q: want.q, apex: want.apex, x: want.x }, &mate, work);
        }
    }

    /// Flags all atoms of two neighbouring tetrahedra if their circumspheres have one centre.
    #[cold]
    #[inline(never)]
    fn doubt_edge(&self, want: &Want, mate: &Want, work: &mut Workspace) {
        let edge = [0, 1, 2].map(|d| want.x[d] - mate.x[d]);
        let tie = TIE * self.grid.spacing;
        if dot(&edge, &edge) <= tie * tie {
            let [p, q] = [want.p, want.q].map(|slot| work.link.ranks[slot as usize]);
            self.doubt(&[work.link.position as u32, p, q, want.apex, mate.apex], &mut work.tallies);
        }
    }

    /// Flags atoms whose motif hangs on rounding.
    #[cold]
    #[inline(never)]
    fn doubt(&self, ranks: &[u32], tallies: &mut [Tally]) {
        for &rank in ranks.iter().filter(|&rank| rank & FOREIGN == 0) {
            tallies[rank as usize - self.range.start].doubtful = true;
        }
    }

    /// First tetrahedron of an atom without earlier neighbours, from its clipped cell. False if that cannot be known,
    /// which is an error only where the cell is asked for.
    #[cold]
    #[inline(never)]
    fn seed<S: Kernel>(&self, work: &mut Workspace, single: &mut Single) -> Result<bool> {
        match single.clip::<S>(self.grid, self.walls, self.sight, work.link.position, self.radius) {
            Err(Error::GhostCutoff { .. } | Error::Tessellation(_)) => return Ok(false),
            other => other?,
        }
        let Some((ids, x)) = single.cell().vertex() else { return Ok(true) };
        let mut slots = [0; 3];
        for (slot, id) in slots.iter_mut().zip(ids) {
            *slot = self.slot(work.ranks[id as usize], &mut work.link);
        }
        let [a, b, c] = slots.map(|slot| work.link.planes.c(slot as usize));
        if dot(&cross(&a, &b), &c) < 0.0 {
            slots.swap(0, 1);
        }
        let [p, q, r] = slots;
        let apex = work.link.ranks[r as usize];
        self.want(Want { p: q, q: p, apex, x }, work);
        self.add_tetrahedron([p, q, r], x, work);
        Ok(true)
    }

    /// Walks from the vertex of an open triangle to the next plane.
    #[inline(always)]
    fn walk<S: Kernel>(&self, want: Want, link: &mut Link) -> Walk {
        let on = [want.p as usize, want.q as usize];
        let along = cross(&link.planes.c(on[0]), &link.planes.c(on[1]));
        // At least the length, at most 1.7 times as much; a square root would be waited for.
        let length = along.iter().map(|v| v.abs()).sum::<f64>();
        let line = Line {
            from: want.x,
            along,
            on,
            parallel: PARALLEL * self.grid.spacing * length,
            tie: 2.0 * TIE * self.grid.spacing / length,
        };
        // SAFETY: `S` was chosen for this machine.
        let crossing = unsafe { S::pivot(&mut link.planes, &line) };
        let x = [0, 1, 2].map(|d| want.x[d] + crossing.t * along[d]);
        Walk { want, line, crossing, x }
    }

    /// Adds the tetrahedron at the end of a walk. False if nothing known stops the walk in time.
    #[inline(always)]
    fn arrive<S: Kernel>(&self, mut walk: Walk, work: &mut Workspace) -> Result<bool> {
        while dot(&walk.x, &walk.x) > work.link.final2 && work.link.radius < self.sight.farthest.min(self.grid.margin) {
            let link = &work.link;
            let needed = self.sight.reach(&walk.x, link.weight).min(4.0 * link.radius);
            let radius = (1.3 * link.radius).max(1.001 * needed);
            self.gather::<S>(radius, work)?;
            walk = self.walk::<S>(walk.want, &mut work.link);
        }
        let Walk { want, line, crossing, x } = walk;
        let link = &work.link;
        let settled = dot(&x, &x) <= link.final2 && link.radius <= self.sight.clear;
        let index = self.grid.index[link.position];
        if !settled && self.sight.check(index, &link.x, &x, link.weight).is_err() {
            return Ok(false);
        }
        if crossing.doubtful {
            self.doubt_line(&want, &line, crossing.t, work);
        }
        self.add_tetrahedron([want.p, want.q, crossing.slot as u32], x, work);
        Ok(true)
    }

    /// Flags all atoms of a tie on a line.
    #[cold]
    #[inline(never)]
    fn doubt_line(&self, want: &Want, line: &Line, t: f64, work: &mut Workspace) {
        let link = &work.link;
        let mut ranks = vec![link.position as u32, link.ranks[line.on[0]], link.ranks[line.on[1]], want.apex];
        for slot in (0..link.planes.len()).filter(|slot| !line.on.contains(slot)) {
            let c = link.planes.c(slot);
            let ahead = dot(&c, &line.along);
            let crossing = (link.planes.d(slot) - dot(&c, &line.from)) / ahead;
            if ahead.abs() <= line.parallel || (ahead > 0.0 && crossing <= t + line.tie) {
                ranks.push(link.ranks[slot]);
            }
        }
        self.doubt(&ranks, &mut work.tallies);
    }

    /// Counts a new tetrahedron, opens its triangles (closing those that are known), and hands it on. `slots`: its other
    /// three atoms, counter-clockwise as seen from outside; the triangle of the first two is taken care of already.
    #[inline(always)]
    fn add_tetrahedron(&self, slots: [u32; 3], x: [f64; 3], work: &mut Workspace) {
        let ranks = slots.map(|slot| work.link.ranks[slot as usize]);
        for slot in slots {
            let valence = &mut work.link.valence[slot as usize];
            *valence = valence.saturating_add(1);
        }
        let [p, q, r] = slots;
        self.want(Want { p: r, q, apex: ranks[0], x }, work);
        self.want(Want { p, q: r, apex: ranks[1], x }, work);
        let [a, b, c] = ranks;
        // Rotated so that the earliest comes first, without a branch that could not be predicted.
        let turn = usize::from(b < a && b < c) + 2 * usize::from(c < a && c < b);
        let turned = [a, b, c, a, b];
        let [first, second, third] = [turned[turn], turned[turn + 1], turned[turn + 2]];
        if first & FOREIGN == 0 {
            let start = self.range.start;
            let x = [0, 1, 2].map(|d| x[d] + work.link.x[d]);
            let apex = work.link.position as u32;
            work.handed.push(first as usize - start, Handed { p: second, q: third, apex, x });
            let (early, late) = (second.min(third), second.max(third));
            if early & FOREIGN == 0 {
                work.edges.push(early as usize - start, late);
            }
        }
    }
}

/// The edges from the atom at work to later ones are final: each is a face of both cells. Candidates that turned out to be
/// no neighbours count as faces without edges, of this cell and of a last tally that is nobody's: which they are is not
/// predictable.
#[inline(always)]
fn close(local: usize, start: u32, work: &mut Workspace) {
    let Workspace { tallies, link, .. } = work;
    let nobody = tallies.len() - 1;
    let mut mine = tallies[local];
    for (&rank, &valence) in link.ranks.iter().zip(&link.valence) {
        let theirs = if valence > 0 && rank & FOREIGN == 0 { (rank - start) as usize } else { nobody };
        tallies[theirs].add_face(valence);
        mine.add_face(valence);
    }
    mine.faces[0] = 0;
    tallies[local] = mine;
}

#[inline(always)]
fn cross(a: &[f64; 3], b: &[f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}
