//! Plan, measurement and assembly.

use super::colouring::{self, Colouring};
use super::graph::Graph;
use super::reach::{AMPLITUDE, Pairs, Probed, Prober, Reach};
use super::recovery::{self, Blocks, Recovery};
use super::response::{self, Response};
use super::{Configuration, Forces};
use crate::error::{Error, Result};
use crate::vdos::DynamicalMatrix;
use crate::vdos::memory::require;
use crate::vdos::progress::Stage;
use std::collections::BTreeSet;
use std::time::Instant;

/// Random displacements of all members that the Hessian is verified with; of each row the middle one counts, since one may
/// cross a jump of the forces.
const DIRECTIONS: usize = 3;
/// Atoms that should not have felt a displacement but did, by more than this fraction of the largest change, miss blocks.
const OUT_OF_RANGE: f64 = 1e-7;
/// So may rows of H that differ from the forces by more than this fraction. Tabulated potentials, whose curvature jumps at
/// knots, leave up to 1e-4.
const SUSPECT: f64 = 1e-4;
/// Rows are never accepted above this fraction ...
const UNACCEPTABLE: f64 = 1e-2;
/// ... nor all of them together above this root mean square.
const UNACCEPTABLE_MEAN: f64 = 2e-3;
/// Suspects that are displaced one by one; where there are more, the reach is enlarged by a factor, too.
const MOST_SUSPECTS: usize = 200;
const ENLARGE: f64 = 1.1;
/// Plans that are tried.
const TRIALS: usize = 8;
/// Default displacement as a fraction of the spacing of atoms; 1e-7 Angstrom in Cu-Zr.
const RELATIVE_DELTA: f64 = 4e-8;
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
pub struct DifferenceSettings {
    /// Displacement of the central difference (distance units), if it is given.
    pub delta: Option<f64>,
    /// Its default; from the spacing of atoms where the units have no scale.
    pub default_delta: Option<f64>,
    /// Displacements up to a quarter of it are possible (distance units).
    pub skin: f64,
    /// Largest force component on an atom of the group at a minimum (force units); `None` where the units have no scale.
    pub tolerance: Option<f64>,
    /// Acceleration per force and mass, in the units used.
    pub acceleration: f64,
    /// Memory that may be used (bytes).
    pub memory: f64,
    /// Threads that plan the displacements.
    pub threads: usize,
}

impl DifferenceSettings {
    /// Default displacement in `units metal` (Angstrom).
    pub const METAL_DELTA: f64 = 1e-7;
    /// Largest force component at a minimum in `units metal` (eV/Angstrom).
    pub const METAL_TOLERANCE: f64 = 1e-4;

    fn default_delta(&self, configuration: &Configuration) -> f64 {
        self.default_delta.unwrap_or(RELATIVE_DELTA * configuration.spacing()).min(self.most())
    }

    /// Largest displacement that is possible.
    fn most(&self) -> f64 {
        0.25 * self.skin
    }
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

/// Measures the Hessian of the members of a configuration; all other atoms stay where they are.
///
/// # Errors
/// If the configuration is not at a minimum, memory is short, the forces have no finite derivative, or `forces` fails.
pub fn measure(
    configuration: &Configuration,
    settings: &DifferenceSettings,
    forces: &mut dyn Forces,
    log: &mut dyn FnMut(&str),
) -> Result<Hessian> {
    let start = Instant::now();
    let most = settings.most();
    let delta = settings.delta.unwrap_or_else(|| settings.default_delta(configuration));
    if delta > most {
        let text = format!("delta {delta}: at most a quarter of the neighbor skin {} is possible", settings.skin);
        return Err(Error::InvalidParameter(text));
    }
    let mut forces = Counted { forces, evaluations: 0 };
    let mut base = vec![[0.0; 3]; configuration.members.len()];
    forces.evaluate(&[], &[], &mut base)?;
    check_minimum(&base, settings.tolerance)?;
    let largest_force = base.iter().flatten().fold(0.0f64, |largest, f| largest.max(f.abs()));
    let mut prober = Prober::new(configuration, most.min(AMPLITUDE * delta), base);
    let (probed, extra) = prober.explore(&mut forces)?;
    if settings.tolerance.is_none() {
        let tolerance = RELATIVE_FORCE * probed.stiffness * configuration.spacing();
        check_minimum(&[[largest_force, 0.0, 0.0]], Some(tolerance))?;
    }
    log(&describe(&probed));
    // Before the graph, which takes a twentieth of it: where the range is infinite that is too much already.
    let members = configuration.members.len() as f64;
    require_pairs(members * probed.neighbours.min(members), settings.memory)?;
    let mut measurement =
        Measurement { configuration, settings, prober, reach: probed.reach, extra, delta, most, adapted: false };
    if !response::suits(configuration, delta, most, &mut forces)? {
        measurement.adapt(&mut forces, log)?;
    }
    let blocks = measurement.blocks(&mut forces, log)?;
    let reach = measurement.reach;
    let evaluations = forces.evaluations;
    let largest = largest_entry(&blocks);
    if largest <= 0.0 {
        let text = "no force changes when atoms are displaced, the Hessian is 0: are atoms within the cut-off of a \
                    pair_style that has forces?";
        return Err(Error::InvalidParameter(text.into()));
    }
    let asymmetry = blocks.asymmetry / largest;
    let seconds = start.elapsed().as_secs_f64();
    log(&format!("  {evaluations} force evaluations in {seconds:.1} s"));
    log(&format!("  largest entry {largest:.6}, |H - H^T| at most {asymmetry:.2e} of it"));
    if configuration.members.len() == configuration.positions.len() {
        log(&format!("  acoustic sum rule: rows add up to at most {:.2e} of it", sum_rule(&blocks) / largest));
    }
    let noise = noise(&blocks, configuration, settings.acceleration);
    let matrix = weighted(blocks, configuration, settings.acceleration)?;
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

/// Looks for pairs of atoms and a displacement that explain all forces.
struct Measurement<'a> {
    configuration: &'a Configuration<'a>,
    settings: &'a DifferenceSettings,
    prober: Prober<'a>,
    reach: Reach,
    /// Pairs of members beyond the reach.
    extra: Pairs,
    /// Displacement in use.
    delta: f64,
    most: f64,
    /// Whether the displacement was chosen by the forces.
    adapted: bool,
}

impl Measurement<'_> {
    fn blocks(&mut self, forces: &mut Counted, log: &mut dyn FnMut(&str)) -> Result<Blocks> {
        for _ in 0..TRIALS {
            let extra = std::mem::take(&mut self.extra);
            let graph = self.reach.graph(self.configuration).with(&extra);
            self.extra = extra;
            let (graph, colouring) = plan(graph, self.settings, log)?;
            let pass = difference(self.configuration, self.delta, graph, &colouring, forces, log)?;
            let mut suspects: Vec<u32> = pass.out_of_range.iter().copied().collect();
            let check = match &pass.found {
                Ok(blocks) => Some(self.verify(blocks, forces)?),
                Err(_) => None,
            };
            suspects.extend(check.iter().flat_map(|check| &check.suspects));
            let graph = pass.found.as_ref().map_or_else(|graph| graph, |blocks| &blocks.graph);
            if self.miss(&suspects, graph, forces, log)? {
                continue;
            }
            match (pass.found, check) {
                (Ok(blocks), Some(check)) if check.accepted() => {
                    log(&format!("  {check}"));
                    return Ok(blocks);
                }
                // Nothing is missing: the displacement is to blame, or the forces are.
                (_, check) if self.adapted => return Err(self.failed(check)),
                _ => self.adapt(forces, log)?,
            }
        }
        Err(self.failed(None))
    }

    /// Compares the Hessian with the forces along random directions.
    fn verify(&self, blocks: &Blocks, forces: &mut Counted) -> Result<Check> {
        let rows = (1..=DIRECTIONS)
            .map(|k| Ok(Response::new(self.configuration, k, self.delta, forces)?.residuals(blocks)))
            .collect::<Result<Vec<_>>>()?;
        let middle = |i: usize| {
            let mut values: [f64; DIRECTIONS] = std::array::from_fn(|k| rows[k][i]);
            values.sort_unstable_by(f64::total_cmp);
            values[DIRECTIONS / 2]
        };
        let rows: Vec<f64> = (0..blocks.graph.len()).map(middle).collect();
        let mut suspects: Vec<u32> = (0..rows.len() as u32).filter(|&i| rows[i as usize] > SUSPECT).collect();
        suspects.sort_by(|&a, &b| rows[b as usize].total_cmp(&rows[a as usize]));
        let mean = (rows.iter().map(|row| row * row).sum::<f64>() / rows.len() as f64).sqrt();
        let unacceptable = rows.iter().filter(|&&row| row > UNACCEPTABLE).count();
        Ok(Check { suspects, mean, largest: rows.iter().copied().fold(0.0, f64::max), unacceptable, of: rows.len() })
    }

    /// Displaces suspects and adds what was not in the `graph`; whether there was anything.
    fn miss(
        &mut self,
        suspects: &[u32],
        graph: &Graph,
        forces: &mut Counted,
        log: &mut dyn FnMut(&str),
    ) -> Result<bool> {
        let some = &suspects[..suspects.len().min(MOST_SUSPECTS)];
        let pairs = self.prober.pairs(some, forces)?;
        let missing = pairs.into_iter().filter(|&(i, j)| graph.slot(i as usize, j).is_none());
        let before = self.extra.len();
        self.extra.extend(missing);
        let added = self.extra.len() - before;
        if added == 0 {
            return Ok(false);
        }
        if suspects.len() > MOST_SUSPECTS {
            self.reach = self.reach.enlarged(ENLARGE);
        }
        let length = self.reach.length();
        log(&format!("  {added} blocks of {} atoms were missing; again with them, reach {length:.4}", some.len()));
        Ok(true)
    }

    /// Takes the displacement that suits the forces.
    fn adapt(&mut self, forces: &mut Counted, log: &mut dyn FnMut(&str)) -> Result<()> {
        self.adapted = true;
        let default = self.settings.default_delta(self.configuration);
        let chosen = response::smoothest(self.configuration, default, self.most, forces)?;
        let given = self.settings.delta.is_some();
        if (chosen / self.delta - 1.0).abs() > 1e-6 {
            let delta = self.delta;
            let prefix = if given { "WARNING: " } else { "  " };
            log(&format!("{prefix}delta {delta:.3e} does not suit these forces, {chosen:.3e} is taken instead"));
            self.delta = chosen;
        }
        Ok(())
    }

    fn failed(&self, check: Option<Check>) -> Error {
        let what = check.map_or("the Hessian misses blocks".into(), |check| check.to_string());
        Error::InvalidParameter(format!(
            "{what}. The forces are not smooth enough for delta {:.3e}, nor for any other that was tried, or not derived \
             from an energy: give another delta, use pair_modify table 0 with tabulated Coulomb forces, a higher kspace \
             accuracy, or a potential whose force vanishes at its cut-off",
            self.delta
        ))
    }
}

/// How a Hessian compares with the forces.
struct Check {
    /// Members whose rows differ, the worst first.
    suspects: Vec<u32>,
    /// Root mean square difference of the rows, as a fraction of each.
    mean: f64,
    /// Largest one.
    largest: f64,
    /// Rows that differ by too much, of so many.
    unacceptable: usize,
    of: usize,
}

impl Check {
    fn accepted(&self) -> bool {
        self.unacceptable == 0 && self.mean <= UNACCEPTABLE_MEAN
    }
}

impl std::fmt::Display for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let Self { mean, largest, unacceptable, of, .. } = self;
        write!(f, "H v and forces for {DIRECTIONS} random v: rows differ by {mean:.1e} (rms), at most {largest:.1e}")?;
        if *unacceptable > 0 {
            write!(f, ", {unacceptable} of {of} by more than {UNACCEPTABLE:.0e}")?;
        }
        Ok(())
    }
}

fn plan(graph: Graph, settings: &DifferenceSettings, log: &mut dyn FnMut(&str)) -> Result<(Graph, Colouring)> {
    let (atoms, pairs) = (graph.len(), graph.n_pairs());
    let (each, needed) = (pairs as f64 / atoms as f64, BYTES_PER_PAIR * pairs as f64 * 1e-9);
    log(&format!("  Hessian of {atoms} atoms: {each:.1} blocks per atom, {needed:.3} GB of memory"));
    require_pairs(pairs as f64, settings.memory)?;
    if u32::try_from(pairs).is_err() {
        let text = format!("the Hessian has {pairs} blocks, at most {} are possible: use a smaller group", u32::MAX);
        return Err(Error::InvalidParameter(text));
    }
    let start = Instant::now();
    let colouring = colouring::acyclic(&graph, settings.threads);
    let (n, seconds) = (colouring.n_colours, start.elapsed().as_secs_f64());
    log(&format!("  {n} sets of atoms displaced together, {} force evaluations; planned in {seconds:.1} s", 6 * n));
    if n == atoms && atoms > 1000 {
        log("WARNING: every atom feels every other one, so that atoms are displaced one by one");
    }
    Ok((graph, colouring))
}

/// Fails if the Hessian of so many pairs does not fit.
fn require_pairs(pairs: f64, memory: f64) -> Result<()> {
    require("the Hessian", BYTES_PER_PAIR * pairs, memory, "use a smaller group")
}

/// What one plan gave.
struct Pass {
    /// The blocks; the pairs alone if there were too many out of range to go on.
    found: std::result::Result<Blocks, Graph>,
    /// Members that felt a displacement that they should not.
    out_of_range: BTreeSet<u32>,
}

/// Displaces every colour along every axis.
fn difference(
    configuration: &Configuration,
    delta: f64,
    graph: Graph,
    colouring: &Colouring,
    forces: &mut Counted,
    log: &mut dyn FnMut(&str),
) -> Result<Pass> {
    let members = graph.len();
    let mut recovery = Recovery::new(graph, colouring);
    let (mut plus, mut minus) = (vec![[0.0; 3]; members], vec![[0.0; 3]; members]);
    let classes = colouring.classes();
    let mut out_of_range = BTreeSet::new();
    let mut stage = Stage::new("Hessian".into(), log);
    for (done, class) in classes.iter().enumerate() {
        let atoms: Vec<u32> = class.iter().map(|&k| configuration.members[k as usize]).collect();
        for axis in 0..3 {
            let (up, down) =
                (configuration.displaced(&atoms, axis, delta), configuration.displaced(&atoms, axis, -delta));
            forces.evaluate(&atoms, &up, &mut plus)?;
            forces.evaluate(&atoms, &down, &mut minus)?;
            response::subtract(&mut plus, &minus);
            if !plus.iter().flatten().all(|change| change.is_finite()) {
                return Err(Error::InvalidParameter("forces of a displaced atom are not finite".into()));
            }
            let largest = plus.iter().flatten().fold(0.0f64, |largest, change| largest.max(change.abs()));
            // What was stored differs from what was asked for in the last bits.
            let steps: Vec<f64> = up.iter().zip(&down).map(|(up, down)| up[axis] - down[axis]).collect();
            recovery.record(class, axis, &steps, &plus, OUT_OF_RANGE * largest, &mut out_of_range);
        }
        if out_of_range.len() > MOST_SUSPECTS {
            return Ok(Pass { found: Err(recovery.into_graph()), out_of_range });
        }
        stage.tick((done + 1) as f64 / classes.len() as f64);
    }
    Ok(Pass { found: Ok(recovery.finish()), out_of_range })
}

impl Configuration<'_> {
    fn displaced(&self, atoms: &[u32], axis: usize, by: f64) -> Vec<[f64; 3]> {
        let moved = |&atom: &u32| {
            let mut x = self.positions[atom as usize];
            x[axis] += by;
            x
        };
        atoms.iter().map(moved).collect()
    }

    /// Cube root of the volume per atom.
    pub(super) fn spacing(&self) -> f64 {
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
fn noise(blocks: &Blocks, configuration: &Configuration, acceleration: f64) -> f64 {
    let lightest =
        configuration.members.iter().map(|&atom| configuration.masses[atom as usize]).fold(f64::INFINITY, f64::min);
    let entries = 3.0 * blocks.graph.n_pairs() as f64 / blocks.graph.len() as f64;
    let norm = (2.0 * blocks.scatter * entries.sqrt()).max(f64::EPSILON * largest_entry(blocks));
    acceleration * norm / lightest
}

fn weighted(blocks: Blocks, configuration: &Configuration, acceleration: f64) -> Result<DynamicalMatrix> {
    let Blocks { graph, mut blocks, .. } = blocks;
    let weight: Vec<f64> =
        configuration.members.iter().map(|&atom| 1.0 / configuration.masses[atom as usize].sqrt()).collect();
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
