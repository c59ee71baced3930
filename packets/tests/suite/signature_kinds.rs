//! Each kind of signature is given to each verifier: only the diagonal passes.
//!
//! The keyring of this test lets one key do everything, so that nothing but the signed context keeps the kinds apart.

use dukou_packets::gap_report::GapReport;
use dukou_packets::keyring::{KeyEntry, Keyring, KeyringBody, Role, Side};
use dukou_packets::log::checkpoint::Checkpoint;
use dukou_packets::packet::header::{Environment, LogHead};
use dukou_packets::packet::open::read_head;
use dukou_packets::suite::{Digest, Signer, StationId, Suite, sha256};

use crate::{keys, world};

fn one_key_keyring() -> Keyring {
    let public = world::signer("packet").public();
    let keys = [Role::Authority, Role::Packet, Role::Log, Role::Approver];
    let body = KeyringBody {
        station: StationId::from_bytes(keys::SENDER),
        name: "one key".to_owned(),
        side: Side::Outer,
        environment: Environment::Production,
        version: 1,
        previous: Digest::ZERO,
        threshold: 1,
        suites: vec![1, 2],
        keys: keys.map(|role| KeyEntry::new(role, 0, public, 1)).to_vec(),
        revoked: Vec::new(),
    };
    Keyring::issue(body, &world::signer("packet")).expect("it is issued")
}

const CONTEXTS: [&[u8]; 4] = [b"dukou-packet-v1\0", b"dukou-keyring-v1\0", b"", b"dukou-gap-report-v1\0"];

#[test]
fn only_a_signature_of_its_own_kind_passes_each_verifier() {
    let signer = world::signer("packet");
    let sealed = world::seal_files(Suite::Aes256Gcm, &[b"body"], &signer);
    let keyring = one_key_keyring();
    let checkpoint = Checkpoint { station: StationId::from_bytes(keys::SENDER), size: 5, root: sha256(&[b"root"]) };
    let note = checkpoint.sign(&signer).expect("it signs");
    for (kind, context) in CONTEXTS.into_iter().enumerate() {
        let sign = |message: &[u8]| signer.sign(&[context, message].concat()).expect("it signs");
        assert_eq!(packet_with(&sealed.head, &keyring, sign), kind == 0, "a packet under context {kind}");
        assert_eq!(keyring_with(&keyring, sign), kind == 1, "a keyring under context {kind}");
        assert_eq!(note_with(&note, &keyring, sign), kind == 2, "a checkpoint under context {kind}");
        assert_eq!(gap_report_with(&keyring, sign), kind == 3, "a gap report under context {kind}");
    }
}

fn packet_with(head: &[u8], keyring: &Keyring, sign: impl Fn(&[u8]) -> [u8; 64]) -> bool {
    let signed = &head[..head.len() - 64];
    let head = [signed, &sign(signed)].concat();
    read_head(&head, keyring).is_ok()
}

fn keyring_with(keyring: &Keyring, sign: impl Fn(&[u8]) -> [u8; 64]) -> bool {
    let (body, _) = keyring.text().split_once("sig ").expect("a signature line");
    let signature = keys::base64(&sign(body.as_bytes()));
    let text = format!("{body}sig {} {signature}\n", keyring.signed_by());
    Keyring::parse(text.as_bytes()).is_ok()
}

fn note_with(note: &str, keyring: &Keyring, sign: impl Fn(&[u8]) -> [u8; 64]) -> bool {
    let (text, sig) = note.split_once("\n\n").expect("a note");
    let (name, blob) = sig.trim_end().rsplit_once(' ').expect("a signature line");
    let mut blob = data_encoding::BASE64.decode(blob.as_bytes()).expect("base64");
    blob[4..].copy_from_slice(&sign(format!("{text}\n").as_bytes()));
    let note = format!("{text}\n\n{name} {}\n", keys::base64(&blob));
    Checkpoint::open(&note, &keyring.body().keys).is_ok()
}

fn gap_report_with(keyring: &Keyring, sign: impl Fn(&[u8]) -> [u8; 64]) -> bool {
    let report = GapReport {
        station: keyring.body().station,
        addressee: StationId::from_bytes(keys::ADDRESSEE),
        environment: Environment::Production,
        report: 1,
        clock_ms: 0,
        log: LogHead::NONE,
        number: 1,
        heard: 0,
        more: false,
        channels: Vec::new(),
    };
    let (_, text) = report.issue(&world::signer("packet")).expect("it is issued");
    let (body, _) = text.split_once("sig ").expect("a signature line");
    let signature = keys::base64(&sign(body.as_bytes()));
    let text = format!("{body}sig {} {signature}\n", keyring.signed_by());
    GapReport::open(text.as_bytes(), keyring, &world::expectation()).is_ok()
}

#[test]
fn a_key_of_another_role_opens_no_checkpoint() {
    let signer = world::signer("packet");
    let checkpoint = Checkpoint { station: StationId::from_bytes(keys::SENDER), size: 5, root: Digest::ZERO };
    let note = checkpoint.sign(&signer).expect("it signs");
    for role in [Role::Authority, Role::Packet, Role::Log, Role::Encryption, Role::Approver, Role::Recovery] {
        let key = KeyEntry { role, ..KeyEntry::new(Role::Log, 0, signer.public(), 0) };
        assert_eq!(Checkpoint::open(&note, &[key]).is_ok(), role == Role::Log, "{role:?}");
    }
    for (from, to, open) in [(0, 0, true), (5, 5, true), (6, 0, false), (1, 4, false)] {
        let key = KeyEntry { from, to, ..KeyEntry::new(Role::Log, 0, signer.public(), 0) };
        assert_eq!(Checkpoint::open(&note, &[key]).is_ok(), open, "{from}..{to}");
    }
}

#[test]
fn every_flipped_bit_of_a_checkpoint_and_of_a_keyring_is_refused() {
    let signer = world::signer("log");
    let checkpoint = Checkpoint { station: StationId::from_bytes(keys::SENDER), size: 5, root: sha256(&[b"root"]) };
    let note = checkpoint.sign(&signer).expect("it signs");
    let keys = [KeyEntry::new(Role::Log, 0, signer.public(), 0)];
    assert_eq!(Checkpoint::open(&note, &keys), Ok(checkpoint));
    flip_each(note.as_bytes(), |bytes| std::str::from_utf8(bytes).is_ok_and(|note| Checkpoint::open(note, &keys).is_ok()));
    let keyring = world::sender_keyring();
    flip_each(keyring.text().as_bytes(), |bytes| Keyring::parse(bytes).is_ok());
}

fn flip_each(good: &[u8], accepts: impl Fn(&[u8]) -> bool) {
    let mut bytes = good.to_vec();
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(!accepts(&bytes), "bit {bit}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    assert!(accepts(&bytes));
}
