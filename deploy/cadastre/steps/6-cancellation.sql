-- 注销登记（外网）：301；状态行留下，改为历史 / a cancellation (outside): the row of the status stays and becomes history
START TRANSACTION;
UPDATE bdcdy_zt SET qszt = '2', gxsj = '2024-06-22 16:00:00' WHERE bdcdyh = '370102001001GB00001F00010005';
INSERT INTO bdcdy_ztmx VALUES
    ('202406220001', '370102001001GB00001F00010005', '400', '4', '2024-06-22 16:00:00', '样例登记机构', '注销');
COMMIT;
