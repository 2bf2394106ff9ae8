//! The documents say what the code does: every URL, every setting and every path that they name.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::panic, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use fluxer_oauth2::routes::ROUTES;

const DOCUMENTS: [&str; 17] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/adoption.md",
    "docs/endpoints.md",
    "docs/operations.md",
    "docs/settings.md",
    "docs/storage.md",
    "docs/standards.md",
    "docs/scale.md",
    "docs/clients.md",
    "docs/resource-servers.md",
    "findings/README.md",
    "CHANGELOG.md",
    ".github/pull_request_template.md",
    ".github/ISSUE_TEMPLATE/bug.md",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The cells of every row of every table of a document.
fn rows(document: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = document.lines().filter_map(|line| line.strip_prefix("| "));
    lines.map(|line| line.split(" | ").map(str::trim).collect())
}

/// What stands between two backticks, where that is all there is.
fn code(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?.strip_suffix('`')
}

#[test]
fn every_url_is_documented_and_no_other() {
    let document = read("docs/endpoints.md");
    let documented = rows(&document).filter_map(|row| {
        let [methods, path, ..] = row.as_slice() else {
            return None;
        };
        Some((code(methods)?.to_owned(), code(path)?.to_owned()))
    });
    let documented: BTreeSet<_> = documented
        .flat_map(|(methods, path)| {
            let methods = methods.split(' ').map(str::to_owned).collect::<Vec<_>>();
            methods
                .into_iter()
                .map(move |method| (path.clone(), method))
        })
        .collect();
    let served: BTreeSet<_> = ROUTES
        .iter()
        .map(|route| (route.path.to_owned(), route.method.as_str().to_owned()))
        .collect();
    let missing: Vec<_> = served.difference(&documented).collect();
    let extra: Vec<_> = documented.difference(&served).collect();
    assert!(missing.is_empty(), "not in docs/endpoints.md: {missing:?}");
    assert!(extra.is_empty(), "not in the table of URLs: {extra:?}");
}

/// The names of settings in a source text: string literals of capitals.
fn setting_names(source: &str) -> BTreeSet<&str> {
    let is_capital = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let is_name = |text: &&str| text.len() > 3 && text.bytes().all(is_capital);
    source.split('"').filter(is_name).collect()
}

#[test]
fn every_setting_is_documented_and_stands_in_wrangler_toml() {
    let sources = ["src/config.rs", "src/platform/settings.rs"].map(read);
    let code_of_it = sources.iter().map(|source| {
        let (code_of_it, _tests) = source.split_once("#[cfg(test)]").unwrap_or((source, ""));
        code_of_it
    });
    let settings: BTreeSet<_> = code_of_it.flat_map(setting_names).collect();
    assert!(settings.len() > 10, "{settings:?}");
    let document = read("docs/settings.md");
    let documented: BTreeSet<_> = rows(&document)
        .filter_map(|row| code(row.first()?))
        .collect();
    let wrangler = read("wrangler.toml");
    for name in &settings {
        assert!(
            documented.contains(name),
            "{name} is not in docs/settings.md"
        );
        assert!(wrangler.contains(name), "{name} is not in wrangler.toml");
    }
    let extra: Vec<_> = documented.difference(&settings).collect();
    assert!(extra.is_empty(), "no such setting: {extra:?}");
}

/// Whether a path that a document names is there: a file, a folder, or a module by its name.
fn exists(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    root().join(path).exists() || root().join(format!("{path}.rs")).exists()
}

#[test]
fn every_path_that_a_document_names_exists() {
    const FOLDERS: [&str; 9] = [
        "src/",
        "tests/",
        "scripts/",
        "docs/",
        "migrations/",
        "sdk/",
        "examples/",
        "findings/",
        ".github/",
    ];
    for name in DOCUMENTS {
        let document = read(name);
        let is_path = |text: &&str| {
            let begins = FOLDERS.iter().any(|folder| text.starts_with(folder));
            begins && !text.contains(['*', '{', 'N', ' ', '<', '…'])
        };
        for path in document.split('`').filter(is_path) {
            let path = path.split("::").next().unwrap_or_default();
            assert!(exists(path), "{name} names {path}, which is not there");
        }
    }
}

#[test]
fn every_link_to_a_file_leads_somewhere() {
    for name in DOCUMENTS {
        let folder = Path::new(name).parent().unwrap_or(Path::new(""));
        let document = read(name);
        for link in document.split("](").skip(1) {
            let target = link.split(')').next().unwrap_or_default();
            let target = target.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let path = root().join(folder).join(target);
            assert!(
                path.exists(),
                "{name} links to {target}, which is not there"
            );
        }
    }
}

/// The tests that a text names: a file, or one test of it after two colons.
fn tests_named(text: &str) -> impl Iterator<Item = &str> {
    let code = text.split('`').skip(1).step_by(2);
    code.filter(|code| code.starts_with("tests/") || code.contains(".rs::"))
}

/// Whether a source has a test of exactly this name: nothing else is a function between `#[test]` and it.
fn has_test(source: &str, name: &str) -> bool {
    let before = source.split_once(&format!("fn {name}(")).map(|it| it.0);
    let attributes = before.and_then(|before| before.rsplit_once("#[test]"));
    attributes.is_some_and(|(_, between)| !between.contains("fn "))
}

#[test]
fn every_test_that_a_promise_names_is_there() {
    let document = read("SECURITY.md");
    let promised: Vec<_> = tests_named(&document).collect();
    assert!(promised.len() > 60, "{promised:?}");
    for promise in promised {
        let source = read(promise.split("::").next().unwrap_or_default());
        let name = promise.split_once("::").map(|(_, name)| name);
        assert!(name.is_none_or(|it| has_test(&source, it)), "{promise}");
    }
}

#[test]
fn every_promise_names_a_test() {
    let document = read("SECURITY.md");
    let (_, promises) = document
        .split_once("| promise | by | test |")
        .unwrap_or_else(|| panic!("the table of promises is there"));
    let (promises, _) = promises.split_once("\n\n").unwrap_or((promises, ""));
    let promises: Vec<_> = rows(promises)
        .filter(|row| !row[0].starts_with("---"))
        .collect();
    assert!(promises.len() > 35, "{}", promises.len());
    for promise in promises {
        let [what, _, tests] = promise.as_slice() else {
            panic!("a promise, by what, and its tests: {promise:?}");
        };
        assert!(tests_named(tests).next().is_some(), "{what}");
    }
}
