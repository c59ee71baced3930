//! Where the workspace is, and how its programs are built: every call of cargo shares one target directory.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Gives the folder of the workspace's Cargo.toml.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// Gives the target directory of this checkout.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |chosen| root().join(chosen))
}

/// Starts a cargo command in the workspace.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.current_dir(root()).env("CARGO_TARGET_DIR", target());
    command
}

/// The real programs, as an installation would have them.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    pub(crate) outer: PathBuf,
    pub(crate) inner: PathBuf,
    pub(crate) audit: PathBuf,
    pub(crate) xtask: PathBuf,
}

/// Builds the release programs; `xtask` itself only where the benchmark needs a fast one.
pub(crate) fn build_release(with_xtask: bool) -> Result<Programs> {
    let mut command = cargo();
    command.args(["build", "--release", "--locked", "-p", "dukou-outer", "-p", "dukou-inner", "-p", "dukou-packets"]);
    if with_xtask {
        command.args(["-p", "xtask"]);
    }
    let status = command.status().context("cannot run cargo")?;
    ensure!(status.success(), "cargo build --release failed");
    Ok(release_programs())
}

/// Says where the release programs are once they are built.
pub(crate) fn release_programs() -> Programs {
    let release = target().join("release");
    Programs {
        outer: release.join("dukou-outer"),
        inner: release.join("dukou-inner"),
        audit: release.join("dukou-audit"),
        xtask: release.join("xtask"),
    }
}
