//! `dukou-audit` as an auditor runs it: exit status, words, JSON.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use dukou_packets::keyring::Keyring;
use serde_json::Value;

use crate::{keys, world};

fn audit(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dukou-audit")).args(arguments).output().expect("the binary runs")
}

fn status(output: &Output) -> i32 {
    output.status.code().expect("it ends by itself")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// The folder of a log vector, by the end of its name and its verdict.
fn log_vector(ending: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/logs");
    let mut found: Vec<PathBuf> =
        fs::read_dir(folder).expect("it is there").map(|entry| entry.expect("it lists").path()).collect();
    found.sort();
    let named = |path: &PathBuf| path.to_string_lossy().ends_with(ending);
    found.into_iter().find(named).expect("there is such a vector")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the path is UTF-8")
}

#[test]
fn the_exit_status_says_the_verdict() {
    for (vector, expected) in [("-pass", 0), ("-checkpoint-root", 1), ("-segment-missing", 2)] {
        for language in ["zh", "en"] {
            let output = audit(&["verify", text(&log_vector(vector)), "--lang", language]);
            assert_eq!(status(&output), expected, "{vector} {}", stdout(&output));
        }
    }
}

#[test]
fn wrong_use_is_64_and_unreadable_input_is_66() {
    for wrong in [&[][..], &["verify"], &["prove"], &["verify", ".", "--lang", "fr"], &["show", "x", "--nonsense"]] {
        let output = audit(wrong);
        assert_eq!(status(&output), 64, "{wrong:?}");
        assert!(!output.stderr.is_empty());
    }
    let empty = tempfile::tempdir().expect("a temporary folder");
    let vector = log_vector("-pass");
    let file = vector.join("case.json");
    for unreadable in [
        &["verify", "/does/not/exist"][..],
        &["verify", text(&file)],
        &["verify", text(empty.path())],
        &["verify", text(&vector), "--authority", "/does/not/exist"],
        &["verify", text(&vector), "--authority", text(&file)],
        &["show", "/does/not/exist"],
    ] {
        let output = audit(unreadable);
        assert_eq!(status(&output), 66, "{unreadable:?}");
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    }
    assert_eq!(status(&audit(&["--help"])), 0);
    assert_eq!(status(&audit(&["--version"])), 0);
}

#[test]
fn without_an_authority_the_first_line_says_what_that_proves() {
    let vector = log_vector("-pass");
    let output = audit(&["verify", text(&vector)]);
    assert!(stdout(&output).starts_with("密钥取自本目录，仅证明自洽\n"));
    let output = audit(&["verify", text(&vector), "--json"]);
    let report: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(report["anchored"], false);
    assert_eq!(report["verdict"], "PASS");
    assert_eq!(
        report["unwitnessed"],
        report["lines"].as_u64().expect("a number") - report["witnessed"].as_u64().expect("a number")
    );
}

#[test]
fn the_card_or_its_fingerprint_anchors_the_keys_and_another_one_does_not() {
    let vector = log_vector("-pass");
    let card = vector.join("keyring-000001.txt");
    let fingerprint = world::sender_keyring().fingerprint();
    let hyphens = fingerprint.replace(' ', "-");
    for anchor in [text(&card), fingerprint.as_str(), &hyphens] {
        let output = audit(&["verify", text(&vector), "--json", "--authority", anchor]);
        let report: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
        assert_eq!((status(&output), &report["anchored"]), (0, &Value::Bool(true)), "{anchor}");
        let output = audit(&["verify", text(&vector), "--authority", anchor]);
        assert!(!stdout(&output).contains("仅证明自洽"));
    }
    let peer = format!("peer-{}-000001.txt", keys::hex(&keys::ADDRESSEE));
    for anchor in [text(&vector.join(peer)), &"12345 ".repeat(12)] {
        let output = audit(&["verify", text(&vector), "--json", "--authority", anchor]);
        let report: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
        assert_eq!((status(&output), &report["anchored"]), (1, &Value::Bool(false)), "{anchor}");
        assert_eq!(report["faults"][0]["code"], "anchor");
    }
}

#[test]
fn the_peers_card_as_authority_is_told_for_what_it_is() {
    let vector = log_vector("-pass");
    let peer = vector.join(format!("peer-{}-000001.txt", keys::hex(&keys::ADDRESSEE)));
    let fingerprint = Keyring::parse(&std::fs::read(&peer).expect("a card")).expect("a keyring").fingerprint();
    for anchor in [text(&peer), fingerprint.as_str()] {
        for (language, sentence, next) in
            [("zh", "这是对方站的密钥卡", "换成写这份日志的站"), ("en", "the card of the other station", "verify again")]
        {
            let said = stdout(&audit(&["verify", text(&vector), "--lang", language, "--authority", anchor]));
            assert!(said.contains(sentence) && said.contains(next), "{said}");
            assert!(!said.contains("安全审计") && !said.contains("tell the auditor"), "{said}");
        }
    }
    let stranger = stdout(&audit(&["verify", text(&vector), "--authority", &"12345 ".repeat(12)]));
    assert!(!stranger.contains("对方站的密钥卡") && stranger.contains("安全审计"), "{stranger}");
}

#[test]
fn the_verdict_never_calls_an_unwitnessed_tail_complete() {
    for language in ["zh", "en"] {
        let output = stdout(&audit(&["verify", text(&log_vector("-pass")), "--lang", language]));
        assert!(!output.contains("完整") && !output.contains("complete"), "{output}");
        let verdict = output.lines().nth(1).expect("the verdict");
        assert!(verdict.contains("PASS") && verdict.contains("11"), "{verdict}");
    }
}

#[test]
fn each_channel_is_told_with_what_was_applied_waived_and_missing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/logs");
    let output = stdout(&audit(&["verify", text(&log_vector("-packet-missing"))]));
    for part in ["通道 files", "1..3,6 已落地", "7..9 缺失", "4..5 放弃（zhang）", "packet-missing"] {
        assert!(output.contains(part), "{part}: {output} {}", folder.display());
    }
    let faults = stdout(&audit(&["verify", text(&log_vector("-line-number")), "--lang", "en"]));
    assert!(faults.contains("line-number | 000000000001.jsonl.zst:4 |"), "{faults}");
}

#[test]
fn a_name_that_would_steer_the_terminal_is_printed_as_escapes() {
    use dukou_packets::audit::text::printable;
    assert_eq!(printable("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\u{a}");
    assert_eq!(printable("\u{202e}渡口"), "\\u{202e}渡口");
}

#[test]
fn a_packet_is_shown_verified_unverified_or_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let keyring = folder.path().join("card.txt");
    fs::write(&keyring, keys::sender_keyring()).expect("it writes");
    let packet = folder.path().join("a.dkp");
    let signer = world::signer("packet");
    let mut file = world::file_of(&world::seal_files(dukou_packets::suite::Suite::Aes256Gcm, &[b"body"], &signer));
    fs::write(&packet, &file).expect("it writes");
    let shown = audit(&["show", text(&packet), "--json"]);
    let value: Value = serde_json::from_str(&stdout(&shown)).expect("JSON");
    assert_eq!((status(&shown), value["standing"].as_str()), (2, Some("unverified")));
    assert_eq!(value["fields"]["channel"], "files");
    let shown = audit(&["show", text(&packet), "--keyring", text(&keyring)]);
    assert_eq!(status(&shown), 0, "{}", stdout(&shown));
    assert!(stdout(&shown).starts_with("packet: 签名已核验"));
    let shown = audit(&["show", text(&packet), "--log", text(&log_vector("-pass")), "--lang", "en"]);
    assert_eq!(status(&shown), 0, "{}", stdout(&shown));
    let last = file.len() - 1;
    file[last] ^= 1;
    fs::write(&packet, &file).expect("it writes");
    let shown = audit(&["show", text(&packet), "--keyring", text(&keyring), "--json"]);
    let value: Value = serde_json::from_str(&stdout(&shown)).expect("JSON");
    assert_eq!((status(&shown), value["standing"].as_str()), (1, Some("refused")));
    assert!(value["reason"].as_str().is_some_and(|reason| reason.starts_with("payload-digest")));
}

#[test]
fn keyrings_segments_and_checkpoints_are_shown() {
    let vector = log_vector("-pass");
    for (name, kind, expected) in [
        ("keyring-000001.txt", "keyring", 0),
        ("000000000001.jsonl.zst", "segment", 2),
        ("000000000010.jsonl", "segment", 2),
        ("000000000010.checkpoints", "checkpoints", 2),
        ("case.json", "packet", 1),
    ] {
        let shown = audit(&["show", text(&vector.join(name)), "--json"]);
        let value: Value = serde_json::from_str(&stdout(&shown)).expect("JSON");
        assert_eq!((value["kind"].as_str(), status(&shown)), (Some(kind), expected), "{name}");
    }
    let notes = vector.join("000000000010.checkpoints");
    let shown = audit(&["show", text(&notes), "--log", text(&vector)]);
    assert_eq!(status(&shown), 0, "{}", stdout(&shown));
}

#[test]
fn an_armored_packet_is_shown_as_the_one_it_carries() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (keyring, packet, armored) = ("card.txt", "a.dkp", "a.txt");
    let [keyring, packet, armored] = [keyring, packet, armored].map(|name| folder.path().join(name));
    fs::write(&keyring, keys::sender_keyring()).expect("it writes");
    let signer = world::signer("packet");
    let file = world::file_of(&world::seal_files(dukou_packets::suite::Suite::Aes256Gcm, &[b"body"], &signer));
    fs::write(&packet, &file).expect("it writes");
    fs::write(&armored, dukou_packets::packet::armor::armor(&[&file])).expect("it writes");
    let shown = |file| audit(&["show", text(file), "--keyring", text(&keyring), "--json"]);
    assert_eq!((status(&shown(&armored)), stdout(&shown(&armored))), (0, stdout(&shown(&packet))));
    fs::write(&armored, b"DUKOU-ARMOR-1\n****\n").expect("it writes");
    assert_eq!(status(&shown(&armored)), 1);
    assert!(stdout(&shown(&armored)).contains("armor: "));
}
