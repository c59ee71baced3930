"""JSON read so that order and doubled keys can be seen, and so that nothing beyond RFC 8259 passes."""
from __future__ import annotations

import json
from typing import Any, List, NoReturn


class Pairs(list):
    """An object as its (key, value) pairs in the order they stand."""

    def names(self) -> List[str]:
        """Gives the keys in order, doubled ones twice."""
        return [key for key, _ in self]


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=Pairs, parse_constant=_no_constant)


def parse(text: str) -> Any:
    """Parses one JSON text; raises ValueError for anything else, lone surrogates and bottomless nesting included."""
    try:
        value = _DECODER.decode(text)
        if "\\u" in text:
            _encodable(value)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def _encodable(value: Any) -> None:
    """Raises ValueError (UnicodeEncodeError is one) when a string is no Unicode text."""
    if isinstance(value, str):
        value.encode("utf-8")
    elif isinstance(value, (list, tuple)):
        for part in value:
            _encodable(part)


def is_whole(value: Any, low: int, high: int) -> bool:
    """Tells whether a value is an integer (no boolean, no fraction) within bounds."""
    return type(value) is int and low <= value <= high


def one_spelling(value: Any) -> str:
    """Writes a parsed value in its one compact spelling: no insignificant blanks, no escape that is not needed.

    Raises ValueError for a value that is nested too deeply to be written.
    """
    try:
        return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _plain(value: Any) -> Any:
    if isinstance(value, Pairs):
        return {key: _plain(part) for key, part in value}
    return [_plain(part) for part in value] if isinstance(value, list) else value
