"""The parts of a claim: parties, dates, references, notes, adjustments, other payers. Plain values, as in ``model``.

They are exported by ``model``; import them from there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from inspect import get_annotations
from typing import Any, Final, NamedTuple, Self


class Record:
    """Base of what is read by the hundred thousand: named values with defaults.

    ``Party()`` has the defaults of its class, ``Party().having(last_name="DOE")`` others; two are equal when their
    classes and all their values are. No dataclass, and no ``__init__``, because the reader sets only what the file
    holds: an absent field then costs nothing, in an interpreted Python and in a compiled one (setup.py) alike.
    """

    __slots__ = ()

    def having(self, **values: Any) -> Self:
        """Sets these fields. Raises TypeError for a name that is none."""
        names = fields_of(type(self))
        for name, value in values.items():
            if name not in names:
                raise TypeError(f"{type(self).__name__} has no field {name}")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        values = ", ".join([f"{name}={getattr(self, name, None)!r}" for name in fields_of(type(self))])
        return f"{type(self).__name__}({values})"

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name, None) == getattr(other, name, None) for name in fields_of(type(self)))


def fields_of(kind: type[Any]) -> tuple[str, ...]:
    """The names of the fields of a class of the model, its bases' first."""
    names: list[str] = []
    for one in reversed(kind.__mro__):
        names += one.__dict__["__mypyc_attrs__"] if "__mypyc_attrs__" in one.__dict__ else get_annotations(one)
    return tuple(dict.fromkeys(names))


class DateRange(Record):
    """A DTP segment: one day (D8) or a range (RD8). Unreadable dates leave ``start`` and ``end`` ``None``."""

    qualifier: str = ""
    format: str = ""
    text: str = ""
    start: date | None = None
    end: date | None = None
    segment: int = 0

    @property
    def is_readable(self) -> bool:
        return self.start is not None and self.end is not None and self.start <= self.end

    @property
    def length(self) -> int:
        """Days from first to last, both counted; 0 when the dates can't be used."""
        if self.start is None or self.end is None or self.start > self.end:
            return 0
        return (self.end - self.start).days + 1

    @property
    def is_single_day(self) -> bool:
        """One day: a D8, or an RD8 whose ends are equal."""
        return self.start is not None and self.start == self.end

    def __iter__(self) -> Iterator[date]:
        for n in range(self.length):
            assert self.start is not None
            yield self.start + timedelta(days=n)


class Reference(NamedTuple):
    """A REF segment: qualifier REF01 and value REF02."""

    qualifier: str
    value: str
    segment: int


class Note(NamedTuple):
    """An NTE (code ADD, CER, DCP, DGN, TPO) or K3 (code ``K3``) segment."""

    code: str
    text: str
    segment: int


class Attachment(NamedTuple):
    """A PWK segment: report type PWK01, transmission PWK02, control number PWK06."""

    report_type: str
    transmission: str
    control_number: str
    segment: int


class AdjustmentAmount(NamedTuple):
    """One reason, amount and quantity of a CAS segment; an amount that can't be read is ``None``."""

    reason: str
    amount: Decimal | None
    quantity: str


class Adjustment(NamedTuple):
    """A CAS segment: its group code and up to six amounts."""

    group: str
    amounts: tuple[AdjustmentAmount, ...]
    segment: int


class Diagnosis(NamedTuple):
    """One composite of the diagnosis HI: ``qualifier`` ABK, ABF, BK or BF; ``code`` as sent; ``position`` is
    what a pointer names (1 to 12). Its segment is ``Claim.diagnoses_segment``."""

    qualifier: str
    code: str
    position: int

    @property
    def is_icd10(self) -> bool:
        return self.qualifier in ("ABK", "ABF")


@dataclass
class SpinalManipulation:
    """CR2: only CR208, CR210 and CR211 are used in 5010."""

    condition: str = ""
    description: str = ""
    description_2: str = ""
    segment: int = 0


class Party(Record):
    """Anybody an NM1 names, with what follows it in its loop (N3, N4, DMG, PRV, REF, PER)."""

    loop: str = ""
    entity: str = ""
    type: str = ""
    last_name: str = ""
    first_name: str = ""
    middle_name: str = ""
    suffix: str = ""
    id_qualifier: str = ""
    id: str = ""
    street: str = ""
    street_2: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""
    country: str = ""
    has_address: bool = False
    has_city: bool = False
    has_demographics: bool = False
    birth_text: str = ""
    birth_date: date | None = None
    gender: str = ""
    taxonomy: str = ""
    references: Sequence[Reference] = ()
    has_contact: bool = False
    segment: int = 0

    @property
    def is_person(self) -> bool:
        return self.type == "1"

    @property
    def npi(self) -> str:
        """NM109 when NM108 says it is an NPI (XX), else ``""``."""
        return self.id if self.id_qualifier == "XX" else ""

    @property
    def name(self) -> str:
        """Organisation, or ``last, first middle suffix`` as far as they are given."""
        given = " ".join(n for n in (self.first_name, self.middle_name, self.suffix) if n)
        return f"{self.last_name}, {given}" if given else self.last_name

    def reference(self, *qualifiers: str) -> str:
        """The first REF value with one of these qualifiers, else ``""``."""
        for r in self.references:
            if r.qualifier in qualifiers:
                return r.value
        return ""

    @property
    def tax_id(self) -> str:
        """REF*EI (employer) or REF*SY (social security) of the loop, else ``""``."""
        return self.reference("EI", "SY")


@dataclass
class OtherPayer:
    """2320 with 2330A and 2330B: another payer of this claim. ``paid`` is AMT*D; ``None`` when there is none
    or it can't be read (``paid_text`` tells which)."""

    sequence: str = ""
    relationship: str = ""
    group_number: str = ""
    group_name: str = ""
    insurance_type: str = ""
    filing: str = ""
    adjustments: Sequence[Adjustment] = ()
    paid: Decimal | None = None
    paid_text: str = ""
    paid_segment: int = 0
    non_covered: Decimal | None = None
    patient_liability: Decimal | None = None
    subscriber: Party | None = None
    payer: Party | None = None
    dates: Sequence[DateRange] = ()
    references: Sequence[Reference] = ()
    segment: int = 0

    @property
    def payer_id(self) -> str:
        return self.payer.id if self.payer else ""

    @property
    def has_adjudicated(self) -> bool:
        """An AMT*D says that this payer has decided."""
        return self.paid_text != ""


@dataclass
class LineAdjudication:
    """2430: what another payer made of a line. SVD01 ``payer_id``, SVD02 ``paid``, SVD03 ``procedure`` and
    ``modifiers``, SVD05 ``units``, SVD06 ``bundled_into``."""

    payer_id: str = ""
    paid: Decimal | None = None
    paid_text: str = ""
    procedure: str = ""
    modifiers: tuple[str, ...] = ()
    units: Decimal | None = None
    bundled_into: str = ""
    adjustments: Sequence[Adjustment] = ()
    date: DateRange | None = None
    segment: int = 0


NOBODY: Final = Party()
"""Where a loop is missing: a party without a name."""
