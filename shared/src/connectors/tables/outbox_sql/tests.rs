use super::*;
use crate::connectors::tables::declared::read_columns;
use crate::connectors::tables::values::Charset;

const ORACLE: &str = "BDC.ZD\tBSM\tNUMBER\t22\t0\t\t10\t0\tN\t1
BDC.ZD\tZDMJ\tNUMBER\t22\t0\t\t38\t16\tY\t
BDC.ZD\tQLRMC\tVARCHAR2\t200\t100\tC\t\t\tY\t
BDC.ZD\t备注\tNVARCHAR2\t200\t100\tC\t\t\tY\t
BDC.ZD\tSM\tCLOB\t4000\t0\t\t\t\tY\t
BDC.ZD\tTX\tBLOB\t4000\t0\t\t\t\tY\t
BDC.ZD\tDJSJ\tDATE\t7\t0\t\t\t\tN\t
BDC.ZD\tGXSJ\tTIMESTAMP(6) WITH TIME ZONE\t13\t0\t\t\t6\tY\t
BDC.H\tBDCDYH\tCHAR\t28\t28\tB\t\t\tN\t1
BDC.H\tXH\tNUMBER\t22\t0\t\t\t0\tN\t2
";

const DM: &str = "BDC.ZD\tBSM\tBIGINT\t8\t\t\t19\t0\tN\t1
BDC.ZD\tQLRMC\tVARCHAR\t200\t\t\t200\t0\tY\t
BDC.ZD\tSM\tTEXT\t2147483647\t\t\t\t\tY\t
BDC.ZD\tHASH\tVARBINARY\t32\t\t\t\t\tY\t
BDC.ZD\tDJRQ\tDATE\t3\t\t\t\t\tY\t
BDC.ZD\tDJSK\tTIME\t5\t\t\t\t0\tY\t
BDC.ZD\tGXSJ\tTIMESTAMP\t8\t\t\t\t6\tY\t
";

fn tables(dialect: Dialect) -> Vec<DeclaredTable> {
    let text = if dialect == Dialect::Oracle { ORACLE } else { DM };
    read_columns(text, dialect, Charset::Utf8).unwrap()
}

/// Everything that is printed for a channel, script by script.
fn printed(dialect: Dialect) -> String {
    let channel: ChannelName = "cadastre-units".parse().unwrap();
    let tables = tables(dialect);
    let names: Vec<TableName> = tables.iter().map(|table| table.name.clone()).collect();
    let scripts = [
        ("columns.sql", columns_query(dialect, &names)),
        ("install.sql", install_sql(dialect, &channel, &tables).unwrap()),
        ("extract.sql", extract_sql(dialect, &channel)),
        ("forget.sql", forget_sql(dialect, &channel)),
        ("uninstall.sql", uninstall_sql(dialect, &channel, &tables)),
    ];
    scripts.map(|(name, sql)| format!("-- {name}\n{sql}")).concat()
}

#[test]
fn what_is_printed_for_oracle_and_dm_is_what_was_read_against_their_manuals() {
    for (dialect, golden) in
        [(Dialect::Oracle, include_str!("golden/oracle.sql")), (Dialect::Dm, include_str!("golden/dm.sql"))]
    {
        let printed = printed(dialect);
        if printed != golden {
            let wrong = printed.lines().zip(golden.lines()).find(|(now, then)| now != then);
            panic!("{dialect:?} is printed otherwise: {wrong:?}; all of it:\n{printed}");
        }
    }
}

#[test]
fn no_line_is_too_long_for_sqlplus_and_none_is_empty_or_a_command() {
    for dialect in [Dialect::Oracle, Dialect::Dm] {
        for line in printed(dialect).lines() {
            assert!(
                line.len() <= 2400 && !line.trim().is_empty() && !line.ends_with('-') && !line.starts_with(['#', '@']),
                "{line}"
            );
            assert!(!line.contains('{') || line.contains('\''), "a place was not filled: {line}");
        }
    }
}

#[test]
fn every_begin_of_a_block_ends_and_every_block_is_run() {
    for dialect in [Dialect::Oracle, Dialect::Dm] {
        let printed = printed(dialect);
        let count = |wanted: &str| printed.lines().filter(|line| line.trim() == wanted).count();
        let ends = count("END;") + count("END dukou_json;");
        assert_eq!(count("BEGIN") + 2, ends, "package and body end without a BEGIN");
        assert_eq!(count("END LOOP;"), printed.lines().filter(|line| line.trim_end().ends_with(" LOOP")).count());
        assert_eq!(
            count("END IF;"),
            printed.lines().filter(|line| line.trim_start().starts_with("IF ") && line.ends_with(" THEN")).count()
        );
        let blocks = printed.lines().filter(|line| line.starts_with("CREATE OR REPLACE")).count() + count("DECLARE")
            - tables(dialect).len();
        assert_eq!(count("/"), blocks);
    }
}

#[test]
fn columns_whose_text_the_database_does_not_give_exactly_are_refused() {
    let channel: ChannelName = "units".parse().unwrap();
    for (dialect, type_name) in
        [(Dialect::Oracle, "BINARY_DOUBLE"), (Dialect::Dm, "DOUBLE"), (Dialect::Dm, "TIMESTAMP WITH TIME ZONE")]
    {
        let text = format!("BDC.ZD\tBSM\tNUMBER\t22\t\t\t10\t0\tN\t1\nBDC.ZD\tC\t{type_name}\t8\t\t\t\t\tY\t");
        let tables = read_columns(&text, dialect, Charset::Utf8).unwrap();
        let problem = Problem::Type(type_name.into());
        assert_eq!(
            install_sql(dialect, &channel, &tables),
            Err(TableFault::Unfit { table: "BDC.ZD".into(), column: Some("C".into()), problem })
        );
    }
}

#[test]
fn names_with_quotation_marks_stay_names() {
    let text = "BDC.Z'D\"\tB'S\"M\tNUMBER\t22\t\t\t10\t0\tN\t1";
    let tables = read_columns(text, Dialect::Oracle, Charset::Utf8).unwrap();
    let sql = install_sql(Dialect::Oracle, &"units".parse().unwrap(), &tables).unwrap();
    assert!(sql.contains(r#"ON "BDC"."Z'D""""#), "{sql}");
    assert!(sql.contains(r#":NEW."B'S""M""#));
    assert!(sql.contains(r#"'{"table":"BDC.Z''D\"","op":"'"#));
    assert!(columns_query(Dialect::Oracle, &["BDC.Z'D".to_string()]).contains("('BDC', 'Z''D')"));
}
