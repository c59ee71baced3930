//! A named person goes on with a log that waits for one.

use jiff::civil::Date;

use super::lane::Lane;
use super::request::NamedReason;
use super::tries::not_now;
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::registration::day::log::guard::{Event, Guard, Order, OrderKind};
use crate::registration::kept::civil_of;
use crate::requests::Answer;
use crate::say;
use crate::store::Change;

impl Engine {
    pub(super) fn decide_log(
        &mut self,
        lane: &Lane,
        day: Date,
        (what, by): (OrderKind, &NamedReason),
        operator: &str,
    ) -> Result<Answer, EngineFault> {
        let (area, now_ms) = (lane.area, self.seams.clock.wall_ms());
        let guard = self.guard_of(area, day)?.unwrap_or_else(|| Guard::new(area, day));
        let (name, reason) = (by.name.clone(), by.reason.clone());
        let order = Order { what, name, reason, operator: operator.to_owned(), at: civil_of(now_ms) };
        let decided = match guard.after(Event::Ordered(order)) {
            Ok(decided) => decided,
            Err(why) => return Ok(not_now(area, day, why)),
        };
        let code = match what {
            OrderKind::SendAgain => "send-again",
            OrderKind::TakeAsAccepted => "taken",
        };
        self.note_reporting((area, Some(day)), code, operator)?;
        self.commit_store(vec![Change::Filed(decided.card(now_ms))])?;
        self.look_at_guards()?;
        let name = &by.name;
        Ok(Answer::done(1, |lang| match what {
            OrderKind::SendAgain => say!(
                lang,
                "已登记：{name} 决定 {area} 的 {day} 登簿日志再发一次。请运行 log send {day}。",
                "Noted: {name} decided that the log of {area} of {day} goes once more. Run log send {day}."
            ),
            OrderKind::TakeAsAccepted => say!(
                lang,
                "已登记：{name} 核实对方已有 {area} 的 {day} 登簿日志，不会再发。",
                "Noted: {name} found that the server has the log of {area} of {day}; nothing more is sent."
            ),
        }))
    }
}
