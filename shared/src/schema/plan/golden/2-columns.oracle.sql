-- dukou schema plan 1 · oracle
-- registration 1 → 2
-- before   6ab7c0e3b1d0feb3c844ab22609aafcb580c21395222bb87df1d659eb752252c
-- document 4f35bc63e4fdec1e8f673aa2955f59efc9fd5f18e2bd6ce74f2166c1c034d815
-- after    73aa33ef408b292d2f06622d3009341981d3a699b11541fb2f638be4f4bce16c
-- inferred: 一家厂商 2021 年公开的升级脚本里的列、宽度和字典；它等于 41 号函的要求，是推断。列、宽度、字典以自治区下发的为准
WHENEVER SQLERROR EXIT FAILURE ROLLBACK
SET DEFINE OFF
SET SQLBLANKLINES ON

-- 1. line 11: add-column bdc_dyaq.zgzqe decimal(15,4)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_DYAQ' AND column_name = 'ZGZQE') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_DYAQ" ADD ("ZGZQE" NUMBER(15,4))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_DYAQ"."ZGZQE" IS '最高债权额（万元）';
-- back: ALTER TABLE "BDC_DYAQ" DROP COLUMN "ZGZQE"

-- 2. line 18: add-column bdc_dyaq.jzzr decimal(1,0)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_DYAQ' AND column_name = 'JZZR') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_DYAQ" ADD ("JZZR" NUMBER(1))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_DYAQ"."JZZR" IS '是否禁止转让';
-- back: ALTER TABLE "BDC_DYAQ" DROP COLUMN "JZZR"

-- 3. line 25: add-column bdc_yg.jzzr decimal(1,0)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_YG' AND column_name = 'JZZR') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_YG" ADD ("JZZR" NUMBER(1))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_YG"."JZZR" IS '是否禁止转让';
-- back: ALTER TABLE "BDC_YG" DROP COLUMN "JZZR"

-- 4. line 32: add-column bdc_dyaq.jedw decimal(1,0)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_DYAQ' AND column_name = 'JEDW') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_DYAQ" ADD ("JEDW" NUMBER(1))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_DYAQ"."JEDW" IS '金额单位';
-- back: ALTER TABLE "BDC_DYAQ" DROP COLUMN "JEDW"

-- 5. line 39: add-column bdc_qlr.qlrtz decimal(2,0)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_QLR' AND column_name = 'QLRTZ') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_QLR" ADD ("QLRTZ" NUMBER(2))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_QLR"."QLRTZ" IS '权利人特征';
-- back: ALTER TABLE "BDC_QLR" DROP COLUMN "QLRTZ"

-- 6. line 47: add-column bdc_jsydsyq.jedw decimal(1,0)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_JSYDSYQ' AND column_name = 'JEDW') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_JSYDSYQ" ADD ("JEDW" NUMBER(1))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_JSYDSYQ"."JEDW" IS '金额单位';
-- back: ALTER TABLE "BDC_JSYDSYQ" DROP COLUMN "JEDW"

-- 7. line 54: add-column bdc_fdcq.jedw decimal(1,0)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_FDCQ' AND column_name = 'JEDW') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_FDCQ" ADD ("JEDW" NUMBER(1))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_FDCQ"."JEDW" IS '金额单位';
-- back: ALTER TABLE "BDC_FDCQ" DROP COLUMN "JEDW"

-- 8. line 61: add-column bdc_hysyq.jedw decimal(1,0)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_HYSYQ' AND column_name = 'JEDW') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_HYSYQ" ADD ("JEDW" NUMBER(1))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_HYSYQ"."JEDW" IS '金额单位';
-- back: ALTER TABLE "BDC_HYSYQ" DROP COLUMN "JEDW"

-- 9. line 68: add-column bdc_yg.jedw decimal(1,0)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_YG' AND column_name = 'JEDW') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_YG" ADD ("JEDW" NUMBER(1))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_YG"."JEDW" IS '金额单位';
-- back: ALTER TABLE "BDC_YG" DROP COLUMN "JEDW"

-- 10. line 75: add-column bdc_fdcq.ytmc text(500)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_FDCQ' AND column_name = 'YTMC') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_FDCQ" ADD ("YTMC" VARCHAR2(500 CHAR))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_FDCQ"."YTMC" IS '用途名称';
-- back: ALTER TABLE "BDC_FDCQ" DROP COLUMN "YTMC"

-- 11. line 82: add-column bdc_fdcq.pzyt decimal(6,0)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_FDCQ' AND column_name = 'PZYT') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_FDCQ" ADD ("PZYT" NUMBER(6))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_FDCQ"."PZYT" IS '批准用途';
-- back: ALTER TABLE "BDC_FDCQ" DROP COLUMN "PZYT"

-- 12. line 89: add-column bdc_fdcq.sjyt decimal(6,0)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_FDCQ' AND column_name = 'SJYT') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_FDCQ" ADD ("SJYT" NUMBER(6))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_FDCQ"."SJYT" IS '实际用途';
-- back: ALTER TABLE "BDC_FDCQ" DROP COLUMN "SJYT"

-- 13. line 96: add-column bdc_fdcq_fdcqxm.ytmc text(500)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_FDCQ_FDCQXM' AND column_name = 'YTMC') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_FDCQ_FDCQXM" ADD ("YTMC" VARCHAR2(500 CHAR))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_FDCQ_FDCQXM"."YTMC" IS '用途名称';
-- back: ALTER TABLE "BDC_FDCQ_FDCQXM" DROP COLUMN "YTMC"

-- 14. line 103: add-column bdc_fdcq_fdcqxm.pzyt decimal(6,0)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_FDCQ_FDCQXM' AND column_name = 'PZYT') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_FDCQ_FDCQXM" ADD ("PZYT" NUMBER(6))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_FDCQ_FDCQXM"."PZYT" IS '批准用途';
-- back: ALTER TABLE "BDC_FDCQ_FDCQXM" DROP COLUMN "PZYT"

-- 15. line 110: add-column bdc_fdcq_fdcqxm.sjyt decimal(6,0)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_FDCQ_FDCQXM' AND column_name = 'SJYT') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_FDCQ_FDCQXM" ADD ("SJYT" NUMBER(6))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_FDCQ_FDCQXM"."SJYT" IS '实际用途';
-- back: ALTER TABLE "BDC_FDCQ_FDCQXM" DROP COLUMN "SJYT"

-- 16. line 117: add-column bdc_fdcq.fwxzmc text(500)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_FDCQ' AND column_name = 'FWXZMC') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_FDCQ" ADD ("FWXZMC" VARCHAR2(500 CHAR))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_FDCQ"."FWXZMC" IS '房屋性质名称';
-- back: ALTER TABLE "BDC_FDCQ" DROP COLUMN "FWXZMC"

-- 17. line 124: add-column bdc_hysyq.hyglh text(200)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_HYSYQ' AND column_name = 'HYGLH') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_HYSYQ" ADD ("HYGLH" VARCHAR2(200 CHAR))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_HYSYQ"."HYGLH" IS '海域管理号';
-- back: ALTER TABLE "BDC_HYSYQ" DROP COLUMN "HYGLH"

-- 18. line 131: add-column bdc_tdcbnydsyq.ydyhfl text(10)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_TDCBNYDSYQ' AND column_name = 'YDYHFL') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_TDCBNYDSYQ" ADD ("YDYHFL" VARCHAR2(10 CHAR))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_TDCBNYDSYQ"."YDYHFL" IS '用地用海分类';
-- back: ALTER TABLE "BDC_TDCBNYDSYQ" DROP COLUMN "YDYHFL"

-- 19. line 139: add-column bdc_lq.fbfdm text(100)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_LQ' AND column_name = 'FBFDM') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_LQ" ADD ("FBFDM" VARCHAR2(100 CHAR))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_LQ"."FBFDM" IS '发包方代码';
-- back: ALTER TABLE "BDC_LQ" DROP COLUMN "FBFDM"

-- 20. line 146: add-column bdc_lq.sllb decimal(1,0)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_LQ' AND column_name = 'SLLB') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_LQ" ADD ("SLLB" NUMBER(1))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_LQ"."SLLB" IS '森林类别';
-- back: ALTER TABLE "BDC_LQ" DROP COLUMN "SLLB"

-- 21. line 153: add-column bdc_dyaq.dyjelx decimal(1,0)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_DYAQ' AND column_name = 'DYJELX') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_DYAQ" ADD ("DYJELX" NUMBER(1))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_DYAQ"."DYJELX" IS '抵押金额类型';
-- back: ALTER TABLE "BDC_DYAQ" DROP COLUMN "DYJELX"

-- 22. line 161: add-column bdc_yg.ytmc text(500)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_YG' AND column_name = 'YTMC') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_YG" ADD ("YTMC" VARCHAR2(500 CHAR))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_YG"."YTMC" IS '用途名称';
-- back: ALTER TABLE "BDC_YG" DROP COLUMN "YTMC"

-- 23. line 168: add-column bdc_jtcy.dh text(100)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_JTCY' AND column_name = 'DH') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_JTCY" ADD ("DH" VARCHAR2(100 CHAR))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_JTCY"."DH" IS '电话';
-- back: ALTER TABLE "BDC_JTCY" DROP COLUMN "DH"

-- 24. line 175: add-column bdc_jtcy.dz text(200)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_JTCY' AND column_name = 'DZ') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_JTCY" ADD ("DZ" VARCHAR2(200 CHAR))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_JTCY"."DZ" IS '地址';
-- back: ALTER TABLE "BDC_JTCY" DROP COLUMN "DZ"

-- 25. line 182: add-column bdc_jtcy.yb text(100)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_JTCY' AND column_name = 'YB') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_JTCY" ADD ("YB" VARCHAR2(100 CHAR))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_JTCY"."YB" IS '邮编';
-- back: ALTER TABLE "BDC_JTCY" DROP COLUMN "YB"

-- 26. line 189: add-column bdc_jtcy.gzdw text(200)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_JTCY' AND column_name = 'GZDW') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_JTCY" ADD ("GZDW" VARCHAR2(200 CHAR))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_JTCY"."GZDW" IS '工作单位';
-- back: ALTER TABLE "BDC_JTCY" DROP COLUMN "GZDW"

-- 27. line 196: add-column bdc_jtcy.dzyj text(100)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_JTCY' AND column_name = 'DZYJ') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_JTCY" ADD ("DZYJ" VARCHAR2(100 CHAR))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_JTCY"."DZYJ" IS '电子邮件';
-- back: ALTER TABLE "BDC_JTCY" DROP COLUMN "DZYJ"

-- 28. line 203: add-column bdc_jtcy.sfgyr decimal(1,0)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_JTCY' AND column_name = 'SFGYR') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_JTCY" ADD ("SFGYR" NUMBER(1))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_JTCY"."SFGYR" IS '是否共有人';
-- back: ALTER TABLE "BDC_JTCY" DROP COLUMN "SFGYR"

-- 29. line 210: add-column bdc_jtcy.fzjg text(100)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_JTCY' AND column_name = 'FZJG') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_JTCY" ADD ("FZJG" VARCHAR2(100 CHAR))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_JTCY"."FZJG" IS '发证机关';
-- back: ALTER TABLE "BDC_JTCY" DROP COLUMN "FZJG"

-- 30. line 217: add-column bdc_jtcy.sshy text(100)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_JTCY' AND column_name = 'SSHY') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_JTCY" ADD ("SSHY" VARCHAR2(100 CHAR))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_JTCY"."SSHY" IS '所属行业';
-- back: ALTER TABLE "BDC_JTCY" DROP COLUMN "SSHY"

-- 31. line 224: add-column bdc_jtcy.gj text(100)
DECLARE
  n INTEGER;
BEGIN
  SELECT (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_JTCY' AND column_name = 'GJ') INTO n FROM dual;
  IF n = 0 THEN
    EXECUTE IMMEDIATE 'ALTER TABLE "BDC_JTCY" ADD ("GJ" VARCHAR2(100 CHAR))';
  END IF;
END;
/
COMMENT ON COLUMN "BDC_JTCY"."GJ" IS '国家/地区';
-- back: ALTER TABLE "BDC_JTCY" DROP COLUMN "GJ"

COMMIT;
SELECT 'dukou-document 4f35bc63e4fdec1e8f673aa2955f59efc9fd5f18e2bd6ce74f2166c1c034d815' FROM dual;
SELECT 'dukou-check 1 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_DYAQ' AND column_name = 'ZGZQE' AND data_type = 'NUMBER' AND data_precision = 15 AND data_scale = 4 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 2 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_DYAQ' AND column_name = 'JZZR' AND data_type = 'NUMBER' AND data_precision = 1 AND data_scale = 0 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 3 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_YG' AND column_name = 'JZZR' AND data_type = 'NUMBER' AND data_precision = 1 AND data_scale = 0 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 4 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_DYAQ' AND column_name = 'JEDW' AND data_type = 'NUMBER' AND data_precision = 1 AND data_scale = 0 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 5 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_QLR' AND column_name = 'QLRTZ' AND data_type = 'NUMBER' AND data_precision = 2 AND data_scale = 0 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 6 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_JSYDSYQ' AND column_name = 'JEDW' AND data_type = 'NUMBER' AND data_precision = 1 AND data_scale = 0 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 7 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_FDCQ' AND column_name = 'JEDW' AND data_type = 'NUMBER' AND data_precision = 1 AND data_scale = 0 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 8 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_HYSYQ' AND column_name = 'JEDW' AND data_type = 'NUMBER' AND data_precision = 1 AND data_scale = 0 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 9 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_YG' AND column_name = 'JEDW' AND data_type = 'NUMBER' AND data_precision = 1 AND data_scale = 0 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 10 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_FDCQ' AND column_name = 'YTMC' AND data_type = 'VARCHAR2' AND char_used = 'C' AND char_length = 500 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 11 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_FDCQ' AND column_name = 'PZYT' AND data_type = 'NUMBER' AND data_precision = 6 AND data_scale = 0 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 12 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_FDCQ' AND column_name = 'SJYT' AND data_type = 'NUMBER' AND data_precision = 6 AND data_scale = 0 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 13 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_FDCQ_FDCQXM' AND column_name = 'YTMC' AND data_type = 'VARCHAR2' AND char_used = 'C' AND char_length = 500 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 14 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_FDCQ_FDCQXM' AND column_name = 'PZYT' AND data_type = 'NUMBER' AND data_precision = 6 AND data_scale = 0 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 15 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_FDCQ_FDCQXM' AND column_name = 'SJYT' AND data_type = 'NUMBER' AND data_precision = 6 AND data_scale = 0 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 16 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_FDCQ' AND column_name = 'FWXZMC' AND data_type = 'VARCHAR2' AND char_used = 'C' AND char_length = 500 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 17 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_HYSYQ' AND column_name = 'HYGLH' AND data_type = 'VARCHAR2' AND char_used = 'C' AND char_length = 200 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 18 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_TDCBNYDSYQ' AND column_name = 'YDYHFL' AND data_type = 'VARCHAR2' AND char_used = 'C' AND char_length = 10 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 19 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_LQ' AND column_name = 'FBFDM' AND data_type = 'VARCHAR2' AND char_used = 'C' AND char_length = 100 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 20 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_LQ' AND column_name = 'SLLB' AND data_type = 'NUMBER' AND data_precision = 1 AND data_scale = 0 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 21 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_DYAQ' AND column_name = 'DYJELX' AND data_type = 'NUMBER' AND data_precision = 1 AND data_scale = 0 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 22 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_YG' AND column_name = 'YTMC' AND data_type = 'VARCHAR2' AND char_used = 'C' AND char_length = 500 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 23 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_JTCY' AND column_name = 'DH' AND data_type = 'VARCHAR2' AND char_used = 'C' AND char_length = 100 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 24 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_JTCY' AND column_name = 'DZ' AND data_type = 'VARCHAR2' AND char_used = 'C' AND char_length = 200 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 25 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_JTCY' AND column_name = 'YB' AND data_type = 'VARCHAR2' AND char_used = 'C' AND char_length = 100 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 26 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_JTCY' AND column_name = 'GZDW' AND data_type = 'VARCHAR2' AND char_used = 'C' AND char_length = 200 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 27 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_JTCY' AND column_name = 'DZYJ' AND data_type = 'VARCHAR2' AND char_used = 'C' AND char_length = 100 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 28 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_JTCY' AND column_name = 'SFGYR' AND data_type = 'NUMBER' AND data_precision = 1 AND data_scale = 0 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 29 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_JTCY' AND column_name = 'FZJG' AND data_type = 'VARCHAR2' AND char_used = 'C' AND char_length = 100 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 30 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_JTCY' AND column_name = 'SSHY' AND data_type = 'VARCHAR2' AND char_used = 'C' AND char_length = 100 AND nullable = 'Y') FROM dual;
SELECT 'dukou-check 31 1 ' || (SELECT COUNT(*) FROM user_tab_columns WHERE table_name = 'BDC_JTCY' AND column_name = 'GJ' AND data_type = 'VARCHAR2' AND char_used = 'C' AND char_length = 100 AND nullable = 'Y') FROM dual;
