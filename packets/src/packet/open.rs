//! Reading a packet, in the order of FORMAT.md section 10; no later step sees a byte before the earlier ones passed.
//!
//! Given: untrusted bytes. Gives: what a known key vouches for, or the code of the step that failed. Never: panics,
//! allocates for a length that has not been checked, or hands unsigned bytes to zstd or bincode.

use super::compress::decompress;
use super::epoch::OpeningFault;
use super::header::{Class, Environment, Header, HeaderFault, KIND_EPOCH_OPENING, KIND_MARKER, KIND_RECORDS};
use super::marker::MarkerFault;
use super::records::{RecordFault, Records};
use super::seal::{FORMAT, MAGIC, SIGNATURE_CONTEXT, wrap_info};
use crate::keyring::Role;
use crate::limits::{HEADER_MAX, HEADER_MIN, PREAMBLE, SIGNATURE};
use crate::suite::{ContentKey, Digest, KeyId, LinkId, StationId, Suite, Unwrapper, open_chunks, sha256, verify_signature};

/// Bytes to read from the front of a file to be sure to have the whole head.
pub const HEAD_MAX: usize = PREAMBLE + HEADER_MAX + SIGNATURE;

/// Where the signing key id stands in the file.
const KEY_ID_AT: usize = PREAMBLE + 56;
/// Where the number stands in the file.
const NUMBER_AT: usize = PREAMBLE + 64;

/// Why a packet is refused or must wait: one variant for each code of FORMAT.md section 10.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// More bytes are needed: the file is not complete yet.
    #[error("the file is not complete yet")]
    Short,
    /// The file does not begin as a packet does.
    #[error("the file is not a packet")]
    Magic,
    /// The file begins as an armored packet and is none.
    #[error("the text form of the packet is not well-formed")]
    Armor,
    /// The format is not known.
    #[error("packet format {0} is not known")]
    Format(u16),
    /// The suite is not known.
    #[error("suite {0} is not known")]
    Suite(u16),
    /// The header's length is outside 316 … 4096.
    #[error("a header of {0} bytes is outside 316 to 4096")]
    HeaderLength(u32),
    /// The signing key is not known; a later keyring may bring it.
    #[error("the signing key {0} is not known")]
    UnknownKey(KeyId),
    /// The signing key is known, but not for this.
    #[error("the key {0} may not sign this packet")]
    KeyNotAllowed(KeyId),
    /// The signature is wrong.
    #[error("the signature does not verify")]
    Signature,
    /// The signed header cannot be read.
    #[error("the header cannot be read: {0}")]
    Header(#[from] HeaderFault),
    /// The packet is of the other environment.
    #[error("the packet belongs to another environment")]
    Environment,
    /// The packet is for another station.
    #[error("the packet is addressed to station {0}")]
    Addressee(StationId),
    /// The link id is not that of sender and addressee.
    #[error("the link id is not that of sender and addressee")]
    Link,
    /// The signing key is not the sender's.
    #[error("the signing key does not belong to the sender {0}")]
    Sender(StationId),
    /// The sender has no grant for this channel.
    #[error("the channel is not granted to the sender")]
    NotGranted,
    /// An unknown critical extension or an unknown cargo kind: the channel waits for a person.
    #[error("the packet needs a newer version of this program")]
    Critical,
    /// The file is longer than its header says.
    #[error("the file is longer than its header says")]
    Length,
    /// The payload is not the signed one.
    #[error("the payload is not the one that was signed")]
    PayloadDigest,
    /// No recipient's key is ours.
    #[error("the packet was not encrypted for any of the own keys")]
    NoStanza,
    /// The content key does not unwrap.
    #[error("the content key does not unwrap with the own key {0}")]
    Unwrap(KeyId),
    /// A chunk does not open.
    #[error("the payload does not decrypt")]
    Decrypt,
    /// The payload is not one zstd frame of the signed length.
    #[error("the payload does not decompress to the length that was signed")]
    Decompress,
    /// The records cannot be read.
    #[error("the records cannot be read: {0}")]
    Records(#[from] RecordFault),
    /// The document of an epoch opening cannot be read.
    #[error(transparent)]
    Opening(#[from] OpeningFault),
    /// The marker's document cannot be read or contradicts its header.
    #[error(transparent)]
    Marker(#[from] MarkerFault),
    /// There are not as many records as the header says.
    #[error("the header announces {announced} records, there are {found}")]
    Count {
        /// The header's number.
        announced: u32,
        /// How many there are.
        found: u32,
    },
    /// The records do not give the signed root.
    #[error("the records do not give the root that was signed")]
    Root,
}

impl Refusal {
    /// Returns the code of FORMAT.md section 10, which vectors and reason files use.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Magic => "magic",
            Self::Armor => "armor",
            Self::Format(_) => "format",
            Self::Suite(_) => "suite",
            Self::HeaderLength(_) => "header-length",
            Self::UnknownKey(_) => "unknown-key",
            Self::KeyNotAllowed(_) => "key-not-allowed",
            Self::Signature => "signature",
            Self::Header(_) => "header",
            Self::Environment => "environment",
            Self::Addressee(_) => "addressee",
            Self::Link => "link",
            Self::Sender(_) => "sender",
            Self::NotGranted => "not-granted",
            Self::Critical => "critical",
            Self::Length => "length",
            Self::PayloadDigest => "payload-digest",
            Self::NoStanza => "no-stanza",
            Self::Unwrap(_) => "unwrap",
            Self::Decrypt => "decrypt",
            Self::Decompress => "decompress",
            Self::Records(_) | Self::Opening(_) | Self::Marker(_) => "records",
            Self::Count { .. } => "count",
            Self::Root => "root",
        }
    }

    /// Tells whether the file may still be growing.
    pub fn is_not_yet(&self) -> bool {
        matches!(self, Self::Short)
    }

    /// Tells whether a later keyring may make the packet readable.
    pub fn is_unknown_key(&self) -> bool {
        matches!(self, Self::UnknownKey(_))
    }
}

/// A public key as a keyring knows it, with what it may sign.
#[derive(Clone, Copy, Debug)]
pub struct PacketKey<'a> {
    /// The station whose keyring holds the key.
    pub station: StationId,
    /// What the key may be used for.
    pub role: Role,
    /// The suite it belongs to; 0 any.
    pub suite: u16,
    /// The public key.
    pub public: [u8; 32],
    /// The first packet number it is valid for.
    pub from: u64,
    /// The last packet number it is valid for; 0 open.
    pub to: u64,
    /// The suites the station allows.
    pub suites: &'a [u16],
}

impl PacketKey<'_> {
    fn may_sign(&self, suite: Suite, number: u64) -> bool {
        self.role == Role::Packet
            && (self.suite == 0 || self.suite == suite.number())
            && self.suites.contains(&suite.number())
            && number >= self.from
            && (self.to == 0 || number <= self.to)
    }
}

/// Where signing keys are looked up.
pub trait KeyBook {
    /// Returns what is known of the key, whatever its role.
    fn packet_key(&self, id: KeyId) -> Option<PacketKey<'_>>;
}

/// The head of a packet whose signature has been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedHead {
    /// The suite.
    pub suite: Suite,
    /// The header.
    pub header: Header,
    /// The header digest: SHA-256 of the head.
    pub digest: Digest,
    /// Bytes of the head, signature included.
    pub head_len: usize,
    /// The station whose key signed.
    pub signer: StationId,
}

/// What the reader expects of every packet on its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The own environment.
    pub environment: Environment,
    /// The own station.
    pub own: StationId,
}

/// A head cut into its pieces; nothing in it is trusted.
struct RawHead<'a> {
    suite: Suite,
    /// Everything before the signature.
    signed: &'a [u8],
    header: &'a [u8],
    signature: &'a [u8; SIGNATURE],
    head: &'a [u8],
}

impl<'a> RawHead<'a> {
    fn split(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let preamble: &[u8; PREAMBLE] = bytes.first_chunk().ok_or(Refusal::Short)?;
        let [m @ .., f0, f1, s0, s1, l0, l1, l2, l3] = preamble;
        if m != MAGIC {
            return Err(Refusal::Magic);
        }
        let format = u16::from_le_bytes([*f0, *f1]);
        if format != FORMAT {
            return Err(Refusal::Format(format));
        }
        let number = u16::from_le_bytes([*s0, *s1]);
        let suite = Suite::from_number(number).ok_or(Refusal::Suite(number))?;
        let length = u32::from_le_bytes([*l0, *l1, *l2, *l3]);
        let header_len = length as usize;
        if !(HEADER_MIN..=HEADER_MAX).contains(&header_len) {
            return Err(Refusal::HeaderLength(length));
        }
        let end = PREAMBLE + header_len;
        let head = bytes.get(..end + SIGNATURE).ok_or(Refusal::Short)?;
        let (signed, signature) = head.split_last_chunk().ok_or(Refusal::Short)?;
        let header = signed.get(PREAMBLE..).ok_or(Refusal::Short)?;
        Ok(Self { suite, signed, header, signature, head })
    }

    fn field(&self, at: usize) -> Result<[u8; 8], Refusal> {
        let field = self.signed.get(at..).and_then(<[u8]>::first_chunk);
        field.copied().ok_or(Refusal::Short)
    }

    fn is_signed_by(&self, public: &[u8; 32]) -> bool {
        let message = [SIGNATURE_CONTEXT, self.signed].concat();
        verify_signature(public, &message, self.signature)
    }
}

/// Reads and verifies a head from the front of `bytes`: the steps from magic to header.
///
/// `bytes` may be the whole file or its first [`HEAD_MAX`] bytes. The header is decoded after its signature is verified.
///
/// # Errors
/// The code of the first step that fails; [`Refusal::Short`] when more bytes are needed.
pub fn read_head(bytes: &[u8], keys: &dyn KeyBook) -> Result<VerifiedHead, Refusal> {
    let raw = RawHead::split(bytes)?;
    let id = KeyId::from_bytes(raw.field(KEY_ID_AT)?);
    let number = u64::from_le_bytes(raw.field(NUMBER_AT)?);
    let key = keys.packet_key(id).ok_or(Refusal::UnknownKey(id))?;
    if !key.may_sign(raw.suite, number) {
        return Err(Refusal::KeyNotAllowed(id));
    }
    if !raw.is_signed_by(&key.public) {
        return Err(Refusal::Signature);
    }
    Ok(VerifiedHead {
        suite: raw.suite,
        header: Header::decode(raw.header)?,
        digest: sha256(&[raw.head]),
        head_len: raw.head.len(),
        signer: key.station,
    })
}

/// Reads a head without verifying anything, for showing it to a person as unverified; returns its suite too.
///
/// # Errors
/// The code of the first step that fails.
pub fn read_unverified(bytes: &[u8]) -> Result<(Suite, Header), Refusal> {
    let raw = RawHead::split(bytes)?;
    Ok((raw.suite, Header::decode(raw.header)?))
}

impl VerifiedHead {
    /// Returns the length of the whole file.
    pub fn expected_len(&self) -> u64 {
        self.head_len as u64 + self.header.payload_len
    }

    /// Checks environment, addressee, link id and that the sender owns the signing key.
    ///
    /// # Errors
    /// The code of the first that is not ours.
    pub fn check_address(&self, expectation: &Expectation) -> Result<(), Refusal> {
        let header = &self.header;
        if header.environment != expectation.environment {
            return Err(Refusal::Environment);
        }
        if header.addressee != expectation.own {
            return Err(Refusal::Addressee(header.addressee));
        }
        if header.link != LinkId::between(header.sender, header.addressee) {
            return Err(Refusal::Link);
        }
        if header.sender != self.signer {
            return Err(Refusal::Sender(header.sender));
        }
        Ok(())
    }

    /// Checks that there is no unknown critical extension and no unknown cargo kind.
    ///
    /// # Errors
    /// [`Refusal::Critical`]: the channel waits for a person.
    pub fn check_critical(&self) -> Result<(), Refusal> {
        let header = &self.header;
        let known = [KIND_RECORDS, KIND_MARKER, KIND_EPOCH_OPENING];
        let unknown = header.class == Class::Cargo && !known.contains(&header.kind);
        if unknown || header.extensions.iter().any(|e| e.is_critical()) {
            return Err(Refusal::Critical);
        }
        Ok(())
    }

    /// Checks the size and the digest of the payload that was copied.
    ///
    /// # Errors
    /// [`Refusal::Short`], [`Refusal::Length`] or [`Refusal::PayloadDigest`].
    pub fn check_payload(&self, digest: Digest, payload_len: u64) -> Result<(), Refusal> {
        if payload_len < self.header.payload_len {
            return Err(Refusal::Short);
        }
        if payload_len > self.header.payload_len {
            return Err(Refusal::Length);
        }
        if digest != self.header.payload_digest {
            return Err(Refusal::PayloadDigest);
        }
        Ok(())
    }

    fn content_key(&self, keys: &[&dyn Unwrapper]) -> Result<ContentKey, Refusal> {
        let header = &self.header;
        let own = header.recipients.iter().find_map(|stanza| {
            let key = keys.iter().find(|key| key.key_id() == stanza.key_id)?;
            Some((stanza, key))
        });
        let (stanza, key) = own.ok_or(Refusal::NoStanza)?;
        let info = wrap_info(header.link, header.sender, stanza.key_id, header.number);
        key.unwrap(self.suite, stanza.kem, &stanza.enc, &info, &stanza.wrapped).map_err(|_| Refusal::Unwrap(stanza.key_id))
    }
}

/// Decrypts and decompresses a payload whose digest was checked; returns the plain.
///
/// A repair packet's payload, which is in the clear, is given back as it is.
///
/// # Errors
/// `critical`, `no-stanza`, `unwrap`, `decrypt` or `decompress`.
pub fn open_payload(head: &VerifiedHead, payload: Vec<u8>, keys: &[&dyn Unwrapper]) -> Result<Vec<u8>, Refusal> {
    head.check_critical()?;
    let header = &head.header;
    if header.in_clear {
        return Ok(payload);
    }
    let key = head.content_key(keys)?;
    let frame = open_chunks(head.suite, &key, header.link, header.number, payload);
    let frame = frame.ok_or(Refusal::Decrypt)?;
    let plain_len = usize::try_from(header.plain_len).map_err(|_| Refusal::Decompress)?;
    decompress(&frame, plain_len).ok_or(Refusal::Decompress)
}

/// Decodes the records of a plain and checks their count and their root against the header; a marker and an epoch opening have none, and their
/// documents are checked in their place.
///
/// # Errors
/// `records`, `count` or `root`.
pub fn decode_records(head: &VerifiedHead, plain: Vec<u8>) -> Result<Records, Refusal> {
    if head.header.kind == KIND_EPOCH_OPENING {
        super::epoch::read_opening(head, &plain)?;
        return Ok(Records::none());
    }
    if head.header.kind == KIND_MARKER {
        super::marker::read_marker(head, &plain)?;
        return Ok(Records::none());
    }
    let (records, root) = Records::decode(plain)?;
    let announced = head.header.record_count;
    let found = records.len() as u32;
    if found != announced {
        return Err(Refusal::Count { announced, found });
    }
    if root != head.header.root {
        return Err(Refusal::Root);
    }
    Ok(records)
}
