//! Messages made from the catalogue: one of every code and table set, with nothing wrong in it.

use crate::registration::catalogue::{Catalogue, Column, ColumnType, RecType, Table, standard};
use crate::registration::edition::Edition;

pub(in crate::registration) const ID: &str = "150721240315000001";
pub(in crate::registration) const UNIT: &str = "150721001002GB00017F00030012";
const AREA: &str = "150721";
const PERSON: &str = "15072119000101001X";
const PARCEL: &str = "150721001002GB00017";
const CASE: &str = "202403150001";
const TIME: &str = "2024-03-15T10:21:33";

/// A message before it is written: its head and its rows, each with a table and cells.
#[derive(Clone, Debug)]
pub(in crate::registration) struct Made {
    pub(in crate::registration) head: Vec<(&'static str, String)>,
    pub(in crate::registration) rows: Vec<(String, Vec<(String, String)>)>,
    /// What a comment at its head says.
    mark: Option<&'static str>,
}

impl Made {
    /// Makes a message of a code with the tables of one of its sets; `None` for the code's main table and procedure alone.
    pub(in crate::registration) fn of(edition: Edition, code: &RecType, set: Option<&[String]>) -> Self {
        let catalogue = standard().edition(edition);
        let main: Vec<String> = code.main.iter().cloned().collect();
        let tables = set.unwrap_or(&main).iter().filter_map(|name| catalogue.table(name));
        let mut tables: Vec<&Table> = tables.collect();
        if set.is_none() {
            tables.extend(["DJT_DJ_SLSQ", "DJF_DJ_SQR"].into_iter().filter_map(|name| catalogue.table(name)));
        }
        tables.sort_by_key(|table| table.place);
        let kind = kind(edition, code);
        let rows = tables.into_iter().map(|table| (table.name.clone(), row(catalogue, table, &kind)));
        Self { head: head(code, &kind), rows: rows.collect(), mark: None }
    }

    /// Changes a field of the head.
    pub(in crate::registration) fn with_head(mut self, name: &str, value: &str) -> Self {
        for (_, own) in self.head.iter_mut().filter(|(own, _)| *own == name) {
            *own = value.to_string();
        }
        self
    }

    /// Makes it a message of another area: whatever begins with the area's code does, but a person's number.
    pub(in crate::registration) fn in_area(mut self, area: &str) -> Self {
        let cells = self.rows.iter_mut().flat_map(|(_, cells)| cells.iter_mut().map(|(_, value)| value));
        for value in self.head.iter_mut().map(|(_, value)| value).chain(cells).filter(|value| *value != PERSON) {
            if let Some(rest) = value.strip_prefix(AREA) {
                *value = format!("{area}{rest}");
            }
        }
        self
    }

    /// Puts a comment at its head.
    pub(in crate::registration) fn marked(self, mark: &'static str) -> Self {
        Self { mark: Some(mark), ..self }
    }

    /// Writes it as a file.
    pub(in crate::registration) fn text(&self) -> String {
        let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        let mark = self.mark.map(|mark| format!("<!-- {mark} -->\n")).unwrap_or_default();
        let mut text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{mark}<Message>\n  <Head>\n");
        for (name, value) in &self.head {
            text += &format!("    <{name}>{}</{name}>\n", escape(value));
        }
        text += "  </Head>\n  <Data>\n";
        for (table, cells) in &self.rows {
            let cells: String = cells.iter().map(|(name, value)| format!(" {name}=\"{}\"", escape(value))).collect();
            text += &format!("    <{table}{cells}/>\n");
        }
        text + "  </Data>\n</Message>\n"
    }

    /// Gives a cell of the first row of a table.
    #[cfg(test)]
    pub(in crate::registration) fn cell(&mut self, table: &str, column: &str) -> Option<&mut String> {
        let (_, cells) = self.rows.iter_mut().find(|(own, _)| own == table)?;
        cells.iter_mut().find(|(own, _)| own == column).map(|(_, value)| value)
    }
}

/// Gives every code of an edition with each of its table sets, or with none where no set is known.
#[cfg(test)]
pub(in crate::registration) fn every(edition: Edition) -> Vec<(&'static RecType, Option<&'static [String]>)> {
    let codes = standard().edition(edition).codes();
    codes
        .flat_map(|code| match code.sets.is_empty() {
            true => vec![(code, None)],
            false => code.sets.iter().map(|set| (code, Some(set.as_slice()))).collect(),
        })
        .collect()
}

fn kind(edition: Edition, code: &RecType) -> String {
    match (edition, code.code.as_str()) {
        (Edition::Old, "9000101" | "9000102") => "100".to_string(),
        _ => code.code[..3].to_string(),
    }
}

fn head(code: &RecType, kind: &str) -> Vec<(&'static str, String)> {
    let fields = [
        ("ASID", "AS100"),
        ("AreaCode", AREA),
        ("BizMsgID", ID),
        ("CertCount", "1"),
        ("CreateDate", TIME),
        ("EstateNum", UNIT),
        ("ParcelID", PARCEL),
        ("PreCertID", "/"),
        ("PreEstateNum", "/"),
        ("ProofCount", "0"),
        ("RecFlowID", "202403150001_3"),
        ("RecType", &code.code),
        ("RegOrgID", AREA),
        ("RegType", kind),
        ("RightType", "4"),
    ];
    fields.map(|(name, value)| (name, value.to_string())).to_vec()
}

fn row(catalogue: &Catalogue, table: &Table, kind: &str) -> Vec<(String, String)> {
    let columns = table.columns.iter().filter(|column| !column.vendor);
    columns.map(|column| (column.name.clone(), value(catalogue, table, column, kind))).collect()
}

fn value(catalogue: &Catalogue, table: &Table, column: &Column, kind: &str) -> String {
    let paper = |kinds: bool| {
        let mut papers = table.papers.iter();
        papers.any(|(kind, number)| if kinds { kind.as_ref() == Some(&column.name) } else { *number == column.name })
    };
    let rules = &standard().rules;
    let text = match column.name.as_str() {
        "YSDM" => table.ysdm.as_deref().unwrap_or("无"),
        "QXDM" => AREA,
        "YWH" => CASE,
        "DJLX" => kind,
        "QLLX" => "4",
        "ZDDM" => PARCEL,
        name if rules.unit.columns.contains(name) => UNIT,
        name if rules.unit.elsewhere.contains(name) => "150721001002GB00018W00000000",
        name if rules.certificate.columns.contains(name) => "蒙(2024)阿荣旗不动产权第0000123号",
        _ if paper(true) => "1",
        _ if paper(false) => PERSON,
        _ => "",
    };
    if !text.is_empty() {
        return text.to_string();
    }
    let first = column.dictionary.as_deref().and_then(|name| standard().dictionary(name)?.codes.keys().next());
    match (first, column.kind) {
        (Some(code), _) => code.clone(),
        (None, ColumnType::Text) if column.required || catalogue.edition == Edition::Old => "试".to_string(),
        (None, ColumnType::Text) => "/".to_string(),
        (None, ColumnType::Integer) => "1".to_string(),
        (None, ColumnType::Decimal) => "98.3600".to_string(),
        (None, ColumnType::Date) => TIME.to_string(),
    }
}
