//! Troubles: what could not be read or written in the last look, and goes on by itself once its cause is gone.
//!
//! Given: the faults that a pass tolerated. Gives: sentences for the report, and a file beside the state that tells `status` of them. After a crash:
//! the file tells of the look before; the next look writes it anew. Never: a decision taken from that file.

use crate::channel::Channel;
use crate::engine::Engine;
use crate::error::{EngineFault, Policy};
use crate::lang::Lang;
use crate::say;
use crate::seams::Files;
use crate::seams::real_files::RealFiles;
use crate::station::Station;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Most troubles that `status` is told of; one cause can have thousands.
const TOLD_MAX: usize = 20;

/// Longest file of troubles that is read.
const FILE_MAX: u64 = 1 << 20;

/// With less room than this a disk counts as full: a packet, or a step of the log and the state, may not find it.
const ROOM_MIN: u64 = 1 << 20;

/// A file or folder that was passed over for now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Stable code.
    pub code: Cow<'static, str>,
    /// What is wrong where, and what next, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
    /// The sentence for the journal, which names no record.
    #[serde(skip)]
    pub journal: String,
}

impl Trouble {
    /// Makes one of a fault.
    fn of(fault: &EngineFault, lang: Lang) -> Self {
        let [zh, en] = [Lang::Zh, Lang::En].map(|lang| fault.sentence(lang));
        Self { code: fault.code().into(), zh, en, journal: fault.sentence(lang) }
    }

    /// Gives the sentence in a language.
    pub fn sentence(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }
}

/// Gives the troubles of the last look; none where no look told of any, or the file cannot be read.
pub fn troubles_of_last_look(station: &Station) -> Vec<Trouble> {
    let mut text = Vec::new();
    let read = crate::given::open_file(&place(station)).and_then(|file| file.take(FILE_MAX).read_to_end(&mut text));
    read.ok().and_then(|_| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

fn place(station: &Station) -> PathBuf {
    station.state_dir().join("troubles.json")
}

/// Leaves the fault that ended a run, and passes by itself, for `status`; the next look writes its own in its place.
pub(crate) fn tell_fault(station: &Station, fault: &EngineFault) {
    let told = [Trouble::of(fault, station.config.station.lang)];
    // Where there is no room for it, `status` sees that for itself.
    let _ = RealFiles::new().replace(&place(station), &serde_json::to_vec(&told).unwrap_or_default());
}

/// Names the disks on which a station has no room left, each with the first of its places that is there.
pub fn full_disks(station: &Station, channels: &[Channel]) -> Vec<Trouble> {
    let (own, folders) = (station.own_dirs(), Channel::record_folders(station, channels));
    let ferry = [station.ferry_out(), station.ferry_in()];
    let (mut met, mut found) = (BTreeSet::new(), Vec::new());
    for dir in own.iter().chain(&ferry).chain(&folders) {
        let (Ok(meta), Ok(disk)) = (std::fs::metadata(dir), rustix::fs::statvfs(dir)) else { continue };
        let left = disk.f_bavail.saturating_mul(disk.f_frsize);
        // Some file systems count no blocks.
        if met.insert(meta.dev()) && disk.f_blocks > 0 && left < ROOM_MIN {
            found.push(full_disk(dir, left >> 10, station.config.station.lang));
        }
    }
    found
}

fn full_disk(dir: &Path, left: u64, lang: Lang) -> Trouble {
    let sentence = |lang| {
        let dir = dir.display();
        say!(
            lang,
            "磁盘已满：{dir} 所在的磁盘只剩 {left} KiB。没有丢失任何数据；请腾出空间，摆渡会自动继续。",
            "The disk is full: {left} KiB are left where {dir} is. Nothing is lost; free some space and the ferry goes on by itself."
        )
    };
    Trouble { code: "disk-full".into(), zh: sentence(Lang::Zh), en: sentence(Lang::En), journal: sentence(lang) }
}

impl Engine {
    /// Leaves the troubles of this look for `status`, when they are others than those of the look before.
    pub(crate) fn tell_troubles(&mut self, troubles: &[Trouble]) -> Result<(), EngineFault> {
        let mut told: Vec<Trouble> = Vec::new();
        for trouble in troubles {
            if told.len() < TOLD_MAX && !told.contains(trouble) {
                told.push(trouble.clone());
            }
        }
        if self.told.as_ref() == Some(&told) {
            return Ok(());
        }
        let path = place(&self.station);
        let left = match told.is_empty() {
            true => self.seams.files.remove(&path).map(drop),
            false => self.seams.files.replace(&path, &serde_json::to_vec(&told).unwrap_or_default()),
        };
        match left.map_err(EngineFault::from) {
            Ok(()) => self.told = Some(told),
            // No room for a hint is no reason to stop; the next look tries again.
            Err(fault) if fault.policy() == Policy::Retry => {}
            Err(fault) => return Err(fault),
        }
        Ok(())
    }
}
