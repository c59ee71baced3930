//! The runbook: every block of it does what the page says when it is pasted.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use dukou_tests::stations::programs::program;
use dukou_tests::stations::station::Answer;

const PAGE: &str = include_str!("../../../../deploy/RUNBOOK.md");

/// Gives all `sh` blocks of the page, in their order.
fn blocks() -> Vec<&'static str> {
    PAGE.split("```sh\n").skip(1).map(|below| below.split_once("```").unwrap().0).collect()
}

#[test]
fn every_block_of_the_runbook_works_when_it_is_pasted_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    // The programs are built already, and lie elsewhere.
    let cargo = dir.path().join("cargo");
    std::fs::write(&cargo, "#!/bin/sh\n[ \"$1\" = build ]\n").unwrap();
    std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
    let programs = program("dukou-outer").parent().unwrap().to_path_buf();
    let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
    let page = blocks().join("\n").replace("$PWD/target/release", &programs.display().to_string());
    let mut command = Command::new("bash");
    command.args(["-e", "-c", &page]).current_dir(root).env("PATH", path).env("HOME", dir.path());
    let answer = Answer::of(command.stdin(Stdio::null()).env_remove("DUKOU_STATION").output().unwrap());
    assert_eq!(answer.code, 0, "{answer:?}");
    for said in [
        "对方已落地（回执）",
        "缺第 1 号包",
        "重发 1 个包",
        "已登记放弃通道 report-message 第 1 号包",
        "登记已销号",
        "不报静默和晚到",
        "另存待查：1 个包（restored）",
        "已在 2 个通道上另起一代",
        "早先一代已落地、没有再落地：2 个文件",
        "1 个文件重新落地",
        "本站是从旧备份恢复的",
        "again:\nBiz150721240315000002.xml",
        "已把 2 个留存包的记录重新封装发出",
        "0 个包没有打开",
        "largest_bytes 只有 70000",
    ] {
        assert!(answer.all().contains(said), "{said}: {answer:?}");
    }
    assert!(!dir.path().join("dukou-runbook").exists(), "the page ends with nothing left");
}

#[test]
fn every_section_of_the_runbook_is_in_both_languages() {
    let (chinese, english) = PAGE.split_once("\n---\n").unwrap();
    let sections: Vec<&str> =
        chinese.lines().filter_map(|line| line.strip_prefix("## ")).filter(|name| *name != "准备").collect();
    assert_eq!(sections.len(), 8);
    let told: Vec<&str> = english.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert_eq!(told.len(), sections.len());
    for (section, told) in sections.iter().zip(told) {
        assert!(told.ends_with(&format!("（{section}）")) || told.ends_with(&format!("({section})")), "{told}");
    }
}
