-- 第 2 版才有的列里有了值 / values in columns that only version 2 has
INSERT INTO bdc_dyaq (qlid, ywh, zgzqe, jzzr, jedw) VALUES ('D2', '202100003', 120.5000, 1, 1);
UPDATE bdc_qlr SET qlrtz = 12 WHERE qlrid = 'Q1';
