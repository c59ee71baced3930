//! Screening: what a channel refuses before it is packed.
//!
//! Given: a name, a length and, where the channel says XML, the bytes. Gives: the record's key, or a refusal with code and sentences.
//! After a crash: nothing is left, but the sentences of a refusal whose packet exists: its code remains and stands for them. Never: a change of the bytes, and never a word of the file's content in a sentence.

use crate::channel::ScreenConfig;
use crate::error::ConfigFault;
use crate::lang::Lang;
use crate::registration::xml;
use crate::say;
use dukou_packets::limits;
use regex::Regex;

/// A channel's screening rules, ready to use.
#[derive(Debug)]
pub struct Screen {
    key: Option<Regex>,
    max_bytes: u64,
    xml: bool,
    limits: xml::XmlLimits,
}

/// Why a file is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Stable code: it travels in the tombstone and stands in the packet log.
    pub code: String,
    /// The reason in Chinese and in English.
    pub sentence: [String; 2],
}

impl Refused {
    fn new(code: &str, sentence: impl Fn(Lang) -> String) -> Self {
        Self { code: code.to_string(), sentence: [sentence(Lang::Zh), sentence(Lang::En)] }
    }
}

impl Screen {
    /// Makes the rules of a channel ready.
    ///
    /// # Errors
    /// [`ConfigFault::Pattern`] when the key pattern is no regular expression.
    pub fn new(config: &ScreenConfig) -> Result<Self, ConfigFault> {
        let compile = |pattern: &String| {
            Regex::new(pattern).map_err(|error| ConfigFault::Pattern { file: "channels".into(), problem: error.to_string() })
        };
        let key = config.key.as_ref().map(compile).transpose()?;
        Ok(Self {
            key,
            max_bytes: config.max_bytes,
            xml: config.xml,
            limits: xml::XmlLimits { bytes: config.max_bytes as usize, ..xml::XmlLimits::default() },
        })
    }

    /// True when the bytes themselves must be seen.
    pub fn needs_body(&self) -> bool {
        self.xml
    }

    /// Checks name and length and gives the record's key.
    ///
    /// # Errors
    /// [`Refused`] with one of `name-not-utf8`, `name-too-long`, `name`, `key-pattern`, `too-large`.
    pub fn check_name(&self, name: &str, name_is_utf8: bool, len: u64) -> Result<String, Refused> {
        if !name_is_utf8 {
            return Err(Refused::new("name-not-utf8", |lang| {
                say!(
                    lang,
                    "文件名不是 UTF-8 编码。请改名后重新放入。",
                    "The file name is not UTF-8. Rename the file and drop it again."
                )
            }));
        }
        if name.len() > limits::RECORD_NAME_MAX {
            return Err(Refused::new("name-too-long", |lang| {
                let max = limits::RECORD_NAME_MAX;
                say!(
                    lang,
                    "相对路径超过 {max} 字节。请缩短文件夹或文件名后重新放入。",
                    "The relative path is longer than {max} bytes. Shorten folder or file names and drop the file again."
                )
            }));
        }
        let leaf = name.rsplit('/').next().unwrap_or(name);
        let key = self.key_of(leaf)?;
        if self.max_bytes > 0 && len > self.max_bytes {
            let max = self.max_bytes;
            return Err(Refused::new("too-large", |lang| {
                say!(
                    lang,
                    "文件有 {len} 字节，超过本通道的上限 {max}。请拆分，或由管理员修改 screen.max_bytes。",
                    "The file has {len} bytes, the channel's limit is {max}. Split it, or have the administrator change screen.max_bytes."
                )
            }));
        }
        Ok(key)
    }

    fn key_of(&self, leaf: &str) -> Result<String, Refused> {
        let Some(pattern) = &self.key else { return short_key(leaf) };
        let Some(found) = pattern.captures(leaf) else {
            return Err(Refused::new("key-pattern", |lang| {
                let pattern = pattern.as_str();
                say!(
                    lang,
                    "文件名不符合本通道的规则 {pattern}。请确认放对了通道，改名后重新放入。",
                    "The file name does not match the channel's pattern {pattern}. Check that it is the right channel, rename the file and drop it again."
                )
            }));
        };
        short_key(found.get(1).or_else(|| found.get(0)).map_or(leaf, |part| part.as_str()))
    }

    /// Checks the bytes where the channel says XML.
    ///
    /// # Errors
    /// [`Refused`] with a code that begins with `xml-`.
    pub fn check_body(&self, body: &[u8]) -> Result<(), Refused> {
        if !self.xml {
            return Ok(());
        }
        xml::check(body, &self.limits).map(|_| ()).map_err(|fault| Refused::new(fault.code(), |lang| fault.sentence(lang)))
    }
}

fn short_key(key: &str) -> Result<String, Refused> {
    if key.len() <= limits::RECORD_KEY_MAX {
        return Ok(key.to_string());
    }
    Err(Refused::new("name-too-long", |lang| {
        let max = limits::RECORD_KEY_MAX;
        say!(
            lang,
            "文件名超过 {max} 字节。请缩短后重新放入。",
            "The file name is longer than {max} bytes. Shorten it and drop the file again."
        )
    }))
}

/// Gives the sentences for a refusal that a crash cut off from its details.
pub(crate) fn sentence_again(code: &str) -> [String; 2] {
    [Lang::Zh, Lang::En].map(|lang| {
        say!(
            lang,
            "文件被拒收（{code}），详细位置在断电或重启时丢失。请核对后重新放入。",
            "The file was refused ({code}); the details were lost in a restart. Check it and drop it again."
        )
    })
}
