//! What the demo drops at both stations, and what must come of each file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use dukou_rehearsal::messages::{Messages, day_logs};
use walkdir::WalkDir;

use crate::station::Station;

/// Seed of the generated messages.
const SEED: u64 = 2024;
/// The one sample whose bytes are not what its declaration says: GBK under `encoding="UTF-8"`.
const MISDECLARED: &str = "Biz150721240315900004.xml";

/// What must become of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It arrives, once and unchanged.
    Arrives,
    /// It is refused at the station it was dropped at.
    Refused,
    /// It is not taken: somebody is still writing it.
    Stays,
}

/// All files dropped into one channel, by their path below the drop directory.
#[derive(Debug, Default)]
pub(super) struct Feed {
    pub(super) files: BTreeMap<PathBuf, (Vec<u8>, Fate)>,
}

impl Feed {
    /// Counts the files with one fate.
    pub(super) fn count(&self, fate: Fate) -> u64 {
        self.files.values().filter(|(_, is)| *is == fate).count() as u64
    }

    /// Names the files with one fate, with their bytes.
    pub(super) fn with(&self, fate: Fate) -> impl Iterator<Item = (&Path, &[u8])> {
        let these = self.files.iter().filter(move |(_, (_, is))| *is == fate);
        these.map(|(path, (bytes, _))| (path.as_path(), bytes.as_slice()))
    }

    fn add_samples(&mut self, directory: &Path) -> Result<()> {
        for entry in WalkDir::new(directory).sort_by_file_name() {
            let entry = entry.with_context(|| format!("cannot list {}", directory.display()))?;
            if entry.file_type().is_file() {
                let bytes = fs::read(entry.path()).with_context(|| format!("cannot read {}", entry.path().display()))?;
                let below = entry.path().strip_prefix(directory)?.to_path_buf();
                let fate = fate_of(&below);
                self.files.insert(below, (bytes, fate));
            }
        }
        Ok(())
    }

    fn add(&mut self, path: PathBuf, bytes: Vec<u8>) {
        self.files.insert(path, (bytes, Fate::Arrives));
    }

    /// Writes the files where a supplier would.
    pub(super) fn drop_at(&self, station: &Station, channel: &str) -> Result<()> {
        let directory = station.path("drop").join(channel);
        for (path, (bytes, _)) in &self.files {
            let path = directory.join(path);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
            }
            fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

fn fate_of(path: &Path) -> Fate {
    let name = path.file_name().unwrap_or_default();
    if name == MISDECLARED {
        Fate::Refused
    } else if path.extension().is_some_and(|extension| extension == "tmp") {
        Fate::Stays
    } else {
        Fate::Arrives
    }
}

/// The feeds of the three channels.
#[derive(Debug)]
pub(super) struct Feeds {
    pub(super) messages: Feed,
    pub(super) logs: Feed,
    pub(super) responses: Feed,
}

impl Feeds {
    /// Reads the samples below `demo` and generates `records` messages with their days' logs.
    pub(super) fn collect(demo: &Path, records: usize) -> Result<Self> {
        let mut feeds = Feeds { messages: Feed::default(), logs: Feed::default(), responses: Feed::default() };
        feeds.messages.add_samples(&demo.join("outer/report-message"))?;
        feeds.logs.add_samples(&demo.join("outer/registration-log"))?;
        feeds.responses.add_samples(&demo.join("inner/report-response"))?;
        let mut registrations = Vec::with_capacity(records);
        for (index, message) in Messages::new(SEED).take(records).enumerate() {
            let folder = PathBuf::from(format!("generated/{:03}", index / 100));
            feeds.messages.add(folder.join(message.file_name()), message.bytes);
            registrations.push(message.registration);
        }
        for log in day_logs(&registrations) {
            feeds.logs.add(Path::new("generated").join(log.name), log.bytes);
        }
        Ok(feeds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    #[test]
    fn the_samples_hold_one_refused_and_one_unfinished_file() {
        let feeds = Feeds::collect(&workspace::root().join("deploy/demo"), 0).expect("the samples");
        let counts = |feed: &Feed| [Fate::Arrives, Fate::Refused, Fate::Stays].map(|fate| feed.count(fate));
        assert_eq!(counts(&feeds.messages), [12, 1, 1]);
        assert_eq!(counts(&feeds.logs), [5, 0, 0]);
        assert_eq!(counts(&feeds.responses), [6, 0, 0]);
    }

    #[test]
    fn the_refused_sample_is_not_what_it_declares() {
        let feeds = Feeds::collect(&workspace::root().join("deploy/demo"), 0).expect("the samples");
        for (path, bytes) in feeds.messages.with(Fate::Refused) {
            assert!(bytes.starts_with(b"<?xml version=\"1.0\" encoding=\"UTF-8\""), "{}", path.display());
            assert!(std::str::from_utf8(bytes).is_err(), "{}", path.display());
        }
        for (path, bytes) in feeds.messages.with(Fate::Arrives) {
            assert!(std::str::from_utf8(bytes).is_ok(), "{}", path.display());
        }
    }

    #[test]
    fn generated_messages_come_with_their_logs() {
        let feeds = Feeds::collect(&workspace::root().join("deploy/demo"), 250).expect("the samples");
        assert_eq!(feeds.messages.count(Fate::Arrives), 262);
        assert!(feeds.logs.count(Fate::Arrives) > 5);
    }
}
