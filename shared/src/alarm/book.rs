//! The alarm book: which alarms are open, since when, and who took note of them.
//!
//! Given: again and again, for a kind and a subject, whether its cause is there. Gives: one `alarm` line when it comes and one `alarm-closed`
//! line when it is gone, at most one line a minute of running time for each. After a crash: the open ones are in the state, or their line in the
//! log is the last word; every cause is said anew. Never: an alarm raised twice while it is open, or a subject that is not a channel.

use super::codes::Code;
use crate::store::facts::Fact;
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::ChannelName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Running time between two lines about the same alarm: one that flaps gives no more than a line a minute.
const REST_MS: u64 = 60_000;

/// Most closed alarms that are kept.
const PAST_MAX: usize = 50;

/// A moment as alarms know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Wall clock in milliseconds: shown, and what the calendar is asked about.
    pub wall_ms: i64,
    /// The station's running time in milliseconds: what is measured with.
    pub run_ms: u64,
}

/// Who took note of an alarm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// The person, by name.
    pub name: String,
    /// The account, as the packet log names it.
    pub operator: String,
    /// Wall clock in milliseconds.
    pub at_ms: i64,
}

/// An alarm whose cause is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenAlarm {
    /// Its code ([`Code`]); one of a later version may be unknown here.
    pub code: String,
    /// The channel it is about; none for the link or the station.
    pub channel: Option<ChannelName>,
    /// Since when, wall clock in milliseconds.
    pub at_ms: i64,
    /// Since when, running time in milliseconds.
    pub run_ms: u64,
    /// Who took note of it.
    pub noted: Option<Noted>,
}

type Key = (String, Option<ChannelName>);

/// What was said last of a cause, and when the last line about it was written (running time).
#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    is_so: bool,
    line_ms: Option<u64>,
}

/// All open alarms of a station, in the order they came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmBook {
    open: Vec<OpenAlarm>,
    /// Closed alarms that somebody took note of, newest last: who and when stays in the state.
    past: Vec<OpenAlarm>,
    #[serde(skip)]
    words: BTreeMap<Key, Word>,
}

impl Fact for AlarmBook {
    const NAME: &str = "alarms";
}

impl AlarmBook {
    /// Gives the open alarms, oldest first.
    pub fn open(&self) -> &[OpenAlarm] {
        &self.open
    }

    /// Tells whether an alarm is open.
    pub fn is_open(&self, code: Code, channel: Option<&ChannelName>) -> bool {
        self.position(code.as_str(), channel).is_some()
    }

    /// Says whether the cause of an alarm is there. What was said last holds until something else is said.
    pub fn set(&mut self, code: Code, channel: Option<&ChannelName>, is_so: bool) {
        self.say((code.as_str().to_string(), channel.cloned()), is_so);
    }

    /// Says of an alarm about a channel, of whatever version its code is, that its cause is gone: the channel is no more.
    pub fn forget(&mut self, code: &str, channel: &ChannelName) {
        self.say((code.to_string(), Some(channel.clone())), false);
    }

    /// Takes the packet log's last words in: a crash may have come between a line and the state. True when that changed anything.
    pub fn recall(&mut self, words: &BTreeMap<(String, String), Option<i64>>, run_ms: u64) -> bool {
        let before = self.open.clone();
        for ((code, subject), opened_ms) in words {
            let channel: Option<ChannelName> = subject.parse().ok();
            match (opened_ms, self.position(code, channel.as_ref())) {
                (None, Some(at)) => drop(self.close(at)),
                (Some(at_ms), None) => {
                    self.open.push(OpenAlarm { code: code.clone(), channel, at_ms: *at_ms, run_ms, noted: None });
                }
                _ => {}
            }
        }
        self.open != before
    }

    fn say(&mut self, key: Key, is_so: bool) {
        self.words.entry(key).or_insert(Word { is_so, line_ms: None }).is_so = is_so;
    }

    /// Opens and closes what was said since, and gives the lines that tell of it.
    pub fn settle(&mut self, now: Moment) -> Vec<Event> {
        let mut lines = Vec::new();
        let mut words = std::mem::take(&mut self.words);
        for (key, word) in &mut words {
            let open = self.position(&key.0, key.1.as_ref());
            let last_ms = word.line_ms.or_else(|| open.and_then(|at| self.open.get(at)).map(|open| open.run_ms));
            let rests = last_ms.is_some_and(|last_ms| now.run_ms < last_ms.saturating_add(REST_MS));
            let line = match (word.is_so, open) {
                (true, None) if !rests => self.raise(key, now),
                (false, Some(at)) if !rests => self.close(at),
                _ => continue,
            };
            word.line_ms = Some(now.run_ms);
            lines.push(line);
        }
        // A cause that is gone is forgotten once its alarm is closed and rested.
        let rests = |last_ms: u64| now.run_ms < last_ms.saturating_add(REST_MS);
        words.retain(|(code, channel), word| {
            word.is_so || word.line_ms.is_some_and(rests) || self.position(code, channel.as_ref()).is_some()
        });
        self.words = words;
        lines
    }

    fn raise(&mut self, (code, channel): &Key, now: Moment) -> Event {
        let (code, channel) = (code.clone(), channel.clone());
        let line = Event::Alarm { code: code.clone(), subject: subject(channel.as_ref()) };
        self.open.push(OpenAlarm { code, channel, at_ms: now.wall_ms, run_ms: now.run_ms, noted: None });
        line
    }

    fn close(&mut self, at: usize) -> Event {
        let gone = self.open.remove(at);
        let line = Event::AlarmClosed { subject: subject(gone.channel.as_ref()), code: gone.code.clone() };
        if gone.noted.is_some() {
            let surplus = (self.past.len() + 1).saturating_sub(PAST_MAX);
            self.past.drain(..surplus);
            self.past.push(gone);
        }
        line
    }

    /// Notes who took note of an open alarm and gives the line that tells of it; `None` when no such alarm is open.
    pub fn acknowledge(&mut self, code: &str, channel: Option<&ChannelName>, noted: Noted) -> Option<Event> {
        let at = self.position(code, channel)?;
        let operator = noted.operator.clone();
        self.open.get_mut(at)?.noted = Some(noted);
        Some(Event::Acknowledged { code: code.to_string(), subject: subject(channel), operator })
    }

    fn position(&self, code: &str, channel: Option<&ChannelName>) -> Option<usize> {
        self.open.iter().position(|open| open.code == code && open.channel.as_ref() == channel)
    }
}

/// How a line of the packet log names a subject.
fn subject(channel: Option<&ChannelName>) -> String {
    channel.map(ChannelName::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment { wall_ms: seconds as i64 * 1000, run_ms: seconds * 1000 }
    }

    fn kinds(lines: &[Event]) -> Vec<&'static str> {
        let kind = |line: &Event| match line {
            Event::Alarm { .. } => "alarm",
            Event::AlarmClosed { .. } => "alarm-closed",
            _ => "another",
        };
        lines.iter().map(kind).collect()
    }

    #[test]
    fn an_alarm_is_raised_once_and_closed_once_however_often_its_cause_is_told() {
        let mut book = AlarmBook::default();
        let mut lines = Vec::new();
        for second in 0..1000 {
            book.set(Code::Silent, None, (100..600).contains(&second));
            lines.extend(book.settle(at(second)).into_iter().map(|line| (second, line)));
        }
        let seconds: Vec<u64> = lines.iter().map(|(second, _)| *second).collect();
        assert_eq!(seconds, [100, 600]);
        assert!(book.open().is_empty());
    }

    #[test]
    fn an_alarm_that_flaps_gives_at_most_a_line_a_minute_and_ends_as_it_was_said_last() {
        let mut book = AlarmBook::default();
        let mut seconds = Vec::new();
        for second in 0..3600 {
            book.set(Code::Quiet, None, second % 7 < 3);
            seconds.extend(book.settle(at(second)).iter().map(|_| second));
        }
        assert!(seconds.len() > 10, "it flaps");
        assert!(seconds.windows(2).all(|pair| pair[1] - pair[0] >= 60), "{seconds:?}");
        book.set(Code::Quiet, None, true);
        (3600..3800).for_each(|second| drop(book.settle(at(second))));
        assert!(book.is_open(Code::Quiet, None), "said once and remembered");
        book.set(Code::Quiet, None, false);
        (3800..4000).for_each(|second| drop(book.settle(at(second))));
        assert!(book.open().is_empty(), "said once and remembered");
    }

    #[test]
    fn the_end_of_an_alarm_that_was_said_within_its_first_minute_comes_after_it() {
        let mut book = AlarmBook::default();
        book.set(Code::Quiet, None, true);
        assert_eq!(kinds(&book.settle(at(0))), ["alarm"]);
        book.set(Code::Quiet, None, false);
        assert_eq!(kinds(&book.settle(at(5))), Vec::<&str>::new());
        assert_eq!(kinds(&book.settle(at(59))), Vec::<&str>::new());
        assert_eq!(kinds(&book.settle(at(60))), ["alarm-closed"]);
    }

    #[test]
    fn what_is_open_outlives_a_restart_and_is_not_raised_again() {
        let mut book = AlarmBook::default();
        let channel: ChannelName = "files".parse().unwrap();
        book.set(Code::Late, Some(&channel), true);
        book.settle(at(1));
        let text = serde_json::to_string(&book).unwrap();
        let mut again: AlarmBook = serde_json::from_str(&text).unwrap();
        again.set(Code::Late, Some(&channel), true);
        assert_eq!(again.settle(at(500)), []);
        assert_eq!(again.open(), book.open());
        again.forget(Code::Late.as_str(), &channel);
        assert_eq!(kinds(&again.settle(at(501))), ["alarm-closed"], "its channel is no more");
    }

    #[test]
    fn who_took_note_stays_with_the_alarm_and_goes_with_it() {
        let mut book = AlarmBook::default();
        let noted = || Noted { name: "王".to_string(), operator: "wang".to_string(), at_ms: 7 };
        assert_eq!(book.acknowledge("silent", None, noted()), None);
        book.set(Code::Silent, None, true);
        book.settle(at(0));
        assert!(matches!(book.acknowledge("silent", None, noted()), Some(Event::Acknowledged { .. })));
        assert_eq!(book.open()[0].noted, Some(noted()));
        book.set(Code::Silent, None, false);
        book.settle(at(100));
        book.set(Code::Silent, None, true);
        book.settle(at(200));
        assert_eq!(book.open()[0].noted, None, "a new alarm is nobody's yet");
        assert_eq!(book.past.iter().map(|past| past.noted.clone()).collect::<Vec<_>>(), [Some(noted())]);
    }
}
