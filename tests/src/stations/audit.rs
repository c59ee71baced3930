//! The packet log, read by the test and judged by the auditor's program.

use std::process::{Command, Stdio};

use dukou_shared::log::read_lines;
use dukou_shared::seams::real_files::RealFiles;
use serde_json::Value;

use super::pair::Pair;
use super::programs::program;
use super::station::{Answer, Station};

/// Gives the lines of a station's packet log.
///
/// # Panics
/// Panics when the log cannot be read.
#[track_caller]
pub fn lines(station: &Station) -> Vec<Value> {
    let mut lines = Vec::new();
    read_lines(&RealFiles::new(), &station.path("log"), &mut |line| {
        lines.push(serde_json::from_str(&line.render()).unwrap());
    })
    .unwrap();
    lines
}

/// Gives the lines of one kind.
#[track_caller]
pub fn lines_of(station: &Station, kind: &str) -> Vec<Value> {
    lines(station).into_iter().filter(|line| line["kind"] == kind).collect()
}

/// Counts the lines of one kind.
#[track_caller]
pub fn count(station: &Station, kind: &str) -> usize {
    lines_of(station, kind).len()
}

/// Runs `dukou-audit verify` on a station's log, anchored in the station's own card.
#[track_caller]
pub fn verify(station: &Station) -> Answer {
    let mut command = Command::new(program("dukou-audit"));
    command.arg("verify").arg(station.path("log")).arg("--authority").arg(station.path("keys/keyring.txt"));
    Answer::of(command.stdin(Stdio::null()).output().unwrap())
}

/// Expects PASS of both logs.
///
/// # Panics
/// Panics with the auditor's report when one does not pass.
#[track_caller]
pub fn assert_pass(pair: &Pair) {
    for station in [&pair.outer, &pair.inner] {
        let answer = verify(station);
        assert_eq!(answer.code, 0, "{}: {}", station.dir.display(), answer.all());
    }
}

/// Gives the account that runs the test, as the packet log names it: the system's word, never the environment's.
///
/// # Panics
/// Panics when `id` cannot be run.
pub fn account() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    match output.status.success() {
        true => String::from_utf8(output.stdout).unwrap().trim().to_owned(),
        false => format!("uid-{}", rustix::process::getuid().as_raw()),
    }
}
