"""The lines of a packet log: their one shape and the keys of every kind (LOG.md section 2)."""
from __future__ import annotations

import datetime
import re
from typing import Any, Callable, Dict, List

import strict_json
from strict_json import Pairs, is_whole

MAX_LINE_BYTES = 4096
MAX_NUMBER = 2**53
Line = Dict[str, Any]


class BadLine(Exception):
    """A line is not well-formed."""


def _matches(pattern: str) -> Callable[[Any], bool]:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _number(value: Any) -> bool:
    return is_whole(value, 0, MAX_NUMBER)


def _string(value: Any) -> bool:
    return isinstance(value, str)


def _boolean(value: Any) -> bool:
    return isinstance(value, bool)


_digest = _matches("[0-9a-f]{64}")
_station = _matches("[0-9a-f]{32}")
_name = _matches("[a-z0-9_-]+")
_CHANNEL = "[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?"
_channel = _matches(_CHANNEL)
_EPOCH = re.compile("([1-9][0-9]{0,9})-[0-9a-f]{16}")


def _epoch(value: Any) -> bool:
    """FORMAT.md section 3, the counter being a `u32`."""
    match = _EPOCH.fullmatch(value) if isinstance(value, str) else None
    return match is not None and int(match[1]) < 2**32


_AT = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.[0-9]{3}Z")


def _wall_clock(value: Any) -> bool:
    """A moment of the calendar; years repeat after 400, and Python knows none before 1."""
    match = _AT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return False
    year, *rest = map(int, match.groups())
    try:
        datetime.datetime(2000 + year % 400, *rest)
    except ValueError:
        return False
    return True


PREFIX: Dict[str, Callable[[Any], bool]] = {
    "n": _number,
    "prev": _digest,
    "at": _wall_clock,
    "mono": _number,
    "boot": _matches("[0-9a-f]{8}"),
    "kind": _name,
}

VALUES: Dict[str, Callable[[Any], bool]] = {
    "size": _number, "root": _digest, "peaks": _matches("([0-9a-f]{64}(,[0-9a-f]{64})*)?"),
    "station": _station, "side": _matches("inner|outer"), "environment": _matches("production|test"),
    "keyring": _digest, "run": _matches("[0-9a-f]{32}"), "version": _string, "cut": _number, "peer": _station,
    "compared": _boolean, "channels": _matches(f"({_CHANNEL}(,{_CHANNEL})*)?"), "operator": _string, "number": _number,
    "channel": _channel,
    "epoch": _epoch, "seq": _number, "header": _digest, "records": _number, "tombstones": _number, "plain": _number,
    "bytes": _number, "code": _string, "count": _number, "peer_root": _digest, "echo_size": _number,
    "echo_root": _digest, "place": _matches("next|early|late"), "from": _number, "to": _number, "first": _digest,
    "other": _digest, "old_epoch": _epoch, "old_seq": _number, "old_header": _digest, "subject": _string, "until": _string,
    "disc": _string, "volumes": _number, "packets": _number, "list": _digest, "before": _string,
    "county": _string, "day": _string,
    "structure": _string, "base": _digest, "document": _digest, "plan": _digest, "key": _string,
}
"""What a value of each key looks like; `code`, `operator` and `version` are any text."""

KINDS: Dict[str, List[str]] = {
    kind: keys.split()
    for kind, keys in {
        "segment": "size root peaks",
        "init": "station side environment keyring",
        "start": "run version cut",
        "stop": "run",
        "trust": "peer side keyring compared channels operator",
        "packed": "number channel epoch seq header root records tombstones plain bytes",
        "refused": "channel epoch seq code count",
        "left": "number header",
        "seen": "peer number channel epoch seq header root records size peer_root echo_size echo_root place",
        "applied": "channel epoch seq header records tombstones",
        "gap": "channel epoch from to",
        "gap-closed": "channel epoch from to",
        "waived": "channel epoch from to operator",
        "aside": "code count first",
        "equivocation": "channel epoch seq header other",
        "hold": "channel code",
        "released": "channel code operator",
        "resent": "channel epoch from to count operator",
        "again": "channel operator",
        "signal": "peer number header size peer_root echo_size echo_root",
        "repeated": "channel epoch from to count code",
        "replayed": "channel epoch from to count operator",
        "epoch": "channel epoch old_epoch old_seq old_header operator",
        "resealed": "channel epoch from to count operator",
        "restored": "peer run number",
        "renumbered": "run number code operator",
        "alarm": "code subject",
        "alarm-closed": "code subject",
        "acknowledged": "code subject operator",
        "maintenance": "until operator",
        "media-written": "disc volumes packets list operator",
        "media-read": "disc volumes packets list operator",
        "keyring": "keyring number operator",
        "structure": "structure to base document plan code key operator",
        "reporting": "county day code operator",
        "clock-step": "before",
    }.items()
}
"""The keys that follow the prefix, in order."""

_PREFIX_KEYS = list(PREFIX)


def read_line(raw: bytes) -> Line:
    """Reads one line (without its LF), or raises BadLine."""
    if len(raw) > MAX_LINE_BYTES:
        raise BadLine("longer than 4,096 bytes")
    try:
        text = raw.decode("utf-8")
        pairs = strict_json.parse(text)
        spelling = strict_json.one_spelling(pairs)
    except ValueError as bad:
        raise BadLine(f"not JSON: {bad}") from None
    if not isinstance(pairs, Pairs):
        raise BadLine("not an object")
    if spelling != text:
        raise BadLine("insignificant blanks, a doubled key, or an escape that is not needed")
    return _checked(pairs)


def _checked(pairs: Pairs) -> Line:
    keys = pairs.names()
    if keys[: len(_PREFIX_KEYS)] != _PREFIX_KEYS:
        raise BadLine("the first keys are missing or out of order")
    line: Line = dict(pairs)
    for key, check in PREFIX.items():
        if not check(line[key]):
            raise BadLine(f"the value of {key}")
    expected = KINDS.get(line["kind"])
    if expected is None:
        _check_unknown(pairs)
    else:
        _check_known(line, keys[len(_PREFIX_KEYS) :], expected)
    return line


def _check_known(line: Line, keys: List[str], expected: List[str]) -> None:
    if keys != expected:
        raise BadLine(f"the keys of a {line['kind']} line")
    for key in keys:
        if not VALUES[key](line[key]):
            raise BadLine(f"the value of {key}")
    if "from" in line and line["from"] > line["to"]:
        raise BadLine("a range that ends before it begins")


def _check_unknown(pairs: Pairs) -> None:
    """An unknown kind stays in the chain; it is flat all the same, and its keys are names."""
    if not all(_name(key) for key in pairs.names()):
        raise BadLine("the name of a key")
    if not all(_string(value) or _boolean(value) or _number(value) for _, value in pairs):
        raise BadLine("a nested, negative, fractional or null value")
