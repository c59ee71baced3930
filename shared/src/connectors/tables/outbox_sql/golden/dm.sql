-- columns.sql
WHENEVER SQLERROR EXIT FAILURE ROLLBACK;
SET ECHO OFF;
SET VERIFY OFF;
SET FEEDBACK OFF;
SET HEADING OFF;
SET PAGESIZE 0;
SET TIMING OFF;
SET LINESHOW OFF;
SET TRIMSPOOL ON;
SET LINESIZE 32767;
SELECT c.owner || '.' || c.table_name || CHR(9) || c.column_name || CHR(9) || c.data_type || CHR(9)
  || c.data_length || CHR(9) || CHR(9) || CHR(9)
  || NVL(TO_CHAR(c.data_precision), '') || CHR(9) || NVL(TO_CHAR(c.data_scale), '') || CHR(9)
  || c.nullable || CHR(9) || NVL(TO_CHAR(k.position), '')
FROM all_tab_columns c
LEFT JOIN (
  SELECT x.owner, x.table_name, x.column_name, x.position
  FROM all_constraints p
  JOIN all_cons_columns x ON x.owner = p.owner AND x.constraint_name = p.constraint_name
  WHERE p.constraint_type = 'P'
) k ON k.owner = c.owner AND k.table_name = c.table_name AND k.column_name = c.column_name
WHERE (c.owner, c.table_name) IN (('BDC', 'ZD'))
ORDER BY c.owner, c.table_name, c.column_id;
-- install.sql
WHENEVER SQLERROR EXIT FAILURE ROLLBACK;
SET DEFINE OFF;
CREATE TABLE dukou_outbox_cadastre_units (
  id DECIMAL(19) NOT NULL PRIMARY KEY,
  tx VARCHAR(64),
  written_at TIMESTAMP NOT NULL,
  tbl VARCHAR(300) NOT NULL,
  body CLOB NOT NULL,
  extract_no DECIMAL(10)
);
CREATE SEQUENCE dukou_outbox_cadastre_units_id START WITH 1 INCREMENT BY 1;
CREATE INDEX dukou_outbox_cadastre_units_no ON dukou_outbox_cadastre_units (extract_no);
CREATE OR REPLACE PACKAGE dukou_json AS
  unfit EXCEPTION;
  problem VARCHAR(32);
  FUNCTION tx RETURN VARCHAR;
  PROCEDURE put(o IN OUT CLOB, v IN VARCHAR);
  PROCEDURE put_text(o IN OUT CLOB, v IN VARCHAR);
  PROCEDURE put_clob(o IN OUT CLOB, v IN CLOB);
  PROCEDURE put_raw(o IN OUT CLOB, v IN VARBINARY);
  PROCEDURE put_blob(o IN OUT CLOB, v IN BLOB);
  PROCEDURE put_number(o IN OUT CLOB, v IN DECIMAL);
  PROCEDURE put_time(o IN OUT CLOB, v IN TIMESTAMP);
  PROCEDURE put_day(o IN OUT CLOB, v IN DATE);
  PROCEDURE put_clock(o IN OUT CLOB, v IN TIME);
END dukou_json;
/
CREATE OR REPLACE PACKAGE BODY dukou_json AS
PROCEDURE refuse(code IN VARCHAR) IS
BEGIN
  problem := code;
  RAISE unfit;
END;
FUNCTION tx RETURN VARCHAR IS
  t VARCHAR(64);
BEGIN
  RETURN NULL;
END;
PROCEDURE put(o IN OUT CLOB, v IN VARCHAR) IS
BEGIN
  IF v IS NOT NULL THEN
    DBMS_LOB.WRITEAPPEND(o, LENGTH(v), v);
  END IF;
END;
FUNCTION escaped(v IN VARCHAR) RETURN VARCHAR IS
  t VARCHAR(32767);
BEGIN
  IF INSTR(v, CHR(0)) > 0 THEN
    refuse('character');
  END IF;
  t := REPLACE(REPLACE(v, '\', '\\'), '"', '\"');
  FOR c IN 1 .. 31 LOOP
    IF INSTR(t, CHR(c)) > 0 THEN
      t := REPLACE(t, CHR(c), '\u00' || CASE WHEN c < 16 THEN '0' ELSE '1' END || SUBSTR('0123456789abcdef', MOD(c, 16) + 1, 1));
    END IF;
  END LOOP;
  RETURN t;
END;
PROCEDURE put_text(o IN OUT CLOB, v IN VARCHAR) IS
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
PROCEDURE put_clob(o IN OUT CLOB, v IN CLOB) IS
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
PROCEDURE put_raw(o IN OUT CLOB, v IN VARBINARY) IS
BEGIN
  IF v IS NULL THEN
    put(o, 'null');
    RETURN;
  END IF;
  put(o, '{"hex":"' || LOWER(RAWTOHEX(v)) || '"}');
END;
PROCEDURE put_blob(o IN OUT CLOB, v IN BLOB) IS
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
PROCEDURE put_number(o IN OUT CLOB, v IN DECIMAL) IS
  t VARCHAR(200);
BEGIN
  IF v IS NULL THEN
    put(o, 'null');
    RETURN;
  END IF;
  t := TO_CHAR(v);
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
PROCEDURE put_time(o IN OUT CLOB, v IN TIMESTAMP) IS
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
PROCEDURE put_day(o IN OUT CLOB, v IN DATE) IS
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
PROCEDURE put_clock(o IN OUT CLOB, v IN TIME) IS
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
END dukou_json;
/
CREATE OR REPLACE TRIGGER dukou_outbox_cadastre_units_1
AFTER INSERT OR UPDATE OR DELETE ON "BDC"."ZD"
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
    IF (:OLD."BSM" IS NULL AND :NEW."BSM" IS NOT NULL) OR (:OLD."BSM" IS NOT NULL AND :NEW."BSM" IS NULL) OR :OLD."BSM" <> :NEW."BSM" THEN
      c := CASE WHEN c IS NULL THEN '"BSM"' ELSE c || ',"BSM"' END;
    END IF;
    IF (:OLD."QLRMC" IS NULL AND :NEW."QLRMC" IS NOT NULL) OR (:OLD."QLRMC" IS NOT NULL AND :NEW."QLRMC" IS NULL) OR UTL_RAW.CAST_TO_RAW(:OLD."QLRMC") <> UTL_RAW.CAST_TO_RAW(:NEW."QLRMC") THEN
      c := CASE WHEN c IS NULL THEN '"QLRMC"' ELSE c || ',"QLRMC"' END;
    END IF;
    IF (:OLD."SM" IS NULL AND :NEW."SM" IS NOT NULL) OR (:OLD."SM" IS NOT NULL AND :NEW."SM" IS NULL) OR DBMS_LOB.COMPARE(:OLD."SM", :NEW."SM") <> 0 THEN
      c := CASE WHEN c IS NULL THEN '"SM"' ELSE c || ',"SM"' END;
    END IF;
    IF (:OLD."HASH" IS NULL AND :NEW."HASH" IS NOT NULL) OR (:OLD."HASH" IS NOT NULL AND :NEW."HASH" IS NULL) OR :OLD."HASH" <> :NEW."HASH" THEN
      c := CASE WHEN c IS NULL THEN '"HASH"' ELSE c || ',"HASH"' END;
    END IF;
    IF (:OLD."DJRQ" IS NULL AND :NEW."DJRQ" IS NOT NULL) OR (:OLD."DJRQ" IS NOT NULL AND :NEW."DJRQ" IS NULL) OR :OLD."DJRQ" <> :NEW."DJRQ" THEN
      c := CASE WHEN c IS NULL THEN '"DJRQ"' ELSE c || ',"DJRQ"' END;
    END IF;
    IF (:OLD."DJSK" IS NULL AND :NEW."DJSK" IS NOT NULL) OR (:OLD."DJSK" IS NOT NULL AND :NEW."DJSK" IS NULL) OR :OLD."DJSK" <> :NEW."DJSK" THEN
      c := CASE WHEN c IS NULL THEN '"DJSK"' ELSE c || ',"DJSK"' END;
    END IF;
    IF (:OLD."GXSJ" IS NULL AND :NEW."GXSJ" IS NOT NULL) OR (:OLD."GXSJ" IS NOT NULL AND :NEW."GXSJ" IS NULL) OR :OLD."GXSJ" <> :NEW."GXSJ" THEN
      c := CASE WHEN c IS NULL THEN '"GXSJ"' ELSE c || ',"GXSJ"' END;
    END IF;
    IF c IS NULL THEN
      RETURN;
    END IF;
    IF ((:OLD."BSM" IS NULL AND :NEW."BSM" IS NOT NULL) OR (:OLD."BSM" IS NOT NULL AND :NEW."BSM" IS NULL) OR :OLD."BSM" <> :NEW."BSM") THEN
      moved := TRUE;
    END IF;
  END IF;
  t := dukou_json.tx;
  IF t IS NOT NULL THEN
    e := ',"tx":"' || t || '"}';
  END IF;
  IF DELETING OR moved THEN
    DBMS_LOB.CREATETEMPORARY(o, TRUE);
    dukou_json.put(o, '{"table":"BDC.ZD","op":"' || 'delete"');
    dukou_json.put(o, ',"key":{');
    dukou_json.put(o, '"BSM":');
    dukou_json.put_number(o, :OLD."BSM");
    dukou_json.put(o, '}');
    dukou_json.put(o, e);
    INSERT INTO dukou_outbox_cadastre_units (id, tx, written_at, tbl, body) VALUES (dukou_outbox_cadastre_units_id.NEXTVAL, t, CURRENT_TIMESTAMP, 'BDC.ZD', o);
    DBMS_LOB.FREETEMPORARY(o);
  END IF;
  IF DELETING THEN
    RETURN;
  END IF;
  DBMS_LOB.CREATETEMPORARY(o, TRUE);
  BEGIN
    dukou_json.put(o, '{"table":"BDC.ZD","op":"' || CASE WHEN UPDATING AND NOT moved THEN 'update"' ELSE 'insert"' END);
    dukou_json.put(o, ',"key":{');
    dukou_json.put(o, '"BSM":');
    dukou_json.put_number(o, :NEW."BSM");
    dukou_json.put(o, '}');
    dukou_json.put(o, ',"row":{');
    dukou_json.put(o, '"BSM":');
    dukou_json.put_number(o, :NEW."BSM");
    dukou_json.put(o, ',"QLRMC":');
    dukou_json.put_text(o, :NEW."QLRMC");
    dukou_json.put(o, ',"SM":');
    dukou_json.put_clob(o, :NEW."SM");
    dukou_json.put(o, ',"HASH":');
    dukou_json.put_raw(o, :NEW."HASH");
    dukou_json.put(o, ',"DJRQ":');
    dukou_json.put_day(o, :NEW."DJRQ");
    dukou_json.put(o, ',"DJSK":');
    dukou_json.put_clock(o, :NEW."DJSK");
    dukou_json.put(o, ',"GXSJ":');
    dukou_json.put_time(o, :NEW."GXSJ");
    dukou_json.put(o, '}');
    IF UPDATING AND NOT moved THEN
      dukou_json.put(o, ',"changed":[' || c || ']');
    END IF;
    dukou_json.put(o, e);
  EXCEPTION
    WHEN dukou_json.unfit THEN
      fits := FALSE;
  END;
  IF NOT fits THEN
    DBMS_LOB.TRIM(o, 0);
    dukou_json.put(o, '{"table":"BDC.ZD","op":"' || 'update"');
    dukou_json.put(o, ',"key":{');
    dukou_json.put(o, '"BSM":');
    dukou_json.put_number(o, :NEW."BSM");
    dukou_json.put(o, '}');
    dukou_json.put(o, ',"problem":"' || dukou_json.problem || '"' || e);
  END IF;
  INSERT INTO dukou_outbox_cadastre_units (id, tx, written_at, tbl, body) VALUES (dukou_outbox_cadastre_units_id.NEXTVAL, t, CURRENT_TIMESTAMP, 'BDC.ZD', o);
  DBMS_LOB.FREETEMPORARY(o);
END;
/
-- extract.sql
WHENEVER SQLERROR EXIT FAILURE ROLLBACK;
SET ECHO OFF;
SET VERIFY OFF;
SET FEEDBACK OFF;
SET HEADING OFF;
SET PAGESIZE 0;
SET TIMING OFF;
SET LINESHOW OFF;
SET TRIMSPOOL ON;
SET LINESIZE 32767;
SET SERVEROUTPUT ON;
UPDATE dukou_outbox_cadastre_units SET extract_no = &1
WHERE extract_no IS NULL AND NOT EXISTS (SELECT 1 FROM dukou_outbox_cadastre_units WHERE extract_no = &1);
COMMIT;
SPOOL &1..jsonl
DECLARE
  n INTEGER := 0;
  p INTEGER;
  l INTEGER;
BEGIN
  FOR r IN (SELECT body FROM dukou_outbox_cadastre_units WHERE extract_no = &1 ORDER BY id) LOOP
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
-- forget.sql
WHENEVER SQLERROR EXIT FAILURE ROLLBACK;
SET VERIFY OFF;
DELETE FROM dukou_outbox_cadastre_units WHERE extract_no = &1 AND tbl <> 'dukou_structure';
COMMIT;
EXIT
-- uninstall.sql
DROP TRIGGER dukou_outbox_cadastre_units_1;
DROP TABLE dukou_outbox_cadastre_units;
DROP SEQUENCE dukou_outbox_cadastre_units_id;
-- Other channels use it, too: DROP PACKAGE dukou_json;
