//! What a person asks a station to do: resend, waive, release, send again, trust.
//!
//! Given: a request on the command line. Gives: an answer. With no daemon running the command opens the engine itself; beside a running one it
//! leaves a file in `state/requests/` and waits for the answer, so that there is one writer. After a crash: a request without an answer is
//! performed at the next start; each is safe to perform twice. Never: a decision without an account name and a log line.

use crate::engine::{Engine, PassReport};
use crate::error::{ConfigFault, EngineFault, LogFault, Policy};
use crate::keys::{Grant, Trust};
use crate::lang::Lang;
use crate::say;
use crate::seams::FileCause;
use crate::send::collect::Collecting;
use crate::station::Station;
use crate::store::{Change, Direction, InHead, PacketRow, PacketState, Waiver};
use dukou_packets::keyring::Keyring;
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::Random;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Longest request or answer that is read.
const REQUEST_MAX: u64 = 1 << 20;

/// How long a command waits for a running daemon.
const ANSWER_WAIT: Duration = Duration::from_secs(60);

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
            Request::SendAgain { channel, file, operator, .. } => self.send_again(channel, file, operator),
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
        self.send_signal()?;
        self.flush()?;
        let count = rows.len();
        Ok(Answer::done(count as u64, |lang| {
            say!(
                lang,
                "已把通道 {channel} 的 {count} 个包（{from}–{to}）重新放入摆渡目录。",
                "Placed {count} packets of channel {channel} ({from}–{to}) in the ferry directory again."
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
        Ok(Answer::done(to - from + 1, |lang| {
            say!(
                lang,
                "已登记放弃通道 {channel} 第 {from}–{to} 号包（{name}），通道继续。以后到达的这些包只作证据保存。",
                "Waived packets {from}–{to} of channel {channel} ({name}); the channel goes on. If they arrive later they are kept as evidence only."
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
    fn send_again(&mut self, channel: &ChannelName, file: &Path, operator: &str) -> Result<Answer, EngineFault> {
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
        self.log.note(Event::Again { channel: channel.clone(), operator: operator.to_string() });
        self.commit_log()?;
        let candidate = crate::connectors::Candidate {
            name: self.name_held_back(file, &name),
            path: file.to_path_buf(),
            stat,
            name_is_utf8: true,
        };
        let mut report = PassReport::default();
        self.send_this(at, Collecting::again(candidate), &mut report)?;
        if report.packets_out == 0 {
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
        for suffix in [".reason.txt", ".reason.json"] {
            self.seams.files.remove(&PathBuf::from(format!("{}{suffix}", file.display())))?;
        }
        self.send_signal()?;
        self.flush()?;
        Ok(Answer::done(report.accepted, |lang| say!(lang, "已再次发送（{}）。", "Sent again ({}).", report.accepted)))
    }

    /// Gives the name a held-back file had at its source: its reason tells, the file itself may be called `NAME~2`.
    fn name_held_back(&self, file: &Path, name: &str) -> String {
        let reason = PathBuf::from(format!("{}.reason.json", file.display()));
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
        let body = trust.peer.body();
        let event = Event::Trust {
            peer: body.station,
            side: body.side,
            keyring: trust.peer.file_digest(),
            compared,
            channels: channels.to_vec(),
            operator: operator.to_string(),
        };
        if !self.log.takes(&event) {
            let fault = LogFault::Unwritable { kind: event.kind().to_string() };
            return Ok(Answer::no(|lang| EngineFault::from(fault.clone()).sentence(lang)));
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
            true => say!(lang, "已信任「{name}」，指纹已比对。", "\"{name}\" is trusted, its fingerprint compared."),
            false => say!(
                lang,
                "已信任「{name}」，指纹未比对：\n{fingerprint}\n请与对方通话核对，一致后运行 trust --confirm。",
                "\"{name}\" is trusted, its fingerprint was not compared:\n{fingerprint}\nRead it out with the peer, and when it agrees run trust --confirm."
            ),
        }))
    }

    /// Performs the requests that commands left beside this running station.
    ///
    /// # Errors
    /// As [`perform`](Self::perform).
    pub fn serve_requests(&mut self) -> Result<(), EngineFault> {
        let dir = self.station.state_dir().join("requests");
        for name in self.seams.files.list(&dir)? {
            let Some(stem) = name.strip_suffix(".request") else { continue };
            let bytes = self.seams.files.read(&dir.join(&name), REQUEST_MAX)?;
            let answer = match serde_json::from_slice::<Request>(&bytes) {
                Ok(request) => match self.perform(&request) {
                    // A wrong request is the asker's to mend; it must not end the station that was asked.
                    Err(fault) if fault.policy() == Policy::Mend => Answer::no(|lang| fault.sentence(lang)),
                    performed => performed?,
                },
                Err(_) => Answer::no(|lang| say!(lang, "请求文件读不懂。", "The request file cannot be read.")),
            };
            let text = serde_json::to_vec(&answer).unwrap_or_default();
            self.seams.files.replace(&dir.join(format!("{stem}.answer")), &text)?;
            self.seams.files.remove(&dir.join(&name))?;
        }
        Ok(())
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
    let grant = Grant { keyring: peer.digest(), compared, channels: channels.to_vec(), operator: operator.to_string() };
    Ok(Trust { peer, grant })
}

/// Leaves a request beside a running station and waits for its answer.
///
/// # Errors
/// [`ConfigFault`] when the request cannot be left or no answer comes in time.
pub fn ask_running(station: &Station, request: &Request, random: &dyn Random) -> Result<Answer, ConfigFault> {
    let dir = station.state_dir().join("requests");
    let mut id = [0; 8];
    random.fill(&mut id);
    let stem = data_encoding::HEXLOWER.encode(&id);
    let (question, answer) = (dir.join(format!("{stem}.request")), dir.join(format!("{stem}.answer")));
    let text = serde_json::to_vec(request).unwrap_or_default();
    crate::keys::write_durably(&question, &text, 0o600)?;
    let began = Instant::now();
    while began.elapsed() < ANSWER_WAIT {
        if let Ok(bytes) = std::fs::read(&answer) {
            std::fs::remove_file(&answer).map_err(|error| ConfigFault::unreadable(&answer, &error))?;
            return serde_json::from_slice(&bytes)
                .map_err(|error| ConfigFault::Unreadable { path: answer, problem: error.to_string() });
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let sentence = |lang| {
        say!(
            lang,
            "正在运行的摆渡进程没有在 60 秒内答复；请求已留下，它会在空闲时执行。",
            "The running station did not answer within 60 seconds; the request stays and is performed when it gets to it."
        )
    };
    Err(ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) })
}
