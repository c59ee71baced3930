"""Tests of the oracle itself, with packets and logs that it makes: `python3 -m unittest` in this folder."""
from __future__ import annotations

import sys

sys.dont_write_bytecode = True

import json
import os
import struct
import tempfile
import unittest
from typing import Any, Callable, Dict, Optional

import keyring
import maker
import packet
import packet_log
import rfc_vectors
from maker import Draft, LogDraft


class Primitives(unittest.TestCase):
    def test_every_published_vector_is_met(self) -> None:
        for name, vector in rfc_vectors.ALL:
            with self.subTest(name):
                self.assertTrue(vector())


class Packets(unittest.TestCase):
    def code(self, file: bytes, **reader: Any) -> str:
        try:
            packet.open_packet(file, maker.reader(**reader))
        except packet.Refused as refused:
            return refused.code
        return "ok"

    def test_both_suites_open(self) -> None:
        for suite in (1, 2):
            opened = packet.open_packet(Draft(suite).sealed(), maker.reader())
            self.assertEqual([record.kind for record in opened.records], [1, 3])
            self.assertEqual(opened.records[0].body, b"hello")

    def test_a_payload_of_two_chunks_opens(self) -> None:
        body = bytes(range(256)) * 4200
        opened = packet.open_packet(Draft(1, [maker.record(body=body)]).sealed(), maker.reader())
        self.assertEqual(opened.records[0].body, body)

    def test_a_signal_opens_and_other_json_is_refused(self) -> None:
        self.assertEqual(self.code(Draft().as_signal(b'{"version":1}').sealed()), "ok")
        self.assertEqual(self.code(Draft().as_signal(b"[]").sealed()), "records")

    def test_every_prefix_and_a_longer_file_are_refused(self) -> None:
        file = Draft(2).sealed()
        for length in list(range(0, 100)) + list(range(100, len(file), 97)) + [len(file) - 1]:
            self.assertEqual(self.code(file[:length]), "short", length)
        self.assertEqual(self.code(file + b"\0"), "length")

    def test_no_flipped_bit_goes_through(self) -> None:
        file = Draft(2).sealed()
        for at in range(0, len(file), 11):
            spoilt = bytearray(file)
            spoilt[at] ^= 1 << (at % 8)
            self.assertNotEqual(self.code(bytes(spoilt)), "ok", at)

    def test_header_fields_out_of_range_are_refused(self) -> None:
        cases: Dict[str, Any] = dict(
            packet_class=4, flags=2, environment=3, reserved_a=b"\0\0\1", reserved_b=b"\1\0\0\0", number=0, epoch_counter=0,
            seq=0, record_format=0, compression=0, record_count=0, peer_root=b"\1" * 32, plain_len=(32 << 20) + 1,
            payload_len=33 << 20,
        )
        for field, value in cases.items():
            code = "key-not-allowed" if field == "number" else "header"
            self.assertEqual(self.code(Draft().sealed(**{field: value})), code, field)

    def test_a_bad_channel_name_is_refused(self) -> None:
        for channel in (b"", b"-a", b"a-", b"A", b"a" * 65, b"a\n"):
            draft = Draft()
            draft.channel = channel
            self.assertEqual(self.code(draft.sealed()), "header", channel)

    def test_extensions_hold_when_critical_and_are_refused_out_of_order(self) -> None:
        for extensions, code in (
            (struct.pack("<HH", 5, 1) + b"x", "ok"),
            (struct.pack("<HH", 0x8005, 0), "critical"),
            (struct.pack("<HHHH", 5, 0, 5, 0), "header"),
            (struct.pack("<HH", 5, 9), "header"),
        ):
            draft = Draft()
            draft.extensions = extensions
            self.assertEqual(self.code(draft.sealed()), code)

    def test_an_unknown_cargo_kind_holds(self) -> None:
        self.assertEqual(self.code(Draft().sealed(kind=9)), "critical")

    def test_packets_that_are_not_ours_are_refused(self) -> None:
        file = Draft().sealed()
        self.assertEqual(self.code(file, environment=1), "environment")
        self.assertEqual(self.code(file, station=bytes(16)), "addressee")
        self.assertEqual(self.code(file, granted=["other"]), "not-granted")
        self.assertEqual(self.code(Draft().sealed(link=bytes(16))), "link")
        other = bytes([3]) * 16
        self.assertEqual(self.code(Draft().sealed(sender=other, link=packet.link_id(other, maker.ADDRESSEE))), "sender")

    def test_the_wrong_signer_is_refused(self) -> None:
        self.assertEqual(self.code(Draft().sealed(maker.STRANGER)), "signature")
        self.assertEqual(self.code(Draft().sealed(signing_key=maker.STRANGER.id)), "unknown-key")
        self.assertEqual(self.code(Draft().sealed(signing_key=maker.LOG_KEY.id)), "key-not-allowed")
        self.assertEqual(self.code(Draft().sealed(number=1001)), "key-not-allowed")

    def test_keys_that_do_not_open_are_told_apart(self) -> None:
        self.assertEqual(self.code(Draft().sealed(), secrets=[b"\1" * 32]), "no-stanza")
        draft = Draft()
        draft.spoil_payload = True
        self.assertEqual(self.code(draft.sealed()), "decrypt")
        draft = Draft()
        draft.kem = 2
        self.assertEqual(self.code(draft.sealed()), "unwrap")
        draft.kem = 4
        self.assertEqual(self.code(draft.sealed()), "header")
        self.assertEqual(self.code(Draft().sealed(payload_digest=bytes(32))), "payload-digest")

    def test_bad_frames_are_refused(self) -> None:
        good = maker.raw_frame(Draft().plain)
        skippable = b"\x50\x2a\x4d\x18\0\0\0\0"
        wide = maker.raw_frame(Draft().plain, window=0x69)
        for frame in (good + good, good + skippable, skippable + good, good[:-1], good + b"\0", b"x", wide):
            draft = Draft()
            draft.frame = frame
            self.assertEqual(self.code(draft.sealed()), "decompress")
        self.assertEqual(self.code(Draft().sealed(plain_len=7)), "decompress")

    def test_bad_records_are_refused(self) -> None:
        part = 16 << 20
        for spoilt in (
            maker.record(kind=0), maker.record(kind=5), maker.record(name=""), maker.record(name="/a"),
            maker.record(name="a/../b"), maker.record(name="a//b"), maker.record(name="a\0"), maker.record(index=1),
            maker.record(count=2), maker.record(total=4), maker.record(reason="no"), maker.record(digest=b"\1" * 32),
            maker.record(3, body=b"", total=9, reason=""), maker.record(3, body=b"", total=9, reason="No"),
            maker.record(2, count=2, total=part + 5), maker.record(4, body=b"", count=1, total=5, reason="gone"),
        ):
            self.assertEqual(self.code(Draft(1, [spoilt]).sealed()), "records", spoilt[0])
        last = maker.record(2, index=1, count=2, total=part + 5, digest=b"\1" * 32)
        self.assertEqual(self.code(Draft(1, [last]).sealed()), "ok")
        withdrawal = maker.record(4, body=b"", index=1, count=2, total=part + 5, reason="changed")
        self.assertEqual(self.code(Draft(1, [withdrawal]).sealed()), "ok")

    def test_a_wrong_count_and_a_wrong_root_are_refused(self) -> None:
        self.assertEqual(self.code(Draft().sealed(record_count=1)), "count")
        self.assertEqual(self.code(Draft().sealed(record_count=3)), "count")
        self.assertEqual(self.code(Draft().sealed(root=bytes(32))), "root")


class Keyrings(unittest.TestCase):
    def code(self, file: bytes, held: Optional[keyring.Keyring] = None) -> str:
        try:
            keyring.read(file, held)
        except keyring.KeyringError as refused:
            return refused.code
        return "ok"

    def changed(self, **changes: Any) -> bytes:
        return maker.keyring_file({**maker.body_object(), **changes})

    def test_a_card_is_read_and_its_fingerprint_has_twelve_groups(self) -> None:
        read = maker.card()
        self.assertRegex(read.fingerprint, r"^([0-9]{5} ){11}[0-9]{5}$")

    def test_bad_shapes_are_refused(self) -> None:
        good = self.changed()
        body = maker.body_object()
        doubled = json.dumps(body)[:-1] + ',"revoked":[]}'
        for file in (
            good[:-1], good + b"\n", good.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + good, good + b"x" * 65536, b"", b"\xff",
            maker.keyring_file(json.dumps(body)), maker.keyring_file(json.dumps(body, separators=(",", ":"))),
            maker.keyring_file(doubled), maker.keyring_file("[]"), maker.keyring_file("[" * 30000),
            *(maker.keyring_file("[" * depth + "]" * depth) for depth in (300, 490, 900, 990)),
            maker.keyring_file({key: body[key] for key in reversed(list(body))}),
            self.changed(extra=1), self.changed(version=0), self.changed(version=True), self.changed(threshold=2),
            self.changed(previous="1" * 64), self.changed(side="both"), self.changed(name=""), self.changed(name="a" * 65),
            self.changed(suites=[2, 1]), self.changed(revoked=[1]), self.changed(keys=body["keys"][::-1]),
        ):
            self.assertEqual(self.code(file), "keyring-shape", file[:80])

    def test_ids_roles_and_signatures_are_checked_in_this_order(self) -> None:
        keys = maker.body_object()["keys"]
        self.assertEqual(self.code(self.changed(keys=[{**keys[0], "id": "0" * 16}])), "key-id")
        self.assertEqual(self.code(self.changed(keys=keys[1:])), "keyring-roles")
        wrong = {**maker.key_object(4, maker.UNWRAP_PUBLIC), "role": 2}
        self.assertEqual(self.code(self.changed(keys=[keys[0], wrong])), "keyring-roles")
        self.assertEqual(self.code(maker.keyring_file(maker.body_object(), maker.STRANGER)), "keyring-signature")
        self.assertEqual(self.code(maker.keyring_file(maker.body_object(), maker.PACKET_KEY)), "keyring-signature")
        self.assertEqual(self.code(self.changed().replace(b"outer", b"inner")), "keyring-signature")

    def test_a_chain_goes_up_by_one_and_never_back(self) -> None:
        one = maker.card()
        two = self.changed(version=2, previous=one.digest)
        self.assertEqual(self.code(two, one), "ok")
        self.assertEqual(self.code(self.changed(version=2, previous="1" * 64), one), "keyring-chain")
        self.assertEqual(self.code(self.changed(version=3, previous=one.digest), one), "keyring-chain")
        self.assertEqual(self.code(self.changed(), keyring.read(two, one)), "keyring-rollback")
        self.assertEqual(self.code(two, keyring.read(two, one)), "keyring-rollback")
        taken_over = {**maker.body_object(), "keys": [maker.key_object(1, maker.STRANGER.public)]}
        taken_over.update(version=2, previous=one.digest)
        self.assertEqual(self.code(maker.keyring_file(taken_over, maker.STRANGER), one), "keyring-chain")
        self.assertEqual(self.code(maker.keyring_file(taken_over), one), "ok")


class Logs(unittest.TestCase):
    def verdict(self, log: LogDraft, authority: Optional[str] = None) -> str:
        with tempfile.TemporaryDirectory() as path:
            for name, data in log.files.items():
                with open(os.path.join(path, name), "wb") as file:
                    file.write(data)
            report = packet_log.verify(path, authority)
            self.report = report
            return report.verdict

    def made(self, change: Callable[[LogDraft], Any]) -> str:
        log = maker.honest_log()
        change(log)
        return self.verdict(log)

    def test_an_honest_log_passes_and_says_what_is_witnessed(self) -> None:
        self.assertEqual(self.verdict(maker.honest_log()), "PASS")
        self.assertEqual((self.report.witnessed, self.report.anchored), (6, False))
        self.assertEqual(self.verdict(maker.honest_log(), maker.card().fingerprint), "PASS")
        self.assertTrue(self.report.anchored)
        self.assertEqual(self.verdict(maker.honest_log(), "00000 " * 11 + "00000"), "FAIL")

    def test_a_log_whose_first_segments_are_no_longer_kept_passes(self) -> None:
        log = maker.honest_log()
        del log.files["000000000001.jsonl"]
        self.assertEqual(self.verdict(log), "PASS")

    def test_a_torn_tail_and_a_torn_note_are_no_faults(self) -> None:
        log = maker.honest_log()
        log.files["000000000009.jsonl"] += b'{"n":17,"pr'
        log.files["000000000009.checkpoints"] += "dukou/00\n5\n".encode()
        self.assertEqual(self.verdict(log), "PASS")

    def test_a_changed_byte_anywhere_fails(self) -> None:
        for name in ("000000000001.jsonl", "000000000009.jsonl", "000000000001.checkpoints", "keyring-000001.txt"):
            data = maker.honest_log().files[name]
            for at in range(0, len(data) - 1, 101):
                log = maker.honest_log()
                log.files[name] = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
                self.assertEqual(self.verdict(log), "FAIL", (name, at))

    def test_a_removed_doubled_or_swapped_line_fails(self) -> None:
        for name in ("000000000001.jsonl", "000000000009.jsonl"):
            lines = maker.honest_log().files[name].splitlines(keepends=True)
            for i in range(len(lines) - 1):
                for changed in (lines[:i] + lines[i + 1 :], lines[: i + 1] + lines[i:],
                                lines[:i] + [lines[i + 1], lines[i]] + lines[i + 2 :]):
                    log = maker.honest_log()
                    log.files[name] = b"".join(changed)
                    self.assertEqual(self.verdict(log), "FAIL", (name, i))

    def test_a_tail_cut_below_a_checkpoint_fails(self) -> None:
        log = maker.honest_log()
        lines = log.files["000000000009.jsonl"].splitlines(keepends=True)
        log.files["000000000009.jsonl"] = b"".join(lines[:-1])
        self.assertEqual(self.verdict(log), "FAIL")

    def test_missing_files_are_incomplete(self) -> None:
        def three_segments(log: LogDraft) -> None:
            log.open_segment()
            log.cut()
            del log.files["000000000009.jsonl"]

        self.assertEqual(self.made(three_segments), "INCOMPLETE")
        self.assertEqual(self.made(lambda log: log.files.pop("000000000009.jsonl")), "INCOMPLETE")
        self.assertEqual(self.made(lambda log: log.files.pop("keyring-000001.txt")), "INCOMPLETE")
        self.assertEqual(self.made(lambda log: log.line(
            "trust", peer="ab" * 16, side="inner", keyring="00" * 32, compared=True, channels="a", operator="root"
        )), "INCOMPLETE")

    def test_an_open_gap_is_incomplete_until_it_closes(self) -> None:
        gap = {"channel": "replies", "epoch": "2-" + "aa" * 8, "from": 4, "to": 4}
        self.assertEqual(self.made(lambda log: log.line("gap", **gap)), "INCOMPLETE")
        self.assertEqual(self.made(lambda log: log.seen(5, 20, 130, 0, place="early")), "INCOMPLETE")

        def closed(log: LogDraft) -> None:
            log.line("gap", **gap)
            log.applied(4, log.seen(4, 20, 130, 0))
            log.line("gap-closed", **gap)

        self.assertEqual(self.made(closed), "PASS")

    def test_lines_that_contradict_each_other_fail(self) -> None:
        changes: Dict[str, Callable[[LogDraft], Any]] = {
            "a hole in packed": lambda log: log.packed(5, 50),
            "a number that falls": lambda log: log.packed(4, 30),
            "left without packed": lambda log: log.line("left", number=77, header="ab" * 32),
            "applied without seen": lambda log: log.applied(4, "ab" * 32),
            "applied with a hole": lambda log: log.applied(5, log.seen(5, 20, 130, 0)),
            "applied twice": lambda log: log.applied(3, log.seen(3, 9, 120, 0)),
            "an echo of another root": lambda log: log.seen(4, 20, 130, 5, echo_root="ab" * 32),
            "an echo from the future": lambda log: log.seen(4, 20, 130, 99, echo_root="ab" * 32),
            "a peer log that falls": lambda log: log.seen(4, 20, 90, 0),
            "two roots for one size": lambda log: log.seen(4, 20, 120, 0, peer_root="ab" * 32),
            "a second init": lambda log: log.line("init", station="0" * 32, side="outer", environment="test", keyring="0" * 64),
            "a segment line inside": lambda log: log.line("segment", size=16, root="0" * 64, peaks=""),
            "a key too many": lambda log: log.line("stop", run="0" * 32, more=1),
            "an escape that is not needed": lambda log: log.escaped(),
            "a nested value": lambda log: log.line("unheard-of", more=[1]),
            "a stranger's checkpoint": lambda log: log.cut(maker.STRANGER),
        }
        for name, change in changes.items():
            self.assertEqual(self.made(change), "FAIL", name)

    def test_waived_packets_and_unknown_kinds_pass(self) -> None:
        def waive(log: LogDraft) -> None:
            log.line("waived", channel="replies", epoch="2-" + "aa" * 8, **{"from": 4, "to": 6}, operator="chen")
            log.applied(7, log.seen(7, 30, 130, 0))

        self.assertEqual(self.made(waive), "PASS")
        self.assertEqual(self.made(lambda log: log.line("unheard-of", more=1)), "PASS")


if __name__ == "__main__":
    unittest.main()
