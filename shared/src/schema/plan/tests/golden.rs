//! The worked example of deploy/schema, word for word in each dialect.

use super::super::*;
use std::path::{Path, PathBuf};

/// The documents of the worked example, in order.
pub(super) const EXAMPLE: [&str; 3] = ["2-columns", "3-dictionaries", "4-names"];

/// A file of the worked example.
pub(super) fn example(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/schema").join(format!("{name}.toml"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The structures of the worked example with the document that leads to the next one.
pub(super) fn versions() -> (Vec<Structure>, Vec<Document>) {
    let mut structures = vec![Structure::read(&example("structure")).unwrap()];
    let mut documents = Vec::new();
    for name in EXAMPLE {
        let document = Document::read(&example(name)).unwrap_or_else(|found| panic!("{name}: {found:?}"));
        let next = structures.last().unwrap().apply(&document).unwrap_or_else(|unfit| panic!("{name}: {unfit}"));
        assert!(document.inferred.is_some(), "{name} says that it is inferred");
        structures.push(next);
        documents.push(document);
    }
    (structures, documents)
}

fn golden(name: &str, dialect: Dialect) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/schema/plan/golden").join(format!("{name}.{dialect}.sql"))
}

/// With `DUKOU_GOLDEN=write` the files are written instead; look at what changed before it is committed.
#[test]
fn the_ddl_of_all_five_dialects_is_held_word_for_word() {
    let (structures, documents) = versions();
    for ((structure, document), name) in structures.iter().zip(&documents).zip(EXAMPLE) {
        for dialect in DIALECTS {
            let plan = Plan::of(structure, document, dialect).unwrap_or_else(|fault| panic!("{name} {dialect}: {fault}"));
            let (script, path) = (plan.script(), golden(name, dialect));
            if std::env::var("DUKOU_GOLDEN").is_ok_and(|how| how == "write") {
                std::fs::write(&path, &script).unwrap();
            }
            let held = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let wrong = script.lines().zip(held.lines()).enumerate().find(|(_, (now, then))| now != then);
            assert!(script == held, "{}: {wrong:?}", path.display());
        }
    }
}

#[test]
fn the_widths_of_the_upgrade_are_those_that_were_found() {
    let (structures, _) = versions();
    let last = structures.last().unwrap();
    for (table, column, oracle) in [
        ("bdc_qlr", "qlrtz", "NUMBER(2)"),
        ("bdc_fdcq", "ytmc", "VARCHAR2(500 CHAR)"),
        ("bdc_fdcq", "pzyt", "NUMBER(6)"),
        ("bdc_dyaq", "zgzqe", "NUMBER(15,4)"),
        ("bdc_dyaq", "dbfw", "VARCHAR2(4000 CHAR)"),
        ("bdc_lq", "sllb", "VARCHAR2(100 CHAR)"),
        ("bdc_tdcbnydsyq", "ydyhfl", "VARCHAR2(10 CHAR)"),
        ("bdc_hysyq", "hyglh", "VARCHAR2(200 CHAR)"),
        ("bdc_jtcy", "sfgyr", "NUMBER(1)"),
        ("bdc_gzdj", "gznr", "VARCHAR2(4000 CHAR)"),
        ("bdc_jr_shijjl", "xyxx", "VARCHAR2(2000 CHAR)"),
        ("bdc_qlr", "gyqk", "VARCHAR2(1000 CHAR)"),
    ] {
        let table = last.table(table).unwrap();
        let column = table.column(column).unwrap();
        assert_eq!(Dialect::Oracle.catalog_type(table, column).unwrap(), oracle, "{}.{}", table.name, column.name);
    }
}

#[test]
fn no_line_that_is_run_is_too_long_for_sqlplus() {
    let (structures, documents) = versions();
    for (structure, document) in structures.iter().zip(&documents) {
        for dialect in [Dialect::Oracle, Dialect::Dm] {
            let script = Plan::of(structure, document, dialect).unwrap().script();
            for line in script.lines().filter(|line| !line.starts_with("--")) {
                assert!(line.len() <= 2400 && !line.ends_with('-') && !line.starts_with(['#', '@']), "{line}");
            }
        }
    }
}
