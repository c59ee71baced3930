"""Repair packets, read and made from FORMAT.md section 9 alone."""

import hashlib
import struct
from typing import List, NamedTuple, Sequence, Tuple

MAX_DATA, MAX_PARITY = 128, 64
MAX_SHARD_BYTES = (32 << 20) - (8 << 10)
MAX_GROUP_BYTES = 64 << 20
MAX_SEALED_BYTES = 33 << 20
POLYNOMIAL = 0x1002D
BASIS = [int(text, 16) for text in "0001 ACCA 3C0E 163E C582 ED2E 914C 4012 6C98 10D8 6A72 B900 FDB8 FB34 FF38 991E".split()]


class Unusable(Exception):
    """A repair packet that is ignored and counted; `code` is that of the vectors."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Repair(NamedTuple):
    """What a repair packet says, and its shard."""

    parity: int
    index: int
    members: List[Tuple[bytes, int]]
    shard: bytes


def _need(condition: bool, code: str) -> None:
    if not condition:
        raise Unusable(code)


def _rounded(length: int) -> int:
    return -(-length // 64) * 64


def read_payload(payload: bytes) -> Repair:
    """Reads a payload: version, counts and bounds, then the length, then the members."""
    _need(len(payload) >= 12, "length")
    version, data, parity, index, shard_bytes = struct.unpack("<HHHHI", payload[:12])
    _need(version == 1, "version")
    _need(1 <= data <= MAX_DATA and 1 <= parity <= MAX_PARITY and index < parity, "range")
    _need(shard_bytes <= MAX_SHARD_BYTES and shard_bytes * parity <= MAX_GROUP_BYTES, "range")
    _need(len(payload) == 12 + 40 * data + shard_bytes, "length")
    members = [struct.unpack("<32sQ", payload[at : at + 40]) for at in range(12, 12 + 40 * data, 40)]
    _need(all(1 <= length <= MAX_SEALED_BYTES for _, length in members), "range")
    _need(len({header for header, _ in members}) == data, "range")
    _need(_rounded(max(length for _, length in members)) == shard_bytes, "range")
    return Repair(parity, index, members, payload[12 + 40 * data :])


def _make_tables() -> Tuple[List[int], List[int]]:
    element = [0] * 65536
    for symbol in range(1, 65536):
        low = symbol & -symbol
        element[symbol] = element[symbol ^ low] ^ BASIS[low.bit_length() - 1]
    back = [0] * 65536
    for symbol, value in enumerate(element):
        back[value] = symbol
    return element, back


ELEMENT, SYMBOL = _make_tables()


def times(a: int, b: int) -> int:
    """The product of two symbols."""
    left, right, product = ELEMENT[a], ELEMENT[b], 0
    while right:
        if right & 1:
            product ^= left
        left <<= 1
        if left >> 16:
            left ^= POLYNOMIAL
        right >>= 1
    return SYMBOL[product]


def inverse(a: int) -> int:
    """One over a symbol: its power 2^16 - 2."""
    product, power = SYMBOL[1], a
    for _ in range(15):
        power = times(power, power)
        product = times(product, power)
    return product


def weight(parity: int, j: int, i: int) -> int:
    """What data member `i` counts in shard `j`."""
    c = 1
    while c < parity:
        c *= 2
    begin, product = c * (i // c + 1), SYMBOL[1]
    for k in range(begin, begin + c):
        if k != c + i:
            product = times(product, times(j ^ k, inverse((c + i) ^ k)))
    return product


def shard_of(members: Sequence[bytes], parity: int, index: int) -> bytes:
    """Makes one shard of parity over whole files."""
    length = _rounded(max(len(member) for member in members))
    shard = bytearray(length)
    for i, member in enumerate(members):
        own, padded = weight(parity, index, i), member + bytes(length - len(member))
        for block in range(0, length, 64):
            for s in range(block, block + 32):
                product = times(own, padded[s] | padded[s + 32] << 8)
                shard[s] ^= product & 0xFF
                shard[s + 32] ^= product >> 8
    return bytes(shard)


def digest_of(member: bytes) -> bytes:
    """What stands for a vector's file in the table."""
    return hashlib.sha256(member).digest()
