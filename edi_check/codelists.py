"""Dated code sets: a code is valid *on a day*. The tables are CSV beside this module, validity days in each row.

Shipped are only small public lists (places of service, states, countries); nothing of the AMA's or X12's.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

__all__ = ["CodeList", "code_list"]


@dataclass(slots=True, frozen=True)
class CodeList:
    """``windows``: code to its (first, last) days of validity, both counted, in file order."""

    name: str
    source: str
    windows: dict[str, tuple[tuple[date, date], ...]]

    def covers(self, day: date) -> bool:
        """Was any of its codes valid on ``day``?"""
        return any(a <= day <= b for spans in self.windows.values() for a, b in spans)

    @property
    def all_codes(self) -> frozenset[str]:
        """Every code that was ever valid."""
        return frozenset(self.windows)

    def is_valid(self, code: str, day: date | None = None) -> bool:
        """Is ``code`` in the list, on ``day`` if one is given?"""
        spans = self.windows.get(code, ())
        return any(a <= day <= b for a, b in spans) if day else bool(spans)


@cache
def code_list(name: str) -> CodeList:
    """The list ``codes/<name>.csv``: columns ``code,from,to`` (ISO days; empty: always). Lines that begin with ``#``
    are comments, the first of them the source."""
    text = resources.files("edi_check").joinpath("codes").joinpath(name + ".csv").read_text("utf-8")
    lines = text.splitlines()
    source = next((ln[1:].strip() for ln in lines if ln.startswith("#")), "")
    windows: dict[str, tuple[tuple[date, date], ...]] = {}
    for row in csv.DictReader(ln for ln in lines if ln and not ln.startswith("#")):
        first = date.fromisoformat(row["from"]) if row["from"] else date.min
        last = date.fromisoformat(row["to"]) if row["to"] else date.max
        windows[row["code"]] = (*windows.get(row["code"], ()), (first, last))
    return CodeList(name, source, windows)
