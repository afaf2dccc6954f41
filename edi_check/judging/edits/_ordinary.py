"""The one look that answers for all screens at once: most claims are ordinary in every way. Not a topic: no checks.

``Look`` goes over the lines once instead of once for each screen, and reads what the reader left at its default
only where ``Claim.is_plain`` doesn't tell. It may be stricter than the screens together, never laxer: a test holds it
against them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from operator import attrgetter
from typing import Final

from ...identifiers import is_icd10cm_shape, is_npi
from ...model import Claim, Diagnosis, Party, ServiceLine
from ..registry import Screen
from . import _screens as screens
from ._known import LIMIT, lasting_states, zip_states
from .diagnoses import highest_pointer

__all__ = [
    "ANSWERS", "BUT_FOR_HEADING", "NOWHERE", "ORDINARY", "UNKNOWN", "Diagnosed", "Look", "diagnosed", "highest_of",
    "meet",
]

UNKNOWN: Final = 0
BUT_FOR_HEADING: Final = 1
ORDINARY: Final = 2

ANSWERS: dict[Screen, int] = {
    screens.has_ordinary_lines: BUT_FOR_HEADING,
    screens.has_ordinary_days: BUT_FOR_HEADING,
    screens.has_ordinary_diagnoses: BUT_FOR_HEADING,
    screens.has_ordinary_parties: BUT_FOR_HEADING,
    screens.has_no_other_payer: BUT_FOR_HEADING,
    screens.is_in_time: BUT_FOR_HEADING,
    screens.has_ordinary_heading: ORDINARY,
    screens.names_no_cause: ORDINARY,
}
"""Screens, and the answer of ``Look.says`` from which on they say yes as well."""

NOWHERE: Final = 99
KEPT: Final = 5000
_NUMBERS: Final = [str(n) for n in range(1, 100)]
_NO_DAY: Final = date(9999, 12, 31)
_ICD10_DAY: Final = date(2015, 10, 1)
_ICD10: Final = ("ABK", "ABF")
_LONG: Final = 12
_NONE: Final = {""}
_CENT: Final = -2
_OLDEST: Final = 150
_procedure, _control_number = attrgetter("procedure"), attrgetter("control_number")


class Diagnosed:
    """What is known of the diagnoses of a claim: are their codes in upper case, and their ``count`` if they are
    ordinary, else 0 (``has_ordinary_diagnoses``). One object for all claims with the same, while it is remembered."""

    __slots__ = ("count", "is_upper")

    def __init__(self, diagnoses: tuple[Diagnosis, ...]) -> None:
        codes = [d.code for d in diagnoses]
        self.is_upper = all(code == code.upper() for code in codes)
        is_ordinary = (codes and codes[0][:1] not in ("V", "W", "X", "Y") and len(set(codes)) == len(codes)
                       and all(d.qualifier in _ICD10 and is_icd10cm_shape(d.code) for d in diagnoses))
        self.count = len(codes) if is_ordinary else 0


_diagnosed: Final[dict[tuple[Diagnosis, ...], Diagnosed]] = {}
diagnosed = _diagnosed.get
"""What is known of a claim's diagnoses; ``None`` when they weren't met before."""


def meet(diagnoses: tuple[Diagnosis, ...]) -> Diagnosed:
    """Diagnoses that ``diagnosed`` doesn't know."""
    if len(_diagnosed) >= KEPT:
        _diagnosed.clear()
    found = _diagnosed[diagnoses] = Diagnosed(diagnoses)
    return found


class Look:
    """The look, at the day of receipt and with the shortest filing limit in days. ``oldest``: nobody alive was born
    before; ``earliest``: the first day of service that no filing limit refuses; ``homes``: first three digits of a ZIP
    code to states that were always valid."""

    def __init__(self, as_of: date, filing_days: int) -> None:
        always = lasting_states()
        self.as_of = as_of
        self.oldest = date(max(1, as_of.year - _OLDEST + 1), 1, 1)
        self.earliest = date.fromordinal(max(1, as_of.toordinal() - filing_days))
        self.homes = {prefix: [s for s in states if s in always] for prefix, states in zip_states().items()}

    def says(self, claim: Claim, known: Diagnosed, highest: int) -> int:
        """Which screens say yes, as far as one quick look tells: ORDINARY, BUT_FOR_HEADING or UNKNOWN (see ANSWERS).
        ``known``: what is known of its diagnoses; ``highest``: the greatest ``highest_of`` of its lines."""
        homes = self.homes
        billing = claim.billing
        if highest > known.count:
            return UNKNOWN
        if billing is not screens.BILLING[0] and not screens.is_ordinary_billing(billing):
            return UNKNOWN
        is_plain = claim.is_plain
        if not is_plain and not _is_plain(claim):
            return UNKNOWN
        subscriber = claim.subscriber
        birth = subscriber.birth_date
        if subscriber.sequence in ("S", "T") or (birth is not None and not self.oldest <= birth <= self.as_of) or (
                subscriber.has_city and (subscriber.state not in homes.get(subscriber.zip_code[:3], ())
                                         or subscriber.country)):
            return UNKNOWN
        answer = ORDINARY if claim.frequency == "1" else BUT_FOR_HEADING
        if claim.patient_hl_segment:
            if subscriber.relationship:
                answer = BUT_FOR_HEADING
            party = claim.dependent  # the reader sets it with the segment of its HL
            if party is not None:
                birth = party.birth_date
                if (birth is not None and birth < self.oldest) or (party.has_city and not screens.is_at_home(party)):
                    return UNKNOWN
        elif subscriber.relationship != "18" or not (
                subscriber.has_address and subscriber.has_city and subscriber.has_demographics):
            answer = BUT_FOR_HEADING
        header = claim.header
        if len(header) < 12 or header[11]:  # CLM11: causes, state and country of an accident
            answer = BUT_FOR_HEADING
            if claim.accident_country or claim.accident_state not in lasting_states():
                return UNKNOWN
        for reference in claim.references:
            if reference[0] == "F8":
                answer = BUT_FOR_HEADING
        party = subscriber.payer
        if party is not None and party.has_city and (party.state not in homes.get(party.zip_code[:3], ())
                                                     or party.country):
            return UNKNOWN
        party = claim.rendering
        if party is not None and (_PERSONS.get(party.id) != party.taxonomy or party.id_qualifier != "XX"
                                  or party.type == "2") and not _is_person(party):
            return UNKNOWN
        for party in claim.referring:
            if party.id_qualifier != "XX" or not is_npi(party.id):
                return UNKNOWN
        first = _first_day(claim, self.as_of)
        if first is None or first < self.earliest or (birth is not None and birth > first):
            return UNKNOWN
        for d in claim.dates:
            if d.start is None or d.end is not d.start or d.start > first:
                return UNKNOWN
        return answer


_PERSONS: Final[dict[str, str]] = {}
"""NPI of an ordinary person who renders to the taxonomy last met with it."""


def _is_person(party: Party) -> bool:
    if not screens.is_ordinary_person(party):
        return False
    if len(_PERSONS) >= LIMIT:
        _PERSONS.clear()
    _PERSONS[party.id] = party.taxonomy
    return True


def _is_plain(claim: Claim) -> bool:
    """What ``Claim.is_plain`` says, but for notes; a facility and persons who render may be ordinary ones."""
    if (claim.other_payers or claim.patient_death_date is not None or claim.supervising is not None
            or (claim.facility is not None and not screens.is_ordinary_place(claim.facility))):
        return False
    for line in claim.service_lines:
        if (line.adjudications or len(line.dates) > 1 or line.facility is not None or line.ordering is not None
                or line.purchased is not None or line.supervising is not None or line.referring
                or (line.rendering is not None and not screens.is_ordinary_person(line.rendering))):
            return False
    return True


def _first_day(claim: Claim, as_of: date) -> date | None:
    """The first day of ordinary lines, ``None`` if they aren't."""
    total, lines = claim.charge, claim.service_lines
    if total is None or claim.charge_text < "." or len(claim.charge_text) > _LONG or not 0 < len(lines) < 100:
        return None
    first, day = as_of, _NO_DAY
    for line, number in zip(lines, _NUMBERS, strict=False):
        amount, dates = line.charge, line.service_dates
        start = dates.start
        # No sign: a text that begins with "-" comes before ".".
        if amount is None or line.charge_text < "." or line.line_number != number or dates.end is not start:
            return None
        total -= amount
        if start is not day:
            if start is None or start > as_of or start < _ICD10_DAY:
                return None
            day = start
            if start < first:
                first = start
    # Nothing is left, and that without parts of a cent: then no amount has any, since the exponent is the least of all.
    if total or total.adjusted() < _CENT or (len(lines) > 1 and not _are_distinct(lines)):
        return None
    return first


def highest_of(line: ServiceLine) -> int:
    """The highest diagnosis that a line points to; NOWHERE for an inpatient."""
    return highest_pointer(line.pointers) if line.place != "21" else NOWHERE


def _are_distinct(lines: Sequence[ServiceLine]) -> bool:
    """No two lines with the same code on one day, nor with the same control number."""
    n = len(lines)
    if n == 2:
        a, b = lines
        return ((a.procedure != b.procedure or a.service_dates.start != b.service_dates.start)
                and (not a.control_number or a.control_number != b.control_number))
    controls = set(map(_control_number, lines))
    if len(controls) != n and controls != _NONE:
        return False
    return (len(set(map(_procedure, lines))) == n
            or len({(line.procedure, line.service_dates.start) for line in lines}) == n)
