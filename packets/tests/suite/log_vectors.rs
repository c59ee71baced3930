//! Every folder of `vectors/logs` is verified and gives the verdict and the code it says.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use dukou_packets::audit::{FaultCode, Report, verify};
use serde_json::Value;

fn list() -> Vec<(PathBuf, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/logs");
    let entries = fs::read_dir(folder).expect("the folder of vectors is there");
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.expect("it lists").path()).collect();
    cases.sort();
    let read = |path: PathBuf| {
        let text = fs::read(path.join("case.json")).expect("each case says what it is");
        let case = serde_json::from_slice(&text).expect("it is JSON");
        (path, case)
    };
    cases.into_iter().map(read).collect()
}

fn codes(report: &Report) -> BTreeSet<&'static str> {
    report.faults.iter().map(|fault| fault.code.code()).collect()
}

#[test]
fn every_log_vector_gives_its_verdict_and_its_code() {
    let mut wrong = Vec::new();
    for (path, case) in list() {
        let report = verify(&path, None).expect("the directory can be read");
        let verdict = serde_json::to_value(report.verdict).expect("it has a JSON form");
        let code = case["code"].as_str().expect("a code");
        let codes = codes(&report);
        let named = if code.is_empty() { codes.is_empty() } else { codes.contains(code) };
        if verdict != case["expect"] || !named {
            wrong.push(format!("{}: {verdict} {:#?}", path.display(), report.faults));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn tampering_outnumbers_honest_logs() {
    let cases = list();
    let passes = cases.iter().filter(|(_, case)| case["expect"] == "PASS").count();
    assert!(cases.len() - passes >= 60 && passes >= 5, "{} {passes}", cases.len());
}

#[test]
fn every_fault_code_has_a_log_vector() {
    // The first three are cases of the keyring's own vectors; the anchor, of whichever station, comes from outside the directory.
    let anchors = [FaultCode::Anchor, FaultCode::AnchorPeer];
    let elsewhere = [&[FaultCode::KeyringShape, FaultCode::KeyId, FaultCode::KeyringRoles], &anchors[..]].concat();
    let cases = list();
    let named = |code: &str| cases.iter().any(|(_, case)| case["code"] == code);
    let without: Vec<_> = FaultCode::ALL.iter().filter(|code| !named(code.code()) && !elsewhere.contains(code)).collect();
    assert!(without.is_empty(), "{without:?}");
}
