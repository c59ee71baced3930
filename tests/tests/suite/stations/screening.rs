//! What a channel refuses: the file, its reason for people and programs, its tombstone on both sides.

use std::fs;

use dukou_tests::stations::audit::{assert_pass, lines_of};
use dukou_tests::stations::message::{self, xml};
use dukou_tests::stations::pair::{MESSAGES, Pair};
use dukou_tests::stations::tree::{digests, names};
use serde_json::Value;

/// Drops one file that must be refused with `code` beside a good one.
fn refused(name: &str, bytes: &[u8], code: &str) {
    let pair = Pair::new();
    pair.drop(MESSAGES, name, bytes);
    pair.drop_messages(0, 1);
    let answer = pair.outer.pass(1);
    assert!(answer.out.contains("拒收 1"), "{answer:?}");

    let place = format!("rejected/{MESSAGES}/{name}");
    assert_eq!(fs::read(pair.outer.path(&place)).unwrap(), bytes, "the file itself is kept unchanged");
    let reason: Value = serde_json::from_str(&pair.outer.read(format!("{place}.reason.json"))).unwrap();
    assert_eq!(reason["code"], code, "{reason}");
    assert_eq!(reason["name"], name);
    let text = pair.outer.read(format!("{place}.reason.txt"));
    assert!(text.starts_with('\u{feff}') && text.ends_with("\r\n") && !text.trim_end().contains('\n'), "{text:?}");
    assert!(text.contains(reason["zh"].as_str().unwrap()) && text.contains('。'), "{text}");
    let status: Value = serde_json::from_str(&pair.outer.read(format!("drop/{MESSAGES}/.status/{name}.json"))).unwrap();
    assert_eq!((&status["state"], &status["code"]), (&Value::from("rejected"), &Value::from(code)));
    let good: Value =
        serde_json::from_str(&pair.outer.read(format!("drop/{MESSAGES}/.status/{}.json", message::name(0)))).unwrap();
    assert_eq!((&good["state"], &good["code"]), (&Value::from("left"), &Value::Null));

    pair.carry();
    pair.inner.pass(0);
    assert_eq!(pair.arrived(MESSAGES), [message::name(0)]);
    for station in [&pair.outer, &pair.inner] {
        let told = station.json(0, &["trace", name]);
        let tombstone = told["records"].as_array().unwrap().iter().find(|line| line["state"] == "refused");
        assert_eq!(tombstone.unwrap_or_else(|| panic!("{told}"))["code"], code);
        assert!(station.expect(0, &["trace", name]).out.contains("拒收登记"));
    }
    assert_eq!(lines_of(&pair.outer, "refused")[0]["code"], code);
    let status = pair.outer.json(0, &["status"]);
    assert_eq!(status["rejections"][0]["code"], code);
    assert_pass(&pair);
}

#[test]
fn a_name_outside_the_channels_pattern_is_refused() {
    refused("BizMsg/Other1.xml", &xml("a"), "key-pattern");
}

#[test]
fn a_file_larger_than_the_channel_takes_is_refused() {
    refused("Biz1.xml", &[xml("a"), vec![b' '; 16_777_216]].concat(), "too-large");
}

#[test]
fn gbk_bytes_under_a_utf_8_declaration_are_refused() {
    let bytes = [b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>".as_slice(), &[0xb2, 0xe2, 0xca, 0xd4], b"</a>"].concat();
    refused("Biz2.xml", &bytes, "xml-encoding");
}

#[test]
fn a_dtd_is_refused() {
    refused("Biz3.xml", b"<?xml version=\"1.0\"?><!DOCTYPE a SYSTEM \"http://example.org/a.dtd\"><a/>", "xml-dtd");
}

#[test]
fn an_entity_is_refused() {
    refused("Biz4.xml", b"<?xml version=\"1.0\"?><a>&xxe;</a>", "xml-entity");
}

#[test]
fn a_document_that_ends_too_early_is_refused() {
    refused("Biz5.xml", b"<?xml version=\"1.0\"?><a><b></a>", "xml-not-well-formed");
}

#[test]
fn an_empty_file_is_refused_where_the_channel_wants_xml() {
    refused("Biz6.xml", b"", "xml-no-root");
}

#[test]
fn unfinished_and_hidden_files_stay_where_they_are() {
    let pair = Pair::new();
    for name in ["Biz1.xml.tmp", "Biz2.xml.part", "Biz3.XML.TMP", ".Biz4.xml", ".hidden/Biz5.xml"] {
        pair.drop(MESSAGES, name, &message::body(1));
    }
    let answer = pair.outer.pass(0);
    assert!(answer.out.contains("3 个等改名"), "{answer:?}");
    assert_eq!(pair.outer.channel(MESSAGES)["unfinished"], 3);
    assert!(names(&pair.outer.path("ferry/out")).is_empty());
    let folder = pair.outer.path("drop").join(MESSAGES);
    assert_eq!(digests(&folder).len(), 3);
    fs::rename(folder.join("Biz1.xml.tmp"), folder.join("Biz1.xml")).unwrap();
    pair.exchange();
    assert_eq!(pair.arrived(MESSAGES), ["Biz1.xml"]);
    assert_pass(&pair);
}

#[test]
fn a_name_that_is_not_utf_8_is_refused_and_its_bytes_are_kept() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let pair = Pair::new();
    let file = pair.outer.path("drop").join(MESSAGES).join(OsStr::from_bytes(b"Biz\xb2\xe2.xml"));
    dukou_tests::stations::tree::write_old(&file, &message::body(1));
    pair.outer.pass(1);
    assert!(!file.exists());
    let kept = names(&pair.outer.path("rejected").join(MESSAGES));
    assert_eq!(kept.len(), 3, "{kept:?}");
    pair.carry();
    pair.inner.pass(0);
    assert_pass(&pair);
}

#[test]
fn a_refused_file_that_comes_again_is_refused_again_beside_the_first() {
    let pair = Pair::new();
    for _ in 0..2 {
        pair.drop(MESSAGES, "Biz1.xml", b"<a>");
        pair.outer.pass(1);
    }
    let kept = names(&pair.outer.path("rejected").join(MESSAGES));
    assert_eq!(kept.len(), 6, "{kept:?}");
    pair.carry();
    pair.inner.pass(0);
    assert_pass(&pair);
}
