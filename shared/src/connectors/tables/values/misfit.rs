//! Why a column does not take a value, as a code and as sentences that show nothing of the value but one character.

use super::{Charset, Unit};
use crate::lang::{Lang, plain_line};
use crate::say;

/// A column that does not take a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column} does not take the value: {}", .why.code())]
pub struct Misfit {
    /// The column.
    pub column: String,
    /// Why not.
    pub why: Why,
}

/// Why a column does not take a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The table has no such column.
    NoSuchColumn,
    /// The column takes no NULL.
    Null,
    /// The value is too long.
    TooLong {
        /// What the column takes.
        max: u64,
        /// What the value has.
        has: u64,
        /// Of what.
        unit: Unit,
    },
    /// A whole number is beyond what the column holds.
    NumberRange {
        /// Bits of the column.
        bits: u8,
        /// Without a sign.
        unsigned: bool,
    },
    /// A number has too many digits before the point.
    Digits {
        /// What the column takes; negative where even the first places behind the point must be zeros.
        max: i64,
        /// What the value has.
        has: i64,
    },
    /// A number has too many digits behind the point, zeros at the end not counted.
    Scale {
        /// What the column takes.
        max: i64,
        /// What the value has.
        has: i64,
    },
    /// A number has more digits than a binary number of so many bits keeps.
    FloatDigits {
        /// Bits.
        bits: u8,
    },
    /// A number is beyond what a binary number of so many bits reaches.
    FloatRange {
        /// Bits.
        bits: u8,
    },
    /// The text is no number.
    NoNumber,
    /// A key that is a number with zeros in front: another key may be the same number.
    LeadingZeros,
    /// The text is neither true nor false.
    NoBoolean,
    /// The text is no date or time.
    NoTime,
    /// The day does not exist, or is not of the years 0001 to 9999.
    DateRange,
    /// The time of day is not of 00:00:00 to 23:59:59.999999.
    TimeRange,
    /// There is a date, and the column takes none, or none and it wants one; or a time of day that would be lost.
    DateOrTime,
    /// The column wants an instant and the time has no offset.
    NoOffset,
    /// The fraction of a second has too many digits, zeros at the end not counted.
    Fraction {
        /// What the column takes.
        max: u8,
        /// What the value has.
        has: u8,
    },
    /// A character is not in the column's character set.
    Character {
        /// The character.
        character: char,
        /// The character set.
        charset: Charset,
    },
    /// The source's key and the table's are not of the same columns.
    NotInKey,
    /// Text without a character, for a database that takes it for NULL.
    EmptyText,
    /// Bytes for a column that takes none.
    BytesForText,
    /// Text for a column that takes bytes.
    TextForBytes,
    /// The text is no UUID in lower case.
    NoUuid,
    /// The text is no JSON.
    NoJson,
    /// The text is none of the column's labels.
    NoSuchLabel,
}

impl Misfit {
    /// Gives the stable code of `[a-z0-9-]`.
    pub const fn code(&self) -> &'static str {
        self.why.code()
    }

    /// Gives the sentence for people: the column, its limit, what the value has.
    pub fn sentence(&self, lang: Lang) -> String {
        let (column, why) = (plain_line(&self.column), self.why.words(lang));
        say!(lang, "列 {column}：{why}", "column {column}: {why}")
    }

    /// Gives the sentence in Chinese and in English.
    pub fn words(&self) -> [String; 2] {
        [self.sentence(Lang::Zh), self.sentence(Lang::En)]
    }
}

impl Why {
    /// Gives the stable code of `[a-z0-9-]`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoSuchColumn => "no-such-column",
            Self::Null => "null",
            Self::TooLong { .. } | Self::Digits { .. } => "too-narrow",
            Self::NumberRange { .. } | Self::FloatRange { .. } => "number-out-of-range",
            Self::Scale { .. } | Self::FloatDigits { .. } | Self::Fraction { .. } => "too-precise",
            Self::NoNumber => "not-a-number",
            Self::LeadingZeros => "leading-zeros",
            Self::NoBoolean => "not-a-boolean",
            Self::NoTime => "not-a-time",
            Self::DateRange => "date-out-of-range",
            Self::TimeRange => "time-out-of-range",
            Self::DateOrTime => "date-or-time",
            Self::NoOffset => "no-offset",
            Self::Character { .. } => "character",
            Self::NotInKey => "other-key",
            Self::EmptyText => "empty-text",
            Self::BytesForText => "bytes-for-text",
            Self::TextForBytes => "text-for-bytes",
            Self::NoUuid => "not-a-uuid",
            Self::NoJson => "not-json",
            Self::NoSuchLabel => "no-such-label",
        }
    }

    fn words(self, lang: Lang) -> String {
        match self {
            Self::NoSuchColumn => say!(lang, "表中没有这一列，请加上该列", "the table has no such column; add it"),
            Self::Null => say!(lang, "不允许为空，收到的是 NULL", "takes no NULL, and the value is NULL"),
            Self::TooLong { max, has, unit } => too_long(lang, max, has, unit),
            Self::NumberRange { bits, unsigned } => number_range(lang, bits, unsigned),
            Self::Digits { max, has } => {
                say!(
                    lang,
                    "整数部分最多 {max} 位，收到 {has} 位，请加宽该列",
                    "takes {max} digits before the point, the value has {has}; widen the column"
                )
            }
            Self::Scale { max, has } => {
                say!(
                    lang,
                    "小数最多 {max} 位，收到 {has} 位，请加宽该列",
                    "takes {max} digits behind the point, the value has {has}; widen the column"
                )
            }
            Self::FloatDigits { bits } => say!(
                lang,
                "{bits} 位浮点数存不下这么多有效数字，请改为 numeric",
                "a floating-point number of {bits} bits does not keep that many digits; make it numeric"
            ),
            Self::FloatRange { bits } => {
                say!(lang, "超出 {bits} 位浮点数的范围", "beyond the range of a floating-point number of {bits} bits")
            }
            Self::Fraction { max, has } => say!(
                lang,
                "秒的小数最多 {max} 位，收到 {has} 位，请加宽该列",
                "takes {max} digits of a second's fraction, the value has {has}; widen the column"
            ),
            Self::Character { character, charset } => foreign(lang, character, charset),
            other => other.form(lang),
        }
    }

    /// Gives the words for values whose form is not the column's.
    fn form(self, lang: Lang) -> String {
        match self {
            Self::NoBoolean => say!(lang, "只能是 true 或 false", "takes true and false only"),
            Self::NoTime => say!(lang, "不是日期时间", "the value is no date or time"),
            Self::DateRange => {
                say!(lang, "日期不存在或不在 0001 至 9999 年之间", "the day does not exist or is not of the years 0001 to 9999")
            }
            Self::TimeRange => {
                say!(lang, "时刻不在 00:00:00 至 23:59:59 之间", "the time of day is not of 00:00:00 to 23:59:59")
            }
            Self::DateOrTime => say!(
                lang,
                "日期与时刻不对应：该列缺少所收到的日期或时刻部分，或反之",
                "the value's date or time of day has no place in the column, or the column wants one that it lacks"
            ),
            Self::NoOffset => say!(lang, "该列带时区，收到的时间不带时区", "the column has a zone and the time has none"),
            Self::BytesForText => {
                say!(lang, "收到的是字节串，该列不是字节类型", "the value is bytes and the column takes none")
            }
            Self::TextForBytes => say!(lang, "该列是字节类型，收到的是文本", "the column takes bytes and the value is text"),
            Self::NotInKey => say!(
                lang,
                "该列只在一方的主键中，请使两方的主键列相同",
                "it is in the primary key of one side only; make both keys of the same columns"
            ),
            Self::EmptyText => say!(
                lang,
                "收到的是空串，该数据库会把空串当作 NULL",
                "the value is empty text, which this database would take for NULL"
            ),
            Self::LeadingZeros => say!(
                lang,
                "主键值以 0 开头，写成数就可能与另一行的主键相同，请把该列改为文本",
                "the key begins with a zero, and as a number it may be that of another row; make the column text"
            ),
            Self::NoUuid => say!(lang, "不是小写 UUID", "the value is no UUID in lower case"),
            Self::NoJson => say!(lang, "不是 JSON", "the value is no JSON"),
            Self::NoSuchLabel => {
                say!(lang, "不是该列枚举中的值，请在枚举中加上", "the value is none of the column's labels; add it to them")
            }
            _ => say!(lang, "不是数", "the value is no number"),
        }
    }
}

fn too_long(lang: Lang, max: u64, has: u64, unit: Unit) -> String {
    let [zh, en] = match unit {
        Unit::Chars => ["个字符", "characters"],
        Unit::Bytes => ["字节", "bytes"],
        Unit::Utf16 => ["个 UTF-16 单元", "units of UTF-16"],
    };
    match lang {
        Lang::Zh => format!("最多 {max} {zh}，收到 {has} {zh}，请加宽该列"),
        Lang::En => format!("takes {max} {en}, the value has {has}; widen the column"),
    }
}

fn number_range(lang: Lang, bits: u8, unsigned: bool) -> String {
    let (low, high) = super::numbers::range(bits, unsigned);
    say!(
        lang,
        "整数应在 {low} 至 {high} 之间，收到的数超出范围",
        "takes whole numbers from {low} to {high}, and the value is beyond"
    )
}

fn foreign(lang: Lang, character: char, charset: Charset) -> String {
    let (code, shown) = (u32::from(character), plain_line(&character.to_string()));
    say!(
        lang,
        "字符集 {charset} 中没有字符 U+{code:04X}「{shown}」，请改用 UTF-8 的列",
        "the character set {charset} has no U+{code:04X} ({shown}); make the column UTF-8"
    )
}
