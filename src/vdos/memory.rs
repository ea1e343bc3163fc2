//! How much memory there is.

use crate::error::{Error, Result};
use std::fs::read_to_string;
use std::path::Path;

/// Bytes that one of `processes` processes on this machine can take without swapping, as far as the system tells: its share
/// of the free memory of the machine, or of what the control groups leave that it is in, or less where the address space of
/// the process, of which the algebra in `threads` threads needs some, is limited.
#[must_use]
pub fn available(processes: usize, threads: usize) -> Option<f64> {
    let shared = machine().into_iter().chain(group(Path::new("/"))).reduce(f64::min);
    let own = address_space().map(|bytes| (bytes - product_buffers(threads)).max(0.0));
    shared.map(|bytes| bytes / processes as f64).into_iter().chain(own).reduce(f64::min)
}

/// Free memory of the machine.
fn machine() -> Option<f64> {
    let text = read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok().map(|kilobytes| 1024.0 * kilobytes)
}

/// The least that is left in the control groups of this process, version 1 or 2, and all above them, as batch systems nest
/// them. `root` is the root of the file system.
fn group(root: &Path) -> Option<f64> {
    let groups = read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let mut left: Option<f64> = None;
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let (mounts, names): (&[&str], [&str; 3]) = match controllers {
            "" => (&["sys/fs/cgroup", "sys/fs/cgroup/unified"], ["memory.max", "memory.current", "inactive_file"]),
            other if other.split(',').any(|name| name == "memory") => {
                (&["sys/fs/cgroup/memory"], ["memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"])
            }
            _ => continue,
        };
        for mount in mounts {
            let mount = root.join(mount);
            // In a container the path can be that of the host: the mount itself is then the group.
            let own = mount.join(path.trim_start_matches('/'));
            let above = own.ancestors().take_while(|folder| folder.starts_with(&mount));
            let free = above.filter_map(|folder| left_in(folder, names));
            left = left.into_iter().chain(free).reduce(f64::min);
        }
    }
    left
}

/// Limit less usage of one control group; cached files that are not in use count as free.
fn left_in(folder: &Path, [limit, usage, cache]: [&str; 3]) -> Option<f64> {
    let number = |name: &str| read_to_string(folder.join(name)).ok()?.trim().parse::<f64>().ok();
    let stat = read_to_string(folder.join("memory.stat")).unwrap_or_default();
    let cached = stat.lines().find_map(|line| line.strip_prefix(cache)?.trim().parse::<f64>().ok()).unwrap_or(0.0);
    Some((number(limit)? - (number(usage)? - cached).max(0.0)).max(0.0))
}

/// What RLIMIT_AS leaves of the address space of this process.
fn address_space() -> Option<f64> {
    let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: the structure is valid and outlives the call.
    let known = unsafe { libc::getrlimit(libc::RLIMIT_AS, &raw mut limit) } == 0;
    if !known || limit.rlim_cur == libc::RLIM_INFINITY {
        return None;
    }
    let status = read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"))?;
    let used = 1024.0 * line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()?;
    Some((limit.rlim_cur as f64 - used).max(0.0))
}

/// Address space of faer's matrix products: each thread reserves twice the last cache (private-gemm-x86), of which it
/// hardly uses any.
fn product_buffers(threads: usize) -> f64 {
    // SAFETY: no arguments but a number; unknown is 0 or negative.
    let cache = unsafe { libc::sysconf(libc::_SC_LEVEL3_CACHE_SIZE) }.max(0) as f64;
    2.0 * cache * threads as f64
}

/// Fails if the address space of the process is too small for the matrix products, which would end the process.
pub fn require_product_buffers(threads: usize) -> Result<()> {
    let left = address_space().unwrap_or(f64::INFINITY);
    require("the algebra", product_buffers(threads), left, "raise the limit of the address space (ulimit -v)")
}

/// `bytes` for people.
pub fn gigabytes(bytes: f64) -> String {
    format!("{:.2} GB", bytes / 1e9)
}

/// Fails if `what` takes more bytes than there are; `hint` says what needs less.
pub fn require(what: &'static str, bytes: f64, available: f64, hint: &'static str) -> Result<()> {
    if bytes <= available {
        return Ok(());
    }
    Err(Error::Memory { what, needed: bytes / 1e9, available: available / 1e9, hint })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(name: &str, files: &[(&str, &str)]) -> std::path::PathBuf {
        let root = std::env::temp_dir().join(format!("ergodic-memory-{}-{name}", std::process::id()));
        for (path, text) in files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders can be made");
            std::fs::write(path, text).expect("files can be written");
        }
        root
    }

    #[test]
    fn nested_groups_of_both_versions() {
        let second = files(
            "v2",
            &[
                ("proc/self/cgroup", "0::/slurm/job_7/step_0\n"),
                ("sys/fs/cgroup/memory.max", "max\n"),
                ("sys/fs/cgroup/slurm/job_7/memory.max", "5000\n"),
                ("sys/fs/cgroup/slurm/job_7/memory.current", "3000\n"),
                ("sys/fs/cgroup/slurm/job_7/memory.stat", "anon 1\ninactive_file 500\n"),
                ("sys/fs/cgroup/slurm/job_7/step_0/memory.max", "max\n"),
                ("sys/fs/cgroup/slurm/job_7/step_0/memory.current", "3000\n"),
            ],
        );
        assert_eq!(group(&second), Some(2500.0));
        let first = files(
            "v1",
            &[
                ("proc/self/cgroup", "4:cpu,cpuacct:/x\n9:memory:/slurm/uid_1/job_7\n"),
                ("sys/fs/cgroup/memory/slurm/uid_1/memory.limit_in_bytes", "9000\n"),
                ("sys/fs/cgroup/memory/slurm/uid_1/memory.usage_in_bytes", "8000\n"),
                ("sys/fs/cgroup/memory/slurm/uid_1/job_7/memory.limit_in_bytes", "9223372036854771712\n"),
                ("sys/fs/cgroup/memory/slurm/uid_1/job_7/memory.usage_in_bytes", "10\n"),
            ],
        );
        assert_eq!(group(&first), Some(1000.0));
        let outside = files(
            "container",
            &[
                ("proc/self/cgroup", "0::/../../host/path\n"),
                ("sys/fs/cgroup/memory.max", "4000\n"),
                ("sys/fs/cgroup/memory.current", "1000\n"),
            ],
        );
        assert_eq!(group(&outside), Some(3000.0));
        for root in [first, second, outside] {
            std::fs::remove_dir_all(root).expect("what was made can be removed");
        }
        assert_eq!(group(Path::new("/nowhere")), None);
    }
}
