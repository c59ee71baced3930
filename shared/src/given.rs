//! Reading small files that people name or put down: settings, keys, cards, gap reports.
//!
//! Given: a path that may be anything. Gives: its bytes, at most so many. Never: a wait for the other end of a pipe, a device read, or more memory
//! than the file can need.

use crate::error::{ConfigFault, NO_FILE, TOO_LONG};
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{Error, Read};
use std::path::Path;

/// Longest file of settings that is read.
pub(crate) const SETTINGS_MAX: u64 = 1 << 20;

/// Opens a regular file for reading, at once whatever lies there; links are followed.
///
/// # Errors
/// What the system says; for a pipe, a device or a socket that it is no regular file.
pub(crate) fn open_file(path: &Path) -> std::io::Result<File> {
    let found = std::fs::metadata(path)?;
    if found.is_dir() {
        return Err(Error::from_raw_os_error(rustix::io::Errno::ISDIR.raw_os_error()));
    }
    if !found.is_file() {
        return Err(Error::other(NO_FILE));
    }
    // What stands there now may be another thing: a pipe is opened without a wait, and looked at again.
    let file = File::from(rustix::fs::open(
        path,
        OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC,
        Mode::empty(),
    )?);
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(Error::other(NO_FILE)),
    }
}

/// Reads a regular file of at most `most` bytes.
///
/// # Errors
/// As [`open_file`]; that it is too long.
pub(crate) fn read_file(path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_file(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(Error::other(TOO_LONG)) } else { Ok(bytes) }
}

/// Reads a text file of at most `most` bytes.
///
/// # Errors
/// As [`read_file`]; that it is no UTF-8.
pub(crate) fn read_text(path: &Path, most: u64) -> std::io::Result<String> {
    String::from_utf8(read_file(path, most)?).map_err(|_| Error::other("stream did not contain valid UTF-8"))
}

/// As [`read_text`], for a file of settings.
///
/// # Errors
/// [`ConfigFault::Unreadable`] with the file.
pub(crate) fn read_settings(file: &Path, most: u64) -> Result<String, ConfigFault> {
    read_text(file, most).map_err(|error| ConfigFault::unreadable(file, &error))
}
