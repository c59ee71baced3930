//! Whether a structure change may be made here: who proposed it, who approved it, and that nothing of it changed since.
//!
//! Given: a change, the decisions about it, the keyrings and the plan as they are now. Gives: leave, or why not. Never: leave by a signature that was right when
//! it was made and is not now; leave by the peer's people for this side.

use super::answers;
use crate::lang::Lang;
use crate::say;
use crate::store::Direction;
use crate::store::book::{BookChange, BookDecision};
use dukou_packets::keyring::{KeyEntry, Keyring, Role};
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::marker::{Approval, ApprovalKind, Change, document_digest};
use dukou_packets::suite::{Digest, KeyId, StationId, sha256};

/// What the digest of a reason begins with.
const REASON: &[u8] = b"dukou-schema-reason-v1\0";

/// Gives the digest of a person's reason, which is signed.
pub fn reason_digest(reason: &str) -> Digest {
    sha256(&[REASON, reason.as_bytes()])
}

/// What a decision is held against.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The change.
    pub change: &'a BookChange,
    /// This station's keyring.
    pub own: &'a Keyring,
    /// The peer's, where one is trusted.
    pub peer: Option<&'a Keyring>,
    /// The digest of what would be run here now.
    pub plan: Digest,
    /// Whether values may be lost by it.
    pub loses: bool,
}

/// Why a change may not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nobody but who proposed it has signed for it here.
    #[error("no second person of this station has approved it")]
    Unapproved,
    /// The approver is who proposed it: by key, account or name.
    #[error("who proposed it has approved it")]
    SelfApproved,
    /// The approver's key does not count any more.
    #[error("the approver's key does not count in the present version of the keyring")]
    RoleExpired,
    /// The signature is another station's, or by a key that this station's keyring does not have; or the peer's approval is not by its keyring.
    #[error("the signature is not by an approver whose keyring is known")]
    Foreign,
    /// The document or what would be run is not what was signed.
    #[error("it is not what was signed")]
    Altered,
    /// A person cancelled it.
    #[error("it was cancelled")]
    Cancelled,
}

impl Refused {
    /// Gives the stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unapproved => "unapproved",
            Self::SelfApproved => "self-approved",
            Self::RoleExpired => "role-expired",
            Self::Foreign => "foreign",
            Self::Altered => "altered",
            Self::Cancelled => "cancelled",
        }
    }

    /// Says it, without a full stop.
    pub fn words(self, lang: Lang) -> String {
        match self {
            Self::Unapproved => say!(lang, "本站还没有提议人以外的审批人批准", "{self}"),
            Self::SelfApproved => say!(lang, "提议的人不能自己批准（密钥、账号、姓名都不能相同）", "{self}"),
            Self::RoleExpired => say!(lang, "审批人的密钥在现行密钥表里已经停用", "{self}"),
            Self::Foreign => {
                say!(lang, "签名不是本站密钥表里的审批人的，或对方的批准不是对方密钥表里的审批人的", "{self}")
            }
            Self::Altered => say!(lang, "变更文件或会执行的 SQL 与签名时的不同", "{self}"),
            Self::Cancelled => say!(lang, "已撤销", "{self}"),
        }
    }
}

/// Gives the decisions about a change that stand, oldest first, and whether the newest decision cancels it. A cancel ends what persons of the station `own` signed before
/// it; what the peer's people signed came with their marker and stays.
pub fn standing<'a>(change: &BookChange, decisions: &'a [BookDecision], own: StationId) -> (Vec<&'a BookDecision>, bool) {
    let about: Vec<&BookDecision> = decisions.iter().filter(|decision| decision.key == change.key).collect();
    let behind = about.iter().rposition(|decision| decision.approval.is_none()).map_or(0, |at| at + 1);
    let is_cancelled = behind > 0 && behind == about.len();
    let is_others = |decision: &BookDecision| decision.approval.as_ref().is_some_and(|approval| approval.station != own);
    let stands = |(at, decision): (usize, &'a BookDecision)| (at >= behind || is_others(decision)).then_some(decision);
    (about.into_iter().enumerate().filter_map(stands).collect(), is_cancelled)
}

impl Scene<'_> {
    /// Tells whether the change may be made here now; gives the approver's key.
    ///
    /// # Errors
    /// [`Refused`]: of several approvals that do not count, why the newest does not.
    pub fn judge(&self, decisions: &[BookDecision]) -> Result<KeyId, Refused> {
        let (about, is_cancelled) = standing(self.change, decisions, self.own.body().station);
        if is_cancelled {
            return Err(Refused::Cancelled);
        }
        self.check_origin(&about)?;
        let is_ours = |approval: &Approval| {
            // What the peer's people signed lets the peer apply it, and binds nobody here.
            approval.kind == ApprovalKind::Approve && Some(approval.station) != self.peer.map(|peer| peer.body().station)
        };
        let mut refused = Refused::Unapproved;
        for (decision, approval) in about.iter().filter_map(|decision| Some((decision, decision.approval.as_ref()?))) {
            if is_ours(approval) {
                match self.check(decision, approval, &about) {
                    Ok(()) => return Ok(approval.key),
                    Err(why) => refused = why,
                }
            }
        }
        Err(refused)
    }

    /// Tells whether a person of this station vouched that the change was made in the database at this channel's end, by a signature that was right when it was given: what
    /// is done stays done, whoever's role ended since.
    pub fn is_vouched_for(&self, decisions: &[BookDecision], channel: &ChannelName) -> bool {
        let signed = self.change.signed();
        standing(self.change, decisions, self.own.body().station).0.iter().any(|decision| {
            answers::vouches(&decision.reason, channel)
                && decision.approval.as_ref().is_some_and(|approval| {
                    approval.kind == ApprovalKind::Confirm
                        && approval.station == self.own.body().station
                        && approval.plan == self.plan
                        && approval.reason == reason_digest(&decision.reason)
                        && entry(self.own, approval.key).is_some_and(|key| approval.is_by(key, &signed))
                })
        })
    }

    /// What came in a marker was approved on the sender's side, by its keyring; what was proposed here, by a person of this station.
    fn check_origin(&self, about: &[&BookDecision]) -> Result<(), Refused> {
        let (change, signed) = (self.change, self.change.signed());
        if document_digest(&change.document) != change.key.document {
            return Err(Refused::Altered);
        }
        let (keyring, kind) = match change.origin {
            Direction::In => (self.peer, ApprovalKind::Approve),
            Direction::Out => (Some(self.own), ApprovalKind::Propose),
        };
        let by = |approval: &Approval, keyring: &Keyring| {
            let key = entry(keyring, approval.key);
            approval.station == keyring.body().station && key.is_some_and(|key| approval.is_by(key, &signed))
        };
        let mut approvals = about.iter().filter_map(|decision| decision.approval.as_ref());
        let is_by = |keyring| approvals.any(|approval| approval.kind == kind && by(approval, keyring));
        match keyring.is_some_and(is_by) {
            true => Ok(()),
            false => Err(Refused::Foreign),
        }
    }

    /// Tells whether a decision, a proposal or an approval, counts here now; `about` are the decisions before it.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn check(&self, decision: &BookDecision, approval: &Approval, about: &[&BookDecision]) -> Result<(), Refused> {
        let change: Change = self.change.signed();
        if approval.station != self.own.body().station {
            return Err(Refused::Foreign);
        }
        let Some(key) = entry(self.own, approval.key) else { return Err(Refused::Foreign) };
        // First: who signs with a key that was ended shall hear that, and not that the signature does not hold.
        let now = self.own.body().version;
        if approval.keyring > now || !key.is_valid_at(now) {
            return Err(Refused::RoleExpired);
        }
        if !approval.is_by(key, &change) || document_digest(&self.change.document) != change.document {
            return Err(Refused::Altered);
        }
        if approval.kind == ApprovalKind::Approve && about.iter().any(|other| proposed(other, decision)) {
            return Err(Refused::SelfApproved);
        }
        let is_of_reason = approval.reason == reason_digest(&decision.reason);
        if approval.plan != self.plan || approval.loss != self.loses || !is_of_reason {
            return Err(Refused::Altered);
        }
        Ok(())
    }
}

/// Tells whether a decision is the proposal of who made the other one.
fn proposed(other: &BookDecision, decision: &BookDecision) -> bool {
    let Some(proposal) = other.approval.as_ref().filter(|approval| approval.kind == ApprovalKind::Propose) else {
        return false;
    };
    let alike = |one: &str, two: &str| !one.is_empty() && one == two;
    decision.approval.as_ref().is_some_and(|approval| approval.key == proposal.key)
        || alike(&other.operator, &decision.operator)
        || alike(&other.name, &decision.name)
}

/// Gives an approver's key of a keyring.
fn entry(keyring: &Keyring, id: KeyId) -> Option<&KeyEntry> {
    keyring.keys_of(Role::Approver).find(|key| key.id == id)
}

#[cfg(test)]
mod tests;
