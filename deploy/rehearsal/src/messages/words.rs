//! The vocabulary of the invented county: nobody lives there.

/// County code and name.
pub(super) const AREAS: [(&str, &str); 4] =
    [("150791", "河湾旗"), ("150792", "白桦旗"), ("150793", "双岭旗"), ("150794", "金牧旗")];

/// Family names.
pub(super) const FAMILY: &str = "陈林黄吴杨周徐郑沈何罗梁宋谢韩唐冯于董萧程曹袁邓许傅曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文";

/// Characters of given names.
pub(super) const GIVEN: &str = "安邦宝彬博才昌超晨成诚春达丹德栋恩芳飞凤福刚高光贵国海涵浩和恒宏华慧吉佳坚建健江杰洁捷金锦静娟军君俊凯康乐磊力丽莉连良林玲龙曼梅美萌敏明娜宁培鹏平萍琪强琴青庆秋全荣瑞若森山尚胜书淑顺思松涛天婷彤伟文霞祥晓欣新星雄秀旭雪雅阳怡艺毅英永勇宇玉云韵泽哲珍振正志智忠子";

/// Townships of the invented counties.
pub(super) const TOWNS: [&str; 10] =
    ["向阳镇", "松林镇", "新河镇", "东岗镇", "柳溪苏木", "青泉苏木", "北坡镇", "长塘镇", "云杉乡", "石桥镇"];

/// Streets.
pub(super) const STREETS: [&str; 14] = [
    "团结街",
    "民族路",
    "振兴大街",
    "河滨路",
    "育才街",
    "林场路",
    "车站街",
    "广场南路",
    "草原大街",
    "粮库路",
    "友谊街",
    "电力巷",
    "老城街",
    "工业路",
];

/// Residential estates.
pub(super) const ESTATES: [&str; 14] = [
    "松涛小区",
    "绿洲家园",
    "河畔新居",
    "金色阳光",
    "牧人家园",
    "雅居苑",
    "林海名城",
    "兴安花园",
    "旺角公寓",
    "康乐小区",
    "御景华府",
    "书香门第",
    "锦绣江南",
    "和谐家园",
];

/// Banks (name, unified social credit code with a right check character).
pub(super) const BANKS: [(&str, &str); 2] =
    [("测试银行股份有限公司河湾旗支行", "91150721MA00000079"), ("测试农村商业银行股份有限公司", "91150721MA000100XL")];

/// Why a right was registered.
pub(super) const REASONS: [&str; 9] =
    ["合法建造", "存量房买卖", "商品房买卖", "继承", "赠与", "离婚析产", "法院判决", "拆迁安置", "作价出资"];

/// Uses of a house: code and name.
pub(super) const USES: [(&str, &str); 5] =
    [("10", "住宅"), ("20", "工业、交通、仓储"), ("30", "商业、金融、信息"), ("60", "办公"), ("80", "其他")];

/// Documents that come with an application.
pub(super) const DOCUMENTS: [&str; 8] =
    ["登记申请书", "申请人身份证明", "不动产权属证书", "买卖合同", "契税完税凭证", "房屋测绘报告", "抵押合同", "询问笔录"];

/// Opinions of the people who examine a case.
pub(super) const OPINIONS: [&str; 5] = [
    "经审查，申请材料齐全，符合登记条件，同意登记。",
    "权属来源清楚，界址无争议，同意核准。",
    "符合《不动产登记暂行条例》的规定，准予登记。",
    "材料齐全，同意。",
    "经审核，申请登记的不动产权属清楚，证据充分，拟同意登簿。",
];
