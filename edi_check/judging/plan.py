"""Which edits run on a claim: chosen once for each payer, filing code and kind of claim, then found by procedure code.

An ``Active`` is an edit ready to run: its function with parameters bound, its conditions, the level in force. A
``Plan`` holds those that a kind of claim gets. A claim without the codes that edits name costs almost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from types import FunctionType
from typing import Any, NamedTuple

from ..findings import LEVELS
from ..model import Claim, ServiceLine
from .conditions import WORDS, Condition, Found
from .packs import EditData, Pack
from .registry import TABLES, Hit, Result, Screen

__all__ = ["Active", "Bundle", "More", "Plan", "milder"]

NO_LINE = ServiceLine()
UNKNOWN_LOB = "the claim's line of business is not known"


def milder(a: str, b: str) -> str:
    """The milder of two levels."""
    return a if LEVELS.index(a) >= LEVELS.index(b) else b


class Active:
    """An edit ready to run. ``run`` takes what its kind says (``registry.KINDS``, and ``after``)."""

    __slots__ = ("data", "default", "edit", "given_level", "id", "kind", "lacks", "looks_at", "pack", "parameters",
                 "run", "screen")

    def __init__(self, pack: Pack, data: EditData, settings: Mapping[str, Any], given_level: str,
                 provided: Mapping[str, Any]) -> None:
        self.pack, self.data = pack, data
        self.id, self.kind, self.given_level, self.default = data.edit.id, data.kind, given_level, data.edit.level
        self.edit = replace(data.edit, level=given_level) if given_level else data.edit
        self.looks_at = data.check.looks_at if data.check else ""
        self.parameters: dict[str, Any] = {}
        self.lacks = ""
        """Why it can't be evaluated at all, for want of a table."""
        self.screen = _screen(data.check.screen, provided) if data.check and data.check.screen else None
        if data.check is not None:
            self.parameters = data.bound(settings)
            self.parameters.update({name: provided[name] for name in data.check.parameters if name in provided})
            self.lacks = next((TABLES[n] for n in data.check.parameters if n in TABLES and provided[n] is None), "")
            function: Callable[..., Result] = data.check.function
            self.run = _bound(function, self.parameters) if self.parameters else function
        elif data.kind == "claim":
            self.run = partial(_required_of_claim, data.require)
        else:
            self.run = _required_of_line(data.require)

    @property
    def is_as_sent(self) -> bool:
        """Does it look at the case of codes? It then runs on claims only that have some in lower case."""
        return self.data.check is not None and self.data.check.as_sent

    def applies(self, claim: Claim, line: ServiceLine | None) -> bool:
        """Do the conditions of ``where`` and the days hold? Asked only once there is a hit: that is seldom."""
        data = self.data
        for condition in data.where:
            if not condition.holds(claim, line or NO_LINE):
                return False
        return (data.first_day is None and data.last_day is None) or self.is_in_force(_first_day(claim, line))

    def is_in_force(self, day: date | None) -> bool:
        """Is the day of service within those of the edit? An unreadable one isn't."""
        data = self.data
        if data.first_day is None and data.last_day is None:
            return True
        return day is not None and (data.first_day or date.min) <= day <= (data.last_day or date.max)

    def level(self, hit_level: str, lob: str, is_milder: bool) -> str:
        """The level of one occurrence. ``hit_level``: the occurrence is by itself graver or milder than its edit. A
        level given by the user is the edit's own; it never raises a milder occurrence, and lowers every one.
        ``is_milder``: a step down, for a payer's policy on a secondary claim."""
        own, given = self.default, self.given_level
        hit_level = hit_level or self.data.hit_level
        if not hit_level or hit_level == own:
            level = given or own
        elif not given or given == own:
            level = hit_level
        elif milder(hit_level, own) == own:  # graver than its edit: follows it up, and below its default down
            level = hit_level if milder(given, own) == own and milder(given, hit_level) == given else given
        else:
            level = milder(hit_level, given)
        level = milder(level, self.data.levels_by_lob.get(lob, "reject"))
        return "review" if is_milder and level == "reject" and self.pack.is_policy else level


def _bound(function: Callable[..., Any], parameters: dict[str, Any]) -> Callable[..., Any]:
    """The function with keyword parameters filled in. As other defaults of a copy they cost nothing when it is called;
    ``partial`` would cost as much as a check that finds nothing."""
    if not isinstance(function, FunctionType) or not parameters.keys() <= set(
            function.__code__.co_varnames[function.__code__.co_argcount:][:function.__code__.co_kwonlyargcount]):
        return partial(function, **parameters)
    copy = FunctionType(function.__code__, function.__globals__, function.__name__, function.__defaults__,
                        function.__closure__)
    copy.__kwdefaults__ = {**(function.__kwdefaults__ or {}), **parameters}
    return copy


def _screen(screen: Screen, provided: Mapping[str, Any]) -> Screen:
    wanted = screen.__code__.co_varnames[1:screen.__code__.co_argcount + screen.__code__.co_kwonlyargcount]
    return _bound(screen, {name: provided[name] for name in wanted}) if wanted else screen


def _first_day(claim: Claim, line: ServiceLine | None) -> date | None:
    if line is not None:
        return line.service_dates.start
    return min((ln.service_dates.start for ln in claim.service_lines if ln.service_dates.start), default=None)


def _required_of_line(conditions: tuple[Condition, ...]) -> Callable[[Claim, ServiceLine], Result]:
    """The conditions of a ``require`` as a function of claim and line."""
    tests = [(c.field.get, WORDS[c.word].fault, c.operand, c) for c in conditions]

    def required(claim: Claim, line: ServiceLine) -> Result:
        for get, fault, operand, condition in tests:
            found = fault(get(claim, line), operand)
            if found is not None:
                return (_unmet(condition, found, claim, line),)
        return ()

    return required


def _unmet(condition: Condition, found: Found, claim: Claim, line: ServiceLine) -> Hit:
    field = condition.field
    at, segment = field.designator, field.segment(claim, line)
    if field.name == "modifiers":
        at = f"SV101-{3 + found.number}"
    elif field.name == "place" and not line.place_of_service:
        at, segment = "CLM05-1", claim.first_segment
    return Hit(at, segment, line.number, {"value": found.value, "allowed": condition.said()})


def _required_of_claim(conditions: tuple[Condition, ...], claim: Claim) -> Result:
    for condition in conditions:
        found = condition.fault(claim, NO_LINE)
        if found is not None:
            return (Hit(condition.field.designator, condition.field.segment(claim, NO_LINE), 0,
                        {"value": found.value, "allowed": condition.said()}),)
    return ()


class Bundle:
    """What the lines of one procedure bring with them."""

    __slots__ = ("claims", "days", "diagnoses", "is_summed", "lines", "memo", "services", "unjudged")

    def __init__(self) -> None:
        self.lines: list[Active] = []
        self.services: list[Active] = []
        self.diagnoses: list[Active] = []
        self.memo: dict[Any, Any] = {}
        self.claims: list[Active] = []
        self.days: list[Active] = []
        self.is_summed = False
        """Do sums need these lines: over a day, a shift, a course?"""
        self.unjudged: list[tuple[str, str]] = []

    @property
    def has_more(self) -> bool:
        """Is there anything to do once the lines are through?"""
        return bool(self.claims or self.days or self.unjudged)


class More(NamedTuple):
    """What a claim's codes call for besides the edits on its lines: edits on the claim, those behind a screen, edits on
    days, and (edit, why) of those that can't be judged."""

    claims: list[Active]
    screened: list[tuple[Screen, list[Active]]]
    days: list[Active]
    unjudged: list[tuple[str, str]]

    @property
    def all_claims(self) -> list[Active]:
        """Edits on claims, screens or not."""
        return [*self.claims, *(active for _, actives in self.screened for active in actives)]


class Plan:
    """The edits of one kind of claim, sorted by what they run on and by procedure."""

    def __init__(self, actives: Iterable[Active], lob: str, has_conflict: bool,
                 unjudged: Iterable[Active] = ()) -> None:
        self.lob, self.has_conflict = lob, has_conflict
        self.claims: list[Active] = []
        """Edits on claims, but for those behind a screen."""
        self.screened: list[tuple[Screen, list[Active]]] = []
        self.as_sent: list[Active] = []
        self.lines: list[Active] = []
        self.services: list[Active] = []
        self.billing: list[Active] = []
        self.after: list[Active] = []
        self.pairs: dict[str, list[Active]] = {"signature": [], "number": []}
        self.days: list[Active] = []
        self.visits: list[Active] = []
        self.shifts: list[Active] = []
        self.courses: list[Active] = []
        self.judged = 0
        """How many claims were judged by it, so many times the edits of ``unjudged`` were not."""
        self.unjudged: list[tuple[str, str]] = []
        self.by_procedure: dict[str, Bundle] = {}
        for active in actives:
            self._place(active)
        for active in unjudged:
            self._place_unjudged(active)
        self.day_procedures = frozenset(code for code, bundle in self.by_procedure.items() if bundle.is_summed)
        self.memo: dict[tuple[Any, ...], Any] = {}
        self._unions: dict[frozenset[str], More] = {}

    def _place(self, active: Active) -> None:
        kind = active.kind
        if kind == "claims":
            self.pairs[active.looks_at].append(active)
            return
        if kind in ("billing", "after", "visit"):
            {"billing": self.billing, "after": self.after, "visit": self.visits}[kind].append(active)
            return
        if kind == "claim" and active.is_as_sent:
            self.as_sent.append(active)
            return
        if active.screen is not None and active.data.procedures is None:
            _place_behind(active.screen, active, self.screened)
            return
        if kind in ("shift", "course"):
            (self.shifts if kind == "shift" else self.courses).append(active)
            for code in (active.data.procedures and active.data.procedures.enumerated()) or ():
                self._bundle(code).is_summed = True
            return
        attribute = {"claim": "claims", "line": "lines", "service": "services", "diagnoses": "diagnoses",
                     "day": "days"}[kind]
        if kind == "day":
            self.days.append(active)
        codes = active.data.procedures.enumerated() if active.data.procedures is not None else None
        if codes is None:
            getattr(self, attribute).append(active)
            return
        for code in codes:
            getattr(self._bundle(code), attribute).append(active)
            if kind == "day":
                self._bundle(code).is_summed = True

    @property
    def all_claims(self) -> list[Active]:
        """Edits on claims, screens or not."""
        return [*self.claims, *(active for _, actives in self.screened for active in actives)]

    def _place_unjudged(self, active: Active) -> None:
        why = active.lacks or UNKNOWN_LOB
        codes = active.data.procedures.enumerated() if active.data.procedures is not None else None
        if codes is None:
            self.unjudged.append((active.id, why))
            return
        for code in codes:
            self._bundle(code).unjudged.append((active.id, why))

    def _bundle(self, code: str) -> Bundle:
        if code not in self.by_procedure:
            self.by_procedure[code] = Bundle()
        return self.by_procedure[code]

    def more_for(self, procedures: frozenset[str]) -> More:
        """What a claim with these (indexed) procedures gets besides the edits on its lines."""
        known = self._unions.get(procedures)
        if known is None:
            bundles = [self.by_procedure[code] for code in sorted(procedures)]
            claims = dict.fromkeys(active for bundle in bundles for active in bundle.claims)
            days = dict.fromkeys(active for bundle in bundles for active in bundle.days)
            unjudged = dict.fromkeys(why for bundle in bundles for why in bundle.unjudged)
            screened: list[tuple[Screen, list[Active]]] = []
            for active in claims:
                if active.screen is not None:
                    _place_behind(active.screen, active, screened)
            if len(self._unions) >= 1000:
                self._unions.clear()
            known = self._unions[procedures] = More(
                [active for active in claims if active.screen is None], screened, list(days), list(unjudged))
        return known


def _place_behind(screen: Screen, active: Active, screened: list[tuple[Screen, list[Active]]]) -> None:
    for _, actives in screened:
        if actives[0].data.check.screen is active.data.check.screen:  # type: ignore[union-attr]
            actives.append(active)
            return
    screened.append((screen, [active]))
