//! What the documentation says of the code: names of files, the list of unsafe code, dependencies and their reasons.

use std::collections::BTreeSet;
use std::fs::{self, read_to_string};
use std::path::{Path, PathBuf};

const ARCHITECTURE: &str = include_str!("../doc/architecture.md");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Paths of all files below `folder` of the repository that end in `suffix`, relative to the root.
fn files(folder: &str, suffix: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(suffix) {
                found.push(path.strip_prefix(root()).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found
}

/// The lines of a section of architecture.md.
fn section(title: &str) -> impl Iterator<Item = &'static str> {
    let heading = format!("## {title}");
    ARCHITECTURE.lines().skip_while(move |line| *line != heading).skip(1).take_while(|line| !line.starts_with("## "))
}

/// What stands between backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn the_list_of_unsafe_code_is_complete() {
    let listed: BTreeSet<&str> = section("Unsafe code")
        .filter(|line| line.starts_with("| `"))
        .flat_map(|line| quoted(line.split('|').nth(1).unwrap()))
        .collect();
    let mut seen = BTreeSet::new();
    for path in files("src", ".rs") {
        let code = read_to_string(root().join(&path)).unwrap();
        let has = code.lines().any(|line| line.split("//").next().unwrap().contains("unsafe"));
        let place = listed.iter().find(|place| path == **place || place.ends_with('/') && path.starts_with(*place));
        assert!(!has || place.is_some(), "{path} has unsafe code, which doc/architecture.md does not list");
        seen.extend(place.filter(|_| has));
    }
    assert_eq!(seen, listed, "left: places with unsafe code, right: those in doc/architecture.md");
}

#[test]
fn every_dependency_has_its_reason() {
    let tables: Vec<&str> = section("Dependencies").filter(|line| line.starts_with("| ")).collect();
    let named =
        |name: &str| tables.iter().any(|row| row.split('|').nth(1).unwrap().split([',', ' ']).any(|word| word == name));
    let manifests = [include_str!("../Cargo.toml"), include_str!("in-process/Cargo.toml")];
    let mut inside = false;
    for line in manifests.into_iter().flat_map(str::lines) {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
        } else if let Some((name, _)) = line.split_once(" = ").filter(|_| inside) {
            assert!(named(name), "doc/architecture.md has no reason for {name}");
        }
    }
    for line in include_str!("../cmake/requirements.txt").lines() {
        if let Some((name, _)) = line.split_once("==") {
            assert!(named(name), "doc/architecture.md has no reason for {name}");
        }
    }
}

#[test]
fn files_that_pages_for_contributors_name_exist() {
    let everything: Vec<String> =
        ["src", "lammps-plugin", "tests", "benches", "cmake", "doc", "examples", "include", "packaging"]
            .iter()
            .flat_map(|folder| files(folder, ""))
            .collect();
    let pages = [ARCHITECTURE, include_str!("../CONTRIBUTING.md"), include_str!("../doc/README.md")];
    for name in pages.iter().flat_map(|page| quoted(page)) {
        let is_path = name
            .split('.')
            .next_back()
            .is_some_and(|end| ["rs", "cpp", "h", "md", "sh", "cmake", "txt"].contains(&end));
        if is_path && !name.contains([' ', '*']) && !name.starts_with('_') {
            let there =
                root().join(name).is_file() || everything.iter().any(|path| path.ends_with(&format!("/{name}")));
            assert!(there, "no file {name}");
        } else if name.ends_with('/') && !name.contains(' ') {
            let there = root().join(name).is_dir() || everything.iter().any(|path| path.contains(&format!("/{name}")));
            assert!(there, "no folder {name}");
        }
    }
}

#[test]
fn all_places_have_the_version_of_cargo() {
    let version = env!("CARGO_PKG_VERSION");
    for (path, line) in [
        ("CITATION.cff", format!("version: {version}")),
        ("python/ergodic/__init__.py", format!("__version__ = \"{version}\"")),
        ("packaging/conda/recipe.yaml", format!("version: {version}")),
        ("packaging/spack/package.py", format!("version(\"{version}\")")),
    ] {
        assert!(read_to_string(root().join(path)).unwrap().contains(&line), "{path} lacks {line}");
    }
    assert!(files("packaging/easybuild", ".eb").iter().all(|path| path.contains(&format!("ergodic-{version}-"))));
}
