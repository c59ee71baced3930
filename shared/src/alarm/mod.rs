//! Alarms: what a person must know without having asked, raised once, closed when its cause is gone.
//!
//! Given: from every part of the engine, again and again, whether a cause is there ([`Engine::set_alarm`]). Gives: lines in the packet log, the
//! open alarms in the state, `status` and `alarms`. After a crash: what is open is in the state; every cause is told anew. Never: a packet accepted,
//! refused or held up by an alarm or by any clock behind it.

pub mod behind;
pub mod book;
pub mod calendar;
pub mod codes;
pub mod lateness;
pub mod maintenance;
pub mod open_time;
pub mod settings;
pub mod silence;
pub mod told;
pub mod watch;
pub(crate) mod watermarks;

use crate::engine::{Engine, Seams};
use crate::error::{ConfigFault, EngineFault};
use crate::log::LogEvidence;
use crate::say;
use crate::seams::FileCause;
use crate::station::Station;
use crate::store::{Change, StationState};
use book::{AlarmBook, Moment};
use codes::Code;
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::ChannelName;
use jiff::Timestamp;
use open_time::OpenTime;
use std::path::Path;
use watch::{Heard, Watch};
use watermarks::Watermarks;

/// The alarms of an engine at work.
pub(crate) struct Alarms {
    pub(crate) book: AlarmBook,
    pub(crate) watch: Watch,
    pub(crate) watermarks: Watermarks,
    /// The log knew of alarms that the state does not.
    recalled: bool,
}

impl Alarms {
    /// Takes up the alarms where the last run left them.
    ///
    /// # Errors
    /// [`EngineFault`] when the state is damaged, or the calendar that the link's habit needs is missing or wrong.
    pub(crate) fn open(
        station: &Station,
        seams: &Seams,
        state: &StationState,
        evidence: &LogEvidence,
    ) -> Result<Self, EngineFault> {
        let mut book: AlarmBook = state.fact()?;
        let recalled = book.recall(&evidence.alarms, state.run_ms);
        let open_time = OpenTime::read(station, |path| read_text(seams, path))?;
        let now = Moment { wall_ms: seams.clock.wall_ms(), run_ms: state.run_ms };
        let watch = Watch::begin(&station.config, open_time, state.fact()?, state.fact()?, now);
        Ok(Self { book, watch, watermarks: Watermarks::default(), recalled })
    }
}

/// Reads a text file; `None` where there is none.
fn read_text(seams: &Seams, path: &Path) -> Result<Option<String>, ConfigFault> {
    let unreadable = |problem: String| ConfigFault::Unreadable { path: path.to_path_buf(), problem };
    match seams.files.read(path, calendar::FILE_MAX) {
        Err(fault) if fault.cause == FileCause::NotFound => Ok(None),
        Err(fault) => Err(unreadable(fault.to_string())),
        Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|error| unreadable(error.to_string())),
    }
}

/// Writes a moment in the form of a log line's `at`.
pub(crate) fn log_time(wall_ms: i64) -> String {
    let wall_ms = wall_ms.clamp(0, LOG_TIME_MAX_MS);
    Timestamp::from_millisecond(wall_ms).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The last moment of the year 9998: what a log line's `at` can show on either side of any time zone.
const LOG_TIME_MAX_MS: i64 = 253_370_764_799_999;

impl Engine {
    /// Gives wall clock and running time.
    pub(crate) fn now(&self) -> Moment {
        Moment { wall_ms: self.seams.clock.wall_ms(), run_ms: self.running_ms() }
    }

    /// Says whether the cause of an alarm is there: to be told at every look, or once whenever it changes. The alarm is raised when it comes
    /// and closed when it is gone; saying the same again does nothing.
    pub(crate) fn set_alarm(&mut self, code: Code, channel: Option<&ChannelName>, is_so: bool) {
        self.alarms.book.set(code, channel, is_so);
    }

    /// Something of the peer was verified; what is to be stored of it rides with the next transaction.
    pub(crate) fn heard(&mut self, heard: Heard) -> Result<(), EngineFault> {
        let now = self.now();
        self.alarms.watch.heard(now, heard);
        // A signal is taken once: what it tells is stored with it, or a crash would forget that it was heard.
        self.keep_watch(now, matches!(heard, Heard::Signal { .. }))
    }

    fn keep_watch(&mut self, now: Moment, at_once: bool) -> Result<(), EngineFault> {
        let kept = self.alarms.watch.to_keep(now, at_once).map(Change::fact).transpose()?;
        kept.into_iter().for_each(|kept| self.ride(kept));
        Ok(())
    }

    /// At the end of a step: raises and closes what was said since; the lines and the state become durable with the step's last flush.
    pub(crate) fn look_at_alarms(&mut self) -> Result<(), EngineFault> {
        let now = self.now();
        self.alarms.watch.look(now, &mut self.alarms.book);
        let calendar = self.alarms.watch.open_time().calendar();
        let unknown_year = calendar.is_some_and(|calendar| !calendar.knows_year_of(now.wall_ms));
        self.set_alarm(Code::Calendar, None, unknown_year);
        self.close_alarms_of_gone_channels();
        self.look_at_watermarks()?;
        if let Some(before_ms) = self.alarms.watch.take_clock_step(now) {
            self.log.note(Event::ClockStep { before: log_time(before_ms) });
        }
        let changed = self.settle_alarms(now)?;
        self.keep_watch(now, changed)
    }

    /// Raises and closes what was said; true when that changed anything.
    fn settle_alarms(&mut self, now: Moment) -> Result<bool, EngineFault> {
        let lines = self.alarms.book.settle(now);
        let changed = !lines.is_empty() || std::mem::take(&mut self.alarms.recalled);
        lines.iter().for_each(|line| self.tell(line));
        lines.into_iter().for_each(|line| self.log.note(line));
        if changed {
            self.ride(Change::fact(&self.alarms.book)?);
        }
        Ok(changed)
    }

    /// Says of every open alarm about a channel that is not in the configuration any more, or goes the other way now, that its cause is gone.
    fn close_alarms_of_gone_channels(&mut self) {
        let open = self.alarms.book.open().iter().filter_map(|open| Some((open.code.clone(), open.channel.clone()?)));
        let gone: Vec<_> = open.filter(|(code, channel)| !self.looks_at(code, channel)).collect();
        gone.iter().for_each(|(code, channel)| self.alarms.book.forget(code, channel));
    }

    /// True where the cause of such an alarm is looked for here: the channel is configured, in the direction that the alarm is about.
    fn looks_at(&self, code: &str, channel: &ChannelName) -> bool {
        let goes_out = || self.outgoing.iter().any(|outgoing| outgoing.channel.channel == *channel);
        match Code::named(code) {
            Some(Code::Spool70 | Code::Spool90) => self.incoming.contains_key(channel),
            Some(Code::Unconfirmed | Code::UnconfirmedExpiring) => goes_out(),
            _ => goes_out() || self.incoming.contains_key(channel),
        }
    }

    /// One line of the journal for each alarm that comes or goes.
    fn tell(&self, line: &Event) {
        let about = |code: &str| Code::named(code).map_or("", |code| code.means(self.lang()));
        let is_gone = |code: &str, subject: &str| subject.parse().is_ok_and(|channel| !self.looks_at(code, &channel));
        match line {
            Event::AlarmClosed { code, subject } if is_gone(code, subject) => tracing::info!(
                code,
                subject,
                raised = false,
                "{}",
                say!(
                    self.lang(),
                    "这条通道已不在本站的配置里，它的告警随之结束",
                    "This channel is no longer in the station's configuration: its alarm ends with it"
                )
            ),
            Event::Alarm { code, subject } => tracing::warn!(code, subject, raised = true, "{}", about(code)),
            Event::AlarmClosed { code, subject } => tracing::info!(code, subject, raised = false, "{}", about(code)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dukou_packets::log::line::{Line, Stamp};
    use dukou_packets::suite::Digest;

    #[test]
    fn a_moment_in_a_line_has_the_form_of_the_lines_own() {
        for at_ms in [0, 1_795_305_600_123, 1_795_305_600_000, LOG_TIME_MAX_MS] {
            let event = Event::ClockStep { before: log_time(at_ms) };
            let stamp = Stamp { at_ms, mono_ms: 0, boot: 0 };
            let line = Line { n: 1, prev: Digest::ZERO, stamp, event }.render();
            assert_eq!(line.matches(&log_time(at_ms)).count(), 2, "{line}");
        }
        assert_eq!(log_time(i64::MIN), log_time(0));
    }
}
