//! Decisions about structure changes: propose, approve, cancel; `schema resume` and `schema back` stand in `structure/going.rs`, `schema confirm` in
//! `structure/confirming.rs`.
//!
//! Given: a document with a signature, or a change of the book. Gives: the decision in log and store, or why it does not count. After a crash: performed again,
//! and a decision that stands already is done. Never: a database touched; a decision stored that does not count now.

mod confirming;
mod going;

use super::Answer;
use crate::connectors::tables::describe::by_hand;
use crate::engine::Engine;
use crate::epoch::decisions::Person;
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::say;
use crate::schema::approval::{Refused, Scene, standing};
use crate::schema::here::{Here, HereFault, Standpoint};
use crate::schema::versions::Believed;
use crate::schema::{DOCUMENT_MAX, Document};
use crate::store::book::{BookChange, BookDecision, BookKey};
use crate::store::{Change, Direction};
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::marker::{Approval, ApprovalKind, document_digest};
use dukou_packets::suite::Digest;
use serde::{Deserialize, Serialize};

/// What a person decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Propose a change.
    Propose {
        /// The document's text.
        document: String,
        /// The proposal's signature.
        approval: Approval,
    },
    /// Approve one.
    Approve {
        /// The structure.
        structure: String,
        /// The version that it leads to.
        to: u32,
        /// The digest of its document.
        document: Digest,
        /// The signature.
        approval: Approval,
    },
    /// Vouch that its administrator made one where no driver goes.
    Confirm {
        /// The structure.
        structure: String,
        /// The version that it leads to.
        to: u32,
        /// The digest of its document.
        document: Digest,
        /// The channel whose end is in that database.
        channel: ChannelName,
        /// What the script printed; base64.
        output: String,
        /// The signature; its reason names the output.
        approval: Approval,
    },
    /// Go on with one that stands where rows leave from.
    Resume {
        /// The structure.
        structure: String,
        /// The version that it leads to.
        to: u32,
        /// The digest of its document.
        document: Digest,
    },
    /// Take one back that stands half-way where rows leave from.
    Back {
        /// The structure.
        structure: String,
        /// The version that it leads to.
        to: u32,
        /// The digest of its document.
        document: Digest,
    },
    /// Cancel one that was proposed here.
    Cancel {
        /// The structure.
        structure: String,
        /// The version that it leads to.
        to: u32,
        /// The digest of its document.
        document: Digest,
    },
}

/// A sentence that refuses.
fn no(sentence: impl Fn(Lang) -> String) -> Answer {
    Answer::no(sentence)
}

impl Engine {
    pub(super) fn decide_structure(&mut self, act: &Act, person: &Person<'_>) -> Result<Answer, EngineFault> {
        match act {
            Act::Propose { document, approval } => self.propose(document.as_bytes(), approval, person),
            Act::Approve { structure, to, document, approval } => {
                let key = BookKey { structure: structure.clone(), to: *to, document: *document };
                self.approve(&key, approval, person)
            }
            Act::Confirm { structure, to, document, channel, output, approval } => {
                let key = BookKey { structure: structure.clone(), to: *to, document: *document };
                self.confirm_structure(&key, (channel, output), approval, person)
            }
            Act::Cancel { structure, to, document } => {
                let key = BookKey { structure: structure.clone(), to: *to, document: *document };
                self.cancel(&key, person)
            }
            Act::Resume { structure, to, document } => {
                let key = BookKey { structure: structure.clone(), to: *to, document: *document };
                self.resume_structure(&key, person)
            }
            Act::Back { structure, to, document } => {
                let key = BookKey { structure: structure.clone(), to: *to, document: *document };
                self.take_structure_back(&key, person)
            }
        }
    }

    /// Tells what a document comes to at this station: a proposal, or a change that begins at the version with this digest.
    pub(crate) fn here(&mut self, document: &Document, base: Option<&Digest>) -> Result<Result<Here, HereFault>, EngineFault> {
        let name = &document.structure;
        let path = self.station.dir.join("structures").join(format!("{name}.toml"));
        let description = match self.seams.files.read(&path, DOCUMENT_MAX) {
            Err(fault) if fault.is_gone() => return Ok(Err(HereFault::NoDescription(name.clone()))),
            read => read?,
        };
        let (book, believed) = (self.store().book()?, self.state.fact::<Believed>()?);
        let (channels, side) = (&self.structured, self.station.config.station.side);
        let by_hand = by_hand(self.seams.files.as_ref(), &self.station.dir, channels);
        let at = Standpoint { channels, side, description: &description, book: &book, believed: &believed, by_hand: &by_hand };
        Ok(match base {
            None => Here::of_proposal(&at, document),
            Some(base) => Here::behind(&at, base, document),
        })
    }

    fn propose(&mut self, bytes: &[u8], approval: &Approval, person: &Person<'_>) -> Result<Answer, EngineFault> {
        let document = match Document::read(bytes) {
            Ok(document) => document,
            Err(found) => {
                let first = |lang| found.first().map(|found| found.sentence("schema-change.toml", lang)).unwrap_or_default();
                return Ok(no(first));
            }
        };
        let here = match self.here(&document, None)? {
            Ok(here) => here,
            Err(fault) => return Ok(no(|lang| fault.sentence("schema-change.toml", lang))),
        };
        let key = BookKey { structure: document.structure, to: document.to, document: document_digest(bytes) };
        let (base, at_ms) = (here.before.digest, self.seams.clock.wall_ms());
        let change = BookChange { key, base, document: bytes.to_vec(), origin: Direction::Out, at_ms };
        if let Some(other) = self.in_its_place(&change)? {
            return Ok(other);
        }
        let decisions = self.store().book_decisions()?;
        if standing(&change, &decisions, self.station.config.station.id)
            .0
            .iter()
            .any(|known| known.approval.as_ref() == Some(approval))
        {
            return Ok(proposed(&change, 0));
        }
        if let Some(refused) = self.refused(&change, &here, (ApprovalKind::Propose, approval), person)? {
            return Ok(refused);
        }
        self.note_decision(&change, Some(approval), person, vec![Change::InBook(change.clone())])?;
        Ok(proposed(&change, 1))
    }

    /// Tells that there is a change to this version already.
    fn in_its_place(&mut self, change: &BookChange) -> Result<Option<Answer>, EngineFault> {
        let (book, decisions) = (self.store().book()?, self.store().book_decisions()?);
        let own = self.station.config.station.id;
        let is_open = |known: &&BookChange| {
            (&known.key.structure, known.key.to) == (&change.key.structure, change.key.to)
                && known.key != change.key
                && !standing(known, &decisions, own).1
        };
        let (structure, to) = (&change.key.structure, change.key.to);
        Ok(book.iter().find(is_open).map(|known| {
            let document = known.key.document;
            no(|lang| {
                say!(
                    lang,
                    "结构 {structure} 已有另一份到第 {to} 版的变更（摘要 {document}）；没有改动任何东西。请先 schema cancel {to}，或把新内容写成下一版。",
                    "There is another change of structure {structure} to version {to} (digest {document}); nothing was changed. Cancel it with schema cancel {to}, or make the new one the next version."
                )
            })
        }))
    }

    /// Tells why a signature does not count here now.
    fn refused(
        &mut self,
        change: &BookChange,
        here: &Here,
        (kind, approval): (ApprovalKind, &Approval),
        person: &Person<'_>,
    ) -> Result<Option<Answer>, EngineFault> {
        let decisions = self.store().book_decisions()?;
        // What stands was answered before: it is one that a cancel ended. The same words of the same person give the same signature, which others may have kept.
        if decisions.iter().any(|known| known.key == change.key && known.approval.as_ref() == Some(approval)) {
            return Ok(Some(no(ended)));
        }
        let decision = self.decision(change, Some(approval), person);
        let scene = Scene {
            change,
            own: &self.keys.keyring,
            peer: self.trust.as_ref().map(|trust| &trust.peer),
            plan: here.digest(),
            loses: here.losses().next().is_some(),
        };
        let (about, is_cancelled) = standing(change, &decisions, self.station.config.station.id);
        let judged = match kind {
            _ if approval.kind != kind => Err(Refused::Altered),
            // Nobody can propose the peer's change anew: what was taken back of it is approved anew.
            ApprovalKind::Approve if is_cancelled && change.origin == Direction::Out => Err(Refused::Cancelled),
            _ => scene.check(&decision, approval, &about),
        };
        Ok(judged.err().map(|why| {
            no(|lang| {
                let (code, words) = (why.code(), why.words(lang));
                say!(
                    lang,
                    "不算数（{code}）：{words}。没有改动任何东西。",
                    "It does not count ({code}): {words}. Nothing was changed."
                )
            })
        }))
    }

    fn approve(&mut self, key: &BookKey, approval: &Approval, person: &Person<'_>) -> Result<Answer, EngineFault> {
        let Some(change) = self.store().book()?.into_iter().find(|change| change.key == *key) else {
            return Ok(unknown(key));
        };
        let decisions = self.store().book_decisions()?;
        if standing(&change, &decisions, self.station.config.station.id)
            .0
            .iter()
            .any(|known| known.approval.as_ref() == Some(approval))
        {
            return Ok(approved(&change, 0));
        }
        // What stands in the book was read before.
        let Ok(document) = Document::read(&change.document) else { return Ok(unknown(key)) };
        let here = match self.here(&document, Some(&change.base))? {
            Ok(here) => here,
            Err(fault) => return Ok(no(|lang| fault.sentence("schema-change.toml", lang))),
        };
        if let Some(refused) = self.refused(&change, &here, (ApprovalKind::Approve, approval), person)? {
            return Ok(refused);
        }
        self.note_decision(&change, Some(approval), person, Vec::new())?;
        Ok(approved(&change, 1))
    }

    fn cancel(&mut self, key: &BookKey, person: &Person<'_>) -> Result<Answer, EngineFault> {
        let Some(change) = self.store().book()?.into_iter().find(|change| change.key == *key) else {
            return Ok(unknown(key));
        };
        let to = key.to;
        if change.origin == Direction::In {
            return Ok(no(|lang| {
                say!(
                    lang,
                    "这份变更是对方送来的，已在对方那边生效，本站不能撤销；没有改动任何东西。",
                    "This change came from the peer and was made there; it cannot be cancelled here. Nothing was changed."
                )
            }));
        }
        let decisions = self.store().book_decisions()?;
        let is_cancelled = standing(&change, &decisions, self.station.config.station.id).1;
        if !is_cancelled && self.is_begun(&change)? {
            return Ok(no(|lang| {
                say!(
                    lang,
                    "到第 {to} 版的变更已在来源数据库执行，不能撤销；没有改动任何东西。停在半路的请用 schema resume {to} 或 schema back {to}。",
                    "The change to version {to} has begun in the source's database and cannot be cancelled; nothing was changed. One that stands half-way: schema resume {to} or schema back {to}."
                )
            }));
        }
        if !is_cancelled {
            self.note_decision(&change, None, person, Vec::new())?;
        }
        Ok(Answer::done(u64::from(!is_cancelled), |lang| {
            say!(
                lang,
                "到第 {to} 版的变更已撤销，此前的签名不再算数。",
                "The change to version {to} is cancelled; what was signed before does not count any more."
            )
        }))
    }

    pub(super) fn decision(&self, change: &BookChange, approval: Option<&Approval>, person: &Person<'_>) -> BookDecision {
        BookDecision {
            key: change.key.clone(),
            approval: approval.cloned(),
            operator: person.operator.to_string(),
            name: person.name.to_string(),
            reason: person.reason.to_string(),
            at_ms: self.seams.clock.wall_ms(),
        }
    }

    /// The line, one fdatasync; then the store has the decision.
    fn note_decision(
        &mut self,
        change: &BookChange,
        approval: Option<&Approval>,
        person: &Person<'_>,
        mut changes: Vec<Change>,
    ) -> Result<(), EngineFault> {
        let code = match approval.map(|approval| approval.kind) {
            Some(ApprovalKind::Propose) => "propose",
            Some(ApprovalKind::Approve) => "approve",
            Some(ApprovalKind::Confirm) => "confirm",
            None => "cancel",
        };
        self.note_structure(change, approval, code, person.operator)?;
        changes.push(Change::Decided(self.decision(change, approval, person)));
        self.structures.look_at_once();
        self.commit_store(changes)
    }

    /// One line about a structure change, one fdatasync.
    pub(crate) fn note_structure(
        &mut self,
        change: &BookChange,
        approval: Option<&Approval>,
        code: &str,
        operator: &str,
    ) -> Result<(), EngineFault> {
        self.log.note(Event::Structure {
            structure: change.key.structure.clone(),
            to: u64::from(change.key.to),
            base: change.base,
            document: change.key.document,
            plan: approval.map_or(Digest::ZERO, |approval| approval.plan),
            code: code.to_string(),
            key: approval.map(|approval| approval.key.to_string()).unwrap_or_default(),
            operator: operator.to_string(),
        });
        self.commit_log().map(drop)
    }
}

fn ended(lang: Lang) -> String {
    say!(
        lang,
        "这份签名已随撤销作废，不能再用；没有改动任何东西。请换一个写明这一次的原因，重新签名。",
        "This signature ended with a cancel and does not count again; nothing was changed. Sign anew, with a reason that tells of this time."
    )
}

pub(super) fn unknown(key: &BookKey) -> Answer {
    let BookKey { structure, to, .. } = key;
    no(|lang| {
        say!(
            lang,
            "没有结构 {structure} 到第 {to} 版的这份变更；没有改动任何东西。已知的见 schema show。",
            "There is no such change of structure {structure} to version {to}; nothing was changed. schema show lists those that are known."
        )
    })
}

fn proposed(change: &BookChange, count: u64) -> Answer {
    let BookKey { structure, to, document } = &change.key;
    Answer::done(count, |lang| {
        say!(
            lang,
            "已提议结构 {structure} 到第 {to} 版的变更（摘要 {document}）。须由另一位审批人看过 schema show {to} 后运行 schema approve {to}。",
            "A change of structure {structure} to version {to} is proposed (digest {document}). Another approver reads schema show {to} and runs schema approve {to}."
        )
    })
}

fn approved(change: &BookChange, count: u64) -> Answer {
    let to = change.key.to;
    Answer::done(count, |lang| {
        say!(
            lang,
            "已批准到第 {to} 版的变更。本站发出的表随即在来源数据库执行，标记随后离站；本站接收的表等对方的标记到齐再执行。进展见 schema show {to}。",
            "The change to version {to} is approved. Tables that rows leave from are changed at once and the markers leave behind that; tables that rows come into wait until the peer's markers are all here. See schema show {to}."
        )
    })
}
