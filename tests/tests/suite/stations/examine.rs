//! `try` and `check`: looking without touching, and noticing what does not agree.

use std::fs;
use std::path::Path;

use dukou_tests::stations::audit::{assert_pass, count, lines};
use dukou_tests::stations::message::{self, xml};
use dukou_tests::stations::pair::{MESSAGES, Pair};
use dukou_tests::stations::sentence::wrong_use;
use dukou_tests::stations::station::Station;
use dukou_tests::stations::tree::{digests, names};

#[test]
fn try_tells_what_would_happen_and_sends_nothing() {
    let pair = Pair::new();
    let bad = pair.dir.path().join("Biz9.xml");
    fs::write(&bad, b"<a>").unwrap();
    let good = pair.dir.path().join(message::name(1));
    fs::write(&good, message::body(1)).unwrap();
    pair.drop_messages(0, 1);
    pair.exchange();
    let before = (lines(&pair.outer).len(), digests(&pair.outer.path("ferry/out")), digests(&pair.outer.path("spool")));

    let tried = pair.outer.json(0, &["try", good.to_str().unwrap()]);
    assert_eq!((tried["result"].as_str(), tried["channel"].as_str()), (Some("accepted"), Some(MESSAGES)));
    assert_eq!(tried["key"], message::name(1).trim_start_matches("Biz").trim_end_matches(".xml"));
    let tried = pair.outer.json(1, &["try", bad.to_str().unwrap()]);
    assert_eq!((tried["result"].as_str(), tried["code"].as_str()), (Some("rejected"), Some("xml-truncated")));
    pair.drop_messages(0, 1);
    let repeat = pair.outer.path("drop").join(MESSAGES).join(message::name(0));
    let tried = pair.outer.json(1, &["try", repeat.to_str().unwrap()]);
    assert_eq!(tried["result"], "held-back");
    wrong_use(&pair.outer, &["try", "/no/such/Biz1.xml"], 2, &["/no/such/Biz1.xml"]);
    wrong_use(&pair.outer, &["try", pair.card(&pair.inner).to_str().unwrap()], 2, &["--channel"]);
    wrong_use(&pair.outer, &["try", bad.to_str().unwrap(), "--channel", "nobodys-channel"], 2, &["nobodys-channel"]);

    assert!(repeat.exists() && bad.exists() && good.exists());
    assert_eq!((lines(&pair.outer).len(), digests(&pair.outer.path("ferry/out")), digests(&pair.outer.path("spool"))), before);
}

#[test]
fn check_finds_nothing_after_ordinary_work() {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 5);
    pair.drop(MESSAGES, "Biz9.xml", b"<a>");
    pair.outer.pass(1);
    pair.carry();
    pair.inner.pass(0);
    for station in [&pair.outer, &pair.inner] {
        let found = station.json(0, &["check"]);
        assert_eq!(found["disagreements"].as_array().map(Vec::len), Some(0), "{found}");
        assert!(station.expect(0, &["check"]).out.contains("一致"));
    }
}

fn codes(station: &Station, args: &[&str]) -> Vec<String> {
    let answer = station.ask(&[args, &["--json"]].concat());
    let found: serde_json::Value = serde_json::from_str(&answer.out).unwrap_or_else(|error| panic!("{error}: {answer:?}"));
    let codes: Vec<String> =
        found["disagreements"].as_array().unwrap().iter().map(|entry| entry["code"].as_str().unwrap().to_owned()).collect();
    assert_eq!(answer.code, i32::from(!codes.is_empty()), "{answer:?}");
    codes
}

#[test]
fn check_names_a_deleted_damaged_or_strange_spool_file() {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 3);
    pair.exchange();
    for (station, spool) in [(&pair.outer, "spool/out"), (&pair.inner, "spool/in")] {
        let dir = station.path(spool);
        let files = names(&dir);
        assert_eq!(files.len(), 3);
        let bytes = fs::read(dir.join(&files[1])).unwrap();
        fs::remove_file(dir.join(&files[1])).unwrap();
        fs::write(dir.join("stray.dkp"), b"x").unwrap();
        assert_eq!(codes(station, &["check"]), ["spool-missing", "spool-extra"]);
        assert!(station.expect(1, &["check"]).out.contains(&files[1]));
        fs::write(dir.join(&files[1]), &bytes[..bytes.len() - 1]).unwrap();
        fs::remove_file(dir.join("stray.dkp")).unwrap();
        assert_eq!(codes(station, &["check"]), ["spool-differs"]);
        let mut rotten = bytes.clone();
        *rotten.last_mut().unwrap() ^= 1;
        fs::write(dir.join(&files[1]), &rotten).unwrap();
        assert_eq!(codes(station, &["check"]), ["spool-differs"], "a rotten payload under a whole head");
        fs::write(dir.join(&files[1]), &bytes).unwrap();
        assert!(codes(station, &["check"]).is_empty());
    }
}

#[test]
fn check_finds_a_log_that_was_changed_or_cut() {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 3);
    pair.exchange();
    for station in [&pair.outer, &pair.inner] {
        let segment = names(&station.path("log")).into_iter().find(|name| name.ends_with(".jsonl")).unwrap();
        let path = station.path("log").join(segment);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replacen("\"records\":1", "\"records\":7", 1)).unwrap();
        assert!(codes(station, &["check"]).contains(&"log-fails".to_owned()));
        let cut = text.lines().take(text.lines().count() - 2).map(|line| format!("{line}\n")).collect::<String>();
        fs::write(&path, cut).unwrap();
        assert!(codes(station, &["check"]).contains(&"log-shorter".to_owned()));
        fs::write(&path, text).unwrap();
        assert!(codes(station, &["check"]).is_empty());
    }
}

/// Keeps or puts back the state of a station, as a backup would.
fn copy_state(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    let status = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(status.success());
}

#[test]
fn a_state_restored_from_before_is_noticed_and_the_start_refused() {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 2);
    pair.exchange();
    let backup = pair.dir.path().join("backup");
    for (station, rebuilt) in [(&pair.outer, 3), (&pair.inner, 3)] {
        copy_state(&station.path("state"), &backup);
        let first = if station.dir == pair.outer.dir { 2 } else { 5 };
        pair.drop_messages(first, first + 3);
        pair.exchange();
        let now = pair.dir.path().join("now");
        copy_state(&station.path("state"), &now);
        copy_state(&backup, &station.path("state"));
        let started = count(station, "start");
        for verb in ["pass", "run"] {
            wrong_use(station, &[verb], 3, &["state/"]);
        }
        assert_eq!(count(station, "start"), started);
        let missing = codes(station, &["check"]);
        assert_eq!(missing.iter().filter(|code| *code == "row-missing").count(), rebuilt, "{missing:?}");
        copy_state(&now, &station.path("state"));
        station.pass(0);
        assert!(codes(station, &["check"]).is_empty());
    }
    assert_eq!(pair.arrived(MESSAGES).len(), 8);
    assert_pass(&pair);
}

#[test]
fn check_rebuilds_the_packet_rows_from_log_and_spool() {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 3);
    pair.exchange();
    for (station, table) in [(&pair.outer, "out"), (&pair.inner, "in")] {
        fs::remove_file(station.path("state/station.sqlite")).unwrap();
        for rest in ["state/station.sqlite-wal", "state/station.sqlite-shm"] {
            let _ = fs::remove_file(station.path(rest));
        }
        wrong_use(station, &["pass"], 3, &["state/"]);
        let answer = station.expect(0, &["check", "--rebuild"]);
        assert!(answer.out.contains("已重建 3 条"), "{table}: {answer:?}");
        assert!(codes(station, &["check"]).is_empty());
    }
}

#[test]
fn a_log_restored_from_before_is_noticed_and_the_start_refused() {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 2);
    pair.exchange();
    let backup = pair.dir.path().join("backup");
    copy_state(&pair.outer.path("log"), &backup);
    pair.drop_messages(2, 3);
    pair.exchange();
    let now = pair.dir.path().join("now");
    copy_state(&pair.outer.path("log"), &now);
    copy_state(&backup, &pair.outer.path("log"));
    wrong_use(&pair.outer, &["pass"], 3, &[]);
    copy_state(&now, &pair.outer.path("log"));
    pair.outer.pass(0);
    assert_pass(&pair);
}

#[test]
fn a_state_that_is_no_database_stops_the_station_with_one_sentence() {
    let pair = Pair::new();
    pair.drop_messages(0, 1);
    pair.exchange();
    fs::write(pair.outer.path("state/station.sqlite"), xml("no database")).unwrap();
    for rest in ["state/station.sqlite-wal", "state/station.sqlite-shm"] {
        let _ = fs::remove_file(pair.outer.path(rest));
    }
    wrong_use(&pair.outer, &["pass"], 3, &["state/"]);
}
