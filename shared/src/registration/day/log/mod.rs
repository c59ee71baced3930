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
use super::text::{Text, Texts};

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
    pub ywh: Text,
    /// Kind of registration.
    pub djlx: Text,
    /// Kind of right.
    pub qllx: Text,
    /// Unit number.
    pub bdcdyh: Text,
    /// Numbers of certificates and proofs, joined by `;`; `/` for none.
    pub zszmh: Text,
    /// 1 reported, 0 not.
    pub sfsb: Text,
    /// Its message's id; `/` for none.
    pub bwid: Text,
}

/// A row of AccessList, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessEntry {
    /// The message's id.
    pub bwid: Text,
    /// Case number.
    pub ywh: Text,
    /// Unit number.
    pub bdcdyh: Text,
}

impl RegisterEntry {
    /// Shares with others what many entries say, and what rows and messages say of it.
    pub fn share(&mut self, texts: &mut Texts) {
        let Self { ywh, djlx, qllx, bdcdyh, sfsb, .. } = self;
        [ywh, djlx, qllx, bdcdyh, sfsb].into_iter().for_each(|text| texts.share(text));
    }
}

impl AccessEntry {
    /// Shares with others what rows and messages say of it.
    pub fn share(&mut self, texts: &mut Texts) {
        [&mut self.ywh, &mut self.bdcdyh].into_iter().for_each(|text| texts.share(text));
    }
}

impl DailyLog {
    /// Shares the texts of its lists with others.
    pub fn share(&mut self, texts: &mut Texts) {
        self.register_list.iter_mut().flat_map(|list| &mut list.rows).for_each(|row| row.share(texts));
        self.access_list.iter_mut().flat_map(|list| &mut list.rows).for_each(|row| row.share(texts));
    }
}
