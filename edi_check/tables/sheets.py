"""Rows out of the files that CMS publishes, whatever they are wrapped in: txt, csv, xlsx, a zip of them, a zip of zips.

Not here: what the rows mean (``layouts``). Text is taken as latin-1: CMS writes cp1252 (the AMA's notice has a ®), and
codes, days and numbers are ASCII. xlsx is read with the standard library: of a workbook only the first sheet's cell
texts are wanted, which is this page; openpyxl gives much more and takes three times as long for a table of NCCI pairs.
"""

from __future__ import annotations

import csv
import io
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, NamedTuple
from xml.etree import ElementTree

from .store import TableError

__all__ = ["Sheet", "sheets_in"]

LONGEST_MEMBER = 2 * 1024**3
"""Unpacked size of a member of a zip; NCCI's largest part has some 50 MB."""

Rows = Iterator[list[str]]

_UNREADABLE = (OSError, EOFError, zipfile.BadZipFile, zlib.error, csv.Error, ElementTree.ParseError, KeyError,
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

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_COLUMN = re.compile(r"[A-Z]+")


def _workbook(opened: Opened) -> Rows:
    with opened.open() as raw, zipfile.ZipFile(raw) as book:
        names = book.namelist()
        sheet = next((n for n in ("xl/worksheets/sheet1.xml", "xl/worksheets/sheet.xml") if n in names), "")
        sheet = sheet or min(n for n in names if n.startswith("xl/worksheets/") and n.endswith(".xml"))
        if book.getinfo(sheet).file_size > LONGEST_MEMBER:
            raise TableError(f"{opened.path}: the sheet unpacks to more than {LONGEST_MEMBER} bytes")
        texts = _shared_texts(book) if "xl/sharedStrings.xml" in names else []
        with book.open(sheet) as xml:
            yield from _cells(xml, texts)


def _shared_texts(book: zipfile.ZipFile) -> list[str]:
    texts = []
    with book.open("xl/sharedStrings.xml") as xml:
        for _, element in ElementTree.iterparse(xml):  # noqa: S314 - expat refuses entities that grow
            if element.tag == _MAIN + "si":
                texts.append("".join(t.text or "" for t in element.iter(_MAIN + "t")))
                element.clear()
    return texts


def _cells(xml: IO[bytes], texts: list[str]) -> Rows:
    columns: dict[str, int] = {}
    row_tag, cell_tag, value_tag, text_tag = _MAIN + "row", _MAIN + "c", _MAIN + "v", _MAIN + "t"
    row: list[str] = []
    parsed = iter(ElementTree.iterparse(xml, ("start", "end")))  # noqa: S314
    data = None
    for event, element in parsed:
        tag = element.tag
        if event == "start":
            data = element if tag == _MAIN + "sheetData" else data
            continue
        if tag == cell_tag:
            letters = _COLUMN.match(element.get("r", ""))
            at = columns.get(letters[0]) if letters else len(row)
            if at is None:
                at = columns[letters[0]] = _number_of(letters[0])  # type: ignore[index]
            kind = element.get("t")
            if kind == "inlineStr":
                value = "".join(t.text or "" for t in element.iter(text_tag))
            else:
                held = element.find(value_tag)
                value = (held.text or "") if held is not None else ""
                if kind == "s" and value:
                    value = texts[int(value)]
            if at > len(row):
                row.extend([""] * min(at - len(row), 100))
            row.append(value)
        elif tag == row_tag:
            yield row
            row = []
            if data is not None:
                data.clear()  # or a million rows stay in memory


def _number_of(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
