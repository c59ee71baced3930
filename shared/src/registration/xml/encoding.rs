//! What encoding the bytes are in, whether the document says the same, and the text they give.

use std::borrow::Cow;
use std::fmt;

use encoding_rs::{DecoderResult, Encoding, GB18030, UTF_16BE, UTF_16LE};

use super::fault::{Breach, EncodingName, Place, Stop, XmlFault};
use super::markup::skip_space;

/// Names the encodings in which documents are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum XmlEncoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16 of either byte order, which its byte order mark tells.
    Utf16,
    /// GBK, declared as `GBK` or `GB2312`: one or two bytes a character.
    Gbk,
    /// GB18030: one, two or four bytes a character.
    Gb18030,
}

impl fmt::Display for XmlEncoding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16 => "UTF-16",
            Self::Gbk => "GBK",
            Self::Gb18030 => "GB18030",
        })
    }
}

impl std::str::FromStr for XmlEncoding {
    type Err = UnknownEncoding;

    fn from_str(name: &str) -> Result<Self, UnknownEncoding> {
        KNOWN.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, encoding)| *encoding).ok_or(UnknownEncoding)
    }
}

/// Tells that a name is of no encoding that we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("编码应为 UTF-8、UTF-16、GBK 或 GB18030 / the encoding is UTF-8, UTF-16, GBK or GB18030")]
pub struct UnknownEncoding;

/// The encodings by the names that documents give them.
const KNOWN: [(&str, XmlEncoding); 5] = [
    ("UTF-8", XmlEncoding::Utf8),
    ("UTF-16", XmlEncoding::Utf16),
    ("GBK", XmlEncoding::Gbk),
    ("GB2312", XmlEncoding::Gbk),
    ("GB18030", XmlEncoding::Gb18030),
];

/// Holds a document's text and the way back to its bytes.
#[derive(Debug)]
pub struct Document<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) encoding: XmlEncoding,
    /// What the document declares, where that is another encoding than the one it was read in.
    contradicts: Option<EncodingName>,
    /// Where the XML declaration ends in `text`; 0 without one.
    pub(super) declared_to: usize,
    /// The bytes of the file after the byte order mark.
    body: &'a [u8],
    /// The length of the byte order mark.
    mark: usize,
}

impl Document<'_> {
    /// Gives the whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Gives the text behind the XML declaration.
    pub(in crate::registration) fn undeclared(&self) -> &str {
        self.text.get(self.declared_to..).unwrap_or_default()
    }

    /// Gives the encoding the bytes were read in.
    pub fn encoding(&self) -> XmlEncoding {
        self.encoding
    }

    /// Tells what the document declares or is by default, where its channel says that it is in another encoding.
    pub fn contradicts(&self) -> Option<&EncodingName> {
        self.contradicts.as_ref()
    }

    /// Finds the line and the byte of the file for a position in the text.
    pub(super) fn place(&self, at: usize) -> Place {
        let before = self.text.get(..at).unwrap_or(&self.text);
        let byte = match self.encoding {
            XmlEncoding::Utf8 => before.len(),
            XmlEncoding::Utf16 => before.chars().map(|c| 2 * c.len_utf16()).sum(),
            XmlEncoding::Gbk | XmlEncoding::Gb18030 => sequences(self.body).take(before.chars().count()).map(<[u8]>::len).sum(),
        };
        Place { line: 1 + before.bytes().filter(|b| *b == b'\n').count(), byte: self.mark + byte }
    }
}

/// Decodes a document strictly, in the encoding that its byte order mark and its declaration agree on.
///
/// # Errors
/// A declaration that is malformed, names an encoding we do not read, or is not true of the bytes.
pub(super) fn decode(bytes: &[u8]) -> Result<Document<'_>, XmlFault> {
    match bytes {
        [0xef, 0xbb, 0xbf, body @ ..] => decode_utf_8_with_mark(body),
        [0xff, 0xfe, body @ ..] => decode_utf_16(body, UTF_16LE),
        [0xfe, 0xff, body @ ..] => decode_utf_16(body, UTF_16BE),
        // `<` in two bytes: UTF-16 that lacks the mark the standard requires (section 4.3.3).
        [b'<', 0, ..] | [0, b'<', ..] => {
            Err(XmlFault::EncodingFalse { declared: EncodingName::new("UTF-8"), at: Place { line: 1, byte: 0 } })
        }
        _ => decode_unmarked(bytes),
    }
}

/// Decodes a document strictly in the encoding that its channel says, whatever it declares.
///
/// # Errors
/// A declaration that is malformed, or bytes that are not of the encoding.
pub(super) fn decode_as(bytes: &[u8], said: XmlEncoding) -> Result<Document<'_>, XmlFault> {
    // A byte order mark is no declaration that somebody forgot to change.
    let marked = matches!(bytes, [0xef, 0xbb, 0xbf, ..] | [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    if marked || !matches!(said, XmlEncoding::Gbk | XmlEncoding::Gb18030) {
        return decode(bytes);
    }
    let declaration = declaration(bytes).map_err(|stop| on_first_line(bytes, 0, stop))?;
    let named = declaration.name(bytes).unwrap_or(b"UTF-8");
    let same = std::str::from_utf8(named).is_ok_and(|name| name.parse() == Ok(said));
    let document = chinese(bytes, said, declaration.end)?;
    Ok(Document { contradicts: (!same).then(|| shown(named)), ..document })
}

/// Tells whether bytes that are not of the encoding they declare are all characters of GB18030.
pub(super) fn is_chinese(bytes: &[u8]) -> bool {
    strict(bytes, GB18030).is_ok()
}

fn chinese(body: &[u8], encoding: XmlEncoding, declared_to: usize) -> Result<Document<'_>, XmlFault> {
    let text = strict(body, GB18030)
        .and_then(|text| only_short(body, encoding).map(|()| text))
        .map_err(|at| false_at(encoding, line(body, at), at))?;
    Ok(Document { text: Cow::Owned(text), encoding, contradicts: None, declared_to, body, mark: 0 })
}

fn decode_utf_8_with_mark(body: &[u8]) -> Result<Document<'_>, XmlFault> {
    let declaration = declaration(body).map_err(|stop| on_first_line(body, 3, stop))?;
    agree(body, &declaration, XmlEncoding::Utf8, 3)?;
    utf_8(body, 3, declaration.end)
}

fn decode_unmarked(body: &[u8]) -> Result<Document<'_>, XmlFault> {
    let declaration = declaration(body).map_err(|stop| on_first_line(body, 0, stop))?;
    match declared(body, &declaration)? {
        None | Some(XmlEncoding::Utf8) => utf_8(body, 0, declaration.end),
        Some(XmlEncoding::Utf16) => Err(untrue(body, &declaration, 0)),
        Some(encoding) => chinese(body, encoding, declaration.end),
    }
}

fn decode_utf_16<'a>(body: &'a [u8], order: &'static Encoding) -> Result<Document<'a>, XmlFault> {
    let text = strict(body, order).map_err(|at| false_at(XmlEncoding::Utf16, 1, 2 + at))?;
    let declaration = declaration(text.as_bytes()).map_err(|stop| on_first_line(text.as_bytes(), 2, stop))?;
    agree(text.as_bytes(), &declaration, XmlEncoding::Utf16, 2)?;
    Ok(Document {
        text: Cow::Owned(text),
        encoding: XmlEncoding::Utf16,
        contradicts: None,
        declared_to: declaration.end,
        body,
        mark: 2,
    })
}

fn utf_8(body: &[u8], mark: usize, declared_to: usize) -> Result<Document<'_>, XmlFault> {
    let text = std::str::from_utf8(body).map_err(|fault| {
        let at = fault.valid_up_to();
        false_at(XmlEncoding::Utf8, line(body, at), mark + at)
    })?;
    Ok(Document { text: Cow::Borrowed(text), encoding: XmlEncoding::Utf8, contradicts: None, declared_to, body, mark })
}

/// Decodes without replacing anything; gives the first byte that is no character.
fn strict(body: &[u8], encoding: &'static Encoding) -> Result<String, usize> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let room = decoder.max_utf8_buffer_length_without_replacement(body.len()).unwrap_or(0);
    let mut text = String::with_capacity(room);
    match decoder.decode_to_string_without_replacement(body, &mut text, true) {
        (DecoderResult::InputEmpty, _) => Ok(text),
        (DecoderResult::OutputFull, read) => Err(read),
        (DecoderResult::Malformed(wrong, after), read) => Err(read.saturating_sub(usize::from(wrong) + usize::from(after))),
    }
}

/// Refuses what the decoder of GB18030 takes beyond the declared encoding: the single byte 80, and four bytes in GBK.
fn only_short(body: &[u8], encoding: XmlEncoding) -> Result<(), usize> {
    let mut at = 0;
    for sequence in sequences(body) {
        let long = sequence.len() == 4 && encoding == XmlEncoding::Gbk;
        if long || sequence == [0x80] {
            return Err(at);
        }
        at += sequence.len();
    }
    Ok(())
}

/// Cuts valid GB18030 into the sequences that give one character each.
fn sequences(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = body;
    std::iter::from_fn(move || {
        let length = match rest {
            [] => return None,
            [..=0x80, ..] => 1,
            [_, b'0'..=b'9', ..] => 4,
            _ => 2,
        };
        let (sequence, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        rest = after;
        Some(sequence)
    })
}

/// Tells what an XML declaration says; nothing when there is none.
#[derive(Default)]
struct Declaration {
    /// Where it ends.
    end: usize,
    /// Where the encoding's name begins and ends.
    encoding: Option<(usize, usize)>,
}

impl Declaration {
    fn name<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        self.encoding.and_then(|(start, end)| bytes.get(start..end))
    }
}

fn shown(name: &[u8]) -> EncodingName {
    EncodingName::new(&String::from_utf8_lossy(name))
}

/// Reads the XML declaration, if the document begins with one ([23], [24], [32], [80]).
///
/// # Errors
/// The place at which it stops being one.
fn declaration(bytes: &[u8]) -> Result<Declaration, Stop> {
    const MARK: &[u8] = b"<?xml";
    let begins = bytes.starts_with(MARK) && matches!(bytes.get(5), Some(b' ' | b'\t' | b'\r' | b'\n' | b'?'));
    if !begins {
        return Ok(Declaration::default());
    }
    let mut at = pseudo_attribute(bytes, 5, b"version")
        .filter(|(start, end)| bytes.get(*start..*end) == Some(b"1.0"))
        .map(|(_, end)| end + 1)
        .ok_or(Stop::new(5, Breach::Declaration))?;
    let encoding = pseudo_attribute(bytes, at, b"encoding");
    if let Some((start, end)) = encoding {
        if !bytes.get(start..end).is_some_and(is_encoding_name) {
            return Err(Stop::new(at, Breach::Declaration));
        }
        at = end + 1;
    }
    if let Some((start, end)) = pseudo_attribute(bytes, at, b"standalone") {
        if !matches!(bytes.get(start..end), Some(b"yes" | b"no")) {
            return Err(Stop::new(at, Breach::Declaration));
        }
        at = end + 1;
    }
    let close = skip_space(bytes, at);
    match bytes.get(close..close + 2) {
        Some(b"?>") => Ok(Declaration { end: close + 2, encoding }),
        _ => Err(Stop::new(at, Breach::Declaration)),
    }
}

/// Takes white space, the name, an equals sign and a quoted value, and gives where the value begins and ends.
fn pseudo_attribute(bytes: &[u8], at: usize, name: &[u8]) -> Option<(usize, usize)> {
    let begins = skip_space(bytes, at);
    let after = bytes.get(begins..)?.strip_prefix(name)?;
    let sign = skip_space(after, 0);
    let quoted = skip_space(after, sign + 1);
    let quote = *after.get(quoted)?;
    if begins == at || after.get(sign) != Some(&b'=') || !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let start = begins + name.len() + quoted + 1;
    let length = bytes.get(start..)?.iter().take(128).position(|b| *b == quote)?;
    Some((start, start + length))
}

/// Tells whether the bytes are a name of an encoding ([81]).
fn is_encoding_name(name: &[u8]) -> bool {
    name.first().is_some_and(u8::is_ascii_alphabetic)
        && name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// Gives the encoding that the document declares.
fn declared(bytes: &[u8], declaration: &Declaration) -> Result<Option<XmlEncoding>, XmlFault> {
    let Some(name) = declaration.name(bytes) else {
        return Ok(None);
    };
    match KNOWN.iter().find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes())) {
        Some((_, encoding)) => Ok(Some(*encoding)),
        None => Err(XmlFault::EncodingUnknown { declared: shown(name) }),
    }
}

/// Checks that the declaration says what the byte order mark says, or nothing.
fn agree(bytes: &[u8], declaration: &Declaration, marked: XmlEncoding, mark: usize) -> Result<(), XmlFault> {
    match declared(bytes, declaration)? {
        Some(encoding) if encoding != marked => Err(untrue(bytes, declaration, mark)),
        _ => Ok(()),
    }
}

/// Makes the fault of a declaration that the byte order mark, or its absence, gives the lie.
fn untrue(bytes: &[u8], declaration: &Declaration, mark: usize) -> XmlFault {
    let (start, _) = declaration.encoding.unwrap_or_default();
    let declared = shown(declaration.name(bytes).unwrap_or(b"UTF-8"));
    // A declaration is ASCII; in UTF-16 each of its characters takes two bytes.
    let byte = if mark == 2 { 2 + 2 * start } else { mark + start };
    XmlFault::EncodingFalse { declared, at: Place { line: line(bytes, start), byte } }
}

fn false_at(encoding: XmlEncoding, line: usize, byte: usize) -> XmlFault {
    XmlFault::EncodingFalse { declared: EncodingName::new(&encoding.to_string()), at: Place { line, byte } }
}

fn on_first_line(bytes: &[u8], mark: usize, stop: Stop) -> XmlFault {
    let byte = if mark == 2 { 2 + 2 * stop.at } else { mark + stop.at };
    stop.fault(Place { line: line(bytes, stop.at), byte })
}

/// Gives the line of a byte, counted from 1.
fn line(bytes: &[u8], at: usize) -> usize {
    1 + bytes.iter().take(at).filter(|b| **b == b'\n').count()
}
