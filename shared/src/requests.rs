//! What a person asks a station to do: resend, waive, release, send again, trust.
//!
//! Given: a request on the command line. Gives: an answer. With no other process at work the command opens the engine itself; beside one it
//! leaves a file in `state/requests/` (see [`mailbox`]) and waits for the answer or for the station to become free, so that there is one writer.
//! After a crash: a request without an answer is performed at the next start; each is safe to perform twice but `send --again`, and that
//! one is remembered in the store. Never: a decision without an account name and a log line.

mod mailbox;

pub use self::mailbox::{Asked, ask_running, unfit_requests};

use self::mailbox::REQUEST_MAX;
use crate::engine::{Engine, PassReport};
use crate::error::{ConfigFault, EngineFault};
use crate::keys::{Grant, Trust};
use crate::lang::Lang;
use crate::reason;
use crate::report::range_text;
use crate::say;
use crate::seams::FileCause;
use crate::send::collect::Collecting;
use crate::station::Station;
use crate::store::{Change, Direction, InHead, PacketRow, PacketState, Waiver};
use dukou_packets::keyring::Keyring;
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::ChannelName;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

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
    },
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
}

impl Answer {
    fn done(count: u64, sentence: impl Fn(Lang) -> String) -> Self {
        Self { exit: 0, zh: sentence(Lang::Zh), en: sentence(Lang::En), count }
    }

    fn no(sentence: impl Fn(Lang) -> String) -> Self {
        Self { exit: 2, zh: sentence(Lang::Zh), en: sentence(Lang::En), count: 0 }
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
            Request::Waive { channel, from, to, operator, name, reason } => match self.wrong_way(channel, Direction::In) {
                Some(no) => Ok(no),
                None => self.waive(channel, (*from, *to), operator, (name, reason)),
            },
            Request::Release { channel, operator } => match self.wrong_way(channel, Direction::In) {
                Some(no) => Ok(no),
                None => self.release(channel, operator),
            },
            Request::SendAgain { channel, file, operator, reason } => {
                self.send_again(channel, file, Again { request: None, operator: operator.clone(), reason: reason.clone() })
            }
            Request::Trust { card, compared, channels, operator } => self.accept(card, *compared, channels, operator),
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

    fn resend(&mut self, channel: &ChannelName, from: u64, to: u64, operator: &str) -> Result<Answer, EngineFault> {
        let Some(head) = self.out_head(channel).cloned() else {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "通道 {channel} 还没有发过包，没有可重发的。",
                    "Channel {channel} has sent no packet yet; there is nothing to resend."
                )
            }));
        };
        if from == 0 || from > to || to > head.seq {
            let last = head.seq;
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "通道 {channel} 的包号是 1–{last}，请改 --seq。",
                    "The packets of channel {channel} are numbered 1–{last}; correct --seq."
                )
            }));
        }
        let rows = self.store().packet_range(Direction::Out, channel, &head.epoch, from, to)?;
        if let Some(gone) = rows.iter().find(|row| row.spool.is_none()) {
            let seq = gone.key.seq;
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "第 {seq} 号包已过保存期，不能重发；请在收方用 waive 登记，或重新报送。",
                    "Packet {seq} is past its keeping time and cannot be resent; waive it on the receiving side or send the records anew."
                )
            }));
        }
        if let Some(rotten) = rows.iter().find(|row| self.read_retained(row).is_err()) {
            let (seq, path) = (rotten.key.seq, self.spool_path(Direction::Out, rotten.spool.as_deref().unwrap_or_default()));
            let path = path.display();
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "第 {seq} 号包的留存文件 {path} 不在或已损坏，什么都没有重发。请检查磁盘并运行 check；恢复不了就在收方用 waive 登记。",
                    "The retained file {path} of packet {seq} is gone or damaged; nothing was resent. Check the disk and run check; if it cannot be restored, waive the packet on the receiving side."
                )
            }));
        }
        self.log.note(Event::Resent {
            channel: channel.clone(),
            epoch: head.epoch,
            from,
            to,
            count: rows.len() as u64,
            operator: operator.to_string(),
        });
        self.commit_log()?;
        for row in &rows {
            self.place_again(row)?;
        }
        // The newest signal may have been lost with the packets: another one tells how far the channels are.
        self.state.signal_out = None;
        // Where there is no ferry directory for it, the next look says so.
        self.send_signal(&mut PassReport::default())?;
        self.flush()?;
        let (count, numbers) = (rows.len(), range_text(from, to));
        Ok(Answer::done(count as u64, |lang| {
            say!(
                lang,
                "已把通道 {channel} 的 {count} 个包（{numbers}）重新放入摆渡目录。",
                "Placed {count} packet(s) of channel {channel} ({numbers}) in the ferry directory again."
            )
        }))
    }

    fn waive(
        &mut self,
        channel: &ChannelName,
        (from, to): (u64, u64),
        operator: &str,
        (name, reason): (&str, &str),
    ) -> Result<Answer, EngineFault> {
        let Some(head) = self.in_head(channel).cloned() else {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "通道 {channel} 还没有收到过包，没有可放弃的。",
                    "Nothing has arrived on channel {channel} yet; there is nothing to waive."
                )
            }));
        };
        let first = self.find_gaps()?.get(channel).and_then(|(_, ranges)| ranges.first().copied());
        let held = self.state.holds.get(channel).map(|hold| hold.seq);
        let may = from == head.seq + 1
            && from <= to
            && (first.is_some_and(|(a, b)| a == from && to <= b) || held == Some(from) && to == from);
        if first.is_none() && held.is_none() {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "通道 {channel} 没有缺包也没有暂停（见 gaps），没有可放弃的。",
                    "Channel {channel} has no gap and is not held (see gaps); there is nothing to waive."
                )
            }));
        }
        if !may {
            let next = head.seq + 1;
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "只能放弃通道 {channel} 下一个缺的包，从第 {next} 号起，且不能超过缺包范围（见 gaps）。",
                    "Only the next missing packets of channel {channel} can be waived, from {next} on and within the gap (see gaps)."
                )
            }));
        }
        self.log.note(Event::Waived { channel: channel.clone(), epoch: head.epoch, from, to, operator: operator.to_string() });
        self.commit_log()?;
        let waiver = Waiver {
            channel: channel.clone(),
            epoch: head.epoch,
            from,
            to,
            operator: format!("{name} ({operator})"),
            reason: reason.to_string(),
            at_ms: self.seams.clock.wall_ms(),
        };
        let mut changes = vec![
            Change::Waived(waiver),
            Change::InHead(channel.clone(), InHead { seq: to, header: None, ..head }),
            Change::Unfinished(Direction::In, channel.clone(), None),
        ];
        if held.is_some_and(|seq| seq <= to) {
            self.log.note(Event::Released {
                channel: channel.clone(),
                code: "waived".to_string(),
                operator: operator.to_string(),
            });
            changes.push(Change::Hold(channel.clone(), None));
            let held = self.store().packet(&Self::packet_key(Direction::In, channel, head.epoch, from))?;
            changes.extend(held.map(|row| Change::Rebuilt(PacketRow { state: PacketState::Late, ..row })));
        }
        self.commit_store(changes)?;
        self.note_gaps()?;
        self.flush()?;
        let numbers = range_text(from, to);
        Ok(Answer::done(to - from + 1, |lang| {
            say!(
                lang,
                "已登记放弃通道 {channel} 第 {numbers} 号包（{name}），通道继续。以后到达的这些包只作证据保存。",
                "Waived packet(s) {numbers} of channel {channel} ({name}); the channel goes on. If they arrive later they are kept as evidence only."
            )
        }))
    }

    fn release(&mut self, channel: &ChannelName, operator: &str) -> Result<Answer, EngineFault> {
        let Some(hold) = self.state.holds.get(channel).cloned() else {
            return Ok(Answer::no(|lang| say!(lang, "通道 {channel} 没有暂停。", "Channel {channel} is not held.")));
        };
        self.log.note(Event::Released { channel: channel.clone(), code: hold.code.clone(), operator: operator.to_string() });
        self.commit_log()?;
        self.commit_store(vec![Change::Hold(channel.clone(), None)])?;
        let code = hold.code;
        Ok(Answer::done(1, |lang| {
            say!(lang, "通道 {channel} 的暂停（{code}）已解除。", "The hold of channel {channel} ({code}) is ended.")
        }))
    }

    /// Sends one held-back file as a record of its own, whatever the ledger says.
    fn send_again(&mut self, channel: &ChannelName, file: &Path, again: Again) -> Result<Answer, EngineFault> {
        let Some(at) = self.outgoing.iter().position(|outgoing| outgoing.channel.channel == *channel) else {
            return Err(ConfigFault::NoChannel { name: channel.to_string() }.into());
        };
        let dir = self.station.duplicates_dir(channel);
        let Some(name) = file.strip_prefix(&dir).ok().and_then(Path::to_str).map(str::to_string) else {
            let dir = dir.display();
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "只能再次发送 {dir} 里的文件。新文件请放入 drop/。",
                    "Only files in {dir} can be sent again. Drop new files into drop/."
                )
            }));
        };
        let stat = match self.seams.files.stat(file) {
            Ok(Some(stat)) if stat.is_file => stat,
            Ok(_) => return Ok(Answer::no(|lang| say!(lang, "没有文件 {}。", "There is no file {}.", file.display()))),
            Err(fault) if fault.cause == FileCause::NotDirectory => {
                return Ok(Answer::no(|lang| say!(lang, "没有文件 {}。", "There is no file {}.", file.display())));
            }
            Err(fault) => return Err(fault.into()),
        };
        let mut report = PassReport::default();
        // The parts of a large file stand one behind the other in their channel: what was begun is ended first.
        if self.state.unfinished.contains_key(&(Direction::Out, channel.clone())) {
            self.send_channel(at, &mut report)?;
        }
        if self.state.unfinished.contains_key(&(Direction::Out, channel.clone())) || !self.unplaced.is_empty() {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "通道 {channel} 还有没送完的大文件，或摆渡目录暂时不能用，没有再次发送。请运行 status 查看，处理后再运行 send --again。",
                    "Channel {channel} has not finished a large file yet, or the ferry directory is out of use; nothing was sent again. See status, then run send --again once more."
                )
            }));
        }
        self.log.note(Event::Again { channel: channel.clone(), operator: again.operator.clone() });
        self.commit_log()?;
        let candidate = crate::connectors::Candidate {
            name: self.name_held_back(file, &name),
            path: file.to_path_buf(),
            stat,
            name_is_utf8: true,
        };
        let mut report = PassReport::default();
        self.again = Some(again);
        self.send_this(at, Collecting::again(candidate), &mut report)?;
        if self.again.take().is_some() {
            self.flush()?;
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "{} 读取时在变化或不能读，没有送出。请检查后再运行 send --again。",
                    "{} changed or could not be read; it was not sent. Check it and run send --again once more.",
                    file.display()
                )
            }));
        }
        self.send_signal(&mut report)?;
        self.flush()?;
        Ok(Self::sent_again_answer(report.accepted))
    }

    fn sent_again_answer(count: u64) -> Answer {
        Answer::done(count, |lang| say!(lang, "已再次发送 {count} 个文件。", "Sent {count} file(s) again."))
    }

    /// Gives the name a held-back file had at its source: its reason tells, the file itself may be called `NAME~2`.
    fn name_held_back(&self, file: &Path, name: &str) -> String {
        let [_, reason] = reason::paths(file);
        let told = self
            .seams
            .files
            .read(&reason, REQUEST_MAX)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
        told.and_then(|reason| reason.get("name")?.as_str().map(str::to_string)).unwrap_or_else(|| name.to_string())
    }

    fn accept(&mut self, card: &str, compared: bool, channels: &[ChannelName], operator: &str) -> Result<Answer, EngineFault> {
        let trust = check_card(&self.station, card, compared, channels, operator, self.trust.as_ref())?;
        let (body, compared) = (trust.peer.body(), trust.grant.compared);
        let event = Event::Trust {
            peer: body.station,
            side: body.side,
            keyring: trust.peer.file_digest(),
            compared,
            channels: channels.to_vec(),
            operator: operator.to_string(),
        };
        if !self.log.takes(&event) {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "授权的通道太多，一行日志写不下。没有改动任何东西；请用 --channels 只列出对方要用的。",
                    "Too many channels to grant for one log line. Nothing was changed; name those the peer uses with --channels."
                )
            }));
        }
        self.log.note(event);
        self.commit_log()?;
        trust.store(&self.station)?;
        let (name, fingerprint) = (body.name.clone(), trust.peer.fingerprint());
        self.trust = Some(trust);
        self.pick_up.waiting_done = false;
        self.flush()?;
        let count = channels.len() as u64;
        Ok(Answer::done(count, |lang| match compared {
            true => say!(
                lang,
                "已信任「{name}」，指纹已比对：\n{fingerprint}",
                "\"{name}\" is trusted, its fingerprint compared:\n{fingerprint}"
            ),
            false => say!(
                lang,
                "已信任「{name}」，指纹未比对：\n{fingerprint}\n请与对方通话核对，一致后运行 trust --confirm。",
                "\"{name}\" is trusted, its fingerprint was not compared:\n{fingerprint}\nRead it out with the peer, and when it agrees run trust --confirm."
            ),
        }))
    }
}

/// Checks a card before it is trusted: the other side, the same environment, not this station itself, not a second peer.
fn check_card(
    station: &Station,
    card: &str,
    compared: bool,
    channels: &[ChannelName],
    operator: &str,
    known: Option<&Trust>,
) -> Result<Trust, EngineFault> {
    let peer = Keyring::parse(card.as_bytes())?;
    let (own, body) = (&station.config.station, peer.body());
    let refuse = |sentence: &dyn Fn(Lang) -> String| -> Result<Trust, EngineFault> {
        Err(ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }.into())
    };
    if body.station == own.id {
        return refuse(&|lang| {
            say!(lang, "这是本站自己的密钥卡。请用对方的密钥卡。", "This is this station's own card. Use the peer's.")
        });
    }
    if body.side == own.side {
        let side = own.side;
        return refuse(&|lang| {
            say!(
                lang,
                "密钥卡来自同一侧（{side}）。内网站只能与外网站配对。",
                "The card is of the same side ({side}). An inner station pairs with an outer one."
            )
        });
    }
    if body.environment != own.environment {
        return refuse(&|lang| {
            say!(
                lang,
                "密钥卡与本站的环境不同（正式/测试）。请确认是不是拿错了。",
                "The card is of another environment (production or test). Check that it is the right one."
            )
        });
    }
    if let Some(known) = known.filter(|known| known.peer.body().station != body.station) {
        let name = &known.peer.body().name;
        return refuse(&|lang| {
            say!(
                lang,
                "本站已与「{name}」配对。一站只与一站配对；换对方请新建一站。",
                "This station is paired with \"{name}\" already. A station has one peer; init a new one for another."
            )
        });
    }
    if let Some(known) = known.filter(|known| {
        known.peer.body().version > body.version
            || (known.peer.body().version == body.version && known.peer.digest() != peer.digest())
    }) {
        let version = known.peer.body().version;
        return refuse(&|lang| {
            say!(
                lang,
                "已有第 {version} 版密钥表，不接受更旧的或同版不同的。",
                "Version {version} of this keyring is known; an older or another one of the same version is not accepted."
            )
        });
    }
    // What a person compared once stays compared.
    let compared = compared || known.is_some_and(|known| known.grant.compared && known.peer.digest() == peer.digest());
    let grant = Grant { keyring: peer.digest(), compared, channels: channels.to_vec(), operator: operator.to_string() };
    Ok(Trust { peer, grant })
}
