//! Alarms: what a person must know without having asked, raised once, closed when its cause is gone.
//!
//! Given: from every part of the engine, again and again, whether a cause is there ([`Engine::set_alarm`]). Gives: lines in the packet log, the
//! open alarms in the state, `status` and `alarms`. After a crash: what is open is in the state; every cause is told anew. Never: a packet accepted,
//! refused or held up by an alarm or by any clock behind it.

pub mod book;
pub mod codes;
pub mod settings;
pub mod told;

use crate::engine::{Engine, Seams};
use crate::error::EngineFault;
use crate::store::{Change, StationState};
use book::{AlarmBook, Moment};
use codes::Code;
use dukou_packets::packet::header::ChannelName;

/// The alarms of an engine at work.
pub(crate) struct Alarms {
    book: AlarmBook,
    /// Running time and monotonic clock when the engine was opened.
    began: (u64, u64),
}

impl Alarms {
    /// Takes up the alarms where the last run left them.
    pub(crate) fn open(seams: &Seams, state: &StationState, channels: &[ChannelName]) -> Result<Self, EngineFault> {
        let mut book: AlarmBook = state.fact()?;
        book.keep_channels(|channel| channels.contains(channel));
        Ok(Self { book, began: (state.run_ms, seams.clock.mono_ms()) })
    }

    /// Gives wall clock and running time.
    fn now(&self, seams: &Seams) -> Moment {
        let (run_ms, mono_ms) = self.began;
        let since_ms = seams.clock.mono_ms().saturating_sub(mono_ms);
        Moment { wall_ms: seams.clock.wall_ms(), run_ms: run_ms.saturating_add(since_ms) }
    }
}

impl Engine {
    /// Says whether the cause of an alarm is there: to be told at every look, or once whenever it changes. The alarm is raised when it comes
    /// and closed when it is gone; saying the same again does nothing.
    pub(crate) fn set_alarm(&mut self, code: Code, channel: Option<&ChannelName>, is_so: bool) {
        self.alarms.book.set(code, channel, is_so);
    }

    /// At the end of a step: raises and closes what was said since; the lines and the state become durable with the step's last flush.
    pub(crate) fn look_at_alarms(&mut self) -> Result<(), EngineFault> {
        let now = self.alarms.now(&self.seams);
        let lines = self.alarms.book.settle(now);
        if lines.is_empty() {
            return Ok(());
        }
        lines.into_iter().for_each(|line| self.log.note(line));
        self.ride(Change::fact(&self.alarms.book)?);
        Ok(())
    }

    /// The alarm book, for a person's word about an alarm.
    pub(crate) fn alarm_book(&mut self) -> &mut AlarmBook {
        &mut self.alarms.book
    }
}
