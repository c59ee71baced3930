-- dukou schema plan 1 · oracle
-- registration 3 → 4
-- before   8f3e0074fe4824d11c03c5939c011d37b4d2b423093a1f7ac69cca0ddd3c1606
-- document 53159fbf84805528d217bc9c67f1b5e6be6a475d0c810f4282689eca9a38f01d
-- after    4e44c92730d2caa16f93cc4b26b4175b4a5e6e974d483caef4ef6f6dbea8ee0f
-- inferred: 一家厂商 2021 年公开的升级脚本里的列、宽度和字典；它等于 41 号函的要求，是推断。列、宽度、字典以自治区下发的为准
WHENEVER SQLERROR EXIT FAILURE ROLLBACK
SET DEFINE OFF
SET SQLBLANKLINES ON

-- 1. line 11: rename-column bdc_dyaq.scywh → ssywh
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_DYAQ' AND column_name = 'SCYWH') INTO n FROM dual;
  IF n = 1 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_DYAQ" RENAME COLUMN "SCYWH" TO "SSYWH"';
  END IF;
END;
/
-- back: ALTER TABLE "BDC_DYAQ" RENAME COLUMN "SSYWH" TO "SCYWH"

-- 2. line 17: rename-column bdc_yg.scywh → ssywh
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_YG' AND column_name = 'SCYWH') INTO n FROM dual;
  IF n = 1 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_YG" RENAME COLUMN "SCYWH" TO "SSYWH"';
  END IF;
END;
/
-- back: ALTER TABLE "BDC_YG" RENAME COLUMN "SSYWH" TO "SCYWH"

-- 3. line 23: drop-column bdc_zrz.jzwjbyt
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_ZRZ' AND column_name = 'JZWJBYT') INTO n FROM dual;
  IF n = 1 THEN
    EXECUTE IMMEDIATE 'SELECT COUNT(*) FROM user_ind_columns WHERE table_name = ''BDC_ZRZ'' AND column_name = ''JZWJBYT''' INTO n;
    IF n <> 0 THEN
      RAISE_APPLICATION_ERROR(-20001, 'line 23: what it requires does not hold');
    END IF;
  END IF;
END;
/
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_ZRZ' AND column_name = 'JZWJBYT') INTO n FROM dual;
  IF n = 1 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_ZRZ" DROP COLUMN "JZWJBYT"';
  END IF;
END;
/
-- back: ALTER TABLE "BDC_ZRZ" ADD ("JZWJBYT" VARCHAR2(200 CHAR))
-- back: COMMENT ON COLUMN "BDC_ZRZ"."JZWJBYT" IS '建筑物基本用途'

-- 4. line 28: rename-element Message/Data/DJT_DJ_SLSQ → DJT_DJ_SL
-- nothing in the database

-- 5. line 33: rename-element Message/Data/DJF_DJ_SQR → DJF_DJ_SQ
-- nothing in the database

COMMIT;
SELECT 'dukou-document 53159fbf84805528d217bc9c67f1b5e6be6a475d0c810f4282689eca9a38f01d' FROM dual;
SELECT 'dukou-check 1 1 ' || (SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_DYAQ' AND column_name = 'SSYWH' AND data_type = 'VARCHAR2' AND char_used = 'C' AND char_length = 50 AND nullable = 'Y')
  - (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_DYAQ' AND column_name = 'SCYWH') FROM dual) FROM dual;
SELECT 'dukou-check 2 1 ' || (SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_YG' AND column_name = 'SSYWH' AND data_type = 'VARCHAR2' AND char_used = 'C' AND char_length = 50 AND nullable = 'Y')
  - (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_YG' AND column_name = 'SCYWH') FROM dual) FROM dual;
SELECT 'dukou-check 3 0 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_ZRZ' AND column_name = 'JZWJBYT') FROM dual;
