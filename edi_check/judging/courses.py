"""Longer stretches than a patient's day: a *course*, what a patient had in the file, and a *shift*, a provider's day.

What ``aggregate`` is to a patient's day, for whoever looks further. A course is kept
as the lines themselves, bounded, since its edits look at places and diagnoses too; a shift is a ``DayOfService`` of
one provider's lines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from ..model import Claim
from .aggregate import DayLine, DayOfService, Ledger, days_of
from .registry import Hit

if TYPE_CHECKING:
    from .comparison import Compared
    from .plan import Plan

__all__ = [
    "Course", "CourseLine", "History", "LongShifts", "course_of", "courses_of", "is_authorized", "run_alone",
    "shifts_of",
]

LINES_KEPT = 600
"""Earlier lines of a patient that are remembered; nobody has more in a file, and a hostile one could."""


class CourseLine(NamedTuple):
    """A line as a course keeps it. ``day`` is the ordinal of its first day, ``claim`` the claim's index."""

    claim: int
    number: int
    segment: int
    day: int
    procedure: str
    place: str
    diagnoses: tuple[str, ...]


View = TypeVar("View")


class History:
    """The lines of a patient's earlier claims that still stand, up to LINES_KEPT, and what checks have made of them:
    that grows with the lines, so that no claim walks over those of all claims before it."""

    __slots__ = ("_views", "lines")

    def __init__(self) -> None:
        self.lines: list[CourseLine] = []
        self._views: dict[Any, tuple[Any, list[int]]] = {}

    def add(self, lines: Sequence[CourseLine]) -> None:
        """Remember the lines of a claim that stands, while there is room."""
        self.lines.extend(lines[:max(0, LINES_KEPT - len(self.lines))])

    def view(self, key: Any, start: Callable[[], View], take: Callable[[View, CourseLine], None]) -> View:
        """What ``take`` has made of all lines, one after the other, out of what ``start`` gives. ``key``: all that
        makes it differ from others. It is shared: whoever gets it changes nothing in it."""
        known = self._views.get(key)
        if known is None:
            known = self._views[key] = (start(), [0])
        view: View = known[0]
        taken = known[1]
        for line in self.lines[taken[0]:]:
            take(view, line)
        taken[0] = len(self.lines)
        return view


class Course(NamedTuple):
    """``lines`` of the claim at hand, ``before`` those of the patient's earlier claims that still stand, and whether
    the claim carries an authorization number (REF*G1)."""

    lines: Sequence[CourseLine]
    is_authorized: bool
    before: History


def is_authorized(claim: Claim) -> bool:
    """Does the claim, or a line of it, give a prior authorization number (REF*G1)?"""
    return any(r.qualifier == "G1" for r in claim.references) or any(
        r.qualifier == "G1" for line in claim.service_lines for r in line.references)


def course_of(claim: Claim, day_lines: Iterable[DayLine]) -> Course:
    """The course that the claim shows by itself."""
    lines = []
    for d in day_lines:
        line = claim.service_lines[d.number - 1]
        lines.append(CourseLine(claim.index, d.number, d.segment, d.first, d.procedure, line.place,
                                tuple(x.code for x in line.diagnoses)))
    return Course(lines, is_authorized(claim), History())


def courses_of(claim: Compared, earlier: History | None = None) -> tuple[Course, Course]:
    """The course that a kept claim shows by itself, and with what the patient had before."""
    lines = [CourseLine(claim.index, d.number, d.segment, d.first, d.procedure, place, diagnoses)
             for d, place, diagnoses in claim.placed_lines]
    nothing = History()
    return Course(lines, claim.is_authorized, nothing), Course(lines, claim.is_authorized, earlier or nothing)


def shifts_of(claim: int, lines: Iterable[DayLine], before: dict[str, Ledger] | None = None) -> list[DayOfService]:
    """The shifts that a claim's lines belong to."""
    by_provider: dict[str, list[DayLine]] = defaultdict(list)
    for line in lines:
        by_provider[line.provider].append(line)
    return [day for provider, its in by_provider.items()
            for day in days_of(claim, "", its, before.get(provider) if before is not None else None)]


def run_alone(plan: Plan, claim: Claim, day_lines: Sequence[DayLine], hits: list[Any],
              run: Callable[..., Any] | None = None) -> None:
    """Run a plan's edits on courses and shifts over one claim; their hits are appended. ``run(active, claim, about)``
    runs a check that may raise."""
    for active in plan.shifts:
        for shift in shifts_of(claim.index, day_lines):
            for hit in run(active, claim.index, shift) if run else active.run(shift):
                named = hit._replace(values={"day": shift.name, **hit.values}) if isinstance(hit, Hit) else hit
                hits.append((active, named, None))
    for active in plan.courses:
        course = course_of(claim, day_lines)
        hits.extend((active, hit, None) for hit in (run(active, claim.index, course) if run else active.run(course)))


COUNTERS = 1 << 16
"""Counters of units by shift. Two shifts may share one, which only makes more claims be looked at again."""


class LongShifts:
    """Which claims of a file may belong to shifts with more units than an edit allows: a first, cheap look at all kept
    tuples, so that few claims need a second. What it takes doesn't grow with the file."""

    def __init__(self) -> None:
        self._units: list[int] = []
        self._over: set[int] = set()
        self._most: int | None = None

    def add(self, day_lines: Iterable[tuple[Any, ...]], plan: Plan) -> None:
        """Count the day lines of a kept claim whose plan has edits on shifts."""
        units, most = self._units, min([int(active.parameters["most"]) for active in plan.shifts])
        if self._most is None:
            units.extend([0] * COUNTERS)
            self._most = most
        elif most < self._most:
            self._most = most
            self._over = {n for n, count in enumerate(units) if count > most}
        for _, _, procedure, count, provider, _, first, _ in day_lines:
            if procedure in plan.day_procedures:
                n = hash((provider, first)) % COUNTERS
                units[n] += ceil(Decimal(count))
                if units[n] > self._most:
                    self._over.add(n)

    def claims(self, rows: Iterable[Any]) -> set[int]:
        """The claims with a line in one of them."""
        if not self._over:
            return set()
        return {row.claim for row in rows if row.compare and row.compare[8]
                and any(hash((line[4], line[6])) % COUNTERS in self._over for line in row.compare[8][2])}
