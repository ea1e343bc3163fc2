//! Where configurations are seen from: the initial minimum, and the parts of it that may drift and turn as a whole.

use super::linalg::{add, dot, extract, norm, scale, symmetric_eigen};
use crate::geometry::{self, SimulationBox, cross, difference, for_each_pair, sum};

/// The initial minimum and its bodies.
///
/// Two configurations are compared after each body is moved back as a whole, since that costs no energy.
#[derive(Debug, Clone)]
pub struct Frame {
    cell: SimulationBox,
    minimum: Vec<f64>,
    bodies: Vec<Body>,
}

/// Atoms that neither held atoms nor other bodies act on.
#[derive(Debug, Clone)]
struct Body {
    /// Ascending.
    atoms: Vec<u32>,
    /// Their positions in the initial minimum from their centroid on, put together across periodic boundaries.
    places: Vec<[f64; 3]>,
    turns: Turns,
    /// Whether drifts, and whether turns, leave the energy as it is.
    idle: [bool; 2],
}

/// How a body may turn: not if it meets its own images along two directions, about a wire, or any way.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Turns {
    None,
    About([f64; 3]),
    All,
}

impl Turns {
    /// `images` = independent vectors from the body to images of itself that it is connected with.
    fn new(images: &[[f64; 3]]) -> Self {
        match images {
            [] => Turns::All,
            [image] => Turns::About(image.map(|x| x / geometry::norm(image))),
            _ => Turns::None,
        }
    }
}

impl Frame {
    /// All atoms of `minimum` (shape (N, 3), distance units) are one body, connected with its periodic images.
    #[must_use]
    pub fn new(cell: SimulationBox, minimum: &[f64]) -> Self {
        let edges = cell.edge_vectors();
        let images: Vec<[f64; 3]> = (0..3).filter(|&k| cell.periodic[k]).map(|k| edges[k]).collect();
        let atoms = (0..minimum.len() as u32 / 3).collect();
        let body = Body::new(atoms, minimum.as_chunks().0.to_vec(), Turns::new(&images));
        Frame { cell, minimum: minimum.to_vec(), bodies: vec![body] }
    }

    /// As [`new`](Self::new), where atoms farther apart than `range` (distance units; infinite if that is not known) have
    /// nothing to do with each other, and those with the indices `held` (ascending) stay where they are, as do all that
    /// are connected with them.
    #[must_use]
    pub fn of_parts(cell: SimulationBox, minimum: &[f64], range: f64, held: &[u32]) -> Self {
        let mut frame = Frame::new(cell, minimum);
        if range.is_finite() {
            frame.bodies = Contacts::new(&cell, minimum, range).bodies();
        }
        frame.bodies.retain(|body| body.atoms.iter().all(|atom| held.binary_search(atom).is_err()));
        frame
    }

    /// The frame of the atoms `atoms` (ascending), which must be all that are not held.
    #[must_use]
    pub fn of_atoms(&self, atoms: &[u32]) -> Self {
        let place = |atom: &u32| atoms.partition_point(|other| other < atom) as u32;
        let body = |body: &Body| Body { atoms: body.atoms.iter().map(place).collect(), ..body.clone() };
        let bodies = self.bodies.iter().map(body).collect();
        Frame { cell: self.cell, minimum: extract(&self.minimum, atoms), bodies }
    }

    /// Displacements from the initial minimum to `x` (shape (N, 3)): shortest images, every body moved back and turned back
    /// to where it is closest to the initial minimum.
    #[must_use]
    pub fn displacements(&self, x: &[f64]) -> Vec<[f64; 3]> {
        let mut moves = self.moves(x);
        for body in &self.bodies {
            body.superpose(&mut moves);
        }
        moves
    }

    fn moves(&self, x: &[f64]) -> Vec<[f64; 3]> {
        let pairs = self.minimum.as_chunks::<3>().0.iter().zip(x.as_chunks::<3>().0);
        pairs.map(|(a, b)| self.cell.minimum_image(difference(b, a))).collect()
    }

    /// Finds out which rigid motions leave the energy as it is: they do no work against `forces` at `x` (both shape (N, 3)),
    /// whose components have the error `noise`.
    pub(super) fn find_idle(&mut self, x: &[f64], forces: &[f64], noise: f64) {
        const SMALL: f64 = 1e-6;
        let moves = self.moves(x);
        for body in &mut self.bodies {
            let own = extract(forces, &body.atoms);
            let limit = SMALL * norm(&own) + 6.0 * noise;
            let motions = body.motions(&moves);
            let rests = |motions: &[Vec<f64>]| motions.iter().all(|motion| dot(motion, &own).abs() <= limit);
            let drifts = motions.len().min(3);
            body.idle[0] = rests(&motions[..drifts]);
            body.idle[1] = body.idle[0] && rests(&motions[drifts..]);
        }
    }

    /// Rigid motions of all bodies within `atoms` (ascending), in the initial minimum.
    pub(super) fn rigid_motions(&self, atoms: &[u32]) -> RigidMotions {
        self.motions_with(atoms, &vec![[0.0; 3]; self.minimum.len() / 3])
    }

    /// The same with these atoms at `x`, shape (n, 3).
    pub(super) fn rigid_motions_at(&self, atoms: &[u32], x: &[f64]) -> RigidMotions {
        let mut all = self.minimum.clone();
        super::linalg::embed(x, atoms, &mut all);
        self.motions_with(atoms, &self.moves(&all))
    }

    fn motions_with(&self, atoms: &[u32], moves: &[[f64; 3]]) -> RigidMotions {
        let mut motions = Vec::new();
        for body in self.bodies.iter().filter(|body| body.idle[0]) {
            let places: Option<Vec<u32>> =
                body.atoms.iter().map(|atom| atoms.binary_search(atom).ok().map(|place| place as u32)).collect();
            let Some(places) = places else { continue };
            let places = (places.len() < atoms.len()).then_some(places);
            let vectors = body.motions(moves).into_iter().take(if body.idle[1] { 6 } else { 3 });
            motions.extend(vectors.map(|vector| Motion { places: places.clone(), vector }));
        }
        RigidMotions(motions)
    }
}

impl Body {
    fn new(atoms: Vec<u32>, mut places: Vec<[f64; 3]>, turns: Turns) -> Self {
        remove_mean(&mut places);
        Body { atoms, places, turns, idle: [true; 2] }
    }

    /// Orthonormal drifts and turns of the displaced body, `moves` being those of all atoms.
    fn motions(&self, moves: &[[f64; 3]]) -> Vec<Vec<f64>> {
        let mut places: Vec<[f64; 3]> =
            self.atoms.iter().zip(&self.places).map(|(&atom, place)| sum(place, &moves[atom as usize])).collect();
        remove_mean(&mut places);
        let drift = |axis: usize| places.iter().flat_map(|_| unit(axis)).collect();
        let turn = |axis: [f64; 3]| places.iter().flat_map(|x| cross(&axis, x)).collect();
        let mut motions: Vec<Vec<f64>> = (0..3).map(drift).collect();
        match self.turns {
            Turns::None => {}
            Turns::About(axis) => motions.push(turn(axis)),
            Turns::All => motions.extend((0..3).map(|axis| turn(unit(axis)))),
        }
        orthonormal(motions)
    }

    /// Moves the body back: takes the rigid motion that explains most out of the displacements of its atoms.
    fn superpose(&self, moves: &mut [[f64; 3]]) {
        let mut own: Vec<[f64; 3]> = self.atoms.iter().map(|&atom| moves[atom as usize]).collect();
        remove_mean(&mut own);
        if self.turns != Turns::None {
            let turned: Vec<[f64; 3]> = self.places.iter().zip(&own).map(|(a, d)| sum(a, d)).collect();
            let rotation = match self.turns {
                Turns::About(axis) => closest_rotation_about(&axis, &self.places, &turned),
                _ => closest_rotation(&self.places, &turned),
            };
            for ((d, a), b) in own.iter_mut().zip(&self.places).zip(&turned) {
                *d = std::array::from_fn(|k| geometry::dot(&rotation[k], b) - a[k]);
            }
        }
        for (&atom, d) in self.atoms.iter().zip(own) {
            moves[atom as usize] = d;
        }
    }
}

/// Orthonormal motions of some of the atoms of a region each.
#[derive(Debug, Clone, Default)]
pub(super) struct RigidMotions(Vec<Motion>);

#[derive(Debug, Clone)]
struct Motion {
    /// Places of the atoms in the region; `None`: all.
    places: Option<Vec<u32>>,
    vector: Vec<f64>,
}

impl RigidMotions {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes them out of `x`.
    pub(super) fn remove(&self, x: &mut [f64]) {
        for Motion { places, vector } in &self.0 {
            let Some(places) = places else {
                let overlap = dot(x, vector);
                add(x, -overlap, vector);
                continue;
            };
            let overlap = dot(&extract(x, places), vector);
            for (part, &place) in vector.as_chunks::<3>().0.iter().zip(places) {
                add(&mut x[3 * place as usize..3 * place as usize + 3], -overlap, part);
            }
        }
    }
}

/// Which atoms are connected, and how one gets from one to the other.
struct Contacts {
    /// A forest: the root of each tree is its own parent.
    parent: Vec<usize>,
    /// Vector from the parent.
    offset: Vec<[f64; 3]>,
    /// Of each root: independent vectors to images that the tree is connected with.
    images: Vec<Vec<[f64; 3]>>,
}

impl Contacts {
    fn new(cell: &SimulationBox, positions: &[f64], range: f64) -> Self {
        let positions = positions.as_chunks().0;
        let n = positions.len();
        let edges = cell.edge_vectors();
        let heights = cell.heights();
        // Where the box is narrow, more images than the nearest one are within the range: whatever is there meets itself.
        let narrow = (0..3).filter(|&k| cell.periodic[k] && heights[k] <= 2.0 * range).map(|k| edges[k]);
        let narrow = narrow.fold(Vec::new(), independent);
        let mut contacts = Contacts { parent: (0..n).collect(), offset: vec![[0.0; 3]; n], images: vec![narrow; n] };
        for_each_pair(positions, cell, range, |i, j, d| contacts.connect(i, j, d));
        contacts
    }

    /// Atom `i` is at `d` from atom `j`.
    fn connect(&mut self, i: usize, j: usize, d: [f64; 3]) {
        let (first, to_i) = self.find(i);
        let (second, to_j) = self.find(j);
        let gap = difference(&difference(&to_i, &d), &to_j);
        if first == second {
            let images = std::mem::take(&mut self.images[first]);
            self.images[first] = independent(images, gap);
            return;
        }
        self.parent[second] = first;
        self.offset[second] = gap;
        let others = std::mem::take(&mut self.images[second]);
        let images = std::mem::take(&mut self.images[first]);
        self.images[first] = others.into_iter().fold(images, independent);
    }

    /// Root of the tree of `i`, and the vector from there to `i`.
    fn find(&mut self, i: usize) -> (usize, [f64; 3]) {
        let mut path = Vec::new();
        let mut root = i;
        while self.parent[root] != root {
            path.push(root);
            root = self.parent[root];
        }
        let mut vector = [0.0; 3];
        for &k in path.iter().rev() {
            vector = sum(&vector, &self.offset[k]);
            self.offset[k] = vector;
            self.parent[k] = root;
        }
        (root, vector)
    }

    fn bodies(mut self) -> Vec<Body> {
        let n = self.parent.len();
        let mut members: Vec<(Vec<u32>, Vec<[f64; 3]>)> = vec![(vec![], vec![]); n];
        for i in 0..n {
            let (root, place) = self.find(i);
            members[root].0.push(i as u32);
            members[root].1.push(place);
        }
        let trees = members.into_iter().zip(&self.images).filter(|((atoms, _), _)| !atoms.is_empty());
        trees.map(|((atoms, places), images)| Body::new(atoms, places, Turns::new(images))).collect()
    }
}

/// Adds `vector` to `basis` unless it depends on the vectors there.
fn independent(mut basis: Vec<[f64; 3]>, vector: [f64; 3]) -> Vec<[f64; 3]> {
    /// Above rounding, below the angle between vectors of any lattice.
    const LEAST: f64 = 1e-6;
    let height = match basis[..] {
        [] => geometry::norm(&vector),
        [a] => geometry::norm(&cross(&a, &vector)) / geometry::norm(&a),
        [a, b] => {
            let normal = cross(&a, &b);
            geometry::dot(&normal, &vector).abs() / geometry::norm(&normal)
        }
        _ => 0.0,
    };
    if height > LEAST {
        basis.push(vector);
    }
    basis
}

fn unit(axis: usize) -> [f64; 3] {
    std::array::from_fn(|k| f64::from(u8::from(k == axis)))
}

/// Gram and Schmidt, twice; vectors that depend on earlier ones are left out.
fn orthonormal(candidates: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for mut vector in candidates {
        let before = dot(&vector, &vector);
        super::linalg::remove(&mut vector, &basis);
        super::linalg::remove(&mut vector, &basis);
        let square = dot(&vector, &vector);
        if square > 1e-12 * before {
            scale(&mut vector, 1.0 / square.sqrt());
            basis.push(vector);
        }
    }
    basis
}

fn remove_mean(vectors: &mut [[f64; 3]]) {
    let count = vectors.len().max(1) as f64;
    let mean: [f64; 3] = std::array::from_fn(|k| vectors.iter().map(|d| d[k]).sum::<f64>() / count);
    for vector in vectors {
        for k in 0..3 {
            vector[k] -= mean[k];
        }
    }
}

/// Rotation matrix that brings `b` closest to `a` (Horn, J. Opt. Soc. Am. A 4, 629 (1987)).
fn closest_rotation(a: &[[f64; 3]], b: &[[f64; 3]]) -> [[f64; 3]; 3] {
    let s: [[f64; 3]; 3] =
        std::array::from_fn(|i| std::array::from_fn(|j| a.iter().zip(b).map(|(a, b)| b[i] * a[j]).sum()));
    let matrix = vec![
        vec![s[0][0] + s[1][1] + s[2][2], s[1][2] - s[2][1], s[2][0] - s[0][2], s[0][1] - s[1][0]],
        vec![s[1][2] - s[2][1], s[0][0] - s[1][1] - s[2][2], s[0][1] + s[1][0], s[2][0] + s[0][2]],
        vec![s[2][0] - s[0][2], s[0][1] + s[1][0], s[1][1] - s[0][0] - s[2][2], s[1][2] + s[2][1]],
        vec![s[0][1] - s[1][0], s[2][0] + s[0][2], s[1][2] + s[2][1], s[2][2] - s[0][0] - s[1][1]],
    ];
    let (_, quaternions) = symmetric_eigen(matrix);
    rotation([0, 1, 2, 3].map(|k| quaternions[3][k]))
}

/// The same among the rotations about `axis` (unit length).
fn closest_rotation_about(axis: &[f64; 3], a: &[[f64; 3]], b: &[[f64; 3]]) -> [[f64; 3]; 3] {
    let across = |x: &[f64; 3]| difference(x, &axis.map(|e| e * geometry::dot(axis, x)));
    let (mut cosine, mut sine) = (0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (across(a), across(b));
        cosine += geometry::dot(&a, &b);
        sine += geometry::dot(axis, &cross(&b, &a));
    }
    let half = 0.5 * sine.atan2(cosine);
    let [x, y, z] = axis.map(|e| e * half.sin());
    rotation([half.cos(), x, y, z])
}

/// Rotation matrix of a unit quaternion.
fn rotation([w, x, y, z]: [f64; 4]) -> [[f64; 3]; 3] {
    [
        [w * w + x * x - y * y - z * z, 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
        [2.0 * (x * y + w * z), w * w - x * x + y * y - z * z, 2.0 * (y * z - w * x)],
        [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), w * w - x * x - y * y + z * z],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: f64 = 20.0;

    fn cube() -> SimulationBox {
        SimulationBox::new([0.0; 3], [SIDE, SIDE, SIDE, 0.0, 0.0, 0.0], [true; 3]).unwrap()
    }

    /// Five atoms around a corner of the box, each wrapped into it.
    fn cluster(turn: f64) -> Vec<f64> {
        let places = [[0.0, 0.0, 0.0], [2.0, 0.3, 0.1], [-0.4, 2.1, 0.2], [0.5, -0.3, 1.9], [-1.8, -0.9, 0.7]];
        let (s, c) = turn.sin_cos();
        let turned = places.map(|[x, y, z]| [c * x - s * y, s * x + c * y, z]);
        turned.iter().flat_map(|x| x.map(|x| x.rem_euclid(SIDE))).collect()
    }

    #[test]
    fn a_turned_cluster_across_a_periodic_boundary_is_the_same() {
        let frame = Frame::of_parts(cube(), &cluster(0.0), 3.0, &[]);
        let turned = cluster(0.7);
        assert!(frame.displacements(&turned).iter().all(|d| geometry::norm(d) < 1e-12));
        assert!(Frame::new(cube(), &cluster(0.0)).displacements(&turned).iter().any(|d| geometry::norm(d) > 0.5));
        assert_eq!(frame.rigid_motions(&[0, 1, 2, 3, 4]).0.len(), 6);
        assert!(frame.rigid_motions(&[0, 1, 2, 3]).is_empty());
    }

    #[test]
    fn held_atoms_hold_what_touches_them() {
        // the last atom is alone
        let mut x = cluster(0.0);
        x.extend([10.0, 10.0, 10.0]);
        let frame = Frame::of_parts(cube(), &x, 3.0, &[4]);
        let moved: Vec<f64> = x.iter().map(|x| x + 0.1).collect();
        let lengths: Vec<f64> = frame.displacements(&moved).iter().map(geometry::norm).collect();
        assert!(
            lengths[..5].iter().all(|d| (d - 0.1 * 3f64.sqrt()).abs() < 1e-12) && lengths[5] < 1e-12,
            "{lengths:?}"
        );
        let free = frame.of_atoms(&[0, 1, 2, 3, 5]);
        assert_eq!(free.rigid_motions(&[0, 1, 2, 3, 4]).0.len(), 3);
    }

    #[test]
    fn a_wire_turns_about_itself_and_a_film_does_not() {
        let wire: Vec<f64> = (0..10).flat_map(|k| [2.0 * f64::from(k), 5.0 + (f64::from(k)).sin(), 5.0]).collect();
        let frame = Frame::of_parts(cube(), &wire, 3.5, &[]);
        let all: Vec<u32> = (0..10).collect();
        assert_eq!(frame.bodies.len(), 1);
        assert_eq!(frame.rigid_motions(&all).0.len(), 4);
        let (s, c) = 0.4f64.sin_cos();
        let turned: Vec<f64> = wire
            .as_chunks::<3>()
            .0
            .iter()
            .flat_map(|x| [x[0], 5.0 + c * (x[1] - 5.0), 5.0 + s * (x[1] - 5.0)])
            .collect();
        assert!(frame.displacements(&turned).iter().all(|d| geometry::norm(d) < 1e-12));
        let film: Vec<f64> = (0..100).flat_map(|k| [2.0 * f64::from(k / 10), 2.0 * f64::from(k % 10), 5.0]).collect();
        let frame = Frame::of_parts(cube(), &film, 2.5, &[]);
        assert_eq!(frame.rigid_motions(&(0..100).collect::<Vec<u32>>()).0.len(), 3);
    }
}
