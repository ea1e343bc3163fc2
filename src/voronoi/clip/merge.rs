//! Vertices that coincide, and what becomes of the edges and faces between them.

use super::{ConvexCell, Edge, NONE};
use crate::geometry::{difference, dot};
use crate::voronoi::tuning::MERGE;

impl ConvexCell {
    /// Counts the edges of every face after merging the vertices that coincide.
    pub(super) fn count_edges(&mut self) {
        let planes = self.ids.len();
        self.edges.clear();
        self.edges.resize(planes, 0);
        self.some_vertex.clear();
        self.some_vertex.resize(planes, NONE);
        for (v, vertex) in self.vertices.iter().enumerate() {
            for p in vertex.plane {
                self.edges[p as usize] += 1;
                self.some_vertex[p as usize] = v as u32;
            }
        }
        self.list_edges();
        // The diameter is at most twice the reach, so in a generic cell it is not needed.
        if self.has_edge_within(MERGE * 2.0 * self.reach2.sqrt()) {
            self.merge_vertices(MERGE * self.diameter());
            self.simplify();
        }
    }

    /// Takes edges of at most `limit` off the counts of their two faces; faces without edges stay as they are.
    pub(super) fn drop_short_edges(&mut self, limit: f64) {
        for i in 0..self.list.len() {
            let edge = self.list[i];
            if self.length2(&edge) <= limit * limit {
                self.drop_from_faces(&edge);
            }
        }
    }

    fn list_edges(&mut self) {
        self.list.clear();
        for (v, vertex) in self.vertices.iter().enumerate() {
            for k in 0..3 {
                let w = vertex.next[k];
                if v < w as usize {
                    let planes = [vertex.plane[(k + 1) % 3], vertex.plane[(k + 2) % 3]];
                    self.list.push(Edge { ends: [v as u32, w], planes });
                }
            }
        }
    }

    fn has_edge_within(&self, length: f64) -> bool {
        self.list.iter().any(|edge| self.length2(edge) <= length * length)
    }

    /// Unites the ends of all edges of at most `tolerance` and drops the edges inside the clusters. In a convex cell
    /// the vertices near a degenerate point hang together by short edges, so that no other pair needs a look.
    fn merge_vertices(&mut self, tolerance: f64) {
        self.cluster.clear();
        self.cluster.extend(0..self.vertices.len() as u32);
        for edge in &self.list {
            if self.length2(edge) <= tolerance * tolerance {
                let [a, b] = edge.ends.map(|v| root(&self.cluster, v));
                self.cluster[a.max(b) as usize] = a.min(b);
            }
        }
        let mut list = std::mem::take(&mut self.list);
        list.retain_mut(|edge| {
            edge.ends = edge.ends.map(|v| root(&self.cluster, v));
            let is_edge = edge.ends[0] != edge.ends[1];
            if !is_edge {
                self.drop_from_faces(edge);
            }
            is_edge
        });
        self.list = list;
    }

    /// Removes the faces left with two edges, which become one, and the vertices left with two edges, which become one
    /// as well (a plane that grazes an edge of the cell leaves both), until there are none.
    fn simplify(&mut self) {
        let mut changed = true;
        while changed {
            changed = false;
            for p in 0..self.edges.len() as u32 {
                if self.edges[p as usize] == 2 {
                    self.edges[p as usize] = 0;
                    changed |= fuse(&mut self.list, p, |e| &mut e.planes).is_some();
                }
            }
            for v in 0..self.vertices.len() as u32 {
                if self.list.iter().filter(|e| e.ends.contains(&v)).count() == 2 {
                    let fused = fuse(&mut self.list, v, |e| &mut e.ends);
                    if let Some(edge) = fused {
                        self.drop_from_faces(&edge);
                        changed = true;
                    }
                }
            }
        }
    }

    fn drop_from_faces(&mut self, edge: &Edge) {
        for p in edge.planes {
            self.edges[p as usize] = self.edges[p as usize].saturating_sub(1);
        }
    }

    fn length2(&self, edge: &Edge) -> f64 {
        self.distance2(edge.ends[0] as usize, edge.ends[1] as usize)
    }

    fn diameter(&self) -> f64 {
        let n = self.vertices.len();
        let pairs = (0..n).flat_map(|v| (0..v).map(move |w| (v, w)));
        pairs.map(|(v, w)| self.distance2(v, w)).fold(0.0, f64::max).sqrt()
    }

    fn distance2(&self, v: usize, w: usize) -> f64 {
        let d = difference(&self.vertices[v].x, &self.vertices[w].x);
        dot(&d, &d)
    }
}

/// Makes one edge of the two that share `common` among their ends or planes (as `pair` selects); the one that goes.
fn fuse(list: &mut Vec<Edge>, common: u32, pair: impl Fn(&mut Edge) -> &mut [u32; 2]) -> Option<Edge> {
    let mut shares = |edge: &mut Edge| pair(edge).contains(&common);
    let first = list.iter_mut().position(&mut shares)?;
    let second = first + 1 + list[first + 1..].iter_mut().position(&mut shares)?;
    let mut gone = list.swap_remove(second);
    let other = pair(&mut gone).iter().copied().find(|&c| c != common)?;
    for c in pair(&mut list[first]) {
        if *c == common {
            *c = other;
        }
    }
    Some(gone)
}

fn root(cluster: &[u32], mut v: u32) -> u32 {
    while cluster[v as usize] != v {
        v = cluster[v as usize];
    }
    v
}
