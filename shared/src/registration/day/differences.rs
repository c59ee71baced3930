//! What does not agree, with the reason that is known.

use jiff::civil::{Date, DateTime};

use serde::{Deserialize, Serialize};

use super::facts::Decision;
use super::ids::BizMsgId;
use super::text::Text;
use crate::lang::Lang;
use crate::say;

/// What does not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DifferenceKind {
    /// A registration of the day of which nothing was reported (已登簿未上报).
    RegisteredNotReported,
    /// A message of the day without a registration (已上报未登簿).
    ReportedNotRegistered,
    /// A second row of one case and unit in the register.
    RepeatedRow,
    /// One message that came twice.
    RepeatedMessage,
    /// Messages of different cases under one id.
    ReusedId,
    /// A registration that was reported again although nothing had failed.
    ReportedTwice,
    /// A message that gives another day of registration than the register.
    DayDiffers,
    /// A message that gives another kind of registration than the register.
    KindDiffers,
    /// A message of another county.
    ForeignMessage,
    /// A response of the county to no message of ours.
    OrphanResponse,
    /// A response of another county.
    ForeignResponse,
}

impl DifferenceKind {
    /// Every kind, in the order of the lists.
    pub const ALL: [Self; 11] = [
        Self::RegisteredNotReported,
        Self::ReportedNotRegistered,
        Self::RepeatedRow,
        Self::RepeatedMessage,
        Self::ReusedId,
        Self::ReportedTwice,
        Self::DayDiffers,
        Self::KindDiffers,
        Self::ForeignMessage,
        Self::OrphanResponse,
        Self::ForeignResponse,
    ];

    /// Returns the code that programs read.
    pub fn code(self) -> &'static str {
        match self {
            Self::RegisteredNotReported => "registered-not-reported",
            Self::ReportedNotRegistered => "reported-not-registered",
            Self::RepeatedRow => "repeated-row",
            Self::RepeatedMessage => "repeated-message",
            Self::ReusedId => "reused-id",
            Self::ReportedTwice => "reported-twice",
            Self::DayDiffers => "day-differs",
            Self::KindDiffers => "kind-differs",
            Self::ForeignMessage => "foreign-message",
            Self::OrphanResponse => "orphan-response",
            Self::ForeignResponse => "foreign-response",
        }
    }

    /// Returns the list's title.
    pub fn title(self, lang: Lang) -> String {
        match self {
            Self::RegisteredNotReported => say!(lang, "已登簿未上报", "Registered, not reported"),
            Self::ReportedNotRegistered => say!(lang, "已上报未登簿", "Reported, not registered"),
            Self::RepeatedRow => say!(lang, "登记库重复行", "Repeated register rows"),
            Self::RepeatedMessage => say!(lang, "重复报文", "Repeated messages"),
            Self::ReusedId => say!(lang, "报文ID重号", "Message ids used twice"),
            Self::ReportedTwice => say!(lang, "重复上报", "Reported twice"),
            Self::DayDiffers => say!(lang, "登记日期不一致", "Differing days"),
            Self::KindDiffers => say!(lang, "登记类型不一致", "Differing kinds"),
            Self::ForeignMessage => say!(lang, "外县报文", "Messages of other counties"),
            Self::OrphanResponse => say!(lang, "无对应报文的响应", "Responses to no message"),
            Self::ForeignResponse => say!(lang, "外县响应", "Responses of other counties"),
        }
    }
}

/// Why something does not agree, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No message of the case is here, and nothing more is known.
    NoMessage,
    /// Messages are still under way.
    MessagesUnderWay,
    /// The registration system says what it is at: this state of access.
    RegisterState(i8),
    /// The message is here and was not reported yet.
    NotYetReported,
    /// The message waits for a person, by this code.
    Held(String),
    /// The message was refused, by this code.
    Refused(String),
    /// A message of the same case has another unit.
    OtherUnitReported {
        /// That message.
        id: BizMsgId,
        /// Its unit.
        unit: String,
    },
    /// The register has the case with another unit.
    OtherUnitRegistered(String),
    /// Register rows are still under way.
    RowsUnderWay,
    /// The register does not have the case.
    NotInRegister,
    /// The register leaves the row out, and yet a message came.
    LeftOutAndReported,
    /// The row came more than once.
    SameKey,
    /// The message came more than once.
    SameMessage,
    /// Another case has the id, too.
    OtherCase(String),
    /// This earlier message was accepted, or no answer had come.
    EarlierMessage(BizMsgId),
    /// The register has this day.
    RegisterDay(Date),
    /// The register has this kind of registration.
    RegisterKind(String),
    /// The id names this county.
    AreaOfId(String),
    /// AreaCode is this.
    AreaStated(String),
    /// No message of this id was ferried.
    NeverFerried,
    /// One with the same 18 digits was: this.
    OtherSuffix(BizMsgId),
    /// The id is none.
    IdUnreadable,
}

impl Reason {
    /// Returns the code that programs read.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoMessage => "no-message",
            Self::MessagesUnderWay => "messages-under-way",
            Self::RegisterState(_) => "register-state",
            Self::NotYetReported => "not-yet-reported",
            Self::Held(_) => "held",
            Self::Refused(_) => "refused",
            Self::OtherUnitReported { .. } => "other-unit-reported",
            Self::OtherUnitRegistered(_) => "other-unit-registered",
            Self::RowsUnderWay => "rows-under-way",
            Self::NotInRegister => "not-in-register",
            Self::LeftOutAndReported => "left-out-and-reported",
            Self::SameKey => "same-key",
            Self::SameMessage => "same-message",
            Self::OtherCase(_) => "other-case",
            Self::EarlierMessage(_) => "earlier-message",
            Self::RegisterDay(_) => "register-day",
            Self::RegisterKind(_) => "register-kind",
            Self::AreaOfId(_) => "area-of-id",
            Self::AreaStated(_) => "area-stated",
            Self::NeverFerried => "never-ferried",
            Self::OtherSuffix(_) => "other-suffix",
            Self::IdUnreadable => "id-unreadable",
        }
    }

    /// Says it, and what to do.
    pub fn sentence(&self, lang: Lang) -> String {
        match self {
            Self::NoMessage => say!(
                lang,
                "内网没有这一笔的报文：请登记系统生成报文",
                "no message of it is here: let the registration system make one"
            ),
            Self::MessagesUnderWay => {
                say!(lang, "报文还在途中：请等报文通道收齐", "messages are still under way: wait for their channel")
            }
            Self::RegisterState(state) => {
                let meaning = register_state(*state, lang);
                say!(
                    lang,
                    "登记系统的上报状态是 {state}（{meaning}）：请在登记系统处理",
                    "the register's state of access is {state} ({meaning}): see to it there"
                )
            }
            Self::NotYetReported => say!(
                lang,
                "报文已到内网，还没有上报：请看上报通道",
                "the message is here and not reported yet: look at the reporting lane"
            ),
            Self::Held(code) => say!(
                lang,
                "报文暂停待处理（{code}）：请查看该报文的检查结果",
                "the message waits for a person ({code}): look at its findings"
            ),
            Self::Refused(code) => say!(
                lang,
                "报文已拒收（{code}）：请登记系统改正后重新生成",
                "the message was refused ({code}): have it corrected and made again"
            ),
            Self::OtherUnitReported { id, unit } => say!(
                lang,
                "同一业务号的报文 {id} 写的是另一个单元 {unit}：请核对单元号",
                "message {id} of the same case has another unit, {unit}: compare the unit numbers"
            ),
            Self::OtherUnitRegistered(unit) => say!(
                lang,
                "登记库里这个业务号是另一个单元 {unit}：请核对单元号",
                "the register has this case with another unit, {unit}: compare the unit numbers"
            ),
            Self::RowsUnderWay => say!(
                lang,
                "登记数据还在途中：请等登记数据通道收齐",
                "register rows are still under way: wait for their channel"
            ),
            Self::NotInRegister => say!(
                lang,
                "登记库里没有这一笔：请核对业务号和单元号",
                "the register does not have it: check case number and unit"
            ),
            Self::LeftOutAndReported => say!(
                lang,
                "登记系统标为不上报或作废，却有报文：请核对登记系统的状态",
                "the register leaves it out, and yet a message came: check its state there"
            ),
            Self::SameKey => {
                say!(lang, "同一业务号、同一单元有两行：请核对登记库的视图", "two rows of one case and unit: check the view")
            }
            Self::SameMessage => say!(
                lang,
                "同一份报文来了不止一次：只算一次，不必处理",
                "the same message came more than once: counted once, nothing to do"
            ),
            Self::OtherCase(case) => say!(
                lang,
                "业务 {case} 的报文用了同一个报文ID：请登记系统重新编号",
                "case {case} has the same message id: have it numbered anew"
            ),
            Self::EarlierMessage(id) => say!(
                lang,
                "已用报文 {id} 上报过，且没有失败：请核对为何又报一次",
                "message {id} reported it already and had not failed: find out why it was reported again"
            ),
            Self::RegisterDay(day) => {
                say!(lang, "登记库的登记日期是 {day}：请核对报文的 CreateDate", "the register's day is {day}: check CreateDate")
            }
            Self::RegisterKind(kind) => {
                say!(lang, "登记库的登记类型是 {kind}：请核对报文的 RegType", "the register's kind is {kind}: check RegType")
            }
            Self::AreaOfId(area) => say!(
                lang,
                "报文ID是区划 {area} 的：请退回来源",
                "its id is that of county {area}: give it back to where it came from"
            ),
            Self::AreaStated(area) => {
                say!(lang, "AreaCode 是 {area}：请退回来源", "its AreaCode is {area}: give it back to where it came from")
            }
            Self::NeverFerried => say!(
                lang,
                "没有摆渡过这个报文ID的报文：请核对前置机上是否另有人上报",
                "no message of this id was ferried: find out who else reports"
            ),
            Self::OtherSuffix(id) => say!(
                lang,
                "摆渡过的是 {id}，后缀不同：请核对响应",
                "what was ferried is {id}, with another suffix: check the response"
            ),
            Self::IdUnreadable => say!(lang, "报文ID不成形：请查看响应原文", "its id is none: look at the response itself"),
        }
    }
}

/// Says what the registration systems' dictionary of states says.
fn register_state(state: i8, lang: Lang) -> String {
    match state {
        -1 => say!(lang, "请求上报失败", "asking for the report failed"),
        0 => say!(lang, "未获取到响应", "no response yet"),
        1 => say!(lang, "成功", "success"),
        2 => say!(lang, "上报失败", "the report failed"),
        3 => say!(lang, "等待生成报文", "waits for its message to be made"),
        4 => say!(lang, "连接前置机异常", "the front machine was not reached"),
        5 => say!(lang, "报文组织失败", "the message could not be made"),
        6 => say!(lang, "XSD 校验不通过", "the XSD check failed"),
        7 => say!(lang, "登簿未接入", "registered, not reported"),
        _ => say!(lang, "字典里没有", "not in the dictionary"),
    }
}

/// One thing that does not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is.
    pub kind: DifferenceKind,
    /// Case number as written, empty where there is none.
    pub ywh: Text,
    /// Unit number as written, empty where there is none.
    pub bdcdyh: Text,
    /// Message id as written, empty where there is none.
    pub id: String,
    /// When it was registered, or came.
    pub at: Option<DateTime>,
    /// Why, as far as is known.
    pub reason: Reason,
    /// What a person decided about it.
    pub decision: Option<Box<Decision>>,
}

impl Difference {
    /// Puts beside it what a person decided about just this.
    pub(super) fn decide(&mut self, decisions: &[Decision]) {
        let is_about = |decision: &&Decision| {
            decision.about == self.kind && decision.ywh == self.ywh && decision.bdcdyh == self.bdcdyh && decision.id == self.id
        };
        self.decision = decisions.iter().rfind(is_about).cloned().map(Box::new);
    }
}
