//! Repair packets between the real programs.

use std::fs;

use dukou_packets::packet::header::Class;
use dukou_tests::stations::audit::assert_pass;
use dukou_tests::stations::message;
use dukou_tests::stations::packet::{cargo, packets};
use dukou_tests::stations::pair::{MESSAGES, Pair};
use dukou_tests::stations::station::Station;

#[test]
fn lost_packets_are_rebuilt_by_the_real_stations_and_both_logs_pass() {
    let pair = Pair::one_file_a_packet();
    pair.outer.set("link", "repair_data = 5\nrepair_parity = 2");
    for n in 0..5 {
        pair.drop(MESSAGES, &message::name(n), &message::large_xml(n as u64, 48 << 10));
    }
    let sent = pair.outer.json(0, &["pass"]);
    assert_eq!(sent["pass"]["repair_sent"], 2, "{sent}");
    let ferry = pair.outer.path("ferry/out");
    assert_eq!(packets(&ferry).iter().filter(|packet| packet.header.class == Class::Repair).count(), 2);
    for packet in cargo(&ferry, MESSAGES).into_iter().filter(|packet| [2, 5].contains(&packet.header.seq)) {
        fs::remove_file(packet.path).unwrap();
    }
    pair.carry();
    let came = pair.inner.json(0, &["pass"]);
    let pass = &came["pass"];
    assert_eq!((&pass["rebuilt"], &pass["repair_received"], &pass["packets_in"]), (&2.into(), &2.into(), &5.into()), "{came}");
    let arrived: Vec<String> = (0..5).map(message::name).collect();
    assert_eq!(pair.arrived(MESSAGES), arrived);
    for n in 0..5 {
        assert_eq!(
            fs::read(pair.inner.path(format!("arrived/{MESSAGES}/{}", message::name(n)))).unwrap(),
            message::large_xml(n as u64, 48 << 10)
        );
    }
    let repair = |station: &Station| station.json(0, &["status"])["repair"].clone();
    assert_eq!(repair(&pair.outer), serde_json::json!({ "sent": 2, "received": 0, "rebuilt": 0 }));
    assert_eq!(repair(&pair.inner), serde_json::json!({ "sent": 0, "received": 2, "rebuilt": 2 }));
    pair.inner.expect(0, &["gaps"]);
    for station in [&pair.outer, &pair.inner] {
        station.expect(0, &["check"]);
    }
    assert_pass(&pair);
}

#[test]
fn wrong_numbers_of_repair_packets_are_refused_with_their_range() {
    let pair = Pair::new();
    pair.outer.set("link", "repair_data = 129");
    let answer = pair.outer.expect(2, &["pass"]);
    assert!(answer.err.contains("link.repair_data") && answer.err.contains("1–128"), "{answer:?}");
}
