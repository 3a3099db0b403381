//! Modules point only downwards: each uses its own layer and those below it, and never in a circle.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The layers, lowest first, by the modules of `src`.
const LAYERS: [&[&str]; 6] = [
    &["money", "date", "record", "source", "diagnostic", "meter"],
    &["rule", "rates", "settings", "trade", "parcel", "lot"],
    &["import", "timeline", "method", "answer", "output"],
    &["holding", "jurisdiction"],
    &["matching", "netting", "reconcile", "report"],
    &["cli"],
];

#[test]
fn modules_use_only_their_own_layer_and_those_below() {
    let mut wrong = Vec::new();
    for (module, used) in uses() {
        for (other, place) in used {
            if layer(&other) > layer(&module) {
                wrong.push(format!("{place}: {module} uses {other}, which is above it"));
            }
        }
    }
    assert_eq!(wrong, [""; 0], "{}", wrong.join("\n"));
}

#[test]
fn no_module_uses_itself_through_others() {
    let uses = uses();
    for module in uses.keys() {
        let mut reached = BTreeSet::new();
        let mut ahead: Vec<&String> = uses[module].keys().collect();
        while let Some(next) = ahead.pop() {
            if reached.insert(next) {
                ahead.extend(uses.get(next).into_iter().flat_map(BTreeMap::keys));
            }
        }
        assert!(
            !reached.contains(module),
            "{module} uses itself through {reached:?}"
        );
    }
}

#[test]
fn paths_are_found_in_every_form() {
    let text = "//! crate::cli\nuse crate::money::{Money, Quantity};\nuse crate::{date::Date, trade::{a, b}};\n\
                fn f() -> crate::answer::Answer {}\npub(crate) fn g() {}\n#[cfg(test)]\nmod tests { use crate::report; }";
    let modules = [
        "money", "date", "trade", "answer", "cli", "report", "a", "b",
    ]
    .map(String::from);
    let found: Vec<String> = named(text)
        .into_iter()
        .filter(|name| modules.contains(name))
        .collect();
    assert_eq!(found, ["money", "date", "trade", "answer"]);
}

fn layer(module: &str) -> usize {
    let place = LAYERS.iter().position(|layer| layer.contains(&module));
    place.unwrap_or_else(|| unplaced(module))
}

fn unplaced(module: &str) -> usize {
    assert!(
        module.is_empty(),
        "place the module `{module}` in a layer of this file"
    );
    0
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The modules of `src` with the modules each uses and where; the roots of the crate stand above all layers.
fn uses() -> BTreeMap<String, BTreeMap<String, String>> {
    let mut files = Vec::new();
    collect(&source(), &mut files);
    let module_of = |file: &PathBuf| {
        let inside = file
            .strip_prefix(source())
            .unwrap()
            .components()
            .next()
            .unwrap();
        let name = Path::new(&inside)
            .file_stem()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        (!["lib", "main"].contains(&name.as_str())).then_some(name)
    };
    let modules: BTreeSet<String> = files.iter().filter_map(module_of).collect();
    let mut uses: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for file in &files {
        let Some(module) = module_of(file) else {
            continue;
        };
        let text = fs::read_to_string(file).unwrap();
        let place = file.strip_prefix(source()).unwrap().display().to_string();
        let used = uses.entry(module.clone()).or_default();
        let others = named(&text)
            .into_iter()
            .filter(|name| *name != module && modules.contains(name));
        used.extend(others.map(|name| (name, place.clone())));
    }
    uses
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

/// The first names of all paths that begin with `crate::`, outside comments and the file's own tests.
fn named(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let code: Vec<&str> = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let code = code.join("\n");
    let word = |text: &str| -> String {
        text.trim_start()
            .chars()
            .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
            .collect()
    };
    let mut names = Vec::new();
    for (place, path) in code.match_indices("crate::") {
        let rest = &code[place + path.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.push(word(rest));
            continue;
        };
        // `crate::{a::b, c::{d, e}}`: the names at the first level.
        let (mut depth, mut start) = (0, 0);
        for (at, letter) in group.char_indices() {
            match letter {
                '{' => depth += 1,
                ',' | '}' if depth == 0 => {
                    names.push(word(&group[start..at]));
                    start = at + 1;
                    if letter == '}' {
                        break;
                    }
                }
                '}' => depth -= 1,
                _ => {}
            }
        }
    }
    names
}
