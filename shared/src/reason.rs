//! The two files that say beside a file why it was put there: one sentence for people, one JSON object for programs.

use crate::lang::plain;
use crate::seams::{FileFault, Files};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What a reason's file names end with, behind the name of the file they are about.
pub(crate) const SUFFIXES: [&str; 2] = [".reason.txt", ".reason.json"];

/// Longest reason that is read, in bytes.
const REASON_MAX: u64 = 64 << 10;

/// Tells whether a file is a reason of ours and not what one is about.
pub(crate) fn is_reason(name: &str) -> bool {
    SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

/// Writes the reasons beside `target`. Chinese Windows programs need the mark and CRLF to show a text file right.
pub(crate) fn write(files: &dyn Files, target: &Path, sentence: &str, reason: &serde_json::Value) -> Result<(), FileFault> {
    let [text, json] = paths(target);
    let for_people = format!("\u{feff}{}\r\n", plain(sentence).replace('\n', "\r\n"));
    files.replace(&text, for_people.as_bytes())?;
    files.replace(&json, format!("{reason}\n").as_bytes())
}

/// Gives the code of the reason beside `target`; `None` where there is none, or none that can be read.
pub(crate) fn code(files: &dyn Files, target: &Path) -> Result<Option<String>, FileFault> {
    let [_, json] = paths(target);
    if files.stat(&json)?.is_none() {
        return Ok(None);
    }
    let reason: Option<serde_json::Value> = serde_json::from_slice(&files.read(&json, REASON_MAX)?).ok();
    Ok(reason.as_ref().and_then(|reason| reason.get("code")?.as_str()).map(str::to_string))
}

/// Removes the reasons beside `target`.
pub(crate) fn remove(files: &dyn Files, target: &Path) -> Result<(), FileFault> {
    paths(target).iter().try_for_each(|path| files.remove(path).map(drop))
}

/// Gives where the reasons of `target` stand: for people, for programs.
pub(crate) fn paths(target: &Path) -> [PathBuf; 2] {
    SUFFIXES.map(|suffix| {
        let mut path = OsString::from(target);
        path.push(suffix);
        PathBuf::from(path)
    })
}
