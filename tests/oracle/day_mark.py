"""Day marks and the digest over a day's register rows (packets/REGISTRATION.md, section 2).

    python3 day_mark.py make ../../packets/vectors/day-marks     writes the vectors that are not there yet
"""

import datetime
import hashlib
import json
import os
import re
import struct
import sys
from typing import Any, Dict, List, Optional, Tuple

LONGEST = 65536
FIELDS = ("ywh", "bdcdyh", "djlx", "qllx", "zszmh", "qxdm", "djsj", "qszt")
CHANNEL = r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?"
HEAD = re.compile(rf"head ({CHANNEL}) ([1-9][0-9]*)-([0-9a-f]{{16}}) (0|[1-9][0-9]*)", re.ASCII)


class MarkFault(Exception):
    """A line of a mark is not as it should be; lines count from 1, 0 is the whole."""

    def __init__(self, line: int):
        super().__init__(f"line {line}")
        self.line = line


def is_date(text: str) -> bool:
    """Tells whether a text is a day of the calendar."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
        return False
    try:
        datetime.date(int(text[:4]), int(text[5:7]), int(text[8:]))
    except ValueError:
        return False
    return True


def is_moment(text: str) -> bool:
    """Tells whether a text is a civil time to the second."""
    clock = re.fullmatch(r"([0-9]{2}):([0-9]{2}):([0-9]{2})", text[11:], re.ASCII)
    return is_date(text[:10]) and text[10:11] == "T" and clock is not None and all(
        int(part) < limit for part, limit in zip(clock.groups(), (24, 60, 60))
    )


def is_number(text: str) -> bool:
    """Tells whether a text is a whole number in its one spelling."""
    return re.fullmatch(r"0|[1-9][0-9]*", text, re.ASCII) is not None and int(text) < 1 << 64


FIXED = (
    ("county", lambda text: re.fullmatch(r"[0-9]{6}", text, re.ASCII) is not None),
    ("day", is_date),
    ("cut", is_moment),
    ("rows", is_number),
    ("digest", lambda text: re.fullmatch(r"[0-9a-f]{64}", text, re.ASCII) is not None),
)


def read(data: bytes) -> Dict[str, Any]:
    """Reads a mark, or raises the fault of its first line that is wrong."""
    if len(data) > LONGEST:
        raise MarkFault(0)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise MarkFault(1) from None
    lines = text.split("\n")
    # A line that does not end is none: the last one here is empty, or wrong.
    rest = lines.pop()
    mark: Dict[str, Any] = {"heads": []}
    if not lines or lines[0] != "dukou-day-mark/1":
        raise MarkFault(1)
    for number, (name, is_right) in enumerate(FIXED, start=2):
        line = lines[number - 1] if number <= len(lines) else ""
        if not line.startswith(name + " ") or not is_right(line[len(name) + 1 :]):
            raise MarkFault(number)
        mark[name] = line[len(name) + 1 :]
    for number, line in enumerate(lines[6:], start=7):
        found = HEAD.fullmatch(line)
        rises = found is not None and (not mark["heads"] or mark["heads"][-1][0] < found[1])
        if not rises or int(found[2]) >= 1 << 32 or int(found[4]) >= 1 << 64:
            raise MarkFault(number)
        mark["heads"].append((found[1], f"{found[2]}-{found[3]}", int(found[4])))
    if rest:
        raise MarkFault(len(lines) + 1)
    return mark


def county_of(row: Dict[str, str], county: str, aliases: List[str], neighbours: List[str]) -> bool:
    """Tells whether a row is the county's: by a whole unit number of a county that is known here, else by QXDM."""
    own = [county] + aliases
    unit = row["bdcdyh"].strip()
    if len(unit) == 28 and unit[:6] in own + neighbours:
        return unit[:6] in own
    return row["qxdm"].strip() in own


def rows_of_day(rows: List[Dict[str, str]], mark: Dict[str, Any], aliases: List[str], neighbours: List[str]) -> Tuple[int, str]:
    """Counts and digests the rows of a mark's county and day."""
    encoded = []
    for row in rows:
        if row["djsj"][:10] == mark["day"] and county_of(row, mark["county"], aliases, neighbours):
            values = dict(row, djsj=row["djsj"][:19])
            encoded.append(b"".join(struct.pack("<Q", len(value)) + value for value in (values[name].encode() for name in FIELDS)))
    return len(encoded), hashlib.sha256(b"dukou-day-rows-v1\0" + b"".join(sorted(encoded))).hexdigest()


def case(value: Dict[str, Any]) -> Optional[str]:
    """Runs a vector; gives what differs."""
    try:
        mark = read(value["mark"].encode())
    except MarkFault as fault:
        found = ("shape", fault.line)
        return None if found == (value["expect"], value.get("line")) else f"expected {value['expect']} {value.get('line')}, got {found}"
    if value["expect"] != "ok":
        return f"expected {value['expect']} at line {value['line']}, got ok"
    count, digest = rows_of_day(value["rows"], mark, value["aliases"], value["neighbours"])
    if (str(count), digest) != (mark["rows"], mark["digest"]):
        return f"the rows give {count} {digest}"
    return None


# Making vectors -------------------------------------------------------------------------------------------------------


def row(**values: str) -> Dict[str, str]:
    """A row of the register, with what a case changes in it."""
    plain = {
        "ywh": "202403150001",
        "bdcdyh": "150721001002GB00017F00030012",
        "djlx": "100",
        "qllx": "4",
        "zszmh": "蒙(2024)阿荣旗不动产权第0000123号",
        "qxdm": "150721",
        "djsj": "2024-03-15T09:30:00",
        "qszt": "1",
    }
    return dict(plain, **values)


def good(about: str, rows: List[Dict[str, str]], heads: str = "", aliases: List[str] = (), neighbours: List[str] = ()) -> Dict[str, Any]:
    """A vector whose mark is right."""
    mark = {"county": "150721", "day": "2024-03-15"}
    count, digest = rows_of_day(rows, mark, list(aliases), list(neighbours))
    text = f"dukou-day-mark/1\ncounty 150721\nday 2024-03-15\ncut 2024-03-15T21:25:00\nrows {count}\ndigest {digest}\n{heads}"
    return {"about": about, "expect": "ok", "mark": text, "rows": rows, "aliases": list(aliases), "neighbours": list(neighbours)}


def bad(about: str, line: int, change: Any) -> Dict[str, Any]:
    """A vector whose mark is wrong at a line."""
    mark = good("", [row()], "head register-row 1-00000000000000ff 523\nhead report-message 2-0102030405060708 9\n")["mark"]
    return {"about": about, "expect": "shape", "line": line, "mark": change(mark)}


def all_vectors() -> List[Tuple[str, Dict[str, Any]]]:
    """Every vector with its name."""
    second = row(ywh="202403150002", djlx="200", zszmh="蒙(2024)阿荣旗不动产权第0000124号")
    cases = [
        good("a day without rows", []),
        good("one row", [row()]),
        good("two rows, and the heads of two channels", [row(), second], "head register-row 1-00000000000000ff 523\nhead report-message 2-0102030405060708 9\n"),
        good("the same rows in another order", [second, row()]),
        good("a row that is given twice counts twice", [row(), row()]),
        good("an empty text stands for a null, and where one ends counts", [row(djlx="1004", qllx="", zszmh="")]),
        good("neither blanks nor widths are changed", [row(ywh=" 2024 ", zszmh="／")]),
        good("fractions of a second are cut off", [row(djsj="2024-03-15T23:59:59.999999")]),
        good("rows of other days and counties are passed over", [row(), row(djsj="2024-03-16T00:00:00"), row(bdcdyh="150722001002GB00017F00030012", qxdm="150722")]),
        good("an older code in the unit is the county's", [row(bdcdyh="152122001002GB00017F00030012", qxdm="")], aliases=["152122"]),
        good("a neighbour's unit is the neighbour's, whatever QXDM says", [row(bdcdyh="150722001002GB00017F00030012")], neighbours=["150722"]),
        good("a unit number that is cut, or nobody's, leaves it to QXDM", [row(bdcdyh="150722"), row(bdcdyh="999999001002GB00017F00030012")], neighbours=["150722"]),
        bad("another version", 1, lambda mark: mark.replace("mark/1", "mark/2")),
        bad("CRLF", 1, lambda mark: mark.replace("\n", "\r\n")),
        bad("a county of five digits", 2, lambda mark: mark.replace("150721", "15072")),
        bad("no such day", 3, lambda mark: mark.replace("day 2024-03-15", "day 2024-02-30")),
        bad("a moment with a blank", 4, lambda mark: mark.replace("T21", " 21")),
        bad("a moment with a fraction", 4, lambda mark: mark.replace("21:25:00", "21:25:00.5")),
        bad("a moment with a zone", 4, lambda mark: mark.replace("21:25:00", "21:25:00+08:00")),
        bad("a number with a leading zero", 5, lambda mark: mark.replace("rows 1", "rows 01")),
        bad("a negative number", 5, lambda mark: mark.replace("rows 1", "rows -1")),
        bad("a digest in capitals", 6, lambda mark: re.sub("digest .*", lambda found: "digest " + found[0][7:].upper(), mark)),
        bad("a line left out", 5, lambda mark: mark.replace("rows 1\n", "")),
        bad("a channel in capitals", 7, lambda mark: mark.replace("register-row", "Register-row")),
        bad("epoch 0", 7, lambda mark: mark.replace("1-00000000000000ff", "0-00000000000000ff")),
        bad("channels that do not rise", 8, lambda mark: mark.replace("report-message", "register-row")),
        bad("a fourth word", 8, lambda mark: mark.replace(" 9\n", " 9 9\n")),
        bad("no line feed at the end", 8, lambda mark: mark[:-1]),
        bad("a line feed too many", 9, lambda mark: mark + "\n"),
        bad("cut off", 6, lambda mark: mark.split("digest")[0]),
        bad("nothing", 1, lambda mark: ""),
    ]
    return [(f"{number:03}-{value['expect']}.json", value) for number, value in enumerate(cases, start=1)]


def make(folder: str) -> None:
    """Writes the vectors that are not there yet."""
    os.makedirs(folder, exist_ok=True)
    for name, value in all_vectors():
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            with open(path, "w", encoding="utf-8") as out:
                json.dump(value, out, ensure_ascii=False, indent=2, sort_keys=True)
                out.write("\n")


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] != "make":
        sys.exit(__doc__)
    make(sys.argv[2])
