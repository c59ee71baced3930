//! What is let through as a document, and what `lint` says of the rest.

use super::*;
use crate::lang::Lang;

const GOOD: &str = r#"format = 1
structure = "sample"
from = 1
to = 2
title = "t"
basis = "b"
first_day = "2021-08-30"

[[change]]
op = "add-column"
table = "t"
column = "c"
type = "text(500)"

[[change]]
op = "sql"
about = "an index"
touches = ["t"]
postgres = { forward = "CREATE INDEX i ON t (c)", check = "SELECT 1", expect = "1", rollback = "DROP INDEX i" }
"#;

fn findings(from: &str, to: &str) -> Vec<Finding> {
    assert!(GOOD.contains(from), "{from}");
    Document::read(GOOD.replacen(from, to, 1).as_bytes()).unwrap_err()
}

fn only(from: &str, to: &str) -> (usize, Wrong) {
    let mut found = findings(from, to);
    assert_eq!(found.len(), 1, "{to}: {found:?}");
    let found = found.remove(0);
    (found.line, found.wrong)
}

#[test]
fn a_document_is_read_with_the_lines_of_its_operations() {
    let document = Document::read(GOOD.as_bytes()).unwrap();
    let lines: Vec<(usize, &str)> = document.changes.iter().map(|change| (change.line, change.operation.name())).collect();
    assert_eq!(lines, [(9, "add-column"), (15, "sql")]);
    assert!(!document.may_be_pending(), "sql is never pending");
    assert!(document.changes[0].operation.may_be_pending());
}

#[test]
fn its_digest_is_of_its_bytes() {
    let digest = |text: &str| Document::read(text.as_bytes()).unwrap().digest;
    assert_eq!(digest(GOOD), digest(GOOD));
    assert_ne!(digest(GOOD), digest(&GOOD.replacen("op = ", "op =  ", 1)));
}

#[test]
fn each_line_that_is_wrong_is_named() {
    assert_eq!(only("to = 2", "to = 3"), (4, Wrong::Head("to", "from + 1")));
    assert_eq!(only("2021-08-30", "2021-13-30").0, 7);
    assert_eq!(only("\"add-column\"", "\"add\""), (9, Wrong::Operation("add".into())));
    assert_eq!(only("type = \"text(500)\"\n", ""), (9, Wrong::Missing("add-column".into(), "type")));
    assert_eq!(only("type = \"text(500)\"", "type = \"text(500)\"\nto = \"x\""), (9, Wrong::Stray("add-column".into(), "to")));
    assert!(matches!(only("text(500)", "varchar(500)"), (13, Wrong::Toml(_))));
    assert_eq!(only("forward = \"CREATE INDEX i ON t (c)\"", "forward = \"DROP TABLE t;\"").1, Wrong::Statement);
    let three = Document::read(GOOD.replacen("to = 2", "to = 9", 1).replace("\"t\"", "\"a b\"").as_bytes()).unwrap_err();
    assert_eq!(three.iter().map(|found| found.line).collect::<Vec<_>>(), [4, 9, 15], "{three:?}");
    for lang in [Lang::Zh, Lang::En] {
        let said = three[1].sentence("f.toml", lang);
        assert!(said.starts_with("f.toml") && said.contains('9'), "{said}");
    }
}

#[test]
fn bytes_that_could_not_be_signed_as_they_stand_are_refused() {
    for (text, line) in [
        (GOOD.replacen('\n', "\r\n", 1), 1),
        (format!("\u{feff}{GOOD}"), 1),
        (GOOD.trim_end().to_owned(), 19),
        (GOOD.replacen("an index", "an\u{0}index", 1), 17),
    ] {
        assert_eq!(Document::read(text.as_bytes()).unwrap_err(), [Finding { line, wrong: Wrong::Bytes }]);
    }
    let mut latin = GOOD.as_bytes().to_vec();
    latin[20] = 0xff;
    assert_eq!(Document::read(&latin).unwrap_err(), [Finding { line: 2, wrong: Wrong::Bytes }]);
    let long = format!("# {}\n{GOOD}", "x".repeat(300_000));
    assert_eq!(Document::read(long.as_bytes()).unwrap_err(), [Finding { line: 0, wrong: Wrong::TooLong }]);
}

#[test]
fn hostile_names_are_refused_wherever_they_stand() {
    for name in ["t\\\"; DROP TABLE x; --", "t`", "t'", "pg_class", "dukou_mark", "ｔ", ""] {
        let (_, wrong) = only("table = \"t\"", &format!("table = \"{name}\""));
        assert!(matches!(wrong, Wrong::Part(crate::schema::structure::Wrong::Name { .. })), "{name}: {wrong:?}");
        let (_, wrong) = only("column = \"c\"", &format!("column = \"{name}\""));
        assert!(matches!(wrong, Wrong::Part(crate::schema::structure::Wrong::Name { .. })), "{name}: {wrong:?}");
    }
    let (_, wrong) = only("type = \"text(500)\"", "type = \"text(500)\"\nlabel = \"a\\\\b\"");
    assert_eq!(wrong, Wrong::Part(crate::schema::structure::Wrong::Label));
}

#[test]
fn sql_that_could_leave_its_transaction_or_hide_a_statement_is_refused() {
    let forward = "forward = \"CREATE INDEX i ON t (c)\"";
    for text in [
        "COMMIT",
        "commit and chain",
        "ROLLBACK",
        "END",
        "BEGIN",
        "SET search_path = x",
        "COPY t TO PROGRAM 'x'",
        "PREPARE TRANSACTION 'x'",
        "UPDATE t SET c = 1; COMMIT",
        "UPDATE t SET c = ';'",
        "/* */ COMMIT",
        "UPDATE t SET c = 1 -- ",
        "UPDATE t SET c = 1 /* ",
        "PRAGMA writable_schema = 1",
        "ATTACH 'x' AS y",
        "",
    ] {
        assert_eq!(only(forward, &format!("forward = \"{text}\"")), (15, Wrong::Statement), "{text}");
        let rollback = only("rollback = \"DROP INDEX i\"", &format!("rollback = \"{text}\""));
        assert_eq!(rollback, (15, Wrong::Statement), "{text}");
    }
    for text in ["DELETE FROM t", "SELECT 1; COMMIT", "COMMIT", "SELECT 1 -- ", "VALUES (1)"] {
        assert_eq!(only("check = \"SELECT 1\"", &format!("check = \"{text}\"")), (15, Wrong::Statement), "{text}");
    }
    let hash = |dialect: &str| GOOD.replacen("postgres = ", &format!("{dialect} = "), 1).replacen("(c)", "(c) # ", 1);
    for dialect in ["oracle", "dm", "postgres"] {
        for text in ["(c)\\n# x", "(c) -\\n x", "(c) -"] {
            let document = GOOD.replacen("postgres = ", &format!("{dialect} = "), 1).replacen("(c)", text, 1);
            assert_eq!(Document::read(document.as_bytes()).is_ok(), dialect == "postgres", "{dialect}: {text}");
        }
    }
    assert!(Document::read(hash("postgres").as_bytes()).is_ok() && Document::read(hash("mariadb").as_bytes()).is_err());
}

/// Work that grows with the square of a document takes minutes here.
#[test]
fn documents_as_large_as_may_be_are_read_and_applied_in_seconds() {
    let head =
        "format = 1\nstructure = \"sample\"\nfrom = 1\nto = 2\ntitle = \"t\"\nbasis = \"b\"\nfirst_day = \"2021-08-30\"\n";
    let key = "\n[[change]]\nop = \"add-table\"\ntable = \"w\"\nkey = [\"a\"]\ncolumns = [{ name = \"a\", type = \"text(9)\", null = false }";
    let rows: Vec<String> = (0..22_000).map(|at| format!("{{a=\"{at:x}\"}}")).collect();
    let columns: String = (0..3_000).map(|at| format!(", {{name=\"c{at:04x}\",type=\"date\"}}")).collect();
    let more: String = (0..900)
        .map(|at| format!("[[change]]\nop=\"add-column\"\ntable=\"w\"\ncolumn=\"d{at:04x}\"\ntype=\"date\"\n"))
        .collect();
    let begun = std::time::Instant::now();
    for text in [format!("{head}{key}]\nrows=[{}]\n", rows.join(",")), format!("{head}{key}{columns}]\n{more}")] {
        let document = Document::read(text.as_bytes()).unwrap_or_else(|found| panic!("{found:?}"));
        let next = crate::schema::structure::tests::sample().apply(&document);
        assert!(next.is_ok());
    }
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
}

#[test]
fn random_bytes_never_panic() {
    let mut seed = 0x5eed_u64;
    for _ in 0..2000 {
        let mut bytes = GOOD.as_bytes().to_vec();
        for _ in 0..4 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (seed >> 33) as usize % bytes.len();
            bytes[at] = (seed >> 25) as u8;
        }
        let _ = Document::read(&bytes);
    }
}
