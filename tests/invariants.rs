//! What lib.rs says always holds, where no type can hold it: read from the sources.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::panic, reason = "a test that cannot go on has failed")]

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
                let code = shipped
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("//"));
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
