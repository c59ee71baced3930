//! The answer to a registration log: root `RespondLog` with a code and a sentence.
//!
//! What such an answer means for the log that was sent is decided elsewhere; here it is read.

use super::response::Leaves;

/// An answer to a registration log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogReply {
    /// `responseLogCode`, without white space around it.
    pub code: String,
    /// `responseLogInfo`.
    pub info: String,
}

/// Codes of answers (FOUND at one vendor).
pub const CODES: [(&str, &str); 13] = [
    ("0200", "成功"),
    ("04001", "XML 格式错误"),
    ("04002", "缺少 AreaCode"),
    ("04003", "AreaCode 为空"),
    ("04004", "缺少 xzTotalInfo"),
    ("04005", "缺少 RegisterInfo"),
    ("04006", "缺少 AccessInfo"),
    ("04007", "缺少 RegisterList"),
    ("04008", "缺少 Register"),
    ("04009", "缺少 AccessList"),
    ("04010", "缺少 Access"),
    ("04011", "AccessList 的 totalNum 与行数不一致"),
    ("04012", "RegisterList 的 totalNum 与行数不一致"),
];

impl LogReply {
    pub(super) fn of(leaves: &Leaves<'_>) -> Self {
        let find = |name: &str| {
            let found = leaves.leaves.iter().find(|(own, _)| *own == name);
            found.map_or("", |(_, value)| value.trim()).to_string()
        };
        Self { code: find("responseLogCode"), info: find("responseLogInfo") }
    }

    /// Explains its code, if that is known.
    pub fn meaning(&self) -> Option<&'static str> {
        CODES.iter().find(|(code, _)| *code == self.code).map(|(_, meaning)| *meaning)
    }
}
