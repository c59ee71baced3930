//! Stations that go on from an older copy of their state: the peer, told by its runs, and this one, told by what the peer echoes of its log.
//!
//! Given: verified heads of one look. Gives: the look without what must not be taken in; all channels held until a person decides. After a crash:
//! the packet that told it lies in the ferry directory still, or the state says so. Never: a packet of a doubtful sender applied; a packet of this
//! station sealed while its numbers may be in use already.

mod of_log;

pub(crate) use self::of_log::NoticedHere;

use super::{RESTORED, RESTORED_HERE};
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::receive::pick_up::{Look, Picked};
use crate::say;
use crate::store::facts::Fact;
use crate::store::{Change, Direction, Hold};
use crate::trouble::Trouble;
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::{ChannelName, Class, Header, KIND_EPOCH_OPENING, LogHead};
use dukou_packets::suite::RunId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The peer goes on from an older copy of its state, until a person decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerRestored {
    /// What told it.
    found: Option<Found>,
    /// Channels that a new epoch has put right.
    settled: BTreeSet<ChannelName>,
    /// The number of the first opening that fitted: signals from there on are believed.
    believed_from: Option<u64>,
}

impl Fact for PeerRestored {
    const NAME: &str = "peer-restored";
}

/// This station goes on from an older copy of its state, until a person decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoredHere {
    /// What told it.
    found: Option<Found>,
    /// What comes in waits for `release`.
    incoming_waits: bool,
    /// Nothing is sent until `epoch new`.
    sending_waits: bool,
    /// Lines of this log that the peer speaks of and that are known to be lost.
    tolerated: u64,
    /// Packets below this number may have been delivered before: all there are until the peer names a head of this copy's log.
    again_below: u64,
    /// The highest number of a packet that did not know this copy: up to there the peer's numbers tell nothing, where it was restored, too.
    #[serde(default)]
    apart_up_to: u64,
    /// Lines of this log when it was noticed: no other copy has the heads beyond.
    #[serde(default)]
    since: u64,
}

impl Fact for RestoredHere {
    const NAME: &str = "restored-here";
}

/// The packet that told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Found {
    run: RunId,
    number: u64,
}

impl Engine {
    /// Judges what was picked up, before anything of it is taken in, and takes out what must not be.
    pub(crate) fn judge(&mut self, mut look: Look, report: &mut PassReport) -> Result<Look, EngineFault> {
        let heads = look.signals.iter().chain(look.cargo.values().flatten());
        let mut headers: Vec<&Header> = heads.map(|picked| &picked.head.header).collect();
        headers.sort_by_key(|header| header.number);
        for header in &headers {
            if self.speaks_of_lost_lines(header.peer_log)? {
                self.notice_here(header)?;
            }
            self.judge_run(header)?;
        }
        self.note_heard(&headers)?;
        let restored = self.state.fact::<PeerRestored>()?;
        if restored.found.is_some() {
            let signals = std::mem::take(&mut look.signals);
            for signal in signals {
                match restored.believed_from.is_some_and(|from| signal.head.header.number >= from) {
                    true => look.signals.push(signal),
                    false => drop(self.let_go(&signal.dir, &signal.name, report)?),
                }
            }
            for (channel, arrivals) in &mut look.cargo {
                if !restored.settled.contains(channel) {
                    *arrivals = self.without_doubtful(channel, std::mem::take(arrivals))?;
                }
            }
        }
        self.hold_doubtful_channels()?;
        Ok(look)
    }

    /// Holds a packet's run and number against those known.
    fn judge_run(&mut self, header: &Header) -> Result<(), EngineFault> {
        let Some(run) = header.run() else { return Ok(()) };
        // A newer number with a shorter log: the peer learned of its fate before it sent anything.
        if self.peer_runs.falls(header.number, header.own_log.size) {
            self.notice_peer(header.sender, Found { run, number: header.number })?;
        }
        match self.peer_runs.observe(run, header.number, header.own_log.size) {
            Ok(changes) => changes.into_iter().for_each(|change| self.ride(change)),
            // What belongs to an epoch to come does no harm: its opening decides.
            Err(_) if self.is_ahead(header) => {}
            Err(_) => self.notice_peer(header.sender, Found { run, number: header.number })?,
        }
        Ok(())
    }

    /// True for cargo of an epoch that has not begun here.
    pub(crate) fn is_ahead(&self, header: &Header) -> bool {
        let Some(channel) = header.channel.as_ref().filter(|_| header.class == Class::Cargo) else { return false };
        match self.in_head(channel) {
            None => header.kind == KIND_EPOCH_OPENING,
            Some(head) => header.epoch.counter > head.epoch.counter,
        }
    }

    fn notice_peer(&mut self, peer: dukou_packets::suite::StationId, found: Found) -> Result<(), EngineFault> {
        if self.incoming.is_empty() || self.state.fact::<PeerRestored>()?.found.is_some() {
            return Ok(());
        }
        tracing::error!(number = found.number, "the peer goes on from an older copy of its state");
        self.log.note(Event::Restored { peer, run: found.run, number: found.number });
        self.commit_log()?;
        let restored = PeerRestored { found: Some(found), ..PeerRestored::default() };
        let changes = vec![Change::fact(&restored)?];
        self.hold_all(RESTORED, changes)
    }

    fn notice_here(&mut self, header: &Header) -> Result<(), EngineFault> {
        let known = self.state.fact::<RestoredHere>()?;
        let (size, number) = (header.peer_log.size, header.number);
        if known.found.is_some() {
            // The decision is to cover everything that the peer knew.
            if size > known.tolerated {
                self.commit_store(vec![Change::fact(&RestoredHere { tolerated: size, ..known })?])?;
            }
            return Ok(());
        }
        tracing::error!(size, "this station goes on from an older copy of its state: the peer knows lines that are not here");
        let found = Found { run: self.run, number };
        self.log.note(Event::Restored { peer: self.station.config.station.id, run: self.run, number });
        self.commit_log()?;
        let here = RestoredHere {
            found: Some(found),
            incoming_waits: !self.incoming.is_empty(),
            sending_waits: true,
            tolerated: size,
            again_below: u64::MAX,
            apart_up_to: 0,
            since: self.log.head().size,
        };
        self.hold_all(RESTORED_HERE, vec![Change::fact(&here)?])
    }

    /// Holds every channel that comes in, whatever it was held for before: that would show again.
    fn hold_all(&mut self, code: &str, mut changes: Vec<Change>) -> Result<(), EngineFault> {
        let at_ms = self.seams.clock.wall_ms();
        for channel in self.incoming.keys() {
            self.log.note(Event::Hold { channel: channel.clone(), code: code.to_string() });
            changes.push(Change::Hold(channel.clone(), Some(Hold { code: code.to_string(), seq: 0, at_ms })));
        }
        self.commit_log()?;
        self.commit_store(changes)
    }

    /// Channels that were configured or released since are held, too, as long as no person decided.
    fn hold_doubtful_channels(&mut self) -> Result<(), EngineFault> {
        let (peer, here) = (self.state.fact::<PeerRestored>()?, self.state.fact::<RestoredHere>()?);
        let waiting: Vec<ChannelName> = self.incoming.keys().cloned().collect();
        for channel in waiting {
            if here.found.is_some() && here.incoming_waits {
                self.hold(&channel, RESTORED_HERE, 0)?;
            }
            if peer.found.is_some() && !peer.settled.contains(&channel) {
                self.hold(&channel, RESTORED, 0)?;
            }
        }
        Ok(())
    }

    /// Sets aside what a doubtful sender sent in the epoch that is open here; what is known already and what comes with a new epoch goes on.
    fn without_doubtful(&mut self, channel: &ChannelName, arrivals: Vec<Picked>) -> Result<Vec<Picked>, EngineFault> {
        let mut left = Vec::new();
        for picked in arrivals {
            let header = &picked.head.header;
            let row = self.store().packet(&Self::packet_key(Direction::In, channel, header.epoch, header.seq))?;
            match self.is_ahead(header) || row.is_some_and(|row| row.header == picked.head.digest) {
                true => left.push(picked),
                false => self.set_aside(&picked.dir, &picked.name, RESTORED),
            }
        }
        Ok(left)
    }

    /// Gives the changes that end the doubt about a channel whose new epoch begins with this packet; the last channel ends it altogether.
    pub(crate) fn settle_channel(&mut self, channel: &ChannelName, header: &Header) -> Result<Vec<Change>, EngineFault> {
        let mut restored = self.state.fact::<PeerRestored>()?;
        if restored.found.is_none() {
            return Ok(Vec::new());
        }
        let mut changes = vec![];
        if restored.believed_from.is_none() {
            // From here on the peer's numbers and its log are those of the copy that goes on.
            restored.believed_from = Some(header.number);
            changes.extend(self.peer_runs.forget_below(header.number));
            changes.push(Change::PeerLog(header.own_log));
        }
        if let Some(Ok(noted)) = header.run().map(|run| self.peer_runs.observe(run, header.number, header.own_log.size)) {
            changes.extend(noted);
        }
        restored.settled.insert(channel.clone());
        if self.incoming.keys().all(|channel| restored.settled.contains(channel)) {
            restored = PeerRestored::default();
        }
        changes.push(Change::fact(&restored)?);
        Ok(changes)
    }

    /// A person decides that what comes in goes on as it is; true when the hold's code is one of this module's, and then every channel
    /// that is held for it goes on.
    pub(crate) fn release_doubtful(&mut self, code: &str, operator: &str) -> Result<bool, EngineFault> {
        let mut changes = match code {
            RESTORED => {
                let mut changes = self.peer_runs.forgive();
                changes.push(Change::fact(&PeerRestored::default())?);
                changes
            }
            RESTORED_HERE => {
                let mut here = RestoredHere { incoming_waits: false, ..self.state.fact()? };
                here.end_when_decided();
                vec![Change::fact(&here)?]
            }
            _ => return Ok(false),
        };
        let held: Vec<ChannelName> =
            self.state.holds.iter().filter(|(_, hold)| hold.code == code).map(|(channel, _)| channel.clone()).collect();
        for channel in held {
            let event = Event::Released { channel: channel.clone(), code: code.to_string(), operator: operator.to_string() };
            self.log.note(event);
            changes.push(Change::Hold(channel, None));
        }
        self.commit_log()?;
        self.commit_store(changes)?;
        Ok(true)
    }

    /// True while no packet of any class may be sealed, since this station's next numbers may be in use already.
    pub(crate) fn seals_nothing(&self) -> Result<bool, EngineFault> {
        let here = self.state.fact::<RestoredHere>()?;
        Ok(here.found.is_some() && here.sending_waits)
    }

    /// The same, and a trouble says so.
    pub(crate) fn may_not_send(&self, report: &mut PassReport) -> Result<bool, EngineFault> {
        if self.seals_nothing()? {
            let [zh, en] = [Lang::Zh, Lang::En].map(restored_here_sentence);
            let journal = say!(self.lang(), "{zh}", "{en}");
            report.troubles.push(Trouble { code: RESTORED_HERE.into(), zh, en, journal });
            return Ok(true);
        }
        Ok(false)
    }

    /// Gives the change with which sending goes on: its numbers are above all that may be in use.
    pub(crate) fn sending_decided(&self) -> Result<Vec<Change>, EngineFault> {
        let mut here = self.state.fact::<RestoredHere>()?;
        if here.found.is_none() {
            return Ok(Vec::new());
        }
        here.sending_waits = false;
        here.end_when_decided();
        Ok(vec![Change::fact(&here)?])
    }

    /// Gives the changes with which another peer begins: nothing of the old one is doubtful any more.
    pub(crate) fn forget_doubts(&mut self) -> Result<Vec<Change>, EngineFault> {
        let mut changes = self.peer_runs.forget();
        changes.push(Change::fact(&PeerRestored::default())?);
        changes.push(Change::fact(&RestoredHere::default())?);
        changes.push(Change::PeerLog(LogHead::NONE));
        (self.echoes_compared, self.echo_of_lost) = Default::default();
        Ok(changes)
    }
}

impl RestoredHere {
    /// Tells whether a packet may have been delivered before this station was restored.
    pub(crate) fn may_come_again(&self, number: u64) -> bool {
        number < self.again_below || number <= self.apart_up_to
    }

    /// Takes note that the peer knew of this copy when it sealed a packet; what it sealed later is new.
    pub(crate) fn heard_by(self, number: u64) -> Self {
        Self { again_below: self.again_below.min(number), ..self }
    }

    /// Takes note that the peer did not know of this copy when it sealed a packet.
    pub(crate) fn unheard_by(self, number: u64) -> Self {
        Self { apart_up_to: self.apart_up_to.max(number), ..self }
    }

    /// True where this station ever went on from an older copy, and with this peer.
    pub(crate) fn is_remembered(&self) -> bool {
        self.since > 0
    }

    /// True for a head that no other copy of this log had, if it is one of this log.
    pub(crate) fn is_beyond(&self, echo: LogHead) -> bool {
        self.since > 0 && echo.size > self.since
    }

    /// Gives the size up to which the peer may speak of lost lines, once a person decided.
    pub(crate) fn settled(&self) -> u64 {
        if self.found.is_some() { 0 } else { self.tolerated }
    }

    fn end_when_decided(&mut self) {
        if !self.incoming_waits && !self.sending_waits {
            self.found = None;
        }
    }
}

fn restored_here_sentence(lang: Lang) -> String {
    say!(
        lang,
        "本站是从旧备份恢复的：对方见过的日志比本站现有的新。已停止发送和接收；请负责人判断后，用 epoch new --from 对方的缺包单 恢复发送，用 release 恢复接收。",
        "This station goes on from an older copy: the peer has seen a newer log than the one here. Nothing is sent or taken in; a person decides, then epoch new --from the peer's gap report lets it send again, and release lets it receive."
    )
}
