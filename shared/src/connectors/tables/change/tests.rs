use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

/// Texts that have broken something somewhere: rare characters, private use, Mongolian, combining marks, quotes, controls.
const TRAPS: [&str; 22] = [
    "",
    "NULL",
    "null",
    "𬭚",
    "䶮",
    "㛃",
    "\u{e000}\u{f8ff}\u{10fffd}",
    "ᠮᠣᠩᠭᠣᠯ\u{180e}",
    "e\u{301}é",
    "\"",
    "\\",
    "\\u0041",
    "a\"b\\c/d",
    "\u{1}\u{1f}\u{7f}\u{85}",
    "\r\n\t",
    "\u{2028}\u{2029}\u{feff}",
    "{\"hex\":\"00\"}",
    "'; DROP TABLE zd; --",
    "龴龵\u{fe10}",
    "🀄👨‍👩‍👧",
    " 前后 ",
    "\u{ffff}\u{fffe}",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(TRAPS.to_vec()).prop_map(str::to_string),
        2 => "\\PC{0,12}",
        1 => vec(any::<char>(), 0..8).prop_map(|letters| letters.into_iter().filter(|letter| *letter != '\0').collect()),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![Just(Value::Null), text().prop_map(Value::Text), vec(any::<u8>(), 0..40).prop_map(Value::Bytes)]
}

fn name() -> impl Strategy<Value = String> {
    text().prop_map(|text| format!("c{}", crate::lang::cut(&text, 60)))
}

fn cells() -> impl Strategy<Value = Cells> {
    vec((name(), value()), 1..7).prop_map(|cells| {
        let mut names = std::collections::HashSet::new();
        cells.into_iter().filter(|(name, _)| names.insert(name.clone())).map(|(name, value)| (name.into(), value)).collect()
    })
}

fn change() -> impl Strategy<Value = RowChange> {
    let op = prop::sample::select(vec![Op::Insert, Op::Update, Op::Delete, Op::Stock]);
    (name(), op, cells(), any::<prop::sample::Index>(), any::<Option<u64>>(), any::<bool>()).prop_map(
        |(table, op, row, split, transaction, goes_on)| {
            let keys = 1 + split.index(row.len());
            let key: Cells = row.iter().take(keys).cloned().collect();
            let changed = row.iter().skip(keys).map(|(name, _)| name.into()).collect();
            let changed = if op == Op::Update { changed } else { Vec::new() };
            let row = if op == Op::Delete { Vec::new() } else { row };
            RowChange { table, op, key, row, changed, transaction, goes_on }
        },
    )
}

fn parse(body: &str) -> Result<RowChange, ChangeFault> {
    RowChange::parse(body.as_bytes(), &[])
}

proptest! {
    #[test]
    fn every_change_comes_back_as_it_was(change in change(), large_from in prop_oneof![Just(usize::MAX), Just(0), 1usize..20]) {
        let (body, large) = change.render(large_from);
        let large: Vec<&[u8]> = large.iter().map(Vec::as_slice).collect();
        prop_assert!(large.iter().all(|value| value.len() > large_from));
        let back = RowChange::parse(&body, &large).expect("what was rendered is read");
        prop_assert_eq!(RowChange { table: change.table.clone(), ..back }, change.clone());
        prop_assert_eq!(parse_line(&change.render_line()).expect("a line is read"), Line::Change(change));
    }

    #[test]
    fn a_change_is_one_line_of_json_that_any_reader_takes(change in change()) {
        let line = change.render_line();
        prop_assert!(!line.contains(&b'\n'));
        let json: serde_json::Value = serde_json::from_slice(&line).expect("JSON");
        prop_assert_eq!(json["table"].as_str(), Some(change.table.as_str()));
    }

    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..300)) {
        let _ = RowChange::parse(&bytes, &[b"large"]);
        let _ = parse_line(&bytes);
    }

    #[test]
    fn a_body_with_one_byte_changed_never_panics_and_is_read_back_alike_or_refused(change in change(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let (mut body, _) = change.render(usize::MAX);
        let at = at.index(body.len());
        body[at] = byte;
        if let Ok(read) = RowChange::parse(&body, &[]) {
            prop_assert_eq!(RowChange::parse(&read.render(usize::MAX).0, &[]), Ok(read));
        }
    }

    #[test]
    fn a_body_cut_anywhere_is_refused(change in change(), at in any::<prop::sample::Index>()) {
        let (body, _) = change.render(usize::MAX);
        prop_assert!(RowChange::parse(&body[..at.index(body.len())], &[]).is_err());
    }
}

#[test]
fn the_body_is_written_as_the_format_says() {
    let change = RowChange {
        table: "public.zd".into(),
        op: Op::Update,
        key: vec![("ZDDM".into(), Value::Text("370115".into()))],
        row: vec![
            ("ZDDM".into(), Value::Text("370115".into())),
            ("BZ".into(), Value::Null),
            ("QLR".into(), Value::Text("张\"䶮\\\u{1}".into())),
            ("TX".into(), Value::Bytes(vec![0, 255])),
            ("DA".into(), Value::Bytes(vec![7; 3])),
            ("SM".into(), Value::Text("很长的说明".into())),
        ],
        changed: vec!["BZ".into()],
        transaction: Some(18_446_744_073_709_551_615),
        goes_on: true,
    };
    let (body, large) = change.render(8);
    let expected = r#"{"op":"update","key":{"ZDDM":"370115"},"row":{"ZDDM":"370115","BZ":null,"QLR":{"large":0},"TX":{"hex":"00ff"},"DA":{"hex":"070707"},"SM":{"large":1}},"changed":["BZ"],"tx":"18446744073709551615","more":true}"#;
    assert_eq!(String::from_utf8(body).unwrap(), expected);
    assert_eq!(large, vec!["张\"䶮\\\u{1}".as_bytes().to_vec(), "很长的说明".as_bytes().to_vec()]);
    assert!(String::from_utf8(change.render(usize::MAX).0).unwrap().contains(r#""QLR":"张\"䶮\\\u0001""#));
    let (body, large) = change.render(2);
    assert!(String::from_utf8(body).unwrap().contains(r#""DA":{"large":3,"bytes":true}"#));
    assert_eq!(large[3], vec![7; 3]);
}

#[test]
fn keys_that_are_not_known_are_ignored_at_the_top_and_nowhere_else() {
    let plain = parse(r#"{"op":"delete","key":{"a":"1"}}"#).unwrap();
    assert_eq!(parse(r#"{"op":"delete","since":[{"x":[1,2.5,true]}],"key":{"a":"1"}}"#), Ok(plain.clone()));
    assert_eq!(parse(" { \"key\" : {\"a\":\"1\"} ,\n\"op\":\"delete\"}"), Ok(plain));
    for value in [
        r#"{"hex":"00","new":1}"#,
        r#"{"large":0,"new":1}"#,
        r#"{"new":1}"#,
        "{}",
        r#"{"hex":"00","bytes":true}"#,
        r#"{"bytes":true}"#,
    ] {
        let body = format!(r#"{{"op":"delete","key":{{"a":{value}}}}}"#);
        assert!(matches!(RowChange::parse(body.as_bytes(), &[b"x"]), Err(ChangeFault::Json { .. })), "{value}");
    }
}

#[test]
fn a_key_that_stands_twice_is_refused_wherever_it_stands() {
    for body in [
        r#"{"op":"delete","op":"delete","key":{"a":"1"}}"#,
        r#"{"op":"delete","new":1,"new":1,"key":{"a":"1"}}"#,
        r#"{"op":"delete","key":{"a":"1","a":"1"}}"#,
        r#"{"op":"delete","key":{"a":"1","\u0061":"2"}}"#,
        r#"{"op":"insert","key":{"a":"1"},"row":{"a":"1","b":null,"b":null}}"#,
    ] {
        assert!(matches!(parse(body), Err(ChangeFault::Twice { .. })), "{body}");
    }
    assert!(matches!(parse(r#"{"op":"delete","key":{"a":{"hex":"00","hex":"00"}}}"#), Err(ChangeFault::Json { .. })));
}

#[test]
fn what_is_no_row_change_is_refused_with_its_reason() {
    let missing = |name| ChangeFault::Missing { name };
    let wrong = |name| ChangeFault::Wrong { name };
    for (body, fault) in [
        (r#"{"key":{"a":"1"}}"#, missing("op")),
        (r#"{"op":"delete"}"#, missing("key")),
        (r#"{"op":"delete","key":{}}"#, wrong("key")),
        (r#"{"op":"insert","key":{"a":"1"}}"#, missing("row")),
        (r#"{"op":"delete","key":{"a":"1"},"row":{"a":"1"}}"#, wrong("row")),
        (r#"{"op":"insert","key":{"a":"1"},"row":{"b":"1"}}"#, wrong("key")),
        (r#"{"op":"update","key":{"a":"1"},"row":{"a":"1"}}"#, missing("changed")),
        (r#"{"op":"update","key":{"a":"1"},"row":{"a":"1"},"changed":["b"]}"#, wrong("changed")),
        (r#"{"op":"update","key":{"a":"1"},"row":{"a":"1"},"changed":["a","a"]}"#, wrong("changed")),
        (r#"{"op":"insert","key":{"a":"1"},"row":{"a":"1"},"changed":[]}"#, wrong("changed")),
        (r#"{"op":"delete","key":{"a":"1"},"tx":"01"}"#, wrong("tx")),
        (r#"{"op":"delete","key":{"a":"1"},"tx":"+1"}"#, wrong("tx")),
        (r#"{"op":"delete","key":{"a":"1"},"tx":"18446744073709551616"}"#, wrong("tx")),
        (r#"{"op":"delete","key":{"a":"1"},"more":false}"#, wrong("more")),
        (r#"{"op":"delete","key":{"":"1"}}"#, ChangeFault::Name),
        (r#"{"op":"delete","key":{"a\u0000":"1"}}"#, ChangeFault::Name),
        (r#"{"op":"delete","key":{"a":"\u0000"}}"#, ChangeFault::Nul),
        (r#"{"op":"delete","key":{"a":{"hex":"0"}}}"#, ChangeFault::Hex),
        (r#"{"op":"delete","key":{"a":{"hex":"0A"}}}"#, ChangeFault::Hex),
        (r#"{"op":"delete","key":{"a":{"hex":"0g"}}}"#, ChangeFault::Hex),
        (r#"{"op":"delete","key":{"a":{"large":0}}}"#, ChangeFault::Large),
    ] {
        assert_eq!(parse(body), Err(fault), "{body}");
    }
    for body in [
        "",
        "null",
        "[]",
        "{}x",
        r#"{"op":"merge","key":{"a":"1"}}"#,
        r#"{"op":"delete","key":{"a":1}}"#,
        r#"{"op":"delete","key":{"a":true}}"#,
        r#"{"op":"delete","key":{"a":["1"]}}"#,
        r#"{"op":"delete","key":{"a":"1"},"tx":1}"#,
        r#"{"op":"delete","key":{"a":"1"},"more":1}"#,
        r#"{"op":"delete","key":{"a":"\ud800"}}"#,
        r#"{"op":"delete","key":{"a":{"large":-1}}}"#,
        r#"{"op":"delete","key":{"a":"1"}}{}"#,
        r#"{"op":"delete","key":null}"#,
    ] {
        assert!(parse(body).is_err(), "{body}");
    }
    assert!(RowChange::parse(b"{\"op\":\"delete\",\"key\":{\"a\":\"\xff\"}}", &[]).is_err());
}

#[test]
fn large_values_are_put_back_each_once_and_none_is_left_over() {
    let body = br#"{"op":"insert","key":{"a":"1"},"row":{"a":"1","t":{"large":1},"b":{"large":0,"bytes":true}}}"#;
    let read = RowChange::parse(body, &[&[0xff, 0], "䶮".as_bytes()]).unwrap();
    assert_eq!(read.row[1].1, Value::Text("䶮".into()));
    assert_eq!(read.row[2].1, Value::Bytes(vec![0xff, 0]));
    assert_eq!(RowChange::parse(body, &[&[0xff]]), Err(ChangeFault::Large), "one is missing");
    assert_eq!(RowChange::parse(body, &[&[0xff], b"x", b"y"]), Err(ChangeFault::Large), "one is left over");
    assert_eq!(RowChange::parse(body, &[&[0xff], &[0xff]]), Err(ChangeFault::Large), "no text");
    assert_eq!(RowChange::parse(body, &[&[0xff], b"a\0b"]), Err(ChangeFault::Nul));
    let twice = br#"{"op":"delete","key":{"a":{"large":0},"b":{"large":0}}}"#;
    assert_eq!(RowChange::parse(twice, &[b"x"]), Err(ChangeFault::Large));
}

#[test]
fn a_value_of_16_mib_travels_and_one_byte_more_is_refused_with_its_column() {
    let most = usize::try_from(VALUE_MAX).unwrap();
    let mut change = parse(r#"{"op":"insert","key":{"a":"1"},"row":{"a":"1","TX":null}}"#).unwrap();
    change.row[1].1 = Value::Bytes(vec![7; most]);
    assert_eq!(change.too_large(), None);
    let (body, large) = change.render(LARGE_FROM);
    assert!(body.len() < 200);
    assert_eq!(RowChange::parse(&body, &[&large[0]]).unwrap(), change);
    change.row[1].1 = Value::Text("7".repeat(most + 1));
    assert_eq!(change.too_large(), Some(("TX", VALUE_MAX + 1)));
    let (body, large) = change.render(LARGE_FROM);
    assert_eq!(RowChange::parse(&body, &[&large[0]]), Err(ChangeFault::ValueTooLong { bytes: VALUE_MAX + 1 }));
    let long = vec![b' '; most + 1];
    assert_eq!(RowChange::parse(&long, &[]), Err(ChangeFault::TooLong { bytes: VALUE_MAX + 1 }));
}

#[test]
fn too_many_columns_and_endless_depth_are_refused() {
    let columns: Vec<String> = (0..=COLUMNS_MAX).map(|at| format!("\"c{at}\":null")).collect();
    let body = format!(r#"{{"op":"delete","key":{{{}}}}}"#, columns.join(","));
    assert!(matches!(parse(&body), Err(ChangeFault::Json { .. })));
    let deep = format!(r#"{{"op":"delete","key":{{"a":"1"}},"new":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(parse(&deep), Err(ChangeFault::TooDeep));
    let nested = format!(
        r#"{{"op":"delete","key":{{"a":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"{{"}},"new":{}{}}}"#,
        "[".repeat(20),
        "]".repeat(20)
    );
    assert!(parse(&nested).is_ok(), "brackets in a text are text");
}

#[test]
fn no_fault_shows_anything_of_the_row() {
    for body in
        [r#"{"op":"密","key":{}}"#, r#"{"op":"delete","key":{"密":1}}"#, r#"{"op":"delete","key":{"a":"密","tx":"密"}}x"#]
    {
        let fault = parse(body).unwrap_err();
        assert!(!fault.to_string().contains('密') && !fault.sentence(crate::lang::Lang::Zh).contains('密'), "{fault}");
    }
}

#[test]
fn the_key_for_people_is_cut_before_it_is_long() {
    let mut change = parse(r#"{"op":"delete","key":{"a":"1","b":null}}"#).unwrap();
    assert_eq!(change.key_text(), "1/NULL");
    change.key[1].1 = Value::Bytes(vec![0xab; 1 << 20]);
    assert_eq!(change.key_text().len(), 512);
    assert!(change.key_text().starts_with("1/abab"));
}

#[test]
fn a_line_of_an_extract_may_say_that_its_row_cannot_travel() {
    let line = br#"{"table":"BDC.ZD","op":"update","key":{"BSM":"1"},"problem":"date-out-of-range"}"#;
    let unfit =
        |code, value| Line::Unfit { table: "BDC.ZD".into(), key: vec![("BSM".into(), Value::Text("1".into()))], code, value };
    assert_eq!(parse_line(line), Ok(unfit("date-out-of-range", None)));
    assert_eq!(
        parse_line(br#"{"table":"BDC.ZD","key":{"BSM":"1"},"problem":"other"}"#),
        Err(ChangeFault::Wrong { name: "problem" })
    );
    assert_eq!(parse_line(br#"{"op":"delete","key":{"BSM":"1"}}"#), Err(ChangeFault::Missing { name: "table" }));
    let long = "7".repeat(usize::try_from(VALUE_MAX).unwrap() + 1);
    let line = format!(r#"{{"table":"BDC.ZD","op":"insert","key":{{"BSM":"1"}},"row":{{"BSM":"1","TX":"{long}"}}}}"#);
    assert_eq!(parse_line(line.as_bytes()), Ok(unfit("value-too-large", Some(("TX".into(), VALUE_MAX + 1)))));
}

#[test]
fn rows_of_a_packet_share_the_names_of_their_columns_and_a_name_twice_in_one_of_them_is_a_fault() {
    let mut names = KnownNames::default();
    let mut read = |body: &str| RowChange::parse_next(body.as_bytes(), &[], &mut names);
    let first = read(r#"{"op":"stock","key":{"a":"1"},"row":{"a":"1","b":"2"}}"#).unwrap();
    let second = read(r#"{"op":"stock","key":{"b":"1"},"row":{"b":"1","c":null,"a":"2"}}"#).unwrap();
    assert!(first.row[0].0.is_shared_with(&second.row[2].0) && first.row[1].0.is_shared_with(&second.key[0].0));
    assert_eq!(second.row.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["b", "c", "a"]);
    let twice = read(r#"{"op":"stock","key":{"a":"1"},"row":{"a":"1","b":"2","a":"3"}}"#);
    assert_eq!(twice, Err(ChangeFault::Twice { place: "row" }));
    assert_eq!(read(r#"{"op":"stock","key":{"":"1"},"row":{"":"1"}}"#), Err(ChangeFault::Name));
}
