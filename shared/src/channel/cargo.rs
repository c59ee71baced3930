//! What a channel's files are, and what becomes of one with errors: the keys `cargo`, `on_error`, `areas` and `encoding`.
//!
//! Given: a channel's file. Gives: what its records are checked as. Never: a check on a channel that does not say what its files are.

use super::Channel;
use crate::error::ConfigFault;
use crate::registration::checks::Said;
use crate::registration::xml::{UnknownEncoding, XmlEncoding, XmlLimits};
use dukou_packets::limits;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Largest file of a channel that says what its files are: each is judged whole, in one record.
pub const CARGO_MAX_BYTES: u64 = limits::BODY_MAX;

/// What the files of a channel are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CargoKind {
    /// Reporting messages (接入报文).
    Messages,
    /// Answers to them (响应报文).
    Responses,
    /// Registration logs (登簿日志).
    Logs,
    /// Answers to those.
    LogReplies,
    /// Day marks (日终标记) of the outer station.
    DayMarks,
    /// Write-off lists (销账清单) of the platform.
    WriteOff,
}

impl CargoKind {
    /// Tells whether what such files say is kept where they leave from, too: they come to the inner station from elsewhere and go on from there.
    pub(crate) fn is_told_where_it_leaves(self) -> bool {
        matches!(self, Self::Responses | Self::WriteOff)
    }
}

/// What becomes of a file in which a check finds an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// It crosses and is flagged on both sides.
    #[default]
    Carry,
    /// It waits for a person.
    Hold,
    /// It is refused where it cannot be read or is another county's; with other errors it crosses.
    Reject,
}

/// An encoding as a channel's file names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SaidEncoding(pub XmlEncoding);

impl TryFrom<String> for SaidEncoding {
    type Error = UnknownEncoding;

    fn try_from(name: String) -> Result<Self, UnknownEncoding> {
        name.parse().map(Self)
    }
}

impl From<SaidEncoding> for String {
    fn from(said: SaidEncoding) -> Self {
        said.0.to_string()
    }
}

impl Channel {
    /// Gives what its files are checked against.
    pub fn said(&self) -> Said {
        let bytes = if self.screen.max_bytes == 0 { CARGO_MAX_BYTES } else { self.screen.max_bytes };
        Said {
            areas: self.areas.clone(),
            encoding: self.encoding.map(|said| said.0),
            limits: XmlLimits { bytes: bytes as usize, ..XmlLimits::default() },
            ..Said::default()
        }
    }

    pub(super) fn check_cargo(&self, file: &Path) -> Result<(), ConfigFault> {
        let wrong =
            |setting: &'static str, rule: &'static str| Err(ConfigFault::Setting { file: file.to_path_buf(), setting, rule });
        let depends = [
            ("on_error", self.on_error != OnError::Carry),
            ("areas", !self.areas.is_empty()),
            ("encoding", self.encoding.is_some()),
        ];
        if let Some((setting, _)) = depends.into_iter().find(|(_, is_said)| *is_said && self.cargo.is_none()) {
            return wrong(setting, "须同时写明 cargo / only together with cargo");
        }
        if self.cargo.is_some() && self.source.folder().is_none() {
            return wrong("cargo", "只用于文件夹通道 / only for channels of folders");
        }
        if self.cargo.is_some() && self.screen.max_bytes > CARGO_MAX_BYTES {
            return wrong("screen.max_bytes", "写明 cargo 时：≤ 16777216 (16 MiB) / with cargo: ≤ 16777216 (16 MiB)");
        }
        let is_area = |area: &String| area.len() == 6 && area.bytes().all(|digit| digit.is_ascii_digit());
        if !self.areas.iter().all(is_area) {
            return wrong("areas", "六位区划代码，如 \"150721\" / area codes of six digits, for example \"150721\"");
        }
        Ok(())
    }
}
