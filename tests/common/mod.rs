//! Configurations for the tests of the tessellation: crystals, gases, a thermal glass, and their periodic images.

// Every test binary uses its own part of this.
#![allow(dead_code)]

pub mod voropp;

use ergodic::geometry::{cross, dot, norm, sum};
use ergodic::voronoi::{Neighbor, Plane};

/// A vector.
pub type Vec3 = [f64; 3];

/// Atoms in a periodic box with its corner at the origin and the edge vectors `cell`.
#[derive(Debug, Clone)]
pub struct Periodic {
    pub cell: [Vec3; 3],
    pub x: Vec<Vec3>,
    pub kind: Vec<usize>,
}

impl Periodic {
    /// `repeat` copies of a unit cell along its edges; `basis` in fractions of them.
    pub fn crystal(cell: [Vec3; 3], basis: &[Vec3], repeat: [usize; 3]) -> Self {
        let mut x = Vec::new();
        for n in (0..repeat[0] * repeat[1] * repeat[2]).map(|m| index3(m, repeat)) {
            for b in basis {
                x.push(combine(&cell, &std::array::from_fn(|k| b[k] + n[k] as f64)));
            }
        }
        let cell = std::array::from_fn(|k| cell[k].map(|e| e * repeat[k] as f64));
        let kind = vec![0; x.len()];
        Periodic { cell, x, kind }
    }

    /// `n` atoms anywhere in a box.
    pub fn gas(cell: [Vec3; 3], n: usize, random: &mut Random) -> Self {
        let x = (0..n).map(|_| combine(&cell, &random.vector())).collect();
        Periodic { cell, x, kind: vec![0; n] }
    }

    pub fn volume(&self) -> f64 {
        dot(&self.cell[0], &cross(&self.cell[1], &self.cell[2]))
    }

    /// Moves all atoms by `shift` and wraps them into the box.
    pub fn shifted(&self, shift: Vec3) -> Self {
        let mut moved = self.clone();
        for x in &mut moved.x {
            let f = self.fractions(&sum(x, &shift));
            *x = combine(&self.cell, &f.map(|f| f - f.floor()));
        }
        moved
    }

    /// Moves every coordinate by up to `amplitude`.
    pub fn rattled(&self, amplitude: f64, random: &mut Random) -> Self {
        let mut moved = self.clone();
        for x in &mut moved.x {
            *x = sum(x, &random.vector().map(|r| (2.0 * r - 1.0) * amplitude));
        }
        moved
    }

    /// Radii by kind.
    pub fn radii(&self, of_kind: &[f64]) -> Vec<f64> {
        self.kind.iter().map(|&k| of_kind[k]).collect()
    }

    /// The atoms, then all their images within `margin` of the box; and which atom each one is.
    pub fn with_images(&self, margin: f64) -> (Vec<Vec3>, Vec<usize>) {
        let mut x = self.x.clone();
        let mut owner: Vec<usize> = (0..x.len()).collect();
        let heights: Vec3 = std::array::from_fn(|k| self.volume() / norm(&self.face_normal(k)));
        let reach = heights.map(|h| (margin / h).ceil() as usize + 1);
        let count = reach.map(|r| 2 * r + 1);
        let images = (0..count[0] * count[1] * count[2]).map(|m| index3(m, count));
        for m in images.filter(|&m| m != reach) {
            let n: Vec3 = std::array::from_fn(|k| m[k] as f64 - reach[k] as f64);
            let shift = combine(&self.cell, &n);
            for (i, xi) in self.x.iter().enumerate() {
                let image = sum(xi, &shift);
                let f = self.fractions(&image);
                if (0..3).all(|k| f[k] * heights[k] >= -margin && (f[k] - 1.0) * heights[k] <= margin) {
                    x.push(image);
                    owner.push(i);
                }
            }
        }
        (x, owner)
    }

    /// The faces of the box, moved outwards by `margin`.
    pub fn faces(&self, margin: f64) -> Vec<Plane> {
        let mut faces = Vec::new();
        for k in 0..3 {
            let area = self.face_normal(k);
            let normal = area.map(|a| a / norm(&area));
            faces.push(Plane { normal: normal.map(|a| -a), offset: margin });
            faces.push(Plane { normal, offset: dot(&normal, &self.cell[k]) + margin });
        }
        faces
    }

    /// Position in fractions of the edge vectors.
    fn fractions(&self, x: &Vec3) -> Vec3 {
        std::array::from_fn(|k| dot(&self.face_normal(k), x) / self.volume())
    }

    fn face_normal(&self, k: usize) -> Vec3 {
        cross(&self.cell[(k + 1) % 3], &self.cell[(k + 2) % 3])
    }
}

/// Neighbours of atom `i` within `cutoff`, sorted by distance; their ids are their indices.
pub fn neighbors(x: &[Vec3], radius: Option<&[f64]>, i: usize, cutoff: f64) -> Vec<Neighbor> {
    let mut found = Vec::new();
    for (j, xj) in x.iter().enumerate() {
        let r: Vec3 = std::array::from_fn(|k| xj[k] - x[i][k]);
        let d2 = dot(&r, &r);
        if j != i && d2 <= cutoff * cutoff {
            let radical = radius.map_or(0.0, |radius| radius[i] * radius[i] - radius[j] * radius[j]);
            found.push(Neighbor { id: j as u32, r, d2, offset: 0.5 * (d2 + radical) });
        }
    }
    found.sort_by(|a, b| a.d2.total_cmp(&b.d2));
    found
}

/// Edge vectors of an orthogonal box.
pub fn orthogonal(lx: f64, ly: f64, lz: f64) -> [Vec3; 3] {
    [[lx, 0.0, 0.0], [0.0, ly, 0.0], [0.0, 0.0, lz]]
}

/// Crystals with the motif (n3, n4, n5, n6) of all their atoms; nearest neighbours are about 2.5 apart.
pub fn crystals(repeat: usize) -> Vec<(&'static str, Periodic, [u8; 4])> {
    let cubic = |a: f64, basis: &[Vec3]| Periodic::crystal(orthogonal(a, a, a), basis, [repeat; 3]);
    let fcc = [[0.0; 3], [0.5, 0.5, 0.0], [0.5, 0.0, 0.5], [0.0, 0.5, 0.5]];
    let mut diamond = fcc.to_vec();
    diamond.extend(fcc.map(|b| b.map(|b| b + 0.25)));
    let a = 2.5;
    let hexagonal = orthogonal(a, 3.0_f64.sqrt() * a, (8.0_f64 / 3.0).sqrt() * a);
    let hcp = [[0.0; 3], [0.5, 0.5, 0.0], [0.0, 1.0 / 3.0, 0.5], [0.5, 5.0 / 6.0, 0.5]];
    vec![
        ("fcc", cubic(3.6, &fcc), [0, 12, 0, 0]),
        ("hcp", Periodic::crystal(hexagonal, &hcp, [repeat; 3]), [0, 12, 0, 0]),
        ("bcc", cubic(2.87, &[[0.0; 3], [0.5; 3]]), [0, 6, 0, 8]),
        ("sc", cubic(2.6, &[[0.0; 3]]), [0, 6, 0, 0]),
        ("diamond", cubic(5.4, &diamond), [12, 0, 0, 4]),
    ]
}

/// The frames of a LAMMPS text dump with the columns id type x y z.
pub fn read_dump(text: &str) -> Vec<Periodic> {
    text.split("ITEM: TIMESTEP").skip(1).map(read_frame).collect()
}

fn read_frame(frame: &str) -> Periodic {
    let mut sections = frame.split("ITEM: ");
    let mut rows = |name: &str| -> Vec<Vec<f64>> {
        let section = sections.find(|s| s.starts_with(name)).expect("a section of a dump");
        let rows = section.lines().skip(1);
        rows.map(|row| row.split_whitespace().map(|word| word.parse().expect("a number")).collect()).collect()
    };
    let bounds = rows("BOX BOUNDS");
    let tilt = |k: usize| bounds[k].get(2).copied().unwrap_or(0.0);
    let (xy, xz, yz) = (tilt(0), tilt(1), tilt(2));
    // LAMMPS writes the bounds of the box that encloses the triclinic one.
    let sheared = [[0.0, xy, xz, xy + xz], [0.0, yz, 0.0, yz], [0.0; 4]];
    let low: Vec3 = std::array::from_fn(|k| bounds[k][0] - sheared[k].iter().fold(0.0, |a: f64, &b| a.min(b)));
    let high: Vec3 = std::array::from_fn(|k| bounds[k][1] - sheared[k].iter().fold(0.0, |a: f64, &b| a.max(b)));
    let atoms = rows("ATOMS");
    Periodic {
        cell: [[high[0] - low[0], 0.0, 0.0], [xy, high[1] - low[1], 0.0], [xz, yz, high[2] - low[2]]],
        x: atoms.iter().map(|a| std::array::from_fn(|k| a[2 + k] - low[k])).collect(),
        kind: atoms.iter().map(|a| a[1] as usize - 1).collect(),
    }
}

/// Cu50Zr50 at 700 K: one frame in an orthogonal box, one in a triclinic one (`data/in.thermal`).
pub fn thermal_glass() -> Vec<Periodic> {
    read_dump(include_str!("../data/thermal.dump"))
}

/// Rotates by `angle` about `axis` (unit length).
pub fn rotate(x: &Vec3, axis: &Vec3, angle: f64) -> Vec3 {
    let (s, c) = angle.sin_cos();
    let (along, across) = (dot(axis, x) * (1.0 - c), cross(axis, x));
    std::array::from_fn(|k| c * x[k] + s * across[k] + along * axis[k])
}

/// A reproducible stream of numbers in [0, 1).
#[derive(Debug, Clone)]
pub struct Random(pub u64);

impl Random {
    pub fn uniform(&mut self) -> f64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn vector(&mut self) -> Vec3 {
        std::array::from_fn(|_| self.uniform())
    }
}

fn combine(cell: &[Vec3; 3], f: &Vec3) -> Vec3 {
    std::array::from_fn(|k| f[0] * cell[0][k] + f[1] * cell[1][k] + f[2] * cell[2][k])
}

fn index3(m: usize, count: [usize; 3]) -> [usize; 3] {
    [m % count[0], m / count[0] % count[1], m / (count[0] * count[1])]
}
