//! The document of a signal (FORMAT.md section 8).

use serde::{Deserialize, Serialize};

use super::header::{ChannelName, Epoch};
use crate::limits::{LINE_NUMBER_MAX, SIGNAL_MAX};
use crate::suite::{Digest, RunId};

/// The version of the document this crate writes and reads.
pub const SIGNAL_VERSION: u32 = 1;

/// The newest packed of one own channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelHead {
    /// The channel.
    pub channel: ChannelName,
    /// Its epoch.
    pub epoch: Epoch,
    /// The newest packet's seq.
    pub seq: u64,
    /// The newest packet's header digest.
    pub header: Digest,
}

/// How far the sender of the signal has applied one of the peer's channels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedMark {
    /// The channel.
    pub channel: ChannelName,
    /// Its epoch.
    pub epoch: Epoch,
    /// Everything up to this seq is applied.
    pub seq: u64,
}

/// A range of the peer's packets: that the sender of the signal knows to exist and does not have, or that a person there went on without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingRange {
    /// The channel.
    pub channel: ChannelName,
    /// Its epoch.
    pub epoch: Epoch,
    /// The first seq.
    pub from: u64,
    /// The last seq.
    pub to: u64,
}

/// A snapshot of the sender's state; its keys stand in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// [`SIGNAL_VERSION`].
    pub version: u32,
    /// The sender's run.
    pub run: RunId,
    /// After how many seconds the next signal is due; 0 no promise.
    pub period_seconds: u64,
    /// The newest packed of each own channel.
    pub heads: Vec<ChannelHead>,
    /// The text of the newest checkpoint.
    pub checkpoint: Option<String>,
    /// The whole text of the sender's keyring.
    pub keyring: String,
    /// How far the peer's channels are applied.
    pub applied: Vec<AppliedMark>,
    /// What is missing of the peer's channels.
    pub missing: Vec<MissingRange>,
    /// What a person there went on without: not applied, though `applied` goes beyond it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waived: Vec<MissingRange>,
}

/// Why a signal's document is ignored and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignalFault {
    /// It is longer than 1 MiB.
    #[error("the signal's document is longer than 1 MiB")]
    TooLong,
    /// It is not the JSON object of FORMAT.md section 8.
    #[error("the signal's document cannot be read")]
    Shape,
    /// Its version is not known.
    #[error("signal version {0} is not known")]
    Version(u32),
}

#[derive(Deserialize)]
struct VersionOnly {
    version: u32,
}

impl Signal {
    /// Writes the document.
    pub fn render(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings, numbers and arrays always have a JSON form")
    }

    /// Reads a document; keys it does not know are ignored.
    ///
    /// # Errors
    /// When the document is too long, not in its shape, has a number beyond 2⁵³, or is of an unknown version.
    pub fn parse(document: &[u8]) -> Result<Self, SignalFault> {
        if document.len() as u64 > SIGNAL_MAX {
            return Err(SignalFault::TooLong);
        }
        let probe: VersionOnly = serde_json::from_slice(document).map_err(|_| SignalFault::Shape)?;
        if probe.version != SIGNAL_VERSION {
            return Err(SignalFault::Version(probe.version));
        }
        let signal: Self = serde_json::from_slice(document).map_err(|_| SignalFault::Shape)?;
        if signal.numbers().all(|number| number <= LINE_NUMBER_MAX) { Ok(signal) } else { Err(SignalFault::Shape) }
    }

    fn numbers(&self) -> impl Iterator<Item = u64> {
        let heads = self.heads.iter().map(|head| head.seq);
        let applied = self.applied.iter().map(|mark| mark.seq);
        let missing = self.missing.iter().chain(&self.waived).flat_map(|range| [range.from, range.to]);
        heads.chain(applied).chain(missing).chain([self.period_seconds])
    }
}
