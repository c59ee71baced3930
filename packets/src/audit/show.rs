//! What a single file says: a packet, a keyring, a segment or a file of checkpoints.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::directory::LogDir;
use super::keys::Keys;
use super::report::Faults;
use super::verify::Unreadable;
use crate::keyring::{KeyEntry, Keyring, Role};
use crate::limits::KEYRING_MAX;
use crate::log::checkpoint::{Checkpoint, split_notes};
use crate::log::line::Line;
use crate::packet::armor;
use crate::packet::header::Header;
use crate::packet::open::{HEAD_MAX, Refusal, read_head, read_unverified};
use crate::suite::{Hasher, Suite};

/// The most bytes of a text file that are shown.
const TEXT_MAX: u64 = 256 << 20;

/// How far a file could be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// A signature by a key that the caller gave, or by the keyring's own authority, verifies.
    Verified,
    /// There was no key to verify it with.
    Unverified,
    /// It contradicts itself or its signature.
    Refused,
}

/// What a file says.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// `packet`, `keyring`, `segment` or `checkpoints`.
    pub kind: &'static str,
    /// How far it could be believed.
    pub standing: Standing,
    /// Why it was refused; else empty.
    pub reason: String,
    /// What it says, names and values.
    pub fields: Map<String, Value>,
}

/// Reads the keyrings of a log directory, own and peers'; broken ones are left out.
///
/// # Errors
/// When the directory or a file cannot be read.
pub fn keyrings_of(dir: &Path) -> Result<Vec<Keyring>, Unreadable> {
    let dir = LogDir::list(dir)?;
    Keys::read(&dir, None, &mut Faults::default()).map(Keys::into_all)
}

/// Shows a file; `keys` may be empty.
///
/// # Errors
/// When the file cannot be read.
pub fn show(path: &Path, keys: &[Keyring]) -> Result<Shown, Unreadable> {
    let unreadable = |source| Unreadable::at(path, source);
    let file = File::open(path).map_err(unreadable)?;
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let front = reader.fill_buf().map_err(unreadable)?;
    let compressed = path.extension().is_some_and(|extension| extension == "zst");
    if front.starts_with(b"dukou-keyring/") {
        return show_keyring(reader).map_err(unreadable);
    }
    if front.starts_with(b"dukou/") {
        return show_checkpoints(reader, keys).map_err(unreadable);
    }
    if front.starts_with(b"{\"n\":") {
        return show_segment(reader).map_err(unreadable);
    }
    if compressed {
        let frame = zstd::stream::read::Decoder::with_buffer(reader).map_err(unreadable)?;
        return show_segment(BufReader::new(frame)).map_err(unreadable);
    }
    if front.starts_with(armor::FIRST_LINE) {
        return show_armored(reader, keys).map_err(unreadable);
    }
    show_packet(reader, keys).map_err(unreadable)
}

fn show_armored(reader: impl BufRead, keys: &[Keyring]) -> std::io::Result<Shown> {
    let mut file = Vec::new();
    reader.take(armor::FILE_MAX + 1).read_to_end(&mut file)?;
    match armor::read_whole(file) {
        Ok(packet) => show_packet(packet.as_slice(), keys),
        Err(refusal) => Ok(Shown::new("packet", Standing::Refused, Value::Null).refused(reason(&refusal))),
    }
}

impl Shown {
    fn new(kind: &'static str, standing: Standing, fields: Value) -> Self {
        let fields = match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        Self { kind, standing, reason: String::new(), fields }
    }

    fn refused(mut self, reason: impl Into<String>) -> Self {
        self.standing = Standing::Refused;
        self.reason = reason.into();
        self
    }
}

fn show_packet(mut reader: impl BufRead, keys: &[Keyring]) -> std::io::Result<Shown> {
    let mut head = Vec::new();
    (&mut reader).take(HEAD_MAX as u64).read_to_end(&mut head)?;
    let (suite, header) = match read_unverified(&head) {
        Ok(read) => read,
        Err(refusal) => return Ok(Shown::new("packet", Standing::Refused, Value::Null).refused(reason(&refusal))),
    };
    let mut shown = Shown::new("packet", Standing::Unverified, header_fields(suite, &header));
    let verified = match read_head(&head, &keys) {
        Ok(verified) => verified,
        Err(Refusal::UnknownKey(_)) => return Ok(shown),
        Err(refusal) => return Ok(shown.refused(reason(&refusal))),
    };
    shown.fields.insert("header_digest".to_owned(), json!(verified.digest));
    let mut hasher = Hasher::new();
    let rest = head.get(verified.head_len..).unwrap_or_default();
    hasher.update(rest);
    let payload_len = rest.len() as u64 + hash_rest(reader, &mut hasher)?;
    if let Err(refusal) = verified.check_payload(hasher.finish(), payload_len) {
        return Ok(shown.refused(reason(&refusal)));
    }
    shown.standing = Standing::Verified;
    Ok(shown)
}

fn reason(refusal: &Refusal) -> String {
    format!("{}: {refusal}", refusal.code())
}

fn hash_rest(mut reader: impl BufRead, hasher: &mut Hasher) -> std::io::Result<u64> {
    let mut total = 0;
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return Ok(total);
        }
        hasher.update(bytes);
        let taken = bytes.len();
        total += taken as u64;
        reader.consume(taken);
    }
}

fn header_fields(suite: Suite, header: &Header) -> Value {
    let recipients: Vec<Value> = header.recipients.iter().map(|s| json!({"kem": s.kem, "key": s.key_id})).collect();
    let extensions: Vec<Value> = header.extensions.iter().map(|e| json!({"type": e.kind, "bytes": e.value.len()})).collect();
    json!({
        "suite": suite.number(),
        "class": header.class,
        "kind": header.kind,
        "urgent": header.urgent,
        "environment": header.environment,
        "link": header.link,
        "sender": header.sender,
        "addressee": header.addressee,
        "signing_key": header.signing_key,
        "number": header.number,
        "sender_clock_ms": header.sender_clock_ms,
        "channel": header.channel,
        "epoch": header.epoch,
        "seq": header.seq,
        "prev": header.prev,
        "structure_written": header.structure_written,
        "structure_needed": header.structure_needed,
        "record_count": header.record_count,
        "root": header.root,
        "plain_len": header.plain_len,
        "payload_len": header.payload_len,
        "payload_digest": header.payload_digest,
        "own_log": header.own_log,
        "peer_log": header.peer_log,
        "recipients": recipients,
        "extensions": extensions,
    })
}

fn show_keyring(reader: impl Read) -> std::io::Result<Shown> {
    let mut bytes = Vec::new();
    reader.take(KEYRING_MAX as u64 + 1).read_to_end(&mut bytes)?;
    let keyring = match Keyring::parse(&bytes) {
        Ok(keyring) => keyring,
        Err(fault) => {
            let reason = format!("{}: {fault}", fault.code());
            return Ok(Shown::new("keyring", Standing::Refused, Value::Null).refused(reason));
        }
    };
    let body = keyring.body();
    let keys: Vec<Value> = body.keys.iter().map(key_fields).collect();
    let fields = json!({
        "station": body.station,
        "name": body.name,
        "side": body.side,
        "environment": body.environment,
        "version": body.version,
        "previous": body.previous,
        "digest": keyring.digest(),
        "file_digest": keyring.file_digest(),
        "fingerprint": keyring.fingerprint(),
        "signed_by": keyring.signed_by(),
        "suites": body.suites,
        "keys": keys,
    });
    Ok(Shown::new("keyring", Standing::Verified, fields))
}

fn key_fields(key: &KeyEntry) -> Value {
    json!({
        "role": key.role as u8,
        "algorithm": key.algorithm,
        "suite": key.suite,
        "id": key.id,
        "from": key.from,
        "to": key.to,
    })
}

fn show_checkpoints(reader: impl Read, keys: &[Keyring]) -> std::io::Result<Shown> {
    let mut text = String::new();
    reader.take(TEXT_MAX).read_to_string(&mut text)?;
    let log_keys: Vec<KeyEntry> = keys.iter().flat_map(|keyring| keyring.keys_of(Role::Log)).cloned().collect();
    let mut notes = Vec::new();
    let mut standing = Standing::Verified;
    let mut refusals = Vec::new();
    for note in split_notes(&text) {
        let Some(said) = Checkpoint::read_unverified(note) else {
            refusals.push("checkpoint-shape");
            continue;
        };
        let opened = Checkpoint::open(note, &log_keys);
        match &opened {
            Ok(_) => {}
            Err(_) if log_keys.is_empty() => standing = Standing::Unverified,
            Err(fault) => refusals.push(fault.code()),
        }
        let Checkpoint { station, size, root } = said;
        notes.push(json!({ "station": station, "size": size, "root": root, "verified": opened.is_ok() }));
    }
    let shown = Shown::new("checkpoints", standing, json!({ "notes": notes }));
    match refusals.first() {
        Some(first) => Ok(shown.refused(*first)),
        None => Ok(shown),
    }
}

fn show_segment(reader: impl BufRead + 'static) -> std::io::Result<Shown> {
    let mut lines = super::directory::Lines::new(Box::new(reader));
    let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
    let (mut first, mut last, mut broken) = (None, None, 0u64);
    while let Some(piece) = lines.next()? {
        let line = match piece {
            super::directory::Piece::Line(bytes) => Line::parse(bytes).ok(),
            super::directory::Piece::TooLong | super::directory::Piece::Torn(_) => None,
        };
        let Some(line) = line else {
            broken += 1;
            continue;
        };
        first.get_or_insert(line.n);
        last = Some(line.n);
        *kinds.entry(line.event.kind().to_owned()).or_default() += 1;
    }
    let fields = json!({ "first_line": first, "last_line": last, "kinds": kinds, "broken_lines": broken });
    Ok(Shown::new("segment", Standing::Unverified, fields))
}
