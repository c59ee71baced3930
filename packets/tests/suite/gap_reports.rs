//! The signed gap report: every vector gives its code, what is issued reads back, and no bytes make the parser panic.

use dukou_packets::gap_report::rows::write_rows;
use dukou_packets::gap_report::{ChannelReport, GapReport, GapReportFault};
use dukou_packets::keyring::Keyring;
use dukou_packets::limits::GAP_REPORT_MAX;
use dukou_packets::packet::header::{Environment, Epoch, LogHead};
use dukou_packets::packet::open::Expectation;
use dukou_packets::suite::{Digest, StationId, sha256};
use proptest::prelude::*;

use crate::receive::{list, text};
use crate::{keys, world};

fn open(case: &serde_json::Value) -> Result<GapReport, GapReportFault> {
    let keyring = Keyring::parse(text(case, "keyring").as_bytes()).expect("a good keyring");
    let expected = Expectation {
        environment: text(case, "environment").parse().expect("an environment"),
        own: text(case, "addressee").parse().expect("a station id"),
    };
    GapReport::open(text(case, "text").as_bytes(), &keyring, &expected)
}

#[test]
fn every_gap_report_vector_gives_its_code_and_its_rows() {
    let mut wrong = Vec::new();
    for (path, case) in list("gap-reports") {
        let opened = open(&case);
        let code = opened.as_ref().map_or_else(GapReportFault::code, |_| "ok");
        if code != text(&case, "expect") {
            wrong.push(format!("{}: {code}", path.display()));
        }
        let Ok(report) = opened else { continue };
        if serde_json::json!(write_rows(&report)) != case["rows"] {
            wrong.push(format!("{}: other rows", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A report of the sender of the vectors about these channels.
fn report(channels: Vec<ChannelReport>) -> GapReport {
    GapReport {
        station: StationId::from_bytes(keys::SENDER),
        addressee: StationId::from_bytes(keys::ADDRESSEE),
        environment: Environment::Production,
        report: 3,
        clock_ms: 1,
        log: LogHead { size: 9, root: sha256(&[b"root"]) },
        number: 5,
        heard: 0,
        more: false,
        channels,
    }
}

fn channel(name: &str, known: u64, missing: Vec<(u64, u64)>) -> ChannelReport {
    let epoch = Epoch { counter: 1, salt: [7; 8] };
    ChannelReport { channel: name.parse().expect("a channel"), epoch, seq: 0, header: Digest::ZERO, known, missing }
}

#[test]
fn a_report_that_is_issued_reads_back_as_it_was() {
    let made = report(vec![channel("a", 9, vec![(1, 1), (3, 9)]), channel("b", 0, Vec::new())]);
    let (issued, text) = made.clone().issue(&world::signer("packet")).expect("it is issued");
    assert_eq!(issued, made);
    assert_eq!(GapReport::open(text.as_bytes(), &world::sender_keyring(), &world::expectation()), Ok(made));
}

#[test]
fn a_report_that_would_be_too_long_keeps_every_channel_and_says_that_more_is_missing() {
    let many = (1..=30_000).map(|index| (2 * index, 2 * index)).collect::<Vec<_>>();
    let made = report(vec![channel("a", 60_000, many), channel("b", 9, vec![(1, 9)])]);
    let (issued, text) = made.issue(&world::signer("packet")).expect("it is issued");
    assert!(text.len() <= GAP_REPORT_MAX && text.len() > GAP_REPORT_MAX / 3, "{}", text.len());
    assert!(issued.more && issued.channels[0].missing.len() >= 7_500 && issued.channels[0].missing[0] == (2, 2));
    assert_eq!(issued.channels[1].missing, [(1, 9)]);
    assert_eq!(GapReport::open(text.as_bytes(), &world::sender_keyring(), &world::expectation()), Ok(issued));
    let names = (0..2000).map(|index| channel(&format!("{index:064}"), 0, Vec::new())).collect();
    assert!(report(names).issue(&world::signer("packet")).is_err());
}

#[test]
fn a_report_that_no_reader_would_take_is_not_issued() {
    for missing in [vec![(3, 2)], vec![(0, 1)], vec![(1, 10)], vec![(1, 2), (3, 3)], vec![(u64::MAX, u64::MAX)]] {
        assert!(report(vec![channel("a", 9, missing.clone())]).issue(&world::signer("packet")).is_err(), "{missing:?}");
    }
    assert!(report(vec![channel("a", u64::MAX, Vec::new())]).issue(&world::signer("packet")).is_err());
}

#[test]
fn every_flipped_bit_of_a_gap_report_is_refused() {
    let made = report(vec![channel("a", 9, vec![(1, 1), (3, 9)])]);
    let (_, text) = made.issue(&world::signer("packet")).expect("it is issued");
    let mut bytes = text.into_bytes();
    let (keyring, expected) = (world::sender_keyring(), world::expectation());
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(GapReport::open(&bytes, &keyring, &expected).is_err(), "bit {bit}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    assert!(GapReport::open(&bytes, &keyring, &expected).is_ok());
}

proptest! {
    #[test]
    fn no_mutant_of_a_gap_report_makes_the_parser_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        insert in "[\\[\\]{},:0-9\"a-z\\-]{0,12}",
    ) {
        let made = report(vec![channel("a", 9, vec![(1, 1), (3, 9)])]);
        let (_, text) = made.issue(&world::signer("packet")).expect("it is issued");
        let mut bytes = text.into_bytes();
        let at = cut.index(bytes.len());
        bytes.splice(at..at, insert.bytes());
        for (index, byte) in edits {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(opened) = GapReport::open(&bytes, &world::sender_keyring(), &world::expectation()) {
            prop_assert_eq!(opened.missing(), 8);
        }
    }
}
