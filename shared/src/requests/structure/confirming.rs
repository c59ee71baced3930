//! `schema confirm`: a person vouches that the administrator of a database made a change where no driver goes.
//!
//! Given: an approved change, a channel's end in such a database, what its script printed, a signature over that output. Gives: the decision in log and store; the
//! next look moves the mark, and the channel goes on. After a crash: performed again, and a decision that stands is done. Never: a change
//! confirmed that is not approved, whose script was not handed over, or whose output says otherwise of any step.

use super::{no, unknown};
use crate::connectors::tables::database::restructurer_of;
use crate::connectors::tables::restructure::Standing;
use crate::engine::Engine;
use crate::epoch::decisions::Person;
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::requests::Answer;
use crate::say;
use crate::schema::Document;
use crate::schema::answers;
use crate::schema::approval::Scene;
use crate::schema::here::{Changed, Here};
use crate::store::Direction;
use crate::store::book::{BookChange, BookDecision, BookKey};
use data_encoding::BASE64;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::marker::{Approval, ApprovalKind};
use dukou_packets::suite::Digest;

impl Engine {
    pub(super) fn confirm_structure(
        &mut self,
        key: &BookKey,
        (channel, output): (&ChannelName, &str),
        approval: &Approval,
        person: &Person<'_>,
    ) -> Result<Answer, EngineFault> {
        let Some(change) = self.store().book()?.into_iter().find(|change| change.key == *key) else {
            return Ok(unknown(key));
        };
        let decisions = self.store().book_decisions()?;
        // What stands in the book was read before.
        let Ok(document) = Document::read(&change.document) else { return Ok(unknown(key)) };
        let here = match self.here(&document, Some(&change.base))? {
            Ok(here) => here,
            Err(fault) => return Ok(no(|lang| fault.sentence("schema-change.toml", lang))),
        };
        if self.scene_of(&change, &here).is_vouched_for(&decisions, channel) {
            return Ok(confirmed(&change, channel, 0));
        }
        let Some((direction, changed)) = self.by_hand_at(&here, channel) else { return Ok(not_by_hand(&change, channel)) };
        let output = BASE64.decode(output.as_bytes()).unwrap_or_default();
        if let Err(fault) = answers::hold(&output, &changed.plan, &answers::end_of(channel, direction)) {
            return Ok(no(|lang| fault.sentence("--check-output", lang)));
        }
        if let Some(answer) = self.not_in_turn(&change, (&here, &decisions), (channel, direction))? {
            return Ok(answer);
        }
        if !answers::is_for(person.reason, channel, &output) {
            return Ok(no(|lang| {
                say!(
                    lang,
                    "签名的不是这份输出；没有改动任何东西。请再运行 schema confirm。",
                    "What was signed is not this output; nothing was changed. Run schema confirm again."
                )
            }));
        }
        if let Some(refused) = self.refused(&change, &here, (ApprovalKind::Confirm, approval), person)? {
            return Ok(refused);
        }
        self.note_decision(&change, Some(approval), person, Vec::new())?;
        Ok(confirmed(&change, channel, 1))
    }

    /// Tells whether a person vouched for a change at a channel's end.
    pub(crate) fn is_vouched_for(&mut self, document: &Digest, channel: &ChannelName) -> Result<bool, EngineFault> {
        let Some(change) = self.store().book()?.into_iter().find(|change| change.key.document == *document) else {
            return Ok(false);
        };
        let Ok(read) = Document::read(&change.document) else { return Ok(false) };
        let Ok(here) = self.here(&read, Some(&change.base))? else { return Ok(false) };
        let decisions = self.store().book_decisions()?;
        Ok(self.scene_of(&change, &here).is_vouched_for(&decisions, channel))
    }

    fn scene_of<'a>(&'a self, change: &'a BookChange, here: &Here) -> Scene<'a> {
        let (own, peer) = (&self.keys.keyring, self.trust.as_ref().map(|trust| &trust.peer));
        Scene { change, own, peer, plan: here.digest(), loses: here.losses().next().is_some() }
    }

    /// Gives what is done by hand in the database at a channel's end.
    fn by_hand_at<'h>(&self, here: &'h Here, channel: &ChannelName) -> Option<(Direction, &'h Changed)> {
        let own = self.structured.iter().find(|known| known.channel == *channel)?;
        let direction = own.direction(self.station.config.station.side);
        let place = match direction {
            Direction::Out => &own.source.tables()?.database,
            Direction::In => &own.sink.tables()?.database,
        };
        let is_it = |changed: &&Changed| changed.direction == direction && changed.place == *place && changed.is_by_hand();
        here.databases.iter().find(is_it).map(|changed| (direction, changed))
    }

    /// Tells why nobody can have run its script yet.
    fn not_in_turn(
        &mut self,
        change: &BookChange,
        (here, decisions): (&Here, &[BookDecision]),
        (channel, direction): (&ChannelName, Direction),
    ) -> Result<Option<Answer>, EngineFault> {
        let Some(own) = self.structured.iter().find(|known| known.channel == *channel).cloned() else { return Ok(None) };
        let Some(mut database) = restructurer_of(self.seams.databases.as_ref(), &self.station, &own, direction)? else {
            return Ok(None);
        };
        match database.standing(&change.key.document, direction) {
            Ok(Standing::Done) => Ok(Some(confirmed(change, channel, 0))),
            Ok(Standing::AtStep(_)) => Ok(None),
            Err(fault) => Ok(Some(no(|lang| fault.words(lang)))),
            Ok(Standing::Old) => {
                let why = self.scene_of(change, here).judge(decisions).err();
                Ok(Some(no(|lang| too_early(change, channel, why.map(|why| (why.code(), why.words(lang))), lang))))
            }
        }
    }
}

fn too_early(change: &BookChange, channel: &ChannelName, why: Option<(&str, String)>, lang: Lang) -> String {
    let to = change.key.to;
    match why {
        Some((code, words)) => say!(
            lang,
            "到第 {to} 版的变更还不能执行（{code}）：{words}；没有改动任何东西。",
            "The change to version {to} may not be made yet ({code}): {words}. Nothing was changed."
        ),
        None => say!(
            lang,
            "到第 {to} 版的变更在通道 {channel} 还没有轮到，脚本还没有写出；没有改动任何东西。在等什么见 status。",
            "It is not the turn of the change to version {to} in channel {channel} yet, and its script is not written; nothing was changed. status tells what it waits for."
        ),
    }
}

fn not_by_hand(change: &BookChange, channel: &ChannelName) -> Answer {
    let to = change.key.to;
    no(|lang| {
        say!(
            lang,
            "到第 {to} 版的变更在通道 {channel} 没有要人工执行的数据库，渡口自己会改；没有改动任何东西。",
            "The change to version {to} has no database at channel {channel} that is changed by hand: the station does it; nothing was changed."
        )
    })
}

fn confirmed(change: &BookChange, channel: &ChannelName, count: u64) -> Answer {
    let to = change.key.to;
    Answer::done(count, |lang| {
        say!(
            lang,
            "已确认到第 {to} 版的变更在通道 {channel} 的数据库执行完毕，通道随即继续。列清单 columns.tsv 若还是变更以前的，请重新导出放入。",
            "The change to version {to} is confirmed for the database of channel {channel}, which goes on. Where its list of columns (columns.tsv) is still the one before the change, export it anew."
        )
    })
}
