//! The simulated gap device: it moves files between two directories as a real one does, well or badly.
//!
//! Real devices scan every few seconds, take a file once its name, size and time stayed equal over two scans, go in alphabetical
//! order, copy under the same name and delete the source. They may deliver late, twice or not at all, show a growing
//! file, change names and times, and lose what does not fit. [`Script`] says which of that this one does, by chance (seeded) or
//! at a given file; [`GapDevice::step`] does it at the time it is told, so that a test needs no sleep; [`run`] does it in real
//! time. [`Disc`] makes it a routine of discs, [`Period`] an outage or a time of lateness. Everything that fired is counted: a fault
//! that never fired is not a test. [`Report`] is all of it as JSON.

mod counts;
mod device;
mod disc;
mod fault;
mod flight;
mod period;
mod report;
mod run;
mod script;

#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;

pub use counts::Counts;
pub use device::{Event, GapDevice, Happening};
pub use disc::{Disc, Volume};
pub use fault::{Fault, Refusal};
pub use period::{Period, Spell};
pub use report::Report;
pub use run::{Until, run};
pub use script::{Act, Amounts, Chances, Delete, Limits, Order, Script, WhenFull};

/// Why the simulated device stopped.
#[derive(Debug, thiserror::Error)]
pub enum GapError {
    /// The file system refused an operation; files already delivered stay.
    #[error("gap device at {}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The script is no TOML, or has an unknown key or fault.
    #[error("gap device script: {0}")]
    Script(#[from] toml::de::Error),
    /// A probability lies outside 0 … 1.
    #[error("gap device script: chance of {fault} is {value}, not between 0 and 1")]
    Chance {
        /// The fault's name.
        fault: &'static str,
        /// The value given.
        value: f64,
    },
    /// A setting must be at least 1.
    #[error("gap device script: {setting} must be at least 1")]
    Zero {
        /// The key in the script.
        setting: &'static str,
    },
    /// A fault is planned for no file and no volume, or for both.
    #[error("gap device script: an [[act]] needs either `on` (a file) or `volume` (disc and disc-twice only)")]
    Target,
    /// A period never ends.
    #[error("gap device script: a [[period]] must end before it comes again")]
    Endless,
    /// A time of day is none.
    #[error("gap device script: {text:?} is no time of day like \"09:00\"")]
    TimeOfDay {
        /// What stands there.
        text: String,
    },
    /// A day of the week is none.
    #[error("gap device script: {day} is no day of the week, 1 (Monday) to 7")]
    Day {
        /// What stands there.
        day: u64,
    },
}

impl GapError {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> GapError {
        let path = path.into();
        move |source| GapError::Io { path, source }
    }
}
