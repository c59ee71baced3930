//! The sentences for what a database connector could not do.

use super::{Caution, Problem, TableFault};
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
            Self::Unfit { table, column: None, problem: Problem::NotInstalled(what) } if table == what => {
                say!(lang, "{table} 没有安装（请运行 source install）", "{table} is not installed (run source install)")
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

impl Caution {
    /// Gives the stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotDurable(_) => "not-durable",
            Self::Unlogged { .. } => "unlogged-table",
            Self::Deferrable { .. } => "deferrable-reference",
        }
    }

    /// Gives what it is and what helps.
    pub fn words(&self, lang: Lang) -> String {
        match self {
            Self::NotDurable(setting) => say!(
                lang,
                "注意：数据库设为 {setting}，提交在落盘之前就看得见；那里断电后，两边可能不一致。请让它先落盘再确认，或在断电后比对两边。",
                "Note: the database has {setting} and shows commits before they are durable; after a power cut there both sides may differ. Let it sync before it confirms, or compare both sides after a power cut."
            ),
            Self::Unlogged { table } => say!(
                lang,
                "注意：表 {table} 是 UNLOGGED，数据库崩溃后会被清空，已摆渡的行就没有了。请执行 ALTER TABLE {table} SET LOGGED；崩溃过的，请让发送方重新推送存量。",
                "Note: table {table} is UNLOGGED: a crash of the database empties it, and rows that arrived are gone. Run ALTER TABLE {table} SET LOGGED; after a crash let the sender push the stock again."
            ),
            Self::Deferrable { table, constraint } => say!(
                lang,
                "注意：表 {table} 的外键 {constraint} 可延迟（DEFERRABLE）：若业务在父行提交之前就在另一事务里写了子行，子行可能先到。请先写父行，或改成 NOT DEFERRABLE。",
                "Note: foreign key {constraint} of table {table} is DEFERRABLE: a child that one transaction writes before another one committed its parent may arrive first. Write parents first, or make it NOT DEFERRABLE."
            ),
        }
    }
}

impl Problem {
    fn words(&self, lang: Lang) -> String {
        match self {
            Self::Missing => say!(
                lang,
                "不存在，或账号看不到它（请核对表名和权限）",
                "{self}, or the account may not see it (check its name and the rights)"
            ),
            Self::NoKey => say!(
                lang,
                "没有主键（请为它建主键，或不把它列入通道的表）",
                "{self} (give it one, or leave it out of the channel's tables)"
            ),
            Self::Type(name) if name.is_empty() => {
                say!(lang, "没有声明类型（请声明）", "it has no declared type (declare one)")
            }
            Self::Type(name) => say!(
                lang,
                "类型 {name} 不能摆渡（请改列的类型，或不把该表列入通道的表）",
                "{self} (make it another type, or leave the table out of the channel's tables)"
            ),
            Self::ParentOutside(parent) => say!(
                lang,
                "外键指向 {parent}，它不在本通道的表中（请把它也列入 source.tables）",
                "{self} (name it in source.tables, too)"
            ),
            Self::Right(right) => {
                say!(lang, "账号没有 {right} 权限（请管理员授予）", "{self} (have an administrator grant it)")
            }
            Self::NotInstalled(what) => say!(lang, "{what} 没有安装（请运行 source install）", "{self} (run source install)"),
            Self::NotMade => say!(lang, "还没有建（请运行 sink install；账号有建表权限的，第一个包会建）", "{self}"),
            Self::Drifted => {
                say!(lang, "表结构在触发器建好以后变了（请再运行 source install）", "{self} (run source install again)")
            }
            Self::Silent(what) => say!(
                lang,
                "{what} 改动行时不触发触发器（请去掉外键的级联动作，或把索引建在普通列上）",
                "{self} (take the cascade away, or put the index on plain columns)"
            ),
            Self::Numbered => say!(
                lang,
                "它总是自己编号（GENERATED ALWAYS AS IDENTITY），已有的行改不了（请执行 ALTER TABLE … ALTER COLUMN … SET GENERATED BY DEFAULT）",
                "{self} (run ALTER TABLE … ALTER COLUMN … SET GENERATED BY DEFAULT)"
            ),
            Self::NoTransactions(engine) => {
                say!(lang, "存储引擎 {engine} 没有事务（请改用 InnoDB）", "{self} (make it InnoDB)")
            }
        }
    }
}

impl DatabaseFault {
    /// Tells whether a person has to mend it: waiting alone does not help.
    pub fn is_for_a_person(&self) -> bool {
        !matches!(*self.fault, TableFault::Away { .. } | TableFault::Busy { .. })
    }

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
