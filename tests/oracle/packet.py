"""Reading a packet, written from FORMAT.md alone and in the order of its section 10."""
from __future__ import annotations

import hashlib
import json
import re
import struct
from types import SimpleNamespace
from typing import Any, Dict, List, NamedTuple, NoReturn, Optional, Sequence

import armor
import marker
import merkle
import zstd_frame
from ciphers import TAG_BYTES
from curves import ed25519_verify, x25519_public
from hpke import AES_256_GCM, CHACHA20_POLY1305, Aead, open_base
from keyring import ROLE_PACKET, Key, Keyring, key_id

MAGIC = b"DUKOUPKT"
PRELUDE_BYTES = 16
SIGNATURE_BYTES = 64
HEADER_MIN, HEADER_MAX = 316, 4096
CHUNK_BYTES = 1 << 20
MAX_PLAIN_BYTES = 32 << 20
MAX_HEADER_AND_PAYLOAD_BYTES = 33 << 20
MAX_SIGNAL_BYTES = 1 << 20
MAX_OPENING_BYTES = 4096
MAX_BODY_BYTES = 16 << 20
MAX_RECORDS = 65_536
MAX_LINE_NUMBER = 2**53
MAX_WINDOW_BYTES = 8 << 20

CARGO, SIGNAL, REPAIR = 1, 2, 3
KNOWN_CARGO_KINDS = (1, 2, 3)
FLAG_URGENT, FLAG_NOT_ENCRYPTED = 1, 2
ENVIRONMENTS = {"production": 1, "test": 2}
SUITES: Dict[int, Aead] = {1: AES_256_GCM, 2: CHACHA20_POLY1305}
FILE, FILE_PART, TOMBSTONE, WITHDRAWAL, ROW, LARGE_VALUE, RUN = 1, 2, 3, 4, 5, 6, 7

CHANNEL = re.compile(rb"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")
REASON = re.compile(rb"[a-z0-9-]{1,64}")
ZERO_DIGEST = bytes(32)


Refused = armor.Refused


class Stanza(NamedTuple):
    """One recipient (section 2)."""

    kem: int
    key_id: bytes
    enc: bytes
    wrapped: bytes


class Extension(NamedTuple):
    """One extension (section 2)."""

    type: int
    value: bytes

    @property
    def critical(self) -> bool:
        """Bit 15 of the type."""
        return bool(self.type & 0x8000)


FIXED = struct.Struct("<BBHB3s16s16s16s8sQqI4s8sQ32sIIHHI32sQQ32sQ32sQ32s")
FIXED_FIELDS = (
    "packet_class kind flags environment reserved_a link sender addressee signing_key number clock epoch_counter "
    "reserved_b epoch_salt seq prev structure_written structure_needed record_format compression record_count root "
    "plain_len payload_len payload_digest own_size own_root peer_size peer_root"
).split()


class Header(SimpleNamespace):
    """A decoded header: the fields of FIXED_FIELDS, then `channel`, `stanzas` and `extensions`."""


class Record(NamedTuple):
    """One record (section 5); `meta` is its meta as it stands."""

    kind: int
    key: str
    name: str
    modified: int
    part_index: int
    part_count: int
    total_bytes: int
    parts_digest: bytes
    reason: str
    body: bytes
    meta: bytes


class Opened(NamedTuple):
    """A packet that passed every step."""

    header: Header
    header_digest: bytes
    plain: bytes
    records: List[Record]


class Reader(NamedTuple):
    """Who reads: the peer's keyring, this station, and the channels granted (None: all of them)."""

    keyring: Keyring
    station: bytes
    environment: int
    secrets: Sequence[bytes]
    granted: Optional[Sequence[str]] = None


class Cursor:
    """Walks over bytes and never beyond them."""

    def __init__(self, data: bytes, code: str) -> None:
        self.data, self.code, self.at = data, code, 0

    def take(self, count: int) -> bytes:
        """Gives the next bytes, or refuses with this cursor's code."""
        if count > len(self.data) - self.at:
            raise Refused(self.code, "a length runs past the end")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, count: int) -> int:
        """Gives the next little-endian number."""
        return int.from_bytes(self.take(count), "little")

    @property
    def done(self) -> bool:
        """Tells whether nothing is left."""
        return self.at == len(self.data)


# Prelude, key and signature ------------------------------------------------------------------------------------------


def _read_prelude(file: bytes) -> int:
    """The first three steps of section 10; gives `header_len`."""
    if len(file) < PRELUDE_BYTES:
        raise Refused("short", "less than 16 bytes")
    magic, number, suite, header_len = struct.unpack_from("<8sHHI", file)
    if magic != MAGIC:
        raise Refused("magic", "not a packet")
    if number != 1:
        raise Refused("format", f"format {number}")
    if suite not in SUITES:
        raise Refused("suite", f"suite {suite}")
    if not HEADER_MIN <= header_len <= HEADER_MAX:
        raise Refused("header-length", f"header of {header_len} bytes")
    if len(file) < PRELUDE_BYTES + header_len + SIGNATURE_BYTES:
        raise Refused("short", "the header is not all here")
    return header_len


def _signing_key(file: bytes, keyring: Keyring) -> Key:
    """Finds the signing key by the id at offset 72 and the number at offset 80 of the file."""
    suite = int.from_bytes(file[10:12], "little")
    ident, number = file[72:80], int.from_bytes(file[80:88], "little")
    known = [key for key in keyring.keys if key.id == ident]
    if not known:
        raise Refused("unknown-key", ident.hex())
    if suite not in keyring.suites:
        raise Refused("key-not-allowed", f"suite {suite} is not allowed")
    for key in known:
        if key.role == ROLE_PACKET and key.suite in (0, suite) and key.valid_for(number):
            return key
    raise Refused("key-not-allowed", "its role, suite or range does not fit")


def _check_signature(file: bytes, header_len: int, key: Key) -> None:
    end = PRELUDE_BYTES + header_len
    if not ed25519_verify(key.public, b"dukou-packet-v1\0" + file[:end], file[end : end + SIGNATURE_BYTES]):
        raise Refused("signature", "the signature is wrong")


# Header --------------------------------------------------------------------------------------------------------------


def _bad_header(why: str) -> NoReturn:
    raise Refused("header", why)


def _need(condition: bool, why: str) -> None:
    if not condition:
        _bad_header(why)


def _read_stanzas(cursor: Cursor) -> List[Stanza]:
    stanzas = []
    for _ in range(cursor.number(1)):
        kem, ident = cursor.number(1), cursor.take(8)
        enc = cursor.take(cursor.number(2))
        stanzas.append(Stanza(kem, ident, enc, cursor.take(cursor.number(2))))
    return stanzas


def _read_extensions(cursor: Cursor) -> List[Extension]:
    area = Cursor(cursor.take(cursor.number(2)), "header")
    extensions: List[Extension] = []
    while not area.done:
        extension = Extension(area.number(2), area.take(area.number(2)))
        _need(not extensions or extensions[-1].type < extension.type, "extension types do not rise")
        extensions.append(extension)
    return extensions


def read_header(data: bytes) -> Header:
    """Decodes a header (section 2) or refuses it with `header`."""
    cursor = Cursor(data, "header")
    fixed = dict(zip(FIXED_FIELDS, FIXED.unpack(cursor.take(FIXED.size))))
    channel = cursor.take(cursor.number(1))
    stanzas = _read_stanzas(cursor)
    extensions = _read_extensions(cursor)
    _need(cursor.done, "bytes left over")
    header = Header(**fixed, channel=channel, stanzas=stanzas, extensions=extensions)
    _check_fixed(header)
    _check_class(header, len(data))
    return header


def _check_fixed(h: Header) -> None:
    """The ranges that hold for every class."""
    _need(h.packet_class in (CARGO, SIGNAL, REPAIR), "class")
    _need(h.flags & ~(FLAG_URGENT | FLAG_NOT_ENCRYPTED) == 0, "flags")
    _need(h.environment in ENVIRONMENTS.values(), "environment")
    _need(h.reserved_a == bytes(3) and h.reserved_b == bytes(4), "a reserved byte is not 0")
    _need(1 <= h.number <= MAX_LINE_NUMBER and h.seq <= MAX_LINE_NUMBER, "number or seq")
    _need(h.own_size <= MAX_LINE_NUMBER and h.peer_size <= MAX_LINE_NUMBER, "a log's size")
    _need(h.peer_size > 0 or h.peer_root == ZERO_DIGEST, "a root for a peer log of size 0")
    _need(h.plain_len <= (MAX_SIGNAL_BYTES if h.packet_class == SIGNAL else MAX_PLAIN_BYTES), "plain_len")


def _check_class(h: Header, header_len: int) -> None:
    """What differs from class to class."""
    _need(h.payload_len <= MAX_HEADER_AND_PAYLOAD_BYTES - header_len, "payload_len")
    if h.packet_class == REPAIR:
        _need(bool(h.flags & FLAG_NOT_ENCRYPTED), "a repair packet is not encrypted")
        _need(h.compression == 0 and not h.stanzas, "compression or recipients of a repair packet")
    else:
        _need(not h.flags & FLAG_NOT_ENCRYPTED, "only repair is not encrypted")
        _need(h.compression == 1, "compression")
        _check_stanzas(h)
    if h.packet_class == CARGO:
        _check_cargo(h)
    else:
        _check_not_cargo(h)


def _check_stanzas(h: Header) -> None:
    """Section 2 gives counts and the kems there are; what kem 1 puts into a stanza is section 4's, so `unwrap` tells it."""
    _need(1 <= len(h.stanzas) <= 3, "1 … 3 recipients")
    _need(all(stanza.kem in (1, 2, 3) for stanza in h.stanzas), "kem")


def _check_cargo(h: Header) -> None:
    _need(h.epoch_counter >= 1 and h.seq >= 1, "epoch counter and seq begin with 1")
    _need(CHANNEL.fullmatch(h.channel) is not None, "channel")
    if h.kind == 1:
        _need(1 <= h.record_count <= MAX_RECORDS, "record count")
    else:
        _need(h.record_count <= MAX_RECORDS, "record count")
    _need(h.record_format == (1 if h.record_count else 0), "record format")
    _need(h.record_count > 0 or h.root == ZERO_DIGEST, "a root without records")


def _check_not_cargo(h: Header) -> None:
    """Section 2: what is 0 in signal and repair packets."""
    _need(h.channel == b"", "only cargo has a channel")
    _need(h.epoch_counter == 0 and h.epoch_salt == bytes(8) and h.seq == 0 and h.prev == ZERO_DIGEST, "epoch, seq, prev")
    _need(h.record_format == 0 and h.record_count == 0 and h.root == ZERO_DIGEST, "records")
    _need(h.structure_written == 0 and h.structure_needed == 0, "structure versions")


def link_id(sender: bytes, addressee: bytes) -> bytes:
    """Section 3."""
    return hashlib.sha256(b"dukou-link-v1\0" + sender + addressee).digest()[:16]


def _check_identity(h: Header, reader: Reader) -> None:
    if h.environment != reader.environment:
        raise Refused("environment", "of the other environment")
    if h.addressee != reader.station:
        raise Refused("addressee", "for another station")
    if h.link != link_id(h.sender, h.addressee):
        raise Refused("link", "not the link of its sender and addressee")
    if h.sender != bytes.fromhex(reader.keyring.station):
        raise Refused("sender", "the key is not the sender's")


def _check_grant(h: Header, reader: Reader) -> None:
    if h.packet_class == CARGO and reader.granted is not None and h.channel.decode("ascii") not in reader.granted:
        raise Refused("not-granted", "the channel is not granted")


def _check_critical(h: Header) -> None:
    if any(extension.critical for extension in h.extensions):
        raise Refused("critical", "an unknown critical extension")
    if h.packet_class == CARGO and h.kind not in KNOWN_CARGO_KINDS:
        raise Refused("critical", f"cargo kind {h.kind}")


# Payload -------------------------------------------------------------------------------------------------------------


def _payload(file: bytes, header_len: int, h: Header) -> bytes:
    start = PRELUDE_BYTES + header_len + SIGNATURE_BYTES
    expected = start + h.payload_len
    if len(file) != expected:
        raise Refused("short" if len(file) < expected else "length", f"{len(file)} bytes, expected {expected}")
    payload = file[start:]
    if hashlib.sha256(payload).digest() != h.payload_digest:
        raise Refused("payload-digest", "the payload is not the one signed")
    return payload


def _content_key(h: Header, aead: Aead, secrets: Sequence[bytes]) -> bytes:
    """Unwraps the first stanza whose key id the reader owns (section 4)."""
    owned = {key_id("x25519", x25519_public(secret)): secret for secret in secrets}
    for stanza in h.stanzas:
        if stanza.key_id in owned:
            return _unwrap(h, aead, owned[stanza.key_id], stanza)
    raise Refused("no-stanza", "no stanza is ours")


def _unwrap(h: Header, aead: Aead, secret: bytes, stanza: Stanza) -> bytes:
    """Opens one stanza; suites 1 and 2 know kem 1 with 32 bytes of `enc` and 48 of `wrapped` only (section 4)."""
    if (stanza.kem, len(stanza.enc), len(stanza.wrapped)) != (1, 32, 48):
        raise Refused("unwrap", "not a stanza of this suite")
    info = b"dukou-wrap-v1\0" + h.link + h.sender + stanza.key_id + struct.pack("<Q", h.number)
    key = open_base(aead, secret, stanza.enc, info, b"", stanza.wrapped)
    if key is None:
        raise Refused("unwrap", "the content key does not unwrap")
    return key


def _decrypt(h: Header, aead: Aead, key: bytes, payload: bytes) -> bytes:
    """Opens the chunks (section 4); only the last may be shorter, and it is never empty."""
    aad = b"dukou-chunk-v1\0" + h.link + struct.pack("<Q", h.number)
    sealed_bytes = CHUNK_BYTES + TAG_BYTES
    chunks = [payload[at : at + sealed_bytes] for at in range(0, len(payload), sealed_bytes)]
    if not chunks or len(chunks[-1]) <= TAG_BYTES:
        raise Refused("decrypt", "an empty chunk")
    compressed = []
    for index, chunk in enumerate(chunks):
        nonce = bytes(7) + struct.pack(">I", index) + bytes([index == len(chunks) - 1])
        opened = aead.open(key, nonce, aad, chunk)
        if opened is None:
            raise Refused("decrypt", f"chunk {index} does not open")
        compressed.append(opened)
    return b"".join(compressed)


def _decompress(h: Header, compressed: bytes) -> bytes:
    try:
        plain = zstd_frame.open_one(compressed, h.plain_len, MAX_WINDOW_BYTES)
    except zstd_frame.BadFrame as bad:
        raise Refused("decompress", str(bad)) from None
    if len(plain) != h.plain_len:
        raise Refused("decompress", f"{len(plain)} bytes instead of {h.plain_len}")
    return plain


# Records -------------------------------------------------------------------------------------------------------------


def _bad_record(condition: bool, why: str) -> None:
    if condition:
        raise Refused("records", why)


def _text(cursor: Cursor, low: int, high: int) -> str:
    length = cursor.number(8)
    _bad_record(not low <= length <= high, "the length of a text")
    try:
        return cursor.take(length).decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("records", "a text is not UTF-8") from None


def _read_record(cursor: Cursor) -> Record:
    start = cursor.at
    kind = cursor.number(1)
    _bad_record(not FILE <= kind <= RUN, "kind of a record")
    key, name = _text(cursor, 0, 512), _text(cursor, 1, 4096)
    modified = int.from_bytes(cursor.take(8), "little", signed=True)
    index, count, total = cursor.number(4), cursor.number(4), cursor.number(8)
    parts_digest = cursor.take(32)
    reason = _text(cursor, *((1, 64) if kind in (TOMBSTONE, WITHDRAWAL) else (0, 0)))
    body_length = cursor.number(8)
    _bad_record(body_length > MAX_BODY_BYTES, "a body over 16 MiB")
    meta = cursor.data[start : cursor.at]
    record = Record(kind, key, name, modified, index, count, total, parts_digest, reason, cursor.take(body_length), meta)
    _check_record(record)
    return record


def _check_record(r: Record) -> None:
    """The ranges of section 5."""
    _bad_record(any(part in ("", ".", "..") for part in r.name.split("/")) or "\0" in r.name, "name")
    if r.kind in (TOMBSTONE, WITHDRAWAL):
        _bad_record(REASON.fullmatch(r.reason.encode("utf-8")) is None, "reason")
        _bad_record(r.body != b"", "a body where there is none")
    if r.kind == ROW:
        _bad_record(not (r.body.startswith(b'{"op":"') and r.body.endswith(b"}")), "the body of a row change")
    if r.kind == RUN:
        lines = r.body.count(b"\n") == r.part_count + 1 and r.body.endswith(b"\n")
        _bad_record(not (lines and r.body.startswith(b'{"op":"')), "the body of a run")
        _bad_record(r.part_index != 0 or not 1 <= r.part_count <= MAX_RECORDS, "how many rows of a run")
        _bad_record(len(r.body) != r.total_bytes, "body length is not total bytes")
    elif r.kind in (FILE, TOMBSTONE, ROW, LARGE_VALUE):
        _bad_record((r.part_index, r.part_count) != (0, 1), "parts of a whole record")
        _bad_record(r.kind != TOMBSTONE and len(r.body) != r.total_bytes, "body length is not total bytes")
    else:
        _check_part(r)
    last_part = r.kind == FILE_PART and r.part_index == r.part_count - 1
    _bad_record(not last_part and r.parts_digest != ZERO_DIGEST, "a parts digest where there is none")


def _check_part(r: Record) -> None:
    """Parts of exactly 16 MiB, the last shorter and never empty."""
    _bad_record(r.part_count < 2 or r.part_index >= r.part_count, "part index or count")
    _bad_record(r.part_count != -(-r.total_bytes // MAX_BODY_BYTES), "part count does not fit total bytes")
    if r.kind == FILE_PART:
        expected = min(MAX_BODY_BYTES, r.total_bytes - r.part_index * MAX_BODY_BYTES)
        _bad_record(len(r.body) != expected, "length of a part")


def read_records(plain: bytes, h: Header) -> List[Record]:
    """Decodes the plain of cargo kind 1 and holds it against count and root of the header (sections 5 and 6)."""
    cursor = Cursor(plain, "records")
    salt = cursor.take(32)
    records = []
    while not cursor.done:
        records.append(_read_record(cursor))
    if len(records) != h.record_count:
        raise Refused("count", f"{len(records)} records instead of {h.record_count}")
    if merkle.root_of([leaf_of(salt, i, record) for i, record in enumerate(records)]) != h.root:
        raise Refused("root", "the records do not give the signed root")
    return records


def leaf_of(packet_salt: bytes, index: int, record: Record) -> bytes:
    """Section 6."""
    salt = hashlib.sha256(b"dukou-salt-v1\0" + packet_salt + struct.pack("<Q", index)).digest()
    return merkle.leaf_hash(salt + record.meta + hashlib.sha256(record.body).digest())


def _check_signal(plain: bytes) -> None:
    """Section 8: one UTF-8 JSON object; a version that is not known is ignored, not refused."""
    try:
        document = json.loads(plain.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Refused("records", "a signal that is not JSON") from None
    _bad_record(not isinstance(document, dict) or type(document.get("version")) is not int, "a signal without version")
    if document["version"] == 1:
        _check_signal_numbers(document)


def _check_signal_numbers(document: dict) -> None:
    """Section 8: its numbers are whole, 0 … 2⁵³."""
    numbers = [document.get("period_seconds", 0)]
    for name, keys in (("heads", ("seq",)), ("applied", ("seq",)), ("missing", ("from", "to"))):
        items = document.get(name, [])
        _bad_record(not isinstance(items, list), f"{name} is no array")
        for item in items:
            _bad_record(not isinstance(item, dict), f"{name} holds no objects")
            numbers += [item.get(key, 0) for key in keys]
    fits = all(type(number) is int and 0 <= number <= MAX_LINE_NUMBER for number in numbers)
    _bad_record(not fits, "a number outside its range")


def _check_opening(plain: bytes, h: Header) -> None:
    """Section 4: the document of an epoch opening, and what it says of its own header."""
    if h.record_count:
        raise Refused("count", "an epoch opening with records")
    _bad_record(len(plain) > MAX_OPENING_BYTES, "an epoch opening over 4 KiB")
    try:
        document = json.loads(plain.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Refused("records", "an epoch opening that is not JSON") from None
    _bad_record(not isinstance(document, dict) or document.get("version") != 1, "the version of an epoch opening")
    epoch, seq, header, reason = (document.get(key) for key in ("old_epoch", "old_seq", "old_header", "reason"))
    _bad_record(type(seq) is not int or not 0 <= seq <= MAX_LINE_NUMBER, "old_seq")
    _bad_record(not isinstance(header, str) or re.fullmatch("[0-9a-f]{64}", header) is None, "old_header")
    _bad_record(not isinstance(reason, str) or REASON.fullmatch(reason.encode("utf-8")) is None, "reason")
    none = (epoch is None, seq == 0, header == ZERO_DIGEST.hex())
    _bad_record(any(none) and not all(none), "a packet of the old epoch, or none")
    if epoch is not None:
        shape = re.fullmatch("([1-9][0-9]{0,9})-[0-9a-f]{16}", epoch) if isinstance(epoch, str) else None
        _bad_record(shape is None, "old_epoch")
        _bad_record(not int(shape.group(1)) < h.epoch_counter, "the epoch counter does not rise")
    _bad_record(h.seq != 1 or h.prev.hex() != header, "the opening is not the first packet behind the one it names")


# The whole -----------------------------------------------------------------------------------------------------------


def open_packet(file: bytes, reader: Reader) -> Opened:
    """Takes a file through every step of section 10, in its order; raises Refused with the first code that applies."""
    file = armor.take_off(file) if armor.is_armor(file) else file
    header_len = _read_prelude(file)
    _check_signature(file, header_len, _signing_key(file, reader.keyring))
    header = read_header(file[PRELUDE_BYTES : PRELUDE_BYTES + header_len])
    _check_identity(header, reader)
    _check_grant(header, reader)
    _check_critical(header)
    payload = _payload(file, header_len, header)
    digest = hashlib.sha256(file[: PRELUDE_BYTES + header_len + SIGNATURE_BYTES]).digest()
    if header.packet_class == REPAIR or (header.packet_class == SIGNAL and header.kind != 1):
        return Opened(header, digest, payload, [])
    aead = SUITES[int.from_bytes(file[10:12], "little")]
    key = _content_key(header, aead, reader.secrets)
    plain = _decompress(header, _decrypt(header, aead, key, payload))
    if header.packet_class == SIGNAL:
        _check_signal(plain)
        return Opened(header, digest, plain, [])
    if header.kind == 2:
        if header.record_count:
            raise Refused("count", "a marker with records")
        marker.check(plain, header.structure_written, header.structure_needed, header.channel.decode("ascii"))
        return Opened(header, digest, plain, [])
    if header.kind == 3:
        _check_opening(plain, header)
        return Opened(header, digest, plain, [])
    return Opened(header, digest, plain, read_records(plain, header))
