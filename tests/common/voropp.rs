//! The same cells by voro++, and their motifs by the rules of the manual.

use ergodic::voronoi::{MIN_ORDER, Motif, Settings};
use voro_rs::container_loop::ContainerLoop;
use voro_rs::prelude::{Container, Container0, ContainerRad, ContainerStd, LoopAll, VoroCell, VoroCellNbr};

use super::{Vec3, add, norm};

/// A face as voro++ sees it.
#[derive(Debug, Clone)]
pub struct ReferenceFace {
    /// Index of the neighbour, negative for a wall of the container.
    pub neighbor: i32,
    pub area: f64,
    pub edges: Vec<f64>,
}

/// A cell as voro++ sees it.
#[derive(Debug, Clone)]
pub struct ReferenceCell {
    pub volume: f64,
    pub faces: Vec<ReferenceFace>,
}

impl ReferenceCell {
    /// Faces are dropped first, then edges; faces with less than three edges do not count.
    pub fn motif(&self, settings: &Settings) -> Motif {
        let surface: f64 = self.faces.iter().map(|f| f.area).sum();
        let mut motif = Motif::default();
        for face in &self.faces {
            let small = face.area <= settings.face_threshold || face.area <= settings.face_fraction * surface;
            if face.edges.len() >= MIN_ORDER && !small {
                motif.faces += 1;
                motif.add_face(face.edges.iter().filter(|&&length| length > settings.edge_threshold).count());
            }
        }
        motif
    }
}

/// Cells of the first `n` atoms among all `x`, which must include every periodic image that matters; the box from
/// `low` to `high` holds them all, and its faces are walls.
pub fn cells(x: &[Vec3], radius: Option<&[f64]>, n: usize, low: Vec3, high: Vec3) -> Vec<Option<ReferenceCell>> {
    // About eight atoms a block, as in LAMMPS.
    let volume: f64 = (0..3).map(|k| high[k] - low[k]).product();
    let side = (8.0 * volume / x.len() as f64).cbrt();
    let blocks = std::array::from_fn(|k| (((high[k] - low[k]) / side) as i32).max(1));
    if let Some(radius) = radius {
        let mut container = ContainerRad::new(low, high, blocks, [false; 3]);
        (0..).zip(x.iter().zip(radius)).for_each(|(i, (x, r))| container.put(i, *x, *r));
        let all = LoopAll::of_container_rad(&mut container);
        collect(container, all, n)
    } else {
        let mut container = ContainerStd::new(low, high, blocks, [false; 3]);
        (0..).zip(x).for_each(|(i, x)| container.put(i, *x, 0.0));
        let all = LoopAll::of_container_std(&mut container);
        collect(container, all, n)
    }
}

fn collect<'a>(mut container: impl Container<'a>, mut all: LoopAll, n: usize) -> Vec<Option<ReferenceCell>> {
    let mut cells = vec![None; n];
    let mut more = all.start();
    while more {
        let i = all.particle_id() as usize;
        if i < n {
            let cell: Option<VoroCellNbr> = container.compute_cell(&mut all);
            cells[i] = cell.map(read);
        }
        more = all.inc();
    }
    cells
}

fn read(mut cell: VoroCellNbr) -> ReferenceCell {
    let (neighbors, areas) = (cell.neighbors(), cell.face_areas());
    let corners: Vec<Vec3> = cell.vertices_local().chunks_exact(3).map(|v| [v[0], v[1], v[2]]).collect();
    // For every face the number of its corners, then the corners.
    let table = cell.face_vertices();
    let mut rest = table.as_slice();
    let mut faces = Vec::new();
    for (neighbor, area) in neighbors.into_iter().zip(areas) {
        let (face, others) = rest[1..].split_at(rest[0] as usize);
        rest = others;
        let edges = (0..face.len()).map(|e| {
            let [a, b] = [face[e], face[(e + 1) % face.len()]].map(|v| corners[v as usize]);
            norm(&add(&a, &b.map(|b| -b)))
        });
        faces.push(ReferenceFace { neighbor, area, edges: edges.collect() });
    }
    ReferenceCell { volume: cell.volume(), faces }
}
