-- 第 3 版才放得下的值：更长的文字 / values that only version 3 takes: longer texts
UPDATE bdc_zd SET zdszd = repeat('东', 900) WHERE bdcdyh = '370102001001GB00001W00000000';
UPDATE bdc_dyaq SET dbfw = repeat('保', 1800) WHERE qlid = 'D1';
