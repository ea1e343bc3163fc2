//! Candidates: the atoms and walls whose planes may end a Voronoi edge of an atom.

use super::{FOREIGN, GiftWrapping, Link, Workspace};
use crate::error::{Error, Result};
use crate::geometry::dot;
use crate::voronoi::simd::{Kernel, Run};

impl GiftWrapping<'_> {
    /// Appends the parts of a run that come later in the order of work than all owned atoms before position `first`.
    #[inline(always)]
    pub(super) fn later_runs(&self, Run { start, end }: Run, first: usize, runs: &mut Vec<Run>) {
        let first = (first as u32).clamp(start, end);
        let mine = (self.range.start as u32).clamp(start, first);
        if start < mine {
            runs.push(Run { start, end: mine });
        }
        if self.grid.any_ghost(mine, first) {
            for position in (mine..first).filter(|&position| self.grid.ghost[position as usize]) {
                match runs.last_mut() {
                    Some(run) if run.end == position => run.end += 1,
                    _ => runs.push(Run { start: position, end: position + 1 }),
                }
            }
        }
        if first < end {
            runs.push(Run { start: first, end });
        }
    }

    /// Widens the search for candidates.
    #[cold]
    #[inline(never)]
    pub(super) fn gather<S: Kernel>(&self, radius: f64, work: &mut Workspace) -> Result<()> {
        work.link.widen(radius, self.known);
        let position = work.link.position;
        let mut runs = Vec::new();
        self.grid.runs(position, radius, |run| self.later_runs(run, position + 1, &mut runs));
        self.grid.within::<S>(position, radius, &runs, &mut work.found);
        let Workspace { found, link, ranks, .. } = work;
        found.retain(|&id| link.ranks.get(link.slot_of[id as usize] as usize) != Some(&ranks[id as usize]));
        self.add_found::<S>(work)
    }

    /// Makes candidates of the atoms in `work.found`, which are none yet, and of the walls within the search radius.
    #[inline(always)]
    pub(super) fn add_found<S: Kernel>(&self, work: &mut Workspace) -> Result<()> {
        let Workspace { found, link, ranks, .. } = work;
        for (slot, &id) in (link.ranks.len()..).zip(&*found) {
            link.slot_of[id as usize] = slot as u32;
        }
        link.ranks.extend(found.iter().map(|&id| ranks[id as usize]));
        link.valence.resize(link.ranks.len(), 0);
        let center = &self.grid.points[link.position];
        // SAFETY: `S` was chosen for this machine; the positions come from the grid.
        if !unsafe { S::bisect(&self.grid.points, center, found, &mut link.planes) } {
            return Err(self.coincident(link.position, found));
        }
        for (k, wall) in self.walls.iter().enumerate() {
            // The search ends at this radius, so nothing may be left out then.
            let last = link.radius >= self.known.max_distance.min(self.grid.margin);
            if last || 2.0 * wall.depth(&link.x) <= link.radius {
                self.slot((self.grid.len() + k) as u32 | FOREIGN, link);
            }
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn coincident(&self, position: usize, found: &[u32]) -> Error {
        let place = |p: usize| &self.grid.points[p][..3];
        let other = found.iter().map(|&id| id as usize).find(|&id| place(id) == place(position));
        let [i, j] = [position, other.unwrap_or(position)].map(|p| self.grid.index[p] as usize);
        Error::CoincidentAtoms(i, j)
    }

    /// Slot of an atom or wall among the candidates, which it joins if need be.
    #[inline(always)]
    pub(super) fn slot(&self, rank: u32, link: &mut Link) -> u32 {
        let slot = link.slot_of[(rank & !FOREIGN) as usize];
        if link.ranks.get(slot as usize) == Some(&rank) { slot } else { self.add_candidate(rank, link) }
    }

    #[cold]
    #[inline(never)]
    fn add_candidate(&self, rank: u32, link: &mut Link) -> u32 {
        let slot = link.ranks.len() as u32;
        let id = (rank & !FOREIGN) as usize;
        if let Some(wall) = id.checked_sub(self.grid.len()).map(|k| &self.walls[k]) {
            let scale = self.grid.spacing;
            link.planes.push(wall.normal.map(|v| v * scale), scale * wall.depth(&link.x));
        } else {
            let at = &self.grid.points[id];
            let c = [0, 1, 2].map(|d| at[d] - link.x[d]);
            link.planes.push(c, 0.5 * (dot(&c, &c) + (link.weight - at[3])));
        }
        link.ranks.push(rank);
        link.valence.push(0);
        link.slot_of[id] = slot;
        slot
    }
}
