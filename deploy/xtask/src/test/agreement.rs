//! Lets `dukou-audit` and the independent verifier judge the same logs: they must come to the same verdict.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::workspace;

/// Compares the exit codes of both verifiers over every log case of the vectors.
pub(crate) fn check() -> Result<String> {
    let root = workspace::root();
    let audit = built_audit()?;
    let cases = log_cases(&root.join("packets/vectors/logs"))?;
    ensure!(!cases.is_empty(), "packets/vectors/logs holds no case");
    let mut apart = Vec::new();
    for case in &cases {
        let ours = exit_code(Command::new(&audit).arg("verify").arg(case))?;
        let theirs = exit_code(Command::new("python3").arg(root.join("tests/oracle/oracle.py")).arg("verify").arg(case))?;
        if ours != theirs {
            apart.push(format!("  {}: dukou-audit exits {ours}, the oracle {theirs}", case.display()));
        }
    }
    ensure!(apart.is_empty(), "the verifiers disagree on {} logs:\n{}", apart.len(), apart.join("\n"));
    Ok(format!("{} logs, one verdict each", cases.len()))
}

fn built_audit() -> Result<PathBuf> {
    let arguments = ["build", "--locked", "--workspace", "--bin", "dukou-audit"];
    let status = workspace::cargo().args(arguments).status().context("cannot run cargo")?;
    ensure!(status.success(), "dukou-audit does not build");
    Ok(workspace::target().join("debug/dukou-audit"))
}

fn log_cases(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory).with_context(|| format!("cannot list {}", directory.display()))?;
    let mut cases = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.join("case.json").is_file() {
            cases.push(path);
        }
    }
    cases.sort();
    Ok(cases)
}

fn exit_code(command: &mut Command) -> Result<i32> {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    let program = command.get_program().display().to_string();
    match status.with_context(|| format!("cannot run {program}"))?.code() {
        Some(code) => Ok(code),
        None => bail!("{program} was killed"),
    }
}
