//! `let-go`: a person lets a file go on in spite of its errors, where its channel says `on_error = "hold"`.
//!
//! Given: a file that waits at its source, or a channel held at one that arrived. Gives: a decision; the next look sends the file, or applies the
//! packet. After a crash: performed again, with the same outcome. Never: a file of other bytes than those that were judged when the person decided.

use super::Answer;
use crate::engine::Engine;
use crate::epoch::decisions::Person;
use crate::error::{ConfigFault, EngineFault};
use crate::intake::{CARGO, LetGo, Verdict};
use crate::say;
use crate::seams::FileFault;
use crate::store::Change;
use dukou_packets::limits;
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::sha256;
use std::path::{Component, Path};

impl Engine {
    pub(super) fn let_file_go(
        &mut self,
        channel: &ChannelName,
        file: Option<&str>,
        person: &Person<'_>,
    ) -> Result<Answer, EngineFault> {
        let at = self.outgoing.iter().position(|outgoing| outgoing.channel.channel == *channel);
        match (at, file) {
            (Some(at), Some(file)) => self.let_leave(at, channel, file, person),
            (Some(_), None) => Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "通道 {channel} 由本站发出，请用 --file 指明是哪个文件（status 列出在等的文件）。",
                    "This station sends channel {channel}: name the file with --file (status lists those that wait)."
                )
            })),
            (None, _) if !self.incoming.contains_key(channel) => {
                Err(ConfigFault::NoChannel { name: channel.to_string() }.into())
            }
            (None, Some(_)) => Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "通道 {channel} 在本站是收方，整个通道停在一个文件前，不用 --file。",
                    "This station receives channel {channel}, which waits as a whole at one file: leave out --file."
                )
            })),
            (None, None) => self.let_apply(channel, person),
        }
    }

    /// Lets a file leave that waits at its source.
    fn let_leave(&mut self, at: usize, channel: &ChannelName, file: &str, person: &Person<'_>) -> Result<Answer, EngineFault> {
        let Some(body) = self.read_waiting(at, file)? else {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "通道 {channel} 的来源文件夹里没有可读的文件 {file}。请用 status 查看在等的文件，按那里的写法给出。",
                    "There is no readable file {file} in the source folder of channel {channel}. See status for those that wait, and name it as it stands there."
                )
            }));
        };
        let judged = self.outgoing(at).intake.as_ref().map(|intake| intake.read(file, &body).0);
        let Some(Verdict::Held(_)) = judged else {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "文件 {file} 没有在等人处理，没有改动。",
                    "File {file} does not wait for a person; nothing was changed."
                )
            }));
        };
        let mut let_go = self.state.fact::<LetGo>()?;
        if !let_go.add(channel, file, sha256(&[&body])) {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "已放行而还没有送出的文件太多，请等它们送出后再放行。",
                    "Too many files were let go and have not left yet; let others go once they have."
                )
            }));
        }
        self.note_let_go(channel, person, vec![Change::fact(&let_go)?])?;
        self.outgoing.get_mut(at).map(|outgoing| outgoing.waiting.remove(file));
        Ok(Answer::done(1, |lang| {
            say!(
                lang,
                "已放行通道 {channel} 的文件 {file}，下一轮照原样送出（带错误标记）。文件若再改动，会重新检查。",
                "File {file} of channel {channel} was let go and leaves as it is with the next look, flagged. If it is changed it is checked anew."
            )
        }))
    }

    fn read_waiting(&self, at: usize, file: &str) -> Result<Option<Vec<u8>>, EngineFault> {
        let Some(source) = self.outgoing(at).channel.source.folder() else { return Ok(None) };
        if !Path::new(file).components().all(|part| matches!(part, Component::Normal(_))) {
            return Ok(None);
        }
        let dir = self.station.dir.join(&source.folder);
        match self.read_below(&dir, file) {
            Err(fault) if EngineFault::from(fault.clone()).policy() != crate::error::Policy::Retry => Err(fault.into()),
            read => Ok(read.ok().flatten()),
        }
    }

    fn read_below(&self, dir: &Path, file: &str) -> Result<Option<Vec<u8>>, FileFault> {
        let open = self.seams.files.open_below(dir, Path::new(file))?;
        let before = open.stat()?;
        if before.len > limits::BODY_MAX {
            return Ok(None);
        }
        let mut body = vec![0; before.len as usize];
        let count = open.read_at(0, &mut body)?;
        Ok((count == body.len() && open.stat()? == before).then_some(body))
    }

    /// Lets the packet be applied at which a channel is held for a file in it.
    fn let_apply(&mut self, channel: &ChannelName, person: &Person<'_>) -> Result<Answer, EngineFault> {
        let hold = self.state.holds.get(channel).filter(|hold| hold.code == CARGO).cloned();
        let (Some(hold), Some(head)) = (hold, self.in_head(channel).cloned()) else {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "通道 {channel} 没有停在有错误的文件前（见 status），没有改动。",
                    "Channel {channel} is not held at a file with errors (see status); nothing was changed."
                )
            }));
        };
        let mut let_go = self.state.fact::<LetGo>()?;
        let_go.add_packet(channel, head.epoch, hold.seq);
        self.note_let_go(channel, person, vec![Change::fact(&let_go)?, Change::Hold(channel.clone(), None)])?;
        let seq = hold.seq;
        Ok(Answer::done(1, |lang| {
            say!(
                lang,
                "已放行通道 {channel} 的第 {seq} 号包，其中有错误的文件照原样落地（带错误标记），通道继续。",
                "Packet {seq} of channel {channel} was let go: the files with errors in it are delivered as they are, flagged, and the channel goes on."
            )
        }))
    }

    /// The account goes into the log, then the decision and who took it into the store.
    fn note_let_go(&mut self, channel: &ChannelName, person: &Person<'_>, changes: Vec<Change>) -> Result<(), EngineFault> {
        let operator = person.operator.to_string();
        self.log.note(Event::Released { channel: channel.clone(), code: CARGO.to_string(), operator });
        self.commit_log()?;
        let decision = self.decided("let-go", Some(channel), person)?;
        self.commit_store([vec![decision], changes].concat())
    }
}
