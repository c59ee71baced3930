//! Names for files that are set aside: beside a refused file or a repeat stand its reasons, and nothing is ever overwritten.
//!
//! Given: a record's name. Gives: a path below `rejected/`, `duplicates/` or the archive that is free, with room for the reasons. After a crash:
//! reasons written for a file that had not come yet are told by the missing file and written over. Never: a file of anyone's replaced.

use crate::connectors::folder::names::MOST_PART_BYTES;
use crate::connectors::{Disposal, Fate};
use crate::lang::{Lang, cut};
use crate::reason;
use crate::report::civil_time;
use crate::say;
use crate::seams::{FileFault, Files};
use dukou_packets::suite::sha256;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Bytes left for `~1234567` and `.reason.json` behind a name.
const ROOM_BYTES: usize = 20;

/// Digits at the end of a name that was cut.
const ROOM_DIGITS: usize = 8;

/// What stands in the two files beside a file that was set aside.
pub(super) struct Reason {
    pub(super) text: String,
    pub(super) json: serde_json::Value,
}

impl Reason {
    /// Gives the reason for a fate; a file that was sent has none.
    pub(super) fn of(disposal: &Disposal, lang: Lang) -> Option<Self> {
        let name = &disposal.name;
        let (json, [zh, en]) = match &disposal.fate {
            Fate::Sent(_) => return None,
            Fate::Refused { code, sentence, .. } => {
                (json!({ "name": name, "code": code, "zh": sentence[0], "en": sentence[1] }), sentence.clone())
            }
            Fate::HeldBack { went, at_ms } => {
                let (seq, at) = (went.seq, civil_time(*at_ms));
                let sentence = [Lang::Zh, Lang::En].map(|lang| {
                    say!(lang, "同名同内容的文件已于 {at} 由第 {seq} 号包送出，这次没有再送。确需再送，请用 send --again。",
                         "Equal bytes under this name went in packet {seq} at {at}; they were not sent again. To send them again use send --again.")
                });
                let epoch = went.epoch.to_string();
                (
                    json!({ "name": name, "code": "repeat", "seq": seq, "epoch": epoch, "at": at, "zh": sentence[0], "en": sentence[1] }),
                    sentence,
                )
            }
        };
        Some(Self { text: say!(lang, "{zh}", "{en}"), json })
    }

    /// Gives the reason for a version of a file that was never sent, because still newer ones took its place twice.
    pub(super) fn replaced(name: &str, lang: Lang) -> Self {
        let [zh, en] = [Lang::Zh, Lang::En].map(|lang| {
            say!(
                lang,
                "取走时该文件已被替换两次，这一版没有送出。请确认后重新放入。",
                "The file was replaced twice while it was taken; this version was not sent. Check it and drop it again."
            )
        });
        Self { text: say!(lang, "{zh}", "{en}"), json: json!({ "name": name, "code": "replaced", "zh": zh, "en": en }) }
    }

    /// Writes both files beside `target`.
    pub(super) fn write(&self, files: &dyn Files, target: &Path) -> Result<(), FileFault> {
        reason::write(files, target, &self.text, &self.json)
    }
}

/// Tells whether a file may come to stand under `path`: nothing is there, and no set-aside file has the name that its reasons would get.
/// Reasons without their file are what a crash left, and no hindrance.
pub(super) fn is_free(files: &dyn Files, path: &Path, with_reasons: bool) -> Result<bool, FileFault> {
    if files.stat(path)?.is_some() {
        return Ok(false);
    }
    for beside in reason::paths(path).into_iter().filter(|_| with_reasons) {
        let [_, own_reason] = reason::paths(&beside);
        if files.stat(&beside)?.is_some() && files.stat(&own_reason)?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Cuts the last part of a name so that a count and the longest suffix of ours fit behind it; a cut one ends in digits of its own.
pub(crate) fn with_room(name: &str) -> String {
    let (folders, leaf) = name.split_at(name.rfind('/').map_or(0, |slash| slash + 1));
    if leaf.len() <= MOST_PART_BYTES - ROOM_BYTES {
        return name.to_string();
    }
    let digits = sha256(&[name.as_bytes()]).to_string();
    let digits = digits.get(..ROOM_DIGITS).unwrap_or_default();
    format!("{folders}{}~{digits}", cut(leaf, MOST_PART_BYTES - ROOM_BYTES - ROOM_DIGITS - 1))
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_was_never_sent_has_its_reason_in_both_languages() {
        let reason = Reason::replaced("a.xml", Lang::En);
        let said = |key: &str| reason.json[key].as_str().unwrap_or_default().to_string();
        assert!(said("zh").contains("没有送出") && said("en").contains("was not sent"), "{}", reason.json);
        assert_eq!(reason.text, said("en"));
    }
}
