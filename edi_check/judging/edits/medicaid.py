"""Oregon Medicaid's rules for physical and occupational therapy (OAR 410-131), as far as a file shows them.

What a patient had before, or at another clinic, is not in the file; every message says so where it matters.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Container
from datetime import date
from decimal import Decimal

from ...findings import Related
from ..aggregate import DayLine, DayOfService, usable_units
from ..conditions import Codes
from ..courses import Course, CourseLine
from ..registry import ALWAYS_HEARD, ALWAYS_SILENT, Hit, Result, check
from ..visits import Visit, VisitLine

_RELATED = 10


def _room_for_timed(touched: frozenset[str], *, timed: Codes, most: Decimal) -> tuple[Codes, Decimal]:
    return timed, most


@check(gives="discipline total limit", room=_room_for_timed)
def discipline_over_one_hour(visit: Visit, *, timed: Codes, disciplines: tuple[str, ...], most: Decimal) -> Result:
    """More timed units under one plan of care than an hour has, for a patient, provider and day (410-131-0120(6)(a)).

    Wrong:  SV1*HC:97140:GP*180*UN*3***1 and SV1*HC:97110:GP*120*UN*2***1 on one day
    Right:  SV1*HC:97140:GP*180*UN*3***1 and SV1*HC:97530:GO*120*UN*2***1 on one day

    A range of n days may have n times as many. Returns one hit for each discipline, on the line with which the sum
    passes the limit.
    """
    limit = most * visit.days
    found: list[Hit] = []
    for discipline in disciplines:
        earlier = [done for code, kinds in visit.before.items() if code in timed
                   for modifiers, done in kinds.items() if discipline in modifiers]
        mine = sorted((line for code, lines in visit.by_code.items() if code in timed
                       for line in lines if discipline in line.modifiers), key=lambda line: line.number)
        total = sum((done.units for done in earlier), Decimal(0))
        over: VisitLine | None = None
        for line in mine:
            total += usable_units(line)
            if total > limit and over is None:
                over = line
        if over is not None:
            related = [done.line for done in earlier] + [Related(0, n.number) for n in mine if n is not over]
            found.append(Hit("SV104", over.service_segment, over.number,
                             {"discipline": discipline, "total": total, "limit": limit},
                             related=tuple(related[:_RELATED])))
    return found


def _room_for_kinds(touched: frozenset[str], *, modalities: Codes, most: int) -> tuple[Codes, int]:
    return modalities, most


@check(gives="count procedures", room=_room_for_kinds)
def more_than_two_modalities(day: DayOfService, *, modalities: Codes, most: int) -> Result:
    """More than two different modalities for a patient on one day (410-131-0120(6)(b)).

    Wrong:  SV1*HC:97012… and SV1*HC:97014… and SV1*HC:97035… on one day
    Right:  two of them

    Returns one hit, on the line with the first modality that is too many. Ranges of days are not judged.
    """
    mine = day.of(modalities)
    if day.days > 1 or not mine:
        return ()
    codes = {code: None for code in modalities.enumerated() or () if day.before and day.before.of(code).lines}
    earlier = sorted(r for code in codes for r in day.before.of(code).lines)
    over: DayLine | None = None
    for line in mine:
        if line.procedure not in codes:
            codes[line.procedure] = None
            if len(codes) > most and over is None:
                over = line
    if over is None:
        return ()
    related = earlier + [Related(0, line.number) for line in mine if line is not over]
    return (Hit("SV101-2", over.segment, over.number, {"count": len(codes), "procedures": sorted(codes)},
                related=tuple(related[:_RELATED])),)


def _room_without_modality(touched: frozenset[str], *, modalities: Codes) -> tuple[Container[str], float]:
    return ALWAYS_HEARD if any(code in modalities for code in touched) else ALWAYS_SILENT


@check(looks_at="file", gives="procedure", room=_room_without_modality)
def modality_alone(day: DayOfService, *, modalities: Codes, therapies: Codes) -> Result:
    """A modality without a therapeutic procedure for the patient on that day, on any claim of the file
    (410-131-0120(6)(b)).

    Wrong:  SV1*HC:97012…
    Right:  SV1*HC:97012… and SV1*HC:97110… on one day

    Returns one hit, on the day's first modality. Ranges of days are not judged.
    """
    if day.days > 1 or day.of(therapies) or day.overlapping or day.overlapping_before:
        return ()
    if day.before and any(day.before.of(code).lines for code in therapies.enumerated() or ()):
        return ()
    mine = day.of(modalities)
    if not mine:
        return ()
    return (Hit("SV101-2", mine[0].segment, mine[0].number, {"procedure": mine[0].procedure}),)


def _room_for_one_unit(touched: frozenset[str], *, modalities: Codes) -> tuple[Codes, int]:
    return modalities, 1


@check(gives="procedure total", room=_room_for_one_unit)
def modality_repeated(day: DayOfService, *, modalities: Codes) -> Result:
    """A supervised modality more than once for a patient on one day (410-131-0120(6)(b): once an encounter).

    Wrong:  SV1*HC:97012:GP*40*UN*2***1
    Right:  SV1*HC:97012:GP*20*UN*1***1

    A range of n days may have n. Returns a hit for each such modality, on the line with which it comes again.
    """
    found: list[Hit] = []
    totals: dict[str, Decimal] = {}
    told: set[str] = set()
    for line in day.of(modalities):
        code = line.procedure
        if code not in totals:
            totals[code] = day.before.of(code).units
        totals[code] += line.units
        if totals[code] > day.days and code not in told:
            told.add(code)
            others = [d for d in day.of((code,)) if d is not line]
            total = day.before.of(code).units + sum((d.units for d in day.of((code,))), Decimal(0))
            related = (*day.before.of(code).lines, *(Related(0, d.number) for d in others))
            found.append(Hit("SV104", line.segment, line.number, {"procedure": code, "total": total},
                             related=related[:_RELATED]))
    return found


def _room_for_re_evaluation(touched: frozenset[str], *, physical: Codes, physical_again: str, occupational: Codes,
                            occupational_again: str) -> tuple[Container[str], float]:
    for first, again in ((physical, physical_again), (occupational, occupational_again)):
        if again in touched and any(code in first for code in touched):
            return ALWAYS_HEARD
    return ALWAYS_SILENT


@check(gives="procedure other", room=_room_for_re_evaluation)
def evaluation_with_re_evaluation(
    day: DayOfService, *, physical: Codes, physical_again: str, occupational: Codes, occupational_again: str
) -> Result:
    """An evaluation and a re-evaluation of one discipline for a patient on one day (410-131-0120(3)): only the
    evaluation is paid.

    Wrong:  SV1*HC:97161:GP*120*UN*1***1 and SV1*HC:97164:GP*80*UN*1***1 on one day
    Right:  one of them

    Returns a hit on each re-evaluation; across claims, on the later claim's line, whichever it is. Ranges of days are
    not judged.
    """
    if day.days > 1:
        return ()
    return [hit for first, again in ((physical, physical_again), (occupational, occupational_again))
            for hit in _evaluated_twice(day, first, again)]


def _evaluated_twice(day: DayOfService, evaluations: Codes, again: str) -> list[Hit]:
    own_first, own_again = day.of(evaluations), day.of((again,))
    earlier_first = [(code, day.before.of(code).lines) for code in evaluations if day.before.of(code).lines]
    earlier_again = day.before.of(again).lines
    if own_again:
        related = tuple(r for _, lines in earlier_first for r in lines) + tuple(Related(0, d.number) for d in own_first)
        other = own_first[0].procedure if own_first else earlier_first[0][0] if earlier_first else ""
        return [_twice(line, other, related) for line in own_again] if other else []
    return [_twice(line, again, earlier_again) for line in own_first] if earlier_again else []


def _twice(line: DayLine, other: str, related: tuple[Related, ...]) -> Hit:
    return Hit("SV101-2", line.segment, line.number, {"procedure": line.procedure, "other": other},
               related=related[:_RELATED])


def _room_for_days(touched: frozenset[str], *, procedures: Codes, most: Decimal) -> tuple[Codes, Decimal]:
    return procedures, most


@check(gives="day count year limit", room=_room_for_days)
def visits_over_limit(course: Course, *, procedures: Codes, most: Decimal, left_out_places: frozenset[str],
                      left_out_diagnoses: Codes) -> Result:
    """More days of therapy in a calendar year than are paid without an authorization (410-131-0120(5)).

    ``left_out_places``: therapy at school doesn't count (0120(4)). ``left_out_diagnoses``: nor does a line that points
    to these only (lymphedema, guideline note 43).

    Wrong:  a 31st day of therapy in a year, without REF*G1
    Right:  the same with REF*G1*AUTH1

    Returns one hit for each year, on the line with which the days pass the limit.
    """
    if course.is_authorized:
        return ()

    def counts(line: CourseLine) -> bool:
        return (line.procedure in procedures and line.place not in left_out_places
                and not (line.diagnoses and all(code in left_out_diagnoses for code in line.diagnoses)))

    mine = sorted((line for line in course.lines if counts(line)), key=lambda line: line.day)
    if not mine:
        return ()

    def note(days: dict[int, set[int]], line: CourseLine) -> None:
        if counts(line):
            days.setdefault(date.fromordinal(line.day).year, set()).add(line.day)

    empty: dict[int, set[int]] = {}
    before = course.before.view(("days", procedures, left_out_places, left_out_diagnoses), empty.copy, note)
    new: dict[int, set[int]] = {}
    no_days: set[int] = set()
    found: dict[int, Hit] = {}
    for line in mine:
        day = date.fromordinal(line.day)
        known, more = before.get(day.year, no_days), new.setdefault(day.year, set())
        if line.day not in known:
            more.add(line.day)
        if len(known) + len(more) > most and day.year not in found:
            found[day.year] = Hit("SV101-2", line.segment, line.number,
                                  {"day": day, "count": len(known) + len(more), "year": day.year, "limit": most})
    return list(found.values())


def _room_for_evaluations(touched: frozenset[str], *, evaluations: Codes, most: int, re_evaluations: Codes,
                          most_again: int) -> tuple[frozenset[str], int]:
    return frozenset(c for c in touched if c in evaluations or c in re_evaluations), min(most, most_again)


def _by_day(line: CourseLine) -> int:
    return line.day


class _Evaluations:
    """Lines in the order of their days, and the days of each code."""

    __slots__ = ("days", "lines", "of_code")

    def __init__(self) -> None:
        self.days: list[int] = []
        self.lines: list[CourseLine] = []
        self.of_code: dict[str, list[int]] = {}

    def add(self, line: CourseLine) -> None:
        """Take a line in, behind those of its day."""
        at = bisect_right(self.days, line.day)
        self.days.insert(at, line.day)
        self.lines.insert(at, line)
        insort(self.of_code.setdefault(line.procedure, []), line.day)

    def copy(self) -> _Evaluations:
        """One that can be added to without this one."""
        other = _Evaluations()
        other.days, other.lines = self.days.copy(), self.lines.copy()
        other.of_code = {code: days.copy() for code, days in self.of_code.items()}
        return other

    def fullest_year(self, day: int) -> tuple[int, int, int]:
        """Of the twelve months that hold ``day`` and end with it or with a later line, those with the most lines: their
        last day, and from where to where their lines stand."""
        days = self.days
        most = (day, 0, 0)
        start = bisect_right(days, day)
        for end in (day, *dict.fromkeys(days[start:bisect_right(days, day + 364)])):
            first, last = bisect_right(days, end - 365), bisect_right(days, end)
            if last - first > most[2] - most[1]:
                most = end, first, last
        return most

    def codes(self, end: int) -> set[str]:
        """The codes of the twelve months with this last day."""
        return {code for code, days in self.of_code.items() if bisect_right(days, end) > bisect_right(days, end - 365)}


@check(gives="day count procedures limit", room=_room_for_evaluations)
def evaluations_over_yearly_limit(course: Course, *, evaluations: Codes, most: int, re_evaluations: Codes,
                                  most_again: int) -> Result:
    """More evaluations, or re-evaluations, in twelve months than are paid (410-131-0120(2)).

    Wrong:  97161 on 2026-01-05, 97162 on 2026-01-20, 97165 on 2026-02-03
    Right:  two of them

    Returns a hit on each line that is beyond the limit, counting twelve months that hold its day and end with it or
    with that of another evaluation: claims needn't come in the order of their days.
    """
    if not any(line.procedure in evaluations or line.procedure in re_evaluations for line in course.lines):
        return ()
    found: list[Hit] = []
    for codes, limit in ((evaluations, most), (re_evaluations, most_again)):
        def note(seen: _Evaluations, line: CourseLine, codes: Codes = codes) -> None:
            if line.procedure in codes:
                seen.add(line)

        mine = sorted((n for n in course.lines if n.procedure in codes), key=_by_day)
        seen = course.before.view(("evaluations", codes), _Evaluations, note).copy() if mine else _Evaluations()
        for line in mine:
            end, first, last = seen.fullest_year(line.day)
            if last - first >= limit:
                year = seen.lines[first:min(last, first + _RELATED)]
                found.append(Hit("SV101-2", line.segment, line.number, {
                    "day": date.fromordinal(end), "count": last - first + 1, "limit": limit,
                    "procedures": sorted({*seen.codes(end), line.procedure})},
                    related=tuple(Related(n.claim, n.number) for n in year)))
            seen.add(line)
    return found
