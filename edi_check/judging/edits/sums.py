"""Units of codes added up over a patient's day: limits that several payers have, each with its own codes."""

from __future__ import annotations

from decimal import Decimal

from ...findings import Related
from ..aggregate import DayOfService
from ..conditions import Codes
from ..registry import Hit, Result, check

_RELATED = 10


def _room(touched: frozenset[str], *, codes: Codes, most: Decimal) -> tuple[Codes, Decimal]:
    return codes, most


@check(gives="total limit procedures", room=_room)
def units_over(day: DayOfService, *, codes: Codes, most: Decimal) -> Result:
    """More units of these codes together for one patient and day than ``most``, over lines and claims of the file.

    Wrong:  SV1*HC:97140:GP*300*UN*5***1 and SV1*HC:97110:GP*240*UN*4***1 on one day, at most 8
    Right:  SV1*HC:97140:GP*240*UN*4***1 and SV1*HC:97110:GP*240*UN*4***1 on one day

    A range of n days may have n times as many. Returns one hit, on the line with which the sum passes the limit.
    """
    limit = most * day.days
    mine = day.of(codes)
    earlier = [day.before.of(code) for code in codes.enumerated() or ()] if day.before else []
    total = sum((t.units for t in earlier), Decimal(0))
    over = None
    for line in mine:
        total += line.units
        if total > limit and over is None:
            over = line
    if over is None:
        return ()
    related = sorted([r for t in earlier for r in t.lines]) + [Related(0, d.number) for d in mine if d is not over]
    values = {"total": total, "limit": limit, "procedures": sorted({d.procedure for d in mine})}
    return (Hit("SV104", over.segment, over.number, values, related=tuple(related[:_RELATED])),)


@check(gives="total limit", room=_room)
def shift_units_over(shift: DayOfService, *, codes: Codes, most: Decimal) -> Result:
    """More units of these codes by one provider on a day, for all patients together, than ``most``.

    Wrong:  SV1*HC:97140:GP*480*UN*8***1 for each of five patients of one therapist on one day, at most 32
    Right:  for each of four patients

    A range of n days may have n times as many. Returns one hit, on the line with which the sum passes the limit.
    """
    return units_over(shift, codes=codes, most=most)
