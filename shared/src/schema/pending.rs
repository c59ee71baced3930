//! The pending form: data that does not need a change goes on before the other side has applied it.
//!
//! Given: a document that only adds columns that take NULL and have no default, or widens; rows as they are behind it. Gives: which version the far side needs for them; rows without the
//! added columns, where those are NULL. Never: a value taken away; a version called unneeded where that is not plain.

use super::document::{Document, Operation};
use super::name::same;
use super::structure::Structure;
use super::types::ColumnType;
use crate::connectors::tables::{Name, RowChange, Value};

/// Gives the lowest version that the far side needs for these rows: that before a document while no added column of them has a value, and no value of a widened
/// one is more than the old type takes; else that behind it. `before` is the structure before the document.
pub fn needed<'a>(before: &Structure, document: &Document, rows: impl IntoIterator<Item = &'a RowChange>) -> u32 {
    let meets = |row: &RowChange| document.changes.iter().any(|change| needs(before, &change.operation, row));
    match !document.may_be_pending() || rows.into_iter().any(meets) {
        true => document.to,
        false => document.from,
    }
}

/// Tells whether a row needs an operation.
fn needs(before: &Structure, operation: &Operation, row: &RowChange) -> bool {
    let has = |column: &str, is_more: &dyn Fn(&Value) -> bool| {
        row.key.iter().chain(&row.row).any(|(name, value)| same(name, column) && is_more(value))
    };
    match operation {
        Operation::AddColumn { table, column } => {
            is_called(table, &row.table) && has(&column.name, &|value| *value != Value::Null)
        }
        Operation::Widen { table, column, .. } => {
            let old = before.table(table).and_then(|table| table.columns.iter().find(|known| same(&known.name, column)));
            // A type that is not known takes nothing.
            let is_more = |value: &Value| !old.is_some_and(|old| takes(old.kind, value));
            is_called(table, &row.table) && has(column, &is_more)
        }
        _ => true,
    }
}

/// Takes the columns out of a row that a document adds, where they are NULL.
pub fn leave_out(document: &Document, row: &mut RowChange) {
    let table = row.table.clone();
    let is_added = |name: &str| {
        document.changes.iter().any(|change| match &change.operation {
            Operation::AddColumn { table: of, column } => is_called(of, &table) && same(&column.name, name),
            _ => false,
        })
    };
    let kept: Vec<&Name> = row.row.iter().filter(|(_, value)| *value != Value::Null).map(|(name, _)| name).collect();
    let with_value: Vec<Name> = kept.into_iter().filter(|name| is_added(name)).cloned().collect();
    let goes = |name: &str| is_added(name) && !with_value.iter().any(|kept| kept.as_str() == name);
    row.row.retain(|(name, _)| !goes(name));
    row.changed.retain(|name| !goes(name));
}

/// A structure may name a table without its schema.
fn is_called(table: &str, source: &str) -> bool {
    table == source || source.rsplit_once('.').is_some_and(|(_, bare)| bare == table)
}

/// Tells whether a type plainly takes a value in its portable form; doubt is a no.
fn takes(kind: ColumnType, value: &Value) -> bool {
    let text = match value {
        Value::Null => return true,
        Value::Bytes(_) => return false,
        Value::Text(text) => text,
    };
    match kind {
        ColumnType::Text(None) => true,
        ColumnType::Text(Some(most)) => text.chars().count() <= most as usize,
        ColumnType::Integer(16) => text.parse::<i16>().is_ok(),
        ColumnType::Integer(32) => text.parse::<i32>().is_ok(),
        ColumnType::Integer(_) => text.parse::<i64>().is_ok(),
        ColumnType::Decimal(precision, scale) => takes_decimal((precision, scale), text),
        ColumnType::Time(most) | ColumnType::Timestamp(most) | ColumnType::TimestampTz(most) => {
            let fraction = text.rsplit_once('.').map_or("", |(_, behind)| behind);
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            fraction[..digits].trim_end_matches('0').len() <= usize::from(most)
        }
        _ => false,
    }
}

fn takes_decimal((precision, scale): (u8, u8), text: &str) -> bool {
    let plain = text.strip_prefix('-').unwrap_or(text);
    let (whole, behind) = plain.split_once('.').unwrap_or((plain, ""));
    let are_digits = !whole.is_empty() && whole.bytes().chain(behind.bytes()).all(|byte| byte.is_ascii_digit());
    let (whole, behind) = (whole.trim_start_matches('0').len(), behind.trim_end_matches('0').len());
    are_digits && whole <= usize::from(precision - scale) && behind <= usize::from(scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::tables::Op;

    const STRUCTURE: &str = "format = 1\nstructure = \"sample\"\nversion = 1\ntitle = \"t\"\n\n[[table]]\nname = \"zd\"\nkey = [\"dm\"]\ncolumns = [{ name = \"dm\", type = \"text(3)\", null = false }, \
                             { name = \"mj\", type = \"decimal(5,2)\" }, { name = \"sj\", type = \"timestamp(3)\" }, { name = \"n\", type = \"smallint\" }]\n";

    fn document(changes: &str) -> Document {
        let head = "format = 1\nstructure = \"sample\"\nfrom = 1\nto = 2\ntitle = \"t\"\nbasis = \"b\"\nfirst_day = \"2021-08-30\"\npending = true\n";
        Document::read(format!("{head}{changes}").as_bytes()).unwrap()
    }

    fn add() -> Document {
        document("\n[[change]]\nop = \"add-column\"\ntable = \"zd\"\ncolumn = \"bz\"\ntype = \"text(9)\"\n")
    }

    fn widen(column: &str, to: &str) -> Document {
        document(&format!("\n[[change]]\nop = \"widen\"\ntable = \"zd\"\ncolumn = \"{column}\"\nto = \"{to}\"\n"))
    }

    fn row(table: &str, cells: &[(&str, Option<&str>)]) -> RowChange {
        let value = |value: &Option<&str>| value.map_or(Value::Null, |text| Value::Text(text.to_owned()));
        RowChange {
            table: table.to_owned(),
            op: Op::Update,
            key: vec![("dm".into(), Value::Text("a".to_owned()))],
            row: cells.iter().map(|(name, of)| ((*name).into(), value(of))).collect(),
            changed: cells.iter().map(|(name, _)| (*name).to_owned()).collect(),
            transaction: None,
            goes_on: false,
        }
    }

    fn needs(document: &Document, row: &RowChange) -> bool {
        needed(&Structure::read(STRUCTURE.as_bytes()).unwrap(), document, [row]) == 2
    }

    #[test]
    fn a_value_in_an_added_column_needs_the_next_version_and_null_there_does_not() {
        assert!(needs(&add(), &row("zd", &[("bz", Some("x"))])));
        assert!(needs(&add(), &row("bdc.zd", &[("bz", Some(""))])), "an empty text is a value, and a source names its schema");
        assert!(!needs(&add(), &row("zd", &[("bz", None), ("mj", Some("1"))])));
        assert!(!needs(&add(), &row("fw", &[("bz", Some("x"))])), "another table's column");
        assert_eq!(needed(&Structure::read(STRUCTURE.as_bytes()).unwrap(), &add(), []), 1);
    }

    #[test]
    fn a_value_that_the_old_width_did_not_take_needs_the_next_version() {
        for (column, to, fits, more) in [
            ("dm", "text(9)", "宗地图", "宗地图号"),
            ("mj", "decimal(9,4)", "-999.990", "1000"),
            ("mj", "decimal(9,4)", "0.50", "0.125"),
            ("mj", "decimal(9,4)", "1", "1e2"),
            ("sj", "timestamp(6)", "2026-11-23 08:00:00.120000", "2026-11-23 08:00:00.1234"),
            ("n", "integer", "-32768", "32768"),
        ] {
            let document = widen(column, to);
            assert!(!needs(&document, &row("zd", &[(column, Some(fits))])), "{column} {fits}");
            assert!(needs(&document, &row("zd", &[(column, Some(more))])), "{column} {more}");
            assert!(!needs(&document, &row("zd", &[(column, None)])), "{column}");
        }
        let key = RowChange { key: vec![("dm".into(), Value::Text("abcd".to_owned()))], op: Op::Delete, ..row("zd", &[]) };
        assert!(needs(&widen("dm", "text(9)"), &key), "a key is a value, too");
    }

    #[test]
    fn only_added_columns_that_are_null_are_left_out() {
        let mut change = row("zd", &[("bz", None), ("mj", None)]);
        leave_out(&add(), &mut change);
        assert_eq!((change.row.len(), change.changed), (1, vec!["mj".to_owned()]));
        let mut kept = row("zd", &[("bz", Some("x"))]);
        leave_out(&add(), &mut kept);
        assert_eq!(kept, row("zd", &[("bz", Some("x"))]));
        let mut other = row("fw", &[("bz", None)]);
        leave_out(&add(), &mut other);
        assert_eq!(other, row("fw", &[("bz", None)]));
    }

    #[test]
    fn pending_is_for_documents_that_only_add_nullable_columns_or_widen() {
        let head = "format = 1\nstructure = \"sample\"\nfrom = 1\nto = 2\ntitle = \"t\"\nbasis = \"b\"\nfirst_day = \"2021-08-30\"\npending = true\n";
        for (op, may) in [
            ("op = \"widen\"\ntable = \"zd\"\ncolumn = \"dm\"\nto = \"text(9)\"", true),
            ("op = \"drop-column\"\ntable = \"zd\"\ncolumn = \"mj\"", false),
            ("op = \"add-column\"\ntable = \"zd\"\ncolumn = \"x\"\ntype = \"text(9)\"\ndefault = \"a\"", false),
            ("op = \"add-column\"\ntable = \"zd\"\ncolumn = \"x\"\ntype = \"text(9)\"\nnull = false\ndefault = \"a\"", false),
        ] {
            let read = Document::read(format!("{head}\n[[change]]\n{op}\n").as_bytes());
            assert_eq!(read.is_ok_and(|document| document.pending), may, "{op}");
        }
    }
}
