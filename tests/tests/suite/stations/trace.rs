//! Where a record is: told for every state it can be in, and no more than the station knows.

use std::fs;

use dukou_tests::stations::audit::assert_pass;
use dukou_tests::stations::forge::Forgery;
use dukou_tests::stations::message;
use dukou_tests::stations::packet::cargo;
use dukou_tests::stations::pair::{MESSAGES, Pair};
use dukou_tests::stations::station::Station;
use serde_json::Value;

fn states(told: &Value) -> Vec<&str> {
    told["records"].as_array().unwrap().iter().map(|line| line["state"].as_str().unwrap()).collect()
}

fn unopened(told: &Value) -> Vec<(&str, u64, Option<u64>)> {
    let lines = told["unopened"].as_array().unwrap().iter();
    lines.map(|line| (line["state"].as_str().unwrap(), line["packets"].as_u64().unwrap(), line["seq"].as_u64())).collect()
}

/// Asks for a record by its file name, and checks that both texts say something, too.
#[track_caller]
fn trace(station: &Station, n: usize) -> Value {
    for lang in ["zh", "en"] {
        assert!(station.expect(0, &["trace", &message::name(n), "--lang", lang]).out.lines().count() > 0);
    }
    station.json(0, &["trace", &message::name(n)])
}

#[test]
fn a_record_is_told_from_its_packet_to_its_place() {
    let pair = Pair::new();
    pair.drop_messages(0, 1);
    let (out, away) = (pair.outer.path("ferry/out"), pair.outer.path("ferry/away"));
    fs::rename(&out, &away).unwrap();
    pair.outer.pass(75);
    assert_eq!(states(&trace(&pair.outer, 0)), ["accepted", "packed"], "it has not left");
    fs::rename(&away, &out).unwrap();
    pair.outer.pass(0);
    assert_eq!(states(&trace(&pair.outer, 0)), ["accepted", "packed", "left"]);
    let here = pair.inner.path("arrived").join(MESSAGES).join(message::name(0));
    fs::write(&here, b"another file under this name").unwrap();
    pair.carry();
    pair.inner.pass(1);
    assert_eq!(states(&trace(&pair.inner, 0)), ["seen", "delivering"], "the consumer has not taken the name");
    fs::remove_file(&here).unwrap();
    pair.inner.pass(0);
    assert_eq!(states(&trace(&pair.inner, 0)), ["seen", "applied"]);
    assert_eq!(unopened(&trace(&pair.inner, 0)), []);
    assert_pass(&pair);
}

#[test]
fn packets_nobody_opened_are_named_where_the_record_may_be_in_them() {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 4);
    pair.outer.pass(0);
    let packets = cargo(&pair.outer.path("ferry/out"), MESSAGES);
    fs::remove_file(&packets[1].path).unwrap();
    pair.carry();
    pair.inner.pass(1);
    assert_eq!(unopened(&trace(&pair.inner, 3)), [("missing", 1, Some(2)), ("early", 2, Some(2))]);
    pair.inner.expect(0, &["waive", MESSAGES, "--seq", "2", "--name", "刘", "--reason", "丢失"]);
    pair.inner.pass(0);
    assert_eq!(unopened(&trace(&pair.inner, 1)), [("waived", 1, Some(2))]);
    assert_eq!(states(&trace(&pair.inner, 1)), [] as [&str; 0]);
    // The waived packet comes late: it is evidence, and still nothing says that it was applied.
    fs::write(
        pair.inner.path("ferry/in/3-aaaa-late.dkp"),
        fs::read(pair.outer.path("spool/out").join("000000000002.dkp")).unwrap(),
    )
    .unwrap();
    pair.inner.pass(0);
    assert_eq!(states(&trace(&pair.inner, 1)), [] as [&str; 0]);
    let first = &packets[0].header;
    let twin = Forgery { epoch: first.epoch, ..Forgery::first(&pair.outer, &pair.inner, MESSAGES) };
    fs::write(pair.inner.path("ferry/in/3-aaaa-twin.dkp"), twin.seal(&pair.outer, &pair.inner)).unwrap();
    pair.inner.pass(1);
    let told = trace(&pair.inner, 9);
    let states: Vec<&str> = unopened(&told).into_iter().map(|(state, _, _)| state).collect();
    assert_eq!(states, ["held", "waived", "aside"], "{told}");
}

#[test]
fn a_packet_that_waits_for_a_key_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let pair = Pair::new();
    pair.drop_messages(0, 1);
    pair.outer.pass(0);
    let stranger = Station::init("dukou-inner", &dir.path().join("inner"), &[]);
    dukou_tests::stations::pair::copy_all(&pair.outer.path("ferry/out"), &stranger.path("ferry/in"));
    let answer = stranger.pass(1);
    assert!(answer.out.contains("等密钥") && !answer.out.contains("另存待查"), "{answer:?}");
    let told = trace(&stranger, 0);
    assert_eq!(unopened(&told).first().map(|(state, _, seq)| (*state, *seq)), Some(("waiting", None)), "{told}");
}

#[test]
fn of_many_records_under_one_name_the_newest_come_first_and_not_without_end() {
    let pair = Pair::one_file_a_packet();
    pair.outer.edit("channels/report-message.toml", "identical = \"once\" ", "identical = \"again\" ");
    for n in 0..3 {
        pair.drop(MESSAGES, &message::name(0), &message::body(n));
        pair.outer.pass(0);
    }
    let told = pair.outer.json(0, &["trace", &message::name(0)]);
    let seqs: Vec<u64> = told["records"].as_array().unwrap().iter().map(|line| line["seq"].as_u64().unwrap()).collect();
    assert_eq!((seqs, &told["more"]), (vec![3, 3, 3, 2, 2, 2, 1, 1, 1], &false.into()));
    for n in 0..101 {
        pair.drop(MESSAGES, &format!("{n}/{}", message::name(7)), &message::body(n));
    }
    pair.outer.pass(0);
    let told = pair.outer.json(0, &["trace", &message::name(7)]);
    assert_eq!((told["records"].as_array().unwrap().len(), &told["more"]), (300, &true.into()));
    assert!(pair.outer.expect(0, &["trace", &message::name(7)]).out.contains("只列出最新的"));
}
