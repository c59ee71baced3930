//! Setting aside: packets that are never applied, each with its reason, one log line a code and look.
//!
//! Given: a packet that failed a check. Gives: the file in `quarantine/` (or `waiting/` while its key is unknown) with `.reason.txt` and `.reason.json`.
//! Never: more than a bounded number of files, or of log lines.

use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::say;
use crate::seams::{FerryDir, FileCause};
use dukou_packets::limits;
use dukou_packets::log::line::Event;
use dukou_packets::suite::{Digest, sha256};
use serde_json::json;
use std::path::Path;

/// Most packets kept in `quarantine/`; further ones are counted and removed: whoever can write the ferry directory could fill the disk.
pub const QUARANTINE_FILES: usize = 1000;

/// Most packets kept in `waiting/`, the oldest go first.
pub const WAITING_FILES: usize = 256;

/// Most bytes kept in `waiting/`.
pub const WAITING_BYTES: u64 = 1 << 30;

/// What was set aside under one code in one look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tally {
    count: u64,
    first: Digest,
}

impl Engine {
    /// Moves a packet to `quarantine/` with its reason.
    pub(crate) fn set_aside(
        &mut self,
        ferry: &dyn FerryDir,
        name: &str,
        code: &str,
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        let dir = self.station.quarantine_dir();
        let kept = self.seams.files.list(&dir)?.iter().filter(|name| !name.contains(".reason.")).count();
        if kept >= QUARANTINE_FILES {
            ferry.remove(name)?;
            self.tally(code, Digest::ZERO, report);
            return Ok(());
        }
        self.move_with_reason(ferry, name, &dir, code, report)
    }

    /// Moves a packet under an unknown key to `waiting/`; it is tried again at every keyring change.
    pub(crate) fn let_wait(&mut self, ferry: &dyn FerryDir, name: &str, report: &mut PassReport) -> Result<(), EngineFault> {
        let dir = self.station.waiting_dir();
        self.make_room(&dir)?;
        report.waiting += 1;
        self.move_with_reason(ferry, name, &dir, "unknown-key", report)
    }

    fn move_with_reason(
        &mut self,
        ferry: &dyn FerryDir,
        name: &str,
        dir: &Path,
        code: &str,
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        let files = self.seams.files.clone();
        let mut kept = name.to_string();
        let mut count = 2u32;
        while files.stat(&dir.join(&kept))?.is_some() {
            kept = format!("{count}~{name}");
            count += 1;
        }
        let target = dir.join(&kept);
        // The reasons first: after a crash between the two the packet is still where it was, and all is done again.
        let [zh, en] = [Lang::Zh, Lang::En].map(|lang| aside_sentence(code, lang));
        let reason = json!({ "file": name, "code": code, "zh": zh, "en": en });
        let text = say!(self.lang(), "{zh}", "{en}");
        let reasons = [".reason.txt", ".reason.json"].map(|suffix| dir.join(format!("{kept}{suffix}")));
        files.replace(&reasons[0], format!("\u{feff}{text}\r\n").as_bytes())?;
        files.replace(&reasons[1], format!("{reason}\n").as_bytes())?;
        if let Err(fault) = ferry.move_out(name, &target, limits::SEALED_MAX) {
            for path in reasons {
                files.remove(&path)?;
            }
            return if fault.cause == FileCause::NotFound { Ok(()) } else { self.tolerate(fault, report) };
        }
        let first = match self.pick_up.aside.contains_key(code) {
            true => Digest::ZERO,
            false => files.read(&target, limits::SEALED_MAX).map_or(Digest::ZERO, |bytes| sha256(&[&bytes])),
        };
        self.tally(code, first, report);
        Ok(())
    }

    fn tally(&mut self, code: &str, first: Digest, report: &mut PassReport) {
        *report.aside.entry(code.to_string()).or_default() += 1;
        let tally = self.pick_up.aside.entry(code.to_string()).or_insert(Tally { count: 0, first });
        tally.count += 1;
    }

    /// One `aside` line a code and look.
    pub(crate) fn note_aside(&mut self) -> Result<(), EngineFault> {
        for (code, tally) in std::mem::take(&mut self.pick_up.aside) {
            self.log.note(Event::Aside { code, count: tally.count, first: tally.first });
        }
        Ok(())
    }

    /// Removes the oldest waiting packets until one more fits.
    fn make_room(&self, dir: &Path) -> Result<(), EngineFault> {
        let files = &self.seams.files;
        let mut waiting = Vec::new();
        for name in files.list(dir)?.into_iter().filter(|name| !name.contains(".reason.")) {
            if let Some(stat) = files.stat(&dir.join(&name))? {
                waiting.push((stat.mtime_ns, name, stat.len));
            }
        }
        waiting.sort();
        let mut bytes: u64 = waiting.iter().map(|(_, _, len)| len).sum();
        let mut left = waiting.len();
        for (_, name, len) in waiting {
            if left < WAITING_FILES && bytes < WAITING_BYTES {
                break;
            }
            for file in [name.clone(), format!("{name}.reason.txt"), format!("{name}.reason.json")] {
                files.remove(&dir.join(file))?;
            }
            (bytes, left) = (bytes - len, left - 1);
        }
        Ok(())
    }
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
            "对方无权在这个通道上发送，或本站没有这个通道。请检查 channels/ 和 trust 的授权。",
            "The sender may not use this channel, or it is not configured here. Check channels/ and the grants of trust."
        ),
        "equivocation" => say!(
            lang,
            "同一个包号出现了两个不同的包，通道已暂停，两个都保留为证据。请双方负责人核对。",
            "Two different packets carry one number; the channel waits and both are kept as evidence. Both sides' people must compare."
        ),
        "epoch" => say!(
            lang,
            "包的发送代次与本通道不同，没有使用。请与对方核对是否重装或恢复过。",
            "The packet belongs to another epoch of this channel; it was not used. Ask the sender whether the station was rebuilt or restored."
        ),
        _ => say!(lang, "检查没有通过（{code}），没有使用。", "It did not pass the check ({code}) and was not used."),
    }
}
