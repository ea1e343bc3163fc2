//! The simulation box and the shortest periodic images.

use super::vector::{cross, difference, dot, norm};
use crate::error::{Error, Result};

/// A simulation box as LAMMPS has it: orthogonal or (restricted) triclinic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimulationBox {
    /// Lower corner (distance units).
    pub origin: [f64; 3],
    /// Edge matrix xx, yy, zz, yz, xz, xy (distance units): the edges are (xx, 0, 0), (xy, yy, 0) and (xz, yz, zz).
    pub edges: [f64; 6],
    /// Whether the box is periodic along each edge.
    pub periodic: [bool; 3],
}

impl SimulationBox {
    /// A box that has a volume.
    ///
    /// # Errors
    /// `InvalidParameter` if it has none.
    pub fn new(origin: [f64; 3], edges: [f64; 6], periodic: [bool; 3]) -> Result<Self> {
        let volume = edges[0] * edges[1] * edges[2];
        if volume.is_finite() && volume > 0.0 && edges.iter().all(|edge| edge.is_finite()) {
            return Ok(Self { origin, edges, periodic });
        }
        Err(Error::InvalidParameter("the box has no volume".into()))
    }

    /// No periodic direction.
    #[must_use]
    pub fn open() -> Self {
        Self { origin: [0.0; 3], edges: [1.0, 1.0, 1.0, 0.0, 0.0, 0.0], periodic: [false; 3] }
    }

    /// The three edges.
    #[must_use]
    pub fn edge_vectors(&self) -> [[f64; 3]; 3] {
        let [xx, yy, zz, yz, xz, xy] = self.edges;
        [[xx, 0.0, 0.0], [xy, yy, 0.0], [xz, yz, zz]]
    }

    /// Coordinates in units of the edges, 0 at the lower corner and 1 at the upper one.
    #[must_use]
    pub fn fractional(&self, x: &[f64; 3]) -> [f64; 3] {
        let [xx, yy, zz, yz, xz, xy] = self.edges;
        let w = (x[2] - self.origin[2]) / zz;
        let v = (x[1] - self.origin[1] - yz * w) / yy;
        let u = (x[0] - self.origin[0] - xz * w - xy * v) / xx;
        [u, v, w]
    }

    /// The vector of the fractional components `s`.
    #[must_use]
    pub fn cartesian(&self, s: [f64; 3]) -> [f64; 3] {
        let [xx, yy, zz, yz, xz, xy] = self.edges;
        [s[0] * xx + s[1] * xy + s[2] * xz, s[1] * yy + s[2] * yz, s[2] * zz]
    }

    /// Distances between opposite faces (distance units).
    #[must_use]
    pub fn heights(&self) -> [f64; 3] {
        let [a, b, c] = self.edge_vectors();
        let volume = a[0] * b[1] * c[2];
        [cross(&b, &c), cross(&c, &a), cross(&a, &b)].map(|normal| volume / norm(&normal))
    }

    /// Shortest periodic image of the vector `d`. Tilt factors are at most half an edge, as LAMMPS keeps them.
    #[must_use]
    pub fn minimum_image(&self, d: [f64; 3]) -> [f64; 3] {
        let edges = self.edge_vectors();
        let mut start = d;
        for k in (0..3).rev().filter(|&k| self.periodic[k]) {
            let turns = (start[k] / edges[k][k]).round();
            (0..3).for_each(|m| start[m] -= turns * edges[k][m]);
        }
        if self.edges[3..] == [0.0; 3] {
            return start;
        }
        // In a tilted box the next image may be nearer.
        let mut nearest = start;
        let span = |k: usize| if self.periodic[k] { -1..=1 } else { 0..=0 };
        for (i, j, k) in span(0).flat_map(|i| span(1).flat_map(move |j| span(2).map(move |k| (i, j, k)))) {
            let shift = self.cartesian([i, j, k].map(f64::from));
            let image = difference(&start, &shift);
            if dot(&image, &image) < dot(&nearest, &nearest) {
                nearest = image;
            }
        }
        nearest
    }

    /// Distance between the nearest images of two points (distance units).
    #[must_use]
    pub fn distance(&self, a: &[f64; 3], b: &[f64; 3]) -> f64 {
        norm(&self.minimum_image(difference(b, a)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TILTED: SimulationBox =
        SimulationBox { origin: [-1.0, 2.0, 0.5], edges: [7.0, 8.0, 9.0, 1.5, -2.0, 3.0], periodic: [true; 3] };

    #[test]
    fn fractional_coordinates_there_and_back() {
        let x = [3.0, -4.0, 5.5];
        let back = TILTED.cartesian(TILTED.fractional(&x));
        assert!((0..3).all(|k| (back[k] + TILTED.origin[k] - x[k]).abs() < 1e-14), "{back:?}");
    }

    #[test]
    fn heights_are_the_volume_over_the_faces() {
        let columns = TILTED.edge_vectors().map(nalgebra::Vector3::from);
        let inverse = nalgebra::Matrix3::from_columns(&columns).try_inverse().unwrap();
        for (k, height) in TILTED.heights().into_iter().enumerate() {
            assert!((height * inverse.row(k).norm() - 1.0).abs() < 1e-14, "{k} {height}");
        }
    }

    #[test]
    fn no_image_is_nearer_than_the_minimum_image() {
        for periodic in [[true; 3], [true, false, true], [false; 3]] {
            for cell in [TILTED, SimulationBox { edges: [7.0, 8.0, 9.0, 0.0, 0.0, 0.0], ..TILTED }] {
                let cell = SimulationBox { periodic, ..cell };
                for t in (0..300).map(f64::from) {
                    let d = [(t * 0.37).sin() * 20.0, (t * 0.71).cos() * 20.0, (t * 1.3).sin() * 20.0];
                    let span = |k: usize| if periodic[k] { -6..=6 } else { 0..=0 };
                    let images = span(0).flat_map(|i| span(1).flat_map(move |j| span(2).map(move |k| [i, j, k])));
                    let nearest = images.map(|n| norm(&difference(&d, &cell.cartesian(n.map(f64::from)))));
                    let nearest = nearest.fold(f64::INFINITY, f64::min);
                    assert!((norm(&cell.minimum_image(d)) - nearest).abs() < 1e-12, "{periodic:?} {t}");
                }
            }
        }
    }

    #[test]
    fn a_flat_box_is_refused() {
        for edges in [[1.0, 0.0, 1.0, 0.0, 0.0, 0.0], [1.0, f64::NAN, 1.0, 0.0, 0.0, 0.0], [f64::INFINITY; 6]] {
            assert!(SimulationBox::new([0.0; 3], edges, [true; 3]).is_err());
        }
    }
}
