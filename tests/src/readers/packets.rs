//! What the crate of packets reads: packets, their documents, logs, keyrings, gap reports and discs.

use std::path::Path;

use data_encoding::HEXLOWER;
use dukou_packets::audit;
use dukou_packets::disc::Manifest;
use dukou_packets::gap_report::GapReport;
use dukou_packets::gap_report::rows::read_rows;
use dukou_packets::keyring::Keyring;
use dukou_packets::log::checkpoint::{Checkpoint, split_notes};
use dukou_packets::log::line::Line;
use dukou_packets::packet::armor::{Front, Unarmor, read_whole};
use dukou_packets::packet::epoch::Opening;
use dukou_packets::packet::header::{Environment, Header};
use dukou_packets::packet::marker::Marker;
use dukou_packets::packet::open::{
    Expectation, HEAD_MAX, VerifiedHead, decode_records, open_payload, read_head, read_unverified,
};
use dukou_packets::packet::repair::ParityTable;
use dukou_packets::packet::signal::Signal;
use dukou_packets::suite::{SoftUnwrapper, StationId, Unwrapper, sha256};
use serde_json::Value;

use super::seeds;

/// What the first vector of packets is sealed with.
struct World {
    keyring: Keyring,
    key: SoftUnwrapper,
    head: VerifiedHead,
}

impl World {
    fn new() -> Self {
        let vector: Value =
            serde_json::from_slice(&seeds::file("packets/vectors/packets/001-ok.json")).expect("a vector is JSON");
        let text = |key: &str| vector[key].as_str().expect("a vector has it").to_owned();
        let keyring = Keyring::parse(text("keyring").as_bytes()).expect("its keyring is good");
        let secret = HEXLOWER.decode(text("unwrap_secret").as_bytes()).expect("hex");
        let packet = data_encoding::BASE64.decode(text("packet").as_bytes()).expect("base64");
        let head = read_head(&packet, &keyring).expect("its head verifies");
        Self { keyring, key: SoftUnwrapper::from_secret(secret.try_into().expect("32 bytes")), head }
    }
}

thread_local! {
    static WORLD: World = World::new();
}

fn expected() -> Expectation {
    Expectation { environment: Environment::Production, own: StationId::from_bytes(*b"\"receiving stat.") }
}

/// Reads a packet as a receiver does, and behind its head as if the head were signed.
pub(super) fn packet(bytes: &[u8]) -> bool {
    WORLD.with(|world| {
        let verified = read_head(&bytes[..bytes.len().min(HEAD_MAX)], &world.keyring);
        let taken = verified.as_ref().is_ok_and(|head| open_behind(head, bytes, &world.key));
        if let Ok((suite, header)) = read_unverified(bytes) {
            let payload = usize::try_from(header.payload_len).unwrap_or(usize::MAX).min(bytes.len());
            let head_len = bytes.len() - payload;
            let digest = sha256(&[&bytes[..head_len]]);
            let head = VerifiedHead { suite, signer: header.sender, header, digest, head_len };
            open_behind(&head, bytes, &world.key);
        }
        taken
    })
}

fn open_behind(head: &VerifiedHead, bytes: &[u8], key: &SoftUnwrapper) -> bool {
    let payload = bytes.get(head.head_len..).unwrap_or_default().to_vec();
    let addressed = head.check_address(&expected()).is_ok() && head.check_critical().is_ok();
    let whole = head.check_payload(sha256(&[&payload]), payload.len() as u64).is_ok();
    let opened = open_payload(head, payload, &[key as &dyn Unwrapper]).and_then(|plain| decode_records(head, plain));
    addressed && whole && opened.is_ok()
}

pub(super) fn packet_seeds() -> Vec<Vec<u8>> {
    seeds::bytes("packets", "packet").into_iter().filter(|packet| packet.len() < 100_000).collect()
}

/// A header that is taken is written the same.
pub(super) fn header(bytes: &[u8]) -> bool {
    let read = Header::decode(bytes);
    if let Ok(header) = &read {
        assert_eq!(header.encode().as_deref(), Ok(bytes));
    }
    read.is_ok()
}

pub(super) fn header_seeds() -> Vec<Vec<u8>> {
    // Behind the magic, the format and the suite stands the header's length.
    let of = |packet: Vec<u8>| {
        let length = u32::from_le_bytes(packet.get(12..16)?.try_into().ok()?) as usize;
        packet.get(16..16 + length).map(<[u8]>::to_vec)
    };
    packet_seeds().into_iter().filter_map(of).collect()
}

/// Reads what a packet holds once it is opened.
pub(super) fn records(bytes: &[u8]) -> bool {
    WORLD.with(|world| match decode_records(&world.head, bytes.to_vec()) {
        Ok(records) => records.iter().count() == records.len(),
        Err(_) => false,
    })
}

pub(super) fn records_seeds() -> Vec<Vec<u8>> {
    seeds::bytes("packets", "plain").into_iter().filter(|plain| plain.len() < 100_000).collect()
}

/// Reads the text form of a packet whole and piece by piece, which come to the same.
pub(super) fn armor(bytes: &[u8]) -> bool {
    let whole = read_whole(bytes.to_vec());
    if let Ok(front) = Front::read(&bytes[..bytes.len().min(HEAD_MAX)]) {
        WORLD.with(|world| drop(front.head(&world.keyring)));
    }
    let (mut unarmor, mut out) = (Unarmor::new(), Vec::new());
    let fed = bytes.chunks(7).try_for_each(|piece| unarmor.feed(piece, &mut out)).and_then(|()| unarmor.finish());
    if fed.is_ok() && whole.is_ok() {
        assert_eq!(whole.as_deref(), Ok(out.as_slice()));
    }
    whole.is_ok()
}

pub(super) fn armor_seeds() -> Vec<Vec<u8>> {
    packet_seeds().into_iter().filter(|packet| packet.starts_with(b"DUKOU-ARMOR")).collect()
}

/// A marker that is taken, written and read again is the same; keys of a later version are passed over.
pub(super) fn marker(bytes: &[u8]) -> bool {
    let read = Marker::parse(bytes);
    if let Ok(marker) = &read {
        assert_eq!(Marker::parse(&marker.render()).as_ref(), Ok(marker));
    }
    read.is_ok()
}

pub(super) fn marker_seeds() -> Vec<Vec<u8>> {
    documents(b"{\"version\":1,\"structure\":")
}

/// Gives the opened contents of packets that are documents beginning so.
fn documents(begins: &[u8]) -> Vec<Vec<u8>> {
    records_seeds().into_iter().filter(|plain| plain.starts_with(begins)).collect()
}

/// An opening that is taken, written and read again is the same.
pub(super) fn opening(bytes: &[u8]) -> bool {
    let read = Opening::parse(bytes);
    if let Ok(opening) = &read {
        assert_eq!(Opening::parse(&opening.render()).as_ref(), Ok(opening));
    }
    read.is_ok()
}

pub(super) fn opening_seeds() -> Vec<Vec<u8>> {
    records_seeds()
        .into_iter()
        .filter(|plain| plain.starts_with(b"{") && !plain.starts_with(b"{\"version\":1,\"structure\":"))
        .collect()
}

pub(super) fn signal(bytes: &[u8]) -> bool {
    Signal::parse(bytes).is_ok()
}

pub(super) fn signal_seeds() -> Vec<Vec<u8>> {
    documents(b"{")
}

pub(super) fn parity(bytes: &[u8]) -> bool {
    match ParityTable::parse(bytes, bytes.len() as u64) {
        Ok((table, front)) => {
            assert!(front <= bytes.len());
            table.render() == bytes[..front]
        }
        Err(_) => false,
    }
}

pub(super) fn parity_seeds() -> Vec<Vec<u8>> {
    let payload = |packet: Vec<u8>| {
        let (_, header) = read_unverified(&packet).ok()?;
        let at = packet.len().checked_sub(usize::try_from(header.payload_len).ok()?)?;
        Some(packet[at..].to_vec())
    };
    seeds::bytes("repair", "packet").into_iter().filter_map(payload).collect()
}

/// A line of the packet log that is taken is written the same.
pub(super) fn log_line(bytes: &[u8]) -> bool {
    let read = Line::parse(bytes);
    if let Ok(line) = &read {
        assert_eq!(line.render().as_bytes(), bytes);
    }
    read.is_ok()
}

pub(super) fn log_line_seeds() -> Vec<Vec<u8>> {
    let segments = log_folder_seeds();
    segments
        .iter()
        .flat_map(|segment| segment.split(|byte| *byte == b'\n'))
        .filter(|line| !line.is_empty())
        .map(<[u8]>::to_vec)
        .collect()
}

/// Verifies and shows a folder with one segment.
pub(super) fn log_folder(bytes: &[u8]) -> bool {
    thread_local! {
        static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a temporary folder");
    }
    FOLDER.with(|folder| {
        let dir: &Path = folder.path();
        let segment = dir.join("000000000001.jsonl");
        std::fs::write(&segment, bytes).expect("a segment is written");
        let shown = audit::show::show(&segment, &[]);
        audit::verify(dir, None).is_ok() && shown.is_ok()
    })
}

pub(super) fn log_folder_seeds() -> Vec<Vec<u8>> {
    seeds::files("packets/vectors/logs/001-pass", ".jsonl")
}

pub(super) fn checkpoint(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let notes: String = split_notes(text).collect();
    assert_eq!(notes, text);
    let first = split_notes(text).next().unwrap_or_default();
    let opened = WORLD.with(|world| Checkpoint::open(first, &world.keyring.body().keys).is_ok());
    assert!(!opened || Checkpoint::read_unverified(first).is_some());
    Checkpoint::read_unverified(first).is_some()
}

pub(super) fn checkpoint_seeds() -> Vec<Vec<u8>> {
    seeds::files("packets/vectors/logs/001-pass", ".checkpoints")
}

/// A keyring that is taken has the text that was read.
pub(super) fn keyring(bytes: &[u8]) -> bool {
    let read = Keyring::parse(bytes);
    if let Ok(keyring) = &read {
        assert_eq!(keyring.text().as_bytes(), bytes);
    }
    read.is_ok()
}

pub(super) fn keyring_seeds() -> Vec<Vec<u8>> {
    seeds::texts("keyrings", "text")
}

pub(super) fn gap_report(bytes: &[u8]) -> bool {
    WORLD.with(|world| GapReport::open(bytes, &world.keyring, &expected()).is_ok())
}

pub(super) fn gap_report_seeds() -> Vec<Vec<u8>> {
    seeds::texts("gap-reports", "text")
}

pub(super) fn gap_rows(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| match read_rows(text) {
        Ok(_) => true,
        Err(faults) => {
            assert!(!faults.is_empty());
            false
        }
    })
}

pub(super) fn gap_rows_seeds() -> Vec<Vec<u8>> {
    seeds::texts("gap-rows", "text")
}

pub(super) fn manifest(bytes: &[u8]) -> bool {
    WORLD.with(|world| Manifest::read(bytes, &world.keyring).is_ok())
}

pub(super) fn manifest_seeds() -> Vec<Vec<u8>> {
    seeds::texts("discs", "manifest")
}
