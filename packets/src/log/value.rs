//! The values of a line and their one form: written without choice, read without mercy (LOG.md section 2).

use std::fmt::Write as _;
use std::str::FromStr;

use crate::keyring::Side;
use crate::limits::LINE_NUMBER_MAX;
use crate::packet::header::{ChannelName, Environment, Epoch};
use crate::suite::{Digest, RunId, StationId};

use super::event::Place;

/// A value that has one form in a line.
pub(super) trait Value: Sized {
    /// Appends the form.
    fn write(&self, out: &mut String);

    /// Reads the form; `None` for anything else.
    fn read(cursor: &mut Cursor<'_>) -> Option<Self>;
}

/// The part of a line that has not been read yet.
pub(super) struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self(text)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads exactly this text.
    pub(super) fn expect(&mut self, text: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(text)?;
        Some(())
    }

    /// Reads `,"key":`, or what stands before the first key.
    pub(super) fn key(&mut self, before: &str, key: &str) -> Option<()> {
        self.expect(before)?;
        self.expect("\"")?;
        self.expect(key)?;
        self.expect("\":")
    }

    fn first(&self) -> Option<u8> {
        self.0.as_bytes().first().copied()
    }

    fn number(&mut self) -> Option<u64> {
        let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (text, rest) = self.0.split_at_checked(digits)?;
        let padded = digits > 1 && text.starts_with('0');
        let number: u64 = text.parse().ok()?;
        if padded || number > LINE_NUMBER_MAX {
            return None;
        }
        self.0 = rest;
        Some(number)
    }

    /// Reads the name of a kind or of a key of an unknown kind: `[a-z0-9_-]`, at least one.
    pub(super) fn name(&mut self) -> Option<&'a str> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
        let name = self.plain()?;
        (!name.is_empty() && name.bytes().all(allowed)).then_some(name)
    }

    /// Reads a string that needs no escape.
    pub(super) fn plain(&mut self) -> Option<&'a str> {
        self.expect("\"")?;
        let end = self.0.find('"')?;
        let (text, rest) = self.0.split_at_checked(end)?;
        let escaped = text.bytes().any(|byte| byte == b'\\' || byte < 0x20);
        self.0 = rest.strip_prefix('"')?;
        (!escaped).then_some(text)
    }

    /// Reads a string that may have escapes, each in its one form.
    fn text(&mut self) -> Option<String> {
        let start = self.0;
        self.expect("\"")?;
        let mut out = String::new();
        loop {
            let end = self.0.find(['"', '\\'])?;
            let (text, rest) = self.0.split_at_checked(end)?;
            out.push_str(text);
            self.0 = rest;
            if self.expect("\"").is_some() {
                break;
            }
            out.push(self.escape()?);
        }
        // Written again it must be the same: that refuses every second spelling of a character.
        let mut again = String::with_capacity(out.len() + 2);
        write_text(&out, &mut again);
        let read = start.len() - self.0.len();
        (start.get(..read)? == again).then_some(out)
    }

    fn escape(&mut self) -> Option<char> {
        self.expect("\\")?;
        let mut characters = self.0.chars();
        let escaped = match characters.next()? {
            '"' => '"',
            '\\' => '\\',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let code = u32::from_str_radix(characters.as_str().get(..4)?, 16).ok()?;
                characters = characters.as_str().get(4..)?.chars();
                char::from_u32(code)?
            }
            _ => return None,
        };
        self.0 = characters.as_str();
        Some(escaped)
    }

    fn parsed<T: FromStr>(&mut self) -> Option<T> {
        self.plain()?.parse().ok()
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => push(out, format_args!("\\u{:04x}", control as u32)),
            other => out.push(other),
        }
    }
    out.push('"');
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a string takes every text");
}

impl Value for u64 {
    fn write(&self, out: &mut String) {
        push(out, format_args!("{self}"));
    }

    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        cursor.number()
    }
}

impl Value for bool {
    fn write(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }

    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        if cursor.expect("true").is_some() {
            return Some(true);
        }
        cursor.expect("false").map(|()| false)
    }
}

impl Value for String {
    fn write(&self, out: &mut String) {
        write_text(self, out);
    }

    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        cursor.text()
    }
}

/// Values whose text needs no escape and parses back.
macro_rules! plain_text {
    ($($name:ty),+) => {$(
        impl Value for $name {
            fn write(&self, out: &mut String) {
                push(out, format_args!("\"{self}\""));
            }

            fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
                cursor.parsed()
            }
        }
    )+};
}

plain_text!(StationId, RunId, Epoch, ChannelName, Side, Environment, Place);

impl Value for Digest {
    fn write(&self, out: &mut String) {
        out.push('"');
        data_encoding::HEXLOWER.encode_append(self.as_bytes(), out);
        out.push('"');
    }

    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        cursor.parsed()
    }
}

/// Lists are one string, joined by commas; the empty list is the empty string.
macro_rules! joined {
    ($($name:ty),+) => {$(
        impl Value for Vec<$name> {
            fn write(&self, out: &mut String) {
                out.push('"');
                for (index, item) in self.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    push(out, format_args!("{comma}{item}"));
                }
                out.push('"');
            }

            fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
                let text = cursor.plain()?;
                if text.is_empty() {
                    return Some(Vec::new());
                }
                text.split(',').map(|item| item.parse().ok()).collect()
            }
        }
    )+};
}

joined!(Digest, ChannelName);

/// A value of a line of an unknown kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnyValue {
    /// A string.
    Text(String),
    /// A whole number, 0 … 2⁵³.
    Number(u64),
    /// A boolean.
    Flag(bool),
}

impl Value for AnyValue {
    fn write(&self, out: &mut String) {
        match self {
            Self::Text(text) => text.write(out),
            Self::Number(number) => number.write(out),
            Self::Flag(flag) => flag.write(out),
        }
    }

    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        match cursor.first()? {
            b'"' => cursor.text().map(Self::Text),
            b't' | b'f' => bool::read(cursor).map(Self::Flag),
            _ => cursor.number().map(Self::Number),
        }
    }
}
