//! Random systems, most of them degenerate or nearly so.

use std::f64::consts::TAU;

use ergodic::geometry::{dot, norm, sum};
use ergodic::voronoi::{Domain, Plane};

use super::common::{Periodic, Random, Vec3, crystals};

/// Makes about so many positions, in fractions of the box.
pub type Arrangement = fn(&mut Random, usize) -> Vec<Vec3>;

/// Kinds of systems; whether they are generic, so that voro++, whose tolerances are others, must find the same motifs.
pub const KINDS: [(&str, Arrangement, bool); 7] = [
    ("gas", gas, true),
    ("noisy crystal", noisy_crystal, false),
    ("mixture of densities", mixture, true),
    ("cospherical shell", shell, false),
    ("ring", ring, false),
    ("layers", layers, false),
    ("close pairs", close_pairs, false),
];

impl Random {
    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    fn power_of_ten(&mut self, low: f64, high: f64) -> f64 {
        10.0_f64.powf(self.between(low, high))
    }

    fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    fn below(&mut self, n: usize) -> usize {
        (self.uniform() * n as f64) as usize
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.uniform()).ln()).sqrt() * (TAU * self.uniform()).cos()
    }

    fn displaced(&mut self, x: &Vec3, width: f64) -> Vec3 {
        x.map(|x| x + width * self.normal())
    }
}

fn gas(random: &mut Random, n: usize) -> Vec<Vec3> {
    (0..n).map(|_| random.vector()).collect()
}

fn crystal(random: &mut Random, n: usize) -> Vec<Vec3> {
    let repeat = ((n as f64 / 6.0).cbrt() as usize).max(1);
    let (_, crystal, _) = &crystals(repeat)[random.below(5)];
    // Sites lie inside the box, not on its faces.
    let fractions = |x: &Vec3| std::array::from_fn(|k| x[k] / crystal.cell[k][k] + 0.1 / repeat as f64);
    crystal.x.iter().map(fractions).collect()
}

fn noisy_crystal(random: &mut Random, n: usize) -> Vec<Vec3> {
    let mut sites = crystal(random, n);
    let (noise, share) = (random.power_of_ten(-13.0, -1.5), random.between(0.3, 1.5));
    for x in &mut sites {
        if random.chance(share) {
            *x = random.displaced(x, noise);
        }
    }
    sites
}

fn mixture(random: &mut Random, n: usize) -> Vec<Vec3> {
    let dense = random.between(0.05, 0.5);
    let mut place = || {
        let edge = if random.chance(0.7) { dense } else { 1.0 };
        random.vector().map(|x| x * edge)
    };
    (0..n).map(|_| place()).collect()
}

fn shell(random: &mut Random, n: usize) -> Vec<Vec3> {
    let (radius, noise) = (random.between(0.1, 0.45), random.power_of_ten(-14.0, -1.0));
    let mut x = gas(random, 1 + n / 8);
    // Without an atom in the centre all cells of the shell meet there.
    if random.chance(0.5) {
        x.push([0.5; 3]);
    }
    x.extend((0..n).map(|_| {
        let v = random.displaced(&[0.0; 3], 1.0);
        let stretch = radius * (1.0 + noise * random.normal()) / norm(&v);
        v.map(|v| 0.5 + v * stretch)
    }));
    x
}

fn ring(random: &mut Random, n: usize) -> Vec<Vec3> {
    let (height, noise) = (random.between(0.02, 0.2), random.power_of_ten(-14.0, -0.5));
    let mut x = vec![[0.5, 0.5, 0.5 - height], [0.5, 0.5, 0.5 + height]];
    // Without the pair all cells of the ring meet on its axis.
    x.truncate(2 * random.below(2));
    let on_ring = 3 + random.below(n);
    x.extend((0..on_ring).map(|k| {
        let (s, c) = (TAU * k as f64 / on_ring as f64).sin_cos();
        random.displaced(&[0.5 + 0.4 * c, 0.5 + 0.4 * s, 0.5], 0.4 * noise)
    }));
    x
}

fn layers(random: &mut Random, n: usize) -> Vec<Vec3> {
    let (count, noise) = (1 + random.below(4), random.power_of_ten(-14.0, -0.5));
    let mut place = || {
        let z = random.below(count) as f64 + 0.5 + noise * random.normal();
        [random.uniform(), random.uniform(), z / count as f64]
    };
    (0..n).map(|_| place()).collect()
}

fn close_pairs(random: &mut Random, n: usize) -> Vec<Vec3> {
    let distance = random.power_of_ten(-13.0, -1.0);
    let mut x = gas(random, n / 2 + 1);
    for i in 0..x.len() {
        if random.chance(0.4) {
            x.push(random.displaced(&x[i], distance));
        }
    }
    x
}

/// What the tessellation is given.
pub struct System {
    /// Index in [`KINDS`].
    pub kind: usize,
    /// Owned atoms, then ghosts.
    pub x: Vec<Vec3>,
    pub radius: Option<Vec<f64>>,
    pub n_owned: usize,
    pub domain: Domain,
}

impl System {
    pub fn random(random: &mut Random) -> Self {
        let many = random.chance(0.15);
        let n = if many { 300 + random.below(300) } else { 2 + random.below(150) };
        let kind = random.below(KINDS.len());
        let mut fractions = KINDS[kind].1(random, n);
        for i in (1..fractions.len()).rev() {
            fractions.swap(i, random.below(i + 1));
        }
        // Vacancies, for a crystal.
        if random.chance(0.3) {
            fractions.truncate(fractions.len() - fractions.len() / 7);
        }
        // Wraps the positions into the box.
        let system = Periodic::crystal(random_box(random), &fractions, [1; 3]).shifted([0.0; 3]);
        Self::in_domain(kind, &system, random)
    }

    /// Periodic along some edges, with walls, and perhaps a vacuum, along the others.
    fn in_domain(kind: usize, system: &Periodic, random: &mut Random) -> Self {
        let (n_owned, edge) = (system.x.len(), system.volume().cbrt());
        let periodic = [(); 3].map(|()| random.chance(0.6));
        let margin = edge
            * match n_owned {
                ..12 => 3.0,
                _ if random.chance(0.2) => random.between(0.35, 1.0),
                12..80 => 2.0,
                _ => 1.0,
            };
        let widest = if periodic == [false; 3] { 4.0 } else { 0.3 };
        let vacuum = if random.chance(0.5) { 0.0 } else { random.between(0.0, widest * edge) };
        let faces = |beyond: f64, wanted: bool| -> Vec<Plane> {
            let faces = system.faces(beyond).into_iter().enumerate();
            faces.filter(|(k, _)| periodic[k / 2] == wanted).map(|(_, face)| face).collect()
        };
        let domain = Domain { walls: faces(vacuum, false), known: faces(margin, true) };
        // Of a pair of opposite faces the second is as far from the origin as they are apart.
        let walled: Vec<Plane> = faces(0.0, false).into_iter().skip(1).step_by(2).collect();
        let not_across_walls = |(x, i): &(Vec3, usize)| {
            let shift = std::array::from_fn(|k| x[k] - system.x[*i][k]);
            walled.iter().all(|face| 2.0 * dot(&face.normal, &shift).abs() < face.offset)
        };
        let (x, owner) = system.with_images(margin);
        let (x, owner): (_, Vec<usize>) = x.into_iter().zip(owner).filter(not_across_walls).unzip();
        let radii = random.chance(0.5).then(|| random_radii(edge / (n_owned as f64).cbrt(), n_owned, random));
        let radius = radii.map(|radii| owner.iter().map(|&i| radii[i]).collect());
        System { kind, x, radius, n_owned, domain }
    }

    /// Often far from the origin, often in other units.
    pub fn move_and_scale(&mut self, random: &mut Random) {
        let distance = if random.chance(0.5) { random.power_of_ten(3.0, 6.0) } else { 0.0 };
        let shift = random.vector().map(|r| (2.0 * r - 1.0) * distance);
        let scale = if random.chance(0.4) { random.power_of_ten(-10.0, 10.0) } else { 1.0 };
        self.x.iter_mut().for_each(|x| *x = sum(x, &shift).map(|x| x * scale));
        self.radius.iter_mut().flatten().for_each(|radius| *radius *= scale);
        for plane in self.domain.walls.iter_mut().chain(&mut self.domain.known) {
            plane.offset = (plane.offset + dot(&plane.normal, &shift)) * scale;
        }
    }
}

/// Edge vectors of a box: a cube, or stretched, or tilted.
fn random_box(random: &mut Random) -> [Vec3; 3] {
    let [lx, ly] = if random.chance(0.25) { [(); 2].map(|()| random.between(0.2, 5.0)) } else { [1.0; 2] };
    let tilt = if random.chance(0.3) { random.vector().map(|r| r - 0.5) } else { [0.0; 3] };
    [[lx, 0.0, 0.0], [tilt[0] * lx, ly, 0.0], [tilt[1] * lx, tilt[2] * ly, 1.0]]
}

/// Radii all equal, or spread tenfold evenly or by orders of magnitude, or a few large among small ones.
fn random_radii(spacing: f64, n: usize, random: &mut Random) -> Vec<f64> {
    let (largest, pattern) = (spacing * random.between(0.1, 0.6), random.below(4));
    let mut radius = || match pattern {
        0 => largest,
        1 => largest * random.between(0.1, 1.0),
        2 => largest * random.power_of_ten(-1.0, 0.0),
        _ if random.chance(0.05) => 3.0 * largest,
        _ => 0.3 * largest,
    };
    (0..n).map(|_| radius()).collect()
}
