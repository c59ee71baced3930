//! Finding the programs under test.

use std::env;
use std::path::PathBuf;

/// Gives the path of a program that cargo built beside this test: `dukou-outer`, `dukou-inner` or `dukou-audit`.
///
/// # Panics
/// Panics with the cargo command to run when the program is not there.
pub fn program(name: &str) -> PathBuf {
    let test = env::current_exe().expect("a running program has a path");
    // A test lies one folder deeper than the programs, a program of this crate beside them.
    let beside = |levels| test.ancestors().nth(levels).map(|dir| dir.join(name));
    let built = [2, 1].into_iter().filter_map(beside).find(|path| path.is_file()).unwrap_or_default();
    assert!(
        built.is_file(),
        "{name} is missing: run `cargo build -p dukou-inner -p dukou-outer -p dukou-packets` (with the same profile and target directory) first"
    );
    built
}
