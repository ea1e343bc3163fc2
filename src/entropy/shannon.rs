//! Shannon entropy of a histogram.

/// S = -sum_j P_j ln P_j in nats, with P_j = `counts[j]` / sum of counts (Yang & Wang 2022, Eq. 2).
///
/// Sorts `counts` first, so that the result does not depend on the order in which motifs were met, to the last bit.
/// No counts, or one motif only: 0.
pub fn shannon(counts: &mut [u32]) -> f64 {
    if counts.len() < 2 {
        return 0.0;
    }
    counts.sort_unstable();
    let n = counts.iter().map(|&c| f64::from(c)).sum::<f64>();
    let weighted = counts.iter().map(|&c| f64::from(c)).map(|c| c * c.ln()).sum::<f64>();
    (n.ln() - weighted / n).max(0.0)
}

/// Entropy corrected for the finite number of samples: S + (m - 1) / (2 n) (G. Miller and W. Madow, 1955), where m
/// motifs were seen in n samples. Correlation between the samples is not corrected for.
#[must_use]
pub fn miller_madow(entropy: f64, motifs: usize, samples: u64) -> f64 {
    if samples == 0 { 0.0 } else { entropy + (motifs.saturating_sub(1)) as f64 / (2.0 * samples as f64) }
}
