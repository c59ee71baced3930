//! `resend --report` and `resend --text`: everything a gap report names is placed again, as far as it is retained.
//!
//! Given: a signed report of the trusted peer, or rows that somebody typed. Gives: packets taken on, and a line a channel. After a crash: the request is
//! performed again, which does no harm. Never: anything done for a report that is not the peer's, or for rows of which one is wrong.

use super::Answer;
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::gaps::owed::{GONE, OwedRanges, TakenOn};
use crate::lang::Lang;
use crate::ranges::{Ranges, count, united};
use crate::report::range_text;
use crate::say;
use crate::store::Direction;
use dukou_packets::gap_report::rows::{RowFault, RowRange, channel_tag, read_rows};
use dukou_packets::gap_report::{GapReport, GapReportFault};
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::{ChannelName, Epoch};
use dukou_packets::packet::open::Expectation;
use dukou_packets::suite::LinkId;

/// Rows of the store that are looked at together.
const WINDOW: u64 = 10_000;

/// Ranges that a sentence names; the others are counted.
const NAMED: usize = 10;

/// What a report wants of one channel.
#[derive(Clone)]
struct Wanted {
    channel: ChannelName,
    epoch: Epoch,
    ranges: Ranges,
}

/// What is there of it.
#[derive(Default)]
struct Found {
    retained: Ranges,
    /// Sent once, and past keeping.
    pruned: Ranges,
    /// No packet of this station ever had these numbers.
    unknown: Ranges,
}

/// What is said of one channel.
struct Told {
    channel: ChannelName,
    /// False when the channel is not one that leaves from here.
    ours: bool,
    found: Found,
}

impl Engine {
    pub(super) fn resend_report(&mut self, text: &str, operator: &str) -> Result<Answer, EngineFault> {
        let Some(trust) = &self.trust else { return Ok(not_paired()) };
        let identity = &self.station.config.station;
        let expected = Expectation { environment: identity.environment, own: identity.id };
        let report = match GapReport::open(text.as_bytes(), &trust.peer, &expected) {
            Ok(report) => report,
            Err(fault) => return Ok(Answer::no(|lang| refused(&fault, lang))),
        };
        let wanted = report.channels.into_iter();
        let wanted = wanted.map(|channel| Wanted { channel: channel.channel, epoch: channel.epoch, ranges: channel.missing });
        self.resend_wanted(wanted.collect(), report.more, operator)
    }

    pub(super) fn resend_rows(&mut self, text: &str, operator: &str) -> Result<Answer, EngineFault> {
        let Some(peer) = self.trust.as_ref().map(|trust| trust.peer.body().station) else { return Ok(not_paired()) };
        let rows = match read_rows(text) {
            Ok(rows) => rows,
            Err(faults) => return Ok(Answer::no(|lang| wrong_rows(&faults, lang))),
        };
        let link = LinkId::between(self.station.config.station.id, peer);
        let (mut wanted, mut wrong): (Vec<Wanted>, Vec<(usize, NoRow)>) = (Vec::new(), Vec::new());
        for (at, range) in rows.ranges.iter().enumerate() {
            match self.channel_of(link, range) {
                Err(why) => wrong.push((at + 1, why)),
                Ok((channel, epoch)) => {
                    let asked = (range.from, range.from + range.count - 1);
                    match wanted.iter_mut().find(|wanted| wanted.channel == channel) {
                        Some(wanted) => wanted.ranges.push(asked),
                        None => wanted.push(Wanted { channel, epoch, ranges: vec![asked] }),
                    }
                }
            }
        }
        match wrong.is_empty() {
            true => self.resend_wanted(wanted, false, operator),
            false => Ok(Answer::no(|lang| foreign_rows(&wrong, lang))),
        }
    }

    /// Finds the channel that a row means: one of those that leave from here, in its present epoch, with so many packets.
    fn channel_of(&self, link: LinkId, range: &RowRange) -> Result<(ChannelName, Epoch), NoRow> {
        let names = self.outgoing.iter().map(|outgoing| &outgoing.channel.channel);
        let mut found = names.filter(|name| channel_tag(link, name) == range.tag);
        let (Some(channel), None) = (found.next(), found.next()) else { return Err(NoRow::Channel) };
        let head = self.out_head(channel).ok_or(NoRow::Beyond(0))?;
        if head.epoch.counter % 10 != range.epoch {
            return Err(NoRow::Epoch);
        }
        match range.from + range.count - 1 <= head.seq {
            true => Ok((channel.clone(), head.epoch)),
            false => Err(NoRow::Beyond(head.seq)),
        }
    }

    fn resend_wanted(&mut self, wanted: Vec<Wanted>, more: bool, operator: &str) -> Result<Answer, EngineFault> {
        let (mut told, mut asked) = (Vec::new(), Vec::new());
        for wanted in wanted {
            let Wanted { channel, epoch, .. } = wanted.clone();
            let (ours, found) = self.find_wanted(wanted)?;
            if let Some((from, to)) = found.hull() {
                let (channel, ranges) = (channel.clone(), found.retained.clone());
                let (operator, count) = (operator.to_string(), count(&ranges));
                self.log.note(Event::Resent { channel: channel.clone(), epoch, from, to, count, operator });
                asked.push(OwedRanges { channel, epoch, ranges });
            }
            told.push(Told { channel, ours, found });
        }
        if asked.is_empty() {
            return Ok(answer(&told, &TakenOn::default(), more));
        }
        self.commit_log()?;
        let taken_on = self.owe(asked)?;
        Ok(answer(&told, &taken_on, more))
    }

    /// Tells whether the channel leaves from here, and what is retained of what is wanted.
    fn find_wanted(&mut self, wanted: Wanted) -> Result<(bool, Found), EngineFault> {
        let Wanted { channel, epoch, ranges } = wanted;
        if !self.outgoing.iter().any(|outgoing| outgoing.channel.channel == channel) {
            return Ok((false, Found { unknown: ranges, ..Found::default() }));
        }
        let mut found = Found::default();
        // Rows are nobody's word: their ranges may fall or overlap, and a log line's never do.
        for (from, to) in united(Vec::new(), ranges) {
            self.find_retained(&channel, epoch, (from, to), &mut found)?;
        }
        Ok((true, found))
    }

    /// Goes through a range window by window: numbers have no holes, so that an empty window ends it.
    fn find_retained(
        &mut self,
        channel: &ChannelName,
        epoch: Epoch,
        (from, to): (u64, u64),
        found: &mut Found,
    ) -> Result<(), EngineFault> {
        let mut next = from;
        while next <= to {
            let end = to.min(next.saturating_add(WINDOW - 1));
            let rows = self.store().packet_range(Direction::Out, channel, &epoch, next, end)?;
            for row in &rows {
                let ranges = if row.spool.is_some() { &mut found.retained } else { &mut found.pruned };
                append(ranges, row.key.seq);
            }
            let known = rows.last().map_or(next, |row| row.key.seq + 1);
            if known <= end {
                found.unknown.push((known, to));
                break;
            }
            next = end + 1;
        }
        Ok(())
    }
}

/// Why a row, right in itself, is not of this station.
#[derive(Clone, Copy)]
enum NoRow {
    /// No channel that leaves from here has the tag, or two have.
    Channel,
    /// The channel is in another epoch.
    Epoch,
    /// The newest packet is this one, and the row goes beyond it.
    Beyond(u64),
}

impl Found {
    /// Gives the first and last number of what is retained.
    fn hull(&self) -> Option<(u64, u64)> {
        Some((self.retained.first()?.0, self.retained.last()?.1))
    }
}

fn append(ranges: &mut Ranges, seq: u64) {
    match ranges.last_mut() {
        Some(last) if last.1 + 1 == seq => last.1 = seq,
        _ => ranges.push((seq, seq)),
    }
}

fn not_paired() -> Answer {
    Answer::no(|lang| {
        say!(
            lang,
            "还没有配对，不知道缺包单是不是对方的，什么都没有重发。请先运行 trust 对方的密钥卡。",
            "Not paired yet: nobody's gap report can be believed; nothing was resent. Run trust with the peer's card first."
        )
    })
}

fn refused(fault: &GapReportFault, lang: Lang) -> String {
    let why = match fault {
        GapReportFault::Shape(_) => say!(lang, "这不是缺包单，或内容不完整", "this is no gap report, or not a whole one"),
        GapReportFault::Key(_) | GapReportFault::Signature | GapReportFault::Unsigned | GapReportFault::Station(_) => say!(
            lang,
            "缺包单不是已配对的对方签的，或签名之后被改动过",
            "the gap report was not signed by the peer, or was changed after it was signed"
        ),
        GapReportFault::Environment => {
            say!(lang, "缺包单属于另一种环境（正式/测试）", "the gap report is of another environment (production or test)")
        }
        GapReportFault::Addressee(_) | GapReportFault::Link => {
            say!(lang, "缺包单是给另一站的", "the gap report is for another station")
        }
    };
    let code = fault.code();
    say!(
        lang,
        "{why}（{code}），什么都没有重发。请用收方 gaps --out 写出的原文件。",
        "Nothing was resent: {why} ({code}). Use the very file that gaps --out wrote at the receiver."
    )
}

fn wrong_rows(faults: &[RowFault], lang: Lang) -> String {
    let told: Vec<String> = faults.iter().take(2 * NAMED).map(|fault| wrong_row(fault, lang)).collect();
    let told = told.join(say!(lang, "；", "; ").as_str());
    say!(
        lang,
        "{told}。什么都没有重发；请对照缺包单改正后，把所有行一起再输入一次。",
        "{told}. Nothing was resent; correct it by the sheet and type all rows once more."
    )
}

fn wrong_row(fault: &RowFault, lang: Lang) -> String {
    match fault {
        RowFault::None => say!(lang, "没有输入数字行", "no row was given"),
        RowFault::Length { row, digits } => {
            say!(lang, "第 {row} 行有错：有 {digits} 位，应为 30 位", "row {row} is wrong: it has {digits} digits, not 30")
        }
        RowFault::Character { row, character } => {
            say!(lang, "第 {row} 行有错：“{character}”不是数字", "row {row} is wrong: `{character}` is no digit")
        }
        RowFault::Check { row } => say!(
            lang,
            "第 {row} 行有错：校验不符，有数字输错或前后颠倒",
            "row {row} is wrong: its check digits do not fit, a digit is wrong or two were exchanged"
        ),
        RowFault::Shape { row } => {
            say!(lang, "第 {row} 行有错：不是缺包单的数字行", "row {row} is wrong: it is no row of a gap report")
        }
        RowFault::Sheet { row } => {
            say!(lang, "第 {row} 行有错：属于另一张缺包单", "row {row} is wrong: it belongs to another gap report")
        }
        RowFault::Twice { row, first } => {
            say!(lang, "第 {row} 行有错：与第 {first} 行重复", "row {row} is wrong: it is row {first} once more")
        }
        RowFault::Missing { index, count } => {
            say!(lang, "缺包单共 {count} 行，缺第 {index} 行", "row {index} of the {count} rows of the report is missing")
        }
    }
}

fn foreign_rows(wrong: &[(usize, NoRow)], lang: Lang) -> String {
    let told = wrong.iter().map(|(row, why)| match why {
        NoRow::Channel => say!(
            lang,
            "缺包单第 {row} 行说的通道不是本站发给这个对方的",
            "row {row} of the report means no channel that this station sends to its peer"
        ),
        NoRow::Epoch => say!(
            lang,
            "缺包单第 {row} 行说的是另一个发送代次，数字行说不清，请用文件",
            "row {row} of the report is of another epoch, which rows cannot say; use the file"
        ),
        NoRow::Beyond(last) => say!(
            lang,
            "缺包单第 {row} 行超出了本站发过的包（最新是第 {last} 号）",
            "row {row} of the report goes beyond what this station sent (the newest is {last})"
        ),
    });
    let told = told.collect::<Vec<_>>().join(say!(lang, "；", "; ").as_str());
    say!(
        lang,
        "{told}。什么都没有重发；请核对缺包单上的站名，或改用文件（gaps --out、resend --report）。",
        "{told}. Nothing was resent; check the station names on the sheet, or use the file (gaps --out, resend --report)."
    )
}

/// Names ranges; the rest is counted.
fn named(ranges: &Ranges, lang: Lang) -> String {
    let shown: Vec<String> = ranges.iter().take(NAMED).map(|&(from, to)| range_text(from, to)).collect();
    let more = ranges.len().saturating_sub(NAMED);
    let shown = shown.join(say!(lang, "、", ", ").as_str());
    if more == 0 { shown } else { say!(lang, "{shown} 等另 {more} 段", "{shown} and {more} more ranges") }
}

fn answer(told: &[Told], taken_on: &TakenOn, more: bool) -> Answer {
    let needs_a_person = told.iter().any(|told| !told.found.pruned.is_empty() || !told.found.unknown.is_empty());
    let count = told.iter().map(|told| count(&told.found.retained)).sum();
    let answer = Answer::done(count, |lang| {
        let mut lines: Vec<String> = told.iter().flat_map(|told| told.lines(lang)).collect();
        if more {
            lines.push(say!(
                lang,
                "缺包单写不下全部缺的包；这些到齐后请收方再出一张。",
                "The report had no room for all that is missing; when these have arrived the receiver makes another one."
            ));
        }
        if lines.is_empty() {
            lines.push(say!(
                lang,
                "缺包单上没有缺的包，没有要重发的。",
                "The report names no missing packet; there is nothing to resend."
            ));
        }
        lines.join("\n")
    });
    Answer { exit: u8::from(needs_a_person), ..answer }.with(taken_on)
}

impl Answer {
    /// Adds what could not be placed at once, and why: what waits for the ferry directory is to be tried again, what is gone needs a person.
    pub(super) fn with(self, taken_on: &TakenOn) -> Self {
        let (gone, other): (Vec<_>, Vec<_>) = taken_on.troubles.iter().partition(|trouble| trouble.code == GONE);
        let exit = if other.is_empty() { self.exit.max(u8::from(!gone.is_empty())) } else { 75 };
        let add = |sentence: &str, lang| [vec![sentence.to_string()], taken_on.lines(lang)].concat().join("\n");
        Self { exit, zh: add(&self.zh, Lang::Zh), en: add(&self.en, Lang::En), ..self }
    }
}

impl Told {
    fn lines(&self, lang: Lang) -> Vec<String> {
        let Self { channel, ours, found } = self;
        let Found { retained, pruned, unknown } = found;
        let mut lines = Vec::new();
        if !retained.is_empty() {
            let (count, numbers) = (count(retained), named(retained, lang));
            lines.push(say!(
                lang,
                "通道 {channel}：重发 {count} 个包（{numbers}）。",
                "Channel {channel}: {count} packet(s) are sent again ({numbers})."
            ));
        }
        if !pruned.is_empty() {
            let numbers = named(pruned, lang);
            lines.push(say!(
                lang,
                "通道 {channel}：第 {numbers} 号包已过保存期，不能重发；请收方用 waive 登记，或重新报送。",
                "Channel {channel}: packet(s) {numbers} are past their keeping time and cannot be resent; the receiver waives them, or the records are sent anew."
            ));
        }
        if !unknown.is_empty() && *ours {
            let numbers = named(unknown, lang);
            lines.push(say!(
                lang,
                "通道 {channel}：第 {numbers} 号包本站没有发过；本站可能恢复过旧备份，请联系维护人员。",
                "Channel {channel}: this station never sent packet(s) {numbers}; it may have been restored from an old backup. Call support."
            ));
        }
        if !ours && !unknown.is_empty() {
            lines.push(say!(
                lang,
                "通道 {channel}：不是本站发出的通道，没有重发；请核对两站的通道配置。",
                "Channel {channel} does not leave from this station, nothing of it was resent; compare the channels of both stations."
            ));
        }
        if found.retained.is_empty() && pruned.is_empty() && unknown.is_empty() {
            lines.push(say!(lang, "通道 {channel}：不缺包。", "Channel {channel} misses nothing."));
        }
        lines
    }
}

impl TakenOn {
    /// Says what could not be placed at once, and what happens with it.
    fn lines(&self, lang: Lang) -> Vec<String> {
        let Self { placed, left, troubles } = self;
        let mut lines = Vec::new();
        if *left > 0 {
            lines.push(say!(
                lang,
                "已放入摆渡目录 {placed} 个；还有 {left} 个排队，由运行中的站或以后每次 pass 按 link.resend_per_minute 继续放入（status 可查）。",
                "{placed} were placed in the ferry directory; {left} more wait in line, and the running station or the next passes place them as link.resend_per_minute allows (see status)."
            ));
        }
        lines.extend(troubles.iter().take(NAMED).map(|trouble| trouble.sentence(lang).to_string()));
        lines
    }
}
