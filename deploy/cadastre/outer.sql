-- 登记库（政务外网，MariaDB）的样例表 / sample tables of the register's database (government extranet, MariaDB)
-- 与 inner.sql 同名同列；键用 utf8mb4_bin，大小写和末尾空格不会被混为一谈。外键只在同一方向的表之间。
-- Same names and columns as inner.sql; keys are utf8mb4_bin. Foreign keys join tables of one direction alone.

-- ===== 由内网写，经 cadastre-units 到这里；外网只读 / written inside, here by cadastre-units; read only outside =====

CREATE TABLE ktt_zdjbxx (
    bdcdyh   varchar(28) PRIMARY KEY COMMENT '不动产单元号：宗地代码加 W00000000',
    zddm     varchar(19) NOT NULL UNIQUE COMMENT '宗地代码：单元号前 19 位',
    zdtzm    varchar(2) NOT NULL COMMENT '宗地特征码：第 13–14 位',
    zl       varchar(200) NOT NULL COMMENT '坐落',
    zdmj     decimal(15,2) NOT NULL COMMENT '宗地面积',
    mjdw     varchar(2) NOT NULL COMMENT '面积单位：1 平方米',
    yt       varchar(10) COMMENT '用途',
    qllx     varchar(2) NOT NULL COMMENT '权利类型',
    qlxz     varchar(4) COMMENT '权利性质',
    zdszd    varchar(200) COMMENT '宗地四至-东',
    zdszn    varchar(200) COMMENT '宗地四至-南',
    zdszx    varchar(200) COMMENT '宗地四至-西',
    zdszb    varchar(200) COMMENT '宗地四至-北',
    zdt      varchar(200) COMMENT '宗地图：文件名，文件本身走通道 cadastre-geometry',
    zt       varchar(2) NOT NULL COMMENT '状态',
    qxdm     varchar(6) NOT NULL COMMENT '区县代码：第 1–6 位'
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT = '宗地基本信息（ZD）';

CREATE TABLE ktt_gy_jzd (
    zdzhdm   varchar(19) NOT NULL COMMENT '宗地代码',
    jzdh     varchar(20) NOT NULL COMMENT '界址点号',
    sxh      int NOT NULL COMMENT '顺序号',
    jblx     varchar(2) NOT NULL COMMENT '界标类型',
    jzdlx    varchar(2) NOT NULL COMMENT '界址点类型',
    xzbz     decimal(12,3) NOT NULL COMMENT 'X 坐标值（北），CGCS2000，三度带 39',
    yzbz     decimal(12,3) NOT NULL COMMENT 'Y 坐标值（东，带号）',
    FOREIGN KEY (zdzhdm) REFERENCES ktt_zdjbxx (zddm),
    PRIMARY KEY (zdzhdm, jzdh)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT = '界址点';

CREATE TABLE zd_k_103 (
    bdcdyh   varchar(28) NOT NULL COMMENT '不动产单元号',
    zdx      int NOT NULL COMMENT '子对象：1 外环，2 起为内环',
    xh       int NOT NULL COMMENT '序号，首尾点相同',
    xzb      decimal(12,3) NOT NULL COMMENT 'X 坐标',
    yzb      decimal(12,3) NOT NULL COMMENT 'Y 坐标',
    FOREIGN KEY (bdcdyh) REFERENCES ktt_zdjbxx (bdcdyh),
    PRIMARY KEY (bdcdyh, zdx, xh)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT = '宗地空间属性：图形作为行';

CREATE TABLE ktt_fw_zrz (
    bdcdyh   varchar(28) PRIMARY KEY COMMENT '不动产单元号：自然幢号加 0000',
    zddm     varchar(19) NOT NULL COMMENT '宗地代码',
    zrzh     varchar(24) NOT NULL UNIQUE COMMENT '自然幢号：宗地代码、F、幢 4 位',
    xmmc     varchar(100) COMMENT '项目名称',
    jzwmc    varchar(100) COMMENT '建筑物名称',
    jgrq     date COMMENT '竣工日期',
    jzwgd    decimal(7,2) COMMENT '建筑物高度',
    zzdmj    decimal(15,2) COMMENT '幢占地面积',
    scjzmj   decimal(15,2) COMMENT '实测建筑面积',
    zcs      int NOT NULL COMMENT '总层数',
    dscs     int NOT NULL COMMENT '地上层数',
    dxcs     int NOT NULL COMMENT '地下层数',
    ghyt     varchar(10) NOT NULL COMMENT '规划用途',
    fwjg     varchar(2) NOT NULL COMMENT '房屋结构',
    zts      int NOT NULL COMMENT '总套数',
    zt       varchar(2) NOT NULL COMMENT '状态',
    qxdm     varchar(6) NOT NULL COMMENT '区县代码',
    FOREIGN KEY (zddm) REFERENCES ktt_zdjbxx (zddm)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT = '自然幢（ZRZ）';

CREATE TABLE ktt_fw_ljz (
    ljzh     varchar(28) PRIMARY KEY COMMENT '逻辑幢号',
    zrzh     varchar(24) NOT NULL COMMENT '自然幢号',
    mph      varchar(50) COMMENT '门牌号',
    scjzmj   decimal(15,2) COMMENT '实测建筑面积',
    fwjg1    varchar(2) COMMENT '房屋结构1',
    fwyt1    varchar(2) COMMENT '房屋用途1',
    zcs      int NOT NULL COMMENT '总层数',
    qxdm     varchar(6) NOT NULL COMMENT '区县代码',
    FOREIGN KEY (zrzh) REFERENCES ktt_fw_zrz (zrzh)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT = '逻辑幢（LJZ）';

CREATE TABLE ktt_fw_c (
    zrzh     varchar(24) NOT NULL COMMENT '自然幢号',
    ch       varchar(20) NOT NULL COMMENT '层号',
    sjc      varchar(50) COMMENT '实际层',
    myc      varchar(50) COMMENT '名义层',
    cjzmj    decimal(15,2) COMMENT '层建筑面积',
    cg       decimal(5,2) COMMENT '层高',
    sptymj   decimal(15,2) COMMENT '水平投影面积',
    qxdm     varchar(6) NOT NULL COMMENT '区县代码',
    FOREIGN KEY (zrzh) REFERENCES ktt_fw_zrz (zrzh),
    PRIMARY KEY (zrzh, ch)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT = '层（C）';

CREATE TABLE ktt_fw_h (
    bdcdyh   varchar(28) PRIMARY KEY COMMENT '不动产单元号：自然幢号、户 4 位',
    fwbm     varchar(28) NOT NULL COMMENT '房屋编码',
    zrzh     varchar(24) NOT NULL COMMENT '自然幢号',
    ljzh     varchar(28) NOT NULL COMMENT '逻辑幢号',
    ch       varchar(20) NOT NULL COMMENT '层号',
    zl       varchar(200) NOT NULL COMMENT '坐落',
    mjdw     varchar(2) NOT NULL COMMENT '面积单位',
    hh       varchar(20) NOT NULL COMMENT '户号',
    shbw     varchar(50) NOT NULL COMMENT '室号部位',
    fwyt1    varchar(2) NOT NULL COMMENT '房屋用途1：1 住宅，2 商业用房',
    scjzmj   decimal(15,2) NOT NULL COMMENT '实测建筑面积',
    sctnjzmj decimal(15,2) COMMENT '实测套内建筑面积',
    scftjzmj decimal(15,2) COMMENT '实测分摊建筑面积',
    fttdmj   decimal(15,2) COMMENT '分摊土地面积',
    fwlx     varchar(2) COMMENT '房屋类型',
    fwxz     varchar(2) COMMENT '房屋性质',
    zt       varchar(2) NOT NULL COMMENT '状态',
    qxdm     varchar(6) NOT NULL COMMENT '区县代码',
    FOREIGN KEY (ljzh) REFERENCES ktt_fw_ljz (ljzh),
    FOREIGN KEY (zrzh, ch) REFERENCES ktt_fw_c (zrzh, ch)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT = '户（H）';

CREATE TABLE bdcdy_bhqk (
    ybdcdyh  varchar(28) NOT NULL COMMENT '原不动产单元号',
    xbdcdyh  varchar(28) NOT NULL COMMENT '新不动产单元号',
    bhlx     varchar(2) NOT NULL COMMENT '变化类型：1 分割，2 合并',
    bhyy     varchar(200) COMMENT '变化原因',
    bhsj     datetime NOT NULL COMMENT '变化时间',
    PRIMARY KEY (ybdcdyh, xbdcdyh)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT = '单元变化情况：旧单元号去了哪里，只增不删';

-- ===== 由外网写，经 unit-status 到内网 / written here, to the inner side by unit-status =====

CREATE TABLE bdcdy_zt (
    bdcdyh   varchar(28) PRIMARY KEY COMMENT '不动产单元号',
    bdcqzh   varchar(100) COMMENT '不动产权证号',
    qszt     varchar(2) NOT NULL COMMENT '权属状态：1 现势，2 历史（已注销）',
    dyzt     varchar(1) NOT NULL COMMENT '抵押状态：0 无，1 有现势抵押权',
    cfzt     varchar(1) NOT NULL COMMENT '查封状态：0 无，1 查封',
    gxsj     datetime NOT NULL COMMENT '更新时间',
    CHECK (bdcdyh REGEXP '^[0-9]{12}[GJZ][ABSXCDEFGHWYK][0-9]{5}(W0{8}|[FLQ][0-9]{8})$'),
    CHECK (qszt IN ('1', '2') AND dyzt IN ('0', '1') AND cfzt IN ('0', '1'))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT = '单元登记状态';

CREATE TABLE bdcdy_ztmx (
    ywh      varchar(50) NOT NULL COMMENT '业务号',
    bdcdyh   varchar(28) NOT NULL COMMENT '不动产单元号',
    djlx     varchar(3) NOT NULL COMMENT '登记类型：100 首次，400 注销，800 查封',
    qllx     varchar(2) COMMENT '权利类型：4 国有建设用地使用权/房屋所有权，23 抵押权',
    djsj     datetime NOT NULL COMMENT '登记时间',
    djjg     varchar(200) NOT NULL COMMENT '登记机构',
    fj       varchar(500) COMMENT '附记',
    FOREIGN KEY (bdcdyh) REFERENCES bdcdy_zt (bdcdyh),
    PRIMARY KEY (ywh, bdcdyh)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT = '登记状态明细：每件登记一行，只增不删';
