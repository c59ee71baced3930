//! Why bytes are no row change. No fault holds anything of the bytes: it may stand in a log.

use crate::lang::Lang;
use crate::say;

/// Why bytes are no row change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeFault {
    /// They are longer than a record's body may be.
    #[error("{bytes} bytes are too many for one row change")]
    TooLong {
        /// Their length.
        bytes: u64,
    },
    /// They are no JSON object of this form.
    #[error("no row change: not as it must be at byte {at}")]
    Json {
        /// Where, counted from 1 on its line.
        at: usize,
    },
    /// Objects and arrays stand in each other too deep.
    #[error("nested too deep")]
    TooDeep,
    /// A key stands twice in one object.
    #[error("a key stands twice in {place}")]
    Twice {
        /// In which object.
        place: &'static str,
    },
    /// A key is missing.
    #[error("`{name}` is missing")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// A key has a value, or stands with an operation, that cannot be.
    #[error("`{name}` is not as it must be")]
    Wrong {
        /// Its name.
        name: &'static str,
    },
    /// A column has no name, or one that is too long.
    #[error("a column's name is empty, too long or holds U+0000")]
    Name,
    /// U+0000 stands in a text.
    #[error("U+0000 stands in a text")]
    Nul,
    /// Bytes are not in hexadecimal, lower case, two digits a byte.
    #[error("bytes are not in lower-case hexadecimal")]
    Hex,
    /// A value is longer than 16 MiB.
    #[error("a value of {bytes} bytes is too long")]
    ValueTooLong {
        /// Its length.
        bytes: u64,
    },
    /// The large values before the row are not exactly those it names, or one is not UTF-8 and shall be text.
    #[error("the large values before the row are not those it names")]
    Large,
    /// A line of a run is not as it must be: its number of fields, its signs, or how many there are.
    #[error("line {line} of a run is not as it must be")]
    Line {
        /// Which, from 1.
        line: u64,
    },
}

impl ChangeFault {
    /// Gives the stable code of `[a-z0-9-]`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong { .. } => "row-too-long",
            Self::ValueTooLong { .. } => "value-too-large",
            Self::Nul => "character",
            _ => "no-row-change",
        }
    }

    /// Gives the sentence for people.
    pub fn sentence(self, lang: Lang) -> String {
        match self {
            Self::TooLong { bytes } => {
                say!(lang, "一行变更长 {bytes} 字节，超出上限", "a row change of {bytes} bytes is beyond the limit")
            }
            Self::Json { at } => say!(lang, "不是行变更：第 {at} 字节处格式不对", "no row change: wrong at byte {at}"),
            Self::TooDeep => say!(lang, "嵌套过深", "nested too deep"),
            Self::Twice { place } => say!(lang, "{place} 中有重复的键", "a key stands twice in {place}"),
            Self::Missing { name } => say!(lang, "缺少 {name}", "`{name}` is missing"),
            Self::Wrong { name } => say!(lang, "{name} 的内容不合规定", "`{name}` is not as it must be"),
            Self::Name => {
                say!(lang, "列名或表名为空、过长或含 U+0000", "a column's or table's name is empty, too long or holds U+0000")
            }
            Self::Nul => say!(lang, "文本中含 U+0000", "U+0000 stands in a text"),
            Self::Hex => say!(lang, "字节串不是小写十六进制", "bytes are not in lower-case hexadecimal"),
            Self::ValueTooLong { bytes } => {
                say!(lang, "一个值长 {bytes} 字节，超过 16 MiB", "a value of {bytes} bytes is beyond 16 MiB")
            }
            Self::Line { line } => say!(lang, "成批行变更的第 {line} 行格式不对", "line {line} of a run is not as it must be"),
            Self::Large => say!(lang, "行前的大值与行中所指不符", "the large values before the row are not those it names"),
        }
    }
}
