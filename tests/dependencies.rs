//! What Lanline is built from: `deny.toml` without `cargo deny`, so that it
//! holds wherever the tests run, and the counts and tables of
//! `docs/DEPENDENCIES.md`. Never: advisories, which need a network.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use toml::Table;

/// Of a package, in Cargo.lock and in `cargo metadata`.
#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    /// None for what is here.
    source: Option<String>,
    license: Option<String>,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

/// The part of `deny.toml` that is checked here.
#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licenses {
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Bans {
    skip: Vec<Ban>,
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn deny() -> Deny {
    toml::from_str(&read("deny.toml")).unwrap()
}

fn lock() -> Vec<Package> {
    let lock: Lock = toml::from_str(&read("Cargo.lock")).unwrap();
    assert!(lock.package.len() > 100, "Cargo.lock is read wrongly");
    lock.package
}

/// What cargo says, of what is built for Linux.
fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments)
        .arg("--locked")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_licence_is_one_of_those_allowed() {
    let allowed = deny().licenses.allow;
    let linux = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    for target in [linux.as_str(), "x86_64-pc-windows-gnu", "aarch64-apple-darwin"] {
        let text = cargo(&["metadata", "--format-version", "1", "--filter-platform", target]);
        let packages = serde_json::from_str::<Metadata>(&text).unwrap().packages;
        assert!(packages.len() > 100, "{} packages", packages.len());
        for Package { name, license, .. } in packages {
            let license = license.unwrap_or_default();
            assert!(is_allowed(&license, &allowed), "{name} on {target}: {license:?}");
        }
    }
}

/// Whether an SPDX expression, or an older one with a stroke for "or", can be
/// met by licences that are allowed.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let expression = expression.trim();
    let inner = expression.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    if let Some(inner) = inner
        && split(inner, &[")"]).len() == 1
    {
        return is_allowed(inner, allowed);
    }
    // "And" binds tighter, so it is looked at last.
    let any = split(expression, &[" OR ", "/"]);
    if any.len() > 1 {
        return any.iter().any(|part| is_allowed(part, allowed));
    }
    let all = split(expression, &[" AND "]);
    if all.len() > 1 {
        return all.iter().all(|part| is_allowed(part, allowed));
    }
    allowed.contains(expression)
}

/// Splits at these words where they are outside of brackets.
fn split<'a>(text: &'a str, words: &[&str]) -> Vec<&'a str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0);
    for (at, char) in text.char_indices() {
        if depth == 0
            && let Some(word) = words.iter().find(|word| text[at..].starts_with(**word))
        {
            parts.push(&text[start..at]);
            start = at + word.len();
        }
        match char {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

#[test]
fn expressions_of_licences_are_understood() {
    let allowed = ["MIT", "Zlib"].map(str::to_owned).into();
    for good in ["MIT", "GPL-3.0/MIT", "GPL-3.0 / MIT", "MIT AND Zlib", "(GPL-3.0 OR MIT) AND Zlib"]
    {
        assert!(is_allowed(good, &allowed), "{good}");
    }
    let two = "(MIT) AND (GPL-3.0)";
    for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(GPL-3.0 AND MIT) OR ISC", "MIT WITH more", two]
    {
        assert!(!is_allowed(bad, &allowed), "{bad}");
    }
}

/// A second version needs a reason, and a reason a second version.
#[test]
fn nothing_is_there_twice_without_a_reason() {
    let mut versions = BTreeMap::<String, BTreeSet<String>>::new();
    for Package { name, version, .. } in lock() {
        versions.entry(name).or_default().insert(version);
    }
    let document = read("docs/DEPENDENCIES.md");
    let (_, twice) = document.split_once("## Twice in the tree").unwrap();
    for Ban { name: skipped, reason } in deny().bans.skip {
        let (name, version) = skipped.split_once('@').unwrap();
        let known = versions.get_mut(name).filter(|known| known.len() > 1);
        let known = known.unwrap_or_else(|| panic!("{skipped} is skipped for nothing"));
        assert!(known.remove(version), "{skipped}: there are only {known:?}");
        assert!(!reason.is_empty(), "{skipped}");
        assert!(twice.contains(name.trim_end_matches("-impl")), "{name} is not in the document");
    }
    let twice: Vec<_> = versions.iter().filter(|(_, versions)| versions.len() > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn nothing_is_banned_and_all_is_of_one_registry() {
    let packages = lock();
    for Ban { name, reason } in deny().bans.deny {
        assert!(packages.iter().all(|package| package.name != name), "{name}, but: {reason}");
    }
    let sources: BTreeSet<&str> = packages.iter().filter_map(|p| p.source.as_deref()).collect();
    assert_eq!(sources.len(), 1, "{sources:?}");
    assert!(sources.first().unwrap().starts_with("registry+"), "{sources:?}");
    let here = packages.iter().filter(|p| p.source.is_none()).map(|p| p.name.as_str());
    assert_eq!(
        here.collect::<Vec<_>>(),
        ["lanline", "lanline-loom", "pages", "stress", "testkit", "xtask"]
    );
}

/// Each dependency has its reason in a table, each row its dependency.
#[test]
fn the_document_says_why_each_is_there() {
    let manifest: Table = toml::from_str(&read("Cargo.toml")).unwrap();
    let keys = |table: &toml::Value| table.as_table().unwrap().keys().cloned().collect::<Vec<_>>();
    let names = |table: &str| keys(&manifest[table]).into_iter();
    // Those of one system: the server's, the terminal's.
    let systems = manifest["target"].as_table().unwrap().values();
    let of_systems = systems.filter_map(|system| system.get("dependencies")).flat_map(keys);
    let document = read("docs/DEPENDENCIES.md");
    let (tables, _) = document.split_once("## Tests").unwrap();
    let rows = tables.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
    let explained = rows.flat_map(|(crates, _)| crates.split(", ").map(str::to_owned));
    let explained: BTreeSet<String> =
        explained.filter(|name| name != "crate" && name != "---").collect();
    assert_eq!(explained, names("dependencies").chain(of_systems).collect());
    for name in names("dev-dependencies") {
        assert!(document.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn the_document_counts_rightly() {
    let document = read("docs/DEPENDENCIES.md");
    let counted = document.split("**").skip(1).step_by(2).map(|number| number.parse().unwrap());
    let counted: Vec<usize> = counted.collect();
    let tree = |arguments: &[&str]| {
        let usual = ["tree", "--prefix", "none", "--target", "x86_64-unknown-linux-gnu"];
        let text = cargo(&[&usual, arguments].concat());
        // Behind name and version stands whatever else there is to say.
        let names = text
            .lines()
            .filter(|line| !line.is_empty())
            .map(|line| line.split(' ').take(2).map(str::to_owned).collect::<Vec<_>>());
        names.collect::<BTreeSet<_>>().len()
    };
    let program = tree(&["--package", "lanline", "--edges", "normal,build"]);
    let tests = tree(&["--package", "lanline"]);
    let all = tree(&["--workspace"]);
    assert_eq!(counted, [program, tests, all]);
}
