"""One zstd frame and nothing else (FORMAT.md section 4, LOG.md section 1): the header is read here, the blocks by libzstd."""
from __future__ import annotations

import ctypes
from typing import NamedTuple, Optional

MAGIC = b"\x28\xb5\x2f\xfd"
OUTPUT_STEP = 1 << 20


class BadFrame(Exception):
    """The bytes are not one acceptable zstd frame."""


class FrameHeader(NamedTuple):
    """A frame header of RFC 8878 section 3.1.1.1."""

    header_bytes: int
    window_bytes: int
    content_bytes: Optional[int]
    dictionary_id: int
    has_checksum: bool


def _take(data: bytes, at: int, count: int) -> int:
    if at + count > len(data):
        raise BadFrame("the frame header is cut off")
    return int.from_bytes(data[at : at + count], "little")


def _window_bytes(descriptor: int) -> int:
    """RFC 8878 section 3.1.1.1.2."""
    base = 1 << (10 + (descriptor >> 3))
    return base + (base >> 3) * (descriptor & 7)


def read_header(data: bytes) -> FrameHeader:
    """Reads a frame header, or raises BadFrame."""
    if data[:4] != MAGIC:
        raise BadFrame("no zstd magic")
    descriptor, at = _take(data, 4, 1), 5
    single_segment = bool(descriptor & 0x20)
    if descriptor & 0x08:
        raise BadFrame("the reserved bit is set")
    window = 0
    if not single_segment:
        window, at = _window_bytes(_take(data, at, 1)), at + 1
    id_bytes = (0, 1, 2, 4)[descriptor & 3]
    dictionary_id, at = _take(data, at, id_bytes), at + id_bytes
    size_flag = descriptor >> 6
    size_bytes = (1 if single_segment else 0, 2, 4, 8)[size_flag]
    content = _take(data, at, size_bytes) + (256 if size_bytes == 2 else 0) if size_bytes else None
    if single_segment:
        window = content or 0
    return FrameHeader(at + size_bytes, window, content, dictionary_id, bool(descriptor & 0x04))


def frame_bytes(data: bytes, header: FrameHeader) -> int:
    """Walks the block headers (RFC 8878 section 3.1.1.2) and gives the length of the whole frame."""
    at = header.header_bytes
    while True:
        block = _take(data, at, 3)
        last, kind, size = block & 1, block >> 1 & 3, block >> 3
        if kind == 3:
            raise BadFrame("a reserved block type")
        at += 3 + (1 if kind == 1 else size)
        if at > len(data):
            raise BadFrame("a block is cut off")
        if last:
            break
    return at + (4 if header.has_checksum else 0)


def open_one(data: bytes, limit: int, window_limit: Optional[int] = None) -> bytes:
    """Decompresses exactly one frame that fills `data`, with no dictionary and at most `limit` bytes of output."""
    header = read_header(data)
    if header.dictionary_id != 0:
        raise BadFrame("a dictionary is asked for")
    if window_limit is not None and header.window_bytes > window_limit:
        raise BadFrame("the window is too large")
    if header.content_bytes is not None and header.content_bytes > limit:
        raise BadFrame("the declared size is over the limit")
    if frame_bytes(data, header) != len(data):
        raise BadFrame("bytes before or after the one frame")
    return _stream(data, limit)


class _In(ctypes.Structure):
    _fields_ = [("src", ctypes.c_void_p), ("size", ctypes.c_size_t), ("pos", ctypes.c_size_t)]


class _Out(ctypes.Structure):
    _fields_ = [("dst", ctypes.c_void_p), ("size", ctypes.c_size_t), ("pos", ctypes.c_size_t)]


def _load() -> ctypes.CDLL:
    library = ctypes.CDLL("libzstd.so.1")
    library.ZSTD_createDStream.restype = ctypes.c_void_p
    library.ZSTD_freeDStream.argtypes = [ctypes.c_void_p]
    library.ZSTD_decompressStream.argtypes = [ctypes.c_void_p, ctypes.POINTER(_Out), ctypes.POINTER(_In)]
    library.ZSTD_decompressStream.restype = ctypes.c_size_t
    library.ZSTD_isError.argtypes = [ctypes.c_size_t]
    return library


_ZSTD: Optional[ctypes.CDLL] = None


def _library() -> ctypes.CDLL:
    global _ZSTD
    if _ZSTD is None:
        _ZSTD = _load()
    return _ZSTD


def _stream(data: bytes, limit: int) -> bytes:
    """Runs libzstd step by step, so that a bomb is stopped at the limit and not after it."""
    library = _library()
    stream = library.ZSTD_createDStream()
    try:
        return _run(library, stream, data, limit)
    finally:
        library.ZSTD_freeDStream(stream)


def _run(library: ctypes.CDLL, stream: int, data: bytes, limit: int) -> bytes:
    source = ctypes.create_string_buffer(data, len(data))
    target = ctypes.create_string_buffer(OUTPUT_STEP)
    given = _In(ctypes.cast(source, ctypes.c_void_p), len(data), 0)
    output = bytearray()
    while True:
        got = _Out(ctypes.cast(target, ctypes.c_void_p), OUTPUT_STEP, 0)
        left = library.ZSTD_decompressStream(stream, ctypes.byref(got), ctypes.byref(given))
        if library.ZSTD_isError(left):
            raise BadFrame("libzstd refuses the frame")
        output += ctypes.string_at(target, got.pos)
        if len(output) > limit:
            raise BadFrame("more output than allowed")
        if left == 0:
            return bytes(output)
        if given.pos == given.size and got.pos < OUTPUT_STEP:
            raise BadFrame("the frame is cut off")
