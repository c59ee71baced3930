//! The cases of runs of row changes, numbered by themselves.

use crate::forge::RawRecord;
use crate::packets::{Bench, Case};

const STOCK: &str = concat!(
    r#"{"op":"stock","columns":["bdcdyh","area","shape","note"],"key":["bdcdyh"],"bytes":["shape"]}"#,
    "\n370102001001GB00001\t12.3400000000000000\t\\\\x00ff\t𬭚 䶮\\t㛃\n370102001001GB00002\t\\N\t\\\\x\t\n"
);

const UPDATE: &str = concat!(
    r#"{"op":"update","columns":["id","district","name"],"key":["id","district"],"changed":["name"],"tx":[["917",2],["918",1]],"more":true}"#,
    "\n7\t370102\t\\\\N\\r\\n\n8\t370102\t\\b\\v\\f\n7\t370102\t\\N\n"
);

const ONE: &str = "{\"op\":\"delete\",\"columns\":[\"id\"],\"key\":[\"id\"]}\n1\n";

/// All cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut bench = Bench { cases: Vec::new() };
    bench.ok("a run of two rows of a stock", &[run("public.zd", "370102001001GB00002", 2, STOCK)], |_| {});
    bench.ok("a run of three updates of two transactions", &[run("public.h", "7/370102", 3, UPDATE)], |_| {});
    let change = RawRecord { kind: 5, ..RawRecord::file("t", br#"{"op":"delete","key":{"id":"1"}}"#) };
    bench.ok("a run between row changes", &[change.clone(), run("t", "1", 1, ONE), change], |_| {});
    let mut wrong = |about: &str, record: RawRecord| {
        bench.fail("records", "records", about, |s| s.draft = crate::forge::good(&[record]));
    };
    let good = run("t", "1", 1, ONE);
    wrong("a run without a body", run("t", "1", 1, ""));
    wrong("a run of fewer rows than its meta says", run("t", "1", 2, ONE));
    wrong("a run of more rows than its meta says", run("t", "1", 1, STOCK));
    wrong("a run without a row", run("t", "1", 0, "{\"op\":\"delete\",\"columns\":[\"id\"],\"key\":[\"id\"]}\n"));
    wrong(
        "a run whose last line does not end",
        run("t", "1", 1, "{\"op\":\"delete\",\"columns\":[\"id\"],\"key\":[\"id\"]}\n\n1"),
    );
    wrong("a run that begins with a blank", run("t", "1", 1, &format!(" {ONE}")));
    wrong(
        "a run that begins with another key",
        run("t", "1", 1, "{\"key\":[\"id\"],\"op\":\"delete\",\"columns\":[\"id\"]}\n1\n"),
    );
    wrong("a run with part index 1", RawRecord { part_index: 1, ..run("t", "1", 2, &format!("{ONE}2\n")) });
    wrong("a run whose total is not its body's length", RawRecord { total: good.total + 1, ..good.clone() });
    wrong("a run with a reason", RawRecord { reason: b"why".to_vec(), ..good.clone() });
    wrong("a run with a parts digest", RawRecord { parts_digest: [1; 32], ..good.clone() });
    wrong("a run whose table climbs", RawRecord { name: b"../t".to_vec(), ..good.clone() });
    wrong("kind 8", RawRecord { kind: 8, ..good });
    for case in &mut bench.cases {
        case.name = format!("run-{}", case.name);
    }
    bench.cases
}

fn run(table: &str, key: &str, rows: u32, body: &str) -> RawRecord {
    RawRecord { kind: 7, key: key.as_bytes().to_vec(), part_count: rows, ..RawRecord::file(table, body.as_bytes()) }
}
