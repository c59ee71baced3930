//! Checkpoints: signed notes about a log's size and root (LOG.md section 4).

use data_encoding::BASE64;

use crate::keyring::{KeyEntry, Role};
use crate::suite::{Digest, KeyFault, Signer, StationId, sha256, verify_signature};

/// Lines of a note: origin, size, root, the empty one, the signature.
const NOTE_LINES: usize = 5;

/// What a station signs about its packet log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The station whose log it is.
    pub station: StationId,
    /// How many lines the log has.
    pub size: u64,
    /// The root at that size.
    pub root: Digest,
}

/// Why a note is not a checkpoint to believe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointFault {
    /// It is not a note in the shape of LOG.md section 4.
    #[error("the note is not in the shape of a checkpoint")]
    Shape,
    /// No log key of the keyring, valid at this size, has the note's key hash.
    #[error("no log key that is valid at size {size} has the note's key hash")]
    UnknownKey {
        /// The size the note names.
        size: u64,
    },
    /// The signature is wrong.
    #[error("the signature of the note about size {size} does not verify")]
    Signature {
        /// The size the note names.
        size: u64,
    },
}

impl CheckpointFault {
    /// Returns a stable code for reports and vectors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Shape => "checkpoint-shape",
            Self::UnknownKey { .. } => "checkpoint-key",
            Self::Signature { .. } => "checkpoint-signature",
        }
    }
}

impl Checkpoint {
    /// Writes and signs the note.
    ///
    /// # Errors
    /// When the log key gives no signature.
    pub fn sign(&self, signer: &dyn Signer) -> Result<String, KeyFault> {
        let text = self.text();
        let signature = signer.sign(text.as_bytes())?;
        let name = origin(self.station);
        let mut blob = key_hash(&name, &signer.public()).to_vec();
        blob.extend_from_slice(&signature);
        Ok(format!("{text}\n— {name} {}\n", BASE64.encode(&blob)))
    }

    /// Reads a note and verifies it with the log keys among `keys` that are valid at its size.
    ///
    /// # Errors
    /// When the note is not in its shape, signed by no such key, or wrongly signed.
    pub fn open(note: &str, keys: &[KeyEntry]) -> Result<Self, CheckpointFault> {
        let note = Note::parse(note).ok_or(CheckpointFault::Shape)?;
        let size = note.checkpoint.size;
        let candidates = keys
            .iter()
            .filter(|key| key.role == Role::Log && key.is_valid_at(size) && key_hash(note.name, &key.public) == note.key_hash);
        let mut fault = CheckpointFault::UnknownKey { size };
        for key in candidates {
            if verify_signature(&key.public, note.signed.as_bytes(), &note.signature) {
                return Ok(note.checkpoint);
            }
            fault = CheckpointFault::Signature { size };
        }
        Err(fault)
    }

    /// Reads a note without verifying it, for showing it to a person as unverified.
    pub fn read_unverified(note: &str) -> Option<Self> {
        Note::parse(note).map(|note| note.checkpoint)
    }

    fn text(&self) -> String {
        let name = origin(self.station);
        let root = BASE64.encode(self.root.as_bytes());
        format!("{name}\n{}\n{root}\n", self.size)
    }
}

fn origin(station: StationId) -> String {
    format!("dukou/{station}/log")
}

fn key_hash(name: &str, public: &[u8; 32]) -> [u8; 4] {
    let digest = sha256(&[name.as_bytes(), &[0x0A, 0x01], public]);
    let mut hash = [0; 4];
    hash.copy_from_slice(&digest.as_bytes()[..4]);
    hash
}

/// A note cut into its pieces; nothing in it is trusted.
struct Note<'a> {
    checkpoint: Checkpoint,
    name: &'a str,
    signed: &'a str,
    key_hash: [u8; 4],
    signature: [u8; 64],
}

impl<'a> Note<'a> {
    fn parse(note: &'a str) -> Option<Self> {
        let (text, sig) = note.split_once("\n\n")?;
        let signed = note.get(..text.len() + 1)?;
        let mut lines = text.split('\n');
        let (name, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let station = name.strip_prefix("dukou/")?.strip_suffix("/log")?;
        let checkpoint =
            Checkpoint { station: station.parse().ok()?, size: size.parse().ok()?, root: Digest::from_bytes(decode(root)?) };
        let encoded = sig.strip_prefix("— ")?.strip_prefix(name)?;
        let encoded = encoded.strip_prefix(' ')?.strip_suffix('\n')?;
        let blob: [u8; 68] = decode(encoded)?;
        let (key_hash, signature) = blob.split_first_chunk()?;
        // Written again it must be the same text: that refuses a second spelling of the size.
        (checkpoint.text() == signed).then_some(Self {
            checkpoint,
            name,
            signed,
            key_hash: *key_hash,
            signature: signature.try_into().ok()?,
        })
    }
}

fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let bytes = BASE64.decode(text.as_bytes()).ok()?;
    bytes.try_into().ok()
}

/// Cuts a file of notes into notes; the last piece may be less than a whole one.
pub fn split_notes(file: &str) -> impl Iterator<Item = &str> {
    let mut rest = file;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.match_indices('\n').nth(NOTE_LINES - 1).map_or(rest.len(), |(at, _)| at + 1);
        let (note, after) = rest.split_at(end);
        rest = after;
        Some(note)
    })
}
