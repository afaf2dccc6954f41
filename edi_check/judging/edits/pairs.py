"""NCCI: codes that aren't paid together on a day, and units of one beyond what is likely. By tables that the user
loads."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from ...findings import Related
from ...model import ServiceLine
from ..aggregate import usable_units
from ..ncci import Pairing, Pairings, Pairs, UnitLimits
from ..registry import Hit, Result, Unjudged, check
from ..visits import Visit, VisitLine

__all__: list[str] = []


class _Together(NamedTuple):
    """Two codes of a visit that make a pair of NCCI: the line to flag, the pair, and where the other one stands."""

    line: VisitLine
    pair: Pairing
    related: Related


@check(gives="procedure other column1 column2")
def pair_not_payable(
    visit: Visit, *, ptp: Pairs, indicator: str, bypass: frozenset[str], left_out: frozenset[str]
) -> Result:
    """Two codes that NCCI doesn't pay together, for one patient, provider and day, over the lines and claims of the
    file.

    ``indicator`` 0: no modifier changes that. ``indicator`` 1: unless one of the two lines carries a modifier of
    ``bypass``. Lines with a modifier of ``left_out`` ask for no payment and are left out.

    Wrong:  SV1*HC:00012*50*UN*1***1 and SV1*HC:00011*90*UN*1***1 on one day, a pair of the table with indicator 0
    Right:  one of them, or both on different days

    Returns a hit on each line whose code stands in column 2; across claims on the later claim's line, whichever it is.
    ``Unjudged`` when no table speaks of the day.
    """
    if len(visit.by_code) + len(visit.before) < 2:
        return ()
    if visit.noted is None:
        pairings = ptp.of_day(visit.lob, visit.first)
        if pairings is None:
            return (Unjudged(ptp.why_not(visit.lob, visit.first)),)
        visit.noted = _together(visit, pairings, bypass, left_out)
    noted: list[_Together] = visit.noted
    if not noted:
        return ()
    return [_hit(t) for t in noted if t.pair.indicator == indicator]


def _hit(found: _Together) -> Hit:
    line, (one, two, _) = found.line, found.pair
    other = two if line.procedure == one else one
    values = {"procedure": line.procedure, "other": other, "column1": one, "column2": two}
    return Hit("SV101-2", line.service_segment, line.number, values, related=(found.related,))


def _together(visit: Visit, pairings: Pairings, bypass: frozenset[str], left_out: frozenset[str]) -> list[_Together]:
    """All pairs of a visit that fire, those among the claim's own codes first."""
    found: list[_Together] = []
    codes = list(visit.by_code)
    for n, a in enumerate(codes, 1):
        for b in codes[n:]:
            pair = pairings[a, b]
            if pair is not None:
                unwanted = left_out | bypass if pair.indicator == "1" else left_out
                denied = _first(visit.by_code[pair.column2], unwanted)
                paid = _first(visit.by_code[pair.column1], unwanted)
                if denied is not None and paid is not None:
                    found.append(_Together(denied, pair, Related(0, paid.number)))
    for b, kinds in visit.before.items():
        for a in codes:
            pair = pairings[a, b] if a != b else None
            if pair is not None:
                unwanted = left_out | bypass if pair.indicator == "1" else left_out
                mine = _first(visit.by_code[a], unwanted)
                earlier = next((done.line for modifiers, done in kinds.items() if unwanted.isdisjoint(modifiers)), None)
                if mine is not None and earlier is not None:
                    found.append(_Together(mine, pair, earlier))
    return found


def _first(lines: list[VisitLine], unwanted: frozenset[str]) -> VisitLine | None:
    """The first line with none of these modifiers."""
    for line in lines:
        if not line.modifiers or unwanted.isdisjoint(line.modifiers):
            return line
    return None


@check(gives="procedure total limit")
def units_over_mue(visit: Visit, *, mue: UnitLimits, left_out: frozenset[str]) -> Result:
    """More units of a code than the MUE table of the quarter lets through for one patient and provider.

    Adjudication indicator 1: on each line. 2 and 3: over all lines of the day, whatever their modifiers. A limit of 0
    is one. Of a range of n days, n times as many may stand. Lines with a modifier of ``left_out`` are left out.

    Wrong:  SV1*HC:00013*120*UN*3***1, a code of the table with 2 units
    Right:  SV1*HC:00013*80*UN*2***1

    Returns a hit on each such line (1), or one on the line with which the day's sum passes the limit (2, 3);
    ``Unjudged`` when no table speaks of the day.
    """
    limits = mue.of_day(visit.lob, visit.first)
    if limits is None:
        return (Unjudged(mue.why_not(visit.lob, visit.first)),)
    found: list[Hit] = []
    for code, lines in visit.by_code.items():
        limit = limits[code]
        if limit is None:
            continue
        most = limit[0] * visit.days
        if limit[1] == 1:
            found.extend([_over(line, line.units, most, "line") for line in lines
                          if usable_units(line) > most and left_out.isdisjoint(line.modifiers)])
        else:
            hit = _over_on_day(visit, code, lines, most, left_out)
            if hit is not None:
                found.append(hit)
    return found


def _over_on_day(visit: Visit, code: str, lines: list[VisitLine], most: int, left_out: frozenset[str]) -> Hit | None:
    """The hit on the line with which the sum over the day passes the limit."""
    before = visit.before.get(code)
    if before is None and len(lines) == 1 and usable_units(lines[0]) <= most:
        return None
    earlier = [(done.units, done.line) for modifiers, done in (before or {}).items() if left_out.isdisjoint(modifiers)]
    mine = [line for line in lines if left_out.isdisjoint(line.modifiers)]
    total = sum((units for units, _ in earlier), Decimal(0))
    over = None
    for line in mine:
        total += usable_units(line)
        if total > most and over is None and usable_units(line):
            over = line
    if over is None:
        return None
    related = (*(where for _, where in earlier), *(Related(0, line.number) for line in mine if line is not over))
    return _over(over, total, most, "", related[:10])


def _over(line: VisitLine, total: Decimal | None, most: int, says: str, related: tuple[Related, ...] = ()) -> Hit:
    values = {"procedure": line.procedure, "total": total, "limit": most}
    return Hit("SV104", line.service_segment, line.number, values, says=says if most else "none", related=related)


@check(looks_at="service", gives="modifier")
def distinct_and_subset_modifier(line: ServiceLine, *, general: frozenset[str], subsets: frozenset[str]) -> Result:
    """A line carries the general modifier for a distinct service and one of those that say more exactly what was
    distinct.

    Wrong:  SV1*HC:99213:59:XS*60*UN*1***1
    Right:  SV1*HC:99213:XS*60*UN*1***1

    Returns one hit, on the general modifier.
    """
    modifiers = line.modifiers
    if len(modifiers) < 2 or general.isdisjoint(modifiers) or subsets.isdisjoint(modifiers):
        return ()
    at = next(n for n, m in enumerate(modifiers, 3) if m in general)
    return (Hit(f"SV101-{at}", values={"modifier": next(m for m in modifiers if m in subsets)}),)
