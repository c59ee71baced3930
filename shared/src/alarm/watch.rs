//! The watch over the link: silence, lateness and the own clock, with the maintenance that mutes them.
//!
//! Given: what was verified, and a look at the end of each step. Gives: what the alarm book is told, and a `clock-step` line. After a crash:
//! at most a minute of silence is forgotten. Never: a clock, a store or a file touched; everything follows from the moments it is given.

use super::book::{AlarmBook, Moment};
use super::codes::Code;
use super::lateness::Lateness;
use super::maintenance::{MUTED, Maintenance};
use super::open_time::OpenTime;
use super::silence::{Hearing, KEEP_EVERY_MS, Listener, Silence, Thresholds};
use crate::station::StationConfig;
use crate::store::facts::Fact;
use dukou_packets::packet::header::Header;
use dukou_packets::packet::signal::Signal;
use serde::{Deserialize, Serialize};

/// A wall clock that moves against the monotonic one by more than this between two looks was set.
const CLOCK_STEP_MS: u64 = 60_000;

/// Running time between two lines about a clock that was set.
const STEP_LINE_EVERY_MS: u64 = 60_000;

/// What the watch keeps over a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    hearing: Hearing,
    lateness: Lateness,
}

impl Fact for Kept {
    const NAME: &str = "watch";
}

/// Something of the peer that was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A packet of records.
    Packet,
    /// A signal newer than any before.
    Signal {
        /// The period it promises, in seconds; 0 for none.
        period_seconds: u32,
        /// The sender's wall clock in milliseconds when it was made.
        sender_clock_ms: i64,
    },
}

impl Heard {
    /// What a signal tells the watch.
    pub fn signal(header: &Header, signal: &Signal) -> Self {
        let period_seconds = u32::try_from(signal.period_seconds).unwrap_or(u32::MAX);
        Self::Signal { period_seconds, sender_clock_ms: header.sender_clock_ms }
    }
}

/// The watch over the link from the peer.
#[derive(Clone, Debug)]
pub struct Watch {
    config: StationConfig,
    open: OpenTime,
    listener: Listener,
    lateness: Lateness,
    /// The maintenance that mutes; a person's word.
    pub maintenance: Maintenance,
    looked: Moment,
    /// Whether lateness was judged since the start: before, what is kept may be older than what was told.
    judged: bool,
    /// What the wall clock would have shown when it was set, until it is told.
    stepped_from_ms: Option<i64>,
    step_told_ms: Option<u64>,
    stored: (Kept, u64),
}

impl Watch {
    /// Begins: a station was opened.
    pub fn begin(config: &StationConfig, open: OpenTime, kept: Kept, maintenance: Maintenance, now: Moment) -> Self {
        Self {
            listener: Listener::begin(kept.hearing.clone(), config, now),
            lateness: kept.lateness.clone(),
            config: config.clone(),
            open,
            maintenance,
            looked: now,
            judged: false,
            stepped_from_ms: None,
            step_told_ms: None,
            stored: (kept, now.run_ms),
        }
    }

    /// Gives when the link is expected to carry.
    pub fn open_time(&self) -> &OpenTime {
        &self.open
    }

    /// Gives the thresholds for the period that the peer promised last.
    pub fn thresholds(&self) -> Thresholds {
        Thresholds::of(&self.config, self.listener.hearing().period_seconds)
    }

    /// Something of the peer was verified.
    pub fn heard(&mut self, now: Moment, heard: Heard) {
        self.look_at_clock(now);
        match heard {
            Heard::Packet => self.listener.heard(&self.open, now, None),
            Heard::Signal { period_seconds, sender_clock_ms } => {
                self.listener.heard(&self.open, now, Some(period_seconds));
                let thresholds = self.thresholds();
                let threshold_ms = match self.open.runs() {
                    Some(runs) => runs.tolerance_ms().unsigned_abs(),
                    None => thresholds.quiet_ms,
                };
                let waited = self.listener.is_in_grace(now);
                self.judged = true;
                self.lateness.arrived(&self.open, now, sender_clock_ms, threshold_ms, waited);
            }
        }
    }

    /// True while the peer's signals come as it promised, on a link that carries all the time in which it is open, and no maintenance goes on.
    pub fn is_hearing(&self, now: Moment) -> bool {
        let is_heard = self.listener.silence(&self.open, &self.thresholds()) == Silence::Heard;
        let has_promised = self.listener.hearing().period_seconds > 0 && self.listener.has_heard();
        is_heard && has_promised && self.open.runs().is_none() && self.maintenance.going_on(now).is_none()
    }

    /// Looks at the time that passed and tells the book.
    pub fn look(&mut self, now: Moment, book: &mut AlarmBook) {
        self.look_at_clock(now);
        self.listener.pass_time(&self.open, now);
        if self.maintenance.going_on(now).is_some() {
            return self.mute(book);
        }
        let thresholds = self.thresholds();
        let silence = self.listener.silence(&self.open, &thresholds);
        let (in_grace, heard) = (self.listener.is_in_grace(now), self.listener.has_heard());
        let may_close = heard || !in_grace;
        for (code, is_so, may_close) in [
            (Code::Quiet, Some(silence == Silence::Quiet), may_close),
            (Code::Silent, Some(silence == Silence::Silent), may_close),
            (Code::Late, self.lateness.is_late(), self.judged),
        ] {
            match is_so {
                Some(true) if !in_grace => book.set(code, None, true),
                Some(false) if may_close => book.set(code, None, false),
                _ => {}
            }
        }
    }

    /// A person accounts for silence and lateness: what is open ends, and both begin anew afterwards.
    fn mute(&mut self, book: &mut AlarmBook) {
        self.listener.forget_silence();
        self.lateness.excuse();
        MUTED.iter().for_each(|code| book.set(*code, None, false));
    }

    /// Gives what the wall clock would have shown when it was set, once for each time and at most once a minute of running time.
    pub fn take_clock_step(&mut self, now: Moment) -> Option<i64> {
        let rests = self.step_told_ms.is_some_and(|told_ms| now.run_ms < told_ms.saturating_add(STEP_LINE_EVERY_MS));
        let before_ms = self.stepped_from_ms.take_if(|_| !rests)?;
        self.step_told_ms = Some(now.run_ms);
        Some(before_ms)
    }

    /// Notices that the wall clock was set since the last look or arrival.
    fn look_at_clock(&mut self, now: Moment) {
        let passed_ms = i64::try_from(now.run_ms.saturating_sub(self.looked.run_ms)).unwrap_or(i64::MAX);
        let before_ms = self.looked.wall_ms.saturating_add(passed_ms);
        self.looked = now;
        if now.wall_ms.abs_diff(before_ms) <= CLOCK_STEP_MS {
            return;
        }
        self.lateness.forget();
        self.judged = true;
        self.listener.clock_stepped(now.wall_ms.saturating_sub(before_ms));
        self.stepped_from_ms.get_or_insert(before_ms);
    }

    /// Gives what is to be stored: at most once a minute of running time, or `at_once`; `None` while nothing changed.
    pub fn to_keep(&mut self, now: Moment, at_once: bool) -> Option<&Kept> {
        let (stored, at_ms) = &self.stored;
        let (hearing, rests) = (self.listener.hearing(), now.run_ms < at_ms.saturating_add(KEEP_EVERY_MS));
        let is_stored = *hearing == stored.hearing && self.lateness == stored.lateness;
        if hearing.period_seconds == 0 || is_stored || (rests && !at_once) {
            return None;
        }
        let kept = Kept { hearing: hearing.clone(), lateness: self.lateness.clone() };
        self.stored = (kept, now.run_ms);
        Some(&self.stored.0)
    }
}
