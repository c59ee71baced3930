//! The cases of row changes and large values, numbered by themselves.

use crate::forge::RawRecord;
use crate::packets::{Bench, Case};

const CHANGE: &str = concat!(
    r#"{"op":"update","key":{"id":"7","district":null},"row":{"id":"7","district":null,"name":"𬭚 䶮 \"㛃\"","#,
    r#""area":"12.3400000000000000","shape":{"hex":"00ff"}},"changed":["name"],"tx":"917"}"#
);

/// All cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut bench = Bench { cases: Vec::new() };
    let large = RawRecord { kind: 6, ..row("public.h", "8", "a value above 1 MiB, here a short one") };
    let with_large =
        row("public.h", "8", r#"{"op":"insert","key":{"id":"8"},"row":{"id":"8","plan":{"large":0,"bytes":true}}}"#);
    let refused = RawRecord { key: b"9".to_vec(), ..RawRecord::tombstone("public.zd", "value-too-large") };
    let gone = row("public.zd", "10", r#"{"op":"delete","key":{"id":"10"},"more":true}"#);
    bench.ok("a row change", &[row("public.zd", "7", CHANGE)], |_| {});
    let all = [row("public.zd", "7", CHANGE), large.clone(), with_large, refused, gone];
    bench.ok("row changes, one with a large value, and the tombstone of a row", &all, |_| {});
    bench.ok("an empty large value", &[RawRecord { kind: 6, ..row("t", "1", "") }, row("t", "1", r#"{"op":"}"#)], |_| {});
    let mut wrong = |about: &str, record: RawRecord| {
        bench.fail("records", "records", about, |s| s.draft = crate::forge::good(&[record]));
    };
    let good = row("t", "1", r#"{"op":"stock","key":{},"row":{}}"#);
    wrong("kind 7", RawRecord { kind: 7, ..good.clone() });
    wrong("a row change without a body", row("t", "1", ""));
    wrong("a row change that begins with a blank", row("t", "1", r#" {"op":"delete","key":{}}"#));
    wrong("a row change that begins with another key", row("t", "1", r#"{"key":{},"op":"delete"}"#));
    wrong("a row change that does not end", row("t", "1", r#"{"op":"delete","key":"#));
    wrong("a row change with a line end behind it", row("t", "1", "{\"op\":\"delete\",\"key\":{}}\n"));
    wrong("a row change with a reason", RawRecord { reason: b"why".to_vec(), ..good.clone() });
    wrong("a row change with part count 2", RawRecord { part_count: 2, ..good.clone() });
    wrong("a row change whose total is not its body's length", RawRecord { total: good.total + 1, ..good.clone() });
    wrong("a row change whose table climbs", RawRecord { name: b"../t".to_vec(), ..good });
    wrong("a large value with a parts digest", RawRecord { parts_digest: [1; 32], ..large.clone() });
    wrong("a large value with part index 1", RawRecord { part_index: 1, ..large });
    for case in &mut bench.cases {
        case.name = format!("row-{}", case.name);
    }
    bench.cases
}

fn row(table: &str, key: &str, body: &str) -> RawRecord {
    RawRecord { kind: 5, key: key.as_bytes().to_vec(), ..RawRecord::file(table, body.as_bytes()) }
}
