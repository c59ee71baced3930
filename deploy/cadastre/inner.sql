-- 权籍库（业务内网，PostgreSQL）的样例表 / sample tables of the cadastre's database (business intranet, PostgreSQL)
-- 表名、列名取自《不动产登记数据库标准》，只留样例要用的列；编号按 GB/T 37346：不动产单元号 28 位。
-- Names are the standard's; only the columns that the sample needs. Units are numbered with 28 characters.
--   1–6 县级区划 · 7–9 地籍区 · 10–12 地籍子区 · 13–14 宗地特征码 · 15–19 宗地顺序号 · 20 定着物特征码 · 21–28 定着物单元号（幢 4 位、户 4 位）

-- ===== 由内网写，经 cadastre-units 到外网 / written inside, to the outer side by cadastre-units =====

CREATE TABLE ktt_zdjbxx (                       -- 宗地基本信息（ZD）
    bdcdyh  varchar(28) PRIMARY KEY,            -- 不动产单元号：宗地代码加 W00000000
    zddm    varchar(19) NOT NULL UNIQUE,        -- 宗地代码：单元号前 19 位
    zdtzm   varchar(2) NOT NULL,                -- 宗地特征码：第 13–14 位
    zl      varchar(200) NOT NULL,              -- 坐落
    zdmj    numeric(15,2) NOT NULL,             -- 宗地面积
    mjdw    varchar(2) NOT NULL,                -- 面积单位：1 平方米
    yt      varchar(10),                        -- 用途
    qllx    varchar(2) NOT NULL,                -- 权利类型
    qlxz    varchar(4),                         -- 权利性质
    zdszd   varchar(200),                       -- 宗地四至-东
    zdszn   varchar(200),                       -- 宗地四至-南
    zdszx   varchar(200),                       -- 宗地四至-西
    zdszb   varchar(200),                       -- 宗地四至-北
    zdt     varchar(200),                       -- 宗地图：文件名，文件本身走通道 cadastre-geometry
    zt      varchar(2) NOT NULL,                -- 状态
    qxdm    varchar(6) NOT NULL,                -- 区县代码：第 1–6 位
    CHECK (bdcdyh ~ '^[0-9]{12}[GJZ][ABSXCDEFGHWYK][0-9]{5}W00000000$'),
    CHECK (zddm = left(bdcdyh, 19) AND zdtzm = substr(bdcdyh, 13, 2) AND qxdm = left(bdcdyh, 6))
);
COMMENT ON TABLE ktt_zdjbxx IS '宗地基本信息';

CREATE TABLE ktt_gy_jzd (                       -- 界址点
    zdzhdm  varchar(19) NOT NULL REFERENCES ktt_zdjbxx (zddm),  -- 宗地代码
    jzdh    varchar(20) NOT NULL,               -- 界址点号
    sxh     integer NOT NULL,                   -- 顺序号
    jblx    varchar(2) NOT NULL,                -- 界标类型
    jzdlx   varchar(2) NOT NULL,                -- 界址点类型
    xzbz    numeric(12,3) NOT NULL,             -- X 坐标值（北），CGCS2000，三度带 39
    yzbz    numeric(12,3) NOT NULL,             -- Y 坐标值（东，带号）
    PRIMARY KEY (zdzhdm, jzdh)
);
COMMENT ON TABLE ktt_gy_jzd IS '界址点';

CREATE TABLE zd_k_103 (                         -- 宗地空间属性：图形作为行
    bdcdyh  varchar(28) NOT NULL REFERENCES ktt_zdjbxx (bdcdyh),  -- 不动产单元号
    zdx     integer NOT NULL,                   -- 子对象：1 外环，2 起为内环
    xh      integer NOT NULL,                   -- 序号，首尾点相同
    xzb     numeric(12,3) NOT NULL,             -- X 坐标
    yzb     numeric(12,3) NOT NULL,             -- Y 坐标
    PRIMARY KEY (bdcdyh, zdx, xh)
);
COMMENT ON TABLE zd_k_103 IS '宗地空间属性';

CREATE TABLE ktt_fw_zrz (                       -- 自然幢（ZRZ）
    bdcdyh  varchar(28) PRIMARY KEY,            -- 不动产单元号：自然幢号加 0000
    zddm    varchar(19) NOT NULL REFERENCES ktt_zdjbxx (zddm),  -- 宗地代码
    zrzh    varchar(24) NOT NULL UNIQUE,        -- 自然幢号：宗地代码、F、幢 4 位
    xmmc    varchar(100),                       -- 项目名称
    jzwmc   varchar(100),                       -- 建筑物名称
    jgrq    date,                               -- 竣工日期
    jzwgd   numeric(7,2),                       -- 建筑物高度
    zzdmj   numeric(15,2),                      -- 幢占地面积
    scjzmj  numeric(15,2),                      -- 实测建筑面积
    zcs     integer NOT NULL,                   -- 总层数
    dscs    integer NOT NULL,                   -- 地上层数
    dxcs    integer NOT NULL,                   -- 地下层数
    ghyt    varchar(10) NOT NULL,               -- 规划用途
    fwjg    varchar(2) NOT NULL,                -- 房屋结构
    zts     integer NOT NULL,                   -- 总套数
    zt      varchar(2) NOT NULL,                -- 状态
    qxdm    varchar(6) NOT NULL,                -- 区县代码
    CHECK (bdcdyh ~ '^[0-9]{12}[GJZ][ABSXCDEFGHWYK][0-9]{5}F[0-9]{4}0000$'),
    CHECK (zrzh = left(bdcdyh, 24) AND zddm = left(bdcdyh, 19))
);
COMMENT ON TABLE ktt_fw_zrz IS '自然幢';

CREATE TABLE ktt_fw_ljz (                       -- 逻辑幢（LJZ）
    ljzh    varchar(28) PRIMARY KEY,            -- 逻辑幢号
    zrzh    varchar(24) NOT NULL REFERENCES ktt_fw_zrz (zrzh),  -- 自然幢号
    mph     varchar(50),                        -- 门牌号
    scjzmj  numeric(15,2),                      -- 实测建筑面积
    fwjg1   varchar(2),                         -- 房屋结构1
    fwyt1   varchar(2),                         -- 房屋用途1
    zcs     integer NOT NULL,                   -- 总层数
    qxdm    varchar(6) NOT NULL                 -- 区县代码
);
COMMENT ON TABLE ktt_fw_ljz IS '逻辑幢';

CREATE TABLE ktt_fw_c (                         -- 层（C）
    zrzh    varchar(24) NOT NULL REFERENCES ktt_fw_zrz (zrzh),  -- 自然幢号
    ch      varchar(20) NOT NULL,               -- 层号
    sjc     varchar(50),                        -- 实际层
    myc     varchar(50),                        -- 名义层
    cjzmj   numeric(15,2),                      -- 层建筑面积
    cg      numeric(5,2),                       -- 层高
    sptymj  numeric(15,2),                      -- 水平投影面积
    qxdm    varchar(6) NOT NULL,                -- 区县代码
    PRIMARY KEY (zrzh, ch)
);
COMMENT ON TABLE ktt_fw_c IS '层';

CREATE TABLE ktt_fw_h (                         -- 户（H）
    bdcdyh  varchar(28) PRIMARY KEY,            -- 不动产单元号：自然幢号、户 4 位
    fwbm    varchar(28) NOT NULL,               -- 房屋编码
    zrzh    varchar(24) NOT NULL,               -- 自然幢号
    ljzh    varchar(28) NOT NULL REFERENCES ktt_fw_ljz (ljzh),  -- 逻辑幢号
    ch      varchar(20) NOT NULL,               -- 层号
    zl      varchar(200) NOT NULL,              -- 坐落
    mjdw    varchar(2) NOT NULL,                -- 面积单位
    hh      varchar(20) NOT NULL,               -- 户号
    shbw    varchar(50) NOT NULL,               -- 室号部位
    fwyt1   varchar(2) NOT NULL,                -- 房屋用途1：1 住宅，2 商业用房
    scjzmj  numeric(15,2) NOT NULL,             -- 实测建筑面积
    sctnjzmj numeric(15,2),                     -- 实测套内建筑面积
    scftjzmj numeric(15,2),                     -- 实测分摊建筑面积
    fttdmj  numeric(15,2),                      -- 分摊土地面积
    fwlx    varchar(2),                         -- 房屋类型
    fwxz    varchar(2),                         -- 房屋性质
    zt      varchar(2) NOT NULL,                -- 状态
    qxdm    varchar(6) NOT NULL,                -- 区县代码
    FOREIGN KEY (zrzh, ch) REFERENCES ktt_fw_c (zrzh, ch),
    CHECK (bdcdyh ~ '^[0-9]{12}[GJZ][ABSXCDEFGHWYK][0-9]{5}F[0-9]{8}$' AND right(bdcdyh, 4) <> '0000'),
    CHECK (zrzh = left(bdcdyh, 24))
);
COMMENT ON TABLE ktt_fw_h IS '户';

CREATE TABLE bdcdy_bhqk (                       -- 单元变化情况：旧单元号去了哪里，只增不删
    ybdcdyh varchar(28) NOT NULL,               -- 原不动产单元号
    xbdcdyh varchar(28) NOT NULL,               -- 新不动产单元号
    bhlx    varchar(2) NOT NULL,                -- 变化类型：1 分割，2 合并
    bhyy    varchar(200),                       -- 变化原因
    bhsj    timestamp NOT NULL,                 -- 变化时间
    PRIMARY KEY (ybdcdyh, xbdcdyh),
    CHECK (ybdcdyh <> xbdcdyh AND bhlx IN ('1', '2'))
);
COMMENT ON TABLE bdcdy_bhqk IS '不动产单元变化情况';

-- ===== 由外网写，经 unit-status 到内网；内网只读 / written outside, here by unit-status; read only inside =====

CREATE TABLE bdcdy_zt (                         -- 单元登记状态
    bdcdyh  varchar(28) PRIMARY KEY,            -- 不动产单元号
    bdcqzh  varchar(100),                       -- 不动产权证号
    qszt    varchar(2) NOT NULL,                -- 权属状态：1 现势，2 历史（已注销）
    dyzt    varchar(1) NOT NULL,                -- 抵押状态：0 无，1 有现势抵押权
    cfzt    varchar(1) NOT NULL,                -- 查封状态：0 无，1 查封
    gxsj    timestamp NOT NULL                  -- 更新时间
);
COMMENT ON TABLE bdcdy_zt IS '不动产单元登记状态';

CREATE TABLE bdcdy_ztmx (                       -- 登记状态明细：每件登记一行，只增不删
    ywh     varchar(50) NOT NULL,               -- 业务号
    bdcdyh  varchar(28) NOT NULL REFERENCES bdcdy_zt (bdcdyh),  -- 不动产单元号
    djlx    varchar(3) NOT NULL,                -- 登记类型：100 首次，400 注销，800 查封
    qllx    varchar(2),                         -- 权利类型：4 国有建设用地使用权/房屋所有权，23 抵押权
    djsj    timestamp NOT NULL,                 -- 登记时间
    djjg    varchar(200) NOT NULL,              -- 登记机构
    fj      varchar(500),                       -- 附记
    PRIMARY KEY (ywh, bdcdyh)
);
COMMENT ON TABLE bdcdy_ztmx IS '不动产单元登记状态明细';
