//! A log as the XML that is sent.

use std::fmt::Write;

use jiff::civil::DateTime;

use super::super::counters::Counters;
use super::super::facts::Edition;
use super::{AccessEntry, DailyLog, RegisterEntry};

impl DailyLog {
    /// Writes the log: UTF-8, the elements and attributes of its edition in their order.
    pub fn to_xml(&self) -> String {
        let mut xml =
            String::from("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<AccessLogs>\n  <AccessLog>\n");
        for (name, value) in [
            ("AreaCode", &self.area),
            ("AreaName", &self.area_name),
            ("AccessDate", &self.access_date),
            ("Remark", &self.remark),
        ] {
            line(&mut xml, format_args!("    <{name}>{}</{name}>", escaped(value)));
        }
        line(&mut xml, format_args!("    <RegisterInfo{}/>", info(&self.register, self.edition)));
        line(&mut xml, format_args!("    <AccessInfo{}/>", info(&self.access, self.edition)));
        if let Some(list) = &self.register_list {
            line(&mut xml, format_args!("    <RegisterList totalNum=\"{}\">", list.total));
            list.rows.iter().for_each(|row| register(&mut xml, row));
            line(&mut xml, format_args!("    </RegisterList>"));
        }
        if let Some(list) = &self.access_list {
            line(&mut xml, format_args!("    <AccessList totalNum=\"{}\">", list.total));
            list.rows.iter().for_each(|row| access(&mut xml, row));
            line(&mut xml, format_args!("    </AccessList>"));
        }
        xml.push_str("  </AccessLog>\n</AccessLogs>\n");
        xml
    }

    /// Gives the name of the log's file: county and moment.
    pub fn file_name(&self, made: DateTime) -> String {
        let (date, time) = (made.date(), made.time());
        let day = format!("{:04}{:02}{:02}", date.year(), date.month(), date.day());
        format!("LogBiz{}-{day}{:02}{:02}{:02}.xml", self.area, time.hour(), time.minute(), time.second())
    }
}

fn line(xml: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = xml.write_fmt(text);
    xml.push('\n');
}

fn info(counters: &Counters, edition: Edition) -> String {
    let mut attributes = format!(" totalNum=\"{}\"", counters.total);
    for (name, count) in counters.named(edition) {
        let _ = write!(attributes, " {name}=\"{count}\"");
    }
    if let Some(types) = counters.business_types {
        let _ = write!(attributes, " businessTypeCount=\"{types}\"");
    }
    attributes
}

fn register(xml: &mut String, row: &RegisterEntry) {
    let [ywh, djlx, qllx, bdcdyh] = [&row.ywh, &row.djlx, &row.qllx, &row.bdcdyh].map(|value| escaped(value));
    let [zszmh, sfsb, bwid] = [&row.zszmh, &row.sfsb, &row.bwid].map(|value| escaped(value));
    line(
        xml,
        format_args!(
            "      <Register YWH=\"{ywh}\" DJLX=\"{djlx}\" QLLX=\"{qllx}\" BDCDYH=\"{bdcdyh}\" ZSZMH=\"{zszmh}\" SFSB=\"{sfsb}\" BWID=\"{bwid}\"/>"
        ),
    );
}

fn access(xml: &mut String, row: &AccessEntry) {
    let [bwid, ywh, bdcdyh] = [&row.bwid, &row.ywh, &row.bdcdyh].map(|value| escaped(value));
    line(xml, format_args!("      <Access BWID=\"{bwid}\" YWH=\"{ywh}\" BDCDYH=\"{bdcdyh}\"/>"));
}

/// Writes text so that it is read back as it is, in an element and in an attribute. What XML 1.0 has no way to write becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut xml = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(xml, "&#{};", u32::from(letter));
            }
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => xml.push(char::REPLACEMENT_CHARACTER),
            _ => xml.push(letter),
        }
    }
    xml
}
