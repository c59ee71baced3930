use super::*;
use crate::registration::catalogue::ColumnType;
use crate::registration::finding::Level;
use crate::registration::made::{ID, Made, UNIT, every};
use crate::registration::response::Outcome;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn sample(path: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../tests/data/registration/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The codes found, each once with how often it was found: `dictionary ×6`.
fn codes(linted: &Linted) -> String {
    let mut counted: BTreeMap<(Level, &str), usize> = BTreeMap::new();
    for finding in &linted.findings.told {
        *counted.entry((finding.level, finding.code)).or_default() += 1;
    }
    let shown = counted.iter().map(|((_, code), count)| match count {
        1 => (*code).to_string(),
        _ => format!("{code} ×{count}"),
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn found(text: impl AsRef<[u8]>) -> String {
    codes(&lint(&format!("Biz{ID}.xml"), text.as_ref(), &Said::default()))
}

/// Every message that can be made from the catalogue, with what it is of.
fn all() -> Vec<(Edition, &'static str, Made)> {
    let of = |edition| {
        every(edition).into_iter().map(move |(code, set)| (edition, code.code.as_str(), Made::of(edition, code, set)))
    };
    Edition::ALL.into_iter().flat_map(of).collect()
}

#[test]
fn every_sample_gives_exactly_the_findings_its_readme_names() {
    let readme = String::from_utf8(sample("README.md")).unwrap();
    let named = readme.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let files: Vec<_> = named.filter(|(path, _)| path.ends_with(".xml") || path.ends_with(".tmp")).collect();
    assert_eq!(files.len(), 25);
    for (path, expected) in files {
        let expected = expected.trim_end_matches(" |").replace('`', "");
        let linted = lint(path, &sample(path), &Said::default());
        assert_eq!(codes(&linted), expected.trim_matches('—'), "{path}");
    }
}

#[test]
fn a_response_is_an_orphan_only_beside_messages() {
    let (message, orphan) = ("new/BizMsg/Biz150721240315000001.xml", "bad/Rep150721240315999999.xml");
    let mut met = Met::default();
    let mut linted = lint(orphan, &sample(orphan), &Said::default());
    met.response(&mut linted);
    assert_eq!(codes(&linted), "");
    met.message(&mut lint(message, &sample(message), &Said::default()), [1; 32]);
    met.response(&mut linted);
    assert_eq!(codes(&linted), "response-orphan");
    let own = "new/RepMsg/Rep150721240315000001.xml";
    let mut linted = lint(own, &sample(own), &Said::default());
    met.response(&mut linted);
    assert_eq!(codes(&linted), "");
}

#[test]
fn an_id_that_another_message_has_is_found_and_the_same_bytes_again_are_not() {
    let file = "new/BizMsg/Biz150721240315000001.xml";
    let mut met = Met::default();
    let mut codes_of = |digest| {
        let mut linted = lint(file, &sample(file), &Said::default());
        let before = linted.findings.errors();
        met.message(&mut linted, [digest; 32]);
        linted.findings.errors() - before
    };
    assert_eq!([codes_of(1), codes_of(1), codes_of(2)], [0, 0, 1]);
}

#[test]
fn a_right_message_of_every_code_and_set_gives_no_finding() {
    let all = all();
    assert!(all.len() > 100, "{}", all.len());
    for (edition, code, made) in all {
        let linted = lint(&format!("Biz{ID}.xml"), made.text().as_bytes(), &Said::default());
        assert_eq!((codes(&linted).as_str(), linted.edition, linted.kind), ("", Some(edition), "message"), "{edition} {code}");
    }
}

#[test]
fn a_table_that_is_missing_or_too_much_is_named_in_every_code() {
    for (edition, code, made) in all() {
        let main = standard().edition(edition).code(code).unwrap().main.clone();
        let sets = &standard().edition(edition).code(code).unwrap().sets;
        let one_set = sets.len() == 1;
        for at in 0..made.rows.len() {
            let mut less = made.clone();
            let (table, _) = less.rows.remove(at);
            let expected = match table {
                _ if Some(&table) == main.as_ref() => "main-table-missing",
                _ if standard().rules.optional.contains_key(&table) || !one_set => continue,
                _ => "table-missing",
            };
            assert!(found(less.text()).contains(expected), "{edition} {code} without {table}");
        }
        let surplus = "KTF_QT_DZDZW";
        if one_set {
            let mut more = made.clone();
            more.rows.push((surplus.to_string(), vec![("QXDM".to_string(), "150721".to_string())]));
            assert!(found(more.text()).contains("table-surplus"), "{edition} {code}");
        }
    }
}

#[test]
fn a_wrong_value_of_every_column_is_named() {
    let mut met = BTreeSet::new();
    for (edition, code, made) in all() {
        for (table, cells) in made.rows.iter().filter(|(table, _)| met.insert((edition, table.clone()))) {
            for (name, _) in cells {
                let column = standard().edition(edition).table(table).unwrap().column(name).unwrap();
                let checked = |wrong: &str, expected: &str| {
                    let mut made = made.clone();
                    *made.cell(table, name).unwrap() = wrong.to_string();
                    let found = found(made.text());
                    assert!(
                        found.split([',', ' ']).any(|code| code == expected),
                        "{edition} {code} {table}.{name}={wrong}: {found}"
                    );
                };
                match column.kind {
                    ColumnType::Date => checked("2024/03/15", "date"),
                    ColumnType::Decimal => checked("98.36㎡", "number"),
                    ColumnType::Integer => checked("1.5", "number"),
                    ColumnType::Text => {}
                }
                if column.dictionary.is_some() {
                    checked("7654", "dictionary");
                }
                if let Some(width) = column.width {
                    checked(&"9".repeat(width + 1), "width");
                }
                if column.required {
                    checked("", "required");
                    let mut made = made.clone();
                    made.rows
                        .iter_mut()
                        .filter(|(own, _)| own == table)
                        .for_each(|(_, cells)| cells.retain(|(own, _)| own != name));
                    assert!(found(made.text()).contains("required"), "{edition} {code} {table}.{name}");
                }
            }
        }
    }
}

#[test]
fn what_is_wrong_in_a_message_of_any_code_gives_exactly_its_finding() {
    for (edition, code, made) in all() {
        let head = |name: &str, value: &str| found(made.clone().with_head(name, value).text());
        for (found, expected) in [
            (head("EstateNum", &UNIT[..27]), "unit-length"),
            (head("EstateNum", "150721001002GB00017W00030012"), "unit-fixture"),
            (head("ParcelID", "150721001002GB00018"), "unit-parcel"),
            (head("BizMsgID", "15072124031500001"), "file-name, id-form"),
            (head("BizMsgID", "150721241315000001"), "file-name, id-day"),
            (head("BizMsgID", "150722240315000001"), "file-name, id-area"),
            (head("BizMsgID", "150721240315000002"), "file-name"),
            (head("BizMsgID", "/"), "head-missing"),
            (head("RecFlowID", "-"), "case-differs"),
            (head("PreEstateNum", "150721001002GB0001"), "unit-earlier"),
            (head("RecType", "1234567"), "code-unknown"),
            (head("CertCount", "一"), "number"),
        ] {
            match expected {
                "case-differs" => assert!(found.starts_with(expected), "{edition} {code}: {found}"),
                "code-unknown" => assert!(found.contains(expected), "{edition} {code}: {found}"),
                _ => assert_eq!(found, expected, "{edition} {code}"),
            }
        }
        let mut twice = made.clone();
        twice.rows.insert(1, twice.rows[0].clone());
        assert_eq!(found(twice.text()), "row-twice", "{edition} {code}");
        let text = made.text();
        let (gbk, _, _) = encoding_rs::GBK.encode(&text);
        assert_eq!(found(gbk), "xml-encoding", "{edition} {code}");
        assert_eq!(found(&text[..text.len() - 20]), "xml-truncated", "{edition} {code}");
        let unfinished = lint(&format!("Biz{ID}.xml.tmp"), text.as_bytes(), &Said::default());
        assert_eq!(codes(&unfinished), "file-unfinished", "{edition} {code}");
        assert_eq!(codes(&lint("Biz150721240315000009.xml", text.as_bytes(), &Said::default())), "file-name");
    }
}

#[test]
fn what_real_files_contain_is_no_finding() {
    let code = standard().edition(Edition::New).code("1000402").unwrap();
    let text = Made::of(Edition::New, code, Some(&code.sets[0])).text();
    for real in [
        format!("\u{feff}{text}"),
        text.replace('\n', "\r\n"),
        text.replace("2024-03-15T10:21:33", "2024-03-15T10:21:33+08:00"),
        text.replace("2024-03-15T10:21:33", "2024-03-15T02:21:33Z"),
        text.replace("\"/\"", "\"\""),
        text.replace("<ProofCount>0</ProofCount>", "<ProofCount/>"),
        text.replace("<PreCertID>/<", "<DigitalSign>0f</DigitalSign><PreCertID>阿国用(2009)第1号、(旧)12&#x53F7;<"),
        text.replace(
            "蒙(2024)阿荣旗不动产权第0000123号",
            "蒙(2024)阿荣旗不动产权第0000123号;蒙(2024)阿荣旗不动产权第0000124号",
        ),
    ] {
        assert_eq!(found(&real), "", "{real}");
    }
    let wide = text.replace("蒙(2024)阿荣旗", "蒙（2024）阿荣旗");
    assert!(found(wide).starts_with("certificate-wide"));
}

#[test]
fn a_channel_that_says_gbk_is_read_so_and_a_false_declaration_is_named() {
    let code = standard().edition(Edition::New).code("1003701").unwrap();
    let text = Made::of(Edition::New, code, Some(&code.sets[0])).text();
    let said = Said { encoding: Some(XmlEncoding::Gbk), ..Said::default() };
    let lint_as_said = |text: &str| {
        let (gbk, _, _) = encoding_rs::GBK.encode(text);
        codes(&lint(&format!("Biz{ID}.xml"), &gbk, &said))
    };
    assert_eq!(lint_as_said(&text), "encoding-declared");
    assert_eq!(lint_as_said(&text.replace("UTF-8", "GBK")), "");
    let (gbk, _, _) = encoding_rs::GBK.encode(&text);
    assert_eq!(found(&gbk), "xml-encoding");
    assert!(lint("Biz1.xml", &gbk, &Said::default()).findings.told[0].sentence[0].contains("像是 GBK"));
}

#[test]
fn the_edition_is_told_by_content_and_never_by_code() {
    let edition = |path: &str| lint(path, &sample(path), &Said::default()).edition;
    assert_eq!(edition("old/BizMsg/Biz150721220315000002.xml"), Some(Edition::Old));
    let code = standard().edition(Edition::New).code("9000101").unwrap();
    let text = Made::of(Edition::New, code, Some(&code.sets[0])).text();
    assert_eq!(lint("Biz.xml", text.as_bytes(), &Said::default()).edition, Some(Edition::New));
    let old = String::from_utf8(sample("old/BizMsg/Biz150721220315000001.xml")).unwrap();
    let mixed = old.replace("DJT_DJ_SLSQ", "DJT_DJ_SL");
    assert!(found(mixed).contains("edition-mixed"));
    assert!(found("<Message><Head/><Data><A/></Data></Message>").contains("edition-unknown"));
}

#[test]
fn a_log_that_contradicts_itself_is_named_wherever_it_does() {
    let path = "log/new/LogBiz150721-20240315213000.xml";
    let right = String::from_utf8(sample(path)).unwrap();
    let found = |from: &str, to: &str| {
        assert!(right.contains(from), "{from}");
        codes(&lint(path, right.replacen(from, to, 1).as_bytes(), &Said::default()))
    };
    assert_eq!(found("<RegisterList totalNum=\"3\"", "<RegisterList totalNum=\"2\""), "log-rows, log-total");
    assert_eq!(found("<AccessList totalNum=\"3\"", "<AccessList totalNum=\"x\""), "log-part-missing");
    assert_eq!(found("firstReg=\"2\"", "firstReg=\"1\""), "log-kind, log-sum");
    assert_eq!(found("DJLX=\"100\"", "DJLX=\"300\""), "log-kind ×2");
    assert_eq!(found("<Access BWID=\"150721240315000001\"", "<Access BWID=\"150721240315000009\""), "log-unlisted");
    assert_eq!(found("<Access BWID=\"150721240315000001\"", "<Access BWID=\"150722240315000001\""), "id-area, log-unlisted");
    assert_eq!(found("<AreaCode>150721</AreaCode>", ""), "log-part-missing");
    assert_eq!(found("<AreaCode>150721</AreaCode>", "<AreaCode>150722</AreaCode>"), "file-name, id-area ×3");
    assert_eq!(found("<AccessDate>20240315<", "<AccessDate>20241315<"), "log-part-missing");
    assert_eq!(codes(&lint(path, b"<AccessLogs/>", &Said::default())), "log-part-missing");
}

#[test]
fn an_old_log_counts_mortgages_and_easements_apart() {
    let path = "log/old/LogBiz150721-20220315213000.xml";
    let text = String::from_utf8(sample(path)).unwrap();
    let linted = lint(path, text.as_bytes(), &Said::default());
    assert_eq!((linted.edition, codes(&linted).as_str()), (Some(Edition::Old), ""));
    let wrong = text.replacen("mortgageReg=\"1\"", "mortgageReg=\"2\"", 1);
    assert_eq!(codes(&lint(path, wrong.as_bytes(), &Said::default())), "log-sum");
}

#[test]
fn a_foreign_area_is_an_error_where_the_channel_names_its_own() {
    let code = standard().edition(Edition::New).code("1003701").unwrap();
    let text = Made::of(Edition::New, code, Some(&code.sets[0])).text();
    let at = |area: &str| {
        let said = Said { areas: [area.to_string()].into(), ..Said::default() };
        codes(&lint(&format!("Biz{ID}.xml"), text.as_bytes(), &said))
    };
    assert_eq!((at("150721").as_str(), at("150722").as_str()), ("", "area-foreign"));
}

#[test]
fn a_unit_of_another_area_is_an_error_unless_its_area_was_renamed() {
    let code = standard().edition(Edition::New).code("1003701").unwrap();
    let text = Made::of(Edition::New, code, Some(&code.sets[0])).text();
    let renamed = text.replace("150721001002GB", "150700001002GB");
    assert_eq!(found(&renamed), "unit-area");
    let said = Said { aliases: [("150700".to_string(), "150721".to_string())].into(), ..Said::default() };
    assert_eq!(codes(&lint(&format!("Biz{ID}.xml"), renamed.as_bytes(), &said)), "");
}

#[test]
fn the_right_is_of_the_messages_unit() {
    let code = standard().edition(Edition::New).code("1000401").unwrap();
    let made = Made::of(Edition::New, code, Some(&code.sets[0]));
    let mut other = made.clone();
    *other.cell("QLT_FW_FDCQ_DZ", "BDCDYH").unwrap() = "150721001002GB00017F00040001".to_string();
    assert_eq!(found(other.text()), "unit-differs");
    let at = made.rows.iter().position(|(table, _)| table == "QLT_FW_FDCQ_DZ").unwrap();
    let mut several = made.clone();
    several.rows.insert(at, other.rows[at].clone());
    assert_eq!(found(several.text()), "");
}

#[test]
fn a_response_is_taken_whole_and_says_what_it_says() {
    let bytes = sample("new/RepMsg/Rep150721240315000001.xml");
    let limits = XmlLimits::default();
    let document = xml::decode(&bytes, None, &limits).unwrap();
    let Cargo::Response(response) = understand(&document, &limits).unwrap() else { panic!("it is a response") };
    assert_eq!((response.outcome(), response.response_code.as_str()), (Outcome::Success, "0000"));
    assert_eq!((response.cert_id.as_str(), response.qr_code.as_str()), ("蒙(2024)阿荣旗不动产权第0000123号", ""));
    let named = |inner: &str| {
        codes(&lint("Rep150721240315000001.xml", format!("<respond>{inner}</respond>").as_bytes(), &Said::default()))
    };
    let id = "<BizMsgID>150721240315000001</BizMsgID>";
    assert_eq!(named(""), "id-missing");
    assert_eq!(named(id), "response-unsaid");
    assert_eq!(named(&format!("{id}<SuccessFlag>2</SuccessFlag>")), "response-failure");
    assert_eq!(named(&format!("{id}<SuccessFlag> 1 </SuccessFlag>")), "");
}

#[test]
fn another_countys_message_or_response_is_told_with_and_without_an_id() {
    let said = Said { areas: ["150721".to_string()].into(), ..Said::default() };
    let codes = |name: &str, text: &str| codes(&lint(name, text.as_bytes(), &said));
    let message = |head: &str| format!("<Message><Head>{head}</Head><Data/></Message>");
    for head in [
        "<AreaCode>150722</AreaCode>",
        "<AreaCode>150722</AreaCode><BizMsgID>1</BizMsgID>",
        "<BizMsgID>150722240315000001</BizMsgID>",
    ] {
        assert!(codes("Biz.xml", &message(head)).contains("area-foreign"), "{head}");
        assert!(!codes("Biz.xml", &message(&head.replace("150722", "150721"))).contains("area-foreign"), "{head}");
    }
    let response = "<respond><BizMsgID>150722240315000001</BizMsgID><SuccessFlag>1</SuccessFlag></respond>";
    assert!(codes("Rep150722240315000001.xml", response).contains("area-foreign"));
    assert_eq!(codes("Rep150721240315000001.xml", &response.replace("150722", "150721")), "");
}

#[test]
fn no_finding_repeats_a_person() {
    let text = String::from_utf8(sample("bad/Biz150721240315900001.xml")).unwrap();
    let text = text.replace("测试甲", &"测试甲".repeat(200)).replace("2024-03-15T09:00:00", "15072119000101001X");
    let linted = lint("Biz.xml", text.as_bytes(), &Said::default());
    assert!(linted.findings.warnings() > 8);
    for finding in &linted.findings.told {
        let shown = format!("{finding:?}");
        assert!(!shown.contains("19000101") && !shown.contains("测试甲"), "{shown}");
    }
}

#[test]
fn hostile_documents_are_refused_in_bounded_time_and_memory() {
    let deep = "<a>".repeat(100_000);
    let wide = format!("<Message {}/>", (0..100_000).map(|at| format!("a{at}='' ")).collect::<String>());
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bb\"><!ENTITY c \"&b;&b;\">]><Message>&c;</Message>";
    let named = format!("<Message {}=''/>", "a".repeat(1_000_000));
    let rows = format!("<Message><Head/><Data>{}</Data></Message>", "<A/>".repeat(200_000));
    let head = format!("<Message><Head>{}</Head><Data/></Message>", "<A/>".repeat(200_000));
    let huge = vec![b' '; 100 << 20];
    let begun = std::time::Instant::now();
    for (text, expected) in [
        (deep.as_bytes(), "xml-depth"),
        (wide.as_bytes(), "xml-attributes"),
        (bomb.as_bytes(), "xml-dtd"),
        (named.as_bytes(), "xml-name-length"),
        (huge.as_slice(), "xml-size"),
        (b"<Message>\x00</Message>".as_slice(), "xml-character"),
        (b"<Message/><Message/>".as_slice(), "xml-not-well-formed"),
        (b"<?xml version='1.0' encoding='EBCDIC'?><Message/>".as_slice(), "xml-encoding-unknown"),
    ] {
        let found = found(text);
        assert!(found.starts_with("xml-"), "{found}");
        assert_eq!(found, expected);
    }
    assert!(found(rows).contains("too-many-rows"));
    assert!(found(head).contains("head-missing"));
    let seconds = begun.elapsed().as_secs();
    assert!(seconds < 60, "{seconds} s");
}

#[test]
fn linting_thousands_of_messages_takes_seconds() {
    let text = String::from_utf8(sample("new/BizMsg/Biz150721240315000003.xml")).unwrap();
    let begun = std::time::Instant::now();
    for number in 0..2000 {
        let id = format!("150721240315{number:06}");
        let linted = lint(&format!("Biz{id}.xml"), text.replace("150721240315000003", &id).as_bytes(), &Said::default());
        assert_eq!((linted.findings.errors(), linted.findings.warnings()), (0, 2));
    }
    let each = begun.elapsed() / 2000;
    println!("{each:?} a message of {} bytes, {:?} for 100,000", text.len(), each * 100_000);
    assert!(each.as_millis() < 10, "{each:?}");
}

proptest! {
    #[test]
    fn any_bytes_are_linted_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        lint("Biz.xml", &bytes, &Said::default());
    }

    #[test]
    fn any_soup_of_cargo_is_linted_without_a_panic(pieces in proptest::collection::vec(0..PIECES.len(), 0..40)) {
        let text: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
        for root in ["Message", "respond", "AccessLogs", "RespondLog"] {
            lint("Rep.xml", format!("<{root}>{text}</{root}>").as_bytes(), &Said::default());
        }
    }

    #[test]
    fn any_mutant_of_a_sample_is_linted_without_a_panic(
        which in 0..SAMPLES.len(),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0..4), 1..6),
    ) {
        let mut bytes = sample(SAMPLES[which]);
        for (at, byte, kind) in changes {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => { bytes.remove(at); }
                // Digits and letters are where the checks look.
                _ => bytes[at] = b"0/9A\"<-"[usize::from(byte) % 7],
            }
        }
        let linted = lint(SAMPLES[which], &bytes, &Said::default());
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u32 + 1;
        for finding in &linted.findings.told {
            prop_assert!(finding.line.is_none_or(|line| (1..=lines).contains(&line)), "{finding:?}");
            prop_assert!(finding.sentence[0].ends_with('。') && finding.sentence[1].ends_with('.'), "{finding:?}");
        }
    }
}

const SAMPLES: [&str; 7] = [
    "new/BizMsg/Biz150721240315000001.xml",
    "new/BizMsg/Biz150721240318000001.xml",
    "old/BizMsg/Biz150721220315000002.xml",
    "new/RepMsg/Rep150721240315000003.xml",
    "log/new/LogBiz150721-20240314213000.xml",
    "log/old/LogBiz150721-20220315213000.xml",
    "log/new/RespondLog-04012.xml",
];

const PIECES: [&str; 36] = [
    "<Head>",
    "</Head>",
    "<Data>",
    "</Data>",
    "<Head/>",
    "<Data/>",
    "<BizMsgID>",
    "</BizMsgID>",
    "150721240315000001",
    "BBXZ",
    "<EstateNum>150721001002GB00017F00030012</EstateNum>",
    "<AreaCode>150721</AreaCode>",
    "<RecType>9000101</RecType>",
    "<RecFlowID>-1</RecFlowID>",
    "<SuccessFlag>1</SuccessFlag>",
    "<responseLogCode>0200</responseLogCode>",
    "<ZTT_GY_QLR SXH='-1' ZJZL='1' ZJH='，'/>",
    "<QLF_QL_DYAQ DJSJ='0001-01-01' BDCDYH='不动产'/>",
    "<DJT_DJ_SLSQ/>",
    "<DJT_DJ_SL YWH='/'>",
    "</DJT_DJ_SL>",
    "<AccessLog>",
    "</AccessLog>",
    "<AccessDate>20240315</AccessDate>",
    "<RegisterInfo totalNum='18446744073709551615' firstReg='18446744073709551615' otherReg='1'/>",
    "<AccessInfo totalNum='0' mortgageReg='1'/>",
    "<RegisterList totalNum='1'>",
    "</RegisterList>",
    "<Register SFSB='1' BWID='1'/>",
    "<AccessList>",
    "</AccessList>",
    "<Access BWID='150721240315000001'/>",
    "&amp;",
    "&#20013;",
    "<![CDATA[<]]>",
    "文字\r\n",
];
