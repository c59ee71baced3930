//! What a person asks of a station that runs, and how it ends.

use std::time::Duration;

use dukou_tests::stations::audit::{assert_pass, count, lines_of};
use dukou_tests::stations::daemon::{Daemon, STOP_LIMIT, journal};
use dukou_tests::stations::forge::Forgery;
use dukou_tests::stations::message;
use dukou_tests::stations::packet::cargo;
use dukou_tests::stations::pair::{MESSAGES, Pair};
use dukou_tests::stations::tree::{names, rename_in};
use dukou_tests::stations::wait::until;

const SOON: Duration = Duration::from_secs(20);

#[test]
fn a_running_station_answers_resend_waive_release_trust_and_send_again() {
    let pair = Pair::one_file_a_packet().quick();
    pair.drop_messages(0, 4);
    let outer = Daemon::running(&pair.outer);
    until("all have left", SOON, || pair.outer.channel(MESSAGES)["left"] == 4);
    let packets = cargo(&pair.outer.path("ferry/out"), MESSAGES);
    for lost in [1, 2] {
        std::fs::remove_file(&packets[lost].path).unwrap();
    }
    pair.carry();
    let inner = Daemon::running(&pair.inner);
    until("the gap is known", SOON, || pair.inner.channel(MESSAGES)["state"] == "gapped");

    pair.outer.expect(0, &["resend", MESSAGES, "--seq", "2..2"]);
    pair.carry();
    until("the resent packet is applied", SOON, || pair.inner.channel(MESSAGES)["last_seq"] == 2);
    let answer = pair.inner.expect(0, &["waive", MESSAGES, "--seq", "3..3", "--reason", "丢失"]);
    assert!(answer.out.contains("已登记放弃"), "{answer:?}");
    until("the channel goes on", SOON, || pair.inner.channel(MESSAGES)["last_seq"] == 4);

    let first = &packets[0].header;
    let twin = Forgery { epoch: first.epoch, ..Forgery::first(&pair.outer, &pair.inner, MESSAGES) };
    std::fs::write(pair.inner.path("ferry/in/3-aaaa-twin.dkp"), twin.seal(&pair.outer, &pair.inner)).unwrap();
    until("the channel is held", SOON, || pair.inner.channel(MESSAGES)["state"] == "held");
    pair.inner.expect(0, &["release", MESSAGES]);
    assert_eq!(pair.inner.channel(MESSAGES)["state"], "ok");

    assert_eq!(pair.inner.json(0, &["status"])["peer"]["compared"], false);
    pair.inner.expect(0, &["trust", "--confirm"]);
    assert_eq!(pair.inner.json(0, &["status"])["peer"]["compared"], true);
    assert!(lines_of(&pair.inner, "trust").last().unwrap()["compared"] == true);

    rename_in(&pair.outer.path("drop").join(MESSAGES).join(message::name(0)), &message::body(0));
    let held = pair.outer.path("duplicates").join(MESSAGES).join(message::name(0));
    until("the repeat is held back", SOON, || held.exists());
    pair.outer.expect(0, &["send", "--again", held.to_str().unwrap(), "--reason", "对方要求"]);
    assert!(!held.exists());
    assert_eq!(count(&pair.outer, "again"), 1);
    for (station, daemon) in [(&pair.outer, outer), (&pair.inner, inner)] {
        daemon.stop_cleanly();
        assert!(names(&station.path("state/requests")).is_empty());
    }
    assert_pass(&pair);
}

#[test]
fn a_wrong_request_is_answered_and_the_station_runs_on() {
    let (pair, other) = (Pair::new().quick(), Pair::new());
    let mut daemon = Daemon::running(&pair.outer);
    let (own, same_side) = (pair.card(&pair.outer), pair.card(&other.outer));
    for wrong in [
        vec!["trust", own.to_str().unwrap(), "--yes"],
        vec!["trust", same_side.to_str().unwrap(), "--yes"],
        vec!["resend", MESSAGES, "--seq", "1..1"],
        vec!["resend", "nobodys-channel", "--seq", "1..1"],
        vec!["waive", MESSAGES, "--seq", "1..1", "--reason", "x"],
        vec!["release", "nobodys-channel"],
        vec!["send", "--again", own.to_str().unwrap(), "--reason", "x"],
    ] {
        pair.outer.expect(2, &wrong);
        assert_eq!(daemon.ended(), None, "{wrong:?} ended it: {}", journal(&pair.outer));
    }
    daemon.stop_cleanly();
    assert!(names(&pair.outer.path("state/requests")).is_empty());
}

#[test]
fn sigterm_ends_an_idle_station_at_once() {
    let pair = Pair::new();
    let daemons = [&pair.outer, &pair.inner].map(Daemon::running);
    for daemon in daemons {
        daemon.stop_cleanly();
    }
    assert_eq!(count(&pair.outer, "stop"), 2, "trust, and the daemon");
    assert_pass(&pair);
}

#[test]
fn sigterm_ends_a_busy_station_within_five_seconds_and_nothing_is_lost() {
    let pair = Pair::new();
    pair.outer.edit("channels/report-message.toml", "max_records = 4096", "max_records = 5");
    let total = 1_500;
    pair.drop_messages(0, total);
    let sender = Daemon::running(&pair.outer);
    until("it is busy", SOON, || count(&pair.outer, "packed") > 0);
    sender.stop_cleanly();
    assert!(count(&pair.outer, "packed") < total / 5, "it was not busy any more: nothing was tried");
    pair.outer.pass(0);
    pair.carry();
    let receiver = Daemon::running(&pair.inner);
    until("it is busy", SOON, || count(&pair.inner, "applied") > 0);
    receiver.stop_cleanly();
    assert!(count(&pair.inner, "applied") < total / 5, "it was not busy any more: nothing was tried");
    pair.inner.pass(0);
    assert_eq!(pair.arrived(MESSAGES).len(), total);
    assert_eq!(count(&pair.inner, "gap"), 0, "a stop opens no gap");
    assert_pass(&pair);
}

#[test]
fn a_second_daemon_pass_or_check_refuses_and_changes_nothing() {
    let pair = Pair::new();
    let daemon = Daemon::running(&pair.outer);
    for verb in ["run", "pass", "check"] {
        let answer = pair.outer.expect(2, &[verb]);
        assert!(answer.err.contains("正在运行") || answer.err.contains("在运行"), "{answer:?}");
    }
    let (code, took) = daemon.stop();
    assert_eq!(code, 0);
    assert!(took < STOP_LIMIT);
    pair.outer.pass(0);
    assert_eq!(count(&pair.outer, "start"), 3, "trust, the daemon and the pass");
}

#[test]
fn a_running_pair_carries_by_itself_what_is_renamed_copied_or_slowly_written_in() {
    use std::io::Write;
    let pair = Pair::new();
    let daemons = [&pair.outer, &pair.inner].map(Daemon::running);
    let folder = pair.outer.path("drop").join(MESSAGES);
    rename_in(&folder.join("新建/文件夹").join(message::name(1)), &message::body(1));
    std::fs::write(folder.join(message::name(2)), message::body(2)).unwrap();
    let mut slow = std::fs::File::create(folder.join(message::name(3))).unwrap();
    let bytes = message::body(3);
    slow.write_all(&bytes[..40]).unwrap();
    until("the others have left", SOON, || pair.outer.channel(MESSAGES)["accepted"].as_u64() >= Some(2));
    slow.write_all(&bytes[40..]).unwrap();
    drop(slow);
    until("all have left", SOON, || {
        pair.outer.channel(MESSAGES)["accepted"] == 3 || pair.outer.channel(MESSAGES)["rejected"] == 1
    });
    // A record is accepted before its packet lies in the ferry directory, so the device comes by again and again.
    until("all have arrived", SOON, || {
        pair.carry();
        pair.inner.channel(MESSAGES)["applied"] == 3
    });
    for daemon in daemons {
        daemon.stop_cleanly();
    }
    assert_eq!(pair.outer.channel(MESSAGES)["rejected"], 0, "nothing is taken half written");
    assert_pass(&pair);
}

#[test]
fn a_folder_moved_in_as_a_whole_is_found_without_a_notification_for_each_file() {
    let pair = Pair::new().quick();
    let daemon = Daemon::running(&pair.outer);
    let folder = pair.outer.path("elsewhere/批次");
    for n in 0..5 {
        rename_in(&folder.join(format!("层{n}")).join(message::name(n)), &message::body(n));
    }
    std::fs::rename(&folder, pair.outer.path("drop").join(MESSAGES).join("批次")).unwrap();
    until("all have left", SOON, || pair.outer.channel(MESSAGES)["accepted"] == 5);
    daemon.stop_cleanly();
    pair.carry();
    pair.inner.pass(0);
    assert_eq!(pair.arrived(MESSAGES).len(), 5);
    assert_pass(&pair);
}
