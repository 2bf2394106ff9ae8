//! What lib.rs says always holds, where no type can hold it: read from the sources.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::panic, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every source file below `src/`, without its comments and its tests.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{error}"));
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{error}"));
                let shipped = text.split("#[cfg(test)]").next().unwrap_or_default();
                let code = shipped.lines().map(|line| {
                    let is_comment = line.trim_start().starts_with("//");
                    if is_comment { "" } else { line }
                });
                let code = code.collect::<Vec<_>>().join("\n");
                let path = path.strip_prefix(&root).map(Path::to_owned);
                sources.push((path.unwrap_or_else(|error| panic!("{error}")), code));
            }
        }
    }
    assert!(sources.len() > 50, "the sources are there");
    sources
}

#[track_caller]
fn only_in(allowed: &str, forbidden: &str) {
    for (path, code) in sources() {
        if !path.starts_with(allowed) {
            assert!(
                !code.contains(forbidden),
                "{} says {forbidden}",
                path.display()
            );
        }
    }
}

#[test]
fn only_the_shell_knows_where_it_runs() {
    only_in("cloudflare", "worker::");
}

#[test]
fn only_oauth_error_turns_a_reason_into_an_error_code() {
    only_in("oauth/error.rs", "ErrorCode::");
}

/// The functions of a file as rustfmt lays them out, each with its lines from `fn` to the brace that closes it.
fn functions(code: &str) -> Vec<(&str, usize)> {
    let lines: Vec<_> = code.lines().collect();
    let mut functions = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let mut words = line.trim_start().split(['(', '<', ' ']);
        // What is not `pub(super) const async fn name` is no function's first line.
        let keywords = [
            "pub",
            "pub(super)",
            "pub(crate)",
            "const",
            "async",
            "super)",
            "crate)",
        ];
        let first = words.find(|word| !keywords.contains(word));
        let (Some("fn"), Some(name)) = (first, words.next()) else {
            continue;
        };
        let rest = lines.get(at..).unwrap_or_default();
        let is_last = |line: &&str| {
            let is_outer = line.len() - line.trim_start().len() == indent;
            is_outer && (line.ends_with('}') || line.ends_with(';'))
        };
        let length = rest.iter().position(is_last).map_or(1, |last| last + 1);
        functions.push((name, length));
    }
    functions
}

#[test]
fn a_function_is_read_on_one_screen() {
    const LONGEST: usize = 45;
    let mut count = 0;
    for (path, code) in sources() {
        for (name, length) in functions(&code) {
            count += 1;
            assert!(
                length <= LONGEST,
                "{}: {name} has {length} lines",
                path.display()
            );
        }
    }
    assert!(count > 2000, "only {count} functions were found");
}

/// The type that a line declares, and whether other files see it. A `type` inside an `impl` or a trait is none.
fn declared(line: &str) -> Option<(&str, bool)> {
    let code = line.trim_start();
    let (is_visible, code) = match code.strip_prefix("pub") {
        Some(rest) => (true, rest.trim_start_matches(|c| c != ' ').trim_start()),
        None => (false, code),
    };
    let (keyword, rest) = code.split_once(' ')?;
    let is_inside = line.starts_with(' ') && !is_visible;
    let is_type = matches!(keyword, "struct" | "enum" | "trait") || keyword == "type" && !is_inside;
    let name = rest.split(|c: char| !c.is_alphanumeric()).next()?;
    (is_type && !name.is_empty()).then_some((name, is_visible))
}

#[test]
fn a_name_stands_for_one_type() {
    let mut declarations: BTreeMap<String, Vec<(PathBuf, bool)>> = BTreeMap::new();
    for (path, code) in sources() {
        for (name, is_visible) in code.lines().filter_map(declared) {
            let of_name = declarations.entry(name.to_owned()).or_default();
            of_name.push((path.clone(), is_visible));
        }
    }
    assert!(declarations.len() > 500, "the types are there");
    for (name, all) in declarations {
        // What only its own file sees may be called as it is called in another one.
        let is_clear = all.len() == 1 || all.iter().all(|(_, is_visible)| !is_visible);
        assert!(is_clear, "{name} is the name of several types: {all:?}");
    }
}
