//! Width and range of the boson peak where none are given: from the highest frequency, and from where g/f^2 peaks.

use super::Communicator;
use super::algebra::dot;
use super::modes::frequency;
use super::settings::VibrationSettings;
use super::solver::chebyshev::{Moments, bounds, coefficients};
use super::solver::vector_block::{Operator, VectorBlock};
use super::spectrum::gaussian;
use crate::error::Result;

/// Sigma as a fraction of the highest frequency: 0.15 THz in Cu-Zr.
const SIGMA: f64 = 1.0 / 60.0;
/// Below as many sigma from 0 the tails of the Gaussians make g/f^2 diverge.
const TAILS: f64 = 4.0;
/// The lowest transverse phonons of a cubic box are as many; the frequency where the count of modes reaches it is theirs.
const PHONONS: f64 = 12.0;
/// The range around the maximum of g/f^2, in units of its frequency.
const AROUND: [f64; 2] = [0.75, 1.4];
/// Random vectors times rows for the estimate of g, and the least and most vectors.
const ROWS: usize = 200_000;
const VECTORS: [usize; 2] = [16, 128];
/// Moments for each f_max / sigma.
const ORDER: f64 = 4.0;
/// Points of g in a sigma.
const POINTS: f64 = 5.0;

/// The settings with what is to be found filled in.
///
/// # Errors
/// If ranks cannot communicate, or what was given does not fit what was found.
pub fn complete(
    operator: Operator,
    settings: &VibrationSettings,
    comm: &dyn Communicator,
    progress: &mut dyn FnMut(&str),
) -> Result<VibrationSettings> {
    let mut settings = settings.clone();
    if !settings.sigma_auto && !settings.range_auto {
        return Ok(settings);
    }
    let bounds = bounds(&operator)?;
    let highest = frequency(bounds.high);
    if settings.sigma_auto {
        settings.sigma = SIGMA * highest;
    }
    if settings.range_auto {
        let n = operator.matrix.dimension();
        let vectors = (ROWS / n).clamp(VECTORS[0], VECTORS[1]);
        let count = (ORDER * highest / settings.sigma).ceil().max(32.0) as usize;
        let mut block = VectorBlock::new(operator, comm, settings.threads, 0..0);
        let moments = Moments::stochastic(&operator, comm, &mut block.panels, bounds, (vectors, count), |_| {})?;
        let mean = moments.mean();
        let step = settings.sigma / POINTS;
        let points = (0.5 * highest / step).ceil().max(1.0) as usize;
        let curve: Vec<[f64; 2]> = (1..=points)
            .map(|k| k as f64 * step)
            .map(|f| {
                let line = coefficients(bounds, count, |own| gaussian(f - own, settings.sigma));
                [f, dot(&line, &mean).max(0.0) / n as f64]
            })
            .collect();
        let mut below = 0.0;
        let phonon = curve.iter().find(|[_, g]| {
            below += g * step * n as f64;
            below >= PHONONS
        });
        let least = least(settings.sigma, phonon.map_or(0.0, |[f, _]| *f));
        settings.range = around(curve.iter().map(|&[f, g]| [f, g / (f * f)]), least).0;
    }
    let [low, high] = settings.range;
    progress(&format!("sigma {:.4}, range {low:.4} {high:.4} (highest frequency {highest:.4})", settings.sigma));
    settings.sigma_auto = false;
    settings.range_auto = false;
    settings.check()?;
    Ok(settings)
}

/// The range around the maximum of `curve` (frequency, g/f^2) from the frequency `least` on, and whether it is a maximum: at
/// the first point, the curve still falls from the phonons.
pub fn around(curve: impl Iterator<Item = [f64; 2]>, least: f64) -> ([f64; 2], bool) {
    let above = curve.filter(|[f, _]| *f >= least).enumerate();
    let (k, peak) = above.max_by(|a, b| a.1[1].total_cmp(&b.1[1])).map_or((0, least), |(k, [f, _])| (k, f));
    ([(AROUND[0] * peak).max(least), AROUND[1] * peak], k > 0)
}

/// The least frequency at which g/f^2 is not that of the tails of the Gaussians or of the lowest phonons.
pub fn least(sigma: f64, lowest: f64) -> f64 {
    (TAILS * sigma).max(lowest)
}
