//! What a finished cell looks like: faces, edges, areas, volume.

use super::{ConvexCell, NONE, Vertex};
use crate::geometry::{cross, difference, dot, norm, sum};
use crate::voronoi::MIN_ORDER;
use crate::voronoi::tessellation::{Cell, TessellationOptions};

/// A face of the cell, as [`ConvexCell::faces`] reports it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Face {
    /// Id of the neighbour or wall behind the face.
    pub id: u32,
    /// Number of edges after merging coincident vertices, at least 3.
    pub edges: u32,
    /// Area (distance^2).
    pub area: f64,
}

impl ConvexCell {
    /// Motif and volume of the cell. Vertices closer than 1e-9 times the diameter count as one, and faces left with
    /// fewer than three edges as none; then faces, then edges below the thresholds are left out.
    pub fn measure(&mut self, options: &TessellationOptions) -> Cell {
        self.count_edges();
        let mut cell = Cell::default();
        let face_limited = options.face_threshold > 0.0 || options.face_fraction > 0.0;
        if options.volume || face_limited {
            let (surface, volume) = self.surface_and_volume();
            if options.volume {
                cell.volume = volume;
            }
            if face_limited {
                self.drop_small_faces(options.face_threshold.max(options.face_fraction * surface));
            }
        }
        cell.motif.faces = self.edges.iter().filter(|&&n| is_face(n)).count() as u16;
        if options.edge_threshold > 0.0 {
            self.drop_short_edges(options.edge_threshold);
        }
        for &n in &self.edges {
            cell.motif.add_face(n as usize);
        }
        cell
    }

    /// The faces that have at least three edges after coincident vertices are merged, without any threshold.
    pub fn faces(&mut self) -> impl Iterator<Item = Face> + '_ {
        self.count_edges();
        let faces = (0..self.ids.len()).filter(|&p| is_face(self.edges[p]));
        faces.map(|p| Face { id: self.ids[p], edges: self.edges[p], area: self.area_and_cone(p).0 })
    }

    fn drop_small_faces(&mut self, limit: f64) {
        for p in 0..self.ids.len() {
            if is_face(self.edges[p]) && self.area_and_cone(p).0 <= limit {
                self.edges[p] = 0;
            }
        }
    }

    fn surface_and_volume(&self) -> (f64, f64) {
        (0..self.ids.len()).map(|p| self.area_and_cone(p)).fold((0.0, 0.0), |sum, (a, v)| (sum.0 + a, sum.1 + v))
    }

    /// Area of the face in plane `p`, and the volume between it and the atom (negative if the atom is outside).
    fn area_and_cone(&self, p: usize) -> (f64, f64) {
        let start = self.some_vertex[p];
        if start == NONE {
            return (0.0, 0.0);
        }
        let origin = self.vertices[start as usize].x;
        let from_origin = |v: u32| difference(&self.vertices[v as usize].x, &origin);
        let mut twice = [0.0; 3];
        let mut v = self.following(start, p);
        let mut a = from_origin(v);
        loop {
            v = self.following(v, p);
            if v == start {
                break;
            }
            let b = from_origin(v);
            twice = sum(&twice, &cross(&a, &b));
            a = b;
        }
        (norm(&twice) / 2.0, dot(&twice, &origin) / 6.0)
    }

    /// The vertex after `v` on the face in plane `p`, counterclockwise seen from outside.
    fn following(&self, v: u32, p: usize) -> u32 {
        let vertex = &self.vertices[v as usize];
        vertex.next[(Vertex::find(&vertex.plane, p as u32) + 1) % 3]
    }
}

/// Whether `edges` edges make a face.
fn is_face(edges: u32) -> bool {
    edges as usize >= MIN_ORDER
}
