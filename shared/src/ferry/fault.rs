//! What keeps packets out of the ferry directory that is no fault of the file system, and the words for it.

use crate::error::in_language;
use crate::lang::Lang;
use crate::say;
use dukou_packets::packet::header::ChannelName;
use std::path::PathBuf;

/// A device profile that cannot carry something: which file, which line, which setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} line {line}: {setting}: {problem}", file.display())]
pub struct ProfileFault {
    /// The profile.
    pub file: PathBuf,
    /// The line of the setting, from 1; 0 where it is left out and its default does not do.
    pub line: usize,
    /// The setting.
    pub setting: &'static str,
    /// What does not fit.
    pub problem: ProfileProblem,
}

/// What does not fit a profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileProblem {
    /// A setting is outside its range.
    #[error("must be {rule}")]
    Rule {
        /// What is allowed.
        rule: &'static str,
    },
    /// The name pattern is no regular expression.
    #[error("{problem}")]
    Pattern {
        /// The library's words.
        problem: String,
    },
    /// The largest packet that a channel may make is larger than the device takes.
    #[error("a packet of channel {channel} may have {bytes} bytes, more than fit into {limit}")]
    PacketTooLarge {
        /// The channel.
        channel: ChannelName,
        /// Its largest packet as a file.
        bytes: u64,
        /// The setting's value.
        limit: u64,
    },
    /// A file is larger than the device takes.
    #[error("a file of {bytes} bytes, more than {limit}")]
    FileTooLarge {
        /// Its length.
        bytes: u64,
        /// The setting's value.
        limit: u64,
    },
    /// The names of packets are longer than the device takes.
    #[error("names of packets have {bytes} bytes, more than {limit}")]
    NameTooLong {
        /// The length of a name.
        bytes: u64,
        /// The setting's value.
        limit: u64,
    },
    /// The names of packets do not match the device's pattern.
    #[error("the name {name} does not match")]
    NameRefused {
        /// A name that a packet may get.
        name: String,
    },
}

/// Why a packet waits in the spool though the ferry directory can be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FerryFault {
    /// The device profile cannot carry it.
    #[error("{fault}")]
    Profile {
        /// What it breaks.
        fault: Box<ProfileFault>,
    },
    /// The device's quota is used up.
    #[error("the ferry directory is full: {files} files, {bytes} bytes")]
    Full {
        /// The ferry directory.
        dir: PathBuf,
        /// Packets that lie there.
        files: u64,
        /// Their bytes.
        bytes: u64,
    },
}

impl From<ProfileFault> for FerryFault {
    fn from(fault: ProfileFault) -> Self {
        Self::Profile { fault: Box::new(fault) }
    }
}

impl FerryFault {
    /// Gives the stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Profile { .. } => "profile",
            Self::Full { .. } => "ferry-full",
        }
    }

    /// Gives the sentence for a person: what, where, what next.
    pub fn sentence(&self, lang: Lang) -> String {
        match self {
            Self::Profile { fault } => {
                let what = fault.what(lang);
                say!(
                    lang,
                    "有摆渡包没有放入摆渡目录，它的通道在等：{what}。包在本站留存，没有丢失；请改正设备参数或通道配置后重新启动。",
                    "A packet was not placed in the ferry directory and its channel waits: {what}. It is kept here, nothing is lost; correct the device profile or the channel and start again."
                )
            }
            Self::Full { dir, files, bytes } => {
                let dir = dir.display();
                say!(
                    lang,
                    "摆渡目录 {dir} 已到设备限额（{files} 个包，{bytes} 字节），其余的包在本站等候，紧急的先走。请检查设备是否在取走文件；腾出后自动继续。",
                    "The ferry directory {dir} has reached the device's quota ({files} packets, {bytes} bytes); the others wait here, urgent ones go first. Check whether the device takes files; it goes on by itself."
                )
            }
        }
    }
}

impl ProfileFault {
    /// Gives the sentence for a person: what, where, what next.
    pub fn sentence(&self, lang: Lang) -> String {
        let what = self.what(lang);
        say!(lang, "{what}。请改正后重试。", "{what}. Correct it and try again.")
    }

    fn what(&self, lang: Lang) -> String {
        let (file, setting, problem) = (self.file.display(), self.setting, self.problem.words(lang));
        match self.line {
            0 => say!(
                lang,
                "设备参数 {file} 没有写 {setting}，{problem}",
                "The device profile {file} leaves out {setting}: {problem}"
            ),
            line => say!(
                lang,
                "设备参数 {file} 第 {line} 行的 {setting} {problem}",
                "The device profile {file} line {line}, {setting}: {problem}"
            ),
        }
    }
}

impl ProfileProblem {
    fn words(&self, lang: Lang) -> String {
        match self {
            Self::Rule { rule } => {
                let rule = in_language(rule, lang);
                say!(lang, "不合要求，应为：{rule}", "it must be {rule}")
            }
            Self::Pattern { problem } => {
                let problem = problem.replace('\n', " ");
                say!(lang, "不是正则表达式：{problem}", "no regular expression: {problem}")
            }
            Self::PacketTooLarge { channel, bytes, limit } => say!(
                lang,
                "只有 {limit}，装不下通道 {channel} 可能的最大的包（{bytes} 字节，按压不小的内容算，含签名、加密和文本形式；配额还要留一成给紧急包）；可减小 channels/{channel}.toml 的 batch.max_bytes 和 screen.max_bytes",
                "{limit} is too little for the largest packet that channel {channel} may make ({bytes} bytes: incompressible, sealed, in the device's form; of a quota a tenth is kept for urgent packets); batch.max_bytes and screen.max_bytes in channels/{channel}.toml make it smaller"
            ),
            Self::FileTooLarge { bytes, limit } => {
                say!(lang, "只有 {limit}，这个包有 {bytes} 字节", "{limit} is too little for this packet of {bytes} bytes")
            }
            Self::NameTooLong { bytes, limit } => say!(
                lang,
                "只有 {limit}，而包的文件名有 {bytes} 个字符",
                "{limit} is too little for the names of packets, which have {bytes} characters"
            ),
            Self::NameRefused { name } => {
                say!(lang, "不接受包的文件名（例如 {name}）", "the names of packets do not match it, for example {name}")
            }
        }
    }
}
