"""An edit ready to run: its function with parameters bound, its conditions, the level in force."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from types import FunctionType
from typing import Any

from ..findings import LEVELS
from ..model import Claim, ServiceLine, new_claim
from .conditions import WORDS, Codes, Condition, Found
from .packs import EditData, Pack
from .registry import TABLES, Hit, Result, Room, Screen

__all__ = ["Active", "bound", "milder"]

NO_LINE = ServiceLine()
NO_CLAIM = new_claim()
ALIKE = frozenset({"procedure", "modifiers", "description", "unit_basis", "units", "place"})
"""Fields of conditions that are the same for all lines with one ``Service``."""


def milder(a: str, b: str) -> str:
    """The milder of two levels."""
    return a if LEVELS.index(a) >= LEVELS.index(b) else b


class Active:
    """An edit ready to run. ``run`` takes what its kind says (``registry.KINDS``, and ``after``)."""

    __slots__ = ("data", "default", "edit", "given_level", "id", "kind", "lacks", "looks_at", "pack", "parameters",
                 "room", "run", "screen", "watched")

    def __init__(self, pack: Pack, data: EditData, settings: Mapping[str, Any], given_level: str,
                 provided: Mapping[str, Any]) -> None:
        self.pack, self.data = pack, data
        self.id, self.kind, self.given_level, self.default = data.edit.id, data.kind, given_level, data.edit.level
        self.edit = replace(data.edit, level=given_level) if given_level else data.edit
        self.looks_at = data.check.looks_at if data.check else ""
        self.parameters: dict[str, Any] = {}
        self.lacks = ""
        """Why it can't be evaluated at all, for want of a table."""
        self.screen: Screen | None = None
        self.room: Room | None = None
        self.watched: frozenset[str] = frozenset()
        """Codes whose lines ``room`` weighs."""
        if data.check is not None:
            self.parameters = data.bound(settings)
            self.parameters.update({name: provided[name] for name in data.check.parameters if name in provided})
            self.lacks = next((TABLES[n] for n in data.check.parameters if n in TABLES and provided[n] is None), "")
            function: Callable[..., Result] = data.check.function
            self.run = bound(function, self.parameters) if self.parameters else function
            self.screen = _taking(data.check.screen, {**provided, **self.parameters}) if data.check.screen else None
            self._make_room(data.check.room)
        elif data.kind == "claim":
            self.run = partial(_required_of_claim, data.require)
        else:
            self.run = _required_of_line(data.require)

    def _make_room(self, room: Room | None) -> None:
        """Bind ``room``, unless it speaks of codes that can't be counted: then nobody would weigh their lines."""
        if room is None:
            return
        bound = _taking(room, self.parameters)
        watched: set[str] = set()
        for value in (bound.__kwdefaults__ or {}).values():
            if isinstance(value, Codes):
                codes = value.enumerated()
                if codes is None:
                    return
                watched |= codes
            elif isinstance(value, str):
                watched.add(value)
        self.room, self.watched = bound, frozenset(watched)

    def may_hit(self, line: ServiceLine, is_one_day: bool) -> bool:
        """May it find something on lines with the same ``Service`` as this one, whatever their claims? ``is_one_day``:
        asked of those only whose service is on a single day."""
        if self.data.check is not None:
            return True
        for condition in self.data.require:
            if condition.field.name in ALIKE:
                if condition.fault(NO_CLAIM, line) is not None:
                    return True
            elif not (is_one_day and condition.field.name == "days" and condition.word == "at_most"
                      and condition.operand >= 1):
                return True
        return False

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


def bound(function: Callable[..., Any], parameters: dict[str, Any]) -> Callable[..., Any]:
    """The function with keyword parameters filled in. As other defaults of a copy they cost nothing when it is called;
    ``partial`` would cost as much as a check that finds nothing."""
    if not isinstance(function, FunctionType) or not parameters.keys() <= set(
            function.__code__.co_varnames[function.__code__.co_argcount:][:function.__code__.co_kwonlyargcount]):
        return partial(function, **parameters)
    copy = FunctionType(function.__code__, function.__globals__, function.__name__, function.__defaults__,
                        function.__closure__)
    copy.__kwdefaults__ = {**(function.__kwdefaults__ or {}), **parameters}
    return copy


def _taking(function: Callable[..., Any], given: Mapping[str, Any]) -> Callable[..., Any]:
    """A screen or a room with those of the parameters that it names."""
    code = function.__code__
    wanted = code.co_varnames[1:code.co_argcount + code.co_kwonlyargcount]
    return bound(function, {name: given[name] for name in wanted}) if wanted else function


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
    at, segment = _at(condition, found), field.segment(claim, line)
    if field.name == "modifiers":
        at = f"SV101-{3 + found.number}"
    elif field.name == "place" and not line.place_of_service:
        at, segment = "CLM05-1", claim.first_segment
    return Hit(at, segment, line.number, {"value": found.value, "allowed": condition.said()})


def _required_of_claim(conditions: tuple[Condition, ...], claim: Claim) -> Result:
    for condition in conditions:
        found = condition.fault(claim, NO_LINE)
        if found is not None:
            return (Hit(_at(condition, found), condition.field.segment(claim, NO_LINE), 0,
                        {"value": found.value, "allowed": condition.said()}),)
    return ()


def _at(condition: Condition, found: Found) -> str:
    """What is at fault: the field's element, and for a REF or DTP of some qualifier that isn't there the claim or line
    as a whole, since the next REF behind it is another one."""
    return "" if not found.value and ":" in condition.field.name else condition.field.designator
