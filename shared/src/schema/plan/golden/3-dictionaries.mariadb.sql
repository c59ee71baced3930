-- dukou schema plan 1 · mariadb
-- registration 2 → 3
-- before   73aa33ef408b292d2f06622d3009341981d3a699b11541fb2f638be4f4bce16c
-- document 291ab7006a87f983b178e3f1e0dd11aa2a76400d0b7767fef2f5a14fb376cb9d
-- after    8f3e0074fe4824d11c03c5939c011d37b4d2b423093a1f7ac69cca0ddd3c1606
-- inferred: 一家厂商 2021 年公开的升级脚本里的列、宽度和字典；它等于 41 号函的要求，是推断。列、宽度、字典以自治区下发的为准
-- each statement commits by itself; a step whose check holds is done and passed over
SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',STRICT_ALL_TABLES');
CREATE TEMPORARY TABLE dukou_holds (line INT, holds INT NOT NULL CHECK (holds = 1));

-- 1. line 11: add-table bdc_gzdj
CREATE TABLE `bdc_gzdj` (
  `gzid` varchar(32) NOT NULL COMMENT '更正ID',
  `xmid` varchar(200) NULL COMMENT '项目ID',
  `gzdjlx` varchar(100) NULL COMMENT '更正登记类型',
  `gzyj` text NULL COMMENT '更正依据' CHECK (char_length(`gzyj`) <= 4000),
  `gzgt` varchar(200) NULL COMMENT '更正关系',
  `gznr` text NULL COMMENT '更正内容' CHECK (char_length(`gznr`) <= 4000),
  PRIMARY KEY (`gzid`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='更正登记';
-- done when 7: SELECT (SELECT COUNT(*) FROM information_schema.tables c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_gzdj')
--     + (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_gzdj' AND c.column_name = 'gzid' AND c.column_type = 'varchar(32)' AND c.is_nullable = 'NO')
--     + (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_gzdj' AND c.column_name = 'xmid' AND c.column_type = 'varchar(200)' AND c.is_nullable = 'YES')
--     + (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_gzdj' AND c.column_name = 'gzdjlx' AND c.column_type = 'varchar(100)' AND c.is_nullable = 'YES')
--     + (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_gzdj' AND c.column_name = 'gzyj' AND c.column_type = 'text' AND c.is_nullable = 'YES'
--     AND EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema AND k.table_name = c.table_name AND k.constraint_name = c.column_name AND k.check_clause = 'char_length(`gzyj`) <= 4000'))
--     + (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_gzdj' AND c.column_name = 'gzgt' AND c.column_type = 'varchar(200)' AND c.is_nullable = 'YES')
--     + (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_gzdj' AND c.column_name = 'gznr' AND c.column_type = 'text' AND c.is_nullable = 'YES'
--     AND EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema AND k.table_name = c.table_name AND k.constraint_name = c.column_name AND k.check_clause = 'char_length(`gznr`) <= 4000')) FROM DUAL
-- back: DROP TABLE `bdc_gzdj`

-- 2. line 25: add-table bdc_zd_qlrtz
CREATE TABLE `bdc_zd_qlrtz` (
  `dm` decimal(2,0) NOT NULL COMMENT '代码',
  `mc` varchar(200) NOT NULL COMMENT '名称',
  PRIMARY KEY (`dm`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='字典：权利人特征';
-- done when 3: SELECT (SELECT COUNT(*) FROM information_schema.tables c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd_qlrtz')
--     + (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd_qlrtz' AND c.column_name = 'dm' AND c.column_type = 'decimal(2,0)' AND c.is_nullable = 'NO')
--     + (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd_qlrtz' AND c.column_name = 'mc' AND c.column_type = 'varchar(200)' AND c.is_nullable = 'NO') FROM DUAL
-- back: DROP TABLE `bdc_zd_qlrtz`

-- 3. line 25: add-table bdc_zd_qlrtz
INSERT INTO `bdc_zd_qlrtz` (`dm`, `mc`) SELECT 1, '发包方' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_qlrtz` WHERE `dm` = 1);
INSERT INTO `bdc_zd_qlrtz` (`dm`, `mc`) SELECT 2, '承包方' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_qlrtz` WHERE `dm` = 2);
INSERT INTO `bdc_zd_qlrtz` (`dm`, `mc`) SELECT 3, '森林、林木所有权人' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_qlrtz` WHERE `dm` = 3);
INSERT INTO `bdc_zd_qlrtz` (`dm`, `mc`) SELECT 4, '森林、林木使用权人' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_qlrtz` WHERE `dm` = 4);
INSERT INTO `bdc_zd_qlrtz` (`dm`, `mc`) SELECT 5, '林地经营权人' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_qlrtz` WHERE `dm` = 5);
INSERT INTO `bdc_zd_qlrtz` (`dm`, `mc`) SELECT 6, '林地使用权人' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_qlrtz` WHERE `dm` = 6);
INSERT INTO `bdc_zd_qlrtz` (`dm`, `mc`) SELECT 9, '抵押权人' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_qlrtz` WHERE `dm` = 9);
INSERT INTO `bdc_zd_qlrtz` (`dm`, `mc`) SELECT 10, '抵押人' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_qlrtz` WHERE `dm` = 10);
INSERT INTO `bdc_zd_qlrtz` (`dm`, `mc`) SELECT 12, '土地所有权人' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_qlrtz` WHERE `dm` = 12);
INSERT INTO `bdc_zd_qlrtz` (`dm`, `mc`) SELECT 13, '建设用地使用权及房屋所有权人' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_qlrtz` WHERE `dm` = 13);
INSERT INTO `bdc_zd_qlrtz` (`dm`, `mc`) SELECT 14, '海域（含无居民海岛）使用权人' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_qlrtz` WHERE `dm` = 14);
INSERT INTO `bdc_zd_qlrtz` (`dm`, `mc`) SELECT 15, '建（构）筑物所有权人' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_qlrtz` WHERE `dm` = 15);
INSERT INTO `bdc_zd_qlrtz` (`dm`, `mc`) SELECT 16, '地役权权利人' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_qlrtz` WHERE `dm` = 16);
INSERT INTO `bdc_zd_qlrtz` (`dm`, `mc`) SELECT 17, '地役权义务人' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_qlrtz` WHERE `dm` = 17);
INSERT INTO `bdc_zd_qlrtz` (`dm`, `mc`) SELECT 18, '预告登记权利人' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_qlrtz` WHERE `dm` = 18);
INSERT INTO `bdc_zd_qlrtz` (`dm`, `mc`) SELECT 19, '预告登记义务人' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_qlrtz` WHERE `dm` = 19);
INSERT INTO `bdc_zd_qlrtz` (`dm`, `mc`) SELECT 20, '异议登记申请人' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_qlrtz` WHERE `dm` = 20);
INSERT INTO `bdc_zd_qlrtz` (`dm`, `mc`) SELECT 21, '查封机关' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_qlrtz` WHERE `dm` = 21);
INSERT INTO `bdc_zd_qlrtz` (`dm`, `mc`) SELECT 99, '其他' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_qlrtz` WHERE `dm` = 99);
-- done when 19: SELECT COUNT(*) FROM `bdc_zd_qlrtz` WHERE (`dm` = 1 AND BINARY CONVERT(`mc` USING utf8mb4) = '发包方')
--     OR (`dm` = 2 AND BINARY CONVERT(`mc` USING utf8mb4) = '承包方')
--     OR (`dm` = 3 AND BINARY CONVERT(`mc` USING utf8mb4) = '森林、林木所有权人')
--     OR (`dm` = 4 AND BINARY CONVERT(`mc` USING utf8mb4) = '森林、林木使用权人')
--     OR (`dm` = 5 AND BINARY CONVERT(`mc` USING utf8mb4) = '林地经营权人')
--     OR (`dm` = 6 AND BINARY CONVERT(`mc` USING utf8mb4) = '林地使用权人')
--     OR (`dm` = 9 AND BINARY CONVERT(`mc` USING utf8mb4) = '抵押权人')
--     OR (`dm` = 10 AND BINARY CONVERT(`mc` USING utf8mb4) = '抵押人')
--     OR (`dm` = 12 AND BINARY CONVERT(`mc` USING utf8mb4) = '土地所有权人')
--     OR (`dm` = 13 AND BINARY CONVERT(`mc` USING utf8mb4) = '建设用地使用权及房屋所有权人')
--     OR (`dm` = 14 AND BINARY CONVERT(`mc` USING utf8mb4) = '海域（含无居民海岛）使用权人')
--     OR (`dm` = 15 AND BINARY CONVERT(`mc` USING utf8mb4) = '建（构）筑物所有权人')
--     OR (`dm` = 16 AND BINARY CONVERT(`mc` USING utf8mb4) = '地役权权利人')
--     OR (`dm` = 17 AND BINARY CONVERT(`mc` USING utf8mb4) = '地役权义务人')
--     OR (`dm` = 18 AND BINARY CONVERT(`mc` USING utf8mb4) = '预告登记权利人')
--     OR (`dm` = 19 AND BINARY CONVERT(`mc` USING utf8mb4) = '预告登记义务人')
--     OR (`dm` = 20 AND BINARY CONVERT(`mc` USING utf8mb4) = '异议登记申请人')
--     OR (`dm` = 21 AND BINARY CONVERT(`mc` USING utf8mb4) = '查封机关')
--     OR (`dm` = 99 AND BINARY CONVERT(`mc` USING utf8mb4) = '其他')
-- back: DELETE FROM `bdc_zd_qlrtz` WHERE `dm` = 1
-- back: DELETE FROM `bdc_zd_qlrtz` WHERE `dm` = 2
-- back: DELETE FROM `bdc_zd_qlrtz` WHERE `dm` = 3
-- back: DELETE FROM `bdc_zd_qlrtz` WHERE `dm` = 4
-- back: DELETE FROM `bdc_zd_qlrtz` WHERE `dm` = 5
-- back: DELETE FROM `bdc_zd_qlrtz` WHERE `dm` = 6
-- back: DELETE FROM `bdc_zd_qlrtz` WHERE `dm` = 9
-- back: DELETE FROM `bdc_zd_qlrtz` WHERE `dm` = 10
-- back: DELETE FROM `bdc_zd_qlrtz` WHERE `dm` = 12
-- back: DELETE FROM `bdc_zd_qlrtz` WHERE `dm` = 13
-- back: DELETE FROM `bdc_zd_qlrtz` WHERE `dm` = 14
-- back: DELETE FROM `bdc_zd_qlrtz` WHERE `dm` = 15
-- back: DELETE FROM `bdc_zd_qlrtz` WHERE `dm` = 16
-- back: DELETE FROM `bdc_zd_qlrtz` WHERE `dm` = 17
-- back: DELETE FROM `bdc_zd_qlrtz` WHERE `dm` = 18
-- back: DELETE FROM `bdc_zd_qlrtz` WHERE `dm` = 19
-- back: DELETE FROM `bdc_zd_qlrtz` WHERE `dm` = 20
-- back: DELETE FROM `bdc_zd_qlrtz` WHERE `dm` = 21
-- back: DELETE FROM `bdc_zd_qlrtz` WHERE `dm` = 99

-- 4. line 56: add-table bdc_zd_gzdjlx
CREATE TABLE `bdc_zd_gzdjlx` (
  `dm` varchar(100) NOT NULL COMMENT '代码',
  `mc` varchar(200) NOT NULL COMMENT '名称',
  PRIMARY KEY (`dm`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='字典：更正登记类型';
-- done when 3: SELECT (SELECT COUNT(*) FROM information_schema.tables c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd_gzdjlx')
--     + (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd_gzdjlx' AND c.column_name = 'dm' AND c.column_type = 'varchar(100)' AND c.is_nullable = 'NO')
--     + (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd_gzdjlx' AND c.column_name = 'mc' AND c.column_type = 'varchar(200)' AND c.is_nullable = 'NO') FROM DUAL
-- back: DROP TABLE `bdc_zd_gzdjlx`

-- 5. line 56: add-table bdc_zd_gzdjlx
INSERT INTO `bdc_zd_gzdjlx` (`dm`, `mc`) SELECT '1', '依申请' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_gzdjlx` WHERE `dm` = '1');
INSERT INTO `bdc_zd_gzdjlx` (`dm`, `mc`) SELECT '2', '依职权' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_gzdjlx` WHERE `dm` = '2');
-- done when 2: SELECT COUNT(*) FROM `bdc_zd_gzdjlx` WHERE (`dm` = '1' AND BINARY CONVERT(`mc` USING utf8mb4) = '依申请')
--     OR (`dm` = '2' AND BINARY CONVERT(`mc` USING utf8mb4) = '依职权')
-- back: DELETE FROM `bdc_zd_gzdjlx` WHERE `dm` = '1'
-- back: DELETE FROM `bdc_zd_gzdjlx` WHERE `dm` = '2'

-- 6. line 70: add-table bdc_zd_dyjelx
CREATE TABLE `bdc_zd_dyjelx` (
  `dm` decimal(1,0) NOT NULL COMMENT '代码',
  `mc` varchar(200) NOT NULL COMMENT '名称',
  PRIMARY KEY (`dm`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='字典：抵押金额类型';
-- done when 3: SELECT (SELECT COUNT(*) FROM information_schema.tables c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd_dyjelx')
--     + (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd_dyjelx' AND c.column_name = 'dm' AND c.column_type = 'decimal(1,0)' AND c.is_nullable = 'NO')
--     + (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd_dyjelx' AND c.column_name = 'mc' AND c.column_type = 'varchar(200)' AND c.is_nullable = 'NO') FROM DUAL
-- back: DROP TABLE `bdc_zd_dyjelx`

-- 7. line 70: add-table bdc_zd_dyjelx
INSERT INTO `bdc_zd_dyjelx` (`dm`, `mc`) SELECT 0, '单个不动产单元独立抵押金额' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_dyjelx` WHERE `dm` = 0);
INSERT INTO `bdc_zd_dyjelx` (`dm`, `mc`) SELECT 1, '多个不动产单元整体抵押金额' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_dyjelx` WHERE `dm` = 1);
-- done when 2: SELECT COUNT(*) FROM `bdc_zd_dyjelx` WHERE (`dm` = 0 AND BINARY CONVERT(`mc` USING utf8mb4) = '单个不动产单元独立抵押金额')
--     OR (`dm` = 1 AND BINARY CONVERT(`mc` USING utf8mb4) = '多个不动产单元整体抵押金额')
-- back: DELETE FROM `bdc_zd_dyjelx` WHERE `dm` = 0
-- back: DELETE FROM `bdc_zd_dyjelx` WHERE `dm` = 1

-- 8. line 84: add-table bdc_zd_sllb
CREATE TABLE `bdc_zd_sllb` (
  `dm` varchar(100) NOT NULL COMMENT '代码',
  `mc` varchar(200) NOT NULL COMMENT '名称',
  PRIMARY KEY (`dm`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='字典：森林类别';
-- done when 3: SELECT (SELECT COUNT(*) FROM information_schema.tables c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd_sllb')
--     + (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd_sllb' AND c.column_name = 'dm' AND c.column_type = 'varchar(100)' AND c.is_nullable = 'NO')
--     + (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd_sllb' AND c.column_name = 'mc' AND c.column_type = 'varchar(200)' AND c.is_nullable = 'NO') FROM DUAL
-- back: DROP TABLE `bdc_zd_sllb`

-- 9. line 84: add-table bdc_zd_sllb
INSERT INTO `bdc_zd_sllb` (`dm`, `mc`) SELECT '公益林', '公益林' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_sllb` WHERE `dm` = '公益林');
INSERT INTO `bdc_zd_sllb` (`dm`, `mc`) SELECT '商品林', '商品林' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_sllb` WHERE `dm` = '商品林');
-- done when 2: SELECT COUNT(*) FROM `bdc_zd_sllb` WHERE (`dm` = '公益林' AND BINARY CONVERT(`mc` USING utf8mb4) = '公益林')
--     OR (`dm` = '商品林' AND BINARY CONVERT(`mc` USING utf8mb4) = '商品林')
-- back: DELETE FROM `bdc_zd_sllb` WHERE `dm` = '公益林'
-- back: DELETE FROM `bdc_zd_sllb` WHERE `dm` = '商品林'

-- 10. line 98: add-table bdc_zd_ydyhfl
CREATE TABLE `bdc_zd_ydyhfl` (
  `dm` varchar(10) NOT NULL COMMENT '代码',
  `mc` varchar(200) NOT NULL COMMENT '名称',
  PRIMARY KEY (`dm`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='字典：用地用海分类';
-- done when 3: SELECT (SELECT COUNT(*) FROM information_schema.tables c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd_ydyhfl')
--     + (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd_ydyhfl' AND c.column_name = 'dm' AND c.column_type = 'varchar(10)' AND c.is_nullable = 'NO')
--     + (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd_ydyhfl' AND c.column_name = 'mc' AND c.column_type = 'varchar(200)' AND c.is_nullable = 'NO') FROM DUAL
-- back: DROP TABLE `bdc_zd_ydyhfl`

-- 11. line 98: add-table bdc_zd_ydyhfl
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '01', '耕地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '01');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0101', '水田' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0101');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0102', '水浇地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0102');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0103', '旱地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0103');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '02', '园地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '02');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0201', '果园' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0201');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0202', '茶园' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0202');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0203', '橡胶园' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0203');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0204', '其他园地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0204');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '03', '林地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '03');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0301', '乔木林地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0301');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0302', '竹林地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0302');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0303', '灌木林地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0303');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0304', '其他林地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0304');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '04', '草地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '04');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0401', '天然牧草地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0401');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0402', '人工牧草地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0402');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0403', '其他草地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0403');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '05', '湿地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '05');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0501', '森林沼泽' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0501');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0502', '灌丛沼泽' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0502');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0503', '沼泽草地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0503');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0504', '其他沼泽地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0504');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0505', '沿海滩涂' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0505');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0506', '内陆滩涂' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0506');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0507', '红树林地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0507');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '06', '农业设施建设用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '06');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0601', '乡村道路用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0601');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '060101', '村道用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '060101');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '060102', '村庄内部道路用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '060102');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0602', '种植设施建设用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0602');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0603', '畜禽养殖设施建设用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0603');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0604', '水产养殖设施建设用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0604');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '07', '居住用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '07');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0701', '城镇住宅用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0701');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '070101', '一类城镇住宅用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '070101');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '070102', '二类城镇住宅用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '070102');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '070103', '三类城镇住宅用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '070103');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0702', '城镇社区服务设施用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0702');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0703', '农村宅基地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0703');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '070301', '一类农村宅基地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '070301');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '070302', '二类农村宅基地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '070302');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0704', '农村社区服务设施用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0704');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '08', '公共管理与公共服务用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '08');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0801', '机关团体用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0801');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0802', '科研用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0802');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0803', '文化用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0803');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '080301', '图书与展览用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '080301');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '080302', '文化活动用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '080302');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0804', '教育用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0804');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '080401', '高等教育用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '080401');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '080402', '中等职业教育用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '080402');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '080403', '中小学用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '080403');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '080404', '幼儿园用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '080404');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '080405', '其他教育用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '080405');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0805', '体育用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0805');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '080501', '体育场馆用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '080501');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '080502', '体育训练用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '080502');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0806', '医疗卫生用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0806');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '080601', '医院用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '080601');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '080602', '基层医疗卫生设施用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '080602');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '080603', '公共卫生用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '080603');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0807', '社会福利用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0807');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '080701', '老年人社会福利用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '080701');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '080702', '儿童社会福利用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '080702');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '080703', '残疾人社会福利用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '080703');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '080704', '其他社会福利用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '080704');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '09', '商业服务业用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '09');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0901', '商业用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0901');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '090101', '零售商业用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '090101');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '090102', '批发市场用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '090102');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '090103', '餐饮用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '090103');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '090104', '旅馆用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '090104');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '090105', '公用设施营业网点用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '090105');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0902', '商务金融用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0902');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0903', '娱乐康体用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0903');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '090301', '娱乐用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '090301');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '090302', '康体用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '090302');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '0904', '其他商业服务业用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '0904');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '10', '工矿用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '10');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1001', '工业用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1001');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '100101', '一类工业用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '100101');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '100102', '二类工业用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '100102');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '100103', '三类工业用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '100103');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1002', '采矿用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1002');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1003', '盐田' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1003');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '11', '仓储用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '11');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1101', '物流仓储用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1101');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '110101', '一类物流仓储用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '110101');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '110102', '二类物流仓储用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '110102');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '110103', '三类物流仓储用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '110103');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1102', '储备库用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1102');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '12', '交通运输用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '12');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1201', '铁路用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1201');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1202', '公路用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1202');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1203', '机场用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1203');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1204', '港口码头用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1204');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1205', '管道运输用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1205');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1206', '城市轨道交通用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1206');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1207', '城镇道路用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1207');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1208', '交通场站用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1208');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '120801', '对外交通场站用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '120801');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '120802', '公共交通场站用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '120802');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '120803', '社会停车场用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '120803');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1209', '其他交通设施用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1209');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '13', '公用设施用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '13');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1301', '供水用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1301');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1302', '排水用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1302');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1303', '供电用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1303');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1304', '供燃气用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1304');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1305', '供热用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1305');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1306', '通信用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1306');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1307', '邮政用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1307');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1308', '广播电视设施用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1308');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1309', '环卫用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1309');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1310', '消防用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1310');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1311', '干渠' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1311');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1312', '水工设施用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1312');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1313', '其他公用设施用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1313');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '14', '绿地与开敞空间用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '14');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1401', '公园绿地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1401');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1402', '防护绿地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1402');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1403', '广场用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1403');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '15', '特殊用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '15');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1501', '军事设施用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1501');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1502', '使领馆用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1502');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1503', '宗教用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1503');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1504', '文物古迹用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1504');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1505', '监教场所用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1505');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1506', '殡葬用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1506');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1507', '其他特殊用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1507');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '16', '留白用地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '16');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '17', '陆地水域' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '17');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1701', '河流水面' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1701');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1702', '湖泊水面' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1702');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1703', '水库水面' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1703');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1704', '坑塘水面' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1704');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1705', '沟渠' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1705');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1706', '冰川及常年积雪' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1706');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '18', '渔业用海' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '18');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1801', '渔业基础设施用海' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1801');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1802', '增养殖用海' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1802');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1803', '捕捞海域' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1803');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '19', '工矿通信用海' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '19');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1901', '工业用海' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1901');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1902', '盐田用海' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1902');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1903', '固体矿产用海' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1903');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1904', '油气用海' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1904');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1905', '可再生能源用海' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1905');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '1906', '海底电缆管道用海' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '1906');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '20', '交通运输用海' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '20');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '2001', '港口用海' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '2001');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '2002', '航运用海' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '2002');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '2003', '路桥隧道用海' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '2003');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '21', '游憩用海' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '21');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '2101', '风景旅游用海' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '2101');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '2102', '文体休闲娱乐用海' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '2102');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '22', '特殊用海' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '22');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '2201', '军事用海' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '2201');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '2202', '其他特殊用海' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '2202');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '23', '其他土地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '23');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '2301', '空闲地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '2301');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '2302', '田坎' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '2302');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '2303', '田间道' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '2303');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '2304', '盐碱地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '2304');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '2305', '沙地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '2305');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '2306', '裸土地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '2306');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '2307', '裸岩石砾地' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '2307');
INSERT INTO `bdc_zd_ydyhfl` (`dm`, `mc`) SELECT '24', '其他海域' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_ydyhfl` WHERE `dm` = '24');
-- done when 169: SELECT COUNT(*) FROM `bdc_zd_ydyhfl` WHERE (`dm` = '01' AND BINARY CONVERT(`mc` USING utf8mb4) = '耕地')
--     OR (`dm` = '0101' AND BINARY CONVERT(`mc` USING utf8mb4) = '水田')
--     OR (`dm` = '0102' AND BINARY CONVERT(`mc` USING utf8mb4) = '水浇地')
--     OR (`dm` = '0103' AND BINARY CONVERT(`mc` USING utf8mb4) = '旱地')
--     OR (`dm` = '02' AND BINARY CONVERT(`mc` USING utf8mb4) = '园地')
--     OR (`dm` = '0201' AND BINARY CONVERT(`mc` USING utf8mb4) = '果园')
--     OR (`dm` = '0202' AND BINARY CONVERT(`mc` USING utf8mb4) = '茶园')
--     OR (`dm` = '0203' AND BINARY CONVERT(`mc` USING utf8mb4) = '橡胶园')
--     OR (`dm` = '0204' AND BINARY CONVERT(`mc` USING utf8mb4) = '其他园地')
--     OR (`dm` = '03' AND BINARY CONVERT(`mc` USING utf8mb4) = '林地')
--     OR (`dm` = '0301' AND BINARY CONVERT(`mc` USING utf8mb4) = '乔木林地')
--     OR (`dm` = '0302' AND BINARY CONVERT(`mc` USING utf8mb4) = '竹林地')
--     OR (`dm` = '0303' AND BINARY CONVERT(`mc` USING utf8mb4) = '灌木林地')
--     OR (`dm` = '0304' AND BINARY CONVERT(`mc` USING utf8mb4) = '其他林地')
--     OR (`dm` = '04' AND BINARY CONVERT(`mc` USING utf8mb4) = '草地')
--     OR (`dm` = '0401' AND BINARY CONVERT(`mc` USING utf8mb4) = '天然牧草地')
--     OR (`dm` = '0402' AND BINARY CONVERT(`mc` USING utf8mb4) = '人工牧草地')
--     OR (`dm` = '0403' AND BINARY CONVERT(`mc` USING utf8mb4) = '其他草地')
--     OR (`dm` = '05' AND BINARY CONVERT(`mc` USING utf8mb4) = '湿地')
--     OR (`dm` = '0501' AND BINARY CONVERT(`mc` USING utf8mb4) = '森林沼泽')
--     OR (`dm` = '0502' AND BINARY CONVERT(`mc` USING utf8mb4) = '灌丛沼泽')
--     OR (`dm` = '0503' AND BINARY CONVERT(`mc` USING utf8mb4) = '沼泽草地')
--     OR (`dm` = '0504' AND BINARY CONVERT(`mc` USING utf8mb4) = '其他沼泽地')
--     OR (`dm` = '0505' AND BINARY CONVERT(`mc` USING utf8mb4) = '沿海滩涂')
--     OR (`dm` = '0506' AND BINARY CONVERT(`mc` USING utf8mb4) = '内陆滩涂')
--     OR (`dm` = '0507' AND BINARY CONVERT(`mc` USING utf8mb4) = '红树林地')
--     OR (`dm` = '06' AND BINARY CONVERT(`mc` USING utf8mb4) = '农业设施建设用地')
--     OR (`dm` = '0601' AND BINARY CONVERT(`mc` USING utf8mb4) = '乡村道路用地')
--     OR (`dm` = '060101' AND BINARY CONVERT(`mc` USING utf8mb4) = '村道用地')
--     OR (`dm` = '060102' AND BINARY CONVERT(`mc` USING utf8mb4) = '村庄内部道路用地')
--     OR (`dm` = '0602' AND BINARY CONVERT(`mc` USING utf8mb4) = '种植设施建设用地')
--     OR (`dm` = '0603' AND BINARY CONVERT(`mc` USING utf8mb4) = '畜禽养殖设施建设用地')
--     OR (`dm` = '0604' AND BINARY CONVERT(`mc` USING utf8mb4) = '水产养殖设施建设用地')
--     OR (`dm` = '07' AND BINARY CONVERT(`mc` USING utf8mb4) = '居住用地')
--     OR (`dm` = '0701' AND BINARY CONVERT(`mc` USING utf8mb4) = '城镇住宅用地')
--     OR (`dm` = '070101' AND BINARY CONVERT(`mc` USING utf8mb4) = '一类城镇住宅用地')
--     OR (`dm` = '070102' AND BINARY CONVERT(`mc` USING utf8mb4) = '二类城镇住宅用地')
--     OR (`dm` = '070103' AND BINARY CONVERT(`mc` USING utf8mb4) = '三类城镇住宅用地')
--     OR (`dm` = '0702' AND BINARY CONVERT(`mc` USING utf8mb4) = '城镇社区服务设施用地')
--     OR (`dm` = '0703' AND BINARY CONVERT(`mc` USING utf8mb4) = '农村宅基地')
--     OR (`dm` = '070301' AND BINARY CONVERT(`mc` USING utf8mb4) = '一类农村宅基地')
--     OR (`dm` = '070302' AND BINARY CONVERT(`mc` USING utf8mb4) = '二类农村宅基地')
--     OR (`dm` = '0704' AND BINARY CONVERT(`mc` USING utf8mb4) = '农村社区服务设施用地')
--     OR (`dm` = '08' AND BINARY CONVERT(`mc` USING utf8mb4) = '公共管理与公共服务用地')
--     OR (`dm` = '0801' AND BINARY CONVERT(`mc` USING utf8mb4) = '机关团体用地')
--     OR (`dm` = '0802' AND BINARY CONVERT(`mc` USING utf8mb4) = '科研用地')
--     OR (`dm` = '0803' AND BINARY CONVERT(`mc` USING utf8mb4) = '文化用地')
--     OR (`dm` = '080301' AND BINARY CONVERT(`mc` USING utf8mb4) = '图书与展览用地')
--     OR (`dm` = '080302' AND BINARY CONVERT(`mc` USING utf8mb4) = '文化活动用地')
--     OR (`dm` = '0804' AND BINARY CONVERT(`mc` USING utf8mb4) = '教育用地')
--     OR (`dm` = '080401' AND BINARY CONVERT(`mc` USING utf8mb4) = '高等教育用地')
--     OR (`dm` = '080402' AND BINARY CONVERT(`mc` USING utf8mb4) = '中等职业教育用地')
--     OR (`dm` = '080403' AND BINARY CONVERT(`mc` USING utf8mb4) = '中小学用地')
--     OR (`dm` = '080404' AND BINARY CONVERT(`mc` USING utf8mb4) = '幼儿园用地')
--     OR (`dm` = '080405' AND BINARY CONVERT(`mc` USING utf8mb4) = '其他教育用地')
--     OR (`dm` = '0805' AND BINARY CONVERT(`mc` USING utf8mb4) = '体育用地')
--     OR (`dm` = '080501' AND BINARY CONVERT(`mc` USING utf8mb4) = '体育场馆用地')
--     OR (`dm` = '080502' AND BINARY CONVERT(`mc` USING utf8mb4) = '体育训练用地')
--     OR (`dm` = '0806' AND BINARY CONVERT(`mc` USING utf8mb4) = '医疗卫生用地')
--     OR (`dm` = '080601' AND BINARY CONVERT(`mc` USING utf8mb4) = '医院用地')
--     OR (`dm` = '080602' AND BINARY CONVERT(`mc` USING utf8mb4) = '基层医疗卫生设施用地')
--     OR (`dm` = '080603' AND BINARY CONVERT(`mc` USING utf8mb4) = '公共卫生用地')
--     OR (`dm` = '0807' AND BINARY CONVERT(`mc` USING utf8mb4) = '社会福利用地')
--     OR (`dm` = '080701' AND BINARY CONVERT(`mc` USING utf8mb4) = '老年人社会福利用地')
--     OR (`dm` = '080702' AND BINARY CONVERT(`mc` USING utf8mb4) = '儿童社会福利用地')
--     OR (`dm` = '080703' AND BINARY CONVERT(`mc` USING utf8mb4) = '残疾人社会福利用地')
--     OR (`dm` = '080704' AND BINARY CONVERT(`mc` USING utf8mb4) = '其他社会福利用地')
--     OR (`dm` = '09' AND BINARY CONVERT(`mc` USING utf8mb4) = '商业服务业用地')
--     OR (`dm` = '0901' AND BINARY CONVERT(`mc` USING utf8mb4) = '商业用地')
--     OR (`dm` = '090101' AND BINARY CONVERT(`mc` USING utf8mb4) = '零售商业用地')
--     OR (`dm` = '090102' AND BINARY CONVERT(`mc` USING utf8mb4) = '批发市场用地')
--     OR (`dm` = '090103' AND BINARY CONVERT(`mc` USING utf8mb4) = '餐饮用地')
--     OR (`dm` = '090104' AND BINARY CONVERT(`mc` USING utf8mb4) = '旅馆用地')
--     OR (`dm` = '090105' AND BINARY CONVERT(`mc` USING utf8mb4) = '公用设施营业网点用地')
--     OR (`dm` = '0902' AND BINARY CONVERT(`mc` USING utf8mb4) = '商务金融用地')
--     OR (`dm` = '0903' AND BINARY CONVERT(`mc` USING utf8mb4) = '娱乐康体用地')
--     OR (`dm` = '090301' AND BINARY CONVERT(`mc` USING utf8mb4) = '娱乐用地')
--     OR (`dm` = '090302' AND BINARY CONVERT(`mc` USING utf8mb4) = '康体用地')
--     OR (`dm` = '0904' AND BINARY CONVERT(`mc` USING utf8mb4) = '其他商业服务业用地')
--     OR (`dm` = '10' AND BINARY CONVERT(`mc` USING utf8mb4) = '工矿用地')
--     OR (`dm` = '1001' AND BINARY CONVERT(`mc` USING utf8mb4) = '工业用地')
--     OR (`dm` = '100101' AND BINARY CONVERT(`mc` USING utf8mb4) = '一类工业用地')
--     OR (`dm` = '100102' AND BINARY CONVERT(`mc` USING utf8mb4) = '二类工业用地')
--     OR (`dm` = '100103' AND BINARY CONVERT(`mc` USING utf8mb4) = '三类工业用地')
--     OR (`dm` = '1002' AND BINARY CONVERT(`mc` USING utf8mb4) = '采矿用地')
--     OR (`dm` = '1003' AND BINARY CONVERT(`mc` USING utf8mb4) = '盐田')
--     OR (`dm` = '11' AND BINARY CONVERT(`mc` USING utf8mb4) = '仓储用地')
--     OR (`dm` = '1101' AND BINARY CONVERT(`mc` USING utf8mb4) = '物流仓储用地')
--     OR (`dm` = '110101' AND BINARY CONVERT(`mc` USING utf8mb4) = '一类物流仓储用地')
--     OR (`dm` = '110102' AND BINARY CONVERT(`mc` USING utf8mb4) = '二类物流仓储用地')
--     OR (`dm` = '110103' AND BINARY CONVERT(`mc` USING utf8mb4) = '三类物流仓储用地')
--     OR (`dm` = '1102' AND BINARY CONVERT(`mc` USING utf8mb4) = '储备库用地')
--     OR (`dm` = '12' AND BINARY CONVERT(`mc` USING utf8mb4) = '交通运输用地')
--     OR (`dm` = '1201' AND BINARY CONVERT(`mc` USING utf8mb4) = '铁路用地')
--     OR (`dm` = '1202' AND BINARY CONVERT(`mc` USING utf8mb4) = '公路用地')
--     OR (`dm` = '1203' AND BINARY CONVERT(`mc` USING utf8mb4) = '机场用地')
--     OR (`dm` = '1204' AND BINARY CONVERT(`mc` USING utf8mb4) = '港口码头用地')
--     OR (`dm` = '1205' AND BINARY CONVERT(`mc` USING utf8mb4) = '管道运输用地')
--     OR (`dm` = '1206' AND BINARY CONVERT(`mc` USING utf8mb4) = '城市轨道交通用地')
--     OR (`dm` = '1207' AND BINARY CONVERT(`mc` USING utf8mb4) = '城镇道路用地')
--     OR (`dm` = '1208' AND BINARY CONVERT(`mc` USING utf8mb4) = '交通场站用地')
--     OR (`dm` = '120801' AND BINARY CONVERT(`mc` USING utf8mb4) = '对外交通场站用地')
--     OR (`dm` = '120802' AND BINARY CONVERT(`mc` USING utf8mb4) = '公共交通场站用地')
--     OR (`dm` = '120803' AND BINARY CONVERT(`mc` USING utf8mb4) = '社会停车场用地')
--     OR (`dm` = '1209' AND BINARY CONVERT(`mc` USING utf8mb4) = '其他交通设施用地')
--     OR (`dm` = '13' AND BINARY CONVERT(`mc` USING utf8mb4) = '公用设施用地')
--     OR (`dm` = '1301' AND BINARY CONVERT(`mc` USING utf8mb4) = '供水用地')
--     OR (`dm` = '1302' AND BINARY CONVERT(`mc` USING utf8mb4) = '排水用地')
--     OR (`dm` = '1303' AND BINARY CONVERT(`mc` USING utf8mb4) = '供电用地')
--     OR (`dm` = '1304' AND BINARY CONVERT(`mc` USING utf8mb4) = '供燃气用地')
--     OR (`dm` = '1305' AND BINARY CONVERT(`mc` USING utf8mb4) = '供热用地')
--     OR (`dm` = '1306' AND BINARY CONVERT(`mc` USING utf8mb4) = '通信用地')
--     OR (`dm` = '1307' AND BINARY CONVERT(`mc` USING utf8mb4) = '邮政用地')
--     OR (`dm` = '1308' AND BINARY CONVERT(`mc` USING utf8mb4) = '广播电视设施用地')
--     OR (`dm` = '1309' AND BINARY CONVERT(`mc` USING utf8mb4) = '环卫用地')
--     OR (`dm` = '1310' AND BINARY CONVERT(`mc` USING utf8mb4) = '消防用地')
--     OR (`dm` = '1311' AND BINARY CONVERT(`mc` USING utf8mb4) = '干渠')
--     OR (`dm` = '1312' AND BINARY CONVERT(`mc` USING utf8mb4) = '水工设施用地')
--     OR (`dm` = '1313' AND BINARY CONVERT(`mc` USING utf8mb4) = '其他公用设施用地')
--     OR (`dm` = '14' AND BINARY CONVERT(`mc` USING utf8mb4) = '绿地与开敞空间用地')
--     OR (`dm` = '1401' AND BINARY CONVERT(`mc` USING utf8mb4) = '公园绿地')
--     OR (`dm` = '1402' AND BINARY CONVERT(`mc` USING utf8mb4) = '防护绿地')
--     OR (`dm` = '1403' AND BINARY CONVERT(`mc` USING utf8mb4) = '广场用地')
--     OR (`dm` = '15' AND BINARY CONVERT(`mc` USING utf8mb4) = '特殊用地')
--     OR (`dm` = '1501' AND BINARY CONVERT(`mc` USING utf8mb4) = '军事设施用地')
--     OR (`dm` = '1502' AND BINARY CONVERT(`mc` USING utf8mb4) = '使领馆用地')
--     OR (`dm` = '1503' AND BINARY CONVERT(`mc` USING utf8mb4) = '宗教用地')
--     OR (`dm` = '1504' AND BINARY CONVERT(`mc` USING utf8mb4) = '文物古迹用地')
--     OR (`dm` = '1505' AND BINARY CONVERT(`mc` USING utf8mb4) = '监教场所用地')
--     OR (`dm` = '1506' AND BINARY CONVERT(`mc` USING utf8mb4) = '殡葬用地')
--     OR (`dm` = '1507' AND BINARY CONVERT(`mc` USING utf8mb4) = '其他特殊用地')
--     OR (`dm` = '16' AND BINARY CONVERT(`mc` USING utf8mb4) = '留白用地')
--     OR (`dm` = '17' AND BINARY CONVERT(`mc` USING utf8mb4) = '陆地水域')
--     OR (`dm` = '1701' AND BINARY CONVERT(`mc` USING utf8mb4) = '河流水面')
--     OR (`dm` = '1702' AND BINARY CONVERT(`mc` USING utf8mb4) = '湖泊水面')
--     OR (`dm` = '1703' AND BINARY CONVERT(`mc` USING utf8mb4) = '水库水面')
--     OR (`dm` = '1704' AND BINARY CONVERT(`mc` USING utf8mb4) = '坑塘水面')
--     OR (`dm` = '1705' AND BINARY CONVERT(`mc` USING utf8mb4) = '沟渠')
--     OR (`dm` = '1706' AND BINARY CONVERT(`mc` USING utf8mb4) = '冰川及常年积雪')
--     OR (`dm` = '18' AND BINARY CONVERT(`mc` USING utf8mb4) = '渔业用海')
--     OR (`dm` = '1801' AND BINARY CONVERT(`mc` USING utf8mb4) = '渔业基础设施用海')
--     OR (`dm` = '1802' AND BINARY CONVERT(`mc` USING utf8mb4) = '增养殖用海')
--     OR (`dm` = '1803' AND BINARY CONVERT(`mc` USING utf8mb4) = '捕捞海域')
--     OR (`dm` = '19' AND BINARY CONVERT(`mc` USING utf8mb4) = '工矿通信用海')
--     OR (`dm` = '1901' AND BINARY CONVERT(`mc` USING utf8mb4) = '工业用海')
--     OR (`dm` = '1902' AND BINARY CONVERT(`mc` USING utf8mb4) = '盐田用海')
--     OR (`dm` = '1903' AND BINARY CONVERT(`mc` USING utf8mb4) = '固体矿产用海')
--     OR (`dm` = '1904' AND BINARY CONVERT(`mc` USING utf8mb4) = '油气用海')
--     OR (`dm` = '1905' AND BINARY CONVERT(`mc` USING utf8mb4) = '可再生能源用海')
--     OR (`dm` = '1906' AND BINARY CONVERT(`mc` USING utf8mb4) = '海底电缆管道用海')
--     OR (`dm` = '20' AND BINARY CONVERT(`mc` USING utf8mb4) = '交通运输用海')
--     OR (`dm` = '2001' AND BINARY CONVERT(`mc` USING utf8mb4) = '港口用海')
--     OR (`dm` = '2002' AND BINARY CONVERT(`mc` USING utf8mb4) = '航运用海')
--     OR (`dm` = '2003' AND BINARY CONVERT(`mc` USING utf8mb4) = '路桥隧道用海')
--     OR (`dm` = '21' AND BINARY CONVERT(`mc` USING utf8mb4) = '游憩用海')
--     OR (`dm` = '2101' AND BINARY CONVERT(`mc` USING utf8mb4) = '风景旅游用海')
--     OR (`dm` = '2102' AND BINARY CONVERT(`mc` USING utf8mb4) = '文体休闲娱乐用海')
--     OR (`dm` = '22' AND BINARY CONVERT(`mc` USING utf8mb4) = '特殊用海')
--     OR (`dm` = '2201' AND BINARY CONVERT(`mc` USING utf8mb4) = '军事用海')
--     OR (`dm` = '2202' AND BINARY CONVERT(`mc` USING utf8mb4) = '其他特殊用海')
--     OR (`dm` = '23' AND BINARY CONVERT(`mc` USING utf8mb4) = '其他土地')
--     OR (`dm` = '2301' AND BINARY CONVERT(`mc` USING utf8mb4) = '空闲地')
--     OR (`dm` = '2302' AND BINARY CONVERT(`mc` USING utf8mb4) = '田坎')
--     OR (`dm` = '2303' AND BINARY CONVERT(`mc` USING utf8mb4) = '田间道')
--     OR (`dm` = '2304' AND BINARY CONVERT(`mc` USING utf8mb4) = '盐碱地')
--     OR (`dm` = '2305' AND BINARY CONVERT(`mc` USING utf8mb4) = '沙地')
--     OR (`dm` = '2306' AND BINARY CONVERT(`mc` USING utf8mb4) = '裸土地')
--     OR (`dm` = '2307' AND BINARY CONVERT(`mc` USING utf8mb4) = '裸岩石砾地')
--     OR (`dm` = '24' AND BINARY CONVERT(`mc` USING utf8mb4) = '其他海域')
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '01'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0101'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0102'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0103'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '02'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0201'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0202'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0203'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0204'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '03'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0301'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0302'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0303'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0304'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '04'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0401'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0402'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0403'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '05'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0501'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0502'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0503'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0504'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0505'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0506'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0507'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '06'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0601'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '060101'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '060102'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0602'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0603'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0604'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '07'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0701'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '070101'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '070102'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '070103'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0702'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0703'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '070301'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '070302'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0704'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '08'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0801'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0802'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0803'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '080301'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '080302'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0804'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '080401'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '080402'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '080403'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '080404'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '080405'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0805'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '080501'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '080502'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0806'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '080601'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '080602'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '080603'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0807'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '080701'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '080702'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '080703'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '080704'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '09'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0901'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '090101'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '090102'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '090103'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '090104'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '090105'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0902'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0903'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '090301'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '090302'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '0904'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '10'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1001'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '100101'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '100102'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '100103'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1002'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1003'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '11'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1101'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '110101'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '110102'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '110103'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1102'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '12'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1201'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1202'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1203'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1204'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1205'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1206'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1207'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1208'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '120801'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '120802'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '120803'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1209'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '13'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1301'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1302'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1303'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1304'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1305'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1306'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1307'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1308'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1309'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1310'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1311'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1312'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1313'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '14'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1401'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1402'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1403'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '15'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1501'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1502'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1503'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1504'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1505'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1506'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1507'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '16'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '17'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1701'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1702'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1703'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1704'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1705'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1706'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '18'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1801'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1802'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1803'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '19'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1901'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1902'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1903'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1904'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1905'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '1906'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '20'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '2001'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '2002'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '2003'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '21'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '2101'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '2102'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '22'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '2201'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '2202'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '23'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '2301'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '2302'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '2303'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '2304'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '2305'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '2306'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '2307'
-- back: DELETE FROM `bdc_zd_ydyhfl` WHERE `dm` = '24'

-- 12. line 279: dictionary-rows bdc_zd_qllx: 2
INSERT INTO dukou_holds SELECT 279, (SELECT (SELECT COUNT(*) FROM `bdc_zd_qllx` WHERE (`dm` = '35')
  OR (`dm` = '92')) - (SELECT COUNT(*) FROM `bdc_zd_qllx` WHERE (`dm` = '35' AND BINARY CONVERT(`mc` USING utf8mb4) = '土地经营权')
  OR (`dm` = '92' AND BINARY CONVERT(`mc` USING utf8mb4) = '居住权')) FROM DUAL) = 0;
UPDATE `bdc_zd_qllx` SET `mc` = '土地经营权' WHERE `dm` = '35';
INSERT INTO `bdc_zd_qllx` (`dm`, `mc`) SELECT '35', '土地经营权' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_qllx` WHERE `dm` = '35');
UPDATE `bdc_zd_qllx` SET `mc` = '居住权' WHERE `dm` = '92';
INSERT INTO `bdc_zd_qllx` (`dm`, `mc`) SELECT '92', '居住权' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM `bdc_zd_qllx` WHERE `dm` = '92');
-- done when 2: SELECT COUNT(*) FROM `bdc_zd_qllx` WHERE (`dm` = '35' AND BINARY CONVERT(`mc` USING utf8mb4) = '土地经营权')
--     OR (`dm` = '92' AND BINARY CONVERT(`mc` USING utf8mb4) = '居住权')
-- back: DELETE FROM `bdc_zd_qllx` WHERE `dm` = '35'
-- back: DELETE FROM `bdc_zd_qllx` WHERE `dm` = '92'

-- 13. line 287: retype bdc_lq.sllb → text(100)
INSERT INTO dukou_holds SELECT 287, (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_lq' AND c.column_name = 'sllb' AND c.column_type = 'decimal(1,0)' AND c.is_nullable = 'YES') = 1;
INSERT INTO dukou_holds SELECT 287, (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_lq' AND c.column_name = 'sllb' AND c.extra = '' AND IFNULL(c.column_default, 'NULL') = 'NULL'
  AND (c.collation_name IS NULL OR c.collation_name = (SELECT t.table_collation FROM information_schema.tables t
    WHERE t.table_schema = c.table_schema AND t.table_name = c.table_name))
  AND NOT EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema
    AND k.table_name = c.table_name AND k.constraint_name = c.column_name)) = 1;
ALTER TABLE `bdc_lq` MODIFY COLUMN `sllb` varchar(100) NULL COMMENT '森林类别';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_lq' AND c.column_name = 'sllb' AND c.column_type = 'varchar(100)' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_lq` MODIFY COLUMN `sllb` decimal(1,0) NULL COMMENT '森林类别'

-- 14. line 293: widen bdc_dyaq.dbfw → text(4000)
INSERT INTO dukou_holds SELECT 293, (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_dyaq' AND c.column_name = 'dbfw' AND c.column_type = 'text' AND c.is_nullable = 'YES'
  AND EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema AND k.table_name = c.table_name AND k.constraint_name = c.column_name AND k.check_clause = 'char_length(`dbfw`) <= 1000')) = 1;
INSERT INTO dukou_holds SELECT 293, (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_dyaq' AND c.column_name = 'dbfw' AND c.extra = '' AND IFNULL(c.column_default, 'NULL') = 'NULL'
  AND (c.collation_name IS NULL OR c.collation_name = (SELECT t.table_collation FROM information_schema.tables t
    WHERE t.table_schema = c.table_schema AND t.table_name = c.table_name))
  AND NOT EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema
    AND k.table_name = c.table_name AND k.constraint_name = c.column_name AND k.check_clause <> 'char_length(`dbfw`) <= 1000')) = 1;
ALTER TABLE `bdc_dyaq` MODIFY COLUMN `dbfw` text NULL COMMENT '担保范围' CHECK (char_length(`dbfw`) <= 4000);
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_dyaq' AND c.column_name = 'dbfw' AND c.column_type = 'text' AND c.is_nullable = 'YES'
--     AND EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema AND k.table_name = c.table_name AND k.constraint_name = c.column_name AND k.check_clause = 'char_length(`dbfw`) <= 4000')
-- back: ALTER TABLE `bdc_dyaq` MODIFY COLUMN `dbfw` text NULL COMMENT '担保范围' CHECK (char_length(`dbfw`) <= 1000)

-- 15. line 299: widen bdc_dyaq.zjjzwdyfw → text(4000)
INSERT INTO dukou_holds SELECT 299, (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_dyaq' AND c.column_name = 'zjjzwdyfw' AND c.column_type = 'varchar(200)' AND c.is_nullable = 'YES') = 1;
INSERT INTO dukou_holds SELECT 299, (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_dyaq' AND c.column_name = 'zjjzwdyfw' AND c.extra = '' AND IFNULL(c.column_default, 'NULL') = 'NULL'
  AND (c.collation_name IS NULL OR c.collation_name = (SELECT t.table_collation FROM information_schema.tables t
    WHERE t.table_schema = c.table_schema AND t.table_name = c.table_name))
  AND NOT EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema
    AND k.table_name = c.table_name AND k.constraint_name = c.column_name)) = 1;
ALTER TABLE `bdc_dyaq` MODIFY COLUMN `zjjzwdyfw` text NULL COMMENT '在建建筑物抵押范围' CHECK (char_length(`zjjzwdyfw`) <= 4000);
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_dyaq' AND c.column_name = 'zjjzwdyfw' AND c.column_type = 'text' AND c.is_nullable = 'YES'
--     AND EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema AND k.table_name = c.table_name AND k.constraint_name = c.column_name AND k.check_clause = 'char_length(`zjjzwdyfw`) <= 4000')
-- back: ALTER TABLE `bdc_dyaq` MODIFY COLUMN `zjjzwdyfw` varchar(200) NULL COMMENT '在建建筑物抵押范围'

-- 16. line 305: widen bdc_zd.zdszd → text(4000)
INSERT INTO dukou_holds SELECT 305, (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd' AND c.column_name = 'zdszd' AND c.column_type = 'varchar(200)' AND c.is_nullable = 'YES') = 1;
INSERT INTO dukou_holds SELECT 305, (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd' AND c.column_name = 'zdszd' AND c.extra = '' AND IFNULL(c.column_default, 'NULL') = 'NULL'
  AND (c.collation_name IS NULL OR c.collation_name = (SELECT t.table_collation FROM information_schema.tables t
    WHERE t.table_schema = c.table_schema AND t.table_name = c.table_name))
  AND NOT EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema
    AND k.table_name = c.table_name AND k.constraint_name = c.column_name)) = 1;
ALTER TABLE `bdc_zd` MODIFY COLUMN `zdszd` text NULL COMMENT '宗地四至-东' CHECK (char_length(`zdszd`) <= 4000);
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd' AND c.column_name = 'zdszd' AND c.column_type = 'text' AND c.is_nullable = 'YES'
--     AND EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema AND k.table_name = c.table_name AND k.constraint_name = c.column_name AND k.check_clause = 'char_length(`zdszd`) <= 4000')
-- back: ALTER TABLE `bdc_zd` MODIFY COLUMN `zdszd` varchar(200) NULL COMMENT '宗地四至-东'

-- 17. line 311: widen bdc_zd.zdszn → text(4000)
INSERT INTO dukou_holds SELECT 311, (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd' AND c.column_name = 'zdszn' AND c.column_type = 'varchar(200)' AND c.is_nullable = 'YES') = 1;
INSERT INTO dukou_holds SELECT 311, (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd' AND c.column_name = 'zdszn' AND c.extra = '' AND IFNULL(c.column_default, 'NULL') = 'NULL'
  AND (c.collation_name IS NULL OR c.collation_name = (SELECT t.table_collation FROM information_schema.tables t
    WHERE t.table_schema = c.table_schema AND t.table_name = c.table_name))
  AND NOT EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema
    AND k.table_name = c.table_name AND k.constraint_name = c.column_name)) = 1;
ALTER TABLE `bdc_zd` MODIFY COLUMN `zdszn` text NULL COMMENT '宗地四至-南' CHECK (char_length(`zdszn`) <= 4000);
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd' AND c.column_name = 'zdszn' AND c.column_type = 'text' AND c.is_nullable = 'YES'
--     AND EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema AND k.table_name = c.table_name AND k.constraint_name = c.column_name AND k.check_clause = 'char_length(`zdszn`) <= 4000')
-- back: ALTER TABLE `bdc_zd` MODIFY COLUMN `zdszn` varchar(200) NULL COMMENT '宗地四至-南'

-- 18. line 317: widen bdc_zd.zdszx → text(4000)
INSERT INTO dukou_holds SELECT 317, (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd' AND c.column_name = 'zdszx' AND c.column_type = 'varchar(200)' AND c.is_nullable = 'YES') = 1;
INSERT INTO dukou_holds SELECT 317, (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd' AND c.column_name = 'zdszx' AND c.extra = '' AND IFNULL(c.column_default, 'NULL') = 'NULL'
  AND (c.collation_name IS NULL OR c.collation_name = (SELECT t.table_collation FROM information_schema.tables t
    WHERE t.table_schema = c.table_schema AND t.table_name = c.table_name))
  AND NOT EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema
    AND k.table_name = c.table_name AND k.constraint_name = c.column_name)) = 1;
ALTER TABLE `bdc_zd` MODIFY COLUMN `zdszx` text NULL COMMENT '宗地四至-西' CHECK (char_length(`zdszx`) <= 4000);
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd' AND c.column_name = 'zdszx' AND c.column_type = 'text' AND c.is_nullable = 'YES'
--     AND EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema AND k.table_name = c.table_name AND k.constraint_name = c.column_name AND k.check_clause = 'char_length(`zdszx`) <= 4000')
-- back: ALTER TABLE `bdc_zd` MODIFY COLUMN `zdszx` varchar(200) NULL COMMENT '宗地四至-西'

-- 19. line 323: widen bdc_zd.zdszb → text(4000)
INSERT INTO dukou_holds SELECT 323, (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd' AND c.column_name = 'zdszb' AND c.column_type = 'varchar(200)' AND c.is_nullable = 'YES') = 1;
INSERT INTO dukou_holds SELECT 323, (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd' AND c.column_name = 'zdszb' AND c.extra = '' AND IFNULL(c.column_default, 'NULL') = 'NULL'
  AND (c.collation_name IS NULL OR c.collation_name = (SELECT t.table_collation FROM information_schema.tables t
    WHERE t.table_schema = c.table_schema AND t.table_name = c.table_name))
  AND NOT EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema
    AND k.table_name = c.table_name AND k.constraint_name = c.column_name)) = 1;
ALTER TABLE `bdc_zd` MODIFY COLUMN `zdszb` text NULL COMMENT '宗地四至-北' CHECK (char_length(`zdszb`) <= 4000);
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd' AND c.column_name = 'zdszb' AND c.column_type = 'text' AND c.is_nullable = 'YES'
--     AND EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema AND k.table_name = c.table_name AND k.constraint_name = c.column_name AND k.check_clause = 'char_length(`zdszb`) <= 4000')
-- back: ALTER TABLE `bdc_zd` MODIFY COLUMN `zdszb` varchar(200) NULL COMMENT '宗地四至-北'

-- 20. line 329: widen bdc_zd.tfh → text(4000)
INSERT INTO dukou_holds SELECT 329, (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd' AND c.column_name = 'tfh' AND c.column_type = 'varchar(50)' AND c.is_nullable = 'YES') = 1;
INSERT INTO dukou_holds SELECT 329, (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd' AND c.column_name = 'tfh' AND c.extra = '' AND IFNULL(c.column_default, 'NULL') = 'NULL'
  AND (c.collation_name IS NULL OR c.collation_name = (SELECT t.table_collation FROM information_schema.tables t
    WHERE t.table_schema = c.table_schema AND t.table_name = c.table_name))
  AND NOT EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema
    AND k.table_name = c.table_name AND k.constraint_name = c.column_name)) = 1;
ALTER TABLE `bdc_zd` MODIFY COLUMN `tfh` text NULL COMMENT '图幅号' CHECK (char_length(`tfh`) <= 4000);
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_zd' AND c.column_name = 'tfh' AND c.column_type = 'text' AND c.is_nullable = 'YES'
--     AND EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema AND k.table_name = c.table_name AND k.constraint_name = c.column_name AND k.check_clause = 'char_length(`tfh`) <= 4000')
-- back: ALTER TABLE `bdc_zd` MODIFY COLUMN `tfh` varchar(50) NULL COMMENT '图幅号'

-- 21. line 335: widen bdc_qlr.gyqk → text(1000)
INSERT INTO dukou_holds SELECT 335, (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_qlr' AND c.column_name = 'gyqk' AND c.column_type = 'varchar(200)' AND c.is_nullable = 'YES') = 1;
INSERT INTO dukou_holds SELECT 335, (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_qlr' AND c.column_name = 'gyqk' AND c.extra = '' AND IFNULL(c.column_default, 'NULL') = 'NULL'
  AND (c.collation_name IS NULL OR c.collation_name = (SELECT t.table_collation FROM information_schema.tables t
    WHERE t.table_schema = c.table_schema AND t.table_name = c.table_name))
  AND NOT EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema
    AND k.table_name = c.table_name AND k.constraint_name = c.column_name)) = 1;
ALTER TABLE `bdc_qlr` MODIFY COLUMN `gyqk` text NULL COMMENT '共有情况' CHECK (char_length(`gyqk`) <= 1000);
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_qlr' AND c.column_name = 'gyqk' AND c.column_type = 'text' AND c.is_nullable = 'YES'
--     AND EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema AND k.table_name = c.table_name AND k.constraint_name = c.column_name AND k.check_clause = 'char_length(`gyqk`) <= 1000')
-- back: ALTER TABLE `bdc_qlr` MODIFY COLUMN `gyqk` varchar(200) NULL COMMENT '共有情况'

-- 22. line 341: widen bdc_jr_shijjl.xyxx → text(2000)
INSERT INTO dukou_holds SELECT 341, (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_jr_shijjl' AND c.column_name = 'xyxx' AND c.column_type = 'text' AND c.is_nullable = 'YES'
  AND EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema AND k.table_name = c.table_name AND k.constraint_name = c.column_name AND k.check_clause = 'char_length(`xyxx`) <= 1000')) = 1;
INSERT INTO dukou_holds SELECT 341, (SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_jr_shijjl' AND c.column_name = 'xyxx' AND c.extra = '' AND IFNULL(c.column_default, 'NULL') = 'NULL'
  AND (c.collation_name IS NULL OR c.collation_name = (SELECT t.table_collation FROM information_schema.tables t
    WHERE t.table_schema = c.table_schema AND t.table_name = c.table_name))
  AND NOT EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema
    AND k.table_name = c.table_name AND k.constraint_name = c.column_name AND k.check_clause <> 'char_length(`xyxx`) <= 1000')) = 1;
ALTER TABLE `bdc_jr_shijjl` MODIFY COLUMN `xyxx` text NULL COMMENT '响应信息' CHECK (char_length(`xyxx`) <= 2000);
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_jr_shijjl' AND c.column_name = 'xyxx' AND c.column_type = 'text' AND c.is_nullable = 'YES'
--     AND EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema AND k.table_name = c.table_name AND k.constraint_name = c.column_name AND k.check_clause = 'char_length(`xyxx`) <= 2000')
-- back: ALTER TABLE `bdc_jr_shijjl` MODIFY COLUMN `xyxx` text NULL COMMENT '响应信息' CHECK (char_length(`xyxx`) <= 1000)

-- 23. line 347: add-column bdc_jr_shijjl.sjjrrq date
ALTER TABLE `bdc_jr_shijjl` ADD COLUMN `sjjrrq` date NULL COMMENT '登簿日期';
-- done when 1: SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = 'bdc_jr_shijjl' AND c.column_name = 'sjjrrq' AND c.column_type = 'date' AND c.is_nullable = 'YES'
-- back: ALTER TABLE `bdc_jr_shijjl` DROP COLUMN `sjjrrq`

DROP TEMPORARY TABLE dukou_holds;
