//! What is printed of a day: complete, the same each time, and harmless to what opens it.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use super::super::day_mark::{DayMark, rows_of_day};
use super::super::facts::{Decision, Edition, Facts, LogFact, MarkFact};
use super::super::ids::Suffix;
use super::super::log::build;
use super::super::reconcile::{Day, reconcile};
use super::super::report;
use super::generated;
use super::sample::{DAY, county, evening, facts, heading, row};
use crate::lang::Lang;

/// A generated day with a log that is wrong and a decision: it has everything that can be printed.
fn full() -> Day<'static> {
    let mut world = generated::World::new(5, 400);
    // One late report without the suffix that is due.
    let late = world.facts.messages.iter_mut().find(|message| message.id.suffix() == Suffix::Late).unwrap();
    late.id = late.id.with(Suffix::None);
    let rows = rows_of_day(&world.settings, generated::DAY, &world.facts.rows);
    let mark = DayMark { county: world.settings.county, day: generated::DAY, cut: world.made, rows, heads: Vec::new() };
    world.facts.mark = Some(MarkFact { mark, at_head: Some(rows), messages_complete: true });
    let mut log = build(&world.settings, generated::DAY, &world.facts, heading(Edition::New), world.made).log;
    log.register.kinds[0] += 1;
    world.facts.log = Some(LogFact { log, made: world.made });
    let first = reconcile(&world.settings, generated::DAY, &world.facts, world.until);
    let difference = first.differences.first().unwrap();
    let decision = Decision {
        about: difference.kind,
        ywh: difference.ywh.to_string(),
        bdcdyh: difference.bdcdyh.to_string(),
        id: difference.id.clone(),
        name: "测试甲".into(),
        reason: "已核实".into(),
        at: world.until,
    };
    world.facts.decisions.push(decision);
    let facts = Box::leak(Box::new(world.facts));
    let day = reconcile(&world.settings, generated::DAY, facts, world.until);
    assert!(!day.for_earlier_days.is_empty() && day.differences.iter().any(|difference| difference.decision.is_some()));
    day
}

/// A day whose texts are made to be taken for something else.
fn hostile() -> Day<'static> {
    let mut facts: Facts = facts();
    for ywh in ["=cmd|' /C calc'!A0", "<script>alert(1)</script>", "@SUM(1)", "a\r\nb,\"c\"", "\u{202e}gnp.exe", "-1"] {
        facts.rows.push(row(ywh, "100", "4", "</td><img src=x onerror=alert(1)>"));
    }
    facts.responses[2].info = "证件号 15072119000101001X 不正确".into();
    reconcile(&county(), DAY, Box::leak(Box::new(facts)), evening())
}

fn csv(day: &Day<'_>, lang: Lang) -> String {
    let mut bytes = Vec::new();
    report::csv(day, lang, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn html(day: &Day<'_>, lang: Lang) -> String {
    let mut bytes = Vec::new();
    report::html(day, lang, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn xlsx(day: &Day<'_>, lang: Lang) -> Vec<u8> {
    let (dir, mut bytes) = (tempfile::TempDir::new().unwrap(), Vec::new());
    report::xlsx(day, lang, dir.path(), &mut bytes).unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing stays in the directory");
    bytes
}

fn json(day: &Day<'_>) -> Value {
    serde_json::to_value(report::json(day)).unwrap()
}

#[test]
fn the_same_day_gives_the_same_bytes_in_every_form() {
    for lang in [Lang::Zh, Lang::En] {
        let (one, other) = (full(), full());
        assert_eq!(csv(&one, lang), csv(&other, lang));
        assert_eq!(html(&one, lang), html(&other, lang));
        assert!(xlsx(&one, lang) == xlsx(&other, lang));
        assert_eq!(json(&one), json(&other));
    }
}

#[test]
fn csv_is_utf_8_with_its_mark_in_lines_of_crlf_with_seven_cells_each() {
    let text = csv(&full(), Lang::Zh);
    assert!(text.starts_with("\u{feff}清单,业务号,不动产单元号,报文ID,时间,状态或原因,备注\r\n汇总,"));
    let rows = cells(&text);
    assert!(rows.len() > 400 && rows.iter().all(|row| row.len() == 7), "{:?}", rows.iter().find(|row| row.len() != 7));
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
    for row in rows.iter().skip(1) {
        for cell in row {
            let is_long_number = cell.len() >= 12 && cell.bytes().all(|byte| byte.is_ascii_digit());
            assert!(!is_long_number && !cell.starts_with(['=', '+', '@', '＝']), "{cell}");
        }
    }
    let hostile = csv(&hostile(), Lang::Zh);
    assert!(hostile.contains("'=cmd|") && hostile.contains("'@SUM(1)") && hostile.contains(",'-1,"), "{hostile}");
    assert!(!hostile.contains("15072119000101001X"), "an id of a person is masked");
}

/// Reads CSV as RFC 4180 has it.
fn cells(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            _ => cell.push(letter),
        }
    }
    rows
}

#[test]
fn html_prints_on_a4_and_takes_no_text_for_markup() {
    let page = html(&hostile(), Lang::Zh);
    assert!(page.contains("@page { size: A4") && page.contains("<html lang=\"zh-CN\">") && page.contains("&lt;script&gt;"));
    let own: [&str; 18] = [
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "table", "thead", "tbody", "tr", "th", "td", "/h1",
        "/h2", "!DOCTYPE", "/",
    ];
    for markup in page.split('<').skip(1) {
        assert!(own.iter().any(|name| markup.starts_with(name)), "{markup}");
    }
    assert!(!page.contains('\u{202e}') && !page.contains("15072119000101001X"));
    assert!(html(&hostile(), Lang::En).contains("Registered, not reported"));
}

/// One part of a workbook.
fn part(workbook: &[u8], name: &str) -> String {
    let mut parts = zip::ZipArchive::new(std::io::Cursor::new(workbook)).unwrap();
    let mut text = String::new();
    parts.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_workbook_has_every_id_as_text_and_a_print_area_on_a4() {
    let bytes = xlsx(&full(), Lang::Zh);
    let book = part(&bytes, "xl/workbook.xml");
    let sheets = book.matches("<sheet ").count();
    assert_eq!((sheets > 10, book.matches("_xlnm.Print_Area").count()), (true, sheets), "{book}");
    for sheet in 1..=sheets {
        let sheet = part(&bytes, &format!("xl/worksheets/sheet{sheet}.xml"));
        let (cells, texts) = (sheet.matches("<c r=").count(), sheet.matches(" t=\"s\"").count());
        let blank = sheet.matches("<c r=").count() - sheet.matches("<v>").count();
        assert!(cells > 1 && texts + blank == cells && !sheet.contains("<f>"), "{cells} cells, {texts} texts");
        assert!(sheet.contains("paperSize=\"9\""), "{sheet}");
    }
    let hostile = xlsx(&hostile(), Lang::En);
    assert!(part(&hostile, "xl/sharedStrings.xml").contains("=cmd|"), "as text it computes nothing");
}

#[test]
fn a_workbook_is_xml_whatever_characters_its_texts_have_and_shows_where_a_long_one_was_cut() {
    let mut facts: Facts = facts();
    let every: String = (1..0x20_u32).chain([0x7f, 0x85, 0xfdd0, 0xfffe, 0xffff, 0x1fffe]).filter_map(char::from_u32).collect();
    facts.rows.push(row(&format!("甲{every}_x0041_"), "100", "4", "]]>"));
    facts.rows.push(row(&"长".repeat(40_000), "100", "4", "乙"));
    let day = reconcile(&county(), DAY, Box::leak(Box::new(facts)), evening());
    let strings = part(&xlsx(&day, Lang::Zh), "xl/sharedStrings.xml");
    let is_legal = |letter: char| matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    assert!(strings.chars().all(is_legal), "{:?}", strings.chars().find(|letter| !is_legal(*letter)));
    assert!(strings.contains("长…</t>") && strings.contains("_x005F_x0041_"), "what looks like an escape is none");
    let longest = strings.split("</t>").map(|text| text.rsplit('>').next().unwrap_or_default().encode_utf16().count()).max();
    assert!(longest.is_some_and(|units| (10_000..=32_767).contains(&units)), "{longest:?}");
}

#[test]
fn every_key_of_the_json_is_in_the_specification_and_the_other_way_round() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../packets/REGISTRATION.md")).unwrap();
    let section = page.split("\n## ").find(|section| section.starts_with("8. ")).expect("section 8");
    let table = section.lines().filter(|line| line.starts_with("| `"));
    let told: BTreeSet<&str> = table.flat_map(|line| line.split('|').nth(1).unwrap().split('`').skip(1).step_by(2)).collect();
    let mut printed = BTreeSet::new();
    let day = json(&full());
    keys(&day, String::new(), &mut printed);
    let printed: BTreeSet<&str> = printed.iter().map(String::as_str).collect();
    assert_eq!(printed, told);
}

fn keys(value: &Value, at: String, printed: &mut BTreeSet<String>) {
    match value {
        Value::Object(values) => {
            for (name, value) in values {
                let dot = if at.is_empty() { "" } else { "." };
                // The counters have the names of the log's attributes.
                let name = if at.ends_with("_info") { "*" } else { name.as_str() };
                keys(value, format!("{at}{dot}{name}"), printed);
            }
        }
        Value::Array(values) if values.iter().any(Value::is_object) => {
            values.iter().for_each(|value| keys(value, format!("{at}[]"), printed))
        }
        Value::Array(values) if values.is_empty() => {}
        Value::Null => {}
        _ => drop(printed.insert(at)),
    }
}
