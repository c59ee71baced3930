//! The chain of a case's reports (首报→重报), found by a message id, a case, a unit or a certificate number; and the orders for re-reports.

use super::super::day::facts::{Message, Progress, RegisterRow, ResponseClass};
use super::super::day::ids::{BizMsgId, RowKey, Suffix, case_of_flow, comparable};
use super::super::day::resubmit::{Link, ResubmitOrder, chain};
use super::messages::{id_term, messages_of, responses_of};
use super::{body, read, rows};
use crate::store::cards::{Card, Drawer};
use crate::store::{Store, StoreFault};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Most cases that one question finds.
const CHAINS_MAX: usize = 50;

/// A case at a unit: its row, its reports and what was ordered about it.
#[derive(Clone, Debug)]
pub struct CaseChain {
    /// Which.
    pub key: RowKey,
    /// Its register row, as it is.
    pub row: Option<RegisterRow>,
    /// Its messages.
    pub messages: Vec<Message>,
    /// Its reports, from the first.
    pub links: Vec<Link>,
    /// Orders for re-reports, oldest first.
    pub orders: Vec<KeptOrder>,
}

/// An order for a re-report as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptOrder {
    /// What was ordered.
    pub order: ResubmitOrder,
    /// The name of its file.
    pub name: String,
    /// Whether it lies in its channel's folder, or left from there.
    pub is_placed: bool,
}

impl KeptOrder {
    /// Gives its card.
    pub fn card(&self, now_ms: i64) -> Card {
        let case = format!("case {}", comparable(&self.order.ywh));
        let waits = (!self.is_placed).then_some("unplaced");
        Card::new(Drawer::Order, &self.name, [Some(case.as_str()), waits].into_iter().flatten(), body(self), now_ms)
    }

    /// Gives the message that answers it: the first behind it with what it asked for.
    pub fn answer(&self, messages: &[Message]) -> Option<BizMsgId> {
        let is_refused = |message: &Message| matches!(message.progress, Progress::Refused(_));
        let answers = messages.iter().filter(|message| self.order.is_answered_by(message) && !is_refused(message));
        answers.min_by_key(|message| message.ferried).map(|message| message.id)
    }
}

/// Gives the orders that do not lie in their channel's folder yet.
///
/// # Errors
/// As [`Store::cards`].
pub fn unplaced_orders(store: &mut dyn Store) -> Result<Vec<KeptOrder>, StoreFault> {
    store.cards(Drawer::Order, &["unplaced"])?.iter().map(read).collect()
}

/// Finds the cases at units that a message id, a case number, a unit number or a certificate number names; at most 50.
///
/// # Errors
/// As [`Store::cards`].
pub fn chains_of(store: &mut dyn Store, what: &str) -> Result<Vec<CaseChain>, StoreFault> {
    let named = comparable(what);
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows: BTreeMap<RowKey, RegisterRow> = BTreeMap::new();
    let terms = ["case", "unit", "certificate"].map(|term| format!("{term} {named}"));
    for row in rows::find(store, &terms)?.iter().filter_map(|kept| kept.now()) {
        rows.insert(rows::key_of(row), row.clone());
    }
    let mut terms = vec![format!("case {named}"), format!("unit {named}")];
    terms.extend(what.trim().parse().ok().map(|id: BizMsgId| id_term(&id)));
    let mut keys: BTreeSet<RowKey> = rows.keys().cloned().collect();
    for kept in messages_of(store, &terms)? {
        keys.extend(keys_of(store, &kept.message)?);
    }
    keys.into_iter().take(CHAINS_MAX).map(|key| chain_of(store, key)).collect()
}

/// Gives the cases at units that a message reports: by its flow, or without the counter behind it, as the register has them.
fn keys_of(store: &mut dyn Store, message: &Message) -> Result<Vec<RowKey>, StoreFault> {
    let flow = comparable(&message.flow);
    let base = case_of_flow(&flow).map(str::to_owned);
    let mut keys = Vec::new();
    for unit in &message.units {
        let mut key = RowKey::new(base.as_deref().unwrap_or(&flow), unit);
        let exact = RowKey::new(&flow, unit);
        let found = rows::find(store, &[format!("case {flow}")])?;
        if found.iter().filter_map(|kept| kept.now()).any(|row| rows::key_of(row) == exact) {
            key = exact;
        }
        keys.push(key);
    }
    Ok(keys)
}

fn chain_of(store: &mut dyn Store, key: RowKey) -> Result<CaseChain, StoreFault> {
    let case = format!("case {}", key.ywh);
    let found = rows::find(store, std::slice::from_ref(&case))?;
    let row = found.iter().filter_map(|kept| kept.now()).find(|row| rows::key_of(row) == key).cloned();
    let is_of_unit = |message: &Message| message.units.iter().any(|unit| comparable(unit) == key.unit);
    let kept = messages_of(store, std::slice::from_ref(&case))?;
    let messages: Vec<Message> = kept.into_iter().map(|kept| kept.message).filter(is_of_unit).collect();
    let ids: BTreeSet<String> = messages.iter().map(|message| id_term(&message.id)).collect();
    let mut answers: BTreeMap<BizMsgId, ResponseClass> = BTreeMap::new();
    for kept in responses_of(store, &ids.into_iter().collect::<Vec<_>>())? {
        // The newest stands: cards come in the order in which they were filed.
        answers.extend(kept.response.id.parse().ok().map(|id: BizMsgId| (id, kept.response.class)));
    }
    let links = chain(&key, &messages, |message| answers.get(&message.id).copied());
    let orders: Vec<KeptOrder> =
        store.cards(Drawer::Order, &[&case])?.iter().map(read).collect::<Result<Vec<KeptOrder>, _>>()?;
    let orders = orders.into_iter().filter(|kept| comparable(&kept.order.bdcdyh) == key.unit).collect();
    Ok(CaseChain { key, row, messages, links, orders })
}

/// The first report's id, whose 18 digits a re-report has.
pub fn original_of(links: &[Link]) -> Option<BizMsgId> {
    links.first().map(|link| link.id.with(Suffix::None))
}
