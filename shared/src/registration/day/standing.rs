//! How far one registration is on its way, in one word for its users.

use jiff::civil::DateTime;

use super::facts::{Progress, RegisterRow};
use super::ids::is_virtual;
use super::matching::{Fate, Sent};
use super::text::Text;
use crate::lang::Lang;
use crate::say;

/// How far a registration is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Registered, and no message of it is here.
    NoMessage,
    /// Its message was refused, by this code.
    Refused(String),
    /// Its message waits for a person, by this code.
    Held(String),
    /// Its message is here.
    Arrived,
    /// The reporting system has its message; no response yet.
    HandedOver,
    /// Its message is on the front machine; no response yet.
    Placed,
    /// Its newest message was accepted.
    Accepted,
    /// Its newest message failed.
    Failed {
        /// ResponseCode.
        code: Text,
        /// ResponseInfo, as it came.
        info: Text,
    },
    /// Nothing has to be reported.
    Apart(Apart),
}

/// Why a row is never missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Apart {
    /// The register says that it cannot be reported (state −2).
    CannotBeReported,
    /// The register says that it is void (state 9).
    Void,
    /// Its unit is a virtual one.
    VirtualUnit,
    /// A case outside the chain cancelled the right (外联注销), without a message.
    ExternalCancellation,
}

impl Apart {
    /// Tells why a row without a reported message is not missing; rows that the register leaves out are apart with one, too.
    pub(super) fn of(row: &RegisterRow) -> Option<Self> {
        match row.access_state {
            Some(-2) => Some(Self::CannotBeReported),
            Some(9) => Some(Self::Void),
            _ if is_virtual(&row.bdcdyh) => Some(Self::VirtualUnit),
            _ => row.is_external_cancellation.then_some(Self::ExternalCancellation),
        }
    }

    /// Returns the code that programs read.
    pub fn code(self) -> &'static str {
        match self {
            Self::CannotBeReported => "cannot-be-reported",
            Self::Void => "void",
            Self::VirtualUnit => "virtual-unit",
            Self::ExternalCancellation => "external-cancellation",
        }
    }

    /// Says it.
    pub fn sentence(self, lang: Lang) -> String {
        match self {
            Self::CannotBeReported => {
                say!(lang, "登记系统标为不能上报（-2）", "the register says that it cannot be reported (-2)")
            }
            Self::Void => say!(lang, "登记系统标为作废历史（9）", "the register says that it is void (9)"),
            Self::VirtualUnit => say!(lang, "虚拟单元，不上报", "a virtual unit, not reported"),
            Self::ExternalCancellation => {
                say!(lang, "外联注销，没有报文", "cancelled from outside the chain, without a message")
            }
        }
    }
}

impl Standing {
    /// Tells how far a row is by that moment, from its messages in their order.
    pub(super) fn of<'s, 'a: 's>(
        row: &RegisterRow,
        mut sent: impl DoubleEndedIterator<Item = &'s Sent<'a>>,
        until: DateTime,
    ) -> Self {
        if let Some(apart) = Apart::of(row).filter(|_| row.is_left_out()) {
            return Self::Apart(apart);
        }
        let (mut newest, mut reported) = (None, None);
        for message in sent.by_ref() {
            match message.fate(until) {
                Some(fate) => reported = Some((message, fate)),
                None => newest = Some(message),
            }
        }
        match (reported, Apart::of(row), newest) {
            (Some((message, fate)), _, _) => Self::reported(message, fate, until),
            (None, Some(apart), _) => Self::Apart(apart),
            (None, None, Some(message)) => Self::here(&message.message.progress),
            (None, None, None) => Self::NoMessage,
        }
    }

    fn reported(sent: &Sent<'_>, fate: Fate, until: DateTime) -> Self {
        match (fate, &sent.message.progress) {
            (Fate::Accepted, _) => Self::Accepted,
            (Fate::Failed, _) => {
                let response = sent.response(until);
                let text = |of: fn(&super::facts::Response) -> &Text| response.map(of).cloned().unwrap_or_default();
                Self::Failed { code: text(|response| &response.code), info: text(|response| &response.info) }
            }
            (Fate::Waiting, Progress::Placed(_)) => Self::Placed,
            (Fate::Waiting, _) => Self::HandedOver,
        }
    }

    fn here(progress: &Progress) -> Self {
        match progress {
            Progress::Refused(code) => Self::Refused(code.clone()),
            Progress::Held(code) => Self::Held(code.clone()),
            Progress::Arrived | Progress::HandedOver(_) | Progress::Placed(_) => Self::Arrived,
        }
    }

    /// Tells whether a message of the row was reported.
    pub fn is_reported(&self) -> bool {
        matches!(self, Self::HandedOver | Self::Placed | Self::Accepted | Self::Failed { .. })
    }

    /// Returns the code that programs read.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoMessage => "no-message",
            Self::Refused(_) => "refused",
            Self::Held(_) => "held",
            Self::Arrived => "arrived",
            Self::HandedOver => "handed-over",
            Self::Placed => "placed",
            Self::Accepted => "accepted",
            Self::Failed { .. } => "failed",
            Self::Apart(apart) => apart.code(),
        }
    }

    /// Says it.
    pub fn words(&self, lang: Lang) -> String {
        match self {
            Self::NoMessage => say!(lang, "已登簿，内网没有报文", "registered, no message here"),
            Self::Refused(code) => {
                say!(lang, "失败（报文被本站拒收：{code}）", "failed (this station refused the message: {code})")
            }
            Self::Held(code) => say!(lang, "报文暂停待处理（{code}）", "message waits for a person ({code})"),
            Self::Arrived => say!(lang, "已到内网，未上报", "arrived, not reported"),
            Self::HandedOver => say!(lang, "已交上报系统，等待响应", "handed over, no response yet"),
            Self::Placed => say!(lang, "已放前置机，等待响应", "placed, no response yet"),
            Self::Accepted => say!(lang, "成功", "accepted"),
            Self::Failed { .. } => say!(lang, "失败", "failed"),
            Self::Apart(apart) => apart.sentence(lang),
        }
    }
}
