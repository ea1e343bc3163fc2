//! Energy surfaces to search on, and their derivatives by nalgebra.

use ergodic::artn::{Engine, Sample, Settings, Steps};
use ergodic::geometry::SimulationBox;
use ergodic::{Error, Result};
use nalgebra::{DMatrix, DVector, SymmetricEigen};

/// An energy with its gradient, as a function of all coordinates.
pub trait Energy {
    fn energy(&self, x: &[f64], gradient: &mut [f64]) -> f64;
}

/// Makes an engine of an energy; counts calls, and fails from `fail_at` on with `failure`.
pub struct Tested<E> {
    pub energy: E,
    pub evaluations: u64,
    pub full: u64,
    pub fail_at: Option<(u64, Error)>,
    atoms: Vec<u32>,
    x: Vec<f64>,
}

impl<E: Energy> Tested<E> {
    pub fn new(energy: E) -> Self {
        Tested { energy, evaluations: 0, full: 0, fail_at: None, atoms: Vec::new(), x: Vec::new() }
    }
}

impl<E: Energy> Engine for Tested<E> {
    fn select(&mut self, atoms: &[u32], reference: &[f64]) -> Result<()> {
        assert!(atoms.is_sorted_by(|a, b| a < b));
        self.atoms = atoms.to_vec();
        self.x = reference.to_vec();
        Ok(())
    }

    fn evaluate(&mut self, x: &[f64], forces: &mut [f64]) -> Result<f64> {
        assert!(x.iter().all(|x| x.is_finite()));
        self.evaluations += 1;
        self.full += u64::from(3 * self.atoms.len() == self.x.len());
        if let Some((at, error)) = &self.fail_at
            && self.evaluations >= *at
        {
            return Err(error.clone());
        }
        for (x, &a) in x.chunks_exact(3).zip(&self.atoms) {
            self.x[3 * a as usize..3 * a as usize + 3].copy_from_slice(x);
        }
        let mut gradient = vec![0.0; self.x.len()];
        let energy = self.energy.energy(&self.x, &mut gradient);
        for (f, &a) in forces.chunks_exact_mut(3).zip(&self.atoms) {
            for k in 0..3 {
                f[k] = -gradient[3 * a as usize + k];
            }
        }
        Ok(energy)
    }
}

/// All pairs of a cluster by the Lennard-Jones potential with unit parameters.
pub struct LennardJones;

impl Energy for LennardJones {
    fn energy(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let mut energy = 0.0;
        for i in 0..x.len() / 3 {
            for j in 0..i {
                let d: [f64; 3] = std::array::from_fn(|k| x[3 * i + k] - x[3 * j + k]);
                let inverse = 1.0 / d.iter().map(|d| d * d).sum::<f64>();
                let six = inverse.powi(3);
                energy += 4.0 * six * (six - 1.0);
                for k in 0..3 {
                    let slope = -24.0 * six * (2.0 * six - 1.0) * inverse * d[k];
                    gradient[3 * i + k] += slope;
                    gradient[3 * j + k] -= slope;
                }
            }
        }
        energy
    }
}

/// The surface of Mueller and Brown, Theor. Chim. Acta 53, 75 (1979), in x and y of the first atom; all other coordinates
/// are harmonic, and coupled to x.
pub struct MuellerBrown;

impl MuellerBrown {
    pub const STIFFNESS: f64 = 300.0;
    pub const COUPLING: f64 = 0.3;
}

impl Energy for MuellerBrown {
    fn energy(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        const TERMS: [[f64; 6]; 4] = [
            [-200.0, -1.0, 0.0, -10.0, 1.0, 0.0],
            [-100.0, -1.0, 0.0, -10.0, 0.0, 0.5],
            [-170.0, -6.5, 11.0, -6.5, -0.5, 1.5],
            [15.0, 0.7, 0.6, 0.7, -1.0, 1.0],
        ];
        let mut energy = 0.0;
        for [factor, a, b, c, x_0, y_0] in TERMS {
            let (u, v) = (x[0] - x_0, x[1] - y_0);
            let term = factor * (a * u * u + b * u * v + c * v * v).exp();
            energy += term;
            gradient[0] += term * (2.0 * a * u + b * v);
            gradient[1] += term * (b * u + 2.0 * c * v);
        }
        for k in 2..x.len() {
            let d = x[k] - rest(k) - Self::COUPLING * x[0];
            let stiffness = Self::STIFFNESS * (1.0 + 0.2 * (k % 5) as f64);
            energy += 0.5 * stiffness * d * d;
            gradient[k] += stiffness * d;
            gradient[0] -= Self::COUPLING * stiffness * d;
        }
        energy
    }
}

/// Where coordinate k of a surface without pairs rests: atoms are far apart.
pub fn rest(k: usize) -> f64 {
    if k.is_multiple_of(3) { 100.0 * (k / 3) as f64 } else { 0.0 }
}

/// Atoms in double wells (x^2 - 1)^2 along x, coupled to their neighbours in a row by c (x_i - x_j)^2 / 2, harmonic and
/// stiffer in y and z.
pub struct DoubleWells {
    pub coupling: f64,
}

impl Energy for DoubleWells {
    fn energy(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let mut energy = 0.0;
        let atoms = x.len() / 3;
        for i in 0..atoms {
            let u = x[3 * i] - rest(3 * i);
            energy += (u * u - 1.0).powi(2);
            gradient[3 * i] += 4.0 * u * (u * u - 1.0);
            for k in 1..3 {
                energy += 15.0 * x[3 * i + k] * x[3 * i + k];
                gradient[3 * i + k] += 30.0 * x[3 * i + k];
            }
            if i + 1 < atoms {
                let d = u - (x[3 * i + 3] - rest(3 * i + 3));
                energy += 0.5 * self.coupling * d * d;
                gradient[3 * i] += self.coupling * d;
                gradient[3 * i + 3] -= self.coupling * d;
            }
        }
        energy
    }
}

/// Gradient.
pub fn gradient(energy: &impl Energy, x: &[f64]) -> DVector<f64> {
    let mut gradient = vec![0.0; x.len()];
    energy.energy(x, &mut gradient);
    DVector::from_vec(gradient)
}

/// Hessian by central differences of the gradient, made symmetric.
pub fn hessian(energy: &impl Energy, x: &[f64]) -> DMatrix<f64> {
    const STEP: f64 = 1e-5;
    let columns: Vec<DVector<f64>> = (0..x.len())
        .map(|k| {
            let (mut up, mut down) = (x.to_vec(), x.to_vec());
            up[k] += STEP;
            down[k] -= STEP;
            (gradient(energy, &up) - gradient(energy, &down)) / (up[k] - down[k])
        })
        .collect();
    let matrix = DMatrix::from_columns(&columns);
    0.5 * (&matrix + matrix.transpose())
}

/// Eigenvalues in ascending order.
pub fn eigenvalues(energy: &impl Energy, x: &[f64]) -> Vec<f64> {
    let mut values: Vec<f64> = SymmetricEigen::new(hessian(energy, x)).eigenvalues.iter().copied().collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The stationary point next to `x` by Newton's method, zero modes left alone; and its energy.
pub fn stationary(energy: &impl Energy, x: &[f64]) -> (Vec<f64>, f64) {
    let mut x = DVector::from_column_slice(x);
    for _ in 0..30 {
        let inverse = hessian(energy, x.as_slice()).pseudo_inverse(1e-4).expect("a tolerance >= 0");
        x -= inverse * gradient(energy, x.as_slice());
    }
    assert!(gradient(energy, x.as_slice()).amax() < 1e-9);
    let energy = energy.energy(x.as_slice(), &mut vec![0.0; x.len()]);
    (x.as_slice().to_vec(), energy)
}

/// A cluster of one species.
pub fn sample(positions: Vec<f64>) -> Sample {
    let atoms = positions.len() / 3;
    Sample { ids: (1..=atoms as i64).collect(), types: vec![1; atoms], positions, cell: SimulationBox::open() }
}

/// Atoms in an external field: the box is periodic and far larger than the row of atoms, so that no rotation is removed.
pub fn field(positions: Vec<f64>) -> Sample {
    const SIDE: f64 = 1e5;
    let cell = SimulationBox::new([0.0; 3], [SIDE, SIDE, SIDE, 0.0, 0.0, 0.0], [true; 3]).unwrap();
    Sample { cell, ..sample(positions) }
}

/// Settings for surfaces whose wells are some units apart.
pub fn settings() -> Settings {
    Settings {
        push: 0.05,
        push_radius: 1.0,
        shell: 1.0,
        active: None,
        ftol: 1e-6,
        lanczos_step: 1e-5,
        curvature: -0.1,
        steps: Steps::for_shell(3.7),
        ..Settings::default()
    }
}
