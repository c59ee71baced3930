//! A run says what as many single changes say, and nothing else is a run.

use super::*;
pub(crate) use crate::connectors::tables::simulated::run_of;
use proptest::prelude::*;

/// Gives the same packet with neighbours that are alike in runs.
pub(crate) fn in_runs(packet: &RowPacket) -> RunPacket {
    let mut parts: Vec<RowsPart> = Vec::new();
    let mut rest = packet.changes.as_slice();
    while let Some(first) = rest.first() {
        let pair = |next: &RowChange| run_of(&[first.clone(), next.clone()]).is_some();
        let mut ended = false;
        let alike = |next: &&RowChange| !std::mem::replace(&mut ended, next.goes_on) && pair(next);
        let count = rest.iter().take_while(alike).count();
        let (part, count) = match rest.get(..count).and_then(run_of) {
            Some(run) => (RowsPart::Run(run), count),
            None => (RowsPart::One(first.clone()), 1),
        };
        parts.push(part);
        rest = rest.get(count..).unwrap_or_default();
    }
    RunPacket { mark: packet.mark, parts }
}

/// Gives the body of a run's record.
pub(crate) fn body_of(run: &RowRun) -> Vec<u8> {
    let (first, lines) = run.body();
    [&first[..], &lines].concat()
}

/// Reads the body of a run's record.
pub(crate) fn parsed(table: &str, body: &[u8], rows: u32) -> Result<RowRun, ChangeFault> {
    RowRun::parse(table, &Bytes::copy_from_slice(body), rows)
}

fn stock(rows: &[(&str, Value, Value)]) -> Vec<RowChange> {
    let change = |(id, note, shape): &(&str, Value, Value)| {
        let id = (Name::from("id"), Value::Text((*id).to_owned()));
        let row = vec![id.clone(), ("注".into(), note.clone()), ("shape".into(), shape.clone())];
        RowChange {
            table: "public.zd".to_owned(),
            op: Op::Stock,
            key: vec![id],
            row,
            changed: vec![],
            transaction: None,
            goes_on: false,
        }
    };
    rows.iter().map(change).collect()
}

#[test]
fn every_awkward_value_comes_back_as_it_was() {
    let text = |text: &str| Value::Text(text.to_owned());
    let awkward = [
        "",
        "\\N",
        "\\.",
        "\t",
        "\n",
        "\r\n",
        "\\",
        "\\\\",
        "\\x00ff",
        "\u{8}\u{b}\u{c}",
        "\u{2028}",
        "𬭚 䶮 㛃",
        "N",
        "\u{1}\u{7f}",
        "\"{}",
    ];
    let mut rows: Vec<(&str, Value, Value)> =
        awkward.iter().map(|note| (*note, text(note), Value::Bytes(note.as_bytes().to_vec()))).collect();
    rows.push(("7", Value::Null, Value::Null));
    rows.push(("8", text("x"), Value::Bytes(Vec::new())));
    let changes = stock(&rows);
    let run = run_of(&changes).expect("a run");
    let again = parsed("public.zd", &body_of(&run), run.rows()).expect("a run");
    assert_eq!(again, run);
    assert_eq!(again.changes().collect::<Vec<_>>(), changes);
    assert_eq!(again.key_text(), "8");
}

#[test]
fn transactions_and_their_going_on_come_back() {
    let change = |id: &str, transaction, goes_on| {
        let key = vec![("id".into(), Value::Text(id.to_owned()))];
        let (table, row) = ("t".to_owned(), Vec::new());
        RowChange { table, op: Op::Delete, key, row, changed: vec![], transaction: Some(transaction), goes_on }
    };
    let changes = [change("1", 7, false), change("2", 7, false), change("3", 9, true)];
    let run = run_of(&changes).expect("a run");
    let body = String::from_utf8(body_of(&run)).expect("text");
    assert_eq!(
        body,
        "{\"op\":\"delete\",\"columns\":[\"id\"],\"key\":[\"id\"],\"tx\":[[\"7\",2],[\"9\",1]],\"more\":true}\n1\n2\n3\n"
    );
    assert_eq!(run.changes().collect::<Vec<_>>(), changes);
    assert_eq!(parsed("t", body.as_bytes(), 3), Ok(run));
}

#[test]
fn what_is_no_run_is_refused_with_the_place_and_nothing_of_it() {
    let parse = |body: &str, rows| parsed("t", body.as_bytes(), rows).map(|run| run.rows());
    let line = |line| Err(ChangeFault::Line { line });
    let of = |head: &str| format!("{head}\n1\t2\n");
    let good = r#"{"op":"insert","columns":["a","b"],"key":["a"]}"#;
    assert_eq!(parse(&of(good), 1), Ok(1));
    assert_eq!(parse(&of(good), 2), line(3));
    assert_eq!(parse(good, 1), line(1));
    for (lines, at) in [
        ("1\n", 2),
        ("1\t2\t3\n", 2),
        ("1\t2\n1\t2", 3),
        ("1\t\\q\n", 2),
        ("1\t\\Nx\n", 2),
        ("1\tx\\N\n", 2),
        ("1\t\\\n", 2),
        ("1\t2\r\n", 2),
        ("1\t2\n1\t\u{c}\n", 3),
        ("", 2),
    ] {
        assert_eq!(parse(&format!("{good}\n{lines}"), 1), line(at), "{lines:?}");
    }
    assert_eq!(parse(&format!("{good}\n1\t\0\n"), 1), Err(ChangeFault::Nul));
    for (head, name) in [
        (r#"{"op":"insert","columns":["a","a"],"key":["a"]}"#, "columns"),
        (r#"{"op":"insert","columns":["a","b"],"key":[]}"#, "key"),
        (r#"{"op":"insert","columns":["a","b"],"key":["c"]}"#, "key"),
        (r#"{"op":"delete","columns":["a","b"],"key":["a"]}"#, "key"),
        (r#"{"op":"insert","columns":["a","b"],"key":["a","a"]}"#, "key"),
        (r#"{"op":"insert","columns":["a","b"],"key":["a"],"bytes":[]}"#, "bytes"),
        (r#"{"op":"insert","columns":["a","b"],"key":["a"],"changed":["a"]}"#, "changed"),
        (r#"{"op":"update","columns":["a","b"],"key":["a"],"changed":["c"]}"#, "changed"),
        (r#"{"op":"stock","columns":["a","b"],"key":["a"],"tx":[["1",1]]}"#, "tx"),
        (r#"{"op":"insert","columns":["a","b"],"key":["a"],"tx":[["1",2]]}"#, "tx"),
        (r#"{"op":"insert","columns":["a","b"],"key":["a"],"tx":[["01",1]]}"#, "tx"),
        (r#"{"op":"insert","columns":["a","b"],"key":["a"],"more":true}"#, "more"),
        (r#"{"op":"insert","columns":["a","b"],"key":["a"],"tx":[["1",1]],"more":false}"#, "more"),
    ] {
        assert_eq!(parse(&of(head), 1), Err(ChangeFault::Wrong { name }), "{head}");
    }
    assert_eq!(
        parse(&of(r#"{"op":"update","columns":["a","b"],"key":["a"]}"#), 1),
        Err(ChangeFault::Missing { name: "changed" })
    );
    let bytes = r#"{"op":"insert","columns":["a","b"],"key":["a"],"bytes":["b"]}"#;
    for field in ["x00", "\\\\x0", "\\\\xAB", "\\\\x0g", "", "00"] {
        assert_eq!(parse(&format!("{bytes}\n1\t{field}\n"), 1), Err(ChangeFault::Hex), "{field}");
    }
    for head in
        [r#"{"op":"insert","columns":["a","b"],"key":["a"],"new":1}"#, r#"{"op":"upsert","columns":["a","b"],"key":["a"]}"#]
    {
        assert!(matches!(parse(&of(head), 1), Err(ChangeFault::Json { .. })), "{head}");
    }
}

#[test]
fn a_run_that_weighs_too_much_is_refused_before_its_values_are_looked_at() {
    let columns: Vec<String> = (0..1_024).map(|at| format!("\"c{at}\"")).collect();
    let head = format!("{{\"op\":\"stock\",\"columns\":[{}],\"key\":[\"c0\"]}}\n", columns.join(","));
    let body = |rows: usize| format!("{head}{}", format!("{}\n", "\t".repeat(1_023)).repeat(rows));
    assert_eq!(parsed("t", body(1_016).as_bytes(), 1_016).map(|run| run.weight()), Ok(1_016 * 1_032));
    assert_eq!(parsed("t", body(1_017).as_bytes(), 1_017), Err(ChangeFault::Wrong { name: "columns" }));
}

/// What a hostile sender may put into a run's body.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    const SIGNS: &[&str] = &[
        "\\.",
        "\\.\n",
        "\\N",
        "\\",
        "\t",
        "\n",
        "\r",
        "\0",
        "\\x",
        "\\\\x",
        "\u{b}",
        "\u{feff}",
        "{\"op\":\"",
        "\"",
        "},",
        "[[\"1\",1]]",
    ];
    prop_oneof![prop::sample::select(SIGNS).prop_map(|sign| sign.as_bytes().to_vec()), prop::collection::vec(any::<u8>(), 1..4)]
}

proptest! {
    #[test]
    fn any_bytes_are_a_run_within_its_limits_or_a_fault(
        head in prop_oneof![
            Just(b"{\"op\":\"stock\",\"columns\":[\"a\",\"b\"],\"key\":[\"a\"],\"bytes\":[\"b\"]}\n".to_vec()),
            Just(b"{\"op\":\"delete\",\"columns\":[\"a\"],\"key\":[\"a\"],\"tx\":[[\"1\",2]]}\n".to_vec()),
            prop::collection::vec(any::<u8>(), 0..64),
        ],
        lines in prop_oneof![prop::collection::vec(any::<u8>(), 0..64), "([a-z\\\\Nx0-9]{0,6}[\t\n]){0,8}".prop_map(String::into_bytes)],
        rows in prop_oneof![0_u32..9, any::<u32>()],
    ) {
        let body = [head.as_slice(), lines.as_slice()].concat();
        if let Ok(run) = parsed("t", &body, rows) {
            prop_assert!(run.weight() <= RUN_WEIGHT_MAX);
            prop_assert_eq!((run.rows(), run.changes().count()), (rows, rows as usize));
            prop_assert_eq!(run.lines(), &lines[..]);
        }
    }

    #[test]
    fn whatever_is_taken_for_a_run_is_copied_as_what_its_changes_say(
        notes in prop::collection::vec((prop::option::of("[^\0]{0,6}"), prop::option::of(prop::collection::vec(any::<u8>(), 0..4))), 1..5),
        forgeries in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..4, hostile()), 0..4),
        rows in 0_u32..6,
    ) {
        let value = |note: &Option<String>| note.clone().map_or(Value::Null, Value::Text);
        let bytes = |bytes: &Option<Vec<u8>>| bytes.clone().map_or(Value::Null, Value::Bytes);
        let changes: Vec<_> = notes.iter().map(|(note, shape)| ("1", value(note), bytes(shape))).collect();
        let run = run_of(&stock(&changes)).expect("a run");
        let mut body = body_of(&run);
        for (at, gone, forged) in &forgeries {
            let at = at.index(body.len() + 1);
            let end = (at + gone).min(body.len());
            body.splice(at..end, forged.iter().copied());
        }
        for rows in [rows, run.rows()] {
            let Ok(read) = parsed("t", &body, rows) else { continue };
            prop_assert_eq!(read.rows(), rows);
            let mut said = Vec::new();
            for change in read.changes() {
                let cells = if change.op == Op::Delete { &change.key } else { &change.row };
                for (at, (_, value)) in cells.iter().enumerate() {
                    said.extend((at > 0).then_some(b'\t'));
                    push_value(&mut said, value);
                }
                said.push(b'\n');
            }
            prop_assert_eq!(&said, read.lines());
            prop_assert_eq!(parsed("t", &body_of(&read), rows), Ok(read));
        }
    }

    #[test]
    fn runs_of_any_values_come_back(
        notes in prop::collection::vec((prop::option::of("[^\0]{0,12}"), prop::option::of(prop::collection::vec(any::<u8>(), 0..9))), 1..20)
    ) {
        let value = |note: &Option<String>| note.clone().map_or(Value::Null, Value::Text);
        let bytes = |bytes: &Option<Vec<u8>>| bytes.clone().map_or(Value::Null, Value::Bytes);
        let rows: Vec<_> = notes.iter().map(|(note, shape)| ("1", value(note), bytes(shape))).collect();
        let changes = stock(&rows);
        let run = run_of(&changes).expect("a run");
        let again = parsed("public.zd", &body_of(&run), run.rows()).expect("a run");
        prop_assert_eq!(again.changes().collect::<Vec<_>>(), changes);
    }

    #[test]
    fn no_bytes_make_the_reader_of_runs_fall_over(body in prop::collection::vec(any::<u8>(), 0..200), rows in 0_u32..4) {
        let mut forged = b"{\"op\":\"stock\",\"columns\":[\"a\",\"b\"],\"key\":[\"a\"],\"bytes\":[\"b\"]}\n".to_vec();
        forged.extend(&body);
        for body in [body, forged] {
            if let Ok(run) = parsed("t", &body, rows) {
                prop_assert_eq!(run.changes().count(), rows as usize);
            }
        }
    }
}
