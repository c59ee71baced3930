//! What is sealed opens again, for those it is meant for and for nobody else.

use dukou_packets::limits::{BODY_MAX, PLAIN_MAX};
use dukou_packets::packet::header::Class;
use dukou_packets::packet::marker::read_marker;
use dukou_packets::packet::open::{Expectation, KeyBook, PacketKey, Refusal, VerifiedHead};
use dukou_packets::packet::open::{decode_records, open_payload, read_head};
use dukou_packets::packet::records::{RecordFault, RecordsBuilder};
use dukou_packets::packet::seal::{Prepared, SealFault, Sealed, prepare_records, prepare_signal};
use dukou_packets::packet::signal::{ChannelHead, MissingRange, Signal, SignalFault};
use dukou_packets::suite::{KeyId, RunId, SoftSigner, Suite, Unwrapper, sha256};

use crate::world::{self, Seeded};

const SUITES: [Suite; 2] = [Suite::Aes256Gcm, Suite::ChaCha20Poly1305];

fn head_of(sealed: &Sealed) -> VerifiedHead {
    read_head(&sealed.head, &world::sender_keyring()).expect("the head verifies")
}

#[test]
fn bodies_of_every_size_around_a_chunk_come_back() {
    let mut noise = vec![0; (2 << 20) + 500];
    crate::keys::Stream::new("bodies").fill(&mut noise);
    for suite in SUITES {
        for len in [0, 1, 1000, (1 << 20) - 200, (1 << 20) - 60, 1 << 20, (2 << 20) + 500] {
            let bodies = [&noise[..len], b"between", &noise[..len / 2]];
            let sealed = world::seal_files(suite, &bodies, &world::signer("packet"));
            let head = head_of(&sealed);
            assert_eq!(head.header, sealed.header);
            assert_eq!(head.digest, sealed.header_digest);
            assert_eq!(head.expected_len(), sealed.len());
            head.check_address(&world::expectation()).expect("it is addressed right");
            head.check_payload(sha256(&[&sealed.payload]), sealed.payload.len() as u64).expect("it is whole");
            let plain = open_payload(&head, sealed.payload, &[&world::unwrapper("addressee") as &dyn Unwrapper]);
            let records = decode_records(&head, plain.expect("it opens")).expect("it decodes");
            let came: Vec<_> = records.iter().map(|record| record.body).collect();
            assert_eq!(came, bodies, "{suite:?} {len}");
            assert!(records.iter().all(|record| record.body_digest == sha256(&[record.body])));
            assert_eq!((records.len(), records.is_empty()), (3, false));
            assert!(records.get(3).is_none() && records.salt(3).is_none() && records.salt(2).is_some());
        }
    }
}

#[test]
fn the_sender_can_open_what_it_sealed_and_a_stranger_cannot() {
    let sealed = world::seal_files(Suite::Aes256Gcm, &[b"body"], &world::signer("packet"));
    let head = head_of(&sealed);
    let open = |word: &str| open_payload(&head, sealed.payload.clone(), &[&world::unwrapper(word) as &dyn Unwrapper]);
    assert!(open("own").is_ok());
    assert_eq!(open("stranger"), Err(Refusal::NoStanza));
    assert_eq!(open_payload(&head, sealed.payload.clone(), &[]), Err(Refusal::NoStanza));
}

/// A book with one key in which every property can be set.
struct Book<'a> {
    id: KeyId,
    key: PacketKey<'a>,
}

impl KeyBook for Book<'_> {
    fn packet_key(&self, id: KeyId) -> Option<PacketKey<'_>> {
        (id == self.id).then_some(self.key)
    }
}

#[test]
fn a_key_signs_only_under_its_own_suite_and_a_suite_its_keyring_allows() {
    let keyring = world::sender_keyring();
    for suite in SUITES {
        let sealed = world::seal_files(suite, &[b"body"], &world::signer("packet"));
        let id = sealed.header.signing_key;
        for key_suite in [0u16, 1, 2, 3] {
            for suites in [&[][..], &[1], &[2], &[1, 2], &[3]] {
                let key = keyring.packet_key(id).expect("the keyring has the key");
                let book = Book { id, key: PacketKey { suite: key_suite, suites, ..key } };
                let allowed = (key_suite == 0 || key_suite == suite.number()) && suites.contains(&suite.number());
                let expected = if allowed { Ok(()) } else { Err(Refusal::KeyNotAllowed(id)) };
                let read = read_head(&sealed.head, &book).map(|_| ());
                assert_eq!(read, expected, "{suite:?} under a key of {key_suite} with {suites:?}");
            }
        }
    }
}

#[test]
fn a_packet_of_one_suite_does_not_open_as_the_other() {
    for suite in SUITES {
        let sealed = world::seal_files(suite, &[b"body"], &world::signer("packet"));
        let mut head = head_of(&sealed);
        head.suite = if suite == Suite::Aes256Gcm { Suite::ChaCha20Poly1305 } else { Suite::Aes256Gcm };
        let opened = open_payload(&head, sealed.payload, &[&world::unwrapper("addressee") as &dyn Unwrapper]);
        assert_eq!(opened.map_err(|refusal| refusal.code()), Err("unwrap"));
    }
}

#[test]
fn a_packet_of_another_environment_addressee_or_sender_is_refused() {
    use dukou_packets::packet::header::Environment;
    use dukou_packets::suite::StationId;
    let sealed = world::seal_files(Suite::Aes256Gcm, &[b"body"], &world::signer("packet"));
    let mut head = head_of(&sealed);
    let own = world::expectation();
    let check = |head: &VerifiedHead, e: &Expectation| head.check_address(e).map_err(|refusal| refusal.code());
    assert_eq!(check(&head, &own), Ok(()));
    assert_eq!(check(&head, &Expectation { environment: Environment::Test, ..own }), Err("environment"));
    assert_eq!(check(&head, &Expectation { own: StationId::from_bytes([9; 16]), ..own }), Err("addressee"));
    head.signer = StationId::from_bytes([9; 16]);
    assert_eq!(check(&head, &own), Err("sender"));
}

#[test]
fn a_payload_prepared_for_one_class_is_not_sealed_as_another() {
    let random = Seeded::new("classes");
    let recipients = [world::recipient("addressee")];
    let envelope = world::envelope(Suite::Aes256Gcm, &recipients);
    let signer = world::signer("packet");
    let signal = || prepare_signal(&envelope, b"{}", &random).expect("it prepares");
    let cargo = || prepare_files(&random, &[b"x"]).expect("it prepares");
    let wrong = |sealed: Result<Sealed, SealFault>| assert!(matches!(sealed, Err(SealFault::WrongClass)));
    wrong(signal().seal_cargo(&world::place(), &world::statement(), &signer));
    wrong(cargo().seal_signal(&world::statement(), &signer));
    assert!(signal().seal_signal(&world::statement(), &signer).is_ok());
}

fn prepare_files(random: &Seeded, bodies: &[&[u8]]) -> Result<Prepared, SealFault> {
    let recipients = [world::recipient("addressee")];
    let mut records = RecordsBuilder::new(random);
    for body in bodies {
        records.push(&world::file_meta("a", body), &[body], sha256(&[body])).expect("it fits");
    }
    prepare_records(&world::envelope(Suite::Aes256Gcm, &recipients), records, 3, random)
}

#[test]
fn nothing_that_a_reader_would_refuse_is_sealed() {
    let random = Seeded::new("refused");
    assert_eq!(prepare_files(&random, &[]).map(|_| ()), Err(SealFault::NoRecords));
    let signer = world::signer("packet");
    let seal =
        |place| prepare_files(&random, &[b"x"]).and_then(|prepared| prepared.seal_cargo(&place, &world::statement(), &signer));
    let mut place = world::place();
    place.seq = 0;
    assert!(matches!(seal(place), Err(SealFault::Header(_))));
    let mut place = world::place();
    place.epoch.counter = 0;
    assert!(matches!(seal(place), Err(SealFault::Header(_))));
    let recipients = [world::recipient("addressee")];
    let envelope = world::envelope(Suite::Aes256Gcm, &recipients);
    let long = vec![b' '; (1 << 20) + 1];
    let refused = prepare_signal(&envelope, &long, &random).map(|_| ());
    assert_eq!(refused, Err(SealFault::SignalTooLong { len: long.len() as u64 }));
}

#[test]
fn a_builder_that_is_full_says_so_and_stays_as_it_was() {
    let mut records = RecordsBuilder::new(&Seeded::new("full"));
    let body = vec![0; BODY_MAX as usize];
    let meta = world::file_meta("a", &body);
    let digest = sha256(&[&body]);
    records.push(&meta, &[&body], digest).expect("one fits");
    assert!(!records.would_fit(&meta, BODY_MAX));
    let before = (records.count(), records.plain_len());
    assert!(matches!(records.push(&meta, &[&body], digest), Err(RecordFault::Full { .. })));
    assert_eq!((records.count(), records.plain_len()), before);
    let room = PLAIN_MAX - records.plain_len() - meta.encoded_len();
    let last = &body[..room as usize];
    records.push(&world::file_meta("a", last), &[last], sha256(&[last])).expect("it fits exactly");
    assert_eq!(records.plain_len(), PLAIN_MAX);
}

#[test]
fn a_meta_outside_its_ranges_is_not_written() {
    let mut records = RecordsBuilder::new(&Seeded::new("ranges"));
    let digest = sha256(&[b"x"]);
    for name in ["", "/a", "a/", "a//b", "..", "a/../b", "./a", "a\0b"] {
        assert!(records.push(&world::file_meta(name, b"x"), &[b"x"], digest).is_err(), "{name:?}");
    }
    let mut meta = world::file_meta("a", b"xy");
    assert!(records.push(&meta, &[b"x"], digest).is_err());
    meta.part_count = 2;
    assert!(records.push(&meta, &[b"xy"], sha256(&[b"xy"])).is_err());
    assert_eq!(records.count(), 0);
}

#[test]
fn private_keys_and_content_keys_are_not_printed() {
    let signer: SoftSigner = world::signer("packet");
    let seed = crate::keys::hex(&crate::keys::seed("packet"));
    let printed = format!("{signer:?} {:?}", world::unwrapper("packet"));
    assert!(!printed.contains(&seed) && !printed.contains("seed"), "{printed}");
}

#[test]
fn a_signal_opens_to_its_document() {
    let signal = Signal {
        version: 1,
        run: RunId::from_bytes([3; 16]),
        period_seconds: 60,
        heads: vec![ChannelHead {
            channel: world::place().channel,
            epoch: world::place().epoch,
            seq: 3,
            header: sha256(&[b"head"]),
        }],
        checkpoint: None,
        keyring: world::sender_keyring().text().to_owned(),
        applied: Vec::new(),
        missing: vec![MissingRange { channel: world::place().channel, epoch: world::place().epoch, from: 4, to: 6 }],
        waived: Vec::new(),
    };
    let sealed = world::seal_signal(&signal.render(), &world::signer("packet"));
    let head = head_of(&sealed);
    assert_eq!((head.header.class, head.header.channel.as_ref(), head.header.seq), (Class::Signal, None, 0));
    let plain = open_payload(&head, sealed.payload, &[&world::unwrapper("addressee") as &dyn Unwrapper]).expect("it opens");
    assert_eq!(Signal::parse(&plain), Ok(signal));
}

#[test]
fn a_signal_with_an_unknown_key_is_read_and_one_of_another_version_is_not() {
    let start = r#"{"version":1,"run":"00000000000000000000000000000000","period_seconds":0,"heads":[],"checkpoint":null,"keyring":"","applied":[],"missing":[]"#;
    assert!(Signal::parse(format!("{start}}}").as_bytes()).is_ok());
    assert!(Signal::parse(format!("{start},\"weather\":{{}}}}").as_bytes()).is_ok());
    let later = start.replace("\"version\":1", "\"version\":2");
    assert_eq!(Signal::parse(format!("{later}}}").as_bytes()), Err(SignalFault::Version(2)));
    for wrong in [start.to_owned(), format!("{start},\"missing\":[]}}"), format!("{start}}}x"), "[]".to_owned()] {
        assert_eq!(Signal::parse(wrong.as_bytes()), Err(SignalFault::Shape), "{wrong}");
    }
    assert_eq!(Signal::parse(&vec![b' '; (1 << 20) + 1]), Err(SignalFault::TooLong));
}

#[test]
fn a_signal_names_what_was_waived_only_where_something_was() {
    let start = r#"{"version":1,"run":"00000000000000000000000000000000","period_seconds":0,"heads":[],"checkpoint":null,"keyring":"","applied":[],"missing":[]"#;
    let waived = format!(r#"{start},"waived":[{{"channel":"a","epoch":"1-00ff00ff00ff00ff","from":2,"to":3}}]}}"#);
    for document in [format!("{start}}}"), waived.clone()] {
        let signal = Signal::parse(document.as_bytes()).expect("it reads");
        assert_eq!(String::from_utf8(signal.render()).as_deref(), Ok(document.as_str()));
    }
    let beyond = waived.replace("\"to\":3", &format!("\"to\":{}", (1_u64 << 53) + 1));
    assert_eq!(Signal::parse(beyond.as_bytes()), Err(SignalFault::Shape));
}

#[test]
fn a_prepared_payload_can_go_to_another_thread() {
    fn can_go<T: Send>(value: T) -> T {
        value
    }
    let prepared = can_go(prepare_files(&Seeded::new("thread"), &[b"x"]).expect("it prepares"));
    assert_eq!((prepared.number(), prepared.record_count()), (7, 1));
}

#[test]
fn cargo_kinds_without_a_plain_of_their_own_hold() {
    let sealed = world::seal_files(Suite::Aes256Gcm, &[b"body"], &world::signer("packet"));
    let mut head = head_of(&sealed);
    assert_eq!(head.check_critical(), Ok(()));
    for kind in [0, 4, 255] {
        head.header.kind = kind;
        assert_eq!(head.check_critical(), Err(Refusal::Critical), "{kind}");
        let opened = open_payload(&head, sealed.payload.clone(), &[&world::unwrapper("addressee") as &dyn Unwrapper]);
        assert_eq!(opened, Err(Refusal::Critical), "{kind}");
    }
}

#[test]
fn a_marker_crosses_with_its_versions_in_the_header_and_says_what_was_sealed() {
    let marker = world::marker();
    let sealed = world::seal_marker(&marker);
    assert_eq!((sealed.header.structure_written, sealed.header.structure_needed), (2, 1));
    let head = head_of(&sealed);
    assert_eq!(head.check_critical(), Ok(()));
    let plain =
        open_payload(&head, sealed.payload.clone(), &[&world::unwrapper("addressee") as &dyn Unwrapper]).expect("it opens");
    assert_eq!(read_marker(&head, &plain), Ok(marker));
    assert_eq!(decode_records(&head, plain).map(|records| records.len()), Ok(0));
}

#[test]
fn a_signal_with_a_number_that_no_log_line_could_hold_is_refused() {
    let epoch = "1-00ff00ff00ff00ff";
    let document = |seq: u64, from: u64| {
        let (run, header) = ("00".repeat(16), "00".repeat(32));
        format!(
            "{{\"version\":1,\"run\":\"{run}\",\"period_seconds\":0,\"heads\":[{{\"channel\":\"a\",\"epoch\":\"{epoch}\",\"seq\":{seq},\
             \"header\":\"{header}\"}}],\"checkpoint\":null,\"keyring\":\"\",\"applied\":[],\
             \"missing\":[{{\"channel\":\"a\",\"epoch\":\"{epoch}\",\"from\":{from},\"to\":9}}]}}"
        )
    };
    assert!(Signal::parse(document(1 << 53, 1).as_bytes()).is_ok());
    for (seq, from) in [((1 << 53) + 1, 1), (u64::MAX, 1), (1, u64::MAX)] {
        assert_eq!(Signal::parse(document(seq, from).as_bytes()), Err(SignalFault::Shape), "{seq} {from}");
    }
}
