//! The log cases: two honest logs, one of each side, and what can be done to them.
//!
//! Three attackers: one who edits bytes, one who also repairs the hash chain, one who also has the log key.

mod link_lines;
mod released;
mod renumbered;
mod reporting;
mod structure;

use dukou_packets::keyring::Side;
use dukou_packets::log::checkpoint::Checkpoint;
use dukou_packets::log::line::{Event, Line, Place, Stamp, leaf_hash};
use dukou_packets::log::tree::Tree;
use dukou_packets::packet::header::{ChannelName, Environment, Epoch, LogHead};
use dukou_packets::suite::{Digest, RunId, SoftSigner, StationId, sha256};
use serde_json::{Value, json};

use crate::keys::{ADDRESSEE, SENDER, Signing, good_keys, key_object, keyring_object, keyring_text, seed, sha, x25519_public};

/// One case of `vectors/logs`: a log directory.
pub(crate) struct Case {
    pub(crate) name: String,
    about: String,
    expect: &'static str,
    code: &'static str,
    pub(crate) files: Files,
}

type Files = Vec<(String, Vec<u8>)>;

impl Case {
    /// Returns what `case.json` says.
    pub(crate) fn value(&self) -> Value {
        json!({ "about": self.about, "expect": self.expect, "code": self.code })
    }
}

/// A segment before it is written: its lines but the first, and after which of them a checkpoint is cut.
#[derive(Clone, Default)]
struct Plan {
    events: Vec<Event>,
    notes: Vec<usize>,
}

/// A log before it is written.
#[derive(Clone)]
struct Log {
    side: Side,
    segments: Vec<Plan>,
}

/// A log as it lies in its directory, segment by segment.
#[derive(Clone)]
struct Written {
    side: Side,
    segments: Vec<Vec<String>>,
    notes: Vec<Vec<String>>,
    /// The head after each line; the first is that of the empty log.
    heads: Vec<LogHead>,
}

fn station(side: Side) -> StationId {
    StationId::from_bytes(match side {
        Side::Outer => SENDER,
        Side::Inner => ADDRESSEE,
    })
}

fn side_name(side: Side) -> &'static str {
    match side {
        Side::Outer => "outer",
        Side::Inner => "inner",
    }
}

/// The keyring of a side, and its second version with a new packet key.
fn keyrings(side: Side) -> [String; 2] {
    let id = *station(side).as_bytes();
    let object = |version, previous: &[u8; 32], keys: &[String]| {
        let object = keyring_object(&id, version, previous, keys);
        object.replace(r#""side":"outer""#, &format!(r#""side":"{}""#, side_name(side)))
    };
    let first = keyring_text(&object(1, &[0; 32], &good_keys()), "authority");
    let (body, _) = first.split_once("sig ").expect("a signature line");
    let mut keys = good_keys();
    keys[1] = key_object(2, 0, &Signing::new("packet").public, 1, 5);
    keys.insert(2, key_object(2, 0, &Signing::new("packet two").public, 6, 0));
    let second = keyring_text(&object(2, &sha(&[body.as_bytes()]), &keys), "authority");
    [first, second]
}

/// Writes a log; the notes are signed with the log key made from `log_key`.
fn write(log: &Log, log_key: &str) -> Written {
    let signer = SoftSigner::from_seed(seed(log_key));
    let mut out = Written {
        side: log.side,
        segments: Vec::new(),
        notes: Vec::new(),
        heads: vec![LogHead { size: 0, root: sha256(&[]) }],
    };
    let mut tree = Tree::new();
    let mut prev = Digest::ZERO;
    for plan in &log.segments {
        let head = Event::Segment { size: tree.size(), root: tree.root(), peaks: tree.peaks().to_vec() };
        let mut lines = Vec::new();
        let mut notes = Vec::new();
        for (index, event) in std::iter::once(&head).chain(&plan.events).enumerate() {
            let line = Line { n: tree.size() + 1, prev, stamp: stamp(tree.size()), event: event.clone() };
            let text = line.render();
            prev = leaf_hash(text.as_bytes());
            tree.push(prev);
            lines.push(text);
            out.heads.push(LogHead { size: tree.size(), root: tree.root() });
            if plan.notes.contains(&index) {
                let checkpoint = Checkpoint { station: station(log.side), size: tree.size(), root: tree.root() };
                notes.push(checkpoint.sign(&signer).expect("a key in memory signs"));
            }
        }
        out.segments.push(lines);
        out.notes.push(notes);
    }
    out
}

fn stamp(before: u64) -> Stamp {
    Stamp {
        at_ms: 1_795_313_765_123 + i64::try_from(before).expect("few lines") * 1_500,
        mono_ms: 40_000 + before * 1_500,
        boot: 0x00C0_FFEE,
    }
}

impl Written {
    fn first_line(&self, segment: usize) -> usize {
        self.segments[..segment].iter().map(Vec::len).sum::<usize>() + 1
    }

    /// The files of the directory; the first segment is compressed.
    fn files(&self) -> Files {
        let mut files = Vec::new();
        for (index, lines) in self.segments.iter().enumerate() {
            let first = self.first_line(index);
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            if index == 0 {
                let frame = zstd::bulk::compress(text.as_bytes(), 3).expect("zstd compresses");
                files.push((format!("{first:012}.jsonl.zst"), frame));
            } else {
                files.push((format!("{first:012}.jsonl"), text.into_bytes()));
            }
            let notes = self.notes[index].concat().into_bytes();
            files.push((format!("{first:012}.checkpoints"), notes));
        }
        for (index, text) in keyrings(self.side).into_iter().enumerate() {
            files.push((format!("keyring-{:06}.txt", index + 1), text.into_bytes()));
        }
        let peer = station(self.side.other());
        let [card, _] = keyrings(self.side.other());
        files.push((format!("peer-{peer}-000001.txt"), card.into_bytes()));
        files
    }
}

fn channel(name: &str) -> ChannelName {
    name.parse().expect("a channel name")
}

fn epoch() -> Epoch {
    Epoch { counter: 1, salt: [0xA5; 8] }
}

fn header(seq: u64) -> Digest {
    sha256(&[b"header", &seq.to_le_bytes()])
}

fn packed(seq: u64) -> Event {
    Event::Packed {
        number: seq + 2,
        channel: channel("files"),
        epoch: epoch(),
        seq,
        header: header(seq),
        root: sha256(&[b"root", &seq.to_le_bytes()]),
        records: 5,
        tombstones: u64::from(seq == 2),
        plain: 40_960,
        bytes: 20_480,
    }
}

fn left(seq: u64) -> Event {
    Event::Left { number: seq + 2, header: header(seq) }
}

fn applied(seq: u64) -> Event {
    Event::Applied {
        channel: channel("files"),
        epoch: epoch(),
        seq,
        header: header(seq),
        records: 5,
        tombstones: u64::from(seq == 2),
    }
}

/// A packet of the peer that echoes this log's head `echo`.
fn seen(seq: u64, place: Place, echo: LogHead) -> Event {
    Event::Seen {
        peer: station(Side::Outer),
        number: seq + 2,
        channel: channel("files"),
        epoch: epoch(),
        seq,
        header: header(seq),
        root: sha256(&[b"root", &seq.to_le_bytes()]),
        records: 5,
        size: 10 + seq,
        peer_root: sha256(&[b"peer", &seq.to_le_bytes()]),
        echo_size: echo.size,
        echo_root: echo.root,
        place,
    }
}

fn signal(peer: Side, number: u64, echo: LogHead) -> Event {
    Event::Signal {
        peer: station(peer),
        number,
        header: sha256(&[b"signal", &number.to_le_bytes()]),
        size: 30 + number,
        peer_root: sha256(&[b"peer", &(30 + number).to_le_bytes()]),
        echo_size: echo.size,
        echo_root: echo.root,
    }
}

fn range(from: u64, to: u64, kind: fn(ChannelName, Epoch, u64, u64) -> Event) -> Event {
    kind(channel("files"), epoch(), from, to)
}

fn gap(from: u64, to: u64) -> Event {
    range(from, to, |channel, epoch, from, to| Event::Gap { channel, epoch, from, to })
}

fn gap_closed(from: u64, to: u64) -> Event {
    range(from, to, |channel, epoch, from, to| Event::GapClosed { channel, epoch, from, to })
}

fn waived(from: u64, to: u64) -> Event {
    range(from, to, |channel, epoch, from, to| Event::Waived { channel, epoch, from, to, operator: "zhang".to_owned() })
}

fn opening(side: Side) -> Vec<Event> {
    let [card, _] = keyrings(side);
    let [peer_card, _] = keyrings(side.other());
    let run = RunId::from_bytes([0x5A; 16]);
    vec![
        Event::Init { station: station(side), side, environment: Environment::Production, keyring: sha256(&[card.as_bytes()]) },
        Event::Start { run, version: "0.1.0".to_owned(), cut: 0 },
        Event::Trust {
            peer: station(side.other()),
            side: side.other(),
            keyring: sha256(&[peer_card.as_bytes()]),
            compared: true,
            channels: vec![channel("files"), channel("messages")],
            operator: "张\"工\"".to_owned(),
        },
    ]
}

/// Adds a segment made from the heads of the log so far, which the peer may echo.
fn extend(log: &mut Log, make: impl FnOnce(&[LogHead]) -> Vec<Event>) {
    let heads = write(log, "log").heads;
    let events = make(&heads);
    let notes = vec![events.len() / 2, events.len()];
    log.segments.push(Plan { events, notes });
}

fn outer_log() -> Log {
    let side = Side::Outer;
    let mut log = Log { side, segments: Vec::new() };
    extend(&mut log, |_| {
        let refused =
            Event::Refused { channel: channel("files"), epoch: epoch(), seq: 2, code: "screen-rejected".to_owned(), count: 1 };
        let rest = [packed(1), left(1), packed(2), refused, left(2)];
        [opening(side), rest.to_vec()].concat()
    });
    extend(&mut log, |heads| {
        let resent =
            Event::Resent { channel: channel("files"), epoch: epoch(), from: 1, to: 1, count: 1, operator: "li".to_owned() };
        let again = Event::Again { channel: channel("files"), operator: "li".to_owned() };
        let peer = signal(Side::Inner, 1, heads[7]);
        vec![packed(3), left(3), peer, resent, left(1), again, packed(4), left(4)]
    });
    extend(&mut log, |heads| {
        let peer = signal(Side::Inner, 2, heads[14]);
        let stop = Event::Stop { run: RunId::from_bytes([0x5A; 16]) };
        vec![peer, packed(5), left(5), packed(6), left(6), stop]
    });
    log
}

fn inner_log() -> Log {
    let side = Side::Inner;
    let mut log = Log { side, segments: Vec::new() };
    extend(&mut log, |heads| {
        let rest = [seen(1, Place::Next, LogHead::NONE), applied(1), seen(3, Place::Early, heads[0]), gap(2, 2)];
        [opening(side), rest.to_vec()].concat()
    });
    extend(&mut log, |heads| {
        let hold = |code: &str| Event::Hold { channel: channel("files"), code: code.to_owned() };
        let released = Event::Released { channel: channel("files"), code: "disk".to_owned(), operator: "li".to_owned() };
        let peer = signal(Side::Outer, 40, heads[6]);
        vec![seen(2, Place::Next, heads[5]), gap_closed(2, 2), applied(2), applied(3), peer, hold("disk"), released]
    });
    extend(&mut log, |heads| {
        let aside = Event::Aside { code: "magic".to_owned(), count: 3, first: sha256(&[b"junk"]) };
        let other = Event::Equivocation {
            channel: channel("files"),
            epoch: epoch(),
            seq: 6,
            header: header(6),
            other: sha256(&[b"the other packet 6"]),
        };
        vec![
            aside,
            seen(6, Place::Early, heads[12]),
            gap(4, 5),
            waived(4, 5),
            applied(6),
            seen(4, Place::Late, heads[12]),
            other,
        ]
    });
    log
}

struct Bench {
    cases: Vec<Case>,
}

impl Bench {
    fn push(&mut self, expect: &'static str, code: &'static str, about: String, files: Files) {
        let slug = if code.is_empty() { "pass" } else { code };
        let name = format!("{:03}-{slug}", self.cases.len() + 1);
        self.cases.push(Case { name, about, expect, code, files });
    }

    fn fail(&mut self, code: &'static str, about: String, files: Files) {
        self.push("FAIL", code, about, files);
    }

    /// Edits bytes of the written log, one case for each segment and each side.
    fn everywhere(&mut self, code: &'static str, about: &str, edit: impl Fn(&mut Written, usize)) {
        for log in [outer_log(), inner_log()] {
            for segment in 0..3 {
                let mut written = write(&log, "log");
                edit(&mut written, segment);
                let about = format!("{} log, segment {}: {about}", side_name(log.side), segment + 1);
                self.fail(code, about, written.files());
            }
        }
    }

    /// Rewrites the log from its plan, so that the hash chain is right again.
    fn rewritten(&mut self, code: &'static str, about: &str, log: &Log, keep_notes: bool, edit: impl Fn(&mut Log)) {
        let honest = write(log, "log");
        let mut log = log.clone();
        edit(&mut log);
        let mut written = write(&log, "log");
        if keep_notes {
            written.notes = honest.notes;
        }
        let about = format!("{} log: {about}", side_name(log.side));
        self.fail(code, about, written.files());
    }

    fn file(&mut self, case: (&'static str, &'static str), about: &str, log: &Log, edit: impl Fn(&mut Files)) {
        let mut files = write(log, "log").files();
        edit(&mut files);
        let about = format!("{} log: {about}", side_name(log.side));
        self.push(case.0, case.1, about, files);
    }
}

/// All cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut bench = Bench { cases: Vec::new() };
    honest(&mut bench);
    edited(&mut bench);
    rehashed(&mut bench);
    with_the_live_key(&mut bench);
    directories(&mut bench);
    contradictions(&mut bench);
    without_keys(&mut bench);
    link_lines::cases(&mut bench);
    bench.cases
}

fn honest(bench: &mut Bench) {
    for log in [outer_log(), inner_log()] {
        bench.file(("PASS", ""), "as it was written", &log, |_| {});
    }
    let log = inner_log();
    bench.file(("PASS", ""), "the last line is torn by a crash", &log, |files| {
        file(files, "000000000017.jsonl").extend(b"{\"n\":25,\"prev\":\"00");
    });
    bench.file(("PASS", ""), "the last note is torn by a crash", &log, |files| {
        let notes = file(files, "000000000017.checkpoints");
        notes.truncate(notes.len() - 40);
    });
    bench.file(("PASS", ""), "the last note is lost", &log, |files| {
        let notes = file(files, "000000000017.checkpoints");
        let half = notes.len() / 2;
        notes.truncate(half);
    });
    bench.file(("PASS", ""), "the oldest segment is past its retention", &log, |files| {
        files.retain(|(name, _)| !name.starts_with("000000000001"));
    });
    bench.file(("PASS", ""), "hidden and other files are there", &log, |files| {
        files.push((".tmp".to_owned(), b"half".to_vec()));
        files.push(("README".to_owned(), b"hello\n".to_vec()));
    });
    let mut unknown = outer_log();
    unknown.segments[2].notes.clear();
    let mut written = write(&unknown, "log");
    let last = written.segments[2].pop().expect("a stop line");
    let (front, _) = last.split_once("\"kind\"").expect("a kind");
    written.segments[2].push(format!("{front}\"kind\":\"weather\",\"sky\":\"blue\",\"wind\":3,\"rain\":false}}"));
    bench.push("PASS", "", "outer log: a line of an unknown kind".to_owned(), written.files());
}

fn file<'a>(files: &'a mut Files, name: &str) -> &'a mut Vec<u8> {
    let found = files.iter_mut().find(|(other, _)| other == name);
    &mut found.expect("the log has this file").1
}

fn edited(bench: &mut Bench) {
    bench.everywhere("line-prev", "a value was changed", |log, segment| {
        let line = &mut log.segments[segment][2];
        *line = line.replace("\"boot\":\"00c0ffee\"", "\"boot\":\"00c0ffef\"");
    });
    bench.everywhere("line-number", "a line was taken out", |log, segment| {
        log.segments[segment].remove(3);
    });
    bench.everywhere("line-number", "a line stands twice", |log, segment| {
        let line = log.segments[segment][3].clone();
        log.segments[segment].insert(3, line);
    });
    bench.everywhere("line-number", "two lines changed places", |log, segment| {
        log.segments[segment].swap(3, 4);
    });
    bench.everywhere("line-shape", "two keys changed places", |log, segment| {
        let line = &mut log.segments[segment][3];
        let n = line.find(",\"prev\"").expect("a prev");
        let at = line.find(",\"at\"").expect("an at");
        let swapped = format!("{{{}{},{}{}", &line[n + 1..at], "", &line[1..n], &line[at..]);
        *line = swapped;
    });
    bench.everywhere("line-shape", "a blank was put in", |log, segment| {
        let line = &mut log.segments[segment][4];
        *line = line.replacen("\",\"", "\", \"", 1);
    });
    bench.everywhere("segment-head", "the tree in the first line was changed", |log, segment| {
        let line = &mut log.segments[segment][0];
        *line = line.replace("\"size\":", "\"size\":1");
    });
    shapes(bench);
}

fn shapes(bench: &mut Bench) {
    type Edit = fn(&str) -> String;
    let edits: [(&str, Edit); 7] = [
        ("a number with a leading zero", |line| line.replace("\"mono\":", "\"mono\":0")),
        ("a number with a fraction", |line| line.replace(",\"boot\"", ".0,\"boot\"")),
        ("a digest in capitals", |line| {
            let prev = line.split('"').nth(5).expect("a prev").to_owned();
            line.replace(&prev, &prev.to_uppercase())
        }),
        ("a key that the kind does not have", |line| line.replace('}', ",\"note\":\"\"}")),
        ("a nested value", |line| line.replace('}', ",\"note\":{}}")),
        ("a letter written as an escape", |line| line.replace("files", "\\u0066iles")),
        ("longer than 4,096 bytes", |line| line.replace('}', &format!(",\"note\":\"{}\"}}", "x".repeat(4096)))),
    ];
    for (about, edit) in edits {
        let mut written = write(&outer_log(), "log");
        let line = &mut written.segments[1][1];
        *line = edit(line);
        bench.fail("line-shape", format!("outer log: {about}"), written.files());
    }
    let mut written = write(&outer_log(), "log");
    written.segments[1][3] = "这不是 JSON".to_owned();
    bench.fail("line-shape", "outer log: a line that is not JSON".to_owned(), written.files());
}

fn rehashed(bench: &mut Bench) {
    for log in [outer_log(), inner_log()] {
        let why = "a line was changed and the chain repaired, without the log key";
        bench.rewritten("checkpoint-root", why, &log, true, |log| {
            log.segments[0].events[1] = Event::Stop { run: RunId::from_bytes([1; 16]) };
        });
        let why = "a line was taken out and the chain repaired, without the log key";
        bench.rewritten("checkpoint-ahead", why, &log, true, |log| {
            log.segments[2].events.pop();
        });
    }
    let log = outer_log();
    let mut stolen = write(&log, "log");
    stolen.notes = write(&log, "stranger").notes;
    bench.fail("checkpoint-key", "outer log: notes signed with a stranger's key".to_owned(), stolen.files());
    let mut stolen = write(&log, "log");
    stolen.notes = write(&log, "packet").notes;
    bench.fail("checkpoint-key", "outer log: notes signed with the packet key".to_owned(), stolen.files());
}

fn with_the_live_key(bench: &mut Bench) {
    for log in [outer_log(), inner_log()] {
        let why = "history rewritten with the live log key, below what the peer has witnessed";
        bench.rewritten("echo-root", why, &log, false, |log| {
            log.segments[0].events[1] = Event::Stop { run: RunId::from_bytes([1; 16]) };
        });
    }
    let why = "the tail cut with the live log key, below what the peer has witnessed";
    bench.rewritten("echo-root", why, &outer_log(), false, |log| {
        log.segments[1].events.remove(2);
        log.segments[1].notes.clear();
    });
}

fn directories(bench: &mut Bench) {
    let (outer, inner) = (outer_log(), inner_log());
    let missing = ("INCOMPLETE", "segment-missing");
    for log in [&outer, &inner] {
        let second = format!("{:012}.jsonl", write(log, "log").first_line(1));
        bench.file(missing, "the middle segment is missing", log, |files| {
            files.retain(|(name, _)| *name != second);
        });
        let third = format!("{:012}.jsonl", write(log, "log").first_line(2));
        bench.file(missing, "the newest segment is missing, its checkpoints are there", log, |files| {
            files.retain(|(name, _)| *name != third);
        });
        bench.file(("INCOMPLETE", "unsigned"), "all checkpoints are missing", log, |files| {
            files.retain(|(name, _)| !name.ends_with(".checkpoints"));
        });
        bench.file(("INCOMPLETE", "keyring-missing"), "the first keyring is missing", log, |files| {
            files.retain(|(name, _)| name != "keyring-000001.txt");
        });
        bench.file(("INCOMPLETE", "keyring-missing"), "the peer's keyring is missing", log, |files| {
            files.retain(|(name, _)| !name.starts_with("peer-"));
        });
    }
    bench.file(("FAIL", "segment-unreadable"), "a compressed segment is cut short", &outer, |files| {
        let frame = file(files, "000000000001.jsonl.zst");
        frame.truncate(frame.len() - 9);
    });
    bench.file(("FAIL", "segment-unreadable"), "bytes follow a compressed segment", &outer, |files| {
        file(files, "000000000001.jsonl.zst").extend(b"more");
    });
    bench.file(("FAIL", "segment-two-forms"), "plain and compressed differ", &outer, |files| {
        files.push(("000000000001.jsonl".to_owned(), b"{}\n".to_vec()));
    });
    bench.file(("FAIL", "checkpoint-signature"), "a note's size was changed", &outer, |files| {
        let notes = file(files, "000000000010.checkpoints");
        let text = String::from_utf8(notes.clone()).expect("a note is text");
        *notes = text.replace("\n18\n", "\n17\n").into_bytes();
    });
    bench.file(("FAIL", "checkpoint-shape"), "a note's size has a leading zero", &outer, |files| {
        let notes = file(files, "000000000010.checkpoints");
        let at = notes.iter().position(|&byte| byte == b'\n').expect("a line");
        notes.insert(at + 1, b'0');
    });
    bench.file(("FAIL", "checkpoint-order"), "the notes stand in the other order", &outer, |files| {
        let notes = file(files, "000000000010.checkpoints");
        let text = String::from_utf8(notes.clone()).expect("a note is text");
        let second = text.match_indices("dukou/").nth(2).expect("two notes").0;
        *notes = format!("{}{}", &text[second..], &text[..second]).into_bytes();
    });
    keyring_files(bench, &outer);
}

fn keyring_files(bench: &mut Bench, log: &Log) {
    let second = "keyring-000002.txt";
    bench.file(("FAIL", "keyring-signature"), "a keyring was changed", log, |files| {
        let text = String::from_utf8(file(files, second).clone()).expect("a keyring is text");
        *file(files, second) = text.replace("\"to\":5", "\"to\":9").into_bytes();
    });
    bench.file(("FAIL", "keyring-chain"), "the second keyring is a stranger's", log, |files| {
        let mut keys = good_keys();
        keys[0] = key_object(1, 0, &Signing::new("stranger").public, 1, 0);
        keys[2] = key_object(3, 0, &Signing::new("stranger log").public, 0, 0);
        keys[5] = key_object(6, 0, &x25519_public("stranger"), 1, 0);
        let object = keyring_object(&SENDER, 2, &[7; 32], &keys);
        *file(files, second) = keyring_text(&object, "stranger").into_bytes();
    });
    bench.file(("FAIL", "keyring-name"), "the first keyring lies there as the second", log, |files| {
        *file(files, second) = file(files, "keyring-000001.txt").clone();
    });
    bench.file(("FAIL", "station"), "the keyrings of the other station", log, |files| {
        for (index, text) in keyrings(Side::Inner).into_iter().enumerate() {
            *file(files, &format!("keyring-{:06}.txt", index + 1)) = text.into_bytes();
        }
    });
}

fn contradictions(bench: &mut Bench) {
    let (outer, inner) = (outer_log(), inner_log());
    let mut outer_case = |code, about: &str, edit: &dyn Fn(&mut Log)| {
        bench.rewritten(code, about, &outer, false, edit);
    };
    outer_case("packed-seq", "a seq is skipped", &|log| log.segments[2].events[1] = packed(9));
    outer_case("packed-seq", "a seq is packed twice", &|log| {
        log.segments[2].events[1] = packed(4);
    });
    outer_case("packed-number", "a number does not rise", &|log| {
        if let Event::Packed { number, .. } = &mut log.segments[2].events[1] {
            *number = 6;
        }
    });
    outer_case("left-unknown", "a packet was placed that was never packed", &|log| {
        log.segments[2].events[2] = left(8);
    });
    outer_case("init-place", "a second init", &|log| {
        let init = opening(Side::Outer).swap_remove(0);
        log.segments[2].events.push(init);
    });
    outer_case("peer-falls", "the peer's log shrank", &|log| {
        if let Event::Signal { size, .. } = &mut log.segments[2].events[0] {
            *size = 5;
        }
    });
    outer_case("peer-two-roots", "the peer's log has two roots for one size", &|log| {
        if let Event::Signal { size, .. } = &mut log.segments[2].events[0] {
            *size = 31;
        }
    });
    outer_case("echo-ahead", "the peer vouches for lines that did not exist", &|log| {
        if let Event::Signal { echo_size, .. } = &mut log.segments[2].events[0] {
            *echo_size = 20;
        }
    });
    let mut inner_case = |verdict, code, about: &str, edit: &dyn Fn(&mut Log)| {
        let mut log = inner.clone();
        edit(&mut log);
        let files = write(&log, "log").files();
        bench.push(verdict, code, format!("inner log: {about}"), files);
    };
    inner_case("FAIL", "applied-seq", "applied over a gap that nobody waived", &|log| {
        log.segments[2].events[3] = gap(4, 5);
    });
    inner_case("FAIL", "applied-seq", "a packet is applied twice", &|log| {
        log.segments[2].events[6] = applied(6);
    });
    inner_case("FAIL", "applied-unseen", "another packet is applied than was seen", &|log| {
        if let Event::Applied { header, .. } = &mut log.segments[2].events[4] {
            *header = sha256(&[b"another"]);
        }
    });
    inner_case("FAIL", "applied-unseen", "a packet is applied that was never seen", &|log| {
        log.segments[2].events.push(applied(7));
    });
    inner_case("INCOMPLETE", "packet-missing", "a gap is open", &|log| {
        log.segments[2].events.push(gap(7, 9));
    });
    inner_case("INCOMPLETE", "packet-missing", "a later packet was seen, no gap was logged", &|log| {
        log.segments[2].events.push(seen(8, Place::Early, LogHead::NONE));
    });
}

fn without_keys(bench: &mut Bench) {
    let log = outer_log();
    bench.file(("INCOMPLETE", "keyring-missing"), "all own keyrings are missing", &log, |files| {
        files.retain(|(name, _)| !name.starts_with("keyring-"));
    });
    bench.file(("FAIL", "segment-overlap"), "a segment is named as if it began earlier", &log, |files| {
        let third = file(files, "000000000019.jsonl").clone();
        files.push(("000000000015.jsonl".to_owned(), third));
    });
    bench.file(("FAIL", "line-shape"), "a segment in the middle ends within a line", &log, |files| {
        let second = file(files, "000000000010.jsonl");
        second.pop();
    });
    bench.file(("FAIL", "segment-missing"), "a segment in the middle is empty", &log, |files| {
        file(files, "000000000010.jsonl").clear();
    });
}

/// The cases of stations that went on from an older copy of their state, and of epochs, numbered by themselves.
pub(crate) fn epoch_cases() -> Vec<Case> {
    let mut bench = Bench { cases: Vec::new() };
    let shrunk = |log: &mut Log| {
        if let Event::Signal { size, .. } = &mut log.segments[2].events[0] {
            *size = 5;
        }
    };
    let (own, peer) = (restored(Side::Outer), restored(Side::Inner));
    let mut outer_case = |verdict, code, about: &str, line: &Event, edit: &dyn Fn(&mut Log)| {
        let mut log = outer_log();
        edit(&mut log);
        log.segments[2].events.insert(0, line.clone());
        let files = write(&log, "log").files();
        bench.push(verdict, code, format!("outer log: {about}"), files);
    };
    outer_case("PASS", "", "the peer was restored, and its log is shorter", &peer, &shrunk);
    outer_case("FAIL", "peer-falls", "this station was restored, and the peer's log shrank", &own, &shrunk);
    outer_case(
        "INCOMPLETE",
        "lines-lost",
        "this station was restored, and the peer speaks of lines that were lost",
        &own,
        &ahead,
    );
    outer_case("INCOMPLETE", "lines-lost", "this station was restored, and the peer speaks of another line", &own, &other_root);
    outer_case("FAIL", "echo-ahead", "the peer was restored and vouches for lines that did not exist", &peer, &ahead);
    outer_case("FAIL", "echo-root", "the peer was restored and vouches for another log", &peer, &other_root);
    let mut inner_case = |verdict, code, about: &str, old_seq: u64| {
        let mut log = inner_log();
        log.segments[2].events.extend([gap(7, 9), epoch_opened(old_seq)]);
        let files = write(&log, "log").files();
        bench.push(verdict, code, format!("inner log: {about}"), files);
    };
    inner_case("PASS", "", "a new epoch begins before the gap: its records come again", 6);
    inner_case("INCOMPLETE", "packet-missing", "a new epoch begins within the gap", 8);
    inner_case("INCOMPLETE", "packet-missing", "a new epoch begins behind the gap", 9);
    let mut rewritten = outer_log();
    ahead(&mut rewritten);
    rewritten.segments[1].events.insert(0, own);
    let files = write(&rewritten, "log").files();
    let about = "outer log: rewritten with the live key, and a line long before says that this station was restored";
    bench.push("INCOMPLETE", "lines-lost", about.to_owned(), files);
    released::cases(&mut bench);
    renumbered::cases(&mut bench);
    structure::cases(&mut bench);
    reporting::cases(&mut bench);
    for case in &mut bench.cases {
        case.name = format!("epoch-{}", case.name);
    }
    bench.cases
}

/// The peer speaks of lines that are not there.
fn ahead(log: &mut Log) {
    if let Event::Signal { echo_size, .. } = &mut log.segments[2].events[0] {
        *echo_size = 30;
    }
}

/// The peer speaks of another line.
fn other_root(log: &mut Log) {
    if let Event::Signal { echo_root, .. } = &mut log.segments[2].events[0] {
        *echo_root = sha256(&[b"another root"]);
    }
}

fn restored(side: Side) -> Event {
    Event::Restored { peer: station(side), run: RunId::from_bytes([0x6B; 16]), number: 41 }
}

fn epoch_opened(old_seq: u64) -> Event {
    Event::EpochOpened {
        channel: channel("files"),
        epoch: Epoch { counter: 2, salt: [1; 8] },
        old_epoch: epoch(),
        old_seq,
        old_header: header(old_seq),
        operator: String::new(),
    }
}
