//! What README promises, from `init` on, with `cp` for a gap device.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use dukou_tests::stations::audit::{assert_pass, count};
use dukou_tests::stations::message;
use dukou_tests::stations::pair::{LOGS, MESSAGES, Pair, RESPONSES};
use dukou_tests::stations::programs::program;
use dukou_tests::stations::station::Answer;
use dukou_tests::stations::tree::{digests, names, write_old};

#[test]
fn a_thousand_files_cross_unchanged_and_a_second_pass_does_nothing() {
    let pair = Pair::new();
    for n in 0..1000 {
        let folder = ["", "BizMsg/", "济南市/历下区/", "深/层/目/录/"][n % 4];
        pair.drop(MESSAGES, &format!("{folder}{}", message::name(n)), &message::body(n));
    }
    let dropped = digests(&pair.outer.path("drop").join(MESSAGES));
    assert_eq!(dropped.len(), 1000);
    pair.exchange();
    assert_eq!(digests(&pair.inner.path("arrived").join(MESSAGES)), dropped);
    assert!(digests(&pair.outer.path("drop").join(MESSAGES)).is_empty());
    assert!(count(&pair.outer, "packed") < 20, "a thousand small files share a few packets");

    let placed = names(&pair.outer.path("ferry/out"));
    pair.outer.pass(0);
    assert_eq!(names(&pair.outer.path("ferry/out")), placed);
    pair.carry();
    pair.inner.pass(0);
    assert_eq!(digests(&pair.inner.path("arrived").join(MESSAGES)), dropped);
    assert_eq!(pair.inner.channel(MESSAGES)["applied"], 1000);
    assert_pass(&pair);
}

#[test]
fn a_file_that_was_just_written_is_sent_by_the_same_pass() {
    let pair = Pair::new();
    let file = pair.outer.path("drop").join(MESSAGES).join(message::name(1));
    std::fs::write(&file, message::body(1)).unwrap();
    pair.exchange();
    assert_eq!(pair.arrived(MESSAGES), [message::name(1)]);
}

#[test]
fn every_demo_channel_carries_and_answers_come_back() {
    let pair = Pair::new();
    pair.drop_messages(0, 3);
    pair.drop_logs(0, 2);
    write_old(&pair.inner.path("drop").join(RESPONSES).join("RepMsg/Rep1.xml"), &message::body(1));
    pair.exchange();
    pair.carry_back();
    pair.outer.pass(0);
    assert_eq!(pair.arrived(MESSAGES).len(), 3);
    assert_eq!(pair.arrived(LOGS).len(), 2);
    assert_eq!(digests(&pair.outer.path("arrived").join(RESPONSES)).into_keys().collect::<Vec<_>>(), ["RepMsg/Rep1.xml"]);
    assert_pass(&pair);
}

#[test]
fn an_empty_file_and_one_larger_than_a_packet_cross_unchanged() {
    let pair = Pair::new();
    let channel = format!("channels/{MESSAGES}.toml");
    pair.outer.edit(&channel, "key = '^Biz(.+)\\.xml$'     #", "#");
    pair.outer.edit(&channel, "max_bytes = 16777216", "max_bytes = 0");
    pair.outer.edit(&channel, "xml = true ", "xml = false ");
    let large = message::large_xml(7, 40_000_000);
    pair.drop(MESSAGES, "empty", b"");
    pair.drop(MESSAGES, "large.bin", &large);
    pair.drop(MESSAGES, "small", b"1");
    let dropped = digests(&pair.outer.path("drop").join(MESSAGES));
    pair.exchange();
    assert_eq!(digests(&pair.inner.path("arrived").join(MESSAGES)), dropped);
    assert_pass(&pair);
}

/// Gives the first `sh` block below a heading of README.
fn pasted(heading: &str) -> &'static str {
    let page = include_str!("../../../../README.md");
    let (_, below) = page.split_once(heading).unwrap();
    let (_, block) = below.split_once("```sh\n").unwrap();
    block.split_once("```").unwrap().0
}

#[test]
fn the_ten_lines_work_when_they_are_pasted_as_they_are() {
    let lines = pasted("## 十行建一对真的");
    assert_eq!(lines.lines().count(), 10, "{lines}");
    let dir = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    symlink(root.join("deploy"), dir.path().join("deploy")).unwrap();
    // The programs are built already, and lie elsewhere.
    let cargo = dir.path().join("cargo");
    std::fs::write(&cargo, "#!/bin/sh\n[ \"$*\" = 'build --release' ]\n").unwrap();
    std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
    let programs = program("dukou-outer").parent().unwrap().to_path_buf();
    let path = format!("{}:{}:{}", dir.path().display(), programs.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    command.args(["-e", "-c", lines]).current_dir(dir.path()).env("PATH", path).env("HOME", dir.path()).stdin(Stdio::null());
    let answer = Answer::of(command.env_remove("DUKOU_STATION").output().unwrap());
    assert_eq!(answer.code, 0, "{answer:?}");
    let [dropped, arrived] =
        [root.join("deploy/demo/outer/report-message/new/BizMsg"), dir.path().join("dukou/inner/arrived/report-message")];
    assert_eq!(digests(&arrived), digests(&dropped));
    assert!(!digests(&arrived).is_empty());
}

#[test]
fn readme_names_every_exit_code_in_both_languages() {
    let page = include_str!("../../../../README.md");
    for code in ["0", "1", "2", "3", "75"] {
        assert_eq!(page.matches(&format!("\n| {code} | ")).count(), 2, "{code}");
    }
}
