//! A run says what as many single changes say, and nothing else is a run.

use super::*;
use proptest::prelude::*;

/// Makes a run of changes that are alike; `None` when they are not.
pub(crate) fn run_of(changes: &[RowChange]) -> Option<RowRun> {
    let first = changes.first()?;
    let columns_of = |change: &RowChange| {
        let cells = if change.op == Op::Delete { &change.key } else { &change.row };
        cells.iter().map(|(name, _)| name.clone()).collect::<Vec<Name>>()
    };
    let names = |cells: &Cells| cells.iter().map(|(name, _)| name.clone()).collect::<Vec<Name>>();
    let (columns, key) = (columns_of(first), names(&first.key));
    let holds_key = |change: &RowChange| change.op == Op::Delete || change.key.iter().all(|cell| change.row.contains(cell));
    let is_alike = |change: &RowChange| {
        (&change.table, change.op, &change.changed) == (&first.table, first.op, &first.changed)
            && columns_of(change) == columns
            && names(&change.key) == key
            && holds_key(change)
            && change.transaction.is_some() == first.transaction.is_some()
            && (change.op != Op::Stock || change.transaction.is_none())
    };
    if !changes.iter().all(is_alike) {
        return None;
    }
    let cells_of = |change: &RowChange| if change.op == Op::Delete { change.key.clone() } else { change.row.clone() };
    let is_bytes = |at: usize| changes.iter().any(|change| matches!(cells_of(change).get(at), Some((_, Value::Bytes(_)))));
    let bytes: Vec<Name> = columns.iter().enumerate().filter(|(at, _)| is_bytes(*at)).map(|(_, name)| name.clone()).collect();
    let mixed = |change: &RowChange| {
        cells_of(change).iter().any(|(name, value)| matches!(value, Value::Text(_)) && bytes.contains(name))
    };
    if changes.iter().any(mixed) {
        return None;
    }
    let (mut lines, mut transactions) = (Vec::new(), Vec::<(u64, u32)>::new());
    for change in changes {
        for (at, (_, value)) in cells_of(change).iter().enumerate() {
            if at > 0 {
                lines.push(b'\t');
            }
            push_value(&mut lines, value);
        }
        lines.push(b'\n');
        match (change.transaction, transactions.last_mut()) {
            (Some(transaction), Some((last, rows))) if *last == transaction => *rows += 1,
            (Some(transaction), _) => transactions.push((transaction, 1)),
            (None, _) => {}
        }
    }
    let goes_on = changes.last().is_some_and(|change| change.goes_on);
    let head = RunHead { op: first.op, columns, key, bytes, changed: first.changed.clone() };
    RowRun::of_lines(first.table.clone(), Arc::new(head), transactions, goes_on, lines).ok()
}

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
    let again = RowRun::parse("public.zd", &run.render(), run.rows()).expect("a run");
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
    let body = String::from_utf8(run.render()).expect("text");
    assert_eq!(
        body,
        "{\"op\":\"delete\",\"columns\":[\"id\"],\"key\":[\"id\"],\"tx\":[[\"7\",2],[\"9\",1]],\"more\":true}\n1\n2\n3\n"
    );
    assert_eq!(run.changes().collect::<Vec<_>>(), changes);
    assert_eq!(RowRun::parse("t", body.as_bytes(), 3), Ok(run));
}

#[test]
fn what_is_no_run_is_refused_with_the_place_and_nothing_of_it() {
    let parse = |body: &str, rows| RowRun::parse("t", body.as_bytes(), rows).map(|run| run.rows());
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

proptest! {
    #[test]
    fn runs_of_any_values_come_back(
        notes in prop::collection::vec((prop::option::of("[^\0]{0,12}"), prop::option::of(prop::collection::vec(any::<u8>(), 0..9))), 1..20)
    ) {
        let value = |note: &Option<String>| note.clone().map_or(Value::Null, Value::Text);
        let bytes = |bytes: &Option<Vec<u8>>| bytes.clone().map_or(Value::Null, Value::Bytes);
        let rows: Vec<_> = notes.iter().map(|(note, shape)| ("1", value(note), bytes(shape))).collect();
        let changes = stock(&rows);
        let run = run_of(&changes).expect("a run");
        let again = RowRun::parse("public.zd", &run.render(), run.rows()).expect("a run");
        prop_assert_eq!(again.changes().collect::<Vec<_>>(), changes);
    }

    #[test]
    fn no_bytes_make_the_reader_of_runs_fall_over(body in prop::collection::vec(any::<u8>(), 0..200), rows in 0_u32..4) {
        let mut forged = b"{\"op\":\"stock\",\"columns\":[\"a\",\"b\"],\"key\":[\"a\"],\"bytes\":[\"b\"]}\n".to_vec();
        forged.extend(&body);
        for body in [body, forged] {
            if let Ok(run) = RowRun::parse("t", &body, rows) {
                prop_assert_eq!(run.changes().count(), rows as usize);
            }
        }
    }
}
