//! The gap report between two real stations: as a file, on paper, by rows that somebody types, and what is refused.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use dukou_tests::stations::audit::{account, assert_pass, lines_of};
use dukou_tests::stations::daemon::Daemon;
use dukou_tests::stations::packet::cargo;
use dukou_tests::stations::pair::{LOGS, MESSAGES, Pair};
use dukou_tests::stations::sentence::wrong_use;
use dukou_tests::stations::station::{Answer, Station};

/// A pair that lost messages 2 and 4 … 5 of six, and a log, on their way.
fn gapped() -> Pair {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 6);
    pair.drop_logs(0, 2);
    pair.outer.pass(0);
    for (channel, lost) in [(MESSAGES, vec![2, 4, 5]), (LOGS, vec![1])] {
        for packet in cargo(&pair.outer.path("ferry/out"), channel) {
            if lost.contains(&packet.header.seq) {
                fs::remove_file(&packet.path).unwrap();
            }
        }
    }
    pair.carry();
    pair.inner.pass(1);
    pair.clear_outer_ferry();
    pair
}

fn mended(pair: &Pair) {
    pair.carry();
    pair.inner.pass(0);
    assert_eq!(pair.inner.expect(0, &["gaps"]).out.trim(), "没有已知的缺包。");
    assert_eq!((pair.arrived(MESSAGES).len(), pair.arrived(LOGS).len()), (6, 2));
    assert_pass(pair);
}

/// Gives a command what it reads from standard input.
fn typed(station: &Station, args: &[&str], text: &str) -> Answer {
    let mut command = station.command(args);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    Answer::of(child.wait_with_output().unwrap())
}

#[test]
fn a_report_that_is_carried_as_a_file_brings_everything_back() {
    let pair = gapped();
    let file = pair.dir.path().join("report.txt");
    let path = file.to_str().unwrap();
    let said = pair.inner.expect(1, &["gaps", "--out", path]);
    assert!(said.out.contains("缺第 4–5 号包") && said.err.contains("缺包单第 1 号：缺 4 个包"), "{said:?}");
    let answer = pair.outer.json(0, &["resend", "--report", path]);
    assert_eq!((answer["exit"].as_u64(), answer["count"].as_u64()), (Some(0), Some(4)));
    assert!(answer["zh"].as_str().unwrap().contains("通道 report-message：重发 3 个包（2、4–5）"), "{answer}");
    assert_eq!(cargo(&pair.outer.path("ferry/out"), MESSAGES).len(), 3);
    assert!(lines_of(&pair.outer, "resent").iter().all(|line| line["operator"] == account()));
    mended(&pair);
    // Where nothing is missing, the report says how far this side is, and asks for nothing.
    let said = pair.inner.expect(0, &["gaps", "--out", path]);
    assert!(said.err.contains("缺包单第 2 号：没有已知的缺包"), "{said:?}");
    assert!(pair.outer.expect(0, &["resend", "--report", path]).out.contains("通道 report-message：不缺包。"));
}

#[test]
fn rows_that_are_read_aloud_and_typed_bring_everything_back_beside_a_running_station() {
    let pair = gapped();
    let daemon = Daemon::running(&pair.outer);
    let rows = pair.inner.expect(1, &["gaps", "--text"]).out;
    assert_eq!(rows.lines().count(), 3, "{rows}");
    assert!(rows.lines().all(|row| row.len() == 35 && row.split(' ').all(|group| group.len() == 5)), "{rows}");
    // Somebody mistypes the second row, then puts it right; full-width digits and punctuation do no harm.
    let mut wrong: Vec<String> = rows.lines().map(str::to_owned).collect();
    wrong[1] = format!("{}{}", &wrong[1][..34], (wrong[1].as_bytes()[34] - b'0' + 1) % 10);
    let answer = typed(&pair.outer, &["resend", "--text", "-"], &wrong.join("\n"));
    assert!(answer.code == 2 && answer.err.contains("第 2 行有错") && answer.err.contains("什么都没有重发"), "{answer:?}");
    assert!(!answer.err.contains("第 1 行") && !answer.err.contains("第 3 行"), "{answer:?}");
    let missing = pair.outer.expect(2, &["resend", "--text", wrong[0].as_str()]);
    assert!(missing.err.contains("共 3 行，缺第 2 行"), "{missing:?}");
    assert!(cargo(&pair.outer.path("ferry/out"), MESSAGES).is_empty());
    let full: String = rows
        .replace(' ', "，")
        .chars()
        .map(|letter| match letter.to_digit(10) {
            Some(digit) => char::from_u32(0xff10 + digit).unwrap(),
            None => letter,
        })
        .collect();
    pair.outer.expect(0, &["resend", "--text", &full]);
    daemon.stop_cleanly();
    mended(&pair);
}

#[test]
fn the_printed_sheet_and_the_code_need_nothing_else() {
    let pair = gapped();
    let (sheet, code) = (pair.dir.path().join("缺包单.html"), pair.dir.path().join("rows.svg"));
    pair.inner.expect(1, &["gaps", "--sheet", sheet.to_str().unwrap(), "--qr", code.to_str().unwrap(), "--json"]);
    let (page, svg) = (fs::read_to_string(&sheet).unwrap(), fs::read_to_string(&code).unwrap());
    assert!(page.contains("缺包单") && page.contains("第 1 号") && page.contains("A4") && page.contains("报告站"), "{page}");
    assert!(svg.starts_with("<svg") && page.contains(&svg), "the code on the sheet is the code of the same report");
    for outside in ["src=", "href=", "@import", "<script", "<link"] {
        assert!(!page.contains(outside), "{outside}");
    }
    // The rows of the page are rows that the sender takes.
    let cells = page.split("<td>").filter_map(|cell| cell.split_once("</td>")).map(|(cell, _)| cell);
    let rows: Vec<&str> =
        cells.filter(|cell| cell.len() == 35 && cell.chars().all(|c| c.is_ascii_digit() || c == ' ')).collect();
    assert_eq!(rows.len(), 3);
    pair.outer.expect(0, &["resend", "--text", &rows.join("\n")]);
    mended(&pair);
}

#[test]
fn above_twenty_rows_nothing_is_printed_but_that_the_file_is_to_be_used() {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 43);
    pair.outer.pass(0);
    for packet in cargo(&pair.outer.path("ferry/out"), MESSAGES).into_iter().filter(|packet| packet.header.seq % 2 == 0) {
        fs::remove_file(&packet.path).unwrap();
    }
    pair.carry();
    pair.inner.pass(1);
    let (sheet, code) = (pair.dir.path().join("sheet.html"), pair.dir.path().join("rows.svg"));
    let answer = pair.inner.expect(1, &["gaps", "--text"]);
    assert!(answer.out.is_empty() && answer.err.contains("请用文件或光盘"), "{answer:?}");
    pair.inner.expect(1, &["gaps", "--qr", code.to_str().unwrap(), "--sheet", sheet.to_str().unwrap()]);
    assert!(!code.exists());
    let page = fs::read_to_string(&sheet).unwrap();
    assert!(page.contains("请用文件或光盘") && page.contains("21 段") && !page.contains("<svg"), "{page}");
}

#[test]
fn reports_and_rows_at_the_wrong_place_are_refused_with_a_sentence() {
    let pair = gapped();
    let file = pair.dir.path().join("report.txt");
    let path = file.to_str().unwrap();
    pair.inner.expect(1, &["gaps", "--out", path]);
    let rows = pair.inner.expect(1, &["gaps", "--text"]).out;
    // At the receiver itself, and at another pair.
    let other = Pair::new();
    wrong_use(&pair.inner, &["resend", "--report", path], 2, &["gap-report-key", "gaps --out"]);
    wrong_use(&other.outer, &["resend", "--report", path], 2, &["gap-report-key"]);
    wrong_use(&other.outer, &["resend", "--text", &rows], 2, &["--report"]);
    fs::write(&file, fs::read_to_string(&file).unwrap().replace("[4,5]", "[4,6]")).unwrap();
    wrong_use(&pair.outer, &["resend", "--report", path], 2, &["gap-report-s"]);
    let card = pair.card(&pair.inner);
    wrong_use(&pair.outer, &["resend", "--report", card.to_str().unwrap()], 2, &["gap-report-shape"]);
    wrong_use(&pair.outer, &["resend", "--report", "/nowhere/report.txt"], 2, &["/nowhere/report.txt"]);
    for args in [
        vec!["resend"],
        vec!["resend", MESSAGES, "--report", path],
        vec!["resend", "--seq", "1"],
        vec!["resend", MESSAGES, "--text", "1"],
    ] {
        wrong_use(&pair.outer, &args, 2, &["--help"]);
    }
    assert!(cargo(&pair.outer.path("ferry/out"), MESSAGES).is_empty() && lines_of(&pair.outer, "resent").is_empty());
    let alone = Station::init("dukou-inner", &pair.dir.path().join("alone"), &[]);
    wrong_use(&alone, &["gaps", "--out", path], 2, &["trust"]);
    wrong_use(&alone, &["resend", "--report", path], 2, &["trust"]);
}

#[test]
fn a_report_is_written_beside_the_person_who_asks_as_readily_as_anywhere() {
    let pair = gapped();
    let forms = [["--out", "report.txt"], ["--sheet", "sheet.html"], ["--qr", "code.svg"]];
    let mut command = pair.inner.command(&["gaps"]);
    command.args(forms.as_flattened()).current_dir(pair.dir.path());
    let answer = Answer::of(command.output().unwrap());
    assert_eq!(answer.code, 1, "{answer:?}");
    for [_, name] in forms {
        assert!(pair.dir.path().join(name).is_file(), "{name}");
    }
    // What goes to standard output is the report and nothing else: it is carried on as it is.
    let report = pair.inner.expect(1, &["gaps", "--out", "-"]).out;
    assert!(typed(&pair.outer, &["resend", "--report", "-"], &report).out.contains("重发 3 个包"), "{report}");
}

#[test]
fn a_report_takes_the_place_of_an_older_one_and_of_nothing_else() {
    let pair = gapped();
    let config = pair.inner.read("station.toml");
    let dir = pair.dir.path().join("reports");
    fs::create_dir(&dir).unwrap();
    let path = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    fs::create_dir(path("folder")).unwrap();
    fs::write(path("mine"), "precious").unwrap();
    std::os::unix::fs::symlink(path("mine"), path("link")).unwrap();
    let lines = pair.inner.log_lines();
    let taken = pair.inner.path("station.toml");
    for file in [path("mine"), path("folder"), path("link"), taken.to_str().unwrap().to_owned(), "/dev/null".to_owned()] {
        for form in ["--out", "--sheet", "--qr"] {
            wrong_use(&pair.inner, &["gaps", form, &file], 2, &[&file]);
        }
    }
    wrong_use(&pair.inner, &["gaps", "--out", &path("twice"), "--sheet", &path("twice")], 2, &["twice"]);
    wrong_use(&pair.inner, &["gaps", "--out", &path("nowhere/report")], 2, &["nowhere/report"]);
    assert_eq!((pair.inner.log_lines(), pair.inner.read("station.toml")), (lines, config), "nothing was changed");
    assert_eq!(fs::read_to_string(path("mine")).unwrap(), "precious");
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 3, "and nothing was left behind");
    for round in 0..2 {
        let args = ["gaps", "--out", &path("a"), "--sheet", &path("b"), "--qr", &path("c")];
        assert_eq!(pair.inner.ask(&args).code, 1, "round {round}");
    }
    wrong_use(&pair.inner, &["gaps", "--out", &path("b")], 2, &[&path("b")]);
}

#[test]
fn where_nothing_is_missing_no_code_is_written_and_that_is_said() {
    let pair = Pair::new();
    let file = pair.dir.path().join("code.svg");
    let said = pair.inner.expect(0, &["gaps", "--qr", file.to_str().unwrap()]);
    assert!(!file.exists() && said.err.contains("没有写二维码"), "{said:?}");
}
