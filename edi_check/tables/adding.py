"""A published file into the store: what it is and of which days, by its rows and its name, or as the user says."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from hashlib import sha256
from typing import NamedTuple

from .layouts import NOT_PRACTITIONERS, diagnosis_rows, end_of, kind_of, pair_rows, procedure_rows, unit_rows
from .sheets import Sheet, sheets_in
from .store import KINDS, Store, TableError, TableSource

__all__ = ["Added", "PACKAGE", "Said", "add", "file_of_package", "of_file"]

PACKAGE = "simple-icd-10-cm"
"""A package whose list of codes can be added by this name (the extra ``codes``); it is found, not imported."""

READERS: dict[str, Callable[[Iterable[list[str]], list[int]], Iterator[tuple[object, ...]]]] = {
    "ptp": pair_rows, "mue": unit_rows, "icd10cm": diagnosis_rows, "procedures": procedure_rows,
}


class Said(NamedTuple):
    """What the user says of a file, over what its name tells: line of business, first and last day of service."""

    lob: str = ""
    first: str = ""
    last: str = ""


NOTHING_SAID = Said()


class Added(NamedTuple):
    """A source that is in the store now. ``is_new``: it was put there; ``replaced``: names of what it took the place
    of."""

    source: TableSource
    is_new: bool
    replaced: tuple[str, ...] = ()


def add(store: Store, path: str, said: Said = NOTHING_SAID, kind: str = "") -> list[Added]:
    """Put the tables of a file into the store. ``kind``: the only one that is expected. Raises ``TableError``, and has
    then added the parts of a zip that came before the one at fault."""
    path = file_of_package(path)
    digest = _digest(path)
    there = [s for s in of_file(store, path, digest) if said.lob in ("", s.lob) and kind in ("", s.kind)]
    if there and not (said.first or said.last):
        store.remember(path, digest)
        return [Added(s, False) for s in there]
    done: list[Added] = []
    refused: list[str] = []
    for sheet in sheets_in(path):
        found, why = kind_of(sheet.rows())
        if found and kind in ("", found) and not (found == "icd10cm" and any(d.source.kind == found for d in done)
                                                  and "order" not in sheet.name):
            done.append(_add_sheet(store, sheet, found, said, digest, path))
        else:
            refused.append(f"{sheet.name}: {why or f'it is a table of {found}, not of {kind}'}")
    if not done:
        known = "; ".join(refused or ["It holds no txt, csv or xlsx"])
        raise TableError(f"{path}: nothing in it can be used. {known}")
    store.remember(path, digest)
    return done


def of_file(store: Store, path: str, digest: str) -> list[TableSource]:
    """The sources that came from a file of this name and content. (The name counts: it tells the quarter.)"""
    name = os.path.basename(path)
    return [s for s in store.sources() if s.sha256 == digest and s.name.partition("/")[0] == name]


def _add_sheet(store: Store, sheet: Sheet, kind: str, said: Said, digest: str, path: str) -> Added:
    name = sheet.name if sheet.name == os.path.basename(path) else f"{os.path.basename(path)}/{sheet.name}"
    lob, first, last, label, known_until = _edition(kind, sheet.name, os.path.basename(path), said)
    part = _part(sheet.name) if kind == "ptp" else 0
    count: list[int] = []
    try:
        rows = list(READERS[kind](sheet.rows(), count))
    except TableError as error:
        raise TableError(f"{name}: {error}") from None
    source = TableSource(0, kind, lob, first, last, label, part, name, digest, count[0], known_until)
    replaced = store.add(source, rows)
    return Added(next(s for s in store.sources() if s[1:9] == source[1:9]), True, tuple(s.name for s in replaced))


def _digest(path: str) -> str:
    digest = sha256()
    try:
        with open(path, "rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except OSError as error:
        raise TableError(f"{path}: {error.strerror or 'cannot be read'}") from None
    return digest.hexdigest()


def file_of_package(path: str) -> str:
    """``path``, or the list of codes of PACKAGE when it is that name and no file."""
    if os.path.basename(path).replace("_", "-") != PACKAGE or os.path.exists(path):
        return path
    from importlib.metadata import PackageNotFoundError, files

    try:
        lists = [f for f in files(PACKAGE) or () if f.suffix == ".txt" and "code-list" in f.name]
    except PackageNotFoundError:
        lists = []
    if not lists:
        raise TableError(f"{PACKAGE} is not installed; pip install 'edi-check[codes]'")
    return os.fspath(lists[0].locate())


# --- which edition ---------------------------------------------------------------------------------------------

_PTP_VERSION = re.compile(r"v(\d\d)([0-3])r\d", re.I)
_PART = re.compile(r"(?:^|[-_ ])f([1-9])(?=[-_. ]|$)", re.I)
_EFFECTIVE = re.compile(r"(\d\d)-(\d\d)-(20\d\d)|(20\d\d)-?(\d\d)-?(\d\d)(?!\d)")
_QUARTER = re.compile(r"(20\d\d)[-_ ]?q([1-4])|q([1-4])[-_ ]?(20\d\d)", re.I)
_MEDICAID = re.compile(r"medicaid|(?:^|[-_ ])mcd[-_ ]", re.I)
_HOSPITALS = re.compile(r"ccioph|hospital|outpatient|dme", re.I)
_MONTH = re.compile(r"(january|april|october)[-_ ]*(?:1[-_ ]+)?(20\d\d)", re.I)
_YEAR = re.compile(r"(20\d\d)")


def _part(name: str) -> int:
    found = _PART.search(name)
    return int(found[1]) if found else 0


def _edition(kind: str, name: str, outer: str, said: Said) -> tuple[str, str, str, str, str]:
    """(line of business, first day, last day, label, known until) of a table, by its own name, else by the file's."""
    assert kind in KINDS
    if kind == "procedures":
        first, last = said.first or date.min.isoformat(), said.last or date.max.isoformat()
        return "", first, last, "yours", last
    if kind == "icd10cm":
        return _year(name, outer, said)
    if _HOSPITALS.search(name):
        raise TableError(f"{name}: {NOT_PRACTITIONERS}")
    lob = said.lob or ("medicaid" if _MEDICAID.search(name) or _MEDICAID.search(outer) else "medicare")
    begin = date.fromisoformat(said.first) if said.first else _quarter(name) or _quarter(outer)
    if begin is None:
        raise TableError(f"{name}: its name doesn't tell the quarter; say its first day, such as --from 2026-04-01")
    last = said.last or end_of(begin.replace(day=1), 3).isoformat()
    label = f"{begin.year}Q{(begin.month + 2) // 3}"
    # A PTP table holds all windows since 1996, so it speaks of every day until the end of its quarter.
    first = (begin if kind == "mue" else date(1996, 1, 1)).isoformat()
    return lob, first, last, label, last


def _quarter(name: str) -> date | None:
    version = _PTP_VERSION.search(name)
    if version:
        return date(1994 + int(version[1]), int(version[2]) * 3 + 1, 1)
    quarter = _QUARTER.search(name)
    if quarter:
        year, n = (quarter[1], quarter[2]) if quarter[1] else (quarter[4], quarter[3])
        return date(int(year), int(n) * 3 - 2, 1)
    day = _EFFECTIVE.search(name)
    if day:
        year, month, number = (day[3], day[1], day[2]) if day[3] else (day[4], day[5], day[6])
        try:
            return date(int(year), int(month), int(number))
        except ValueError:
            return None
    return None


def _year(name: str, outer: str, said: Said) -> tuple[str, str, str, str, str]:
    """ICD-10-CM is of a fiscal year (October to September); since 2022 an April edition may add to it."""
    if said.first:
        begin = date.fromisoformat(said.first)
    else:
        month = _MONTH.search(name) or _MONTH.search(outer)
        year = _YEAR.search(name) or _YEAR.search(outer)
        if month:
            begin = date(int(month[2]), {"january": 1, "april": 4, "october": 10}[month[1].lower()], 1)
        elif year:
            begin = date(int(year[1]) - 1, 10, 1)
        else:
            raise TableError(f"{name}: its name doesn't tell the year; say its first day, such as --from 2025-10-01")
    fiscal = begin.year + (begin.month >= 10)
    last = said.last or date(fiscal, 9, 30).isoformat()
    known = said.last or (date(fiscal, 3, 31).isoformat() if not 4 <= begin.month <= 9 else last)
    return "", begin.isoformat(), last, f"FY{fiscal} from {begin}", known
