//! Rules of the code base that are code: layering, module headers, forbidden calls.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The layers from top to bottom; a module may use what stands right of it, and its own. `sql` and
/// `exec` are one level: plans hold bound queries, and DDL binds expressions.
const LAYERS: &[&[&str]] = &[
    &["server"],
    &["session"],
    &["jobs"],
    &["sql", "exec"],
    &["functions"],
    &["catalog"],
    &["storage"],
    &["nodes"],
    &["types"],
    &["error", "counters"],
];

#[test]
fn tidy_layers_point_downwards() {
    let mut wrong = String::new();
    for file in sources() {
        let Some(from) = level(&module_of(&file)) else { continue };
        let text = std::fs::read_to_string(&file).expect("a readable source file");
        for (number, line) in code_lines(&text) {
            for used in line.split("crate::").skip(1) {
                let name: String =
                    used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if level(&name).is_some_and(|to| to < from) {
                    let _ = writeln!(wrong, "{}:{number}: {}", file.display(), line.trim());
                }
            }
        }
    }
    assert!(wrong.is_empty(), "these uses run back up the layers:\n{wrong}");
}

#[test]
fn tidy_modules_open_with_their_idea() {
    let without: Vec<_> = sources()
        .into_iter()
        .filter(|f| !std::fs::read_to_string(f).expect("a readable file").starts_with("//!"))
        .collect();
    assert!(without.is_empty(), "no module documentation: {without:?}");
}

#[test]
fn tidy_panics_state_their_invariant() {
    const FORBIDDEN: [&str; 5] = [".unwrap()", "todo!(", "unimplemented!(", "dbg!(", " println!("];
    let mut wrong = String::new();
    for file in sources().into_iter().filter(|f| !is_test(f)) {
        let text = std::fs::read_to_string(&file).expect("a readable source file");
        for (number, line) in code_lines(&text) {
            if FORBIDDEN.iter().any(|f| line.contains(f)) {
                let _ = writeln!(wrong, "{}:{number}: {}", file.display(), line.trim());
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn tidy_unsafe_states_why_it_is_sound() {
    const UNSAFE: [&str; 3] = ["unsafe {", "unsafe fn", "unsafe impl"];
    let mut wrong = String::new();
    for file in sources() {
        let text = std::fs::read_to_string(&file).expect("a readable source file");
        let lines: Vec<_> = text.lines().collect();
        for (number, line) in code_lines(&text) {
            let code = line.split("//").next().unwrap_or_default();
            let before = &lines[number.saturating_sub(6)..number];
            let is_unsafe = UNSAFE.iter().any(|u| code.contains(u));
            if is_unsafe && !before.iter().any(|l| l.contains("SAFETY:")) {
                let _ = writeln!(wrong, "{}:{number}: {}", file.display(), line.trim());
            }
        }
    }
    assert!(wrong.is_empty(), "unsafe without SAFETY:\n{wrong}");
}

/// Files that only unit tests are made of.
fn is_test(file: &Path) -> bool {
    let parts: Vec<_> = file.iter().filter_map(|part| part.to_str()).collect();
    parts.iter().any(|part| matches!(*part, "tests" | "tests.rs" | "testing.rs"))
}

fn level(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// `catalog` for `src/catalog/mod.rs` and `src/catalog.rs`.
fn module_of(file: &Path) -> String {
    let relative = file.strip_prefix(source_root()).expect("sources lie in src");
    let first = relative.components().next().expect("a path has a component").as_os_str();
    first.to_string_lossy().trim_end_matches(".rs").to_owned()
}

fn source_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![source_root()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).expect("a readable directory") {
            let path = entry.expect("a directory entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 10, "the sources were not found");
    found
}

/// Numbered lines (from 1) that are neither comments nor in the file's tests, which stand last.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]") && !line.starts_with("#[test]"))
        .enumerate()
        .map(|(i, line)| (i + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}
