//! What is known about a county's day, in plain values: nothing here says where it was read.

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use super::day_mark::{DayMark, RowsHere};
use super::differences::DifferenceKind;
use super::ids::BizMsgId;
use super::log::DailyLog;
use super::text::{Text, Texts};

/// A row of the register view: one case at one unit. Texts are as the source has them; a null is an empty text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterRow {
    /// Case number (业务号).
    pub ywh: Text,
    /// Unit number (不动产单元号).
    pub bdcdyh: Text,
    /// Kind of registration (登记类型).
    pub djlx: Text,
    /// Kind of right (权利类型).
    pub qllx: Text,
    /// Numbers of certificates and proofs (证书证明号).
    pub zszmh: Text,
    /// County code as the case has it (区县代码).
    pub qxdm: Text,
    /// When it was entered in the register (登记时间).
    #[serde(with = "super::as_text")]
    pub djsj: DateTime,
    /// State of the right (权属状态).
    pub qszt: Text,
    /// When the row was here first.
    #[serde(with = "super::as_text")]
    pub first_seen: DateTime,
    /// State of access as the registration system has it, −2 to 9, where its view tells one.
    pub access_state: Option<i8>,
    /// Whether a case outside the chain cancelled the right (外联注销), where the view tells it.
    pub is_external_cancellation: bool,
}

impl RegisterRow {
    /// Shares with others what many rows say, and what messages say of the row.
    pub fn share(&mut self, texts: &mut Texts) {
        let Self { ywh, bdcdyh, djlx, qllx, qxdm, qszt, .. } = self;
        [ywh, bdcdyh, djlx, qllx, qxdm, qszt].into_iter().for_each(|text| texts.share(text));
    }

    /// Returns the business day: the civil date of DJSJ.
    pub fn day(&self) -> Date {
        self.djsj.date()
    }

    /// Tells whether the register's own rule leaves the row out: states −2 (cannot be reported) and 9 (void).
    pub fn is_left_out(&self) -> bool {
        matches!(self.access_state, Some(-2 | 9))
    }
}

/// The edition of a message or a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edition {
    /// The one before 2021.
    Old,
    /// The one of 41号函.
    New,
}

/// How far a message is on the inner side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// It arrived.
    Arrived,
    /// It arrived and waits for a person, by the finding's code.
    Held(String),
    /// It was refused, by the reason's code.
    Refused(String),
    /// The reporting system took it; what that does with it is seen by responses only.
    HandedOver(#[serde(with = "super::as_text")] DateTime),
    /// It lies on the front machine.
    Placed(#[serde(with = "super::as_text")] DateTime),
}

/// A reporting message that was ferried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: BizMsgId,
    /// Its edition.
    pub edition: Edition,
    /// AreaCode as written.
    pub area: Text,
    /// RecType as written.
    pub rec_type: Text,
    /// RegType as written.
    pub reg_type: Text,
    /// RightType as written.
    pub right_type: Text,
    /// RecFlowID as written: the case number, maybe with a counter behind it.
    pub flow: Text,
    /// EstateNum, then any other units whose rights it reports.
    pub units: Vec<Text>,
    /// CreateDate: when its case was registered; none where it says nothing that is a time.
    #[serde(with = "super::as_text::maybe")]
    pub registered: Option<DateTime>,
    /// When it arrived here.
    #[serde(with = "super::as_text")]
    pub ferried: DateTime,
    /// How far it is.
    pub progress: Progress,
}

impl Message {
    /// Shares with others what many messages say, and what it says of its row.
    pub fn share(&mut self, texts: &mut Texts) {
        let Self { area, rec_type, reg_type, right_type, flow, units, .. } = self;
        units.shrink_to_fit();
        [area, rec_type, reg_type, right_type, flow].into_iter().chain(units).for_each(|text| texts.share(text));
    }

    /// Returns when it was reported: handed over or placed.
    pub fn reported(&self) -> Option<DateTime> {
        match self.progress {
            Progress::HandedOver(at) | Progress::Placed(at) => Some(at),
            Progress::Arrived | Progress::Held(_) | Progress::Refused(_) => None,
        }
    }

    /// Returns the day of registration that it tells, else the day on which it arrived.
    pub fn day(&self) -> Date {
        self.registered.unwrap_or(self.ferried).date()
    }

    /// Returns its first unit, empty when it has none.
    pub fn unit(&self) -> &str {
        self.units.first().map_or("", Text::as_str)
    }
}

/// What a response says of its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResponseClass {
    /// SuccessFlag 1.
    Accepted,
    /// Anything else.
    Failed,
}

/// A response that came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// BizMsgID as written.
    pub id: Text,
    /// What it says.
    pub class: ResponseClass,
    /// ResponseCode.
    pub code: Text,
    /// ResponseInfo.
    pub info: Text,
    /// When it came.
    #[serde(with = "super::as_text")]
    pub received: DateTime,
}

impl Response {
    /// Shares with others what many responses say.
    pub fn share(&mut self, texts: &mut Texts) {
        [&mut self.code, &mut self.info].into_iter().for_each(|text| texts.share(text));
    }
}

/// The day's log, wherever it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFact {
    /// What it says.
    pub log: DailyLog,
    /// The moment whose truth it tells: when it was built, or for a carried one when it was made.
    #[serde(with = "super::as_text")]
    pub made: DateTime,
}

/// A day mark that came, and how far this side is with what it speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkFact {
    /// The mark.
    pub mark: DayMark,
    /// The day's rows here at the moment at which the channel of register rows had reached the mark's head; none while it has not.
    pub at_head: Option<RowsHere>,
    /// Whether the channel of messages has reached the mark's head.
    pub messages_complete: bool,
}

/// What a named person decided about a difference: it stays in the lists, with the decision beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// About which kind of difference.
    pub about: DifferenceKind,
    /// Case number, empty where the difference has none.
    pub ywh: String,
    /// Unit number, empty where the difference has none.
    pub bdcdyh: String,
    /// Message id, empty where the difference has none.
    pub id: String,
    /// Who decided.
    pub name: String,
    /// Why.
    pub reason: String,
    /// When.
    #[serde(with = "super::as_text")]
    pub at: DateTime,
}

/// All that is known about a county's day. More may be given than belongs to the day: what does not is used to explain what does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The day's register rows, and those of other days that any of the messages names.
    pub rows: Vec<RegisterRow>,
    /// Messages whose case was registered that day, that were reported that day, or that a response of the day answers.
    pub messages: Vec<Message>,
    /// Responses to these messages, and all that came that day.
    pub responses: Vec<Response>,
    /// The day's log.
    pub log: Option<LogFact>,
    /// The day's mark.
    pub mark: Option<MarkFact>,
    /// What persons decided.
    pub decisions: Vec<Decision>,
}
