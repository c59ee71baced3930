//! The printed gap report (缺包单): one A4 page with the rows, their QR code, what to do, and who signs.
//!
//! Given: a report and the two stations' names. Gives: one HTML file that needs no other. Never: rows of a report that has too many of them, or a name
//! that is taken for markup.

use super::qr::rows_svg;
use crate::lang::html_line;
use crate::report::{civil_time, range_text};
use dukou_packets::gap_report::rows::{in_groups, write_rows};
use dukou_packets::gap_report::{ChannelReport, GapReport};
use std::fmt::Write;

/// What is said instead of rows, in Chinese, when there are too many.
pub const USE_FILE_ZH: &str = "请用文件或光盘";

/// The same in English.
pub const USE_FILE_EN: &str = "use the file or a disc";

/// Gives the sheet as HTML.
pub fn html(report: &GapReport, own_name: &str, peer_name: &str) -> String {
    let (own, peer) = (html_line(own_name), html_line(peer_name));
    let number = report.report;
    let body = match write_rows(report) {
        Some(rows) if rows.is_empty() => nothing_missing(report),
        Some(rows) => with_rows(report, &rows),
        None => too_many(report),
    };
    let at = civil_time(report.clock_ms.cast_signed());
    let test = match report.environment {
        dukou_packets::packet::header::Environment::Test => r#"<p class="warn">测试环境 <i>test environment</i></p>"#,
        dukou_packets::packet::header::Environment::Production => "",
    };
    format!(
        r#"<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<title>缺包单 {number} · {own}</title>
<style>{STYLE}</style>
</head>
<body>
<h1>缺包单 <i>gap report</i> 第 {number} 号</h1>
{test}
<table class="facts">
<tr><th>报告站（收方）<i>reporting station</i></th><td>{own}</td></tr>
<tr><th>交给（发方）<i>for the sender</i></th><td>{peer}</td></tr>
<tr><th>时间 <i>time</i></th><td>{at}</td></tr>
<tr><th>缺包 <i>packets missing</i></th><td>{}</td></tr>
</table>
{body}
<table class="hands">
<tr><th>填单人 <i>written by</i></th><td></td><th>日期 <i>date</i></th><td></td></tr>
<tr><th>递送人 <i>carried by</i></th><td></td><th>日期 <i>date</i></th><td></td></tr>
<tr><th>补传人 <i>resent by</i></th><td></td><th>日期 <i>date</i></th><td></td></tr>
</table>
<p class="small">本单没有签名，只能让发方把原来的包再放一次，别无作用。<i>This sheet bears no signature: it can only make the sender place the same packets once more.</i></p>
</body>
</html>
"#,
        report.missing()
    )
}

const STYLE: &str = "@page{size:A4;margin:16mm}body{font:11pt/1.5 'Noto Sans CJK SC','Source Han Sans SC',SimSun,sans-serif;color:#000;max-width:178mm;margin:0 auto}\
h1{font-size:18pt;margin:0 0 4mm}h2{font-size:12pt;margin:5mm 0 1mm}i{font-style:normal;color:#444;font-size:9pt}\
table{border-collapse:collapse;width:100%}th{text-align:left;font-weight:normal;padding:1mm 3mm 1mm 0}td{padding:1mm 2mm}\
.facts th{width:55mm}.rows td{border:.3mm solid #000;font:14pt/1.4 'DejaVu Sans Mono',Consolas,monospace;white-space:pre}.rows td:first-child{width:12mm;text-align:right;font-family:inherit}\
.qr{width:48mm;height:48mm;margin:4mm 0}.hands{margin-top:8mm}.hands td{border-bottom:.3mm solid #000;width:40mm}.warn{font-weight:bold}.small{font-size:9pt}tr{page-break-inside:avoid}";

fn nothing_missing(report: &GapReport) -> String {
    let mut out = "<h2>没有已知的缺包 <i>no packet is known to be missing</i></h2>\n<table>\n".to_string();
    for ChannelReport { channel, seq, .. } in &report.channels {
        // Writing to a text cannot fail.
        let _ = writeln!(out, "<tr><th>{channel}</th><td>已到第 {seq} 号 <i>complete up to {seq}</i></td></tr>");
    }
    out + "</table>"
}

fn with_rows(report: &GapReport, rows: &[String]) -> String {
    let mut out = "<h2>缺的包 <i>missing packets</i></h2>\n<table>\n".to_string();
    for ChannelReport { channel, missing, .. } in report.channels.iter().filter(|channel| !channel.missing.is_empty()) {
        let ranges: Vec<String> = missing.iter().map(|&(from, to)| range_text(from, to)).collect();
        let _ = writeln!(out, "<tr><th>{channel}</th><td>{}</td></tr>", ranges.join("、"));
    }
    out += "</table>\n<h2>数字行 <i>rows</i></h2>\n<table class=\"rows\">\n";
    for (index, row) in rows.iter().enumerate() {
        let _ = writeln!(out, "<tr><td>{}</td><td>{}</td></tr>", index + 1, in_groups(row));
    }
    out += "</table>\n";
    if let Some(svg) = rows_svg(rows) {
        let _ = writeln!(out, "<div class=\"qr\">{svg}</div>");
    }
    out + "<h2>发方怎么做 <i>what the sender does</i></h2>\n<p>运行 <b>resend --text -</b>，把上面各行照样输入（空格、换行随意），或用扫码枪扫二维码，最后按 Ctrl-D。\
输错的行会指出是第几行；全部正确才会重发。<br><i>Run resend --text -, type the rows as they stand (blanks and line breaks are free) or scan the code, then press Ctrl-D. A mistyped row is named; \
nothing is resent until all are right.</i></p>"
}

fn too_many(report: &GapReport) -> String {
    let mut out = format!("<h2>缺包太多，{USE_FILE_ZH} <i>too many missing packets: {USE_FILE_EN}</i></h2>\n<table>\n");
    for channel in report.channels.iter().filter(|channel| !channel.missing.is_empty()) {
        let ranges = channel.missing.len();
        let _ = writeln!(out, "<tr><th>{}</th><td>{ranges} 段 <i>ranges</i></td></tr>", channel.channel);
    }
    out + "</table>\n<p>收方运行 <b>gaps --out 文件</b>，把文件带给发方；发方运行 <b>resend --report 文件</b>。\
<br><i>The receiver runs gaps --out FILE and the file is carried to the sender, who runs resend --report FILE.</i></p>"
}

#[cfg(test)]
mod tests {
    use super::*;
    use dukou_packets::packet::header::{Environment, Epoch, LogHead};
    use dukou_packets::suite::{Digest, StationId};

    fn report(missing: Vec<(u64, u64)>) -> GapReport {
        let channel = "report-message".parse().expect("a channel");
        let epoch = Epoch { counter: 1, salt: [1; 8] };
        GapReport {
            station: StationId::from_bytes([1; 16]),
            addressee: StationId::from_bytes([2; 16]),
            environment: Environment::Test,
            report: 12,
            clock_ms: 1_795_305_600_000,
            log: LogHead::NONE,
            number: 1,
            heard: 0,
            more: false,
            channels: vec![ChannelReport { channel, epoch, seq: 0, header: Digest::ZERO, known: 99, missing }],
        }
    }

    #[test]
    fn the_sheet_has_the_rows_in_groups_of_five_a_code_and_nothing_from_outside() {
        let report = report(vec![(2, 4), (9, 9)]);
        let page = html(&report, "内网<b>站", "外网&站");
        for row in write_rows(&report).expect("two rows") {
            assert!(page.contains(&in_groups(&row)), "{row}");
        }
        assert!(
            page.contains("内网&lt;b&gt;站")
                && page.contains("外网&amp;站")
                && page.contains("第 12 号")
                && page.contains("2–4、9")
        );
        assert!(page.contains("<svg") && page.contains("resend --text") && page.contains("测试环境") && page.contains("签名"));
        assert!(!page.contains("src=") && !page.contains("href=") && !page.contains("<script") && !page.contains("url("));
        assert_eq!(page.matches("http").count(), 1, "the name of SVG alone");
    }

    #[test]
    fn more_than_twenty_rows_are_not_printed_but_the_sentence_that_the_file_is_to_be_used() {
        let page = html(&report((1..=21).map(|index| (2 * index, 2 * index)).collect()), "内网站", "外网站");
        assert!(page.contains(USE_FILE_ZH) && page.contains(USE_FILE_EN) && page.contains("21 段"));
        assert!(!page.contains("<svg") && !page.contains("class=\"rows\""));
    }

    #[test]
    fn where_nothing_is_missing_the_sheet_confirms_how_far_the_channels_are() {
        let page = html(&report(Vec::new()), "内网站", "外网站");
        assert!(page.contains("没有已知的缺包") && !page.contains("<svg"));
    }
}
