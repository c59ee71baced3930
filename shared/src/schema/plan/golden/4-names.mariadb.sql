-- dukou schema plan 1 · mariadb
-- registration 3 → 4
-- before   8f3e0074fe4824d11c03c5939c011d37b4d2b423093a1f7ac69cca0ddd3c1606
-- document 53159fbf84805528d217bc9c67f1b5e6be6a475d0c810f4282689eca9a38f01d
-- after    4e44c92730d2caa16f93cc4b26b4175b4a5e6e974d483caef4ef6f6dbea8ee0f
-- inferred: 一家厂商 2021 年公开的升级脚本里的列、宽度和字典；它等于 41 号函的要求，是推断。列、宽度、字典以自治区下发的为准
-- each statement commits by itself; a step whose check holds is done and passed over
SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',STRICT_ALL_TABLES');
CREATE TEMPORARY TABLE dukou_holds (line INT, holds INT NOT NULL CHECK (holds = 1));

-- 1. line 11: rename-column bdc_dyaq.scywh → ssywh
INSERT INTO dukou_holds SELECT 11, (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_dyaq' AND c.column_name = 'scywh' AND c.column_type = 'varchar(50)' AND c.is_nullable = 'YES') = 1;
INSERT INTO dukou_holds SELECT 11, (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_dyaq' AND c.column_name = 'scywh' AND c.extra = '' AND IFNULL(c.column_default, 'NULL') = 'NULL'
  AND (c.collation_name IS NULL OR c.collation_name = (SELECT t.table_collation FROM information_schema.tables t
    WHERE t.table_schema = c.table_schema AND t.table_name = c.table_name))
  AND NOT EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema
    AND k.table_name = c.table_name AND k.constraint_name = c.column_name)) = 1;
ALTER TABLE `bdc_dyaq` CHANGE COLUMN `scywh` `ssywh` varchar(50) NULL COMMENT '上手业务号';
-- done when 1: SELECT (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_dyaq' AND c.column_name = 'ssywh' AND c.column_type = 'varchar(50)' AND c.is_nullable = 'YES')
--     - (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_dyaq' AND c.column_name = 'scywh') FROM DUAL
-- back: ALTER TABLE `bdc_dyaq` CHANGE COLUMN `ssywh` `scywh` varchar(50) NULL COMMENT '上手业务号'

-- 2. line 17: rename-column bdc_yg.scywh → ssywh
INSERT INTO dukou_holds SELECT 17, (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_yg' AND c.column_name = 'scywh' AND c.column_type = 'varchar(50)' AND c.is_nullable = 'YES') = 1;
INSERT INTO dukou_holds SELECT 17, (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_yg' AND c.column_name = 'scywh' AND c.extra = '' AND IFNULL(c.column_default, 'NULL') = 'NULL'
  AND (c.collation_name IS NULL OR c.collation_name = (SELECT t.table_collation FROM information_schema.tables t
    WHERE t.table_schema = c.table_schema AND t.table_name = c.table_name))
  AND NOT EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema
    AND k.table_name = c.table_name AND k.constraint_name = c.column_name)) = 1;
ALTER TABLE `bdc_yg` CHANGE COLUMN `scywh` `ssywh` varchar(50) NULL COMMENT '上手业务号';
-- done when 1: SELECT (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_yg' AND c.column_name = 'ssywh' AND c.column_type = 'varchar(50)' AND c.is_nullable = 'YES')
--     - (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_yg' AND c.column_name = 'scywh') FROM DUAL
-- back: ALTER TABLE `bdc_yg` CHANGE COLUMN `ssywh` `scywh` varchar(50) NULL COMMENT '上手业务号'

-- 3. line 23: drop-column bdc_zrz.jzwjbyt
INSERT INTO dukou_holds SELECT 23, (SELECT COUNT(*) FROM information_schema.statistics c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zrz' AND c.column_name = 'jzwjbyt') = 0;
ALTER TABLE `bdc_zrz` DROP COLUMN `jzwjbyt`;
-- done when 0: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zrz' AND c.column_name = 'jzwjbyt'
-- back: ALTER TABLE `bdc_zrz` ADD COLUMN `jzwjbyt` varchar(200) NULL COMMENT '建筑物基本用途'

-- 4. line 28: rename-element Message/Data/DJT_DJ_SLSQ → DJT_DJ_SL
-- nothing in the database

-- 5. line 33: rename-element Message/Data/DJF_DJ_SQR → DJF_DJ_SQ
-- nothing in the database

DROP TEMPORARY TABLE dukou_holds;
