"""Which edits run on a claim: chosen once for each payer, filing code and kind of claim, then found by procedure code.

An ``Active`` is an edit ready to run: its function with parameters bound, its conditions, the level in force. A
``Plan`` holds those that a kind of claim gets. A claim without the codes that edits name costs almost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from math import ceil, inf
from typing import Any, Final, NamedTuple

from ..model import ServiceLine
from .active import Active, milder
from .aggregate import usable_units
from .edits._ordinary import ANSWERS, Diagnosed, Look, highest_of
from .registry import ALWAYS_HEARD, ALWAYS_SILENT, Screen

__all__ = ["Active", "Bundle", "LowerCase", "More", "Plan", "Service", "milder"]

MEMO_SIZE: Final = 20_000
UNIONS: Final = 1000
UNKNOWN_LOB: Final = "the claim's line of business is not known"


class Bundle:
    """What the lines of one procedure bring with them."""

    __slots__ = ("bit", "claims", "days", "diagnoses", "is_summed", "lines", "services", "unjudged")

    def __init__(self, bit: int) -> None:
        self.bit = bit
        """One bit for each code: those of a claim make the number that its ``More`` is found by."""
        self.lines: list[Active] = []
        self.services: list[Active] = []
        self.diagnoses: list[Active] = []
        self.claims: list[Active] = []
        self.days: list[Active] = []
        self.is_summed = False
        """Do sums need these lines: over a day, a shift, a course?"""
        self.unjudged: list[tuple[str, str]] = []

    @property
    def has_more(self) -> bool:
        """Is there anything to do once the lines are through?"""
        return bool(self.claims or self.days or self.unjudged)


class LowerCase(Exception):
    """No error: such a claim is judged another way. A line has a procedure or modifier that isn't in upper case."""


class Service:
    """What is known of an SV1: of all lines of a plan that are alike but for the charge."""

    __slots__ = ("bit", "diagnoses", "has_work", "highest", "hits", "is_summed", "lines", "one_day_lines", "procedure",
                 "units", "weight")

    def __init__(self, line: ServiceLine, bundle: Bundle | None, hits: tuple[tuple[Active, Any], ...],
                 lines: Sequence[Active]) -> None:
        self.hits = hits
        self.lines = tuple([active for active in lines if active.may_hit(line, False)])
        """Edits on lines that may find something here."""
        self.one_day_lines = tuple([active for active in self.lines if active.may_hit(line, True)])
        """Those of them that may where the service is on one day."""
        self.has_work = bool(bundle is not None or hits or self.lines)
        """Is there anything to do but to see whether the line is ordinary?"""
        self.highest = highest_of(line)
        self.units = usable_units(line)
        self.procedure = line.procedure
        self.bit = bundle.bit if bundle else 0
        self.is_summed = bundle is not None and bundle.is_summed
        self.weight = max(1, ceil(line.units)) if line.units is not None else 1
        self.diagnoses: Sequence[Active] = bundle.diagnoses if bundle else ()


class More(NamedTuple):
    """What a claim's codes call for besides the edits on its lines: edits on the claim, those behind a screen, edits on
    days, and (edit, why) of those that can't be judged.

    ``rooms`` are those of the edits on sums, ``room`` the least of them: no sum need be made of lines that weigh no
    more. ``asked`` is ``screened`` by what ``Look.says`` has said (see ``Plan.asked``)."""

    claims: list[Active]
    screened: list[tuple[Screen, list[Active]]]
    days: list[Active]
    unjudged: list[tuple[str, str]]
    rooms: list[tuple[frozenset[str], Any]]
    room: Any
    asked: Asked

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
        self.billed: tuple[Any, tuple[Any, ...]] = (None, ())
        """The last billing provider, and what the edits on those find."""
        for active in actives:
            self._place(active)
        for active in unjudged:
            self._place_unjudged(active)
        self.day_procedures = frozenset(code for code, bundle in self.by_procedure.items() if bundle.is_summed)
        self.memo: dict[tuple[Any, ...], Service] = {}
        self.told: dict[tuple[Service, Diagnosed], tuple[Any, ...]] = {}
        """What edits on diagnoses find, by the line's SV1 and the claim's diagnoses."""
        self._unions: dict[frozenset[str], More] = {}
        self.unions: dict[int, More] = {}
        """``more_for``, by the bits of the codes."""
        self.have_visits_room = all(active.room is not None for active in self.visits)
        """Do the codes of a claim tell whether its visits must be looked at?"""
        self.look, self.asked = self._look(), _asked(self.screened)
        """One look that stands for most screens, and the screens still to ask after each of its answers."""

    def _look(self) -> Look | None:
        """The look at the parameters of the screens; ``None`` where there is too little to spare."""
        days: list[date] = []
        limits: list[int] = []
        for screen, _ in self.screened:
            given = screen.__kwdefaults__ or {}
            days += [given["as_of"]] if "as_of" in given else []
            limits += [int(given["filing_days"])] if "filing_days" in given else []
        if not days or len(self.screened) < 4:
            return None
        return Look(days[0], min(limits, default=date.max.toordinal()))

    def service(self, line: ServiceLine, key: tuple[Any, ...]) -> Service:
        """What is known of lines like this one. ``key`` is all that such edits may see (``registry.SERVICE_FIELDS``),
        and ``place``. Raises ``LowerCase``."""
        if line.procedure != line.procedure.upper() or any(m != m.upper() for m in line.modifiers):
            raise LowerCase
        bundle = self.bundle_of(line)
        services, lines = (self.services, self.lines)
        if bundle is not None:
            services, lines = [*services, *bundle.services], [*lines, *bundle.lines]
        hits = tuple((active, hit) for active in services for hit in active.run(line))
        found = Service(line, bundle, hits, lines)
        if not line.description:  # free text hardly comes back
            if len(self.memo) >= MEMO_SIZE:
                self.memo.clear()
            self.memo[key] = found
        return found

    def bundle_of(self, line: ServiceLine) -> Bundle | None:
        """What the line's procedure brings with it. The codes that packs name are HCPCS; what looks like one in another
        code list (SV101-1 ER, IV, WK) is something else."""
        return self.by_procedure.get(line.procedure) if line.procedure_qualifier == "HC" else None

    def of_diagnoses(self, line: ServiceLine, service: Service, known: Diagnosed) -> tuple[Any, ...]:
        """The hits of edits that look at the diagnoses only that a line points to."""
        if len(self.told) >= MEMO_SIZE:
            self.told.clear()
        pointed = line.diagnoses
        found = tuple((active, hit) for active in service.diagnoses for hit in active.run(pointed))
        self.told[service, known] = found
        return found

    def _place(self, active: Active) -> None:
        kind = active.kind
        for code in active.watched:
            self._bundle(code)
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
            self.by_procedure[code] = Bundle(1 << len(self.by_procedure))
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
            if len(self._unions) >= UNIONS:
                self._unions.clear()
            summing = [*days, *self.shifts, *self.courses, *(self.visits if self.have_visits_room else ())]
            given = [active.room(procedures) if active.room else ALWAYS_HEARD for active in summing]
            rooms = [(frozenset(code for code in procedures if code in codes), most) for codes, most in given]
            known = self._unions[procedures] = More(
                [active for active in claims if active.screen is None
                 and not (active.room and active.room(procedures) == ALWAYS_SILENT)],
                screened, list(days), list(unjudged), rooms, min((most for _, most in rooms), default=inf),
                _asked(screened))
        return known

    def more_of(self, bits: int) -> More:
        """As ``more_for``, by the bits of the bundles."""
        known = self.unions.get(bits)
        if known is None:
            if len(self.unions) >= UNIONS:
                self.unions.clear()
            codes = frozenset(code for code, bundle in self.by_procedure.items() if bundle.bit & bits)
            known = self.unions[bits] = self.more_for(codes)
        return known


Screened = list[tuple[Screen, list[Active]]]
Asked = tuple[Screened, Screened, Screened]


def _asked(screened: Screened) -> Asked:
    """Screens that must be asked after each answer of ``Look.says``: 0, 1 or 2."""
    def still(answer: int) -> Screened:
        return [(screen, actives) for screen, actives in screened
                if not 0 < ANSWERS.get(actives[0].data.check.screen, 9) <= answer]  # type: ignore[union-attr, arg-type]

    return still(0), still(1), still(2)


def _place_behind(screen: Screen, active: Active, screened: list[tuple[Screen, list[Active]]]) -> None:
    for known, actives in screened:
        if (actives[0].data.check.screen is active.data.check.screen  # type: ignore[union-attr]
                and known.__kwdefaults__ == screen.__kwdefaults__):
            actives.append(active)
            return
    screened.append((screen, [active]))
