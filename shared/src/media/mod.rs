//! Discs: packets carried by hand, in volumes with a signed manifest each, and the register of which were written and read.
//!
//! [`disc`](dukou_packets::disc) says what a volume tells of itself and of the whole disc (FORMAT.md section 14), [`write`](mod@write) makes volumes of what lies in
//! the ferry directory, [`read`] takes them in on the other side, [`sheet`] is what goes with them on paper, [`register`] remembers both.

pub mod read;
pub mod register;
pub mod sheet;
pub mod write;

use crate::error::{EngineFault, Policy, cause_text};
use crate::lang::Lang;
use crate::requests::Answer;
use crate::say;
use crate::seams::{FileCause, FileFault};
use std::path::{Path, PathBuf};

/// The manifest's name in a volume.
pub const MANIFEST: &str = "MANIFEST.txt";

/// The label's name in a volume.
pub const LABEL: &str = "LABEL.txt";

/// The registration sheet's name in a volume.
pub const SHEET: &str = "介质登记单.html";

/// Why a volume could not be written or read, as far as it is the disc's own fault.
enum DiscFault {
    /// The disc's file system: nothing of the station is touched by it.
    Disc(FileFault),
    /// Anything else.
    Station(EngineFault),
}

impl DiscFault {
    /// Tells a disc's faults from the station's; a simulated end of the process is nobody's.
    fn sort(fault: FileFault, disc: &Path) -> Self {
        match fault.path.starts_with(disc) && fault.cause != FileCause::Killed {
            true => Self::Disc(fault),
            false => Self::Station(fault.into()),
        }
    }
}

/// Gives the answer for a fault that passes by itself, instead of ending the station for a disc's sake.
fn unless_passing(fault: EngineFault) -> Result<Answer, EngineFault> {
    match fault.policy() {
        Policy::Retry => {
            let [zh, en] = [Lang::Zh, Lang::En].map(|lang| fault.sentence(lang));
            Ok(Answer { exit: 75, zh, en, count: 0, document: None })
        }
        _ => Err(fault),
    }
}

/// Gives the answer for a disc that could not be written; a fault of the station stays one.
fn disc_answer(fault: DiscFault) -> Result<Answer, EngineFault> {
    let fault = match fault {
        DiscFault::Disc(fault) => fault,
        DiscFault::Station(fault) => return unless_passing(fault),
    };
    let path = fault.path.display();
    let [zh, en] = [Lang::Zh, Lang::En].map(|lang| {
        let cause = cause_text(&fault.cause, lang);
        say!(
            lang,
            "介质没有写成（{path}：{cause}），包都还在摆渡目录里。请检查介质，删掉没有 {MANIFEST} 的目录后重试。",
            "The disc could not be written ({path}: {cause}); all packets are in the ferry directory still. Check the disc, remove directories without a {MANIFEST} and try again."
        )
    });
    Ok(Answer { exit: 75, zh, en, count: 0, document: None })
}

/// Gives the folder of a volume.
fn volume_dir(dir: &Path, disc: &str, volume: u32, volumes: u32) -> PathBuf {
    dir.join(format!("{disc}-{volume}of{volumes}"))
}
