-- dukou schema plan 1 · oracle
-- sample 1 → 2
-- before   31afadb4efda061070236972b10aacfa86a9b518e97e51a5be37541a4eb07ea6
-- document 6c5387bbdb9393bc4c71360450f07d09874e8cb7ac003fe4491150b5a30c4ce9
-- after    d900a955b9601a23be91e45e543f5a800309031eb5244abd46ab3d61480bbc20
WHENEVER SQLERROR EXIT FAILURE ROLLBACK
SET DEFINE OFF
SET SQLBLANKLINES ON
WHENEVER OSERROR EXIT FAILURE ROLLBACK
SET AUTOCOMMIT OFF
SET ECHO OFF
SET FEEDBACK OFF
SET HEADING OFF
SET PAGESIZE 0
SET LINESIZE 1000
SET TRIMOUT ON
SET TRIMSPOOL ON
SET TAB OFF
-- dukou structure change, channel units
-- 执行前请停下写这些表的程序，重新生成触发器之后再启动 / stop what writes these tables; start it when the triggers are made anew
DECLARE
  n INTEGER;
BEGIN
  SELECT COUNT(*) INTO n FROM dukou_outbox_units
  WHERE tbl = 'dukou_structure' AND id > (SELECT MAX(id) FROM dukou_outbox_units WHERE tx = '6c5387bbdb9393bc4c71360450f07d09874e8cb7ac003fe4491150b5a30c4ce9');
  IF n > 0 THEN
    RAISE_APPLICATION_ERROR(-20001, 'dukou: this script is out of turn, a later change was made');
  END IF;
END;
/

-- 1. line 9: widen bdc.zd.yt → text(400)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM all_tab_columns WHERE owner = 'BDC' AND table_name = 'ZD' AND column_name = 'YT' AND data_type = 'VARCHAR2' AND char_used = 'C' AND char_length = 400 AND nullable = 'Y') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC"."ZD" MODIFY ("YT" VARCHAR2(400 CHAR))';
  END IF;
END;
/
-- back: ALTER TABLE "BDC"."ZD" MODIFY ("YT" VARCHAR2(100 CHAR))

-- 2. line 15: add-column bdc.zd.mj decimal(20,2)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM all_tab_columns WHERE owner = 'BDC' AND table_name = 'ZD' AND column_name = 'MJ') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC"."ZD" ADD ("MJ" NUMBER(20,2))';
  END IF;
END;
/
-- back: ALTER TABLE "BDC"."ZD" DROP COLUMN "MJ"

DECLARE
  n INTEGER;
BEGIN
  SELECT COUNT(DISTINCT tx) INTO n FROM dukou_outbox_units WHERE tx = '6c5387bbdb9393bc4c71360450f07d09874e8cb7ac003fe4491150b5a30c4ce9';
  IF n = 0 THEN
    INSERT INTO dukou_outbox_units (id, tx, written_at, tbl, body)
    VALUES (dukou_outbox_units_id.NEXTVAL, '6c5387bbdb9393bc4c71360450f07d09874e8cb7ac003fe4491150b5a30c4ce9', CURRENT_TIMESTAMP, 'dukou_structure', '{"structure":"6c5387bbdb9393bc4c71360450f07d09874e8cb7ac003fe4491150b5a30c4ce9"}');
  END IF;
END;
/

COMMIT;
SELECT 'dukou-document 6c5387bbdb9393bc4c71360450f07d09874e8cb7ac003fe4491150b5a30c4ce9' FROM dual;
SELECT 'dukou-check 1 1 ' || (SELECT COUNT(*) FROM all_tab_columns WHERE owner = 'BDC' AND table_name = 'ZD' AND column_name = 'YT' AND data_type = 'VARCHAR2' AND char_used = 'C' AND char_length = 400 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 2 1 ' || (SELECT COUNT(*) FROM all_tab_columns WHERE owner = 'BDC' AND table_name = 'ZD' AND column_name = 'MJ' AND data_type = 'NUMBER' AND data_precision = 20 AND data_scale = 2 AND nullable = 'Y') FROM dual;
SELECT 'dukou-placed units out 1 ' || (SELECT COUNT(DISTINCT tx) FROM dukou_outbox_units WHERE tx = '6c5387bbdb9393bc4c71360450f07d09874e8cb7ac003fe4491150b5a30c4ce9') FROM dual;
EXIT
