//! What holds for every value, and that no mutant of a good value makes a parser panic.

use dukou_packets::keyring::{Keyring, Side};
use dukou_packets::log::checkpoint::{Checkpoint, split_notes};
use dukou_packets::log::line::{AnyValue, Event, Line, Place, Stamp};
use dukou_packets::packet::armor::{armor, read_whole};
use dukou_packets::packet::header::{ChannelName, Class, Environment, Epoch, Extension, Header, LogHead, Stanza};
use dukou_packets::packet::open::{HEAD_MAX, VerifiedHead, decode_records, read_head, read_unverified};
use dukou_packets::packet::records::RecordsBuilder;
use dukou_packets::packet::repair::ParityTable;
use dukou_packets::packet::seal::prepare_records;
use dukou_packets::packet::signal::Signal;
use dukou_packets::suite::{Digest, KeyId, LinkId, RunId, StationId, Suite, Unwrapper, sha256};
use proptest::prelude::*;

use crate::world::{self, Seeded};

fn digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest::from_bytes)
}

fn channel() -> impl Strategy<Value = ChannelName> {
    "[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?".prop_map(|name| name.parse().expect("the pattern is that of channels"))
}

fn epoch() -> impl Strategy<Value = Epoch> {
    (1u32.., any::<[u8; 8]>()).prop_map(|(counter, salt)| Epoch { counter, salt })
}

fn station() -> impl Strategy<Value = StationId> {
    any::<[u8; 16]>().prop_map(StationId::from_bytes)
}

fn stanza() -> impl Strategy<Value = Stanza> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..90);
    (1u8..=3, any::<[u8; 8]>(), bytes(), bytes()).prop_map(|(kem, id, enc, wrapped)| Stanza {
        kem,
        key_id: KeyId::from_bytes(id),
        enc,
        wrapped,
    })
}

fn extensions() -> impl Strategy<Value = Vec<Extension>> {
    let bytes = prop::collection::vec(any::<u8>(), 0..60);
    prop::collection::btree_map(any::<u16>(), bytes, 0..5)
        .prop_map(|map| map.into_iter().map(|(kind, value)| Extension { kind, value }).collect())
}

prop_compose! {
    fn header()(
        ids in (any::<[u8; 16]>(), station(), station(), any::<[u8; 8]>()),
        numbers in (1u64..=1 << 53, any::<i64>(), 1u64..=1 << 53, any::<u32>(), any::<u32>()),
        digests in (digest(), digest(), digest(), digest(), digest()),
        lengths in (1u32..=65_536, 0u64..=32 << 20, 0u64..=32 << 20, 0u64..=1 << 53, 1u64..=1 << 53),
        flags in any::<(bool, bool)>(),
        epoch in epoch(),
        channel in channel(),
        recipients in prop::collection::vec(stanza(), 1..=3),
        extensions in extensions(),
    ) -> Header {
        Header {
            class: Class::Cargo,
            kind: 1,
            urgent: flags.0,
            in_clear: false,
            environment: if flags.1 { Environment::Test } else { Environment::Production },
            link: LinkId::from_bytes(ids.0),
            sender: ids.1,
            addressee: ids.2,
            signing_key: KeyId::from_bytes(ids.3),
            number: numbers.0,
            sender_clock_ms: numbers.1,
            epoch,
            seq: numbers.2,
            prev: digests.0,
            structure_written: numbers.3,
            structure_needed: numbers.4,
            record_format: 1,
            compression: 1,
            record_count: lengths.0,
            root: digests.1,
            plain_len: lengths.1,
            payload_len: lengths.2,
            payload_digest: digests.2,
            own_log: LogHead { size: lengths.3, root: digests.3 },
            peer_log: LogHead { size: lengths.4, root: digests.4 },
            channel: Some(channel),
            recipients,
            extensions,
        }
    }
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0u64..100, 0u64..=1 << 53]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[a-z0-9 \"\\\\\u{0}-\u{1f}\u{7f}张]{0,40}"]
        .prop_filter("a line is short", |text| text.len() < 300)
}

fn code() -> impl Strategy<Value = String> {
    "[a-z-]{1,20}"
}

fn any_value() -> impl Strategy<Value = AnyValue> {
    prop_oneof![text().prop_map(AnyValue::Text), number().prop_map(AnyValue::Number), any::<bool>().prop_map(AnyValue::Flag)]
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Inner), Just(Side::Outer)]
}

fn run() -> impl Strategy<Value = RunId> {
    any::<[u8; 16]>().prop_map(RunId::from_bytes)
}

fn station_event() -> impl Strategy<Value = Event> {
    let channels = prop::collection::vec(channel(), 0..4);
    prop_oneof![
        (number(), digest(), prop::collection::vec(digest(), 0..5)).prop_map(|(size, root, peaks)| Event::Segment {
            size,
            root,
            peaks
        }),
        (station(), side(), digest()).prop_map(|(station, side, keyring)| Event::Init {
            station,
            side,
            environment: Environment::Test,
            keyring
        }),
        (run(), text(), number()).prop_map(|(run, version, cut)| Event::Start { run, version, cut }),
        run().prop_map(|run| Event::Stop { run }),
        (station(), side(), digest(), any::<bool>(), channels, text()).prop_map(
            |(peer, side, keyring, compared, channels, operator)| Event::Trust {
                peer,
                side,
                keyring,
                compared,
                channels,
                operator
            }
        ),
        (code(), number(), digest()).prop_map(|(code, count, first)| Event::Aside { code, count, first }),
        (channel(), text()).prop_map(|(channel, operator)| Event::Again { channel, operator }),
        (channel(), code()).prop_map(|(channel, code)| Event::Hold { channel, code }),
        (channel(), code(), text()).prop_map(|(channel, code, operator)| Event::Released { channel, code, operator }),
        (number(), digest()).prop_map(|(number, header)| Event::Left { number, header }),
        (run(), number(), code(), text()).prop_map(|(run, number, code, operator)| Event::Renumbered {
            run,
            number,
            code,
            operator
        }),
        unknown_event(),
    ]
}

fn unknown_event() -> impl Strategy<Value = Event> {
    let fields = prop::collection::btree_map("[a-z_]{3,10}x", any_value(), 0..5);
    ("[a-z-]{1,10}x", fields).prop_map(|(kind, fields)| Event::Unknown { kind, fields: fields.into_iter().collect() })
}

type Numbers = (u64, u64, u64, u64, u64);

fn channel_event() -> impl Strategy<Value = Event> {
    let numbers = || (number(), number(), number(), number(), number());
    let place = prop_oneof![Just(Place::Next), Just(Place::Early), Just(Place::Late)];
    let common = (channel(), epoch(), numbers(), numbers(), digest(), digest(), digest(), text(), station(), place);
    (0..25usize, common).prop_map(|(which, (channel, epoch, n, m, header, root, third, operator, peer, place))| {
        let (a, b, seq, records, tombstones): Numbers = n;
        let (size, echo_size, count, number, bytes): Numbers = m;
        match which {
            0 => Event::Packed { number, channel, epoch, seq, header, root, records, tombstones, plain: a, bytes },
            1 => Event::Refused { channel, epoch, seq, code: operator, count },
            2 => Event::Seen {
                peer,
                number,
                channel,
                epoch,
                seq,
                header,
                root,
                records,
                size,
                peer_root: third,
                echo_size,
                echo_root: root,
                place,
            },
            3 => Event::Applied { channel, epoch, seq, header, records, tombstones },
            4 => Event::Gap { channel, epoch, from: a.min(b), to: a.max(b) },
            5 => Event::GapClosed { channel, epoch, from: a.min(b), to: a.max(b) },
            6 => Event::Waived { channel, epoch, from: a.min(b), to: a.max(b), operator },
            7 => Event::Equivocation { channel, epoch, seq, header, other: third },
            8 => Event::Resent { channel, epoch, from: a.min(b), to: a.max(b), count, operator },
            9 => Event::Signal { peer, number, header, size, peer_root: root, echo_size, echo_root: third },
            10 => Event::Repeated { channel, epoch, from: a.min(b), to: a.max(b), count, code: operator },
            11 => Event::Replayed { channel, epoch, from: a.min(b), to: a.max(b), count, operator },
            12 => Event::EpochOpened { channel, epoch, old_epoch: epoch, old_seq: seq, old_header: header, operator },
            13 => Event::Resealed { channel, epoch, from: a.min(b), to: a.max(b), count, operator },
            14 => Event::Alarm { code: operator.clone(), subject: operator },
            15 => Event::AlarmClosed { code: operator.clone(), subject: operator },
            16 => Event::Acknowledged { code: operator.clone(), subject: operator.clone(), operator },
            17 => Event::Maintenance { until: operator.clone(), operator },
            18 => Event::MediaWritten { disc: operator.clone(), volumes: a, packets: b, list: header, operator },
            19 => Event::MediaRead { disc: operator.clone(), volumes: a, packets: b, list: header, operator },
            20 => Event::ClockStep { before: operator },
            21 => Event::Keyring { keyring: header, number: a, operator },
            22 => Event::Structure {
                structure: operator.clone(),
                to: a,
                base: header,
                document: root,
                plan: third,
                code: operator.clone(),
                key: operator.clone(),
                operator,
            },
            23 => Event::Reporting { county: operator.clone(), day: operator.clone(), code: operator.clone(), operator },
            _ => Event::Again { channel, operator },
        }
    })
}

fn line() -> impl Strategy<Value = Line> {
    let event = prop_oneof![station_event(), channel_event()];
    let stamp = (-62_167_219_200_000i64..253_402_300_800_000, number(), any::<u32>());
    (number(), digest(), stamp, event).prop_map(|(n, prev, (at_ms, mono_ms, boot), event)| Line {
        n,
        prev,
        stamp: Stamp { at_ms, mono_ms, boot },
        event,
    })
}

/// Changes some bytes, and cuts or doubles a piece.
fn mutate(
    good: &[u8],
    edits: &[(prop::sample::Index, u8)],
    cut: (prop::sample::Index, prop::sample::Index),
    double: bool,
) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for (at, byte) in edits {
        let at = at.index(bytes.len());
        bytes[at] = *byte;
    }
    let (a, b) = (cut.0.index(bytes.len()), cut.1.index(bytes.len()));
    let (from, to) = (a.min(b), a.max(b).min(a.min(b) + 40));
    if double {
        let piece = bytes[from..to].to_vec();
        bytes.splice(to..to, piece);
    } else if edits.len().is_multiple_of(2) {
        bytes.drain(from..to);
    }
    bytes
}

type Mutation = (Vec<(prop::sample::Index, u8)>, (prop::sample::Index, prop::sample::Index), bool);

fn mutation() -> impl Strategy<Value = Mutation> {
    (
        prop::collection::vec(any::<(prop::sample::Index, u8)>(), 0..6),
        any::<(prop::sample::Index, prop::sample::Index)>(),
        any::<bool>(),
    )
}

proptest! {
    #[test]
    fn a_header_reads_back(header in header()) {
        match header.encode() {
            Ok(bytes) => prop_assert_eq!(Header::decode(&bytes), Ok(header)),
            Err(fault) => prop_assert_eq!(fault.to_string(), "payload_len is outside its range"),
        }
    }

    #[test]
    fn a_header_that_is_accepted_is_written_the_same(header in header(), m in mutation()) {
        let Ok(good) = header.encode() else { return Ok(()) };
        let mutant = mutate(&good, &m.0, m.1, m.2);
        if let Ok(read) = Header::decode(&mutant) {
            prop_assert_eq!(read.encode(), Ok(mutant));
        }
    }

    #[test]
    fn a_line_reads_back(line in line()) {
        let text = line.render();
        prop_assert!(!text.contains('\n'));
        prop_assert_eq!(Line::parse(text.as_bytes()), Ok(line));
        let json: serde_json::Value = serde_json::from_str(&text).expect("a line is JSON");
        prop_assert!(json.is_object());
    }

    #[test]
    fn a_range_that_ends_before_it_begins_is_refused(from in 1u64..100, to in 0u64..100) {
        let event = Event::Gap { channel: "a".parse().expect("a name"), epoch: Epoch { counter: 1, salt: [0; 8] }, from, to };
        let line = Line { n: 1, prev: Digest::ZERO, stamp: Stamp { at_ms: 0, mono_ms: 0, boot: 0 }, event };
        prop_assert_eq!(Line::parse(line.render().as_bytes()).is_ok(), from <= to);
    }

    #[test]
    fn a_line_that_is_accepted_is_written_the_same(line in line(), m in mutation()) {
        let mutant = mutate(line.render().as_bytes(), &m.0, m.1, m.2);
        if let Ok(read) = Line::parse(&mutant) {
            prop_assert_eq!(read.render().into_bytes(), mutant);
        }
    }

    #[test]
    fn strings_are_written_as_serde_json_writes_them(text in text()) {
        let event = Event::Again { channel: "a".parse().expect("a name"), operator: text.clone() };
        let line = Line { n: 1, prev: Digest::ZERO, stamp: Stamp { at_ms: 0, mono_ms: 0, boot: 0 }, event };
        let quoted = serde_json::to_string(&text).expect("a string has a JSON form");
        let ending = format!("\"operator\":{quoted}}}");
        prop_assert!(line.render().ends_with(&ending));
    }

    #[test]
    fn no_mutant_of_a_packet_head_panics_or_is_accepted(m in mutation()) {
        let signer = world::signer("packet");
        let good = world::file_of(&world::seal_files(Suite::Aes256Gcm, &[b"body"], &signer));
        let keyring = world::sender_keyring();
        let head_len = read_head(&good, &keyring).expect("it verifies").head_len;
        let mutant = mutate(&good[..head_len], &m.0, m.1, m.2);
        let _ = read_unverified(&mutant);
        let accepted = read_head(&mutant[..mutant.len().min(HEAD_MAX)], &keyring);
        prop_assert!(accepted.is_err() || mutant.starts_with(&good[..head_len]));
    }

    #[test]
    fn no_mutant_of_a_keyring_or_checkpoint_is_accepted(m in mutation()) {
        let keyring = world::sender_keyring();
        let mutant = mutate(keyring.text().as_bytes(), &m.0, m.1, m.2);
        prop_assert!(Keyring::parse(&mutant).is_err() || mutant == keyring.text().as_bytes());
        let checkpoint = Checkpoint { station: keyring.body().station, size: 5, root: sha256(&[b"root"]) };
        let note = checkpoint.sign(&world::signer("log")).expect("it signs");
        let mutant = mutate(note.as_bytes(), &m.0, m.1, m.2);
        if let Ok(mutant) = std::str::from_utf8(&mutant) {
            let opened = Checkpoint::open(mutant, &keyring.body().keys);
            prop_assert!(opened.is_err() || mutant == note);
        }
    }

    #[test]
    fn random_bytes_make_no_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let keyring = world::sender_keyring();
        prop_assert!(read_head(&bytes, &keyring).is_err());
        prop_assert!(Header::decode(&bytes).is_err());
        prop_assert!(Line::parse(&bytes).is_err());
        prop_assert!(Keyring::parse(&bytes).is_err());
        prop_assert!(Signal::parse(&bytes).is_err());
        prop_assert!(ParityTable::parse(&bytes, bytes.len() as u64).is_err() || bytes.first() == Some(&1));
        let armored = [&b"DUKOU-ARMOR-1\n"[..], &bytes].concat();
        prop_assert!(read_whole(armored).is_err() || bytes.is_empty());
    }

    #[test]
    fn armor_gives_every_packet_back_and_no_mutant_of_it_gives_another(
        packet in prop::collection::vec(any::<u8>(), 0..400), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let text = armor(&[&packet]);
        prop_assert_eq!(read_whole(text.clone()), Ok(packet.clone()));
        let mut mutant = text.clone();
        let at = at.index(mutant.len());
        mutant[at] = byte;
        // A letter for a letter gives other bytes, which the packet's own digests find; never the same ones.
        prop_assert!(mutant == text || read_whole(mutant) != Ok(packet));
    }

    #[test]
    fn notes_are_cut_without_losing_a_byte(text in "[a\n]{0,60}") {
        prop_assert_eq!(split_notes(&text).collect::<String>(), text.clone());
        prop_assert!(split_notes(&text).all(|note| note.matches('\n').count() <= 5));
    }
}

fn record_packet(bodies: &[Vec<u8>]) -> (VerifiedHead, Vec<u8>) {
    let random = Seeded::new("properties");
    let mut records = RecordsBuilder::new(&random);
    for (index, body) in bodies.iter().enumerate() {
        let meta = world::file_meta(&format!("{index}"), body);
        records.push(&meta, &[body], sha256(&[body])).expect("it fits");
    }
    let recipients = [world::recipient("addressee")];
    let sealed = prepare_records(&world::envelope(Suite::ChaCha20Poly1305, &recipients), records, 3, &random)
        .and_then(|prepared| prepared.seal_cargo(&world::place(), &world::statement(), &world::signer("packet")))
        .expect("it seals");
    let head = read_head(&sealed.head, &world::sender_keyring()).expect("it verifies");
    let key = world::unwrapper("addressee");
    let plain = dukou_packets::packet::open::open_payload(&head, sealed.payload, &[&key as &dyn Unwrapper]);
    (head, plain.expect("it opens"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn records_read_back_and_no_mutant_of_them_is_accepted(
        bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..8),
        m in mutation(),
    ) {
        let (head, plain) = record_packet(&bodies);
        let mutant = mutate(&plain, &m.0, m.1, m.2);
        prop_assert!(decode_records(&head, mutant.clone()).is_err() || mutant == plain);
        let records = decode_records(&head, plain).expect("it decodes");
        let came: Vec<_> = records.iter().map(|record| record.body.to_vec()).collect();
        prop_assert_eq!(came, bodies);
    }
}
