//! Sealing: compress, encrypt and digest first, then header and signature (FORMAT.md sections 1 to 4).
//!
//! Given: records or a signal's document, and for whom. Gives: a packet in memory. Never: writes anything.
//!
//! The heavy half ([`prepare_records`], [`prepare_signal`]) is pure and may run on any thread; the light half needs the
//! place in the channel and the signing key, and takes microseconds.

use super::compress::compress;
use super::epoch::Opening;
use super::header::{
    ChannelName, Class, Environment, Epoch, Extension, Header, HeaderFault, KIND_EPOCH_OPENING, KIND_MARKER, KIND_PARITY,
    KIND_RECORDS, KIND_SNAPSHOT, LogHead, Stanza,
};
use super::marker::Marker;
use super::records::RecordsBuilder;
use crate::limits::{MARKER_MAX, PREAMBLE, SIGNAL_MAX, SIGNATURE};
use crate::suite::{
    ContentKey, Digest, KeyFault, KeyId, LinkId, Random, RunId, Signer, StationId, Suite, seal_chunks, sha256, wrap_key,
};

pub(super) const MAGIC: &[u8; 8] = b"DUKOUPKT";
pub(super) const FORMAT: u16 = 1;
pub(super) const SIGNATURE_CONTEXT: &[u8] = b"dukou-packet-v1\0";
/// The zstd level of signals: they are small and rare.
const SIGNAL_LEVEL: i32 = 3;

/// A key the content key is wrapped to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The key's id.
    pub key_id: KeyId,
    /// The X25519 public key.
    pub public: [u8; 32],
}

/// What is fixed before the payload is made.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// The suite.
    pub suite: Suite,
    /// Production or test.
    pub environment: Environment,
    /// Who sends.
    pub sender: StationId,
    /// For whom.
    pub addressee: StationId,
    /// The packet's number on the link.
    pub number: u64,
    /// The addressee, the sender itself, the recovery key; 1 … 3.
    pub recipients: &'a [Recipient],
}

/// Why a packet cannot be sealed; nothing has been written anywhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealFault {
    /// There is nothing to carry.
    #[error("a record packet needs at least one record")]
    NoRecords,
    /// The signal's document is longer than 1 MiB.
    #[error("the signal's document has {len} bytes, at most 1 MiB is allowed")]
    SignalTooLong {
        /// Its length in bytes.
        len: u64,
    },
    /// The marker's document is longer than 512 KiB.
    #[error("the marker's document has {len} bytes, at most 512 KiB is allowed")]
    MarkerTooLong {
        /// Its length in bytes.
        len: u64,
    },
    /// zstd had no memory.
    #[error("the payload cannot be compressed: zstd has no memory")]
    Compression,
    /// A payload prepared for one class was sealed as another.
    #[error("a payload prepared for one class of packet cannot be sealed as another")]
    WrongClass,
    /// The header would be refused by every reader.
    #[error("the header cannot be written: {0}")]
    Header(#[from] HeaderFault),
    /// The key wrap or the signature failed.
    #[error(transparent)]
    Key(#[from] KeyFault),
}

/// A compressed, encrypted and digested payload that waits for its header.
#[derive(Debug)]
pub struct Prepared {
    suite: Suite,
    environment: Environment,
    sender: StationId,
    addressee: StationId,
    link: LinkId,
    number: u64,
    stanzas: Vec<Stanza>,
    class: Class,
    kind: u8,
    versions: Versions,
    record_count: u32,
    root: Digest,
    plain_len: u64,
    payload_digest: Digest,
    payload: Vec<u8>,
}

/// The versions of a structure that a header names; 0 none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// The one that the records were written under.
    pub written: u32,
    /// The lowest that the far side needs to apply them.
    pub needed: u32,
}

/// Makes the payload of a cargo packet from its records.
///
/// `level` is zstd's, brought into 1 … 19.
///
/// # Errors
/// When there is no record or a recipient's key is unusable.
pub fn prepare_records(
    envelope: &Envelope<'_>,
    records: RecordsBuilder,
    level: i32,
    random: &dyn Random,
) -> Result<Prepared, SealFault> {
    let (plain, root, count) = records.finish();
    if count == 0 {
        return Err(SealFault::NoRecords);
    }
    let mut prepared = prepare(envelope, (Class::Cargo, KIND_RECORDS), &plain, level, random)?;
    prepared.record_count = count;
    prepared.root = root;
    Ok(prepared)
}

/// Makes the payload of a signal from its JSON document.
///
/// # Errors
/// When the document is longer than 1 MiB or a recipient's key is unusable.
pub fn prepare_signal(envelope: &Envelope<'_>, document: &[u8], random: &dyn Random) -> Result<Prepared, SealFault> {
    let len = document.len() as u64;
    if len > SIGNAL_MAX {
        return Err(SealFault::SignalTooLong { len });
    }
    prepare(envelope, (Class::Signal, KIND_SNAPSHOT), document, SIGNAL_LEVEL, random)
}

/// Makes the payload of the packet that opens an epoch.
///
/// # Errors
/// When a recipient's key is unusable.
pub fn prepare_opening(envelope: &Envelope<'_>, opening: &Opening, random: &dyn Random) -> Result<Prepared, SealFault> {
    prepare(envelope, (Class::Cargo, KIND_EPOCH_OPENING), &opening.render(), SIGNAL_LEVEL, random)
}

/// Makes the payload of the packet that marks a structure change.
///
/// # Errors
/// When the document is longer than 512 KiB or a recipient's key is unusable.
pub fn prepare_marker(envelope: &Envelope<'_>, marker: &Marker, random: &dyn Random) -> Result<Prepared, SealFault> {
    let document = marker.render();
    let len = document.len() as u64;
    if len > MARKER_MAX {
        return Err(SealFault::MarkerTooLong { len });
    }
    let prepared = prepare(envelope, (Class::Cargo, KIND_MARKER), &document, SIGNAL_LEVEL, random)?;
    Ok(prepared.under(Versions { written: marker.change.to(), needed: marker.change.from }))
}

/// Takes a repair packet's payload as it is: it is neither compressed nor encrypted, and nobody is its recipient.
pub fn prepare_parity(envelope: &Envelope<'_>, payload: Vec<u8>) -> Prepared {
    Prepared {
        suite: envelope.suite,
        environment: envelope.environment,
        sender: envelope.sender,
        addressee: envelope.addressee,
        link: LinkId::between(envelope.sender, envelope.addressee),
        number: envelope.number,
        stanzas: Vec::new(),
        class: Class::Repair,
        kind: KIND_PARITY,
        versions: Versions::default(),
        record_count: 0,
        root: Digest::ZERO,
        plain_len: payload.len() as u64,
        payload_digest: sha256(&[&payload]),
        payload,
    }
}

fn prepare(
    envelope: &Envelope<'_>,
    (class, kind): (Class, u8),
    plain: &[u8],
    level: i32,
    random: &dyn Random,
) -> Result<Prepared, SealFault> {
    let link = LinkId::between(envelope.sender, envelope.addressee);
    let key = ContentKey::draw(random);
    let stanzas = envelope
        .recipients
        .iter()
        .map(|recipient| stanza(envelope, link, recipient, &key, random))
        .collect::<Result<Vec<_>, _>>()?;
    let mut payload = compress(plain, level).ok_or(SealFault::Compression)?;
    seal_chunks(envelope.suite, &key, link, envelope.number, &mut payload);
    Ok(Prepared {
        suite: envelope.suite,
        environment: envelope.environment,
        sender: envelope.sender,
        addressee: envelope.addressee,
        link,
        number: envelope.number,
        stanzas,
        class,
        kind,
        versions: Versions::default(),
        record_count: 0,
        root: Digest::ZERO,
        plain_len: plain.len() as u64,
        payload_digest: sha256(&[&payload]),
        payload,
    })
}

fn stanza(
    envelope: &Envelope<'_>,
    link: LinkId,
    recipient: &Recipient,
    key: &ContentKey,
    random: &dyn Random,
) -> Result<Stanza, KeyFault> {
    let info = wrap_info(link, envelope.sender, recipient.key_id, envelope.number);
    let (enc, wrapped) = wrap_key(envelope.suite, &recipient.public, &info, key, random)?;
    Ok(Stanza { kem: 1, key_id: recipient.key_id, enc, wrapped })
}

/// Returns the `info` of a key wrap.
pub(super) fn wrap_info(link: LinkId, sender: StationId, key: KeyId, number: u64) -> Vec<u8> {
    let mut info = Vec::with_capacity(62);
    info.extend_from_slice(b"dukou-wrap-v1\0");
    info.extend_from_slice(link.as_bytes());
    info.extend_from_slice(sender.as_bytes());
    info.extend_from_slice(key.as_bytes());
    info.extend_from_slice(&number.to_le_bytes());
    info
}

/// The place of a cargo packet in its channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CargoPlace {
    /// The channel.
    pub channel: ChannelName,
    /// The sender's epoch.
    pub epoch: Epoch,
    /// The place in the epoch, from 1.
    pub seq: u64,
    /// The header digest of the cargo packet before it, or zero.
    pub prev: Digest,
}

/// What the sender states in the header about itself and the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The sender's clock in milliseconds since 1970; shown, never decides.
    pub sender_clock_ms: i64,
    /// The packet should go first.
    pub urgent: bool,
    /// The durable size and root of the sender's packet log.
    pub own_log: LogHead,
    /// The newest the sender has seen of the addressee's packet log.
    pub peer_log: LogHead,
    /// The sender's run; none leaves it out.
    pub run: Option<RunId>,
}

/// A finished packet: the file is `head` and then `payload`.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// The header.
    pub header: Header,
    /// SHA-256 of `head`.
    pub header_digest: Digest,
    /// Everything before the payload, with the signature.
    pub head: Vec<u8>,
    /// The payload.
    pub payload: Vec<u8>,
}

impl Sealed {
    /// Returns the length of the file.
    #[allow(clippy::len_without_is_empty)] // a packet is never empty
    pub fn len(&self) -> u64 {
        (self.head.len() + self.payload.len()) as u64
    }
}

impl Prepared {
    /// Returns the packet's number on the link.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Says under which version of its structure cargo was written and which it needs.
    pub fn under(self, versions: Versions) -> Self {
        Self { versions, ..self }
    }

    /// Returns how many records the payload carries.
    pub fn record_count(&self) -> u32 {
        self.record_count
    }

    /// Returns the root over the records.
    pub fn root(&self) -> Digest {
        self.root
    }

    /// Returns the length of the decompressed payload in bytes.
    pub fn plain_len(&self) -> u64 {
        self.plain_len
    }

    /// Returns the length of the sealed payload in bytes.
    pub fn payload_len(&self) -> u64 {
        self.payload.len() as u64
    }

    /// Gives the payload its place in a channel and signs.
    ///
    /// # Errors
    /// When the payload is not a cargo packet's, a value is outside its range, or the key gives no signature.
    pub fn seal_cargo(self, place: &CargoPlace, statement: &Statement, signer: &dyn Signer) -> Result<Sealed, SealFault> {
        if self.class != Class::Cargo {
            return Err(SealFault::WrongClass);
        }
        let header = Header {
            epoch: place.epoch,
            seq: place.seq,
            prev: place.prev,
            structure_written: self.versions.written,
            structure_needed: self.versions.needed,
            record_format: u16::from(self.record_count > 0),
            channel: Some(place.channel.clone()),
            ..self.header(statement, signer.key_id())
        };
        self.sign(header, signer)
    }

    /// Signs the payload as a signal.
    ///
    /// # Errors
    /// When the payload is not a signal's, a value is outside its range, or the key gives no signature.
    pub fn seal_signal(self, statement: &Statement, signer: &dyn Signer) -> Result<Sealed, SealFault> {
        if self.class != Class::Signal {
            return Err(SealFault::WrongClass);
        }
        let header = self.header(statement, signer.key_id());
        self.sign(header, signer)
    }

    /// Signs the payload as a repair packet.
    ///
    /// # Errors
    /// When the payload is not a repair packet's, a value is outside its range, or the key gives no signature.
    pub fn seal_parity(self, statement: &Statement, signer: &dyn Signer) -> Result<Sealed, SealFault> {
        if self.class != Class::Repair {
            return Err(SealFault::WrongClass);
        }
        let header = Header { in_clear: true, compression: 0, ..self.header(statement, signer.key_id()) };
        self.sign(header, signer)
    }

    /// Returns the header of a signal; a cargo packet's place is added to it.
    fn header(&self, statement: &Statement, signing_key: KeyId) -> Header {
        Header {
            class: self.class,
            kind: self.kind,
            urgent: statement.urgent,
            in_clear: false,
            environment: self.environment,
            link: self.link,
            sender: self.sender,
            addressee: self.addressee,
            signing_key,
            number: self.number,
            sender_clock_ms: statement.sender_clock_ms,
            epoch: Epoch::NONE,
            seq: 0,
            prev: Digest::ZERO,
            structure_written: 0,
            structure_needed: 0,
            record_format: 0,
            compression: 1,
            record_count: self.record_count,
            root: self.root,
            plain_len: self.plain_len,
            payload_len: self.payload.len() as u64,
            payload_digest: self.payload_digest,
            own_log: statement.own_log,
            peer_log: statement.peer_log,
            channel: None,
            recipients: self.stanzas.clone(),
            extensions: statement.run.map(Extension::run).into_iter().collect(),
        }
    }

    fn sign(self, header: Header, signer: &dyn Signer) -> Result<Sealed, SealFault> {
        let head = sign_head(self.suite, &header, signer)?;
        Ok(Sealed { header_digest: sha256(&[&head]), header, head, payload: self.payload })
    }
}

/// Encodes a header and signs it: everything of the file before the payload.
fn sign_head(suite: Suite, header: &Header, signer: &dyn Signer) -> Result<Vec<u8>, SealFault> {
    let encoded = header.encode()?;
    let length = u32::try_from(encoded.len()).map_err(|_| HeaderFault::TooLong)?;
    let mut message = Vec::with_capacity(SIGNATURE_CONTEXT.len() + PREAMBLE + encoded.len() + SIGNATURE);
    message.extend_from_slice(SIGNATURE_CONTEXT);
    message.extend_from_slice(MAGIC);
    message.extend_from_slice(&FORMAT.to_le_bytes());
    message.extend_from_slice(&suite.number().to_le_bytes());
    message.extend_from_slice(&length.to_le_bytes());
    message.extend_from_slice(&encoded);
    let signature = signer.sign(&message)?;
    let mut head = message.split_off(SIGNATURE_CONTEXT.len());
    head.extend_from_slice(&signature);
    Ok(head)
}
