//! `trace`: where a record is, as far as this station knows, and where it may still be hidden.
//!
//! Given: a key or file name and the store. Gives: the steps of every record under it, and the packets here that are not opened yet, since any of
//! them may carry it. Never: "not here" said of what only was not looked into.

use super::chain::ChainLine;
use super::{civil_time, count_packets, gaps_of, range_text, table};
use crate::channel::Channel;
use crate::epoch::repeats::REPEAT;
use crate::error::EngineFault;
use crate::ferry::presumed::Presumption;
use crate::intake::refused_here;
use crate::lang::{Lang, mask_id, plain_line};
use crate::link::standing::FarSide;
use crate::receive::rows::words::held_row;
use crate::say;
use crate::station::Station;
use crate::store::{Direction, PacketState, Sighting, StationState, Store};
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::records::RecordKind;
use serde::Serialize;

/// Most sightings `trace` shows.
const TRACE_MAX: usize = 100;

/// The answer of `trace`.
#[derive(Clone, Debug, Serialize)]
pub struct Trace {
    /// The newest record first; the steps of one record in their order.
    pub records: Vec<TraceLine>,
    /// True when there are more records than are shown.
    pub more: bool,
    /// Packets whose records this station does not know: the one that was asked for may be among them.
    pub unopened: Vec<Unopened>,
    /// The reports of the cases that were asked for; left out where none is known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chains: Vec<ChainLine>,
}

/// One step of a record's life.
#[derive(Clone, Debug, Serialize)]
pub struct TraceLine {
    /// The record's name.
    pub name: String,
    /// Its key.
    pub key: String,
    /// `out` or `in`.
    pub direction: Direction,
    /// The channel.
    pub channel: String,
    /// The packet's epoch.
    pub epoch: String,
    /// The packet's number in the channel; of a repeat that was held back: of the packet that carried the record before.
    pub seq: u64,
    /// The packet's number on the link; none for a repeat that was held back or sent again.
    pub number: Option<u64>,
    /// `part`, `accepted`, `refused`, `withdrawn`, `packed`, `left`, `presumed`, `seen`, `delivering`, `applied`, `held-back`, `again`; out,
    /// behind `left` and `presumed`: `applied` (by receipt), `waived` (there), `missing` (there), `no-news`.
    pub state: &'static str,
    /// Why it was refused, withdrawn or held back, a code.
    pub code: Option<String>,
    /// `again`: account of the person who sent it again.
    pub operator: Option<String>,
    /// `again`: why, in the person's words.
    pub reason: Option<String>,
    /// `no-news`: for how many hours of running time nothing came from the peer.
    pub hours: Option<u64>,
    /// Of a run: how many rows it has; it is found by the table and by the key of its last row.
    pub rows: Option<u32>,
    /// When, in China's civil time.
    pub at: String,
}

/// Packets of which only numbers are known.
#[derive(Clone, Debug, Serialize)]
pub struct Unopened {
    /// The channel; none where the packets were not opened far enough to tell.
    pub channel: Option<String>,
    /// `missing`, `early`, `held`, `waived`, `waiting`, `aside`, `in-runs`.
    pub state: &'static str,
    /// How many packets.
    pub packets: u64,
    /// `missing` and `early`: the number the channel waits for. `held`: the packet it is held at.
    pub seq: Option<u64>,
    /// The sentence in Chinese.
    pub zh: String,
    /// The sentence in English.
    pub en: String,
}

impl Unopened {
    fn new(
        channel: Option<&ChannelName>,
        state: &'static str,
        packets: u64,
        seq: Option<u64>,
        sentence: impl Fn(Lang) -> String,
    ) -> Self {
        let channel = channel.map(ChannelName::to_string);
        Self { channel, state, packets, seq, zh: sentence(Lang::Zh), en: sentence(Lang::En) }
    }
}

/// Gathers the life of every record under a key or file name.
///
/// # Errors
/// [`EngineFault::Store`] when the state cannot be read.
pub fn trace(station: &Station, what: &str, store: &mut dyn Store) -> Result<Trace, EngineFault> {
    let mut sightings = store.trace(what, TRACE_MAX + 1)?;
    let mut held_back = store.held_back(what, TRACE_MAX + 1)?;
    let mut sent_again = store.sent_again(what, TRACE_MAX + 1)?;
    let more = sightings.len() > TRACE_MAX || held_back.len() > TRACE_MAX || sent_again.len() > TRACE_MAX;
    sightings.truncate(TRACE_MAX);
    held_back.truncate(TRACE_MAX);
    sent_again.truncate(TRACE_MAX);
    let far_side = FarSide::of(station, &store.load()?)?;
    let mut lives: Vec<(i64, Vec<TraceLine>)> = Vec::new();
    for held in held_back {
        let line = TraceLine {
            name: held.name,
            key: held.key,
            direction: Direction::Out,
            channel: held.channel.to_string(),
            epoch: held.went.epoch.to_string(),
            seq: held.went.seq,
            number: None,
            state: "held-back",
            code: Some("repeat".to_string()),
            operator: None,
            reason: None,
            hours: None,
            rows: None,
            at: civil_time(held.at_ms),
        };
        lives.push((held.at_ms, vec![line]));
    }
    for again in sent_again {
        let line = TraceLine {
            name: again.name,
            key: again.key,
            direction: Direction::Out,
            channel: again.packet.channel.to_string(),
            epoch: again.packet.epoch.to_string(),
            seq: again.packet.seq,
            number: None,
            state: "again",
            code: None,
            operator: Some(again.operator),
            reason: Some(again.reason),
            hours: None,
            rows: None,
            at: civil_time(again.at_ms),
        };
        lives.push((again.at_ms, vec![line]));
    }
    let presumption = Presumption::read(station, &store.load()?)?;
    for sighting in without_ended_parts(&sightings) {
        let lines = steps(sighting, &presumption).into_iter().map(|(state, at_ms)| trace_line(sighting, state, at_ms));
        let known = far_side.of_packet(&sighting.packet).filter(|_| carries(sighting.record.kind));
        let beyond = known.map(|known| TraceLine { hours: known.hours, ..trace_line(sighting, known.state, known.at_ms) });
        lives.push((sighting.packet.at_ms, lines.chain(beyond).collect()));
    }
    lives.sort_by_key(|(at_ms, _)| std::cmp::Reverse(*at_ms));
    let records = lives.into_iter().flat_map(|(_, lines)| lines).collect();
    let mut unopened = unopened(station, store)?;
    unopened.extend(held_rows(what, &store.load()?)?);
    unopened.extend(in_runs(station, what, store)?);
    let chains = super::chain::chains(store, what)?;
    Ok(Trace { records, more, unopened, chains })
}

/// Gives the channels of tables that are held by a row with this key or table.
fn held_rows(what: &str, state: &StationState) -> Result<Vec<Unopened>, EngineFault> {
    let mut found = Vec::new();
    for (channel, hold) in &state.holds {
        let Some(held) = held_row(state, channel)?.filter(|held| held.code == hold.code) else { continue };
        if [&held.key, &held.table].into_iter().any(|name| name.as_deref() == Some(what)) {
            let [zh, en] = &held.words;
            let sentence = |lang| say!(lang, "通道 {channel} 停在这一行：{zh}", "Channel {channel} is held by this row: {en}");
            found.push(Unopened::new(Some(channel), "held", 1, Some(hold.seq), sentence));
        }
    }
    Ok(found)
}

/// Gives the packets whose rows of a channel of tables went in runs: a run is found by its table and by the key of its last row, not by those of the others.
fn in_runs(station: &Station, what: &str, store: &mut dyn Store) -> Result<Vec<Unopened>, EngineFault> {
    let mut found = Vec::new();
    for channel in Channel::load_all(station).unwrap_or_default() {
        let tables = channel.source.tables().map(|source| source.tables.clone()).unwrap_or_default();
        for table in tables.iter().filter(|table| *table != what) {
            let mut runs = store.trace(table, TRACE_MAX)?;
            runs.retain(|sighting| sighting.record.kind == RecordKind::Run && sighting.packet.key.channel == channel.channel);
            let rows: u64 = runs.iter().map(|sighting| sighting.record.ended()).sum();
            runs.dedup_by(|a, b| a.packet.key == b.packet.key);
            if runs.is_empty() {
                continue;
            }
            let (name, packets) = (&channel.channel, runs.len() as u64);
            found.push(Unopened::new(Some(name), "in-runs", packets, None, |lang| {
                say!(
                    lang,
                    "通道 {name} 的表 {table} 有整批传送的行（最新 {packets} 个包里 {rows} 行），只能按表名和每批最后一行的键查到。",
                    "Rows of table {table} of channel {name} went in runs (the newest {packets} packet(s) hold {rows} of them), which are found by the table's name and the key of the last row of each alone."
                )
            }));
        }
    }
    Ok(found)
}

/// Leaves out the parts of a file whose end is known; of one that has not ended, all but the newest part.
fn without_ended_parts(newest_first: &[Sighting]) -> Vec<&Sighting> {
    let mut shown: Vec<&Sighting> = Vec::new();
    for sighting in newest_first {
        let of_same_file = |later: &&Sighting| {
            later.record.name == sighting.record.name
                && later.packet.key.channel == sighting.packet.key.channel
                && later.packet.key.direction == sighting.packet.key.direction
        };
        let told = sighting.record.kind == RecordKind::FilePart && shown.iter().any(of_same_file);
        if !told {
            shown.push(sighting);
        }
    }
    shown
}

/// Tells whether a record of this kind brings something to the far side.
fn carries(kind: RecordKind) -> bool {
    matches!(kind, RecordKind::File | RecordKind::FilePart | RecordKind::Row | RecordKind::Run)
}

fn steps(sighting: &Sighting, presumption: &Presumption) -> Vec<(&'static str, i64)> {
    let packet = &sighting.packet;
    let kind = match sighting.record.kind {
        RecordKind::Tombstone => Some("refused"),
        RecordKind::Withdrawal if sighting.record.reason == REPEAT => Some("repeated"),
        RecordKind::Withdrawal if refused_here(&sighting.record).is_some() => Some("refused-here"),
        RecordKind::Withdrawal => Some("withdrawn"),
        RecordKind::FilePart => Some("part"),
        _ => None,
    };
    match (packet.key.direction, packet.state) {
        (Direction::Out, state) => {
            let mut steps = vec![(kind.unwrap_or("accepted"), packet.at_ms), ("packed", packet.at_ms)];
            steps.extend(packet.done_ms.filter(|_| state == PacketState::Left).map(|at_ms| ("left", at_ms)));
            steps.extend(packet.done_ms.filter(|_| presumption.holds(packet)).map(|at_ms| ("presumed", at_ms)));
            steps
        }
        (Direction::In, PacketState::Applied) => {
            vec![("seen", packet.at_ms), (kind.unwrap_or("applied"), packet.done_ms.unwrap_or(packet.at_ms))]
        }
        (Direction::In, PacketState::Delivering) => vec![("seen", packet.at_ms), (kind.unwrap_or("delivering"), packet.at_ms)],
        // Kept and not opened: a row of this state has no records, and one that had some was not applied here.
        (Direction::In, _) => vec![("seen", packet.at_ms)],
    }
}

fn trace_line(sighting: &Sighting, state: &'static str, at_ms: i64) -> TraceLine {
    let (record, packet) = (&sighting.record, &sighting.packet);
    TraceLine {
        name: record.name.clone(),
        key: record.key.clone(),
        direction: packet.key.direction,
        channel: packet.key.channel.to_string(),
        epoch: packet.key.epoch.to_string(),
        seq: packet.key.seq,
        number: Some(packet.number),
        state,
        code: refused_here(record).or(Some(record.reason.as_str()).filter(|code| !code.is_empty())).map(str::to_string),
        operator: None,
        reason: None,
        hours: None,
        rows: (record.kind == RecordKind::Run).then_some(record.rows),
        at: civil_time(at_ms),
    }
}

/// Gives the packets that are known and not opened, channel by channel, and then those nobody could open at all.
fn unopened(station: &Station, store: &mut dyn Store) -> Result<Vec<Unopened>, EngineFault> {
    let state = store.load()?;
    let mut found = Vec::new();
    for channel in state.in_heads.keys() {
        found.extend(unopened_of(channel, &state, store)?);
    }
    for waiver in store.waivers()? {
        let (channel, from, to) = (&waiver.channel, waiver.from, waiver.to);
        let numbers = range_text(from, to);
        found.push(Unopened::new(Some(channel), "waived", to - from + 1, Some(from), |lang| {
            say!(
                lang,
                "通道 {channel} 第 {numbers} 号包已登记放弃，里面的内容不会落地。",
                "Packet(s) {numbers} of channel {channel} were waived; what they carry is not delivered."
            )
        }));
    }
    let (waiting, aside) =
        (count_packets(station, &station.waiting_dir()).0, count_packets(station, &station.quarantine_dir()).0);
    if waiting > 0 {
        found.push(Unopened::new(None, "waiting", waiting, None, |lang| {
            say!(lang, "waiting/ 里有 {waiting} 个包等密钥。", "{waiting} packet(s) in waiting/ wait for a key.")
        }));
    }
    if aside > 0 {
        found.push(Unopened::new(None, "aside", aside, None, |lang| {
            say!(lang, "quarantine/ 里有 {aside} 个包另存待查。", "{aside} packet(s) are set aside in quarantine/.")
        }));
    }
    Ok(found)
}

fn unopened_of(channel: &ChannelName, state: &StationState, store: &mut dyn Store) -> Result<Vec<Unopened>, EngineFault> {
    let Some(head) = state.in_heads.get(channel) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    let next = head.seq + 1;
    if let Some(hold) = state.holds.get(channel) {
        let (seq, code) = (hold.seq, &hold.code);
        found.push(Unopened::new(Some(channel), "held", 1, Some(seq), |lang| match seq {
            0 => say!(lang, "通道 {channel} 停着（{code}），见 status。", "Channel {channel} is held ({code}), see status."),
            _ => say!(
                lang,
                "通道 {channel} 停在第 {seq} 号包（{code}），见 status。",
                "Channel {channel} is held at packet {seq} ({code}), see status."
            ),
        }));
    }
    if let Some((_, ranges)) = gaps_of(channel, state, store)? {
        let missing = ranges.iter().map(|(from, to)| to - from + 1).sum();
        found.push(Unopened::new(Some(channel), "missing", missing, Some(next), |lang| {
            say!(
                lang,
                "通道 {channel} 缺 {missing} 个包，见 gaps。",
                "{missing} packet(s) of channel {channel} are missing, see gaps."
            )
        }));
    }
    let rows = match head.known > head.seq {
        true => store.packet_range(Direction::In, channel, &head.epoch, next, head.known)?,
        false => Vec::new(),
    };
    let early = rows.iter().filter(|row| row.state == PacketState::Early).count() as u64;
    if early > 0 {
        found.push(Unopened::new(Some(channel), "early", early, Some(next), |lang| {
            say!(
                lang,
                "通道 {channel} 有 {early} 个包先到了，等第 {next} 号包，还没有打开。",
                "{early} packet(s) of channel {channel} came early and wait unopened for packet {next}."
            )
        }));
    }
    Ok(found)
}

/// Renders `trace` for people; resident ids inside names are masked.
pub fn trace_text(what: &str, trace: &Trace, lang: Lang) -> String {
    let mut out = match (trace.records.is_empty(), trace.chains.is_empty()) {
        (true, true) => nothing_text(what, lang),
        (true, false) => String::new(),
        (false, _) => records_table(&trace.records, lang),
    };
    out += &super::chain::text(&trace.chains, lang);
    if trace.more {
        out += &say!(lang, "只列出最新的；更早的还有。\n", "Only the newest are listed; there are older ones.\n");
    }
    // Once the record is found, only packets that may still be applied can carry more of it.
    let may_carry =
        |packets: &&Unopened| trace.records.is_empty() || !matches!(packets.state, "waived" | "aside" | "waiting" | "in-runs");
    let unopened: Vec<&Unopened> = trace.unopened.iter().filter(may_carry).collect();
    if !unopened.is_empty() {
        out += &say!(
            lang,
            "下列包里的内容本站还不知道，要找的记录也可能在里面：\n",
            "This station does not know what these packets carry; the record may be among it:\n"
        );
    }
    for Unopened { zh, en, .. } in unopened {
        out += &say!(lang, "  {zh}\n", "  {en}\n");
    }
    out
}

fn nothing_text(what: &str, lang: Lang) -> String {
    let what = plain_line(&mask_id(what));
    say!(
        lang,
        "本站没有见过 {what}（按业务键或文件名查）。刚放入、还没打包的文件不在此列。\n",
        "This station has not seen {what} (looked up by key and file name). Files just dropped and not packed yet are not looked up.\n"
    )
}

fn records_table(lines: &[TraceLine], lang: Lang) -> String {
    let head = match lang {
        Lang::Zh => ["时间", "状态", "通道", "包号", "名称"],
        Lang::En => ["time", "state", "channel", "seq", "name"],
    };
    let mut rows = vec![head.map(str::to_string).to_vec()];
    for line in lines {
        let step = step_text(line, lang);
        let state = match (&line.code, &line.operator, &line.reason) {
            (Some(code), ..) if matches!(line.state, "refused" | "refused-here" | "withdrawn" | "held-back") => {
                say!(lang, "{step}（{code}）", "{step} ({code})")
            }
            (Some(code), None, _) if is_flagged(line) => say!(lang, "{step}，有错误（{code}）", "{step}, with errors ({code})"),
            (_, Some(operator), Some(reason)) => {
                let reason = plain_line(&mask_id(reason));
                say!(lang, "{step}（{operator}：{reason}）", "{step} ({operator}: {reason})")
            }
            _ => match line.rows {
                Some(rows) => say!(lang, "{step}（整批 {rows} 行）", "{step} (a run of {rows} rows)"),
                None => step,
            },
        };
        rows.push(vec![line.at.clone(), state, line.channel.clone(), line.seq.to_string(), plain_line(&mask_id(&line.name))]);
    }
    table(&rows)
}

/// Tells whether a whole file crossed with errors: only such a line has a code and is no end.
fn is_flagged(line: &TraceLine) -> bool {
    matches!(line.state, "accepted" | "delivering" | "applied")
}

fn step_text(line: &TraceLine, lang: Lang) -> String {
    match (line.state, line.direction) {
        ("accepted", _) => say!(lang, "已接收", "accepted"),
        ("refused", Direction::Out) => say!(lang, "拒收登记", "refused"),
        ("refused", Direction::In) => say!(lang, "对方拒收登记", "refused by the peer"),
        ("refused-here", _) => say!(lang, "本站拒收，没有落地", "refused here, not delivered"),
        ("withdrawn", _) => say!(lang, "传送中被改动，已撤回", "changed on its way, withdrawn"),
        ("part", _) => say!(lang, "大文件的一段", "part of a large file"),
        ("packed", _) => say!(lang, "已打包", "packed"),
        ("left", _) => say!(lang, "已离站（对方未确认）", "left (not confirmed)"),
        ("applied", Direction::Out) => say!(lang, "对方已落地（回执）", "applied at the peer (receipt)"),
        ("waived", _) => say!(lang, "对方已登记放弃", "waived at the peer"),
        ("missing", _) => say!(lang, "对方报缺", "missing at the peer"),
        ("no-news", _) => {
            let hours = line.hours.unwrap_or(0);
            say!(lang, "对方 {hours} 小时没有消息", "no news from the peer for {hours} h")
        }
        ("presumed", _) => say!(lang, "应已摆渡（离站已久，对方未确认）", "presumably carried (left long ago, not confirmed)"),
        ("seen", _) => say!(lang, "已收到", "seen"),
        ("delivering", _) => say!(lang, "等待取走或正在落地", "waiting to be taken, or being delivered"),
        ("held-back", _) => say!(lang, "重复，未再送", "repeat, held back"),
        ("again", _) => say!(lang, "由人决定再次发送", "sent again by a person"),
        _ => say!(lang, "已落地", "applied"),
    }
}
