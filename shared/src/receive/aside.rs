//! Setting aside: packets that are never applied, each with its reason, one log line a code and look.
//!
//! Given: packets that failed a check. Gives: the files in `quarantine/` (or `waiting/` while their key is unknown) with `.reason.txt` and
//! `.reason.json`. A directory that is gone is made anew; where that fails the files stay where they are, and a trouble says so.
//! After a crash: the line is durable before a file is moved, so that no move is without its line; what was not moved is met again, and its
//! line is written a second time. Never: more than a bounded number of files and bytes, or of log lines; evidence of two packets under one number
//! removed.

use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::reason;
use crate::say;
use crate::seams::{FileCause, FileFault, OpenFile};
use dukou_packets::log::line::Event;
use dukou_packets::packet::armor::FILE_MAX;
use dukou_packets::suite::{Digest, sha256};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The code of a second packet under one number.
const EQUIVOCATION: &str = "equivocation";

/// Most packets kept in `quarantine/`; further ones are counted and removed: whoever can write the ferry directory could fill the disk.
pub const QUARANTINE_FILES: usize = 1000;

/// Most bytes kept in `quarantine/`.
pub const QUARANTINE_BYTES: u64 = 1 << 30;

/// Most packets kept in `waiting/`, the oldest go first.
pub const WAITING_FILES: usize = 256;

/// Most bytes kept in `waiting/`.
pub const WAITING_BYTES: u64 = 1 << 30;

/// Longest name of a packet, so that what waits is found again.
const NAME_MAX: usize = 64;

/// A packet that leaves its directory at the end of this look.
pub(crate) struct Leaving {
    dir: PathBuf,
    name: String,
    code: String,
    to: Place,
}

/// Where a packet goes that leaves.
#[derive(Clone, Copy)]
enum Place {
    /// To `quarantine/`, within its limits.
    Quarantine,
    /// To `quarantine/` whatever its limits, but once: a second packet under one number, by its head.
    Evidence(Digest),
    /// To `waiting/`, where the oldest makes room for it.
    Waiting,
}

/// What becomes of a packet that leaves.
enum Fate {
    /// It is kept under this path.
    Kept(PathBuf),
    /// It lies in `quarantine/` already and stays, with another reason.
    Stays,
    /// It is removed: the limits are reached, or the same evidence is kept already.
    Removed,
}

/// How much `quarantine/` holds.
struct Room {
    files: usize,
    bytes: u64,
}

impl Engine {
    /// Lets a packet go to `quarantine/` at the end of this look.
    pub(crate) fn set_aside(&mut self, dir: &Path, name: &str, code: &str) {
        let (dir, name, code) = (dir.to_path_buf(), name.to_string(), code.to_string());
        self.pick_up.leaving.push(Leaving { dir, name, code, to: Place::Quarantine });
    }

    /// The same for a second packet under one number, whose head is `evidence`.
    pub(crate) fn keep_as_evidence(&mut self, dir: &Path, name: &str, evidence: Digest) {
        let (dir, name, code) = (dir.to_path_buf(), name.to_string(), EQUIVOCATION.to_string());
        self.pick_up.leaving.push(Leaving { dir, name, code, to: Place::Evidence(evidence) });
    }

    /// Lets a packet under an unknown key go to `waiting/` at the end of this look; it is tried again at every keyring change.
    pub(crate) fn let_wait(&mut self, dir: &Path, name: &str) {
        let (dir, name, code) = (dir.to_path_buf(), name.to_string(), "unknown-key".to_string());
        self.pick_up.leaving.push(Leaving { dir, name, code, to: Place::Waiting });
    }

    /// Puts aside what this look found: the reasons, one durable line a code, and then the packets.
    pub(crate) fn put_aside(&mut self, report: &mut PassReport) -> Result<(), EngineFault> {
        let leaving = std::mem::take(&mut self.pick_up.leaving);
        if leaving.is_empty() {
            return Ok(());
        }
        let mut room = None;
        let (mut moves, mut tallies) = (Vec::new(), BTreeMap::new());
        for left in leaving {
            let prepared = self.prepare_aside(&left, &mut room, &mut tallies);
            match prepared {
                Ok(Some(fate)) => moves.push((left, fate)),
                Ok(None) => {}
                Err(fault) => self.tolerate(fault, report)?,
            }
        }
        for (code, (count, first)) in tallies {
            self.log.note(Event::Aside { code, count, first });
        }
        self.commit_log()?;
        for (left, fate) in moves {
            self.move_aside(left, fate, report)?;
        }
        Ok(())
    }

    /// Decides what becomes of a packet, writes its reasons and counts it for its line; `None` when it is gone.
    fn prepare_aside(
        &self,
        left: &Leaving,
        room: &mut Option<Room>,
        tallies: &mut BTreeMap<String, (u64, Digest)>,
    ) -> Result<Option<Fate>, FileFault> {
        let ferry = self.seams.files.ferry_dir(&left.dir)?;
        let open = match ferry.open(&left.name) {
            Err(fault) if fault.cause == FileCause::NotFound => return Ok(None),
            open => open?,
        };
        let len = open.stat()?.len;
        let fate = self.fate(left, len, room)?;
        match &fate {
            Fate::Kept(target) => self.write_reason(target, &left.name, &left.code)?,
            Fate::Stays => self.write_reason(&left.dir.join(&left.name), &left.name, &left.code)?,
            Fate::Removed => {}
        }
        if !self.pick_up.stuck.contains(&(left.dir.clone(), left.name.clone())) {
            let first = || read_whole(open.as_ref(), len).map_or(Digest::ZERO, |bytes| sha256(&[&bytes]));
            tallies.entry(left.code.clone()).or_insert_with(|| (0, first())).0 += 1;
        }
        Ok(Some(fate))
    }

    fn fate(&self, left: &Leaving, len: u64, room: &mut Option<Room>) -> Result<Fate, FileFault> {
        if let Place::Waiting = left.to {
            let dir = self.station.waiting_dir();
            self.make_room(&dir)?;
            return Ok(Fate::Kept(self.free_name(&dir, &left.name)?));
        }
        let dir = self.station.quarantine_dir();
        let room = match room {
            Some(room) => room,
            None => room.insert(self.quarantine_room()?),
        };
        if left.dir == dir {
            return Ok(Fate::Stays);
        }
        if let Place::Evidence(head) = left.to {
            let head: String = head.to_string().chars().take(32).collect();
            let name = format!("{head}.dkp");
            // Anybody may have put something else under that name; the reason beside it is this station's own word.
            let is_known = reason::code(self.seams.files.as_ref(), &dir.join(&name))?.is_some_and(|code| code == EQUIVOCATION);
            return Ok(if is_known { Fate::Removed } else { Fate::Kept(self.free_name(&dir, &name)?) });
        }
        if room.files >= QUARANTINE_FILES || room.bytes.saturating_add(len) > QUARANTINE_BYTES {
            return Ok(Fate::Removed);
        }
        (room.files, room.bytes) = (room.files + 1, room.bytes + len);
        Ok(Fate::Kept(self.free_name(&dir, &left.name)?))
    }

    fn move_aside(&mut self, left: Leaving, fate: Fate, report: &mut PassReport) -> Result<(), EngineFault> {
        let files = self.seams.files.clone();
        let stays = matches!(fate, Fate::Stays);
        let moved = files.ferry_dir(&left.dir).and_then(|ferry| match &fate {
            Fate::Kept(target) => ferry.move_out(&left.name, target, FILE_MAX),
            Fate::Stays => Ok(()),
            Fate::Removed => ferry.remove(&left.name).map(drop),
        });
        let place = (left.dir, left.name);
        match moved {
            Ok(()) => {
                self.pick_up.stuck.remove(&place);
                report.waiting += u64::from(matches!(left.to, Place::Waiting));
                *report.aside.entry(left.code).or_default() += 1;
                if stays { Ok(()) } else { self.forget_reason(&place.0, &place.1, report) }
            }
            Err(fault) => {
                if let Fate::Kept(target) = &fate {
                    reason::remove(files.as_ref(), target).or_else(|fault| self.tolerate(fault, report))?;
                }
                if fault.cause == FileCause::NotFound {
                    return Ok(());
                }
                // Its line stands: another one with every look would fill the log.
                self.pick_up.stuck.insert(place);
                self.tolerate(fault, report)
            }
        }
    }

    /// Lets a packet go that was taken in or is of no use; false, and a trouble, when it cannot be removed.
    pub(crate) fn let_go(&self, dir: &Path, name: &str, report: &mut PassReport) -> Result<bool, EngineFault> {
        match self.seams.files.ferry_dir(dir).and_then(|ferry| ferry.remove(name)) {
            Ok(_) => self.forget_reason(dir, name, report).map(|()| true),
            Err(fault) => self.tolerate(fault, report).map(|()| false),
        }
    }

    /// What was said of a packet in `waiting/` or `quarantine/` ends when it leaves.
    fn forget_reason(&self, dir: &Path, name: &str, report: &mut PassReport) -> Result<(), EngineFault> {
        if dir != self.station.waiting_dir() && dir != self.station.quarantine_dir() {
            return Ok(());
        }
        match reason::remove(self.seams.files.as_ref(), &dir.join(name)) {
            Err(fault) => self.tolerate(fault, report),
            removed => Ok(removed?),
        }
    }

    /// Gives a path in `dir` that nothing stands under; a name made longer keeps its end, which makes it a packet's.
    fn free_name(&self, dir: &Path, name: &str) -> Result<PathBuf, FileFault> {
        let mut target = dir.join(name);
        let mut count = 2u32;
        while self.seams.files.stat(&target)?.is_some() {
            let prefix = format!("{count}~");
            let cut = (prefix.len() + name.len()).saturating_sub(NAME_MAX);
            target = dir.join(format!("{prefix}{}", name.get(cut..).unwrap_or(name)));
            count += 1;
        }
        Ok(target)
    }

    fn write_reason(&self, target: &Path, name: &str, code: &str) -> Result<(), FileFault> {
        let [zh, en] = [Lang::Zh, Lang::En].map(|lang| aside_sentence(code, lang));
        let told = json!({ "file": name, "code": code, "zh": zh, "en": en });
        reason::write(self.seams.files.as_ref(), target, &say!(self.lang(), "{zh}", "{en}"), &told)
    }

    /// Lists the packets of an own directory with their time and length, oldest first; a directory that is gone is made anew.
    fn kept_in(&self, dir: &Path) -> Result<Vec<(i64, String, u64)>, FileFault> {
        let files = &self.seams.files;
        let names = match files.list(dir) {
            Err(fault) if fault.cause == FileCause::NotFound => {
                files.make_dirs(dir)?;
                Vec::new()
            }
            names => names?,
        };
        let mut kept = Vec::new();
        for name in names.into_iter().filter(|name| !reason::is_reason(name)) {
            if let Some(stat) = files.stat(&dir.join(&name))? {
                kept.push((stat.mtime_ns, name, stat.len));
            }
        }
        kept.sort();
        Ok(kept)
    }

    fn quarantine_room(&self) -> Result<Room, FileFault> {
        let kept = self.kept_in(&self.station.quarantine_dir())?;
        Ok(Room { files: kept.len(), bytes: kept.iter().map(|(_, _, len)| len).sum() })
    }

    /// Removes the oldest waiting packets until one more fits.
    fn make_room(&self, dir: &Path) -> Result<(), FileFault> {
        let waiting = self.kept_in(dir)?;
        let mut bytes: u64 = waiting.iter().map(|(_, _, len)| len).sum();
        let mut left = waiting.len();
        for (_, name, len) in waiting {
            if left < WAITING_FILES && bytes < WAITING_BYTES {
                break;
            }
            self.seams.files.remove(&dir.join(&name))?;
            reason::remove(self.seams.files.as_ref(), &dir.join(&name))?;
            (bytes, left) = (bytes - len, left - 1);
        }
        Ok(())
    }
}

/// Reads a file that is to be set aside, for its digest; a longer one than any packet is not read.
fn read_whole(open: &dyn OpenFile, len: u64) -> Option<Vec<u8>> {
    if len > FILE_MAX {
        return None;
    }
    let mut bytes = vec![0; len as usize];
    let count = open.read_at(0, &mut bytes).ok()?;
    bytes.truncate(count);
    Some(bytes)
}

/// Says what a code means: what, and what next.
fn aside_sentence(code: &str, lang: Lang) -> String {
    match code {
        "short" => say!(
            lang,
            "摆渡包不完整，等了几轮也没有变长。请对方用 resend 重发（缺哪些号见 gaps）。",
            "The packet is incomplete and did not grow. Have the sender resend it (gaps names the numbers)."
        ),
        "length" => say!(
            lang,
            "摆渡包比签名声明的长，内容不可信，没有使用。请对方用 resend 重发。",
            "The packet is longer than its signature says and was not used. Have the sender resend it."
        ),
        "payload-digest" => say!(
            lang,
            "摆渡包内容在途中损坏，没有使用。请对方用 resend 重发（缺哪些号见 gaps）。",
            "The packet was damaged on its way and was not used. Have the sender resend it (gaps names the numbers)."
        ),
        "armor" => say!(
            lang,
            "摆渡包的文本形式在途中改坏了，没有使用。请检查设备是否改动文本内容，并请对方用 resend 重发（缺哪些号见 gaps）。",
            "The packet's text form was damaged on its way and was not used. Check whether the device changes text, and have the sender resend it (gaps names the numbers)."
        ),
        "signature" | "magic" | "format" | "suite" | "header-length" | "header" => {
            say!(
                lang,
                "文件不是有效的摆渡包或签名不符（{code}），没有使用。若是途中损坏，请对方用 resend 重发。",
                "This is no valid packet, or its signature is wrong ({code}); it was not used. If it was damaged on its way, have the sender resend it."
            )
        }
        "unknown-key" => say!(
            lang,
            "签名密钥不认识：对方尚未配对，或换了密钥。请核对后运行 trust，本包会自动重试。",
            "The signing key is not known: the sender is not paired, or has a new key. Check and run trust; this packet is tried again by itself."
        ),
        "key-not-allowed" => say!(
            lang,
            "签名密钥无权签这个包（用途、算法或有效范围不符）。请与对方核对密钥卡。",
            "The signing key may not sign this packet (role, suite or range). Compare the cards with the sender."
        ),
        "environment" => say!(
            lang,
            "正式环境和测试环境的包混在了一起，没有使用。请检查摆渡目录接错了没有。",
            "Production and test packets are mixed; it was not used. Check which ferry directories are connected."
        ),
        "addressee" | "link" | "sender" => say!(
            lang,
            "这个包不是发给本站的（{code}），没有使用。请检查摆渡目录接错了没有。",
            "This packet is not addressed to this station ({code}); it was not used. Check which ferry directories are connected."
        ),
        "not-granted" => say!(
            lang,
            "对方无权在这个通道上发送，或本站没有这个通道。请检查 channels/，重新运行 trust 对方的密钥卡授权；授权后本包会自动重试。",
            "The sender may not use this channel, or it is not configured here. Check channels/, grant it by running trust with the peer's card again; then this packet is tried again by itself."
        ),
        EQUIVOCATION => say!(
            lang,
            "同一个包号出现了两个不同的包，通道已暂停，两个都保留为证据。请双方负责人核对。",
            "Two different packets carry one number; the channel waits and both are kept as evidence. Both sides' people must compare."
        ),
        "epoch" => say!(
            lang,
            "包的发送代次与本通道不同，没有使用。请与对方核对是否重装或恢复过。",
            "The packet belongs to another epoch of this channel; it was not used. Ask the sender whether the station was rebuilt or restored."
        ),
        "restored" => say!(
            lang,
            "发送方从旧备份恢复过（包号用了两次），这个包没有使用，留作证据。请按 status 的提示处理；内容会在新一代里再来。",
            "The sender goes on from an older copy of its state; this packet was not used and is kept as evidence. Do what status says; its records come again in the new epoch."
        ),
        _ => say!(lang, "检查没有通过（{code}），没有使用。", "It did not pass the check ({code}) and was not used."),
    }
}
