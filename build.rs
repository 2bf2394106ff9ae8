//! Puts what the pages load where `src/page/style.rs` reads it: minified where `scripts/build` says by which
//! esbuild, and else as it is, so that tests need no tool.

use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn main() -> Result<()> {
    println!("cargo::rerun-if-env-changed=MINIFIER");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    for name in ["style.css", "page.js"] {
        let source = Path::new("src/page").join(name);
        println!("cargo::rerun-if-changed={}", source.display());
        put(&source, &out.join(name))?;
    }
    Ok(())
}

fn put(source: &Path, target: &Path) -> Result<()> {
    let Some(esbuild) = env::var_os("MINIFIER") else {
        return fs::copy(source, target).map(drop);
    };
    let minified = Command::new(esbuild)
        .args(["--minify", "--log-level=warning"])
        .arg(source)
        .arg(format!("--outfile={}", target.display()))
        .status()?;
    if minified.success() {
        Ok(())
    } else {
        Err(Error::other(format!(
            "esbuild refuses {}",
            source.display()
        )))
    }
}
