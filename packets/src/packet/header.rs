//! The header of a packet and its encoding (FORMAT.md section 2).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::limits::{CHANNEL_MAX, HEADER_MAX, LINE_NUMBER_MAX, PLAIN_MAX, RECIPIENTS_MAX, RECORDS_MAX};
use crate::limits::{SEALED_MAX, SIGNAL_MAX};
use crate::suite::{Digest, KeyId, LinkId, RunId, StationId};

/// Bytes of the header before the channel.
const FIXED: usize = 312;
/// Flag bit 0: the packet should go first.
const URGENT: u16 = 1;
/// Flag bit 1: the payload is not encrypted.
const IN_CLEAR: u16 = 2;
/// The bit of an extension's kind that marks it critical.
const CRITICAL: u16 = 1 << 15;

/// The class of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Class {
    /// Records and what orders them: sequenced, logged.
    Cargo = 1,
    /// One snapshot of the sender's state: never sequenced.
    Signal = 2,
    /// Parity over sealed packets: never sequenced, not encrypted.
    Repair = 3,
}

/// The kind of a cargo packet that carries records.
pub const KIND_RECORDS: u8 = 1;
/// The kind of a cargo packet that marks a structure change.
pub const KIND_MARKER: u8 = 2;
/// The kind of a cargo packet that opens an epoch.
pub const KIND_EPOCH_OPENING: u8 = 3;
/// The kind of a signal packet that carries a snapshot.
pub const KIND_SNAPSHOT: u8 = 1;
/// The kind of a repair packet that carries parity.
pub const KIND_PARITY: u8 = 1;

/// The type of the extension that names the sender's run.
pub const EXTENSION_RUN: u16 = 1;

/// Whether a station moves real data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Environment {
    /// Real data.
    Production = 1,
    /// Exercises; never mixed with production.
    Test = 2,
}

/// A text that is not the text form of the value it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {0}")]
pub struct TextFault(pub(crate) &'static str);

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Production => "production",
            Self::Test => "test",
        })
    }
}

impl FromStr for Environment {
    type Err = TextFault;

    fn from_str(text: &str) -> Result<Self, TextFault> {
        match text {
            "production" => Ok(Self::Production),
            "test" => Ok(Self::Test),
            _ => Err(TextFault("`production` or `test`")),
        }
    }
}

/// One incarnation of the sender in a channel; its text is `counter-hex16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Epoch {
    /// Counts the epochs of a channel, from 1; 0 in packets without an epoch.
    pub counter: u32,
    /// Drawn when the epoch opens, so that two incarnations never share one.
    pub salt: [u8; 8],
}

impl Epoch {
    /// The epoch of signal and repair packets.
    pub const NONE: Self = Self { counter: 0, salt: [0; 8] };
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let salt = data_encoding::HEXLOWER.encode(&self.salt);
        write!(f, "{}-{salt}", self.counter)
    }
}

impl FromStr for Epoch {
    type Err = TextFault;

    fn from_str(text: &str) -> Result<Self, TextFault> {
        let fault = TextFault("an epoch such as `1-00ff00ff00ff00ff`");
        let (counter, hex) = text.split_once('-').ok_or(fault)?;
        if hex.len() != 16 || counter.starts_with(['0', '+']) {
            return Err(fault);
        }
        let mut salt = [0; 8];
        data_encoding::HEXLOWER.decode_mut(hex.as_bytes(), &mut salt).map_err(|_| fault)?;
        let counter = counter.parse().map_err(|_| fault)?;
        Ok(Self { counter, salt })
    }
}

/// The name of a channel: 1 … 64 characters of `[a-z0-9-]`, beginning and ending with a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelName(String);

impl ChannelName {
    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for ChannelName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for ChannelName {
    type Err = TextFault;

    fn from_str(text: &str) -> Result<Self, TextFault> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = text.as_bytes();
        let edges = [bytes.first(), bytes.last()];
        let valid = bytes.len() <= CHANNEL_MAX
            && bytes.iter().all(|&byte| plain(byte) || byte == b'-')
            && edges.iter().all(|edge| edge.is_some_and(|&byte| plain(byte)));
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(TextFault("a channel name of 1 to 64 letters a-z, digits and inner hyphens"))
        }
    }
}

macro_rules! serde_as_text {
    ($name:ty) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

serde_as_text!(Epoch);
serde_as_text!(ChannelName);

/// What a station says about a packet log: its size and its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LogHead {
    /// How many lines the log has.
    pub size: u64,
    /// The RFC 6962 root at that size; zero where `size` 0 means that nothing is known.
    pub root: Digest,
}

impl LogHead {
    /// The head of a log of which nothing is known.
    pub const NONE: Self = Self { size: 0, root: Digest::ZERO };
}

/// The content key wrapped for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stanza {
    /// 1 X25519, 2 P-256, 3 SM2.
    pub kem: u8,
    /// The recipient's key.
    pub key_id: KeyId,
    /// The encapsulation.
    pub enc: Vec<u8>,
    /// The wrapped content key.
    pub wrapped: Vec<u8>,
}

/// An extension of the header (FORMAT.md section 2 lists the types).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Its type, with bit 15 where it is critical.
    pub kind: u16,
    /// Its bytes.
    pub value: Vec<u8>,
}

impl Extension {
    /// Names the sender's run.
    pub fn run(run: RunId) -> Self {
        Self { kind: EXTENSION_RUN, value: run.as_bytes().to_vec() }
    }

    /// Tells whether a reader that does not know it must hold the channel.
    pub fn is_critical(&self) -> bool {
        self.kind & CRITICAL != 0
    }
}

/// The header of a packet: every field of FORMAT.md section 2, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The class.
    pub class: Class,
    /// The kind within the class; may be one this crate does not know.
    pub kind: u8,
    /// Flag bit 0: the packet should go first.
    pub urgent: bool,
    /// Flag bit 1: the payload is not encrypted.
    pub in_clear: bool,
    /// Production or test.
    pub environment: Environment,
    /// The link it was made for.
    pub link: LinkId,
    /// Who made it.
    pub sender: StationId,
    /// For whom.
    pub addressee: StationId,
    /// The key that signed it.
    pub signing_key: KeyId,
    /// Rises with every packet sealed on the link, from 1.
    pub number: u64,
    /// The sender's clock in milliseconds since 1970; shown, never decides.
    pub sender_clock_ms: i64,
    /// The sender's incarnation in the channel.
    pub epoch: Epoch,
    /// The place in the epoch, from 1; 0 for signal and repair.
    pub seq: u64,
    /// The header digest of the cargo packet before it.
    pub prev: Digest,
    /// The version of the data structure the records were written under; 0 none.
    pub structure_written: u32,
    /// The lowest version needed to apply them; 0 none.
    pub structure_needed: u32,
    /// The record format; 0 when there are no records.
    pub record_format: u16,
    /// 1 one zstd frame; 0 none.
    pub compression: u16,
    /// How many records there are.
    pub record_count: u32,
    /// The Merkle root over the records.
    pub root: Digest,
    /// Bytes of the payload after decompression.
    pub plain_len: u64,
    /// Bytes of the payload in the file.
    pub payload_len: u64,
    /// SHA-256 of the payload.
    pub payload_digest: Digest,
    /// The sender's own packet log.
    pub own_log: LogHead,
    /// The newest the sender has seen of the addressee's log.
    pub peer_log: LogHead,
    /// The channel; none for signal and repair.
    pub channel: Option<ChannelName>,
    /// For whom the content key is wrapped.
    pub recipients: Vec<Stanza>,
    /// Extensions in rising order.
    pub extensions: Vec<Extension>,
}

/// Why a header is refused or cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderFault {
    /// It ends before the field does.
    #[error("the header ends inside {0}")]
    Ends(&'static str),
    /// A value is outside its range.
    #[error("{0} is outside its range")]
    Range(&'static str),
    /// Bytes are left over.
    #[error("bytes follow the last extension of the header")]
    Trailing,
    /// The whole is longer than 4 KiB.
    #[error("the header is longer than 4096 bytes")]
    TooLong,
}

impl Header {
    /// Returns the sender's run, where the header names one.
    pub fn run(&self) -> Option<RunId> {
        let named = self.extensions.iter().find(|extension| extension.kind == EXTENSION_RUN)?;
        named.value.as_slice().try_into().ok().map(RunId::from_bytes)
    }

    /// Writes the header.
    ///
    /// # Errors
    /// When a value is outside the range a decoder accepts, so that nothing unreadable is ever signed.
    pub fn encode(&self) -> Result<Vec<u8>, HeaderFault> {
        self.check()?;
        let mut out = Vec::with_capacity(HEADER_MAX);
        self.encode_fixed(&mut out);
        debug_assert_eq!(out.len(), FIXED);
        self.encode_tail(&mut out)?;
        if out.len() > HEADER_MAX {
            return Err(HeaderFault::TooLong);
        }
        Ok(out)
    }

    fn encode_fixed(&self, out: &mut Vec<u8>) {
        let flags = u16::from(self.urgent) * URGENT + u16::from(self.in_clear) * IN_CLEAR;
        out.extend_from_slice(&[self.class as u8, self.kind]);
        out.extend_from_slice(&flags.to_le_bytes());
        out.extend_from_slice(&[self.environment as u8, 0, 0, 0]);
        out.extend_from_slice(self.link.as_bytes());
        out.extend_from_slice(self.sender.as_bytes());
        out.extend_from_slice(self.addressee.as_bytes());
        out.extend_from_slice(self.signing_key.as_bytes());
        out.extend_from_slice(&self.number.to_le_bytes());
        out.extend_from_slice(&self.sender_clock_ms.to_le_bytes());
        out.extend_from_slice(&self.epoch.counter.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.epoch.salt);
        out.extend_from_slice(&self.seq.to_le_bytes());
        out.extend_from_slice(self.prev.as_bytes());
        out.extend_from_slice(&self.structure_written.to_le_bytes());
        out.extend_from_slice(&self.structure_needed.to_le_bytes());
        out.extend_from_slice(&self.record_format.to_le_bytes());
        out.extend_from_slice(&self.compression.to_le_bytes());
        out.extend_from_slice(&self.record_count.to_le_bytes());
        out.extend_from_slice(self.root.as_bytes());
        out.extend_from_slice(&self.plain_len.to_le_bytes());
        out.extend_from_slice(&self.payload_len.to_le_bytes());
        out.extend_from_slice(self.payload_digest.as_bytes());
        for head in [&self.own_log, &self.peer_log] {
            out.extend_from_slice(&head.size.to_le_bytes());
            out.extend_from_slice(head.root.as_bytes());
        }
    }

    fn encode_tail(&self, out: &mut Vec<u8>) -> Result<(), HeaderFault> {
        let channel = self.channel.as_ref().map_or("", ChannelName::as_str);
        out.push(u8::try_from(channel.len()).map_err(|_| HeaderFault::Range("channel"))?);
        out.extend_from_slice(channel.as_bytes());
        let count = u8::try_from(self.recipients.len());
        out.push(count.map_err(|_| HeaderFault::Range("recipients"))?);
        for stanza in &self.recipients {
            out.push(stanza.kem);
            out.extend_from_slice(stanza.key_id.as_bytes());
            put_block(out, &stanza.enc)?;
            put_block(out, &stanza.wrapped)?;
        }
        let mut area = Vec::new();
        for extension in &self.extensions {
            area.extend_from_slice(&extension.kind.to_le_bytes());
            put_block(&mut area, &extension.value)?;
        }
        put_block(out, &area)
    }

    /// Reads a header that is exactly `bytes`.
    ///
    /// # Errors
    /// When a value is outside its range, a length runs past the end, or bytes are left over.
    pub fn decode(bytes: &[u8]) -> Result<Self, HeaderFault> {
        if bytes.len() > HEADER_MAX {
            return Err(HeaderFault::TooLong);
        }
        let mut cursor = Cursor(bytes);
        let mut header = Self::decode_fixed(&mut cursor)?;
        header.decode_tail(&mut cursor)?;
        if !cursor.0.is_empty() {
            return Err(HeaderFault::Trailing);
        }
        header.check()?;
        Ok(header)
    }

    fn decode_fixed(cursor: &mut Cursor<'_>) -> Result<Self, HeaderFault> {
        let class = match cursor.u8("class")? {
            1 => Class::Cargo,
            2 => Class::Signal,
            3 => Class::Repair,
            _ => return Err(HeaderFault::Range("class")),
        };
        let kind = cursor.u8("kind")?;
        let flags = cursor.u16("flags")?;
        if flags & !(URGENT | IN_CLEAR) != 0 {
            return Err(HeaderFault::Range("flags"));
        }
        let environment = match cursor.u8("environment")? {
            1 => Environment::Production,
            2 => Environment::Test,
            _ => return Err(HeaderFault::Range("environment")),
        };
        cursor.zeros::<3>("the reserved bytes after the environment")?;
        Ok(Self {
            class,
            kind,
            urgent: flags & URGENT != 0,
            in_clear: flags & IN_CLEAR != 0,
            environment,
            link: LinkId::from_bytes(cursor.array("link id")?),
            sender: StationId::from_bytes(cursor.array("sender")?),
            addressee: StationId::from_bytes(cursor.array("addressee")?),
            signing_key: KeyId::from_bytes(cursor.array("signing key id")?),
            number: cursor.u64("number")?,
            sender_clock_ms: i64::from_le_bytes(cursor.array("sender's clock")?),
            epoch: cursor.epoch()?,
            seq: cursor.u64("seq")?,
            prev: cursor.digest("prev")?,
            structure_written: cursor.u32("structure written")?,
            structure_needed: cursor.u32("structure needed")?,
            record_format: cursor.u16("record format")?,
            compression: cursor.u16("compression")?,
            record_count: cursor.u32("record count")?,
            root: cursor.digest("Merkle root")?,
            plain_len: cursor.u64("plain_len")?,
            payload_len: cursor.u64("payload_len")?,
            payload_digest: cursor.digest("payload_digest")?,
            own_log: cursor.log_head("own log")?,
            peer_log: cursor.log_head("peer log")?,
            channel: None,
            recipients: Vec::new(),
            extensions: Vec::new(),
        })
    }

    fn decode_tail(&mut self, cursor: &mut Cursor<'_>) -> Result<(), HeaderFault> {
        let length = usize::from(cursor.u8("channel length")?);
        if length > 0 {
            let name = std::str::from_utf8(cursor.take(length, "channel")?);
            let name = name.ok().and_then(|name| name.parse().ok());
            self.channel = Some(name.ok_or(HeaderFault::Range("channel"))?);
        }
        let count = usize::from(cursor.u8("recipient count")?);
        if count > RECIPIENTS_MAX {
            return Err(HeaderFault::Range("recipients"));
        }
        for _ in 0..count {
            self.recipients.push(Stanza {
                kem: cursor.u8("kem")?,
                key_id: KeyId::from_bytes(cursor.array("recipient key id")?),
                enc: cursor.block("enc")?.to_vec(),
                wrapped: cursor.block("wrapped key")?.to_vec(),
            });
        }
        let mut area = Cursor(cursor.block("extension area")?);
        while !area.0.is_empty() {
            self.extensions.push(Extension { kind: area.u16("extension type")?, value: area.block("extension")?.to_vec() });
        }
        Ok(())
    }

    /// Checks every range that the types do not hold already.
    fn check(&self) -> Result<(), HeaderFault> {
        require((1..=LINE_NUMBER_MAX).contains(&self.number), "number")?;
        require(self.seq <= LINE_NUMBER_MAX, "seq")?;
        require(self.own_log.size <= LINE_NUMBER_MAX, "own log size")?;
        require(self.peer_log.size <= LINE_NUMBER_MAX, "peer log size")?;
        let known = self.peer_log.size > 0 || self.peer_log.root.is_zero();
        require(known, "peer log root")?;
        let counted = (self.record_format == 0) == (self.record_count == 0);
        require(self.record_format <= 1 && counted, "record format")?;
        require(self.record_count <= RECORDS_MAX, "record count")?;
        let rooted = self.record_count > 0 || self.root.is_zero();
        require(rooted, "Merkle root")?;
        match self.class {
            Class::Cargo => self.check_cargo()?,
            Class::Signal | Class::Repair => self.check_unsequenced()?,
        }
        self.check_lengths()?;
        self.check_recipients()?;
        let rising = self.extensions.is_sorted_by(|a, b| a.kind < b.kind);
        require(rising, "the order of extensions")
    }

    fn check_cargo(&self) -> Result<(), HeaderFault> {
        require(self.epoch.counter >= 1, "epoch counter")?;
        require(self.seq >= 1, "seq")?;
        require(self.channel.is_some(), "channel")?;
        let counted = self.kind != KIND_RECORDS || self.record_count >= 1;
        require(counted, "record count")
    }

    fn check_unsequenced(&self) -> Result<(), HeaderFault> {
        require(self.epoch == Epoch::NONE, "epoch")?;
        require(self.seq == 0, "seq")?;
        require(self.prev.is_zero(), "prev")?;
        let structure = self.structure_written == 0 && self.structure_needed == 0;
        require(structure, "structure")?;
        require(self.record_format == 0, "record format")?;
        require(self.channel.is_none(), "channel")
    }

    fn check_lengths(&self) -> Result<(), HeaderFault> {
        let plain_max = match self.class {
            Class::Signal => SIGNAL_MAX,
            Class::Cargo | Class::Repair => PLAIN_MAX,
        };
        require(self.plain_len <= plain_max, "plain_len")?;
        let sealed = self.payload_len.saturating_add(self.encoded_len());
        require(sealed <= SEALED_MAX, "payload_len")?;
        let repair = self.class == Class::Repair;
        require(self.in_clear == repair, "flags")?;
        require(self.compression == u16::from(!repair), "compression")
    }

    fn check_recipients(&self) -> Result<(), HeaderFault> {
        let counts = match self.class {
            Class::Repair => 0..=0,
            Class::Cargo | Class::Signal => 1..=RECIPIENTS_MAX,
        };
        require(counts.contains(&self.recipients.len()), "recipients")?;
        let kems = self.recipients.iter().all(|s| (1..=3).contains(&s.kem));
        require(kems, "kem")
    }

    fn encoded_len(&self) -> u64 {
        let channel = self.channel.as_ref().map_or(0, |name| name.0.len());
        let stanzas: usize = self.recipients.iter().map(|s| 13 + s.enc.len() + s.wrapped.len()).sum();
        let extensions: usize = self.extensions.iter().map(|e| 4 + e.value.len()).sum();
        (FIXED + 4 + channel + stanzas + extensions) as u64
    }
}

fn require(holds: bool, what: &'static str) -> Result<(), HeaderFault> {
    if holds { Ok(()) } else { Err(HeaderFault::Range(what)) }
}

fn put_block(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), HeaderFault> {
    let length = u16::try_from(bytes.len()).map_err(|_| HeaderFault::TooLong)?;
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}

/// The bytes not read yet.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize, what: &'static str) -> Result<&'a [u8], HeaderFault> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(HeaderFault::Ends(what))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], HeaderFault> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(HeaderFault::Ends(what))?;
        self.0 = rest;
        Ok(*taken)
    }

    fn zeros<const N: usize>(&mut self, what: &'static str) -> Result<(), HeaderFault> {
        require(self.array::<N>(what)? == [0; N], what)
    }

    fn block(&mut self, what: &'static str) -> Result<&'a [u8], HeaderFault> {
        let length = self.u16(what)?;
        self.take(usize::from(length), what)
    }

    fn u8(&mut self, what: &'static str) -> Result<u8, HeaderFault> {
        self.array(what).map(u8::from_le_bytes)
    }

    fn u16(&mut self, what: &'static str) -> Result<u16, HeaderFault> {
        self.array(what).map(u16::from_le_bytes)
    }

    fn u32(&mut self, what: &'static str) -> Result<u32, HeaderFault> {
        self.array(what).map(u32::from_le_bytes)
    }

    fn u64(&mut self, what: &'static str) -> Result<u64, HeaderFault> {
        self.array(what).map(u64::from_le_bytes)
    }

    fn digest(&mut self, what: &'static str) -> Result<Digest, HeaderFault> {
        self.array(what).map(Digest::from_bytes)
    }

    fn epoch(&mut self) -> Result<Epoch, HeaderFault> {
        let counter = self.u32("epoch counter")?;
        self.zeros::<4>("the reserved bytes after the epoch counter")?;
        let salt = self.array("epoch salt")?;
        Ok(Epoch { counter, salt })
    }

    fn log_head(&mut self, what: &'static str) -> Result<LogHead, HeaderFault> {
        let size = self.u64(what)?;
        let root = self.digest(what)?;
        Ok(LogHead { size, root })
    }
}
