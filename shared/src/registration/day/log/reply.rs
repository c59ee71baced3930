//! What a server's reply to a log means: accepted, refused, or unknown.
//!
//! Taking a reply for an acceptance that is none loses a day's log silently; taking an acceptance for unknown costs a person a look. Everything
//! that is not plainly the one or the other is therefore unknown.

mod leaves;

use thiserror::Error;

use crate::lang::Lang;
use crate::say;

use leaves::{Leaves, leaves};

/// The longest reply that is looked at, in bytes.
pub const REPLY_BYTES_MAX: usize = 1 << 20;
/// The code of a RespondLog that took the log.
const ACCEPTED: &str = "0200";

/// What a reply means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyClass {
    /// The server has the log.
    Accepted,
    /// The server refused it.
    Refused,
    /// Anything else.
    Unknown,
}

/// A reply, classed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What it means.
    pub class: ReplyClass,
    /// The code or token that says so; empty where nothing does.
    pub code: String,
    /// Why it is taken so.
    pub why: Why,
}

/// Why a reply is taken for what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The code of a RespondLog.
    Code,
    /// A configured token.
    Token,
    /// There is nothing in it.
    NoReply,
    /// It is longer than any reply.
    TooLong,
    /// It is no text of a known encoding, or begins like XML and is none.
    Unreadable,
    /// It is a page for people.
    WebPage,
    /// It is a SOAP fault.
    Fault,
    /// It has a RespondLog with another code, or more than one.
    OtherCode,
    /// It has a token, and words or a code of failure.
    Contradicts,
    /// Nothing in it is known.
    Nothing,
}

/// A text that, standing alone in a reply, says that the log was taken: `0000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token(String);

/// Tells why a text cannot be a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a token has 2 to 32 letters or digits")]
pub struct TokenFault;

impl Token {
    /// Takes a text for a token.
    ///
    /// # Errors
    /// A text that is not 2 to 32 letters or digits: a shorter one, or a blank in it, would stand by chance.
    pub fn new(text: &str) -> Result<Self, TokenFault> {
        let is_fit = (2..=32).contains(&text.chars().count()) && text.chars().all(char::is_alphanumeric);
        if is_fit { Ok(Self(text.to_owned())) } else { Err(TokenFault) }
    }
}

/// Words beside which a token means nothing.
const FAILURE: [&str; 61] = [
    "失败",
    "错误",
    "异常",
    "拒绝",
    "无效",
    "超时",
    "重复",
    "非法",
    "不合法",
    "不成功",
    "未成功",
    "不通过",
    "未通过",
    "不正确",
    "不存在",
    "不一致",
    "不符",
    "不允许",
    "不支持",
    "不能",
    "不完整",
    "不可",
    "没有",
    "缺少",
    "缺失",
    "为空",
    "未知",
    "未找到",
    "找不到",
    "无法",
    "无权",
    "未授权",
    "未接收",
    "未收到",
    "已存在",
    "驳回",
    "退回",
    "拒收",
    "维护",
    "fail",
    "error",
    "exception",
    "fault",
    "false",
    "invalid",
    "reject",
    "refuse",
    "denied",
    "deny",
    "timeout",
    "missing",
    "duplicate",
    "unknown",
    "unable",
    "unavailable",
    "unauthori",
    "forbidden",
    "incorrect",
    "unsuccess",
    "not ",
    "cannot",
];

/// Classes the body of a reply: accepted by code 0200 in a RespondLog or by a token that stands alone, refused by 04001 to 04012 in a RespondLog, else unknown.
///
/// The RespondLog may be the reply itself or the text of an answer in a SOAP envelope. A reply that came with anything but HTTP status 200 is not for this function: it is unknown.
pub fn classify(body: &[u8], tokens: &[Token]) -> Reply {
    let leaves = match leaves(body) {
        Ok(leaves) => leaves,
        Err(why) => return unknown(why),
    };
    match leaves {
        Leaves { codes, .. } if codes.len() > 1 => unknown(Why::OtherCode),
        leaves => match leaves.codes.first() {
            Some(code) => by_code(code.trim(), tokens),
            None => by_token(&leaves, tokens),
        },
    }
}

fn by_code(code: &str, tokens: &[Token]) -> Reply {
    let class = match code {
        ACCEPTED => ReplyClass::Accepted,
        _ if explain(code, Lang::En).is_some() => ReplyClass::Refused,
        _ if tokens.iter().any(|token| token.0 == code) => {
            return Reply { class: ReplyClass::Accepted, code: code.to_owned(), why: Why::Token };
        }
        _ => return Reply { code: crate::lang::cut(code, 32), ..unknown(Why::OtherCode) },
    };
    Reply { class, code: code.to_owned(), why: Why::Code }
}

fn by_token(leaves: &Leaves, tokens: &[Token]) -> Reply {
    let texts = &leaves.texts;
    let Some(token) = tokens.iter().find(|token| texts.iter().any(|text| stands_alone(text, &token.0))) else {
        return unknown(Why::Nothing);
    };
    match texts.iter().chain(&leaves.besides).any(|text| speaks_of_failure(text)) {
        true => Reply { code: token.0.clone(), ..unknown(Why::Contradicts) },
        false => Reply { class: ReplyClass::Accepted, code: token.0.clone(), why: Why::Token },
    }
}

/// Tells whether a text has a word of failure, or is a code by which logs are refused.
fn speaks_of_failure(text: &str) -> bool {
    let text = text.to_lowercase();
    explain(text.trim(), Lang::En).is_some() || FAILURE.iter().any(|word| text.contains(word))
}

fn unknown(why: Why) -> Reply {
    Reply { class: ReplyClass::Unknown, code: String::new(), why }
}

/// Tells whether a token stands somewhere in the text that is no part of a longer number or word.
fn stands_alone(text: &str, token: &str) -> bool {
    text.match_indices(token).any(|(at, _)| {
        let before: Vec<char> = text.get(..at).unwrap_or_default().chars().rev().take(2).collect();
        let after: Vec<char> = text.get(at + token.len()..).unwrap_or_default().chars().take(2).collect();
        let has_sign = matches!(before.first(), Some('+' | '-'));
        !has_sign && ends(token.chars().next(), &before) && ends(token.chars().next_back(), &after)
    })
}

/// Tells whether a token ends at its edge: beside a digit no digit or Latin letter, nor one behind a point or the like; beside a letter no letter or digit at all.
fn ends(edge: Option<char>, beyond: &[char]) -> bool {
    let is_digit = edge.is_some_and(char::is_numeric);
    let goes_on = |next: &char| match is_digit {
        true => next.is_numeric() || is_latin(*next),
        false => next.is_alphanumeric(),
    };
    match beyond {
        [] => true,
        [next, ..] if goes_on(next) || *next == '_' => false,
        ['.' | ',' | ':' | '-' | '/' | '+' | '\'' | '．' | '，' | '：' | '－' | '／', next, ..] => {
            !(is_digit && next.is_numeric())
        }
        _ => true,
    }
}

fn is_latin(letter: char) -> bool {
    letter.is_ascii_alphabetic() || ('ａ'..='ｚ').contains(&letter) || ('Ａ'..='Ｚ').contains(&letter)
}

/// Explains a code by which a log is refused; none for any other.
pub fn explain(code: &str, lang: Lang) -> Option<String> {
    Some(match code {
        "04001" => say!(lang, "XML 格式错误：请重新生成日志", "the XML is wrong: build the log anew"),
        "04002" => say!(lang, "缺少 AreaCode：请核对日志的区划代码", "AreaCode is missing: check the log's county code"),
        "04003" => say!(lang, "AreaCode 为空：请核对日志的区划代码", "AreaCode is empty: check the log's county code"),
        "04004" => say!(lang, "缺少 xzTotalInfo：请核对日志的版本", "xzTotalInfo is missing: check the log's edition"),
        "04005" => say!(lang, "缺少 RegisterInfo：请核对日志的版本", "RegisterInfo is missing: check the log's edition"),
        "04006" => say!(lang, "缺少 AccessInfo：请核对日志的版本", "AccessInfo is missing: check the log's edition"),
        "04007" => {
            say!(lang, "缺少 RegisterList：对方要的是新版日志", "RegisterList is missing: the server wants the new edition")
        }
        "04008" => say!(lang, "缺少 Register：请核对登簿清单", "Register is missing: check the list of registrations"),
        "04009" => say!(lang, "缺少 AccessList：对方要的是新版日志", "AccessList is missing: the server wants the new edition"),
        "04010" => say!(lang, "缺少 Access：请核对接入清单", "Access is missing: check the list of reports"),
        "04011" => say!(
            lang,
            "AccessList 的 totalNum 与行数不一致：请核对接入清单",
            "AccessList's totalNum is not its number of rows: check that list"
        ),
        "04012" => say!(
            lang,
            "RegisterList 的 totalNum 与行数不一致：请核对登簿清单",
            "RegisterList's totalNum is not its number of rows: check that list"
        ),
        _ => return None,
    })
}

impl Reply {
    /// Says what the reply means and what is to be done.
    pub fn sentence(&self, lang: Lang) -> String {
        let code = crate::lang::plain_line(&self.code);
        let why = match (self.class, self.why) {
            (ReplyClass::Accepted, _) => return say!(lang, "对方已接收（{code}）", "the server took it ({code})"),
            (ReplyClass::Refused, _) => {
                let means = explain(&self.code, lang).unwrap_or_default();
                return say!(lang, "对方拒收（{code}）：{means}", "the server refused it ({code}): {means}");
            }
            (_, Why::NoReply) => say!(lang, "对方没有回话", "there was no reply"),
            (_, Why::TooLong) => say!(lang, "回话太长", "the reply is too long"),
            (_, Why::Unreadable) => say!(lang, "回话读不懂", "the reply is not readable"),
            (_, Why::WebPage) => say!(lang, "回话是一个网页", "the reply is a web page"),
            (_, Why::Fault) => say!(lang, "回话是 SOAP 错误", "the reply is a SOAP fault"),
            (_, Why::OtherCode) => say!(lang, "回话的代码不认识（{code}）", "the reply has a code that is not known ({code})"),
            (_, Why::Contradicts) => {
                say!(lang, "回话里有 {code}，又有失败的字样", "the reply has {code}, and words of failure")
            }
            (_, Why::Code | Why::Token | Why::Nothing) => {
                say!(lang, "回话里没有认得的代码", "the reply has no code that is known")
            }
        };
        say!(
            lang,
            "{why}，不知道对方收没收：不会自动再发，请向对方核实后决定",
            "{why}: whether the server has it is not known; nothing goes again by itself, ask there and decide"
        )
    }
}

#[cfg(test)]
mod tests;
