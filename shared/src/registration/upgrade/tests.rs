use super::*;
use crate::registration::cargo::{Cargo, understand};
use crate::registration::checks::{Said, lint};
use crate::registration::made::{Made, every};
use crate::registration::xml::{XmlLimits, decode};
use proptest::prelude::*;

fn sample(path: &str) -> String {
    std::fs::read_to_string(format!("{}/../tests/data/registration/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn upgraded(text: &str) -> Result<Upgraded, Refusal> {
    let limits = XmlLimits::default();
    let document = decode(text.as_bytes(), None, &limits).unwrap();
    match understand(&document, &limits).unwrap() {
        Cargo::Message(message) => upgrade(&message),
        other => panic!("{}", other.kind()),
    }
}

fn codes(text: &str) -> BTreeSet<&'static str> {
    lint("Biz.xml", text.as_bytes(), &Said::default()).findings.told.iter().map(|finding| finding.code).collect()
}

/// Gives the value of an attribute of the first row of a table.
fn value(text: &str, table: &str, column: &str) -> Option<String> {
    let limits = XmlLimits::default();
    let document = decode(text.as_bytes(), None, &limits).unwrap();
    let Cargo::Message(message) = understand(&document, &limits).unwrap() else { panic!("it is a message") };
    message.rows_of(table).next().and_then(|row| row.get(column)).map(Cow::into_owned)
}

#[test]
fn the_mapping_names_what_is_there() {
    let mapping = mapping();
    let (old, new) = (standard().edition(Edition::Old), standard().edition(Edition::New));
    for (code, kinds) in &mapping.code {
        assert!(old.code(code).is_some() && kinds.values().all(|code| new.code(code).is_some()), "{code}");
    }
    for (table, before) in &mapping.table {
        assert!(new.table(table).is_some() && old.table(before).is_some(), "{table}");
    }
    for (table, columns) in &mapping.column {
        for (column, before) in columns {
            assert!(new.table(table).unwrap().column(column).is_some(), "{table}.{column}");
            assert!(old.table(old_name(table)).unwrap().column(before).is_some(), "{table}.{before}");
        }
    }
    for (table, columns) in mapping.copy.iter().chain(&mapping.make) {
        for (column, place) in columns {
            assert!(new.table(table).unwrap().column(column).is_some(), "{table}.{column}");
            let (from, name) = place.split_once('.').unwrap();
            let known = matches!(from, "Head" | "main") || old.table(from).unwrap().column(name).is_some();
            assert!(known, "{place}");
        }
    }
}

#[test]
fn an_old_first_registration_becomes_a_new_one() {
    let done = upgraded(&sample("old/BizMsg/Biz150721220315000001.xml")).unwrap();
    assert_eq!(done.code, "1000402");
    assert!(done.text.contains("未签名 UNSIGNED") && !done.text.contains("DigitalSign"));
    for (table, column, expected) in [
        ("DJT_DJ_SL", "DJLX", "100"),
        ("DJT_DJ_SL", "YSDM", "6004020000"),
        ("DJF_DJ_DB", "DBRYXM", "测试登簿员"),
        ("DJF_DJ_DB", "DBYJ", "/"),
        ("DJF_DJ_FZ", "YSXLH", "15000000001"),
        ("ZTT_GY_QLR", "YWH", "202203150001"),
        ("KTT_FW_H", "ZDDM", "150721001002GB00017"),
        ("QLT_FW_FDCQ_YZ", "TDSYQX", "/"),
        ("QLT_FW_FDCQ_YZ", "JZMJ", "98.36"),
        ("ZD_K_103", "ZZB", "0.00"),
    ] {
        assert_eq!(value(&done.text, table, column).as_deref(), Some(expected), "{table}.{column}");
    }
    let missing =
        |table: &str, column: &str| done.unfilled.iter().any(|one| one.table == table && one.column.as_deref() == Some(column));
    assert!(
        missing("Head", "DigitalSign")
            && missing("Head", "BizMsgID")
            && missing("DJF_DJ_DB", "DBYJ")
            && missing("KTT_FW_ZRZ", "LDDM")
    );
    assert!(!missing("DJF_DJ_DB", "DBSJ") && !missing("ZTT_GY_QLR", "BZ"));
    let left: BTreeSet<&str> = done.left_out.iter().map(|one| one.table.as_str()).collect();
    assert!(left.contains("DJF_DJ_SF") && left.contains("FJ_F_100") && left.contains("DJF_DJ_SZ"), "{left:?}");
    assert_eq!(codes(&done.text), BTreeSet::from(["dictionary", "file-name", "required"]));
}

#[test]
fn a_mortgage_gets_its_own_code_and_its_cancellation_the_cancellations() {
    let made = upgraded(&sample("old/BizMsg/Biz150721220315000002.xml")).unwrap();
    assert_eq!(made.code, "1003701");
    assert_eq!(value(&made.text, "QLF_QL_DYAQ", "SSYWH").as_deref(), Some("202203150001"));
    let cancelled = upgraded(&sample("old/BizMsg/Biz150721220316000001.xml")).unwrap();
    assert_eq!(cancelled.code, "4000101");
    for (column, expected) in [
        ("YWH", "202203160001"),
        ("ZXYWH", "202203150002"),
        ("BZ", "主债权消灭"),
        ("BDCQZH", "蒙(2022)阿荣旗不动产证明第0000045号"),
        ("QLLX", "23"),
    ] {
        assert_eq!(value(&cancelled.text, "QLF_QL_ZXDJ", column).as_deref(), Some(expected), "{column}");
    }
    assert!(cancelled.left_out.iter().any(|left| left.table == "ZTT_GY_QLR"));
    assert!(cancelled.left_out.iter().any(|left| left.column.as_deref() == Some("BDBZZQSE")));
}

#[test]
fn what_has_no_declared_way_is_refused() {
    let old = sample("old/BizMsg/Biz150721220315000002.xml");
    assert_eq!(upgraded(&sample("new/BizMsg/Biz150721240315000001.xml")).unwrap_err(), Refusal::NotOld);
    assert_eq!(upgraded(&old.replace("9000101", "1234567")).unwrap_err(), Refusal::Code("1234567".into()));
    let odd = upgraded(&old.replace("<RegType>100<", "<RegType>600<")).unwrap_err();
    assert_eq!(odd, Refusal::NoMapping { code: "9000101".into(), kind: "600".into() });
    assert_eq!(upgraded(&old.replace("QLF_QL_DYAQ", "QLF_QL_DYIQ")).unwrap_err(), Refusal::NoMain("QLF_QL_DYAQ".into()));
    for refusal in [Refusal::NotOld, Refusal::Code("1".into()), odd, Refusal::NoMain("A".into()), Refusal::TooLong] {
        assert!(refusal.sentence(Lang::Zh).ends_with('。') && refusal.sentence(Lang::En).ends_with('.'));
    }
}

#[test]
fn a_text_that_the_new_column_cannot_hold_is_named_and_not_bent() {
    let old = sample("old/BizMsg/Biz150721220315000001.xml").replacen("SXH=\"1\"", "SXH=\"甲\"", 1);
    let done = upgraded(&old).unwrap();
    assert_eq!(value(&done.text, "ZTT_GY_QLR", "SXH").as_deref(), Some("-1"));
    assert!(done.unfilled.iter().any(|one| one.table == "ZTT_GY_QLR" && one.column.as_deref() == Some("SXH")));
}

#[test]
fn no_upgraded_message_of_any_code_holds_a_value_that_the_old_one_has_not() {
    for (code, set) in every(Edition::Old) {
        let mut made = Made::of(Edition::Old, code, set);
        for (at, (_, cells)) in made.rows.iter_mut().enumerate() {
            for (name, value) in cells.iter_mut().filter(|(_, value)| value == "试") {
                *value = format!("值{at}{name}");
            }
        }
        let text = made.text();
        let done = upgraded(&text).unwrap_or_else(|refusal| panic!("{} {refusal:?}", code.code));
        let limits = XmlLimits::default();
        let document = decode(done.text.as_bytes(), None, &limits).unwrap();
        let Cargo::Message(message) = understand(&document, &limits).unwrap() else { panic!("it is a message") };
        for row in message.rows() {
            for (name, value) in row.cells().filter(|(name, _)| *name != "YSDM") {
                let own = text.contains(&format!("\"{value}\"")) || text.contains(&format!(">{value}<"));
                let nothing = ["/", "0.00", "-1", "1900-01-01T00:00:00"].contains(&value.as_ref());
                assert!(own || nothing, "{} {}.{name}={value}", code.code, row.table);
            }
        }
        let found = lint("Biz150721240315000001.xml", done.text.as_bytes(), &Said::default());
        assert_eq!((found.edition, found.findings.errors()), (Some(Edition::New), 0), "{}", code.code);
    }
}

#[test]
fn a_made_up_message_of_100_000_rows_is_upgraded_or_refused_within_bounds() {
    let old = sample("old/BizMsg/Biz150721220315000001.xml");
    let began = std::time::Instant::now();
    // Rows of a table that is taken over, each of which lacks columns of the new edition.
    let many = |row: &str, count: usize| old.replacen("</Data>", &(row.repeat(count) + "</Data>"), 1);
    let long = upgraded(&many("<ZTT_GY_QLR QLRMC=\"测试甲\"/>", 99_000)).unwrap_err();
    assert_eq!(long, Refusal::TooLong);
    let done = upgraded(&many("<ZTT_GY_QLR A1=\"1\" A2=\"2\" A3=\"3\" A4=\"4\" QLRMC=\"测试甲\"/>", 9_000)).unwrap();
    assert!(done.text.len() <= TEXT_MAX && done.untold > 0);
    assert!([done.steps.len(), done.unfilled.len(), done.left_out.len()].into_iter().all(|told| told <= TOLD_MAX));
    let other = upgraded(&many("<DJF_DJ_SF A=\"1\"/>", 99_000)).unwrap();
    assert!(other.left_out.iter().any(|left| left.table == "DJF_DJ_SF"));
    println!("three made-up messages: {} ms, debug build or not", began.elapsed().as_millis());
    assert!(began.elapsed().as_secs() < 60, "it is to be a matter of seconds");
}

/// Adds a copy of a table's only row in which one value is another.
fn with_second(old: &str, table: &str, column: &str, value: &str) -> String {
    let from = old.find(&format!("<{table} ")).unwrap();
    let row = old[from..].split_inclusive("/>").next().unwrap();
    let (before, rest) = row.split_once(&format!(" {column}=\"")).unwrap();
    let (_, after) = rest.split_once('"').unwrap();
    old.replacen(row, &format!("{row}{before} {column}=\"{value}\"{after}"), 1)
}

#[test]
fn what_two_rows_of_the_right_say_differently_is_copied_nowhere_and_named() {
    let mortgage = with_second(&sample("old/BizMsg/Biz150721220315000002.xml"), "QLF_QL_DYAQ", "DJSJ", "2022-03-16T01:01:01");
    let done = upgraded(&mortgage).unwrap();
    let missing = |done: &Upgraded, table: &str, column: &str| {
        done.unfilled.iter().any(|one| one.table == table && one.column.as_deref() == Some(column))
    };
    assert_eq!(value(&done.text, "ZTT_GY_QLR", "DJSJ").as_deref(), Some("1900-01-01T00:00:00"));
    assert_eq!(value(&done.text, "ZTT_GY_QLR", "YWH").as_deref(), Some("202203150002"), "in this they agree");
    assert!(missing(&done, "ZTT_GY_QLR", "DJSJ") && missing(&done, "DJF_DJ_DB", "DBSJ"));
    let cancelled = with_second(&sample("old/BizMsg/Biz150721220316000001.xml"), "QLF_QL_DYAQ", "ZXDYYWH", "202203150777");
    let done = upgraded(&cancelled).unwrap();
    assert_eq!(value(&done.text, "QLF_QL_ZXDJ", "YWH").as_deref(), Some("/"));
    assert!(missing(&done, "QLF_QL_ZXDJ", "YWH"));
    let left = |row| {
        done.left_out.iter().any(|one| one.table == "QLF_QL_DYAQ" && one.row == row && one.column.as_deref() == Some("ZXDYYWH"))
    };
    assert!(left(1) && left(2), "both stay behind: {:?}", done.left_out);
}

#[test]
fn a_field_of_the_head_with_a_prefix_is_left_out_and_named() {
    let old =
        sample("old/BizMsg/Biz150721220315000001.xml").replacen("<Head>", "<Head><x:Mark xmlns:x=\"urn:x\">1</x:Mark>", 1);
    let done = upgraded(&old).unwrap();
    assert!(!done.text.contains("x:Mark"));
    assert!(done.left_out.iter().any(|one| one.table == "Head" && one.column.as_deref() == Some("x:Mark")));
}

/// Gives what a check of the upgraded message calls missing and the upgrade did not name.
fn unnamed(done: &Upgraded) -> Vec<String> {
    let linted = lint("Biz.xml", done.text.as_bytes(), &Said::default());
    let missing = linted.findings.told.iter().filter(|finding| matches!(finding.code, "required" | "head-missing"));
    let place = |finding: &crate::registration::finding::Finding| {
        (finding.table.clone().unwrap_or_default(), finding.element.clone().unwrap_or_default())
    };
    let named = |(table, column): &(String, String)| {
        done.unfilled.iter().any(|one| one.table == *table && one.column.as_ref() == Some(column))
    };
    missing.map(place).filter(|place| !named(place)).map(|(table, column)| format!("{table}.{column}")).collect()
}

#[test]
fn whatever_a_check_misses_in_an_upgraded_message_is_named_with_who_supplies_it() {
    for (code, set) in every(Edition::Old) {
        let made = Made::of(Edition::Old, code, set);
        let done = upgraded(&made.text()).unwrap();
        assert_eq!(unnamed(&done), Vec::<String>::new(), "{}", code.code);
        let mut emptied = made.clone();
        for (_, cells) in &mut emptied.rows {
            cells.iter_mut().for_each(|(_, value)| value.clear());
        }
        for field in 0..made.head.len() {
            let name = made.head[field].0;
            if ["RecType", "RegType"].contains(&name) {
                continue;
            }
            for is_there in [true, false] {
                let mut other = emptied.clone();
                match is_there {
                    true => other.head[field].1.clear(),
                    false => drop(other.head.remove(field)),
                }
                let done = upgraded(&other.text()).unwrap();
                assert_eq!(unnamed(&done), Vec::<String>::new(), "{} without {name}", code.code);
            }
        }
    }
}

proptest! {
    #[test]
    fn any_mutant_of_an_old_message_is_upgraded_or_refused_without_a_panic(
        which in 0..2_usize,
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0..3), 1..6),
    ) {
        let mut bytes = sample(["old/BizMsg/Biz150721220315000001.xml", "old/BizMsg/Biz150721220316000001.xml"][which]).into_bytes();
        for (at, byte, kind) in changes {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => { bytes.remove(at); }
                _ => bytes[at] = b"0/9A_-"[usize::from(byte) % 6],
            }
        }
        let limits = XmlLimits::default();
        let Ok(document) = decode(&bytes, None, &limits) else { return Ok(()) };
        if let Ok(Cargo::Message(message)) = understand(&document, &limits)
            && let Ok(done) = upgrade(&message)
        {
            let findings = lint("Biz.xml", done.text.as_bytes(), &Said::default());
            prop_assert_eq!(findings.kind, "message", "{}", done.text);
        }
    }
}
