//! What the lines say of each channel and of the peer, and where they contradict one another (LOG.md section 6).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::heads::PeerHeads;
use super::keys::Keys;
use super::ranges::Ranges;
use super::report::{Coverage, Direction, FaultCode, Faults, Waiver};
use crate::log::line::{Event, Line};
use crate::packet::header::{ChannelName, Epoch, LogHead};
use crate::suite::{Digest, StationId};

type Place = (ChannelName, Epoch);

/// Where the line being read stands.
pub(super) struct At<'a> {
    pub(super) file: &'a Rc<str>,
    pub(super) line: u64,
}

/// One epoch of an own channel.
#[derive(Debug, Default)]
struct Sent {
    packed: Ranges,
    number: u64,
    /// Lines of this channel may be in a missing segment before the next one.
    resumed: bool,
    totals: Totals,
}

/// One epoch of a peer's channel.
#[derive(Debug, Default)]
struct Received {
    applied: Ranges,
    /// What was seen and not applied, with the header digests it was seen under.
    waiting: BTreeMap<u64, BTreeSet<Digest>>,
    waived: Ranges,
    waivers: Vec<Waiver>,
    /// The largest seq known to exist.
    known: u64,
    /// A later epoch begins behind this seq: what lies behind it here comes again there.
    ended: Option<u64>,
    equivocal: Vec<u64>,
    /// Lines of this channel may be in a missing segment before the next one.
    resumed: bool,
    /// What may have been applied in a missing segment.
    unrecorded: Ranges,
    totals: Totals,
}

#[derive(Debug, Default)]
struct Totals {
    records: u64,
    tombstones: u64,
    refused: BTreeMap<String, u64>,
}

impl Totals {
    fn add(&mut self, records: u64, tombstones: u64) {
        self.records = self.records.saturating_add(records);
        self.tombstones = self.tombstones.saturating_add(tombstones);
    }
}

/// The state that the lines add up to.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Every line from the first to this one is here, so that nothing may refer to lines that are not.
    whole: bool,
    /// The log is kept from line 1 on.
    from_first: bool,
    init_seen: bool,
    sent: BTreeMap<Place, Sent>,
    received: BTreeMap<Place, Received>,
    /// Number and header digest of what was packed.
    packed: HashMap<Digest, u64>,
    peer_heads: PeerHeads,
    unknown: BTreeMap<String, u64>,
}

impl Ledger {
    /// Tells whether a station went on from an older copy of its state, as far as the lines were read.
    pub(super) fn is_restored(&self, station: StationId) -> bool {
        self.peer_heads.is_restored(station)
    }

    pub(super) fn new(from_first: bool) -> Self {
        Self { whole: from_first, from_first, ..Self::default() }
    }

    /// Takes note that a segment is missing here: what the next lines refer to may have been in it.
    pub(super) fn resume(&mut self) {
        self.whole = false;
        self.sent.values_mut().for_each(|sent| sent.resumed = true);
        self.received.values_mut().for_each(|received| received.resumed = true);
    }

    /// Takes the event of a line; returns what the peer says there of this log.
    pub(super) fn take(&mut self, line: &Line, at: &At<'_>, keys: &Keys, faults: &mut Faults) -> Option<LogHead> {
        match &line.event {
            Event::Init { station, keyring, .. } => self.init(*station, *keyring, at, keys, faults),
            Event::Trust { keyring, .. } | Event::Keyring { keyring, .. } => require_keyring(*keyring, at, keys, faults),
            Event::Packed { .. } => self.packed(&line.event, at, faults),
            Event::Left { number, header } => self.left(*number, *header, at, faults),
            Event::Seen { .. } => return self.seen(&line.event, at),
            Event::Signal { peer, number, size, peer_root, echo_size, echo_root, .. } => {
                self.peer_heads.add(*peer, *number, LogHead { size: *size, root: *peer_root }, at);
                return Some(LogHead { size: *echo_size, root: *echo_root });
            }
            Event::Applied { .. } => self.applied(&line.event, at, faults),
            Event::Waived { .. } => self.waived(&line.event, at, faults),
            event => self.rest(event),
        }
        None
    }

    fn init(&mut self, station: StationId, keyring: Digest, at: &At<'_>, keys: &Keys, faults: &mut Faults) {
        if at.line != 2 || std::mem::replace(&mut self.init_seen, true) {
            faults.add(FaultCode::InitPlace, at.file, at.line, "");
        }
        if keys.station().is_some_and(|known| known != station) {
            faults.add(FaultCode::Station, at.file, at.line, station.to_string());
        }
        require_keyring(keyring, at, keys, faults);
    }

    fn packed(&mut self, event: &Event, at: &At<'_>, faults: &mut Faults) {
        let Event::Packed { number, channel, epoch, seq, header, records, tombstones, .. } = event else {
            return;
        };
        let sent = self.sent.entry((channel.clone(), *epoch)).or_default();
        let due = match sent.packed.last() {
            Some(last) => Some(last + 1),
            None => self.whole.then_some(1),
        };
        let resumed = std::mem::take(&mut sent.resumed);
        if due.is_some_and(|due| due != *seq && !(resumed && *seq > due)) {
            let detail = format!("{channel} {epoch} {seq}");
            faults.add(FaultCode::PackedSeq, at.file, at.line, detail);
        }
        if *number <= sent.number {
            let detail = format!("{channel} {epoch} {seq}: {number} <= {}", sent.number);
            faults.add(FaultCode::PackedNumber, at.file, at.line, detail);
        }
        sent.packed.insert(*seq, *seq);
        sent.number = *number;
        sent.totals.add(*records, *tombstones);
        self.packed.insert(*header, *number);
    }

    fn left(&mut self, number: u64, header: Digest, at: &At<'_>, faults: &mut Faults) {
        let known = self.packed.get(&header) == Some(&number);
        // Where segments are gone, so may be the line that packed it.
        if !known && self.whole {
            faults.add(FaultCode::LeftUnknown, at.file, at.line, format!("{number} {header}"));
        }
    }

    fn seen(&mut self, event: &Event, at: &At<'_>) -> Option<LogHead> {
        let Event::Seen { peer, number, channel, epoch, seq, header, size, peer_root, echo_size, echo_root, .. } = event else {
            return None;
        };
        let received = self.received.entry((channel.clone(), *epoch)).or_default();
        received.known = received.known.max(*seq);
        if !received.applied.contains(*seq, *seq) {
            received.waiting.entry(*seq).or_default().insert(*header);
        }
        self.peer_heads.add(*peer, *number, LogHead { size: *size, root: *peer_root }, at);
        Some(LogHead { size: *echo_size, root: *echo_root })
    }

    fn applied(&mut self, event: &Event, at: &At<'_>, faults: &mut Faults) {
        let Event::Applied { channel, epoch, seq, header, records, tombstones } = event else {
            return;
        };
        let received = self.received.entry((channel.clone(), *epoch)).or_default();
        let before = match received.applied.last() {
            Some(last) => Some(last),
            None => self.whole.then_some(0),
        };
        if std::mem::take(&mut received.resumed) {
            let first = before.unwrap_or(0) + 1;
            received.unrecorded.insert(first, seq.saturating_sub(1));
        }
        let follows = before.is_none_or(|last| {
            let between = |set: &Ranges| set.contains(last + 1, *seq - 1);
            *seq > last && (between(&received.waived) || between(&received.unrecorded))
        });
        if !follows {
            let detail = format!("{channel} {epoch} {seq}");
            faults.add(FaultCode::AppliedSeq, at.file, at.line, detail);
        }
        let seen = received.waiting.remove(seq);
        let unseen = seen.map_or(self.whole, |seen| !seen.contains(header));
        if unseen {
            let detail = format!("{channel} {epoch} {seq}");
            faults.add(FaultCode::AppliedUnseen, at.file, at.line, detail);
        }
        if received.waived.contains(*seq, *seq) {
            faults.add(FaultCode::AppliedWaived, at.file, at.line, format!("{channel} {epoch} {seq}"));
        }
        received.known = received.known.max(*seq);
        received.applied.insert(*seq, *seq);
        received.totals.add(*records, *tombstones);
    }

    fn waived(&mut self, event: &Event, at: &At<'_>, faults: &mut Faults) {
        let Event::Waived { channel, epoch, from, to, operator } = event else {
            return;
        };
        let received = self.received.entry((channel.clone(), *epoch)).or_default();
        if received.applied.meets(*from, *to) {
            faults.add(FaultCode::AppliedWaived, at.file, at.line, format!("{channel} {epoch} {from}..{to}"));
        }
        received.known = received.known.max(*to);
        received.waived.insert(*from, *to);
        received.waivers.push(Waiver { from: *from, to: *to, operator: operator.clone() });
    }

    /// Takes the kinds that only add to the coverage.
    fn rest(&mut self, event: &Event) {
        match event {
            Event::Gap { channel, epoch, to, .. } => {
                let received = self.received.entry((channel.clone(), *epoch)).or_default();
                received.known = received.known.max(*to);
            }
            Event::Refused { channel, epoch, code, count, .. } => {
                let place = (channel.clone(), *epoch);
                let totals = match self.sent.get_mut(&place) {
                    Some(sent) => &mut sent.totals,
                    None => &mut self.received.entry(place).or_default().totals,
                };
                *totals.refused.entry(code.clone()).or_default() += count;
            }
            Event::EpochOpened { channel, old_epoch, old_seq, .. } => {
                if let Some(received) = self.received.get_mut(&(channel.clone(), *old_epoch)) {
                    received.ended = Some(*old_seq);
                }
            }
            Event::Restored { peer, .. } => self.peer_heads.restored(*peer),
            Event::Released { code, .. } => self.peer_heads.released(code),
            Event::Equivocation { channel, epoch, seq, .. } => {
                let received = self.received.entry((channel.clone(), *epoch)).or_default();
                received.equivocal.push(*seq);
            }
            Event::Unknown { kind, .. } => *self.unknown.entry(kind.clone()).or_default() += 1,
            _ => {}
        }
    }

    /// Checks what only the whole log can show, and sums up.
    pub(super) fn finish(self, faults: &mut Faults) -> (Vec<Coverage>, BTreeMap<String, u64>) {
        self.peer_heads.check(faults);
        let from_first = self.from_first;
        let sent = self.sent.into_iter().map(|(place, sent)| sent.sum_up(place));
        let mut channels: Vec<Coverage> = sent.collect();
        for (place, received) in self.received {
            channels.push(received.sum_up(place, from_first, faults));
        }
        channels.sort_by(|a, b| (&a.channel, a.epoch).cmp(&(&b.channel, b.epoch)));
        (channels, self.unknown)
    }
}

fn require_keyring(digest: Digest, at: &At<'_>, keys: &Keys, faults: &mut Faults) {
    if !keys.has_file(digest) {
        faults.add(FaultCode::KeyringMissing, at.file, at.line, digest.to_string());
    }
}

impl Sent {
    fn sum_up(self, (channel, epoch): Place) -> Coverage {
        Coverage {
            channel,
            epoch,
            direction: Direction::Sent,
            packed: self.packed.spans().to_vec(),
            applied: Vec::new(),
            waiting: Vec::new(),
            waived: Vec::new(),
            missing: Vec::new(),
            records: self.totals.records,
            tombstones: self.totals.tombstones,
            refused: self.totals.refused,
            equivocal: Vec::new(),
        }
    }
}

impl Received {
    fn sum_up(self, (channel, epoch): Place, from_first: bool, faults: &mut Faults) -> Coverage {
        let mut waiting = Ranges::default();
        for &seq in self.waiting.keys() {
            waiting.insert(seq, seq);
        }
        waiting.subtract(&self.applied);
        waiting.subtract(&self.waived);
        let firsts = [&self.applied, &waiting, &self.waived].map(Ranges::first);
        let first_here = firsts.into_iter().flatten().min().unwrap_or(1);
        let mut missing = Ranges::default();
        let due = self.known.min(self.ended.unwrap_or(u64::MAX));
        missing.insert(if from_first { 1 } else { first_here }, due);
        for here in [&self.applied, &waiting, &self.waived, &self.unrecorded] {
            missing.subtract(here);
        }
        for span in missing.spans() {
            let detail = format!("{channel} {epoch} {}..{}", span.from, span.to);
            faults.add(FaultCode::PacketMissing, "", None, detail);
        }
        Coverage {
            channel,
            epoch,
            direction: Direction::Received,
            packed: Vec::new(),
            applied: self.applied.spans().to_vec(),
            waiting: waiting.spans().to_vec(),
            waived: self.waivers,
            missing: missing.spans().to_vec(),
            records: self.totals.records,
            tombstones: self.totals.tombstones,
            refused: self.totals.refused,
            equivocal: self.equivocal,
        }
    }
}
