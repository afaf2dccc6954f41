"""What an 837P claim file is made of: interchange, group, set, claim, service line, party.

Plain values, read from the file as it was sent: nothing here judges. Absent text is ``""``, an absent
list is ``()``, an absent object is ``None``. Amounts and quantities are ``Decimal``; one that is absent or
can't be read is ``None``. Days are ``datetime.date``.

Every object carries ``segment``, the number of its first segment in the file (the first ISA is 1);
``Claim.locate`` turns such a number into byte offset, length and loop.

The classes are not frozen and not slotted on purpose: the reader makes them by the hundred thousand and sets only what
the file holds, so an absent field costs nothing (it is the class's default). CPython
3.11 shares the keys of 29 attributes between the instances of a class, the first that it meets; an instance with
others pays with a dict of its own, at twice the time for every access. ``_share`` says which they are, and what a claim
seldom has lies in slots.
A test proves that no check changes its claim. There are no references upwards (a line doesn't know its
claim), because the command runs without the cyclic garbage collector.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from .interchange import Delimiters, FunctionalGroup, Interchange, TransactionSet
from .parts import (
    NOBODY,
    Adjustment,
    AdjustmentAmount,
    Attachment,
    DateRange,
    Diagnosis,
    LineAdjudication,
    Note,
    OtherPayer,
    Party,
    Record,
    Reference,
    SpinalManipulation,
    fields_of,
)

if TYPE_CHECKING:
    from .findings import Finding

__all__ = [
    "NO_DATES",
    "Adjustment",
    "AdjustmentAmount",
    "Attachment",
    "BillingProvider",
    "Claim",
    "DateRange",
    "Delimiters",
    "Diagnosis",
    "FunctionalGroup",
    "Interchange",
    "LineAdjudication",
    "Note",
    "OtherPayer",
    "Party",
    "Place",
    "Record",
    "Reference",
    "ServiceLine",
    "SpinalManipulation",
    "Subscriber",
    "TransactionSet",
    "fields_of",
    "is_compiled",
    "new_claim",
]


class Place(NamedTuple):
    """Where a segment stands. Counts start at 1; ``offset`` and ``length`` are bytes of the unpacked file,
    terminator not counted; ``set_segment`` is 0 outside a transaction set."""

    segment: int
    set_segment: int
    offset: int
    length: int
    loop: str
    text: str


class Trace(Protocol):
    """What the reader leaves with a claim so that findings can say where (see ``reading.trace``)."""

    def locate(self, segment: int) -> Place: ...

    def segments(self, first: int, last: int) -> Iterator[Place]: ...

    def told(self, segment: int, element: str) -> str: ...


class BillingProvider(Party):
    """2000A with 2010AA, 2010AB and 2010AC. ``number`` counts the billing levels of the file from 1."""

    number: int = 0
    hl_segment: int = 0
    currency: str = ""
    pay_to: Party | None = None
    pay_to_plan: Party | None = None


class Subscriber(Party):
    """2000B with 2010BA. ``sequence`` is SBR01, ``relationship`` SBR02 (18 when the patient), ``filing``
    SBR09. ``number`` counts the subscriber levels of the file from 1."""

    number: int = 0
    hl_segment: int = 0
    sequence: str = ""
    relationship: str = ""
    group_number: str = ""
    group_name: str = ""
    insurance_type: str = ""
    filing: str = ""
    death_date: date | None = None
    payer: Party | None = None


NO_DATES: Final = DateRange()
NO_BILLING_PROVIDER, NO_SUBSCRIBER = BillingProvider(), Subscriber()
NO_TRANSACTION_SET, NO_FUNCTIONAL_GROUP, NO_INTERCHANGE = TransactionSet(), FunctionalGroup(), Interchange()
"""What an object of the model has where it hangs under nothing; nobody changes them."""

NO_TRACE: Final[Trace | None] = None
"""By a name, because a compiled class leaves a protocol that is plainly None unset."""

_POINTERS: Final = {**{str(n): n for n in range(1, 100)}, **{f"{n:02}": n for n in range(1, 100)}}
"""What a pointer can be to the number it means; nothing else points anywhere."""


class ServiceLine(Record):
    """2400: one service. ``number`` is its place in the claim from 1, ``line_number`` LX01 as sent,
    ``place`` the place of service that counts (SV105, else the claim's), ``text`` its SV1 as sent."""

    number: int = 0
    line_number: str = ""
    procedure_qualifier: str = ""
    procedure: str = ""
    modifiers: tuple[str, ...] = ()
    description: str = ""
    charge: Decimal | None = None
    charge_text: str = ""
    unit_basis: str = ""
    units: Decimal | None = None
    units_text: str = ""
    place_of_service: str = ""
    place: str = ""
    pointers: tuple[str, ...] = ()
    emergency: str = ""
    text: str = ""
    service_dates: DateRange = NO_DATES
    dates: Sequence[DateRange] = ()
    references: Sequence[Reference] = ()
    notes: Sequence[Note] = ()
    attachments: Sequence[Attachment] = ()
    claim_diagnoses: tuple[Diagnosis, ...] = ()
    control_number: str = ""
    rendering: Party | None = None
    purchased: Party | None = None
    facility: Party | None = None
    supervising: Party | None = None
    ordering: Party | None = None
    referring: Sequence[Party] = ()
    adjudications: Sequence[LineAdjudication] = ()
    has_drug: bool = False
    drug_code: str = ""
    segment: int = 0
    service_segment: int = 0

    @property
    def diagnoses(self) -> tuple[Diagnosis, ...]:
        """The diagnoses the line points to, in pointer order; a pointer to nothing is left out."""
        known = self.claim_diagnoses
        pointed = [_POINTERS.get(p, 0) for p in self.pointers]
        return tuple([known[n - 1] for n in pointed if 0 < n <= len(known)])

    def date(self, *qualifiers: str) -> DateRange | None:
        """The first DTP with one of these qualifiers."""
        for d in self.dates:
            if d.qualifier in qualifiers:
                return d
        return None


class _Seldom(Record):
    """Fields of a claim that would be too many for its shared keys. They have no defaults: see ``new_claim``."""

    __slots__ = (
        "accident_country",
        "accident_state",
        "attachments",
        "facility",
        "faults",
        "is_complete",
        "notes",
        "other_payers",
        "patient_death_date",
        "patient_number",
        "patient_paid",
        "patient_relationship",
        "related_causes",
        "spinal_manipulation",
        "supervising",
    )

    related_causes: tuple[str, ...]
    accident_state: str
    accident_country: str
    notes: Sequence[Note]
    attachments: Sequence[Attachment]
    patient_paid: Decimal | None
    spinal_manipulation: SpinalManipulation | None
    facility: Party | None
    supervising: Party | None
    other_payers: Sequence[OtherPayer]
    patient_relationship: str
    patient_death_date: date | None
    patient_number: int
    faults: Sequence[Finding]
    """What the reader found wrong with the claim's own segments."""
    is_complete: bool
    """False for the claim in which a damaged file ends: it is not judged."""


class Claim(_Seldom):
    """2300, with the levels it hangs under. ``index`` counts the claims of the file from 1.

    ``billing``, ``subscriber`` and (for a dependent) ``dependent`` are shared by the claims under them.
    ``header`` are the elements of its CLM as sent (``header[0]`` is ``CLM``).
    ``first_segment`` to ``last_segment`` are the claim's own segments (CLM to the end of its last line).
    """

    index: int = 0
    number: str = ""
    header: Sequence[str] = ()
    charge: Decimal | None = None
    charge_text: str = ""
    place_of_service: str = ""
    frequency: str = ""
    diagnoses: tuple[Diagnosis, ...] = ()
    diagnoses_segment: int = 0
    dates: Sequence[DateRange] = ()
    references: Sequence[Reference] = ()
    referring: Sequence[Party] = ()
    rendering: Party | None = None
    service_lines: Sequence[ServiceLine] = ()
    billing: BillingProvider = NO_BILLING_PROVIDER
    subscriber: Subscriber = NO_SUBSCRIBER
    dependent: Party | None = None
    patient_hl_segment: int = 0
    set: TransactionSet = NO_TRANSACTION_SET
    group: FunctionalGroup = NO_FUNCTIONAL_GROUP
    interchange: Interchange = NO_INTERCHANGE
    first_segment: int = 0
    last_segment: int = 0
    offset: int = 0
    length: int = 0
    levels: tuple[int, ...] = ()
    """Offset and length (bytes, up to the next HL or CLM) of the open HL*20, HL*22 and HL*23 with what follows each."""
    trace: Trace | None = NO_TRACE
    is_plain: bool = False
    """True when the reader met none of these: another payer (2320), a note (NTE, K3), a date of death, a facility or
    supervising provider (2310C, 2310D); and on no line a party (2420), a note, an adjudication (2430) or a second DTP.
    Attributes that hold them needn't be looked at then. False says nothing."""

    @property
    def segment(self) -> int:
        return self.first_segment

    def _of_header(self, position: int) -> str:
        return self.header[position] if position < len(self.header) else ""

    @property
    def signature(self) -> str:
        """CLM06: is the provider's signature on file?"""
        return self._of_header(6)

    @property
    def assignment(self) -> str:
        """CLM07: does the provider accept assignment?"""
        return self._of_header(7)

    @property
    def benefits_assigned(self) -> str:
        """CLM08: has the patient assigned the benefits?"""
        return self._of_header(8)

    @property
    def release(self) -> str:
        """CLM09: release of information."""
        return self._of_header(9)

    @property
    def delay_reason(self) -> str:
        """CLM20: why the claim comes late."""
        return self._of_header(20)

    @property
    def patient(self) -> Party:
        """The dependent of 2010CA, else the subscriber of 2010BA."""
        return self.dependent or self.subscriber

    @property
    def payer(self) -> Party:
        """The destination payer of 2010BB (an empty ``Party`` when the loop is missing)."""
        return self.subscriber.payer or NOBODY

    def date(self, *qualifiers: str) -> DateRange | None:
        """The first DTP of the claim (not its lines) with one of these qualifiers."""
        for d in self.dates:
            if d.qualifier in qualifiers:
                return d
        return None

    def reference(self, *qualifiers: str) -> str:
        """The first REF value of the claim with one of these qualifiers, else ``""``."""
        for r in self.references:
            if r.qualifier in qualifiers:
                return r.value
        return ""

    def rendering_of(self, line: ServiceLine) -> Party:
        """Who rendered the line: 2420A, else 2310B, else the billing provider."""
        return line.rendering or self.rendering or self.billing

    def locate(self, segment: int) -> Place:
        """Where segment number ``segment`` of the file stands (one of the claim's, or of a level above it)."""
        if self.trace is None:
            return Place(segment, 0, 0, 0, "", "")
        return self.trace.locate(segment)

    def told(self, segment: int, element: str) -> str:
        """The edit by which the reader has refused this element of one of the claim's segments, or of a level above it;
        ``""`` when it hasn't."""
        return "" if self.trace is None else self.trace.told(segment, element)

    def segments(self) -> Iterator[Place]:
        """The claim's own segments, CLM first."""
        if self.trace is not None:
            yield from self.trace.segments(self.first_segment, self.last_segment)


def new_claim() -> Claim:
    """A claim with nothing in it. (``Claim()`` is one without the fields of ``_Seldom``.)"""
    c = Claim()
    c.accident_country = c.accident_state = c.patient_relationship = ""
    c.attachments = c.faults = c.notes = c.other_payers = c.related_causes = ()
    c.facility = c.patient_paid = c.spinal_manipulation = c.supervising = c.patient_death_date = None
    c.is_complete, c.patient_number = True, 0
    return c


def is_compiled() -> bool:
    """Does this module run as machine code (see setup.py)?"""
    return hasattr(Party, "__mypyc_attrs__")


def _share(kind: type[Any], names: str) -> None:
    """Fix which attributes of a class have shared keys: CPython takes the first 29 that any instance sets. (Compiled
    classes have no keys.)"""
    if is_compiled():
        return
    first = object.__new__(kind)
    for name in names.split():
        setattr(first, name, None)


_PARTY = (
    "loop entity type last_name first_name id_qualifier id segment street city state zip_code has_address has_city "
)
_PERSON = "birth_text birth_date gender has_demographics "
_share(Party, _PARTY + _PERSON + "taxonomy middle_name street_2 references suffix country has_contact")
_share(
    Subscriber,
    _PARTY
    + _PERSON
    + "number hl_segment sequence relationship filing payer group_number group_name middle_name street_2 "
    + "insurance_type",
)
_share(BillingProvider, _PARTY + "number hl_segment taxonomy references has_contact street_2 pay_to country")
_share(
    ServiceLine,
    "number line_number segment service_segment service_dates claim_diagnoses place procedure_qualifier procedure "
    "modifiers description charge_text charge unit_basis units_text units place_of_service pointers emergency text "
    "dates control_number references adjudications rendering has_drug notes",
)
