//! The payload's chunks: 1 MiB of plaintext each, sealed in place (FORMAT.md section 4).

use ring::aead::{AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

use super::{ContentKey, LinkId, Suite};
use crate::limits::{CHUNK, TAG};

/// Returns how many bytes `plain_len` bytes take when they are sealed in chunks.
fn sealed_len(plain_len: usize) -> usize {
    plain_len + plain_len.div_ceil(CHUNK) * TAG
}

/// Seals `buffer` in place; it must not be empty.
pub(crate) fn seal_chunks(suite: Suite, key: &ContentKey, link: LinkId, number: u64, buffer: &mut Vec<u8>) {
    let key = aead_key(suite, key);
    let aad = additional_data(link, number);
    let plain_len = buffer.len();
    let count = plain_len.div_ceil(CHUNK);
    buffer.resize(sealed_len(plain_len), 0);
    // From the last chunk to the first, so that a chunk that moves up never covers one that has not moved yet.
    for index in (0..count).rev() {
        let from = index * CHUNK;
        let len = CHUNK.min(plain_len - from);
        let to = index * (CHUNK + TAG);
        buffer.copy_within(from..from + len, to);
        let (text, rest) = buffer[to..].split_at_mut(len);
        let tag = key
            .seal_in_place_separate_tag(nonce(index, index + 1 == count), Aad::from(&aad), text)
            .expect("a chunk is shorter than the AEAD's limit");
        rest[..TAG].copy_from_slice(tag.as_ref());
    }
}

/// Opens `payload` in place and cuts it to the plaintext; `None` when a chunk does not open.
pub(crate) fn open_chunks(suite: Suite, key: &ContentKey, link: LinkId, number: u64, mut payload: Vec<u8>) -> Option<Vec<u8>> {
    let key = aead_key(suite, key);
    let aad = additional_data(link, number);
    let sealed_len = payload.len();
    let count = sealed_len.div_ceil(CHUNK + TAG);
    if count == 0 {
        return None;
    }
    let mut plain_len = 0;
    for index in 0..count {
        let end = sealed_len.min((index + 1) * (CHUNK + TAG));
        // The sealed chunk begins TAG bytes further up for each chunk before it; ring moves it down as it decrypts.
        let area = payload.get_mut(index * CHUNK..end)?;
        let text = key.open_within(nonce(index, index + 1 == count), Aad::from(&aad), area, index * TAG..).ok()?;
        if text.is_empty() {
            return None;
        }
        plain_len += text.len();
    }
    payload.truncate(plain_len);
    Some(payload)
}

fn aead_key(suite: Suite, key: &ContentKey) -> LessSafeKey {
    let algorithm = match suite {
        Suite::Aes256Gcm => &AES_256_GCM,
        Suite::ChaCha20Poly1305 => &CHACHA20_POLY1305,
    };
    let key = UnboundKey::new(algorithm, key.as_bytes()).expect("both suites take 32-byte keys");
    LessSafeKey::new(key)
}

fn nonce(index: usize, last: bool) -> Nonce {
    let mut bytes = [0; 12];
    let counter = u32::try_from(index).expect("a payload has far fewer than 2^32 chunks");
    bytes[7..11].copy_from_slice(&counter.to_be_bytes());
    bytes[11] = u8::from(last);
    Nonce::assume_unique_for_key(bytes)
}

fn additional_data(link: LinkId, number: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(39);
    out.extend_from_slice(b"dukou-chunk-v1\0");
    out.extend_from_slice(link.as_bytes());
    out.extend_from_slice(&number.to_le_bytes());
    out
}
