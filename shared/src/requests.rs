//! What a person asks a station to do: resend, waive, release, send again, trust.
//!
//! Given: a request on the command line. Gives: an answer. With no other process at work the command opens the engine itself; beside one it
//! leaves a file in `state/requests/` (see [`mailbox`]) and waits for the answer or for the station to become free, so that there is one writer.
//! After a crash: a request without an answer is performed at the next start; each is safe to perform twice but `send --again`, and that
//! one is remembered in the store. Never: a decision without an account name and a log line.

mod acknowledge;
mod again;
mod decide_difference;
mod epoch;
mod gap_report;
mod import_markers;
mod let_go;
mod mailbox;
mod maintenance;
mod prove;
mod push;
mod renew;
pub mod renumbered;
mod replay;
mod replay_rows;
mod reseal;
mod resend;
mod resend_report;
pub mod structure;
pub(crate) mod trust;
mod waive;

pub(crate) use self::mailbox::requests_dir;
pub use self::mailbox::{Asked, ask_running, unfit_requests};

use crate::engine::Engine;
use crate::epoch::decisions::Person;
use crate::error::{ConfigFault, EngineFault};
use crate::lang::Lang;
use crate::media::write::DiscOrder;
use crate::reporting::decide_message::DecideMessage;
use crate::reporting::request::LogRequest;
use crate::reporting::resubmit::ResubmitRequest;
use crate::say;
use crate::store::Direction;
use dukou_packets::packet::header::ChannelName;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A person's request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "kebab-case")]
pub enum Request {
    /// Place retained packets in the ferry directory again, byte for byte.
    Resend {
        /// The channel.
        channel: ChannelName,
        /// First number.
        from: u64,
        /// Last number.
        to: u64,
        /// Account of the person.
        operator: String,
    },
    /// Make the next gap report.
    ReportGaps,
    /// Tell the token of the state: another process wants to know whether both see one directory.
    Prove,
    /// Place again whatever a signed gap report of the peer names.
    ResendReport {
        /// The report's text.
        report: String,
        /// Account of the person.
        operator: String,
    },
    /// Place again whatever rows of a gap report name.
    ResendRows {
        /// What the person typed.
        rows: String,
        /// Account of the person.
        operator: String,
    },
    /// Go on without missing packets.
    Waive {
        /// The channel.
        channel: ChannelName,
        /// First number: the channel's next.
        from: u64,
        /// Last number.
        to: u64,
        /// Account of the person: what the packet log names.
        operator: String,
        /// Who decides, by name: stays in the store.
        name: String,
        /// Why.
        reason: String,
    },
    /// End a hold after its cause was looked into.
    Release {
        /// The channel.
        channel: ChannelName,
        /// Account of the person.
        operator: String,
    },
    /// Let a file go on in spite of its errors.
    LetGo {
        /// The channel.
        channel: ChannelName,
        /// The file's path below the source folder; none where the channel is held at one that arrived.
        file: Option<String>,
        /// Account of the person: what the packet log names.
        operator: String,
        /// Who decides, by name: stays in the store.
        name: String,
        /// Why.
        reason: String,
    },
    /// Send a held-back repeat all the same.
    SendAgain {
        /// The channel.
        channel: ChannelName,
        /// The file, below `duplicates/<channel>/`.
        file: PathBuf,
        /// Account of the person.
        operator: String,
        /// Why.
        reason: String,
    },
    /// Write what lies in the ferry directory to a disc.
    MediaWrite {
        /// The directory to write to.
        dir: PathBuf,
        /// Who makes it, by name: stays in the store.
        maker: String,
        /// Who is to receive it, by name.
        receiver: String,
        /// What people call it; may be empty.
        title: String,
        /// Account of the person.
        operator: String,
    },
    /// Read volumes of discs in.
    MediaRead {
        /// Their directories.
        dirs: Vec<PathBuf>,
        /// Account of the person.
        operator: String,
    },
    /// Accept a peer's card.
    Trust {
        /// The card's text.
        card: String,
        /// Whether the fingerprint was compared.
        compared: bool,
        /// Channels the peer may send on.
        channels: Vec<ChannelName>,
        /// Account of the person.
        operator: String,
        /// Who puts it in the place of another peer, and why; none where it may not be another one.
        #[serde(default)]
        replace: Option<Replacing>,
    },
    /// Take note of an open alarm.
    Acknowledge {
        /// The alarm's code.
        code: String,
        /// The channel it is about.
        channel: Option<ChannelName>,
        /// Account of the person: what the packet log names.
        operator: String,
        /// Who takes note, by name: stays in the store.
        name: String,
    },
    /// Note what a person decided about a difference of a county's day.
    DecideDifference(Box<crate::registration::kept::KeptDecision>),
    /// Expect silence and lateness for a time.
    Maintenance {
        /// Wall clock in milliseconds at which it ends.
        until_ms: i64,
        /// Account of the person: what the packet log names.
        operator: String,
        /// Who decides, by name: stays in the store.
        name: String,
        /// Why.
        reason: String,
    },
    /// Open a new epoch behind what the receiver really has.
    EpochNew {
        /// The receiver's gap report.
        card: String,
        /// One channel, or every one that leaves from here.
        channel: Option<ChannelName>,
        /// Account of the person.
        operator: String,
        /// Who decides, by name: stays in the store.
        name: String,
        /// Why.
        reason: String,
    },
    /// End a maintenance before its time.
    MaintenanceEnd {
        /// Account of the person.
        operator: String,
    },
    /// Take on an epoch of the peer's that does not begin behind what is here.
    EpochAccept {
        /// The channel.
        channel: ChannelName,
        /// Account of the person.
        operator: String,
        /// Who decides, by name: stays in the store.
        name: String,
        /// Why.
        reason: String,
    },
    /// Deliver applied packets to the sink once more.
    Replay {
        /// The channel.
        channel: ChannelName,
        /// The first packet.
        from: u64,
        /// Account of the person.
        operator: String,
        /// Who decides, by name: stays in the store.
        name: String,
        /// Why.
        reason: String,
    },
    /// Send the rows that a channel's tables hold already.
    Push {
        /// The channel.
        channel: ChannelName,
        /// One table, or all.
        table: Option<String>,
        /// A condition in SQL of the source's database, where only some rows are wanted; stays in the store.
        filter: Option<String>,
        /// Account of the person.
        operator: String,
    },
    /// Take on the next version of the own keyring, in which nothing but approvers changes.
    Renew {
        /// The keyring's text.
        keyring: String,
        /// Account of the person.
        operator: String,
    },
    /// Decide about a structure change.
    Structure {
        /// What.
        act: structure::Act,
        /// Account of the person.
        operator: String,
        /// Who decides, by name: stays in the store.
        name: String,
        /// Why.
        reason: String,
    },
    /// Take in marker packets that were carried by hand.
    ImportMarkers {
        /// The file with them.
        file: PathBuf,
        /// Account of the person.
        operator: String,
    },
    /// Build a county's daily log, send it, or decide about it.
    DailyLog(LogRequest),
    /// Decide about a message that waits on its way to the front machine.
    DecideMessage(DecideMessage),
    /// Order a re-report.
    Resubmit(ResubmitRequest),
    /// Seal the records of retained packets anew.
    Reseal {
        /// One channel, or every one that leaves from here.
        channel: Option<ChannelName>,
        /// The first packet of each epoch.
        from: u64,
        /// Account of the person.
        operator: String,
        /// Who decides, by name: stays in the store.
        name: String,
        /// Why.
        reason: String,
    },
}

/// A person's decision to put another peer in the place of the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replacing {
    /// Who decides, by name: stays in the store.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// A person's decision to send a repeat again, on its way to the packet.
pub(crate) struct Again {
    /// The request's file, without its ending; none for a command that opened the engine itself.
    pub(crate) request: Option<String>,
    pub(crate) operator: String,
    pub(crate) reason: String,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Exit code of the command.
    pub exit: u8,
    /// Chinese sentence.
    pub zh: String,
    /// English sentence.
    pub en: String,
    /// How many packets or files it was about.
    pub count: u64,
    /// The document that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
}

impl Answer {
    pub(crate) fn done(count: u64, sentence: impl Fn(Lang) -> String) -> Self {
        Self { exit: 0, zh: sentence(Lang::Zh), en: sentence(Lang::En), count, document: None }
    }

    pub(crate) fn no(sentence: impl Fn(Lang) -> String) -> Self {
        Self { exit: 2, zh: sentence(Lang::Zh), en: sentence(Lang::En), count: 0, document: None }
    }

    /// Gives the sentence in a language.
    pub fn sentence(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }
}

impl Engine {
    /// Performs a request.
    ///
    /// # Errors
    /// [`EngineFault`]: the engine must be opened anew; the request may be made again.
    pub fn perform(&mut self, request: &Request) -> Result<Answer, EngineFault> {
        match request {
            Request::Resend { channel, from, to, operator } => match self.wrong_way(channel, Direction::Out) {
                Some(no) => Ok(no),
                None => self.resend(channel, *from, *to, operator),
            },
            Request::ReportGaps => self.report_gaps(),
            Request::Prove => self.prove(),
            Request::ResendReport { report, operator } => self.resend_report(report, operator),
            Request::ResendRows { rows, operator } => self.resend_rows(rows, operator),
            Request::Waive { channel, from, to, operator, name, reason } => match self.wrong_way(channel, Direction::In) {
                Some(no) => Ok(no),
                None => self.waive(channel, (*from, *to), operator, (name, reason)),
            },
            Request::Release { channel, operator } => match self.wrong_way(channel, Direction::In) {
                Some(no) => Ok(no),
                None => {
                    self.barrier.begin_anew();
                    self.release(channel, operator)
                }
            },
            Request::LetGo { channel, file, operator, name, reason } => {
                self.let_file_go(channel, file.as_deref(), &Person { operator, name, reason })
            }
            Request::SendAgain { channel, file, operator, reason } => {
                self.send_again(channel, file, Again { request: None, operator: operator.clone(), reason: reason.clone() })
            }
            Request::MediaWrite { dir, maker, receiver, title, operator } => {
                let [maker, receiver, title, operator] = [maker, receiver, title, operator].map(Clone::clone);
                self.media_write(&DiscOrder { dir: dir.clone(), maker, receiver, title, operator })
            }
            Request::MediaRead { dirs, operator } => self.media_read(dirs, operator),
            Request::Acknowledge { code, channel, operator, name } => self.acknowledge(code, channel.as_ref(), operator, name),
            Request::DecideDifference(decided) => self.decide_difference(decided),
            Request::Maintenance { until_ms, operator, name, reason } => {
                self.begin_maintenance(*until_ms, operator, (name, reason))
            }
            Request::MaintenanceEnd { operator } => self.end_maintenance(operator),
            Request::DailyLog(request) => self.daily_log(request),
            Request::DecideMessage(decision) => self.decide_message(decision),
            Request::Resubmit(request) => self.resubmit(request),
            Request::Trust { card, compared, channels, operator, replace } => {
                self.barrier.begin_anew();
                self.accept(card, *compared, channels, operator, replace.as_ref())
            }
            Request::EpochNew { card, channel, operator, name, reason } => {
                match channel.as_ref().and_then(|channel| self.wrong_way(channel, Direction::Out)) {
                    Some(no) => Ok(no),
                    None => self.epoch_new(card, channel.as_ref(), &Person { operator, name, reason }),
                }
            }
            Request::EpochAccept { channel, operator, name, reason } => match self.wrong_way(channel, Direction::In) {
                Some(no) => Ok(no),
                None => self.epoch_accept(channel, &Person { operator, name, reason }),
            },
            Request::Replay { channel, from, operator, name, reason } => match self.wrong_way(channel, Direction::In) {
                Some(no) => Ok(no),
                None => self.replay(channel, *from, &Person { operator, name, reason }),
            },
            Request::Push { channel, table, filter, operator } => match self.wrong_way(channel, Direction::Out) {
                Some(no) => Ok(no),
                None => {
                    let (table, filter) = (table.as_deref(), filter.as_deref());
                    self.push_stock(channel, &push::Wanted { table, filter, operator })
                }
            },
            Request::Renew { keyring, operator } => {
                self.barrier.begin_anew();
                self.renew(keyring, operator)
            }
            Request::Structure { act, operator, name, reason } => {
                self.barrier.begin_anew();
                self.decide_structure(act, &Person { operator, name, reason })
            }
            Request::ImportMarkers { file, .. } => self.import_markers(file),
            Request::Reseal { channel, from, operator, name, reason } => {
                match channel.as_ref().and_then(|channel| self.wrong_way(channel, Direction::Out)) {
                    Some(no) => Ok(no),
                    None => self.reseal(channel.as_ref(), *from, (operator, name, reason), &[]),
                }
            }
        }
    }

    /// Tells why a request about a channel belongs to no station or to the other one.
    fn wrong_way(&self, channel: &ChannelName, wanted: Direction) -> Option<Answer> {
        let leaves = self.outgoing.iter().any(|outgoing| outgoing.channel.channel == *channel);
        let found = if leaves { Direction::Out } else { Direction::In };
        if !leaves && !self.incoming.contains_key(channel) {
            let fault = ConfigFault::NoChannel { name: channel.to_string() };
            return Some(Answer::no(|lang| fault.sentence(lang)));
        }
        (found != wanted).then(|| {
            Answer::no(|lang| match wanted {
                Direction::Out => say!(lang, "通道 {channel} 在本站是收方，重发请在发送方的站上运行。", "This station receives channel {channel}; run resend on the sending station."),
                Direction::In => say!(lang, "通道 {channel} 由本站发出，不会在这里缺包或暂停（gaps 和 status 可查）；请在接收方的站上运行。", "This station sends channel {channel}, it has no gaps or holds here (see gaps and status); run this on the receiving station."),
            })
        })
    }
}
