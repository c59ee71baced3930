//! The inputs of the benchmark, as files.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::Messages;
use crate::random::Random;

const FOLDER_FILES: usize = 100;
const BLOCK_BYTES: usize = 8 << 20;
const SMALL_RECORD_BYTES: usize = 1_000;

/// What a workload writer wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Number of files.
    pub files: u64,
    /// Bytes in all files together.
    pub bytes: u64,
}

/// Writes `count` messages of 2–8 KiB into numbered folders of 100 below `directory`.
///
/// # Errors
/// Returns the first error of the file system; the files written so far stay.
pub fn write_messages(directory: &Path, count: usize, seed: u64) -> io::Result<Written> {
    let mut written = Written::default();
    for (index, message) in Messages::new(seed).take(count).enumerate() {
        let folder = directory.join(format!("{:03}", index / FOLDER_FILES));
        if index % FOLDER_FILES == 0 {
            fs::create_dir_all(&folder)?;
        }
        fs::write(folder.join(message.file_name()), &message.bytes)?;
        written.files += 1;
        written.bytes += message.bytes.len() as u64;
    }
    Ok(written)
}

/// Writes one file of `mebibytes` (rounded up to 16): blocks of 8 MiB, by turns XML and random bytes.
///
/// # Errors
/// Returns the first error of the file system; the unfinished file stays.
pub fn write_mixed_file(path: &Path, mebibytes: u64, seed: u64) -> io::Result<Written> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut messages = Messages::new(seed);
    let mut random = Random::nth(seed, 1);
    let mut text = Vec::with_capacity(BLOCK_BYTES + 8 * 1024);
    let mut noise = vec![0; BLOCK_BYTES];
    let pairs = mebibytes.div_ceil(16);
    for _ in 0..pairs {
        while text.len() < BLOCK_BYTES {
            text.extend_from_slice(&messages.next_message().bytes);
        }
        file.write_all(&text[..BLOCK_BYTES])?;
        text.drain(..BLOCK_BYTES);
        random.fill(&mut noise);
        file.write_all(&noise)?;
    }
    file.flush()?;
    Ok(Written { files: 1, bytes: pairs * 2 * BLOCK_BYTES as u64 })
}

/// Writes `count` records of exactly 1,000 bytes into numbered folders of 100 below `directory`.
///
/// Each is a cut from a message, so that it compresses as messages do.
///
/// # Errors
/// Returns the first error of the file system; the files written so far stay.
pub fn write_small_records(directory: &Path, count: usize, seed: u64) -> io::Result<Written> {
    for (index, message) in Messages::new(seed).take(count).enumerate() {
        let folder = directory.join(format!("{:03}", index / FOLDER_FILES));
        if index % FOLDER_FILES == 0 {
            fs::create_dir_all(&folder)?;
        }
        fs::write(folder.join(message.file_name()), small_record(&message.bytes))?;
    }
    Ok(Written { files: count as u64, bytes: (count * SMALL_RECORD_BYTES) as u64 })
}

/// Makes a well-formed document of 1,000 bytes of the message's first holder, filled up with the start of the application
/// as a comment.
fn small_record(message: &[u8]) -> Vec<u8> {
    const END: &str = "-->\n";
    let text = String::from_utf8_lossy(message);
    let row = |table: &str| text.lines().find(|line| line.contains(table)).unwrap_or_default().trim();
    let mut record = format!("<Message><Data>\n{}\n</Data></Message><!--", row("<ZTT_GY_QLR"));
    let room = SMALL_RECORD_BYTES.saturating_sub(record.len() + END.len());
    let filling = row("<DJF_DJ_SQ");
    record.push_str(&filling[..filling.floor_char_boundary(room)]);
    while record.len() < SMALL_RECORD_BYTES - END.len() {
        record.push(' ');
    }
    record.push_str(END);
    record.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_lie_in_folders_of_a_hundred() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let written = write_messages(directory.path(), 250, 1).expect("writing works");
        assert_eq!(written.files, 250);
        for (folder, files) in [("000", 100), ("001", 100), ("002", 50)] {
            assert_eq!(fs::read_dir(directory.path().join(folder)).expect("the folder").count(), files);
        }
    }

    #[test]
    fn the_mixed_file_is_half_text_and_half_noise() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("mixed");
        let written = write_mixed_file(&path, 16, 2).expect("writing works");
        let bytes = fs::read(&path).expect("the file");
        assert_eq!((written.bytes, bytes.len()), (16 << 20, 16 << 20));
        assert!(std::str::from_utf8(&bytes[..1024]).is_ok());
        assert!(std::str::from_utf8(&bytes[BLOCK_BYTES..BLOCK_BYTES + 1024]).is_err());
    }

    #[test]
    fn a_small_record_has_a_thousand_bytes_and_ends_its_document() {
        for message in Messages::new(9).take(1_000) {
            let record = small_record(&message.bytes);
            assert_eq!(record.len(), 1_000);
            let text = std::str::from_utf8(&record).expect("the records are UTF-8");
            assert!(text.contains("<Message>") && text.contains("</Message>") && text.ends_with("-->\n"));
        }
    }
}
