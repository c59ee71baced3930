//! Measures sealing, opening and verifying on this machine.
//!
//! `cargo run --release -p dukou-packets --example measure [LINES]`

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use dukou_packets::audit::verify;
use dukou_packets::keyring::{KeyEntry, Keyring, KeyringBody, Role, Side};
use dukou_packets::log::checkpoint::Checkpoint;
use dukou_packets::log::line::{Event, Line, Place, Stamp, leaf_hash};
use dukou_packets::log::tree::Tree;
use dukou_packets::packet::header::{Environment, Epoch, LogHead};
use dukou_packets::packet::open::{decode_records, open_payload, read_head};
use dukou_packets::packet::records::{RecordMeta, RecordsBuilder};
use dukou_packets::packet::seal::{CargoPlace, Envelope, Recipient, Statement, prepare_records};
use dukou_packets::suite::{
    Digest, KeyAlgorithm, KeyId, Signer, SoftSigner, SoftUnwrapper, StationId, Suite, SystemRandom, Unwrapper, sha256,
};

const SENDER: StationId = StationId::from_bytes([1; 16]);
const PEER: StationId = StationId::from_bytes([2; 16]);
/// A checkpoint is cut after so many lines.
const BATCH: u64 = 100;
const SEGMENT: u64 = 140_000;

fn main() {
    let lines = std::env::args().nth(1).and_then(|lines| lines.parse().ok()).unwrap_or(1_000_000);
    for suite in [Suite::Aes256Gcm, Suite::ChaCha20Poly1305] {
        packets(suite, "noise", &noise(1 << 16));
        packets(suite, "text", &text(1 << 16));
    }
    log(lines);
}

fn noise(len: usize) -> Vec<u8> {
    (0u64..).flat_map(|n| *sha256(&[&n.to_le_bytes()]).as_bytes()).take(len).collect()
}

fn text(len: usize) -> Vec<u8> {
    let row = |n: u64| format!("<row><no>{n}</no><owner>{}</owner></row>\n", sha256(&[&n.to_le_bytes()])).into_bytes();
    (0u64..).flat_map(row).take(len).collect()
}

fn keyring() -> Keyring {
    let key = |role, word: u8| KeyEntry::new(role, 0, SoftSigner::from_seed([word; 32]).public(), 0);
    let body = KeyringBody {
        station: SENDER,
        name: "measure".to_owned(),
        side: Side::Outer,
        environment: Environment::Test,
        version: 1,
        previous: Digest::ZERO,
        threshold: 1,
        suites: vec![1, 2],
        keys: vec![key(Role::Authority, 1), key(Role::Packet, 2), key(Role::Log, 3)],
        revoked: Vec::new(),
    };
    Keyring::issue(body, &SoftSigner::from_seed([1; 32])).expect("the keyring is good")
}

/// Seals and opens 20 MiB of records, several times.
fn packets(suite: Suite, what: &str, body: &[u8]) {
    const ROUNDS: u32 = 10;
    let unwrapper = SoftUnwrapper::from_secret([9; 32]);
    let public = unwrapper.public();
    let recipients = [Recipient { key_id: KeyId::of(KeyAlgorithm::X25519, &public), public }];
    let envelope =
        Envelope { suite, environment: Environment::Test, sender: SENDER, addressee: PEER, number: 1, recipients: &recipients };
    let place = CargoPlace {
        channel: "files".parse().expect("a channel name"),
        epoch: Epoch { counter: 1, salt: [1; 8] },
        seq: 1,
        prev: Digest::ZERO,
    };
    let own_log = LogHead { size: 1, root: Digest::ZERO };
    let statement = Statement { sender_clock_ms: 0, urgent: false, own_log, peer_log: LogHead::NONE, run: None };
    let meta = RecordMeta::file("key".to_owned(), "name".to_owned(), 0, body.len() as u64);
    let keys = keyring();
    let digest = sha256(&[body]);
    let (mut sealing, mut opening, mut plain_len) = (0.0, 0.0, 0);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let mut records = RecordsBuilder::new(&SystemRandom);
        for _ in 0..(20 << 20) / body.len() {
            records.push(&meta, &[body], digest).expect("it fits");
        }
        plain_len += records.plain_len();
        let prepared = prepare_records(&envelope, records, 3, &SystemRandom).expect("it prepares");
        let sealed = prepared.seal_cargo(&place, &statement, &SoftSigner::from_seed([2; 32])).expect("it seals");
        sealing += start.elapsed().as_secs_f64();
        let start = Instant::now();
        let head = read_head(&sealed.head, &keys).expect("it verifies");
        head.check_payload(sha256(&[&sealed.payload]), sealed.payload.len() as u64).expect("it is whole");
        let plain = open_payload(&head, sealed.payload, &[&unwrapper as &dyn Unwrapper]).expect("it opens");
        let records = decode_records(&head, plain).expect("it decodes");
        assert_eq!(records.len(), (20 << 20) / body.len());
        opening += start.elapsed().as_secs_f64();
    }
    let mib = plain_len as f64 / f64::from(1 << 20);
    println!("{suite:?} {what}: seal {:.0} MiB/s, open {:.0} MiB/s", mib / sealing, mib / opening);
}

/// Writes a log of so many lines and verifies it.
fn log(lines: u64) {
    let folder = std::env::temp_dir().join(format!("dukou-measure-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a temporary folder");
    write_log(&folder, lines).expect("there is room for the log");
    let start = Instant::now();
    let report = verify(&folder, None).expect("the log can be read");
    let seconds = start.elapsed().as_secs_f64();
    println!("{} lines, {} faults, {:?}: {seconds:.2} s, {}", report.lines, report.faults.len(), report.verdict, peak());
    for fault in report.faults.iter().take(3) {
        println!("{} {}", fault.file, fault.text);
    }
    fs::remove_dir_all(&folder).expect("the folder is ours");
}

fn peak() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.unwrap_or("peak memory unknown").to_owned()
}

fn write_log(folder: &Path, lines: u64) -> std::io::Result<()> {
    let keyring = keyring();
    fs::write(folder.join("keyring-000001.txt"), keyring.text())?;
    let log_key = SoftSigner::from_seed([3; 32]);
    let (mut tree, mut prev) = (Tree::new(), Digest::ZERO);
    let mut echo = LogHead::NONE;
    let mut packets = Packets { seq: 0, applied: true };
    let mut files: Option<(BufWriter<File>, BufWriter<File>)> = None;
    while tree.size() < lines {
        let n = tree.size() + 1;
        let event = if n % SEGMENT == 1 {
            let create = |ending: &str| File::create(folder.join(format!("{n:012}.{ending}"))).map(BufWriter::new);
            files = Some((create("jsonl")?, create("checkpoints")?));
            Event::Segment { size: tree.size(), root: tree.root(), peaks: tree.peaks().to_vec() }
        } else if n == 2 {
            init(&keyring)
        } else {
            packets.next(echo)
        };
        let (segment, notes) = files.as_mut().expect("line 1 opens a segment");
        let stamp = Stamp { at_ms: 1_795_313_765_123, mono_ms: n, boot: 1 };
        let text = Line { n, prev, stamp, event }.render();
        prev = leaf_hash(text.as_bytes());
        tree.push(prev);
        writeln!(segment, "{text}")?;
        if n % BATCH == 0 {
            echo = LogHead { size: n, root: tree.root() };
            let note = Checkpoint { station: SENDER, size: n, root: echo.root }.sign(&log_key);
            notes.write_all(note.expect("a key in memory signs").as_bytes())?;
        }
    }
    Ok(())
}

/// Packets that come in one after another: each is seen, then applied.
struct Packets {
    /// The packet that was seen last.
    seq: u64,
    /// It is applied, too.
    applied: bool,
}

impl Packets {
    fn next(&mut self, echo: LogHead) -> Event {
        let channel = "files".parse().expect("a channel name");
        let epoch = Epoch { counter: 1, salt: [1; 8] };
        self.applied = !self.applied;
        if self.applied {
            let header = sha256(&[&self.seq.to_le_bytes()]);
            return Event::Applied { channel, epoch, seq: self.seq, header, records: 1, tombstones: 0 };
        }
        self.seq += 1;
        let header = sha256(&[&self.seq.to_le_bytes()]);
        Event::Seen {
            peer: PEER,
            number: self.seq,
            channel,
            epoch,
            seq: self.seq,
            header,
            root: header,
            records: 1,
            size: self.seq,
            peer_root: header,
            echo_size: echo.size,
            echo_root: echo.root,
            place: Place::Next,
        }
    }
}

fn init(keyring: &Keyring) -> Event {
    Event::Init { station: SENDER, side: Side::Outer, environment: Environment::Test, keyring: keyring.file_digest() }
}
