"""Rows out of the files that CMS publishes, whatever they are wrapped in: txt, csv, xlsx, a zip of them, a zip of zips.

Not here: what the rows mean (``layouts``). Text is taken as latin-1: CMS writes cp1252 (the AMA's notice has a ®), and
codes, days and numbers are ASCII. Of a workbook only the texts of the first sheet's cells are wanted; a page of
patterns reads them, and reads a PTP part of half a million pairs six times as fast as openpyxl, which gives much
more.
"""

from __future__ import annotations

import csv
import io
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from html import unescape
from typing import IO, NamedTuple

from .store import TableError

__all__ = ["Sheet", "sheets_in"]

LONGEST_MEMBER = 2 * 1024**3
"""Unpacked size of a member of a zip; NCCI's largest part has some 50 MB."""

Rows = Iterator[list[str]]

_UNREADABLE = (OSError, EOFError, zipfile.BadZipFile, zlib.error, csv.Error, KeyError,
               ValueError, IndexError, RuntimeError)
"""What a damaged zip, workbook or csv raises; RuntimeError: a password, or a packing that Python lacks."""


class Opened(NamedTuple):
    """A file, or a member of an open zip."""

    path: str
    archive: zipfile.ZipFile | None = None
    member: str = ""

    def open(self) -> IO[bytes]:
        if self.archive is None:
            return open(self.path, "rb")
        return self.archive.open(self.member)

    def rows(self, name: str) -> Rows:
        if name.lower().endswith((".xlsx", ".xlsm")):
            yield from _workbook(self)
            return
        with self.open() as raw, io.TextIOWrapper(raw, "latin-1", newline="") as text:
            if name.lower().endswith(".csv"):
                yield from csv.reader(_without_mark(text))
            else:
                for line in _without_mark(text):
                    yield line.rstrip("\r\n").split("\t")


class Sheet(NamedTuple):
    """A table that was found: the file's own name (in a zip: the member's), and how to read its rows from the start."""

    name: str
    opened: Opened

    def rows(self) -> Rows:
        """Its rows as texts. Tab-separated and csv lines are split, other lines are rows of one text. Raises
        ``TableError``."""
        try:
            yield from self.opened.rows(self.name)
        except _UNREADABLE as error:
            what = f"{type(error).__name__}: {error}"
            raise TableError(f"{self.opened.path}: {self.name} can't be read: {what}") from None


def _without_mark(lines: IO[str]) -> Iterator[str]:
    for line in lines:
        yield line.removeprefix("\xef\xbb\xbf")  # UTF-8's mark, read as latin-1
        break
    yield from lines


def sheets_in(path: str) -> Iterator[Sheet]:
    """The tables of a file: itself, or the txt, csv and xlsx members of a zip. A member that is there twice, as text
    and as workbook, is taken as text. Raises ``TableError``."""
    try:
        if not zipfile.is_zipfile(path) or path.lower().endswith((".xlsx", ".xlsm")):
            yield Sheet(os.path.basename(path), Opened(path))
            return
        with zipfile.ZipFile(path) as archive:
            yield from _members(path, archive, 0)
    except _UNREADABLE as error:
        raise TableError(f"{path}: can't be read: {type(error).__name__}: {error}") from None


def _members(path: str, archive: zipfile.ZipFile, depth: int) -> Iterator[Sheet]:
    found: dict[str, str] = {}
    for info in archive.infolist():
        stem, extension = os.path.splitext(info.filename.lower())
        if info.file_size > LONGEST_MEMBER:
            raise TableError(f"{path}: {info.filename} unpacks to more than {LONGEST_MEMBER} bytes")
        if extension == ".zip" and not depth:
            with archive.open(info) as inner, zipfile.ZipFile(io.BytesIO(inner.read())) as nested:
                yield from _members(path, nested, 1)
        elif extension in (".txt", ".csv") or (extension in (".xlsx", ".xlsm") and stem not in found):
            found[stem] = info.filename
    for member in found.values():
        yield Sheet(os.path.basename(member), Opened(path, archive, member))


# --- workbooks -------------------------------------------------------------------------------------------------

_ROW = re.compile(r"<(?:\w+:)?row\b.*?</(?:\w+:)?row>", re.S)
_CELL = re.compile(r"""<(?:\w+:)?c(?:\ r="([A-Z]+)\d+")?([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)""", re.S)
_PLACE = re.compile(r'\br="([A-Z]+)\d+"')
_KIND = re.compile(r'\bt="(\w+)"')
_VALUE = re.compile(r"<(?:\w+:)?v\b[^>]*>([^<]*)<")
_ITEM = re.compile(r"<(?:\w+:)?si\b.*?</(?:\w+:)?si>|<(?:\w+:)?si/>", re.S)
_TEXT = re.compile(r"<(?:\w+:)?t\b[^>]*>([^<]*)<")
_CHUNK = 1 << 20
_WIDEST = 100
"""Columns that are kept; tables have seven."""


def _workbook(opened: Opened) -> Rows:
    with opened.open() as raw, zipfile.ZipFile(raw) as book:
        names = book.namelist()
        sheets = sorted(n for n in names if n.startswith("xl/worksheets/") and n.endswith(".xml"))
        if not sheets:
            raise TableError(f"{opened.path}: the workbook has no sheet")
        sheet = "xl/worksheets/sheet1.xml" if "xl/worksheets/sheet1.xml" in names else sheets[0]
        texts: list[str] = []
        if "xl/sharedStrings.xml" in names:
            texts = [unescape("".join(_TEXT.findall(item))) for item in _found(book, "xl/sharedStrings.xml", _ITEM)]
        kinds: dict[str, str] = {}
        columns: dict[str, int] = {}
        for row in _found(book, sheet, _ROW):
            yield _cells(row, texts, kinds, columns)


def _found(book: zipfile.ZipFile, member: str, pattern: re.Pattern[str]) -> Iterator[str]:
    """What matches in a member's text, in order. It is never in memory as a whole."""
    if book.getinfo(member).file_size > LONGEST_MEMBER:
        raise TableError(f"{member} unpacks to more than {LONGEST_MEMBER} bytes")
    rest = ""
    with book.open(member) as raw, io.TextIOWrapper(raw, "utf-8", "replace", newline="") as text:
        while chunk := text.read(_CHUNK):
            rest += chunk
            end = 0
            for match in pattern.finditer(rest):
                end = match.end()
                yield match[0]
            rest = rest[end:]
            if len(rest) > 64 * _CHUNK:
                raise TableError(f"{member} is not what a workbook holds")


def _cells(row: str, texts: list[str], kinds: dict[str, str], columns: dict[str, int]) -> list[str]:
    """The texts of a row's cells, each in its column. ``kinds`` and ``columns`` remember what was worked out before."""
    found: list[str] = []
    for letters, given, inner in _CELL.findall(row):
        if not letters:
            place = _PLACE.search(given)
            letters = place[1] if place else ""
        at = columns.get(letters, -1) if letters else len(found)
        if at < 0:
            at = columns[letters] = _number(letters)
        kind = kinds.get(given)
        if kind is None:
            mark = _KIND.search(given)
            kind = mark[1] if mark else "n"
            if len(kinds) < 1000:
                kinds[given] = kind
        value = ""
        if kind == "inlineStr":
            value = unescape("".join(_TEXT.findall(inner)))
        elif inner:
            held = _VALUE.search(inner)
            value = held[1] if held else ""
            value = texts[int(value)] if kind == "s" and value else unescape(value)
        if len(found) < at <= _WIDEST:
            found.extend([""] * (at - len(found)))
        found.append(value)
    return found


def _number(letters: str) -> int:
    """A is 0, AA is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
