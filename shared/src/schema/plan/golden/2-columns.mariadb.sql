-- dukou schema plan 1 · mariadb
-- registration 1 → 2
-- before   6ab7c0e3b1d0feb3c844ab22609aafcb580c21395222bb87df1d659eb752252c
-- document 4f35bc63e4fdec1e8f673aa2955f59efc9fd5f18e2bd6ce74f2166c1c034d815
-- after    73aa33ef408b292d2f06622d3009341981d3a699b11541fb2f638be4f4bce16c
-- inferred: 一家厂商 2021 年公开的升级脚本里的列、宽度和字典；它等于 41 号函的要求，是推断。列、宽度、字典以自治区下发的为准
-- each statement commits by itself; a step whose check holds is done and passed over
SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',STRICT_ALL_TABLES');
CREATE TEMPORARY TABLE dukou_holds (line INT, holds INT NOT NULL CHECK (holds = 1));

-- 1. line 11: add-column bdc_dyaq.zgzqe decimal(15,4)
ALTER TABLE `bdc_dyaq` ADD COLUMN `zgzqe` decimal(15,4) NULL COMMENT '最高债权额（万元）';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_dyaq' AND c.column_name = 'zgzqe' AND c.column_type = 'decimal(15,4)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_dyaq` DROP COLUMN `zgzqe`

-- 2. line 18: add-column bdc_dyaq.jzzr decimal(1,0)
ALTER TABLE `bdc_dyaq` ADD COLUMN `jzzr` decimal(1,0) NULL COMMENT '是否禁止转让';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_dyaq' AND c.column_name = 'jzzr' AND c.column_type = 'decimal(1,0)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_dyaq` DROP COLUMN `jzzr`

-- 3. line 25: add-column bdc_yg.jzzr decimal(1,0)
ALTER TABLE `bdc_yg` ADD COLUMN `jzzr` decimal(1,0) NULL COMMENT '是否禁止转让';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_yg' AND c.column_name = 'jzzr' AND c.column_type = 'decimal(1,0)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_yg` DROP COLUMN `jzzr`

-- 4. line 32: add-column bdc_dyaq.jedw decimal(1,0)
ALTER TABLE `bdc_dyaq` ADD COLUMN `jedw` decimal(1,0) NULL COMMENT '金额单位';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_dyaq' AND c.column_name = 'jedw' AND c.column_type = 'decimal(1,0)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_dyaq` DROP COLUMN `jedw`

-- 5. line 39: add-column bdc_qlr.qlrtz decimal(2,0)
ALTER TABLE `bdc_qlr` ADD COLUMN `qlrtz` decimal(2,0) NULL COMMENT '权利人特征';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_qlr' AND c.column_name = 'qlrtz' AND c.column_type = 'decimal(2,0)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_qlr` DROP COLUMN `qlrtz`

-- 6. line 47: add-column bdc_jsydsyq.jedw decimal(1,0)
ALTER TABLE `bdc_jsydsyq` ADD COLUMN `jedw` decimal(1,0) NULL COMMENT '金额单位';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_jsydsyq' AND c.column_name = 'jedw' AND c.column_type = 'decimal(1,0)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_jsydsyq` DROP COLUMN `jedw`

-- 7. line 54: add-column bdc_fdcq.jedw decimal(1,0)
ALTER TABLE `bdc_fdcq` ADD COLUMN `jedw` decimal(1,0) NULL COMMENT '金额单位';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_fdcq' AND c.column_name = 'jedw' AND c.column_type = 'decimal(1,0)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_fdcq` DROP COLUMN `jedw`

-- 8. line 61: add-column bdc_hysyq.jedw decimal(1,0)
ALTER TABLE `bdc_hysyq` ADD COLUMN `jedw` decimal(1,0) NULL COMMENT '金额单位';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_hysyq' AND c.column_name = 'jedw' AND c.column_type = 'decimal(1,0)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_hysyq` DROP COLUMN `jedw`

-- 9. line 68: add-column bdc_yg.jedw decimal(1,0)
ALTER TABLE `bdc_yg` ADD COLUMN `jedw` decimal(1,0) NULL COMMENT '金额单位';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_yg' AND c.column_name = 'jedw' AND c.column_type = 'decimal(1,0)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_yg` DROP COLUMN `jedw`

-- 10. line 75: add-column bdc_fdcq.ytmc text(500)
ALTER TABLE `bdc_fdcq` ADD COLUMN `ytmc` varchar(500) NULL COMMENT '用途名称';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_fdcq' AND c.column_name = 'ytmc' AND c.column_type = 'varchar(500)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_fdcq` DROP COLUMN `ytmc`

-- 11. line 82: add-column bdc_fdcq.pzyt decimal(6,0)
ALTER TABLE `bdc_fdcq` ADD COLUMN `pzyt` decimal(6,0) NULL COMMENT '批准用途';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_fdcq' AND c.column_name = 'pzyt' AND c.column_type = 'decimal(6,0)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_fdcq` DROP COLUMN `pzyt`

-- 12. line 89: add-column bdc_fdcq.sjyt decimal(6,0)
ALTER TABLE `bdc_fdcq` ADD COLUMN `sjyt` decimal(6,0) NULL COMMENT '实际用途';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_fdcq' AND c.column_name = 'sjyt' AND c.column_type = 'decimal(6,0)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_fdcq` DROP COLUMN `sjyt`

-- 13. line 96: add-column bdc_fdcq_fdcqxm.ytmc text(500)
ALTER TABLE `bdc_fdcq_fdcqxm` ADD COLUMN `ytmc` varchar(500) NULL COMMENT '用途名称';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_fdcq_fdcqxm' AND c.column_name = 'ytmc' AND c.column_type = 'varchar(500)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_fdcq_fdcqxm` DROP COLUMN `ytmc`

-- 14. line 103: add-column bdc_fdcq_fdcqxm.pzyt decimal(6,0)
ALTER TABLE `bdc_fdcq_fdcqxm` ADD COLUMN `pzyt` decimal(6,0) NULL COMMENT '批准用途';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_fdcq_fdcqxm' AND c.column_name = 'pzyt' AND c.column_type = 'decimal(6,0)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_fdcq_fdcqxm` DROP COLUMN `pzyt`

-- 15. line 110: add-column bdc_fdcq_fdcqxm.sjyt decimal(6,0)
ALTER TABLE `bdc_fdcq_fdcqxm` ADD COLUMN `sjyt` decimal(6,0) NULL COMMENT '实际用途';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_fdcq_fdcqxm' AND c.column_name = 'sjyt' AND c.column_type = 'decimal(6,0)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_fdcq_fdcqxm` DROP COLUMN `sjyt`

-- 16. line 117: add-column bdc_fdcq.fwxzmc text(500)
ALTER TABLE `bdc_fdcq` ADD COLUMN `fwxzmc` varchar(500) NULL COMMENT '房屋性质名称';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_fdcq' AND c.column_name = 'fwxzmc' AND c.column_type = 'varchar(500)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_fdcq` DROP COLUMN `fwxzmc`

-- 17. line 124: add-column bdc_hysyq.hyglh text(200)
ALTER TABLE `bdc_hysyq` ADD COLUMN `hyglh` varchar(200) NULL COMMENT '海域管理号';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_hysyq' AND c.column_name = 'hyglh' AND c.column_type = 'varchar(200)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_hysyq` DROP COLUMN `hyglh`

-- 18. line 131: add-column bdc_tdcbnydsyq.ydyhfl text(10)
ALTER TABLE `bdc_tdcbnydsyq` ADD COLUMN `ydyhfl` varchar(10) NULL COMMENT '用地用海分类';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_tdcbnydsyq' AND c.column_name = 'ydyhfl' AND c.column_type = 'varchar(10)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_tdcbnydsyq` DROP COLUMN `ydyhfl`

-- 19. line 139: add-column bdc_lq.fbfdm text(100)
ALTER TABLE `bdc_lq` ADD COLUMN `fbfdm` varchar(100) NULL COMMENT '发包方代码';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_lq' AND c.column_name = 'fbfdm' AND c.column_type = 'varchar(100)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_lq` DROP COLUMN `fbfdm`

-- 20. line 146: add-column bdc_lq.sllb decimal(1,0)
ALTER TABLE `bdc_lq` ADD COLUMN `sllb` decimal(1,0) NULL COMMENT '森林类别';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_lq' AND c.column_name = 'sllb' AND c.column_type = 'decimal(1,0)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_lq` DROP COLUMN `sllb`

-- 21. line 153: add-column bdc_dyaq.dyjelx decimal(1,0)
ALTER TABLE `bdc_dyaq` ADD COLUMN `dyjelx` decimal(1,0) NULL COMMENT '抵押金额类型';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_dyaq' AND c.column_name = 'dyjelx' AND c.column_type = 'decimal(1,0)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_dyaq` DROP COLUMN `dyjelx`

-- 22. line 161: add-column bdc_yg.ytmc text(500)
ALTER TABLE `bdc_yg` ADD COLUMN `ytmc` varchar(500) NULL COMMENT '用途名称';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_yg' AND c.column_name = 'ytmc' AND c.column_type = 'varchar(500)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_yg` DROP COLUMN `ytmc`

-- 23. line 168: add-column bdc_jtcy.dh text(100)
ALTER TABLE `bdc_jtcy` ADD COLUMN `dh` varchar(100) NULL COMMENT '电话';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_jtcy' AND c.column_name = 'dh' AND c.column_type = 'varchar(100)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_jtcy` DROP COLUMN `dh`

-- 24. line 175: add-column bdc_jtcy.dz text(200)
ALTER TABLE `bdc_jtcy` ADD COLUMN `dz` varchar(200) NULL COMMENT '地址';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_jtcy' AND c.column_name = 'dz' AND c.column_type = 'varchar(200)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_jtcy` DROP COLUMN `dz`

-- 25. line 182: add-column bdc_jtcy.yb text(100)
ALTER TABLE `bdc_jtcy` ADD COLUMN `yb` varchar(100) NULL COMMENT '邮编';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_jtcy' AND c.column_name = 'yb' AND c.column_type = 'varchar(100)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_jtcy` DROP COLUMN `yb`

-- 26. line 189: add-column bdc_jtcy.gzdw text(200)
ALTER TABLE `bdc_jtcy` ADD COLUMN `gzdw` varchar(200) NULL COMMENT '工作单位';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_jtcy' AND c.column_name = 'gzdw' AND c.column_type = 'varchar(200)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_jtcy` DROP COLUMN `gzdw`

-- 27. line 196: add-column bdc_jtcy.dzyj text(100)
ALTER TABLE `bdc_jtcy` ADD COLUMN `dzyj` varchar(100) NULL COMMENT '电子邮件';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_jtcy' AND c.column_name = 'dzyj' AND c.column_type = 'varchar(100)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_jtcy` DROP COLUMN `dzyj`

-- 28. line 203: add-column bdc_jtcy.sfgyr decimal(1,0)
ALTER TABLE `bdc_jtcy` ADD COLUMN `sfgyr` decimal(1,0) NULL COMMENT '是否共有人';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_jtcy' AND c.column_name = 'sfgyr' AND c.column_type = 'decimal(1,0)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_jtcy` DROP COLUMN `sfgyr`

-- 29. line 210: add-column bdc_jtcy.fzjg text(100)
ALTER TABLE `bdc_jtcy` ADD COLUMN `fzjg` varchar(100) NULL COMMENT '发证机关';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_jtcy' AND c.column_name = 'fzjg' AND c.column_type = 'varchar(100)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_jtcy` DROP COLUMN `fzjg`

-- 30. line 217: add-column bdc_jtcy.sshy text(100)
ALTER TABLE `bdc_jtcy` ADD COLUMN `sshy` varchar(100) NULL COMMENT '所属行业';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_jtcy' AND c.column_name = 'sshy' AND c.column_type = 'varchar(100)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_jtcy` DROP COLUMN `sshy`

-- 31. line 224: add-column bdc_jtcy.gj text(100)
ALTER TABLE `bdc_jtcy` ADD COLUMN `gj` varchar(100) NULL COMMENT '国家/地区';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_jtcy' AND c.column_name = 'gj' AND c.column_type = 'varchar(100)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_jtcy` DROP COLUMN `gj`

DROP TEMPORARY TABLE dukou_holds;
