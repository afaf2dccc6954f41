"""Findings, claims and service lines as Parquet, for data engines: three tables with types, joined by ``file`` and
``claim``. The only module that knows pyarrow (extra ``[arrow]``).

Amounts are decimals, days are dates, lists are lists; what doesn't apply is null. An amount or a day that can't be
said in its type is null, and its column ``…_text`` has it as sent. No column's name needs quotes in SQL. Tables are
written a row group at a time, so memory doesn't grow with the file. Values that identify a person are masked as in
every report.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .findings import UNKNOWN_EDIT, Finding
from .model import Claim, ServiceLine
from .pipeline import claims_again
from .privacy import MASK, masked, unmasked
from .report import FileReport, Report
from .telling.service_lines import as_sent, modifiers_shown
from .telling.visible import visible

__all__ = ["CLAIMS", "FINDINGS", "LINES", "TABLES", "service_line_rows", "write_table", "write_tables"]

ROW_GROUP = 16_384

_TEXT, _TEXTS = pa.string(), pa.list_(pa.string())
_COUNT, _BYTES = pa.int32(), pa.int64()
_MONEY, _UNITS = pa.decimal128(20, 2), pa.decimal128(18, 3)
_WHOLE = {2: 18, 3: 15}
"""Digits before the point, by places behind it: X12's amounts have at most 18 digits, its quantities 15."""

FINDINGS = pa.schema([
    ("file", _TEXT), ("edit", _TEXT), ("name", _TEXT), ("level", _TEXT), ("snip", pa.int8()), ("claim", _COUNT),
    ("claim_number", _TEXT), ("line", _COUNT), ("message", _TEXT), ("fix", _TEXT), ("loop", _TEXT),
    ("segment_id", _TEXT), ("element", _TEXT), ("repetition", _COUNT), ("value", _TEXT), ("segment", _COUNT),
    ("set_segment", _COUNT), ("file_line", _COUNT), ("file_column", _COUNT), ("byte_offset", _BYTES),
    ("byte_length", _COUNT), ("status_category", _TEXT), ("status_codes", _TEXTS), ("status_entity", _TEXT),
    ("ik3", _TEXT), ("ik4", _TEXT), ("document", _TEXT), ("section", _TEXT),
    ("related", pa.list_(pa.struct([("claim", _COUNT), ("line", _COUNT)]))), ("interchange", _COUNT),
    ("group_index", _COUNT), ("set_index", _COUNT),
])
CLAIMS = pa.schema([
    ("file", _TEXT), ("claim", _COUNT), ("claim_number", _TEXT), ("disposition", _TEXT), ("charge", _MONEY),
    ("charge_text", _TEXT), ("lines", _COUNT), ("lob", _TEXT), ("payer_id", _TEXT), ("billing_npi", _TEXT),
    ("interchange", _COUNT), ("group_index", _COUNT), ("set_index", _COUNT), ("set_control_number", _TEXT),
    ("segment", _COUNT), ("byte_offset", _BYTES), ("byte_length", _COUNT),
])
_OF_A_LINE = [
    ("file", _TEXT), ("claim", _COUNT), ("claim_number", _TEXT), ("line", _COUNT), ("service_from", pa.date32()),
    ("service_to", pa.date32()), ("service_dates_text", _TEXT), ("procedure_qualifier", _TEXT), ("procedure", _TEXT),
    ("modifiers", _TEXTS), ("units", _UNITS), ("units_text", _TEXT), ("unit_basis", _TEXT), ("charge", _MONEY),
    ("charge_text", _TEXT), ("place_of_service", _TEXT), ("diagnoses", _TEXTS), ("rendering_npi", _TEXT),
    ("billing_npi", _TEXT), ("payer_id", _TEXT), ("frequency", _TEXT), ("claim_charge", _MONEY),
    ("line_control_number", _TEXT), ("segment", _COUNT),
]
LINES = pa.schema([*_OF_A_LINE, ("disposition", _TEXT)])
"""``disposition`` is the claim's; null where nothing was judged (``edi-check lines``)."""

TABLES = {"findings": FINDINGS, "claims": CLAIMS, "lines": LINES}

Row = tuple[Any, ...]


def write_tables(report: Report, where: dict[str, Any], limits: dict[str, int] | None = None) -> None:
    """Write tables of a report. In: ``where`` from names of ``TABLES`` to paths or binary files; ``limits`` those that
    the report was made with, because service lines are read again from the file. Raises ValueError when a file has
    changed since it was checked."""
    about = {"edi_check.version": report.version, "edi_check.as_of": report.as_of}
    rows = {"findings": _finding_rows, "claims": _claim_rows}
    for name, out in where.items():
        found = _line_rows(report, limits) if name == "lines" else rows[name](report)
        write_table(TABLES[name], found, out, about)


def write_table(schema: pa.Schema, rows: Iterable[Row], out: Any, about: dict[str, str]) -> None:
    """Write rows as one Parquet file, a row group at a time. In: ``out`` a path or a binary file; ``about`` goes into
    the file's metadata."""
    schema = schema.with_metadata(about)
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        batch: list[Row] = []
        for row in rows:
            batch.append(row)
            if len(batch) == ROW_GROUP:
                _write(writer, schema, batch)
        if batch:
            _write(writer, schema, batch)


def _write(writer: pq.ParquetWriter, schema: pa.Schema, batch: list[Row]) -> None:
    columns = [pa.array(values, field.type) for field, values in zip(schema, zip(*batch, strict=True), strict=True)]
    writer.write_batch(pa.record_batch(columns, schema=schema))
    batch.clear()


def _finding_rows(report: Report) -> Iterator[Row]:
    for file in report.files:
        for finding in file.findings:
            yield _finding(report, file, finding)


def _finding(report: Report, file: FileReport, f: Finding) -> Row:
    edit, w = report.edits.get(f.edit, UNKNOWN_EDIT), f.where
    told = unmasked if report.show_values else masked
    value = w.value if report.show_values or not w.is_private else MASK
    is_placed, is_pointed = w.segment > 0, bool(w.element)
    return (
        visible(file.path), f.edit, edit.name or None, f.level, edit.snip or None, f.claim or None,
        visible(f.claim_number) if f.claim else None, f.line or None, visible(told(f.message)),
        visible(told(f.fix or edit.fix)) or None, visible(w.loop) or None, visible(w.segment_id) or None,
        visible(w.element) or None, w.repetition or None, visible(value) if is_pointed else None,
        w.segment or None, w.set_segment or None, w.line or None, w.column or None,
        w.offset if is_placed else None, w.length if is_placed else None, f.status.category or None,
        list(f.status.codes), f.status.entity or None, f.ik3 or None, f.ik4 or None, edit.source.document or None,
        edit.source.section or None, [{"claim": r.claim, "line": r.line or None} for r in f.related],
        f.interchange or None, f.group or None, f.set_index or None)


def _claim_rows(report: Report) -> Iterator[Row]:
    for file in report.files:
        path = visible(file.path)
        for (index, number, disposition, charge, lines, lob, payer_id, interchange, group, set_index, set_number,
             segment, offset, length, provider, *_) in file.outlines():
            yield (path, index, visible(number), disposition, _exact(charge, 2), charge, lines, lob, visible(payer_id),
                   _npi(file, provider), interchange, group, set_index, visible(set_number), segment, offset, length)


def _npi(file: FileReport, provider: int) -> str | None:
    """The NPI of a billing provider by its number in the file."""
    row: Sequence[Any] = file.providers[provider - 1] if 0 < provider <= len(file.providers) else ("", "", "")
    return visible(row[2]) if row[1] == "XX" and row[2] else None


def _line_rows(report: Report, limits: dict[str, int] | None) -> Iterator[Row]:
    for file in report.files:
        if file.counts.claims:
            outlines = file.outlines()
            for claim in claims_again(file, limits=limits):
                outline = next(outlines, None)
                yield from service_line_rows(file.path, claim, outline[2] if outline else None)


def service_line_rows(path: str, claim: Claim, disposition: str | None = None) -> Iterator[Row]:
    """The rows of ``LINES`` for a claim."""
    path = visible(path)
    for line in claim.service_lines:
        yield (path, *_service_line(claim, line), disposition)


def _service_line(claim: Claim, line: ServiceLine) -> Row:
    dates = line.service_dates
    return (
        claim.index, visible(claim.number), line.number, dates.start, dates.end, visible(dates.text),
        visible(line.procedure_qualifier), visible(line.procedure), [visible(m) for m in modifiers_shown(line)],
        _exact(line.units, 3), visible(as_sent(line, 4)), visible(as_sent(line, 3)), _exact(line.charge, 2),
        visible(as_sent(line, 2)), visible(line.place), [visible(d.code) for d in line.diagnoses],
        visible(claim.rendering_of(line).npi) or None, visible(claim.billing.npi) or None, visible(claim.payer.id),
        visible(claim.frequency), _exact(claim.charge, 2), visible(line.control_number) or None, line.service_segment)


def _exact(amount: Decimal | str | None, places: int) -> Decimal | None:
    """The amount with so many places; ``None`` when it isn't one, or needs more."""
    if amount is None or amount == "":
        return None
    try:
        value = Decimal(amount)
        rounded = value.quantize(Decimal(1).scaleb(-places))
    except (InvalidOperation, ValueError):
        return None
    return rounded if rounded == value and rounded.adjusted() < _WHOLE[places] else None
