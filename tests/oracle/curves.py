"""Ed25519 verification (RFC 8032) and X25519 (RFC 7748) in plain Python.

Nothing here is constant-time: the oracle holds no secret that is worth anything.
"""
from __future__ import annotations

import hashlib
from typing import Optional, Tuple

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = (-121665 * pow(121666, -1, P)) % P
SQRT_MINUS_ONE = pow(2, (P - 1) // 4, P)

Point = Tuple[int, int, int, int]
"""A point of edwards25519 in extended coordinates: X, Y, Z, T with x = X/Z, y = Y/Z, T = XY/Z."""

NEUTRAL: Point = (0, 1, 1, 0)


def _recover_x(y: int, sign: int) -> Optional[int]:
    """Gives the x that belongs to y (RFC 8032 section 5.1.3), or None where there is none."""
    if y >= P:
        return None
    x_squared = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    if x_squared == 0:
        return None if sign else 0
    x = pow(x_squared, (P + 3) // 8, P)
    if (x * x - x_squared) % P != 0:
        x = x * SQRT_MINUS_ONE % P
    if (x * x - x_squared) % P != 0:
        return None
    return P - x if (x & 1) != sign else x


def decompress(encoded: bytes) -> Optional[Point]:
    """Decodes 32 bytes to a point, or None."""
    if len(encoded) != 32:
        return None
    number = int.from_bytes(encoded, "little")
    y, sign = number & ((1 << 255) - 1), number >> 255
    x = _recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def compress(point: Point) -> bytes:
    """Encodes a point as RFC 8032 section 5.1.2 says."""
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | ((x & 1) << 255)).to_bytes(32, "little")


def add(p: Point, q: Point) -> Point:
    """Adds two points (RFC 8032 section 5.1.4)."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def double(p: Point) -> Point:
    """Doubles a point (RFC 8032 section 5.1.4)."""
    a, b = p[0] * p[0] % P, p[1] * p[1] % P
    c = 2 * p[2] * p[2] % P
    h = a + b
    e = h - (p[0] + p[1]) ** 2 % P
    g = a - b
    f = c + g
    return (e * f % P, g * h % P, f * g % P, e * h % P)


_BASE_Y = 4 * pow(5, -1, P) % P
_BASE_X = _recover_x(_BASE_Y, 0) or 0
BASE: Point = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % P)


def two_multiples(s: int, p: Point, k: int, q: Point) -> Point:
    """Computes s·p + k·q in one pass over the bits."""
    both = add(p, q)
    total = NEUTRAL
    for bit in range(max(s.bit_length(), k.bit_length()) - 1, -1, -1):
        total = double(total)
        choice = ((s >> bit) & 1) | (((k >> bit) & 1) << 1)
        if choice:
            total = add(total, (NEUTRAL, p, q, both)[choice])
    return total


def ed25519_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tells whether the signature is good: S below the group order, and S·B − k·A encodes to the very bytes of R."""
    if len(signature) != 64:
        return False
    s = int.from_bytes(signature[32:], "little")
    a = decompress(public)
    if a is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    minus_a = (P - a[0], a[1], a[2], P - a[3])
    return compress(two_multiples(s, BASE, k, minus_a)) == signature[:32]


def x25519(scalar: bytes, u_bytes: bytes) -> bytes:
    """Computes the X25519 function (RFC 7748 section 5) with a Montgomery ladder."""
    k = int.from_bytes(scalar, "little")
    k = (k & ~(1 << 255) & ~7) | (1 << 254)
    u = (int.from_bytes(u_bytes, "little") & ((1 << 255) - 1)) % P
    x2, z2, x3, z3 = 1, 0, u, 1
    for bit in range(254, -1, -1):
        swap = (k >> bit) & 1
        if swap:
            x2, x3, z2, z3 = x3, x2, z3, z2
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a % P, b * b % P, d * a % P, c * b % P
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, u * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
        if swap:
            x2, x3, z2, z3 = x3, x2, z3, z2
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


X25519_BASE = (9).to_bytes(32, "little")


def x25519_public(secret: bytes) -> bytes:
    """Gives the public key of an X25519 secret."""
    return x25519(secret, X25519_BASE)
