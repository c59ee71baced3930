-- The view that a station follows to know what was registered: one row a case (YWH) and unit (BDCDYH).
-- Adapt it to your registration database; names of columns may be in any case. JRZT (state of access, -2 … 9) and WLZX (1: a case outside
-- the chain cancelled the right) may be left out. The view should show at least as many days as the channel's view_days.
-- 登记库的视图：每个业务号、不动产单元一行。按本单位登记库的表名、列名改写；jrzt、wlzx 两列可以没有；显示的天数不少于通道的 view_days。
CREATE VIEW dukou_register_row AS
SELECT qlr.ywh      AS ywh,
       qlr.bdcdyh   AS bdcdyh,
       qlr.djlx     AS djlx,
       qlr.qllx     AS qllx,
       qlr.bdcqzh   AS zszmh,
       qlr.qxdm     AS qxdm,
       qlr.djsj     AS djsj,
       qlr.qszt     AS qszt,
       qlr.jrzt     AS jrzt,
       0            AS wlzx
  FROM qlf_register qlr
 WHERE qlr.djsj IS NOT NULL;
