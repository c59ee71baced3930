-- dukou schema plan 1 · sqlite
-- registration 3 → 4
-- before   8f3e0074fe4824d11c03c5939c011d37b4d2b423093a1f7ac69cca0ddd3c1606
-- document 53159fbf84805528d217bc9c67f1b5e6be6a475d0c810f4282689eca9a38f01d
-- after    4e44c92730d2caa16f93cc4b26b4175b4a5e6e974d483caef4ef6f6dbea8ee0f
-- inferred: 一家厂商 2021 年公开的升级脚本里的列、宽度和字典；它等于 41 号函的要求，是推断。列、宽度、字典以自治区下发的为准
.bail on
PRAGMA foreign_keys = OFF;
BEGIN EXCLUSIVE;
CREATE TEMPORARY TABLE dukou_holds (line INTEGER, holds INTEGER CHECK (holds IS 1));

-- 1. line 11: rename-column bdc_dyaq.scywh → ssywh
ALTER TABLE "bdc_dyaq" RENAME COLUMN "scywh" TO "ssywh";
-- done when 1: SELECT (SELECT COUNT(*) FROM pragma_table_xinfo('bdc_dyaq') WHERE name = 'ssywh' AND upper(type) = 'VARCHAR(50)' AND "notnull" = 0)
--     - (SELECT COUNT(*) FROM pragma_table_xinfo('bdc_dyaq') WHERE name = 'scywh')
-- back: ALTER TABLE "bdc_dyaq" RENAME COLUMN "ssywh" TO "scywh"

-- 2. line 17: rename-column bdc_yg.scywh → ssywh
ALTER TABLE "bdc_yg" RENAME COLUMN "scywh" TO "ssywh";
-- done when 1: SELECT (SELECT COUNT(*) FROM pragma_table_xinfo('bdc_yg') WHERE name = 'ssywh' AND upper(type) = 'VARCHAR(50)' AND "notnull" = 0)
--     - (SELECT COUNT(*) FROM pragma_table_xinfo('bdc_yg') WHERE name = 'scywh')
-- back: ALTER TABLE "bdc_yg" RENAME COLUMN "ssywh" TO "scywh"

-- 3. line 23: drop-column bdc_zrz.jzwjbyt
ALTER TABLE "bdc_zrz" DROP COLUMN "jzwjbyt";
-- done when 0: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_zrz') WHERE name = 'jzwjbyt'
-- back: ALTER TABLE "bdc_zrz" ADD COLUMN "jzwjbyt" VARCHAR(200)

-- 4. line 28: rename-element Message/Data/DJT_DJ_SLSQ → DJT_DJ_SL
-- nothing in the database

-- 5. line 33: rename-element Message/Data/DJF_DJ_SQR → DJF_DJ_SQ
-- nothing in the database

INSERT INTO temp.dukou_holds SELECT 0, NOT EXISTS (SELECT 1 FROM pragma_foreign_key_check);
DROP TABLE temp.dukou_holds;
COMMIT;
PRAGMA foreign_keys = ON;
