//! Every file of `vectors/packets` is read as a receiver would, and gives the code it says.

use std::collections::BTreeSet;

use crate::receive::{base64, list, receive, text};

#[test]
fn every_packet_vector_gives_its_code() {
    let mut wrong = Vec::new();
    for (path, case) in list("packets") {
        let expect = text(&case, "expect");
        match receive(&case) {
            Ok(opened) => {
                if expect != "ok" {
                    wrong.push(format!("{}: ok, not {expect}", path.display()));
                    continue;
                }
                assert_eq!(opened.plain, base64(&case, "plain"), "{}", path.display());
                assert_eq!(opened.records, case["records"], "{}", path.display());
            }
            Err(refusal) if refusal.code() != expect => {
                wrong.push(format!("{}: {refusal:?}, not {expect}", path.display()));
            }
            Err(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_of_the_format_has_a_vector_and_failures_outnumber_successes() {
    let cases = list("packets");
    let codes: BTreeSet<&str> = cases.iter().map(|(_, case)| text(case, "expect")).collect();
    let all = BTreeSet::from([
        "ok",
        "short",
        "armor",
        "magic",
        "format",
        "suite",
        "header-length",
        "unknown-key",
        "key-not-allowed",
        "signature",
        "header",
        "environment",
        "addressee",
        "link",
        "sender",
        "not-granted",
        "critical",
        "length",
        "payload-digest",
        "no-stanza",
        "unwrap",
        "decrypt",
        "decompress",
        "records",
        "count",
        "root",
    ]);
    assert_eq!(codes, all);
    let good = cases.iter().filter(|(_, case)| text(case, "expect") == "ok");
    assert!(cases.len() > 5 * good.count());
}
