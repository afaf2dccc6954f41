"""Segments of a claim and its service lines to objects. See ``assembly`` for what is open and what every function may
rely on."""

from __future__ import annotations

from typing import Any, Final

from ..model import (
    NO_DATES,
    Adjustment,
    AdjustmentAmount,
    Attachment,
    DateRange,
    Diagnosis,
    LineAdjudication,
    Note,
    OtherPayer,
    Party,
    Reference,
    ServiceLine,
    SpinalManipulation,
    new_claim,
)
from .assembly import Assembly, Elements, more
from .bindings import amount, day, set_clm, set_cr2, set_sbr, set_svd
from .trace import SegmentTrace

new: Final = tuple.__new__
"""Makes a named tuple without the call of its own ``__new__``, which is written in Python."""


# Claim ------------------------------------------------------------------------------------------------------------


def claim(a: Assembly, e: Elements, n: int) -> None:
    b = a.batch
    assert b is not None
    here = b.start(n - b.first)
    if a.level >= 0:
        a.levels[a.level + 1] = here - a.levels[a.level]
        a.level = -1
    c = new_claim()
    set_clm(c, e, a.component)
    if e[11]:
        causes = e[11].split(a.component)
        c.related_causes = tuple(x for x in causes[:3] if x)
        c.accident_state, c.accident_country = (causes + [""] * 5)[3:5]
    a.claims += 1
    c.index = a.claims
    c.header = e
    c.billing, c.subscriber = a.billing, a.subscriber
    if a.patient_segment:
        c.dependent, c.patient_relationship = a.dependent, a.relationship
        c.patient_hl_segment, c.patient_number = a.patient_segment, a.patients
    c.is_plain = True
    if a.death is not None:
        c.patient_death_date, c.is_plain = a.death, False
    c.set, c.group, c.interchange = a.set, a.group, a.interchange
    c.first_segment = n
    c.offset = here
    c.levels = tuple(a.levels)
    c.service_lines = []
    a.open_batches = [b]
    c.trace = trace = SegmentTrace()
    trace.set_segment = a.set.segment
    trace.levels = a.open_batches, a.patient_batches, a.subscriber_batches, a.provider_batches
    a.claim, a.line, a.other = c, None, None


def parse_dates(e: Elements, component: str, text: str) -> tuple[Any, ...]:
    days = e[3]
    if e[2] == "D8":
        start = end = day(days)
    elif e[2] == "RD8":
        first, _, last = days.partition("-")
        start, end = day(first), day(last)
    else:
        start = end = None
    return e[1], e[2], days, start, end


def _dates(value: tuple[Any, ...], n: int) -> DateRange:
    d = DateRange()
    d.qualifier, d.format, d.text, d.start, d.end = value
    d.segment = n
    return d


def claim_date(a: Assembly, value: Any, n: int) -> None:
    c = a.claim
    assert c is not None
    c.dates = more(c.dates, _dates(value, n))


def claim_reference(a: Assembly, e: Elements, n: int) -> None:
    c = a.claim
    assert c is not None
    c.references = more(c.references, new(Reference, (e[1], e[2], n)))


def claim_attachment(a: Assembly, e: Elements, n: int) -> None:
    c = a.claim
    assert c is not None
    c.attachments = more(c.attachments, Attachment(e[1], e[2], e[6], n))


def claim_note(a: Assembly, e: Elements, n: int) -> None:
    c = a.claim
    assert c is not None
    c.notes, c.is_plain = more(c.notes, Note(e[1], e[2], n)), False


def claim_free_text(a: Assembly, e: Elements, n: int) -> None:
    c = a.claim
    assert c is not None
    c.notes, c.is_plain = more(c.notes, Note("K3", e[1], n)), False


def patient_paid(a: Assembly, e: Elements, n: int) -> None:
    assert a.claim is not None
    a.claim.patient_paid = amount(e[2])


def spinal_manipulation(a: Assembly, e: Elements, n: int) -> None:
    assert a.claim is not None
    s = SpinalManipulation(segment=n)
    set_cr2(s, e)
    a.claim.spinal_manipulation = s


_diagnoses: Final[dict[tuple[Diagnosis, ...], tuple[Diagnosis, ...]]] = {}
REMEMBERED = 5000
LONGEST: Final = 500
"""Characters of an HI whose list is worth remembering: twelve codes as long as the guide lets them be."""


def parse_diagnoses(e: Elements, component: str, text: str) -> tuple[Diagnosis, ...]:
    found = []
    for position in range(1, 13):
        composite = e[position]
        if composite:
            parts = composite.split(component, 2)
            found.append(new(Diagnosis, (parts[0], parts[1] if len(parts) > 1 else "", position)))
        elif any(e[position:13]):
            found.append(Diagnosis("", "", position))
        else:
            break
    value = tuple(found)
    if len(text) > LONGEST:
        return value
    if len(_diagnoses) >= REMEMBERED:
        _diagnoses.clear()
    return _diagnoses.setdefault(value, value)  # what is judged once for each list is found faster for the same object


def diagnoses(a: Assembly, value: Any, n: int) -> None:
    c = a.claim
    assert c is not None
    c.diagnoses = value
    c.diagnoses_segment = n


# Other payers -----------------------------------------------------------------------------------------------------


def other_payer(a: Assembly, e: Elements, n: int) -> None:
    assert a.claim is not None
    o = OtherPayer(segment=n)
    set_sbr(o, e)
    a.other, a.party = o, Party()
    a.claim.other_payers, a.claim.is_plain = more(a.claim.other_payers, o), False


def _adjustment(e: Elements, n: int) -> Adjustment:
    amounts = tuple(
        AdjustmentAmount(e[i], amount(e[i + 1]), e[i + 2]) for i in range(2, 18, 3) if e[i] or e[i + 1] or e[i + 2]
    )
    return Adjustment(e[1], amounts, n)


def other_adjustment(a: Assembly, e: Elements, n: int) -> None:
    assert a.other is not None
    a.other.adjustments = more(a.other.adjustments, _adjustment(e, n))


def other_amount(a: Assembly, e: Elements, n: int) -> None:
    o = a.other
    assert o is not None
    if e[1] == "D":
        o.paid, o.paid_text, o.paid_segment = amount(e[2]), e[2], n
    elif e[1] == "A8":
        o.non_covered = amount(e[2])
    else:
        o.patient_liability = amount(e[2])


def other_date(a: Assembly, value: Any, n: int) -> None:
    assert a.other is not None
    a.other.dates = more(a.other.dates, _dates(value, n))


def other_reference(a: Assembly, e: Elements, n: int) -> None:
    assert a.other is not None
    a.other.references = more(a.other.references, new(Reference, (e[1], e[2], n)))


# Service lines ----------------------------------------------------------------------------------------------------


def line(a: Assembly, e: Elements, n: int) -> None:
    c = a.claim
    assert c is not None
    s = ServiceLine()
    lines: Any = c.service_lines
    lines.append(s)
    s.number = len(lines)
    s.line_number = e[1]
    s.segment = s.service_segment = n
    s.service_dates = NO_DATES
    s.claim_diagnoses = c.diagnoses
    s.place = c.place_of_service
    a.line = s


_procedures: Final[dict[str, tuple[str, str, tuple[str, ...], str]]] = {}
_pointers: Final[dict[str, tuple[str, ...]]] = {}
"""A file has few procedures with their modifiers, and few lists of pointers, but as many charges as lines."""
WORTH_REMEMBERING: Final = 40


def _procedure(composite: str, component: str) -> tuple[str, str, tuple[str, ...], str]:
    """Qualifier, code, modifiers and description of an SV101."""
    parts = composite.split(component)
    parts += [""] * (7 - len(parts))
    found = (parts[0], parts[1], tuple([m for m in parts[2:6] if m]), parts[6])
    if len(composite) < WORTH_REMEMBERING and not parts[6]:  # free text hardly comes back
        if len(_procedures) >= REMEMBERED:
            _procedures.clear()
        _procedures[component + composite] = found
    return found


def _pointed(composite: str, component: str) -> tuple[str, ...]:
    found = tuple([p for p in composite.split(component) if p])
    if len(composite) < WORTH_REMEMBERING:
        if len(_pointers) >= REMEMBERED:
            _pointers.clear()
        _pointers[component + composite] = found
    return found


def parse_service(e: Elements, component: str, text: str) -> tuple[Any, ...]:
    """What ``service`` binds: procedure qualifier, procedure, modifiers, description, charge as sent, charge, unit
    basis, units as sent, units, place of service, pointers, emergency, and the segment."""
    composite, charge, units, pointers = e[1], e[2], e[4], e[7]
    procedure = _procedures.get(component + composite) or _procedure(composite, component)
    pointed = _pointers.get(component + pointers)
    if pointed is None:
        pointed = _pointed(pointers, component)
    return (*procedure, charge, amount(charge), e[3], units, amount(units), e[5], pointed, e[9], text)


def service(a: Assembly, value: Any, n: int) -> None:
    s = a.line
    assert s is not None
    (
        s.procedure_qualifier,
        s.procedure,
        s.modifiers,
        s.description,
        s.charge_text,
        s.charge,
        s.unit_basis,
        s.units_text,
        s.units,
        s.place_of_service,
        s.pointers,
        s.emergency,
        s.text,
    ) = value
    if s.place_of_service:
        s.place = s.place_of_service
    s.service_segment = n


def line_date(a: Assembly, value: Any, n: int) -> None:
    s = a.line
    assert s is not None
    d = _dates(value, n)
    if d.qualifier == "472" and s.service_dates is NO_DATES:
        s.service_dates = d
    if s.dates:
        a.not_plain()
    s.dates = more(s.dates, d)


def line_reference(a: Assembly, e: Elements, n: int) -> None:
    s = a.line
    assert s is not None
    if e[1] == "6R" and not s.control_number:
        s.control_number = e[2]
    s.references = more(s.references, new(Reference, (e[1], e[2], n)))


def line_note(a: Assembly, e: Elements, n: int) -> None:
    assert a.line is not None
    a.line.notes = more(a.line.notes, Note(e[1], e[2], n))
    a.not_plain()


def line_free_text(a: Assembly, e: Elements, n: int) -> None:
    assert a.line is not None
    a.line.notes = more(a.line.notes, Note("K3", e[1], n))
    a.not_plain()


def line_attachment(a: Assembly, e: Elements, n: int) -> None:
    assert a.line is not None
    a.line.attachments = more(a.line.attachments, Attachment(e[1], e[2], e[6], n))


def drug(a: Assembly, e: Elements, n: int) -> None:
    assert a.line is not None
    a.line.has_drug, a.line.drug_code = True, e[3]


def adjudication(a: Assembly, e: Elements, n: int) -> None:
    assert a.line is not None
    j = LineAdjudication(segment=n)
    set_svd(j, e, a.component)
    a.adjudication = j
    a.line.adjudications = more(a.line.adjudications, j)
    a.not_plain()


def line_adjustment(a: Assembly, e: Elements, n: int) -> None:
    assert a.adjudication is not None
    a.adjudication.adjustments = more(a.adjudication.adjustments, _adjustment(e, n))


def adjudication_date(a: Assembly, value: Any, n: int) -> None:
    assert a.adjudication is not None
    a.adjudication.date = _dates(value, n)
