//! `epoch new` and `epoch accept`: a person lets channels go on in a new epoch.
//!
//! Given: the receiver's signed gap report, or a channel whose opening is here. Gives: the openings in the ferry directory, and a plan of what is sealed
//! anew; a channel that goes on in the peer's new epoch. After a crash: performed again, and what was done from the same report stays as it is.
//! Never: an epoch opened from a report of somebody else, or for somebody else.

use super::Answer;
use crate::engine::{Engine, PassReport};
use crate::epoch::decisions::Person;
use crate::epoch::opening::ReceiverHeads;
use crate::error::EngineFault;
use crate::say;
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::open::Expectation;

impl Engine {
    pub(super) fn epoch_new(
        &mut self,
        card: &str,
        channel: Option<&ChannelName>,
        person: &Person<'_>,
    ) -> Result<Answer, EngineFault> {
        let identity = &self.station.config.station;
        let expected = Expectation { environment: identity.environment, own: identity.id };
        let Some(trust) = &self.trust else {
            return Ok(Answer::no(|lang| {
                say!(lang, "还没有配对。请先运行 trust 对方的密钥卡。", "Not paired yet. Run trust with the peer's card first.")
            }));
        };
        let heads = match ReceiverHeads::read(card, &trust.peer, &expected) {
            Ok(heads) => heads,
            Err(fault) => {
                let code = fault.code();
                return Ok(Answer::no(|lang| {
                    say!(
                        lang,
                        "--from 的文件不是对方给本站的缺包单（{code}），没有改动任何东西。请向对方索取 gaps --out 写出的文件。",
                        "The file of --from is no gap report of the peer for this station ({code}: {fault}); nothing was changed. Ask the peer for what gaps --out writes."
                    )
                }));
            }
        };
        if let Some(last) = self.later_report(&heads)? {
            return Ok(older_report(heads.made.map_or(0, |made| made.report), last.report));
        }
        if let Some((channel, confirmed)) = self.confirmed_beyond(&heads, channel)? {
            return Ok(stale_report(&channel, confirmed));
        }
        let mut report = PassReport::default();
        if self.seals_nothing()? {
            if channel.is_some() {
                return Ok(all_at_once());
            }
            if self.leaving(None).is_empty() {
                self.signal_anew(person)?;
                return Ok(only_signals());
            }
        }
        let Some(opened) = self.begin_anew(self.leaving(channel), &heads, person, &mut report)? else {
            return Ok(no_epoch_left());
        };
        if opened == 0 {
            return Ok(Answer::done(0, |lang| {
                say!(
                    lang,
                    "这张缺包单的通道都已另起一代，没有再做什么。",
                    "Every channel of this gap report has its new epoch already; nothing more was done."
                )
            }));
        }
        // The signal names the new heads; where there is no ferry directory for it the next look says so.
        if self.unplaced.is_empty() {
            self.send_signal(&mut report)?;
        }
        self.flush()?;
        let (waiting, _) = self.reseal_standing()?;
        Ok(Answer::done(opened, |lang| match waiting {
            0 => say!(
                lang,
                "已在 {opened} 个通道上另起一代，没有要重新封装的留存包。",
                "Opened a new epoch on {opened} channel(s); no retained packet is to be sealed anew."
            ),
            _ => say!(
                lang,
                "已在 {opened} 个通道上另起一代。对方还没有的 {waiting} 个留存包会由 run 或 pass 先重新封装发出。",
                "Opened a new epoch on {opened} channel(s). The records of {waiting} retained packet(s) that the peer does not have are sealed anew by run or pass, before anything newer."
            ),
        }))
    }

    pub(super) fn epoch_accept(&mut self, channel: &ChannelName, person: &Person<'_>) -> Result<Answer, EngineFault> {
        let held = self.state.holds.get(channel).map(|hold| hold.code.clone());
        if !self.accept_epoch(channel, person)? {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "通道 {channel} 没有等待接受的新一代：它的第 1 号包还没到，或已经接上（见 gaps 和 status）。",
                    "Channel {channel} has no new epoch that waits to be accepted: its packet 1 is not here, or it has begun (see gaps and status)."
                )
            }));
        }
        if let Some(code) = held {
            self.log.note(Event::Released { channel: channel.clone(), code, operator: person.operator.to_string() });
            self.flush()?;
        }
        Ok(Answer::done(1, |lang| {
            say!(
                lang,
                "通道 {channel} 已接受发送方的新一代，从下一轮起按它继续；旧一代以后到达的包只作证据。",
                "Channel {channel} goes on in the sender's new epoch with the next look; packets of the old one that still arrive are evidence only."
            )
        }))
    }
}

/// The receiver went on behind this report, and an epoch was opened from a later one.
fn older_report(report: u64, last: u64) -> Answer {
    Answer::no(|lang| {
        say!(
            lang,
            "--from 的缺包单（对方第 {report} 份）比上次另起一代用的（第 {last} 份）旧，没有改动任何东西。请向对方索取新的缺包单；对方若是从备份恢复的，请它先按 status 处理，再出一份。",
            "The gap report of --from (the peer's report {report}) is older than the one an epoch was opened from last (report {last}); nothing was changed. Ask the peer for a new one; where the peer was restored from a backup, it does first what its status says."
        )
    })
}

/// The receiver said later than in this report that it has more: an epoch that begins behind the report would not fit.
fn stale_report(channel: &ChannelName, confirmed: u64) -> Answer {
    Answer::no(|lang| {
        say!(
            lang,
            "--from 的缺包单是旧的：对方后来的回执说通道 {channel} 已到第 {confirmed} 号包，单上还没有；没有改动任何东西。请向对方索取新的缺包单；对方若是从备份恢复的，请它先按 status 处理，再出一份。",
            "The gap report of --from is an old one: the peer has said since that channel {channel} is at packet {confirmed}, which the report does not know; nothing was changed. Ask the peer for a new one; where the peer was restored from a backup, it does first what its status says."
        )
    })
}

/// The next numbers of every channel may be in use already.
fn all_at_once() -> Answer {
    Answer::no(|lang| {
        say!(
            lang,
            "本站是从旧备份恢复的，每个通道的下一个包号都可能用过，没有改动任何东西。请不带 --channel 再运行 epoch new。",
            "This station goes on from an older copy, and the next numbers of every channel may be in use already; nothing was changed. Run epoch new without --channel."
        )
    })
}

fn only_signals() -> Answer {
    Answer::done(0, |lang| {
        say!(
            lang,
            "本站没有发出的通道，不用另起代次；从下一轮起重新发送信号。",
            "No channel leaves from here, so that there is no epoch to open; signals are sent again from the next look on."
        )
    })
}

fn no_epoch_left() -> Answer {
    Answer::no(|lang| {
        say!(
            lang,
            "代次或包号已到上限，不能再另起一代。请联系维护人员。",
            "The counter of epochs or the packet numbers are at their end; no epoch can be opened. Call support."
        )
    })
}
