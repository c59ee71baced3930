//! Intake: what a channel that says `cargo` makes of each of its files, on both sides.
//!
//! Given: a whole file, before it is packed on the one side and before it is staged on the other. Gives: from one reading of it, a verdict by the first error
//! and the channel's `on_error`, and what it says of a day; how many files were flagged or refused, stored with their packet. After a crash: the file is
//! read again, to the same end.
//! Never: a change of the bytes, a file stopped by a warning, a record's name in the packet log or the journal.

use crate::channel::{CargoKind, Channel, OnError};
use crate::connectors::Candidate;
use crate::connectors::folder::aside::with_room;
use crate::connectors::folder::names::{safe_path, set_apart};
use crate::engine::{Engine, PassReport};
use crate::error::{ConfigFault, EngineFault};
use crate::lang::{Lang, cut};
use crate::reason;
use crate::registration::cargo::Cargo;
use crate::registration::checks::{Linted, Said, examine};
use crate::registration::day::day_mark::DayMark;
use crate::registration::day::facts::Progress;
use crate::registration::finding::Level;
use crate::registration::kept::Learnt;
use crate::registration::official::Installed;
use crate::registration::reference::Reference;
use crate::registration::write_off;
use crate::say;
use crate::schema::bundle::BundleFault;
use crate::schema::versions::{Believed, bundle_at};
use crate::seams::FileFault;
use crate::send::screen::Refused;
use crate::station::Station;
use crate::store::book::BookChange;
use crate::store::facts::Fact;
use crate::store::{Change, Direction, PacketRow, RecordRow, SourceStamp};
use crate::trouble::Trouble;
use dukou_packets::packet::header::{ChannelName, Epoch};
use dukou_packets::packet::records::RecordKind;
use dukou_packets::suite::Digest;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

/// The hold of a channel at a file with errors, and the code of the line that lets one go on.
pub(crate) const CARGO: &str = "cargo";

/// What the reason of a record begins with that this side received and refused.
const REFUSED_HERE: &str = "refused-here:";

/// Longest sentence about a file that is kept, in bytes.
const WORDS_MAX: usize = 1000;

/// Most files that persons let go and that have not gone yet.
const LET_GO_MAX: usize = 1000;

/// Reads each file of one channel once.
#[derive(Debug)]
pub(crate) struct Intake {
    /// What the files are.
    pub(crate) kind: CargoKind,
    on_error: OnError,
    said: Said,
    /// The official schemas: of the bundle in force, and without one those that are installed below `reference/xsd/`.
    official: Installed,
    /// The version of the channel's end whose bundle that is; none for the first.
    version: Option<Digest>,
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Flaw {
    /// The finding's code.
    pub(crate) code: String,
    /// What is wrong and what to do, in Chinese and in English.
    pub(crate) sentence: [String; 2],
}

/// What becomes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It has no error.
    Clean,
    /// It crosses, and is flagged.
    Flagged(Flaw),
    /// It waits for a person.
    Held(Flaw),
    /// It is refused.
    Refused(Flaw),
}

impl Intake {
    /// Makes a channel's intake; `None` where it does not say what its files are.
    ///
    /// # Errors
    /// [`ConfigFault::Schemas`] for official schemas that are there and cannot be used.
    pub(crate) fn of(station: &Station, channel: &Channel) -> Result<Option<Self>, ConfigFault> {
        let Some(kind) = channel.cargo else { return Ok(None) };
        let dir = station.dir.join("reference").join("xsd");
        let official = Installed::load(&dir)?;
        Ok(Some(Self { kind, on_error: channel.on_error, said: channel.said(), official, version: None }))
    }

    /// Judges from here on by the reference data in force at a version of the channel's end; false where it did already.
    fn go_by(&mut self, version: Digest, book: &[BookChange]) -> Result<bool, BundleFault> {
        if self.version == Some(version) {
            return Ok(false);
        }
        if let Some(bundle) = bundle_at(book, &version) {
            let (reference, official) = Reference::read(&bundle.open()?)?;
            (self.said.reference, self.official) = (Some(Arc::new(reference)), official);
        }
        self.version = Some(version);
        Ok(true)
    }

    /// Reads a whole file: what becomes of it, and what it says.
    pub(crate) fn read(&self, name: &str, body: &[u8]) -> (Verdict, Learnt) {
        match self.kind {
            CargoKind::DayMarks => {
                let mark = DayMark::decode(body);
                (Verdict::Clean, mark.map_or(Learnt::Nothing, Learnt::DayMark))
            }
            CargoKind::WriteOff => {
                let (linted, rows) = write_off::examine(body, &self.said);
                (self.verdict(&linted), Learnt::WriteOffs(rows))
            }
            kind => {
                let learn = |cargo: &Cargo<'_>, edition| Learnt::of(kind, cargo, edition);
                let (linted, learnt) = examine(name, body, &self.said, Some(&self.official), learn);
                (self.verdict(&linted), learnt.unwrap_or_default())
            }
        }
    }

    fn verdict(&self, linted: &Linted) -> Verdict {
        let Some(flaw) = self.first_flaw(linted, |_| true) else { return Verdict::Clean };
        match self.on_error {
            OnError::Carry => Verdict::Flagged(flaw),
            OnError::Hold => Verdict::Held(flaw),
            OnError::Reject => {
                let is_refused = |code: &str| linted.kind == "unreadable" || code == "area-foreign";
                self.first_flaw(linted, is_refused).map_or(Verdict::Flagged(flaw), Verdict::Refused)
            }
        }
    }

    fn first_flaw(&self, linted: &Linted, counts: impl Fn(&str) -> bool) -> Option<Flaw> {
        let told = linted.findings.told.iter().filter(|finding| finding.level == Level::Error);
        let found = told.map(|finding| (finding.code, finding.sentence.clone())).find(|(code, _)| counts(code));
        let flaw = found.or_else(|| self.misplaced(linted).filter(|(code, _)| counts(code)));
        flaw.map(|(code, sentence)| Flaw { code: code.to_string(), sentence: sentence.map(|words| cut(&words, WORDS_MAX)) })
    }

    /// Tells that a document of another kind lies in the channel.
    fn misplaced(&self, linted: &Linted) -> Option<(&'static str, [String; 2])> {
        let (wanted, [zh, en]) = match self.kind {
            CargoKind::Messages => ("message", ["接入报文", "reporting messages"]),
            CargoKind::Responses => ("response", ["响应报文", "responses"]),
            CargoKind::Logs => ("log", ["登簿日志", "registration logs"]),
            CargoKind::LogReplies => ("log-reply", ["登簿日志的回执", "replies to registration logs"]),
            // They are no XML, and told apart by their own readers.
            CargoKind::DayMarks | CargoKind::WriteOff => return None,
        };
        let sentence = |lang| {
            say!(
                lang,
                "文件不是本通道（cargo）要的{zh}。请确认放对了通道。",
                "The file is not what the channel carries by its cargo setting, {en}. Check that it is the right channel."
            )
        };
        (linted.kind != wanted).then(|| ("kind-misplaced", [Lang::Zh, Lang::En].map(sentence)))
    }
}

/// How many files of a channel had errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Files that crossed all the same.
    pub(crate) flagged: u64,
    /// Files that arrived and were refused here.
    pub(crate) refused: u64,
}

/// How many files had errors, by channel: a fact in the store.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Flags(pub(crate) BTreeMap<ChannelName, Counts>);

impl Fact for Flags {
    const NAME: &str = "cargo-flags";
}

/// The file at which a channel is held: a fact in the store, written before the hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HeldFile {
    pub(crate) seq: u64,
    pub(crate) name: String,
    pub(crate) flaw: Flaw,
}

/// The files at which channels are held.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct HeldFiles(pub(crate) BTreeMap<ChannelName, HeldFile>);

impl Fact for HeldFiles {
    const NAME: &str = "cargo-held";
}

/// What persons let go on in spite of its errors: a fact in the store.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct LetGo {
    /// Files that have not left yet, by their bytes.
    out: Vec<(ChannelName, String, Digest)>,
    /// The packet of each channel at which it was held last.
    packets: BTreeMap<ChannelName, (Epoch, u64)>,
}

impl Fact for LetGo {
    const NAME: &str = "cargo-let-go";
}

impl LetGo {
    /// Adds a file that is to leave; false when too many wait.
    pub(crate) fn add(&mut self, channel: &ChannelName, name: &str, digest: Digest) -> bool {
        if self.out.len() >= LET_GO_MAX {
            return false;
        }
        self.out.retain(|(of, known, _)| (of, known.as_str()) != (channel, name));
        self.out.push((channel.clone(), name.to_string(), digest));
        true
    }

    /// Adds a packet that is to be applied.
    pub(crate) fn add_packet(&mut self, channel: &ChannelName, epoch: Epoch, seq: u64) {
        self.packets.insert(channel.clone(), (epoch, seq));
    }
}

/// Files of a source that wait for a person, as they were when they were judged.
pub(crate) type Waiting = HashMap<String, (SourceStamp, Flaw)>;

/// What becomes of a record that arrived.
pub(crate) enum Arrived {
    /// It is staged; the code of its error, or nothing.
    Staged(String),
    /// Its packet waits for a person.
    Held,
    /// It lies in `rejected/`; the reason for its row.
    Refused(String),
}

/// What becomes of a file that would leave.
pub(crate) enum Leaving {
    /// It is packed; the code of its error, or nothing, and what it says.
    Goes(String, Learnt),
    /// It stays where it is until a person decides or another one takes its place.
    Waits,
    /// Its tombstone is packed.
    Refused(Refused),
}

/// Gives the code of a record that this side received and refused.
pub(crate) fn refused_here(record: &RecordRow) -> Option<&str> {
    record.reason.strip_prefix(REFUSED_HERE).filter(|_| record.kind == RecordKind::Withdrawal)
}

/// Tells of a file that waits at its source.
fn tell_waiting(channel: &ChannelName, name: &str, flaw: &Flaw, report: &mut PassReport) {
    let Flaw { code, sentence: [why_zh, why_en] } = flaw;
    let sentence = |lang| {
        say!(
            lang,
            "通道 {channel} 的文件 {name} 有错误（{code}），按 on_error = hold 没有送出：{why_zh}改正后以同名放入即可；要照原样送出，由负责人运行 let-go {channel} --file {name}。",
            "File {name} of channel {channel} has an error ({code}) and was not sent, as on_error = hold says: {why_en} Drop a corrected one under its name; to send it as it is, the person in charge runs let-go {channel} --file {name}."
        )
    };
    let journal = format!("{channel}: a file waits for a person / 有文件等人处理 ({code}); status names it / 见 status");
    let [zh, en] = [Lang::Zh, Lang::En].map(sentence);
    report.troubles.push(Trouble { code: CARGO.into(), zh, en, journal });
}

impl Engine {
    /// Tells whether a person let these bytes leave under this name.
    pub(crate) fn is_let_go(&self, channel: &ChannelName, name: &str, digest: Digest) -> Result<bool, EngineFault> {
        let let_go = self.state.fact::<LetGo>()?;
        Ok(let_go.out.iter().any(|(of, known, bytes)| (of, known.as_str(), *bytes) == (channel, name, digest)))
    }

    /// Tells whether a file was judged before, is the same, and waits for a person.
    pub(crate) fn still_waits(&self, at: usize, candidate: &Candidate, report: &mut PassReport) -> bool {
        let outgoing = self.outgoing(at);
        let waits = outgoing.waiting.get(&candidate.name).filter(|(stamp, _)| *stamp == candidate.stat.stamp());
        let Some((_, flaw)) = waits else { return false };
        tell_waiting(&outgoing.channel.channel, &candidate.name, flaw, report);
        true
    }

    /// Lets each channel's files be judged by the reference data in force at its end; at start, and when an end came to another version.
    pub(crate) fn go_by_reference(&mut self) -> Result<(), EngineFault> {
        let believed = self.state.fact::<Believed>()?;
        let book = if believed.ends.is_empty() { Vec::new() } else { self.store().book()? };
        let unusable = |channel: &ChannelName, fault: &BundleFault| {
            let sentence = |lang| {
                let words = fault.words(lang);
                say!(
                    lang,
                    "通道 {channel} 现行的基准资料包本程序不能用（{words}）；没有处理任何文件。请换回启用它时的程序版本，或升级。",
                    "This program cannot use the reference data in force for channel {channel} ({words}); no file was touched. Install the version that took it, or a newer one."
                )
            };
            EngineFault::from(ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) })
        };
        for outgoing in &mut self.outgoing {
            let channel = &outgoing.channel.channel;
            if let (Some(intake), Some(version)) = (&mut outgoing.intake, believed.of(channel))
                && intake.go_by(version, &book).map_err(|fault| unusable(channel, &fault))?
            {
                // What waits was judged by the data before.
                outgoing.waiting.clear();
            }
        }
        for (channel, incoming) in &mut self.incoming {
            if let (Some(intake), Some(version)) = (&mut incoming.intake, believed.of(channel)) {
                intake.go_by(version, &book).map_err(|fault| unusable(channel, &fault))?;
            }
        }
        Ok(())
    }

    /// Judges a file before it is packed.
    pub(crate) fn judge_leaving(
        &mut self,
        at: usize,
        candidate: &Candidate,
        body: &[u8],
        digest: Digest,
        report: &mut PassReport,
    ) -> Result<Leaving, EngineFault> {
        let name = &candidate.name;
        let read = self.outgoing(at).intake.as_ref().map(|intake| intake.read(name, body));
        let (verdict, learnt) = read.unwrap_or((Verdict::Clean, Learnt::Nothing));
        Ok(match verdict {
            Verdict::Clean => Leaving::Goes(String::new(), learnt),
            Verdict::Flagged(flaw) => Leaving::Goes(flaw.code, learnt),
            Verdict::Refused(Flaw { code, sentence }) => Leaving::Refused(Refused { code, sentence }),
            Verdict::Held(flaw) => {
                let channel = self.channel_name(at);
                if self.again.is_some() || self.is_let_go(&channel, name, digest)? {
                    return Ok(Leaving::Goes(flaw.code, learnt));
                }
                tell_waiting(&channel, name, &flaw, report);
                let waits = (candidate.stat.stamp(), flaw);
                self.outgoing.get_mut(at).map(|outgoing| outgoing.waiting.insert(name.clone(), waits));
                Leaving::Waits
            }
        })
    }

    /// Judges a record that arrived, before it is staged.
    pub(crate) fn judge_arrived(
        &mut self,
        channel: &ChannelName,
        packet: &PacketRow,
        row: &RecordRow,
        body: &[u8],
    ) -> Result<(Arrived, Learnt), EngineFault> {
        let intake = self.incoming.get(channel).and_then(|incoming| incoming.intake.as_ref());
        let Some(intake) = intake else { return Ok((Arrived::Staged(String::new()), Learnt::Nothing)) };
        let (verdict, learnt) = intake.read(&row.name, body);
        let arrived = match verdict {
            Verdict::Clean => Arrived::Staged(String::new()),
            Verdict::Flagged(flaw) => Arrived::Staged(flaw.code),
            Verdict::Held(flaw) => {
                let let_go = self.state.fact::<LetGo>()?.packets.get(channel).copied();
                if let_go == Some((packet.key.epoch, packet.key.seq)) {
                    return Ok((Arrived::Staged(flaw.code), learnt));
                }
                let mut changes = self.cards_of_record(&packet.key, row, learnt, Progress::Held(flaw.code.clone()));
                let mut held = self.state.fact::<HeldFiles>()?;
                held.0.insert(channel.clone(), HeldFile { seq: packet.key.seq, name: row.name.clone(), flaw });
                changes.push(Change::fact(&held)?);
                self.commit_store(changes)?;
                return Ok((Arrived::Held, Learnt::Nothing));
            }
            Verdict::Refused(flaw) => {
                self.put_refused_away(channel, row, body, &flaw)?;
                Arrived::Refused(format!("{REFUSED_HERE}{}", flaw.code))
            }
        };
        Ok((arrived, learnt))
    }

    /// Writes a refused file with its reasons below `rejected/`. Staged once more it meets itself; another file's place is never taken.
    fn put_refused_away(&self, channel: &ChannelName, row: &RecordRow, body: &[u8], flaw: &Flaw) -> Result<(), FileFault> {
        let files = self.seams.files.as_ref();
        let below = with_room(safe_path(&row.name).as_str());
        let dir = self.station.rejected_dir(channel);
        let place = dir.join(&below);
        let target = match files.stat(&place) {
            Ok(None) => place,
            Ok(Some(stat)) if stat.is_file && stat.len == body.len() as u64 && files.read(&place, stat.len)? == body => place,
            _ => dir.join(set_apart(&below, &row.digest.to_string())),
        };
        files.make_dirs(target.parent().unwrap_or(Path::new("")))?;
        let [zh, en] = &flaw.sentence;
        let told = json!({ "name": row.name, "code": flaw.code, "zh": zh, "en": en });
        reason::write(files, &target, say!(self.lang(), "{zh}", "{en}").as_str(), &told)?;
        files.replace(&target, body)
    }

    /// Gives the changes that go with the records of new packets: what is counted of their errors, and what persons let go and went.
    pub(crate) fn of_cargo<'a>(
        &self,
        direction: Direction,
        channel: &ChannelName,
        rows: impl Iterator<Item = &'a RecordRow>,
    ) -> Result<Vec<Change>, EngineFault> {
        let mut let_go = self.state.fact::<LetGo>()?;
        let (waited, mut counts) = (let_go.out.len(), Counts::default());
        for row in rows {
            let is_file = row.kind == RecordKind::File;
            counts.flagged += u64::from(is_file && !row.reason.is_empty());
            counts.refused += u64::from(refused_here(row).is_some());
            if direction == Direction::Out && is_file {
                let_go.out.retain(|(of, name, _)| (of, name) != (channel, &row.name));
            }
        }
        let mut changes = Vec::new();
        if counts != Counts::default() {
            let mut flags = self.state.fact::<Flags>()?;
            let sums = flags.0.entry(channel.clone()).or_default();
            sums.flagged += counts.flagged;
            sums.refused += counts.refused;
            changes.push(Change::fact(&flags)?);
        }
        if let_go.out.len() < waited {
            changes.push(Change::fact(&let_go)?);
        }
        Ok(changes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOREIGN: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Message><Head><BizMsgID>150722240315000001</BizMsgID><AreaCode>150722</AreaCode></Head><Data/></Message>";

    fn verdict(on_error: OnError, name: &str, body: &[u8]) -> Verdict {
        let said = Said { areas: ["150721".to_string()].into(), ..Said::default() };
        Intake { kind: CargoKind::Messages, on_error, said, official: Installed::default(), version: None }.read(name, body).0
    }

    fn code(verdict: &Verdict) -> &str {
        match verdict {
            Verdict::Clean => "",
            Verdict::Flagged(flaw) | Verdict::Held(flaw) | Verdict::Refused(flaw) => &flaw.code,
        }
    }

    #[test]
    fn what_becomes_of_a_file_with_errors_is_for_the_channel_to_say() {
        let foreign = |on_error| verdict(on_error, "Biz150722240315000001.xml", FOREIGN);
        assert!(matches!(foreign(OnError::Carry), Verdict::Flagged(_)));
        assert!(matches!(foreign(OnError::Hold), Verdict::Held(_)));
        assert!(matches!(foreign(OnError::Reject), Verdict::Refused(_)));
        assert!(matches!(verdict(OnError::Reject, "Biz1.xml", b"<Message>"), Verdict::Refused(_)));
    }

    #[test]
    fn only_what_cannot_be_read_or_is_another_countys_is_refused() {
        let ours = String::from_utf8(FOREIGN.to_vec()).unwrap().replace("150722", "150721");
        let misnamed = verdict(OnError::Reject, "Biz1.xml", ours.as_bytes());
        assert!(matches!(misnamed, Verdict::Flagged(_)), "{misnamed:?}");
        assert_eq!(code(&misnamed), "file-name");
    }

    #[test]
    fn a_document_of_another_kind_is_told() {
        let log = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><respond><BizMsgID>150721240315000001</BizMsgID><SuccessFlag>1</SuccessFlag></respond>";
        let found = verdict(OnError::Carry, "Rep150721240315000001.xml", log);
        assert_eq!(code(&found), "kind-misplaced", "{found:?}");
    }
}
