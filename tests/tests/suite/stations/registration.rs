//! `lint` and `upgrade` as programs, without a station: what they print, and what they end with.

use super::spoken::agree;
use dukou_tests::stations::programs::program;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const OLD: &str = "old/BizMsg/Biz150721220316000001.xml";
const NEW: &str = "new/BizMsg/Biz150721240315000001.xml";

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/registration")
}

/// Asks a program among the samples, where no station is.
fn ask(name: &str, arguments: &[&str]) -> Output {
    Command::new(program(name)).args(arguments).current_dir(samples()).env_remove("DUKOU_STATION").output().unwrap()
}

fn json(code: i32, arguments: &[&str]) -> Value {
    let answer = ask("dukou-outer", arguments);
    assert_eq!(answer.status.code(), Some(code), "{arguments:?}: {answer:?}");
    serde_json::from_slice(&answer.stdout).unwrap()
}

#[test]
fn lint_and_upgrade_print_what_is_documented() {
    let linted = json(1, &["lint", ".", "--json"]);
    assert_eq!(linted.as_array().unwrap().len(), 25);
    agree("lint", &[linted]);
    let away = tempfile::tempdir().unwrap();
    let out = away.path().join("new.xml");
    let written = json(0, &["upgrade", OLD, "--json", "--out", out.to_str().unwrap()]);
    agree("upgrade", &[written, json(0, &["upgrade", OLD, "--json"]), json(1, &["upgrade", NEW, "--json"])]);
    assert!(std::fs::read_to_string(out).unwrap().contains("未签名 UNSIGNED"));
}

/// Gives the first two cells of the README's rows.
fn rows(readme: &str) -> impl Iterator<Item = (&str, &str)> {
    readme.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "))
}

/// Gives what stands in code marks: the text before each is given, too.
fn marked(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let pieces: Vec<&str> = text.split('`').collect();
    (1..pieces.len()).step_by(2).map(move |at| (pieces[at - 1], pieces[at]))
}

/// How often each code is expected: `dictionary` ×4 is four times.
fn expected(cell: &str) -> BTreeMap<String, usize> {
    let times =
        |after: &str| after.trim().strip_prefix('×').and_then(|rest| rest.split(',').next()?.trim().parse().ok()).unwrap_or(1);
    let ends: Vec<&str> = cell.split('`').collect();
    (1..ends.len()).step_by(2).map(|at| (ends[at].to_owned(), times(ends.get(at + 1).copied().unwrap_or_default()))).collect()
}

#[test]
fn lint_prints_of_each_sample_exactly_the_findings_and_levels_that_the_readme_names() {
    let readme = std::fs::read_to_string(samples().join("README.md")).unwrap();
    let errors: BTreeSet<&str> = rows(&readme)
        .flat_map(|(codes, _)| marked(codes))
        .filter(|(before, _)| before.ends_with("**"))
        .map(|(_, code)| code)
        .collect();
    assert!(errors.contains("unit-length") && errors.contains("xml-*") && !errors.contains("dictionary"), "{errors:?}");
    let mut files = 0;
    for (file, cell) in rows(&readme).map(|(file, cell)| (file.trim_matches('`'), cell)) {
        if !file.ends_with(".xml") && !file.ends_with(".tmp") {
            continue;
        }
        files += 1;
        let expected = expected(cell);
        let is_error = |code: &str| errors.contains(code) || (code.starts_with("xml-") && errors.contains("xml-*"));
        let answer = json(i32::from(expected.keys().any(|code| is_error(code))), &["lint", file, "--json"]);
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        for finding in answer[0]["findings"].as_array().unwrap() {
            let code = finding["code"].as_str().unwrap();
            *found.entry(code.to_owned()).or_default() += 1;
            assert_eq!(finding["level"] == "error", is_error(code), "{file}: {finding}");
        }
        assert_eq!((found, &answer[0]["untold"]), (expected, &Value::from(0)), "{file}");
    }
    assert_eq!(files, 25);
}

#[test]
fn lint_ends_with_1_where_a_file_has_errors_and_with_0_where_it_has_warnings_alone() {
    for station in ["dukou-outer", "dukou-inner"] {
        let warned = ask(station, &["lint", NEW]);
        assert_eq!(warned.status.code(), Some(0), "{warned:?}");
        let wrong = ask(station, &["lint", NEW, "bad/Biz150721240315900002.xml", "no-such-file.xml"]);
        let shown = String::from_utf8(wrong.stdout).unwrap();
        assert_eq!(wrong.status.code(), Some(1), "{shown}");
        assert!(shown.contains("unit-length") && shown.contains("file-unreadable") && shown.contains("共 3 个文件"), "{shown}");
        let foreign = ask(station, &["lint", NEW, "--area", "150722"]);
        assert!(String::from_utf8(foreign.stdout).unwrap().contains("area-foreign"));
    }
}

#[test]
fn upgrade_overwrites_nothing() {
    let away = tempfile::tempdir().unwrap();
    let out = away.path().join("there.xml");
    std::fs::write(&out, "mine").unwrap();
    let answer = ask("dukou-outer", &["upgrade", OLD, "--out", out.to_str().unwrap()]);
    assert_ne!(answer.status.code(), Some(0), "{answer:?}");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "mine");
}

#[test]
fn days_are_the_same_whatever_zone_the_machine_has() {
    let shown = |zone: &str| {
        let mut command = Command::new(program("dukou-outer"));
        command.args(["lint", ".", "--json"]).current_dir(samples()).env("TZ", zone).env("TZDIR", "/nowhere");
        command.output().unwrap().stdout
    };
    let here = shown("UTC");
    assert!(!here.is_empty());
    assert!(shown("Asia/Urumqi") == here && shown(":/nowhere") == here);
}
