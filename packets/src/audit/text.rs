//! A report in words, Chinese or English.

use std::fmt::Write as _;

use super::report::{Coverage, Direction, Fault, FaultCode, Report, Span, Verdict, Waiver};

/// The language of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Chinese.
    Zh,
    /// English.
    En,
}

impl Language {
    /// Returns the text of this language.
    pub fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

/// Tells whether a character is one that nobody sees or that turns what stands beside it: the format characters of Unicode 16 (category Cf; marks of
/// direction among them) and its separators of lines and paragraphs.
pub fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0001}' | '\u{e0020}'..='\u{e007f}')
}

/// Returns a foreign text in a form that cannot steer a terminal: control and format characters as escapes.
pub fn printable(text: &str) -> String {
    let steers = |c: char| c.is_control() || is_unseen(c);
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if steers(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}

/// Writes a report for a person: where the keys come from, the verdict with the unwitnessed tail, each channel, each fault.
pub fn render(report: &Report, language: Language) -> String {
    let mut out = Text { out: String::new(), language };
    if !report.anchored {
        out.line(
            "密钥取自本目录，仅证明自洽",
            "The keys are taken from this directory: this proves only that it agrees with itself",
        );
    }
    out.verdict(report);
    out.extent(report);
    for coverage in &report.channels {
        out.coverage(coverage);
    }
    for fault in &report.faults {
        out.fault(fault);
    }
    out.rest(report);
    out.out
}

struct Text {
    out: String,
    language: Language,
}

impl Text {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn line(&mut self, zh: &str, en: &str) {
        self.put(self.language.pick(zh, en));
    }

    fn verdict(&mut self, report: &Report) {
        let tail = report.unwitnessed;
        let (zh, en) = match report.verdict {
            Verdict::Pass => ("核验通过（PASS）", "PASS"),
            Verdict::Fail => ("核验不通过（FAIL）", "FAIL"),
            Verdict::Incomplete => ("资料不全（INCOMPLETE）", "INCOMPLETE"),
        };
        self.line(
            &format!("{zh}；对方尚未见证的最近 {tail} 行，除本站自己外无人能证明"),
            &format!("{en}; the last {tail} lines are unwitnessed: nothing outside this station vouches for them"),
        );
        let unsigned = report.lines.saturating_sub(report.signed);
        if unsigned > 0 {
            self.line(
                &format!("注意：最后 {unsigned} 行没有签名，能写日志目录的任何人都可以改动它们，不能作为证据；本站正常停止或下一次签名后再核验"),
                &format!(
                    "Note: the last {unsigned} lines are not signed: whoever can write the log directory can change them, and they prove nothing; verify again once the station has stopped or signed"
                ),
            );
        }
    }

    fn extent(&mut self, report: &Report) {
        let station = report.station.map_or_else(|| "?".to_owned(), |station| station.to_string());
        let Report { first_line, lines, signed, witnessed, .. } = report;
        self.line(
            &format!("摆渡站 {station}：日志第 {first_line}..{lines} 行，日志签名点到第 {signed} 行，对方见证到第 {witnessed} 行"),
            &format!(
                "Station {station}: lines {first_line}..{lines}, signed up to line {signed}, witnessed by the peer up to line {witnessed}"
            ),
        );
    }

    fn coverage(&mut self, coverage: &Coverage) {
        let (channel, epoch) = (&coverage.channel, &coverage.epoch);
        let (zh, en) = match coverage.direction {
            Direction::Sent => ("发出", "sent"),
            Direction::Received => ("收到", "received"),
        };
        let mut parts = Vec::new();
        let language = self.language;
        let mut part = |spans: &[Span], zh: &str, en: &str| {
            if !spans.is_empty() {
                parts.push(format!("{} {}", spans_text(spans), language.pick(zh, en)));
            }
        };
        part(&coverage.packed, "已打包", "packed");
        part(&coverage.applied, "已落地", "applied");
        part(&coverage.waiting, "已收到待落地", "received, not applied yet");
        part(&coverage.missing, "缺失", "missing");
        parts.extend(coverage.waived.iter().map(|waiver| waiver_text(waiver, language)));
        if !coverage.equivocal.is_empty() {
            let list: Vec<String> = coverage.equivocal.iter().map(u64::to_string).collect();
            parts.push(format!("{} {}", list.join(","), language.pick("同号异包", "two different packets under one number")));
        }
        parts.push(records_text(coverage, language));
        let between = language.pick("；", "; ");
        let parts = parts.join(between);
        self.line(
            &format!("通道 {channel}，代次 {epoch}，{zh}：{parts}"),
            &format!("Channel {channel}, epoch {epoch}, {en}: {parts}"),
        );
    }

    fn fault(&mut self, fault: &Fault) {
        let line = fault.line.map(|line| format!(":{line}")).unwrap_or_default();
        let place = format!("{}{line}", printable(&fault.file));
        let what = self.language.pick(fault.code.zh(), fault.code.en());
        let detail = printable(&fault.detail);
        let text = [fault.code.code(), &place, what, &detail].into_iter().filter(|piece| !piece.is_empty());
        let text = text.collect::<Vec<_>>().join(" | ");
        self.put(&text);
    }

    fn rest(&mut self, report: &Report) {
        if report.faults_not_listed > 0 {
            let more = report.faults_not_listed;
            self.line(&format!("另有 {more} 处同类问题未列出"), &format!("{more} more faults of these kinds are not listed"));
        }
        for (kind, count) in &report.unknown_kinds {
            let kind = printable(kind);
            self.line(
                &format!("有 {count} 行的种类 {kind} 本程序不认识：已计入哈希链，未检查内容"),
                &format!("{count} lines are of the unknown kind {kind}: kept in the chain, not examined"),
            );
        }
        if report.torn_bytes > 0 {
            let bytes = report.torn_bytes;
            self.line(
                &format!("最后一行之后有 {bytes} 字节未写成一行（断电所致，下次启动时切除）"),
                &format!("{bytes} bytes after the last line are not a line (a crash leaves them; the next start cuts them)"),
            );
        }
        if !report.other_files.is_empty() {
            let names = printable(&report.other_files.join(", "));
            self.line(&format!("目录中的其他文件：{names}"), &format!("Other files in the directory: {names}"));
        }
        match report.verdict {
            Verdict::Pass => {}
            // Nothing was found against the log itself.
            Verdict::Fail if report.faults.iter().all(|fault| fault.code == FaultCode::AnchorPeer) => self.line(
                "下一步：换成写这份日志的站自己的密钥卡（--authority），重新核验",
                "Next: verify again with the card of the station that wrote this log (--authority)",
            ),
            Verdict::Fail => self.line(
                "下一步：不要改动本目录，整体复制留存，与对方的日志和备份比对，并通知安全审计人员",
                "Next: change nothing in this directory, keep a copy of all of it, compare it with the peer's log and with backups, and tell the auditor",
            ),
            Verdict::Incomplete if report.faults.iter().all(|fault| fault.code == FaultCode::LinesLost) => self.line(
                "下一步：与对方的日志比对，核实本站恢复备份的时间和经过，并通知安全审计人员",
                "Next: compare with the peer's log, ask when and why this station was restored from a backup, and tell the auditor",
            ),
            Verdict::Incomplete => self.line(
                "下一步：从备份取回缺少的文件后重新核验；缺少摆渡包时请对方补传，或登记放弃",
                "Next: bring the missing files back from a backup and verify again; where packets are missing, have them resent or waive them",
            ),
        }
    }
}

fn spans_text(spans: &[Span]) -> String {
    let texts = spans.iter().map(|span| match span.from == span.to {
        true => span.from.to_string(),
        false => format!("{}..{}", span.from, span.to),
    });
    texts.collect::<Vec<_>>().join(",")
}

fn waiver_text(waiver: &Waiver, language: Language) -> String {
    let span = spans_text(&[Span { from: waiver.from, to: waiver.to }]);
    let operator = printable(&waiver.operator);
    match language {
        Language::Zh => format!("{span} 放弃（{operator}）"),
        Language::En => format!("{span} waived by {operator}"),
    }
}

fn records_text(coverage: &Coverage, language: Language) -> String {
    let mut text = match language {
        Language::Zh => format!("记录 {} 条，其中拒收 {} 条", coverage.records, coverage.tombstones),
        Language::En => format!("{} records, {} of them refused", coverage.records, coverage.tombstones),
    };
    for (code, count) in &coverage.refused {
        write!(text, " {}={count}", printable(code)).expect("a string takes every text");
    }
    text
}
