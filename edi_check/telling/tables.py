"""Findings as rows for spreadsheets and pipelines: CSV, one finding a row.

A cell can't become a formula: text that begins like one gets an apostrophe before it, as spreadsheets themselves do.
Control characters are spelled out.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TextIO

from ..findings import UNKNOWN_EDIT
from ..privacy import MASK, masked, unmasked
from ..report import Report
from .render import visible

__all__ = ["COLUMNS", "finding_rows", "formula_safe", "write_csv"]

COLUMNS = ("path", "edit", "name", "level", "snip", "claim", "claim_number", "line", "message", "fix", "loop",
           "segment_id", "element", "repetition", "value", "segment", "set_segment", "file_line", "column", "offset",
           "category", "codes", "entity", "document", "section")

FORMULA_SIGNS = frozenset("=+-@\t\r\n")


def finding_rows(report: Report) -> Iterator[tuple[str | int, ...]]:
    """The findings of all files, in order; values that identify a person masked unless the report shows them."""
    told = unmasked if report.show_values else masked
    for file in report.files:
        for f in file.findings:
            edit = report.edits.get(f.edit, UNKNOWN_EDIT)
            w = f.where
            value = w.value if report.show_values or not w.is_private else MASK
            yield (file.path, f.edit, edit.name, f.level, edit.snip, f.claim, f.claim_number, f.line,
                   told(f.message), told(f.fix or edit.fix), w.loop, w.segment_id, w.element, w.repetition, value,
                   w.segment, w.set_segment, w.line, w.column, w.offset, f.status.category,
                   " ".join(f.status.codes), f.status.entity, *edit.source)


def formula_safe(text: str) -> str:
    """Text that no spreadsheet calculates.

    >>> formula_safe("=HYPERLINK(1)"), formula_safe("97140"), formula_safe(" @x")
    ("'=HYPERLINK(1)", '97140', "' @x")
    """
    return "'" + text if text[:1] in FORMULA_SIGNS or text.lstrip()[:1] in FORMULA_SIGNS else text


def write_csv(report: Report, out: TextIO) -> None:
    """With a heading row, as RFC 4180 has it."""
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in finding_rows(report):
        writer.writerow([formula_safe(visible(c)) if isinstance(c, str) else c for c in row])
