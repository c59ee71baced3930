"""The keyring, written from KEYRING.md alone."""
from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Any, List, NamedTuple, NoReturn, Optional, Tuple

import strict_json
from curves import ed25519_verify
from strict_json import Pairs, is_whole

MAX_FILE_BYTES = 64 * 1024
U64_MAX = 2**64 - 1
ZERO_DIGEST = "0" * 64

ROLE_AUTHORITY, ROLE_PACKET, ROLE_LOG, ROLE_ENCRYPTION, ROLE_APPROVER, ROLE_RECOVERY = range(1, 7)
ALGORITHM_BYTE = {"ed25519": 1, "x25519": 2}
ALGORITHM_OF_ROLE = {1: "ed25519", 2: "ed25519", 3: "ed25519", 4: "x25519", 5: "ed25519", 6: "x25519"}
BODY_KEYS = ["station", "name", "side", "environment", "version", "previous", "threshold", "suites", "keys", "revoked"]
KEY_KEYS = ["role", "algorithm", "suite", "id", "public", "from", "to"]


class KeyringError(Exception):
    """A keyring is refused; `code` is one of KEYRING.md section 5."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code


class Key(NamedTuple):
    """One key object (section 2)."""

    role: int
    algorithm: str
    suite: int
    id: bytes
    public: bytes
    first: int
    last: int

    def valid_for(self, number: int) -> bool:
        """Tells whether a packet number, tree size or keyring version is within `from` … `to`."""
        return self.first <= number and (self.last == 0 or number <= self.last)


class Keyring(NamedTuple):
    """One accepted keyring file."""

    station: str
    name: str
    side: str
    environment: str
    version: int
    previous: str
    suites: Tuple[int, ...]
    keys: Tuple[Key, ...]
    body: bytes
    file_digest: str

    @property
    def digest(self) -> str:
        """The keyring digest: H(body), hex (section 1)."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def fingerprint(self) -> str:
        """Twelve groups of five digits (section 4)."""
        return fingerprint_of(self.body)

    def of_role(self, role: int) -> List[Key]:
        """Gives the keys of one role."""
        return [key for key in self.keys if key.role == role]


def key_id(algorithm: str, public: bytes) -> bytes:
    """Names a key (section 3)."""
    return hashlib.sha256(b"dukou-key-v1\0" + bytes([ALGORITHM_BYTE[algorithm]]) + public).digest()[:8]


def fingerprint_of(body: bytes) -> str:
    """Section 4: 30 bytes, cut into twelve groups of 20 bits, each modulo 100,000."""
    bits = int.from_bytes(hashlib.sha256(b"dukou-fingerprint-v1\0" + body).digest()[:30], "big")
    groups = [(bits >> (20 * (11 - i))) & 0xFFFFF for i in range(12)]
    return " ".join(f"{group % 100_000:05}" for group in groups)


def _shape(why: str) -> NoReturn:
    raise KeyringError("keyring-shape", why)


def _need(condition: bool, why: str) -> None:
    if not condition:
        _shape(why)


def _base64(text: Any, length: int) -> bytes:
    """Reads padded standard base64 that has exactly one spelling."""
    _need(isinstance(text, str), "base64 is a string")
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        _shape("not base64")
    _need(len(data) == length and base64.b64encode(data).decode() == text, "wrong length or spelling of base64")
    return data


def _hex(text: Any, digits: int) -> str:
    _need(isinstance(text, str) and re.fullmatch(f"[0-9a-f]{{{digits}}}", text) is not None, f"not {digits} hex digits")
    return text


def _object(value: Any, keys: List[str]) -> List[Any]:
    """Section 2: keys in this order, all present, none unknown or doubled."""
    _need(isinstance(value, Pairs), "an object was expected")
    _need(value.names() == keys, "keys are missing, unknown, doubled or out of order")
    return [part for _, part in value]


def _array(value: Any) -> List[Any]:
    _need(isinstance(value, list) and not isinstance(value, Pairs), "an array was expected")
    return value


def _read_key(value: Any) -> Key:
    role, algorithm, suite, ident, public, first, last = _object(value, KEY_KEYS)
    _need(is_whole(role, 0, 0xFF), "a role is a number")
    _need(isinstance(algorithm, str) and algorithm in ALGORITHM_BYTE, "an unknown algorithm")
    _need(is_whole(suite, 0, 0xFFFF), "a suite is a number")
    _need(is_whole(first, 0, U64_MAX) and is_whole(last, 0, U64_MAX), "from and to are numbers")
    return Key(role, algorithm, suite, bytes.fromhex(_hex(ident, 16)), _base64(public, 32), first, last)


def _read_body(line: str, body: bytes, file: bytes) -> Keyring:
    try:
        value = strict_json.parse(line)
        spelling = strict_json.one_spelling(value)
    except ValueError:
        _shape("the second line is not JSON")
    _need(spelling == line, "insignificant blanks, or an escape that is not needed")
    station, name, side, environment, version, previous, threshold, suites, keys, revoked = _object(value, BODY_KEYS)
    _need(isinstance(name, str) and 1 <= len(name) <= 64, "a name has 1 … 64 characters")
    _need(not any(ord(c) < 0x20 or 0x7F <= ord(c) <= 0x9F for c in name), "a control character in the name")
    _need(side in ("inner", "outer"), "side")
    _need(environment in ("production", "test"), "environment")
    _need(is_whole(version, 1, U64_MAX), "version")
    _need((previous == ZERO_DIGEST) == (version == 1), "previous is 0 in version 1 and in no other")
    _need(is_whole(threshold, 1, 1), "threshold is 1")
    _need(all(is_whole(suite, 0, 0xFFFF) for suite in _array(suites)), "suites are numbers")
    _need(all(a < b for a, b in zip(suites, suites[1:])), "suites rise")
    _need(_array(revoked) == [], "revoked is empty in this version")
    read = tuple(_read_key(key) for key in _array(keys))
    _need(all(a.role <= b.role for a, b in zip(read, read[1:])), "keys stand in rising order of role")
    return Keyring(_hex(station, 32), name, side, environment, version, _hex(previous, 64), tuple(suites), read, body,
                   hashlib.sha256(file).hexdigest())


def _split(file: bytes) -> Tuple[bytes, str, Tuple[bytes, bytes]]:
    """Takes a file apart (section 1): body, second line, and the one signature as key id and signature."""
    _need(len(file) <= MAX_FILE_BYTES, "larger than 64 KiB")
    try:
        text = file.decode("utf-8")
    except UnicodeDecodeError:
        _shape("not UTF-8")
    lines = text.split("\n")
    _need(len(lines) == 4 and lines[3] == "" and lines[0] == "dukou-keyring/1", "three lines, each ended by LF")
    parts = lines[2].split(" ")
    _need(len(parts) == 3 and parts[0] == "sig", "a sig line")
    signature = (bytes.fromhex(_hex(parts[1], 16)), _base64(parts[2], 64))
    return (lines[0] + "\n" + lines[1] + "\n").encode("utf-8"), lines[1], signature


def _check_ids(keyring: Keyring) -> None:
    for key in keyring.keys:
        if key.id != key_id(key.algorithm, key.public):
            raise KeyringError("key-id", f"{key.id.hex()} is not its key's id")


def _check_roles(keyring: Keyring) -> None:
    if not keyring.of_role(ROLE_AUTHORITY):
        raise KeyringError("keyring-roles", "no authority key")
    for key in keyring.keys:
        if ALGORITHM_OF_ROLE.get(key.role) != key.algorithm:
            raise KeyringError("keyring-roles", f"role {key.role} with {key.algorithm}")


def _signed_by(keyring: Keyring, signature: Tuple[bytes, bytes], signers: Keyring) -> bool:
    """Tells whether an authority key of `signers`, valid for this version, made the signature."""
    ident, value = signature
    candidates = [key for key in signers.of_role(ROLE_AUTHORITY) if key.id == ident and key.valid_for(keyring.version)]
    return any(ed25519_verify(key.public, b"dukou-keyring-v1\0" + keyring.body, value) for key in candidates)


def _check_signature(keyring: Keyring, signature: Tuple[bytes, bytes], held: Optional[Keyring]) -> None:
    """Section 5: the signer is an authority key, of this version or of the one held."""
    if not any(_signed_by(keyring, signature, signers) for signers in (keyring, held) if signers is not None):
        raise KeyringError("keyring-signature", "no good signature by an authority key")


def _check_chain(keyring: Keyring, signature: Tuple[bytes, bytes], held: Keyring) -> None:
    """Section 5: version N + 1 carries the digest of version N and is signed by an authority key of it; none goes back."""
    if keyring.version <= held.version:
        raise KeyringError("keyring-rollback", f"version {keyring.version} after {held.version}")
    follows = keyring.version == held.version + 1 and keyring.previous == held.digest
    if keyring.station != held.station or not follows or not _signed_by(keyring, signature, held):
        raise KeyringError("keyring-chain", "does not follow the version held")


def version_of(file: bytes) -> int:
    """Gives the version that a file of the right shape says it is; raises KeyringError."""
    body, line, _ = _split(file)
    return _read_body(line, body, file).version


def read(file: bytes, held: Optional[Keyring] = None) -> Keyring:
    """Accepts a keyring file, on its own or as the successor of `held`; raises KeyringError.

    The order of the checks is the order in which section 5 names them.
    """
    body, line, signature = _split(file)
    keyring = _read_body(line, body, file)
    _check_ids(keyring)
    _check_roles(keyring)
    _check_signature(keyring, signature, held)
    if held is not None:
        _check_chain(keyring, signature, held)
    return keyring
