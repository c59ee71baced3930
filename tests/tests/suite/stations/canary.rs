//! Names, id numbers and keys of records stay out of both packet logs, both journals and the ferry directories.

use std::fs;
use std::path::Path;
use std::time::Duration;

use dukou_tests::stations::audit::assert_pass;
use dukou_tests::stations::daemon::{Daemon, journal};
use dukou_tests::stations::message::xml;
use dukou_tests::stations::packet::{cargo, flip};
use dukou_tests::stations::pair::{MESSAGES, Pair, RESPONSES};
use dukou_tests::stations::root::is_root;
use dukou_tests::stations::tree::{names, rename_in, write_old};
use dukou_tests::stations::wait::until;

/// What is planted: a person, an id number, a company, a certificate, a business key, a folder.
const CANARIES: [&str; 6] =
    ["欧阳测试甲", "150721199001011234", "虚构置业公司", "鲁2024虚构0007553", "BDC20240315CANARY", "金丝雀街道"];

fn planted(n: usize) -> Vec<u8> {
    xml(&format!("{}{n}", CANARIES.join("，")))
}

fn name(n: usize) -> String {
    format!("{}/{}/Biz{}-{n}.xml", CANARIES[5], CANARIES[0], CANARIES[4])
}

fn assert_clean(place: &Path) {
    for entry in walkdir::WalkDir::new(place).into_iter().map(Result::unwrap) {
        let shown = entry.path().strip_prefix(place).unwrap().to_string_lossy().into_owned();
        let bytes = if entry.file_type().is_file() { fs::read(entry.path()).unwrap() } else { Vec::new() };
        for canary in CANARIES {
            assert!(!shown.contains(canary), "{canary} in the name {shown}");
            assert!(!contains(&bytes, canary.as_bytes()), "{canary} in {shown}");
        }
    }
}

fn contains(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

/// Both logs, both journals, all four ferry directories.
fn assert_nothing_leaked(pair: &Pair) {
    for station in [&pair.outer, &pair.inner] {
        for place in ["log", "ferry/out", "ferry/in", "quarantine", "waiting"] {
            assert_clean(&station.path(place));
        }
        let said = journal(station);
        for canary in CANARIES {
            assert!(!said.contains(canary), "{canary} in the journal: {said}");
        }
    }
}

/// Drops one file for every fate a file can have.
fn drop_every_fate(pair: &Pair) {
    let folder = pair.outer.path("drop").join(MESSAGES);
    for n in 0..20 {
        rename_in(&folder.join(name(n)), &planted(n));
    }
    rename_in(&folder.join(name(20)), b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>");
    rename_in(&folder.join(format!("{}/not-a-message-{}.xml", CANARIES[5], CANARIES[1])), &planted(0));
    write_old(&folder.join(format!("Biz{}.xml.tmp", CANARIES[1])), &planted(0));
    rename_in(&folder.join(format!("Biz{}.xml", CANARIES[1])), &[planted(0), vec![b' '; 17_000_000]].concat());
}

#[test]
fn nothing_of_a_record_is_found_outside_its_packet_and_its_folders() {
    let pair = Pair::one_file_a_packet().quick();
    drop_every_fate(&pair);
    write_old(&pair.inner.path("drop").join(RESPONSES).join(format!("Rep{}.xml", CANARIES[4])), &planted(1));
    // In its place another file waits to be taken: the channel waits with it.
    write_old(&pair.inner.path("arrived").join(MESSAGES).join(name(7)), b"another");
    let daemons = [&pair.outer, &pair.inner].map(Daemon::start);
    let accepted = |count: u64| move |pair: &Pair| pair.outer.channel(MESSAGES)["accepted"].as_u64() >= Some(count);
    until("everything has left", Duration::from_secs(60), || {
        accepted(20)(&pair) && pair.outer.channel(MESSAGES)["rejected"] == 3
    });

    // A repeat, a damaged packet, a replay.
    rename_in(&pair.outer.path("drop").join(MESSAGES).join(name(3)), &planted(3));
    until("the repeat is held back", Duration::from_secs(20), || pair.outer.channel(MESSAGES)["held_back"] == 1);
    let packets = cargo(&pair.outer.path("ferry/out"), MESSAGES);
    flip(&packets[4].path, packets[4].bytes.len() - 1);
    pair.carry();
    pair.carry_back();
    until("the damaged one is aside", Duration::from_secs(20), || names(&pair.inner.path("quarantine")).len() == 3);
    pair.outer.expect(0, &["resend", MESSAGES, "--seq", "5"]);
    pair.carry();
    until("the channel waits for its consumer", Duration::from_secs(20), || {
        pair.inner.channel(MESSAGES)["state"] == "waiting-take"
    });
    fs::remove_file(pair.inner.path("arrived").join(MESSAGES).join(name(7))).unwrap();
    until("all is delivered", Duration::from_secs(30), || pair.inner.channel(MESSAGES)["applied"] == 20);
    until("the answer is back", Duration::from_secs(20), || pair.outer.channel(RESPONSES)["applied"] == 1);
    for daemon in daemons {
        daemon.stop_cleanly();
    }
    assert_nothing_leaked(&pair);
    assert_pass(&pair);
}

#[test]
fn a_file_that_cannot_be_read_leaves_no_name_in_the_journal() {
    if !is_root("a file that its own account cannot read") {
        return;
    }
    let pair = Pair::new().quick();
    let outer = super::wrong_use::as_another_account(&pair.outer);
    let folder = outer.path("drop").join(MESSAGES).join(CANARIES[5]);
    rename_in(&folder.join(format!("Biz{}.xml", CANARIES[4])), &planted(0));
    super::wrong_use::forbid(&folder.join(format!("Biz{}.xml", CANARIES[4])));
    let daemon = Daemon::start(&outer);
    until("the journal tells of it", Duration::from_secs(20), || journal(&outer).contains("denied"));
    daemon.stop_cleanly();
    assert_nothing_leaked(&pair);
}

#[test]
fn a_sink_that_cannot_be_written_leaves_no_name_in_the_journal() {
    let pair = Pair::new().quick();
    pair.drop(MESSAGES, &name(0), &planted(0));
    pair.outer.pass(0);
    pair.carry();
    // A file stands where the record's folder should be.
    fs::write(pair.inner.path("arrived").join(MESSAGES).join(CANARIES[5]), b"in the way").unwrap();
    let daemon = Daemon::start(&pair.inner);
    until("the journal tells of it", Duration::from_secs(20), || {
        journal(&pair.inner).contains("WARN") || journal(&pair.inner).contains("ERROR")
    });
    fs::remove_file(pair.inner.path("arrived").join(MESSAGES).join(CANARIES[5])).unwrap();
    until("it is delivered after all", Duration::from_secs(20), || pair.inner.channel(MESSAGES)["applied"] == 1);
    daemon.stop_cleanly();
    assert_nothing_leaked(&pair);
    assert_pass(&pair);
}
