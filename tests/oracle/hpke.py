"""HKDF-SHA256 (RFC 5869) and HPKE base mode, single shot, with DHKEM(X25519, HKDF-SHA256) (RFC 9180); opening only."""
from __future__ import annotations

import hashlib
import hmac
from typing import NamedTuple, Optional

from ciphers import Open, aes_gcm_open, chacha20_poly1305_open
from curves import x25519, x25519_public

HASH_BYTES = 32
NONCE_BYTES = 12
ENC_BYTES = 32


class Aead(NamedTuple):
    """An AEAD of RFC 9180 section 7.3."""

    identifier: int
    key_bytes: int
    open: Open


AES_128_GCM = Aead(0x0001, 16, aes_gcm_open)
AES_256_GCM = Aead(0x0002, 32, aes_gcm_open)
CHACHA20_POLY1305 = Aead(0x0003, 32, chacha20_poly1305_open)


def hkdf_extract(salt: bytes, ikm: bytes) -> bytes:
    """RFC 5869 section 2.2."""
    return hmac.new(salt or bytes(HASH_BYTES), ikm, hashlib.sha256).digest()


def hkdf_expand(prk: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 section 2.3."""
    okm, block, counter = b"", b"", 1
    while len(okm) < length:
        block = hmac.new(prk, block + info + bytes([counter]), hashlib.sha256).digest()
        okm, counter = okm + block, counter + 1
    return okm[:length]


def _labeled_extract(suite_id: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return hkdf_extract(salt, b"HPKE-v1" + suite_id + label + ikm)


def _labeled_expand(suite_id: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    return hkdf_expand(prk, length.to_bytes(2, "big") + b"HPKE-v1" + suite_id + label + info, length)


def _shared_secret(dh: bytes, enc: bytes, public: bytes) -> bytes:
    """ExtractAndExpand of RFC 9180 section 4.1, KEM 0x0020."""
    suite_id = b"KEM\x00\x20"
    prk = _labeled_extract(suite_id, b"", b"eae_prk", dh)
    return _labeled_expand(suite_id, prk, b"shared_secret", enc + public, HASH_BYTES)


class Schedule(NamedTuple):
    """What the key schedule gives for one single-shot message."""

    key: bytes
    nonce: bytes


def key_schedule(aead: Aead, shared_secret: bytes, info: bytes) -> Schedule:
    """KeySchedule of RFC 9180 section 5.1 in base mode; the nonce is the one of sequence number 0."""
    suite_id = b"HPKE\x00\x20\x00\x01" + aead.identifier.to_bytes(2, "big")
    psk_id_hash = _labeled_extract(suite_id, b"", b"psk_id_hash", b"")
    info_hash = _labeled_extract(suite_id, b"", b"info_hash", info)
    context = b"\0" + psk_id_hash + info_hash
    secret = _labeled_extract(suite_id, shared_secret, b"secret", b"")
    key = _labeled_expand(suite_id, secret, b"key", context, aead.key_bytes)
    nonce = _labeled_expand(suite_id, secret, b"base_nonce", context, NONCE_BYTES)
    return Schedule(key, nonce)


def open_base(aead: Aead, secret: bytes, enc: bytes, info: bytes, aad: bytes, sealed: bytes) -> Optional[bytes]:
    """Opens a single-shot base-mode message (RFC 9180 section 6.1); None when it does not open.

    An all-zero Diffie-Hellman result is refused (RFC 9180 section 7.1.4).
    """
    if len(enc) != ENC_BYTES:
        return None
    dh = x25519(secret, enc)
    if dh == bytes(32):
        return None
    schedule = key_schedule(aead, _shared_secret(dh, enc, x25519_public(secret)), info)
    return aead.open(schedule.key, schedule.nonce, aad, sealed)
