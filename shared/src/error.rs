//! What can go wrong, what the daemon does about it, and the one sentence that tells a person.
//!
//! Every boundary has a small enum of its own; [`EngineFault`] gathers them. [`EngineFault::policy`] is the one place that decides.

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
use std::path::{Path, PathBuf};

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

/// A wrong configuration: which file, which line or setting, what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigFault {
    /// The directory is no station.
    #[error("{} is not a station", dir.display())]
    NoStation {
        /// The directory.
        dir: PathBuf,
    },
    /// A file or directory cannot be read.
    #[error("{} cannot be read: {problem}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// The system's words.
        problem: String,
    },
    /// The disk has no room for a file.
    #[error("{}: the disk is full", path.display())]
    Full {
        /// Which.
        path: PathBuf,
    },
    /// A card that is not acceptable.
    #[error("{}: {fault}", file.display())]
    Card {
        /// The card.
        file: PathBuf,
        /// What is wrong with it.
        fault: KeyringFault,
    },
    /// Not the TOML that was expected.
    #[error("{} line {line}: {problem}", file.display())]
    Toml {
        /// The file.
        file: PathBuf,
        /// The line, from 1; 0 when unknown.
        line: usize,
        /// The parser's words.
        problem: String,
    },
    /// A setting is outside its range.
    #[error("{}: {setting} must be {rule}", file.display())]
    Setting {
        /// The file.
        file: PathBuf,
        /// The setting.
        setting: &'static str,
        /// What is allowed.
        rule: &'static str,
    },
    /// The key pattern is no regular expression.
    #[error("{}: screen.key: {problem}", file.display())]
    Pattern {
        /// The file.
        file: PathBuf,
        /// The library's words.
        problem: String,
    },
    /// Two channels use one folder.
    #[error("channels {one} and {two} both use {}", folder.display())]
    SharedFolder {
        /// The folder.
        folder: PathBuf,
        /// One channel.
        one: ChannelName,
        /// The other.
        two: ChannelName,
    },
    /// A channel's folder holds, or lies in, what belongs to the station itself.
    #[error("channel {channel}: {setting} meets {}", dir.display())]
    ReservedFolder {
        /// The channel.
        channel: ChannelName,
        /// `source.folder` or `sink.folder`.
        setting: &'static str,
        /// The station's own directory that it meets.
        dir: PathBuf,
    },
    /// The program is for the other side.
    #[error("{} is a station of the other side", dir.display())]
    OtherSide {
        /// The directory.
        dir: PathBuf,
    },
    /// `init` met something in its way.
    #[error("{} exists", path.display())]
    Taken {
        /// What is in the way.
        path: PathBuf,
    },
    /// `init` failed and could not take away what it had made.
    #[error("{why:?}; {} is left", left.display())]
    InitLeft {
        /// Why it failed, in Chinese and in English.
        why: [String; 2],
        /// What is left.
        left: PathBuf,
    },
    /// A user or group is not known here.
    #[error("{setting} {name}: unknown")]
    Account {
        /// `sink.owner` or `sink.group`.
        setting: &'static str,
        /// The name.
        name: String,
    },
    /// A channel is not configured.
    #[error("channel {name} is not configured")]
    NoChannel {
        /// The name that was given.
        name: String,
    },
    /// No channel is configured.
    #[error("{}: no channel", dir.display())]
    NoChannels {
        /// Where channels are configured.
        dir: PathBuf,
    },
    /// A key file is missing or not fit.
    #[error("{}: {problem}", file.display())]
    Key {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: KeyProblem,
    },
    /// Another process runs this station.
    #[error("{} is in use", dir.display())]
    InUse {
        /// The station's directory.
        dir: PathBuf,
    },
    /// The station belongs to another account, and root would leave files behind that it cannot open.
    #[error("{} belongs to {account}", dir.display())]
    NotRoots {
        /// The station's directory.
        dir: PathBuf,
        /// The account, as `sudo -u` takes it.
        account: String,
    },
    /// The process that has the station did not answer a request in time.
    #[error("no answer to {} within {seconds} s", request.display())]
    NoAnswer {
        /// How long was waited.
        seconds: u64,
        /// The request, which stays.
        request: PathBuf,
    },
    /// No thread could be started.
    #[error("no thread could be started: {problem}")]
    NoThread {
        /// The system's words.
        problem: String,
    },
    /// A command was given what it cannot take.
    #[error("{what}")]
    Refused {
        /// The sentence in Chinese.
        zh: String,
        /// The sentence in English.
        what: String,
    },
}

/// What is wrong with a key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// It is not there.
    #[error("missing")]
    Missing,
    /// Others than its owner may read it.
    #[error("readable by others")]
    Open,
    /// It does not hold 32 bytes in hex.
    #[error("not a key")]
    NotAKey,
    /// It is not the private half of what the keyring names.
    #[error("does not belong to the keyring")]
    Foreign,
    /// It cannot be read.
    #[error("unreadable")]
    Unreadable,
    /// It is not the peer's card that was trusted.
    #[error("not the card that was trusted")]
    Peer,
}

impl ConfigFault {
    /// Wraps an I/O error on a path.
    pub fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::StorageFull {
            return Self::Full { path: path.to_path_buf() };
        }
        Self::Unreadable { path: path.to_path_buf(), problem: error.to_string() }
    }

    /// Gives the sentence for a person: what, where, what next.
    pub fn sentence(&self, lang: Lang) -> String {
        match self {
            Self::NoStation { dir } => {
                let dir = dir.display();
                say!(
                    lang,
                    "{dir} 不是摆渡站目录（没有 station.toml）。请用 --station 指定，或先运行 init {dir}。",
                    "{dir} is not a station (no station.toml). Name one with --station, or run init {dir} first."
                )
            }
            Self::Unreadable { path, problem } => {
                let (path, problem) = (path.display(), system_words(problem, lang));
                say!(
                    lang,
                    "无法读写 {path}（{problem}）。请检查路径和权限。",
                    "{path} cannot be read or written ({problem}). Check the path and its permissions."
                )
            }
            Self::Full { path } => disk_full(path, lang),
            Self::Card { file, fault } => {
                let (file, code, why) = (file.display(), fault.code(), card_words(fault));
                say!(
                    lang,
                    "密钥卡 {file} 不能接受（{code}：{why}）。请向对方重新索取密钥卡。",
                    "The card {file} is not acceptable ({code}: {fault}). Ask the peer for its card again."
                )
            }
            Self::Toml { file, line, problem } => {
                let (file, problem) = (file.display(), parser_words(problem, lang));
                say!(
                    lang,
                    "{file} 第 {line} 行有误：{problem}。请改正后重试。",
                    "{file} line {line} is wrong: {problem}. Correct it and try again."
                )
            }
            Self::Setting { file, setting, rule } => {
                let (file, setting, rule) = (file.display(), in_language(setting, lang), in_language(rule, lang));
                say!(
                    lang,
                    "{file} 中的 {setting} 不合要求，应为：{rule}。请改正后重试。",
                    "{setting} in {file} is out of range, it must be: {rule}. Correct it and try again."
                )
            }
            Self::Pattern { file, problem } => {
                let (file, problem) = (file.display(), problem.replace('\n', " "));
                say!(
                    lang,
                    "{file} 中的 screen.key 不是正则表达式：{problem}。请改正后重试。",
                    "screen.key in {file} is not a regular expression: {problem}. Correct it and try again."
                )
            }
            Self::SharedFolder { folder, one, two } => {
                let folder = folder.display();
                say!(
                    lang,
                    "通道 {one} 和 {two} 用了同一个文件夹 {folder}（或一个在另一个里面）。请在 channels/*.toml 中分开。",
                    "Channels {one} and {two} use the same folder {folder} (or one lies in the other). Set them apart in channels/*.toml."
                )
            }
            Self::ReservedFolder { channel, setting, dir } => {
                let dir = dir.display();
                say!(
                    lang,
                    "channels/{channel}.toml 中的 {setting} 与本站自己的目录 {dir} 重叠，会把它当作要摆渡的文件。请换一个单独的文件夹。",
                    "{setting} in channels/{channel}.toml overlaps the station's own directory {dir}, whose files would be taken for records. Choose a folder of its own."
                )
            }
            Self::OtherSide { dir } => {
                let dir = dir.display();
                say!(
                    lang,
                    "{dir} 是另一侧的摆渡站。内网站请用 dukou-inner，外网站请用 dukou-outer。",
                    "{dir} is a station of the other side. Use dukou-inner for an inner station, dukou-outer for an outer one."
                )
            }
            Self::Taken { path } => {
                let path = path.display();
                say!(
                    lang,
                    "{path} 已经存在，没有改动任何东西。请换一个空目录。",
                    "{path} exists already; nothing was changed. Choose an empty directory."
                )
            }
            Self::InitLeft { why: [zh, en], left } => {
                let left = left.display();
                say!(
                    lang,
                    "{zh}另外，已建的 {left} 没能删掉，里面可能有没用上的密钥，请手工删除。",
                    "{en} What was made, {left}, could not be removed; it may hold unused keys: remove it by hand."
                )
            }
            Self::Account { setting, name } => {
                say!(
                    lang,
                    "{setting} = \"{name}\"：本机没有这个用户或组。请在 channels/*.toml 中改正。",
                    "{setting} = \"{name}\": there is no such user or group here. Correct channels/*.toml."
                )
            }
            Self::NoChannel { name } => {
                say!(
                    lang,
                    "没有名为 {name} 的通道。请看 channels/ 里的文件名。",
                    "There is no channel named {name}. See the file names in channels/."
                )
            }
            Self::NoChannels { dir } => {
                let dir = dir.display();
                say!(
                    lang,
                    "{dir} 里没有通道（*.toml），什么都不会收发。请从备份恢复，或从另一站复制。",
                    "There is no channel (*.toml) in {dir}, nothing would be sent or received. Restore it from a backup or copy it from the other station."
                )
            }
            Self::Key { file, problem: KeyProblem::Peer } => {
                let file = file.display();
                say!(
                    lang,
                    "对方的密钥卡 {file} 不见了或与 trust.toml 不符。请从备份恢复；没有备份就删除 keys/trust.toml，重新运行 trust 对方的密钥卡。",
                    "The peer's card {file} is gone or is not the one of trust.toml. Restore it from a backup; without one, remove keys/trust.toml and run trust with the peer's card again."
                )
            }
            Self::Key { file, problem } => {
                let file = file.display();
                let what = key_problem(*problem, lang);
                say!(
                    lang,
                    "密钥文件 {file} {what}。请从本站的备份恢复；没有备份就用 init 新建一站并重新配对。",
                    "The key file {file} {what}. Restore it from this station's backup; without one, init a new station and pair it again."
                )
            }
            Self::InUse { dir } => {
                let dir = dir.display();
                say!(
                    lang,
                    "{dir} 已有一个摆渡进程在运行，本进程退出，没有改动任何东西。",
                    "Another process runs the station {dir}; this one ends and changed nothing."
                )
            }
            Self::NotRoots { dir, account } => {
                let dir = dir.display();
                say!(
                    lang,
                    "{dir} 属于账号 {account}，用 root 运行会留下它打不开的文件，没有改动任何东西。请用 sudo -u '{account}' 运行同一命令。",
                    "{dir} belongs to the account {account}; root would leave files behind that it cannot open, so nothing was changed. Run the same command with sudo -u '{account}'."
                )
            }
            Self::NoAnswer { seconds, request } => {
                let request = request.display();
                say!(
                    lang,
                    "正在运行的摆渡进程 {seconds} 秒内没有答复；请求 {request} 已留下，它空下来或下一次 run、pass 时会执行。不要重复提交；要撤回就删除该文件。",
                    "The running station did not answer within {seconds} seconds; the request {request} stays and is performed when it gets to it, or by the next run or pass. Do not ask again; to withdraw it, remove that file."
                )
            }
            Self::NoThread { problem } => say!(
                lang,
                "系统不让本程序再开线程（{problem}）。没有改动任何东西；请检查进程数和内存限制后重试。",
                "The system lets this program start no thread ({problem}). Nothing was changed; check the limits on processes and memory and try again."
            ),
            Self::Refused { zh, what } => match lang {
                Lang::Zh => zh.clone(),
                Lang::En => what.clone(),
            },
        }
    }
}

/// Picks the half of a rule that is written in both languages: `中文 / English`.
pub(crate) fn in_language(rule: &str, lang: Lang) -> &str {
    match (rule.split_once(" / "), lang) {
        (Some((chinese, _)), Lang::Zh) => chinese,
        (Some((_, english)), Lang::En) => english,
        (None, _) => rule,
    }
}

fn disk_full(path: &Path, lang: Lang) -> String {
    let path = path.display();
    say!(
        lang,
        "磁盘已满，写不了 {path}。没有丢失任何数据；请腾出空间后重试。",
        "The disk is full, {path} could not be written. Nothing is lost; free some space and try again."
    )
}

fn key_problem(problem: KeyProblem, lang: Lang) -> String {
    match problem {
        KeyProblem::Missing => say!(lang, "不存在", "is missing"),
        KeyProblem::Open => {
            say!(lang, "别人也能读（应为 0600，请 chmod 600）", "can be read by others (it must be 0600: chmod 600)")
        }
        KeyProblem::NotAKey => say!(lang, "内容不是密钥", "does not hold a key"),
        KeyProblem::Foreign | KeyProblem::Peer => {
            say!(lang, "与本站可信密钥表不符", "does not belong to this station's keyring")
        }
        KeyProblem::Unreadable => say!(lang, "读不了", "cannot be read"),
    }
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
    /// A packet of our own spool that cannot be read back.
    #[error("{}: {refusal}", path.display())]
    Spool {
        /// The spool file.
        path: PathBuf,
        /// What is wrong with it.
        refusal: Refusal,
    },
}

impl EngineFault {
    /// Gives the fault as the journal may tell it: files below `folders` are named after people's records, so only their folder is.
    pub fn without_names(self, folders: &[PathBuf]) -> Self {
        match self {
            Self::File(fault) => match folders.iter().find(|folder| fault.path.starts_with(folder)) {
                Some(folder) => Self::File(FileFault { path: folder.join("…"), ..fault }),
                None => Self::File(fault),
            },
            other => other,
        }
    }

    /// Decides what the daemon does about it.
    pub fn policy(&self) -> Policy {
        match self {
            Self::File(fault) | Self::Log(LogFault::File(fault)) => file_policy(fault),
            Self::Store(StoreFault::Full | StoreFault::Busy) => Policy::Retry,
            Self::Config(ConfigFault::Full { .. } | ConfigFault::NoAnswer { .. } | ConfigFault::NoThread { .. }) => {
                Policy::Retry
            }
            Self::Store(StoreFault::Version { .. }) | Self::Config(_) | Self::Keyring(_) => Policy::Mend,
            Self::Log(LogFault::Unwritable { .. }) => Policy::Mend,
            Self::Store(StoreFault::Unsure(_) | StoreFault::Corrupt(_)) => Policy::Halt,
            Self::Log(_) | Self::Key(_) | Self::Seal(_) | Self::Record(_) | Self::Spool { .. } => Policy::Halt,
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
            Self::Store(_) => "store",
            Self::Log(LogFault::Behind { .. }) => "log-behind",
            Self::Log(LogFault::StateBehind { .. } | LogFault::ArrivalsBehind { .. }) => "state-behind",
            Self::Log(_) => "log",
            Self::Config(_) => "config",
            Self::Keyring(fault) => fault.code(),
            Self::Key(_) => "key",
            Self::Seal(_) | Self::Record(_) => "seal",
            Self::Spool { .. } => "spool",
        }
    }

    /// Gives the sentence for a person: what, where, what next.
    pub fn sentence(&self, lang: Lang) -> String {
        match self {
            Self::File(fault) | Self::Log(LogFault::File(fault)) => file_sentence(fault, lang),
            Self::Config(fault) => fault.sentence(lang),
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

fn cause_text(cause: &FileCause, lang: Lang) -> String {
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

/// Says in Chinese what is wrong with a card.
fn card_words(fault: &KeyringFault) -> &'static str {
    match fault {
        KeyringFault::Shape(_) => "内容不是密钥卡，或已被改动",
        KeyringFault::KeyId(_) => "密钥编号与公钥不符",
        KeyringFault::Roles(_) => "密钥的用途不齐全或互相矛盾",
        KeyringFault::Signature | KeyringFault::Unsigned => "签名不符，内容被改动过",
        KeyringFault::Chain { .. } => "与前一版接不上",
        KeyringFault::Rollback { .. } => "比已有的旧",
    }
}

/// Puts the system's commonest words into Chinese; others stay as they are.
fn system_words(problem: &str, lang: Lang) -> String {
    let known = [
        ("No such file or directory", "不存在"),
        ("Permission denied", "没有权限"),
        ("Not a directory", "路径中有一段不是目录"),
        ("Is a directory", "是目录，不是文件"),
        ("Read-only file system", "文件系统只读"),
        ("Too many open files", "打开的文件太多"),
        ("Input/output error", "读写出错，请检查磁盘"),
        ("File name too long", "名字太长"),
        ("Too many levels of symbolic links", "链接绕成了圈"),
        ("stream did not contain valid UTF-8", "不是 UTF-8 文本"),
    ];
    match known.iter().find(|(english, _)| problem.starts_with(english)) {
        Some((_, chinese)) if lang == Lang::Zh => (*chinese).to_string(),
        _ => problem.to_string(),
    }
}

/// Puts the parser's words into words of people: whole numbers instead of machine types, and Chinese for its commonest complaints.
fn parser_words(problem: &str, lang: Lang) -> String {
    const TYPES: [(&str, &str, &str); 10] = [
        ("expected u8", "expected 整数", "expected a whole number"),
        ("expected u16", "expected 整数", "expected a whole number"),
        ("expected u32", "expected 整数", "expected a whole number"),
        ("expected u64", "expected 整数", "expected a whole number"),
        ("expected i32", "expected 整数", "expected a whole number"),
        ("expected a boolean", "expected true 或 false", "expected true or false"),
        ("expected a string", "expected 带引号的文字", "expected text in quotes"),
        ("expected path string", "expected 带引号的路径", "expected a path in quotes"),
        ("expected 32 lower-case hex digits", "应为 32 位小写十六进制数", "expected 32 lower-case hex digits"),
        (" as i128", "", ""),
    ];
    const WORDS: [(&str, &str); 16] = [
        ("unknown field ", "没有这个设置："),
        ("missing field ", "缺少设置 "),
        ("unknown variant ", "没有这个值："),
        ("invalid type: ", "类型不对："),
        ("invalid value: ", "值不对："),
        ("duplicate key", "设置重复"),
        ("unclosed table", "方括号没有写完"),
        ("string values must be quoted", "文字要加引号"),
        ("there are no fields", "这里没有任何设置"),
        ("expected one of ", "可用的有 "),
        ("expected ", "应为 "),
        ("floating point ", "小数 "),
        ("integer ", "整数 "),
        ("string ", "文字 "),
        (" or ", " 或 "),
        (", ", "，"),
    ];
    let typed = TYPES
        .iter()
        .rev()
        .fold(problem.replace('\n', " "), |text, (from, zh, en)| text.replace(from, if lang == Lang::Zh { zh } else { en }));
    match lang {
        Lang::Zh => WORDS.iter().fold(typed, |text, (english, chinese)| text.replace(english, chinese)),
        Lang::En => typed,
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
                "状态库只到包号 {found}，而摆渡日志已有 {expected}：state/ 被恢复成了旧的。已停机，请由负责人判断。",
                "The state ends at packet {found}, but the log names {expected}: state/ was restored from an old copy. Stopped; a person must decide."
            )
        }
        LogFault::ArrivalsBehind { channel, seq } => {
            say!(
                lang,
                "摆渡日志记有通道 {channel} 第 {seq} 号包已落地，而状态库不知道：state/ 被恢复成了旧的。已停机，请由负责人判断。",
                "The log says that packet {seq} of channel {channel} was applied, the state does not know it: state/ was restored from an old copy. Stopped; a person must decide."
            )
        }
        LogFault::Key(fault) => say!(
            lang,
            "日志密钥不能用（{fault}），已停机。请检查 keys/。",
            "The log key cannot be used ({fault}); stopped. Check keys/."
        ),
    }
}
