-- 抵押权首次登记（外网）：101-1 / a mortgage (outside)
START TRANSACTION;
UPDATE bdcdy_zt SET dyzt = '1', gxsj = '2024-06-20 14:00:00' WHERE bdcdyh = '370102001001GB00001F00010007';
INSERT INTO bdcdy_ztmx VALUES
    ('202406200001', '370102001001GB00001F00010007', '100', '23', '2024-06-20 14:00:00', '样例登记机构', '一般抵押');
COMMIT;
