"""Makes keyrings, packets and logs for `test_oracle.py`: the mirror of the readers, with throw-away keys."""
from __future__ import annotations

import base64
import hashlib
import json
import struct
from typing import Any, Dict, List, Optional, Sequence, Tuple

import ciphers
import curves
import hpke
import log_files
import merkle
import packet
from keyring import Keyring, key_id
from keyring import read as read_keyring

SENDER, ADDRESSEE = bytes(range(16)), bytes(range(16, 32))


class Signer:
    """An Ed25519 key pair from a one-byte seed."""

    def __init__(self, seed: int) -> None:
        digest = hashlib.sha512(bytes([seed]) * 32).digest()
        scalar = bytearray(digest[:32])
        scalar[0] &= 248
        scalar[31] = scalar[31] & 63 | 64
        self.scalar, self.prefix = int.from_bytes(scalar, "little"), digest[32:]
        self.public = curves.compress(curves.two_multiples(self.scalar, curves.BASE, 0, curves.BASE))
        self.id = key_id("ed25519", self.public)

    def sign(self, message: bytes) -> bytes:
        """RFC 8032 section 5.1.6."""
        r = int.from_bytes(hashlib.sha512(self.prefix + message).digest(), "little") % curves.L
        point = curves.compress(curves.two_multiples(r, curves.BASE, 0, curves.BASE))
        k = int.from_bytes(hashlib.sha512(point + self.public + message).digest(), "little") % curves.L
        return point + ((r + k * self.scalar) % curves.L).to_bytes(32, "little")


AUTHORITY, PACKET_KEY, LOG_KEY, STRANGER = Signer(1), Signer(2), Signer(3), Signer(9)
UNWRAP_SECRET = bytes([7]) * 32
UNWRAP_PUBLIC = curves.x25519_public(UNWRAP_SECRET)


def key_object(role: int, public: bytes, suite: int = 0, last: int = 0) -> Dict[str, Any]:
    """Writes one key object of KEYRING.md section 2."""
    algorithm = "x25519" if role in (4, 6) else "ed25519"
    return {"role": role, "algorithm": algorithm, "suite": suite, "id": key_id(algorithm, public).hex(),
            "public": base64.b64encode(public).decode(), "from": 1, "to": last}


def body_object() -> Dict[str, Any]:
    """Writes the body object of the sender's card."""
    keys = [key_object(1, AUTHORITY.public), key_object(2, PACKET_KEY.public, last=1000), key_object(3, LOG_KEY.public)]
    return {"station": SENDER.hex(), "name": "外网摆渡站", "side": "outer", "environment": "test", "version": 1,
            "previous": "0" * 64, "threshold": 1, "suites": [1, 2], "keys": keys, "revoked": []}


def keyring_file(body: Any, signer: Signer = AUTHORITY) -> bytes:
    """Signs a body (an object, or the second line as text) to a keyring file."""
    line = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    signed = f"dukou-keyring/1\n{line}\n".encode()
    signature = base64.b64encode(signer.sign(b"dukou-keyring-v1\0" + signed)).decode()
    return signed + f"sig {signer.id.hex()} {signature}\n".encode()


def card() -> Keyring:
    """Gives the sender's card as read."""
    return read_keyring(keyring_file(body_object()))


def text(value: str) -> bytes:
    """Writes a text of FORMAT.md section 5."""
    return struct.pack("<Q", len(value.encode())) + value.encode()


def record(kind: int = 1, name: str = "a/b.txt", body: bytes = b"hello", index: int = 0, count: int = 1,
           total: Optional[int] = None, reason: str = "", digest: bytes = bytes(32)) -> Tuple[bytes, bytes]:
    """Writes one record as meta and body."""
    total = len(body) if total is None else total
    meta = bytes([kind]) + text("key-1") + text(name) + struct.pack("<qIIQ", 1_700_000_000_000, index, count, total)
    return meta + digest + text(reason) + struct.pack("<Q", len(body)), body


def root_of_records(salt: bytes, records: Sequence[Tuple[bytes, bytes]]) -> bytes:
    """FORMAT.md section 6."""
    leaves = []
    for i, (meta, body) in enumerate(records):
        leaf_salt = hashlib.sha256(b"dukou-salt-v1\0" + salt + struct.pack("<Q", i)).digest()
        leaves.append(merkle.leaf_hash(leaf_salt + meta + hashlib.sha256(body).digest()))
    return merkle.root_of(leaves)


def raw_frame(plain: bytes, window: int = 0x50) -> bytes:
    """Writes a zstd frame of raw blocks, 1 MiB window unless told, no content size."""
    blocks = [plain[at : at + 100_000] for at in range(0, len(plain), 100_000)] or [b""]
    out = b"\x28\xb5\x2f\xfd\x00" + bytes([window])
    for i, block in enumerate(blocks):
        out += (len(block) << 3 | (i == len(blocks) - 1)).to_bytes(3, "little") + block
    return out


def seal(suite: int, key: bytes, nonce: bytes, aad: bytes, plain: bytes) -> bytes:
    """Seals with the suite's AEAD."""
    if suite == 1:
        w = ciphers.aes_round_keys(key)
        ciphertext = ciphers.aes_ctr(w, nonce, plain)
        return ciphertext + ciphers.aes_gcm_tag(w, nonce, aad, ciphertext)
    ciphertext = ciphers.chacha20(key, 1, nonce, plain)
    return ciphertext + ciphers.chacha20_poly1305_tag(key, nonce, aad, ciphertext)


class Draft:
    """A packet that can be spoilt at any step before it is signed."""

    def __init__(self, suite: int = 1, records: Optional[List[Tuple[bytes, bytes]]] = None) -> None:
        records = [record(), record(3, "c.exe", b"", total=9, reason="too-large")] if records is None else records
        salt = bytes([5]) * 32
        self.suite = suite
        self.plain = salt + b"".join(meta + body for meta, body in records)
        self.channel = b"case-files"
        self.extensions = b""
        self.frame: Optional[bytes] = None
        self.spoil_payload = False
        self.recipient = UNWRAP_PUBLIC
        self.kem = 1
        self.fixed: Dict[str, Any] = dict(
            packet_class=1, kind=1, flags=0, environment=2, reserved_a=bytes(3), sender=SENDER, addressee=ADDRESSEE,
            link=packet.link_id(SENDER, ADDRESSEE), signing_key=PACKET_KEY.id, number=12, clock=-5, epoch_counter=1,
            reserved_b=bytes(4), epoch_salt=bytes(8), seq=1, prev=bytes(32), structure_written=0, structure_needed=0,
            record_format=1, compression=1, record_count=len(records), root=root_of_records(salt, records), own_size=0,
            own_root=merkle.EMPTY_ROOT, peer_size=0, peer_root=bytes(32), plain_len=len(self.plain),
        )

    def as_signal(self, document: bytes) -> "Draft":
        """Turns the draft into a signal packet."""
        self.plain, self.channel = document, b""
        self.fixed.update(packet_class=2, epoch_counter=0, seq=0, record_format=0, record_count=0, root=bytes(32),
                          plain_len=len(document))
        return self

    def _stanza(self, content_key: bytes) -> bytes:
        secret = bytes([8]) * 32
        enc, dh = curves.x25519_public(secret), curves.x25519(secret, self.recipient)
        aead = packet.SUITES[1 if self.suite not in packet.SUITES else self.suite]
        ident = key_id("x25519", self.recipient)
        number = struct.pack("<Q", self.fixed["number"])
        info = b"dukou-wrap-v1\0" + self.fixed["link"] + self.fixed["sender"] + ident + number
        schedule = hpke.key_schedule(aead, hpke._shared_secret(dh, enc, self.recipient), info)
        wrapped = seal(self.suite, schedule.key, schedule.nonce, b"", content_key)
        return bytes([self.kem]) + ident + struct.pack("<H", 32) + enc + struct.pack("<H", len(wrapped)) + wrapped

    def _payload(self, content_key: bytes) -> bytes:
        frame = raw_frame(self.plain) if self.frame is None else self.frame
        aad = b"dukou-chunk-v1\0" + self.fixed["link"] + struct.pack("<Q", self.fixed["number"])
        chunks = [frame[at : at + packet.CHUNK_BYTES] for at in range(0, len(frame), packet.CHUNK_BYTES)]
        payload = b""
        for index, chunk in enumerate(chunks):
            nonce = bytes(7) + struct.pack(">I", index) + bytes([index == len(chunks) - 1])
            payload += seal(self.suite, content_key, nonce, aad, chunk)
        return payload[:-1] + bytes([payload[-1] ^ 1]) if self.spoil_payload else payload

    def sealed(self, signer: Signer = PACKET_KEY, **fixed: Any) -> bytes:
        """Seals and signs, with some header fields set at the last moment."""
        content_key = bytes([6]) * 32
        payload = self._payload(content_key)
        values = {"payload_len": len(payload), "payload_digest": hashlib.sha256(payload).digest(), **self.fixed, **fixed}
        header = packet.FIXED.pack(*(values[name] for name in packet.FIXED_FIELDS))
        header += bytes([len(self.channel)]) + self.channel + b"\1" + self._stanza(content_key)
        header += struct.pack("<H", len(self.extensions)) + self.extensions
        head = struct.pack("<8sHHI", b"DUKOUPKT", 1, self.suite, len(header)) + header
        return head + signer.sign(b"dukou-packet-v1\0" + head) + payload


def reader(**changes: Any) -> packet.Reader:
    """Gives the addressee as a reader."""
    return packet.Reader(card(), ADDRESSEE, 2, [UNWRAP_SECRET])._replace(**changes)


class LogDraft:
    """A log in memory: segments of lines, and the notes cut after them."""

    def __init__(self) -> None:
        self.tree = merkle.Tree()
        self.previous = bytes(32)
        self.files: Dict[str, bytes] = {"keyring-000001.txt": keyring_file(body_object())}
        self.segment = ""

    def line(self, kind: str, **values: Any) -> None:
        """Appends one line."""
        prefix = {"n": self.tree.size + 1, "prev": self.previous.hex(), "at": "2026-11-22T02:16:05.123Z", "mono": 5,
                  "boot": "0badcafe", "kind": kind}
        raw = json.dumps({**prefix, **values}, ensure_ascii=False, separators=(",", ":")).encode()
        self.previous = merkle.leaf_hash(raw)
        self.tree.append(self.previous)
        self.files[self.segment] += raw + b"\n"

    def escaped(self) -> None:
        """Appends a line that says the same as an honest one, with a letter written as an escape."""
        before = self.files[self.segment]
        self.line("again", channel="replies", operator="A")
        raw = self.files[self.segment][len(before) : -1].replace(b'"A"', b'"\\u0041"')
        self.tree.size -= 1
        self.previous = merkle.leaf_hash(raw)
        self.tree.append(self.previous)
        self.files[self.segment] = before + raw + b"\n"

    def open_segment(self) -> None:
        """Begins a segment with its first line."""
        self.segment = f"{self.tree.size + 1:012}.jsonl"
        self.files[self.segment] = b""
        peaks = self.tree.peaks_at(self.tree.size) or []
        self.line("segment", size=self.tree.size, root=merkle.root_of_peaks(peaks).hex(),
                  peaks=",".join(peak.hex() for peak in peaks))

    def cut(self, signer: Signer = LOG_KEY) -> None:
        """Cuts a checkpoint."""
        origin = log_files.origin_of(SENDER.hex())
        root = self.tree.root_at(self.tree.size) or b""
        signed = f"{origin}\n{self.tree.size}\n{base64.b64encode(root).decode()}\n".encode()
        value = log_files.key_hash(origin, signer.public) + signer.sign(signed)
        name = self.segment.replace(".jsonl", ".checkpoints")
        note = signed + f"\n— {origin} {base64.b64encode(value).decode()}\n".encode()
        self.files[name] = self.files.get(name, b"") + note

    def begin(self) -> None:
        """Writes the first two lines of a log."""
        self.open_segment()
        digest = hashlib.sha256(self.files["keyring-000001.txt"]).hexdigest()
        self.line("init", station=SENDER.hex(), side="outer", environment="test", keyring=digest)

    def packed(self, seq: int, number: int) -> str:
        """Appends `packed` and `left`; gives the header digest."""
        header = hashlib.sha256(b"packed %d" % number).hexdigest()
        self.line("packed", number=number, channel="case-files", epoch="1-" + "00" * 8, seq=seq, header=header,
                  root="11" * 32, records=1, tombstones=0, plain=99, bytes=999)
        self.line("left", number=number, header=header)
        return header

    def seen(self, seq: int, number: int, size: int, echo: int, **changes: Any) -> str:
        """Appends `seen`; gives the header digest."""
        header = hashlib.sha256(b"seen %d" % number).hexdigest()
        echo_root = self.tree.root_at(echo) if echo else bytes(32)
        values = dict(peer=ADDRESSEE.hex(), number=number, channel="replies", epoch="2-" + "aa" * 8, seq=seq, header=header,
                      root="22" * 32, records=1, size=size, peer_root=hashlib.sha256(b"%d" % size).hexdigest(),
                      echo_size=echo, echo_root=(echo_root or b"").hex(), place="next")
        self.line("seen", **{**values, **changes})
        return header

    def applied(self, seq: int, header: str) -> None:
        """Appends `applied`."""
        self.line("applied", channel="replies", epoch="2-" + "aa" * 8, seq=seq, header=header, records=1, tombstones=0)


def honest_log() -> LogDraft:
    """Writes a small log of two segments that has nothing wrong."""
    log = LogDraft()
    log.begin()
    for seq in range(1, 4):
        log.packed(seq, 10 * seq)
    log.cut()
    log.open_segment()
    log.applied(1, log.seen(1, 5, 100, 4))
    early = log.seen(3, 9, 120, 6, place="early")
    log.applied(2, log.seen(2, 7, 110, 0))
    log.applied(3, early)
    log.cut()
    return log
