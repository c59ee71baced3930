//! Packets made with the sender's own keys that its engine would never make: what a stolen key or a broken sender could.

use super::station::{SimStation, name};
use dukou_packets::packet::header::{Epoch, Header, LogHead};
use dukou_packets::packet::marker::Marker;
use dukou_packets::packet::open::{open_payload, read_head};
use dukou_packets::packet::records::{RecordKind, RecordMeta, RecordsBuilder};
use dukou_packets::packet::seal::{CargoPlace, Envelope, Recipient, Sealed, Statement, Versions};
use dukou_packets::packet::seal::{prepare_marker, prepare_parity, prepare_records, prepare_signal};
use dukou_packets::packet::signal::{SIGNAL_VERSION, Signal};
use dukou_packets::suite::{Digest, RunId, Suite, sha256};
use dukou_shared::connectors::tables::RowChange;
use dukou_shared::connectors::tables::change::LARGE_FROM;
use dukou_shared::store::{StationState, Store};

/// What every signature of a packet begins with (FORMAT.md section 2).
const SIGNATURE_CONTEXT: &[u8] = b"dukou-packet-v1\0";

/// Bytes of the preamble before the header's length: magic, format, suite.
const BEFORE_LENGTH: usize = 12;

/// Makes a record of a whole file.
pub fn file(record_name: &str, body: &[u8]) -> (RecordMeta, Vec<u8>) {
    let meta = RecordMeta::file(
        record_name.rsplit('/').next().unwrap_or_default().chars().take(16).collect::<String>(),
        record_name.to_string(),
        0,
        body.len() as u64,
    );
    (meta, body.to_vec())
}

/// Gives the place behind the newest packet of a channel.
pub fn next_place(from: &SimStation, channel: &str) -> CargoPlace {
    let channel = name(channel);
    match state(from).out_heads.get(&channel) {
        Some(head) => CargoPlace { channel, epoch: head.epoch, seq: head.seq + 1, prev: head.header },
        None => CargoPlace { channel, epoch: Epoch { counter: 1, salt: [7; 8] }, seq: 1, prev: Digest::ZERO },
    }
}

/// Seals records as a packet of `from` to `to` at this place, under the sender's next number.
///
/// # Panics
/// When the records are outside the format.
pub fn packet(from: &SimStation, to: &SimStation, place: &CargoPlace, records: &[(RecordMeta, Vec<u8>)]) -> Sealed {
    let random = super::chance::Chance::new(place.seq);
    let mut builder = RecordsBuilder::new(&random);
    for (meta, body) in records {
        builder.push(meta, &[body], sha256(&[body])).expect("a record within the format");
    }
    let recipients = from.keys.recipients(&to.card);
    let prepared = prepare_records(&envelope(from, to, &recipients), builder, 1, &random).expect("a payload");
    prepared.seal_cargo(place, &statement(from), from.keys.packet.as_ref()).expect("a packet")
}

/// Seals a marker as a packet of `from` to `to` at this place, under the sender's next number.
///
/// # Panics
/// When the marker is outside the format.
pub fn marker(from: &SimStation, to: &SimStation, place: &CargoPlace, marker: &Marker) -> Sealed {
    marker_ahead(from, to, place, marker, 0)
}

/// As [`marker`], under the sender's next number but `ahead`.
///
/// # Panics
/// As [`marker`].
pub fn marker_ahead(from: &SimStation, to: &SimStation, place: &CargoPlace, marker: &Marker, ahead: u64) -> Sealed {
    let recipients = from.keys.recipients(&to.card);
    let random = super::chance::Chance::new(place.seq);
    let mut envelope = envelope(from, to, &recipients);
    envelope.number += ahead;
    let prepared = prepare_marker(&envelope, marker, &random).expect("a payload");
    prepared.seal_cargo(place, &statement(from), from.keys.packet.as_ref()).expect("a packet")
}

/// Seals rows as a packet of `from` to `to` at this place, under the sender's next number but `ahead` and under versions of a structure.
///
/// # Panics
/// When the rows are outside the format.
pub fn rows(
    from: &SimStation,
    to: &SimStation,
    place: &CargoPlace,
    changes: &[RowChange],
    versions: Versions,
    ahead: u64,
) -> Sealed {
    let recipients = from.keys.recipients(&to.card);
    let random = super::chance::Chance::new(place.seq);
    let mut builder = RecordsBuilder::new(&random);
    for change in changes {
        let (body, _) = change.render(LARGE_FROM);
        let of_file = RecordMeta::file(change.key_text(), change.table.clone(), 0, body.len() as u64);
        let meta = RecordMeta { kind: RecordKind::Row, ..of_file };
        builder.push(&meta, &[&body], sha256(&[&body])).expect("a record within the format");
    }
    let mut envelope = envelope(from, to, &recipients);
    envelope.number += ahead;
    let prepared = prepare_records(&envelope, builder, 1, &random).expect("a payload").under(versions);
    prepared.seal_cargo(place, &statement(from), from.keys.packet.as_ref()).expect("a packet")
}

/// Seals a signal of `from` to `to` that promises a period, under this number and with this reading of the sender's clock.
///
/// # Panics
/// When it cannot be sealed.
pub fn signal(from: &SimStation, to: &SimStation, number: u64, period_seconds: u64, sender_clock_ms: i64) -> Vec<u8> {
    let document = Signal {
        version: SIGNAL_VERSION,
        run: RunId::from_bytes([7; 16]),
        period_seconds,
        heads: Vec::new(),
        checkpoint: None,
        keyring: from.card.text().to_string(),
        applied: Vec::new(),
        missing: Vec::new(),
        waived: Vec::new(),
    };
    let recipients = from.keys.recipients(&to.card);
    let envelope = Envelope { number, ..envelope(from, to, &recipients) };
    let prepared = prepare_signal(&envelope, &document.render(), &super::chance::Chance::new(number)).expect("a payload");
    let statement = Statement { sender_clock_ms, ..statement(from) };
    bytes(&prepared.seal_signal(&statement, from.keys.packet.as_ref()).expect("a signal"))
}

/// What the sender would say of the logs, so that nothing but the forgery is wrong.
fn statement(from: &SimStation) -> Statement {
    let state = state(from);
    let known = |head: Option<LogHead>| head.unwrap_or(LogHead::NONE);
    Statement { sender_clock_ms: 0, urgent: false, own_log: known(state.log), peer_log: known(state.peer_log), run: None }
}

fn state(from: &SimStation) -> StationState {
    from.store.clone().load().expect("a store that runs")
}

fn envelope<'a>(from: &SimStation, to: &SimStation, recipients: &'a [Recipient]) -> Envelope<'a> {
    let identity = &from.station.config.station;
    Envelope {
        suite: Suite::Aes256Gcm,
        environment: identity.environment,
        sender: identity.id,
        addressee: to.station.config.station.id,
        number: state(from).number + 1,
        recipients,
    }
}

/// Changes a packet's decrypted content, without the checks of the format, and seals and signs it anew.
///
/// # Panics
/// When the packet does not open.
pub fn rewritten(
    from: &SimStation,
    to: &SimStation,
    place: &CargoPlace,
    good: &Sealed,
    change: impl FnOnce(&mut Vec<u8>),
) -> Vec<u8> {
    let head = read_head(&good.head, &from.card).expect("a packet of the sender");
    let mut plain =
        open_payload(&head, good.payload.clone(), &[to.keys.encryption.as_ref()]).expect("a packet to the receiver");
    change(&mut plain);
    let recipients = from.keys.recipients(&to.card);
    let random = super::chance::Chance::new(place.seq);
    // A signal's payload is any bytes; its header is then made that of a cargo packet.
    let prepared = prepare_signal(&envelope(from, to, &recipients), &plain, &random).expect("a payload");
    let signal = prepared.seal_signal(&statement(from), from.keys.packet.as_ref()).expect("a packet");
    resign(from, &signal, |header| {
        *header = Header {
            plain_len: header.plain_len,
            payload_len: header.payload_len,
            payload_digest: header.payload_digest,
            recipients: header.recipients.clone(),
            ..good.header.clone()
        };
    })
}

/// Signs a packet anew after its header was changed.
///
/// # Panics
/// When the header cannot be written.
pub fn resign(from: &SimStation, sealed: &Sealed, change: impl FnOnce(&mut Header)) -> Vec<u8> {
    let mut header = sealed.header.clone();
    change(&mut header);
    let encoded = header.encode().expect("a header within its limits");
    let mut signed = sealed.head[..BEFORE_LENGTH].to_vec();
    signed.extend_from_slice(&(encoded.len() as u32).to_le_bytes());
    signed.extend_from_slice(&encoded);
    let signature = from.keys.packet.sign(&[SIGNATURE_CONTEXT, &signed].concat()).expect("a signature");
    signed.extend_from_slice(&signature);
    signed.extend_from_slice(&sealed.payload);
    signed
}

/// Gives a packet's bytes as they lie in a ferry directory.
pub fn bytes(sealed: &Sealed) -> Vec<u8> {
    [sealed.head.as_slice(), sealed.payload.as_slice()].concat()
}

/// Makes a repair packet of `from` to `to` with any payload, under the sender's next number but `ahead`.
///
/// # Panics
/// When the payload is longer than any packet's.
pub fn repair(from: &SimStation, to: &SimStation, ahead: u64, payload: Vec<u8>) -> Vec<u8> {
    let mut envelope = envelope(from, to, &[]);
    envelope.number += ahead;
    let prepared = prepare_parity(&envelope, payload);
    bytes(&prepared.seal_parity(&statement(from), from.keys.packet.as_ref()).expect("a packet"))
}
