//! What can go wrong, what the daemon does about it, and the one sentence that tells a person.
//!
//! Every boundary has a small enum of its own; [`EngineFault`] gathers them. [`EngineFault::policy`] is the one place that decides.

mod config;
mod server;

pub use self::config::{ConfigFault, KeyProblem};
pub(crate) use self::config::{NO_FILE, TOO_LONG, in_language};

use self::config::card_words;
use crate::connectors::tables::words::DatabaseFault;
use crate::ferry::fault::FerryFault;
use crate::lang::Lang;
use crate::say;
use crate::seams::{FileCause, FileFault, FileOp};
use crate::store::StoreFault;
use dukou_packets::keyring::KeyringFault;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::open::Refusal;
use dukou_packets::packet::records::RecordFault;
use dukou_packets::packet::seal::SealFault;
use dukou_packets::suite::KeyFault;
use std::path::PathBuf;

/// What the daemon does about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Nothing is lost; the same step is tried again later.
    Retry,
    /// The configuration or the command is wrong: a person mends it, nothing was changed.
    Mend,
    /// Log, fsync or store are unsure: stop; the next start recovers.
    Halt,
}

/// What can go wrong with the packet log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogFault {
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileFault),
    /// What was read back is not what was written.
    #[error("{} does not hold what was written", path.display())]
    ReadBack {
        /// The segment.
        path: PathBuf,
    },
    /// An event that does not fit a line: nothing of it was written.
    #[error("a line of kind {kind} would be too long or hold a number beyond 2^53")]
    Unwritable {
        /// The line's kind.
        kind: String,
    },
    /// A line in the middle is wrong: not a torn tail.
    #[error("{} line {line}: {problem}", path.display())]
    Damaged {
        /// The segment.
        path: PathBuf,
        /// The line, from 1 in the segment.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// The log is shorter than the state or a checkpoint says.
    #[error("the log ends at line {found}, {expected} is expected")]
    Behind {
        /// Lines in the log.
        found: u64,
        /// Lines that the state or a checkpoint vouches for.
        expected: u64,
    },
    /// The log names packets that the state does not know.
    #[error("the state ends at packet {found}, the log names {expected}")]
    StateBehind {
        /// Highest packet number in the state.
        found: u64,
        /// Highest packet number in the log.
        expected: u64,
    },
    /// The log names packets as applied that the state does not know.
    #[error("the log says that packet {seq} of channel {channel} was applied, the state does not")]
    ArrivalsBehind {
        /// The channel.
        channel: ChannelName,
        /// The packet.
        seq: u64,
    },
    /// The log key failed.
    #[error(transparent)]
    Key(#[from] KeyFault),
}

/// Everything that can stop a step of the engine.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineFault {
    /// The file system.
    #[error(transparent)]
    File(#[from] FileFault),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// The packet log.
    #[error(transparent)]
    Log(#[from] LogFault),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigFault),
    /// A keyring.
    #[error(transparent)]
    Keyring(#[from] KeyringFault),
    /// A private key.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// Sealing a packet.
    #[error(transparent)]
    Seal(#[from] SealFault),
    /// A record that does not fit the format: a fault of ours.
    #[error(transparent)]
    Record(#[from] RecordFault),
    /// A channel's database that cannot do it now.
    #[error(transparent)]
    Database(#[from] DatabaseFault),
    /// A packet that the gap device cannot carry now: it waits in the spool.
    #[error(transparent)]
    Ferry(#[from] FerryFault),
    /// A packet of our own spool that cannot be read back.
    #[error("{}: {refusal}", path.display())]
    Spool {
        /// The spool file.
        path: PathBuf,
        /// What is wrong with it.
        refusal: Refusal,
    },
    /// A run that was to end could not end cleanly: its `stop` line may be missing.
    #[error("the run did not end cleanly: {0}")]
    Unclosed(Box<Self>),
}

impl EngineFault {
    /// Makes a passing fault that of a run that was to end and could not end cleanly; another one says itself that the run stopped.
    pub fn unclosed(self) -> Self {
        match self {
            Self::Unclosed(_) => self,
            fault if fault.policy() == Policy::Retry => Self::Unclosed(Box::new(fault)),
            fault => fault,
        }
    }

    /// Gives the fault as the journal may tell it: files below `folders` are named after people's records, so only their folder is.
    pub fn without_names(self, folders: &[PathBuf]) -> Self {
        match self {
            Self::File(fault) => match folders.iter().find(|folder| fault.path.starts_with(folder)) {
                Some(folder) => Self::File(FileFault { path: folder.join("…"), ..fault }),
                None => Self::File(fault),
            },
            Self::Unclosed(fault) => fault.without_names(folders).unclosed(),
            other => other,
        }
    }

    /// Decides what the daemon does about it.
    pub fn policy(&self) -> Policy {
        match self {
            Self::File(fault) | Self::Log(LogFault::File(fault)) => file_policy(fault),
            Self::Store(StoreFault::Full | StoreFault::Busy | StoreFault::Starved(_)) | Self::Ferry(_) | Self::Database(_) => {
                Policy::Retry
            }
            Self::Config(ConfigFault::Full { .. } | ConfigFault::NoAnswer { .. } | ConfigFault::NoThread { .. }) => {
                Policy::Retry
            }
            Self::Store(StoreFault::Version { .. }) | Self::Config(_) | Self::Keyring(_) => Policy::Mend,
            Self::Log(LogFault::Unwritable { .. }) => Policy::Mend,
            Self::Store(fault) => server::policy(fault).unwrap_or(Policy::Halt),
            Self::Log(_) | Self::Key(_) | Self::Seal(_) | Self::Record(_) | Self::Spool { .. } => Policy::Halt,
            Self::Unclosed(fault) => fault.policy(),
        }
    }

    /// Gives the stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(fault) | Self::Log(LogFault::File(fault)) => match fault.cause {
                FileCause::NoSpace => "disk-full",
                FileCause::Denied => "denied",
                FileCause::ReadOnly => "read-only",
                FileCause::NotFound => "not-found",
                _ if fault.op == FileOp::Sync => "sync",
                _ => "file",
            },
            Self::Store(StoreFault::Full) | Self::Config(ConfigFault::Full { .. }) => "disk-full",
            Self::Store(StoreFault::Busy) => "store-busy",
            Self::Store(StoreFault::Starved(_)) => "store-starved",
            Self::Store(fault) => server::code(fault),
            Self::Log(LogFault::Behind { .. }) => "log-behind",
            Self::Log(LogFault::StateBehind { .. } | LogFault::ArrivalsBehind { .. }) => "state-behind",
            Self::Log(_) => "log",
            Self::Config(_) => "config",
            Self::Keyring(fault) => fault.code(),
            Self::Key(_) => "key",
            Self::Seal(_) | Self::Record(_) => "seal",
            Self::Ferry(fault) => fault.code(),
            Self::Database(fault) => fault.fault.code(),
            Self::Spool { .. } => "spool",
            Self::Unclosed(_) => "unclosed",
        }
    }

    /// Gives the sentence for a person: what, where, what next.
    pub fn sentence(&self, lang: Lang) -> String {
        match self {
            Self::File(fault) | Self::Log(LogFault::File(fault)) => file_sentence(fault, lang),
            Self::Config(fault) => fault.sentence(lang),
            Self::Ferry(fault) => fault.sentence(lang),
            Self::Database(fault) => fault.sentence(lang),
            Self::Store(fault) => store_sentence(fault, lang),
            Self::Log(fault) => log_sentence(fault, lang),
            Self::Keyring(fault) => {
                let (code, why) = (fault.code(), card_words(fault));
                say!(
                    lang,
                    "可信密钥表不能接受（{code}：{why}）。请向对方重新索取密钥卡。",
                    "The keyring is not acceptable ({code}: {fault}). Ask the peer for its card again."
                )
            }
            Self::Key(fault) => say!(
                lang,
                "密钥不能用（{fault}）。请检查 keys/ 目录。",
                "A key cannot be used ({fault}). Check the keys/ directory."
            ),
            Self::Seal(fault) => say!(
                lang,
                "摆渡包做不成（{fault}）。已停机，数据未动；请联系维护人员。",
                "A packet could not be made ({fault}). Stopped, no data was touched; call support."
            ),
            Self::Record(fault) => say!(
                lang,
                "记录装不进摆渡包（{fault}）。已停机，数据未动；请联系维护人员。",
                "A record does not fit a packet ({fault}). Stopped, no data was touched; call support."
            ),
            Self::Spool { path, refusal } => {
                let path = path.display();
                say!(
                    lang,
                    "本站留存的摆渡包 {path} 已损坏（{refusal}）。已停机；请检查磁盘，并运行 check。",
                    "Our own packet {path} is damaged ({refusal}). Stopped; check the disk and run check."
                )
            }
            Self::Unclosed(fault) => unclosed_sentence(fault, lang),
        }
    }
}

fn file_policy(fault: &FileFault) -> Policy {
    match (fault.op, &fault.cause) {
        (FileOp::Sync, _) | (_, FileCause::Killed) => Policy::Halt,
        (_, FileCause::System(5)) => Policy::Halt,
        _ => Policy::Retry,
    }
}

fn unclosed_sentence(fault: &EngineFault, lang: Lang) -> String {
    let is_full = fault.code() == "disk-full";
    let why = match fault {
        _ if is_full => say!(lang, "磁盘已满", "the disk is full"),
        fault => fault.code().to_string(),
    };
    say!(
        lang,
        "这一轮运行没能正常收尾（{why}），日志里可能没有它的 stop 行：没有丢失任何数据，下次启动会自行核对并接着做；请先排除原因（磁盘满就腾出空间）再启动。",
        "This run could not end cleanly ({why}), its stop line may be missing in the log: nothing is lost, the next start verifies everything and goes on; mend the cause first (free some space where the disk is full), then start."
    )
}

fn file_sentence(fault: &FileFault, lang: Lang) -> String {
    let path = fault.path.display();
    match (&fault.cause, fault.op) {
        (FileCause::NoSpace, _) => {
            say!(
                lang,
                "磁盘已满，写不了 {path}。没有丢失任何数据；请腾出空间，摆渡会自动继续。",
                "The disk is full, {path} could not be written. Nothing is lost; free some space and the ferry goes on by itself."
            )
        }
        (FileCause::Denied, _) => {
            say!(
                lang,
                "没有权限访问 {path}。请检查属主和权限，摆渡会自动重试。",
                "Permission denied on {path}. Check its owner and mode; the ferry tries again by itself."
            )
        }
        (FileCause::ReadOnly, _) => {
            say!(
                lang,
                "{path} 所在的文件系统是只读的。请重新挂载，摆渡会自动继续。",
                "The file system of {path} is read-only. Remount it and the ferry goes on by itself."
            )
        }
        (FileCause::NotFound, _) => {
            say!(
                lang,
                "{path} 不存在。请检查目录是否被移走或未挂载。",
                "{path} is not there. Check whether a directory was moved or not mounted."
            )
        }
        (_, FileOp::Sync) => {
            let cause = cause_text(&fault.cause, lang);
            say!(
                lang,
                "{path} 落盘失败（{cause}），已停机。请检查磁盘后重新启动，启动时会自行核对。",
                "{path} could not be made durable ({cause}); stopped. Check the disk and start again: the start verifies everything."
            )
        }
        (FileCause::NotDirectory, _) => {
            say!(
                lang,
                "{path}（或它上面的一级）应当是目录，却是别的东西。没有丢失任何数据；请移走它，摆渡会自动继续。",
                "{path} (or what is above it) must be a directory and is something else. Nothing is lost; move it away and the ferry goes on by itself."
            )
        }
        (cause, op) => {
            let (op, cause) = (op_text(op, lang), cause_text(cause, lang));
            say!(
                lang,
                "{path} {op}失败（{cause}）。没有丢失任何数据；请检查该路径后重试。",
                "{path} could not be {op} ({cause}). Nothing is lost; check the path and try again."
            )
        }
    }
}

fn op_text(op: FileOp, lang: Lang) -> String {
    match op {
        FileOp::List => say!(lang, "列目录", "listed"),
        FileOp::Stat => say!(lang, "查看", "looked at"),
        FileOp::Open => say!(lang, "打开", "opened"),
        FileOp::Read => say!(lang, "读取", "read"),
        FileOp::Create => say!(lang, "新建", "created"),
        FileOp::Write => say!(lang, "写入", "written"),
        FileOp::Sync => say!(lang, "落盘", "made durable"),
        FileOp::Rename => say!(lang, "改名", "renamed"),
        FileOp::Remove => say!(lang, "删除", "removed"),
        FileOp::Own => say!(lang, "修改属主和权限", "given its owner and mode"),
    }
}

pub(crate) fn cause_text(cause: &FileCause, lang: Lang) -> String {
    match cause {
        FileCause::NotFound => say!(lang, "不存在", "not there"),
        FileCause::Exists => say!(lang, "已有同名文件", "the name is taken"),
        FileCause::NotRegular => say!(lang, "不是普通文件", "not a regular file"),
        FileCause::NotDirectory => say!(lang, "不是目录", "not a directory"),
        FileCause::NoSpace => say!(lang, "磁盘已满", "the disk is full"),
        FileCause::Denied => say!(lang, "没有权限", "permission denied"),
        FileCause::ReadOnly => say!(lang, "文件系统只读", "read-only file system"),
        FileCause::CrossDevice => say!(lang, "在不同的文件系统上", "on different file systems"),
        FileCause::TooManyOpen => say!(lang, "打开的文件太多", "too many open files"),
        FileCause::NameTooLong => say!(lang, "名字太长", "the name is too long"),
        FileCause::Killed => say!(lang, "进程被终止", "killed"),
        FileCause::System(number) => say!(lang, "系统错误 {number}", "system error {number}"),
    }
}

fn store_sentence(fault: &StoreFault, lang: Lang) -> String {
    match fault {
        StoreFault::Full => say!(
            lang,
            "磁盘已满，写不了 state/。没有丢失任何数据；请腾出空间，摆渡会自动继续。",
            "The disk is full, state/ could not be written. Nothing is lost; free some space and the ferry goes on by itself."
        ),
        StoreFault::Busy => {
            say!(lang, "state/ 正被别的进程占用，稍后自动重试。", "state/ is in use by another process; trying again later.")
        }
        StoreFault::Starved(problem) => say!(
            lang,
            "state/ 暂时打不开（{problem}），没有改动任何东西。请检查内存、可打开的文件数（ulimit -n）和 state/ 的权限，稍后重试。",
            "state/ cannot be opened for now ({problem}), nothing was changed. Check memory, the limit of open files (ulimit -n) and the permissions of state/, then try again."
        ),
        StoreFault::Version { found, known } => say!(
            lang,
            "state/ 的版本是 {found}，本程序只认识到 {known}。请换用更新的程序。",
            "state/ has version {found}, this program knows {known}. Use a newer program."
        ),
        StoreFault::Unsure(problem) => say!(
            lang,
            "状态库写入结果不确定（{problem}），已停机。请检查磁盘后重新启动，启动时会自行核对。",
            "The state is unsure ({problem}); stopped. Check the disk and start again: the start verifies everything."
        ),
        StoreFault::Corrupt(problem) => say!(
            lang,
            "状态库读不了（{problem}），已停机。请从备份恢复 state/，或联系维护人员。",
            "The state cannot be read ({problem}); stopped. Restore state/ from a backup or call support."
        ),
        StoreFault::Gone(_) | StoreFault::Cut(_) | StoreFault::Refused(_) | StoreFault::Held | StoreFault::Superseded => {
            server::sentence(fault, lang).unwrap_or_default()
        }
    }
}

fn log_sentence(fault: &LogFault, lang: Lang) -> String {
    match fault {
        LogFault::File(fault) => file_sentence(fault, lang),
        LogFault::ReadBack { path } => {
            let path = path.display();
            say!(
                lang,
                "摆渡日志 {path} 读回的内容与写入的不同，已停机。请检查磁盘。",
                "The packet log {path} does not hold what was written; stopped. Check the disk."
            )
        }
        LogFault::Unwritable { kind } => say!(
            lang,
            "摆渡日志写不下这件事（{kind}）：超过一行 4096 字节，或有大于 2^53 的数。什么都没有写；请减少所给的内容（如 --channels）后重试。",
            "The packet log cannot hold this ({kind}): more than the 4,096 bytes of a line, or a number beyond 2^53. Nothing was written; give less (fewer --channels) and try again."
        ),
        LogFault::Damaged { path, line, problem } => {
            let path = path.display();
            say!(
                lang,
                "摆渡日志 {path} 第 {line} 行已损坏（{problem}），已停机。请从备份恢复 log/，并用 dukou-audit verify 核对。",
                "The packet log {path} line {line} is damaged ({problem}); stopped. Restore log/ from a backup and run dukou-audit verify."
            )
        }
        LogFault::Behind { found, expected } => {
            say!(
                lang,
                "摆渡日志只有 {found} 行，而状态库或签名点记到 {expected} 行：日志被截断或恢复成了旧的。已停机，请由负责人判断。",
                "The packet log has {found} lines, but the state or a checkpoint vouches for {expected}: it was cut or restored from an old copy. Stopped; a person must decide."
            )
        }
        LogFault::StateBehind { found, expected } => {
            say!(
                lang,
                "状态库只到包号 {found}，而摆渡日志已有 {expected}：state/ 是旧的或没了。已停机，请由负责人判断；日志和 spool/ 完好的，可用 check --rebuild --name 姓名 --reason 原因 重建。",
                "The state ends at packet {found}, but the log names {expected}: state/ is an old copy or gone. Stopped; a person must decide: where log and spool/ are whole, check --rebuild --name WHO --reason WHY makes it anew."
            )
        }
        LogFault::ArrivalsBehind { channel, seq } => {
            say!(
                lang,
                "摆渡日志记有通道 {channel} 第 {seq} 号包已落地，而状态库不知道：state/ 是旧的或没了。已停机，请由负责人判断；日志和 spool/ 完好的，可用 check --rebuild --name 姓名 --reason 原因 重建。",
                "The log says that packet {seq} of channel {channel} was applied, the state does not know it: state/ is an old copy or gone. Stopped; a person must decide: where log and spool/ are whole, check --rebuild --name WHO --reason WHY makes it anew."
            )
        }
        LogFault::Key(fault) => say!(
            lang,
            "日志密钥不能用（{fault}），已停机。请检查 keys/。",
            "The log key cannot be used ({fault}); stopped. Check keys/."
        ),
    }
}
