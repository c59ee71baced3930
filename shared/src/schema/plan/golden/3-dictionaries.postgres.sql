-- dukou schema plan 1 · postgres
-- registration 2 → 3
-- before   73aa33ef408b292d2f06622d3009341981d3a699b11541fb2f638be4f4bce16c
-- document 291ab7006a87f983b178e3f1e0dd11aa2a76400d0b7767fef2f5a14fb376cb9d
-- after    8f3e0074fe4824d11c03c5939c011d37b4d2b423093a1f7ac69cca0ddd3c1606
-- inferred: 一家厂商 2021 年公开的升级脚本里的列、宽度和字典；它等于 41 号函的要求，是推断。列、宽度、字典以自治区下发的为准
BEGIN;
SET LOCAL lock_timeout = '5s';

-- 1. line 11: add-table bdc_gzdj
CREATE TABLE "bdc_gzdj" (
  "gzid" character varying(32) NOT NULL,
  "xmid" character varying(200),
  "gzdjlx" character varying(100),
  "gzyj" character varying(4000),
  "gzgt" character varying(200),
  "gznr" character varying(4000),
  PRIMARY KEY ("gzid")
);
COMMENT ON TABLE "bdc_gzdj" IS '更正登记';
COMMENT ON COLUMN "bdc_gzdj"."gzid" IS '更正ID';
COMMENT ON COLUMN "bdc_gzdj"."xmid" IS '项目ID';
COMMENT ON COLUMN "bdc_gzdj"."gzdjlx" IS '更正登记类型';
COMMENT ON COLUMN "bdc_gzdj"."gzyj" IS '更正依据';
COMMENT ON COLUMN "bdc_gzdj"."gzgt" IS '更正关系';
COMMENT ON COLUMN "bdc_gzdj"."gznr" IS '更正内容';
-- done when 7: SELECT (SELECT COUNT(to_regclass('"bdc_gzdj"')))
--     + (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_gzdj"') AND attname = 'gzid' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(32)' AND attnotnull)
--     + (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_gzdj"') AND attname = 'xmid' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(200)' AND NOT attnotnull)
--     + (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_gzdj"') AND attname = 'gzdjlx' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(100)' AND NOT attnotnull)
--     + (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_gzdj"') AND attname = 'gzyj' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(4000)' AND NOT attnotnull)
--     + (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_gzdj"') AND attname = 'gzgt' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(200)' AND NOT attnotnull)
--     + (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_gzdj"') AND attname = 'gznr' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(4000)' AND NOT attnotnull)
-- back: DROP TABLE "bdc_gzdj"

-- 2. line 25: add-table bdc_zd_qlrtz
CREATE TABLE "bdc_zd_qlrtz" (
  "dm" numeric(2,0) NOT NULL,
  "mc" character varying(200) NOT NULL,
  PRIMARY KEY ("dm")
);
COMMENT ON TABLE "bdc_zd_qlrtz" IS '字典：权利人特征';
COMMENT ON COLUMN "bdc_zd_qlrtz"."dm" IS '代码';
COMMENT ON COLUMN "bdc_zd_qlrtz"."mc" IS '名称';
-- done when 3: SELECT (SELECT COUNT(to_regclass('"bdc_zd_qlrtz"')))
--     + (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_zd_qlrtz"') AND attname = 'dm' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'numeric(2,0)' AND attnotnull)
--     + (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_zd_qlrtz"') AND attname = 'mc' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(200)' AND attnotnull)
-- back: DROP TABLE "bdc_zd_qlrtz"

-- 3. line 25: add-table bdc_zd_qlrtz
INSERT INTO "bdc_zd_qlrtz" ("dm", "mc") SELECT 1, '发包方' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_qlrtz" WHERE "dm" = 1);
INSERT INTO "bdc_zd_qlrtz" ("dm", "mc") SELECT 2, '承包方' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_qlrtz" WHERE "dm" = 2);
INSERT INTO "bdc_zd_qlrtz" ("dm", "mc") SELECT 3, '森林、林木所有权人' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_qlrtz" WHERE "dm" = 3);
INSERT INTO "bdc_zd_qlrtz" ("dm", "mc") SELECT 4, '森林、林木使用权人' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_qlrtz" WHERE "dm" = 4);
INSERT INTO "bdc_zd_qlrtz" ("dm", "mc") SELECT 5, '林地经营权人' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_qlrtz" WHERE "dm" = 5);
INSERT INTO "bdc_zd_qlrtz" ("dm", "mc") SELECT 6, '林地使用权人' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_qlrtz" WHERE "dm" = 6);
INSERT INTO "bdc_zd_qlrtz" ("dm", "mc") SELECT 9, '抵押权人' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_qlrtz" WHERE "dm" = 9);
INSERT INTO "bdc_zd_qlrtz" ("dm", "mc") SELECT 10, '抵押人' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_qlrtz" WHERE "dm" = 10);
INSERT INTO "bdc_zd_qlrtz" ("dm", "mc") SELECT 12, '土地所有权人' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_qlrtz" WHERE "dm" = 12);
INSERT INTO "bdc_zd_qlrtz" ("dm", "mc") SELECT 13, '建设用地使用权及房屋所有权人' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_qlrtz" WHERE "dm" = 13);
INSERT INTO "bdc_zd_qlrtz" ("dm", "mc") SELECT 14, '海域（含无居民海岛）使用权人' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_qlrtz" WHERE "dm" = 14);
INSERT INTO "bdc_zd_qlrtz" ("dm", "mc") SELECT 15, '建（构）筑物所有权人' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_qlrtz" WHERE "dm" = 15);
INSERT INTO "bdc_zd_qlrtz" ("dm", "mc") SELECT 16, '地役权权利人' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_qlrtz" WHERE "dm" = 16);
INSERT INTO "bdc_zd_qlrtz" ("dm", "mc") SELECT 17, '地役权义务人' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_qlrtz" WHERE "dm" = 17);
INSERT INTO "bdc_zd_qlrtz" ("dm", "mc") SELECT 18, '预告登记权利人' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_qlrtz" WHERE "dm" = 18);
INSERT INTO "bdc_zd_qlrtz" ("dm", "mc") SELECT 19, '预告登记义务人' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_qlrtz" WHERE "dm" = 19);
INSERT INTO "bdc_zd_qlrtz" ("dm", "mc") SELECT 20, '异议登记申请人' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_qlrtz" WHERE "dm" = 20);
INSERT INTO "bdc_zd_qlrtz" ("dm", "mc") SELECT 21, '查封机关' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_qlrtz" WHERE "dm" = 21);
INSERT INTO "bdc_zd_qlrtz" ("dm", "mc") SELECT 99, '其他' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_qlrtz" WHERE "dm" = 99);
-- done when 19: SELECT COUNT(*) FROM "bdc_zd_qlrtz" WHERE ("dm" = 1 AND "mc" = '发包方')
--     OR ("dm" = 2 AND "mc" = '承包方')
--     OR ("dm" = 3 AND "mc" = '森林、林木所有权人')
--     OR ("dm" = 4 AND "mc" = '森林、林木使用权人')
--     OR ("dm" = 5 AND "mc" = '林地经营权人')
--     OR ("dm" = 6 AND "mc" = '林地使用权人')
--     OR ("dm" = 9 AND "mc" = '抵押权人')
--     OR ("dm" = 10 AND "mc" = '抵押人')
--     OR ("dm" = 12 AND "mc" = '土地所有权人')
--     OR ("dm" = 13 AND "mc" = '建设用地使用权及房屋所有权人')
--     OR ("dm" = 14 AND "mc" = '海域（含无居民海岛）使用权人')
--     OR ("dm" = 15 AND "mc" = '建（构）筑物所有权人')
--     OR ("dm" = 16 AND "mc" = '地役权权利人')
--     OR ("dm" = 17 AND "mc" = '地役权义务人')
--     OR ("dm" = 18 AND "mc" = '预告登记权利人')
--     OR ("dm" = 19 AND "mc" = '预告登记义务人')
--     OR ("dm" = 20 AND "mc" = '异议登记申请人')
--     OR ("dm" = 21 AND "mc" = '查封机关')
--     OR ("dm" = 99 AND "mc" = '其他')
-- back: DELETE FROM "bdc_zd_qlrtz" WHERE "dm" = 1
-- back: DELETE FROM "bdc_zd_qlrtz" WHERE "dm" = 2
-- back: DELETE FROM "bdc_zd_qlrtz" WHERE "dm" = 3
-- back: DELETE FROM "bdc_zd_qlrtz" WHERE "dm" = 4
-- back: DELETE FROM "bdc_zd_qlrtz" WHERE "dm" = 5
-- back: DELETE FROM "bdc_zd_qlrtz" WHERE "dm" = 6
-- back: DELETE FROM "bdc_zd_qlrtz" WHERE "dm" = 9
-- back: DELETE FROM "bdc_zd_qlrtz" WHERE "dm" = 10
-- back: DELETE FROM "bdc_zd_qlrtz" WHERE "dm" = 12
-- back: DELETE FROM "bdc_zd_qlrtz" WHERE "dm" = 13
-- back: DELETE FROM "bdc_zd_qlrtz" WHERE "dm" = 14
-- back: DELETE FROM "bdc_zd_qlrtz" WHERE "dm" = 15
-- back: DELETE FROM "bdc_zd_qlrtz" WHERE "dm" = 16
-- back: DELETE FROM "bdc_zd_qlrtz" WHERE "dm" = 17
-- back: DELETE FROM "bdc_zd_qlrtz" WHERE "dm" = 18
-- back: DELETE FROM "bdc_zd_qlrtz" WHERE "dm" = 19
-- back: DELETE FROM "bdc_zd_qlrtz" WHERE "dm" = 20
-- back: DELETE FROM "bdc_zd_qlrtz" WHERE "dm" = 21
-- back: DELETE FROM "bdc_zd_qlrtz" WHERE "dm" = 99

-- 4. line 56: add-table bdc_zd_gzdjlx
CREATE TABLE "bdc_zd_gzdjlx" (
  "dm" character varying(100) NOT NULL,
  "mc" character varying(200) NOT NULL,
  PRIMARY KEY ("dm")
);
COMMENT ON TABLE "bdc_zd_gzdjlx" IS '字典：更正登记类型';
COMMENT ON COLUMN "bdc_zd_gzdjlx"."dm" IS '代码';
COMMENT ON COLUMN "bdc_zd_gzdjlx"."mc" IS '名称';
-- done when 3: SELECT (SELECT COUNT(to_regclass('"bdc_zd_gzdjlx"')))
--     + (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_zd_gzdjlx"') AND attname = 'dm' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(100)' AND attnotnull)
--     + (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_zd_gzdjlx"') AND attname = 'mc' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(200)' AND attnotnull)
-- back: DROP TABLE "bdc_zd_gzdjlx"

-- 5. line 56: add-table bdc_zd_gzdjlx
INSERT INTO "bdc_zd_gzdjlx" ("dm", "mc") SELECT '1', '依申请' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_gzdjlx" WHERE "dm" = '1');
INSERT INTO "bdc_zd_gzdjlx" ("dm", "mc") SELECT '2', '依职权' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_gzdjlx" WHERE "dm" = '2');
-- done when 2: SELECT COUNT(*) FROM "bdc_zd_gzdjlx" WHERE ("dm" = '1' AND "mc" = '依申请')
--     OR ("dm" = '2' AND "mc" = '依职权')
-- back: DELETE FROM "bdc_zd_gzdjlx" WHERE "dm" = '1'
-- back: DELETE FROM "bdc_zd_gzdjlx" WHERE "dm" = '2'

-- 6. line 70: add-table bdc_zd_dyjelx
CREATE TABLE "bdc_zd_dyjelx" (
  "dm" numeric(1,0) NOT NULL,
  "mc" character varying(200) NOT NULL,
  PRIMARY KEY ("dm")
);
COMMENT ON TABLE "bdc_zd_dyjelx" IS '字典：抵押金额类型';
COMMENT ON COLUMN "bdc_zd_dyjelx"."dm" IS '代码';
COMMENT ON COLUMN "bdc_zd_dyjelx"."mc" IS '名称';
-- done when 3: SELECT (SELECT COUNT(to_regclass('"bdc_zd_dyjelx"')))
--     + (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_zd_dyjelx"') AND attname = 'dm' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'numeric(1,0)' AND attnotnull)
--     + (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_zd_dyjelx"') AND attname = 'mc' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(200)' AND attnotnull)
-- back: DROP TABLE "bdc_zd_dyjelx"

-- 7. line 70: add-table bdc_zd_dyjelx
INSERT INTO "bdc_zd_dyjelx" ("dm", "mc") SELECT 0, '单个不动产单元独立抵押金额' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_dyjelx" WHERE "dm" = 0);
INSERT INTO "bdc_zd_dyjelx" ("dm", "mc") SELECT 1, '多个不动产单元整体抵押金额' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_dyjelx" WHERE "dm" = 1);
-- done when 2: SELECT COUNT(*) FROM "bdc_zd_dyjelx" WHERE ("dm" = 0 AND "mc" = '单个不动产单元独立抵押金额')
--     OR ("dm" = 1 AND "mc" = '多个不动产单元整体抵押金额')
-- back: DELETE FROM "bdc_zd_dyjelx" WHERE "dm" = 0
-- back: DELETE FROM "bdc_zd_dyjelx" WHERE "dm" = 1

-- 8. line 84: add-table bdc_zd_sllb
CREATE TABLE "bdc_zd_sllb" (
  "dm" character varying(100) NOT NULL,
  "mc" character varying(200) NOT NULL,
  PRIMARY KEY ("dm")
);
COMMENT ON TABLE "bdc_zd_sllb" IS '字典：森林类别';
COMMENT ON COLUMN "bdc_zd_sllb"."dm" IS '代码';
COMMENT ON COLUMN "bdc_zd_sllb"."mc" IS '名称';
-- done when 3: SELECT (SELECT COUNT(to_regclass('"bdc_zd_sllb"')))
--     + (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_zd_sllb"') AND attname = 'dm' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(100)' AND attnotnull)
--     + (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_zd_sllb"') AND attname = 'mc' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(200)' AND attnotnull)
-- back: DROP TABLE "bdc_zd_sllb"

-- 9. line 84: add-table bdc_zd_sllb
INSERT INTO "bdc_zd_sllb" ("dm", "mc") SELECT '公益林', '公益林' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_sllb" WHERE "dm" = '公益林');
INSERT INTO "bdc_zd_sllb" ("dm", "mc") SELECT '商品林', '商品林' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_sllb" WHERE "dm" = '商品林');
-- done when 2: SELECT COUNT(*) FROM "bdc_zd_sllb" WHERE ("dm" = '公益林' AND "mc" = '公益林')
--     OR ("dm" = '商品林' AND "mc" = '商品林')
-- back: DELETE FROM "bdc_zd_sllb" WHERE "dm" = '公益林'
-- back: DELETE FROM "bdc_zd_sllb" WHERE "dm" = '商品林'

-- 10. line 98: add-table bdc_zd_ydyhfl
CREATE TABLE "bdc_zd_ydyhfl" (
  "dm" character varying(10) NOT NULL,
  "mc" character varying(200) NOT NULL,
  PRIMARY KEY ("dm")
);
COMMENT ON TABLE "bdc_zd_ydyhfl" IS '字典：用地用海分类';
COMMENT ON COLUMN "bdc_zd_ydyhfl"."dm" IS '代码';
COMMENT ON COLUMN "bdc_zd_ydyhfl"."mc" IS '名称';
-- done when 3: SELECT (SELECT COUNT(to_regclass('"bdc_zd_ydyhfl"')))
--     + (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_zd_ydyhfl"') AND attname = 'dm' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(10)' AND attnotnull)
--     + (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_zd_ydyhfl"') AND attname = 'mc' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(200)' AND attnotnull)
-- back: DROP TABLE "bdc_zd_ydyhfl"

-- 11. line 98: add-table bdc_zd_ydyhfl
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '01', '耕地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '01');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0101', '水田' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0101');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0102', '水浇地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0102');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0103', '旱地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0103');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '02', '园地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '02');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0201', '果园' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0201');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0202', '茶园' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0202');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0203', '橡胶园' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0203');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0204', '其他园地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0204');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '03', '林地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '03');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0301', '乔木林地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0301');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0302', '竹林地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0302');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0303', '灌木林地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0303');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0304', '其他林地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0304');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '04', '草地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '04');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0401', '天然牧草地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0401');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0402', '人工牧草地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0402');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0403', '其他草地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0403');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '05', '湿地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '05');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0501', '森林沼泽' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0501');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0502', '灌丛沼泽' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0502');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0503', '沼泽草地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0503');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0504', '其他沼泽地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0504');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0505', '沿海滩涂' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0505');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0506', '内陆滩涂' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0506');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0507', '红树林地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0507');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '06', '农业设施建设用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '06');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0601', '乡村道路用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0601');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '060101', '村道用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '060101');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '060102', '村庄内部道路用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '060102');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0602', '种植设施建设用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0602');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0603', '畜禽养殖设施建设用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0603');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0604', '水产养殖设施建设用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0604');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '07', '居住用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '07');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0701', '城镇住宅用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0701');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '070101', '一类城镇住宅用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '070101');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '070102', '二类城镇住宅用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '070102');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '070103', '三类城镇住宅用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '070103');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0702', '城镇社区服务设施用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0702');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0703', '农村宅基地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0703');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '070301', '一类农村宅基地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '070301');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '070302', '二类农村宅基地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '070302');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0704', '农村社区服务设施用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0704');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '08', '公共管理与公共服务用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '08');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0801', '机关团体用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0801');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0802', '科研用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0802');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0803', '文化用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0803');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '080301', '图书与展览用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '080301');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '080302', '文化活动用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '080302');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0804', '教育用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0804');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '080401', '高等教育用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '080401');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '080402', '中等职业教育用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '080402');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '080403', '中小学用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '080403');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '080404', '幼儿园用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '080404');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '080405', '其他教育用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '080405');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0805', '体育用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0805');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '080501', '体育场馆用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '080501');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '080502', '体育训练用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '080502');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0806', '医疗卫生用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0806');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '080601', '医院用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '080601');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '080602', '基层医疗卫生设施用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '080602');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '080603', '公共卫生用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '080603');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0807', '社会福利用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0807');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '080701', '老年人社会福利用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '080701');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '080702', '儿童社会福利用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '080702');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '080703', '残疾人社会福利用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '080703');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '080704', '其他社会福利用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '080704');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '09', '商业服务业用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '09');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0901', '商业用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0901');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '090101', '零售商业用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '090101');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '090102', '批发市场用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '090102');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '090103', '餐饮用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '090103');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '090104', '旅馆用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '090104');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '090105', '公用设施营业网点用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '090105');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0902', '商务金融用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0902');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0903', '娱乐康体用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0903');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '090301', '娱乐用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '090301');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '090302', '康体用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '090302');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '0904', '其他商业服务业用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '0904');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '10', '工矿用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '10');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1001', '工业用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1001');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '100101', '一类工业用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '100101');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '100102', '二类工业用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '100102');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '100103', '三类工业用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '100103');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1002', '采矿用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1002');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1003', '盐田' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1003');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '11', '仓储用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '11');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1101', '物流仓储用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1101');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '110101', '一类物流仓储用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '110101');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '110102', '二类物流仓储用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '110102');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '110103', '三类物流仓储用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '110103');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1102', '储备库用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1102');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '12', '交通运输用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '12');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1201', '铁路用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1201');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1202', '公路用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1202');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1203', '机场用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1203');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1204', '港口码头用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1204');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1205', '管道运输用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1205');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1206', '城市轨道交通用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1206');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1207', '城镇道路用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1207');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1208', '交通场站用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1208');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '120801', '对外交通场站用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '120801');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '120802', '公共交通场站用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '120802');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '120803', '社会停车场用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '120803');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1209', '其他交通设施用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1209');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '13', '公用设施用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '13');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1301', '供水用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1301');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1302', '排水用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1302');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1303', '供电用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1303');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1304', '供燃气用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1304');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1305', '供热用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1305');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1306', '通信用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1306');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1307', '邮政用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1307');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1308', '广播电视设施用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1308');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1309', '环卫用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1309');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1310', '消防用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1310');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1311', '干渠' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1311');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1312', '水工设施用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1312');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1313', '其他公用设施用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1313');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '14', '绿地与开敞空间用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '14');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1401', '公园绿地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1401');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1402', '防护绿地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1402');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1403', '广场用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1403');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '15', '特殊用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '15');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1501', '军事设施用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1501');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1502', '使领馆用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1502');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1503', '宗教用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1503');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1504', '文物古迹用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1504');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1505', '监教场所用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1505');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1506', '殡葬用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1506');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1507', '其他特殊用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1507');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '16', '留白用地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '16');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '17', '陆地水域' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '17');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1701', '河流水面' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1701');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1702', '湖泊水面' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1702');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1703', '水库水面' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1703');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1704', '坑塘水面' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1704');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1705', '沟渠' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1705');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1706', '冰川及常年积雪' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1706');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '18', '渔业用海' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '18');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1801', '渔业基础设施用海' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1801');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1802', '增养殖用海' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1802');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1803', '捕捞海域' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1803');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '19', '工矿通信用海' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '19');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1901', '工业用海' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1901');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1902', '盐田用海' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1902');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1903', '固体矿产用海' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1903');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1904', '油气用海' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1904');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1905', '可再生能源用海' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1905');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '1906', '海底电缆管道用海' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '1906');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '20', '交通运输用海' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '20');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '2001', '港口用海' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '2001');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '2002', '航运用海' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '2002');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '2003', '路桥隧道用海' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '2003');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '21', '游憩用海' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '21');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '2101', '风景旅游用海' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '2101');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '2102', '文体休闲娱乐用海' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '2102');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '22', '特殊用海' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '22');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '2201', '军事用海' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '2201');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '2202', '其他特殊用海' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '2202');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '23', '其他土地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '23');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '2301', '空闲地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '2301');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '2302', '田坎' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '2302');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '2303', '田间道' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '2303');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '2304', '盐碱地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '2304');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '2305', '沙地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '2305');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '2306', '裸土地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '2306');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '2307', '裸岩石砾地' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '2307');
INSERT INTO "bdc_zd_ydyhfl" ("dm", "mc") SELECT '24', '其他海域' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_ydyhfl" WHERE "dm" = '24');
-- done when 169: SELECT COUNT(*) FROM "bdc_zd_ydyhfl" WHERE ("dm" = '01' AND "mc" = '耕地')
--     OR ("dm" = '0101' AND "mc" = '水田')
--     OR ("dm" = '0102' AND "mc" = '水浇地')
--     OR ("dm" = '0103' AND "mc" = '旱地')
--     OR ("dm" = '02' AND "mc" = '园地')
--     OR ("dm" = '0201' AND "mc" = '果园')
--     OR ("dm" = '0202' AND "mc" = '茶园')
--     OR ("dm" = '0203' AND "mc" = '橡胶园')
--     OR ("dm" = '0204' AND "mc" = '其他园地')
--     OR ("dm" = '03' AND "mc" = '林地')
--     OR ("dm" = '0301' AND "mc" = '乔木林地')
--     OR ("dm" = '0302' AND "mc" = '竹林地')
--     OR ("dm" = '0303' AND "mc" = '灌木林地')
--     OR ("dm" = '0304' AND "mc" = '其他林地')
--     OR ("dm" = '04' AND "mc" = '草地')
--     OR ("dm" = '0401' AND "mc" = '天然牧草地')
--     OR ("dm" = '0402' AND "mc" = '人工牧草地')
--     OR ("dm" = '0403' AND "mc" = '其他草地')
--     OR ("dm" = '05' AND "mc" = '湿地')
--     OR ("dm" = '0501' AND "mc" = '森林沼泽')
--     OR ("dm" = '0502' AND "mc" = '灌丛沼泽')
--     OR ("dm" = '0503' AND "mc" = '沼泽草地')
--     OR ("dm" = '0504' AND "mc" = '其他沼泽地')
--     OR ("dm" = '0505' AND "mc" = '沿海滩涂')
--     OR ("dm" = '0506' AND "mc" = '内陆滩涂')
--     OR ("dm" = '0507' AND "mc" = '红树林地')
--     OR ("dm" = '06' AND "mc" = '农业设施建设用地')
--     OR ("dm" = '0601' AND "mc" = '乡村道路用地')
--     OR ("dm" = '060101' AND "mc" = '村道用地')
--     OR ("dm" = '060102' AND "mc" = '村庄内部道路用地')
--     OR ("dm" = '0602' AND "mc" = '种植设施建设用地')
--     OR ("dm" = '0603' AND "mc" = '畜禽养殖设施建设用地')
--     OR ("dm" = '0604' AND "mc" = '水产养殖设施建设用地')
--     OR ("dm" = '07' AND "mc" = '居住用地')
--     OR ("dm" = '0701' AND "mc" = '城镇住宅用地')
--     OR ("dm" = '070101' AND "mc" = '一类城镇住宅用地')
--     OR ("dm" = '070102' AND "mc" = '二类城镇住宅用地')
--     OR ("dm" = '070103' AND "mc" = '三类城镇住宅用地')
--     OR ("dm" = '0702' AND "mc" = '城镇社区服务设施用地')
--     OR ("dm" = '0703' AND "mc" = '农村宅基地')
--     OR ("dm" = '070301' AND "mc" = '一类农村宅基地')
--     OR ("dm" = '070302' AND "mc" = '二类农村宅基地')
--     OR ("dm" = '0704' AND "mc" = '农村社区服务设施用地')
--     OR ("dm" = '08' AND "mc" = '公共管理与公共服务用地')
--     OR ("dm" = '0801' AND "mc" = '机关团体用地')
--     OR ("dm" = '0802' AND "mc" = '科研用地')
--     OR ("dm" = '0803' AND "mc" = '文化用地')
--     OR ("dm" = '080301' AND "mc" = '图书与展览用地')
--     OR ("dm" = '080302' AND "mc" = '文化活动用地')
--     OR ("dm" = '0804' AND "mc" = '教育用地')
--     OR ("dm" = '080401' AND "mc" = '高等教育用地')
--     OR ("dm" = '080402' AND "mc" = '中等职业教育用地')
--     OR ("dm" = '080403' AND "mc" = '中小学用地')
--     OR ("dm" = '080404' AND "mc" = '幼儿园用地')
--     OR ("dm" = '080405' AND "mc" = '其他教育用地')
--     OR ("dm" = '0805' AND "mc" = '体育用地')
--     OR ("dm" = '080501' AND "mc" = '体育场馆用地')
--     OR ("dm" = '080502' AND "mc" = '体育训练用地')
--     OR ("dm" = '0806' AND "mc" = '医疗卫生用地')
--     OR ("dm" = '080601' AND "mc" = '医院用地')
--     OR ("dm" = '080602' AND "mc" = '基层医疗卫生设施用地')
--     OR ("dm" = '080603' AND "mc" = '公共卫生用地')
--     OR ("dm" = '0807' AND "mc" = '社会福利用地')
--     OR ("dm" = '080701' AND "mc" = '老年人社会福利用地')
--     OR ("dm" = '080702' AND "mc" = '儿童社会福利用地')
--     OR ("dm" = '080703' AND "mc" = '残疾人社会福利用地')
--     OR ("dm" = '080704' AND "mc" = '其他社会福利用地')
--     OR ("dm" = '09' AND "mc" = '商业服务业用地')
--     OR ("dm" = '0901' AND "mc" = '商业用地')
--     OR ("dm" = '090101' AND "mc" = '零售商业用地')
--     OR ("dm" = '090102' AND "mc" = '批发市场用地')
--     OR ("dm" = '090103' AND "mc" = '餐饮用地')
--     OR ("dm" = '090104' AND "mc" = '旅馆用地')
--     OR ("dm" = '090105' AND "mc" = '公用设施营业网点用地')
--     OR ("dm" = '0902' AND "mc" = '商务金融用地')
--     OR ("dm" = '0903' AND "mc" = '娱乐康体用地')
--     OR ("dm" = '090301' AND "mc" = '娱乐用地')
--     OR ("dm" = '090302' AND "mc" = '康体用地')
--     OR ("dm" = '0904' AND "mc" = '其他商业服务业用地')
--     OR ("dm" = '10' AND "mc" = '工矿用地')
--     OR ("dm" = '1001' AND "mc" = '工业用地')
--     OR ("dm" = '100101' AND "mc" = '一类工业用地')
--     OR ("dm" = '100102' AND "mc" = '二类工业用地')
--     OR ("dm" = '100103' AND "mc" = '三类工业用地')
--     OR ("dm" = '1002' AND "mc" = '采矿用地')
--     OR ("dm" = '1003' AND "mc" = '盐田')
--     OR ("dm" = '11' AND "mc" = '仓储用地')
--     OR ("dm" = '1101' AND "mc" = '物流仓储用地')
--     OR ("dm" = '110101' AND "mc" = '一类物流仓储用地')
--     OR ("dm" = '110102' AND "mc" = '二类物流仓储用地')
--     OR ("dm" = '110103' AND "mc" = '三类物流仓储用地')
--     OR ("dm" = '1102' AND "mc" = '储备库用地')
--     OR ("dm" = '12' AND "mc" = '交通运输用地')
--     OR ("dm" = '1201' AND "mc" = '铁路用地')
--     OR ("dm" = '1202' AND "mc" = '公路用地')
--     OR ("dm" = '1203' AND "mc" = '机场用地')
--     OR ("dm" = '1204' AND "mc" = '港口码头用地')
--     OR ("dm" = '1205' AND "mc" = '管道运输用地')
--     OR ("dm" = '1206' AND "mc" = '城市轨道交通用地')
--     OR ("dm" = '1207' AND "mc" = '城镇道路用地')
--     OR ("dm" = '1208' AND "mc" = '交通场站用地')
--     OR ("dm" = '120801' AND "mc" = '对外交通场站用地')
--     OR ("dm" = '120802' AND "mc" = '公共交通场站用地')
--     OR ("dm" = '120803' AND "mc" = '社会停车场用地')
--     OR ("dm" = '1209' AND "mc" = '其他交通设施用地')
--     OR ("dm" = '13' AND "mc" = '公用设施用地')
--     OR ("dm" = '1301' AND "mc" = '供水用地')
--     OR ("dm" = '1302' AND "mc" = '排水用地')
--     OR ("dm" = '1303' AND "mc" = '供电用地')
--     OR ("dm" = '1304' AND "mc" = '供燃气用地')
--     OR ("dm" = '1305' AND "mc" = '供热用地')
--     OR ("dm" = '1306' AND "mc" = '通信用地')
--     OR ("dm" = '1307' AND "mc" = '邮政用地')
--     OR ("dm" = '1308' AND "mc" = '广播电视设施用地')
--     OR ("dm" = '1309' AND "mc" = '环卫用地')
--     OR ("dm" = '1310' AND "mc" = '消防用地')
--     OR ("dm" = '1311' AND "mc" = '干渠')
--     OR ("dm" = '1312' AND "mc" = '水工设施用地')
--     OR ("dm" = '1313' AND "mc" = '其他公用设施用地')
--     OR ("dm" = '14' AND "mc" = '绿地与开敞空间用地')
--     OR ("dm" = '1401' AND "mc" = '公园绿地')
--     OR ("dm" = '1402' AND "mc" = '防护绿地')
--     OR ("dm" = '1403' AND "mc" = '广场用地')
--     OR ("dm" = '15' AND "mc" = '特殊用地')
--     OR ("dm" = '1501' AND "mc" = '军事设施用地')
--     OR ("dm" = '1502' AND "mc" = '使领馆用地')
--     OR ("dm" = '1503' AND "mc" = '宗教用地')
--     OR ("dm" = '1504' AND "mc" = '文物古迹用地')
--     OR ("dm" = '1505' AND "mc" = '监教场所用地')
--     OR ("dm" = '1506' AND "mc" = '殡葬用地')
--     OR ("dm" = '1507' AND "mc" = '其他特殊用地')
--     OR ("dm" = '16' AND "mc" = '留白用地')
--     OR ("dm" = '17' AND "mc" = '陆地水域')
--     OR ("dm" = '1701' AND "mc" = '河流水面')
--     OR ("dm" = '1702' AND "mc" = '湖泊水面')
--     OR ("dm" = '1703' AND "mc" = '水库水面')
--     OR ("dm" = '1704' AND "mc" = '坑塘水面')
--     OR ("dm" = '1705' AND "mc" = '沟渠')
--     OR ("dm" = '1706' AND "mc" = '冰川及常年积雪')
--     OR ("dm" = '18' AND "mc" = '渔业用海')
--     OR ("dm" = '1801' AND "mc" = '渔业基础设施用海')
--     OR ("dm" = '1802' AND "mc" = '增养殖用海')
--     OR ("dm" = '1803' AND "mc" = '捕捞海域')
--     OR ("dm" = '19' AND "mc" = '工矿通信用海')
--     OR ("dm" = '1901' AND "mc" = '工业用海')
--     OR ("dm" = '1902' AND "mc" = '盐田用海')
--     OR ("dm" = '1903' AND "mc" = '固体矿产用海')
--     OR ("dm" = '1904' AND "mc" = '油气用海')
--     OR ("dm" = '1905' AND "mc" = '可再生能源用海')
--     OR ("dm" = '1906' AND "mc" = '海底电缆管道用海')
--     OR ("dm" = '20' AND "mc" = '交通运输用海')
--     OR ("dm" = '2001' AND "mc" = '港口用海')
--     OR ("dm" = '2002' AND "mc" = '航运用海')
--     OR ("dm" = '2003' AND "mc" = '路桥隧道用海')
--     OR ("dm" = '21' AND "mc" = '游憩用海')
--     OR ("dm" = '2101' AND "mc" = '风景旅游用海')
--     OR ("dm" = '2102' AND "mc" = '文体休闲娱乐用海')
--     OR ("dm" = '22' AND "mc" = '特殊用海')
--     OR ("dm" = '2201' AND "mc" = '军事用海')
--     OR ("dm" = '2202' AND "mc" = '其他特殊用海')
--     OR ("dm" = '23' AND "mc" = '其他土地')
--     OR ("dm" = '2301' AND "mc" = '空闲地')
--     OR ("dm" = '2302' AND "mc" = '田坎')
--     OR ("dm" = '2303' AND "mc" = '田间道')
--     OR ("dm" = '2304' AND "mc" = '盐碱地')
--     OR ("dm" = '2305' AND "mc" = '沙地')
--     OR ("dm" = '2306' AND "mc" = '裸土地')
--     OR ("dm" = '2307' AND "mc" = '裸岩石砾地')
--     OR ("dm" = '24' AND "mc" = '其他海域')
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '01'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0101'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0102'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0103'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '02'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0201'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0202'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0203'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0204'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '03'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0301'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0302'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0303'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0304'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '04'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0401'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0402'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0403'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '05'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0501'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0502'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0503'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0504'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0505'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0506'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0507'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '06'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0601'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '060101'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '060102'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0602'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0603'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0604'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '07'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0701'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '070101'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '070102'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '070103'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0702'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0703'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '070301'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '070302'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0704'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '08'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0801'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0802'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0803'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '080301'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '080302'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0804'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '080401'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '080402'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '080403'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '080404'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '080405'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0805'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '080501'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '080502'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0806'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '080601'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '080602'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '080603'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0807'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '080701'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '080702'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '080703'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '080704'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '09'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0901'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '090101'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '090102'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '090103'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '090104'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '090105'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0902'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0903'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '090301'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '090302'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '0904'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '10'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1001'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '100101'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '100102'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '100103'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1002'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1003'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '11'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1101'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '110101'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '110102'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '110103'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1102'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '12'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1201'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1202'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1203'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1204'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1205'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1206'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1207'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1208'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '120801'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '120802'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '120803'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1209'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '13'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1301'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1302'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1303'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1304'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1305'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1306'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1307'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1308'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1309'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1310'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1311'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1312'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1313'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '14'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1401'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1402'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1403'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '15'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1501'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1502'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1503'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1504'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1505'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1506'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1507'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '16'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '17'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1701'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1702'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1703'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1704'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1705'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1706'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '18'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1801'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1802'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1803'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '19'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1901'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1902'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1903'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1904'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1905'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '1906'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '20'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '2001'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '2002'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '2003'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '21'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '2101'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '2102'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '22'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '2201'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '2202'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '23'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '2301'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '2302'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '2303'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '2304'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '2305'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '2306'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '2307'
-- back: DELETE FROM "bdc_zd_ydyhfl" WHERE "dm" = '24'

-- 12. line 279: dictionary-rows bdc_zd_qllx: 2
DO $dukou$ BEGIN
  IF (SELECT (SELECT COUNT(*) FROM "bdc_zd_qllx" WHERE ("dm" = '35')
  OR ("dm" = '92')) - (SELECT COUNT(*) FROM "bdc_zd_qllx" WHERE ("dm" = '35' AND "mc" = '土地经营权')
  OR ("dm" = '92' AND "mc" = '居住权'))) <> 0 THEN
    RAISE EXCEPTION 'line 279: what it requires does not hold';
  END IF;
END $dukou$;
UPDATE "bdc_zd_qllx" SET "mc" = '土地经营权' WHERE "dm" = '35';
INSERT INTO "bdc_zd_qllx" ("dm", "mc") SELECT '35', '土地经营权' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_qllx" WHERE "dm" = '35');
UPDATE "bdc_zd_qllx" SET "mc" = '居住权' WHERE "dm" = '92';
INSERT INTO "bdc_zd_qllx" ("dm", "mc") SELECT '92', '居住权' WHERE NOT EXISTS (SELECT 1 FROM "bdc_zd_qllx" WHERE "dm" = '92');
-- done when 2: SELECT COUNT(*) FROM "bdc_zd_qllx" WHERE ("dm" = '35' AND "mc" = '土地经营权')
--     OR ("dm" = '92' AND "mc" = '居住权')
-- back: DELETE FROM "bdc_zd_qllx" WHERE "dm" = '35'
-- back: DELETE FROM "bdc_zd_qllx" WHERE "dm" = '92'

-- 13. line 287: retype bdc_lq.sllb → text(100)
DO $dukou$ BEGIN
  IF (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_lq"') AND attname = 'sllb' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'numeric(1,0)' AND NOT attnotnull) <> 1 THEN
    RAISE EXCEPTION 'line 287: what it requires does not hold';
  END IF;
END $dukou$;
ALTER TABLE "bdc_lq" ALTER COLUMN "sllb" TYPE character varying(100) USING "sllb"::text;
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_lq"') AND attname = 'sllb' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(100)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_lq" ALTER COLUMN "sllb" TYPE numeric(1,0) USING "sllb"::numeric

-- 14. line 293: widen bdc_dyaq.dbfw → text(4000)
DO $dukou$ BEGIN
  IF (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_dyaq"') AND attname = 'dbfw' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(1000)' AND NOT attnotnull) <> 1 THEN
    RAISE EXCEPTION 'line 293: what it requires does not hold';
  END IF;
END $dukou$;
ALTER TABLE "bdc_dyaq" ALTER COLUMN "dbfw" TYPE character varying(4000);
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_dyaq"') AND attname = 'dbfw' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(4000)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_dyaq" ALTER COLUMN "dbfw" TYPE character varying(1000) USING "dbfw"::text

-- 15. line 299: widen bdc_dyaq.zjjzwdyfw → text(4000)
DO $dukou$ BEGIN
  IF (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_dyaq"') AND attname = 'zjjzwdyfw' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(200)' AND NOT attnotnull) <> 1 THEN
    RAISE EXCEPTION 'line 299: what it requires does not hold';
  END IF;
END $dukou$;
ALTER TABLE "bdc_dyaq" ALTER COLUMN "zjjzwdyfw" TYPE character varying(4000);
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_dyaq"') AND attname = 'zjjzwdyfw' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(4000)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_dyaq" ALTER COLUMN "zjjzwdyfw" TYPE character varying(200) USING "zjjzwdyfw"::text

-- 16. line 305: widen bdc_zd.zdszd → text(4000)
DO $dukou$ BEGIN
  IF (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_zd"') AND attname = 'zdszd' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(200)' AND NOT attnotnull) <> 1 THEN
    RAISE EXCEPTION 'line 305: what it requires does not hold';
  END IF;
END $dukou$;
ALTER TABLE "bdc_zd" ALTER COLUMN "zdszd" TYPE character varying(4000);
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_zd"') AND attname = 'zdszd' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(4000)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_zd" ALTER COLUMN "zdszd" TYPE character varying(200) USING "zdszd"::text

-- 17. line 311: widen bdc_zd.zdszn → text(4000)
DO $dukou$ BEGIN
  IF (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_zd"') AND attname = 'zdszn' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(200)' AND NOT attnotnull) <> 1 THEN
    RAISE EXCEPTION 'line 311: what it requires does not hold';
  END IF;
END $dukou$;
ALTER TABLE "bdc_zd" ALTER COLUMN "zdszn" TYPE character varying(4000);
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_zd"') AND attname = 'zdszn' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(4000)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_zd" ALTER COLUMN "zdszn" TYPE character varying(200) USING "zdszn"::text

-- 18. line 317: widen bdc_zd.zdszx → text(4000)
DO $dukou$ BEGIN
  IF (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_zd"') AND attname = 'zdszx' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(200)' AND NOT attnotnull) <> 1 THEN
    RAISE EXCEPTION 'line 317: what it requires does not hold';
  END IF;
END $dukou$;
ALTER TABLE "bdc_zd" ALTER COLUMN "zdszx" TYPE character varying(4000);
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_zd"') AND attname = 'zdszx' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(4000)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_zd" ALTER COLUMN "zdszx" TYPE character varying(200) USING "zdszx"::text

-- 19. line 323: widen bdc_zd.zdszb → text(4000)
DO $dukou$ BEGIN
  IF (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_zd"') AND attname = 'zdszb' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(200)' AND NOT attnotnull) <> 1 THEN
    RAISE EXCEPTION 'line 323: what it requires does not hold';
  END IF;
END $dukou$;
ALTER TABLE "bdc_zd" ALTER COLUMN "zdszb" TYPE character varying(4000);
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_zd"') AND attname = 'zdszb' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(4000)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_zd" ALTER COLUMN "zdszb" TYPE character varying(200) USING "zdszb"::text

-- 20. line 329: widen bdc_zd.tfh → text(4000)
DO $dukou$ BEGIN
  IF (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_zd"') AND attname = 'tfh' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(50)' AND NOT attnotnull) <> 1 THEN
    RAISE EXCEPTION 'line 329: what it requires does not hold';
  END IF;
END $dukou$;
ALTER TABLE "bdc_zd" ALTER COLUMN "tfh" TYPE character varying(4000);
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_zd"') AND attname = 'tfh' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(4000)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_zd" ALTER COLUMN "tfh" TYPE character varying(50) USING "tfh"::text

-- 21. line 335: widen bdc_qlr.gyqk → text(1000)
DO $dukou$ BEGIN
  IF (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_qlr"') AND attname = 'gyqk' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(200)' AND NOT attnotnull) <> 1 THEN
    RAISE EXCEPTION 'line 335: what it requires does not hold';
  END IF;
END $dukou$;
ALTER TABLE "bdc_qlr" ALTER COLUMN "gyqk" TYPE character varying(1000);
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_qlr"') AND attname = 'gyqk' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(1000)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_qlr" ALTER COLUMN "gyqk" TYPE character varying(200) USING "gyqk"::text

-- 22. line 341: widen bdc_jr_shijjl.xyxx → text(2000)
DO $dukou$ BEGIN
  IF (SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_jr_shijjl"') AND attname = 'xyxx' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(1000)' AND NOT attnotnull) <> 1 THEN
    RAISE EXCEPTION 'line 341: what it requires does not hold';
  END IF;
END $dukou$;
ALTER TABLE "bdc_jr_shijjl" ALTER COLUMN "xyxx" TYPE character varying(2000);
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_jr_shijjl"') AND attname = 'xyxx' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'character varying(2000)' AND NOT attnotnull
-- back: ALTER TABLE "bdc_jr_shijjl" ALTER COLUMN "xyxx" TYPE character varying(1000) USING "xyxx"::text

-- 23. line 347: add-column bdc_jr_shijjl.sjjrrq date
ALTER TABLE "bdc_jr_shijjl" ADD COLUMN "sjjrrq" date;
COMMENT ON COLUMN "bdc_jr_shijjl"."sjjrrq" IS '登簿日期';
-- done when 1: SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('"bdc_jr_shijjl"') AND attname = 'sjjrrq' AND NOT attisdropped AND format_type(atttypid, atttypmod) = 'date' AND NOT attnotnull
-- back: ALTER TABLE "bdc_jr_shijjl" DROP COLUMN "sjjrrq"

COMMIT;
