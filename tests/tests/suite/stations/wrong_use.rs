//! Wrong use: one clear sentence that names the place and the next step, the right exit code, and nothing lost.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use dukou_tests::stations::audit::{assert_pass, count};
use dukou_tests::stations::daemon::Daemon;
use dukou_tests::stations::message;
use dukou_tests::stations::pair::{LOGS, MESSAGES, Pair, RESPONSES};
use dukou_tests::stations::root::is_root;
use dukou_tests::stations::sentence::{Tongue, one_sentence, wrong_use};
use dukou_tests::stations::station::{Answer, Station};
use dukou_tests::stations::tree::{names, rename_in};

/// Gives a station whose files and programs belong to an account that is not root.
pub(super) fn as_another_account(station: &Station) -> Station {
    const ACCOUNT: u32 = 34567;
    let around = station.dir.parent().unwrap();
    fs::set_permissions(around, fs::Permissions::from_mode(0o755)).unwrap();
    for entry in walkdir::WalkDir::new(&station.dir) {
        std::os::unix::fs::lchown(entry.unwrap().path(), Some(ACCOUNT), Some(ACCOUNT)).unwrap();
    }
    // The build directory may be closed to other accounts.
    let program = around.join(station.program.file_name().unwrap());
    fs::copy(&station.program, &program).unwrap();
    Station { program, account: Some(ACCOUNT), ..station.clone() }
}

/// Takes a file away from its reader.
pub(super) fn forbid(path: &Path) {
    std::os::unix::fs::chown(path, Some(0), Some(0)).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
}

/// After mending, what was dropped before arrives.
fn all_arrives(pair: &Pair, files: usize) {
    pair.exchange();
    assert_eq!(pair.arrived(MESSAGES).len(), files);
    assert_pass(pair);
}

#[test]
fn a_directory_that_is_no_station_is_named_and_init_is_the_next_step() {
    let pair = Pair::new();
    let nowhere = Station { dir: pair.dir.path().join("nowhere"), ..pair.outer.clone() };
    for verb in ["run", "pass", "status", "card", "gaps", "check"] {
        wrong_use(&nowhere, &[verb], 2, &["nowhere", "station.toml", "init"]);
    }
}

#[test]
fn a_station_of_the_other_side_is_refused() {
    let pair = Pair::new();
    let crossed = Station { dir: pair.inner.dir.clone(), ..pair.outer.clone() };
    for verb in ["run", "pass", "status"] {
        wrong_use(&crossed, &[verb], 2, &["inner", "dukou-inner"]);
    }
}

#[test]
fn bad_toml_is_named_with_file_and_line() {
    let pair = Pair::new();
    pair.drop_messages(0, 1);
    let cases = [
        ("station.toml", "side = \"outer\"", "side = outer", "5"),
        ("station.toml", "lang = \"zh\"", "lang = \"fr\"", "7"),
        ("station.toml", "scan_seconds = 10 ", "scan_second = 10 ", "14"),
        ("station.toml", "level = 3 ", "level = \"3\" ", "19"),
        ("channels/report-message.toml", "priority = 3 ", "priority = ", "5"),
        ("channels/report-message.toml", "xml = true ", "xml = yes ", "21"),
        ("channels/report-message.toml", "max_records = 4096", "max_record = 4096", "25"),
    ];
    for (file, right, wrong, line) in cases {
        pair.outer.edit(file, right, wrong);
        for verb in ["pass", "run", "status"] {
            wrong_use(&pair.outer, &[verb], 2, &[file, line]);
        }
        pair.outer.edit(file, wrong, right);
    }
    all_arrives(&pair, 1);
}

#[test]
fn a_setting_out_of_range_is_named_with_file_and_range() {
    let pair = Pair::new();
    pair.drop_messages(0, 1);
    let cases = [
        ("station.toml", "scan_seconds = 10 ", "scan_seconds = 0 ", "scan_seconds"),
        ("station.toml", "level = 3 ", "level = 23 ", "packets.level"),
        ("station.toml", "# rows_level = 1 ", "rows_level = 0 ", "packets.rows_level"),
        ("station.toml", "in = \"ferry/in\"", "in = \"ferry/out\"", "ferry.in"),
        ("station.toml", "suite = 1 ", "suite = 3 ", "packets.suite"),
        ("station.toml", "sent_days = 30 ", "sent_days = 3 ", "keep.sent_days"),
        ("station.toml", "incomplete_scans = 3 ", "incomplete_scans = 4294967295 ", "ferry.incomplete_scans"),
        ("station.toml", "out = \"ferry/out\"", "out = \"keys\"", "ferry.out"),
        ("station.toml", "out = \"ferry/out\"", "out = \"State/below\"", "ferry.out"),
        ("station.toml", "out = \"ferry/out\"", "out = \".\"", "ferry.out"),
        ("station.toml", "in = \"ferry/in\"", "in = \"./ferry/../ferry/out/below\"", "ferry.in"),
        ("station.toml", "name = \"外网摆渡站\"", "name = \"a\\u001b[2J\"", "station.name"),
        (
            "channels/report-message.toml",
            "settle_seconds = 0 ",
            "settle_seconds = 9223372036854775807 ",
            "source.settle_seconds",
        ),
        ("channels/report-message.toml", "linger_ms = 200", "linger_ms = 99999999999", "batch.linger_ms"),
        ("channels/report-message.toml", "folder = \"drop/report-message\"", "folder = \"Drop/Registration-Log\"", LOGS),
        ("channels/report-message.toml", "folder = \"drop/report-message\"", "folder = \"/etc\"", "source.folder"),
        ("channels/report-message.toml", "folder = \"drop/report-message\"", "folder = \"/\"", "source.folder"),
        ("channels/report-message.toml", "folder = \"drop/report-message\"", "folder = \"drop\\u0000\"", "source.folder"),
        ("station.toml", "out = \"ferry/out\"", "out = \"/usr/../etc/ferry\"", "ferry.out"),
        ("station.toml", "in = \"ferry/in\"", "in = \"ferry\\u0000in\"", "ferry.in"),
        ("channels/report-message.toml", "priority = 3 ", "priority = 12 ", "priority"),
        ("channels/report-message.toml", "max_bytes = 8388608", "max_bytes = 65000", "batch.max_bytes"),
        ("channels/report-message.toml", "max_records = 4096", "max_records = 0", "batch.max_records"),
        ("channels/report-message.toml", "mode = \"0640\"", "mode = \"0999\"", "sink.mode"),
        ("channels/report-message.toml", "key = '^Biz(.+)\\.xml$'", "key = '^Biz(.+\\.xml$'", "screen.key"),
        ("channels/report-message.toml", "channel = \"report-message\"", "channel = \"report\"", "channel"),
        ("channels/report-message.toml", "folder = \"drop/report-message\"", "folder = \"drop/registration-log\"", LOGS),
    ];
    for (file, right, wrong, setting) in cases {
        pair.outer.edit(file, right, wrong);
        wrong_use(
            &pair.outer,
            &["pass"],
            2,
            &[setting, "channels"].map(|word| if file == "station.toml" && word == "channels" { file } else { word }),
        );
        pair.outer.edit(file, wrong, right);
    }
    all_arrives(&pair, 1);
}

#[test]
fn a_station_toml_that_is_not_the_keyrings_is_refused() {
    let pair = Pair::new();
    pair.drop_messages(0, 1);
    let id = pair.outer.json(0, &["status"])["station"]["id"].as_str().unwrap().to_owned();
    let other = pair.inner.json(0, &["status"])["station"]["id"].as_str().unwrap().to_owned();
    for (right, wrong, setting) in [
        ("environment = \"production\"", "environment = \"test\"", "station.environment"),
        (id.as_str(), other.as_str(), "station.id"),
    ] {
        pair.outer.edit("station.toml", right, wrong);
        wrong_use(&pair.outer, &["pass"], 2, &["station.toml", setting]);
        pair.outer.edit("station.toml", wrong, right);
    }
    all_arrives(&pair, 1);
}

#[test]
fn a_key_file_that_is_missing_open_to_others_or_foreign_is_named() {
    let pair = Pair::new();
    pair.drop_messages(0, 1);
    for key in ["packet.key", "log.key", "encryption.key"] {
        let path = pair.outer.path("keys").join(key);
        let right = fs::read(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        wrong_use(&pair.outer, &["pass"], 2, &[key, "600"]);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        for wrong in [fs::read(pair.inner.path("keys").join(key)).unwrap(), b"not a key".to_vec(), Vec::new()] {
            fs::write(&path, wrong).unwrap();
            wrong_use(&pair.outer, &["pass"], 2, &[key]);
        }
        fs::remove_file(&path).unwrap();
        wrong_use(&pair.outer, &["run"], 2, &[key]);
        fs::write(&path, right).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    all_arrives(&pair, 1);
}

#[test]
fn a_station_without_channels_or_without_its_peers_card_says_what_to_do() {
    let pair = Pair::new();
    pair.drop_messages(0, 1);
    let (channels, away) = (pair.outer.path("channels"), pair.outer.path("channels-away"));
    fs::rename(&channels, &away).unwrap();
    wrong_use(&pair.outer, &["pass"], 2, &["channels"]);
    fs::create_dir(&channels).unwrap();
    wrong_use(&pair.outer, &["run"], 2, &["channels", "*.toml"]);
    fs::remove_dir(&channels).unwrap();
    fs::rename(&away, &channels).unwrap();
    let card = fs::read(pair.outer.path("keys/peer.txt")).unwrap();
    fs::copy(pair.outer.path("keys/keyring.txt"), pair.outer.path("keys/peer.txt")).unwrap();
    wrong_use(&pair.outer, &["pass"], 2, &["peer.txt", "trust"]);
    fs::remove_file(pair.outer.path("keys/peer.txt")).unwrap();
    wrong_use(&pair.outer, &["pass"], 2, &["peer.txt", "trust"]);
    fs::write(pair.outer.path("keys/peer.txt"), card).unwrap();
    all_arrives(&pair, 1);
}

#[test]
fn a_source_that_holds_the_stations_own_files_is_refused_before_it_sends_its_keys() {
    let pair = Pair::new();
    pair.drop_messages(0, 1);
    let channel = format!("channels/{MESSAGES}.toml");
    let (right, keys) = ("folder = \"drop/report-message\"", names(&pair.outer.path("keys")));
    std::os::unix::fs::symlink(pair.outer.path("keys"), pair.outer.path("innocent")).unwrap();
    for folder in
        ["", ".", "..", "/", "keys", "keys/below", "drop/../spool", "ferry/out", "ferry", "state", "channels", "innocent"]
    {
        let wrong = format!("folder = \"{folder}\"");
        pair.outer.edit(&channel, right, &wrong);
        wrong_use(&pair.outer, &["pass"], 2, &["source.folder", &channel]);
        pair.outer.edit(&channel, &wrong, right);
    }
    pair.outer.edit(&channel, "after = \"remove\" ", "after = \"archive\"\narchive = \"drop/report-message/sent\" ");
    wrong_use(&pair.outer, &["pass"], 2, &["source.folder", "sent"]);
    pair.outer.edit(&channel, "archive = \"drop/report-message/sent\" ", "archive = \"sent\" ");
    assert_eq!(names(&pair.outer.path("keys")), keys);
    all_arrives(&pair, 1);
    assert!(pair.outer.path("sent").join(MESSAGES).join(message::name(0)).exists());
}

#[test]
fn a_missing_part_of_the_stations_directory_is_named() {
    let pair = Pair::new();
    pair.drop_messages(0, 1);
    for (part, code) in [("state", 2), ("log", 75), ("spool/out", 75)] {
        let (here, away) = (pair.outer.path(part), pair.outer.path("away"));
        fs::rename(&here, &away).unwrap();
        wrong_use(&pair.outer, &["pass"], code, &[here.to_str().unwrap()]);
        fs::rename(&away, &here).unwrap();
    }
    fs::rename(pair.outer.path("state"), pair.outer.path("away")).unwrap();
    wrong_use(&pair.outer, &["status"], 2, &["state"]);
    fs::rename(pair.outer.path("away"), pair.outer.path("state")).unwrap();
    // Where requests are left nothing is kept: it is made anew.
    fs::remove_dir(pair.outer.path("state/requests")).unwrap();
    all_arrives(&pair, 1);
    assert!(pair.outer.path("state/requests").is_dir());
}

#[test]
fn init_leaves_a_directory_that_holds_anything_alone() {
    let pair = Pair::new();
    let before = dukou_tests::stations::tree::digests(&pair.outer.dir);
    let file = pair.dir.path().join("file");
    fs::write(&file, b"mine").unwrap();
    for taken in [&pair.outer.dir, &file] {
        let init = |lang: &str| {
            let mut command = Command::new(&pair.outer.program);
            command.arg("init").arg(taken).args(["--lang", lang]);
            Answer::of(command.output().unwrap())
        };
        for (lang, tongue) in [("zh", Tongue::Chinese), ("en", Tongue::English)] {
            let answer = init(lang);
            assert_eq!(answer.code, 2, "{answer:?}");
            one_sentence(&answer, tongue, &[taken.to_str().unwrap()]);
        }
    }
    assert_eq!(dukou_tests::stations::tree::digests(&pair.outer.dir), before);
    assert_eq!(fs::read(&file).unwrap(), b"mine");
}

/// Runs `init` in both languages and expects one sentence, and that nothing is there afterwards that was not there before.
fn init_leaves_nothing(program: &Path, dir: &Path, options: &[&str], code: i32, words: &[&str], account: Option<u32>) {
    use std::os::unix::process::CommandExt;
    let around = |dir: &Path| dukou_tests::stations::tree::names(dir);
    let above = dir.parent().unwrap();
    let before = (around(above), around(dir));
    for (lang, tongue) in [("zh", Tongue::Chinese), ("en", Tongue::English)] {
        let mut command = Command::new(program);
        command.arg("init").arg(dir).args(options).args(["--lang", lang]);
        if let Some(account) = account {
            command.uid(account).gid(account);
        }
        let answer = Answer::of(command.output().unwrap());
        assert_eq!(answer.code, code, "{options:?}: {answer:?}");
        one_sentence(&answer, tongue, words);
        assert_eq!((around(above), around(dir)), before, "{options:?} left something behind");
    }
}

#[test]
fn init_with_a_name_that_no_card_can_bear_makes_nothing() {
    let pair = Pair::new();
    let (long, new) = ("站".repeat(65), pair.dir.path().join("new"));
    for name in ["", "   ", "a\nb", "a\tb", "\u{1b}[31mred", long.as_str()] {
        init_leaves_nothing(&pair.outer.program, &new, &["--name", name], 2, &["--name", "1–64"], None);
    }
    Station::init("dukou-outer", &new, &["--name", "站".repeat(64).as_str()]);
}

#[test]
fn init_that_fails_midway_takes_away_what_it_made() {
    if !is_root("a full disk and a closed directory") {
        return;
    }
    let pair = Pair::new();
    let disk = pair.dir.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let Some(small) = dukou_tests::stations::root::SmallDisk::mount(&disk, 65_536) else { return };
    let (program, new) = (&pair.outer.program, disk.join("a/b"));
    for free in [0, 1, 2, 5, 9] {
        small.fill();
        let filler = File::options().write(true).open(disk.join(".filler")).unwrap();
        filler.set_len(filler.metadata().unwrap().len().saturating_sub(free * 4096)).unwrap();
        init_leaves_nothing(program, &new, &[], 75, &[disk.to_str().unwrap()], None);
    }
    drop(small);
    let outer = as_another_account(&pair.outer);
    let closed = pair.dir.path().join("closed");
    fs::create_dir(&closed).unwrap();
    init_leaves_nothing(&outer.program, &closed.join("new"), &[], 2, &["closed/new"], outer.account);
    init_leaves_nothing(&outer.program, &closed, &[], 2, &["closed"], outer.account);
}

#[test]
fn init_whose_recovery_key_cannot_be_shown_makes_nothing() {
    let pair = Pair::new();
    let new = pair.dir.path().join("new");
    let mut command = Command::new(&pair.outer.program);
    command.arg("init").arg(&new).stdout(File::options().write(true).open("/dev/full").unwrap());
    let answer = Answer::of(command.stderr(std::process::Stdio::piped()).spawn().unwrap().wait_with_output().unwrap());
    assert_eq!(answer.code, 2, "{answer:?}");
    one_sentence(&answer, Tongue::Chinese, &["恢复密钥"]);
    assert!(!new.exists());
}

#[test]
fn trust_grants_only_channels_that_come_in() {
    let pair = Pair::new();
    let card = pair.card(&pair.inner);
    let before = (count(&pair.outer, "trust"), pair.outer.read("keys/trust.toml"));
    for (channels, named) in
        [("nobodys-channel", "nobodys-channel"), (MESSAGES, MESSAGES), ("report-response,no-such", "no-such")]
    {
        wrong_use(&pair.outer, &["trust", card.to_str().unwrap(), "--yes", "--channels", channels], 2, &["--channels", named]);
    }
    assert_eq!((count(&pair.outer, "trust"), pair.outer.read("keys/trust.toml")), before);
    pair.outer.expect(0, &["trust", card.to_str().unwrap(), "--yes", "--channels", "report-response,report-response"]);
    assert_eq!(pair.outer.read("keys/trust.toml").matches("report-response").count(), 1);
}

#[test]
fn a_command_line_that_cannot_be_read_gets_one_sentence() {
    let pair = Pair::new();
    for (args, words) in [
        (vec!["resend", MESSAGES, "--seq", "5..3"], vec!["--seq", "5..3"]),
        (vec!["resend", MESSAGES, "--seq", "0..3"], vec!["--seq", "0..3"]),
        (vec!["resend", MESSAGES, "--seq", "x"], vec!["--seq", "x"]),
        (vec!["resend", MESSAGES, "--seq", "1..99999999999999999999"], vec!["--seq"]),
        (vec!["resend", MESSAGES], vec!["--seq"]),
        (vec!["resend", "Not A Channel", "--seq", "1"], vec!["Not A Channel"]),
        (vec!["waive", MESSAGES, "--seq", "1"], vec!["--reason", "--name"]),
        (vec!["waive", MESSAGES, "--seq", "1", "--reason", "x"], vec!["--name"]),
        (vec!["trust"], vec!["CARD"]),
        (vec!["passs"], vec!["passs"]),
        (vec!["pass", "--jsn"], vec!["--jsn"]),
        (vec!["status", "extra"], vec!["extra"]),
    ] {
        wrong_use(&pair.outer, &args, 2, &[words, vec!["--help"]].concat());
    }
}

#[test]
fn a_channel_file_that_would_be_passed_over_in_silence_is_refused() {
    let pair = Pair::new();
    let channel = pair.outer.path("channels/report-message.toml");
    for name in ["Report.TOML", "copy.toml", ".report-message.toml"] {
        let twin = channel.with_file_name(name);
        fs::copy(&channel, &twin).unwrap();
        wrong_use(&pair.outer, &["pass"], 2, &[name]);
        fs::remove_file(twin).unwrap();
    }
    pair.outer.pass(0);
}

#[test]
fn the_parsers_complaints_are_put_into_the_readers_words() {
    let pair = Pair::new();
    let file = "channels/report-message.toml";
    for (right, wrong, zh, en) in [
        ("title = ", "titel = ", "没有这个设置：`titel`", "unknown field `titel`"),
        ("priority = 3 ", "priority = \"3\" ", "应为 整数", "expected a whole number"),
        ("from = \"outer\"", "from = \"both\"", "没有这个值：`both`", "unknown variant `both`"),
    ] {
        pair.outer.edit(file, right, wrong);
        one_sentence(&pair.outer.expect(2, &["pass"]), Tongue::Chinese, &[file, zh]);
        one_sentence(&pair.outer.expect(2, &["pass", "--lang", "en"]), Tongue::English, &[file, en]);
        pair.outer.edit(file, wrong, right);
    }
}

#[test]
fn wrong_habits_and_calendars_are_told_in_the_readers_words() {
    let pair = Pair::new();
    let told = |file: &str, zh: &str, en: &str| {
        let chinese = pair.outer.expect(2, &["pass"]);
        one_sentence(&chinese, Tongue::Chinese, &[file, zh]);
        for parsers in ["untagged", "sequence", "tuple", "i16", "invalid", "literal", "unclosed", "with no"] {
            assert!(!chinese.err.contains(parsers), "{chinese:?}");
        }
        one_sentence(&pair.outer.expect(2, &["pass", "--lang", "en"]), Tongue::English, &[file, en]);
    };
    for wrong in ["habit = \"sometimes\"", "habit = 3", "habit = [\"09:00\", 16]"] {
        pair.outer.edit("station.toml", "# habit = ", &format!("{wrong}\n# habit = "));
        told("station.toml", "working-hours", "working-hours");
        pair.outer.edit("station.toml", &format!("{wrong}\n"), "");
    }
    pair.outer.edit("station.toml", "# habit = ", "habit = \"working-hours\"\n# habit = ");
    let calendar = pair.outer.path("calendar.toml");
    for (wrong, zh, en) in [
        ("hours = 3", "列表", "a list"),
        ("hours = [[\"09:00\"]]", "两个值", "two values"),
        ("hours = [[\"09:00\", \"12:00\"]]\n[[year]]\nyear = \"x\"", "整数", "a whole number"),
        ("hours = [[\"09:00\", \"12:00\"]]\n[[year", "方括号没有写完", "unclosed"),
        ("hours", "没有值", "no value"),
        ("hours = maybe", "加引号", "quoted"),
    ] {
        fs::write(&calendar, wrong).unwrap();
        told("calendar.toml", zh, en);
    }
}

#[test]
fn a_pipe_or_a_device_in_the_place_of_settings_is_named_instead_of_waited_for() {
    let pair = Pair::new();
    for place in ["profiles/plain-folder.toml", "calendar.toml"] {
        if place == "calendar.toml" {
            pair.outer.edit("station.toml", "# habit = ", "habit = \"working-hours\"\n# habit = ");
        }
        let path = pair.outer.path(place);
        let before = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        wrong_use(&pair.outer, &["pass"], 2, &[place]);
        fs::remove_file(&path).unwrap();
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        wrong_use(&pair.outer, &["pass"], 2, &[place]);
        fs::remove_file(&path).unwrap();
        fs::write(&path, [before.as_slice(), "#".repeat(1_100_000).as_bytes()].concat()).unwrap();
        wrong_use(&pair.outer, &["pass"], 2, &[place]);
        fs::write(&path, before).unwrap();
    }
    pair.outer.pass(0);
}

#[test]
fn arguments_that_do_not_go_together_are_named_and_so_is_what_a_channel_may_be_called() {
    let pair = Pair::new();
    wrong_use(&pair.outer, &["gaps", "--text", "--json"], 2, &["--text", "--json"]);
    let report = ["resend", MESSAGES, "--seq", "1", "--report", "x"];
    wrong_use(&pair.outer, &report, 2, &["--report", "CHANNEL"]);
    for args in [&["alarms", "--json", "ack", "silent"][..], &["maintenance", "--end", "--until", "2026-11-24T00:00"]] {
        let answer = pair.outer.expect(2, args);
        one_sentence(&answer, Tongue::Chinese, &["不能一起用"]);
    }
    let answer = pair.outer.expect(2, &["resend", "../x", "--seq", "1"]);
    assert!(answer.err.contains("应为通道名") && !answer.err.contains("expected"), "{answer:?}");
}

#[test]
fn names_and_reasons_of_decisions_can_neither_steer_a_terminal_nor_add_lines() {
    let pair = Pair::new();
    let nasty = "王\u{1b}[2J\n维护：到 2027\u{7}\u{202e}\u{2066}\u{2028}";
    pair.outer.expect(0, &["maintenance", "--until", &soon(), "--reason", nasty, "--name", nasty]);
    for verb in ["status", "alarms"] {
        let out = pair.outer.expect(0, &[verb]).out;
        let steers = |letter: char| (letter.is_control() && letter != '\n') || "\u{202e}\u{2066}\u{2028}".contains(letter);
        assert!(!out.chars().any(steers) && out.contains("\\u{202e}\\u{2066}\\u{2028}"), "{out:?}");
        let json = pair.outer.expect(0, &[verb, "--json"]).out;
        assert!(!json.chars().any(steers), "{json:?}");
        assert_eq!(out.lines().filter(|line| line.starts_with("维护：")).count(), 1, "{out}");
    }
}

/// A moment within the next month, as `--until` takes it.
fn soon() -> String {
    let date = Command::new("date").env("TZ", "Asia/Shanghai").args(["-d", "+2 days", "+%Y-%m-%dT%H:%M"]).output().unwrap();
    String::from_utf8(date.stdout).unwrap().trim().to_owned()
}

#[test]
fn wrong_packet_numbers_on_the_command_line_are_told_in_the_readers_words() {
    let pair = Pair::new();
    for number in ["0", "x", "-3", "18446744073709551616", ""] {
        for args in [
            &["replay", RESPONSES, "--name", "a", "--reason", "b", &format!("--from={number}")][..],
            &["reseal", "--name", "a", "--reason", "b", &format!("--from={number}")],
            &["resend", MESSAGES, &format!("--seq={number}")],
            &["resend", MESSAGES, &format!("--seq=3..{number}")],
        ] {
            wrong_use(&pair.outer, args, 2, &[]);
            let answer = pair.outer.expect(2, args);
            for parsers in ["not in", "digit", "rising", "number"] {
                assert!(!answer.err.contains(parsers), "{answer:?}");
            }
        }
    }
}

#[test]
fn absurd_words_and_files_on_the_command_line_are_refused() {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 2);
    pair.outer.pass(0);
    let most = u64::MAX.to_string();
    wrong_use(&pair.outer, &["resend", MESSAGES, "--seq", &format!("1..{most}")], 2, &["1–2", "--seq"]);
    wrong_use(&pair.outer, &["resend", MESSAGES, "--seq", &format!("0..{most}")], 2, &["--seq"]);
    wrong_use(
        &pair.inner,
        &["waive", MESSAGES, "--seq", &format!("1..{most}"), "--name", "x", "--reason", "x"],
        2,
        &[MESSAGES],
    );
    for blank in ["", " \t"] {
        wrong_use(&pair.inner, &["waive", MESSAGES, "--seq", "1", "--name", "x", "--reason", blank], 2, &["--reason"]);
        wrong_use(&pair.inner, &["waive", MESSAGES, "--seq", "1", "--reason", "x", "--name", blank], 2, &["--name"]);
        wrong_use(&pair.inner, &["trace", blank], 2, &["WHAT"]);
    }
    wrong_use(&pair.outer, &[], 2, &["--help"]);
    for endless in ["/dev/zero", "/dev/full"] {
        wrong_use(&pair.outer, &["trust", endless, "--yes"], 2, &[endless]);
        wrong_use(&pair.outer, &["try", endless, "--channel", MESSAGES], 2, &[endless]);
    }
    let folder = pair.outer.path("drop");
    wrong_use(&pair.outer, &["try", folder.to_str().unwrap()], 2, &["drop"]);
    wrong_use(&pair.outer, &["try", "/no/such/Biz1.xml"], 2, &["/no/such/Biz1.xml"]);
}

#[test]
fn arguments_that_are_not_utf_8_get_one_sentence() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let pair = Pair::new();
    let odd = OsStr::from_bytes(b"Biz\xff.xml");
    for (verb, code) in [("trace", 2), ("resend", 2), ("trust", 2), ("try", 2)] {
        let answer = Answer::of(pair.outer.command(&[verb]).arg(odd).output().unwrap());
        assert_eq!(answer.code, code, "{verb}: {answer:?}");
        one_sentence(&answer, Tongue::Chinese, &[]);
    }
    let file = pair.dir.path().join(odd);
    fs::write(&file, message::body(0)).unwrap();
    let answer = Answer::of(pair.outer.command(&["try", "--channel", MESSAGES]).arg(&file).output().unwrap());
    assert!(answer.code == 1 && answer.out.contains("UTF-8"), "{answer:?}");
}

#[test]
fn what_a_source_never_takes_is_told_by_try() {
    let pair = Pair::new();
    for name in ["BizA.xml.tmp", ".BizA.xml", "BizA.xml.PART"] {
        let file = pair.outer.path("drop").join(MESSAGES).join(name);
        fs::write(&file, message::body(0)).unwrap();
        assert_eq!(pair.outer.json(1, &["try", file.to_str().unwrap()])["result"], "not-taken", "{name}");
    }
    pair.outer.pass(0);
    assert_eq!(pair.outer.channel(MESSAGES)["accepted"], 0);
}

#[test]
fn a_state_that_may_not_be_opened_is_no_damage() {
    if !is_root("a file that its own account cannot read") {
        return;
    }
    let pair = Pair::new();
    let outer = as_another_account(&pair.outer);
    forbid(&outer.path("state/station.sqlite"));
    for verb in ["pass", "status", "check"] {
        wrong_use(&outer, &[verb], 2, &["station.sqlite"]);
    }
}

#[test]
fn a_way_out_that_is_no_directory_is_told_though_nothing_is_to_be_sent() {
    let pair = Pair::new();
    let (here, away) = (pair.outer.path("ferry/out"), pair.outer.path("ferry/away"));
    fs::rename(&here, &away).unwrap();
    fs::write(&here, b"a file").unwrap();
    assert!(pair.outer.pass(75).out.contains("ferry/out"));
    fs::remove_file(&here).unwrap();
    std::os::unix::fs::symlink(&away, &here).unwrap();
    assert!(pair.outer.pass(75).out.contains("ferry/out"));
    fs::remove_file(&here).unwrap();
    fs::rename(&away, &here).unwrap();
    pair.outer.pass(0);
}

#[test]
fn output_that_cannot_be_written_is_told_and_closed_streams_are_no_fault() {
    let pair = Pair::new();
    for verb in [&["status"][..], &["status", "--json"], &["gaps"], &["card"]] {
        let mut command = pair.outer.command(verb);
        command.stdout(File::options().write(true).open("/dev/full").unwrap()).stderr(std::process::Stdio::piped());
        let answer = Answer::of(command.spawn().unwrap().wait_with_output().unwrap());
        assert_eq!(answer.code, 75, "{verb:?}: {answer:?}");
        assert!(answer.err.contains("/dev/stdout"), "{answer:?}");
    }
    let closed = format!("{} status --station {} <&- >&- 2>&-", pair.outer.program.display(), pair.outer.dir.display());
    assert_eq!(Command::new("sh").args(["-c", &closed]).status().unwrap().code(), Some(0));
    let mut bare = pair.outer.command(&["status"]);
    let answer = Answer::of(bare.env_clear().env("TZ", "Nowhere/Land").env("LC_ALL", "xx").output().unwrap());
    assert!(answer.code == 0 && answer.out.contains("正常"), "{answer:?}");
}

#[test]
fn a_channel_or_range_that_is_not_there_is_named() {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 3);
    pair.exchange();
    for verb in [
        vec!["resend", "nobodys-channel", "--seq", "1"],
        vec!["waive", "nobodys-channel", "--seq", "1", "--name", "x", "--reason", "x"],
        vec!["release", "nobodys-channel"],
    ] {
        wrong_use(&pair.outer, &verb, 2, &["nobodys-channel", "channels/"]);
    }
    wrong_use(&pair.outer, &["resend", MESSAGES, "--seq", "2..4"], 2, &["1–3", "--seq"]);
    wrong_use(&pair.outer, &["resend", MESSAGES, "--seq", "9"], 2, &["1–3", "--seq"]);
    wrong_use(&pair.outer, &["resend", RESPONSES, "--seq", "1"], 2, &[RESPONSES]);
    wrong_use(&pair.inner, &["resend", MESSAGES, "--seq", "1"], 2, &[MESSAGES]);
    wrong_use(&pair.inner, &["waive", MESSAGES, "--seq", "1", "--name", "x", "--reason", "x"], 2, &[MESSAGES, "gaps"]);
    wrong_use(&pair.inner, &["release", MESSAGES], 2, &[MESSAGES]);
    assert_eq!(count(&pair.outer, "resent"), 0);
    assert_pass(&pair);
}

#[test]
fn two_daemons_on_one_directory_are_refused() {
    let pair = Pair::new();
    let daemon = Daemon::running(&pair.outer);
    let before = count(&pair.outer, "start");
    wrong_use(&pair.outer, &["run"], 2, &[pair.outer.dir.to_str().unwrap()]);
    assert_eq!(count(&pair.outer, "start"), before);
    daemon.stop_cleanly();
}

#[test]
fn a_card_that_must_not_be_trusted_is_refused_with_its_reason() {
    let (pair, other, rehearsal) = (Pair::new(), Pair::new(), Pair::with_options(&["--test"]));
    let garbage = pair.dir.path().join("garbage.card");
    fs::write(&garbage, [0xff, 0x00, 0x41]).unwrap();
    let text = pair.dir.path().join("text.card");
    fs::write(&text, "密钥卡\n").unwrap();
    let changed = pair.dir.path().join("changed.card");
    let card = fs::read_to_string(pair.card(&pair.inner)).unwrap();
    fs::write(&changed, card.replacen("inner", "outer", 1)).unwrap();
    let cards: [(PathBuf, &str); 8] = [
        (pair.dir.path().join("missing.card"), "missing.card"),
        (garbage, "garbage.card"),
        (text, "text.card"),
        (changed, "changed.card"),
        (pair.card(&pair.outer), ""),
        (other.card(&other.outer), ""),
        (rehearsal.card(&rehearsal.inner), ""),
        (other.card(&other.inner), ""),
    ];
    let before = pair.outer.read("keys/trust.toml");
    for (card, named) in &cards {
        wrong_use(&pair.outer, &["trust", card.to_str().unwrap(), "--yes"], 2, &[named]);
    }
    assert_eq!(pair.outer.read("keys/trust.toml"), before);
    pair.drop_messages(0, 1);
    all_arrives(&pair, 1);
}

#[test]
fn trust_without_a_person_changes_nothing() {
    let pair = Pair::new();
    let (card, before) = (pair.card(&pair.inner), count(&pair.outer, "trust"));
    let answer = pair.outer.expect(2, &["trust", card.to_str().unwrap()]);
    assert!(answer.err.contains("没有确认") && answer.err.contains("--yes"), "{answer:?}");
    assert_eq!(count(&pair.outer, "trust"), before);
}

#[test]
fn a_station_without_a_peer_says_so_and_keeps_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let station = Station::init("dukou-outer", &dir.path().join("outer"), &[]);
    dukou_tests::stations::tree::write_old(&station.path("drop").join(MESSAGES).join(message::name(0)), &message::body(0));
    let answer = station.ask(&["pass"]);
    assert!(answer.code != 0 && answer.all().contains("trust"), "a person must hear why nothing moves: {answer:?}");
    assert!(station.path("drop").join(MESSAGES).join(message::name(0)).exists());
    wrong_use(&station, &["trust", "--confirm"], 2, &["trust"]);
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_sent_once_it_can() {
    if !is_root("a file that its own account cannot read") {
        return;
    }
    let pair = Pair::new();
    let outer = as_another_account(&pair.outer);
    let folder = outer.path("drop").join(MESSAGES);
    pair.drop_messages(0, 2);
    forbid(&folder.join(message::name(0)));
    let answer = outer.pass(75);
    assert!(answer.out.contains(&message::name(0)) && answer.out.contains("没有权限"), "{answer:?}");
    let answer = outer.expect(75, &["pass", "--lang", "en"]);
    assert!(answer.out.contains(&message::name(0)) && answer.out.contains("Permission denied"), "{answer:?}");
    pair.carry();
    pair.inner.pass(0);
    assert_eq!(pair.arrived(MESSAGES), [message::name(1)], "the readable one is not held up");
    std::os::unix::fs::chown(folder.join(message::name(0)), outer.account, outer.account).unwrap();
    fs::set_permissions(folder.join(message::name(0)), fs::Permissions::from_mode(0o600)).unwrap();
    outer.pass(0);
    pair.carry();
    pair.inner.pass(0);
    assert_eq!(pair.arrived(MESSAGES).len(), 2);
    assert_pass(&pair);
}

#[test]
fn a_ferry_or_source_directory_that_is_gone_is_named_and_nothing_is_lost() {
    let pair = Pair::new();
    pair.drop_messages(0, 2);
    for (station, dir) in [(&pair.outer, "ferry/out"), (&pair.outer, "ferry/in"), (&pair.inner, "ferry/in")] {
        let (here, away) = (station.path(dir), station.path(format!("{dir}-away")));
        fs::rename(&here, &away).unwrap();
        for (lang, word) in [("zh", "不存在"), ("en", "is not there")] {
            let answer = station.expect(75, &["pass", "--lang", lang]);
            let text = answer.all();
            assert!(text.contains(here.to_str().unwrap()) && text.contains(word), "{answer:?}");
        }
        fs::rename(&away, &here).unwrap();
    }
    let (here, away) = (pair.outer.path("drop").join(MESSAGES), pair.outer.path("drop/away"));
    fs::rename(&here, &away).unwrap();
    let answer = pair.outer.pass(75);
    assert!(answer.all().contains(here.to_str().unwrap()), "{answer:?}");
    fs::rename(&away, &here).unwrap();
    all_arrives(&pair, 2);
}

#[test]
fn a_running_station_waits_for_its_ferry_directory_to_come_back() {
    let pair = Pair::new().quick();
    let away = pair.outer.path("ferry/away");
    fs::rename(pair.outer.path("ferry/out"), &away).unwrap();
    let daemon = Daemon::running(&pair.outer);
    rename_in(&pair.outer.path("drop").join(MESSAGES).join(message::name(0)), &message::body(0));
    dukou_tests::stations::wait::until("it has noticed", std::time::Duration::from_secs(20), || {
        dukou_tests::stations::daemon::journal(&pair.outer).contains("not-found")
    });
    fs::rename(&away, pair.outer.path("ferry/out")).unwrap();
    dukou_tests::stations::wait::until("the packet has left", std::time::Duration::from_secs(20), || {
        pair.outer.channel(MESSAGES)["left"] == 1
    });
    daemon.stop_cleanly();
    assert!(!names(&pair.outer.path("ferry/out")).is_empty());
    all_arrives(&pair, 1);
}
