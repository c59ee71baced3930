//! The floor: the least work that any signed, durable packet carrier must do, with nothing around it.
//!
//! No order, no log, no keys on disk, no refusal: what the product adds to this is what its promises cost.

mod blocks;
mod durable;
mod messages;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Result, ensure};
use clap::{Args, Subcommand};
use ring::digest::{self, Digest};

use super::measure::{Contender, Durability};
use super::peers::bytes_below;
use super::workload::Workload;
use crate::workspace::Programs;

/// zstd level of all rows.
const LEVEL: i32 = 3;

/// Options of the hidden command `floor`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Carries the files below SRC in packets of 1,000 to DIR/out
    Messages { src: PathBuf, dir: PathBuf },
    /// Carries the one file in SRC in blocks of 8 MiB to DIR/out
    Blocks { src: PathBuf, dir: PathBuf },
    /// Writes, fsyncs, renames and fsyncs the directory, again and again
    Durable {
        dir: PathBuf,
        #[arg(long)]
        count: u64,
        #[arg(long)]
        bytes: usize,
    },
}

/// Runs the floor program.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    match &options.what {
        What::Messages { src, dir } => messages::carry(src, dir)?,
        What::Blocks { src, dir } => blocks::carry(src, dir)?,
        What::Durable { dir, count, bytes } => durable::write_all(dir, *count, *bytes)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn sha256(bytes: &[u8]) -> Digest {
    digest::digest(&digest::SHA256, bytes)
}

/// Writes out the whole file system that a directory lies on.
fn sync_file_system(directory: &Path) -> Result<()> {
    Ok(rustix::fs::syncfs(File::open(directory)?)?)
}

/// Gives the floor's row.
pub(super) fn contender(name: &'static str, programs: &Programs, workload: &Workload, one_file: bool) -> Floor {
    let command = if one_file { "blocks" } else { "messages" };
    Floor { name, command, programs: programs.clone(), workload: workload.clone() }
}

/// The floor program as a contender, run as a process of its own.
pub(super) struct Floor {
    name: &'static str,
    command: &'static str,
    programs: Programs,
    workload: Workload,
}

impl Contender for Floor {
    fn name(&self) -> &str {
        self.name
    }

    fn durability(&self) -> Durability {
        Durability::Group
    }

    fn prepare(&mut self, directory: &Path) -> Result<()> {
        fs::create_dir(directory.join("box"))?;
        Ok(fs::create_dir(directory.join("out"))?)
    }

    fn go(&mut self, directory: &Path) -> Result<()> {
        let mut command = Command::new(&self.programs.xtask);
        let status = command.args(["floor", self.command]).arg(&self.workload.directory).arg(directory).status()?;
        ensure!(status.success(), "the floor program failed ({status})");
        Ok(())
    }

    fn check(&mut self, directory: &Path) -> Result<Option<u64>> {
        self.workload.check_copy(&directory.join("out"))?;
        bytes_below(&directory.join("box")).map(Some)
    }
}
