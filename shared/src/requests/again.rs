//! `send --again`: a held-back repeat goes out all the same, once.
//!
//! Given: a file below `duplicates/`. Gives: a packet that carries it. After a crash: the store remembers that the request was performed. Never: a
//! second packet for one request.

use super::mailbox::REQUEST_MAX;
use super::{Again, Answer};
use crate::connectors::Candidate;
use crate::engine::{Engine, PassReport};
use crate::error::{ConfigFault, EngineFault};
use crate::reason;
use crate::say;
use crate::seams::FileCause;
use crate::send::collect::Collecting;
use crate::store::Direction;
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::ChannelName;
use std::path::Path;

impl Engine {
    /// Sends one held-back file as a record of its own, whatever the ledger says.
    pub(super) fn send_again(&mut self, channel: &ChannelName, file: &Path, again: Again) -> Result<Answer, EngineFault> {
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
        if self.may_not_send(&mut report)? {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "本站是从旧备份恢复的，暂停发送（见 status），没有再次发送。请先运行 epoch new。",
                    "This station goes on from an older copy and does not send for now (see status); nothing was sent again. Run epoch new first."
                )
            }));
        }
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
        let candidate =
            Candidate { name: self.name_held_back(file, &name), path: file.to_path_buf(), stat, name_is_utf8: true };
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

    pub(super) fn sent_again_answer(count: u64) -> Answer {
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
}
