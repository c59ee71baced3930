-- dukou schema plan 1 · sqlite
-- registration 1 → 2
-- before   6ab7c0e3b1d0feb3c844ab22609aafcb580c21395222bb87df1d659eb752252c
-- document 4f35bc63e4fdec1e8f673aa2955f59efc9fd5f18e2bd6ce74f2166c1c034d815
-- after    73aa33ef408b292d2f06622d3009341981d3a699b11541fb2f638be4f4bce16c
-- inferred: 一家厂商 2021 年公开的升级脚本里的列、宽度和字典；它等于 41 号函的要求，是推断。列、宽度、字典以自治区下发的为准
.bail on
PRAGMA foreign_keys = OFF;
BEGIN EXCLUSIVE;
CREATE TEMPORARY TABLE dukou_holds (line INTEGER, holds INTEGER CHECK (holds IS 1));

-- 1. line 11: add-column bdc_dyaq.zgzqe decimal(15,4)
ALTER TABLE "bdc_dyaq" ADD COLUMN "zgzqe" DECIMAL(15,4);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_dyaq') WHERE name = 'zgzqe' AND upper(type) = 'DECIMAL(15,4)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_dyaq" DROP COLUMN "zgzqe"

-- 2. line 18: add-column bdc_dyaq.jzzr decimal(1,0)
ALTER TABLE "bdc_dyaq" ADD COLUMN "jzzr" DECIMAL(1,0);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_dyaq') WHERE name = 'jzzr' AND upper(type) = 'DECIMAL(1,0)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_dyaq" DROP COLUMN "jzzr"

-- 3. line 25: add-column bdc_yg.jzzr decimal(1,0)
ALTER TABLE "bdc_yg" ADD COLUMN "jzzr" DECIMAL(1,0);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_yg') WHERE name = 'jzzr' AND upper(type) = 'DECIMAL(1,0)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_yg" DROP COLUMN "jzzr"

-- 4. line 32: add-column bdc_dyaq.jedw decimal(1,0)
ALTER TABLE "bdc_dyaq" ADD COLUMN "jedw" DECIMAL(1,0);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_dyaq') WHERE name = 'jedw' AND upper(type) = 'DECIMAL(1,0)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_dyaq" DROP COLUMN "jedw"

-- 5. line 39: add-column bdc_qlr.qlrtz decimal(2,0)
ALTER TABLE "bdc_qlr" ADD COLUMN "qlrtz" DECIMAL(2,0);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_qlr') WHERE name = 'qlrtz' AND upper(type) = 'DECIMAL(2,0)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_qlr" DROP COLUMN "qlrtz"

-- 6. line 47: add-column bdc_jsydsyq.jedw decimal(1,0)
ALTER TABLE "bdc_jsydsyq" ADD COLUMN "jedw" DECIMAL(1,0);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_jsydsyq') WHERE name = 'jedw' AND upper(type) = 'DECIMAL(1,0)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_jsydsyq" DROP COLUMN "jedw"

-- 7. line 54: add-column bdc_fdcq.jedw decimal(1,0)
ALTER TABLE "bdc_fdcq" ADD COLUMN "jedw" DECIMAL(1,0);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_fdcq') WHERE name = 'jedw' AND upper(type) = 'DECIMAL(1,0)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_fdcq" DROP COLUMN "jedw"

-- 8. line 61: add-column bdc_hysyq.jedw decimal(1,0)
ALTER TABLE "bdc_hysyq" ADD COLUMN "jedw" DECIMAL(1,0);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_hysyq') WHERE name = 'jedw' AND upper(type) = 'DECIMAL(1,0)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_hysyq" DROP COLUMN "jedw"

-- 9. line 68: add-column bdc_yg.jedw decimal(1,0)
ALTER TABLE "bdc_yg" ADD COLUMN "jedw" DECIMAL(1,0);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_yg') WHERE name = 'jedw' AND upper(type) = 'DECIMAL(1,0)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_yg" DROP COLUMN "jedw"

-- 10. line 75: add-column bdc_fdcq.ytmc text(500)
ALTER TABLE "bdc_fdcq" ADD COLUMN "ytmc" VARCHAR(500);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_fdcq') WHERE name = 'ytmc' AND upper(type) = 'VARCHAR(500)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_fdcq" DROP COLUMN "ytmc"

-- 11. line 82: add-column bdc_fdcq.pzyt decimal(6,0)
ALTER TABLE "bdc_fdcq" ADD COLUMN "pzyt" DECIMAL(6,0);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_fdcq') WHERE name = 'pzyt' AND upper(type) = 'DECIMAL(6,0)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_fdcq" DROP COLUMN "pzyt"

-- 12. line 89: add-column bdc_fdcq.sjyt decimal(6,0)
ALTER TABLE "bdc_fdcq" ADD COLUMN "sjyt" DECIMAL(6,0);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_fdcq') WHERE name = 'sjyt' AND upper(type) = 'DECIMAL(6,0)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_fdcq" DROP COLUMN "sjyt"

-- 13. line 96: add-column bdc_fdcq_fdcqxm.ytmc text(500)
ALTER TABLE "bdc_fdcq_fdcqxm" ADD COLUMN "ytmc" VARCHAR(500);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_fdcq_fdcqxm') WHERE name = 'ytmc' AND upper(type) = 'VARCHAR(500)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_fdcq_fdcqxm" DROP COLUMN "ytmc"

-- 14. line 103: add-column bdc_fdcq_fdcqxm.pzyt decimal(6,0)
ALTER TABLE "bdc_fdcq_fdcqxm" ADD COLUMN "pzyt" DECIMAL(6,0);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_fdcq_fdcqxm') WHERE name = 'pzyt' AND upper(type) = 'DECIMAL(6,0)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_fdcq_fdcqxm" DROP COLUMN "pzyt"

-- 15. line 110: add-column bdc_fdcq_fdcqxm.sjyt decimal(6,0)
ALTER TABLE "bdc_fdcq_fdcqxm" ADD COLUMN "sjyt" DECIMAL(6,0);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_fdcq_fdcqxm') WHERE name = 'sjyt' AND upper(type) = 'DECIMAL(6,0)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_fdcq_fdcqxm" DROP COLUMN "sjyt"

-- 16. line 117: add-column bdc_fdcq.fwxzmc text(500)
ALTER TABLE "bdc_fdcq" ADD COLUMN "fwxzmc" VARCHAR(500);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_fdcq') WHERE name = 'fwxzmc' AND upper(type) = 'VARCHAR(500)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_fdcq" DROP COLUMN "fwxzmc"

-- 17. line 124: add-column bdc_hysyq.hyglh text(200)
ALTER TABLE "bdc_hysyq" ADD COLUMN "hyglh" VARCHAR(200);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_hysyq') WHERE name = 'hyglh' AND upper(type) = 'VARCHAR(200)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_hysyq" DROP COLUMN "hyglh"

-- 18. line 131: add-column bdc_tdcbnydsyq.ydyhfl text(10)
ALTER TABLE "bdc_tdcbnydsyq" ADD COLUMN "ydyhfl" VARCHAR(10);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_tdcbnydsyq') WHERE name = 'ydyhfl' AND upper(type) = 'VARCHAR(10)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_tdcbnydsyq" DROP COLUMN "ydyhfl"

-- 19. line 139: add-column bdc_lq.fbfdm text(100)
ALTER TABLE "bdc_lq" ADD COLUMN "fbfdm" VARCHAR(100);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_lq') WHERE name = 'fbfdm' AND upper(type) = 'VARCHAR(100)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_lq" DROP COLUMN "fbfdm"

-- 20. line 146: add-column bdc_lq.sllb decimal(1,0)
ALTER TABLE "bdc_lq" ADD COLUMN "sllb" DECIMAL(1,0);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_lq') WHERE name = 'sllb' AND upper(type) = 'DECIMAL(1,0)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_lq" DROP COLUMN "sllb"

-- 21. line 153: add-column bdc_dyaq.dyjelx decimal(1,0)
ALTER TABLE "bdc_dyaq" ADD COLUMN "dyjelx" DECIMAL(1,0);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_dyaq') WHERE name = 'dyjelx' AND upper(type) = 'DECIMAL(1,0)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_dyaq" DROP COLUMN "dyjelx"

-- 22. line 161: add-column bdc_yg.ytmc text(500)
ALTER TABLE "bdc_yg" ADD COLUMN "ytmc" VARCHAR(500);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_yg') WHERE name = 'ytmc' AND upper(type) = 'VARCHAR(500)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_yg" DROP COLUMN "ytmc"

-- 23. line 168: add-column bdc_jtcy.dh text(100)
ALTER TABLE "bdc_jtcy" ADD COLUMN "dh" VARCHAR(100);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_jtcy') WHERE name = 'dh' AND upper(type) = 'VARCHAR(100)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_jtcy" DROP COLUMN "dh"

-- 24. line 175: add-column bdc_jtcy.dz text(200)
ALTER TABLE "bdc_jtcy" ADD COLUMN "dz" VARCHAR(200);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_jtcy') WHERE name = 'dz' AND upper(type) = 'VARCHAR(200)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_jtcy" DROP COLUMN "dz"

-- 25. line 182: add-column bdc_jtcy.yb text(100)
ALTER TABLE "bdc_jtcy" ADD COLUMN "yb" VARCHAR(100);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_jtcy') WHERE name = 'yb' AND upper(type) = 'VARCHAR(100)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_jtcy" DROP COLUMN "yb"

-- 26. line 189: add-column bdc_jtcy.gzdw text(200)
ALTER TABLE "bdc_jtcy" ADD COLUMN "gzdw" VARCHAR(200);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_jtcy') WHERE name = 'gzdw' AND upper(type) = 'VARCHAR(200)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_jtcy" DROP COLUMN "gzdw"

-- 27. line 196: add-column bdc_jtcy.dzyj text(100)
ALTER TABLE "bdc_jtcy" ADD COLUMN "dzyj" VARCHAR(100);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_jtcy') WHERE name = 'dzyj' AND upper(type) = 'VARCHAR(100)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_jtcy" DROP COLUMN "dzyj"

-- 28. line 203: add-column bdc_jtcy.sfgyr decimal(1,0)
ALTER TABLE "bdc_jtcy" ADD COLUMN "sfgyr" DECIMAL(1,0);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_jtcy') WHERE name = 'sfgyr' AND upper(type) = 'DECIMAL(1,0)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_jtcy" DROP COLUMN "sfgyr"

-- 29. line 210: add-column bdc_jtcy.fzjg text(100)
ALTER TABLE "bdc_jtcy" ADD COLUMN "fzjg" VARCHAR(100);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_jtcy') WHERE name = 'fzjg' AND upper(type) = 'VARCHAR(100)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_jtcy" DROP COLUMN "fzjg"

-- 30. line 217: add-column bdc_jtcy.sshy text(100)
ALTER TABLE "bdc_jtcy" ADD COLUMN "sshy" VARCHAR(100);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_jtcy') WHERE name = 'sshy' AND upper(type) = 'VARCHAR(100)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_jtcy" DROP COLUMN "sshy"

-- 31. line 224: add-column bdc_jtcy.gj text(100)
ALTER TABLE "bdc_jtcy" ADD COLUMN "gj" VARCHAR(100);
-- done when 1: SELECT COUNT(*) FROM pragma_table_xinfo('bdc_jtcy') WHERE name = 'gj' AND upper(type) = 'VARCHAR(100)' AND "notnull" = 0
-- back: ALTER TABLE "bdc_jtcy" DROP COLUMN "gj"

INSERT INTO temp.dukou_holds SELECT 0, NOT EXISTS (SELECT 1 FROM pragma_foreign_key_check);
DROP TABLE temp.dukou_holds;
COMMIT;
PRAGMA foreign_keys = ON;
