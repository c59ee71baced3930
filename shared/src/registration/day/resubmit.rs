//! Re-reports (重报): which suffix is due, what an order to the registration system says, and the chain of a case's messages.
//!
//! The station never alters a message. It asks the registration system, which makes and signs the message anew.

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use super::facts::{Message, Progress, ResponseClass};
use super::ids::{BizMsgId, RowKey, Suffix, case_of_flow, comparable};
use crate::lang::Lang;
use crate::say;

/// Why a case is reported, or reported again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// It never was (补报).
    Missed,
    /// It was, and failed or is wrong (重报).
    Again,
    /// Its data were corrected after a check of quality (整改后重报).
    Corrected,
}

/// A row of the platform's write-off list (销账清单).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteOff {
    /// Where the write-off is.
    pub state: WriteOffState,
    /// What is to be written off.
    pub kind: WriteOffKind,
}

/// Where a write-off is (xzzt 1 to 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WriteOffState {
    /// 1: not written off.
    Open,
    /// 2: under way.
    UnderWay,
    /// 3: written off.
    Done,
    /// 4: it failed.
    Failed,
}

/// What is to be written off (xzbwlx 1 to 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WriteOffKind {
    /// 1: the access failed.
    AccessFailed,
    /// 2: it could not be stored.
    StorageFailed,
    /// 3: it was not reported.
    NotReported,
    /// 4: it differs.
    Differs,
}

/// The write-off of the case is under way: nothing is sent meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("正在销账，现在不能重报 / its write-off is under way: nothing is sent meanwhile")]
pub struct WriteOffUnderWay;

/// Tells which suffix a report is due. A write-off list says it where it names the case; else the day's log: before it is sent none is needed.
///
/// # Errors
/// A write-off that is under way.
pub fn suffix_due(cause: Cause, is_log_sent: bool, write_off: Option<WriteOff>) -> Result<Suffix, WriteOffUnderWay> {
    Ok(match (write_off, cause) {
        (Some(WriteOff { state: WriteOffState::UnderWay, .. }), _) => return Err(WriteOffUnderWay),
        (Some(WriteOff { state: WriteOffState::Done, .. }), _) => Suffix::Corrected,
        (Some(WriteOff { kind: WriteOffKind::NotReported, .. }), _) => Suffix::Late,
        (Some(_), _) => Suffix::Again,
        (None, Cause::Corrected) => Suffix::Corrected,
        (None, _) if !is_log_sent => Suffix::None,
        (None, Cause::Missed) => Suffix::Late,
        (None, Cause::Again) => Suffix::Again,
    })
}

/// What is asked of the registration system about one case at one unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResubmitOrder {
    /// The id of the first report; none where nothing was reported.
    pub original: Option<BizMsgId>,
    /// Case number, as written.
    pub ywh: String,
    /// Unit number, as written.
    pub bdcdyh: String,
    /// Why.
    pub cause: Cause,
    /// The suffix that the new message must have.
    pub suffix_due: Suffix,
    /// The id that the new message must have, where it follows from the first: its 18 digits and the suffix. Without either, the system numbers it.
    pub id_due: Option<BizMsgId>,
    /// The code of what was found: of a response, a finding, a difference.
    pub finding: String,
    /// What is to be corrected, in a sentence.
    pub reason: String,
    /// Who asked.
    pub name: String,
    /// The account.
    pub operator: String,
    /// When.
    #[serde(with = "super::as_text")]
    pub at: DateTime,
}

impl ResubmitOrder {
    /// Gives the id that a new message must have.
    pub fn id_due(original: Option<BizMsgId>, suffix: Suffix) -> Option<BizMsgId> {
        original.filter(|_| suffix != Suffix::None).map(|original| original.with(suffix))
    }

    /// Tells whether a message that came after the order is what it asked for.
    pub fn is_answered_by(&self, message: &Message) -> bool {
        let has_id = self.id_due.map_or(message.id.suffix() == self.suffix_due, |due| due == message.id);
        let flows = [Some(message.flow.as_str()), case_of_flow(&message.flow)];
        let is_case = flows.into_iter().flatten().any(|flow| comparable(flow) == comparable(&self.ywh));
        has_id
            && is_case
            && message.ferried > self.at
            && message.units.iter().any(|unit| comparable(unit) == comparable(&self.bdcdyh))
    }
}

/// One report in the chain of a case at a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its message.
    pub id: BizMsgId,
    /// When it arrived.
    pub ferried: DateTime,
    /// When it was reported.
    pub reported: Option<DateTime>,
    /// What was answered; none while nothing was.
    pub answer: Option<ResponseClass>,
    /// Whether it is the first.
    pub is_first: bool,
}

impl Link {
    /// Says what sort of report it is.
    pub fn words(&self, lang: Lang) -> String {
        match self.id.suffix() {
            Suffix::Late => say!(lang, "补报", "late first report"),
            Suffix::Again => say!(lang, "重报", "reported again"),
            Suffix::Corrected => say!(lang, "整改后重报", "reported again after a correction"),
            Suffix::None if self.is_first => say!(lang, "首报", "first report"),
            Suffix::None => say!(lang, "重报", "reported again"),
        }
    }
}

/// Gives the chain of a case at a unit, from its first report: its messages in the order in which they were reported, those that were not last; what was refused is none of them.
pub fn chain(key: &RowKey, messages: &[Message], answer: impl Fn(&Message) -> Option<ResponseClass>) -> Vec<Link> {
    let is_case = |message: &&Message| {
        let flows = [Some(message.flow.as_str()), case_of_flow(&message.flow)];
        flows.into_iter().flatten().any(|flow| comparable(flow) == key.ywh)
            && message.units.iter().any(|unit| comparable(unit) == key.unit)
    };
    let is_refused = |message: &&Message| matches!(message.progress, Progress::Refused(_));
    let mut mine: Vec<&Message> = messages.iter().filter(is_case).filter(|message| !is_refused(message)).collect();
    mine.sort_by_key(|message| (message.reported().is_none(), message.reported(), message.ferried, message.id));
    let link = |(at, message): (usize, &Message)| Link {
        id: message.id,
        ferried: message.ferried,
        reported: message.reported(),
        answer: answer(message),
        is_first: at == 0,
    };
    mine.into_iter().enumerate().map(link).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::facts::Edition;
    use super::*;

    #[test]
    fn the_suffix_due_follows_the_log_and_the_write_off_list() {
        use Cause::{Again, Corrected, Missed};
        for (cause, is_log_sent, due) in [
            (Missed, false, Suffix::None),
            (Again, false, Suffix::None),
            (Missed, true, Suffix::Late),
            (Again, true, Suffix::Again),
            (Corrected, false, Suffix::Corrected),
            (Corrected, true, Suffix::Corrected),
        ] {
            assert_eq!(suffix_due(cause, is_log_sent, None), Ok(due), "{cause:?} {is_log_sent}");
        }
        use WriteOffKind::{AccessFailed, Differs, NotReported, StorageFailed};
        use WriteOffState::{Done, Failed, Open, UnderWay};
        for cause in [Missed, Again, Corrected] {
            for state in [Open, Failed] {
                for kind in [AccessFailed, StorageFailed, Differs] {
                    assert_eq!(suffix_due(cause, true, Some(WriteOff { state, kind })), Ok(Suffix::Again));
                }
                assert_eq!(suffix_due(cause, true, Some(WriteOff { state, kind: NotReported })), Ok(Suffix::Late));
            }
            for kind in [AccessFailed, StorageFailed, NotReported, Differs] {
                assert_eq!(suffix_due(cause, true, Some(WriteOff { state: Done, kind })), Ok(Suffix::Corrected));
                assert_eq!(suffix_due(cause, true, Some(WriteOff { state: UnderWay, kind })), Err(WriteOffUnderWay));
            }
        }
    }

    fn message(id: &str, minute: i8) -> Message {
        let at = date(2024, 3, 15).at(9, minute, 0, 0);
        Message {
            id: id.parse().unwrap(),
            edition: Edition::New,
            area: "150721".into(),
            rec_type: "1000402".into(),
            reg_type: "100".into(),
            right_type: "4".into(),
            flow: "202403150001-2".into(),
            units: vec!["150721001002GB00017F00030012".into()],
            registered: Some(at),
            ferried: at,
            progress: Progress::Placed(at),
        }
    }

    #[test]
    fn the_chain_goes_from_the_first_report_to_the_last() {
        let messages = [
            message("150721240315000001BL", 9),
            message("150721240315000001", 1),
            message("150721240315000001CBXZ", 5),
            message("150721240315000009", 3),
        ];
        let key = RowKey::new("202403150001", "150721001002gb00017f00030012");
        let chain =
            chain(&key, &messages, |message| (message.id.suffix() == Suffix::Corrected).then_some(ResponseClass::Accepted));
        let words: Vec<String> = chain.iter().map(|link| link.words(Lang::Zh)).collect();
        assert_eq!(words, ["首报", "重报", "重报", "整改后重报"]);
        assert_eq!(chain.last().and_then(|link| link.answer), Some(ResponseClass::Accepted));
    }

    #[test]
    fn an_order_is_answered_by_the_message_with_the_id_that_was_due_alone() {
        let original = "150721240315000001".parse().ok();
        let order = ResubmitOrder {
            original,
            ywh: "202403150001".into(),
            bdcdyh: "150721001002GB00017F00030012".into(),
            cause: Cause::Again,
            suffix_due: Suffix::Again,
            id_due: ResubmitOrder::id_due(original, Suffix::Again),
            finding: "0001".into(),
            reason: "ZJH 长度不符合要求".into(),
            name: "测试甲".into(),
            operator: "ops".into(),
            at: date(2024, 3, 15).at(9, 4, 0, 0),
        };
        assert!(order.is_answered_by(&message("150721240315000001CBXZ", 5)));
        assert!(!order.is_answered_by(&message("150721240315000001CBXZ", 4)), "before the order");
        assert!(!order.is_answered_by(&message("150721240315000002CBXZ", 5)));
        assert!(!order.is_answered_by(&message("150721240315000001BL", 5)));
        let json = serde_json::to_value(&order).unwrap();
        assert_eq!(json["suffix_due"], "CBXZ");
        assert_eq!(json["id_due"], "150721240315000001CBXZ");
        assert_eq!(json["at"], "2024-03-15T09:04:00");
        assert_eq!(serde_json::from_value::<ResubmitOrder>(json).unwrap(), order);
    }
}
