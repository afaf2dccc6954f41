"""A visit: one patient, one provider, one day (or one range of days), all service lines whatever their codes.

What ``aggregate`` is to sums of some codes, this is to edits on *pairs* of any codes, which need modifiers too. Found
by code in a dictionary: a file with 100,000 claims of one patient on one day costs no more a claim than any other.
Lines of different ranges of days are not brought together: whether they share a day can't be known.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from ..findings import Related
from ..model import Claim
from .aggregate import LONGEST_RANGE, usable_units
from .identities import provider_key
from .registry import Hit, Result, Unjudged

if TYPE_CHECKING:
    from .comparison import Compared
    from .plan import Active, Plan

__all__ = ["Codes", "Done", "KeptLine", "Visit", "VisitLine", "Visits", "new_hits", "run_visits", "visited"]

CODES_KEPT: Final = 100
"""Different codes of earlier claims that are remembered of a visit, and different sets of modifiers of one code: more
nobody bills, and a hostile file could."""

ZERO: Final = Decimal(0)

Guard = Callable[..., Result]


class VisitLine(Protocol):
    """What checks may ask of a line: a ``ServiceLine`` has it, and so has a ``KeptLine``."""

    @property
    def number(self) -> int: ...
    @property
    def service_segment(self) -> int: ...
    @property
    def procedure(self) -> str: ...
    @property
    def modifiers(self) -> tuple[str, ...]: ...
    @property
    def unit_basis(self) -> str: ...
    @property
    def units(self) -> Decimal | None: ...


class KeptLine(NamedTuple):
    """A line of a claim that is no longer at hand."""

    number: int
    service_segment: int
    procedure: str
    modifiers: tuple[str, ...]
    unit_basis: str
    units: Decimal | None


class Done:
    """What earlier claims of the file brought of one code with the same modifiers."""

    __slots__ = ("line", "units")

    def __init__(self, line: Related) -> None:
        self.line = line
        self.units = ZERO


Codes = dict[str, dict[tuple[str, ...], Done]]
_NOTHING: Codes = {}
Key = tuple[str, str, str]


class Visit:
    """``lob`` of the claim, ``first`` and ``last`` day as ordinals, ``by_code`` its lines, ``before`` what earlier
    claims of the file that still stand brought, by code and modifiers. ``noted``: what one check found, for the
    next."""

    __slots__ = ("before", "by_code", "first", "last", "lob", "noted")

    def __init__(self, lob: str, first: int, last: int, before: Codes = _NOTHING) -> None:
        self.lob, self.first, self.last, self.before = lob, first, last, before
        self.by_code: dict[str, list[VisitLine]] = {}
        self.noted: Any = None

    @property
    def days(self) -> int:
        """1, or the number of days of the range."""
        return self.last - self.first + 1

    @property
    def name(self) -> str:
        """``2026-02-03``, or ``2026-02-03 to 2026-02-05``."""
        first = date.fromordinal(self.first).isoformat()
        return first if self.first == self.last else f"{first} to {date.fromordinal(self.last).isoformat()}"

    def add(self, line: VisitLine) -> None:
        """Take a line of the claim in."""
        lines = self.by_code.get(line.procedure)
        if lines is None:
            self.by_code[line.procedure] = [line]
        else:
            lines.append(line)


def run_visits(plan: Plan, claim: Claim, hits: list[Any], guard: Guard | None = None) -> None:
    """Run a plan's edits on visits over one claim: their hits are appended. ``guard`` runs a check that may raise. What
    can't be judged is counted once a claim, whatever the number of visits."""
    unjudged: set[tuple[str, str]] = set()
    for visit in _visits_of(claim, plan.lob):
        for active in plan.visits:
            for hit in guard(active, claim.index, visit) if guard is not None else active.run(visit):
                if isinstance(hit, Hit):
                    hits.append((active, hit._replace(values={"day": visit.name, **hit.values}), None))
                elif (active.id, hit.why) not in unjudged:
                    unjudged.add((active.id, hit.why))
                    hits.append((active, hit, None))


def _visits_of(claim: Claim, lob: str) -> list[Visit]:
    """The visits that a claim's lines make. Lines with unusable dates, or with a code that isn't HCPCS, are left
    out."""
    found: dict[tuple[str, date, date], Visit] = {}
    billing = claim.billing
    usual = provider_key(claim.rendering or billing, billing)
    for line in claim.service_lines:
        dates = line.service_dates
        start, end = dates.start, dates.end
        if start is None or end is None or line.procedure_qualifier != "HC":
            continue
        key = (usual if line.rendering is None else provider_key(line.rendering, billing), start, end)
        visit = found.get(key)
        if visit is None:
            first = start.toordinal()
            last = first if end is start else end.toordinal()
            if not first <= last < first + LONGEST_RANGE:
                continue
            visit = found[key] = Visit(lob, first, last)
        visit.add(line)
    return list(found.values())


# --- over the claims of a file ---------------------------------------------------------------------------------


def visited(claim: Claim) -> tuple[tuple[int, str], ...]:
    """What must be kept of a claim besides its lines: the segment of each SV1, 0 where the line belongs to no visit,
    and who rendered it."""
    billing = claim.billing
    usual = provider_key(claim.rendering or billing, billing)
    return tuple([
        (line.service_segment if line.service_dates.is_readable and line.procedure_qualifier == "HC" else 0,
         usual if line.rendering is None else provider_key(line.rendering, billing)) for line in claim.service_lines])


class Visits:
    """The visits of a file, by person (``identities.persons``), as far as earlier claims brought them. Of most there is
    one claim only; what that brought is worked out when a second comes. ``kept(index)`` gives a claim that was settled
    before."""

    def __init__(self, kept: Callable[[int], Compared]) -> None:
        self.kept = kept
        self._known: dict[str, dict[Key, int | Codes]] = {}

    def add(self, person: str, claim: Compared) -> None:
        """Count the visits of a claim that stands."""
        theirs = self._known.setdefault(person, {})
        for key, numbers in claim.visits.items():
            known = theirs.get(key)
            if known is None:
                theirs[key] = claim.index
            else:
                _count(self._codes(theirs, key, known), claim, numbers)

    def forget(self, person: str) -> None:
        """Nothing more comes of this person."""
        self._known.pop(person, None)

    def joined(self, person: str, claim: Compared, lob: str) -> list[tuple[Visit, Visit]]:
        """The claim's visits to which earlier claims have brought something: each with that, and alone."""
        theirs = self._known.get(person, {})
        found = []
        for key, numbers in claim.visits.items() if theirs else ():
            known = theirs.get(key)
            first, last = _ordinal(key[1]), _ordinal(key[2])
            if known is None or not first <= last < first + LONGEST_RANGE:
                continue
            visit, alone = Visit(lob, first, last, self._codes(theirs, key, known)), Visit(lob, first, last)
            for number in numbers:
                line = claim.kept_line(number)
                visit.add(line)
                alone.add(line)
            found.append((visit, alone))
        return found

    def _codes(self, theirs: dict[Key, int | Codes], key: Key, known: int | Codes) -> Codes:
        if isinstance(known, int):
            codes: Codes = {}
            earlier = self.kept(known)
            _count(codes, earlier, earlier.visits[key])
            theirs[key] = codes
            return codes
        return known


def _ordinal(day: str) -> int:
    return date(int(day[:4]), int(day[4:6]), int(day[6:8])).toordinal()


def _count(codes: Codes, claim: Compared, numbers: list[int]) -> None:
    for number in numbers:
        line = claim.kept_line(number)
        if line.procedure not in codes and len(codes) >= CODES_KEPT:
            continue
        kinds = codes.setdefault(line.procedure, {})
        done = kinds.get(line.modifiers)
        if done is None:
            if len(kinds) >= CODES_KEPT:
                continue
            done = kinds[line.modifiers] = Done(Related(claim.index, number))
        done.units += usable_units(line)


def new_hits(visit: Visit, alone: Visit, active: Active, guard: Guard, claim: int) -> list[Hit]:
    """What a check finds in a visit with what earlier claims brought, and didn't find in the claim ``alone``."""
    def said(hit: Hit | Unjudged) -> tuple[Any, Any]:
        return (hit.values.get("procedure"), hit.values.get("other")) if isinstance(hit, Hit) else (None, None)

    known = {said(hit) for hit in guard(active, claim, alone)}
    return [hit._replace(values={"day": visit.name, **hit.values}) for hit in guard(active, claim, visit)
            if isinstance(hit, Hit) and said(hit) not in known]
