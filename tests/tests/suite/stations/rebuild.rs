//! A state that is gone is made anew from log and spool, and everything goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Stdio;

use dukou_shared::store::sqlite::SqliteStore;
use dukou_shared::store::{Direction, PacketState, Store};
use dukou_tests::stations::audit::{assert_pass, count, lines_of};
use dukou_tests::stations::injection::{self, Injection};
use dukou_tests::stations::message;
use dukou_tests::stations::pair::{MESSAGES, Pair, RESPONSES, copy_all as copy};
use dukou_tests::stations::sentence::wrong_use;
use dukou_tests::stations::station::{Answer, Station};
use dukou_tests::stations::tree::names;

/// The state's file and what SQLite keeps beside it.
fn lose_state(station: &Station) {
    for name in names(&station.path("state")).iter().filter(|name| name.starts_with("station.sqlite")) {
        fs::remove_file(station.path("state").join(name)).unwrap();
    }
}

/// A consumer that takes what has arrived, and counts how often each file came.
#[derive(Default)]
struct Taken(BTreeMap<String, u32>);

impl Taken {
    fn take(&mut self, pair: &Pair) {
        for name in pair.arrived(MESSAGES) {
            fs::remove_file(pair.inner.path("arrived").join(MESSAGES).join(&name)).unwrap();
            *self.0.entry(name).or_default() += 1;
        }
    }
}

/// Carries what lies at the outer station, but for the packets of these places in their order by number.
fn carry_but(pair: &Pair, left_out: &[&str]) {
    for name in names(&pair.outer.path("ferry/out")).iter().filter(|name| !left_out.contains(&name.as_str())) {
        fs::copy(pair.outer.path("ferry/out").join(name), pair.inner.path("ferry/in").join(name)).unwrap();
    }
    pair.clear_outer_ferry();
}

#[test]
fn both_states_deleted_midway_are_rebuilt_and_every_record_arrives_once_and_the_audits_pass() {
    let (pair, mut taken) = (Pair::one_file_a_packet(), Taken::default());
    // Four have crossed and were taken, the fifth is lost on its way, the sixth is here and waits, the seventh lies in the ferry directory.
    pair.drop_messages(0, 4);
    pair.outer.pass(0);
    carry_but(&pair, &[]);
    pair.inner.pass(0);
    taken.take(&pair);
    pair.drop_messages(4, 5);
    pair.outer.pass(0);
    pair.clear_outer_ferry();
    pair.drop_messages(5, 6);
    pair.outer.pass(0);
    carry_but(&pair, &[]);
    pair.inner.pass(1);
    pair.drop_messages(6, 7);
    pair.outer.pass(0);
    let used: Vec<u64> = lines_of(&pair.outer, "packed").iter().map(|line| line["number"].as_u64().unwrap()).collect();
    for station in [&pair.outer, &pair.inner] {
        lose_state(station);
        wrong_use(station, &["pass"], 3, &["state/"]);
        let out = station.ask(&["check", "--rebuild"]).out;
        assert!(out.contains("已重建") && out.contains("不能重建") && out.contains("station.sqlite.before-"), "{out}");
        let told: Vec<_> = lines_of(station, "renumbered").iter().map(|line| line["code"].clone()).collect();
        assert_eq!(told, ["rebuilt"], "the log tells of it");
        assert_eq!(count(station, "restored"), 0, "no line was lost, and what contradicts the log stays a contradiction");
        assert_eq!(station.json(0, &["check"])["disagreements"].as_array().unwrap().len(), 0);
    }
    // Everything goes on: the gap is named, a resend closes it, new files follow, a repeat is known for one.
    pair.drop_messages(7, 9);
    pair.drop(MESSAGES, &message::name(1), &message::body(1));
    pair.outer.pass(1);
    assert_eq!(lines_of(&pair.outer, "packed").len(), 9, "the repeat was held back");
    carry_but(&pair, &[]);
    pair.inner.pass(1);
    taken.take(&pair);
    assert_eq!(pair.inner.json(1, &["gaps"])[0]["from"], 5);
    pair.outer.expect(0, &["resend", MESSAGES, "--seq", "5"]);
    carry_but(&pair, &[]);
    pair.inner.pass(0);
    taken.take(&pair);
    let expected: BTreeMap<String, u32> = (0..9).map(|n| (message::name(n), 1)).collect();
    assert_eq!(taken.0, expected, "every record once");
    let numbers: Vec<u64> = lines_of(&pair.outer, "packed").iter().map(|line| line["number"].as_u64().unwrap()).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    assert!(numbers[used.len()] > used[used.len() - 1] + (1 << 31), "no signal's number is used again: {numbers:?}");
    assert_pass(&pair);
}

#[test]
fn a_state_rebuilt_again_and_again_with_signals_alone_between_uses_no_number_twice() {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 2);
    pair.exchange();
    for _ in 0..3 {
        pair.outer.expect(0, &["check", "--rebuild", "--name", "王工", "--reason", "演练"]);
        pair.outer.pass(0);
        carry_but(&pair, &[]);
        // A number that came before would be another copy's: everything from the peer would wait for a person.
        pair.inner.pass(0);
    }
    let numbers: BTreeSet<u64> =
        lines_of(&pair.outer, "renumbered").iter().map(|line| line["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers.len(), 3, "{numbers:?}");
    pair.drop_messages(2, 3);
    pair.exchange();
    assert_eq!(pair.arrived(MESSAGES).len(), 3);
    assert_pass(&pair);
}

#[test]
fn a_state_that_was_mended_and_is_lost_before_the_next_packet_uses_no_number_twice() {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 2);
    pair.exchange();
    let backup = pair.dir.path().join("state-before");
    copy(&pair.outer.path("state"), &backup);
    pair.drop_messages(2, 4);
    pair.exchange();
    for round in 1..=3 {
        fs::remove_dir_all(pair.outer.path("state")).unwrap();
        copy(&backup, &pair.outer.path("state"));
        pair.outer.expect(0, &["check", "--rebuild"]);
        // Signals alone: no line names their numbers.
        pair.outer.pass(0);
        carry_but(&pair, &[]);
        pair.inner.pass(0);
        let told = lines_of(&pair.outer, "renumbered");
        assert_eq!((told.len(), &told[round - 1]["code"]), (round, &"mended".into()), "{told:?}");
    }
    // A copy from before is noticed though nothing was packed since.
    fs::remove_dir_all(pair.outer.path("state")).unwrap();
    copy(&backup, &pair.outer.path("state"));
    wrong_use(&pair.outer, &["pass"], 3, &["state/"]);
    pair.outer.expect(0, &["check", "--rebuild"]);
    pair.drop_messages(4, 5);
    pair.exchange();
    assert_eq!((pair.arrived(MESSAGES).len(), count(&pair.inner, "restored")), (5, 0));
    assert_pass(&pair);
}

#[test]
fn a_state_that_is_there_is_replaced_only_by_a_persons_name_and_stays_beside_the_new_one() {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 3);
    pair.exchange();
    let beside = |station: &Station| {
        let names = names(&station.path("state"));
        names.into_iter().filter(|name| name.contains("before-") && !name.ends_with("-wal") && !name.ends_with("-shm")).count()
    };
    pair.inner.expect(0, &["check", "--rebuild"]);
    assert_eq!((beside(&pair.inner), lines_of(&pair.inner, "renumbered").len()), (0, 0), "without a name nothing is replaced");
    wrong_use(&pair.inner, &["check", "--rebuild", "--name", "王工"], 2, &["--reason"]);
    wrong_use(&pair.inner, &["check", "--name", "王工", "--reason", "x"], 2, &["--rebuild"]);
    let out = pair.inner.expect(0, &["check", "--rebuild", "--name", "王工", "--reason", "磁盘坏过"]).out;
    assert!(out.contains("station.sqlite.before-"), "{out}");
    assert_eq!((beside(&pair.inner), lines_of(&pair.inner, "renumbered").len()), (1, 1));
    assert!(!pair.inner.read("log/000000000001.jsonl").contains("王工"), "the name stays in the state");
    pair.drop_messages(3, 5);
    pair.exchange();
    assert_eq!(pair.arrived(MESSAGES).len(), 5);
    assert_pass(&pair);
}

/// How many packets a state knows.
fn packets(state: &Path) -> usize {
    let mut store = SqliteStore::open_read_only(state).unwrap();
    store.packets_in(Direction::In, &PacketState::ALL, usize::MAX).unwrap().len()
}

/// Kills a rebuilding at the given use of a system call; false when it ended before it came so far.
fn killed_while_rebuilding(call: &'static str, place: usize) -> bool {
    let pair = Pair::one_file_a_packet();
    let state = pair.inner.path("state/station.sqlite");
    // Somebody looks into the state all the time, so that SQLite leaves what is new beside the file.
    pair.inner.pass(0);
    let reader = SqliteStore::open_read_only(&state).unwrap();
    pair.drop_messages(0, 3);
    pair.exchange();
    let killed = Injection { call, fault: "signal=KILL", place };
    let who = ["check", "--rebuild", "--name", "王工", "--reason", "演练"];
    let answer = Answer::of(killed.command(&pair.inner, &who).stdin(Stdio::null()).output().unwrap());
    drop(reader);
    let is_before = |name: &&String| name.contains("before-") && !name.ends_with("-wal") && !name.ends_with("-shm");
    match names(&pair.inner.path("state")).iter().find(is_before) {
        Some(before) => {
            assert_eq!(packets(&pair.inner.path("state").join(before)), 3, "{call} {place}: the old state is not whole")
        }
        None => assert_eq!(packets(&state), 3, "{call} {place}: the old state is not whole"),
    }
    pair.inner.expect(0, &who);
    assert_eq!(packets(&state), 3, "{call} {place}");
    pair.drop_messages(3, 5);
    pair.exchange();
    assert_eq!(pair.arrived(MESSAGES).len(), 5, "{call} {place}");
    assert_pass(&pair);
    answer.code != 0
}

#[test]
fn a_rebuilding_killed_at_any_rename_or_removal_leaves_a_whole_state_and_can_be_done_again() {
    if let Some(reason) = injection::missing() {
        return println!("left out: {reason}");
    }
    for call in ["rename", "unlink"] {
        let killed = (1..20).take_while(|place| killed_while_rebuilding(call, *place)).count();
        println!("killed at {killed} uses of {call}");
        assert!(killed > 1, "{call}");
    }
}

/// A pair whose inner station answers.
fn answered() -> Pair {
    let pair = Pair::one_file_a_packet();
    for station in [&pair.outer, &pair.inner] {
        station.edit("station.toml", "# way_back = true", "way_back = true");
    }
    pair
}

/// The outer or the inner station as it was before the last messages, of which its peer knows by what the log says.
fn goes_on_from_an_older_copy(pair: &Pair, station: &Station) {
    pair.drop_messages(0, 2);
    pair.exchange();
    pair.carry_back();
    pair.outer.pass(0);
    let backup = pair.dir.path().join("backup");
    copy(&station.dir, &backup);
    pair.drop_messages(2, 4);
    pair.exchange();
    pair.carry_back();
    pair.outer.pass(0);
    carry_but(pair, &[]);
    pair.inner.pass(0);
    fs::remove_dir_all(&station.dir).unwrap();
    copy(&backup, &station.dir);
}

const WHO: [&str; 4] = ["--name", "王工", "--reason", "从备份恢复"];

/// Lets a station send from what its peer says.
fn epoch_new(pair: &Pair, station: &Station, peer: &Station) {
    let report = pair.dir.path().join("report.txt");
    let _ = fs::remove_file(&report);
    peer.ask(&["gaps", "--out", report.to_str().unwrap()]);
    station.expect(0, &[&["epoch", "new", "--from", report.to_str().unwrap()], &WHO[..]].concat());
}

#[test]
fn a_sender_that_waits_for_a_decision_about_its_older_copy_goes_on_waiting_when_its_state_is_rebuilt() {
    let pair = answered();
    goes_on_from_an_older_copy(&pair, &pair.outer);
    pair.carry_back();
    pair.outer.pass(1);
    assert_eq!(count(&pair.outer, "restored"), 1);
    let packed = count(&pair.outer, "packed");
    pair.drop_messages(4, 5);
    for _ in 0..2 {
        lose_state(&pair.outer);
        pair.outer.ask(&["check", "--rebuild"]);
        pair.outer.pass(1);
        assert_eq!(count(&pair.outer, "packed"), packed, "a number that may be in use was given to a packet");
    }
    epoch_new(&pair, &pair.outer, &pair.inner);
    pair.outer.expect(0, &["release", RESPONSES]);
    // Decided once, it is decided, and what the peer said of the lost lines is known.
    lose_state(&pair.outer);
    pair.outer.ask(&["check", "--rebuild"]);
    pair.carry_back();
    pair.outer.pass(0);
    assert_eq!(count(&pair.outer, "restored"), 1);
    carry_but(&pair, &[]);
    pair.inner.pass(0);
    assert!(pair.arrived(MESSAGES).contains(&message::name(4)));
}

#[test]
fn a_receiver_that_waits_for_a_decision_about_its_older_copy_goes_on_waiting_when_its_state_is_rebuilt() {
    let pair = answered();
    // Nothing but signals leaves from the inner station.
    for station in [&pair.outer, &pair.inner] {
        fs::remove_file(station.path("channels/report-response.toml")).unwrap();
    }
    goes_on_from_an_older_copy(&pair, &pair.inner);
    pair.drop_messages(4, 5);
    pair.outer.pass(0);
    carry_but(&pair, &[]);
    pair.inner.pass(1);
    assert_eq!(
        (count(&pair.inner, "restored"), pair.inner.channel(MESSAGES)["hold"]["code"].as_str()),
        (1, Some("restored-here"))
    );
    let signals =
        || fs::read_dir(pair.inner.path("ferry/out")).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
    let before = signals();
    let arrived = pair.arrived(MESSAGES).len();
    for _ in 0..2 {
        lose_state(&pair.inner);
        pair.inner.ask(&["check", "--rebuild"]);
        pair.inner.pass(1);
        assert_eq!((signals(), pair.arrived(MESSAGES).len()), (before.clone(), arrived));
    }
    epoch_new(&pair, &pair.inner, &pair.outer);
    pair.inner.expect(0, &["release", MESSAGES]);
    assert_eq!(lines_of(&pair.inner, "renumbered").last().unwrap()["code"], "epoch-new");
    lose_state(&pair.inner);
    pair.inner.ask(&["check", "--rebuild"]);
    carry_but(&pair, &[]);
    pair.inner.pass(1);
    assert_ne!(signals(), before, "signals go on");
    assert_eq!((count(&pair.inner, "restored"), pair.inner.channel(MESSAGES)["hold"].is_null()), (1, true));
}

#[test]
fn status_says_that_the_state_is_gone_or_old_and_what_to_do_and_leaves_with_3() {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 2);
    pair.exchange();
    let stations = [&pair.outer, &pair.inner];
    let backups = stations.map(|station| {
        let backup = pair.dir.path().join(station.path("state").parent().unwrap().file_name().unwrap()).with_extension("state");
        copy(&station.path("state"), &backup);
        backup
    });
    pair.drop_messages(2, 4);
    pair.exchange();
    for (station, backup) in stations.into_iter().zip(&backups) {
        assert_eq!(station.json(0, &["status"])["state"], "ok");
        for is_old in [false, true] {
            fs::remove_dir_all(station.path("state")).unwrap();
            match is_old {
                true => copy(backup, &station.path("state")),
                false => fs::create_dir(station.path("state")).unwrap(),
            }
            let out = station.expect(3, &["status"]).out;
            assert!(out.contains("check --rebuild") && out.contains("state/") && !out.contains("正常"), "{out}");
            assert!(!out.contains("上次查看"), "{out}");
            let told = station.json(3, &["status"]);
            assert_eq!((&told["state"], &told["troubles"][0]["code"]), (&"behind".into(), &"state-behind".into()), "{told}");
            assert!(told["channels"].as_array().unwrap().iter().all(|line| line["state"] == "unknown"), "{told}");
            assert_eq!(station.path("state/station.sqlite").exists(), is_old, "looking makes no state");
            if !is_old {
                for verb in [&["gaps"][..], &["alarms"], &["trace", "1.xml"], &["media", "list"]] {
                    assert!(
                        station.expect(3, verb).err.contains("check --rebuild"),
                        "{verb:?}: no answer is better than a wrong one"
                    );
                }
            }
        }
        station.expect(0, &["check", "--rebuild"]);
        assert_eq!(station.json(0, &["status"])["state"], "ok");
    }
}
