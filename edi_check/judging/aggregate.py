"""Sums over a patient's day: the lines of one claim, what earlier claims of the file brought, and what only overlaps.

A *period* is the days of a DTP*472, ``(first, last)`` as ordinals: one day, or a range of several days, whose share of
each day can't be known: it *overlaps* other periods, and may lie wholly inside one. Everything is found by procedure
and provider in a dictionary, never by a walk over the earlier lines, so that a file of 100,000 claims of one patient on
one day costs no more a claim than any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple, Protocol

from ..findings import Related
from ..model import Claim, ServiceLine
from .identities import provider_key

__all__ = [
    "LONGEST_RANGE", "DayLine", "DayOfService", "Ledger", "Tallies", "Tally", "day_line", "day_lines_of", "days_of",
    "name_of", "usable_units",
]

LONGEST_RANGE: Final = 31
"""A range of more days neither is summed nor overlaps anything: nobody treats a patient so, and a hostile file
could."""

PERIODS: Final = 50
"""Different periods of one claim that are held against each other; the guide allows no more lines."""

RANGES: Final = 8
"""Different ranges with one day in common that are added up with it; nobody bills more, and a hostile file could."""

LISTED: Final = 5
"""Earlier lines named in ``related``; the sums count all."""

ZERO: Final = Decimal(0)


class DayLine(NamedTuple):
    """What sums need of a service line. ``units`` is 0 where the line's own units are unusable (not UN, absent, not
    above 0): its own edit says so, and nothing cascades. ``text`` is its SV1."""

    number: int
    segment: int
    procedure: str
    units: Decimal
    provider: str
    tax_id: str
    first: int
    last: int
    text: str


class Tally:
    """Units so far, and the first few lines they come from."""

    __slots__ = ("lines", "units")

    def __init__(self) -> None:
        self.units = ZERO
        self.lines: tuple[Related, ...] = ()


_NO_TALLY: Final = Tally()


class Tallies:
    """Tallies by procedure, by procedure and provider, by procedure and tax id."""

    __slots__ = ("_by",)

    def __init__(self) -> None:
        self._by: dict[tuple[str, ...], Tally] = {}

    def __bool__(self) -> bool:
        return bool(self._by)

    def add(self, line: DayLine, claim: int) -> None:
        """Count a line of the claim with this index."""
        for key in _keys(line):
            tally = self._by.get(key)
            if tally is None:
                tally = self._by[key] = Tally()
            tally.units += line.units
            if len(tally.lines) < LISTED:
                tally.lines = (*tally.lines, Related(claim, line.number))

    def note(self, keys: Iterable[tuple[str, ...]], tally: Tally) -> None:
        """Remember that there is such a line, the first of its kind, without counting it."""
        for key in keys:
            self._by.setdefault(key, tally)

    def of(self, procedure: str) -> Tally:
        """All of a procedure."""
        return self._by.get((procedure,), _NO_TALLY)

    def of_provider(self, procedure: str, provider: str) -> Tally:
        """A procedure by one provider."""
        return self._by.get((procedure, "provider", provider), _NO_TALLY)

    def of_tax_id(self, procedure: str, tax_id: str) -> Tally:
        """A procedure under one billing tax id; none for the absent tax id."""
        return self._by.get((procedure, "tax", tax_id), _NO_TALLY) if tax_id else _NO_TALLY


def _keys(line: DayLine) -> tuple[tuple[str, ...], ...]:
    procedure = line.procedure
    return (procedure,), (procedure, "provider", line.provider), (procedure, "tax", line.tax_id)


_NOTHING: Final = Tallies()


class DayOfService:
    """One patient's period as a check sees it.

    ``lines``        this claim's lines of the period (those of the edit's procedures), in order
    ``before``       what earlier claims of the file that still stand brought in the same period
    ``overlapping``  this claim's tallies of other periods that share a day with this one
    ``overlapping_before``  the same of earlier claims
    ``all_lines``    this claim's lines of all periods; ``touching`` finds those that share a day with others
    ``ledger``       all that earlier claims brought, in any period
    ``group``        SBR03 of this claim
    """

    __slots__ = ("_by_day", "_own", "all_lines", "before", "claim", "first", "group", "last", "ledger", "lines",
                 "overlapping", "overlapping_before")

    def __init__(self, claim: int, group: str, period: tuple[int, int], lines: Sequence[DayLine]) -> None:
        self.claim, self.group, self.lines = claim, group, lines
        self.all_lines = lines
        self.first, self.last = period
        self.before = _NOTHING
        self.ledger: Ledger | None = None
        self.overlapping: tuple[Tallies, ...] = ()
        self.overlapping_before: tuple[Tallies, ...] = ()
        self._own: Tallies | None = None
        self._by_day: _ByDay | None = None

    @property
    def own(self) -> Tallies:
        """This claim's lines as tallies; made when first asked for."""
        if self._own is None:
            self._own = Tallies()
            for line in self.lines:
                self._own.add(line, self.claim)
        return self._own

    @property
    def days(self) -> int:
        """1, or the number of days of the range."""
        return self.last - self.first + 1

    @property
    def name(self) -> str:
        """``2026-02-03``, or ``2026-02-03 to 2026-02-05``."""
        return name_of(self.first, self.last)

    def of(self, procedures: Iterable[str]) -> list[DayLine]:
        """This claim's lines of these procedures."""
        return [line for line in self.lines if line.procedure in procedures]

    def touching(self, first: int, last: int) -> list[DayLine]:
        """This claim's lines, of whatever period, that share a day with this one, in order."""
        if self._by_day is None:
            return [line for line in self.all_lines if line.first <= last and first <= line.last]
        return self._by_day.touching(first, last)


class _ByDay:
    """The lines of a claim by their first day: a claim of very many lines (the guide allows 50, a hostile file has as
    many as it likes) is not walked over for each of its days."""

    __slots__ = ("by_first", "longest")

    def __init__(self, lines: Iterable[DayLine]) -> None:
        self.by_first: dict[int, list[DayLine]] = {}
        self.longest = 0
        for line in lines:
            self.by_first.setdefault(line.first, []).append(line)
            self.longest = max(self.longest, line.last - line.first)

    def touching(self, first: int, last: int) -> list[DayLine]:
        """The lines that share a day with these days, in order."""
        found = [line for day in range(first - self.longest, last + 1) for line in self.by_first.get(day, ())
                 if line.last >= first]
        found.sort(key=_by_number)
        return found


def _by_number(line: DayLine) -> int:
    return line.number


def name_of(first: int, last: int) -> str:
    """A period as messages call it: ``2026-02-03``, or ``2026-02-03 to 2026-02-05``."""
    begin = date.fromordinal(first).isoformat()
    return begin if first == last else f"{begin} to {date.fromordinal(last).isoformat()}"


class Ledger:
    """What a patient had so far: tallies by period, and of ranges also by each of their days."""

    __slots__ = ("by_day", "periods", "ranges")

    def __init__(self) -> None:
        self.periods: dict[tuple[int, int], Tallies] = {}
        self.by_day: dict[int, Tallies] = {}
        self.ranges: dict[int, list[tuple[int, int]]] = {}
        """By day the different ranges that hold it, up to RANGES."""

    def add(self, lines: Iterable[DayLine], claim: int) -> None:
        """Count the lines of a claim that stands."""
        for line in lines:
            period = (line.first, line.last)
            if period not in self.periods:
                self.periods[period] = Tallies()
                if line.last > line.first:
                    self._enter(period)
            self.periods[period].add(line, claim)
            if line.last > line.first:
                tally = Tally()
                tally.lines = (Related(claim, line.number),)
                keys = _keys(line)
                for day in range(line.first, line.last + 1):
                    if day not in self.by_day:
                        self.by_day[day] = Tallies()
                    self.by_day[day].note(keys, tally)

    def _enter(self, period: tuple[int, int]) -> None:
        for day in range(period[0], period[1] + 1):
            its = self.ranges.setdefault(day, [])
            if len(its) < RANGES:
                its.append(period)

    def at(self, first: int, last: int) -> Tallies:
        """What was counted in exactly this period."""
        return self.periods.get((first, last), _NOTHING)

    def inside(self, first: int, last: int) -> list[Tallies]:
        """What was counted in this period and in those that lie wholly inside it: no part of it can be of other
        days."""
        found = []
        for day in range(first, last + 1):
            if (day, day) in self.periods:
                found.append(self.periods[day, day])
            for period in self.ranges.get(day, ()):
                if period[0] == day and period[1] <= last:
                    found.append(self.periods[period])
        return found

    def holding(self, day: int) -> list[tuple[int, int]]:
        """The ranges that hold a day."""
        return self.ranges.get(day, [])

    def on(self, day: int) -> list[Tallies]:
        """What was counted on a day, and all that the ranges that hold it may have brought on it."""
        found = [self.periods[period] for period in self.ranges.get(day, ())]
        return [*found, self.periods[day, day]] if (day, day) in self.periods else found

    def overlaps(self, first: int, last: int) -> Iterator[Tallies]:
        """Tallies of other periods that share a day with this one; those of ranges only tell that there is a line. (A
        range's own come back by day as well: harmless, since nobody adds these up.)"""
        if not self.by_day and first == last:
            return
        for day in range(first, last + 1):
            if day in self.by_day:
                yield self.by_day[day]
            if last > first and (day, day) in self.periods:
                yield self.periods[(day, day)]


def days_of(claim: int, group: str, lines: Sequence[DayLine], before: Ledger | None = None) -> list[DayOfService]:
    """The periods of one claim's lines, in order of their first line. ``before``: what the patient had in earlier
    claims."""
    if len(lines) == 1 and before is None:
        return [DayOfService(claim, group, (lines[0].first, lines[0].last), lines)]
    by_period: dict[tuple[int, int], list[DayLine]] = {}
    for line in lines:
        by_period.setdefault((line.first, line.last), []).append(line)
    days = [DayOfService(claim, group, period, its) for period, its in by_period.items()]
    if len(days) > 1:
        by_day = _ByDay(lines) if len(lines) > PERIODS else None
        for day in days:
            day.all_lines, day._by_day = lines, by_day
        for day in days[:PERIODS]:
            day.overlapping = tuple([o.own for o in days[:PERIODS]
                                     if o.first <= day.last and day.first <= o.last and o is not day])
    if before is not None:
        for day in days:
            day.ledger = before
            day.before = before.at(day.first, day.last)
            day.overlapping_before = tuple(before.overlaps(day.first, day.last))
    return days


def day_line(claim: Claim, line: ServiceLine) -> DayLine | None:
    """What sums need of a line; ``None`` when its dates are unusable or its range too long."""
    dates = line.service_dates
    start, end = dates.start, dates.end
    if start is None or end is None:
        return None
    first = start.toordinal()
    last = first if end is start else end.toordinal()
    if not first <= last < first + LONGEST_RANGE:
        return None
    billing = claim.billing
    return DayLine(line.number, line.service_segment, line.procedure, usable_units(line),
                   provider_key(line.rendering or claim.rendering or billing, billing), billing.tax_id, first, last,
                   line.text)


def day_lines_of(claim: Claim, lines: Iterable[tuple[ServiceLine, Decimal]]) -> list[DayLine]:
    """``day_line`` of several lines of a claim, each given with its ``usable_units``; lines that have none are left
    out."""
    billing, is_plain = claim.billing, claim.is_plain
    usual = provider_key(claim.rendering or billing, billing)
    known = _LAST[0]
    if known[0] is not billing:
        known = _LAST[0] = billing, billing.tax_id
    tax_id = known[1]
    found = []
    for line, units in lines:
        dates = line.service_dates
        start, end = dates.start, dates.end
        if start is None or end is None:
            continue
        first = last = start.toordinal()
        if end is not start:
            last = end.toordinal()
            if not first <= last < first + LONGEST_RANGE:
                continue
        own = None if is_plain else line.rendering
        found.append(_new(DayLine, (
            line.number, line.service_segment, line.procedure, units,
            usual if own is None else provider_key(own, billing), tax_id, first, last, line.text)))
    return found


class Quantity(Protocol):
    """Whatever has units: a ``ServiceLine``, or what is kept of one."""

    @property
    def unit_basis(self) -> str: ...
    @property
    def units(self) -> Decimal | None: ...


def usable_units(line: Quantity) -> Decimal:
    """The units of a line as all sums count them: 0 where they are unusable, which is another edit's to say. ``1.5``
    is what it says; whether a code may have such units is for its edits."""
    units = line.units
    return ZERO if units is None or units <= 0 or line.unit_basis != "UN" else units


_new: Final = tuple.__new__
_LAST: Final[list[tuple[Any, str]]] = [(None, "")]
"""The billing provider that came last, and its tax id: it comes with many claims."""
