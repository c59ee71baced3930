//! Whether the disks have room for what the tests build and write: a suite that meets a full disk waits and fails in a way that says nothing.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::workspace;

/// A whole run's build took 5 GiB; the test of one file of 2 GiB has up to five copies of it; as much again is reserve.
const NEEDED_GIB: u64 = 20;

/// Fails where the build's directory or the directory of temporary files lacks room.
pub(super) fn check() -> Result<String> {
    let build = workspace::target();
    let places = [build.parent().unwrap_or(&build).to_path_buf(), std::env::temp_dir()];
    let free = places.iter().map(|place| free_gib(place)).collect::<Result<Vec<_>>>()?;
    for (place, free) in places.iter().zip(&free) {
        ensure!(
            *free >= NEEDED_GIB,
            "{} has {free} GiB free, a whole run needs {NEEDED_GIB}: make room there, or set CARGO_TARGET_DIR and TMPDIR to another disk",
            place.display()
        );
    }
    Ok(format!("{} GiB free", free.iter().min().unwrap_or(&0)))
}

fn free_gib(place: &Path) -> Result<u64> {
    let told = rustix::fs::statvfs(place).with_context(|| format!("cannot look at {}", place.display()))?;
    Ok((told.f_bavail * told.f_frsize) >> 30)
}
