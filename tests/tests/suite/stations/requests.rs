//! What a person asks of a station that runs, and how it ends.

use std::time::Duration;

use dukou_tests::stations::audit::{assert_pass, count, lines_of};
use dukou_tests::stations::daemon::{Daemon, STOP_LIMIT, journal};
use dukou_tests::stations::forge::Forgery;
use dukou_tests::stations::message;
use dukou_tests::stations::packet::cargo;
use dukou_tests::stations::pair::{MESSAGES, Pair};
use dukou_tests::stations::root::is_root;
use dukou_tests::stations::sentence::wrong_use;
use dukou_tests::stations::station::Station;
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
    let answer = pair.inner.expect(0, &["waive", MESSAGES, "--seq", "3..3", "--name", "刘", "--reason", "丢失"]);
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
        vec!["trust", own.to_str().unwrap()],
        vec!["trust", same_side.to_str().unwrap(), "--yes"],
        vec!["resend", MESSAGES, "--seq", "1..1"],
        vec!["resend", "nobodys-channel", "--seq", "1..1"],
        vec!["waive", MESSAGES, "--seq", "1..1", "--name", "x", "--reason", "x"],
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
fn a_second_daemon_or_pass_refuses_and_changes_nothing() {
    let pair = Pair::new();
    let daemon = Daemon::running(&pair.outer);
    for (verb, code) in [(&["run"][..], 2), (&["pass"], 75), (&["check", "--rebuild"], 2)] {
        let answer = pair.outer.expect(code, verb);
        assert!(answer.err.contains("正在运行") || answer.err.contains("在运行"), "{answer:?}");
    }
    let (code, took) = daemon.stop();
    assert_eq!(code, 0);
    assert!(took < STOP_LIMIT);
    pair.outer.pass(0);
    assert_eq!(count(&pair.outer, "start"), 3, "trust, the daemon and the pass");
}

#[test]
fn check_reads_beside_a_running_station_and_finds_what_stays_wrong() {
    let pair = Pair::one_file_a_packet().quick();
    pair.drop_messages(0, 200);
    let daemon = Daemon::running(&pair.outer);
    for _ in 0..3 {
        let answer = pair.outer.json(0, &["check"]);
        assert_eq!((&answer["beside"], answer["disagreements"].as_array().unwrap().len()), (&true.into(), 0), "{answer}");
    }
    until("all have left", SOON, || pair.outer.channel(MESSAGES)["left"] == 200);
    std::fs::write(pair.outer.path("spool/out/stranger"), b"x").unwrap();
    let answer = pair.outer.json(1, &["check"]);
    assert_eq!(answer["disagreements"][0]["code"], "spool-extra");
    assert!(pair.outer.expect(1, &["check"]).out.contains("正在运行"));
    std::fs::remove_file(pair.outer.path("spool/out/stranger")).unwrap();
    daemon.stop_cleanly();
    assert_eq!(pair.outer.json(0, &["check"])["beside"], false);
}

/// Puts one of each kind of unfit request file into a station's requests; those only root can make when root runs the test.
fn unfit_requests(station: &Station, as_root: bool) -> usize {
    let dir = station.path("state/requests");
    std::fs::write(dir.join("garbage.request"), [0xff, b'{']).unwrap();
    std::fs::write(dir.join("large.request"), vec![b' '; (1 << 20) + 1]).unwrap();
    std::fs::create_dir(dir.join("directory.request")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", dir.join("link.request")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(dir.join("fifo.request")).status().unwrap().success());
    if as_root {
        std::fs::write(dir.join("sudo.request"), b"{}").unwrap();
        super::wrong_use::forbid(&dir.join("sudo.request"));
    }
    5 + usize::from(as_root)
}

#[test]
fn an_unfit_request_file_is_set_aside_and_told_once_and_the_station_runs_on() {
    let pair = Pair::one_file_a_packet().quick();
    pair.drop_messages(0, 1);
    let as_root = is_root("a request file of another account");
    let outer = if as_root { super::wrong_use::as_another_account(&pair.outer) } else { pair.outer.clone() };
    let mut daemon = Daemon::running(&outer);
    let unfit = unfit_requests(&outer, as_root);
    let waiting = |ending: &str| {
        let all = names(&outer.path("state/requests"));
        all.iter().filter(|name| name.ends_with(ending)).count()
    };
    until("they are set aside", SOON, || waiting(".request") == 0 || daemon.ended().is_some());
    assert_eq!(daemon.ended(), None, "{}", journal(&outer));
    assert_eq!(waiting(".unfit"), unfit);
    until("the file has left", SOON, || outer.channel(MESSAGES)["left"] == 1);
    outer.expect(0, &["resend", MESSAGES, "--seq", "1"]);
    // The look that set them aside named each; the next ones count them.
    until("a later look has told", SOON, || outer.json(1, &["status"])["troubles"].as_array().unwrap().len() == 1);
    for (lang, word) in [("zh", "请求文件"), ("en", "request file")] {
        let status = outer.expect(1, &["status", "--lang", lang]);
        assert_eq!(status.out.matches(word).count(), 1, "{status:?}");
        assert!(status.out.contains("state/requests"), "{status:?}");
    }
    let told = outer.json(1, &["status"]);
    assert_eq!((&told["troubles"][0]["code"], told["troubles"].as_array().unwrap().len()), (&"request".into(), 1), "{told}");
    daemon.stop_cleanly();
    assert!(outer.pass(0).out.contains("请求文件"));
    assert_eq!(journal(&outer).matches("garbage.request").count(), 1, "{}", journal(&outer));
}

#[test]
fn a_command_of_root_is_heard_by_a_station_of_another_account_and_leaves_it_nothing_it_cannot_read() {
    if !is_root("a station of another account") {
        return;
    }
    let pair = Pair::one_file_a_packet().quick();
    pair.drop_messages(0, 1);
    let outer = super::wrong_use::as_another_account(&pair.outer);
    let daemon = Daemon::running(&outer);
    until("the file has left", SOON, || outer.channel(MESSAGES)["left"] == 1);
    let root = Station { account: None, ..outer.clone() };
    let answer = root.expect(0, &["resend", MESSAGES, "--seq", "1"]);
    assert!(answer.out.contains("重新放入"), "{answer:?}");
    daemon.stop_cleanly();
    // With nobody to ask, root would leave files behind that the station's account cannot open.
    for verb in [&["pass"][..], &["run"], &["resend", MESSAGES, "--seq", "1"], &["check", "--rebuild"]] {
        wrong_use(&root, verb, 2, &["34567", "sudo -u"]);
    }
    root.expect(0, &["status"]);
    outer.pass(0);
}

#[test]
fn a_command_beside_a_pass_says_that_it_waits_and_does_its_work_when_the_station_is_free() {
    use std::io::BufRead;
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 1);
    pair.exchange();
    let lock = std::fs::File::options().append(true).open(pair.outer.path("state/lock")).unwrap();
    lock.try_lock().unwrap();
    let mut command = pair.outer.command(&["resend", MESSAGES, "--seq", "1"]);
    let command = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut told = String::new();
    let mut err = std::io::BufReader::new(child.stderr.take().unwrap());
    err.read_line(&mut told).unwrap();
    assert!(told.contains("等"), "{told}");
    assert_eq!(child.try_wait().unwrap(), None, "it must wait");
    drop(lock);
    assert!(child.wait_with_output().unwrap().status.success());
    assert_eq!(count(&pair.outer, "resent"), 1);
    assert!(names(&pair.outer.path("state/requests")).is_empty());
}

#[test]
fn a_running_pair_carries_by_itself_what_is_renamed_copied_or_slowly_written_in() {
    use std::io::Write;
    let pair = Pair::new().settling();
    let daemons = [&pair.outer, &pair.inner].map(Daemon::running);
    let folder = pair.outer.path("drop").join(MESSAGES);
    rename_in(&folder.join("新建/文件夹").join(message::name(1)), &message::body(1));
    std::fs::write(folder.join(message::name(2)), message::body(2)).unwrap();
    let mut slow = std::fs::File::create(folder.join(message::name(3))).unwrap();
    // It is written to again and again, so that it never rests, however long the others take.
    let bytes = message::large_xml(3, 20_000);
    let mut rest = bytes.chunks(10);
    until("the others have left", SOON, || {
        slow.write_all(rest.next().unwrap()).unwrap();
        pair.outer.channel(MESSAGES)["accepted"].as_u64() >= Some(2)
    });
    rest.for_each(|piece| slow.write_all(piece).unwrap());
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
