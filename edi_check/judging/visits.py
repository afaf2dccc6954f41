"""A visit: one patient, one provider, one day (or one range of days), all service lines whatever their codes.

What ``aggregate`` is to sums of some codes, this is to edits on *pairs* of any codes, which need modifiers too. Found
by code in a dictionary: a file with 100,000 claims of one patient on one day costs no more a claim than any other.
Lines of different ranges of days are not brought together: whether they share a day can't be known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from ..findings import Related
from ..model import Claim
from .aggregate import DayLine, day_line
from .plan import Active, Plan
from .registry import Hit, Result, Unjudged

__all__ = ["Done", "Visit", "VisitLine", "Visits", "new_hits", "run_visits", "visits_of"]

CODES_KEPT = 100
"""Different codes of earlier claims that are remembered of a visit, and different sets of modifiers of one code: more
nobody bills, and a hostile file could."""

Key = tuple[str, int, int]
Guard = Callable[..., Result]


class VisitLine(NamedTuple):
    """A line of the claim at hand. ``units`` is 0 where the line's own are unusable."""

    number: int
    segment: int
    procedure: str
    modifiers: tuple[str, ...]
    units: Decimal


class Done:
    """What earlier claims of the file brought of one code with the same modifiers."""

    __slots__ = ("line", "units")

    def __init__(self, line: Related) -> None:
        self.line = line
        self.units = Decimal(0)


Codes = dict[str, dict[tuple[str, ...], Done]]
_NOTHING: Codes = {}


class Visit:
    """``lob`` of the claim, ``first`` and ``last`` day as ordinals, ``by_code`` its lines, ``before`` what earlier
    claims of the file that still stand brought, by code and modifiers. ``noted``: what one check found, for the
    next."""

    __slots__ = ("before", "by_code", "first", "last", "lob", "noted", "provider")

    def __init__(self, lob: str, provider: str, first: int, last: int, before: Codes = _NOTHING) -> None:
        self.lob, self.provider, self.first, self.last, self.before = lob, provider, first, last, before
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


class Visits:
    """A patient's earlier visits in a file."""

    def __init__(self) -> None:
        self.by_key: dict[Key, Codes] = {}

    def add(self, visits: Iterable[Visit], claim: int) -> None:
        """Count the visits of a claim that stands."""
        for visit in visits:
            codes = self.by_key.setdefault((visit.provider, visit.first, visit.last), {})
            for code, lines in visit.by_code.items():
                if code not in codes and len(codes) >= CODES_KEPT:
                    continue
                kinds = codes.setdefault(code, {})
                for line in lines:
                    done = kinds.get(line.modifiers)
                    if done is None:
                        if len(kinds) >= CODES_KEPT:
                            continue
                        done = kinds[line.modifiers] = Done(Related(claim, line.number))
                    done.units += line.units


def visits_of(lob: str, lines: Iterable[tuple[DayLine, tuple[str, ...]]], earlier: Visits | None = None) -> list[Visit]:
    """The visits that a claim's lines make, each line with its modifiers."""
    found: dict[Key, Visit] = {}
    known: Mapping[Key, Codes] = earlier.by_key if earlier is not None else {}
    for day, modifiers in lines:
        key = (day.provider, day.first, day.last)
        visit = found.get(key)
        if visit is None:
            visit = found[key] = Visit(lob, *key, known.get(key, _NOTHING))
        line = VisitLine(day.number, day.segment, day.procedure, modifiers, day.units)
        if day.procedure in visit.by_code:
            visit.by_code[day.procedure].append(line)
        else:
            visit.by_code[day.procedure] = [line]
    return list(found.values())


def run_visits(plan: Plan, claim: Claim, hits: list[Any], guard: Guard | None = None) -> list[DayLine]:
    """Run a plan's edits on visits over one claim: their hits are appended. ``guard`` runs a check that may raise. What
    can't be judged is counted once a claim, whatever the number of visits. Returns what the claims that come later will
    need of all its lines; those with unusable dates are left out."""
    its = claim.service_lines
    lines = [line for line in [day_line(claim, line) for line in its] if line is not None]
    unjudged: set[tuple[str, str]] = set()
    coded = [(line, its[line.number - 1].modifiers) for line in lines
             if its[line.number - 1].procedure_qualifier == "HC"]
    for visit in visits_of(plan.lob, coded):
        for active in plan.visits:
            for hit in guard(active, claim.index, visit) if guard is not None else active.run(visit):
                if isinstance(hit, Hit):
                    hits.append((active, hit._replace(values={"day": visit.name, **hit.values}), None))
                elif (active.id, hit.why) not in unjudged:
                    unjudged.add((active.id, hit.why))
                    hits.append((active, hit, None))
    return lines


def new_hits(visit: Visit, alone: Visit, active: Active, guard: Guard, claim: int) -> list[Hit]:
    """What a check finds in a visit with what earlier claims brought, and didn't find in the claim ``alone``."""
    def said(hit: Hit | Unjudged) -> tuple[Any, Any]:
        return (hit.values.get("procedure"), hit.values.get("other")) if isinstance(hit, Hit) else (None, None)

    known = {said(hit) for hit in guard(active, claim, alone)}
    return [hit._replace(values={"day": visit.name, **hit.values}) for hit in guard(active, claim, visit)
            if isinstance(hit, Hit) and said(hit) not in known]
