//! What `trace` tells of a case at a unit: its reports from the first (首报→重报), and the orders for re-reports.

use crate::lang::{Lang, plain_line};
use crate::registration::day::facts::ResponseClass;
use crate::registration::day::resubmit::Cause;
use crate::registration::kept::{CaseChain, chains_of};
use crate::say;
use crate::store::{Store, StoreFault};
use serde::Serialize;

/// A case at a unit.
#[derive(Clone, Debug, Serialize)]
pub struct ChainLine {
    /// Case number, in the form in which it is compared.
    pub ywh: String,
    /// Unit number, likewise.
    pub bdcdyh: String,
    /// When it was registered; none where its row is not here.
    pub registered: Option<String>,
    /// Its reports, from the first.
    pub reports: Vec<ReportLine>,
    /// Orders for re-reports, oldest first.
    pub orders: Vec<OrderLine>,
}

/// One report.
#[derive(Clone, Debug, Serialize)]
pub struct ReportLine {
    /// The message's id.
    pub id: String,
    /// What sort of report it is, in Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
    /// When it arrived.
    pub ferried: String,
    /// When it was reported.
    pub reported: Option<String>,
    /// `accepted` or `failed`; none while nothing was answered.
    pub answer: Option<ResponseClass>,
}

/// An order for a re-report.
#[derive(Clone, Debug, Serialize)]
pub struct OrderLine {
    /// `missed`, `again` or `corrected`.
    pub cause: Cause,
    /// The id that the new message must have; none where the registration system numbers it.
    pub id_due: Option<String>,
    /// Its suffix.
    pub suffix_due: String,
    /// The code of what was found.
    pub finding: String,
    /// What is to be corrected.
    pub reason: String,
    /// Who asked.
    pub name: String,
    /// The account.
    pub operator: String,
    /// When.
    pub at: String,
    /// The message that answers it; none while it did not come.
    pub answered_by: Option<String>,
}

/// Tells the chains of whatever a message id, a case, a unit or a certificate number names.
pub(super) fn chains(store: &mut dyn Store, what: &str) -> Result<Vec<ChainLine>, StoreFault> {
    Ok(chains_of(store, what)?.into_iter().map(line).collect())
}

fn line(chain: CaseChain) -> ChainLine {
    let reports = chain.links.iter().map(|link| ReportLine {
        id: link.id.to_string(),
        zh: link.words(Lang::Zh),
        en: link.words(Lang::En),
        ferried: link.ferried.to_string(),
        reported: link.reported.map(|at| at.to_string()),
        answer: link.answer,
    });
    let orders = chain.orders.iter().map(|kept| OrderLine {
        cause: kept.order.cause,
        id_due: kept.order.id_due.map(|id| id.to_string()),
        suffix_due: kept.order.suffix_due.to_string(),
        finding: kept.order.finding.clone(),
        reason: kept.order.reason.clone(),
        name: kept.order.name.clone(),
        operator: kept.order.operator.clone(),
        at: kept.order.at.to_string(),
        answered_by: kept.answer(&chain.messages).map(|id| id.to_string()),
    });
    ChainLine {
        registered: chain.row.as_ref().map(|row| row.djsj.to_string()),
        reports: reports.collect(),
        orders: orders.collect(),
        ywh: chain.key.ywh.to_string(),
        bdcdyh: chain.key.unit.to_string(),
    }
}

/// Says it for people.
pub(super) fn text(chains: &[ChainLine], lang: Lang) -> String {
    let mut text = String::new();
    for ChainLine { ywh, bdcdyh, registered, reports, orders } in chains {
        let [ywh, bdcdyh] = [ywh, bdcdyh].map(|value| plain_line(value));
        let registered = match registered {
            Some(at) => say!(lang, "登记 {at}", "registered {at}"),
            None => say!(lang, "登记簿的行不在本站", "its register row is not here"),
        };
        text += &say!(lang, "业务 {ywh}，单元 {bdcdyh}，{registered}\n", "Case {ywh}, unit {bdcdyh}, {registered}\n");
        for ReportLine { id, zh, en, ferried, reported, answer } in reports {
            let sort = if lang == Lang::Zh { zh } else { en };
            let answer = match answer {
                Some(ResponseClass::Accepted) => say!(lang, "成功", "accepted"),
                Some(ResponseClass::Failed) => say!(lang, "失败", "failed"),
                None => say!(lang, "没有响应", "no response"),
            };
            let at = reported.as_ref().unwrap_or(ferried);
            text += &format!("  {at}  {sort}  {id}  {answer}\n");
        }
        for OrderLine { id_due, reason, name, at, answered_by, .. } in orders {
            let [reason, name] = [reason, name].map(|words| plain_line(words));
            let due = id_due.as_deref().unwrap_or("—");
            let answered = match answered_by {
                Some(id) => say!(lang, "已由 {id} 完成", "answered by {id}"),
                None => say!(lang, "还没有等到", "not answered yet"),
            };
            text += &say!(
                lang,
                "  {at}  重报单 {due}（{name}：{reason}）{answered}\n",
                "  {at}  order {due} ({name}: {reason}), {answered}\n"
            );
        }
    }
    text
}
