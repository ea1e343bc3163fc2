//! Gift wrapping: every Delaunay tetrahedron is found once, and motifs are read off its edges.
//!
//! A face of the cell of atom i with k edges is a Delaunay edge (i, u) with k tetrahedra around it. Atoms are taken in
//! the order of the [`Grid`]; a tetrahedron is found at its earliest atom, by following a Voronoi edge from a known
//! vertex to the first plane that crosses it (a "pivot"). It is then left for later atoms: for its second atom the triangle
//! from which the wrapping goes on there, for its third atom the edge to the fourth. When an atom is done, the valence of
//! each edge to a later atom is final. Atoms that a thread does not process (ghosts, atoms of other threads) come last in
//! its order.
//!
//! Floating-point decisions closer than a tolerance far above rounding flag all atoms concerned; their cells are
//! built again by clipping ([`super::clipper`]), which applies the merge rule for degenerate vertices. Every other motif
//! is exact: its cell and those around it are closed. Where one is not (crystals), all cells are clipped.

mod candidates;
mod face_counts;
mod link;
mod lists;

use super::Plane;
use super::clipper::{CellClipper, KnownRegion};
use super::grid::Grid;
use super::simd::{Crossing, Kernel, Line, Run};
use super::tuning::{PARALLEL, TIE, WIDEN, WIDEN_MOST};
use crate::error::{Error, Result};
use crate::geometry::{cross, difference, dot, sum};
use face_counts::FaceCounts;
use link::{Link, OpenFacet};
use lists::Lists;
use std::ops::Range;

/// Marks the ranks of atoms and walls whose own cells are completed elsewhere: they come last in the order of work.
const FOREIGN: u32 = 1 << 31;

/// A triangle (atom, p, q) that an earlier atom has left for this one, which found the tetrahedron with `apex` behind it,
/// and the centre of its circumsphere: as [`OpenFacet`], but with ranks instead of slots.
#[derive(Debug, Clone, Copy)]
struct PendingFacet {
    p: u32,
    q: u32,
    apex: u32,
    x: [f64; 3],
}

/// A Voronoi edge, followed from the vertex of an open triangle to the first plane that crosses it, at `x`.
struct EdgeTrace {
    facet: OpenFacet,
    line: Line,
    crossing: Crossing,
    x: [f64; 3],
}

/// Work space of one thread.
#[derive(Debug, Default)]
pub struct Workspace {
    /// One entry an atom of the range, and one more (see [`count_faces`]).
    pub face_counts: Vec<FaceCounts>,
    /// Rank of each position, then of each wall: its number in the order of work.
    ranks: Vec<u32>,
    pending: Lists<PendingFacet>,
    edges: Lists<u32>,
    /// Where the candidates of the atoms of one bin are; the bin itself is in `runs[own_run]`.
    runs: Vec<Run>,
    own_run: usize,
    found: Vec<u32>,
    link: Link,
}

/// Gift wrapping of a range of positions.
pub struct GiftWrapping<'a> {
    pub grid: &'a Grid,
    pub walls: &'a [Plane],
    pub known: &'a KnownRegion<'a>,
    pub range: Range<usize>,
    /// Search radius to begin with.
    pub radius: f64,
}

impl GiftWrapping<'_> {
    /// Counts the faces of all owned atoms in the range. If one cell is not closed because of ties, all are marked degenerate.
    #[inline(always)]
    pub fn run<S: Kernel>(&self, work: &mut Workspace, clipper: &mut CellClipper) -> Result<()> {
        let n = self.range.len();
        if n == 0 {
            return Ok(());
        }
        work.face_counts.clear();
        work.face_counts.resize(n + 1, FaceCounts::default());
        work.pending.reset(n);
        work.edges.reset(n);
        let ids = self.grid.len() + self.walls.len();
        work.link.slot_of.resize(ids, 0);
        work.ranks.clear();
        work.ranks.extend((0..ids).map(|id| if self.is_foreign(id) { id as u32 | FOREIGN } else { id as u32 }));
        let stencil = self.grid.stencil(self.radius);
        for bin in self.grid.bin_of(self.range.start)..=self.grid.bin_of(self.range.end - 1) {
            if !self.wrap_bin::<S>(bin, &stencil, work, clipper)? {
                // An unfinished cell leaves gaps in others, which need not show. Crystals come here at once.
                work.face_counts.iter_mut().for_each(|counts| counts.degenerate = true);
                break;
            }
        }
        Ok(())
    }

    fn is_foreign(&self, id: usize) -> bool {
        !self.range.contains(&id) || self.grid.ghost[id]
    }

    /// Wraps the owned atoms of one bin of the grid; false if one of them was not finished.
    #[inline(always)]
    fn wrap_bin<S: Kernel>(
        &self,
        bin: usize,
        stencil: &[[isize; 3]],
        work: &mut Workspace,
        clipper: &mut CellClipper,
    ) -> Result<bool> {
        let Range { start, end } = self.grid.positions(bin);
        let own = start.max(self.range.start)..end.min(self.range.end);
        if own.clone().all(|position| self.grid.ghost[position]) {
            return Ok(true);
        }
        let Workspace { runs, own_run, .. } = work;
        runs.clear();
        self.grid.runs_around_bin(bin, stencil, |run| {
            self.later_runs(run, own.start, runs);
            if (run.start..run.end).contains(&(own.start as u32)) {
                *own_run = runs.len() - 1;
            }
        });
        for position in own.filter(|&position| !self.grid.ghost[position]) {
            work.runs[work.own_run].start = position as u32 + 1;
            work.link.begin(self.grid, position);
            work.link.widen(self.radius, self.known);
            self.grid.within::<S>(position, self.radius, &work.runs, &mut work.found);
            self.add_found::<S>(work)?;
            if !self.wrap::<S>(work, clipper)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Finds the tetrahedra of the current atom with later ones. False if ties keep its cell from being closed.
    #[inline(always)]
    fn wrap<S: Kernel>(&self, work: &mut Workspace, clipper: &mut CellClipper) -> Result<bool> {
        let local = work.link.position - self.range.start;
        self.take_pending(work);
        if work.face_counts[local].is_empty() && !self.seed::<S>(work, clipper)? {
            return Ok(false);
        }
        // More than any cell needs: ties could make the loop endless.
        let mut pivots_left = 4 * work.link.planes.len() + 64;
        while let Some([place, other]) = work.link.open.pair() {
            let (facet, other_facet) = (work.link.open.at(place), work.link.open.at(other));
            // Two at a time, since the processor overlaps them; the second counts if the first leaves it as it is.
            let trace = self.trace_edge::<S>(facet, &mut work.link);
            let second = self.trace_edge::<S>(other_facet, &mut work.link);
            let n_planes = work.link.planes.len();
            work.link.open.remove(place);
            if pivots_left == 0 || !self.accept_vertex::<S>(trace, work)? {
                return Ok(false);
            }
            pivots_left -= 1;
            if work.link.open.is_open(other, &other_facet) && work.link.planes.len() == n_planes {
                work.link.open.remove(other);
                if !self.accept_vertex::<S>(second, work)? {
                    return Ok(false);
                }
            }
        }
        count_faces(local, self.range.start as u32, work);
        let counts = &work.face_counts[local];
        Ok(counts.is_closed() || counts.is_empty())
    }

    /// Takes the triangles and edges that earlier atoms have left for this one.
    #[inline(always)]
    fn take_pending(&self, work: &mut Workspace) {
        let list = work.link.position - self.range.start;
        while let Some(pending) = work.pending.pop(list) {
            let link = &mut work.link;
            let (p, q) = (self.slot(pending.p, link), self.slot(pending.q, link));
            for slot in [p, q] {
                link.valence[slot as usize] = link.valence[slot as usize].saturating_add(1);
            }
            let x = difference(&pending.x, &link.x);
            self.insert_facet(OpenFacet { p, q, apex: pending.apex, x }, work);
        }
        while let Some(rank) = work.edges.pop(list) {
            let slot = self.slot(rank, &mut work.link);
            work.link.valence[slot as usize] = work.link.valence[slot as usize].saturating_add(1);
        }
    }

    /// Inserts an open triangle, or removes its twin if that is open. `facet.apex` is a rank, `facet.p` and `facet.q` are slots.
    #[inline(always)]
    fn insert_facet(&self, facet: OpenFacet, work: &mut Workspace) {
        let (cancelled, twin) = work.link.open.insert_or_cancel(facet);
        // Comparing one coordinate excludes nearly all.
        if cancelled & ((facet.x[0] - twin.x[0]).abs() <= TIE * self.grid.spacing) {
            let twin = *twin;
            self.mark_short_edge(&OpenFacet { p: facet.p, q: facet.q, apex: facet.apex, x: facet.x }, &twin, work);
        }
    }

    /// Marks all atoms of two neighbouring tetrahedra if their circumspheres have the same centre.
    #[cold]
    #[inline(never)]
    fn mark_short_edge(&self, facet: &OpenFacet, twin: &OpenFacet, work: &mut Workspace) {
        let edge = difference(&facet.x, &twin.x);
        let tie = TIE * self.grid.spacing;
        if dot(&edge, &edge) <= tie * tie {
            let [p, q] = [facet.p, facet.q].map(|slot| work.link.ranks[slot as usize]);
            self.mark_degenerate(&[work.link.position as u32, p, q, facet.apex, twin.apex], &mut work.face_counts);
        }
    }

    /// Marks atoms whose motif depends on rounding.
    #[cold]
    #[inline(never)]
    fn mark_degenerate(&self, ranks: &[u32], face_counts: &mut [FaceCounts]) {
        for &rank in ranks.iter().filter(|&rank| rank & FOREIGN == 0) {
            face_counts[rank as usize - self.range.start].degenerate = true;
        }
    }

    /// First tetrahedron of an atom without earlier neighbours, from its clipped cell. False if that cannot be known,
    /// which is an error only where the cell is asked for.
    #[cold]
    #[inline(never)]
    fn seed<S: Kernel>(&self, work: &mut Workspace, clipper: &mut CellClipper) -> Result<bool> {
        match clipper.clip::<S>(self.grid, self.walls, self.known, work.link.position, self.radius) {
            Err(Error::GhostCutoff { .. } | Error::Tessellation(_)) => return Ok(false),
            other => other?,
        }
        let Some((ids, x)) = clipper.cell().vertex() else { return Ok(true) };
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
        self.insert_facet(OpenFacet { p: q, q: p, apex, x }, work);
        self.add_tetrahedron([p, q, r], x, work);
        Ok(true)
    }

    /// Follows a Voronoi edge from the vertex of an open triangle to the first plane that crosses it.
    #[inline(always)]
    fn trace_edge<S: Kernel>(&self, facet: OpenFacet, link: &mut Link) -> EdgeTrace {
        let on = [facet.p as usize, facet.q as usize];
        let along = cross(&link.planes.c(on[0]), &link.planes.c(on[1]));
        // Between 1 and 1.7 times the length; the pivot would have to wait for a square root.
        let length = along.iter().map(|v| v.abs()).sum::<f64>();
        let line = Line {
            from: facet.x,
            along,
            on,
            parallel: PARALLEL * self.grid.spacing * length,
            tie: 2.0 * TIE * self.grid.spacing / length,
        };
        // SAFETY: `S` was chosen for this machine.
        let crossing = unsafe { S::pivot(&mut link.planes, &line) };
        let x = [0, 1, 2].map(|d| facet.x[d] + crossing.t * along[d]);
        EdgeTrace { facet, line, crossing, x }
    }

    /// Adds the tetrahedron of the vertex at the end of an edge. False if no known atom ends the edge within the known region.
    #[inline(always)]
    fn accept_vertex<S: Kernel>(&self, mut trace: EdgeTrace, work: &mut Workspace) -> Result<bool> {
        while dot(&trace.x, &trace.x) > work.link.final2
            && work.link.radius < self.known.max_distance.min(self.grid.margin)
        {
            let link = &work.link;
            let needed = self.known.needed_radius(&trace.x, link.weight).min(WIDEN_MOST * link.radius);
            let radius = (WIDEN * link.radius).max(1.001 * needed);
            self.gather::<S>(radius, work)?;
            trace = self.trace_edge::<S>(trace.facet, &mut work.link);
        }
        let EdgeTrace { facet, line, crossing, x } = trace;
        let link = &work.link;
        let settled = dot(&x, &x) <= link.final2 && link.radius <= self.known.depth;
        let index = self.grid.index[link.position];
        if !settled && self.known.check(index, &link.x, &x, link.weight).is_err() {
            return Ok(false);
        }
        if crossing.degenerate {
            self.mark_tie(&facet, &line, crossing.t, work);
        }
        self.add_tetrahedron([facet.p, facet.q, crossing.slot as u32], x, work);
        Ok(true)
    }

    /// Marks all atoms whose planes cross a line in the same vertex, or run parallel to it.
    #[cold]
    #[inline(never)]
    fn mark_tie(&self, facet: &OpenFacet, line: &Line, t: f64, work: &mut Workspace) {
        let link = &work.link;
        let mut ranks = vec![link.position as u32, link.ranks[line.on[0]], link.ranks[line.on[1]], facet.apex];
        for slot in (0..link.planes.len()).filter(|slot| !line.on.contains(slot)) {
            let c = link.planes.c(slot);
            let ahead = dot(&c, &line.along);
            let crossing = (link.planes.d(slot) - dot(&c, &line.from)) / ahead;
            if ahead.abs() <= line.parallel || (ahead > 0.0 && crossing <= t + line.tie) {
                ranks.push(link.ranks[slot]);
            }
        }
        self.mark_degenerate(&ranks, &mut work.face_counts);
    }

    /// Counts a new tetrahedron, inserts its triangles, and leaves it for its later atoms. `slots`: its other three atoms,
    /// counter-clockwise as seen from outside; the triangle of the first two is not inserted again.
    #[inline(always)]
    fn add_tetrahedron(&self, slots: [u32; 3], x: [f64; 3], work: &mut Workspace) {
        let ranks = slots.map(|slot| work.link.ranks[slot as usize]);
        for slot in slots {
            let valence = &mut work.link.valence[slot as usize];
            *valence = valence.saturating_add(1);
        }
        let [p, q, r] = slots;
        self.insert_facet(OpenFacet { p: r, q, apex: ranks[0], x }, work);
        self.insert_facet(OpenFacet { p, q: r, apex: ranks[1], x }, work);
        let [a, b, c] = ranks;
        // Rotated so that the earliest comes first, without a branch that could not be predicted.
        let turn = usize::from(b < a && b < c) + 2 * usize::from(c < a && c < b);
        let turned = [a, b, c, a, b];
        let [first, second, third] = [turned[turn], turned[turn + 1], turned[turn + 2]];
        if first & FOREIGN == 0 {
            let start = self.range.start;
            let x = sum(&x, &work.link.x);
            let apex = work.link.position as u32;
            work.pending.push(first as usize - start, PendingFacet { p: second, q: third, apex, x });
            let (early, late) = (second.min(third), second.max(third));
            if early & FOREIGN == 0 {
                work.edges.push(early as usize - start, late);
            }
        }
    }
}

/// Counts the edges from the current atom to later ones, which are final: each is a face of both cells. Candidates that
/// turned out to be no neighbours are counted, too, as faces without edges and into a last entry that is not used, as a
/// branch on them could not be predicted.
#[inline(always)]
fn count_faces(local: usize, start: u32, work: &mut Workspace) {
    let Workspace { face_counts, link, .. } = work;
    let discarded = face_counts.len() - 1;
    let mut mine = face_counts[local];
    for (&rank, &valence) in link.ranks.iter().zip(&link.valence) {
        let theirs = if valence > 0 && rank & FOREIGN == 0 { (rank - start) as usize } else { discarded };
        face_counts[theirs].add_face(valence);
        mine.add_face(valence);
    }
    mine.faces[0] = 0;
    face_counts[local] = mine;
}
