//! What a person asks about a county's daily log.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::lane::Lane;
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::registration::day::ids::AreaCode;
use crate::registration::day::log::guard::OrderKind;
use crate::requests::Answer;
use crate::say;

/// A request about a county's daily log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRequest {
    /// The county; none where the station has one lane alone.
    pub area: Option<AreaCode>,
    /// The business day.
    #[serde(with = "crate::registration::day::as_text")]
    pub day: Date,
    /// What is asked.
    pub act: LogAct,
    /// Account of the person.
    pub operator: String,
}

/// What is asked about a daily log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogAct {
    /// Build it; without the day mark only where a person says so.
    Build {
        /// Who says so, and why.
        anyway: Option<NamedReason>,
    },
    /// Send the one that is configured.
    Send,
    /// Go on with one that waits for a person.
    Decide {
        /// What is to be done.
        what: OrderKind,
        /// Who decides, and why.
        by: NamedReason,
    },
}

/// Who decides, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedReason {
    /// Who, by name.
    pub name: String,
    /// Why.
    pub reason: String,
}

impl Engine {
    /// Performs a request about a daily log.
    ///
    /// # Errors
    /// As [`perform`](Engine::perform).
    pub(crate) fn daily_log(&mut self, request: &LogRequest) -> Result<Answer, EngineFault> {
        let lane = match named(&self.station.config.lanes, request.area) {
            Ok(lane) => lane.clone(),
            Err(no) => return Ok(no),
        };
        match &request.act {
            LogAct::Build { anyway } => self.build_log(&lane, request.day, anyway.as_ref(), &request.operator),
            LogAct::Send => self.send_log(&lane, request.day, &request.operator),
            LogAct::Decide { what, by } => self.decide_log(&lane, request.day, (*what, by), &request.operator),
        }
    }
}

/// Finds the lane of a county; the only one where none is named.
pub(crate) fn named(lanes: &[Lane], area: Option<AreaCode>) -> Result<&Lane, Answer> {
    let known = || lanes.iter().map(|lane| lane.area.to_string()).collect::<Vec<_>>().join("、");
    match (area, lanes) {
        (_, []) => Err(Answer::no(|lang| {
            say!(
                lang,
                "本站还没有定由谁上报：没有 lanes/*.toml。请照 deploy/register/lane.toml 写好后重试。",
                "Who reports is not settled here: there is no lanes/*.toml. Write one like deploy/register/lane.toml and try again."
            )
        })),
        (None, [lane]) => Ok(lane),
        (None, _) => Err(Answer::no(|lang| {
            let known = known();
            say!(lang, "请用 --area 说明区划：{known}。", "Name the county with --area: {known}.")
        })),
        (Some(area), lanes) => lanes.iter().find(|lane| lane.area == area).ok_or_else(|| {
            Answer::no(|lang| {
                let known = known();
                say!(
                    lang,
                    "lanes/ 里没有区划 {area}（有 {known}）。请改正 --area 后重试。",
                    "lanes/ has no county {area} (it has {known}). Correct --area and try again."
                )
            })
        }),
    }
}
