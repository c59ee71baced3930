//! One file on its way from the near to the far directory.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Amounts, Fault};
use crate::random::Random;

/// Where the bytes of a file under way are.
#[derive(Debug)]
pub(super) enum Cargo {
    /// Still in the near directory.
    AtSource(PathBuf),
    /// In the device's memory.
    Held(Vec<u8>),
}

/// A file that has been picked and is not yet delivered.
#[derive(Debug)]
pub(super) struct Flight {
    /// Number among the picked files, from 1.
    pub(super) nth: u64,
    /// Name at the source.
    pub(super) name: OsString,
    pub(super) cargo: Cargo,
    pub(super) seen_ms: u64,
    pub(super) due_ms: u64,
    /// Delivered only after so many files were picked, or when a scan picks none.
    pub(super) after_nth: u64,
    pub(super) faults: BTreeSet<Fault>,
    /// Whether it has been counted as waiting for room.
    pub(super) waits_for_room: bool,
}

impl Flight {
    /// Reads the bytes as they will arrive.
    pub(super) fn load(&self) -> io::Result<Vec<u8>> {
        match &self.cargo {
            Cargo::AtSource(path) => fs::read(path),
            Cargo::Held(bytes) => Ok(bytes.clone()),
        }
    }

    /// Does to the bytes what the faults say.
    pub(super) fn damage(&self, bytes: &mut Vec<u8>, amount: &Amounts, seed: u64) {
        let mut random = Random::nth(seed ^ 0x00DA_3A6E, self.nth);
        if self.faults.contains(&Fault::Truncate) {
            bytes.truncate(random.below(bytes.len() as u64) as usize);
        }
        if self.faults.contains(&Fault::Corrupt) && !bytes.is_empty() {
            for _ in 0..amount.corrupt_bits.max(1) {
                let bit = random.below(bytes.len() as u64 * 8);
                bytes[(bit / 8) as usize] ^= 1 << (bit % 8);
            }
        }
    }

    /// Gives the name on the far side.
    pub(super) fn far_name(&self, amount: &Amounts) -> OsString {
        let mut name = self.name.clone();
        if self.faults.contains(&Fault::CutName) {
            name = cut(&name, amount.name_chars);
        }
        if self.faults.contains(&Fault::RenameCase) {
            let upper = name.to_ascii_uppercase();
            name = if upper == name { name.to_ascii_lowercase() } else { upper };
        }
        name
    }

    /// Gives the modification time it arrives with, when that is not now.
    pub(super) fn far_mtime(&self, seed: u64) -> Option<SystemTime> {
        let mut random = Random::nth(seed ^ 0x0007_1733, self.nth);
        let seconds = random.below(2_000_000_000);
        self.faults.contains(&Fault::TouchMtime).then(|| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    }
}

fn cut(name: &OsStr, chars: usize) -> OsString {
    let name = name.to_string_lossy();
    let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
    let stem: String = stem.chars().take(chars.max(1)).collect();
    if extension.is_empty() { stem.into() } else { format!("{stem}.{extension}").into() }
}

/// Writes a file under a hidden name, then gives it its own.
pub(super) fn place(directory: &Path, name: &OsStr, bytes: &[u8], mtime: Option<SystemTime>) -> io::Result<()> {
    let hidden = directory.join(".gapbox.part");
    let mut file = File::create(&hidden)?;
    file.write_all(bytes)?;
    if let Some(mtime) = mtime {
        file.set_modified(mtime)?;
    }
    drop(file);
    fs::rename(&hidden, directory.join(name))
}

/// A file that the far side sees before it is whole.
#[derive(Debug)]
pub(super) struct Growing {
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
    pub(super) written: usize,
    pub(super) piece: usize,
    pub(super) next_ms: u64,
    pub(super) mtime: Option<SystemTime>,
}

impl Growing {
    /// Appends the next piece; a file that was taken away meanwhile starts anew.
    pub(super) fn grow(&mut self) -> io::Result<()> {
        let end = (self.written + self.piece).min(self.bytes.len());
        let opened =
            if self.written == 0 { File::create(&self.path) } else { OpenOptions::new().append(true).open(&self.path) };
        let (mut file, from) = match opened {
            Ok(file) => (file, self.written),
            Err(gone) if gone.kind() == io::ErrorKind::NotFound => (File::create(&self.path)?, 0),
            Err(other) => return Err(other),
        };
        file.write_all(&self.bytes[from..end])?;
        self.written = end;
        if let (true, Some(mtime)) = (self.whole(), self.mtime) {
            file.set_modified(mtime)?;
        }
        Ok(())
    }

    pub(super) fn whole(&self) -> bool {
        self.written == self.bytes.len()
    }
}
