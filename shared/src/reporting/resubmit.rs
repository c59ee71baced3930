//! Re-reports (重报): an order to the registration system, which makes and signs the message anew. The station alters none.
//!
//! - **Given** a case at a unit, why it is reported again, who asks, what the platform's write-off list says of it.
//! - **Gives** an order with the suffix that is due, as a file in the folder of the channel `resubmit-order`.
//! - **After a crash** an order that is kept and does not lie there yet is placed at the next start, with the same bytes.
//! - **Never** orders anything while nobody knows whether the day's log arrived, or while the case is being written off: the suffix follows from that.

use serde::{Deserialize, Serialize};

use super::request::NamedReason;
use crate::channel::Channel;
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::registration::day::ids::{AreaCode, comparable};
use crate::registration::day::log::guard::State;
use crate::registration::day::resubmit::{Cause, ResubmitOrder, suffix_due};
use crate::registration::day::text::Text;
use crate::registration::kept::{self, CaseChain, KeptOrder, LogOrigin, chains_of, civil_of, original_of, unplaced_orders};
use crate::reporting::lane::Reports;
use crate::requests::Answer;
use crate::say;
use crate::seams::FileCause;
use crate::store::Change;
use dukou_packets::suite::sha256;

/// The channel by which orders leave.
pub const ORDERS: &str = "resubmit-order";

/// A request for a re-report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResubmitRequest {
    /// A message id, a case number, a unit number or a certificate number.
    pub what: String,
    /// The unit, where the case has several.
    pub unit: Option<String>,
    /// Why it is reported, or reported again.
    pub cause: Cause,
    /// The code of what was found; may be empty.
    pub finding: String,
    /// Who asks, and what is to be corrected.
    pub by: NamedReason,
    /// Account of the person.
    pub operator: String,
}

impl Engine {
    /// Orders a re-report.
    ///
    /// # Errors
    /// As [`perform`](Engine::perform).
    pub(crate) fn resubmit(&mut self, request: &ResubmitRequest) -> Result<Answer, EngineFault> {
        if self.orders_folder().is_none() {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "没有发出重报单的通道 {ORDERS}。请把 deploy/register/{ORDERS}.toml 放进两站的 channels/ 后重试。",
                    "There is no channel {ORDERS} by which orders leave. Put deploy/register/{ORDERS}.toml into channels/ of both stations and try again."
                )
            }));
        }
        let mut found = chains_of(self.store(), &request.what)?;
        if let Some(unit) = &request.unit {
            found.retain(|chain| chain.key.unit == comparable(unit));
        }
        let chain = match <[CaseChain; 1]>::try_from(found) {
            Ok([chain]) => chain,
            Err(found) => return Ok(not_one(&request.what, &found)),
        };
        let order = match self.order_for(request, &chain)? {
            Ok(order) => order,
            Err(no) => return Ok(no),
        };
        self.place_order(&order)?;
        let (ywh, unit) = (order.order.ywh.clone(), order.order.bdcdyh.clone());
        Ok(Answer::done(1, |lang| {
            let due = match order.order.id_due {
                Some(id) => id.to_string(),
                None => say!(lang, "由登记系统编号", "numbered by the registration system"),
            };
            say!(
                lang,
                "已登记重报单：业务号 {ywh}，单元 {unit}，应有报文ID {due}。登记系统重新生成、签名后，trace 里会看到。",
                "Order noted: case {ywh}, unit {unit}, message id due {due}. Once the registration system has made and signed it anew, trace shows it."
            )
        }))
    }

    fn order_for(&mut self, request: &ResubmitRequest, chain: &CaseChain) -> Result<Result<KeptOrder, Answer>, EngineFault> {
        if (request.cause == Cause::Missed) != chain.links.is_empty() {
            return Ok(Err(Answer::no(|lang| match request.cause {
                Cause::Missed => say!(
                    lang,
                    "这笔业务已经报过，不是补报。请用 --cause again（重报）或 corrected（整改后重报）。",
                    "This case was reported: it is not missed. Use --cause again or corrected."
                ),
                Cause::Again | Cause::Corrected => say!(
                    lang,
                    "这笔业务还没有报过，请用 --cause missed（补报）。",
                    "This case was never reported: use --cause missed."
                ),
            })));
        }
        let is_log_sent = match self.log_sent(chain)? {
            Some(is_sent) => is_sent,
            None => return Ok(Err(log_unsure())),
        };
        let write_off = kept::write_off_of(self.store(), chain)?;
        let Ok(suffix) = suffix_due(request.cause, is_log_sent, write_off) else { return Ok(Err(write_off_under_way())) };
        let original = original_of(&chain.links);
        let (now_ms, first) = (self.seams.clock.wall_ms(), chain.messages.first());
        let written = |row: Option<&Text>, message: Option<&Text>, key: &Text| row.or(message).unwrap_or(key).to_string();
        let row = chain.row.as_ref();
        let order = ResubmitOrder {
            original,
            ywh: written(row.map(|row| &row.ywh), None, &chain.key.ywh),
            bdcdyh: written(row.map(|row| &row.bdcdyh), first.and_then(|first| first.units.first()), &chain.key.unit),
            cause: request.cause,
            suffix_due: suffix,
            id_due: ResubmitOrder::id_due(original, suffix),
            finding: request.finding.clone(),
            reason: request.by.reason.clone(),
            name: request.by.name.clone(),
            operator: request.operator.clone(),
            at: civil_of(now_ms),
        };
        let digest = sha256(&[&bytes_of(&order)]).to_string();
        let name = format!("{ORDERS}-{now_ms}-{}.json", digest.get(..16).unwrap_or_default());
        Ok(Ok(KeptOrder { order, name, is_placed: false }))
    }

    /// Tells whether the log of a case's day was sent; none while nobody knows. Where the bureau's system reports, it has the log that was carried to it.
    fn log_sent(&mut self, chain: &CaseChain) -> Result<Option<bool>, EngineFault> {
        let day = chain.row.as_ref().map(|row| row.day()).or(chain.messages.first().map(|message| message.day()));
        let Some((area, day)) = area_of(chain).zip(day) else { return Ok(Some(false)) };
        let lanes = &self.station.config.lanes;
        let reports = lanes.iter().find(|lane| lane.settings().is_own(area)).map(|lane| (lane.reports, lane.area));
        let (reports, area) = reports.unwrap_or((Reports::Observe, area));
        if reports == Reports::Observe {
            return Ok(Some(kept::log(self.store(), area, day, LogOrigin::Carried)?.is_some()));
        }
        let state = self.guard_of(area, day)?.map(|guard| guard.state);
        Ok(match state {
            Some(State::Accepted) => Some(true),
            None | Some(State::Ready | State::Resting { .. } | State::Unreached | State::Refused(_)) => Some(false),
            Some(State::Sending { .. } | State::Unknown) => None,
        })
    }

    fn orders_folder(&self) -> Option<std::path::PathBuf> {
        let is_orders = |channel: &&Channel| channel.channel.as_ref() == ORDERS;
        let channel = self.outgoing.iter().map(|outgoing| &outgoing.channel).find(is_orders)?;
        channel.source.folder().map(|source| self.station.dir.join(&source.folder))
    }

    /// Keeps an order, then puts it where its channel takes it, then notes that it lies there.
    fn place_order(&mut self, order: &KeptOrder) -> Result<(), EngineFault> {
        let now_ms = self.seams.clock.wall_ms();
        self.commit_store(vec![Change::Filed(order.card(now_ms))])?;
        self.place_kept(order, now_ms, &mut PassReport::default())
    }

    fn place_kept(&mut self, order: &KeptOrder, now_ms: i64, report: &mut PassReport) -> Result<(), EngineFault> {
        let Some(folder) = self.orders_folder() else { return Ok(()) };
        let folder = match self.seams.files.ferry_dir(&folder) {
            Ok(folder) => folder,
            // It is kept, and tried again.
            Err(fault) => return self.tolerate(fault, report),
        };
        match folder.place(&order.name, &[&bytes_of(&order.order)]) {
            Err(fault) if fault.cause != FileCause::Exists => return self.tolerate(fault, report),
            _ => folder.sync()?,
        }
        self.commit_store(vec![Change::Filed(KeptOrder { is_placed: true, ..order.clone() }.card(now_ms))])
    }

    /// Puts orders where their channel takes them that a crash or a folder out of reach kept from there.
    pub(crate) fn tend_orders(&mut self, report: &mut PassReport) -> Result<(), EngineFault> {
        if self.orders_folder().is_none() {
            return Ok(());
        }
        let now_ms = self.seams.clock.wall_ms();
        for order in unplaced_orders(self.store())? {
            self.place_kept(&order, now_ms, report)?;
        }
        Ok(())
    }
}

fn area_of(chain: &CaseChain) -> Option<AreaCode> {
    let of_message = chain.messages.first().map(|message| message.id.area());
    of_message.or_else(|| chain.key.unit.get(..6)?.parse().ok())
}

/// Writes an order: a JSON object with a line end.
fn bytes_of(order: &ResubmitOrder) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(order).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn not_one(what: &str, found: &[CaseChain]) -> Answer {
    let what = crate::lang::plain_line(&crate::lang::mask_id(what));
    let units = found.iter().map(|chain| format!("{} {}", chain.key.ywh, chain.key.unit)).collect::<Vec<_>>().join("、");
    Answer::no(|lang| match found.is_empty() {
        true => say!(
            lang,
            "本站不认识 {what}。请给报文ID、业务号、不动产单元号或证号。",
            "This station does not know {what}. Give a message id, a case, a unit or a certificate number."
        ),
        false => say!(
            lang,
            "{what} 有几笔：{units}。请给业务号，并用 --unit 说明单元。",
            "{what} names several: {units}. Give the case, and its unit with --unit."
        ),
    })
}

fn write_off_under_way() -> Answer {
    Answer::no(|lang| {
        say!(
            lang,
            "销账清单说这笔业务正在销账，现在不能重报。请等平台给出新的清单。",
            "By the write-off list this case is being written off: nothing is reported meanwhile. Wait for the platform's next list."
        )
    })
}

fn log_unsure() -> Answer {
    Answer::no(|lang| {
        say!(
            lang,
            "不知道平台收没收那一天的登簿日志，后缀无法确定。请先用 log show、log decide 处理。",
            "Whether the platform has the log of that day is not known, and the suffix follows from that. See log show, and decide with log decide first."
        )
    })
}
