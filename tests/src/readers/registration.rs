//! What the ferry understands of its cargo, and the schemas that are installed for it.

use dukou_shared::connectors::tables::{Cells, RowChange, Value};
use dukou_shared::lang::Lang;
use dukou_shared::registration::cargo::{Cargo, understand};
use dukou_shared::registration::certificate;
use dukou_shared::registration::checks::{Linted, Said, lint};
use dukou_shared::registration::civil;
use dukou_shared::registration::day::day_mark::DayMark;
use dukou_shared::registration::day::ids::{BizMsgId, comparable};
use dukou_shared::registration::day::log::reply::{ReplyClass, Token, classify};
use dukou_shared::registration::identifiers::{is_credit_code, is_organisation_code, is_resident_id, message_id};
use dukou_shared::registration::kept::row_of;
use dukou_shared::registration::official::Installed;
use dukou_shared::registration::reference::Reference;
use dukou_shared::registration::upgrade::upgrade;
use dukou_shared::registration::write_off::examine;
use dukou_shared::registration::xml::{XmlEncoding, XmlLimits, check, decode};
use dukou_shared::schema::bundle::{Bundle, Files, NAMES};

use super::seeds;

/// Reads a file as messages, responses, logs and replies are read: strictly, then linted, then made new.
pub(super) fn cargo(bytes: &[u8]) -> bool {
    let limits = XmlLimits::default();
    let checked = check(bytes, &limits);
    if let Err(fault) = &checked {
        assert!(fault.place().is_none_or(|at| at.byte <= bytes.len()));
    }
    for encoding in [None, Some(XmlEncoding::Gbk)] {
        said_well(&lint("Biz150721240315000001.xml", bytes, &Said { encoding, ..Said::default() }), bytes);
    }
    if let Ok(document) = decode(bytes, None, &limits)
        && let Ok(Cargo::Message(message)) = understand(&document, &limits)
        && let Ok(upgraded) = upgrade(&message)
    {
        check(upgraded.text.as_bytes(), &limits).expect("what was made new is well-formed");
    }
    checked.is_ok()
}

/// Each finding has a sentence in both languages, and a line that the file has.
fn said_well(linted: &Linted, bytes: &[u8]) {
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u32 + 1;
    for finding in &linted.findings.told {
        assert!(finding.line.is_none_or(|line| (1..=lines).contains(&line)), "{finding:?}");
        assert!(finding.sentence(Lang::Zh).ends_with('。') && finding.sentence(Lang::En).ends_with('.'), "{finding:?}");
    }
}

pub(super) fn cargo_seeds() -> Vec<Vec<u8>> {
    ["new/BizMsg", "new/RepMsg", "old/BizMsg", "log/new", "log/old", "bad"]
        .iter()
        .flat_map(|folder| seeds::files(&format!("tests/data/registration/{folder}"), ".xml"))
        .collect()
}

/// Classes a reply to a log; one that is taken for an acceptance says so somewhere.
pub(super) fn reply(bytes: &[u8]) -> bool {
    let tokens = [Token::new("0000").expect("a token"), Token::new("success").expect("a token")];
    let accepted = classify(bytes, &tokens).class == ReplyClass::Accepted;
    if let (true, Ok(text)) = (accepted, std::str::from_utf8(bytes)) {
        let said = ["0200", "0000", "success", "&"].iter().any(|sign| text.contains(sign));
        assert!(said, "{text}");
    }
    accepted
}

pub(super) fn reply_seeds() -> Vec<Vec<u8>> {
    let mut bodies: Vec<Vec<u8>> = [
        "0000",
        "success",
        "{\"code\":\"0000\",\"message\":\"ok\"}",
        "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body><r>0000</r></soap:Body></soap:Envelope>",
        "<soap:Envelope><soap:Body><soap:Fault><faultstring>0000</faultstring></soap:Fault></soap:Body></soap:Envelope>",
        "<html><body>0000</body></html>",
        "<r>&lt;RespondLog&gt;&lt;responseLogCode&gt;0200&lt;/responseLogCode&gt;&lt;/RespondLog&gt;</r>",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into();
    bodies.extend(["0200", "04012"].map(|code| seeds::file(&format!("tests/data/registration/log/new/RespondLog-{code}.xml"))));
    bodies
}

/// Reads a write-off list in each encoding that a channel may say.
pub(super) fn write_off(bytes: &[u8]) -> bool {
    let of = |encoding| examine(bytes, &Said { encoding, ..Said::default() });
    of(Some(XmlEncoding::Gb18030));
    let (linted, rows) = of(None);
    linted.findings.errors() == 0 && !rows.is_empty()
}

pub(super) fn write_off_seeds() -> Vec<Vec<u8>> {
    let text = "序号,销账状态,报文ID,\"业务号\",不动产单元号,xzbwlx\r\n1,1,150721240315000001,202403150001,150721001002GB00017F00030012,接入失败\r\n2,正在销账,150721240315000002_CBXZ,,,4\r\n";
    let marked = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    vec![text.as_bytes().to_vec(), text.replace(',', "\t").into_bytes(), marked]
}

/// A day mark that is taken is written the same.
pub(super) fn day_mark(bytes: &[u8]) -> bool {
    let read = DayMark::decode(bytes);
    if let Ok(mark) = &read {
        assert_eq!(mark.encode().as_bytes(), bytes);
    }
    read.is_ok()
}

pub(super) fn day_mark_seeds() -> Vec<Vec<u8>> {
    seeds::texts("day-marks", "mark")
}

/// Reads a row of the register as its channel brings it, and each of its cells as all that a cell may be.
pub(super) fn register_row(bytes: &[u8]) -> bool {
    let Ok(change) = RowChange::parse(bytes, &[]) else { return false };
    let cells: &Cells = &change.row;
    for (_, value) in cells.iter() {
        if let Value::Text(text) = value {
            cell(text);
        }
    }
    row_of(cells, i64::MAX).is_some()
}

fn cell(text: &str) {
    let _ = (civil::time(text), civil::day(text), civil::short_day(text), civil::is_plain(text));
    let _ = (is_resident_id(text), is_credit_code(text), is_organisation_code(text), message_id(text).is_ok());
    let _ = (certificate::form(text), certificate::alike(text), certificate::parts(text).count());
    if let Ok(id) = text.parse::<BizMsgId>() {
        assert_eq!(id.to_string().parse(), Ok(id));
    }
    let same = comparable(text);
    assert_eq!(comparable(&same), same, "{text:?}");
}

pub(super) fn register_row_seeds() -> Vec<Vec<u8>> {
    let row = r#"{"op":"insert","key":{"ywh":"202403150001","bdcdyh":"150721001002GB00017F00030012"},"row":{"ywh":"202403150001","bdcdyh":"150721001002GB00017F00030012","djlx":"100","qllx":"4","zszmh":"蒙(2024)阿荣旗不动产权第0000123号","qxdm":"150721","djsj":"2024-03-15T10:21:33","qszt":"1","jrzt":"1"},"tx":"7"}"#;
    vec![row.as_bytes().to_vec(), row.replace("insert", "stock").into_bytes()]
}

/// Installs one file as the schemas of the new edition; what is compiled judges a message.
pub(super) fn official(bytes: &[u8]) -> bool {
    thread_local! {
        static FOLDER: tempfile::TempDir = {
            let dir = tempfile::tempdir().expect("a temporary folder");
            std::fs::create_dir(dir.path().join("new")).expect("a folder is made");
            dir
        };
        static MESSAGE: Vec<u8> = seeds::file("tests/data/registration/new/BizMsg/Biz150721240315000001.xml");
    }
    FOLDER.with(|folder| {
        std::fs::write(folder.path().join("new/a.xsd"), bytes).expect("a schema is written");
        let loaded = Installed::load(folder.path());
        let name = "Biz150721240315000001.xml";
        match loaded {
            Ok(installed) => MESSAGE.with(|message| {
                dukou_shared::registration::checks::lint_by(name, message, &Said::default(), Some(&installed));
                true
            }),
            Err(fault) => {
                assert!(fault.sentence(Lang::Zh).ends_with('。') && fault.sentence(Lang::En).ends_with('.'), "{fault:?}");
                false
            }
        }
    })
}

pub(super) fn official_seeds() -> Vec<Vec<u8>> {
    let schema = r#"<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:simpleType name="area"><xs:restriction base="xs:string"><xs:pattern value="15\d{4}"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="kind"><xs:union memberTypes="area xs:int"/></xs:simpleType>
  <xs:attributeGroup name="ids"><xs:attribute name="YWH" type="xs:string" use="required"/><xs:attribute name="MJ" type="xs:decimal"/></xs:attributeGroup>
  <xs:group name="tables"><xs:choice><xs:element name="ZTT_GY_QLR"><xs:complexType><xs:attributeGroup ref="ids"/></xs:complexType></xs:element></xs:choice></xs:group>
  <xs:complexType name="data"><xs:sequence><xs:group ref="tables" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType>
  <xs:complexType name="more"><xs:complexContent><xs:extension base="data"><xs:attribute name="x" type="kind" default="1"/></xs:extension></xs:complexContent></xs:complexType>
  <xs:element name="Message"><xs:complexType><xs:sequence><xs:element name="Head" type="xs:anyType"/><xs:element name="Data" type="more"/></xs:sequence></xs:complexType>
    <xs:unique name="u"><xs:selector xpath="Data/*"/><xs:field xpath="@YWH"/></xs:unique></xs:element>
</xs:schema>"#;
    vec![schema.as_bytes().to_vec(), schema.replace("unbounded", "3").into_bytes()]
}

/// Reads bytes as each of the files that a bundle of reference data may have, as they come out of the bundle.
pub(super) fn reference(bytes: &[u8]) -> bool {
    NAMES.iter().filter(|name| read_as(name, bytes)).count() > 0
}

/// One that is refused says which file it is, and why, in both languages.
fn read_as(name: &str, bytes: &[u8]) -> bool {
    let files = Files::from([(name.to_string(), bytes.to_vec())]);
    let bundle = Bundle::pack(1, &files).expect("a file of a name that a bundle may have");
    match Reference::read(&bundle.open().expect("what was packed can be opened")) {
        Ok(_) => true,
        Err(fault) => {
            assert!(fault.words(Lang::Zh).contains("不可用") && fault.words(Lang::En).contains("cannot be used"), "{fault:?}");
            false
        }
    }
}

pub(super) fn reference_seeds() -> Vec<Vec<u8>> {
    let counties = "[alias]\n\"152122\" = \"150721\"\n\n[county.\"150721\"]\nedition = \"new\"\nfirst_day = \"2024-03-15\"\n";
    let codes = ["old", "new"].map(|edition| seeds::file(&format!("deploy/standard/{edition}/rectypes.json")));
    [counties.as_bytes().to_vec()].into_iter().chain(codes).collect()
}
