//! What a character set can hold, and how many bytes it takes there. A text that would come back changed does not fit.

use encoding_rs::{Encoding, GB18030, GBK, WINDOWS_1252};
use std::fmt;

/// The characters that a column can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// All of Unicode.
    Utf8,
    /// Unicode up to U+FFFF: MySQL's `utf8mb3`.
    Utf8Bmp,
    /// GBK as every database has it (CP936): without the euro sign, private use, and what came later with GB18030.
    Gbk,
    /// GB18030; characters whose code changed between its editions are only those that come back as they went.
    Gb18030,
    /// U+0000 to U+00FF: ISO 8859-1.
    Latin1,
    /// Windows-1252: MySQL's `latin1`.
    Windows1252,
    /// U+0000 to U+007F.
    Ascii,
}

impl fmt::Display for Charset {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Utf8 => "UTF-8",
            Self::Utf8Bmp => "utf8mb3",
            Self::Gbk => "GBK",
            Self::Gb18030 => "GB18030",
            Self::Latin1 => "ISO-8859-1",
            Self::Windows1252 => "Windows-1252",
            Self::Ascii => "ASCII",
        })
    }
}

impl Charset {
    /// Gives the bytes that a text takes in this character set.
    ///
    /// # Errors
    /// The first character that it does not have. No set has U+0000: databases end text there.
    pub fn length(self, text: &str) -> Result<u64, char> {
        let first =
            |has: &dyn Fn(char) -> bool| text.chars().find(|letter| *letter == '\0' || !has(*letter)).map_or(Ok(()), Err);
        match self {
            Self::Utf8 => first(&|_| true).map(|()| text.len() as u64),
            Self::Utf8Bmp => first(&|letter| letter <= '\u{ffff}').map(|()| text.len() as u64),
            Self::Ascii => first(&|letter| letter.is_ascii()).map(|()| text.len() as u64),
            Self::Latin1 => first(&|letter| letter <= '\u{ff}').map(|()| text.chars().count() as u64),
            Self::Gbk => encoded(text, GBK, is_cp936),
            Self::Gb18030 => encoded(text, GB18030, |_| true),
            Self::Windows1252 => encoded(text, WINDOWS_1252, |_| true),
        }
    }
}

/// Gives the length of the text in an encoding in which it comes back unchanged.
fn encoded(text: &str, encoding: &'static Encoding, has: fn(&[u8]) -> bool) -> Result<u64, char> {
    let (bytes, _, failed) = encoding.encode(text);
    let whole = !failed && !text.contains('\0') && all_known(&bytes, encoding, has) && comes_back(&bytes, encoding, text);
    if whole {
        return Ok(bytes.len() as u64);
    }
    let stranger = |letter: &char| {
        let mut room = [0; 4];
        let one: &str = letter.encode_utf8(&mut room);
        let (bytes, _, failed) = encoding.encode(one);
        *letter == '\0' || failed || !has(&bytes) || !comes_back(&bytes, encoding, one)
    };
    // Two characters that are each at home and together are not cannot be: every code here stands for itself.
    Err(text.chars().find(stranger).unwrap_or(char::REPLACEMENT_CHARACTER))
}

fn comes_back(bytes: &[u8], encoding: &'static Encoding, text: &str) -> bool {
    encoding.decode_without_bom_handling_and_without_replacement(bytes).is_some_and(|back| back == text)
}

/// Goes over the codes of one and two bytes of a text in GBK; other encodings have nothing to look for.
fn all_known(bytes: &[u8], encoding: &'static Encoding, has: fn(&[u8]) -> bool) -> bool {
    let mut rest = bytes;
    while let (true, Some(lead)) = (encoding == GBK, rest.first()) {
        let (code, behind) = rest.split_at(if *lead > 0x80 { 2.min(rest.len()) } else { 1 });
        if !has(code) {
            return false;
        }
        rest = behind;
    }
    true
}

/// Tells whether a code of GBK is in Microsoft's code page 936, on which the databases' tables stand.
///
/// What GB18030 put into free places of GBK is not: vertical forms (A6D9 …), ḿ and ǹ (A8BC, A8BF), ideographic description characters
/// (A989 …), components and ideographs (FE50 …); nor the areas for private use and the single byte of the euro sign.
fn is_cp936(code: &[u8]) -> bool {
    match *code {
        [one] => one < 0x80,
        [0xa6, 0xd9..=0xdf | 0xec | 0xed | 0xf3] | [0xa8, 0xbc | 0xbf] | [0xa9, 0x89..=0x95] | [0xfe, 0x50..=0xa0] => false,
        [0xa2, 0xab..=0xb0 | 0xe3 | 0xe4 | 0xef | 0xf0 | 0xfd | 0xfe] | [0xa4, 0xf4..=0xfe] | [0xa5, 0xf7..=0xfe] => false,
        [0xa6, 0xb9..=0xc0 | 0xf6..=0xfe]
        | [0xa7, 0xc2..=0xd0 | 0xf2..=0xfe]
        | [0xa8, 0x96..=0xa0 | 0xc1..=0xc4 | 0xea..=0xfe] => false,
        [0xa9, 0x58 | 0x5b | 0x5d..=0x5f | 0x97..=0xa3 | 0xf0..=0xfe] | [0xd7, 0xfa..=0xfe] => false,
        [0xaa..=0xaf | 0xf8..=0xfe, 0xa1..=0xfe] | [0xa1..=0xa7, 0x40..=0xa0] => false,
        _ => true,
    }
}
