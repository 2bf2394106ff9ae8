//! What lib.rs says always holds, where no type can hold it: read from the sources.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::panic, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
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

/// A module, by its path below `crate`.
type Module = Vec<String>;

fn module_of(path: &Path) -> Module {
    let path = path.with_extension("");
    let names = path.iter().map(|name| name.to_string_lossy().into_owned());
    names
        .filter(|name| name != "mod" && name != "lib")
        .collect()
}

/// What the `use` statements of a kind bring: names, and the paths that they stand for.
fn brought<'a>(code: &'a str, kind: &'a str) -> impl Iterator<Item = (String, String)> + 'a {
    let trees = code
        .split(kind)
        .skip(1)
        .filter_map(|it| it.split(';').next());
    trees.flat_map(|tree| {
        let (before, group) = tree.split_once('{').unwrap_or(("", tree));
        let pieces = group.trim_end_matches('}').split(',').map(str::trim);
        let pieces = pieces.filter(|it| !it.is_empty());
        pieces.map(move |piece| {
            let (path, name) = piece.split_once(" as ").unwrap_or((piece, piece));
            let name = name.rsplit("::").next().unwrap_or(name);
            (name.to_owned(), [before, path].concat())
        })
    })
}

struct Modules {
    all: BTreeSet<Module>,
    /// What a module hands on of others.
    handed_on: BTreeMap<(Module, String), String>,
}

impl Modules {
    fn of(sources: &[(PathBuf, String)]) -> Self {
        let all = sources.iter().map(|(path, _)| module_of(path)).collect();
        let mut handed_on = BTreeMap::new();
        for (path, code) in sources {
            for kind in ["\npub use ", "\npub(super) use ", "\npub(crate) use "] {
                for (name, of) in brought(code, kind) {
                    handed_on.insert((module_of(path), name), of);
                }
            }
        }
        Self { all, handed_on }
    }

    /// The module that defines what a path names, as a module spells it.
    fn defining(&self, from: &Module, path: &str) -> Option<Module> {
        let (mut at, mut names) = (from.clone(), path.split("::").peekable());
        if names.next_if_eq(&"crate").is_some() {
            at.clear();
        } else if names.next_if_eq(&"self").is_none() && names.peek() != Some(&"super") {
            let child = [&**from, &[names.peek()?.to_string()]].concat();
            self.all.contains(&child).then_some(())?;
        }
        while names.next_if_eq(&"super").is_some() {
            at.pop();
        }
        for name in names {
            at.push(name.to_owned());
            if !self.all.contains(&at) {
                at.pop();
                let of = self.handed_on.get(&(at.clone(), name.to_owned()));
                return of.map_or(Some(at.clone()), |of| self.defining(&at, of));
            }
        }
        Some(at)
    }

    /// The modules that a file takes something from. What a module's parent has is its own too.
    fn used_by(&self, path: &Path, code: &str) -> BTreeSet<Module> {
        let own = module_of(path);
        let mut short = BTreeMap::new();
        for kind in [
            "\nuse ",
            "\npub use ",
            "\npub(super) use ",
            "\npub(crate) use ",
        ] {
            short.extend(brought(code, kind));
        }
        let is_of_path = |c: char| c.is_alphanumeric() || "_:".contains(c);
        let in_code = code.split(|c| !is_of_path(c)).filter_map(|path| {
            let (first, rest) = path.split_once("::").filter(|(_, rest)| !rest.is_empty())?;
            let first = short.get(first).map_or(first, String::as_str);
            Some([first, "::", rest].concat())
        });
        let named = in_code.chain(short.values().cloned());
        let used = named.filter_map(|path| self.defining(&own, path.trim_end_matches(':')));
        used.filter(|it| !own.starts_with(it)).collect()
    }
}

#[test]
fn no_files_need_each_other() {
    let sources = sources();
    let modules = Modules::of(&sources);
    let mut arrows: BTreeSet<(Module, Module)> = BTreeSet::new();
    for (path, code) in &sources {
        let used = modules.used_by(path, code).into_iter();
        arrows.extend(used.map(|used| (module_of(path), used)));
    }
    assert!(
        arrows.len() > 2000,
        "only {} imports were found",
        arrows.len()
    );
    // What uses nothing that is left, or is used by nothing that is left, is on no circle.
    loop {
        let before = arrows.len();
        let from: BTreeSet<_> = arrows.iter().map(|(from, _)| from.clone()).collect();
        arrows.retain(|(_, to)| from.contains(to));
        let to: BTreeSet<_> = arrows.iter().map(|(_, to)| to.clone()).collect();
        arrows.retain(|(from, _)| to.contains(from));
        if arrows.len() == before {
            break;
        }
    }
    let on_circle = arrows.iter().filter(|(from, to)| leads(&arrows, to, from));
    let told = on_circle.map(|(from, to)| [&from.join("::"), " -> ", &to.join("::")].concat());
    let circles = told.collect::<Vec<_>>().join("\n");
    assert!(circles.is_empty(), "files that need each other:\n{circles}");
}

/// Whether the arrows lead from one module to another.
fn leads(arrows: &BTreeSet<(Module, Module)>, from: &Module, to: &Module) -> bool {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(at) = next.pop() {
        if seen.insert(at) {
            next.extend(arrows.iter().filter(|it| it.0 == *at).map(|it| &it.1));
        }
    }
    seen.contains(to)
}

#[test]
fn a_file_uses_its_own_ring_and_those_below() {
    // The rows of the table in lib.rs, the highest first: their second column lists modules.
    let rows = include_str!("../src/lib.rs").lines();
    let rows = rows.filter_map(|it| it.strip_prefix("//! | ")?.split(" | ").nth(1));
    let rings: Vec<_> = rows.skip(2).map(str::to_owned).collect();
    assert_eq!(rings.len(), 5, "the table is there");
    let ring_of = |module: &Module| {
        let names = |ring: &String| {
            // `endpoint/{oauth,api,pages}` is of the module `endpoint`.
            let mut names = ring.split('`').filter_map(|it| it.split('/').next());
            names.any(|it| module.first().is_some_and(|first| first == it))
        };
        let found = rings.iter().position(names);
        found.unwrap_or_else(|| panic!("{module:?} is in no ring"))
    };
    let sources = sources();
    let modules = Modules::of(&sources);
    for (path, code) in sources
        .iter()
        .filter(|(path, _)| path != Path::new("lib.rs"))
    {
        for used in modules
            .used_by(path, code)
            .iter()
            .filter(|it| !it.is_empty())
        {
            let (own, other) = (ring_of(&module_of(path)), ring_of(used));
            let used = used.join("::");
            assert!(
                own <= other,
                "{} uses {used}, which is above it",
                path.display()
            );
        }
    }
}

#[test]
fn a_room_of_the_endpoints_uses_its_own_files_and_those_of_the_rooms_below() {
    // The highest first. What stands beside the rooms is below all of them.
    const ROOMS: [&str; 3] = ["pages", "api", "oauth"];
    let room_of = |module: &Module| {
        let room = ROOMS
            .iter()
            .position(|room| module.get(1).is_some_and(|it| it == room));
        let is_endpoint = module.first().is_some_and(|it| it == "endpoint");
        is_endpoint.then_some(room.unwrap_or(ROOMS.len()))
    };
    let sources = sources();
    let modules = Modules::of(&sources);
    let mut count = 0;
    for (path, code) in &sources {
        let own = room_of(&module_of(path));
        for used in modules.used_by(path, code) {
            if let (Some(own), Some(other)) = (own, room_of(&used)) {
                count += 1;
                let used = used.join("::");
                assert!(
                    own <= other,
                    "{} uses {used}, which is above it",
                    path.display()
                );
            }
        }
    }
    assert!(count > 300, "only {count} uses were found");
}
