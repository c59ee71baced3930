//! The ways out: one small trait, so that a simulation can stand in for a platform.
//!
//! What matters of a way is one distinction: whether nothing of what was to leave has left, so that it may go again by itself, or whether something
//! may have.

pub mod folder;
pub mod sftp;
pub mod soap;
mod tcp;

use std::path::Path;
use std::sync::Arc;

use self::folder::FolderTransport;
use self::sftp::SftpTransport;
use self::soap::SoapTransport;
use super::lane::{SftpServer, Way};
use crate::lang::Lang;
use crate::say;
use crate::seams::{FileFault, Files};
use dukou_packets::suite::sha256;

/// A way to a platform.
pub trait Transport: Send {
    /// Gives a file away, once.
    fn give(&mut self, name: &str, bytes: &[u8]) -> Given;
}

/// A folder of a front machine: what a file is given to in two steps, so that a crash between them leaves no doubt, and read from by exact names.
///
/// What lies under a file's dot name was not given; once the dot name is gone, it was.
pub trait Front: Send {
    /// Writes a file under its dot name; what lies there is replaced.
    ///
    /// # Errors
    /// What stood in the way: nothing was given.
    fn prepare(&mut self, name: &str, bytes: &[u8]) -> Result<(), Hindrance>;
    /// Tells whether a file lies under its dot name.
    ///
    /// # Errors
    /// What stood in the way.
    fn is_prepared(&mut self, name: &str) -> Result<bool, Hindrance>;
    /// Gives a prepared file its name, at which nothing is ever replaced.
    fn publish(&mut self, name: &str) -> Given;
    /// Removes what lies under a file's dot name.
    ///
    /// # Errors
    /// What stood in the way.
    fn discard(&mut self, name: &str) -> Result<(), Hindrance>;
    /// Makes durable what was prepared and named since the last call.
    ///
    /// # Errors
    /// What stood in the way: what was named may be lost with a power cut.
    fn settle(&mut self) -> Result<(), Hindrance>;
    /// Gives the newest fault of a folder of this machine, once: it may be one that ends the station.
    fn take_fault(&mut self) -> Option<FileFault> {
        None
    }
    /// Reads a regular file by its exact name; none where it is not there, or is longer.
    ///
    /// # Errors
    /// What stood in the way.
    fn fetch(&mut self, name: &str, most: u64) -> Result<Option<Vec<u8>>, Hindrance>;
}

/// Longest name that stands whole in its dot name.
const WHOLE_NAME_BYTES: usize = 200;

/// Gives the dot name under which a file is written before it has its name.
fn dot_name(name: &str) -> String {
    match name.len() <= WHOLE_NAME_BYTES {
        true => format!(".{name}.part"),
        false => format!(".{}.part", sha256(&[name.as_bytes()])),
    }
}

/// Where ways come from: the seam between the engine and the platforms.
pub trait Platforms: Send + Sync {
    /// Gives a way of a station in this directory. Nothing is reached before something is given.
    fn way(&self, way: &Way, dir: &Path, files: &Arc<dyn Files>) -> Box<dyn Transport>;
    /// Gives a folder of a front machine: of this server where there is one. Nothing is reached before something is asked.
    fn front(&self, server: Option<&SftpServer>, folder: &Path, dir: &Path, files: &Arc<dyn Files>) -> Box<dyn Front>;
}

/// The platforms there are.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealPlatforms;

impl Platforms for RealPlatforms {
    fn way(&self, way: &Way, dir: &Path, files: &Arc<dyn Files>) -> Box<dyn Transport> {
        match way {
            Way::Folder(way) => Box::new(FolderTransport::new(files.clone(), dir.join(&way.folder))),
            Way::Sftp(way) => Box::new(SftpTransport::new(way.server.clone(), way.folder.clone(), dir)),
            Way::Soap(way) => Box::new(SoapTransport::new(way.clone(), dir)),
        }
    }

    fn front(&self, server: Option<&SftpServer>, folder: &Path, dir: &Path, files: &Arc<dyn Files>) -> Box<dyn Front> {
        match server {
            Some(server) => Box::new(SftpTransport::new(server.clone(), folder.display().to_string(), dir)),
            None => Box::new(FolderTransport::new(files.clone(), dir.join(folder))),
        }
    }
}

/// What became of a file that was to be given away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// It lies where it is read, whole and durable. Nothing answers on this way.
    Placed,
    /// A reply came with what says that the call itself was performed (HTTP 200).
    Answered(Vec<u8>),
    /// Nothing of it left.
    NothingLeft(Hindrance),
    /// Something of it may have left.
    Unsure(Hindrance),
}

/// What stood in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hindrance {
    /// The folder cannot be written.
    Folder,
    /// A file with that name is there already.
    Exists,
    /// The server gives a file that was written no other name.
    Rename,
    /// The name of the server is not known here.
    Name,
    /// This machine has not the address from which it is to be called.
    SourceAddress,
    /// The server cannot be reached.
    Connect,
    /// The file with those who may vouch for the server cannot be read, or has no certificate.
    CaFile,
    /// No secure connection came about: nobody vouches for the server's certificate, it bears another name, or the server speaks no TLS.
    Tls,
    /// Another server answers than the one whose key is configured.
    HostKey,
    /// The key file cannot be read.
    KeyFile,
    /// The server does not take this account and key.
    SignIn,
    /// There was no reply in time.
    Timeout,
    /// The connection was cut.
    Cut,
    /// The server answered with an HTTP status that is not 200.
    Status(u16),
    /// Nothing tells whether the reply ended where the connection did.
    Unended,
    /// The reply is longer than any.
    TooLong,
    /// The log is in another encoding than UTF-8, and goes as the text of a parameter.
    Encoding,
    /// This machine could not begin.
    Starved,
}

impl Hindrance {
    /// Returns the code that programs read.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::Exists => "exists",
            Self::Rename => "rename",
            Self::Name => "name",
            Self::SourceAddress => "source-address",
            Self::Connect => "connect",
            Self::CaFile => "ca-file",
            Self::Tls => "tls",
            Self::HostKey => "host-key",
            Self::KeyFile => "key-file",
            Self::SignIn => "sign-in",
            Self::Timeout => "timeout",
            Self::Cut => "cut",
            Self::Status(_) => "status",
            Self::Unended => "unended",
            Self::TooLong => "too-long",
            Self::Encoding => "encoding",
            Self::Starved => "starved",
        }
    }

    /// Says it, as part of a sentence.
    pub fn words(&self, lang: Lang) -> String {
        match self {
            Self::Folder => say!(lang, "目录写不进去", "the folder cannot be written"),
            Self::Exists => say!(lang, "目录里已有同名文件", "the folder has a file of that name"),
            Self::Rename => say!(lang, "对方不肯改文件名", "the server does not rename a file"),
            Self::Name => say!(lang, "不认识对方的主机名", "the server's name is not known here"),
            Self::SourceAddress => {
                say!(lang, "本机没有 source_address 的地址", "this machine does not have the address of source_address")
            }
            Self::Connect => say!(lang, "连不上对方", "the server cannot be reached"),
            Self::CaFile => {
                say!(lang, "ca_file 读不了，或里面没有证书", "ca_file cannot be read, or has no certificate")
            }
            Self::Tls => say!(
                lang,
                "TLS 连接不成（证书不是 ca_file 里的机构签发，或名称不符）",
                "no TLS connection (no authority of ca_file vouches for the certificate, or it bears another name)"
            ),
            Self::HostKey => {
                say!(lang, "对方的主机密钥不是 host_key 写的那一把", "the server's key is not the one of host_key")
            }
            Self::KeyFile => say!(lang, "key_file 读不了", "key_file cannot be read"),
            Self::SignIn => say!(lang, "对方不接受这个账号和密钥", "the server does not take this account and key"),
            Self::Timeout => say!(lang, "等不到回话", "no reply came in time"),
            Self::Cut => say!(lang, "连接断了", "the connection was cut"),
            Self::Status(status) => say!(lang, "对方回了 HTTP {status}", "the server answered with HTTP {status}"),
            Self::Unended => {
                say!(lang, "回话没有说明多长，可能不全", "the reply does not say how long it is and may not be whole")
            }
            Self::TooLong => say!(lang, "回话太长", "the reply is too long"),
            Self::Encoding => say!(
                lang,
                "登簿日志不是 UTF-8，网络服务收不了，请登记系统按 UTF-8 重新生成",
                "the log is not in UTF-8, which a web service cannot be given: have the registration system make it anew in UTF-8"
            ),
            Self::Starved => say!(lang, "本机资源不够", "this machine lacks resources"),
        }
    }
}
