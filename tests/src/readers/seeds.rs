//! Good and bad bytes to begin with: the specifications' vectors and the samples.

use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Reads a file of the project.
pub(super) fn file(path: &str) -> Vec<u8> {
    fs::read(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Reads the files of a folder whose names end so.
pub(super) fn files(folder: &str, ends: &str) -> Vec<Vec<u8>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(root().join(folder))
        .unwrap_or_else(|error| panic!("{folder}: {error}"))
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(|path| path.is_file() && path.to_string_lossy().ends_with(ends))
        .collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("a file of the project can be read")).collect()
}

/// Gives a text of each vector of a folder.
pub(super) fn texts(folder: &str, key: &str) -> Vec<Vec<u8>> {
    let vectors = files(&format!("packets/vectors/{folder}"), ".json");
    let of = |vector: &Vec<u8>| {
        let vector: Value = serde_json::from_slice(vector).expect("a vector is JSON");
        Some(vector.get(key)?.as_str()?.as_bytes().to_vec())
    };
    vectors.iter().filter_map(of).collect()
}

/// Gives the bytes that a text of each vector of a folder stands for.
pub(super) fn bytes(folder: &str, key: &str) -> Vec<Vec<u8>> {
    texts(folder, key).iter().filter_map(|text| BASE64.decode(text).ok()).collect()
}
