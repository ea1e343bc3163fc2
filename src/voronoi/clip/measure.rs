//! What a finished cell looks like: faces, edges, areas, volume.

use super::{ConvexCell, Corner, NONE};
use crate::voronoi::tessellation::{Cell, Settings};
use crate::voronoi::{MIN_ORDER, dot};

/// A face of the cell, as [`ConvexCell::faces`] reports it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Face {
    /// Id of the neighbour or wall behind the face.
    pub id: u32,
    /// Number of edges after merging coincident corners, at least 3.
    pub edges: u32,
    /// Area (distance^2).
    pub area: f64,
}

impl ConvexCell {
    /// Motif and volume of the cell. Corners closer than 1e-9 times the diameter count as one, and faces left with
    /// fewer than three edges as none; then faces, then edges below the thresholds are left out.
    pub fn measure(&mut self, settings: &Settings) -> Cell {
        self.count_edges();
        let mut cell = Cell::default();
        let face_limited = settings.face_threshold > 0.0 || settings.face_fraction > 0.0;
        if settings.volume || face_limited {
            let (surface, volume) = self.surface_and_volume();
            if settings.volume {
                cell.volume = volume;
            }
            if face_limited {
                self.drop_small_faces(settings.face_threshold.max(settings.face_fraction * surface));
            }
        }
        cell.motif.faces = self.edges.iter().filter(|&&n| is_face(n)).count() as u16;
        if settings.edge_threshold > 0.0 {
            self.drop_short_edges(settings.edge_threshold);
        }
        for &n in &self.edges {
            cell.motif.add_face(n as usize);
        }
        cell
    }

    /// The faces that have at least three edges after coincident corners are merged, without any threshold.
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
        let start = self.some_corner[p];
        if start == NONE {
            return (0.0, 0.0);
        }
        let origin = self.corners[start as usize].x;
        let from_origin = |v: u32| {
            let x = self.corners[v as usize].x;
            [x[0] - origin[0], x[1] - origin[1], x[2] - origin[2]]
        };
        let mut twice = [0.0; 3];
        let mut v = self.following(start, p);
        let mut a = from_origin(v);
        loop {
            v = self.following(v, p);
            if v == start {
                break;
            }
            let b = from_origin(v);
            for k in 0..3 {
                twice[k] += a[(k + 1) % 3] * b[(k + 2) % 3] - a[(k + 2) % 3] * b[(k + 1) % 3];
            }
            a = b;
        }
        (dot(&twice, &twice).sqrt() / 2.0, dot(&twice, &origin) / 6.0)
    }

    /// The corner after `v` on the face in plane `p`, counterclockwise seen from outside.
    fn following(&self, v: u32, p: usize) -> u32 {
        let corner = &self.corners[v as usize];
        corner.next[(Corner::find(&corner.plane, p as u32) + 1) % 3]
    }
}

/// Whether `edges` edges make a face.
fn is_face(edges: u32) -> bool {
    edges as usize >= MIN_ORDER
}
