//! Two logs of one day, the carried and the built one, row by row.

use std::collections::BTreeMap;

use super::super::ids::{BizMsgId, RowKey, comparable};
use super::DailyLog;

/// Something that two logs say differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogDifference {
    /// What: an element or attribute.
    pub what: String,
    /// Case number, where it is about one.
    pub ywh: String,
    /// Unit number, where it is about one.
    pub bdcdyh: String,
    /// What the carried log says; none when it does not have the row.
    pub carried: Option<String>,
    /// What the built log says; none when it does not have the row.
    pub built: Option<String>,
}

/// Compares two logs. Spellings of nothing, widths and the underscore before a suffix make no difference; names and remarks are not compared.
pub fn compare(carried: &DailyLog, built: &DailyLog) -> Vec<LogDifference> {
    if carried.edition != built.edition {
        let name = |log: &DailyLog| Some(format!("{:?}", log.edition).to_lowercase());
        let what = "edition".to_owned();
        return vec![LogDifference {
            what,
            ywh: String::new(),
            bdcdyh: String::new(),
            carried: name(carried),
            built: name(built),
        }];
    }
    let mut all = Vec::new();
    let mut row = |name: &str, key: &RowKey, sides: Pair| {
        let told = |carried: Option<String>, built: Option<String>, what: String| LogDifference {
            what,
            ywh: key.ywh.to_string(),
            bdcdyh: key.unit.to_string(),
            carried,
            built,
        };
        match sides {
            (Some(carried), Some(built)) => {
                for ((what, carried), (_, built)) in
                    carried.into_iter().zip(built).filter(|(carried, built)| form(&carried.1) != form(&built.1))
                {
                    all.push(told(Some(carried), Some(built), format!("{name} {what}")));
                }
            }
            (Some(_), None) => all.push(told(Some("1".into()), None, name.into())),
            (None, Some(_)) => all.push(told(None, Some("1".into()), name.into())),
            (None, None) => {}
        }
    };
    let nobodys = RowKey::new("", "");
    row("AccessLog", &nobodys, (Some(heading(carried)), Some(heading(built))));
    row("RegisterInfo", &nobodys, (Some(register_info(carried)), Some(register_info(built))));
    row("AccessInfo", &nobodys, (Some(access_info(carried)), Some(access_info(built))));
    for (key, sides) in pairs(register_rows(carried), register_rows(built)) {
        row("Register", &key, sides);
    }
    for (key, sides) in pairs(access_rows(carried), access_rows(built)) {
        row("Access", &key, sides);
    }
    all
}

/// Named values of one row.
type Fields = Vec<(String, String)>;
/// The rows of a list by case and unit; of repeated ones all, in their order.
type Rows = BTreeMap<RowKey, Vec<Fields>>;

fn form(text: &str) -> String {
    text.trim().parse().map_or_else(|_| comparable(text), |id: BizMsgId| id.to_string())
}

fn heading(log: &DailyLog) -> Fields {
    vec![("AreaCode".into(), log.area.clone()), ("AccessDate".into(), log.access_date.clone())]
}

fn info(log: &DailyLog, counters: &super::Counters) -> Fields {
    let mut fields = vec![("totalNum".to_owned(), counters.total.to_string())];
    fields.extend(counters.named(log.edition).map(|(name, count)| (name.to_owned(), count.to_string())));
    fields.push(("businessTypeCount".into(), counters.business_types.map_or_else(String::new, |types| types.to_string())));
    fields
}

fn register_info(log: &DailyLog) -> Fields {
    info(log, &log.register)
}

fn access_info(log: &DailyLog) -> Fields {
    info(log, &log.access)
}

fn register_rows(log: &DailyLog) -> Rows {
    let mut rows = Rows::new();
    for row in log.register_list.iter().flat_map(|list| &list.rows) {
        let fields =
            [("DJLX", &row.djlx), ("QLLX", &row.qllx), ("ZSZMH", &row.zszmh), ("SFSB", &row.sfsb), ("BWID", &row.bwid)];
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_string())).collect();
        rows.entry(RowKey::of(&row.ywh, &row.bdcdyh)).or_default().push(fields);
    }
    rows
}

fn access_rows(log: &DailyLog) -> Rows {
    let mut rows = Rows::new();
    for row in log.access_list.iter().flat_map(|list| &list.rows) {
        rows.entry(RowKey::of(&row.ywh, &row.bdcdyh)).or_default().push(vec![("BWID".into(), row.bwid.to_string())]);
    }
    rows
}

/// One row as the carried and as the built log have it.
type Pair = (Option<Fields>, Option<Fields>);

/// Sets rows of one key side by side.
fn pairs(carried: Rows, mut built: Rows) -> Vec<(RowKey, Pair)> {
    let mut pairs = Vec::new();
    for (key, ours) in carried {
        let mut theirs = built.remove(&key).unwrap_or_default().into_iter();
        for fields in ours {
            pairs.push((key.clone(), (Some(fields), theirs.next())));
        }
        pairs.extend(theirs.map(|fields| (key.clone(), (None, Some(fields)))));
    }
    pairs.extend(
        built.into_iter().flat_map(|(key, rows)| rows.into_iter().map(move |fields| (key.clone(), (None, Some(fields))))),
    );
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    pairs
}
