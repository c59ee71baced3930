//! A year of an office: two machines that are switched on and off by people, a link with a habit, and the receiver's watch over it.
//!
//! The watch and the alarm book are the real ones, driven with the cadence of real signals minute by minute; nothing is sealed and no disk is
//! touched, so that a year takes a second.

use super::station::{Nature, SimStation};
use dukou_packets::keyring::Side;
use dukou_packets::log::line::Event;
use dukou_rehearsal::random::Random;
use dukou_shared::alarm::behind::Growth;
use dukou_shared::alarm::book::{AlarmBook, Moment};
use dukou_shared::alarm::calendar::{Calendar, SHIPPED, day_of};
use dukou_shared::alarm::codes::Code;
use dukou_shared::alarm::open_time::OpenTime;
use dukou_shared::alarm::silence::Thresholds;
use dukou_shared::alarm::watch::{Heard, Kept, Watch};
use dukou_shared::seams::clock::SimClock;
use dukou_shared::station::{Habit, Rhythm, StationConfig};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

/// 2026-01-01T00:00+08:00.
pub const NEW_YEAR_MS: i64 = 1_767_196_800_000;

/// Minutes of a year.
pub const YEAR: u64 = 365 * 24 * 60;

/// Minutes of a day.
pub const DAY: u64 = 24 * 60;

const MINUTE_MS: u64 = 60_000;

/// Minutes between two signals.
const PERIOD: u64 = 5;

/// The times of day at which a disc is carried, in minutes.
const DISCS: [u64; 2] = [9 * 60, 16 * 60];

/// When a machine runs on a day, in minutes from midnight; empty when it stays off.
#[derive(Clone, Copy, Debug, Default)]
struct Shift {
    on: u64,
    off: u64,
}

/// What the office itself sends, and how fast its peer takes it in.
#[derive(Clone, Debug, Default)]
struct Way {
    /// Running time at which each packet was made that is not confirmed.
    unconfirmed: VecDeque<u64>,
    /// Of them: how many were carried, and how many the peer has taken in.
    carried: usize,
    taken: usize,
    growth: Growth,
    /// Packets in all.
    made: u64,
}

/// What was raised and closed, with the minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The alarm's code.
    pub code: String,
    /// True when it was raised, false when it was closed.
    pub raised: bool,
    /// The minute of the year.
    pub minute: u64,
}

/// An office over a year.
pub struct Office {
    config: StationConfig,
    open: OpenTime,
    /// What people go by, whatever the receiver's calendar says.
    truth: Calendar,
    dice: Random,
    traffic: Random,
    watch: Option<Watch>,
    kept: Kept,
    book: AlarmBook,
    run_ms: u64,
    sender: Shift,
    receiver: Shift,
    /// Minutes of today at which each disc is carried.
    discs: Vec<u64>,
    /// Sender's clock of the newest signal that nobody carried yet.
    waits: Option<i64>,
    /// Sender's clock of the newest signal in the receiver's ferry directory.
    inbox: Option<i64>,
    /// Packets of the peer's that the newest signal under way, and the one in the inbox, confirm.
    confirms: [usize; 2],
    way: Way,
    /// Packets that the peer takes in within a minute.
    pub capacity: usize,
    drift_ms: [i64; 2],
    minute: u64,
    /// The minute from which on the link carries nothing.
    pub cut: u64,
    /// Open milliseconds of the receiver's running time since the cut.
    open_since_cut_ms: u64,
    /// The minute of the cut, or of the run whose disc was the first to be lost.
    lost_from: Option<u64>,
    /// Whether the receiver runs day and night, for a test of its own; the sender keeps its hours and has no days on which it is left on.
    pub receiver_stays_on: bool,
    /// Signals heard.
    pub heard: u64,
    /// What was raised and closed.
    pub told: Vec<Told>,
}

impl Office {
    /// Makes an office whose link has this habit, and whose receiver has this calendar.
    ///
    /// # Panics
    /// When the calendar is none.
    pub fn new(seed: u64, habit: Habit, calendar: &str) -> Self {
        let nature = Nature { seed, clock: Arc::new(SimClock::at(NEW_YEAR_MS)) };
        let mut station = SimStation::new(Side::Inner, &nature, Vec::new()).station;
        station.config.link.habit = habit;
        station.config.ferry.scan_seconds = MINUTE_MS / 1000;
        let open = OpenTime::read(&station, |_| Ok(Some(calendar.to_string()))).expect("a calendar");
        Self {
            config: station.config,
            open,
            truth: Calendar::parse(Path::new("calendar.toml"), SHIPPED).expect("the shipped calendar"),
            dice: Random::new(seed),
            traffic: Random::nth(seed, 3),
            watch: None,
            kept: Kept::default(),
            book: AlarmBook::default(),
            run_ms: 0,
            sender: Shift::default(),
            receiver: Shift::default(),
            discs: Vec::new(),
            waits: None,
            inbox: None,
            confirms: [0; 2],
            way: Way::default(),
            capacity: 20,
            drift_ms: [0; 2],
            minute: 0,
            cut: u64::MAX,
            open_since_cut_ms: 0,
            lost_from: None,
            receiver_stays_on: false,
            heard: 0,
            told: Vec::new(),
        }
    }

    /// Gives the thresholds of the receiver once it has heard a signal.
    pub fn thresholds(&self) -> Thresholds {
        Thresholds::of(&self.config, (PERIOD * MINUTE_MS / 1000) as u32)
    }

    /// Tells whether people work on the day of a minute.
    pub fn is_worked(&self, minute: u64) -> bool {
        self.truth.is_worked(day_of(real_ms(minute)))
    }

    /// Lets time pass until a minute of the year, beginning with the morning of the day of `from` where it has not begun.
    pub fn pass(&mut self, from: u64, until: u64) {
        self.minute = self.minute.max(from - from % DAY);
        while self.minute < until {
            if self.minute.is_multiple_of(DAY) {
                self.plan_day();
            }
            self.one_minute();
            self.minute += 1;
        }
    }

    /// What people will do today: when they switch on and off, and when they carry a disc.
    fn plan_day(&mut self) {
        let worked = self.is_worked(self.minute);
        let always = self.config.link.habit == Habit::Named(Rhythm::Always);
        let mut shift = |forgets: f64| {
            let dice = &mut self.dice;
            match (worked, dice.chance(forgets)) {
                (_, true) => Shift { on: 0, off: DAY },
                (true, _) => Shift { on: 8 * 60 + 20 + dice.below(35), off: 17 * 60 + 31 + dice.below(60) },
                (false, _) => Shift::default(),
            }
        };
        // Somebody forgets to switch a machine off now and then, also over a holiday.
        self.receiver = shift(if self.receiver_stays_on { 1.0 } else { 0.2 });
        self.sender = shift(if always { 1.0 } else { 0.0 });
        let discs = DISCS.iter().filter(|_| worked);
        self.discs = discs.map(|minute| minute - 10 + self.dice.below(55)).collect();
        for drift_ms in &mut self.drift_ms {
            *drift_ms = (*drift_ms + 1000 - self.dice.below(2001) as i64).clamp(-5000, 5000);
        }
    }

    fn one_minute(&mut self) {
        let of_day = self.minute % DAY;
        let runs = |shift: Shift| (shift.on..shift.off).contains(&of_day);
        if runs(self.sender) && self.minute.is_multiple_of(PERIOD) {
            self.waits = Some(real_ms(self.minute) + self.drift_ms[0]);
            self.confirms[0] = self.way.taken;
        }
        if runs(self.sender) {
            self.way.taken = self.way.carried.min(self.way.taken + self.capacity);
        }
        self.carry(of_day);
        match runs(self.receiver) {
            true => self.receive(),
            // Switched off without asking the station first.
            false => drop(self.watch.take()),
        }
    }

    fn carry(&mut self, of_day: u64) {
        let run = match self.open {
            OpenTime::Runs(_) if !self.discs.contains(&of_day) => return,
            OpenTime::Runs(_) => DISCS.into_iter().min_by_key(|run| run.abs_diff(of_day)).unwrap_or(of_day),
            _ => of_day,
        };
        match self.minute < self.cut {
            true => {
                self.way.carried = self.way.unconfirmed.len();
                if let Some(signal) = self.waits.take() {
                    (self.inbox, self.confirms[1]) = (Some(signal), self.confirms[0]);
                }
            }
            false => drop(self.lost_from.get_or_insert(self.cut.max(self.minute - of_day + run))),
        }
    }

    /// Gives how much open time the receiver ran since the cut; of discs, since the first run whose disc was lost.
    pub fn open_since_cut_ms(&self) -> u64 {
        match (&self.open, self.lost_from) {
            (OpenTime::Runs(_), from) => self.open.between_ms(real_ms(from.unwrap_or(self.minute)), real_ms(self.minute)),
            _ => self.open_since_cut_ms,
        }
    }

    /// A step of the receiver: what the ferry directory holds, then a look.
    fn receive(&mut self) {
        let wall_ms = real_ms(self.minute) + self.drift_ms[1];
        if self.dice.chance(0.0005) {
            // A restart in the middle of the day.
            self.watch = None;
        }
        let was_off = self.watch.is_none();
        self.run_ms += if was_off { 0 } else { MINUTE_MS };
        let now = Moment { wall_ms, run_ms: self.run_ms };
        let (config, open, kept) = (&self.config, &self.open, &self.kept);
        let watch = self.watch.get_or_insert_with(|| {
            let text = serde_json::to_string(&self.book).expect("a JSON form");
            self.book = serde_json::from_str(&text).expect("what was written");
            Watch::begin(config, open.clone(), kept.clone(), Default::default(), now)
        });
        if self.minute >= self.cut && !was_off {
            self.open_since_cut_ms += self.open.between_ms(wall_ms - MINUTE_MS as i64, wall_ms);
        }
        if let Some(sender_clock_ms) = self.inbox.take() {
            self.heard += 1;
            watch.heard(now, Heard::Signal { period_seconds: (PERIOD * MINUTE_MS / 1000) as u32, sender_clock_ms });
            let confirmed = std::mem::take(&mut self.confirms[1]);
            self.way.unconfirmed.drain(..confirmed);
            self.way.carried -= confirmed;
            self.way.taken -= confirmed;
            self.confirms[0] = self.confirms[0].saturating_sub(confirmed);
        }
        // A packet or two a minute, and now and then a large drop.
        let made = if self.traffic.chance(0.001) { 600 } else { self.traffic.below(3) };
        self.way.made += made;
        self.way.unconfirmed.extend((0..made).map(|_| self.run_ms));
        let round_ms = 2 * watch.thresholds().rhythm_ms;
        let age_ms = self.way.unconfirmed.front().map_or(0, |made_ms| (self.run_ms - made_ms).saturating_sub(round_ms));
        let open_ms = if was_off { 0 } else { self.open.between_ms(wall_ms - MINUTE_MS as i64, wall_ms) };
        let waits = (age_ms, self.way.unconfirmed.len() as u64);
        let limit_ms = u64::from(self.config.alarm.backlog_minutes) * MINUTE_MS;
        self.way.growth.sample_unconfirmed(open_ms, waits, watch.is_hearing(now), limit_ms);
        self.book.set(Code::Unconfirmed, None, self.way.growth.is_behind());
        watch.look(now, &mut self.book);
        let lines = self.book.settle(now);
        if let Some(kept) = watch.to_keep(now, !lines.is_empty()) {
            self.kept = kept.clone();
        }
        let told = lines.into_iter().filter_map(|line| match line {
            Event::Alarm { code, .. } => Some(Told { code, raised: true, minute: self.minute }),
            Event::AlarmClosed { code, .. } => Some(Told { code, raised: false, minute: self.minute }),
            _ => None,
        });
        self.told.extend(told);
    }

    /// Counts the packets that the office made.
    pub fn made(&self) -> u64 {
        self.way.made
    }

    /// Tells whether an alarm of this code was raised.
    pub fn raised(&self, code: &str) -> usize {
        self.told.iter().filter(|told| told.raised && told.code == code).count()
    }

    /// The codes of what is open.
    pub fn open_codes(&self) -> Vec<&str> {
        self.book.open().iter().map(|open| open.code.as_str()).collect()
    }
}

/// The true time of a minute of the year.
pub fn real_ms(minute: u64) -> i64 {
    NEW_YEAR_MS + (minute * MINUTE_MS) as i64
}

/// The minute of the year at which a civil day begins, `1` being the first of January.
pub fn day_of_year(day: u64) -> u64 {
    (day - 1) * DAY
}
