//! The yardstick of W8: one durable, visible file after another.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use anyhow::Result;
use dukou_rehearsal::random::Random;

/// Writes `count` files of `bytes` bytes: write, fsync, rename, fsync the directory.
pub(super) fn write_all(directory: &Path, count: u64, bytes: usize) -> Result<()> {
    let mut body = vec![0; bytes];
    Random::new(8).fill(&mut body);
    let folder = File::open(directory)?;
    let hidden = directory.join(".next");
    for index in 0..count {
        let mut file = File::create(&hidden)?;
        file.write_all(&body)?;
        file.sync_all()?;
        fs::rename(&hidden, directory.join(format!("{index:06}")))?;
        folder.sync_all()?;
    }
    Ok(())
}
