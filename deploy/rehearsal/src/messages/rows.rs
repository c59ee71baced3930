//! The tables of a message: each row is one element with many attributes, sorted by name, `/` for "none".

use std::fmt::Write as _;

use super::case::{Case, Kind, identity, person, telephone};
use super::words::{BANKS, DOCUMENTS, OPINIONS};
use crate::random::Random;

fn square_metres(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn row(xml: &mut String, table: &str, attributes: &[(&str, &str)]) {
    let _ = write!(xml, "        <{table}");
    for (name, value) in attributes {
        let _ = write!(xml, " {name}=\"{value}\"");
    }
    xml.push_str("/>\n");
}

/// Writes ZTT_GY_QLR, one row a holder.
pub(super) fn holders(xml: &mut String, case: &Case, random: &mut Random) {
    let count = match (case.kind, random.below(7)) {
        (Kind::Mortgage, _) | (_, 0..=3) => 1,
        (_, 4..=5) => 2,
        _ => 3,
    };
    for index in 1..=count {
        let (name, number, document) = holder(case, random);
        let shared = if count == 1 { ("0", "单独所有") } else { ("1", "共同共有") };
        row(
            xml,
            "ZTT_GY_QLR",
            &[
                ("BDCDYH", &case.unit),
                ("BDCQZH", &case.certificate),
                ("BZ", "/"),
                ("CBFBM", "/"),
                ("DH", &telephone(random)),
                ("DJSJ", &case.at),
                ("DZ", &case.address),
                ("DZYJ", "/"),
                ("FBFBM", "/"),
                ("FZJG", "/"),
                ("GJ", "142"),
                ("GYFS", shared.0),
                ("GYQK", shared.1),
                ("GZDW", "/"),
                ("HJSZSS", "15"),
                ("QLBL", "/"),
                ("QLLX", case.right()),
                ("QLRLX", "1"),
                ("QLRMC", &name),
                ("QLRTZ", "13"),
                ("QSZT", "1"),
                ("QXDM", case.area),
                ("QZYSXLH", "/"),
                ("SFCZR", if index == 1 { "1" } else { "0" }),
                ("SSHY", "/"),
                ("SXH", &index.to_string()),
                ("XB", random.pick(&["1", "2"])),
                ("YB", "/"),
                ("YSDM", "6003000000"),
                ("YWH", &case.number),
                ("ZJH", &number),
                ("ZJZL", document),
            ],
        );
    }
}

fn holder(case: &Case, random: &mut Random) -> (String, String, &'static str) {
    if case.kind == Kind::Mortgage {
        let (name, number) = BANKS[random.below(BANKS.len() as u64) as usize];
        (name.to_owned(), number.to_owned(), "7")
    } else {
        (person(random), identity(random, case.area), "1")
    }
}

/// Writes KTT_FW_H, the house.
pub(super) fn house(xml: &mut String, case: &Case, random: &mut Random) {
    let (inside, shared) = case.area_m2;
    let building = format!("{}F{:04}", case.parcel, random.between(1, 60));
    let number = format!("{:02}", random.between(1, 8));
    row(
        xml,
        "KTT_FW_H",
        &[
            ("BDCDYH", &case.unit),
            ("CH", &case.floor.to_string()),
            ("DYTDMJ", "0.0"),
            ("FCFHT", "/"),
            ("FTTDMJ", &square_metres(random.between(800, 6_000))),
            ("FWBM", "/"),
            ("FWLX", "1"),
            ("FWLXMC", "住宅"),
            ("FWXZ", "0"),
            ("FWXZMC", "市场化商品房"),
            ("FWYT1", case.use_.0),
            ("FWYT2", "/"),
            ("FWYT3", "/"),
            ("GYTDMJ", "0.0"),
            ("HH", &number),
            ("HX", "3"),
            ("HXJG", "1"),
            ("LJZH", "/"),
            ("MJDW", "1"),
            ("PZYT", case.use_.0),
            ("QXDM", case.area),
            ("SCDXBFJZMJ", "0.0"),
            ("SCFTJZMJ", &square_metres(shared)),
            ("SCFTXS", "0.0"),
            ("SCJZMJ", &square_metres(inside + shared)),
            ("SCQTJZMJ", "0.0"),
            ("SCTNJZMJ", &square_metres(inside)),
            ("SHBW", &format!("{}{number}", case.floor)),
            ("SJCS", "1"),
            ("SJYT", case.use_.0),
            ("YCDXBFJZMJ", "0.0"),
            ("YCFTJZMJ", "0.0"),
            ("YCFTXS", "0.0"),
            ("YCJZMJ", "0.0"),
            ("YCQTJZMJ", "0.0"),
            ("YCTNJZMJ", "0.0"),
            ("YSDM", "6001030140"),
            ("YTMC", case.use_.1),
            ("ZDDM", &case.parcel),
            ("ZL", &case.address),
            ("ZRZBSM", "3"),
            ("ZRZH", &building),
            ("ZT", "1"),
        ],
    );
}

/// Writes the right: QLT_FW_FDCQ_YZ or QLF_QL_DYAQ.
pub(super) fn right(xml: &mut String, case: &Case, random: &mut Random) {
    if case.kind == Kind::Mortgage { mortgage(xml, case, random) } else { ownership(xml, case, random) }
}

fn ownership(xml: &mut String, case: &Case, random: &mut Random) {
    let (inside, shared) = case.area_m2;
    let built = random.between(1996, 2023).to_string();
    let price = format!("{}.{:04}", random.between(8, 260), random.below(10_000));
    row(
        xml,
        "QLT_FW_FDCQ_YZ",
        &[
            ("BDCDYH", &case.unit),
            ("BDCQZH", &case.certificate),
            ("DBR", &case.officer),
            ("DJJG", &case.office()),
            ("DJLX", case.register),
            ("DJSJ", &case.at),
            ("DJYY", case.reason),
            ("DYTDMJ", "0.0"),
            ("FDCJYJG", &price),
            ("FDZL", &case.address),
            ("FJ", "/"),
            ("FTJZMJ", &square_metres(shared)),
            ("FTTDMJ", "0.0"),
            ("FWJG", random.pick(&["2", "3", "4"])),
            ("FWXZ", "0"),
            ("FWXZMC", "市场化商品房"),
            ("GHYT", case.use_.0),
            ("JEDW", "2"),
            ("JGSJ", &built),
            ("JZMJ", &square_metres(inside + shared)),
            ("QLLX", "4"),
            ("QSZT", "1"),
            ("QXDM", case.area),
            ("SJYT", case.use_.0),
            ("SSYWH", "/"),
            ("SZC", &case.floor.to_string()),
            ("TDSYJSSJ", "2092-04-30T00:00:00"),
            ("TDSYQR", "测试房地产开发有限公司"),
            ("TDSYQSSJ", "2022-05-01T00:00:00"),
            ("YSDM", "6002010200"),
            ("YT", "0701"),
            ("YTMC", "城镇住宅用地"),
            ("YWH", &case.number),
            ("ZCS", &case.floors.to_string()),
            ("ZYJZMJ", &square_metres(inside)),
        ],
    );
}

fn mortgage(xml: &mut String, case: &Case, random: &mut Random) {
    let (inside, shared) = case.area_m2;
    let debt = format!("{}.0000", random.between(5, 180));
    let day = case.moment.day.dashed();
    row(
        xml,
        "QLF_QL_DYAQ",
        &[
            ("BDBZZQSE", &debt),
            ("BDCDJZMH", &case.certificate),
            ("BDCDYH", &case.unit),
            ("BZ", "/"),
            ("DBFW", "主债权及利息、违约金、损害赔偿金、实现抵押权的费用"),
            ("DBR", &case.officer),
            ("DJJG", &case.office()),
            ("DJLX", "100"),
            ("DJSJ", &case.at),
            ("DJYY", "合同设立"),
            ("DYBDCLX", "2"),
            ("DYFS", "1"),
            ("DYMJ", &square_metres(inside + shared)),
            ("DYQSW", "1"),
            ("DYR", &person(random)),
            ("DYRLX", "1"),
            ("FJ", "/"),
            ("JEDW", "2"),
            ("MJDW", "1"),
            ("QSZT", "1"),
            ("QXDM", case.area),
            ("SSYWH", "/"),
            ("YSDM", "6002030100"),
            ("YWH", &case.number),
            ("ZGZQQDSS", "/"),
            ("ZGZQSE", "0.0000"),
            ("ZJJZWDYFW", "/"),
            ("ZJJZWZL", "/"),
            ("ZWLXJSSJ", "2044-03-14T00:00:00"),
            ("ZWLXQSSJ", &format!("{day}T00:00:00")),
            ("ZXDBR", "/"),
            ("ZXDYYWH", "/"),
            ("ZXDYYY", "/"),
            ("ZXSJ", "1900-01-01T00:00:00"),
        ],
    );
}

/// Writes DJF_DJ_SQ and DJT_DJ_SL: who applied, who received it.
pub(super) fn application(xml: &mut String, case: &Case, random: &mut Random) {
    let applied = case.minutes_later(-240);
    for _ in 0..random.between(1, 2) {
        row(
            xml,
            "DJF_DJ_SQ",
            &[
                ("BZ", "/"),
                ("QLRDLJG", "/"),
                ("QLRDLRDH", "/"),
                ("QLRDLRMC", "/"),
                ("QLRFRDH", "/"),
                ("QLRFRMC", "/"),
                ("QLRMC", &person(random)),
                ("QLRTXDZ", "/"),
                ("QLRYB", "/"),
                ("QLRZJH", &identity(random, case.area)),
                ("QLRZJZL", "1"),
                ("QXDM", case.area),
                ("SQSJ", &applied),
                ("YSDM", "6004010000"),
                ("YWH", &case.number),
                ("YWRDLJG", "/"),
                ("YWRDLRDH", "/"),
                ("YWRDLRMC", "/"),
                ("YWRFRDH", "/"),
                ("YWRFRMC", "/"),
                ("YWRMC", &person(random)),
                ("YWRTXDZ", "/"),
                ("YWRYB", "/"),
                ("YWRZJH", &identity(random, case.area)),
                ("YWRZJZL", "1"),
            ],
        );
    }
    row(
        xml,
        "DJT_DJ_SL",
        &[
            ("AJZT", "2"),
            ("BZ", "/"),
            ("DJLX", case.register),
            ("JSSJ", &case.minutes_later(120)),
            ("QXDM", case.area),
            ("SFWTAJ", "0"),
            ("SLRY", &person(random)),
            ("SLSJ", &case.minutes_later(-235)),
            ("SQFBCZ", "0"),
            ("SQZSBS", "0"),
            ("TZFS", "0"),
            ("TZRDH", "/"),
            ("TZRDZYJ", "/"),
            ("TZRXM", "/"),
            ("TZRYDDH", "/"),
            ("YSDM", "6004020000"),
            ("YWH", &case.number),
            ("ZL", &case.address),
        ],
    );
}

/// Writes DJF_DJ_SJ, one row a document.
pub(super) fn documents(xml: &mut String, case: &Case, random: &mut Random) {
    let first = random.below(3) as usize;
    for document in DOCUMENTS.iter().skip(first).take(random.between(1, 4) as usize) {
        row(
            xml,
            "DJF_DJ_SJ",
            &[
                ("BZ", "/"),
                ("QXDM", case.area),
                ("SFBCSJ", "0"),
                ("SFEWSJ", "0"),
                ("SFSJSY", "1"),
                ("SJLX", random.pick(&["1", "2"])),
                ("SJMC", document),
                ("SJSJ", &case.minutes_later(-230)),
                ("SJSL", "1"),
                ("YS", &random.between(1, 12).to_string()),
                ("YSDM", "6004020100"),
                ("YWH", &case.number),
            ],
        );
    }
}

/// Writes DJF_DJ_SH and DJF_DJ_DB: examined, entered in the register.
pub(super) fn steps(xml: &mut String, case: &Case, random: &mut Random) {
    for (index, step) in ["初审", "复审"].iter().enumerate().take(random.between(1, 2) as usize) {
        let begins = -200 + 60 * index as i32;
        row(
            xml,
            "DJF_DJ_SH",
            &[
                ("BZ", "/"),
                ("CZJG", "1"),
                ("JDMC", step),
                ("QXDM", case.area),
                ("SHJSSJ", &case.minutes_later(begins + 20)),
                ("SHKSSJ", &case.minutes_later(begins)),
                ("SHRYXM", &person(random)),
                ("SHYJ", random.pick(&OPINIONS)),
                ("SXH", &(index + 1).to_string()),
                ("YSDM", "6004030000"),
                ("YWH", &case.number),
            ],
        );
    }
    row(
        xml,
        "DJF_DJ_DB",
        &[
            ("CZJG", "1"),
            ("DBRYXM", &case.officer),
            ("DBSJ", &case.at),
            ("DBYJ", "同意登簿"),
            ("QXDM", case.area),
            ("YSDM", "/"),
            ("YWH", &case.number),
        ],
    );
}

/// Writes DJF_DJ_FZ in every third message.
pub(super) fn certificate_handed_over(xml: &mut String, case: &Case, random: &mut Random) {
    if random.below(3) != 0 {
        return;
    }
    row(
        xml,
        "DJF_DJ_FZ",
        &[
            ("BZ", "/"),
            ("FZMC", "发证"),
            ("FZRY", &person(random)),
            ("FZSJ", &case.minutes_later(50)),
            ("FZSL", "1"),
            ("HFZSH", &case.certificate),
            ("LZRDH", &telephone(random)),
            ("LZRDZ", "/"),
            ("LZRXM", &person(random)),
            ("LZRYB", "/"),
            ("LZRZJHM", &identity(random, case.area)),
            ("LZRZJLB", "1"),
            ("QXDM", case.area),
            ("YSDM", "6004050000"),
            ("YSXLH", &format!("15{:09}", random.below(1_000_000_000))),
            ("YWH", &case.number),
        ],
    );
}

/// Writes ZD_K_103, boundary points, in every eighth message: the numeric table that hardly compresses.
pub(super) fn boundary(xml: &mut String, case: &Case, random: &mut Random) {
    if random.below(8) != 0 {
        return;
    }
    let (north, east) = (random.between(532_000_000, 540_000_000), random.between(40_000_000, 50_000_000));
    for point in 1..=random.between(4, 10) {
        row(
            xml,
            "ZD_K_103",
            &[
                ("BDCDYH", &case.unit),
                ("JZDH", &format!("J{point}")),
                ("QXDM", case.area),
                ("XZBZ", &square_metres(north + random.below(200_000))),
                ("YZBZ", &square_metres(east + random.below(200_000))),
                ("ZJH", &point.to_string()),
            ],
        );
    }
}
