use super::*;

fn one(line: &str, dialect: Dialect) -> Result<Kind, TableFault> {
    let key = "BDC.ZD\tBSM\tNUMBER\t22\t\t\t10\t0\tN\t1\n";
    let tables = read_columns(&format!("{key}{line}"), dialect, Charset::Gbk)?;
    Ok(tables[0].columns[1].column.kind.clone())
}

fn line(type_name: &str, bytes: &str, chars: &str, unit: &str, precision: &str, scale: &str) -> String {
    format!("BDC.ZD\tC\t{type_name}\t{bytes}\t{chars}\t{unit}\t{precision}\t{scale}\tY\t")
}

#[test]
fn the_types_of_oracle_and_dm_become_what_they_take() {
    let text = |max, unit, charset| Kind::Text { max, unit, charset };
    let (oracle, dm) = (Dialect::Oracle, Dialect::Dm);
    for (dialect, line, kind) in [
        (oracle, line("VARCHAR2", "100", "100", "B", "", ""), text(Some(100), Unit::Bytes, Charset::Gbk)),
        (oracle, line("VARCHAR2", "200", "100", "C", "", ""), text(Some(100), Unit::Chars, Charset::Gbk)),
        (oracle, line("NVARCHAR2", "200", "100", "C", "", ""), text(Some(100), Unit::Utf16, Charset::Utf8)),
        (oracle, line("CLOB", "4000", "0", "", "", ""), text(None, Unit::Chars, Charset::Gbk)),
        (oracle, line("NUMBER", "22", "0", "", "38", "16"), Kind::Numeric { precision: Some(38), scale: 16 }),
        (oracle, line("NUMBER", "22", "0", "", "", ""), Kind::Numeric { precision: None, scale: 0 }),
        (oracle, line("NUMBER", "22", "0", "", "", "0"), Kind::Numeric { precision: Some(38), scale: 0 }),
        (oracle, line("DATE", "7", "0", "", "", ""), Kind::Timestamp { fraction: 0 }),
        (oracle, line("TIMESTAMP(3)", "11", "0", "", "", "3"), Kind::Timestamp { fraction: 3 }),
        (oracle, line("TIMESTAMP(6) WITH TIME ZONE", "13", "0", "", "", "6"), Kind::TimestampTz { fraction: 6 }),
        (oracle, line("RAW", "16", "0", "", "", ""), Kind::Bytes { max: Some(16) }),
        (oracle, line("BLOB", "4000", "0", "", "", ""), Kind::Bytes { max: None }),
        (oracle, line("FLOAT", "22", "0", "", "126", ""), Kind::Numeric { precision: None, scale: 0 }),
        (oracle, line("BINARY_DOUBLE", "8", "0", "", "", ""), Kind::Float { bits: 64 }),
        (dm, line("VARCHAR", "50", "", "", "50", "0"), text(Some(50), Unit::Bytes, Charset::Gbk)),
        (dm, line("DATE", "3", "", "", "", ""), Kind::Date),
        (dm, line("TIME", "5", "", "", "", "0"), Kind::Time { fraction: 0 }),
        (dm, line("TIMESTAMP", "8", "", "", "", "6"), Kind::Timestamp { fraction: 6 }),
        (dm, line("BIGINT", "8", "", "", "19", "0"), Kind::Integer { bits: 64, unsigned: false }),
        (dm, line("BIT", "1", "", "", "", ""), Kind::Integer { bits: 1, unsigned: true }),
        (dm, line("DOUBLE", "8", "", "", "", ""), Kind::Float { bits: 64 }),
        (dm, line("TEXT", "2147483647", "", "", "", ""), text(None, Unit::Chars, Charset::Gbk)),
    ] {
        assert_eq!(one(&line, dialect), Ok(kind), "{line}");
    }
}

#[test]
fn what_cannot_travel_and_what_cannot_be_read_is_named() {
    let unfit = |problem| Err(TableFault::Unfit { table: "BDC.ZD".into(), column: Some("C".into()), problem });
    for (dialect, name) in [
        (Dialect::Oracle, "SDO_GEOMETRY"),
        (Dialect::Oracle, "LONG"),
        (Dialect::Oracle, "INTERVAL DAY(2) TO SECOND(6)"),
        (Dialect::Dm, "ROWID"),
    ] {
        assert_eq!(one(&line(name, "1", "", "", "", ""), dialect), unfit(Problem::Type(name.into())));
    }
    for bad in [
        "BDC.ZD",
        "BDC.ZD\tC\tDATE",
        "BDC.ZD\t\tDATE\t\t\t\t\t\tY\t",
        "BDC.ZD\tC\tDATE\tx\t\t\t\t\tY\t",
        "BDC.ZD\tBSM\tDATE\t\t\t\t\t\tY\t",
    ] {
        let fault = one(bad, Dialect::Oracle).unwrap_err();
        assert!(matches!(&fault, TableFault::Denied { words, .. } if words.contains("line 2")), "{bad}: {fault:?}");
    }
    let no_key = read_columns("BDC.H\tBDCDYH\tDATE\t7\t\t\t\t\tN\t", Dialect::Oracle, Charset::Utf8);
    assert_eq!(no_key, Err(TableFault::Unfit { table: "BDC.H".into(), column: None, problem: Problem::NoKey }));
}

#[test]
fn a_list_as_it_is_spooled_is_read_and_columns_are_found_whatever_their_case() {
    let text = "\u{feff}BDC.ZD\tBSM\tNUMBER\t22\t0\t\t10\t0\tN\t1\r\n\r\nBDC.ZD\tBZ\tDATE\t7\t0\t\t\t\tY   \nBDC.H\tBSM\tNUMBER\t22\t0\t\t10\t0\tN\t1\n";
    let tables = read_columns(text, Dialect::Oracle, Charset::Utf8).unwrap();
    let shape: Vec<_> = tables.iter().map(|table| (table.name.as_str(), table.columns.len(), table.key().count())).collect();
    assert_eq!(shape, [("BDC.ZD", 2, 1), ("BDC.H", 1, 1)]);
    assert_eq!(tables[0].column("bz").map(|declared| declared.column.name.as_str()), Some("BZ"));
    assert_eq!(tables[0].column("b"), None);
}

#[test]
fn the_first_line_names_dialect_and_character_set() {
    let columns = "BDC.ZD\tBSM\tNUMBER\t22\t0\t\t10\t0\tN\t1";
    let declared = Declared::read(&format!("\u{feff}# dm gbk\r\n{columns}\r\n")).unwrap();
    assert_eq!((declared.dialect, declared.tables.len()), (Dialect::Dm, 1));
    for first in ["", "# oracle", "oracle UTF-8", "# mysql UTF-8", "# oracle latin1", "# oracle GBK x", columns] {
        let fault = Declared::read(&format!("{first}\n{columns}")).unwrap_err();
        assert!(matches!(&fault, TableFault::Denied { words, .. } if words.contains("# oracle GBK")), "{first}: {fault:?}");
    }
    let fault = Declared::read(&format!("# oracle UTF-8\n{columns}\nBDC.ZD")).unwrap_err();
    assert!(matches!(&fault, TableFault::Denied { words, .. } if words.contains("line 3")), "{fault:?}");
}
