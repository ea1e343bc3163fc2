//! The one hash: random numbers that belong to a key, and checksums of what is written.

/// The number that belongs to `word`: splitmix64 (Steele, Lea, Flood 2014, doi:10.1145/2714064.2660195).
#[must_use]
pub fn splitmix64(word: u64) -> u64 {
    let mut z = word.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Checksum of words: any one changed bit changes it.
#[must_use]
pub fn checksum(words: &[u64]) -> u64 {
    words.iter().fold(words.len() as u64 + 1, |sum, word| splitmix64(sum ^ word))
}

/// Checksum of bytes: that of their words of eight, little endian, filled up with zeros, and of their number.
#[must_use]
pub fn checksum_of_bytes(bytes: &[u8]) -> u64 {
    let (chunks, rest) = bytes.as_chunks::<8>();
    let mut words: Vec<u64> = chunks.iter().map(|chunk| u64::from_le_bytes(*chunk)).collect();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    words.extend([u64::from_le_bytes(last), bytes.len() as u64]);
    checksum(&words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_numbers_of_the_published_generator() {
        // Seed 0: the generator adds the golden ratio before each number.
        assert_eq!([1, 2].map(splitmix64), [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
    }

    #[test]
    fn one_bit_changes_a_checksum() {
        let bytes: Vec<u8> = (0..21).collect();
        let sum = checksum_of_bytes(&bytes);
        for bit in 0..8 * bytes.len() {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(checksum_of_bytes(&changed), sum);
        }
        assert_ne!(checksum_of_bytes(&[bytes, vec![0]].concat()), sum);
    }
}
