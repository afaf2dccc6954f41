"""The tables of a run in one line: kind, program, edition, and the first digits of each file's SHA-256."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from ..privacy import legible
from ..report import TableInfo

__all__ = ["tables_told"]

KINDS = {"ptp": "NCCI PTP", "mue": "MUE", "icd10cm": "ICD-10-CM", "procedures": "procedure codes"}
SHOWN = 12
"""Editions that the line names, those of the latest days; JSON has them all."""
DIGITS = 8


def tables_told(tables: Sequence[TableInfo]) -> str:
    """The line without its name; ``""`` when there are no tables.

    >>> tables_told([TableInfo("mue", "medicare", "2026Q1", 0, "2026-01-01", "2026-03-31", "mue.zip", "9f8e7d6c5b4a")])
    'MUE Medicare 2026Q1 (9f8e7d6c)'
    """
    editions = [list(parts) for _, parts in groupby(tables, key=lambda t: (t.kind, t.lob, t.label, t.first))]
    latest = sorted(editions, key=lambda parts: parts[0].last, reverse=True)[:SHOWN]
    told = "; ".join(_edition(parts) for parts in editions if parts in latest)
    more = len(editions) - SHOWN
    return told + (f"; and {more} for earlier days" if more > 0 else "")


def _edition(parts: Sequence[TableInfo]) -> str:
    one = parts[0]
    name = " ".join(x for x in (KINDS.get(one.kind, one.kind), one.lob.capitalize(), legible(one.label)) if x)
    files = ", ".join(f"{f'f{t.part} ' if t.part else ''}{t.sha256[:DIGITS]}" for t in parts)
    return f"{name} ({files})"
