-- 改了名的列里有了值 / values in columns under their new names
UPDATE bdc_dyaq SET ssywh = '202100001' WHERE qlid = 'D2';
INSERT INTO bdc_yg (qlid, ywh, ssywh) VALUES ('Y2', '202100004', '202100002');
