"""The published test vectors of the primitives, run by `oracle.py selftest`."""
from __future__ import annotations

from typing import Callable, List, Tuple

import ciphers
import curves
import hpke
import merkle
import zstd_frame

_h = bytes.fromhex


def _ed25519(public: str, message: str, signature: str) -> bool:
    good = curves.ed25519_verify(_h(public), _h(message), _h(signature))
    flipped = bytearray(_h(signature))
    flipped[5] ^= 1
    return good and not curves.ed25519_verify(_h(public), _h(message), bytes(flipped))


def ed25519_test_1() -> bool:
    """RFC 8032 section 7.1, TEST 1."""
    return _ed25519(
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    )


def ed25519_test_3() -> bool:
    """RFC 8032 section 7.1, TEST 3."""
    return _ed25519(
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    )


def x25519_once() -> bool:
    """RFC 7748 section 5.2, first vector."""
    return curves.x25519(
        _h("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
        _h("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"),
    ) == _h("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552")


def x25519_thousand_times() -> bool:
    """RFC 7748 section 5.2, the iterated vector after 1,000 rounds."""
    k = u = curves.X25519_BASE
    for _ in range(1000):
        k, u = curves.x25519(k, u), k
    return k == _h("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51")


def hkdf_case_1() -> bool:
    """RFC 5869 appendix A.1."""
    prk = hpke.hkdf_extract(_h("000102030405060708090a0b0c"), b"\x0b" * 22)
    return hpke.hkdf_expand(prk, _h("f0f1f2f3f4f5f6f7f8f9"), 42) == _h(
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )


def aes_256_block() -> bool:
    """FIPS 197 appendix C.3."""
    keys = ciphers.aes_round_keys(bytes(range(32)))
    block = _h("00112233445566778899aabbccddeeff")
    return ciphers.aes_encrypt_block(keys, block) == _h("8ea2b7ca516745bfeafc49904b496089")


def aes_256_gcm() -> bool:
    """The GCM specification's test case 16."""
    key = _h("feffe9928665731c6d6a8f9467308308") * 2
    nonce, aad = _h("cafebabefacedbaddecaf888"), _h("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    sealed = _h(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"
    )
    plain = _h(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    opened = ciphers.aes_gcm_open(key, nonce, aad, sealed)
    return opened == plain and ciphers.aes_gcm_open(key, nonce, aad + b"x", sealed) is None


def chacha20_poly1305() -> bool:
    """RFC 8439 section 2.8.2."""
    key, nonce = bytes(range(0x80, 0xA0)), _h("070000004041424344454647")
    aad = _h("50515253c0c1c2c3c4c5c6c7")
    sealed = _h(
        "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
        "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
        "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
        "3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691"
    )
    plain = (
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
    )
    opened = ciphers.chacha20_poly1305_open(key, nonce, aad, sealed)
    return opened == plain and ciphers.chacha20_poly1305_open(key, nonce, b"", sealed) is None


_HPKE_INFO = _h("4f6465206f6e2061204772656369616e2055726e")
_HPKE_PLAIN = _h("4265617574792069732074727574682c20747275746820626561757479")


def _hpke(aead: hpke.Aead, secret: str, enc: str, sealed: str) -> bool:
    args = (aead, _h(secret), _h(enc))
    good = hpke.open_base(*args, _HPKE_INFO, b"Count-0", _h(sealed)) == _HPKE_PLAIN
    return good and hpke.open_base(*args, b"other", b"Count-0", _h(sealed)) is None


def hpke_aes_128_gcm() -> bool:
    """RFC 9180 appendix A.1.1."""
    return _hpke(
        hpke.AES_128_GCM,
        "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
        "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
        "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a",
    )


def hpke_chacha20_poly1305() -> bool:
    """RFC 9180 appendix A.2.1."""
    return _hpke(
        hpke.CHACHA20_POLY1305,
        "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
        "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
        "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
    )


def merkle_by_definition() -> bool:
    """RFC 6962 section 2.1: the growing tree gives what the recursive definition gives, at every size."""
    leaves = [merkle.leaf_hash(bytes([i])) for i in range(40)]
    tree = merkle.Tree()
    for leaf in leaves:
        tree.append(leaf)
    return all(tree.root_at(n) == merkle.root_of(leaves[:n]) for n in range(41))


def zstd_one_frame() -> bool:
    """RFC 8878: a raw-block frame opens; the same frame twice is refused."""
    frame = _h("28b52ffd2003190000") + b"abc"
    if zstd_frame.open_one(frame, 3) != b"abc":
        return False
    try:
        zstd_frame.open_one(frame + frame, 6)
    except zstd_frame.BadFrame:
        return True
    return False


ALL: List[Tuple[str, Callable[[], bool]]] = [
    (test.__doc__ or "", test)
    for test in (
        ed25519_test_1, ed25519_test_3, x25519_once, x25519_thousand_times, hkdf_case_1, aes_256_block, aes_256_gcm,
        chacha20_poly1305, hpke_aes_128_gcm, hpke_chacha20_poly1305, merkle_by_definition, zstd_one_frame,
    )
]
