"""Units of one code against a limit by the day, where lines stand for ranges of days: what is surely too much, and what
may be. Not a topic: no checks here.

How the units of a range are spread over its days can't be known. So many as the limit has on each of its days may be
right; they may as well all be of one day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from ...findings import Related
from ..aggregate import DayLine, DayOfService, Tally

__all__ = ["Over", "over_for_sure", "over_perhaps"]

ZERO = Decimal(0)


class Over(NamedTuple):
    """``line`` of the claim with which the sum passes the limit, the ``total`` of the days ``first`` to ``last``, the
    others that are part of it, and how: ``alone`` by one provider, by several ``providers``, perhaps (``range``: units
    of ranges of exactly these days; ``overlap``: of one day and the ranges that hold it)."""

    line: DayLine
    total: Decimal
    first: int
    last: int
    how: str
    related: tuple[Related, ...]


def over_for_sure(day: DayOfService, procedure: str, most: Decimal) -> Over | None:
    """More units in these days, or in an earlier claim's range that holds them, than all of its days may have."""
    for first, last in _windows(day):
        mine = _whole(day.touching(first, last), procedure)
        inside = [line for line in mine if first <= line.first and line.last <= last]
        over = _over(day, procedure, most * (last - first + 1), inside, first, last)
        if over is not None and ((first, last) == (day.first, day.last) or any(over.line is d for d in day.lines)):
            return over
    return None


def _windows(day: DayOfService) -> Iterator[tuple[int, int]]:
    """These days, and the earlier claims' ranges that hold them: those of this claim have their own turn."""
    yield day.first, day.last
    around = [days for days in day.ledger.holding(day.first) if days[1] >= day.last] if day.ledger is not None else []
    if around:
        own = {(line.first, line.last) for line in day.touching(day.first, day.last)}
        for days in around:
            if days not in own:
                yield days


def _over(day: DayOfService, procedure: str, limit: Decimal, inside: Sequence[DayLine], first: int,
          last: int) -> Over | None:
    earlier = day.ledger.inside(first, last) if day.ledger is not None else []
    tallies = [tally for tally in (t.of(procedure) for t in earlier) if tally.units]
    total = sum((tally.units for tally in tallies), ZERO)
    passing = _passing(inside, total, limit)
    if passing is None:
        return None
    how, total = "providers", total + _units(inside)
    by_provider: dict[str, list[DayLine]] = {}
    for line in inside:
        by_provider.setdefault(line.provider, []).append(line)
    for provider, its in by_provider.items():
        before = sum((t.of_provider(procedure, provider).units for t in earlier), ZERO)
        alone = _passing(its, before, limit)
        if alone is not None:
            passing, how, total = alone, "alone", before + _units(its)
            break
    return Over(passing, total, first, last, how, _others(tallies, inside, passing))


def over_perhaps(day: DayOfService, procedure: str, most: Decimal) -> Over | None:
    """More units on one of these days than it may have, if all those of the ranges that hold it were of that day."""
    mine = _whole(day.touching(day.first, day.last), procedure)
    of_day = _whole(day.lines, procedure)
    if not of_day:
        return None
    if day.days > 1:
        earlier = day.before.of(procedure)
        passing = _passing(of_day, earlier.units, most)
        if passing is not None:
            return Over(passing, earlier.units + _units(of_day), day.first, day.last, "range",
                        _others([earlier], of_day, passing))
    elsewhere = _told_elsewhere(day, mine)
    for one in range(day.first, day.last + 1):
        if any(first <= one <= last for first, last in elsewhere):
            continue
        tallies = [t.of(procedure) for t in day.ledger.on(one)] if day.ledger is not None else []
        there = [line for line in mine if line.first <= one <= line.last]
        before = sum((tally.units for tally in tallies), ZERO)
        passing = _passing(there, before, most)
        if passing is not None:
            return Over(passing, before + _units(there), one, one, "overlap",
                        _others([tally for tally in tallies if tally.units], there, passing))
    return None


def _told_elsewhere(day: DayOfService, mine: Sequence[DayLine]) -> list[tuple[int, int]]:
    """Of the lines of the claim that share a day with this one, the other ranges to which a doubt about their days is
    left: those that come before this one, all of them where this is a single day."""
    found: list[tuple[int, int]] = []
    for line in mine:
        period = (line.first, line.last)
        if period == (day.first, day.last):
            if day.days > 1:
                break
        elif line.last > line.first:
            found.append(period)
    return found


def _whole(lines: Iterable[DayLine], procedure: str) -> list[DayLine]:
    """Lines of the procedure; a part of a unit is another edit's."""
    return [line for line in lines if line.procedure == procedure and line.units == int(line.units)]


def _units(lines: Iterable[DayLine]) -> Decimal:
    return sum((line.units for line in lines), ZERO)


def _passing(lines: Sequence[DayLine], before: Decimal, limit: Decimal) -> DayLine | None:
    """The line with which the sum passes the limit; the first, when it had passed it before."""
    for line in lines:
        before += line.units
        if before > limit:
            return line
    return None


def _others(tallies: Iterable[Tally], lines: Iterable[DayLine], line: DayLine) -> tuple[Related, ...]:
    earlier = sorted(dict.fromkeys(related for tally in tallies for related in tally.lines))
    return (*earlier, *(Related(0, other.number) for other in lines if other is not line))
