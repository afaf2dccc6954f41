"""What an acknowledgment holds, as plain values: TA1, 999 (and the older 997), 277CA.

Nothing here knows what a code means or which claim file is answered. Damage is noted in ``remarks`` and read past: a
segment that has nothing to stand in gets an empty frame, so that what it says isn't lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..identifiers import may_be_of_a_person
from .kept import Kept

__all__ = [
    "BatchAnswer", "ClaimAnswer", "Code", "ElementAnswer", "GroupAnswer", "InterchangeAnswer", "LineAnswer",
    "ProviderAnswer", "Received", "ReceivedInterchange", "SegmentAnswer", "SetAnswer", "StatusAnswer",
]


@dataclass(slots=True)
class InterchangeAnswer:
    """TA1."""

    number: str
    day: str
    time: str
    result: str
    code: str


@dataclass(slots=True)
class ElementAnswer:
    """IK4 or AK4. ``triggers`` are CTX segments that follow: the elements after the name."""

    position: int
    component: int
    repetition: int
    code: str
    value: str
    triggers: list[list[str]] = field(default_factory=list)


@dataclass(slots=True)
class SegmentAnswer:
    """IK3 or AK3. ``position`` counts from ST; 0 when it can't be read. ``claim`` is what its CTX names."""

    segment_id: str
    position: int
    loop: str
    code: str
    claim: str = ""
    triggers: list[list[str]] = field(default_factory=list)
    elements: list[ElementAnswer] = field(default_factory=list)


@dataclass(slots=True)
class SetAnswer:
    """AK2 to IK5 or AK5."""

    id_code: str = ""
    number: str = ""
    convention: str = ""
    result: str = ""
    codes: list[str] = field(default_factory=list)
    segments: list[SegmentAnswer] = field(default_factory=list)


@dataclass(slots=True)
class GroupAnswer:
    """AK1 to AK9. ``kind`` 999 or 997."""

    kind: str
    functional_id: str = ""
    number: str = ""
    version: str = ""
    result: str = ""
    declared: str = ""
    received: str = ""
    accepted: str = ""
    codes: list[str] = field(default_factory=list)
    sets: list[SetAnswer] = field(default_factory=list)


@dataclass(slots=True)
class Code:
    """STC01, STC10 or STC11."""

    category: str
    status: str
    entity: str


@dataclass(slots=True)
class StatusAnswer:
    """STC. ``text`` is what a person wrote into STC12, ``amount`` STC04."""

    codes: list[Code]
    action: str = ""
    text: str = ""
    amount: str = ""


@dataclass(slots=True)
class LineAnswer:
    """2220D: SVC with what follows. ``days`` DTP*472."""

    procedure: str
    charge: str
    units: str
    statuses: list[StatusAnswer] = field(default_factory=list)
    control: str = ""
    days: str = ""


@dataclass(slots=True)
class ClaimAnswer:
    """2200D with its lines. ``payer_number`` REF*1K, ``trace`` REF*D9, ``days`` DTP*472. They lie on disk, in
    ``Received.claims``."""

    number: str
    statuses: list[StatusAnswer] = field(default_factory=list)
    payer_number: str = ""
    trace: str = ""
    days: str = ""
    lines: list[LineAnswer] = field(default_factory=list)


NEVER_PERSONAL = ("24", "46", "PI", "XV")
"""NM108 of an employer's, a sender's, a payer's id."""


@dataclass(slots=True)
class ProviderAnswer:
    """2000C. ``is_person``: its name identifies a person. ``qualifier`` says what ``id`` is (NM108). ``first`` and
    ``count``: the claims below it, by their place in ``Received.claims``."""

    name: str = ""
    id: str = ""
    qualifier: str = ""
    is_person: bool = False
    statuses: list[StatusAnswer] = field(default_factory=list)
    counts: dict[str, str] = field(default_factory=dict)
    first: int = 0
    count: int = 0

    @property
    def has_private_id(self) -> bool:
        """May its id identify a person? A tax id (FI) may be a social security number, that of an organization too: a
        practice of one goes by its owner's."""
        if not self.id or self.qualifier == "XX":
            return False
        return self.is_person or (self.qualifier not in NEVER_PERSONAL and may_be_of_a_person(self.id))


@dataclass(slots=True)
class BatchAnswer:
    """A 277 set: who answers, the batch answered (``reference`` is its BHT03), counts by QTY01 and AMT01; ``came`` and
    ``processed`` are the days of DTP*050 and DTP*009."""

    version: str
    source: str = ""
    reference: str = ""
    came: str = ""
    processed: str = ""
    statuses: list[StatusAnswer] = field(default_factory=list)
    counts: dict[str, str] = field(default_factory=dict)
    providers: list[ProviderAnswer] = field(default_factory=list)


@dataclass(slots=True)
class ReceivedInterchange:
    """ISA to IEA of the acknowledgment. ``answers`` in file order."""

    number: str
    sender: str
    receiver: str
    day: str
    component: str
    answers: list[InterchangeAnswer | GroupAnswer | BatchAnswer] = field(default_factory=list)
    others: dict[str, int] = field(default_factory=dict)


def _packed(claim: ClaimAnswer) -> tuple[Any, ...]:
    lines = [(ln.procedure, ln.charge, ln.units, _statuses(ln.statuses), ln.control, ln.days)
             for ln in claim.lines]
    return claim.number, _statuses(claim.statuses), claim.payer_number, claim.trace, claim.days, lines


def _statuses(statuses: list[StatusAnswer]) -> list[Any]:
    return [([(c.category, c.status, c.entity) for c in s.codes], s.action, s.text, s.amount) for s in statuses]


def _unpacked(row: tuple[Any, ...]) -> ClaimAnswer:
    number, statuses, payer_number, trace, days, lines = row
    return ClaimAnswer(number, _restored(statuses), payer_number, trace, days, [
        LineAnswer(procedure, charge, units, _restored(those), control, at)
        for procedure, charge, units, those, control, at in lines])


def _restored(statuses: list[Any]) -> list[StatusAnswer]:
    return [StatusAnswer([Code(*c) for c in codes], *more) for codes, *more in statuses]


@dataclass(slots=True)
class Received:
    """A whole file. ``is_whole``: it is X12, it holds an acknowledgment, and nothing of it is cut off. ``claims``:
    those of all its 277s, in file order."""

    interchanges: list[ReceivedInterchange] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    is_whole: bool = True
    claims: Kept[ClaimAnswer] = field(default_factory=lambda: Kept(_packed, _unpacked))

    def claims_of(self, provider: ProviderAnswer) -> Iterator[tuple[int, ClaimAnswer]]:
        """The claims below a provider, each with its place in ``claims``."""
        for n in range(provider.first, provider.first + provider.count):
            yield n, self.claims[n]
