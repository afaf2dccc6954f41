"""What the rows of a published table mean: which table it is, and its rows as the store keeps them.

The layouts are those of the files themselves (CMS, NCCI edits and ICD-10-CM pages). They begin with notices and with
headers of several lines; so nothing is counted: a row is data when it looks like it.

* NCCI procedure-to-procedure: column 1, column 2, a mark, effective day, deletion day or ``*``, modifier indicator, why
* NCCI medically unlikely edits: code, units, adjudication indicator (Medicaid's lack it), why
* ICD-10-CM order file: number, code, 1 when billable, words; codes file: code, words; a plain list of codes
* procedures: a csv of the user's with ``code,from,to``
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import islice

from .store import EPOCH, FOREVER, PAIR, TableError

__all__ = ["NOT_PRACTITIONERS", "diagnosis_rows", "end_of", "kind_of", "pair_rows", "procedure_rows", "unit_rows"]

SNIFFED = 400
"""Rows looked at to tell what a table is; the longest preamble known has some 30."""

NOT_PRACTITIONERS = "it holds the edits of hospitals or suppliers; an 837P is held to those of practitioners"

_CODE = re.compile(r"[0-9A-Z][0-9]{3}[0-9A-Z]\Z")
_DAY = re.compile(r"(19|20)\d{6}\Z")
_SERIAL = re.compile(r"[2-6]\d{4}(\.0)?\Z")
_UNITS = re.compile(r"\d{1,6}(\.0+)?\Z")
_ORDER = re.compile(r"\d{5} ([A-Z][0-9A][0-9A-Z]{1,5}) +([01]) ")
_CODE_AND_WORDS = re.compile(r"([A-Z][0-9A][0-9A-Z]{1,5})[ \t]+\S")
_DIAGNOSIS = re.compile(r"[A-Z][0-9A][0-9A-Z](\.?[0-9A-Z]{1,4})?\Z")
_OTHERS = re.compile(r"outpatient|hospital|dme\b|durable|supplier", re.I)

Row = list[str]


def kind_of(rows: Iterable[Row]) -> tuple[str, str]:
    """(kind of table, what is wrong with it): by its first data row. The kind is ``""`` when there is none."""
    for number, row in enumerate(islice(rows, SNIFFED)):
        if is_pair(row):
            return "ptp", ""
        if len(row) == 3 and row[2].strip() in ("0", "1", "9") and all(_CODE.match(_code(c)) for c in row[:2]):
            return "", "it lists changes of a quarter only; take the whole table"
        if is_unit_limit(row):
            return "mue", ""
        if [c.strip().lower() for c in row[:3]] == ["code", "from", "to"]:
            return "procedures", ""
        if number < 60 and _OTHERS.search(" ".join(row)) and any("mue" in c.lower() for c in row):
            return "", NOT_PRACTITIONERS
        line = row[0] if row else ""
        if len(row) <= 2 and (_ORDER.match(line) or _CODE_AND_WORDS.match(line) or _DIAGNOSIS.match(line.strip())):
            return "icd10cm", ""
    return "", "it has no row of a layout that is known"


def _code(text: str) -> str:
    """A procedure code as it should be: workbooks drop the zeros in front of one that is all digits."""
    text = text.strip().upper()
    return text.zfill(5) if 1 < len(text) < 5 and text.isdigit() and text.isascii() else text


# --- NCCI ------------------------------------------------------------------------------------------------------


def is_pair(row: Row) -> bool:
    """Is it a data row of a PTP table?"""
    if len(row) < 6 or row[5].strip()[:1] not in ("0", "1", "9"):
        return False
    day = row[3].strip()
    return (_CODE.match(_code(row[0])) is not None and _CODE.match(_code(row[1])) is not None
            and (_DAY.match(day) is not None or _SERIAL.match(day) is not None))


def is_unit_limit(row: Row) -> bool:
    """Is it a data row of an MUE table?"""
    return len(row) > 1 and _UNITS.match(row[1].strip()) is not None and _CODE.match(_code(row[0])) is not None and (
        len(row) < 3 or not _CODE.match(_code(row[2])))


def pair_rows(rows: Iterable[Row], count: list[int]) -> Iterator[tuple[object, ...]]:
    """(column-1 code, its pairs packed) of a PTP table; ``count`` gets the number of pairs. A pair that is there again
    with another window of days is kept as often."""
    found: dict[str, list[bytes]] = {}
    days: dict[str, int] = {"*": FOREVER, "": FOREVER}
    pack = PAIR.pack
    n = 0
    for row in rows:
        try:
            first = days[row[3]]
            last = days[row[4]]
            one, two, indicator = row[0], row[1], row[5]
        except (KeyError, IndexError):
            if not is_pair(row):
                continue
            one, two, indicator = row[0].strip(), row[1].strip(), row[5].strip()[:1]
            first, last = _number(row[3], days), _number(row[4], days)
        if len(one) != 5 or len(two) != 5 or len(indicator) != 1 or first == FOREVER:
            if not is_pair(row):
                continue
            one, two, indicator = _code(one), _code(two), indicator.strip()[:1]
        pairs = found.get(one)
        if pairs is None:
            pairs = found[one] = []
        pairs.append(pack(two.encode("ascii", "replace"), first, last, indicator.encode("ascii", "replace")))
        n += 1
    count.append(n)
    for code, pairs in found.items():
        pairs.sort()
        yield code, zlib.compress(b"".join(pairs), 1)


def _number(text: str, known: dict[str, int]) -> int:
    """A day as the days since EPOCH; FOREVER for ``*``. ``known`` remembers it."""
    given = text.strip()
    number = FOREVER
    if _DAY.match(given):
        try:
            number = date(int(given[:4]), int(given[4:6]), int(given[6:])).toordinal() - EPOCH
        except ValueError:
            raise TableError(f"{given} is no day") from None
    elif _SERIAL.match(given):  # a day of a workbook, counted from 1899-12-30
        number = date(1899, 12, 30).toordinal() + int(float(given)) - EPOCH
    elif given not in ("", "*"):
        raise TableError(f"{given!r} stands where a day is expected")
    known[text] = number = max(0, min(number, FOREVER))
    return number


def unit_rows(rows: Iterable[Row], count: list[int]) -> Iterator[tuple[object, ...]]:
    """(code, units, MAI) of an MUE table; MAI 0 where there is none."""
    n = 0
    for row in rows:
        if is_unit_limit(row):
            mai = row[2].strip()[:1] if len(row) > 2 else ""
            n += 1
            yield _code(row[0]), int(float(row[1])), int(mai) if mai in ("1", "2", "3") else 0
    count.append(n)


# --- code sets -------------------------------------------------------------------------------------------------


def diagnosis_rows(rows: Iterable[Row], count: list[int]) -> Iterator[tuple[object, ...]]:
    """(code without its point, 1 when billable, else 0) of ICD-10-CM. In a plain list the codes that no longer one
    begins with are billable; a file of codes and words has no others."""
    flags: dict[str, int] = {}
    plain: set[str] = set()
    for row in rows:
        line = row[0] if row else ""
        order = _ORDER.match(line)
        if order:
            flags[order[1]] = int(order[2])
        elif _CODE_AND_WORDS.match(line) or (len(row) > 1 and _DIAGNOSIS.match(line.strip())):
            flags[line.split()[0].replace(".", "")] = 1
        elif _DIAGNOSIS.match(line.strip()):
            plain.add(line.strip().replace(".", ""))
    codes = sorted(plain)
    for code, following in zip(codes, [*codes[1:], ""], strict=False):
        flags[code] = int(not following.startswith(code))
    if flags and not any(flags[c] == 0 for c in flags):  # a codes file: what its codes begin with is divided
        flags.update({c[:n]: flags.get(c[:n], 0) for c in list(flags) for n in range(3, len(c))})
    count.append(sum(flags.values()))
    yield from flags.items()


def procedure_rows(rows: Iterable[Row], count: list[int]) -> Iterator[tuple[object, ...]]:
    """(code, first day, last day) of a csv of the user's: ``code,from,to``, days as 2026-01-31; empty: always. Of
    windows of a code that begin on one day it is the longest; ``count`` gets the number of those that are left."""
    found: dict[tuple[str, str], str] = {}
    for number, row in enumerate(rows, 1):
        if not row or row[0].startswith("#") or [c.strip().lower() for c in row[:3]] == ["code", "from", "to"]:
            continue
        code, first, last = [*(c.strip() for c in row[:3]), "", ""][:3]
        try:
            first = date.fromisoformat(first).isoformat() if first else date.min.isoformat()
            last = date.fromisoformat(last).isoformat() if last else date.max.isoformat()
        except ValueError:
            raise TableError(f"row {number}: days are written 2026-01-31: {first!r}, {last!r}") from None
        if not _CODE.match(_code(code)):
            raise TableError(f"row {number}: {code!r} is no procedure code")
        window = (_code(code), first)
        found[window] = max(last, found.get(window, last))
    count.append(len(found))
    for (code, first), last in found.items():
        yield code, first, last


def end_of(day: date, months: int) -> date:
    """The last day of the ``months`` that begin with ``day`` (the first of a month)."""
    month = day.month - 1 + months
    return date(day.year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
