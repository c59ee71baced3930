//! Troubles: what could not be read or written in the last look, and goes on by itself once its cause is gone.
//!
//! Given: the faults that a pass tolerated. Gives: sentences for the report, and a file beside the state that tells `status` of them. After a crash:
//! the file tells of the look before; the next look writes it anew. Never: a decision taken from that file.

use crate::engine::Engine;
use crate::error::{EngineFault, Policy};
use crate::lang::Lang;
use crate::station::Station;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::io::Read;
use std::path::PathBuf;

/// Most troubles that `status` is told of; one cause can have thousands.
const TOLD_MAX: usize = 20;

/// Longest file of troubles that is read.
const FILE_MAX: u64 = 1 << 20;

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
