-- dukou schema plan 1 · postgres
-- registration 1 → 2
-- before   6ab7c0e3b1d0feb3c844ab22609aafcb580c21395222bb87df1d659eb752252c
-- document 4f35bc63e4fdec1e8f673aa2955f59efc9fd5f18e2bd6ce74f2166c1c034d815
-- after    73aa33ef408b292d2f06622d3009341981d3a699b11541fb2f638be4f4bce16c
-- inferred: 一家厂商 2021 年公开的升级脚本里的列、宽度和字典；它等于 41 号函的要求，是推断。列、宽度、字典以自治区下发的为准
BEGIN;
SET LOCAL lock_timeout = '5s';

-- 1. line 11: add-column bdc_dyaq.zgzqe decimal(15,4)
ALTER TABLE "bdc_dyaq" ADD COLUMN "zgzqe" numeric(15,4);
COMMENT ON COLUMN "bdc_dyaq"."zgzqe" IS '最高债权额（万元）';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_dyaq"') AND attname = 'zgzqe' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'numeric(15,4)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_dyaq" DROP COLUMN "zgzqe"

-- 2. line 18: add-column bdc_dyaq.jzzr decimal(1,0)
ALTER TABLE "bdc_dyaq" ADD COLUMN "jzzr" numeric(1,0);
COMMENT ON COLUMN "bdc_dyaq"."jzzr" IS '是否禁止转让';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_dyaq"') AND attname = 'jzzr' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'numeric(1,0)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_dyaq" DROP COLUMN "jzzr"

-- 3. line 25: add-column bdc_yg.jzzr decimal(1,0)
ALTER TABLE "bdc_yg" ADD COLUMN "jzzr" numeric(1,0);
COMMENT ON COLUMN "bdc_yg"."jzzr" IS '是否禁止转让';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_yg"') AND attname = 'jzzr' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'numeric(1,0)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_yg" DROP COLUMN "jzzr"

-- 4. line 32: add-column bdc_dyaq.jedw decimal(1,0)
ALTER TABLE "bdc_dyaq" ADD COLUMN "jedw" numeric(1,0);
COMMENT ON COLUMN "bdc_dyaq"."jedw" IS '金额单位';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_dyaq"') AND attname = 'jedw' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'numeric(1,0)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_dyaq" DROP COLUMN "jedw"

-- 5. line 39: add-column bdc_qlr.qlrtz decimal(2,0)
ALTER TABLE "bdc_qlr" ADD COLUMN "qlrtz" numeric(2,0);
COMMENT ON COLUMN "bdc_qlr"."qlrtz" IS '权利人特征';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_qlr"') AND attname = 'qlrtz' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'numeric(2,0)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_qlr" DROP COLUMN "qlrtz"

-- 6. line 47: add-column bdc_jsydsyq.jedw decimal(1,0)
ALTER TABLE "bdc_jsydsyq" ADD COLUMN "jedw" numeric(1,0);
COMMENT ON COLUMN "bdc_jsydsyq"."jedw" IS '金额单位';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_jsydsyq"') AND attname = 'jedw' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'numeric(1,0)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_jsydsyq" DROP COLUMN "jedw"

-- 7. line 54: add-column bdc_fdcq.jedw decimal(1,0)
ALTER TABLE "bdc_fdcq" ADD COLUMN "jedw" numeric(1,0);
COMMENT ON COLUMN "bdc_fdcq"."jedw" IS '金额单位';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_fdcq"') AND attname = 'jedw' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'numeric(1,0)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_fdcq" DROP COLUMN "jedw"

-- 8. line 61: add-column bdc_hysyq.jedw decimal(1,0)
ALTER TABLE "bdc_hysyq" ADD COLUMN "jedw" numeric(1,0);
COMMENT ON COLUMN "bdc_hysyq"."jedw" IS '金额单位';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_hysyq"') AND attname = 'jedw' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'numeric(1,0)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_hysyq" DROP COLUMN "jedw"

-- 9. line 68: add-column bdc_yg.jedw decimal(1,0)
ALTER TABLE "bdc_yg" ADD COLUMN "jedw" numeric(1,0);
COMMENT ON COLUMN "bdc_yg"."jedw" IS '金额单位';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_yg"') AND attname = 'jedw' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'numeric(1,0)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_yg" DROP COLUMN "jedw"

-- 10. line 75: add-column bdc_fdcq.ytmc text(500)
ALTER TABLE "bdc_fdcq" ADD COLUMN "ytmc" character varying(500);
COMMENT ON COLUMN "bdc_fdcq"."ytmc" IS '用途名称';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_fdcq"') AND attname = 'ytmc' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(500)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_fdcq" DROP COLUMN "ytmc"

-- 11. line 82: add-column bdc_fdcq.pzyt decimal(6,0)
ALTER TABLE "bdc_fdcq" ADD COLUMN "pzyt" numeric(6,0);
COMMENT ON COLUMN "bdc_fdcq"."pzyt" IS '批准用途';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_fdcq"') AND attname = 'pzyt' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'numeric(6,0)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_fdcq" DROP COLUMN "pzyt"

-- 12. line 89: add-column bdc_fdcq.sjyt decimal(6,0)
ALTER TABLE "bdc_fdcq" ADD COLUMN "sjyt" numeric(6,0);
COMMENT ON COLUMN "bdc_fdcq"."sjyt" IS '实际用途';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_fdcq"') AND attname = 'sjyt' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'numeric(6,0)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_fdcq" DROP COLUMN "sjyt"

-- 13. line 96: add-column bdc_fdcq_fdcqxm.ytmc text(500)
ALTER TABLE "bdc_fdcq_fdcqxm" ADD COLUMN "ytmc" character varying(500);
COMMENT ON COLUMN "bdc_fdcq_fdcqxm"."ytmc" IS '用途名称';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_fdcq_fdcqxm"') AND attname = 'ytmc' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(500)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_fdcq_fdcqxm" DROP COLUMN "ytmc"

-- 14. line 103: add-column bdc_fdcq_fdcqxm.pzyt decimal(6,0)
ALTER TABLE "bdc_fdcq_fdcqxm" ADD COLUMN "pzyt" numeric(6,0);
COMMENT ON COLUMN "bdc_fdcq_fdcqxm"."pzyt" IS '批准用途';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_fdcq_fdcqxm"') AND attname = 'pzyt' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'numeric(6,0)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_fdcq_fdcqxm" DROP COLUMN "pzyt"

-- 15. line 110: add-column bdc_fdcq_fdcqxm.sjyt decimal(6,0)
ALTER TABLE "bdc_fdcq_fdcqxm" ADD COLUMN "sjyt" numeric(6,0);
COMMENT ON COLUMN "bdc_fdcq_fdcqxm"."sjyt" IS '实际用途';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_fdcq_fdcqxm"') AND attname = 'sjyt' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'numeric(6,0)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_fdcq_fdcqxm" DROP COLUMN "sjyt"

-- 16. line 117: add-column bdc_fdcq.fwxzmc text(500)
ALTER TABLE "bdc_fdcq" ADD COLUMN "fwxzmc" character varying(500);
COMMENT ON COLUMN "bdc_fdcq"."fwxzmc" IS '房屋性质名称';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_fdcq"') AND attname = 'fwxzmc' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(500)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_fdcq" DROP COLUMN "fwxzmc"

-- 17. line 124: add-column bdc_hysyq.hyglh text(200)
ALTER TABLE "bdc_hysyq" ADD COLUMN "hyglh" character varying(200);
COMMENT ON COLUMN "bdc_hysyq"."hyglh" IS '海域管理号';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_hysyq"') AND attname = 'hyglh' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(200)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_hysyq" DROP COLUMN "hyglh"

-- 18. line 131: add-column bdc_tdcbnydsyq.ydyhfl text(10)
ALTER TABLE "bdc_tdcbnydsyq" ADD COLUMN "ydyhfl" character varying(10);
COMMENT ON COLUMN "bdc_tdcbnydsyq"."ydyhfl" IS '用地用海分类';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_tdcbnydsyq"') AND attname = 'ydyhfl' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(10)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_tdcbnydsyq" DROP COLUMN "ydyhfl"

-- 19. line 139: add-column bdc_lq.fbfdm text(100)
ALTER TABLE "bdc_lq" ADD COLUMN "fbfdm" character varying(100);
COMMENT ON COLUMN "bdc_lq"."fbfdm" IS '发包方代码';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_lq"') AND attname = 'fbfdm' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(100)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_lq" DROP COLUMN "fbfdm"

-- 20. line 146: add-column bdc_lq.sllb decimal(1,0)
ALTER TABLE "bdc_lq" ADD COLUMN "sllb" numeric(1,0);
COMMENT ON COLUMN "bdc_lq"."sllb" IS '森林类别';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_lq"') AND attname = 'sllb' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'numeric(1,0)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_lq" DROP COLUMN "sllb"

-- 21. line 153: add-column bdc_dyaq.dyjelx decimal(1,0)
ALTER TABLE "bdc_dyaq" ADD COLUMN "dyjelx" numeric(1,0);
COMMENT ON COLUMN "bdc_dyaq"."dyjelx" IS '抵押金额类型';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_dyaq"') AND attname = 'dyjelx' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'numeric(1,0)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_dyaq" DROP COLUMN "dyjelx"

-- 22. line 161: add-column bdc_yg.ytmc text(500)
ALTER TABLE "bdc_yg" ADD COLUMN "ytmc" character varying(500);
COMMENT ON COLUMN "bdc_yg"."ytmc" IS '用途名称';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_yg"') AND attname = 'ytmc' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(500)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_yg" DROP COLUMN "ytmc"

-- 23. line 168: add-column bdc_jtcy.dh text(100)
ALTER TABLE "bdc_jtcy" ADD COLUMN "dh" character varying(100);
COMMENT ON COLUMN "bdc_jtcy"."dh" IS '电话';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_jtcy"') AND attname = 'dh' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(100)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_jtcy" DROP COLUMN "dh"

-- 24. line 175: add-column bdc_jtcy.dz text(200)
ALTER TABLE "bdc_jtcy" ADD COLUMN "dz" character varying(200);
COMMENT ON COLUMN "bdc_jtcy"."dz" IS '地址';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_jtcy"') AND attname = 'dz' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(200)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_jtcy" DROP COLUMN "dz"

-- 25. line 182: add-column bdc_jtcy.yb text(100)
ALTER TABLE "bdc_jtcy" ADD COLUMN "yb" character varying(100);
COMMENT ON COLUMN "bdc_jtcy"."yb" IS '邮编';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_jtcy"') AND attname = 'yb' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(100)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_jtcy" DROP COLUMN "yb"

-- 26. line 189: add-column bdc_jtcy.gzdw text(200)
ALTER TABLE "bdc_jtcy" ADD COLUMN "gzdw" character varying(200);
COMMENT ON COLUMN "bdc_jtcy"."gzdw" IS '工作单位';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_jtcy"') AND attname = 'gzdw' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(200)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_jtcy" DROP COLUMN "gzdw"

-- 27. line 196: add-column bdc_jtcy.dzyj text(100)
ALTER TABLE "bdc_jtcy" ADD COLUMN "dzyj" character varying(100);
COMMENT ON COLUMN "bdc_jtcy"."dzyj" IS '电子邮件';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_jtcy"') AND attname = 'dzyj' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(100)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_jtcy" DROP COLUMN "dzyj"

-- 28. line 203: add-column bdc_jtcy.sfgyr decimal(1,0)
ALTER TABLE "bdc_jtcy" ADD COLUMN "sfgyr" numeric(1,0);
COMMENT ON COLUMN "bdc_jtcy"."sfgyr" IS '是否共有人';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_jtcy"') AND attname = 'sfgyr' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'numeric(1,0)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_jtcy" DROP COLUMN "sfgyr"

-- 29. line 210: add-column bdc_jtcy.fzjg text(100)
ALTER TABLE "bdc_jtcy" ADD COLUMN "fzjg" character varying(100);
COMMENT ON COLUMN "bdc_jtcy"."fzjg" IS '发证机关';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_jtcy"') AND attname = 'fzjg' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(100)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_jtcy" DROP COLUMN "fzjg"

-- 30. line 217: add-column bdc_jtcy.sshy text(100)
ALTER TABLE "bdc_jtcy" ADD COLUMN "sshy" character varying(100);
COMMENT ON COLUMN "bdc_jtcy"."sshy" IS '所属行业';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_jtcy"') AND attname = 'sshy' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(100)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_jtcy" DROP COLUMN "sshy"

-- 31. line 224: add-column bdc_jtcy.gj text(100)
ALTER TABLE "bdc_jtcy" ADD COLUMN "gj" character varying(100);
COMMENT ON COLUMN "bdc_jtcy"."gj" IS '国家/地区';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_jtcy"') AND attname = 'gj' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(100)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_jtcy" DROP COLUMN "gj"

COMMIT;
