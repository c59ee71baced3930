-- dukou schema plan 1 · dm
-- sample 1 → 2
-- before   31afadb4efda061070236972b10aacfa86a9b518e97e51a5be37541a4eb07ea6
-- document 6c5387bbdb9393bc4c71360450f07d09874e8cb7ac003fe4491150b5a30c4ce9
-- after    d900a955b9601a23be91e45e543f5a800309031eb5244abd46ab3d61480bbc20
WHENEVER SQLERROR EXIT FAILURE ROLLBACK;
SET DEFINE OFF;
SET AUTOCOMMIT OFF;
SET ECHO OFF;
SET FEEDBACK OFF;
SET HEADING OFF;
SET PAGESIZE 0;
SET LINESIZE 1000;
SET TIMING OFF;
SET LINESHOW OFF;
SET TRIMSPOOL ON;
-- dukou script 000001, channel units, epoch 1-00000000000000aa, packet 5
INSERT INTO dukou_mark (channel, epoch, seq, header, applied_at)
SELECT 'units', '0', 0, '0000000000000000000000000000000000000000000000000000000000000000', CURRENT_TIMESTAMP FROM dual
WHERE NOT EXISTS (SELECT 1 FROM dukou_mark WHERE channel = 'units');
DECLARE
  n NUMBER;
BEGIN
  SELECT seq INTO n FROM dukou_mark WHERE channel = 'units' FOR UPDATE;
  SELECT COUNT(*) INTO n FROM dukou_mark
  WHERE (channel = 'units' AND header = '0000000000000000000000000000000000000000000000000000000000000000')
    OR (channel = 'units' AND header = '6c5387bbdb9393bc4c71360450f07d09874e8cb7ac003fe4491150b5a30c4ce9');
  IF n = 0 THEN
    RAISE_APPLICATION_ERROR(-20001, 'dukou: script 000001 is out of turn');
  END IF;
END;
/

-- 1. line 9: widen bdc.zd.yt → text(400)
ALTER TABLE "BDC"."ZD" MODIFY "YT" VARCHAR(400 CHAR);
-- back: ALTER TABLE "BDC"."ZD" MODIFY "YT" VARCHAR(100 CHAR)

-- 2. line 15: add-column bdc.zd.mj decimal(20,2)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM all_tab_columns WHERE owner = 'BDC' AND table_name = 'ZD' AND column_name = 'MJ') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC"."ZD" ADD COLUMN "MJ" DECIMAL(20,2)';
  END IF;
END;
/
-- back: ALTER TABLE "BDC"."ZD" DROP COLUMN "MJ"

UPDATE dukou_mark SET epoch = '1-00000000000000aa', seq = 5, header = '6c5387bbdb9393bc4c71360450f07d09874e8cb7ac003fe4491150b5a30c4ce9', applied_at = CURRENT_TIMESTAMP
WHERE (channel = 'units' AND header = '0000000000000000000000000000000000000000000000000000000000000000');

COMMIT;
SELECT 'dukou-document 6c5387bbdb9393bc4c71360450f07d09874e8cb7ac003fe4491150b5a30c4ce9' FROM dual;
SELECT 'dukou-check 1 1 ' || (SELECT COUNT(*) FROM all_tab_columns WHERE owner = 'BDC' AND table_name = 'ZD' AND column_name = 'YT' AND data_type IN ('VARCHAR', 'VARCHAR2') AND data_length >= 400 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 2 1 ' || (SELECT COUNT(*) FROM all_tab_columns WHERE owner = 'BDC' AND table_name = 'ZD' AND column_name = 'MJ' AND data_type IN ('DECIMAL', 'DEC', 'NUMERIC', 'NUMBER') AND data_precision = 20 AND data_scale = 2 AND nullable = 'Y') FROM dual;
SELECT 'dukou-placed units in 1 ' || (SELECT COUNT(*) FROM dukou_mark WHERE (channel = 'units' AND header = '6c5387bbdb9393bc4c71360450f07d09874e8cb7ac003fe4491150b5a30c4ce9')) FROM dual;
EXIT
