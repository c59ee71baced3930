//! Segment files: which there are, reading them, and compressing the sealed ones.

use crate::error::LogFault;
use crate::seams::{FileCause, FileFault, FileOp, Files, Ownership};
use dukou_packets::log::line::Line;
use std::path::{Path, PathBuf};

/// Longest segment that is read: a full one and the batch that filled it.
pub(super) const SEGMENT_MAX: u64 = super::SEGMENT_BYTES + (32 << 20);

/// zstd level of sealed segments: they are written once and read rarely.
const LEVEL: i32 = 9;

/// Lists the segments by rising first line; a compressed one wins over its plain twin, which a crash may have left.
pub(super) fn list(files: &dyn Files, dir: &Path) -> Result<Vec<PathBuf>, LogFault> {
    let names = files.list(dir)?;
    let compressed = |name: &str| names.iter().any(|other| other.strip_suffix(".zst") == Some(name));
    let is_segment = |name: &&String| {
        let stem = name.split('.').next().unwrap_or_default();
        stem.len() == 12
            && stem.bytes().all(|byte| byte.is_ascii_digit())
            && (name.ends_with(".jsonl.zst") || (name.ends_with(".jsonl") && !compressed(name)))
    };
    Ok(names.iter().filter(is_segment).map(|name| dir.join(name)).collect())
}

/// Reads a segment, compressed or not.
pub(super) fn read(files: &dyn Files, path: &Path) -> Result<Vec<u8>, LogFault> {
    let bytes = files.read(path, SEGMENT_MAX)?;
    if path.extension().is_some_and(|extension| extension == "zst") {
        return Ok(zstd::bulk::decompress(&bytes, SEGMENT_MAX as usize).map_err(|_| damaged(path))?);
    }
    Ok(bytes)
}

/// Compresses a sealed segment beside its place, makes it durable, renames it in and removes the plain one.
pub(super) fn compress(files: &dyn Files, dir: &Path, path: &Path) -> Result<(), LogFault> {
    let plain = files.read(path, SEGMENT_MAX)?;
    let packed = zstd::bulk::compress(&plain, LEVEL).map_err(|_| damaged(path))?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let (beside, target) = (dir.join(format!(".{name}.zst")), dir.join(format!("{name}.zst")));
    files.remove(&beside)?;
    files.write_new(&beside, &[&packed], &Ownership { mode: Some(0o640), ..Ownership::default() })?;
    files.append(&beside)?.sync()?;
    files.rename_new(&beside, &target)?;
    files.sync_dir(dir)?;
    files.remove(path)?;
    Ok(())
}

fn damaged(path: &Path) -> FileFault {
    FileFault { op: FileOp::Read, path: path.to_path_buf(), cause: FileCause::System(0) }
}

/// Reads every line of the log from the first kept one on; what does not parse is passed over: the verifier judges it.
///
/// # Errors
/// [`LogFault::File`] when a segment cannot be read.
pub fn read_lines(files: &dyn Files, dir: &Path, visit: &mut dyn FnMut(Line)) -> Result<(), LogFault> {
    for path in list(files, dir)? {
        let bytes = read(files, &path)?;
        bytes.split(|byte| *byte == b'\n').filter_map(|line| Line::parse(line).ok()).for_each(&mut *visit);
    }
    Ok(())
}
