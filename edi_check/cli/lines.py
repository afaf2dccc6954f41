"""``edi-check lines``: the service lines of claim files as a table, one row a line with its claim. Streams; judges
nothing. No column identifies a person."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, TextIO

import click

from .. import read_claims
from ..findings import EdiCheckError
from ..model import Claim, ServiceLine
from ..telling.render import visible
from ..telling.tables import formula_safe
from . import exits
from .inputs import STDIN, expand
from .outputs import Output, opened, refuse_clashes
from .session import Session, verbosity_options

__all__ = ["COLUMNS", "Column", "lines", "rows"]


class Column(NamedTuple):
    """A column: its name, its width in the text table (0: not shown there), and how it is got."""

    name: str
    width: int
    get: Callable[[Claim, ServiceLine], Any]


def _day(claim: Claim, line: ServiceLine) -> str:
    start = line.service_dates.start
    return start.isoformat() if start else line.service_dates.text


def _last_day(claim: Claim, line: ServiceLine) -> str:
    end = line.service_dates.end
    return end.isoformat() if end else ""


COLUMNS = (
    Column("claim", 0, lambda c, s: c.index),
    Column("claim_number", 14, lambda c, s: c.number),
    Column("line", -4, lambda c, s: s.number),
    Column("from", 10, _day),
    Column("to", 0, _last_day),
    Column("procedure", 5, lambda c, s: s.procedure),
    Column("modifiers", 11, lambda c, s: list(s.modifiers)),
    Column("units", -5, lambda c, s: s.units_text if s.units is None else s.units),
    Column("unit_basis", 0, lambda c, s: s.unit_basis),
    Column("charge", -8, lambda c, s: s.charge_text if s.charge is None else s.charge),
    Column("place_of_service", 2, lambda c, s: s.place),
    Column("diagnoses", 7, lambda c, s: [d.code for d in s.diagnoses]),
    Column("rendering_npi", 0, lambda c, s: c.rendering_of(s).npi),
    Column("billing_npi", 0, lambda c, s: c.billing.npi),
    Column("payer_id", 0, lambda c, s: c.payer.id),
    Column("frequency", 0, lambda c, s: c.frequency),
    Column("claim_charge", 0, lambda c, s: c.charge_text if c.charge is None else c.charge),
    Column("line_control_number", 0, lambda c, s: s.control_number),
    Column("segment", 0, lambda c, s: s.service_segment),
)
HEADINGS = {"claim_number": "claim", "procedure": "code", "place_of_service": "at"}


def rows(claims: Iterable[Claim]) -> Iterator[list[Any]]:
    """The values of ``COLUMNS`` for each service line."""
    getters = [column.get for column in COLUMNS]
    for claim in claims:
        for line in claim.service_lines:
            yield [get(claim, line) for get in getters]


def plain(value: Any) -> str:
    """A value as text: lists with spaces between, amounts without exponent."""
    if isinstance(value, list):
        return " ".join(value)
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def cell(value: Any) -> str:
    """A value for a spreadsheet: text that it would take for a formula is made text; numbers are numbers."""
    text = plain(value)
    return text if isinstance(value, int | Decimal) else formula_safe(visible(text))


class TextTable:
    """Aligned columns of fixed width, so that the first row is there at once; what is wider pushes its row."""

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.path = ""
        self.shown = [(n, column) for n, column in enumerate(COLUMNS) if column.width]

    def start(self) -> None:
        """The heads come with the first row of each file."""

    def row(self, path: str, values: Sequence[Any]) -> None:
        if path != self.path:
            self.out.write(("\n" if self.path else "") + visible(path) + "\n")
            self.path = path
            self._write([HEADINGS.get(c.name, c.name) for _, c in self.shown])
            self._write(["-" * abs(c.width) for _, c in self.shown])
        self._write([visible(plain(values[n])) for n, _ in self.shown])

    def _write(self, texts: Sequence[str]) -> None:
        cells = [t.rjust(-c.width) if c.width < 0 else t.ljust(c.width)
                 for t, (_, c) in zip(texts, self.shown, strict=True)]
        self.out.write("  ".join(cells).rstrip() + "\n")

    def end(self) -> None:
        """Nothing to close."""


class CsvTable:
    """RFC 4180 with a header; every column; see ``cell``."""

    def __init__(self, out: TextIO) -> None:
        self.writer = csv.writer(out, lineterminator="\r\n")

    def start(self) -> None:
        self.writer.writerow(["file", *(column.name for column in COLUMNS)])

    def row(self, path: str, values: Sequence[Any]) -> None:
        self.writer.writerow([cell(path), *map(cell, values)])

    def end(self) -> None:
        """Nothing to close."""


class JsonRows:
    """An object a line; with ``is_array`` the whole is one JSON array. Amounts are texts, as in the report."""

    def __init__(self, out: TextIO, is_array: bool) -> None:
        self.out, self.is_array, self.lead = out, is_array, ""

    def start(self) -> None:
        if self.is_array:
            self.out.write("[")
            self.lead = "\n"

    def row(self, path: str, values: Sequence[Any]) -> None:
        row = {"file": path} | {column.name: value for column, value in zip(COLUMNS, values, strict=True)}
        self.out.write(self.lead + json.dumps(row, default=plain))
        self.lead = ",\n" if self.is_array else "\n"

    def end(self) -> None:
        self.out.write("\n]\n" if self.is_array else "\n" if self.lead else "")


def _table(form: str, out: TextIO) -> TextTable | CsvTable | JsonRows:
    if form == "text":
        return TextTable(out)
    return CsvTable(out) if form == "csv" else JsonRows(out, form == "json")


@click.command(short_help="Print the service lines as a table.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("-f", "--format", "form", type=click.Choice(["text", "csv", "ndjson", "json"]), default="text",
              show_default=True, help="text has the columns that fit a screen; the others have all.")
@click.option("-o", "--output", default="-", metavar="FILE", help="Write there instead of standard output.")
@verbosity_options
@click.pass_obj
def lines(session: Session, paths: tuple[str, ...], form: str, output: str) -> int:
    """Print the service lines of claim files, one row a line with its claim.

    Reads as `check` does (files, folders, .gz, - for standard input) and judges nothing. No column identifies a
    person. The exit code is 3 when something could not be read.

    \b
    Examples:
      edi-check lines batch.837
      edi-check lines -f csv -o lines.csv inbox/
    """
    inputs, empty = expand(paths)
    refuse_clashes([Output(form, output)], [one.path for one in inputs])
    for folder in empty:
        session.tell(f"{folder}: no claim file in this folder")
    code = exits.UNCHECKED if empty else exits.CHECKED
    with opened(output) as out:
        table = _table(form, out)
        table.start()
        for one in inputs:
            source = sys.stdin.buffer if one.path == STDIN else one.path
            name = one.stem if one.path == STDIN else one.path
            try:
                for row in rows(read_claims(source)):
                    table.row(name, row)
            except (EdiCheckError, OSError) as error:
                if isinstance(error, BrokenPipeError):
                    raise
                text = error.strerror if isinstance(error, OSError) else error
                session.tell(f"{name}: {text}", level=-1)
                code = exits.UNCHECKED
        table.end()
    return code
