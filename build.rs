//! Takes out of the stylesheet and the script what is only for those who read them here: a Worker
//! pays for every byte at each cold start, and so does a browser.
#![expect(clippy::expect_used, reason = "a build that cannot go on has failed")]

use std::path::Path;
use std::{env, fs};

fn main() {
    minify("style.css", css);
    minify("page.js", script);
}

fn minify(name: &str, minifier: fn(&str) -> String) {
    let source = Path::new("src/page").join(name);
    println!("cargo::rerun-if-changed={}", source.display());
    let written = fs::read_to_string(&source).expect("a file of ours");
    let folder = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&folder).join(name), minifier(&written)).expect("a place to write to");
}

/// Without comments, and without the spaces that nothing needs. Ours has no string with any of these.
fn css(source: &str) -> String {
    let mut code = String::new();
    for (index, piece) in source.split("/*").enumerate() {
        code.push_str(match (index, piece.split_once("*/")) {
            (1.., Some((_, behind))) => behind,
            _ => piece,
        });
    }
    let lines: String = code.lines().map(str::trim_start).collect();
    let shorter = [
        (" {", "{"),
        (": ", ":"),
        (", ", ","),
        (";}", "}"),
        (" > ", ">"),
    ];
    let short = |code: String, (long, short): (&str, &str)| code.replace(long, short);
    shorter.into_iter().fold(lines, short)
}

/// Without the lines that are comments, and without indentation. The ends of lines stay: some of them
/// end statements.
fn script(source: &str) -> String {
    let lines = source.lines().map(str::trim_start);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}
