"""``edi-check lines``: the service lines of claim files as a table, one row a line with its claim. Streams; judges
nothing. No column identifies a person."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TextIO

import click

from .. import read_claims
from ..configuration import load
from ..findings import EdiCheckError
from ..model import Claim
from ..telling.service_lines import COLUMNS, plain, rows
from ..telling.tables import formula_safe
from ..telling.visible import visible
from . import exits
from .inputs import STDIN, Input, expand
from .outputs import (
    Output,
    opened,
    opened_tables,
    refuse_clashes,
    refuse_no_room,
    refuse_unwritable,
    tell_fitting_format,
)
from .session import Session, config_option, verbosity_options

__all__ = ["lines"]

FORMATS = ("text", "csv", "ndjson", "json", "parquet")
HEADINGS = {"claim_number": "claim", "procedure": "code", "place_of_service": "at"}


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
@click.option("-f", "--format", "form", type=click.Choice(FORMATS), default="text", show_default=True,
              help="text has the columns that fit a screen; the others have all. parquet needs -o.")
@click.option("-o", "--output", default="-", metavar="FILE", help="Write there instead of standard output.")
@config_option
@verbosity_options
@click.pass_obj
def lines(session: Session, paths: tuple[str, ...], form: str, output: str, config_file: str) -> int:
    """Print the service lines of claim files, one row a line with its claim.

    Reads as `check` does (files, folders, .gz, - for standard input) and judges nothing. No column identifies a
    person. The exit code is 3 when something could not be read.

    \b
    Examples:
      edi-check lines batch.837
      edi-check lines -f csv -o lines.csv inbox/
      edi-check lines -f parquet -o lines.parquet inbox/
    """
    settings = load(config_file)
    session.warn(settings.warnings)
    inputs, unread = expand(paths)
    refuse_unwritable(Output(form, output))
    tell_fitting_format(session, Output(form, output), FORMATS)
    refuse_clashes([Output("lines", output)], [one.path for one in inputs])
    for one in unread:
        session.tell(f"{one.folder}: {one.says} {one.fix}", level=-1)
    reading = Reading(inputs, settings.plain("limits"), session, exits.UNCHECKED if unread else exits.CHECKED)
    if form == "parquet":
        _write_parquet(reading, output)
        return reading.code
    with opened(output) as out:
        table = _table(form, out)
        table.start()
        for name, claim in reading.claims():
            for row in rows([claim]):
                table.row(name, row)
        table.end()
    return reading.code


@dataclass
class Reading:
    """The claims of the inputs, one after the other. ``limits`` as in ``read_claims``; ``code`` is the exit code once
    they are read."""

    inputs: Sequence[Input]
    limits: Mapping[str, int]
    session: Session
    code: int

    def claims(self) -> Iterator[tuple[str, Claim]]:
        """Each with its file. What can't be read is said, and makes the exit code 3."""
        for one in self.inputs:
            source = sys.stdin.buffer if one.path == STDIN else one.path
            name = one.stem if one.path == STDIN else one.path
            found = read_claims(source, limits=self.limits)
            while True:
                try:
                    with refuse_no_room():
                        claim = next(found, None)
                except EdiCheckError as error:
                    self.session.tell(f"{name}: {error}", level=-1)
                    self.code = exits.UNCHECKED
                    break
                if claim is None:
                    break
                yield name, claim


def _write_parquet(reading: Reading, output: str) -> None:
    from .. import __version__, arrow

    found = (row for name, claim in reading.claims() for row in arrow.service_line_rows(name, claim))
    with opened_tables({"lines": output}) as files:
        arrow.write_table(arrow.LINES, found, files["lines"], {"edi_check.version": __version__})
