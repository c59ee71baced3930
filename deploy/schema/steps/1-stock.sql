-- 存量：升级前的行 / the stock: rows before the upgrade
INSERT INTO bdc_qlr (qlrid, xmid, qlrmc, zjh, gyqk) VALUES ('Q1', 'X1', '样例甲', '000000199001010011', '单独所有');
INSERT INTO bdc_zd (bdcdyh, zl, zdszd) VALUES ('370102001001GB00001W00000000', '样例路1号', '至样例路');
INSERT INTO bdc_zrz (zrzh, bdcdyh, jzwjbyt) VALUES ('370102001001GB00001F0001', '370102001001GB00001W00000000', '住宅');
INSERT INTO bdc_dyaq (qlid, ywh, scywh, dbfw) VALUES ('D1', '202100001', '202000001', '主债权');
INSERT INTO bdc_yg (qlid, ywh, scywh) VALUES ('Y1', '202100002', '202000002');
