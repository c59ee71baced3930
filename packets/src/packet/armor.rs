//! The armor of a packet: the same bytes as text, for gap devices that pass only text (FORMAT.md section 13).
//!
//! Given: a packet's bytes, or the front or the pieces of an armored file. Gives: text whose length follows from the packet's, or the packet's
//! bytes. Never: more memory than the packet itself, one line, and what the caller reads at a time; a second spelling of the same bytes but
//! for the line ends.

use data_encoding::BASE64;

use super::open::{HEAD_MAX, KeyBook, Refusal, VerifiedHead, read_head};
use crate::limits::{HEADER_MAX, SEALED_MAX};

/// The first line of an armored packet, without its end.
pub const FIRST_LINE: &[u8] = b"DUKOU-ARMOR-1";

/// Characters of base64 in every line but the last.
pub const LINE: usize = 76;

/// Bytes of the packet that such a line carries.
const LINE_BYTES: u64 = 57;

/// Bytes to read from the front of a file to be sure to have the whole head, whatever its form.
pub const FRONT_MAX: usize = FIRST_LINE.len() + 2 + (HEAD_MAX.div_ceil(LINE_BYTES as usize) + 1) * (LINE + 2);

/// The longest file a packet can be, in any form.
pub const FILE_MAX: u64 = Form::Armored(LineEnd::CrLf).file_len(SEALED_MAX + HEADER_MAX as u64);

/// How the lines of an armored packet end: as they were written, or as a device rewrote them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// LF, which is what a sender writes.
    Lf,
    /// CR LF in every line.
    CrLf,
}

impl LineEnd {
    const fn bytes(self) -> &'static [u8] {
        match self {
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
        }
    }
}

/// In which form a packet stands in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The packet's bytes.
    Binary,
    /// The same as text.
    Armored(LineEnd),
}

impl Form {
    /// Tells the form by a file's first bytes.
    ///
    /// # Errors
    /// [`Refusal::Short`] when there are too few of them to tell, [`Refusal::Armor`] when the first line is not ended.
    pub fn of(front: &[u8]) -> Result<Self, Refusal> {
        if !front.starts_with(FIRST_LINE) {
            return match FIRST_LINE.starts_with(front) {
                true => Err(Refusal::Short),
                false => Ok(Self::Binary),
            };
        }
        match front.get(FIRST_LINE.len()..).unwrap_or_default() {
            [b'\n', ..] => Ok(Self::Armored(LineEnd::Lf)),
            [b'\r', b'\n', ..] => Ok(Self::Armored(LineEnd::CrLf)),
            [] | [b'\r'] => Err(Refusal::Short),
            _ => Err(Refusal::Armor),
        }
    }

    /// Returns how long the file of a packet of `packet_len` bytes is in this form.
    pub const fn file_len(self, packet_len: u64) -> u64 {
        let end = match self {
            Self::Binary => return packet_len,
            Self::Armored(end) => end.bytes().len() as u64,
        };
        let text = packet_len.div_ceil(3).saturating_mul(4);
        (FIRST_LINE.len() as u64 + end).saturating_add(text).saturating_add(packet_len.div_ceil(LINE_BYTES).saturating_mul(end))
    }
}

/// Writes the armor of a packet whose bytes stand in `parts`.
pub fn armor(parts: &[&[u8]]) -> Vec<u8> {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(Form::Armored(LineEnd::Lf).file_len(len as u64) as usize);
    out.extend_from_slice(FIRST_LINE);
    out.push(b'\n');
    let mut line = Vec::with_capacity(LINE_BYTES as usize);
    for part in parts {
        let mut rest = *part;
        while !rest.is_empty() {
            let (taken, left) = rest.split_at(rest.len().min(LINE_BYTES as usize - line.len()));
            line.extend_from_slice(taken);
            rest = left;
            if line.len() == LINE_BYTES as usize {
                write_line(&line, &mut out);
                line.clear();
            }
        }
    }
    if !line.is_empty() {
        write_line(&line, &mut out);
    }
    out
}

fn write_line(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(BASE64.encode(bytes).as_bytes());
    out.push(b'\n');
}

/// The front of a packet's file: its form, and the packet's first bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Front {
    /// In which form the packet stands there.
    pub form: Form,
    /// The packet's first bytes, at most [`HEAD_MAX`]: what whole lines before any wrong one carry.
    pub bytes: Vec<u8>,
    /// True when a wrong line follows them.
    flawed: bool,
}

impl Front {
    /// Reads the first bytes of a file, [`FRONT_MAX`] or fewer.
    ///
    /// # Errors
    /// [`Refusal::Short`] when the form cannot be told yet, [`Refusal::Armor`] when the first line is wrong.
    pub fn read(front: &[u8]) -> Result<Self, Refusal> {
        let form = Form::of(front)?;
        let (mut bytes, mut flawed) = (Vec::new(), false);
        match form {
            Form::Binary => bytes.extend_from_slice(front),
            Form::Armored(_) => flawed = Unarmor::new().feed(front, &mut bytes).is_err(),
        }
        bytes.truncate(HEAD_MAX);
        Ok(Self { form, bytes, flawed })
    }

    /// Verifies the head as [`read_head`] does.
    ///
    /// # Errors
    /// As there; [`Refusal::Armor`] when a wrong line ends the head.
    pub fn head(&self, keys: &dyn KeyBook) -> Result<VerifiedHead, Refusal> {
        match read_head(&self.bytes, keys) {
            Err(Refusal::Short) if self.flawed => Err(Refusal::Armor),
            read => read,
        }
    }
}

/// Returns the packet's bytes from a whole file of any form.
///
/// # Errors
/// [`Refusal::Short`] or [`Refusal::Armor`].
pub fn read_whole(file: Vec<u8>) -> Result<Vec<u8>, Refusal> {
    match Form::of(&file) {
        Ok(Form::Armored(_)) => {}
        Ok(Form::Binary) => return Ok(file),
        // A few bytes of whatever form are no packet; the reader of packets says so.
        Err(Refusal::Short) => return Ok(file),
        Err(refusal) => return Err(refusal),
    }
    let (mut unarmor, mut packet) = (Unarmor::new(), Vec::new());
    unarmor.feed(&file, &mut packet)?;
    unarmor.finish()?;
    Ok(packet)
}

/// Takes the armor off a file that is given piece by piece.
#[derive(Debug, Default)]
pub struct Unarmor {
    /// What the first line said of line ends; `None` before its end.
    end: Option<LineEnd>,
    /// The line that is not whole yet.
    line: Vec<u8>,
    /// A line shorter than the others was read: nothing may follow it.
    ended: bool,
}

impl Unarmor {
    /// Begins before the first line.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next piece and appends the bytes that its whole lines carry.
    ///
    /// # Errors
    /// [`Refusal::Armor`]: a wrong first line, character, line length or line end, or something behind the end.
    pub fn feed(&mut self, mut piece: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        while let Some(at) = piece.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = piece.split_at_checked(at + 1).ok_or(Refusal::Armor)?;
            piece = rest;
            let held = std::mem::take(&mut self.line);
            match held.is_empty() {
                true => self.take_line(line, out)?,
                false => self.take_line(&[&held, line].concat(), out)?,
            }
        }
        if self.line.len() + piece.len() > LINE + 2 || (self.ended && !piece.is_empty()) {
            return Err(Refusal::Armor);
        }
        self.line.extend_from_slice(piece);
        Ok(())
    }

    fn take_line(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        let Some(end) = self.end else {
            self.end = match Form::of(line)? {
                Form::Armored(end) if line.len() == FIRST_LINE.len() + end.bytes().len() => Some(end),
                _ => return Err(Refusal::Armor),
            };
            return Ok(());
        };
        let text = line.strip_suffix(end.bytes()).ok_or(Refusal::Armor)?;
        if self.ended || text.is_empty() || text.len() > LINE {
            return Err(Refusal::Armor);
        }
        let bytes = BASE64.decode(text).map_err(|_| Refusal::Armor)?;
        self.ended = bytes.len() < LINE_BYTES as usize;
        out.extend_from_slice(&bytes);
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// [`Refusal::Short`] when its last line is not whole.
    pub fn finish(self) -> Result<(), Refusal> {
        match self.end.is_some() && self.line.is_empty() {
            true => Ok(()),
            false => Err(Refusal::Short),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize) -> Vec<u8> {
        (0..len).map(|index| (index * 7 + index / 251) as u8).collect()
    }

    fn crlf(text: &[u8]) -> Vec<u8> {
        text.iter().flat_map(|byte| if *byte == b'\n' { vec![b'\r', b'\n'] } else { vec![*byte] }).collect()
    }

    #[test]
    fn armor_of_every_length_is_as_long_as_computed_and_reads_back_with_either_line_end() {
        for len in (0..400).chain([4_175, 4_176, 4_177]) {
            let packet = noise(len);
            let (one, other) = packet.split_at(len / 3);
            let text = armor(&[one, other]);
            assert!(text.iter().all(|byte| byte.is_ascii_graphic() || *byte == b'\n'), "{len}");
            assert!(text.split(|byte| *byte == b'\n').all(|line| line.len() <= LINE), "{len}");
            for (end, text) in [(LineEnd::Lf, text.clone()), (LineEnd::CrLf, crlf(&text))] {
                assert_eq!(text.len() as u64, Form::Armored(end).file_len(len as u64), "{len}");
                assert_eq!(Form::of(&text), Ok(Form::Armored(end)));
                assert_eq!(read_whole(text), Ok(packet.clone()), "{len}");
            }
        }
    }

    #[test]
    fn armor_cut_anywhere_gives_no_packet_and_its_whole_lines_still_give_their_bytes() {
        let packet = noise(500);
        let text = armor(&[&packet]);
        for cut in 0..text.len() {
            match read_whole(text[..cut].to_vec()) {
                Err(refusal) => assert_eq!(refusal, Refusal::Short, "{cut}"),
                // Cut between two lines, or before the form can be told.
                Ok(got) => assert!(got.len() < packet.len(), "{cut}"),
            }
            if let Ok(front) = Front::read(&text[..cut]) {
                assert!(packet.starts_with(&front.bytes) && !front.flawed, "{cut}");
            }
        }
    }

    #[test]
    fn armor_fed_in_pieces_of_any_length_reads_as_in_one() {
        let packet = noise(1_000);
        let text = crlf(&armor(&[&packet]));
        for step in 1..200 {
            let (mut unarmor, mut got) = (Unarmor::new(), Vec::new());
            for piece in text.chunks(step) {
                unarmor.feed(piece, &mut got).expect("good armor");
            }
            assert_eq!((unarmor.finish(), &got), (Ok(()), &packet), "{step}");
        }
    }

    #[test]
    fn every_wrong_armor_is_refused() {
        let good = armor(&[&noise(200)]);
        let text = String::from_utf8(good.clone()).expect("armor is text");
        let cases = [
            ("a bad character", text.replacen('/', "*", 1)),
            ("a blank in a line", text.replacen('/', " ", 1)),
            ("a line of 72", format!("{}{}", &text[..14 + 72], &text[14 + 76..])),
            ("an empty line", text.replacen('\n', "\n\n", 1)),
            ("something behind the end", format!("{text}AAAA\n")),
            ("one line end of another kind", text.replacen("\n", "\r\n", 1)),
            ("a first line that goes on", text.replacen('\n', "x\n", 1)),
            ("a line without an end", text.replace('\n', "").replacen("-1", "-1\n", 1)),
        ];
        for (about, wrong) in cases {
            assert_eq!(read_whole(wrong.into_bytes()), Err(Refusal::Armor), "{about}");
        }
    }

    #[test]
    fn the_front_holds_the_whole_head_in_every_form() {
        let packet = noise(9_000);
        for text in [packet.clone(), armor(&[&packet]), crlf(&armor(&[&packet]))] {
            let front = Front::read(&text[..FRONT_MAX]).expect("a front");
            assert_eq!(front.bytes, packet[..HEAD_MAX]);
        }
    }
}
