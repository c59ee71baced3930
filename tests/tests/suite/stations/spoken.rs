//! What programs and people read: documented JSON, and the language that was asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use dukou_tests::stations::calendar::forget_the_year;
use dukou_tests::stations::forge::Forgery;
use dukou_tests::stations::message;
use dukou_tests::stations::packet::cargo;
use dukou_tests::stations::pair::{MESSAGES, Pair};
use dukou_tests::stations::station::{Answer, Station};
use dukou_tests::stations::tree::names;
use serde_json::Value;

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

/// Gives the status of a station that goes on without a packet.
fn after_a_waiver() -> Value {
    let pair = eventful();
    pair.inner.expect(0, &["waive", MESSAGES, "--seq", "2", "--name", "刘", "--reason", "光盘损坏"]);
    let status = pair.inner.json(1, &["status"]);
    let waiver = &status["waivers"][0];
    assert_eq!((&waiver["reason"], &waiver["late"], &waiver["from"]), (&"光盘损坏".into(), &0.into(), &2.into()), "{status}");
    assert!(waiver["operator"].as_str().unwrap().starts_with("刘 ("), "{status}");
    status
}

/// Gives the paths of all values that hold no further ones: `channels[].hold.code`.
fn paths(value: &Value, above: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let dot = if above.is_empty() { "" } else { "." };
            fields.iter().for_each(|(key, value)| paths(value, &format!("{above}{dot}{key}"), into));
        }
        Value::Array(elements) if !elements.is_empty() => {
            elements.iter().for_each(|element| paths(element, &format!("{above}[]"), into));
        }
        _ => drop(into.insert(above.to_owned())),
    }
}

/// Gives what JSON.md documents: the paths in the first column, by heading.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let mut documented: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut heading = String::new();
    for line in include_str!("../../../../JSON.md").lines() {
        if let Some(title) = line.strip_prefix("## ") {
            heading = title.to_owned();
        } else if let Some(column) = line.strip_prefix("| `").and_then(|row| row.split(" | ").next()) {
            let found = column.split('`').filter(|path| !path.trim().is_empty()).map(str::to_owned);
            documented.entry(heading.clone()).or_default().extend(found);
        }
    }
    documented
}

/// Every value that was printed is documented, or is the empty place of documented ones; every documented path was printed.
pub(super) fn agree(heading: &str, answers: &[Value]) {
    let documented = documented();
    let (_, documented) = documented.iter().find(|(title, _)| title.split(' ').next() == Some(heading)).unwrap();
    let mut printed = BTreeSet::new();
    answers.iter().for_each(|answer| paths(answer, "", &mut printed));
    let printed: BTreeSet<String> = printed
        .into_iter()
        .map(|path| path.strip_prefix("pass.aside.").map_or(path.clone(), |_| "pass.aside.*".to_owned()))
        .collect();
    let is_empty_place = |path: &String| {
        documented.iter().any(|known| known.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with(['.', '['])))
    };
    let unknown: Vec<_> = printed.iter().filter(|path| !documented.contains(*path) && !is_empty_place(path)).collect();
    assert!(unknown.is_empty(), "{heading} prints what JSON.md does not document: {unknown:?}");
    let missing: Vec<_> = documented.difference(&printed).collect();
    assert!(missing.is_empty(), "JSON.md documents for {heading} what is never printed: {missing:?}");
}

/// Notes a maintenance until tomorrow.
fn maintained(station: &Station) {
    let tomorrow = std::time::SystemTime::now() + std::time::Duration::from_secs(86_400);
    let ms = tomorrow.duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    let until: String = dukou_shared::report::civil_time(ms).chars().take(16).collect();
    station.expect(0, &["maintenance", "--until", &until, "--reason", "换交换机", "--name", "王工"]);
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))).unwrap()
}

/// A disc of two volumes, one of them read: what both stations list.
fn lists_of_discs() -> Vec<Value> {
    let (pair, disc) = super::media::pair();
    pair.drop_messages(0, 45);
    pair.outer.pass(0);
    let volumes = super::media::written(&pair, &disc);
    let inserted = super::media::insert(&pair, &disc, &volumes[0]);
    let answer = pair.inner.json(1, &["media", "read", &inserted]);
    assert_eq!(answer["exit"], 1);
    vec![pair.outer.json(0, &["media", "list"]), pair.inner.json(1, &["media", "list"])]
}

/// What `check` says of a state that it made anew.
fn after_a_rebuilding() -> Value {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 2);
    pair.outer.pass(0);
    let answer = pair.outer.json(0, &["check", "--rebuild", "--name", "王工", "--reason", "磁盘坏过"]);
    assert_eq!((&answer["rebuilt"], &answer["new_state"]["without_records"]), (&2.into(), &0.into()));
    answer
}

#[test]
fn every_json_key_is_documented_and_every_documented_key_is_printed() {
    let pair = eventful();
    let (outer, inner) = (&pair.outer, &pair.inner);
    let early = [inner.json(0, &["trace", &message::name(2)]), outer.json(0, &["trace", &message::name(0)])];
    agree("trace", &early);
    agree("gaps", &[inner.json(1, &["gaps"])]);
    std::fs::write(inner.path("ferry/in/3-aaaa-junk.dkp"), vec![b'x'; 2000]).unwrap();
    let aside = inner.json(1, &["pass"]);
    std::fs::rename(inner.path("ferry/in"), inner.path("ferry/away")).unwrap();
    agree("pass", &[aside, inner.json(1, &["pass"])]);
    std::fs::rename(inner.path("ferry/away"), inner.path("ferry/in")).unwrap();
    let first = &cargo(&outer.path("ferry/out"), MESSAGES)[0].header;
    let twin = Forgery { epoch: first.epoch, ..Forgery::first(outer, inner, MESSAGES) };
    std::fs::write(inner.path("ferry/in/3-aaaa-twin.dkp"), twin.seal(outer, inner)).unwrap();
    std::fs::write(inner.path("state/requests/nothing.request"), b"?").unwrap();
    forget_the_year(inner);
    inner.set("alarm", "contact = \"李工\"\ntelephone = \"0471\"");
    inner.pass(1);
    let noted = inner.json(0, &["alarms", "ack", "calendar", "--name", "王工"]);
    let until = "2199-01-01T08:00";
    agree("resend", &[noted, inner.json(2, &["maintenance", "--until", until, "--reason", "x"])]);
    maintained(inner);
    agree("alarms", &[inner.json(0, &["alarms"])]);
    agree("status", &[inner.json(1, &["status"]), outer.json(0, &["status"]), after_a_waiver()]);
    std::fs::write(outer.path("spool/out/stranger"), b"x").unwrap();
    agree("check", &[outer.json(1, &["check"]), after_a_rebuilding()]);
    let file = pair.dir.path().join(message::name(8));
    std::fs::write(&file, message::body(8)).unwrap();
    agree("media", &lists_of_discs());
    agree("try", &[outer.json(0, &["try", file.to_str().unwrap()])]);
    let refused = outer.json(2, &["resend", MESSAGES, "--seq", "99"]);
    assert_eq!(refused["exit"], 2);
    agree("resend", &[outer.json(0, &["resend", MESSAGES, "--seq", "2"]), refused]);
    let name = message::name(0);
    agree("drop/通道/.status/文件名.json", &[read(&outer.path(format!("drop/{MESSAGES}/.status/{name}.json")))]);
    let repeat = read(&outer.path(format!("duplicates/{MESSAGES}/{name}.reason.json")));
    agree("rejected/", &[read(&outer.path(format!("rejected/{MESSAGES}/Biz9.xml.reason.json"))), repeat]);
    let quarantine = inner.path("quarantine");
    let reasons = names(&quarantine).into_iter().filter(|name| name.ends_with(".reason.json"));
    agree("quarantine/", &reasons.map(|name| read(&quarantine.join(name))).collect::<Vec<_>>());
}

#[test]
fn the_life_of_a_record_is_told_by_key_and_by_file_name() {
    let pair = eventful();
    let key = message::name(2).trim_start_matches("Biz").trim_end_matches(".xml").to_owned();
    let states = |answer: &Value| {
        answer["records"].as_array().unwrap().iter().map(|line| line["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for what in [key.as_str(), &message::name(2)] {
        assert_eq!(states(&pair.outer.json(0, &["trace", what])), ["accepted", "packed", "left"]);
        let told = pair.inner.json(0, &["trace", what]);
        assert_eq!(told["records"], serde_json::json!([]), "what waits for its turn is not opened");
        let unopened: Vec<_> = told["unopened"].as_array().unwrap().iter().map(|line| (&line["state"], &line["seq"])).collect();
        assert_eq!(unopened, [(&"missing".into(), &2.into()), (&"early".into(), &2.into())], "{told}");
    }
    pair.outer.expect(0, &["resend", MESSAGES, "--seq", "2"]);
    pair.carry();
    pair.inner.pass(0);
    let told = pair.inner.json(0, &["trace", &key]);
    assert_eq!(states(&told), ["seen", "applied"]);
    assert!(told["records"][1]["at"].as_str().unwrap().ends_with("+08:00"));
    let nothing = serde_json::json!({ "records": [], "more": false, "unopened": [] });
    assert_eq!(pair.inner.json(0, &["trace", "nothing-of-that-name"]), nothing);
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
    let (label, fingerprint) = answer.err.split_once('\n').unwrap();
    assert!(label.contains("指纹"), "{answer:?}");
    let groups: Vec<&str> = fingerprint.split_whitespace().collect();
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
