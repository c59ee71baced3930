//! What a station tells people and programs: `status`, `trace`, `gaps`.
//!
//! Given: configuration, the store and the newest lines of the log, read only. Gives: values that serialise to the documented JSON and render to text. Never: a word that claims
//! more than this station knows: what left is not what arrived.

mod behind;
pub mod cargo;
mod chain;
mod days;
mod decided;
mod granted;
mod pass;
pub(crate) mod reference;
mod rows;
pub(crate) mod structures;
pub(crate) mod structures_coming;
mod trace;

pub use self::behind::state_fault;
pub use self::chain::ChainLine;
pub use self::days::DayLine;
pub(crate) use self::days::wall_ms;
pub use self::decided::{WaiverLine, waivers, waivers_text};
pub use self::granted::not_granted;
pub use self::pass::{pass_text, standing_text};
pub use self::trace::{Trace, TraceLine, Unopened, trace, trace_text};

use crate::channel::Channel;
use crate::error::EngineFault;
use crate::ferry::spool::LyingOutside;
use crate::gaps::owed::owed_of;
use crate::keys::Trust;
use crate::lang::{Lang, pad, width};
use crate::link::standing::{confirmed, receipts_text};
use crate::receive::order::missing_behind;
use crate::repair::RepairSums;
use crate::requests::unfit_requests;
use crate::say;
use crate::station::Station;
use crate::store::{Direction, PacketState, StationState, Store};
use crate::trouble::{Trouble, full_disks, troubles_of_last_look};
use dukou_packets::packet::name::is_packet_name_as;
use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Gives a time as people read it: China has one civil time, and no station needs a time zone database for it.
pub fn civil_time(ms: i64) -> String {
    let zone = TimeZone::fixed(offset(8));
    match Timestamp::from_millisecond(ms) {
        Ok(time) => time.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S+08:00").to_string(),
        Err(_) => ms.to_string(),
    }
}

/// The answer of `status`.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// The station.
    pub station: StationLine,
    /// `behind`: the log names what the state does not know, and the next start stops; `ok`: no line that could be read says so.
    pub state: &'static str,
    /// The peer, once it is trusted.
    pub peer: Option<PeerLine>,
    /// Each channel.
    pub channels: Vec<ChannelLine>,
    /// Refused files by channel and code.
    pub rejections: Vec<Rejections>,
    /// What people went on without, newest first.
    pub waivers: Vec<WaiverLine>,
    /// Packets in `quarantine/`.
    pub aside: u64,
    /// Packets in `waiting/`.
    pub waiting: u64,
    /// Entries in the ferry directory that are no packets.
    pub junk: u64,
    /// Open alarms.
    pub alarms: Vec<crate::alarm::told::AlarmLine>,
    /// The maintenance that goes on.
    pub maintenance: Option<crate::alarm::told::MaintenanceLine>,
    /// Repair packets sent and received, and what they rebuilt, since the station was set up.
    pub repair: RepairSums,
    /// Whether all register rows of each county's newest marked day are here; absent without a mark.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<DayLine>,
    /// How far structure changes are whose rows leave from here; absent without one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub structures: Vec<crate::send::structure::leaving::LeavingStanding>,
    /// Structure changes whose markers came and that are not applied; absent without one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub structures_coming: Vec<structures_coming::ComingLine>,
    /// The reference data of both sides, by channel; absent without a bundle.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reference: Vec<reference::ReferenceLine>,
    /// What else a person must look into.
    pub troubles: Vec<Trouble>,
}

impl Status {
    /// True when somebody should look: a channel is held, gapped, waits for its consumer or is not granted to the peer, packets wait for a key, files are no requests, or
    /// there is no peer. What was refused or set aside is told but was this once already, by the pass that did it.
    pub fn needs_a_person(&self) -> bool {
        self.peer.is_none()
            || self.waiting > 0
            || !self.troubles.is_empty()
            || self.alarms.iter().any(|alarm| alarm.needs_a_person())
            || self.channels.iter().any(|channel| channel.state != "ok" || channel.granted == Some(false))
    }
}

/// Who this station is.
#[derive(Clone, Debug, Serialize)]
pub struct StationLine {
    /// Station id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// `inner` or `outer`.
    pub side: String,
    /// `production` or `test`.
    pub environment: String,
}

/// Whom it is paired with.
#[derive(Clone, Debug, Serialize)]
pub struct PeerLine {
    /// Station id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Whether the fingerprint was compared.
    pub compared: bool,
}

/// How a channel stands.
#[derive(Clone, Debug, Serialize)]
pub struct ChannelLine {
    /// Its name.
    pub channel: String,
    /// What people call it.
    pub title: String,
    /// `out` or `in`.
    pub direction: Direction,
    /// `ok`, `gapped`, `held`, `waiting-take`, `waiting-sink` or `waiting-receipts`.
    pub state: &'static str,
    /// Out: files packed. In: files the peer's packets carried.
    pub accepted: u64,
    /// Files refused at the source.
    pub rejected: u64,
    /// Repeats held back.
    pub held_back: u64,
    /// Packets.
    pub packets: u64,
    /// Bytes before compression.
    pub plain_bytes: u64,
    /// Bytes of the packet files.
    pub sealed_bytes: u64,
    /// Out: packets placed in the ferry directory.
    pub left: u64,
    /// In: packets seen.
    pub seen: u64,
    /// In: files at the sink.
    pub applied: u64,
    /// Out: packets that are still to be placed again on request.
    pub owed: u64,
    /// Out: files in the source folder that are not finished (`.tmp`, `.part`).
    pub unfinished: u64,
    /// The newest packet's number: sent (out) or applied (in).
    pub last_seq: u64,
    /// Out: the peer has applied every packet up to this one, or waived it; 0 without receipts.
    pub confirmed_seq: u64,
    /// Out: packets of the present epoch that the peer has confirmed as applied.
    pub confirmed: u64,
    /// Out: when the newest receipt came, in China's civil time.
    pub confirmed_at: Option<String>,
    /// In: whether the peer was granted the channel; none where it goes out, or without a peer.
    pub granted: Option<bool>,
    /// Files with errors that crossed all the same, on a channel that says what its files are.
    pub flagged: u64,
    /// In: files that arrived and were refused here.
    pub refused_here: u64,
    /// Why a person is needed, while the channel is held.
    pub hold: Option<HoldLine>,
    /// Out: how far the push of a channel's stock is, while there is one; else left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push: Option<PushLine>,
}

/// Why a channel is held.
#[derive(Clone, Debug, Serialize)]
pub struct HoldLine {
    /// The reason's code.
    pub code: String,
    /// The packet it happened at.
    pub seq: u64,
    /// Since when, in China's civil time.
    pub at: String,
    /// At a file with errors: which, and what is wrong; left out where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<cargo::HeldFileLine>,
    /// On a channel of tables: which row, and what the database said; left out where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<HeldRowLine>,
}

/// Which row holds a channel of tables, and why.
#[derive(Clone, Debug, Serialize)]
pub struct HeldRowLine {
    /// What the connector calls it: `too-narrow`, `no-such-column` …; none where it is about no row.
    pub reason: Option<String>,
    /// The table.
    pub table: Option<String>,
    /// The row's key.
    pub key: Option<String>,
    /// The column.
    pub column: Option<String>,
    /// The change's place among the packet's, from 0.
    pub index: Option<u32>,
    /// What is wrong, in Chinese, with the database's words.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// How far a stock push is.
#[derive(Clone, Debug, Serialize)]
pub struct PushLine {
    /// The table at work.
    pub table: String,
    /// Tables still to come, that one among them.
    pub tables: u64,
    /// Rows that went.
    pub rows: u64,
    /// Rows of the table at work still to come, as the database estimated it.
    pub left: u64,
    /// In how many seconds of running time that table will be through; none before the first chunk.
    pub seconds: Option<u64>,
    /// Account of the person who ordered it.
    pub operator: String,
    /// The condition of that person, where only some rows are wanted.
    pub filter: Option<String>,
}

/// How many files were refused, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Rejections {
    /// The channel.
    pub channel: String,
    /// `out`: this station refused them, they lie in its `rejected/`. `in`: the peer did, and they lie there.
    pub direction: Direction,
    /// The code.
    pub code: String,
    /// How many.
    pub count: u64,
    /// They are rows of tables.
    #[serde(skip)]
    pub of_rows: bool,
}

/// The answer of `gaps`: one entry a missing range.
#[derive(Clone, Debug, Serialize)]
pub struct Gap {
    /// The channel.
    pub channel: String,
    /// The sender's epoch.
    pub epoch: String,
    /// First missing number.
    pub from: u64,
    /// Last missing number.
    pub to: u64,
    /// What the sender runs.
    pub resend: String,
}

/// Gathers the answer of `status`.
///
/// # Errors
/// [`EngineFault::Store`] when the state cannot be read.
pub fn status(
    station: &Station,
    channels: &[Channel],
    trust: Option<&Trust>,
    store: &mut dyn Store,
) -> Result<Status, EngineFault> {
    let behind = behind::behind(station, store)?;
    let state = store.load()?;
    let identity = &station.config.station;
    let mut lines = Vec::new();
    let mut rejections = Vec::new();
    for channel in channels {
        let (mut line, refused) = channel_line(station, channel, &state, store)?;
        if behind.is_some() {
            line.state = "unknown";
        }
        line.granted = self::granted::granted(channel, line.direction, trust);
        let (name, direction) = (&line.channel, line.direction);
        rejections.extend(refused.into_iter().map(|(code, count)| Rejections {
            channel: name.clone(),
            direction,
            code,
            count,
            of_rows: channel.source.tables().is_some(),
        }));
        lines.push(line);
    }
    let reference = self::reference::lines(station, channels, &state, store)?;
    Ok(Status {
        station: StationLine {
            id: identity.id.to_string(),
            name: identity.name.clone(),
            side: identity.side.to_string(),
            environment: environment_text(station).to_string(),
        },
        state: if behind.is_some() { "behind" } else { "ok" },
        peer: trust.map(|trust| PeerLine {
            id: trust.peer.body().station.to_string(),
            name: trust.peer.body().name.clone(),
            compared: trust.grant.compared,
        }),
        channels: lines,
        rejections,
        waivers: waivers(store)?,
        aside: count_packets(station, &station.quarantine_dir()).0,
        waiting: count_packets(station, &station.waiting_dir()).0,
        junk: count_packets(station, &station.ferry_in()).1,
        alarms: crate::alarm::told::lines(&state, &station.config.alarm)?,
        maintenance: crate::alarm::told::maintenance(&state)?,
        repair: state.fact()?,
        days: days::days(station, channels, &state, store)?,
        structures: crate::send::structure::leaving::standings(&state, store)?,
        structures_coming: structures_coming::structures_coming(&state)?,
        reference: reference.into_iter().filter(reference::ReferenceLine::has_bundle).collect(),
        troubles: troubles(station, channels, behind),
    })
}

/// Gives what else a person must look into; a disk that is full is told once.
fn troubles(station: &Station, channels: &[Channel], behind: Option<Trouble>) -> Vec<Trouble> {
    let full = full_disks(station, channels);
    let is_told = |trouble: &Trouble| full.iter().any(|full| full.code == trouble.code);
    let last: Vec<Trouble> = troubles_of_last_look(station).into_iter().filter(|trouble| !is_told(trouble)).collect();
    behind.into_iter().chain(full).chain(unfit_requests(station)).chain(last).collect()
}

fn environment_text(station: &Station) -> &'static str {
    match station.config.station.environment {
        dukou_packets::packet::header::Environment::Production => "production",
        dukou_packets::packet::header::Environment::Test => "test",
    }
}

fn channel_line(
    station: &Station,
    channel: &Channel,
    state: &StationState,
    store: &mut dyn Store,
) -> Result<(ChannelLine, BTreeMap<String, u64>), EngineFault> {
    let direction = channel.direction(station.config.station.side);
    let name = &channel.channel;
    let sums = store.sums(direction, name)?;
    let waits = match direction {
        Direction::In => store
            .packets_in(direction, &[PacketState::Delivering], usize::MAX)?
            .into_iter()
            .filter(|row| row.key.channel == *name)
            .collect(),
        Direction::Out => Vec::new(),
    };
    let mut undelivered = 0;
    for row in &waits {
        undelivered += store.records(&row.key)?.iter().map(crate::store::RecordRow::ended).sum::<u64>();
    }
    let (last_seq, gapped) = match direction {
        Direction::Out => (state.out_heads.get(name).map_or(0, |head| head.seq), false),
        Direction::In => (state.in_heads.get(name).map_or(0, |head| head.seq), gaps_of(name, state, store)?.is_some()),
    };
    // What is here and next in its turn is applied at once, unless the folder it goes to cannot be written.
    let kept = direction == Direction::In && state.in_heads.get(name).is_some_and(|head| head.known > head.seq);
    let receipts = confirmed(station, channel, state, store)?;
    let standing = match (state.holds.contains_key(name), gapped, waits.is_empty(), kept) {
        _ if receipts.window_full => "waiting-receipts",
        (true, ..) => "held",
        (_, true, ..) => "gapped",
        (_, _, false, _) => "waiting-take",
        (_, _, _, true) => "waiting-sink",
        _ => "ok",
    };
    let is_out = direction == Direction::Out;
    let flags = cargo::counts(state, name)?;
    let line = ChannelLine {
        channel: name.to_string(),
        title: channel.title.clone(),
        direction,
        state: standing,
        accepted: sums.files,
        rejected: sums.refused,
        held_back: sums.held_back,
        packets: sums.packets,
        plain_bytes: sums.plain_bytes,
        sealed_bytes: sums.sealed_bytes,
        left: if is_out { sums.packets_done } else { 0 },
        seen: if is_out { 0 } else { sums.packets },
        applied: if is_out { 0 } else { sums.files - undelivered.min(sums.files) },
        owed: owed_of(state, name)?,
        unfinished: channel
            .source
            .folder()
            .filter(|_| is_out)
            .map_or(0, |source| count_unfinished(&station.dir.join(&source.folder))),
        last_seq,
        confirmed_seq: receipts.seq,
        confirmed: receipts.packets,
        confirmed_at: receipts.at,
        granted: None,
        flagged: flags.flagged,
        refused_here: flags.refused,
        hold: self::rows::hold_line(state, name)?,
        push: self::rows::push_line(state, name)?,
    };
    Ok((line, sums.refused_by_code))
}

type Missing = (dukou_packets::packet::header::Epoch, Vec<(u64, u64)>);

fn gaps_of(
    channel: &dukou_packets::packet::header::ChannelName,
    state: &StationState,
    store: &mut dyn Store,
) -> Result<Option<Missing>, EngineFault> {
    let heads = crate::epoch::accepting::heads_known(state)?;
    let Some(head) = heads.get(channel) else { return Ok(None) };
    let missing = missing_behind(store, channel, head)?;
    let missing = LyingOutside::read(state)?.found_in(channel, missing, head.epoch);
    Ok((!missing.is_empty()).then_some((head.epoch, missing)))
}

/// Gathers the answer of `gaps`.
///
/// # Errors
/// [`EngineFault::Store`] when the state cannot be read.
pub fn gaps(store: &mut dyn Store) -> Result<Vec<Gap>, EngineFault> {
    let state = store.load()?;
    let mut gaps = Vec::new();
    for channel in crate::epoch::accepting::heads_known(&state)?.keys() {
        let Some((epoch, ranges)) = gaps_of(channel, &state, store)? else { continue };
        gaps.extend(ranges.into_iter().map(|(from, to)| Gap {
            channel: channel.to_string(),
            epoch: epoch.to_string(),
            from,
            to,
            resend: format!("resend {channel} --seq {from}..{to}"),
        }));
    }
    Ok(gaps)
}

/// Renders `status` for people.
pub fn status_text(status: &Status, lang: Lang) -> String {
    let mut out = String::new();
    let side = side_text(&status.station.side, lang);
    let name = &status.station.name;
    out += &say!(lang, "{name}（{side}）\n", "{name} ({side})\n");
    out += &match &status.peer {
        None => say!(lang, "还没有配对：请运行 trust 对方的密钥卡。\n", "Not paired yet: run trust with the peer's card.\n"),
        Some(peer) if peer.compared => say!(lang, "对方：{}，指纹已比对\n", "Peer: {}, fingerprint compared\n", peer.name),
        Some(peer) => say!(
            lang,
            "对方：{}，指纹未比对（核对后运行 trust --confirm）\n",
            "Peer: {}, fingerprint NOT compared (compare it, then run trust --confirm)\n",
            peer.name
        ),
    };
    out += &channel_table(status, lang);
    out += &days::text(&status.days, lang);
    out += &structures::text(&status.structures, true, lang);
    out += &self::reference::text(&status.reference, lang);
    for (channel, hold) in status.channels.iter().filter_map(|line| Some((&line.channel, line.hold.as_ref()?))) {
        let HoldLine { code, seq, at, row, file } = hold;
        if let Some(file) = file {
            out += &cargo::hold_text(channel, hold, file, lang);
            continue;
        }
        let why = row.as_ref().map_or_else(|| hold_sentence(code, lang), |row| self::rows::why(code, row, lang));
        out += &match seq {
            0 => say!(
                lang,
                "暂停：通道 {channel} 自 {at} 起停着（{code}）。{why}查清后运行 release {channel}。\n",
                "Held: channel {channel} waits since {at} ({code}). {why}When that is settled, run release {channel}.\n"
            ),
            _ => say!(
                lang,
                "暂停：通道 {channel} 自 {at} 起停在第 {seq} 号包（{code}）。{why}查清后运行 release {channel}。\n",
                "Held: channel {channel} waits at packet {seq} since {at} ({code}). {why}When that is settled, run release {channel}.\n"
            ),
        };
    }
    out += &self::granted::granted_text(status, lang);
    out += &waits_text(status, lang);
    out += &cargo::counts_text(status, lang);
    out += &self::rows::push_text(status, lang);
    out += &self::structures_coming::text(status, lang);
    out += &status.channels.iter().map(|line| receipts_text(line, lang)).collect::<String>();
    out += &owed_text(status, lang);
    out += &waivers_text(&status.waivers, lang);
    for Rejections { channel, direction, code, count, of_rows } in &status.rejections {
        out += &match direction {
            _ if *of_rows => self::rows::refused_text(channel, *direction, code, *count, lang),
            Direction::Out => say!(
                lang,
                "拒收：通道 {channel} 有 {count} 个文件（{code}），文件和原因在本站的 rejected/{channel}/ 下。\n",
                "Refused: {count} file(s) of channel {channel} ({code}); files and reasons are in this station's rejected/{channel}/.\n"
            ),
            Direction::In => say!(
                lang,
                "对方拒收：通道 {channel} 有 {count} 个文件（{code}），没有送来；文件和原因在对方站的 rejected/{channel}/ 下。\n",
                "Refused by the peer: {count} file(s) of channel {channel} ({code}) were not sent; files and reasons are in rejected/{channel}/ at the peer's station.\n"
            ),
        };
    }
    if status.aside > 0 {
        out += &say!(
            lang,
            "另存待查的包：{} 个，原因在 quarantine/ 下；查清后可以删除。\n",
            "Packets set aside: {}, the reasons are in quarantine/; once looked into they can be removed.\n",
            status.aside
        );
    }
    if status.waiting > 0 {
        out += &say!(
            lang,
            "等密钥的包：{} 个，在 waiting/ 下；核对发送方后运行 trust，会自动重试。\n",
            "Packets that wait for a key: {}, in waiting/; check who sent them and run trust, they are tried again by themselves.\n",
            status.waiting
        );
    }
    out += &crate::alarm::told::text(&status.alarms, status.maintenance.as_ref(), lang);
    for trouble in &status.troubles {
        let sentence = trouble.sentence(lang);
        out += &match &*trouble.code {
            "request" | behind::STATE_BEHIND => format!("{sentence}\n"),
            // A person may have decided since, as with `release`: the next look says whether it is over.
            _ => say!(lang, "上次查看：{sentence}\n", "Last look: {sentence}\n"),
        };
    }
    out
}

/// Says what channels wait for that need a person, but are not held.
fn waits_text(status: &Status, lang: Lang) -> String {
    let mut out = String::new();
    for line in status.channels.iter().filter(|line| line.direction == Direction::In) {
        let (channel, files) = (&line.channel, line.accepted.saturating_sub(line.applied));
        out += &match line.state {
            "gapped" => say!(
                lang,
                "缺包：通道 {channel} 等缺的包，缺哪些用 gaps 查看。\n",
                "Gap: channel {channel} waits for packets; gaps names them.\n"
            ),
            "waiting-take" => say!(
                lang,
                "等待取走：通道 {channel} 有 {files} 个文件已收到而没有落地，去向文件夹里还有同名而内容不同的文件（取走后自动继续），或那个文件夹暂时写不了。\n",
                "To be taken: {files} file(s) of channel {channel} are here and not delivered: a file of the same name and other bytes still lies in the sink's folder (once it is taken the channel goes on by itself), or that folder cannot be written for now.\n"
            ),
            "waiting-sink" => say!(
                lang,
                "未落地：通道 {channel} 有包已收到而没有落地，去向文件夹暂时写不了，或正在处理；写得了就自动继续。\n",
                "Not delivered: packets of channel {channel} are here and not applied: the sink's folder cannot be written for now, or they are being worked on; it goes on by itself.\n"
            ),
            _ => String::new(),
        };
    }
    out
}

/// Says what is still to be placed again.
fn owed_text(status: &Status, lang: Lang) -> String {
    let owed = status.channels.iter().filter(|line| line.owed > 0);
    let line = |line: &ChannelLine| {
        let (channel, count) = (&line.channel, line.owed);
        say!(
            lang,
            "重发排队：通道 {channel} 还有 {count} 个包，按 link.resend_per_minute 继续放入摆渡目录。\n",
            "In line: {count} packet(s) of channel {channel} are still to be placed again, as link.resend_per_minute allows.\n"
        )
    };
    owed.map(line).collect()
}

/// Says what a hold means and what to look into.
fn hold_sentence(code: &str, lang: Lang) -> String {
    match code {
        "equivocation" => say!(
            lang,
            "同一个包号出现了两个不同的包，两个都留作证据，请双方负责人核对。",
            "Two different packets carry one number, both are kept as evidence; both sides' people must compare. "
        ),
        "chain" => say!(
            lang,
            "这个包与前一个包接不上，请与发送方核对是否恢复过旧备份。",
            "The packet does not follow the one before it; ask the sender whether an old backup was restored. "
        ),
        "structure" => say!(
            lang,
            "发送方的结构变了，这个包是变更的标记（或要等待批的变更应用之后才能落地），后面的数据按新结构写。标记到齐、本站审批人批准（schema show、schema approve）之后自动应用并继续；标记不能放弃。",
            "The sender's structure changed: this packet is the marker of that change (or needs one that is pending), and what is behind it was written for the new structure. Once all markers are here and an approver of this station has signed (schema show, schema approve) it is applied and the channel goes on by itself; a marker cannot be waived. "
        ),
        "marker" => say!(
            lang,
            "这个包是结构变更的标记，签名有效而内容不对：变更文件读不出，或与标记不符。这是发送方的问题，请发送方的维护人员处理。",
            "This packet is a marker of a structure change, signed and yet wrong inside: its document cannot be read or is not the one that it names. A fault of the sender; its support must look into it. "
        ),
        "structure-version" => say!(
            lang,
            "这个包是按另一版结构写的，与本站这条通道所在的版本对不上，没有落地。请与发送方核对两边做过的变更（schema show）；少了标记的，请发送方重发或用 schema export 带来。",
            "This packet was written under another version of the structure than this channel is at here, and was not applied. Compare the changes made on both sides (schema show); where a marker is missing, the sender resends it or brings it with schema export. "
        ),
        "critical" | "kind" => {
            say!(lang, "本程序不认识这种包，请升级本站程序。", "This program does not know such a packet; upgrade it. ")
        }
        "restored" => say!(
            lang,
            "发送方是从旧备份恢复的，或它的密钥被盗用：包号用了两次。它的包都另存待查，没有使用；请与发送方负责人核对，由发送方运行 epoch new --from 本站的缺包单。",
            "The sender goes on from an older copy of its state, or its keys were stolen: packet numbers were used twice. Its packets are set aside as evidence; talk to the sender's people, who run epoch new --from this station's gap report. "
        ),
        "restored-here" => say!(
            lang,
            "本站是从旧备份恢复的：对方见过的日志比本站现有的新。请由负责人判断；恢复前可能已落地的文件会放到去向文件夹的 again/ 下。",
            "This station goes on from an older copy of its state: the peer has seen a newer log than the one here. A person decides; files that may have been delivered before go below again/ in the sink's folder. "
        ),
        "epoch" => say!(
            lang,
            "发送方另起了一代，而它不是从本站已有的最后一个包接着的；请与发送方核对，同意后运行 epoch accept。",
            "The sender opened a new epoch that does not begin behind the last packet here; compare with the sender, and when it is right run epoch accept. "
        ),
        "spool" => say!(
            lang,
            "本站留存的副本损坏，请检查磁盘，并请发送方用 resend 重发这个包。",
            "This station's copy is damaged; check the disk and have the sender resend this packet. "
        ),
        "staging" => say!(
            lang,
            "大文件已到的部分在去向文件夹的 .staging 里丢失或损坏，本站留存的包也凑不齐；请检查磁盘，并请发送方用 resend 重发这个文件的各包。",
            "The parts of a large file that had arrived are gone or damaged in the sink's .staging, and the packets kept here do not make up for it; check the disk and have the sender resend the packets of this file. "
        ),
        _ => say!(
            lang,
            "包的签名有效而内容有误，是发送方的问题，请发送方的维护人员处理。",
            "The packet is signed and yet wrong inside, a fault of the sender; its support must look into it. "
        ),
    }
}

fn side_text(side: &str, lang: Lang) -> String {
    match side {
        "inner" => say!(lang, "业务内网", "inner"),
        _ => say!(lang, "政务外网", "outer"),
    }
}

fn channel_table(status: &Status, lang: Lang) -> String {
    let head = match lang {
        Lang::Zh => ["通道", "方向", "状态", "文件", "拒收", "重复", "包", "已离站/已落地", "最新包号"],
        Lang::En => ["channel", "way", "state", "files", "refused", "repeats", "packets", "left/applied", "last seq"],
    };
    let mut rows: Vec<Vec<String>> = vec![head.iter().map(|cell| (*cell).to_string()).collect()];
    for line in &status.channels {
        let (way, done) = match line.direction {
            Direction::Out => (say!(lang, "出", "out"), line.left),
            Direction::In => (say!(lang, "入", "in"), line.applied),
        };
        let state = state_text(line.state, lang);
        let numbers = [line.accepted, line.rejected, line.held_back, line.packets, done, line.last_seq];
        let title = match lang {
            Lang::Zh => format!("{}（{}）", line.title, line.channel),
            Lang::En => line.channel.clone(),
        };
        rows.push([title, way, state].into_iter().chain(numbers.iter().map(u64::to_string)).collect());
    }
    table(&rows)
}

fn state_text(state: &str, lang: Lang) -> String {
    match state {
        "held" => say!(lang, "暂停待处理", "held"),
        "gapped" => say!(lang, "缺包", "gapped"),
        "waiting-take" => say!(lang, "等待取走", "waiting to be taken"),
        "waiting-sink" => say!(lang, "已收到、未落地", "here, not delivered"),
        "waiting-receipts" => say!(lang, "等回执", "waiting for receipts"),
        "unknown" => say!(lang, "不明", "unknown"),
        _ => say!(lang, "正常", "ok"),
    }
}

/// Renders rows as a table by display width.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> =
        (0..columns).map(|at| rows.iter().filter_map(|row| row.get(at)).map(|cell| width(cell)).max().unwrap_or(0)).collect();
    let mut out = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| pad(cell, *width)).collect();
        out += cells.join("  ").trim_end();
        out.push('\n');
    }
    out
}

/// Writes a range of packet numbers; one alone stands for itself.
pub(crate) fn range_text(from: u64, to: u64) -> String {
    if from == to { from.to_string() } else { format!("{from}–{to}") }
}

/// Renders `gaps` for people.
pub fn gaps_text(gaps: &[Gap], lang: Lang) -> String {
    if gaps.is_empty() {
        return say!(lang, "没有已知的缺包。\n", "No packet is known to be missing.\n");
    }
    let mut out = String::new();
    for Gap { channel, from, to, resend, .. } in gaps {
        let numbers = range_text(*from, *to);
        out += &say!(
            lang,
            "通道 {channel} 缺第 {numbers} 号包；请发送方运行：{resend}\n",
            "Channel {channel} misses packet(s) {numbers}; the sender runs: {resend}\n"
        );
    }
    out
}

/// Counts packets and other entries of a directory.
fn count_packets(station: &Station, dir: &Path) -> (u64, u64) {
    let extension = station.config.link.device.extension();
    let names = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.fold((0, 0), |(packets, others), name| match name.to_str() {
        Some(name) if is_packet_name_as(name.as_bytes(), extension) => (packets + 1, others),
        Some(name) if crate::reason::is_reason(name) => (packets, others),
        _ => (packets, others + 1),
    })
}

/// Counts files of a source folder that wait to be renamed.
fn count_unfinished(folder: &Path) -> u64 {
    let walk = walkdir::WalkDir::new(folder).into_iter().flatten();
    walk.filter(|entry| {
        entry.file_type().is_file()
            && entry.file_name().to_str().is_some_and(crate::connectors::folder::source::waits_for_rename)
    })
    .count() as u64
}
