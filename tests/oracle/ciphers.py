"""AES-GCM (NIST SP 800-38D) and ChaCha20-Poly1305 (RFC 8439), opening only, in plain Python."""
from __future__ import annotations

import hmac
import struct
from typing import Callable, List, Optional

Open = Callable[[bytes, bytes, bytes, bytes], Optional[bytes]]
"""key, nonce, additional data, ciphertext ‖ tag → plaintext, or None when the tag is wrong."""

TAG_BYTES = 16


def _make_sbox() -> List[int]:
    """Computes the AES S-box (FIPS 197 section 5.1.1) by walking the multiplicative group."""
    sbox = [0] * 256
    p = q = 1
    while True:
        p = p ^ ((p << 1) & 0xFF) ^ (0x1B if p & 0x80 else 0)
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        q ^= 0x09 if q & 0x80 else 0
        rotated = q ^ _rotl8(q, 1) ^ _rotl8(q, 2) ^ _rotl8(q, 3) ^ _rotl8(q, 4)
        sbox[p] = rotated ^ 0x63
        if p == 1:
            break
    sbox[0] = 0x63
    return sbox


def _rotl8(value: int, by: int) -> int:
    return ((value << by) | (value >> (8 - by))) & 0xFF


def _times_two(value: int) -> int:
    return ((value << 1) ^ (0x1B if value & 0x80 else 0)) & 0xFF


def _make_round_tables() -> List[List[int]]:
    """Joins SubBytes and MixColumns: one table of 256 words for each row of the state."""
    tables: List[List[int]] = [[], [], [], []]
    for s in SBOX:
        two = _times_two(s)
        word = (two << 24) | (s << 16) | (s << 8) | (two ^ s)
        for row in range(4):
            tables[row].append(((word >> (8 * row)) | (word << (32 - 8 * row))) & 0xFFFFFFFF)
    return tables


SBOX = _make_sbox()
T0, T1, T2, T3 = _make_round_tables()


def _sub_word(word: int) -> int:
    return (SBOX[word >> 24] << 24) | (SBOX[(word >> 16) & 255] << 16) | (SBOX[(word >> 8) & 255] << 8) | SBOX[word & 255]


def aes_round_keys(key: bytes) -> List[int]:
    """Expands a key of 16 or 32 bytes (FIPS 197 section 5.2)."""
    words = list(struct.unpack(f">{len(key) // 4}I", key))
    n, rcon = len(words), 1
    for i in range(n, 4 * (n + 7)):
        word = words[-1]
        if i % n == 0:
            word = _sub_word(((word << 8) | (word >> 24)) & 0xFFFFFFFF) ^ (rcon << 24)
            rcon = _times_two(rcon)
        elif n == 8 and i % n == 4:
            word = _sub_word(word)
        words.append(words[i - n] ^ word)
    return words


def aes_encrypt_block(w: List[int], block: bytes) -> bytes:
    """Encrypts one block of 16 bytes (FIPS 197 section 5.1)."""
    a, b, c, d = struct.unpack(">4I", block)
    a, b, c, d = a ^ w[0], b ^ w[1], c ^ w[2], d ^ w[3]
    last = len(w) - 4
    for i in range(4, last, 4):
        a, b, c, d = (
            T0[a >> 24] ^ T1[(b >> 16) & 255] ^ T2[(c >> 8) & 255] ^ T3[d & 255] ^ w[i],
            T0[b >> 24] ^ T1[(c >> 16) & 255] ^ T2[(d >> 8) & 255] ^ T3[a & 255] ^ w[i + 1],
            T0[c >> 24] ^ T1[(d >> 16) & 255] ^ T2[(a >> 8) & 255] ^ T3[b & 255] ^ w[i + 2],
            T0[d >> 24] ^ T1[(a >> 16) & 255] ^ T2[(b >> 8) & 255] ^ T3[c & 255] ^ w[i + 3],
        )
    s = SBOX
    return struct.pack(
        ">4I",
        ((s[a >> 24] << 24) | (s[(b >> 16) & 255] << 16) | (s[(c >> 8) & 255] << 8) | s[d & 255]) ^ w[last],
        ((s[b >> 24] << 24) | (s[(c >> 16) & 255] << 16) | (s[(d >> 8) & 255] << 8) | s[a & 255]) ^ w[last + 1],
        ((s[c >> 24] << 24) | (s[(d >> 16) & 255] << 16) | (s[(a >> 8) & 255] << 8) | s[b & 255]) ^ w[last + 2],
        ((s[d >> 24] << 24) | (s[(a >> 16) & 255] << 16) | (s[(b >> 8) & 255] << 8) | s[c & 255]) ^ w[last + 3],
    )


def aes_ctr(w: List[int], nonce: bytes, data: bytes) -> bytes:
    """Encrypts or decrypts with counter blocks nonce ‖ 2, nonce ‖ 3, … (SP 800-38D section 6.5)."""
    blocks = (len(data) + 15) // 16
    stream = b"".join(aes_encrypt_block(w, nonce + struct.pack(">I", i + 2)) for i in range(blocks))
    return _xor(data, stream[: len(data)])


def _xor(a: bytes, b: bytes) -> bytes:
    return (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).to_bytes(len(a), "big")


def _ghash_tables(h: int) -> List[List[int]]:
    """Multiplies h by every byte at every place of a block, so that one product is 16 look-ups."""
    powers, value = [], h
    for _ in range(128):
        powers.append(value)
        value = (value >> 1) ^ (0xE1 << 120 if value & 1 else 0)
    tables = []
    for place in range(16):
        table = [0] * 256
        for bit in range(8):
            step = 128 >> bit
            for byte in range(step, 256, 2 * step):
                for low in range(step):
                    table[byte + low] ^= powers[8 * place + bit]
        tables.append(table)
    return tables


def ghash(h: int, data: bytes) -> int:
    """Computes GHASH (SP 800-38D section 6.4) over whole blocks."""
    tables = _ghash_tables(h)
    y = 0
    for at in range(0, len(data), 16):
        block = (y ^ int.from_bytes(data[at : at + 16], "big")).to_bytes(16, "big")
        y = 0
        for table, byte in zip(tables, block):
            y ^= table[byte]
    return y


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 16)


def aes_gcm_tag(w: List[int], nonce: bytes, aad: bytes, ciphertext: bytes) -> bytes:
    """Computes the tag of SP 800-38D section 7.1."""
    h = int.from_bytes(aes_encrypt_block(w, bytes(16)), "big")
    lengths = struct.pack(">QQ", 8 * len(aad), 8 * len(ciphertext))
    s = ghash(h, _padded(aad) + _padded(ciphertext) + lengths)
    return _xor(s.to_bytes(16, "big"), aes_encrypt_block(w, nonce + b"\0\0\0\1"))


def aes_gcm_open(key: bytes, nonce: bytes, aad: bytes, sealed: bytes) -> Optional[bytes]:
    """Opens ciphertext ‖ tag with a 12-byte nonce; None when the tag is wrong."""
    if len(sealed) < TAG_BYTES:
        return None
    w, ciphertext = aes_round_keys(key), sealed[:-TAG_BYTES]
    if not hmac.compare_digest(aes_gcm_tag(w, nonce, aad, ciphertext), sealed[-TAG_BYTES:]):
        return None
    return aes_ctr(w, nonce, ciphertext)


def chacha20_block(key_words: List[int], counter: int, nonce_words: List[int]) -> bytes:
    """Computes one block of key stream (RFC 8439 section 2.3)."""
    start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *key_words, counter, *nonce_words]
    x = list(start)
    for _ in range(10):
        for a, b, c, d in QUARTERS:
            xa, xb, xc, xd = x[a], x[b], x[c], x[d]
            xa = (xa + xb) & 0xFFFFFFFF
            xd ^= xa
            xd = ((xd << 16) | (xd >> 16)) & 0xFFFFFFFF
            xc = (xc + xd) & 0xFFFFFFFF
            xb ^= xc
            xb = ((xb << 12) | (xb >> 20)) & 0xFFFFFFFF
            xa = (xa + xb) & 0xFFFFFFFF
            xd ^= xa
            xd = ((xd << 8) | (xd >> 24)) & 0xFFFFFFFF
            xc = (xc + xd) & 0xFFFFFFFF
            xb ^= xc
            xb = ((xb << 7) | (xb >> 25)) & 0xFFFFFFFF
            x[a], x[b], x[c], x[d] = xa, xb, xc, xd
    return struct.pack("<16I", *((p + q) & 0xFFFFFFFF for p, q in zip(x, start)))


QUARTERS = (
    (0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
    (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14),
)


def chacha20(key: bytes, counter: int, nonce: bytes, data: bytes) -> bytes:
    """Encrypts or decrypts (RFC 8439 section 2.4)."""
    key_words, nonce_words = list(struct.unpack("<8I", key)), list(struct.unpack("<3I", nonce))
    blocks = (len(data) + 63) // 64
    stream = b"".join(chacha20_block(key_words, counter + i, nonce_words) for i in range(blocks))
    return _xor(data, stream[: len(data)])


def poly1305(one_time_key: bytes, message: bytes) -> bytes:
    """Computes the authenticator of RFC 8439 section 2.5."""
    r = int.from_bytes(one_time_key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    s, p, total = int.from_bytes(one_time_key[16:], "little"), 2**130 - 5, 0
    for at in range(0, len(message), 16):
        total = (total + int.from_bytes(message[at : at + 16] + b"\1", "little")) * r % p
    return ((total + s) & (2**128 - 1)).to_bytes(16, "little")


def chacha20_poly1305_tag(key: bytes, nonce: bytes, aad: bytes, ciphertext: bytes) -> bytes:
    """Computes the tag of RFC 8439 section 2.8."""
    one_time_key = chacha20(key, 0, nonce, bytes(32))
    lengths = struct.pack("<QQ", len(aad), len(ciphertext))
    return poly1305(one_time_key, _padded(aad) + _padded(ciphertext) + lengths)


def chacha20_poly1305_open(key: bytes, nonce: bytes, aad: bytes, sealed: bytes) -> Optional[bytes]:
    """Opens ciphertext ‖ tag (RFC 8439 section 2.8); None when the tag is wrong."""
    if len(sealed) < TAG_BYTES:
        return None
    ciphertext = sealed[:-TAG_BYTES]
    if not hmac.compare_digest(chacha20_poly1305_tag(key, nonce, aad, ciphertext), sealed[-TAG_BYTES:]):
        return None
    return chacha20(key, 1, nonce, ciphertext)
