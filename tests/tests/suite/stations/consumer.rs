//! Consumers: of another account, slow, or with a file of their own in the way.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;

use dukou_tests::stations::audit::assert_pass;
use dukou_tests::stations::message;
use dukou_tests::stations::pair::{LOGS, MESSAGES, Pair};
use dukou_tests::stations::root::is_root;

#[test]
fn a_consumer_of_another_account_reads_and_takes_its_files_in_every_folder() {
    if !is_root("a consumer of another account") {
        return;
    }
    let pair = Pair::new();
    fs::set_permissions(pair.dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let channel = format!("channels/{MESSAGES}.toml");
    pair.inner.edit(&channel, "mode = \"0640\"", "mode = \"0440\"");
    pair.inner.edit(&channel, "# owner = \"reporting\"", "owner = \"23456\"");
    pair.inner.edit(&channel, "# group = \"reporting\"", "group = \"23457\"");
    let folder = pair.inner.path("arrived").join(MESSAGES);
    std::os::unix::fs::chown(&folder, Some(23456), Some(23457)).unwrap();
    let names = [message::name(0), format!("BizMsg/{}", message::name(1)), format!("深/层/{}", message::name(2))];
    for (n, name) in names.iter().enumerate() {
        pair.drop(MESSAGES, name, &message::body(n));
    }
    pair.exchange();
    for (n, name) in names.iter().enumerate() {
        let file = folder.join(name);
        let meta = fs::metadata(&file).unwrap();
        assert_eq!((meta.uid(), meta.gid(), meta.mode() & 0o7777), (23456, 23457, 0o440), "{name}");
        let as_consumer = |program: &str| {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=23456", "--regid=23457", "--clear-groups", program]).arg(&file);
            command.output().unwrap()
        };
        assert_eq!(as_consumer("cat").stdout, message::body(n), "{name}");
        let removed = as_consumer("rm");
        assert!(removed.status.success() && !file.exists(), "{name}: {removed:?}");
    }
    assert_pass(&pair);
}

#[test]
fn an_owner_that_does_not_exist_is_named_with_its_setting() {
    let pair = Pair::new();
    pair.inner.edit(&format!("channels/{MESSAGES}.toml"), "# owner = \"reporting\"", "owner = \"nobody-of-that-name\"");
    dukou_tests::stations::sentence::wrong_use(&pair.inner, &["pass"], 2, &["sink.owner", "nobody-of-that-name"]);
}

#[test]
fn a_name_still_there_with_other_bytes_waits_and_the_rest_of_the_channel_waits_behind_it() {
    let pair = Pair::one_file_a_packet();
    let folder = pair.inner.path("arrived").join(MESSAGES);
    fs::write(folder.join(message::name(1)), b"not taken yet").unwrap();
    pair.drop_messages(0, 4);
    pair.drop_logs(0, 1);
    pair.outer.pass(0);
    pair.carry();
    pair.inner.pass(1);
    assert_eq!(pair.inner.channel(MESSAGES)["state"], "waiting-take");
    assert_eq!(pair.inner.channel("registration-log")["applied"], 1);
    assert_eq!(fs::read(folder.join(message::name(1))).unwrap(), b"not taken yet");
    assert_eq!(pair.arrived(MESSAGES), [message::name(0), message::name(1)]);
    pair.inner.pass(1);
    fs::remove_file(folder.join(message::name(1))).unwrap();
    pair.inner.pass(0);
    assert_eq!(pair.arrived(MESSAGES).len(), 4);
    assert_eq!(fs::read(folder.join(message::name(1))).unwrap(), message::body(1));
    assert_pass(&pair);
}

#[test]
fn a_name_still_there_with_equal_bytes_counts_as_delivered() {
    let pair = Pair::new();
    fs::write(pair.inner.path("arrived").join(MESSAGES).join(message::name(1)), message::body(1)).unwrap();
    pair.drop_messages(0, 3);
    pair.exchange();
    assert_eq!(pair.arrived(MESSAGES).len(), 3);
    assert_eq!(pair.inner.channel(MESSAGES)["state"], "ok");
    assert_pass(&pair);
}

#[test]
fn names_that_differ_in_case_alone_or_try_to_climb_out_arrive_as_files_of_their_own() {
    let pair = Pair::new();
    let channel = format!("channels/{MESSAGES}.toml");
    pair.outer.edit(&channel, "key = '^Biz(.+)\\.xml$'     #", "#");
    for (name, text) in
        [("BizA.xml", "1"), ("bizA.xml", "2"), ("BIZA.XML", "3"), ("a\\..\\Biz.xml", "4"), ("CON.xml", "5"), ("Biz~1.xml", "6")]
    {
        pair.drop(MESSAGES, name, &message::xml(text));
    }
    pair.exchange();
    let arrived = pair.arrived(MESSAGES);
    assert_eq!(arrived.len(), 6, "{arrived:?}");
    let folded: std::collections::BTreeSet<String> = arrived.iter().map(|name| name.to_lowercase()).collect();
    assert_eq!(folded.len(), 6, "{arrived:?}");
    assert!(arrived.iter().all(|name| !name.contains('\\') && !name.eq_ignore_ascii_case("con.xml")), "{arrived:?}");
    assert_pass(&pair);
}

#[test]
fn a_sink_that_cannot_be_written_is_told_by_status_and_what_came_is_kept_and_not_called_missing() {
    let pair = Pair::one_file_a_packet();
    let folder = pair.inner.path("arrived").join(MESSAGES);
    fs::remove_dir(&folder).unwrap();
    fs::write(&folder, b"in the way").unwrap();
    pair.drop_messages(0, 80);
    pair.drop_logs(0, 1);
    pair.outer.pass(0);
    pair.carry();
    pair.inner.pass(75);
    assert_eq!(pair.arrived(LOGS).len(), 1, "the other channel goes on");
    assert_eq!(pair.inner.json(0, &["gaps"]).as_array().map(Vec::len), Some(0));
    let status = pair.inner.json(1, &["status"]);
    assert!(status["troubles"][0]["zh"].as_str().unwrap().contains(folder.to_str().unwrap()), "{status}");
    let lines = pair.inner.log_lines();
    pair.inner.pass(75);
    assert!(pair.inner.log_lines() <= lines + 3, "a trouble that lasts fills no log");

    fs::remove_file(&folder).unwrap();
    pair.inner.pass(0);
    assert_eq!(pair.arrived(MESSAGES).len(), 80);
    assert_eq!(pair.inner.json(0, &["status"])["troubles"], serde_json::json!([]));
    assert_pass(&pair);
}
