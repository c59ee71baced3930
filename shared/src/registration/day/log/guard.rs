//! Whether a day's log may be sent: the guard of one county's day.
//!
//! - **Given** the guard as it is stored, and what happened.
//! - **Gives** the guard as it must be stored next, before anything else is done.
//! - **After a crash** a guard that says `Sending` means that nobody knows what the server has: [`Event::Restarted`] makes it `Unknown`.
//! - **Never** lets a log go a second time by itself once its request may have been sent.

use dukou_packets::suite::Digest;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::super::ids::AreaCode;
use super::reply::{Reply, ReplyClass};

/// How often a log goes again by itself after failures before its request was sent.
pub const RETRIES: u8 = 3;
/// How long the station runs between two tries, in milliseconds.
pub const RETRY_MS: u64 = 20 * 60_000;

/// The guard of one county's day. There is one of each (AreaCode, AccessDate), and it is never removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// The county.
    pub county: AreaCode,
    /// The business day.
    #[serde(with = "super::super::as_text")]
    pub day: Date,
    /// What is known.
    pub state: State,
    /// The SHA-256 of the log of the newest try, as its bytes are in the request.
    pub log: Option<Digest>,
    /// Tries that began, in all.
    pub tries: u32,
    /// What persons decided, oldest first.
    pub orders: Vec<Order>,
}

/// What is known of a day's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It was not tried.
    Ready,
    /// A request is about to leave or under way. Durable before its first byte.
    Sending {
        /// Tries by itself before this one since a person decided last.
        retries: u8,
    },
    /// It failed before anything of its request was sent; it goes again by itself.
    Resting {
        /// Tries by itself, this failure's included.
        retries: u8,
        /// The station's running time at which it goes again.
        until_running_ms: u64,
    },
    /// It failed before anything was sent, as often as it goes by itself. A person decides.
    Unreached,
    /// The server took it. Nothing more is ever sent.
    Accepted,
    /// The server refused it, with this code. A person decides.
    Refused(String),
    /// Nobody knows whether the server has it. A person decides.
    Unknown,
}

impl State {
    /// Returns the word by which a stored guard is found, and programs read it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Sending { .. } => "sending",
            Self::Resting { .. } => "resting",
            Self::Unreached => "unreached",
            Self::Accepted => "accepted",
            Self::Refused(_) => "refused",
            Self::Unknown => "unknown",
        }
    }
}

/// What a named person decided, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// What is to be done.
    pub what: OrderKind,
    /// Who decided.
    pub name: String,
    /// The account.
    pub operator: String,
    /// Why.
    pub reason: String,
    /// When.
    #[serde(with = "super::super::as_text")]
    pub at: DateTime,
}

/// What a person may decide about a log that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrderKind {
    /// Send it once more.
    SendAgain,
    /// The server has it: somebody looked there.
    TakeAsAccepted,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It is to be sent, at this running time of the station.
    Begin {
        /// The station's running time.
        running_ms: u64,
        /// The SHA-256 of the log.
        log: Digest,
    },
    /// The try failed, and nothing of the request was sent.
    FailedBeforeSending {
        /// The station's running time.
        running_ms: u64,
    },
    /// An answer came, or what should have been one.
    Answered(Reply),
    /// A timeout, or the connection was cut, once the request may have been sent.
    Lost,
    /// The station started.
    Restarted,
    /// A person decided.
    Ordered(Order),
}

/// Tells why something must not be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotNow {
    /// The server has the log.
    #[error("the server has it")]
    Accepted,
    /// A request is under way.
    #[error("a request is under way")]
    Sending,
    /// It goes by itself, later.
    #[error("it goes again by itself later")]
    Resting,
    /// A named person decides.
    #[error("a named person decides")]
    AsksAPerson,
    /// The decision has no name or no reason.
    #[error("a decision needs a name and a reason")]
    Nameless,
    /// Nothing that could have happened in this state.
    #[error("this does not follow")]
    DoesNotFollow,
}

impl Guard {
    /// Makes the guard of a day whose log was not tried.
    pub fn new(county: AreaCode, day: Date) -> Self {
        Self { county, day, state: State::Ready, log: None, tries: 0, orders: Vec::new() }
    }

    /// Tells whether a named person must decide before anything goes on.
    pub fn asks_a_person(&self) -> bool {
        matches!(self.state, State::Unreached | State::Refused(_) | State::Unknown)
    }

    /// Gives the guard as it is after something happened. Store it before doing what it allows: a request leaves only under a stored [`State::Sending`].
    ///
    /// # Errors
    /// What must not happen now; the guard is as it was.
    pub fn after(&self, event: Event) -> Result<Self, NotNow> {
        let mut next = self.clone();
        next.state = match (&self.state, event) {
            (_, Event::Begin { running_ms, log }) => {
                (next.log, next.tries) = (Some(log), self.tries.saturating_add(1));
                self.begun(running_ms)?
            }
            (State::Sending { retries }, Event::FailedBeforeSending { running_ms }) => resting(*retries, running_ms),
            (State::Sending { .. }, Event::Answered(reply)) => match reply.class {
                ReplyClass::Accepted => State::Accepted,
                ReplyClass::Refused => State::Refused(reply.code),
                ReplyClass::Unknown => State::Unknown,
            },
            (State::Sending { .. }, Event::Lost | Event::Restarted) => State::Unknown,
            (state, Event::Restarted) => state.clone(),
            (_, Event::Ordered(order)) => {
                let state = self.ordered(&order)?;
                next.orders.push(order);
                state
            }
            (_, Event::FailedBeforeSending { .. } | Event::Answered(_) | Event::Lost) => return Err(NotNow::DoesNotFollow),
        };
        Ok(next)
    }

    fn begun(&self, running_ms: u64) -> Result<State, NotNow> {
        match self.state {
            State::Ready => Ok(State::Sending { retries: 0 }),
            State::Resting { retries, until_running_ms } if running_ms >= until_running_ms => Ok(State::Sending { retries }),
            _ => Err(self.why_not()),
        }
    }

    /// A person decides only about what waits for one.
    fn ordered(&self, order: &Order) -> Result<State, NotNow> {
        if order.name.trim().is_empty() || order.reason.trim().is_empty() {
            return Err(NotNow::Nameless);
        }
        match (self.asks_a_person(), order.what) {
            (false, _) if self.state == State::Ready => Err(NotNow::DoesNotFollow),
            (false, _) => Err(self.why_not()),
            (true, OrderKind::SendAgain) => Ok(State::Ready),
            (true, OrderKind::TakeAsAccepted) => Ok(State::Accepted),
        }
    }

    fn why_not(&self) -> NotNow {
        match self.state {
            State::Accepted => NotNow::Accepted,
            State::Sending { .. } => NotNow::Sending,
            State::Resting { .. } | State::Ready => NotNow::Resting,
            State::Unreached | State::Refused(_) | State::Unknown => NotNow::AsksAPerson,
        }
    }
}

fn resting(retries: u8, running_ms: u64) -> State {
    match retries < RETRIES {
        true => State::Resting { retries: retries + 1, until_running_ms: running_ms.saturating_add(RETRY_MS) },
        false => State::Unreached,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn guard() -> Guard {
        Guard::new("150721".parse().unwrap(), date(2024, 3, 15))
    }

    fn begin(running_ms: u64) -> Event {
        Event::Begin { running_ms, log: dukou_packets::suite::sha256(&[b"log"]) }
    }

    fn reply(class: ReplyClass) -> Event {
        Event::Answered(Reply { class, code: "04012".into(), why: super::super::reply::Why::NoReply })
    }

    fn order(what: OrderKind) -> Event {
        Event::Ordered(Order {
            what,
            name: "测试甲".into(),
            operator: "ops".into(),
            reason: "已电话核实".into(),
            at: date(2024, 3, 16).at(8, 0, 0, 0),
        })
    }

    fn every_event() -> Vec<Event> {
        vec![
            begin(u64::MAX),
            Event::FailedBeforeSending { running_ms: 0 },
            reply(ReplyClass::Accepted),
            reply(ReplyClass::Refused),
            reply(ReplyClass::Unknown),
            Event::Lost,
            Event::Restarted,
            order(OrderKind::SendAgain),
            order(OrderKind::TakeAsAccepted),
        ]
    }

    #[test]
    fn a_log_that_the_server_took_is_never_sent_again_whatever_happens() {
        let taken = guard().after(begin(0)).unwrap().after(reply(ReplyClass::Accepted)).unwrap();
        for event in every_event() {
            let after = taken.after(event.clone()).map(|next| next.state);
            assert!(matches!(after, Err(_) | Ok(State::Accepted)), "{event:?} gave {after:?}");
        }
    }

    #[test]
    fn what_fails_before_it_is_sent_goes_again_three_times_after_twenty_minutes_and_then_asks() {
        let (mut now, mut guard) = (5, guard());
        for retry in 0..=RETRIES {
            guard = guard.after(begin(now)).unwrap_or_else(|why| panic!("{retry}: {why}"));
            guard = guard.after(Event::FailedBeforeSending { running_ms: now }).unwrap();
            if retry < RETRIES {
                assert_eq!(guard.after(begin(now + RETRY_MS - 1)), Err(NotNow::Resting));
                now += RETRY_MS;
            }
        }
        assert_eq!((guard.state.clone(), guard.tries), (State::Unreached, 4));
        assert_eq!(guard.after(begin(u64::MAX)), Err(NotNow::AsksAPerson));
    }

    #[test]
    fn whatever_may_have_been_sent_waits_for_a_named_person() {
        let sending = guard().after(begin(0)).unwrap();
        for event in [Event::Lost, Event::Restarted, reply(ReplyClass::Unknown), reply(ReplyClass::Refused)] {
            let waits = sending.after(event).unwrap();
            assert!(waits.asks_a_person());
            assert_eq!(waits.after(begin(u64::MAX)), Err(NotNow::AsksAPerson));
            assert_eq!(waits.after(Event::Restarted).unwrap().state, waits.state, "a start decides nothing");
            let again = waits.after(order(OrderKind::SendAgain)).unwrap().after(begin(0)).unwrap();
            assert_eq!((again.tries, again.orders.len()), (2, 1));
            let known = waits.after(order(OrderKind::TakeAsAccepted)).unwrap();
            assert_eq!(known.after(begin(0)), Err(NotNow::Accepted));
        }
    }

    #[test]
    fn a_decision_needs_a_name_and_a_reason_and_something_that_waits() {
        let unknown = guard().after(begin(0)).unwrap().after(Event::Lost).unwrap();
        for (name, reason) in [("", "已核实"), (" ", "已核实"), ("测试甲", "")] {
            let order = Order {
                what: OrderKind::SendAgain,
                name: name.into(),
                operator: "ops".into(),
                reason: reason.into(),
                at: date(2024, 3, 16).at(8, 0, 0, 0),
            };
            assert_eq!(unknown.after(Event::Ordered(order)), Err(NotNow::Nameless));
        }
        let sending = guard().after(begin(0)).unwrap();
        assert_eq!(guard().after(order(OrderKind::SendAgain)), Err(NotNow::DoesNotFollow));
        assert_eq!(sending.after(order(OrderKind::SendAgain)), Err(NotNow::Sending));
        assert_eq!(sending.after(begin(0)), Err(NotNow::Sending));
    }

    /// Every sequence of five events: between two requests that may have been sent stands a person's order to send again.
    #[test]
    fn no_sequence_of_events_sends_twice_without_a_persons_order() {
        let mut worlds = vec![(guard(), 0u32, 0u32)];
        for _ in 0..5 {
            let mut next = Vec::new();
            for (guard, sent, ordered) in &worlds {
                for event in every_event() {
                    let Ok(after) = guard.after(event.clone()) else { continue };
                    let is_order = matches!(&event, Event::Ordered(order) if order.what == OrderKind::SendAgain);
                    // A failure before sending takes the try back: its request was never sent.
                    let began = u32::from(matches!(after.state, State::Sending { .. }));
                    let unsent = u32::from(matches!(event, Event::FailedBeforeSending { .. }));
                    let world = (after, sent + began - unsent, ordered + u32::from(is_order));
                    assert!(world.1 <= world.2 + 1, "{world:?}");
                    let kept = serde_json::to_string(&world.0).unwrap();
                    assert_eq!(serde_json::from_str::<Guard>(&kept).unwrap(), world.0, "{kept}");
                    next.push(world);
                }
            }
            worlds = next;
        }
        assert!(worlds.len() > 100);
    }
}
