//! The files of a log directory (LOG.md section 1) and their lines, read as streams.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::verify::Unreadable;
use crate::limits::{KEYRING_MAX, LINE_MAX};
use crate::suite::{Digest, Hasher, StationId};

/// Whether a segment lies there plain, compressed, or both.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Forms {
    pub(super) plain: bool,
    pub(super) compressed: bool,
}

/// The names found in a log directory, sorted by what they are.
#[derive(Debug, Default)]
pub(super) struct LogDir {
    path: PathBuf,
    pub(super) segments: BTreeMap<u64, Forms>,
    pub(super) checkpoints: Vec<u64>,
    pub(super) own_keyrings: Vec<u64>,
    pub(super) peer_keyrings: BTreeMap<StationId, Vec<u64>>,
    pub(super) others: Vec<String>,
}

enum Name {
    Segment(u64),
    Compressed(u64),
    Checkpoints(u64),
    OwnKeyring(u64),
    PeerKeyring(StationId, u64),
}

impl LogDir {
    /// Lists the directory.
    pub(super) fn list(path: &Path) -> Result<Self, Unreadable> {
        let mut found = Self { path: path.to_owned(), ..Self::default() };
        let unreadable = |source| Unreadable::at(path, source);
        for entry in std::fs::read_dir(path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let regular = entry.file_type().map_err(unreadable)?.is_file();
            if !name.starts_with('.') {
                found.sort_in(name, regular);
            }
        }
        found.checkpoints.sort_unstable();
        found.own_keyrings.sort_unstable();
        found.peer_keyrings.values_mut().for_each(|v| v.sort_unstable());
        found.others.sort_unstable();
        Ok(found)
    }

    fn sort_in(&mut self, name: String, regular: bool) {
        match Name::parse(&name).filter(|_| regular) {
            Some(Name::Segment(n)) => self.segments.entry(n).or_default().plain = true,
            Some(Name::Compressed(n)) => self.segments.entry(n).or_default().compressed = true,
            Some(Name::Checkpoints(n)) => self.checkpoints.push(n),
            Some(Name::OwnKeyring(v)) => self.own_keyrings.push(v),
            Some(Name::PeerKeyring(s, v)) => self.peer_keyrings.entry(s).or_default().push(v),
            None => self.others.push(name),
        }
    }

    /// Opens a file for reading by lines; compressed ones are decompressed as they are read.
    pub(super) fn open(&self, name: &str) -> Result<Box<dyn BufRead>, Unreadable> {
        let path = self.path.join(name);
        let unreadable = |source| Unreadable::at(&path, source);
        let file = File::open(&path).map_err(unreadable)?;
        if !name.ends_with(".zst") {
            return Ok(Box::new(BufReader::with_capacity(1 << 16, file)));
        }
        let frame = zstd::stream::read::Decoder::new(file).map_err(unreadable)?;
        let one = OneFrame(frame.single_frame());
        Ok(Box::new(BufReader::with_capacity(1 << 16, one)))
    }

    /// Reads a keyring file, and one byte more than a keyring may have.
    pub(super) fn keyring(&self, name: &str) -> Result<Vec<u8>, Unreadable> {
        let path = self.path.join(name);
        let mut bytes = Vec::new();
        File::open(&path)
            .and_then(|file| file.take(KEYRING_MAX as u64 + 1).read_to_end(&mut bytes))
            .map_err(|source| Unreadable::at(&path, source))?;
        Ok(bytes)
    }

    /// Returns the digest of all bytes a file yields; `None` when a compressed one is broken.
    pub(super) fn content_digest(&self, name: &str) -> Result<Option<Digest>, Unreadable> {
        let mut reader = self.open(name)?;
        let mut hasher = Hasher::new();
        loop {
            let taken = match reader.fill_buf() {
                Ok([]) => return Ok(Some(hasher.finish())),
                Ok(bytes) => {
                    hasher.update(bytes);
                    bytes.len()
                }
                Err(_) => return Ok(None),
            };
            reader.consume(taken);
        }
    }
}

/// One zstd frame; bytes after it are an error.
struct OneFrame(zstd::stream::read::Decoder<'static, BufReader<File>>);

impl Read for OneFrame {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(out)?;
        if read == 0 && !out.is_empty() && !self.0.get_mut().fill_buf()?.is_empty() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(read)
    }
}

/// Returns the name of a segment's plain file.
pub(super) fn segment_name(first: u64) -> String {
    format!("{first:012}.jsonl")
}

/// Returns the name of a segment's compressed file.
pub(super) fn compressed_name(first: u64) -> String {
    format!("{first:012}.jsonl.zst")
}

/// Returns the name of a segment's file of checkpoints.
pub(super) fn checkpoints_name(first: u64) -> String {
    format!("{first:012}.checkpoints")
}

/// Returns the name of an own keyring.
pub(super) fn own_keyring_name(version: u64) -> String {
    format!("keyring-{version:06}.txt")
}

/// Returns the name of a peer's keyring.
pub(super) fn peer_keyring_name(station: StationId, version: u64) -> String {
    format!("peer-{station}-{version:06}.txt")
}

impl Name {
    fn parse(name: &str) -> Option<Self> {
        if let Some(rest) = name.strip_suffix(".txt") {
            if let Some(version) = rest.strip_prefix("keyring-") {
                return digits(version, 6).map(Self::OwnKeyring);
            }
            let (station, version) = rest.strip_prefix("peer-")?.split_once('-')?;
            let station = station.parse().ok()?;
            return Some(Self::PeerKeyring(station, digits(version, 6)?));
        }
        let (number, ending) = name.split_at_checked(12)?;
        let number = digits(number, 12)?;
        match ending {
            ".jsonl" => Some(Self::Segment(number)),
            ".jsonl.zst" => Some(Self::Compressed(number)),
            ".checkpoints" => Some(Self::Checkpoints(number)),
            _ => None,
        }
    }
}

fn digits(text: &str, count: usize) -> Option<u64> {
    let all = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if all { text.parse().ok() } else { None };
    number.filter(|&number: &u64| number > 0)
}

/// What stands next in a file of lines.
pub(super) enum Piece<'a> {
    /// A line, without its LF.
    Line(&'a [u8]),
    /// A line of more than 4,096 bytes, skipped.
    TooLong,
    /// So many bytes without an LF at the end of the file.
    Torn(u64),
}

/// Reads a file line by line with bounded memory.
pub(super) struct Lines {
    reader: Box<dyn BufRead>,
    buffer: Vec<u8>,
}

impl Lines {
    pub(super) fn new(reader: Box<dyn BufRead>) -> Self {
        Self { reader, buffer: Vec::with_capacity(LINE_MAX + 1) }
    }

    /// Returns the next piece; `None` at the end of the file.
    pub(super) fn next(&mut self) -> io::Result<Option<Piece<'_>>> {
        self.buffer.clear();
        let limit = LINE_MAX as u64 + 1;
        (&mut self.reader).take(limit).read_until(b'\n', &mut self.buffer)?;
        if self.buffer.last() == Some(&b'\n') {
            self.buffer.pop();
            return Ok(Some(Piece::Line(&self.buffer)));
        }
        let read = self.buffer.len() as u64;
        if read < limit {
            return Ok((read > 0).then_some(Piece::Torn(read)));
        }
        let (skipped, ended) = self.skip_line()?;
        Ok(Some(if ended { Piece::TooLong } else { Piece::Torn(read + skipped) }))
    }

    /// Skips to behind the next LF; tells how many bytes that were and whether there was one.
    fn skip_line(&mut self) -> io::Result<(u64, bool)> {
        let mut skipped = 0;
        loop {
            let bytes = self.reader.fill_buf()?;
            if bytes.is_empty() {
                return Ok((skipped, false));
            }
            let end = bytes.iter().position(|&byte| byte == b'\n');
            let taken = end.map_or(bytes.len(), |at| at + 1);
            self.reader.consume(taken);
            skipped += taken as u64;
            if end.is_some() {
                return Ok((skipped, true));
            }
        }
    }
}
