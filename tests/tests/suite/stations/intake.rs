//! Channels that say what their files are: a file with errors crosses flagged, waits for a person, or is refused, as `on_error` says, on both sides.

use dukou_tests::stations::audit::assert_pass;
use dukou_tests::stations::pair::{MESSAGES, Pair};
use dukou_tests::stations::station::Station;
use serde_json::Value;
use std::fs;
use std::path::Path;

const GOOD: &str = "Biz150721240315000001.xml";
const FOREIGN: &str = "Biz150722240315000001.xml";
const BROKEN: &str = "Biz150721240315000002.xml";

fn good() -> Vec<u8> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/registration/new/BizMsg");
    fs::read(samples.join(GOOD)).unwrap()
}

/// The same message as another county's.
fn foreign() -> Vec<u8> {
    String::from_utf8(good()).unwrap().replace("150721", "150722").into_bytes()
}

/// Makes a pair whose outer and inner stations treat messages with errors as they are told.
fn pair(outer: &str, inner: &str) -> Pair {
    let pair = Pair::one_file_a_packet();
    for (station, on_error) in [(&pair.outer, outer), (&pair.inner, inner)] {
        let file = format!("channels/{MESSAGES}.toml");
        let said = format!("cargo = \"messages\"\non_error = \"{on_error}\"\nareas = [\"150721\"]\n");
        let text = station.read(&file).replace("xml = true", "xml = false");
        fs::write(station.path(&file), said + &text).unwrap();
    }
    pair
}

/// Tells whether some step of a file's life has this state and code.
#[track_caller]
fn has_step(station: &Station, name: &str, state: &str, code: &str) {
    let told = station.json(0, &["trace", name]);
    let found = told["records"].as_array().unwrap().iter().any(|line| line["state"] == state && line["code"] == code);
    assert!(found, "{state} {code}: {told}");
}

fn hold_of(station: &Station) -> Value {
    station.channel(MESSAGES)["hold"].clone()
}

#[test]
fn what_has_errors_crosses_and_is_flagged_on_both_sides() {
    let pair = pair("carry", "carry");
    pair.drop(MESSAGES, GOOD, &good());
    pair.drop(MESSAGES, FOREIGN, &foreign());
    pair.drop(MESSAGES, BROKEN, b"<Message>");
    pair.exchange();
    assert_eq!(pair.arrived(MESSAGES).len(), 3);
    assert_eq!(fs::read(pair.inner.path(format!("arrived/{MESSAGES}/{FOREIGN}"))).unwrap(), foreign());
    for (station, state, words) in [(&pair.outer, "accepted", "带错误送出"), (&pair.inner, "applied", "带错误落地")] {
        assert_eq!(station.channel(MESSAGES)["flagged"], 2);
        has_step(station, FOREIGN, state, "area-foreign");
        assert!(station.expect(0, &["trace", FOREIGN]).out.contains("有错误（area-foreign）"));
        assert!(station.expect(0, &["status"]).out.contains(words));
        let clean = station.json(0, &["trace", GOOD]);
        assert!(clean["records"].as_array().unwrap().iter().all(|line| line["code"].is_null()), "{clean}");
    }
    assert_pass(&pair);
}

#[test]
fn a_file_that_waits_at_its_source_goes_when_it_is_mended_or_a_named_person_lets_it_go() {
    let pair = pair("hold", "carry");
    pair.drop(MESSAGES, GOOD, &good());
    pair.drop(MESSAGES, FOREIGN, &foreign());
    pair.drop(MESSAGES, BROKEN, b"<Message>");
    let passed = pair.outer.pass(1);
    assert!(passed.out.contains("let-go") && passed.out.contains(FOREIGN), "{passed:?}");
    assert!(pair.outer.path(format!("drop/{MESSAGES}/{FOREIGN}")).exists());
    let status = pair.outer.json(1, &["status"]);
    let troubles = status["troubles"].as_array().unwrap();
    assert_eq!(troubles.iter().filter(|trouble| trouble["code"] == "cargo").count(), 2, "{status}");
    pair.carry();
    pair.inner.pass(0);
    assert_eq!(pair.arrived(MESSAGES), [GOOD]);

    let person = ["--name", "王敏", "--reason", "邻县委托代报"];
    pair.outer.expect(2, &[&["let-go", MESSAGES, "--file", "no-such.xml"][..], &person].concat());
    pair.outer.expect(2, &[&["let-go", MESSAGES][..], &person].concat());
    pair.outer.expect(0, &[&["let-go", MESSAGES, "--file", FOREIGN][..], &person].concat());
    let mended = String::from_utf8(good()).unwrap().replace("150721240315000001", "150721240315000002");
    pair.drop(MESSAGES, BROKEN, mended.as_bytes());
    pair.exchange();
    assert_eq!(pair.arrived(MESSAGES).len(), 3);
    has_step(&pair.outer, FOREIGN, "accepted", "area-foreign");
    assert_eq!(pair.outer.channel(MESSAGES)["flagged"], 1);
    assert_pass(&pair);
}

#[test]
fn a_person_lets_bytes_go_and_not_a_name() {
    let pair = pair("hold", "carry");
    pair.drop(MESSAGES, FOREIGN, &foreign());
    pair.outer.pass(1);
    pair.outer.expect(0, &["let-go", MESSAGES, "--file", FOREIGN, "--name", "王敏", "--reason", "已核对"]);
    pair.drop(MESSAGES, FOREIGN, &[foreign(), b"\n".to_vec()].concat());
    pair.outer.pass(1);
    pair.carry();
    pair.inner.pass(0);
    assert!(pair.arrived(MESSAGES).is_empty());
}

#[test]
fn a_channel_waits_at_a_file_that_arrived_until_a_named_person_lets_it_go() {
    let pair = pair("carry", "hold");
    pair.drop(MESSAGES, FOREIGN, &foreign());
    pair.outer.pass(0);
    pair.drop(MESSAGES, GOOD, &good());
    pair.outer.pass(0);
    pair.carry();
    pair.inner.pass(1);
    assert!(pair.arrived(MESSAGES).is_empty());
    let hold = hold_of(&pair.inner);
    assert_eq!(
        (&hold["code"], &hold["file"]["name"], &hold["file"]["code"]),
        (&"cargo".into(), &FOREIGN.into(), &"area-foreign".into())
    );
    assert!(pair.inner.expect(1, &["status"]).out.contains(&format!("let-go {MESSAGES}")));
    pair.inner.expect(2, &["release", MESSAGES]);
    pair.inner.expect(0, &["let-go", MESSAGES, "--name", "赵刚", "--reason", "邻县委托代收"]);
    pair.inner.pass(0);
    assert_eq!(pair.arrived(MESSAGES).len(), 2);
    has_step(&pair.inner, FOREIGN, "applied", "area-foreign");
    pair.inner.expect(2, &["let-go", MESSAGES, "--name", "赵刚", "--reason", "再来一次"]);
    assert_pass(&pair);
}

#[test]
fn what_cannot_be_read_or_is_another_countys_is_refused_where_it_leaves() {
    let pair = pair("reject", "carry");
    pair.drop(MESSAGES, GOOD, &good());
    pair.drop(MESSAGES, FOREIGN, &foreign());
    pair.drop(MESSAGES, BROKEN, b"<Message>");
    pair.outer.pass(1);
    let reason = |name: &str| -> Value {
        serde_json::from_str(&pair.outer.read(format!("rejected/{MESSAGES}/{name}.reason.json"))).unwrap()
    };
    assert_eq!(reason(FOREIGN)["code"], "area-foreign");
    assert!(reason(BROKEN)["code"].as_str().unwrap().starts_with("xml-"));
    pair.carry();
    pair.inner.pass(0);
    assert_eq!(pair.arrived(MESSAGES), [GOOD]);
    has_step(&pair.inner, FOREIGN, "refused", "area-foreign");
    assert_pass(&pair);
}

#[test]
fn what_arrives_and_is_another_countys_is_refused_with_its_reason_and_the_rest_goes_on() {
    let pair = pair("carry", "reject");
    for (name, body) in [(FOREIGN, foreign()), (GOOD, good())] {
        pair.drop(MESSAGES, name, &body);
    }
    pair.exchange();
    assert_eq!(pair.arrived(MESSAGES), [GOOD]);
    let place = format!("rejected/{MESSAGES}/{FOREIGN}");
    assert_eq!(fs::read(pair.inner.path(&place)).unwrap(), foreign());
    let reason: Value = serde_json::from_str(&pair.inner.read(format!("{place}.reason.json"))).unwrap();
    assert_eq!(reason["code"], "area-foreign");
    let line = pair.inner.channel(MESSAGES);
    assert_eq!((&line["refused_here"], &line["flagged"]), (&1.into(), &0.into()), "{line}");
    has_step(&pair.inner, FOREIGN, "refused-here", "area-foreign");
    assert!(pair.inner.expect(0, &["status"]).out.contains("本站拒收"));
    assert_pass(&pair);
}

#[test]
fn a_channel_that_says_errors_and_not_what_its_files_are_does_not_start() {
    let pair = Pair::new();
    let file = format!("channels/{MESSAGES}.toml");
    fs::write(pair.outer.path(&file), "on_error = \"hold\"\n".to_string() + &pair.outer.read(&file)).unwrap();
    let answer = pair.outer.ask(&["pass"]);
    assert!(answer.code != 0 && answer.err.contains("on_error") && answer.err.contains("cargo"), "{answer:?}");
}
