"""Segments to objects: what is open while a file is read, and the segments above claims: header, levels, parties.

Which function takes which segment says ``binding``; those of the claim are in ``claims``. Every function takes
whatever text the slow lane let through: absent elements are padded, numbers that are none give ``None``, nothing
raises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from ..model import (
    BillingProvider,
    Claim,
    FunctionalGroup,
    Interchange,
    LineAdjudication,
    OtherPayer,
    Party,
    Reference,
    ServiceLine,
    Subscriber,
    TransactionSet,
)
from .bindings import day, set_bht, set_dmg, set_n3, set_n4, set_nm1, set_sbr
from .segments import Batch

__all__ = ["Act", "Assembly", "Elements", "Parse", "more"]

Elements: TypeAlias = list[str]

new: Final = tuple.__new__
"""Makes a named tuple without the call of its own ``__new__``, which is written in Python."""
Parse: TypeAlias = Callable[[Elements, str, str], Any]
Act: TypeAlias = Callable[["Assembly", Any, int], None]


def more(so_far: Any, another: Any) -> Any:
    """A list with one more in it: the list itself, because there may be any number of them in a file of noise.

    >>> two = more(more((), 1), 2)
    >>> more(two, 3) is two, two
    (True, [1, 2, 3])
    """
    if not so_far:
        return [another]
    so_far.append(another)
    return so_far


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
        self.party = Party()
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

    def start_set(self, interchange: Interchange, group: FunctionalGroup, set_: TransactionSet) -> None:
        """A new ST: nothing of the set before is open any more."""
        self.interchange, self.group, self.set = interchange, group, set_
        self.component = interchange.delimiters.component
        self.billing = BillingProvider()
        self.subscriber = Subscriber()
        self.dependent, self.claim, self.line, self.other = None, None, None, None
        self.open_batches = []
        self.levels = [0, 0, 0, 0, 0, 0]
        self.level = -1
        self.patient_segment = 0

    def begin_batch(self, batch: Batch) -> None:
        self.batch = batch
        self.open_batches.append(batch)

    def not_plain(self) -> None:
        """The open claim has something that ``Claim.is_plain`` denies."""
        if self.claim is not None:
            self.claim.is_plain = False

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
    set_bht(a.set, e)


def submitter(a: Assembly, e: Elements, n: int) -> None:
    a.set.submitter = _party(a, e, n, "1000A")


def receiver(a: Assembly, e: Elements, n: int) -> None:
    a.set.receiver = _party(a, e, n, "1000B")


# Levels -----------------------------------------------------------------------------------------------------------


def billing_level(a: Assembly, e: Elements, n: int) -> None:
    a.provider_batches = a.begin_level(0, n)
    a.subscriber_batches, a.patient_batches = [], []
    a.billing = a.party = b = BillingProvider()
    b.hl_segment, b.loop = n, "2000A"
    a.providers += 1
    b.number = a.providers
    a.subscriber, a.dependent = Subscriber(), None
    a.patient_segment = 0


def subscriber_level(a: Assembly, e: Elements, n: int) -> None:
    a.subscriber_batches = a.begin_level(2, n)
    a.patient_batches = []
    a.subscribers += 1
    s = Subscriber()
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
    a.dependent = party = Party()
    party.loop = "2010CA"
    a.relationship, a.death = "", None


def currency(a: Assembly, e: Elements, n: int) -> None:
    a.billing.currency = e[2]


def subscriber_information(a: Assembly, e: Elements, n: int) -> None:
    set_sbr(a.subscriber, e)


def patient_information(a: Assembly, e: Elements, n: int) -> None:
    if a.patient_segment:
        a.relationship = e[1]
    a.death = day(e[6])
    if not a.patient_segment:
        a.subscriber.death_date = a.death


# Parties ----------------------------------------------------------------------------------------------------------


def _party(a: Assembly, e: Elements, n: int, loop: str) -> Party:
    p = Party()
    set_nm1(p, e)
    p.loop = loop
    p.segment = n
    a.party = p
    return p


def billing_name(a: Assembly, e: Elements, n: int) -> None:
    b = a.billing
    set_nm1(b, e)
    b.loop, b.segment = "2010AA", n
    a.party = b


def pay_to(a: Assembly, e: Elements, n: int) -> None:
    a.billing.pay_to = _party(a, e, n, "2010AB")


def pay_to_plan(a: Assembly, e: Elements, n: int) -> None:
    a.billing.pay_to_plan = _party(a, e, n, "2010AC")


def subscriber_name(a: Assembly, e: Elements, n: int) -> None:
    s = a.subscriber
    set_nm1(s, e)
    s.segment = n
    a.party = s


def payer_name(a: Assembly, e: Elements, n: int) -> None:
    a.subscriber.payer = _party(a, e, n, "2010BB")


def patient_name(a: Assembly, e: Elements, n: int) -> None:
    a.dependent = _party(a, e, n, "2010CA")


def claim_party(field: str, loop: str) -> Act:
    is_plain = field == "rendering"

    def act(a: Assembly, e: Elements, n: int) -> None:
        setattr(a.claim, field, _party(a, e, n, loop))
        if not is_plain:
            a.not_plain()

    return act


def line_party(field: str, loop: str) -> Act:
    def act(a: Assembly, e: Elements, n: int) -> None:
        setattr(a.line, field, _party(a, e, n, loop))
        a.not_plain()

    return act


def claim_referring(a: Assembly, e: Elements, n: int) -> None:
    assert a.claim is not None
    a.claim.referring = more(a.claim.referring, _party(a, e, n, "2310A"))


def line_referring(a: Assembly, e: Elements, n: int) -> None:
    assert a.line is not None
    a.line.referring = more(a.line.referring, _party(a, e, n, "2420F"))
    a.not_plain()


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
    set_n3(a.party, e)
    a.party.has_address = True


def city(a: Assembly, e: Elements, n: int) -> None:
    set_n4(a.party, e)
    a.party.has_city = True


def demographics(a: Assembly, e: Elements, n: int) -> None:
    set_dmg(a.party, e)
    a.party.has_demographics = True


def taxonomy(a: Assembly, e: Elements, n: int) -> None:
    a.party.taxonomy = e[3]


def contact(a: Assembly, e: Elements, n: int) -> None:
    a.party.has_contact = True


def party_reference(a: Assembly, e: Elements, n: int) -> None:
    p = a.party
    p.references = more(p.references, new(Reference, (e[1], e[2], n)))
