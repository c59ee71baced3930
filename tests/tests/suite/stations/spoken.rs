//! What programs and people read: documented JSON, and the language that was asked for.

use dukou_tests::stations::message;
use dukou_tests::stations::packet::cargo;
use dukou_tests::stations::pair::{MESSAGES, Pair};
use dukou_tests::stations::station::Answer;
use serde_json::Value;

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap_or_else(|| panic!("{value}")).keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// A pair with a refusal, a repeat, a gap and answers: something for every verb to tell.
fn eventful() -> Pair {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 3);
    pair.drop(MESSAGES, "Biz9.xml", b"<a>");
    pair.outer.pass(1);
    pair.drop_messages(0, 1);
    pair.outer.pass(1);
    std::fs::remove_file(&cargo(&pair.outer.path("ferry/out"), MESSAGES)[1].path).unwrap();
    pair.carry();
    pair.inner.pass(1);
    pair
}

#[test]
fn every_json_answer_has_the_documented_keys() {
    let pair = eventful();
    let status = pair.inner.json(1, &["status"]);
    assert_eq!(keys(&status), ["aside", "channels", "junk", "peer", "rejections", "station", "troubles", "waiting"]);
    assert_eq!(keys(&status["station"]), ["environment", "id", "name", "side"]);
    assert_eq!(keys(&status["peer"]), ["compared", "id", "name"]);
    let line = [
        "accepted",
        "applied",
        "channel",
        "direction",
        "held_back",
        "hold",
        "last_seq",
        "left",
        "packets",
        "plain_bytes",
        "rejected",
        "sealed_bytes",
        "seen",
        "state",
        "title",
        "unfinished",
    ];
    for channel in status["channels"].as_array().unwrap() {
        assert_eq!(keys(channel), line);
    }
    assert_eq!(pair.inner.channel(MESSAGES)["direction"], "in");
    assert_eq!(pair.outer.channel(MESSAGES)["direction"], "out");
    let outer = pair.outer.json(0, &["status"]);
    assert_eq!(keys(&outer["rejections"][0]), ["channel", "code", "count"]);
    let gaps = pair.inner.json(1, &["gaps"]);
    assert_eq!(keys(&gaps[0]), ["channel", "epoch", "from", "resend", "to"]);
    let trace = pair.outer.json(0, &["trace", &message::name(0)]);
    assert_eq!(keys(&trace[0]), ["at", "channel", "code", "direction", "epoch", "key", "name", "number", "seq", "state"]);
    let pass = pair.inner.json(1, &["pass"]);
    assert_eq!(keys(&pass), ["exit", "pass"]);
    assert_eq!(pass["exit"], 1);
    let report = [
        "accepted",
        "aside",
        "delivered",
        "duplicates",
        "held_back",
        "incomplete",
        "junk",
        "kept",
        "packets_in",
        "packets_out",
        "rejected",
        "troubles",
        "unfinished",
        "waiting",
        "young",
    ];
    assert_eq!(keys(&pass["pass"]), report);
    assert_eq!(keys(&pair.inner.json(0, &["check"])), ["beside", "disagreements", "rebuilt"]);
    let file = pair.dir.path().join(message::name(8));
    std::fs::write(&file, message::body(8)).unwrap();
    let tried = pair.outer.json(0, &["try", file.to_str().unwrap()]);
    assert_eq!(keys(&tried), ["arrives_as", "bytes", "channel", "code", "key", "parts", "result", "sentence"]);
    let answer = pair.outer.json(0, &["resend", MESSAGES, "--seq", "2"]);
    assert_eq!(keys(&answer), ["count", "en", "exit", "zh"]);
    let refused = pair.outer.json(2, &["resend", MESSAGES, "--seq", "99"]);
    assert_eq!(refused["exit"], 2);
}

#[test]
fn the_life_of_a_record_is_told_by_key_and_by_file_name() {
    let pair = eventful();
    let key = message::name(2).trim_start_matches("Biz").trim_end_matches(".xml").to_owned();
    let states = |answer: &Value| {
        answer.as_array().unwrap().iter().map(|line| line["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for what in [key.as_str(), &message::name(2)] {
        assert_eq!(states(&pair.outer.json(0, &["trace", what])), ["accepted", "packed", "left"]);
        assert_eq!(pair.inner.json(0, &["trace", what]), serde_json::json!([]), "what waits for its turn is not opened");
    }
    pair.outer.expect(0, &["resend", MESSAGES, "--seq", "2"]);
    pair.carry();
    pair.inner.pass(0);
    let told = pair.inner.json(0, &["trace", &key]);
    assert_eq!(states(&told), ["seen", "applied"]);
    assert!(told[1]["at"].as_str().unwrap().ends_with("+08:00"));
    assert_eq!(pair.inner.json(0, &["trace", "nothing-of-that-name"]), serde_json::json!([]));
    assert!(pair.inner.expect(0, &["trace", "nothing-of-that-name"]).out.contains("没有见过"));
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter))
}

#[test]
fn the_environments_language_changes_nothing_and_lang_does() {
    let pair = eventful();
    for verb in [&["status"][..], &["gaps"], &["pass"], &["trace", "Biz9.xml"], &["check"]] {
        for lang in ["C", "en_US.UTF-8", "POSIX", "zh_CN.GBK"] {
            let mut command = pair.inner.command(verb);
            command.env("LANG", lang).env("LC_ALL", lang).env("LANGUAGE", "en");
            let answer = Answer::of(command.output().unwrap());
            assert!(is_chinese(&answer.out), "{verb:?} under {lang}: {answer:?}");
        }
    }
    for verb in [&["gaps"][..], &["pass"], &["trace", "nothing"], &["check"], &["resend", MESSAGES, "--seq", "9"]] {
        let answer = pair.inner.ask(&[verb, &["--lang", "en"]].concat());
        assert!(!is_chinese(&answer.all()) && !answer.all().is_empty(), "{verb:?}: {answer:?}");
    }
    pair.inner.edit("station.toml", "lang = \"zh\"", "lang = \"en\"");
    assert!(!is_chinese(&pair.inner.ask(&["gaps"]).out));
    assert!(is_chinese(&pair.inner.ask(&["gaps", "--lang", "zh"]).out));
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    use std::process::Stdio;
    let pair = eventful();
    let mut child = pair.outer.command(&["status"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let answer = Answer::of(child.wait_with_output().unwrap());
    assert_eq!((answer.code, answer.err.as_str()), (0, ""));
}

#[test]
fn status_shows_the_uncompared_fingerprint_until_it_is_confirmed() {
    let pair = Pair::new();
    assert!(pair.outer.expect(0, &["status"]).out.contains("指纹未比对"));
    pair.outer.expect(0, &["trust", "--confirm"]);
    assert!(pair.outer.expect(0, &["status"]).out.contains("指纹已比对"));
}

#[test]
fn the_card_goes_to_standard_output_and_its_fingerprint_to_standard_error() {
    let pair = Pair::new();
    let answer = pair.outer.expect(0, &["card"]);
    assert_eq!(answer.out, pair.outer.read("keys/keyring.txt"));
    let groups: Vec<&str> = answer.err.split_whitespace().collect();
    assert!(groups.len() == 12 && groups.iter().all(|group| group.len() == 5), "{answer:?}");
}

#[test]
fn no_private_key_is_ever_shown() {
    let pair = eventful();
    let mut secrets = Vec::new();
    for station in [&pair.outer, &pair.inner] {
        for key in ["authority.key", "packet.key", "log.key", "encryption.key"] {
            secrets.push(station.read(format!("keys/{key}")).trim().to_owned());
        }
    }
    for verb in [&["status"][..], &["card"], &["gaps"], &["pass"], &["check"]] {
        let answer = pair.inner.ask(verb);
        assert!(secrets.iter().all(|secret| !answer.all().contains(secret)), "{verb:?}");
    }
    assert!(message::name(0).starts_with("Biz"));
}
