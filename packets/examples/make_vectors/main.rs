//! Writes the vectors that are not there yet; a vector that exists is never touched.
//!
//! `cargo run -p dukou-packets --example make_vectors`; with a folder behind it (`-- DIR`) it writes them all there, for comparing what two runs make.

mod armor;
mod discs;
mod forge;
mod gap_reports;
mod keyrings;
mod keys;
mod logs;
mod markers;
mod openings;
mod packets;
mod repair;
mod rows;
mod runs;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

fn main() -> io::Result<()> {
    let asked = std::env::args_os().nth(1).map(PathBuf::from);
    let vectors = asked.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors"));
    let mut written = 0;
    for case in
        packets::cases().into_iter().chain(openings::cases()).chain(rows::cases()).chain(markers::cases()).chain(runs::cases())
    {
        let path = vectors.join("packets").join(case.name + ".json");
        written += write_new(&path, &pretty(&case.value))?;
    }
    for (name, value) in repair::cases() {
        let path = vectors.join("repair").join(name + ".json");
        written += write_new(&path, &pretty(&value))?;
    }
    for (name, value) in keyrings::cases() {
        let path = vectors.join("keyrings").join(name + ".json");
        written += write_new(&path, &pretty(&value))?;
    }
    for (name, value) in discs::cases() {
        let path = vectors.join("discs").join(name + ".json");
        written += write_new(&path, &pretty(&value))?;
    }
    for (name, value) in gap_reports::reports() {
        let path = vectors.join("gap-reports").join(name + ".json");
        written += write_new(&path, &pretty(&value))?;
    }
    for (name, value) in markers::approvals() {
        let path = vectors.join("approvals").join(name + ".json");
        written += write_new(&path, &pretty(&value))?;
    }
    for (name, value) in gap_reports::rows() {
        let path = vectors.join("gap-rows").join(name + ".json");
        written += write_new(&path, &pretty(&value))?;
    }
    for case in logs::cases().into_iter().chain(logs::epoch_cases()) {
        let folder = vectors.join("logs").join(&case.name);
        written += write_new(&folder.join("case.json"), &pretty(&case.value()))?;
        for (name, bytes) in &case.files {
            written += write_new(&folder.join(name), bytes)?;
        }
    }
    println!("{written} files written");
    Ok(())
}

fn pretty(value: &Value) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).expect("a value has a JSON form");
    text.push(b'\n');
    text
}

/// Writes a file unless there is one; returns how many were written.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<u32> {
    if path.exists() {
        return Ok(0);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)?;
    Ok(1)
}
