//! What is wrong with a document, line by line.

use crate::lang::Lang;
use crate::say;
use crate::schema::bundle::BundleFault;
use crate::schema::structure;

/// Something wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The line, from 1; 0 when it is the whole file.
    pub line: usize,
    /// What.
    pub wrong: Wrong,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It is longer than 256 KiB, or has more than 1000 operations.
    #[error("a document has 256 KiB and 1000 operations at most")]
    TooLong,
    /// It is no UTF-8, has a byte order mark, a line end other than LF, or a control character.
    #[error(
        "a document is UTF-8 without a byte order mark, lines end with LF (the last one, too), and it has no control character but the tab"
    )]
    Bytes,
    /// It is not the TOML that was expected.
    #[error("{0}")]
    Toml(String),
    /// Its format is not known.
    #[error("format {0} is not known")]
    Format(u32),
    /// A value of the head is not what it has to be.
    #[error("{0}: {1}")]
    Head(&'static str, &'static str),
    /// It would cross pending, and does more than add columns that take NULL and have no default, or widen.
    #[error("pending = true is for documents that only add columns that take NULL and have no default, or widen")]
    Pending,
    /// It does nothing.
    #[error("it has no [[change]]")]
    Empty,
    /// There is no such operation.
    #[error("there is no operation {0}")]
    Operation(String),
    /// A setting that the operation needs is not there.
    #[error("{0} needs {1}")]
    Missing(String, &'static str),
    /// A setting that the operation does not have.
    #[error("{0} has no {1}")]
    Stray(String, &'static str),
    /// A name, a value, a table that cannot be.
    #[error("{0}")]
    Part(structure::Wrong),
    /// A bundle of reference data that cannot be.
    #[error("{0}")]
    Bundle(BundleFault),
    /// A text of SQL that is empty, or could be more than one statement, or none that a change may have.
    #[error(
        "forward and rollback are one statement each (ALTER, CREATE, DROP, INSERT, UPDATE, DELETE …; none that ends a transaction), check is one query, and none of them has a ; or a comment anywhere, in quotes neither"
    )]
    Statement,
}

impl From<structure::Wrong> for Wrong {
    fn from(wrong: structure::Wrong) -> Self {
        Self::Part(wrong)
    }
}

impl Finding {
    /// Says it, with the file's name.
    pub fn sentence(&self, file: &str, lang: Lang) -> String {
        let (line, words) = (self.line, self.wrong.words(lang));
        match line {
            0 => say!(lang, "{file}：{words}。", "{file}: {words}."),
            _ => say!(lang, "{file} 第 {line} 行：{words}。", "{file} line {line}: {words}."),
        }
    }
}

impl Wrong {
    fn words(&self, lang: Lang) -> String {
        match self {
            Self::TooLong => say!(lang, "变更文件最多 256 KiB、1000 个操作", "{self}"),
            Self::Bytes => {
                say!(lang, "变更文件应为 UTF-8、不带 BOM，每行（连同最后一行）以 LF 结尾，除制表符外没有看不见的字符", "{self}")
            }
            Self::Toml(problem) => say!(lang, "TOML 读不懂（{problem}）", "not the TOML that was expected ({problem})"),
            Self::Format(format) => say!(lang, "不认识 format = {format}", "{self}"),
            Self::Head(setting, rule) => say!(lang, "{setting} 应为：{rule}", "{setting} has to be: {rule}"),
            Self::Pending => say!(lang, "pending = true 只用于只加可为空、没有默认值的列或加宽的变更", "{self}"),
            Self::Empty => say!(lang, "没有任何操作（[[change]]）", "{self}"),
            Self::Operation(name) => {
                say!(lang, "没有操作 {name}；有 {OPERATIONS}", "there is no operation {name}; there are {OPERATIONS}")
            }
            Self::Missing(operation, setting) => say!(lang, "{operation} 缺 {setting}", "{self}"),
            Self::Stray(operation, setting) => say!(lang, "{operation} 没有 {setting} 这一项", "{self}"),
            Self::Part(wrong) => wrong.words(lang),
            Self::Bundle(fault) => fault.words(lang),
            Self::Statement => {
                say!(
                    lang,
                    "forward、rollback 各一条语句（ALTER、CREATE、DROP、INSERT、UPDATE、DELETE 等，不能是结束事务的语句），check 一条查询，都不能空，任何位置（引号里也算）都不能有分号和注释",
                    "{self}"
                )
            }
        }
    }
}

const OPERATIONS: &str =
    "add-column widen retype rename-column drop-column add-table dictionary-rows rename-element reference sql";
