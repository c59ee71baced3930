-- dukou schema plan 1 · postgres
-- registration 3 → 4
-- before   8f3e0074fe4824d11c03c5939c011d37b4d2b423093a1f7ac69cca0ddd3c1606
-- document 53159fbf84805528d217bc9c67f1b5e6be6a475d0c810f4282689eca9a38f01d
-- after    4e44c92730d2caa16f93cc4b26b4175b4a5e6e974d483caef4ef6f6dbea8ee0f
-- inferred: 一家厂商 2021 年公开的升级脚本里的列、宽度和字典；它等于 41 号函的要求，是推断。列、宽度、字典以自治区下发的为准
BEGIN;
SET LOCAL lock_timeout = '5s';

-- 1. line 11: rename-column bdc_dyaq.scywh → ssywh
ALTER TABLE "bdc_dyaq" RENAME COLUMN "scywh" TO "ssywh";
-- done when 1: SELECT (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_dyaq"') AND attname = 'ssywh' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(50)' AND NOT attnotnull)
--     - (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_dyaq"') AND attname = 'scywh' AND NOT attisdropped)
-- back: ALTER TABLE "bdc_dyaq" RENAME COLUMN "ssywh" TO "scywh"

-- 2. line 17: rename-column bdc_yg.scywh → ssywh
ALTER TABLE "bdc_yg" RENAME COLUMN "scywh" TO "ssywh";
-- done when 1: SELECT (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_yg"') AND attname = 'ssywh' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(50)' AND NOT attnotnull)
--     - (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_yg"') AND attname = 'scywh' AND NOT attisdropped)
-- back: ALTER TABLE "bdc_yg" RENAME COLUMN "ssywh" TO "scywh"

-- 3. line 23: drop-column bdc_zrz.jzwjbyt
DO $dukou$ BEGIN
  IF (SELECT COUNT(*) FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
  WHERE d.refclassid = 'pg_class'::regclass AND a.attrelid = to_regclass('"bdc_zrz"') AND a.attname = 'jzwjbyt' AND d.classid <> 'pg_attrdef'::regclass
  AND NOT EXISTS (SELECT 1 FROM pg_class s WHERE d.classid = 'pg_class'::regclass AND s.oid = d.objid AND s.relkind = 'S')) <> 0 THEN
    RAISE EXCEPTION 'line 23: what it requires does not hold';
  END IF;
END $dukou$;
ALTER TABLE "bdc_zrz" DROP COLUMN "jzwjbyt";
-- done when 0: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_zrz"') AND attname = 'jzwjbyt' AND NOT attisdropped
-- back: ALTER TABLE "bdc_zrz" ADD COLUMN "jzwjbyt" character varying(200)
-- back: COMMENT ON COLUMN "bdc_zrz"."jzwjbyt" IS '建筑物基本用途'

-- 4. line 28: rename-element Message/Data/DJT_DJ_SLSQ → DJT_DJ_SL
-- nothing in the database

-- 5. line 33: rename-element Message/Data/DJF_DJ_SQR → DJF_DJ_SQ
-- nothing in the database

COMMIT;
