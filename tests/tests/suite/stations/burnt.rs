//! Stations that burnt, or were restored from a backup: nothing that was retained is lost, and nothing arrives twice.

use std::fs;
use std::path::Path;
use std::process::Command;

use dukou_packets::packet::armor::armor;
use dukou_tests::stations::audit::{assert_pass, count, lines_of, verify};
use dukou_tests::stations::message;
use dukou_tests::stations::pair::{LOGS, MESSAGES, Pair};
use dukou_tests::stations::station::Station;
use dukou_tests::stations::tree::{digests, names};

const WHO: [&str; 4] = ["--name", "王主任", "--reason", "机房失火，重建"];

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

/// Gives the recovery key in what `init` showed: fourteen groups of four.
fn recovery_key(shown: &str) -> String {
    let is_key = |line: &&str| {
        let groups: Vec<&str> = line.split_whitespace().collect();
        groups.len() == 14 && groups.iter().all(|group| group.len() == 4 && group.is_ascii())
    };
    shown.lines().find(is_key).expect("init shows the recovery key").trim().to_owned()
}

/// A pair whose outer station showed its recovery key, with a file a packet.
fn pair_with_recovery_key() -> (Pair, String) {
    let dir = tempfile::Builder::new().prefix("dukou-").tempdir().unwrap();
    let (outer, shown) = Station::init_shown("dukou-outer", &dir.path().join("outer"), &[]);
    let inner = Station::init("dukou-inner", &dir.path().join("inner"), &[]);
    let pair = Pair { dir, outer, inner };
    for (known, to) in [(&pair.outer, &pair.inner), (&pair.inner, &pair.outer)] {
        to.expect(0, &["trust", pair.card(known).to_str().unwrap(), "--yes"]);
    }
    for channel in [MESSAGES, LOGS] {
        let file = format!("channels/{channel}.toml");
        pair.outer.edit(&file, "settle_seconds = 5", "settle_seconds = 0");
        pair.outer.edit(&file, "max_records = 4096", "max_records = 2");
    }
    (pair, recovery_key(&shown))
}

/// Traffic of which consumers took a part, some of it still on its way, and then the inner station burns with all its keys.
fn burn(pair: &mut Pair) -> usize {
    pair.drop_messages(0, 7);
    pair.drop_logs(0, 3);
    pair.exchange();
    for name in pair.arrived(MESSAGES).iter().take(4) {
        fs::remove_file(pair.inner.path("arrived").join(MESSAGES).join(name)).unwrap();
    }
    pair.drop_messages(7, 10);
    pair.outer.pass(0);
    fs::remove_dir_all(&pair.inner.dir).unwrap();
    pair.clear_outer_ferry();
    pair.inner = Station::init("dukou-inner", &pair.dir.path().join("inner-two"), &[]);
    10
}

fn assert_everything_arrived_once(pair: &Pair, messages: usize) {
    let arrived = digests(&pair.inner.path("arrived").join(MESSAGES));
    assert_eq!(arrived.len(), messages);
    assert!((0..messages).all(|n| arrived.contains_key(&message::name(n))), "{arrived:?}");
    assert_eq!(pair.arrived(LOGS).len(), 3);
    for station in [&pair.outer, &pair.inner] {
        station.expect(0, &["check"]);
    }
    assert_eq!(pair.inner.channel(MESSAGES)["applied"], messages);
    assert_eq!(pair.inner.channel(LOGS)["applied"], 3);
    assert_pass(pair);
}

#[test]
fn a_burnt_station_is_made_anew_and_every_record_is_applied_once() {
    let (mut pair, _) = pair_with_recovery_key();
    let messages = burn(&mut pair);
    let (outer_card, inner_card) = (pair.card(&pair.outer), pair.card(&pair.inner));
    pair.inner.expect(0, &["trust", outer_card.to_str().unwrap(), "--yes"]);
    let refused = pair.outer.expect(2, &["trust", inner_card.to_str().unwrap(), "--yes"]);
    assert!(refused.err.contains("--replace"), "{refused:?}");
    pair.outer.expect(0, &[&["trust", inner_card.to_str().unwrap(), "--yes", "--replace"], &WHO[..]].concat());
    let answer = pair.outer.json(0, &[&["reseal"], &WHO[..]].concat());
    assert!(answer["count"].as_u64().unwrap() >= 7, "{answer}");
    pair.carry();
    pair.inner.pass(0);
    assert_everything_arrived_once(&pair, messages);
    // Asked once more, there is nothing to do, and nothing arrives twice.
    assert_eq!(pair.outer.json(0, &[&["reseal"], &WHO[..]].concat())["count"], 0);
    let out = pair.outer.expect(0, &[&["reseal"], &WHO[..]].concat()).out;
    assert!(out.contains("没有要重新封装的留存包") && !out.contains(" 0 个"), "{out}");
    pair.carry();
    pair.inner.pass(0);
    pair.drop_messages(messages, messages + 2);
    pair.exchange();
    assert_everything_arrived_once(&pair, messages + 2);
    assert_eq!(lines_of(&pair.outer, "resealed").iter().map(|line| line["count"].as_u64().unwrap()).sum::<u64>(), 13);
    println!("13 of 13 retained records of a burnt station were applied once at the new one");
}

#[test]
fn a_burnt_station_that_had_answered_is_made_anew_without_being_taken_for_a_restored_one() {
    let (mut pair, _) = pair_with_recovery_key();
    for station in [&pair.outer, &pair.inner] {
        station.edit("station.toml", "# way_back = true", "way_back = true\nresend_per_minute = 1");
    }
    pair.drop_messages(10, 14);
    pair.exchange();
    // The outer station knows the log of the one that will burn, and owes it packets that a person asked for.
    pair.carry_back();
    pair.outer.pass(0);
    let messages = burn(&mut pair) + 4;
    pair.outer.expect(0, &["resend", MESSAGES, "--seq", "1..4"]);
    assert_eq!(pair.outer.channel(MESSAGES)["owed"], 3);
    pair.clear_outer_ferry();
    let (outer_card, inner_card) = (pair.card(&pair.outer), pair.card(&pair.inner));
    pair.inner.expect(0, &["trust", outer_card.to_str().unwrap(), "--yes"]);
    pair.outer.expect(0, &[&["trust", inner_card.to_str().unwrap(), "--yes", "--replace"], &WHO[..]].concat());
    assert_eq!(pair.outer.channel(MESSAGES)["owed"], 0, "what the old peer was owed is of no use to the new one");
    pair.outer.expect(0, &[&["reseal"], &WHO[..]].concat());
    pair.carry();
    pair.inner.pass(0);
    assert_everything_arrived_once(&pair, messages);
}

#[test]
fn what_a_peer_sent_before_it_burnt_is_still_checked_by_its_own_card() {
    let (mut pair, _) = pair_with_recovery_key();
    pair.drop_messages(0, 4);
    pair.exchange();
    fs::remove_dir_all(&pair.outer.dir).unwrap();
    pair.outer = Station::init("dukou-outer", &pair.dir.path().join("outer-two"), &[]);
    let (outer_card, inner_card) = (pair.card(&pair.outer), pair.card(&pair.inner));
    pair.outer.expect(0, &["trust", inner_card.to_str().unwrap(), "--yes"]);
    pair.inner.expect(0, &[&["trust", outer_card.to_str().unwrap(), "--yes", "--replace"], &WHO[..]].concat());
    pair.inner.expect(0, &["check"]);
    let packets = dukou_tests::stations::tree::names(&pair.inner.path("spool/in"));
    assert_eq!(packets.len(), 2, "two of two messages each");
    let path = pair.inner.path("spool/in").join(&packets[0]);
    let mut bytes = fs::read(&path).unwrap();
    bytes[100] ^= 1;
    fs::write(&path, bytes).unwrap();
    let damaged = pair.inner.expect(1, &["check"]);
    assert!(damaged.out.contains(&packets[0]) && !damaged.out.contains(&packets[1]), "{damaged:?}");
}

#[test]
fn a_reseal_with_the_recovery_key_opens_what_it_can_and_a_wrong_character_is_named() {
    let (mut pair, key) = pair_with_recovery_key();
    let messages = burn(&mut pair);
    let (outer_card, inner_card) = (pair.card(&pair.outer), pair.card(&pair.inner));
    pair.inner.expect(0, &["trust", outer_card.to_str().unwrap(), "--yes"]);
    pair.outer.expect(0, &[&["trust", inner_card.to_str().unwrap(), "--yes", "--replace"], &WHO[..]].concat());
    let file = pair.dir.path().join("recovery-key");
    let wrong = if key.starts_with('A') { key.replacen('A', "B", 1) } else { format!("A{}", &key[1..]) };
    fs::write(&file, wrong).unwrap();
    let reseal = [&["reseal", "--recovery-key", file.to_str().unwrap()], &WHO[..]].concat();
    let refused = pair.outer.expect(2, &reseal);
    assert!(refused.err.contains("校验不符"), "{refused:?}");
    fs::write(&file, key.to_lowercase().replace(' ', "\n")).unwrap();
    pair.outer.expect(0, &reseal);
    pair.carry();
    pair.inner.pass(0);
    assert_everything_arrived_once(&pair, messages);
}

#[test]
fn what_a_burnt_pair_retained_is_recovered_with_the_paper_key_alone() {
    let (mut pair, key) = pair_with_recovery_key();
    let messages = burn(&mut pair);
    let card = pair.card(&pair.outer);
    fs::remove_file(pair.outer.path("keys/encryption.key")).unwrap();
    assert_ne!(pair.outer.ask(&["pass"]).code, 0, "a station without its key does not start");
    let (file, out) = (pair.dir.path().join("recovery-key"), pair.dir.path().join("recovered"));
    fs::write(&file, &key).unwrap();
    let packets = pair.outer.path("spool/out");
    let [packets, out_dir, file, card] = [&packets, &out, &file, &card].map(|path| path.to_str().unwrap());
    let recover = ["recover", "--packets", packets, "--out", out_dir, "--recovery-key", file, "--card", card];
    pair.outer.expect(0, &recover);
    let recovered = digests(&out.join(MESSAGES));
    assert_eq!(recovered.len(), messages);
    for n in 0..messages {
        assert_eq!(fs::read(out.join(MESSAGES).join(message::name(n))).unwrap(), message::body(n));
    }
    assert_eq!(names(&out.join(LOGS)).len(), 3);
    let index: serde_json::Value = serde_json::from_slice(&fs::read(out.join("index.json")).unwrap()).unwrap();
    assert_eq!(index["records"].as_array().unwrap().len(), messages + 3);
    assert_eq!(index["unopened"], serde_json::json!([]));
    // It never writes over what is there, and believes no other card.
    pair.outer.expect(2, &recover);
    let other = pair.card(&pair.inner);
    let elsewhere = pair.dir.path().join("elsewhere");
    let [elsewhere, other] = [&elsewhere, &other].map(|path| path.to_str().unwrap());
    let strange =
        pair.outer.expect(1, &["recover", "--packets", packets, "--out", elsewhere, "--recovery-key", file, "--card", other]);
    assert!(strange.out.contains("unopened") && strange.out.contains("密钥卡"), "{strange:?}");
    let [empty, nowhere] = ["empty", "nowhere"].map(|name| pair.dir.path().join(name));
    fs::create_dir(&empty).unwrap();
    let [empty, nowhere] = [&empty, &nowhere].map(|path| path.to_str().unwrap());
    pair.outer.expect(2, &["recover", "--packets", empty, "--out", nowhere, "--recovery-key", file, "--card", card]);
    assert!(!Path::new(nowhere).exists(), "nothing was found, and nothing is made");
    let unopened = serde_json::from_slice(&fs::read(Path::new(elsewhere).join("index.json")).unwrap()).unwrap();
    super::spoken::agree("recover", &[index, unopened]);
}

#[test]
fn text_forms_of_packets_from_a_ferry_directory_or_a_disc_are_recovered_too() {
    let (mut pair, key) = pair_with_recovery_key();
    let messages = burn(&mut pair);
    let (file, out) = (pair.dir.path().join("recovery-key"), pair.dir.path().join("recovered"));
    fs::write(&file, &key).unwrap();
    // A disc of a text-only link whose gate wrote other line ends, and of each packet a copy that was cut.
    let disc = pair.dir.path().join("disc");
    let volume = disc.join("2026-0001-1of1");
    fs::create_dir_all(&volume).unwrap();
    fs::write(volume.join("LABEL.txt"), "a label").unwrap();
    for (at, name) in names(&pair.outer.path("spool/out")).into_iter().enumerate() {
        let text = armor(&[&fs::read(pair.outer.path("spool/out").join(name)).unwrap()]);
        let text = if at % 2 == 0 { text } else { String::from_utf8(text).unwrap().replace('\n', "\r\n").into_bytes() };
        fs::write(volume.join(format!("{at:04}-a.txt")), &text[..text.len() - 40]).unwrap();
        fs::write(volume.join(format!("{at:04}-b.txt")), &text).unwrap();
    }
    let card = pair.card(&pair.outer);
    let [packets, out_dir, file, card] = [&disc, &out, &file, &card].map(|path| path.to_str().unwrap());
    pair.outer.expect(0, &["recover", "--packets", packets, "--out", out_dir, "--recovery-key", file, "--card", card]);
    assert_eq!(digests(&out.join(MESSAGES)).len(), messages);
    for n in 0..messages {
        assert_eq!(fs::read(out.join(MESSAGES).join(message::name(n))).unwrap(), message::body(n));
    }
    assert_eq!(names(&out.join(LOGS)).len(), 3);
    let index: serde_json::Value = serde_json::from_slice(&fs::read(out.join("index.json")).unwrap()).unwrap();
    assert_eq!((&index["unopened"], index["records"].as_array().unwrap().len()), (&serde_json::json!([]), messages + 3));
}

#[test]
fn a_sender_restored_from_last_weeks_backup_is_noticed_at_its_first_packet_and_healed_by_a_re_baseline() {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 3);
    pair.drop_logs(0, 1);
    pair.exchange();
    let backup = pair.dir.path().join("backup");
    copy(&pair.outer.dir, &backup);
    for day in 3..6 {
        pair.drop_messages(day, day + 1);
        pair.exchange();
    }
    fs::remove_dir_all(&pair.outer.dir).unwrap();
    copy(&backup, &pair.outer.dir);
    pair.clear_outer_ferry();
    // The first packet goes on a channel that stood still since the backup: its number there fits.
    pair.drop_logs(1, 2);
    pair.outer.pass(0);
    pair.carry();
    pair.inner.pass(1);
    assert_eq!(count(&pair.inner, "restored"), 1, "noticed at its first packet");
    assert_eq!(pair.inner.channel(MESSAGES)["hold"]["code"], "restored");
    assert_eq!(pair.inner.channel(LOGS)["hold"]["code"], "restored");
    assert_eq!(pair.arrived(LOGS).len(), 1, "nothing of it was applied");

    pair.clear_outer_ferry();
    let report = pair.dir.path().join("report.txt");
    pair.inner.expect(0, &["gaps", "--out", report.to_str().unwrap()]);
    let epoch_new = [&["epoch", "new", "--from", report.to_str().unwrap()], &WHO[..]].concat();
    assert_eq!(pair.outer.json(0, &epoch_new)["count"], 2);
    // The operators drop the lost week once more.
    pair.drop_messages(3, 7);
    pair.outer.pass(0);
    pair.carry();
    pair.inner.pass(0);
    assert_eq!(pair.arrived(LOGS).len(), 2);
    let arrived = digests(&pair.inner.path("arrived").join(MESSAGES));
    assert_eq!(arrived.len(), 7);
    let status = pair.inner.channel(MESSAGES);
    assert_eq!((&status["state"], &status["applied"]), (&"ok".into(), &7.into()), "{status}");
    // Asked once more from the same report, nothing is opened and nothing goes twice.
    assert_eq!(pair.outer.json(0, &epoch_new)["count"], 0);
    pair.outer.pass(0);
    pair.carry();
    pair.inner.pass(0);
    assert_eq!(pair.inner.channel(MESSAGES)["applied"], 7);
    assert_eq!(verify(&pair.outer).code, 0, "{}", verify(&pair.outer).all());
    assert_pass(&pair);
    println!("1 of 1 restored sender was noticed at its first packet; 7 of 7 files are there once");
}

#[test]
fn files_lost_at_the_sink_are_delivered_once_more_and_nothing_else_is_touched() {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 4);
    pair.exchange();
    let sink = pair.inner.path("arrived").join(MESSAGES);
    let before = digests(&sink);
    for n in [1, 2] {
        fs::remove_file(sink.join(message::name(n))).unwrap();
    }
    let replay = |from: &'static str| [&["replay", MESSAGES, "--from", from], &WHO[..]].concat();
    let answer = pair.inner.json(0, &replay("2"));
    assert_eq!(answer["count"], 3);
    assert_eq!(digests(&sink), before);
    fs::write(sink.join(message::name(3)), b"another").unwrap();
    let waits = pair.inner.expect(2, &replay("4"));
    assert!(waits.err.contains(&message::name(3)), "{waits:?}");
    assert_eq!(fs::read(sink.join(message::name(3))).unwrap(), b"another");
    assert_eq!(count(&pair.inner, "replayed"), 2);
    pair.inner.expect(2, &replay("9"));
    assert_pass(&pair);
}
