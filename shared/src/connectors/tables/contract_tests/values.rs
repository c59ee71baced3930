//! Values: each type from source to sink, at its edges, and what cannot travel.

use super::*;

/// Makes table `v` with a key and one nullable column of a type at both ends; gives its name.
fn table_of(bench: &dyn Bench, of: &str) -> String {
    let (table, key) = (bench.table("v"), bench.column(Type::Integer).expect("a type"));
    for end in BOTH {
        bench.session(end).run(&format!("CREATE TABLE {table} (id {key} NOT NULL PRIMARY KEY, v {of})"));
    }
    table
}

/// The values of a type that are most easily spoilt.
fn edges(of: Type) -> Vec<Value> {
    let texts: &[&str] = match of {
        Type::Integer => &["0", "-1", "9223372036854775807", "-9223372036854775808"],
        Type::Decimal => &[
            "9999999999999999999999.9999999999999999",
            "-9999999999999999999999.9999999999999999",
            "0.0000000000000001",
            "0.0000000000000000",
            "1.5000000000000000",
            "-120.2500000000000000",
        ],
        Type::Double => {
            &["1.5", "0.1", "-0.30000000000000004", "1e300", "1.7976931348623157e308", "2.2250738585072014e-308", "0"]
        }
        Type::Boolean => &["true", "false"],
        Type::Characters(_) => &["", " ", "宗地", "a  ", "NULL", "\\N", "\\."],
        Type::Text => {
            &["", "\\N", "\\.", "{\"a\":[1,\"x\"]}", "'; DROP TABLE v; --", "a\tb\nc\rd\\e\u{7f}\u{1}", "\u{feff}x\u{200b}"]
        }
        Type::Bytes => return vec![Value::Bytes(vec![]), Value::Bytes((0..=255).collect()), Value::Bytes(b"\\x00".to_vec())],
        Type::Date => &["1900-01-01", "1988-07-01", "0001-01-01", "9999-12-31", "2024-02-29", "1582-10-10"],
        Type::DateTime => &[
            "1900-01-01 00:00:00",
            "1988-07-01 00:30:00",
            "1988-04-17 02:30:00",
            "1999-12-31 23:59:59.999999",
            "2024-03-10 02:30:00.5",
            "9999-12-31 23:59:59",
        ],
        Type::Instant => &["1988-07-01 12:00:00+09:00", "2024-01-01 00:00:00+08:00", "2026-11-22 23:59:59.000001+08:00"],
        Type::Time => &["00:00:00", "23:59:59.999999", "12:30:00.5"],
    };
    texts.iter().map(|value| text(value)).collect()
}

/// Every type of the suite.
const TYPES: [Type; 11] = [
    Type::Integer,
    Type::Decimal,
    Type::Double,
    Type::Boolean,
    Type::Characters(20),
    Type::Text,
    Type::Bytes,
    Type::Date,
    Type::DateTime,
    Type::Instant,
    Type::Time,
];

/// Sends values of a type across; asserts their portable form and that both ends hold the same.
fn crosses(bench: &dyn Bench, of: Type, values: &[Value]) {
    let Some(sql) = bench.column(of) else { return };
    let table = table_of(bench, &sql);
    let mut pair = Pair::of(bench, std::slice::from_ref(&table));
    let mut app = bench.session(End::Source);
    for (id, value) in values.iter().enumerate() {
        app.run(&format!("INSERT INTO {table} VALUES ({id}, {})", bench.literal(of, value)));
    }
    let read = changes_of(&pair.source.read(&BTreeSet::new(), ALL).expect("a read"));
    let read: Vec<&Value> = read.iter().map(|change| &change.row[1].1).collect();
    for (id, value) in values.iter().enumerate() {
        assert_eq!(read[id], &bench.portable(of, value), "{of:?}: its portable form");
    }
    pair.cross(ALL);
    assert_equal_ends(bench, &format!("SELECT id, v FROM {table} ORDER BY id"));
    // The same by way of the stock, over rows that are there already.
    let want = super::super::ChunkWanted { table: &table, after: None, filter: None, rows: 100 };
    let stock = pair.source.chunk(&want, 1).expect("a chunk").changes();
    assert_eq!(
        stock.iter().map(|change| change.row[1].1.clone()).collect::<Vec<_>>(),
        values.iter().map(|value| bench.portable(of, value)).collect::<Vec<_>>()
    );
    pair.seq += 1;
    pair.sink.apply(&channel(), &packet(pair.seq, &stock)).expect("the stock is applied");
    assert_equal_ends(bench, &format!("SELECT id, v FROM {table} ORDER BY id"));
    for end in BOTH {
        bench.session(end).run(&format!("DROP TABLE {table}"));
    }
}

pub(in super::super) fn every_type_crosses_at_its_edges(bench: &mut dyn Bench) {
    for of in TYPES {
        let mut values = edges(of);
        values.push(Value::Null);
        crosses(bench, of, &values);
    }
}

pub(in super::super) fn dates_are_the_same_whatever_zone_the_server_has(bench: &mut dyn Bench) {
    for zone in ["America/New_York", "Asia/Shanghai", "Pacific/Apia", "Asia/Kathmandu"] {
        bench.set_zone(zone);
        for of in [Type::Date, Type::DateTime, Type::Instant, Type::Time] {
            crosses(bench, of, &edges(of));
        }
    }
}

pub(in super::super) fn null_and_empty_text_are_two_things(bench: &mut dyn Bench) {
    crosses(bench, Type::Text, &[Value::Null, text(""), text("NULL"), text("null")]);
}

pub(in super::super) fn rare_characters_cross_unchanged(bench: &mut dyn Bench) {
    let values = [
        "𬭚䶮㛃𰻝",                            // four bytes in UTF-8, three beyond the first plane
        "\u{9fb4}\u{e81e}\u{fe10}\u{e78d}",    // what GB 18030-2022 maps anew, beside its old private use
        "\u{e000}\u{f8ff}\u{f0000}\u{10fffd}", // private use
        "ᠮᠣᠩᠭᠣᠯ ᠪᠢᠴᠢᠭ\u{180b}\u{180e}",        // Mongolian with its variation selectors
        "e\u{301} é ﬁ Å \u{212b} ㎡ ①",        // nothing is normalised
        "བོད ئۇيغۇر ꆈꌠ",
        "\u{fffd}\u{fffe}\u{ffff}",
    ];
    crosses(bench, Type::Text, &values.map(text));
}

pub(in super::super) fn a_value_of_16_mib_crosses_and_one_byte_more_is_named(bench: &mut dyn Bench) {
    let most = usize::try_from(super::super::VALUE_MAX).expect("it fits");
    for of in [Type::Text, Type::Bytes] {
        let value = |bytes: usize| match of {
            // A byte that JSON and COPY write longer.
            Type::Bytes => Value::Bytes(vec![0xff; bytes]),
            _ => Value::Text("\n".repeat(bytes)),
        };
        let table = table_of(bench, &bench.column(of).expect("a type"));
        let mut pair = Pair::of(bench, std::slice::from_ref(&table));
        let mut app = bench.session(End::Source);
        app.run(&format!("INSERT INTO {table} VALUES (1, {})", bench.literal(of, &value(most))));
        app.run(&format!("INSERT INTO {table} VALUES (2, {})", bench.literal(of, &value(most + 1))));
        let read = pair.source.read(&BTreeSet::new(), ALL).expect("a read");
        let Entry::Change(change) = &read[0].entry else { panic!("16 MiB travel") };
        assert!(change.row[1].1 == value(most), "16 MiB are as they were");
        let Entry::Unfit { table: named, key, code, column, bytes } = &read[1].entry else {
            panic!("a byte more does not travel")
        };
        assert_eq!((named, key, *code), (&table, &cells(&[("id", "2")]), "value-too-large"));
        assert_eq!((column.as_deref(), *bytes), (Some("v"), Some(super::super::VALUE_MAX + 1)));
        pair.cross(ALL);
        let length = format!("SELECT id FROM {table} ORDER BY id");
        assert_eq!(bench.session(End::Sink).rows(&length), [[Some("1".to_owned())]]);
        app.run(&format!("DELETE FROM {table} WHERE id = 2"));
        pair.cross(ALL);
        assert_equal_ends(bench, &format!("SELECT id, v FROM {table} ORDER BY id"));
        for end in BOTH {
            bench.session(end).run(&format!("DROP TABLE {table}"));
        }
    }
}
