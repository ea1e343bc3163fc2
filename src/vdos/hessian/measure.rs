//! Plan, measurement and assembly.

use super::colouring::{self, Colouring};
use super::graph::Graph;
use super::reach::{AMPLITUDE, Probed, Reach, probe};
use super::recovery::{self, Blocks, Recovery};
use super::{Forces, Sample};
use crate::error::{Error, Result};
use crate::vdos::DynamicalMatrix;
use crate::vdos::memory::require;
use crate::vdos::progress::Stage;
use std::time::Instant;

/// Atoms that should not have felt a displacement but did, by more than this fraction of the largest change, show that
/// the reach is too short.
const STRAY: f64 = 1e-7;
/// So does a difference between H and its transpose above this fraction of the largest entry ... Tabulated potentials, whose
/// curvature jumps at knots, leave up to 5e-5 somewhere among 6 million blocks.
const ASYMMETRY: f64 = 1e-3;
/// ... which is never accepted above this one.
const UNACCEPTABLE: f64 = 1e-2;
/// The reach is enlarged by this factor, at most so many times.
const ENLARGE: f64 = 1.1;
const TRIALS: usize = 6;
/// In units without a fixed scale: force allowed at a minimum, as a fraction of stiffness times atomic spacing. 1e-4
/// eV/Angstrom in Cu-Zr is 3e-6.
const RELATIVE_FORCE: f64 = 3e-6;

/// The graph with a colouring, then with the blocks.
const BYTES_PER_PAIR: f64 = {
    let (plan, blocks) = (colouring::BYTES_PER_PAIR, recovery::BYTES_PER_PAIR);
    (size_of::<u32>() + if plan > blocks { plan } else { blocks }) as f64
};

/// How a Hessian is measured.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Displacement of the central difference (distance units).
    pub delta: f64,
    /// Displacements up to a quarter of it are possible (distance units).
    pub skin: f64,
    /// Largest force component on an atom of the group at a minimum (force units); `None` where the units have no scale.
    pub tolerance: Option<f64>,
    /// Acceleration per force and mass, in the units used.
    pub acceleration: f64,
    /// Memory that may be used (bytes).
    pub memory: f64,
}

/// The dynamical matrix and how it was found.
#[derive(Debug)]
pub struct Hessian {
    /// Mass-weighted, in (rad / time)^2.
    pub matrix: DynamicalMatrix,
    /// Evaluations of the forces.
    pub evaluations: u64,
    /// Largest difference between H and its transpose, as a fraction of the largest entry.
    pub asymmetry: f64,
    /// Error of an eigenvalue of the matrix, estimated from all differences between H and its transpose, (rad / time)^2.
    pub noise: f64,
    /// Reach that was used in the end.
    pub reach: Reach,
}

/// Measures the Hessian of the members of a sample; all other atoms stay where they are.
///
/// # Errors
/// If the sample is not at a minimum, memory is short, the forces have no finite derivative, or `forces` fails.
pub fn measure(
    sample: &Sample,
    settings: &Settings,
    forces: &mut dyn Forces,
    log: &mut dyn FnMut(&str),
) -> Result<Hessian> {
    let start = Instant::now();
    let Settings { delta, skin, .. } = *settings;
    let most = 0.25 * skin;
    if delta > most {
        let text = format!("delta {delta}: at most a quarter of the neighbor skin {skin} is possible");
        return Err(Error::InvalidParameter(text));
    }
    let mut forces = Counted { forces, evaluations: 0 };
    let mut base = vec![[0.0; 3]; sample.members.len()];
    forces.evaluate(&[], &[], &mut base)?;
    check_minimum(&base, settings.tolerance)?;
    let probed = probe(sample, most.min(AMPLITUDE * delta), &base, &mut forces)?;
    if settings.tolerance.is_none() {
        check_minimum(&base, Some(RELATIVE_FORCE * probed.stiffness * sample.spacing()))?;
    }
    log(&describe(&probed));
    // Before the graph, which takes a twentieth of it: where the range is infinite that is too much already.
    let members = sample.members.len() as f64;
    require_pairs(members * probed.neighbours.min(members), settings.memory)?;
    drop(base);
    let (blocks, reach) = measure_blocks(sample, settings, probed.reach, &mut forces, log)?;
    let evaluations = forces.evaluations;
    let largest = largest_entry(&blocks);
    let asymmetry = if largest > 0.0 { blocks.asymmetry / largest } else { 0.0 };
    let seconds = start.elapsed().as_secs_f64();
    log(&format!("  {evaluations} force evaluations in {seconds:.1} s"));
    log(&format!("  largest entry {largest:.6}, |H - H^T| at most {asymmetry:.2e} of it"));
    if sample.members.len() == sample.positions.len() {
        log(&format!("  acoustic sum rule: rows add up to at most {:.2e} of it", sum_rule(&blocks) / largest));
    }
    let noise = noise(&blocks, sample, settings.acceleration);
    let matrix = weighted(blocks, sample, settings.acceleration)?;
    Ok(Hessian { matrix, evaluations, asymmetry, noise, reach })
}

/// Counts the evaluations.
struct Counted<'a> {
    forces: &'a mut dyn Forces,
    evaluations: u64,
}

impl Forces for Counted<'_> {
    fn evaluate(&mut self, moved: &[u32], to: &[[f64; 3]], forces: &mut [[f64; 3]]) -> Result<()> {
        self.evaluations += 1;
        self.forces.evaluate(moved, to, forces)
    }
}

fn check_minimum(base: &[[f64; 3]], tolerance: Option<f64>) -> Result<()> {
    let force = base.iter().flatten().fold(0.0f64, |largest, f| if f.is_nan() { *f } else { largest.max(f.abs()) });
    match tolerance {
        Some(tolerance) if force.is_nan() || force > tolerance => Err(Error::NotMinimised { force, tolerance }),
        _ => Ok(()),
    }
}

fn describe(probed: &Probed) -> String {
    let range = probed.range;
    match probed.reach {
        Reach::Direct(_) => format!("  forces change up to {range:.4} from a displaced atom"),
        Reach::TwoHops(hop) => {
            format!("  forces change up to {range:.4} from a displaced atom, through atoms within {hop:.4} of both")
        }
    }
}

/// Enlarges the reach until it explains all forces.
fn measure_blocks(
    sample: &Sample,
    settings: &Settings,
    mut reach: Reach,
    forces: &mut Counted,
    log: &mut dyn FnMut(&str),
) -> Result<(Blocks, Reach)> {
    let mut previous = f64::INFINITY;
    for trial in 1.. {
        let (graph, colouring) = plan(sample, reach, settings.memory, log)?;
        let complete = graph.n_pairs() == graph.len() * graph.len();
        let outcome = difference(sample, settings.delta, graph, &colouring, forces, log)?;
        let last = complete || trial == TRIALS;
        let why = match outcome {
            Ok(blocks) => {
                let asymmetry = blocks.asymmetry / largest_entry(&blocks).max(f64::MIN_POSITIVE);
                // Not the reach, but the forces are to blame if enlarging it did not help.
                let accepted =
                    asymmetry <= ASYMMETRY || ((last || asymmetry > 0.5 * previous) && asymmetry <= UNACCEPTABLE);
                if accepted {
                    if asymmetry > ASYMMETRY {
                        log(&format!(
                            "WARNING: the Hessian is not symmetric, |H - H^T| is {asymmetry:.2e} of its largest entry"
                        ));
                    }
                    return Ok((blocks, reach));
                }
                previous = asymmetry;
                format!("the Hessian is not symmetric, |H - H^T| is {asymmetry:.2e} of its largest entry")
            }
            Err(stray) => format!("an atom out of reach felt a displacement ({stray:.2e} of the largest change)"),
        };
        if last {
            let text =
                format!("{why}: the forces are not smooth enough, or not derived from an energy, for this delta");
            return Err(Error::InvalidParameter(text));
        }
        reach = reach.enlarged(ENLARGE);
        log(&format!("  {why}; again with a reach of {:.4}", reach.length()));
    }
    unreachable!("the last trial returns")
}

fn plan(sample: &Sample, reach: Reach, memory: f64, log: &mut dyn FnMut(&str)) -> Result<(Graph, Colouring)> {
    let graph = reach.graph(sample);
    let (atoms, pairs) = (graph.len(), graph.n_pairs());
    let (each, needed) = (pairs as f64 / atoms as f64, BYTES_PER_PAIR * pairs as f64 * 1e-9);
    log(&format!("  Hessian of {atoms} atoms: {each:.1} blocks per atom, {needed:.3} GB of memory per MPI process"));
    require_pairs(pairs as f64, memory)?;
    if u32::try_from(pairs).is_err() {
        let text = format!("the Hessian has {pairs} blocks, at most {} are possible: use a smaller group", u32::MAX);
        return Err(Error::InvalidParameter(text));
    }
    let colouring = colouring::acyclic(&graph);
    let n = colouring.n_colours;
    log(&format!("  {n} sets of atoms displaced together, {} force evaluations", 6 * n));
    if n == atoms && atoms > 1000 {
        log("WARNING: every atom feels every other one, so that atoms are displaced one by one");
    }
    Ok((graph, colouring))
}

/// Fails if the Hessian of so many pairs does not fit.
fn require_pairs(pairs: f64, memory: f64) -> Result<()> {
    require("the Hessian", BYTES_PER_PAIR * pairs, memory, "use a smaller group")
}

/// Displaces every colour along every axis. `Err` within: the largest change out of reach, as a fraction of the largest one.
fn difference(
    sample: &Sample,
    delta: f64,
    graph: Graph,
    colouring: &Colouring,
    forces: &mut Counted,
    log: &mut dyn FnMut(&str),
) -> Result<std::result::Result<Blocks, f64>> {
    let members = graph.len();
    let mut recovery = Recovery::new(graph, colouring);
    let (mut plus, mut minus) = (vec![[0.0; 3]; members], vec![[0.0; 3]; members]);
    let classes = colouring.classes();
    let mut stage = Stage::new("Hessian".into(), log);
    for (done, class) in classes.iter().enumerate() {
        let atoms: Vec<u32> = class.iter().map(|&k| sample.members[k as usize]).collect();
        for axis in 0..3 {
            let (up, down) = (sample.displaced(&atoms, axis, delta), sample.displaced(&atoms, axis, -delta));
            forces.evaluate(&atoms, &up, &mut plus)?;
            forces.evaluate(&atoms, &down, &mut minus)?;
            let largest = subtract(&mut plus, &minus);
            if !largest.is_finite() {
                return Err(Error::InvalidParameter("forces of a displaced atom are not finite".into()));
            }
            // What was stored differs from what was asked for in the last bits.
            let steps: Vec<f64> = up.iter().zip(&down).map(|(up, down)| up[axis] - down[axis]).collect();
            let stray = recovery.record(class, axis, &steps, &plus);
            if stray > STRAY * largest {
                return Ok(Err(stray / largest));
            }
        }
        stage.tick((done + 1) as f64 / classes.len() as f64);
    }
    Ok(Ok(recovery.finish()))
}

/// `a` - `b`, in place; the largest entry.
fn subtract(a: &mut [[f64; 3]], b: &[[f64; 3]]) -> f64 {
    let mut largest = 0.0f64;
    for (a, b) in a.iter_mut().flatten().zip(b.iter().flatten()) {
        *a -= b;
        largest = if a.is_nan() { *a } else { largest.max(a.abs()) };
    }
    largest
}

impl Sample<'_> {
    fn displaced(&self, atoms: &[u32], axis: usize, by: f64) -> Vec<[f64; 3]> {
        let moved = |&atom: &u32| {
            let mut x = self.positions[atom as usize];
            x[axis] += by;
            x
        };
        atoms.iter().map(moved).collect()
    }

    /// Cube root of the volume per atom.
    fn spacing(&self) -> f64 {
        let [xx, yy, zz, ..] = self.cell.edges;
        (xx * yy * zz / self.positions.len() as f64).cbrt()
    }
}

fn largest_entry(blocks: &Blocks) -> f64 {
    blocks.blocks.iter().flatten().fold(0.0, |largest, entry| largest.max(entry.abs()))
}

/// Largest entry of the sum of the blocks of a row: 0 where nothing holds the atoms but each other.
fn sum_rule(blocks: &Blocks) -> f64 {
    let mut largest = 0.0f64;
    for i in 0..blocks.graph.len() {
        let mut sum = [0.0; 9];
        for block in &blocks.blocks[blocks.graph.slots(i)] {
            sum.iter_mut().zip(block).for_each(|(sum, entry)| *sum += entry);
        }
        largest = sum.iter().fold(largest, |largest, entry| largest.max(entry.abs()));
    }
    largest
}

/// Norm of a random symmetric matrix with as many entries a row, twice the standard deviation times the root of their
/// number (E. P. Wigner, Ann. Math. 67, 325 (1958), doi:10.2307/1970008), or rounding if that is more.
fn noise(blocks: &Blocks, sample: &Sample, acceleration: f64) -> f64 {
    let lightest = sample.members.iter().map(|&atom| sample.masses[atom as usize]).fold(f64::INFINITY, f64::min);
    let entries = 3.0 * blocks.graph.n_pairs() as f64 / blocks.graph.len() as f64;
    let norm = (2.0 * blocks.scatter * entries.sqrt()).max(f64::EPSILON * largest_entry(blocks));
    acceleration * norm / lightest
}

fn weighted(blocks: Blocks, sample: &Sample, acceleration: f64) -> Result<DynamicalMatrix> {
    let Blocks { graph, mut blocks, .. } = blocks;
    let weight: Vec<f64> = sample.members.iter().map(|&atom| 1.0 / sample.masses[atom as usize].sqrt()).collect();
    for i in 0..graph.len() {
        for (slot, &j) in graph.slots(i).zip(graph.row(i)) {
            // The same product for (i, j) and (j, i), to the bit.
            let factor = acceleration * (weight[i] * weight[j as usize]);
            blocks[slot].iter_mut().for_each(|entry| *entry *= factor);
        }
    }
    let (offsets, columns) = graph.into_parts();
    DynamicalMatrix::new(offsets, columns, blocks)
}
