//! Which module of the core uses which: there are no circles.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{read_dir, read_to_string};
use std::path::Path;

type Graph = BTreeMap<Vec<String>, BTreeSet<Vec<String>>>;

fn words(path: &str) -> Vec<String> {
    path.split("::").map(|word| word.trim().to_string()).collect()
}

/// Modules below `folder`, whose path is `module`, with the paths that they import.
fn read_modules(folder: &Path, module: &[String], imports: &mut Graph) {
    for entry in read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mut name = module.to_vec();
        name.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        if path.is_dir() {
            read_modules(&path, &name, imports);
            continue;
        }
        name.retain(|word| !["mod", "lib"].contains(&word.as_str()));
        let text = read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let used = code.split('\n').collect::<Vec<_>>().join(" ");
        let used = used.split("use ").skip(1).filter_map(|rest| rest.split_once(';'));
        let paths = used.flat_map(|(path, _)| expanded(path)).filter_map(|path| absolute(&name, &path));
        imports.insert(name.clone(), paths.collect());
    }
}

/// The paths that one with a group in braces stands for.
fn expanded(path: &str) -> Vec<Vec<String>> {
    let Some((start, group)) = path.split_once('{') else { return vec![words(path)] };
    group.split([',', '{', '}']).map(|end| words(&format!("{start}{end}"))).collect()
}

/// What a path that begins with `crate` or `super` means in `module`.
fn absolute(module: &[String], path: &[String]) -> Option<Vec<String>> {
    let up = path.iter().take_while(|word| *word == "super").count();
    match path[0].as_str() {
        "crate" => Some(path[1..].to_vec()),
        "super" => Some([&module[..module.len().checked_sub(up)?], &path[up..]].concat()),
        _ => None,
    }
}

#[test]
fn no_module_uses_one_that_uses_it() {
    let mut imports = Graph::new();
    read_modules(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &[], &mut imports);
    assert!(imports.len() > 50);
    let module = |path: &Vec<String>| {
        let mut starts = (1..=path.len()).rev().map(|length| path[..length].to_vec());
        starts.find(|start| imports.contains_key(start))
    };
    // A folder shows what its files have; that is no use of them.
    let outside = |of: &Vec<String>, path: &Vec<String>| !path.starts_with(of);
    let mut uses: Graph = imports
        .iter()
        .map(|(of, paths)| (of.clone(), paths.iter().filter_map(module).filter(|path| outside(of, path)).collect()))
        .collect();
    assert!(uses.values().map(BTreeSet::len).sum::<usize>() > 100);
    // What uses nothing that is left is in no circle.
    while let Some(free) = uses.iter().find(|(_, used)| used.is_empty()).map(|(of, _)| of.clone()) {
        uses.remove(&free);
        for used in uses.values_mut() {
            used.remove(&free);
        }
    }
    assert!(
        uses.is_empty(),
        "circles are among these: {:?}",
        uses.keys().map(|path| path.join("::")).collect::<Vec<_>>()
    );
}
