//! `recover`: opening retained packets with the recovery key, without a station.
//!
//! Given: a folder of packets, be it a copy of the spool, of a ferry directory or of a disc, in whatever form they stand there, the card of the station
//! that sealed them, the recovery key. Gives: the records below a new folder, and an `index.json` that says where each came from. After a crash: the
//! folder is incomplete, and a new one is made. Never: a file overwritten; a byte decrypted that the card's keys did not sign; the key kept.

use super::print;
use crate::connectors::folder::names::{safe_path, set_apart};
use crate::connectors::tables::RowRun;
use crate::error::{ConfigFault, EngineFault};
use crate::given;
use crate::keys::read_keyring;
use crate::lang::Lang;
use crate::media::{LABEL, MANIFEST, SHEET};
use crate::say;
use clap::Args;
use dukou_packets::keyring::Keyring;
use dukou_packets::packet::armor::{FILE_MAX, FRONT_MAX, Front, read_whole};
use dukou_packets::packet::header::{ChannelName, Class, Epoch};
use dukou_packets::packet::open::{VerifiedHead, decode_records, open_payload, read_head};
use dukou_packets::packet::records::{Record, RecordKind, parts_digest};
use dukou_packets::suite::{Digest, SoftUnwrapper, Unwrapper, sha256};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::fs::{DirBuilder, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Longest text of a recovery key that is read, blanks and line ends among it.
const KEY_TEXT_MAX: u64 = 1024;

/// Bytes of check behind the 32 of the key.
const CHECK: usize = 3;

#[derive(Args)]
pub(super) struct RecoverArgs {
    /// 包所在的文件夹：spool/out、摆渡目录或光盘的副本 / the folder with the packets: a copy of spool/out, of a ferry directory or of a disc
    #[arg(long, value_name = "DIR")]
    packets: PathBuf,
    /// 放到哪个新文件夹 / the new folder for the records
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// 恢复密钥文件，- 为标准输入 / the recovery key's file, - for standard input
    #[arg(long, value_name = "FILE|-")]
    recovery_key: PathBuf,
    /// 封装这些包的站的密钥卡（它的 keys/keyring.txt）/ the card of the station that sealed them
    #[arg(long)]
    card: PathBuf,
}

/// What `index.json` says.
#[derive(Serialize, Default)]
struct Index {
    /// Packets that were opened.
    packets: u64,
    records: Vec<Recovered>,
    unopened: Vec<Unopened>,
}

/// A record and where it lies now.
#[derive(Serialize)]
struct Recovered {
    channel: ChannelName,
    epoch: Epoch,
    seq: u64,
    /// `file`, `refused`, `part` of a large file, or `incomplete`: parts of a file whose other parts are not among the packets.
    state: &'static str,
    key: String,
    name: String,
    /// Below the new folder; none for what is no whole file.
    path: Option<String>,
    bytes: u64,
    digest: Digest,
}

/// A file that could not be opened.
#[derive(Serialize)]
struct Unopened {
    file: String,
    code: String,
}

/// A file in parts on its way.
struct Parts {
    name: String,
    digests: Vec<Digest>,
}

pub(super) fn recover(args: &RecoverArgs, lang: Lang) -> Result<u8, EngineFault> {
    let key = SoftUnwrapper::from_secret(*read_recovery_key(&args.recovery_key)?);
    let card = read_keyring(&args.card)?;
    let mut index = Index::default();
    let found = find_packets(&args.packets, &card, &mut index)?;
    if found.is_empty() && index.unopened.is_empty() {
        return Err(nothing_in(&args.packets).into());
    }
    make_new(&args.out)?;
    let mut parts: HashMap<ChannelName, Parts> = HashMap::new();
    for ((channel, _, _, epoch, _), copies) in found {
        let mut unopened = Vec::new();
        for path in copies {
            match recover_packet(&path, (&channel, epoch), &card, &key, args, &mut parts, &mut index)? {
                // Further copies of it have nothing else.
                Ok(()) => {
                    unopened.clear();
                    break;
                }
                Err(code) => unopened.push(Unopened { file: path.display().to_string(), code }),
            }
        }
        index.unopened.extend(unopened);
    }
    let text = serde_json::to_vec_pretty(&index).unwrap_or_default();
    write_new(&args.out.join("index.json"), &text)?;
    let (packets, files) = (index.packets, index.records.iter().filter(|record| record.path.is_some()).count());
    let (unopened, out) = (index.unopened.len(), args.out.display());
    print(&say!(
        lang,
        "打开了 {packets} 个包，取出 {files} 个文件，在 {out} 下（清单 index.json）；{unopened} 个包没有打开。\n",
        "Opened {packets} packet(s): {files} file(s) are below {out} (listed in index.json); {unopened} packet(s) could not be opened.\n"
    ))?;
    if unopened > 0 {
        print(&say!(
            lang,
            "没打开的是哪些、为什么，见 index.json 的 unopened；全都打不开的，请核对密钥卡和恢复密钥是不是封装站的。\n",
            "Which and why stands in index.json under unopened; where none opens, check that card and recovery key are those of the station that sealed them.\n"
        ))?;
    }
    Ok(u8::from(unopened > 0))
}

fn nothing_in(packets: &Path) -> ConfigFault {
    let shown = packets.display();
    let sentence = |lang| {
        say!(
            lang,
            "{shown} 里没有留存的包，什么都没有写。请给出留存目录（spool/）、摆渡目录或光盘的副本。",
            "{shown} holds no packets, and nothing was written. Name a copy of a spool, of a ferry directory or of a disc."
        )
    };
    ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }
}

/// Copies of packets in the order they were sealed in: channel, epoch counter, seq.
type Found = BTreeMap<(ChannelName, u32, u64, Epoch, Digest), Vec<PathBuf>>;

fn find_packets(dir: &Path, card: &Keyring, index: &mut Index) -> Result<Found, ConfigFault> {
    let mut found = Found::new();
    for path in files_of(dir)? {
        match Front::read(&read_up_to(&path, FRONT_MAX as u64)?).and_then(|front| front.head(card)) {
            Ok(VerifiedHead { header, digest, .. }) if header.class == Class::Cargo => {
                if let Some(channel) = header.channel {
                    let place = (channel, header.epoch.counter, header.seq, header.epoch, digest);
                    found.entry(place).or_default().push(path);
                }
            }
            Ok(_) => {}
            Err(refusal) => {
                index.unopened.push(Unopened { file: path.display().to_string(), code: refusal.code().to_string() });
            }
        }
    }
    Ok(found)
}

/// Gives the files of a folder and of the volumes in it, but for what a volume has beside its packets.
fn files_of(dir: &Path) -> Result<Vec<PathBuf>, ConfigFault> {
    let mut files = Vec::new();
    let (volumes, here): (Vec<PathBuf>, Vec<PathBuf>) = entries_of(dir)?.into_iter().partition(|path| path.is_dir());
    files.extend(here);
    for volume in volumes {
        files.extend(entries_of(&volume)?);
    }
    let beside = |path: &Path| path.file_name().is_some_and(|name| [MANIFEST, LABEL, SHEET].iter().any(|other| name == *other));
    files.retain(|path| path.is_file() && !beside(path));
    Ok(files)
}

fn entries_of(dir: &Path) -> Result<Vec<PathBuf>, ConfigFault> {
    let entries = std::fs::read_dir(dir).map_err(|error| ConfigFault::unreadable(dir, &error))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

/// Opens a packet and writes its records; the inner error is the code of the step that failed.
fn recover_packet(
    path: &Path,
    (channel, epoch): (&ChannelName, Epoch),
    card: &Keyring,
    key: &SoftUnwrapper,
    args: &RecoverArgs,
    parts: &mut HashMap<ChannelName, Parts>,
    index: &mut Index,
) -> Result<Result<(), String>, ConfigFault> {
    let opened = read_whole(read_up_to(path, FILE_MAX)?).and_then(|mut bytes| {
        let head = read_head(&bytes, card)?;
        let payload = bytes.split_off(head.head_len.min(bytes.len()));
        head.check_payload(sha256(&[&payload]), payload.len() as u64)?;
        let plain = open_payload(&head, payload, &[key as &dyn Unwrapper])?;
        Ok((head.header.seq, decode_records(&head, plain)?))
    });
    let (seq, records) = match opened {
        Ok(opened) => opened,
        Err(refusal) => return Ok(Err(refusal.code().to_string())),
    };
    index.packets += 1;
    for record in records.iter() {
        let (state, path, bytes, digest) = recover_record(&args.out, channel, &record, parts)?;
        let (key, name) = (record.meta.key.clone(), record.meta.name.clone());
        index.records.push(Recovered { channel: channel.clone(), epoch, seq, state, key, name, path, bytes, digest });
    }
    Ok(Ok(()))
}

type Placed = (&'static str, Option<String>, u64, Digest);

fn recover_record(
    out: &Path,
    channel: &ChannelName,
    record: &Record<'_>,
    parts: &mut HashMap<ChannelName, Parts>,
) -> Result<Placed, ConfigFault> {
    let meta = record.meta;
    match meta.kind {
        RecordKind::File => {
            let path = place(out, channel, &meta.name, record.body_digest, |target| write_new(target, record.body))?;
            Ok(("file", Some(path), meta.body_len, record.body_digest))
        }
        RecordKind::Tombstone => Ok(("refused", None, meta.total_bytes, record.body_digest)),
        RecordKind::Withdrawal => {
            parts.remove(channel);
            Ok(("incomplete", None, 0, record.body_digest))
        }
        RecordKind::FilePart => recover_part(out, channel, record, parts),
        RecordKind::Row | RecordKind::LargeValue | RecordKind::Run => recover_row(out, channel, record),
    }
}

/// Appends a row change, each of a run, or a large value of the next one in hex, to the channel's rows, a line each; a run that cannot be read in hex, too.
fn recover_row(out: &Path, channel: &ChannelName, record: &Record<'_>) -> Result<Placed, ConfigFault> {
    let (meta, path) = (record.meta, out.join(format!("{channel}.rows.jsonl")));
    let table = serde_json::json!(meta.name);
    let line = match meta.kind {
        RecordKind::Row => {
            let body = String::from_utf8_lossy(record.body);
            format!("{{\"table\":{table},{}\n", body.strip_prefix('{').unwrap_or(&body))
        }
        RecordKind::Run => match RowRun::parse(&meta.name, &record.shared_body(), meta.part_count) {
            Ok(run) => run.changes().map(|change| String::from_utf8_lossy(&change.render_line()).into_owned() + "\n").collect(),
            Err(_) => format!("{{\"table\":{table},\"run\":\"{}\"}}\n", data_encoding::HEXLOWER.encode(record.body)),
        },
        _ => format!("{{\"table\":{table},\"large\":\"{}\"}}\n", data_encoding::HEXLOWER.encode(record.body)),
    };
    append(&path, line.as_bytes())?;
    Ok(("row", Some(path.display().to_string()), meta.body_len, record.body_digest))
}

/// Puts the parts of a file together beside its place; the last one gives it its name.
fn recover_part(
    out: &Path,
    channel: &ChannelName,
    record: &Record<'_>,
    parts: &mut HashMap<ChannelName, Parts>,
) -> Result<Placed, ConfigFault> {
    let (meta, beside) = (record.meta, out.join(format!(".{channel}.parts")));
    if meta.part_index == 0 {
        parts.insert(channel.clone(), Parts { name: meta.name.clone(), digests: Vec::new() });
        remove_if_there(&beside)?;
    }
    let incomplete = ("incomplete", None, meta.body_len, record.body_digest);
    let Some(begun) = parts.get_mut(channel) else { return Ok(incomplete) };
    if begun.name != meta.name || begun.digests.len() != meta.part_index as usize {
        return Ok(incomplete);
    }
    append(&beside, record.body)?;
    begun.digests.push(record.body_digest);
    if !meta.is_last_part() {
        return Ok(("part", None, meta.body_len, record.body_digest));
    }
    let whole = parts_digest(meta.total_bytes, &begun.digests);
    parts.remove(channel);
    if whole != meta.parts_digest {
        return Ok(incomplete);
    }
    // A hard link never takes the place of another file, which a rename would.
    let link = |target: &Path| std::fs::hard_link(&beside, target).map_err(|error| ConfigFault::unreadable(target, &error));
    let path = place(out, channel, &meta.name, whole, link)?;
    remove_if_there(&beside)?;
    Ok(("file", Some(path), meta.total_bytes, whole))
}

/// Finds a free path for a record and lets `write` make it there: its own, or for a further version one set apart by its digest.
fn place(
    out: &Path,
    channel: &ChannelName,
    name: &str,
    digest: Digest,
    write: impl Fn(&Path) -> Result<(), ConfigFault>,
) -> Result<String, ConfigFault> {
    let safe = safe_path(name).to_string();
    let apart = set_apart(&safe, &digest.to_string());
    for path in [safe, apart] {
        let target = out.join(channel.as_str()).join(&path);
        if std::fs::symlink_metadata(&target).is_ok() {
            continue;
        }
        let parent = target.parent().unwrap_or(out);
        let made = DirBuilder::new().recursive(true).mode(0o700).create(parent);
        made.map_err(|error| ConfigFault::unreadable(parent, &error))?;
        write(&target)?;
        return Ok(format!("{channel}/{path}"));
    }
    // The same record from another packet: it lies there already.
    Ok(format!("{channel}/{}", set_apart(safe_path(name).as_str(), &digest.to_string())))
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), ConfigFault> {
    let attempt = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    attempt().map_err(|error| ConfigFault::unreadable(path, &error))
}

fn append(path: &Path, bytes: &[u8]) -> Result<(), ConfigFault> {
    let opened = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    opened.and_then(|mut file| file.write_all(bytes)).map_err(|error| ConfigFault::unreadable(path, &error))
}

fn remove_if_there(path: &Path) -> Result<(), ConfigFault> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(ConfigFault::unreadable(path, &error)),
        _ => Ok(()),
    }
}

/// Makes the folder for the records; one that holds anything is refused.
fn make_new(dir: &Path) -> Result<(), ConfigFault> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|error| ConfigFault::unreadable(dir, &error))?;
    let mut entries = std::fs::read_dir(dir).map_err(|error| ConfigFault::unreadable(dir, &error))?;
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(ConfigFault::Taken { path: dir.to_path_buf() }),
    }
}

fn read_up_to(path: &Path, most: u64) -> Result<Vec<u8>, ConfigFault> {
    let mut bytes = Vec::new();
    let read = given::open_file(path).and_then(|file| file.take(most).read_to_end(&mut bytes));
    read.map_err(|error| ConfigFault::unreadable(path, &error))?;
    Ok(bytes)
}

/// Reads the recovery key from a file, or from standard input.
///
/// # Errors
/// [`ConfigFault::Refused`] when it is not a recovery key as `init` shows it.
pub(super) fn read_recovery_key(file: &Path) -> Result<Zeroizing<[u8; 32]>, ConfigFault> {
    let mut text = Zeroizing::new(Vec::new());
    let read = match file == Path::new("-") {
        true => std::io::stdin().lock().take(KEY_TEXT_MAX).read_to_end(&mut text),
        false => given::open_file(file).and_then(|file| file.take(KEY_TEXT_MAX).read_to_end(&mut text)),
    };
    read.map_err(|error| ConfigFault::unreadable(file, &error))?;
    let shown = file.display();
    parse_recovery_key(&text).map_err(|fault| {
        let sentence = |lang| match fault {
            KeyTextFault::Shape => say!(
                lang,
                "{shown} 里不是恢复密钥：应为 init 显示的 14 组、每组 4 个字符（A–Z、2–7）。请对照纸面重新输入。",
                "{shown} holds no recovery key: it is what init showed, 14 groups of 4 characters (A–Z, 2–7). Compare it with the paper and enter it again."
            ),
            KeyTextFault::Check => say!(
                lang,
                "{shown} 里的恢复密钥校验不符，有字符抄错了。请对照纸面逐组核对。",
                "The check of the recovery key in {shown} does not fit: a character is wrong. Compare it with the paper group by group."
            ),
        };
        ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }
    })
}

/// Why a text is no recovery key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyTextFault {
    Shape,
    Check,
}

/// Reads the form that `init` shows; blanks, line ends and the case of letters make no difference.
fn parse_recovery_key(text: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyTextFault> {
    let letters = text.iter().filter(|byte| !byte.is_ascii_whitespace()).map(u8::to_ascii_uppercase);
    let letters = Zeroizing::new(letters.collect::<Vec<u8>>());
    let bytes = Zeroizing::new(data_encoding::BASE32_NOPAD.decode(&letters).map_err(|_| KeyTextFault::Shape)?);
    let (secret, check) = bytes.split_first_chunk::<32>().ok_or(KeyTextFault::Shape)?;
    if check.len() != CHECK {
        return Err(KeyTextFault::Shape);
    }
    let expected = sha256(&[b"dukou-recovery-v1\0", secret]);
    match expected.as_bytes().starts_with(check) {
        true => Ok(Zeroizing::new(*secret)),
        false => Err(KeyTextFault::Check),
    }
}

#[cfg(test)]
mod tests {
    use super::super::init::recovery_text;
    use super::*;

    #[test]
    fn the_recovery_key_is_read_as_init_shows_it_and_every_wrong_character_is_noticed() {
        let secret = [0xA7; 32];
        let shown = recovery_text(&secret);
        for text in
            [shown.clone(), shown.to_lowercase(), shown.replace(' ', ""), format!("\n {}\r\n", shown.replace(' ', "\n"))]
        {
            assert_eq!(parse_recovery_key(text.as_bytes()).map(|key| *key), Ok(secret), "{text}");
        }
        for at in (0..shown.len()).filter(|at| shown.as_bytes()[*at] != b' ') {
            let mut wrong = shown.clone().into_bytes();
            wrong[at] = if wrong[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(parse_recovery_key(&wrong).map(|key| *key), Err(KeyTextFault::Check), "character {at}");
        }
        for text in ["", "ABCD", "0189", &shown[1..], &format!("{shown} AAAA")] {
            assert_eq!(parse_recovery_key(text.as_bytes()).map(|key| *key), Err(KeyTextFault::Shape), "{text}");
        }
    }
}
