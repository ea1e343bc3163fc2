//! Changes of the forces when all members move at random, which no plan of displacements knows: they tell whether a
//! displacement suits the forces, and whether the Hessian is right.

use super::recovery::Blocks;
use super::{Configuration, Forces};
use crate::error::{Error, Result};
use crate::geometry::{difference, norm};
use crate::vdos::random::{Use, signs};

/// Rows in which two steps disagree by more than this fraction of the row are not smooth there.
const DISAGREEMENT: f64 = 1e-3;
/// Fraction of such rows that is accepted: knots of tabulated potentials lie somewhere.
const ACCEPTED_ROWS: f64 = 1e-4;
/// Median difference that is accepted, as a fraction of a row.
const ACCEPTED_MEDIAN: f64 = 1e-5;
/// Rounding below this fraction of a row does not matter: a smaller step is better then.
const NEGLIGIBLE: f64 = 1e-6;
/// Steps that are tried are factors of this one apart ...
const RATIO: f64 = 3.162_277_660_168_379_5;
/// ... so many below the default step and above.
const BELOW: i32 = 4;
const ABOVE: i32 = 9;
/// Far above the resolution of single precision, as a fraction of the spacing of atoms; 1e-4 Angstrom in Cu-Zr.
const COARSE: f64 = 4e-5;
/// Median difference to a coarse step that is accepted, as a fraction of a row.
const ACCEPTED_COARSE: f64 = 1e-2;
/// A row counts as at least this fraction of the root mean square row.
const LEAST_ROW: f64 = 1e-2;

/// What one displacement of all members does.
#[derive(Debug, Clone)]
pub struct Response {
    /// Distance between the two positions of every member along each axis.
    steps: Vec<[f64; 3]>,
    /// Change of the force on every member, F(+) - F(-).
    changes: Vec<[f64; 3]>,
    /// Root mean square of the steps.
    scale: f64,
}

impl Response {
    /// Moves each member by half of `delta` forth and back along every axis, with the signs of random vector `index`:
    /// neighbours come closer by as much as when one of them is displaced by `delta`.
    ///
    /// # Errors
    /// Those of `forces`.
    pub fn new(configuration: &Configuration, index: usize, delta: f64, forces: &mut dyn Forces) -> Result<Self> {
        let members = configuration.members;
        let signs: Vec<f64> = signs(Use::Displacement, index, 0..3 * members.len()).collect();
        let moved = |by: f64| {
            let to = |(&atom, signs): (&u32, &[f64; 3])| {
                let x = configuration.positions[atom as usize];
                std::array::from_fn(|k| x[k] + by * signs[k])
            };
            members.iter().zip(signs.as_chunks::<3>().0).map(to).collect::<Vec<[f64; 3]>>()
        };
        let (up, down) = (moved(0.5 * delta), moved(-0.5 * delta));
        let (mut changes, mut minus) = (vec![[0.0; 3]; members.len()], vec![[0.0; 3]; members.len()]);
        forces.evaluate(members, &up, &mut changes)?;
        forces.evaluate(members, &down, &mut minus)?;
        subtract(&mut changes, &minus);
        if !changes.iter().flatten().all(|change| change.is_finite()) {
            return Err(Error::InvalidParameter("forces of displaced atoms are not finite".into()));
        }
        let mut steps = up;
        subtract(&mut steps, &down);
        Ok(Self { steps, changes, scale: delta })
    }

    /// |F(+) - F(-) + H steps| of every row, as a fraction of what the row of H does to a random displacement. Rows that
    /// are 0 in H count as those of the smallest entries that matter.
    #[must_use]
    pub fn residuals(&self, blocks: &Blocks) -> Vec<f64> {
        let graph = &blocks.graph;
        let mut rows = Vec::with_capacity(graph.len());
        for i in 0..graph.len() {
            let mut rest = self.changes[i];
            let mut squares = 0.0;
            for (slot, &j) in graph.slots(i).zip(graph.row(i)) {
                for (k, entry) in blocks.blocks[slot].iter().enumerate() {
                    rest[k / 3] += entry * self.steps[j as usize][k % 3];
                    squares += entry * entry;
                }
            }
            rows.push((norm(&rest), squares.sqrt() * self.scale));
        }
        let floor = LEAST_ROW * root_mean_square(rows.iter().map(|row| row.1));
        rows.into_iter().map(|(rest, row)| if rest > 0.0 { rest / row.max(floor) } else { 0.0 }).collect()
    }

    /// How far two steps along the same direction disagree.
    fn disagreement(&self, other: &Self) -> Disagreement {
        let scaled = |response: &Self, i: usize| response.changes[i].map(|change| change / response.scale);
        let floor = LEAST_ROW * root_mean_square((0..self.changes.len()).map(|i| norm(&scaled(self, i))));
        let mut rows: Vec<f64> = (0..self.changes.len())
            .map(|i| {
                let (a, b) = (scaled(self, i), scaled(other, i));
                let gap = norm(&difference(&a, &b));
                let row = norm(&a).max(norm(&b)).max(floor);
                if gap > 0.0 { gap / row } else { 0.0 }
            })
            .collect();
        rows.sort_unstable_by(f64::total_cmp);
        let worse = rows.len() - rows.partition_point(|&row| row <= DISAGREEMENT);
        Disagreement { rows: worse as f64 / rows.len() as f64, median: rows[rows.len() / 2] }
    }
}

/// Between two steps.
#[derive(Debug, Clone, Copy)]
struct Disagreement {
    /// Fraction of the rows that differ.
    rows: f64,
    /// Median difference, as a fraction of a row.
    median: f64,
}

impl Disagreement {
    fn accepted(&self) -> bool {
        self.rows <= ACCEPTED_ROWS && self.median <= ACCEPTED_MEDIAN
    }
}

/// Whether the forces change by the same per displacement at `delta`, at a somewhat larger step, and, for most atoms, at a
/// coarse one: below the resolution of a table nothing changes, which looks smooth, too. `most`: largest step possible.
///
/// # Errors
/// Those of `forces`.
pub fn suits(configuration: &Configuration, delta: f64, most: f64, forces: &mut dyn Forces) -> Result<bool> {
    let mut at = |step: f64| Response::new(configuration, 0, step, forces);
    let here = at(delta)?;
    let other = at(if delta * RATIO <= most { delta * RATIO } else { delta / RATIO })?;
    let coarse = at(most.min(COARSE * configuration.spacing()))?;
    Ok(here.disagreement(&other).accepted() && here.disagreement(&coarse).median <= ACCEPTED_COARSE)
}

/// The step at which the forces change most smoothly, around the default step `delta`, at most `most`. Too small a one is
/// lost in the noise of the forces (tables with an index of single precision), too large a one crosses jumps (a force that
/// does not vanish at its cut-off). Of the largest steps that agree with each other, down to the first that does not, it is
/// the one with the least rounding, or the smallest whose rounding is negligible.
///
/// # Errors
/// Those of `forces`.
pub fn smoothest(configuration: &Configuration, delta: f64, most: f64, forces: &mut dyn Forces) -> Result<f64> {
    let steps: Vec<f64> = (-BELOW..=ABOVE).map(|k| delta * RATIO.powi(k)).filter(|&step| step <= most).collect();
    let responses =
        steps.iter().map(|&step| Response::new(configuration, 0, step, forces)).collect::<Result<Vec<Response>>>()?;
    let pairs: Vec<Disagreement> = responses.windows(2).map(|pair| pair[0].disagreement(&pair[1])).collect();
    let least = pairs.iter().map(|pair| pair.rows).fold(1.0, f64::min).max(ACCEPTED_ROWS);
    let agree = |pair: &Disagreement| pair.rows <= least;
    let above = pairs.iter().rposition(agree).map_or(0, |last| last + 1);
    let first = pairs[..above].iter().rposition(|pair| !agree(pair)).map_or(0, |last| last + 1);
    let candidates = steps[first..above].iter().zip(&pairs[first..above]);
    let best = candidates.min_by(|a, b| a.1.median.max(NEGLIGIBLE).total_cmp(&b.1.median.max(NEGLIGIBLE)));
    Ok(best.map_or(delta, |best| *best.0))
}

/// `a` - `b`, in place.
pub fn subtract(a: &mut [[f64; 3]], b: &[[f64; 3]]) {
    a.iter_mut().flatten().zip(b.iter().flatten()).for_each(|(a, b)| *a -= b);
}

fn root_mean_square(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len().max(1) as f64;
    (values.map(|value| value * value).sum::<f64>() / n).sqrt()
}
