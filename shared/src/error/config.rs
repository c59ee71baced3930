//! What can be wrong with a configuration or a command, and the words for it.

use crate::connectors::tables::database::DatabaseProblem;
use crate::ferry::fault::ProfileFault;
use crate::lang::Lang;
use crate::say;
use dukou_packets::keyring::KeyringFault;
use dukou_packets::packet::header::ChannelName;
use std::path::{Path, PathBuf};

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
    /// Official schemas that are installed cannot be used.
    #[error("{file}: {}", problem[1])]
    Schemas {
        /// The file or folder.
        file: String,
        /// What is wrong, in Chinese and in English.
        problem: [String; 2],
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
    /// A device profile cannot carry what is configured.
    #[error(transparent)]
    Profile(#[from] ProfileFault),
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
    /// A table is followed by two channels, or followed by one and filled by another.
    #[error("channels {one} and {two} both have table {table}")]
    SharedTable {
        /// The table.
        table: String,
        /// One channel.
        one: ChannelName,
        /// The other.
        two: ChannelName,
    },
    /// A database's password cannot be had, or there is no connector for it.
    #[error("{setting}: {problem}")]
    Database {
        /// The channel's file.
        file: PathBuf,
        /// `source.database`, `sink.database_password_file` …
        setting: &'static str,
        /// What is wrong, in Chinese and in English.
        problem: DatabaseProblem,
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
    /// A folder belongs to the system.
    #[error("{}: {setting} is a directory of the system: {}", file.display(), dir.display())]
    SystemFolder {
        /// The configuration file.
        file: PathBuf,
        /// The setting.
        setting: &'static str,
        /// The folder.
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
            Self::Schemas { file, problem: [zh, en] } => say!(
                lang,
                "官方 XSD {file} 不能用：{zh}。请换成完整、正确的一套，或先移走。",
                "The official schemas in {file} cannot be used: {en}. Put a whole and right set there, or take it away."
            ),
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
            Self::Profile(fault) => fault.sentence(lang),
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
            Self::SharedTable { table, one, two } => say!(
                lang,
                "通道 {one} 和 {two} 都用了表 {table}：一个表只能由一个通道跟踪，也不能一边送出一边收入。请在 channels/*.toml 中分开。",
                "Channels {one} and {two} both have table {table}: a table is followed by one channel alone, and is not sent and received at once. Set them apart in channels/*.toml."
            ),
            Self::Database { file, setting, problem } => {
                let (file, problem) = (file.display(), problem.sentence(lang));
                say!(
                    lang,
                    "{file}：{setting} 不能用：{problem}。请改正后重试。",
                    "{file}: {setting} cannot be used: {problem}. Correct it and try again."
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
            Self::SystemFolder { file, setting, dir } => {
                let (file, dir) = (file.display(), dir.display());
                say!(
                    lang,
                    "{file} 中的 {setting} 是系统自己的目录 {dir}，里面的文件会被当作要摆渡的。请换一个单独的文件夹。",
                    "{setting} in {file} is a directory of the system, {dir}, whose files would be taken for records. Choose a folder of its own."
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
                    "{dir} 已有一个摆渡进程在运行，本进程退出，没有改动任何东西。请等它结束，或先停下它，再试。",
                    "Another process runs the station {dir}; this one ends and changed nothing. Wait until it ends, or stop it, then try again."
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

/// Says in Chinese what is wrong with a card.
pub(super) fn card_words(fault: &KeyringFault) -> &'static str {
    match fault {
        KeyringFault::Shape(_) => "内容不是密钥卡，或已被改动",
        KeyringFault::KeyId(_) => "密钥编号与公钥不符",
        KeyringFault::Roles(_) => "密钥的用途不齐全或互相矛盾",
        KeyringFault::Signature | KeyringFault::Unsigned => "签名不符，内容被改动过",
        KeyringFault::Chain { .. } => "与前一版接不上",
        KeyringFault::Rollback { .. } => "比已有的旧",
    }
}

/// What is said of a pipe or a device in the place of a file.
pub(crate) const NO_FILE: &str = "not a regular file";

/// What is said of a file of settings that is longer than one can be.
pub(crate) const TOO_LONG: &str = "the file is too long";

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
        ("File exists", "已经存在"),
        ("Too many levels of symbolic links", "链接绕成了圈"),
        ("stream did not contain valid UTF-8", "不是 UTF-8 文本"),
        (NO_FILE, "不是普通文件"),
        (TOO_LONG, "文件太长"),
    ];
    match known.iter().find(|(english, _)| problem.starts_with(english)) {
        Some((_, chinese)) if lang == Lang::Zh => (*chinese).to_string(),
        _ => problem.to_string(),
    }
}

/// Puts the parser's words into words of people: whole numbers instead of machine types, and Chinese for its commonest complaints.
fn parser_words(problem: &str, lang: Lang) -> String {
    const TYPES: [(&str, &str, &str); 16] = [
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
        ("expected i16", "expected 整数", "expected a whole number"),
        ("expected a sequence", "expected 方括号里的列表", "expected a list in brackets"),
        ("expected a tuple of size 2", "expected 两个值", "expected two values"),
        ("invalid type: sequence", "invalid type: 列表", "invalid type: list"),
        ("invalid type: map", "invalid type: 表", "invalid type: table"),
        (
            "data did not match any variant of untagged enum Habit",
            "habit 应为 \"always\"、\"working-hours\" 或时刻的列表，如 [\"09:00\", \"16:00\"]",
            "habit must be \"always\", \"working-hours\" or a list of times of day such as [\"09:00\", \"16:00\"]",
        ),
    ];
    const WORDS: [(&str, &str); 22] = [
        ("unknown field ", "没有这个设置："),
        ("missing field ", "缺少设置 "),
        ("unknown variant ", "没有这个值："),
        ("invalid type: ", "类型不对："),
        ("invalid value: ", "值不对："),
        ("invalid length ", "个数不对："),
        ("duplicate key", "设置重复"),
        ("key with no value", "设置没有值"),
        ("unclosed array table", "方括号没有写完"),
        ("unclosed array", "方括号没有写完"),
        ("unclosed table", "方括号没有写完"),
        ("string values must be quoted", "文字要加引号"),
        ("there are no fields", "这里没有任何设置"),
        ("expected one of ", "可用的有 "),
        ("expected ", "应为 "),
        ("literal string", "带引号的文字"),
        ("boolean ", "布尔值 "),
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
