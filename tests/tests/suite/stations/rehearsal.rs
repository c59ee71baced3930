//! The rehearsal of a lost disc, as deploy/rehearsal/README.md tells a bureau to do it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use dukou_tests::stations::programs::program;
use dukou_tests::stations::station::Answer;
use dukou_tests::stations::tree::{digests, names};
use serde_json::Value;

/// Gives the first `sh` block of the page.
fn pasted() -> &'static str {
    let page = include_str!("../../../../deploy/rehearsal/README.md");
    let (_, block) = page.split_once("```sh\n").unwrap();
    block.split_once("```").unwrap().0
}

#[test]
fn the_rehearsal_of_a_lost_disc_works_when_it_is_pasted_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    // The programs are built already, and lie elsewhere.
    let cargo = dir.path().join("cargo");
    let xtask = program("xtask");
    let text = format!("#!/bin/sh\n[ \"$1\" = build ] && exit 0\nshift\nexec '{}' \"$@\"\n", xtask.display());
    std::fs::write(&cargo, text).unwrap();
    std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
    let programs = program("dukou-outer").parent().unwrap().to_path_buf();
    let path = format!("{}:{}:{}", dir.path().display(), programs.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    command.args(["-e", "-c", pasted()]).current_dir(root).env("PATH", path).env("HOME", dir.path()).stdin(Stdio::null());
    let answer = Answer::of(command.env_remove("DUKOU_STATION").output().unwrap());
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(answer.out.contains("resend report-message --seq 3..4"), "the disc's packets are named: {answer:?}");
    assert_eq!(answer.out.matches("PASS").count(), 2, "{answer:?}");
    let rehearsal = dir.path().join("dukou-rehearsal");
    let dropped = digests(&root.join("deploy/demo/outer/report-message/new/BizMsg"));
    assert_eq!(digests(&rehearsal.join("inner/arrived/report-message")), dropped);
    let report: Value = serde_json::from_str(&std::fs::read_to_string(rehearsal.join("register-2.json")).unwrap()).unwrap();
    assert_eq!(report["volumes"][0]["fault"], "disc");
    assert_eq!(report["volumes"][0]["files"].as_array().unwrap().len(), 3, "two packets and a signal: {report}");
}

#[test]
fn the_shipped_scripts_are_right_and_one_that_never_fires_is_named() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let scripts = root.join("deploy/rehearsal/scripts");
    assert!(names(&scripts).len() >= 3);
    for script in names(&scripts) {
        let dir = tempfile::tempdir().unwrap();
        let [near, far] = ["near", "far"].map(|name| dir.path().join(name));
        std::fs::create_dir(&near).unwrap();
        std::fs::create_dir(&far).unwrap();
        let mut command = Command::new(program("xtask"));
        command.arg("gapbox").arg("--from").arg(&near).arg("--to").arg(&far).arg("--script").arg(scripts.join(&script));
        let answer = Answer::of(command.args(["--once", "--must-fire"]).stdin(Stdio::null()).output().unwrap());
        let plans_faults = script != "disc.toml";
        assert_eq!(answer.code, i32::from(plans_faults), "{script}: {answer:?}");
        assert_eq!(answer.err.contains("从未发生"), plans_faults, "{script}: {answer:?}");
    }
}
