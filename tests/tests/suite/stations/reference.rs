//! Bundles of reference data between two real stations: proposed, approved on both sides, in force from one record on.

use dukou_tests::stations::audit::assert_pass;
use dukou_tests::stations::packet::cargo;
use dukou_tests::stations::pair::{MESSAGES, Pair};
use dukou_tests::stations::station::{Answer, Station};
use std::fs;
use std::path::Path;

const STRUCTURE: &str = "format = 1\nstructure = \"reference\"\nversion = 1\ntitle = \"t\"\n";

/// A set that knows no message: each of the new edition breaks it.
const SET: &str =
    "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"><xs:element name=\"Other\" type=\"xs:string\"/></xs:schema>\n";

const COUNTIES: &str = "[alias]\n\"150799\" = \"150721\"\n\n[county.150721]\nedition = \"new\"\nfirst_day = \"2021-12-01\"\n";

/// A pair whose messages are judged on both sides, with the approvers 王 and 李 on the outer and 张 on the inner station.
fn pair() -> Pair {
    let pair = Pair::one_file_a_packet();
    for (station, names) in [(&pair.outer, &["王", "李"][..]), (&pair.inner, &["张"][..])] {
        let file = format!("channels/{MESSAGES}.toml");
        let text = station.read(&file).replace("xml = true", "xml = false");
        fs::write(station.path(&file), format!("cargo = \"messages\"\nstructure = \"reference\"\n{text}")).unwrap();
        fs::create_dir(station.path("structures")).unwrap();
        fs::write(station.path("structures/reference.toml"), STRUCTURE).unwrap();
        for name in names {
            let words = put(&pair, &format!("{name}.words"), &format!("{name}的口令只有本人知道\n"));
            station.expect(0, &["schema", "approver", "add", name, "--words-file", &words]);
        }
    }
    let second = pair.outer.path("log/keyring-000002.txt").display().to_string();
    pair.inner.expect(0, &["trust", &second, "--yes"]);
    pair.trust_each_other();
    pair
}

fn put(pair: &Pair, name: &str, text: &str) -> String {
    let path = pair.dir.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn signed(pair: &Pair, station: &Station, (account, name): (&str, &str), args: &[&str]) -> Answer {
    let words = pair.dir.path().join(format!("{name}.words")).display().to_string();
    let args = [&["reference"], args, &["--as", name, "--words-file", &words, "--reason", "依据已核对"]].concat();
    Answer::of(station.command(&args).env("SUDO_USER", account).output().unwrap())
}

fn propose(pair: &Pair, dir: &Path) -> Answer {
    let dir = dir.display().to_string();
    let args = ["propose", &dir, "--title", "样例", "--basis", "样例", "--first-day", "2026-12-01"];
    signed(pair, &pair.outer, ("wang", "王"), &args)
}

/// Drops the sample message under the id that ends in `number`.
fn drop_message(pair: &Pair, number: u32) -> String {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/registration/new/BizMsg/Biz150721240315000001.xml");
    let id = format!("150721240315{number:06}");
    let body = fs::read_to_string(sample).unwrap().replace("150721240315000001", &id);
    pair.drop(MESSAGES, &format!("Biz{id}.xml"), body.as_bytes());
    format!("Biz{id}.xml")
}

#[track_caller]
fn assert_judged(pair: &Pair, name: &str, code: &str) {
    for (station, state) in [(&pair.outer, "accepted"), (&pair.inner, "applied")] {
        let told = station.json(0, &["trace", name]);
        let mut steps = told["records"].as_array().unwrap().iter();
        let found = steps.any(|line| line["state"] == state && line["code"].as_str().unwrap_or_default() == code);
        assert!(found, "{state} {code}: {told}");
    }
}

#[test]
fn a_bundle_is_in_force_from_the_same_record_on_at_both_ends_and_each_side_approves_it_itself() {
    let pair = pair();
    let first = drop_message(&pair, 1);
    pair.exchange();
    put(&pair, "one/xsd/new/set.xsd", SET);
    put(&pair, "one/counties.toml", COUNTIES);
    let answer = propose(&pair, &pair.dir.path().join("one"));
    assert_eq!(answer.code, 0, "{answer:?}");
    let own = signed(&pair, &pair.outer, ("wang", "王"), &["approve", "1"]);
    assert!(own.code == 2 && own.err.contains("self-approved"), "{own:?}");
    let said = pair.outer.expect(1, &["reference", "show", "1"]).out;
    assert!(said.contains("unapproved") && said.contains("xsd/new/set.xsd") && said.contains("packed = …"), "{said}");
    let read = pair.dir.path().join("read").display().to_string();
    pair.outer.expect(0, &["reference", "unpack", "1", "--to", &read]);
    assert_eq!(fs::read_to_string(Path::new(&read).join("xsd/new/set.xsd")).unwrap(), SET);
    assert_eq!(signed(&pair, &pair.outer, ("li", "李"), &["approve", "1"]).code, 0);
    pair.outer.pass(0);
    let second = drop_message(&pair, 2);
    pair.outer.pass(0);
    let left = cargo(&pair.outer.path("ferry/out"), MESSAGES);
    assert_eq!(left.iter().map(|packet| packet.header.kind).collect::<Vec<_>>(), [1, 2, 1]);

    // The marker, and the bundle with it, is lost on the way.
    fs::remove_file(&left[1].path).unwrap();
    pair.carry();
    pair.inner.pass(1);
    assert_eq!(pair.arrived(MESSAGES), std::slice::from_ref(&first));
    pair.outer.expect(0, &["resend", MESSAGES, "--seq", "2"]);
    pair.outer.pass(0);
    pair.carry();
    pair.inner.pass(1);
    assert_eq!(pair.arrived(MESSAGES), std::slice::from_ref(&first), "nothing passes before this side has approved");
    let line = |station: &Station| station.json(0, &["reference", "status"])["reference"][0].clone();
    let (outer, inner) = (line(&pair.outer), line(&pair.inner));
    assert_eq!((&outer["own"], &outer["peer"]), (&1.into(), &serde_json::Value::Null), "nothing comes back: {outer}");
    assert_eq!((&inner["own"], &inner["peer"]), (&0.into(), &1.into()), "{inner}");
    super::spoken::agree("reference", &[pair.inner.json(0, &["reference", "status"])]);
    assert_eq!(signed(&pair, &pair.inner, ("zhang", "张"), &["approve", "1"]).code, 0);
    pair.inner.pass(0);
    assert!(pair.inner.expect(0, &["status"]).out.contains("本站第 1 号，对方第 1 号"));

    // Back to what was before: a new number without the schema.
    put(&pair, "two/counties.toml", COUNTIES);
    let answer = propose(&pair, &pair.dir.path().join("two"));
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(signed(&pair, &pair.outer, ("li", "李"), &["approve", "2"]).code, 0);
    pair.outer.pass(0);
    let third = drop_message(&pair, 3);
    pair.outer.pass(0);
    pair.carry();
    pair.inner.pass(1);
    assert_eq!(signed(&pair, &pair.inner, ("zhang", "张"), &["approve", "2"]).code, 0);
    pair.inner.pass(0);
    for (name, code) in [(&first, ""), (&second, "xsd-root"), (&third, "")] {
        assert_judged(&pair, name, code);
    }
    assert_pass(&pair);
}

#[test]
fn what_cannot_be_used_is_not_signed() {
    let pair = pair();
    for (name, text, words) in [
        ("county/counties.toml", "[alias]\n\"1\" = \"150721\"\n", "six digits"),
        ("set/xsd/new/a.xsd", "<xs:schema", "a.xsd"),
        ("stray/run.sh", "x", "run.sh"),
        ("deep/xsd/new/deeper/a.xsd", "x", "deeper"),
    ] {
        put(&pair, name, text);
        let answer = propose(&pair, &pair.dir.path().join(name.split('/').next().unwrap()));
        assert!(answer.code == 2 && answer.err.contains(words), "{name}: {answer:?}");
    }
    assert!(pair.outer.expect(0, &["schema", "show"]).out.contains("没有"), "nothing was proposed");
}
