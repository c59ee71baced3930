//! One extract: JSON lines, the last of them `{"end":N}` with the number of those before it.
//!
//! Given: a file. Gives: whether it is complete, and its lines from any on. A line that ends with `\` goes on in the next, since the programs of
//! databases break long lines. Never: a line of a file that is not complete, or whose count is wrong.

use super::{fault, wrong};
use crate::connectors::tables::TableFault;
use crate::connectors::tables::change::LINE_MAX;
use crate::seams::OpenFile;
use std::path::{Path, PathBuf};

/// Bytes that are read at a time.
const READ_BYTES: usize = 256 << 10;

/// Every so many lines the place is kept, so that reading goes on without beginning anew.
const STEP: u32 = 512;

/// What the last line begins with.
const END: &[u8] = b"{\"end\":";

/// A complete extract.
pub(super) struct Extract {
    path: PathBuf,
    file: Box<dyn OpenFile>,
    /// Lines before the end.
    pub(super) lines: u32,
    /// Where line 1, 1 + STEP … begin.
    places: Vec<u64>,
}

impl Extract {
    /// Goes through a file; `None` while its last line has not come.
    pub(super) fn open(path: &Path, file: Box<dyn OpenFile>) -> Result<Option<Self>, TableFault> {
        let length = file.stat().map_err(fault)?.len;
        let mut reader = Lines { file: file.as_ref(), path, at: 0, buffer: Vec::new(), used: 0 };
        let (mut lines, mut places, mut end) = (0_u32, Vec::new(), None);
        loop {
            let place = reader.at;
            let Some(line) = reader.next_line()? else { break };
            if end.is_some() {
                return Err(wrong(path, "结束行之后还有内容", "there is something behind the end"));
            }
            if line.starts_with(END) {
                end = Some(
                    declared(&line)
                        .ok_or_else(|| wrong(path, "结束行应为 {\"end\":行数}", "the end must be {\"end\":count}"))?,
                );
                continue;
            }
            if lines % STEP == 0 {
                places.push(place);
            }
            lines = lines
                .checked_add(1)
                .filter(|lines| *lines < 0x7fff_ffff)
                .ok_or_else(|| wrong(path, "行数过多", "it has too many lines"))?;
        }
        match end {
            None => Ok(None),
            Some(_) if reader.at < length => Ok(None),
            Some(declared) if declared != u64::from(lines) => {
                let (zh, en) = (
                    format!("结束行写的是 {declared} 行，实有 {lines} 行"),
                    format!("its end says {declared} lines, there are {lines}"),
                );
                Err(wrong(path, &zh, &en))
            }
            Some(_) => Ok(Some(Self { path: path.to_path_buf(), file, lines, places })),
        }
    }

    /// Gives the lines from `from` on (1 is the first), each with its number, while `each` says so.
    pub(super) fn read_from(
        &self,
        from: u32,
        each: &mut dyn FnMut(u32, Vec<u8>) -> Result<bool, TableFault>,
    ) -> Result<(), TableFault> {
        let step = from.saturating_sub(1) / STEP;
        let Some(place) = self.places.get(step as usize) else { return Ok(()) };
        let mut reader = Lines { file: self.file.as_ref(), path: &self.path, at: *place, buffer: Vec::new(), used: 0 };
        for number in step * STEP + 1..=self.lines {
            let Some(line) = reader.next_line()? else { return Ok(()) };
            if number >= from && !each(number, line)? {
                return Ok(());
            }
        }
        Ok(())
    }
}

fn declared(line: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(line.strip_prefix(END)?.strip_suffix(b"}")?).ok()?.trim();
    digits.parse().ok()
}

/// Reads logical lines: pieces joined, empty ones passed over.
struct Lines<'a> {
    file: &'a dyn OpenFile,
    path: &'a Path,
    /// Where the next line begins.
    at: u64,
    buffer: Vec<u8>,
    /// Bytes of the buffer that lie before `at`.
    used: usize,
}

impl Lines<'_> {
    /// Gives the next line that ends with a line break; `None` at the end of the file, where one without it counts as not there.
    fn next_line(&mut self) -> Result<Option<Vec<u8>>, TableFault> {
        let mut whole: Vec<u8> = Vec::new();
        while let Some(piece) = self.piece(whole.len())? {
            match piece.strip_suffix(b"\\") {
                Some(begun) => whole.extend_from_slice(begun),
                None if piece.is_empty() && whole.is_empty() => {}
                None => {
                    whole.extend_from_slice(&piece);
                    return Ok(Some(whole));
                }
            }
        }
        Ok(None)
    }

    fn piece(&mut self, before: usize) -> Result<Option<Vec<u8>>, TableFault> {
        let mut searched = self.used;
        loop {
            let fresh = self.buffer.get(searched..).unwrap_or_default();
            if let Some(length) = fresh.iter().position(|byte| *byte == b'\n') {
                let end = searched + length;
                let piece = self.buffer.get(self.used..end).unwrap_or_default().trim_ascii_end().to_vec();
                self.at += (end + 1 - self.used) as u64;
                self.used = end + 1;
                return Ok(Some(piece));
            }
            if before + self.buffer.len() - self.used > LINE_MAX {
                return Err(wrong(self.path, "有一行过长", "a line is too long"));
            }
            self.buffer.drain(..self.used);
            self.used = 0;
            searched = self.buffer.len();
            let mut room = vec![0; READ_BYTES];
            let read = self.file.read_at(self.at + searched as u64, &mut room).map_err(fault)?;
            if read == 0 {
                return Ok(None);
            }
            self.buffer.extend_from_slice(room.get(..read).unwrap_or_default());
        }
    }
}
