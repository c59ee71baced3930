//! `try` and `check`: looking without touching.

use super::rebuild::{self, Person};
use super::{CheckArgs, print, print_json};
use crate::accounts::operator;
use crate::channel::{Channel, Identical};
use crate::connectors::folder::names::safe_path;
use crate::connectors::folder::source::waits_for_rename;
use crate::daemon::{StationLock, on_engine_thread, open_engine, open_store, read_known_store, read_store};
use crate::epoch::accepting::ends_with_an_epoch;
use crate::epoch::restored::{NoticedHere, RestoredHere};
use crate::error::{ConfigFault, EngineFault};
use crate::given;
use crate::keys::{StationKeys, Trust, read_keyring};
use crate::lang::Lang;
use crate::log::read_lines;
use crate::requests::renumbered::{Renumbering, renumber};
use crate::say;
use crate::seams::Files;
use crate::seams::clock::{Clock, SystemClock};
use crate::seams::real_files::RealFiles;
use crate::send::collect::{digest_parts, repeats};
use crate::send::screen::Screen;
use crate::station::Station;
use crate::store::{
    Change, Direction, InHead, OutHead, PacketKey, PacketRow, PacketState, StationState, Store, StoreFault, Waiver,
};
use dukou_packets::audit::{Verdict, verify};
use dukou_packets::keyring::Keyring;
use dukou_packets::limits;
use dukou_packets::log::line::{Event, Line};
use dukou_packets::packet::header::{ChannelName, Epoch};
use dukou_packets::packet::open::{HEAD_MAX, VerifiedHead, read_head};
use dukou_packets::packet::records::parts_digest;
use dukou_packets::suite::{Digest, Hasher, StationId, sha256};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

/// The answer of `try`.
#[derive(Serialize)]
struct Tried {
    channel: String,
    key: Option<String>,
    /// `accepted`, `rejected`, `held-back` or `not-taken`.
    result: &'static str,
    code: Option<String>,
    bytes: u64,
    parts: u64,
    arrives_as: Option<String>,
    sentence: String,
}

/// Says what would happen to a file; sends nothing, writes nothing.
pub(super) fn try_file(
    station: &Station,
    file: &Path,
    channel: Option<&ChannelName>,
    json: bool,
    lang: Lang,
) -> Result<u8, EngineFault> {
    let found = std::fs::symlink_metadata(file).map_err(|error| ConfigFault::unreadable(file, &error))?;
    if !found.is_file() {
        let shown = file.display();
        let sentence = |lang| {
            say!(
                lang,
                "{shown} 不是普通文件（是目录、链接或设备），不会被取走。请给出一个文件。",
                "{shown} is not a regular file (a directory, a link or a device) and would not be taken. Name a file."
            )
        };
        return Err(ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }.into());
    }
    let side = station.config.station.side;
    let channels: Vec<Channel> =
        Channel::load_all(station)?.into_iter().filter(|channel| channel.direction(side) == Direction::Out).collect();
    let name = record_name(station, &channels, file);
    let Some(chosen) = choose(&channels, channel, station, file, &name)? else {
        let sentence = |lang| {
            say!(
                lang,
                "没有一个发送通道的文件名规则适合 {name}。请看 channels/，或用 --channel 指定。",
                "No outgoing channel's name pattern fits {name}. See channels/, or name one with --channel."
            )
        };
        return Err(ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }.into());
    };
    let tried = try_on(station, chosen, file, &name, lang)?;
    match json {
        true => print_json(&tried)?,
        false => print(&format!("{}\n", tried.sentence))?,
    }
    Ok(u8::from(tried.result != "accepted"))
}

fn record_name(station: &Station, channels: &[Channel], file: &Path) -> String {
    let full = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_path_buf());
    let below = channels
        .iter()
        .filter_map(|channel| channel.source.folder())
        .find_map(|source| full.strip_prefix(station.dir.join(&source.folder)).ok().map(Path::to_path_buf));
    let name = below.or_else(|| full.file_name().map(Into::into)).unwrap_or(full);
    name.to_string_lossy().into_owned()
}

fn choose<'a>(
    channels: &'a [Channel],
    asked: Option<&ChannelName>,
    station: &Station,
    file: &Path,
    name: &str,
) -> Result<Option<&'a Channel>, EngineFault> {
    if let Some(asked) = asked {
        let found = channels.iter().find(|channel| channel.channel == *asked);
        return found.map(Some).ok_or_else(|| ConfigFault::NoChannel { name: asked.to_string() }.into());
    }
    let full = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_path_buf());
    let lies_in =
        |channel: &&Channel| channel.source.folder().is_some_and(|source| full.starts_with(station.dir.join(&source.folder)));
    if let Some(channel) = channels.iter().find(lies_in) {
        return Ok(Some(channel));
    }
    for channel in channels.iter().filter(|channel| channel.source.folder().is_some()) {
        if !matches!(Screen::new(&channel.screen)?.check_name(name, true, 0), Err(refused) if refused.code == "key-pattern") {
            return Ok(Some(channel));
        }
    }
    Ok(None)
}

fn try_on(station: &Station, channel: &Channel, file: &Path, name: &str, lang: Lang) -> Result<Tried, EngineFault> {
    let unreadable = |error: std::io::Error| ConfigFault::unreadable(file, &error);
    let bytes = std::fs::metadata(file).map_err(unreadable)?.len();
    let screen = Screen::new(&channel.screen)?;
    let mut tried = Tried {
        channel: channel.channel.to_string(),
        key: None,
        result: "rejected",
        code: None,
        bytes,
        parts: bytes.div_ceil(limits::BODY_MAX).max(1),
        arrives_as: None,
        sentence: String::new(),
    };
    let refuse = |tried: Tried, refused: crate::send::screen::Refused| {
        let [zh, en] = refused.sentence;
        Tried { code: Some(refused.code), sentence: say!(lang, "会被拒收：{zh}", "It would be refused: {en}"), ..tried }
    };
    if is_never_taken(name) {
        let sentence = say!(
            lang,
            "不会被取走：以 . 开头、或以 .tmp、.part 结尾的名字算未完成。写完后请改名。",
            "It would not be taken: names that begin with a dot or end with .tmp or .part are unfinished. Rename it when it is done."
        );
        return Ok(Tried { result: "not-taken", code: Some("unfinished".to_string()), sentence, ..tried });
    }
    match screen.check_name(name, file.to_str().is_some(), bytes) {
        Ok(key) => tried.key = Some(key),
        Err(refused) => return Ok(refuse(tried, refused)),
    }
    let mut digest = None;
    if screen.needs_body() || bytes <= limits::BODY_MAX {
        let body = std::fs::read(file).map_err(unreadable)?;
        if let Err(refused) = screen.check_body(&body) {
            return Ok(refuse(tried, refused));
        }
        digest = (bytes <= limits::BODY_MAX).then(|| sha256(&[&body]));
    }
    if channel.source.folder().is_some_and(|source| source.identical == Identical::Once) {
        let digest = match digest {
            Some(digest) => digest,
            None => parts_digest(bytes, &digest_parts(RealFiles::new().open(file)?.as_ref(), bytes)?),
        };
        let mut store = read_known_store(station)?;
        let run_ms = store.load()?.run_ms;
        let went = store.went(&channel.channel, &[name])?.into_iter().flatten().next();
        if let Some(went) = repeats(went, digest, run_ms) {
            let seq = went.packet.seq;
            let sentence = say!(
                lang,
                "会被留下：同名同内容已由第 {seq} 号包送出。",
                "It would be held back: equal bytes under this name went in packet {seq}."
            );
            return Ok(Tried { result: "held-back", code: Some("repeat".to_string()), sentence, ..tried });
        }
    }
    let (channel, parts, target) = (tried.channel.clone(), tried.parts, safe_path(name).to_string());
    let sentence = say!(
        lang,
        "会由通道 {channel} 送出（{bytes} 字节，{parts} 段），到对方名为 {target}。",
        "Channel {channel} would send it ({bytes} bytes, {parts} parts); it arrives as {target}."
    );
    Ok(Tried { result: "accepted", arrives_as: Some(target), sentence, ..tried })
}

/// True for names that a source passes over.
fn is_never_taken(name: &str) -> bool {
    let leaf = name.rsplit('/').next().unwrap_or(name);
    name.split('/').any(|part| part.starts_with('.')) || waits_for_rename(leaf)
}

/// One thing that does not agree.
#[derive(PartialEq, Eq, Serialize)]
struct Disagreement {
    code: &'static str,
    zh: String,
    en: String,
}

impl Disagreement {
    fn new(code: &'static str, sentence: impl Fn(Lang) -> String) -> Self {
        Self { code, zh: sentence(Lang::Zh), en: sentence(Lang::En) }
    }
}

/// What the log says of packets.
#[derive(Default)]
pub(super) struct Told {
    pub(super) packed: BTreeMap<PacketKey, PacketRow>,
    /// Numbers of packets that were placed in the ferry directory.
    pub(super) left: BTreeSet<u64>,
    pub(super) seen: BTreeMap<PacketKey, PacketRow>,
    pub(super) applied: BTreeSet<PacketKey>,
    /// What a person went on without, in order.
    pub(super) waived: Vec<Waiver>,
    /// Channels that wait for a person: why, and since when.
    pub(super) holds: BTreeMap<ChannelName, (String, i64)>,
    /// The highest number that a gap showed to exist.
    pub(super) known: BTreeMap<(ChannelName, Epoch), u64>,
    /// Whose packets came in each epoch.
    pub(super) senders: BTreeMap<(ChannelName, Epoch), StationId>,
    /// Epochs that were opened or accepted here, and the header behind which each begins.
    pub(super) opened: BTreeMap<(ChannelName, Epoch), Digest>,
    /// That this station was found to go on from an older copy of its state, and what was decided.
    pub(super) here: NoticedHere,
    /// How often this station went on from an older copy of its state.
    pub(super) restored: u64,
    /// The highest number that a `renumbered` line names; 0 without one.
    pub(super) renumbered: u64,
}

/// Checks that state, spool and log agree; with `rebuild`, puts back the packet rows that log and spool prove.
///
/// Beside a process that has the station it only reads, and tells what two looks find alike: what one look finds may be work in hand.
/// Of a state that was lost, and of any when a person says so by name, a new one is made beside it.
pub(super) fn check(station: &Station, args: CheckArgs, lang: Lang) -> Result<u8, EngineFault> {
    let (rebuild, json) = (args.rebuild, args.json.json);
    let (keys, trust) = (StationKeys::load(station)?, Trust::load(station)?);
    let (lock, beside) = match StationLock::take(station) {
        Err(ConfigFault::InUse { .. }) if !rebuild => (None, true),
        Err(ConfigFault::NotRoots { .. }) if !rebuild => (None, false),
        taken => (Some(taken?), false),
    };
    let mut store = match lock {
        Some(_) => open_store(station)?,
        None => read_store(station)?,
    };
    let (mut rebuilt, mut anew) = (0, None);
    if rebuild {
        let told = read_log(station)?;
        if args.name.is_some() || rebuild::is_lost(&told, store.as_mut())? {
            rebuild::check_is_beside_the_log(station)?;
            drop(store);
            let person =
                Person { name: args.name.unwrap_or_default(), reason: args.reason.unwrap_or_default(), operator: operator() };
            let made = rebuild::rebuild(station, &told, (&keys, trust.as_ref()), person, SystemClock::new().wall_ms())?;
            // The next start tells of it in the log: this one does.
            on_engine_thread(|| open_engine(station)?.close())?;
            store = open_store(station)?;
            (rebuilt, anew) = (made.packets, Some(made));
        } else {
            rebuilt = rebuild_rows(station, &told, &keys, trust.as_ref(), store.as_mut())?;
        }
    }
    let mut found = look(station, &keys, trust.as_ref(), store.as_mut())?;
    if lock.is_none() && !found.is_empty() {
        std::thread::sleep(BESIDE_WAIT);
        let again = look(station, &keys, trust.as_ref(), store.as_mut())?;
        found.retain(|one| again.contains(one));
    }
    if json {
        let new_state = anew.as_ref().map(rebuild::json);
        print_json(
            &serde_json::json!({ "beside": beside, "rebuilt": rebuilt, "new_state": new_state, "disagreements": found }),
        )?;
    } else {
        let made = anew.map(|made| rebuild::text(&made, lang));
        print(
            &(made.clone().unwrap_or_default() + &check_text(&found, if made.is_some() { 0 } else { rebuilt }, beside, lang)),
        )?;
    }
    Ok(u8::from(!found.is_empty()))
}

/// How long after the first look the second one is, beside a running station.
const BESIDE_WAIT: Duration = Duration::from_secs(2);

fn look(
    station: &Station,
    keys: &StationKeys,
    trust: Option<&Trust>,
    store: &mut dyn Store,
) -> Result<Vec<Disagreement>, EngineFault> {
    let told = read_log(station)?;
    let mut found = Vec::new();
    check_log(station, &store.load()?, &mut found);
    check_rows(&told, store, &mut found)?;
    check_spool(station, keys, trust, store, &mut found)?;
    Ok(found)
}

fn check_text(found: &[Disagreement], rebuilt: u64, beside: bool, lang: Lang) -> String {
    let mut out = String::new();
    if beside {
        out += &say!(
            lang,
            "摆渡进程正在运行：只读核对，只列出两次都不一致的；它正在处理的包没有核对。\n",
            "The station is running: read only, and only what two looks found alike is listed; packets in work were not compared.\n"
        );
    }
    if rebuilt > 0 {
        out += &say!(lang, "已重建 {rebuilt} 条包记录。\n", "Rebuilt {rebuilt} packet rows.\n");
    }
    for Disagreement { zh, en, .. } in found {
        out += &say!(lang, "{zh}\n", "{en}\n");
    }
    if found.is_empty() {
        out += &say!(lang, "状态、留存包和日志一致。\n", "State, spool and log agree.\n");
    }
    out
}

fn read_log(station: &Station) -> Result<Told, EngineFault> {
    let mut told = Told::default();
    let own = station.config.station.id;
    read_lines(&RealFiles::new(), &station.log_dir(), &mut |line| take_line(line, own, &mut told))?;
    Ok(told)
}

fn take_line(line: Line, own: StationId, told: &mut Told) {
    let at_ms = line.stamp.at_ms;
    told.here.take_line(&line, own);
    let key = |direction, channel: ChannelName, epoch, seq| PacketKey { direction, channel, epoch, seq };
    match line.event {
        Event::Packed { number, channel, epoch, seq, header, root, records, tombstones, plain, bytes } => {
            let key = key(Direction::Out, channel, epoch, seq);
            let row = proven_row(key.clone(), number, header, root, (records, tombstones), (plain, bytes), at_ms);
            told.packed.insert(key, row);
        }
        Event::Seen { peer, number, channel, epoch, seq, header, root, records, .. } => {
            told.senders.insert((channel.clone(), epoch), peer);
            let key = key(Direction::In, channel, epoch, seq);
            let row = proven_row(key.clone(), number, header, root, (records, 0), (0, 0), at_ms);
            told.seen.insert(key, row);
        }
        Event::Applied { channel, epoch, seq, .. } => {
            told.applied.insert(key(Direction::In, channel, epoch, seq));
        }
        Event::EpochOpened { channel, epoch, old_header, .. } => {
            // What began by itself ended these holds without a line of their own.
            if told.holds.get(&channel).is_some_and(|(code, _)| ends_with_an_epoch(code)) {
                told.holds.remove(&channel);
            }
            told.opened.insert((channel, epoch), old_header);
        }
        Event::Restored { peer, .. } => told.restored += u64::from(peer == own),
        Event::Renumbered { number, .. } => told.renumbered = told.renumbered.max(number),
        Event::Left { number, .. } => drop(told.left.insert(number)),
        Event::Waived { channel, epoch, from, to, operator } => {
            told.waived.push(rebuild::waiver((channel, epoch), (from, to), operator, at_ms));
        }
        Event::Hold { channel, code } => drop(told.holds.insert(channel, (code, at_ms))),
        Event::Released { channel, .. } => drop(told.holds.remove(&channel)),
        Event::Gap { channel, epoch, to, .. } => {
            let known = told.known.entry((channel, epoch)).or_default();
            *known = (*known).max(to);
        }
        _ => {}
    }
}

pub(super) fn proven_row(
    key: PacketKey,
    number: u64,
    header: dukou_packets::suite::Digest,
    root: dukou_packets::suite::Digest,
    (records, tombstones): (u64, u64),
    (plain_bytes, sealed_bytes): (u64, u64),
    at_ms: i64,
) -> PacketRow {
    let state = match key.direction {
        Direction::Out => PacketState::Packed,
        Direction::In => PacketState::Early,
    };
    PacketRow {
        key,
        number,
        header,
        prev: dukou_packets::suite::Digest::ZERO,
        root,
        records: records as u32,
        tombstones: tombstones as u32,
        plain_bytes,
        sealed_bytes,
        spool: None,
        state,
        sources_pending: false,
        at_ms,
        done_ms: None,
        run_ms: 0,
    }
}

/// Rows against lines, both ways.
fn check_rows(told: &Told, store: &mut dyn Store, found: &mut Vec<Disagreement>) -> Result<(), EngineFault> {
    for (key, row) in told.packed.iter().chain(&told.seen) {
        match store.packet(key)? {
            None => found.push(Disagreement::new("row-missing", |lang| {
                say!(
                    lang,
                    "日志有而状态库没有：{key}（可用 check --rebuild 重建）",
                    "The log names {key}, the state does not (check --rebuild puts it back)"
                )
            })),
            Some(known) if known.header != row.header => {
                found.push(Disagreement::new("row-differs", |lang| {
                    say!(
 lang,
 "日志与状态库中的摘要不同：{key}（其中一处被改动过，请停站并由负责人判断）",
 "Log and state have different digests of {key} (one of them was changed: stop the station, a person must decide)"
)
                }));
            }
            Some(known)
                if key.direction == Direction::In && known.state == PacketState::Applied && !told.applied.contains(key) =>
            {
                found.push(Disagreement::new("line-missing", |lang| {
                    say!(
                        lang,
                        "状态库记为已落地而日志没有：{key}（请停站并由负责人判断）",
                        "The state says {key} is applied, the log does not (stop the station, a person must decide)"
                    )
                }));
            }
            Some(_) => {}
        }
    }
    let states = [PacketState::Packed, PacketState::Left];
    for row in store.packets_in(Direction::Out, &states, usize::MAX)? {
        let key = &row.key;
        if !told.packed.contains_key(key) {
            found.push(Disagreement::new("line-missing", |lang| {
                say!(
                    lang,
                    "状态库有而日志没有：{key}（请停站并由负责人判断）",
                    "The state has {key}, the log does not name it (stop the station, a person must decide)"
                )
            }));
        }
    }
    Ok(())
}

/// Spool files against rows, both ways.
fn check_spool(
    station: &Station,
    keys: &StationKeys,
    trust: Option<&Trust>,
    store: &mut dyn Store,
    found: &mut Vec<Disagreement>,
) -> Result<(), EngineFault> {
    let cards = peers_cards(station, trust);
    for (direction, dir) in [(Direction::Out, station.spool_out()), (Direction::In, station.spool_in())] {
        let mut expected = BTreeSet::new();
        for row in store.packets_in(direction, &PacketState::ALL, usize::MAX)? {
            let Some(name) = &row.spool else { continue };
            let path = dir.join(name);
            expected.insert(name.clone());
            let (key, shown) = (&row.key, path.display().to_string());
            match spool_head(&path, direction, keys, &cards) {
                Some((head, len))
                    if head.digest == row.header && len == head.expected_len() && payload_is_whole(&path, &head) => {}
                Some(_) => found.push(Disagreement::new("spool-differs", |lang| {
                    say!(
 lang,
 "留存包与记录不符：{shown}（{key}）；请从备份恢复它，否则不能再重发或重新落地",
 "The packet {shown} is not what the state says ({key}); restore it from a backup, or it cannot be resent or replayed"
)
                })),
                None => found.push(Disagreement::new("spool-missing", |lang| {
                    say!(
 lang,
 "留存包缺失或损坏：{shown}（{key}）；请从备份恢复它，否则不能再重发或重新落地",
 "The packet {shown} is missing or damaged ({key}); restore it from a backup, or it cannot be resent or replayed"
)
                })),
            }
        }
        let names = std::fs::read_dir(&dir).map_err(|error| ConfigFault::unreadable(&dir, &error))?.flatten();
        for name in names.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| !expected.contains(name)) {
            let shown = dir.join(name).display().to_string();
            found.push(Disagreement::new("spool-extra", |lang| {
                say!(
                    lang,
                    "留存目录里有状态库不认识的文件：{shown}；请查清来历再移走",
                    "The spool holds a file that the state does not know: {shown}; find out where it comes from before it is removed"
                )
            }));
        }
    }
    Ok(())
}

/// Gives the peer's card, and those that were trusted before it: packets that they signed lie here for their keeping time.
fn peers_cards(station: &Station, trust: Option<&Trust>) -> Vec<Keyring> {
    let names = std::fs::read_dir(station.log_dir()).into_iter().flatten().flatten();
    let earlier = names.filter(|entry| entry.file_name().to_str().is_some_and(|name| name.starts_with("peer-")));
    let earlier = earlier.filter_map(|entry| read_keyring(&entry.path()).ok());
    trust.map(|trust| trust.peer.clone()).into_iter().chain(earlier).collect()
}

fn spool_head(path: &Path, direction: Direction, keys: &StationKeys, cards: &[Keyring]) -> Option<(VerifiedHead, u64)> {
    let books = match direction {
        Direction::Out => std::slice::from_ref(&keys.keyring),
        Direction::In => cards,
    };
    let file = given::open_file(path).ok()?;
    let len = file.metadata().ok()?.len();
    let mut bytes = Vec::new();
    file.take(HEAD_MAX as u64).read_to_end(&mut bytes).ok()?;
    Some((books.iter().find_map(|book| read_head(&bytes, book).ok())?, len))
}

/// Tells whether a packet's payload is the one that its head signs.
fn payload_is_whole(path: &Path, head: &VerifiedHead) -> bool {
    let digest = || -> std::io::Result<Digest> {
        let mut file = given::open_file(path)?;
        file.seek(SeekFrom::Start(head.head_len as u64))?;
        let (mut hasher, mut piece) = (Hasher::new(), vec![0; 1 << 16]);
        loop {
            match file.read(&mut piece)? {
                0 => return Ok(hasher.finish()),
                count => hasher.update(piece.get(..count).unwrap_or_default()),
            }
        }
    };
    digest().is_ok_and(|digest| head.check_payload(digest, head.header.payload_len).is_ok())
}

/// The log by itself, as an auditor would judge it, and against what the state remembers of it.
fn check_log(station: &Station, state: &StationState, found: &mut Vec<Disagreement>) {
    let dir = station.log_dir();
    let shown = dir.display();
    let Ok(report) = verify(&dir, None) else {
        return found.push(Disagreement::new("log-unreadable", |lang| {
            say!(
                lang,
                "摆渡日志 {shown} 读不了，请检查目录和权限",
                "The packet log {shown} cannot be read; check the folder and its permissions"
            )
        }));
    };
    if report.verdict == Verdict::Fail {
        found.push(Disagreement::new("log-fails", |lang| {
            say!(
                lang,
                "摆渡日志 {shown} 核验不通过，详情请运行 dukou-audit verify {shown}",
                "The packet log {shown} does not verify; dukou-audit verify {shown} says why"
            )
        }));
    }
    let (lines, known) = (report.lines, state.log.map_or(0, |head| head.size));
    if lines < known {
        found.push(Disagreement::new("log-shorter", |lang| {
            say!(
                lang,
                "摆渡日志 {shown} 只有 {lines} 行，状态库记到 {known} 行；请停站并由负责人判断",
                "The packet log {shown} has {lines} lines, the state knows of {known}; stop the station, a person must decide"
            )
        }));
    }
}

/// Puts back rows that the log names and the spool holds, and the heads that follow from them; without the spool's file a row stands without one.
fn rebuild_rows(
    station: &Station,
    told: &Told,
    keys: &StationKeys,
    trust: Option<&Trust>,
    store: &mut dyn Store,
) -> Result<u64, EngineFault> {
    let heads = spool_heads(station, keys, trust)?;
    let mut changes = Vec::new();
    for (key, row) in told.packed.iter().chain(&told.seen) {
        if store.packet(key)?.is_some() {
            continue;
        }
        let mut row = row.clone();
        if let Some((name, head)) = heads.get(&row.header) {
            row.spool = Some(name.clone());
            row.prev = head.header.prev;
            row.plain_bytes = head.header.plain_len;
            row.sealed_bytes = head.expected_len();
        }
        row.state = match key.direction {
            Direction::Out => PacketState::Left,
            Direction::In if told.applied.contains(key) => PacketState::Applied,
            // Seen, and lost with the state: the packet is missing, and a resend mends it.
            Direction::In if row.spool.is_none() => continue,
            Direction::In => PacketState::Early,
        };
        changes.push(Change::Rebuilt(row));
    }
    let count = changes.len() as u64;
    let state = store.load()?;
    changes.extend(lost_heads(told, &state)?);
    changes.extend(lost_doubts(station, told, &state.fact()?)?);
    if !changes.is_empty() {
        store.commit(&changes)?;
    }
    Ok(count)
}

/// Gives the change with which the station knows again that it goes on from an older copy of its state, and what was decided.
pub(super) fn lost_doubts(station: &Station, told: &Told, known: &RestoredHere) -> Result<Option<Change>, EngineFault> {
    let here = told.here.unknown_to(known, &RealFiles::new(), &station.log_dir())?;
    Ok(here.map(|here| Change::fact(&here)).transpose()?)
}

/// Gives the heads and the number that the log proves and the state is behind of; the next start tells the log of the number before it gives one.
fn lost_heads(told: &Told, state: &StationState) -> Result<Vec<Change>, StoreFault> {
    let mut changes = Vec::new();
    for row in newest_by_channel(told.packed.values()) {
        let PacketKey { channel, epoch, seq, .. } = row.key.clone();
        if state.out_heads.get(&channel).is_none_or(|head| head.epoch == epoch && head.seq < seq) {
            changes.push(Change::OutHead(channel, OutHead { epoch, seq, header: row.header }));
        }
    }
    for row in newest_by_channel(told.seen.values().filter(|row| told.applied.contains(&row.key))) {
        let PacketKey { channel, epoch, seq, .. } = row.key.clone();
        if state.in_heads.get(&channel).is_none_or(|head| head.epoch == epoch && head.seq < seq) {
            let seen = told.seen.keys().filter(|key| key.channel == channel && key.epoch == epoch).map(|key| key.seq).max();
            changes.push(Change::InHead(channel, InHead { epoch, seq, header: Some(row.header), known: seen.unwrap_or(seq) }));
        }
    }
    if rebuild::newest_number(told) > state.number {
        changes.extend(renumber(rebuild::number_behind(told), Renumbering::Mended, &operator())?);
    }
    Ok(changes)
}

fn newest_by_channel<'a>(rows: impl Iterator<Item = &'a PacketRow>) -> Vec<&'a PacketRow> {
    let mut newest: BTreeMap<&ChannelName, &PacketRow> = BTreeMap::new();
    for row in rows {
        let standing = newest.entry(&row.key.channel).or_insert(row);
        if (row.key.epoch.counter, row.key.seq) > (standing.key.epoch.counter, standing.key.seq) {
            *standing = row;
        }
    }
    newest.into_values().collect()
}

pub(super) type Heads = BTreeMap<dukou_packets::suite::Digest, (String, VerifiedHead)>;

pub(super) fn spool_heads(station: &Station, keys: &StationKeys, trust: Option<&Trust>) -> Result<Heads, EngineFault> {
    let (mut heads, cards) = (Heads::new(), peers_cards(station, trust));
    for (direction, dir) in [(Direction::Out, station.spool_out()), (Direction::In, station.spool_in())] {
        let names = std::fs::read_dir(&dir).map_err(|error| ConfigFault::unreadable(&dir, &error))?.flatten();
        for name in names.filter_map(|entry| entry.file_name().into_string().ok()) {
            if let Some((head, _)) = spool_head(&dir.join(&name), direction, keys, &cards) {
                heads.insert(head.digest, (name, head));
            }
        }
    }
    Ok(heads)
}
