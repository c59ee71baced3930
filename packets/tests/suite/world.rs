//! The stations of the tests, made with the crate itself.

use std::sync::Mutex;

use dukou_packets::keyring::Keyring;
use dukou_packets::packet::header::{Environment, Epoch, LogHead};
use dukou_packets::packet::marker;
use dukou_packets::packet::marker::{Approval, ApprovalKind, Change, Marker, document_digest};
use dukou_packets::packet::open::Expectation;
use dukou_packets::packet::records::{RecordMeta, RecordsBuilder};
use dukou_packets::packet::seal::{
    CargoPlace, Envelope, Recipient, Sealed, Statement, prepare_marker, prepare_records, prepare_signal,
};
use dukou_packets::suite::{KeyAlgorithm, KeyId, Random, SoftSigner, SoftUnwrapper, StationId, Suite, sha256};

use crate::keys;

/// Randomness that repeats.
pub(crate) struct Seeded(Mutex<keys::Stream>);

impl Seeded {
    pub(crate) fn new(seed: &'static str) -> Self {
        Self(Mutex::new(keys::Stream::new(seed)))
    }
}

impl Random for Seeded {
    fn fill(&self, out: &mut [u8]) {
        self.0.lock().expect("no test panics while it draws").fill(out);
    }
}

pub(crate) fn signer(word: &str) -> SoftSigner {
    SoftSigner::from_seed(keys::seed(word))
}

pub(crate) fn unwrapper(word: &str) -> SoftUnwrapper {
    SoftUnwrapper::from_secret(keys::seed(word))
}

pub(crate) fn sender_keyring() -> Keyring {
    Keyring::parse(keys::sender_keyring().as_bytes()).expect("the sender's keyring is good")
}

pub(crate) fn expectation() -> Expectation {
    Expectation { environment: Environment::Production, own: StationId::from_bytes(keys::ADDRESSEE) }
}

pub(crate) fn recipient(word: &str) -> Recipient {
    let public = unwrapper(word).public();
    Recipient { key_id: KeyId::of(KeyAlgorithm::X25519, &public), public }
}

pub(crate) fn file_meta(name: &str, body: &[u8]) -> RecordMeta {
    RecordMeta::file("D2026-0001".to_owned(), name.to_owned(), 1_795_313_765_123, body.len() as u64)
}

pub(crate) fn envelope(suite: Suite, recipients: &[Recipient]) -> Envelope<'_> {
    Envelope {
        suite,
        environment: Environment::Production,
        sender: StationId::from_bytes(keys::SENDER),
        addressee: StationId::from_bytes(keys::ADDRESSEE),
        number: 7,
        recipients,
    }
}

pub(crate) fn statement() -> Statement {
    Statement {
        sender_clock_ms: 1_795_313_765_123,
        urgent: false,
        own_log: LogHead { size: 12, root: sha256(&[b"own root"]) },
        peer_log: LogHead::NONE,
        run: None,
    }
}

pub(crate) fn place() -> CargoPlace {
    CargoPlace {
        channel: "files".parse().expect("a channel name"),
        epoch: Epoch { counter: 1, salt: [7; 8] },
        seq: 3,
        prev: sha256(&[b"the packet before"]),
    }
}

/// Seals these bodies as files.
pub(crate) fn seal_files(suite: Suite, bodies: &[&[u8]], signer: &SoftSigner) -> Sealed {
    let random = Seeded::new("seal files");
    let mut records = RecordsBuilder::new(&random);
    for (index, body) in bodies.iter().enumerate() {
        let meta = file_meta(&format!("2026/{index}.bin"), body);
        records.push(&meta, &[body], sha256(&[body])).expect("the bodies fit");
    }
    let recipients = [recipient("addressee"), recipient("own")];
    prepare_records(&envelope(suite, &recipients), records, 3, &random)
        .and_then(|prepared| prepared.seal_cargo(&place(), &statement(), signer))
        .expect("it seals")
}

/// A marker of a change with one approval, for the channel of [`place`] alone.
pub(crate) fn marker() -> Marker {
    let document = b"format = 1\n".to_vec();
    let before = sha256(&[b"the structure before"]);
    let change = Change { structure: "registration".to_owned(), from: 1, before, document: document_digest(&document) };
    let said = marker::Statement {
        kind: ApprovalKind::Approve,
        station: StationId::from_bytes([5; 16]),
        keyring: 1,
        plan: sha256(&[b"the plan"]),
        loss: false,
        reason: sha256(&[]),
    };
    let approval = Approval::sign(&change, &said, &signer("approver")).expect("a signature");
    Marker { change, document, channels: vec![place().channel], pending: false, keep_days: 30, approvals: vec![approval] }
}

/// Seals a marker.
pub(crate) fn seal_marker(marker: &Marker) -> Sealed {
    let random = Seeded::new("seal marker");
    let recipients = [recipient("addressee"), recipient("own")];
    prepare_marker(&envelope(Suite::Aes256Gcm, &recipients), marker, &random)
        .and_then(|prepared| prepared.seal_cargo(&place(), &statement(), &signer("packet")))
        .expect("it seals")
}

/// Seals a signal.
pub(crate) fn seal_signal(document: &[u8], signer: &SoftSigner) -> Sealed {
    let random = Seeded::new("seal signal");
    let recipients = [recipient("addressee"), recipient("own")];
    prepare_signal(&envelope(Suite::Aes256Gcm, &recipients), document, &random)
        .and_then(|prepared| prepared.seal_signal(&statement(), signer))
        .expect("it seals")
}

/// The bytes of the file.
pub(crate) fn file_of(sealed: &Sealed) -> Vec<u8> {
    [sealed.head.as_slice(), &sealed.payload].concat()
}
