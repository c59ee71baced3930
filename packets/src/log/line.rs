//! One line of the packet log (LOG.md section 2).

pub use super::event::{Event, Place};
pub use super::value::AnyValue;

use super::instant;
use super::value::{Cursor, Value};
use crate::limits::LINE_MAX;
use crate::suite::{Digest, sha256};

/// When a line was written, by three clocks of which none is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The wall clock in milliseconds since 1970; the years 0000 … 9999 can be written.
    pub at_ms: i64,
    /// The machine's monotonic clock in milliseconds.
    pub mono_ms: u64,
    /// Changes with every start of the machine.
    pub boot: u32,
}

/// A line of the packet log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub n: u64,
    /// The leaf hash of the line before; zero in line 1.
    pub prev: Digest,
    /// When it was written.
    pub stamp: Stamp,
    /// What it says.
    pub event: Event,
}

/// Why a line cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// It is longer than 4,096 bytes.
    #[error("the line is longer than 4096 bytes")]
    TooLong,
    /// It is not UTF-8.
    #[error("the line is not UTF-8")]
    NotText,
    /// It is not a JSON object in the one form of LOG.md section 2.
    #[error("the line is not in the one form of its kind")]
    Shape,
}

impl Line {
    /// Writes the line without its LF.
    pub fn render(&self) -> String {
        let mut out = String::with_capacity(640);
        out.push_str("{\"n\":");
        self.n.write(&mut out);
        out.push_str(",\"prev\":");
        self.prev.write(&mut out);
        out.push_str(",\"at\":\"");
        instant::write(self.stamp.at_ms, &mut out);
        out.push_str("\",\"mono\":");
        self.stamp.mono_ms.write(&mut out);
        out.push_str(",\"boot\":\"");
        data_encoding::HEXLOWER.encode_append(&self.stamp.boot.to_be_bytes(), &mut out);
        out.push_str("\",\"kind\":\"");
        out.push_str(self.event.kind());
        out.push('"');
        self.event.write(&mut out);
        out.push('}');
        out
    }

    /// Reads a line, given without its LF; the same line written again gives the same bytes.
    ///
    /// # Errors
    /// When the line is too long, not UTF-8, or differs in anything from the one form of its kind.
    pub fn parse(bytes: &[u8]) -> Result<Self, LineFault> {
        if bytes.len() > LINE_MAX {
            return Err(LineFault::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| LineFault::NotText)?;
        read_line(text).ok_or(LineFault::Shape)
    }
}

fn read_line(text: &str) -> Option<Line> {
    let mut cursor = Cursor::new(text);
    cursor.key("{", "n")?;
    let n = u64::read(&mut cursor)?;
    cursor.key(",", "prev")?;
    let prev = Digest::read(&mut cursor)?;
    cursor.key(",", "at")?;
    let at_ms = instant::read(cursor.plain()?)?;
    cursor.key(",", "mono")?;
    let mono_ms = u64::read(&mut cursor)?;
    cursor.key(",", "boot")?;
    let boot = read_boot(cursor.plain()?)?;
    cursor.key(",", "kind")?;
    let kind = cursor.name()?.to_owned();
    let event = Event::read(kind, &mut cursor)?;
    cursor.expect("}")?;
    let stamp = Stamp { at_ms, mono_ms, boot };
    (cursor.is_empty() && event.is_sound()).then_some(Line { n, prev, stamp, event })
}

fn read_boot(text: &str) -> Option<u32> {
    let mut bytes = [0; 4];
    if text.len() != 8 {
        return None;
    }
    data_encoding::HEXLOWER.decode_mut(text.as_bytes(), &mut bytes).ok()?;
    Some(u32::from_be_bytes(bytes))
}

/// Returns the leaf hash of a line, given without its LF.
pub fn leaf_hash(line: &[u8]) -> Digest {
    sha256(&[&[0], line])
}
