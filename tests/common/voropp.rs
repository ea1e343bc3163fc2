//! The same cells by voro++, and their motifs by the rules of the manual.

use ergodic::geometry::{difference, norm};
use ergodic::voronoi::{MIN_ORDER, Motif, TessellationOptions};
use voro_rs::container::Container2;
use voro_rs::container_loop::ContainerLoop;
use voro_rs::prelude::{Container0, ContainerRad, ContainerStd, LoopAll, VoroCell, VoroCellNbr, VoroCellSgl};

use super::Vec3;

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
    pub fn motif(&self, settings: &TessellationOptions) -> Motif {
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

/// Cells of the first `n` atoms among all `x`, which must include every periodic image that matters. A box around them
/// all has walls for faces.
pub fn cells(x: &[Vec3], radius: Option<&[f64]>, n: usize) -> Vec<Option<ReferenceCell>> {
    map_cells(x, radius, n, read)
}

/// The number of edges of every face of every cell, and no more: what voro++ needs least time for.
pub fn face_orders(x: &[Vec3], radius: Option<&[f64]>, n: usize) -> Vec<Option<Vec<i32>>> {
    map_cells(x, radius, n, |mut cell: VoroCellSgl| cell.face_orders())
}

fn map_cells<C: VoroCell, T: Clone>(
    x: &[Vec3],
    radius: Option<&[f64]>,
    n: usize,
    read: impl Fn(C) -> T,
) -> Vec<Option<T>>
where
    ContainerStd<'static>: Container2<C, LoopAll>,
    ContainerRad<'static>: Container2<C, LoopAll>,
{
    let bound = |worst: fn(f64, f64) -> f64, beyond: f64| -> Vec3 {
        std::array::from_fn(|k| x.iter().map(|x| x[k]).fold(x[0][k], worst) + beyond)
    };
    let (low, high) = (bound(f64::min, -1.0), bound(f64::max, 1.0));
    // About eight atoms a block, as in LAMMPS.
    let volume: f64 = (0..3).map(|k| high[k] - low[k]).product();
    let side = (8.0 * volume / x.len() as f64).cbrt();
    let blocks = std::array::from_fn(|k| (((high[k] - low[k]) / side) as i32).max(1));
    if let Some(radius) = radius {
        let mut container = ContainerRad::new(low, high, blocks, [false; 3]);
        (0..).zip(x.iter().zip(radius)).for_each(|(i, (x, r))| container.put(i, *x, *r));
        let all = LoopAll::of_container_rad(&mut container);
        collect(container, all, n, read)
    } else {
        let mut container = ContainerStd::new(low, high, blocks, [false; 3]);
        (0..).zip(x).for_each(|(i, x)| container.put(i, *x, 0.0));
        let all = LoopAll::of_container_std(&mut container);
        collect(container, all, n, read)
    }
}

fn collect<C: VoroCell, T: Clone>(
    mut container: impl Container2<C, LoopAll>,
    mut all: LoopAll,
    n: usize,
    read: impl Fn(C) -> T,
) -> Vec<Option<T>> {
    let mut cells = vec![None; n];
    let mut more = all.start();
    while more {
        let i = all.particle_id() as usize;
        if i < n {
            cells[i] = container.compute_cell(&mut all).map(&read);
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
            norm(&difference(&a, &b))
        });
        faces.push(ReferenceFace { neighbor, area, edges: edges.collect() });
    }
    ReferenceCell { volume: cell.volume(), faces }
}
