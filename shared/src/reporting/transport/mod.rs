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
use super::lane::Way;
use crate::lang::Lang;
use crate::say;
use crate::seams::Files;

/// A way to a platform.
pub trait Transport: Send {
    /// Gives a file away, once.
    fn give(&mut self, name: &str, bytes: &[u8]) -> Given;
}

/// Where ways come from: the seam between the engine and the platforms.
pub trait Platforms: Send + Sync {
    /// Gives a way of a station in this directory. Nothing is reached before something is given.
    fn way(&self, way: &Way, dir: &Path, files: &Arc<dyn Files>) -> Box<dyn Transport>;
}

/// The platforms there are.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealPlatforms;

impl Platforms for RealPlatforms {
    fn way(&self, way: &Way, dir: &Path, files: &Arc<dyn Files>) -> Box<dyn Transport> {
        match way {
            Way::Folder(way) => Box::new(FolderTransport::new(files.clone(), dir.join(&way.folder))),
            Way::Sftp(way) => Box::new(SftpTransport::new(way.clone(), dir)),
            Way::Soap(way) => Box::new(SoapTransport::new(way.clone())),
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
    /// The name of the server is not known here.
    Name,
    /// This machine has not the address from which it is to be called.
    SourceAddress,
    /// The server cannot be reached.
    Connect,
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
    /// The reply is longer than any.
    TooLong,
    /// This machine could not begin.
    Starved,
}

impl Hindrance {
    /// Returns the code that programs read.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::Exists => "exists",
            Self::Name => "name",
            Self::SourceAddress => "source-address",
            Self::Connect => "connect",
            Self::HostKey => "host-key",
            Self::KeyFile => "key-file",
            Self::SignIn => "sign-in",
            Self::Timeout => "timeout",
            Self::Cut => "cut",
            Self::Status(_) => "status",
            Self::TooLong => "too-long",
            Self::Starved => "starved",
        }
    }

    /// Says it, as part of a sentence.
    pub fn words(&self, lang: Lang) -> String {
        match self {
            Self::Folder => say!(lang, "目录写不进去", "the folder cannot be written"),
            Self::Exists => say!(lang, "目录里已有同名文件", "the folder has a file of that name"),
            Self::Name => say!(lang, "不认识对方的主机名", "the server's name is not known here"),
            Self::SourceAddress => {
                say!(lang, "本机没有 source_address 的地址", "this machine does not have the address of source_address")
            }
            Self::Connect => say!(lang, "连不上对方", "the server cannot be reached"),
            Self::HostKey => {
                say!(lang, "对方的主机密钥不是 host_key 写的那一把", "the server's key is not the one of host_key")
            }
            Self::KeyFile => say!(lang, "key_file 读不了", "key_file cannot be read"),
            Self::SignIn => say!(lang, "对方不接受这个账号和密钥", "the server does not take this account and key"),
            Self::Timeout => say!(lang, "等不到回话", "no reply came in time"),
            Self::Cut => say!(lang, "连接断了", "the connection was cut"),
            Self::Status(status) => say!(lang, "对方回了 HTTP {status}", "the server answered with HTTP {status}"),
            Self::TooLong => say!(lang, "回话太长", "the reply is too long"),
            Self::Starved => say!(lang, "本机资源不够", "this machine lacks resources"),
        }
    }
}
