#!/usr/bin/env python3
"""An independent decoder and verifier of packets, keyrings, gap reports and packet logs. See README.md beside this file."""
from __future__ import annotations

import sys

sys.dont_write_bytecode = True

import argparse
import base64
import glob
import hashlib
import json
import os
from typing import Any, Dict, Iterator, List, NoReturn, Optional, Tuple

import day_mark
import disc
import gap_report
import keyring as keyrings
import marker
import packet
import packet_log
import repair
import rfc_vectors
from keyring import KeyringError
from log_report import FAIL, INCOMPLETE, PASS

EXIT_USAGE, EXIT_UNREADABLE = 64, 66
EXIT_OF_VERDICT = {PASS: 0, FAIL: 1, INCOMPLETE: 2}


class Parser(argparse.ArgumentParser):
    """An argument parser that leaves with 64 on wrong use."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(EXIT_USAGE, f"{self.prog}: {message}\n")


def selftest(_: argparse.Namespace) -> int:
    """Runs the published vectors of every primitive."""
    failed = [name for name, test in rfc_vectors.ALL if not test()]
    for name in failed:
        print(f"FAILED {name}")
    print(f"{len(rfc_vectors.ALL) - len(failed)} good, {len(failed)} failed")
    return 1 if failed else 0


# One packet ----------------------------------------------------------------------------------------------------------


def describe_record(record: packet.Record) -> Dict[str, Any]:
    """Gives a record as JSON, its body by digest."""
    return {
        "kind": record.kind,
        "key": record.key,
        "name": record.name,
        "modified": record.modified,
        "part_index": record.part_index,
        "part_count": record.part_count,
        "total_bytes": record.total_bytes,
        "parts_digest": record.parts_digest.hex(),
        "reason": record.reason,
        "body_len": len(record.body),
        "body_sha256": hashlib.sha256(record.body).hexdigest(),
    }


def describe_opened(opened: packet.Opened) -> Dict[str, Any]:
    """Gives an opened packet as JSON."""
    header = opened.header
    return {
        "result": "ok",
        "class": header.packet_class,
        "kind": header.kind,
        "number": header.number,
        "channel": header.channel.decode("ascii"),
        "epoch": f"{header.epoch_counter}-{header.epoch_salt.hex()}",
        "seq": header.seq,
        "header_digest": opened.header_digest.hex(),
        "plain_sha256": hashlib.sha256(opened.plain).hexdigest(),
        "records": [describe_record(record) for record in opened.records],
    }


def show_packet(options: argparse.Namespace) -> int:
    """Reads one packet file and prints what came of it."""
    with open(options.keyring, "rb") as file:
        sender = keyrings.read(file.read())
    with open(options.file, "rb") as file:
        data = file.read()
    secrets = [bytes.fromhex(secret) for secret in options.secret]
    reader = packet.Reader(
        sender, bytes.fromhex(options.addressee), packet.ENVIRONMENTS[options.environment], secrets, options.channel
    )
    try:
        answer = describe_opened(packet.open_packet(data, reader))
    except packet.Refused as refused:
        answer = {"result": refused.code, "why": str(refused), "records": []}
    print(json.dumps(answer, ensure_ascii=False, indent=1))
    return 0 if answer["result"] == "ok" else 1


# Vectors -------------------------------------------------------------------------------------------------------------


def load_case(path: str) -> Dict[str, Any]:
    """Reads one case file."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def packet_result(case: Dict[str, Any]) -> Tuple[str, Optional[packet.Opened]]:
    """Reads the packet of a case as the station that the case names."""
    secret = case.get("unwrap_secret")
    reader = packet.Reader(
        keyrings.read(case["keyring"].encode("utf-8")),
        bytes.fromhex(case["addressee"]),
        packet.ENVIRONMENTS[case["environment"]],
        [bytes.fromhex(secret)] if secret else [],
        case.get("granted"),
    )
    try:
        return "ok", packet.open_packet(base64.b64decode(case["packet"], validate=True), reader)
    except packet.Refused as refused:
        return refused.code, None


def packet_case(case: Dict[str, Any]) -> Optional[str]:
    """Runs a packet case; gives the disagreement, if there is one."""
    result, opened = packet_result(case)
    if result != case["expect"]:
        return f"expected {case['expect']}, got {result}"
    if opened is None:
        return None
    if "plain" in case and base64.b64decode(case["plain"], validate=True) != opened.plain:
        return "the plain differs"
    return _records_differ(case.get("records"), [describe_record(record) for record in opened.records])


def _records_differ(expected: Optional[List[Dict[str, Any]]], got: List[Dict[str, Any]]) -> Optional[str]:
    if expected is None:
        return None
    if len(expected) != len(got):
        return f"{len(expected)} records expected, {len(got)} found"
    for index, (want, have) in enumerate(zip(expected, got)):
        for field, value in want.items():
            if field not in have:
                return f"record {index} has no field {field}"
            if have[field] != value:
                return f"record {index}: {field} is {have[field]!r}, expected {value!r}"
    return None


def repair_case(case: Dict[str, Any]) -> Optional[str]:
    """Runs a repair case: the table must be the one said, the shard the one the code gives."""
    result, opened = packet_result(case)
    if opened is None:
        return f"the packet itself gives {result}"
    try:
        read = repair.read_payload(opened.plain)
    except repair.Unusable as unusable:
        return None if unusable.code == case["expect"] else f"expected {case['expect']}, got {unusable.code}"
    if case["expect"] != "ok":
        return f"expected {case['expect']}, got ok"
    members = [base64.b64decode(text, validate=True) for text in case["members"]]
    if read.members != [(repair.digest_of(member), len(member)) for member in members]:
        return "the members differ"
    if (read.parity, read.index, len(read.shard)) != (case["parity"], case["index"], case["shard_bytes"]):
        return "counts differ"
    return None if read.shard == repair.shard_of(members, read.parity, read.index) else "the shard differs"


def keyring_case(case: Dict[str, Any]) -> Optional[str]:
    """Runs a keyring case; `before`, where given, is the text of the version held before."""
    try:
        held = case.get("before")
        before = keyrings.read(held.encode("utf-8")) if held is not None else None
        read = keyrings.read(case["text"].encode("utf-8"), before)
        result = "ok"
    except KeyringError as refused:
        return None if refused.code == case["expect"] else f"expected {case['expect']}, got {refused}"
    if result != case["expect"]:
        return f"expected {case['expect']}, got ok"
    if case.get("fingerprint", read.fingerprint) != read.fingerprint:
        return f"the fingerprint is {read.fingerprint}"
    return None


def gap_report_case(case: Dict[str, Any]) -> Optional[str]:
    """Runs a gap report case: what came of it, and its rows."""
    sender = keyrings.read(case["keyring"].encode("utf-8"))
    try:
        report = gap_report.read(case["text"].encode("utf-8"), sender, case["addressee"], case["environment"])
    except gap_report.ReportError as refused:
        return None if refused.code == case["expect"] else f"expected {case['expect']}, got {refused}"
    if case["expect"] != "ok":
        return f"expected {case['expect']}, got ok"
    rows = gap_report.rows_of(report)
    return None if rows == case["rows"] else f"the rows are {rows}"


def gap_rows_case(case: Dict[str, Any]) -> Optional[str]:
    """Runs a case of typed rows: what they say, or the code and the places of the wrong ones."""
    faults, said = gap_report.read_rows(case["text"])
    if case["expect"] == "ok":
        wanted = {"report": case["report"], "rows": case["rows"]}
        return None if said == wanted else f"expected {wanted}, got {faults} {said}"
    wrong = sorted(place for _, place in faults if place is not None)
    agree = case["expect"] in [code for code, _ in faults] and wrong == case["wrong"]
    return None if agree else f"expected {case['expect']} at {case['wrong']}, got {faults}"


def approval_case(case: Dict[str, Any]) -> Optional[str]:
    """Holds an approval against a key."""
    result = marker.is_by(base64.b64decode(case["public"]), case["change"], case["approval"])
    return None if result == case["expect"] else f"expected {case['expect']}, got {result}"


def disc_case(case: Dict[str, Any]) -> Optional[str]:
    """Reads a volume's manifest as the station that the case names."""
    sender = keyrings.read(case["keyring"].encode("utf-8"))
    try:
        disc.read(case["manifest"], sender, case["addressee"], case["environment"])
        result = "ok"
    except disc.Refused as refused:
        result = refused.code
    return None if result == case["expect"] else f"expected {case['expect']}, got {result}"


def log_case(case: Dict[str, Any], directory: str) -> Optional[str]:
    """Runs a log case: the verdict must agree, and the code must be among those reported (LOG.md section 7)."""
    report = packet_log.verify(directory)
    codes = [fault.code for fault in report.faults]
    if report.verdict == case["expect"].upper() and (not case.get("code") or case["code"] in codes):
        return None
    found = ", ".join(f"{fault.code} at {fault.file}:{fault.line}" for fault in report.faults[:3])
    return f"expected {case['expect']} {case.get('code')}, got {report.verdict} ({found})"


def all_cases(directory: str) -> Iterator[Tuple[str, Optional[str]]]:
    """Runs every case under a vectors directory."""
    for path in sorted(glob.glob(os.path.join(directory, "packets", "*.json"))):
        yield path, packet_case(load_case(path))
    for path in sorted(glob.glob(os.path.join(directory, "repair", "*.json"))):
        yield path, repair_case(load_case(path))
    for path in sorted(glob.glob(os.path.join(directory, "keyrings", "*.json"))):
        yield path, keyring_case(load_case(path))
    for path in sorted(glob.glob(os.path.join(directory, "gap-reports", "*.json"))):
        yield path, gap_report_case(load_case(path))
    for path in sorted(glob.glob(os.path.join(directory, "gap-rows", "*.json"))):
        yield path, gap_rows_case(load_case(path))
    for path in sorted(glob.glob(os.path.join(directory, "approvals", "*.json"))):
        yield path, approval_case(load_case(path))
    for path in sorted(glob.glob(os.path.join(directory, "discs", "*.json"))):
        yield path, disc_case(load_case(path))
    for path in sorted(glob.glob(os.path.join(directory, "day-marks", "*.json"))):
        yield path, day_mark.case(load_case(path))
    for path in sorted(glob.glob(os.path.join(directory, "logs", "*", "case.json"))):
        yield path, log_case(load_case(path), os.path.dirname(path))


def vectors(options: argparse.Namespace) -> int:
    """Prints one line a disagreement, then the count; running nothing is a failure too."""
    agree = disagree = 0
    for path, difference in all_cases(options.directory):
        if difference is None:
            agree += 1
        else:
            disagree += 1
            print(f"{os.path.relpath(path, options.directory)}: {difference}")
    print(f"{agree} agree, {disagree} disagree")
    return 0 if disagree == 0 and agree > 0 else 1


# Logs ----------------------------------------------------------------------------------------------------------------


def verify(options: argparse.Namespace) -> int:
    """Verifies a log directory and leaves with its verdict."""
    report = packet_log.verify(options.logdir, options.authority)
    print(json.dumps(report.as_json(), ensure_ascii=False) if options.json else report.as_text())
    return EXIT_OF_VERDICT[report.verdict]


def hex_of(length: int) -> Any:
    """Makes an argument type: lower-case hex of so many bytes."""

    def check(text: str) -> str:
        if len(bytes.fromhex(text)) != length:
            raise ValueError
        return text

    return check


def parser() -> Parser:
    """Describes the command line."""
    top = Parser(prog="oracle.py", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    command = commands.add_parser("selftest", help="run the published vectors of the primitives")
    command.set_defaults(run=selftest)
    command = commands.add_parser("packet", help="read one packet")
    command.add_argument("file")
    command.add_argument("--keyring", required=True, help="the sender's keyring file")
    command.add_argument("--addressee", required=True, type=hex_of(16), help="station id of the reader")
    command.add_argument("--environment", required=True, choices=sorted(packet.ENVIRONMENTS))
    command.add_argument("--secret", action="append", default=[], type=hex_of(32), help="X25519 secret, hex; may repeat")
    command.add_argument("--channel", action="append", help="a granted channel; may repeat; none given: all")
    command.set_defaults(run=show_packet)
    command = commands.add_parser("vectors", help="run every case under a directory")
    command.add_argument("directory")
    command.set_defaults(run=vectors)
    command = commands.add_parser("verify", help="verify a log directory")
    command.add_argument("logdir")
    command.add_argument("--authority", metavar="FILE|FINGERPRINT")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=verify)
    return top


def main(arguments: List[str]) -> int:
    """Runs one command."""
    options = parser().parse_args(arguments)
    try:
        return options.run(options)
    except (OSError, KeyringError) as unreadable:
        print(f"oracle.py: {unreadable}", file=sys.stderr)
        return EXIT_UNREADABLE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
