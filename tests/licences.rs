//! What is linked into the plugin may be combined with LAMMPS, which is GPL-2.0-only, and is named in THIRD-PARTY.md.
//! Crates that only the tests use are not distributed, so any licence will do for them.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Licence expressions that leave a choice compatible with GPL-2.0-only. Whole expressions, so that somebody looks at
/// each new one. Apache-2.0 and GPL-3.0 alone are not compatible.
const ALLOWED: [&str; 13] = [
    "0BSD",
    "Apache-2.0 OR MIT",
    "BSD-2-Clause",
    "BSD-2-Clause OR Apache-2.0 OR MIT",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "MIT OR Apache-2.0",
    "MIT OR Apache-2.0 OR Zlib",
    "MIT/Apache-2.0",
    "Unlicense OR MIT",
    "Zlib",
    // Tables of Unicode in unicode-ident, which runs in the compiler only.
    "(MIT OR Apache-2.0) AND Unicode-3.0",
];

/// Names and licences of the crates reachable over `edges` from this one, which is left out.
fn crates(edges: &str) -> BTreeMap<String, String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--prefix", "none", "--no-dedupe", "--edges", edges, "--format", "{p}|{l}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let mut crates: BTreeMap<String, String> = lines.lines().map(name_and_licence).collect();
    crates.remove(env!("CARGO_PKG_NAME")).expect("the tree starts with this crate");
    crates
}

/// Splits `thiserror v2.0.1|MIT`.
fn name_and_licence(line: &str) -> (String, String) {
    let (package, licence) = line.split_once('|').expect("the format has a bar");
    let name = package.split(' ').next().unwrap();
    (name.to_owned(), licence.to_owned())
}

#[test]
fn dependencies_may_be_combined_with_lammps() {
    for (name, licence) in crates("normal") {
        assert!(ALLOWED.contains(&licence.as_str()), "{name} has the licence '{licence}', which is not in the list");
    }
}

#[test]
fn third_party_names_exactly_the_shipped_crates() {
    let text = include_str!("../THIRD-PARTY.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let named: BTreeSet<_> = rows.map(|row| row.split('`').next().unwrap().to_owned()).collect();
    let shipped: BTreeSet<_> = crates("normal,no-proc-macro").into_keys().collect();
    assert_eq!(named, shipped, "left: the table in THIRD-PARTY.md, right: what is linked");
}
