//! A marker that is its channel's next packet: the channel stops there, or passes it.
//!
//! Given: a verified packet of kind 2. Gives: its document and its sender's approvals in the book, where it stands, and whether the channel passes it: because this end
//! is at the version behind it already, or because the change may be pending. After a crash: the packet is kept and met again, and nothing is noted twice. Never: a
//! packet behind it given to a sink that is at the version before, pending form apart; one of two markers for one version chosen.

use super::order::STRUCTURE;
use super::structure::arrived::{Arrived, Arriving, Stand};
use super::verify::Verified;
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::say;
use crate::schema::Document;
use crate::schema::structure::next_digest;
use crate::schema::versions::{Believed, Ends, number_of};
use crate::store::book::{BookChange, BookDecision, BookKey};
use crate::store::{Change, Direction, PacketRow, PacketState};
use dukou_packets::keyring::Role;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::marker::{Approval, ApprovalKind, Marker, read_marker};
use dukou_packets::packet::open::{Refusal, VerifiedHead, open_payload};

/// The hold of a channel whose marker is not of the document that it carries, or does not begin at the version that is here.
const MARKER: &str = "marker";

/// The hold of channels with two markers for one version.
const EQUIVOCATION: &str = "equivocation";

/// How a channel goes on at a marker.
pub(super) enum Meeting {
    /// It is a packet without records, as any other.
    Passes,
    /// The channel stops, under this code; the words where the code alone does not say it.
    Stops(&'static str, Option<[String; 2]>),
}

impl Meeting {
    fn stops(code: &'static str, sentence: impl Fn(Lang) -> String) -> Self {
        Self::Stops(code, Some([sentence(Lang::Zh), sentence(Lang::En)]))
    }
}

impl Engine {
    /// Reads what a packet of kind 2 says.
    pub(super) fn read_marker(&self, verified: &Verified) -> Result<Marker, Refusal> {
        let plain = open_payload(&verified.head, verified.payload.clone(), &[self.keys.encryption.as_ref()])?;
        read_marker(&verified.head, &plain)
    }

    /// Meets a marker that is its channel's next packet, with nothing before it under way.
    pub(super) fn meet_marker(&mut self, channel: &ChannelName, verified: &Verified) -> Result<Meeting, EngineFault> {
        let marker = match self.read_marker(verified) {
            Ok(marker) if says_what_it_carries(&marker) => marker,
            Ok(_) => return Ok(Meeting::Stops(MARKER, None)),
            Err(refusal) => return Ok(Meeting::Stops(refusal.code(), None)),
        };
        let change = &marker.change;
        let believed = self.state.fact::<Believed>()?.of(channel);
        if believed == Some(next_digest(&change.before, &change.document)) {
            return Ok(Meeting::Passes);
        }
        if let Some(meeting) = self.unsound(channel, &marker)? {
            return Ok(meeting);
        }
        if let Some(other) = self.twin_of(&marker)? {
            self.note_marker(channel, verified, &marker, false)?;
            return self.meet_twin(channel, &marker, &other);
        }
        if let Some(meeting) = self.misfit(channel, &marker)? {
            return Ok(meeting);
        }
        // One change at a time: behind one that is pending the next one waits for it.
        let is_first = self.state.fact::<Arrived>()?.passed_by(channel).is_none_or(|known| known.document == change.document);
        let is_approved = marker.approvals.iter().any(|approval| approval.kind == ApprovalKind::Approve);
        let passes = marker.pending && is_first && is_approved;
        self.note_marker(channel, verified, &marker, passes)?;
        Ok(if passes { Meeting::Passes } else { Meeting::Stops(STRUCTURE, None) })
    }

    /// Tells what of a marker contradicts the channel, the peer's keyring or the other markers of its change; nothing of it is noted then.
    fn unsound(&self, channel: &ChannelName, marker: &Marker) -> Result<Option<Meeting>, EngineFault> {
        let name = &marker.change.structure;
        let own = self.structured.iter().find(|known| known.channel == *channel);
        if let Some(own) = own.filter(|own| own.structure.as_ref() != Some(name)) {
            let here = own.structure.clone().unwrap_or_default();
            return Ok(Some(Meeting::stops(MARKER, |lang| {
                say!(
                    lang,
                    "标记是结构 {name} 的，而通道 {channel} 在本站是结构 {here}：请与发送方核对两边的通道文件",
                    "the marker is of structure {name}, and channel {channel} has {here} here: compare the channels' files of both sides"
                )
            })));
        }
        if !self.is_signed_by_peer(marker) {
            return Ok(Some(Meeting::stops(MARKER, |lang| {
                say!(
                    lang,
                    "标记里的签名不都是对方密钥表里的审批人的：对方若换过审批人，请先收下对方的新密钥表（trust），再 release {channel}；否则请与发送方核对",
                    "not every signature in the marker is by an approver of the peer's keyring: if the peer has new approvers, take in its keyring (trust) and then release {channel}; else ask the sender"
                )
            })));
        }
        let arrived = self.state.fact::<Arrived>()?;
        let contradicts = |known: &&Arriving| known.is_of(&marker.change) && known.channels != marker.channels;
        Ok(arrived.0.iter().find(contradicts).map(|known| {
            let list = |channels: &[ChannelName]| channels.iter().map(ChannelName::to_string).collect::<Vec<_>>().join(", ");
            let (one, other) = (list(&known.channels), list(&marker.channels));
            Meeting::stops(MARKER, |lang| {
                say!(
                    lang,
                    "同一份变更的两个标记说的通道不同（{one}；{other}）：请与发送方核对",
                    "two markers of one change name different channels ({one}; {other}): ask the sender"
                )
            })
        }))
    }

    /// Tells whether each signature in a marker is by an approver of the peer's keyring.
    pub(crate) fn is_signed_by_peer(&self, marker: &Marker) -> bool {
        let Some(trust) = &self.trust else { return false };
        let is_by_peer = |approval: &Approval| {
            approval.station == trust.peer.body().station
                && trust.peer.keys_of(Role::Approver).any(|key| approval.is_by(key, &marker.change))
        };
        marker.approvals.iter().all(is_by_peer)
    }

    /// Tells why a marker does not begin at the version that is here; nothing of it is noted then.
    fn misfit(&mut self, channel: &ChannelName, marker: &Marker) -> Result<Option<Meeting>, EngineFault> {
        let (name, from) = (&marker.change.structure, marker.change.from);
        let Some(own) = self.structured.iter().find(|known| known.channel == *channel).cloned() else { return Ok(None) };
        let Some(first) = self.structure_of(&own)? else {
            return Ok(Some(Meeting::stops(MARKER, |lang| {
                say!(
                    lang,
                    "这里是结构 {name} 第 {from} 版之后的标记，本站没有能用的 structures/{name}.toml：请放入与发送方相同的结构说明，再 release {channel}",
                    "here is a marker behind version {from} of structure {name}, and there is no usable structures/{name}.toml: put the sender's description there and release {channel}"
                )
            })));
        };
        let (book, believed) = (self.store().book()?, self.state.fact::<Believed>()?);
        let ends = Ends { believed: &believed, book: &book, first: &first };
        let pending = self.state.fact::<Arrived>()?;
        let behind_pending =
            pending.passed_by(channel).is_some_and(|known| next_digest(&known.before, &known.document) == marker.change.before);
        if behind_pending || ends.stands_at(&own, &marker.change.before) {
            return Ok(None);
        }
        let digest = believed.of(channel).unwrap_or(first.digest);
        let here = believed.of(channel).and_then(|digest| number_of(&book, &digest)).unwrap_or(first.version);
        Ok(Some(Meeting::stops(MARKER, |lang| {
            say!(
                lang,
                "标记从结构 {name} 的第 {from} 版（摘要 {}）开始，而这条通道在本站是第 {here} 版（摘要 {digest}）：请与发送方核对两边的 structures/{name}.toml 和已做过的变更",
                "the marker begins at version {from} of structure {name} (digest {}), and this channel is at version {here} here (digest {digest}): compare structures/{name}.toml and the changes made on both sides",
                marker.change.before
            )
        })))
    }

    /// Gives another change to the same version: the peer's, or one that was made here.
    fn twin_of(&mut self, marker: &Marker) -> Result<Option<BookChange>, EngineFault> {
        let (change, book, believed) = (&marker.change, self.store().book()?, self.state.fact::<Believed>()?);
        // What was proposed here counts once it was made.
        let is_made = |known: &BookChange| believed.ends.values().any(|digest| *digest == known.after().to_string());
        let is_twin = |known: &&BookChange| {
            (known.origin == Direction::In || is_made(known))
                && (&known.key.structure, known.key.to) == (&change.structure, change.to())
                && (known.key.document, known.base) != (change.document, change.before)
        };
        Ok(book.iter().find(is_twin).cloned())
    }

    /// Two markers for one version: every channel of either stops, and both stay as evidence.
    fn meet_twin(&mut self, channel: &ChannelName, marker: &Marker, other: &BookChange) -> Result<Meeting, EngineFault> {
        let (structure, to, one, two) =
            (&marker.change.structure, marker.change.to(), other.key.document, marker.change.document);
        let sentence = |lang| {
            say!(
                lang,
                "结构 {structure} 有两份不同的到第 {to} 版的变更（摘要 {one} 和 {two}），都留作证据，相关通道全部停下；请双方负责人核对",
                "there are two different changes of structure {structure} to version {to} (digests {one} and {two}); both are kept as evidence and all channels concerned stop; both sides' people must compare"
            )
        };
        let arrived = self.state.fact::<Arrived>()?;
        let concerned = arrived.0.iter().filter(|known| (&known.structure, known.to) == (structure, to));
        let mut channels: Vec<ChannelName> = concerned.flat_map(|known| known.channels.iter().cloned()).collect();
        channels.retain(|other| other != channel && self.incoming.contains_key(other));
        channels.sort();
        channels.dedup();
        for other in &channels {
            let seq = self.in_head(other).map_or(0, |head| head.seq) + 1;
            self.hold_instead(other, EQUIVOCATION, seq, Some([sentence(Lang::Zh), sentence(Lang::En)]))?;
        }
        Ok(Meeting::stops(EQUIVOCATION, sentence))
    }

    /// Writes what a marker brought into the book, and where it stands.
    fn note_marker(
        &mut self,
        channel: &ChannelName,
        verified: &Verified,
        marker: &Marker,
        passes: bool,
    ) -> Result<(), EngineFault> {
        let mut changes = self.of_book(marker)?;
        let before = self.state.fact::<Arrived>()?;
        let (key, mut arrived) = (&verified.row.key, before.clone());
        let stand = Stand { epoch: key.epoch, seq: key.seq, header: verified.head.digest };
        arrived.note(marker, (channel, stand), passes, (self.seams.clock.wall_ms(), self.running_ms()));
        if arrived != before {
            changes.push(Change::fact(&arrived)?);
        }
        self.barrier.look_at_once();
        match changes.is_empty() {
            true => Ok(()),
            false => self.commit_store(changes),
        }
    }

    /// A marker that this station has applied, and does not know to have: its state was rebuilt. Its end is at the version behind it, or has it pending.
    pub(crate) fn recall_version(&mut self, head: &VerifiedHead, marker: &Marker) -> Result<(), EngineFault> {
        let Some(channel) = head.header.channel.clone() else { return Ok(()) };
        let key = Self::packet_key(Direction::In, &channel, head.header.epoch, head.header.seq);
        let is_ours = |row: &PacketRow| row.header == head.digest && row.state == PacketState::Applied;
        let own = self.structured.iter().find(|known| known.channel == channel).cloned();
        let (Some(_), Some(own)) = (self.store().packet(&key)?.filter(is_ours), own) else { return Ok(()) };
        let Some(first) = self.structure_of(&own)? else { return Ok(()) };
        let (book, mut believed, mut arrived) =
            (self.store().book()?, self.state.fact::<Believed>()?, self.state.fact::<Arrived>()?);
        if !(Ends { believed: &believed, book: &book, first: &first }).stands_at(&own, &marker.change.before) {
            return Ok(());
        }
        self.barrier.begin_anew();
        if marker.pending {
            let stand = Stand { epoch: key.epoch, seq: key.seq, header: head.digest };
            arrived.note(marker, (&channel, stand), true, (self.seams.clock.wall_ms(), self.running_ms()));
            return self.commit_store(vec![Change::fact(&arrived)?]);
        }
        believed.note(&channel, &next_digest(&marker.change.before, &marker.change.document));
        self.commit_store(vec![Change::fact(&believed)?])
    }

    /// Gives what of a marker the book does not have.
    pub(crate) fn of_book(&mut self, marker: &Marker) -> Result<Vec<Change>, EngineFault> {
        let (at_ms, change) = (self.seams.clock.wall_ms(), &marker.change);
        let key = BookKey { to: change.to(), structure: change.structure.clone(), document: change.document };
        let (book, known) = (self.store().book()?, self.store().book_decisions()?);
        let mut changes = Vec::new();
        if book.iter().all(|known| known.key != key) {
            let (base, document) = (change.before, marker.document.clone());
            changes.push(Change::InBook(BookChange { key: key.clone(), base, document, origin: Direction::In, at_ms }));
        }
        for approval in &marker.approvals {
            let decision = BookDecision {
                key: key.clone(),
                approval: Some(approval.clone()),
                operator: String::new(),
                name: String::new(),
                reason: String::new(),
                at_ms,
            };
            if known.iter().all(|other| (&other.key, &other.approval) != (&decision.key, &decision.approval)) {
                changes.push(Change::Decided(decision));
            }
        }
        Ok(changes)
    }
}

/// Tells whether the document can be read, is for the structure and the versions that the marker names, and may be pending where the marker says that it is.
pub(crate) fn says_what_it_carries(marker: &Marker) -> bool {
    let named = (&marker.change.structure, marker.change.from);
    Document::read(&marker.document).is_ok_and(|document| {
        (&document.structure, document.from) == named
            && document.pending == marker.pending
            && (!document.pending || document.may_be_pending())
    })
}
