"""Service lines as rows, one a line with its claim: the columns of ``edi-check lines``, whatever the format. No column
identifies a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from ..model import Claim, ServiceLine
from ..privacy import MASK, is_private

__all__ = ["COLUMNS", "Column", "plain", "rows"]


class Column(NamedTuple):
    """A column: its name, its width in the text table (0: not shown there), and how it is got."""

    name: str
    width: int
    get: Callable[[Claim, ServiceLine], Any]


def _day(claim: Claim, line: ServiceLine) -> str:
    start = line.service_dates.start
    return start.isoformat() if start else line.service_dates.text


def _unread(text: str, position: int) -> str:
    """What stands for a number of SV1: with one separator too many, the composite and its free text."""
    return MASK if is_private(("SV1", *[""] * (position - 1), text), position) else text


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
    Column("units", -5, lambda c, s: _unread(s.units_text, 4) if s.units is None else s.units),
    Column("unit_basis", 0, lambda c, s: s.unit_basis),
    Column("charge", -8, lambda c, s: _unread(s.charge_text, 2) if s.charge is None else s.charge),
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
