//! The document that opens an epoch (FORMAT.md section 4): behind which packet of the old epoch the new one begins, and why.

use serde::{Deserialize, Serialize};

use super::header::{Epoch, KIND_EPOCH_OPENING};
use super::open::{Refusal, VerifiedHead};
use crate::limits::{LINE_NUMBER_MAX, OPENING_MAX, REASON_MAX};
use crate::suite::Digest;

/// The version of the document this crate writes and reads.
pub const OPENING_VERSION: u32 = 1;

/// The last packet of the old epoch that the new one begins behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OldHead {
    /// The old epoch.
    pub epoch: Epoch,
    /// The packet's seq in it, at least 1.
    pub seq: u64,
    /// The packet's header digest.
    pub header: Digest,
}

/// What an epoch opening says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Behind which packet the epoch begins; none: the receiver has nothing of this channel.
    pub old: Option<OldHead>,
    /// Why: a code of `[a-z0-9-]`, 1 … 64.
    pub reason: String,
}

/// Why the document of an epoch opening is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpeningFault {
    /// It is longer than 4 KiB or not the JSON object of FORMAT.md section 4.
    #[error("the document of the epoch opening cannot be read")]
    Shape,
    /// Its version is not known.
    #[error("version {0} of an epoch opening is not known")]
    Version(u32),
    /// It contradicts the header of its packet.
    #[error("the document of the epoch opening contradicts its header: {0}")]
    Header(&'static str),
}

#[derive(Deserialize)]
struct VersionOnly {
    version: u32,
}

/// The document as it stands in the plain; its keys stand in this order.
#[derive(Serialize, Deserialize)]
struct Document {
    version: u32,
    old_epoch: Option<Epoch>,
    old_seq: u64,
    old_header: Digest,
    reason: String,
}

impl Opening {
    /// Returns the header digest that the opening's `prev` has: the old packet's, or zero.
    pub fn prev(&self) -> Digest {
        self.old.map_or(Digest::ZERO, |old| old.header)
    }

    /// Writes the document.
    pub fn render(&self) -> Vec<u8> {
        let document = Document {
            version: OPENING_VERSION,
            old_epoch: self.old.map(|old| old.epoch),
            old_seq: self.old.map_or(0, |old| old.seq),
            old_header: self.prev(),
            reason: self.reason.clone(),
        };
        serde_json::to_vec(&document).expect("strings and numbers always have a JSON form")
    }

    /// Reads a document; keys it does not know are ignored.
    ///
    /// # Errors
    /// When it is too long, not in its shape, or of an unknown version.
    pub fn parse(document: &[u8]) -> Result<Self, OpeningFault> {
        if document.len() as u64 > OPENING_MAX {
            return Err(OpeningFault::Shape);
        }
        let probe: VersionOnly = serde_json::from_slice(document).map_err(|_| OpeningFault::Shape)?;
        if probe.version != OPENING_VERSION {
            return Err(OpeningFault::Version(probe.version));
        }
        let Document { old_epoch, old_seq, old_header, reason, .. } =
            serde_json::from_slice(document).map_err(|_| OpeningFault::Shape)?;
        let old = match old_epoch {
            Some(epoch) if (1..=LINE_NUMBER_MAX).contains(&old_seq) && !old_header.is_zero() => {
                Some(OldHead { epoch, seq: old_seq, header: old_header })
            }
            None if old_seq == 0 && old_header.is_zero() => None,
            _ => return Err(OpeningFault::Shape),
        };
        let code = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        match (1..=REASON_MAX).contains(&reason.len()) && reason.bytes().all(code) {
            true => Ok(Self { old, reason }),
            false => Err(OpeningFault::Shape),
        }
    }
}

/// Reads the opening that a verified packet of kind 3 carries and holds it against the packet's header.
///
/// # Errors
/// `count` when the packet announces records; `records` when the document cannot be read or says other than the header.
pub fn read_opening(head: &VerifiedHead, plain: &[u8]) -> Result<Opening, Refusal> {
    let header = &head.header;
    if header.record_count > 0 {
        return Err(Refusal::Count { announced: header.record_count, found: 0 });
    }
    let opening = Opening::parse(plain)?;
    let rises = opening.old.is_none_or(|old| old.epoch.counter < header.epoch.counter);
    for (holds, what) in [
        (header.kind == KIND_EPOCH_OPENING, "kind"),
        (header.seq == 1, "seq"),
        (header.prev == opening.prev(), "prev"),
        (rises, "epoch"),
    ] {
        if !holds {
            return Err(OpeningFault::Header(what).into());
        }
    }
    Ok(opening)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opening() -> Opening {
        let old = OldHead { epoch: Epoch { counter: 1, salt: [7; 8] }, seq: 3, header: Digest::from_bytes([9; 32]) };
        Opening { old: Some(old), reason: "restored".to_owned() }
    }

    #[test]
    fn an_opening_reads_back_as_it_was_written() {
        for opening in [opening(), Opening { old: None, reason: "new-peer".to_owned() }] {
            assert_eq!(Opening::parse(&opening.render()), Ok(opening));
        }
    }

    #[test]
    fn a_document_outside_the_format_is_refused() {
        let good = String::from_utf8(opening().render()).expect("UTF-8");
        for (from, to) in [
            ("\"old_seq\":3", "\"old_seq\":0"),
            ("\"old_seq\":3", "\"old_seq\":9007199254740993"),
            ("\"old_seq\":3", "\"old_seq\":-1"),
            ("\"restored\"", "\"\""),
            ("\"restored\"", "\"Restored\""),
            ("\"1-0707070707070707\"", "null"),
            ("\"1-0707070707070707\"", "\"0-0707070707070707\""),
        ] {
            assert!(good.contains(from));
            assert_eq!(Opening::parse(good.replace(from, to).as_bytes()), Err(OpeningFault::Shape), "{to}");
        }
        assert_eq!(Opening::parse(good.replace(":1,", ":2,").as_bytes()), Err(OpeningFault::Version(2)));
        assert_eq!(Opening::parse(format!("{good}{}", " ".repeat(5000)).as_bytes()), Err(OpeningFault::Shape));
    }
}
