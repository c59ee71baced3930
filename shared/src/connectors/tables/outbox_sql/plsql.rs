//! The fixed parts of what is printed, in PL/SQL as Oracle and 达梦 both read it, and where they differ.
//!
//! Lines end with a slash of their own behind each block; no line is longer than 2,400 bytes. Long JSON goes through CLOBs piece by piece.

use super::PLACE;
use crate::connectors::tables::declared::Dialect;

/// The query for the list of columns; one text a line, so that no setting of a column's width has a say.
pub(super) const COLUMNS_QUERY: &str =
    "SELECT c.owner || '.' || c.table_name || CHR(9) || c.column_name || CHR(9) || c.data_type || CHR(9)
  || c.data_length || CHR(9) || {chars} || CHR(9)
  || NVL(TO_CHAR(c.data_precision), '') || CHR(9) || NVL(TO_CHAR(c.data_scale), '') || CHR(9)
  || c.nullable || CHR(9) || NVL(TO_CHAR(k.position), '')
FROM all_tab_columns c
LEFT JOIN (
  SELECT x.owner, x.table_name, x.column_name, x.position
  FROM all_constraints p
  JOIN all_cons_columns x ON x.owner = p.owner AND x.constraint_name = p.constraint_name
  WHERE p.constraint_type = 'P'
) k ON k.owner = c.owner AND k.table_name = c.table_name AND k.column_name = c.column_name
WHERE (c.owner, c.table_name) IN ({tables})
ORDER BY c.owner, c.table_name, c.column_id;
";

/// Gives the settings under which a client writes what a query gives and nothing else.
pub(super) fn spool_settings(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Oracle => {
            "WHENEVER SQLERROR EXIT FAILURE ROLLBACK\nSET ECHO OFF\nSET VERIFY OFF\nSET FEEDBACK OFF\nSET HEADING OFF\nSET PAGESIZE 0\nSET TRIMSPOOL ON\nSET LINESIZE 32767\nSET TAB OFF\n"
        }
        Dialect::Dm | Dialect::Sqlite => {
            "WHENEVER SQLERROR EXIT FAILURE ROLLBACK;\nSET ECHO OFF;\nSET VERIFY OFF;\nSET FEEDBACK OFF;\nSET HEADING OFF;\nSET PAGESIZE 0;\nSET TIMING OFF;\nSET LINESHOW OFF;\nSET TRIMSPOOL ON;\nSET LINESIZE 32767;\n"
        }
    }
}

/// Gives the settings under which a client makes outbox and triggers: it stops at the first thing that fails.
pub(super) fn install_settings(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Oracle => "WHENEVER SQLERROR EXIT FAILURE ROLLBACK\nSET DEFINE OFF\nSET SQLBLANKLINES ON\n",
        Dialect::Dm | Dialect::Sqlite => "WHENEVER SQLERROR EXIT FAILURE ROLLBACK;\nSET DEFINE OFF;\n",
    }
}

/// Gives the outbox and the sequence of its ids.
pub(super) fn outbox_table(dialect: Dialect, outbox: &str) -> String {
    let (text, number, order) = match dialect {
        Dialect::Oracle => ("VARCHAR2", "NUMBER", " CACHE 1000 ORDER"),
        Dialect::Dm | Dialect::Sqlite => ("VARCHAR", "DECIMAL", ""),
    };
    OUTBOX_TABLE.replace("{outbox}", outbox).replace("{text}", text).replace("{number}", number).replace("{order}", order)
}

const OUTBOX_TABLE: &str = "CREATE TABLE {outbox} (
  id {number}(19) NOT NULL PRIMARY KEY,
  tx {text}(64),
  written_at TIMESTAMP NOT NULL,
  tbl {text}(300) NOT NULL,
  body CLOB NOT NULL,
  extract_no {number}(10)
);
CREATE SEQUENCE {outbox}_id START WITH 1 INCREMENT BY 1{order};
CREATE INDEX {outbox}_no ON {outbox} (extract_no);
";

/// Gives the package that writes JSON.
pub(super) fn package(dialect: Dialect) -> String {
    let oracle = dialect == Dialect::Oracle;
    let choose = |of_oracle: &'static str, of_dm: &'static str| if oracle { of_oracle } else { of_dm };
    format!(
        "{PACKAGE_HEAD}{}{PACKAGE_BODY}{}{}",
        choose(ORACLE_HEAD, DM_HEAD),
        choose(ORACLE_BODY, DM_BODY),
        "END dukou_json;\n/\n"
    )
    .replace("{nocopy}", choose(" NOCOPY", ""))
    .replace("{text}", choose("VARCHAR2", "VARCHAR"))
    .replace("{raw}", choose("RAW", "VARBINARY"))
    .replace("{number}", choose("NUMBER", "DECIMAL"))
    .replace("{printed}", choose("TO_CHAR(v, 'TM9', 'NLS_NUMERIC_CHARACTERS=''.,''')", "TO_CHAR(v)"))
    .replace("{escaped}", choose("REPLACE(ASCIISTR(v), '\\', '\\u')", "REPLACE(v, '\\', '\\\\')"))
    .replace("{transaction}", choose(ORACLE_TRANSACTION, "  RETURN NULL;\n"))
}

const PACKAGE_HEAD: &str = "CREATE OR REPLACE PACKAGE dukou_json AS
  unfit EXCEPTION;
  problem {text}(32);
  FUNCTION tx RETURN {text};
  PROCEDURE put(o IN OUT{nocopy} CLOB, v IN {text});
  PROCEDURE put_text(o IN OUT{nocopy} CLOB, v IN {text});
  PROCEDURE put_clob(o IN OUT{nocopy} CLOB, v IN CLOB);
  PROCEDURE put_raw(o IN OUT{nocopy} CLOB, v IN {raw});
  PROCEDURE put_blob(o IN OUT{nocopy} CLOB, v IN BLOB);
  PROCEDURE put_number(o IN OUT{nocopy} CLOB, v IN {number});
  PROCEDURE put_time(o IN OUT{nocopy} CLOB, v IN TIMESTAMP);
";

const ORACLE_HEAD: &str = "  PROCEDURE put_national(o IN OUT{nocopy} CLOB, v IN NCLOB);
  PROCEDURE put_date(o IN OUT{nocopy} CLOB, v IN DATE);
  PROCEDURE put_instant(o IN OUT{nocopy} CLOB, v IN TIMESTAMP WITH TIME ZONE);
END dukou_json;
/
";

const DM_HEAD: &str = "  PROCEDURE put_day(o IN OUT{nocopy} CLOB, v IN DATE);
  PROCEDURE put_clock(o IN OUT{nocopy} CLOB, v IN TIME);
END dukou_json;
/
";

/// Oracle's number of a transaction, `usn.slot.sequence`, as one number below 2^64.
const ORACLE_TRANSACTION: &str = "  t := DBMS_TRANSACTION.LOCAL_TRANSACTION_ID;
  IF t IS NULL THEN
    RETURN NULL;
  END IF;
  RETURN TO_CHAR(TO_NUMBER(SUBSTR(t, 1, INSTR(t, '.') - 1)) * 281474976710656
    + TO_NUMBER(SUBSTR(t, INSTR(t, '.') + 1, INSTR(t, '.', 1, 2) - INSTR(t, '.') - 1)) * 4294967296
    + TO_NUMBER(SUBSTR(t, INSTR(t, '.', 1, 2) + 1)));
";

const PACKAGE_BODY: &str = r#"CREATE OR REPLACE PACKAGE BODY dukou_json AS
PROCEDURE refuse(code IN {text}) IS
BEGIN
  problem := code;
  RAISE unfit;
END;
FUNCTION tx RETURN {text} IS
  t {text}(64);
BEGIN
{transaction}END;
PROCEDURE put(o IN OUT{nocopy} CLOB, v IN {text}) IS
BEGIN
  IF v IS NOT NULL THEN
    DBMS_LOB.WRITEAPPEND(o, LENGTH(v), v);
  END IF;
END;
FUNCTION escaped(v IN {text}) RETURN {text} IS
  t {text}(32767);
BEGIN
  IF INSTR(v, CHR(0)) > 0 THEN
    refuse('character');
  END IF;
  t := REPLACE({escaped}, '"', '\"');
  FOR c IN 1 .. 31 LOOP
    IF INSTR(t, CHR(c)) > 0 THEN
      t := REPLACE(t, CHR(c), '\u00' || CASE WHEN c < 16 THEN '0' ELSE '1' END || SUBSTR('0123456789abcdef', MOD(c, 16) + 1, 1));
    END IF;
  END LOOP;
  RETURN t;
END;
PROCEDURE put_text(o IN OUT{nocopy} CLOB, v IN {text}) IS
  p INTEGER := 1;
BEGIN
  IF v IS NULL THEN
    put(o, 'null');
    RETURN;
  END IF;
  put(o, '"');
  WHILE p <= LENGTH(v) LOOP
    put(o, escaped(SUBSTR(v, p, 1000)));
    p := p + 1000;
  END LOOP;
  put(o, '"');
END;
PROCEDURE put_clob(o IN OUT{nocopy} CLOB, v IN CLOB) IS
  p INTEGER := 1;
  n INTEGER;
  l INTEGER;
BEGIN
  IF v IS NULL THEN
    put(o, 'null');
    RETURN;
  END IF;
  l := DBMS_LOB.GETLENGTH(v);
  IF l > 16777216 THEN
    refuse('value-too-large');
  END IF;
  put(o, '"');
  WHILE p <= l LOOP
    n := 1000;
    -- Two places that are one character are not cut apart.
    IF p + n <= l AND LENGTH(DBMS_LOB.SUBSTR(v, 2, p + n - 1)) < 2 THEN
      n := n - 1;
    END IF;
    put(o, escaped(DBMS_LOB.SUBSTR(v, n, p)));
    p := p + n;
  END LOOP;
  put(o, '"');
END;
PROCEDURE put_raw(o IN OUT{nocopy} CLOB, v IN {raw}) IS
BEGIN
  IF v IS NULL THEN
    put(o, 'null');
    RETURN;
  END IF;
  put(o, '{"hex":"' || LOWER(RAWTOHEX(v)) || '"}');
END;
PROCEDURE put_blob(o IN OUT{nocopy} CLOB, v IN BLOB) IS
  p INTEGER := 1;
  l INTEGER;
BEGIN
  IF v IS NULL THEN
    put(o, 'null');
    RETURN;
  END IF;
  l := DBMS_LOB.GETLENGTH(v);
  IF l > 16777216 THEN
    refuse('value-too-large');
  END IF;
  put(o, '{"hex":"');
  WHILE p <= l LOOP
    put(o, LOWER(RAWTOHEX(DBMS_LOB.SUBSTR(v, 1000, p))));
    p := p + 1000;
  END LOOP;
  put(o, '"}');
END;
PROCEDURE put_number(o IN OUT{nocopy} CLOB, v IN {number}) IS
  t {text}(200);
BEGIN
  IF v IS NULL THEN
    put(o, 'null');
    RETURN;
  END IF;
  t := {printed};
  IF SUBSTR(t, 1, 1) = '.' THEN
    t := '0' || t;
  ELSIF SUBSTR(t, 1, 2) = '-.' THEN
    t := '-0' || SUBSTR(t, 2);
  END IF;
  IF INSTR(t, 'E') > 0 OR INSTR(t, '~') > 0 THEN
    refuse('number-out-of-range');
  END IF;
  put(o, '"' || t || '"');
END;
PROCEDURE put_time(o IN OUT{nocopy} CLOB, v IN TIMESTAMP) IS
BEGIN
  IF v IS NULL THEN
    put(o, 'null');
    RETURN;
  END IF;
  IF v < TIMESTAMP '0001-01-01 00:00:00' THEN
    refuse('date-out-of-range');
  END IF;
  put(o, '"' || RTRIM(RTRIM(TO_CHAR(v, 'YYYY-MM-DD HH24:MI:SS.FF6'), '0'), '.') || '"');
END;
"#;

const ORACLE_BODY: &str = r#"PROCEDURE put_national(o IN OUT{nocopy} CLOB, v IN NCLOB) IS
  p INTEGER := 1;
  l INTEGER;
  t VARCHAR2(32767);
BEGIN
  IF v IS NULL THEN
    put(o, 'null');
    RETURN;
  END IF;
  l := DBMS_LOB.GETLENGTH(v);
  IF l > 16777216 THEN
    refuse('value-too-large');
  END IF;
  put(o, '"');
  WHILE p <= l LOOP
    -- In ASCII before it becomes text of the database's own character set.
    t := REPLACE(TO_CHAR(ASCIISTR(DBMS_LOB.SUBSTR(v, 1000, p))), '\', '\u');
    t := REPLACE(t, '"', '\"');
    FOR c IN 0 .. 31 LOOP
      IF INSTR(t, CHR(c)) > 0 THEN
        IF c = 0 THEN
          refuse('character');
        END IF;
        t := REPLACE(t, CHR(c), '\u00' || CASE WHEN c < 16 THEN '0' ELSE '1' END || SUBSTR('0123456789abcdef', MOD(c, 16) + 1, 1));
      END IF;
    END LOOP;
    put(o, t);
    p := p + 1000;
  END LOOP;
  put(o, '"');
END;
PROCEDURE put_date(o IN OUT{nocopy} CLOB, v IN DATE) IS
BEGIN
  IF v IS NULL THEN
    put(o, 'null');
    RETURN;
  END IF;
  IF v < DATE '0001-01-01' THEN
    refuse('date-out-of-range');
  END IF;
  put(o, '"' || TO_CHAR(v, 'YYYY-MM-DD HH24:MI:SS') || '"');
END;
PROCEDURE put_instant(o IN OUT{nocopy} CLOB, v IN TIMESTAMP WITH TIME ZONE) IS
  u TIMESTAMP(9);
  w TIMESTAMP(9) WITH TIME ZONE;
BEGIN
  IF v IS NULL THEN
    put(o, 'null');
    RETURN;
  END IF;
  u := SYS_EXTRACT_UTC(v);
  IF u < TIMESTAMP '0001-01-02 00:00:00' OR u >= TIMESTAMP '9999-12-31 00:00:00' THEN
    refuse('date-out-of-range');
  END IF;
  -- Before 1901 Shanghai's offset has seconds, which Oracle does not print: the instant goes at UTC.
  IF u < TIMESTAMP '1901-01-01 00:00:00' THEN
    put(o, '"' || RTRIM(RTRIM(TO_CHAR(u, 'YYYY-MM-DD HH24:MI:SS.FF6'), '0'), '.') || '+00:00"');
  ELSE
    w := v AT TIME ZONE 'Asia/Shanghai';
    put(o, '"' || RTRIM(RTRIM(TO_CHAR(w, 'YYYY-MM-DD HH24:MI:SS.FF6'), '0'), '.') || TO_CHAR(w, 'TZH:TZM') || '"');
  END IF;
END;
"#;

const DM_BODY: &str = r#"PROCEDURE put_day(o IN OUT{nocopy} CLOB, v IN DATE) IS
BEGIN
  IF v IS NULL THEN
    put(o, 'null');
    RETURN;
  END IF;
  IF v < DATE '0001-01-01' THEN
    refuse('date-out-of-range');
  END IF;
  put(o, '"' || TO_CHAR(v, 'YYYY-MM-DD') || '"');
END;
PROCEDURE put_clock(o IN OUT{nocopy} CLOB, v IN TIME) IS
  t VARCHAR(40);
BEGIN
  IF v IS NULL THEN
    put(o, 'null');
    RETURN;
  END IF;
  t := CAST(v AS VARCHAR(40));
  IF INSTR(t, '.') > 0 THEN
    t := RTRIM(RTRIM(t, '0'), '.');
  END IF;
  put(o, '"' || t || '"');
END;
"#;

/// A table's trigger. An update that changes nothing writes nothing; one of the key is a delete and an insert; a row that cannot travel leaves its
/// key and the reason.
pub(super) const TRIGGER: &str = r#"CREATE OR REPLACE TRIGGER {name}
AFTER INSERT OR UPDATE OR DELETE ON {table}
FOR EACH ROW
DECLARE
  o CLOB;
  c VARCHAR(32767);
  t VARCHAR(64);
  e VARCHAR(100) := '}';
  moved BOOLEAN := FALSE;
  fits BOOLEAN := TRUE;
BEGIN
  IF UPDATING THEN
{changed}    IF c IS NULL THEN
      RETURN;
    END IF;
    IF {moved} THEN
      moved := TRUE;
    END IF;
  END IF;
  t := dukou_json.tx;
  IF t IS NOT NULL THEN
    e := ',"tx":"' || t || '"}';
  END IF;
  IF DELETING OR moved THEN
    DBMS_LOB.CREATETEMPORARY(o, TRUE);
    dukou_json.put(o, {begin} || 'delete"');
{old_key}    dukou_json.put(o, e);
    INSERT INTO {outbox} (id, tx, written_at, tbl, body) VALUES ({outbox}_id.NEXTVAL, t, CURRENT_TIMESTAMP, {tbl}, o);
    DBMS_LOB.FREETEMPORARY(o);
  END IF;
  IF DELETING THEN
    RETURN;
  END IF;
  DBMS_LOB.CREATETEMPORARY(o, TRUE);
  BEGIN
    dukou_json.put(o, {begin} || CASE WHEN UPDATING AND NOT moved THEN 'update"' ELSE 'insert"' END);
{new_key}{row}    IF UPDATING AND NOT moved THEN
      dukou_json.put(o, ',"changed":[' || c || ']');
    END IF;
    dukou_json.put(o, e);
  EXCEPTION
    WHEN dukou_json.unfit THEN
      fits := FALSE;
  END;
  IF NOT fits THEN
    DBMS_LOB.TRIM(o, 0);
    dukou_json.put(o, {begin} || 'update"');
{new_key}    dukou_json.put(o, ',"problem":"' || dukou_json.problem || '"' || e);
  END IF;
  INSERT INTO {outbox} (id, tx, written_at, tbl, body) VALUES ({outbox}_id.NEXTVAL, t, CURRENT_TIMESTAMP, {tbl}, o);
  DBMS_LOB.FREETEMPORARY(o);
END;
/
"#;

/// Gives what writes an extract. Rows that are there get its number first; a second run finds them by it.
pub(super) fn extract(dialect: Dialect, outbox: &str) -> String {
    let (order, output) = match dialect {
        Dialect::Oracle => {
            ("MAX(id) OVER (PARTITION BY NVL(tx, 'id ' || id)), id", "SET SERVEROUTPUT ON SIZE UNLIMITED FORMAT WRAPPED\n")
        }
        Dialect::Dm | Dialect::Sqlite => ("id", "SET SERVEROUTPUT ON;\n"),
    };
    let settings = spool_settings(dialect);
    format!("{settings}{output}{}", EXTRACT.replace("{outbox}", outbox).replace("{order}", order))
}

const EXTRACT: &str = r#"UPDATE {outbox} SET extract_no = &1
WHERE extract_no IS NULL AND NOT EXISTS (SELECT 1 FROM {outbox} WHERE extract_no = &1);
COMMIT;
SPOOL &1..jsonl
DECLARE
  n INTEGER := 0;
  p INTEGER;
  l INTEGER;
BEGIN
  FOR r IN (SELECT body FROM {outbox} WHERE extract_no = &1 ORDER BY {order}) LOOP
    p := 1;
    l := DBMS_LOB.GETLENGTH(r.body);
    WHILE p + 1000 <= l LOOP
      DBMS_OUTPUT.PUT_LINE(DBMS_LOB.SUBSTR(r.body, 1000, p) || '\');
      p := p + 1000;
    END LOOP;
    DBMS_OUTPUT.PUT_LINE(DBMS_LOB.SUBSTR(r.body, l - p + 1, p));
    n := n + 1;
  END LOOP;
  DBMS_OUTPUT.PUT_LINE('{"end":' || n || '}');
END;
/
SPOOL OFF
EXIT
"#;

/// Gives what deletes the rows of an extract that was taken.
pub(super) fn forget(dialect: Dialect, outbox: &str) -> String {
    let failure = match dialect {
        Dialect::Oracle => "WHENEVER SQLERROR EXIT FAILURE ROLLBACK\nSET VERIFY OFF\n",
        Dialect::Dm | Dialect::Sqlite => "WHENEVER SQLERROR EXIT FAILURE ROLLBACK;\nSET VERIFY OFF;\n",
    };
    format!("{failure}DELETE FROM {outbox} WHERE extract_no = &1 AND tbl <> '{PLACE}';\nCOMMIT;\nEXIT\n")
}
