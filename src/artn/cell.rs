//! The box, for distances between atoms.

use crate::error::{Error, Result};

/// Three box vectors and which of them are periodic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    vectors: [[f64; 3]; 3],
    /// Rows are the reciprocal vectors: fractional coordinate k is `inverse[k] . d`.
    inverse: [[f64; 3]; 3],
    periodic: [bool; 3],
    /// Whether two vectors are not perpendicular.
    skewed: bool,
}

impl Cell {
    /// A cell with the edges `vectors` (distance units), periodic along those flagged in `periodic`.
    ///
    /// # Errors
    /// `InvalidParameter` if the vectors span no volume or are not finite.
    pub fn new(vectors: [[f64; 3]; 3], periodic: [bool; 3]) -> Result<Self> {
        let [a, b, c] = vectors;
        let volume = dot(a, cross(b, c));
        if !(volume.is_finite() && volume.abs() > 0.0) {
            return Err(Error::InvalidParameter("the box has no volume".into()));
        }
        let inverse = [cross(b, c), cross(c, a), cross(a, b)].map(|row| row.map(|x| x / volume));
        let skewed = [dot(a, b), dot(b, c), dot(c, a)].iter().any(|&product| product != 0.0);
        Ok(Cell { vectors, inverse, periodic, skewed })
    }

    /// No periodic direction.
    #[must_use]
    pub fn open() -> Self {
        let unit = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        Cell { vectors: unit, inverse: unit, periodic: [false; 3], skewed: false }
    }

    /// Which of the three directions are periodic.
    #[must_use]
    pub fn periodic(&self) -> [bool; 3] {
        self.periodic
    }

    /// Box vector `k`.
    #[must_use]
    pub fn vector(&self, k: usize) -> [f64; 3] {
        self.vectors[k]
    }

    /// Distances between opposite faces (distance units).
    #[must_use]
    pub fn spacings(&self) -> [f64; 3] {
        self.inverse.map(|row| 1.0 / dot(row, row).sqrt())
    }

    /// Fractional coordinate of `x` along each vector; absolute, not wrapped.
    #[must_use]
    pub fn fractional(&self, x: [f64; 3]) -> [f64; 3] {
        self.inverse.map(|row| dot(row, x))
    }

    /// Shortest periodic image of the vector `d`.
    #[must_use]
    pub fn minimum_image(&self, d: [f64; 3]) -> [f64; 3] {
        let mut best = d;
        for k in 0..3 {
            if self.periodic[k] {
                let shift = dot(self.inverse[k], d).round();
                best = subtract(best, self.vectors[k], shift);
            }
        }
        if !self.skewed {
            return best;
        }
        // In a skewed cell the rounded image may have a nearer neighbour.
        let start = best;
        let range = self.periodic.map(|periodic| if periodic { -1..=1 } else { 0..=0 });
        for i in range[0].clone() {
            for j in range[1].clone() {
                for k in range[2].clone() {
                    let mut image = start;
                    for (shift, vector) in [i, j, k].into_iter().zip(self.vectors) {
                        image = subtract(image, vector, f64::from(shift));
                    }
                    if dot(image, image) < dot(best, best) {
                        best = image;
                    }
                }
            }
        }
        best
    }
}

fn subtract(a: [f64; 3], b: [f64; 3], factor: f64) -> [f64; 3] {
    std::array::from_fn(|k| a[k] - factor * b[k])
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}
