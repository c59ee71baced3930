//! One zstd frame in, one zstd frame out (FORMAT.md section 4).
//!
//! The frame is decoded in one call, in which zstd itself checks no window limit; so the frame's header is read here.

use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe;

use crate::limits::WINDOW_LOG_MAX;

const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];
/// Above level 19 zstd takes windows larger than a reader accepts.
const LEVEL_MAX: i32 = 19;

/// Compresses `plain` into one frame; the level is brought into 1 … 19. `None` when zstd has no memory.
pub(super) fn compress(plain: &[u8], level: i32) -> Option<Vec<u8>> {
    let level = level.clamp(1, LEVEL_MAX);
    Compressor::new(level).ok()?.compress(plain).ok()
}

/// Decompresses exactly one frame to exactly `plain_len` bytes, which the caller has bounded.
pub(super) fn decompress(frame: &[u8], plain_len: usize) -> Option<Vec<u8>> {
    let window = window_size(frame)?;
    let content = zstd_safe::get_frame_content_size(frame).ok()?;
    let fits = window <= 1 << WINDOW_LOG_MAX
        && content.is_none_or(|length| length == plain_len as u64)
        && zstd_safe::get_dict_id_from_frame(frame).is_none()
        && zstd_safe::find_frame_compressed_size(frame) == Ok(frame.len());
    if !fits {
        return None;
    }
    let mut plain = Vec::with_capacity(plain_len);
    let mut decompressor = Decompressor::new().ok()?;
    let written = decompressor.decompress_to_buffer(frame, &mut plain).ok()?;
    (written == plain_len).then_some(plain)
}

/// Returns the window a frame asks for (RFC 8878 section 3.1.1.1); `None` when it is not a zstd frame.
fn window_size(frame: &[u8]) -> Option<u64> {
    let (magic, rest) = frame.split_first_chunk::<4>()?;
    let descriptor = *rest.first()?;
    if *magic != MAGIC {
        return None;
    }
    let single_segment = descriptor & 0x20 != 0;
    if single_segment {
        return zstd_safe::get_frame_content_size(frame).ok()?;
    }
    let window = *rest.get(1)?;
    let base = 1u64 << (10 + (window >> 3));
    Some(base + base / 8 * u64::from(window & 7))
}
