//! `schema resume` and `schema back`: what a person decides about a change that stands where rows leave from.
//!
//! Given: a change of the book. Gives: it goes on, or what was done of it is taken back and its approvals end. After a crash: performed again; of a change that is
//! being taken back nothing goes on by itself. Never: a change taken back that is done.

use super::{no, unknown};
use crate::connectors::tables::restructure::RestructureFault;
use crate::engine::Engine;
use crate::epoch::decisions::Person;
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::requests::Answer;
use crate::say;
use crate::schema::approval::standing;
use crate::send::structure::leaving::Leavings;
use crate::store::book::{BookChange, BookKey};
use crate::store::{Change, Direction};

impl Engine {
    pub(super) fn resume_structure(&mut self, key: &BookKey, person: &Person<'_>) -> Result<Answer, EngineFault> {
        let Some(change) = self.store().book()?.into_iter().find(|change| change.key == *key) else {
            return Ok(unknown(key));
        };
        let to = key.to;
        if self.is_made(key)? {
            return Ok(Answer::done(0, |lang| {
                say!(
                    lang,
                    "到第 {to} 版的变更在来源数据库已经做完。",
                    "The change to version {to} is done in the source's database already."
                )
            }));
        }
        self.note_structure(&change, None, "resume", person.operator)?;
        let decided = self.decided("schema-resume", None, person)?;
        self.commit_store(vec![decided])?;
        self.structures.look_at_once();
        self.look_at_structures()?;
        if self.is_made(key)? {
            return Ok(Answer::done(1, |lang| {
                say!(
                    lang,
                    "到第 {to} 版的变更在来源数据库已做完，标记随后离站。",
                    "The change to version {to} is done in the source's database; its markers leave behind that."
                )
            }));
        }
        let told = |lang| self.told_of_structures().iter().map(|trouble| trouble.sentence(lang)).collect::<Vec<_>>().join("\n");
        Ok(no(|lang| {
            let why = told(lang);
            say!(lang, "到第 {to} 版的变更还没有做完。{why}", "The change to version {to} is not done yet. {why}")
        }))
    }

    pub(super) fn take_structure_back(&mut self, key: &BookKey, person: &Person<'_>) -> Result<Answer, EngineFault> {
        let Some(change) = self.store().book()?.into_iter().find(|change| change.key == *key) else {
            return Ok(unknown(key));
        };
        let to = key.to;
        if self.is_made(key)? {
            return Ok(no(|lang| {
                say!(
                    lang,
                    "到第 {to} 版的变更已做完，标记已在发件表里，不能退回；没有改动任何东西。要改回去请写成下一版。",
                    "The change to version {to} is done and its markers stand in the outbox; it cannot be taken back, and nothing was changed. To undo it, make that the next version."
                )
            }));
        }
        let decisions = self.store().book_decisions()?;
        let is_cancelled = standing(&change, &decisions, self.station.config.station.id).1;
        if !is_cancelled && !self.may_be_taken_back(&change)? {
            return Ok(not_begun(&change));
        }
        if !is_cancelled {
            self.note_structure(&change, None, "back", person.operator)?;
            let decision = self.decision(&change, None, person);
            self.commit_store(vec![Change::Decided(decision)])?;
        }
        let is_by_hand = self.leaving_database(&change)?.is_some_and(|(_, (changed, _))| changed.is_by_hand());
        match self.take_leaving_back(&change)? {
            Ok(()) => {
                self.structures.look_at_once();
                Ok(taken_back(&change, is_by_hand))
            }
            Err(fault) => Ok(not_back(&change, &fault)),
        }
    }

    fn is_made(&self, key: &BookKey) -> Result<bool, EngineFault> {
        let leavings = self.state.fact::<Leavings>()?;
        Ok(leavings.0.get(&key.document.to_string()).is_some_and(|leaving| leaving.is_made))
    }
}

/// What its administrator did of a script no station knows.
fn taken_back(change: &BookChange, is_by_hand: bool) -> Answer {
    let to = change.key.to;
    Answer::done(1, |lang| match is_by_hand {
        true => say!(
            lang,
            "到第 {to} 版的变更已退回，脚本已收走，此前的签名不再算数。管理员若已执行过其中的步骤，请照 schema show {to} 里 back 各行改回去，或再提议、批准、确认一次。",
            "The change to version {to} is taken back, its script taken away, and what was signed before does not count any more. Where its administrator ran steps of it, undo them by the lines `back` of schema show {to}, or propose, approve and confirm it once more."
        ),
        false => say!(
            lang,
            "到第 {to} 版的变更已退回，来源数据库是原来的结构，此前的签名不再算数。",
            "The change to version {to} is taken back; the source's database has its old structure, and what was signed before does not count any more."
        ),
    })
}

fn not_begun(change: &BookChange) -> Answer {
    let to = change.key.to;
    match change.origin {
        Direction::Out => no(|lang| {
            say!(
                lang,
                "到第 {to} 版的变更在来源数据库还没有开始，没有可退回的；没有改动任何东西。不想做了请用 schema cancel {to}。",
                "The change to version {to} has not begun in the source's database, so that there is nothing to take back; nothing was changed. To give it up: schema cancel {to}."
            )
        }),
        Direction::In => no(|lang| {
            say!(
                lang,
                "到第 {to} 版的变更是对方送来的，本站的来源数据库还没有开始做它，没有可退回的；没有改动任何东西。",
                "The change to version {to} came from the peer and has not begun in a database that rows leave from here, so that there is nothing to take back; nothing was changed."
            )
        }),
    }
}

fn not_back(change: &BookChange, fault: &RestructureFault) -> Answer {
    let to = change.key.to;
    let why = |lang: Lang| match fault {
        RestructureFault::Table(fault) => fault.words(lang),
        RestructureFault::Step { step, why, .. } => {
            let why = why.words(lang);
            say!(lang, "第 {step} 步：{why}", "step {step}: {why}")
        }
        RestructureFault::ByHand { script } => {
            say!(lang, "管理员手里还有脚本 {script}", "its administrator has the script {script}")
        }
        RestructureFault::Another => {
            say!(lang, "dukou_schema 里是另一份变更", "dukou_schema has another change")
        }
    };
    no(|lang| {
        let why = why(lang);
        say!(
            lang,
            "到第 {to} 版的变更还没有退回（{why}），它的签名已不算数，不会自己往下做。请处理后再运行 schema back {to}。",
            "The change to version {to} is not taken back yet ({why}); its signatures do not count any more and it does not go on by itself. Mend that and run schema back {to} again."
        )
    })
}
