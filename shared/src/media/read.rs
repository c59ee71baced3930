//! `media read`: volumes of the peer's discs into the ferry directory.
//!
//! Given: directories that nobody trusts. Gives: the packets that the peer's manifest names, byte for byte, in the ferry directory; the register knows which
//! volumes were read, and the log when all were. After a crash: volumes are read again, which does no harm. Never: a link followed, a name that the
//! manifest does not hold, or a volume called read of which a packet is damaged.

use super::register::{Read, Register};
use super::{DiscFault, MANIFEST, unless_passing};
use crate::engine::Engine;
use crate::error::{EngineFault, cause_text};
use crate::lang::Lang;
use crate::requests::Answer;
use crate::say;
use crate::seams::{FerryDir, FileCause, FileFault};
use crate::store::Change;
use dukou_packets::disc::{Carried, MANIFEST_MAX, Manifest, ManifestFault};
use dukou_packets::log::line::Event;
use dukou_packets::packet::name::file_name_as;
use dukou_packets::packet::open::Expectation;
use dukou_packets::suite::{LinkId, sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What reading one volume gave.
struct VolumeRead {
    manifest: Manifest,
    taken: u64,
    /// Names of packets that are missing or damaged there.
    damaged: Vec<String>,
}

/// Why nothing of a volume was read.
enum VolumeFault {
    Manifest(ManifestFault),
    Disc(FileFault),
    /// No manifest lies there: what else does.
    NoVolume(Instead),
    /// This station made the disc.
    Own,
    /// Another disc was read under this number.
    Twin(String),
}

/// What lies in a directory that is no volume.
enum Instead {
    Nothing,
    /// Volumes, each in a directory of its own.
    Volumes(Vec<String>),
    Other,
}

/// Most directories that are looked into for volumes.
const LOOKED_INTO: usize = 200;

/// Most volumes that a sentence names.
const VOLUMES_NAMED: usize = 5;

impl Engine {
    /// Reads volumes in, in any order.
    pub(crate) fn media_read(&mut self, dirs: &[PathBuf], operator: &str) -> Result<Answer, EngineFault> {
        if self.trust.is_none() {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "还没有配对，不知道该信谁刻的盘，没有读入。请先运行 trust 对方的密钥卡。",
                    "Not paired yet, so no disc can be believed; nothing was read. Run trust with the peer's card first."
                )
            }));
        }
        let (mut taken, mut read, mut discs) = (0, 0, BTreeMap::new());
        let (mut notes, mut problems) = (Vec::new(), Vec::new());
        for dir in dirs {
            match self.read_volume(dir) {
                Ok(Ok(volume)) => {
                    (taken, read) = (taken + volume.taken, read + 1);
                    problems.extend(damage(dir, &volume));
                    let was_done = self.was_read(&volume.manifest)?;
                    match self.register_volume(&volume, operator)? {
                        Some(entry) => {
                            notes.extend(was_done.then(|| read_before(dir, &volume.manifest)));
                            discs.insert(entry.disc.clone(), entry);
                        }
                        None => problems.push(problem(dir, &VolumeFault::Twin(volume.manifest.disc))),
                    }
                }
                Ok(Err(fault)) => problems.push(problem(dir, &fault)),
                Err(fault) => return unless_passing(fault),
            }
        }
        notes.extend(problems.iter().cloned());
        let open = discs.values().any(|entry| !entry.missing().is_empty());
        let [zh, en] = [Lang::Zh, Lang::En].map(|lang| answer_text((taken, read), &discs, &notes, lang));
        let exit = u8::from(open || !problems.is_empty());
        Ok(Answer { exit, zh, en, count: taken, document: None })
    }

    fn read_volume(&mut self, dir: &Path) -> Result<Result<VolumeRead, VolumeFault>, EngineFault> {
        let sorted = |fault| match DiscFault::sort(fault, dir) {
            DiscFault::Disc(fault) => Ok(Err(VolumeFault::Disc(fault))),
            DiscFault::Station(fault) => Err(fault),
        };
        let read = self.seams.files.ferry_dir(dir).and_then(|volume| {
            let text = read_at_most(volume.as_ref(), MANIFEST, MANIFEST_MAX)?;
            Ok((volume, text))
        });
        let (volume, text) = match read {
            Ok(read) => read,
            Err(fault) if fault.cause == FileCause::NotFound => return Ok(Err(VolumeFault::NoVolume(self.instead(dir)))),
            Err(fault) => return sorted(fault),
        };
        let manifest = match self.believed(&text) {
            Ok(manifest) => manifest,
            Err(ManifestFault::Key) if Manifest::read(&text, &self.keys.keyring).is_ok() => return Ok(Err(VolumeFault::Own)),
            Err(fault) => return Ok(Err(VolumeFault::Manifest(fault))),
        };
        let ferry = self.seams.files.ferry_dir(&self.station.ferry_in())?;
        let (mut taken, mut damaged) = (0, Vec::new());
        for packet in manifest.own() {
            match read_at_most(volume.as_ref(), &packet.name, packet.bytes as usize) {
                Ok(bytes) if sha256(&[&bytes]) == packet.digest => {
                    self.take_in(ferry.as_ref(), packet, &bytes, LinkId::between(manifest.sender, manifest.addressee))?;
                    taken += 1;
                }
                Ok(_) => damaged.push(packet.name.clone()),
                Err(fault) if fault.cause == FileCause::Killed => return Err(fault.into()),
                Err(_) => damaged.push(packet.name.clone()),
            }
        }
        ferry.sync()?;
        Ok(Ok(VolumeRead { manifest, taken, damaged }))
    }

    /// Looks at what lies in a directory without a manifest: an operator may have named the folder above.
    fn instead(&self, dir: &Path) -> Instead {
        let names = self.seams.files.list(dir).unwrap_or_default();
        let has_manifest = |name: &String| {
            let below = self.seams.files.ferry_dir(&dir.join(name));
            below.is_ok_and(|below| below.open(MANIFEST).is_ok())
        };
        let volumes: Vec<String> = names.iter().take(LOOKED_INTO).filter(|name| has_manifest(name)).cloned().collect();
        match (names.is_empty(), volumes.is_empty()) {
            (true, _) => Instead::Nothing,
            (_, false) => Instead::Volumes(volumes),
            _ => Instead::Other,
        }
    }

    /// Tells whether a volume was read without a fault before.
    fn was_read(&self, manifest: &Manifest) -> Result<bool, EngineFault> {
        let register: Register = self.state.fact()?;
        let known = register.read.iter().find(|known| known.disc == manifest.disc && known.list == manifest.list());
        Ok(known.is_some_and(|known| known.done.contains(&manifest.volume)))
    }

    fn believed(&self, text: &[u8]) -> Result<Manifest, ManifestFault> {
        let identity = &self.station.config.station;
        let trust = self.trust.as_ref().ok_or(ManifestFault::Key)?;
        let manifest = Manifest::read(text, &trust.peer)?;
        manifest.check_address(&Expectation { environment: identity.environment, own: identity.id })?;
        Ok(manifest)
    }

    /// Puts a packet into the ferry directory; one that lies there already with the same bytes stays.
    fn take_in(&self, ferry: &dyn FerryDir, packet: &Carried, bytes: &[u8], link: LinkId) -> Result<(), FileFault> {
        if self.is_packet_file(&packet.name) {
            match ferry.place(&packet.name, &[bytes]) {
                Err(fault) if fault.cause == FileCause::Exists => {
                    let there = read_at_most(ferry, &packet.name, bytes.len());
                    if there.is_ok_and(|there| there == bytes) {
                        return Ok(());
                    }
                }
                placed => return placed,
            }
        }
        let extension = self.station.config.link.device.extension();
        ferry.place(&file_name_as(9, link, extension, self.seams.random.as_ref()), &[bytes])
    }

    /// Remembers that a volume was read, and logs the disc once all were; `None` when another disc stands under its number.
    fn register_volume(&mut self, volume: &VolumeRead, operator: &str) -> Result<Option<Read>, EngineFault> {
        let manifest = &volume.manifest;
        let mut register: Register = self.state.fact()?;
        let begun = Read {
            disc: manifest.disc.clone(),
            volumes: manifest.volumes,
            packets: manifest.packets.len() as u64,
            list: manifest.list(),
            done: BTreeSet::new(),
            closed: false,
            at_ms: self.seams.clock.wall_ms(),
        };
        let Some(entry) = register.entry(begun) else { return Ok(None) };
        if volume.damaged.is_empty() {
            entry.done.insert(manifest.volume);
        }
        if entry.missing().is_empty() && !entry.closed {
            self.log.note(Event::MediaRead {
                disc: entry.disc.clone(),
                volumes: entry.done.len() as u64,
                packets: entry.packets,
                list: entry.list,
                operator: operator.to_string(),
            });
            self.commit_log()?;
            entry.closed = true;
        }
        let entry = entry.clone();
        self.commit_store(vec![Change::fact(&register)?])?;
        Ok(Some(entry))
    }
}

/// Reads a file of at most so many bytes, and one more of a longer one.
fn read_at_most(dir: &dyn FerryDir, name: &str, most: usize) -> Result<Vec<u8>, FileFault> {
    let open = dir.open(name)?;
    let len = open.stat()?.len.min(most as u64 + 1);
    let mut bytes = vec![0; len as usize];
    let count = open.read_at(0, &mut bytes)?;
    bytes.truncate(count);
    Ok(bytes)
}

type Sentence = [String; 2];

fn damage(dir: &Path, volume: &VolumeRead) -> Option<Sentence> {
    const NAMED: usize = 10;
    let (dir, count) = (dir.display(), volume.damaged.len());
    let names = volume.damaged.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>();
    let [zh_names, en_names] = [names.join("、"), names.join(", ")];
    let Manifest { disc, volume: number, .. } = &volume.manifest;
    (count > 0).then(|| {
        [
            format!("{dir}（{disc} 第 {number} 张）有 {count} 个包缺失或损坏（{zh_names}），完好的已读入，请对方重刻这一张"),
            format!("{count} packet(s) on {dir} (disc {disc}, volume {number}) are missing or damaged ({en_names}), the good ones were read; have this volume made again"),
        ]
    })
}

fn read_before(dir: &Path, manifest: &Manifest) -> Sentence {
    let (dir, Manifest { disc, volume, .. }) = (dir.display(), manifest);
    [
        format!("{dir}（{disc} 第 {volume} 张）以前已经读入，再读不会重复落地"),
        format!("{dir} (disc {disc}, volume {volume}) was read before, and reading it again delivers nothing twice"),
    ]
}

fn no_volume(dir: &Path, instead: &Instead, lang: Lang) -> String {
    let shown = dir.display();
    match instead {
        Instead::Nothing => say!(
            lang,
            "{shown} 是空的，没有读入，请看盘有没有放好、挂载好，再给出盘的目录",
            "{shown} is empty and nothing was read; see whether the disc is in the drive and mounted, then name its directory"
        ),
        Instead::Volumes(volumes) => {
            let first: Vec<String> =
                volumes.iter().take(VOLUMES_NAMED).map(|volume| dir.join(volume).display().to_string()).collect();
            let more = if volumes.len() > VOLUMES_NAMED { " …" } else { "" };
            let named = first.join(" ") + more;
            say!(
                lang,
                "{shown} 不是一张介质而是放着 {} 张，没有读入，请逐张给出：media read {named}",
                "{shown} is no volume but holds {} of them and nothing was read; name each: media read {named}",
                volumes.len()
            )
        }
        Instead::Other => say!(
            lang,
            "{shown} 里没有 {MANIFEST}，不是对方用 media write 写的介质，没有读入，请核对目录或换一张盘",
            "{shown} has no {MANIFEST}, so it was not made by media write, and nothing was read; check the directory or take another disc"
        ),
    }
}

fn problem(dir: &Path, fault: &VolumeFault) -> Sentence {
    let path = dir;
    let dir = dir.display();
    [Lang::Zh, Lang::En].map(|lang| match fault {
        VolumeFault::NoVolume(instead) => no_volume(path, instead, lang),
        VolumeFault::Own => say!(
            lang,
            "{dir} 是本站自己写的盘，没有读入，请把它交给对方的站去读",
            "{dir} was written by this station itself and was not read; it is for the peer's station"
        ),
        VolumeFault::Disc(fault) => {
            let cause = cause_text(&fault.cause, lang);
            say!(
                lang,
                "{dir} 读不了（{cause}），没有读入，请检查光驱和盘，或换一张副本",
                "{dir} cannot be read ({cause}) and nothing of it was; check the drive and the disc, or take a copy"
            )
        }
        VolumeFault::Twin(disc) => say!(
            lang,
            "{dir} 的编号 {disc} 与登记的另一盘相同而清单不同，包已读入，登记没有改动，请与对方核对",
            "{dir} bears the number {disc} of another disc in the register; its packets were read, the register was not changed; ask the sender"
        ),
        VolumeFault::Manifest(fault) => {
            let (why, next) = match fault {
                ManifestFault::Shape => (
                    say!(lang, "清单已损坏或不是清单", "it is damaged or no manifest"),
                    say!(lang, "请换一张副本或请对方重刻", "try another copy or have it made again"),
                ),
                ManifestFault::Key => (
                    say!(lang, "签名密钥不是对方的", "its key is not the peer's"),
                    say!(lang, "请核对这张盘是谁写的", "find out who made this disc"),
                ),
                ManifestFault::Signature => (
                    say!(lang, "签名不符，内容被改动过", "its signature does not verify"),
                    say!(lang, "请换一张副本或请对方重刻", "try another copy or have it made again"),
                ),
                ManifestFault::Address => (
                    say!(lang, "不是发给本站的", "it is not for this station"),
                    say!(lang, "请看登记单上的接收站，交给那一站", "see on its sheet which station it is for, and bring it there"),
                ),
            };
            say!(
                lang,
                "{dir} 的 {MANIFEST} 不能采信（{why}），没有读入，{next}",
                "the {MANIFEST} of {dir} is not believed ({why}) and nothing was read; {next}"
            )
        }
    })
}

/// Says what was read, which volumes of each disc are missing, and what else is to be known; of nothing read only why.
fn answer_text((taken, volumes): (u64, usize), discs: &BTreeMap<String, Read>, problems: &[Sentence], lang: Lang) -> String {
    let read = say!(lang, "从 {volumes} 张介质读入 {taken} 个包", "Read {taken} packet(s) from {volumes} volume(s)");
    let mut parts: Vec<String> = (volumes > 0).then_some(read).into_iter().collect();
    for (disc, entry) in discs {
        parts.push(missing_text(disc, entry, lang));
    }
    let side = |[zh, en]: &Sentence| if lang == Lang::Zh { zh.clone() } else { en.clone() };
    parts.extend(problems.iter().map(side));
    match lang {
        Lang::Zh => parts.join("；") + "。",
        Lang::En => parts.join("; ") + ".",
    }
}

/// Says which volumes of a disc were not read yet.
pub fn missing_text(disc: &str, entry: &Read, lang: Lang) -> String {
    let missing: Vec<String> = entry.missing().iter().map(u32::to_string).collect();
    let volumes = entry.volumes;
    match missing.is_empty() {
        true => say!(
            lang,
            "{disc} 的 {volumes} 张已全部读入，登记已销号",
            "all {volumes} volume(s) of disc {disc} were read, its registration is closed"
        ),
        false => {
            let [zh, en] = [missing.join("、"), missing.join(", ")];
            say!(
                lang,
                "{disc} 共 {volumes} 张，第 {zh} 张未读入，找到后再用 media read 读入",
                "disc {disc} has {volumes} volume(s), not read: {en}; read them with media read once they are found"
            )
        }
    }
}
