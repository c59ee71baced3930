//! `lint` and `upgrade` as programs: what they print, and what they end with.

use super::spoken::agree;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/registration")
}

/// Asks a program of a folder that is no station.
fn ask(program: &str, arguments: &[&str]) -> Output {
    let away = tempfile::tempdir().unwrap();
    let mut command = Command::new(crate::harness::program(program));
    command.args(arguments).current_dir(samples()).env("DUKOU_STATION", away.path()).output().unwrap()
}

fn json(code: i32, arguments: &[&str]) -> Value {
    let answer = ask("dukou-outer", arguments);
    assert_eq!(answer.status.code(), Some(code), "{arguments:?}: {answer:?}");
    serde_json::from_slice(&answer.stdout).unwrap()
}
