//! `cargo xtask demo --databases` and `--schema`, as a newcomer runs them, but over the programs that are built already.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use dukou_tests::stations::programs::program;
use dukou_tests::stations::station::Answer;
use dukou_tests::stations::tree::names;

/// Runs the demo over the programs that are built, and expects that it passes, both logs too, and leaves nothing behind.
#[track_caller]
fn passes(option: &str) -> Answer {
    let dir = tempfile::tempdir().unwrap();
    let cargo = dir.path().join("cargo");
    std::fs::write(&cargo, "#!/bin/sh\nexit 0\n").unwrap();
    std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
    let target = dir.path().join("target");
    std::fs::create_dir(&target).unwrap();
    symlink(program("dukou-outer").parent().unwrap(), target.join("release")).unwrap();
    let mut command = Command::new(program("xtask"));
    command.args(["demo", option]).env("CARGO", &cargo).env("CARGO_TARGET_DIR", &target).env_remove("DUKOU_STATION");
    let answer = Answer::of(command.current_dir(Path::new("/")).stdin(Stdio::null()).output().unwrap());
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(answer.out.matches("PASS").count(), 2, "both logs are audited: {answer:?}");
    assert_eq!(names(&target.join("demo")), [""; 0], "nothing is left behind");
    answer
}

#[test]
fn three_structure_changes_cross_in_order_and_approved_in_the_demo() {
    let answer = passes("--schema");
    for step in ["存量", "来源已改", "标记已到对方", "试运行通过", "第 2 版", "第 3 版", "改了名的列"]
    {
        assert!(answer.out.contains(&format!(" s  {step}")), "{step}: {answer:?}");
    }
    assert!(answer.out.contains("是推断") && answer.out.contains("deploy/schema/README.md"), "{answer:?}");
}

#[test]
fn the_cadastre_crosses_both_ways_between_two_real_databases_in_the_demo() {
    let answer = passes("--databases");
    for step in ["存量", "分割", "合并", "首次登记", "抵押", "查封登记", "注销登记"] {
        assert!(answer.out.contains(&format!(" s  {step}")), "{step}: {answer:?}");
    }
    let row = |unit: &str| {
        let line = answer.out.lines().filter(|line| line.starts_with(&format!("370102001001GB00001{unit} ")));
        line.map(|line| line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
    };
    assert_eq!(row("F00010001"), [""; 0], "the split unit is gone on both sides: {answer:?}");
    assert_eq!(row("F00010009"), ["201 300.00 201 300.00"]);
    assert_eq!(row("F00010007"), ["101-1 90.00 101-1 90.00", "1 1 0 1 1 0"], "mortgaged");
    assert_eq!(row("F00010002"), ["102 140.00 102 140.00", "1 0 1 1 0 1"], "seized");
    assert_eq!(row("F00010005"), ["301 150.00 301 150.00", "2 0 0 2 0 0"], "cancelled, and still there");
    assert!(answer.out.contains("deploy/cadastre/README.md"), "{answer:?}");
}
