//! Lower layers know nothing of higher ones.

use std::path::{Path, PathBuf};

/// A layer and what it may use; itself it may always.
const MAY_USE: &[(&str, &[&str])] = &[
    ("sys", &[]),
    ("netlink", &["sys"]),
    ("rtnl", &["netlink"]),
    ("nft", &["netlink"]),
    ("genl", &["netlink"]),
    ("numeral", &[]),
    ("cli", &["numeral"]),
    ("sort", &[]),
    // Its last step, one write; everything before it is text in memory.
    ("output", &["sys"]),
    ("names", &["sys", "netlink", "rtnl", "numeral"]),
    ("opt", &["cli", "output", "netlink", "names"]),
    ("error", BELOW_ERROR),
    ("ctx", BELOW_CTX),
    ("model", &["sys", "netlink", "rtnl", "nft", "names", "sort"]),
    ("cmd", BELOW_CMD),
];

const BELOW_ERROR: &[&str] =
    &["sys", "netlink", "rtnl", "nft", "genl", "cli", "output", "names", "opt"];
const BELOW_CTX: &[&str] =
    &["sys", "netlink", "rtnl", "nft", "genl", "cli", "output", "names", "opt", "error"];
const BELOW_CMD: &[&str] = &[
    "sys", "netlink", "rtnl", "nft", "genl", "cli", "output", "names", "opt", "error", "ctx",
    "model", "sort", "numeral",
    // The table of applets, for what is about applets: --install, completions, the lab's PATH.
    "applet",
];

/// Where the layers meet; may use all of them.
const TOP: &[&str] = &["main", "applet"];

fn below(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("a directory").flatten() {
        let path = entry.path();
        if path.is_dir() {
            below(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
}

/// Each source file with the layer it belongs to and its text.
fn sources() -> Vec<(String, String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    below(&src, &mut files);
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let text = std::fs::read_to_string(&file).expect("a file of text");
            let place = file.strip_prefix(&src).expect("below src").to_string_lossy().into_owned();
            let layer = place.split(['/', '.']).next().expect("a first part").to_string();
            (layer, place, text)
        })
        .collect()
}

/// The first names behind `crate::` in a line, braces taken apart.
fn used(line: &str) -> Vec<&str> {
    let word = |s: &'_ str| s.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(s.len());
    let mut names = Vec::new();
    for path in line.split("crate::").skip(1) {
        if let Some(list) = path.strip_prefix('{') {
            let mut depth = 0;
            let mut start = 0;
            for (i, c) in list.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' | ',' if depth == 0 => {
                        let item = list[start..i].trim();
                        names.push(&item[..word(item)]);
                        start = i + 1;
                    }
                    '}' => depth -= 1,
                    _ => {}
                }
            }
        } else {
            names.push(&path[..word(path)]);
        }
    }
    names.retain(|n| !n.is_empty());
    names
}

#[test]
fn imports_point_downwards() {
    let mut wrong = Vec::new();
    for (layer, place, text) in sources() {
        if TOP.contains(&&*layer) {
            continue;
        }
        let allowed = MAY_USE.iter().find(|(name, _)| *name == layer);
        let Some((_, allowed)) = allowed else { panic!("src/{place}: which layer is {layer}?") };
        for (n, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            for name in used(line) {
                // A macro at the top of the crate is nobody's layer.
                let is_layer = MAY_USE.iter().any(|(l, _)| *l == name) || TOP.contains(&name);
                let ok = !is_layer || name == layer || allowed.contains(&name);
                if !ok {
                    wrong.push(format!("src/{place}:{}: {layer} may not use {name}", n + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn unsafe_code_lies_in_sys() {
    for (layer, place, text) in sources() {
        if layer == "sys" {
            continue;
        }
        for (n, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
            let found = words.into_iter().any(|w| w == "unsafe" || w == "allow_unsafe");
            assert!(!found, "src/{place}:{}: unsafe code belongs into src/sys/", n + 1);
        }
    }
}

#[test]
fn every_file_says_what_it_is() {
    for (_, place, text) in sources() {
        assert!(text.starts_with("//!"), "src/{place} does not begin with a `//!` line");
    }
}

#[test]
fn the_names_used_in_a_line_are_found() {
    assert_eq!(used("use crate::cli::Args;"), ["cli"]);
    assert_eq!(used("use crate::{cli::{Args, Usage}, error::Error};"), ["cli", "error"]);
    assert_eq!(used("let a = crate::sys::now() + crate::ctx::x;"), ["sys", "ctx"]);
}

/// Comments aside.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|l| !l.trim_start().starts_with("//"))
}

#[test]
fn unsafe_code_is_counted_where_it_is_allowed() {
    let mut all = 0;
    let mut places = Vec::new();
    for (layer, place, text) in sources() {
        // Blocks, functions, declarations of what is the C library's, promises about types, names
        // that the linker sees.
        let whose = [" {", " fn ", " extern ", " trait ", " impl ", "(no_mangle)"];
        let count: usize = code(&text)
            .map(|l| whose.map(|w| l.matches(&format!("unsafe{w}")).count()))
            .map(|counts| counts.iter().sum::<usize>())
            .sum();
        assert!(count == 0 || layer == "sys", "{place} has unsafe code");
        if count > 0 {
            all += count;
            places.push(format!("`{place}` {count}"));
        }
    }
    let sentence = format!(
        "`unsafe` stands in {all} places, each with the reason why it is sound: {}.",
        places.join(", ")
    );
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(readme).expect("README.md");
    let readme = readme.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(readme.contains(&sentence), "README.md should say:\n{sentence}");
}
