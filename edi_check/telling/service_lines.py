"""Service lines as rows, one a line with its claim: the columns of ``edi-check lines``, whatever the format. No column
identifies a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from ..model import Claim, ServiceLine
from ..privacy import MASK, is_private

__all__ = ["COLUMNS", "Column", "as_sent", "modifiers_shown", "plain", "rows"]


class Column(NamedTuple):
    """A column: its name, its width in the text table (0: not shown there), and how it is got."""

    name: str
    width: int
    get: Callable[[Claim, ServiceLine], Any]


def _day(claim: Claim, line: ServiceLine) -> str:
    start = line.service_dates.start
    return start.isoformat() if start else line.service_dates.text


def as_sent(line: ServiceLine, position: int) -> str:
    """Charge, unit basis or units (SV102 to SV104) of a line: with one separator too many, the composite or its free
    text stands there."""
    sv1 = ("SV1", line.procedure, line.charge_text, line.unit_basis, line.units_text)
    return MASK if is_private(sv1, position) else sv1[position]


def modifiers_shown(line: ServiceLine) -> list[str]:
    """With one separator too few, the free text behind the modifiers is one of them."""
    return [MASK if len(m) > 2 and is_private(("SV1", f"HC:0:{m}"), 1, 3) else m for m in line.modifiers]


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
    Column("modifiers", 11, lambda c, s: modifiers_shown(s)),
    Column("units", -5, lambda c, s: as_sent(s, 4) if s.units is None else s.units),
    Column("unit_basis", 0, lambda c, s: as_sent(s, 3)),
    Column("charge", -8, lambda c, s: as_sent(s, 2) if s.charge is None else s.charge),
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
