//! The sentences for what a database connector could not do.

use super::{Problem, TableFault};
use crate::lang::Lang;
use crate::say;
use dukou_packets::packet::header::ChannelName;

/// A fault of a channel's database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("channel {channel}: {fault}")]
pub struct DatabaseFault {
    /// The channel.
    pub channel: ChannelName,
    /// What it is.
    pub fault: Box<TableFault>,
}

impl TableFault {
    /// Gives the stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Away { .. } => "database-away",
            Self::Busy { .. } => "database-busy",
            Self::Denied { .. } => "database-denied",
            Self::Unfit { .. } => "table-unfit",
            Self::Row { .. } => "row-refused",
        }
    }

    /// Gives what is wrong, without what is to be done. Of a refused row it may hold content.
    pub fn words(&self, lang: Lang) -> String {
        match self {
            Self::Away { place, words } => {
                say!(lang, "数据库 {place} 连不上（{words}）", "the database {place} is away ({words})")
            }
            Self::Busy { place, words } => {
                say!(lang, "数据库 {place} 忙（{words}）", "the database {place} is busy ({words})")
            }
            Self::Denied { place, words } => {
                say!(lang, "数据库 {place} 拒绝（{words}）", "the database {place} refuses ({words})")
            }
            Self::Unfit { table, column: Some(column), problem } => {
                let problem = problem.words(lang);
                say!(lang, "表 {table} 的列 {column}：{problem}", "table {table}, column {column}: {problem}")
            }
            Self::Unfit { table, column: None, problem } => {
                let problem = problem.words(lang);
                say!(lang, "表 {table}：{problem}", "table {table}: {problem}")
            }
            Self::Row { words, .. } => match lang {
                Lang::Zh => words[0].clone(),
                Lang::En => words[1].clone(),
            },
        }
    }
}

impl Problem {
    fn words(&self, lang: Lang) -> String {
        match self {
            Self::Missing => say!(lang, "不存在", "{self}"),
            Self::NoKey => say!(lang, "没有主键", "{self}"),
            Self::Type(name) => say!(lang, "类型 {name} 不能摆渡", "{self}"),
            Self::ParentOutside(parent) => say!(lang, "外键指向 {parent}，它不在本通道的表中", "{self}"),
            Self::Right(right) => say!(lang, "账号没有 {right} 权限", "{self}"),
            Self::NotInstalled(what) => say!(lang, "{what} 没有安装（请运行 source install）", "{self} (run source install)"),
            Self::NotMade => say!(lang, "还没有建（请运行 sink install；账号有建表权限的，第一个包会建）", "{self}"),
            Self::Drifted => {
                say!(lang, "表结构在触发器建好以后变了（请再运行 source install）", "{self} (run source install again)")
            }
            Self::Silent(what) => say!(lang, "{what} 改动行时不触发触发器", "{self}"),
            Self::NoTransactions(engine) => {
                say!(lang, "存储引擎 {engine} 没有事务（请改用 InnoDB）", "{self} (make it InnoDB)")
            }
        }
    }
}

impl DatabaseFault {
    /// Gives the sentence for a person: what, where, what next.
    pub fn sentence(&self, lang: Lang) -> String {
        let (channel, words) = (&self.channel, self.fault.words(lang));
        match *self.fault {
            TableFault::Away { .. } | TableFault::Busy { .. } => say!(
                lang,
                "通道 {channel} 的{words}。没有丢失任何数据；数据库恢复后会自动继续。",
                "Channel {channel}: {words}. Nothing is lost; it goes on by itself once the database answers."
            ),
            TableFault::Denied { .. } => say!(
                lang,
                "通道 {channel} 的{words}。没有丢失任何数据；请检查地址、密码和权限，改好后会自动继续。",
                "Channel {channel}: {words}. Nothing is lost; check URL, password and rights, then it goes on by itself."
            ),
            TableFault::Unfit { .. } | TableFault::Row { .. } => say!(
                lang,
                "通道 {channel}：{words}。没有丢失任何数据；请改好后重试。",
                "Channel {channel}: {words}. Nothing is lost; mend it and try again."
            ),
        }
    }
}
