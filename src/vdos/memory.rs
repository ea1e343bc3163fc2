//! How much memory there is.

use crate::error::{Error, Result};
use std::fs::read_to_string;

/// Bytes that can be taken without swapping, as far as the system tells: the free memory of the machine, or less where
/// a control group limits the process.
pub fn available() -> Option<f64> {
    let machine = read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()
    });
    let number = |name: &str| {
        let text = read_to_string(format!("/sys/fs/cgroup/{name}")).ok()?;
        text.trim().parse::<f64>().ok()
    };
    let group = number("memory.max").zip(number("memory.current")).map(|(limit, used)| (limit - used).max(0.0));
    machine.map(|kilobytes| 1024.0 * kilobytes).into_iter().chain(group).reduce(f64::min)
}

/// `bytes` for people.
pub fn gigabytes(bytes: f64) -> String {
    format!("{:.2} GB", bytes / 1e9)
}

/// Fails if `what` takes more bytes than there are; `cure` says what needs less.
pub fn require(what: &'static str, bytes: f64, available: f64, cure: &'static str) -> Result<()> {
    if bytes <= available {
        return Ok(());
    }
    Err(Error::Memory { what, needed: bytes / 1e9, available: available / 1e9, cure })
}
