//! The platform's write-off list (销账清单): which messages it wants written off, and how far that is.
//!
//! Given: a list as CSV. Gives: its rows, and a finding for each line that is none. Never: a row guessed at, a cell shown that may name a person.
//!
//! The states and kinds are found in working software of the field, the list's form is not: it is read as such tables are handed over, with the columns named in its
//! first line (packets/REGISTRATION.md, section 7).

use serde::{Deserialize, Serialize};

use super::checks::{Linted, Said};
use super::day::ids::{BizMsgId, comparable};
use super::day::resubmit::{WriteOff, WriteOffKind, WriteOffState};
use super::finding::{Finding, Findings, shown};
use super::xml::{XmlEncoding, is_chinese};
use crate::say;

/// Most rows of one list.
const ROWS_MAX: usize = 100_000;
/// Most columns of one list.
const COLUMNS_MAX: usize = 200;

/// The columns that are read, by any of their names.
const ID: [&str; 5] = ["BIZMSGID", "BWID", "YWBWID", "报文ID", "业务报文ID"];
const CASE: [&str; 4] = ["YWH", "RECFLOWID", "业务号", "业务流水号"];
const UNIT: [&str; 3] = ["BDCDYH", "ESTATENUM", "不动产单元号"];
const STATE: [&str; 2] = ["XZZT", "销账状态"];
const KIND: [&str; 3] = ["XZBWLX", "销账报文类型", "销账类型"];

/// A row of a list: a message by its id, or a case at a unit, or both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The message's id.
    pub id: Option<BizMsgId>,
    /// Case number as written, empty for none.
    pub ywh: String,
    /// Unit number as written, empty for none.
    pub bdcdyh: String,
    /// What is to be written off, and how far that is.
    pub write_off: WriteOff,
}

/// Reads a list and checks it: what was found, and the rows that could be read.
pub fn examine(bytes: &[u8], said: &Said) -> (Linted, Vec<Listed>) {
    let unreadable = |finding| (super::checks::unread(finding), Vec::new());
    if bytes.len() > said.limits.bytes {
        return unreadable(too_large(said.limits.bytes));
    }
    let Some(text) = decoded(bytes, said.encoding) else { return unreadable(not_of_the_encoding(bytes)) };
    let mut findings = Findings::default();
    let rows = listed(&text, &mut findings);
    (Linted { kind: "write-off", edition: None, biz_msg_id: None, findings: findings.ordered() }, rows)
}

fn decoded(bytes: &[u8], said: Option<XmlEncoding>) -> Option<String> {
    let strict = |encoding: &'static encoding_rs::Encoding, bytes| {
        encoding.decode_without_bom_handling_and_without_replacement(bytes).map(std::borrow::Cow::into_owned)
    };
    match (bytes, said) {
        ([0xef, 0xbb, 0xbf, rest @ ..], _) => strict(encoding_rs::UTF_8, rest),
        ([0xff, 0xfe, rest @ ..], _) => strict(encoding_rs::UTF_16LE, rest),
        ([0xfe, 0xff, rest @ ..], _) => strict(encoding_rs::UTF_16BE, rest),
        (_, Some(XmlEncoding::Gbk | XmlEncoding::Gb18030)) => strict(encoding_rs::GB18030, bytes),
        _ => strict(encoding_rs::UTF_8, bytes),
    }
}

/// Where the columns stand that are read.
struct Columns {
    id: Option<usize>,
    case: Option<usize>,
    unit: Option<usize>,
    state: usize,
    kind: usize,
}

impl Columns {
    fn of(head: &[String]) -> Option<Self> {
        let head: Vec<String> = head.iter().take(COLUMNS_MAX).map(|name| comparable(name)).collect();
        let place = |names: &[&str]| head.iter().position(|name| names.contains(&name.as_str()));
        let columns =
            Self { id: place(&ID), case: place(&CASE), unit: place(&UNIT), state: place(&STATE)?, kind: place(&KIND)? };
        (columns.id.is_some() || (columns.case.is_some() && columns.unit.is_some())).then_some(columns)
    }

    fn row(&self, cells: &[String]) -> Result<Listed, &'static str> {
        let cell = |at: Option<usize>| at.and_then(|at| cells.get(at)).map(|cell| cell.trim()).unwrap_or_default();
        let said = |at| Some(cell(at)).filter(|text| !comparable(text).is_empty());
        let id = said(self.id).map(|id| id.parse().map_err(|_| ID[0])).transpose()?;
        let (ywh, bdcdyh) = (said(self.case).unwrap_or_default(), said(self.unit).unwrap_or_default());
        if id.is_none() && (ywh.is_empty() || bdcdyh.is_empty()) {
            return Err(ID[0]);
        }
        let state = state(cell(Some(self.state))).ok_or(STATE[0])?;
        let kind = kind(cell(Some(self.kind))).ok_or(KIND[0])?;
        Ok(Listed { id, ywh: ywh.to_owned(), bdcdyh: bdcdyh.to_owned(), write_off: WriteOff { state, kind } })
    }
}

fn state(text: &str) -> Option<WriteOffState> {
    Some(match text {
        "1" | "未销账" => WriteOffState::Open,
        "2" | "正在销账" => WriteOffState::UnderWay,
        "3" | "销账成功" => WriteOffState::Done,
        "4" | "销账失败" => WriteOffState::Failed,
        _ => return None,
    })
}

fn kind(text: &str) -> Option<WriteOffKind> {
    Some(match text {
        "1" | "接入失败" => WriteOffKind::AccessFailed,
        "2" | "入库失败" => WriteOffKind::StorageFailed,
        "3" | "未上报" => WriteOffKind::NotReported,
        "4" | "比对不一致" | "对比不一致" => WriteOffKind::Differs,
        _ => return None,
    })
}

fn listed(text: &str, findings: &mut Findings) -> Vec<Listed> {
    let mut lines = Lines::new(text);
    let Some(columns) = lines.next().and_then(|(_, head)| Columns::of(&head)) else {
        findings.add(no_columns());
        return Vec::new();
    };
    let mut rows = Vec::new();
    for (line, cells) in lines.filter(|(_, cells)| cells.iter().any(|cell| !cell.trim().is_empty())) {
        if rows.len() >= ROWS_MAX {
            findings.add(too_many().on_line(line));
            break;
        }
        match columns.row(&cells) {
            Ok(row) => rows.push(row),
            Err(column) => findings.add(not_a_row(column).on_line(line)),
        }
    }
    rows
}

/// The lines of a CSV, each with its number and its cells: parted by commas, or by tabs where the first line has one; a quoted cell may hold them and line ends.
struct Lines<'t> {
    rest: &'t str,
    line: u32,
    parting: char,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        let first = text.lines().next().unwrap_or_default();
        Self { rest: text, line: 1, parting: if first.contains('\t') { '\t' } else { ',' } }
    }
}

impl Iterator for Lines<'_> {
    type Item = (u32, Vec<String>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let (begun, parting) = (self.line, self.parting);
        let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
        let mut letters = self.rest.char_indices().peekable();
        let mut end = self.rest.len();
        while let Some((at, letter)) = letters.next() {
            self.line += u32::from(letter == '\n');
            match letter {
                '"' if quoted && letters.peek().is_some_and(|(_, next)| *next == '"') => {
                    cell.push('"');
                    letters.next();
                }
                '"' if quoted || cell.is_empty() => quoted = !quoted,
                '\n' if !quoted => {
                    end = at + 1;
                    break;
                }
                _ if letter == parting && !quoted => {
                    // What is behind the last column that can be read is nobody's.
                    if cells.len() < COLUMNS_MAX {
                        cells.push(std::mem::take(&mut cell));
                    }
                    cell.clear();
                }
                _ => cell.push(letter),
            }
        }
        self.rest = self.rest.get(end..).unwrap_or_default();
        if cells.len() < COLUMNS_MAX {
            cells.push(cell.strip_suffix('\r').map(str::to_owned).unwrap_or(cell));
        }
        Some((begun, cells))
    }
}

fn too_large(most: usize) -> Finding {
    Finding::error("write-off-unread", |lang| {
        say!(
            lang,
            "销账清单超过 {most} 字节。请分成几个文件。",
            "The write-off list has more than {most} bytes. Part it into several files."
        )
    })
}

fn not_of_the_encoding(bytes: &[u8]) -> Finding {
    let chinese = is_chinese(bytes);
    Finding::error("write-off-unread", |lang| match chinese {
        true => say!(
            lang,
            "销账清单不是 UTF-8，像是 GBK。请在通道里写 encoding = \"GBK\"，或另存为 UTF-8。",
            "The write-off list is not UTF-8 and looks like GBK. Set encoding = \"GBK\" in its channel, or save it as UTF-8."
        ),
        false => say!(
            lang,
            "销账清单的字节不是所说的编码。请另存为 UTF-8 的 CSV。",
            "The write-off list's bytes are not of its encoding. Save it as CSV in UTF-8."
        ),
    })
}

fn no_columns() -> Finding {
    let (id, case, unit, state, kind) = (ID.join("/"), CASE.join("/"), UNIT.join("/"), STATE.join("/"), KIND.join("/"));
    Finding::error("write-off-columns", |lang| {
        say!(
            lang,
            "销账清单第一行缺少要用的列：{state}，{kind}，以及 {id}，或 {case} 与 {unit}。请补上列名。",
            "The first line of the write-off list lacks columns: {state}, {kind}, and {id}, or {case} with {unit}. Supply their names."
        )
    })
    .on_line(1)
}

fn too_many() -> Finding {
    Finding::error("write-off-rows", |lang| {
        say!(
            lang,
            "销账清单超过 {ROWS_MAX} 行，以后的没有读。请分成几个文件。",
            "The write-off list has more than {ROWS_MAX} rows; those behind were not read. Part it into several files."
        )
    })
}

fn not_a_row(column: &str) -> Finding {
    let column = shown(column);
    Finding::error("write-off-row", |lang| {
        say!(
            lang,
            "这一行的 {column} 读不懂，没有采用这一行。请向平台核对。",
            "The {column} of this line cannot be understood; the line was not taken. Ask the platform."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(linted: &Linted) -> Vec<(&'static str, Option<u32>)> {
        linted.findings.told.iter().map(|finding| (finding.code, finding.line)).collect()
    }

    #[test]
    fn a_list_is_read_by_the_names_of_its_columns_in_any_order_and_encoding() {
        let text = "序号,销账状态,报文ID,\"业务号\",不动产单元号,xzbwlx,备注\r\n\
                    1,1,150721240315000001,202403150001,150721001002GB00017F00030012,接入失败,\"有,逗号\n和\"\"引号\"\"\"\r\n\
                    2,正在销账,150721240315000002_CBXZ,,,4,\r\n\r\n\
                    3,3,/,202403150003,150721001002GB00017F00030013,3,x";
        let (gbk, _, _) = encoding_rs::GBK.encode(text);
        let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        let tabbed = text.replace("有,逗号", "有逗号").replace(',', "\t");
        for (bytes, said) in [
            (text.as_bytes(), None),
            (&marked, None),
            (&utf16, None),
            (&gbk, Some(XmlEncoding::Gbk)),
            (tabbed.as_bytes(), None),
        ] {
            let (linted, rows) = examine(bytes, &Said { encoding: said, ..Said::default() });
            assert_eq!((linted.kind, codes(&linted)), ("write-off", Vec::new()));
            let read: Vec<_> =
                rows.iter().map(|row| (row.id.map(|id| id.to_string()), row.ywh.as_str(), row.write_off)).collect();
            let write_off = |state, kind| WriteOff { state, kind };
            assert_eq!(
                read,
                [
                    (
                        Some("150721240315000001".to_owned()),
                        "202403150001",
                        write_off(WriteOffState::Open, WriteOffKind::AccessFailed)
                    ),
                    (Some("150721240315000002CBXZ".to_owned()), "", write_off(WriteOffState::UnderWay, WriteOffKind::Differs)),
                    (None, "202403150003", write_off(WriteOffState::Done, WriteOffKind::NotReported)),
                ]
            );
        }
    }

    #[test]
    fn what_is_no_list_or_no_row_is_told_with_its_line() {
        let said = Said::default();
        let of = |text: &[u8]| {
            let (linted, rows) = examine(text, &said);
            (linted.kind, codes(&linted), rows.len())
        };
        assert_eq!(of(b""), ("write-off", vec![("write-off-columns", Some(1))], 0));
        assert_eq!(of(b"YWH,XZZT,XZBWLX\n1,1,1"), ("write-off", vec![("write-off-columns", Some(1))], 0));
        let head = "BWID,YWH,BDCDYH,XZZT,XZBWLX\n";
        for wrong in ["1,,,1,1", ",1,,1,1", "150721240315000001,,,5,1", "150721240315000001,,,1,", "150721240315000001"] {
            let text = format!("{head}\n150721240315000009,,,1,1\n{wrong}\n");
            assert_eq!(of(text.as_bytes()), ("write-off", vec![("write-off-row", Some(4))], 1), "{wrong}");
        }
        let (gbk, _, _) = encoding_rs::GBK.encode("业务号,销账状态");
        let (linted, _) = examine(&gbk, &said);
        assert_eq!((linted.kind, codes(&linted)), ("unreadable", vec![("write-off-unread", None)]));
        assert!(linted.findings.told[0].sentence[0].contains("GBK"));
        let many = head.to_owned() + &"150721240315000001,,,1,1\n".repeat(ROWS_MAX + 2);
        assert_eq!(of(many.as_bytes()), ("write-off", vec![("write-off-rows", Some(ROWS_MAX as u32 + 2))], ROWS_MAX));
        let (wide, open) = (",".repeat(1 << 20), format!("{head}\"{}", "a\n".repeat(1 << 20)));
        assert_eq!(of(wide.as_bytes()).1, [("write-off-columns", Some(1))]);
        assert_eq!(of(open.as_bytes()).1, [("write-off-row", Some(2))]);
    }
}
