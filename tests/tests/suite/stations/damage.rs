//! Packets that were changed, cut, lengthened, swapped, replayed or made by somebody else.

use std::fs;
use std::os::unix::fs::symlink;

use dukou_packets::packet::header::Environment;
use dukou_packets::suite::{StationId, SystemRandom};
use dukou_tests::stations::audit::{assert_pass, count, lines_of, verify};
use dukou_tests::stations::forge::Forgery;
use dukou_tests::stations::message;
use dukou_tests::stations::packet::{PacketFile, cargo, signals};
use dukou_tests::stations::pair::{LOGS, MESSAGES, Pair, copy_all};
use dukou_tests::stations::tree::{digests, names};

/// A pair with one packet of messages that has not been carried yet.
fn one_packet() -> (Pair, PacketFile) {
    let pair = Pair::new();
    pair.drop_messages(0, 2);
    pair.outer.pass(0);
    let packet = cargo(&pair.outer.path("ferry/out"), MESSAGES).remove(0);
    (pair, packet)
}

fn lay_in(pair: &Pair, index: usize, bytes: &[u8]) {
    fs::write(pair.inner.path(format!("ferry/in/3-aaaa-{index:016}.dkp")), bytes).unwrap();
}

/// Each laid-in file is set aside, none is applied, the log says so; and then the good packet is applied as if nothing had been.
fn all_set_aside(pair: &Pair, laid_in: usize) {
    let answer = pair.inner.pass(1);
    assert!(pair.arrived(MESSAGES).is_empty(), "{answer:?}");
    let aside = [pair.inner.aside_codes("quarantine"), pair.inner.aside_codes("waiting")].concat();
    assert_eq!(aside.len(), laid_in, "{aside:?} {answer:?}");
    let logged: u64 = lines_of(&pair.inner, "aside").iter().map(|line| line["count"].as_u64().unwrap()).sum();
    assert_eq!(logged, laid_in as u64);
    assert!(names(&pair.inner.path("ferry/in")).is_empty());
    pair.carry();
    pair.inner.pass(0);
    assert_eq!(pair.arrived(MESSAGES).len(), 2);
    assert_pass(pair);
}

#[test]
fn a_packet_flipped_anywhere_is_set_aside_and_never_applied() {
    let (pair, packet) = one_packet();
    let (head, len) = (packet.head_len(), packet.bytes.len());
    let in_header = [0, 7, 8, 10, 12, 16, 17, 18, 20, 24, 40, 56, 72, 88, 112, 120, 168, 208, 216, 248, 328, 330, 360];
    let places: Vec<usize> =
        in_header.into_iter().chain([head - 64, head - 1, head, head + 1, (head + len) / 2, len - 1]).collect();
    for (index, at) in places.iter().enumerate() {
        let mut bytes = packet.bytes.clone();
        bytes[*at] ^= 1;
        lay_in(&pair, index, &bytes);
    }
    all_set_aside(&pair, places.len());
}

#[test]
fn a_packet_cut_anywhere_is_set_aside_and_never_applied() {
    let (pair, packet) = one_packet();
    let (head, len) = (packet.head_len(), packet.bytes.len());
    let lengths = [0, 1, 8, 15, 16, 17, head - 64, head - 1, head, head + 1, len / 2, len - 16, len - 1];
    for (index, cut) in lengths.iter().enumerate() {
        lay_in(&pair, index, &packet.bytes[..*cut]);
    }
    all_set_aside(&pair, lengths.len());
}

#[test]
fn a_lengthened_packet_is_set_aside_and_never_applied() {
    let (pair, packet) = one_packet();
    let tails: [&[u8]; 3] = [&[0], &[0; 4096], &packet.bytes];
    for (index, tail) in tails.iter().enumerate() {
        lay_in(&pair, index, &[&packet.bytes, *tail].concat());
    }
    all_set_aside(&pair, tails.len());
    assert_eq!(pair.inner.aside_codes("quarantine"), ["length"; 3]);
}

#[test]
fn a_foreign_stations_packet_waits_under_its_unknown_key() {
    let (pair, foreign) = (Pair::new(), Pair::new());
    foreign.drop_messages(5, 6);
    foreign.outer.pass(0);
    copy_all(&foreign.outer.path("ferry/out"), &pair.inner.path("ferry/in"));
    pair.inner.pass(1);
    assert_eq!(pair.inner.aside_codes("waiting"), ["unknown-key"; 2]);
    assert_eq!(lines_of(&pair.inner, "aside")[0]["code"], "unknown-key");
    assert!(pair.arrived(MESSAGES).is_empty());
    pair.inner.pass(0);
    pair.drop_messages(0, 1);
    pair.exchange();
    assert_eq!(pair.arrived(MESSAGES), [message::name(0)]);
    assert_pass(&pair);
}

#[test]
fn packets_that_come_before_the_card_are_taken_in_once_it_is_trusted() {
    let (sender, late) = (Pair::new(), Pair::new());
    let newcomer = dukou_tests::stations::station::Station::init("dukou-inner", &late.dir.path().join("newcomer"), &[]);
    let second = dukou_tests::stations::station::Station::init("dukou-outer", &sender.dir.path().join("second"), &[]);
    let cards = [sender.card(&second), late.card(&newcomer)];
    second.expect(0, &["trust", cards[1].to_str().unwrap(), "--yes"]);
    dukou_tests::stations::tree::write_old(&second.path("drop").join(MESSAGES).join(message::name(0)), &message::body(0));
    second.pass(0);
    copy_all(&second.path("ferry/out"), &newcomer.path("ferry/in"));
    newcomer.pass(1);
    assert_eq!(newcomer.aside_codes("waiting"), ["unknown-key"; 2]);
    newcomer.expect(0, &["trust", cards[0].to_str().unwrap(), "--yes"]);
    newcomer.pass(0);
    assert!(digests(&newcomer.path("arrived").join(MESSAGES)).contains_key(&message::name(0)));
    assert!(names(&newcomer.path("waiting")).iter().all(|name| !name.ends_with(".dkp")));
}

#[test]
fn a_packet_for_another_station_environment_or_channel_is_set_aside() {
    let (pair, other) = (Pair::new(), Pair::new());
    let honest = Forgery::first(&pair.outer, &pair.inner, MESSAGES);
    let elsewhere = Forgery::first(&pair.outer, &other.inner, MESSAGES).addressee;
    let wrong = [
        Forgery { addressee: elsewhere, ..honest.clone() },
        Forgery { environment: Environment::Test, ..honest.clone() },
        Forgery { sender: StationId::draw(&SystemRandom), ..honest.clone() },
        Forgery { channel: "nobodys-channel".parse().unwrap(), ..honest.clone() },
        Forgery { channel: "report-response".parse().unwrap(), ..honest.clone() },
    ];
    for (index, forgery) in wrong.iter().enumerate() {
        lay_in(&pair, index, &forgery.seal(&pair.outer, &pair.inner));
    }
    pair.inner.pass(1);
    let codes = pair.inner.aside_codes("quarantine");
    assert_eq!(codes.len(), wrong.len(), "{codes:?}");
    for code in ["addressee", "environment", "not-granted"] {
        assert!(codes.iter().any(|found| found == code), "{code}: {codes:?}");
    }
    assert!(lines_of(&pair.inner, "aside").len() >= 3);
    assert!(pair.arrived(MESSAGES).is_empty());
    pair.inner.pass(0);
    assert_pass(&pair);
}

#[test]
fn a_packet_of_a_test_pair_never_reaches_a_production_pair() {
    let (pair, rehearsal) = (Pair::new(), Pair::with_options(&["--test"]));
    rehearsal.drop_messages(0, 1);
    rehearsal.outer.pass(0);
    copy_all(&rehearsal.outer.path("ferry/out"), &pair.inner.path("ferry/in"));
    pair.inner.pass(1);
    assert!(pair.arrived(MESSAGES).is_empty());
    copy_all(&rehearsal.outer.path("ferry/out"), &rehearsal.inner.path("ferry/in"));
    rehearsal.inner.pass(0);
    assert_eq!(rehearsal.arrived(MESSAGES), [message::name(0)]);
}

#[test]
fn a_replayed_history_has_no_effect_even_after_the_files_were_taken() {
    let pair = Pair::one_file_a_packet();
    for round in 0..3 {
        pair.drop_messages(2 * round, 2 * round + 2);
        pair.exchange();
    }
    let history = digests(&pair.outer.path("ferry/out"));
    fs::remove_dir_all(pair.inner.path("arrived").join(MESSAGES)).unwrap();
    fs::create_dir(pair.inner.path("arrived").join(MESSAGES)).unwrap();
    for round in 0..3 {
        for name in history.keys() {
            let again = if round == 1 { name.to_uppercase() } else { format!("{round}{name}") };
            fs::copy(pair.outer.path("ferry/out").join(name), pair.inner.path("ferry/in").join(again)).unwrap();
        }
        pair.inner.pass(0);
    }
    assert!(pair.arrived(MESSAGES).is_empty());
    assert!(names(&pair.inner.path("ferry/in")).is_empty());
    assert_eq!(count(&pair.inner, "applied"), 6);
    assert_eq!(count(&pair.inner, "seen"), 6);
    assert_pass(&pair);
}

#[test]
fn packets_that_come_in_any_order_are_kept_and_applied_in_their_turn() {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 4);
    pair.outer.pass(0);
    let packets = cargo(&pair.outer.path("ferry/out"), MESSAGES);
    for (index, expected, code) in [(2, 0, 1), (3, 0, 1), (0, 1, 1), (1, 4, 0)] {
        lay_in(&pair, index, &packets[index].bytes);
        pair.inner.pass(code);
        assert_eq!(pair.arrived(MESSAGES).len(), expected, "after packet {}", index + 1);
    }
    let applied: Vec<u64> = lines_of(&pair.inner, "applied").iter().map(|line| line["seq"].as_u64().unwrap()).collect();
    assert_eq!(applied, [1, 2, 3, 4]);
    assert_eq!(lines_of(&pair.inner, "seen").iter().filter(|line| line["place"] == "early").count(), 2);
    assert_pass(&pair);
}

#[test]
fn a_second_packet_under_one_number_holds_its_channel_until_a_person_releases_it() {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 1);
    pair.exchange();
    let first = cargo(&pair.outer.path("ferry/out"), MESSAGES).remove(0).header;
    let twin = Forgery { epoch: first.epoch, number: first.number + 1, ..Forgery::first(&pair.outer, &pair.inner, MESSAGES) };
    lay_in(&pair, 0, &twin.seal(&pair.outer, &pair.inner));
    pair.drop_messages(1, 2);
    pair.drop_logs(0, 1);
    pair.outer.pass(0);
    pair.carry();
    pair.inner.pass(1);
    assert_eq!(pair.inner.channel(MESSAGES)["state"], "held");
    assert_eq!(pair.inner.aside_codes("quarantine"), ["equivocation"]);
    assert_eq!(pair.arrived(MESSAGES), [message::name(0)]);
    assert_eq!(pair.arrived(LOGS).len(), 1, "the other channel goes on");
    assert_eq!(count(&pair.inner, "equivocation"), 1);
    pair.inner.pass(1);
    pair.inner.expect(0, &["release", MESSAGES]);
    pair.inner.pass(0);
    assert_eq!(pair.arrived(MESSAGES), [message::name(0), message::name(1)]);
    assert_eq!(verify(&pair.outer).code, 0);
    assert_eq!(verify(&pair.inner).code, 0, "{}", verify(&pair.inner).all());
}

#[test]
fn junk_in_the_ferry_directory_is_passed_over_and_costs_no_log_line_each() {
    let (pair, _) = one_packet();
    let ferry = pair.inner.path("ferry/in");
    for n in 0..2000 {
        fs::write(ferry.join(format!("junk {n}.txt")), b"x").unwrap();
    }
    fs::create_dir(ferry.join("3-aaaa-directory.dkp")).unwrap();
    symlink(pair.inner.path("keys/packet.key"), ferry.join("3-aaaa-symlink.dkp")).unwrap();
    fs::write(ferry.join(".3-aaaa-hidden.dkp"), b"x").unwrap();
    let key = fs::read(pair.inner.path("keys/packet.key")).unwrap();
    pair.inner.pass(0);
    let size =
        || fs::read_dir(pair.inner.path("log")).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum::<u64>();
    let before = size();
    pair.carry();
    pair.inner.pass(0);
    assert_eq!(pair.arrived(MESSAGES).len(), 2);
    assert!(size() - before < 10_240);
    assert_eq!(fs::read(pair.inner.path("keys/packet.key")).unwrap(), key);
    assert_eq!(names(&ferry).len(), 2003);
    assert_pass(&pair);
}

#[test]
fn a_damaged_signal_stops_nothing() {
    let (pair, _) = one_packet();
    let signal = signals(&pair.outer.path("ferry/out")).remove(0);
    dukou_tests::stations::packet::flip(&signal.path, signal.bytes.len() - 1);
    pair.carry();
    pair.inner.pass(1);
    assert_eq!(pair.arrived(MESSAGES).len(), 2);
    assert_eq!(pair.inner.aside_codes("quarantine"), ["payload-digest"]);
    pair.inner.pass(0);
    assert_pass(&pair);
}
