//! Equal bytes under the same path: held back, or sent again where the channel or a person says so.

use std::fs;

use dukou_tests::stations::audit::{account, assert_pass, lines_of};
use dukou_tests::stations::message;
use dukou_tests::stations::pair::{MESSAGES, Pair, RESPONSES};
use dukou_tests::stations::tree::{digests, names, write_old};
use serde_json::Value;

fn held_back(pair: &Pair) -> Vec<String> {
    names(&pair.outer.path("duplicates").join(MESSAGES))
}

#[test]
fn a_repeat_goes_to_duplicates_with_packet_and_time_and_nothing_is_sent() {
    let pair = Pair::new();
    pair.drop_messages(0, 2);
    pair.exchange();
    let packets = names(&pair.outer.path("ferry/out"));
    pair.drop_messages(1, 2);
    pair.outer.pass(1);
    assert_eq!(names(&pair.outer.path("ferry/out")), packets);
    let name = message::name(1);
    assert_eq!(held_back(&pair), [name.clone(), format!("{name}.reason.json"), format!("{name}.reason.txt")]);
    let reason: Value = serde_json::from_str(&pair.outer.read(format!("duplicates/{MESSAGES}/{name}.reason.json"))).unwrap();
    assert_eq!((&reason["code"], &reason["seq"]), (&Value::from("repeat"), &Value::from(1)));
    let at = reason["at"].as_str().unwrap();
    let text = pair.outer.read(format!("duplicates/{MESSAGES}/{name}.reason.txt"));
    assert!(text.starts_with('\u{feff}') && text.ends_with("\r\n"), "{text:?}");
    assert!(text.contains(at) && text.contains("第 1 号包") && text.contains("send --again"), "{text}");
    let status: Value = serde_json::from_str(&pair.outer.read(format!("drop/{MESSAGES}/.status/{name}.json"))).unwrap();
    assert_eq!((&status["state"], &status["packet"]["seq"]), (&Value::from("held-back"), &Value::from(1)));
    pair.outer.pass(0);
    assert_eq!(pair.outer.channel(MESSAGES)["held_back"], 1);
    let told = pair.outer.json(0, &["trace", &name]);
    assert!(told["records"].as_array().unwrap().iter().any(|line| line["state"] == "held-back"), "{told}");
    assert_pass(&pair);
}

#[test]
fn a_person_sends_a_repeat_again() {
    let pair = Pair::new();
    pair.drop_messages(0, 1);
    pair.exchange();
    fs::remove_file(pair.inner.path("arrived").join(MESSAGES).join(message::name(0))).unwrap();
    pair.drop_messages(0, 1);
    pair.outer.pass(1);
    let file = pair.outer.path("duplicates").join(MESSAGES).join(message::name(0));
    let answer = pair.outer.json(0, &["send", "--again", file.to_str().unwrap(), "--reason", "内网说没收到"]);
    assert_eq!(answer["count"], 1);
    assert!(held_back(&pair).is_empty());
    pair.carry();
    pair.inner.pass(0);
    assert_eq!(pair.arrived(MESSAGES), [message::name(0)]);
    let again = lines_of(&pair.outer, "again");
    assert_eq!((again.len(), &again[0]["operator"]), (1, &Value::from(account())));
    assert!(again[0].get("reason").is_none(), "no free text in the packet log");
    assert_pass(&pair);
}

#[test]
fn the_same_repeat_twice_is_held_back_twice_and_each_can_be_sent_again() {
    let pair = Pair::new();
    pair.drop_messages(0, 1);
    pair.exchange();
    for _ in 0..2 {
        pair.drop_messages(0, 1);
        pair.outer.pass(1);
    }
    assert_eq!(held_back(&pair).iter().filter(|name| !name.contains(".reason.")).count(), 2);
    for name in held_back(&pair).into_iter().filter(|name| !name.contains(".reason.")) {
        let taken = pair.inner.path("arrived").join(MESSAGES).join(message::name(0));
        fs::remove_file(&taken).unwrap();
        let file = pair.outer.path("duplicates").join(MESSAGES).join(name);
        pair.outer.expect(0, &["send", "--again", file.to_str().unwrap(), "--reason", "x"]);
        pair.carry();
        pair.inner.pass(0);
        assert_eq!(fs::read(&taken).unwrap(), message::body(0), "it arrives under its own name");
    }
    assert!(held_back(&pair).is_empty());
    assert_pass(&pair);
}

#[test]
fn other_bytes_under_the_same_name_and_equal_bytes_under_another_are_no_repeats() {
    let pair = Pair::new();
    pair.drop_messages(0, 1);
    pair.exchange();
    fs::remove_file(pair.inner.path("arrived").join(MESSAGES).join(message::name(0))).unwrap();
    pair.drop(MESSAGES, &message::name(0), &message::body(1));
    pair.drop(MESSAGES, &format!("BizMsg/{}", message::name(0)), &message::body(0));
    pair.exchange();
    assert_eq!(pair.arrived(MESSAGES).len(), 2);
    assert!(held_back(&pair).is_empty());
}

#[test]
fn a_channel_that_says_again_delivers_equal_bytes_twice() {
    let pair = Pair::new();
    let (source, sink) = (pair.inner.path("drop").join(RESPONSES), pair.outer.path("arrived").join(RESPONSES));
    for _ in 0..2 {
        write_old(&source.join("Rep1.xml"), &message::body(1));
        pair.inner.pass(0);
        pair.carry_back();
        pair.outer.pass(0);
        assert_eq!(digests(&sink).into_keys().collect::<Vec<_>>(), ["Rep1.xml"]);
        fs::remove_file(sink.join("Rep1.xml")).unwrap();
    }
    assert_eq!(pair.outer.channel(RESPONSES)["applied"], 2);
    assert_pass(&pair);
}

#[test]
fn only_files_of_the_duplicates_folder_can_be_sent_again() {
    let pair = Pair::new();
    let elsewhere = pair.card(&pair.inner);
    for file in [elsewhere.to_str().unwrap(), "/no/such/file"] {
        let answer = pair.outer.expect(2, &["send", "--again", file, "--reason", "x"]);
        assert!(answer.err.contains(file) || answer.err.contains("duplicates"), "{answer:?}");
    }
}
