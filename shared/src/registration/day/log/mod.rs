//! The daily registration log (登簿日志): what it holds, how one is built from the rows, and everything that decides whether and how one goes out.

mod build;
pub mod checks;
pub mod compare;
pub mod guard;
pub mod reply;
pub mod when;
mod xml;

pub use build::{Built, Heading, Refusal, build, may_go};

use serde::{Deserialize, Serialize};

use super::counters::Counters;
use super::facts::Edition;

/// A daily log of one county.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailyLog {
    /// Its edition.
    pub edition: Edition,
    /// AreaCode.
    pub area: String,
    /// AreaName.
    pub area_name: String,
    /// AccessDate, `20240315`.
    pub access_date: String,
    /// Remark.
    pub remark: String,
    /// RegisterInfo.
    pub register: Counters,
    /// AccessInfo.
    pub access: Counters,
    /// RegisterList, which the old edition does not have.
    pub register_list: Option<List<RegisterEntry>>,
    /// AccessList, which the old edition does not have.
    pub access_list: Option<List<AccessEntry>>,
}

/// A list of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct List<T> {
    /// `totalNum`, as it is stated.
    pub total: u64,
    /// The rows.
    pub rows: Vec<T>,
}

impl<T> List<T> {
    /// Makes a list that states how many rows it has.
    pub fn of(rows: Vec<T>) -> Self {
        Self { total: rows.len() as u64, rows }
    }
}

/// A row of RegisterList, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterEntry {
    /// Case number.
    pub ywh: String,
    /// Kind of registration.
    pub djlx: String,
    /// Kind of right.
    pub qllx: String,
    /// Unit number.
    pub bdcdyh: String,
    /// Numbers of certificates and proofs, joined by `;`; `/` for none.
    pub zszmh: String,
    /// 1 reported, 0 not.
    pub sfsb: String,
    /// Its message's id; `/` for none.
    pub bwid: String,
}

/// A row of AccessList, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessEntry {
    /// The message's id.
    pub bwid: String,
    /// Case number.
    pub ywh: String,
    /// Unit number.
    pub bdcdyh: String,
}
