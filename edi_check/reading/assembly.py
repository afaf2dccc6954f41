"""Segments to objects: which open object a segment belongs to, and what opens a new one.

``binding(use)`` gives for a use of the guide what the reader calls: ``parse`` (elements to a value that may be remembered
with the segment's text, or ``None``), ``act`` (put it where it belongs), and whether segments of this use repeat often
enough to be worth remembering whole. Every function here takes whatever text the slow lane let through: absent
elements are padded, numbers that are none give ``None``, nothing raises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from ..model import (
    Adjustment,
    AdjustmentAmount,
    Attachment,
    BillingProvider,
    Claim,
    DateRange,
    Diagnosis,
    FunctionalGroup,
    Interchange,
    LineAdjudication,
    Note,
    OtherPayer,
    Party,
    Reference,
    ServiceLine,
    SpinalManipulation,
    Subscriber,
    TransactionSet,
)
from .bindings import amount, day, setter
from .guide import SegmentUse
from .segments import Batch
from .trace import SegmentTrace

__all__ = ["Assembly", "binding"]

Elements: TypeAlias = list[str]
Parse: TypeAlias = Callable[[Elements, str, str], Any]
Act: TypeAlias = Callable[["Assembly", Any, int], None]

NO_DATES = DateRange()

set_nm1, set_n3, set_n4, set_dmg = setter("NM1"), setter("N3"), setter("N4"), setter("DMG")
set_sbr, set_bht, set_clm, set_cr2, set_svd = (setter(s) for s in ("SBR", "BHT", "CLM", "CR2", "SVD"))


class Assembly:
    """The objects that are open while a file is read. ``party`` is whose N3, N4, REF, PRV … come next."""

    def __init__(self) -> None:
        self.component = ":"
        self.interchange = Interchange()
        self.group = FunctionalGroup()
        self.set = TransactionSet()
        self.billing = BillingProvider()
        self.subscriber = Subscriber()
        self.dependent: Party | None = None
        self.relationship = ""
        self.death: Any = None
        self.party: Any = Party()
        self.claim: Claim | None = None
        self.line: ServiceLine | None = None
        self.other: OtherPayer | None = None
        self.adjudication: LineAdjudication | None = None
        self.claims = self.providers = self.subscribers = self.patients = 0
        self.patient_segment = 0
        self.batch: Batch | None = None
        self.provider_batches: list[Batch] = []
        self.subscriber_batches: list[Batch] = []
        self.patient_batches: list[Batch] = []
        self.open_batches: list[Batch] = []
        self.levels: list[int] = [0, 0, 0, 0, 0, 0]
        self.level = -1
        self.nameable: list[tuple[Any, ...]] = []

    def start_set(self, interchange: Interchange, group: FunctionalGroup, set_: TransactionSet) -> None:
        """A new ST: nothing of the set before is open any more."""
        self.interchange, self.group, self.set = interchange, group, set_
        self.component = interchange.delimiters.component
        self.billing, self.subscriber = BillingProvider(), Subscriber()
        self.dependent, self.claim, self.line, self.other = None, None, None, None
        self.open_batches = []
        self.levels = [0, 0, 0, 0, 0, 0]
        self.level = -1
        self.patient_segment = 0

    def begin_batch(self, batch: Batch) -> None:
        self.batch = batch
        self.open_batches.append(batch)

    def offset(self, n: int) -> int:
        """Byte offset of segment ``n`` of the batch at hand."""
        assert self.batch is not None
        return self.batch.start(n - self.batch.first)

    def end_level(self, n: int) -> None:
        """An HL or CLM begins: the header of the level before it ends here."""
        if self.level >= 0:
            self.levels[self.level + 1] = self.offset(n) - self.levels[self.level]
            self.level = -1
        elif not self.set.header_length:
            self.set.header_length = self.offset(n) - self.set.offset

    def begin_level(self, at: int, n: int) -> list[Batch]:
        b = self.batch
        assert b is not None
        here = b.start(n - b.first)
        if self.level >= 0:
            self.levels[self.level + 1] = here - self.levels[self.level]
        elif not self.set.header_length:
            self.set.header_length = here - self.set.offset
        levels = self.levels
        levels[at], levels[at + 1] = here, 0
        if at < 4:
            levels[4] = levels[5] = 0
            if at < 2:
                levels[2] = levels[3] = 0
        self.level = at
        self.open_batches = batches = [b]
        return batches


# The envelope's own -----------------------------------------------------------------------------------------------

def begin_transaction(a: Assembly, e: Elements, n: int) -> None:
    set_bht(a.set, e, a.component)


def submitter(a: Assembly, e: Elements, n: int) -> None:
    a.set.submitter = _party(a, e, n, "1000A")


def receiver(a: Assembly, e: Elements, n: int) -> None:
    a.set.receiver = _party(a, e, n, "1000B")


# Levels -----------------------------------------------------------------------------------------------------------

def billing_level(a: Assembly, e: Elements, n: int) -> None:
    a.provider_batches = a.begin_level(0, n)
    a.subscriber_batches, a.patient_batches = [], []
    a.billing = a.party = b = BillingProvider(hl_segment=n, loop="2000A")
    a.providers += 1
    b.number = a.providers
    a.subscriber, a.dependent = Subscriber(), None
    a.patient_segment = 0


def subscriber_level(a: Assembly, e: Elements, n: int) -> None:
    a.subscriber_batches = a.begin_level(2, n)
    a.patient_batches = []
    a.subscribers += 1
    s = Subscriber.__new__(Subscriber)
    s.number = a.subscribers
    s.hl_segment = n
    s.loop = "2010BA"
    a.subscriber = a.party = s
    a.dependent, a.relationship, a.death = None, "", None
    a.patient_segment = 0


def patient_level(a: Assembly, e: Elements, n: int) -> None:
    a.patient_batches = a.begin_level(4, n)
    a.patients += 1
    a.patient_segment = n
    a.dependent = Party(loop="2010CA")
    a.relationship, a.death = "", None


def currency(a: Assembly, e: Elements, n: int) -> None:
    a.billing.currency = e[2]


def subscriber_information(a: Assembly, e: Elements, n: int) -> None:
    set_sbr(a.subscriber, e, a.component)


def patient_information(a: Assembly, e: Elements, n: int) -> None:
    if a.patient_segment:
        a.relationship = e[1]
    a.death = day(e[6])
    if not a.patient_segment:
        a.subscriber.death_date = a.death


# Parties ----------------------------------------------------------------------------------------------------------

def _party(a: Assembly, e: Elements, n: int, loop: str) -> Party:
    p = Party.__new__(Party)
    set_nm1(p, e, a.component)
    p.loop = loop
    p.segment = n
    a.party = p
    return p


def billing_name(a: Assembly, e: Elements, n: int) -> None:
    b = a.billing
    set_nm1(b, e, a.component)
    b.loop, b.segment = "2010AA", n
    a.party = b


def pay_to(a: Assembly, e: Elements, n: int) -> None:
    a.billing.pay_to = _party(a, e, n, "2010AB")


def pay_to_plan(a: Assembly, e: Elements, n: int) -> None:
    a.billing.pay_to_plan = _party(a, e, n, "2010AC")


def subscriber_name(a: Assembly, e: Elements, n: int) -> None:
    s = a.subscriber
    set_nm1(s, e, a.component)
    s.segment = n
    a.party = s


def payer_name(a: Assembly, e: Elements, n: int) -> None:
    a.subscriber.payer = _party(a, e, n, "2010BB")


def patient_name(a: Assembly, e: Elements, n: int) -> None:
    a.dependent = _party(a, e, n, "2010CA")


def claim_party(field: str, loop: str) -> Act:
    def act(a: Assembly, e: Elements, n: int) -> None:
        setattr(a.claim, field, _party(a, e, n, loop))
    return act


def line_party(field: str, loop: str) -> Act:
    def act(a: Assembly, e: Elements, n: int) -> None:
        setattr(a.line, field, _party(a, e, n, loop))
    return act


def claim_referring(a: Assembly, e: Elements, n: int) -> None:
    assert a.claim is not None
    a.claim.referring = [*a.claim.referring, _party(a, e, n, "2310A")]


def line_referring(a: Assembly, e: Elements, n: int) -> None:
    assert a.line is not None
    a.line.referring = [*a.line.referring, _party(a, e, n, "2420F")]


def other_subscriber(a: Assembly, e: Elements, n: int) -> None:
    assert a.other is not None
    a.other.subscriber = _party(a, e, n, "2330A")


def other_payer_name(a: Assembly, e: Elements, n: int) -> None:
    assert a.other is not None
    a.other.payer = _party(a, e, n, "2330B")


def somebody(a: Assembly, e: Elements, n: int) -> None:
    """A party nobody asks for (ambulance locations, other payer's providers): what follows must not land elsewhere."""
    _party(a, e, n, "")


def street(a: Assembly, e: Elements, n: int) -> None:
    set_n3(a.party, e, a.component)
    a.party.has_address = True


def city(a: Assembly, e: Elements, n: int) -> None:
    set_n4(a.party, e, a.component)
    a.party.has_city = True


def demographics(a: Assembly, e: Elements, n: int) -> None:
    set_dmg(a.party, e, a.component)
    a.party.has_demographics = True


def taxonomy(a: Assembly, e: Elements, n: int) -> None:
    a.party.taxonomy = e[3]


def contact(a: Assembly, e: Elements, n: int) -> None:
    a.party.has_contact = True


def party_reference(a: Assembly, e: Elements, n: int) -> None:
    p = a.party
    p.references = [*p.references, Reference(e[1], e[2], n)]


# Claim ------------------------------------------------------------------------------------------------------------

def claim(a: Assembly, e: Elements, n: int) -> None:
    b = a.batch
    assert b is not None
    here = b.start(n - b.first)
    if a.level >= 0:
        a.levels[a.level + 1] = here - a.levels[a.level]
        a.level = -1
    c = Claim.__new__(Claim)
    set_clm(c, e, a.component)
    if e[11]:
        causes = e[11].split(a.component)
        c.related_causes = tuple(x for x in causes[:3] if x)
        c.accident_state, c.accident_country = (causes + [""] * 5)[3:5]
    a.claims += 1
    c.index = a.claims
    c.billing, c.subscriber, c.dependent = a.billing, a.subscriber, a.dependent
    c.patient_relationship, c.patient_death_date = a.relationship, a.death
    c.patient_hl_segment = a.patient_segment
    c.patient_number = a.patients if a.patient_segment else 0
    c.set, c.group, c.interchange = a.set, a.group, a.interchange
    c.first_segment = n
    c.offset = here
    c.levels = tuple(a.levels)
    c.service_lines = []
    a.open_batches = [b]
    c.trace = SegmentTrace(a.set.segment, a.open_batches, a.patient_batches, a.subscriber_batches, a.provider_batches)
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
    d = DateRange.__new__(DateRange)
    d.qualifier, d.format, d.text, d.start, d.end = value
    d.segment = n
    return d


def claim_date(a: Assembly, value: Any, n: int) -> None:
    c = a.claim
    assert c is not None
    c.dates = [*c.dates, _dates(value, n)]


def claim_reference(a: Assembly, e: Elements, n: int) -> None:
    c = a.claim
    assert c is not None
    c.references = [*c.references, Reference(e[1], e[2], n)]


def claim_attachment(a: Assembly, e: Elements, n: int) -> None:
    c = a.claim
    assert c is not None
    c.attachments = [*c.attachments, Attachment(e[1], e[2], e[6], n)]


def claim_note(a: Assembly, e: Elements, n: int) -> None:
    c = a.claim
    assert c is not None
    c.notes = [*c.notes, Note(e[1], e[2], n)]


def claim_free_text(a: Assembly, e: Elements, n: int) -> None:
    c = a.claim
    assert c is not None
    c.notes = [*c.notes, Note("K3", e[1], n)]


def patient_paid(a: Assembly, e: Elements, n: int) -> None:
    assert a.claim is not None
    a.claim.patient_paid = amount(e[2])


def spinal_manipulation(a: Assembly, e: Elements, n: int) -> None:
    assert a.claim is not None
    s = SpinalManipulation(segment=n)
    set_cr2(s, e, a.component)
    a.claim.spinal_manipulation = s


def parse_diagnoses(e: Elements, component: str, text: str) -> tuple[Diagnosis, ...]:
    found = []
    for position in range(1, 13):
        composite = e[position]
        if composite:
            parts = composite.split(component, 2)
            found.append(Diagnosis(parts[0], parts[1] if len(parts) > 1 else "", position))
        elif any(e[position:13]):
            found.append(Diagnosis("", "", position))
        else:
            break
    return tuple(found)


def diagnoses(a: Assembly, value: Any, n: int) -> None:
    c = a.claim
    assert c is not None
    c.diagnoses = value
    c.diagnoses_segment = n


# Other payers -----------------------------------------------------------------------------------------------------

def other_payer(a: Assembly, e: Elements, n: int) -> None:
    assert a.claim is not None
    o = OtherPayer(segment=n)
    set_sbr(o, e, a.component)
    a.other, a.party = o, Party()
    a.claim.other_payers = [*a.claim.other_payers, o]


def _adjustment(e: Elements, n: int) -> Adjustment:
    amounts = tuple(AdjustmentAmount(e[i], amount(e[i + 1]), e[i + 2]) for i in range(2, 18, 3)
                    if e[i] or e[i + 1] or e[i + 2])
    return Adjustment(e[1], amounts, n)


def other_adjustment(a: Assembly, e: Elements, n: int) -> None:
    assert a.other is not None
    a.other.adjustments = [*a.other.adjustments, _adjustment(e, n)]


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
    a.other.dates = [*a.other.dates, _dates(value, n)]


def other_reference(a: Assembly, e: Elements, n: int) -> None:
    assert a.other is not None
    a.other.references = [*a.other.references, Reference(e[1], e[2], n)]


# Service lines ----------------------------------------------------------------------------------------------------

def line(a: Assembly, e: Elements, n: int) -> None:
    c = a.claim
    assert c is not None
    s = ServiceLine.__new__(ServiceLine)
    lines: Any = c.service_lines
    lines.append(s)
    s.number = len(lines)
    s.line_number = e[1]
    s.segment = s.service_segment = n
    s.service_dates = NO_DATES
    s.claim_diagnoses = c.diagnoses
    s.place = c.place_of_service
    a.line = s


def parse_service(e: Elements, component: str, text: str) -> tuple[Any, ...]:
    parts = e[1].split(component)
    if len(parts) < 7:
        parts = parts + [""] * 7
    modifiers = tuple(filter(None, parts[2:6]))
    return (parts[0], parts[1], modifiers, parts[6], e[2], amount(e[2]), e[3], e[4], amount(e[4]), e[5],
            tuple(filter(None, e[7].split(component))), e[9], text)


def service(a: Assembly, value: Any, n: int) -> None:
    s = a.line
    assert s is not None
    (s.procedure_qualifier, s.procedure, s.modifiers, s.description, s.charge_text, s.charge, s.unit_basis, s.units_text,
     s.units, s.place_of_service, s.pointers, s.emergency, s.text) = value
    if s.place_of_service:
        s.place = s.place_of_service
    s.service_segment = n


def line_date(a: Assembly, value: Any, n: int) -> None:
    s = a.line
    assert s is not None
    d = DateRange.__new__(DateRange)
    d.qualifier, d.format, d.text, d.start, d.end = value
    d.segment = n
    if d.qualifier == "472" and s.service_dates is NO_DATES:
        s.service_dates = d
    s.dates = [*s.dates, d] if s.dates else [d]


def line_reference(a: Assembly, e: Elements, n: int) -> None:
    s = a.line
    assert s is not None
    if e[1] == "6R" and not s.control_number:
        s.control_number = e[2]
    r = Reference(e[1], e[2], n)
    s.references = [*s.references, r] if s.references else [r]


def line_note(a: Assembly, e: Elements, n: int) -> None:
    assert a.line is not None
    a.line.notes = [*a.line.notes, Note(e[1], e[2], n)]


def line_free_text(a: Assembly, e: Elements, n: int) -> None:
    assert a.line is not None
    a.line.notes = [*a.line.notes, Note("K3", e[1], n)]


def line_attachment(a: Assembly, e: Elements, n: int) -> None:
    assert a.line is not None
    a.line.attachments = [*a.line.attachments, Attachment(e[1], e[2], e[6], n)]


def drug(a: Assembly, e: Elements, n: int) -> None:
    assert a.line is not None
    a.line.has_drug = True


def adjudication(a: Assembly, e: Elements, n: int) -> None:
    assert a.line is not None
    j = LineAdjudication(segment=n)
    set_svd(j, e, a.component)
    j.modifiers = tuple(m for m in e[3].split(a.component)[2:6] if m)
    a.adjudication = j
    a.line.adjudications = [*a.line.adjudications, j]


def line_adjustment(a: Assembly, e: Elements, n: int) -> None:
    assert a.adjudication is not None
    a.adjudication.adjustments = [*a.adjudication.adjustments, _adjustment(e, n)]


def adjudication_date(a: Assembly, value: Any, n: int) -> None:
    assert a.adjudication is not None
    a.adjudication.date = _dates(value, n)


# Which is which ---------------------------------------------------------------------------------------------------

NAMES: dict[str, Act] = {
    "1000A": submitter, "1000B": receiver, "2010AA": billing_name, "2010AB": pay_to, "2010AC": pay_to_plan,
    "2010BA": subscriber_name, "2010BB": payer_name, "2010CA": patient_name,
    "2310A": claim_referring, "2310B": claim_party("rendering", "2310B"), "2310C": claim_party("facility", "2310C"),
    "2310D": claim_party("supervising", "2310D"), "2330A": other_subscriber, "2330B": other_payer_name,
    "2420A": line_party("rendering", "2420A"), "2420B": line_party("purchased", "2420B"),
    "2420C": line_party("facility", "2420C"), "2420D": line_party("supervising", "2420D"),
    "2420E": line_party("ordering", "2420E"), "2420F": line_referring,
}

PLACED: dict[tuple[str, str], tuple[Parse | None, Act]] = {
    ("HEADER", "BHT"): (None, begin_transaction),
    ("2000A", "HL"): (None, billing_level), ("2000A", "CUR"): (None, currency),
    ("2000B", "HL"): (None, subscriber_level), ("2000B", "SBR"): (None, subscriber_information),
    ("2000B", "PAT"): (None, patient_information),
    ("2000C", "HL"): (None, patient_level), ("2000C", "PAT"): (None, patient_information),
    ("2300", "CLM"): (None, claim), ("2300", "DTP"): (parse_dates, claim_date), ("2300", "REF"): (None, claim_reference),
    ("2300", "PWK"): (None, claim_attachment), ("2300", "NTE"): (None, claim_note),
    ("2300", "K3"): (None, claim_free_text), ("2300", "AMT"): (None, patient_paid),
    ("2300", "CR2"): (None, spinal_manipulation),
    ("2320", "SBR"): (None, other_payer), ("2320", "CAS"): (None, other_adjustment), ("2320", "AMT"): (None, other_amount),
    ("2330B", "DTP"): (parse_dates, other_date), ("2330B", "REF"): (None, other_reference),
    ("2400", "LX"): (None, line), ("2400", "SV1"): (parse_service, service), ("2400", "DTP"): (parse_dates, line_date),
    ("2400", "REF"): (None, line_reference), ("2400", "NTE"): (None, line_note), ("2400", "K3"): (None, line_free_text),
    ("2400", "PWK"): (None, line_attachment), ("2410", "LIN"): (None, drug),
    ("2430", "SVD"): (None, adjudication), ("2430", "CAS"): (None, line_adjustment),
    ("2430", "DTP"): (parse_dates, adjudication_date),
}

ANYWHERE: dict[str, Act] = {
    "N3": street, "N4": city, "DMG": demographics, "PRV": taxonomy, "PER": contact, "REF": party_reference,
}

REPEATING = frozenset({"SV1", "DTP", "LX", "PRV", "SBR", "HI"})
"""Segments worth remembering whole: few distinct texts over many claims."""

REPEATING_NAMES = frozenset({"1000A", "1000B", "2010BB", "2310A", "2310B", "2310D", "2330B", "2420A"})


def binding(use: SegmentUse) -> tuple[Parse | None, Act | None, bool]:
    """(parse, act, is it worth remembering) for a use; ``act`` is ``None`` for what the model doesn't hold."""
    loop, segment = use.loop.id, use.id
    if segment == "HI":
        q = use.qualifier
        is_diagnosis = q is not None and "ABK" in q[2]
        return (parse_diagnoses, diagnoses, True) if is_diagnosis else (None, None, True)
    if segment == "NM1":
        return None, NAMES.get(loop, somebody), loop in REPEATING_NAMES
    placed = PLACED.get((loop, segment))
    if placed is not None:
        return (*placed, segment in REPEATING)
    if loop in ("2300", "2320", "2400", "2410", "2430", "2440"):
        return None, None, False
    return None, ANYWHERE.get(segment), segment in REPEATING
