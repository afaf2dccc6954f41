"""Named check functions: what a pack may call by name when ``require`` can't say it.

A check looks at one thing and returns the hits it finds there. What it runs on is said by the names of its first
parameters; the other parameters are filled by the edit (a constant, ``setting:name`` or ``list:name``):

    def f(claim, *, …)          once per claim
    def f(claim, line, *, …)    once per service line (of the procedures its edit names, if it names any)
    def f(line, *, …)           with ``looks_at="service"``: sees the SV1's own values only (SERVICE_FIELDS), so it is
                                judged once for all lines that are alike in them
    def f(diagnoses, *, …)      sees the diagnoses only that a line points to, judged once per distinct ones
    def f(billing, *, …)        sees the billing provider's level only, so it is judged once per level
    def f(day, *, …)            sums: one patient, one day (``aggregate.DayOfService``), in a claim and over a file;
                                with ``looks_at="file"`` about something that is missing, which any claim of the file
                                may bring, a later one, too: the claim alone only raises the question, and once all are
                                read the check decides, ``before`` being what all claims of the patient brought
    def f(visit, *, …)          pairs: one patient, provider and day, all lines (``visits.Visit``), in a claim and over
                                a file
    def f(shift, *, most, …)    one provider, one day, all patients (``aggregate.DayOfService``), in a claim and over a
                                file; only shifts of more than ``most`` units are looked at again
    def f(course, *, …)         all that a patient had (``courses.Course``), in a claim and over a file
    def f(earlier, later, *, …) with ``looks_at="signature"`` or ``"number"``: two claims of a file that have the same
                                content or CLM01 (``comparison.Compared``)
    def f(found, *, …)          the findings of the same pack on one claim, when there are any; runs last

The parameters of PROVIDED are filled by the engine itself.

A check returns ``()`` as soon as it can: an early return costs a third of a generator that yields nothing. It never
changes what it is given. It neither knows its edit's id, nor its level, nor its words: those are data of the pack.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from math import inf
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar, overload

from ..findings import PackError, Related, Status

__all__ = ["ALWAYS_HEARD", "ALWAYS_SILENT", "CHECKS", "KINDS", "PROVIDED", "SERVICE_FIELDS", "TABLES", "Check", "Hit",
           "Parameter", "Result", "Room", "Screen", "Unjudged", "check", "checks_of", "topics"]

NOTHING: Mapping[str, Any] = MappingProxyType({})

KINDS = ("claim", "line", "service", "diagnoses", "billing", "day", "visit", "shift", "course", "claims", "after")

TABLES = {
    "icd10cm": "no table of ICD-10-CM codes is loaded",
    "procedure_codes": "no table of procedure codes is loaded",
    "ptp": "no table of NCCI pairs (PTP) is loaded",
    "mue": "no table of NCCI units (MUE) is loaded",
}
"""Parameters that are tables of the user (``ncci``, ``codesets``), and what is said when there is none: the edits of a
check that wants it are then not evaluated."""

PROVIDED = {"as_of": "date", "payer_lobs": "Mapping[str, str]", **dict.fromkeys(TABLES, "table")}
"""Parameters that no pack gives: the day of receipt, the line of business of each payer id that is mapped, tables."""

SERVICE_FIELDS = frozenset({
    "procedure_qualifier", "procedure", "modifiers", "description", "unit_basis", "units", "units_text",
    "place_of_service", "pointers",
})
"""What a ``service`` check may read of its line: what makes an SV1 the like of others. Not the charge, which differs
from clinic to clinic, nor ``place`` (the claim's counts too), dates or diagnoses."""


class Hit(NamedTuple):
    """One occurrence of an edit, before it has words.

    ``at``        designator at fault: ``SV104``, ``NM109``, ``CLM05-3``; ``""`` for the whole segment
    ``segment``   file-wide number of its segment; 0: the line's SV1 (line and day checks), else the claim's CLM
    ``line``      the service line from 1; the engine fills it for line checks, a claim check may name one
    ``values``    fill the placeholders of ``says`` and ``fix``
    ``level``     instead of the edit's own level, for this occurrence
    ``says``      key of the pack's other sentence, under ``also_says`` (and ``also_fix``, if it is there)
    ``status``    instead of the edit's own status
    ``related``   other claims and lines it is about (``Related(0, line)``: a line of the same claim)
    ``unless``    segments and elements that this only follows from: where the guide refuses one, nothing is said
    """

    at: str = ""
    segment: int = 0
    line: int = 0
    values: Mapping[str, Any] = NOTHING
    level: str = ""
    says: str = ""
    status: Status | None = None
    related: tuple[Related, ...] = ()
    unless: tuple[tuple[int, str], ...] = ()


class Unjudged(NamedTuple):
    """What a check returns when it can't decide: the claim is counted under ``not_evaluated``, never as passed."""

    why: str


SPARING = ("claim", "day", "visit", "shift", "course")
ALWAYS_SILENT: tuple[Container[str], float] = ((), inf)
"""Room of a check that can find nothing whatever the units: the codes it wants aren't there."""
ALWAYS_HEARD: tuple[Container[str], float] = ((), -1)
"""Room of a check that must run whatever the units."""

Result = Iterable[Hit | Unjudged]
CheckFunction = Callable[..., Result]
Screen = Callable[..., bool]
Room = Callable[..., tuple[Container[str], int | float | Decimal]]
F = TypeVar("F", bound=CheckFunction)


class Parameter(NamedTuple):
    """What an edit has to give a check: its name, the annotation as written, and whether it may be left out."""

    name: str
    annotation: str
    is_optional: bool


@dataclass(slots=True, frozen=True)
class Check:
    """A registered function: what it runs on (one of KINDS), its parameters, the placeholders it fills."""

    name: str
    kind: str
    function: CheckFunction
    parameters: Mapping[str, Parameter]
    gives: frozenset[str]
    topic: str
    looks_at: str = ""
    as_sent: bool = False
    names_line: bool = False
    screen: Screen | None = None
    room: Room | None = None

    @property
    def summary(self) -> str:
        """First line of its docstring."""
        return (self.function.__doc__ or "").strip().partition("\n")[0]


CHECKS: dict[str, Check] = {}
"""By name, over all topics that were imported."""


@overload
def check(function: F) -> F: ...
@overload
def check(*, looks_at: str = "", gives: str = "", as_sent: bool = False, names_line: bool = False,
          screen: Screen | None = None, room: Room | None = None) -> Callable[[F], F]: ...
def check(
    function: F | None = None, *, looks_at: str = "", gives: str = "", as_sent: bool = False, names_line: bool = False,
    screen: Screen | None = None, room: Room | None = None
) -> F | Callable[[F], F]:
    """Register a check under its function's name.

    ``gives`` names the placeholders that *every* hit fills, besides the engine's own (``packs.PLACEHOLDERS``) and the
    parameters; ``looks_at`` as in the module's docstring; ``as_sent`` gives it codes in the case they were sent (others
    see upper case); ``names_line``: the hits of a claim check name a line, so the engine fills the line's placeholders
    too; ``screen``: of a claim check, a function of the claim (and of parameters) that says yes only when the check can
    find nothing; checks that share one are spared together.

    ``room``: a function of the codes of a claim (a frozenset) and of parameters that gives (codes, most): the check can
    find nothing in the claim alone while the lines with these ``codes`` weigh no more than ``most`` together. A line
    weighs as much as it has units, at least 1. ALWAYS_SILENT and ALWAYS_HEARD depend on no weight.
    """

    def register(f: F) -> F:
        entry = replace(_describe(f, looks_at, gives), as_sent=as_sent, names_line=names_line, screen=screen,
                        room=room)
        if screen is not None and entry.kind != "claim":
            raise PackError(f"check {f.__name__}: only checks on claims have a screen")
        if room is not None and entry.kind not in SPARING:
            raise PackError(f"check {f.__name__}: only checks on {', '.join(SPARING)} have room")
        before = CHECKS.get(entry.name)
        if before is not None and before.topic != entry.topic:
            raise PackError(f"two checks are called {entry.name}: in {before.topic} and in {entry.topic}")
        CHECKS[entry.name] = entry
        return f

    return register(function) if function is not None else register


_FIRST = {"claim": "claim", "billing": "billing", "day": "day", "visit": "visit", "shift": "shift", "course": "course",
          "line": "service", "diagnoses": "diagnoses", "earlier": "claims", "found": "after"}


def _describe(f: CheckFunction, looks_at: str, gives: str) -> Check:
    code = f.__code__
    n = code.co_argcount + code.co_kwonlyargcount
    names = code.co_varnames[:n]
    kind = _FIRST.get(names[0] if names else "", "")
    skip = 1
    if kind == "claim" and len(names) > 1 and names[1] == "line":
        kind, skip = "line", 2
    elif kind == "claims":
        skip = 2
    allowed = {"service": ("service",), "claims": ("signature", "number"), "day": ("", "file")}.get(kind, ("",))
    if not kind or looks_at not in allowed:
        raise PackError(f"check {f.__name__}: first parameters are claim / claim, line / line with looks_at='service' "
                        f"/ diagnoses / billing / day / day with looks_at='file' / visit / shift / course / earlier, "
                        f"later with looks_at='signature' or 'number' / found")
    optional = set(f.__kwdefaults__ or ())
    if f.__defaults__:
        optional.update(code.co_varnames[code.co_argcount - len(f.__defaults__):code.co_argcount])
    notes = f.__annotations__
    parameters = {p: Parameter(p, str(notes.get(p, "")), p in optional) for p in names[skip:]}
    return Check(f.__name__, kind, f, parameters, frozenset(gives.split()), f.__module__.rpartition(".")[2], looks_at)


def checks_of(topic: str) -> dict[str, Check]:
    """The checks of a topic, imported when first asked for. Raises ``KeyError`` for a topic that doesn't exist."""
    from importlib import import_module

    if topic not in topics():
        raise KeyError(topic)
    import_module(f"..edits.{topic}" if topic != "settle" else "..settle", __name__)
    return {name: entry for name, entry in CHECKS.items() if entry.topic == topic}


def topics() -> tuple[str, ...]:
    """The modules that hold checks: those of ``judging/edits``, and ``settle``."""
    folder = os.path.join(os.path.dirname(__file__), "edits")
    return tuple(sorted([n[:-3] for n in os.listdir(folder) if n.endswith(".py") and n[0] != "_"] + ["settle"]))
