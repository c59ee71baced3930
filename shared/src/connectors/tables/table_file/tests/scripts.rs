//! Scripts for Oracle and 达梦, which cannot be run here: their text is held.

use super::*;
use crate::connectors::tables::{Mark, RowPacket, TableFault, TableSink};
use dukou_packets::suite::Digest;
use std::collections::BTreeMap;
use std::sync::Arc;

const ORACLE: &str = "BDC.ZD\tBSM\tNUMBER\t22\t\t\t10\t0\tN\t1
BDC.ZD\tMC\tVARCHAR2\t4000\t4000\tB\t\t\tY\t
BDC.ZD\tBZ\tNVARCHAR2\t4000\t2000\tC\t\t\tY\t
BDC.ZD\tSM\tCLOB\t4000\t\t\t\t\tY\t
BDC.ZD\tTX\tBLOB\t4000\t\t\t\t\tY\t
BDC.ZD\tHASH\tRAW\t32\t\t\t\t\tY\t
BDC.ZD\tRQ\tDATE\t7\t\t\t\t\tY\t
BDC.ZD\tSJ\tTIMESTAMP(6)\t11\t\t\t\t6\tY\t
BDC.ZD\tSK\tTIMESTAMP(6) WITH TIME ZONE\t13\t\t\t\t6\tY\t
BDC.ZD\tMJ\tBINARY_DOUBLE\t8\t\t\t\t\tY\t
";

fn row(columns: &[(&str, Value)]) -> RowChange {
    let key = cells(&[("BSM", text(7))]);
    let mut row = key.clone();
    row.extend(cells(columns));
    RowChange { table: "zd".into(), op: Op::Insert, key, row, changed: vec![], transaction: None, goes_on: false }
}

fn script(dialect: Dialect, change: RowChange) -> Result<String, TableFault> {
    let (files, folder) = folder();
    let columns = if dialect == Dialect::Oracle {
        ORACLE.to_string()
    } else {
        ORACLE.replace("VARCHAR2", "VARCHAR").replace("NUMBER", "DECIMAL").replace("RAW", "VARBINARY")
    };
    let name = if dialect == Dialect::Oracle { "oracle" } else { "dm" };
    files.put(folder.join("columns.tsv"), format!("# {name} UTF-8\n{columns}"));
    let renamed = BTreeMap::from([("zd".to_string(), "BDC.ZD".to_string())]);
    let mut sink = TableFileSink::new(Arc::new(files.clone()), folder, renamed);
    let mark = Mark { epoch: "2-00ff00ff00ff00ff".parse().unwrap(), seq: 9, header: Digest::from_bytes([9; 32]) };
    sink.apply(&"units".parse().unwrap(), &RowPacket { mark, changes: vec![change] })?;
    Ok(String::from_utf8(files.get(folder.join("000001.sql")).unwrap()).unwrap())
}

#[test]
fn a_script_for_oracle_reads_so() {
    let change = row(&[
        ("MC", text("张三's \"A&B\"\n")),
        ("TX", Value::Bytes(vec![0, 255])),
        ("RQ", text("1988-07-01")),
        ("SK", text("1900-01-01 00:00:00+08:05:43")),
    ]);
    let zero = "0".repeat(64);
    let header = "09".repeat(32);
    let expected = format!(
        r#"-- dukou script 000001, channel units, epoch 2-00ff00ff00ff00ff, packet 9
WHENEVER SQLERROR EXIT FAILURE ROLLBACK
WHENEVER OSERROR EXIT FAILURE ROLLBACK
SET DEFINE OFF
SET SQLBLANKLINES ON
SET AUTOCOMMIT OFF
SET FEEDBACK OFF
INSERT INTO dukou_mark (channel, epoch, seq, header, applied_at)
SELECT 'units', '0', 0, '{zero}', CURRENT_TIMESTAMP FROM dual
WHERE NOT EXISTS (SELECT 1 FROM dukou_mark WHERE channel = 'units');
DECLARE
  n NUMBER;
BEGIN
  SELECT seq INTO n FROM dukou_mark WHERE channel = 'units' FOR UPDATE;
  SELECT COUNT(*) INTO n FROM dukou_mark
  WHERE (channel = 'units' AND header = '{zero}')
    OR (channel = 'units' AND epoch = '2-00ff00ff00ff00ff' AND seq >= 9);
  IF n = 0 THEN
    RAISE_APPLICATION_ERROR(-20001, 'dukou: script 000001 is out of turn');
  END IF;
END;
/
MERGE INTO "BDC"."ZD" t
USING (SELECT 7 AS "BSM",
TO_CHAR(UNISTR('\5F20\4E09''s "A\0026B"\000A')) AS "MC",
TO_BLOB(HEXTORAW('00FF')) AS "TX",
TO_DATE('1988-07-01 00:00:00', 'SYYYY-MM-DD HH24:MI:SS') AS "RQ",
TO_TIMESTAMP_TZ('1899-12-31 15:54:17.0 +00:00', 'SYYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM') AS "SK"
FROM dual WHERE EXISTS (SELECT 1 FROM dukou_mark WHERE (channel = 'units' AND header = '{zero}'))) s
ON (t."BSM" = s."BSM")
WHEN MATCHED THEN UPDATE SET t."MC" = s."MC",
t."TX" = s."TX",
t."RQ" = s."RQ",
t."SK" = s."SK"
WHEN NOT MATCHED THEN INSERT (t."BSM", t."MC", t."TX", t."RQ", t."SK")
VALUES (s."BSM", s."MC", s."TX", s."RQ", s."SK");
UPDATE dukou_mark SET epoch = '2-00ff00ff00ff00ff', seq = 9, header = '{header}', applied_at = CURRENT_TIMESTAMP
WHERE (channel = 'units' AND header = '{zero}');
COMMIT;
EXIT
"#
    );
    assert_eq!(script(Dialect::Oracle, change).unwrap(), expected);
}

#[test]
fn a_script_for_dm_writes_characters_as_they_are_and_what_means_something_by_number() {
    let change = row(&[
        ("MC", text("张三's A&B\\\n𬭚")),
        ("RQ", text("1988-07-01")),
        ("SJ", text("1988-07-01 12:00:00.5")),
        ("MJ", text("1.5")),
    ]);
    let sql = script(Dialect::Dm, change).unwrap();
    for wanted in [
        r#"'张三''s A'||CHR(38)||'B'||CHR(92)||CHR(10)||'𬭚' AS "MC""#,
        "CAST('1988-07-01' AS DATE) AS \"RQ\"",
        "CAST('1988-07-01 12:00:00.5' AS TIMESTAMP) AS \"SJ\"",
        "1.5 AS \"MJ\"",
        "WHENEVER SQLERROR EXIT FAILURE ROLLBACK;\n",
    ] {
        assert!(sql.contains(wanted), "{wanted} in {sql}");
    }
}

#[test]
fn whatever_a_value_holds_no_line_of_a_script_is_too_long_or_means_something_else() {
    let long: String = TRAPS.concat().repeat(200);
    let values = [
        ("MC", text(TRAPS.concat().repeat(3))),
        ("BZ", text(TRAPS.concat())),
        ("SM", text(&long)),
        ("TX", Value::Bytes(vec![0xab; 100_000])),
        ("HASH", Value::Bytes(vec![1; 32])),
    ];
    for dialect in [Dialect::Oracle, Dialect::Dm] {
        let sql = script(dialect, row(&values)).unwrap();
        for line in sql.lines() {
            assert!(
                line.len() < 2400 && !line.is_empty() && !line.ends_with('-') && !line.starts_with(['#', '@', '.', ';']),
                "{line}"
            );
            assert!(line == "/" || !line.starts_with('/'), "{line}");
            assert!(line.chars().filter(|letter| *letter == '\'').count() % 2 == 0, "a literal goes over the line: {line}");
            assert!(!line.chars().any(char::is_control) && (dialect == Dialect::Dm || line.is_ascii()), "{line}");
        }
        assert!(!sql.replace("&1", "").contains('&'));
        assert!(sql.contains("EMPTY_CLOB() AS \"SM\"") && sql.contains("EMPTY_BLOB() AS \"TX\""));
        let blocks = sql.lines().filter(|line| *line == "/").count();
        assert_eq!(blocks, sql.lines().filter(|line| *line == "DECLARE").count());
        assert_eq!(sql.lines().filter(|line| line.contains("DBMS_LOB.WRITEAPPEND(o, 200, HEXTORAW('")).count(), 500);
        assert!(
            sql.lines()
                .filter(
                    |line| line.starts_with("  SELECT COUNT(*) INTO n FROM dukou_mark WHERE (channel = 'units' AND header = '")
                )
                .count()
                >= 3
        );
    }
}

#[test]
fn the_pieces_of_a_long_text_are_all_of_it() {
    let long: String = "𬭚张a".repeat(900);
    let sql = script(Dialect::Oracle, row(&[("SM", text(&long))])).unwrap();
    let mut units = Vec::new();
    for line in sql.lines().filter_map(|line| line.strip_prefix("  DBMS_LOB.APPEND(o, TO_CLOB(TO_CHAR(UNISTR('")) {
        let mut rest = line.strip_suffix("'))));").or_else(|| line.strip_suffix("')));")).unwrap_or(line);
        while let Some(letter) = rest.chars().next() {
            match rest.strip_prefix('\\') {
                Some(hex) => {
                    units.push(u16::from_str_radix(&hex[..4], 16).unwrap());
                    rest = &hex[4..];
                }
                None if letter == '\'' => break,
                None => {
                    units.push(letter as u16);
                    rest = &rest[1..];
                }
            }
        }
    }
    assert_eq!(String::from_utf16(&units).unwrap(), long);
}

#[test]
fn oracle_is_never_given_empty_text_since_it_would_make_it_null() {
    match script(Dialect::Oracle, row(&[("MC", text(""))])) {
        Err(TableFault::Row { code, column, .. }) => assert_eq!((code, column.as_deref()), ("empty-text", Some("MC"))),
        other => panic!("{other:?}"),
    }
    assert!(script(Dialect::Oracle, row(&[("TX", Value::Bytes(vec![]))])).unwrap().contains("EMPTY_BLOB() AS \"TX\""));
    assert!(script(Dialect::Dm, row(&[("MC", text(""))])).unwrap().contains("'' AS \"MC\""));
}
