//! What only root can try: other accounts, small file systems.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::station::Station;

/// Tells whether the test runs as root; says what is left out when it does not.
pub fn is_root(what: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        println!("left out, it needs root: {what}");
    }
    root
}

/// A small file system in memory, unmounted when it is dropped.
#[derive(Debug)]
pub struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// Mounts it over a directory; `None` with a printed reason when that is not possible here.
    pub fn mount(at: &Path, bytes: u64) -> Option<Self> {
        Self::mount_with(at, &format!("size={bytes}"))
    }

    /// Mounts it over a place of a station and copies back what is there already.
    ///
    /// # Panics
    /// Panics when `cp` cannot be run.
    #[track_caller]
    pub fn over(station: &Station, place: &str, options: &str) -> Option<Self> {
        let (at, kept) = (station.path(place), station.path("kept"));
        Command::new("cp").arg("-a").arg(&at).arg(&kept).status().unwrap();
        let disk = Self::mount_with(&at, options)?;
        Command::new("cp").arg("-a").arg(kept.join(".")).arg(&at).status().unwrap();
        Some(disk)
    }

    /// Gives this file system other options, such as `ro`; true when the system agreed.
    pub fn remount(&self, options: &str) -> bool {
        let mut command = Command::new("mount");
        command.args(["-o", &format!("remount,{options}")]).arg(&self.at);
        command.output().is_ok_and(|output| output.status.success())
    }

    fn mount_with(at: &Path, options: &str) -> Option<Self> {
        if !is_root("a small file system") {
            return None;
        }
        let output =
            Command::new("mount").args(["-t", "tmpfs", "-o"]).arg(format!("{options},mode=755")).arg("tmpfs").arg(at).output();
        match output {
            Ok(output) if output.status.success() => Some(Self { at: at.to_path_buf() }),
            other => {
                println!("left out, no file system can be mounted here: {other:?}");
                None
            }
        }
    }

    /// Fills it to the last byte.
    ///
    /// # Panics
    /// Panics when the filler cannot be made.
    #[track_caller]
    pub fn fill(&self) {
        use std::io::Write;
        let mut filler = std::fs::File::create(self.at.join(".filler")).unwrap();
        for bytes in [vec![0; 65_536], vec![0; 512]] {
            while filler.write_all(&bytes).is_ok() {}
        }
    }

    /// Fills it but for so many bytes.
    ///
    /// # Panics
    /// Panics when the filler cannot be made, or is shorter.
    #[track_caller]
    pub fn fill_but(&self, bytes: u64) {
        self.fill();
        let filler = std::fs::File::options().write(true).open(self.at.join(".filler")).unwrap();
        filler.set_len(filler.metadata().unwrap().len() - bytes).unwrap();
    }

    /// Makes room again.
    ///
    /// # Panics
    /// Panics when the filler cannot be removed.
    #[track_caller]
    pub fn free(&self) {
        std::fs::remove_file(self.at.join(".filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a test that fails may leave a program that still has a file open.
        let _ = Command::new("umount").arg("-l").arg(&self.at).status();
    }
}
