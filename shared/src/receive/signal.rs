//! Taking a signal in: the newest snapshot of the peer's heads, and of what it has of ours.
//!
//! Given: a picked signal. Gives: what numbers exist, the peer's log head, receipts and what is to be made up for. After a crash: it lies in the ferry
//! directory still. Never: a line for a signal that tells nothing new, nor more than one a minute of running time.

use super::pick_up::Picked;
use crate::alarm::watch;
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::link::receipts::Heard;
use crate::store::{Change, InHead};
use dukou_packets::limits;
use dukou_packets::log::line::Event;
use dukou_packets::packet::open::{Refusal, VerifiedHead, open_payload};
use dukou_packets::packet::signal::{ChannelHead, Signal, SignalFault};
use dukou_packets::suite::{Digest, sha256};

/// Least running time (ms) between two `signal` lines.
const LINE_REST_MS: u64 = 60_000;

impl Engine {
    /// Takes the newest signal in; older and equal ones have no effect.
    pub(crate) fn take_signal(&mut self, picked: Picked, report: &mut PassReport) -> Result<(), EngineFault> {
        let (sender, number) = (picked.head.header.sender, picked.head.header.number);
        if self.state.signal_in.is_some_and(|(known, newest)| known == sender && number <= newest) {
            report.duplicates += u64::from(self.let_go(&picked.dir, &picked.name, report)?);
            return Ok(());
        }
        let signal = match self.read_signal(&picked) {
            Ok(Ok(signal)) => signal,
            Ok(Err(code)) => {
                self.set_aside(&picked.dir, &picked.name, code);
                return Ok(());
            }
            // The sender takes an old signal back when it has a newer one.
            Err(EngineFault::File(fault)) if fault.is_gone() => return Ok(()),
            Err(fault) => return self.tolerate(fault, report),
        };
        if let Some(signal) = signal {
            self.heard(watch::Heard::signal(&picked.head.header, &signal))?;
            self.learn_from(&picked, &signal)?;
        }
        self.let_go(&picked.dir, &picked.name, report).map(drop)
    }

    /// Reads, verifies and decodes; `Ok(None)` for a version that is not known here: ignored and counted.
    fn read_signal(&self, picked: &Picked) -> Result<Result<Option<Signal>, &'static str>, EngineFault> {
        let head = &picked.head;
        if head.header.plain_len > limits::SIGNAL_MAX || head.header.payload_len > 2 * limits::SIGNAL_MAX {
            return Ok(Err(Refusal::Length.code()));
        }
        let mut bytes = match self.read_picked(picked)? {
            Ok(bytes) => bytes,
            Err(refusal) => return Ok(Err(refusal.code())),
        };
        let payload = bytes.split_off(head.head_len.min(bytes.len()));
        let checked = head.check_payload(sha256(&[&payload]), payload.len() as u64);
        let plain = checked.and_then(|()| open_payload(head, payload, &[self.keys.encryption.as_ref()]));
        Ok(match plain.map(|plain| Signal::parse(&plain)) {
            Ok(Ok(signal)) => Ok(Some(signal)),
            Ok(Err(SignalFault::Version(_))) => Ok(None),
            Ok(Err(_)) => Err("records"),
            Err(refusal) => Err(refusal.code()),
        })
    }

    fn learn_from(&mut self, picked: &Picked, signal: &Signal) -> Result<(), EngineFault> {
        let header = &picked.head.header;
        let mut changes = vec![Change::SignalIn(header.sender, header.number)];
        let (mut held, mut upcoming) = (Vec::new(), Vec::new());
        for head in signal.heads.iter().filter(|head| self.is_granted(&head.channel)) {
            match self.learned(head) {
                Learned::Known(known) => changes.push(Change::InHead(head.channel.clone(), known)),
                Learned::Nothing => {}
                Learned::Upcoming => upcoming.push((head.channel.clone(), head.epoch, head.seq)),
                Learned::Other => held.push((head.channel.clone(), head.seq)),
            }
        }
        changes.extend(self.expected(&upcoming)?);
        let heard = Heard {
            peer: header.sender,
            number: header.number,
            wall_ms: self.seams.clock.wall_ms(),
            run_ms: self.running_ms(),
        };
        let receipts = self.link.receipts.after(&heard, signal, &self.state.out_heads);
        let told = receipts.as_ref().is_some_and(|receipts| receipts.tells_more_than(&self.link.receipts));
        self.note_signal(&picked.head, told || changes.len() > 1);
        if header.own_log.size > self.state.peer_log.map_or(0, |known| known.size) {
            changes.push(Change::PeerLog(header.own_log));
        }
        if let Some(receipts) = &receipts {
            changes.push(Change::fact(receipts)?);
        }
        self.commit_store(changes)?;
        self.link.receipts = receipts.unwrap_or_else(|| std::mem::take(&mut self.link.receipts));
        for (channel, seq) in held {
            self.hold(&channel, "equivocation", seq)?;
        }
        Ok(())
    }

    /// Adds a `signal` line when something new was told since the last one, at most one a minute of running time.
    fn note_signal(&mut self, head: &VerifiedHead, told_something: bool) {
        self.link.signal_unlogged |= told_something;
        let now_ms = self.running_ms();
        let rests = self.link.signal_logged.is_some_and(|at_ms| now_ms < at_ms + LINE_REST_MS);
        if rests || !std::mem::take(&mut self.link.signal_unlogged) {
            return;
        }
        self.link.signal_logged = Some(now_ms);
        let header = &head.header;
        self.log.note(Event::Signal {
            peer: header.sender,
            number: header.number,
            header: head.digest,
            size: header.own_log.size,
            peer_root: header.own_log.root,
            echo_size: header.peer_log.size,
            echo_root: header.peer_log.root,
        });
    }

    fn learned(&self, head: &ChannelHead) -> Learned {
        match self.in_head(&head.channel) {
            None => Learned::Known(InHead { epoch: head.epoch, seq: 0, header: Some(Digest::ZERO), known: head.seq }),
            Some(known) if known.epoch.counter < head.epoch.counter => Learned::Upcoming,
            Some(known) if known.epoch != head.epoch => Learned::Nothing,
            Some(known) if known.seq == head.seq && known.header.is_some_and(|header| header != head.header) => Learned::Other,
            Some(known) if known.known < head.seq => Learned::Known(InHead { known: head.seq, ..known.clone() }),
            Some(_) => Learned::Nothing,
        }
    }
}

/// What a signal tells of one channel.
enum Learned {
    /// Numbers up to here exist.
    Known(InHead),
    /// Nothing new.
    Nothing,
    /// An epoch that has not begun here exists, up to there.
    Upcoming,
    /// Another packet than ours stands under the applied number.
    Other,
}
