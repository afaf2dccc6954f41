"""The patient, claim and line loops of a 277CA (2000D to 2220D), one after the other as the claims come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..findings import Finding
from ..model import Delimiters
from ..report import ClaimResult
from .settings import AckSettings
from .statuses import claim_statuses, composites, line_codes, line_statuses, receiver_status, stc
from .x12 import Dialect, amount, is_day

__all__ = ["ClaimLoop", "LineLoop", "claim_loops"]

QUALIFIERS = frozenset({
    "AD", "ER", "HC", "HP", "IV", "NU", "WK"
})
"""SVC01-1; anything else was a fault of the guide, and is said as HC."""


@dataclass
class LineLoop:
    """2220D: elements clean, ``procedure`` and ``days`` several joined, ``status`` the whole STC."""

    procedure: str
    charge: str
    units: str
    status: str
    control: str
    days: str


@dataclass(slots=True)
class ClaimLoop:
    """2200D, with the patient above it (``hl`` is 0 when the claim before has the same patient). ``patient`` is NM103
    to NM109, each of ``statuses`` a whole STC, ``days`` DTP02 and DTP03."""

    hl: int
    patient: str
    number: str
    statuses: list[str]
    trace: str
    days: str
    lines: Sequence[LineLoop]


NAMES = ((1, 60), (0, 35), (0, 25), (0, 10))
"""Least and longest of NM103, NM104, NM105 and NM107."""


def claim_loops(claims: Iterable[ClaimResult], levels: list[int], inherited: Callable[[ClaimResult], list[Finding]],
                received: Delimiters, dialect: Dialect, settings: AckSettings, day: str) -> Iterator[ClaimLoop]:
    """The loops of one provider's claims. ``levels`` holds the last HL number used; ``received`` are the delimiters
    that the claims were sent in. What the guide demands and the claim lacks is filled in: TRN02 ``0``, NM103
    ``UNKNOWN``, the day of the answer for the day of service (a stated departure from X12 RFI 1575)."""
    text, e = dialect.text, dialect.delimiters.element
    accepted = stc(composites(dialect, receiver_status(settings.accepted_status)), day, "WQ", "", dialect) + e
    unknown_days = f"D8{e}{day}"
    are_plain = dialect.shape(*NAMES, (2, 80))
    before: tuple[object, ...] = ()
    hl = levels[0]
    for claim in claims:
        last, first, middle, suffix, qualifier, member, trace, first_day, last_day, lines = claim.ak
        person = (claim.subscriber, claim.levels[6], last, first, member)
        is_new = person != before or not claim.subscriber
        patient = ""
        if is_new:
            hl, before = hl + 1, person
            if not are_plain(e.join((last, first, middle, suffix, member))):
                (last, first, middle, suffix), member = _names(last, first, middle, suffix, dialect), \
                    text(member, 80, 2, "UNKNOWN")
            patient = e.join((last, first, middle, "", suffix, "II" if qualifier == "II" else "MI", member))
        charge = amount(claim.charge)
        views: Sequence[LineLoop] = ()
        if claim.disposition != "rejected":
            statuses = [accepted + charge]
        else:
            own = claim.findings
            statuses = [stc(composites(dialect, s), day, "U", charge, dialect)
                        for s in claim_statuses(own, inherited(claim))]
            views = _lines(own, lines, received, dialect, day if settings.line_status_date else "")
        levels[0] = hl
        yield ClaimLoop(hl if is_new else 0, patient, text(claim.number, 50, 1, "0"), statuses,
                        text(trace, 50) if trace else "", _period(first_day, last_day, e) or unknown_days, views)


def _names(last: str, first: str, middle: str, suffix: str, dialect: Dialect) -> tuple[str, str, str, str]:
    """The names of a person made fit."""
    text = dialect.text
    return text(last, 60, 1, "UNKNOWN"), text(first, 35), text(middle, 25), text(suffix, 10)


def _period(first: str, last: str, e: str) -> str:
    """DTP02 and DTP03 of a service period, or nothing when no day of it can be used. ``e`` separates them."""
    if not is_day(first):
        return ""
    if first == last or not is_day(last) or last < first:
        return f"D8{e}{first}"
    return f"RD8{e}{first}-{last}"


def _lines(own: Sequence[Finding], lines: tuple[tuple[str, str, str], ...], received: Delimiters, dialect: Dialect,
           day: str) -> list[LineLoop]:
    """The loops of the lines that made the claim be refused, in order, with the three gravest codes of each."""
    loops = []
    for number, statuses in sorted(line_statuses(own).items()):
        if number <= len(lines):
            sv1, control, days = lines[number - 1]
            codes = line_codes(statuses, dialect)
            procedure, charge, units = _service(sv1.split(received.element), received.component, dialect)
            first, _, last = days.partition("-")
            loops.append(LineLoop(procedure, charge, units, stc(codes, day, "U", "", dialect),
                                  dialect.text(control, 50), _period(first, last or first, dialect.delimiters.element)))
    return loops


def _service(sv1: list[str], component: str, dialect: Dialect) -> tuple[str, str, str]:
    """SVC01, SVC02 and SVC07 from the SV1 as sent."""
    _, composite, charge, _, units, *_ = (*sv1, "", "", "", "", "")
    qualifier, code, *modifiers = (*composite.split(component), "", "")
    clean = [m for m in (dialect.text(m, 2, 2) for m in modifiers[:4]) if m]
    qualifier = qualifier if qualifier in QUALIFIERS else "HC"
    procedure = dialect.composite(qualifier, dialect.text(code, 48, 1, "0"), *clean)
    count = amount(units) if units.strip() else ""
    return procedure, amount(charge), count if len(count.replace(".", "").lstrip("-")) <= 15 else ""
