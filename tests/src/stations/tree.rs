//! Folders and what is in them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use dukou_packets::suite::sha256;
use walkdir::WalkDir;

/// Gives the visible files below a folder: path below it, and SHA-256.
///
/// # Panics
/// Panics when something cannot be read.
#[track_caller]
pub fn digests(dir: &Path) -> BTreeMap<String, String> {
    let visible = |name: &str, depth: usize| depth == 0 || !name.starts_with('.');
    let walk = WalkDir::new(dir).into_iter().filter_entry(|entry| visible(&entry.file_name().to_string_lossy(), entry.depth()));
    let files = walk.map(Result::unwrap).filter(|entry| entry.file_type().is_file());
    files
        .map(|entry| {
            let name = entry.path().strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
            (name, sha256(&[&fs::read(entry.path()).unwrap()]).to_string())
        })
        .collect()
}

/// Gives the names in a folder, sorted, hidden ones too; none when it is not there.
pub fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Writes a file last modified an hour ago beside its place, with its folders, and renames it in.
///
/// # Panics
/// Panics when it cannot be written.
#[track_caller]
pub fn write_old(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let beside = path.with_extension("tmp");
    fs::write(&beside, bytes).unwrap_or_else(|error| panic!("{}: {error}", beside.display()));
    File::options().write(true).open(&beside).unwrap().set_modified(SystemTime::now() - Duration::from_secs(3600)).unwrap();
    fs::rename(&beside, path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// Writes a file beside its place and renames it in, as careful suppliers do.
///
/// # Panics
/// Panics when it cannot be written.
#[track_caller]
pub fn rename_in(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let beside = path.with_extension("tmp");
    fs::write(&beside, bytes).unwrap();
    fs::rename(beside, path).unwrap();
}
