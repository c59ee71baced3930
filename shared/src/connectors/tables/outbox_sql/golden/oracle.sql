-- columns.sql
WHENEVER SQLERROR EXIT FAILURE ROLLBACK
SET ECHO OFF
SET VERIFY OFF
SET FEEDBACK OFF
SET HEADING OFF
SET PAGESIZE 0
SET TRIMSPOOL ON
SET LINESIZE 32767
SET TAB OFF
SELECT c.owner || '.' || c.table_name || CHR(9) || c.column_name || CHR(9) || c.data_type || CHR(9)
  || c.data_length || CHR(9) || c.char_length || CHR(9) || c.char_used || CHR(9)
  || NVL(TO_CHAR(c.data_precision), '') || CHR(9) || NVL(TO_CHAR(c.data_scale), '') || CHR(9)
  || c.nullable || CHR(9) || NVL(TO_CHAR(k.position), '')
FROM all_tab_columns c
LEFT JOIN (
  SELECT x.owner, x.table_name, x.column_name, x.position
  FROM all_constraints p
  JOIN all_cons_columns x ON x.owner = p.owner AND x.constraint_name = p.constraint_name
  WHERE p.constraint_type = 'P'
) k ON k.owner = c.owner AND k.table_name = c.table_name AND k.column_name = c.column_name
WHERE (c.owner, c.table_name) IN (('BDC', 'ZD'), ('BDC', 'H'))
ORDER BY c.owner, c.table_name, c.column_id;
-- install.sql
WHENEVER SQLERROR EXIT FAILURE ROLLBACK
SET DEFINE OFF
SET SQLBLANKLINES ON
CREATE TABLE dukou_outbox_cadastre_units (
  id NUMBER(19) NOT NULL PRIMARY KEY,
  tx VARCHAR2(64),
  written_at TIMESTAMP NOT NULL,
  tbl VARCHAR2(300) NOT NULL,
  body CLOB NOT NULL,
  extract_no NUMBER(10)
);
CREATE SEQUENCE dukou_outbox_cadastre_units_id START WITH 1 INCREMENT BY 1 CACHE 1000 ORDER;
CREATE INDEX dukou_outbox_cadastre_units_no ON dukou_outbox_cadastre_units (extract_no);
CREATE OR REPLACE PACKAGE dukou_json AS
  unfit EXCEPTION;
  problem VARCHAR2(32);
  FUNCTION tx RETURN VARCHAR2;
  PROCEDURE put(o IN OUT NOCOPY CLOB, v IN VARCHAR2);
  PROCEDURE put_text(o IN OUT NOCOPY CLOB, v IN VARCHAR2);
  PROCEDURE put_clob(o IN OUT NOCOPY CLOB, v IN CLOB);
  PROCEDURE put_raw(o IN OUT NOCOPY CLOB, v IN RAW);
  PROCEDURE put_blob(o IN OUT NOCOPY CLOB, v IN BLOB);
  PROCEDURE put_number(o IN OUT NOCOPY CLOB, v IN NUMBER);
  PROCEDURE put_time(o IN OUT NOCOPY CLOB, v IN TIMESTAMP);
  PROCEDURE put_national(o IN OUT NOCOPY CLOB, v IN NCLOB);
  PROCEDURE put_date(o IN OUT NOCOPY CLOB, v IN DATE);
  PROCEDURE put_instant(o IN OUT NOCOPY CLOB, v IN TIMESTAMP WITH TIME ZONE);
END dukou_json;
/
CREATE OR REPLACE PACKAGE BODY dukou_json AS
PROCEDURE refuse(code IN VARCHAR2) IS
BEGIN
  problem := code;
  RAISE unfit;
END;
FUNCTION tx RETURN VARCHAR2 IS
  t VARCHAR2(64);
BEGIN
  t := DBMS_TRANSACTION.LOCAL_TRANSACTION_ID;
  IF t IS NULL THEN
    RETURN NULL;
  END IF;
  RETURN TO_CHAR(TO_NUMBER(SUBSTR(t, 1, INSTR(t, '.') - 1)) * 281474976710656
    + TO_NUMBER(SUBSTR(t, INSTR(t, '.') + 1, INSTR(t, '.', 1, 2) - INSTR(t, '.') - 1)) * 4294967296
    + TO_NUMBER(SUBSTR(t, INSTR(t, '.', 1, 2) + 1)));
END;
PROCEDURE put(o IN OUT NOCOPY CLOB, v IN VARCHAR2) IS
BEGIN
  IF v IS NOT NULL THEN
    DBMS_LOB.WRITEAPPEND(o, LENGTH(v), v);
  END IF;
END;
FUNCTION escaped(v IN VARCHAR2) RETURN VARCHAR2 IS
  t VARCHAR2(32767);
BEGIN
  IF INSTR(v, CHR(0)) > 0 THEN
    refuse('character');
  END IF;
  t := REPLACE(REPLACE(ASCIISTR(v), '\', '\u'), '"', '\"');
  FOR c IN 1 .. 31 LOOP
    IF INSTR(t, CHR(c)) > 0 THEN
      t := REPLACE(t, CHR(c), '\u00' || CASE WHEN c < 16 THEN '0' ELSE '1' END || SUBSTR('0123456789abcdef', MOD(c, 16) + 1, 1));
    END IF;
  END LOOP;
  RETURN t;
END;
PROCEDURE put_text(o IN OUT NOCOPY CLOB, v IN VARCHAR2) IS
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
PROCEDURE put_clob(o IN OUT NOCOPY CLOB, v IN CLOB) IS
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
PROCEDURE put_raw(o IN OUT NOCOPY CLOB, v IN RAW) IS
BEGIN
  IF v IS NULL THEN
    put(o, 'null');
    RETURN;
  END IF;
  put(o, '{"hex":"' || LOWER(RAWTOHEX(v)) || '"}');
END;
PROCEDURE put_blob(o IN OUT NOCOPY CLOB, v IN BLOB) IS
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
PROCEDURE put_number(o IN OUT NOCOPY CLOB, v IN NUMBER) IS
  t VARCHAR2(200);
BEGIN
  IF v IS NULL THEN
    put(o, 'null');
    RETURN;
  END IF;
  t := TO_CHAR(v, 'TM9', 'NLS_NUMERIC_CHARACTERS=''.,''');
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
PROCEDURE put_time(o IN OUT NOCOPY CLOB, v IN TIMESTAMP) IS
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
PROCEDURE put_national(o IN OUT NOCOPY CLOB, v IN NCLOB) IS
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
PROCEDURE put_date(o IN OUT NOCOPY CLOB, v IN DATE) IS
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
PROCEDURE put_instant(o IN OUT NOCOPY CLOB, v IN TIMESTAMP WITH TIME ZONE) IS
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
    IF (:OLD."ZDMJ" IS NULL AND :NEW."ZDMJ" IS NOT NULL) OR (:OLD."ZDMJ" IS NOT NULL AND :NEW."ZDMJ" IS NULL) OR :OLD."ZDMJ" <> :NEW."ZDMJ" THEN
      c := CASE WHEN c IS NULL THEN '"ZDMJ"' ELSE c || ',"ZDMJ"' END;
    END IF;
    IF (:OLD."QLRMC" IS NULL AND :NEW."QLRMC" IS NOT NULL) OR (:OLD."QLRMC" IS NOT NULL AND :NEW."QLRMC" IS NULL) OR UTL_RAW.CAST_TO_RAW(:OLD."QLRMC") <> UTL_RAW.CAST_TO_RAW(:NEW."QLRMC") THEN
      c := CASE WHEN c IS NULL THEN '"QLRMC"' ELSE c || ',"QLRMC"' END;
    END IF;
    IF (:OLD."备注" IS NULL AND :NEW."备注" IS NOT NULL) OR (:OLD."备注" IS NOT NULL AND :NEW."备注" IS NULL) OR DBMS_LOB.COMPARE(TO_NCLOB(:OLD."备注"), TO_NCLOB(:NEW."备注")) <> 0 THEN
      c := CASE WHEN c IS NULL THEN '"\u5907\u6ce8"' ELSE c || ',"\u5907\u6ce8"' END;
    END IF;
    IF (:OLD."SM" IS NULL AND :NEW."SM" IS NOT NULL) OR (:OLD."SM" IS NOT NULL AND :NEW."SM" IS NULL) OR DBMS_LOB.COMPARE(:OLD."SM", :NEW."SM") <> 0 THEN
      c := CASE WHEN c IS NULL THEN '"SM"' ELSE c || ',"SM"' END;
    END IF;
    IF (:OLD."TX" IS NULL AND :NEW."TX" IS NOT NULL) OR (:OLD."TX" IS NOT NULL AND :NEW."TX" IS NULL) OR DBMS_LOB.COMPARE(:OLD."TX", :NEW."TX") <> 0 THEN
      c := CASE WHEN c IS NULL THEN '"TX"' ELSE c || ',"TX"' END;
    END IF;
    IF (:OLD."DJSJ" IS NULL AND :NEW."DJSJ" IS NOT NULL) OR (:OLD."DJSJ" IS NOT NULL AND :NEW."DJSJ" IS NULL) OR :OLD."DJSJ" <> :NEW."DJSJ" THEN
      c := CASE WHEN c IS NULL THEN '"DJSJ"' ELSE c || ',"DJSJ"' END;
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
    dukou_json.put(o, ',"ZDMJ":');
    dukou_json.put_number(o, :NEW."ZDMJ");
    dukou_json.put(o, ',"QLRMC":');
    dukou_json.put_text(o, :NEW."QLRMC");
    dukou_json.put(o, ',"\u5907\u6ce8":');
    dukou_json.put_national(o, :NEW."备注");
    dukou_json.put(o, ',"SM":');
    dukou_json.put_clob(o, :NEW."SM");
    dukou_json.put(o, ',"TX":');
    dukou_json.put_blob(o, :NEW."TX");
    dukou_json.put(o, ',"DJSJ":');
    dukou_json.put_date(o, :NEW."DJSJ");
    dukou_json.put(o, ',"GXSJ":');
    dukou_json.put_instant(o, :NEW."GXSJ");
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
CREATE OR REPLACE TRIGGER dukou_outbox_cadastre_units_2
AFTER INSERT OR UPDATE OR DELETE ON "BDC"."H"
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
    IF (:OLD."BDCDYH" IS NULL AND :NEW."BDCDYH" IS NOT NULL) OR (:OLD."BDCDYH" IS NOT NULL AND :NEW."BDCDYH" IS NULL) OR UTL_RAW.CAST_TO_RAW(:OLD."BDCDYH") <> UTL_RAW.CAST_TO_RAW(:NEW."BDCDYH") THEN
      c := CASE WHEN c IS NULL THEN '"BDCDYH"' ELSE c || ',"BDCDYH"' END;
    END IF;
    IF (:OLD."XH" IS NULL AND :NEW."XH" IS NOT NULL) OR (:OLD."XH" IS NOT NULL AND :NEW."XH" IS NULL) OR :OLD."XH" <> :NEW."XH" THEN
      c := CASE WHEN c IS NULL THEN '"XH"' ELSE c || ',"XH"' END;
    END IF;
    IF c IS NULL THEN
      RETURN;
    END IF;
    IF ((:OLD."BDCDYH" IS NULL AND :NEW."BDCDYH" IS NOT NULL) OR (:OLD."BDCDYH" IS NOT NULL AND :NEW."BDCDYH" IS NULL) OR UTL_RAW.CAST_TO_RAW(:OLD."BDCDYH") <> UTL_RAW.CAST_TO_RAW(:NEW."BDCDYH")) OR ((:OLD."XH" IS NULL AND :NEW."XH" IS NOT NULL) OR (:OLD."XH" IS NOT NULL AND :NEW."XH" IS NULL) OR :OLD."XH" <> :NEW."XH") THEN
      moved := TRUE;
    END IF;
  END IF;
  t := dukou_json.tx;
  IF t IS NOT NULL THEN
    e := ',"tx":"' || t || '"}';
  END IF;
  IF DELETING OR moved THEN
    DBMS_LOB.CREATETEMPORARY(o, TRUE);
    dukou_json.put(o, '{"table":"BDC.H","op":"' || 'delete"');
    dukou_json.put(o, ',"key":{');
    dukou_json.put(o, '"BDCDYH":');
    dukou_json.put_text(o, :OLD."BDCDYH");
    dukou_json.put(o, ',"XH":');
    dukou_json.put_number(o, :OLD."XH");
    dukou_json.put(o, '}');
    dukou_json.put(o, e);
    INSERT INTO dukou_outbox_cadastre_units (id, tx, written_at, tbl, body) VALUES (dukou_outbox_cadastre_units_id.NEXTVAL, t, CURRENT_TIMESTAMP, 'BDC.H', o);
    DBMS_LOB.FREETEMPORARY(o);
  END IF;
  IF DELETING THEN
    RETURN;
  END IF;
  DBMS_LOB.CREATETEMPORARY(o, TRUE);
  BEGIN
    dukou_json.put(o, '{"table":"BDC.H","op":"' || CASE WHEN UPDATING AND NOT moved THEN 'update"' ELSE 'insert"' END);
    dukou_json.put(o, ',"key":{');
    dukou_json.put(o, '"BDCDYH":');
    dukou_json.put_text(o, :NEW."BDCDYH");
    dukou_json.put(o, ',"XH":');
    dukou_json.put_number(o, :NEW."XH");
    dukou_json.put(o, '}');
    dukou_json.put(o, ',"row":{');
    dukou_json.put(o, '"BDCDYH":');
    dukou_json.put_text(o, :NEW."BDCDYH");
    dukou_json.put(o, ',"XH":');
    dukou_json.put_number(o, :NEW."XH");
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
    dukou_json.put(o, '{"table":"BDC.H","op":"' || 'update"');
    dukou_json.put(o, ',"key":{');
    dukou_json.put(o, '"BDCDYH":');
    dukou_json.put_text(o, :NEW."BDCDYH");
    dukou_json.put(o, ',"XH":');
    dukou_json.put_number(o, :NEW."XH");
    dukou_json.put(o, '}');
    dukou_json.put(o, ',"problem":"' || dukou_json.problem || '"' || e);
  END IF;
  INSERT INTO dukou_outbox_cadastre_units (id, tx, written_at, tbl, body) VALUES (dukou_outbox_cadastre_units_id.NEXTVAL, t, CURRENT_TIMESTAMP, 'BDC.H', o);
  DBMS_LOB.FREETEMPORARY(o);
END;
/
-- extract.sql
WHENEVER SQLERROR EXIT FAILURE ROLLBACK
SET ECHO OFF
SET VERIFY OFF
SET FEEDBACK OFF
SET HEADING OFF
SET PAGESIZE 0
SET TRIMSPOOL ON
SET LINESIZE 32767
SET TAB OFF
SET SERVEROUTPUT ON SIZE UNLIMITED FORMAT WRAPPED
UPDATE dukou_outbox_cadastre_units SET extract_no = &1
WHERE extract_no IS NULL AND NOT EXISTS (SELECT 1 FROM dukou_outbox_cadastre_units WHERE extract_no = &1);
COMMIT;
SPOOL &1..jsonl
DECLARE
  n INTEGER := 0;
  p INTEGER;
  l INTEGER;
BEGIN
  FOR r IN (SELECT body FROM dukou_outbox_cadastre_units WHERE extract_no = &1 ORDER BY MAX(id) OVER (PARTITION BY NVL(tx, 'id ' || id)), id) LOOP
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
WHENEVER SQLERROR EXIT FAILURE ROLLBACK
SET VERIFY OFF
DELETE FROM dukou_outbox_cadastre_units WHERE extract_no = &1 AND tbl <> 'dukou_structure';
COMMIT;
EXIT
-- uninstall.sql
DROP TRIGGER dukou_outbox_cadastre_units_1;
DROP TRIGGER dukou_outbox_cadastre_units_2;
DROP TABLE dukou_outbox_cadastre_units PURGE;
DROP SEQUENCE dukou_outbox_cadastre_units_id;
-- Other channels use it, too: DROP PACKAGE dukou_json;
